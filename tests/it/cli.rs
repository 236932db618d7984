//! The command line: the real binary, as people and scripts use it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use holdpoint::gate::text::visible;
use regex::Regex;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::execution::python;

const WRITE: &str = "import os\nif os.path.exists('/nowhere'):\n    import epics\n    \
    epics.caput('SR:QF1', 182.5)\nprint('set')\nresults = {'setpoint': 182.5}\n";
const READ: &str = "print('hello')\nresults = {'answer': 42}\n";
/// Runs until it is killed, and says that it has begun.
const ENDLESS: &str = "import time\nopen('begun', 'w').close()\nwhile True:\n    time.sleep(0.05)\n";

/// A directory with a configuration and a store.
pub(crate) struct Place {
    dir: TempDir,
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The one JSON value on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {:?} {:?}", self.out, self.err))
    }

    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

pub(crate) fn place() -> Place {
    place_with(
        "",
        "control_system: {type: epics, writes_enabled: true, epics: {address_list: ['127.0.0.1:9'], timeout: 0.2}, rehearsal: {mode: never}}",
    )
}

/// A place whose configuration has `execution` under `execution` and `more` beside it.
fn place_with(execution: &str, more: &str) -> Place {
    let place = Place {
        dir: tempfile::tempdir().unwrap(),
    };
    let config = format!(
        "{more}\nexecution:\n  code_generator: fixed\n{execution}\n  local:\n    python_env_path: {}\n\
         holdpoint: {{data_dir: data}}\n",
        python().0.display()
    );
    place.file("config.yml", &config);
    place.file("write.py", WRITE);
    place.file("read.py", READ);
    place.file("endless.py", ENDLESS);
    place
}

impl Place {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_holdpoint"));
        command
            .args(words)
            .current_dir(self.dir.path())
            .env("USER", "tester");
        for name in [
            "CONFIG_FILE",
            "COLUMNS",
            "CLICOLOR_FORCE",
            "EDITOR",
            "VISUAL",
            "HOLDPOINT_LOG",
        ] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Said {
        Said::of(self.command(words).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, words: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Said::of(child.wait_with_output().unwrap())
    }

    fn spawn(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// A write request that waits for a human, on the thread `name`.
    fn ask(&self, name: &str) -> Value {
        self.run(&[
            "run",
            "--task-objective",
            "set QF1",
            "--execution-mode",
            "write_access",
            "--code",
            "write.py",
            "--thread",
            name,
            "--json",
        ])
        .ends(10)
        .json()
    }

    /// The id of the one question that the thread `name` asks.
    fn asked(&self, name: &str) -> String {
        id(&self.run(&["show", name, "--json"]).ends(0).json())
    }

    /// Waits until a program in a workspace has begun.
    fn wait_for_program(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !has_file(&self.path("data/executed_scripts"), "begun") {
            assert!(Instant::now() < deadline, "the program has not begun");
            std::thread::yield_now();
        }
    }
}

fn has_file(directory: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(directory) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.file_name().is_some_and(|found| found == name) || path.is_dir() && has_file(&path, name)
    })
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, signal).unwrap();
}

fn id(reply: &Value) -> String {
    reply["interrupts"][0]["interrupt_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// `text` with everything that differs from run to run replaced.
fn steady(place: &Place, text: &str) -> String {
    let mut text = text.to_owned();
    for dir in [
        place.dir.path().to_owned(),
        fs::canonicalize(place.dir.path()).unwrap(),
    ] {
        text = text.replace(&dir.display().to_string(), "DIR");
    }
    let system = holdpoint::service::os_user();
    let filters = [
        (
            r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}".to_owned(),
            "UUID7",
        ),
        (r"\b[0-9a-f]{32}\b".to_owned(), "INTERRUPT"),
        (r"hash [0-9a-f]{16}…".to_owned(), "hash HASH…"),
        (
            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC( \((in )?[^)]*\))?".to_owned(),
            "TIME",
        ),
        (
            r"\d{4}-\d\d/execution_\d{8}_\d{6}_(\w+)_[0-9a-f]{8}".to_owned(),
            "RUN_$1",
        ),
        (r"(ran +)\d+\.\d\d s".to_owned(), "${1}N s"),
        (r"CHANGED +".to_owned(), "CHANGED  "),
        (r"isolation: \w+".to_owned(), "isolation: ISOLATION"),
        (r"interpreter  .*".to_owned(), "interpreter  PYTHON"),
        (format!(r"user {system}\b"), "user OS_USER"),
    ];
    for (pattern, with) in filters {
        text = Regex::new(&pattern)
            .unwrap()
            .replace_all(&text, with)
            .into_owned();
    }
    text
}

#[test]
fn paths_count_from_the_configuration_file_wherever_the_command_is_given() {
    let place = place();
    let config = fs::read_to_string(place.path("config.yml")).unwrap();
    let interpreter = python().0.display().to_string();
    assert!(config.contains(&interpreter));
    place.file("config.yml", &config.replace(&interpreter, "python"));
    // As `.venv` in a checkout: a link to an environment elsewhere.
    let environment = python().0.parent().unwrap().parent().unwrap().to_owned();
    std::os::unix::fs::symlink(environment, place.path("python")).unwrap();
    let done = place.run(&["run", "--code", "read.py", "--json"]).ends(0).json();
    assert_eq!(done["result"]["results"], json!({"answer": 42}));
    fs::create_dir(place.path("inside")).unwrap();
    let mut command = place.command(&["threads", "--json", "--config", "../config.yml"]);
    let threads = Said::of(command.current_dir(place.path("inside")).output().unwrap()).ends(0);
    assert_eq!(threads.json().as_array().unwrap().len(), 1);
}

#[test]
fn help() {
    let place = place();
    let commands = [
        "",
        "run",
        "pending",
        "show",
        "approve",
        "reject",
        "edit",
        "respond",
        "settle",
        "cancel",
        "freeze",
        "unfreeze",
        "threads",
        "history",
        "replay",
        "fork",
        "revert",
        "verify",
        "rebuild",
        "anchor",
        "graph",
        "analyze",
        "config",
        "config check",
        "doctor",
    ];
    let mut text = String::new();
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let said = place.run(&words).ends(0);
        assert_eq!(said.err, "");
        text.push_str(&format!("$ holdpoint {}\n{}\n", words.join(" "), said.out));
    }
    insta::assert_snapshot!("help", text);
}

#[test]
fn a_write_request_as_a_human_sees_it() {
    let place = place();
    let mut text = String::new();
    let mut show = |words: &[&str], code: i32| {
        let said = place.run(words).ends(code);
        text.push_str(&format!(
            "$ holdpoint {}\n{}{}=> {code}\n\n",
            visible(&words.join(" ")),
            said.err,
            said.out
        ));
    };
    let run = [
        "run",
        "--user-query",
        "raise it\u{202e}",
        "--task-objective",
        "Set QF1",
        "--execution-mode",
        "write_access",
        "--code",
        "write.py",
        "--thread",
        "raise",
        "--as",
        "operator",
    ];
    show(&run, 10);
    show(&["pending", "--quiet"], 0);
    show(&["show", "raise", "--quiet"], 0);
    show(&["approve", "raise", "--note", "as agreed", "--as", "leader"], 0);
    show(&["approve", "raise"], 16);
    show(&["threads"], 0);
    show(&["history", "raise"], 0);
    show(&["replay", "raise"], 0);
    show(&["verify"], 0);
    show(&["verify", "--export", "data"], 0);
    show(&["pending"], 0);
    insta::assert_snapshot!("a_write_request", steady(&place, &text));
}

#[test]
fn a_question_tells_whose_network_the_program_gets() {
    let place = place_with(
        "",
        "control_system: {type: epics, writes_enabled: true, epics: {address_list: ['127.0.0.1:9'], timeout: 0.2}, rehearsal: {mode: never}}\n\
         approval: {capabilities: {python_execution: {mode: all_code}}}",
    );
    place.file(
        "write.py",
        &WRITE.replace(
            "epics.caput('SR:QF1', 182.5)",
            "epics.caput('SR:QF1', 1); epics.caput('SR:QF1', 2)",
        ),
    );
    place.ask("write");
    let text = place.run(&["show", "write"]).ends(0).out;
    let network = "network      the gateway to the control system alone\n";
    assert!(text.contains(network), "{text}");
    assert_eq!(text.matches("  - Line 4: ").count(), 1, "{text}");
    assert!(!text.contains("Asked before"), "{text}");
    let reader = place.run(&["run", "--code", "read.py"]).ends(10).out;
    assert!(reader.contains(network), "{reader}");
}

#[test]
fn a_question_tells_that_it_was_asked_before() {
    let place = place();
    place.file("write.py", ENDLESS);
    place.ask("write");
    let writer = place.spawn(&["approve", "write"]);
    place.wait_for_program();
    signal(&writer, rustix::process::Signal::TERM);
    let unknown = Said::of(writer.wait_with_output().unwrap()).ends(15).out;
    assert!(unknown.starts_with("outcome_unknown\n"), "{unknown}");
    let pending = place.run(&["pending"]).ends(0).out;
    assert!(pending.starts_with("outcome_unknown\n"), "{pending}");
    let asked = place
        .run(&["settle", &place.asked("write"), "ask-again"])
        .ends(10)
        .out;
    let (_, before) = asked.split_once("\nAsked before\n").expect(&asked);
    assert!(before.starts_with("  │ "), "{before}");
    let next = ["run", "--code", "read.py", "--thread", "write"];
    let next = place.run(&next).ends(0).out;
    assert!(next.contains("ended        the question "), "{next}");
}

#[test]
fn a_thread_whose_question_expired_says_so() {
    let place = place_with(
        "",
        "control_system: {type: epics, writes_enabled: true, epics: {address_list: ['127.0.0.1:9'], timeout: 0.2}, rehearsal: {mode: never}}\napproval: {expires_after: 1s}",
    );
    place.ask("late");
    let deadline = Instant::now() + Duration::from_secs(60);
    while place.run(&["show", "late", "--json"]).ends(0).json()["status"] != "expired" {
        assert!(Instant::now() < deadline, "the question has not expired");
    }
    let refused = place.run(&["approve", "late", "--json"]).ends(16).json();
    assert_eq!(refused["error"]["code"], "nothing_asked");
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("expired: nobody decided in time"), "{message}");
}

#[test]
fn decisions_end_with_the_code_of_what_came_of_them() {
    let place = place();
    place.ask("one");
    let rejected = place
        .run(&["reject", "one", "--reason", "no", "--json"])
        .ends(0)
        .json();
    assert_eq!(rejected["status"], "rejected");
    assert_eq!(rejected["error"]["message"], "rejected: no");

    place.ask("two");
    place.file("other.py", &WRITE.replace("182.5", "10.0"));
    let edited = place
        .run(&["edit", "two", "--code", "other.py", "--json"])
        .ends(10)
        .json();
    assert_eq!(edited["status"], "interrupted");
    // The thread has asked twice now: its name alone says no longer which question is meant.
    let ambiguous = place
        .run(&["edit", "two", "--code", "other.py", "--json"])
        .ends(16)
        .json();
    assert_eq!(ambiguous["error"]["code"], "ambiguous_answer");
    let two = id(&edited);
    let unchanged = place
        .run(&["edit", &two, "--code", "other.py", "--json"])
        .ends(2)
        .json();
    assert_eq!(unchanged["error"]["code"], "decision_nothing_changed");
    // The code is the caller's own: there is nobody to change it.
    let responded = place
        .run(&["respond", &two, "smaller steps", "--json"])
        .ends(11)
        .json();
    assert_eq!(responded["error"]["code"], "changes_requested");

    place.ask("three");
    assert_eq!(
        place.run(&["cancel", "three", "--json"]).ends(0).json()["status"],
        "cancelled"
    );
    assert_eq!(
        place.run(&["cancel", "three", "--json"]).ends(16).json()["status"],
        "conflict"
    );

    place.ask("four");
    let done = place.run(&["approve", "four", "--json"]).ends(0).json();
    assert_eq!(done["status"], "completed");
    assert_eq!(done["result"]["results"], json!({"setpoint": 182.5}));
    let shown = place.run(&["show", "four", "--json"]).ends(0).json();
    assert_eq!(shown, done);

    place.file("fails.py", "results = {}\n1 / 0\n");
    let failed = place
        .run(&["run", "--code", "fails.py", "--retries", "0", "--json"])
        .ends(1)
        .json();
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"]["code"], "runtime_error");
}

#[test]
fn json_has_the_promised_keys_and_nothing_else_is_on_standard_output() {
    let place = place();
    let asked = place.ask("one");
    for key in [
        "thread_id",
        "status",
        "interrupts",
        "code_sha256",
        "result",
        "error",
    ] {
        assert!(asked.get(key).is_some(), "{key} is missing in {asked}");
    }
    let pending = place.run(&["--json", "pending"]).ends(0).json();
    assert_eq!(pending.as_array().unwrap().len(), 1);
    assert_eq!(pending[0]["interrupt_id"], asked["interrupts"][0]["interrupt_id"]);
    assert_eq!(pending[0]["thread_id"], asked["thread_id"]);
    for words in [["threads", "--json"].as_slice(), &["history", "one", "--json"]] {
        assert!(place.run(words).ends(0).json().is_array());
    }
    assert_eq!(place.run(&["freeze", "--json"]).ends(0).json()["frozen"], true);
    assert_eq!(place.run(&["unfreeze", "--json"]).ends(0).json()["frozen"], false);
    assert_eq!(place.run(&["verify", "--json"]).ends(0).json()["ok"], true);
    assert_eq!(
        place.run(&["replay", "one", "--json"]).ends(0).json()["divergences"],
        json!([])
    );
}

#[test]
fn a_request_comes_from_a_file_from_flags_and_from_standard_input() {
    let place = place();
    let program = "results = {'data': context['n'], 'who': 'x'}\n";
    let file =
        json!({"task_objective": "from the file", "code": program, "capability_context_data": {"n": 1}});
    place.file("request.json", &file.to_string());
    place.file("data.json", r#"{"n": 3}"#);
    let check = |words: &[&str], input: &str, n: i64| {
        let words: Vec<&str> = ["run", "--json"].iter().chain(words).copied().collect();
        let reply = place.run_with_input(&words, input.as_bytes()).ends(0).json();
        assert_eq!(reply["result"]["results"]["data"], n, "{words:?}");
    };
    check(&["request.json"], "", 1);
    check(&["-"], &json!({"request": file}).to_string(), 1);
    check(
        &["request.json", "--capability-context-data", r#"{"n": 2}"#],
        "",
        2,
    );
    check(
        &["request.json", "--capability-context-data", "@data.json"],
        "",
        3,
    );
    check(
        &["--capability-context-data", "@data.json", "--code", "-"],
        program,
        3,
    );
    let missing = place
        .run(&[
            "run",
            "request.json",
            "--expected-results",
            r#"{"more": "int"}"#,
            "--json",
        ])
        .ends(0);
    let warnings = missing.json()["result"]["warnings"].to_string();
    assert!(warnings.contains("'more'"), "{warnings}");
}

#[test]
fn what_is_malformed_is_a_usage_error_and_starts_nothing() {
    let place = place();
    place.file("list.json", "[]");
    place.file("broken.json", "{");
    place.file("typo.json", r#"{"user_qeury": "x"}"#);
    place.file("form.json", r#"{"task_objective": ["x"]}"#);
    fs::write(place.path("latin.py"), b"x = '\xe4'\n").unwrap();
    let check = |words: &[&str], code: &str, told: &str| {
        let said = place.run(&[words, &["--json"]].concat()).ends(2);
        let reply = said.json();
        assert_eq!(reply["status"], "usage", "{words:?}");
        assert_eq!(reply["error"]["code"], code, "{words:?}");
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(message.contains(told), "{words:?}: {message}");
        let plain = place.run(words).ends(2);
        assert_eq!(plain.out, "", "{words:?}");
        assert!(
            plain.err.contains(told.lines().next().unwrap()),
            "{words:?}: {}",
            plain.err
        );
    };
    check(&["run"], "invalid_request", "needs 'task_objective'");
    check(&["run", "nowhere.json"], "file", "nowhere.json");
    check(&["run", "list.json"], "file", "not a JSON object");
    check(&["run", "broken.json"], "file", "not JSON");
    check(
        &["run", "typo.json"],
        "invalid_request",
        "did you mean 'user_query'",
    );
    check(&["run", "form.json"], "invalid_request", "task_objective");
    check(&["run", "--code", "latin.py"], "file", "not UTF-8");
    check(
        &["run", "--code", "read.py", "--retries", "many"],
        "usage",
        "--retries",
    );
    check(
        &["run", "--code", "read.py", "--retries", "99"],
        "invalid_request",
        "at most 20",
    );
    check(
        &["run", "--code", "read.py", "--execution-mode", "write"],
        "usage",
        "write_access",
    );
    check(
        &["run", "--code", "read.py", "--expected-results", "{"],
        "usage",
        "--expected-results",
    );
    check(&["run", "--code", "-", "-"], "usage", "standard input");
    check(
        &["run", "--continue", "x", "--code", "read.py"],
        "usage",
        "--continue",
    );
    check(&["run", "--code", "read.py", "--as", " "], "usage", "--as");
    check(&["reject", "abcdef"], "usage", "--reason");
    check(&["settle", "abcdef", "maybe"], "usage", "ask-again");
    check(
        &["approve", "abcdef", "--channels", "A", "--no-channels"],
        "usage",
        "--no-channels",
    );
    check(&["analyze"], "usage", "PATH");
    check(&["nonsense"], "usage", "nonsense");
    assert_eq!(place.run(&["threads", "--json"]).ends(0).json(), json!([]));
}

#[test]
fn a_question_is_meant_by_its_id_by_the_beginning_of_it_or_by_its_thread() {
    let place = place();
    let asked = place.ask("one");
    let interrupt = id(&asked);
    let check = |words: &[&str], code: i32, status: &str, error: &str| {
        let reply = place.run(&[words, &["--json"]].concat()).ends(code).json();
        assert_eq!(
            (reply["status"].as_str(), reply["error"]["code"].as_str()),
            (Some(status), Some(error)),
            "{words:?}"
        );
    };
    check(&["approve", "nobody"], 18, "not_found", "unknown_interrupt");
    check(
        &["approve", &interrupt[..5]],
        18,
        "not_found",
        "unknown_interrupt",
    );
    check(
        &["approve", &"0".repeat(32)],
        18,
        "not_found",
        "unknown_interrupt",
    );
    check(&["show", "nobody"], 18, "not_found", "unknown_interrupt");
    check(&["history", "nobody"], 18, "not_found", "unknown_thread");
    check(&["cancel", "nobody"], 18, "not_found", "unknown_thread");
    check(
        &["fork", "one", "--checkpoint", "x"],
        2,
        "usage",
        "invalid_checkpoint",
    );
    check(&["graph", "nobody"], 18, "not_found", "unknown_graph");
    for subject in [
        interrupt.as_str(),
        &interrupt[..6],
        &interrupt[..8].to_uppercase(),
        "one",
    ] {
        let shown = place.run(&["show", subject, "--json"]).ends(0).json();
        assert_eq!(shown["interrupts"][0]["interrupt_id"], interrupt, "{subject}");
    }
    place.run(&["approve", &interrupt[..6], "--json"]).ends(0);
    check(&["approve", &interrupt], 16, "conflict", "already_resolved");
    check(&["approve", "one"], 16, "conflict", "nothing_asked");
    check(
        &["settle", &interrupt, "done"],
        16,
        "conflict",
        "already_resolved",
    );
}

#[test]
fn channels_that_could_not_be_resolved_must_be_named() {
    let place = place();
    place.file("write.py", &WRITE.replace("'SR:QF1'", "os.environ.get('PV')"));
    place.ask("one");
    let refused = place.run(&["approve", "one", "--json"]).ends(2).json();
    assert_eq!(refused["error"]["code"], "decision_channels_needed");
    let text = place.run(&["show", "one"]).ends(0).out;
    assert!(text.contains("--channels PV,…   (or --no-channels)"), "{text}");
    place.run(&["approve", "one", "--no-channels"]).ends(0);
}

#[test]
fn a_fork_is_asked_about_anew() {
    let place = place();
    place.ask("one");
    place.run(&["approve", "one"]).ends(0);
    let history = place.run(&["history", "one", "--json"]).ends(0).json();
    let notebook = |thread: &str| {
        let shown = place.run(&["show", thread, "--json"]).ends(0).json();
        let path = PathBuf::from(shown["result"]["notebook"].as_str().unwrap());
        (path.clone(), fs::read(path).unwrap())
    };
    let before = notebook("one");
    let analyzed = history
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["next"] == json!(["analyze"]))
        .unwrap();
    let checkpoint = analyzed["checkpoint_id"].as_str().unwrap();
    let fork = place
        .run(&[
            "fork",
            "one",
            "--checkpoint",
            checkpoint,
            "--into",
            "two",
            "--json",
        ])
        .ends(10)
        .json();
    assert_eq!(fork["thread_name"], "two");
    assert_eq!(fork["status"], "interrupted");
    place.run(&["approve", "two"]).ends(0);
    assert_eq!(
        notebook("one"),
        before,
        "the fork changed what the first run left"
    );
    assert_ne!(notebook("two").0, before.0);
    place.run(&["verify"]).ends(0);
}

#[test]
fn a_second_terminal_lists_decides_and_cancels_while_a_run_owns_the_store() {
    let place = place();
    place.ask("waiting");
    let owner = place.spawn(&["run", "--code", "endless.py", "--thread", "long", "--json"]);
    place.wait_for_program();
    let threads = place.run(&["threads", "--json"]).ends(0).json();
    let status = |name: &str| {
        let found = threads
            .as_array()
            .unwrap()
            .iter()
            .find(|thread| thread["thread_name"] == name);
        found.unwrap()["status"].clone()
    };
    assert_eq!(
        (status("long"), status("waiting")),
        (json!("running"), json!("interrupted"))
    );
    assert_eq!(
        place.run(&["show", "long", "--json"]).ends(0).json()["status"],
        "running"
    );
    let busy = place
        .run(&["run", "--code", "read.py", "--thread", "long", "--json"])
        .ends(17)
        .json();
    assert_eq!(
        (busy["status"].as_str(), busy["error"]["code"].as_str()),
        (Some("busy"), Some("thread_busy"))
    );
    let done = place
        .run(&["approve", "waiting", "--as", "second", "--json"])
        .ends(0)
        .json();
    assert_eq!(done["result"]["results"], json!({"setpoint": 182.5}));
    let history = place.run(&["history", "waiting"]).ends(0).out;
    assert!(history.contains("by the owner's socket"), "{history}");
    let cancelled = place
        .run(&["cancel", "long", "--reason", "enough", "--json"])
        .ends(0)
        .json();
    assert_eq!(cancelled["status"], "cancelled");
    let owner = Said::of(owner.wait_with_output().unwrap()).ends(14);
    assert_eq!(owner.json()["status"], "cancelled");
    place.run(&["verify"]).ends(0);
}

#[test]
fn a_signal_cancels_the_run_and_tells_what_became_of_it() {
    let place = place();
    let reader = place.spawn(&["run", "--code", "endless.py", "--json"]);
    place.wait_for_program();
    signal(&reader, rustix::process::Signal::INT);
    let said = Said::of(reader.wait_with_output().unwrap()).ends(14);
    assert_eq!(said.json()["status"], "cancelled");

    let place = self::place();
    place.file("write.py", ENDLESS);
    place.ask("write");
    let writer = place.spawn(&["approve", "write", "--json"]);
    place.wait_for_program();
    signal(&writer, rustix::process::Signal::TERM);
    let said = Said::of(writer.wait_with_output().unwrap()).ends(15);
    assert_eq!(said.json()["status"], "outcome_unknown");
    let text = place.run(&["pending"]).ends(0).out;
    assert!(
        text.contains("outcome_unknown") && text.contains("settle"),
        "{text}"
    );
    let unknown = place.asked("write");
    place.run(&["approve", &unknown]).ends(2);
    let settled = place
        .run(&["settle", &unknown, "failed", "--note", "looked", "--json"])
        .ends(0)
        .json();
    assert_eq!(settled["error"]["code"], "settled_as_failed");
    place.run(&["verify"]).ends(0);
}

#[test]
fn a_signal_to_who_asked_by_the_socket_cancels_only_their_run() {
    let place = place();
    let owner = place.spawn(&["run", "--code", "endless.py", "--thread", "owner", "--json"]);
    place.wait_for_program();
    place.file("guest.py", &ENDLESS.replace("begun", "guest_begun"));
    let guest = place.spawn(&["run", "--code", "guest.py", "--thread", "guest", "--json"]);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !has_file(&place.path("data/executed_scripts"), "guest_begun") {
        assert!(Instant::now() < deadline, "the guest's program has not begun");
        std::thread::yield_now();
    }
    signal(&guest, rustix::process::Signal::INT);
    assert_eq!(
        Said::of(guest.wait_with_output().unwrap()).ends(14).json()["status"],
        "cancelled"
    );
    assert_eq!(
        place.run(&["show", "owner", "--json"]).ends(0).json()["status"],
        "running"
    );
    signal(&owner, rustix::process::Signal::INT);
    Said::of(owner.wait_with_output().unwrap()).ends(14);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let place = place();
    place.ask("one");
    for words in [
        ["pending"].as_slice(),
        &["pending", "--json"],
        &["--help"],
        &["graph", "--format", "svg"],
    ] {
        let mut child = place.spawn(words);
        drop(child.stdout.take());
        let said = Said::of(child.wait_with_output().unwrap()).ends(0);
        assert_eq!(said.err, "", "{words:?}");
    }
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command(&["pending"]).stdout(full).output().unwrap();
    assert!(Said::of(output).ends(1).err.contains("standard output"));
}

#[test]
fn what_hides_or_deceives_reaches_no_terminal() {
    let place = place();
    place.file(
        "write.py",
        &format!("{WRITE}print('\\x1b[2J', '\\u202e')\n# \u{202e}\u{1b}[31m\n"),
    );
    let words = [
        "run",
        "--user-query",
        "\u{1b}]0;title\u{7}",
        "--execution-mode",
        "write_access",
        "--code",
        "write.py",
        "--thread",
        "\u{1b}[1mname",
        "--as",
        "\u{202e}me",
    ];
    let asked = place.run(&words).ends(10);
    let pending = place.run(&["pending"]).ends(0);
    let done = place.run(&["approve", "\u{1b}[1mname"]).ends(0);
    let rest: Vec<Said> = [
        ["threads"].as_slice(),
        &["history", "\u{1b}[1mname"],
        &["show", "\u{1b}[1mno"],
        &["verify"],
    ]
    .map(|words| place.run(words))
    .into();
    for said in [asked, pending, done].into_iter().chain(rest) {
        for text in [said.out, said.err] {
            assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text:?}");
        }
    }
}

#[test]
fn a_graph_is_drawn_without_a_store() {
    let place = place();
    let check = |format: &str, beginning: &str| {
        let said = place
            .run(&["graph", "python_executor", "--format", format])
            .ends(0);
        assert!(said.out.starts_with(beginning), "{}", said.out);
        assert!(said.out.contains("approve"));
    };
    check("mermaid", "flowchart");
    check("dot", "digraph");
    check("svg", "<svg");
    assert!(!place.path("data").exists(), "the drawing made a store");
}

#[test]
fn the_picture_of_a_graph_has_no_line_behind_a_box() {
    let svg = place()
        .run(&["graph", "python_executor", "--format", "svg"])
        .ends(0)
        .out;
    let numbers = |text: &str| -> Vec<i64> {
        let number = Regex::new(r"\d+").unwrap();
        number
            .find_iter(text)
            .map(|found| found.as_str().parse().unwrap())
            .collect()
    };
    let rect = Regex::new(r#"<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)""#).unwrap();
    let boxes: Vec<[i64; 4]> = rect
        .captures_iter(&svg)
        .map(|found| [1, 2, 3, 4].map(|group| found[group].parse().unwrap()))
        .collect();
    let drawn = place().run(&["graph", "--format", "mermaid"]).ends(0).out;
    let nodes = drawn.lines().filter(|line| line.contains('[')).count();
    assert_eq!(boxes.len(), nodes, "{svg}");
    for pair in boxes.windows(2) {
        assert_eq!((pair[0][0], pair[0][2]), (pair[1][0], pair[1][2]), "one column");
        assert!(pair[0][1] + pair[0][3] < pair[1][1], "{pair:?} overlap");
    }
    let [left, _, width, height] = boxes[0];
    let right = left + width;
    let line = Regex::new(r#"<path d="([^"]+)" fill="none""#).unwrap();
    let (mut lanes, mut straight, mut ends) = (Vec::new(), 0, Vec::new());
    for found in line.captures_iter(&svg) {
        let path = &found[1];
        let at = numbers(path);
        if !path.contains('V') {
            let [x1, y1, x2, y2] = at[..] else {
                panic!("{path}")
            };
            assert_eq!(x1, x2, "{path}");
            let from = boxes.iter().position(|found| found[1] + height == y1);
            let to = boxes.iter().position(|found| found[1] == y2);
            assert_eq!(from.map(|row| row + 1), to, "{path} passes a box");
            straight += 1;
            continue;
        }
        // M x y, H x, Q x y x y, V y, Q x y x y, H x.
        let [
            x,
            y,
            corner,
            lane,
            _,
            lane_2,
            _,
            _,
            lane_3,
            _,
            corner_2,
            last_y,
            last_x,
        ] = at[..]
        else {
            panic!("{path}")
        };
        assert_eq!((x, lane, corner), (last_x, lane_2, corner_2), "{path}");
        assert_eq!(lane, lane_3, "{path}");
        match last_y > y {
            true => assert!(x == left && corner < left && lane < corner && lane > 0, "{path}"),
            false => assert!(x == right && corner > right && lane > corner, "{path}"),
        }
        for y in [y, last_y] {
            let touches = |found: &&[i64; 4]| found[1] < y && y < found[1] + height;
            assert_eq!(boxes.iter().filter(touches).count(), 1, "{path}");
        }
        lanes.push(lane);
        ends.extend([(x, y), (x, last_y)]);
    }
    let arrows = drawn.lines().filter(|line| line.contains("> ")).count();
    assert_eq!(lanes.len() + straight, arrows, "{svg}");
    for places in [&mut ends, &mut lanes.iter().map(|lane| (*lane, 0)).collect()] {
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), count, "two lines on one another: {svg}");
    }
    assert!(svg.contains("dashed: branch"), "{svg}");
}

#[test]
fn an_anchor_is_kept_and_checked() {
    let place = place();
    place.ask("one");
    let kept = place.run(&["anchor"]).ends(0);
    place.file("plain.json", &kept.out);
    assert_eq!(kept.json()["signature"], Value::Null);
    place.run(&["reject", "one", "--reason", "no"]).ends(0);
    let text = place.run(&["anchor", "--check", "plain.json"]).ends(0).out;
    assert!(text.contains("still holds entry"), "{text}");
    let fails = |anchor: &Value, more: &[&str], told: &str| {
        place.file("bad.json", &anchor.to_string());
        let words = ["anchor", "--check", "bad.json", "--json"];
        let said = place.run(&[words.as_slice(), more].concat()).ends(1).json();
        assert_eq!(said["error"]["code"], "anchor", "{said}");
        let message = said["error"]["message"].as_str().unwrap();
        assert!(message.contains(told), "{message}");
    };
    let with = |anchor: &Value, key: &str, value: Value| {
        let mut changed = anchor.clone();
        changed[key] = value;
        changed
    };
    let plain = kept.json();
    let hash = plain["hash"].as_str().unwrap();
    let last = if hash.ends_with('0') { "1" } else { "0" };
    let other = json!(format!("{}{last}", &hash[..hash.len() - 1]));
    fails(&with(&plain, "hash", other.clone()), &[], "written anew");
    fails(&plain, &["--key", "AAAA"], "not signed");
    let elsewhere = self::place();
    elsewhere.ask("another");
    let foreign = elsewhere.run(&["anchor"]).ends(0).json();
    fails(&with(&foreign, "seq", plain["seq"].clone()), &[], "written anew");
    fails(&with(&plain, "seq", json!(999)), &[], "no entry 999");
    place.file("broken.json", "{");
    place.run(&["anchor", "--check", "broken.json"]).ends(2);
    place.run(&["anchor", "--sign", "broken.json"]).ends(2);

    let openssl = |name: &str| {
        let mut command = Command::new("openssl");
        command.args(["genpkey", "-algorithm", "ed25519", "-out"]);
        command.arg(place.path(name)).output()
    };
    let Ok(made) = openssl("key.pem") else {
        eprintln!("SKIPPED: there is no openssl, so no anchor was signed");
        return;
    };
    assert!(made.status.success(), "{made:?}");
    assert!(openssl("other.pem").unwrap().status.success());
    let signed = place.run(&["anchor", "--sign", "key.pem"]).ends(0).json();
    place.file("signed.json", &signed.to_string());
    let key = signed["public_key"].as_str().unwrap();
    place.run(&["anchor", "--check", "signed.json"]).ends(0);
    place
        .run(&["anchor", "--check", "signed.json", "--key", key])
        .ends(0);
    let by_other = place.run(&["anchor", "--sign", "other.pem"]).ends(0).json();
    fails(&by_other, &["--key", key], "another key");
    fails(
        &with(&signed, "signature", by_other["signature"].clone()),
        &[],
        "does not fit",
    );
    fails(&with(&signed, "hash", other), &[], "does not fit");
}

#[test]
fn the_configuration_is_checked() {
    let place = place_with(
        "  generators:\n    basic: {base_url: 'http://localhost:1', model_id: m, api_key: very-secret}",
        "approval: {expires_after: 2h}",
    );
    let said = place.run(&["config", "check"]).ends(0);
    assert!(
        said.out.contains("expires_after: 2h") && said.out.contains("can be used"),
        "{}",
        said.out
    );
    let json = place.run(&["config", "check", "--json"]).ends(0);
    assert_eq!(json.json()["config"]["approval"]["expires_after"], "2h");
    let programs = json.json()["programs"].clone();
    for fact in ["isolation", "interpreter"] {
        let found = programs[fact].as_str().unwrap();
        assert!(said.out.contains(&format!("{fact:<13}{found}\n")), "{}", said.out);
    }
    assert!(!place.path("data").exists(), "the check made a store");
    assert!(!said.out.contains("very-secret") && !json.out.contains("very-secret"));

    place.file("bad.yml", "approval:\n  global_mode: nonsense\n  bogus: 1\n");
    for words in [
        ["config", "check"].as_slice(),
        &["pending"],
        &["analyze", "read.py"],
    ] {
        let words = [words, &["--config", "bad.yml"]].concat();
        let said = place.run(&words).ends(2);
        assert!(
            said.err.contains("bad.yml:2:3: approval.global_mode: "),
            "{words:?}: {}",
            said.err
        );
        assert!(
            said.err.contains("bad.yml:3:3: approval.bogus: "),
            "{words:?}: {}",
            said.err
        );
    }
    let problems = place
        .run(&["pending", "--config", "bad.yml", "--json"])
        .ends(2)
        .json();
    assert_eq!(problems["error"]["detail"]["problems"][0]["line"], 2);

    let check = |config: &str, told: &str| {
        place.file("other.yml", config);
        let looked = place.run(&["config", "check", "--config", "other.yml"]).ends(2);
        assert!(looked.out.contains(told), "{}", looked.out);
        place.file("p.py", "results = {}\n");
        let stopped = place
            .run(&["run", "--code", "p.py", "--config", "other.yml"])
            .ends(2);
        assert!(stopped.err.contains(told), "{}", stopped.err);
        // What is stored can be read all the same.
        place.run(&["pending", "--config", "other.yml"]).ends(0);
    };
    place.file("limits.json", r#"{"SR:X": {"max_value": "10"}}"#);
    place.file(
        "limited.yml",
        "control_system: {limits_checking: {enabled: true, database_path: limits.json}}",
    );
    let looked = place.run(&["config", "check", "--config", "limited.yml"]).ends(2);
    assert!(
        looked.out.contains("SR:X: max_value must be a number"),
        "{}",
        looked.out
    );
    place.file(
        "no_python.yml",
        "execution: {code_generator: fixed, local: {python_env_path: nowhere/python}}",
    );
    let words = ["config", "check", "--config", "no_python.yml"];
    let looked = place.run(&words).ends(2).out;
    assert!(
        looked.contains("programs can't run: ") && looked.contains("nowhere/python"),
        "{looked}"
    );
    let looked = place
        .run(&[words.as_slice(), &["--json"]].concat())
        .ends(2)
        .json();
    assert_eq!(
        (&looked["ok"], &looked["programs"]),
        (&json!(false), &Value::Null)
    );
    // What is stored can be read all the same.
    place.run(&["pending", "--config", "no_python.yml"]).ends(0);
    check("execution: {code_generator: nobody}", "nobody");
    check(
        "execution: {code_generator: fixed, execution_method: container}",
        "container",
    );
    let unreadable = place
        .run(&["pending", "--config", "nowhere.yml", "--json"])
        .ends(2)
        .json();
    assert_eq!(unreadable["error"]["code"], "config_unreadable");
}

#[test]
fn the_mock_generator_takes_up_what_it_is_told() {
    let place = place_with(
        "  generators: {mock: {behavior: success}}",
        "approval: {capabilities: {python_execution: {mode: all_code}}}",
    );
    let config = fs::read_to_string(place.path("config.yml")).unwrap();
    place.file(
        "config.yml",
        &config.replace("code_generator: fixed", "code_generator: mock"),
    );
    let first = place
        .run(&["run", "--task-objective", "mean", "--thread", "one", "--json"])
        .ends(10)
        .json();
    let second = place
        .run(&["respond", "one", "more digits", "--json"])
        .ends(10)
        .json();
    assert_ne!(id(&first), id(&second));
    let done = place.run(&["approve", &id(&second), "--json"]).ends(0).json();
    assert_eq!(done["result"]["errors"][0]["message"], "more digits");
    let refused = place
        .run(&[
            "run",
            "--task-objective",
            "x",
            "--execution-mode",
            "write_access",
            "--json",
        ])
        .ends(12);
    assert_eq!(refused.json()["error"]["code"], "writes_disabled");
}
