//! Python's built-in functions.

use std::cmp::Ordering;

use ruff_python_ast::Operator;

use super::{Constant, Known, MAX_LENGTH, codecs, format, operators, printing};

/// `name(arguments)`.
pub(super) fn call(name: &str, arguments: &Known<'_>) -> Option<Constant> {
    let one = || {
        let [value] = arguments.by_name([""])?;
        value
    };
    match name {
        "str" => text(arguments),
        "bytes" | "bytearray" => bytes(arguments),
        "int" => integer(arguments),
        "float" => float(arguments),
        "bool" => {
            let [value] = arguments.by_name([""])?;
            value.map_or(Some(false), Constant::truth).map(Constant::Bool)
        }
        "chr" => {
            let character = char::from_u32(u32::try_from(one()?.as_integer()?).ok()?)?;
            Constant::text(character.to_string())
        }
        "ord" => match one()? {
            Constant::Text(text) => {
                let mut characters = text.chars();
                let character = characters.next().filter(|_| characters.next().is_none())?;
                Some(Constant::Int(i64::from(u32::from(character))))
            }
            Constant::Bytes(bytes) => match **bytes {
                [byte] => Some(Constant::Int(i64::from(byte))),
                _ => None,
            },
            _ => None,
        },
        "hex" => spelled(one()?, "#x"),
        "oct" => spelled(one()?, "#o"),
        "bin" => spelled(one()?, "#b"),
        "len" => length(one()?),
        "abs" => match one()? {
            Constant::Float(value) => Some(Constant::Float(value.abs())),
            value => value.as_integer()?.checked_abs().map(Constant::Int),
        },
        "min" => extreme(arguments, Ordering::Less),
        "max" => extreme(arguments, Ordering::Greater),
        "sum" => sum(arguments),
        "round" => round(arguments),
        "divmod" => {
            let [left, right] = arguments.by_name(["", ""])?;
            let quotient = operators::binary(Operator::FloorDiv, left?, right?)?;
            let remainder = match left? {
                Constant::Text(_) | Constant::Bytes(_) => return None,
                left => operators::binary(Operator::Mod, left, right?)?,
            };
            Constant::tuple(vec![quotient, remainder])
        }
        "pow" => power(arguments),
        "reversed" => match one()? {
            Constant::Iterator(_) => None,
            value => {
                let mut items = value.items()?;
                items.reverse();
                Constant::iterator(items)
            }
        },
        "sorted" => sorted(arguments),
        "list" => Constant::list(optional_items(arguments)?),
        "tuple" => Constant::tuple(optional_items(arguments)?),
        "iter" => Constant::iterator(one()?.items()?),
        "range" => range(arguments),
        "zip" => zip(arguments),
        "enumerate" => {
            let [items, start] = arguments.by_name(["iterable", "start"])?;
            let mut number = start.map_or(Some(0), Constant::as_integer)?;
            let mut pairs = Vec::new();
            for item in items?.items()? {
                pairs.push(Constant::tuple(vec![Constant::Int(number), item])?);
                number = number.checked_add(1)?;
            }
            Constant::iterator(pairs)
        }
        "repr" => Constant::text(printing::repr(one()?)?),
        "ascii" => Constant::text(printing::ascii(one()?)?),
        "format" => {
            let [value, spec] = arguments.by_name(["", ""])?;
            let spec = spec.map_or(Some(""), Constant::as_text)?;
            Constant::text(format::format(value?, None, spec)?)
        }
        "all" => {
            let truths: Option<Vec<bool>> = one()?.items()?.iter().map(Constant::truth).collect();
            Some(Constant::Bool(!truths?.contains(&false)))
        }
        "any" => {
            let truths: Option<Vec<bool>> = one()?.items()?.iter().map(Constant::truth).collect();
            Some(Constant::Bool(truths?.contains(&true)))
        }
        _ => None,
    }
}

fn text(arguments: &Known<'_>) -> Option<Constant> {
    let [value, encoding, errors] = arguments.by_name(["object", "encoding", "errors"])?;
    let Some(value) = value else {
        return Constant::text("").filter(|_| encoding.is_none() && errors.is_none());
    };
    if encoding.is_none() && errors.is_none() {
        return Constant::text(printing::plain(value)?);
    }
    decoding(encoding, errors, |known| codecs::decode(value.as_bytes()?, known))
}

fn decoding(
    encoding: Option<&Constant>,
    errors: Option<&Constant>,
    work: impl FnOnce(&Known<'_>) -> Option<Constant>,
) -> Option<Constant> {
    let named = [("encoding", encoding), ("errors", errors)];
    let named: Vec<_> = named
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?.clone())))
        .collect();
    work(&Known {
        positional: &[],
        named: &named,
    })
}

fn bytes(arguments: &Known<'_>) -> Option<Constant> {
    let [value, encoding, errors] = arguments.by_name(["source", "encoding", "errors"])?;
    let plain = encoding.is_none() && errors.is_none();
    match value {
        None if plain => Constant::bytes([]),
        Some(Constant::Text(text)) if encoding.is_some() => {
            decoding(encoding, errors, |known| codecs::encode(text, known))
        }
        Some(Constant::Bytes(bytes)) if plain => Constant::bytes(&**bytes),
        Some(value @ (Constant::Int(_) | Constant::Bool(_))) if plain => {
            let length = usize::try_from(value.as_integer()?).ok()?;
            (length <= MAX_LENGTH)
                .then(|| Constant::bytes(vec![0; length]))
                .flatten()
        }
        Some(value @ (Constant::Sequence(_) | Constant::Tuple(_) | Constant::Iterator(_))) if plain => {
            let bytes: Option<Vec<u8>> = value
                .items()?
                .iter()
                .map(|item| u8::try_from(item.as_integer()?).ok())
                .collect();
            Constant::bytes(bytes?)
        }
        _ => None,
    }
}

fn integer(arguments: &Known<'_>) -> Option<Constant> {
    let [value, base] = arguments.by_name(["", "base"])?;
    let text = match (value, base) {
        (None, None) => return Some(Constant::Int(0)),
        (Some(Constant::Float(value)), None) => return format::truncated(*value).map(Constant::Int),
        (Some(value @ (Constant::Int(_) | Constant::Bool(_))), None) => {
            return value.as_integer().map(Constant::Int);
        }
        (Some(Constant::Text(text)), _) => text.to_string(),
        (Some(Constant::Bytes(bytes)), _) => codecs::from_latin_1(bytes),
        _ => return None,
    };
    let base = base.map_or(Some(10), Constant::as_integer)?;
    integer_of(&text, u32::try_from(base).ok()?).map(Constant::Int)
}

fn integer_of(text: &str, base: u32) -> Option<i64> {
    if !text.is_ascii() || base == 1 || base > 36 {
        return None;
    }
    let text = text.trim_matches(|character| matches!(character, ' ' | '\t'..='\r'));
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let prefixes = [(2, ["0b", "0B"]), (8, ["0o", "0O"]), (16, ["0x", "0X"])];
    let prefixed = prefixes.iter().find_map(|(of, prefixes)| {
        let rest = prefixes.iter().find_map(|prefix| digits.strip_prefix(prefix))?;
        (base == 0 || base == *of).then_some((*of, rest))
    });
    let (digits, base) = match prefixed {
        // An underscore may stand after the prefix.
        Some((of, rest)) => (rest.strip_prefix('_').unwrap_or(rest), of),
        // Without a prefix a zero may only be followed by zeros.
        None if base == 0
            && digits.starts_with('0')
            && digits.contains(|digit| !matches!(digit, '0' | '_')) =>
        {
            return None;
        }
        None => (digits, if base == 0 { 10 } else { base }),
    };
    let mut value = 0_i64;
    for group in digits.split('_') {
        if group.is_empty() {
            return None;
        }
        for digit in group.chars() {
            let digit = i64::from(digit.to_digit(base)?);
            value = value.checked_mul(i64::from(base))?;
            value = if negative {
                value.checked_sub(digit)?
            } else {
                value.checked_add(digit)?
            };
        }
    }
    Some(value)
}

fn float(arguments: &Known<'_>) -> Option<Constant> {
    let [value] = arguments.by_name([""])?;
    match value {
        None => Some(Constant::Float(0.0)),
        Some(Constant::Text(text)) => float_of(text).map(Constant::Float),
        Some(value) => value.as_number().map(Constant::Float),
    }
}

fn float_of(text: &str) -> Option<f64> {
    let text = text.trim_matches(|character| matches!(character, ' ' | '\t'..='\r'));
    let unsigned = text.trim_start_matches(['+', '-']);
    let word = ["inf", "infinity", "nan"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word));
    let number = unsigned
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    (word || number).then(|| text.parse().ok()).flatten()
}

fn spelled(value: &Constant, spec: &str) -> Option<Constant> {
    let value = Constant::Int(value.as_integer()?);
    Constant::text(format::format(&value, None, spec)?)
}

fn length(value: &Constant) -> Option<Constant> {
    let length = match value {
        Constant::Text(text) => text.chars().count(),
        Constant::Bytes(bytes) => bytes.len(),
        Constant::Sequence(items) | Constant::Tuple(items) => items.len(),
        _ => return None,
    };
    i64::try_from(length).ok().map(Constant::Int)
}

/// How Python orders the two, if it orders them.
fn order(left: &Constant, right: &Constant) -> Option<Ordering> {
    match (left, right) {
        (Constant::Text(left), Constant::Text(right)) => Some(left.cmp(right)),
        (Constant::Bytes(left), Constant::Bytes(right)) => Some(left.cmp(right)),
        _ => match (left.as_integer(), right.as_integer()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_number()?.partial_cmp(&right.as_number()?),
        },
    }
}

fn extreme(arguments: &Known<'_>, wanted: Ordering) -> Option<Constant> {
    if !arguments.named.is_empty() {
        return None;
    }
    let items = match arguments.positional {
        [items] => items.items()?,
        items => items.to_vec(),
    };
    let mut items = items.into_iter();
    let mut best = items.next()?;
    // One that is equal to itself can be ordered at all.
    order(&best, &best)?;
    for item in items {
        if order(&item, &best)? == wanted {
            best = item;
        }
    }
    Some(best)
}

fn sum(arguments: &Known<'_>) -> Option<Constant> {
    let [items, start] = arguments.by_name(["", "start"])?;
    let mut total = match start {
        None => 0,
        Some(Constant::Int(start)) => *start,
        Some(_) => return None,
    };
    for item in items?.items()? {
        // Versions differ in how they add floats.
        total = total.checked_add(item.as_integer()?)?;
    }
    Some(Constant::Int(total))
}

fn round(arguments: &Known<'_>) -> Option<Constant> {
    let [value, places] = arguments.by_name(["number", "ndigits"])?;
    let places = operators::bound(places)?;
    match (value?, places) {
        (Constant::Float(value), None) => format::truncated(value.round_ties_even()).map(Constant::Int),
        (Constant::Float(value), Some(places @ 0..=300)) if value.is_finite() => {
            let places = usize::try_from(places).ok()?;
            format!("{value:.places$}").parse().ok().map(Constant::Float)
        }
        (value, None | Some(0..)) => value.as_integer().map(Constant::Int),
        _ => None,
    }
}

fn power(arguments: &Known<'_>) -> Option<Constant> {
    let [base, exponent, modulus] = arguments.by_name(["base", "exp", "mod"])?;
    let (base, exponent) = (base?, exponent?);
    let modulus = match modulus {
        None | Some(Constant::None) => return operators::binary(Operator::Pow, base, exponent),
        Some(modulus) => i128::from(modulus.as_integer()?),
    };
    let mut exponent = u64::try_from(exponent.as_integer()?).ok()?;
    let mut square = i128::from(base.as_integer()?).checked_rem_euclid(modulus)?;
    let mut result = 1_i128.checked_rem_euclid(modulus)?;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result.checked_mul(square)?.checked_rem_euclid(modulus)?;
        }
        square = square.checked_mul(square)?.checked_rem_euclid(modulus)?;
        exponent >>= 1;
    }
    // The result has the sign of the modulus.
    if modulus < 0 && result != 0 {
        result += modulus;
    }
    i64::try_from(result).ok().map(Constant::Int)
}

fn sorted(arguments: &Known<'_>) -> Option<Constant> {
    let (items, reverse) = match (arguments.positional, arguments.named) {
        ([items], []) => (items.items()?, false),
        ([items], [("reverse", reverse)]) => (items.items()?, reverse.truth()?),
        _ => return None,
    };
    // All must be of one kind, or they could not all be compared.
    let first = items.first().cloned().unwrap_or(Constant::None);
    if items
        .iter()
        .any(|item| order(item, &first).is_none() || item.as_number().is_some_and(f64::is_nan))
    {
        return None;
    }
    let mut items = items;
    items.sort_by(|left, right| {
        let order = order(left, right).unwrap_or(Ordering::Equal);
        if reverse { order.reverse() } else { order }
    });
    Constant::list(items)
}

fn optional_items(arguments: &Known<'_>) -> Option<Vec<Constant>> {
    let [items] = arguments.by_name([""])?;
    items.map_or(Some(Vec::new()), Constant::items)
}

/// The longest range that is written out.
const MAX_RANGE: usize = 4096;

fn range(arguments: &Known<'_>) -> Option<Constant> {
    let [first, second, step] = arguments.by_name(["", "", ""])?;
    let first = first?.as_integer()?;
    let (start, end) = match second {
        None => (0, first),
        Some(second) => (first, second.as_integer()?),
    };
    let step = step.map_or(Some(1), Constant::as_integer)?;
    if step == 0 {
        return None;
    }
    let way = match step > 0 {
        true => i128::from(end) - i128::from(start),
        false => i128::from(start) - i128::from(end),
    };
    let wide = i128::from(step).abs();
    let length = usize::try_from((way.max(0) + wide - 1) / wide).ok()?;
    if length > MAX_RANGE {
        return None;
    }
    let items = std::iter::successors(Some(start), |at| at.checked_add(step)).map(Constant::Int);
    Constant::iterator(items.take(length).collect())
}

fn zip(arguments: &Known<'_>) -> Option<Constant> {
    if !arguments.named.is_empty() {
        return None;
    }
    let columns: Option<Vec<_>> = arguments.positional.iter().map(Constant::items).collect();
    let columns = columns?;
    let length = columns.iter().map(Vec::len).min().unwrap_or(0);
    let rows: Option<Vec<_>> = (0..length)
        .map(|row| {
            columns
                .iter()
                .map(|column| column.get(row).cloned())
                .collect::<Option<Vec<_>>>()
        })
        .map(|row| Constant::tuple(row?))
        .collect();
    Constant::iterator(rows?)
}
