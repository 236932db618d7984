//! A running service.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

/// A client that knows nothing of the API.
pub fn client() -> Client {
    // Another test may have installed it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::new()
}

/// The service in a process of its own; it is killed when this is dropped.
pub struct Server {
    child: Child,
    pub url: String,
    dir: TempDir,
}

impl Server {
    /// Starts a service that asks before any code runs; `more` are further lines of its configuration.
    pub fn start(more: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let python = std::env::var_os("HOLDPOINT_TEST_PYTHON").map(PathBuf::from);
        let python = python.map_or_else(String::new, |python| {
            format!("\n  local:\n    python_env_path: {}", python.display())
        });
        let config = format!(
            "execution:\n  code_generator: fixed{python}\n\
             approval:\n  capabilities:\n    python_execution:\n      mode: all_code\n\
             holdpoint:\n  data_dir: data\n  actor: tester\n  api:\n    port: 0\n{more}"
        );
        let file = dir.path().join("config.yml");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_holdpoint"))
            .args(["--json", "--config"])
            .arg(&file)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        let url = told["url"]
            .as_str()
            .unwrap_or_else(|| panic!("no address in {line}"));
        Self {
            child,
            url: url.to_owned(),
            dir,
        }
    }

    /// What the command line says, asked beside the service.
    pub fn command(&self, words: &[&str]) -> Value {
        let config = self.dir.path().join("config.yml");
        let mut call = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        call.args(["--json", "--config"]).arg(config).args(words);
        serde_json::from_slice(&call.output().unwrap().stdout).unwrap()
    }

    /// Asks it to end, and waits until it has; whether it ended well.
    pub fn stop(mut self) -> bool {
        let id = i32::try_from(self.child.id()).unwrap();
        let process = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
