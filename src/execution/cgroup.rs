//! Control groups: the kernel counts memory and processes of a whole run, and kills it as one.
//!
//! Both versions are used: version 2 where a part of the tree was delegated to the service, version 1 where
//! the service may write beneath the controllers. Each run has a group of its own. Its directory is locked as
//! long as the service that made it lives, so that another can tell what was left behind.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, getxattr, open},
    process::{Signal, kill_process},
};
use uuid::Uuid;

use super::processes::pid_of;

/// The directory that holds the groups of runs.
const HOME: &str = "holdpoint";

/// Where the service's own processes stand in a delegated tree of version 2: groups with members of their own
/// cannot pass controllers on.
const SERVICE: &str = "holdpoint-service";

/// What a group of a run's name begins with.
const RUN: &str = "run_";

/// What a sandbox needs besides the program: its own processes.
const OWN_PROCESSES: u64 = 3;

/// Where groups can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cgroups {
    /// Version 1: the directory within each controller.
    One { memory: PathBuf, pids: PathBuf },
    /// Version 2: one directory.
    Two { home: PathBuf },
}

/// The limits of a whole run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ceiling {
    pub(super) memory_bytes: u64,
    pub(super) processes: u64,
}

impl Cgroups {
    /// Finds out where groups can be made, and makes the directory that will hold them.
    ///
    /// The error says what is missing and how to get it.
    pub(super) fn find() -> Result<Self, String> {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let two = Self::two(&mounts, &own);
        let found = match two {
            Ok(two) => Ok(two),
            Err(reason) => match Self::one(&mounts) {
                Some(Ok(one)) => Ok(one),
                Some(Err(other)) => Err(format!("{reason}; {other}")),
                None => Err(reason),
            },
        };
        if let Ok(found) = &found {
            found.clear();
        }
        found
    }

    fn two(mounts: &str, own: &str) -> Result<Self, String> {
        let root = mounted(mounts, |kind, _| kind == "cgroup2").ok_or("cgroup version 2 is not mounted")?;
        let own = own
            .lines()
            .find_map(|line| line.strip_prefix("0::"))
            .ok_or("the service is in no cgroup of version 2")?;
        let here = root.join(own.trim_start_matches('/'));
        // Once the service has moved aside, or was put aside, the delegated group is the one above.
        if let Some(above) = here.parent().filter(|_| here != root)
            && passes_on(above)
            && delegated(above)
        {
            return make(&above.join(HOME)).and_then(|home| offered(home, above));
        }
        let offers = words(&here.join("cgroup.controllers"));
        if !["memory", "pids"]
            .iter()
            .all(|one| offers.iter().any(|offer| offer == one))
        {
            return Err(format!(
                "the cgroup {} offers no memory and pids controllers: start the service with Delegate=yes in its \
                 systemd unit",
                here.display()
            ));
        }
        if !delegated(&here) {
            return Err(format!(
                "the cgroup {} is not delegated to the service: set Delegate=yes in its systemd unit",
                here.display()
            ));
        }
        if !passes_on(&here) {
            let alone = words(&here.join("cgroup.procs")) == [std::process::id().to_string()];
            if !alone {
                return Err(format!(
                    "the cgroup {} holds other processes than the service, so it cannot be divided: run the \
                     service as a unit of its own with Delegate=yes",
                    here.display()
                ));
            }
            let aside = here.join(SERVICE);
            let divided = make(&aside).and_then(|aside| {
                let write = |path: PathBuf, text: &str| {
                    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
                };
                write(aside.join("cgroup.procs"), "0")?;
                write(here.join("cgroup.subtree_control"), "+memory +pids")
            });
            divided?;
        }
        make(&here.join(HOME)).and_then(|home| offered(home, &here))
    }

    fn one(mounts: &str) -> Option<Result<Self, String>> {
        let home = |controller: &str| {
            let at = mounted(mounts, |kind, options| {
                kind == "cgroup" && options.split(',').any(|option| option == controller)
            })?;
            Some(make(&at.join(HOME)).and_then(|home| {
                writable(&home).then_some(home.clone()).ok_or_else(|| {
                    format!(
                        "{} cannot be written; let root give it to the service's user",
                        home.display()
                    )
                })
            }))
        };
        Some(match (home("memory")?, home("pids")?) {
            (Ok(memory), Ok(pids)) => Ok(Self::One { memory, pids }),
            (Err(reason), _) | (_, Err(reason)) => Err(reason),
        })
    }

    /// What they are, for the operator: `v1` or `v2`.
    pub(super) fn version(&self) -> &'static str {
        match self {
            Self::One { .. } => "v1",
            Self::Two { .. } => "v2",
        }
    }

    /// The directories that hold the groups. The first one's are locked.
    pub(super) fn homes(&self) -> Vec<&Path> {
        match self {
            Self::One { memory, pids } => vec![memory, pids],
            Self::Two { home } => vec![home],
        }
    }

    /// Makes the group of a run.
    pub(super) fn create(&self, ceiling: Ceiling) -> io::Result<RunGroup> {
        // Between its making and its locking another service could take a group for one that was left behind.
        let _shared = match self.homes().first() {
            Some(home) => Some(lock(home, FlockOperation::LockShared)?),
            None => None,
        };
        let name = format!("{RUN}{}", Uuid::new_v4().simple());
        let mut group = RunGroup {
            cgroups: self.clone(),
            dirs: Vec::new(),
            lock: None,
        };
        for home in self.homes() {
            let dir = home.join(&name);
            fs::create_dir(&dir)?;
            if group.dirs.is_empty() {
                group.lock = Some(lock(&dir, FlockOperation::NonBlockingLockExclusive)?);
            }
            group.dirs.push(dir);
        }
        let processes = ceiling.processes.saturating_add(OWN_PROCESSES).to_string();
        let memory = ceiling.memory_bytes.to_string();
        match (self, group.dirs.as_slice()) {
            (Self::One { .. }, [of_memory, of_pids]) => {
                fs::write(of_memory.join("memory.limit_in_bytes"), &memory)?;
                // Without this file the kernel does not count what is swapped out.
                let _ = fs::write(of_memory.join("memory.memsw.limit_in_bytes"), &memory);
                fs::write(of_pids.join("pids.max"), &processes)?;
            }
            (_, dirs) => {
                for dir in dirs {
                    fs::write(dir.join("memory.max"), &memory)?;
                    let _ = fs::write(dir.join("memory.swap.max"), "0");
                    let _ = fs::write(dir.join("memory.oom.group"), "1");
                    fs::write(dir.join("pids.max"), &processes)?;
                }
            }
        }
        Ok(group)
    }

    /// Ends what services left behind that are gone, and removes its groups.
    fn clear(&self) {
        let homes = self.homes();
        let Some(home) = homes.first() else { return };
        // While a group is being made, clearing can wait for the next start.
        let Ok(_alone) = lock(home, FlockOperation::NonBlockingLockExclusive) else {
            return;
        };
        let Ok(entries) = fs::read_dir(home) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if !name.to_string_lossy().starts_with(RUN) {
                continue;
            }
            // Whoever made it and lives holds the lock.
            let Ok(lock) = lock(&entry.path(), FlockOperation::NonBlockingLockExclusive) else {
                continue;
            };
            tracing::info!(group = %entry.path().display(), "a run of a service that is gone is cleared away");
            let mut left = RunGroup {
                cgroups: self.clone(),
                dirs: homes.iter().map(|home| home.join(&name)).collect(),
                lock: Some(lock),
            };
            left.end(Instant::now() + Duration::from_secs(2));
        }
    }
}

/// The group of one run. Dropping it ends what is left in it and removes it.
#[derive(Debug)]
pub(super) struct RunGroup {
    cgroups: Cgroups,
    dirs: Vec<PathBuf>,
    lock: Option<OwnedFd>,
}

impl RunGroup {
    /// Its directories.
    pub(super) fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    /// How many of its processes the kernel has ended because memory ran out.
    pub(super) fn ended_for_memory(&self) -> u64 {
        let file = match self.cgroups {
            Cgroups::One { .. } => "memory.oom_control",
            Cgroups::Two { .. } => "memory.events",
        };
        let Some(dir) = self.dirs.first() else { return 0 };
        let text = fs::read_to_string(dir.join(file)).unwrap_or_default();
        text.lines()
            .find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
            .unwrap_or(0)
    }

    /// Ends every process in it; `false` if some are left at `deadline`.
    pub(super) fn end(&mut self, deadline: Instant) -> bool {
        loop {
            let members: Vec<String> = self
                .dirs
                .iter()
                .flat_map(|dir| words(&dir.join("cgroup.procs")))
                .collect();
            if members.is_empty() {
                return true;
            }
            let killed = self
                .dirs
                .iter()
                .any(|dir| fs::write(dir.join("cgroup.kill"), "1").is_ok());
            if !killed {
                let pids = members.iter().filter_map(|pid| pid_of(pid.parse().ok()?).ok());
                for pid in pids {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for RunGroup {
    fn drop(&mut self) {
        self.end(Instant::now() + Duration::from_secs(1));
        // The one that is locked goes last: while it is there, nobody takes the others for another's.
        for dir in self.dirs.iter().rev() {
            if let Err(error) = fs::remove_dir(dir)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(group = %dir.display(), %error, "a run's control group could not be removed");
            }
        }
        self.lock = None;
    }
}

/// Locks a directory for as long as the descriptor is open.
pub(super) fn lock(dir: &Path, kind: FlockOperation) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = open(dir, flags, Mode::empty())?;
    flock(&opened, kind)?;
    Ok(opened)
}

/// Where a file system of a kind, with options, is mounted for writing.
fn mounted(mounts: &str, fits: impl Fn(&str, &str) -> bool) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (at, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
        fits(kind, options).then(|| PathBuf::from(at))
    })
}

fn words(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether a group of version 2 gives its children what is needed.
fn passes_on(dir: &Path) -> bool {
    let on = words(&dir.join("cgroup.subtree_control"));
    ["memory", "pids"].iter().all(|one| on.iter().any(|it| it == one))
}

fn writable(dir: &Path) -> bool {
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Whether a group is the service's to divide. Root may write everywhere; where systemd runs, only what it
/// has marked as delegated is left alone by it.
fn delegated(dir: &Path) -> bool {
    let marked = |name: &str| {
        let mut value = [0u8; 8];
        getxattr(dir, name, &mut value[..]).is_ok_and(|length| value.get(..length) == Some(b"1".as_slice()))
    };
    let systemd = Path::new("/run/systemd/system").is_dir();
    writable(dir) && (!systemd || marked("trusted.delegate") || marked("user.delegate"))
}

fn make(dir: &Path) -> Result<PathBuf, String> {
    match fs::create_dir(dir) {
        Ok(()) => Ok(dir.to_path_buf()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(dir.to_path_buf()),
        Err(error) => Err(format!("{} cannot be made: {error}", dir.display())),
    }
}

/// Passes the controllers on to the groups within `home`.
fn offered(home: PathBuf, above: &Path) -> Result<Cgroups, String> {
    let control = home.join("cgroup.subtree_control");
    fs::write(&control, "+memory +pids").map_err(|error| {
        format!(
            "the controllers of {} cannot be passed on: {}: {error}",
            above.display(),
            control.display()
        )
    })?;
    Ok(Cgroups::Two { home })
}
