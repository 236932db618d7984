//! The launcher: a small program between the service and what runs in the sandbox.
//!
//! It is started twice for a program, each time with its orders as one JSON argument. *Enter* stands outside:
//! it joins the run's control group, hands the directories over, becomes the unprivileged user and starts
//! bubblewrap. *Wall* stands innermost, before Python: it makes the sockets and hands them out, and puts the
//! last walls up, which only a process itself can put up around itself. Where there is no bubblewrap, *enter*
//! stays as the keeper of the program's processes and starts *wall* directly.

mod calls;
mod enter;
mod files;
mod keeper;
mod orders;
mod sockets;
mod wall;

use std::{ffi::OsString, io, process::ExitCode};

pub(super) use orders::{Aim, Calls, Enter, Files, HandOver, Limits, Look, Sockets, User, Wall};
pub(super) use sockets::{ACKNOWLEDGED, MOST_CIRCUITS, receive};

/// The launcher's file name.
pub(super) const NAME: &str = "holdpoint-launch";

/// The stages, as the first argument names them.
pub(super) const ENTER: &str = "enter";
pub(super) const WALL: &str = "wall";
pub(super) const LOOK: &str = "look";

/// What the launcher exits with when it could not do its part.
const FAILED: u8 = 125;

/// Why the launcher could not do its part.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
struct Fault {
    what: String,
    source: io::Error,
}

/// Turns an error into a fault that says what was being done.
fn failed<E: Into<io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> Fault {
    let what = what.into();
    move |error| Fault {
        what,
        source: error.into(),
    }
}

/// Carries out the orders of a command line: the program's name, the stage and its orders. It returns only if
/// the stage ends without becoming another program.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<String> = words
        .into_iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [ENTER, orders] => read(orders).and_then(enter::enter),
        [WALL, orders] => read(orders).and_then(|orders| wall::wall(&orders)),
        [LOOK] => wall::look(),
        _ => Err(Fault {
            what: "the orders".to_owned(),
            source: io::Error::other("Holdpoint starts this program; it is not a command of its own"),
        }),
    };
    done.unwrap_or_else(|fault| {
        eprintln!("{NAME}: {fault}");
        ExitCode::from(FAILED)
    })
}

fn read<T: serde::de::DeserializeOwned>(orders: &str) -> Result<T, Fault> {
    serde_json::from_str(orders).map_err(failed("the orders"))
}
