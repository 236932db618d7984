//! WORK: the graphs Holdpoint brings along.

pub mod python_executor;
