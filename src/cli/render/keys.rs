//! API keys.

use owo_colors::OwoColorize;

use crate::{
    gate::text::visible_line,
    service::{KeyReply, NewKeyReply},
};

use super::{Page, ago, until, who};

/// A key that was just made: the only time that it is shown.
pub(in crate::cli) fn new_key(made: &NewKeyReply) -> String {
    let mut page = Page::default();
    page.line(&made.key);
    page.blank();
    page.line(
        "This is the only time that the key is shown; what is kept of it can't be turned back into it.",
    );
    facts(&mut page, &made.about);
    page.done()
}

/// One key.
pub(in crate::cli) fn key(key: &KeyReply) -> String {
    let mut page = Page::default();
    facts(&mut page, key);
    page.done()
}

/// Every key there ever was.
pub(in crate::cli) fn keys(keys: &[KeyReply]) -> String {
    if keys.is_empty() {
        return "There are no keys: the service is for this host alone.\n".to_owned();
    }
    let mut page = Page::default();
    for (index, key) in keys.iter().enumerate() {
        if index > 0 {
            page.rule();
        }
        facts(&mut page, key);
    }
    page.done()
}

fn facts(page: &mut Page, key: &KeyReply) {
    let status = match key.status.as_str() {
        "live" => key.status.green().to_string(),
        _ => key.status.red().to_string(),
    };
    let roles: Vec<&str> = key.roles.iter().map(|role| role.as_str()).collect();
    page.fact("holder", &visible_line(&key.name));
    page.fact("id", &visible_line(&key.id));
    page.fact("status", &status);
    page.fact("roles", &roles.join(", "));
    page.fact(
        "made",
        &format!("{} by {}", ago(key.created_at), who(&key.created_by)),
    );
    if let Some(at) = key.expires_at {
        page.fact("expires", &until(at));
    }
    if let Some(revoked) = &key.revoked {
        page.fact("revoked", &format!("{} by {}", ago(revoked.at), who(&revoked.by)));
        if !revoked.reason.is_empty() {
            page.fact("reason", &visible_line(&revoked.reason));
        }
    }
}
