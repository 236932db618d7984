//! API keys: made, listed, revoked, and found again when one is shown.
//!
//! A key is `hp_`, its id, `_` and a secret of 256 random bits. Only a digest of the secret is kept. A slow
//! hash, as passwords need one, would add nothing: nobody can guess at 256 bits, however fast a guess is checked.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{
    engine::EngineError,
    gate::Refusal,
    model::{Actor, ApiKey, ApiKeys, Caller, Digest, Entrance, Role, ServiceEvent, Timestamp},
};

use super::{Core, KeyReply, NewKeyReply, ServiceError};

/// What every key begins with, so that a leaked one is found by its look.
const PREFIX: &str = "hp_";

/// The bytes of an id.
const ID_BYTES: usize = 8;

/// The bytes of a secret.
const SECRET_BYTES: usize = 32;

/// The most characters of a name.
const MAX_NAME: usize = 64;

/// The most bytes of what is looked at as a key.
const MAX_SHOWN: usize = 256;

/// The keys as they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Arc<ApiKeys>);

impl Keys {
    /// The keys `known`.
    pub fn new(known: ApiKeys) -> Self {
        Self(Arc::new(known))
    }

    /// Whether no key was ever made. One that was revoked or has expired counts: its end opens no door.
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }

    /// Whether the key `id` is good at `now`: for what goes on for longer than one request.
    pub fn is_live(&self, id: &str, now: Timestamp) -> bool {
        self.0.0.get(id).is_some_and(|key| key.is_live(now))
    }

    /// Who shows `shown`.
    ///
    /// # Errors
    /// [`Refusal`] `unauthenticated`; it does not tell what is wrong with the key.
    pub fn caller(&self, shown: &str, now: Timestamp) -> Result<Caller, Refusal> {
        let parts = Some(shown)
            .filter(|shown| shown.len() <= MAX_SHOWN)
            .and_then(parts);
        let (id, secret) = parts.ok_or_else(no_good)?;
        let known = self.0.0.get(id);
        // What an unknown id is compared with, so that it takes as long as a known one.
        let kept = known.map_or(Digest::ZERO, |key| key.digest);
        let same = bool::from(digest(id, secret).0.ct_eq(&kept.0));
        match known {
            Some(key) if same && key.is_live(now) => Ok(Caller {
                actor: key.holder(Entrance::Http),
                roles: key.roles.clone(),
            }),
            _ => Err(no_good()),
        }
    }
}

fn no_good() -> Refusal {
    Refusal::new(
        "unauthenticated",
        "the key that was shown is none that is good here: unknown, revoked or expired",
    )
}

/// The id and the secret of a key.
fn parts(shown: &str) -> Option<(&str, &str)> {
    shown.strip_prefix(PREFIX)?.split_once('_')
}

/// What is kept of a secret. The id is in it, so that no digest serves for another key.
fn digest(id: &str, secret: &str) -> Digest {
    Digest::of_domain("holdpoint api key v1", &[id.as_bytes(), secret.as_bytes()])
}

/// A fresh key: its id, its digest and the key itself.
fn fresh() -> Result<(String, Digest, SecretString), ServiceError> {
    let mut random = [0; ID_BYTES + SECRET_BYTES];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| EngineError::Internal("the system gives no random numbers".into()))?;
    let (id, secret) = random.split_at(ID_BYTES);
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let secret = BASE64.encode(secret);
    let digest = digest(&id, &secret);
    let shown = SecretString::from(format!("{PREFIX}{id}_{secret}"));
    Ok((id, digest, shown))
}

/// Whether `name` can be the name of a key's holder: it is shown in every record, so nothing in it may deceive.
fn check_name(name: &str) -> Result<(), ServiceError> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.@+".contains(letter);
    match !name.is_empty() && name.len() <= MAX_NAME && name.chars().all(plain) {
        true => Ok(()),
        false => Err(ServiceError::InvalidKey(format!(
            "a key's name has 1 to {MAX_NAME} letters, digits and any of - _ . @ +"
        ))),
    }
}

impl Core {
    pub(super) async fn create_key(
        &self,
        name: String,
        roles: BTreeSet<Role>,
        lasts: Option<Duration>,
        by: Actor,
    ) -> Result<NewKeyReply, ServiceError> {
        check_name(&name)?;
        if roles.is_empty() {
            return Err(ServiceError::InvalidKey("a key needs at least one role".into()));
        }
        let now = self.engine.clock().now();
        let (id, digest, shown) = fresh()?;
        let key = ApiKey {
            id,
            name,
            roles,
            digest,
            created_by: by,
            created_at: now,
            expires_at: lasts.map(|lasts| now.plus(lasts)),
            revoked: None,
        };
        self.change_keys(ServiceEvent::KeyCreated {
            key: Box::new(key.clone()),
        })
        .await?;
        Ok(NewKeyReply {
            key: shown.expose_secret().to_owned(),
            about: KeyReply::of(&key, now),
        })
    }

    pub(super) async fn list_keys(&self) -> Result<Vec<KeyReply>, ServiceError> {
        let now = self.engine.clock().now();
        let known = self.engine.store().keys().await?;
        let mut keys: Vec<KeyReply> = known.0.values().map(|key| KeyReply::of(key, now)).collect();
        keys.sort_by_key(|key| key.created_at);
        Ok(keys)
    }

    /// Revokes the key of that id, or the live key of that name.
    pub(super) async fn revoke_key(
        &self,
        key: &str,
        reason: Option<String>,
        by: Actor,
    ) -> Result<KeyReply, ServiceError> {
        let now = self.engine.clock().now();
        let known = self.engine.store().keys().await?;
        let unknown = || crate::store::StoreError::UnknownKey(key.to_owned());
        let found = known
            .0
            .get(key)
            .or_else(|| known.named(key, now))
            .ok_or_else(unknown)?;
        let id = found.id.clone();
        let reason = reason.unwrap_or_default();
        let event = ServiceEvent::KeyRevoked {
            id: id.clone(),
            by,
            reason,
        };
        self.change_keys(event).await?;
        let known = self.engine.store().keys().await?;
        known
            .0
            .get(&id)
            .map(|key| KeyReply::of(key, now))
            .ok_or_else(|| unknown().into())
    }

    /// Makes a change of the keys durable, and has it count from here on.
    async fn change_keys(&self, event: ServiceEvent) -> Result<(), ServiceError> {
        // One after the other, so that what is read last is what stands.
        let _turn = self.changing_keys.lock().await;
        self.engine.store().log(event).await?;
        let known = self.engine.store().keys().await?;
        self.keys.send_replace(Keys::new(known));
        Ok(())
    }
}
