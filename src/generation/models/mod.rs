//! The wire formats of model endpoints.

pub(super) mod chat;
mod refusal;
