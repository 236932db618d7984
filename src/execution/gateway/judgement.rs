//! Judges puts: what must hold before one passes.

use std::net::SocketAddr;

use crate::{
    execution::{Access, Permit, PutRecord},
    model::{PutOutcome, PvValue, Reading},
};

use super::{
    Attempt, PvName, ReadFault, Refusal,
    codec::{Message, status},
    put::Put,
    run::{Known, Run, Turn, Written},
    within,
};

/// What became of a put.
pub(super) enum Verdict {
    /// It is to be sent.
    Pass {
        /// Its number.
        serial: u64,
        /// What is sent.
        message: Message,
    },
    /// It was judged in a rehearsal.
    Swallowed,
    /// It was refused, and recorded so.
    Refused,
}

/// What a process variable holds, and its labels.
pub(super) type Current = Option<(PvValue, Vec<String>)>;

impl Run {
    /// Judges a put, records it, and says what becomes of it. `current` reads what the process variable holds,
    /// behind everything the program has sent before.
    pub(super) async fn judge(
        &self,
        turn: &mut Turn,
        put: &Put,
        server: SocketAddr,
        current: impl Future<Output = Current>,
    ) -> Verdict {
        let (mut old, mut serial) = (None, 0);
        let rehearsal = self.access == Access::Rehearse;
        let judged = match rehearsal && turn.serial >= self.settings.epics.max_puts {
            // Each is told on its own, so there has to be an end.
            true => Err(Refusal::new(
                "too_many_puts",
                "the rehearsal has seen as many puts as a run may make",
            )),
            false => tokio::select! {
                biased;
                () = self.stop.cancelled() => Err(stopped()),
                judged = self.weigh(turn, put, server, current, &mut old) => judged,
            },
        };
        let mut record = PutRecord {
            serial: 0,
            pv: put.name.canonical().to_owned(),
            ioc: server.to_string(),
            old: old.clone(),
            new: put.value.clone(),
            outcome: None,
            refusal: None,
        };
        let passed = match judged {
            Ok(value) => {
                serial = turn.serial + 1;
                let message = put.message(&value, serial);
                message.map(|message| (value, message)).ok_or_else(|| {
                    let reason = format!("{} cannot hold {}", put.name, put.value);
                    Refusal::new("undecodable", reason)
                })
            }
            Err(refusal) => Err(refusal),
        };
        if rehearsal {
            match passed {
                Ok((value, _)) => {
                    turn.serial = serial;
                    turn.rehearsed.insert(record.pv.clone(), value.clone());
                    record.new = value;
                }
                // What has no end is not rehearsed.
                Err(refusal) if matches!(refusal.code, "stopped" | "too_many_puts") => {
                    self.refused(Some(record.pv), old, Some(record.new), refusal)
                        .await;
                    return Verdict::Refused;
                }
                Err(refusal) => {
                    turn.serial += 1;
                    record.refusal = Some((refusal.code.to_owned(), refusal.reason));
                }
            }
            record.serial = turn.serial;
            self.ledger.swallowed(record).await;
            return Verdict::Swallowed;
        }
        let (value, message) = match passed {
            Ok(passed) => passed,
            Err(refusal) => {
                self.refused(Some(record.pv), old, Some(record.new), refusal)
                    .await;
                return Verdict::Refused;
            }
        };
        record.serial = serial;
        record.new = value.clone();
        // From here on the number is used up: whoever stops waiting below leaves a put whose outcome is unknown, and
        // no other may come out in its name.
        turn.serial = serial;
        if let Err(error) = self.ledger.passing(record.clone()).await {
            let refusal = Refusal::new("trail_failed", error.to_string());
            self.refused(Some(record.pv), old, Some(value), refusal).await;
            return Verdict::Refused;
        }
        if self.stop.is_cancelled() {
            // It is in the trail already; so is, from now on, that it was not sent.
            let outcome = PutOutcome::Failed {
                status: status::NOWTACCESS,
            };
            self.ended(serial, outcome).await;
            return Verdict::Refused;
        }
        self.passed(Written {
            serial,
            name: put.name.clone(),
            value,
            server,
            outcome: None,
        });
        Verdict::Pass { serial, message }
    }

    /// Whether the put may pass, and with which value.
    async fn weigh(
        &self,
        turn: &mut Turn,
        put: &Put,
        server: SocketAddr,
        current: impl Future<Output = Current>,
        old: &mut Option<PvValue>,
    ) -> Result<PvValue, Refusal> {
        if self.ledger.is_broken() {
            let reason = "the audit trail did not take an earlier event";
            return Err(Refusal::new("trail_failed", reason));
        }
        turn.rules.permitted(&put.name)?;
        if let Some(modifier) = put.name.modifier() {
            let reason = format!("{} was put through {modifier}, which nobody judges", put.name);
            return Err(Refusal::new("filtered_put", reason));
        }
        if let Access::Write(permit) = &self.access {
            if turn.opening.is_none() {
                let opening = self.open(turn, permit).await;
                turn.opening = Some(opening);
            }
            if let Some(opening) = &turn.opening {
                opening.clone()?;
            }
        }
        if let Some(unread) = turn.unread.get(put.name.canonical()) {
            return Err(unread.clone());
        }
        self.only_server(turn, &put.name, server)?;
        self.reader
            .interlocks()
            .await
            .map_err(|open| Refusal::new("interlock", open.to_string()))?;
        let (value, labels) = match current.await {
            Some((value, labels)) => (Some(value), labels),
            None => (None, Vec::new()),
        };
        old.clone_from(&value);
        if value.is_none() && matches!(self.access, Access::Write(_)) {
            let reason = format!(
                "what {} holds could not be read, so nobody could put it back",
                put.name
            );
            return Err(Refusal::new("unread_pv", reason));
        }
        if !put.server_allows {
            let reason = format!("the server {server} does not let the gateway write {}", put.name);
            return Err(Refusal::new("no_write_access", reason));
        }
        let rehearsed = turn.rehearsed.get(put.name.canonical());
        let attempt = Attempt {
            name: &put.name,
            native: put.native,
            labels: &labels,
            element_count: put.element_count,
            new: &put.value,
            wire: put.wire,
            current: rehearsed.or(value.as_ref()),
            at: std::time::Instant::now(),
        };
        let known = turn.known.get(put.name.canonical());
        if let Some(real) = known.and_then(|known| known.real.as_ref())
            && self.limits.covers(real)
        {
            turn.behind.judge(&Attempt {
                name: real,
                ..attempt
            })?;
        }
        turn.rules.judge(&attempt)
    }

    /// Whether `server` is the only one that has answered for the record.
    fn only_server(&self, turn: &Turn, name: &PvName, server: SocketAddr) -> Result<(), Refusal> {
        let mut servers: Vec<String> = {
            let servers = self.directory().servers_of(name);
            servers.iter().map(ToString::to_string).collect()
        };
        servers.extend(turn.known.get(name.canonical()).map(|known| known.ioc.clone()));
        let here = server.to_string();
        match servers.iter().find(|known| **known != here) {
            // One that nobody has named is one that the program has guessed.
            None if servers.is_empty() => {
                let reason = format!("{name} was not found on {here}, where it was put");
                Err(Refusal::new("ambiguous_pv", reason))
            }
            None => Ok(()),
            Some(other) => {
                let reason = format!("{name} is on {other} and on {here}");
                Err(Refusal::new("ambiguous_pv", reason))
            }
        }
    }

    /// Before the first put: reads what may be written, and compares it with what the approver saw.
    async fn open(&self, turn: &mut Turn, permit: &Permit) -> Result<(), Refusal> {
        let seen = permit.seen.iter().map(|reading| &reading.pv);
        let mut names: Vec<String> = permit.channels.iter().chain(seen).cloned().collect();
        names.sort();
        names.dedup();
        let (mut readings, mut faults): (Vec<Reading>, Vec<(String, ReadFault)>) = (Vec::new(), Vec::new());
        for (name, reading) in self.reader.read(&names).await {
            match reading {
                Ok(reading) => readings.push(reading),
                Err(fault) => faults.push((name, fault)),
            }
        }
        // What could not be read could not be put back either, and nobody knows which record it is, or on how many
        // servers: it is not written.
        for (name, fault) in &faults {
            let name = PvName::parse(name).map_or_else(|_| name.clone(), |name| name.canonical().to_owned());
            let code = match fault {
                ReadFault::Ambiguous(_) => "ambiguous_pv",
                _ => "unread_pv",
            };
            let reason = format!("{name} could not be read before the first put: {fault}");
            turn.unread.insert(name, Refusal::new(code, reason));
        }
        for reading in &readings {
            let known = Known {
                ioc: reading.ioc.clone(),
                real: self.real_name(reading).await,
            };
            turn.known.insert(reading.pv.clone(), known);
        }
        let unread = faults.iter().map(|(name, _)| name.clone()).collect();
        self.ledger
            .snapshot(readings.clone(), unread)
            .await
            .map_err(|error| Refusal::new("trail_failed", error.to_string()))?;
        for seen in &permit.seen {
            let moved = |what: String| {
                let reason = format!("{} {what} since the approval", seen.pv);
                Refusal::new("values_changed", reason)
            };
            let name = PvName::parse(&seen.pv);
            let now = readings
                .iter()
                .find(|now| name.as_ref().is_ok_and(|name| name.canonical() == now.pv));
            match now {
                Some(now) if within(self.settings.drift, &seen.value, &now.value) => {}
                Some(now) => {
                    let what = format!("has gone from {} to {}", seen.value, now.value);
                    return Err(moved(what));
                }
                None => {
                    let fault = faults.iter().find(|(name, _)| *name == seen.pv);
                    let fault =
                        fault.map_or_else(|| "it was not read".to_owned(), |(_, fault)| fault.to_string());
                    return Err(moved(format!("cannot be read any more ({fault})")));
                }
            }
        }
        Ok(())
    }

    /// The record's own name, where the reading came by an alias: the server's word, if it gives one.
    async fn real_name(&self, reading: &Reading) -> Option<PvName> {
        let name = PvName::parse(&reading.pv).ok()?;
        let server = reading.ioc.parse().ok()?;
        let own = format!("{}.NAME", name.record());
        let PvValue::Text(real) = self.reader.read_at(server, &own).await.ok()?.value else {
            return None;
        };
        let real = match name.field() {
            Some(field) => PvName::parse(&format!("{real}.{field}")),
            None => PvName::parse(&real),
        };
        let real = real.ok().filter(|real| real.canonical() != name.canonical())?;
        self.ledger.tell(format!("{name} is an alias of {real}"));
        Some(real)
    }
}

fn stopped() -> Refusal {
    let reason = "writes were stopped, by a freeze, a cancellation or the end of the run";
    Refusal::new("stopped", reason)
}
