//! What happens to a store when something breaks around it.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    model::{Clock, ThreadId},
    store::{RecordRange, SledStore, Store, StoreError, StoredValue, ThreadFilter, rebuild, verify_export},
};
use uuid::Uuid;

use super::story::*;

/// The variable that makes a test of this binary act as the process that is to be killed.
const CHILD: &str = "HOLDPOINT_TEST_STORE_CHILD";

/// A directory with a store in it that holds `writes` approved writes; the store is closed.
async fn told(writes: u64) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    tell(directory.path(), 1..=writes).await;
    directory
}

async fn tell(path: &Path, writes: std::ops::RangeInclusive<u64>) {
    let store = open(path).unwrap();
    for number in writes {
        for transaction in Story::of(u128::from(number)).approved_write(number) {
            store.commit(transaction).await.unwrap();
        }
    }
    store.close().await.unwrap();
}

/// Everything that a store shows.
async fn seen(store: &dyn Store) -> String {
    let threads = store.threads(ThreadFilter::default()).await.unwrap();
    let mut seen = format!("{threads:#?}{:#?}", store.audit(0, usize::MAX).await.unwrap());
    for head in threads {
        seen += &format!(
            "{:#?}",
            store.records(head.thread, RecordRange::ALL).await.unwrap()
        );
    }
    seen
}

fn refusal(path: &Path) -> StoreError {
    match open(path) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => error,
    }
}

fn assert_damaged(path: &Path, expected: &str) {
    let error = refusal(path);
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(expected), "'{text}' lacks '{expected}'");
    assert!(text.contains("docs/operating.md"), "{text}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn log_file(path: &Path) -> PathBuf {
    path.join("log/00000001.log")
}

/// Where the frames of a log file begin, and where the last one ends.
fn frames(path: &Path) -> Vec<usize> {
    let bytes = fs::read(log_file(path)).unwrap();
    let mut starts = vec![40];
    while let Some(length) = bytes
        .get(starts[starts.len() - 1] + 4..)
        .and_then(|rest| rest.get(..8))
    {
        let length = u64::from_le_bytes(length.try_into().unwrap());
        starts.push(starts[starts.len() - 1] + 36 + length as usize);
    }
    assert_eq!(starts.last(), Some(&bytes.len()));
    starts
}

#[tokio::test]
async fn a_store_opens_again_with_all_it_held() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let store = open(&path).unwrap();
    for transaction in Story::of(1).approved_write(1) {
        store.commit(transaction).await.unwrap();
    }
    let before = seen(&*store).await;
    drop(store);
    for _ in 0..3 {
        let store = open(&path).unwrap();
        assert_eq!(seen(&*store).await, before);
        assert_eq!(store.verify().await.unwrap().problems, []);
    }
    for name in ["", "sled", "log"] {
        let mode = fs::metadata(path.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{name}");
    }
}

/// sled leaves it behind when it is killed, or finds no room, while it opens.
#[tokio::test]
async fn an_unfinished_snapshot_is_no_damage() {
    let directory = told(3).await;
    let truth = seen(&*open(directory.path()).unwrap()).await;
    for torn in [&b""[..], b"half of it and then no mo"] {
        let snapshot = directory.path().join("sled/snap.00000000FFFFFFFF.generating");
        fs::write(&snapshot, torn).unwrap();
        let store = open(directory.path()).unwrap();
        assert_eq!(seen(&*store).await, truth);
        assert_eq!(store.verify().await.unwrap().problems, []);
        assert!(!snapshot.exists());
    }
}

#[tokio::test]
async fn a_store_keeps_the_segments_it_was_made_with() {
    let directory = tempfile::tempdir().unwrap();
    for segment_bytes in [512 << 10, 16 << 20] {
        let mut settings = settings();
        settings.segment_bytes = segment_bytes;
        drop(SledStore::open(directory.path(), &settings, Clock::system()).unwrap());
    }
    let conf = fs::read(directory.path().join("sled/conf")).unwrap();
    assert!(String::from_utf8_lossy(&conf).contains("segment_size: 524288"));
}

/// Runs the test `name` of this binary in a process of its own, in `directory`.
fn spawn(name: &str, directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            &format!("store_faults::{name}"),
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Not a test by itself: the process that `what_was_acknowledged_survives_a_kill` kills.
#[tokio::test(flavor = "multi_thread")]
async fn commits_until_killed() {
    let Some(directory) = std::env::var_os(CHILD) else {
        return;
    };
    let store = open(Path::new(&directory)).unwrap();
    let writers = (0..8).map(|_| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut story = Story {
                thread: ThreadId(Uuid::new_v4()),
                ..Story::of(0)
            };
            store.commit(story.tell(vec![created()], vec![])).await.unwrap();
            for number in 1.. {
                let code = value(&format!("{} {number} ", story.thread).repeat(number as usize % 900));
                let transaction = story.tell(vec![checkpoint(number, &[("code", &code)])], vec![code]);
                let mark = transaction.head().mark;
                store.commit(transaction).await.unwrap();
                println!("\nacknowledged {} {} {}", story.thread, mark.seq, mark.hash);
            }
        })
    });
    futures::future::join_all(writers.collect::<Vec<_>>()).await;
}

/// Opens the store and looks for every acknowledged mark: thread, number and hash.
async fn assert_holds(path: &Path, acknowledged: &[String]) {
    let store = open(path).unwrap();
    assert_eq!(store.verify().await.unwrap().problems, []);
    for mark in acknowledged {
        let [thread, seq, hash] = mark.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let seq: u64 = seq.parse().unwrap();
        let range = RecordRange {
            limit: 1,
            ..RecordRange::after(seq - 1)
        };
        let records = store.records(thread.parse().unwrap(), range).await.unwrap();
        let found = records.first().map(|stored| stored.hash.to_string());
        assert_eq!(found.as_deref(), Some(hash), "record {seq} of {thread}");
    }
}

/// Not a test by itself: how `tests/power_cut.sh` looks at the copy of a disk.
#[tokio::test]
async fn holds_what_was_acknowledged() {
    let Some(directory) = std::env::var_os("HOLDPOINT_TEST_STORE_CHECK") else {
        return;
    };
    let expected = fs::read_to_string(std::env::var_os("HOLDPOINT_TEST_STORE_EXPECTED").unwrap()).unwrap();
    // The writer may have been stopped in the middle of its last line.
    let whole = expected.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let marks = whole
        .lines()
        .filter_map(|line| line.strip_prefix("acknowledged "));
    let marks: Vec<_> = marks.map(str::to_owned).collect();
    assert!(!marks.is_empty());
    assert_holds(Path::new(&directory), &marks).await;
    let log = Path::new(&directory).join("log");
    assert!(verify_export(&log).unwrap().is_clean());
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..6 {
        let mut child = spawn("commits_until_killed", directory.path());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut wanted = 20 + 37 * round;
        for line in lines {
            let line = line.unwrap();
            if let Some(mark) = line.strip_prefix("acknowledged ") {
                acknowledged.push(mark.to_owned());
                wanted -= 1;
                if wanted == 0 {
                    // What it says between this and its end counts too, so reading goes on.
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert_holds(directory.path(), &acknowledged).await;
    }
    let log = verify_export(&directory.path().join("log")).unwrap();
    assert_eq!(log.problems, []);
    assert!(acknowledged.len() > 500);
}

/// Not a test by itself: the process that holds the store in `a_store_in_use_names_its_owner`.
#[tokio::test]
async fn holds_until_killed() {
    let Some(directory) = std::env::var_os(CHILD) else {
        return;
    };
    let _store = open(Path::new(&directory)).unwrap();
    println!("\nholding");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_store_in_use_names_its_owner() {
    let directory = told(1).await;
    let mut child = spawn("holds_until_killed", directory.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"));
    let started = Instant::now();
    let error = refusal(directory.path());
    assert!(started.elapsed() < Duration::from_millis(500));
    assert!(
        matches!(error, StoreError::InUse { owner: Some(owner), .. } if owner == child.id()),
        "{error:?}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    let _store = open(directory.path()).unwrap();
    let error = refusal(directory.path());
    assert!(matches!(error, StoreError::InUse { owner: Some(owner), .. } if owner == std::process::id()));
}

#[tokio::test]
async fn a_damaged_file_is_an_error_and_never_a_panic_or_a_wrong_answer() {
    let directory = told(40).await;
    let path = directory.path();
    let truth = {
        let store = open(path).unwrap();
        seen(&*store).await
    };
    let size = fs::metadata(path.join("sled/db")).unwrap().len();
    let mut refused = 0;
    for trial in 0..24 {
        let trial_directory = tempfile::tempdir().unwrap();
        let copied = trial_directory.path().join("data");
        copy(path, &copied);
        let db = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(copied.join("sled/db"))
            .unwrap();
        match trial % 3 {
            0 => db.set_len(size * trial / 24).unwrap(),
            1 => {
                let offset = (200 + 977 * trial * trial) % 100_000;
                let mut byte = [0];
                db.read_exact_at(&mut byte, offset).unwrap();
                db.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
            }
            _ => db.write_all_at(&[0; 4096], 4096 * (trial % 16)).unwrap(),
        }
        drop(db);
        let found = match open(&copied) {
            Err(error) => Err(error),
            Ok(store) => match store.verify().await {
                Ok(verification) if verification.is_clean() => Ok(seen(&*store).await),
                Ok(_) => {
                    refused += 1;
                    continue;
                }
                Err(error) => Err(error),
            },
        };
        match found {
            Ok(found) => assert_eq!(found, truth, "trial {trial}"),
            Err(StoreError::Damaged { path, .. }) => {
                assert!(path.starts_with(copied.canonicalize().unwrap()));
                refused += 1;
            }
            Err(other) => panic!("trial {trial}: {other:?}"),
        }
        // The way out: the log alone gives everything back.
        let rebuilt = trial_directory.path().join("rebuilt");
        if trial < 3 {
            rebuild(&copied.join("log"), &rebuilt, &settings()).unwrap();
            assert_eq!(seen(&*open(&rebuilt).unwrap()).await, truth);
        }
    }
    assert!(refused >= 8, "only {refused} were noticed");
}

#[tokio::test]
async fn a_foreign_directory_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let check = |path: &Path, expected: &str| {
        let error = refusal(path);
        let found = matches!(&error, StoreError::Foreign { what, .. } if what.contains(expected));
        assert!(found, "{error:?} instead of {expected}");
    };
    let photos = directory.path().join("photos");
    fs::create_dir(&photos).unwrap();
    fs::write(photos.join("beach.jpg"), "sand").unwrap();
    check(&photos, "beach.jpg");
    assert_eq!(fs::read_dir(&photos).unwrap().count(), 1);

    check(&photos.join("beach.jpg"), "not a directory");

    let bare = directory.path().join("bare");
    drop(
        sled::Config::new()
            .path(bare.join("sled"))
            .segment_size(2 << 20)
            .open()
            .unwrap(),
    );
    check(&bare, "not one of this program's");

    let newer = directory.path().join("newer");
    drop(open(&newer).unwrap());
    edit(&newer, |db| {
        let meta = db.get(b"m").unwrap().unwrap();
        let meta = String::from_utf8_lossy(&meta[4..]).replace("\"format\":1", "\"format\":2");
        db.insert(b"m", [&[0; 4][..], meta.as_bytes()].concat()).unwrap();
    });
    check(&newer, "newer version (form 2)");
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

#[tokio::test]
async fn what_is_missing_is_noticed() {
    let directory = told(2).await;
    let path = directory.path();
    fs::write(path.join("sled/blobs/42"), "a page that was never synced").unwrap();
    assert_damaged(path, "blobs");
    fs::remove_file(path.join("sled/blobs/42")).unwrap();
    drop(open(path).unwrap());

    fs::rename(path.join("sled/db"), path.join("db")).unwrap();
    assert_damaged(path, "sled/db is missing");
    fs::write(path.join("sled/db"), "").unwrap();
    assert!(open(path).is_err());
    fs::rename(path.join("db"), path.join("sled/db")).unwrap();

    fs::rename(path.join("log"), path.join("elsewhere")).unwrap();
    assert_damaged(path, "export log");
    fs::rename(path.join("elsewhere"), path.join("log")).unwrap();

    fs::rename(path.join("sled"), path.join("elsewhere")).unwrap();
    assert_damaged(path, "the database sled/ is missing");
}

#[tokio::test]
async fn a_store_that_was_never_finished_is_made_anew() {
    let directory = told(0).await;
    let path = directory.path();
    // As after a death between the log's first frame and the database's name.
    fs::rename(path.join("sled"), path.join("sled.new")).unwrap();
    tell(path, 1..=1).await;
    // As after a death in the middle of the log's header.
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("log")).unwrap();
    fs::write(log_file(other.path()), "HOLDPOI").unwrap();
    tell(other.path(), 1..=1).await;
}

#[tokio::test]
async fn a_torn_end_of_the_log_is_cut_off() {
    for torn in [1, 20, 36, 37, 500] {
        let directory = told(2).await;
        let path = directory.path();
        let mut bytes = fs::read(log_file(path)).unwrap();
        let starts = frames(path);
        let frame = bytes[starts[1]..starts[2]].to_vec();
        bytes.extend_from_slice(&frame[..torn.min(frame.len() - 1)]);
        fs::write(log_file(path), &bytes).unwrap();
        assert!(verify_export(&path.join("log")).unwrap().is_clean());
        let store = open(path).unwrap();
        assert_eq!(
            fs::metadata(log_file(path)).unwrap().len() as usize,
            starts[starts.len() - 1]
        );
        store
            .commit(Story::of(3).tell(vec![created()], vec![]))
            .await
            .unwrap();
        drop(store);
        drop(open(path).unwrap());
    }
}

#[tokio::test]
async fn a_damaged_log_is_refused() {
    let directory = told(2).await;
    let path = directory.path();
    let good = fs::read(log_file(path)).unwrap();
    let starts = frames(path);
    let with = |bytes: &[u8]| fs::write(log_file(path), bytes).unwrap();
    let log = path.join("log");

    // Acknowledged batches are missing at the end.
    with(&good[..starts[starts.len() - 2]]);
    assert_damaged(path, "lacks the last batch");
    with(&good[..starts[2]]);
    assert_damaged(path, "ends before the last acknowledged batch");

    // Frames in the middle, each part of them: the frame's length among them.
    for offset in [
        starts[3],
        starts[3] + 4,
        starts[3] + 9,
        starts[3] + 30,
        starts[3] + 200,
    ] {
        let mut bytes = good.clone();
        bytes[offset] ^= 0x40;
        with(&bytes);
        let error = verify_export(&log).unwrap_err().to_string();
        assert!(
            error.contains(&format!("the frame at byte {} of 00000001.log", starts[3])),
            "{error}"
        );
    }
    // A whole frame taken out.
    with(&[&good[..starts[3]], &good[starts[4]..]].concat());
    let problems = verify_export(&log).unwrap().problems;
    assert_eq!(
        problems[0].to_string(),
        "audit entry 4: the export log goes on with entry 5"
    );

    with(&good);
    assert!(verify_export(&log).unwrap().is_clean());
    drop(open(path).unwrap());
}

#[tokio::test]
async fn batches_that_only_the_log_has_are_completed() {
    let directory = told(2).await;
    let path = directory.path();
    copy(&path.join("sled"), &path.join("earlier"));
    tell(path, 3..=5).await;
    let expected = seen(&*open(path).unwrap()).await;
    fs::remove_dir_all(path.join("sled")).unwrap();
    fs::rename(path.join("earlier"), path.join("sled")).unwrap();
    for _ in 0..2 {
        let store = open(path).unwrap();
        assert_eq!(seen(&*store).await, expected);
        assert!(store.verify().await.unwrap().is_clean());
    }
}

#[tokio::test]
async fn a_store_is_rebuilt_from_its_log_alone() {
    let directory = told(5).await;
    let path = directory.path();
    let store = open(path).unwrap();
    let (expected, verification) = (seen(&*store).await, store.verify().await.unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    let rebuilt = elsewhere.path().join("rebuilt");
    rebuild(&path.join("log"), &rebuilt, &settings()).unwrap();
    assert!(matches!(
        rebuild(&path.join("log"), &rebuilt, &settings()),
        Err(StoreError::Foreign { .. })
    ));
    let again = open(&rebuilt).unwrap();
    assert_eq!(seen(&*again).await, expected);
    assert_eq!(again.verify().await.unwrap(), verification);
    assert_eq!(verify_export(&path.join("log")).unwrap(), verification);
    again
        .commit(Story::of(9).tell(vec![created()], vec![]))
        .await
        .unwrap();
    drop(again);
    assert!(open(&rebuilt).unwrap().verify().await.unwrap().is_clean());
}

/// A small file system of its own, taken away in the end.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(megabytes: usize) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self(directory))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_work_goes_on_once_there_is_room() {
    let Some(disk) = Disk::of(64) else {
        eprintln!("SKIPPED: a full disk was not tested, since mounting a tmpfs needs root");
        return;
    };
    let path = disk.0.path().join("data");
    let mut settings = settings();
    settings.min_free_bytes = 16 << 20;
    let store = SledStore::open(&path, &settings, Clock::system()).unwrap();
    let mut story = Story::of(1);
    store.commit(story.tell(vec![created()], vec![])).await.unwrap();
    let mut number = 0;
    let mut next = |story: &Story| {
        number += 1;
        let noise: String = (0..400).map(|_| Uuid::new_v4().to_string()).collect();
        let code = value(&noise);
        story.propose(vec![checkpoint(number, &[("code", &code)])], vec![code])
    };
    let filling = disk.0.path().join("filling");
    for round in 0..3 {
        let full = loop {
            let transaction = next(&story);
            match store.commit(transaction.clone()).await {
                Ok(()) => story.head = Some(transaction.head().clone()),
                Err(error) => break error,
            }
            if story.head.as_ref().unwrap().mark.seq == 20 * (round + 1) {
                // Somebody else fills the disk to the last byte.
                let _ = fs::write(&filling, vec![1; 64 << 20]);
            }
        };
        assert!(matches!(full, StoreError::Full { .. }), "{full:?}");
        assert_eq!(store.head(story.thread).await.unwrap(), story.head);
        fs::remove_file(&filling).unwrap();
        let transaction = next(&story);
        store.commit(transaction.clone()).await.unwrap();
        story.head = Some(transaction.head().clone());
    }
    fs::write(&filling, vec![1; 64 << 20]).unwrap_err();
    store.close().await.unwrap();
    drop(store);
    fs::remove_file(&filling).unwrap();
    let store = SledStore::open(&path, &settings, Clock::system()).unwrap();
    assert_eq!(store.head(story.thread).await.unwrap(), story.head);
    assert!(store.verify().await.unwrap().is_clean());
}

#[tokio::test]
async fn a_store_that_can_not_be_trusted_stops() {
    let directory = told(1).await;
    let path = directory.path();
    let store = open(path).unwrap();
    let mut story = Story::of(5);
    store.commit(story.tell(vec![created()], vec![])).await.unwrap();
    // As if sled had written a page that it does not sync.
    fs::write(path.join("sled/blobs/7"), "a page").unwrap();
    let next = story.propose(vec![refused("anything")], vec![]);
    let errors = [
        store.commit(next.clone()).await.unwrap_err(),
        store.commit(next).await.unwrap_err(),
        store.head(story.thread).await.unwrap_err(),
        store.verify().await.unwrap_err(),
        store.close().await.unwrap_err(),
    ];
    for error in errors {
        assert!(
            matches!(&error, StoreError::Stopped { reason, .. } if reason.contains("doesn't sync")),
            "{error}"
        );
    }
    drop(store);
    assert_damaged(path, "blobs");
    fs::remove_file(path.join("sled/blobs/7")).unwrap();
    let store = open(path).unwrap();
    assert!(store.verify().await.unwrap().is_clean());
    assert!(store.head(story.thread).await.unwrap().is_some());
}

#[tokio::test]
async fn the_log_goes_on_in_a_new_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let store = open(&path).unwrap();
    let mut story = Story::of(1);
    store.commit(story.tell(vec![created()], vec![])).await.unwrap();
    for (number, megabytes) in [(1, 33), (2, 32), (3, 1)] {
        let mut noise = vec![0; megabytes << 20];
        blake3::Hasher::new()
            .update(&[number as u8])
            .finalize_xof()
            .fill(&mut noise);
        let noise = StoredValue::new(noise);
        let transaction = story.tell(vec![checkpoint(number, &[("noise", &noise)])], vec![noise]);
        store.commit(transaction).await.unwrap();
    }
    let expected = seen(&*store).await;
    drop(store);
    assert!(path.join("log/00000002.log").is_file());
    assert!(!path.join("log/00000003.log").exists());
    let store = open(&path).unwrap();
    let verification = store.verify().await.unwrap();
    assert!(verification.is_clean());
    assert_eq!(verify_export(&path.join("log")).unwrap(), verification);
    let rebuilt = directory.path().join("rebuilt");
    rebuild(&path.join("log"), &rebuilt, &settings()).unwrap();
    assert_eq!(seen(&*open(&rebuilt).unwrap()).await, expected);
    drop(store);

    // A process that died while it began the next file.
    fs::write(path.join("log/00000003.log"), "HOLD").unwrap();
    drop(open(&path).unwrap());
    fs::remove_file(path.join("log/00000001.log")).unwrap();
    assert_damaged(&path, "00000001.log is missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_use_can_be_verified() {
    let directory = told(3).await;
    let store = open(directory.path()).unwrap();
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for number in 10..60 {
                for transaction in Story::of(u128::from(number)).approved_write(number) {
                    store.commit(transaction).await.unwrap();
                }
            }
        })
    };
    loop {
        let last = writer.is_finished();
        assert_eq!(store.verify().await.unwrap().problems, []);
        if last {
            break;
        }
    }
    writer.await.unwrap();
    assert_eq!(store.verify().await.unwrap().threads, 53);
}
