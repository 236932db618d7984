//! Programs in kernels of real Jupyter servers and gateways: what they get, what they leave, how they end.

mod way;

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock, mpsc},
    time::{Duration, Instant},
};

use holdpoint::{
    config::{Config, ExecutionMethod, ExecutionSettings},
    execution::{
        Access, Execution, ExecutionError, Executor, Job, JupyterExecutor, NoTrail, Output, Permit,
        Placement, Prepared, ProgramEnd, create_folder,
    },
    model::{ExecutionMode, Timestamp},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "a-token-of-the-tests";

/// What speaks Jupyter's protocol.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Server,
    /// A server that speaks the older form of messages only.
    OldServer,
    KernelGateway,
    EnterpriseGateway,
}

/// The environments with the servers; `None` says loudly that a test did not run.
fn environments(test: &str) -> Option<(PathBuf, PathBuf)> {
    let variables = ["HOLDPOINT_TEST_JUPYTER", "HOLDPOINT_TEST_ENTERPRISE"];
    let [Some(jupyter), Some(enterprise)] = variables.map(std::env::var_os) else {
        assert!(
            std::env::var_os("HOLDPOINT_TEST_NO_SKIP").is_none(),
            "{test} needs {variables:?}: run `demo/setup.sh --tests`, or `make test`"
        );
        eprintln!("SKIPPED {test}: set {variables:?}");
        return None;
    };
    Some((jupyter.into(), enterprise.into()))
}

/// A server with the two kernels; it is killed when this is dropped, and when the tests end.
struct Jupyter {
    child: Child,
    dir: TempDir,
    url: String,
}

impl Jupyter {
    fn start(kind: Kind, (jupyter, enterprise): &(PathBuf, PathBuf)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let deployed = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/jupyter/kernels");
        for name in ["python3-epics-readonly", "python3-epics-write"] {
            let folder = dir.path().join("kernels").join(name);
            fs::create_dir_all(&folder).unwrap();
            let spec = fs::read_to_string(deployed.join(name).join("kernel.json")).unwrap();
            let mut spec: Value = serde_json::from_str(&spec).unwrap();
            spec["argv"][0] = json!(jupyter.join("bin/python"));
            fs::write(folder.join("kernel.json"), spec.to_string()).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let home = |name: &str| dir.path().join(name);
        let mut command = Command::new("setpriv");
        // Linux ends the server with the thread that started it.
        command.args(["--pdeathsig", "KILL", "--"]);
        command.arg(match kind {
            Kind::Server | Kind::OldServer => jupyter.join("bin/jupyter-server"),
            Kind::KernelGateway => jupyter.join("bin/jupyter-kernelgateway"),
            Kind::EnterpriseGateway => enterprise.join("bin/jupyter-enterprisegateway"),
        });
        if kind == Kind::OldServer {
            command.arg("--ZMQChannelsWebsocketConnection.kernel_ws_protocol=");
        }
        if matches!(kind, Kind::Server | Kind::OldServer) {
            command.args(["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]);
            command.args([
                format!("--ServerApp.port={port}"),
                "--ServerApp.port_retries=0".to_owned(),
            ]);
            command.arg(format!("--ServerApp.root_dir={}", dir.path().display()));
        }
        for prefix in ["KG", "EG"] {
            command
                .env(format!("{prefix}_IP"), "127.0.0.1")
                .env(format!("{prefix}_PORT"), port.to_string())
                .env(format!("{prefix}_PORT_RETRIES"), "0")
                .env(format!("{prefix}_AUTH_TOKEN"), TOKEN)
                .env(format!("{prefix}_LIST_KERNELS"), "True");
        }
        let log = fs::File::create(home("log")).unwrap();
        let child = command
            .current_dir(dir.path())
            .env("JUPYTER_TOKEN", TOKEN)
            .env("JUPYTER_PATH", dir.path())
            .env("JUPYTER_RUNTIME_DIR", home("runtime"))
            .env("JUPYTER_DATA_DIR", home("data"))
            .env("JUPYTER_CONFIG_DIR", home("config"))
            .env("IPYTHONDIR", home("ipython"))
            .env("HOME", dir.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
            dir,
        };
        server.wait();
        server
    }

    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(120);
        let address = self.url.trim_start_matches("http://").to_owned();
        while std::net::TcpStream::connect(&address).is_err() {
            let ended = self.child.try_wait().unwrap();
            let log = || fs::read_to_string(self.dir.path().join("log")).unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The kernels the server says it runs.
    async fn kernels(&self) -> Vec<Value> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        let asked = client.get(format!("{}/api/kernels", self.url));
        let answer = asked
            .header("Authorization", format!("token {TOKEN}"))
            .send()
            .await
            .unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    fn place(&self) -> Place {
        place(&self.url)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).unwrap()
    }
}

impl Drop for Jupyter {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server that most tests share, kept by a thread of its own.
fn shared(test: &str) -> Option<Place> {
    static URL: OnceLock<String> = OnceLock::new();
    let environments = environments(test)?;
    let url = URL.get_or_init(|| {
        let (told, url) = mpsc::channel();
        std::thread::spawn(move || {
            let server = Jupyter::start(Kind::Server, &environments);
            told.send(server.url.clone()).unwrap();
            loop {
                std::thread::park();
            }
        });
        url.recv().unwrap()
    });
    Some(place(url))
}

/// A service's settings and its directory.
struct Place {
    _dir: TempDir,
    settings: ExecutionSettings,
}

fn place(url: &str) -> Place {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let mut settings = Config::builtin().execution;
    settings.method = ExecutionMethod::Container;
    settings.workspace_dir = dir.path().join("runs");
    settings.max_output_bytes = 64 << 10;
    settings.max_file_bytes = 8 << 20;
    settings.max_workspace_bytes = 16 << 20;
    settings.max_workspace_files = 50;
    settings.container.url = url.to_owned();
    settings.container.token = Some(SecretString::from(TOKEN));
    Place { _dir: dir, settings }
}

impl Place {
    fn job(&self, code: &str) -> Job {
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

    fn executor(&self) -> JupyterExecutor {
        JupyterExecutor::probe(&self.settings).unwrap()
    }

    async fn prepare(&self, job: Job) -> Box<dyn Prepared> {
        self.executor().prepare(job).await.unwrap()
    }

    async fn run(&self, code: &str) -> Execution {
        self.prepare(self.job(code))
            .await
            .run(CancellationToken::new())
            .await
    }

    fn fault(&self) -> ExecutionError {
        JupyterExecutor::probe(&self.settings).unwrap_err()
    }
}

#[track_caller]
fn results(execution: &Execution) -> &Value {
    assert_eq!(execution.end, ProgramEnd::Finished, "{execution:#?}");
    execution
        .results
        .as_ref()
        .unwrap_or_else(|| panic!("no results: {execution:#?}"))
}

#[track_caller]
fn killed(execution: &Execution) -> (&str, &str) {
    match &execution.end {
        ProgramEnd::Killed { code, reason } => (code, reason),
        other => panic!("not killed: {other:?} {execution:#?}"),
    }
}

#[track_caller]
fn raised(execution: &Execution) -> (&str, &str, Option<u32>) {
    match &execution.end {
        ProgramEnd::Raised {
            error_type,
            message,
            line,
            ..
        } => (error_type, message, *line),
        other => panic!("not raised: {other:?} {execution:#?}"),
    }
}

fn artifact(execution: &Execution, path: &str) -> Vec<u8> {
    let found = execution
        .artifacts
        .iter()
        .find(|artifact| artifact.path.ends_with(path));
    let found = found.unwrap_or_else(|| panic!("no {path}: {execution:#?}"));
    let bytes = fs::read(execution.folder.join(&found.path)).unwrap();
    assert_eq!(bytes.len() as u64, found.bytes);
    bytes
}

const WHOLE: &str = r#"
import os, sys, threading
import numpy as np
import matplotlib.pyplot as plt
from IPython.display import display, HTML, JSON

print("current", context["BEAM_CURRENT"])
print("careful", file=sys.stderr)
display(HTML("<b>bold</b>"))
plt.plot([1, 2, 3])
plt.show()
print("after")
os.makedirs("data/inner")
open("data/inner/values.csv", "w").write("a,b\n1,2\n")
open("large.bin", "wb").write(bytes(range(256)) * 12_000)
saved = save_artifact({"x": [1, 2]}, "My settings")

def later():
    import time
    time.sleep(0.1)
    results["thread"] = True

threading.Thread(target=later).start()
results = {
    "mean": np.float64(2.5),
    "nan": float("nan"),
    "set": {1},
    "name": __name__,
    "file": __file__,
    "argv": sys.argv,
    "kernel": os.environ["EPICS_CA_ADDR_LIST"],
    "site": os.environ["SITE"],
    "saved": os.path.basename(saved),
}
"#;

async fn leaves_what_the_local_runner_would(kind: Kind) {
    let Some(environments) = environments(&format!("{kind:?}")) else {
        return;
    };
    let server = tokio::task::spawn_blocking(move || Jupyter::start(kind, &environments))
        .await
        .unwrap();
    let mut place = server.place();
    place.settings.container.read_only.environment = [("SITE".to_owned(), "ring \"1\"\n".to_owned())].into();
    let job = place.job(WHOLE);
    let prepared = tokio::task::spawn_blocking({
        let settings = place.settings.clone();
        move || JupyterExecutor::probe(&settings).unwrap()
    });
    let prepared = prepared.await.unwrap().prepare(job).await.unwrap();
    assert_eq!(server.kernels().await.len(), 1, "{}", server.log());
    let execution = prepared.run(CancellationToken::new()).await;
    let found = results(&execution);
    assert_eq!(found["mean"], 2.5);
    assert_eq!(found["nan"], json!({"_type": "float", "value": "nan"}));
    assert_eq!(found["set"], json!({"_type": "set", "items": [1]}));
    assert_eq!(
        (&found["name"], &found["file"]),
        (&json!("__main__"), &json!("program.py"))
    );
    assert_eq!(found["argv"], json!(["program.py"]));
    assert_eq!(found["kernel"], "10.201.1.2");
    assert_eq!(found["site"], "ring \"1\"\n");
    assert_eq!(found["thread"], true);
    assert_eq!(execution.stdout, "current 500.25\nafter\n");
    assert_eq!(execution.stderr, "careful\n");
    assert!(artifact(&execution, "work/figures/figure_01.png").starts_with(b"\x89PNG"));
    assert_eq!(artifact(&execution, "work/data/inner/values.csv"), b"a,b\n1,2\n");
    assert_eq!(
        artifact(&execution, "work/large.bin"),
        bytes_of_one_round().repeat(12_000)
    );
    let saved = artifact(&execution, found["saved"].as_str().unwrap());
    assert_eq!(
        serde_json::from_slice::<Value>(&saved).unwrap(),
        json!({"x": [1, 2]})
    );
    let kinds: Vec<&str> = execution
        .outputs
        .iter()
        .map(|output| match output {
            Output::Stream { name, .. } => name.as_str(),
            Output::Display { data } if data.contains_key("text/html") => "html",
            Output::Display { .. } => "other",
        })
        .collect();
    assert_eq!(kinds, ["stdout", "stderr", "html", "stdout"]);
    assert!(execution.interpreter.contains("kernel python3-epics-readonly"));
    assert_eq!(execution.notes, Vec::<String>::new());
    assert_eq!(server.kernels().await, Vec::<Value>::new(), "the kernel is gone");
    let log = server.log();
    assert!(!log.contains(TOKEN), "{log}");
}

fn bytes_of_one_round() -> Vec<u8> {
    (0..=255).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jupyter_server_runs_programs_as_the_local_runner_does() {
    leaves_what_the_local_runner_would(Kind::Server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_the_older_form_does_too() {
    leaves_what_the_local_runner_would(Kind::OldServer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_gateway_does_too() {
    leaves_what_the_local_runner_would(Kind::KernelGateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enterprise_gateway_does_too() {
    leaves_what_the_local_runner_would(Kind::EnterpriseGateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_end_as_they_do_locally() {
    let Some(place) = shared("programs_end_as_they_do_locally") else {
        return;
    };
    let failed = place
        .run("x = 1\n\ndef f():\n    return x / 0\n\nresults = {}\nf()\n")
        .await;
    assert_eq!(
        raised(&failed),
        ("ZeroDivisionError", "division by zero", Some(4))
    );
    assert!(
        failed
            .stderr
            .contains("File \"program.py\", line 4, in f\n    return x / 0"),
        "{failed:#?}"
    );
    assert!(!failed.stderr.contains("holdpoint"), "{failed:#?}");

    let broken = place.run("a = 1\nb = = 2\n").await;
    assert_eq!(raised(&broken).2, Some(2));
    assert_eq!(
        results(&place.run("import sys\nresults = {'a': 1}\nsys.exit(0)\n").await)["a"],
        1
    );
    let left = place.run("import sys\nresults = {}\nsys.exit(3)\n").await;
    assert_eq!(raised(&left), ("SystemExit", "exit status 3", Some(3)));

    let missing = place.run("import no_such_module\n").await;
    assert!(
        raised(&missing).1.contains("add the module to the image"),
        "{missing:#?}"
    );
    let nothing = place.run("print('nothing')\n").await;
    assert_eq!((&nothing.end, &nothing.results), (&ProgramEnd::Finished, &None));

    let asked = place.run("results = {}\ninput('name? ')\n").await;
    assert!(matches!(&asked.end, ProgramEnd::Raised { .. }), "{asked:#?}");
    let looped = "import asyncio\nasync def f():\n    return 3\nresults = {'three': asyncio.run(f())}\n";
    assert_eq!(results(&place.run(looped).await)["three"], 3);
    // The program's text is not the kernel's own language of commands.
    assert_eq!(raised(&place.run("%matplotlib inline\n").await).0, "SyntaxError");

    let mut large = place.job("results = {'length': len(context['text'])}\n");
    large.context = json!({"text": "ä".repeat(2_000_000)});
    let large = place.prepare(large).await.run(CancellationToken::new()).await;
    assert_eq!(results(&large)["length"], 2_000_000);

    let (code, reason) = ("signal", "its kernel died");
    let died = place.run("import os\nos._exit(3)\n").await;
    assert!(
        killed(&died).0 == code && killed(&died).1.contains(reason),
        "{died:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_program_shows_and_leaves_is_bounded() {
    let Some(mut place) = shared("what_a_program_shows_and_leaves_is_bounded") else {
        return;
    };
    let begun = Instant::now();
    let loud = place
        .run("results = {}\nwhile True:\n    print('x' * 1000)\n")
        .await;
    assert_eq!(killed(&loud).0, "output_limit");
    assert!(loud.output_truncated && loud.stdout.len() <= 64 << 10);
    let steady =
        "results = {}\nfor i in range(40):\n    print('x' * 4095, flush=True)\nimport time\ntime.sleep(50)\n";
    let steady = place.run(steady).await;
    assert_eq!(killed(&steady).0, "output_limit");
    assert!(steady.output_truncated && steady.stdout.len() == 64 << 10);
    assert!(begun.elapsed() < Duration::from_secs(50));

    let shows = "from IPython.display import display, HTML\nfor i in range(50):\n    \
                 display(HTML('y' * 10_000))\nresults = {'shown': 50}\n";
    let shown = place.run(shows).await;
    assert_eq!(results(&shown)["shown"], 50);
    assert_eq!(shown.outputs.len(), 6);
    assert!(
        shown
            .notes
            .iter()
            .any(|note| note.contains("44 outputs were left out")),
        "{shown:#?}"
    );

    let files = "import os\nos.symlink('/etc/passwd', 'link')\nos.mkfifo('pipe')\n\
                 open('huge', 'wb').truncate(9 << 20)\nopen('fine', 'w').write('1')\nresults = {}\n";
    let left = place.run(files).await;
    results(&left);
    let paths: Vec<&str> = left
        .artifacts
        .iter()
        .map(|artifact| artifact.path.as_str())
        .collect();
    assert_eq!(paths, ["execution_01/work/fine"]);
    assert_eq!(left.notes.len(), 3, "{left:#?}");

    let many = place
        .run("for i in range(80):\n    open(f'{i}', 'w').close()\nresults = {}\n")
        .await;
    assert!(many.artifacts.len() <= 50 && !many.notes.is_empty());

    place.settings.container.max_message_bytes = 4 << 20;
    let giant = "from IPython.display import display, HTML\ndisplay(HTML('y' * 5_000_000))\nresults = {}\n";
    let giant = place.run(giant).await;
    assert_eq!(killed(&giant).0, "output_limit", "{giant:#?}");

    // The runner's functions are within the program's reach: what it makes of them is held to the same bounds.
    let forged = "import sys\npost = sys.modules['holdpoint_kernel'].post\n\
                  post.listed = {}\n\
                  def files(*_):\n    return post.list([['../../escaped', 3], ['/tmp/escaped', 3], ['a\\n', 3], \
                  ['big', 1 << 40], ['.outcome.json', 1 << 40], ['none', 7]], [])\n\
                  post.files = files\nresults = {}\n";
    let forged = place.run(forged).await;
    assert!(
        forged.artifacts.is_empty() && forged.results.is_none(),
        "{forged:#?}"
    );
    assert!(!forged.folder.join("execution_01/escaped").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_cancellation_end_a_program_and_its_kernel() {
    let Some(environments) = environments("time_and_cancellation_end_a_program_and_its_kernel") else {
        return;
    };
    let server = Jupyter::start(Kind::Server, &environments);
    let place = server.place();
    let heedless = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass\n";
    for (code, files) in [
        ("open('begun', 'w').close()\nimport time\ntime.sleep(60)\n", 1),
        ("while True: pass\n", 0),
        (heedless, 0),
    ] {
        let mut job = place.job(&format!("print('begun', flush=True)\n{code}"));
        job.timeout = Duration::from_secs(1);
        let begun = Instant::now();
        let execution = place.prepare(job).await.run(CancellationToken::new()).await;
        assert_eq!(killed(&execution), ("timeout", "it ran longer than 1 seconds"));
        assert_eq!(execution.stdout, "begun\n");
        assert_eq!((execution.artifacts.len(), &execution.results), (files, &None));
        assert!(begun.elapsed() < Duration::from_secs(40));
        assert_eq!(server.kernels().await, Vec::<Value>::new());
    }

    let prepared = place.prepare(place.job("import time\ntime.sleep(60)\n")).await;
    let cancel = CancellationToken::new();
    let running = tokio::spawn(prepared.run(cancel.clone()));
    while server.kernels().await[0]["execution_state"] != "busy" {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    assert_eq!(killed(&running.await.unwrap()).0, "cancelled");
    assert_eq!(server.kernels().await, Vec::<Value>::new());

    let never = place.prepare(place.job("open('/tmp/never', 'w')\n")).await;
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    assert_eq!(killed(&never.run(cancelled).await).0, "cancelled");
    assert_eq!(server.kernels().await, Vec::<Value>::new());

    // A program that is prepared and never run leaves no kernel either.
    drop(place.prepare(place.job("results = {}\n")).await);
    while !server.kernels().await.is_empty() {
        tokio::task::yield_now().await;
    }
}

/// A way to a server that can be cut.
struct Cable {
    url: String,
    cut: tokio::sync::watch::Sender<bool>,
}

impl Cable {
    async fn to(url: &str) -> Self {
        let server = url.trim_start_matches("http://").to_owned();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (cut, is_cut) = tokio::sync::watch::channel(false);
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (server, mut is_cut) = (server.clone(), is_cut.clone());
                tokio::spawn(async move {
                    let connected = async {
                        let mut far = tokio::net::TcpStream::connect(server).await?;
                        tokio::io::copy_bidirectional(&mut near, &mut far).await
                    };
                    tokio::select! {
                        _ = is_cut.wait_for(|is_cut| *is_cut) => {}
                        _ = connected => {}
                    }
                });
            }
        });
        Self { url, cut }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_taken_up_again() {
    let Some(environments) = environments("a_lost_connection_is_taken_up_again") else {
        return;
    };
    let server = Jupyter::start(Kind::Server, &environments);
    let cable = Cable::to(&server.url).await;
    let place = place(&cable.url);
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name);
    let code = format!(
        "import os, time\ndef wait(path):\n    while not os.path.exists(path):\n        time.sleep(0.01)\n\
         print('before', flush=True)\nopen({:?}, 'w').close()\nwait({:?})\nprint('meanwhile', flush=True)\n\
         open({:?}, 'w').close()\nwait({:?})\nprint('after')\nresults = {{'ok': 1}}\n",
        path("begun"),
        path("go"),
        path("went"),
        path("end"),
    );
    let prepared = place.prepare(place.job(&code)).await;
    let running = tokio::spawn(prepared.run(CancellationToken::new()));
    let appears = async |name: &str| {
        while !path(name).exists() {
            tokio::task::yield_now().await;
        }
    };
    appears("begun").await;
    cable.cut.send(true).unwrap();
    // The server buffers once it has seen that nobody listens.
    while server.kernels().await[0]["connections"] != 0 {
        tokio::task::yield_now().await;
    }
    fs::write(path("go"), "").unwrap();
    appears("went").await;
    cable.cut.send(false).unwrap();
    while server.kernels().await[0]["connections"] != 1 {
        tokio::task::yield_now().await;
    }
    fs::write(path("end"), "").unwrap();
    let execution = running.await.unwrap();
    assert_eq!(results(&execution)["ok"], 1);
    // What was on its way when the cable was cut may be gone; what the server had not yet sent is not.
    assert!(execution.stdout.ends_with("meanwhile\nafter\n"), "{execution:#?}");
    assert!(
        execution.notes[0].contains("connection to its kernel was lost"),
        "{execution:#?}"
    );
    assert_eq!(server.kernels().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_ends_the_run() {
    let Some(environments) = environments("a_server_that_dies_ends_the_run") else {
        return;
    };
    let mut server = Jupyter::start(Kind::Server, &environments);
    let place = server.place();
    let prepared = place.prepare(place.job("import time\ntime.sleep(300)\n")).await;
    let running = tokio::spawn(prepared.run(CancellationToken::new()));
    while server.kernels().await[0]["execution_state"] != "busy" {
        tokio::task::yield_now().await;
    }
    server.child.kill().unwrap();
    let begun = Instant::now();
    let execution = running.await.unwrap();
    let (code, reason) = killed(&execution);
    assert_eq!(code, "connection_lost");
    assert!(reason.contains("may be left behind"), "{reason}");
    assert!(begun.elapsed() < Duration::from_secs(40));
    let error = place.fault();
    assert_eq!(error.code(), "jupyter", "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_told_before_the_start() {
    let Some(mut place) = shared("what_is_missing_is_told_before_the_start") else {
        return;
    };
    let executor = place.executor();
    let write = Job {
        access: Access::Write(Permit::default()),
        ..place.job("results = {}\n")
    };
    let refused = executor.prepare(write).await.err().unwrap();
    assert_eq!(refused.code(), "mode_unavailable");
    let offered = executor.offers(&Placement::default(), ExecutionMode::WriteAccess);
    assert_eq!(offered.unwrap_err().code(), "mode_unavailable");
    let backend = executor.backend(&Placement::default());
    assert_eq!(
        backend.facts["network"],
        "enforced by the deployment, not by Holdpoint"
    );
    assert_eq!(backend.facts["server_version"], "2.21.1");
    assert!(!format!("{backend:?} {executor:?}").contains(TOKEN));

    place.settings.container.read_only.kernel_name = "nowhere".to_owned();
    let error = place.fault().to_string();
    assert!(
        error.contains("nowhere") && error.contains("python3-epics-readonly"),
        "{error}"
    );
    place.settings.container.token = Some(SecretString::from("wrong"));
    let error = place.fault();
    assert_eq!(error.code(), "jupyter");
    assert!(error.to_string().contains("execution.container.token"), "{error}");
    assert!(!error.to_string().contains("wrong"), "{error}");
    place.settings.container.url = "http://127.0.0.1:9".to_owned();
    assert_eq!(place.fault().code(), "jupyter");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_that_changed_is_not_what_was_approved() {
    let Some(environments) = environments("a_kernel_that_changed_is_not_what_was_approved") else {
        return;
    };
    let server = Jupyter::start(Kind::Server, &environments);
    let place = server.place();
    let executor = place.executor();
    let before = executor.backend(&Placement::default());
    let spec = server
        .dir
        .path()
        .join("kernels/python3-epics-readonly/kernel.json");
    let text = fs::read_to_string(&spec)
        .unwrap()
        .replace("10.201.1.2", "10.201.1.9");
    fs::write(&spec, text).unwrap();
    let error = executor.prepare(place.job("results = {}\n")).await.err().unwrap();
    assert_eq!(error.code(), "interpreter", "{error}");
    assert_ne!(executor.backend(&Placement::default()), before);
    let prepared = executor.prepare(place.job("results = {}\n")).await.unwrap();
    results(&prepared.run(CancellationToken::new()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_run_at_once_and_apart() {
    let Some(place) = shared("two_programs_run_at_once_and_apart") else {
        return;
    };
    // Each waits until the other has begun.
    let meeting = tempfile::tempdir().unwrap();
    let program = |mine: &str, other: &str| {
        let path = |name: &str| serde_json::to_string(&meeting.path().join(name)).unwrap();
        format!(
            "import os, time\nopen({}, 'w').close()\nwhile not os.path.exists({}):\n    time.sleep(0.01)\n\
             print('{mine}')\nresults = {{'me': '{mine}', 'files': os.listdir()}}\n",
            path(mine),
            path(other)
        )
    };
    let (one, two) = (program("one", "two"), program("two", "one"));
    let (one, two) = tokio::join!(place.run(&one), place.run(&two));
    for (execution, name) in [(&one, "one"), (&two, "two")] {
        assert_eq!(results(execution)["me"], name);
        assert_eq!(results(execution)["files"], json!([]));
        assert_eq!(execution.stdout, format!("{name}\n"));
    }
}

/// `cargo test --test it -- --ignored --nocapture warm` tells how long a warm kernel takes to answer.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures, and the machine should be idle"]
async fn a_warm_kernel_answers_within_25_ms() {
    let Some(place) = shared("a_warm_kernel_answers_within_25_ms") else {
        return;
    };
    let mut taken = place.executor().round_trips(50).await.unwrap();
    taken.sort();
    println!(
        "warm execute: median {:?}, min {:?}, max {:?}",
        taken[25], taken[0], taken[49]
    );
    assert!(taken[25] <= Duration::from_millis(25));
}
