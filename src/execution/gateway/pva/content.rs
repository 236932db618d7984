//! What stands in the messages of PV Access, as far as it matters here.

use std::collections::BTreeSet;

use super::frame::{Message, Order, Reader, Writer};

/// The longest name of a channel.
pub(super) const MAX_NAME: usize = 1024;

/// The commands that are looked at.
pub(super) mod command {
    pub(in super::super) const CONNECTION_VALIDATION: u8 = 1;
    pub(in super::super) const ECHO: u8 = 2;
    pub(in super::super) const SEARCH: u8 = 3;
    pub(in super::super) const SEARCH_RESPONSE: u8 = 4;
    pub(in super::super) const CREATE_CHANNEL: u8 = 7;
    pub(in super::super) const DESTROY_CHANNEL: u8 = 8;
    pub(in super::super) const GET: u8 = 10;
    pub(in super::super) const PUT: u8 = 11;
    pub(in super::super) const PUT_GET: u8 = 12;
    pub(in super::super) const MONITOR: u8 = 13;
    pub(in super::super) const ARRAY: u8 = 14;
    pub(in super::super) const DESTROY_REQUEST: u8 = 15;
    pub(in super::super) const PROCESS: u8 = 16;
    pub(in super::super) const GET_FIELD: u8 = 17;
    pub(in super::super) const RPC: u8 = 20;
    pub(in super::super) const CANCEL_REQUEST: u8 = 21;
}

/// The start that all requests on a channel have.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) command: u8,
    pub(super) channel: u32,
    pub(super) id: u32,
    pub(super) sub_command: u8,
}

impl Request {
    pub(super) fn read(message: &Message) -> Option<Self> {
        let mut reader = Reader::new(message);
        Some(Self {
            command: message.command,
            channel: reader.u32()?,
            id: reader.u32()?,
            sub_command: reader.u8()?,
        })
    }
}

/// Whether a read asks for the option `process`, by which some servers process the record first. An option's
/// name always stands in the message that defines it, or in an earlier one that was looked at like this one.
pub(super) fn asks_to_process(message: &Message) -> bool {
    let option = b"process";
    message
        .payload
        .windows(option.len())
        .any(|window| window == option)
}

/// A client's introduction, with our user and host in place of its own; without them it has no name.
pub(super) fn introduction(mut message: Message, user: Option<(&str, &str)>) -> Message {
    let mut writer = Writer::new(message.order);
    // Sizes of buffers and registries that no server goes by, and no quality of service.
    writer.u32(0x1_0000);
    writer.u16(0x7FFF);
    writer.u16(0);
    if let Some((user, host)) = user {
        writer.text(b"ca");
        // A structure without a name of its own, with two texts.
        writer.bytes(&[0x80, 0, 2]);
        for field in ["user", "host"] {
            writer.text(field.as_bytes());
            writer.bytes(&[0x60]);
        }
        writer.text(user.as_bytes());
        writer.text(host.as_bytes());
    } else {
        writer.text(b"anonymous");
        writer.bytes(&[0xFF]);
    }
    message.payload = writer.done();
    message
}

/// The search in the server's byte order, without the address to answer to: an older server would send there.
pub(super) fn search(message: &Message, order: Order) -> Option<Message> {
    let mut reader = Reader::new(message);
    let mut writer = Writer::new(order);
    writer.u32(reader.u32()?);
    // Whether an answer must come in any case; three reserved bytes, sixteen of an address, two of its port.
    writer.bytes(&[reader.u8()? & 1]);
    reader.bytes(3 + 16 + 2)?;
    writer.bytes(&[0; 3 + 16 + 2]);
    let protocols = reader.size()?;
    writer.size(protocols);
    for _ in 0..protocols {
        writer.text(reader.text()?);
    }
    let names = reader.u16()?;
    writer.u16(names);
    for _ in 0..names {
        writer.u32(reader.u32()?);
        writer.text(reader.text().filter(|name| name.len() <= MAX_NAME)?);
    }
    reader.is_empty().then(|| Message {
        version: message.version,
        from_server: false,
        order,
        command: message.command,
        payload: writer.done(),
        control: None,
    })
}

/// The ways to authenticate that a server offers.
pub(super) fn authentications(message: &Message) -> Option<BTreeSet<Vec<u8>>> {
    let mut reader = Reader::new(message);
    reader.u32()?;
    reader.u16()?;
    (0..reader.size()?)
        .map(|_| reader.text().map(<[u8]>::to_vec))
        .collect()
}

/// An error, without a trace of calls.
pub(super) fn status(writer: &mut Writer, message: &str) {
    writer.bytes(&[2]);
    writer.text(message.as_bytes());
    writer.text(b"");
}
