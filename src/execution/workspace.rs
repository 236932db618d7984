//! The folders programs run in: fresh, private, with names that cannot lead elsewhere.
//!
//! ```text
//! <workspace_dir>/YYYY-MM/execution_YYYYMMDD_HHMMSS_<name>_<8 hex digits>/   a run's, the service's alone
//!     execution_01/            one start of a program
//!         input/               program.py, context.json, runner.py, outcome.py: read-only to the program
//!         work/                the program's working directory, owned by the user it runs as
//!         tmp/                 temporary files, where there is no private /tmp
//! <workspace_dir>/spares/<32 hex digits>/       a start whose program is not known yet, moved once it is
//! ```

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

use jiff::{Timestamp as Instant, tz::TimeZone};
use serde_json::Value;
use uuid::Uuid;

use super::{ExecutionError, host::Account};
use crate::model::{CodeSha256, Timestamp};

/// The runner, as every program gets it.
pub(super) const RUNNER: &str = include_str!("runner.py");

/// Its other part, which it loads once it needs it.
pub(super) const OUTCOME: &str = include_str!("outcome.py");

/// The SHA-256 of both parts of the runner.
pub(super) fn runner_sha256() -> CodeSha256 {
    CodeSha256::of([RUNNER, OUTCOME].concat().as_bytes())
}

/// The most characters of a name that comes from outside.
const MAX_NAME: usize = 48;

/// The most starts one run's folder can hold.
const MAX_STARTS: u32 = 99;

/// A name from outside as a part of a folder's name: letters, digits, `-` and `_` stay, every other
/// character becomes one `_`; at most 48 characters, never empty.
pub fn sanitise(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        let kept = letter.is_ascii_alphanumeric() || letter == '-';
        if kept {
            plain.push(letter);
        } else if !plain.ends_with('_') {
            plain.push('_');
        }
        if plain.len() >= MAX_NAME {
            break;
        }
    }
    let plain = plain.trim_matches(['_', '-']);
    if plain.is_empty() {
        "run".to_owned()
    } else {
        plain.to_owned()
    }
}

/// Makes the folder of one run under `root`, named after `name` (sanitised) and the time, and gives its
/// path. The folder is new and the service's alone.
///
/// # Errors
/// [`ExecutionError::Workspace`] if it cannot be made.
pub fn create_folder(root: &Path, name: &str, now: Timestamp) -> Result<PathBuf, ExecutionError> {
    let moment = Instant::from_millisecond(now.millis())
        .unwrap_or(Instant::UNIX_EPOCH)
        .to_zoned(TimeZone::UTC);
    let month = root.join(moment.strftime("%Y-%m").to_string());
    let stamp = moment.strftime("%Y%m%d_%H%M%S");
    let serial = Uuid::new_v4().simple().to_string();
    let folder = month.join(format!("execution_{stamp}_{}_{}", sanitise(name), &serial[..8]));
    private_dir(&month, true)
        .and_then(|()| private_dir(&folder, false))
        .map_err(|source| ExecutionError::Workspace {
            path: folder.clone(),
            source,
        })?;
    Ok(fs::canonicalize(&folder).unwrap_or(folder))
}

/// Makes a directory that only the service can enter.
pub(super) fn private_dir(path: &Path, parents: bool) -> io::Result<()> {
    DirBuilder::new().recursive(parents).mode(0o700).create(path)
}

/// The directories of one start of a program.
#[derive(Debug, Clone)]
pub(super) struct Start {
    /// The start's own directory, named within the run's folder.
    pub(super) name: String,
    /// What the program is given.
    pub(super) input: PathBuf,
    /// Where it works.
    pub(super) work: PathBuf,
    /// Temporary files, where there is no private `/tmp`.
    pub(super) tmp: PathBuf,
}

impl Start {
    /// Makes the directories of the next start within a run's `folder`, and writes what the program is
    /// given. `account` is the user it will run as, if that is another than the service's.
    pub(super) fn create(
        folder: &Path,
        code: &str,
        context: &Value,
        account: Option<&Account>,
    ) -> io::Result<Self> {
        private_dir(folder, true)?;
        let (name, root) = Self::next(&fs::canonicalize(folder)?)?;
        let start = Self::within(name, &root, account)?;
        start.give(code, context)?;
        Ok(start)
    }

    /// Makes the directories of a start whose program is not known yet, in `root`, which is there and empty.
    pub(super) fn in_advance(root: &Path, account: Option<&Account>) -> io::Result<Self> {
        Self::within(String::new(), root, account)
    }

    fn within(name: String, root: &Path, account: Option<&Account>) -> io::Result<Self> {
        let start = Self {
            name,
            input: root.join("input"),
            work: root.join("work"),
            tmp: root.join("tmp"),
        };
        for dir in [&start.input, &start.work, &start.tmp] {
            private_dir(dir, false)?;
        }
        start.write("runner.py", RUNNER.as_bytes())?;
        start.write("outcome.py", OUTCOME.as_bytes())?;
        // The directory is reached through the private one above it, or bound into the sandbox.
        fs::set_permissions(&start.input, fs::Permissions::from_mode(0o755))?;
        if let Some(account) = account {
            for dir in [&start.work, &start.tmp] {
                chown(dir, Some(account.uid), Some(account.gid))?;
            }
        }
        Ok(start)
    }

    /// Writes what the program is given.
    pub(super) fn give(&self, code: &str, context: &Value) -> io::Result<()> {
        let context = serde_json::to_vec(context).map_err(io::Error::other)?;
        self.write("program.py", code.as_bytes())?;
        self.write("context.json", &context)
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(self.input.join(name))?;
        file.write_all(content)?;
        // The umask of the service must not keep the program's user from reading.
        file.set_permissions(fs::Permissions::from_mode(0o444))
    }

    /// Makes a start that was made in advance, in `root`, the next one of a run's `folder`. A sandbox that
    /// stands on its directories goes on standing: what is bound into it is no name but the directory itself.
    pub(super) fn move_into(&mut self, root: &Path, folder: &Path) -> io::Result<()> {
        private_dir(folder, true)?;
        let (name, place) = Self::next(&fs::canonicalize(folder)?)?;
        // It takes the place of the empty directory, which has kept the name for it.
        if let Err(error) = fs::rename(root, &place) {
            fs::remove_dir(&place)?;
            return Err(error);
        }
        self.name = name;
        self.input = place.join("input");
        self.work = place.join("work");
        self.tmp = place.join("tmp");
        Ok(())
    }

    fn next(folder: &Path) -> io::Result<(String, PathBuf)> {
        for number in 1..=MAX_STARTS {
            let name = format!("execution_{number:02}");
            let path = folder.join(&name);
            match private_dir(&path, false) {
                Ok(()) => return Ok((name, path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("the run's folder holds too many starts"))
    }

    /// Lets `account` pass through the directories from `workspaces` down to this start, and through nothing
    /// else: needed where the program runs without a sandbox that would bring its directories to it.
    pub(super) fn open_way(&self, folder: &Path, workspaces: &Path, account: &Account) -> io::Result<()> {
        let workspaces = fs::canonicalize(workspaces)?;
        let folder = fs::canonicalize(folder)?;
        let root = folder.join(&self.name);
        let ours = root
            .ancestors()
            .filter(|dir| dir.starts_with(&folder) || dir.starts_with(&workspaces));
        for dir in ours {
            if !account.can_enter(dir) {
                chown(dir, None, Some(account.gid))?;
                fs::set_permissions(dir, fs::Permissions::from_mode(0o710))?;
            }
        }
        match account.barrier(&root) {
            None => Ok(()),
            Some(barrier) => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!(
                    "user '{}' cannot enter {}; choose another execution.workspace_dir",
                    account.name,
                    barrier.display()
                ),
            )),
        }
    }
}
