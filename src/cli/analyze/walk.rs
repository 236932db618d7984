//! Which programs the arguments mean.

use std::{
    fs::{self, DirEntry, FileType},
    io,
    path::{Path, PathBuf},
};

use super::super::fault::{Fault, file, usage};

/// Directories that hold no programs of the user's.
const PASSED_OVER: [&str; 2] = ["__pycache__", "node_modules"];

/// A file to analyze, or why there is none.
pub(super) struct Named {
    pub(super) path: PathBuf,
    pub(super) problem: Option<Fault>,
}

/// The files that `paths` mean, in their order; directories are searched for Python files. A directory without any is
/// in the second list.
///
/// # Errors
/// Standard input is named twice: it can be read once only.
pub(super) fn programs(paths: &[PathBuf], all: bool) -> Result<(Vec<Named>, Vec<PathBuf>), Fault> {
    let mut programs = Vec::new();
    let mut empty = Vec::new();
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(usage("standard input (-) can be read only once"));
    }
    for path in paths {
        if is_stdin(path) || !path.is_dir() {
            programs.push(Named {
                path: path.clone(),
                problem: None,
            });
            continue;
        }
        let before = programs.len();
        search(path, all, &mut programs);
        if programs.len() == before {
            empty.push(path.clone());
        }
    }
    Ok((programs, empty))
}

/// Whether `path` stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Adds the Python files of a directory and those below it, by name. Links to directories are not followed, so that
/// there is an end.
fn search(directory: &Path, all: bool, programs: &mut Vec<Named>) {
    let problem = |path: &Path, error: io::Error| Named {
        path: path.to_owned(),
        problem: Some(file(path, error)),
    };
    let entries = fs::read_dir(directory).and_then(|entries| {
        entries
            .map(|entry| entry.and_then(|entry| Ok((entry.file_type()?, entry))))
            .collect::<io::Result<Vec<(FileType, DirEntry)>>>()
    });
    let mut entries = match entries {
        Ok(entries) => entries,
        Err(error) => return programs.push(problem(directory, error)),
    };
    entries.sort_by_key(|(_, entry)| entry.file_name());
    for (kind, entry) in entries {
        let path = entry.path();
        if kind.is_dir() {
            if all || !is_passed_over(&path) {
                search(&path, all, programs);
            }
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        // A pipe or a device among the files would be waited for; a broken link is worth a word.
        let is_file = match kind.is_symlink() {
            true => fs::metadata(&path).map_or(true, |target| target.is_file()),
            false => kind.is_file(),
        };
        if is_file {
            let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
            programs.push(Named { path, problem: None });
        }
    }
}

/// Whether a directory is left out unless all are asked for: hidden, a virtual environment, or written by a tool.
fn is_passed_over(directory: &Path) -> bool {
    let name = directory.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
        || PASSED_OVER.iter().any(|passed| name == *passed)
        || directory.join("pyvenv.cfg").is_file()
}
