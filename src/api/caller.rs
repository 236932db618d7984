//! Who calls.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::Response,
};

use crate::{
    model::{Actor, Entrance},
    service::os_user,
};

use super::{error::ApiError, state::Door};

/// Who a request's doings stand under in the trail.
pub(super) struct By(pub(super) Actor);

/// Finds out who calls, before anything else is done for them.
///
/// Without keys nobody but processes of this host can call; who they are is not known, and the trail says so.
pub(super) async fn identify(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let name = door
        .service()
        .config()
        .default_actor
        .clone()
        .unwrap_or_else(os_user);
    let actor = Actor::asserted(name, os_user(), Entrance::Http);
    request.extensions_mut().insert(actor);
    next.run(request).await
}

impl FromRequestParts<Door> for By {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Door) -> Result<Self, ApiError> {
        // Nothing is done for a caller who was not identified.
        parts
            .extensions
            .get::<Actor>()
            .cloned()
            .map(Self)
            .ok_or_else(ApiError::internal)
    }
}
