//! What of PV Access passes between a program and the gateway for reading: no put, by construction.

use std::collections::{BTreeSet, HashMap};

use super::{
    content::{MAX_NAME, Request, asks_to_process, authentications, command, introduction, search, status},
    frame::{Message, Order, PvaBreach, Reader, Splitter, Writer},
};
use crate::execution::RefusedPut;

/// The stable code of a refused write over PV Access.
const CODE: &str = "pva_write";

/// What the client is told.
const REFUSED: &str = "PV Access writes are not possible through Holdpoint";

/// The bit of a request's sub-command that opens it, and the one that ends it.
const OPEN: u8 = 0x08;
const END: u8 = 0x10;

/// The control message by which a server tells its byte order.
const SET_BYTE_ORDER: u8 = 2;

/// What holds for every circuit of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PvaRules {
    /// The user the server is told.
    pub user: String,
    /// The host the server is told.
    pub host: String,
    /// The port that programs reach the server under.
    pub port: u16,
    /// The most bytes of one message.
    pub max_message_bytes: usize,
    /// The most channels that may be open.
    pub max_channels: usize,
    /// The most subscriptions that may be open.
    pub max_subscriptions: usize,
}

/// What is to be done about what a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PvaAction {
    /// These bytes go to the server.
    Forward(Vec<u8>),
    /// These bytes go back to the client.
    Answer(Vec<u8>),
    /// This goes to the audit trail, before anything else.
    Refuse(RefusedPut),
}

/// A request the server has open for the client.
#[derive(Debug, Clone, Copy)]
struct Open {
    channel: u32,
    subscription: bool,
}

/// Stands between one circuit's client and its server.
///
/// It passes on a closed list of commands and answers those that write, or could, itself. The client's identity
/// is replaced by ours; its control messages, which could change how the server reads, are dropped.
#[derive(Debug)]
pub struct PvaFilter {
    rules: PvaRules,
    from_client: Splitter,
    from_server: Splitter,
    /// The server's byte order and version, once it has spoken.
    greeting: Option<(Order, u8)>,
    /// Whether the server knows the authentication that tells a user's name.
    knows_users: bool,
    /// The names of channels that the server has not answered for, by the client's number.
    asked: HashMap<u32, String>,
    /// The names of channels, by the server's number.
    channels: HashMap<u32, String>,
    requests: HashMap<u32, Open>,
}

impl PvaFilter {
    /// A filter for a new circuit.
    pub fn new(rules: PvaRules) -> Self {
        Self {
            from_client: Splitter::new(false, rules.max_message_bytes),
            from_server: Splitter::new(true, rules.max_message_bytes),
            rules,
            greeting: None,
            knows_users: false,
            asked: HashMap::new(),
            channels: HashMap::new(),
            requests: HashMap::new(),
        }
    }

    /// What is to be done about bytes of the client, in this order.
    ///
    /// # Errors
    /// [`PvaBreach`]: the circuit is to be closed, and nothing more of it passed on.
    pub fn client(&mut self, bytes: &[u8]) -> Result<Vec<PvaAction>, PvaBreach> {
        let mut actions = Vec::new();
        for message in self.from_client.push(bytes)? {
            if message.control.is_some() {
                continue;
            }
            let (order, _) = self.greeting.ok_or(PvaBreach::ByteOrder)?;
            let message = match message.command {
                // Clients send the searches that they also send as datagrams, in an order of their own.
                command::SEARCH => search(&message, order).ok_or(PvaBreach::Content(command::SEARCH))?,
                // Servers that do not go by the flag would read another message than this one.
                _ if order != message.order => return Err(PvaBreach::ByteOrder),
                _ => message,
            };
            self.client_message(message, &mut actions)?;
        }
        Ok(actions)
    }

    /// What of the server's bytes goes to the client.
    ///
    /// # Errors
    /// As [`PvaFilter::client`].
    pub fn server(&mut self, bytes: &[u8]) -> Result<Vec<u8>, PvaBreach> {
        let mut passed = Vec::new();
        for mut message in self.from_server.push(bytes)? {
            if message.control.is_none() || message.command == SET_BYTE_ORDER {
                self.greeting = Some((message.order, message.version));
            }
            if message.control.is_none() {
                self.server_message(&mut message)?;
            }
            passed.extend(message.encode());
        }
        Ok(passed)
    }

    fn client_message(&mut self, message: Message, actions: &mut Vec<PvaAction>) -> Result<(), PvaBreach> {
        let broken = PvaBreach::Content(message.command);
        let forward = match message.command {
            command::CONNECTION_VALIDATION => {
                let user = self.knows_users.then_some((&*self.rules.user, &*self.rules.host));
                introduction(message, user)
            }
            command::CREATE_CHANNEL => match self.asks_for_channels(&message).ok_or(broken)? {
                refused if refused.is_empty() => message,
                refused => {
                    actions.extend(refused.into_iter().map(PvaAction::Answer));
                    return Ok(());
                }
            },
            command::DESTROY_CHANNEL => {
                let sid = Reader::new(&message).u32().ok_or(broken)?;
                self.forget_channel(sid);
                message
            }
            command::GET | command::MONITOR => {
                let request = Request::read(&message).ok_or(broken)?;
                if asks_to_process(&message) {
                    let why = "it asks the server to process the record, which is a write";
                    self.refuse(&request, "a read", why, actions);
                    return Ok(());
                }
                if !self.opens(&request, message.command == command::MONITOR) {
                    let answer = self.failed(message.command, &request, "too many requests are open");
                    actions.push(PvaAction::Answer(answer));
                    return Ok(());
                }
                message
            }
            command::DESTROY_REQUEST | command::CANCEL_REQUEST => {
                let mut reader = Reader::new(&message);
                let (_, id) = reader.u32().zip(reader.u32()).ok_or(broken)?;
                // The server knows nothing of a request that was refused.
                let known = match message.command {
                    command::DESTROY_REQUEST => self.requests.remove(&id).is_some(),
                    _ => self.requests.contains_key(&id),
                };
                if !known {
                    return Ok(());
                }
                message
            }
            command::ECHO | command::SEARCH | command::GET_FIELD => message,
            command::PUT | command::PUT_GET | command::PROCESS | command::RPC | command::ARRAY => {
                let request = Request::read(&message).ok_or(broken)?;
                let what = match message.command {
                    command::PUT => "a put",
                    command::PUT_GET => "a put with read-back",
                    command::PROCESS => "a request to process",
                    command::RPC => "a remote procedure call",
                    _ => "an array operation",
                };
                self.refuse(&request, what, "writes go over Channel Access alone", actions);
                return Ok(());
            }
            // What else there is goes to no server, or nobody uses it.
            _ => return Ok(()),
        };
        actions.push(PvaAction::Forward(forward.encode()));
        Ok(())
    }

    /// Takes up the channels that are asked for; gives the answers if they are too many. `None`: unreadable.
    fn asks_for_channels(&mut self, message: &Message) -> Option<Vec<Vec<u8>>> {
        let mut reader = Reader::new(message);
        let mut asked = Vec::new();
        for _ in 0..reader.u16()? {
            let cid = reader.u32()?;
            let name = reader.text().filter(|name| name.len() <= MAX_NAME)?;
            asked.push((cid, String::from_utf8_lossy(name).into_owned()));
        }
        // A number that stands for two names would let a refusal be written down under the wrong one.
        let numbers: BTreeSet<u32> = asked.iter().map(|(cid, _)| *cid).collect();
        let unclear = numbers.len() < asked.len() || numbers.iter().any(|cid| self.asked.contains_key(cid));
        if unclear || !reader.is_empty() {
            return None;
        }
        if self.asked.len() + self.channels.len() + asked.len() <= self.rules.max_channels {
            self.asked.extend(asked);
            return Some(Vec::new());
        }
        let refused = asked.iter().map(|(cid, _)| {
            let mut writer = self.writer();
            writer.u32(*cid);
            writer.u32(u32::MAX);
            status(&mut writer, "too many channels are open");
            self.answer(command::CREATE_CHANNEL, writer)
        });
        Some(refused.collect())
    }

    /// Takes up a request that is opened or ended; whether there is room for it.
    fn opens(&mut self, request: &Request, subscription: bool) -> bool {
        if request.sub_command & OPEN != 0 {
            let open = self
                .requests
                .values()
                .filter(|open| open.subscription == subscription)
                .count();
            let most = match subscription {
                true => self.rules.max_subscriptions,
                false => self.rules.max_channels,
            };
            if open >= most {
                return false;
            }
            let channel = request.channel;
            self.requests.insert(
                request.id,
                Open {
                    channel,
                    subscription,
                },
            );
        } else if request.sub_command & END != 0 {
            self.requests.remove(&request.id);
        }
        true
    }

    fn refuse(&self, request: &Request, what: &str, why: &str, actions: &mut Vec<PvaAction>) {
        actions.push(PvaAction::Refuse(RefusedPut {
            pv: self.channels.get(&request.channel).cloned(),
            new: None,
            code: CODE.to_owned(),
            reason: format!("{what} over PV Access: {why}"),
        }));
        actions.push(PvaAction::Answer(self.failed(request.command, request, REFUSED)));
    }

    fn writer(&self) -> Writer {
        Writer::new(self.greeting.map_or(Order::Little, |(order, _)| order))
    }

    /// The answer to a request that came to nothing.
    fn failed(&self, command: u8, request: &Request, why: &str) -> Vec<u8> {
        let mut writer = self.writer();
        writer.u32(request.id);
        writer.bytes(&[request.sub_command]);
        status(&mut writer, why);
        self.answer(command, writer)
    }

    fn answer(&self, command: u8, payload: Writer) -> Vec<u8> {
        let (order, version) = self.greeting.unwrap_or((Order::Little, 2));
        let message = Message {
            version,
            from_server: true,
            order,
            command,
            payload: payload.done(),
            control: None,
        };
        message.encode()
    }

    fn server_message(&mut self, message: &mut Message) -> Result<(), PvaBreach> {
        let broken = PvaBreach::Content(message.command);
        match message.command {
            command::CONNECTION_VALIDATION => {
                self.knows_users = authentications(message).ok_or(broken)?.contains("ca".as_bytes());
            }
            command::SEARCH_RESPONSE => {
                // Wherever the server says it is: programs reach it under one address alone.
                let port = match message.order {
                    Order::Little => self.rules.port.to_le_bytes(),
                    Order::Big => self.rules.port.to_be_bytes(),
                };
                message.payload.get_mut(16..32).ok_or(broken)?.fill(0);
                message
                    .payload
                    .get_mut(32..34)
                    .ok_or(broken)?
                    .copy_from_slice(&port);
            }
            command::CREATE_CHANNEL => {
                let mut reader = Reader::new(message);
                let (cid, sid) = reader.u32().zip(reader.u32()).ok_or(broken)?;
                let done = matches!(reader.u8().ok_or(broken)?, 0 | 1 | 255);
                if let Some(name) = self.asked.remove(&cid).filter(|_| done) {
                    self.channels.insert(sid, name);
                }
            }
            command::DESTROY_CHANNEL => {
                let sid = Reader::new(message).u32().ok_or(broken)?;
                self.forget_channel(sid);
            }
            _ => {}
        }
        Ok(())
    }

    fn forget_channel(&mut self, sid: u32) {
        self.channels.remove(&sid);
        self.requests.retain(|_, open| open.channel != sid);
    }
}
