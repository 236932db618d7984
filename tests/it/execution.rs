//! Programs in the real sandbox: what they get, what they leave, what they cannot do.

use std::{
    collections::BTreeMap,
    fs,
    io::BufRead,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use holdpoint::{
    config::{
        Config, ExecutionMethod, ExecutionSettings, Isolation, LocalSettings, NotebookSettings, SpareSettings,
    },
    execution::{
        Access, Execution, ExecutionError, Executor, Job, LocalExecutor, NoTrail, Permit, Placement,
        Prepared, ProgramEnd, Trail, TrailError, create_folder, gateway::Gateway,
    },
    model::{CodeSha256, GatewayEvent, Timestamp},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The interpreter the tests run programs with, and whether it has the scientific packages.
pub(crate) fn python() -> (PathBuf, bool) {
    match std::env::var_os("HOLDPOINT_TEST_PYTHON") {
        Some(path) => (PathBuf::from(path), true),
        None => (PathBuf::from("/usr/bin/python3"), false),
    }
}

/// Says loudly that a test did not run.
pub(crate) fn skip(test: &str) {
    eprintln!("SKIPPED {test}: set HOLDPOINT_TEST_PYTHON to an environment with numpy, pandas, matplotlib");
}

/// The isolations that the tests' host offers, and none.
pub(crate) fn offered() -> Vec<Isolation> {
    let all = [
        Isolation::BubblewrapCgroup,
        Isolation::Bubblewrap,
        Isolation::Landlock,
        Isolation::None,
    ];
    all.into_iter()
        .filter(|isolation| {
            let mut place = place();
            place.settings.local.isolation = *isolation;
            place.let_others_pass();
            LocalExecutor::probe(&place.settings)
                .inspect_err(|error| eprintln!("SKIPPED {isolation:?}: {error}"))
                .is_ok()
        })
        .collect()
}

pub(crate) struct Place {
    pub(crate) dir: TempDir,
    pub(crate) settings: ExecutionSettings,
}

pub(crate) fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    // As in a private home: the programs' user cannot get here by itself.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let settings = ExecutionSettings {
        method: ExecutionMethod::Local,
        local: LocalSettings {
            python: python().0,
            interpreters: Vec::new(),
            isolation: Isolation::Auto,
            launcher: None,
            user: "nobody".to_owned(),
            environment: BTreeMap::new(),
            spares: SpareSettings::default(),
        },
        container: Config::builtin().execution.container,
        workspace_dir: dir.path().join("runs"),
        max_output_bytes: 64 << 10,
        max_file_bytes: 8 << 20,
        max_memory_bytes: 2 << 30,
        max_processes: 32,
        max_workspace_bytes: 16 << 20,
        max_workspace_files: 200,
        notebook: NotebookSettings::default(),
    };
    Place { dir, settings }
}

impl Place {
    pub(crate) fn job(&self, code: &str) -> Job {
        Job {
            code: code.to_owned(),
            access: Access::Read,
            trail: Arc::new(NoTrail),
            placement: Placement::default(),
            context: json!({"BEAM_CURRENT": 500.25}),
            folder: create_folder(&self.settings.workspace_dir, "test", Timestamp::now()).unwrap(),
            timeout: Duration::from_secs(60),
        }
    }

    pub(crate) fn is_root(&self) -> bool {
        self.dir.path().metadata().unwrap().uid() == 0
    }

    /// Without a sandbox, the programs' user must be able to pass through the directories above a run's.
    pub(crate) fn let_others_pass(&self) {
        fs::set_permissions(self.dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
    }

    pub(crate) async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        LocalExecutor::probe(&self.settings)?.prepare(job).await
    }

    pub(crate) async fn run(&self, code: &str) -> Execution {
        self.run_job(self.job(code)).await
    }

    pub(crate) async fn run_job(&self, job: Job) -> Execution {
        self.prepare(job)
            .await
            .unwrap()
            .run(CancellationToken::new())
            .await
    }
}

#[track_caller]
pub(crate) fn results(execution: &Execution) -> &Value {
    assert_eq!(execution.end, ProgramEnd::Finished, "{execution:#?}");
    execution
        .results
        .as_ref()
        .unwrap_or_else(|| panic!("no results: {execution:#?}"))
}

#[track_caller]
pub(crate) fn killed(execution: &Execution) -> &str {
    match &execution.end {
        ProgramEnd::Killed { code, .. } => code,
        other => panic!("not killed: {other:?}"),
    }
}

/// Waits until `done`, which some other process brings about.
pub(crate) fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether some process holds the lock that `LOCKED_DAEMON` takes.
pub(crate) fn is_locked(folder: &Path) -> bool {
    let Ok(file) = fs::File::open(folder.join("execution_01/work/lock")) else {
        return false;
    };
    file.try_lock().is_err()
}

/// Starts a daemon that has left its parent and its session and holds a lock; goes on once it has it.
pub(crate) const LOCKED_DAEMON: &str = "
import os, fcntl, signal, time
listen, tell = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 32):
            try:
                signal.signal(number, signal.SIG_IGN)
            except OSError:
                pass
        lock = open('lock', 'w')
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.write(tell, b'x')
        os.close(1)
        os.close(2)
        while True:
            time.sleep(1000)
    os._exit(0)
os.read(listen, 1)
";

#[tokio::test]
async fn a_program_runs_and_leaves_its_results() {
    let place = place();
    let execution = place
        .run("print('hello')\nimport sys\nprint('careful', file=sys.stderr)\nresults = {'i': context['BEAM_CURRENT']}\n")
        .await;
    assert_eq!(results(&execution), &json!({"i": 500.25}));
    assert_eq!(execution.stdout, "hello\n");
    assert_eq!(execution.stderr, "careful\n");
    assert!(
        execution.isolation.starts_with("bubblewrap"),
        "{}",
        execution.isolation
    );
    assert!(execution.seconds > 0.0 && !execution.output_truncated);
    assert!(execution.notes.is_empty(), "{:?}", execution.notes);
}

/// P1: the code runs byte for byte as approved.
#[tokio::test]
async fn code_runs_byte_for_byte() {
    let place = place();
    let tail = "\nimport hashlib\nsource = open('/input/program.py', 'rb').read()\n\
                results = {'sha': hashlib.sha256(source).hexdigest(), 'text': text}";
    for (head, text) in [
        ("text = '''a\n  b\n\n\tc '''", "a\n  b\n\n\tc "),
        (
            "text = '''\n        indented\n    less\n'''",
            "\n        indented\n    less\n",
        ),
        (
            "def f():\r\n    return '''x\r\n    y'''\r\ntext = f()\r",
            "x\n    y",
        ),
        (
            "# -*- coding: utf-8 -*-\ntext = 'Grüße \u{202e} \u{1f600}'",
            "Grüße \u{202e} \u{1f600}",
        ),
        ("\u{feff}text = 'bom'", "bom"),
        ("if True:\n\ttext = 'tabs'\n\u{c}", "tabs"),
        ("text = 'no line end'  ", "no line end"),
    ] {
        let code = format!("{head}{tail}");
        let execution = place.run(&code).await;
        let sha = CodeSha256::of(code.as_bytes()).0;
        assert_eq!(
            results(&execution),
            &json!({"sha": sha, "text": text}),
            "{head:?}"
        );
        let kept = fs::read(execution.folder.join("execution_01/input/program.py")).unwrap();
        assert_eq!(kept, code.as_bytes());
    }
}

/// X4: results survive as valid JSON.
#[tokio::test]
async fn results_have_a_stable_form() {
    let place = place();
    let float = |value: &str| json!({"_type": "float", "value": value});
    for (expression, expected) in [
        ("{}", json!({})),
        (
            "{'a': None, 'b': True, 'c': 1, 'd': 0.1, 'e': 'é'}",
            json!({"a": null, "b": true, "c": 1, "d": 0.1, "e": "é"}),
        ),
        (
            "{'n': float('nan'), 'p': float('inf'), 'm': -float('inf')}",
            json!({"n": float("nan"), "p": float("inf"), "m": float("-inf")}),
        ),
        (
            "{'c': 1+2j}",
            json!({"c": {"_type": "complex", "real": 1.0, "imag": 2.0}}),
        ),
        (
            "{'s': {3, 1, 2}}",
            json!({"s": {"_type": "set", "items": [1, 2, 3]}}),
        ),
        (
            "{'t': (1, (2,)), 'r': range(3)}",
            json!({"t": [1, [2]], "r": [0, 1, 2]}),
        ),
        (
            "{'b': b'\\x00\\xff'}",
            json!({"b": {"_type": "bytes", "base64": "AP8="}}),
        ),
        ("{'p': __import__('pathlib').Path('/a/b')}", json!({"p": "/a/b"})),
        (
            "{'d': __import__('datetime').datetime(2026, 1, 2, 3, 4, 5)}",
            json!({"d": "2026-01-02T03:04:05"}),
        ),
        (
            "{'d': __import__('datetime').date(2026, 1, 2)}",
            json!({"d": "2026-01-02"}),
        ),
        (
            "{'d': __import__('datetime').timedelta(minutes=1.5)}",
            json!({"d": {"_type": "timedelta", "seconds": 90.0}}),
        ),
        (
            "{'d': __import__('decimal').Decimal('1.10')}",
            json!({"d": {"_type": "decimal", "value": "1.10"}}),
        ),
        (
            "{1: 'i', '1': 's', None: 'n', (1, 2): 't'}",
            json!({"1 (int)": "i", "1": "s", "None": "n", "(1, 2)": "t"}),
        ),
        (
            "{'d': {'_type': 'set'}}",
            json!({"d": {"_type": "dict", "items": [["_type", "set"]]}}),
        ),
        (
            "{'big': 2**70}",
            json!({"big": {"_type": "int", "value": "1180591620717411303424"}}),
        ),
        ("{'lone': '\\ud800'}", json!({"lone": "\\ud800"})),
        (
            "{'o': type('Odd', (), {'__repr__': lambda self: 'odd'})()}",
            json!({"o": {"_type": "repr", "class": "__main__.Odd", "value": "odd"}}),
        ),
        (
            "{'o': type('Bad', (), {'__repr__': lambda self: 1 / 0})()}",
            json!({"o": {"_type": "repr", "class": "__main__.Bad", "value": "<unreadable: ZeroDivisionError>"}}),
        ),
    ] {
        let execution = place.run(&format!("results = {expression}\n")).await;
        assert_eq!(results(&execution), &expected, "{expression}");
        assert!(execution.notes.is_empty(), "{expression}: {:?}", execution.notes);
    }
    let cyclic = place.run("l = []\nl.append(l)\nresults = {'l': l}\n").await;
    assert_eq!(results(&cyclic), &json!({"l": [{"_type": "cycle"}]}));
    for (code, note) in [
        (
            "results = d = {}\nfor _ in range(500):\n    d['d'] = {}\n    d = d['d']\n",
            "nested",
        ),
        (
            "results = d = {}\nfor _ in range(500):\n    d['_type'] = 1\n    d['d'] = {}\n    d = d['d']\n",
            "nested",
        ),
        ("results = {'l': ['x'] * 1000000}\n", "too many"),
        ("results = {'t': 'x' * 3000000}\n", "characters"),
        (
            "results = {str(i): 'x' * 900000 for i in range(20)}\n",
            "left out",
        ),
        ("results = [1]\n", "is a list, not a dict"),
    ] {
        let execution = place.run(code).await;
        assert_eq!(execution.end, ProgramEnd::Finished, "{code}");
        assert!(
            execution.notes.iter().any(|told| told.contains(note)),
            "{code}: {:?}",
            execution.notes
        );
    }
}

#[tokio::test]
async fn scientific_results_have_a_stable_form() {
    let place = place();
    if !python().1 {
        return skip("scientific_results_have_a_stable_form");
    }
    let nan = json!({"_type": "float", "value": "nan"});
    for (expression, expected) in [
        (
            "{'a': np.arange(4).reshape(2, 2), 's': np.float32(0.5), 'i': np.int64(7), 'b': np.bool_(True)}",
            json!({"a": [[0, 1], [2, 3]], "s": 0.5, "i": 7, "b": true}),
        ),
        (
            "{'n': np.array([np.nan, 1.0]), 'c': np.complex128(1j)}",
            json!({"n": [nan, 1.0], "c": {"_type": "complex", "real": 0.0, "imag": 1.0}}),
        ),
        (
            "{'l': np.longdouble(1.5), 't': np.datetime64('2026-01-02'), 'f': np.float64(2.5)}",
            json!({"l": 1.5, "t": "2026-01-02", "f": 2.5}),
        ),
        (
            "{'t': np.array(['2026-01-02'], dtype='datetime64[ns]')}",
            json!({"t": ["2026-01-02T00:00:00.000000000"]}),
        ),
        (
            "{'d': pd.DataFrame({'x': [1, 2], 'y': [1.5, 2.5]})}",
            json!({"d": {"_type": "dataframe", "columns": ["x", "y"], "index": [0, 1], "data": [[1, 1.5], [2, 2.5]]}}),
        ),
        (
            "{'s': pd.Series([1.5, float('nan')], name='q')}",
            json!({"s": {"_type": "series", "name": "q", "index": [0, 1], "values": [1.5, nan]}}),
        ),
        (
            "{'t': pd.Timestamp('2026-01-02'), 'n': pd.NaT, 'm': pd.NA}",
            json!({"t": "2026-01-02T00:00:00", "n": null, "m": null}),
        ),
    ] {
        let execution = place
            .run(&format!(
                "import numpy as np, pandas as pd\nresults = {expression}\n"
            ))
            .await;
        assert_eq!(results(&execution), &expected, "{expression}");
    }
}

#[tokio::test]
async fn a_program_ends_in_one_of_three_ways() {
    let place = place();
    for code in [
        "results = {}",
        "import sys\nresults = {}\nsys.exit(0)",
        "results = {}\nraise SystemExit",
        "import atexit\natexit.register(lambda: 1 / 0)\nresults = {}",
        "import os\nresults = {}\nif os.fork() == 0:\n    results = {'child': 1}\nelse:\n    os.wait()",
        "import threading\nresults = {'x': 1}\nthreading.Thread(target=lambda: results.pop('x')).start()",
    ] {
        let execution = place.run(code).await;
        assert_eq!(execution.end, ProgramEnd::Finished, "{code}");
        assert_eq!(execution.results, Some(json!({})), "{code}");
    }
    let check = async |code: &str, kind: &str, text: &str, at: Option<u32>| {
        let execution = place.run(code).await;
        let ProgramEnd::Raised {
            error_type,
            message,
            line,
            traceback,
        } = &execution.end
        else {
            panic!("{code}: {:?}", execution.end)
        };
        assert_eq!((error_type.as_str(), *line), (kind, at), "{code}: {traceback}");
        assert!(message.contains(text), "{code}: {message}");
        assert!(!traceback.contains("runner.py"), "{code}: {traceback}");
        execution
    };
    let raised = check(
        "x = 1\n\ndef f():\n    return x / 0\n\nf()\n",
        "ZeroDivisionError",
        "division",
        Some(4),
    )
    .await;
    assert!(
        raised.stderr.contains("line 4, in f\n    return x / 0"),
        "{}",
        raised.stderr
    );
    check(
        "import json\njson.loads('[')\n",
        "JSONDecodeError",
        "Expecting",
        Some(2),
    )
    .await;
    check("x = 1\nif x\n", "SyntaxError", "expected ':'", Some(2)).await;
    check(
        "import sys\nsys.exit(3)\n",
        "SystemExit",
        "exit status 3",
        Some(2),
    )
    .await;
    check("import sys\nsys.exit('stop')\n", "SystemExit", "stop", Some(2)).await;
    check("raise KeyboardInterrupt\n", "KeyboardInterrupt", "", Some(1)).await;
    check("import os\nos._exit(0)\n", "SystemExit", "status 0", None).await;
    check(
        "import atexit, os\natexit.register(os._exit, 5)\nresults = {}\n",
        "SystemExit",
        "status 5",
        None,
    )
    .await;
    check("input()\n", "EOFError", "", Some(1)).await;
    let missing = check(
        "import no_such_module_at_all\n",
        "ModuleNotFoundError",
        "no_such_module_at_all",
        Some(1),
    )
    .await;
    let ProgramEnd::Raised { message, .. } = &missing.end else {
        unreachable!()
    };
    assert!(
        message.contains(&missing.interpreter) && message.contains("execution.local.python"),
        "{message}"
    );
    let kept = place
        .run("results = {'far': 1}\nraise ValueError('late')\n")
        .await;
    assert_eq!(kept.results, Some(json!({"far": 1})));
    let none = place.run("x = 1\n").await;
    assert_eq!((none.end, none.results), (ProgramEnd::Finished, None));
    let signal = place
        .run("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
        .await;
    assert_eq!(killed(&signal), "signal");
}

#[tokio::test]
async fn limits_end_a_program() {
    let mut place = place();
    place.settings.max_output_bytes = 10_000;
    let check = async |code: &str, expected: &str| {
        let mut job = place.job(code);
        job.timeout = Duration::from_secs(if expected == "timeout" { 2 } else { 60 });
        let folder = job.folder.clone();
        let execution = place.run_job(job).await;
        assert_eq!(killed(&execution), expected, "{code}: {execution:?}");
        assert!(!is_locked(&folder), "{code}: something still lives");
        execution
    };
    check("while True:\n    pass\n", "timeout").await;
    let tree = check(&format!("{LOCKED_DAEMON}\nwhile True:\n    pass\n"), "timeout").await;
    assert!(tree.folder.join("execution_01/work/lock").exists());
    let flood = check("while True:\n    print('x' * 100)\n", "output_limit").await;
    assert_eq!((flood.stdout.len(), flood.output_truncated), (10_000, true));
    check(
        "import sys\nprint('y' * 20000, file=sys.stderr)\n",
        "output_limit",
    )
    .await;
    let many = "import time\nfor i in range(1000):\n    open(str(i), 'w').close()\ntime.sleep(1000)\n";
    check(many, "workspace_limit").await;
    let large =
        "import time\nfor i in range(4):\n    open(str(i), 'wb').write(b'x' * (7 << 20))\ntime.sleep(1000)\n";
    check(large, "workspace_limit").await;
    // What cannot be looked into could hold anything.
    let hidden = if place.is_root() {
        &HIDDEN[..1]
    } else {
        &HIDDEN[..]
    };
    for hidden in hidden {
        check(&format!("{hidden}\ntime.sleep(1000)\n"), "workspace_limit").await;
    }
}

/// Directories that hide what is in them: by their depth, and by their mode from anyone but root.
const HIDDEN: [&str; 2] = [
    "import os, time\nos.makedirs('/'.join('d' * 17))\nopen('/'.join('d' * 17) + '/hidden', 'w').close()",
    "import os, time\nos.mkdir('closed')\nopen('closed/hidden', 'w').close()\nos.chmod('closed', 0o300)",
];

#[tokio::test]
async fn what_cannot_be_looked_into_is_told() {
    let place = place();
    let check = async |code: &str, told: &[&str]| {
        let execution = place.run(&format!("{code}\nresults = {{}}\n")).await;
        let notes = execution.notes.join("\n");
        for part in told {
            assert!(notes.contains(part), "{code}: {notes}");
        }
        assert_eq!(told.is_empty(), notes.is_empty(), "{code}: {notes}");
        execution
    };
    let deep = check(HIDDEN[0], &["d/d/d", "nested more than 16 deep"]).await;
    assert!(deep.artifacts.is_empty(), "{:?}", deep.artifacts);
    let all = "import os\nos.makedirs('/'.join('d' * 16))\nopen('/'.join('d' * 16) + '/seen', 'w').close()";
    assert_eq!(check(all, &[]).await.artifacts.len(), 1);
    if !place.is_root() {
        check(HIDDEN[1], &["\"closed\" was left out", "denied"]).await;
    }
}

#[tokio::test]
async fn what_a_program_may_use_is_bounded() {
    let place = place();
    let memory = place.run("x = bytearray(4 << 30)\n").await;
    let expected = |end: &ProgramEnd| matches!(end, ProgramEnd::Raised { error_type, .. } if error_type == "MemoryError");
    assert!(expected(&memory.end), "{:?}", memory.end);
    let file = place.run("open('big', 'wb').write(b'x' * (9 << 20))\n").await;
    assert_ne!(file.end, ProgramEnd::Finished);
    let forks = place
        .run(
            "import os, time\nn = 0\ntry:\n    while n < 1000:\n        if os.fork() == 0:\n            \
             time.sleep(1000)\n        n += 1\nexcept OSError:\n    pass\nresults = {'n': n}\n",
        )
        .await;
    let forked = results(&forks)["n"].as_u64().unwrap();
    assert!((8..32).contains(&forked), "{forked}");
    let shm = place
        .run(
            "try:\n    for i in range(40):\n        open(f'/dev/shm/{i}', 'wb').write(b'x' * (7 << 20))\n    \
             results = {'full': False}\nexcept OSError as e:\n    results = {'full': e.errno == 28}\n",
        )
        .await;
    assert_eq!(results(&shm), &json!({"full": true}));
}

/// X1: the sandbox is the wall.
#[tokio::test]
async fn the_wall_holds() {
    let mut place = place();
    place
        .settings
        .local
        .environment
        .insert("EPICS_CA_ADDR_LIST".to_owned(), "192.0.2.1".to_owned());
    let secret = place.dir.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let ports = (tcp.local_addr().unwrap().port(), udp.local_addr().unwrap().port());
    let attempts = [
        ("open('/etc/shadow').read()".to_owned(), "FileNotFoundError"),
        ("open('/etc/passwd').read()".to_owned(), "FileNotFoundError"),
        (
            format!("open({:?}).read()", secret.to_str().unwrap()),
            "FileNotFoundError",
        ),
        (
            format!("os.listdir({:?})", place.dir.path().to_str().unwrap()),
            "FileNotFoundError",
        ),
        ("open('/usr/x', 'w')".to_owned(), "OSError 30"),
        ("open('/x', 'w')".to_owned(), "OSError 30"),
        (
            "open('/input/program.py', 'r+')".to_owned(),
            "PermissionError|OSError 30",
        ),
        (
            "os.chmod('/input/program.py', 0o777)".to_owned(),
            "PermissionError|OSError 30",
        ),
        (
            "open('/proc/sys/kernel/core_pattern', 'w')".to_owned(),
            "PermissionError|OSError 30",
        ),
        ("os.setuid(0)".to_owned(), "PermissionError|OSError 22"),
        (
            "len([p for p in os.listdir('/proc') if p.isdigit()]) < 9 and 1 / 0".to_owned(),
            "ZeroDivisionError",
        ),
        (
            format!("socket.create_connection(('127.0.0.1', {}), 2)", ports.0),
            "ConnectionRefusedError|OSError 101",
        ),
        (
            "socket.create_connection(('192.0.2.1', 80), 2)".to_owned(),
            "OSError 101",
        ),
        (
            "ctypes.CDLL(None).unshare(0x10000000) and 1 / 0".to_owned(),
            "ZeroDivisionError",
        ),
    ];
    let mut code = "import os, socket, ctypes\nresults = {}\n".to_owned();
    for (position, (attempt, _)) in attempts.iter().enumerate() {
        code.push_str(&format!(
            "try:\n    {attempt}\n    results['{position}'] = 'OPEN'\nexcept Exception as e:\n    \
             kind = type(e).__name__\n    \
             results['{position}'] = f'{{kind}} {{e.errno}}' if kind == 'OSError' else kind\n"
        ));
    }
    code.push_str(&format!(
        "try:\n    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {}))\n\
         except OSError:\n    pass\n",
        ports.1
    ));
    code.push_str(
        "seen = repr(dict(os.environ))\nfor p in os.listdir('/proc'):\n    for name in ('environ', 'cmdline'):\n        \
         try:\n            seen += open(f'/proc/{p}/{name}').read()\n        except OSError:\n            pass\n\
         results['environment'] = seen\n",
    );
    let execution = place.run(&code).await;
    let results = results(&execution);
    for (position, (attempt, expected)) in attempts.iter().enumerate() {
        let found = results[&position.to_string()].as_str().unwrap();
        assert!(expected.split('|').any(|one| one == found), "{attempt}: {found}");
    }
    let environment = results["environment"].as_str().unwrap();
    assert!(
        std::env::vars().any(|(name, _)| name.starts_with("CARGO")),
        "nothing to hide"
    );
    assert!(!environment.contains("CARGO"), "{environment}");
    assert!(environment.contains("EPICS_CA_ADDR_LIST"), "{environment}");
    tcp.set_nonblocking(true).unwrap();
    udp.set_nonblocking(true).unwrap();
    assert!(tcp.accept().is_err());
    assert!(udp.recv(&mut [0; 8]).is_err());
}

#[tokio::test]
async fn write_access_needs_a_control_system() {
    let place = place();
    let mut job = place.job("results = {}\n");
    for access in [Access::Write(Permit::default()), Access::Rehearse] {
        job.access = access;
        let Err(ExecutionError::Mode(text)) = place.prepare(job.clone()).await else {
            panic!("it was allowed")
        };
        assert!(text.contains("control_system.epics.address_list"), "{text}");
    }
}

#[tokio::test]
async fn daemons_die_with_their_program() {
    for isolation in offered() {
        let mut place = place();
        place.settings.local.isolation = isolation;
        place.let_others_pass();
        let job = place.job(&format!("{LOCKED_DAEMON}\nresults = {{}}\n"));
        let folder = job.folder.clone();
        results(&place.run_job(job).await);
        assert!(folder.join("execution_01/work/lock").exists());
        assert!(!is_locked(&folder), "{isolation:?}: the daemon lives");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_program_dies() {
    for isolation in offered() {
        let mut place = place();
        place.settings.local.isolation = isolation;
        place.let_others_pass();
        let job = place.job(&format!("{LOCKED_DAEMON}\nwhile True:\n    pass\n"));
        let folder = job.folder.clone();
        let cancel = CancellationToken::new();
        let run = tokio::spawn(place.prepare(job).await.unwrap().run(cancel.clone()));
        wait_until("the program runs", || is_locked(&folder));
        cancel.cancel();
        assert_eq!(killed(&run.await.unwrap()), "cancelled");
        assert!(!is_locked(&folder), "{isolation:?}");
    }
    // Cancelled before it began: it never runs.
    let place = place();
    let cancel = CancellationToken::new();
    let prepared = place.prepare(place.job("open('ran', 'w')\n")).await.unwrap();
    cancel.cancel();
    let execution = prepared.run(cancel).await;
    assert_eq!(killed(&execution), "cancelled");
    assert!(execution.artifacts.is_empty(), "{:?}", execution.artifacts);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_program_dies() {
    let place = place();
    let job = place.job(&format!("{LOCKED_DAEMON}\nwhile True:\n    pass\n"));
    let folder = job.folder.clone();
    let run = tokio::spawn(place.prepare(job).await.unwrap().run(CancellationToken::new()));
    wait_until("the program runs", || is_locked(&folder));
    run.abort();
    wait_until("the program is dead", || !is_locked(&folder));
}

#[tokio::test]
#[ignore = "is the service that the next test kills"]
async fn service_to_be_killed() {
    let Some(folder) = std::env::var_os("HOLDPOINT_TEST_FOLDER").map(PathBuf::from) else {
        return;
    };
    let mut place = place();
    let isolation = std::env::var("HOLDPOINT_TEST_ISOLATION").unwrap();
    place.settings.local.isolation = serde_json::from_value(json!(isolation)).unwrap();
    place.settings.workspace_dir = folder.join("runs");
    let mut job = place.job(&format!("{LOCKED_DAEMON}\nwhile True:\n    pass\n"));
    job.folder = folder.join("run");
    place.run_job(job).await;
}

#[test]
fn a_killed_service_leaves_nothing_running() {
    for isolation in offered() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
        let mut service = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["execution::service_to_be_killed", "--exact", "--ignored"])
            .env("HOLDPOINT_TEST_FOLDER", dir.path())
            .env("HOLDPOINT_TEST_ISOLATION", isolation.name())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let folder = dir.path().join("run");
        wait_until("the program runs", || is_locked(&folder));
        service.kill().unwrap();
        service.wait().unwrap();
        wait_until("the program is dead", || !is_locked(&folder));
    }
}

/// Only what is the program's own is collected.
#[tokio::test]
async fn planted_files_are_not_followed() {
    let place = place();
    let execution = place
        .run(
            "import os\nos.mkdir('figures')\nos.symlink('/etc/shadow', 'figures/figure_01.png')\n\
             os.symlink('/etc', 'etc')\nos.symlink('../../input', 'up')\nos.mkfifo('pipe')\n\
             open('one', 'w').write('1')\nos.link('one', 'two')\nopen('kept.csv', 'w').write('a,b')\n\
             open('bad\\nname', 'w').close()\nresults = {}\n",
        )
        .await;
    results(&execution);
    let kept: Vec<_> = execution
        .artifacts
        .iter()
        .map(|one| (one.path.as_str(), one.bytes))
        .collect();
    assert_eq!(kept, [("execution_01/work/kept.csv", 3)]);
    assert_eq!(execution.artifacts[0].sha256, CodeSha256::of(b"a,b"));
    assert_eq!(execution.artifacts[0].media_type, "text/csv");
    assert_eq!(execution.notes.len(), 7, "{:?}", execution.notes);

    let forged = place
        .run(
            "import os, atexit\ndef forge():\n    os.remove('.outcome.json')\n    \
             os.symlink('/input/context.json', '.outcome.json')\natexit.register(forge)\nresults = {'a': 1}\n",
        )
        .await;
    assert_eq!(forged.results, None);
    assert!(
        matches!(forged.end, ProgramEnd::Raised { .. }),
        "{:?}",
        forged.end
    );
}

/// The program can write in the runner's place, but not without measure.
#[tokio::test]
async fn a_forged_outcome_is_held_to_its_bounds() {
    let mut place = place();
    place.settings.max_file_bytes = 12 << 20;
    let check = async |outcome: &str| {
        let forge =
            "import atexit, json\ndef forge(outcome):\n    open('.outcome.json', 'w').write(outcome)\n";
        place
            .run(&format!(
                "{forge}atexit.register(forge, {outcome})\nresults = {{'a': 1}}\n"
            ))
            .await
    };
    let raised = "'type': 'raised', 'error_type': 'E', 'message': 'x' * 100000, 'traceback': 'y' * 100000";
    let long = check(&format!(
        "json.dumps({{'end': {{{raised}}}, 'notes': ['n' * 9999] * 9999}})"
    ))
    .await;
    assert!(serde_json::to_string(&long).unwrap().len() < 200_000);
    for damaged in [
        "'{'",
        "''",
        "'[]'",
        "'{\"end\": 1}'",
        "'[' * 100000",
        "'x' * (20 << 20)",
    ] {
        let execution = check(damaged).await;
        assert_eq!(execution.results, None, "{damaged}");
        assert_ne!(execution.end, ProgramEnd::Finished, "{damaged}");
    }
    // What would be read if it were less.
    let with =
        |results: &str| format!("'{{\"end\":{{\"type\":\"finished\"}},\"results\":' + {results} + '}}'");
    for (results, is_read) in [
        ("'[' + '0,' * 500000 + '0]'", true),
        ("'[' + '0,' * 700000 + '0]'", false),
        ("'[' + '{\"\":0},' * 400000 + '0]'", false),
        ("'[\"' + '[,{' * 700000 + '\\\\\"' + '[,{' * 700000 + '\"]'", true),
        ("'\"' + 'x' * (8 << 20) + '\"'", true),
        ("'\"' + 'x' * (9 << 20) + '\"'", false),
        ("'[' * 70 + ']' * 70", true),
        ("'[' * 90 + ']' * 90", false),
    ] {
        let execution = check(&with(results)).await;
        assert_eq!(
            execution.results.is_some(),
            is_read,
            "{results}: {:?}",
            execution.notes
        );
        assert_eq!(execution.end == ProgramEnd::Finished, is_read, "{results}");
        assert_eq!(
            execution.notes.is_empty(),
            is_read,
            "{results}: {:?}",
            execution.notes
        );
    }
}

/// The runner keeps to the bounds that its outcome is read with.
#[tokio::test]
async fn results_within_the_bounds_are_read() {
    let place = place();
    for (expression, note) in [
        ("{'l': list(range(499_000))}", None),
        ("{'t': ['[,{\"\\\\' * 99_000] * 3}", None),
        (
            "{'n': [float('nan')] * 220_000}",
            Some("left out: more than 600000 values"),
        ),
        ("{'s': [[]] * 499_000}", Some("left out: more than 600000 values")),
    ] {
        let execution = place.run(&format!("results = {expression}\n")).await;
        results(&execution);
        let notes = execution.notes.join("\n");
        assert!(
            note.map_or(notes.is_empty(), |note| notes.contains(note)),
            "{expression}: {notes}"
        );
    }
}

/// A process that ends with its owner.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An EPICS server with one process variable, on the loopback, told by its own first output.
const IOC: &str = "
import sys
from caproto.server import PVGroup, pvproperty, run
class Magnet(PVGroup):
    current = pvproperty(value=1.5, name='CURRENT')
    @current.startup
    async def current(self, instance, async_lib):
        print('up', flush=True)
run(Magnet(prefix='TEST:').pvdb, interfaces=['127.0.0.1'], log_pv_names=False)
";

#[tokio::test]
async fn an_approved_program_reaches_epics() {
    let (python, scientific) = python();
    if !scientific {
        return skip("an_approved_program_reaches_epics");
    }
    let port = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let variables = [
        ("EPICS_CA_ADDR_LIST", "127.0.0.1".to_owned()),
        ("EPICS_CA_AUTO_ADDR_LIST", "NO".to_owned()),
        ("EPICS_CA_SERVER_PORT", port.to_string()),
    ];
    let python = if python.is_dir() {
        python.join("bin/python3")
    } else {
        python
    };
    let mut server = std::process::Command::new(python);
    server
        .args(["-c", IOC])
        .envs(variables.clone())
        .env("EPICS_CAS_BEACON_ADDR_LIST", "127.0.0.1");
    server.stderr(std::process::Stdio::null());
    let mut server = Server(server.stdout(std::process::Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    std::io::BufReader::new(server.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line, "up\n");

    let place = place();
    let mut control_system = Config::builtin().control_system;
    control_system.epics.address_list = vec![format!("127.0.0.1:{port}")];
    let executor = LocalExecutor::probe(&place.settings)
        .unwrap()
        .with_gateway(&Gateway::new(control_system));
    // The answer to a put may come before the update of a monitor, so the value is asked for.
    let code = "import epics\nput = epics.caput('TEST:CURRENT', 2.5, wait=True, timeout=20, connection_timeout=20)\n\
                results = {'put': put, 'current': epics.caget('TEST:CURRENT', timeout=20, connection_timeout=20, use_monitor=False)}\n";
    let run = async |access: Access, code: &str| {
        let mut job = place.job(code);
        (job.access, job.trail) = (access, Arc::new(Kept::default()));
        let prepared = executor.prepare(job).await.unwrap();
        prepared.run(CancellationToken::new()).await
    };
    let permit = Permit {
        channels: vec!["TEST:CURRENT".to_owned()],
        ..Permit::default()
    };
    let written = run(Access::Write(permit), code).await;
    assert_eq!(results(&written), &json!({"put": 1, "current": 2.5}));
    assert_eq!(written.conduct.unwrap().puts_total, 1);
    // The same without write access only reads.
    let reading = "import epics\nresults = {'current': epics.caget('TEST:CURRENT', timeout=20, connection_timeout=20)}\n";
    assert_eq!(
        results(&run(Access::Read, reading).await),
        &json!({"current": 2.5})
    );
    // A client that has heard that it may not write keeps its put to itself.
    let kept = run(Access::Read, code).await.conduct.unwrap();
    assert_eq!(kept.puts_total, 0);
}

/// A trail that keeps its events in memory, for tests.
#[derive(Default)]
struct Kept(std::sync::Mutex<Vec<GatewayEvent>>);

#[async_trait]
impl Trail for Kept {
    async fn record(&self, event: GatewayEvent) -> Result<(), TrailError> {
        self.0.lock().unwrap().push(event);
        Ok(())
    }
}

#[tokio::test]
async fn every_start_has_fresh_directories() {
    let mut place = place();
    let mut job = place.job("import os\nresults = {'found': os.listdir('.')}\nopen('left', 'w').close()\n");
    for number in 1..=2 {
        let execution = place.run_job(job.clone()).await;
        assert_eq!(results(&execution), &json!({"found": []}));
        assert_eq!(
            execution.artifacts[0].path,
            format!("execution_{number:02}/work/left")
        );
    }
    // A folder may be named relative to where the service stands.
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let runs = place.settings.workspace_dir.strip_prefix("/").unwrap();
    job.folder = up.join(runs).join("relative");
    place.settings.workspace_dir = up.join(runs);
    results(&place.run_job(job.clone()).await);

    job.folder = place.dir.path().join("file");
    fs::write(&job.folder, "").unwrap();
    assert!(matches!(
        place.prepare(job).await,
        Err(ExecutionError::Workspace { .. })
    ));
}

/// Who runs without a module is told how that interpreter gets it, and which of the others has it.
#[tokio::test]
async fn a_missing_module_is_told_with_the_way_to_it() {
    let mut place = place();
    let (one, other) = (outside_tmp(), outside_tmp());
    let (bare, rich) = (bare_environment(one.path()), bare_environment(other.path()));
    let installed = packages(&rich);
    fs::create_dir_all(installed.join("beamline")).unwrap();
    fs::write(installed.join("optics.cpython-311-x86_64-linux-gnu.so"), "").unwrap();
    place.settings.local.interpreters = vec![rich.clone(), bare.clone(), "/nowhere/python3".into()];
    place.settings.local.python = bare.clone();
    let add = |module: &str| format!("`{}/bin/python3 -m pip install {module}`", bare.display());
    for (code, module, elsewhere) in [
        ("import beamline.magnets\n", "beamline", true),
        ("from optics import lens\n", "optics", true),
        ("import unheard_of\n", "unheard_of", false),
    ] {
        let execution = place.run(code).await;
        let ProgramEnd::Raised {
            message, error_type, ..
        } = &execution.end
        else {
            panic!("{execution:?}");
        };
        assert_eq!(error_type, "ModuleNotFoundError");
        assert!(
            message.contains(&format!("No module named '{module}'")),
            "{message}"
        );
        assert!(message.contains(&add(module)), "{message}");
        assert_eq!(
            message.contains(&format!("has it: {}", rich.display())),
            elsewhere,
            "{message}"
        );
    }
    // Nothing but a name gets into what an operator may copy.
    let forged = place
        .run("raise ModuleNotFoundError(\"No module named 'x`; rm -rf /'\")\n")
        .await;
    let ProgramEnd::Raised { message, .. } = &forged.end else {
        panic!("{forged:?}");
    };
    assert!(!message.contains("pip install"), "{message}");
}

#[tokio::test]
async fn figures_and_artifacts_are_saved() {
    let place = place();
    let execution = place
        .run(
            "a = save_artifact({'x': float('nan')}, 'My / Data')\n\
             save_artifact('# hi', 'note', artifact_type='markdown')\nsave_artifact(b'12', '../../x')\nresults = {'a': a}\n",
        )
        .await;
    results(&execution);
    let mut names: Vec<_> = execution
        .artifacts
        .iter()
        .map(|one| {
            assert_eq!(one.kind, "artifact");
            let name = one.path.strip_prefix("execution_01/work/artifacts/").unwrap();
            name.split_once('_').map_or(name, |(_, rest)| rest)
        })
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["manifest.json", "my_data.json", "note.md", "x.bin"]);
    if !python().1 {
        return skip("figures_and_artifacts_are_saved (the figures)");
    }
    let execution = place
        .run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\nplt.plot([2, 1])\nresults = {}\n")
        .await;
    results(&execution);
    let paths: Vec<_> = execution
        .artifacts
        .iter()
        .map(|one| (one.path.as_str(), one.kind.as_str()))
        .collect();
    assert_eq!(
        paths,
        [
            ("execution_01/work/figures/figure_01.png", "figure"),
            ("execution_01/work/figures/figure_02.png", "figure")
        ]
    );
    let png = fs::read(execution.folder.join(&execution.artifacts[0].path)).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(CodeSha256::of(&png), execution.artifacts[0].sha256);
}

#[tokio::test]
async fn without_isolation_a_program_still_has_a_clean_environment() {
    let mut place = place();
    place.settings.local.isolation = Isolation::None;
    place.let_others_pass();
    let execution = place
        .run("import os\nresults = {'uid': os.getuid(), 'seen': repr(dict(os.environ)), 'here': os.getcwd()}\n")
        .await;
    let results = results(&execution);
    assert_eq!(execution.isolation, "none");
    assert!(!results["seen"].as_str().unwrap().contains("CARGO"), "{results}");
    assert!(
        results["here"].as_str().unwrap().ends_with("/execution_01/work"),
        "{results}"
    );
    assert_ne!(results["uid"], json!(0));
}

#[test]
fn a_host_that_cannot_run_programs_says_what_to_do() {
    let place = place();
    let check = |change: &dyn Fn(&mut ExecutionSettings), expected: &[&str]| {
        let mut settings = place.settings.clone();
        change(&mut settings);
        let text = LocalExecutor::probe(&settings)
            .expect_err("the probe must fail")
            .to_string();
        for part in expected {
            assert!(text.contains(part), "{text}");
        }
    };
    check(
        &|settings| settings.local.python = "/no/such/python".into(),
        &["/no/such/python", "No such file"],
    );
    check(
        &|settings| settings.local.python = "python3".into(),
        &["absolute"],
    );
    check(
        &|settings| settings.local.python = "/usr/bin/true".into(),
        &["does not answer"],
    );
    check(
        &|settings| settings.local.python = "/etc".into(),
        &["bin/python3"],
    );
    if place.is_root() {
        check(
            &|settings| settings.local.user = "no-such-user".into(),
            &["no-such-user", "does not exist"],
        );
        check(&|settings| settings.local.user = "root".into(), &["unprivileged"]);
        let home = place.dir.path().join("python3");
        std::os::unix::fs::symlink("/usr/bin/python3", &home).unwrap();
        check(
            &|settings| settings.local.python = home.clone(),
            &["nobody", "cannot enter"],
        );
        check(
            &|settings| settings.local.isolation = Isolation::None,
            &["cannot enter", "execution.workspace_dir"],
        );
    }
    assert_eq!(
        fs::read_dir(&place.settings.workspace_dir).map_or(0, Iterator::count),
        0,
        "the probe left something"
    );
}

#[test]
fn the_backend_says_what_it_is() {
    let mut place = place();
    place.settings.local.isolation = Isolation::Bubblewrap;
    let backend = LocalExecutor::probe(&place.settings)
        .unwrap()
        .backend(&Placement::default());
    assert_eq!(
        (backend.name.as_str(), backend.isolation.as_str()),
        ("local", "bubblewrap")
    );
    assert!(
        backend.interpreter.contains("(Python 3."),
        "{}",
        backend.interpreter
    );
    assert_eq!(backend.facts["network"], json!("none"));
    assert_eq!(backend.facts["seccomp"], json!(true));
    if place.is_root() {
        assert!(
            backend.facts["user"].as_str().unwrap().starts_with("nobody ("),
            "{:?}",
            backend.facts
        );
    }
}

/// A directory that others may pass through; the programs' own `/tmp` would hide one in the host's.
pub(crate) fn outside_tmp() -> TempDir {
    let dir = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o711)).unwrap();
    dir
}

/// An environment without packages of its own, beneath `dir`.
pub(crate) fn bare_environment(dir: &Path) -> PathBuf {
    let environment = dir.join("environment");
    fs::create_dir_all(environment.join("bin")).unwrap();
    std::os::unix::fs::symlink("/usr/bin/python3", environment.join("bin/python3")).unwrap();
    fs::write(
        environment.join("pyvenv.cfg"),
        "home = /usr/bin\ninclude-system-site-packages = false\n",
    )
    .unwrap();
    environment
}

/// Where an environment's packages are; not made yet.
pub(crate) fn packages(environment: &Path) -> PathBuf {
    let version = std::process::Command::new("/usr/bin/python3")
        .args(["-c", "import sys; print('python%d.%d' % sys.version_info[:2])"])
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    environment.join("lib").join(version.trim()).join("site-packages")
}

/// A grant is bound to what the backend says: the environment's files are part of it, and nothing else moves.
#[tokio::test]
async fn a_changed_environment_is_another_backend() {
    let mut place = place();
    let home = outside_tmp();
    let environment = bare_environment(home.path());
    let packages = packages(&environment);
    for dir in ["package", "package-1.dist-info"] {
        fs::create_dir_all(packages.join(dir)).unwrap();
    }
    fs::write(packages.join("package/__init__.py"), "").unwrap();
    fs::write(packages.join("package-1.dist-info/RECORD"), "").unwrap();
    place.settings.local.python = environment.clone();
    let executor = LocalExecutor::probe(&place.settings).unwrap();
    let mut last = executor.backend(&Placement::default());

    // Neither running a program nor using the environment from outside is a change.
    let job = place.job("import package\nresults = {'file': package.__file__}\n");
    let program = executor.prepare(job).await.unwrap();
    results(&program.run(CancellationToken::new()).await);
    fs::create_dir(packages.join("__pycache__")).unwrap();
    fs::write(packages.join("__pycache__/module.pyc"), "x").unwrap();
    assert_eq!(executor.backend(&Placement::default()), last);
    assert_eq!(
        LocalExecutor::probe(&place.settings)
            .unwrap()
            .backend(&Placement::default()),
        last
    );

    let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
    let changes: [(&str, &dyn Fn()); 7] = [
        ("a module", &|| write(&packages.join("module.py"), "")),
        ("its text", &|| write(&packages.join("module.py"), "x = 1")),
        ("a path file", &|| write(&packages.join("more.pth"), "/usr/lib")),
        ("a package's files", &|| {
            write(&packages.join("package/new.py"), "")
        }),
        ("an upgrade", &|| {
            write(&packages.join("package-1.dist-info/RECORD"), "package/new.py,,\n");
        }),
        ("the configuration", &|| {
            write(
                &environment.join("pyvenv.cfg"),
                "home = /usr/bin\ninclude-system-site-packages = true\n",
            );
        }),
        ("the interpreter", &|| {
            fs::remove_file(environment.join("bin/python3")).unwrap();
            std::os::unix::fs::symlink("/usr/bin/env", environment.join("bin/python3")).unwrap();
        }),
    ];
    for (what, change) in changes {
        change();
        let mut now = executor.backend(&Placement::default());
        assert_ne!(
            now.facts["environment_files"], last.facts["environment_files"],
            "{what}"
        );
        assert_eq!(executor.backend(&Placement::default()), now, "{what}");
        std::mem::swap(&mut last, &mut now);
        now.facts.insert(
            "environment_files".to_owned(),
            last.facts["environment_files"].clone(),
        );
        assert_eq!(now, last, "{what}: nothing else may change");
    }
}

/// The store and the service's socket lie beside the workspaces: programs must not see either.
#[test]
fn the_services_data_must_not_lie_where_programs_look() {
    let mut place = place();
    let home = outside_tmp();
    let environment = bare_environment(home.path());
    place.settings.local.python = environment.clone();
    std::os::unix::fs::symlink(&environment, home.path().join("link")).unwrap();
    fs::create_dir(home.path().join("apart")).unwrap();
    fs::create_dir(environment.join("data")).unwrap();
    std::os::unix::fs::symlink(
        home.path().join("apart"),
        environment.join("data/executed_scripts"),
    )
    .unwrap();
    let mut check = |workspaces: PathBuf, refused: bool| {
        place.settings.workspace_dir = workspaces;
        let told = LocalExecutor::probe(&place.settings)
            .err()
            .map(|error| error.to_string());
        let Some(told) = &told else {
            return assert!(!refused, "{:?}", place.settings.workspace_dir);
        };
        assert!(refused, "{told}");
        for part in [
            environment.to_str().unwrap(),
            "which every program can read",
            "holdpoint.data_dir",
        ] {
            assert!(told.contains(part), "{told}");
        }
    };
    check(home.path().join("data/executed_scripts"), false);
    check(home.path().join("environment_data/executed_scripts"), false);
    check(environment.join("executed_scripts"), true);
    check(environment.join("lib/data/executed_scripts"), true);
    check(home.path().join("link/executed_scripts"), true);
    // The workspaces are elsewhere, but the data directory they are named in is not.
    check(environment.join("data/executed_scripts"), true);
}

/// Probes, in a mount namespace where `bwrap` is another, and says whether nested namespaces are possible.
#[test]
#[ignore = "a part of a_wall_is_not_lowered_for_any_failure"]
fn probe_with_another_bubblewrap() {
    if std::env::var_os("HOLDPOINT_TEST_BWRAP").is_none() {
        return;
    }
    let mut place = place();
    place.settings.local.isolation = Isolation::Bubblewrap;
    match LocalExecutor::probe(&place.settings) {
        Ok(executor) => println!(
            "nested: {}",
            executor.backend(&Placement::default()).facts["nested_user_namespaces"]
        ),
        Err(error) => println!("refused: {error}"),
    }
}

#[test]
fn a_wall_is_not_lowered_for_any_failure() {
    if !place().is_root() {
        eprintln!("SKIPPED a_wall_is_not_lowered_for_any_failure: only root can put another bwrap in place");
        return;
    }
    let home = outside_tmp();
    let (real, fake) = (home.path().join("real"), home.path().join("fake"));
    fs::copy("/usr/bin/bwrap", &real).unwrap();
    let check = |complaint: &str, expected: &str| {
        let script = format!(
            "#!/bin/sh\nfor word; do\n  if [ \"$word\" = --disable-userns ]; then\n    echo \"bwrap: {complaint}\" >&2\n    \
             exit 1\n  fi\ndone\nexec {} \"$@\"\n",
            real.display()
        );
        fs::write(&fake, script).unwrap();
        fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
        let probed = std::process::Command::new("unshare")
            .args([
                "--mount",
                "sh",
                "-c",
                "mount --bind \"$1\" /usr/bin/bwrap && shift && exec \"$@\"",
                "sh",
            ])
            .arg(&fake)
            .arg(std::env::current_exe().unwrap())
            .args([
                "execution::probe_with_another_bubblewrap",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env("HOLDPOINT_TEST_BWRAP", "1")
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&probed.stdout).into_owned();
        assert!(
            told.contains(expected),
            "{complaint}: {told} {}",
            String::from_utf8_lossy(&probed.stderr)
        );
    };
    check("Unknown option $word", "nested: true");
    check("Creating new namespace failed: out of luck", "out of luck");
}
