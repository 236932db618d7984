//! What a host offers for running programs: which walls stand here, and what is missing for the others.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::{process::geteuid, system::uname};
use serde::{Deserialize, Serialize};

use super::{
    ExecutionError, LocalExecutor,
    cgroup::Cgroups,
    host::{Account, Launcher, said, tool},
    interpreter::Interpreter,
    sandbox::Ground,
};
use crate::config::{ExecutionSettings, Isolation};

/// What a host offers for running programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostReport {
    /// The isolation the settings ask for: `execution.local.isolation`.
    pub asked: String,
    /// The isolation programs run in with these settings; `None`: none runs.
    pub isolation: Option<String>,
    /// The isolations, the best one first.
    pub tiers: Vec<TierReport>,
    /// What was found, in the order it is needed.
    pub findings: Vec<HostFinding>,
}

/// One isolation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierReport {
    /// Its name, as `execution.local.isolation` takes it.
    pub name: String,
    /// What it holds against.
    pub holds: String,
    /// What is missing, and how to get it; `None`: a program was run in it just now.
    pub missing: Option<String>,
}

/// One thing a host has, or has not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostFinding {
    /// What it is about.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// What to do about it; `None` if it is as it should be.
    pub advice: Option<String>,
}

/// The isolations from the best one down, and what each holds against.
const TIERS: [(Isolation, &str); 3] = [
    (
        Isolation::BubblewrapCgroup,
        "files, processes, network and kernel interfaces by namespaces, Landlock and seccomp; memory and processes \
         of the whole run by a control group",
    ),
    (
        Isolation::Bubblewrap,
        "the same, but memory is limited for each process, not for the run",
    ),
    (
        Isolation::Landlock,
        "files by Landlock, sockets and other processes by seccomp; no way to the control system, the names of \
         files and processes stay visible",
    ),
];

impl HostReport {
    /// Looks at this host and tries each isolation by running a program in it. It blocks for the time of a
    /// dozen process starts, and leaves nothing behind.
    pub fn of(settings: &ExecutionSettings) -> Self {
        let mut report = Self {
            asked: settings.local.isolation.name().to_owned(),
            isolation: None,
            tiers: Vec::new(),
            findings: Vec::new(),
        };
        report.find_kernel();
        report.find_parts(settings);
        report.try_tiers(settings);
        report
    }

    fn add(&mut self, subject: &str, found: impl Into<String>, advice: Option<String>) {
        self.findings.push(HostFinding {
            subject: subject.to_owned(),
            found: found.into(),
            advice,
        });
    }

    /// Adds what was found, or why it was not: what is missing says itself what to do.
    fn add_result<T>(&mut self, subject: &str, found: &Result<T, String>, told: impl FnOnce(&T) -> String) {
        match found {
            Ok(found) => self.add(subject, told(found), None),
            Err(reason) => self.add(subject, "missing", Some(reason.clone())),
        }
    }

    fn find_kernel(&mut self) {
        let kernel = uname();
        let (name, release) = (kernel.sysname(), kernel.release());
        let kernel = format!("{} {}", name.to_string_lossy(), release.to_string_lossy());
        let kernel = match in_container() {
            true => format!("{kernel}, in a container"),
            false => kernel,
        };
        self.add("kernel", kernel, None);
        let (found, advice) = user_namespaces();
        self.add("user namespaces", found, advice);
    }

    fn find_parts(&mut self, settings: &ExecutionSettings) {
        let account = geteuid()
            .is_root()
            .then(|| Account::of(&settings.local.user))
            .transpose();
        let account = account.map_err(|error| error.to_string());
        self.add_result("programs' user", &account, |account| match account {
            Some(account) => format!("{} ({}:{})", account.name, account.uid, account.gid),
            None => format!("the service's own ({})", geteuid().as_raw()),
        });
        let account = account.ok().flatten();
        let launcher = Launcher::find(settings.local.launcher.as_deref(), account.as_ref());
        let launcher = launcher.map_err(|error| error.to_string());
        self.add_result("launcher", &launcher, |launcher| {
            launcher.path.display().to_string()
        });
        let bwrap = tool("bwrap").ok_or_else(|| {
            "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap; RHEL, Fedora: dnf install bubblewrap)"
                .to_owned()
        });
        self.add_result("bubblewrap", &bwrap, |path| version_of(path));
        if let Ok(launcher) = &launcher {
            match launcher.look() {
                Ok(look) => {
                    let landlock = (look.landlock == 0).then(|| {
                        "Linux 5.13 and later have it; `lsm=` on the kernel's command line must name landlock"
                            .to_owned()
                    });
                    let version = match look.landlock {
                        0 => "missing".to_owned(),
                        version => format!("version {version}"),
                    };
                    self.add("Landlock", version, landlock);
                    let seccomp = (!look.seccomp)
                        .then(|| "a kernel with CONFIG_SECCOMP_FILTER filters system calls".to_owned());
                    let found = if look.seccomp { "filters calls" } else { "missing" };
                    self.add("seccomp", found, seccomp);
                }
                Err(error) => self.add("Landlock, seccomp", "unknown", Some(error.to_string())),
            }
            let python = absolute(&settings.local.python);
            let interpreter = Interpreter::find(&python, launcher, account.as_ref());
            let interpreter = interpreter.map_err(|error| error.to_string());
            self.add_result("interpreter", &interpreter, Interpreter::label);
        }
        let cgroups = Cgroups::find();
        self.add_result("control groups", &cgroups, |cgroups| {
            let homes: Vec<_> = cgroups
                .homes()
                .iter()
                .map(|home| home.display().to_string())
                .collect();
            format!("{}: {}", cgroups.version(), homes.join(", "))
        });
    }

    /// Runs a program in each isolation.
    fn try_tiers(&mut self, settings: &ExecutionSettings) {
        let tried = Bench::new(settings).map_err(|error| error.to_string());
        let ground = match &tried {
            Ok(bench) => Ground::find(&bench.settings).map_err(|error| error.to_string()),
            Err(reason) => Err(reason.clone()),
        };
        for (isolation, holds) in TIERS {
            let missing = match (&tried, &ground) {
                (Ok(bench), Ok(ground)) => LocalExecutor::tried(ground, isolation, &bench.settings, &[])
                    .err()
                    .map(|error| reason_of(isolation, &error)),
                (Err(reason), _) | (_, Err(reason)) => Some(reason.clone()),
            };
            self.tiers.push(TierReport {
                name: isolation.name().to_owned(),
                holds: holds.to_owned(),
                missing,
            });
        }
        let asked = settings.local.isolation;
        self.isolation = match asked {
            Isolation::None => ground.is_ok().then(|| asked.name().to_owned()),
            _ => self
                .tiers
                .iter()
                .find(|tier| {
                    tier.missing.is_none() && (asked == Isolation::Auto || tier.name == asked.name())
                })
                .map(|tier| tier.name.clone()),
        };
    }
}

/// A place to try isolations in, removed when it is dropped.
struct Bench {
    settings: ExecutionSettings,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new(settings: &ExecutionSettings) -> Result<Self, ExecutionError> {
        let dir = tempfile::tempdir().and_then(|dir| {
            // Where there is no mount namespace, the programs' user has to pass through.
            fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711))?;
            fs::create_dir(dir.path().join("runs"))?;
            Ok(dir)
        });
        let dir = dir.map_err(|source| ExecutionError::Workspace {
            path: std::env::temp_dir(),
            source,
        })?;
        let mut settings = settings.clone();
        settings.workspace_dir = dir.path().join("runs");
        settings.local.python = absolute(&settings.local.python);
        Ok(Self { settings, _dir: dir })
    }
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

/// Whether user namespaces can be made, as far as the kernel's settings tell, and what to do if not.
fn user_namespaces() -> (String, Option<String>) {
    let setting = |name: &str| {
        let text = fs::read_to_string(Path::new("/proc/sys").join(name)).ok()?;
        text.trim().parse::<u64>().ok()
    };
    let off = |reason: &str, way_out: &str| (format!("restricted: {reason}"), Some(way_out.to_owned()));
    if setting("user/max_user_namespaces") == Some(0) {
        return off(
            "user.max_user_namespaces is 0",
            "sysctl -w user.max_user_namespaces=15000",
        );
    }
    if setting("kernel/unprivileged_userns_clone") == Some(0) {
        return off(
            "kernel.unprivileged_userns_clone is 0",
            "sysctl -w kernel.unprivileged_userns_clone=1",
        );
    }
    if setting("kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        return off(
            "AppArmor lets only named programs have them",
            "Ubuntu 24.04: apt-get install apparmor-profiles, and copy \
             /usr/share/apparmor/extra-profiles/bwrap-userns-restrict to /etc/apparmor.d; then apparmor_parser -r it",
        );
    }
    ("allowed".to_owned(), None)
}

fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"]
        .iter()
        .any(|mark| Path::new(mark).exists())
}

/// Why an isolation is missing, with what else may be the reason here.
fn reason_of(isolation: Isolation, error: &ExecutionError) -> String {
    let reason = match error {
        ExecutionError::NoIsolation(reason) => reason.clone(),
        other => other.to_string(),
    };
    match isolation.is_contained() && in_container() {
        true => format!(
            "{reason}; a container's own filter may forbid namespaces and mounts: run it with --security-opt \
             seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"
        ),
        false => reason,
    }
}

/// What a program says its version is, with its path.
fn version_of(path: &Path) -> String {
    let output = Command::new(path).arg("--version").env_clear().output();
    let version = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Ok(output) => said(&output),
        Err(error) => error.to_string(),
    };
    format!("{version} ({})", path.display())
}
