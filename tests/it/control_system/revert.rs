//! What a program had written when it went wrong, and how that is put back.

use serde_json::json;

use super::*;

/// A program that raises after three of ten puts, where it is no rehearsal.
fn three_of_ten() -> String {
    let mut program = "import epics\n".to_owned();
    for number in 0..10 {
        program += &caput(&format!("CS:M{number}"), f64::from(number) + 0.5);
        if number == 2 {
            program += "stop = epics.caget('CS:GATE', use_monitor=False, timeout=30, connection_timeout=30)\n\
                if stop:\n    raise RuntimeError('the beam is gone')\n";
        }
    }
    program + "results = {'done': True}\n"
}

#[test]
fn three_of_ten_are_told_and_put_back_the_last_first() {
    let test = "three_of_ten_are_told_and_put_back_the_last_first";
    let Some(bench) = Bench::new(test, rehearsed()) else {
        return;
    };
    let asked = bench.ask("ramp", &three_of_ten());
    assert_eq!(
        asked.question["rehearsal"]["puts"], 10,
        "{:#}",
        asked.question["rehearsal"]
    );
    bench.server.set("CS:GATE", 1);
    let said = bench.site.run(&["approve", &asked.id]);
    let told = [
        "RuntimeError: the beam is gone",
        "3 of the 10 puts of the rehearsal were passed on: CS:M0 = 0.5, CS:M1 = 1.5, CS:M2 = 2.5",
    ];
    failed(&said, "runtime_error", &told);
    let mut written = vec![("CS:M0", 0.5), ("CS:M1", 1.5), ("CS:M2", 2.5)];
    assert_eq!(bench.server.puts(), counted(&written));

    let back = Asked::of(bench.site.run(&["revert", "ramp"]).expect(INTERRUPTED));
    assert_eq!(bench.server.puts(), counted(&written), "it is only asked for");
    for (pv, now, wanted) in [("CS:M0", 0.5, 10.0), ("CS:M1", 1.5, 11.0), ("CS:M2", 2.5, 12.0)] {
        assert_eq!(back.line(pv)["value"], now);
        assert_eq!(back.line(pv)["wanted"], wanted);
    }
    assert_eq!(
        back.question["binding"]["channels"],
        json!(["CS:M0", "CS:M1", "CS:M2"])
    );
    assert_eq!(back.question["channels_unresolved"], false);
    let done = bench.site.run(&["approve", &back.id]);
    done.expect(COMPLETED);
    written.extend([("CS:M2", 12.0), ("CS:M1", 11.0), ("CS:M0", 10.0)]);
    assert_eq!(bench.server.puts(), counted(&written));

    // What put things back is a run like any other.
    let run = done.json()["run_id"].as_str().unwrap().to_owned();
    let forth = Asked::of(bench.site.run(&["revert", &run]).expect(INTERRUPTED));
    bench.site.run(&["approve", &forth.id]).expect(COMPLETED);
    written.extend([("CS:M0", 0.5), ("CS:M1", 1.5), ("CS:M2", 2.5)]);
    assert_eq!(bench.server.puts(), counted(&written));
    bench.site.verify();
}

/// Choices, texts and arrays go back as they were, and what was written twice goes back once.
#[test]
fn values_of_every_kind_are_put_back() {
    let Some(bench) = Bench::new("values_of_every_kind_are_put_back", rehearsed()) else {
        return;
    };
    bench.server.set("CS:LABEL", "it's \"quoted\" \\ {x}");
    let program = format!(
        "import epics\n{}{}{}{}{}results = {{'done': True}}\n",
        caput("CS:MODE", "'Study'"),
        caput("CS:LABEL", "'other'"),
        caput("CS:WAVE", "[7.5, 8.5, 9.5]"),
        caput("CS:INDEX", 3),
        caput("CS:INDEX", 4),
    );
    bench.approved("kinds", &program).expect(COMPLETED);
    let before = bench.server.puts().len();
    assert_eq!(before, 5);
    let back = Asked::of(bench.site.run(&["revert", "kinds"]).expect(INTERRUPTED));
    bench.site.run(&["approve", &back.id]).expect(COMPLETED);
    let back: Vec<(String, Value)> = bench.server.puts().split_off(before);
    let wanted = [
        ("CS:INDEX", json!(7)),
        ("CS:WAVE", json!([0.0, 1.0, 2.0])),
        ("CS:LABEL", json!("it's \"quoted\" \\ {x}")),
        ("CS:MODE", json!("Run")),
    ];
    assert_eq!(back, wanted.map(|(pv, value)| (pv.to_owned(), value)));
    bench.site.verify();
}

/// The trail is on disk before anything is written, so it tells what to put back whatever happens to the service.
#[test]
fn what_a_killed_service_wrote_is_put_back_from_the_trail() {
    let test = "what_a_killed_service_wrote_is_put_back_from_the_trail";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let begin = format!("import epics\n{}{}", caput("CS:M0", 3.0), caput("CS:M1", 4.0));
    let program = format!("{begin}{}", writes_behind_the_gate(&[("CS:M2", 5.0)]));
    let asked = bench.ask("killed", &program);
    bench.approved_to_the_gate(&asked).kill();
    bench.server.set("CS:GATE", 1);
    let written = counted(&[("CS:M0", 3.0), ("CS:M1", 4.0)]);
    assert_eq!(bench.server.puts(), written);
    let shown = bench.site.run(&["show", "killed"]);
    assert_eq!(shown.told(), "outcome_unknown");
    let unknown = Asked::of(&shown);

    let back = Asked::of(bench.site.run(&["revert", "killed"]).expect(INTERRUPTED));
    bench.site.run(&["approve", &back.id]).expect(COMPLETED);
    let all = [written, counted(&[("CS:M1", 11.0), ("CS:M0", 10.0)])].concat();
    assert_eq!(bench.server.puts(), all);
    let settled = bench
        .site
        .run(&["settle", &unknown.id, "failed", "--note", "put back"]);
    settled.expect(COMPLETED);
    assert_eq!(settled.told(), "failed");
    bench.site.verify();
}

#[test]
fn what_wrote_nothing_has_nothing_to_put_back() {
    let test = "what_wrote_nothing_has_nothing_to_put_back";
    let Some(bench) = Bench::new(test, rehearsed()) else {
        return;
    };
    bench.ask("asked", &writes(&[("CS:M0", 3.0)]));
    let said = bench.site.run(&["revert", "asked"]);
    assert_eq!(said.json()["error"]["code"], "nothing_to_revert", "{said:#?}");
    assert_eq!(bench.server.puts(), []);
}
