//! The directory a store lives in: its lock, the room on its disk, and its durability.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock, statvfs};

use super::StoreError;

/// Makes a directory that only this user may enter, unless it is there.
pub(super) fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes the entries of a directory durable.
pub(super) fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes every file of a directory durable, and the directory itself.
pub(super) fn sync_files(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync(path)
}

/// Whether a directory holds anything; a missing one holds nothing.
pub(super) fn is_empty(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// The error of a store whose disk failed.
pub(super) fn stopped(path: &Path, doing: &str, error: impl std::fmt::Display) -> StoreError {
    StoreError::Stopped {
        path: path.to_owned(),
        reason: format!("{doing}: {error}"),
    }
}

/// The error of an operation that failed before anything was handed to the store.
pub(super) fn failed(path: &Path, doing: &str, error: &io::Error) -> StoreError {
    if is_full(error) {
        StoreError::Full {
            path: path.to_owned(),
        }
    } else {
        stopped(path, doing, error)
    }
}

/// Whether an error says that the disk has no room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// How long a lock may take to become free: a child that a process begins holds its parent's locks until
/// it runs its own program.
const PATIENCE: Duration = Duration::from_millis(200);

/// The right to be the only process that has a store open; given up when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of the store in `directory`, without waiting for another process to end.
    ///
    /// # Errors
    /// `InUse`, with the process that has it.
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let fail = |error: &io::Error| failed(directory, "taking the lock", error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(directory.join("lock"))
            .map_err(|error| fail(&error))?;
        let started = Instant::now();
        let mut outcome = flock(&file, FlockOperation::NonBlockingLockExclusive);
        while outcome == Err(rustix::io::Errno::WOULDBLOCK) && started.elapsed() < PATIENCE {
            std::thread::sleep(PATIENCE / 20);
            outcome = flock(&file, FlockOperation::NonBlockingLockExclusive);
        }
        match outcome {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut owner = String::new();
                let read = file.read_to_string(&mut owner);
                return Err(StoreError::InUse {
                    path: directory.to_owned(),
                    owner: read.ok().and_then(|_| owner.trim().parse().ok()),
                });
            }
            Err(error) => return Err(fail(&error.into())),
        }
        let pid = format!("{}\n", std::process::id());
        // The pid is only told to others; a lock whose pid could not be written still holds.
        let _ = file.set_len(0).and_then(|()| file.write_all(pid.as_bytes()));
        Ok(Self { _file: file })
    }
}

/// The room on a store's disk.
///
/// Below the limit nothing is begun. Beside the limit a file of ballast keeps some room that only
/// this store can free: what was begun while there was room can then be finished even if others
/// fill the disk in the meantime.
#[derive(Debug)]
pub(super) struct Room {
    directory: PathBuf,
    limit: u64,
    ballast: u64,
    held: bool,
}

impl Room {
    /// The room in `directory`, of which `limit` bytes stay free; `ballast` is the ballast's size.
    pub(super) fn new(directory: &Path, limit: u64, ballast: u64) -> Self {
        let mut room = Self {
            directory: directory.to_owned(),
            limit,
            ballast,
            held: false,
        };
        room.held = fs::metadata(room.file()).is_ok_and(|file| file.len() >= ballast);
        room
    }

    /// The room in `directory` as it was left there, of which nothing can be asked but to give up its ballast.
    pub(super) fn held(directory: &Path) -> Self {
        let mut room = Self::new(directory, u64::MAX, 0);
        room.ballast = fs::metadata(room.file()).map_or(0, |file| file.len());
        room
    }

    fn file(&self) -> PathBuf {
        self.directory.join("ballast")
    }

    fn free(&self) -> io::Result<u64> {
        let disk = statvfs(&self.directory)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Whether something of `size` bytes may be begun.
    pub(super) fn has(&mut self, size: u64) -> io::Result<bool> {
        // What is written takes more on the disk than it holds: in the export log, and in sled's
        // pages, which are written whole.
        let needed = self.limit.saturating_add(size.saturating_mul(4));
        let free = self.free()?;
        if !self.held && free >= needed.saturating_add(self.ballast) {
            self.held = self.take_ballast().is_ok();
        }
        Ok(free >= needed)
    }

    fn take_ballast(&self) -> io::Result<()> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.file())?;
        Ok(fallocate(&file, FallocateFlags::empty(), 0, self.ballast)?)
    }

    /// Gives the ballast up if less than its size is free, so that what was begun can be finished.
    pub(super) fn ease(&mut self) -> io::Result<()> {
        if self.held && self.free()? < self.ballast {
            fs::remove_file(self.file())?;
            self.held = false;
        }
        Ok(())
    }
}
