//! Whether what was written is there.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    execution::Verification,
    model::{PutOutcome, PvValue, VerificationLevel},
};

use super::{
    PvName,
    run::{Run, Written},
    within,
};

/// How long to wait before a value is read again that has not come yet.
const PAUSE: Duration = Duration::from_millis(50);

impl Run {
    /// Verifies the last value of each process variable that was written.
    pub(super) async fn verify(&self) {
        if !self.settings.verification.enabled {
            return;
        }
        let checks = self.written().into_iter().map(|written| self.check(written));
        for verification in futures::future::join_all(checks).await.into_iter().flatten() {
            self.ledger.verified(verification).await;
        }
    }

    async fn check(&self, written: Written) -> Option<Verification> {
        let settings = &self.settings.verification;
        let (level, tolerance) = self.limits.verification(&written.name, settings);
        let mut verification = Verification {
            pv: written.name.canonical().to_owned(),
            wanted: written.value.clone(),
            read: None,
            level,
            confirmed: false,
        };
        match (level, &written.outcome) {
            (VerificationLevel::None, _) => return None,
            (VerificationLevel::Callback, Some(PutOutcome::Confirmed)) => verification.confirmed = true,
            (VerificationLevel::Callback, Some(PutOutcome::Failed { .. })) => {}
            // A put that nobody answers can only be read back.
            _ => {
                verification.level = VerificationLevel::Readback;
                let end = Instant::now() + settings.timeout;
                let text = spelling(&written.name);
                loop {
                    let reading = self.reader.read_at(written.server, &text).await;
                    if let Ok(reading) = reading {
                        let read = spelt_as(&written.value, reading.value);
                        verification.confirmed = within(tolerance, &written.value, &read);
                        verification.read = Some(read);
                    }
                    if verification.confirmed || Instant::now() + PAUSE > end {
                        break;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        Some(verification)
    }
}

/// How the process variable is asked for, so that it comes back in the form it was written in.
fn spelling(name: &PvName) -> String {
    match name.is_long_string() {
        true => format!("{}.{}$", name.record(), name.field().unwrap_or("VAL")),
        false => name.canonical().to_owned(),
    }
}

/// What was read, in the form of what was written: an array may come back longer than it was sent.
fn spelt_as(wanted: &PvValue, read: PvValue) -> PvValue {
    match (wanted, read) {
        (PvValue::Ints(wanted), PvValue::Ints(read)) => {
            PvValue::Ints(read.into_iter().take(wanted.len()).collect())
        }
        (PvValue::Reals(wanted), PvValue::Reals(read)) => {
            PvValue::Reals(read.into_iter().take(wanted.len()).collect())
        }
        (PvValue::Texts(wanted), PvValue::Texts(read)) => {
            PvValue::Texts(read.into_iter().take(wanted.len()).collect())
        }
        (PvValue::Ints(_), PvValue::Text(read)) => PvValue::Ints(read.bytes().map(i64::from).collect()),
        (_, read) => read,
    }
}
