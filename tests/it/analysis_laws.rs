//! What holds for the analysis of every program: it ends, it is the same each time, and it does not
//! depend on what a reader would call a detail.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use holdpoint::{
    analysis::{Analysis, Analyzer, Verdict},
    config::Config,
};
use proptest::{collection::vec, prelude::*, sample::select};
use ruff_python_ast::{
    Stmt,
    token::{Token, TokenKind},
};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

/// Few cases, unless the environment says how many.
fn cases() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 24;
    }
    config
}

fn analyzer() -> Analyzer {
    Analyzer::new(&Config::builtin().analysis).unwrap()
}

/// What must not depend on details.
#[derive(Debug, PartialEq)]
struct Essence {
    readable: bool,
    has_writes: bool,
    has_reads: bool,
    risks: Vec<String>,
    channels: Vec<String>,
    writes_unresolved: bool,
    rules: BTreeSet<String>,
    imports: Vec<String>,
}

impl From<Analysis> for Essence {
    fn from(analysis: Analysis) -> Self {
        Self {
            readable: analysis.verdict == Verdict::Readable,
            has_writes: analysis.has_writes,
            has_reads: analysis.has_reads,
            risks: analysis.risks,
            channels: analysis.channels,
            writes_unresolved: analysis.writes_unresolved,
            rules: analysis
                .findings
                .into_iter()
                .map(|finding| finding.rule)
                .collect(),
            imports: analysis.imports,
        }
    }
}

fn essence(analyzer: &Analyzer, code: &str) -> Essence {
    analyzer.analyze(code.as_bytes()).into()
}

/// Analyzes `code` twice and asserts what holds for all bytes.
fn check(code: &[u8]) -> Result<(), TestCaseError> {
    let analyzer = analyzer();
    let begin = Instant::now();
    let first = analyzer.analyze(code);
    prop_assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    prop_assert!(first.verdict == Verdict::Readable || !first.concerns().is_empty());
    prop_assert!(
        first
            .findings
            .iter()
            .all(|finding| finding.line >= 1 && finding.column >= 1)
    );
    prop_assert_eq!(first, analyzer.analyze(code));
    Ok(())
}

/// Imports that bind different names, so that their order is a detail.
const IMPORTS: [&str; 12] = [
    "import epics",
    "import epics.ca",
    "from epics import caput as put, PV",
    "from p4p.client.thread import Context",
    "import caproto.sync.client as cap",
    "import numpy as np",
    "import queue",
    "import os",
    "import subprocess as sp",
    "from functools import partial",
    "from osprey.runtime import write_channel",
    "import tango",
];

/// Variables; no other token holds one of these words.
const VARIABLES: [&str; 5] = ["alpha", "beta", "gamma", "delta", "omega"];

fn variable() -> impl Strategy<Value = String> {
    select(&VARIABLES[..]).prop_map(str::to_owned)
}

/// An expression. Operands stand in brackets, so that any may stand anywhere.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => variable(),
        2 => select(vec!["epics.caput", "epics.caget", "epics.PV", "put", "PV", "Context", "cap.write", "np", "np.zeros", "queue.Queue", "os.system",
            "sp.run", "partial", "write_channel", "tango.DeviceProxy", "epics", "open", "getattr", "print", "len", "exec", "function", "Class"])
            .prop_map(str::to_owned),
        2 => select(vec!["1", "2.5", "None", "True", "'SR:A:SP'", "'SR:B:SP'", "'caput'", "b'x'", "''", "...", "-1"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(5, 48, 4, |inner| {
        let item = inner.clone();
        let pair = (inner.clone(), inner.clone());
        let attribute = select(vec!["put", "get", "value", "post", "write", "set", "name", "append", "VAL", "format", "join"]);
        prop_oneof![
            4 => (item.clone(), vec(item.clone(), 0..3)).prop_map(|(f, arguments)| format!("{f}({})", arguments.join(", "))),
            1 => (item.clone(), item.clone(), item.clone()).prop_map(|(f, a, b)| format!("{f}({a}, key={b})")),
            1 => (item.clone(), item.clone(), item.clone()).prop_map(|(f, a, b)| format!("{f}(*{a}, **{b})")),
            3 => (item.clone(), attribute).prop_map(|(a, name)| format!("({a}).{name}")),
            1 => pair.clone().prop_map(|(a, b)| format!("({a})[{b}]")),
            1 => (pair.clone(), select(vec!["+", "%", "*", "and", "or", "==", "in", "is not", "@"])).prop_map(|((a, b), op)| format!("(({a}) {op} ({b}))")),
            1 => (pair.clone(), item.clone()).prop_map(|((a, b), c)| format!("(({a}) if ({b}) else ({c}))")),
            1 => vec(item.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            1 => vec(item.clone(), 1..4).prop_map(|items| format!("({},)", items.join(", "))),
            1 => vec(pair.clone(), 0..3).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.into_iter().map(|(key, value)| format!("({key}): ({value})")).collect();
                format!("{{{}}}", pairs.join(", "))
            }),
            1 => (variable(), item.clone()).prop_map(|(name, a)| format!("(lambda {name}: ({a}))")),
            1 => (variable(), pair.clone()).prop_map(|(name, (a, b))| format!("[({a}) for {name} in ({b})]")),
            1 => (variable(), pair.clone(), item.clone()).prop_map(|(name, (a, b), c)| format!("{{({a}): 1 for {name} in ({b}) if ({c})}}")),
            1 => (variable(), item.clone()).prop_map(|(name, a)| format!("({name} := ({a}))")),
            1 => pair.clone().prop_map(|(a, b)| format!("f'SR:{{({a})!r:>{{({b})}}}}'")),
            1 => item.clone().prop_map(|a| format!("f\"\"\"{{({a})}} and {{{{}}}}\"\"\"")),
            1 => item.prop_map(|a| format!("(not ({a}))")),
        ]
    })
}

/// Statements, each a list of lines.
fn statement() -> impl Strategy<Value = Vec<String>> {
    let simple = prop_oneof![
        4 => expression().prop_map(|a| a),
        5 => (variable(), expression()).prop_map(|(name, a)| format!("{name} = {a}")),
        1 => (variable(), variable(), expression()).prop_map(|(x, y, a)| format!("{x}, *{y} = {a}")),
        1 => (variable(), expression()).prop_map(|(name, a)| format!("{name} += {a}")),
        1 => (variable(), expression(), expression()).prop_map(|(name, a, b)| format!("{name}: {a} = {b}")),
        2 => (variable(), expression()).prop_map(|(name, a)| format!("{name}.value = {a}")),
        1 => (variable(), expression(), expression()).prop_map(|(name, a, b)| format!("{name}[{a}] = {b}")),
        1 => variable().prop_map(|name| format!("del {name}")),
        1 => expression().prop_map(|a| format!("assert {a}")),
        1 => expression().prop_map(|a| format!("raise {a}")),
        1 => Just("pass".to_owned()),
    ]
    .prop_map(|line| vec![line]);
    simple.prop_recursive(3, 24, 4, |inner| {
        let block = vec(inner, 1..4).prop_map(|statements| {
            let lines = statements.into_iter().flatten();
            lines.map(|line| format!("    {line}")).collect::<Vec<_>>()
        });
        let under = |header: String, body: Vec<String>| [vec![header], body].concat();
        prop_oneof![
            (expression(), block.clone(), block.clone()).prop_map(move |(a, body, rest)| {
                [under(format!("if {a}:"), body), under("else:".to_owned(), rest)].concat()
            }),
            (variable(), expression(), block.clone())
                .prop_map(move |(name, a, body)| under(format!("for {name} in {a}:"), body)),
            (expression(), block.clone()).prop_map(move |(a, body)| under(format!("while {a}:"), body)),
            (variable(), expression(), block.clone())
                .prop_map(move |(name, a, body)| under(format!("with {a} as {name}:"), body)),
            (variable(), variable(), expression(), block.clone()).prop_map(move |(x, y, a, body)| {
                [
                    under(format!("def function({x}, *{y}):"), body),
                    vec![format!("    return {a}")],
                ]
                .concat()
            }),
            (expression(), block.clone(), variable()).prop_map(move |(a, body, x)| {
                let body = body.into_iter().map(|line| format!("    {line}")).collect();
                [
                    vec![format!("class Class({a}):")],
                    under(format!("    def method(self, {x}):"), body),
                ]
                .concat()
            }),
            (block.clone(), block.clone(), variable()).prop_map(move |(body, rest, name)| {
                [
                    under("try:".to_owned(), body),
                    under(format!("except Exception as {name}:"), rest),
                ]
                .concat()
            }),
            (expression(), variable(), block.clone()).prop_map(move |(a, name, body)| {
                let body = body.into_iter().map(|line| format!("    {line}")).collect();
                let case = format!("    case [{name}, *_] | {{'a': {name}}}:");
                [vec![format!("match {a}:")], under(case, body)].concat()
            }),
            (expression(), variable(), block).prop_map(move |(a, x, body)| [
                vec![format!("@{a}")],
                under(format!("async def function({x}=1):"), body)
            ]
            .concat()),
        ]
    })
}

/// A program: imports, and lines behind them.
fn program() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let imports = prop::sample::subsequence(IMPORTS.to_vec(), 0..6);
    (imports, vec(statement(), 0..8)).prop_map(|(imports, statements)| {
        let imports = imports.into_iter().map(str::to_owned).collect();
        (imports, statements.into_iter().flatten().collect())
    })
}

fn text(imports: &[String], lines: &[String]) -> String {
    let mut text = String::new();
    for line in imports.iter().chain(lines) {
        text.push_str(line);
        text.push('\n');
    }
    text
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_bytes_get_one_verdict(code in vec(any::<u8>(), 0..300)) {
        check(&code)?;
    }

    #[test]
    fn any_tokens_get_one_verdict(
        tokens in vec(
            select(vec![
                "(", ")", "[", "]", "{", "}", "f'", "f\"\"\"", "t'", "rb'", "'", "\"", "'''", ":", ",", "=", ":=", "lambda", "yield",
                "a", "1", ".", "\n", "\n ", "\n\t", "\n    ", "if", "else", "for", "in", "match", "case", "*", "**", "-", "@", "def", "class",
                "async", "await", "\\\n", "\\", "#", "é", "ﬁ", "import", "from", "as", "epics", ".caput(", ".put(", "PV(", "p4p", "\r", "\x0c",
                "!r", "{{", "}}", "type", "with", "try", "except", "not", "\u{feff}", "\u{2028}", "# coding: latin-1\n", "exec(",
            ]),
            0..80,
        ),
        glue in select(vec!["", " "]),
    ) {
        check(tokens.join(glue).as_bytes())?;
    }

    #[test]
    fn any_program_gets_one_verdict((imports, lines) in program()) {
        let code = text(&imports, &lines);
        prop_assert!(parse_module(&code).is_ok(), "{}", code);
        check(code.as_bytes())?;
    }

    #[test]
    fn a_program_cut_short_gets_one_verdict((imports, lines) in program(), cut in any::<prop::sample::Index>()) {
        let mut code = text(&imports, &lines).into_bytes();
        code.truncate(cut.index(code.len() + 1));
        check(&code)?;
    }

    #[test]
    fn the_names_of_variables_are_a_detail((imports, lines) in program(), name in select(&VARIABLES[..])) {
        let analyzer = analyzer();
        let code = text(&imports, &lines);
        let renamed = code.replace(name, "another_name");
        prop_assert_eq!(essence(&analyzer, &code), essence(&analyzer, &renamed), "{}", code);
    }

    #[test]
    fn the_order_of_imports_is_a_detail((mut imports, lines) in program(), turn in any::<prop::sample::Index>()) {
        let analyzer = analyzer();
        let code = text(&imports, &lines);
        imports.reverse();
        if !imports.is_empty() {
            let turn = turn.index(imports.len());
            imports.rotate_left(turn);
        }
        prop_assert_eq!(essence(&analyzer, &code), essence(&analyzer, &text(&imports, &lines)), "{}", code);
    }

    #[test]
    fn comments_and_blank_lines_are_a_detail(
        (imports, lines) in program(),
        comments in vec(("[ -~]{0,20}", any::<prop::sample::Index>()), 1..6),
    ) {
        let analyzer = analyzer();
        let mut more = lines.clone();
        for (comment, at) in comments {
            more.insert(at.index(more.len() + 1), format!("# {}\n\n", comment.replace("coding", "")));
        }
        let (code, more) = (text(&imports, &lines), text(&imports, &more));
        prop_assert_eq!(essence(&analyzer, &code), essence(&analyzer, &more), "{}", more);
    }
}

/// The programs of the corpus that Python reads as UTF-8 without being told.
fn corpus() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cases");
    let mut programs = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(code) = std::fs::read_to_string(&path) else {
            continue;
        };
        // Those made to be deep have no details.
        let plain =
            code.len() < 4_000 && !code.contains("coding") && !code.contains(['\r', '\u{feff}', '\0']);
        if plain && parse_module(&code).is_ok() {
            programs.insert(path.file_stem().unwrap().to_string_lossy().into_owned(), code);
        }
    }
    assert!(programs.len() > 150, "{} programs", programs.len());
    programs
}

/// Whether a program may look at its own names or text when it runs.
fn looks_at_itself(analysis: &Analysis) -> bool {
    analysis
        .risks
        .iter()
        .any(|risk| ["dynamic_exec", "dynamic_import", "reflection"].contains(&risk.as_str()))
}

/// `code` with a comment and blank lines behind each of its lines.
fn commented(code: &str) -> String {
    let parsed = parse_module(code).unwrap();
    let mut more = String::new();
    let mut copied = 0;
    for token in parsed.tokens() {
        if token.kind() == TokenKind::Newline && !token.range().is_empty() {
            let end = token.end().to_usize();
            more.push_str(&code[copied..end]);
            more.push_str("\n  # epics.caput('X', 1), said a comment\n\n");
            copied = end;
        }
    }
    more + &code[copied..]
}

/// `code` with its leading imports in reverse order, if that makes no difference to Python.
fn reordered(code: &str) -> Option<String> {
    let parsed = parse_module(code).unwrap();
    let mut names = BTreeSet::new();
    let mut imports = Vec::new();
    for statement in parsed.suite() {
        let aliases = match statement {
            Stmt::Import(import) => &import.names,
            Stmt::ImportFrom(import) if import.module.as_deref() != Some("__future__") => &import.names,
            _ => break,
        };
        for alias in aliases {
            let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let bound = name.split('.').next().unwrap_or(name);
            if bound == "*" || !names.insert(bound.to_owned()) {
                return None;
            }
        }
        imports.push(statement.range());
    }
    let (first, last) = (imports.first()?, imports.last()?);
    let between: Vec<&str> = imports
        .windows(2)
        .map(|pair| &code[pair[0].end().to_usize()..pair[1].start().to_usize()])
        .collect();
    if imports.len() < 2 || between.iter().any(|gap| *gap != "\n") {
        return None;
    }
    let turned: Vec<&str> = imports.iter().rev().map(|range| &code[*range]).collect();
    Some(format!(
        "{}{}{}",
        &code[..first.start().to_usize()],
        turned.join("\n"),
        &code[last.end().to_usize()..]
    ))
}

/// The variables of `code` that are no attribute, keyword argument, import, parameter or part of a
/// string, so that each may be renamed wherever it stands.
fn variables(code: &str, tokens: &[Token]) -> BTreeSet<String> {
    let (mut found, mut other) = (BTreeSet::new(), BTreeSet::new());
    let mut texts = String::new();
    let (mut brackets, mut line, mut heads) = (0, Vec::new(), false);
    for token in tokens {
        let text = &code[token.range()];
        match token.kind() {
            TokenKind::NonLogicalNewline | TokenKind::Comment | TokenKind::Indent | TokenKind::Dedent => {
                continue;
            }
            TokenKind::Newline => {
                line.clear();
                heads = false;
                continue;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => brackets += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => brackets -= 1,
            TokenKind::Import
            | TokenKind::From
            | TokenKind::Def
            | TokenKind::Class
            | TokenKind::Lambda
            | TokenKind::Case
            | TokenKind::Global
            | TokenKind::Nonlocal => heads = true,
            TokenKind::String | TokenKind::FStringMiddle | TokenKind::TStringMiddle => texts.push_str(text),
            TokenKind::Equal => {
                if let [(TokenKind::Name, name)] = line.as_slice() {
                    found.insert(String::from(*name));
                } else if let (Some((_, name)), true) = (line.last(), brackets > 0) {
                    other.insert(String::from(*name));
                }
            }
            TokenKind::Name if heads || line.last().is_some_and(|(kind, _)| *kind == TokenKind::Dot) => {
                other.insert(text.to_owned());
            }
            _ => {}
        }
        line.push((token.kind(), text));
    }
    found.retain(|name| {
        !other.contains(name) && !texts.contains(name) && name != "results" && !name.starts_with("__")
    });
    found
}

/// `code` with the variable `name` renamed.
fn renamed(code: &str, tokens: &[Token], name: &str) -> String {
    let mut text = String::new();
    let mut copied = 0;
    for token in tokens {
        if token.kind() == TokenKind::Name && &code[token.range()] == name {
            text.push_str(&code[copied..token.start().to_usize()]);
            text.push_str("another_name");
            copied = token.end().to_usize();
        }
    }
    text + &code[copied..]
}

#[test]
fn details_of_the_corpus_change_nothing() {
    let analyzer = analyzer();
    let (mut orders, mut names) = (0, 0);
    let mut wrong = Vec::new();
    for (case, code) in corpus() {
        let analysis = analyzer.analyze(code.as_bytes());
        let own = looks_at_itself(&analysis);
        let before = Essence::from(analysis);
        let mut compare = |what: &str, changed: &str| {
            let after = essence(&analyzer, changed);
            if after != before {
                wrong.push(format!("{case}: {what}\n{before:?}\n{after:?}"));
            }
        };
        compare("comments", &commented(&code));
        if let Some(changed) = reordered(&code) {
            orders += 1;
            compare("imports", &changed);
        }
        if own {
            continue;
        }
        let parsed = parse_module(&code).unwrap();
        for name in variables(&code, parsed.tokens()) {
            names += 1;
            compare(&name, &renamed(&code, parsed.tokens(), &name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        orders > 15 && names > 80,
        "{orders} reorderings, {names} renamings"
    );
}
