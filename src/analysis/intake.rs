//! How bytes become text that is safe to parse: decoding as Python does it, and a scan that refuses
//! what would exhaust the stack of a recursive parser.

use std::borrow::Cow;

/// The stack of the thread that parses, walks and drops the tree. The limits below keep even a
/// debug build well under it.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Why there is nothing to analyze.
#[derive(Debug)]
pub(super) enum Refusal {
    /// CPython would not accept it either.
    Syntax { line: u32, column: u32, message: String },
    /// Nobody can tell what it does.
    Unanalysable { code: &'static str, message: String },
}

impl Refusal {
    pub(super) fn syntax(line: u32, message: impl Into<String>) -> Self {
        Self::Syntax {
            line,
            column: 1,
            message: message.into(),
        }
    }

    pub(super) fn unanalysable(code: &'static str, message: impl Into<String>) -> Self {
        Self::Unanalysable {
            code,
            message: message.into(),
        }
    }
}

/// Decodes `bytes` by their byte order mark and PEP 263 declaration.
pub(super) fn decode(bytes: &[u8], max_bytes: usize) -> Result<Cow<'_, str>, Refusal> {
    if bytes.len() > max_bytes {
        return Err(Refusal::unanalysable(
            "too_large",
            format!(
                "The code has {} bytes; at most {max_bytes} are analyzed.",
                bytes.len()
            ),
        ));
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(Refusal::syntax(
            line_of(bytes, at),
            "source code cannot contain null bytes",
        ));
    }
    let (body, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(body) => (body, true),
        None => (bytes, false),
    };
    let encoding = declared_encoding(body)?;
    if marked && encoding != Encoding::Utf8 {
        return Err(Refusal::syntax(
            1,
            "the encoding declaration contradicts the byte order mark",
        ));
    }
    match encoding {
        Encoding::Utf8 => match std::str::from_utf8(body) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) => Err(Refusal::syntax(
                line_of(body, error.valid_up_to()),
                "the code is not valid UTF-8",
            )),
        },
        Encoding::Ascii => match body.iter().position(|byte| !byte.is_ascii()) {
            None => Ok(String::from_utf8_lossy(body)),
            Some(at) => Err(Refusal::syntax(
                line_of(body, at),
                "the code declares ASCII but holds other bytes",
            )),
        },
        Encoding::Latin1 => Ok(body.iter().map(|&byte| char::from(byte)).collect()),
        Encoding::Windows1252 => body
            .iter()
            .enumerate()
            .map(|(at, &byte)| {
                windows_1252(byte).ok_or_else(|| {
                    Refusal::syntax(line_of(body, at), "the code holds a byte undefined in cp1252")
                })
            })
            .collect::<Result<String, _>>()
            .map(Cow::Owned),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Windows1252,
}

/// The encoding that the first two lines declare. Readers differ on whether a lone carriage return
/// ends a line, so both readings must agree.
fn declared_encoding(bytes: &[u8]) -> Result<Encoding, Refusal> {
    let strict = cookie(bytes.split(|&byte| byte == b'\n'));
    let universal = cookie(bytes.split(|&byte| byte == b'\n' || byte == b'\r'));
    let is_plain = strict == universal;
    let mut found = Encoding::Utf8;
    for (index, name) in [strict, universal].into_iter().enumerate() {
        let encoding = match name {
            None => Encoding::Utf8,
            Some(name) => encoding_named(&name).ok_or_else(|| unread(&name, is_plain))?,
        };
        if index > 0 && encoding != found {
            return Err(Refusal::unanalysable(
                "encoding_ambiguous",
                "It depends on the reader which encoding the code declares.",
            ));
        }
        found = encoding;
    }
    Ok(found)
}

/// How the names start of the encodings that Python's own codecs read code in, beside numbers.
const ENCODINGS: [&str; 65] = [
    "utf-7",
    "utf7",
    "utf-8-",
    "utf8-",
    "u7",
    "unicode",
    "raw-unicode",
    "idna",
    "punycode",
    "cp",
    "cs",
    "ibm",
    "iso",
    "latin",
    "l2",
    "l3",
    "l4",
    "l5",
    "l6",
    "l7",
    "l8",
    "l9",
    "l10",
    "mac",
    "x-mac",
    "windows-",
    "koi8",
    "kz",
    "big5",
    "gb",
    "hkscs",
    "euc",
    "u-jis",
    "ujis",
    "jisx",
    "shift",
    "sjis",
    "s-jis",
    "ms",
    "hz",
    "johab",
    "uhc",
    "ks",
    "korean",
    "chinese",
    "ansi",
    "arabic",
    "asmo",
    "charmap",
    "cyrillic",
    "ecma",
    "elot",
    "greek",
    "hebrew",
    "hp-",
    "palmos",
    "pt",
    "r8",
    "rk",
    "roman8",
    "ruscii",
    "strk",
    "thai",
    "tis",
    "us",
];

/// Why code that declares the encoding `name` is not read: it may mean something else to Python, or Python
/// knows no such encoding of code either; which of the two is not known where the declaration is not plain.
fn unread(name: &str, is_plain: bool) -> Refusal {
    let plain = name.to_ascii_lowercase().replace('_', "-");
    let is_known = plain == "utf"
        || plain.starts_with(|letter: char| letter.is_ascii_digit())
        || ENCODINGS.iter().any(|known| plain.starts_with(known));
    if is_plain && !is_known {
        return Refusal::syntax(1, format!("Python reads no code in the encoding '{name}'"));
    }
    Refusal::unanalysable(
        "encoding_unsupported",
        format!(
            "The code declares the encoding '{name}'; only utf-8, ascii, latin-1 and cp1252 are analyzed."
        ),
    )
}

/// The name in a PEP 263 declaration within the first two lines.
fn cookie<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    for line in lines.take(2) {
        let start = line
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c' | b'\r'));
        let Some(start) = start else { continue };
        if line[start] != b'#' {
            return None;
        }
        let comment = &line[start..];
        for at in 0..comment.len().saturating_sub(6) {
            let rest = &comment[at..];
            if !rest.starts_with(b"coding") || !matches!(rest.get(6), Some(b':' | b'=')) {
                continue;
            }
            let name: String = rest[7..]
                .iter()
                .skip_while(|byte| matches!(byte, b' ' | b'\t'))
                .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
                .map(|&byte| char::from(byte))
                .collect();
            if !name.is_empty() {
                return Some(name);
            }
        }
    }
    None
}

fn encoding_named(name: &str) -> Option<Encoding> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    match name.as_str() {
        "utf-8" | "utf8" | "u8" => Some(Encoding::Utf8),
        "utf-8-sig" | "utf-8-unix" | "utf-8-dos" | "utf-8-mac" => Some(Encoding::Utf8),
        "ascii" | "us-ascii" => Some(Encoding::Ascii),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1" | "l1" => Some(Encoding::Latin1),
        "cp1252" | "windows-1252" | "1252" => Some(Encoding::Windows1252),
        _ => None,
    }
}

fn windows_1252(byte: u8) -> Option<char> {
    const HIGH: [u16; 32] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
        0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0, 0x017E, 0x0178,
    ];
    match byte {
        0x80..=0x9f => match HIGH[usize::from(byte - 0x80)] {
            0 => None,
            code => char::from_u32(u32::from(code)),
        },
        _ => Some(char::from(byte)),
    }
}

fn line_of(bytes: &[u8], at: usize) -> u32 {
    let mut line = 1;
    let mut previous = 0;
    for &byte in &bytes[..at] {
        if byte == b'\r' || (byte == b'\n' && previous != b'\r') {
            line += 1;
        }
        previous = byte;
    }
    line
}

/// Does `work` on a thread whose stack is large enough for the deepest tree that passes
/// [`super::depth::check`].
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Refusal> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("analysis".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| {
                Refusal::unanalysable("analysis_failed", format!("No thread to analyze on: {error}."))
            })?;
        thread
            .join()
            .map_err(|_| Refusal::unanalysable("analysis_failed", "The analysis broke off."))
    })
}
