//! seccomp: system calls that are refused to a process and to all that it starts.
//!
//! The list names what is refused and lets the rest pass: scientific packages use more of the system than
//! anyone would list. It is the last of several walls, and takes away what has opened such walls before.

use std::{collections::BTreeMap, io};

use rustix::process::Pid;
use seccompiler::{
    SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpArgLen::Qword, SeccompCmpOp, SeccompCmpOp::Eq,
    SeccompCmpOp::MaskedEq, SeccompCmpOp::Ne, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
    apply_filter, sock_filter,
};

use super::orders::Calls;

/// Calls that no program needs: mounts, namespaces, other processes' memory, keys, the kernel's own matters.
const NEVER: &[i64] = &[
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    OPEN_TREE_ATTR,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_vmsplice,
    libc::SYS_memfd_secret,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_lookup_dcookie,
    libc::SYS_nfsservctl,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
    libc::SYS_move_pages,
    libc::SYS_migrate_pages,
    // A segment of System V takes memory that no process is charged for; others take pages of POSIX.
    libc::SYS_shmget,
];

/// The same, where only this architecture has them.
#[cfg(target_arch = "x86_64")]
const NEVER_HERE: &[i64] = &[
    libc::SYS_kexec_file_load,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_HERE: &[i64] = &[];

/// Calls that reach beyond the process where it shares the host's namespaces. Landlock has no say in the
/// attributes of files, in sockets other than TCP and in what System V and POSIX queues hold.
const BEYOND: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_inotify_add_watch,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    SETXATTRAT,
    REMOVEXATTRAT,
    FILE_SETATTR,
];

#[cfg(target_arch = "x86_64")]
const BEYOND_HERE: &[i64] = &[
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];
#[cfg(not(target_arch = "x86_64"))]
const BEYOND_HERE: &[i64] = &[];

/// Numbers that the C library's headers do not have everywhere yet; new calls have one number on all
/// architectures.
const FCHMODAT2: i64 = 452;
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;
const OPEN_TREE_ATTR: i64 = 467;
const FILE_SETATTR: i64 = 469;

/// The flags that ask `clone` for a namespace. `CLONE_NEWTIME` is none of them: there its bit is a part of
/// the exit signal.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];

/// Refuses system calls to this process, for good. `keeper` is the process that keeps its tree, which it must
/// not be able to end.
pub(super) fn refuse(calls: Calls, keeper: Option<Pid>) -> io::Result<()> {
    let rules = rules(calls, keeper).map_err(io::Error::other)?;
    let here = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let refusal = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, here).map_err(io::Error::other)?;
    let program = seccompiler::BpfProgram::try_from(filter).map_err(io::Error::other)?;
    apply_filter(&unknown_calls()).map_err(io::Error::other)?;
    apply_filter(&program).map_err(io::Error::other)
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn rules(calls: Calls, keeper: Option<Pid>) -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = NEVER
        .iter()
        .chain(NEVER_HERE)
        .map(|call| (*call, Vec::new()))
        .collect();
    let mut when = |call: i64, conditions: &[(u8, SeccompCmpOp, u32)]| {
        let conditions = conditions
            .iter()
            .map(|(argument, operator, value)| {
                SeccompCondition::new(*argument, Dword, operator.clone(), u64::from(*value))
            })
            .collect::<Result<Vec<_>, _>>()?;
        rules.entry(call).or_default().push(SeccompRule::new(conditions)?);
        Ok::<(), seccompiler::BackendError>(())
    };
    for namespace in NAMESPACES {
        let flag = namespace.cast_unsigned();
        when(libc::SYS_clone, &[(0, MaskedEq(u64::from(flag)), flag)])?;
    }
    // All but asking for the present one, and setting the usual one.
    when(libc::SYS_personality, &[(0, Ne, 0), (0, Ne, u32::MAX)])?;
    for typing in [libc::TIOCSTI, libc::TIOCLINUX] {
        let request = u32::try_from(typing).unwrap_or(0);
        when(libc::SYS_ioctl, &[(1, Eq, request)])?;
    }
    let unix = libc::AF_UNIX.unsigned_abs();
    if calls == Calls::Namespaced {
        let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
        let others = families.map(|family| (0, Ne, family.unsigned_abs()));
        when(libc::SYS_socket, &others)?;
        // EPICS clients ask for the namespace's addresses by the netlink protocol for routes; there are more.
        let netlink = libc::AF_NETLINK.unsigned_abs();
        let routes = libc::NETLINK_ROUTE.unsigned_abs();
        when(libc::SYS_socket, &[(0, Eq, netlink), (2, Ne, routes)])?;
        return Ok(rules);
    }
    // A pair of datagram sockets could send elsewhere too; the kernel makes one of a raw pair as well.
    when(libc::SYS_socketpair, &[(0, Ne, unix)])?;
    for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW] {
        when(libc::SYS_socketpair, &[(1, MaskedEq(0xf), kind.unsigned_abs())])?;
    }
    // What share of the host others get: 0 stands for the process itself, but for its whole user where the
    // question is whose.
    for call in [
        libc::SYS_prlimit64,
        libc::SYS_sched_setaffinity,
        libc::SYS_sched_setscheduler,
        libc::SYS_sched_setparam,
        libc::SYS_sched_setattr,
    ] {
        when(call, &[(0, Ne, 0)])?;
    }
    for (call, whole_user) in [(libc::SYS_setpriority, 2), (libc::SYS_ioprio_set, 3)] {
        when(call, &[(0, Eq, whole_user)])?;
        when(call, &[(1, Ne, 0)])?;
    }
    if let Some(keeper) = keeper {
        let keeper = keeper.as_raw_nonzero().get();
        for call in [
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_tgkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
            libc::SYS_pidfd_open,
        ] {
            when(call, &[(0, Eq, keeper.cast_unsigned())])?;
        }
        // Its group, and everyone.
        for target in [-keeper, -1] {
            when(libc::SYS_kill, &[(0, Eq, target.cast_unsigned())])?;
        }
    }
    // Without a path it is about a file that is open.
    let by_path = SeccompCondition::new(1, Qword, Ne, 0)?;
    rules.insert(libc::SYS_utimensat, vec![SeccompRule::new(vec![by_path])?]);
    for call in BEYOND.iter().chain(BEYOND_HERE) {
        rules.insert(*call, Vec::new());
    }
    Ok(rules)
}

/// Says of calls that a filter cannot look into that there are none: `clone3`, whose flags lie in memory, so
/// that the C library takes `clone`; and the second table of calls that some kernels for x86 have, under
/// numbers the other filter does not know. It stands on an architecture the other filter has checked.
fn unknown_calls() -> [sock_filter; 5] {
    const LOAD: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const JUMP_AT_LEAST: u16 = 0x35;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const ERRNO: u32 = 0x0005_0000;
    const SECOND_TABLE: u32 = 0x4000_0000;
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    [
        step(LOAD, 0, 0, 0),
        step(JUMP_AT_LEAST, 2, 0, SECOND_TABLE),
        step(JUMP_EQUAL, 1, 0, u32::try_from(libc::SYS_clone3).unwrap_or(0)),
        step(RETURN, 0, 0, ALLOW),
        step(RETURN, 0, 0, ERRNO | libc::ENOSYS.unsigned_abs()),
    ]
}
