//! What a value holds, element by element.

use crate::{config::Tolerance, model::PvValue};

/// The numbers in a value; `None` for texts.
#[allow(
    clippy::cast_precision_loss,
    reason = "limits are compared as doubles, as EPICS does"
)]
pub(super) fn numbers(value: &PvValue) -> Option<Vec<f64>> {
    match value {
        PvValue::Ints(values) => Some(values.iter().map(|value| *value as f64).collect()),
        PvValue::Reals(values) => Some(values.clone()),
        PvValue::Texts(_) => None,
        one => one.number().map(|number| vec![number]),
    }
}

/// How many elements an array has.
pub(super) fn length(value: &PvValue) -> Option<usize> {
    match value {
        PvValue::Ints(values) => Some(values.len()),
        PvValue::Reals(values) => Some(values.len()),
        PvValue::Texts(values) => Some(values.len()),
        _ => None,
    }
}

/// The only element of an array that has one.
pub(super) fn only(value: &PvValue) -> Option<PvValue> {
    match value {
        PvValue::Ints(values) if values.len() == 1 => Some(PvValue::Int(values[0])),
        PvValue::Reals(values) if values.len() == 1 => Some(PvValue::Real(values[0])),
        PvValue::Texts(values) if values.len() == 1 => Some(PvValue::Text(values[0].clone())),
        _ => None,
    }
}

/// Whether `now` lies within `tolerance` of `reference`, element by element; the greater bound counts. Choices
/// and texts must be the same, and what is no number is near nothing.
pub fn within(tolerance: Tolerance, reference: &PvValue, now: &PvValue) -> bool {
    let index = |value: &PvValue| match value {
        PvValue::Choice { index, .. } => Some(f64::from(*index)),
        value => value.number(),
    };
    match (reference, now) {
        (PvValue::Choice { .. }, _) | (_, PvValue::Choice { .. }) => {
            matches!((index(reference), index(now)), (Some(one), Some(other)) if one == other)
        }
        (PvValue::Text(one), PvValue::Ints(bytes)) | (PvValue::Ints(bytes), PvValue::Text(one)) => {
            let ended = bytes.iter().take_while(|byte| **byte != 0);
            ended.copied().eq(one.bytes().map(i64::from))
        }
        (PvValue::Text(one), PvValue::Text(other)) => one == other,
        (PvValue::Texts(one), PvValue::Texts(other)) => one == other,
        _ => match (numbers(reference), numbers(now)) {
            (Some(reference), Some(now)) => {
                reference.len() == now.len()
                    && reference
                        .iter()
                        .zip(&now)
                        .all(|(reference, now)| near(tolerance, *reference, *now))
            }
            _ => false,
        },
    }
}

fn near(tolerance: Tolerance, reference: f64, now: f64) -> bool {
    let bound = tolerance
        .absolute
        .max(reference.abs() * tolerance.percent / 100.0);
    (now - reference).abs() <= bound
}
