//! What a request may say of the place its program runs in, and that an approval is bound to it.

use serde_json::json;

use super::*;

/// A request as a file, with these fields besides a program that writes.
#[track_caller]
fn send(bench: &Bench, thread: &str, fields: Value) -> Said {
    let mut request = json!({ "code": writes(&[("CS:M0", 3.0)]), "execution_mode": "write_access" });
    merge(&mut request, fields);
    let file = bench.site.file(&format!("{thread}.json"), request.to_string());
    bench.site.run(&["run", &file, "--thread", thread])
}

#[test]
fn a_time_that_is_none_or_too_long_is_refused_at_the_door() {
    let test = "a_time_that_is_none_or_too_long_is_refused_at_the_door";
    let settings = json!({ "python_executor": { "execution_timeout_seconds": 120 } });
    let Some(bench) = Bench::new(test, settings) else {
        return;
    };
    for (seconds, words) in [
        (json!(0), "no number of seconds above 0"),
        (json!(-3.5), "no number of seconds above 0"),
        (json!(120.5), "120.5 is above 120, the most that is allowed here"),
        (json!(1e300), "the most that is allowed here"),
        (json!("soon"), "execution_timeout_seconds"),
    ] {
        let said = send(&bench, "timed", json!({ "execution_timeout_seconds": seconds }));
        said.refuse(USAGE, "invalid_request", words);
    }
    let none = bench.site.run(&["threads"]).json();
    assert_eq!(none, json!([]), "nothing was begun");
    for (thread, seconds, bound) in [
        ("asked", json!(30), 30.0),
        ("most", json!(120), 120.0),
        ("usual", Value::Null, 120.0),
    ] {
        let said = send(&bench, thread, json!({ "execution_timeout_seconds": seconds }));
        let asked = Asked::of(said.expect(INTERRUPTED));
        assert_eq!(asked.question["backend"]["facts"]["timeout_seconds"], bound);
    }
    assert_eq!(bench.server.puts(), []);
}

/// The time that the question shows is the one that counts.
#[test]
fn a_program_is_ended_at_the_time_its_request_named() {
    let test = "a_program_is_ended_at_the_time_its_request_named";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let program = writes_behind_the_gate(&[("CS:M0", 3.0)]);
    let fields = json!({ "code": program, "execution_timeout_seconds": 3 });
    let asked = Asked::of(&send(&bench, "short", fields));
    let said = bench.site.run(&["approve", &asked.id]);
    said.expect(OUTCOME_UNKNOWN);
    says(
        &Asked::of(&said).question["reason"],
        &["3", "no put was passed on"],
    );
    assert_eq!(bench.server.puts(), []);
}

#[test]
fn an_interpreter_that_is_not_listed_is_refused_before_anything_is_asked() {
    let test = "an_interpreter_that_is_not_listed_is_refused_before_anything_is_asked";
    let system = "/usr/bin/python3";
    let settings = json!({ "execution": { "local": { "interpreters": [system] } } });
    let Some(bench) = Bench::new(test, settings) else {
        return;
    };
    let other = send(&bench, "other", json!({ "python_env_path": "/opt/other/python" }));
    failed(
        &other,
        "interpreter",
        &["/opt/other/python", system, "execution.local.interpreters"],
    );
    assert_eq!(other.json()["interrupts"], json!([]));

    let container = json!({ "python_env_path": system, "execution_method": "container" });
    let said = send(&bench, "container", container);
    failed(&said, "interpreter", &["belongs to execution_method local"]);

    // One of the list runs, and the approval says which: it has no pyepics, and says so.
    let listed = send(&bench, "listed", json!({ "python_env_path": system }));
    let asked = Asked::of(listed.expect(INTERRUPTED));
    says(&asked.question["backend"]["interpreter"], &["/usr/bin/python3"]);
    let usual = Asked::of(&send(&bench, "usual", json!({})));
    assert_ne!(
        usual.question["binding"]["backend"],
        asked.question["binding"]["backend"]
    );
    let said = bench.site.run(&["approve", &asked.id]);
    failed(&said, "runtime_error", &["epics"]);
    bench.site.run(&["approve", &usual.id]).expect(COMPLETED);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 3.0)]));
    bench.site.verify();
}
