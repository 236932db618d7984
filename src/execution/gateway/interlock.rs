//! What must hold for anything to be written.

use crate::{config::Interlock, model::PvValue};

/// Whether `interlock` holds while its process variable holds `value`.
///
/// # Errors
/// Why it does not, in a sentence.
pub fn holds(interlock: &Interlock, value: &PvValue) -> Result<(), String> {
    let _ = value;
    Err(interlock.message.clone())
}
