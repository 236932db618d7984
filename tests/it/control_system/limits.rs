//! The limits file, as it holds for programs that were approved.

use std::fs;

use serde_json::json;

use super::*;

const FILE: &str = r#"{
    "defaults": {"writable": false, "min_value": 0, "max_value": 50},
    "CS:M0": {"writable": true},
    "CS:M1": {"writable": true, "max_step": 2},
    "CS:M2": {}
}"#;

fn limited(server: &Server) -> Value {
    fs::write(server.file("limits.json"), FILE).unwrap();
    json!({ "control_system": {
        "limits_checking": { "enabled": true, "database_path": server.file("limits.json") },
    } })
}

#[test]
fn a_put_beyond_the_limits_is_refused_though_it_was_approved() {
    let test = "a_put_beyond_the_limits_is_refused_though_it_was_approved";
    let Some(bench) = Bench::with(test, limited) else {
        return;
    };
    let mut expected = Vec::new();
    for (number, (pv, value, code)) in [
        ("CS:M0", -1.0, "below_minimum"),
        ("CS:M0", 50.5, "above_maximum"),
        ("CS:M1", 13.5, "step_too_large"),
        ("CS:M2", 12.5, "not_writable"),
        ("CS:M3", 13.5, "unlisted_pv"),
    ]
    .into_iter()
    .enumerate()
    {
        let good = 20.0 + number as f64;
        let program = writes(&[("CS:M0", good), (pv, value)]);
        let said = bench.approved(&format!("limits-{number}"), &program);
        failed(&said, "write_refused", &[code, pv]);
        expected.push(("CS:M0", good));
        assert_eq!(bench.server.puts(), counted(&expected));
    }
    bench.site.verify();
}

/// A file that cannot be read allows nothing, and is told apart from a name that is not in it.
#[test]
fn an_unreadable_file_stops_every_write_and_says_so() {
    let test = "an_unreadable_file_stops_every_write_and_says_so";
    let Some(bench) = Bench::with(test, limited) else {
        return;
    };
    let file = bench.server.file("limits.json");
    for (number, (damage, code)) in [
        ("{", "limits_unavailable"),
        ("[]", "limits_unavailable"),
        (r#"{"CS:M0": {"writabel": true}}"#, "limits_invalid"),
    ]
    .into_iter()
    .enumerate()
    {
        fs::write(&file, damage).unwrap();
        let thread = format!("damaged-{number}");
        let asked = bench.ask(&thread, &writes(&[("CS:M0", 20.0)]));
        says(asked.problems("CS:M0"), &[code]);
        let said = bench.site.run(&["approve", &asked.id]);
        failed(&said, "write_refused", &[code]);
    }
    fs::remove_file(&file).unwrap();
    let said = bench.approved("missing", &writes(&[("CS:M0", 20.0)]));
    failed(&said, "write_refused", &["limits_unavailable"]);
    assert_eq!(bench.server.puts(), []);
}

#[test]
fn other_limits_than_those_that_were_shown_void_the_approval() {
    let test = "other_limits_than_those_that_were_shown_void_the_approval";
    let Some(bench) = Bench::with(test, limited) else {
        return;
    };
    let file = bench.server.file("limits.json");
    let asked = bench.ask("changed", &writes(&[("CS:M0", 40.0)]));
    assert_eq!(asked.line("CS:M0")["limits"]["max"], 50.0);
    fs::write(&file, FILE.replace("50", "60")).unwrap();
    let said = bench.site.run(&["approve", &asked.id]);
    let again = Asked::of(said.expect(INTERRUPTED));
    says(&again.question["previous"], &["rules"]);
    assert_eq!(again.line("CS:M0")["limits"]["max"], 60.0);
    assert_eq!(bench.server.puts(), []);
    bench.site.run(&["approve", &again.id]).expect(COMPLETED);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 40.0)]));
}

/// An approval that waits for its turn is judged by the rules of the moment it starts.
#[test]
fn limits_that_change_while_an_approval_waits_for_its_turn_void_it() {
    let test = "limits_that_change_while_an_approval_waits_for_its_turn_void_it";
    let Some(bench) = Bench::with(test, limited) else {
        return;
    };
    let file = bench.server.file("limits.json");
    let first = bench.ask("first", &writes_behind_the_gate(&[]));
    let second = bench.ask("second", &writes(&[("CS:M0", 40.0)]));
    let holds = bench.approved_to_the_gate(&first);
    let waits = bench.site.start(&["approve", &second.id]);
    wait_until("the second is approved", || {
        bench.site.count("second", "answered") == 1
    });
    fs::write(&file, FILE.replace("50", "60")).unwrap();
    bench.server.set("CS:GATE", 1);
    holds.end().expect(COMPLETED);
    let said = waits.end();
    let again = Asked::of(said.expect(INTERRUPTED));
    says(&again.question["previous"], &["policy_version"]);
    assert_eq!(bench.server.puts(), []);
}
