//! `holdpoint analyze`: which programs it takes, and how it tells of them.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::cli::{Place, Said, place};

/// A program that writes, with what hides in its text.
const HOSTILE: &str = "import epics\nif 1:\n\tepics.caput('A\u{202e}B', 1)  # \u{1b}[2J\n";

impl Said {
    /// The lines of JSON on standard output.
    fn lines(&self) -> Vec<Value> {
        let lines = self.out.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The names of the files that were told of, in order.
    fn files(&self) -> Vec<String> {
        let lines = self.lines();
        lines
            .iter()
            .map(|line| line["file"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Makes the files `names`, with harmless code, and the directories they lie in.
fn tree(place: &Place, names: &[&str]) {
    for name in names {
        fs::create_dir_all(place.path(name).parent().unwrap()).unwrap();
        place.file(name, "x = 1\n");
    }
}

#[test]
fn programs_are_analyzed_without_a_store() {
    let place = place();
    place.file("bad.py", "def (:\n");
    let said = place
        .run(&["analyze", "--json", "read.py", "write.py", "bad.py"])
        .ends(0);
    let lines: Vec<Value> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let facts = |line: &Value| {
        for key in [
            "has_writes",
            "has_reads",
            "risks",
            "needs_approval",
            "findings",
            "verdict",
            "channels",
            "code_sha256",
        ] {
            assert!(line.get(key).is_some(), "{key} is missing");
        }
        json!([
            line["file"],
            line["has_writes"],
            line["needs_approval"],
            line["policy"],
            line["channels"]
        ])
    };
    assert_eq!(facts(&lines[0]), json!(["read.py", false, false, "run", []]));
    assert_eq!(
        facts(&lines[1]),
        json!(["write.py", true, true, "ask", ["SR:QF1"]])
    );
    assert_eq!(facts(&lines[2]), json!(["bad.py", false, true, "refuse", []]));
    let text = place.run(&["analyze", "write.py", "bad.py"]).ends(0).out;
    insta::assert_snapshot!("analyze", text);
    fs::write(place.path("latin.py"), b"# coding: latin-1\nx = 1 # \xe4\n").unwrap();
    let latin = place.run(&["analyze", "--json", "latin.py"]).ends(0).json();
    assert_eq!(facts(&latin), json!(["latin.py", false, true, "refuse", []]));
    assert_eq!(latin["verdict"]["code"], "encoding_unsupported");
    let finding = &latin["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&json!(2), &json!(9)));
    let told = finding["explanation"].as_str().unwrap();
    assert!(told.starts_with("run takes code in UTF-8 only"), "{told}");
    place.run(&["run", "--code", "latin.py"]).ends(2);
    let one_missing = place.run(&["analyze", "--json", "nowhere.py", "read.py"]).ends(2);
    assert_eq!(one_missing.out.lines().count(), 2);
    assert!(!place.path("data").exists(), "the analysis made a store");
}

#[test]
fn directories_are_searched_for_programs() {
    let place = place();
    tree(
        &place,
        &[
            "tree/b.py",
            "tree/a.py",
            "tree/a/z.py",
            "tree/a/deep/er/y.py",
            "tree/notes.txt",
            "tree/.hidden/h.py",
            "tree/.start.py",
            "tree/__pycache__/c.py",
            "tree/node_modules/n.py",
            "tree/env/pyvenv.cfg",
            "tree/env/lib/v.py",
            "empty/notes.txt",
        ],
    );
    symlink("../tree", place.path("tree/loop")).unwrap();
    symlink("a.py", place.path("tree/link.py")).unwrap();
    symlink("nowhere", place.path("tree/broken.py")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(place.path("tree/pipe.py"))
        .status();
    assert!(pipe.unwrap().success());
    let found = ["a/deep/er/y.py", "a/z.py", "a.py", "b.py", "broken.py", "link.py"];
    let names = |found: &[&str]| -> Vec<String> { found.iter().map(|name| format!("tree/{name}")).collect() };

    let said = place
        .run(&["analyze", "--json", "read.py", "tree", "write.py"])
        .ends(2);
    let mut expected = vec!["read.py".to_owned(), "tree/.start.py".to_owned()];
    expected.extend(names(&found));
    expected.push("write.py".to_owned());
    assert_eq!(said.files(), expected, "in the order of the arguments");
    let broken: Vec<Value> = said
        .lines()
        .into_iter()
        .filter(|line| line.get("error").is_some())
        .collect();
    assert_eq!(broken.len(), 1);
    assert_eq!(broken[0]["file"], "tree/broken.py");
    assert_eq!(broken[0]["status"], "usage");

    let all = place.run(&["analyze", "--json", "--all", "tree"]).ends(2);
    let added: BTreeSet<String> = all
        .files()
        .into_iter()
        .filter(|file| !expected.contains(file))
        .collect();
    let wanted = [
        ".hidden/h.py",
        "__pycache__/c.py",
        "env/lib/v.py",
        "node_modules/n.py",
    ];
    assert_eq!(added, names(&wanted).into_iter().collect());

    // What is named is taken, whatever it is called.
    let hidden = place
        .run(&["analyze", "--json", "tree/.hidden", "tree/env"])
        .ends(0);
    assert_eq!(hidden.files(), ["tree/.hidden/h.py", "tree/env/lib/v.py"]);
    let mut here = place.command(&["analyze", "--json", "."]);
    let here = here.current_dir(place.path("tree/a")).output().unwrap();
    let here = String::from_utf8(here.stdout).unwrap();
    assert!(here.starts_with("{\"file\":\"deep/er/y.py\""), "{here}");

    let empty = place.run(&["analyze", "--json", "empty"]).ends(0);
    assert_eq!(empty.out, "");
    assert_eq!(empty.err, "empty: there are no Python files in it\n");
}

#[test]
fn many_programs_are_told_in_order_whatever_takes_longest() {
    let place = place();
    fs::create_dir(place.path("many")).unwrap();
    let mut expected = Vec::new();
    for number in 0..150 {
        let name = format!("many/{number:03}.py");
        let lines = if number % 40 == 0 { 4000 } else { 1 };
        place.file(&name, &format!("x = {number}\n").repeat(lines));
        expected.push(name);
    }
    let said = place.run(&["analyze", "--json", "many"]).ends(0);
    assert_eq!(said.files(), expected);
    assert_eq!(said.err, "", "no bar where nobody looks");
    let text = place.run(&["analyze", "many", "nowhere.py", "write.py"]).ends(2);
    assert!(
        text.out.contains("many/149.py: runs without a question\n"),
        "{}",
        text.out
    );
    assert!(text.out.contains("\n151 programs, "), "{}", text.out);
    assert!(
        text.out
            .contains("\n  1 write, 0 may write, 0 read, 1 unreadable\n"),
        "{}",
        text.out
    );
    assert!(
        text.out
            .ends_with("\n  150 run without a question, 1 need approval, 0 are refused\n"),
        "{}",
        text.out
    );
    assert!(text.err.starts_with("error[file]: nowhere.py"), "{}", text.err);
}

#[test]
fn checking_tells_by_the_exit_code() {
    let place = place();
    place.file("bad.py", "def (:\n");
    let table: [(&[&str], i32, i32); 6] = [
        (&["read.py"], 0, 0),
        (&["read.py", "write.py"], 0, 10),
        (&["bad.py", "read.py"], 0, 12),
        (&["write.py", "bad.py"], 0, 12),
        (&["write.py", "nowhere.py", "bad.py"], 2, 2),
        (&["nowhere.py"], 2, 2),
    ];
    for (files, code, checked) in table {
        for form in [None, Some("--json"), Some("--sarif")] {
            let mut words = vec!["analyze"];
            words.extend(form);
            words.extend(files);
            assert_eq!(place.run(&words).code, code, "{words:?}");
            words.push("--check");
            assert_eq!(place.run(&words).code, checked, "{words:?}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = place();
    fs::create_dir(place.path("many")).unwrap();
    for number in 0..300 {
        place.file(&format!("many/{number:03}.py"), &"import os\n".repeat(200));
    }
    fs::copy(place.path("write.py"), place.path("many/zzz.py")).unwrap();
    for (more, code) in [(None, 0), (Some("--check"), 10)] {
        let mut command = place.command(&["analyze", "--json", "many"]);
        command.args(more).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut first).unwrap();
        assert!(first.starts_with("{\"file\":\"many/000.py\""), "{first}");
        drop(out);
        let ended = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
        assert_eq!(ended.status.code(), Some(code), "{more:?}");
    }
}

#[test]
fn standard_input_is_a_program_once() {
    let place = place();
    let code = b"import epics\nepics.caput('X', 1)\n";
    let said = place
        .run_with_input(&["analyze", "--json", "read.py", "-"], code)
        .ends(0);
    assert_eq!(said.files(), ["read.py", "-"]);
    assert_eq!(said.lines()[1]["channels"], json!(["X"]));
    let twice = place
        .run_with_input(&["analyze", "--json", "-", "-"], b"")
        .ends(2);
    assert_eq!(twice.json()["status"], "usage");
    let both = place.run(&["analyze", "--json", "--sarif", "read.py"]).ends(2);
    assert_eq!(both.json()["status"], "usage");
}

#[test]
fn nothing_in_a_program_reaches_the_terminal_raw() {
    let place = place();
    let name = "h\u{1b}[31m\u{202e}.py";
    place.file(name, HOSTILE);
    place.file("harmless\u{7}.py", "x = 1\n");
    for words in [
        vec!["analyze", name],
        vec!["analyze", "."],
        vec!["analyze", "--sarif", "."],
        vec!["analyze", "--json", "."],
    ] {
        let said = place.run(&words);
        let raw = |character: char| character.is_control() && character != '\n';
        let hides = match words.contains(&"--json") {
            // JSON escapes control characters, and gives everything else as it is.
            true => said.out.contains(raw),
            false => said
                .out
                .contains(|character| raw(character) || character == '\u{202e}'),
        };
        assert!(!hides, "{words:?}: {:?}", said.out);
        assert_eq!(said.err, "");
    }
    let text = place.run(&["analyze", name]).out;
    assert!(text.contains("A\\u{202e}B"), "{text}");
    // The mark stands under what the finding is about, whatever is escaped or indented before it.
    let line: Vec<char> = text
        .lines()
        .find(|line| line.contains("3 │ "))
        .unwrap()
        .chars()
        .collect();
    let mark = text.lines().find(|line| line.contains('^')).unwrap();
    let at = mark.chars().position(|character| character == '^').unwrap();
    let marked: String = line[at..].iter().collect();
    assert!(
        marked.starts_with("epics.caput(") || marked.starts_with("caput("),
        "{text}"
    );
}

/// The one run of a log.
fn run_of(said: &Said) -> Value {
    said.json()["runs"][0].clone()
}

/// What the specification asks of a log, as far as one of ours can miss it.
fn check_log(log: &Value) {
    assert_eq!(log["version"], "2.1.0");
    assert!(
        log["$schema"]
            .as_str()
            .unwrap()
            .ends_with("/sarif-schema-2.1.0.json")
    );
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "Holdpoint");
    assert!(driver["version"].is_string());
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert!(run["invocations"][0]["executionSuccessful"].is_boolean());
    let levels = ["none", "note", "warning", "error"];
    let level = |value: &Value| assert!(levels.contains(&value.as_str().unwrap()), "{value}");
    let unique = |values: Vec<&Value>| {
        let texts: BTreeSet<String> = values.iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), values.len(), "something stands there twice");
    };
    let rules = driver["rules"].as_array().unwrap();
    unique(rules.iter().map(|rule| &rule["id"]).collect());
    for rule in rules {
        level(&rule["defaultConfiguration"]["level"]);
        assert_ne!(rule["id"], rule["name"]);
    }
    let artifacts = run["artifacts"].as_array().unwrap();
    unique(artifacts.iter().collect());
    for notification in run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap()
    {
        level(&notification["level"]);
        assert!(notification["message"]["text"].is_string());
    }
    for result in run["results"].as_array().unwrap() {
        level(&result["level"]);
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        let file = &place["artifactLocation"];
        let artifact = &artifacts[usize::try_from(file["index"].as_u64().unwrap()).unwrap()];
        assert_eq!(artifact["location"]["uri"], file["uri"]);
        let uri = file["uri"].as_str().unwrap();
        assert!(
            uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'),
            "{uri}"
        );
        let region = &place["region"];
        assert!(region["startLine"].as_u64().unwrap() >= 1);
        assert!(region["startColumn"].as_u64().unwrap() >= 1);
        assert!(result["properties"]["category"].is_string());
    }
}

#[test]
fn a_sarif_log_is_what_viewers_expect() {
    let place = place();
    tree(&place, &["sub dir/ü/a:b.py"]);
    place.file("sub dir/ü/a:b.py", "import epics\nepics.caput('Ä{0}', 1)\n");
    place.file("bad.py", "def (:\n");
    let outside = tempfile::tempdir().unwrap();
    let absolute = outside.path().join("o.py");
    fs::write(&absolute, "import os\nos.system('ls')\n").unwrap();
    let words = [
        "analyze",
        "--sarif",
        ".",
        "nowhere.py",
        "./bad.py",
        absolute.to_str().unwrap(),
    ];
    let said = place.run(&words).ends(2);
    assert!(said.err.starts_with("error[file]: nowhere.py"), "{}", said.err);
    check_log(&said.json());
    assert_eq!(said.out, place.run(&words).out, "the same programs, the same log");
    let run = run_of(&said);
    let uris: Vec<&str> = run["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|artifact| artifact["location"]["uri"].as_str().unwrap())
        .collect();
    let outside = format!("file://{}", absolute.display());
    assert_eq!(
        uris,
        [
            "bad.py",
            "endless.py",
            "read.py",
            "sub%20dir/%C3%BC/a%3Ab.py",
            "write.py",
            &outside
        ]
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notification = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(notification["level"], "error");
    assert_eq!(notification["descriptor"]["id"], "file");
    let results = run["results"].as_array().unwrap();
    let write = results
        .iter()
        .find(|result| result["ruleId"] == "control_write")
        .unwrap();
    assert_eq!(write["level"], "error");
    assert_eq!(write["properties"]["channels"], json!(["Ä{0}"]));
    assert!(
        write["message"]["text"].as_str().unwrap().contains("Ä{{0}}"),
        "{write}"
    );
    assert_eq!(
        write["locations"][0]["physicalLocation"]["region"]["startLine"],
        2
    );
    let shipped = &run["tool"]["driver"]["rules"][0];
    assert_eq!(shipped["id"], "control_write");
    assert!(shipped["help"]["text"].is_string());
    let syntax = results
        .iter()
        .find(|result| result["ruleId"] == "syntax_error")
        .unwrap();
    assert_eq!(syntax["level"], "error");
    let empty = place.run(&["analyze", "--sarif", "read.py"]).ends(0);
    check_log(&empty.json());
    assert_eq!(run_of(&empty)["results"], json!([]));
}

#[test]
fn a_sarif_result_is_known_again_when_lines_move() {
    let place = place();
    let code = "import epics\nepics.caput('A', 1)\nepics.caput('A', 1)\nepics.caput('B', 1)\n";
    let prints = |code: &str| -> Vec<String> {
        place.file("moving.py", code);
        let said = place.run(&["analyze", "--sarif", "moving.py"]).ends(0);
        let results = run_of(&said)["results"].as_array().unwrap().clone();
        let print = |result: &Value| {
            result["partialFingerprints"]["findingHash/v1"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        results.iter().map(print).collect()
    };
    let before = prints(code);
    assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), before.len());
    assert_eq!(prints(&format!("# moved\n\n{code}")), before);
    assert_eq!(
        prints(
            &code
                .replace("\nepics", "\nif 1:\n    epics")
                .replace("'B'", "'C'")
        )[..2],
        before[..2]
    );
}
