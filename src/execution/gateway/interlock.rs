//! What must hold for anything to be written.

use crate::{config::Interlock, model::PvValue};

/// Whether `interlock` holds while its process variable holds `value`: every condition it names must.
///
/// # Errors
/// Why it does not, in a sentence.
pub fn holds(interlock: &Interlock, value: &PvValue) -> Result<(), String> {
    let Interlock {
        pv,
        one_of,
        min,
        max,
        message,
    } = interlock;
    let fails = |wanted: String| {
        let told = match message.is_empty() {
            true => String::new(),
            false => format!(": {message}"),
        };
        Err(format!("{pv} is {value}, but must be {wanted}{told}"))
    };
    if one_of.is_empty() && min.is_none() && max.is_none() {
        return fails("something that nobody has said".to_owned());
    }
    if !one_of.is_empty() && !one_of.iter().any(|wanted| is(wanted, value)) {
        let wanted: Vec<String> = one_of.iter().map(ToString::to_string).collect();
        return fails(wanted.join(" or "));
    }
    // What is no number is neither at least nor at most anything.
    let number = value.number();
    if let Some(min) = min
        && !number.is_some_and(|number| number >= *min)
    {
        return fails(format!("at least {min}"));
    }
    if let Some(max) = max
        && !number.is_some_and(|number| number <= *max)
    {
        return fails(format!("at most {max}"));
    }
    Ok(())
}

/// A number is that number, or that index of a choice; a text is that text, or that label.
fn is(wanted: &PvValue, value: &PvValue) -> bool {
    match (wanted, value) {
        (PvValue::Text(wanted), PvValue::Text(text)) => wanted == text,
        (PvValue::Text(wanted), PvValue::Choice { label, .. }) => label.as_ref() == Some(wanted),
        (PvValue::Int(wanted), PvValue::Int(number)) => wanted == number,
        _ => match (wanted.number(), value.number()) {
            #[allow(clippy::float_cmp, reason = "one of these values, and none beside them")]
            (Some(wanted), Some(number)) => wanted == number,
            _ => false,
        },
    }
}
