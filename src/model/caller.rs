//! Who asks something of the service, and what they may be.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Actor, Authentication, Timestamp, Vote};

/// What someone may be. `gate::may` holds what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Asks for programs to be run.
    Requester,
    /// Decides about them.
    Approver,
    /// Reads everything.
    Auditor,
    /// Does everything, and gives keys to others.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Self::Requester, Self::Approver, Self::Auditor, Self::Admin];

    /// The role as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Approver => "approver",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no role: one of requester, approver, auditor, admin")]
pub struct NoRole(String);

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| NoRole(text.to_owned()))
    }
}

/// Who asks something of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is, as the trail knows them.
    pub actor: Actor,
    /// What they may be.
    pub roles: BTreeSet<Role>,
}

impl Caller {
    /// Whether they have one of `roles`.
    pub fn has(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.roles.contains(role))
    }

    /// Whether they came from where only those who were let in come from: a key or a sign-on, which a program
    /// may use as well as a human.
    pub fn is_remote(&self) -> bool {
        matches!(
            self.actor.authentication,
            Authentication::Key { .. } | Authentication::Proxy { .. } | Authentication::Relayed { .. }
        )
    }
}

impl From<Actor> for Caller {
    /// Whoever is on this host as the service's own user could do everything by hand, and has every role. Others
    /// have the roles that their key or their proxy gives them, which an actor alone does not tell: none.
    fn from(actor: Actor) -> Self {
        let roles = match actor.authentication {
            Authentication::Asserted { .. } | Authentication::Loopback | Authentication::System => {
                Role::ALL.into_iter().collect()
            }
            Authentication::Key { .. } | Authentication::Proxy { .. } | Authentication::Relayed { .. } => {
                BTreeSet::new()
            }
        };
        Self { actor, roles }
    }
}

/// Who answers a question, and how that stands on the head that the answer is committed behind.
#[derive(Debug, Clone, Copy)]
pub struct Answering<'a> {
    /// Who answers.
    pub by: &'a Caller,
    /// Whose request it is: the thread's owner, its requester, and whoever changed what is asked about.
    pub askers: &'a [Actor],
    /// The approvals of this question that stand already.
    pub votes: &'a [Vote],
    /// When.
    pub now: Timestamp,
}

impl Answering<'_> {
    /// Whether the request may be the answerer's own.
    pub fn is_own(&self) -> bool {
        self.askers.iter().any(|asker| asker.may_be(&self.by.actor))
    }
}
