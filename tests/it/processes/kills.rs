//! Processes are killed.

use std::{collections::BTreeSet, thread, time::Duration};

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
    site.run(&["run", "--continue", THREAD]).expect(OUTCOME_UNKNOWN);
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

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    }
}

/// Kills it after a random time, if it hasn't ended by itself.
fn end_it(running: Running, dice: &mut Dice, limit: u64) -> Said {
    // The moment of the kill is the subject here: this is no wait for something to happen.
    thread::sleep(Duration::from_millis(dice.below(limit)));
    running.kill()
}

/// `HOLDPOINT_TEST_KILLS` sets how many threads are tried, each of which dies several times, `HOLDPOINT_TEST_SEED` how the dice fall.
#[test]
fn killed_at_any_time_nothing_acknowledged_is_lost_and_nothing_is_done_twice() {
    let test = "killed_at_any_time_nothing_acknowledged_is_lost_and_nothing_is_done_twice";
    // A request may be asked about as often as it is killed.
    let Some(site) = Site::with_control_system(test, json!({ "approval": { "max_questions": 1000 } })) else {
        return;
    };
    let mut dice = Dice(number("HOLDPOINT_TEST_SEED", 2));
    let mut kills = Vec::new();
    for round in 0..number("HOLDPOINT_TEST_KILLS", 12) {
        kills.extend(one_life(&site, &format!("life-{round}"), &mut dice));
    }
    assert!(!kills.is_empty(), "nothing was killed before its end");
    kills.sort();
    for how in kills.chunk_by(|one, other| one == other) {
        println!("{} kills left a thread {}", how.len(), how[0]);
    }
    for execution in site.verify()["executions"].as_array().unwrap() {
        assert_eq!(execution["ran_sha256"], execution["approved_sha256"]);
    }
}

/// Brings one thread to its end, whatever is killed on the way; gives how each kill left it.
fn one_life(site: &Site, thread: &str, dice: &mut Dice) -> Vec<String> {
    let value = fresh_value();
    let code = site.file(&format!("{thread}.py"), put(value));
    let request = [
        "run",
        "--execution-mode",
        "write_access",
        "--code",
        &code,
        "--thread",
        thread,
    ];
    let (mut kills, mut approved, mut acknowledged) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut said = end_it(site.start(&request), dice, 300);
    for _ in 0..12 {
        let shown = site.run(&["show", thread]);
        if said.code().is_none() {
            kills.push(shown.told());
        }
        if let Some(told) = said.acknowledged().filter(|told| told["error"].is_null()) {
            // What was told is so, and stays so.
            assert_eq!(shown.json()["status"], told["status"], "{said:#?} {shown:#?}");
            assert_eq!(shown.json()["interrupts"], told["interrupts"]);
        }
        if shown.code() == Some(NOT_FOUND) {
            said = site.run(&request);
            continue;
        }
        said = match shown.told().as_str() {
            "interrupted" => {
                let question = shown.interrupt();
                let said = end_it(site.start(&["approve", &question]), dice, 900);
                if said.acknowledged().is_some() {
                    acknowledged.insert(question.clone());
                }
                approved.insert(question);
                said
            }
            "outcome_unknown" => {
                let settling = shown.interrupt();
                let outcome = if dice.below(2) == 0 { "done" } else { "ask-again" };
                let said = end_it(site.start(&["settle", &settling, outcome]), dice, 300);
                if said.acknowledged().is_some() {
                    acknowledged.insert(settling);
                }
                said
            }
            "failed" => {
                assert_eq!(shown.json()["error"]["code"], "process_died", "{shown:#?}");
                end_it(site.start(&["run", "--continue", thread]), dice, 600)
            }
            "idle" => site.run(&request),
            "completed" => break,
            other => panic!("{other}: {shown:#?}"),
        };
    }
    let events = site.events(thread);
    let answered = |question: &String| {
        events
            .iter()
            .any(|event| event["what"] == "answered" && event["subject"] == json!(question))
    };
    assert!(acknowledged.iter().all(answered), "{acknowledged:?} {events:#?}");
    let approvals = approved.iter().filter(|question| answered(question)).count();
    let started = events
        .iter()
        .filter(|event| event["what"] == "effect_started")
        .count();
    let finished = events
        .iter()
        .filter(|event| event["what"] == "effect_finished")
        .count();
    let puts = site.puts(value);
    assert!(
        puts <= started && started <= approvals,
        "{puts} {started} {approvals} {events:#?}"
    );
    assert!(puts >= finished, "{puts} {finished} {events:#?}");
    site.replay(thread);
    kills
}
