//! Configuration: what the file says (`authored`) becomes what the program uses (`resolved`).
//!
//! [`Config::load`] reads a file, checks every key of Holdpoint's own sections and reports all problems at
//! once. [`Config::check_startable`] adds what only matters before something runs: a file that names a
//! backend which is not available can still be shown, and its store can still be read.

mod address;
mod authored;
mod container;
mod control_system;
mod defaults;
mod display;
mod document;
mod entry;
mod environment;
mod error;
mod generators;
mod identity;
mod keys;
mod kind;
mod knowledge;
mod libraries;
mod network;
mod quantity;
mod resolve;
mod resolved;
mod settings;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

pub use entry::{Entry, Parameter, Role};
pub use error::*;
pub use keys::{KEYS, Key};
pub use kind::Kind;
pub use knowledge::*;
pub use network::Network;
pub use quantity::duration;
pub use resolved::*;

/// The most bytes a configuration file may have.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

impl Config {
    /// Reads the configuration from `path`; without one from the file that the environment variable
    /// `CONFIG_FILE` names, from `config.yml` in the current directory if it is there, or else takes the
    /// defaults.
    ///
    /// # Errors
    /// The file cannot be read, or says something that Holdpoint cannot follow; all problems are listed.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let environment = |name: &str| std::env::var(name).ok();
        let named = path.map(Path::to_owned).or_else(|| {
            std::env::var_os("CONFIG_FILE")
                .filter(|name| !name.is_empty())
                .map(PathBuf::from)
        });
        let here = Path::new("config.yml");
        let file = match named {
            Some(file) => file,
            // A broken symbolic link is there, and an error: only plain absence means the defaults.
            None if here.symlink_metadata().is_ok() => here.to_owned(),
            None => return Self::from_text("", None, &environment),
        };
        let unreadable = |source| ConfigError::Unreadable {
            file: file.clone(),
            source,
        };
        let mut bytes = Vec::new();
        std::fs::File::open(&file)
            .and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let line = 1 + error.as_bytes()[..offset]
                    .iter()
                    .filter(|byte| **byte == b'\n')
                    .count();
                let problem = Problem::at_line(Some(file.clone()), line, "the file is not UTF-8 text");
                return Err(ConfigError::Invalid(vec![problem]));
            }
        };
        Self::from_text(&text, Some(&file), &environment)
    }

    /// Puts the store and the workspaces under `directory`.
    pub fn set_data_dir(&mut self, directory: &Path) {
        self.data_dir = directory.to_owned();
        self.execution.workspace_dir = directory.join("executed_scripts");
    }

    /// The defaults, with nothing taken from a file or the environment.
    pub fn builtin() -> Self {
        defaults::builtin()
    }

    /// Reads a configuration from its text. `file` is the name problems are told with, and the place that
    /// relative paths count from; `environment` gives the values of environment variables.
    ///
    /// # Errors
    /// The text says something that Holdpoint cannot follow; all problems are listed.
    pub fn from_text(
        text: &str,
        file: Option<&Path>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let document =
            document::Document::parse(text, file).map_err(|problem| ConfigError::Invalid(vec![problem]))?;
        let authored = authored::Authored::read(&document, environment);
        resolve::resolve(authored)
    }

    /// Whether programs can run with these settings: the backend stands and the chosen generator is set up.
    /// What only reads the store does not need this.
    ///
    /// # Errors
    /// Each reason why not.
    pub fn check_startable(&self) -> Result<(), ConfigError> {
        match self.not_startable.is_empty() {
            true => Ok(()),
            false => Err(ConfigError::NotStartable(self.not_startable.clone())),
        }
    }
}
