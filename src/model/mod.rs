//! WORDS: the vocabulary of Holdpoint as plain data, without I/O and without async.

mod actor;
mod caller;
mod checkpoint;
mod command;
mod entry;
mod event;
mod finding;
mod grant;
mod head;
mod id;
mod interrupt;
mod key;
mod mode;
mod pv;
mod pv_name;
mod run;
mod time;
mod value;

pub use actor::{Actor, Authentication, Entrance};
pub use caller::{Answering, Caller, NoRole, Role};
pub use checkpoint::{Checkpoint, GraphVersion, Namespace, PlannedTask, Source};
pub use command::{Command, Resume};
pub use entry::{AuditEntry, AuditFact, Entry, Record, RecordMark, ServiceEvent};
pub use event::Event;
pub use finding::{Category, Evidence, Finding, Level, Severity};
pub use grant::Grant;
pub use head::{ActiveRun, CheckpointMark, Head, OpenEffect, ThreadStatus};
pub use id::{CheckpointId, CodeSha256, Digest, GrantId, InterruptId, InvalidId, RunId, TaskId, ThreadId};
pub use interrupt::{Answer, Interrupt, InterruptKind, Resolution, Settlement, Vote};
pub use key::{ApiKey, ApiKeys, Revocation};
pub use mode::ExecutionMode;
pub use pv::{GatewayEvent, NoPvValue, PutOutcome, PvLimits, PvValue, Reading, VerificationLevel};
pub use pv_name::{NameError, PvName};
pub use run::{ErrorClass, Failure, Outcome};
pub use time::{Clock, Timestamp};
pub use value::{Channels, ChunkRef, ValueRef, canonical_json};
