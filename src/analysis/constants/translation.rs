//! `str.maketrans` and `translate`, of text and of bytes.

use std::{collections::BTreeMap, rc::Rc};

use super::{Constant, Known, MAX_LENGTH};

/// `str.maketrans(from, to, deleted)`.
pub(super) fn of_text(known: &Known<'_>) -> Option<Constant> {
    let [from, to, deleted] = known.by_name(["", "", ""])?;
    let (from, to) = (from?.as_text()?, to?.as_text()?);
    if from.chars().count() != to.chars().count() || from.len() > MAX_LENGTH {
        return None;
    }
    let mut table: BTreeMap<char, Rc<str>> = from
        .chars()
        .zip(to.chars().map(|character| Rc::from(character.to_string())))
        .collect();
    if let Some(deleted) = deleted {
        table.extend(
            deleted
                .as_text()?
                .chars()
                .map(|character| (character, Rc::from(""))),
        );
    }
    Some(Constant::Translation(table.into_iter().collect()))
}

/// `bytes.maketrans(from, to)`: what each byte becomes.
pub(super) fn of_bytes(known: &Known<'_>) -> Option<Constant> {
    let [from, to] = known.by_name(["", ""])?;
    let (from, to) = (from?.as_bytes()?, to?.as_bytes()?);
    if from.len() != to.len() {
        return None;
    }
    let mut table: Vec<u8> = (0..=u8::MAX).collect();
    for (from, to) in from.iter().zip(to) {
        if let Some(place) = table.get_mut(usize::from(*from)) {
            *place = *to;
        }
    }
    Constant::bytes(table)
}

/// `text.translate(table)`.
pub(super) fn text(text: &str, known: &Known<'_>) -> Option<Constant> {
    let [table] = known.by_name([""])?;
    let Constant::Translation(table) = table? else {
        return None;
    };
    let mut result = String::new();
    for character in text.chars() {
        match table.binary_search_by_key(&character, |(from, _)| *from) {
            Ok(place) => result.push_str(&table.get(place)?.1),
            Err(_) => result.push(character),
        }
        if result.len() > MAX_LENGTH {
            return None;
        }
    }
    Constant::text(result)
}

/// `bytes.translate(table, delete)`.
pub(super) fn bytes(bytes: &[u8], known: &Known<'_>) -> Option<Constant> {
    let [table, delete] = known.by_name(["", "delete"])?;
    let table = match table? {
        Constant::None => None,
        table => Some(table.as_bytes().filter(|table| table.len() == 256)?),
    };
    let mut deleted = [false; 256];
    if let Some(delete) = delete {
        for byte in delete.as_bytes()? {
            deleted[usize::from(*byte)] = true;
        }
    }
    let kept = bytes.iter().filter(|byte| !deleted[usize::from(**byte)]);
    let result: Option<Vec<u8>> = kept
        .map(|byte| match table {
            Some(table) => table.get(usize::from(*byte)).copied(),
            None => Some(*byte),
        })
        .collect();
    Constant::bytes(result?)
}
