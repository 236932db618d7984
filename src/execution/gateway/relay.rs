//! A circuit's bytes, on their way between a program and a server.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Notify, oneshot},
    time::Instant,
};

use crate::{execution::Access, model::PutOutcome};

use super::{
    Refusal,
    circuit::{Action, Circuit},
    codec::{Decoder, Message, command, status},
    judgement::{Current, Verdict},
    put::Put,
    run::Run,
};

/// How many bytes are taken from a socket at once.
const CHUNK: usize = 64 << 10;

/// The most bytes of a message of a program that only reads: it has nothing to say but names, and the puts that
/// are refused.
const READERS_MESSAGE: usize = 1 << 20;

/// How many puts without an answer a circuit remembers, should a server report that one failed.
const SENT: usize = 256;

/// How long what a program has left in its socket is still worked off once it has ended.
const LEFTOVERS: Duration = Duration::from_millis(300);

/// The longest the answers to puts are waited for once the program has gone.
pub(super) const LAST_ANSWERS: Duration = Duration::from_secs(5);

/// What both directions of a circuit know.
struct Wire {
    run: Arc<Run>,
    server: SocketAddr,
    circuit: Mutex<Circuit>,
    to_client: tokio::sync::Mutex<OwnedWriteHalf>,
    own_reads: Mutex<HashMap<u32, oneshot::Sender<Message>>>,
    next_read: AtomicU32,
    /// The puts that were passed and not yet answered.
    pending: Mutex<HashMap<u64, Put>>,
    /// The last puts that were sent in a form without an answer: a server only answers that they failed.
    sent: Mutex<VecDeque<u64>>,
    /// Whether any put was passed.
    wrote: AtomicBool,
    client_gone: AtomicBool,
    /// Whether the server has answered the echo that was sent behind the last put.
    echoed: AtomicBool,
    progress: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Connects a program's circuit to `server`, and relays until either ends it.
pub(super) async fn relay(run: Arc<Run>, client: TcpStream, server: SocketAddr) {
    let connecting = tokio::time::timeout(run.settings.epics.timeout, TcpStream::connect(server));
    let connected = tokio::select! {
        connected = connecting => connected,
        () = run.closed.cancelled() => return,
    };
    let Ok(Ok(stream)) = connected else {
        // The client sees its circuit end and searches again.
        return run.directory().lose(server);
    };
    run.directory().reached(server);
    if stream.set_nodelay(true).and(client.set_nodelay(true)).is_err() {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = stream.into_split();
    let wire = Arc::new(Wire {
        circuit: Mutex::new(Circuit::new(Arc::clone(&run.terms))),
        run,
        server,
        to_client: tokio::sync::Mutex::new(to_client),
        own_reads: Mutex::default(),
        next_read: AtomicU32::new(0),
        pending: Mutex::default(),
        sent: Mutex::default(),
        wrote: AtomicBool::new(false),
        client_gone: AtomicBool::new(false),
        echoed: AtomicBool::new(false),
        progress: Notify::new(),
    });
    let upward = async {
        let mut to_server = to_server;
        let end = wire.upward(from_client, &mut to_server).await;
        wire.client_gone.store(true, Ordering::Release);
        wire.last_answers(&mut to_server).await;
        end
    };
    let ended = tokio::select! {
        ended = wire.downward(from_server) => ended,
        ended = upward => ended,
        () = wire.run.closed.cancelled() => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(%server, %error, "a circuit ended");
    }
    let pending: Vec<u64> = lock(&wire.pending).drain().map(|(serial, _)| serial).collect();
    for serial in pending {
        let reason = "the circuit ended before the server's answer".to_owned();
        wire.run.ended(serial, PutOutcome::Unknown { reason }).await;
    }
}

impl Wire {
    /// From the program to the server, until the program ends the circuit.
    async fn upward(&self, mut input: OwnedReadHalf, server: &mut OwnedWriteHalf) -> io::Result<()> {
        let most = self.run.settings.epics.max_message_bytes;
        let mut decoder = Decoder::new(match self.run.access {
            Access::Read | Access::Rehearse => most.min(READERS_MESSAGE),
            Access::Write(_) => most,
        });
        let mut chunk = vec![0; CHUNK];
        let mut out = Vec::new();
        loop {
            let length = tokio::select! {
                biased;
                length = input.read(&mut chunk) => length?,
                () = self.leftovers() => 0,
            };
            if length == 0 {
                return Ok(());
            }
            decoder.push(chunk.get(..length).unwrap_or_default());
            loop {
                let message = match decoder.next_message() {
                    Ok(Some(message)) => message,
                    Ok(None) => break,
                    Err(error) => {
                        self.run
                            .ledger
                            .tell(format!("a circuit was closed: the program sent {error}"));
                        server.write_all(&out).await?;
                        return Ok(());
                    }
                };
                let actions = lock(&self.circuit).client_message(message);
                for action in actions {
                    if !self.up(action, server, &mut out).await? {
                        server.write_all(&out).await?;
                        return Ok(());
                    }
                }
            }
            server.write_all(&out).await?;
            out.clear();
        }
    }

    async fn leftovers(&self) {
        self.run.ending.cancelled().await;
        tokio::time::sleep(LEFTOVERS).await;
    }

    /// Does what a message of the program leads to; whether the circuit goes on.
    async fn up(&self, action: Action, server: &mut OwnedWriteHalf, out: &mut Vec<u8>) -> io::Result<bool> {
        match action {
            Action::ToServer(message) => message.encode(out),
            Action::ToClient(message) => self.tell(&message.bytes()).await?,
            Action::Refused {
                pv,
                new,
                code,
                reason,
            } => {
                let refusal = Refusal { code, reason };
                self.run.refused(pv, None, new, refusal).await;
            }
            Action::Attempt(put) => {
                // What stands before a put goes before it.
                server.write_all(out).await?;
                out.clear();
                self.attempt(*put, server).await?;
            }
            Action::Close(why) => {
                self.run.ledger.tell(format!("a circuit was closed: {why}"));
                return Ok(false);
            }
            Action::OwnRead { .. } | Action::PutEnded { .. } | Action::Echoed => {}
        }
        Ok(true)
    }

    async fn attempt(&self, put: Put, server: &mut OwnedWriteHalf) -> io::Result<()> {
        let mut turn = self.run.turn.lock().await;
        let current = self.current(&put, server);
        let verdict = self.run.judge(&mut turn, &put, self.server, current).await;
        let answer = match verdict {
            Verdict::Refused => put.answer(status::NOWTACCESS),
            Verdict::Swallowed => put.answer(status::NORMAL),
            Verdict::Pass { serial, message } => {
                self.wrote.store(true, Ordering::Release);
                lock(&self.pending).insert(serial, put.clone());
                let bytes = message.bytes();
                let limit = self.run.settings.epics.put_timeout;
                tokio::time::timeout(limit, server.write_all(&bytes)).await??;
                if put.waits() {
                    self.await_answer(serial);
                } else {
                    lock(&self.pending).remove(&serial);
                    self.sent(serial);
                    self.run.ended(serial, PutOutcome::Sent).await;
                }
                None
            }
        };
        drop(turn);
        match answer {
            Some(answer) => self.tell(&answer.bytes()).await,
            None => Ok(()),
        }
    }

    /// What the process variable holds, read on this circuit behind everything that was sent before.
    async fn current(&self, put: &Put, server: &mut OwnedWriteHalf) -> Current {
        let id = self.next_read.fetch_add(1, Ordering::Relaxed) & 0x0FFF_FFFF;
        let (sender, answer) = oneshot::channel();
        lock(&self.own_reads).insert(id, sender);
        let reading = async {
            server.write_all(&put.read(id).bytes()).await.ok()?;
            answer.await.ok()
        };
        let answer = tokio::time::timeout(self.run.settings.epics.timeout, reading).await;
        lock(&self.own_reads).remove(&id);
        let answer = answer.ok()??;
        (answer.first == status::NORMAL)
            .then(|| put.current(&answer))
            .flatten()
    }

    /// A put whose answer does not come in time has an unknown outcome.
    fn await_answer(&self, serial: u64) {
        let run = Arc::clone(&self.run);
        let limit = run.settings.epics.put_timeout;
        let late = async move {
            tokio::select! {
                () = tokio::time::sleep(limit) => {
                    let reason = format!("the server did not answer in {} s", limit.as_secs_f64());
                    run.overdue(serial, PutOutcome::Unknown { reason }).await;
                }
                () = run.closed.cancelled() => {}
            }
        };
        tokio::spawn(late);
    }

    fn sent(&self, serial: u64) {
        let mut sent = lock(&self.sent);
        if sent.len() >= SENT {
            sent.pop_front();
        }
        sent.push_back(serial);
    }

    /// Whether the server's answer is one to a put that was passed on this circuit.
    fn was_passed(&self, serial: u64, out: &mut Vec<u8>, code: u32) -> bool {
        if let Some(put) = lock(&self.pending).remove(&serial) {
            if let Some(answer) = put.answer(code) {
                answer.encode(out);
            }
            return true;
        }
        let mut sent = lock(&self.sent);
        let at = sent.iter().position(|sent| *sent == serial);
        code != status::NORMAL && at.and_then(|at| sent.remove(at)).is_some()
    }

    async fn tell(&self, bytes: &[u8]) -> io::Result<()> {
        self.to_client.lock().await.write_all(bytes).await
    }

    /// From the server to the program, until the server ends the circuit.
    async fn downward(&self, mut input: OwnedReadHalf) -> io::Result<()> {
        let mut decoder = Decoder::new(self.run.settings.epics.max_message_bytes);
        let mut chunk = vec![0; CHUNK];
        let mut out = Vec::new();
        loop {
            let length = match input.read(&mut chunk).await {
                Ok(length @ 1..) => length,
                ended => {
                    // The server may come back elsewhere.
                    self.run.directory().lose(self.server);
                    return ended.map(|_| ());
                }
            };
            decoder.push(chunk.get(..length).unwrap_or_default());
            while let Some(message) = decoder.next_message().map_err(io::Error::other)? {
                let action = lock(&self.circuit).server_message(message);
                if let Some(action) = action
                    && !self.down(action, &mut out).await
                {
                    return Ok(());
                }
            }
            if !out.is_empty() {
                self.run.pace(out.len()).await;
                let told = self.tell(&out).await;
                // A program that has gone hears nothing, but its puts are still answered.
                if !self.client_gone.load(Ordering::Acquire) && !self.wrote.load(Ordering::Acquire) {
                    told?;
                }
                out.clear();
            }
        }
    }

    /// Does what a message of the server leads to; whether the circuit goes on.
    async fn down(&self, action: Action, out: &mut Vec<u8>) -> bool {
        match action {
            Action::ToClient(message) => message.encode(out),
            Action::OwnRead { id, answer } => {
                if let Some(waiting) = lock(&self.own_reads).remove(&id) {
                    let _ = waiting.send(answer);
                }
            }
            Action::PutEnded { serial, status: code } => {
                if !self.was_passed(serial, out, code) {
                    return true;
                }
                let outcome = match code {
                    status::NORMAL => PutOutcome::Confirmed,
                    status => PutOutcome::Failed { status },
                };
                self.run.ended(serial, outcome).await;
                self.progress.notify_waiters();
            }
            Action::Echoed if self.client_gone.load(Ordering::Acquire) => {
                self.echoed.store(true, Ordering::Release);
                self.progress.notify_waiters();
            }
            Action::Echoed => Message::bare(command::ECHO, 0, 0, 0, 0).encode(out),
            Action::Close(why) => {
                self.run.ledger.tell(format!("a circuit was closed: {why}"));
                return false;
            }
            Action::ToServer(_) | Action::Attempt(_) | Action::Refused { .. } => {}
        }
        true
    }

    /// The program has gone. What it has put goes its way: the circuit stands until the server has answered, and
    /// an echo has come back behind what servers don't answer.
    async fn last_answers(&self, server: &mut OwnedWriteHalf) {
        if !matches!(self.run.access, Access::Write(_)) || !self.wrote.load(Ordering::Acquire) {
            return;
        }
        let end = Instant::now() + LAST_ANSWERS.min(self.run.settings.epics.put_timeout);
        let echo = Message::bare(command::ECHO, 0, 0, 0, 0).bytes();
        if server.write_all(&echo).await.is_err() {
            return;
        }
        loop {
            let progress = self.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if self.echoed.load(Ordering::Acquire) && lock(&self.pending).is_empty() {
                return;
            }
            if tokio::time::timeout_at(end, progress).await.is_err() {
                return;
            }
        }
    }
}
