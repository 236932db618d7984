//! The files of a Python environment, told apart by what a look from outside sees of them.
//!
//! A grant binds the environment a program was approved for. Reading all of it would take seconds; the names,
//! sizes and times of what installers change take milliseconds and tell an accident or an upgrade apart. They
//! do not stand against an adversary who may write there: nobody but the operator may.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::interpreter::Interpreter;
use crate::model::Digest;

impl Interpreter {
    /// A digest over path, inode, size and time of change of the interpreter, of `pyvenv.cfg` and of what is
    /// installed; looked up anew each time.
    pub(super) fn files(&self) -> Digest {
        let mut files = BTreeSet::from([self.executable.clone()]);
        if let Ok(real) = fs::canonicalize(&self.executable) {
            files.insert(real);
        }
        let mut prefixes = vec![self.prefix.clone()];
        let config = self.prefix.join("pyvenv.cfg");
        if config.exists() {
            let text = fs::read_to_string(&config).unwrap_or_default();
            files.insert(config);
            if sees_system(&text) {
                prefixes.push(self.base_prefix.clone());
            }
        }
        for dir in prefixes.iter().flat_map(|prefix| self.packages(prefix)) {
            files.extend(installed(&dir));
        }
        let seen: Vec<Value> = files.iter().map(|path| look(path)).collect();
        Digest::of_json(&Value::Array(seen))
    }

    /// Where packages are installed beneath `prefix`, as Python itself and as Debian names it.
    fn packages(&self, prefix: &Path) -> BTreeSet<PathBuf> {
        let mut version = self.version.split('.');
        let (major, minor) = (version.next().unwrap_or("3"), version.next().unwrap_or("0"));
        let mut roots = vec![prefix.to_path_buf()];
        if prefix == Path::new("/usr") {
            roots.push("/usr/local".into());
        }
        let mut found = BTreeSet::new();
        for root in roots {
            for lib in ["lib", "lib64"] {
                for python in [format!("python{major}.{minor}"), format!("python{major}")] {
                    for packages in ["site-packages", "dist-packages"] {
                        let dir = root.join(lib).join(&python).join(packages);
                        found.extend(fs::canonicalize(dir).ok());
                    }
                }
            }
        }
        found
    }
}

/// Whether a `pyvenv.cfg` adds the packages of the interpreter the environment was made with.
fn sees_system(config: &str) -> bool {
    config.lines().any(|line| {
        line.split_once('=').is_some_and(|(name, value)| {
            name.trim() == "include-system-site-packages" && value.trim().eq_ignore_ascii_case("true")
        })
    })
}

/// What lies in a directory of packages, with the lists of files that installers leave. Python's cache is left
/// out, and so is the directory itself: they change by use.
fn installed(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_name() == "__pycache__" {
            continue;
        }
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "dist-info") {
            found.push(path.join("RECORD"));
        }
        found.push(path);
    }
    found
}

/// What a look sees of a file: a link and what it leads to, or that it cannot be seen.
fn look(path: &Path) -> Value {
    let name = path.to_string_lossy();
    let link = fs::read_link(path).ok();
    match fs::metadata(path) {
        Ok(meta) => json!([
            name,
            link.map(|link| link.to_string_lossy().into_owned()),
            meta.ino(),
            meta.size(),
            meta.mtime(),
            meta.mtime_nsec()
        ]),
        Err(error) => json!([name, error.kind().to_string()]),
    }
}
