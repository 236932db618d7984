//! The inner stage: sockets, limits, files, system calls, and then the program.

use std::{
    io::{self, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

use rustix::{
    process::{Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit, setsid},
    thread::set_no_new_privs,
};

use super::{
    Fault, calls, failed, files,
    orders::{Calls, Files, Limits, Look, Wall},
    sockets,
};

/// Carries out the orders of the inner stage.
pub(super) fn wall(orders: &Wall) -> Result<ExitCode, Fault> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(failed("the parent-death signal"))?;
    if let Some(wanted) = orders.sockets {
        sockets::hand_out(wanted)?;
    }
    set_no_new_privs(true).map_err(failed("giving up new privileges"))?;
    let (program, arguments) = orders
        .line
        .split_first()
        .ok_or_else(|| failed("the orders")(io::Error::other("no command")))?;
    if matches!(orders.calls, None | Some(Calls::Shared)) {
        // A signal to its own group must not reach the keeper.
        setsid().map_err(failed("a session of its own"))?;
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(&orders.environment)
        .current_dir(&orders.directory);
    limit(&orders.limits).map_err(failed("the limits"))?;
    if let Some(left) = &orders.files {
        files::keep_only(left).map_err(failed("Landlock"))?;
    }
    if let Some(refused) = orders.calls {
        calls::refuse(refused, getppid()).map_err(failed("the filter of system calls"))?;
    }
    Err(failed(program.clone())(command.exec()))
}

fn limit(limits: &Limits) -> io::Result<()> {
    let seconds = limits.cpu_seconds;
    let bounds = [
        (Resource::As, limits.address_space, limits.address_space),
        (Resource::Fsize, limits.file_size, limits.file_size),
        // The first is a signal the program could survive, the second is its end.
        (Resource::Cpu, seconds, seconds.saturating_add(5)),
        (Resource::Nofile, limits.open_files, limits.open_files),
        (Resource::Core, 0, 0),
    ];
    let processes = limits.processes.map(|most| (Resource::Nproc, most, most));
    for (resource, current, maximum) in bounds.into_iter().chain(processes) {
        // What the service itself is held to cannot be raised.
        let most = rustix::process::getrlimit(resource)
            .maximum
            .map_or(maximum, |most| most.min(maximum));
        let bound = Rlimit {
            current: Some(current.min(most)),
            maximum: Some(most),
        };
        setrlimit(resource, bound)?;
    }
    Ok(())
}

/// Puts walls up around this process, which does nothing else, and prints which of them stand.
pub(super) fn look() -> Result<ExitCode, Fault> {
    let nothing = Files {
        read: vec!["/".into()],
        write: Vec::new(),
    };
    let look = Look {
        landlock: files::keep_only(&nothing).unwrap_or(0),
        seccomp: calls::refuse(Calls::Shared, getppid()).is_ok(),
    };
    let told = serde_json::to_string(&look).map_err(failed("the answer"))?;
    writeln!(io::stdout(), "{told}").map_err(failed("the answer"))?;
    Ok(ExitCode::SUCCESS)
}
