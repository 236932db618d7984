//! The integration tests: one binary, one module per noun.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod analysis;
mod approvals;
mod attacks;
mod cli;
mod config;
mod control_system;
mod defects;
mod doctor;
mod engine;
mod engine_effects;
mod engine_laws;
mod engine_replay;
mod error_codes;
mod execution;
mod flows;
mod gate;
mod gateway;
mod generation;
mod jupyter;
mod knowledge;
mod launcher;
mod layers;
mod limits;
mod notebook;
mod processes;
mod pva;
mod rig;
mod site;
mod spares;
mod store_chain;
mod store_contract;
mod store_faults;
mod story;
mod workspace;
