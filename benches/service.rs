//! From a request to its question, and the commits on the way: `cargo bench --bench service`.
//!
//! The sandbox is probed once before the clock runs; a long-lived service does that once as well.

use std::time::{Duration, Instant};

use holdpoint::{
    config::Config,
    graphs::python_executor::Request,
    model::{Actor, Entrance, ExecutionMode},
    service::{RunStatus, Service, ServiceError, os_user},
};

const ROUNDS: usize = 100;

fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank"
    )]
    let rank = (last as f64 * share).round() as usize;
    sorted.get(rank).map_or(0.0, Duration::as_secs_f64) * 1000.0
}

#[tokio::main]
async fn main() -> Result<(), ServiceError> {
    let directory = tempfile::tempdir().map_err(|source| ServiceError::Directory {
        path: "data".into(),
        source,
    })?;
    let text = format!(
        "holdpoint: {{data_dir: {:?}}}\ncontrol_system: {{writes_enabled: true, rehearsal: {{mode: never}}, \
         epics: {{address_list: ['127.0.0.1:9'], timeout: 0.001}}}}\napproval: {{max_pending_per_requester: 1000}}\n",
        directory.path()
    );
    let service = Service::open(Config::from_text(&text, None, &|_| None)?).await?;
    let by = Actor::asserted("bench", os_user(), Entrance::Library);
    let mut times = Vec::new();
    for round in 0..=ROUNDS {
        let request = Request {
            code: Some(format!(
                "import epics\nepics.caput('SR:MAG:QF1:SP', {round}.0)\nresults = {{}}\n"
            )),
            execution_mode: ExecutionMode::WriteAccess,
            ..Request::default()
        };
        let since = Instant::now();
        let reply = service.invoke(request, None, by.clone()).await?;
        assert_eq!(reply.status, RunStatus::Interrupted, "{:?}", reply.error);
        // The first one probes the sandbox.
        if round > 0 {
            times.push(since.elapsed());
        }
    }
    let entries = service.engine().store().audit(0, usize::MAX).await?.len();
    times.sort();
    println!(
        "request to question, {ROUNDS} rounds: p50 {:.1} ms, p99 {:.1} ms, {:.1} commits each",
        quantile(&times, 0.5),
        quantile(&times, 0.99),
        entries as f64 / (ROUNDS + 1) as f64
    );
    service.close().await
}
