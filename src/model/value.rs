//! Channel values and how records refer to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::Digest;

/// A graph's state: its channels by name.
pub type Channels = BTreeMap<String, Value>;

/// One stored piece of a value: its digest and how many array items it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// The digest of the piece's JSON bytes.
    pub hash: Digest,
    /// The number of array items in the piece.
    pub items: u64,
}

/// Where a value is stored: values are content-addressed and stored once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueRef {
    /// The whole value as one piece.
    Whole(Digest),
    /// An array as the concatenation of pieces, so that appending stores only what is new.
    Chunks(Vec<ChunkRef>),
}

impl ValueRef {
    /// The digests of all pieces.
    pub fn digests(&self) -> Vec<Digest> {
        match self {
            Self::Whole(hash) => vec![*hash],
            Self::Chunks(chunks) => chunks.iter().map(|chunk| chunk.hash).collect(),
        }
    }
}

/// A JSON value as bytes in one canonical form: object keys sorted, no white space.
pub fn canonical_json(value: &Value) -> Vec<u8> {
    sorted(value).to_string().into_bytes()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let ordered: BTreeMap<&String, Value> =
                map.iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(
                ordered
                    .into_iter()
                    .map(|(key, value)| (key.clone(), value))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
