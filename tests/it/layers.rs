//! The layers point one way, and what only one room may do is done in no other.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Which rooms each room may import.
const MAY_IMPORT: [(&str, &[&str]); 14] = [
    ("bin", &["execution"]),
    ("model", &[]),
    ("config", &["model"]),
    ("store", &["model", "config"]),
    ("graph", &["model"]),
    ("engine", &["model", "store", "graph"]),
    ("analysis", &["model", "config"]),
    ("generation", &["model", "config"]),
    ("execution", &["model", "config"]),
    ("gate", &["model", "config"]),
    (
        "graphs",
        &[
            "model",
            "config",
            "graph",
            "gate",
            "analysis",
            "generation",
            "execution",
        ],
    ),
    (
        "service",
        &[
            "model",
            "config",
            "store",
            "graph",
            "engine",
            "analysis",
            "generation",
            "execution",
            "gate",
            "graphs",
        ],
    ),
    (
        "api",
        &["model", "config", "store", "graph", "engine", "graphs", "service"],
    ),
    (
        "cli",
        &[
            "api",
            "model",
            "config",
            "store",
            "graph",
            "engine",
            "analysis",
            "gate",
            "graphs",
            "service",
            "generation",
            "execution",
        ],
    ),
];

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn source_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The program's text without comments, by path relative to `src`.
fn code() -> BTreeMap<PathBuf, String> {
    let root = source_directory();
    sources(&root)
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            (path.strip_prefix(&root).unwrap().to_owned(), code)
        })
        .collect()
}

/// The rooms named by `crate::…` paths, those in braces included.
fn imports(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("crate::") {
        rest = &rest[at + "crate::".len()..];
        if let Some(inner) = rest.strip_prefix('{') {
            let (mut depth, mut word) = (0, String::new());
            for letter in inner.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => rooms.push(std::mem::take(&mut word)),
                    letter if depth == 0 => word.push(letter),
                    _ => {}
                }
            }
            rooms.push(word);
        } else {
            rooms.push(
                rest.chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect(),
            );
        }
    }
    let name = |room: String| {
        room.trim()
            .split("::")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    rooms
        .into_iter()
        .map(name)
        .filter(|room| !room.is_empty())
        .collect()
}

#[test]
fn layers_point_one_way() {
    let rooms: BTreeMap<&str, &[&str]> = MAY_IMPORT.into_iter().collect();
    let mut wrong = Vec::new();
    for (path, code) in code() {
        let room = path
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_str()
            .unwrap()
            .to_owned();
        let Some(allowed) = rooms.get(room.as_str()) else {
            continue;
        };
        for import in imports(&code) {
            // Macros are named at the crate's root.
            let macros = ["state", "route"].contains(&import.as_str());
            if import != room && !allowed.contains(&import.as_str()) && !macros {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_room_is_known_here() {
    let known: Vec<&str> = MAY_IMPORT.iter().map(|(room, _)| *room).collect();
    for entry in fs::read_dir(source_directory()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(
            !path.is_dir() || known.contains(&name),
            "the room '{name}' is missing from this test's list"
        );
    }
}

/// Fails when `needle` stands in another file than `homes`, or in none of them.
fn only_in(needle: &str, homes: &[&str]) {
    let mut found = Vec::new();
    for (path, code) in code() {
        if code.contains(needle) {
            found.push(path.display().to_string());
        }
    }
    let strangers: Vec<&String> = found
        .iter()
        .filter(|path| !homes.contains(&path.as_str()))
        .collect();
    assert!(
        strangers.is_empty(),
        "'{needle}' stands in {strangers:?}, but belongs to {homes:?} alone"
    );
    assert!(
        !found.is_empty(),
        "'{needle}' stands nowhere: this test no longer tests anything"
    );
}

#[test]
fn only_the_gate_makes_a_grant() {
    only_in("GrantId::new()", &["gate/grant.rs"]);
    only_in(" Grant {", &["gate/grant.rs", "model/grant.rs"]);
}

#[test]
fn only_execute_calls_an_executor() {
    only_in(
        ".prepare(job)",
        &["graphs/python_executor/execute.rs", "service/executor.rs"],
    );
}

#[test]
fn only_the_engine_and_the_store_commit() {
    only_in(".commit(", &["engine/writer.rs", "engine/mod.rs", "store/mod.rs"]);
}

#[test]
fn only_what_judges_puts_makes_their_messages() {
    only_in("put.message(", &["execution/gateway/judgement.rs"]);
    only_in(
        "command::WRITE",
        &["execution/gateway/circuit.rs", "execution/gateway/put.rs"],
    );
}

#[test]
fn the_pure_decisions_are_pure() {
    let code = code().remove(Path::new("engine/step.rs")).unwrap();
    for word in ["async", "Clock", "now(", "random", "tokio", "Store"] {
        assert!(!code.contains(word), "engine/step.rs knows '{word}'");
    }
}

#[test]
fn only_config_knows_yaml() {
    for (path, code) in code() {
        assert!(
            !code.contains("serde_yaml") || path.starts_with("config"),
            "{} knows YAML",
            path.display()
        );
    }
}
