//! A put: what the program asks for, what is sent in its place, and how it is answered.

use crate::model::PvValue;

use super::{
    Native, PvName,
    codec::{Message, command, status},
    dbr::{self, Shape},
};

/// From here on the numbers of requests are the gateway's own; up to here, the program's.
pub(super) const OWN: u32 = 0xC000_0000;

/// From here on they are the gateway's own reads; from [`OWN`] up to here, the puts that were passed.
pub(super) const OWN_READS: u32 = 0xE000_0000;

/// A put that the program asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    /// The process variable.
    pub name: PvName,
    /// Its own type.
    pub native: Native,
    /// How many elements it has.
    pub element_count: u32,
    /// Whether the server would let the gateway write it.
    pub server_allows: bool,
    /// What it is to hold.
    pub value: PvValue,
    /// The type that was sent as.
    pub wire: Native,
    pub(super) sid: u32,
    pub(super) request: Request,
}

impl Put {
    /// The request that writes `value`, numbered `serial`; `None` if the process variable's type cannot hold it,
    /// or there were too many puts to number.
    ///
    /// Nothing the program sent is in it: what was judged is what is written.
    pub fn message(&self, value: &PvValue, serial: u64) -> Option<Message> {
        let (count, payload) = dbr::encode(self.native, value)?;
        let number = u32::try_from(serial).ok()?.checked_add(OWN)?;
        (number < OWN_READS).then(|| Message {
            payload,
            ..Message::bare(
                self.request.command,
                dbr::number(self.native),
                count,
                self.sid,
                number,
            )
        })
    }

    /// The gateway's own request for what the process variable holds, numbered `id`; a choice comes with its labels.
    pub fn read(&self, id: u32) -> Message {
        let (data_type, count) = match self.native {
            Native::Choice if self.element_count == 1 => (dbr::LABELLED_CHOICE, 1),
            native => (dbr::number(native), self.element_count),
        };
        Message::bare(command::READ_NOTIFY, data_type, count, self.sid, OWN_READS | id)
    }

    /// What the process variable holds, and its labels, from the answer to [`Put::read`].
    pub fn current(&self, answer: &Message) -> Option<(PvValue, Vec<String>)> {
        read_value(self.native, self.element_count, &self.name, answer)
    }

    /// What tells the program how the put came out; `None` if it does not ask.
    pub fn answer(&self, status: u32) -> Option<Message> {
        self.request.answer(status)
    }

    /// Whether the program waits for the put to end.
    pub fn waits(&self) -> bool {
        self.request.command == command::WRITE_NOTIFY
    }
}

/// What the answer to a read holds: a value, and the labels of a choice.
pub(super) fn read_value(
    native: Native,
    element_count: u32,
    name: &PvName,
    answer: &Message,
) -> Option<(PvValue, Vec<String>)> {
    if answer.data_type == dbr::LABELLED_CHOICE {
        let (labels, index) = dbr::decode_labelled(&answer.payload)?;
        let label = labels.get(usize::from(index)).cloned();
        return Some((PvValue::Choice { index, label }, labels));
    }
    let shape = shape(native, element_count, name);
    let value = dbr::decode(native, answer.count, &answer.payload, shape)?;
    Some((value, Vec::new()))
}

fn shape(native: Native, element_count: u32, name: &PvName) -> Shape {
    match (native, element_count) {
        (Native::Char, _) if name.is_long_string() => Shape::Letters,
        (_, 1) => Shape::One,
        _ => Shape::Array,
    }
}

/// How a put was asked for, so that it can be answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) command: u16,
    pub(super) data_type: u16,
    pub(super) count: u32,
    pub(super) sid: u32,
    pub(super) number: u32,
    pub(super) cid: u32,
}

impl Request {
    pub(super) fn answer(&self, code: u32) -> Option<Message> {
        if self.command == command::WRITE_NOTIFY {
            let answer = Message::bare(
                command::WRITE_NOTIFY,
                self.data_type,
                self.count,
                code,
                self.number,
            );
            return Some(answer);
        }
        if code == status::NORMAL {
            return None;
        }
        // A put that nobody waits for is answered only if it fails, by an error that repeats its header.
        let count = self.count.min(u32::from(u16::MAX));
        let header = Message::bare(self.command, self.data_type, count, self.sid, self.number);
        Some(error(self.cid, code, &header, "Write access denied"))
    }
}

/// An error that repeats the header it is about, as servers send it.
pub(super) fn error(cid: u32, code: u32, header: &Message, text: &str) -> Message {
    let mut payload = header.bytes();
    payload.extend_from_slice(text.as_bytes());
    payload.push(0);
    Message {
        payload,
        ..Message::bare(command::ERROR, 0, 0, cid, code)
    }
}
