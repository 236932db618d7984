//! The engine's promises E1 to E6 and E9 to E13. Effects and recovery: `engine_effects`; replay:
//! `engine_replay`; random steering and deaths: `engine_laws`.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use holdpoint::{
    engine::{Durability, Engine, EngineError, Invocation, NewThread, RunOptions, RunReport},
    graph::{
        Accepted, AnswerRefused, Context, END, Effect, EffectStart, Graph, GraphBuilder, InputPolicy, Node,
        NodeError, Question, RetryPolicy, Send,
    },
    model::{
        Actor, Answering, AuditFact, Channels, Clock, Command, Digest, Entrance, Entry, ErrorClass, Event,
        Grant, GrantId, Interrupt, InterruptId, InterruptKind, Namespace, Outcome, Resolution, Settlement,
        Source, ThreadId, ThreadStatus, Timestamp,
    },
    store::{MemoryStore, Store},
};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify, mpsc};
use tokio_util::sync::CancellationToken;

holdpoint::state! {
    /// What most of these graphs work on.
    pub struct Work, WorkPatch, version = 1 {
        /// What it is about.
        text: String [replace],
        /// What was noted.
        log: Vec<String> [append],
        /// What was found.
        facts: BTreeMap<String, i64> [merge],
        /// Who has it.
        owner: Option<String> [set_once],
        /// Written by nodes alone.
        verdict: Option<String> [replace, protected],
    }
}

holdpoint::route! {
    /// Behind the gate.
    pub enum AfterGate { Execute => "execute", Nowhere => END }
}

pub type Ran = BoxFuture<'static, Result<WorkPatch, NodeError>>;

/// A clock that stands still until it is moved.
#[derive(Clone, Default)]
pub struct Hands(Arc<AtomicI64>);

impl Hands {
    pub fn clock(&self) -> Clock {
        let millis = self.0.clone();
        Clock::from_fn(move || Timestamp::from_millis(1_700_000_000_000 + millis.load(Ordering::SeqCst)))
    }

    pub fn forward(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

pub fn memory(hands: &Hands) -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(hands.clock()).unwrap())
}

pub fn engine(graph: &Arc<Graph>) -> Arc<Engine> {
    let hands = Hands::default();
    Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]))
}

/// A new process over what the old one left.
pub fn reborn(engine: &Engine, hands: &Hands, graph: &Arc<Graph>) -> Arc<Engine> {
    Arc::new(Engine::new(
        engine.store().clone(),
        hands.clock(),
        [graph.clone()],
    ))
}

pub fn actor(name: &str) -> Actor {
    Actor::asserted(name, "operator", Entrance::Library)
}

pub fn channels(value: Value) -> Channels {
    match value {
        Value::Object(map) => map.into_iter().collect(),
        other => panic!("{other} is not an object"),
    }
}

pub fn input(value: Value) -> Invocation {
    Invocation::Input(channels(value))
}

pub fn answer(id: InterruptId, value: Value) -> Invocation {
    Invocation::Command(Command::answer(id, value))
}

pub async fn thread(engine: &Engine) -> ThreadId {
    let graph = engine.graphs().next().unwrap().name().to_owned();
    let id = ThreadId::new();
    let new = NewThread {
        id,
        graph,
        name: None,
        by: actor("requester"),
        metadata: BTreeMap::new(),
    };
    engine.create_thread(new).await.unwrap();
    id
}

pub async fn run(engine: &Engine, thread: ThreadId, invocation: Invocation) -> RunReport {
    engine
        .invoke(thread, invocation, actor("requester"), RunOptions::default())
        .await
        .unwrap()
}

/// Starts a fresh thread with `text`.
pub async fn begin(engine: &Engine, text: &str) -> (ThreadId, RunReport) {
    let id = thread(engine).await;
    (id, run(engine, id, input(json!({ "text": text }))).await)
}

pub fn only(report: &RunReport) -> InterruptId {
    assert_eq!(report.interrupts.len(), 1, "{:?}", report.outcome);
    report.interrupts[0].interrupt.id
}

pub fn log(report: &RunReport) -> Vec<String> {
    serde_json::from_value(report.values["log"].clone()).unwrap()
}

pub fn code(report: &RunReport) -> &str {
    match &report.outcome {
        Outcome::Failed(failure) => &failure.code,
        other => panic!("it did not fail: {other:?}"),
    }
}

pub async fn entries(engine: &Engine, thread: ThreadId) -> Vec<Entry> {
    let records = engine.records(thread).await.unwrap();
    records.into_iter().map(|stored| stored.record.entry).collect()
}

pub async fn resolutions(engine: &Engine, thread: ThreadId) -> Vec<Resolution> {
    let all = entries(engine, thread).await;
    let ends = all.into_iter().filter_map(|entry| match entry {
        Entry::Resolved { answer, .. } => Some(answer.resolution),
        _ => None,
    });
    ends.collect()
}

/// How many commits a thread cost.
pub async fn commits(engine: &Engine, thread: ThreadId) -> usize {
    let audit = engine.store().audit(0, usize::MAX).await.unwrap();
    let of_it = |fact: &AuditFact| matches!(fact, AuditFact::Thread { thread: id, .. } if *id == thread);
    audit.iter().filter(|stored| of_it(&stored.entry.fact)).count()
}

/// What every history must be in the end: whole, and derived again without a difference.
pub async fn finish(engine: &Engine, thread: ThreadId) {
    let verification = engine.store().verify().await.unwrap();
    assert!(verification.is_clean(), "{:?}", verification.problems);
    let before = engine.head(thread).await.unwrap();
    let report = engine.replay(thread).await.unwrap();
    assert_eq!(report.divergences, [], "{:#?}", engine.records(thread).await);
    assert_eq!(
        engine.head(thread).await.unwrap(),
        before,
        "a replay writes nothing"
    );
}

/// A node that notes its own name.
pub fn noting(name: &'static str) -> impl Fn(Work, Context) -> Ran + std::marker::Send + Sync + 'static {
    move |_, _| Box::pin(async move { Ok(WorkPatch::new().log(vec![name.to_owned()])) })
}

/// A node that asks for what to note.
pub fn asking(name: &'static str) -> impl Fn(Work, Context) -> Ran + std::marker::Send + Sync + 'static {
    move |state, context| {
        Box::pin(async move {
            let said: String = context.interrupt(json!({ "by": name, "text": state.text }))?;
            Ok(WorkPatch::new().log(vec![format!("{name}: {said}")]))
        })
    }
}

/// The outside world, as far as these graphs can change it.
#[derive(Clone, Default)]
pub struct World {
    /// What was done, each with the grant it was done under.
    pub done: Arc<Mutex<Vec<(String, GrantId)>>>,
    /// While set, an effect tells `begun` and then never comes to its end.
    pub hang: Arc<std::sync::atomic::AtomicBool>,
    pub begun: Arc<Notify>,
}

impl World {
    pub fn count(&self) -> usize {
        self.done.lock().unwrap().len()
    }
}

/// A gate: asks about the text, and gives a grant for exactly that text.
pub struct Gate;

#[async_trait::async_trait]
impl Node<Work> for Gate {
    async fn run(&self, state: Work, context: Context) -> Result<WorkPatch, NodeError> {
        let question = || Question {
            value: json!({ "may I write": state.text }),
            expires_at: Some(context.now().plus(Duration::from_secs(600))),
        };
        let verdict = match context.ask(question)? {
            Resolution::Answered { value } => value.as_str().unwrap_or("no").to_owned(),
            _ => "expired".to_owned(),
        };
        Ok(WorkPatch::new().verdict(verdict))
    }

    async fn accept(
        &self,
        interrupt: &Interrupt,
        question: &Value,
        answer: Value,
        answering: &Answering<'_>,
    ) -> Result<Accepted, AnswerRefused> {
        if interrupt.kind == InterruptKind::OutcomeUnknown {
            return holdpoint::graph::accept_any(interrupt.kind, answer);
        }
        let grant = match answer.as_str() {
            Some("no") => None,
            Some("yes") => Some(Grant {
                id: GrantId::new(),
                interrupt: interrupt.id,
                question: interrupt.digest,
                namespace: interrupt.namespace.clone(),
                approved_by: answering.by.actor.clone(),
                issued_at: answering.now,
                expires_at: answering.now.plus(Duration::from_secs(60)),
                binding: question["may I write"].clone(),
            }),
            _ => {
                return Err(AnswerRefused {
                    code: "invalid_answer".into(),
                    message: "expected yes or no".into(),
                });
            }
        };
        Ok(Accepted {
            value: answer,
            grant,
            ..Accepted::default()
        })
    }
}

pub async fn execute(world: World, state: Work, context: Context) -> Result<WorkPatch, NodeError> {
    let grants = context.grants();
    let grant = grants.iter().find(|grant| grant.binding == json!(state.text));
    // What was started once is looked at before a permission is asked for.
    let started = context.effect_state("write").await != holdpoint::graph::EffectState::Fresh;
    if grant.is_none() && !started {
        return Err(NodeError::ReturnToHoldPoint("nobody approved this".into()));
    }
    let start = EffectStart {
        grant: grant.map(|grant| grant.id),
        facts: json!({ "text": state.text }),
    };
    let under = start.grant;
    let text = state.text.clone();
    let effect = context
        .effect("write", start, |_| async move {
            world.done.lock().unwrap().push((text, under.unwrap()));
            if world.hang.load(Ordering::SeqCst) {
                world.begun.notify_one();
                std::future::pending::<()>().await;
            }
            Ok("written".to_owned())
        })
        .await?;
    let said = match effect {
        Effect::Finished(said) => said,
        Effect::Settled(settled) => match settled.settlement {
            Settlement::Done => "settled".to_owned(),
            Settlement::Failed => {
                return Err(NodeError::failed(
                    ErrorClass::Refused,
                    "not_done",
                    "a human says so",
                ));
            }
            Settlement::AskAgain => return Err(NodeError::ReturnToHoldPoint("asked again".into())),
        },
    };
    Ok(WorkPatch::new().log(vec![said]))
}

pub fn after_gate(state: &Work) -> AfterGate {
    match state.verdict.as_deref() {
        Some("yes") => AfterGate::Execute,
        _ => AfterGate::Nowhere,
    }
}

/// prepare → gate → execute → done, held between prepare and execute.
pub fn held(world: &World) -> Arc<Graph> {
    let world = world.clone();
    GraphBuilder::<Work>::new("held")
        .on_input(InputPolicy::Reset)
        .pure("prepare", noting("prepared"))
        .pure("gate", Gate)
        .node("execute", move |state: Work, context: Context| {
            execute(world.clone(), state, context)
        })
        .pure("done", noting("done"))
        .start_at("prepare")
        .edge("prepare", "gate")
        .branch("gate", after_gate)
        .edge("execute", "done")
        .edge("done", END)
        .hold_point("prepare", &["gate", "execute"])
        .build()
        .unwrap()
}

/// first → ask → last
fn asks() -> Arc<Graph> {
    GraphBuilder::<Work>::new("asks")
        .node("first", noting("first"))
        .node("ask", asking("ask"))
        .node("last", noting("last"))
        .start_at("first")
        .edge("first", "ask")
        .edge("ask", "last")
        .edge("last", END)
        .build()
        .unwrap()
}

/// two askers side by side, then one node
fn asks_twice() -> Arc<Graph> {
    GraphBuilder::<Work>::new("asks_twice")
        .node("one", asking("one"))
        .node("two", asking("two"))
        .node("last", noting("last"))
        .start_at("one")
        .start_at("two")
        .edge("one", "last")
        .edge("two", "last")
        .edge("last", END)
        .build()
        .unwrap()
}

// --- E1: supersteps ---

#[tokio::test]
async fn e1_tasks_run_side_by_side_and_merge_in_task_order_whatever_finished_first() {
    let barrier = Arc::new(Barrier::new(3));
    let later: Arc<[Notify; 3]> = Arc::new([Notify::new(), Notify::new(), Notify::new()]);
    let node = |index: usize, name: &'static str| {
        let (barrier, later) = (barrier.clone(), later.clone());
        move |_: Work, _: Context| {
            let (barrier, later) = (barrier.clone(), later.clone());
            async move {
                // All three are under way at once, and end in the order c, b, a.
                barrier.wait().await;
                if index < 2 {
                    later[index + 1].notified().await;
                }
                later[index].notify_one();
                Ok(WorkPatch::new().log(vec![name.to_owned()]))
            }
        }
    };
    let graph = GraphBuilder::<Work>::new("side_by_side")
        .node("c", node(0, "c"))
        .node("a", node(1, "a"))
        .node("b", node(2, "b"))
        .start_at("c")
        .start_at("a")
        .start_at("b")
        .edge("a", END)
        .edge("b", END)
        .edge("c", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(log(&report), ["c", "a", "b"]);
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e1_two_writers_of_a_replace_channel_are_an_error_and_merge_and_set_once_combine() {
    fn writer(text: &'static str, fact: &'static str) -> impl Fn(Work, Context) -> Ran {
        move |_, _| {
            let facts = BTreeMap::from([(fact.to_owned(), 1)]);
            let patch = WorkPatch::new().facts(facts).owner(Some("me".to_owned()));
            let patch = if text.is_empty() { patch } else { patch.text(text) };
            Box::pin(async move { Ok(patch) })
        }
    }
    for (texts, expected) in [(["x", ""], "completed"), (["x", "y"], "state")] {
        let graph = GraphBuilder::<Work>::new("writers")
            .node("a", writer(texts[0], "a"))
            .node("b", writer(texts[1], "b"))
            .start_at("a")
            .start_at("b")
            .edge("a", END)
            .edge("b", END)
            .build()
            .unwrap();
        let engine = engine(&graph);
        let (thread, report) = begin(&engine, "before").await;
        match expected {
            "completed" => {
                assert_eq!(report.outcome, Outcome::Completed);
                assert_eq!(report.values["facts"], json!({ "a": 1, "b": 1 }));
                assert_eq!(report.values["owner"], json!("me"));
            }
            code => {
                assert_eq!(super::engine::code(&report), code);
                assert_eq!(report.values["text"], json!("before"), "nothing of it counts");
            }
        }
        finish(&engine, thread).await;
    }
}

#[tokio::test]
async fn e1_a_fan_out_runs_in_the_next_superstep_each_order_on_its_own() {
    async fn worker(_: Work, context: Context) -> Result<WorkPatch, NodeError> {
        let number: i64 = context.argument()?;
        Ok(WorkPatch::new().log(vec![format!("worker {number} in step {}", context.info().step)]))
    }
    let graph = GraphBuilder::<Work>::new("fan")
        .pure("split", noting("split"))
        .node("worker", worker)
        .pure("join", noting("join"))
        .start_at("split")
        .fan_out("split", &["worker"], |_: &Work| {
            (0..3).map(|number| Send::to("worker", json!(number))).collect()
        })
        .edge("worker", "join")
        .edge("join", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    let expected = [
        "split",
        "worker 0 in step 1",
        "worker 1 in step 1",
        "worker 2 in step 1",
        "join",
    ];
    assert_eq!(log(&report), expected);
    finish(&engine, thread).await;
}

// --- E2: what a graph may be ---

#[test]
fn e2_build_refuses_by_name() {
    let new = || GraphBuilder::<Work>::new("g").node("a", noting("a"));
    let cases: Vec<(&str, GraphBuilder<Work>)> = vec![
        ("nothing", GraphBuilder::new("g")),
        ("no start", new().edge("a", END)),
        ("no end", new().start_at("a")),
        (
            "a loop without end",
            new()
                .node("b", noting("b"))
                .start_at("a")
                .edge("a", "b")
                .edge("b", "a"),
        ),
        (
            "unreachable",
            new()
                .node("b", noting("b"))
                .start_at("a")
                .edge("a", END)
                .edge("b", END),
        ),
        ("unknown target", new().start_at("a").edge("a", "z")),
        (
            "unknown source",
            new().start_at("a").edge("a", END).edge("z", END),
        ),
        (
            "back to the start",
            new().start_at("a").edge("a", holdpoint::graph::START),
        ),
        ("twice", new().node("a", noting("a")).start_at("a").edge("a", END)),
        ("bad name", GraphBuilder::new("g").node("a|b", noting("a"))),
        ("reserved name", GraphBuilder::new("g").node(END, noting("a"))),
        (
            "retry of nobody",
            new()
                .start_at("a")
                .edge("a", END)
                .retry("z", RetryPolicy::never()),
        ),
        (
            "timeout of nobody",
            new().start_at("a").edge("a", END).timeout("z", Duration::ZERO),
        ),
        (
            "hold point nowhere",
            new().start_at("a").edge("a", END).hold_point("z", &["a"]),
        ),
        (
            "nobody behind it",
            new().start_at("a").edge("a", END).hold_point("a", &["z"]),
        ),
    ];
    let said: Vec<String> = cases
        .into_iter()
        .map(|(name, builder)| match builder.build() {
            Ok(_) => format!("{name}: built"),
            Err(error) => format!("{name}: {error}"),
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

// --- E3, E4: interrupts and answers ---

#[tokio::test]
async fn e3_an_interrupt_is_an_outcome_and_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let settings = holdpoint::config::StoreSettings {
        segment_bytes: 2 << 20,
        cache_bytes: 16 << 20,
        min_free_bytes: 0,
    };
    let open = || -> Arc<dyn Store> {
        Arc::new(holdpoint::store::SledStore::open(folder.path(), &settings, Clock::system()).unwrap())
    };
    let (thread, id) = {
        let engine = Engine::new(open(), Clock::system(), [asks()]);
        let (thread, report) = begin(&engine, "sled").await;
        assert!(matches!(&report.outcome, Outcome::Interrupted { interrupts } if interrupts.len() == 1));
        assert_eq!(
            report.interrupts[0].question,
            json!({ "by": "ask", "text": "sled" })
        );
        assert_eq!(report.head.status, ThreadStatus::Interrupted);
        engine.store().close().await.unwrap();
        (thread, only(&report))
    };
    let engine = Engine::new(open(), Clock::system(), [asks()]);
    assert_eq!(engine.recover().await.unwrap(), [], "nothing was running");
    let report = run(&engine, thread, answer(id, json!("yes"))).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(log(&report), ["first", "ask: yes", "last"]);
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e3_what_stands_in_once_is_done_once() {
    let done = Arc::new(AtomicUsize::new(0));
    let counter = done.clone();
    let graph = GraphBuilder::<Work>::new("once")
        .node("ask", move |_: Work, context: Context| {
            let counter = counter.clone();
            async move {
                let number: usize = context
                    .once(
                        "number",
                        || async move { Ok(counter.fetch_add(1, Ordering::SeqCst)) },
                    )
                    .await?;
                let one: String = context.interrupt(json!({ "first": number }))?;
                let two: String = context.interrupt(json!({ "second": number }))?;
                Ok(WorkPatch::new().log(vec![format!("{number} {one} {two}")]))
            }
        })
        .start_at("ask")
        .edge("ask", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    let first = only(&report);
    let report = run(&engine, thread, answer(first, json!("a"))).await;
    assert_eq!(report.interrupts[0].question, json!({ "second": 0 }));
    let second = only(&report);
    assert_ne!(first, second);
    let report = run(&engine, thread, answer(second, json!("b"))).await;
    assert_eq!(log(&report), ["0 a b"]);
    assert_eq!(done.load(Ordering::SeqCst), 1);
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e3_a_node_cannot_swallow_its_own_question() {
    let graph = GraphBuilder::<Work>::new("swallows")
        .node("ask", |_: Work, context: Context| async move {
            let said: Result<String, NodeError> = context.interrupt("may I?");
            Ok(WorkPatch::new().log(vec![said.unwrap_or_else(|_| "went on".into())]))
        })
        .start_at("ask")
        .edge("ask", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    let report = run(&engine, thread, answer(only(&report), json!("yes"))).await;
    assert_eq!(log(&report), ["yes"]);
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e4_an_id_covers_the_question_and_an_answer_is_used_once() {
    let engine = engine(&asks());
    let (thread, report) = begin(&engine, "x").await;
    let interrupt = &report.interrupts[0].interrupt;
    assert_eq!(interrupt.digest, Digest::of_json(&report.interrupts[0].question));
    let id = interrupt.id;
    let (_, other) = begin(&engine, "x").await;
    assert_ne!(only(&other), id, "the same question on another thread is another");

    let elsewhere = engine
        .invoke(
            thread,
            answer(only(&other), json!("yes")),
            actor("eve"),
            RunOptions::default(),
        )
        .await;
    assert!(
        matches!(elsewhere, Err(EngineError::UnknownInterrupt(_))),
        "{elsewhere:?}"
    );
    let nobody = InterruptId::derive(&[b"nobody"]);
    let unknown = engine
        .invoke(
            thread,
            answer(nobody, json!("yes")),
            actor("eve"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(unknown, Err(EngineError::UnknownInterrupt(unknown)) if unknown == nobody));
    let null = engine
        .invoke(
            thread,
            answer(id, Value::Null),
            actor("eve"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(null, Err(EngineError::Answer(_))));
    assert_eq!(
        engine.head(thread).await.unwrap().interrupts.len(),
        1,
        "still pending"
    );

    let report = engine
        .invoke(
            thread,
            answer(id, json!("yes")),
            actor("ada"),
            RunOptions::default(),
        )
        .await
        .unwrap();
    assert_eq!(log(&report), ["first", "ask: yes", "last"]);
    let again = engine
        .invoke(
            thread,
            answer(id, json!("no")),
            actor("eve"),
            RunOptions::default(),
        )
        .await;
    match again {
        Err(EngineError::Resolved(winner)) => assert_eq!(winner.by.name, "ada"),
        other => panic!("{other:?}"),
    }
    let bare = Invocation::Command(Command::resume(json!("no")));
    let bare = engine
        .invoke(thread, bare, actor("eve"), RunOptions::default())
        .await;
    assert!(matches!(bare, Err(EngineError::NothingAsked(_))));
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e4_a_bare_answer_counts_only_for_a_threads_single_question() {
    let bare = |text: &str| Invocation::Command(Command::resume(json!(text)));
    let twice = GraphBuilder::<Work>::new("twice")
        .node("one", asking("one"))
        .node("two", asking("two"))
        .start_at("one")
        .edge("one", "two")
        .edge("two", END)
        .build()
        .unwrap();
    let engine = engine(&twice);
    let (thread, _) = begin(&engine, "x").await;
    let report = run(&engine, thread, bare("a")).await;
    let refused = engine
        .invoke(thread, bare("b"), actor("eve"), RunOptions::default())
        .await;
    assert!(
        matches!(refused, Err(EngineError::Ambiguous { .. })),
        "{refused:?}"
    );
    let report = run(&engine, thread, answer(only(&report), json!("b"))).await;
    assert_eq!(log(&report), ["one: a", "two: b"]);
    // New input counts anew.
    run(&engine, thread, input(json!({ "text": "y" }))).await;
    let report = run(&engine, thread, bare("c")).await;
    assert_eq!(log(&report)[2..], ["one: c"]);
    // A superseded question makes a bare answer ambiguous for good.
    let (other, _) = begin(&engine, "x").await;
    let update = serde_json::Map::from_iter([("text".to_owned(), json!("z"))]);
    engine
        .update_state(other, update, None, actor("ada"))
        .await
        .unwrap();
    let refused = engine
        .invoke(other, bare("d"), actor("eve"), RunOptions::default())
        .await;
    assert!(
        matches!(refused, Err(EngineError::Ambiguous { .. })),
        "{refused:?}"
    );
    finish(&engine, thread).await;
    finish(&engine, other).await;
}

#[tokio::test]
async fn e4_answers_by_id_are_taken_together_or_one_by_one() {
    let engine = engine(&asks_twice());
    let (thread, report) = begin(&engine, "x").await;
    let ids: Vec<InterruptId> = report.interrupts.iter().map(|asked| asked.interrupt.id).collect();
    let bare = Invocation::Command(Command::resume(json!("a")));
    let refused = engine
        .invoke(thread, bare, actor("eve"), RunOptions::default())
        .await;
    assert!(matches!(refused, Err(EngineError::Ambiguous { .. })));
    let both = |one: Value, two: Value| {
        let map = json!({ ids[0].to_string(): one, ids[1].to_string(): two });
        Invocation::Command(Command::resume(map))
    };
    let refused = engine
        .invoke(
            thread,
            both(json!("a"), Value::Null),
            actor("eve"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(refused, Err(EngineError::Answer(_))), "all or none");
    assert_eq!(engine.head(thread).await.unwrap().interrupts.len(), 2);
    let report = run(&engine, thread, both(json!("a"), json!("b"))).await;
    assert_eq!(log(&report), ["one: a", "two: b", "last"]);

    let (other, report) = begin(&engine, "x").await;
    let (one, two) = (
        report.interrupts[0].interrupt.id,
        report.interrupts[1].interrupt.id,
    );
    let report = run(&engine, other, answer(two, json!("b"))).await;
    assert_eq!(only(&report), one, "the other question stays as it is");
    let report = run(&engine, other, answer(one, json!("a"))).await;
    assert_eq!(log(&report), ["one: a", "two: b", "last"]);
    finish(&engine, thread).await;
    finish(&engine, other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn e4_of_64_answers_one_wins_and_the_others_learn_who() {
    for by_id in [true, false] {
        let world = World::default();
        let engine = engine(&held(&world));
        let (thread, report) = begin(&engine, "x").await;
        let id = only(&report);
        let mut answers = tokio::task::JoinSet::new();
        for number in 0..64 {
            let engine = engine.clone();
            let invocation = match by_id {
                true => answer(id, json!("yes")),
                false => Invocation::Command(Command::resume(json!("yes"))),
            };
            answers.spawn(async move {
                let by = actor(&format!("operator {number}"));
                engine.invoke(thread, invocation, by, RunOptions::default()).await
            });
        }
        let (mut won, mut told) = (0, 0);
        while let Some(ended) = answers.join_next().await {
            match ended.unwrap() {
                Ok(report) => {
                    assert_eq!(report.outcome, Outcome::Completed);
                    won += 1;
                }
                Err(EngineError::Resolved(winner)) => {
                    assert!(winner.by.name.starts_with("operator"));
                    told += 1;
                }
                Err(EngineError::NothingAsked(_)) if !by_id => told += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((won, told), (1, 63));
        assert_eq!(world.count(), 1, "the write ran once");
        finish(&engine, thread).await;
    }
}

// --- E5: how a question ends ---

#[tokio::test]
async fn e5_a_question_expires_and_a_late_answer_is_refused() {
    let hands = Hands::default();
    let world = World::default();
    let graph = held(&world);
    let engine = Engine::new(memory(&hands), hands.clock(), [graph]);
    let (thread, report) = begin(&engine, "x").await;
    let id = only(&report);
    assert!(
        engine.expire_due().await.unwrap().is_empty(),
        "it is not time yet"
    );
    hands.forward(Duration::from_secs(600));
    let late = engine
        .invoke(
            thread,
            answer(id, json!("yes")),
            actor("ada"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(late, Err(EngineError::Expired { interrupt, .. }) if interrupt == id));
    let reports = engine.expire_due().await.unwrap();
    assert_eq!(reports.len(), 1);
    assert_eq!(reports[0].outcome, Outcome::Completed);
    assert_eq!(reports[0].values["verdict"], json!("expired"));
    let late = engine
        .invoke(
            thread,
            answer(id, json!("yes")),
            actor("ada"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(&late, Err(EngineError::Resolved(end)) if end.resolution == Resolution::Expired));
    assert_eq!(world.count(), 0);
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e5_changing_the_state_under_a_question_asks_anew_about_the_new_state() {
    let world = World::default();
    let engine = engine(&held(&world));
    let (thread, report) = begin(&engine, "old").await;
    let old = only(&report);
    let update = serde_json::Map::from_iter([("text".to_owned(), json!("new"))]);
    let head = engine
        .update_state(thread, update, None, actor("ada"))
        .await
        .unwrap();
    assert_eq!(head.interrupts.len(), 1);
    let new = head.interrupts[0].id;
    assert_ne!(new, old);
    assert_eq!(resolutions(&engine, thread).await, [Resolution::Superseded]);
    let question = engine.questions(&head).await.unwrap().remove(0).question;
    assert_eq!(question, json!({ "may I write": "new" }));
    let state = engine.state(thread).await.unwrap().unwrap();
    assert_eq!(
        state.values["log"],
        json!(["prepared", "prepared"]),
        "the entry ran again"
    );
    let stale = engine
        .invoke(
            thread,
            answer(old, json!("yes")),
            actor("ada"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(stale, Err(EngineError::Resolved(_))), "{stale:?}");
    run(&engine, thread, answer(new, json!("yes"))).await;
    assert_eq!(world.done.lock().unwrap()[0].0, "new");
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e5_input_goto_and_resolve_cancel_explicitly() {
    let engine = engine(&asks());
    let cancelled = |reason: &str| {
        vec![Resolution::Cancelled {
            reason: reason.to_owned(),
        }]
    };
    let (thread, report) = begin(&engine, "x").await;
    let again = run(&engine, thread, input(json!({ "text": "y" }))).await;
    assert_ne!(only(&report), only(&again));
    assert_eq!(resolutions(&engine, thread).await, cancelled("new input"));
    finish(&engine, thread).await;

    let (thread, _) = begin(&engine, "x").await;
    let report = run(&engine, thread, Invocation::Command(Command::goto("last"))).await;
    assert_eq!(log(&report), ["first", "last"]);
    assert_eq!(resolutions(&engine, thread).await, cancelled("goto"));
    finish(&engine, thread).await;

    let (thread, report) = begin(&engine, "x").await;
    let id = only(&report);
    let report = run(&engine, thread, Invocation::Command(Command::goto(END))).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(resolutions(&engine, thread).await, cancelled("goto"));
    let late = engine
        .invoke(
            thread,
            answer(id, json!("yes")),
            actor("ada"),
            RunOptions::default(),
        )
        .await;
    assert!(matches!(late, Err(EngineError::Resolved(_))));
    finish(&engine, thread).await;

    let (thread, _) = begin(&engine, "x").await;
    let nothing = serde_json::Map::new();
    let head = engine
        .update_state(thread, nothing, Some(END), actor("ada"))
        .await
        .unwrap();
    assert!(head.interrupts.is_empty());
    assert_eq!(head.status, ThreadStatus::Idle);
    assert_eq!(
        resolutions(&engine, thread).await,
        cancelled("resolved from outside")
    );
    let more = engine
        .invoke(thread, Invocation::Continue, actor("ada"), RunOptions::default())
        .await;
    assert!(matches!(more, Err(EngineError::NothingDue(_))));
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e5_nothing_behind_the_hold_point_is_reached_by_steering() {
    let world = World::default();
    let engine = engine(&held(&world));
    let (thread, report) = begin(&engine, "x").await;
    run(&engine, thread, answer(only(&report), json!("yes"))).await;
    assert_eq!(world.count(), 1);
    let goto = Command {
        goto: vec!["execute".into(), "prepare".into(), "gate".into()],
        ..Command::default()
    };
    let report = run(&engine, thread, Invocation::Command(goto)).await;
    assert_eq!(report.interrupts.len(), 1, "it asks again, once");
    let update = serde_json::Map::new();
    for node in ["gate", "prepare"] {
        let head = engine
            .update_state(thread, update.clone(), Some(node), actor("eve"))
            .await
            .unwrap();
        assert_eq!(head.interrupts.len(), 1);
    }
    for snapshot in engine.history(thread, &Namespace::root()).await.unwrap() {
        let head = engine
            .fork(thread, snapshot.checkpoint.id, actor("eve"))
            .await
            .unwrap();
        assert!(head.interrupts.is_empty() && head.grants.is_empty());
        if !snapshot.checkpoint.tasks.is_empty() {
            run(&engine, thread, Invocation::Continue).await;
        }
        let copy = ThreadId::new();
        engine
            .copy(thread, Some(snapshot.checkpoint.id), copy, actor("eve"))
            .await
            .unwrap();
        if !snapshot.checkpoint.tasks.is_empty() {
            run(&engine, copy, Invocation::Continue).await;
        }
        finish(&engine, copy).await;
    }
    assert_eq!(world.count(), 1, "only what was approved ever ran");
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e5_protected_channels_are_written_by_nodes_alone() {
    let engine = engine(&held(&World::default()));
    let id = thread(&engine).await;
    let forged = json!({ "text": "x", "verdict": "yes" });
    let by = || actor("eve");
    let refused = engine
        .invoke(id, input(forged.clone()), by(), RunOptions::default())
        .await;
    assert!(matches!(refused, Err(EngineError::Protected(name)) if name == "verdict"));
    run(&engine, id, input(json!({ "text": "x" }))).await;
    let Value::Object(forged) = forged else {
        unreachable!()
    };
    let refused = engine.update_state(id, forged.clone(), None, by()).await;
    assert!(matches!(refused, Err(EngineError::Protected(_))));
    let command = Command {
        update: forged,
        ..Command::default()
    };
    let refused = engine
        .invoke(id, Invocation::Command(command), by(), RunOptions::default())
        .await;
    assert!(matches!(refused, Err(EngineError::Protected(_))));
    let unknown = engine
        .invoke(id, input(json!({ "nonsense": 1 })), by(), RunOptions::default())
        .await;
    assert!(matches!(unknown, Err(EngineError::State(_))));
    finish(&engine, id).await;
}

#[tokio::test]
async fn e5_an_answer_goes_alone() {
    let engine = engine(&asks());
    let (thread, report) = begin(&engine, "x").await;
    let mut command = Command::answer(only(&report), json!("yes"));
    command.goto = vec!["last".into()];
    for command in [command, Command::default()] {
        let refused = engine
            .invoke(
                thread,
                Invocation::Command(command),
                actor("eve"),
                RunOptions::default(),
            )
            .await;
        assert!(matches!(refused, Err(EngineError::Contradiction(_))));
    }
    assert_eq!(engine.head(thread).await.unwrap().interrupts.len(), 1);
    finish(&engine, thread).await;
}

// --- E6: durability ---

#[tokio::test]
async fn e6_commits_by_durability() {
    let graph = GraphBuilder::<Work>::new("three")
        .node("a", noting("a"))
        .node("b", noting("b"))
        .node("c", noting("c"))
        .start_at("a")
        .edge("a", "b")
        .edge("b", "c")
        .edge("c", END)
        .build()
        .unwrap();
    let mut counted = Vec::new();
    for durability in [Durability::Sync, Durability::Async, Durability::Exit] {
        let engine = engine(&graph);
        let id = thread(&engine).await;
        let before = commits(&engine, id).await;
        let options = RunOptions {
            durability,
            ..RunOptions::default()
        };
        let report = engine
            .invoke(id, input(json!({ "text": "x" })), actor("ada"), options)
            .await
            .unwrap();
        assert_eq!(log(&report), ["a", "b", "c"]);
        counted.push(commits(&engine, id).await - before);
        finish(&engine, id).await;
    }
    assert_eq!(
        counted,
        [4, 4, 2],
        "input, a, b, c with the end; under exit only the two ends"
    );
}

// --- E8: finished siblings ---

#[tokio::test]
async fn e8_a_finished_sibling_is_not_run_again_after_a_failure_or_a_question() {
    let ran = Arc::new(AtomicUsize::new(0));
    let fail = Arc::new(AtomicUsize::new(1));
    let (counter, failing) = (ran.clone(), fail.clone());
    let graph = GraphBuilder::<Work>::new("siblings")
        .node("good", move |_: Work, _: Context| {
            let counter = counter.clone();
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(WorkPatch::new().log(vec!["good".to_owned()]))
            }
        })
        .node("bad", move |_: Work, context: Context| {
            let failing = failing.clone();
            async move {
                if failing.swap(0, Ordering::SeqCst) == 1 {
                    return Err(NodeError::failed(ErrorClass::Invalid, "bad", "bad luck"));
                }
                let said: String = context.interrupt("and now?")?;
                Ok(WorkPatch::new().log(vec![said]))
            }
        })
        .start_at("good")
        .start_at("bad")
        .edge("good", END)
        .edge("bad", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    assert_eq!(code(&report), "bad");
    let report = run(&engine, thread, Invocation::Continue).await;
    let report = run(&engine, thread, answer(only(&report), json!("fine"))).await;
    assert_eq!(log(&report), ["good", "fine"]);
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    finish(&engine, thread).await;
}

// --- E9: retries, limits, cancellation ---

fn failing(
    class: ErrorClass,
    failures: usize,
    ask: Option<Duration>,
    policy: RetryPolicy,
) -> (Arc<Graph>, Arc<Mutex<Vec<tokio::time::Instant>>>) {
    let tries: Arc<Mutex<Vec<tokio::time::Instant>>> = Arc::default();
    let counter = tries.clone();
    let graph = GraphBuilder::<Work>::new("fails")
        .node("n", move |_: Work, _: Context| {
            let counter = counter.clone();
            async move {
                let mut tries = counter.lock().unwrap();
                tries.push(tokio::time::Instant::now());
                if tries.len() <= failures {
                    return Err(NodeError::failed(class, "busy", "later").retry_after(ask));
                }
                Ok(WorkPatch::new().log(vec!["done".to_owned()]))
            }
        })
        .start_at("n")
        .edge("n", END)
        .retry("n", policy)
        .build()
        .unwrap();
    (graph, tries)
}

#[tokio::test(start_paused = true)]
async fn e9_retries_by_class_with_backoff_and_retry_after() {
    let policy = RetryPolicy {
        jitter: false,
        ..RetryPolicy::transient(4)
    };
    let cases = [
        (ErrorClass::Transient, 2, None, "done", vec![500, 1000]),
        (ErrorClass::Transient, 9, None, "busy", vec![500, 1000, 2000]),
        (ErrorClass::Invalid, 1, None, "busy", vec![]),
        (
            ErrorClass::Transient,
            1,
            Some(Duration::from_secs(7)),
            "done",
            vec![7000],
        ),
        (
            ErrorClass::Transient,
            1,
            Some(Duration::from_secs(7000)),
            "busy",
            vec![],
        ),
    ];
    for (class, failures, ask, expected, waits) in cases {
        let (graph, tries) = failing(class, failures, ask, policy.clone());
        let engine = engine(&graph);
        let (thread, report) = begin(&engine, "x").await;
        match expected {
            "done" => assert_eq!(report.outcome, Outcome::Completed),
            other => assert_eq!(code(&report), other),
        }
        let tries = tries.lock().unwrap().clone();
        let waited: Vec<u128> = tries
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_millis())
            .collect();
        assert_eq!(waited, waits.iter().map(|wait| *wait as u128).collect::<Vec<_>>());
        finish(&engine, thread).await;
    }
    let jittered = RetryPolicy::transient(4);
    assert_eq!(
        jittered.wait(1, ErrorClass::Transient, None, 1.0),
        Some(Duration::from_millis(250))
    );
}

fn endless() -> (Arc<Graph>, Arc<Notify>) {
    let begun = Arc::new(Notify::new());
    let tell = begun.clone();
    let graph = GraphBuilder::<Work>::new("endless")
        .node("wait", move |_: Work, context: Context| {
            let tell = tell.clone();
            async move {
                tell.notify_one();
                context.sleep(Duration::from_secs(1_000_000)).await?;
                Ok(WorkPatch::new())
            }
        })
        .start_at("wait")
        .edge("wait", END)
        .timeout("wait", Duration::from_secs(3600))
        .build()
        .unwrap();
    (graph, begun)
}

#[tokio::test(start_paused = true)]
async fn e9_a_node_and_a_run_have_their_time() {
    let (graph, _) = endless();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    assert_eq!(code(&report), "node_timeout");
    let shared = CancellationToken::new();
    let options = RunOptions {
        timeout: Some(Duration::from_secs(60)),
        cancel: shared.clone(),
        ..RunOptions::default()
    };
    let report = engine
        .invoke(thread, Invocation::Continue, actor("ada"), options)
        .await
        .unwrap();
    assert_eq!(code(&report), "run_timeout");
    assert!(!shared.is_cancelled(), "a run's timeout is its own");
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e9_a_run_is_cancelled_and_can_go_on() {
    let (graph, begun) = endless();
    let engine = engine(&graph);
    let id = thread(&engine).await;
    let running = {
        let engine = engine.clone();
        tokio::spawn(async move { run(&engine, id, input(json!({ "text": "x" }))).await })
    };
    begun.notified().await;
    let busy = engine
        .invoke(id, Invocation::Continue, actor("eve"), RunOptions::default())
        .await;
    assert!(matches!(busy, Err(EngineError::Busy { .. })));
    assert!(engine.cancel_run(id, "the operator says so"));
    let report = running.await.unwrap();
    let reason = "the operator says so".to_owned();
    assert_eq!(report.outcome, Outcome::Cancelled { reason });
    engine.wait_idle().await;
    assert!(!engine.cancel_run(id, "again"));
    finish(&engine, id).await;
}

#[tokio::test]
async fn e9_a_loop_ends_at_the_recursion_limit_and_a_panic_is_a_failure() {
    holdpoint::route! { enum Round { Again => "round", Out => END } }
    let graph = GraphBuilder::<Work>::new("loops")
        .pure("round", noting("round"))
        .start_at("round")
        .branch("round", |state: &Work| match state.log.len() {
            1000.. => Round::Out,
            _ => Round::Again,
        })
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    let Outcome::Failed(failure) = &report.outcome else {
        panic!()
    };
    insta::assert_snapshot!(failure.message, @"the graph 'loops' had not come to its end after 50 supersteps; next would be round");
    assert_eq!(log(&report).len(), 50, "what was done stays");
    finish(&engine, thread).await;

    let graph = GraphBuilder::<Work>::new("panics")
        .node("n", |state: Work, _: Context| async move {
            assert!(state.text != "x", "a fault on purpose");
            Ok(WorkPatch::new())
        })
        .start_at("n")
        .edge("n", END)
        .build()
        .unwrap();
    let engine = super::engine::engine(&graph);
    let (thread, report) = begin(&engine, "x").await;
    assert_eq!(code(&report), "node_panicked");
    finish(&engine, thread).await;
}

// --- E10: time travel and breakpoints ---

#[tokio::test]
async fn e10_breakpoints_before_and_after_and_going_on() {
    let engine = engine(&asks());
    let id = thread(&engine).await;
    let options = |before: &[&str], after: &[&str]| RunOptions {
        interrupt_before: before.iter().map(|node| (*node).to_owned()).collect(),
        interrupt_after: after.iter().map(|node| (*node).to_owned()).collect(),
        ..RunOptions::default()
    };
    let ada = || actor("ada");
    let report = engine
        .invoke(id, input(json!({ "text": "x" })), ada(), options(&["first"], &[]))
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Interrupted { interrupts: vec![] });
    assert_eq!(
        log(&report),
        Vec::<String>::new(),
        "it stopped before the very first node"
    );
    let go_on = |options| engine.invoke(id, Invocation::Continue, ada(), options);
    let report = go_on(options(&["*"], &[])).await.unwrap();
    assert_eq!(log(&report), ["first"]);
    let report = go_on(options(&[], &["ask"])).await.unwrap();
    let asked = answer(only(&report), json!("yes"));
    let report = engine
        .invoke(id, asked, ada(), options(&[], &["ask"]))
        .await
        .unwrap();
    assert_eq!(report.outcome, Outcome::Interrupted { interrupts: vec![] });
    assert_eq!(log(&report), ["first", "ask: yes"]);
    let report = go_on(options(&[], &["*"])).await.unwrap();
    assert_eq!(report.outcome, Outcome::Completed);
    finish(&engine, id).await;
}

#[tokio::test]
async fn e10_a_fork_runs_on_from_an_earlier_checkpoint() {
    let engine = engine(&asks());
    let (thread, report) = begin(&engine, "x").await;
    run(&engine, thread, answer(only(&report), json!("one"))).await;
    let history = engine.history(thread, &Namespace::root()).await.unwrap();
    let steps: Vec<i64> = history.iter().map(|snapshot| snapshot.checkpoint.step).collect();
    assert_eq!(steps, [2, 1, 0, -1]);
    let asked = history
        .iter()
        .find(|snapshot| snapshot.next() == ["ask"])
        .unwrap();
    assert_eq!((asked.asked.len(), asked.answers.len()), (1, 1));
    let at = asked.checkpoint.id;
    engine.fork(thread, at, actor("ada")).await.unwrap();
    let report = run(&engine, thread, Invocation::Continue).await;
    let report = run(&engine, thread, answer(only(&report), json!("two"))).await;
    assert_eq!(log(&report), ["first", "ask: two", "last"]);
    let unknown = engine
        .fork(thread, holdpoint::model::CheckpointId::new(), actor("ada"))
        .await;
    assert!(matches!(unknown, Err(EngineError::UnknownCheckpoint { .. })));
    let sources: Vec<Source> = engine
        .history(thread, &Namespace::root())
        .await
        .unwrap()
        .iter()
        .map(|snapshot| snapshot.checkpoint.source)
        .collect();
    assert_eq!(
        sources.iter().filter(|source| **source == Source::Fork).count(),
        1
    );
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e10_updating_as_a_node_leads_on_from_it_and_runs_nothing() {
    let ran = Arc::new(AtomicUsize::new(0));
    let counter = ran.clone();
    let graph = GraphBuilder::<Work>::new("updates")
        .node("ask", asking("ask"))
        .effect("act", move |_: Work, _: Context| {
            let counter = counter.clone();
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(WorkPatch::new())
            }
        })
        .start_at("ask")
        .edge("ask", "act")
        .edge("act", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (thread, _) = begin(&engine, "x").await;
    let update = serde_json::Map::from_iter([("log".to_owned(), json!(["by hand"]))]);
    let head = engine
        .update_state(thread, update, Some("ask"), actor("ada"))
        .await
        .unwrap();
    assert_eq!(ran.load(Ordering::SeqCst), 0, "an update never starts an effect");
    assert!(head.interrupts.is_empty());
    let snapshot = engine.state(thread).await.unwrap().unwrap();
    assert_eq!(snapshot.next(), ["act"]);
    let report = run(&engine, thread, Invocation::Continue).await;
    assert_eq!(
        (log(&report), ran.load(Ordering::SeqCst)),
        (vec!["by hand".to_owned()], 1)
    );
    let unknown = engine
        .update_state(thread, serde_json::Map::new(), Some("nobody"), actor("ada"))
        .await;
    assert!(matches!(unknown, Err(EngineError::UnknownNode { .. })));
    finish(&engine, thread).await;
}

// --- E11: streaming ---

#[tokio::test]
async fn e11_events_come_in_order() {
    let graph = GraphBuilder::<Work>::new("tells")
        .node("talk", |_: Work, context: Context| async move {
            context.emit(json!({ "half": true }));
            context.message("hel");
            context.message("lo");
            let _: String = context.interrupt("go on?")?;
            Ok(WorkPatch::new().log(vec!["talked".to_owned()]))
        })
        .start_at("talk")
        .edge("talk", END)
        .build()
        .unwrap();
    for durability in [Durability::Sync, Durability::Async, Durability::Exit] {
        let engine = engine(&graph);
        let id = thread(&engine).await;
        let mut told = Vec::new();
        let mut next = input(json!({ "text": "x" }));
        for _ in 0..2 {
            let (events, mut heard) = mpsc::unbounded_channel();
            let options = RunOptions {
                durability,
                events: Some(events),
                ..RunOptions::default()
            };
            let report = engine.invoke(id, next, actor("ada"), options).await.unwrap();
            while let Some(event) = heard.recv().await {
                told.push(kind(&event));
            }
            next = match report.interrupts.first() {
                Some(asked) => answer(asked.interrupt.id, json!("yes")),
                None => Invocation::Continue,
            };
        }
        let first = [
            "run_started",
            "checkpoint",
            "task_started",
            "custom",
            "message",
            "message",
        ];
        let second = [
            "run_started",
            "task_started",
            "custom",
            "message",
            "message",
            "task_finished",
        ];
        let expected = [
            &first[..],
            &["interrupted", "run_finished"],
            &second[..],
            &["checkpoint", "run_finished"],
        ];
        assert_eq!(told, expected.concat());
        finish(&engine, id).await;
    }
}

fn kind(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["type"]
        .as_str()
        .unwrap()
        .to_owned()
}

// --- E12: versions ---

fn versioned(version: &str) -> Arc<Graph> {
    holdpoint::state! { struct Two, TwoPatch, version = 2 { said: String [replace], words: Vec<String> [append] } }
    holdpoint::state! { struct Three, ThreePatch, version = 3 { said: String [replace], words: Vec<String> [append] } }
    async fn two(_: Two, context: Context) -> Result<TwoPatch, NodeError> {
        let said: String = context.interrupt("go on?")?;
        Ok(TwoPatch::new().words(vec![said]))
    }
    match version {
        "1" => GraphBuilder::<Work>::new("versions")
            .node("ask", asking("ask"))
            .start_at("ask")
            .edge("ask", END)
            .build()
            .unwrap(),
        "2" => GraphBuilder::<Two>::new("versions")
            .node("ask", two)
            .start_at("ask")
            .edge("ask", END)
            .upcast(1, |mut old| {
                let said = old.remove("text").unwrap_or_default();
                let words = old.remove("log").unwrap_or_default();
                Ok(channels(json!({ "said": said, "words": words })))
            })
            .build()
            .unwrap(),
        "renamed" => GraphBuilder::<Work>::new("versions")
            .node("other", asking("ask"))
            .start_at("other")
            .edge("other", END)
            .build()
            .unwrap(),
        _ => GraphBuilder::<Three>::new("versions")
            .node("ask", |_: Three, _: Context| async move { Ok(ThreePatch::new()) })
            .start_at("ask")
            .edge("ask", END)
            .build()
            .unwrap(),
    }
}

#[tokio::test]
async fn e12_a_thread_paused_under_an_older_graph() {
    let hands = Hands::default();
    let one = Engine::new(memory(&hands), hands.clock(), [versioned("1")]);
    let (thread, report) = begin(&one, "old words").await;
    let yes = || answer(only(&report), json!("yes"));
    let other = |version: &str| reborn(&one, &hands, &versioned(version));
    let refused = |version: &str| {
        let (engine, yes) = (other(version), yes());
        async move {
            let refused = engine
                .invoke(thread, yes, actor("ada"), RunOptions::default())
                .await;
            refused.unwrap_err().to_string()
        }
    };
    insta::assert_snapshot!(refused("renamed").await, @"the graph 'versions' changed while the thread waited: it no longer has ask");
    insta::assert_snapshot!(refused("3").await, @"the state of version 1 cannot be brought up to date: there is no step from version 1 to 2");
    assert_eq!(
        one.head(thread).await.unwrap().interrupts.len(),
        1,
        "it is still asked"
    );
    let two = other("2");
    let report = run(&two, thread, yes()).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(
        report.values,
        channels(json!({ "said": "old words", "words": ["yes"] }))
    );
    let back = one
        .invoke(thread, Invocation::Continue, actor("ada"), RunOptions::default())
        .await;
    insta::assert_snapshot!(back.unwrap_err().to_string(), @"the state of version 2 cannot be brought up to date: this program knows 'versions' up to version 1");
    assert!(two.store().verify().await.unwrap().is_clean());
}

// --- E13: graphs in graphs ---

fn inner() -> Arc<Graph> {
    GraphBuilder::<Work>::new("inner")
        .node("before", noting("before"))
        .node("ask", asking("ask"))
        .start_at("before")
        .edge("before", "ask")
        .edge("ask", END)
        .build()
        .unwrap()
}

fn outer(fan: bool) -> Arc<Graph> {
    let input = |state: &Work| WorkPatch::new().text(state.text.clone());
    let output = |child: Work| {
        let log = child.log.iter().map(|line| format!("{}/{line}", child.text));
        WorkPatch::new().log(log.collect::<Vec<_>>())
    };
    let graph = GraphBuilder::<Work>::new("outer")
        .pure("first", noting("first"))
        .subgraph("inner", inner(), input, output)
        .pure("last", noting("last"))
        .start_at("first")
        .edge("inner", "last")
        .edge("last", END);
    let graph = match fan {
        false => graph.edge("first", "inner"),
        true => graph.fan_out("first", &["inner"], |_: &Work| {
            ["a", "b"]
                .map(|text| Send::to("inner", json!({ "text": text })))
                .into()
        }),
    };
    graph.build().unwrap()
}

#[tokio::test]
async fn e13_a_graph_in_a_graph_asks_through_its_parent_and_outlives_the_process() {
    let hands = Hands::default();
    let graph = outer(false);
    let old = Engine::new(memory(&hands), hands.clock(), [graph.clone()]);
    let (thread, report) = begin(&old, "x").await;
    let asked = report.interrupts[0].interrupt.clone();
    assert!(asked.namespace.0.starts_with("inner:"), "{}", asked.namespace.0);
    assert_eq!(report.head.checkpoints.len(), 2);
    let engine = reborn(&old, &hands, &graph);
    let report = run(
        &engine,
        thread,
        Invocation::Command(Command::resume(json!("yes"))),
    )
    .await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(log(&report), ["first", "x/before", "x/ask: yes", "last"]);
    assert_eq!(
        report.head.checkpoints.len(),
        1,
        "the child's head is forgotten when the parent moves on"
    );
    let child = engine.history(thread, &asked.namespace).await.unwrap();
    assert_eq!(child.len(), 3);
    finish(&engine, thread).await;
}

#[tokio::test]
async fn e13_a_fan_out_of_graphs_gives_each_its_own_input_namespace_and_question() {
    let engine = engine(&outer(true));
    let (thread, report) = begin(&engine, "x").await;
    assert_eq!(report.interrupts.len(), 2);
    let texts: Vec<&Value> = report
        .interrupts
        .iter()
        .map(|asked| &asked.question["text"])
        .collect();
    assert_eq!(texts.len(), 2);
    let id = |text: &str| {
        let asked = report
            .interrupts
            .iter()
            .find(|asked| asked.question["text"] == text);
        asked.unwrap().interrupt.id
    };
    let (a, b) = (id("a"), id("b"));
    let report = run(&engine, thread, answer(b, json!("two"))).await;
    assert_eq!(only(&report), a);
    let report = run(&engine, thread, answer(a, json!("one"))).await;
    assert_eq!(
        log(&report)[1..],
        ["a/before", "a/ask: one", "b/before", "b/ask: two", "last"]
    );
    finish(&engine, thread).await;
}

// --- What is stored ---

#[tokio::test]
async fn append_channels_are_stored_as_pieces_that_stay() {
    holdpoint::route! { enum Round { Again => "round", Out => END } }
    let graph = GraphBuilder::<Work>::new("grows")
        .node("round", |state: Work, _: Context| async move {
            let line = format!("{:>4} {}", state.log.len(), "x".repeat(1000));
            Ok(WorkPatch::new().log(vec![line]))
        })
        .start_at("round")
        .branch("round", |state: &Work| match state.log.len() {
            128.. => Round::Out,
            _ => Round::Again,
        })
        .build()
        .unwrap();
    let engine = engine(&graph);
    let id = thread(&engine).await;
    let options = RunOptions {
        recursion_limit: 200,
        ..RunOptions::default()
    };
    let report = engine
        .invoke(id, input(json!({ "text": "x" })), actor("ada"), options)
        .await
        .unwrap();
    assert_eq!(log(&report).len(), 128);
    let mut seen = std::collections::BTreeMap::new();
    for stored in engine.records(id).await.unwrap() {
        for digest in stored
            .record
            .entry
            .values()
            .iter()
            .flat_map(|value| value.digests())
        {
            let bytes = engine.store().value(digest).await.unwrap();
            seen.insert(digest, bytes.len());
        }
    }
    let stored: usize = seen.values().sum();
    // Each line once as written by its task, and once for each of the at most 8 sizes its piece had.
    assert!(stored < 128 * 1010 * 9, "{stored} bytes are stored for 128 lines");
    assert!(seen.len() < 128 * 2 + 10, "{} pieces", seen.len());
    for snapshot in engine.history(id, &Namespace::root()).await.unwrap() {
        let lines = snapshot.values["log"].as_array().unwrap();
        assert!(
            lines
                .iter()
                .enumerate()
                .all(|(index, line)| { line.as_str().unwrap().starts_with(&format!("{index:>4}")) })
        );
    }
    finish(&engine, id).await;
}
