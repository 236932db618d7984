//! Assistants: the names under which clients know graphs.

use uuid::Uuid;

use super::Service;

/// The namespace in which graphs' names become the ids of their assistants: clients keep such ids.
const GRAPHS: Uuid = Uuid::from_u128(0x6ba7_b821_9dad_11d1_80b4_00c0_4fd4_30c8);

/// A graph, as clients know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assistant {
    /// Determined by the graph's name.
    pub id: Uuid,
    /// The graph.
    pub graph: String,
}

impl Assistant {
    /// The assistant of the graph `name`.
    pub fn of(name: &str) -> Self {
        Self {
            id: Uuid::new_v5(&GRAPHS, name.as_bytes()),
            graph: name.to_owned(),
        }
    }
}

impl Service {
    /// All assistants, by the names of their graphs.
    pub fn assistants(&self) -> Vec<Assistant> {
        self.core
            .engine
            .graphs()
            .map(|graph| Assistant::of(graph.name()))
            .collect()
    }
}
