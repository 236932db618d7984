//! Whether a put may pass: the permit, the limits, the rates.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use crate::{
    config::ControlSystemSettings,
    execution::Access,
    model::{PvLimits, PvValue},
};

use super::{
    Limits, Native, PvName, convert,
    elements::{length, numbers, only},
};

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
    /// What it is to hold, as it was sent.
    pub new: &'a PvValue,
    /// The type that is sent as.
    pub wire: Native,
    /// What it holds now, if that was read.
    pub current: Option<&'a PvValue>,
    /// When.
    pub at: Instant,
}

/// What one program may put, and what it has put so far.
#[derive(Debug)]
pub struct Rules {
    permit: Permitted,
    limits: Arc<Limits>,
    max_puts: u64,
    puts: u64,
    pace: Pace,
    last: BTreeMap<String, (PvValue, Instant)>,
}

#[derive(Debug)]
enum Permitted {
    Nothing,
    Everything,
    /// Canonical names.
    These(BTreeSet<String>),
}

impl Rules {
    /// The rules for a program with `access`. A rehearsal is judged as if everything were approved. A name
    /// of the permit that cannot be read permits nothing.
    pub fn new(access: &Access, settings: &ControlSystemSettings, limits: Arc<Limits>) -> Self {
        let permit = match access {
            Access::Read => Permitted::Nothing,
            Access::Rehearse => Permitted::Everything,
            Access::Write(permit) => Permitted::These(
                permit
                    .channels
                    .iter()
                    .filter_map(|channel| PvName::parse(channel).ok())
                    .map(|name| name.canonical().to_owned())
                    .collect(),
            ),
        };
        Self {
            permit,
            limits,
            max_puts: settings.epics.max_puts,
            puts: 0,
            pace: Pace::new(settings.epics.max_puts_per_second),
            last: BTreeMap::new(),
        }
    }

    /// Whether judging a put to `pv` takes what it holds now.
    pub fn wants_current(&self, pv: &PvName) -> bool {
        self.limits.of(pv).is_ok_and(|limits| limits.max_step.is_some())
    }

    /// Judges a put: what the process variable will hold. A put that may pass is counted, and what it sets is
    /// what the next one's step is measured from.
    ///
    /// # Errors
    /// [`Refusal`] says why it may not pass; it is not counted.
    pub fn judge(&mut self, attempt: &Attempt<'_>) -> Result<PvValue, Refusal> {
        let name = attempt.name;
        self.permitted(name)?;
        let limits = self.limits.of(name)?;
        let max_rate = self.limits.max_rate(name)?;
        if !limits.writable {
            let reason = format!("{name} is not writable by its limits entry");
            return Err(Refusal::new("not_writable", reason));
        }
        let value = self.shaped(attempt)?;
        let sent = numbers(attempt.new);
        match numbers(&value) {
            // A cast may bring a value back into its limits: what was asked for must lie in them too.
            Some(new) => {
                for number in new.iter().chain(sent.iter().flatten()) {
                    in_range(name, &limits, *number, attempt.native == Native::Float)?;
                }
                self.moves(attempt, limits.max_step, max_rate, &new)?;
            }
            None if [limits.min, limits.max, limits.max_step, max_rate] != [None; 4] => {
                let reason = format!("{name} has limits for numbers, and {value} is none");
                return Err(Refusal::new("not_a_number", reason));
            }
            None => {}
        }
        if self.puts >= self.max_puts {
            let reason = format!(
                "the program has put {} values, which is the most one may",
                self.puts
            );
            return Err(Refusal::new("too_many_puts", reason));
        }
        self.pace.take(attempt.at)?;
        self.puts += 1;
        self.last
            .insert(name.canonical().to_owned(), (value.clone(), attempt.at));
        Ok(value)
    }

    /// Judges how far and how fast `new` moves away from what is there and from the last put.
    fn moves(
        &self,
        attempt: &Attempt<'_>,
        max_step: Option<f64>,
        max_rate: Option<f64>,
        new: &[f64],
    ) -> Result<(), Refusal> {
        let name = attempt.name;
        let single = attempt.native == Native::Float;
        let last = self.last.get(name.canonical());
        let last = last.and_then(|(value, at)| Some((numbers(value)?, *at)));
        if let Some(max_step) = max_step {
            let current = attempt.current.and_then(numbers).ok_or_else(|| unknown(name))?;
            step(name, max_step, &current, new, single)?;
            if let Some((last, _)) = &last {
                step(name, max_step, last, new, single)?;
            }
        }
        if let (Some(max_rate), Some((last, put))) = (max_rate, &last) {
            let seconds = attempt.at.saturating_duration_since(*put).as_secs_f64();
            if last.len() < new.len() || !steps(max_rate * seconds, last, new, single) {
                let reason = format!("{name} would change faster than {max_rate} per second");
                return Err(Refusal::new("slew_rate", reason));
            }
        }
        Ok(())
    }

    /// Whether `name` was approved at all, which takes no reading to be told.
    pub(super) fn permitted(&self, name: &PvName) -> Result<(), Refusal> {
        let names = match &self.permit {
            Permitted::Everything => return Ok(()),
            Permitted::Nothing => {
                let reason = format!("{name} cannot be written: the program only reads");
                return Err(Refusal::new("read_only", reason));
            }
            Permitted::These(names) => names,
        };
        if names.contains(name.canonical()) {
            return Ok(());
        }
        let reason = match name.has_side_effects() && names.contains(name.record()) {
            true => format!(
                "{name} was not approved: the approval of {} is not that of its fields",
                name.record()
            ),
            false => format!("{name} was not approved"),
        };
        Err(Refusal::new("not_approved", reason))
    }

    /// What the process variable will hold, with as many elements as it has room for.
    fn shaped(&self, attempt: &Attempt<'_>) -> Result<PvValue, Refusal> {
        let Attempt { name, new, .. } = attempt;
        let array = attempt.element_count > 1;
        let scalar = if array { None } else { only(new) };
        let value = convert(
            scalar.as_ref().unwrap_or(new),
            attempt.wire,
            attempt.native,
            attempt.labels,
        )?;
        let value = match only(&value) {
            Some(only) if !array => only,
            _ => value,
        };
        let elements = length(&value);
        match elements {
            Some(0) => Err(Refusal::new("undecodable", format!("nothing is sent to {name}"))),
            Some(elements) if elements > attempt.element_count as usize => {
                let reason = format!(
                    "{elements} values do not fit {name}, which holds {}",
                    attempt.element_count
                );
                Err(Refusal::new("too_many_elements", reason))
            }
            _ if (array || elements.is_some()) && !self.limits.covers(name) => {
                let reason = format!(
                    "{name} holds an array, and those are only written with an entry in the limits file"
                );
                Err(Refusal::new("array_not_listed", reason))
            }
            _ => Ok(value),
        }
    }
}

/// How many puts there may still be at this moment.
#[derive(Debug)]
struct Pace {
    per_second: f64,
    left: f64,
    since: Option<Instant>,
}

impl Pace {
    fn new(per_second: f64) -> Self {
        Self {
            per_second,
            left: per_second.max(1.0),
            since: None,
        }
    }

    fn take(&mut self, at: Instant) -> Result<(), Refusal> {
        let passed = self
            .since
            .map_or(0.0, |since| at.saturating_duration_since(since).as_secs_f64());
        let left = (self.left + passed * self.per_second).min(self.per_second.max(1.0));
        // An hour's worth of roundings is still less than this.
        if left < 1.0 - 1e-6 {
            let reason = format!("the program puts more than {} values per second", self.per_second);
            return Err(Refusal::new("put_rate", reason));
        }
        self.left = left - 1.0;
        self.since = Some(self.since.map_or(at, |since| since.max(at)));
        Ok(())
    }
}

/// Whether `number` is one, and lies in the limits; for a process variable of 32 bits, as such a number.
fn in_range(name: &PvName, limits: &PvLimits, number: f64, single: bool) -> Result<(), Refusal> {
    if !number.is_finite() {
        return Err(Refusal::new(
            "not_a_number",
            format!("{number} is no finite number"),
        ));
    }
    #[allow(clippy::cast_possible_truncation, reason = "both sides are rounded alike")]
    let rounded = |number: f64| if single { f64::from(number as f32) } else { number };
    if let Some(min) = limits.min
        && rounded(number) < rounded(min)
    {
        let reason = format!("{number} is below the minimum of {name}, {min}");
        return Err(Refusal::new("below_minimum", reason));
    }
    if let Some(max) = limits.max
        && rounded(number) > rounded(max)
    {
        let reason = format!("{number} is above the maximum of {name}, {max}");
        return Err(Refusal::new("above_maximum", reason));
    }
    Ok(())
}

fn step(name: &PvName, max_step: f64, from: &[f64], to: &[f64], single: bool) -> Result<(), Refusal> {
    if from.len() < to.len() || !from.iter().all(|number| number.is_finite()) {
        return Err(unknown(name));
    }
    match steps(max_step, from, to, single) {
        true => Ok(()),
        false => {
            let reason = format!("{name} would change by more than {max_step} at once");
            Err(Refusal::new("step_too_large", reason))
        }
    }
}

/// Whether no element changes by more than `most`, but for what rounding the two values may have added.
fn steps(most: f64, from: &[f64], to: &[f64], single: bool) -> bool {
    let epsilon = if single {
        f64::from(f32::EPSILON)
    } else {
        f64::EPSILON
    };
    from.iter()
        .zip(to)
        .all(|(from, to)| (to - from).abs() <= most + epsilon * (from.abs() + to.abs()))
}

fn unknown(name: &PvName) -> Refusal {
    let reason = format!("{name} has a largest step, and what it holds now is not known as a number");
    Refusal::new("step_unknown", reason)
}
