//! What the analysis sees in code: the tables of known cases, and hostile input.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::LazyLock,
    time::{Duration, Instant},
};

use holdpoint::{
    analysis::{
        Analysis, AnalysisSetupError, Analyzer, Verdict, detect_control_system_operations,
        detect_operations_with,
    },
    config::{AnalysisSettings, Config, PatternMode},
    model::{Category, Evidence},
};
use proptest::prelude::*;

fn settings() -> AnalysisSettings {
    Config::builtin().analysis
}

fn analyze(code: impl AsRef<[u8]>) -> Analysis {
    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(&settings()).unwrap());
    ANALYZER.analyze(code.as_ref())
}

/// Asserts what the analysis says of `code`: whether it writes, whether it reads.
#[track_caller]
fn check(code: &str, writes: bool, reads: bool) {
    let analysis = analyze(code);
    assert_eq!(
        (analysis.has_writes, analysis.has_reads),
        (writes, reads),
        "{code}\n{:#?}",
        analysis.findings
    );
}

#[track_caller]
fn check_writes(code: &str, writes: bool) {
    let analysis = analyze(code);
    assert_eq!(analysis.has_writes, writes, "{code}\n{:#?}", analysis.findings);
}

#[track_caller]
fn check_risks(code: &str, risks: &[&str]) {
    let analysis = analyze(code);
    assert_eq!(analysis.risks, risks, "{code}\n{:#?}", analysis.findings);
}

#[test]
fn writes_of_every_library_are_seen() {
    for code in [
        "epics.caput('BEAM:CURRENT', 500.0)",
        "pv = epics.PV('X')\npv.put(500.0)",
        "write_channel('X', 1)",
        "from osprey.runtime import write_channels\nwrite_channels({'PV': 42})",
        "connector.write_channel('PV', 42)",
        "device.write_attribute('MOTOR:POS', 100)",
        "labview.set_control('temperature', 350)",
        "pv.set_value(42.0)",
        "import p4p.client.thread\np4p.client.thread.Context('pva').put('SR:BEND:SP', 1.5)",
        "from p4p.client.asyncio import Context\nContext('pva').put('SR:BEND:SP', 1.5)",
        "from p4p.client.cothread import Context\nContext('pva').put(['A', 'B'], [1, 2])",
        "from p4p.client.thread import Context\nctxt = Context('pva')\nctxt.put('X', 1)",
        "from p4p.client.thread import Context\nctxt = Context('pva')\ncall = ctxt.rpc\ncall('SR:CALC', 1)",
        "from p4p.server.thread import SharedPV\npv = SharedPV(nt=None)",
        "import p4p\npv.post(42.0)",
    ] {
        check_writes(code, true);
    }
}

#[test]
fn what_every_regular_expression_missed_is_seen() {
    for code in [
        "caput\\\n('X',1)",
        "from epics import caput as _w\n_w('SR:MAG:QF:01:CURRENT:SP', 150)",
        "import epics\nw = epics.caput; w('X', 1)",
        "import epics\ngetattr(epics, 'ca' + 'put')('X', 1)",
        "import importlib\nvars(importlib.import_module('epics'))['ca' + 'put']('X', 1)",
        "import epics\nepics.caput_many(['X'], [1])",
        "import epics\npv = epics.PV('X')\npv.value = 5",
        "import epics\npv = epics.PV('X')\nsetattr(pv, 'value', 5)",
        "import epics\nd = epics.Device('X')\nd.VAL = 3",
        "import epics\nepics.Motor('X').move(3)",
        "from ophyd import EpicsSignal\nEpicsSignal('X').set(1)",
        "import bluesky.plan_stubs as bps\nbps.mv(m, 1)",
        "from caproto.sync.client import write\nwrite('X', 1)",
        "from caproto.threading.client import Context\npv, = Context().get_pvs('X')\npv.write([1])",
        "import pvaccess\npvaccess.Channel('X').putDouble(1.0)",
        "import tango\nd = tango.DeviceProxy('a/b/c')\nd.current = 3",
        "import tango\ntango.DeviceProxy('a/b/c').command_inout('On')",
        "import tango\ntango.DeviceProxy('a/b/c').write_attributes([('x', 1)])",
        "import pydoocs\npydoocs.write('A/B/C', 1)",
        "from opcua import Client\nClient('opc.tcp://x').get_node('i=1').write_value(3)",
        "import os\nos.popen('caput X 1')",
        "import os\nos.execvp('caput', ['caput', 'X', '1'])",
        "import ctypes\nctypes.CDLL('libca.so')",
        "import socket\ns = socket.socket()\ns.connect(('ioc', 5064))",
        "import epics\n(epics.caput)('X', 1)",
        "import epics\n(f := epics.caput)('X', 1)",
        "import functools, epics\nfunctools.partial(epics.caput, 'X')(1)",
        "import epics\nlist(map(epics.caput, ['X'], [1]))",
        "import osprey.runtime as r\nw = r.write_channel\nw('X', 1)",
        "from osprey.runtime import write_channel as wc\nwc('X', 1)",
        "ｃａｐｕｔ('X', 1)",
        "epics.\\\ncaput('X', 1)",
        "caput ('X', 1)",
        "import epics\n@epics.PV('X').put\ndef f(): pass",
        "p = epics.PV('X').put\np(1)",
    ] {
        check_writes(code, true);
    }
}

/// The programs of a file, which separates them by lines of three dashes.
fn programs(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n---\n")
}

#[test]
fn no_detour_hides_a_write() {
    for code in programs(include_str!("../programs/writes.txt")) {
        check_writes(code, true);
        assert!(!analyze(code).concerns().is_empty(), "{code}");
    }
}

/// Each program's first line names its disguise and the channels that must be told; a `?` says that there
/// may be others.
#[test]
fn no_class_of_the_programs_own_hides_a_write() {
    let analyzer = Analyzer::new(&settings()).unwrap();
    let mut wrong = Vec::new();
    for code in programs(include_str!("../programs/disguised.txt")) {
        let title = code.lines().next().unwrap();
        let (_, expected) = title.rsplit_once(':').unwrap();
        let analysis = analyzer.analyze(code.as_bytes());
        let mut told = analysis.channels.clone();
        told.extend(analysis.writes_unresolved.then(|| "?".to_owned()));
        if !analysis.has_writes || told.join(" ") != expected.trim() {
            wrong.push(format!("{title} (told: {told:?})"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn what_is_held_in_too_many_ways_settles() {
    // Ever more members are reached, of which not all can be kept; a deleted key stays deleted.
    for code in [
        "import numpy as np\nclass C:\n    def __init__(self): self.x = np.a\n    def go(self):\n        \
         self.x = self.x.b() or self.x.c or self.x.d() or self.x.e or self.x.f() or self.x.g or self.x.h\n        \
         self.y = self.x.z() or self.y.w\n        self.x = self.y\nC().go()",
        "d = {}\nd['a']\ndel d['a']",
        "d = {}\ndef f(k): return d[k]\ndef g(k): del d[k]\nf('a')\ng('a')",
    ] {
        let analysis = analyze(code);
        let rules: Vec<_> = analysis.findings.iter().map(|finding| &*finding.rule).collect();
        assert!(!rules.contains(&"analysis_incomplete"), "{code}\n{rules:?}");
    }
}

#[test]
fn harmless_programs_need_no_human() {
    for code in programs(include_str!("../programs/harmless.txt")) {
        check_writes(code, false);
        assert_eq!(analyze(code).concerns(), Vec::<String>::new(), "{code}");
    }
}

/// Each of these programs writes to A and to B, one of them through another name of a container or object.
#[test]
fn a_list_of_channels_is_whole_or_not_told() {
    for code in programs(include_str!("../programs/aliases.txt")) {
        let told = analyze(code);
        let writes: Vec<_> = told
            .findings
            .iter()
            .filter(|finding| matches!(finding.category, Category::Write | Category::PotentialWrite))
            .collect();
        let is_open = writes.iter().any(|finding| finding.channels.is_empty());
        let names = |name: &str| {
            writes
                .iter()
                .any(|finding| finding.channels.iter().any(|channel| channel == name))
        };
        assert!(is_open || (names("A") && names("B")), "{code}");
    }
}

#[test]
fn reads_are_not_writes() {
    for code in [
        "value = epics.caget('X')",
        "pv.get()",
        "read_channel('X')",
        "from p4p.client.thread import Context\nContext('pva')",
        "from p4p.client.thread import Context\nContext('pva').monitor('SR:IMAGE', print)",
        "from epics import PV\nprint(PV('X').value)",
    ] {
        check(code, false, true);
    }
    check(
        "import epics\nx = epics.caget('A')\nepics.caput('B', x)",
        true,
        true,
    );
}

#[test]
fn harmless_code_is_neither() {
    for code in [
        "import numpy as np\nresults = {'mean': float(np.mean([1, 2]))}",
        "cache = {}\ncache['key'] = 'value'",
        "import requests\nrequests.post('u', json={})",
        "session.post('u', data=1)",
        "import ssl\nssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        "# caput('X',1) is not called",
        "s = \"write_channel('X', 1)\"",
        "def f():\n    '''epics.caput('X', 1)'''\n",
        "import queue\nqueue.Queue().put(1)",
        "import requests\nrequests.put('u')",
        "import numpy as np\nnp.put(np.zeros(3), 1, 2)",
        "def write_channel(x):\n    return x\nwrite_channel(1)",
        "from decimal import Context\nContext(prec=3)",
        "d = {}\nd.get('x')",
        "class Model:\n    def eval(self): return self\nModel().eval()",
        "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.eval('a+b')",
        "f'{1:>{2}}'",
    ] {
        check(code, false, false);
    }
}

#[test]
fn a_pattern_is_cleared_only_where_the_receiver_is_known() {
    check_writes("queue.put(1)", true);
    check_writes("def f(q):\n    q.put(1)", true);
    check_writes("slider.set_value(3)", true);
    let strict = AnalysisSettings {
        strict: true,
        ..settings()
    };
    let analyzer = Analyzer::new(&strict).unwrap();
    assert!(analyzer.analyze(b"import queue\nqueue.Queue().put(1)").has_writes);
    assert!(!analyzer.analyze(b"# queue.put(1)").has_writes);
}

#[test]
fn risks_are_told_by_what_is_called() {
    for (code, risks) in [
        ("exec('x = 1')", &["dynamic_exec"][..]),
        ("exec ('x')", &["dynamic_exec"]),
        ("f = eval\nf('1')", &["dynamic_exec"]),
        ("compile('1', 'x', 'eval')", &["dynamic_exec"]),
        ("__import__('os')", &["dynamic_import"]),
        (
            "import importlib\nimportlib.import_module(x)",
            &["dynamic_import"],
        ),
        ("import ctypes\nctypes.CDLL('libca.so')", &["native_code"]),
        ("import cffi\ncffi.FFI()", &["native_code"]),
        ("import os\nos.system('ls')", &["subprocess"]),
        ("from os import popen as p\np('ls')", &["subprocess"]),
        ("import subprocess", &["subprocess"]),
        (
            "import socket\nsocket.create_connection(('log', 514))",
            &["network"],
        ),
        ("import pickle\npickle.loads(b'')", &["deserialization"]),
        ("import shutil\nshutil.rmtree('x')", &["file_delete"]),
        ("import os\nos.remove('x')", &["file_delete"]),
        ("open('x', 'w')", &["file_write"]),
        ("open('x')", &[]),
        ("open('x', mode)", &["file_write"]),
        ("getattr(x, name)", &["reflection"]),
        (
            "import builtins\ngetattr(builtins, 'ex' + 'ec')('1')",
            &["dynamic_exec"],
        ),
        ("globals()['f']()", &["reflection"]),
        ("vars()['f']()", &["reflection"]),
        ("import sys\nsys.modules['epics']", &["reflection"]),
        ("().__class__.__bases__[0].__subclasses__()", &["reflection"]),
        (
            "import os\nos.environ['EPICS_CA_ADDR_LIST'] = 'x'",
            &["guard_tamper"],
        ),
        ("import re\nre.compile('x')", &[]),
        ("import ast\nast.literal_eval('1')", &[]),
        ("model.eval()", &[]),
        ("x = (", &["syntax_error"]),
    ] {
        check_risks(code, risks);
    }
}

#[test]
fn harmless_processes_and_sockets_are_no_writes() {
    check_writes("import subprocess\nsubprocess.run(['caget', 'X'])", false);
    check_writes(
        "import subprocess\nsubprocess.run('caget X; caput X 1', shell=True)",
        true,
    );
    check_writes("import subprocess\nsubprocess.run(command)", true);
    check_writes("import subprocess\nsubprocess.run(['./caget', 'X'])", true);
    check_writes("import socket\nsocket.create_connection(('log', 514))", false);
    check_writes("import socket\nsocket.create_connection(('ioc', port))", true);
}

#[test]
fn channels_are_told_where_the_code_names_them() {
    for (code, channels, unresolved) in [
        ("import epics\nepics.caput('SR:A:SP', 3)", &["SR:A:SP"][..], false),
        ("import epics\nepics.PV('SR:A:SP').put(3)", &["SR:A:SP"], false),
        (
            "import epics\np = epics.PV('SR:A:SP')\np.value = 3",
            &["SR:A:SP"],
            false,
        ),
        ("caput('X', 1)", &["X"], false),
        ("import epics\nepics.caput(name, 3)", &[], true),
        (
            "import epics\nepics.caput('A', 1)\nepics.caput(f'{b}', 1)",
            &["A"],
            true,
        ),
        ("write_channels({'A': 1, 'B': 2})", &["A", "B"], false),
        (
            "import epics\nclass C:\n    n = 'A'\n    def go(self): epics.caput(self.n, 1)\n\
             class D(C): n = 'B'\nD().go()",
            &["A", "B"],
            false,
        ),
        (
            "from ophyd import EpicsSignal\nEpicsSignal('A:RB', write_pv='B:SP', name='x').put(3)",
            &["B:SP"],
            false,
        ),
        (
            "import epics\nl = ['C', 'A']\nl.pop(0)\nepics.caput(l[0], 1)",
            &["A", "C"],
            false,
        ),
        ("print(1)", &[], false),
    ] {
        let analysis = analyze(code);
        assert_eq!(analysis.channels, channels, "{code}\n{:#?}", analysis.findings);
        assert_eq!(analysis.writes_unresolved, unresolved, "{code}");
    }
}

/// What the first line of a program of `tests/programs/told.txt` says of its process variables: `A=3` for a
/// value that is told with it; nothing for `?`, which says that the list is not known.
fn expected(head: &str) -> Option<BTreeMap<String, Option<String>>> {
    let words = head.trim_start_matches("# ");
    let told = words.split(' ').map(|word| match word.split_once('=') {
        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
        None => (word.to_owned(), None),
    });
    (words != "?").then(|| told.collect())
}

#[test]
fn process_variables_are_told_with_their_values() {
    for program in programs(include_str!("../programs/told.txt")) {
        let (head, code) = program.split_once('\n').unwrap();
        let analysis = analyze(code);
        let mut told: BTreeMap<String, Option<String>> = BTreeMap::new();
        for finding in &analysis.findings {
            for (index, channel) in finding.channels.iter().enumerate() {
                if finding.category != Category::Read {
                    // Where something is handed on, only its call tells the value.
                    let value = finding.values.get(index).cloned().flatten();
                    let known = told.entry(channel.clone()).or_default();
                    *known = value.or(known.take());
                }
            }
        }
        match expected(head) {
            Some(expected) => {
                assert_eq!(told, expected, "{program}\n{:#?}", analysis.findings);
                assert!(!analysis.writes_unresolved, "{program}\n{:#?}", analysis.findings);
            }
            None => assert!(analysis.writes_unresolved, "{program}\n{:#?}", analysis.findings),
        }
    }
}

#[test]
fn a_program_that_writes_is_told_with_its_words() {
    for code in [
        "import subprocess\nsubprocess.run(['caput', 'SR:A', '3'])",
        "import os\nos.system('caput SR:A 3')",
    ] {
        let analysis = analyze(code);
        let write = analysis
            .findings
            .iter()
            .find(|finding| finding.category == Category::Write)
            .unwrap();
        assert_eq!(write.channels, ["SR:A"], "{code}");
        assert_eq!(write.values, [Some("3".to_owned())], "{code}");
    }
}

#[test]
fn results_must_plainly_be_a_dictionary() {
    for code in [
        "results = {}",
        "results = {'a': 1}",
        "results = dict()",
        "results = dict(a=1)",
        "results = {k: 1 for k in 'ab'}",
        "results = None\nresults = {'a': 1}",
    ] {
        assert!(analyze(code).has_results, "{code}");
    }
    for code in [
        "x = 1",
        "# results = {}",
        "s = 'results = {}'",
        "results = None",
        "results = []",
        "results = 'x'",
        "results = f()",
        "results = other",
        "results = o.m()",
        "import json\nresults = json.loads('{}')",
        "results = {",
        "",
    ] {
        assert!(!analyze(code).has_results, "{code}");
    }
}

#[test]
fn patterns_extend_or_override_and_are_never_skipped() {
    let mut own = AnalysisSettings {
        write_patterns: vec![("patterns.write[0]".to_owned(), r"\bzap\(".to_owned())],
        ..settings()
    };
    let detect = |code: &str, settings: &AnalysisSettings| detect_operations_with(code, settings).unwrap();
    assert!(detect("zap(1)", &own).has_writes);
    assert!(detect("epics.caput('X', 1)", &own).has_writes);
    own.pattern_mode = PatternMode::Override;
    assert!(detect("zap(1)", &own).has_writes);
    assert!(!detect("epics.caput('X', 1)", &own).has_writes);
    // Read patterns alone leave the write patterns as they are.
    let reads = AnalysisSettings {
        pattern_mode: PatternMode::Override,
        read_patterns: vec![("patterns.read[0]".to_owned(), "peek".to_owned())],
        ..settings()
    };
    assert!(detect("epics.caput('X', 1)", &reads).has_writes);

    let broken = AnalysisSettings {
        write_patterns: vec![("control_system.patterns.write[0]".to_owned(), "(?=x)".to_owned())],
        ..settings()
    };
    let error = Analyzer::new(&broken).unwrap_err();
    let AnalysisSetupError::InvalidPattern { key, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(key, "control_system.patterns.write[0]");
}

#[test]
fn the_traditional_detection_tells_its_patterns() {
    let found = detect_control_system_operations("import epics\nepics.caput('X', epics.caget('Y'))");
    assert!(found.has_writes && found.has_reads);
    assert_eq!(found.control_system_type, "epics");
    assert!(
        found
            .detected_patterns
            .writes
            .contains(&r"\bcaput\s*\(".to_owned())
    );
    assert!(
        found
            .detected_patterns
            .reads
            .contains(&r"\bcaget\s*\(".to_owned())
    );
    assert!(!detect_control_system_operations("x = 1").has_writes);
}

#[test]
fn the_policy_digest_covers_the_settings() {
    let digest = |settings: &AnalysisSettings| Analyzer::new(settings).unwrap().policy_digest();
    let changed = AnalysisSettings {
        strict: true,
        ..settings()
    };
    assert_eq!(digest(&settings()), digest(&settings()));
    assert_ne!(digest(&settings()), digest(&changed));
}

#[test]
fn findings_are_in_order_and_capped() {
    let mut code = "open('x', 'w')\n".repeat(400);
    code.push_str("import epics\nepics.caput('X', 1)\n");
    let analysis = analyze(&code);
    assert_eq!(analysis.findings.len(), 200);
    assert_eq!(analysis.findings_total, 401);
    assert!(
        analysis
            .findings
            .iter()
            .any(|finding| finding.category == Category::Write),
        "the write is not hidden by the flood"
    );
    let places: Vec<_> = analysis
        .findings
        .iter()
        .map(|finding| (finding.line, finding.column, finding.rule.clone()))
        .collect();
    let mut sorted = places.clone();
    sorted.sort();
    assert_eq!(places, sorted);
}

#[test]
fn a_finding_tells_its_place() {
    let analysis = analyze("import epics\nx = 'é'; epics.ｃaput('X', 1)\n");
    let finding = analysis
        .findings
        .iter()
        .find(|finding| finding.category == Category::Write)
        .unwrap();
    assert_eq!((finding.line, finding.column), (2, 16));
    assert_eq!(finding.evidence, Evidence::Resolved);
    assert_eq!(finding.snippet, "x = 'é'; epics.ｃaput('X', 1)");
    // A comment ends at a carriage return.
    assert_eq!(analyze("# x\rcaput('X', 1)").findings[0].line, 2);
}

/// The kind of verdict, in short.
fn verdict(analysis: &Analysis) -> String {
    match &analysis.verdict {
        Verdict::Readable => "readable".to_owned(),
        Verdict::SyntaxError { .. } => "syntax_error".to_owned(),
        Verdict::Unanalysable { code, .. } => code.clone(),
    }
}

#[test]
fn bytes_are_read_as_python_reads_them() {
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("caput('X', 1)".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let cases: &[(&[u8], &str, bool)] = &[
        (b"\xef\xbb\xbfcaput('X', 1)", "readable", true),
        (b"\xef\xbb\xbf# coding: latin-1\nx", "syntax_error", false),
        (b"# coding: latin-1\ns = '\xe9'; caput('X', 1)", "readable", true),
        (
            b"#!/usr/bin/python\n# -*- coding: cp1252 -*-\ns = '\x80'",
            "readable",
            false,
        ),
        (b"# coding: cp1252\ns = '\x81'", "syntax_error", false),
        (b"# coding: ascii\ns = '\xe9'", "syntax_error", false),
        (b"s = '\xe9'", "syntax_error", false),
        (
            b"# coding: utf-7\n+AGMAYQBwAHUAdA-('X', 1)",
            "encoding_unsupported",
            true,
        ),
        (b"x = 1\n# coding: utf-7\n", "readable", false),
        (b"# x\r\r# coding: utf-7\n", "encoding_unsupported", true),
        (b"x = 1\0", "syntax_error", false),
        (&utf16, "syntax_error", false),
        (b"", "readable", false),
    ];
    for (code, expected, writes) in cases {
        let analysis = analyze(code);
        assert_eq!(
            verdict(&analysis),
            *expected,
            "{:?}",
            String::from_utf8_lossy(code)
        );
        assert_eq!(
            analysis.has_writes,
            *writes,
            "{:?}",
            String::from_utf8_lossy(code)
        );
        assert_eq!(*expected == "readable" && !writes, analysis.concerns().is_empty());
    }
}

#[test]
fn hostile_code_gets_a_verdict() {
    let n = 200_000;
    let cases = [
        ("minus", format!("x = {}1", "-".repeat(n))),
        ("not", format!("x = {}1", "not ".repeat(n))),
        ("attributes", format!("x = a{}", ".b".repeat(n))),
        ("sum", format!("x = 1{}", "+1".repeat(n))),
        ("power", format!("x = 1{}", "**1".repeat(n))),
        ("calls", format!("x = f{}", "()".repeat(n))),
        ("items", format!("x = f{}", "[0]".repeat(n))),
        ("parentheses", format!("x = {}1{}", "(".repeat(n), ")".repeat(n))),
        ("brackets", "[".repeat(n)),
        ("mismatched", "(]".repeat(n)),
        ("mixed", "([{".repeat(n)),
        ("choices", format!("x = 1{}", " if 1 else 1".repeat(n / 4))),
        ("lambdas", format!("x = {}1", "lambda: ".repeat(n / 4))),
        (
            "lambdas with commas",
            format!("x = {}1", "lambda a, b: ".repeat(n / 4)),
        ),
        ("yields", format!("def f():\n x = 1{}", ", yield 1".repeat(n / 4))),
        ("walruses", format!("x = {}1", "(a := ".repeat(n / 4))),
        ("awaits", format!("async def f():\n {}x", "await ".repeat(n / 4))),
        ("comparisons", format!("x = 1{}", "<1".repeat(n))),
        ("strings", format!("x = {}", "'a' ".repeat(n))),
        ("f-strings", format!("x = {}", "f'{".repeat(n / 4))),
        ("format specs", format!("x = f'{}", "{x:".repeat(n / 4))),
        ("decorators", format!("{}def f(): pass", "@a\n".repeat(n))),
        ("decorator", format!("@{}a\ndef f(): pass", "a.".repeat(n))),
        (
            "blocks",
            (0..2_000).map(|i| format!("{}if x:\n", " ".repeat(i))).collect(),
        ),
        ("elifs", format!("if x: pass\n{}", "elif x: pass\n".repeat(n / 4))),
        (
            "patterns",
            format!("match x:\n case {}1: pass", "[".repeat(n / 4)),
        ),
        (
            "alternatives",
            format!("match x:\n case 1{}: pass", "|1".repeat(n / 4)),
        ),
        ("backslashes", "\\\n".repeat(n)),
        ("quotes", "'''".repeat(n / 3)),
        (
            "names",
            (0..n / 8).map(|i| format!("a{i}=a{}\n", i + 1)).collect(),
        ),
        ("texts", format!("s = 'x'\n{}", "s = s + s\n".repeat(1_000))),
        ("semicolons", "x;".repeat(n)),
        ("gets", "p4p\n".repeat(n / 4)),
        (
            "types",
            format!("x: {}int{}", "a[".repeat(n / 4), "]".repeat(n / 4)),
        ),
        ("stars", format!("f({}a)", "*".repeat(n / 4))),
        ("large", "x = 1\n".repeat((10 << 20) / 6)),
    ];
    let mut slow = String::new();
    for (name, code) in &cases {
        let begin = Instant::now();
        let analysis = analyze(code);
        let elapsed = begin.elapsed();
        if std::env::var_os("HOLDPOINT_TEST_TIMES").is_some() {
            eprintln!("{name:24} {:24} {elapsed:?}", verdict(&analysis));
        }
        // A debug build on a busy machine is many times slower than what users run.
        let limit = Duration::from_millis(if cfg!(debug_assertions) { 20_000 } else { 1_000 });
        if elapsed > limit {
            writeln!(slow, "{name}: {elapsed:?}").unwrap();
        }
    }
    assert_eq!(slow, "", "slow");
}

#[test]
fn the_deepest_code_that_passes_is_walked() {
    // Just under the limit of the scan: the tree is parsed, walked and dropped.
    let analysis = analyze(format!(
        "import epics\nx = 1{}\nepics.caput('X', 1)",
        "+1".repeat(2_900)
    ));
    assert_eq!(analysis.verdict, Verdict::Readable);
    assert!(analysis.has_writes);
    for code in [
        format!("x = {}1", "-".repeat(2_900)),
        format!("x = a{}", ".b".repeat(2_900)),
        format!("x = f{}", "()".repeat(2_900)),
        format!("x = {}1", "lambda: ".repeat(1_400)),
        format!("x = 1{}", " if 1 else 1".repeat(1_400)),
        format!("x = {}1{}", "[".repeat(190), "]".repeat(190)),
    ] {
        assert_eq!(verdict(&analyze(&code)), "readable", "{}", &code[..20]);
    }
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("import epics".to_owned()),
        Just("epics.caput('X', 1)".to_owned()),
        Just("import queue\nq = queue.Queue()\nq.put(1)".to_owned()),
        Just("x = epics.caget('Y')".to_owned()),
        Just("def f(pv):\n    pv.put(3)".to_owned()),
        Just("d = {'a': 1}\nd.get('a')".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn comments_and_blank_lines_change_nothing(
        lines in prop::collection::vec(any_line(), 0..6),
        comment in "[ -~]{0,20}",
        at in 0_usize..7,
    ) {
        let at = at.min(lines.len());
        let mut more = lines.clone();
        more.insert(at, format!("# {}\n\n", comment.replace("coding", "")));
        let (before, after) = (analyze(lines.join("\n")), analyze(more.join("\n")));
        prop_assert_eq!(before.has_writes, after.has_writes);
        prop_assert_eq!(before.has_reads, after.has_reads);
        prop_assert_eq!(before.risks, after.risks);
    }

    #[test]
    fn every_byte_string_gets_a_verdict(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let analysis = analyze(&bytes);
        prop_assert!(analysis.verdict == Verdict::Readable || !analysis.concerns().is_empty());
    }

    #[test]
    fn every_token_soup_gets_a_verdict(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", "[", "]", "{", "}", "f'", "f\"\"\"", "'", ":", ",", "=", ":=", "lambda", "yield", "a",
                "1", ".", "\n", "\n ", "\n\t", "if", "else", "for", "in", "match", "case", "*", "**", "-", "@",
                "def", "class", "async", "await", "\\\n", "#", "é", "ﬁ", "import", "from", "epics", "\r",
            ]),
            0..60,
        ),
        glue in prop::sample::select(vec!["", " "]),
    ) {
        let analysis = analyze(tokens.join(glue));
        prop_assert!(analysis.verdict == Verdict::Readable || !analysis.concerns().is_empty());
    }
}
