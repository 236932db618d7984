//! Processes of this host, as the kernel tells of them.

use std::{
    fs, io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    process::ExitStatus,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};

/// The kernel's name for a process.
pub(super) fn pid_of(id: u32) -> io::Result<Pid> {
    i32::try_from(id)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// Whether the process behind `handle` ends by `deadline`.
pub(super) fn ends_by(handle: &OwnedFd, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).ok();
        let mut polled = [PollFd::new(handle, PollFlags::IN)];
        match poll(&mut polled, timeout.as_ref()) {
            Ok(count) if count > 0 => return true,
            Ok(_) => return false,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// What `/proc` says of one process.
struct Seen {
    parent: u32,
    group: u32,
    dead: bool,
}

fn see(pid: u32) -> Option<Seen> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name in brackets may hold anything, brackets included.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let dead = matches!(fields.next()?, "Z" | "X");
    Some(Seen {
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
        dead,
    })
}

fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The processes a process has started and not yet outlived.
pub(super) fn children(parent: u32) -> Vec<u32> {
    pids()
        .into_iter()
        .filter(|pid| see(*pid).is_some_and(|process| process.parent == parent))
        .collect()
}

/// Without a namespace: kills everything that is in the program's group or carries its mark, until a look
/// finds nothing more. A process that has left the group and cleared its environment escapes.
pub(super) fn sweep(mark: &str, group: u32, deadline: Instant) -> bool {
    let mark = format!("{mark}=1");
    let ours = |pid: u32| {
        let Some(process) = see(pid).filter(|process| !process.dead) else {
            return false;
        };
        let marked = || {
            fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
                environ
                    .split(|byte| *byte == 0)
                    .any(|entry| entry == mark.as_bytes())
            })
        };
        process.group == group || marked()
    };
    loop {
        let mut found = false;
        for pid in pids().into_iter().filter(|pid| ours(*pid)) {
            found = true;
            let handle = pid_of(pid).and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?));
            // The number may have passed to another process: what the handle holds is looked at again.
            if let Ok(handle) = handle
                && ours(pid)
            {
                let _ = pidfd_send_signal(&handle, Signal::KILL);
            }
        }
        if !found {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The signal a process ended by, as its own status or as a shell and bubblewrap report it.
pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal().or_else(|| {
        status
            .code()
            .filter(|code| (129..=192).contains(code))
            .map(|code| code - 128)
    })
}
