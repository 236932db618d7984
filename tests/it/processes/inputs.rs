//! Requests, decisions and configurations that make no sense.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
};

use serde_json::{Value, json};

use crate::site::*;

/// A request is refused, from a file and from standard input, and leaves nothing behind.
#[track_caller]
fn refuse_request(request: impl AsRef<[u8]>, error: &str, words: &str) {
    let site = Site::new(json!({}));
    let file = site.file("request.json", &request);
    site.run(&["run", &file]).refuse(USAGE, error, words);
    site.run_with_input(&["run", "-"], request.as_ref())
        .refuse(USAGE, error, words);
    assert_eq!(site.run(&["threads"]).json(), json!([]));
}

#[test]
fn a_malformed_request_says_what_is_wrong() {
    for (request, error, words) in [
        ("", "file", "not JSON"),
        ("{", "file", "not JSON"),
        ("[]", "file", "not a JSON object"),
        ("\"run this\"", "file", "not a JSON object"),
        ("null", "file", "not a JSON object"),
        ("{} {}", "file", "not JSON"),
        ("{'code': 1}", "file", "not JSON"),
        ("{}", "invalid_request", "task_objective"),
        (r#"{"task_objective": "  "}"#, "invalid_request", "task_objective"),
        (
            r#"{"task_objectiv": "x"}"#,
            "invalid_request",
            "did you mean 'task_objective'",
        ),
        (r#"{"code": 5}"#, "invalid_request", "code"),
        (r#"{"code": ["x"]}"#, "invalid_request", "code"),
        (r#"{"code": "x", "retries": -1}"#, "invalid_request", "retries"),
        (r#"{"code": "x", "retries": 1e9}"#, "invalid_request", "retries"),
        (r#"{"code": "x", "retries": "3"}"#, "invalid_request", "retries"),
        (r#"{"code": "x", "retries": 99999}"#, "invalid_request", "retries"),
        (
            r#"{"code": "x", "execution_mode": "WRITE_ACCESS"}"#,
            "invalid_request",
            "write_access",
        ),
        (
            r#"{"code": "x", "execution_mode": "admin"}"#,
            "invalid_request",
            "read_only",
        ),
        (
            r#"{"code": "x", "execution_mode": true}"#,
            "invalid_request",
            "read_only",
        ),
        (
            r#"{"code": "x", "expected_results": []}"#,
            "invalid_request",
            "expected_results",
        ),
        (
            r#"{"code": "x", "capability_prompts": "x"}"#,
            "invalid_request",
            "capability_prompts",
        ),
        (
            r#"{"code": "x", "approved": true}"#,
            "invalid_request",
            "approved",
        ),
        (
            r#"{"code": "x", "approved_code": "y"}"#,
            "invalid_request",
            "approved_code",
        ),
        (r#"{"request": {"code": 5}}"#, "invalid_request", "code"),
        (r#"{"request": 5}"#, "invalid_request", "request"),
    ] {
        refuse_request(request, error, words);
    }
    refuse_request(b"{\"code\": \"\xff\"}", "file", "UTF-8");
    refuse_request("[".repeat(100_000), "file", "not JSON");
    refuse_request(
        format!(
            "{{\"capability_context_data\": {}{}}}",
            "[".repeat(500),
            "]".repeat(500)
        ),
        "file",
        "not JSON",
    );
    refuse_request(r#"{"code": "\ud800"}"#, "file", "not JSON");
}

#[test]
fn a_malformed_command_line_is_one_of_usage() {
    let site = Site::new(json!({}));
    for words in [
        &["run", "missing.json"][..],
        &["run", "."],
        &["run", "--code", "missing.py"],
        &["run", "--code", "x.py", "--execution-mode", "admin"],
        &["run", "--task-objective", "x", "--retries", "-1"],
        &["run", "--task-objective", "x", "--retries", "many"],
        &["run", "--task-objective", "x", "--expected-results", "{"],
        &["run", "--task-objective", "x", "--capability-context-data", "{"],
        &[
            "run",
            "--task-objective",
            "x",
            "--capability-context-data",
            "@missing.json",
        ],
        &["run", "--task-objective", "x", "--thread", " "],
        &["run", "--task-objective", "x", "--as", ""],
        &["run", "--task-objective", "x", "--approved"],
        &["run", "-", "--code", "-"],
        &["run"],
        &["approve"],
        &["approve", "x", "--channels", "A", "--no-channels"],
        &["reject", "x"],
        &["respond", "x"],
        &["settle", "x", "perhaps"],
        &["edit", "x"],
        &["approve-all"],
        &["threads", "--limit", "-1"],
        &["graph", "--format", "png"],
        &["analyze"],
        &["analyze", "missing.py"],
    ] {
        let said = site.run(words);
        said.expect(USAGE);
        assert_eq!(said.told(), "usage", "{words:?}");
        assert_ne!(said.json()["error"]["message"], "", "{words:?}");
    }
    for words in [
        &["show", "nobody"][..],
        &["approve", "nobody"],
        &["approve", "00000000000000000000000000000000"],
        &["cancel", "nobody"],
        &["history", "nobody"],
        &["replay", "nobody"],
        &["fork", "nobody"],
        &["run", "--continue", "nobody"],
    ] {
        let said = site.run(words);
        said.expect(NOT_FOUND);
        assert_eq!(said.told(), "not_found", "{words:?}");
    }
    assert_eq!(site.run(&["threads"]).json(), json!([]));
}

#[test]
fn a_decision_that_is_none_leaves_the_question_pending() {
    let site = Site::new(json!({}));
    let question = site.ask("asked", &put(1.0));
    let same = site.file("same.py", put(1.0));
    let empty = site.file("empty.py", "");
    for (words, error) in [
        (
            &["approve", &question, "--channels", "SR:MAG:QD1:CURRENT:SP"][..],
            "decision_channels_widened",
        ),
        (&["edit", &question, "--code", &same], "decision_nothing_changed"),
        (&["edit", &question, "--code", &empty], "decision_nothing_left"),
        (&["settle", &question, "done"], "decision_unclear"),
        (&["respond", &question, " "], "decision_unclear"),
    ] {
        let said = site.run(words);
        said.refuse(USAGE, error, "");
        assert_eq!(site.run(&["show", "asked"]).interrupt(), question, "{words:?}");
    }
    let unclear = "import epics, sys\nepics.caput(sys.argv[0], 1)\nresults = {}\n";
    let unresolved = site.ask("unresolved", unclear);
    site.run(&["approve", &unresolved])
        .refuse(USAGE, "decision_channels_needed", "");
    assert_eq!(site.run(&["show", "unresolved"]).interrupt(), unresolved);
    assert_eq!(
        site.count("asked", "answered") + site.count("unresolved", "answered"),
        0
    );
    site.verify();
}

/// Says one line at the owner's socket, and gives all that it answers.
fn say(site: &Site, line: &[u8]) -> Vec<Value> {
    let mut socket = UnixStream::connect(site.data().join("owner.sock")).unwrap();
    socket.write_all(line).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    let lines = BufReader::new(socket).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

/// Nothing truthy is a yes, whoever says it and how: these come past the command line, by the socket.
#[test]
fn nothing_truthy_is_a_yes() {
    let site = Site::new(json!({}));
    let question = site.ask("asked", &put(1.0));
    let owner = stay(&site, "stays");
    for answer in [
        json!({ "approved": "false" }),
        json!({ "approved": "true" }),
        json!({ "approved": 1 }),
        json!({ "approved": [true] }),
        json!({ "approved": null }),
        json!({ "approved": true, "approved_code": "x = 1" }),
        json!({}),
        json!([]),
        json!(null),
        json!(true),
        json!(1),
        json!("yes please"),
        json!("true"),
        json!({ "type": "approve", "code": "x = 1" }),
        json!({ "type": "APPROVE" }),
        json!({ "decisions": [{ "type": "approve" }, { "type": "approve" }] }),
        json!([{ "type": "accept" }, { "type": "accept" }]),
    ] {
        let command = json!({ "command": "answer", "interrupt": question, "thread": null, "answer": answer });
        let ask = json!({ "name": "eve", "command": command });
        let told = say(&site, format!("{ask}\n").as_bytes());
        assert_eq!(
            told.last().unwrap()["error"]["code"],
            "decision_unclear",
            "{answer}: {told:?}"
        );
    }
    assert_eq!(site.run(&["show", "asked"]).interrupt(), question);
    assert_eq!(site.count("asked", "answered"), 0);
    site.run(&["cancel", "stays"]).expect(COMPLETED);
    owner.end().expect(CANCELLED);
    site.verify();
}

#[test]
fn nonsense_at_the_socket_ends_nothing() {
    let site = Site::new(json!({}));
    let mut owner = stay(&site, "stays");
    for line in [
        &b"\n"[..],
        b"{}\n",
        b"{\"name\": \"eve\", \"command\": {\"command\": \"shut_down\"}}\n",
        b"\xff\xfe\n",
        b"{\"name\": \"eve\", \"comm",
        &[b'['; 100_000],
        &[0; 4096],
    ] {
        for told in say(&site, line) {
            assert_eq!(told["error"]["code"], "invalid_command", "{told}");
        }
    }
    assert_eq!(say(&site, b""), Vec::<Value>::new());
    assert!(owner.runs());
    // Who only listens and says nothing keeps nobody else waiting.
    let _silent = UnixStream::connect(site.data().join("owner.sock")).unwrap();
    site.run(&["cancel", "stays"]).expect(COMPLETED);
    owner.end().expect(CANCELLED);
}

#[test]
fn a_configuration_that_makes_no_sense_starts_nothing() {
    for (config, error, words) in [
        ("approval: [", "config_invalid", "config.yml"),
        ("- a\n- b\n", "config_invalid", "config.yml"),
        ("\0", "config_invalid", "config.yml"),
        (
            "approval:\n  global_mod: selective\n",
            "config_invalid",
            "global_mode",
        ),
        (
            "approval:\n  global_mode: sometimes\n",
            "config_invalid",
            "selective",
        ),
        (
            "approval:\n  capabilities:\n    python_execution:\n      mode: off\n",
            "config_invalid",
            "all_code",
        ),
        (
            "execution:\n  modes:\n    write_access:\n      requires_approval: false\n",
            "config_invalid",
            "requires_approval",
        ),
        (
            "execution:\n  modes:\n    read_only:\n      allows_writes: true\n",
            "config_invalid",
            "allows_writes",
        ),
        (
            "control_system:\n  patterns:\n    write: ['caput(']\n",
            "config_invalid",
            "caput(",
        ),
        (
            "control_system:\n  patterns:\n    mode: override\n    read: ['caget']\n",
            "config_invalid",
            "override",
        ),
        (
            "control_system:\n  writes_enabled: perhaps\n",
            "config_invalid",
            "writes_enabled",
        ),
        (
            "control_system:\n  limits_checking:\n    enabled: true\n",
            "config_invalid",
            "limits_checking",
        ),
        (
            "python_executor:\n  execution_timeout_seconds: -1\n",
            "config_invalid",
            "execution_timeout_seconds",
        ),
        (
            "execution:\n  execution_method: container\n",
            "config_not_startable",
            "container",
        ),
        ("execution:\n  code_generator: gpt\n", "generator", "basic"),
        (
            "holdpoint:\n  data_dir: ${NOT_SET_ANYWHERE}\n",
            "config_invalid",
            "NOT_SET_ANYWHERE",
        ),
    ] {
        let site = Site::new(json!({}));
        site.file("config.yml", config);
        let code = site.file("program.py", "results = {}\n");
        site.run(&["run", "--code", &code]).refuse(USAGE, error, words);
        assert!(!site.data().exists(), "{config}");
    }
    let site = Site::new(json!({}));
    std::fs::remove_file(site.path().join("config.yml")).unwrap();
    site.run(&["pending"])
        .refuse(USAGE, "config_unreadable", "config.yml");
    std::fs::create_dir(site.path().join("config.yml")).unwrap();
    site.run(&["pending"])
        .refuse(USAGE, "config_unreadable", "config.yml");
}

/// The second request on a thread is what runs, and a question it does away with is told.
#[test]
fn a_new_request_on_a_thread_starts_clean_and_drops_nothing_silently() {
    let site = Site::new(json!({}));
    let question = site.ask("shared", &put(1.0));
    let code = site.file("second.py", "results = {'run': 'second'}\n");
    let said = site.run(&[
        "run",
        "--code",
        &code,
        "--thread",
        "shared",
        "--task-objective",
        "second",
    ]);
    let told = said.expect(COMPLETED).json();
    assert_eq!(told["result"]["results"], json!({ "run": "second" }));
    assert_eq!(told["ended_interrupts"], json!([question]));
    site.run(&["approve", &question])
        .refuse(CONFLICT, "already_resolved", "");
    assert_eq!(site.count("shared", "cancelled"), 1);
    assert_eq!(site.run(&["pending"]).json(), json!([]));
    let third = site.file("third.py", "results = {'run': 'third'}\n");
    let said = site.run(&["run", "--code", &third, "--thread", "shared"]);
    assert_eq!(
        said.expect(COMPLETED).json()["result"]["results"],
        json!({ "run": "third" })
    );
    site.verify();
    site.replay("shared");
}

/// Write access that is switched off is refused, not asked about and not generated anew.
#[test]
fn writes_that_are_switched_off_are_refused_at_the_door() {
    let site = Site::new(json!({ "control_system": { "writes_enabled": false } }));
    let code = site.file("write.py", put(1.0));
    let said = site.run(&["run", "--execution-mode", "write_access", "--code", &code]);
    said.expect(REFUSED);
    assert_eq!(said.json()["error"]["code"], "writes_disabled");
    // Read-only code that writes is not run as it is either.
    let said = site.run(&["run", "--code", &code]);
    assert!(matches!(said.code(), Some(REFUSED | INTERRUPTED)), "{said:#?}");
    assert_ne!(said.told(), "completed");
}

/// A rejection is its own outcome: who, and why, and no failed execution.
#[test]
fn a_rejection_says_who_and_why() {
    let site = Site::new(json!({}));
    let question = site.ask("asked", &put(1.0));
    let said = site.run(&["reject", &question, "--reason", "the beam is in", "--as", "ada"]);
    assert_eq!(said.expect(COMPLETED).told(), "rejected");
    let shown = site.run(&["show", "asked"]).json();
    assert_eq!(shown["error"]["code"], "rejected");
    assert!(
        shown["error"]["message"]
            .as_str()
            .unwrap()
            .contains("the beam is in")
    );
    let events = site.events("asked");
    let answer = events.iter().find(|event| event["what"] == "answered").unwrap();
    assert_eq!(answer["by"]["name"], "ada");
    assert_eq!(site.count("asked", "effect_started"), 0);
}
