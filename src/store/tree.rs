//! One sled tree, made durable, with values of any size.
//!
//! sled's own `flush` does not make data durable: it starts and awaits the writing of the file's
//! pages, but syncs neither the file's extents nor the disk's cache; and a page larger than a quarter
//! of a segment goes to a file of its own that is never synced. So after every flush the file is
//! synced through a descriptor of our own, values are split so that no page grows that large, and
//! a database with such files is refused.

use std::{
    fs::{self, File},
    io,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use sled::Db;

use crate::config::StoreSettings;

use super::{
    StoreError, directory,
    directory::{failed, stopped},
    export::Position,
    keyspace::{Batch, Change, Pair, Pairs},
    layout,
};

/// The largest part of a value that is stored under one key.
const PART_BYTES: usize = 16 << 10;
/// Before the key of a value's further parts.
const PART: u8 = b'~';
/// How long sled may take to let go of a file that this process has just closed.
const RELEASE: Duration = Duration::from_secs(1);

/// One sled tree, durable when synced, with values of any size.
#[derive(Debug)]
pub(super) struct Tree {
    /// The store's directory, for messages.
    path: PathBuf,
    blobs: PathBuf,
    db: Option<Db>,
    file: File,
    part: usize,
    /// The size of the database's segments, in bytes.
    pub segment: usize,
}

impl Tree {
    /// Opens the database in `directory`, making it if it isn't there.
    pub(super) fn open(path: &Path, directory: &Path, settings: &StoreSettings) -> Result<Self, StoreError> {
        let blobs = directory.join("blobs");
        let empty = directory::is_empty(&blobs).map_err(|error| failed(path, "looking at blobs", &error))?;
        if !empty {
            return Err(damaged(
                path,
                "sled/blobs holds files, which this program never writes",
            ));
        }
        remove_unfinished_snapshots(directory)
            .map_err(|error| failed(path, "removing unfinished snapshots", &error))?;
        let segment = stored_segment(directory).unwrap_or_else(|| {
            settings
                .segment_bytes
                .clamp(256 << 10, 16 << 20)
                .next_power_of_two()
        });
        let config = sled::Config::new()
            .path(directory)
            .segment_size(segment)
            .cache_capacity(settings.cache_bytes)
            .flush_every_ms(None);
        let db = open_db(path, &config)?;
        let fail = |error: io::Error| stopped(path, "opening the database's file", error);
        let file = File::open(directory.join("db")).map_err(fail)?;
        // Opening may have written a snapshot, the configuration and the end of a segment.
        directory::sync_files(directory).map_err(fail)?;
        Ok(Self {
            path: path.to_owned(),
            blobs,
            db: Some(db),
            file,
            // At most 20 items share a page, and a page must stay below a quarter of a segment.
            part: PART_BYTES.min(segment / 4 / 32),
            segment,
        })
    }

    /// Does something with sled. A panic inside sled is damage like any other error.
    fn with<T>(&self, work: impl FnOnce(&Db) -> Result<T, sled::Error>) -> Result<T, StoreError> {
        let Some(db) = &self.db else {
            return Err(stopped(&self.path, "reading", "it was closed"));
        };
        match catch_unwind(AssertUnwindSafe(|| work(db))) {
            Ok(result) => result.map_err(|error| sled_error(&self.path, &error)),
            Err(panic) => Err(damaged(&self.path, panic_text(panic.as_ref()))),
        }
    }

    pub(super) fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        self.with(|db| db.contains_key(key))
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.with(|db| db.get(key))? {
            Some(stored) => self.join(key, &stored).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        match self.with(|db| Ok(db.range(range))) {
            Ok(iter) => Box::new(Scan {
                tree: self,
                iter: Some(iter),
            }),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    /// Puts a value together again from its first part, `stored`, and the others.
    fn join(&self, key: &[u8], stored: &[u8]) -> Result<Vec<u8>, StoreError> {
        let what = || damaged(&self.path, format!("the value under {} lacks a part", shown(key)));
        let (parts, first) = split_count(stored).ok_or_else(what)?;
        let mut value = first.to_vec();
        for number in 1..=parts {
            let part = self.with(|db| db.get(part_key(key, number)))?.ok_or_else(what)?;
            value.extend_from_slice(&part);
        }
        Ok(value)
    }

    /// How many further parts the value under `key` has now.
    fn parts(&self, key: &[u8]) -> Result<u32, StoreError> {
        let stored = self.with(|db| db.get(key))?;
        Ok(stored
            .and_then(|stored| split_count(&stored).map(|(parts, _)| parts))
            .unwrap_or(0))
    }

    /// Hands a batch to sled as a whole, with where it stands in the export log. Not durable yet.
    pub(super) fn write(&mut self, batch: &Batch, position: Position) -> Result<(), StoreError> {
        let mut changes = sled::Batch::default();
        for change in &batch.changes {
            self.split(change, &mut changes)?;
        }
        let mut stored = vec![0; 4];
        stored.extend(position.encode());
        changes.insert(layout::POSITION, stored);
        self.with(|db| db.apply_batch(changes))
            .map_err(|error| stopped(&self.path, "writing the database", error))
    }

    fn split(&self, change: &Change, changes: &mut sled::Batch) -> Result<(), StoreError> {
        let key = change.key.as_slice();
        let old = if layout::is_permanent(key) {
            0
        } else {
            self.parts(key)?
        };
        let mut parts = 0;
        match &change.value {
            None => changes.remove(key),
            Some(value) => {
                let first = value.len().min(self.part);
                for piece in value[first..].chunks(self.part) {
                    parts += 1;
                    changes.insert(part_key(key, parts), piece);
                }
                let mut stored = Vec::with_capacity(4 + first);
                stored.extend_from_slice(&parts.to_be_bytes());
                stored.extend_from_slice(&value[..first]);
                changes.insert(key, stored);
            }
        }
        for number in parts + 1..=old {
            changes.remove(part_key(key, number));
        }
        Ok(())
    }

    /// Makes everything written durable.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        let fail = |error: &dyn std::fmt::Display| stopped(&self.path, "syncing the database", error);
        self.with(|db| db.flush().map(|_| ()))
            .map_err(|error| fail(&error))?;
        self.file.sync_data().map_err(|error| fail(&error))?;
        match directory::is_empty(&self.blobs) {
            Ok(true) => Ok(()),
            Ok(false) => Err(fail(&"sled wrote a page to a file that it doesn't sync")),
            Err(error) => Err(fail(&error)),
        }
    }
}

/// Removes the snapshots that a process began and did not finish: sled takes one for the newest, and the
/// database for damaged. Nothing is lost, since the snapshot before it goes only once it is finished.
fn remove_unfinished_snapshots(directory: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

impl Drop for Tree {
    fn drop(&mut self) {
        if let Some(db) = self.db.take() {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
        }
    }
}

struct Scan<'a> {
    tree: &'a Tree,
    iter: Option<sled::Iter>,
}

impl Scan<'_> {
    fn step(
        &mut self,
        next: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> Option<Result<Pair, StoreError>> {
        let iter = self.iter.as_mut()?;
        let tree = self.tree;
        let pair = tree
            .with(|_| next(iter).transpose())
            .and_then(|pair| match pair {
                Some((key, stored)) => Ok(Some((key.to_vec(), tree.join(&key, &stored)?))),
                None => Ok(None),
            })
            .transpose();
        if !matches!(pair, Some(Ok(_))) {
            self.iter = None;
        }
        pair
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Pair, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Scan<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

fn part_key(key: &[u8], number: u32) -> Vec<u8> {
    [&[PART][..], key, &number.to_be_bytes()].concat()
}

fn split_count(stored: &[u8]) -> Option<(u32, &[u8])> {
    let (count, first) = stored.split_at_checked(4)?;
    Some((u32::from_be_bytes(count.try_into().ok()?), first))
}

/// The size of the segments of the database in `directory`, as sled's own settings there tell it.
///
/// A database keeps the size it was made with, whatever the settings say now.
fn stored_segment(directory: &Path) -> Option<usize> {
    let conf = fs::read(directory.join("conf")).ok()?;
    let conf = String::from_utf8_lossy(&conf);
    let line = conf
        .lines()
        .find_map(|line| line.strip_prefix("segment_size: "))?;
    let size: usize = line.trim().parse().ok()?;
    (size.is_power_of_two() && size <= 16 << 20).then_some(size)
}

/// Opens sled on a thread of its own, since it panics on some damaged files.
fn open_db(path: &Path, config: &sled::Config) -> Result<Db, StoreError> {
    let started = Instant::now();
    loop {
        let config = config.clone();
        let opening = thread::Builder::new()
            .name("store-open".to_owned())
            .spawn(move || config.open())
            .map_err(|error| stopped(path, "opening the database", error))?;
        match opening.join() {
            Ok(Ok(db)) => return Ok(db),
            // We hold the store's lock: if sled's file is locked, then by a database that this
            // process is closing, or by a program that isn't ours.
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("could not acquire lock") => {
                if started.elapsed() > RELEASE {
                    return Err(StoreError::InUse {
                        path: path.to_owned(),
                        owner: None,
                    });
                }
                thread::sleep(Duration::from_millis(2));
            }
            Ok(Err(error)) => return Err(sled_error(path, &error)),
            Err(panic) => {
                let what = format!("the database does not open: {}", panic_text(panic.as_ref()));
                return Err(damaged(path, what));
            }
        }
    }
}

fn sled_error(path: &Path, error: &sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => failed(path, "using the database", error),
        other => damaged(path, format!("the database does not read: {other}")),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("unknown").to_owned()
}

fn shown(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The error of a store that is not what was written.
pub(super) fn damaged(path: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        what: what.into(),
    }
}
