//! What is done to a control system, from the request to the server: through the binary, the sandbox and the
//! gateway, to a server that counts for itself what reaches it.

mod conditions;
mod limits;
mod placement;
mod puts;
mod pv_access;
mod rehearsal;
mod revert;
mod stopping;
mod trail;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::site::*;

/// Lets a program wait until a test opens the gate.
const AT_THE_GATE: &str = "import epics, time\n\
    open('started', 'w').close()\n\
    while epics.caget('CS:GATE', use_monitor=False, timeout=30, connection_timeout=30) != 1:\n\
    \x20   time.sleep(0.01)\n";

/// A server of a test's own, as `tests/programs/control_system.py` has it.
pub struct Server {
    child: Child,
    panel: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    port: String,
    folder: TempDir,
}

/// A put as the server counted it.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    pub seconds: f64,
    pub pv: String,
    pub value: Value,
}

impl Server {
    fn start(python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("puts.jsonl");
        fs::write(&log, "").unwrap();
        let mut child = Command::new(python)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/programs/control_system.py"
            ))
            .arg("--log")
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let panel = child.stdin.take().unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        told.read_line(&mut ready).unwrap();
        let port = ready.trim().strip_prefix("READY port=").unwrap().to_owned();
        Self {
            child,
            panel: Mutex::new((panel, told)),
            port,
            folder,
        }
    }

    /// Where a test may put files of its own before there is a site.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An operator sets a process variable at the server itself.
    pub fn set(&self, pv: &str, value: impl Into<Value>) {
        let (panel, told) = &mut *self.panel.lock().unwrap();
        writeln!(panel, "{pv} {}", value.into()).unwrap();
        let mut answer = String::new();
        told.read_line(&mut answer).unwrap();
        assert_eq!(answer, format!("SET {pv}\n"));
    }

    /// Every put that has reached it, oldest first.
    pub fn log(&self) -> Vec<Put> {
        let log = fs::read_to_string(self.file("puts.jsonl")).unwrap();
        // The server may be in the middle of a line.
        let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        lines
            .map(|line| {
                let put: Value = serde_json::from_str(line).unwrap();
                Put {
                    seconds: put["time"].as_f64().unwrap(),
                    pv: put["pv"].as_str().unwrap().to_owned(),
                    value: put["value"].clone(),
                }
            })
            .collect()
    }

    /// Every put that has reached it, as process variable and value.
    pub fn puts(&self) -> Vec<(String, Value)> {
        self.log().into_iter().map(|put| (put.pv, put.value)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the server should have counted.
pub fn counted(puts: &[(&str, f64)]) -> Vec<(String, Value)> {
    puts.iter()
        .map(|(pv, value)| ((*pv).to_owned(), json!(value)))
        .collect()
}

/// A site beside a server of its own.
pub struct Bench {
    pub site: Site,
    pub server: Server,
}

impl Bench {
    /// A bench with these settings on top of the usual; `None` if the test has to be skipped.
    pub fn new(test: &str, settings: Value) -> Option<Self> {
        Self::with(test, |_| settings)
    }

    /// The same with settings that name a file beside the server.
    pub fn with(test: &str, settings: impl FnOnce(&Server) -> Value) -> Option<Self> {
        let python = environment(test)?;
        let server = Server::start(&python);
        let mut config = json!({
            "control_system": { "epics": {
                "address_list": [format!("127.0.0.1:{}", server.port)],
                "timeout": 30,
                "put_timeout": 20,
                "max_puts_per_second": 1000,
            } },
            "execution": { "local": { "python_env_path": python } },
        });
        merge(&mut config, settings(&server));
        Some(Self {
            site: Site::new(config),
            server,
        })
    }

    /// Asks for `program` with write access, and gives the question.
    #[track_caller]
    pub fn ask(&self, thread: &str, program: &str) -> Asked {
        let code = self.site.file(&format!("{thread}.py"), program);
        let words = ["run", "--execution-mode", "write_access", "--code", &code];
        let said = self.site.run(&[&words[..], &["--thread", thread]].concat());
        Asked::of(said.expect(INTERRUPTED))
    }

    /// Asks for `program`, approves it, and gives what came of it.
    #[track_caller]
    pub fn approved(&self, thread: &str, program: &str) -> Said {
        let asked = self.ask(thread, program);
        self.site.run(&["approve", &asked.id])
    }

    /// Approves `asked`, whose program waits at the gate, and returns once it does.
    #[track_caller]
    pub fn approved_to_the_gate(&self, asked: &Asked) -> Running {
        let running = self.site.start(&["approve", &asked.id]);
        wait_until("the program is at the gate", || {
            !find(&self.site.data().join("executed_scripts"), "started").is_empty()
        });
        running
    }

    /// Every put that the audit trail has of `thread`, in order.
    #[track_caller]
    pub fn trail(&self, thread: &str, what: &str) -> Vec<Value> {
        let events = self.site.events(thread);
        let noted = events.iter().map(|event| &event["facts"]);
        let mut noted: Vec<Value> = noted.filter(|facts| facts["type"] == what).cloned().collect();
        noted.sort_by_key(|facts| facts["serial"].as_u64());
        noted
    }
}

/// A question that is pending.
#[derive(Debug)]
pub struct Asked {
    pub id: String,
    pub question: Value,
}

impl Asked {
    /// The only question of a reply.
    #[track_caller]
    pub fn of(said: &Said) -> Self {
        Self {
            id: said.interrupt(),
            question: said.json()["interrupts"][0]["question"].clone(),
        }
    }

    /// The line about a process variable.
    #[track_caller]
    pub fn line(&self, pv: &str) -> Value {
        let lines = self.question["channels"].as_array().unwrap();
        let line = lines.iter().find(|line| line["name"] == pv);
        line.unwrap_or_else(|| panic!("{pv} is not among {lines:#?}"))
            .clone()
    }

    /// What stands against a process variable, as one text.
    #[track_caller]
    pub fn problems(&self, pv: &str) -> String {
        self.line(pv)["problems"].to_string()
    }
}

/// A line that puts `value`.
pub fn caput(pv: &str, value: impl std::fmt::Display) -> String {
    format!("epics.caput('{pv}', {value}, wait=True, timeout=30, connection_timeout=30)\n")
}

/// A program that puts these one after the other.
pub fn writes(puts: &[(&str, f64)]) -> String {
    let lines: String = puts.iter().map(|(pv, value)| caput(pv, value)).collect();
    format!("import epics\n{lines}results = {{'done': True}}\n")
}

/// A program that waits at the gate and puts these then.
pub fn writes_behind_the_gate(puts: &[(&str, f64)]) -> String {
    format!("{AT_THE_GATE}{}", writes(puts))
}

/// Checks that `text` has all of `words` in it.
#[track_caller]
pub fn says(text: impl std::fmt::Display, words: &[&str]) {
    let text = text.to_string();
    for word in words {
        assert!(text.contains(word), "'{text}' lacks '{word}'");
    }
}

/// Checks that a run failed with this code, and that its error has these words in it.
#[track_caller]
pub fn failed(said: &Said, code: &str, words: &[&str]) {
    said.expect(FAILED);
    let error = &said.json()["error"];
    assert_eq!(error["code"], code, "{said:#?}");
    says(&error["message"], words);
}

fn rehearsed() -> Value {
    json!({ "control_system": { "rehearsal": { "mode": "auto" } } })
}
