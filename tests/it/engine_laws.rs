//! Laws of the engine, under random steering and random deaths: E4, E5, E7 and E10 together.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use holdpoint::{
    engine::{Durability, Engine, Invocation, RunOptions},
    graph::{END, Graph},
    model::{Command, Digest, Entry, InterruptKind, Namespace, Resolution, ThreadId},
    store::Store,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    engine::{Hands, World, actor, answer, finish, held, input, memory, thread},
    engine_effects::Dying,
};

#[derive(Debug, Clone)]
enum Step {
    Input(u8),
    Answer {
        which: usize,
        yes: bool,
    },
    Stale {
        yes: bool,
    },
    Bare,
    Expire(u64),
    Continue,
    Goto(&'static str),
    Update {
        text: Option<u8>,
        node: Option<&'static str>,
    },
    Command(u8),
    Fork(usize),
    Copy(usize),
    Recover,
}

fn node() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["prepare", "gate", "execute", "done", END])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..3u8).prop_map(Step::Input),
        12 => (0..2usize, any::<bool>()).prop_map(|(which, yes)| Step::Answer { which, yes: yes || which == 1 }),
        2 => any::<bool>().prop_map(|yes| Step::Stale { yes }),
        2 => Just(Step::Bare),
        1 => (0..700u64).prop_map(Step::Expire),
        4 => Just(Step::Continue),
        2 => node().prop_map(Step::Goto),
        3 => (prop::option::of(0..3u8), prop::option::of(node())).prop_map(|(text, node)| Step::Update { text, node }),
        1 => (0..3u8).prop_map(Step::Command),
        2 => (0..20usize).prop_map(Step::Fork),
        1 => (0..20usize).prop_map(Step::Copy),
        2 => Just(Step::Recover),
    ]
}

/// A step, its death and its durability.
type Scene = (Step, Option<(usize, bool)>, u8);

/// A step, and at which of its commits the process dies, if it does, and whether that one arrives.
fn steps() -> impl Strategy<Value = Vec<Scene>> {
    let death = prop::option::weighted(0.3, (0..4usize, any::<bool>()));
    prop::collection::vec((step(), death, 0..3u8), 4..20)
}

struct Story {
    hands: Hands,
    disk: Arc<dyn Store>,
    graph: Arc<Graph>,
    world: World,
    threads: Vec<ThreadId>,
}

impl Story {
    fn engine(&self, store: Arc<dyn Store>) -> Engine {
        Engine::new(store, self.hands.clock(), [self.graph.clone()])
    }

    /// Does one step on the newest thread; what the engine says to it is its own affair.
    async fn take(&mut self, step: Step, death: Option<(usize, bool)>, durability: u8) {
        let store = match death {
            Some((commits, arrives)) => Dying::after(self.disk.clone(), commits, arrives),
            None => self.disk.clone(),
        };
        let engine = self.engine(store);
        let id = *self.threads.last().unwrap();
        let by = || actor("someone");
        let text = |number: u8| json!(format!("text {number}"));
        let head = engine.head(id).await.unwrap();
        let options = RunOptions {
            durability: [Durability::Sync, Durability::Async, Durability::Exit][usize::from(durability)],
            ..RunOptions::default()
        };
        let word = |yes| json!(if yes { "yes" } else { "no" });
        let invocation = match step {
            Step::Input(number) => Some(input(json!({ "text": text(number) }))),
            Step::Answer { which, yes } => {
                head.interrupts
                    .get(which % head.interrupts.len().max(1))
                    .map(|asked| {
                        let said = match (asked.kind, yes) {
                            (InterruptKind::Question, yes) => word(yes),
                            (InterruptKind::OutcomeUnknown, true) => json!("ask_again"),
                            (InterruptKind::OutcomeUnknown, false) => json!("done"),
                        };
                        answer(asked.id, said)
                    })
            }
            Step::Stale { yes } => {
                let records = engine.records(id).await.unwrap();
                let asked = records.into_iter().find_map(|stored| match stored.record.entry {
                    Entry::Asked(interrupt) => Some(interrupt.id),
                    _ => None,
                });
                asked.map(|asked| answer(asked, word(yes)))
            }
            Step::Bare => Some(Invocation::Command(Command::resume(json!("yes")))),
            Step::Expire(seconds) => {
                self.hands.forward(Duration::from_secs(seconds));
                let _ = engine.expire_due().await;
                None
            }
            Step::Continue => Some(Invocation::Continue),
            Step::Goto(node) => Some(Invocation::Command(Command::goto(node))),
            Step::Update { text: number, node } => {
                let update = number
                    .map(|number| ("text".to_owned(), text(number)))
                    .into_iter()
                    .collect();
                let _ = engine.update_state(id, update, node, by()).await;
                None
            }
            Step::Command(number) => Some(Invocation::Command(Command {
                update: serde_json::Map::from_iter([("text".to_owned(), text(number))]),
                ..Command::default()
            })),
            Step::Fork(at) => {
                let history = engine.history(id, &Namespace::root()).await.unwrap();
                if let Some(snapshot) = history.get(at % history.len().max(1)) {
                    let _ = engine.fork(id, snapshot.checkpoint.id, by()).await;
                }
                None
            }
            Step::Copy(at) => {
                let history = engine.history(id, &Namespace::root()).await.unwrap();
                let at = history
                    .get(at % history.len().max(1))
                    .map(|snapshot| snapshot.checkpoint.id);
                let copy = ThreadId::new();
                let _ = engine.copy(id, at, copy, by()).await;
                if engine.head(copy).await.is_ok() {
                    self.threads.push(copy);
                }
                None
            }
            Step::Recover => {
                let _ = engine.recover().await;
                None
            }
        };
        if let Some(invocation) = invocation {
            let _ = engine.invoke(id, invocation, by(), options).await;
        }
    }

    /// Whatever happened: every write ran once under an approval of its own, given to a question
    /// about exactly what was written.
    async fn check(&self) {
        let engine = self.engine(self.disk.clone());
        let mut approved = HashMap::new();
        let mut consumed = HashSet::new();
        let mut questions: HashMap<_, (Digest, Option<Resolution>)> = HashMap::new();
        for id in &self.threads {
            let mut asked = HashSet::new();
            for stored in engine.records(*id).await.unwrap() {
                match stored.record.entry {
                    Entry::Asked(interrupt) => {
                        assert!(asked.insert(interrupt.id), "a question is asked once");
                        questions.insert(interrupt.id, (interrupt.digest, None));
                    }
                    Entry::Resolved { answer, grant } => {
                        let (digest, end) = questions.get_mut(&answer.interrupt).expect("it was asked");
                        assert!(end.is_none(), "a question ends once");
                        *end = Some(answer.resolution.clone());
                        if let Some(grant) = grant {
                            assert!(matches!(answer.resolution, Resolution::Answered { .. }));
                            assert_eq!(grant.question, *digest);
                            approved.insert(grant.id, *digest);
                        }
                    }
                    Entry::EffectStarted { grant, .. } => {
                        let grant = grant.expect("nothing is written without a grant");
                        assert!(
                            approved.contains_key(&grant),
                            "the grant was given on this service"
                        );
                        assert!(consumed.insert(grant), "a grant is consumed once");
                    }
                    _ => {}
                }
            }
        }
        let done: Vec<(String, _)> = self.world.done.lock().unwrap().clone();
        let mut used = HashSet::new();
        for (text, grant) in done {
            assert!(used.insert(grant), "a grant served two writes");
            assert!(consumed.contains(&grant), "a write that stands in no trail");
            let about: Value = json!({ "may I write": text });
            assert_eq!(
                approved[&grant],
                Digest::of_json(&about),
                "approved was something else"
            );
        }
        for id in &self.threads {
            finish(&engine, *id).await;
        }
    }

    /// Nothing that happened leaves a thread that cannot be brought to an end.
    async fn settle(&self) {
        let engine = self.engine(self.disk.clone());
        engine.recover().await.unwrap();
        for id in &self.threads {
            for round in 0.. {
                assert!(round < 20, "thread {id} comes to no end");
                let head = engine.head(*id).await.unwrap();
                assert!(head.run.is_none());
                let invocation = match head.interrupts.first() {
                    Some(asked) if asked.kind == InterruptKind::OutcomeUnknown => {
                        answer(asked.id, json!("done"))
                    }
                    Some(asked) => {
                        engine.expire_due().await.unwrap();
                        if !engine
                            .head(*id)
                            .await
                            .unwrap()
                            .interrupts
                            .iter()
                            .any(|it| it.id == asked.id)
                        {
                            continue;
                        }
                        answer(asked.id, json!("yes"))
                    }
                    None => match engine.state(*id).await.unwrap() {
                        Some(state) if !state.next().is_empty() => Invocation::Continue,
                        _ => break,
                    },
                };
                engine
                    .invoke(*id, invocation, actor("the end"), RunOptions::default())
                    .await
                    .unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_a_thread_only_what_was_approved_is_written(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let hands = Hands::default();
            let world = World::default();
            let disk = memory(&hands);
            let graph = held(&world);
            let first = thread(&Engine::new(disk.clone(), hands.clock(), [graph.clone()])).await;
            let mut story = Story { hands, disk, graph, world, threads: vec![first] };
            story.take(Step::Input(0), None, 0).await;
            for (step, death, durability) in steps {
                story.take(step, death, durability).await;
            }
            story.check().await;
            story.settle().await;
            story.check().await;
        });
    }
}
