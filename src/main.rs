//! The command `holdpoint`.

use std::process::ExitCode;

use anyhow::Context;

fn main() -> anyhow::Result<ExitCode> {
    if let Err(error) = holdpoint::telemetry::start() {
        // No log, no run: whoever set the variable wants to see what it asks for.
        return Err(error.into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the runtime can't be started")?;
    let code = runtime.block_on(holdpoint::cli::main(std::env::args_os()));
    runtime.shutdown_background();
    Ok(ExitCode::from(code))
}
