//! What requests carry: bodies of JSON, ids in paths, queries.

use axum::{
    body::Bytes,
    extract::{
        FromRequest, FromRequestParts, Path, Query, Request,
        rejection::{BytesRejection, FailedToBufferBody},
    },
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use crate::model::{CheckpointId, RunId, ThreadId};

use super::{error::ApiError, state::Door};

/// A body of JSON; nothing at all counts as an empty object.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Door> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, door: &Door) -> Result<Self, ApiError> {
        let most = door.settings().max_body_bytes;
        let bytes = Bytes::from_request(request, door)
            .await
            .map_err(|error| match error {
                BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                    ApiError::too_large(most)
                }
                error => ApiError::contradiction(error.body_text()),
            })?;
        let text: &[u8] = if bytes.trim_ascii().is_empty() {
            b"{}"
        } else {
            &bytes
        };
        serde_json::from_slice(text)
            .map(Self)
            .map_err(|error| ApiError::invalid(format!("the body is not what is expected: {error}")))
    }
}

/// A query that is read as `T`.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Door> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, ApiError> {
        Query::<T>::from_request_parts(parts, door)
            .await
            .map(|Query(query)| Self(query))
            .map_err(|error| ApiError::invalid(error.body_text()))
    }
}

/// The texts of a path.
pub(super) struct Named<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Door> for Named<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, ApiError> {
        Path::<T>::from_request_parts(parts, door)
            .await
            .map(|Path(path)| Self(path))
            .map_err(|error| ApiError::invalid(error.body_text()))
    }
}

/// The thread called `text`.
pub(super) fn thread_id(text: &str) -> Result<ThreadId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid("Invalid thread ID: must be a UUID"))
}

/// The run called `text`.
pub(super) fn run_id(text: &str) -> Result<RunId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid("Invalid run ID: must be a UUID"))
}

/// The checkpoint called `text`.
pub(super) fn checkpoint_id(text: &str) -> Result<CheckpointId, ApiError> {
    text.parse()
        .map_err(|_| ApiError::invalid("Invalid checkpoint ID: must be a UUID"))
}
