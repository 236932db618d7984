//! The code in a model's answer.

/// Why an answer gives no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It holds no code.
    Empty,
    /// It ends inside a fence, so that nobody knows what is missing.
    Open,
}

/// The code in a model's answer, its own bytes untouched.
///
/// - A leading byte order mark and a leading `<think>…</think>` are left out.
/// - An answer without fences is code as it is, without the blank lines around it. So is one whose fences all
///   stand inside triple-quoted strings: they belong to the program.
/// - Of several fenced blocks those marked as Python count, otherwise those not marked at all; of these the
///   longest, the later one of equals. Blocks are never joined: two variants of one program, one after the
///   other, would do everything twice.
/// - In a fenced block everything counts between the line of the opening and that of the closing fence. A
///   fence inside a triple-quoted string does not close the block.
///
/// # Errors
/// [`Unreadable::Open`] if the last block is not closed: even code that parses may have lost its end.
pub fn code(answer: &str) -> Result<String, Unreadable> {
    let answer = answer.strip_prefix('\u{feff}').unwrap_or(answer);
    let answer = without_thoughts(answer)?;
    let found = if is_bare(answer) {
        trim_blank_lines(answer)
    } else {
        longest(blocks(answer)?)
    };
    if found.trim().is_empty() {
        Err(Unreadable::Empty)
    } else {
        Ok(found.to_owned())
    }
}

fn without_thoughts(answer: &str) -> Result<&str, Unreadable> {
    match answer.trim_start().strip_prefix("<think>") {
        None => Ok(answer),
        Some(thoughts) => thoughts
            .split_once("</think>")
            .map(|(_, rest)| rest)
            .ok_or(Unreadable::Open),
    }
}

/// A line that may open or close a block.
#[derive(Clone, Copy)]
struct Fence<'a> {
    mark: char,
    length: usize,
    info: &'a str,
}

impl<'a> Fence<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        let stands = line.len() - text.len() <= 3 && length >= 3 && !(mark == '`' && info.contains('`'));
        stands.then(|| Self {
            mark,
            length,
            info: info.trim(),
        })
    }

    fn closes(self, opening: Fence<'_>) -> bool {
        self.mark == opening.mark && self.length >= opening.length && self.info.is_empty()
    }

    fn language(self) -> Language {
        let word = self.info.split([' ', '\t', ',', ':']).next().unwrap_or_default();
        match word.trim_matches(['{', '}', '.']).to_lowercase().as_str() {
            "" => Language::Unmarked,
            "python" | "py" | "python3" | "py3" => Language::Python,
            _ => Language::Other,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Language {
    Other,
    Unmarked,
    Python,
}

struct Block<'a> {
    language: Language,
    text: &'a str,
}

/// The lines of a text with their ends, and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    })
}

/// Whether the answer is a program by itself: no fence in it, or only such as stand in its strings.
fn is_bare(answer: &str) -> bool {
    let mut strings = Strings::default();
    for (_, line) in lines(answer) {
        if Fence::of(line.trim_end()).is_some() && strings.open.is_none() {
            return false;
        }
        strings.read(line);
    }
    // A string that never ends is prose with quotes in it, or broken code: then fences count as fences.
    strings.open.is_none() || !lines(answer).any(|(_, line)| Fence::of(line.trim_end()).is_some())
}

fn blocks(answer: &str) -> Result<Vec<Block<'_>>, Unreadable> {
    let mut blocks = Vec::new();
    let mut rest = answer;
    while let Some((start, line, opening)) =
        lines(rest).find_map(|(at, line)| Fence::of(line.trim_end()).map(|fence| (at, line, fence)))
    {
        let language = opening.language();
        let body = &rest[start + line.len()..];
        let (end, after) = (language != Language::Other)
            .then(|| closing(body, opening, true))
            .flatten()
            .or_else(|| closing(body, opening, false))
            .ok_or(Unreadable::Open)?;
        // The line end before the closing fence belongs to the fence; it is as long as the opening one's.
        let line_end = if line.ends_with("\r\n") { "\r\n" } else { "\n" };
        let text = &body[..end];
        blocks.push(Block {
            language,
            text: text.strip_suffix(line_end).unwrap_or(text),
        });
        rest = &body[after..];
    }
    Ok(blocks)
}

/// Where the line of the closing fence begins and ends. `in_python`: strings of the code are stepped over.
fn closing(body: &str, opening: Fence<'_>, in_python: bool) -> Option<(usize, usize)> {
    let mut strings = Strings::default();
    for (at, line) in lines(body) {
        let in_string = in_python && strings.open.is_some();
        if !in_string && Fence::of(line.trim_end()).is_some_and(|fence| fence.closes(opening)) {
            return Some((at, at + line.len()));
        }
        strings.read(line);
    }
    None
}

fn longest(blocks: Vec<Block<'_>>) -> &str {
    blocks
        .into_iter()
        .filter(|block| block.language != Language::Other && !block.text.trim().is_empty())
        .max_by_key(|block| (block.language, block.text.len()))
        .map_or("", |block| block.text)
}

fn trim_blank_lines(text: &str) -> &str {
    let first = lines(text)
        .find(|(_, line)| !line.trim().is_empty())
        .map_or(text.len(), |(at, _)| at);
    let last = lines(text).filter(|(_, line)| !line.trim().is_empty()).last();
    let end = last.map_or(text.len(), |(at, line)| {
        at + line.trim_end_matches(['\r', '\n']).len()
    });
    &text[first.min(end)..end]
}

/// Follows Python's strings from line to line, just far enough to know whether a triple-quoted one is open.
#[derive(Default)]
struct Strings {
    open: Option<&'static str>,
}

impl Strings {
    fn read(&mut self, line: &str) {
        let mut rest = line;
        let mut single: Option<char> = None;
        while let Some(next) = rest.chars().next() {
            let triple = ["\"\"\"", "'''"]
                .into_iter()
                .find(|quotes| rest.starts_with(quotes));
            let mut step = next.len_utf8();
            match (self.open, single) {
                (_, _) if next == '\\' && (self.open.is_some() || single.is_some()) => {
                    step += rest[1..].chars().next().map_or(0, char::len_utf8);
                }
                (Some(_), _) if triple == self.open => {
                    self.open = None;
                    step = 3;
                }
                (None, Some(quote)) if next == quote => single = None,
                (None, None) if next == '#' => return,
                (None, None) if triple.is_some() => {
                    self.open = triple;
                    step = 3;
                }
                (None, None) if matches!(next, '"' | '\'') => single = Some(next),
                _ => {}
            }
            rest = &rest[step..];
        }
    }
}
