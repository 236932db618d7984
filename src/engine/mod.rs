//! TIME: runs graphs durably.
//!
//! A thread's work goes on in supersteps; after each one stands a checkpoint. A question ends the
//! run and leaves nothing in memory; its answer, hours or days later, is accepted by a
//! compare-and-set in the store and begins the next run. The engine knows graphs, channels and the
//! store; it knows nothing of Python or of control systems.

mod answer;
mod checkpoint;
mod error;
mod history;
mod journal;
mod recover;
mod replay;
mod runner;
mod steering;
mod step;
mod task;
mod upkeep;
mod values;
mod writer;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex as StdMutex, OnceLock},
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::sync::{Mutex, mpsc::UnboundedSender, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    graph::{AnswerRefused, Graph},
    model::{
        Actor, Caller, Channels, Clock, Command, Entry, ErrorClass, Event, Failure, Head, InterruptId,
        Outcome, Resume, RunId, ThreadId,
    },
    store::{Store, StoreError, Transaction},
};

use checkpoint::Live;
use journal::lock;
use runner::{GraphEnd, Run};
use writer::Writer;

pub use error::EngineError;
pub use history::{Note, Snapshot};
pub use recover::Recovered;
pub use replay::{Divergence, ReplayReport};
pub use step::MergeError;
pub use upkeep::RunRecord;
pub use writer::Durability;

/// What a thread is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Invocation {
    /// Begin anew with this input.
    Input(Channels),
    /// Take up answers, or be steered.
    Command(Command),
    /// Go on from the last checkpoint: after a failure, a breakpoint, a fork or the end of a process.
    Continue,
}

/// How far a run goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StopBefore {
    /// To its end.
    #[default]
    Nothing,
    /// It stops before the first node that touches the outside.
    AnythingOutside {
        /// Nodes that may run all the same, because they asked before and are to ask again. An
        /// effect never does.
        but: BTreeSet<String>,
    },
}

/// What else must hold of a thread for a run to begin on it; `None` stands for one that is still to be made.
/// It is asked about the very head that the run is committed behind.
pub type Admission = Arc<dyn Fn(Option<&Head>) -> Result<(), AnswerRefused> + Send + Sync>;

/// How often an answer is put again to a thread that changed while it was looked at.
const ANSWER_TRIES: u32 = 64;

/// How a run is carried out.
#[derive(Clone)]
pub struct RunOptions {
    /// When checkpoints are committed.
    pub durability: Durability,
    /// How many supersteps each graph of the run may take.
    pub recursion_limit: u32,
    /// The time the run may take.
    pub timeout: Option<Duration>,
    /// Static breakpoints: the run stops before these nodes (`*` for all).
    pub interrupt_before: Vec<String>,
    /// Static breakpoints: the run stops after these nodes (`*` for all).
    pub interrupt_after: Vec<String>,
    /// How far it goes.
    pub stop_before: StopBefore,
    /// Cancels the run.
    pub cancel: CancellationToken,
    /// Takes the run's events.
    pub events: Option<UnboundedSender<Event>>,
    /// The thread to make if there is none yet, in the commit that begins the run.
    pub create: Option<NewThread>,
    /// The graph to run, where the caller names one: a thread on which nothing ran yet takes it.
    pub graph: Option<String>,
    /// The run's id, if it has one already.
    pub run: Option<RunId>,
    /// What the caller wants kept beside the run.
    pub about: Option<Value>,
    /// What else must hold of the thread.
    pub admission: Option<Admission>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Sync,
            recursion_limit: 50,
            timeout: None,
            interrupt_before: Vec::new(),
            interrupt_after: Vec::new(),
            stop_before: StopBefore::Nothing,
            cancel: CancellationToken::new(),
            events: None,
            create: None,
            graph: None,
            run: None,
            about: None,
            admission: None,
        }
    }
}

/// How a run ended, and what the thread then holds.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The thread.
    pub thread: ThreadId,
    /// The run.
    pub run: RunId,
    /// How it ended.
    pub outcome: Outcome,
    /// The state.
    pub values: Channels,
    /// The questions that are pending.
    pub interrupts: Vec<PendingQuestion>,
    /// The thread's head.
    pub head: Head,
}

/// A pending question with its text.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingQuestion {
    /// The interrupt.
    pub interrupt: crate::model::Interrupt,
    /// What is asked.
    pub question: Value,
}

/// A run that goes on in this process.
struct Going {
    thread: ThreadId,
    writer: Arc<Mutex<Writer>>,
    cancel: CancellationToken,
    /// Who cancelled it, and why; shared with the run itself.
    stopped_by: Arc<OnceLock<String>>,
}

/// Runs the threads of registered graphs on a store.
pub struct Engine {
    store: Arc<dyn Store>,
    clock: Clock,
    owner: Uuid,
    graphs: BTreeMap<String, Arc<Graph>>,
    running: StdMutex<HashMap<RunId, Going>>,
    idle: tokio::sync::Notify,
    /// Counts what may have changed which questions are pending.
    turns: watch::Sender<u64>,
}

impl Engine {
    /// An engine for `graphs` on `store`.
    pub fn new(store: Arc<dyn Store>, clock: Clock, graphs: impl IntoIterator<Item = Arc<Graph>>) -> Self {
        let graphs = graphs
            .into_iter()
            .map(|graph| (graph.name().to_owned(), graph))
            .collect();
        Self {
            store,
            clock,
            owner: Uuid::new_v4(),
            graphs,
            running: StdMutex::default(),
            idle: tokio::sync::Notify::new(),
            turns: watch::Sender::new(0),
        }
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Changes whenever a run has ended or a thread was steered: only then are there other questions than before.
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.turns.subscribe()
    }

    /// A registered graph.
    ///
    /// # Errors
    /// [`EngineError::UnknownGraph`] lists those that are registered.
    pub fn graph(&self, name: &str) -> Result<&Arc<Graph>, EngineError> {
        self.graphs.get(name).ok_or_else(|| EngineError::UnknownGraph {
            name: name.to_owned(),
            known: self.graphs.keys().cloned().collect(),
        })
    }

    /// The registered graphs.
    pub fn graphs(&self) -> impl Iterator<Item = &Arc<Graph>> {
        self.graphs.values()
    }

    /// Makes a thread.
    ///
    /// # Errors
    /// [`EngineError::ThreadExists`], [`EngineError::UnknownGraph`], or the store's.
    pub async fn create_thread(&self, new: NewThread) -> Result<Head, EngineError> {
        let id = new.id;
        let transaction = self.creation(id, new)?.1;
        let head = transaction.head().clone();
        match self.store.commit(transaction).await {
            Ok(()) => Ok(head),
            Err(StoreError::Conflict { .. }) => Err(EngineError::ThreadExists(id)),
            Err(error) => Err(error.into()),
        }
    }

    /// The entry that makes a thread, and the transaction that would commit it alone.
    fn creation(&self, thread: ThreadId, new: NewThread) -> Result<(Entry, Transaction), EngineError> {
        self.graph(&new.graph)?;
        let entry = Entry::ThreadCreated {
            graph: new.graph,
            name: new.name,
            by: new.by,
            metadata: new.metadata,
        };
        let sealed = crate::store::seal(thread, None, self.clock.now(), vec![entry.clone()], Vec::new());
        let transaction = sealed.map_err(|error| EngineError::Internal(error.to_string()))?;
        Ok((entry, transaction))
    }

    /// A thread's head. A thread that was deleted has none any more.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn head(&self, thread: ThreadId) -> Result<Head, EngineError> {
        self.store
            .head(thread)
            .await?
            .filter(|head| !head.deleted)
            .ok_or(EngineError::UnknownThread(thread))
    }

    /// Runs a thread until it ends, waits, fails or is cancelled. Once an answer is accepted or new
    /// input is taken up, that is on disk before anything runs.
    ///
    /// # Errors
    /// [`EngineError`]: nothing was taken up, unless it is the store's; then the thread's history
    /// says how far it went. A failing node is not an error but an [`Outcome`].
    pub async fn invoke(
        &self,
        thread: ThreadId,
        invocation: Invocation,
        by: impl Into<Caller>,
        options: RunOptions,
    ) -> Result<RunReport, EngineError> {
        self.begin(thread, invocation, by, options).await?.finish().await
    }

    /// The questions `invocation` answers, where it says so itself.
    fn answered(invocation: &Invocation) -> Option<Vec<InterruptId>> {
        match invocation {
            Invocation::Command(Command {
                resume: Some(Resume::ById(answers)),
                ..
            }) => Some(answers.keys().copied().collect()),
            Invocation::Command(Command { resume: Some(_), .. }) => Some(Vec::new()),
            _ => None,
        }
    }

    /// Takes up what a thread is to do, durably, and gives the run that is to be carried out: for
    /// callers that acknowledge the one before they wait for the other.
    ///
    /// # Errors
    /// As [`Engine::invoke`].
    pub async fn begin(
        &self,
        thread: ThreadId,
        invocation: Invocation,
        by: impl Into<Caller>,
        options: RunOptions,
    ) -> Result<Begun<'_>, EngineError> {
        let by = by.into();
        let answers = Self::answered(&invocation).is_some();
        let mut tries = 1;
        loop {
            let taking = Taking::Invocation(invocation.clone());
            match self.take(thread, taking, by.clone(), options.clone()).await {
                // Another vote came first, or something else that leaves the question pending: the answer is
                // looked at again, as the thread now stands.
                Err(EngineError::Store(StoreError::Conflict { .. })) if answers && tries < ANSWER_TRIES => {
                    tries += 1;
                }
                taken => return taken,
            }
        }
    }

    /// Takes up what a thread is to do.
    async fn take(
        &self,
        thread: ThreadId,
        taking: Taking,
        by: Caller,
        options: RunOptions,
    ) -> Result<Begun<'_>, EngineError> {
        let answers = match &taking {
            Taking::Invocation(invocation) => Self::answered(invocation),
            _ => None,
        };
        let (head, made) = match (self.unowned_head(thread).await, options.create.clone()) {
            (Err(EngineError::UnknownThread(_)), Some(new)) => {
                let (entry, transaction) = self.creation(thread, new)?;
                (transaction.head().clone(), Some(entry))
            }
            (Err(busy @ EngineError::Busy { .. }), _) => {
                return Err(match answers {
                    Some(ids) => self.forestalled(thread, &ids).await?.unwrap_or(busy),
                    None => busy,
                });
            }
            (other, _) => (other?, None),
        };
        if let Some(admission) = &options.admission {
            admission(made.is_none().then_some(&head)).map_err(EngineError::NotAdmitted)?;
        }
        let taken_up = match &options.graph {
            Some(wanted) if *wanted != head.graph && made.is_none() => {
                if head.fence > 0 || head.checkpoint().is_some() {
                    return Err(EngineError::OtherGraph {
                        thread,
                        graph: head.graph,
                        wanted: wanted.clone(),
                    });
                }
                Some(wanted.clone())
            }
            _ => None,
        };
        let graph = self.graph(taken_up.as_ref().unwrap_or(&head.graph))?.clone();
        let run = options.run.unwrap_or_else(RunId::new);
        let mut writer = Writer::new(
            self.store.clone(),
            self.clock.clone(),
            thread,
            made.is_none().then(|| head.clone()),
            options.events.clone(),
        );
        // A new thread comes to be with the commit that begins its first run.
        if let Some(entry) = made {
            writer.note(entry, []);
        }
        if taken_up.is_some() {
            let (by, graph, metadata) = (by.actor.clone(), taken_up, BTreeMap::new());
            writer.note(Entry::Described { by, metadata, graph }, []);
        }
        // A child, so that this run's timeout cancels nobody else's work.
        let cancel = options.cancel.child_token();
        let run = Run {
            store: self.store.clone(),
            clock: self.clock.clone(),
            thread,
            run,
            caller: by,
            writer: Arc::new(Mutex::new(writer)),
            options,
            cancel,
            held: false,
            stopped_by: Arc::default(),
        };
        run.writer
            .lock()
            .await
            .tell(Event::RunStarted { thread, run: run.run });
        let going = Going {
            thread,
            writer: run.writer.clone(),
            cancel: run.cancel.clone(),
            stopped_by: run.stopped_by.clone(),
        };
        let guard = Running::new(self, run.run, going);
        let taken = match taking {
            Taking::Invocation(Invocation::Input(input)) => {
                self.take_input(&run, &graph, &head, input).await.map(Taken::Live)
            }
            Taking::Invocation(Invocation::Continue) => {
                self.take_continue(&run, &graph, &head).await.map(Taken::Live)
            }
            Taking::Invocation(Invocation::Command(command)) => {
                self.take_command(&run, &graph, &head, command).await
            }
            Taking::Expiry(id) => self.take_expiry(&run, &graph, &head, id).await.map(Taken::Live),
            Taking::Update { update, as_node } => self
                .take_update(&run, &graph, &head, update, as_node.as_deref())
                .await
                .map(Taken::Live),
        };
        let taken = match taken {
            // Someone was faster: say who, where that can be told.
            Err(EngineError::Store(StoreError::Conflict { .. })) => {
                let ids = answers.unwrap_or_default();
                return Err(self.lost_race(thread, &head, &ids).await);
            }
            other => other?,
        };
        Ok(Begun {
            engine: self,
            graph,
            run,
            taken,
            guard,
        })
    }

    /// Cancels the run that owns `thread` in this process, for `reason`, which the trail keeps; says
    /// whether there was one.
    pub fn cancel_run(&self, thread: ThreadId, reason: &str) -> bool {
        let running = lock(&self.running);
        let mut any = false;
        for going in running.values().filter(|going| going.thread == thread) {
            going.stopped_by.get_or_init(|| reason.to_owned());
            going.cancel.cancel();
            any = true;
        }
        any
    }

    /// Cancels `run`, if it goes on in this process, for `reason`, which the trail keeps; says whether it did.
    pub fn cancel(&self, run: RunId, reason: &str) -> bool {
        let running = lock(&self.running);
        let Some(going) = running.get(&run) else {
            return false;
        };
        going.stopped_by.get_or_init(|| reason.to_owned());
        going.cancel.cancel();
        true
    }

    /// Waits until no run of `thread` is going on in this process.
    pub async fn wait_for(&self, thread: ThreadId) {
        loop {
            let idle = self.idle.notified();
            if !lock(&self.running).values().any(|going| going.thread == thread) {
                return;
            }
            idle.await;
        }
    }

    /// Waits until no run is going on in this process.
    pub async fn wait_idle(&self) {
        loop {
            let idle = self.idle.notified();
            if lock(&self.running).is_empty() {
                return;
            }
            idle.await;
        }
    }

    /// Whether `run` goes on in this process.
    fn is_running(&self, run: RunId) -> bool {
        lock(&self.running).contains_key(&run)
    }

    /// The head of a thread that no living run owns; what a dead one left is put in order first.
    async fn unowned_head(&self, thread: ThreadId) -> Result<Head, EngineError> {
        loop {
            let head = self.head(thread).await?;
            let Some(active) = &head.run else { return Ok(head) };
            if active.owner == self.owner && self.is_running(active.run) {
                return Err(EngineError::Busy {
                    thread,
                    run: active.run,
                });
            }
            self.recover_thread(head).await?;
        }
    }
}

/// What a run is begun for.
enum Taking {
    /// What a caller asked for.
    Invocation(Invocation),
    /// The end of a question's time.
    Expiry(InterruptId),
    /// A change of the state under a question, which is then asked anew.
    Update {
        update: Map<String, Value>,
        as_node: Option<String>,
    },
}

/// What was taken up.
enum Taken {
    /// The run is to be carried out from here.
    Live(Live),
    /// Votes that leave every question pending: the run came to its end in the commit that began it.
    Votes(Outcome, Channels),
}

/// A thread to be made.
#[derive(Debug, Clone)]
pub struct NewThread {
    /// Its id.
    pub id: ThreadId,
    /// The graph it runs.
    pub graph: String,
    /// The caller's own name for it.
    pub name: Option<String>,
    /// Who makes it.
    pub by: Actor,
    /// The caller's own data.
    pub metadata: BTreeMap<String, Value>,
}

/// Notes that a run goes on in this process, for as long as it lives. It is noted before the run is
/// committed, so that nobody takes a run that has just begun for one whose process is gone.
struct Running<'a> {
    engine: &'a Engine,
    run: RunId,
}

impl<'a> Running<'a> {
    fn new(engine: &'a Engine, run: RunId, going: Going) -> Self {
        lock(&engine.running).insert(run, going);
        Self { engine, run }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.engine.running).remove(&self.run);
        self.engine.idle.notify_waiters();
    }
}

/// A run that was taken up and is to be carried out.
pub struct Begun<'a> {
    engine: &'a Engine,
    graph: Arc<Graph>,
    run: Run,
    taken: Taken,
    guard: Running<'a>,
}

impl Begun<'_> {
    /// The run's id.
    pub fn run(&self) -> RunId {
        self.run.run
    }

    /// The state it begins with.
    pub fn values(&self) -> &Channels {
        match &self.taken {
            Taken::Live(live) => &live.state,
            Taken::Votes(_, state) => state,
        }
    }

    /// Carries the run out.
    ///
    /// # Errors
    /// The store's; the thread's history says how far it went.
    pub async fn finish(self) -> Result<RunReport, EngineError> {
        let Begun {
            engine,
            graph,
            run,
            taken,
            guard,
        } = self;
        let live = match taken {
            Taken::Live(live) => live,
            Taken::Votes(outcome, _) => {
                let head = run.writer.lock().await.head().cloned();
                drop(guard);
                let head = head.ok_or(EngineError::UnknownThread(run.thread))?;
                return engine.report(run.run, outcome, head).await;
            }
        };
        let (end, timed_out) = {
            let mut work = std::pin::pin!(run.graph(&graph, live));
            let limit = async {
                match run.options.timeout {
                    Some(limit) => tokio::time::sleep(limit).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                end = &mut work => (end, false),
                () = limit => {
                    run.cancel.cancel();
                    (work.await, true)
                }
            }
        };
        let mut end = end?;
        let stopped_by = run.stopped_by.get().cloned();
        if timed_out && matches!(end, GraphEnd::Cancelled) {
            end = GraphEnd::Failed(Failure {
                code: "run_timeout".into(),
                class: ErrorClass::Timeout,
                message: format!(
                    "the run took longer than {} s",
                    run.options.timeout.unwrap_or_default().as_secs_f64()
                ),
                node: None,
                attempts: 1,
            });
        }
        let (outcome, head) = {
            let mut writer = run.writer.lock().await;
            if !matches!(end, GraphEnd::Interrupted) {
                // A permission serves the work it was given for; what ended without it asks again.
                for grant in writer.grants() {
                    writer.note(
                        Entry::GrantVoided {
                            grant: grant.id,
                            reason: "the run ended before anything was started".into(),
                        },
                        [],
                    );
                }
            }
            let asked = writer.pending_interrupts();
            let outcome = runner::outcome(end, asked, stopped_by);
            writer.note(
                Entry::RunFinished {
                    run: run.run,
                    outcome: outcome.clone(),
                },
                [],
            );
            writer.tell(Event::RunFinished {
                run: run.run,
                outcome: outcome.clone(),
            });
            writer.flush().await?;
            let head = writer.head().cloned();
            (outcome, head.ok_or(EngineError::UnknownThread(run.thread))?)
        };
        drop(guard);
        engine.report(run.run, outcome, head).await
    }
}

impl Engine {
    fn turn(&self) {
        self.turns.send_modify(|turns| *turns += 1);
    }

    async fn report(&self, run: RunId, outcome: Outcome, head: Head) -> Result<RunReport, EngineError> {
        self.turn();
        let values = match head.checkpoint() {
            Some(mark) => self.snapshot(head.thread, mark.id).await?.values,
            None => Channels::new(),
        };
        let interrupts = self.questions(&head).await?;
        Ok(RunReport {
            thread: head.thread,
            run,
            outcome,
            values,
            interrupts,
            head,
        })
    }

    /// The questions that are pending on a thread.
    ///
    /// # Errors
    /// The store's.
    pub async fn questions(&self, head: &Head) -> Result<Vec<PendingQuestion>, EngineError> {
        let mut questions = Vec::new();
        for interrupt in &head.interrupts {
            let question = values::load(self.store.as_ref(), &interrupt.question).await?;
            questions.push(PendingQuestion {
                interrupt: interrupt.clone(),
                question,
            });
        }
        Ok(questions)
    }
}
