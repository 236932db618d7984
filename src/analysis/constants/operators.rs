//! Operators, items and slices.

use ruff_python_ast::{Operator, UnaryOp};

use super::{Constant, MAX_LENGTH, format};

/// `left operator right`.
pub(in super::super) fn binary(operator: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    match (operator, left, right) {
        (Operator::Mod, Constant::Text(_) | Constant::Bytes(_), _) => format::percent(left, right),
        (Operator::Add, Constant::Text(left), Constant::Text(right)) => {
            fits(left.len(), right.len())?;
            Constant::text([&**left, &**right].concat())
        }
        (Operator::Add, Constant::Bytes(left), Constant::Bytes(right)) => {
            fits(left.len(), right.len())?;
            Constant::bytes([&**left, &**right].concat())
        }
        (Operator::Add, Constant::Sequence(left), Constant::Sequence(right)) => {
            fits(left.len(), right.len())?;
            Constant::list([&**left, &**right].concat())
        }
        (Operator::Add, Constant::Tuple(left), Constant::Tuple(right)) => {
            fits(left.len(), right.len())?;
            Constant::tuple([&**left, &**right].concat())
        }
        (Operator::Mult, _, _) => match (left.as_integer(), right.as_integer()) {
            (Some(_), Some(_)) => arithmetic(operator, left, right),
            (None, Some(times)) => repeated(left, times).or_else(|| arithmetic(operator, left, right)),
            (Some(times), None) => repeated(right, times).or_else(|| arithmetic(operator, left, right)),
            (None, None) => arithmetic(operator, left, right),
        },
        _ => arithmetic(operator, left, right),
    }
}

fn fits(left: usize, right: usize) -> Option<()> {
    (left.checked_add(right)? <= MAX_LENGTH).then_some(())
}

fn repeated(value: &Constant, times: i64) -> Option<Constant> {
    let times = usize::try_from(times).unwrap_or(0);
    let length = match value {
        Constant::Text(text) => text.len(),
        Constant::Bytes(bytes) => bytes.len(),
        Constant::Sequence(items) | Constant::Tuple(items) => items.len(),
        _ => return None,
    };
    // Nothing, as often as it may be, is nothing.
    let times = if length == 0 { 0 } else { times };
    if length.checked_mul(times)? > MAX_LENGTH {
        return None;
    }
    match value {
        Constant::Text(text) => Constant::text(text.repeat(times)),
        Constant::Bytes(bytes) => Constant::bytes(bytes.repeat(times)),
        Constant::Sequence(items) => Constant::list(vec![&**items; times].concat()),
        Constant::Tuple(items) => Constant::tuple(vec![&**items; times].concat()),
        _ => None,
    }
}

fn arithmetic(operator: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    if let (Constant::Bool(left), Constant::Bool(right)) = (left, right) {
        let both = match operator {
            Operator::BitAnd => Some(left & right),
            Operator::BitOr => Some(left | right),
            Operator::BitXor => Some(left ^ right),
            _ => None,
        };
        if let Some(value) = both {
            return Some(Constant::Bool(value));
        }
    }
    match (left.as_integer(), right.as_integer()) {
        (Some(left), Some(right)) => of_integers(operator, left, right),
        _ => of_floats(operator, left.as_number()?, right.as_number()?).map(Constant::Float),
    }
}

fn of_integers(operator: Operator, left: i64, right: i64) -> Option<Constant> {
    let value = match operator {
        Operator::Add => left.checked_add(right)?,
        Operator::Sub => left.checked_sub(right)?,
        Operator::Mult => left.checked_mul(right)?,
        Operator::FloorDiv => floor_division(left, right)?.0,
        Operator::Mod => floor_division(left, right)?.1,
        Operator::BitAnd => left & right,
        Operator::BitOr => left | right,
        Operator::BitXor => left ^ right,
        Operator::LShift => {
            let places = u32::try_from(right).ok();
            match places.filter(|places| *places < 63) {
                Some(places) => left.checked_mul(1 << places)?,
                None if left == 0 && right >= 0 => 0,
                None => return None,
            }
        }
        Operator::RShift => match u64::try_from(right).ok()? {
            places @ 0..63 => left >> places,
            _ => left >> 63,
        },
        Operator::Pow => match u32::try_from(right) {
            Ok(exponent) => left.checked_pow(exponent)?,
            Err(_) if right < 0 => {
                return of_floats(operator, exactly(left)?, exactly(right)?).map(Constant::Float);
            }
            Err(_) if matches!(left, 0 | 1) => left,
            Err(_) => return None,
        },
        Operator::Div => {
            return of_floats(operator, exactly(left)?, exactly(right)?).map(Constant::Float);
        }
        Operator::MatMult => return None,
    };
    Some(Constant::Int(value))
}

/// The number as a float, unless that would round it.
#[expect(clippy::cast_precision_loss, reason = "it is lossless within the range")]
fn exactly(value: i64) -> Option<f64> {
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}

/// Quotient and remainder, which has the divisor's sign.
pub(super) fn floor_division(left: i64, right: i64) -> Option<(i64, i64)> {
    let quotient = left.checked_div(right)?;
    let remainder = left.checked_rem(right)?;
    if remainder != 0 && (remainder < 0) != (right < 0) {
        Some((quotient - 1, remainder + right))
    } else {
        Some((quotient, remainder))
    }
}

fn of_floats(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let value = match operator {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mult => left * right,
        Operator::Div if right != 0.0 => left / right,
        Operator::FloorDiv => floor_division_of_floats(left, right)?.0,
        Operator::Mod => floor_division_of_floats(left, right)?.1,
        // A negative base may give a complex number.
        Operator::Pow if left > 0.0 && left.is_finite() && right.is_finite() => left.powf(right),
        _ => return None,
    };
    // Where CPython raises for what is too large, and where it does not, is not told apart.
    value.is_finite().then_some(value)
}

/// Quotient and remainder, rounded as CPython rounds them.
pub(super) fn floor_division_of_floats(left: f64, right: f64) -> Option<(f64, f64)> {
    if right == 0.0 || !left.is_finite() || !right.is_finite() {
        return None;
    }
    let mut remainder = left % right;
    let mut quotient = (left - remainder) / right;
    if remainder == 0.0 {
        remainder = 0.0_f64.copysign(right);
    } else if (remainder < 0.0) != (right < 0.0) {
        remainder += right;
        quotient -= 1.0;
    }
    let whole = if quotient == 0.0 {
        0.0_f64.copysign(left / right)
    } else if quotient - quotient.floor() > 0.5 {
        quotient.floor() + 1.0
    } else {
        quotient.floor()
    };
    Some((whole, remainder))
}

/// `operator operand`.
pub(in super::super) fn unary(operator: UnaryOp, operand: &Constant) -> Option<Constant> {
    match (operator, operand) {
        (UnaryOp::Not, _) => Some(Constant::Bool(!operand.truth()?)),
        (UnaryOp::USub, Constant::Float(value)) => Some(Constant::Float(-value)),
        (UnaryOp::UAdd, Constant::Float(value)) => Some(Constant::Float(*value)),
        (UnaryOp::USub, _) => operand.as_integer()?.checked_neg().map(Constant::Int),
        (UnaryOp::UAdd, _) => operand.as_integer().map(Constant::Int),
        // From Python 3.16 on the inverse of a truth value is an error.
        (UnaryOp::Invert, Constant::Int(value)) => Some(Constant::Int(!value)),
        (UnaryOp::Invert, _) => None,
    }
}

/// `container[index]`.
pub(in super::super) fn item(container: &Constant, index: &Constant) -> Option<Constant> {
    let index = index.as_integer()?;
    let place = |length: usize| {
        let place = if index < 0 {
            length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
        } else {
            usize::try_from(index).ok()?
        };
        Some(place)
    };
    match container {
        Constant::Text(text) => {
            let character = if index < 0 {
                let from_end = usize::try_from(index.unsigned_abs()).ok()?.checked_sub(1)?;
                text.chars().rev().nth(from_end)?
            } else {
                text.chars().nth(usize::try_from(index).ok()?)?
            };
            Constant::text(character.to_string())
        }
        Constant::Bytes(bytes) => {
            let byte = bytes.get(place(bytes.len())?)?;
            Some(Constant::Int(i64::from(*byte)))
        }
        Constant::Sequence(items) | Constant::Tuple(items) => items.get(place(items.len())?).cloned(),
        _ => None,
    }
}

/// `container[lower:upper:step]`.
pub(in super::super) fn slice(
    container: &Constant,
    lower: Option<&Constant>,
    upper: Option<&Constant>,
    step: Option<&Constant>,
) -> Option<Constant> {
    let bounds = [bound(lower)?, bound(upper)?, bound(step)?];
    match container {
        Constant::Text(text) => {
            let characters: Vec<char> = text.chars().collect();
            Constant::text(taken(&characters, bounds)?.into_iter().collect::<String>())
        }
        Constant::Bytes(bytes) => Constant::bytes(taken(bytes, bounds)?),
        Constant::Sequence(items) => Constant::list(taken(items, bounds)?),
        Constant::Tuple(items) => Constant::tuple(taken(items, bounds)?),
        _ => None,
    }
}

/// A bound of a slice, where `None` is as good as none.
pub(super) fn bound(value: Option<&Constant>) -> Option<Option<i64>> {
    match value {
        None | Some(Constant::None) => Some(None),
        Some(value) => value.as_integer().map(Some),
    }
}

fn taken<T: Clone>(items: &[T], [lower, upper, step]: [Option<i64>; 3]) -> Option<Vec<T>> {
    let length = i64::try_from(items.len()).ok()?;
    let step = step.unwrap_or(1).max(-i64::MAX);
    // What bounds may be at least and at most, once those from the end are made those from the start.
    let (least, most) = match step {
        0 => return None,
        1.. => (0, length),
        _ => (-1, length - 1),
    };
    let place = |bound: i64| {
        let bound = if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        };
        bound.clamp(least, most)
    };
    let (first, end) = if step > 0 { (least, most) } else { (most, least) };
    let end = upper.map_or(end, place);
    let mut at = lower.map_or(first, place);
    let mut result = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        result.push(items.get(usize::try_from(at).ok()?)?.clone());
        at = at.saturating_add(step);
    }
    Some(result)
}
