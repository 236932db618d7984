//! What may be put, how far and how fast; tolerances and interlocks.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    config::{Interlock, Tolerance},
    execution::{
        Access,
        gateway::{Limits, Native, Rules, holds, within},
    },
    model::PvValue,
};

use super::{Put, alone, choice, double, file, limits, name, no_limits, settings, text, write};

/// What the original's limits did, and what it let pass.
#[test]
fn a_value_must_lie_within_its_limits() {
    use Native::*;
    let content = r#"{
        "A": {"min_value": 0, "max_value": 10},
        "F": {"min_value": 0.1, "max_value": 0.3},
        "FREE": {},
        "SHUT": {"writable": false, "min_value": 0, "max_value": 10}
    }"#;
    let put = |pv, native, elements, new, wire| Put {
        pv,
        native,
        elements,
        new,
        wire,
        current: None,
    };
    let one = |new| put("A", Double, 1, PvValue::Real(new), Double);
    let cases = [
        (one(0.0), "ok"),
        (one(10.0), "ok"),
        (one(-f64::MIN_POSITIVE), "below_minimum"),
        (one(10.0_f64.next_up()), "above_maximum"),
        (one(f64::NAN), "not_a_number"),
        (one(f64::INFINITY), "not_a_number"),
        (one(f64::NEG_INFINITY), "not_a_number"),
        (put("A", Double, 1, text("abc"), Text), "undecodable"),
        (put("A", Double, 1, text("11"), Text), "above_maximum"),
        (put("A", Double, 1, text("0xff"), Text), "above_maximum"),
        (put("A", Double, 1, text("nan"), Text), "not_a_number"),
        (put("A", Double, 1, text("inf"), Text), "not_a_number"),
        (put("A", Double, 1, text("1e999"), Text), "not_a_number"),
        (put("A", Double, 1, text("5"), Text), "ok"),
        (put("A", Text, 1, text("5"), Text), "not_a_number"),
        (put("FREE", Text, 1, text("5"), Text), "ok"),
        (
            put("A", Double, 1, PvValue::Reals(vec![1e9]), Double),
            "above_maximum",
        ),
        (
            put("A", Double, 3, PvValue::Reals(vec![1.0, 2.0, 1e9]), Double),
            "above_maximum",
        ),
        (
            put("A", Double, 3, PvValue::Reals(vec![1.0, 2.0, f64::NAN]), Double),
            "not_a_number",
        ),
        (
            put("A", Double, 3, PvValue::Reals(vec![1.0, 2.0, 3.0]), Double),
            "ok",
        ),
        (
            put("A", Double, 3, PvValue::Reals(vec![1.0; 4]), Double),
            "too_many_elements",
        ),
        (
            put("A", Double, 1, PvValue::Reals(vec![1.0, 2.0]), Double),
            "too_many_elements",
        ),
        (put("A", Double, 3, PvValue::Reals(vec![]), Double), "undecodable"),
        (put("A", Double, 3, PvValue::Real(1.0), Double), "ok"),
        // A cast must not bring a value back into its limits.
        (put("A", Long, 1, PvValue::Real(10.9), Double), "above_maximum"),
        (put("A", Long, 1, PvValue::Real(-0.5), Double), "below_minimum"),
        (put("A", Short, 1, PvValue::Int(65_540), Long), "out_of_range"),
        (put("A", Char, 1, PvValue::Int(-1), Long), "above_maximum"),
        (put("A", Char, 1, PvValue::Int(200), Char), "above_maximum"),
        (put("A", Choice, 1, text("On"), Text), "ok"),
        (put("A", Choice, 1, choice(1, "On"), Choice), "ok"),
        (put("A", Char, 8, text("abc"), Char), "above_maximum"),
        (put("FREE", Char, 8, text("abc"), Char), "ok"),
        (put("FREE", Char, 2, text("abc"), Char), "too_many_elements"),
        // A bound that 32 bits cannot hold is reached by the nearest number that they can.
        (put("F", Float, 1, PvValue::Real(f64::from(0.3_f32)), Float), "ok"),
        (put("F", Float, 1, PvValue::Real(0.1), Double), "ok"),
        (
            put("F", Float, 1, PvValue::Real(f64::from(0.3_f32.next_up())), Float),
            "above_maximum",
        ),
        (
            put("F", Double, 1, PvValue::Real(f64::from(0.3_f32)), Float),
            "above_maximum",
        ),
        (put("SHUT", Double, 1, PvValue::Real(5.0), Double), "not_writable"),
        (put("OTHER", Double, 1, PvValue::Real(5.0), Double), "unlisted_pv"),
    ];
    for (put, code) in cases {
        let judged = alone(limits(content), &put).err().unwrap_or("ok");
        assert_eq!(
            judged, code,
            "{} = {} as {:?} for {:?}",
            put.pv, put.new, put.wire, put.native
        );
    }
}

#[test]
fn a_step_is_measured_from_what_is_there_and_from_the_last_put() {
    let content = r#"{"A": {"max_step": 5}, "B": {}, "S": {"max_step": 0.1}}"#;
    let rules = || Rules::new(&write(&["A", "B", "S"]), &settings(), Arc::new(limits(content)));
    let from = |pv, current: Option<PvValue>, new| Put {
        current,
        ..double(pv, new)
    };
    let real = |value| Some(PvValue::Real(value));
    let cases = [
        (from("A", real(0.0), 5.0), "ok"),
        (from("A", real(0.0), -5.0), "ok"),
        (from("A", real(0.0), 5.001), "step_too_large"),
        (from("A", None, 5.0), "step_unknown"),
        (from("A", real(f64::NAN), 5.0), "step_unknown"),
        (from("A", real(f64::INFINITY), 5.0), "step_unknown"),
        (from("A", Some(text("5")), 5.0), "step_unknown"),
        (from("A", Some(PvValue::Int(3)), 8.0), "ok"),
        (from("A", Some(choice(1, "On")), 6.0), "ok"),
        (from("A", Some(PvValue::Reals(vec![1.0, 2.0])), 6.0), "ok"),
        (from("B", None, 500.0), "ok"),
        // 0.8 - 0.7 is more than 0.1 by what was rounded, and by nothing else.
        (from("S", real(0.7), 0.8), "ok"),
        (from("S", real(0.7), 0.800_001), "step_too_large"),
    ];
    for (put, code) in cases {
        let judged = put.judge(&mut rules(), Instant::now()).err().unwrap_or("ok");
        assert_eq!(judged, code, "{} from {:?} to {}", put.pv, put.current, put.new);
    }
    let array = |current: Vec<f64>, new: Vec<f64>| Put {
        elements: 3,
        new: PvValue::Reals(new),
        current: Some(PvValue::Reals(current)),
        ..double("A", 0.0)
    };
    for (current, new, code) in [
        (vec![0.0, 0.0, 0.0], vec![5.0, -5.0, 0.0], "ok"),
        (vec![0.0, 0.0, 0.0], vec![5.0, -5.1, 0.0], "step_too_large"),
        (vec![0.0, 0.0], vec![0.0, 0.0, 0.0], "step_unknown"),
        (vec![0.0, 0.0, 9.0], vec![0.0, 0.0], "ok"),
    ] {
        let judged = array(current, new)
            .judge(&mut rules(), Instant::now())
            .err()
            .unwrap_or("ok");
        assert_eq!(judged, code);
    }
    // What is there lags behind: five and five more would be ten at once.
    let (mut rules, now) = (rules(), Instant::now());
    assert!(from("A", real(0.0), 5.0).judge(&mut rules, now).is_ok());
    assert_eq!(
        from("A", real(0.0), 10.0).judge(&mut rules, now),
        Err("step_too_large")
    );
    assert!(from("A", real(5.0), 10.0).judge(&mut rules, now).is_ok());
    // What is there has been moved by somebody else: the own last put is no licence to jump back.
    assert_eq!(
        from("A", real(100.0), 10.0).judge(&mut rules, now),
        Err("step_too_large")
    );
    assert_eq!(
        from("A", real(100.0), 96.0).judge(&mut rules, now),
        Err("step_too_large")
    );
    assert!(rules.wants_current(&name("A")));
    assert!(!rules.wants_current(&name("B")) && !rules.wants_current(&name("C")));
}

#[test]
fn only_what_was_approved_is_written() {
    let cases = [
        (write(&["A"]), "A", "ok"),
        (write(&["A"]), "A.VAL$", "ok"),
        (write(&["A.VAL"]), "A", "ok"),
        (write(&["A"]), "A.PROC", "not_approved"),
        (write(&["A"]), "A.DRVH", "not_approved"),
        (write(&["A.PROC"]), "A.PROC", "ok"),
        (write(&["A.PROC"]), "A", "not_approved"),
        (write(&["A"]), "a", "not_approved"),
        (write(&["A"]), "B", "not_approved"),
        (write(&["A B", "B"]), "B", "ok"),
        (write(&[]), "A", "not_approved"),
        (Access::Read, "A", "read_only"),
        (Access::Rehearse, "A", "ok"),
        (Access::Rehearse, "A.PROC", "ok"),
    ];
    for (access, pv, code) in cases {
        let mut rules = Rules::new(&access, &settings(), Arc::new(no_limits()));
        let judged = double(pv, 1.0)
            .judge(&mut rules, Instant::now())
            .err()
            .unwrap_or("ok");
        assert_eq!(judged, code, "{access:?} {pv}");
    }
    // A rehearsal is held to the limits.
    let held = limits(r#"{"A": {"max_value": 10}}"#);
    let mut rules = Rules::new(&Access::Rehearse, &settings(), Arc::new(held));
    assert_eq!(
        double("A", 11.0).judge(&mut rules, Instant::now()),
        Err("above_maximum")
    );
    assert_eq!(
        double("B", 1.0).judge(&mut rules, Instant::now()),
        Err("unlisted_pv")
    );
}

#[test]
fn without_limits_the_approval_alone_counts_and_nan_is_still_refused() {
    assert!(alone(no_limits(), &double("A", 1e300)).is_ok());
    assert_eq!(alone(no_limits(), &double("A", f64::NAN)), Err("not_a_number"));
    let array = Put {
        elements: 2,
        new: PvValue::Reals(vec![1.0, 2.0]),
        ..double("A", 0.0)
    };
    assert!(alone(no_limits(), &array).is_ok());
    let mut open = file(r#"{"defaults": {"max_value": 10}, "A": {}}"#);
    open.settings.allow_unlisted_channels = true;
    let load = || Limits::load(&open.settings);
    assert!(alone(load(), &array).is_ok());
    // One that is not listed is held to the defaults, and takes no array.
    assert!(alone(load(), &double("B", 10.0)).is_ok());
    assert_eq!(alone(load(), &double("B", 11.0)), Err("above_maximum"));
    assert_eq!(alone(load(), &Put { pv: "B", ..array }), Err("array_not_listed"));
}

#[test]
fn a_program_puts_so_much_and_no_faster() {
    let start = Instant::now();
    let at = |millis| start + Duration::from_millis(millis);
    let mut slow = settings();
    slow.epics.max_puts_per_second = 2.0;
    slow.epics.max_puts = 5;
    let mut rules = Rules::new(&write(&["A"]), &slow, Arc::new(no_limits()));
    let mut put = |millis, new| {
        double("A", new)
            .judge(&mut rules, at(millis))
            .err()
            .unwrap_or("ok")
    };
    assert_eq!([put(0, 1.0), put(0, 1.0), put(0, 1.0)], ["ok", "ok", "put_rate"]);
    // What is refused does not count.
    assert_eq!(
        [put(0, f64::NAN), put(499, 1.0), put(500, 1.0)],
        ["not_a_number", "put_rate", "ok"]
    );
    assert_eq!(
        [put(1000, 1.0), put(9000, 1.0), put(9500, 1.0)],
        ["ok", "ok", "too_many_puts"]
    );

    let held = limits(r#"{"A": {"max_rate": 4}}"#);
    let mut rules = Rules::new(&write(&["A"]), &settings(), Arc::new(held));
    let mut put = |millis, new| {
        double("A", new)
            .judge(&mut rules, at(millis))
            .err()
            .unwrap_or("ok")
    };
    assert_eq!([put(0, 100.0), put(0, 100.0)], ["ok", "ok"]);
    assert_eq!(
        [put(500, 102.1), put(500, 102.0), put(500, 102.1)],
        ["slew_rate", "ok", "slew_rate"]
    );
    assert_eq!([put(1500, 98.0), put(1400, 97.0)], ["ok", "slew_rate"]);
}

#[test]
fn two_values_are_near_or_not() {
    let near = |absolute, percent, one, other| within(Tolerance { absolute, percent }, &one, &other);
    let real = PvValue::Real;
    assert!(near(0.0, 1.0, real(100.0), real(101.0)));
    assert!(!near(0.0, 1.0, real(100.0), real(101.1)));
    assert!(near(0.0, 1.0, real(-100.0), real(-99.0)));
    assert!(
        near(2.0, 1.0, real(100.0), real(102.0)),
        "the greater bound counts"
    );
    assert!(
        near(0.1, 5.0, real(100.0), real(105.0)),
        "the greater bound counts"
    );
    assert!(!near(0.0, 1.0, real(0.0), real(1e-9)));
    assert!(near(0.0, 0.0, PvValue::Int(3), real(3.0)));
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(!near(1e9, 100.0, real(odd), real(odd)));
        assert!(!near(1e9, 100.0, real(1.0), real(odd)));
        assert!(!near(1e9, 100.0, real(odd), real(1.0)) || odd.is_infinite());
    }
    assert!(near(
        0.0,
        0.0,
        choice(1, "On"),
        PvValue::Choice {
            index: 1,
            label: None
        }
    ));
    assert!(near(0.0, 0.0, choice(1, "On"), PvValue::Int(1)));
    assert!(!near(9.0, 100.0, choice(1, "On"), choice(2, "On")));
    assert!(!near(9.0, 100.0, choice(1, "On"), text("On")));
    assert!(near(0.0, 0.0, text("a"), text("a")));
    assert!(!near(9.0, 100.0, text("1"), text("2")));
    assert!(near(0.0, 0.0, text("ab"), PvValue::Ints(vec![97, 98, 0, 9])));
    assert!(!near(0.0, 0.0, text("ab"), PvValue::Ints(vec![97])));
    assert!(near(
        1.0,
        0.0,
        PvValue::Reals(vec![1.0, 2.0]),
        PvValue::Ints(vec![2, 2])
    ));
    assert!(!near(
        1.0,
        0.0,
        PvValue::Reals(vec![1.0, 2.0]),
        PvValue::Reals(vec![1.0, 4.0])
    ));
    assert!(!near(
        1.0,
        0.0,
        PvValue::Reals(vec![1.0]),
        PvValue::Reals(vec![1.0, 1.0])
    ));
}

#[test]
fn an_interlock_holds_only_if_all_it_says_does() {
    let lock = |one_of: &[PvValue], min, max| Interlock {
        pv: "MODE".to_owned(),
        one_of: one_of.to_vec(),
        min,
        max,
        message: "not now".to_owned(),
    };
    let states = [text("Studies"), PvValue::Int(3)];
    let cases = [
        (lock(&states, None, None), choice(9, "Studies"), true),
        (lock(&states, None, None), choice(3, "User"), true),
        (lock(&states, None, None), choice(4, "User"), false),
        (
            lock(&states, None, None),
            PvValue::Choice {
                index: 9,
                label: None,
            },
            false,
        ),
        (lock(&states, None, None), text("Studies"), true),
        (lock(&states, None, None), text("3"), false),
        (lock(&states, None, None), PvValue::Real(3.0), true),
        (lock(&[], Some(1.0), Some(5.0)), PvValue::Real(1.0), true),
        (lock(&[], Some(1.0), Some(5.0)), PvValue::Real(5.0), true),
        (lock(&[], Some(1.0), Some(5.0)), PvValue::Real(5.1), false),
        (lock(&[], Some(1.0), None), PvValue::Real(0.9), false),
        (lock(&[], None, Some(5.0)), PvValue::Real(f64::NAN), false),
        (lock(&[], Some(1.0), None), PvValue::Real(f64::NAN), false),
        (
            lock(&[PvValue::Real(f64::NAN)], None, None),
            PvValue::Real(f64::NAN),
            false,
        ),
        (lock(&[], None, Some(5.0)), text("1"), false),
        (lock(&[], None, Some(5.0)), PvValue::Reals(vec![1.0]), false),
        (lock(&states, None, Some(2.0)), PvValue::Int(3), false),
        (lock(&[], None, None), PvValue::Int(3), false),
    ];
    for (interlock, value, held) in cases {
        let told = holds(&interlock, &value);
        assert_eq!(told.is_ok(), held, "{interlock:?} {value}");
        if let Err(reason) = told {
            assert!(reason.contains("MODE") && reason.contains("not now"), "{reason}");
        }
    }
}
