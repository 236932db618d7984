//! Errors on the wire: `{"detail": …, "code": …}`, and which status goes with which.

use std::{any::Any, time::Duration};

use axum::{
    Json,
    http::{
        HeaderValue, Method, StatusCode, Uri,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::service::{ErrorKind, ErrorReply, ServiceError};

/// An error as a client is told.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    code: String,
    detail: String,
    facts: Box<Value>,
    /// When to come back.
    retry_after: Option<Duration>,
}

impl ApiError {
    fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            facts: Box::default(),
            retry_after: None,
        }
    }

    /// What was sent is not what is expected.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail)
    }

    /// What was sent makes no sense together.
    pub(super) fn contradiction(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// There is no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// The body is too large.
    pub(super) fn too_large(most: usize) -> Self {
        let detail = format!("a body has at most {most} bytes here (holdpoint.api.max_body_bytes)");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// The request comes from where none may come from.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden_origin", detail)
    }

    /// Too many requests are worked on.
    pub(super) fn crowded() -> Self {
        let detail = "the service works on as many requests as it takes (holdpoint.api.max_requests)";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "crowded", detail)
    }

    /// The caller asks too often.
    pub(super) fn too_often(wait: Duration) -> Self {
        let detail = "too many requests of one caller (holdpoint.api.rate)";
        Self {
            retry_after: Some(wait),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_often", detail)
        }
    }

    /// A fault of the program itself.
    pub(super) fn internal() -> Self {
        let detail = "the service failed; its log says more";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }

    /// The code.
    pub(super) fn code(&self) -> &str {
        &self.code
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        Self::from(error.reply())
    }
}

impl From<ErrorReply> for ApiError {
    fn from(reply: ErrorReply) -> Self {
        let status = match (reply.kind, reply.code.as_str()) {
            // A client that comes back later may find it otherwise.
            (_, "disk_full" | "store_stopped" | "closing" | "owner_lost") => StatusCode::SERVICE_UNAVAILABLE,
            (_, "too_many_pending") => StatusCode::TOO_MANY_REQUESTS,
            (_, "unknown_node") => StatusCode::BAD_REQUEST,
            (ErrorKind::Usage, _) => StatusCode::UNPROCESSABLE_ENTITY,
            (ErrorKind::NotFound, _) => StatusCode::NOT_FOUND,
            (ErrorKind::Conflict | ErrorKind::Busy, _) => StatusCode::CONFLICT,
            (ErrorKind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
            (ErrorKind::Refused, _) => StatusCode::FORBIDDEN,
            (ErrorKind::Failed, _) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self {
            status,
            code: reply.code,
            detail: reply.message,
            facts: Box::new(reply.detail),
            retry_after: None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(code = self.code, detail = self.detail, "a request failed");
        }
        let mut body = json!({ "detail": self.detail, "code": self.code });
        if !self.facts.is_null() {
            body["facts"] = *self.facts;
        }
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs_f64().ceil().max(1.0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds as u64));
        }
        response
    }
}

/// Nothing stands at this path.
pub(super) async fn no_such_path(_: Uri) -> ApiError {
    ApiError::not_found("Not Found")
}

/// The path takes other methods.
pub(super) async fn no_such_method(method: Method) -> ApiError {
    let detail = format!("Method Not Allowed: {method}");
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// A handler panicked: the client is told that it failed, and nothing of why.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::internal().into_response()
}
