//! What this host offers: its tools and its users.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::ExecutionError;

/// How long a command of the probe may take, in seconds.
const PROBE_SECONDS: &str = "30";

/// The user programs run as, where the service is root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// Looks the user up.
    pub(super) fn of(name: &str) -> Result<Self, ExecutionError> {
        let ask = |flag: &str| {
            let id = tool("id")?;
            let found = Command::new(id)
                .args([flag, "--", name])
                .env_clear()
                .output()
                .ok()?;
            String::from_utf8(found.stdout).ok()?.trim().parse::<u32>().ok()
        };
        match (ask("-u"), ask("-g")) {
            (Some(0), _) | (_, Some(0)) => Err(ExecutionError::NoIsolation(format!(
                "execution.local.user '{name}' is root or in root's group; name an unprivileged user"
            ))),
            (Some(uid), Some(gid)) => Ok(Self {
                name: name.to_owned(),
                uid,
                gid,
            }),
            _ => Err(ExecutionError::NoIsolation(format!(
                "execution.local.user '{name}' does not exist; programs must not run as root, so name an \
                 unprivileged user"
            ))),
        }
    }

    /// Whether this user may pass through `dir`, by its mode alone.
    pub(super) fn can_enter(&self, dir: &Path) -> bool {
        fs::metadata(dir).is_ok_and(|meta| {
            let bit = if meta.uid() == self.uid {
                0o100
            } else if meta.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            meta.mode() & bit != 0
        })
    }

    /// The first directory on the way to `path` that this user cannot pass through.
    pub(super) fn barrier(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().skip(1).collect();
        way.reverse();
        way.into_iter()
            .find(|dir| !self.can_enter(dir))
            .map(Path::to_path_buf)
    }
}

/// A tool of the system, looked for in its fixed directories only: the service's own `PATH` is not asked.
pub(super) fn tool(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .into_iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| path.is_file())
}

/// Runs a command with a bound on its time and nothing of our environment.
pub(super) fn run_bounded(line: &[OsString]) -> std::io::Result<Output> {
    let timeout =
        tool("timeout").ok_or_else(|| std::io::Error::other("'timeout' was not found; install coreutils"))?;
    Command::new(timeout)
        .args(["--signal=KILL", PROBE_SECONDS])
        .args(line)
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
        .env("LANG", "C.UTF-8")
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
}

/// What a command said when it failed, in one line.
pub(super) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let text = text.trim().lines().map(str::trim).collect::<Vec<_>>().join("; ");
    if text.is_empty() {
        output.status.to_string()
    } else {
        text.chars().take(600).collect()
    }
}
