//! What holds for every name, every value and every sequence of puts.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    execution::gateway::{Native, PvName, Rules},
    model::PvValue,
};
use proptest::prelude::*;

use super::{Put, alone, double, limits, no_limits, settings, write};

fn native() -> impl Strategy<Value = Native> {
    (0..7_u16).prop_map(|number| Native::from_dbr(number).unwrap())
}

/// A number of any size, the odd ones more often than chance would have it.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -20.0..20.0,
        prop::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            -0.0,
            1e300,
            65_541.0,
            4_294_967_301.0,
            255.5
        ]),
    ]
}

fn any_pv_value() -> impl Strategy<Value = PvValue> {
    let word = prop_oneof![
        number().prop_map(|number| number.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        (-30..30_i32).prop_map(|number| format!(" {number:#x}")),
        (-30..30_i32).prop_map(|number| format!("{number:03}")),
        "[ -~]{0,6}",
        Just("On".to_owned()),
    ];
    let whole = prop_oneof![any::<i32>().prop_map(i64::from), -20..300_i64];
    prop_oneof![
        whole.clone().prop_map(PvValue::Int),
        number().prop_map(PvValue::Real),
        word.clone().prop_map(PvValue::Text),
        (0..5_u16).prop_map(|index| PvValue::Choice { index, label: None }),
        prop::collection::vec(whole, 0..4).prop_map(PvValue::Ints),
        prop::collection::vec(number(), 0..4).prop_map(PvValue::Reals),
        prop::collection::vec(word, 0..4).prop_map(PvValue::Texts),
    ]
}

/// The numbers that a process variable holds; `None` for a text.
fn held(value: &PvValue) -> Option<Vec<f64>> {
    match value {
        PvValue::Ints(values) => Some(values.iter().map(|value| *value as f64).collect()),
        PvValue::Reals(values) => Some(values.clone()),
        other => other.number().map(|number| vec![number]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn a_canonical_name_stays_as_it_is(said in "[A-C:.$\\[\\]{}\" VALPROC]{0,12}") {
        if let Ok(parsed) = PvName::parse(&said) {
            let again = PvName::parse(parsed.canonical());
            prop_assert_eq!(again.as_ref().map(PvName::canonical), Ok(parsed.canonical()), "{}", said);
            prop_assert_eq!(again.as_ref().map(PvName::field), Ok(parsed.field()));
        }
    }

    #[test]
    fn nothing_beyond_its_limits_is_ever_written(
        new in any_pv_value(), wire in native(), native in native(), elements in 1..4_u32,
        current in prop::option::of(any_pv_value()),
    ) {
        let content = r#"{"A": {"min_value": 0.5, "max_value": 10, "max_step": 6}}"#;
        let put = Put { pv: "A", native, elements, new: new.clone(), wire, current: current.clone() };
        if let Ok(value) = alone(limits(content), &put) {
            let numbers = held(&value);
            prop_assert!(numbers.is_some(), "a text among numbers: {}", value);
            let current = held(&current.unwrap()).unwrap();
            for (index, number) in numbers.unwrap().into_iter().enumerate() {
                prop_assert!((0.5..=10.0).contains(&number), "{} became {}", new, value);
                prop_assert!((number - current[index]).abs() <= 6.000_001, "from {:?} to {}", current, value);
            }
        }
        if let Ok(value) = alone(no_limits(), &put) {
            prop_assert!(held(&value).into_iter().flatten().all(f64::is_finite), "{}", value);
        }
    }

    /// However a program goes about it, no two of its puts to one process variable lie further apart than
    /// the step, and none further from what was there.
    #[test]
    fn steps_add_up_to_no_more_than_steps(puts in prop::collection::vec((-20.0..20.0_f64, any::<bool>()), 1..12)) {
        let content = r#"{"A": {"max_step": 3}}"#;
        let mut rules = Rules::new(&write(&["A"]), &settings(), Arc::new(limits(content)));
        let (mut there, mut last, start) = (0.0, None::<f64>, Instant::now());
        for (second, (new, lags)) in (0..).zip(puts) {
            let put = Put { current: Some(PvValue::Real(there)), ..double("A", new) };
            if put.judge(&mut rules, start + Duration::from_secs(second)).is_ok() {
                prop_assert!((new - there).abs() <= 3.000_001);
                prop_assert!(last.is_none_or(|last| (new - last).abs() <= 3.000_001));
                last = Some(new);
                if !lags {
                    there = new;
                }
            }
        }
    }
}
