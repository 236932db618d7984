//! The hostile programs of `tests/attacks`, in every isolation this host offers. `tests/attacks/README.md` says
//! how one is written.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::{MetadataExt, PermissionsExt, chown},
            net::{SocketAddr, UnixListener},
            process::CommandExt,
        },
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use futures::StreamExt;
use holdpoint::{
    config::{
        Config, ExecutionMethod, ExecutionSettings, Isolation, LocalSettings, NotebookSettings, SpareSettings,
    },
    execution::{
        Access, Execution, Executor, Job, LocalExecutor, NoTrail, Placement, ProgramEnd, create_folder,
    },
    model::{CodeSha256, Timestamp},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What every file, key, group and queue is called by which an attack would leave a trace on the host.
const TRACE: &str = "holdpoint_attack";

/// The variable by which the processes of an attack are found.
const MARK: &str = "HOLDPOINT_ATTACK";

/// How many attacks run at once.
const AT_ONCE: usize = 4;

/// The user the attacks run as.
const NOBODY: u32 = 65534;

/// Tiers share the host's processors: one at a time keeps their time limits meaningful.
static TIER: Mutex<()> = Mutex::const_new(());

/// How it is shown that a script's attempt is real.
#[derive(Debug, Clone, PartialEq)]
enum Control {
    /// It succeeds without isolation.
    Open,
    /// It succeeds for the root of namespaces of its own.
    Namespaces,
    /// It cannot be let succeed here, and why.
    Told,
}

/// A hostile program and what must become of it.
#[derive(Debug, Clone)]
struct Attack {
    name: String,
    code: String,
    /// By isolation; the empty name stands for all others.
    expect: BTreeMap<String, String>,
    control: Control,
    time: Duration,
    /// The files that may be collected, if that matters.
    artifacts: Option<Vec<String>>,
    /// What must stand in the results, if that matters.
    results: Option<Value>,
}

impl Attack {
    fn read(path: &Path) -> Self {
        let code = fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut attack = Self {
            expect: BTreeMap::new(),
            control: Control::Told,
            time: Duration::from_secs(20),
            artifacts: None,
            results: None,
            name,
            code: String::new(),
        };
        let mut controlled = false;
        for line in code.lines().take_while(|line| line.starts_with("# ")) {
            let (word, rest) = line[2..]
                .split_once(':')
                .unwrap_or_else(|| panic!("{}: {line}", attack.name));
            let rest = rest.trim();
            match word.split_whitespace().collect::<Vec<_>>().as_slice() {
                // What an expected `open` is to become is for the reader.
                ["what" | "wanted"] => {}
                ["expect"] => _ = attack.expect.insert(String::new(), rest.to_owned()),
                ["expect", isolation] => {
                    attack.expect.insert((*isolation).to_owned(), rest.to_owned());
                }
                ["control"] => {
                    controlled = true;
                    attack.control = match rest {
                        "open" => Control::Open,
                        "namespaces" => Control::Namespaces,
                        told if told.starts_with("none, ") => Control::Told,
                        other => panic!("{}: control: {other}", attack.name),
                    };
                }
                ["seconds"] => attack.time = Duration::from_secs(rest.parse().unwrap()),
                ["artifacts"] => {
                    attack.artifacts = Some(rest.split_whitespace().map(str::to_owned).collect())
                }
                ["results"] => attack.results = Some(serde_json::from_str(rest).unwrap()),
                _ => panic!("{}: {line}", attack.name),
            }
        }
        assert!(
            controlled && attack.expect.contains_key(""),
            "{} says neither what to expect nor how it is controlled",
            attack.name
        );
        attack.code = code;
        attack
    }

    fn all() -> Vec<Self> {
        let only = std::env::var("HOLDPOINT_TEST_ATTACK").unwrap_or_default();
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks");
        let mut paths: Vec<PathBuf> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
            .filter(|path| path.to_string_lossy().contains(&only))
            .collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn expected(&self, isolation: &str) -> &str {
        self.expect.get(isolation).unwrap_or(&self.expect[""])
    }
}

/// What a program could reach if there were no wall. Each attack has its own.
struct Canary {
    dir: TempDir,
    secret: String,
    tcp: TcpListener,
    tcp6: Option<TcpListener>,
    udp: UdpSocket,
    pathname: UnixListener,
    abstracted: UnixListener,
    process: Child,
    mark: String,
}

impl Canary {
    fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("canary")
            .tempdir_in("/var/tmp")
            .unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let secret = format!("secret-{}", Uuid::new_v4().simple());
        fs::write(dir.path().join("secret"), &secret).unwrap();
        fs::set_permissions(dir.path().join("secret"), fs::Permissions::from_mode(0o666)).unwrap();
        // As another run's workspace: it belongs to the user that programs run as.
        let other = dir.path().join("other_run");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("result"), &secret).unwrap();
        fs::set_permissions(other.join("result"), fs::Permissions::from_mode(0o600)).unwrap();
        let pathname = UnixListener::bind(dir.path().join("socket")).unwrap();
        fs::set_permissions(dir.path().join("socket"), fs::Permissions::from_mode(0o777)).unwrap();
        let abstracted =
            UnixListener::bind_addr(&SocketAddr::from_abstract_name(secret.as_bytes()).unwrap()).unwrap();
        let mut process = Command::new("sleep");
        process
            .arg("600")
            .stdin(Stdio::null())
            .env_clear()
            .process_group(0);
        process.env("CANARY_ENVIRONMENT", &secret);
        if is_root() {
            for path in [other.clone(), other.join("result")] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
            process.uid(NOBODY).gid(NOBODY);
        }
        let tcp = TcpListener::bind("0.0.0.0:0").unwrap();
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
        let tcp6 = TcpListener::bind("[::1]:0").ok();
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        pathname.set_nonblocking(true).unwrap();
        abstracted.set_nonblocking(true).unwrap();
        if let Some(tcp6) = &tcp6 {
            tcp6.set_nonblocking(true).unwrap();
        }
        Self {
            process: process.spawn().unwrap(),
            mark: secret.clone(),
            dir,
            secret,
            tcp,
            tcp6,
            udp,
            pathname,
            abstracted,
        }
    }

    fn context(&self, name: &str) -> Value {
        let path = |name: &str| self.dir.path().join(name).to_str().unwrap().to_owned();
        json!({
            "name": name,
            "trace": TRACE,
            "secret": path("secret"),
            "directory": path(""),
            "other_run": path("other_run"),
            "tcp": self.tcp.local_addr().unwrap().port(),
            "tcp6": self.tcp6.as_ref().map(|tcp| tcp.local_addr().unwrap().port()),
            "udp": self.udp.local_addr().unwrap().port(),
            "unix": path("socket"),
            "abstract": self.secret,
            "pid": self.process.id(),
            "group": self.process.id(),
            "service": std::process::id(),
            "address": own_address(),
        })
    }

    /// What became of it, if it is not as it was.
    fn harm(&mut self) -> Vec<String> {
        let mut harm = Vec::new();
        if fs::read_to_string(self.dir.path().join("secret")).ok() != Some(self.secret.clone()) {
            harm.push("the canary file was changed".to_owned());
        }
        let mut names: Vec<_> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        if names != ["other_run", "secret", "socket"] {
            harm.push(format!("the canary directory holds {names:?}"));
        }
        let mode = fs::metadata(self.dir.path().join("secret")).map(|meta| meta.mode() & 0o7777);
        if mode.ok() != Some(0o666) {
            harm.push("the canary file's mode was changed".to_owned());
        }
        let heard = |what: &str, waiting: bool| waiting.then(|| format!("the host's {what} was reached"));
        harm.extend(heard("TCP port", self.tcp.accept().is_ok()));
        harm.extend(heard(
            "IPv6 port",
            self.tcp6.as_ref().is_some_and(|tcp| tcp.accept().is_ok()),
        ));
        harm.extend(heard("UDP port", self.udp.recv(&mut [0; 8]).is_ok()));
        harm.extend(heard("pathname socket", self.pathname.accept().is_ok()));
        harm.extend(heard("abstract socket", self.abstracted.accept().is_ok()));
        match self.process.try_wait().unwrap() {
            Some(status) => harm.push(format!("the canary process ended: {status}")),
            None => {
                let pid = self.process.id();
                let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
                if stat.split_whitespace().nth(2) == Some("T") {
                    harm.push("the canary process was stopped".to_owned());
                }
                let own = fs::read_to_string("/proc/self/stat").unwrap();
                if nice(&stat) != nice(&own) {
                    harm.push("the canary process's priority was changed".to_owned());
                }
                let score = fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
                if score.trim() != own_oom_score() {
                    harm.push("the canary process's oom_score_adj was changed".to_owned());
                }
            }
        }
        harm
    }

    /// The processes of the attack that are still there.
    fn left(&self) -> Vec<String> {
        let mark = format!("{MARK}={}", self.mark);
        let mut left = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environ
                .split(|byte| *byte == 0)
                .any(|word| word == mark.as_bytes())
            {
                left.push(format!("the process {:?} is left", entry.file_name()));
            }
        }
        left
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The priority in a line of `/proc/PID/stat`; the name in brackets may hold spaces.
fn nice(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(16)
}

fn own_oom_score() -> String {
    fs::read_to_string("/proc/self/oom_score_adj")
        .unwrap()
        .trim()
        .to_owned()
}

/// An address of this host that is not the loopback's; no packet is sent to find it.
fn own_address() -> Option<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip().to_string())
}

/// The host's own state, which no attack may change.
#[derive(Debug)]
struct Host {
    facts: BTreeMap<&'static str, String>,
    clock: (Instant, SystemTime),
}

impl Host {
    fn look() -> Self {
        let mut facts = BTreeMap::new();
        for path in [
            "/proc/sys/kernel/hostname",
            "/proc/sys/kernel/domainname",
            "/proc/sys/kernel/core_pattern",
            "/proc/sys/kernel/modprobe",
            "/proc/sys/vm/overcommit_memory",
            "/proc/swaps",
            "/proc/modules",
        ] {
            facts.insert(path, fs::read_to_string(path).unwrap_or_default());
        }
        Self {
            facts,
            clock: (Instant::now(), SystemTime::now()),
        }
    }

    /// What changed since.
    fn harm(&self) -> Vec<String> {
        let now = Self::look();
        let mut harm: Vec<String> = self
            .facts
            .iter()
            .filter(|(path, before)| now.facts[*path] != **before)
            .map(|(path, _)| format!("{path} was changed"))
            .collect();
        let ran = now.clock.0 - self.clock.0;
        let shown = now.clock.1.duration_since(self.clock.1).unwrap_or_default();
        if ran.abs_diff(shown) > Duration::from_secs(3600) {
            harm.push("the clock was set".to_owned());
        }
        harm
    }

    /// What lies where attacks would leave their traces.
    fn traces() -> Vec<String> {
        let mut traces = Vec::new();
        for dir in [
            "/",
            "/tmp",
            "/var/tmp",
            "/dev/shm",
            "/dev",
            "/dev/mqueue",
            "/etc",
            "/usr",
            "/usr/bin",
            "/mnt",
            "/srv",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/memory",
            "/sys/fs/cgroup/pids",
            "/sys/fs/cgroup/unified",
        ] {
            for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
                if entry.file_name().to_string_lossy().starts_with(TRACE) {
                    traces.push(format!("{} was left", entry.path().display()));
                }
            }
        }
        for (list, sign) in [
            ("/proc/keys", TRACE),
            ("/proc/mounts", TRACE),
            // The key of the System V objects that attacks make, in decimal.
            ("/proc/sysvipc/shm", "1213219905"),
            ("/proc/sysvipc/msg", "1213219905"),
            ("/proc/sysvipc/sem", "1213219905"),
            ("/proc/net/unix", "holdpoint_attack"),
        ] {
            if fs::read_to_string(list).unwrap_or_default().contains(sign) {
                traces.push(format!("{list} shows a trace"));
            }
        }
        traces
    }
}

/// What became of an attack.
struct Fate {
    attack: Attack,
    expected: String,
    end: String,
    /// What it claims to have reached.
    open: bool,
    /// What is seen of it from outside.
    harm: Vec<String>,
    /// What is not as it must be.
    wrong: Vec<String>,
    execution: Option<Execution>,
    seconds: f64,
}

fn settings(home: &Path, isolation: Isolation) -> ExecutionSettings {
    ExecutionSettings {
        method: ExecutionMethod::Local,
        local: LocalSettings {
            python: PathBuf::from("/usr/bin/python3"),
            interpreters: Vec::new(),
            isolation,
            launcher: None,
            user: "nobody".to_owned(),
            environment: BTreeMap::new(),
            spares: SpareSettings::default(),
        },
        container: Config::builtin().execution.container,
        notebook: NotebookSettings::default(),
        workspace_dir: home.join("runs"),
        max_output_bytes: 64 << 10,
        max_file_bytes: 8 << 20,
        max_memory_bytes: 384 << 20,
        max_processes: 16,
        max_workspace_bytes: 16 << 20,
        max_workspace_files: 200,
    }
}

async fn run(attack: Attack, isolation: Isolation) -> Fate {
    let home = tempfile::tempdir().unwrap();
    let mode = if isolation.is_contained() { 0o700 } else { 0o711 };
    fs::set_permissions(home.path(), fs::Permissions::from_mode(mode)).unwrap();
    let mut canary = Canary::new();
    let mut settings = settings(home.path(), isolation);
    settings
        .local
        .environment
        .insert(MARK.to_owned(), canary.mark.clone());
    let executor = LocalExecutor::probe(&settings).unwrap();
    let started = Instant::now();
    let execution = executor
        .prepare(Job {
            code: attack.code.clone(),
            access: Access::Read,
            trail: Arc::new(NoTrail),
            placement: Placement::default(),
            context: canary.context(&attack.name),
            folder: create_folder(&settings.workspace_dir, &attack.name, Timestamp::now()).unwrap(),
            timeout: attack.time,
        })
        .await
        .unwrap()
        .run(CancellationToken::new())
        .await;
    let mut harm = canary.harm();
    harm.extend(canary.left());
    harm.extend(told_secrets(&execution, &canary.secret));
    judge(
        attack,
        isolation,
        execution,
        harm,
        started.elapsed().as_secs_f64(),
    )
}

/// Whether what was kept of a run holds what it must not have seen.
fn told_secrets(execution: &Execution, secret: &str) -> Vec<String> {
    let mut harm = Vec::new();
    let kept = format!("{}{}{:?}", execution.stdout, execution.stderr, execution.results);
    // Its own mark, which the program is given, is the same text behind a name.
    let kept = kept.replace(&format!("{MARK}={secret}"), "");
    if kept.contains(secret) {
        harm.push("what it told holds a secret".to_owned());
    }
    let secrets = [
        CodeSha256::of(secret.as_bytes()),
        CodeSha256::of(&fs::read("/etc/passwd").unwrap_or_default()),
        CodeSha256::of(&fs::read("/etc/shadow").unwrap_or_default()),
    ];
    for artifact in &execution.artifacts {
        if secrets.contains(&artifact.sha256) {
            harm.push(format!("{} holds a file of the host", artifact.path));
        }
    }
    harm
}

fn judge(
    attack: Attack,
    isolation: Isolation,
    execution: Execution,
    harm: Vec<String>,
    seconds: f64,
) -> Fate {
    let open = execution
        .results
        .as_ref()
        .and_then(|results| results["open"].as_array())
        .is_some_and(|open| !open.is_empty());
    let closed = execution
        .results
        .as_ref()
        .and_then(|results| results["open"].as_array())
        .is_some_and(Vec::is_empty);
    let end = match &execution.end {
        ProgramEnd::Finished if open => "open".to_owned(),
        ProgramEnd::Finished if closed => "closed".to_owned(),
        ProgramEnd::Finished => "finished".to_owned(),
        ProgramEnd::Raised { error_type, .. } => format!("raised {error_type}"),
        ProgramEnd::Killed { code, .. } => format!("killed {code}"),
    };
    let expected = attack.expected(isolation.name()).to_owned();
    let mut wrong = Vec::new();
    if isolation != Isolation::None {
        let fits = |one: &str| match one.strip_suffix('*') {
            Some(start) => end.starts_with(start),
            None => one == end,
        };
        if !expected.split('|').any(|one| fits(one.trim())) {
            wrong.push(format!("expected {expected}"));
        }
        wrong.extend(harm.clone());
        if let Some(files) = &attack.artifacts {
            let found: Vec<&str> = execution
                .artifacts
                .iter()
                .map(|one| one.path.strip_prefix("execution_01/work/").unwrap_or(&one.path))
                .collect();
            if *files != found {
                wrong.push(format!("collected {found:?}"));
            }
        }
        if let Some(results) = &attack.results
            && execution.results.as_ref().unwrap_or(&Value::Null) != results
        {
            wrong.push("other results than expected".to_owned());
        }
    }
    Fate {
        attack,
        expected,
        end,
        open,
        harm,
        wrong,
        execution: Some(execution),
        seconds,
    }
}

/// Runs a script as the root of namespaces that end with it.
fn run_in_namespaces(attack: Attack) -> Fate {
    let mut canary = Canary::new();
    let context = canary.context(&attack.name).to_string();
    let started = Instant::now();
    let work = tempfile::tempdir().unwrap();
    let program = "import json, sys\nscope = {'__name__': '__main__', 'context': json.loads(sys.argv[1])}\n\
                   exec(compile(sys.argv[2], 'program.py', 'exec'), scope)\n\
                   sys.stdout = open('.told', 'w')\nprint(json.dumps(scope['results']))\n";
    let output = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
        ])
        .args(["--mount-proc", "--net", "--uts", "--ipc"])
        .args(["/usr/bin/python3", "-I", "-c", program, &context, &attack.code])
        .current_dir(work.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = fs::read_to_string(work.path().join(".told")).unwrap_or_default();
    let results: Value = serde_json::from_str(&told).unwrap_or_default();
    let open = results["open"].as_array().is_some_and(|open| !open.is_empty());
    let harm = canary.harm();
    Fate {
        expected: "open".to_owned(),
        end: if open { "open" } else { "closed" }.to_owned(),
        wrong: match open || !harm.is_empty() {
            true => Vec::new(),
            false => vec![format!(
                "it does not work where it should: {told} {}",
                String::from_utf8_lossy(&output.stderr)
            )],
        },
        open,
        harm,
        attack,
        execution: None,
        seconds: started.elapsed().as_secs_f64(),
    }
}

fn table(title: &str, fates: &[Fate]) -> String {
    let mut text = format!("\n{title}: {} attacks\n", fates.len());
    for fate in fates {
        let mark = if fate.wrong.is_empty() { "ok   " } else { "WRONG" };
        let _ = writeln!(
            text,
            "  {mark} {:<44} {:<24} {:>5.1} s  {}",
            fate.attack.name,
            fate.end,
            fate.seconds,
            fate.wrong.join("; ")
        );
    }
    text
}

fn conclude(title: &str, mut fates: Vec<Fate>, host: &Host) {
    fates.sort_by(|one, other| one.attack.name.cmp(&other.attack.name));
    println!("{}", table(title, &fates));
    let mut wrong = String::new();
    for fate in fates.iter().filter(|fate| !fate.wrong.is_empty()) {
        let _ = writeln!(
            wrong,
            "{} ({}, expected {}): {:?}\n  {:?}",
            fate.attack.name, fate.end, fate.expected, fate.wrong, fate.execution
        );
    }
    let harm: Vec<String> = host.harm().into_iter().chain(Host::traces()).collect();
    assert!(harm.is_empty(), "{title}: {harm:?}\n{wrong}");
    assert!(wrong.is_empty(), "{title}:\n{wrong}");
}

async fn attack_all(isolation: Isolation) {
    let _alone = TIER.lock().await;
    let home = tempfile::tempdir().unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o711)).unwrap();
    if let Err(error) = LocalExecutor::probe(&settings(home.path(), isolation)) {
        eprintln!(
            "SKIPPED the attacks on {}: this host does not offer it: {error}",
            isolation.name()
        );
        return;
    }
    let host = Host::look();
    assert_eq!(Host::traces(), Vec::<String>::new(), "traces of an earlier run");
    let fates: Vec<Fate> = futures::stream::iter(Attack::all())
        .map(|attack| run(attack, isolation))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    conclude(isolation.name(), fates, &host);
}

#[tokio::test(flavor = "multi_thread")]
async fn bubblewrap_with_a_control_group_stands() {
    attack_all(Isolation::BubblewrapCgroup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bubblewrap_stands() {
    attack_all(Isolation::Bubblewrap).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn landlock_stands() {
    attack_all(Isolation::Landlock).await;
}

/// A closed door proves nothing if the key is wrong: what can be let succeed, must.
#[tokio::test(flavor = "multi_thread")]
async fn attacks_are_real() {
    let _alone = TIER.lock().await;
    if !is_root() {
        eprintln!("SKIPPED attacks_are_real: without isolation they would run as the user of this test");
        return;
    }
    let host = Host::look();
    let (open, others): (Vec<Attack>, Vec<Attack>) = Attack::all()
        .into_iter()
        .partition(|attack| attack.control == Control::Open);
    let namespaces = others
        .into_iter()
        .filter(|attack| attack.control == Control::Namespaces);
    let mut fates: Vec<Fate> = futures::stream::iter(open)
        .map(|attack| run(attack, Isolation::None))
        .buffer_unordered(AT_ONCE)
        .map(|mut fate| {
            if !fate.open && fate.harm.is_empty() {
                fate.wrong.push("it does not work without isolation".to_owned());
            }
            fate
        })
        .collect()
        .await;
    for attack in namespaces {
        fates.push(
            tokio::task::spawn_blocking(|| run_in_namespaces(attack))
                .await
                .unwrap(),
        );
    }
    sweep_traces().unwrap();
    conclude("without isolation", fates, &host);
}

/// Removes what successful attacks left.
fn sweep_traces() -> io::Result<()> {
    for dir in ["/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue"] {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(TRACE) {
                match entry.file_type()?.is_dir() {
                    true => fs::remove_dir_all(entry.path())?,
                    false => fs::remove_file(entry.path())?,
                }
            }
        }
    }
    // System V objects go by their own command.
    for kind in ["-M", "-Q", "-S"] {
        Command::new("ipcrm")
            .args([kind, "1213219905"])
            .stderr(Stdio::null())
            .status()?;
    }
    Ok(())
}
