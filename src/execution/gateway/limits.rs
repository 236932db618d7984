//! The limits file: what each process variable may be set to.

use std::{
    collections::{BTreeMap, btree_map},
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::Value;

use crate::{
    config::{LimitsSettings, Tolerance, VerificationSettings},
    model::{Digest, PvLimits, VerificationLevel},
};

use super::{PvName, Refusal, pairs::Pairs};

/// The most bytes a limits file may have.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The keys of an entry.
const KEYS: [&str; 6] = [
    "min_value",
    "max_value",
    "max_step",
    "max_rate",
    "writable",
    "verification",
];

/// The limits of every process variable, as the file gave them when it was read.
#[derive(Debug, Clone)]
pub struct Limits {
    source: Source,
    digest: Digest,
    problems: Vec<String>,
}

#[derive(Debug, Clone)]
enum Source {
    /// Limits are switched off.
    Off,
    /// There is no file that could be used, and why.
    Unavailable(String),
    /// A file was read.
    Read {
        entries: BTreeMap<String, Result<Entry, String>>,
        /// What holds for a process variable without an entry; `None` if it may not be written.
        unlisted: Option<Entry>,
    },
}

/// What the file says of one process variable, with what it inherits.
#[derive(Debug, Clone, Default)]
struct Entry {
    limits: PvLimits,
    max_rate: Option<f64>,
    level: Option<VerificationLevel>,
    tolerance: Option<Tolerance>,
}

impl Limits {
    /// Reads the file that `settings` name. A file that cannot be used is no error here: every write is
    /// refused because of it, and [`Limits::problems`] tells why.
    pub fn load(settings: &LimitsSettings) -> Self {
        let path = match (settings.enabled, &settings.database_path) {
            (false, _) => {
                return Self {
                    source: Source::Off,
                    digest: Digest::of_domain("holdpoint.limits.off", &[]),
                    problems: Vec::new(),
                };
            }
            (true, None) => return Self::unavailable("no limits file is configured".to_owned(), None),
            (true, Some(path)) => path,
        };
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(error) => return Self::unavailable(format!("{}: {error}", path.display()), None),
        };
        let book = match serde_json::from_slice::<Pairs>(&bytes) {
            Ok(Pairs(pairs)) => book(pairs),
            Err(error) => Err(format!("not valid JSON: {error}")),
        };
        match book {
            Ok((defaults, entries)) => Self {
                digest: digest(&bytes),
                problems: entries
                    .iter()
                    .filter_map(|(name, entry)| Some((name, entry.as_ref().err()?)))
                    .map(|(name, reason)| format!("{}: {name}: {reason}", path.display()))
                    .collect(),
                source: Source::Read {
                    entries,
                    unlisted: settings.allow_unlisted_channels.then_some(defaults),
                },
            },
            Err(reason) => Self::unavailable(format!("{}: {reason}", path.display()), Some(&bytes)),
        }
    }

    /// What holds for `pv`.
    ///
    /// # Errors
    /// [`Refusal`]: `limits_unavailable`, `limits_invalid` or `unlisted_pv`. Nobody may write it.
    pub fn of(&self, pv: &PvName) -> Result<PvLimits, Refusal> {
        self.entry(pv).map(|entry| entry.limits)
    }

    /// The most that `pv` may change per second, if there is such a limit.
    ///
    /// # Errors
    /// As [`Limits::of`].
    pub fn max_rate(&self, pv: &PvName) -> Result<Option<f64>, Refusal> {
        self.entry(pv).map(|entry| entry.max_rate)
    }

    /// Whether the file has an entry for `pv`, or limits are switched off.
    pub fn covers(&self, pv: &PvName) -> bool {
        match &self.source {
            Source::Off => true,
            Source::Unavailable(_) => false,
            Source::Read { entries, .. } => matches!(entries.get(pv.canonical()), Some(Ok(_))),
        }
    }

    /// How a value written to `pv` is verified, and how far what is read may lie from it.
    pub fn verification(
        &self,
        pv: &PvName,
        settings: &VerificationSettings,
    ) -> (VerificationLevel, Tolerance) {
        let entry = self.entry(pv).unwrap_or_default();
        let level = match settings.enabled {
            true => entry.level.unwrap_or(settings.default_level),
            false => VerificationLevel::None,
        };
        let default = Tolerance {
            absolute: 0.0,
            percent: settings.default_tolerance_percent,
        };
        (level, entry.tolerance.unwrap_or(default))
    }

    /// The digest of the file, or of its absence. It belongs to the policy: with another file, another policy.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What is wrong with the file; because of each, something cannot be written.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    fn unavailable(reason: String, bytes: Option<&[u8]>) -> Self {
        Self {
            digest: bytes.map_or_else(|| Digest::of_domain("holdpoint.limits.absent", &[]), digest),
            problems: vec![reason.clone()],
            source: Source::Unavailable(reason),
        }
    }

    fn entry(&self, pv: &PvName) -> Result<Entry, Refusal> {
        let (entries, unlisted) = match &self.source {
            Source::Off => {
                let mut free = Entry::default();
                free.limits.writable = true;
                return Ok(free);
            }
            Source::Unavailable(reason) => {
                let reason = format!("nothing can be written, because the limits cannot be read: {reason}");
                return Err(Refusal::new("limits_unavailable", reason));
            }
            Source::Read { entries, unlisted } => (entries, unlisted),
        };
        match entries.get(pv.canonical()) {
            Some(Ok(entry)) => Ok(entry.clone()),
            Some(Err(reason)) => Err(Refusal::new(
                "limits_invalid",
                format!("the limits of {pv} cannot be used: {reason}"),
            )),
            None => unlisted
                .clone()
                .ok_or_else(|| Refusal::new("unlisted_pv", format!("{pv} is not in the limits file"))),
        }
    }
}

fn digest(bytes: &[u8]) -> Digest {
    Digest::of_domain("holdpoint.limits.file", &[bytes])
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other("larger than 64 MiB"));
    }
    Ok(bytes)
}

type Book = (Entry, BTreeMap<String, Result<Entry, String>>);

/// The defaults and the entries of a file. A mistake in the defaults is one in all that inherit them.
fn book(pairs: Vec<(String, Value)>) -> Result<Book, String> {
    let mut defaults = Entry::default();
    defaults.limits.writable = true;
    if let Some((_, value)) = pairs.iter().find(|(key, _)| key == "defaults") {
        defaults = entry(value, &defaults).map_err(|reason| format!("defaults: {reason}"))?;
    }
    let mut entries = BTreeMap::new();
    for (key, value) in &pairs {
        if key.starts_with('_') || key == "defaults" {
            continue;
        }
        let name =
            PvName::parse(key).map_err(|error| format!("{key:?} names no process variable: {error}"))?;
        match entries.entry(name.canonical().to_owned()) {
            btree_map::Entry::Vacant(place) => {
                place.insert(entry(value, &defaults));
            }
            btree_map::Entry::Occupied(mut place) => {
                *place.get_mut() = Err(format!("it has two entries; {key:?} is one of them"));
            }
        }
    }
    Ok((defaults, entries))
}

/// One entry: what it says goes before what it inherits, key by key.
fn entry(value: &Value, inherited: &Entry) -> Result<Entry, String> {
    let Value::Object(map) = value else {
        return Err("must be an object".to_owned());
    };
    known(map, &KEYS)?;
    let mut entry = inherited.clone();
    let number = |key: &str, target: &mut Option<f64>| -> Result<(), String> {
        match map.get(key) {
            None => {}
            // As in Python's None: no limit, also where the defaults have one.
            Some(Value::Null) => *target = None,
            Some(value) => *target = Some(finite(key, value)?),
        }
        Ok(())
    };
    number("min_value", &mut entry.limits.min)?;
    number("max_value", &mut entry.limits.max)?;
    number("max_step", &mut entry.limits.max_step)?;
    number("max_rate", &mut entry.max_rate)?;
    if let (Some(min), Some(max)) = (entry.limits.min, entry.limits.max)
        && min > max
    {
        return Err(format!("min_value {min} is above max_value {max}"));
    }
    for (key, value) in [("max_step", entry.limits.max_step), ("max_rate", entry.max_rate)] {
        if value.is_some_and(|value| value < 0.0) {
            return Err(format!("{key} must not be below 0"));
        }
    }
    match map.get("writable") {
        None => {}
        Some(Value::Bool(writable)) => entry.limits.writable = *writable,
        Some(other) => return Err(format!("writable must be true or false, not {other}")),
    }
    match map.get("verification") {
        None => {}
        Some(value) => (entry.level, entry.tolerance) = verification(value)?,
    }
    Ok(entry)
}

fn verification(value: &Value) -> Result<(Option<VerificationLevel>, Option<Tolerance>), String> {
    let map = match value {
        Value::Null => return Ok((None, None)),
        Value::Object(map) => map,
        _ => return Err("verification must be an object".to_owned()),
    };
    known(map, &["level", "tolerance_absolute", "tolerance_percent"])
        .map_err(|reason| format!("verification: {reason}"))?;
    let level = match map.get("level").map(Value::as_str) {
        None => None,
        Some(Some("none")) => Some(VerificationLevel::None),
        Some(Some("callback")) => Some(VerificationLevel::Callback),
        Some(Some("readback")) => Some(VerificationLevel::Readback),
        Some(_) => return Err("verification.level must be none, callback or readback".to_owned()),
    };
    let bound = |key: &str| match map.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match finite(key, value)? {
            bound if bound < 0.0 => Err(format!("verification.{key} must not be below 0")),
            bound => Ok(Some(bound)),
        },
    };
    let (absolute, percent) = (bound("tolerance_absolute")?, bound("tolerance_percent")?);
    let given = absolute.is_some() || percent.is_some();
    let tolerance = given.then(|| Tolerance {
        absolute: absolute.unwrap_or(0.0),
        percent: percent.unwrap_or(0.0),
    });
    Ok((level, tolerance))
}

/// A misspelt limit would be none at all, so an unknown key is a mistake; one with `_` in front is a remark.
fn known(map: &serde_json::Map<String, Value>, keys: &[&str]) -> Result<(), String> {
    let stranger = map
        .keys()
        .find(|key| !key.starts_with('_') && !keys.contains(&key.as_str()));
    match stranger {
        Some(key) => Err(format!(
            "unknown key {key:?} (allowed: {}; a remark begins with _)",
            keys.join(", ")
        )),
        None => Ok(()),
    }
}

fn finite(key: &str, value: &Value) -> Result<f64, String> {
    value
        .as_f64()
        .filter(|number| number.is_finite())
        .ok_or_else(|| format!("{key} must be a number, not {value}"))
}
