//! Holdpoint: code written by a language model runs against a control system only after a human
//! has approved exactly that code, survives anything that happens in between, and can prove it
//! afterwards.

pub mod analysis;
pub mod api;
pub mod cli;
pub mod config;
pub mod engine;
pub mod execution;
pub mod gate;
pub mod generation;
pub mod graph;
pub mod graphs;
pub mod model;
pub mod service;
pub mod store;
pub mod telemetry;
