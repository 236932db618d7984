//! How callers are known besides their keys, how often they may ask, and who is told of a question.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::{
    Network,
    resolve::{Resolver, is_base},
    settings::Setting,
};
use crate::model::Role;

const PROXY: &str = "holdpoint.api.trusted_proxy";
const NOTIFY: &str = "approval.notify";

/// Headers that everybody sends, or that hold keys: none of them is a proxy's word.
const NOT_A_NAME: [&str; 8] = [
    "authorization",
    "x-api-key",
    "host",
    "cookie",
    "user-agent",
    "origin",
    "content-type",
    "content-length",
];

/// The fewest characters of the secret that notifications are signed with.
const MIN_SECRET: usize = 16;

impl Resolver<'_> {
    /// `holdpoint.api.trusted_proxy` and `holdpoint.api.rate`.
    pub(super) fn identity(&mut self) {
        let settings = &self.authored.settings;
        let rate = &mut self.config.identity.rate;
        settings.set("holdpoint.api.rate.per_second", &mut rate.per_second);
        settings.set("holdpoint.api.rate.burst", &mut rate.burst);
        let own = |name: &str| format!("{PROXY}.{name}");
        let header = settings.text(&own("header")).map(str::to_ascii_lowercase);
        let addresses = settings.texts(&own("addresses")).unwrap_or_default();
        let addresses: Result<Vec<Network>, _> = addresses.iter().cloned().map(Network::try_from).collect();
        let proxy = &mut self.config.identity.proxy;
        if let Some(words) = settings.texts(&own("roles")) {
            proxy.roles = roles(words);
        }
        for (path, setting) in settings.iter() {
            let parts: Vec<&str> = path.iter().map(String::as_str).collect();
            if let (["holdpoint", "api", "trusted_proxy", "users", user], Setting::Texts(words)) =
                (parts.as_slice(), setting)
            {
                proxy.users.insert((*user).to_owned(), roles(words));
            }
        }
        proxy.header.clone_from(&header);
        match addresses {
            Ok(addresses) => proxy.addresses = addresses,
            Err(reason) => return self.complain(&own("addresses"), reason),
        }
        let Some(header) = header else { return };
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if header.is_empty() || !header.bytes().all(letter) || NOT_A_NAME.contains(&header.as_str()) {
            self.complain(
                &own("header"),
                "must be the name of a header of the proxy's own, such as X-Remote-User",
            );
        } else if self.config.identity.proxy.addresses.is_empty() {
            self.hold_up(
                &own("addresses"),
                "a proxy is trusted, and it is not said where its connections come from",
            );
        }
    }

    /// `approval.notify`.
    pub(super) fn notify(&mut self) {
        let own = |name: &str| format!("{NOTIFY}.{name}");
        let settings = &self.authored.settings;
        let text = |name: &str| {
            let text = settings.text(&own(name)).filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let notify = &mut self.config.notify;
        settings.set(&own("timeout"), &mut notify.timeout);
        notify.url = text("url");
        notify.link = text("link").map(|link| link.trim_end_matches('/').to_owned());
        let secret = text("secret");
        notify.secret = secret.clone().map(SecretString::from);
        let (url, link) = (notify.url.clone(), notify.link.clone());
        if url.as_deref().is_some_and(|url| !is_base(url)) {
            self.complain(
                &own("url"),
                "must be an http or https address without a login, a query or a #",
            );
        }
        if link.as_deref().is_some_and(|link| !is_base(link)) {
            self.complain(
                &own("link"),
                "must be the http or https address under which people reach this service",
            );
        }
        match secret {
            Some(secret) if secret.len() < MIN_SECRET => {
                self.complain(&own("secret"), "must have at least 16 characters");
            }
            None if url.is_some() => self.hold_up(
                &own("secret"),
                "whoever is told of questions knows by a shared secret that it was this service, and there is none",
            ),
            _ => {}
        }
    }
}

/// The roles that `words` name; their kind has seen to it that each is one.
fn roles(words: &[String]) -> BTreeSet<Role> {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}
