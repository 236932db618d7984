//! What happens on a thread, told in transactions.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use holdpoint::{
    config::StoreSettings,
    model::{
        Actor, Answer, Checkpoint, CheckpointId, Clock, Digest, Entrance, Entry, Grant, GrantId,
        GraphVersion, Head, Interrupt, InterruptId, InterruptKind, Namespace, Outcome, Resolution, RunId,
        Source, TaskId, ThreadId, Timestamp, ValueRef,
    },
    store::{MemoryStore, SledStore, Store, StoreError, StoredValue, Transaction, seal},
};
use serde_json::json;
use uuid::Uuid;

/// The moment at which every story begins.
pub const NOON: i64 = 1_700_000_000_000;

/// The moment `seconds` after the story's beginning.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(NOON + seconds * 1000)
}

/// A clock that a test sets.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOON)))
    }

    pub fn set(&self, seconds: i64) {
        self.0.store(NOON + seconds * 1000, Ordering::SeqCst);
    }

    pub fn clock(&self) -> Clock {
        let millis = Arc::clone(&self.0);
        Clock::from_fn(move || Timestamp::from_millis(millis.load(Ordering::SeqCst)))
    }
}

pub fn settings() -> StoreSettings {
    StoreSettings {
        segment_bytes: 2 << 20,
        cache_bytes: 16 << 20,
        min_free_bytes: 1 << 20,
    }
}

pub fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(TestClock::new().clock()).unwrap())
}

pub fn open(path: &Path) -> Result<Arc<dyn Store>, StoreError> {
    let store = SledStore::open(path, &settings(), TestClock::new().clock())?;
    Ok(Arc::new(store))
}

pub fn operator() -> Actor {
    Actor::asserted("ada", "ada", Entrance::Cli)
}

pub fn thread(number: u128) -> ThreadId {
    ThreadId(Uuid::from_u128(number))
}

pub fn grant_id(number: u128) -> GrantId {
    GrantId(Uuid::from_u128(number))
}

pub fn interrupt_id(number: u64) -> InterruptId {
    InterruptId::derive(&[&number.to_be_bytes()])
}

pub fn value(text: &str) -> StoredValue {
    StoredValue::new(json!(text).to_string().into_bytes())
}

/// A thread and what has been told of it.
#[derive(Clone)]
pub struct Story {
    pub thread: ThreadId,
    pub head: Option<Head>,
    pub seconds: i64,
}

impl Story {
    pub fn of(number: u128) -> Self {
        Self {
            thread: thread(number),
            head: None,
            seconds: 0,
        }
    }

    /// Tells `entries`, with the values they refer to; the story goes on behind them.
    pub fn tell(&mut self, entries: Vec<Entry>, values: Vec<StoredValue>) -> Transaction {
        let transaction = self.propose(entries, values);
        self.head = Some(transaction.head().clone());
        transaction
    }

    /// What telling `entries` would be; the story stays where it is.
    pub fn propose(&self, entries: Vec<Entry>, values: Vec<StoredValue>) -> Transaction {
        seal(self.thread, self.head.as_ref(), at(self.seconds), entries, values).unwrap()
    }

    /// The transactions of a write that was asked for, approved and done.
    pub fn approved_write(&mut self, number: u64) -> Vec<Transaction> {
        let code = value(&format!("caput('MAG{number}', 1.5)\n").repeat(40));
        let result = value("done");
        let question = value(&format!("may I write {number}?"));
        let run = RunId(Uuid::from_u128(u128::from(number)));
        let grant = grant_id(u128::from(number));
        vec![
            self.tell(
                vec![
                    created(),
                    run_started(run, 1),
                    checkpoint(number, &[("code", &code)]),
                    asked(number, &question, Some(at(600))),
                    finished(
                        run,
                        Outcome::Interrupted {
                            interrupts: vec![interrupt_id(number)],
                        },
                    ),
                ],
                vec![code, question],
            ),
            self.tell(vec![answered(number, Some(granted(grant, number, 60)))], vec![]),
            self.tell(
                vec![run_started(run, 2), effect_started(number, Some(grant))],
                vec![],
            ),
            self.tell(
                vec![
                    effect_finished(number, &result),
                    finished(run, Outcome::Completed),
                ],
                vec![result],
            ),
        ]
    }
}

fn task(number: u64) -> TaskId {
    TaskId::derive(&[&number.to_be_bytes()])
}

fn checkpoint_id(number: u64) -> CheckpointId {
    CheckpointId(Uuid::from_u128(u128::from(number)))
}

pub fn created() -> Entry {
    Entry::ThreadCreated {
        graph: "python_executor".to_owned(),
        name: Some("scan".to_owned()),
        by: operator(),
        metadata: BTreeMap::new(),
    }
}

pub fn run_started(run: RunId, fence: u64) -> Entry {
    Entry::RunStarted {
        run,
        owner: Uuid::from_u128(7),
        fence,
        by: operator(),
        input: None,
        new_input: fence == 1,
        about: None,
    }
}

pub fn checkpoint(number: u64, channels: &[(&str, &StoredValue)]) -> Entry {
    let channels = channels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), ValueRef::Whole(value.digest)));
    Entry::Checkpoint(Checkpoint {
        format: Checkpoint::FORMAT,
        id: checkpoint_id(number),
        namespace: Namespace::root(),
        parent: None,
        step: 0,
        source: Source::Input,
        graph: GraphVersion {
            name: "python_executor".to_owned(),
            digest: Digest::of(b"graph"),
            state_version: 1,
        },
        run: RunId(Uuid::from_u128(u128::from(number))),
        channels: channels.collect(),
        tasks: Vec::new(),
    })
}

pub fn asked(number: u64, question: &StoredValue, expires_at: Option<Timestamp>) -> Entry {
    Entry::Asked(Interrupt {
        id: interrupt_id(number),
        kind: InterruptKind::Question,
        namespace: Namespace::root(),
        checkpoint: checkpoint_id(number),
        task: task(number),
        node: "approve".to_owned(),
        ordinal: 0,
        digest: question.digest,
        question: ValueRef::Whole(question.digest),
        asked_at: at(number as i64),
        expires_at,
    })
}

pub fn answered(number: u64, grant: Option<Grant>) -> Entry {
    Entry::Resolved {
        answer: Answer {
            interrupt: interrupt_id(number),
            namespace: Namespace::root(),
            checkpoint: checkpoint_id(number),
            task: task(number),
            ordinal: 0,
            resolution: Resolution::Answered {
                value: json!({"approved": true}),
            },
            by: operator(),
            at: at(0),
            facts: json!({"code_sha256": "00"}),
        },
        grant,
    }
}

pub fn granted(id: GrantId, number: u64, expires: i64) -> Grant {
    Grant {
        id,
        interrupt: interrupt_id(number),
        question: Digest::of(b"question"),
        namespace: Namespace::root(),
        approved_by: operator(),
        issued_at: at(0),
        expires_at: at(expires),
        binding: json!({"mode": "write_access"}),
    }
}

pub fn effect_started(number: u64, grant: Option<GrantId>) -> Entry {
    Entry::EffectStarted {
        namespace: Namespace::root(),
        checkpoint: checkpoint_id(number),
        task: task(number),
        node: "execute".to_owned(),
        name: "run".to_owned(),
        grant,
        facts: json!({"code_sha256": "00"}),
    }
}

pub fn effect_finished(number: u64, result: &StoredValue) -> Entry {
    Entry::EffectFinished {
        namespace: Namespace::root(),
        checkpoint: checkpoint_id(number),
        task: task(number),
        name: "run".to_owned(),
        value: ValueRef::Whole(result.digest),
    }
}

pub fn finished(run: RunId, outcome: Outcome) -> Entry {
    Entry::RunFinished { run, outcome }
}

pub fn refused(what: &str) -> Entry {
    Entry::Refused {
        what: what.to_owned(),
        reason: "for the test".to_owned(),
        by: operator(),
    }
}
