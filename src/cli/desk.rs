//! Where commands are handed in: the session, who acts, and what happens when a signal comes.

use std::{io, time::Duration};

use serde::de::DeserializeOwned;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    model::ThreadId,
    service::{ErrorKind, RunReply, ServiceCommand, Session},
};

use super::{
    exit,
    fault::Fault,
    fault::fault,
    output::{Output, complain},
    progress::Progress,
};

/// How often a run that is to be cancelled is looked for: it may not have begun yet.
const LOOK: Duration = Duration::from_millis(20);

/// Where commands are handed in.
pub(super) struct Desk {
    session: Session,
    config: Config,
    name: String,
    output: Output,
}

impl Desk {
    /// Opens the service, or finds the process that holds the store.
    pub(super) async fn open(config: &Config, name: &str, output: Output) -> Result<Self, Fault> {
        Ok(Self {
            session: Session::open(config.clone()).await?,
            config: config.clone(),
            name: name.to_owned(),
            output,
        })
    }

    /// Lets go of the store. It is waited for, since others may have asked by this process's socket.
    pub(super) async fn close(self) -> Result<(), Fault> {
        Ok(self.session.close().await?)
    }

    /// Asks for something that doesn't take long.
    pub(super) async fn ask<T: DeserializeOwned>(&mut self, command: ServiceCommand) -> Result<T, Fault> {
        let reply = self.session.call(command, &self.name, None).await?;
        read(reply)
    }

    /// Has something carried out that may run a program. A signal cancels what runs on `thread`.
    pub(super) async fn carry_out(
        &mut self,
        command: ServiceCommand,
        thread: ThreadId,
    ) -> Result<RunReply, Fault> {
        let signalled = listen().map_err(no_signals)?;
        let (sender, events) = mpsc::unbounded_channel();
        let progress = Progress::start(self.output, events);
        let here = match &self.session {
            Session::Own(service) => Some(service.engine().clone()),
            Session::Remote(_) => None,
        };
        let reason = interrupted(&self.name);
        let mut call = std::pin::pin!(self.session.call(command, &self.name, Some(sender)));
        let mut look = tokio::time::interval(LOOK);
        let (mut cancelling, mut elsewhere) = (false, None);
        let reply = loop {
            tokio::select! {
                reply = &mut call => break reply,
                () = signalled.cancelled(), if !cancelling => {
                    cancelling = true;
                    progress.say("cancelling");
                    if here.is_none() {
                        let cancel = cancel_elsewhere(self.config.clone(), self.name.clone(), thread);
                        elsewhere = Some(tokio::spawn(cancel));
                    }
                }
                _ = look.tick(), if cancelling => {
                    if let Some(engine) = &here {
                        engine.cancel_run(thread, &reason);
                    }
                }
            }
        };
        progress.end().await;
        if let Some(task) = elsewhere {
            task.abort();
        }
        read(reply?)
    }
}

fn read<T: DeserializeOwned>(reply: serde_json::Value) -> Result<T, Fault> {
    serde_json::from_value(reply).map_err(|error| {
        let message = format!("the reply can't be read; does another version hold the store? {error}");
        fault(ErrorKind::Failed, "reply", message)
    })
}

/// The reason the record gives for what a signal cancelled.
fn interrupted(name: &str) -> String {
    format!("{name} interrupted the command")
}

/// Cancels the run of `thread` at the process that holds the store, once it has begun there.
async fn cancel_elsewhere(config: Config, name: String, thread: ThreadId) {
    loop {
        let command = ServiceCommand::Cancel {
            thread: thread.to_string(),
            reason: Some(interrupted(&name)),
        };
        let Ok(mut session) = Session::open(config.clone()).await else {
            return;
        };
        let cancelled = session.call(command, &name, None).await;
        if let Err(error) = session.close().await {
            tracing::warn!(%error, "the store could not be closed");
        }
        if cancelled.is_ok() {
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The error of a process that is told no signals.
pub(super) fn no_signals(error: io::Error) -> Fault {
    let message = format!("signals can't be taken: {error}");
    fault(ErrorKind::Failed, "signals", message)
}

/// A token that the first signal to end fires. The second ends the process at once; what it ran dies
/// with it, and the next start finds it in the store.
pub(super) fn listen() -> io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let token = CancellationToken::new();
    let first = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            if first.is_cancelled() {
                complain("ended at once; what was running is found in the store\n");
                std::process::exit(exit::SIGNALLED);
            }
            first.cancel();
        }
    });
    Ok(token)
}
