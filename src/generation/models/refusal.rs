//! What a model endpoint says when it gives no answer, made fit to be shown.

use std::time::Duration;

use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::{
    StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The most characters of a foreign text in an error.
const SHOWN: usize = 500;

/// So many characters of the key in a row are already too many.
const TELLING: usize = 6;

/// Whether a request may succeed if it is sent again as it is.
pub fn is_passing(status: StatusCode, body: &Value) -> bool {
    match status {
        StatusCode::TOO_MANY_REQUESTS => !["code", "type"].iter().any(|field| {
            body.pointer(&format!("/error/{field}")).and_then(Value::as_str) == Some("insufficient_quota")
        }),
        StatusCode::REQUEST_TIMEOUT => true,
        _ => status.is_server_error(),
    }
}

/// How long the endpoint asks to wait: `Retry-After` in seconds or as a date.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(Timestamp::now())).unwrap_or_default())
}

/// The endpoint's message, wherever the many servers of this format put it.
pub fn message(body: &Value, raw: &str) -> String {
    ["/error/message", "/error", "/message", "/detail"]
        .iter()
        .find_map(|path| body.pointer(path).and_then(Value::as_str))
        .unwrap_or(raw)
        .to_owned()
}

/// A foreign text fit for an error: on one line, capped, without any part of the key.
pub fn presentable(text: &str, key: Option<&SecretString>) -> String {
    // However long the text, little more of it is looked at than can be shown.
    let start: Vec<char> = text.chars().take(8 * SHOWN).collect();
    let masked = mask(start, key.map_or("", |key| key.expose_secret()));
    let words: Vec<&str> = masked
        .split(|c: char| c.is_whitespace() || c.is_control())
        .collect();
    let line = words
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} […]", &line[..end]),
        None => line,
    }
}

/// Endpoints like to repeat the key, whole or in part, when they refuse it.
fn mask(text: Vec<char>, key: &str) -> String {
    let key: Vec<char> = key.chars().collect();
    if key.is_empty() {
        return text.into_iter().collect();
    }
    let width = TELLING.min(key.len());
    let mut hidden = vec![false; text.len()];
    for (at, window) in text.windows(width).enumerate() {
        if key.windows(width).any(|part| part == window) {
            hidden[at..at + width].fill(true);
        }
    }
    let mut shown = String::new();
    for (at, letter) in text.into_iter().enumerate() {
        match hidden[at] {
            false => shown.push(letter),
            true if at == 0 || !hidden[at - 1] => shown.push_str("[key]"),
            true => {}
        }
    }
    shown
}
