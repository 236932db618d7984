//! The integration tests: one binary, one module per noun.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generation;
mod execution;
mod notebook;
mod workspace;
mod config;
mod gate;
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod store_chain;
mod store_contract;
mod store_faults;
mod story;


mod analysis;
