//! Methods of text, bytes and numbers.

use std::borrow::Cow;

use super::{
    Constant, Known, MAX_LENGTH, codecs, format, functions, is_settled, operators, transfer, translation,
};

/// `receiver.name(arguments)`.
pub(in super::super) fn method(receiver: &Constant, name: &str, arguments: &Known<'_>) -> Option<Constant> {
    match (receiver, name) {
        (Constant::Text(text), "format") => Constant::text(format::template(text, arguments)?),
        (Constant::Text(text), "encode") => codecs::encode(text, arguments),
        (Constant::Text(text), "translate") => translation::text(text, arguments),
        (Constant::Text(_), "maketrans") => translation::of_text(arguments),
        (Constant::Bytes(bytes), "decode") => codecs::decode(bytes, arguments),
        (Constant::Bytes(bytes), "translate") => translation::bytes(bytes, arguments),
        (Constant::Bytes(_), "maketrans") => translation::of_bytes(arguments),
        (Constant::Bytes(bytes), "hex") => {
            let [] = arguments.by_name([])?;
            Constant::text(transfer::to_hex(bytes)?)
        }
        (Constant::Bytes(_), "fromhex") => functions::from_hex(arguments),
        (Constant::Text(text), _) => {
            let receiver = Receiver {
                text: Cow::Borrowed(text),
                kind: Kind::Text,
            };
            receiver.method(name, arguments)
        }
        (Constant::Bytes(bytes), _) => {
            let receiver = Receiver {
                text: Cow::Owned(codecs::from_latin_1(bytes)),
                kind: Kind::Bytes,
            };
            receiver.method(name, arguments)
        }
        (Constant::Int(_) | Constant::Bool(_), _) => {
            functions::integer_method(receiver.as_integer()?, name, arguments)
        }
        (Constant::Float(value), "is_integer") => {
            let [] = arguments.by_name([])?;
            Some(Constant::Bool(value.fract() == 0.0))
        }
        (Constant::Sequence(items), "copy") => {
            let [] = arguments.by_name([])?;
            Constant::list(items.to_vec())
        }
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Bytes,
}

impl Kind {
    /// Bytes are read as characters of Latin-1, so that one rule does for both.
    fn read(self, value: &Constant) -> Option<Cow<'_, str>> {
        match (self, value) {
            (Self::Text, Constant::Text(text)) => Some(Cow::Borrowed(text)),
            (Self::Bytes, Constant::Bytes(bytes)) => Some(Cow::Owned(codecs::from_latin_1(bytes))),
            _ => None,
        }
    }

    fn give(self, text: &str) -> Option<Constant> {
        match self {
            Self::Text => Constant::text(text),
            Self::Bytes => Constant::bytes(codecs::to_latin_1(text)?),
        }
    }

    fn is_space(self, character: char) -> bool {
        match self {
            Self::Text => character.is_whitespace() || matches!(character, '\x1c'..='\x1f'),
            Self::Bytes => matches!(character, ' ' | '\t'..='\r'),
        }
    }

    fn is_line_end(self, character: char) -> bool {
        match self {
            Self::Text => matches!(
                character,
                '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
            ),
            Self::Bytes => matches!(character, '\n' | '\r'),
        }
    }
}

struct Receiver<'a> {
    text: Cow<'a, str>,
    kind: Kind,
}

/// From which side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

impl Receiver<'_> {
    fn method(&self, name: &str, known: &Known<'_>) -> Option<Constant> {
        match name {
            "join" => self.join(known),
            "replace" => self.replace(known),
            "upper" | "lower" | "title" | "capitalize" | "swapcase" | "casefold" => {
                let [] = known.by_name([])?;
                self.kind.give(&self.cased(name)?)
            }
            "strip" => self.strip(known, Side::Both),
            "lstrip" => self.strip(known, Side::Left),
            "rstrip" => self.strip(known, Side::Right),
            "split" => self.split(known, Side::Left),
            "rsplit" => self.split(known, Side::Right),
            "splitlines" => self.split_lines(known),
            "partition" => self.partition(known, Side::Left),
            "rpartition" => self.partition(known, Side::Right),
            "removeprefix" | "removesuffix" => {
                let [part] = known.by_name([""])?;
                let part = self.kind.read(part?)?;
                let rest = if name == "removeprefix" {
                    self.text.strip_prefix(&*part)
                } else {
                    self.text.strip_suffix(&*part)
                };
                self.kind.give(rest.unwrap_or(&self.text))
            }
            "center" | "ljust" | "rjust" | "zfill" => self.padded(name, known),
            "count" | "find" | "index" | "rfind" | "rindex" => self.find(name, known),
            "startswith" | "endswith" => self.affix(name == "startswith", known),
            "expandtabs" => self.expand_tabs(known),
            _ => {
                let [] = known.by_name([])?;
                self.is(name).map(Constant::Bool)
            }
        }
    }

    fn join(&self, known: &Known<'_>) -> Option<Constant> {
        let [parts] = known.by_name([""])?;
        let mut result = String::new();
        for (place, part) in parts?.items()?.iter().enumerate() {
            if place > 0 {
                result.push_str(&self.text);
            }
            result.push_str(&self.kind.read(part)?);
            if result.len() > 2 * MAX_LENGTH {
                return None;
            }
        }
        self.kind.give(&result)
    }

    fn replace(&self, known: &Known<'_>) -> Option<Constant> {
        let [old, new, count] = known.by_name(["", "", "count"])?;
        let (old, new) = (self.kind.read(old?)?, self.kind.read(new?)?);
        let limit = count.map_or(Some(-1), Constant::as_integer)?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let times = self.text.matches(&*old).take(limit).count();
        let length =
            (self.text.len() - old.len().checked_mul(times)?).checked_add(new.len().checked_mul(times)?)?;
        if length > 2 * MAX_LENGTH {
            return None;
        }
        self.kind.give(&self.text.replacen(&*old, &new, times))
    }

    /// With letters beyond ASCII only what every version does alike.
    fn cased(&self, name: &str) -> Option<String> {
        let text = &*self.text;
        if self.kind == Kind::Text && !text.is_ascii() {
            let settled = text.chars().all(is_settled) && text.len() <= MAX_LENGTH;
            return match name {
                "upper" if settled => Some(text.to_uppercase()),
                "lower" if settled => Some(text.to_lowercase()),
                _ => None,
            };
        }
        let mut within_word = false;
        let mut first = true;
        let change = |character: char| {
            let (inside, at_start) = (within_word, first);
            within_word = character.is_ascii_alphabetic();
            first = false;
            match name {
                "upper" => character.to_ascii_uppercase(),
                "swapcase" if character.is_ascii_lowercase() => character.to_ascii_uppercase(),
                "title" if !inside => character.to_ascii_uppercase(),
                "capitalize" if at_start => character.to_ascii_uppercase(),
                _ => character.to_ascii_lowercase(),
            }
        };
        (name != "casefold" || self.kind == Kind::Text).then(|| text.chars().map(change).collect())
    }

    fn strip(&self, known: &Known<'_>, side: Side) -> Option<Constant> {
        let [characters] = known.by_name([""])?;
        let characters = match characters {
            None | Some(Constant::None) => None,
            Some(value) => {
                let mut characters: Vec<char> = self.kind.read(value)?.chars().collect();
                characters.sort_unstable();
                Some(characters)
            }
        };
        let dropped = |character: char| match &characters {
            None => self.kind.is_space(character),
            Some(characters) => characters.binary_search(&character).is_ok(),
        };
        self.kind.give(match side {
            Side::Left => self.text.trim_start_matches(dropped),
            Side::Right => self.text.trim_end_matches(dropped),
            Side::Both => self.text.trim_matches(dropped),
        })
    }

    fn split(&self, known: &Known<'_>, side: Side) -> Option<Constant> {
        let [separator, most] = known.by_name(["sep", "maxsplit"])?;
        let most = most.map_or(Some(-1), Constant::as_integer)?;
        let most = usize::try_from(most)
            .unwrap_or(usize::MAX - 1)
            .min(usize::MAX - 1);
        let mut parts = match separator {
            None | Some(Constant::None) => self.words(most, side),
            Some(separator) => {
                let separator = self.kind.read(separator)?;
                if separator.is_empty() {
                    return None;
                }
                // One more than may be kept is enough to know that.
                let enough = MAX_LENGTH + 1;
                match side {
                    Side::Right => self.text.rsplitn(most + 1, &*separator).take(enough).collect(),
                    _ => self
                        .text
                        .splitn(most + 1, &*separator)
                        .take(enough)
                        .collect::<Vec<_>>(),
                }
            }
        };
        if side == Side::Right {
            parts.reverse();
        }
        self.all(parts)
    }

    fn all(&self, parts: Vec<&str>) -> Option<Constant> {
        if parts.len() > MAX_LENGTH {
            return None;
        }
        let parts: Option<Vec<_>> = parts.into_iter().map(|part| self.kind.give(part)).collect();
        Constant::list(parts?)
    }

    /// What stands between white space, from the side that is asked for.
    fn words(&self, most: usize, side: Side) -> Vec<&str> {
        let space = |character: char| self.kind.is_space(character);
        let trim = |text| match side {
            Side::Right => str::trim_end_matches(text, space),
            _ => str::trim_start_matches(text, space),
        };
        let mut parts = Vec::new();
        let mut rest: &str = trim(&*self.text);
        while parts.len() < most.min(MAX_LENGTH + 1) && !rest.is_empty() {
            let (word, after) = match side {
                Side::Right => {
                    let start = rest.rfind(space).map_or(0, |place| {
                        place
                            + rest
                                .get(place..)
                                .and_then(|rest| rest.chars().next())
                                .map_or(0, char::len_utf8)
                    });
                    let (after, word) = rest.split_at(start);
                    (word, after)
                }
                _ => rest.split_at(rest.find(space).unwrap_or(rest.len())),
            };
            parts.push(word);
            rest = trim(after);
        }
        if !rest.is_empty() {
            parts.push(rest);
        }
        parts
    }

    fn split_lines(&self, known: &Known<'_>) -> Option<Constant> {
        let [keep] = known.by_name(["keepends"])?;
        let keep = keep.map_or(Some(0), Constant::as_integer)? != 0;
        let mut lines = Vec::new();
        let mut rest = &*self.text;
        while !rest.is_empty() && lines.len() <= MAX_LENGTH {
            let end = rest
                .find(|character| self.kind.is_line_end(character))
                .unwrap_or(rest.len());
            let (line, after) = rest.split_at_checked(end)?;
            let length = match after.chars().next() {
                Some('\r') if after.starts_with("\r\n") => 2,
                Some(character) => character.len_utf8(),
                None => 0,
            };
            lines.push(if keep { rest.get(..end + length)? } else { line });
            rest = after.get(length..)?;
        }
        self.all(lines)
    }

    fn partition(&self, known: &Known<'_>, side: Side) -> Option<Constant> {
        let [separator] = known.by_name([""])?;
        let separator = self.kind.read(separator?)?;
        if separator.is_empty() {
            return None;
        }
        let parts = if side == Side::Left {
            match self.text.split_once(&*separator) {
                Some((before, after)) => [before, &separator, after],
                None => [&self.text, "", ""],
            }
        } else {
            match self.text.rsplit_once(&*separator) {
                Some((before, after)) => [before, &separator, after],
                None => ["", "", &self.text],
            }
        };
        let parts: Option<Vec<_>> = parts.into_iter().map(|part| self.kind.give(part)).collect();
        Constant::tuple(parts?)
    }

    fn padded(&self, name: &str, known: &Known<'_>) -> Option<Constant> {
        let [width, fill] = known.by_name(["", ""])?;
        let width = usize::try_from(width?.as_integer()?).unwrap_or(0);
        if name == "zfill" {
            let sign = self
                .text
                .find(['+', '-'])
                .filter(|place| *place == 0)
                .map_or(0, |_| 1);
            let (sign, digits) = self.text.split_at_checked(sign)?;
            let width = width.saturating_sub(sign.len());
            let digits = format::padded(digits, width, '0', '>').filter(|_| fill.is_none())?;
            return self.kind.give(&format!("{sign}{digits}"));
        }
        let fill = match fill {
            None => ' ',
            Some(fill) => {
                let fill = self.kind.read(fill)?;
                let mut characters = fill.chars();
                characters.next().filter(|_| characters.next().is_none())?
            }
        };
        let align = match name {
            "ljust" => '<',
            "rjust" => '>',
            _ => {
                // Python puts the odd one to the left where the width is odd.
                let length = self.text.chars().count();
                let missing = width.saturating_sub(length);
                let left = missing / 2 + (missing & width & 1);
                let start = format::padded(&self.text, length.saturating_add(left), fill, '>')?;
                return self.kind.give(&format::padded(&start, width, fill, '<')?);
            }
        };
        self.kind.give(&format::padded(&self.text, width, fill, align)?)
    }

    /// The part between the bounds, and the number of characters before it; nothing if they cross.
    fn within(&self, lower: Option<&Constant>, upper: Option<&Constant>) -> Option<Option<(&str, usize)>> {
        let (lower, upper) = (operators::bound(lower)?, operators::bound(upper)?);
        if lower.is_none() && upper.is_none() {
            return Some(Some((&self.text, 0)));
        }
        let length = self.text.chars().count();
        let place = |bound: i64| match usize::try_from(bound.unsigned_abs()) {
            Ok(distance) if bound < 0 => length.saturating_sub(distance),
            Ok(distance) => distance,
            Err(_) => usize::MAX,
        };
        let (lower, upper) = (lower.map_or(0, place), upper.map_or(length, place).min(length));
        if lower > upper {
            return Some(None);
        }
        let offset = |place: usize| {
            self.text
                .char_indices()
                .nth(place)
                .map_or(self.text.len(), |(offset, _)| offset)
        };
        Some(Some((self.text.get(offset(lower)..offset(upper))?, lower)))
    }

    fn find(&self, name: &str, known: &Known<'_>) -> Option<Constant> {
        let [wanted, lower, upper] = known.by_name(["", "", ""])?;
        let wanted = self.kind.read(wanted?)?;
        let part = self.within(lower, upper)?;
        let count = |number: usize| i64::try_from(number).ok().map(Constant::Int);
        if name == "count" {
            return count(part.map_or(0, |(part, _)| part.matches(&*wanted).count()));
        }
        let found = part.and_then(|(part, before)| {
            let offset = if name.starts_with('r') {
                part.rfind(&*wanted)?
            } else {
                part.find(&*wanted)?
            };
            Some(before + part.get(..offset)?.chars().count())
        });
        match found {
            Some(place) => count(place),
            None if name.ends_with("find") => Some(Constant::Int(-1)),
            None => None,
        }
    }

    fn affix(&self, start: bool, known: &Known<'_>) -> Option<Constant> {
        let [wanted, lower, upper] = known.by_name(["", "", ""])?;
        let part = self.within(lower, upper)?.map(|(part, _)| part);
        let holds = |wanted: &Constant| {
            let wanted = self.kind.read(wanted)?;
            Some(part.is_some_and(|part| {
                if start {
                    part.starts_with(&*wanted)
                } else {
                    part.ends_with(&*wanted)
                }
            }))
        };
        let holds = match wanted? {
            Constant::Tuple(items) => {
                let all: Option<Vec<bool>> = items.iter().map(holds).collect();
                all?.contains(&true)
            }
            wanted => holds(wanted)?,
        };
        Some(Constant::Bool(holds))
    }

    fn expand_tabs(&self, known: &Known<'_>) -> Option<Constant> {
        let [size] = known.by_name(["tabsize"])?;
        let size = usize::try_from(size.map_or(Some(8), Constant::as_integer)?).unwrap_or(0);
        let mut result = String::new();
        let mut column = 0;
        for character in self.text.chars() {
            match character {
                '\t' => {
                    let missing = if size == 0 { 0 } else { size - column % size };
                    if missing > MAX_LENGTH {
                        return None;
                    }
                    result.extend(std::iter::repeat_n(' ', missing));
                    column += missing;
                }
                _ => {
                    result.push(character);
                    column = if matches!(character, '\n' | '\r') {
                        0
                    } else {
                        column + 1
                    };
                }
            }
            if result.len() > 2 * MAX_LENGTH {
                return None;
            }
        }
        self.kind.give(&result)
    }

    /// `isalpha` and the like, of ASCII; bytes beyond it have no properties.
    fn is(&self, name: &str) -> Option<bool> {
        if name == "isascii" {
            return Some(self.text.is_ascii());
        }
        if self.kind == Kind::Text && !self.text.is_ascii() {
            return None;
        }
        let some_and_all =
            |test: fn(&char) -> bool| !self.text.is_empty() && self.text.chars().all(|it| test(&it));
        let any = |test: fn(&char) -> bool| self.text.chars().any(|it| test(&it));
        let is_text = self.kind == Kind::Text;
        Some(match name {
            "isalpha" => some_and_all(char::is_ascii_alphabetic),
            "isalnum" => some_and_all(char::is_ascii_alphanumeric),
            "isdigit" => some_and_all(char::is_ascii_digit),
            "isdecimal" | "isnumeric" if is_text => some_and_all(char::is_ascii_digit),
            "isspace" => {
                !self.text.is_empty() && self.text.chars().all(|character| self.kind.is_space(character))
            }
            "isupper" => any(char::is_ascii_uppercase) && !any(char::is_ascii_lowercase),
            "islower" => any(char::is_ascii_lowercase) && !any(char::is_ascii_uppercase),
            "isprintable" if is_text => self.text.chars().all(|character| matches!(character, ' '..='~')),
            "isidentifier" if is_text => {
                !self.text.starts_with(|first: char| first.is_ascii_digit())
                    && some_and_all(|character| character.is_ascii_alphanumeric() || *character == '_')
            }
            _ => return None,
        })
    }
}
