//! What an approval is bound to.

use serde::{Deserialize, Serialize};

use crate::model::{CodeSha256, Digest, ExecutionMode, Reading};

/// What an approval is bound to: the question carries it, the grant repeats it, `execute` compares it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The thread.
    pub thread: String,
    /// The program's bytes.
    pub code_sha256: CodeSha256,
    /// The mode it runs in; after raising, `write_access`.
    pub mode: ExecutionMode,
    /// The digest of what the backend says of itself: isolation, interpreter, runner, environment.
    pub backend: Digest,
    /// The digest of the resolved settings that decide what needs approval.
    pub policy_version: Digest,
    /// The digest of the data the program finds as its context.
    pub context: Digest,
    /// The process variables it may write, sorted, each once.
    pub channels: Vec<String>,
    /// What they held when it was asked; a process variable that has moved since voids the approval.
    #[serde(default)]
    pub seen: Vec<Reading>,
    /// Whether the analysis resolved them; if not, the approver named them.
    pub channels_resolved: bool,
}

impl Binding {
    /// The names of the fields that differ between the two, in the order they stand in.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let same = [
            ("thread", self.thread == other.thread),
            ("code_sha256", self.code_sha256 == other.code_sha256),
            ("mode", self.mode == other.mode),
            ("backend", self.backend == other.backend),
            ("policy_version", self.policy_version == other.policy_version),
            ("context", self.context == other.context),
            ("channels", self.channels == other.channels),
            ("seen", self.seen == other.seen),
            (
                "channels_resolved",
                self.channels_resolved == other.channels_resolved,
            ),
        ];
        same.into_iter()
            .filter_map(|(field, same)| (!same).then_some(field))
            .collect()
    }
}

/// Sorted, each once: lists of process variables are compared as sets.
pub(super) fn in_order(mut channels: Vec<String>) -> Vec<String> {
    channels.sort();
    channels.dedup();
    channels
}
