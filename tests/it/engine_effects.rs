//! E7 and E8: what is done to the outside is done at most once, whatever dies in between.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use std::time::Duration;

use holdpoint::{
    engine::{Durability, Engine, EngineError, Invocation, Recovered, RunOptions},
    graph::{
        Context, END, Effect, EffectStart, Graph, GraphBuilder, NodeClass, NodeError, RetryPolicy, Unknown,
    },
    model::{
        ApiKeys, CheckpointId, Digest, Entry, ErrorClass, Head, InterruptId, InterruptKind, Outcome,
        ServiceEvent, ThreadId, ThreadStatus,
    },
    store::{
        Freeze, PendingInterrupt, RecordRange, Store, StoreError, StoredAudit, StoredRecord, ThreadFilter,
        Transaction, Verification,
    },
};
use serde_json::json;
use tokio::sync::Notify;

use super::engine::{
    Hands, Ran, Work, WorkPatch, World, actor, answer, begin, code, engine, entries, finish, held, input,
    log, memory, noting, only, reborn, run, thread,
};

/// A store whose process dies at a commit: that one still reaches the disk, or it doesn't; the
/// caller never hears of it.
pub struct Dying {
    inner: Arc<dyn Store>,
    left: AtomicUsize,
    last_reaches_disk: bool,
    dead: AtomicBool,
}

impl Dying {
    pub fn after(inner: Arc<dyn Store>, commits: usize, last_reaches_disk: bool) -> Arc<dyn Store> {
        Arc::new(Self {
            inner,
            left: AtomicUsize::new(commits),
            last_reaches_disk,
            dead: AtomicBool::new(false),
        })
    }
}

fn dead() -> StoreError {
    StoreError::Stopped {
        path: "nowhere".into(),
        reason: "the process died".into(),
    }
}

#[async_trait::async_trait]
impl Store for Dying {
    async fn commit(&self, transaction: Transaction) -> Result<(), StoreError> {
        let left = self.left.load(Ordering::SeqCst);
        if left > 0 {
            self.left.store(left - 1, Ordering::SeqCst);
            return self.inner.commit(transaction).await;
        }
        if self.last_reaches_disk && !self.dead.swap(true, Ordering::SeqCst) {
            self.inner.commit(transaction).await?;
        }
        Err(dead())
    }
    async fn log(&self, event: ServiceEvent) -> Result<(), StoreError> {
        self.inner.log(event).await
    }
    async fn head(&self, thread: ThreadId) -> Result<Option<Head>, StoreError> {
        self.inner.head(thread).await
    }
    async fn records(&self, thread: ThreadId, range: RecordRange) -> Result<Vec<StoredRecord>, StoreError> {
        self.inner.records(thread, range).await
    }
    async fn checkpoint(
        &self,
        thread: ThreadId,
        id: CheckpointId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.inner.checkpoint(thread, id).await
    }
    async fn value(&self, digest: Digest) -> Result<Arc<Vec<u8>>, StoreError> {
        self.inner.value(digest).await
    }
    async fn threads(&self, filter: ThreadFilter) -> Result<Vec<Head>, StoreError> {
        self.inner.threads(filter).await
    }
    async fn asker(&self, interrupt: InterruptId) -> Result<Option<ThreadId>, StoreError> {
        self.inner.asker(interrupt).await
    }
    async fn pending(&self) -> Result<Vec<PendingInterrupt>, StoreError> {
        self.inner.pending().await
    }
    async fn busy(&self) -> Result<Vec<ThreadId>, StoreError> {
        self.inner.busy().await
    }
    async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
        self.inner.frozen().await
    }
    async fn keys(&self) -> Result<ApiKeys, StoreError> {
        self.inner.keys().await
    }
    async fn notified(&self, interrupt: InterruptId) -> Result<bool, StoreError> {
        self.inner.notified(interrupt).await
    }
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<StoredAudit>, StoreError> {
        self.inner.audit(after, limit).await
    }
    async fn verify(&self) -> Result<Verification, StoreError> {
        self.inner.verify().await
    }
    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}

/// One node, `act`, that does one thing at most once without anybody's leave.
fn acts(whole: bool, world: &World) -> Arc<Graph> {
    let world = world.clone();
    let part = move |world: World| async move {
        world
            .done
            .lock()
            .unwrap()
            .push(("acted".into(), holdpoint::model::GrantId::new()));
        if world.hang.load(Ordering::SeqCst) {
            world.begun.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let act = move |_: Work, context: Context| -> Ran {
        let world = world.clone();
        Box::pin(async move {
            if whole {
                part(world).await;
                return Ok(WorkPatch::new().log(vec!["acted".to_owned()]));
            }
            let start = EffectStart {
                grant: None,
                facts: json!({ "about": "to act" }),
            };
            let effect = context
                .effect("act", start, |_| async {
                    part(world).await;
                    Ok(())
                })
                .await?;
            Ok(WorkPatch::new().log(vec![match effect {
                Effect::Finished(()) => "acted".to_owned(),
                Effect::Settled(settled) => format!("{:?}", settled.settlement),
            }]))
        })
    };
    let graph = GraphBuilder::<Work>::new("acts");
    let graph = match whole {
        true => graph.effect("act", act),
        false => graph.node("act", act),
    };
    graph.start_at("act").edge("act", END).build().unwrap()
}

/// Runs `invocation` until `world` has begun something, and lets the process die there.
async fn die_in_effect(engine: Arc<Engine>, thread: ThreadId, world: &World, invocation: Invocation) {
    world.hang.store(true, Ordering::SeqCst);
    let running = {
        let engine = engine.clone();
        tokio::spawn(async move {
            engine
                .invoke(thread, invocation, actor("ada"), RunOptions::default())
                .await
        })
    };
    world.begun.notified().await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    world.hang.store(false, Ordering::SeqCst);
}

#[tokio::test]
async fn e7_an_effect_is_not_repeated_after_a_death_and_a_human_settles_it() {
    for whole in [false, true] {
        for (settlement, outcome, logged, times) in [
            ("done", "completed", if whole { vec![] } else { vec!["Done"] }, 1),
            (
                "failed",
                if whole { "effect_failed" } else { "completed" },
                if whole { vec![] } else { vec!["Failed"] },
                1,
            ),
            (
                "ask_again",
                "completed",
                if whole { vec!["acted"] } else { vec!["AskAgain"] },
                1 + usize::from(whole),
            ),
        ] {
            let hands = Hands::default();
            let world = World::default();
            let graph = acts(whole, &world);
            let old = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
            let id = thread(&old).await;
            die_in_effect(old.clone(), id, &world, input(json!({ "text": "x" }))).await;
            let engine = reborn(&old, &hands, &graph);
            assert_eq!(engine.recover().await.unwrap(), [Recovered::OutcomeUnknown(id)]);
            assert_eq!(engine.recover().await.unwrap(), [], "once is enough");
            let head = engine.head(id).await.unwrap();
            assert_eq!(head.status, ThreadStatus::Interrupted);
            assert_eq!(head.interrupts[0].kind, InterruptKind::OutcomeUnknown);
            let question = engine.questions(&head).await.unwrap().remove(0).question;
            assert_eq!(question["answers"], json!(["done", "failed", "ask_again"]));

            // Until then nothing else moves.
            let report = run(&engine, id, Invocation::Continue).await;
            assert!(matches!(report.outcome, Outcome::Interrupted { .. }));
            let ada = || actor("ada");
            let by_input = engine
                .invoke(id, input(json!({})), ada(), RunOptions::default())
                .await;
            assert!(matches!(by_input, Err(EngineError::MustSettle { .. })));
            let update = engine
                .update_state(id, serde_json::Map::new(), Some(END), ada())
                .await;
            assert!(matches!(update, Err(EngineError::MustSettle { .. })));
            let copy = engine.copy(id, None, ThreadId::new(), ada()).await;
            assert!(matches!(copy, Err(EngineError::MustSettle { .. })));
            let cancel = engine.cancel_questions(id, "no".into(), ada()).await;
            assert!(matches!(cancel, Err(EngineError::MustSettle { .. })));
            let nonsense = answer(only(&report), json!("perhaps"));
            let nonsense = engine.invoke(id, nonsense, ada(), RunOptions::default()).await;
            assert!(matches!(nonsense, Err(EngineError::Answer(_))));
            assert_eq!(world.count(), 1);

            let report = run(
                &engine,
                id,
                answer(only(&report), json!({ "settlement": settlement })),
            )
            .await;
            match outcome {
                "completed" => assert_eq!(report.outcome, Outcome::Completed),
                other => assert_eq!(code(&report), other),
            }
            assert_eq!(log(&report), logged);
            assert_eq!(world.count(), times, "{whole} {settlement}");
            finish(&engine, id).await;
        }
    }
}

#[tokio::test]
async fn e7_asking_again_behind_a_hold_point_goes_back_to_it() {
    let hands = Hands::default();
    let world = World::default();
    let counter = world.clone();
    let graph = GraphBuilder::<Work>::new("whole")
        .pure("prepare", noting("prepared"))
        .pure("gate", super::engine::asking("gate"))
        .effect("act", move |_: Work, _: Context| {
            let world = counter.clone();
            async move {
                world
                    .done
                    .lock()
                    .unwrap()
                    .push(("acted".into(), holdpoint::model::GrantId::new()));
                if world.hang.load(Ordering::SeqCst) {
                    world.begun.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok(WorkPatch::new().log(vec!["acted".to_owned()]))
            }
        })
        .start_at("prepare")
        .edge("prepare", "gate")
        .edge("gate", "act")
        .edge("act", END)
        .hold_point("prepare", &["gate", "act"])
        .build()
        .unwrap();
    let old = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
    let (id, report) = begin(&old, "x").await;
    die_in_effect(old.clone(), id, &world, answer(only(&report), json!("yes"))).await;
    let engine = reborn(&old, &hands, &graph);
    engine.recover().await.unwrap();
    let unknown = engine.head(id).await.unwrap().interrupts[0].id;
    let report = run(&engine, id, answer(unknown, json!("ask_again"))).await;
    assert_eq!(
        report.interrupts[0].question["by"],
        json!("gate"),
        "it is asked, not done"
    );
    assert_eq!(world.count(), 1);
    let report = run(&engine, id, answer(only(&report), json!("once more"))).await;
    assert_eq!((report.outcome, world.count()), (Outcome::Completed, 2));
    finish(&engine, id).await;
}

#[tokio::test]
async fn e7_each_unknown_outcome_is_a_question_of_its_own() {
    let hands = Hands::default();
    let world = World::default();
    let graph = acts(true, &world);
    let mut engine = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
    let id = thread(&engine).await;
    let mut next = input(json!({ "text": "x" }));
    let mut asked = Vec::new();
    for _ in 0..3 {
        die_in_effect(engine.clone(), id, &world, next).await;
        engine = reborn(&engine, &hands, &graph);
        engine.recover().await.unwrap();
        let interrupt = engine.head(id).await.unwrap().interrupts[0].id;
        assert!(!asked.contains(&interrupt), "an answer serves one question");
        asked.push(interrupt);
        next = answer(interrupt, json!("ask_again"));
    }
    let report = run(&engine, id, next).await;
    assert_eq!((report.outcome, world.count()), (Outcome::Completed, 4));
    finish(&engine, id).await;
}

#[tokio::test]
async fn e7_a_grant_is_consumed_once_and_void_when_its_time_is_over() {
    let hands = Hands::default();
    let world = World::default();
    let graph = held(&world);
    let engine = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
    let (id, report) = begin(&engine, "x").await;
    let asked = report.interrupts[0].interrupt.clone();
    let report = run(&engine, id, answer(asked.id, json!("yes"))).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert!(report.head.grants.is_empty());
    let mut used = Vec::new();
    for entry in entries(&engine, id).await {
        match entry {
            Entry::Resolved {
                grant: Some(grant), ..
            } => {
                assert_eq!((grant.interrupt, grant.question), (asked.id, asked.digest));
                used.push(grant.id);
            }
            Entry::EffectStarted { grant, .. } => used.push(grant.unwrap()),
            _ => {}
        }
    }
    assert_eq!(used.len(), 2);
    assert_eq!(used[0], used[1]);
    finish(&engine, id).await;
}

/// A graph that holds the permission until `release`, then tries to use it.
fn slow(world: &World, ready: &Arc<Notify>, release: &Arc<Notify>) -> Arc<Graph> {
    let (world, ready, release) = (world.clone(), ready.clone(), release.clone());
    GraphBuilder::<Work>::new("slow")
        .pure("prepare", noting("prepared"))
        .pure("gate", super::engine::Gate)
        .node("execute", move |state: Work, context: Context| {
            let (world, ready, release) = (world.clone(), ready.clone(), release.clone());
            async move {
                if !context.grants().is_empty() {
                    ready.notify_one();
                    release.notified().await;
                }
                super::engine::execute(world, state, context).await
            }
        })
        .start_at("prepare")
        .edge("prepare", "gate")
        .branch("gate", super::engine::after_gate)
        .edge("execute", END)
        .hold_point("prepare", &["gate", "execute"])
        .build()
        .unwrap()
}

#[tokio::test]
async fn e7_an_expired_grant_and_a_frozen_store_start_nothing_and_ask_again() {
    for freeze in [false, true] {
        let hands = Hands::default();
        let world = World::default();
        let (ready, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let graph = slow(&world, &ready, &release);
        let engine = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph]));
        let (id, report) = begin(&engine, "x").await;
        let first = only(&report);
        let running = {
            let engine = engine.clone();
            tokio::spawn(async move { run(&engine, id, answer(first, json!("yes"))).await })
        };
        ready.notified().await;
        match freeze {
            true => {
                let event = ServiceEvent::Frozen {
                    by: actor("operator"),
                    reason: "test".into(),
                };
                engine.store().log(event).await.unwrap();
            }
            false => hands.forward(Duration::from_secs(61)),
        }
        release.notify_one();
        let report = running.await.unwrap();
        assert_eq!(report.interrupts.len(), 1, "{:?}", report.outcome);
        assert_ne!(only(&report), first);
        assert!(report.head.grants.is_empty() && report.head.effects.is_empty());
        assert_eq!(world.count(), 0);
        finish(&engine, id).await;
    }
}

#[tokio::test]
async fn e7_a_death_between_decision_and_start_voids_the_grant_and_asks_again() {
    let hands = Hands::default();
    let world = World::default();
    let (ready, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let graph = slow(&world, &ready, &release);
    let old = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
    let (id, report) = begin(&old, "x").await;
    let first = only(&report);
    let running = {
        let engine = old.clone();
        tokio::spawn(async move { run(&engine, id, answer(first, json!("yes"))).await })
    };
    ready.notified().await;
    running.abort();
    let _ = running.await;
    let engine = reborn(&old, &hands, &graph);
    assert_eq!(engine.recover().await.unwrap(), [Recovered::AskedAgain(id)]);
    let head = engine.head(id).await.unwrap();
    assert!(head.grants.is_empty());
    assert_ne!(head.interrupts[0].id, first);
    assert_eq!(world.count(), 0);
    let voided = |entry: &Entry| matches!(entry, Entry::GrantVoided { .. });
    assert_eq!(
        entries(&engine, id)
            .await
            .iter()
            .filter(|entry| voided(entry))
            .count(),
        1
    );
    release.notify_one();
    let report = run(&engine, id, answer(head.interrupts[0].id, json!("yes"))).await;
    assert_eq!((report.outcome, world.count()), (Outcome::Completed, 1));
    finish(&engine, id).await;
}

/// Every commit of the whole story is a place to die, before and after it reaches the disk, under
/// every durability: whatever happens, every write ran under an approval of its own, and the thread
/// gets to its end.
#[tokio::test]
async fn e7_whatever_commit_the_process_dies_at() {
    for durability in [Durability::Sync, Durability::Async, Durability::Exit] {
        for reaches_disk in [false, true] {
            for commits in 0..12 {
                let hands = Hands::default();
                let world = World::default();
                let graph = held(&world);
                let disk = memory(&hands);
                let id = {
                    let calm = Engine::new(disk.clone(), hands.clock(), [graph.clone()]);
                    thread(&calm).await
                };
                let dying = Dying::after(disk.clone(), commits, reaches_disk);
                let engine = Engine::new(dying, hands.clock(), [graph.clone()]);
                let options = || RunOptions {
                    durability,
                    ..RunOptions::default()
                };
                let begun = engine
                    .invoke(id, input(json!({ "text": "x" })), actor("ada"), options())
                    .await;
                let mut approvals = 0;
                if let Ok(report) = begun {
                    approvals += 1;
                    let _ = engine
                        .invoke(id, answer(only(&report), json!("yes")), actor("ada"), options())
                        .await;
                }
                drop(engine);
                let engine = Engine::new(disk, hands.clock(), [graph.clone()]);
                let recovered = engine.recover().await.unwrap();
                let story = format!("{durability:?} {reaches_disk} {commits} {recovered:?}");
                assert!(world.count() <= approvals, "{story}");
                let mut head = engine.head(id).await.unwrap();
                assert!(head.run.is_none() && head.grants.is_empty(), "{story}");
                for _ in 0..5 {
                    let report = if let Some(asked) = head.interrupts.first() {
                        let said = match asked.kind {
                            InterruptKind::Question => {
                                approvals += 1;
                                "yes"
                            }
                            InterruptKind::OutcomeUnknown if world.count() > 0 => "done",
                            InterruptKind::OutcomeUnknown => "ask_again",
                        };
                        run(&engine, id, answer(asked.id, json!(said))).await
                    } else if head.checkpoint().is_none() {
                        run(&engine, id, input(json!({ "text": "x" }))).await
                    } else if engine.state(id).await.unwrap().unwrap().next().is_empty() {
                        break;
                    } else {
                        run(&engine, id, Invocation::Continue).await
                    };
                    head = report.head;
                }
                let last = engine.state(id).await.unwrap().unwrap();
                assert!(last.next().is_empty(), "{story}: {:?}", head.status);
                assert!((1..=approvals).contains(&world.count()), "{story}");
                let done = world.done.lock().unwrap().clone();
                let grants: std::collections::HashSet<_> = done.iter().map(|(_, grant)| *grant).collect();
                assert_eq!(grants.len(), done.len(), "{story}: a grant served twice");
                finish(&engine, id).await;
            }
        }
    }
}

#[tokio::test]
async fn e7_a_node_cannot_hide_what_it_started() {
    // It drops the effect, and it swallows the unknown outcome.
    for swallow in [false, true] {
        let graph = GraphBuilder::<Work>::new("hides")
            .node("n", move |_: Work, context: Context| async move {
                let begun = Notify::new();
                let effect = context.effect("act", EffectStart::default(), |_| async {
                    if swallow {
                        return Err(Unknown("no answer from the device".into()));
                    }
                    begun.notify_one();
                    std::future::pending::<Result<(), Unknown>>().await
                });
                tokio::select! {
                    _ = effect => {}
                    () = begun.notified() => {}
                }
                Ok(WorkPatch::new().log(vec!["as if nothing had been".to_owned()]))
            })
            .start_at("n")
            .edge("n", END)
            .build()
            .unwrap();
        let engine = engine(&graph);
        let (id, report) = begin(&engine, "x").await;
        assert_eq!(report.interrupts[0].interrupt.kind, InterruptKind::OutcomeUnknown);
        assert_eq!(report.values["log"], json!([]));
        let report = run(&engine, id, answer(only(&report), json!("done"))).await;
        assert_eq!(log(&report), ["as if nothing had been"]);
        finish(&engine, id).await;
    }
}

#[tokio::test]
async fn e7_a_node_that_drops_its_journal_leaves_the_thread_whole() {
    // The call is dropped at its first wait, in the middle of a commit.
    let graph = GraphBuilder::<Work>::new("drops")
        .node("n", |_: Work, context: Context| async move {
            let once = context.once("part", || async { Ok(1) });
            tokio::select! {
                biased;
                _ = once => {}
                () = std::future::ready(()) => {}
            }
            Ok(WorkPatch::new().log(vec!["went on".to_owned()]))
        })
        .start_at("n")
        .edge("n", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let (id, report) = begin(&engine, "x").await;
    assert_eq!(report.outcome, Outcome::Completed);
    finish(&engine, id).await;
}

#[tokio::test]
async fn e7_e9_no_failure_retries_an_effect_and_a_timeout_leaves_its_outcome_unknown() {
    let tries = Arc::new(AtomicUsize::new(0));
    for (case, times_out) in [("fails", false), ("takes too long", true)] {
        tries.store(0, Ordering::SeqCst);
        let counter = tries.clone();
        let graph = GraphBuilder::<Work>::new("retries")
            .effect("n", move |_: Work, _: Context| {
                let counter = counter.clone();
                async move {
                    counter.fetch_add(1, Ordering::SeqCst);
                    if times_out {
                        // From here on the clock runs ahead whenever nothing else is to be done.
                        tokio::time::pause();
                        std::future::pending::<()>().await;
                    }
                    Err(NodeError::failed(
                        ErrorClass::Transient,
                        "busy",
                        "the line is busy",
                    ))
                }
            })
            .start_at("n")
            .edge("n", END)
            .retry("n", RetryPolicy::transient(5))
            .timeout("n", Duration::from_secs(5))
            .build()
            .unwrap();
        assert_eq!(graph.node("n").unwrap().class, NodeClass::Effect);
        let engine = engine(&graph);
        let (id, report) = begin(&engine, "x").await;
        assert_eq!(
            report.interrupts[0].interrupt.kind,
            InterruptKind::OutcomeUnknown,
            "{case}"
        );
        assert_eq!(tries.load(Ordering::SeqCst), 1, "{case}");
        finish(&engine, id).await;
    }
}

#[tokio::test]
async fn e7_e9_a_cancelled_effect_has_an_unknown_outcome() {
    let world = World::default();
    let graph = GraphBuilder::<Work>::new("cancels")
        .node("n", {
            let world = world.clone();
            move |_: Work, context: Context| {
                let world = world.clone();
                async move {
                    let told = context
                        .effect("act", EffectStart::default(), |cancel| async move {
                            world.begun.notify_one();
                            cancel.cancelled().await;
                            Err::<(), _>(Unknown("killed".into()))
                        })
                        .await?;
                    Ok(WorkPatch::new().log(vec![format!("{told:?}")]))
                }
            }
        })
        .start_at("n")
        .edge("n", END)
        .build()
        .unwrap();
    let engine = engine(&graph);
    let id = thread(&engine).await;
    let running = {
        let engine = engine.clone();
        tokio::spawn(async move { run(&engine, id, input(json!({ "text": "x" }))).await })
    };
    world.begun.notified().await;
    assert!(engine.cancel_run(id, "the operator says so"));
    let report = running.await.unwrap();
    assert_eq!(
        report.interrupts[0].question["reason"],
        json!("killed (the operator says so)")
    );
    finish(&engine, id).await;
}

#[tokio::test]
async fn e8_a_finished_sibling_outlives_the_process() {
    let hands = Hands::default();
    let world = World::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let (counter, hanging, finished) = (ran.clone(), world.clone(), Arc::new(Notify::new()));
    let graph = GraphBuilder::<Work>::new("siblings")
        .node("good", move |_: Work, _: Context| {
            let counter = counter.clone();
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(WorkPatch::new().log(vec!["good".to_owned()]))
            }
        })
        .node("slow", move |_: Work, context: Context| {
            let (world, finished) = (hanging.clone(), finished.clone());
            async move {
                // What `once` commits stands behind its sibling's end.
                context.once("mark", || async { Ok(0) }).await?;
                let _ = finished;
                if world.hang.load(Ordering::SeqCst) {
                    world.begun.notify_one();
                    std::future::pending::<()>().await;
                }
                Ok(WorkPatch::new().log(vec!["slow".to_owned()]))
            }
        })
        .start_at("good")
        .start_at("slow")
        .edge("good", END)
        .edge("slow", END)
        .build()
        .unwrap();
    let old = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
    let id = thread(&old).await;
    world.hang.store(true, Ordering::SeqCst);
    let running = {
        let engine = old.clone();
        tokio::spawn(async move { run(&engine, id, input(json!({ "text": "x" }))).await })
    };
    world.begun.notified().await;
    loop {
        let done = entries(&old, id).await;
        if done
            .iter()
            .any(|entry| matches!(entry, Entry::TaskFinished { .. }))
        {
            break;
        }
        tokio::task::yield_now().await;
    }
    running.abort();
    let _ = running.await;
    world.hang.store(false, Ordering::SeqCst);
    let engine = reborn(&old, &hands, &graph);
    assert_eq!(engine.recover().await.unwrap(), [Recovered::CanContinue(id)]);
    let report = run(&engine, id, Invocation::Continue).await;
    assert_eq!(log(&report), ["good", "slow"]);
    assert_eq!(ran.load(Ordering::SeqCst), 1);
    finish(&engine, id).await;
}

#[tokio::test]
async fn e8_a_sibling_that_finished_is_kept_when_another_turns_back() {
    let world = World::default();
    let ran = Arc::new(AtomicUsize::new(0));
    let (counter, writing) = (ran.clone(), world.clone());
    let graph = GraphBuilder::<Work>::new("turns_back")
        .pure("prepare", noting("prepared"))
        .pure("gate", super::engine::Gate)
        .node("execute", move |state: Work, context: Context| {
            super::engine::execute(writing.clone(), state, context)
        })
        .effect("other", move |_: Work, _: Context| {
            let counter = counter.clone();
            async move {
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(WorkPatch::new().log(vec!["other".to_owned()]))
            }
        })
        .pure("after", noting("after other"))
        .start_at("prepare")
        .start_at("other")
        .edge("prepare", "execute")
        .edge("prepare", "gate")
        .branch("gate", super::engine::after_gate)
        .edge("execute", END)
        .edge("other", "after")
        .edge("after", END)
        .hold_point("gate", &["execute"])
        .build()
        .unwrap();
    // `execute` comes up without leave beside the asking gate and the other branch.
    let engine = engine(&graph);
    let (id, report) = begin(&engine, "x").await;
    assert_eq!(report.interrupts.len(), 1);
    let report = run(&engine, id, answer(only(&report), json!("yes"))).await;
    assert_eq!(report.outcome, Outcome::Completed);
    assert_eq!(log(&report), ["prepared", "other", "after other", "written"]);
    assert_eq!((ran.load(Ordering::SeqCst), world.count()), (1, 1));
    finish(&engine, id).await;
}

#[tokio::test]
async fn a_run_whose_thread_was_taken_over_writes_nothing_more() {
    let hands = Hands::default();
    let world = World::default();
    let graph = acts(false, &world);
    let old = Arc::new(Engine::new(memory(&hands), hands.clock(), [graph.clone()]));
    let id = thread(&old).await;
    world.hang.store(true, Ordering::SeqCst);
    let running = {
        let engine = old.clone();
        tokio::spawn(async move {
            engine
                .invoke(
                    id,
                    input(json!({ "text": "x" })),
                    actor("ada"),
                    RunOptions::default(),
                )
                .await
        })
    };
    world.begun.notified().await;
    let engine = reborn(&old, &hands, &graph);
    assert_eq!(engine.recover().await.unwrap(), [Recovered::OutcomeUnknown(id)]);
    let before = engine.head(id).await.unwrap();
    old.cancel_run(id, "it is over");
    tokio::time::pause();
    let ended = running.await.unwrap();
    assert!(
        matches!(ended, Err(EngineError::Store(StoreError::Conflict { .. }))),
        "{ended:?}"
    );
    assert_eq!(engine.head(id).await.unwrap(), before);
    finish(&engine, id).await;
}

#[tokio::test]
async fn e5_an_expiry_cut_short_by_a_death_goes_on() {
    for commits in 0..4 {
        let hands = Hands::default();
        let graph = held(&World::default());
        let disk = memory(&hands);
        let calm = Engine::new(disk.clone(), hands.clock(), [graph.clone()]);
        let (id, _) = begin(&calm, "x").await;
        hands.forward(Duration::from_secs(601));
        let dying = Engine::new(
            Dying::after(disk.clone(), commits, true),
            hands.clock(),
            [graph.clone()],
        );
        let _ = dying.expire_due().await;
        let engine = Engine::new(disk, hands.clock(), [graph]);
        engine.recover().await.unwrap();
        engine.expire_due().await.unwrap();
        if !engine.state(id).await.unwrap().unwrap().next().is_empty() {
            run(&engine, id, Invocation::Continue).await;
        }
        let state = engine.state(id).await.unwrap().unwrap();
        assert_eq!(
            state.values["verdict"],
            json!("expired"),
            "after {commits} commits"
        );
        finish(&engine, id).await;
    }
}

#[tokio::test]
async fn e5_an_update_cut_short_by_a_death_still_asks_anew() {
    for commits in 0..4 {
        let hands = Hands::default();
        let graph = held(&World::default());
        let disk = memory(&hands);
        let calm = Engine::new(disk.clone(), hands.clock(), [graph.clone()]);
        let (id, report) = begin(&calm, "old").await;
        let dying = Engine::new(
            Dying::after(disk.clone(), commits, true),
            hands.clock(),
            [graph.clone()],
        );
        let update = serde_json::Map::from_iter([("text".to_owned(), json!("new"))]);
        let _ = dying.update_state(id, update, None, actor("ada")).await;
        let engine = Engine::new(disk, hands.clock(), [graph]);
        engine.recover().await.unwrap();
        let head = engine.head(id).await.unwrap();
        assert_eq!(head.interrupts.len(), 1, "after {commits} commits");
        assert_ne!(head.interrupts[0].id, only(&report));
        let question = engine.questions(&head).await.unwrap().remove(0).question;
        assert_eq!(question, json!({ "may I write": "new" }));
        finish(&engine, id).await;
    }
}
