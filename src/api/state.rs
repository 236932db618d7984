//! What handlers hold, and how many of them work at a time.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    config::ApiSettings,
    model::Timestamp,
    service::{Rates, Service},
};

use super::error::ApiError;

/// What handlers hold.
#[derive(Clone)]
pub(super) struct Door(Arc<Parts>);

struct Parts {
    service: Arc<Service>,
    address: SocketAddr,
    closing: CancellationToken,
    room: Arc<Semaphore>,
    since: Timestamp,
    rates: Rates,
}

impl Door {
    pub(super) fn new(service: Arc<Service>, address: SocketAddr, closing: CancellationToken) -> Self {
        let room = Arc::new(Semaphore::new(service.config().api.max_requests));
        let rates = Rates::new(service.config().identity.rate);
        Self(Arc::new(Parts {
            rates,
            service,
            address,
            closing,
            room,
            since: Timestamp::now(),
        }))
    }

    pub(super) fn service(&self) -> &Service {
        &self.0.service
    }

    pub(super) fn settings(&self) -> &ApiSettings {
        &self.0.service.config().api
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Cancelled when the service shuts down.
    pub(super) fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// How often each caller may ask.
    pub(super) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    /// Since when it serves.
    pub(super) fn since(&self) -> Timestamp {
        self.0.since
    }
}

/// Lets a request in if there is room; it has its place until its answer is sent.
pub(super) async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let Ok(place) = door.0.room.clone().try_acquire_owned() else {
        return ApiError::crowded().into_response();
    };
    let response = next.run(request).await;
    response.map(|body| {
        let held = body.into_data_stream().map(move |piece| {
            let _ = &place;
            piece
        });
        Body::from_stream(held)
    })
}
