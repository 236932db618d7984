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
    /// A proxy that is trusted with it says who signed in.
    Proxy {
        /// The proxy's address.
        address: String,
    },
    /// A process on this host that showed nothing, where no key exists.
    Loopback,
    /// Another program passed on what it says a human decided.
    Relayed {
        /// The id of the key that relayed it, or the proxy it came by.
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
    /// Whether both are known to be one: the same key holder, user of the system or person who signed in.
    pub fn is(&self, other: &Self) -> bool {
        use Authentication::{Asserted, Key, Loopback, Proxy, Relayed, System};
        match (&self.authentication, &other.authentication) {
            (Asserted { os_user: one }, Asserted { os_user: other }) => one == other,
            // A name outlives its keys: who has a new key under it goes on where the old one ended.
            (Key { id: one } | Relayed { by: one }, Key { id: two } | Relayed { by: two }) => {
                one == two || self.name == other.name
            }
            (Proxy { .. }, Proxy { .. } | Relayed { .. }) | (Relayed { .. }, Proxy { .. }) => {
                self.name == other.name
            }
            (Loopback, Loopback) => true,
            (System, System) => self.name == other.name,
            _ => false,
        }
    }

    /// Whether both may be one: what is to be done by two is not done by these.
    pub fn may_be(&self, other: &Self) -> bool {
        self.is(other) || self.name.trim().to_lowercase() == other.name.trim().to_lowercase()
    }

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
