//! How bytes become text and tokens that are safe to look at: decoding, hostile programs, and what
//! regular expressions see.

use std::{
    fmt::Write as _,
    process::Command,
    time::{Duration, Instant},
};

use holdpoint::{
    analysis::{AnalysisSetupError, Analyzer, Verdict, detect_operations_with},
    config::{AnalysisSettings, Config, PatternMode},
    model::{Category, Evidence},
};
use serde_json::{Value, json};

use crate::{execution::python, hostile};

fn settings() -> AnalysisSettings {
    Config::builtin().analysis
}

#[test]
fn hostile_programs_get_a_verdict() {
    let analyzer = Analyzer::new(&settings()).unwrap();
    // A debug build is some thirty times slower than what users run.
    let (bytes, limit) = if cfg!(debug_assertions) {
        (64 << 10, Duration::from_secs(10))
    } else {
        (1_000_000, Duration::from_secs(1))
    };
    let mut slow = String::new();
    for (name, code) in hostile::programs(bytes) {
        let begin = Instant::now();
        let analysis = analyzer.analyze(&code);
        let elapsed = begin.elapsed();
        assert!(
            analysis.verdict == Verdict::Readable || !analysis.concerns().is_empty(),
            "{name} is refused, and nobody is told"
        );
        assert!(analysis.findings.len() <= 200, "{name}");
        if elapsed > limit {
            writeln!(slow, "{name}: {elapsed:?}").unwrap();
        }
    }
    assert_eq!(slow, "", "slow");
}

#[test]
fn hostile_programs_are_safe_on_a_small_stack() {
    let analyzer = Analyzer::new(&settings()).unwrap();
    std::thread::scope(|scope| {
        let work = || {
            for (_, code) in hostile::programs(16 << 10) {
                analyzer.analyze(&code);
            }
        };
        let thread = std::thread::Builder::new().stack_size(512 << 10);
        thread.spawn_scoped(scope, work).unwrap().join().unwrap();
    });
}

/// Heads that say how a program is encoded, with or against each other.
fn heads() -> Vec<Vec<u8>> {
    let names = [
        "utf-8",
        "UTF-8",
        "utf8",
        "utf_8",
        "U8",
        "utf-8-sig",
        "utf-8-unix",
        "utf-8-foo",
        "utf8-sig",
        "ascii",
        "us-ascii",
        "646",
        "latin-1",
        "latin1",
        "Latin_1",
        "l1",
        "latin-1-unix",
        "iso-8859-1",
        "iso8859-1",
        "iso-8859-15",
        "latin-9",
        "8859",
        "cp819",
        "cp1252",
        "CP1252",
        "windows-1252",
        "1252",
        "cp1251",
        "koi8-r",
        "mac-roman",
        "utf-7",
        "utf-16",
        "utf-16-le",
        "utf-32",
        "unicode_escape",
        "raw_unicode_escape",
        "hex",
        "rot13",
        "rot_13",
        "uu",
        "base64",
        "zlib",
        "idna",
        "punycode",
        "mbcs",
        "oem",
        "undefined",
        "shift_jis",
        "gbk",
        "big5",
        "euc_jp",
        "iso2022_jp",
        "hz",
        "nonsense",
        "",
    ];
    let mut heads: Vec<Vec<u8>> = Vec::new();
    for name in names {
        for head in [
            format!("# coding: {name}\n"),
            format!("# -*- coding: {name} -*-\n"),
            format!("\n# vim: set fileencoding={name} :\n"),
        ] {
            heads.push(head.clone().into_bytes());
            heads.push([b"\xef\xbb\xbf", head.as_bytes()].concat());
        }
    }
    for frame in [
        "x = 1\n# coding: NAME\n",
        "x = 1 # coding: NAME\n",
        "'''\n# coding: NAME\n'''\n",
        "\\\n# coding: NAME\n",
        "# x\r# coding: NAME\n",
        "# x\r\r# coding: NAME\n",
        "# x\r\n# coding: NAME\r\n",
        "\r# coding: NAME\n",
        "\r\r# coding: NAME\n",
        "\x0c# coding: NAME\n",
        "\x0c\n\t # coding: NAME\n",
        "\x0b# coding: NAME\n",
        "# coding:NAME\n",
        "# coding=NAME\n",
        "# coding =NAME\n",
        "# coding:\tNAME\n",
        "# coding:\nNAME\n",
        "# encoding: NAME\n",
        "# recoding: NAME coding: utf-8\n",
        "# coding coding: NAME\n",
        "# coding:: NAME\n",
        "# Coding: NAME\n",
        "#coding:NAME",
        "# coding: NAME\n# coding: utf-8\n",
        "# coding: utf-8\n# coding: NAME\n",
        "\n\n# coding: NAME\n",
        "#\n#\n# coding: NAME\n",
        "x = 1\r# coding: NAME\n",
        "x = 1; '\\\n# coding: NAME'\n",
        "# \u{2028}# coding: NAME\n",
        "# coding: NAME;\n",
        "# coding: NAME\u{e9}\n",
        "\u{a0}# coding: NAME\n",
        "# é coding: NAME\n",
        "\u{feff}# coding: NAME\n",
        "\u{feff}\u{feff}# coding: NAME\n",
    ] {
        for name in ["utf-8", "latin-1", "cp1252", "ascii", "utf-7", "rot13"] {
            heads.push(frame.replace("NAME", name).into_bytes());
        }
    }
    heads
}

/// Programs that name a process variable, and the bytes of the name in many encodings.
fn encoded_programs() -> Vec<Vec<u8>> {
    let names: [&[u8]; 12] = [
        b"plain",
        b"\xc3\xa9",
        b"\xe9",
        b"\x80",
        b"\x81",
        b"\xa4",
        b"+AOk-",
        b"\\xe9",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xc0\x80",
        b"a\x85\xe2\x80\xa8b",
    ];
    let mut programs = Vec::new();
    for head in heads() {
        for name in names {
            programs.push(
                [
                    &head,
                    b"\nimport epics\nepics.caput('".as_slice(),
                    name,
                    b"', 1)\n",
                ]
                .concat(),
            );
        }
    }
    for code in [
        b"import epics\nepics.caput('a', 1)\0".as_slice(),
        b"import epics\0\nepics.caput('a', 1)",
        b"\xff\xfei\0m\0",
        b"\xfe\xff\0i\0m",
        b"import epics # x\r epics.caput('a', 1)",
        b"import epics # x\repics.caput('a', 1)",
        b"import epics # x\x0cepics.caput('a', 1)",
        b"import epics # x\xe2\x80\xa8epics.caput('a', 1)",
        b"import epics # x\xc2\x85epics.caput('a', 1)",
        b"import epics # x\x0bepics.caput('a', 1)",
        b"import epics # x\x1cepics.caput('a', 1)",
        b"import epics\nif 1:\n  pass\n\x0cepics.caput('a', 1)",
        b"import epics\nif 0:\n    pass\n\t\nepics.caput('a', 1)",
        b"import epics\n\xef\xbb\xbfepics.caput('a', 1)",
        b"import epics\nepics\xef\xbc\x8ecaput('a', 1)",
        b"import epics\nepics.\xef\xbd\x83aput('a', 1)",
        b"import epics\nepics.caput\xe2\x80\x8b('a', 1)",
        b"import epics\nepics.caput\xc2\xa0('a', 1)",
        b"import epics\n\x1aepics.caput('a', 1)",
        b"import epics\nepics.caput('a', 1)\x1a",
    ] {
        programs.push(code.to_vec());
    }
    programs
}

/// Reads programs as hexadecimal lines, and prints for each what CPython makes of it: the texts that
/// `caput` is called with, or null if it is no program.
const READER: &str = r"
import ast, json, sys, warnings
warnings.simplefilter('ignore')
for line in sys.stdin:
    try:
        tree = ast.parse(bytes.fromhex(line))
        compile(tree, 'x', 'exec')
    except (SyntaxError, ValueError, LookupError, UnicodeError, RecursionError, MemoryError):
        print('null')
        continue
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = [c.args[0].value for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == 'caput']
    print(json.dumps(names))
";

/// What CPython makes of each of `programs`.
fn read_by_python(programs: &[Vec<u8>]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("programs");
    let mut text = String::new();
    for program in programs {
        for byte in program {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    std::fs::write(&list, text).unwrap();
    let output = Command::new(python().0)
        .args(["-I", "-c", READER])
        .stdin(std::fs::File::open(&list).unwrap())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answers = String::from_utf8(output.stdout).unwrap();
    answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn no_text_is_analyzed_that_python_does_not_read() {
    let programs = encoded_programs();
    let answers = read_by_python(&programs);
    assert_eq!(answers.len(), programs.len());
    let analyzer = Analyzer::new(&settings()).unwrap();
    let mut both = 0;
    for (program, answer) in programs.iter().zip(answers) {
        let analysis = analyzer.analyze(program);
        let shown = String::from_utf8_lossy(program);
        if answer.is_null() {
            continue;
        }
        match &analysis.verdict {
            Verdict::Readable => {
                both += 1;
                assert_eq!(json!(analysis.channels), answer, "{shown:?}");
            }
            // A program that Python runs may be refused, but not as something that can't run.
            Verdict::SyntaxError { message, .. } => panic!("{shown:?} runs, but: {message}"),
            Verdict::Unanalysable { .. } => assert!(analysis.has_writes, "{shown:?}"),
        }
    }
    assert!(both > 300, "{both} programs are read by both");
}

/// The writes that patterns find in `code` under `settings`, as line and column.
fn sites(code: &str, settings: &AnalysisSettings) -> Vec<(u32, u32)> {
    let analysis = Analyzer::new(settings).unwrap().analyze(code.as_bytes());
    analysis
        .findings
        .iter()
        .filter(|finding| finding.category == Category::Write && finding.evidence == Evidence::Regex)
        .map(|finding| (finding.line, finding.column))
        .collect()
}

/// Settings with this one pattern for writes and nothing else.
fn only(pattern: &str) -> AnalysisSettings {
    AnalysisSettings {
        write_patterns: vec![("patterns.write[0]".to_owned(), pattern.to_owned())],
        pattern_mode: PatternMode::Override,
        ..settings()
    }
}

#[test]
fn patterns_see_code_and_nothing_else() {
    for (code, expected) in [
        ("zap(1)", &[(1, 1)][..]),
        ("# zap(1)", &[]),
        ("x = 1 # zap(1)\nzap(2)", &[(2, 1)]),
        ("'zap(1)'", &[]),
        ("b'zap(1)'; r\"zap(1)\"; '''\nzap(1)\n'''", &[]),
        ("'''\n'''; zap(1)", &[(2, 6)]),
        ("'\\'zap(1)'; zap(2)", &[(1, 13)]),
        ("f'zap(1)'", &[]),
        ("f'{zap(1)}'", &[(1, 4)]),
        ("f'{{zap(1)}}'", &[]),
        ("f'zap(1) {zap(2)} zap(3)'", &[(1, 11)]),
        ("f'{x:{zap(1)}}'", &[(1, 7)]),
        ("f'{x:zap(1)}'", &[]),
        ("f'{x!r:>{zap(1)}}'", &[(1, 10)]),
        ("f'{\"zap(1)\"}'", &[]),
        ("f'{f\"zap(1) {zap(2)}\"}'", &[(1, 14)]),
        ("f'{f'{zap(1)}'}'", &[(1, 7)]),
        ("rf'\\{zap(1)}'", &[(1, 6)]),
        ("f'''\n{\nzap(1)\n}'''", &[(3, 1)]),
        ("t'{zap(1)} zap(2)'", &[(1, 4)]),
        ("f'\\N{LATIN SMALL LETTER A}{zap(1)}'", &[(1, 28)]),
        ("x = 'é'; zap(1)", &[(1, 10)]),
        ("é = 1; zap(1)", &[(1, 8)]),
        ("x = 'é'\r\nzap(1)\rzap(2)", &[(2, 1), (3, 1)]),
        ("ｚａｐ(1); zap(2)", &[(1, 1), (1, 9)]),
        ("ﬁ = 1; ｚap(1); ﬁ; zap(2)", &[(1, 8), (1, 19)]),
        ("zap\\\n(1)", &[(1, 1)]),
        ("zap \\\r\n  (1)", &[(1, 1)]),
        ("(zap # why\n (1))", &[(1, 2)]),
        ("x = 'unfinished\nzap(1)", &[(2, 1)]),
        ("x = (\nzap(1)", &[(2, 1)]),
        ("\u{feff}zap(1)", &[(1, 1)]),
    ] {
        assert_eq!(sites(code, &only(r"\bzap\s*\(")), expected, "{code:?}");
    }
}

#[test]
fn a_bracket_in_a_string_does_not_hide_a_write() {
    assert_eq!(
        sites("x = PV('a)b').put(1)", &only(r"PV\([^)]*\)\.put")),
        [(1, 15)]
    );
}

#[test]
fn a_harmless_call_does_not_hide_what_comes_behind_it() {
    // The pattern reaches from p4p to the first call that fits: that one is known to be harmless.
    let code = "import p4p, requests\nrequests.post('u')\nunknown.post(1)\n";
    assert_eq!(sites(code, &only(r"\bp4p\b[\s\S]*?\.post\s*\(")), [(3, 9)]);
    let code = "import p4p, requests\nrequests.post('u')\n";
    assert_eq!(sites(code, &only(r"\bp4p\b[\s\S]*?\.post\s*\(")), []);
}

#[test]
fn a_configured_pattern_is_cleared_only_by_what_it_calls() {
    let code = "import numpy as np\nlab.zap(np.sin(1))\n";
    for pattern in [r"lab\.zap\(.*\)", r"lab\.zap\([\w.]*", r"lab\.zap\(np\.sin\("] {
        assert_eq!(sites(code, &only(pattern)).len(), 1, "{pattern}");
    }
    assert_eq!(
        sites("import numpy as np\nnp.put(a, 1, 2)", &only(r"\.put\(")),
        []
    );
    assert_eq!(
        sites(
            "import numpy as np\nnp.put(a, 1, 2)",
            &only(r"np\.put\s*\(\s*\w+")
        ),
        [(2, 8)]
    );
}

#[test]
fn strict_clears_nothing() {
    for code in [
        "import queue\nqueue.Queue().put(1)",
        "import numpy as np\nnp.put(a, 1, 2)",
        "def write_channel(x): pass\nwrite_channel(1)",
        "import p4p, requests\nrequests.post('u')",
    ] {
        let strict = AnalysisSettings {
            strict: true,
            ..settings()
        };
        assert!(!sites(code, &strict).is_empty(), "{code}");
        let found = detect_operations_with(code, &strict).unwrap();
        assert!(!found.detected_patterns.writes.is_empty(), "{code}");
    }
}

#[test]
fn a_pattern_that_is_none_is_told_with_its_key() {
    for (pattern, reason) in [
        ("(?=x)", "look-around"),
        ("(?<!x)y", "look-around"),
        (r"(a)\1", "backreferences are not supported"),
        ("(", "unclosed group"),
        ("[z-a]", "invalid character class range"),
        ("a{9999}{9999}{9999}", "size limit"),
    ] {
        let AnalysisSetupError::InvalidPattern { key, message } = Analyzer::new(&only(pattern)).unwrap_err()
        else {
            panic!("{pattern}: not an invalid pattern");
        };
        assert_eq!(key, "patterns.write[0]");
        assert!(
            message.contains(reason) && !message.contains('\n'),
            "{pattern}: {message}"
        );
    }
}
