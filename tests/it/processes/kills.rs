//! Processes are killed.

use serde_json::json;

use crate::site::*;

/// The thread's name in every test here that has one thread.
const THREAD: &str = "magnet";

#[test]
fn a_question_outlives_every_process() {
    let site = Site::new(json!({}));
    let question = site.ask(THREAD, &put(1.0));
    let pending = site.run(&["pending"]).expect(COMPLETED).json();
    assert_eq!(pending.as_array().unwrap().len(), 1);
    assert_eq!(pending[0]["interrupt_id"], json!(question));
    assert_eq!(pending[0]["question"]["code"], json!(put(1.0)));
    assert_eq!(pending[0]["channels"], json!(["SR:MAG:QF1:CURRENT:SP"]));
}

#[test]
fn killed_between_decision_and_start_it_is_asked_anew() {
    let test = "killed_between_decision_and_start_it_is_asked_anew";
    let Some(site) = Site::with_control_system(test, json!({})) else {
        return;
    };
    // The first write holds the only slot, so that the second is approved and does not start.
    let (first, second) = (fresh_value(), fresh_value());
    let holds = site.ask("holds", &put_and_stay(first));
    let waits = site.ask("waits", &put(second));
    let owner = site.start(&["approve", &holds]);
    wait_until("the first program has put", || site.puts(first) == 1);
    let mut client = site.start(&["approve", &waits]);
    wait_until("the second is approved", || site.count("waits", "answered") == 1);
    assert!(client.runs());
    assert_eq!(site.count("waits", "effect_started"), 0);

    owner.kill();
    client.end().refuse(BUSY, "owner_lost", "holdpoint threads");

    let shown = site.run(&["show", "waits"]);
    assert_eq!(shown.told(), "interrupted");
    let anew = shown.interrupt();
    assert_ne!(anew, waits);
    site.run(&["approve", &waits]).expect(CONFLICT);
    assert_eq!(site.run(&["show", "holds"]).told(), "outcome_unknown");
    assert_eq!((site.puts(first), site.puts(second)), (1, 0));

    let settled = site.run(&["show", "holds"]).interrupt();
    site.run(&["settle", &settled, "done"]).expect(COMPLETED);
    site.run(&["approve", &anew]).expect(COMPLETED);
    assert_eq!((site.puts(first), site.puts(second)), (1, 1));
    site.verify();
    site.replay("waits");
    site.replay("holds");
}

/// Approves a program that puts and then stays, kills the service, and gives the settling question.
#[track_caller]
fn killed_while_executing(site: &Site, value: f64) -> String {
    let question = site.ask(THREAD, &put_and_stay(value));
    let approving = site.start(&["approve", &question]);
    wait_until("the program has put", || site.puts(value) == 1);
    assert!(Family::of(approving.id()).descendants() > 0);
    // It waits for all that descended from it to be gone, too.
    assert_eq!(approving.kill().acknowledged(), None);

    let shown = site.run(&["show", THREAD]);
    assert_eq!(shown.told(), "outcome_unknown");
    site.run(&["approve", &question])
        .refuse(CONFLICT, "already_resolved", "");
    let settling = shown.interrupt();
    site.run(&["approve", &settling])
        .refuse(USAGE, "decision_unclear", "");
    site.run(&["run", "--continue", THREAD]).expect(CONFLICT);
    assert_eq!(site.puts(value), 1);
    settling
}

#[track_caller]
fn settled(outcome: &str, code: i32, status: &str) {
    let Some(site) = Site::with_control_system("killed_while_executing", json!({})) else {
        return;
    };
    let value = fresh_value();
    let settling = killed_while_executing(&site, value);
    let said = site.run(&[
        "settle",
        &settling,
        outcome,
        "--note",
        "seen at the magnet",
        "--as",
        "ada",
    ]);
    said.expect(code);
    assert_eq!(said.told(), status);
    if outcome == "ask-again" {
        let anew = said.interrupt();
        assert_eq!(site.puts(value), 1);
        let approving = site.start(&["approve", &anew]);
        wait_until("it has put once more", || site.puts(value) == 2);
        assert_eq!(site.run(&["show", THREAD]).told(), "running");
        site.run(&["cancel", THREAD]).expect(OUTCOME_UNKNOWN);
        approving.end().expect(OUTCOME_UNKNOWN);
        assert_eq!(site.puts(value), 2);
    } else {
        site.run(&["settle", &settling, outcome])
            .refuse(CONFLICT, "already_resolved", "ada");
        assert_eq!(site.puts(value), 1);
    }
    site.verify();
    site.replay(THREAD);
}

#[test]
fn killed_while_executing_and_settled_as_done() {
    settled("done", COMPLETED, "completed");
}

#[test]
fn killed_while_executing_and_settled_as_failed() {
    settled("failed", COMPLETED, "failed");
}

#[test]
fn killed_while_executing_and_asked_again() {
    settled("ask-again", INTERRUPTED, "interrupted");
}
