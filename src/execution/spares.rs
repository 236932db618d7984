//! Interpreters that stand in their sandboxes before there is a program for them.
//!
//! A spare is a whole start, with its sandbox, its sockets, its control group and a runner that has done the
//! configured imports and waits for its word. A program that is assigned one takes its directories over: they
//! are renamed into the run's folder, and what is bound into the sandbox is the directories themselves, under
//! whatever name. It serves one program and dies with it, like any other start.
//!
//! A spare is no weaker wall and no other interpreter. Where it cannot be had, or is not what would be started
//! now, the program is started without.

use std::{
    fs,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rustix::fs::FlockOperation;
use tokio::{runtime::Handle, sync::Notify, task::JoinSet};
use uuid::Uuid;

use super::{
    Backend, ExecutionError, Executor, Job, Placement,
    cgroup::lock,
    launcher::Sockets,
    local::{LocalExecutor, off_thread},
    supervisor::Standing,
    workspace::{Start, private_dir},
};
use crate::model::ExecutionMode;

/// The directory that holds those of the spares.
const HOME: &str = "spares";

/// How long to wait after a spare could not be made: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How long to wait after one was taken, so that the program it was taken for begins undisturbed.
const LEAD: Duration = Duration::from_millis(50);

/// The spares of one executor. When they are dropped, all of them die.
#[derive(Debug)]
pub(super) struct Spares {
    shelf: Arc<Shelf>,
    /// What makes them.
    _maker: JoinSet<()>,
}

#[derive(Debug)]
struct Shelf {
    /// How many there should be, by mode.
    wanted: Vec<(ExecutionMode, usize)>,
    /// The most time a program may take that is assigned one.
    timeout: Duration,
    /// Those that stand, the oldest first.
    standing: Mutex<Vec<Spare>>,
    changed: Notify,
}

/// One of them.
#[derive(Debug)]
struct Spare {
    mode: ExecutionMode,
    standing: Standing,
    start: Start,
    sockets: Option<Sockets>,
    /// What the backend was before it was made.
    backend: Backend,
    nest: Nest,
}

impl LocalExecutor {
    /// How many spares stand for programs in this mode.
    pub fn spares(&self, mode: ExecutionMode) -> usize {
        self.spares.get().map_or(0, |spares| spares.shelf.count(mode))
    }

    /// Waits until as many spares stand as are to be kept; for as long as they cannot be made.
    pub async fn spares_stand(&self) {
        let Some(spares) = self.spares.get() else { return };
        loop {
            let changed = spares.shelf.changed.notified();
            if spares.shelf.lacks().is_none() {
                return;
            }
            changed.await;
        }
    }

    /// Begins to keep spares, if any are configured and this isolation can have them.
    pub(super) fn begin_spares(&self, timeout: Duration) {
        let settings = &self.settings.local.spares;
        let asked = [
            (ExecutionMode::ReadOnly, settings.read_only),
            (ExecutionMode::WriteAccess, settings.write_access),
        ];
        let (wanted, useless): (Vec<_>, Vec<_>) = asked
            .into_iter()
            .filter(|(_, count)| *count > 0)
            // Elsewhere a program knows its directories by the names they have on the host.
            .partition(|(mode, _)| self.sandbox.isolation.is_contained() && self.reach(*mode).is_ok());
        for (mode, _) in useless {
            tracing::warn!(
                ?mode,
                isolation = self.sandbox.isolation.name(),
                "no spare interpreters are kept: they need an isolation with bubblewrap, and for writing a control \
                 system"
            );
        }
        if wanted.is_empty() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        self.spares.get_or_init(|| {
            Nest::clear(&self.settings.workspace_dir);
            let shelf = Arc::new(Shelf {
                wanted,
                timeout,
                standing: Mutex::default(),
                changed: Notify::new(),
            });
            let maker = Self {
                spares: Arc::default(),
                ..self.clone()
            };
            let mut task = JoinSet::new();
            task.spawn_on(keep(Arc::clone(&shelf), maker), &runtime);
            Spares { shelf, _maker: task }
        });
    }

    /// Makes a spare the start of this program, if there is one that is what would be started now.
    pub(super) async fn assign_spare(
        &self,
        job: &Job,
        sockets: Option<Sockets>,
    ) -> Option<(Start, Standing)> {
        let shelf = &self.spares.get()?.shelf;
        if job.timeout > shelf.timeout {
            return None;
        }
        while let Some(spare) = shelf.take(job.mode()) {
            let (this, job) = (self.clone(), job.clone());
            let assigned = off_thread(move || spare.assign(&this, &job, sockets)).await;
            match assigned {
                Ok(Ok(assigned)) => return Some(assigned),
                Ok(Err(reason)) => tracing::info!(reason, "a spare interpreter was thrown away"),
                Err(error) => tracing::warn!(%error, "a spare interpreter was lost"),
            }
        }
        None
    }

    async fn make_spare(&self, mode: ExecutionMode, time: Duration) -> Result<Spare, ExecutionError> {
        let this = self.clone();
        let made = off_thread(move || {
            // What changes from here on makes it another.
            let backend = this.backend(&Placement::default());
            let workspaces = &this.settings.workspace_dir;
            let (nest, start) = Nest::new(workspaces)
                .and_then(|nest| {
                    let start = Start::in_advance(&nest.path, this.sandbox.account.as_ref())?;
                    Ok((nest, start))
                })
                .map_err(|source| ExecutionError::Workspace {
                    path: workspaces.join(HOME),
                    source,
                })?;
            Ok::<_, ExecutionError>((backend, nest, this.made(start)?))
        });
        let (backend, nest, made) = made.await??;
        let sockets = self.reach(mode)?;
        let preload = &self.settings.local.spares.preload;
        let (start, standing) = self.stand(made, sockets, time, preload).await?;
        Ok(Spare {
            mode,
            standing,
            start,
            sockets,
            backend,
            nest,
        })
    }
}

/// Makes what is missing, one after the other.
async fn keep(shelf: Arc<Shelf>, executor: LocalExecutor) {
    let mut pause = FIRST_PAUSE;
    let mut told = String::new();
    loop {
        let changed = shelf.changed.notified();
        let Some(mode) = shelf.lacks() else {
            changed.await;
            tokio::time::sleep(LEAD).await;
            continue;
        };
        match executor.make_spare(mode, shelf.timeout).await {
            Ok(spare) => {
                pause = FIRST_PAUSE;
                let said = &spare.standing.said;
                if !said.is_empty() && *said != told {
                    tracing::warn!("a spare interpreter's imports (execution.local.spares.preload): {said}");
                    told.clone_from(said);
                }
                shelf.put(spare);
            }
            Err(error) => {
                tracing::warn!(
                    %error,
                    "a spare interpreter could not be made; programs are started without, and it is tried again in \
                     {} seconds",
                    pause.as_secs()
                );
                tokio::time::sleep(pause).await;
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        }
    }
}

impl Shelf {
    fn standing(&self) -> MutexGuard<'_, Vec<Spare>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, mode: ExecutionMode) -> usize {
        self.standing().iter().filter(|spare| spare.mode == mode).count()
    }

    /// A mode there are too few for.
    fn lacks(&self) -> Option<ExecutionMode> {
        let lacking = self
            .wanted
            .iter()
            .find(|(mode, count)| self.count(*mode) < *count);
        lacking.map(|(mode, _)| *mode)
    }

    fn put(&self, spare: Spare) {
        self.standing().push(spare);
        self.changed.notify_waiters();
    }

    fn take(&self, mode: ExecutionMode) -> Option<Spare> {
        let mut standing = self.standing();
        let at = standing.iter().position(|spare| spare.mode == mode)?;
        let spare = standing.remove(at);
        self.changed.notify_waiters();
        Some(spare)
    }
}

impl Spare {
    /// Makes it the start of `job`, or says why it cannot be.
    fn assign(
        mut self,
        executor: &LocalExecutor,
        job: &Job,
        sockets: Option<Sockets>,
    ) -> Result<(Start, Standing), String> {
        if !self.standing.stands() {
            return Err("it has died".to_owned());
        }
        if self.sockets != sockets || self.backend != executor.backend(&job.placement) {
            return Err("what programs are run with has changed since it was made".to_owned());
        }
        let fault = |error: std::io::Error| error.to_string();
        // What knocked while there was nobody to answer is no doing of this program.
        if let Some(sockets) = &self.standing.sockets {
            sockets.drain().map_err(fault)?;
        }
        self.start.give(&job.code, &job.context).map_err(fault)?;
        self.start
            .move_into(&self.nest.path, &job.folder)
            .map_err(fault)?;
        self.nest.left = true;
        Ok((self.start, self.standing))
    }
}

/// The directory of a spare: removed with it, unless it has become a run's. It is locked as long as the spare
/// lives, so that another service can tell what was left behind.
#[derive(Debug)]
struct Nest {
    path: PathBuf,
    left: bool,
    _lock: OwnedFd,
}

impl Nest {
    fn new(workspaces: &Path) -> std::io::Result<Self> {
        let home = workspaces.join(HOME);
        private_dir(&home, true)?;
        // Between its making and its locking another service could take it for one that was left behind.
        let _shared = lock(&home, FlockOperation::LockShared)?;
        let path = home.join(Uuid::new_v4().simple().to_string());
        private_dir(&path, false)?;
        let _lock = lock(&path, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self {
            path,
            left: false,
            _lock,
        })
    }

    /// Removes what services left behind that are gone.
    fn clear(workspaces: &Path) {
        let home = workspaces.join(HOME);
        // While a spare is being made, clearing can wait for the next start.
        let Ok(_alone) = lock(&home, FlockOperation::NonBlockingLockExclusive) else {
            return;
        };
        for entry in fs::read_dir(&home).into_iter().flatten().flatten() {
            if lock(&entry.path(), FlockOperation::NonBlockingLockExclusive).is_ok() {
                remove(&entry.path());
            }
        }
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        if !self.left {
            remove(&self.path);
        }
    }
}

fn remove(dir: &Path) {
    if let Err(error) = fs::remove_dir_all(dir) {
        tracing::warn!(dir = %dir.display(), %error, "a spare interpreter's directory could not be removed");
    }
}
