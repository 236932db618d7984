//! A place to run the real binary: a data directory, a configuration, a control system that counts.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The exit codes, as the binary's help lists them.
pub const COMPLETED: i32 = 0;
pub const FAILED: i32 = 1;
pub const USAGE: i32 = 2;
pub const INTERRUPTED: i32 = 10;
pub const REFUSED: i32 = 12;
pub const CANCELLED: i32 = 14;
pub const OUTCOME_UNKNOWN: i32 = 15;
pub const CONFLICT: i32 = 16;
pub const BUSY: i32 = 17;
pub const NOT_FOUND: i32 = 18;

/// How long anything may take on a loaded machine before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(90);

/// The environment with pyepics and caproto; without it a test that needs them skips, loudly, or fails
/// where skipping is forbidden.
pub fn environment(test: &str) -> Option<PathBuf> {
    match std::env::var_os("HOLDPOINT_TEST_PYTHON") {
        Some(python) => Some(PathBuf::from(python)),
        None => {
            skip(
                test,
                "set HOLDPOINT_TEST_PYTHON to an environment with pyepics and caproto",
            );
            None
        }
    }
}

/// Says loudly that a test did not run, or fails where that is forbidden.
pub fn skip(test: &str, why: &str) {
    assert!(
        std::env::var_os("HOLDPOINT_TEST_NO_SKIP").is_none_or(|value| value != "1"),
        "{test} may not be skipped, but {why}"
    );
    eprintln!("SKIPPED {test}: {why}");
}

/// Waits until `done`, which some other process brings about.
#[track_caller]
pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A control system for all tests of this binary: it ends with it.
struct ControlSystem {
    log: PathBuf,
    port: String,
    _folder: TempDir,
    /// It holds the server's standard input, with whose end the server ends.
    _server: Child,
}

fn control_system(python: &Path) -> &'static ControlSystem {
    static RUNNING: OnceLock<ControlSystem> = OnceLock::new();
    RUNNING.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("puts.jsonl");
        fs::write(&log, "").unwrap();
        let mut ioc = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/ioc.py"))
            .args(["--port", "0", "--with-parent", "--log"])
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(ioc.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let word = |name: &str| {
            let found = ready.split_whitespace().find_map(|word| word.strip_prefix(name));
            found
                .unwrap_or_else(|| panic!("the control system says '{ready}'"))
                .to_owned()
        };
        ControlSystem {
            port: word("port="),
            log,
            _folder: folder,
            _server: ioc,
        }
    })
}

/// A value that no other put of these tests has.
pub fn fresh_value() -> f64 {
    static LAST: AtomicU32 = AtomicU32::new(1000);
    f64::from(LAST.fetch_add(1, Ordering::Relaxed)) + 0.5
}

/// Where everything of one test lies.
pub struct Site {
    directory: TempDir,
    log: Option<PathBuf>,
}

impl Site {
    /// A site beside the control system; `None` if the test has to be skipped.
    pub fn with_control_system(test: &str, settings: Value) -> Option<Self> {
        let python = environment(test)?;
        let system = control_system(&python);
        let mut config = json!({
            "control_system": { "epics": {
                "address_list": [format!("127.0.0.1:{}", system.port)],
                "timeout": 30,
            },
            // Tests that run at once share the magnets.
            "drift": { "absolute": 1e9 } },
            "execution": { "local": { "python_env_path": python } },
        });
        merge(&mut config, settings);
        let mut site = Self::new(config);
        site.log = Some(system.log.clone());
        Some(site)
    }

    /// A site without a control system, with the system's Python.
    pub fn new(settings: Value) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = json!({
            // Nobody answers at this address. What is rehearsed is the business of tests of their own.
            "control_system": {
                "writes_enabled": true,
                "epics": { "address_list": ["127.0.0.1:9"], "timeout": 0.2 },
                "rehearsal": { "mode": "never" },
            },
            "holdpoint": { "store": { "segment_bytes": "2 MiB", "cache_bytes": "4 MiB", "min_free_bytes": "1 MiB" } },
        });
        merge(&mut config, settings);
        // JSON is YAML.
        fs::write(directory.path().join("config.yml"), config.to_string()).unwrap();
        Self { directory, log: None }
    }

    /// The directory that holds everything else.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file beside the data directory and gives its path.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// How often `value` has been put, as the control system counted it.
    pub fn puts(&self, value: f64) -> usize {
        let log = fs::read_to_string(self.log.as_ref().unwrap()).unwrap();
        let puts = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        puts.filter(|put| put["value"] == json!(value)).count()
    }

    /// The command with these words, as a test may still change it.
    pub fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        command
            .args(words)
            .arg("--config")
            .arg(self.path().join("config.yml"))
            .arg("--data-dir")
            .arg(self.data())
            .current_dir(self.path())
            .env_remove("CONFIG_FILE")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null());
        command
    }

    /// Runs the command to its end, with `--json`.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Said {
        self.start(words).end()
    }

    /// Runs the command to its end, with `--json` and something on its standard input.
    #[track_caller]
    pub fn run_with_input(&self, words: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(words);
        command.arg("--json").stdin(Stdio::piped());
        let mut running = Running::start(command);
        let mut stdin = running.child.stdin.take().unwrap();
        // A command that has refused already doesn't read.
        let _ = stdin.write_all(input);
        drop(stdin);
        running.end()
    }

    /// Runs the command as a person would, without `--json`.
    #[track_caller]
    pub fn run_plainly(&self, words: &[&str]) -> Said {
        Running::start(self.command(words)).end()
    }

    /// Starts the command, with `--json`.
    pub fn start(&self, words: &[&str]) -> Running {
        let mut command = self.command(words);
        command.arg("--json");
        Running::start(command)
    }

    /// Asks for `program` to run as `thread` with write access; gives the question's id.
    #[track_caller]
    pub fn ask(&self, thread: &str, program: &str) -> String {
        let code = self.file(&format!("{thread}.py"), program);
        let said = self.run(&[
            "run",
            "--execution-mode",
            "write_access",
            "--code",
            &code,
            "--thread",
            thread,
        ]);
        said.expect(INTERRUPTED).interrupt()
    }

    /// Checks every record and gives what ran under an approval.
    #[track_caller]
    pub fn verify(&self) -> Value {
        let said = self.run(&["verify"]);
        said.expect(COMPLETED);
        assert_eq!(said.json()["ok"], true, "{said:#?}");
        said.json()
    }

    /// Checks that a replay of `thread` finds nothing that differs.
    #[track_caller]
    pub fn replay(&self, thread: &str) {
        let said = self.run(&["replay", thread]);
        said.expect(COMPLETED);
        assert_eq!(said.json()["divergences"], json!([]), "{said:#?}");
    }

    /// What happened on `thread`, oldest first.
    #[track_caller]
    pub fn events(&self, thread: &str) -> Vec<Value> {
        let said = self.run(&["history", thread]);
        let history = said.expect(COMPLETED).json();
        let mut events: Vec<Value> = history
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|checkpoint| checkpoint["events"].as_array().unwrap().clone())
            .collect();
        events.sort_by_key(|event| event["at"].as_str().unwrap().to_owned());
        events
    }

    /// How often `what` happened on `thread`.
    #[track_caller]
    pub fn count(&self, thread: &str, what: &str) -> usize {
        self.events(thread)
            .iter()
            .filter(|event| event["what"] == what)
            .count()
    }
}

/// The files at or below `directory` whose names begin so.
pub fn find(directory: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(name) {
            found.push(entry.path());
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(find(&entry.path(), name));
        }
    }
    found
}

/// A read-only program that says in its workspace that it runs, and never ends.
const STAYS: &str = "import time\nopen('started', 'w').close()\nwhile True:\n    time.sleep(0.01)\n";

/// Starts a read-only program that never ends, as `thread`, and waits until it runs.
#[track_caller]
pub fn stay(site: &Site, thread: &str) -> Running {
    let code = site.file("stays.py", STAYS);
    let running = site.start(&["run", "--code", &code, "--thread", thread]);
    wait_until("the program runs", || {
        !find(&site.data().join("executed_scripts"), "started").is_empty()
    });
    running
}

/// A program that puts `value` once.
pub fn put(value: f64) -> String {
    format!(
        "import epics\nepics.caput('SR:MAG:QF1:CURRENT:SP', {value}, wait=True, timeout=30)\nresults = {{'set': {value}}}\n"
    )
}

/// A program that puts `value` once and then never ends.
pub fn put_and_stay(value: f64) -> String {
    format!("{}import time\nwhile True:\n    time.sleep(0.01)\n", put(value))
}

/// Lays `from` over `into`.
pub fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// A command that runs. It is killed if the test lets go of it.
pub struct Running {
    child: Child,
    said: mpsc::Receiver<(String, String)>,
}

impl Running {
    /// Starts it; what it says is read all the time.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            let stderr = thread::spawn(|| read(stderr));
            let stdout = read(stdout);
            let _ = sender.send((stdout, stderr.join().unwrap()));
        });
        Self { child, said }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.id() as i32).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Kills it and waits until it is gone, with all it had started.
    #[track_caller]
    pub fn kill(mut self) -> Said {
        let family = Family::of(self.id());
        self.child.kill().unwrap();
        let said = self.collect();
        family.wait_until_gone();
        said
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(mut self) -> Said {
        self.collect()
    }

    #[track_caller]
    fn collect(&mut self) -> Said {
        let (stdout, stderr) = match self.said.recv_timeout(PATIENCE) {
            Ok(said) => said,
            Err(_) => panic!("the command did not end in {PATIENCE:?}"),
        };
        let status = self.child.wait().unwrap();
        Said {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// The exit code; `None` if it was killed.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Checks the exit code.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &Self {
        assert_eq!(self.code(), Some(code), "{self:#?}");
        self
    }

    /// Checks that it is an error with this exit code, this stable code and these words in its message.
    #[track_caller]
    pub fn refuse(&self, code: i32, error: &str, words: &str) -> &Self {
        self.expect(code);
        let told = &self.json()["error"];
        assert_eq!(told["code"], error, "{self:#?}");
        let message = told["message"].as_str().unwrap();
        assert!(message.contains(words), "'{message}' lacks '{words}'");
        self
    }

    /// The one value it printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The one value it printed, if it came to that.
    pub fn acknowledged(&self) -> Option<Value> {
        serde_json::from_str(&self.stdout).ok()
    }

    /// The status it told.
    #[track_caller]
    pub fn told(&self) -> String {
        self.json()["status"].as_str().unwrap().to_owned()
    }

    /// The only question that is asked.
    #[track_caller]
    pub fn interrupt(&self) -> String {
        let asked = self.json()["interrupts"].as_array().unwrap().clone();
        assert_eq!(asked.len(), 1, "{self:#?}");
        asked[0]["interrupt_id"].as_str().unwrap().to_owned()
    }
}

/// A process and all that descend from it, as seen once.
#[derive(Debug)]
pub struct Family(Vec<(u32, String)>);

impl Family {
    /// Everything that descends from `ancestor`, itself included.
    pub fn of(ancestor: u32) -> Self {
        let mut members = vec![ancestor];
        let everyone: Vec<u32> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok())
            .collect();
        let mut grown = true;
        while grown {
            grown = false;
            for pid in &everyone {
                let belongs = stat(*pid).is_some_and(|stat| members.contains(&stat.parent));
                if belongs && !members.contains(pid) {
                    members.push(*pid);
                    grown = true;
                }
            }
        }
        let born = |pid: u32| Some((pid, stat(pid)?.born));
        Self(members.into_iter().filter_map(born).collect())
    }

    /// How many there are, without the ancestor.
    pub fn descendants(&self) -> usize {
        self.0.len().saturating_sub(1)
    }

    /// Waits until none of them runs.
    #[track_caller]
    pub fn wait_until_gone(&self) {
        wait_until("all processes are gone", || {
            !self.0.iter().any(|(pid, born)| {
                stat(*pid).is_some_and(|stat| stat.born == *born && !matches!(stat.state.as_str(), "Z" | "X"))
            })
        });
    }
}

struct Stat {
    state: String,
    parent: u32,
    born: String,
}

fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: (*fields.first()?).to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        born: (*fields.get(19)?).to_owned(),
    })
}
