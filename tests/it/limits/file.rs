//! The limits file: what loads, what does not, and what that refuses.

use std::{fs, path::Path};

use holdpoint::{
    config::{Tolerance, VerificationSettings},
    execution::gateway::Limits,
    model::{PvLimits, VerificationLevel},
};

use super::{alone, double, file, limits, name, no_limits, refused, settings};

#[test]
fn the_limits_file_of_the_original_loads() {
    let limits = limits(
        r#"{
            "_comment": "a remark", "_version": "1.0",
            "defaults": {"writable": false, "max_value": 50.0, "_why": "closed",
                         "verification": {"level": "readback", "tolerance_percent": 2}},
            "A": {"min_value": -1, "writable": true, "max_step": 0.5},
            "B": {},
            "C": {"writable": true, "max_value": null, "verification": {"tolerance_absolute": 0.25}},
            "D.VAL": {"writable": true, "verification": {"level": "none"}},
            "D.DRVH": {"writable": true, "max_value": 7}
        }"#,
    );
    assert_eq!(limits.problems(), [""; 0]);
    let of = |pv: &str| limits.of(&name(pv)).unwrap();
    let wanted = PvLimits {
        min: Some(-1.0),
        max: Some(50.0),
        max_step: Some(0.5),
        writable: true,
    };
    assert_eq!(of("A"), wanted);
    assert_eq!(of("A.VAL{\"ts\":{}}"), wanted);
    assert!(!of("B").writable);
    assert_eq!((of("C").max, of("C").writable), (None, true));
    assert_eq!((of("D").max, of("D.DRVH").max), (Some(50.0), Some(7.0)));
    assert_eq!(refused(&limits, "A.DRVH"), "unlisted_pv");
    assert_eq!(refused(&limits, "a"), "unlisted_pv");
    assert_eq!(refused(&limits, "_comment"), "unlisted_pv");
    assert_eq!(refused(&limits, "defaults"), "unlisted_pv");

    let settings = VerificationSettings {
        enabled: true,
        ..settings().verification
    };
    let verified = |pv: &str| limits.verification(&name(pv), &settings);
    let tolerance = |absolute, percent| Tolerance { absolute, percent };
    assert_eq!(verified("A"), (VerificationLevel::Readback, tolerance(0.0, 2.0)));
    assert_eq!(verified("C"), (VerificationLevel::Callback, tolerance(0.25, 0.0)));
    assert_eq!(verified("D").0, VerificationLevel::None);
    assert_eq!(verified("E"), (VerificationLevel::Callback, tolerance(0.0, 0.1)));
    let off = VerificationSettings {
        enabled: false,
        ..settings
    };
    assert_eq!(limits.verification(&name("A"), &off).0, VerificationLevel::None);
}

#[test]
fn a_file_that_cannot_be_used_refuses_every_write_and_says_so() {
    let cases = [
        ("", "EOF"),
        ("[]", "an object"),
        ("{\"A\": {\"max_value\": 1,}}", "trailing comma"),
        ("{\"A\": {\"max_value\": NaN}}", "JSON"),
        ("{\"A\": {\"max_value\": 1e999}}", "out of range"),
        ("{\"A\": {}, \"A\": {}}", "stands twice"),
        ("{\"A\": {\"max_value\": 1, \"max_value\": 9}}", "stands twice"),
        ("{\"A\": {}} x", "trailing"),
        ("{\"A B\": {}}", "names no process variable"),
        (
            "{\"defaults\": {\"writable\": \"no\"}, \"A\": {}}",
            "defaults: writable",
        ),
        ("{\"defaults\": 3, \"A\": {}}", "defaults: must be an object"),
    ];
    for (content, told) in cases {
        let limits = limits(content);
        assert_eq!(refused(&limits, "A"), "limits_unavailable", "{content}");
        assert_eq!(limits.problems().len(), 1, "{content}");
        assert!(
            limits.problems()[0].contains(told),
            "{content}: {:?}",
            limits.problems()
        );
        assert_eq!(
            alone(limits, &double("A", 0.0)),
            Err("limits_unavailable"),
            "{content}"
        );
    }
    let mut missing = file("{}");
    fs::remove_file(&missing.path).unwrap();
    assert_eq!(
        refused(&Limits::load(&missing.settings), "A"),
        "limits_unavailable"
    );
    fs::create_dir(&missing.path).unwrap();
    assert_eq!(
        refused(&Limits::load(&missing.settings), "A"),
        "limits_unavailable"
    );
    missing.settings.database_path = None;
    assert_eq!(
        refused(&Limits::load(&missing.settings), "A"),
        "limits_unavailable"
    );
    // Unlisted process variables may be written: but nothing is known of what is listed.
    missing.settings.allow_unlisted_channels = true;
    assert_eq!(
        refused(&Limits::load(&missing.settings), "A"),
        "limits_unavailable"
    );
}

#[test]
fn a_mistake_in_an_entry_refuses_that_process_variable_alone() {
    let cases = [
        ("3", "must be an object"),
        ("{\"max_value\": \"10\"}", "max_value must be a number"),
        ("{\"max_value\": true}", "max_value must be a number"),
        ("{\"min_value\": [0]}", "min_value must be a number"),
        ("{\"min_value\": 2, \"max_value\": 1}", "above max_value"),
        ("{\"min_value\": 9}", "above max_value 5"),
        ("{\"max_step\": -1}", "max_step must not be below 0"),
        ("{\"max_rate\": -1}", "max_rate must not be below 0"),
        ("{\"maxvalue\": 1}", "unknown key \"maxvalue\""),
        ("{\"writable\": 1}", "writable must be true or false"),
        ("{\"writable\": null}", "writable must be true or false"),
        (
            "{\"verification\": \"readback\"}",
            "verification must be an object",
        ),
        ("{\"verification\": {\"level\": \"full\"}}", "verification.level"),
        ("{\"verification\": {\"level\": null}}", "verification.level"),
        (
            "{\"verification\": {\"tolerance\": 1}}",
            "unknown key \"tolerance\"",
        ),
        (
            "{\"verification\": {\"tolerance_percent\": -1}}",
            "must not be below 0",
        ),
        (
            "{\"verification\": {\"tolerance_absolute\": \"x\"}}",
            "must be a number",
        ),
    ];
    for (entry, told) in cases {
        let limits = limits(&format!(
            "{{\"defaults\": {{\"max_value\": 5}}, \"A\": {entry}, \"B\": {{}}}}"
        ));
        assert_eq!(refused(&limits, "A"), "limits_invalid", "{entry}");
        assert_eq!(refused(&limits, "B"), "ok", "{entry}");
        assert_eq!(limits.problems().len(), 1, "{entry}");
        assert!(
            limits.problems()[0].contains(told),
            "{entry}: {:?}",
            limits.problems()
        );
    }
    let twice = limits("{\"A\": {\"max_value\": 1}, \"A.VAL\": {\"max_value\": 9}, \"B\": {}}");
    assert_eq!(refused(&twice, "A"), "limits_invalid");
    assert_eq!(refused(&twice, "B"), "ok");
}

#[test]
fn the_digest_follows_the_file() {
    let one = file("{\"A\": {}}");
    let first = Limits::load(&one.settings).digest();
    assert_eq!(Limits::load(&one.settings).digest(), first);
    fs::write(&one.path, "{\"A\": {} }").unwrap();
    let second = Limits::load(&one.settings).digest();
    fs::write(&one.path, "{").unwrap();
    let third = Limits::load(&one.settings).digest();
    fs::remove_file(&one.path).unwrap();
    let gone = Limits::load(&one.settings).digest();
    let off = no_limits().digest();
    let all = [first, second, third, gone, off];
    for (index, digest) in all.iter().enumerate() {
        assert!(!all[..index].contains(digest), "{index}");
    }
}

#[test]
fn the_example_of_the_repository_is_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/limits.json");
    let limits = limits(&fs::read_to_string(path).unwrap());
    assert_eq!(limits.problems(), [""; 0]);
    assert_eq!(limits.of(&name("SR:SHUTTER:CMD")).unwrap().max_step, None);
    assert_eq!(limits.max_rate(&name("SR:MAG:QF:01:CURRENT:SP")), Ok(Some(4.0)));
}
