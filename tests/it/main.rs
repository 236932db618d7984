//! The integration tests: one binary, one module per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod analysis;
mod config;
mod error_codes;
mod execution;
mod gate;
mod generation;
mod layers;
mod notebook;
mod store_chain;
mod store_contract;
mod store_faults;
mod story;
mod workspace;
