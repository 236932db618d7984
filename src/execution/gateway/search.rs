//! A program's searches, passed on to the control system; the answers name the gateway's listeners.

use std::{
    collections::HashMap,
    io,
    net::{SocketAddr, UdpSocket as StdUdpSocket},
    sync::Arc,
    time::Instant,
};

use tokio::{net::UdpSocket, sync::mpsc};

use super::{
    PvName,
    codec::{Decoder, MINOR_VERSION, Message, command},
    directory::Found,
    finder::{Answer, Finder},
    is_served,
    run::Run,
};
use crate::config::Network;

/// How many names a program may ask for per second, and at once.
const RATE: (f64, f64) = (2_000.0, 6_000.0);

/// The most names whose answers are waited for.
const MAX_WAITING: usize = 10_000;

/// The most sockets of a program that wait for one name.
const MAX_ASKERS: usize = 8;

/// Who asked for a name: from where, and with which number.
type Asker = (SocketAddr, u32);

/// Relays searches between a program and the control system.
pub(super) struct Searches {
    run: Arc<Run>,
    socket: UdpSocket,
    ports: Vec<u16>,
    peers: Arc<[Network]>,
    finder: Finder,
    waiting: HashMap<String, (PvName, Vec<Asker>)>,
    allowance: (f64, Instant),
}

impl Searches {
    /// A relay for the program that asks at `socket`, from one of `peers`, and is told `ports`; and where answers
    /// come in.
    pub(super) async fn open(
        run: Arc<Run>,
        socket: StdUdpSocket,
        ports: Vec<u16>,
        peers: Arc<[Network]>,
    ) -> io::Result<(Self, mpsc::Receiver<Answer>)> {
        let (sender, answers) = mpsc::channel(1_024);
        let finder = Finder::open(&run.settings.epics, &run.terms, sender).await?;
        let searches = Self {
            run,
            socket: UdpSocket::from_std(socket)?,
            ports,
            peers,
            finder,
            waiting: HashMap::new(),
            allowance: (RATE.1, Instant::now()),
        };
        Ok((searches, answers))
    }

    /// Relays until it is dropped.
    pub(super) async fn relay(mut self, mut answers: mpsc::Receiver<Answer>) {
        let mut datagram = vec![0; 64 << 10];
        loop {
            tokio::select! {
                received = self.socket.recv_from(&mut datagram) => {
                    if let Ok((length, from)) = received
                        && is_served(&self.peers, from.ip())
                    {
                        self.asked(datagram.get(..length).unwrap_or_default(), from).await;
                    }
                }
                Some(answer) = answers.recv() => self.answered(answer).await,
            }
        }
    }

    async fn asked(&mut self, datagram: &[u8], from: SocketAddr) {
        let mut decoder = Decoder::new(datagram.len());
        decoder.push(datagram);
        let mut names: Vec<String> = Vec::new();
        while let Ok(Some(message)) = decoder.next_message() {
            if message.command != command::SEARCH {
                continue;
            }
            let Some((text, name)) = message
                .as_text()
                .ok()
                .and_then(|text| Some((text, PvName::parse(text).ok()?)))
            else {
                continue;
            };
            if !self.allowed() {
                self.run
                    .ledger
                    .tell("the program searched for more names than it may per second".to_owned());
                break;
            }
            if self.waiting.len() >= MAX_WAITING {
                // Clients ask again for what they still want.
                self.waiting.clear();
            }
            let (_, askers) = self
                .waiting
                .entry(text.to_owned())
                .or_insert_with(|| (name, Vec::new()));
            if !askers.contains(&(from, message.second)) {
                if askers.len() >= MAX_ASKERS {
                    askers.remove(0);
                }
                askers.push((from, message.second));
            }
            names.push(text.to_owned());
        }
        if !names.is_empty() {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            self.finder.ask(&names).await;
        }
    }

    fn allowed(&mut self) -> bool {
        let (left, at) = self.allowance;
        let now = Instant::now();
        let left = (left + now.duration_since(at).as_secs_f64() * RATE.0).min(RATE.1);
        self.allowance = (left.max(1.0) - 1.0, now);
        left >= 1.0
    }

    async fn answered(&mut self, answer: Answer) {
        let Ok(name) = PvName::parse(&answer.name) else {
            return;
        };
        let found = self.run.directory().answered(&name, answer.server);
        match found {
            Found::At(slot) => {
                self.run.ledger.server(answer.server.to_string());
                let Some(port) = self.ports.get(slot).copied() else {
                    return;
                };
                let Some((_, askers)) = self.waiting.remove(&answer.name) else {
                    return;
                };
                for (to, number) in askers {
                    // A client that has gone hears nothing.
                    let _ = self.socket.send_to(&reply(port, number), to).await;
                }
            }
            Found::Duplicate { first, news } => {
                if news {
                    self.run.ledger.server(answer.server.to_string());
                    self.run.ledger.tell(format!(
                        "{name} is on {first} and on {}: it was read from the first, and may not be written",
                        answer.server
                    ));
                }
            }
            Found::Full => self.run.ledger.tell(format!(
                "{name} is on {}, but the program knows as many servers and names as it may",
                answer.server
            )),
        }
    }
}

/// The answer to a search: the process variable is where the answer comes from, at `port`.
fn reply(port: u16, number: u32) -> Vec<u8> {
    let version = u16::try_from(MINOR_VERSION).unwrap_or_default();
    let mut payload = version.to_be_bytes().to_vec();
    payload.resize(8, 0);
    let found = Message {
        payload,
        ..Message::bare(command::SEARCH, port, 0, u32::MAX, number)
    };
    let mut bytes = Message::bare(command::VERSION, 0, MINOR_VERSION, 0, 0).bytes();
    found.encode(&mut bytes);
    bytes
}
