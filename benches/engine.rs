//! What the engine costs: a graph of three trivial nodes, on disk with every commit synced, and in
//! memory for comparison. `cargo bench --bench engine` prints one table.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may panic")]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use holdpoint::{
    config::StoreSettings,
    engine::{Engine, Invocation, NewThread, RunOptions},
    graph::{Context, END, Graph, GraphBuilder, NodeError},
    model::{Actor, AuditFact, Channels, Clock, Command, Entrance, Outcome, ThreadId},
    store::{MemoryStore, SledStore, Store},
};
use serde_json::json;

/// How long one figure is measured.
const TIME: Duration = Duration::from_secs(4);

holdpoint::state! {
    /// The least a graph can work on.
    pub struct Small, SmallPatch, version = 1 {
        /// What was noted.
        log: Vec<String> [append],
    }
}

async fn note(_: Small, context: Context) -> Result<SmallPatch, NodeError> {
    Ok(SmallPatch::new().log(vec![context.info().node.clone()]))
}

async fn ask(_: Small, context: Context) -> Result<SmallPatch, NodeError> {
    let answer: String = context.interrupt("go on?")?;
    Ok(SmallPatch::new().log(vec![answer]))
}

fn graph(asks: bool) -> Arc<Graph> {
    let graph = GraphBuilder::<Small>::new(if asks { "asks" } else { "runs" }).node("a", note);
    let graph = match asks {
        true => graph.node("b", ask),
        false => graph.node("b", note),
    };
    let graph = graph.node("c", note).start_at("a").edge("a", "b").edge("b", "c");
    graph.edge("c", END).build().unwrap()
}

fn actor() -> Actor {
    Actor::asserted("bench", "bench", Entrance::Library)
}

async fn start(engine: &Engine, graph: &str) -> (ThreadId, Outcome) {
    let id = ThreadId::new();
    let new = NewThread {
        id,
        graph: graph.into(),
        name: None,
        by: actor(),
        metadata: BTreeMap::new(),
    };
    engine.create_thread(new).await.unwrap();
    let input = Invocation::Input(Channels::from([("log".to_owned(), json!([]))]));
    let report = engine
        .invoke(id, input, actor(), RunOptions::default())
        .await
        .unwrap();
    (id, report.outcome)
}

/// Runs per second with `lanes` threads of work side by side.
async fn rate(engine: &Arc<Engine>, lanes: usize) -> f64 {
    let done = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..lanes {
        let (engine, done) = (engine.clone(), done.clone());
        running.spawn(async move {
            while begin.elapsed() < TIME {
                assert_eq!(start(&engine, "runs").await.1, Outcome::Completed);
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64()
}

/// The times from input to question and from answer to end, one after the other.
async fn latencies(engine: &Engine) -> [Vec<Duration>; 2] {
    let mut times = [Vec::new(), Vec::new()];
    let begin = Instant::now();
    while begin.elapsed() < TIME && times[0].len() < 2000 {
        let from = Instant::now();
        let (id, outcome) = start(engine, "asks").await;
        times[0].push(from.elapsed());
        let Outcome::Interrupted { interrupts } = outcome else {
            panic!("{outcome:?}")
        };
        let answer = Invocation::Command(Command::answer(interrupts[0], json!("yes")));
        let from = Instant::now();
        engine
            .invoke(id, answer, actor(), RunOptions::default())
            .await
            .unwrap();
        times[1].push(from.elapsed());
    }
    times
}

fn percentile(times: &mut [Duration], part: f64) -> f64 {
    times.sort();
    let index = ((times.len() - 1) as f64 * part).round() as usize;
    times[index].as_secs_f64() * 1000.0
}

/// The commits of one run, the making of its thread not counted.
async fn commits(engine: &Engine) -> usize {
    let (id, _) = start(engine, "runs").await;
    let audit = engine.store().audit(0, usize::MAX).await.unwrap();
    let of_it = |fact: &AuditFact| matches!(fact, AuditFact::Thread { thread, .. } if *thread == id);
    audit.iter().filter(|stored| of_it(&stored.entry.fact)).count() - 1
}

async fn measure(name: &str, store: Arc<dyn Store>) {
    let engine = Arc::new(Engine::new(store, Clock::system(), [graph(false), graph(true)]));
    let commits = commits(&engine).await;
    let (one, many) = (rate(&engine, 1).await, rate(&engine, 64).await);
    let [mut asked, mut answered] = latencies(&engine).await;
    println!(
        "{name:8} {commits:>7} {one:>11.0} {many:>12.0} {:>14.2} {:>8.2} {:>15.2} {:>8.2}",
        percentile(&mut asked, 0.5),
        percentile(&mut asked, 0.99),
        percentile(&mut answered, 0.5),
        percentile(&mut answered, 0.99),
    );
    engine.store().close().await.unwrap();
}

fn open(folder: &Path) -> Arc<dyn Store> {
    let settings = StoreSettings {
        segment_bytes: 2 << 20,
        cache_bytes: 64 << 20,
        min_free_bytes: 0,
    };
    Arc::new(SledStore::open(folder, &settings, Clock::system()).unwrap())
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("three nodes, each its own superstep; making the thread included; times in ms");
    println!(
        "{:8} {:>7} {:>11} {:>12} {:>14} {:>8} {:>15} {:>8}",
        "store", "commits", "runs/s by 1", "runs/s by 64", "to asking p50", "p99", "answer→end p50", "p99"
    );
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(measure(
        "memory",
        Arc::new(MemoryStore::new(Clock::system()).unwrap()),
    ));
    runtime.block_on(measure("sled", open(folder.path())));
}
