//! Process variables: what they hold, and what is done to them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Timestamp;

/// What a process variable holds.
///
/// As JSON: a number, a text, an array of either, `{"index": 1, "label": "On"}` for a choice; what JSON has no
/// number for is `{"_type": "float", "value": "nan"}`, as in a program's results.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum PvValue {
    /// A whole number.
    Int(i64),
    /// A real number.
    Real(f64),
    /// A text.
    Text(String),
    /// One of a set of choices.
    Choice {
        /// Its index.
        index: u16,
        /// Its name, where it is known.
        label: Option<String>,
    },
    /// An array of whole numbers.
    Ints(Vec<i64>),
    /// An array of real numbers.
    Reals(Vec<f64>),
    /// An array of texts.
    Texts(Vec<String>),
}

impl PartialEq for PvValue {
    /// Two values are the same if they hold the same bits: a value that is no number equals itself.
    fn eq(&self, other: &Self) -> bool {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        match (self, other) {
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Real(one), Self::Real(other)) => one.to_bits() == other.to_bits(),
            (Self::Text(one), Self::Text(other)) => one == other,
            (
                Self::Choice { index, label },
                Self::Choice {
                    index: other_index,
                    label: other_label,
                },
            ) => index == other_index && label == other_label,
            (Self::Ints(one), Self::Ints(other)) => one == other,
            (Self::Reals(one), Self::Reals(other)) => bits(one) == bits(other),
            (Self::Texts(one), Self::Texts(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for PvValue {}

fn real(value: f64) -> Value {
    if value.is_finite() {
        return json!(value);
    }
    let name = match (value.is_nan(), value > 0.0) {
        (true, _) => "nan",
        (_, true) => "inf",
        _ => "-inf",
    };
    json!({"_type": "float", "value": name})
}

fn as_real(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::Object(map) if map.get("_type").and_then(Value::as_str) == Some("float") => {
            match map.get("value").and_then(Value::as_str)? {
                "nan" => Some(f64::NAN),
                "inf" => Some(f64::INFINITY),
                "-inf" => Some(f64::NEG_INFINITY),
                _ => None,
            }
        }
        _ => None,
    }
}

impl From<PvValue> for Value {
    fn from(value: PvValue) -> Self {
        match value {
            PvValue::Int(value) => json!(value),
            PvValue::Real(value) => real(value),
            PvValue::Text(value) => json!(value),
            PvValue::Choice { index, label } => json!({"index": index, "label": label}),
            PvValue::Ints(values) => json!(values),
            PvValue::Reals(values) => values.into_iter().map(real).collect(),
            PvValue::Texts(values) => json!(values),
        }
    }
}

/// A JSON value that is none of a process variable's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not the value of a process variable")]
pub struct NoPvValue(String);

impl TryFrom<Value> for PvValue {
    type Error = NoPvValue;

    fn try_from(value: Value) -> Result<Self, NoPvValue> {
        let no = || NoPvValue(value.to_string().chars().take(100).collect());
        match &value {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Ok(Self::Int(whole)),
                None => number.as_f64().map(Self::Real).ok_or_else(no),
            },
            Value::String(text) => Ok(Self::Text(text.clone())),
            Value::Object(map) => {
                if let Some(index) = map.get("index").and_then(Value::as_u64) {
                    return Ok(Self::Choice {
                        index: u16::try_from(index).map_err(|_| no())?,
                        label: map.get("label").and_then(Value::as_str).map(str::to_owned),
                    });
                }
                as_real(&value).map(Self::Real).ok_or_else(no)
            }
            Value::Array(items) => {
                let texts: Option<Vec<String>> = items
                    .iter()
                    .map(|item| item.as_str().map(str::to_owned))
                    .collect();
                let ints: Option<Vec<i64>> = items.iter().map(Value::as_i64).collect();
                let reals: Option<Vec<f64>> = items.iter().map(as_real).collect();
                // An empty array has no type of its own; that of numbers is as good as any.
                ints.map(Self::Ints)
                    .or(reals.map(Self::Reals))
                    .or(texts.map(Self::Texts))
                    .ok_or_else(no)
            }
            _ => Err(no()),
        }
    }
}

impl PvValue {
    /// The value as one real number; a choice counts as its index. `None` for texts and arrays.
    pub fn number(&self) -> Option<f64> {
        match self {
            #[allow(
                clippy::cast_precision_loss,
                reason = "limits are compared as doubles, as EPICS does"
            )]
            Self::Int(value) => Some(*value as f64),
            Self::Real(value) => Some(*value),
            Self::Choice { index, .. } => Some(f64::from(*index)),
            _ => None,
        }
    }
}

impl std::fmt::Display for PvValue {
    /// The value as a reader sees it; a long array is cut.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn list<T>(
            out: &mut std::fmt::Formatter<'_>,
            values: &[T],
            one: impl Fn(&T) -> String,
        ) -> std::fmt::Result {
            let shown: Vec<String> = values.iter().take(8).map(one).collect();
            let more = if values.len() > 8 {
                format!(", … ({} values)", values.len())
            } else {
                String::new()
            };
            write!(out, "[{}{more}]", shown.join(", "))
        }
        match self {
            Self::Int(value) => write!(out, "{value}"),
            Self::Real(value) => write!(out, "{value}"),
            Self::Text(value) => write!(out, "{value:?}"),
            Self::Choice {
                index,
                label: Some(label),
            } => write!(out, "{label:?} ({index})"),
            Self::Choice { index, label: None } => write!(out, "choice {index}"),
            Self::Ints(values) => list(out, values, ToString::to_string),
            Self::Reals(values) => list(out, values, ToString::to_string),
            Self::Texts(values) => list(out, values, |text| format!("{text:?}")),
        }
    }
}

/// What was read from a process variable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The process variable, canonical.
    pub pv: String,
    /// What it holds.
    pub value: PvValue,
    /// The server that answered for it: `address:port`.
    pub ioc: String,
    /// Whether that server would let our write client write it.
    pub writable: bool,
    /// When it was read.
    pub at: Timestamp,
}

/// The limits that hold for one process variable, with what it inherits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PvLimits {
    /// The least value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// The greatest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The most it may change in one put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_step: Option<f64>,
    /// Whether it may be written at all.
    pub writable: bool,
}

/// How a put that was passed on came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PutOutcome {
    /// The server reported it done.
    Confirmed,
    /// It was sent in a form that servers do not answer.
    Sent,
    /// The server reported that it was not done.
    Failed {
        /// The server's status code (ECA).
        status: u32,
    },
    /// No answer came in time, or the circuit broke.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// How a written value was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerificationLevel {
    /// Not at all.
    None,
    /// By the server's answer to the put.
    Callback,
    /// By reading it back.
    Readback,
}

/// One fact of a gateway, for the audit trail. The gateway writes it; nothing in it is the program's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum GatewayEvent {
    /// What the approved process variables held before the first put.
    Snapshot {
        /// The readings.
        readings: Vec<Reading>,
        /// Those that could not be read.
        unread: Vec<String>,
        /// When.
        at: Timestamp,
    },
    /// A put is about to be passed on.
    Put {
        /// Its number in this run, from 1.
        serial: u64,
        /// The process variable, canonical.
        pv: String,
        /// The server it goes to.
        ioc: String,
        /// What the process variable held before.
        old: Option<PvValue>,
        /// What it is to hold.
        new: PvValue,
        /// When.
        at: Timestamp,
    },
    /// How a put came out.
    PutEnded {
        /// Its number.
        serial: u64,
        /// How.
        outcome: PutOutcome,
        /// When.
        at: Timestamp,
    },
    /// A put of a rehearsal: it was answered and went nowhere.
    Swallowed {
        /// The process variable, canonical.
        pv: String,
        /// The server it would have gone to.
        ioc: String,
        /// What the process variable holds.
        old: Option<PvValue>,
        /// What it was to hold.
        new: PvValue,
        /// Why it would have been refused, if it would: a stable code and a sentence.
        refusal: Option<(String, String)>,
        /// When.
        at: Timestamp,
    },
    /// A put that was refused.
    Refused {
        /// The process variable, canonical; `None` if it could not be told.
        pv: Option<String>,
        /// What the process variable held.
        old: Option<PvValue>,
        /// What it was to hold; `None` if it could not be decoded.
        new: Option<PvValue>,
        /// A stable code, documented in `docs/errors.md`.
        code: String,
        /// Why, in a sentence.
        reason: String,
        /// When.
        at: Timestamp,
    },
    /// A written value was verified.
    Verified {
        /// The process variable, canonical.
        pv: String,
        /// What was written last.
        wanted: PvValue,
        /// What it holds; `None` where it could not be read, or was not asked.
        read: Option<PvValue>,
        /// How it was verified.
        level: VerificationLevel,
        /// Whether it holds what was written, within the tolerance.
        confirmed: bool,
        /// When.
        at: Timestamp,
    },
}
