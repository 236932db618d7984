//! Who a request over HTTP comes from: the holder of a key, someone a trusted proxy names, or, where there is
//! no key at all, whoever is on this host.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header::AUTHORIZATION};

use crate::{
    config::{IdentitySettings, ProxySettings},
    gate::Refusal,
    model::{Actor, Authentication, Caller, Entrance, Timestamp},
};

use super::Keys;

/// The header of a key.
const API_KEY: &str = "x-api-key";

/// What a proxy adds to a request that it passes on.
const PASSED_ON: [&str; 5] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-real-ip",
    "via",
];

/// The name of whoever is on this host, where there is no key.
const ON_THIS_HOST: &str = "localhost";

/// The most bytes of a name that a proxy gives.
const MAX_NAME: usize = 200;

/// Who asks, by the address of the connection and the request's headers.
///
/// # Errors
/// [`Refusal`] `unauthenticated` if that can't be told, `credentials_conflict` if it can be told in two ways,
/// `forbidden` if they may be nothing here.
pub fn identify(
    peer: IpAddr,
    headers: &HeaderMap,
    settings: &IdentitySettings,
    keys: &Keys,
    now: Timestamp,
) -> Result<Caller, Refusal> {
    let peer = peer.to_canonical();
    let proxied = signed_in(peer, headers, &settings.proxy)?;
    // Where there are no keys a client may show one of another service's: there is nothing to compare it with.
    let shown = match keys.is_empty() {
        true => None,
        false => shown(headers)?,
    };
    match (shown, proxied) {
        (Some(_), Some(_)) => Err(conflict("a key was shown, and the proxy names someone")),
        (Some(key), None) => keys.caller(&key, now),
        (None, Some(caller)) => Ok(caller),
        (None, None) => on_this_host(peer, headers, settings, keys),
    }
}

/// Whether the service may listen on `address`.
///
/// # Errors
/// [`Refusal`] `no_keys`: where there is no key it is reached from this host alone.
pub fn may_listen(address: IpAddr, keys: &Keys) -> Result<(), Refusal> {
    if address.to_canonical().is_loopback() || !keys.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(
        "no_keys",
        format!(
            "there is no API key yet, so anyone who reaches {address} could do everything: make one \
             (holdpoint keys create NAME --role admin), or listen on 127.0.0.1"
        ),
    ))
}

fn conflict(what: &str) -> Refusal {
    Refusal::new(
        "credentials_conflict",
        format!("{what}: nobody knows whose request it is"),
    )
}

fn unauthenticated(message: &str) -> Refusal {
    Refusal::new("unauthenticated", message)
}

/// The key that was shown, in whichever header.
fn shown(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut found: Option<String> = None;
    let plain = headers.get_all(API_KEY).iter().map(Some);
    let bearer = headers.get_all(AUTHORIZATION).iter().map(|value| {
        let (scheme, _) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then_some(value)
    });
    for (value, skip) in plain
        .map(|value| (value, 0))
        .chain(bearer.map(|value| (value, 7)))
    {
        let Some(value) = value else { continue };
        let text = value
            .to_str()
            .map_err(|_| unauthenticated("the key that was shown is not plain text"))?;
        let key = text.get(skip..).unwrap_or_default().trim();
        match &found {
            Some(other) if other != key => return Err(conflict("two different keys were shown")),
            _ => found = Some(key.to_owned()),
        }
    }
    Ok(found)
}

/// Who signed in, as a trusted proxy says. From elsewhere the header says nothing.
fn signed_in(peer: IpAddr, headers: &HeaderMap, proxy: &ProxySettings) -> Result<Option<Caller>, Refusal> {
    let header = proxy.header.as_deref().map(HeaderName::try_from);
    let (Some(Ok(header)), true) = (
        header,
        proxy.addresses.iter().any(|network| network.contains(peer)),
    ) else {
        return Ok(None);
    };
    let mut values = headers.get_all(header).iter();
    let (value, further) = (values.next(), values.next());
    let Some(value) = value else { return Ok(None) };
    if further.is_some() {
        return Err(conflict("the proxy names two"));
    }
    let name = std::str::from_utf8(value.as_bytes()).unwrap_or_default().trim();
    let readable = !name.is_empty() && name.len() <= MAX_NAME;
    if !readable || crate::gate::text::visible_line(name) != name {
        return Err(unauthenticated("the proxy gives no name that can be read"));
    }
    let roles = proxy.users.get(name).unwrap_or(&proxy.roles).clone();
    if roles.is_empty() {
        let message = format!("{name} may be nothing here (holdpoint.api.trusted_proxy)");
        return Err(Refusal::new("forbidden", message));
    }
    Ok(Some(Caller {
        actor: Actor {
            name: name.to_owned(),
            authentication: Authentication::Proxy {
                address: peer.to_string(),
            },
            entrance: Entrance::Http,
        },
        roles,
    }))
}

/// Whoever is on this host, where nobody can show anything.
fn on_this_host(
    peer: IpAddr,
    headers: &HeaderMap,
    settings: &IdentitySettings,
    keys: &Keys,
) -> Result<Caller, Refusal> {
    if !keys.is_empty() || settings.proxy.header.is_some() {
        return Err(unauthenticated(
            "show a key: x-api-key, or Authorization: Bearer; 'holdpoint keys create' makes one",
        ));
    }
    if !peer.is_loopback() {
        return Err(unauthenticated(
            "without keys this service is for this host alone",
        ));
    }
    // A proxy on this host would pass everyone on as if they were here.
    if PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
        return Err(unauthenticated(
            "without keys this service is for this host alone, and a proxy passed this on",
        ));
    }
    Ok(Caller::from(Actor {
        name: ON_THIS_HOST.to_owned(),
        authentication: Authentication::Loopback,
        entrance: Entrance::Http,
    }))
}
