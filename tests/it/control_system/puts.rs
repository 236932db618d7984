//! What becomes of puts: those nobody approved, those that do not take, those that are never answered.

use serde_json::json;

use super::*;

/// Whatever the program says of itself, a put that nobody approved fails it.
#[test]
fn a_put_beyond_the_approval_fails_a_program_that_reports_success() {
    let test = "a_put_beyond_the_approval_fails_a_program_that_reports_success";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let program = "import epics\n\
        epics.caput('CS:M0', 3.0, wait=True, timeout=30, connection_timeout=30)\n\
        other = 'CS:' + epics.caget('CS:LABEL', as_string=True, timeout=30, connection_timeout=30)\n\
        try:\n\
        \x20   epics.caput(other, 99.0, wait=True, timeout=30, connection_timeout=30)\n\
        except BaseException:\n\
        \x20   pass\n\
        results = {'all': 'well'}\n";
    bench.server.set("CS:LABEL", "M5");
    let asked = bench.ask("beyond", program);
    let said = bench.site.run(&["approve", &asked.id, "--channels", "CS:M0"]);
    failed(&said, "write_refused", &["not_approved", "CS:M5"]);
    assert_eq!(said.json()["result"]["conduct"]["refused_total"], 1);
    assert_eq!(bench.server.puts(), counted(&[("CS:M0", 3.0)]));
    assert_eq!(bench.trail("beyond", "refused")[0]["pv"], "CS:M5");
    bench.site.verify();
}

/// A program that only reads cannot write, and is not written anew for having tried.
#[test]
fn a_put_of_a_program_that_only_reads_is_refused_and_teaches_nobody() {
    let test = "a_put_of_a_program_that_only_reads_is_refused_and_teaches_nobody";
    // The analysis is told to let imports by name pass, so that only the wire is left; and the client is one that
    // puts whatever rights it is shown.
    let hidden = "import pydoc\n\
        with open('facility_tools.py', 'w') as module:\n\
        \x20   module.write('import caproto.sync.client as client\\n'\n\
        \x20                \"client.wri\" \"te('CS:M0', 99.0, notify=True, timeout=30, repeater=False)\\n\")\n\
        told = 'done'\n\
        try:\n\
        \x20   pydoc.importfile('facility_tools.py')\n\
        except BaseException as error:\n\
        \x20   told = str(error)\n\
        results = {'told': told}\n";
    let settings = json!({
        "control_system": { "analysis": { "rules": { "dynamic_import": "allow" } } },
        "execution": {
            "code_generator": "mock",
            "generators": { "mock": { "code": hidden } },
        },
    });
    let Some(bench) = Bench::new(test, settings) else {
        return;
    };
    let words = ["run", "--task-objective", "read the magnet", "--thread", "reads"];
    let said = bench.site.run(&words);
    failed(&said, "write_refused", &["CS:M0"]);
    assert_eq!(said.json()["result"]["attempts"], 1, "{said:#?}");
    assert_eq!(bench.server.puts(), []);
}

#[test]
fn what_was_written_is_verified_as_configured() {
    let test = "what_was_written_is_verified_as_configured";
    let verification = |level: &str, fails: bool| {
        json!({ "control_system": { "write_verification": {
            "enabled": true, "default_level": level, "fail_on_mismatch": fails, "timeout": 1,
        } } })
    };
    for (settings, pv, level, confirmed, fails) in [
        (verification("callback", true), "CS:M0", "callback", true, false),
        (
            verification("callback", true),
            "CS:CLAMPED",
            "callback",
            true,
            false,
        ),
        (verification("readback", true), "CS:M0", "readback", true, false),
        (
            verification("readback", true),
            "CS:CLAMPED",
            "readback",
            false,
            true,
        ),
        (
            verification("readback", false),
            "CS:CLAMPED",
            "readback",
            false,
            false,
        ),
    ] {
        let Some(bench) = Bench::new(test, settings) else {
            return;
        };
        let said = bench.approved("verified", &writes(&[(pv, 3.0), (pv, 8.0)]));
        if fails {
            failed(&said, "write_not_verified", &[pv, "was to hold 8", "it holds 5"]);
        } else {
            said.expect(COMPLETED);
        }
        let verified = &said.json()["result"]["conduct"]["verified"];
        assert_eq!(verified.as_array().unwrap().len(), 1, "{verified}");
        assert_eq!(
            (&verified[0]["level"], &verified[0]["confirmed"]),
            (&json!(level), &json!(confirmed))
        );
        if !confirmed {
            assert_eq!(verified[0]["read"], 5.0);
            let shown = bench.site.run_plainly(&["show", "verified"]);
            says(&shown.stdout, &["not verified", "it holds 5"]);
        }
        assert_eq!(bench.trail("verified", "verified").len(), 1);
        assert_eq!(bench.server.puts(), counted(&[(pv, 3.0), (pv, 8.0)]));
    }
}

#[test]
fn a_put_that_the_server_does_not_do_fails_the_run() {
    let test = "a_put_that_the_server_does_not_do_fails_the_run";
    let Some(bench) = Bench::new(test, json!({})) else {
        return;
    };
    let said = bench.approved("broken", &writes(&[("CS:BROKEN", 3.0)]));
    failed(&said, "put_failed", &["CS:BROKEN"]);
    assert_eq!(bench.server.puts(), counted(&[("CS:BROKEN", 3.0)]));
}

/// Nobody knows what became of a put that is never answered, so a human says.
#[test]
fn a_put_that_is_never_answered_is_a_question() {
    let test = "a_put_that_is_never_answered_is_a_question";
    let settings = json!({ "control_system": { "epics": { "put_timeout": 2 } } });
    let Some(bench) = Bench::new(test, settings) else {
        return;
    };
    let said = bench.approved("silent", &writes(&[("CS:M0", 3.0), ("CS:SILENT", 4.0)]));
    said.expect(OUTCOME_UNKNOWN);
    let asked = Asked::of(&said);
    says(
        &asked.question["reason"],
        &["put 2 of 4 to CS:SILENT", "not known"],
    );
    assert_eq!(
        bench.server.puts(),
        counted(&[("CS:M0", 3.0), ("CS:SILENT", 4.0)])
    );
    let shown = bench.site.run_plainly(&["show", "silent"]);
    says(&shown.stdout, &["CS:SILENT", "why unknown"]);
    let settled = bench.site.run(&["settle", &asked.id, "done", "--note", "seen"]);
    settled.expect(COMPLETED);
    assert_eq!(settled.told(), "completed");
    bench.site.verify();
    bench.site.replay("silent");
}
