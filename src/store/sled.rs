//! A keyspace on disk: sled, made durable, beside the export log.
//!
//! `tree.rs` says what makes sled durable; this file says in which order things happen.
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
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{config::StoreSettings, model::Timestamp};

use super::{
    StoreError, directory,
    directory::{Lock, Room, failed, stopped},
    draft::{Draft, Standing},
    export,
    export::{ExportLog, Frames, Position},
    keyspace::{Batch, Keyspace, Pairs},
    layout,
    memory::Memory,
    tree::{Tree, damaged},
};

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
        // Opening writes too: a full disk must not keep anyone from reading.
        Room::held(path)
            .ease()
            .map_err(|error| stopped(path, "giving up the ballast", error))?;
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
        // A killed process may have left a tail that is readable and not durable; sled must not get
        // ahead of it.
        export::sync(&path.join("log"), position.file)
            .map_err(|error| stopped(path, "syncing the export log", error))?;
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
            tracing::warn!(
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
    let mut draft = Draft::new(&nothing, Standing::nothing(), now);
    draft.found(store)?;
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

fn foreign(path: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Foreign {
        path: path.to_owned(),
        what: what.into(),
    }
}
