//! What must still hold when an approved program begins: the values that were shown, and the interlocks.

use serde_json::json;

use super::*;

fn interlocked() -> Value {
    json!({ "control_system": { "interlocks": [
        { "pv": "CS:MODE", "one_of": ["Run", "Study"], "message": "the ring must not be off" },
    ] } })
}

#[test]
fn a_value_that_moved_since_the_question_voids_the_approval() {
    let test = "a_value_that_moved_since_the_question_voids_the_approval";
    let Some(bench) = Bench::new(test, rehearsed()) else {
        return;
    };
    let asked = bench.ask("moved", &writes(&[("CS:M0", 3.0)]));
    bench.server.set("CS:M0", 10.2);
    let said = bench.site.run(&["approve", &asked.id]);
    let again = Asked::of(said.expect(INTERRUPTED));
    assert_eq!(bench.server.puts(), []);
    assert_ne!(again.id, asked.id);
    says(&again.question["previous"], &["CS:M0 was 10", "and is 10.2"]);
    assert_eq!(again.line("CS:M0")["value"], 10.2);
    assert_eq!(again.line("CS:M0")["wanted"], 3.0);
    assert_eq!(bench.site.count("moved", "effect_started"), 0);
    let shown = bench.site.run_plainly(&["show", "moved"]);
    says(&shown.stdout, &["Asked before", "CS:M0 was 10"]);
    bench
        .site
        .run(&["approve", &asked.id])
        .refuse(CONFLICT, "already_resolved", "");
    // Within one percent of what was shown it is the same machine.
    bench.server.set("CS:M0", 10.25);
    bench.site.run(&["approve", &again.id]).expect(COMPLETED);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 3.0)]));
    bench.site.verify();
    bench.site.replay("moved");
}

/// The gateway looks for itself before the first put, whatever was looked at before.
#[test]
fn a_value_that_moves_before_the_first_put_stops_all_of_them() {
    let test = "a_value_that_moves_before_the_first_put_stops_all_of_them";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let asked = bench.ask("late", &writes_behind_the_gate(&[("CS:M1", 4.0), ("CS:M0", 3.0)]));
    let running = bench.approved_to_the_gate(&asked);
    bench.server.set("CS:M0", 20.0);
    bench.server.set("CS:GATE", 1);
    let said = running.end();
    failed(
        &said,
        "write_refused",
        &["values_changed", "CS:M0 has gone from 10 to 20"],
    );
    assert_eq!(bench.server.puts(), []);
    let refused = bench.trail("late", "refused");
    assert_eq!(refused.len(), 2, "{refused:#?}");
    assert!(
        refused.iter().all(|put| put["code"] == "values_changed"),
        "{refused:#?}"
    );
    bench.site.verify();
}

#[test]
fn an_interlock_that_is_open_keeps_an_approval_from_being_given() {
    let test = "an_interlock_that_is_open_keeps_an_approval_from_being_given";
    let Some(bench) = Bench::new(test, interlocked()) else {
        return;
    };
    let asked = bench.ask("locked", &writes(&[("CS:M0", 3.0)]));
    bench.server.set("CS:MODE", "Off");
    for _ in 0..2 {
        bench
            .site
            .run(&["approve", &asked.id])
            .refuse(REFUSED, "interlock", "the ring must not be off");
        assert_eq!(bench.site.run(&["show", "locked"]).interrupt(), asked.id);
    }
    // Whoever rejects needs no interlock.
    let other = bench.ask("rejected", &writes(&[("CS:M0", 3.0)]));
    let said = bench.site.run(&["reject", &other.id, "--reason", "not now"]);
    assert_eq!(said.told(), "rejected");
    bench.server.set("CS:MODE", "Study");
    bench.site.run(&["approve", &asked.id]).expect(COMPLETED);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 3.0)]));
}

#[test]
fn an_interlock_that_opens_before_the_start_is_asked_about_again() {
    let test = "an_interlock_that_opens_before_the_start_is_asked_about_again";
    let Some(bench) = Bench::new(test, interlocked()) else {
        return;
    };
    // The first write holds the only slot, so that the second is approved and does not start.
    let first = bench.ask("first", &writes_behind_the_gate(&[]));
    let second = bench.ask("second", &writes(&[("CS:M1", 2.0)]));
    let holds = bench.approved_to_the_gate(&first);
    let waits = bench.site.start(&["approve", &second.id]);
    wait_until("the second is approved", || {
        bench.site.count("second", "answered") == 1
    });
    bench.server.set("CS:MODE", "Off");
    bench.server.set("CS:GATE", 1);
    holds.end().expect(COMPLETED);
    let said = waits.end();
    let again = Asked::of(said.expect(INTERRUPTED));
    says(
        &again.question["previous"],
        &["CS:MODE", "the ring must not be off"],
    );
    assert_eq!(bench.site.count("second", "effect_started"), 0);
    assert_eq!(bench.server.puts(), []);
}

/// What an approval is held to may change while it waits for its turn.
#[test]
fn a_value_that_moves_while_an_approval_waits_for_its_turn_voids_it() {
    let test = "a_value_that_moves_while_an_approval_waits_for_its_turn_voids_it";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let first = bench.ask("first", &writes_behind_the_gate(&[("CS:M1", 30.0)]));
    let second = bench.ask("second", &writes(&[("CS:M1", 2.0)]));
    let holds = bench.approved_to_the_gate(&first);
    let waits = bench.site.start(&["approve", &second.id]);
    wait_until("the second is approved", || {
        bench.site.count("second", "answered") == 1
    });
    bench.server.set("CS:GATE", 1);
    holds.end().expect(COMPLETED);
    let said = waits.end();
    let again = Asked::of(said.expect(INTERRUPTED));
    says(&again.question["previous"], &["CS:M1 was 11", "and is 30"]);
    assert_eq!(bench.server.puts(), counted(&[("CS:M1", 30.0)]));
}

#[test]
fn an_interlock_that_opens_while_a_program_runs_stops_its_next_put() {
    let test = "an_interlock_that_opens_while_a_program_runs_stops_its_next_put";
    let Some(bench) = Bench::new(test, interlocked()) else {
        return;
    };
    let first = caput("CS:M0", 3.0);
    let program = format!(
        "import epics\n{first}{}",
        writes_behind_the_gate(&[("CS:M0", 4.0)])
    );
    let asked = bench.ask("opened", &program);
    let running = bench.approved_to_the_gate(&asked);
    bench.server.set("CS:MODE", "Off");
    bench.server.set("CS:GATE", 1);
    let said = running.end();
    failed(&said, "write_refused", &["interlock", "the ring must not be off"]);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 3.0)]));
    bench.site.verify();
}

#[test]
fn an_interlock_that_cannot_be_read_is_open() {
    let settings = json!({ "control_system": {
        "epics": { "timeout": 3 },
        "interlocks": [{ "pv": "CS:NOBODY", "equals": 1 }],
    } });
    let Some(bench) = Bench::new("an_interlock_that_cannot_be_read_is_open", settings) else {
        return;
    };
    let asked = bench.ask("unread", &writes(&[("CS:M0", 3.0)]));
    bench
        .site
        .run(&["approve", &asked.id])
        .refuse(REFUSED, "interlock", "no server answered");
    assert_eq!(bench.site.run(&["show", "unread"]).interrupt(), asked.id);
    assert_eq!(bench.server.puts(), []);
}
