//! The command line: it parses, calls the service and renders. It adds no rules.

mod analyze;
mod anchor;
mod arguments;
mod check;
mod decide;
mod desk;
mod doctor;
mod draw;
mod exit;
mod fault;
mod keys;
mod output;
mod progress;
mod rebuild;
mod render;
mod request;
mod serve;
mod subject;
mod verify;

use std::ffi::OsString;

use clap::{Parser, error::ErrorKind as ParseErrorKind};
use serde_json::Value;

use crate::{
    config::Config,
    engine::ReplayReport,
    generation::Registry,
    model::ThreadId,
    service::{
        FreezeReply, HistoryReply, PendingReply, RunReply, RunStatus, ServiceCommand, ServiceError,
        ThreadReply, os_user,
    },
};

use arguments::{Arguments, Command, ConfigCommand, Globals, RunArguments};
use desk::Desk;
use fault::{Fault, usage};
use output::{Output, complain};
use render::Hints;

/// Carries out a command line, and gives the code to exit with.
pub async fn main(words: impl IntoIterator<Item = OsString>) -> u8 {
    let words: Vec<OsString> = words.into_iter().collect();
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return not_parsed(&error, &words),
    };
    let output = Output {
        json: arguments.globals.json,
        quiet: arguments.globals.quiet,
    };
    match carry_out(arguments, output).await {
        Ok(code) => code,
        Err(error) => output.error(&error),
    }
}

/// Help and version are no errors; everything else is one of usage.
fn not_parsed(error: &clap::Error, words: &[OsString]) -> u8 {
    let output = Output {
        json: words.iter().any(|word| word == "--json"),
        quiet: false,
    };
    let rendered = error.render();
    match error.kind() {
        ParseErrorKind::DisplayHelp | ParseErrorKind::DisplayVersion => {
            match output.text(&rendered.ansi().to_string()) {
                Ok(()) => exit::DONE,
                Err(error) => output.error(&error),
            }
        }
        _ if output.json => {
            let text = rendered.to_string();
            output.error(&usage(text.trim().trim_start_matches("error: ")))
        }
        _ => {
            complain(&rendered.ansi().to_string());
            exit::USAGE
        }
    }
}

/// What every command works with.
struct Work {
    config: Config,
    name: String,
    output: Output,
    hints: Hints,
}

impl Work {
    fn new(globals: &Globals, output: Output) -> Result<Self, Fault> {
        let mut config = Config::load(globals.config.as_deref())?;
        if let Some(directory) = &globals.data_dir {
            config.set_data_dir(directory);
        }
        let name = match (&globals.name, &config.default_actor) {
            (Some(name), _) if name.trim().is_empty() => {
                return Err(usage("--as takes a name, and this one is empty"));
            }
            (Some(name), _) | (None, Some(name)) => name.clone(),
            (None, None) => std::env::var("USER")
                .ok()
                .filter(|user| !user.trim().is_empty())
                .unwrap_or_else(os_user),
        };
        Ok(Self {
            hints: Hints::new(globals),
            config,
            name,
            output,
        })
    }

    async fn open(&self) -> Result<Desk, Fault> {
        Desk::open(&self.config, &self.name, self.output).await
    }

    /// As [`Work::ask`], about the thread that was called `thread`.
    async fn ask_of<T: serde::de::DeserializeOwned>(
        &self,
        thread: &str,
        command: ServiceCommand,
    ) -> Result<T, Fault> {
        let reply = self.ask(command).await;
        reply.map_err(|error| fault::named(error, thread))
    }

    /// Asks one thing, and lets go of the store again.
    async fn ask<T: serde::de::DeserializeOwned>(&self, command: ServiceCommand) -> Result<T, Fault> {
        let mut desk = self.open().await?;
        let reply = desk.ask(command).await;
        desk.close().await?;
        reply
    }

    /// Has something carried out, and lets go of the store again.
    async fn run(&self, command: ServiceCommand, thread: ThreadId) -> Result<RunReply, Fault> {
        let mut desk = self.open().await?;
        let reply = desk.carry_out(command, thread).await;
        desk.close().await?;
        reply
    }

    /// Shows how a thread stands, and gives the code for that.
    fn tell(&self, reply: &RunReply) -> Result<u8, Fault> {
        match self.output.json {
            true => self.output.value(reply)?,
            false => self.output.text(&render::thread(reply, &self.hints))?,
        }
        Ok(exit::of_status(reply.status))
    }

    /// As [`Work::tell`], where `wanted` is how the thread ends if it was done as asked.
    fn tell_wanted(&self, reply: &RunReply, wanted: RunStatus) -> Result<u8, Fault> {
        let code = self.tell(reply)?;
        Ok(if reply.status == wanted { exit::DONE } else { code })
    }

    /// Prints `value`, as JSON or as `text` has it.
    fn print<T: serde::Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) -> Result<(), Fault> {
        match self.output.json {
            true => self.output.value(value),
            false => self.output.text(&text(value)),
        }
    }
}

async fn carry_out(arguments: Arguments, output: Output) -> Result<u8, Fault> {
    let Arguments { globals, command } = arguments;
    // These need no store, and some of them no configuration.
    match &command {
        Command::Graph { name, format } => return draw::graph(output, name, *format),
        Command::Config {
            command: ConfigCommand::Check,
        } => return check::config(output, &globals),
        Command::Doctor => return doctor::host(output, &globals),
        Command::Rebuild { log, into } => return rebuild::store(output, &globals, log, into),
        Command::Verify { export: Some(path) } => return verify::export(output, path),
        _ => {}
    }
    let work = Work::new(&globals, output)?;
    if command.runs() {
        // Where nothing can run, nothing is made or taken up either.
        work.config.check_startable()?;
        Registry::builtin()
            .create(&work.config.generation)
            .map_err(ServiceError::from)?;
    }
    match command {
        Command::Run(arguments) => run(&work, &arguments).await,
        Command::Pending => {
            let pending: Vec<PendingReply> = work.ask(ServiceCommand::Pending).await?;
            work.print(&pending, |pending| render::pending(pending, &work.hints))?;
            Ok(exit::DONE)
        }
        Command::Show { subject } => {
            let called = subject.clone();
            let mut desk = work.open().await?;
            let shown = match subject::shown(&mut desk, &subject).await {
                Ok(subject) => desk.ask::<RunReply>(ServiceCommand::Show { subject }).await,
                Err(error) => Err(error),
            };
            desk.close().await?;
            work.tell(&shown.map_err(|error| fault::named(error, &called))?)?;
            Ok(exit::DONE)
        }
        Command::Cancel { thread, reason } => {
            let command = ServiceCommand::Cancel {
                thread: thread.clone(),
                reason,
            };
            let reply: RunReply = work.ask_of(&thread, command).await?;
            let code = work.tell_wanted(&reply, RunStatus::Cancelled)?;
            // It came to its end before it could be cancelled.
            let late = reply.status == RunStatus::Completed;
            Ok(if late { exit::CONFLICT } else { code })
        }
        Command::Freeze { reason } => freeze(&work, ServiceCommand::Freeze { reason }).await,
        Command::Serve { host, port } => serve::serve(&work, host, port).await,
        Command::Unfreeze => freeze(&work, ServiceCommand::Unfreeze).await,
        Command::Threads { limit } => {
            let threads: Vec<ThreadReply> = work.ask(ServiceCommand::Threads { limit }).await?;
            work.print(&threads, |threads| render::threads(threads))?;
            Ok(exit::DONE)
        }
        Command::History { thread } => {
            let history: Vec<HistoryReply> = work
                .ask_of(&thread.clone(), ServiceCommand::History { thread })
                .await?;
            work.print(&history, |history| render::history(history))?;
            Ok(exit::DONE)
        }
        Command::Replay { thread } => {
            let report: ReplayReport = work
                .ask_of(&thread.clone(), ServiceCommand::Replay { thread })
                .await?;
            work.print(&report, render::replay)?;
            Ok(match report.divergences.is_empty() {
                true => exit::DONE,
                false => exit::FAILED,
            })
        }
        Command::Fork {
            thread,
            checkpoint,
            into,
        } => {
            let runs = ThreadId::of_name(into.as_ref().unwrap_or(&thread));
            let called = thread.clone();
            let command = ServiceCommand::Fork {
                thread,
                checkpoint,
                into,
            };
            let reply = work.run(command, runs).await;
            work.tell(&reply.map_err(|error| fault::named(error, &called))?)
        }
        Command::Revert { run } => {
            // Named here, so that a signal knows what to cancel.
            let thread = ThreadId::new();
            let command = ServiceCommand::Revert {
                subject: run.clone(),
                thread: Some(thread.to_string()),
            };
            let reply = work.run(command, thread).await;
            work.tell(&reply.map_err(|error| fault::named(error, &run))?)
        }
        Command::Verify { .. } => verify::store(&work).await,
        Command::Anchor { sign, check, key } => match check {
            Some(file) => anchor::check(&work, &file, key.as_deref()).await,
            None => anchor::make(&work, sign.as_deref()).await,
        },
        Command::Keys { command } => keys::keys(&work, command).await,
        Command::Analyze(arguments) => analyze::programs(&work, &arguments),
        decision => decide::decide(&work, decision).await,
    }
}

async fn run(work: &Work, arguments: &RunArguments) -> Result<u8, Fault> {
    if let Some(thread) = &arguments.go_on {
        let id = ThreadId::of_name(thread);
        let command = ServiceCommand::Continue {
            thread: thread.clone(),
        };
        let reply = work.run(command, id).await;
        return work.tell(&reply.map_err(|error| fault::named(error, thread))?);
    }
    let request = request::of(arguments)?;
    // The thread is named here, so that a signal knows what to cancel.
    let thread = match &arguments.thread {
        Some(name) if name.trim().is_empty() => {
            return Err(usage("--thread takes a name, and this one is empty"));
        }
        Some(name) => name.clone(),
        None => ThreadId::new().to_string(),
    };
    let id = ThreadId::of_name(&thread);
    let command = ServiceCommand::Run {
        request,
        thread: Some(thread),
    };
    work.tell(&work.run(command, id).await?)
}

async fn freeze(work: &Work, command: ServiceCommand) -> Result<u8, Fault> {
    let reply: FreezeReply = work.ask(command).await?;
    work.print(&reply, render::freeze)?;
    Ok(exit::DONE)
}

/// A reply as JSON with the file or directory it is about in front.
fn about(key: &str, subject: &std::path::Path, reply: Value) -> Value {
    let mut value = serde_json::json!({ key: subject.display().to_string() });
    if let (Some(value), Value::Object(fields)) = (value.as_object_mut(), reply) {
        value.extend(fields);
    }
    value
}
