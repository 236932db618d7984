//! What this host offers: its tools and its users.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde::Serialize;

use super::{
    ExecutionError,
    interpreter::protected,
    launcher::{self, ENTER, Enter, LOOK, Look, User},
};

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

    /// As the launcher knows it.
    pub(super) fn user(&self) -> User {
        User {
            uid: self.uid,
            gid: self.gid,
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

/// The launcher, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Launcher {
    pub(super) path: PathBuf,
}

impl Launcher {
    /// Finds the launcher: where the settings say, or beside this program, or where packages put it.
    pub(super) fn find(configured: Option<&Path>, account: Option<&Account>) -> Result<Self, ExecutionError> {
        let fault = ExecutionError::NoIsolation;
        let path = match configured {
            Some(path) if path.is_file() => path.to_path_buf(),
            Some(path) => {
                let path = path.display();
                return Err(fault(format!("execution.local.launcher: there is no file {path}")));
            }
            None => launcher_places()
                .into_iter()
                .map(|dir| dir.join(launcher::NAME))
                .find(|path| path.is_file())
                .ok_or_else(|| {
                    fault(format!(
                        "the launcher '{}' was not found beside this program, in /usr/libexec/holdpoint, \
                         /usr/lib/holdpoint, /usr/local/libexec/holdpoint or on the PATH; install it there (it is \
                         built together with holdpoint) or name it in execution.local.launcher",
                        launcher::NAME
                    ))
                })?,
        };
        let path = fs::canonicalize(&path)
            .map_err(|error| fault(format!("the launcher {}: {error}", path.display())))?;
        if let Some(account) = account {
            let dir = path.parent().unwrap_or(Path::new("/"));
            for place in [path.as_path(), dir] {
                protected(place, account).map_err(|reason| fault(format!("the launcher: {reason}")))?;
            }
        }
        Ok(Self { path })
    }

    /// The command that carries out these orders.
    pub(super) fn enter(&self, orders: &Enter) -> std::io::Result<Vec<OsString>> {
        let orders = orders_text(orders)?;
        Ok(vec![self.path.clone().into(), ENTER.into(), orders.into()])
    }

    /// Asks what the kernel offers.
    pub(super) fn look(&self) -> Result<Look, ExecutionError> {
        let fault = |reason: String| {
            ExecutionError::NoIsolation(format!("the launcher {}: {reason}", self.path.display()))
        };
        let output = run_bounded(&[self.path.clone().into(), LOOK.into()])
            .map_err(|error| fault(error.to_string()))?;
        if !output.status.success() {
            return Err(fault(said(&output)));
        }
        serde_json::from_slice(&output.stdout).map_err(|_| fault("it is another version's".to_owned()))
    }
}

/// Orders as the launcher reads them.
pub(super) fn orders_text<T: Serialize>(orders: &T) -> std::io::Result<String> {
    // Only paths that are not text fail here.
    serde_json::to_string(orders).map_err(|error| std::io::Error::other(format!("its orders: {error}")))
}

/// Where a launcher may lie.
fn launcher_places() -> Vec<PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    // Tests and examples lie one directory deeper than the programs they belong to.
    let beside = own.ancestors().skip(1).take(2).map(Path::to_path_buf);
    let installed = [
        "/usr/libexec/holdpoint",
        "/usr/lib/holdpoint",
        "/usr/local/libexec/holdpoint",
    ];
    let path = std::env::var_os("PATH").unwrap_or_default();
    beside
        .chain(installed.map(PathBuf::from))
        .chain(std::env::split_paths(&path).filter(|dir| dir.is_absolute()))
        .collect()
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
