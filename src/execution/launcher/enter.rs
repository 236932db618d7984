//! The outer stage: control group, hand-over, user.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::{
        fd::{FromRawFd, OwnedFd, RawFd},
        unix::{fs::DirBuilderExt, process::CommandExt},
    },
    path::Path,
    process::{Command, ExitCode},
};

use rustix::{
    mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change},
    process::{Gid, Signal, Uid, set_parent_process_death_signal},
    thread::{UnshareFlags, set_thread_groups, set_thread_res_gid, set_thread_res_uid, unshare_unsafe},
};

use super::{
    Fault, failed, keeper,
    orders::{Aim, Enter, HandOver, User},
};

/// Carries out the orders of the outer stage.
pub(super) fn enter(orders: Enter) -> Result<ExitCode, Fault> {
    close_inherited().map_err(failed("inherited descriptors"))?;
    for group in &orders.groups {
        // 0 stands for the thread that writes, the only one here. In version 1 the kernel moves that one without
        // the wait of many milliseconds that moving a process takes.
        let threads = group.join("tasks");
        let file = match threads.exists() {
            true => threads,
            false => group.join("cgroup.procs"),
        };
        fs::write(&file, "0").map_err(failed(file.display().to_string()))?;
    }
    if let Some(over) = &orders.hand_over {
        hand_over(over)?;
    }
    match orders.aim {
        Aim::Keep(wall) => keeper::keep(&wall, orders.user),
        Aim::Become(line) => {
            if let Some(user) = orders.user {
                become_user(user).map_err(failed("becoming the programs' user"))?;
            }
            // Only now: the kernel forgets it when the user changes.
            set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed("the parent-death signal"))?;
            let (program, arguments) = line
                .split_first()
                .ok_or_else(|| failed("the orders")(io::Error::other("no command")))?;
            let error = Command::new(program)
                .args(arguments)
                .env_clear()
                .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
                .env("LANG", "C.UTF-8")
                .current_dir("/")
                .exec();
            Err(failed(program.clone())(error))
        }
    }
}

/// Closes what the service, or whoever started it, left open besides the three standard streams.
fn close_inherited() -> io::Result<()> {
    let open: Vec<RawFd> = fs::read_dir("/proc/self/fd")?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    // The descriptor that the directory was read by is among them, and closed by now.
    for descriptor in open {
        if fs::symlink_metadata(format!("/proc/self/fd/{descriptor}")).is_ok() {
            // SAFETY: this process has one thread and has opened nothing yet, so nothing in it owns them.
            #[allow(unsafe_code, reason = "there is no safe way to own an inherited descriptor")]
            drop(unsafe { OwnedFd::from_raw_fd(descriptor) });
        }
    }
    Ok(())
}

/// Brings directories to a user who cannot enter the folders they lie in: they are bound to a place that
/// exists only in this process's mount namespace.
fn hand_over(over: &HandOver) -> Result<(), Fault> {
    let at = |path: &Path| format!("the hand-over to {}", path.display());
    // SAFETY: only file descriptors that threads share could be lost, and this neither shares nor unshares any.
    #[allow(unsafe_code, reason = "rustix has no safe form for single flags")]
    unsafe { unshare_unsafe(UnshareFlags::NEWNS) }.map_err(failed("a mount namespace"))?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(failed("a private mount namespace"))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("holdpoint", &over.place, "tmpfs", flags, c"mode=755,size=64k").map_err(failed(at(&over.place)))?;
    for (name, source) in &over.binds {
        let target = over.place.join(name);
        let made = match source.is_dir() {
            true => DirBuilder::new().mode(0o755).create(&target),
            false => File::create(&target).map(drop),
        };
        made.map_err(failed(at(&target)))?;
        mount_bind(source, &target).map_err(failed(at(&target)))?;
    }
    Ok(())
}

/// Gives up root for good.
fn become_user(user: User) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    set_thread_groups(&[])?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}
