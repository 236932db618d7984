//! The graphs as they can be drawn: without a store, and without anything that could run.

use std::sync::Arc;

use crate::{
    analysis::Analyzer,
    config::Config,
    engine::EngineError,
    generation::Registry,
    graph::Graph,
    graphs::python_executor::{self, NAME, Parts, WriteControl},
};

use super::{ServiceError, executor};

/// The shape of the graph `name`, built with the defaults.
///
/// # Errors
/// There is no such graph: the error lists those that are known.
pub fn shape(name: &str) -> Result<Arc<Graph>, ServiceError> {
    if name != NAME {
        let known = vec![NAME.to_owned()];
        return Err(EngineError::UnknownGraph {
            name: name.to_owned(),
            known,
        }
        .into());
    }
    let mut config = Config::builtin();
    config.generation.generator = "fixed".to_owned();
    let parts = Parts {
        generator: Registry::builtin().create(&config.generation)?,
        analyzer: Arc::new(Analyzer::new(&config.analysis)?),
        executor: Arc::new(executor::Lazy::new(
            config.execution.clone(),
            config.control_system.epics.clone(),
        )),
        writes: Arc::new(WriteControl::new(1, true)),
        config: Arc::new(config),
    };
    Ok(python_executor::graph(Arc::new(parts))?)
}
