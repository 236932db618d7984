//! The framing of PV Access: messages out of a stream of bytes, and back.
//!
//! A message is eight bytes of header (magic, version, flags, command, size) and its payload. Servers differ in
//! how they read what is unusual: some go by the flag for the byte order, some by the order that was agreed;
//! some join segments as they come, some do not. What is passed on is therefore never the bytes that came: it is
//! the message, put together and written anew in one piece, which all of them read alike.

const MAGIC: u8 = 0xCA;
const HEADER: usize = 8;
const CONTROL: u8 = 0x01;
const SEGMENTS: u8 = 0x30;
const FIRST_SEGMENT: u8 = 0x10;
const LATER_SEGMENT: u8 = 0x20;
const FROM_SERVER: u8 = 0x40;
const BIG_ENDIAN: u8 = 0x80;

/// Why a circuit is closed: what came over it is no PV Access that can be read in one way only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PvaBreach {
    /// The header is none.
    #[error("a message does not start as one")]
    Header,
    /// A message goes the wrong way.
    #[error("a message claims to come from the other side")]
    Direction,
    /// A message is larger than may be.
    #[error("a message is larger than {0} bytes")]
    Size(usize),
    /// The segments of a message do not follow each other.
    #[error("the segments of a message do not fit together")]
    Segments,
    /// The client does not write in the server's byte order, or writes before it can know it.
    #[error("a message is not in the server's byte order")]
    ByteOrder,
    /// The content of a message cannot be read.
    #[error("message {0} cannot be read")]
    Content(u8),
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// A whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) version: u8,
    pub(super) from_server: bool,
    pub(super) order: Order,
    pub(super) command: u8,
    pub(super) payload: Vec<u8>,
    /// The word of a control message, which has no payload.
    pub(super) control: Option<u32>,
}

impl Message {
    /// The message as one piece.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut flags = 0;
        if self.from_server {
            flags |= FROM_SERVER;
        }
        if self.order == Order::Big {
            flags |= BIG_ENDIAN;
        }
        if self.control.is_some() {
            flags |= CONTROL;
        }
        // No message is longer than the bound on its size, which is far below what 32 bits hold.
        let size = self
            .control
            .unwrap_or_else(|| u32::try_from(self.payload.len()).unwrap_or(u32::MAX));
        let mut writer = Writer::new(self.order);
        writer.bytes(&[MAGIC, self.version, flags, self.command]);
        writer.u32(size);
        writer.bytes(&self.payload);
        writer.done()
    }
}

/// Takes messages out of what one side sends.
#[derive(Debug)]
pub(super) struct Splitter {
    from_server: bool,
    max_bytes: usize,
    buffer: Vec<u8>,
    unfinished: Option<Message>,
}

impl Splitter {
    pub(super) fn new(from_server: bool, max_bytes: usize) -> Self {
        Self {
            from_server,
            max_bytes,
            buffer: Vec::new(),
            unfinished: None,
        }
    }

    /// The messages that are whole with these bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Message>, PvaBreach> {
        self.buffer.extend_from_slice(bytes);
        let mut messages = Vec::new();
        let mut at = 0;
        while let Some((header, rest)) = self.buffer[at..].split_first_chunk::<HEADER>() {
            let [magic, version, flags, command, size @ ..] = *header;
            if magic != MAGIC || version == 0 {
                return Err(PvaBreach::Header);
            }
            if (flags & FROM_SERVER != 0) != self.from_server {
                return Err(PvaBreach::Direction);
            }
            let (order, size) = match flags & BIG_ENDIAN {
                0 => (Order::Little, u32::from_le_bytes(size)),
                _ => (Order::Big, u32::from_be_bytes(size)),
            };
            let mut message = Message {
                version,
                from_server: self.from_server,
                order,
                command,
                payload: Vec::new(),
                control: None,
            };
            if flags & CONTROL != 0 {
                at += HEADER;
                message.control = Some(size);
                messages.push(message);
                continue;
            }
            let known = self.unfinished.as_ref().map_or(0, |first| first.payload.len());
            let size = usize::try_from(size)
                .ok()
                .filter(|size| *size <= self.max_bytes.saturating_sub(known))
                .ok_or(PvaBreach::Size(self.max_bytes))?;
            let Some(payload) = rest.get(..size) else {
                break;
            };
            at += HEADER + size;
            match (flags & SEGMENTS, self.unfinished.take()) {
                (0 | FIRST_SEGMENT, None) => message.payload = payload.to_vec(),
                (segment, Some(mut first)) if segment & LATER_SEGMENT != 0 => {
                    if (first.command, first.order) != (command, order) {
                        return Err(PvaBreach::Segments);
                    }
                    first.payload.extend_from_slice(payload);
                    message = first;
                }
                _ => return Err(PvaBreach::Segments),
            }
            if flags & FIRST_SEGMENT == 0 {
                messages.push(message);
            } else {
                self.unfinished = Some(message);
            }
        }
        self.buffer.drain(..at);
        Ok(messages)
    }
}

/// Reads a payload from its start.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    order: Order,
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a Message) -> Self {
        Self {
            rest: &message.payload,
            order: message.order,
        }
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let bytes = self.take()?;
        Some(match self.order {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        })
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let bytes = self.take()?;
        Some(match self.order {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        })
    }

    /// A length: one byte, or 254 and four.
    pub(super) fn size(&mut self) -> Option<usize> {
        match self.u8()? {
            254 => usize::try_from(self.u32()?).ok(),
            255 => None,
            short => Some(usize::from(short)),
        }
    }

    pub(super) fn bytes(&mut self, size: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let size = self.size()?;
        self.bytes(size)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Writes a payload.
#[derive(Debug)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    order: Order,
}

impl Writer {
    pub(super) fn new(order: Order) -> Self {
        Self {
            bytes: Vec::new(),
            order,
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn u16(&mut self, value: u16) {
        self.bytes(&match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        });
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.bytes(&match self.order {
            Order::Little => value.to_le_bytes(),
            Order::Big => value.to_be_bytes(),
        });
    }

    /// A length: one byte, or 254 and four.
    pub(super) fn size(&mut self, size: usize) {
        match u8::try_from(size) {
            Ok(short) if short < 254 => self.bytes(&[short]),
            _ => {
                self.bytes(&[254]);
                // Nothing is longer than a message, whose size has 32 bits.
                self.u32(u32::try_from(size).unwrap_or(u32::MAX));
            }
        }
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.size(text.len());
        self.bytes(text);
    }

    pub(super) fn done(self) -> Vec<u8> {
        self.bytes
    }
}
