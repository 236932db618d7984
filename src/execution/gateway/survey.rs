//! What the service itself looks at before anything is written: values, limits, interlocks.

use super::{Gateway, Limits, PvName, within};
use crate::{
    execution::{Held, Permit, Surveyed},
    model::Digest,
};

impl Gateway {
    /// What `pvs` hold now, and their limits: one answer for each, in order; none without a control system.
    pub async fn survey(&self, pvs: &[String]) -> Vec<Surveyed> {
        if !self.can_write() {
            return Vec::new();
        }
        let limits = Limits::load(&self.settings.limits);
        let mut readings = self.reader.read(pvs).await;
        let mut surveyed = Vec::new();
        for pv in pvs {
            let name = PvName::parse(pv);
            let limit = match &name {
                Ok(name) if self.settings.limits.enabled => {
                    let of = limits.of(name).map(Some);
                    of.map_err(|refusal| format!("{} ({})", refusal.reason, refusal.code))
                }
                Ok(_) => Ok(None),
                Err(error) => Err(error.to_string()),
            };
            let reading = match readings.remove(pv) {
                Some(reading) => reading.map_err(|fault| fault.to_string()),
                None => Err("it was not read".to_owned()),
            };
            surveyed.push(Surveyed {
                pv: name.map_or_else(|_| pv.clone(), |name| name.canonical().to_owned()),
                reading,
                limits: limit,
            });
        }
        surveyed
    }

    /// Whether the interlocks hold.
    ///
    /// # Errors
    /// [`Held`]: one does not, or cannot be read.
    pub async fn interlocks(&self) -> Result<(), Held> {
        self.reader.interlocks().await.map_err(|open| Held {
            code: "interlock",
            reason: open.to_string(),
        })
    }

    /// Whether a program may begin to write under `permit`: the interlocks hold, and the process variables hold
    /// what the approver saw, within the tolerance.
    ///
    /// # Errors
    /// [`Held`] says what does not.
    pub async fn may_begin(&self, permit: &Permit) -> Result<(), Held> {
        self.interlocks().await?;
        let names: Vec<String> = permit.seen.iter().map(|seen| seen.pv.clone()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let readings = self.reader.read(&names).await;
        let moved: Vec<String> = permit
            .seen
            .iter()
            .filter_map(|seen| match readings.get(&seen.pv) {
                Some(Ok(now)) if now.ioc != seen.ioc => Some(format!(
                    "{} is answered for by {} and was by {}",
                    seen.pv, now.ioc, seen.ioc
                )),
                Some(Ok(now)) if within(self.settings.drift, &seen.value, &now.value) => None,
                Some(Ok(now)) => Some(format!("{} was {} and is {}", seen.pv, seen.value, now.value)),
                Some(Err(fault)) => Some(format!("{} cannot be read: {fault}", seen.pv)),
                None => Some(format!("{} was not read", seen.pv)),
            })
            .collect();
        match moved.is_empty() {
            true => Ok(()),
            false => Err(Held {
                code: "values_changed",
                reason: format!(
                    "what was approved is no longer what there is: {}",
                    moved.join("; ")
                ),
            }),
        }
    }

    /// The digest of the limits file, where there is one.
    pub fn rules(&self) -> Option<Digest> {
        let limits = &self.settings.limits;
        limits.enabled.then(|| Limits::load(limits).digest())
    }
}
