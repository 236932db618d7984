//! What the launcher is told to do.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

/// The orders of the outer stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::execution) struct Enter {
    /// The control groups to join.
    pub(in crate::execution) groups: Vec<PathBuf>,
    /// What to bind where, in a mount namespace of its own.
    pub(in crate::execution) hand_over: Option<HandOver>,
    /// The user to become.
    pub(in crate::execution) user: Option<User>,
    /// What to become.
    pub(in crate::execution) aim: Aim,
}

/// What the outer stage leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::execution) enum Aim {
    /// It becomes this command, with nothing in its environment but a `PATH`.
    Become(Vec<String>),
    /// It starts the inner stage itself, and stays to keep what that starts.
    Keep(Box<Wall>),
}

/// Directories that are brought to a place which exists only in a mount namespace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::execution) struct HandOver {
    /// The place.
    pub(in crate::execution) place: PathBuf,
    /// What is bound there, by name: directories and files.
    pub(in crate::execution) binds: Vec<(String, PathBuf)>,
}

/// A user.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::execution) struct User {
    pub(in crate::execution) uid: u32,
    pub(in crate::execution) gid: u32,
}

/// The orders of the inner stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::execution) struct Wall {
    /// The sockets to make and to hand out over standard input.
    pub(in crate::execution) sockets: Option<Sockets>,
    /// The limits each process has.
    pub(in crate::execution) limits: Limits,
    /// What of the file system is left; `None` leaves all of it.
    pub(in crate::execution) files: Option<Files>,
    /// Which system calls are refused; `None` refuses none.
    pub(in crate::execution) calls: Option<Calls>,
    /// The program's whole environment.
    pub(in crate::execution) environment: BTreeMap<String, String>,
    /// The directory it starts in.
    pub(in crate::execution) directory: PathBuf,
    /// The command.
    pub(in crate::execution) line: Vec<String>,
}

/// The sockets of a network namespace that are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::execution) struct Sockets {
    /// How many listeners for Channel Access circuits.
    pub(in crate::execution) circuits: usize,
    /// The port of the PV Access listener, if there is to be one.
    pub(in crate::execution) pva: Option<u16>,
}

/// Limits of each process. Bytes, seconds, numbers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(in crate::execution) struct Limits {
    pub(in crate::execution) address_space: u64,
    pub(in crate::execution) file_size: u64,
    pub(in crate::execution) cpu_seconds: u64,
    pub(in crate::execution) open_files: u64,
    /// The kernel counts a user's processes per namespace: without one of its own this is `None`.
    pub(in crate::execution) processes: Option<u64>,
}

/// What of the file system is left.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::execution) struct Files {
    /// What may be read and executed. Paths that are not there are passed over.
    pub(in crate::execution) read: Vec<PathBuf>,
    /// What may be changed too.
    pub(in crate::execution) write: Vec<PathBuf>,
}

/// Which system calls are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::execution) enum Calls {
    /// What no program needs, in namespaces of its own.
    Namespaced,
    /// That, and everything that reaches beyond the process where it shares the host's namespaces: sockets,
    /// other processes, shared memory, the attributes of files.
    Shared,
}

/// What the kernel offers the inner stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::execution) struct Look {
    /// The version of Landlock's interface; 0 is none.
    pub(in crate::execution) landlock: u32,
    /// Whether system calls can be filtered.
    pub(in crate::execution) seccomp: bool,
}
