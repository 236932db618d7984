//! Addresses of servers: a name or an IPv4 address, with or without a port.

use std::net::Ipv4Addr;

/// Checks `host:port`.
pub(super) fn with_port(text: &str) -> Result<(), &'static str> {
    match text.rsplit_once(':') {
        Some((name, port)) => host(name).and_then(|()| number(port)),
        None => Err("the port is missing"),
    }
}

/// Checks `host` or `host:port`.
pub(super) fn with_or_without_port(text: &str) -> Result<(), &'static str> {
    match text.contains(':') {
        true => with_port(text),
        false => host(text),
    }
}

fn host(name: &str) -> Result<(), &'static str> {
    let labels = || name.split('.');
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'))
            && !label.starts_with('-')
    };
    if name.is_empty() || name.len() > 253 || !labels().all(fits) {
        return Err("neither a host name nor an IPv4 address stands there");
    }
    let numeric = labels().all(|label| label.bytes().all(|letter| letter.is_ascii_digit()));
    match numeric && name.parse::<Ipv4Addr>().is_err() {
        true => Err("an IPv4 address has four numbers from 0 to 255"),
        false => Ok(()),
    }
}

fn number(port: &str) -> Result<(), &'static str> {
    match port.parse::<u16>() {
        Ok(port) if port > 0 => Ok(()),
        _ => Err("a port is a number from 1 to 65535"),
    }
}
