//! Functions and constants by their dotted path.

use ruff_python_ast::{Operator, UnaryOp};

use super::{Constant, Known, MAX_LENGTH, builtins, codecs, literals, methods, operators, transfer};

/// The constants of the standard library that code builds names and values from.
const TEXTS: [(&str, &str); 22] = [
    ("string.ascii_lowercase", "abcdefghijklmnopqrstuvwxyz"),
    ("string.ascii_uppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    (
        "string.ascii_letters",
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ),
    ("string.digits", "0123456789"),
    ("string.hexdigits", "0123456789abcdefABCDEF"),
    ("string.octdigits", "01234567"),
    ("string.punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    ("string.whitespace", " \t\n\r\x0b\x0c"),
    (
        "string.printable",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\x0b\x0c",
    ),
    ("os.sep", "/"),
    ("os.path.sep", "/"),
    ("os.pathsep", ":"),
    ("os.path.pathsep", ":"),
    ("os.curdir", "."),
    ("os.path.curdir", "."),
    ("os.pardir", ".."),
    ("os.path.pardir", ".."),
    ("os.extsep", "."),
    ("os.path.extsep", "."),
    ("os.linesep", "\n"),
    ("os.name", "posix"),
    ("sys.byteorder", "little"),
];

/// What an attribute of a module holds, as in `string.digits`.
pub(in super::super) fn attribute(path: &str) -> Option<Constant> {
    if let Some((_, text)) = TEXTS.iter().find(|(known, _)| *known == path) {
        return Constant::text(*text);
    }
    Some(match path {
        "math.pi" => Constant::Float(std::f64::consts::PI),
        "math.e" => Constant::Float(std::f64::consts::E),
        "math.tau" => Constant::Float(std::f64::consts::TAU),
        "math.inf" => Constant::Float(f64::INFINITY),
        "math.nan" => Constant::Float(f64::NAN),
        "sys.maxsize" => Constant::Int(i64::MAX),
        "sys.maxunicode" => Constant::Int(0x0010_ffff),
        "zlib.MAX_WBITS" => Constant::Int(15),
        _ => return None,
    })
}

/// Whether calls below the module or type `root` may be known.
pub(in super::super) fn is_known_root(root: &str) -> bool {
    matches!(
        root,
        "builtins"
            | "base64"
            | "binascii"
            | "codecs"
            | "_codecs"
            | "zlib"
            | "gzip"
            | "html"
            | "urllib"
            | "operator"
            | "_operator"
            | "json"
            | "ast"
            | "textwrap"
            | "shlex"
    )
}

/// A call of what the dotted `path` names, as in `builtins.chr` or `base64.b64decode`.
pub(in super::super) fn call(path: &str, arguments: &Known<'_>) -> Option<Constant> {
    let (module, name) = path.rsplit_once('.')?;
    match module {
        "builtins" => builtins::call(name, arguments),
        "builtins.str" => match name {
            "maketrans" => super::translation::of_text(arguments),
            _ => unbound(name, arguments, |receiver| matches!(receiver, Constant::Text(_))),
        },
        "builtins.bytes" | "builtins.bytearray" => match name {
            "fromhex" => from_hex(arguments),
            "maketrans" => super::translation::of_bytes(arguments),
            _ => unbound(name, arguments, |receiver| matches!(receiver, Constant::Bytes(_))),
        },
        "builtins.int" => match name {
            "from_bytes" => integer_from_bytes(arguments),
            _ => unbound(name, arguments, |receiver| matches!(receiver, Constant::Int(_))),
        },
        "base64" | "binascii" => of_base(name, arguments),
        "codecs" | "_codecs" => match name {
            "decode" => codecs::codecs_decode(arguments),
            "encode" => codecs::codecs_encode(arguments),
            _ => None,
        },
        "zlib" if name == "decompress" => {
            let [data, window, _size] = arguments.by_name(["", "wbits", "bufsize"])?;
            let window = window.map_or(Some(15), Constant::as_integer)?;
            Constant::bytes(transfer::inflated(data?.as_bytes()?, window)?)
        }
        "gzip" if name == "decompress" => {
            let [data] = arguments.by_name(["data"])?;
            Constant::bytes(transfer::unzipped(data?.as_bytes()?)?)
        }
        "html" if name == "unescape" => {
            let [text] = arguments.by_name(["s"])?;
            Constant::text(transfer::unescaped_html(text?.as_text()?)?)
        }
        "urllib.parse" => of_urls(name, arguments),
        "operator" | "_operator" => operator(name, arguments),
        "json" if name == "loads" => {
            let [text] = arguments.by_name(["s"])?;
            literals::json(text?)
        }
        "ast" if name == "literal_eval" => {
            let [text] = arguments.by_name(["node_or_string"])?;
            literals::python(text?.as_text()?)
        }
        "shlex" if name == "split" => {
            let [text, comments, posix] = arguments.by_name(["s", "comments", "posix"])?;
            let plain = comments.is_none() && posix.is_none();
            literals::words(text.filter(|_| plain)?.as_text()?)
        }
        "textwrap" if name == "dedent" => {
            let [text] = arguments.by_name(["text"])?;
            literals::dedented(text?.as_text()?)
        }
        _ => None,
    }
}

/// `str.upper(receiver)` and the like.
fn unbound(name: &str, arguments: &Known<'_>, is_right: fn(&Constant) -> bool) -> Option<Constant> {
    let (receiver, positional) = arguments.positional.split_first()?;
    let rest = Known {
        positional,
        named: arguments.named,
    };
    is_right(receiver)
        .then(|| methods::method(receiver, name, &rest))
        .flatten()
}

/// `bytes.fromhex(digits)`.
pub(super) fn from_hex(arguments: &Known<'_>) -> Option<Constant> {
    let [digits] = arguments.by_name([""])?;
    Constant::bytes(transfer::from_hex(digits?.as_text()?)?)
}

/// The order of bytes that is asked for; without one Python has the big end first.
fn little_end_first(order: Option<&Constant>) -> Option<bool> {
    match order.map_or(Some("big"), Constant::as_text)? {
        "little" => Some(true),
        "big" => Some(false),
        _ => None,
    }
}

fn integer_from_bytes(arguments: &Known<'_>) -> Option<Constant> {
    // Whether there is a sign can only be said by name.
    let (signed, others): (Vec<_>, Vec<_>) = arguments
        .named
        .iter()
        .cloned()
        .partition(|(name, _)| *name == "signed");
    let others = Known {
        positional: arguments.positional,
        named: &others,
    };
    let [bytes, order] = others.by_name(["bytes", "byteorder"])?;
    let signed = signed.first().map_or(Some(false), |(_, signed)| signed.truth())?;
    let mut bytes = match bytes? {
        Constant::Bytes(bytes) => bytes.to_vec(),
        _ => return None,
    };
    if little_end_first(order)? {
        bytes.reverse();
    }
    let negative = signed && bytes.first().is_some_and(|byte| *byte >= 0x80);
    let mut value = if negative { -1_i128 } else { 0 };
    for byte in bytes {
        value = value.checked_mul(256)? + i128::from(byte);
    }
    i64::try_from(value).ok().map(Constant::Int)
}

/// Methods of integers.
pub(super) fn integer_method(value: i64, name: &str, arguments: &Known<'_>) -> Option<Constant> {
    match name {
        "to_bytes" => {
            let (signed, others): (Vec<_>, Vec<_>) = arguments
                .named
                .iter()
                .cloned()
                .partition(|(name, _)| *name == "signed");
            let others = Known {
                positional: arguments.positional,
                named: &others,
            };
            let [length, order] = others.by_name(["length", "byteorder"])?;
            let signed = signed.first().map_or(Some(false), |(_, signed)| signed.truth())?;
            let length = usize::try_from(length.map_or(Some(1), Constant::as_integer)?).ok()?;
            if length > MAX_LENGTH || (value < 0 && !signed) {
                return None;
            }
            let fill = if value < 0 { 0xff } else { 0 };
            let mut bytes = value.to_le_bytes().to_vec();
            let dropped = bytes.split_off(length.min(bytes.len()));
            bytes.resize(length, fill);
            // What is dropped must say nothing, and the sign must be left.
            let sign_kept =
                !signed || value == 0 || bytes.last().is_some_and(|byte| (*byte >= 0x80) == (value < 0));
            if dropped.iter().any(|byte| *byte != fill) || !sign_kept {
                return None;
            }
            if !little_end_first(order)? {
                bytes.reverse();
            }
            Constant::bytes(bytes)
        }
        "bit_length" => {
            let [] = arguments.by_name([])?;
            Some(Constant::Int(i64::from(
                64 - value.unsigned_abs().leading_zeros(),
            )))
        }
        _ => None,
    }
}

/// Bytes, or the bytes of an ASCII text.
fn ascii_or_bytes(value: &Constant) -> Option<&[u8]> {
    match value {
        Constant::Bytes(bytes) => Some(bytes),
        Constant::Text(text) if text.is_ascii() => Some(text.as_bytes()),
        _ => None,
    }
}

/// The modules `base64` and `binascii`, whose names differ.
fn of_base(name: &str, arguments: &Known<'_>) -> Option<Constant> {
    let only = || {
        let [value] = arguments.by_name(["s"])?;
        value
    };
    let optional_flag = |flag: Option<&Constant>| flag.map_or(Some(false), Constant::truth);
    let bytes = match name {
        "b64decode" => {
            let [value, extra, strict] = arguments.by_name(["s", "altchars", "validate"])?;
            let value = ascii_or_bytes(value?)?;
            let strict = optional_flag(strict)?;
            transfer::from_base_64(value, alphabet(extra)?, strict)
        }
        "b64encode" => {
            let [value, extra] = arguments.by_name(["s", "altchars"])?;
            if let Some(Constant::Text(_)) = extra {
                return None;
            }
            transfer::to_base_64(value?.as_bytes()?, alphabet(extra)?)
        }
        "standard_b64decode" => transfer::from_base_64(ascii_or_bytes(only()?)?, *b"+/", false),
        "a2b_base64" => {
            let [value] = arguments.by_name([""])?;
            transfer::from_base_64(ascii_or_bytes(value?)?, *b"+/", false)
        }
        "urlsafe_b64decode" => transfer::from_base_64(ascii_or_bytes(only()?)?, *b"-_", false),
        "standard_b64encode" => transfer::to_base_64(only()?.as_bytes()?, *b"+/"),
        "urlsafe_b64encode" => transfer::to_base_64(only()?.as_bytes()?, *b"-_"),
        "decodebytes" => transfer::from_base_64(only()?.as_bytes()?, *b"+/", false),
        "encodebytes" => {
            let mut result = Vec::new();
            for line in only()?
                .as_bytes()
                .filter(|bytes| bytes.len() <= MAX_LENGTH)?
                .chunks(57)
            {
                result.extend(transfer::to_base_64(line, *b"+/")?);
                result.push(b'\n');
            }
            Some(result)
        }
        "b2a_base64" => {
            let [value, newline] = arguments.by_name(["", "newline"])?;
            // It can only be given by name.
            if arguments.positional.len() != 1 {
                return None;
            }
            let mut result = transfer::to_base_64(value?.as_bytes()?, *b"+/")?;
            if newline.map_or(Some(true), Constant::truth)? {
                result.push(b'\n');
            }
            Some(result)
        }
        "b32decode" => {
            let [value, fold] = arguments.by_name(["s", "casefold"])?;
            transfer::from_base_32(ascii_or_bytes(value?)?, optional_flag(fold)?)
        }
        "b32encode" => transfer::to_base_32(only()?.as_bytes()?),
        "b16decode" => {
            let [value, fold] = arguments.by_name(["s", "casefold"])?;
            let value = ascii_or_bytes(value?)?;
            if !optional_flag(fold)? && value.iter().any(u8::is_ascii_lowercase) {
                return None;
            }
            transfer::from_hex_digits(value)
        }
        "b16encode" => Some(
            transfer::to_hex(only()?.as_bytes()?)?
                .to_ascii_uppercase()
                .into_bytes(),
        ),
        "b85decode" => {
            let [value] = arguments.by_name(["b"])?;
            transfer::from_base_85(ascii_or_bytes(value?)?)
        }
        "b85encode" => {
            let [value] = arguments.by_name(["b"])?;
            transfer::to_base_85(value?.as_bytes()?)
        }
        "a85decode" => {
            let [value] = arguments.by_name(["b"])?;
            transfer::from_ascii_85(ascii_or_bytes(value?)?)
        }
        "unhexlify" | "a2b_hex" => {
            let [value] = arguments.by_name(["hexstr"])?;
            transfer::from_hex_digits(ascii_or_bytes(value?)?)
        }
        "hexlify" | "b2a_hex" => {
            let [value] = arguments.by_name(["data"])?;
            Some(transfer::to_hex(value?.as_bytes()?)?.into_bytes())
        }
        _ => return None,
    };
    Constant::bytes(bytes?)
}

/// The two characters for 62 and 63, which may not be others' as well.
fn alphabet(extra: Option<&Constant>) -> Option<[u8; 2]> {
    match extra {
        None | Some(Constant::None) => Some(*b"+/"),
        Some(extra) => {
            let extra: [u8; 2] = ascii_or_bytes(extra)?.try_into().ok()?;
            let is_free = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'=';
            (extra.iter().all(is_free) && extra[0] != extra[1]).then_some(extra)
        }
    }
}

fn of_urls(name: &str, arguments: &Known<'_>) -> Option<Constant> {
    match name {
        "unquote" => {
            let [text] = arguments.by_name(["string"])?;
            Constant::text(transfer::unquoted(text?.as_text()?)?)
        }
        "unquote_plus" => {
            let [text] = arguments.by_name(["string"])?;
            let text = text?.as_text().filter(|text| text.len() <= MAX_LENGTH)?;
            Constant::text(transfer::unquoted(&text.replace('+', " "))?)
        }
        "quote" => {
            let [text, safe] = arguments.by_name(["string", "safe"])?;
            let bytes = match text? {
                Constant::Text(text) => text.as_bytes(),
                text => text.as_bytes()?,
            };
            Constant::text(transfer::quoted(
                bytes,
                safe.map_or(Some("/"), Constant::as_text)?,
            )?)
        }
        _ => None,
    }
}

/// The module `operator`.
fn operator(name: &str, arguments: &Known<'_>) -> Option<Constant> {
    if !arguments.named.is_empty() {
        return None;
    }
    let name = name.trim_matches('_');
    match arguments.positional {
        [operand] => match name {
            "neg" => operators::unary(UnaryOp::USub, operand),
            "pos" => operators::unary(UnaryOp::UAdd, operand),
            "inv" | "invert" => operators::unary(UnaryOp::Invert, operand),
            "not" => operators::unary(UnaryOp::Not, operand),
            "index" => operand.as_integer().map(Constant::Int),
            _ => None,
        },
        [left, right] => {
            let operator = match name {
                "getitem" => return operators::item(left, right),
                "concat" if left.as_number().is_none() => Operator::Add,
                "add" => Operator::Add,
                "sub" => Operator::Sub,
                "mul" => Operator::Mult,
                "truediv" => Operator::Div,
                "floordiv" => Operator::FloorDiv,
                "mod" => Operator::Mod,
                "pow" => Operator::Pow,
                "lshift" => Operator::LShift,
                "rshift" => Operator::RShift,
                "and" => Operator::BitAnd,
                "or" => Operator::BitOr,
                "xor" => Operator::BitXor,
                _ => return None,
            };
            operators::binary(operator, left, right)
        }
        _ => None,
    }
}
