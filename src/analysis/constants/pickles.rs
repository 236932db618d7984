//! What a pickle names, so that it would be imported and called when it is loaded.

/// The dotted names in a pickle, as in `os.system`; none if it cannot be read to its end.
pub(in super::super) fn pickled_names(data: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader { data };
    let mut names = Vec::new();
    // The last two texts that were put on the stack may name an object.
    let mut texts: [Option<String>; 2] = [None, None];
    loop {
        let operation = reader.byte()?;
        let text = match operation {
            b'.' => return Some(names),
            b'c' | b'i' => {
                let (module, name) = (reader.line()?, reader.line()?);
                names.push(format!("{module}.{name}"));
                None
            }
            0x93 => {
                let [module, name] = std::mem::take(&mut texts);
                names.push(format!("{}.{}", module?, name?));
                None
            }
            0x8c | b'U' => Some(reader.sized(1)?),
            b'X' | b'T' => Some(reader.sized(4)?),
            0x8d => Some(reader.sized(8)?),
            b'V' => Some(reader.line()?),
            b'S' => Some(reader.line()?.trim_matches(['\'', '"']).to_owned()),
            // What is kept aside leaves the stack as it was.
            0x94 => continue,
            b'q' => {
                reader.take(1)?;
                continue;
            }
            b'r' => {
                reader.take(4)?;
                continue;
            }
            b'p' => {
                reader.line()?;
                continue;
            }
            other => {
                reader.skip(other)?;
                None
            }
        };
        texts.rotate_left(1);
        texts[1] = text;
    }
}

struct Reader<'a> {
    data: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.data.split_at_checked(length)?;
        self.data = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn line(&mut self) -> Option<String> {
        let end = self.data.iter().position(|&byte| byte == b'\n')?;
        let line = self.take(end + 1)?;
        String::from_utf8(line[..end].to_vec()).ok()
    }

    fn length(&mut self, width: usize) -> Option<usize> {
        let bytes = self.take(width)?;
        let number = bytes
            .iter()
            .rev()
            .fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        usize::try_from(number).ok()
    }

    fn sized(&mut self, width: usize) -> Option<String> {
        let length = self.length(width)?;
        String::from_utf8(self.take(length)?.to_vec()).ok()
    }

    /// Goes past what follows an operation that puts no text on the stack.
    fn skip(&mut self, operation: u8) -> Option<()> {
        let length = match operation {
            0x80 | b'K' | b'h' | 0x82 => 1,
            b'M' | 0x83 => 2,
            b'J' | b'j' | 0x84 => 4,
            b'G' | 0x95 => 8,
            b'C' | 0x8a => self.length(1)?,
            b'B' | 0x8b => self.length(4)?,
            0x8e | 0x96 => self.length(8)?,
            b'I' | b'L' | b'F' | b'g' | b'P' => {
                self.line()?;
                0
            }
            _ => 0,
        };
        self.take(length)?;
        Some(())
    }
}
