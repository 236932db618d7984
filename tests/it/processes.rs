//! The real binary, as real processes, with real faults, beside a control system that counts what
//! reaches it.

mod decisions;
mod disks;
mod hostile;
mod inputs;
mod kills;
mod terminals;
