//! Text from outside, as it is shown.

/// Text without what steers a terminal or reorders letters: such characters are shown by their code.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let steers = letter.is_control() && !matches!(letter, '\n' | '\t')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if steers {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// What a program printed, as [`plain`] text. Colours are left out, since they say nothing here, and lines that
/// end as on Windows end as all others.
pub(super) fn printed(text: &str) -> String {
    let mut uncoloured = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, coloured)) = rest.split_once(COLOUR) {
        uncoloured.push_str(before);
        rest = coloured
            .trim_start_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, ';' | ':'))
            .strip_prefix('m')
            .unwrap_or_else(|| {
                // Another order to a terminal: it stays, to be shown by its code.
                uncoloured.push_str(COLOUR);
                coloured
            });
    }
    uncoloured.push_str(rest);
    plain(&uncoloured.replace("\r\n", "\n"))
}

/// What a terminal's colours start with; numbers and an `m` follow.
const COLOUR: &str = "\u{1b}[";
