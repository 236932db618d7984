//! Names of process variables, and what a server makes of a value.

use holdpoint::{
    execution::gateway::{NameError, Native, PvName, convert},
    model::PvValue,
};

use super::{choice, labels, name, text};

#[test]
fn a_process_variable_has_one_name() {
    let cases = [
        ("REC", "REC"),
        ("REC.", "REC"),
        ("REC.VAL", "REC"),
        ("REC.VAL$", "REC"),
        ("REC.$", "REC"),
        ("REC.VAL{\"dbnd\":{\"abs\":1.5}}", "REC"),
        ("REC.{\"dbnd\":{\"abs\":1.5}}", "REC"),
        ("REC.VAL$[0:3]", "REC"),
        ("REC.[0:3]", "REC"),
        ("REC.VAL[1:2]{\"ts\":{}}", "REC"),
        ("REC.{dbnd: {d: 1}}", "REC"),
        ("REC{\"dbnd\":{\"abs\":1.5}}", "REC"),
        ("REC{ \"ts\": {} }", "REC"),
        ("REC.PROC", "REC.PROC"),
        ("REC.DESC$", "REC.DESC"),
        ("REC.DRVH{\"ts\":{}}", "REC.DRVH"),
        ("REC.val", "REC.val"),
        ("rec", "rec"),
        ("REC.VALX", "REC.VALX"),
        ("SR:C01-MG{PS:QH1}Sp-SP", "SR:C01-MG{PS:QH1}Sp-SP"),
        ("SR:C01-MG{PS:QH1}Sp-SP.VAL", "SR:C01-MG{PS:QH1}Sp-SP"),
        ("A[1]<2>;x+y_z", "A[1]<2>;x+y_z"),
        ("REC[0:3]", "REC[0:3]"),
        ("{}:X", "{}:X"),
    ];
    for (said, canonical) in cases {
        assert_eq!(name(said).canonical(), canonical, "{said}");
        assert_eq!(name(canonical).canonical(), canonical, "{said}");
        assert_eq!(name(said).has_side_effects(), canonical.contains('.'), "{said}");
    }
    let parts = name("REC.DESC$[0:3]");
    assert_eq!(
        (
            parts.record(),
            parts.field(),
            parts.is_long_string(),
            parts.modifier()
        ),
        ("REC", Some("DESC"), true, Some("[0:3]"))
    );
    assert_eq!((name("REC.VAL").field(), name("REC").modifier()), (None, None));
}

#[test]
fn what_no_server_has_is_no_name() {
    let long = "R".repeat(61);
    let filter = format!("REC.{{\"x\":\"{}\"}}", "y".repeat(1024));
    let cases = [
        ("", NameError::Empty),
        (".VAL", NameError::Empty),
        ("A B", NameError::Character(' ')),
        ("A\n", NameError::Character('\n')),
        ("A\0", NameError::Character('\0')),
        (" A", NameError::Character(' ')),
        ("A'", NameError::Character('\'')),
        ("A$", NameError::Character('$')),
        ("\"", NameError::Character('"')),
        ("ＡB", NameError::Character('Ａ')),
        ("A\u{202e}B", NameError::Character('\u{202e}')),
        ("A.{\"ts\":\u{202e}}", NameError::Character('\u{202e}')),
        ("A.VAL.B", NameError::Modifier),
        ("A.VAL B", NameError::Modifier),
        ("A.VAL$$", NameError::Modifier),
        ("A.VAL{", NameError::Modifier),
        ("A.VAL[1", NameError::Modifier),
        (long.as_str(), NameError::TooLong),
        (filter.as_str(), NameError::TooLong),
    ];
    for (said, error) in cases {
        assert_eq!(PvName::parse(said), Err(error), "{said:?}");
    }
    assert!(PvName::parse(&long[1..]).is_ok());
}

#[test]
fn a_value_becomes_what_the_server_makes_of_it() {
    use Native::*;
    let real = PvValue::Real;
    let int = PvValue::Int;
    let cases = [
        (text("3.5"), Text, Double, Ok(real(3.5))),
        (text(" 1e3 "), Text, Double, Ok(real(1000.0))),
        (text("0x1F"), Text, Double, Ok(real(31.0))),
        (text("-0x10"), Text, Double, Ok(real(-16.0))),
        (text("+5"), Text, Double, Ok(real(5.0))),
        (text("5 mA"), Text, Double, Err("undecodable")),
        (text(""), Text, Double, Err("undecodable")),
        (text("--5"), Text, Double, Err("undecodable")),
        (text("1,5"), Text, Double, Err("undecodable")),
        (text("12"), Text, Long, Ok(int(12))),
        (text(" -12 "), Text, Short, Ok(int(-12))),
        (text("0"), Text, Long, Ok(int(0))),
        // These mean one number to one version of EPICS and another to the next.
        (text("010"), Text, Long, Err("undecodable")),
        (text("0x10"), Text, Long, Err("undecodable")),
        (text("1e3"), Text, Long, Err("undecodable")),
        (text("1.5"), Text, Long, Err("undecodable")),
        (text("99999999999"), Text, Long, Err("out_of_range")),
        (text("40000"), Text, Short, Err("out_of_range")),
        (real(3.9), Double, Long, Ok(int(3))),
        (real(-3.9), Double, Long, Ok(int(-3))),
        (real(f64::NAN), Double, Long, Err("not_a_number")),
        (real(f64::INFINITY), Double, Short, Err("not_a_number")),
        (real(3e9), Double, Long, Err("out_of_range")),
        (real(1e300), Double, Float, Err("out_of_range")),
        (real(0.1), Double, Float, Ok(real(f64::from(0.1_f32)))),
        (real(0.5), Float, Double, Ok(real(0.5))),
        (int(40_000), Long, Short, Err("out_of_range")),
        (int(200), Char, Char, Ok(int(200))),
        (int(-1), Long, Char, Ok(int(255))),
        (int(256), Long, Char, Err("out_of_range")),
        (int(7), Long, Double, Ok(real(7.0))),
        (int(7), Short, Text, Ok(text("7"))),
        (real(7.0), Double, Text, Err("undecodable")),
        (text("abc"), Text, Text, Ok(text("abc"))),
        (text(&"x".repeat(40)), Text, Text, Err("undecodable")),
        (int(65), Char, Text, Err("undecodable")),
        (choice(1, "On"), Choice, Text, Err("undecodable")),
        (text("On"), Text, Choice, Ok(choice(1, "On"))),
        (text("1"), Text, Choice, Ok(choice(1, "On"))),
        // A label goes before an index.
        (text("7"), Text, Choice, Ok(choice(2, "7"))),
        (text("on"), Text, Choice, Err("no_such_choice")),
        (text("3"), Text, Choice, Err("no_such_choice")),
        (text("-1"), Text, Choice, Err("no_such_choice")),
        (int(1), Long, Choice, Ok(choice(1, "On"))),
        (int(3), Short, Choice, Err("no_such_choice")),
        (int(-1), Short, Choice, Err("out_of_range")),
        (real(1.0), Double, Choice, Ok(choice(1, "On"))),
        (choice(1, "On"), Choice, Choice, Ok(choice(1, "On"))),
        (choice(1, "On"), Choice, Double, Ok(real(1.0))),
        (text("abc"), Text, Char, Ok(PvValue::Ints(vec![97, 98, 99]))),
        (text("5 apples"), Text, Char, Err("undecodable")),
        (
            text("5 apples"),
            Char,
            Char,
            Ok(PvValue::Ints("5 apples".bytes().map(i64::from).collect())),
        ),
        (
            PvValue::Ints(vec![1, 2]),
            Long,
            Double,
            Ok(PvValue::Reals(vec![1.0, 2.0])),
        ),
        (
            PvValue::Reals(vec![1.5, 2.5]),
            Double,
            Long,
            Ok(PvValue::Ints(vec![1, 2])),
        ),
        (
            PvValue::Reals(vec![1.5, f64::NAN]),
            Double,
            Long,
            Err("not_a_number"),
        ),
        (
            PvValue::Texts(vec!["1".into(), "2.5".into()]),
            Text,
            Double,
            Ok(PvValue::Reals(vec![1.0, 2.5])),
        ),
        (
            PvValue::Texts(vec!["1".into(), "x".into()]),
            Text,
            Double,
            Err("undecodable"),
        ),
        // What was decoded must be what that type can hold.
        (real(1.5), Long, Double, Err("undecodable")),
        (text("x"), Double, Double, Err("undecodable")),
    ];
    for (new, wire, native, becomes) in cases {
        let made = convert(&new, wire, native, &labels()).map_err(|refusal| refusal.code);
        assert_eq!(made, becomes, "{new} as {wire:?} for {native:?}");
    }
    // Without labels an index may be any, and a text none.
    assert_eq!(
        convert(&PvValue::Int(9), Native::Long, Native::Choice, &[]),
        Ok(PvValue::Choice {
            index: 9,
            label: None
        })
    );
    assert!(convert(&text("9"), Native::Text, Native::Choice, &[]).is_err());
    let types = [
        Native::Text,
        Native::Short,
        Native::Float,
        Native::Choice,
        Native::Char,
        Native::Long,
        Native::Double,
    ];
    for (number, native) in (0..).zip(types) {
        assert_eq!(Native::from_dbr(number), Some(native));
    }
    assert_eq!(Native::from_dbr(7), None);
}
