//! The messages of Channel Access, as bytes.

/// The bytes of a header; an extended one has eight more.
const HEADER: usize = 16;

/// What a header carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Which message it is, see [`command`].
    pub command: u16,
    /// The type of the data, or what the command uses the field for.
    pub data_type: u16,
    /// The number of elements, or what the command uses the field for.
    pub count: u32,
    /// The first parameter.
    pub first: u32,
    /// The second parameter.
    pub second: u32,
    /// What follows the header.
    pub payload: Vec<u8>,
}

/// The numbers of the messages.
#[allow(missing_docs, reason = "the names are those of the protocol's specification")]
pub mod command {
    pub const VERSION: u16 = 0;
    pub const EVENT_ADD: u16 = 1;
    pub const EVENT_CANCEL: u16 = 2;
    pub const READ: u16 = 3;
    pub const WRITE: u16 = 4;
    pub const SEARCH: u16 = 6;
    pub const EVENTS_OFF: u16 = 8;
    pub const EVENTS_ON: u16 = 9;
    pub const READ_SYNC: u16 = 10;
    pub const ERROR: u16 = 11;
    pub const CLEAR_CHANNEL: u16 = 12;
    pub const READ_NOTIFY: u16 = 15;
    pub const CREATE_CHAN: u16 = 18;
    pub const WRITE_NOTIFY: u16 = 19;
    pub const CLIENT_NAME: u16 = 20;
    pub const HOST_NAME: u16 = 21;
    pub const ACCESS_RIGHTS: u16 = 22;
    pub const ECHO: u16 = 23;
    pub const CREATE_CH_FAIL: u16 = 26;
    pub const SERVER_DISCONN: u16 = 27;
}

/// The status codes that the gateway gives or understands.
pub mod status {
    /// All went well.
    pub const NORMAL: u32 = 1;
    /// There is no room for more.
    pub const ALLOCMEM: u32 = 48;
    /// There is no such type.
    pub const BADTYPE: u32 = 114;
    /// The client may not write.
    pub const NOWTACCESS: u32 = 376;
    /// There is no such channel.
    pub const BADCHID: u32 = 410;
}

/// The minor version of the protocol that is spoken, 4.13.
pub const MINOR_VERSION: u32 = 13;

/// Why a stream of bytes cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// A message is longer than it may be.
    #[error("a message of {0} bytes")]
    TooLong(u32),
    /// The text of a message is none.
    #[error("a message without the text it must have")]
    NoText,
}

impl Message {
    /// A message without a payload.
    pub fn bare(command: u16, data_type: u16, count: u32, first: u32, second: u32) -> Self {
        Self {
            command,
            data_type,
            count,
            first,
            second,
            payload: Vec::new(),
        }
    }

    /// A message that carries a text.
    pub fn text(command: u16, data_type: u16, count: u32, ids: (u32, u32), text: &str) -> Self {
        let mut payload = text.as_bytes().to_vec();
        payload.push(0);
        Self {
            payload,
            ..Self::bare(command, data_type, count, ids.0, ids.1)
        }
    }

    /// The text the payload begins with, up to its first zero.
    ///
    /// # Errors
    /// [`Malformed::NoText`]: it is empty, or no UTF-8.
    pub fn as_text(&self) -> Result<&str, Malformed> {
        let text = self.payload.split(|byte| *byte == 0).next().unwrap_or_default();
        match std::str::from_utf8(text) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(Malformed::NoText),
        }
    }

    /// Appends the message to `bytes`, its payload padded with zeros to a multiple of eight.
    pub fn encode(&self, bytes: &mut Vec<u8>) {
        let padded = self.payload.len().next_multiple_of(8);
        let size = u32::try_from(padded).unwrap_or(u32::MAX);
        let short = u16::try_from(padded).ok().filter(|size| *size != u16::MAX);
        bytes.extend(self.command.to_be_bytes());
        match (short, u16::try_from(self.count)) {
            (Some(size), Ok(count)) => {
                bytes.extend(size.to_be_bytes());
                bytes.extend(self.data_type.to_be_bytes());
                bytes.extend(count.to_be_bytes());
                bytes.extend(self.first.to_be_bytes());
                bytes.extend(self.second.to_be_bytes());
            }
            _ => {
                bytes.extend(u16::MAX.to_be_bytes());
                bytes.extend(self.data_type.to_be_bytes());
                bytes.extend(0_u16.to_be_bytes());
                bytes.extend(self.first.to_be_bytes());
                bytes.extend(self.second.to_be_bytes());
                bytes.extend(size.to_be_bytes());
                bytes.extend(self.count.to_be_bytes());
            }
        }
        bytes.extend_from_slice(&self.payload);
        bytes.resize(bytes.len() + padded - self.payload.len(), 0);
    }

    /// The message as bytes of its own.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + 8 + self.payload.len().next_multiple_of(8));
        self.encode(&mut bytes);
        bytes
    }

    /// How many bytes it takes, roughly.
    pub fn size(&self) -> usize {
        HEADER + self.payload.len()
    }
}

/// Makes messages of a stream of bytes, however it is cut.
///
/// It holds what has arrived and nothing more: the size a header claims reserves no memory.
#[derive(Debug)]
pub struct Decoder {
    bytes: Vec<u8>,
    read: usize,
    max_message: usize,
}

impl Decoder {
    /// A decoder that takes messages of up to `max_message` bytes.
    pub fn new(max_message: usize) -> Self {
        Self {
            bytes: Vec::new(),
            read: 0,
            max_message,
        }
    }

    /// Takes what has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that has arrived as a whole.
    ///
    /// # Errors
    /// [`Malformed`]: nothing more can be made of the stream.
    pub fn next_message(&mut self) -> Result<Option<Message>, Malformed> {
        let bytes = self.bytes.get(self.read..).unwrap_or_default();
        let Some(header) = Header::read(bytes) else {
            return Ok(None);
        };
        if usize::try_from(header.size).map_or(true, |size| size > self.max_message) {
            return Err(Malformed::TooLong(header.size));
        }
        let end = header.bytes + header.size as usize;
        let Some(payload) = bytes.get(header.bytes..end) else {
            return Ok(None);
        };
        let message = Message {
            payload: payload.to_vec(),
            ..header.message
        };
        self.read += end;
        Ok(Some(message))
    }

    /// Whether a message has begun and not ended.
    pub fn is_inside_message(&self) -> bool {
        self.read < self.bytes.len()
    }
}

/// A header, and how it was written.
pub(super) struct Header {
    pub(super) message: Message,
    size: u32,
    bytes: usize,
}

impl Header {
    /// Reads a header; `None` if it has not arrived as a whole.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let short = |at: usize| Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let long = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        let mut header = Self {
            message: Message::bare(short(0)?, short(4)?, u32::from(short(6)?), long(8)?, long(12)?),
            size: u32::from(short(2)?),
            bytes: HEADER,
        };
        if header.size == u32::from(u16::MAX) && header.message.count == 0 {
            header.size = long(HEADER)?;
            header.message.count = long(HEADER + 4)?;
            header.bytes = HEADER + 8;
        }
        Some(header)
    }
}
