//! Code that means no good, or makes no sense.

use std::{fs, path::Path};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::site::*;

/// Runs `code` as a read-only request.
#[track_caller]
fn run(site: &Site, code: impl AsRef<[u8]>) -> Said {
    let file = site.file("program.py", code);
    site.run(&["run", "--code", &file])
}

/// How `code` ends: the exit code and the error's code, which is empty if there is none.
#[track_caller]
fn check(code: impl AsRef<[u8]>, exit: i32, error: &str) {
    let site = Site::new(json!({}));
    let said = run(&site, code);
    said.expect(exit);
    assert_eq!(
        said.json()["error"]["code"].as_str().unwrap_or_default(),
        error,
        "{}",
        said.json()["error"]
    );
    site.verify();
}

#[test]
fn bytes_that_are_no_utf8_are_refused_and_never_replaced() {
    for code in [
        &b"results = {'a': '\xff'}\n"[..],
        b"# -*- coding: latin-1 -*-\nresults = {'a': '\xe9'}\n",
        b"\xff\xfer\0e\0s\0",
        b"results = {}\n# \xc3",
    ] {
        let site = Site::new(json!({}));
        run(&site, code).refuse(USAGE, "file", "not UTF-8");
        let file = site.file("program.py", code);
        let question = site.ask("asked", &put(1.0));
        site.run(&["edit", &question, "--code", &file])
            .refuse(USAGE, "file", "not UTF-8");
        assert_eq!(site.run(&["threads"]).json().as_array().unwrap().len(), 1);
    }
}

#[test]
fn code_runs_byte_for_byte() {
    let own_hash = "import hashlib\nresults = {'sha256': hashlib.sha256(open('/input/program.py', 'rb').read()).hexdigest()}\n";
    for code in [
        own_hash.to_owned(),
        own_hash.replace('\n', "\r\n"),
        format!("\u{feff}{own_hash}"),
        format!("{own_hash}text = '''a\n  b\n\tc\\\n'''\n# no end of line"),
        format!("# -*- coding: latin-1 -*-\n{own_hash}letter = 'é'\n"),
        format!("{own_hash}\x0c\nname = 'ｃａｐｕｔ \u{202e} \u{200b}'\n"),
    ] {
        let site = Site::new(json!({}));
        let mut said = run(&site, &code);
        if said.code() == Some(INTERRUPTED) {
            // Deceptive characters ask; what is approved is the same bytes.
            said = site.run(&["approve", &said.interrupt(), "--no-channels"]);
        }
        said.expect(COMPLETED);
        let hash = format!("{:x}", Sha256::digest(&code));
        let told = said.json();
        assert_eq!(told["result"]["results"]["sha256"], json!(hash), "{code:?}");
        assert_eq!(told["code_sha256"], json!(hash));
        assert_eq!(told["result"]["code"], json!(code));
    }
}

#[test]
fn an_encoding_that_python_reads_otherwise_is_refused() {
    check(
        "# -*- coding: utf-7 -*-\nresults = {}\n",
        REFUSED,
        "analysis_failed",
    );
}

#[test]
fn an_encoding_in_which_python_reads_no_code_is_a_syntax_error() {
    check("# -*- coding: rot13 -*-\nerfhygf = {}\n", FAILED, "syntax_error");
}

#[test]
fn nul_bytes_are_a_syntax_error() {
    check(b"results = {'a': 1}\n\0\n", FAILED, "syntax_error");
}

#[test]
fn an_empty_file_has_no_results() {
    check("", FAILED, "results_missing");
}

#[test]
fn nesting_ends_no_process() {
    let deep = 20_000;
    for code in [
        format!("x = {}{}\n", "(".repeat(deep), ")".repeat(deep)),
        format!("x = {}\n", "[".repeat(deep)),
        format!("x = {}1\n", "-".repeat(deep)),
        format!("x = {}1\n", "not ".repeat(deep)),
        format!("x = {}1\n", "lambda: ".repeat(deep)),
        format!("x = a{}\n", ".b".repeat(deep)),
        format!("x = f{}\n", "()".repeat(deep)),
        format!("x = 1{}\n", " if 1 else 1".repeat(deep)),
        format!("x = 1{}\n", " + 1".repeat(deep)),
        (0..deep / 100).fold(String::new(), |code, depth| code + &" ".repeat(depth) + "if 1:\n"),
        format!("x = {}{}\n", "f'{".repeat(200), "}'".repeat(200)),
    ] {
        let site = Site::new(json!({}));
        let said = run(&site, &code);
        assert!(matches!(said.code(), Some(FAILED | REFUSED)), "{said:?}");
        let error = said.json()["error"]["code"].clone();
        assert!(error == "syntax_error" || error == "analysis_failed", "{error}");
    }
}

#[test]
fn ten_megabytes_are_too_much_to_analyze() {
    check("x = 1\n".repeat(10 * 1024 * 1024 / 6), REFUSED, "analysis_failed");
}

#[test]
fn forty_megabytes_are_not_even_read() {
    let site = Site::new(json!({}));
    run(&site, " ".repeat(40 << 20)).refuse(USAGE, "file", "larger");
    assert!(!site.data().exists());
}

#[test]
fn a_folder_name_leads_nowhere_else() {
    let site = Site::new(json!({}));
    let root = site.path().canonicalize().unwrap().join("data/executed_scripts");
    for name in [
        "../../../../tmp/escaped",
        "/tmp/escaped",
        "..",
        ".",
        "a/b/c",
        "~/escaped",
        "$HOME",
        "a\0b",
        "a\nb\x1b[31m",
        "\u{202e}gnp.exe",
        "..\\..\\escaped",
        "-rf",
        &"x".repeat(5000),
        "%2e%2e%2fescaped",
    ] {
        let request = json!({ "execution_folder_name": name, "code": "results = {}\n" });
        let said = site.run_with_input(&["run", "-"], request.to_string().as_bytes());
        let folder = said.expect(COMPLETED).json()["result"]["folder"]
            .as_str()
            .unwrap()
            .to_owned();
        let inside = Path::new(&folder)
            .strip_prefix(&root)
            .unwrap_or_else(|_| panic!("{name:?}: {folder}"));
        assert_eq!(inside.components().count(), 2, "{name:?}: {folder}");
        assert!(folder.bytes().all(|byte| byte.is_ascii_graphic()), "{folder:?}");
        assert_eq!(Path::new(&folder).canonicalize().unwrap(), Path::new(&folder));
    }
    let mut names: Vec<_> = fs::read_dir(site.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["config.yml", "data"]);
}

#[test]
fn a_flood_of_output_is_cut_and_stopped() {
    let site = Site::new(json!({ "execution": { "limits": { "output_bytes": "64 KiB" } } }));
    let said = run(&site, "while True:\n    print('x' * 1000)\n");
    said.expect(FAILED);
    assert_eq!(said.json()["error"]["code"], "execution_output_limit");
    assert!(said.stdout.len() < 1 << 20, "{} bytes", said.stdout.len());
    site.verify();
}

#[test]
fn an_endless_loop_ends_at_its_time() {
    let site = Site::new(json!({ "python_executor": { "execution_timeout_seconds": 1 } }));
    let code = site.file(
        "endless.py",
        "open('started', 'w').close()\nwhile True:\n    pass\n",
    );
    let running = site.start(&["run", "--code", &code]);
    wait_until("it runs", || Family::of(running.id()).descendants() > 2);
    let family = Family::of(running.id());
    let said = running.end();
    said.expect(FAILED);
    assert_eq!(said.json()["error"]["code"], "execution_timeout");
    family.wait_until_gone();
}

/// Whether a process with this word on its command line runs.
fn is_there(word: &str) -> bool {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .any(|line| String::from_utf8_lossy(&line).contains(word))
}

#[test]
fn forked_daemons_die_with_their_run() {
    let site = Site::new(json!({}));
    let mark = format!("daemon_{}", uuid::Uuid::new_v4().simple());
    let daemon = format!(
        "import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.environ.clear()
        os.execv('/bin/sh', ['sh', '-c', 'echo > up.$$; while :; do sleep 1; done; : {mark}'])
while len([name for name in os.listdir() if name.startswith('up.')]) < 3:
    time.sleep(0.01)
while not os.path.exists('go'):
    time.sleep(0.01)
results = {{'daemons': 3}}
"
    );
    let question = site.ask("daemons", &daemon);
    let running = site.start(&["approve", &question, "--no-channels"]);
    wait_until("the daemons run", || {
        is_there(&mark) && find(&site.data(), "up.").len() == 3
    });
    let up = find(&site.data(), "up.").remove(0);
    fs::write(up.with_file_name("go"), "").unwrap();
    let said = running.end();
    assert_eq!(said.expect(COMPLETED).json()["result"]["results"]["daemons"], 3);
    wait_until("no daemon is left", || !is_there(&mark));
    site.verify();
}

#[test]
fn what_a_terminal_would_obey_is_shown_and_not_sent() {
    let site = Site::new(json!({}));
    let evil = "\x1b[2J\x1b]0;owned\x07\u{9b}31m\u{202e}\r hidden\x08";
    let code = format!(
        "print({evil:?})\nprint('\\x1b[31mred\\x07\\r\\u202e')\nresults = {{'\\x1b[1m': '\\x1b[2J\\u202e'}}\n"
    )
    .replace("\\u{9b}", "\\x9b")
    .replace("\\u{1b}", "\\x1b")
    .replace("\\u{202e}", "\\u202e")
    .replace("\\u{7}", "\\x07")
    .replace("\\u{8}", "\\x08");
    let file = site.file("evil.py", &code);
    let ran = site.run_plainly(&["run", "--code", &file, "--thread", "ran", "--user-query", evil]);
    let raised = site.file("raised.py", "raise ValueError('\\x1b[31m\\u202e\\x07')\n");
    let failed = site.run_plainly(&["run", "--code", &raised, "--thread", "failed"]);
    let raw = site.file("raw.py", format!("# {evil}\n{}", put(1.0)));
    let asked = site.run_plainly(&[
        "run",
        "--execution-mode",
        "write_access",
        "--code",
        &raw,
        "--thread",
        "asked",
        "--user-query",
        evil,
        "--task-objective",
        evil,
        "--execution-folder-name",
        evil,
        "--as",
        evil,
    ]);
    let refused = site.run_plainly(&["reject", "asked", "--reason", evil, "--as", evil]);
    let mut texts = vec![ran, failed, asked, refused];
    for words in [
        &["pending"][..],
        &["show", "ran"],
        &["show", "asked"],
        &["show", "failed"],
        &["threads"],
        &["history", "ran"],
        &["history", "asked"],
        &["show", evil],
        &["approve", evil],
        &["analyze", &file, &raw],
        &["verify"],
    ] {
        texts.push(site.run_plainly(words));
    }
    for said in &texts {
        for text in [&said.stdout, &said.stderr] {
            let sent = text.chars().find(|letter| {
                (letter.is_control() && *letter != '\n')
                    || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(sent, None, "{text:?}");
        }
    }
    assert!(
        texts[0].stdout.contains("\\u{1b}[31mred") || texts[0].stdout.contains("\\x1b[31mred"),
        "{}",
        texts[0].stdout
    );
    assert!(texts[1].stdout.contains("ValueError"), "{}", texts[1].stdout);
}
