//! Folding, against CPython: it is asked what each expression gives, and nothing else may be folded.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
    rc::Rc,
};

use proptest::prelude::*;
use ruff_python_ast::{
    ConversionFlag, Expr, FStringPart, InterpolatedStringElement, InterpolatedStringElements, Number,
    Operator, UnaryOp,
};

use super::{Constant, Known, MAX_LENGTH};

/// Each must be folded, to what CPython makes of it.
const FOLDED: &str = include_str!("folded.txt");

/// None may be folded: they are errors, too large, or not the same in every version.
const UNKNOWN: &str = include_str!("unknown.txt");

/// Receivers, methods and arguments that are all combined.
const RECEIVERS: &[&str] = &[
    "''",
    "'caput'",
    "'  Ab\\tc\\r\\nd '",
    "'éÀß€😀'",
    "'-12'",
    "'a,b,,'",
    "b''",
    "b'caput'",
    "b' A\\xff\\n'",
    "0",
    "-3",
    "True",
    "2.5",
    "-0.0",
    "1e300",
    "None",
    "[1, 2]",
    "('a', 'b')",
    "[]",
    "()",
    "'{}{}'",
    "'%s'",
    "'%d%%'",
    "b'%b'",
    "9223372036854775807",
    "-9223372036854775808",
    "'ΑΣ'",
    "'0x1f'",
    "'616263'",
    "'YWJj'",
    "'\\x1c\\x85\\xa0'",
];

const METHODS: &[&str] = &[
    "upper",
    "lower",
    "title",
    "capitalize",
    "swapcase",
    "casefold",
    "strip",
    "lstrip",
    "rstrip",
    "split",
    "rsplit",
    "splitlines",
    "isalpha",
    "isalnum",
    "isdigit",
    "isdecimal",
    "isnumeric",
    "isspace",
    "isupper",
    "islower",
    "isprintable",
    "isidentifier",
    "isascii",
    "encode",
    "decode",
    "hex",
    "expandtabs",
    "copy",
    "is_integer",
    "bit_length",
    "to_bytes",
    "join",
    "replace",
    "partition",
    "rpartition",
    "removeprefix",
    "removesuffix",
    "center",
    "ljust",
    "rjust",
    "zfill",
    "count",
    "find",
    "rfind",
    "index",
    "rindex",
    "startswith",
    "endswith",
    "format",
    "translate",
    "maketrans",
    "fromhex",
];

const FUNCTIONS: &[&str] = &[
    "str",
    "bytes",
    "bytearray",
    "int",
    "float",
    "bool",
    "chr",
    "ord",
    "hex",
    "oct",
    "bin",
    "len",
    "abs",
    "min",
    "max",
    "sum",
    "round",
    "divmod",
    "pow",
    "sorted",
    "list",
    "tuple",
    "repr",
    "ascii",
    "format",
    "all",
    "any",
    "reversed",
    "range",
    "zip",
    "enumerate",
    "iter",
    "base64.b64decode",
    "base64.b32decode",
    "base64.b16decode",
    "base64.b85decode",
    "base64.a85decode",
    "base64.b64encode",
    "base64.b32encode",
    "base64.b85encode",
    "base64.urlsafe_b64decode",
    "binascii.unhexlify",
    "binascii.hexlify",
    "binascii.b2a_base64",
    "html.unescape",
    "urllib.parse.unquote",
    "urllib.parse.quote",
    "json.loads",
    "ast.literal_eval",
    "textwrap.dedent",
    "codecs.decode",
    "codecs.encode",
    "zlib.decompress",
    "gzip.decompress",
    "operator.neg",
    "operator.add",
    "operator.mul",
    "operator.getitem",
    "int.from_bytes",
    "bytes.fromhex",
    "str.upper",
    "bytes.lower",
];

const SECOND: &[&str] = &[
    "''",
    "'a'",
    "b'a'",
    "2",
    "-1",
    "0",
    "16",
    "True",
    "None",
    "2.5",
    "-7",
    "'big'",
    "'utf-8'",
    "'ascii'",
    "'latin-1'",
    "'utf-16'",
    "'utf-32-be'",
    "'rot13'",
    "'hex'",
    "'05'",
    "'>8'",
    "'+.2e'",
    "[1, 'x']",
    "('a',)",
    "'\\xe9'",
];

const OPERATORS: &[&str] = &["+", "-", "*", "/", "//", "%", "**", "&", "|", "^", "<<", ">>"];

const SPECS: &[&str] = &[
    "", "5", "05", "<8", ">8", "^9", "*^9", "=+9", "+", " ", "-", "#x", "#010x", "#b", "_b", "o", "X", "c",
    "d", ",", "_", "09,", "012,.2f", "e", ".0e", ".3E", "f", ".0f", ".10f", "g", ".3g", ".0g", "G", "%",
    ".1%", ".3", ".0", ".17", "0<9", "é^9", "s", ".2s", "012_x", "<012", "n", "zf", "#.3g", "+g", "=5", "x5",
];

const NUMBERS: &[&str] = &[
    "0",
    "7",
    "-7",
    "1234567",
    "-1234567",
    "255",
    "True",
    "0.0",
    "-0.0",
    "0.5",
    "1.5",
    "2.5",
    "-2.675",
    "1e-4",
    "1e-5",
    "0.00012345",
    "123456.0",
    "1234567.0",
    "1e15",
    "1e16",
    "1e17",
    "1.7976931348623157e308",
    "5e-324",
    "1e22",
    "123456789.987654321",
    "99.9999999",
    "'caput'",
    "'é€'",
    "None",
];

const DIRECTIVES: &[&str] = &[
    "d", "5d", "-5d", "05d", "+d", " d", "+05d", ".3d", "8.3d", "x", "#x", "#08x", "X", "o", "#o", "e",
    ".2e", "12.2e", "f", ".0f", "010.3f", "-10.3f", "+.1f", "g", ".3g", "G", "s", "10s", "-10s", ".2s", "r",
    "a", "c", "5c", "i", "u", "05s", "b", "#d", "- d",
];

/// All these need not be folded, but what is folded must be right.
fn combinations() -> Vec<String> {
    let mut expressions = Vec::new();
    for receiver in RECEIVERS {
        for method in METHODS {
            expressions.push(format!("({receiver}).{method}()"));
            for argument in SECOND {
                expressions.push(format!("({receiver}).{method}({argument})"));
            }
            expressions.push(format!("({receiver}).{method}('a', 'b')"));
            expressions.push(format!("({receiver}).{method}(3, 'little')"));
            expressions.push(format!("({receiver}).{method}('a', 1, -1)"));
            expressions.push(format!("({receiver}).{method}(b'a', -3)"));
            expressions.push(format!("({receiver}).{method}(7, '*')"));
        }
        for function in FUNCTIONS {
            expressions.push(format!("{function}({receiver})"));
            for second in SECOND {
                expressions.push(format!("{function}({receiver}, {second})"));
            }
        }
        for operator in OPERATORS {
            for second in RECEIVERS.iter().chain(SECOND) {
                // CPython would not end.
                if matches!(*operator, "**" | "<<") && second.starts_with("9223") {
                    continue;
                }
                expressions.push(format!("({receiver}) {operator} ({second})"));
            }
        }
        for bounds in [
            "0", "-1", "1:", ":-1", "::2", "::-1", "3:0:-2", "-2:5", "5:-9:-1", "-9:9:3", "::-4", "99:",
            ":99",
        ] {
            expressions.push(format!("({receiver})[{bounds}]"));
        }
        for operator in ["-", "+", "~", "not "] {
            expressions.push(format!("{operator}({receiver})"));
        }
    }
    for number in NUMBERS {
        for spec in SPECS {
            expressions.push(format!("format({number}, '{spec}')"));
            expressions.push(format!("'{{:{spec}}}'.format({number})"));
        }
        for directive in DIRECTIVES {
            expressions.push(format!("'%{directive}' % ({number})"));
            expressions.push(format!("'%{directive}|%%' % ({number},)"));
            expressions.push(format!("b'%{directive}' % ({number})"));
        }
        for places in ["", ", 0", ", 1", ", 3", ", 17", ", -1"] {
            expressions.push(format!("round({number}{places})"));
        }
    }
    expressions
}

/// Reads a list of expressions and writes what each gives, in the words of [`canonical`].
const ORACLE: &str = r"
import ast, base64, binascii, codecs, collections.abc, gzip, html, itertools, json, math, operator, os, string, struct
import subprocess, sys, textwrap, urllib.parse, warnings, zlib
warnings.simplefilter('ignore')
def canonical(value):
    if value is None: return 'none'
    if isinstance(value, bool): return 'bool ' + str(value).lower()
    if isinstance(value, int): return 'int ' + str(value)
    if isinstance(value, float): return 'float ' + ('nan' if value != value else struct.pack('>d', value).hex())
    if isinstance(value, str): return 'text ' + value.encode().hex()
    if isinstance(value, (bytes, bytearray)): return 'bytes ' + value.hex()
    if isinstance(value, list): return 'list [' + ''.join(canonical(item) + ';' for item in value) + ']'
    if isinstance(value, tuple): return 'tuple [' + ''.join(canonical(item) + ';' for item in value) + ']'
    if isinstance(value, (collections.abc.Iterator, range)):
        return 'iterator [' + ''.join(canonical(item) + ';' for item in itertools.islice(value, 70000)) + ']'
    if isinstance(value, dict): return 'translation'
    return 'other ' + type(value).__name__
def given(expression):
    try:
        return canonical(eval(expression, globals()))
    except BaseException as error:
        return 'raises ' + type(error).__name__
json.dump([given(expression) for expression in json.load(sys.stdin)], sys.stdout)
";

fn canonical(value: &Constant) -> String {
    let items = |items: &[Constant]| {
        let mut text = "[".to_owned();
        for item in items {
            text += &canonical(item);
            text.push(';');
        }
        text + "]"
    };
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    match value {
        Constant::None => "none".to_owned(),
        Constant::Bool(value) => format!("bool {value}"),
        Constant::Int(value) => format!("int {value}"),
        Constant::Float(value) if value.is_nan() => "float nan".to_owned(),
        Constant::Float(value) => format!("float {}", hex(&value.to_be_bytes())),
        Constant::Text(text) => format!("text {}", hex(text.as_bytes())),
        Constant::Bytes(bytes) => format!("bytes {}", hex(bytes)),
        Constant::Sequence(list) => format!("list {}", items(list)),
        Constant::Tuple(tuple) => format!("tuple {}", items(tuple)),
        Constant::Iterator(iterator) => format!("iterator {}", items(iterator)),
        Constant::Translation(_) => "translation".to_owned(),
    }
}

/// What CPython gives; nothing if the tests are run without it.
fn asked(expressions: &[String]) -> Option<Vec<String>> {
    let Some(python) = std::env::var_os("HOLDPOINT_TEST_PYTHON") else {
        assert!(
            std::env::var_os("HOLDPOINT_TEST_NO_SKIP").is_none(),
            "HOLDPOINT_TEST_PYTHON must name an interpreter"
        );
        eprintln!("SKIPPED: set HOLDPOINT_TEST_PYTHON to an interpreter");
        return None;
    };
    let mut child = Command::new(python)
        .args(["-I", "-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(expressions).unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&text).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Folds an expression, as the resolver does.
fn folded(expression: &str) -> Option<Constant> {
    fold(ruff_python_parser::parse_expression(expression).unwrap().expr())
}

fn path(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) if matches!(name.id.as_str(), "str" | "bytes" | "bytearray" | "int") => {
            Some(format!("builtins.{}", name.id))
        }
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", path(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}

fn fold(expression: &Expr) -> Option<Constant> {
    let all = |expressions: &[Expr]| expressions.iter().map(fold).collect::<Option<Vec<_>>>();
    match expression {
        Expr::NoneLiteral(_) => Some(Constant::None),
        Expr::BooleanLiteral(literal) => Some(Constant::Bool(literal.value)),
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(value) => value.as_i64().map(Constant::Int),
            Number::Float(value) => Some(Constant::Float(*value)),
            Number::Complex { .. } => None,
        },
        Expr::StringLiteral(literal) => Constant::text(literal.value.to_str()),
        Expr::BytesLiteral(literal) => Constant::bytes(literal.value.bytes().collect::<Vec<_>>()),
        Expr::List(list) => Constant::list(all(&list.elts)?),
        Expr::Tuple(tuple) => Constant::tuple(all(&tuple.elts)?),
        // `-9223372036854775808` is a number that fits and a sign.
        Expr::UnaryOp(operation) => super::unary(operation.op, &fold(&operation.operand)?),
        Expr::BinOp(operation) => {
            super::binary(operation.op, &fold(&operation.left)?, &fold(&operation.right)?)
        }
        Expr::If(choice) => match fold(&choice.test)?.truth()? {
            true => fold(&choice.body),
            false => fold(&choice.orelse),
        },
        Expr::Attribute(_) => super::attribute(&path(expression)?),
        Expr::Subscript(subscript) => {
            let container = fold(&subscript.value)?;
            let Expr::Slice(slice) = &*subscript.slice else {
                return super::item(&container, &fold(&subscript.slice)?);
            };
            let mut bounds = Vec::new();
            for bound in [&slice.lower, &slice.upper, &slice.step] {
                bounds.push(match bound {
                    Some(bound) => Some(fold(bound)?),
                    None => None,
                });
            }
            let [lower, upper, step] = &bounds[..] else {
                unreachable!()
            };
            super::slice(&container, lower.as_ref(), upper.as_ref(), step.as_ref())
        }
        Expr::Call(call) => {
            let positional = all(&call.arguments.args)?;
            let mut named = Vec::new();
            for keyword in &call.arguments.keywords {
                named.push((keyword.arg.as_ref()?.as_str(), fold(&keyword.value)?));
            }
            let known = Known {
                positional: &positional,
                named: &named,
            };
            match &*call.func {
                Expr::Name(name) => super::call(&format!("builtins.{}", name.id), &known),
                Expr::Attribute(attribute) => match path(&call.func) {
                    Some(path) => super::call(&path, &known),
                    None => super::method(&fold(&attribute.value)?, attribute.attr.as_str(), &known),
                },
                _ => None,
            }
        }
        Expr::FString(string) => {
            let mut text = String::new();
            for part in &string.value {
                match part {
                    FStringPart::Literal(literal) => text += literal,
                    FStringPart::FString(string) => text += &fields(&string.elements)?,
                }
            }
            Constant::text(text)
        }
        _ => None,
    }
}

fn fields(elements: &InterpolatedStringElements) -> Option<String> {
    let mut text = String::new();
    for element in elements {
        match element {
            InterpolatedStringElement::Literal(literal) => text += &literal.value,
            InterpolatedStringElement::Interpolation(field) => {
                let conversion = match field.conversion {
                    ConversionFlag::None => None,
                    ConversionFlag::Str => Some('s'),
                    ConversionFlag::Repr => Some('r'),
                    ConversionFlag::Ascii => Some('a'),
                };
                let spec = match &field.format_spec {
                    Some(spec) => fields(&spec.elements)?,
                    None => String::new(),
                };
                text += &super::format(&fold(&field.expression)?, conversion, &spec)?;
            }
        }
    }
    Some(text)
}

/// One expression a line; one that begins with an opening parenthesis or quotes may go on.
fn listed(text: &str) -> Vec<String> {
    let mut expressions: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match expressions.last_mut() {
            Some(last) if open => {
                last.push('\n');
                last.push_str(line);
            }
            _ => expressions.push(line.to_owned()),
        }
        open ^= line.matches("'''").count() % 2 == 1;
    }
    expressions
}

fn differences(expressions: &[String], must: bool) -> Vec<String> {
    let Some(expected) = asked(expressions) else {
        return Vec::new();
    };
    assert_eq!(expected.len(), expressions.len());
    let mut differences = Vec::new();
    for (expression, expected) in expressions.iter().zip(expected) {
        match folded(expression) {
            Some(value) if canonical(&value) == expected => {}
            Some(value) => differences.push(format!(
                "{expression}\n    {}\n    not {expected}",
                canonical(&value)
            )),
            None if must => differences.push(format!("{expression}\n    not folded, but is {expected}")),
            None => {}
        }
    }
    differences
}

#[test]
fn what_is_listed_is_folded_as_cpython_computes_it() {
    let differences = differences(&listed(FOLDED), true);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn nothing_is_folded_to_what_cpython_does_not_compute() {
    let differences = differences(&combinations(), false);
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences[..differences.len().min(200)].join("\n")
    );
}

#[test]
fn most_combinations_that_give_a_value_are_folded() {
    let expressions = combinations();
    let Some(expected) = asked(&expressions) else {
        return;
    };
    let known: Vec<_> = expressions
        .iter()
        .zip(expected)
        .filter(|(_, expected)| !expected.starts_with("raises"))
        .collect();
    let missed: Vec<_> = known
        .iter()
        .filter(|(expression, _)| folded(expression).is_none())
        .collect();
    assert!(
        missed.len() * 6 < known.len(),
        "{} of {} are not folded: {missed:#?}",
        missed.len(),
        known.len()
    );
}

#[test]
fn what_cannot_be_known_is_not_folded() {
    for expression in listed(UNKNOWN) {
        let value = folded(&expression);
        assert!(
            value.is_none(),
            "{expression} is folded to {}",
            super::shown(&value.unwrap())
        );
    }
}

#[test]
fn what_is_compressed_is_not_inflated_beyond_the_limit() {
    for level in [0, 9] {
        for (length, fits) in [(MAX_LENGTH, true), (MAX_LENGTH + 1, false), (100 << 20, false)] {
            if level == 0 && length > 2 * MAX_LENGTH {
                continue;
            }
            let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'a'; length], level);
            let known = Known {
                positional: &[Constant::Bytes(bomb.into())],
                named: &[],
            };
            let value = super::call("zlib.decompress", &known);
            assert_eq!(value.is_some(), fits, "{length} bytes at level {level}");
        }
    }
}

#[test]
fn a_value_is_shown_as_python_prints_it() {
    for (expression, expected) in [
        ("150.0", "150.0"),
        ("1e-5", "1e-05"),
        ("-0.0", "-0.0"),
        ("'SR:C01'", "'SR:C01'"),
        ("\"it's\"", "\"it's\""),
        ("b'a\\xff'", "b'a\\xff'"),
        ("[1, 'a', (2,), None]", "[1, 'a', (2,), None]"),
        ("'a\\x1b[31m\\n\\u202eb\\u200b'", "'a\\x1b[31m\\n\\u202eb\\u200b'"),
        ("'5 µm → 3'", "'5 µm → 3'"),
        (
            "'a' * 1000",
            "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…",
        ),
        (
            "list(range(4000))",
            "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17…",
        ),
    ] {
        let shown = super::shown(&folded(expression).unwrap());
        assert!(
            shown == expected
                || (expected.ends_with('…') && shown.ends_with('…') && shown.chars().count() == 61),
            "{shown}"
        );
    }
}

fn constants() -> impl Strategy<Value = Constant> {
    let texts = prop_oneof![
        any::<String>(),
        "[-+0-9a-fA-F_xob. {}%:!\\[\\]<>=^,#]{0,12}",
        "\\{[0-9a-z]?(![rsa])?(:[*é]?[<>=^]?[+ ]?#?0?[0-9]{0,9},?(\\.[0-9]{1,9})?[a-z%]?)?\\}",
        "%[-+ #0]{0,2}[0-9]{0,9}(\\.[0-9]{0,9})?[a-zA-Z%]",
        Just("utf-16".to_owned()),
        Just("unicode_escape".to_owned()),
        Just("x".repeat(MAX_LENGTH)),
    ];
    let simple = prop_oneof![
        Just(Constant::None),
        any::<bool>().prop_map(Constant::Bool),
        prop_oneof![any::<i64>(), -300_i64..300, Just(i64::MIN), Just(i64::MAX)].prop_map(Constant::Int),
        prop_oneof![any::<f64>(), -3.0..3.0].prop_map(Constant::Float),
        texts.prop_map(|text| Constant::Text(text.into())),
        any::<Vec<u8>>().prop_map(|bytes| Constant::Bytes(bytes.into())),
    ];
    simple.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| Constant::Sequence(items.into())),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| Constant::Tuple(items.into())),
            proptest::collection::vec(inner, 0..4).prop_map(|items| Constant::Iterator(items.into())),
        ]
    })
}

fn size(value: &Constant) -> usize {
    match value {
        Constant::Text(text) => text.len(),
        Constant::Bytes(bytes) => bytes.len(),
        Constant::Sequence(items) | Constant::Tuple(items) | Constant::Iterator(items) => {
            items.len().max(items.iter().map(size).sum())
        }
        _ => 0,
    }
}

const ALL_OPERATORS: [Operator; 13] = [
    Operator::Add,
    Operator::Sub,
    Operator::Mult,
    Operator::MatMult,
    Operator::Div,
    Operator::Mod,
    Operator::Pow,
    Operator::LShift,
    Operator::RShift,
    Operator::BitOr,
    Operator::BitXor,
    Operator::BitAnd,
    Operator::FloorDiv,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folding_never_panics_and_stays_within_bounds(
        left in constants(),
        others in proptest::collection::vec(constants(), 0..4),
        name in prop_oneof![Just("encoding"), Just("sep"), Just("base"), Just("signed"), Just("x")],
        conversion in prop_oneof![Just(None), Just(Some('r')), Just(Some('a')), any::<Option<char>>()],
        spec in any::<String>(),
    ) {
        let mut results = Vec::new();
        let named: Vec<_> = others.get(2).map(|value| (name, value.clone())).into_iter().collect();
        let [first, second, third] = [0, 1, 2].map(|place| others.get(place));
        let right = first.unwrap_or(&left);
        results.extend(ALL_OPERATORS.map(|operator| super::binary(operator, &left, right)));
        for operator in [UnaryOp::Not, UnaryOp::USub, UnaryOp::UAdd, UnaryOp::Invert] {
            results.push(super::unary(operator, &left));
        }
        results.push(super::item(&left, right));
        results.push(super::slice(&left, first, second, third));
        let specs = [spec.as_str(), right.as_text().unwrap_or("")];
        for spec in specs {
            results.push(super::format(&left, conversion, spec).map(|text| Constant::Text(text.into())));
        }
        for named in [&named[..], &[]] {
            for positional in [&others[..], &[]] {
                let known = Known { positional, named };
                results.extend(METHODS.iter().map(|method| super::method(&left, method, &known)));
            }
            let mut positional = vec![left.clone()];
            positional.extend(others.iter().cloned());
            let known = Known { positional: &positional, named };
            for function in FUNCTIONS {
                let path = match function.split_once('.') {
                    None | Some(("str" | "bytes" | "int", _)) => format!("builtins.{function}"),
                    Some(_) => (*function).to_owned(),
                };
                results.push(super::call(&path, &known));
            }
        }
        prop_assert!(super::shown(&left).chars().count() <= 61);
        for result in results.into_iter().flatten() {
            prop_assert!(size(&result) <= MAX_LENGTH.max(size(&left)), "{} long", size(&result));
            let _ = super::shown(&result);
        }
    }
}

#[test]
fn a_sequence_within_sequences_is_bounded() {
    let mut value = Constant::Int(1);
    let mut depth = 0;
    while let Some(deeper) = Constant::list(vec![value.clone()]) {
        value = deeper;
        depth += 1;
    }
    assert_eq!(depth, super::MAX_DEPTH);
    let mut value = Constant::Text(Rc::from("x"));
    while let Some(wider) = Constant::tuple(vec![value.clone(), value.clone()]) {
        value = wider;
    }
    assert!(super::shown(&value).chars().count() <= 61);
}
