//! Every stable code stands in `docs/errors.md`, and every code there exists.

use std::{collections::BTreeSet, fs, path::Path};

fn documented() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md")).unwrap();
    let mut codes = BTreeSet::new();
    for row in text.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap();
        for code in cell.split('`').skip(1).step_by(2) {
            codes.insert(code.to_owned());
        }
    }
    codes
}

fn sources(directory: &Path, text: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

fn program() -> String {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text
}

/// The first string of every match arm and call that gives a code, found by how the rooms write them.
fn told(program: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    let starts = [
        "fn code(&self) -> &'static str {",
        "fn engine_facts(",
        "fn store_facts(",
        "fn facts(&self) -> (ErrorKind",
    ];
    for start in starts {
        for (at, _) in program.match_indices(start) {
            let body = &program[at..];
            let end = body
                .find("\n}")
                .unwrap_or(body.len())
                .min(body.find("\n    }\n").unwrap_or(body.len()));
            codes.extend(quoted(&body[..end]));
        }
    }
    for (at, _) in program.match_indices("Refusal::new(") {
        codes.extend(quoted(&program[at..]).into_iter().take(1));
    }
    codes
}

/// The words in quotes that look like codes; what stands before a colon is the key of a detail.
fn quoted(text: &str) -> Vec<String> {
    let parts: Vec<&str> = text.split('"').collect();
    let words = parts.iter().enumerate().skip(1).step_by(2);
    words
        .filter(|(at, word)| is_code(word) && !parts.get(at + 1).is_some_and(|after| after.starts_with(':')))
        .map(|(_, word)| (*word).to_owned())
        .collect()
}

fn is_code(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

#[test]
fn every_code_is_documented() {
    let (told, documented) = (told(&program()), documented());
    assert!(
        told.len() > 50,
        "only {} codes were found: this test no longer sees them",
        told.len()
    );
    let missing: Vec<&String> = told.difference(&documented).collect();
    assert!(missing.is_empty(), "docs/errors.md lacks {missing:?}");
}

#[test]
fn every_documented_code_exists() {
    let program = program();
    // `execution_` and the reason are put together when a program is ended from outside.
    let ended = |code: &String| {
        code.strip_prefix("execution_")
            .is_some_and(|reason| program.contains(&format!("\"{reason}\"")))
    };
    let gone: Vec<String> = documented()
        .into_iter()
        .filter(|code| !program.contains(&format!("\"{code}\"")) && !ended(code))
        .collect();
    assert!(
        gone.is_empty(),
        "docs/errors.md tells of codes that don't exist: {gone:?}"
    );
}
