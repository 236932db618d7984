//! Reads what a program left, without being led astray by it.
//!
//! The program owns its working directory and may have put anything there: links to the service's own
//! files, pipes that block, hard links, a tree without end. Every name is opened beneath its directory's
//! descriptor, without following a link or crossing a mount.

use std::{
    ffi::CStr,
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, open, openat2, statat},
    io::Errno,
};
use sha2::{Digest as _, Sha256};

use super::Artifact;
use crate::model::CodeSha256;

/// The file the runner leaves its word in.
pub(super) const OUTCOME: &str = ".outcome.json";

/// The most bytes of an outcome that are read; the runner keeps its results below 8 MiB.
pub(super) const MAX_OUTCOME_BYTES: u64 = 9 << 20;

/// The most values of an outcome; the runner keeps to the same bound.
const MAX_OUTCOME_VALUES: usize = 600_000;

/// How deep an outcome may be nested; the runner cuts results at 64.
const MAX_OUTCOME_DEPTH: usize = 80;

/// How deep directories are followed.
const MAX_DEPTH: usize = 16;

/// The bounds of what is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of one file.
    pub(super) file_bytes: u64,
    /// Bytes of all files.
    pub(super) total_bytes: u64,
    /// Files and directories.
    pub(super) files: usize,
    /// The user whose files count.
    pub(super) owner: u32,
}

/// A working directory, held by its descriptor.
#[derive(Debug)]
pub(super) struct Workspace {
    root: OwnedFd,
}

/// What a look at the tree comes upon.
enum Seen<'a> {
    /// A name.
    Entry(Found<'a>),
    /// A directory that cannot be looked into, and why: there is no telling what it holds.
    Closed { path: &'a Path, reason: String },
}

/// A name in the tree, as it was found.
struct Found<'a> {
    parent: &'a OwnedFd,
    name: &'a CStr,
    path: &'a Path,
    stat: Stat,
}

impl Workspace {
    /// Opens the directory; the service made it and its parents, so the path itself is trusted.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self {
            root: open(path, flags, Mode::empty())?,
        })
    }

    /// Whether the tree is larger than `bounds`: `Some` says in which way.
    pub(super) fn excess(&self, bounds: &Bounds) -> Option<String> {
        let (mut bytes, mut entries) = (0u64, 0usize);
        let mut excess = None;
        self.visit(&mut |seen| {
            let found = match seen {
                Seen::Entry(found) => found,
                Seen::Closed { path, reason } => {
                    excess = Some(format!("its directory {path:?} cannot be looked into: {reason}"));
                    return false;
                }
            };
            // What is on the disk counts: a sparse file takes no more than its blocks.
            bytes = bytes.saturating_add(
                u64::try_from(found.stat.st_blocks)
                    .unwrap_or(0)
                    .saturating_mul(512),
            );
            entries += 1;
            if bytes > bounds.total_bytes {
                excess = Some(format!("its files took more than {} bytes", bounds.total_bytes));
            } else if entries > bounds.files {
                excess = Some(format!("it made more than {} files", bounds.files));
            }
            excess.is_none()
        });
        excess
    }

    /// The runner's outcome, if the program left one that may be read.
    pub(super) fn outcome(&self, bounds: &Bounds) -> io::Result<Option<Vec<u8>>> {
        let name = c".outcome.json";
        let file = match open_file(&self.root, name) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if let Some(reason) = unfit(&fstat(&file)?, bounds.owner) {
            return Err(io::Error::other(reason));
        }
        let mut bytes = Vec::new();
        File::from(file)
            .take(MAX_OUTCOME_BYTES + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_OUTCOME_BYTES {
            return Err(io::Error::other("it is too large"));
        }
        // In memory a value takes many times the two bytes that can stand for it in a file.
        if !is_modest(&bytes) {
            return Err(io::Error::other(
                "it holds too many values, or nests them too deeply",
            ));
        }
        Ok(Some(bytes))
    }

    /// The files the program left, sorted by path, each under `prefix`; notes say what was left out.
    pub(super) fn artifacts(&self, prefix: &str, bounds: &Bounds, notes: &mut Vec<String>) -> Vec<Artifact> {
        let mut artifacts = Vec::new();
        let (mut entries, mut total) = (0usize, 0u64);
        self.visit(&mut |seen| {
            let found = match seen {
                Seen::Entry(found) => found,
                Seen::Closed { path, reason } => {
                    notes.push(format!("what is in {path:?} was left out: {reason}"));
                    return true;
                }
            };
            entries += 1;
            if entries > bounds.files {
                notes.push(format!(
                    "files were left out: there are more than {}",
                    bounds.files
                ));
                return false;
            }
            if found.path == Path::new(OUTCOME) || FileType::from_raw_mode(found.stat.st_mode).is_dir() {
                return true;
            }
            let left = bounds.total_bytes.saturating_sub(total).min(bounds.file_bytes);
            match read_artifact(&found, prefix, left, bounds.owner) {
                Ok(artifact) => {
                    total = total.saturating_add(artifact.bytes);
                    artifacts.push(artifact);
                }
                Err(reason) => notes.push(format!("{:?} was left out: {reason}", found.path)),
            }
            true
        });
        artifacts.sort_by(|one, other| one.path.cmp(&other.path));
        artifacts
    }

    /// Reads an artifact again from a run's folder; `None` if it is no longer what was recorded.
    pub(super) fn reread(folder: &Path, artifact: &Artifact) -> Option<Vec<u8>> {
        let root = Self::open(folder).ok()?.root;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = openat2(&root, artifact.path.as_str(), flags, Mode::empty(), resolve()).ok()?;
        if !FileType::from_raw_mode(fstat(&file).ok()?.st_mode).is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        File::from(file)
            .take(artifact.bytes + 1)
            .read_to_end(&mut bytes)
            .ok()?;
        (CodeSha256::of(&bytes) == artifact.sha256).then_some(bytes)
    }

    fn visit(&self, each: &mut dyn FnMut(Seen<'_>) -> bool) {
        walk(&self.root, Path::new(""), 0, each);
    }
}

/// Visits everything beneath `dir`, until `each` says stop. What vanishes meanwhile is passed over, since the
/// program may still be at work; what is there and cannot be looked into is told.
fn walk(dir: &OwnedFd, path: &Path, depth: usize, each: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
    let mut entries = match Dir::read_from(dir) {
        Ok(entries) => entries,
        Err(error) => return closed(path, error, each),
    };
    while let Some(entry) = entries.read() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => return closed(path, error, each),
        };
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let child = path.join(PathBuf::from(
            String::from_utf8_lossy(name.to_bytes()).into_owned(),
        ));
        let stat = match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(error) if closed(&child, error, each) => continue,
            Err(_) => return false,
        };
        let is_dir = FileType::from_raw_mode(stat.st_mode).is_dir();
        if !each(Seen::Entry(Found {
            parent: dir,
            name,
            path: &child,
            stat,
        })) {
            return false;
        }
        if !is_dir {
            continue;
        }
        let further = if depth < MAX_DEPTH {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match openat2(dir, name, flags, Mode::empty(), resolve()) {
                Ok(inner) => walk(&inner, &child, depth + 1, each),
                Err(error) => closed(&child, error, each),
            }
        } else {
            let reason = format!("directories are nested more than {MAX_DEPTH} deep");
            each(Seen::Closed { path: &child, reason })
        };
        if !further {
            return false;
        }
    }
    true
}

/// Tells of what could not be looked into, unless it is no longer there.
fn closed(path: &Path, error: Errno, each: &mut dyn FnMut(Seen<'_>) -> bool) -> bool {
    error == Errno::NOENT
        || each(Seen::Closed {
            path,
            reason: error.to_string(),
        })
}

/// Whether a JSON text keeps to the bounds of an outcome. Every value but the first follows a comma or an
/// opening bracket. A text that is not JSON is judged up to its first fault, where its reader stops too.
fn is_modest(json: &[u8]) -> bool {
    let (mut values, mut depth) = (1usize, 0usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b',' => values += 1,
            b'[' | b'{' => {
                values += 1;
                depth += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if values > MAX_OUTCOME_VALUES || depth > MAX_OUTCOME_DEPTH {
            return false;
        }
    }
    true
}

fn resolve() -> ResolveFlags {
    ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV
}

fn open_file(parent: &OwnedFd, name: &CStr) -> Result<OwnedFd, Errno> {
    // Without NONBLOCK a pipe that nobody writes to would hold the service.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    openat2(parent, name, flags, Mode::empty(), resolve())
}

/// Why a file is not the program's own regular file.
fn unfit(stat: &Stat, owner: u32) -> Option<&'static str> {
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        Some("it is not a regular file")
    } else if stat.st_nlink != 1 {
        Some("it has more than one name")
    } else if stat.st_uid != owner {
        Some("it belongs to another user")
    } else {
        None
    }
}

fn read_artifact(found: &Found<'_>, prefix: &str, most: u64, owner: u32) -> Result<Artifact, String> {
    if std::str::from_utf8(found.name.to_bytes()).is_err()
        || found.path.to_string_lossy().contains(char::is_control)
    {
        return Err("its name is not plain text".to_owned());
    }
    if FileType::from_raw_mode(found.stat.st_mode).is_symlink() {
        return Err("it is a symbolic link".to_owned());
    }
    let file = open_file(found.parent, found.name).map_err(|error| error.to_string())?;
    if let Some(reason) = unfit(&fstat(&file).map_err(|error| error.to_string())?, owner) {
        return Err(reason.to_owned());
    }
    let mut hasher = Sha256::new();
    let mut reader = File::from(file).take(most.saturating_add(1));
    let bytes = io::copy(&mut reader, &mut hasher).map_err(|error| error.to_string())?;
    if bytes > most {
        return Err(format!("it is larger than {most} bytes"));
    }
    Ok(Artifact {
        path: format!("{prefix}/{}", found.path.display()),
        kind: if found.path.starts_with("figures") {
            "figure"
        } else {
            "artifact"
        }
        .to_owned(),
        media_type: media_type(found.path).to_owned(),
        bytes,
        sha256: CodeSha256(format!("{:x}", hasher.finalize())),
    })
}

/// The media type a file's name stands for.
pub(super) fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("svg") => "image/svg+xml",
        Some("pdf") => "application/pdf",
        Some("json") => "application/json",
        Some("ipynb") => "application/x-ipynb+json",
        Some("csv") => "text/csv",
        Some("html") => "text/html",
        Some("md") => "text/markdown",
        Some("txt" | "log") => "text/plain",
        _ => "application/octet-stream",
    }
}
