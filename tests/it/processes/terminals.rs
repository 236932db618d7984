//! A second terminal beside the process that owns the store.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::site::*;

#[test]
fn a_second_terminal_works_while_a_run_owns_the_store() {
    let site = Site::new(json!({}));
    let first = site.ask("first", &put(1.0));
    let second = site.ask("second", &put(2.0));
    let mut owner = stay(&site, "stays");
    let program = Family::of(owner.id());
    assert!(program.descendants() > 0);

    let threads = site.run(&["threads"]).expect(COMPLETED).json();
    let running = threads
        .as_array()
        .unwrap()
        .iter()
        .filter(|thread| thread["status"] == "running");
    assert_eq!(running.count(), 1, "{threads}");
    assert_eq!(site.run(&["pending"]).json().as_array().unwrap().len(), 2);
    assert_eq!(site.run(&["show", &first]).told(), "interrupted");
    assert_eq!(site.run(&["show", "stays"]).told(), "running");
    site.run(&["reject", &first, "--reason", "no", "--as", "bob"])
        .expect(COMPLETED);
    site.run(&["reject", "second", "--reason", "no", "--as", "bob"])
        .expect(COMPLETED);
    site.run(&["approve", &second])
        .refuse(CONFLICT, "already_resolved", "bob");
    let other = site.file("other.py", "results = {'answer': 42}\n");
    assert_eq!(
        site.run(&["run", "--code", &other]).json()["result"]["results"]["answer"],
        42
    );
    site.run(&["run", "--code", &other, "--thread", "stays"])
        .refuse(BUSY, "thread_busy", "");
    assert_eq!(
        site.run(&["freeze", "--reason", "shift change"]).json()["frozen"],
        true
    );
    assert_eq!(site.run(&["unfreeze"]).json()["frozen"], false);
    assert!(owner.runs());

    site.run(&["cancel", "stays", "--reason", "enough", "--as", "carol"])
        .expect(COMPLETED);
    owner.end().expect(CANCELLED);
    program.wait_until_gone();
    assert_eq!(site.run(&["show", "stays"]).told(), "cancelled");
    site.verify();
}

#[test]
fn freeze_stops_a_running_write_from_another_process() {
    let test = "freeze_stops_a_running_write_from_another_process";
    let Some(site) = Site::with_control_system(test, json!({})) else {
        return;
    };
    let (first, second) = (fresh_value(), fresh_value());
    let (runs, waits) = (
        site.ask("runs", &put_and_stay(first)),
        site.ask("waits", &put(second)),
    );
    let owner = site.start(&["approve", &runs]);
    wait_until("the program has put", || site.puts(first) == 1);
    let program = Family::of(owner.id());
    let waiting = site.start(&["approve", &waits]);
    wait_until("the second is approved", || site.count("waits", "answered") == 1);

    let started = Instant::now();
    site.run(&["freeze", "--reason", "beam loss", "--as", "ada"])
        .expect(COMPLETED);
    wait_until("the write is stopped", || site.count("runs", "asked") == 2);
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    owner.end().expect(OUTCOME_UNKNOWN);
    program.wait_until_gone();

    // What was approved and had not started may not start any more, now or later.
    let said = waiting.end();
    assert_ne!(said.code(), Some(COMPLETED), "{said:#?}");
    assert_eq!((site.puts(first), site.puts(second)), (1, 0));
    let shown = site.run(&["show", "waits"]);
    assert_eq!(shown.told(), "interrupted");
    let anew = shown.interrupt();
    // It survives the end of every process.
    let said = site.run(&["approve", &anew]);
    assert_ne!(said.code(), Some(COMPLETED), "{said:#?}");
    assert_eq!(site.puts(second), 0);
    site.run(&["unfreeze"]).expect(COMPLETED);
    let anew = site.run(&["show", "waits"]).interrupt();
    site.run(&["approve", &anew]).expect(COMPLETED);
    assert_eq!((site.puts(first), site.puts(second)), (1, 1));
    site.verify();
}

#[test]
fn an_owner_whose_own_work_is_done_still_lets_others_stop_theirs() {
    let test = "an_owner_whose_own_work_is_done_still_lets_others_stop_theirs";
    let Some(site) = Site::with_control_system(test, json!({})) else {
        return;
    };
    let value = fresh_value();
    let question = site.ask("writes", &put_and_stay(value));
    let mut owner = stay(&site, "stays");
    let approving = site.start(&["approve", &question]);
    wait_until("the program has put", || site.puts(value) == 1);
    site.run(&["cancel", "stays"]).expect(COMPLETED);
    // The owner has nothing left to do of its own, and waits for what the other terminal had it do.
    wait_until("its own run is over", || {
        site.run(&["show", "stays"]).told() == "cancelled"
    });
    assert!(owner.runs());
    let started = Instant::now();
    site.run(&["freeze"]).expect(COMPLETED);
    approving.end().expect(OUTCOME_UNKNOWN);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    owner.end().expect(CANCELLED);
    assert_eq!(site.puts(value), 1);
    site.verify();
}

#[track_caller]
fn signalled(signal: Signal) {
    let site = Site::new(json!({}));
    let owner = stay(&site, "stays");
    let program = Family::of(owner.id());
    owner.signal(signal);
    let said = owner.end();
    said.expect(CANCELLED);
    assert_eq!(said.told(), "cancelled");
    program.wait_until_gone();
    assert_eq!(site.run(&["show", "stays"]).told(), "cancelled");
    assert!(!site.data().join("owner.sock").exists());
    site.verify();
}

#[test]
fn sigterm_ends_a_run_cleanly() {
    signalled(Signal::TERM);
}

#[test]
fn sigint_ends_a_run_cleanly() {
    signalled(Signal::INT);
}

#[test]
fn a_signal_to_a_second_terminal_cancels_what_it_asked_for() {
    let site = Site::new(json!({}));
    let owner = stay(&site, "stays");
    let code = site.file("other.py", "import time\nwhile True:\n    time.sleep(0.01)\n");
    let client = site.start(&["run", "--code", &code, "--thread", "other"]);
    wait_until("it runs", || {
        site.run(&["show", "other"])
            .acknowledged()
            .is_some_and(|shown| shown["status"] == "running")
    });
    client.signal(Signal::INT);
    client.end().expect(CANCELLED);
    assert_eq!(site.run(&["show", "other"]).told(), "cancelled");
    assert_eq!(site.run(&["show", "stays"]).told(), "running");
    site.run(&["cancel", "stays"]).expect(COMPLETED);
    owner.end().expect(CANCELLED);
}

#[test]
fn a_write_that_is_signalled_is_unknown_and_not_repeated() {
    let test = "a_write_that_is_signalled_is_unknown_and_not_repeated";
    let Some(site) = Site::with_control_system(test, json!({})) else {
        return;
    };
    let value = fresh_value();
    let question = site.ask("writes", &put_and_stay(value));
    let owner = site.start(&["approve", &question]);
    wait_until("the program has put", || site.puts(value) == 1);
    let program = Family::of(owner.id());
    owner.signal(Signal::TERM);
    owner.end().expect(OUTCOME_UNKNOWN);
    program.wait_until_gone();
    assert_eq!(site.run(&["show", "writes"]).told(), "outcome_unknown");
    assert_eq!(site.puts(value), 1);
    site.verify();
}

/// The wait is the real one: twenty seconds.
#[test]
fn an_owner_that_hangs_is_named_and_what_was_asked_of_it_is_not_done_later() {
    let site = Site::new(json!({}));
    let question = site.ask("waits", &put(1.0));
    let owner = stay(&site, "stays");
    owner.signal(Signal::STOP);
    let started = Instant::now();
    let asking = [
        site.start(&["pending"]),
        site.start(&["reject", &question, "--reason", "no"]),
        site.start(&["run", "--continue", "waits"]),
    ];
    for asking in asking {
        asking
            .end()
            .refuse(BUSY, "store_in_use", &format!("process {}", owner.id()));
    }
    assert!(
        started.elapsed() >= Duration::from_secs(19),
        "{:?}",
        started.elapsed()
    );
    owner.signal(Signal::CONT);
    // Whoever was told 'busy' was told the truth.
    assert_eq!(site.run(&["pending"]).json()[0]["interrupt_id"], json!(question));
    assert_eq!(site.count("waits", "answered"), 0);
    site.run(&["cancel", "stays"]).expect(COMPLETED);
    owner.end().expect(CANCELLED);
    assert_eq!(site.count("waits", "answered"), 0);
}
