//! A service on a bench: scripted code, programs that only count, a clock that a test sets.

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use holdpoint::{
    config::{Config, RehearsalMode},
    execution::{Backend, Execution, ExecutionError, Executor, Job, Placement, Prepared, ProgramEnd},
    generation::{
        CodeGenerator, Generated, GenerationError, GenerationRequest, Registry, SharedGenerator, Tell,
    },
    graphs::python_executor::Request,
    model::{Actor, CodeSha256, Entrance, ExecutionMode, InterruptId},
    service::{Builder, ErrorReply, RunReply, RunStatus, Service, ServiceCommand, VerifyReply},
    store::{MemoryStore, Store},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::story::TestClock;

/// Code that only computes.
pub const READ: &str = "results = {'mean': 2.0}\n";
/// Code that writes one process variable.
pub const WRITE: &str = "import epics\nepics.caput('SR:MAG:QF1:SP', 3.0)\nresults = {'done': True}\n";
/// Code that writes another one.
pub const OTHER_WRITE: &str = "import epics\nepics.caput('SR:MAG:QF2:SP', 1.0)\nresults = {'done': True}\n";

/// `code` with a line that tells [`CountingExecutor`] how it ends.
pub fn ending(code: &str, how: &str) -> String {
    format!("{code}# {how}\n")
}

/// Programs that only count. What a program does, its comments say: `# raise`, `# missing`,
/// `# timeout`, `# hang` (until it is cancelled), `# wait` (until it is released).
pub struct CountingExecutor {
    started: Mutex<Vec<Job>>,
    count: watch::Sender<usize>,
    going: AtomicUsize,
    most: AtomicUsize,
    prepared: AtomicUsize,
    failures: AtomicUsize,
    before: Mutex<Option<Box<dyn Fn() + Send>>>,
    release: Arc<Semaphore>,
    name: Mutex<String>,
}

impl CountingExecutor {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            started: Mutex::default(),
            count: watch::Sender::new(0),
            going: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            prepared: AtomicUsize::new(0),
            failures: AtomicUsize::new(0),
            before: Mutex::default(),
            release: Arc::new(Semaphore::new(0)),
            name: Mutex::new("counting".into()),
        })
    }

    /// The programs that were started, oldest first.
    pub fn started(&self) -> Vec<Job> {
        self.started.lock().unwrap().clone()
    }

    /// How many programs with write access were started.
    pub fn writes(&self) -> usize {
        let write = |job: &&Job| job.mode() == ExecutionMode::WriteAccess;
        self.started.lock().unwrap().iter().filter(write).count()
    }

    /// How many programs went on at the same time at most.
    pub fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    pub fn prepared(&self) -> usize {
        self.prepared.load(Ordering::SeqCst)
    }

    /// The next `count` preparations fail as if the host were short of something.
    pub fn fail_preparations(&self, count: usize) {
        self.failures.store(count, Ordering::SeqCst);
    }

    /// Does `what` whenever a program is prepared: between the decision and the start.
    pub fn before_start(&self, what: impl Fn() + Send + 'static) {
        *self.before.lock().unwrap() = Some(Box::new(what));
    }

    /// Waits until `count` programs were started.
    pub async fn wait_for_starts(&self, count: usize) {
        let mut watched = self.count.subscribe();
        watched.wait_for(|started| *started >= count).await.unwrap();
    }

    /// Lets `count` programs that wait come to their end.
    pub fn release(&self, count: usize) {
        self.release.add_permits(count);
    }

    /// Says another name of itself from now on, as a host with another sandbox would.
    pub fn rename(&self, name: &str) {
        *self.name.lock().unwrap() = name.into();
    }
}

struct Shared(Arc<CountingExecutor>);

struct Program {
    executor: Arc<CountingExecutor>,
    job: Job,
}

#[async_trait]
impl Executor for Shared {
    fn backend(&self, _: &Placement) -> Backend {
        Backend {
            name: self.0.name.lock().unwrap().clone(),
            isolation: "double".into(),
            interpreter: "none".into(),
            runner_sha256: CodeSha256::of(b"double"),
            facts: BTreeMap::new(),
        }
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        self.0.prepared.fetch_add(1, Ordering::SeqCst);
        if let Some(before) = &*self.0.before.lock().unwrap() {
            before();
        }
        let short = self
            .0
            .failures
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if short.is_ok() {
            return Err(ExecutionError::Start("no process to be had".into()));
        }
        Ok(Box::new(Program {
            executor: self.0.clone(),
            job,
        }))
    }
}

/// Counts a program that goes on, for as long as it lives.
struct Going(Arc<CountingExecutor>);

impl Going {
    fn new(executor: &Arc<CountingExecutor>) -> Self {
        let now = executor.going.fetch_add(1, Ordering::SeqCst) + 1;
        executor.most.fetch_max(now, Ordering::SeqCst);
        Self(executor.clone())
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.0.going.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Prepared for Program {
    async fn run(self: Box<Self>, cancel: CancellationToken) -> Execution {
        let Program { executor, job } = *self;
        let going = Going::new(&executor);
        executor.started.lock().unwrap().push(job.clone());
        executor.count.send_modify(|count| *count += 1);
        let says = |word: &str| job.code.contains(&format!("# {word}\n"));
        let killed = |code: &str| ProgramEnd::Killed {
            reason: format!("ended: {code}"),
            code: code.into(),
        };
        let mut end = ProgramEnd::Finished;
        if says("hang") {
            cancel.cancelled().await;
            end = killed("cancelled");
        } else if says("wait") {
            tokio::select! {
                permit = executor.release.acquire() => permit.unwrap().forget(),
                () = cancel.cancelled() => end = killed("cancelled"),
            }
        } else if says("timeout") {
            end = killed("timeout");
        } else if let Some((_, what)) = job.code.split_once("# raise") {
            end = ProgramEnd::Raised {
                error_type: "RuntimeError".into(),
                message: what.trim().to_owned(),
                traceback: format!("Traceback …\nRuntimeError: {}", what.trim()),
                line: Some(1),
            };
        }
        drop(going);
        let finished = end == ProgramEnd::Finished && !says("missing");
        Execution {
            end,
            results: finished.then(|| json!({"mean": 2.0})),
            stdout: "counted\n".into(),
            stderr: String::new(),
            output_truncated: false,
            seconds: 0.5,
            folder: job.folder.clone(),
            artifacts: Vec::new(),
            outputs: Vec::new(),
            isolation: "double".into(),
            interpreter: "none".into(),
            conduct: None,
            notes: Vec::new(),
        }
    }
}

/// What the scripted generator does on one call.
#[derive(Debug, Clone)]
pub enum Line {
    /// Gives this code.
    Code(String),
    /// Cannot be reached.
    Unreachable(Option<Duration>),
    /// Gives no code, but may the next time.
    Empty,
    /// Declines.
    Declines,
}

/// A line of code.
pub fn code(text: &str) -> Line {
    Line::Code(text.to_owned())
}

/// A generator that does what its script says, line by line, and keeps what it was asked.
pub struct Scripted {
    lines: Mutex<VecDeque<Line>>,
    calls: Mutex<Vec<GenerationRequest>>,
}

impl Scripted {
    /// What it was asked, oldest first.
    pub fn calls(&self) -> Vec<GenerationRequest> {
        self.calls.lock().unwrap().clone()
    }
}

struct SharedScript(Arc<Scripted>);

#[async_trait]
impl CodeGenerator for SharedScript {
    fn name(&self) -> &str {
        "scripted"
    }

    async fn generate(&self, request: &GenerationRequest, _: Tell<'_>) -> Result<Generated, GenerationError> {
        self.0.calls.lock().unwrap().push(request.clone());
        let line = self.0.lines.lock().unwrap().pop_front();
        match line {
            Some(Line::Code(code)) => Ok(Generated {
                code,
                generator: "scripted".into(),
                model: Some("script-1".into()),
                usage: None,
                metadata: BTreeMap::new(),
            }),
            Some(Line::Unreachable(retry_after)) => Err(GenerationError::Unreachable {
                message: "no route".into(),
                retry_after,
            }),
            Some(Line::Empty) => Err(GenerationError::Empty),
            Some(Line::Declines) => Err(GenerationError::Refused("not this".into())),
            None => Err(GenerationError::Exhausted("the script is at its end".into())),
        }
    }
}

/// Everything a test holds in its hands.
pub struct Rig {
    /// Removed with everything in it once the test is over.
    _dir: TempDir,
    pub config: Config,
    pub store: Option<Arc<dyn Store>>,
    pub executor: Arc<CountingExecutor>,
    pub script: Arc<Scripted>,
    pub clock: TestClock,
}

/// Writes are possible; everything else is as by default.
pub fn config(dir: &Path) -> Config {
    let text = format!("holdpoint: {{data_dir: {dir:?}}}\ncontrol_system: {{writes_enabled: true}}\n");
    let mut config = Config::from_text(&text, None, &|_| None).unwrap();
    // The double counts what is started; what is only rehearsed is another test's.
    config.control_system.rehearsal.mode = RehearsalMode::Never;
    config.generation.generator = "scripted".into();
    config.store = crate::story::settings();
    config
}

impl Rig {
    /// A rig with a store in memory.
    pub fn new(lines: impl IntoIterator<Item = Line>) -> Self {
        let mut rig = Self::on_disk(lines);
        rig.store = Some(Arc::new(MemoryStore::new(rig.clock.clock()).unwrap()));
        rig
    }

    /// A rig whose store is in its directory.
    pub fn on_disk(lines: impl IntoIterator<Item = Line>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            config: config(dir.path()),
            _dir: dir,
            store: None,
            executor: CountingExecutor::new(),
            script: Arc::new(Scripted {
                lines: Mutex::new(lines.into_iter().collect()),
                calls: Mutex::default(),
            }),
            clock: TestClock::new(),
        }
    }

    /// The rig with other settings.
    pub fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub fn builder(&self) -> Builder {
        let mut registry = Registry::builtin();
        let script = self.script.clone();
        registry
            .register("scripted", move |_| {
                let generator: SharedGenerator = Arc::new(SharedScript(script.clone()));
                Ok(generator)
            })
            .unwrap();
        let builder = Service::builder()
            .registry(registry)
            .executor(Arc::new(Shared(self.executor.clone())))
            .clock(self.clock.clock());
        match &self.store {
            Some(store) => builder.store(store.clone()),
            None => builder,
        }
    }

    pub async fn open(&self) -> Service {
        self.builder().open(self.config.clone()).await.unwrap()
    }

    /// How many folders of runs there are.
    pub fn folders(&self) -> Vec<PathBuf> {
        let root = &self.config.execution.workspace_dir;
        let Ok(months) = std::fs::read_dir(root) else {
            return Vec::new();
        };
        let runs = months.flat_map(|month| std::fs::read_dir(month.unwrap().path()).unwrap());
        runs.map(|run| run.unwrap().path()).collect()
    }
}

/// Who asks.
pub fn requester() -> Actor {
    Actor::asserted("ada", "ada", Entrance::Library)
}

/// Who decides.
pub fn human() -> Actor {
    Actor::asserted("grace", "grace", Entrance::Cli)
}

/// A request that leaves the code to the generator.
pub fn task(mode: ExecutionMode) -> Request {
    Request {
        task_objective: "the mean of the orbit".into(),
        execution_mode: mode,
        ..Request::default()
    }
}

/// A request that brings its code.
pub fn own(code: &str, mode: ExecutionMode) -> Request {
    Request {
        code: Some(code.to_owned()),
        ..task(mode)
    }
}

pub use ExecutionMode::{ReadOnly, WriteAccess};

/// The question that is pending.
#[track_caller]
pub fn asked(reply: &RunReply) -> InterruptId {
    assert_eq!(reply.interrupts.len(), 1, "{reply:#?}");
    reply.interrupts[0].interrupt_id
}

/// Runs a request that must come to a question, and gives it.
pub async fn ask(service: &Service, request: Request, thread: &str) -> (RunReply, InterruptId) {
    let reply = service.invoke(request, Some(thread), requester()).await.unwrap();
    assert_eq!(reply.status, RunStatus::Interrupted, "{reply:#?}");
    let id = asked(&reply);
    (reply, id)
}

pub fn approve() -> Value {
    json!({"approved": true})
}

/// Does `command` for a human.
pub async fn command(service: &Service, command: ServiceCommand) -> Result<Value, ErrorReply> {
    let done = service.execute(command, human(), None).await;
    done.map_err(|error| error.reply())
}

/// A command's reply about a thread.
pub async fn run(service: &Service, what: ServiceCommand) -> Result<RunReply, ErrorReply> {
    command(service, what)
        .await
        .map(|reply| serde_json::from_value(reply).unwrap())
}

pub async fn show(service: &Service, thread: &str) -> RunReply {
    let subject = thread.to_owned();
    run(service, ServiceCommand::Show { subject }).await.unwrap()
}

/// The stable code of an error.
pub fn error_code<T: std::fmt::Debug>(result: Result<T, holdpoint::service::ServiceError>) -> String {
    result.unwrap_err().reply().code
}

/// The store verifies, every write that was started fits its approval, and replaying any thread
/// comes to the same decisions.
pub async fn prove(service: &Service, executor: &CountingExecutor) -> VerifyReply {
    let found: VerifyReply =
        serde_json::from_value(command(service, ServiceCommand::Verify).await.unwrap()).unwrap();
    assert!(found.ok, "{:#?}", found.problems);
    let proven = found
        .executions
        .iter()
        .filter(|proof| proof.execution_mode == "write_access");
    let mut proven: Vec<&str> = proven.map(|proof| proof.ran_sha256.as_str()).collect();
    let mut started: Vec<String> = executor
        .started()
        .iter()
        .filter(|job| job.mode() == WriteAccess)
        .map(|job| CodeSha256::of(job.code.as_bytes()).to_string())
        .collect();
    proven.sort_unstable();
    started.sort_unstable();
    assert_eq!(proven, started, "what ran is not what the trail says");
    let mut used = found
        .executions
        .iter()
        .map(|proof| proof.interrupt_id)
        .collect::<Vec<_>>();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), found.executions.len(), "an answer served twice");
    let threads = service
        .engine()
        .store()
        .threads(Default::default())
        .await
        .unwrap();
    for head in threads {
        let replayed = service.engine().replay(head.thread).await.unwrap();
        assert!(replayed.divergences.is_empty(), "{:#?}", replayed.divergences);
    }
    found
}
