//! Who calls, and whether they call too often.

use std::{net::SocketAddr, time::Instant};

use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    model::Caller,
    service::{self, ServiceError},
};

use super::{error::ApiError, state::Door};

/// The one path that tells nothing and does nothing: whether the service is there, anybody may ask.
const OPEN: &str = "/ok";

/// Who a request's doings stand under in the trail.
pub(super) struct By(pub(super) Caller);

/// Finds out who calls, before anything else is done for them.
pub(super) async fn identify(
    State(door): State<Door>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if request.uri().path() == OPEN {
        return next.run(request).await;
    }
    let service = door.service();
    let settings = &service.config().identity;
    let now = service.engine().clock().now();
    let keys = service.keys().borrow().clone();
    let caller = match service::identify(peer.ip(), request.headers(), settings, &keys, now) {
        Ok(caller) => caller,
        Err(refusal) => return ApiError::from(ServiceError::from(refusal)).into_response(),
    };
    if let Err(wait) = door.rates().take(&caller.actor, Instant::now()) {
        return ApiError::too_often(wait).into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

impl FromRequestParts<Door> for By {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, ApiError> {
        // Nothing is done for a caller who was not identified.
        parts
            .extensions
            .get::<Caller>()
            .cloned()
            .map(Self)
            .ok_or_else(ApiError::internal)
    }
}
