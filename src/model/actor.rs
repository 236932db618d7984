//! Who did something, how they were known, and by which door they came.

use serde::{Deserialize, Serialize};

/// How an actor's name came to be known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Authentication {
    /// The name was merely stated, by a process of this operating-system user.
    Asserted {
        /// The operating-system user, as the kernel tells it.
        os_user: String,
    },
    /// An API key was shown.
    Key {
        /// The key's id, never the key.
        id: String,
    },
    /// Another program passed on what it says a human decided.
    Relayed {
        /// The key or user that relayed it.
        by: String,
    },
    /// Holdpoint itself: a timer or the recovery.
    System,
}

/// The door by which an actor came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entrance {
    /// A call of the library.
    Library,
    /// The command line.
    Cli,
    /// The owner's Unix socket.
    Socket,
    /// The HTTP service.
    Http,
    /// Holdpoint itself.
    System,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The name by which the trail knows them.
    pub name: String,
    /// How the name came to be known.
    pub authentication: Authentication,
    /// The door they came by.
    pub entrance: Entrance,
}

impl Actor {
    /// Holdpoint itself, acting as `part` (a timer, the recovery).
    pub fn system(part: &str) -> Self {
        Self {
            name: part.to_owned(),
            authentication: Authentication::System,
            entrance: Entrance::System,
        }
    }

    /// A name stated by a process of `os_user`.
    pub fn asserted(name: impl Into<String>, os_user: impl Into<String>, entrance: Entrance) -> Self {
        Self {
            name: name.into(),
            authentication: Authentication::Asserted {
                os_user: os_user.into(),
            },
            entrance,
        }
    }
}
