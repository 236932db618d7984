//! The integration tests: one binary, one module per noun.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod analysis;
