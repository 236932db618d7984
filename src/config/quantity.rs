//! Durations and sizes as people write them.

use std::time::Duration;

const TIMES: [(&str, u64); 6] = [
    ("w", 7 * 24 * 3600 * 1000),
    ("d", 24 * 3600 * 1000),
    ("h", 3600 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// The duration that `text` tells, such as `24h`, `1h 30m`, `500 ms` or `90` (seconds).
pub fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if let Ok(seconds) = rest.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, millis) = TIMES.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*millis)?)?;
        rest = after.trim_start();
    }
    (!text.trim().is_empty()).then_some(Duration::from_millis(total))
}

/// The size in bytes that `text` tells, such as `16 MiB`, `100MB` or `4096`.
pub(super) fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = leading_number(text.trim())?;
    if unit.is_empty() {
        return Some(number);
    }
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*factor)
}

/// A duration as [`duration`] reads it, exact to the millisecond.
pub(super) fn duration_text(duration: Duration) -> String {
    let mut millis = duration.as_millis();
    let mut parts = Vec::new();
    // Weeks and days are read but not written: `24h` is plainer than `1d` among hours.
    for (name, factor) in &TIMES[2..] {
        let count = millis / u128::from(*factor);
        millis %= u128::from(*factor);
        if count > 0 {
            parts.push(format!("{count}{name}"));
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}

/// A size as [`bytes`] reads it, exact.
pub(super) fn bytes_text(bytes: u64) -> String {
    let unit = SIZES[..4]
        .iter()
        .find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor));
    match unit {
        Some((name, factor)) => format!("{} {name}", bytes / factor),
        None => format!("{bytes} B"),
    }
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest.trim_start()))
}
