//! A circuit of the service's own, for reading. There is no way to write in it.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::oneshot,
    task::JoinSet,
};

use crate::{config::EpicsSettings, model::PvValue};

use super::{
    Native, PvName, ReadFault,
    codec::{Decoder, MINOR_VERSION, Message, command, status},
    dbr,
    put::read_value,
    terms::Terms,
};

/// A channel of the link.
#[derive(Debug, Clone, Copy)]
struct Channel {
    cid: u32,
    sid: u32,
    data_type: u16,
    count: u32,
}

#[derive(Default)]
struct State {
    closed: Option<String>,
    next: u32,
    channels: HashMap<String, Channel>,
    rights: HashMap<u32, u32>,
    opening: HashMap<u32, oneshot::Sender<Option<Message>>>,
    reading: HashMap<u32, oneshot::Sender<Message>>,
}

impl State {
    fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}

/// What a read on a link gave.
pub(super) struct LinkReading {
    pub(super) value: PvValue,
    /// Whether the server would let the link's client write it.
    pub(super) writable: bool,
}

/// A circuit for reading.
pub(super) struct Link {
    server: SocketAddr,
    out: tokio::sync::Mutex<OwnedWriteHalf>,
    state: Arc<Mutex<State>>,
    _hearing: JoinSet<()>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    /// Connects to `server`.
    ///
    /// # Errors
    /// [`ReadFault::Unreachable`].
    pub(super) async fn connect(
        server: SocketAddr,
        settings: &EpicsSettings,
        terms: &Terms,
    ) -> Result<Self, ReadFault> {
        let unreachable = |error: std::io::Error| ReadFault::Unreachable(server, error.to_string());
        let connecting = TcpStream::connect(server);
        let stream = tokio::time::timeout(settings.timeout, connecting)
            .await
            .map_err(|_| ReadFault::Timeout)?
            .map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        let (input, mut out) = stream.into_split();
        let greeting = [
            Message::bare(command::VERSION, 0, MINOR_VERSION, 0, 0),
            Message::text(command::CLIENT_NAME, 0, 0, (0, 0), &terms.client),
            Message::text(command::HOST_NAME, 0, 0, (0, 0), &terms.host),
        ];
        let greeting: Vec<u8> = greeting.iter().flat_map(Message::bytes).collect();
        out.write_all(&greeting).await.map_err(unreachable)?;
        let state = Arc::new(Mutex::new(State::default()));
        let mut hearing = JoinSet::new();
        hearing.spawn(hear(input, Arc::clone(&state), settings.max_message_bytes));
        Ok(Self {
            server,
            out: tokio::sync::Mutex::new(out),
            state,
            _hearing: hearing,
        })
    }

    /// Whether it can still be used.
    pub(super) fn is_open(&self) -> bool {
        lock(&self.state).closed.is_none()
    }

    /// Reads `name`, spelt `text` towards the server.
    ///
    /// # Errors
    /// [`ReadFault`]; the circuit may have broken.
    pub(super) async fn read(&self, name: &PvName, text: &str) -> Result<LinkReading, ReadFault> {
        let channel = self.open(text).await?;
        let native = Native::from_dbr(channel.data_type).ok_or(ReadFault::Undecodable)?;
        let data_type = match native {
            Native::Choice if channel.count == 1 => dbr::LABELLED_CHOICE,
            native => dbr::number(native),
        };
        let (sender, answer) = oneshot::channel();
        let number = {
            let mut state = lock(&self.state);
            self.still_open(&state)?;
            let number = state.number();
            state.reading.insert(number, sender);
            number
        };
        let request = Message::bare(
            command::READ_NOTIFY,
            data_type,
            channel.count,
            channel.sid,
            number,
        );
        self.send(&request).await?;
        let answer = answer.await.map_err(|_| self.broken())?;
        if answer.first != status::NORMAL {
            return Err(ReadFault::Refused(answer.first));
        }
        let (value, _) = read_value(native, channel.count, name, &answer).ok_or(ReadFault::Undecodable)?;
        let rights = lock(&self.state).rights.get(&channel.cid).copied();
        Ok(LinkReading {
            value,
            writable: rights.unwrap_or_default() & 2 != 0,
        })
    }

    async fn open(&self, text: &str) -> Result<Channel, ReadFault> {
        let (sender, opened) = oneshot::channel();
        let cid = {
            let mut state = lock(&self.state);
            self.still_open(&state)?;
            if let Some(channel) = state.channels.get(text) {
                return Ok(*channel);
            }
            let cid = state.number();
            state.opening.insert(cid, sender);
            cid
        };
        let ids = (cid, MINOR_VERSION);
        self.send(&Message::text(command::CREATE_CHAN, 0, 0, ids, text))
            .await?;
        let opened = opened.await.map_err(|_| self.broken())?;
        let opened = opened.ok_or(ReadFault::NotFound)?;
        let channel = Channel {
            cid,
            sid: opened.second,
            data_type: opened.data_type,
            count: opened.count,
        };
        lock(&self.state).channels.insert(text.to_owned(), channel);
        Ok(channel)
    }

    async fn send(&self, message: &Message) -> Result<(), ReadFault> {
        let mut out = self.out.lock().await;
        out.write_all(&message.bytes())
            .await
            .map_err(|error| ReadFault::Unreachable(self.server, error.to_string()))
    }

    fn still_open(&self, state: &State) -> Result<(), ReadFault> {
        match &state.closed {
            Some(why) => Err(ReadFault::Unreachable(self.server, why.clone())),
            None => Ok(()),
        }
    }

    fn broken(&self) -> ReadFault {
        let why = lock(&self.state).closed.clone();
        ReadFault::Unreachable(self.server, why.unwrap_or_else(|| "the circuit broke".to_owned()))
    }
}

async fn hear(mut input: OwnedReadHalf, state: Arc<Mutex<State>>, max_message: usize) {
    let mut decoder = Decoder::new(max_message);
    let mut chunk = vec![0; 64 << 10];
    let why = 'circuit: loop {
        let length = match input.read(&mut chunk).await {
            Ok(0) => break "the server ended the circuit".to_owned(),
            Ok(length) => length,
            Err(error) => break error.to_string(),
        };
        decoder.push(chunk.get(..length).unwrap_or_default());
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => take(&mut lock(&state), message),
                Ok(None) => break,
                Err(error) => break 'circuit format!("the server sent {error}"),
            }
        }
    };
    let mut state = lock(&state);
    state.closed = Some(why);
    // Whoever waits is told by the end of what it waits for.
    state.opening.clear();
    state.reading.clear();
    state.channels.clear();
}

fn take(state: &mut State, mut message: Message) {
    match message.command {
        command::ACCESS_RIGHTS => {
            state.rights.insert(message.first, message.second);
        }
        command::CREATE_CHAN => {
            if let Some(waiting) = state.opening.remove(&message.first) {
                let _ = waiting.send(Some(message));
            }
        }
        command::CREATE_CH_FAIL => {
            if let Some(waiting) = state.opening.remove(&message.first) {
                let _ = waiting.send(None);
            }
        }
        command::SERVER_DISCONN => {
            state.rights.remove(&message.first);
            state.channels.retain(|_, channel| channel.cid != message.first);
        }
        command::READ_NOTIFY => {
            if let Some(waiting) = state.reading.remove(&message.second) {
                let _ = waiting.send(message);
            }
        }
        command::ERROR => {
            let header = super::codec::Header::read(&message.payload).map(|header| header.message);
            if let Some(waiting) = header.and_then(|header| state.reading.remove(&header.second)) {
                message.first = message.second;
                let _ = waiting.send(message);
            }
        }
        _ => {}
    }
}
