//! Formatting: the mini-language of `format` and f-strings, `str.format`, and `%`.

use super::{Constant, Known, MAX_LENGTH, codecs, operators, printing};

/// More digits than any float has; so many are not made.
const MAX_PRECISION: usize = 1_100;

/// What the fields of one template may read together.
const MAX_READ: usize = 4 * MAX_LENGTH;

/// What a replacement field of an f-string gives: `conversion` is `s`, `r` or `a`.
pub(in super::super) fn format(value: &Constant, conversion: Option<char>, spec: &str) -> Option<String> {
    let converted = match conversion {
        None => return formatted(value, spec),
        Some('s') => printing::plain(value)?,
        Some('r') => printing::repr(value)?,
        Some('a') => printing::ascii(value)?,
        Some(_) => return None,
    };
    formatted(&Constant::text(converted)?, spec)
}

/// A format specification, taken apart.
struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zeros: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn parse(spec: &str) -> Option<Self> {
        let is_align = |character: &char| matches!(character, '<' | '>' | '^' | '=');
        let mut rest = spec;
        let mut characters = rest.chars();
        let (first, second) = (characters.next(), characters.next());
        let mut fill = None;
        let mut align = None;
        if let (Some(first), Some(second)) = (first, second.filter(is_align)) {
            fill = Some(first);
            align = Some(second);
            rest = characters.as_str();
        } else if let Some(first) = first.filter(is_align) {
            align = Some(first);
            rest = rest.strip_prefix(first)?;
        }
        let sign = take(&mut rest, &['+', '-', ' ']);
        let alternate = take(&mut rest, &['#']).is_some();
        let zeros = fill.is_none() && take(&mut rest, &['0']).is_some();
        let width = number(&mut rest)?.unwrap_or(0);
        let grouping = take(&mut rest, &[',', '_']);
        let precision = match take(&mut rest, &['.']) {
            Some(_) => Some(number(&mut rest)??),
            None => None,
        };
        let mut characters = rest.chars();
        let kind = characters.next();
        (characters.next().is_none() && width <= MAX_LENGTH).then_some(Self {
            fill: fill.unwrap_or(if zeros { '0' } else { ' ' }),
            align,
            sign,
            alternate,
            zeros,
            width,
            grouping,
            precision,
            kind,
        })
    }
}

fn take(rest: &mut &str, wanted: &[char]) -> Option<char> {
    let character = rest
        .chars()
        .next()
        .filter(|character| wanted.contains(character))?;
    *rest = rest.get(character.len_utf8()..)?;
    Some(character)
}

/// The number that stands next, if one does; nothing if it is too large.
fn number(rest: &mut &str) -> Option<Option<usize>> {
    let end = rest
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    *rest = after;
    if digits.is_empty() {
        return Some(None);
    }
    digits.parse().ok().map(Some)
}

fn formatted(value: &Constant, spec: &str) -> Option<String> {
    if spec.is_empty() {
        return printing::plain(value);
    }
    let spec = Spec::parse(spec)?;
    match value {
        Constant::Text(text) => formatted_text(text, &spec),
        Constant::Int(_) | Constant::Bool(_) => formatted_integer(value.as_integer()?, &spec),
        Constant::Float(value) => formatted_float(*value, &spec),
        _ => None,
    }
}

fn formatted_text(text: &str, spec: &Spec) -> Option<String> {
    let plain = spec.sign.is_none() && !spec.alternate && !spec.zeros && spec.grouping.is_none();
    if !plain || !matches!(spec.kind, None | Some('s')) || spec.align == Some('=') {
        return None;
    }
    let shortened: String = text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
    padded(&shortened, spec.width, spec.fill, spec.align.unwrap_or('<'))
}

/// The text with `fill` around it, so that it has `width` characters.
pub(super) fn padded(text: &str, width: usize, fill: char, align: char) -> Option<String> {
    let missing = width.saturating_sub(text.chars().count());
    if missing.checked_mul(fill.len_utf8())?.checked_add(text.len())? > MAX_LENGTH {
        return None;
    }
    let before = match align {
        '<' => 0,
        '^' => missing / 2,
        _ => missing,
    };
    let fill = |times: usize| std::iter::repeat_n(fill, times);
    Some(
        fill(before)
            .chain(text.chars())
            .chain(fill(missing - before))
            .collect(),
    )
}

/// A number in parts.
struct Numeral {
    sign: &'static str,
    prefix: &'static str,
    /// The digits before the point.
    whole: String,
    /// All that follows them.
    rest: String,
}

impl Numeral {
    fn laid_out(&self, spec: &Spec, group: usize) -> Option<String> {
        let align = spec.align.unwrap_or(if spec.zeros { '=' } else { '>' });
        let outside = self.sign.len() + self.prefix.len() + self.rest.len();
        let mut whole = self.whole.clone();
        if spec.fill == '0' && align == '=' {
            let separators = |digits: usize| spec.grouping.map_or(0, |_| digits.saturating_sub(1) / group);
            let mut digits = whole.len();
            while outside + digits + separators(digits) < spec.width {
                digits += 1;
            }
            whole.insert_str(0, &"0".repeat(digits - whole.len()));
        }
        if let Some(separator) = spec.grouping {
            whole = grouped(&whole, separator, group);
        }
        let start = format!("{}{}", self.sign, self.prefix);
        let end = format!("{whole}{}", self.rest);
        if align == '=' {
            let width = spec.width.saturating_sub(start.len());
            return Some(start + &padded(&end, width, spec.fill, '>')?);
        }
        padded(&(start + &end), spec.width, spec.fill, align)
    }
}

fn grouped(digits: &str, separator: char, group: usize) -> String {
    let mut result = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(group) {
            result.push(separator);
        }
        result.push(digit);
    }
    result
}

fn sign_of(negative: bool, sign: Option<char>) -> &'static str {
    match sign {
        _ if negative => "-",
        Some('+') => "+",
        Some(' ') => " ",
        _ => "",
    }
}

fn formatted_integer(value: i64, spec: &Spec) -> Option<String> {
    if let Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') = spec.kind {
        return formatted_float(Constant::Int(value).as_number()?, spec);
    }
    if spec.precision.is_some() {
        return None;
    }
    if spec.kind == Some('c') {
        let plain = spec.sign.is_none() && !spec.alternate && !spec.zeros && spec.grouping.is_none();
        let character = char::from_u32(u32::try_from(value).ok()?)?;
        let text = character.to_string();
        return plain
            .then(|| padded(&text, spec.width, spec.fill, spec.align.unwrap_or('>')))
            .flatten();
    }
    let kind = spec.kind.unwrap_or('d');
    let (whole, prefix) = magnitude(value, kind)?;
    let group = if kind == 'd' { 3 } else { 4 };
    if kind != 'd' && spec.grouping == Some(',') {
        return None;
    }
    Numeral {
        sign: sign_of(value < 0, spec.sign),
        prefix: if spec.alternate { prefix } else { "" },
        whole,
        rest: String::new(),
    }
    .laid_out(spec, group)
}

/// The digits, without sign, and what Python writes before them.
fn magnitude(value: i64, kind: char) -> Option<(String, &'static str)> {
    let value = value.unsigned_abs();
    Some(match kind {
        'd' => (format!("{value}"), ""),
        'b' => (format!("{value:b}"), "0b"),
        'o' => (format!("{value:o}"), "0o"),
        'x' => (format!("{value:x}"), "0x"),
        'X' => (format!("{value:X}"), "0X"),
        _ => return None,
    })
}

fn formatted_float(value: f64, spec: &Spec) -> Option<String> {
    if spec.alternate {
        return None;
    }
    let body = float_body(value, spec.kind, spec.precision)?;
    let (whole, rest) = body.split_at_checked(
        body.find(|character: char| !character.is_ascii_digit())
            .unwrap_or(body.len()),
    )?;
    Numeral {
        sign: sign_of(value.is_sign_negative(), spec.sign),
        prefix: "",
        whole: whole.to_owned(),
        rest: rest.to_owned(),
    }
    .laid_out(spec, 3)
}

/// The number without its sign, as `kind` and `precision` have it.
fn float_body(value: f64, kind: Option<char>, precision: Option<usize>) -> Option<String> {
    let value = value.abs();
    if !value.is_finite() || precision.is_some_and(|precision| precision > MAX_PRECISION) {
        return None;
    }
    let places = precision.unwrap_or(6);
    let upper = kind.is_some_and(|kind| kind.is_ascii_uppercase());
    Some(match kind {
        Some('f' | 'F') => format!("{value:.places$}"),
        Some('%') => {
            let hundredths = value * 100.0;
            if !hundredths.is_finite() {
                return None;
            }
            format!("{hundredths:.places$}%")
        }
        Some('e' | 'E') => {
            let (digits, point) = printing::digits_and_point(&format!("{value:.places$e}"));
            printing::scientific(&digits, point, upper)
        }
        None if precision.is_none() => printing::float(value),
        None | Some('g' | 'G') => {
            let places = places.max(1);
            let (digits, point) = printing::digits_and_point(&format!("{value:.*e}", places - 1));
            let short = match digits.trim_end_matches('0') {
                "" => "0",
                short => short,
            };
            // Without a kind, one digit after the point is kept, and room for it.
            let limit = i32::try_from(places).ok()? - i32::from(kind.is_none());
            if point <= -4 || point > limit {
                printing::scientific(short, point, upper)
            } else {
                printing::positional(short, point, kind.is_none())
            }
        }
        Some(_) => return None,
    })
}

/// `text.format(arguments)`.
pub(super) fn template(text: &str, known: &Known<'_>) -> Option<String> {
    let mut filling = Filling {
        known,
        automatic: None,
        next: 0,
        read: 0,
    };
    filling.fill(text, 2)
}

struct Filling<'a> {
    known: &'a Known<'a>,
    /// Whether the fields are numbered by themselves; one template may not do both.
    automatic: Option<bool>,
    next: usize,
    read: usize,
}

impl Filling<'_> {
    fn fill(&mut self, text: &str, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let mut result = String::new();
        let mut rest = text;
        while let Some(place) = rest.find(['{', '}']) {
            let (before, at) = rest.split_at_checked(place)?;
            result.push_str(before);
            if at.starts_with("{{") || at.starts_with("}}") {
                // In a specification they mean something else.
                if depth == 0 {
                    return None;
                }
                result.push_str(at.get(..1)?);
                rest = at.get(2..)?;
            } else {
                let inner = at.strip_prefix('{')?;
                let end = closing(inner)?;
                let field = inner.get(..end)?;
                result.push_str(&self.field(field, depth)?);
                rest = inner.get(end + 1..)?;
            }
            if result.len() > MAX_LENGTH {
                return None;
            }
        }
        result.push_str(rest);
        (result.len() <= MAX_LENGTH).then_some(result)
    }

    fn field(&mut self, field: &str, depth: usize) -> Option<String> {
        let (name, after) = field.split_at_checked(field.find(['!', ':']).unwrap_or(field.len()))?;
        let (conversion, spec) = match after.strip_prefix('!') {
            Some(after) => {
                let mut characters = after.chars();
                let conversion = characters.next()?;
                match characters.as_str() {
                    "" => (Some(conversion), ""),
                    after => (Some(conversion), after.strip_prefix(':')?),
                }
            }
            None => (None, after.strip_prefix(':').unwrap_or("")),
        };
        let value = self.value(name)?;
        self.read = self.read.checked_add(value.measure().0)?;
        if self.read > MAX_READ {
            return None;
        }
        let spec = if spec.contains(['{', '}']) {
            self.fill(spec, depth)?
        } else {
            spec.to_owned()
        };
        format(&value, conversion, &spec)
    }

    fn value(&mut self, name: &str) -> Option<Constant> {
        let (first, indices) = name.split_at_checked(name.find(['[', '.']).unwrap_or(name.len()))?;
        let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
        let mut value = if is_number {
            let automatic = first.is_empty();
            if *self.automatic.get_or_insert(automatic) != automatic {
                return None;
            }
            let place = if automatic { self.next } else { first.parse().ok()? };
            self.next += 1;
            self.known.positional.get(place)?.clone()
        } else {
            let mut named = self.known.named.iter();
            named.find(|(name, _)| *name == first)?.1.clone()
        };
        let mut rest = indices;
        while !rest.is_empty() {
            let (index, after) = rest.strip_prefix('[')?.split_once(']')?;
            if !index.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            value = operators::item(&value, &Constant::Int(index.parse().ok()?))?;
            rest = after;
        }
        Some(value)
    }
}

/// Where the brace that is open closes.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(place);
        }
    }
    None
}

/// `template % arguments`, of text and of bytes.
pub(super) fn percent(template: &Constant, arguments: &Constant) -> Option<Constant> {
    let single = std::slice::from_ref(arguments);
    let mut arguments = match arguments {
        Constant::Tuple(items) => items.iter(),
        _ => single.iter(),
    };
    let (text, of_bytes) = match template {
        Constant::Text(text) => (text.to_string(), false),
        Constant::Bytes(bytes) => (codecs::from_latin_1(bytes), true),
        _ => return None,
    };
    let mut result = String::new();
    let mut rest = text.as_str();
    while let Some((before, directive)) = rest.split_once('%') {
        result.push_str(before);
        rest = directive;
        if take(&mut rest, &['%']).is_some() {
            result.push('%');
        } else {
            let directive = Directive::parse(&mut rest)?;
            result.push_str(&directive.apply(arguments.next()?, of_bytes)?);
        }
        if result.len() > 2 * MAX_LENGTH {
            return None;
        }
    }
    result.push_str(rest);
    if arguments.next().is_some() {
        return None;
    }
    if of_bytes {
        return Constant::bytes(codecs::to_latin_1(&result)?);
    }
    Constant::text(result)
}

/// What follows a percent sign.
struct Directive {
    left: bool,
    zeros: bool,
    alternate: bool,
    sign: Option<char>,
    width: usize,
    precision: Option<usize>,
    kind: char,
}

impl Directive {
    fn parse(rest: &mut &str) -> Option<Self> {
        let mut directive = Self {
            left: false,
            zeros: false,
            alternate: false,
            sign: None,
            width: 0,
            precision: None,
            kind: ' ',
        };
        while let Some(flag) = take(rest, &['-', '+', ' ', '#', '0']) {
            match flag {
                '-' => directive.left = true,
                '0' => directive.zeros = true,
                '#' => directive.alternate = true,
                '+' => directive.sign = Some('+'),
                _ if directive.sign.is_none() => directive.sign = Some(' '),
                _ => {}
            }
        }
        directive.width = number(rest)?.unwrap_or(0);
        if take(rest, &['.']).is_some() {
            directive.precision = Some(number(rest)?.unwrap_or(0));
        }
        directive.kind = rest.chars().next()?;
        *rest = rest.get(directive.kind.len_utf8()..)?;
        (directive.width <= MAX_LENGTH).then_some(directive)
    }

    fn apply(&self, value: &Constant, of_bytes: bool) -> Option<String> {
        let text = match (self.kind, value) {
            ('s' | 'b', Constant::Bytes(bytes)) if of_bytes => codecs::from_latin_1(bytes),
            ('s' | 'b', _) if of_bytes => return None,
            ('s', _) => printing::plain(value)?,
            ('r', _) if !of_bytes => printing::repr(value)?,
            ('r' | 'a', _) => printing::ascii(value)?,
            ('c', Constant::Text(text)) if !of_bytes && text.chars().count() == 1 => text.to_string(),
            ('c', Constant::Int(_)) => {
                let character = char::from_u32(u32::try_from(value.as_integer()?).ok()?)?;
                if of_bytes && !matches!(character, '\0'..='\u{ff}') {
                    return None;
                }
                character.to_string()
            }
            _ => return self.numeral(value),
        };
        // Python ignores these, but not in every version.
        if self.alternate
            || self.zeros
            || self.sign.is_some()
            || (self.kind == 'c' && self.precision.is_some())
        {
            return None;
        }
        let shortened: String = text.chars().take(self.precision.unwrap_or(usize::MAX)).collect();
        padded(&shortened, self.width, ' ', if self.left { '<' } else { '>' })
    }

    fn numeral(&self, value: &Constant) -> Option<String> {
        let spec = Spec {
            fill: if self.zeros && !self.left { '0' } else { ' ' },
            align: self.left.then_some('<'),
            sign: self.sign,
            alternate: self.alternate,
            zeros: self.zeros && !self.left,
            width: self.width,
            grouping: None,
            precision: None,
            kind: None,
        };
        let kind = match self.kind {
            'i' | 'u' => 'd',
            kind => kind,
        };
        if matches!(kind, 'e' | 'E' | 'f' | 'F' | 'g' | 'G') {
            let spec = Spec {
                precision: self.precision,
                kind: Some(kind),
                ..spec
            };
            return formatted_float(value.as_number()?, &spec);
        }
        let value = match value {
            Constant::Float(value) if kind == 'd' => truncated(*value)?,
            _ => value.as_integer()?,
        };
        let (digits, prefix) = magnitude(value, kind).filter(|_| kind != 'b')?;
        let least = self.precision.unwrap_or(0);
        if least > MAX_PRECISION {
            return None;
        }
        Numeral {
            sign: sign_of(value < 0, self.sign),
            prefix: if self.alternate { prefix } else { "" },
            whole: format!("{digits:0>least$}"),
            rest: String::new(),
        }
        .laid_out(&spec, 3)
    }
}

/// The number without its fraction, if it is in range.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(super) fn truncated(value: f64) -> Option<i64> {
    (value.abs() < 9.2e18).then_some(value as i64)
}
