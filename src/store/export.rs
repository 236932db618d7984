//! The export log: every batch once more, in plain framed and checksummed files.
//!
//! It serves the audit on another machine, the incremental backup, and the way back from a damaged
//! database: the database can be built from it alone.
//!
//! The files are `log/00000001.log` and on. Each begins with a header of 40 bytes: `HOLDPOINT LOG\n`
//! with two zeros, the version of the form (4 bytes), the store's id (16), the CRC-32 of these (4).
//! Frames follow, one per batch: `HPFR`, the payload's length (8), the numbers of the first and of
//! the last audit entry in it (8 each), the payload's CRC-32 (4), the CRC-32 of these 32 bytes (4),
//! and the payload. The payload is a sequence of changes: the key's length (2), the key, 0 or 1, and
//! for 1 the value's length (8) and the value. Numbers are little-endian.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use uuid::Uuid;

use super::{
    StoreError, directory,
    keyspace::{Batch, Change},
    layout,
};

const MAGIC: &[u8; 16] = b"HOLDPOINT LOG\n\0\0";
const HEADER: usize = 40;
const FRAME_MAGIC: &[u8; 4] = b"HPFR";
const FRAME_HEADER: usize = 36;
/// A new file is begun once the last one has this many bytes.
const ROTATE_AT: u64 = 64 << 20;

/// Where a frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub file: u32,
    pub offset: u64,
}

impl Position {
    pub(super) fn encode(self) -> Vec<u8> {
        [&self.file.to_be_bytes()[..], &self.offset.to_be_bytes()].concat()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (file, offset) = bytes.split_at_checked(4)?;
        Some(Self {
            file: u32::from_be_bytes(file.try_into().ok()?),
            offset: u64::from_be_bytes(offset.try_into().ok()?),
        })
    }
}

/// One batch as the log holds it.
#[derive(Debug)]
pub(super) struct Frame {
    pub position: Position,
    pub batch: Batch,
}

fn file_path(directory: &Path, number: u32) -> PathBuf {
    directory.join(format!("{number:08}.log"))
}

fn file_header(store: Uuid) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&layout::FORMAT.to_le_bytes());
    header.extend_from_slice(store.as_bytes());
    let checksum = crc32fast::hash(&header);
    header.extend_from_slice(&checksum.to_le_bytes());
    header
}

fn encode(batch: &Batch) -> Vec<u8> {
    let mut frame = Vec::with_capacity(FRAME_HEADER + batch.size() + batch.changes.len() * 11);
    frame.resize(FRAME_HEADER, 0);
    for change in &batch.changes {
        frame.extend_from_slice(&(change.key.len() as u16).to_le_bytes());
        frame.extend_from_slice(&change.key);
        match &change.value {
            None => frame.push(0),
            Some(value) => {
                frame.push(1);
                frame.extend_from_slice(&(value.len() as u64).to_le_bytes());
                frame.extend_from_slice(value);
            }
        }
    }
    let payload = crc32fast::hash(&frame[FRAME_HEADER..]);
    let length = (frame.len() - FRAME_HEADER) as u64;
    frame[0..4].copy_from_slice(FRAME_MAGIC);
    frame[4..12].copy_from_slice(&length.to_le_bytes());
    frame[12..20].copy_from_slice(&batch.first_audit.to_le_bytes());
    frame[20..28].copy_from_slice(&batch.last_audit.to_le_bytes());
    frame[28..32].copy_from_slice(&payload.to_le_bytes());
    let header = crc32fast::hash(&frame[..32]);
    frame[32..36].copy_from_slice(&header.to_le_bytes());
    frame
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?))
}

/// Reads the frame that `bytes` begin with: the batch and the frame's length.
fn decode(bytes: &[u8]) -> Option<(Batch, usize)> {
    let header = bytes.get(..FRAME_HEADER)?;
    let checksum = u32::from_le_bytes(header[32..36].try_into().ok()?);
    if &header[..4] != FRAME_MAGIC || crc32fast::hash(&header[..32]) != checksum {
        return None;
    }
    let mut fields = &header[4..32];
    let length = usize::try_from(take_u64(&mut fields)?).ok()?;
    let mut batch = Batch {
        first_audit: take_u64(&mut fields)?,
        last_audit: take_u64(&mut fields)?,
        changes: Vec::new(),
    };
    let mut payload = bytes[FRAME_HEADER..].get(..length)?;
    if crc32fast::hash(payload).to_le_bytes() != fields {
        return None;
    }
    while !payload.is_empty() {
        let key = u16::from_le_bytes(take(&mut payload, 2)?.try_into().ok()?);
        let key = take(&mut payload, usize::from(key))?.to_vec();
        let value = match take(&mut payload, 1)? {
            [0] => None,
            [1] => {
                let length = usize::try_from(take_u64(&mut payload)?).ok()?;
                Some(take(&mut payload, length)?.to_vec())
            }
            _ => return None,
        };
        batch.changes.push(Change { key, value });
    }
    Some((batch, FRAME_HEADER + length))
}

/// The log that is being written.
#[derive(Debug)]
pub(super) struct ExportLog {
    directory: PathBuf,
    store: Uuid,
    file: File,
    number: u32,
    length: u64,
}

impl ExportLog {
    /// Begins the log of a new store.
    pub(super) fn create(directory: &Path, store: Uuid) -> io::Result<Self> {
        let (file, length) = begin_file(directory, store, 1)?;
        Ok(Self {
            directory: directory.to_owned(),
            store,
            file,
            number: 1,
            length,
        })
    }

    /// Goes on with a log whose last whole frame ends at `end`; what follows there is cut off.
    pub(super) fn resume(directory: &Path, store: Uuid, end: Position) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(file_path(directory, end.file))?;
        if file.metadata()?.len() > end.offset {
            file.set_len(end.offset)?;
            file.sync_all()?;
        }
        let mut log = Self {
            directory: directory.to_owned(),
            store,
            file,
            number: end.file,
            length: end.offset,
        };
        if log.length < HEADER as u64 {
            // The process died while it began this file.
            (log.file, log.length) = begin_file(directory, store, log.number)?;
        }
        Ok(log)
    }

    /// Appends a batch and syncs; gives back where the frame begins.
    ///
    /// # Errors
    /// A full disk leaves the log as it was. Any other error means that the log can't be trusted
    /// any more, because a sync that failed once may claim success the next time.
    pub(super) fn append(&mut self, batch: &Batch) -> io::Result<Position> {
        if self.length >= ROTATE_AT {
            (self.file, self.length) = begin_file(&self.directory, self.store, self.number + 1)?;
            self.number += 1;
        }
        let frame = encode(batch);
        if let Err(error) = self.file.write_all_at(&frame, self.length) {
            self.file.set_len(self.length)?;
            return Err(error);
        }
        if let Err(error) = self.file.sync_data() {
            return Err(io::Error::other(format!("the sync failed: {error}")));
        }
        let position = Position {
            file: self.number,
            offset: self.length,
        };
        self.length += frame.len() as u64;
        Ok(position)
    }
}

/// Begins a file durably; one that was begun before and holds no frame is begun anew.
fn begin_file(directory: &Path, store: Uuid, number: u32) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file_path(directory, number))?;
    let header = file_header(store);
    file.write_all_at(&header, 0)?;
    file.sync_all()?;
    directory::sync(directory)?;
    Ok((file, header.len() as u64))
}

/// Makes the files of the log in `directory` durable, from the file `first` on.
pub(super) fn sync(directory: &Path, first: u32) -> io::Result<()> {
    let mut paths = (first..).map(|number| file_path(directory, number));
    while let Some(path) = paths.next().filter(|path| path.exists()) {
        File::open(path)?.sync_all()?;
    }
    directory::sync(directory)
}

/// Reads a log frame by frame, without changing it.
///
/// A last frame that is not whole is no error: a process died while it wrote it, and nothing of it
/// was ever acknowledged. A bad frame with whole ones behind it is.
#[derive(Debug)]
pub(super) struct Frames {
    directory: PathBuf,
    /// Which store the log is of.
    pub store: Option<Uuid>,
    files: VecDeque<u32>,
    bytes: Vec<u8>,
    next: Position,
    /// Where the last whole frame ends.
    pub end: Position,
}

impl Frames {
    /// Reads the log in `directory` from its beginning.
    pub(super) fn all(directory: &Path) -> Result<Self, StoreError> {
        Self::from(directory, None)
    }

    /// Reads the log in `directory` from the frame at `start` on.
    pub(super) fn after(directory: &Path, start: Position) -> Result<Self, StoreError> {
        Self::from(directory, Some(start))
    }

    fn from(directory: &Path, start: Option<Position>) -> Result<Self, StoreError> {
        let mut numbers = Vec::new();
        let entries = match fs::read_dir(directory) {
            Ok(entries) => entries,
            Err(error) => return Err(unreadable(directory, &error)),
        };
        for entry in entries {
            let name = entry.map_err(|error| unreadable(directory, &error))?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".log"));
            numbers.extend(number.and_then(|number| number.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        for (expected, found) in (1..).zip(&numbers) {
            if expected != *found {
                return Err(bad(directory, format!("the file {expected:08}.log is missing")));
            }
        }
        let start = start.unwrap_or(Position { file: 1, offset: 0 });
        let mut frames = Self {
            directory: directory.to_owned(),
            store: None,
            files: numbers
                .into_iter()
                .filter(|number| *number >= start.file)
                .collect(),
            bytes: Vec::new(),
            next: start,
            end: start,
        };
        frames.open_file(start.offset.max(HEADER as u64))?;
        Ok(frames)
    }

    /// Reads the next file from `offset` on; says whether there was one.
    fn open_file(&mut self, offset: u64) -> Result<bool, StoreError> {
        let Some(number) = self.files.pop_front() else {
            return Ok(false);
        };
        let path = file_path(&self.directory, number);
        let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        self.next = Position { file: number, offset };
        if bytes.len() < HEADER && self.files.is_empty() {
            // The process died while it began this file.
            self.bytes = Vec::new();
            self.next.offset = 0;
            self.end = self.next;
            return Ok(true);
        }
        self.check_header(&path, &bytes)?;
        if offset as usize > bytes.len() {
            let what = format!("{} ends before the last acknowledged batch", path.display());
            return Err(bad(&self.directory, what));
        }
        self.bytes = bytes;
        self.end = self.next;
        Ok(true)
    }

    fn check_header(&mut self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let header = bytes.get(..HEADER).unwrap_or_default();
        if !header.starts_with(MAGIC) {
            return Err(foreign(path, "it is not an export log"));
        }
        let format = header[16..20].try_into().map_or(0, u32::from_le_bytes);
        if format > layout::FORMAT {
            return Err(foreign(
                path,
                format!("it was written by a newer version (form {format})"),
            ));
        }
        if crc32fast::hash(&header[..36]).to_le_bytes() != header[36..] {
            return Err(bad(
                &self.directory,
                format!("the header of {} is damaged", path.display()),
            ));
        }
        let store = Uuid::from_slice(&header[20..36]).ok();
        if self.store.is_some() && self.store != store {
            return Err(bad(
                &self.directory,
                format!("{} is of another store", path.display()),
            ));
        }
        self.store = store;
        Ok(())
    }

    fn read(&mut self) -> Result<Option<Frame>, StoreError> {
        loop {
            let offset = self.next.offset as usize;
            let rest = self.bytes.get(offset..).unwrap_or_default();
            if rest.is_empty() {
                if self.files.is_empty() || !self.open_file(HEADER as u64)? {
                    return Ok(None);
                }
                continue;
            }
            let Some((batch, length)) = decode(rest) else {
                let torn = self.files.iter().all(|number| self.holds_no_frame(*number))
                    && !(1..rest.len()).any(|start| {
                        rest[start..].starts_with(FRAME_MAGIC) && decode(&rest[start..]).is_some()
                    });
                if torn {
                    self.files.clear();
                    self.bytes.clear();
                    return Ok(None);
                }
                let Position { file, offset } = self.next;
                let what = format!("the frame at byte {offset} of {file:08}.log is damaged");
                return Err(bad(&self.directory, what));
            };
            let position = self.next;
            self.next.offset += length as u64;
            self.end = self.next;
            return Ok(Some(Frame { position, batch }));
        }
    }

    fn holds_no_frame(&self, number: u32) -> bool {
        fs::metadata(file_path(&self.directory, number)).is_ok_and(|file| file.len() <= HEADER as u64)
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.read().transpose();
        if let Some(Err(_)) = frame {
            self.files.clear();
            self.bytes.clear();
        }
        frame
    }
}

fn unreadable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        what: format!("the export log can't be read: {error}"),
    }
}

fn bad(directory: &Path, what: String) -> StoreError {
    StoreError::Damaged {
        path: directory.to_owned(),
        what,
    }
}

fn foreign(path: &Path, what: impl Into<String>) -> StoreError {
    StoreError::Foreign {
        path: path.to_owned(),
        what: what.into(),
    }
}
