//! The contract that every store keeps: each check runs over each implementation.

use std::sync::Arc;

use holdpoint::{
    model::{
        Actor, ApiKey, AuditFact, Authentication, Digest, Entrance, Entry, Head, Role, RunId, ServiceEvent,
        ThreadId, ThreadStatus, Timestamp, ValueRef,
    },
    store::{RecordRange, Store, StoreError, StoredValue, ThreadFilter, Transaction, seal},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::story::*;

/// A store and the clock it goes by.
struct Subject {
    store: Arc<dyn Store>,
    clock: TestClock,
    _directory: Option<tempfile::TempDir>,
}

impl Subject {
    fn memory() -> Self {
        let clock = TestClock::new();
        Self {
            store: Arc::new(holdpoint::store::MemoryStore::new(clock.clock()).unwrap()),
            clock,
            _directory: None,
        }
    }

    fn sled() -> Self {
        let clock = TestClock::new();
        let directory = tempfile::tempdir().unwrap();
        let store = holdpoint::store::SledStore::open(directory.path(), &settings(), clock.clock()).unwrap();
        Self {
            store: Arc::new(store),
            clock,
            _directory: Some(directory),
        }
    }
}

macro_rules! contract {
    ($($check:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $check() {
                super::$check(super::Subject::memory()).await;
            })*
        }
        mod sled {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $check() {
                super::$check(super::Subject::sled()).await;
            })*
        }
    };
}

contract!(
    a_commit_reads_back_as_it_was_sealed,
    of_64_commits_on_one_mark_one_wins,
    a_refused_commit_leaves_no_trace,
    a_deadline_holds,
    a_freeze_stops_granted_effects,
    a_grant_is_used_once,
    every_commit_and_event_adds_one_audit_entry,
    pending_interrupts_come_by_expiry,
    threads_come_by_their_last_change,
    values_of_every_size_read_back,
    records_come_in_the_range_asked_for,
    a_commit_brings_the_values_it_refers_to,
    a_key_that_is_not_live_does_nothing,
    a_closed_store_says_so,
);

fn key(id: &str, name: &str, lasts: Option<i64>) -> ServiceEvent {
    ServiceEvent::KeyCreated {
        key: Box::new(ApiKey {
            id: id.into(),
            name: name.into(),
            roles: [Role::Requester].into(),
            digest: Digest::of(id.as_bytes()),
            created_by: Actor::system("test"),
            created_at: Timestamp::from_millis(0),
            expires_at: lasts.map(|seconds| Timestamp::from_millis(NOON + seconds * 1000)),
            revoked: None,
        }),
    }
}

async fn a_key_that_is_not_live_does_nothing(subject: Subject) {
    let store = &subject.store;
    let revoke = |id: &str| ServiceEvent::KeyRevoked {
        id: id.into(),
        by: Actor::system("test"),
        reason: String::new(),
    };
    // A thread that the holder of the key `id` makes.
    let made_by = |id: &str| {
        let by = Actor {
            name: id.into(),
            authentication: Authentication::Key { id: id.into() },
            entrance: Entrance::Http,
        };
        let entry = Entry::ThreadCreated {
            graph: "g".into(),
            name: None,
            by,
            metadata: Default::default(),
        };
        let at = Timestamp::from_millis(NOON);
        seal(ThreadId::new(), None, at, vec![entry], Vec::new()).unwrap()
    };
    store.log(key("one", "ada", None)).await.unwrap();
    store.log(key("short", "grace", Some(60))).await.unwrap();
    for (event, refused) in [
        (key("one", "other", None), "KeyExists"),
        (key("two", "Ada", None), "KeyExists"),
        (revoke("two"), "UnknownKey"),
    ] {
        let error = store.log(event).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(refused), "{error:?}");
    }
    for id in ["one", "short"] {
        store.commit(made_by(id)).await.unwrap();
    }
    subject.clock.set(60);
    store.log(revoke("one")).await.unwrap();
    let before = seen(store.as_ref()).await;
    for id in ["one", "short", "unknown"] {
        let refused = store.commit(made_by(id)).await;
        assert!(
            matches!(refused, Err(StoreError::KeyNotLive(_))),
            "{id}: {refused:?}"
        );
    }
    assert_eq!(seen(store.as_ref()).await, before);
    assert!(matches!(
        store.log(revoke("one")).await,
        Err(StoreError::UnknownKey(_))
    ));
    // The names are free again, and what was stays known.
    store.log(key("three", "ada", None)).await.unwrap();
    store.log(key("four", "grace", None)).await.unwrap();
    let known = store.keys().await.unwrap();
    let ids: Vec<&str> = known.0.keys().map(String::as_str).collect();
    assert_eq!(ids, ["four", "one", "short", "three"]);
    assert_clean(store.as_ref()).await;
}

/// What a store shows of everything, for comparison.
async fn seen(store: &dyn Store) -> String {
    let mut seen = String::new();
    let threads = store.threads(ThreadFilter::default()).await.unwrap();
    for head in &threads {
        let records = store.records(head.thread, RecordRange::ALL).await.unwrap();
        seen += &format!("{head:#?}\n{records:#?}\n");
    }
    let pending = store.pending().await.unwrap();
    let mut busy = store.busy().await.unwrap();
    busy.sort_unstable();
    seen + &format!("{pending:#?} {busy:?} {:?}", store.frozen().await.unwrap())
}

async fn assert_clean(store: &dyn Store) {
    let verification = store.verify().await.unwrap();
    assert_eq!(verification.problems, []);
}

async fn a_commit_reads_back_as_it_was_sealed(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    let told = story.approved_write(1);
    for transaction in &told {
        store.commit(transaction.clone()).await.unwrap();
    }
    assert_eq!(store.head(story.thread).await.unwrap(), story.head);
    let records = store.records(story.thread, RecordRange::ALL).await.unwrap();
    let sealed: Vec<_> = told.iter().flat_map(Transaction::records).cloned().collect();
    assert_eq!(records, sealed);
    for stored in &records {
        for digest in stored
            .record
            .entry
            .values()
            .iter()
            .flat_map(|value| value.digests())
        {
            assert_eq!(Digest::of(&store.value(digest).await.unwrap()), digest);
        }
    }
    let root = story.head.as_ref().and_then(Head::checkpoint).unwrap();
    let found = store.checkpoint(story.thread, root.id).await.unwrap();
    assert_eq!(found.unwrap().record.seq, root.seq);
    assert_eq!(store.asker(interrupt_id(1)).await.unwrap(), Some(story.thread));
    assert_eq!(store.asker(interrupt_id(2)).await.unwrap(), None);
    assert_eq!(store.head(thread(2)).await.unwrap(), None);
    assert_clean(&**store).await;
}

async fn of_64_commits_on_one_mark_one_wins(subject: Subject) {
    let mut story = Story::of(1);
    subject
        .store
        .commit(story.tell(vec![created()], vec![]))
        .await
        .unwrap();
    let rivals: Vec<_> = (0..64)
        .map(|rival| story.propose(vec![refused(&rival.to_string())], vec![]))
        .collect();
    let commits = rivals.iter().map(|rival| {
        let (store, rival) = (Arc::clone(&subject.store), rival.clone());
        tokio::spawn(async move { store.commit(rival).await })
    });
    let outcomes = futures::future::join_all(commits.collect::<Vec<_>>()).await;
    let outcomes: Vec<_> = outcomes.into_iter().map(Result::unwrap).collect();
    let winners: Vec<_> = (0..64).filter(|rival| outcomes[*rival].is_ok()).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let head = rivals[winners[0]].head();
    for outcome in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert!(
            matches!(outcome, StoreError::Conflict { found: Some(mark), .. } if *mark == head.mark),
            "{outcome}"
        );
    }
    assert_eq!(
        subject.store.head(story.thread).await.unwrap().as_ref(),
        Some(head)
    );
    assert_clean(&*subject.store).await;
}

async fn a_refused_commit_leaves_no_trace(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    let first = story.tell(vec![created()], vec![]);
    store.commit(first.clone()).await.unwrap();
    let before = seen(&**store).await;
    let audit = store.audit(0, 100).await.unwrap();

    let left = value("left behind");
    let mut ahead = story.clone();
    ahead.tell(vec![refused("never committed")], vec![]);
    let stale = ahead.propose(vec![checkpoint(9, &[("left", &left)])], vec![left.clone()]);
    assert!(
        matches!(store.commit(stale).await, Err(StoreError::Conflict { found: Some(mark), .. })
        if mark == first.head().mark)
    );
    assert!(matches!(
        store.commit(first).await,
        Err(StoreError::Conflict { .. })
    ));
    let nobody = Story {
        thread: thread(2),
        ..story
    }
    .propose(vec![refused("no such thread")], vec![]);
    assert!(matches!(
        store.commit(nobody).await,
        Err(StoreError::Conflict { found: None, .. })
    ));

    assert_eq!(seen(&**store).await, before);
    assert_eq!(store.audit(0, 100).await.unwrap(), audit);
    assert!(
        matches!(store.value(left.digest).await, Err(StoreError::Value(digest)) if digest == left.digest)
    );
}

async fn a_deadline_holds(subject: Subject) {
    let mut story = Story::of(1);
    subject
        .store
        .commit(story.tell(vec![created()], vec![]))
        .await
        .unwrap();
    let late = story.propose(vec![refused("late")], vec![]).before(Some(at(10)));
    subject.clock.set(11);
    let outcome = subject.store.commit(late.clone()).await;
    assert!(
        matches!(outcome, Err(StoreError::TooLate { deadline }) if deadline == at(10)),
        "{outcome:?}"
    );
    assert_eq!(subject.store.head(story.thread).await.unwrap(), story.head);
    subject.clock.set(10);
    subject.store.commit(late).await.unwrap();
}

async fn a_freeze_stops_granted_effects(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    let told = story.approved_write(1);
    store.commit(told[0].clone()).await.unwrap();
    store.commit(told[1].clone()).await.unwrap();
    let (by, reason) = (operator(), "beam lost".to_owned());
    store
        .log(ServiceEvent::Frozen {
            by: by.clone(),
            reason,
        })
        .await
        .unwrap();
    assert_eq!(store.frozen().await.unwrap().unwrap().reason, "beam lost");
    assert!(matches!(
        store.commit(told[2].clone()).await,
        Err(StoreError::Frozen)
    ));
    store
        .commit(Story::of(2).tell(vec![created()], vec![]))
        .await
        .unwrap();
    assert_clean(&**store).await;
    store.log(ServiceEvent::Unfrozen { by }).await.unwrap();
    assert_eq!(store.frozen().await.unwrap(), None);
    store.commit(told[2].clone()).await.unwrap();
    assert_clean(&**store).await;
}

async fn a_grant_is_used_once(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    let grant = grant_id(1);
    for transaction in story.approved_write(1) {
        store.commit(transaction).await.unwrap();
    }
    let before = seen(&**store).await;
    let mut other = Story::of(2);
    store.commit(other.tell(vec![created()], vec![])).await.unwrap();
    for again in [
        story.propose(vec![effect_started(1, Some(grant))], vec![]),
        other.propose(vec![effect_started(1, Some(grant))], vec![]),
        other.propose(
            vec![
                effect_started(1, Some(grant_id(5))),
                effect_started(2, Some(grant_id(5))),
            ],
            vec![],
        ),
    ] {
        assert!(matches!(store.commit(again).await, Err(StoreError::GrantUsed(_))));
    }
    assert!(seen(&**store).await.contains(&before[..200]));
    assert_eq!(store.head(story.thread).await.unwrap(), story.head);
    assert_eq!(store.head(other.thread).await.unwrap(), other.head);
}

async fn every_commit_and_event_adds_one_audit_entry(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    for transaction in story.approved_write(1) {
        store.commit(transaction).await.unwrap();
    }
    let event = ServiceEvent::Refused {
        what: "approve".to_owned(),
        reason: "already answered".to_owned(),
        by: operator(),
        thread: Some(story.thread),
    };
    store.log(event.clone()).await.unwrap();
    let audit = store.audit(0, 100).await.unwrap();
    let mut previous = Digest::ZERO;
    for (number, stored) in (1..).zip(&audit) {
        assert_eq!((stored.entry.seq, stored.entry.previous), (number, previous));
        previous = stored.hash;
    }
    let facts: Vec<_> = audit.iter().map(|stored| stored.entry.fact.clone()).collect();
    assert_eq!(facts.len(), 6);
    assert_eq!(
        facts[0],
        AuditFact::Service {
            event: ServiceEvent::StoreCreated
        }
    );
    assert_eq!(
        facts[2],
        AuditFact::Thread {
            thread: story.thread,
            head: holdpoint::model::RecordMark {
                seq: 6,
                hash: store.records(story.thread, RecordRange::ALL).await.unwrap()[5].hash,
            },
            kinds: vec!["resolved".to_owned()],
        }
    );
    assert_eq!(facts[5], AuditFact::Service { event });
    assert_eq!(store.audit(2, 2).await.unwrap(), audit[2..4]);
}

async fn pending_interrupts_come_by_expiry(subject: Subject) {
    let store = &subject.store;
    let expiries = [
        (1, None),
        (2, Some(900)),
        (3, Some(30)),
        (4, None),
        (5, Some(-10)),
    ];
    let mut stories = Vec::new();
    for (number, expiry) in expiries {
        let mut story = Story::of(u128::from(number));
        let question = value(&format!("question {number}"));
        let ask = asked(number, &question, expiry.map(at));
        store
            .commit(story.tell(vec![created(), ask], vec![question]))
            .await
            .unwrap();
        stories.push(story);
    }
    let order = |pending: Vec<holdpoint::store::PendingInterrupt>| {
        pending
            .into_iter()
            .map(|one| (one.thread, one.expires_at, one.asked_at))
            .collect::<Vec<_>>()
    };
    let expected = [
        (5, Some(-10)),
        (3, Some(30)),
        (2, Some(900)),
        (1, None),
        (4, None),
    ]
    .map(|(number, expiry)| (thread(number), expiry.map(at), at(number as i64)));
    assert_eq!(order(store.pending().await.unwrap()), expected);
    store
        .commit(stories[2].tell(vec![answered(3, None)], vec![]))
        .await
        .unwrap();
    assert_eq!(store.pending().await.unwrap().len(), 4);
    assert_eq!(store.asker(interrupt_id(3)).await.unwrap(), Some(thread(3)));
}

async fn threads_come_by_their_last_change(subject: Subject) {
    let store = &subject.store;
    let mut stories: Vec<_> = (1..=4).map(Story::of).collect();
    for story in &mut stories {
        store.commit(story.tell(vec![created()], vec![])).await.unwrap();
    }
    for (seconds, number) in [(10, 2), (20, 0), (30, 3)] {
        stories[number].seconds = seconds;
        let run = RunId(Uuid::from_u128(1));
        store
            .commit(stories[number].tell(vec![run_started(run, 1)], vec![]))
            .await
            .unwrap();
    }
    let ids = |heads: Vec<Head>| heads.into_iter().map(|head| head.thread).collect::<Vec<_>>();
    let all = ids(store.threads(ThreadFilter::default()).await.unwrap());
    assert_eq!(all, [4, 1, 3, 2].map(thread));
    let page = ThreadFilter {
        status: vec![ThreadStatus::Busy],
        offset: 1,
        limit: Some(1),
        ..ThreadFilter::default()
    };
    assert_eq!(ids(store.threads(page).await.unwrap()), [thread(1)]);
    let other = ThreadFilter {
        graph: Some("another".to_owned()),
        ..ThreadFilter::default()
    };
    assert_eq!(store.threads(other).await.unwrap(), []);
    let mut busy = store.busy().await.unwrap();
    busy.sort_unstable();
    assert_eq!(busy, [1, 3, 4].map(thread));
}

async fn values_of_every_size_read_back(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    store.commit(story.tell(vec![created()], vec![])).await.unwrap();
    let noise = |size: usize| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&size.to_le_bytes());
        let mut bytes = vec![0; size];
        hasher.finalize_xof().fill(&mut bytes);
        bytes
    };
    let sizes = [0, 1, 255, 256, 16_383, 16_384, 16_385, 40_000, 300_000, 3_000_000];
    for size in sizes {
        for (kind, bytes) in [(0, vec![b' '; size]), (1, noise(size))] {
            let value = StoredValue::new(bytes.clone());
            let entry = checkpoint(2 * size as u64 + kind, &[("value", &value)]);
            store
                .commit(story.tell(vec![entry], vec![value.clone()]))
                .await
                .unwrap();
            assert_eq!(*store.value(value.digest).await.unwrap(), bytes);
        }
    }
    // The head can be larger than a part, and become smaller again.
    for length in [100_000, 10, 50_000] {
        let question = value("why?");
        let mut ask = asked(1, &question, None);
        if let holdpoint::model::Entry::Asked(interrupt) = &mut ask {
            interrupt.node = "n".repeat(length);
        }
        store
            .commit(story.tell(vec![ask, answered(1, None)], vec![question.clone()]))
            .await
            .unwrap();
        let pending = story.propose(vec![refused(&"long ".repeat(length))], vec![]);
        store.commit(pending.clone()).await.unwrap();
        story.head = Some(pending.head().clone());
        assert_eq!(store.head(story.thread).await.unwrap(), story.head);
    }
    assert_clean(&**store).await;
}

async fn records_come_in_the_range_asked_for(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    let entries = std::iter::once(created()).chain((2..=9).map(|number| refused(&number.to_string())));
    store.commit(story.tell(entries.collect(), vec![])).await.unwrap();
    store
        .commit(Story::of(2).tell(vec![created()], vec![]))
        .await
        .unwrap();
    let ranges = [
        (0, None, usize::MAX, false, vec![1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (6, None, usize::MAX, false, vec![7, 8, 9]),
        (2, Some(6), usize::MAX, true, vec![5, 4, 3]),
        (0, None, 2, true, vec![9, 8]),
        (3, Some(4), 9, false, vec![]),
        (9, None, 9, true, vec![]),
        (u64::MAX, None, 9, false, vec![]),
        (5, Some(2), 9, false, vec![]),
    ];
    for (after, before, limit, newest_first, expected) in ranges {
        let range = RecordRange {
            after,
            before,
            limit,
            newest_first,
        };
        let records = store.records(story.thread, range).await.unwrap();
        let found: Vec<_> = records.iter().map(|stored| stored.record.seq).collect();
        assert_eq!(found, expected, "{range:?}");
    }
}

async fn a_commit_brings_the_values_it_refers_to(subject: Subject) {
    let store = &subject.store;
    let mut story = Story::of(1);
    store.commit(story.tell(vec![created()], vec![])).await.unwrap();
    let (given, missing) = (value("given"), value("missing"));
    let entry = checkpoint(1, &[("a", &given), ("b", &missing)]);
    let without = story.propose(vec![entry.clone()], vec![given.clone()]);
    assert!(
        matches!(store.commit(without).await, Err(StoreError::Value(digest)) if digest == missing.digest)
    );
    let forged = StoredValue {
        digest: missing.digest,
        bytes: b"\"something else\"".to_vec(),
    };
    let forged = story.propose(vec![entry.clone()], vec![given.clone(), forged]);
    assert!(matches!(store.commit(forged).await, Err(StoreError::Value(digest)) if digest == missing.digest));
    store
        .commit(story.tell(vec![entry], vec![given.clone(), missing]))
        .await
        .unwrap();
    // What is stored need not be brought again.
    store
        .commit(story.tell(vec![checkpoint(2, &[("a", &given)])], vec![]))
        .await
        .unwrap();
    assert_eq!(ValueRef::Whole(given.digest).digests(), [given.digest]);
}

async fn a_closed_store_says_so(subject: Subject) {
    let transaction = Story::of(1).tell(vec![created()], vec![]);
    subject.store.commit(transaction.clone()).await.unwrap();
    subject.store.close().await.unwrap();
    let outcomes = [
        subject.store.commit(transaction).await.unwrap_err(),
        subject.store.head(thread(1)).await.unwrap_err(),
        subject.store.close().await.unwrap_err(),
    ];
    for outcome in outcomes {
        assert!(
            matches!(&outcome, StoreError::Stopped { reason, .. } if reason == "it was closed"),
            "{outcome}"
        );
    }
}

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Write(u64),
    Refuse(u128, bool),
    Ask(u64, Option<i64>),
    Answer(u64),
    Freeze(bool),
    Time(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..6_u64).prop_map(Step::Write),
        (1..6_u128, any::<bool>()).prop_map(|(thread, stale)| Step::Refuse(thread, stale)),
        (1..6_u64, proptest::option::of(0..1000_i64)).prop_map(|(thread, expiry)| Step::Ask(thread, expiry)),
        (1..6_u64).prop_map(Step::Answer),
        any::<bool>().prop_map(Step::Freeze),
        (0..100_i64).prop_map(Step::Time),
    ]
}

/// Does `steps` and says how each ended and what is seen in the end.
async fn play(subject: &Subject, steps: &[Step]) -> (Vec<String>, String) {
    let store = &subject.store;
    let mut ends = Vec::new();
    let commit = async |transaction| match store.commit(transaction).await {
        Ok(()) => "done".to_owned(),
        Err(error) => error.to_string(),
    };
    let story = async |number| Story {
        head: store.head(thread(number)).await.unwrap(),
        ..Story::of(number)
    };
    for step in steps {
        match step {
            Step::Write(number) => {
                for transaction in Story::of(u128::from(*number)).approved_write(*number) {
                    ends.push(commit(transaction.before(Some(at(50)))).await);
                }
            }
            Step::Refuse(number, stale) => {
                let mut story = story(*number).await;
                if story.head.is_none() {
                    ends.push(commit(story.tell(vec![created()], vec![])).await);
                }
                if *stale {
                    story.tell(vec![refused("lost")], vec![]);
                }
                ends.push(commit(story.tell(vec![refused("said no")], vec![])).await);
            }
            Step::Ask(number, expiry) => {
                let mut story = story(u128::from(*number)).await;
                let question = value(&format!("{number} {expiry:?}"));
                let mut entries = vec![asked(*number, &question, expiry.map(at))];
                if story.head.is_none() {
                    entries.insert(0, created());
                }
                ends.push(commit(story.tell(entries, vec![question])).await);
            }
            Step::Answer(number) => {
                let mut story = story(u128::from(*number)).await;
                if story.head.is_some() {
                    ends.push(commit(story.tell(vec![answered(*number, None)], vec![])).await);
                }
            }
            Step::Freeze(on) => {
                let (by, reason) = (operator(), "a test".to_owned());
                let event = if *on {
                    ServiceEvent::Frozen { by, reason }
                } else {
                    ServiceEvent::Unfrozen { by }
                };
                store.log(event).await.unwrap();
            }
            Step::Time(seconds) => subject.clock.set(*seconds),
        }
    }
    let audit = store.audit(1, usize::MAX).await.unwrap();
    let facts: Vec<_> = audit
        .into_iter()
        .map(|stored| (stored.entry.at, stored.entry.fact))
        .collect();
    (ends, format!("{}{facts:#?}", seen(&**store).await))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_store_tells_the_same_history(steps in proptest::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        runtime.block_on(async {
            let (memory, sled) = (Subject::memory(), Subject::sled());
            let (in_memory, on_disk) = (play(&memory, &steps).await, play(&sled, &steps).await);
            prop_assert_eq!(in_memory, on_disk);
            let (in_memory, on_disk) = (memory.store.verify().await.unwrap(), sled.store.verify().await.unwrap());
            prop_assert_eq!(&in_memory, &on_disk);
            prop_assert_eq!(in_memory.problems, vec![]);
            Ok(())
        })?;
    }
}
