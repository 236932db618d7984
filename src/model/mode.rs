//! Whether a program may write.

use serde::{Deserialize, Serialize};

/// Whether a program may write to the control system: a closed set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionMode {
    /// No writes.
    #[default]
    ReadOnly,
    /// Writes, once a human has approved them.
    WriteAccess,
}

impl ExecutionMode {
    /// The mode's name, as configuration and requests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::WriteAccess => "write_access",
        }
    }
}
