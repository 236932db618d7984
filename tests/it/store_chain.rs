//! What verification finds: every tampering, with the first record that doesn't fit by its name.

use std::{fs, path::Path};

use holdpoint::{
    model::ServiceEvent,
    store::{StoreError, verify_export},
};

use super::story::*;

/// A closed store with two approved writes, on the threads 1 and 2, ten records each.
async fn told() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    for number in [1, 2] {
        for transaction in Story::of(u128::from(number)).approved_write(number) {
            store.commit(transaction).await.unwrap();
        }
    }
    let event = ServiceEvent::Frozen {
        by: operator(),
        reason: "for the test".to_owned(),
    };
    store.log(event).await.unwrap();
    store.close().await.unwrap();
    directory
}

/// Changes the database of a closed store behind its back.
fn edit(path: &Path, change: impl FnOnce(&sled::Db)) {
    let config = sled::Config::new().path(path.join("sled")).segment_size(2 << 20);
    // sled lets go of its file a moment after it was dropped.
    let db = loop {
        match config.open() {
            Ok(db) => break db,
            Err(sled::Error::Io(_)) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    };
    change(&db);
    db.flush().unwrap();
}

fn record_key(number: u128, seq: u64) -> Vec<u8> {
    [&b"r"[..], thread(number).0.as_bytes(), &seq.to_be_bytes()].concat()
}

fn audit_key(seq: u64) -> Vec<u8> {
    [&b"a"[..], &seq.to_be_bytes()].concat()
}

fn head_key(number: u128) -> Vec<u8> {
    [&b"h"[..], thread(number).0.as_bytes()].concat()
}

/// Replaces text in the value under `key`; the text must be there.
fn replace(db: &sled::Db, key: Vec<u8>, from: &str, to: &str) {
    let value = db.get(&key).unwrap().unwrap();
    let start = value
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap();
    let changed = [&value[..start], to.as_bytes(), &value[start + from.len()..]].concat();
    db.insert(key, changed).unwrap();
}

/// Verifies a store after `change`; the first problem must be `expected`.
async fn check(change: impl FnOnce(&sled::Db), expected: &str) {
    let directory = told().await;
    edit(directory.path(), change);
    let store = open(directory.path()).unwrap();
    let before = fs::read(directory.path().join("log/00000001.log")).unwrap();
    let verification = store.verify().await.unwrap();
    let first = verification
        .problems
        .first()
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(
        first.starts_with(expected),
        "found '{first}' instead of '{expected}'"
    );
    assert_eq!(
        fs::read(directory.path().join("log/00000001.log")).unwrap(),
        before
    );
}

#[tokio::test]
async fn an_untouched_store_fits() {
    let directory = told().await;
    let store = open(directory.path()).unwrap();
    let found = store.verify().await.unwrap();
    assert_eq!(found.problems, []);
    assert_eq!((found.threads, found.records, found.audit_entries), (2, 20, 10));
    assert_eq!((found.values, found.grants_used), (5, 2));
    assert_eq!(verify_export(&directory.path().join("log")).unwrap(), found);
}

#[tokio::test]
async fn a_changed_record_is_named() {
    for seq in [1_u64, 3, 5, 6, 10] {
        let expected = format!("thread {}, record {seq}: its hash is not", thread(1));
        check(
            |db| replace(db, record_key(1, seq), "2023-11", "2023-12"),
            &expected,
        )
        .await;
    }
    let expected = format!("thread {}, record 6: its hash is not", thread(2));
    check(|db| replace(db, record_key(2, 6), "ada", "eve"), &expected).await;
    let expected = format!("thread {}, record 7: it does not read", thread(2));
    check(|db| replace(db, record_key(2, 7), "{", "["), &expected).await;
}

#[tokio::test]
async fn a_changed_link_is_named() {
    let expected = format!("thread {}, record 4: its hash is not", thread(1));
    let change = |db: &sled::Db| {
        let third = db.get(record_key(1, 4)).unwrap().unwrap();
        let text = String::from_utf8_lossy(&third[4..]).into_owned();
        let start = text.find("\"previous\":\"").unwrap() + 12;
        replace(db, record_key(1, 4), &text[start..start + 64], &"0".repeat(64));
    };
    check(change, &expected).await;
}

#[tokio::test]
async fn a_missing_record_is_named() {
    for seq in [1, 2, 6, 9, 10] {
        let expected = format!("thread {}, record {seq}: it is missing", thread(1));
        let change = |db: &sled::Db| drop(db.remove(record_key(1, seq)).unwrap());
        check(change, &expected).await;
    }
}

#[tokio::test]
async fn a_record_of_another_thread_is_named() {
    let expected = format!(
        "thread {}, record 3: it says that it is record 3 of thread {}",
        thread(1),
        thread(2)
    );
    let change = |db: &sled::Db| {
        let other = db.get(record_key(2, 3)).unwrap().unwrap();
        db.insert(record_key(1, 3), other).unwrap();
    };
    check(change, &expected).await;
}

#[tokio::test]
async fn a_thread_taken_away_or_slipped_in_is_named() {
    let change = |db: &sled::Db| {
        for seq in 1..=10 {
            db.remove(record_key(1, seq)).unwrap();
        }
        db.remove(head_key(1)).unwrap();
    };
    check(change, &format!("thread {}, record 1: it is missing", thread(1))).await;

    let change = |db: &sled::Db| {
        let mut forged = Story::of(0);
        let transaction = forged.tell(vec![created()], vec![]);
        let stored = transaction.records().next().unwrap();
        let json = serde_json::to_vec(&stored.record).unwrap();
        db.insert(record_key(0, 1), [&[0; 4][..], &json].concat())
            .unwrap();
    };
    check(change, &format!("thread {}: its head is not", thread(0))).await;
}

#[tokio::test]
async fn a_changed_head_is_named() {
    let expected = format!("thread {}: its head is damaged", thread(2));
    check(|db| replace(db, head_key(2), "ada", "eve"), &expected).await;
    // With its own digest made to fit, it still isn't what the records add up to.
    let expected = format!("thread {}: its head is not what its records add up to", thread(2));
    let change = |db: &sled::Db| {
        let head = db.get(head_key(2)).unwrap().unwrap();
        let json = String::from_utf8_lossy(&head[36..]).replace("\"fence\":2", "\"fence\":1");
        let digest = blake3::hash(json.as_bytes());
        let head = [&[0; 4][..], digest.as_bytes(), json.as_bytes()].concat();
        db.insert(head_key(2), head).unwrap();
    };
    check(change, &expected).await;
}

#[tokio::test]
async fn a_changed_value_is_named() {
    let key = |text: &str| [&b"v"[..], &value(text).digest.0].concat();
    let expected = format!("thread {}, record 4: its value", thread(1));
    check(
        |db| replace(db, key("may I write 1?"), "write", "smash"),
        &expected,
    )
    .await;
    check(|db| drop(db.remove(key("may I write 1?")).unwrap()), &expected).await;
    // Shared by both threads, and packed.
    let code = "caput('MAG2', 1.5)\n".repeat(40);
    let change = |db: &sled::Db| {
        let mut stored = db.get(key(&code)).unwrap().unwrap().to_vec();
        let last = stored.len() - 1;
        stored[last] ^= 1;
        db.insert(key(&code), stored).unwrap();
    };
    check(change, &format!("thread {}, record 3: its value", thread(2))).await;
}

#[tokio::test]
async fn a_changed_audit_log_is_named() {
    for seq in [1, 4, 10] {
        let expected = format!("audit entry {seq}: its hash is not");
        check(|db| replace(db, audit_key(seq), "2023-11", "2023-12"), &expected).await;
    }
    for seq in [1, 5, 10] {
        let change = |db: &sled::Db| drop(db.remove(audit_key(seq)).unwrap());
        check(change, &format!("audit entry {seq}: it is missing")).await;
    }
    let change = |db: &sled::Db| {
        let last = db.get(audit_key(10)).unwrap().unwrap();
        let json = String::from_utf8_lossy(&last[4..]).replace("\"seq\":10", "\"seq\":11");
        db.insert(audit_key(11), [&[0; 4][..], json.as_bytes()].concat())
            .unwrap();
    };
    check(change, "audit entry 11: it stands behind the end").await;
    check(|db| drop(db.remove(b"f").unwrap()), "the freeze of writes is not").await;
}

#[tokio::test]
async fn the_end_of_the_audit_log_is_held_against_the_export_log() {
    let directory = told().await;
    edit(directory.path(), |db| {
        let mut end = db.get(b"A").unwrap().unwrap().to_vec();
        end[20] ^= 1;
        db.insert(b"A", end).unwrap();
    });
    assert!(matches!(open(directory.path()), Err(StoreError::Damaged { .. })));
}

#[tokio::test]
async fn a_changed_index_is_named() {
    let grant = [&b"g"[..], grant_id(1).0.as_bytes()].concat();
    let expected = format!("thread {}, record 8: its use of the grant", thread(1));
    check(|db| drop(db.remove(grant).unwrap()), &expected).await;
    let slipped = [&b"g"[..], grant_id(9).0.as_bytes()].concat();
    let change = |db: &sled::Db| {
        let user = [&[0; 4][..], thread(1).0.as_bytes(), &3_u64.to_be_bytes()].concat();
        db.insert(slipped, user).unwrap();
    };
    check(change, &format!("thread {}, record 3: the index says", thread(1))).await;
    let busy = [&b"b"[..], thread(1).0.as_bytes()].concat();
    let change = |db: &sled::Db| drop(db.insert(busy, &[0; 4]).unwrap());
    check(
        change,
        &format!("thread {}: the index of busy threads", thread(1)),
    )
    .await;
    let asker = [&b"i"[..], interrupt_id(1).as_bytes()].concat();
    let expected = format!(
        "thread {}, record 4: it is not in the index of interrupts",
        thread(1)
    );
    check(|db| drop(db.remove(asker).unwrap()), &expected).await;
}

#[tokio::test]
async fn a_permission_that_does_not_hold_is_named() {
    let grant = grant_id(1);
    let voided = || holdpoint::model::Entry::GrantVoided {
        grant,
        reason: "the beam was lost".to_owned(),
    };
    let allowed = || answered(1, Some(granted(grant, 1, 60)));
    let cases = [
        (
            vec![created(), effect_started(1, Some(grant))],
            0,
            "record 2",
            "was never given",
        ),
        (
            vec![created(), allowed(), voided(), effect_started(1, Some(grant))],
            0,
            "record 4",
            "was withdrawn before",
        ),
        (
            vec![created(), allowed(), effect_started(1, Some(grant))],
            61,
            "record 3",
            "had expired",
        ),
    ];
    for (entries, seconds, place, what) in cases {
        let store = memory();
        let mut story = Story::of(1);
        story.seconds = seconds;
        store.commit(story.tell(entries, vec![])).await.unwrap();
        let problems = store.verify().await.unwrap().problems;
        assert_eq!(problems.len(), 1);
        let problem = problems[0].to_string();
        assert!(problem.contains(place) && problem.contains(what), "{problem}");
    }
}
