//! One circuit between a program and a server: which messages pass, and as what.
//!
//! Everything here is decided without I/O. A message of the program leads to actions; the only action that can
//! become a write is [`Action::Attempt`], and a circuit that only reads never gives it.

use std::{collections::HashMap, sync::Arc};

use crate::model::PvValue;

use super::{
    Native, PvName,
    codec::{Header, MINOR_VERSION, Message, command, status},
    dbr::{self, Shape},
    put::{OWN, OWN_READS, Put, Request, error},
    terms::{Puts, Terms},
};

/// The bit of a server's access rights that stands for writing.
const MAY_WRITE: u32 = 2;

/// The greatest number of a type that a value can be read as (DBR_CLASS_NAME).
const LAST_TYPE: u16 = 38;

/// What is to be done because of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// It, or what stands in for it, goes to the server.
    ToServer(Message),
    /// It, or what stands in for it, goes to the program.
    ToClient(Message),
    /// A put is to be judged.
    Attempt(Box<Put>),
    /// A put is refused; the answer to the program is an action of its own.
    Refused {
        /// The process variable, if it could be told.
        pv: Option<String>,
        /// What it was to hold, if that could be decoded.
        new: Option<PvValue>,
        /// A stable code, documented in `docs/errors.md`.
        code: &'static str,
        /// Why, in a sentence.
        reason: String,
    },
    /// The answer to a read of the gateway's own.
    OwnRead {
        /// Its number.
        id: u32,
        /// The answer; its first parameter is the status.
        answer: Message,
    },
    /// The answer to a put that was passed.
    PutEnded {
        /// Its number, as given to [`Put::message`].
        serial: u64,
        /// The server's status code.
        status: u32,
    },
    /// The answer to the gateway's own echo, or the program's.
    Echoed,
    /// The circuit ends, and why.
    Close(&'static str),
}

/// A channel of the circuit.
#[derive(Debug)]
struct Channel {
    name: PvName,
    server_rights: u32,
    opened: Option<Opened>,
}

#[derive(Debug, Clone, Copy)]
struct Opened {
    sid: u32,
    native: Option<Native>,
    count: u32,
}

/// The state of a circuit.
#[derive(Debug)]
pub struct Circuit {
    terms: Arc<Terms>,
    greeted: bool,
    /// By the program's number of the channel.
    channels: HashMap<u32, Channel>,
    /// The program's number of a channel, by the server's.
    by_sid: HashMap<u32, u32>,
    /// The server's number of the channel, by the program's number of the subscription.
    subscriptions: HashMap<u32, u32>,
}

impl Drop for Circuit {
    fn drop(&mut self) {
        self.terms.channels.give_back(self.channels.len());
        self.terms.subscriptions.give_back(self.subscriptions.len());
    }
}

impl Circuit {
    /// A circuit on which nothing has been said.
    pub fn new(terms: Arc<Terms>) -> Self {
        Self {
            terms,
            greeted: false,
            channels: HashMap::new(),
            by_sid: HashMap::new(),
            subscriptions: HashMap::new(),
        }
    }

    /// What to do with a message of the program.
    pub fn client_message(&mut self, message: Message) -> Vec<Action> {
        let mut actions = Vec::with_capacity(1);
        if !self.greeted {
            self.greeted = true;
            actions.extend(self.greeting(&message));
        }
        let action = match message.command {
            // The gateway has sent its own.
            command::VERSION | command::CLIENT_NAME | command::HOST_NAME => None,
            command::ECHO | command::EVENTS_OFF | command::EVENTS_ON | command::READ_SYNC => {
                Some(Action::ToServer(Message::bare(message.command, 0, 0, 0, 0)))
            }
            command::CREATE_CHAN => Some(self.create(&message)),
            command::CLEAR_CHANNEL => self.clear(&message),
            command::EVENT_ADD => Some(self.subscribe(message)),
            command::EVENT_CANCEL => self.unsubscribe(&message),
            command::READ | command::READ_NOTIFY => Some(self.read(&message)),
            command::WRITE | command::WRITE_NOTIFY => {
                actions.extend(self.write(&message));
                None
            }
            _ => Some(Action::Close("a message that no program has to send")),
        };
        actions.extend(action);
        actions
    }

    /// What to do with a message of the server.
    pub fn server_message(&mut self, mut message: Message) -> Option<Action> {
        match message.command {
            command::VERSION
            | command::EVENT_ADD
            | command::READ
            | command::READ_SYNC
            | command::CLEAR_CHANNEL => {}
            command::ECHO => return Some(Action::Echoed),
            command::ACCESS_RIGHTS => {
                let channel = self.channels.get_mut(&message.first)?;
                channel.server_rights = message.second;
                message.second = shown_rights(&self.terms.puts, channel);
            }
            command::CREATE_CHAN => return self.created(message),
            command::CREATE_CH_FAIL | command::SERVER_DISCONN => {
                self.forget(message.first);
            }
            command::READ_NOTIFY if message.second >= OWN => return own_read(message.second, message),
            command::READ_NOTIFY => {}
            command::WRITE_NOTIFY => return put_ended(message.second, message.first),
            command::ERROR => {
                if let Some(header) = Header::read(&message.payload).map(|header| header.message)
                    && header.second >= OWN
                {
                    match header.command {
                        command::WRITE | command::WRITE_NOTIFY => {
                            return put_ended(header.second, message.second);
                        }
                        command::READ_NOTIFY => {
                            message.first = message.second;
                            return own_read(header.second, message);
                        }
                        _ => {}
                    }
                }
            }
            _ => return None,
        }
        Some(Action::ToClient(message))
    }

    /// How a server is greeted: with the program's version of the protocol, and the gateway's own names.
    fn greeting(&self, first: &Message) -> [Action; 3] {
        let minor = match first.command {
            command::VERSION => first.count.min(MINOR_VERSION),
            _ => MINOR_VERSION,
        };
        [
            Message::bare(command::VERSION, 0, minor, 0, 0),
            Message::text(command::CLIENT_NAME, 0, 0, (0, 0), &self.terms.client),
            Message::text(command::HOST_NAME, 0, 0, (0, 0), &self.terms.host),
        ]
        .map(Action::ToServer)
    }

    fn create(&mut self, message: &Message) -> Action {
        let (cid, minor) = (message.first, message.second);
        if self.channels.contains_key(&cid) {
            return Action::Close("two channels of one number");
        }
        let name = message
            .as_text()
            .ok()
            .and_then(|text| Some((PvName::parse(text).ok()?, text)));
        let Some((name, text)) = name.filter(|_| self.terms.channels.take()) else {
            return Action::ToClient(Message::bare(command::CREATE_CH_FAIL, 0, 0, cid, 0));
        };
        let channel = Channel {
            name,
            server_rights: 0,
            opened: None,
        };
        self.channels.insert(cid, channel);
        Action::ToServer(Message::text(command::CREATE_CHAN, 0, 0, (cid, minor), text))
    }

    fn created(&mut self, message: Message) -> Option<Action> {
        let (cid, sid) = (message.first, message.second);
        if self.by_sid.contains_key(&sid) {
            return Some(Action::Close("the server gave two channels one number"));
        }
        // What the program has not asked for, or has been told is gone, is nothing to it.
        let channel = self.channels.get_mut(&cid)?;
        if channel.opened.is_some() {
            return Some(Action::Close("the server opened a channel twice"));
        }
        channel.opened = Some(Opened {
            sid,
            native: Native::from_dbr(message.data_type),
            count: message.count,
        });
        self.by_sid.insert(sid, cid);
        Some(Action::ToClient(message))
    }

    fn clear(&mut self, message: &Message) -> Option<Action> {
        let (sid, cid) = (message.first, message.second);
        if self.by_sid.get(&sid) != Some(&cid) {
            return None;
        }
        self.forget(cid);
        let clear = Message::bare(command::CLEAR_CHANNEL, 0, 0, sid, cid);
        Some(Action::ToServer(clear))
    }

    fn forget(&mut self, cid: u32) {
        let Some(channel) = self.channels.remove(&cid) else {
            return;
        };
        self.terms.channels.give_back(1);
        if let Some(opened) = channel.opened {
            self.by_sid.remove(&opened.sid);
            let before = self.subscriptions.len();
            self.subscriptions.retain(|_, sid| *sid != opened.sid);
            self.terms
                .subscriptions
                .give_back(before - self.subscriptions.len());
        }
    }

    fn subscribe(&mut self, mut message: Message) -> Action {
        let (sid, id) = (message.first, message.second);
        if let Some(refused) = self.unreadable(&message) {
            return refused;
        }
        if !self.subscriptions.contains_key(&id) && !self.terms.subscriptions.take() {
            return Action::ToClient(error(
                self.by_sid.get(&sid).copied().unwrap_or_default(),
                status::ALLOCMEM,
                &bare(&message),
                "Too many subscriptions",
            ));
        }
        self.subscriptions.insert(id, sid);
        message.payload.truncate(16);
        Action::ToServer(message)
    }

    fn unsubscribe(&mut self, message: &Message) -> Option<Action> {
        if self.subscriptions.get(&message.second) != Some(&message.first) {
            return None;
        }
        self.subscriptions.remove(&message.second);
        self.terms.subscriptions.give_back(1);
        Some(Action::ToServer(bare(message)))
    }

    fn read(&mut self, message: &Message) -> Action {
        if message.second >= OWN {
            return Action::Close("a request with a number that is the gateway's");
        }
        match self.unreadable(message) {
            Some(refused) => refused,
            None => Action::ToServer(bare(message)),
        }
    }

    /// Why a channel cannot be read as asked, if it cannot.
    fn unreadable(&self, message: &Message) -> Option<Action> {
        let (cid, code, text) = match self.by_sid.get(&message.first) {
            None => (u32::MAX, status::BADCHID, "Invalid channel"),
            Some(cid) if message.data_type > LAST_TYPE => (*cid, status::BADTYPE, "Invalid type"),
            Some(_) => return None,
        };
        Some(Action::ToClient(error(cid, code, &bare(message), text)))
    }

    fn write(&mut self, message: &Message) -> Vec<Action> {
        if message.second >= OWN {
            return vec![Action::Close("a request with a number that is the gateway's")];
        }
        let cid = self.by_sid.get(&message.first).copied();
        let request = Request {
            command: message.command,
            data_type: message.data_type,
            count: message.count,
            sid: message.first,
            number: message.second,
            cid: cid.unwrap_or(u32::MAX),
        };
        let channel = cid.and_then(|cid| self.channels.get(&cid));
        let put = channel.and_then(|channel| channel.put(message, request.clone()));
        let pv = channel.map(|channel| channel.name.canonical().to_owned());
        let (code, reason) = match (&self.terms.puts, channel, put) {
            (Puts::Rehearsed | Puts::Judged, _, Some(put)) => return vec![Action::Attempt(Box::new(put))],
            (Puts::Refused, _, put) => {
                let reason = "the program may only read".to_owned();
                return refused(&request, pv, put.map(|put| put.value), "read_only", reason);
            }
            (_, None, _) => ("unknown_channel", "the channel is not open".to_owned()),
            (_, Some(_), None) => (
                "undecodable",
                format!(
                    "{} values of type {} in {} bytes are no value of it",
                    message.count,
                    message.data_type,
                    message.payload.len()
                ),
            ),
        };
        refused(&request, pv, None, code, reason)
    }
}

fn refused(
    request: &Request,
    pv: Option<String>,
    new: Option<PvValue>,
    code: &'static str,
    reason: String,
) -> Vec<Action> {
    let refused = Action::Refused {
        pv,
        new,
        code,
        reason,
    };
    let answer = request.answer(status::NOWTACCESS).map(Action::ToClient);
    [refused].into_iter().chain(answer).collect()
}

impl Channel {
    /// The put that `message` asks for, if it holds a value of a plain type.
    fn put(&self, message: &Message, request: Request) -> Option<Put> {
        let opened = self.opened?;
        let native = opened.native?;
        let wire = Native::from_dbr(message.data_type)?;
        let most = opened.count.max(u32::try_from(message.payload.len()).ok()?);
        if message.count == 0 || message.count > most {
            return None;
        }
        let shape = match wire {
            Native::Char if self.name.is_long_string() => Shape::Letters,
            _ if message.count == 1 && opened.count == 1 => Shape::One,
            _ => Shape::Array,
        };
        Some(Put {
            name: self.name.clone(),
            native,
            element_count: opened.count,
            server_allows: self.server_rights & MAY_WRITE != 0,
            value: dbr::decode_strictly(wire, message.count, &message.payload, shape)?,
            wire,
            sid: opened.sid,
            request,
        })
    }
}

/// What a program is told of a channel's rights: never more than the server gives.
fn shown_rights(puts: &Puts, channel: &Channel) -> u32 {
    match puts {
        Puts::Refused => channel.server_rights & !MAY_WRITE,
        // Clients keep to themselves what they are told they may not put. What is beyond an approval is to arrive,
        // be refused and be recorded.
        Puts::Rehearsed | Puts::Judged => channel.server_rights,
    }
}

fn bare(message: &Message) -> Message {
    Message::bare(
        message.command,
        message.data_type,
        message.count,
        message.first,
        message.second,
    )
}

fn own_read(number: u32, answer: Message) -> Option<Action> {
    let id = number.checked_sub(OWN_READS)?;
    Some(Action::OwnRead { id, answer })
}

fn put_ended(number: u32, status: u32) -> Option<Action> {
    let serial = number.checked_sub(OWN)?;
    (number < OWN_READS).then(|| Action::PutEnded {
        serial: u64::from(serial),
        status,
    })
}
