//! Configuration: what the file says (`authored`) becomes what the program uses (`resolved`).

mod resolved;

pub use resolved::*;
