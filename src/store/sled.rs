//! A keyspace on disk: sled, made durable, beside the export log.
//!
//! sled's own `flush` does not make data durable: it starts and awaits the writing of the file's
//! pages, but syncs neither the file's extents nor the disk's cache; and a page larger than a quarter
//! of a segment goes to a file of its own that is never synced. So after every flush the file is
//! synced through a descriptor of our own, values are split so that no page grows that large, and
//! a store with such files is refused.
//!
//! A batch is written to the export log and synced, then written to sled and synced, then
//! acknowledged. Whatever happens in between, the log is never behind sled:
//! - before the log is synced: the log's last frame is missing or torn; opening cuts it off;
//! - after that, before sled is synced: the log holds a whole batch that sled lacks; opening writes it
//!   to sled. The caller never learned how that commit ended, so both ends are true ones;
//! - sled ahead of the log can't be, and is refused as damage.
//!
//! After any failed sync nothing more is accepted: the system may have dropped the pages that it
//! could not write, so that a second sync would claim what isn't so. The same holds when sled itself
//! reports a full disk, since nobody knows how much of the batch it took: nothing acknowledged is
//! lost, and the next start completes the batch from the log.

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
use uuid::Uuid;

use crate::{config::StoreSettings, model::Timestamp};

use super::{
    StoreError, directory,
    directory::{Lock, Room, failed, stopped},
    draft::{Draft, Standing},
    export::{ExportLog, Frames, Position},
    keyspace::{Batch, Change, Keyspace, Pair, Pairs},
    layout,
    memory::Memory,
};

/// The largest part of a value that is stored under one key.
const PART_BYTES: usize = 16 << 10;
/// Before the key of a value's further parts.
const PART: u8 = b'~';
/// How long sled may take to let go of a file that this process has just closed.
const RELEASE: Duration = Duration::from_secs(2);

/// A keyspace on disk.
#[derive(Debug)]
pub struct Sled {
    path: PathBuf,
    tree: Tree,
    log: ExportLog,
    room: Room,
    /// Given up last, when everything else is closed.
    _lock: Lock,
}

impl Sled {
    /// Opens the store in `path`, or makes one where nothing is.
    pub(super) fn open(path: &Path, settings: &StoreSettings, now: Timestamp) -> Result<Self, StoreError> {
        if path.exists() && !path.is_dir() {
            return Err(foreign(path, "it is not a directory"));
        }
        directory::make(path).map_err(|error| failed(path, "making the directory", &error))?;
        let path = fs::canonicalize(path).map_err(|error| failed(path, "finding the directory", &error))?;
        let path = path.as_path();
        check_is_ours(path)?;
        let lock = Lock::take(path)?;
        if !path.join("sled").exists() {
            create(path, settings, now)?;
        }
        Self::open_existing(path, settings, lock)
    }

    fn open_existing(path: &Path, settings: &StoreSettings, lock: Lock) -> Result<Self, StoreError> {
        if !path.join("sled/db").is_file() {
            return Err(damaged(path, "the database's file sled/db is missing"));
        }
        let mut tree = Tree::open(path, &path.join("sled"), settings)?;
        let meta = read_meta(path, &tree)?;
        let audit = tree
            .get(layout::AUDIT_HEAD)?
            .and_then(|bytes| layout::read_mark(&bytes))
            .ok_or_else(|| damaged(path, "the end of the audit log does not read"))?;
        let position = tree
            .get(layout::POSITION)?
            .and_then(|bytes| Position::decode(&bytes))
            .ok_or_else(|| damaged(path, "it does not know where its export log stands"))?;

        let mut frames = Frames::after(&path.join("log"), position)?;
        if frames.store != Some(meta.store) {
            return Err(damaged(path, "the export log is of another store"));
        }
        let last = frames.next().transpose()?;
        let ends_with_it = last.is_some_and(|frame| {
            let mark = Some(layout::mark(audit));
            let mut changes = frame.batch.changes.iter();
            frame.batch.last_audit == audit.seq
                && changes.any(|change| change.key == layout::AUDIT_HEAD && change.value == mark)
        });
        if !ends_with_it {
            return Err(damaged(
                path,
                "the export log lacks the last batch of the database",
            ));
        }
        let mut last_audit = audit.seq;
        for frame in &mut frames {
            let frame = frame?;
            if frame.batch.first_audit != last_audit + 1 {
                return Err(damaged(path, "the export log has a gap"));
            }
            last_audit = frame.batch.last_audit;
            tree.write(&frame.batch, frame.position)?;
        }
        if last_audit != audit.seq {
            tracing::info!(
                from = audit.seq + 1,
                to = last_audit,
                "completed from the export log"
            );
            tree.sync()?;
        }
        let log = ExportLog::resume(&path.join("log"), meta.store, frames.end)
            .map_err(|error| failed(path, "opening the export log", &error))?;
        let ballast = 4 * tree.segment as u64;
        Ok(Self {
            room: Room::new(path, settings.min_free_bytes, ballast),
            path: path.to_owned(),
            tree,
            log,
            _lock: lock,
        })
    }
}

impl Keyspace for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.tree.get(key)
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        self.tree.contains(key)
    }

    #[allow(private_interfaces, reason = "only this room calls it")]
    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        self.tree.scan(range)
    }

    #[allow(private_interfaces, reason = "only this room calls it")]
    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let size = batch.size() as u64;
        match self.room.has(size) {
            Ok(true) => {}
            Ok(false) => {
                return Err(StoreError::Full {
                    path: self.path.clone(),
                });
            }
            Err(error) => return Err(stopped(&self.path, "asking for the free room", error)),
        }
        let position = self
            .log
            .append(batch)
            .map_err(|error| failed(&self.path, "writing the export log", &error))?;
        self.room
            .ease()
            .map_err(|error| stopped(&self.path, "giving up the ballast", error))?;
        self.tree.write(batch, position)?;
        self.tree.sync()
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// One sled tree, durable when synced, with values of any size.
#[derive(Debug)]
struct Tree {
    /// The store's directory, for messages.
    path: PathBuf,
    blobs: PathBuf,
    db: Option<Db>,
    file: File,
    part: usize,
    segment: usize,
}

impl Tree {
    /// Opens the database in `directory`, making it if it isn't there.
    fn open(path: &Path, directory: &Path, settings: &StoreSettings) -> Result<Self, StoreError> {
        let blobs = directory.join("blobs");
        let empty = directory::is_empty(&blobs).map_err(|error| failed(path, "looking at blobs", &error))?;
        if !empty {
            return Err(damaged(
                path,
                "sled/blobs holds files, which this program never writes",
            ));
        }
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

    fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        self.with(|db| db.contains_key(key))
    }

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.with(|db| db.get(key))? {
            Some(stored) => self.join(key, &stored).map(Some),
            None => Ok(None),
        }
    }

    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
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
    fn write(&mut self, batch: &Batch, position: Position) -> Result<(), StoreError> {
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
    fn sync(&mut self) -> Result<(), StoreError> {
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

/// Refuses a directory that something else lives in.
fn check_is_ours(path: &Path) -> Result<(), StoreError> {
    if path.join("sled").is_dir() || path.join("log").is_dir() {
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(|error| failed(path, "looking at the directory", &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| failed(path, "looking at the directory", &error))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && entry.file_name() != "lock" {
            let name = entry.file_name().display().to_string();
            return Err(foreign(path, format!("it holds the file '{name}' and no store")));
        }
    }
    Ok(())
}

/// Makes a new store in `path`.
///
/// The database is made under another name and gets its own only when it is complete and durable,
/// so that a process that dies here leaves nothing that could be taken for a store.
fn create(path: &Path, settings: &StoreSettings, now: Timestamp) -> Result<(), StoreError> {
    let fail = |error: io::Error| failed(path, "making the store", &error);
    let (new, log) = (path.join("sled.new"), path.join("log"));
    if !directory::is_empty(&log).map_err(fail)? {
        let first = Frames::all(&log)?.nth(1).transpose()?;
        if first.is_some() {
            let what = "the database sled/ is missing, but its export log is there";
            return Err(damaged(path, what));
        }
    }
    let has_room = Room::new(path, settings.min_free_bytes, 0)
        .has(1 << 20)
        .map_err(fail)?;
    if !has_room {
        return Err(StoreError::Full {
            path: path.to_owned(),
        });
    }
    for unfinished in [&new, &log] {
        if unfinished.exists() {
            fs::remove_dir_all(unfinished).map_err(fail)?;
        }
        directory::make(unfinished).map_err(fail)?;
    }

    let store = Uuid::new_v4();
    let nothing = Memory::default();
    let mut draft = Draft::new(&nothing, Standing::NOTHING, now);
    draft.found(store);
    let (batch, _) = draft.finish();
    let position = ExportLog::create(&log, store)
        .and_then(|mut log| log.append(&batch))
        .map_err(fail)?;
    let mut tree = Tree::open(path, &new, settings)?;
    tree.write(&batch, position)?;
    publish(path, tree, &new)
}

/// Makes a complete database durable and gives it its name.
fn publish(path: &Path, mut tree: Tree, new: &Path) -> Result<(), StoreError> {
    let fail = |error: io::Error| failed(path, "making the store", &error);
    tree.sync()?;
    drop(tree);
    directory::sync_files(new).map_err(fail)?;
    fs::rename(new, path.join("sled")).map_err(fail)?;
    directory::sync(path).map_err(fail)?;
    match path.parent() {
        Some(parent) => directory::sync(parent).map_err(fail),
        None => Ok(()),
    }
}

/// Builds a store in the new directory `path` from the export log in `log` alone.
///
/// # Errors
/// `Damaged` or `Foreign` if the log is not whole, `Foreign` if there is something in `path`.
pub fn rebuild(log: &Path, path: &Path, settings: &StoreSettings) -> Result<(), StoreError> {
    let fail = |error: io::Error| failed(path, "rebuilding the store", &error);
    if !directory::is_empty(path).map_err(fail)? {
        return Err(foreign(path, "a store is rebuilt only where nothing is"));
    }
    directory::make(path).map_err(fail)?;
    let _lock = Lock::take(path)?;
    let (new, new_log) = (path.join("sled.new"), path.join("log"));
    directory::make(&new).map_err(fail)?;
    directory::make(&new_log).map_err(fail)?;

    let mut tree = Tree::open(path, &new, settings)?;
    let mut frames = Frames::all(log)?;
    let mut last_audit = 0;
    for frame in &mut frames {
        let frame = frame?;
        if frame.batch.first_audit != last_audit + 1 {
            return Err(damaged(
                log,
                format!("the export log has a gap after audit entry {last_audit}"),
            ));
        }
        last_audit = frame.batch.last_audit;
        tree.write(&frame.batch, frame.position)?;
    }
    if last_audit == 0 {
        return Err(damaged(log, "the export log holds nothing"));
    }
    for number in 1..=frames.end.file {
        let name = format!("{number:08}.log");
        fs::copy(log.join(&name), new_log.join(&name)).map_err(fail)?;
    }
    directory::sync_files(&new_log).map_err(fail)?;
    publish(path, tree, &new)
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

fn read_meta(path: &Path, tree: &Tree) -> Result<layout::Meta, StoreError> {
    let Some(bytes) = tree.get(layout::META)? else {
        let mut frames = Frames::all(&path.join("log"));
        return Err(match frames.as_mut().map(Iterator::next) {
            Ok(Some(Ok(_))) => damaged(path, "the database is empty, but its export log is not"),
            _ => foreign(path, "the database in sled/ is not one of this program's"),
        });
    };
    let meta: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    match meta["format"].as_u64() {
        Some(format) if format > u64::from(layout::FORMAT) => {
            let what = format!("it was written by a newer version (form {format})");
            Err(foreign(path, what))
        }
        _ => serde_json::from_value(meta)
            .map_err(|error| damaged(path, format!("its own description does not read: {error}"))),
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

fn damaged(path: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        what: what.into(),
    }
}

fn foreign(path: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Foreign {
        path: path.to_owned(),
        what: what.into(),
    }
}
