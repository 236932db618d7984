//! The real binary, as real processes, with real faults, beside a control system that counts what
//! reaches it.

mod decisions;
mod kills;
mod terminals;
