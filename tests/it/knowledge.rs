//! What the analysis knows as data: that it is whole, that broken entries are told, and what follows from
//! the levels of rules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use holdpoint::{
    analysis::{Analysis, AnalysisSetupError, Analyzer},
    config::{AnalysisSettings, Config, Knowledge, Level, Library, PythonKnowledge, Rule},
    gate::text::{NOTICE_RULES, notices},
    model::Category,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn settings() -> AnalysisSettings {
    Config::builtin().analysis
}

fn shipped_file<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge").join(name);
    let text = fs::read_to_string(&path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_file_of_knowledge_is_shipped_and_right() {
    let shipped = Knowledge::shipped();
    assert_eq!(shipped_file::<PythonKnowledge>("python.yml"), shipped.python);
    assert_eq!(shipped_file::<Vec<Rule>>("rules.yml"), shipped.rules);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge/libraries");
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let library: Library = shipped_file(&format!("libraries/{name}"));
        assert_eq!(name, format!("{}.yml", library.id));
        library
            .check()
            .unwrap_or_else(|wrong| panic!("{name}: {wrong:?}"));
        assert!(shipped.libraries.contains(&library), "{name} is not shipped");
        names.insert(name);
    }
    assert_eq!(shipped.libraries.len(), names.len());
    Analyzer::new(&settings()).unwrap();
}

#[test]
fn rules_are_whole() {
    let shipped = Knowledge::shipped();
    let mut ids = BTreeSet::new();
    for rule in &shipped.rules {
        assert!(ids.insert(rule.id.as_str()), "{} stands twice", rule.id);
        assert!(rule.levels.contains(&rule.level), "{}", rule.id);
        assert!(!rule.title.is_empty() && !rule.advice.is_empty(), "{}", rule.id);
    }
    for effect in &shipped.python.effects {
        for rule in effect.rule.iter().chain(&effect.also) {
            assert!(
                ids.contains(rule.as_str()),
                "{rule} of {:?} is no rule",
                effect.paths
            );
        }
    }
    // What tells of a write cannot be switched off.
    for id in [
        "control_write",
        "control_write_possible",
        "pattern_write",
        "unanalysable",
    ] {
        let rule = shipped.rules.iter().find(|rule| rule.id == id).unwrap();
        assert_eq!(rule.levels, [Level::Ask, Level::Refuse], "{id}");
    }
    let no_route = shipped.rules.iter().find(|rule| rule.id == "no_route").unwrap();
    assert_eq!(no_route.level, Level::Refuse);
    assert_eq!(no_route.levels, [Level::Warn, Level::Ask, Level::Refuse]);
}

/// The programs of `tests/programs/rules.txt`: each with the rule that it is about, and whether that fires.
fn cases() -> Vec<(&'static str, bool, String)> {
    let cases = include_str!("../programs/rules.txt")
        .split("=== ")
        .skip(1)
        .map(|case| {
            let (head, code) = case.split_once('\n').unwrap();
            let (rule, fires) = match head.split_once(' ') {
                Some((rule, "fires")) => (rule, true),
                Some((rule, "rests")) => (rule, false),
                _ => panic!("{head:?} says neither that the rule fires nor that it rests"),
            };
            (rule, fires, spelled(code))
        });
    cases.collect()
}

/// The code with the characters that it names by their code points, as in `\u{200b}`.
fn spelled(code: &str) -> String {
    let mut parts = code.split("\\u{");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap();
        text.push(char::from_u32(u32::from_str_radix(number, 16).unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}

#[test]
fn each_rule_fires_where_it_should_and_nowhere_else() {
    let analyzer = Analyzer::new(&settings()).unwrap();
    let shipped = Knowledge::shipped();
    let rules: BTreeSet<&str> = shipped
        .rules
        .iter()
        .map(|rule| rule.id.as_str())
        .chain(NOTICE_RULES)
        .collect();
    let (mut fires, mut rests) = (BTreeSet::new(), BTreeSet::new());
    for (rule, expected, code) in cases() {
        let analysis = analyzer.analyze(code.as_bytes());
        let mut found = analysis.findings.clone();
        found.extend(notices(&code));
        let told = found.iter().any(|finding| finding.rule == rule);
        assert_eq!(told, expected, "{rule} in\n{code}\n{found:#?}");
        for finding in &found {
            assert!(
                rules.contains(finding.rule.as_str()),
                "{} is no rule",
                finding.rule
            );
        }
        if shipped.rules.iter().any(|known| known.id == rule && known.risk) {
            let risks = analysis.risks.iter().any(|risk| risk == rule);
            assert_eq!(risks, expected, "{rule} among the risks of\n{code}");
        }
        match expected {
            true => fires.insert(rule),
            false => rests.insert(rule),
        };
    }
    assert_eq!(fires, rules, "every rule has a program in which it fires");
    assert_eq!(
        rests, rules,
        "every rule has a program in which it does not, though nearly"
    );
}

/// A library with `more` in it.
fn library(id: &str, module: &str, more: Value) -> Library {
    let mut whole = json!({ "id": id, "route": "any", "modules": [module] });
    for (name, value) in more.as_object().unwrap() {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn told(libraries: Vec<Library>) -> String {
    let settings = AnalysisSettings {
        libraries,
        ..settings()
    };
    match Analyzer::new(&settings) {
        Ok(_) => "fine".to_owned(),
        Err(AnalysisSetupError::InvalidKnowledge { key, message }) => format!("{key}: {message}"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn entries_that_cannot_be_used_are_told() {
    let function = |entry: &str| json!({ "functions": { "write": ["first", entry] } });
    let kind = |of: Value| json!({ "types": { "T": of } });
    let cases = [
        (function("put(pv=channel, value=value, wait)"), "fine"),
        (function("a.b.put*"), "fine"),
        (function("a.*"), "fine"),
        (function("*"), "fine"),
        (function("put()"), "fine"),
        (function("größe"), "fine"),
        (
            kind(json!({ "like": "U" })),
            "a.types.T.like: there is no type \"U\" (the library has: T)",
        ),
        (
            kind(json!({ "like": "T" })),
            "a.types.T.like: leads around in a circle",
        ),
        (
            kind(json!({ "write": ["a.b"] })),
            "a.types.T.write.[0]: \"a.b\" must be a name: only functions have paths",
        ),
        (
            kind(json!({ "settable": ["x(y)", "1"] })),
            "a.types.T.settable.[1]: \"1\" must be a name or a dotted path, with a * at most at its end",
        ),
        (
            kind(json!({ "write": ["x"], "read": ["y", "x(z)"] })),
            "a.types.T.read.[1]: \"x(z)\" is listed twice",
        ),
        (kind(json!({ "write": ["x*"], "read": ["x"] })), "fine"),
        (
            json!({ "functions": { "gives": { "U": ["U"] } } }),
            "a.functions.gives.U: there is no type \"U\"; the library has none",
        ),
        (
            json!({ "harmless": ["b.c"] }),
            "a.harmless.[0]: \"b.c\" is no module below one of the library's modules",
        ),
        (
            json!({ "modules": ["a", "b c"] }),
            "a.modules.[1]: \"b c\" cannot be the name of a module",
        ),
        (json!({ "modules": [] }), "a.modules: must name a module"),
        (
            json!({ "modules": ["a", "epics"] }),
            "a.modules: the module epics belongs to pyepics already; a library with the id pyepics takes its place",
        ),
    ];
    for (more, expected) in cases {
        assert_eq!(told(vec![library("a", "a", more.clone())]), expected, "{more}");
    }
    let malformed = [
        ("", "must be a name"),
        ("a..b", "must be a name"),
        (".a", "must be a name"),
        ("a.", "must be a name"),
        ("*a", "must be a name"),
        ("a**", "must be a name"),
        ("a b", "must be a name"),
        ("1a", "must be a name"),
        (".*", "must be a name"),
        ("a(b", "must end with the )"),
        ("a(b) c", "must end with the )"),
        ("a(b,)", "has a parameter \"\""),
        ("a(1=channel)", "has a parameter \"1\""),
        ("value=(value)", "must be a name"),
        (
            "a(b=chanel)",
            "has the unknown role \"chanel\" (allowed: channel, channels, value, values, mapping, rest, pairs, end, alias, callback, option, flag)",
        ),
        ("a(b, b=value)", "has the parameter b twice"),
        ("first(x)", "is listed twice"),
    ];
    for (entry, expected) in malformed {
        let told = told(vec![library("a", "a", function(entry))]);
        assert!(
            told.starts_with(&format!("a.functions.write.[1]: {entry:?} {expected}")),
            "{told}"
        );
    }
    let twice = vec![library("a", "a", json!({})), library("a", "b", json!({}))];
    assert_eq!(told(twice), "a.id: there are two libraries of this id");
    // One with a shipped id takes its place.
    assert_eq!(told(vec![library("pyepics", "epics", json!({}))]), "fine");
}

fn with_rules<const N: usize>(rules: [(&str, Level); N]) -> Analyzer {
    let rules: BTreeMap<String, Level> = rules.map(|(id, level)| (id.to_owned(), level)).into();
    Analyzer::new(&AnalysisSettings { rules, ..settings() }).unwrap()
}

/// Whether code writes, whether a human is asked, and whether it is refused.
type Follows = (bool, bool, bool);

/// Code, the levels that the configuration sets, and what follows.
type Case = (&'static str, &'static [(&'static str, Level)], Follows);

fn follows(analysis: &Analysis) -> Follows {
    (
        analysis.has_writes,
        !analysis.concerns().is_empty(),
        !analysis.refusals.is_empty(),
    )
}

#[test]
fn levels_decide_what_follows() {
    use Level::{Allow, Ask, Refuse, Warn};
    const SHELL: &str = "import os\nos.system(input())\n";
    const FILE: &str = "open('x', 'w').write('y')\n";
    const READ: &str = "import epics\nepics.caget('X')\n";
    const WRITE: &str = "import epics\nepics.caput('X', 1)\n";
    let table: &[Case] = &[
        (SHELL, &[], (true, true, false)),
        (SHELL, &[("subprocess", Warn)], (false, false, false)),
        (SHELL, &[("subprocess", Allow)], (false, false, false)),
        (SHELL, &[("subprocess", Ask)], (true, true, false)),
        (SHELL, &[("subprocess", Refuse)], (true, true, true)),
        (FILE, &[], (false, false, false)),
        (FILE, &[("file_write", Ask)], (false, true, false)),
        (FILE, &[("file_write", Refuse)], (false, true, true)),
        (READ, &[], (false, false, false)),
        (READ, &[("control_read", Ask)], (false, true, false)),
        (WRITE, &[], (true, true, false)),
        (WRITE, &[("control_write", Refuse)], (true, true, true)),
        // Other rules change nothing.
        (
            WRITE,
            &[("subprocess", Allow), ("file_write", Refuse)],
            (true, true, false),
        ),
    ];
    for (code, rules, expected) in table {
        let rules = rules
            .iter()
            .map(|(id, level)| ((*id).to_owned(), *level))
            .collect();
        let analyzer = Analyzer::new(&AnalysisSettings { rules, ..settings() }).unwrap();
        let analysis = analyzer.analyze(code.as_bytes());
        assert_eq!(follows(&analysis), *expected, "{code} {analysis:#?}");
        assert!(analysis.findings.iter().all(|finding| finding.level.is_some()));
        assert!(!analysis.no_route);
    }
    let refused = with_rules([("subprocess", Refuse)]).analyze(SHELL.as_bytes());
    assert!(refused.refusals[0].starts_with("Line 2: ") && refused.refusals[0].ends_with(" (subprocess)"));
    // Each level is another policy.
    let digest = |level| with_rules([("subprocess", level)]).policy_digest();
    assert_ne!(digest(Warn), digest(Ask));
}

#[test]
fn an_analysis_of_before_there_were_levels_is_judged_as_it_was() {
    let analysis = with_rules([("file_write", Level::Ask)])
        .analyze(b"import epics\nepics.caput('X', 1)\nopen('x', 'w')\n");
    let mut stored = json!(analysis);
    stored
        .as_object_mut()
        .unwrap()
        .retain(|name, _| name != "refusals" && name != "no_route");
    for finding in stored["findings"].as_array_mut().unwrap() {
        finding.as_object_mut().unwrap().remove("level");
    }
    let stored: Analysis = serde_json::from_value(stored).unwrap();
    assert_eq!(follows(&stored), (true, true, false));
    assert_eq!(stored.concerns().len(), 1, "{:?}", stored.concerns());
    assert_eq!(analysis.concerns().len(), 2, "{:?}", analysis.concerns());
}

#[test]
fn a_failure_of_the_analysis_is_not_the_codes_fault() {
    let analyzer = Analyzer::new(&settings()).unwrap();
    let failed = analyzer.failed(b"x = 1\n", "The analysis broke off.");
    assert!(failed.has_failed() && failed.has_writes && failed.writes_unresolved);
    assert_eq!(failed.unanalysable(), None);
    assert!(failed.refusals.is_empty());
    assert_eq!(failed.findings[0].category, Category::PotentialWrite);
    assert_eq!(
        failed.concerns(),
        ["The code could not be analyzed: The analysis broke off."]
    );
    // What cannot be read is refused, unless the configuration wants a human to look.
    let hidden = b"# coding: utf-7\nx = 1\n";
    let unreadable = analyzer.analyze(hidden);
    assert!(
        !unreadable.has_failed() && unreadable.unanalysable().is_some(),
        "{unreadable:#?}"
    );
    let asks = with_rules([("unanalysable", Level::Ask)]).analyze(hidden);
    assert!(asks.unanalysable().is_none() && asks.has_writes && !asks.concerns().is_empty());
}
