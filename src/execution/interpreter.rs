//! The Python that runs the programs: one, configured, that neither requesters nor programs can change.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    ExecutionError,
    host::{Account, Launcher, run_bounded, said},
    launcher::{Aim, Enter},
};

/// The oldest Python the runner works with.
const OLDEST: (u32, u32) = (3, 8);

/// Directories that hold more than an interpreter.
const TOO_WIDE: [&str; 9] = [
    "/", "/etc", "/home", "/mnt", "/opt", "/root", "/srv", "/tmp", "/var",
];

/// Asks an interpreter what it is.
const QUESTION: &str = "import json, sys; print(json.dumps({'version': list(sys.version_info[:3]), \
                        'prefix': sys.prefix, 'base_prefix': sys.base_prefix}))";

/// A Python interpreter that was found to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interpreter {
    /// The executable, as it is started.
    pub(super) executable: PathBuf,
    /// Its version: `3.11.2`.
    pub(super) version: String,
    /// The directories it needs besides the system's `/usr`.
    pub(super) directories: Vec<PathBuf>,
    /// Where its packages are installed.
    pub(super) prefix: PathBuf,
    /// Where those of the interpreter are that its environment was made with.
    pub(super) base_prefix: PathBuf,
}

#[derive(Deserialize)]
struct Answer {
    version: (u32, u32, u32),
    prefix: PathBuf,
    base_prefix: PathBuf,
}

impl Interpreter {
    /// Finds the interpreter that `configured` names, an executable or a virtual environment, and runs it
    /// as the user programs run as.
    pub(super) fn find(
        configured: &Path,
        launcher: &Launcher,
        account: Option<&Account>,
    ) -> Result<Self, ExecutionError> {
        let fault = |text: String| ExecutionError::Interpreter(format!("{}: {text}", configured.display()));
        let executable = executable(configured).map_err(fault)?;
        if let Some(account) = account {
            let real = fs::canonicalize(&executable).map_err(|error| fault(error.to_string()))?;
            for path in [&executable, &real] {
                if let Some(barrier) = account.barrier(path) {
                    return Err(fault(format!(
                        "user '{}', as whom programs run, cannot enter {}; use the system's Python or a virtual \
                         environment outside of it (execution.local.python)",
                        account.name,
                        barrier.display()
                    )));
                }
            }
        }
        let name = executable
            .to_str()
            .ok_or_else(|| fault("the path is not plain text".to_owned()))?;
        let line = launcher.enter(&Enter {
            groups: Vec::new(),
            hand_over: None,
            user: account.map(Account::user),
            aim: Aim::Become(
                [name, "-I", "-B", "-S", "-c", QUESTION]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        });
        let output = line
            .and_then(|line| run_bounded(&line))
            .map_err(|error| fault(error.to_string()))?;
        if !output.status.success() {
            return Err(fault(format!("it does not start: {}", said(&output))));
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|_| fault("it does not answer as Python does".to_owned()))?;
        let (major, minor, patch) = answer.version;
        if (major, minor) < OLDEST {
            return Err(fault(format!(
                "it is Python {major}.{minor}, and {}.{} is needed",
                OLDEST.0, OLDEST.1
            )));
        }
        // Without `site` a virtual environment's prefix is not known; its directory is.
        let environment = environment_of(&executable);
        let prefix = environment.clone().unwrap_or_else(|| answer.prefix.clone());
        let mut roots = vec![answer.prefix, answer.base_prefix.clone()];
        roots.extend(environment);
        let directories = beyond_system(roots).map_err(fault)?;
        if let Some(account) = account {
            for path in directories.iter().chain([&executable]) {
                protected(path, account).map_err(fault)?;
            }
        }
        // The sandbox shows the interpreter's own directories, not the place of a link to it.
        let shown =
            |path: &Path| path.starts_with("/usr") || directories.iter().any(|dir| path.starts_with(dir));
        let executable = if shown(&executable) {
            executable
        } else {
            fs::canonicalize(&executable).map_err(|error| fault(error.to_string()))?
        };
        Ok(Self {
            executable,
            version: format!("{major}.{minor}.{patch}"),
            directories,
            prefix,
            base_prefix: answer.base_prefix,
        })
    }

    /// The interpreter and its version, for the reader.
    pub(super) fn label(&self) -> String {
        format!("{} (Python {})", self.executable.display(), self.version)
    }
}

fn executable(configured: &Path) -> Result<PathBuf, String> {
    if !configured.is_absolute() {
        return Err("the path must be absolute".to_owned());
    }
    let meta = fs::metadata(configured).map_err(|error| error.to_string())?;
    // Links to a directory are followed, since the sandbox shows what they lead to. A link to the
    // interpreter itself is not: an environment is found by its name.
    let real = |path: &Path| fs::canonicalize(path).map_err(|error| error.to_string());
    if !meta.is_dir() {
        return Ok(match (configured.parent(), configured.file_name()) {
            (Some(parent), Some(name)) => real(parent)?.join(name),
            _ => configured.to_path_buf(),
        });
    }
    let environment = real(configured)?;
    ["bin/python3", "bin/python"]
        .into_iter()
        .map(|name| environment.join(name))
        .find(|path| path.exists())
        .ok_or_else(|| "the directory holds no bin/python3; is it a virtual environment?".to_owned())
}

/// The virtual environment an executable belongs to.
fn environment_of(executable: &Path) -> Option<PathBuf> {
    let root = executable.parent()?.parent()?;
    root.join("pyvenv.cfg").is_file().then(|| root.to_path_buf())
}

/// Those directories that are not part of the system anyway, both as named and as they really are.
fn beyond_system(roots: Vec<PathBuf>) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for root in roots {
        let real = fs::canonicalize(&root).unwrap_or_else(|_| root.clone());
        for dir in [root, real] {
            if dir.starts_with("/usr") || found.contains(&dir) || !dir.is_dir() {
                continue;
            }
            if TOO_WIDE.iter().any(|wide| dir == Path::new(wide)) {
                return Err(format!(
                    "its directory {} is too wide to be shown to programs",
                    dir.display()
                ));
            }
            found.push(dir);
        }
    }
    Ok(found)
}

/// Refuses what the programs' user could change.
pub(super) fn protected(path: &Path, account: &Account) -> Result<(), String> {
    let meta = fs::metadata(path).map_err(|error| error.to_string())?;
    let writable = meta.mode() & 0o002 != 0
        || meta.uid() == account.uid
        || meta.gid() == account.gid && meta.mode() & 0o020 != 0;
    if writable {
        return Err(format!(
            "user '{}', as whom programs run, can change {}",
            account.name,
            path.display()
        ));
    }
    Ok(())
}
