//! How fast the store on disk is: opening it, and durable commits by one caller and by many.
//!
//! `cargo bench --bench store` prints one line per measurement. `HOLDPOINT_BENCH_DIR` names the
//! directory to measure in; the system's temporary directory may be in memory and then shows nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement may panic")]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    config::StoreSettings,
    model::{Actor, Clock, Entry, Head, ThreadId, Timestamp},
    store::{SledStore, Store, StoredValue, seal},
};

const RUN_FOR: Duration = Duration::from_secs(3);

fn settings(segment_bytes: usize) -> StoreSettings {
    StoreSettings {
        segment_bytes,
        cache_bytes: 64 << 20,
        min_free_bytes: 64 << 20,
    }
}

fn open(path: &Path, segment_bytes: usize) -> SledStore {
    SledStore::open(path, &settings(segment_bytes), Clock::system()).expect("the store opens")
}

/// Commits a record with 1 KB of code after the other, until `until`; gives back how long each took.
async fn caller(store: Arc<SledStore>, until: Instant) -> Vec<Duration> {
    let by = Actor::system("bench");
    let thread = ThreadId::new();
    let mut head: Option<Head> = None;
    let mut took = Vec::new();
    while Instant::now() < until {
        let entry = match head {
            None => Entry::ThreadCreated {
                graph: "bench".to_owned(),
                name: None,
                by: by.clone(),
                metadata: BTreeMap::new(),
            },
            Some(_) => Entry::Refused {
                what: "bench".to_owned(),
                reason: "x".repeat(300),
                by: by.clone(),
            },
        };
        let code = format!(
            "\"{thread} {}\"",
            "caput('MAGNET', 1.5)  ".repeat(45) + &took.len().to_string()
        );
        let values = vec![StoredValue::new(code.into_bytes())];
        let transaction = seal(thread, head.as_ref(), Timestamp::now(), vec![entry], values).unwrap();
        head = Some(transaction.head().clone());
        let started = Instant::now();
        store.commit(transaction).await.unwrap();
        took.push(started.elapsed());
    }
    took
}

fn main() {
    let base = std::env::var_os("HOLDPOINT_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for segment_bytes in [512 << 10, 2 << 20, 16 << 20] {
        let directory = tempfile::tempdir_in(&base).unwrap();
        let started = Instant::now();
        drop(open(directory.path(), segment_bytes));
        let made = started.elapsed();
        for callers in [1, 32] {
            let store = Arc::new(open(directory.path(), segment_bytes));
            let until = Instant::now() + RUN_FOR;
            let mut took: Vec<Duration> = runtime.block_on(async {
                let callers = (0..callers).map(|_| tokio::spawn(caller(Arc::clone(&store), until)));
                let took = futures::future::join_all(callers.collect::<Vec<_>>()).await;
                took.into_iter().flat_map(Result::unwrap).collect()
            });
            took.sort_unstable();
            let rate = took.len() as f64 / RUN_FOR.as_secs_f64();
            let (median, worst) = (took[took.len() / 2], took[took.len() * 99 / 100]);
            println!(
                "segments {:>5} KiB, {callers:>2} callers: {rate:>6.0} commits/s, median {median:.2?}, 99 % {worst:.2?}",
                segment_bytes >> 10
            );
        }
        let mut opened: Vec<Duration> = (0..7)
            .map(|_| {
                let started = Instant::now();
                let store = open(directory.path(), segment_bytes);
                let took = started.elapsed();
                drop(store);
                took
            })
            .collect();
        opened.sort_unstable();
        let small = tempfile::tempdir_in(&base).unwrap();
        drop(open(small.path(), segment_bytes));
        let started = Instant::now();
        drop(open(small.path(), segment_bytes));
        println!(
            "segments {:>5} KiB: made in {made:.2?}, opened small in {:.2?}, opened with the above in {:.2?}",
            segment_bytes >> 10,
            started.elapsed(),
            opened[opened.len() / 2]
        );
    }
}
