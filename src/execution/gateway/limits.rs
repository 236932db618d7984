//! The limits file: what each process variable may be set to.

use crate::config::Tolerance;
use crate::{
    config::{LimitsSettings, VerificationSettings},
    model::{Digest, PvLimits, VerificationLevel},
};

use super::{PvName, Refusal};

/// The limits of every process variable, as the file gave them when it was read.
#[derive(Debug, Clone)]
pub struct Limits;

impl Limits {
    /// Reads the file that `settings` name. A file that cannot be used is no error here: every write is
    /// refused because of it.
    pub fn load(settings: &LimitsSettings) -> Self {
        let _ = settings;
        Self
    }

    /// What holds for `pv`.
    ///
    /// # Errors
    /// [`Refusal`]: it may not be written, and why.
    pub fn of(&self, pv: &PvName) -> Result<PvLimits, Refusal> {
        let _ = pv;
        Err(Refusal::new("limits_unavailable", "not read"))
    }

    /// How a value written to `pv` is verified.
    pub fn verification(
        &self,
        pv: &PvName,
        settings: &VerificationSettings,
    ) -> (VerificationLevel, Tolerance) {
        let _ = pv;
        (
            settings.default_level,
            Tolerance {
                absolute: 0.0,
                percent: settings.default_tolerance_percent,
            },
        )
    }

    /// The digest of the file, or of its absence.
    pub fn digest(&self) -> Digest {
        Digest::ZERO
    }

    /// What is wrong with the file.
    pub fn problems(&self) -> &[String] {
        &[]
    }
}
