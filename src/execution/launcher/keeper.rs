//! Keeps a program's processes together where no process namespace does.
//!
//! The keeper is the one whom the kernel gives every process of the tree whose parent is gone: a daemon can
//! leave its parent, its group and its session, but not the keeper. When the first process ends, or when the
//! service does, the keeper ends all of them, and only then itself.

use std::{
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Command, ExitCode, ExitStatus},
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::{PidfdFlags, Signal, WaitOptions, getpid, kill_process, pidfd_open, set_child_subreaper, wait},
    stdio::stdin,
};

use super::{
    Fault, NAME, WALL, failed,
    orders::{User, Wall},
};
use crate::execution::processes::{children, pid_of};

/// Starts the inner stage as `user` and keeps what it starts, to the end of all of it.
pub(super) fn keep(wall: &Wall, user: Option<User>) -> Result<ExitCode, Fault> {
    let own = getpid();
    set_child_subreaper(Some(own)).map_err(failed("keeping the program's processes"))?;
    let orders = serde_json::to_string(wall).map_err(failed("the orders"))?;
    // By this name the user needs no way through the directories the launcher lies in.
    let mut command = Command::new("/proc/self/exe");
    command.arg0(NAME).args([WALL, &orders]).env_clear();
    if let Some(user) = user {
        command.gid(user.gid).uid(user.uid);
    }
    let mut child = command.spawn().map_err(failed("the inner stage"))?;
    let handle = pid_of(child.id())
        .and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?))
        .map_err(failed("watching the program"))?;
    loop {
        // The other end of standard input is the service's for as long as it lives. What comes in is not ours.
        let mut polled = [
            PollFd::new(&handle, PollFlags::IN),
            PollFd::from_borrowed_fd(stdin(), PollFlags::empty()),
        ];
        match poll(&mut polled, None) {
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    let ended = child.try_wait().ok().flatten();
    end_all(own.as_raw_nonzero().get().unsigned_abs());
    Ok(ended.map_or(ExitCode::FAILURE, code_of))
}

/// Ends every process of the tree. Whatever loses its parent by that becomes a child of this process.
fn end_all(own: u32) {
    loop {
        for pid in children(own) {
            if let Ok(pid) = pid_of(pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            // There is no child left.
            Err(_) => return,
        }
    }
}

/// A status as shells report it.
fn code_of(status: ExitStatus) -> ExitCode {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}
