//! API keys, as the store keeps them: never the key itself.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Actor, Authentication, Digest, Role, ServiceEvent, Timestamp};

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// What it is looked up by; a part of the key that is no secret.
    pub id: String,
    /// Who holds it, as the trail knows them.
    pub name: String,
    /// What its holder may be.
    pub roles: BTreeSet<Role>,
    /// The digest of its secret part.
    pub digest: Digest,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it is good no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Its revocation, if it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Revocation>,
}

/// The end of a key before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Who revoked it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

impl ApiKey {
    /// Whether it is good at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires_at.is_none_or(|at| now < at)
    }

    /// Its holder, by the door `entrance`.
    pub fn holder(&self, entrance: super::Entrance) -> Actor {
        Actor {
            name: self.name.clone(),
            authentication: Authentication::Key { id: self.id.clone() },
            entrance,
        }
    }
}

/// Every key there ever was, by id: what the events of the service-wide log add up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiKeys(pub BTreeMap<String, ApiKey>);

impl ApiKeys {
    /// Takes up an event of `at`; tells the key that it changed.
    pub fn apply(&mut self, event: &ServiceEvent, at: Timestamp) -> Option<&ApiKey> {
        match event {
            ServiceEvent::KeyCreated { key } => {
                self.0.insert(key.id.clone(), ApiKey::clone(key));
                self.0.get(&key.id)
            }
            ServiceEvent::KeyRevoked { id, by, reason } => {
                let key = self.0.get_mut(id)?;
                key.revoked.get_or_insert_with(|| Revocation {
                    by: by.clone(),
                    at,
                    reason: reason.clone(),
                });
                Some(key)
            }
            _ => None,
        }
    }

    /// The live key under `name`.
    pub fn named(&self, name: &str, now: Timestamp) -> Option<&ApiKey> {
        let same = |key: &&ApiKey| key.is_live(now) && key.name.to_lowercase() == name.to_lowercase();
        self.0.values().find(same)
    }
}
