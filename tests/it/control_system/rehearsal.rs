//! What is found out before a human is asked, without anything being written.

use std::fs;

use serde_json::json;

use super::*;

/// A limits file that knows some of the magnets.
const LIMITS: &str = r#"{
    "CS:M0": {"min_value": 0, "max_value": 50, "max_step": 5, "writable": true},
    "CS:M1": {"min_value": 0, "max_value": 15, "writable": true}
}"#;

#[test]
fn the_question_tells_what_would_be_written() {
    let bench = Bench::with("the_question_tells_what_would_be_written", |server| {
        fs::write(server.file("limits.json"), LIMITS).unwrap();
        json!({ "control_system": {
            "rehearsal": { "mode": "auto" },
            "limits_checking": { "enabled": true, "database_path": server.file("limits.json") },
        } })
    });
    let Some(bench) = bench else { return };
    let program = writes(&[("CS:M0", 12.0), ("CS:M1", 14.0), ("CS:M0", 13.5), ("CS:M1", 99.0)]);
    let asked = bench.ask("table", &program);
    let magnet = asked.line("CS:M0");
    assert_eq!(
        (&magnet["value"], &magnet["wanted"], &magnet["puts"]),
        (&json!(10.0), &json!(13.5), &json!(2))
    );
    assert_eq!(
        magnet["limits"],
        json!({ "min": 0.0, "max": 50.0, "max_step": 5.0, "writable": true })
    );
    assert_eq!(magnet["ioc"], json!(format!("127.0.0.1:{}", bench.server.port)));
    assert_eq!(magnet["problems"], json!([]));
    says(
        asked.problems("CS:M1"),
        &["it would be refused (above_maximum)", "99"],
    );
    assert_eq!(asked.question["rehearsal"]["puts"], 4);
    assert_eq!(asked.question["rehearsal"]["not_rehearsed"], Value::Null);
    assert_eq!(asked.question["rehearsal"]["failed"], Value::Null);
    let shown = bench.site.run_plainly(&["show", "table"]);
    says(
        &shown.stdout,
        &["CS:M0", "10", "13.5", "in 2 puts", "at most 5 a step"],
    );
    assert_eq!(bench.server.puts(), [], "a rehearsal writes nothing");
    assert_eq!(
        bench.site.count("table", "noted"),
        0,
        "and leaves no put in the trail"
    );
    bench.site.replay("table");
}

/// A name that no analysis can know is still found, shown and bound.
#[test]
fn what_only_the_rehearsal_finds_is_shown_and_bound() {
    let test = "what_only_the_rehearsal_finds_is_shown_and_bound";
    let Some(bench) = Bench::new(test, rehearsed()) else {
        return;
    };
    let program = "import epics\n\
        index = int(epics.caget('CS:INDEX', timeout=30, connection_timeout=30))\n\
        epics.caput('CS:M%d' % index, 2.5, wait=True, timeout=30, connection_timeout=30)\n\
        results = {'index': index}\n";
    let asked = bench.ask("hidden", program);
    assert_eq!(asked.line("CS:M7")["value"], 17.0);
    assert_eq!(asked.line("CS:M7")["wanted"], 2.5);
    assert_eq!(asked.question["binding"]["channels"], json!(["CS:M7"]));
    assert_eq!(asked.question["binding"]["seen"][0]["pv"], "CS:M7");
    // The analysis alone would not know; so the approver names what they allow.
    assert_eq!(asked.question["channels_unresolved"], true);
    let said = bench.site.run(&["approve", &asked.id, "--channels", "CS:M7"]);
    said.expect(COMPLETED);
    assert_eq!(bench.server.puts(), counted(&[("CS:M7", 2.5)]));
    bench.site.verify();
}

#[test]
fn a_rehearsal_that_goes_wrong_is_told_and_the_question_asked_all_the_same() {
    let test = "a_rehearsal_that_goes_wrong_is_told_and_the_question_asked_all_the_same";
    let settings = json!({ "control_system": { "rehearsal": { "mode": "always", "timeout": 5 } } });
    let Some(bench) = Bench::new(test, settings) else {
        return;
    };
    let raises = format!("{}raise ValueError('no beam')\n", writes(&[("CS:M0", 3.0)]));
    let hangs = writes_behind_the_gate(&[("CS:M0", 3.0)]);
    for (thread, program, told) in [
        ("raises", raises, "it raised ValueError: no beam"),
        ("hangs", hangs, "5"),
    ] {
        let asked = bench.ask(thread, &program);
        says(&asked.question["rehearsal"]["failed"], &[told]);
        assert_eq!(asked.line("CS:M0")["value"], 10.0);
        let shown = bench.site.run_plainly(&["show", thread]);
        says(&shown.stdout, &["the rehearsal went wrong"]);
    }
    assert_eq!(bench.server.puts(), []);
}

/// Where code must not run before it is approved, it is not rehearsed either; values are read all the same.
#[test]
fn what_is_not_to_run_before_it_is_approved_is_not_rehearsed() {
    let test = "what_is_not_to_run_before_it_is_approved_is_not_rehearsed";
    let plain = writes(&[("CS:M0", 3.0)]);
    let hides = format!("import os\nos.system('true')\n{plain}");
    let looks = format!("import builtins\ngetattr(builtins, 'ex' + 'ec')('1')\n{plain}");
    let mode = |mode: &str| json!({ "control_system": { "rehearsal": { "mode": mode } } });
    let mut all = mode("auto");
    merge(
        &mut all,
        json!({ "approval": { "global_mode": "all_capabilities" } }),
    );
    for (settings, program, why) in [
        (mode("never"), &plain, Some("rehearsals are switched off")),
        (all, &plain, Some("all code needs approval")),
        (
            mode("auto"),
            &hides,
            Some("more to look at in it than its writes: line 2"),
        ),
        (
            mode("auto"),
            &looks,
            Some("more to look at in it than its writes: line 2"),
        ),
        (mode("always"), &hides, None),
    ] {
        let Some(bench) = Bench::new(test, settings) else {
            return;
        };
        let asked = bench.ask("asked", program);
        let rehearsal = &asked.question["rehearsal"];
        match why {
            Some(why) => {
                says(&rehearsal["not_rehearsed"], &[why]);
                assert_eq!(asked.line("CS:M0")["wanted"], Value::Null);
                let folders = find(&bench.site.data(), "rehearsal_");
                assert!(folders.is_empty(), "{folders:?}");
            }
            None => {
                assert_eq!(rehearsal["not_rehearsed"], Value::Null, "{rehearsal}");
                assert_eq!(asked.line("CS:M0")["puts"], 1);
            }
        }
        assert_eq!(asked.line("CS:M0")["value"], 10.0);
        assert_eq!(bench.server.puts(), []);
    }
}

/// A recovery asks again, and starts no program for that.
#[test]
fn after_a_restart_nothing_is_rehearsed() {
    let Some(bench) = Bench::new("after_a_restart_nothing_is_rehearsed", json!({})) else {
        return;
    };
    // The first write holds the only slot, so that the second is approved and does not start.
    let holds = bench.ask("holds", &writes_behind_the_gate(&[("CS:M0", 1.0)]));
    let config = bench.site.path().join("config.yml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace(r#""mode":"never""#, r#""mode":"auto""#)).unwrap();
    let waits = bench.ask("waits", &writes(&[("CS:M1", 2.0)]));
    assert_eq!(waits.line("CS:M1")["puts"], 1);
    fs::write(&config, &text).unwrap();
    let owner = bench.approved_to_the_gate(&holds);
    let again = bench.ask("again", &writes(&[("CS:M1", 2.0)]));
    let client = bench.site.start(&["approve", &again.id]);
    wait_until("the second is approved", || {
        bench.site.count("again", "answered") == 1
    });
    owner.kill();
    client.end();
    fs::write(&config, text.replace(r#""mode":"never""#, r#""mode":"auto""#)).unwrap();
    let rehearsals = find(&bench.site.data(), "rehearsal_").len();
    let anew = Asked::of(&bench.site.run(&["show", "again"]));
    assert_ne!(anew.id, again.id);
    says(&anew.question["rehearsal"]["not_rehearsed"], &["after a restart"]);
    assert_eq!(anew.line("CS:M1")["value"], 11.0, "values are read all the same");
    assert_eq!(find(&bench.site.data(), "rehearsal_").len(), rehearsals);
    assert_eq!(bench.server.puts(), []);
}
