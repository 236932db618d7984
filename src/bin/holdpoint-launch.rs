//! The command `holdpoint-launch`: what Holdpoint starts programs with. It is no command for people.

use std::process::ExitCode;

fn main() -> ExitCode {
    holdpoint::execution::launcher::main(std::env::args_os())
}
