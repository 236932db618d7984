//! The permission for one execution: made here, checked here.

use std::time::Duration;

use super::Binding;
use crate::model::{Actor, Grant, GrantId, Interrupt, Timestamp};

/// Why a grant permits nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantVoid {
    /// Its time to live ran out before anything started.
    #[error("the approval was not used in time: it was good until {expires_at}, and it is {now}")]
    Expired {
        /// When it ran out.
        expires_at: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// The clock stands before the grant was made, so its age cannot be told.
    #[error("the clock went back: the approval is of {issued_at}, and it is {now}")]
    ClockWentBack {
        /// When it was made.
        issued_at: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// What is about to run is not what was approved.
    #[error("what is about to run is not what was approved: {field} differs")]
    Differs {
        /// The first field that differs.
        field: &'static str,
    },
    /// What it is bound to cannot be read.
    #[error("what the approval is bound to cannot be read: {0}")]
    Unreadable(String),
}

impl GrantVoid {
    /// The stable code, documented in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "grant_expired",
            Self::ClockWentBack { .. } => "grant_clock",
            Self::Differs { .. } => "grant_mismatch",
            Self::Unreadable(_) => "grant_unreadable",
        }
    }
}

/// Makes the grant for an approved question. No other place in the program makes one.
pub fn grant(binding: &Binding, interrupt: &Interrupt, by: &Actor, now: Timestamp, ttl: Duration) -> Grant {
    Grant {
        id: GrantId::new(),
        interrupt: interrupt.id,
        question: interrupt.digest,
        namespace: interrupt.namespace.clone(),
        approved_by: by.clone(),
        issued_at: now,
        expires_at: now.plus(ttl),
        binding: serde_json::json!(binding),
    }
}

impl Binding {
    /// What `grant` is bound to.
    ///
    /// # Errors
    /// [`GrantVoid::Unreadable`] if it was not written by this version of the gate.
    pub fn of(grant: &Grant) -> Result<Self, GrantVoid> {
        serde_json::from_value(grant.binding.clone())
            .map_err(|error| GrantVoid::Unreadable(error.to_string()))
    }
}

/// Checks that `grant` permits exactly what is about to run.
///
/// # Errors
/// [`GrantVoid`]; nothing may start then.
pub fn check(grant: &Grant, actual: &Binding, now: Timestamp) -> Result<(), GrantVoid> {
    if now >= grant.expires_at {
        return Err(GrantVoid::Expired {
            expires_at: grant.expires_at,
            now,
        });
    }
    if now < grant.issued_at {
        return Err(GrantVoid::ClockWentBack {
            issued_at: grant.issued_at,
            now,
        });
    }
    match Binding::of(grant)?.differences(actual).first() {
        Some(field) => Err(GrantVoid::Differs { field }),
        None => Ok(()),
    }
}
