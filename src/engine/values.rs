//! Channel values on their way to and from the store.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    graph::{Graph, Reducer},
    model::{Channels, ChunkRef, ValueRef},
    store::{Store, StoreError, StoredValue},
};

/// A value as one piece, and the piece to store.
pub(super) fn whole(value: &Value) -> (ValueRef, StoredValue) {
    let stored = StoredValue::new(value.to_string().into_bytes());
    (ValueRef::Whole(stored.digest), stored)
}

/// An array that grew: pieces that `before` already names stay as they are. Pieces of like size
/// are joined, as in a binary counter, so that a list of N items has about log N pieces and every
/// item is stored about log N times at most.
pub(super) fn grown(before: Option<&ValueRef>, items: &[Value]) -> (ValueRef, Vec<StoredValue>) {
    let mut sizes: Vec<(u64, Option<ChunkRef>)> = match before {
        Some(ValueRef::Chunks(chunks)) => chunks.iter().map(|chunk| (chunk.items, Some(*chunk))).collect(),
        _ => Vec::new(),
    };
    let known: u64 = sizes.iter().map(|(count, _)| count).sum();
    let total = items.len() as u64;
    if known > total {
        sizes.clear();
    }
    let rest = total - sizes.iter().map(|(count, _)| count).sum::<u64>();
    if rest > 0 {
        sizes.push((rest, None));
    }
    while let [.., (before_last, _), (last, None)] = sizes[..]
        && before_last <= last
    {
        sizes.truncate(sizes.len() - 2);
        sizes.push((before_last + last, None));
    }
    let mut start = 0;
    let mut new = Vec::new();
    let mut chunks = Vec::with_capacity(sizes.len());
    for (count, chunk) in sizes {
        let end = start + usize::try_from(count).unwrap_or(usize::MAX);
        chunks.push(chunk.unwrap_or_else(|| {
            let stored = StoredValue::new(Value::from(&items[start..end]).to_string().into_bytes());
            let chunk = ChunkRef {
                hash: stored.digest,
                items: count,
            };
            new.push(stored);
            chunk
        }));
        start = end;
    }
    (ValueRef::Chunks(chunks), new)
}

/// Refers to the channels of `state`; channels not in `written` keep their reference from `before`.
pub(super) fn refer<'a>(
    graph: &Graph,
    state: &Channels,
    before: &BTreeMap<String, ValueRef>,
    written: impl Fn(&str) -> bool + 'a,
) -> (BTreeMap<String, ValueRef>, Vec<StoredValue>) {
    let mut references = BTreeMap::new();
    let mut values = Vec::new();
    for (name, value) in state {
        let old = before.get(name);
        if let Some(old) = old.filter(|_| !written(name)) {
            references.insert(name.clone(), old.clone());
            continue;
        }
        let appends = graph
            .channel(name)
            .is_some_and(|channel| channel.reducer == Reducer::Append);
        let reference = match value {
            Value::Array(items) if appends => {
                let (reference, new) = grown(old, items);
                values.extend(new);
                reference
            }
            _ => {
                let (reference, new) = whole(value);
                values.push(new);
                reference
            }
        };
        references.insert(name.clone(), reference);
    }
    (references, values)
}

/// Reads a value back.
pub(super) async fn load(store: &dyn Store, reference: &ValueRef) -> Result<Value, StoreError> {
    match reference {
        ValueRef::Whole(digest) => {
            let bytes = store.value(*digest).await?;
            serde_json::from_slice(&bytes).map_err(|_| StoreError::Value(*digest))
        }
        ValueRef::Chunks(chunks) => {
            let mut items = Vec::new();
            for chunk in chunks {
                let bytes = store.value(chunk.hash).await?;
                let piece: Vec<Value> =
                    serde_json::from_slice(&bytes).map_err(|_| StoreError::Value(chunk.hash))?;
                items.extend(piece);
            }
            Ok(Value::Array(items))
        }
    }
}

/// Reads channels back.
pub(super) async fn load_all(
    store: &dyn Store,
    references: &BTreeMap<String, ValueRef>,
) -> Result<Channels, StoreError> {
    let mut channels = Channels::new();
    for (name, reference) in references {
        channels.insert(name.clone(), load(store, reference).await?);
    }
    Ok(channels)
}
