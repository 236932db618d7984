//! Puts are stopped at once: by a freeze and by a cancellation.

use serde_json::json;

use super::*;

/// Puts for ever, as fast as it may.
const PUTS_FOR_EVER: &str = "import epics, itertools\n\
    magnet = epics.PV('CS:M0')\n\
    magnet.wait_for_connection(30)\n\
    for number in itertools.count(1):\n\
    \x20   magnet.put(number * 0.25, wait=True, timeout=30)\n\
    results = {}\n";

/// How long after the command the last put may have reached the server, in seconds.
const PROMISE: f64 = 1.0;

fn seconds() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs_f64()
}

#[track_caller]
fn stopped_by(test: &str, words: &[&str]) -> Option<(Bench, Asked)> {
    let bench = Bench::new(
        test,
        json!({ "control_system": { "epics": { "max_puts_per_second": 20 } } }),
    )?;
    let asked = bench.ask("puts", PUTS_FOR_EVER);
    let running = match asked.question["channels_unresolved"] == true {
        true => bench.site.start(&["approve", &asked.id, "--channels", "CS:M0"]),
        false => bench.site.start(&["approve", &asked.id]),
    };
    wait_until("it puts and puts", || bench.server.log().len() > 20);
    let said = bench.site.start(words).end();
    // The command has been carried out at the latest when it says so.
    let done = seconds();
    assert!(
        matches!(said.code(), Some(COMPLETED | OUTCOME_UNKNOWN)),
        "{said:#?}"
    );
    let ended = running.end();
    ended.expect(OUTCOME_UNKNOWN);
    let log = bench.server.log();
    let last = log.last().unwrap().seconds;
    assert!(last < done + PROMISE, "a put {} s after the command", last - done);
    let unknown = Asked::of(&bench.site.run(&["show", "puts"]));
    says(&unknown.question["reason"], &["puts were passed on", "CS:M0 = "]);
    // The trail has every put that reached the server, and what was put last is what the server says.
    let trail = bench.trail("puts", "put");
    assert!(trail.len() >= log.len(), "{} of {}", trail.len(), log.len());
    for (noted, counted) in trail.iter().zip(&log) {
        assert_eq!(noted["new"], counted.value);
    }
    assert_eq!(bench.server.log().len(), log.len(), "it stands still");
    Some((bench, unknown))
}

#[test]
fn a_freeze_stops_puts() {
    let words = ["freeze", "--reason", "beam loss"];
    let Some((bench, unknown)) = stopped_by("a_freeze_stops_puts", &words) else {
        return;
    };
    let count = bench.server.log().len();
    let other = bench.ask("other", &writes(&[("CS:M1", 2.0)]));
    bench
        .site
        .run(&["approve", &other.id])
        .refuse(REFUSED, "frozen", "unfreeze");
    assert_eq!(bench.server.log().len(), count);
    bench
        .site
        .run(&["settle", &unknown.id, "failed"])
        .expect(COMPLETED);
    bench.site.run(&["unfreeze"]).expect(COMPLETED);
    bench.site.run(&["approve", &other.id]).expect(COMPLETED);
    assert_eq!(bench.server.log().len(), count + 1);
    bench.site.verify();
}

#[test]
fn a_cancellation_stops_puts() {
    let words = ["cancel", "puts"];
    let Some((bench, _)) = stopped_by("a_cancellation_stops_puts", &words) else {
        return;
    };
    bench.site.verify();
}
