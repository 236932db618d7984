//! Identifiers and digests.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Namespace under which a caller's own thread names become UUIDv5 thread ids.
const THREAD_NAMES: Uuid = Uuid::from_u128(0x8d0b_6a3e_52c4_5f0e_9a41_c6b1_7c20_13d5);

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh, time-ordered id.
            #[allow(clippy::new_without_default, reason = "each call makes another id")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A durable line of work.
    ThreadId
);
uuid_id!(
    /// One invocation on a thread.
    RunId
);
uuid_id!(
    /// One checkpoint. Ids of a thread sort in the order they were made.
    CheckpointId
);
uuid_id!(
    /// One permission of the gate for one execution.
    GrantId
);

impl ThreadId {
    /// The thread a caller's own name stands for: a UUID as it is, any other name as its UUIDv5.
    pub fn of_name(name: &str) -> Self {
        match Uuid::parse_str(name) {
            Ok(id) => Self(id),
            Err(_) => Self(Uuid::new_v5(&THREAD_NAMES, name.as_bytes())),
        }
    }
}

impl CheckpointId {
    /// A fresh id that sorts after `last`, even when the clock has stepped back.
    pub fn after(last: Option<CheckpointId>) -> Self {
        let fresh = Uuid::now_v7();
        match last {
            Some(CheckpointId(last)) if fresh <= last => {
                Self(Uuid::from_u128(last.as_u128().wrapping_add(1)))
            }
            _ => Self(fresh),
        }
    }
}

/// A BLAKE3 digest of 32 bytes, written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest that stands before the first record of a chain.
    pub const ZERO: Digest = Digest([0; 32]);

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// The digest of `bytes` under `domain`, so that equal bytes of two kinds never share a digest.
    pub fn of_domain(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(domain.as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// The digest of a JSON value in canonical form (object keys sorted, no white space).
    pub fn of_json(value: &serde_json::Value) -> Self {
        Self::of(&super::canonical_json(value))
    }

    /// The first 16 bytes as 32 hex digits.
    pub fn short(&self) -> String {
        hex(&self.0[..16])
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != N * 2 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that should be a digest or an id, but isn't.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not an id of {1} hex digits")]
pub struct InvalidId(String, usize);

impl FromStr for Digest {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        unhex(text)
            .map(Self)
            .ok_or_else(|| InvalidId(text.to_owned(), 64))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident, $domain:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The id that these parts determine.
            pub fn derive(parts: &[&[u8]]) -> Self {
                let digest = Digest::of_domain($domain, parts);
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&digest.0[..16]);
                Self(bytes)
            }

            /// The 16 bytes of the id.
            pub fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                unhex(text).map(Self).ok_or_else(|| InvalidId(text.to_owned(), 32))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

hash_id!(
    /// One node's turn in one superstep: determined by thread, checkpoint, node and position.
    TaskId,
    "holdpoint task v1"
);
hash_id!(
    /// One question: determined by thread, checkpoint, task, ordinal and the question's digest.
    InterruptId,
    "holdpoint interrupt v1"
);

/// The SHA-256 of a program's bytes, as 64 hex digits: what a human approves and an auditor compares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeSha256(pub String);

impl CodeSha256 {
    /// The hash of `code`, byte for byte.
    pub fn of(code: &[u8]) -> Self {
        Self(hex(&Sha256::digest(code)))
    }
}

impl fmt::Display for CodeSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
