//! A DOOR: the service over HTTP, in the words of the LangGraph Server API, so that the clients people have work
//! as they are.
//!
//! Only this room knows status codes; every rule lies below, in `service`.

mod assistants;
mod body;
mod caller;
mod error;
mod events;
mod meta;
mod origin;
mod run_request;
mod runs;
mod shape;
mod state;
mod streams;
mod threads;

use std::{io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    config::ApiSettings,
    service::{Service, ServiceError, may_listen},
};

use state::Door;

/// Why the service could not be put on the network.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address can't be listened on.
    #[error("cannot listen on {host}:{port}: {source}")]
    Listen {
        /// The host.
        host: String,
        /// The port.
        port: u16,
        /// The error.
        source: io::Error,
    },
    /// Callers are not told apart, and others than this host's could call.
    #[error("{0}")]
    NotLoopback(String),
    /// The network broke off.
    #[error("the server broke off: {0}")]
    Broken(#[source] io::Error),
    /// The service could not be closed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// A service at an address.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    service: Arc<Service>,
    closing: CancellationToken,
}

impl Server {
    /// Binds the address that `service`'s configuration names.
    ///
    /// # Errors
    /// [`ServeError::Listen`], [`ServeError::NotLoopback`].
    pub async fn bind(service: Service) -> Result<Self, ServeError> {
        let ApiSettings { host, port, .. } = service.config().api.clone();
        let failed = |source| ServeError::Listen {
            host: host.clone(),
            port,
            source,
        };
        let listener = TcpListener::bind((host.as_str(), port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        may_listen(address.ip(), &service.keys().borrow())
            .map_err(|refusal| ServeError::NotLoopback(refusal.message))?;
        Ok(Self {
            listener,
            address,
            service: Arc::new(service),
            closing: CancellationToken::new(),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends [`Server::serve`] when it is cancelled.
    pub fn closing(&self) -> CancellationToken {
        self.closing.clone()
    }

    /// Answers requests until [`Server::closing`] is cancelled; then open streams are told so and end, what runs
    /// comes to its end, and the store is let go of.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn serve(self) -> Result<(), ServeError> {
        let Self {
            listener,
            address,
            service,
            closing,
        } = self;
        let door = Door::new(service.clone(), address, closing.clone());
        let routes = router(door).into_make_service_with_connect_info::<SocketAddr>();
        let ended = closing.clone();
        let served = axum::serve(listener, routes)
            .with_graceful_shutdown(async move { ended.cancelled().await })
            .await;
        served.map_err(ServeError::Broken)?;
        match Arc::try_unwrap(service) {
            Ok(service) => Ok(service.close().await?),
            Err(_) => {
                tracing::warn!(
                    "a connection still holds the service; the store is let go of with the process"
                );
                Ok(())
            }
        }
    }
}

fn router(door: Door) -> Router {
    let limit = door.settings().max_body_bytes;
    Router::new()
        .route("/ok", get(meta::ok))
        .route("/info", get(meta::info))
        .route("/assistants/search", post(assistants::search))
        .route("/assistants/count", post(assistants::count))
        .route("/assistants/{id}", get(assistants::show))
        .route("/assistants/{id}/graph", get(assistants::graph))
        .route("/assistants/{id}/schemas", get(assistants::schemas))
        .route("/assistants/{id}/subgraphs", get(assistants::subgraphs))
        .route(
            "/assistants/{id}/subgraphs/{namespace}",
            get(assistants::subgraphs_of),
        )
        .route("/assistants/{id}/versions", post(assistants::versions))
        .route("/threads", post(threads::create))
        .route("/threads/search", post(threads::search))
        .route("/threads/count", post(threads::count))
        .route(
            "/threads/{id}",
            get(threads::show).patch(threads::patch).delete(threads::delete),
        )
        .route("/threads/{id}/copy", post(threads::copy))
        .route("/threads/{id}/state", get(threads::state).post(threads::update))
        .route("/threads/{id}/state/checkpoint", post(threads::state_at))
        .route("/threads/{id}/state/{checkpoint}", get(threads::state_of))
        .route(
            "/threads/{id}/history",
            get(threads::history_get).post(threads::history),
        )
        .route("/threads/{id}/runs", get(runs::list).post(runs::create))
        .route("/threads/{id}/runs/wait", post(runs::wait))
        .route("/threads/{id}/runs/stream", post(runs::stream))
        .route("/threads/{id}/runs/{run}", get(runs::show))
        .route("/threads/{id}/runs/{run}/join", get(runs::join))
        .route("/threads/{id}/runs/{run}/stream", get(runs::join_stream))
        .route("/threads/{id}/runs/{run}/cancel", post(runs::cancel))
        .route("/runs", post(runs::create_alone))
        .route("/runs/wait", post(runs::wait_alone))
        .route("/runs/stream", post(runs::stream_alone))
        .fallback(error::no_such_path)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(middleware::from_fn_with_state(door.clone(), caller::identify))
        .layer(middleware::from_fn_with_state(door.clone(), origin::check))
        .layer(DefaultBodyLimit::max(limit))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn_with_state(door.clone(), state::admit))
        .with_state(door)
}
