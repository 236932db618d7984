//! The owner's socket: other processes of the same user ask by it while this one holds the store.
//!
//! One line of JSON asks; lines of JSON answer: that it was taken, events of the run as they come, then
//! the reply. A command is carried out only once the other side could be told that it was taken: whoever
//! gave up waiting, or was hung up on before that, knows that nothing was done.

use std::{
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    task::{JoinHandle, JoinSet},
};
use tokio_util::sync::CancellationToken;

use crate::model::{Actor, Entrance, Event};

use super::{Core, ErrorReply, ServiceCommand, ServiceError, session};

/// The most bytes of one line.
pub(super) const MAX_LINE: u64 = 64 * 1024 * 1024;

/// How long a process may take to say what it asks.
const TIME_TO_ASK: Duration = Duration::from_secs(10);

/// Where the socket of a data directory stands.
pub(super) fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("owner.sock")
}

/// What a process asks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ask {
    /// The name it acts under.
    pub(super) name: String,
    /// What it asks for.
    pub(super) command: ServiceCommand,
}

/// What the owner tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tell {
    /// The command was read and is carried out from here on.
    Taken,
    /// An event of the run.
    Event(Box<Event>),
    /// The reply.
    Reply(Value),
    /// The error.
    Error(ErrorReply),
}

/// How long the other side may take to read what it is told, before it is told no more.
const TIME_TO_LISTEN: Duration = Duration::from_secs(20);

/// How many may ask at a time; others wait in the kernel's queue.
const MAX_CLIENTS: usize = 128;

/// How long to wait before the next connection is taken after one could not be.
const PAUSE: Duration = Duration::from_millis(50);

/// The socket of the process that holds the store.
pub(super) struct Owner {
    path: PathBuf,
    closing: CancellationToken,
    task: JoinHandle<()>,
}

impl Owner {
    /// Listens on the data directory's socket.
    pub(super) async fn listen(core: Arc<Core>) -> Result<Self, ServiceError> {
        let path = socket_path(&core.config.data_dir);
        let failed = |source| ServiceError::Directory {
            path: path.clone(),
            source,
        };
        // The store is ours, so whoever made this socket is gone.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let listener = session::with_short_path(&path, |short| UnixListener::bind(short)).map_err(failed)?;
        // Whatever the umask and an older data directory allow: the socket is the owner's alone.
        let private = std::fs::Permissions::from_mode(0o600);
        session::with_short_path(&path, |short| std::fs::set_permissions(short, private.clone()))
            .map_err(failed)?;
        let closing = CancellationToken::new();
        let task = tokio::spawn(serve(listener, core, closing.clone()));
        Ok(Self { path, closing, task })
    }

    /// Waits until nothing is asked any more. What others ask in the meantime is still done: nobody but this
    /// process could, and a freeze doesn't wait for the write that it is to stop.
    pub(super) async fn close(self) {
        self.closing.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the socket's task broke off");
        }
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the socket was gone already");
        }
    }
}

async fn serve(listener: UnixListener, core: Arc<Core>, closing: CancellationToken) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if clients.len() < MAX_CLIENTS => match accepted {
                Ok((stream, _)) => {
                    clients.spawn(client(stream, core.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            },
            Some(_) = clients.join_next(), if !clients.is_empty() => {}
            () = closing.cancelled(), if clients.is_empty() => break,
        }
    }
}

async fn client(stream: UnixStream, core: Arc<Core>) {
    let Ok(peer) = stream.peer_cred() else { return };
    if ![0, rustix::process::geteuid().as_raw()].contains(&peer.uid()) {
        tracing::warn!(uid = peer.uid(), "another user's connection was refused");
        return;
    }
    let user = session::user_name(peer.uid());
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(MAX_LINE));
    let read = tokio::time::timeout(TIME_TO_ASK, reader.read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(bytes)) if bytes > 0) {
        return;
    }
    let ask: Ask = match serde_json::from_str(&line) {
        Ok(ask) => ask,
        Err(error) => {
            let reply = ErrorReply {
                code: "invalid_command".into(),
                kind: super::ErrorKind::Usage,
                message: format!("the owner of the store could not read this: {error}"),
                detail: Value::Null,
            };
            tell(&mut writer, &Tell::Error(reply)).await;
            return;
        }
    };
    let by = Actor::asserted(ask.name, user, Entrance::Socket);
    if !tell(&mut writer, &Tell::Taken).await {
        tracing::info!("a command was not taken: nobody waits for it any more");
        return;
    }
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut work = tokio::spawn(async move { core.execute(ask.command, by.into(), Some(sender)).await });
    // What was asked is done to its end, whether or not the other side still listens.
    let mut listens = true;
    loop {
        tokio::select! {
            Some(event) = events.recv() => {
                listens = listens && tell(&mut writer, &Tell::Event(Box::new(event))).await;
            }
            done = &mut work => {
                while let Ok(event) = events.try_recv() {
                    listens = listens && tell(&mut writer, &Tell::Event(Box::new(event))).await;
                }
                let last = match done {
                    Ok(Ok(reply)) => Tell::Reply(reply),
                    Ok(Err(error)) => Tell::Error(error.reply()),
                    Err(error) => Tell::Error(ServiceError::Owner(format!("the work broke off: {error}")).reply()),
                };
                if listens {
                    tell(&mut writer, &last).await;
                }
                return;
            }
        }
    }
}

/// Tells something; whether the other side could be reached.
async fn tell(writer: &mut (impl AsyncWriteExt + Unpin), what: &Tell) -> bool {
    let mut line = match serde_json::to_vec(what) {
        Ok(line) => line,
        Err(error) => {
            tracing::error!(%error, "a reply could not be written as JSON");
            return false;
        }
    };
    line.push(b'\n');
    match tokio::time::timeout(TIME_TO_LISTEN, writer.write_all(&line)).await {
        Ok(Ok(())) => true,
        _ => {
            tracing::debug!("the other side no longer listens");
            false
        }
    }
}
