//! Whether a put may pass: the permit, the limits, the rates.

use std::{sync::Arc, time::Instant};

use crate::{
    config::{ControlSystemSettings, Tolerance},
    execution::Access,
    model::PvValue,
};

use super::{Limits, Native, PvName};

/// Why a put is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// A stable code, documented in `docs/errors.md`.
    pub code: &'static str,
    /// Why, in a sentence.
    pub reason: String,
}

impl Refusal {
    /// A refusal with a stable code and a sentence.
    pub fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// A put that a program asks for.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The process variable.
    pub name: &'a PvName,
    /// Its own type.
    pub native: Native,
    /// The labels of a choice, by index; empty if it is none or they are unknown.
    pub labels: &'a [String],
    /// How many elements it has.
    pub element_count: u32,
    /// What it is to hold.
    pub new: &'a PvValue,
    /// The type that is sent as.
    pub wire: Native,
    /// What it holds now, if it was read.
    pub current: Option<&'a PvValue>,
    /// When.
    pub at: Instant,
}

/// What one program may put, and what it has put so far.
#[derive(Debug)]
pub struct Rules {
    access: Access,
}

impl Rules {
    /// The rules for a program with `access`.
    pub fn new(access: &Access, settings: &ControlSystemSettings, limits: Arc<Limits>) -> Self {
        let _ = (settings, limits);
        Self {
            access: access.clone(),
        }
    }

    /// Whether judging a put to `pv` takes what it holds now.
    pub fn wants_current(&self, pv: &PvName) -> bool {
        let _ = pv;
        true
    }

    /// Judges a put, and counts it if it may pass: what the process variable will hold.
    ///
    /// # Errors
    /// [`Refusal`] says why it may not.
    pub fn judge(&mut self, attempt: &Attempt<'_>) -> Result<PvValue, Refusal> {
        let _ = (&self.access, attempt);
        Err(Refusal::new("not_approved", "nothing is"))
    }
}

/// Whether `now` lies within `tolerance` of `reference`: choices and texts must be the same.
pub fn within(tolerance: Tolerance, reference: &PvValue, now: &PvValue) -> bool {
    let _ = tolerance;
    reference == now
}
