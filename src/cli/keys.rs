//! API keys: made, listed and revoked.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    config::duration,
    model::Role,
    service::{KeyReply, NewKeyReply, ServiceCommand},
};

use super::{
    Work,
    arguments::KeysCommand,
    exit,
    fault::{Fault, usage},
    render,
};

/// Carries out one of the `keys` commands.
pub(super) async fn keys(work: &Work, command: KeysCommand) -> Result<u8, Fault> {
    match command {
        KeysCommand::Create {
            holder,
            roles,
            expires,
        } => {
            let roles: Result<BTreeSet<Role>, _> = roles.iter().map(|role| role.parse()).collect();
            let command = ServiceCommand::CreateKey {
                name: holder,
                roles: roles.map_err(usage)?,
                lasts: expires.as_deref().map(lasting).transpose()?,
            };
            let made: NewKeyReply = work.ask(command).await?;
            work.print(&made, render::new_key)?;
        }
        KeysCommand::List => {
            let keys: Vec<KeyReply> = work.ask(ServiceCommand::Keys).await?;
            work.print(&keys, |keys| render::keys(keys))?;
        }
        KeysCommand::Revoke { key, reason } => {
            let revoked: KeyReply = work.ask(ServiceCommand::RevokeKey { key, reason }).await?;
            work.print(&revoked, render::key)?;
        }
    }
    Ok(exit::DONE)
}

fn lasting(text: &str) -> Result<Duration, Fault> {
    let found = duration(text).filter(|lasts| !lasts.is_zero());
    found.ok_or_else(|| {
        usage(format!(
            "--expires takes a time such as 90d or 12h, and '{text}' is none"
        ))
    })
}
