//! What stands where: the keys of the one tree, and the forms of its values.
//!
//! | key | value |
//! |---|---|
//! | `r` thread, number | a record's JSON, exactly as sealed |
//! | `h` thread | a digest, then the head's JSON that it covers |
//! | `c` thread, checkpoint | the number of the checkpoint's record |
//! | `v` digest | a codec byte, then the piece of a value |
//! | `p` expiry, asked at, interrupt | the thread; only while the interrupt is pending |
//! | `i` interrupt | the thread; kept for ever |
//! | `t` last change (newest first), thread | nothing |
//! | `b` thread | nothing; only while a run owns the thread |
//! | `g` grant | the thread and the number of the record that used it; kept for ever |
//! | `a` number | an audit entry's JSON, exactly as sealed |
//! | `A` | the last audit entry's number and hash |
//! | `f` | who froze writes; only while they are frozen |
//! | `k` key | a digest, then the API key's JSON that it covers |
//! | `n` interrupt | nothing; once someone outside was told of it, or can be no more |
//! | `m` | the form's version and the store's id |
//! | `e` | where the last batch stands in the export log; not itself exported |
//!
//! Numbers are big-endian, so that keys sort as the numbers do; ids are their 16 bytes.

use std::{io::Read, ops::Range};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::model::{
    ApiKey, CheckpointId, Digest, GrantId, Head, Interrupt, InterruptId, RecordMark, ThreadId, Timestamp,
};

/// The version of the form that this program writes.
pub(super) const FORMAT: u32 = 1;

pub(super) const RECORD: u8 = b'r';
pub(super) const HEAD: u8 = b'h';
pub(super) const CHECKPOINT: u8 = b'c';
pub(super) const VALUE: u8 = b'v';
pub(super) const PENDING: u8 = b'p';
pub(super) const ASKER: u8 = b'i';
pub(super) const CHANGED: u8 = b't';
pub(super) const BUSY: u8 = b'b';
pub(super) const GRANT: u8 = b'g';
pub(super) const AUDIT: u8 = b'a';
pub(super) const API_KEY: u8 = b'k';
pub(super) const NOTIFIED: u8 = b'n';
pub(super) const AUDIT_HEAD: &[u8] = b"A";
pub(super) const FREEZE: &[u8] = b"f";
pub(super) const META: &[u8] = b"m";
pub(super) const POSITION: &[u8] = b"e";

/// The version of the form, and which store this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub format: u32,
    pub store: Uuid,
}

fn key(prefix: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    key.push(prefix);
    for part in parts {
        key.extend_from_slice(part);
    }
    key
}

pub(super) fn record(thread: ThreadId, seq: u64) -> Vec<u8> {
    key(RECORD, &[thread.0.as_bytes(), &seq.to_be_bytes()])
}

pub(super) fn head(thread: ThreadId) -> Vec<u8> {
    key(HEAD, &[thread.0.as_bytes()])
}

pub(super) fn checkpoint(thread: ThreadId, id: CheckpointId) -> Vec<u8> {
    key(CHECKPOINT, &[thread.0.as_bytes(), id.0.as_bytes()])
}

pub(super) fn value(digest: Digest) -> Vec<u8> {
    key(VALUE, &[&digest.0])
}

pub(super) fn pending(interrupt: &Interrupt) -> Vec<u8> {
    let expiry = interrupt.expires_at.map_or(u64::MAX, ordered);
    let asked = ordered(interrupt.asked_at);
    key(
        PENDING,
        &[
            &expiry.to_be_bytes(),
            &asked.to_be_bytes(),
            interrupt.id.as_bytes(),
        ],
    )
}

pub(super) fn asker(interrupt: InterruptId) -> Vec<u8> {
    key(ASKER, &[interrupt.as_bytes()])
}

pub(super) fn changed(head: &Head) -> Vec<u8> {
    let newest_first = !ordered(head.updated_at);
    key(CHANGED, &[&newest_first.to_be_bytes(), head.thread.0.as_bytes()])
}

pub(super) fn busy(thread: ThreadId) -> Vec<u8> {
    key(BUSY, &[thread.0.as_bytes()])
}

pub(super) fn grant(id: GrantId) -> Vec<u8> {
    key(GRANT, &[id.0.as_bytes()])
}

pub(super) fn api_key(id: &str) -> Vec<u8> {
    key(API_KEY, &[id.as_bytes()])
}

pub(super) fn notified(interrupt: InterruptId) -> Vec<u8> {
    key(NOTIFIED, &[interrupt.as_bytes()])
}

pub(super) fn audit(seq: u64) -> Vec<u8> {
    key(AUDIT, &[&seq.to_be_bytes()])
}

/// All keys of one kind.
pub(super) fn all(prefix: u8) -> Range<Vec<u8>> {
    vec![prefix]..vec![prefix + 1]
}

/// The keys of a thread's records with a number above `after` and below `before`.
pub(super) fn records(thread: ThreadId, after: u64, before: Option<u64>) -> Range<Vec<u8>> {
    let first = record(thread, after.saturating_add(1));
    let end = record(thread, before.unwrap_or(u64::MAX));
    if first < end {
        first..end
    } else {
        first.clone()..first
    }
}

/// The keys of the audit entries with a number above `after`.
pub(super) fn audit_after(after: u64) -> Range<Vec<u8>> {
    audit(after.saturating_add(1))..vec![AUDIT + 1]
}

/// Whether what stands under `key` is written once and never again.
pub(super) fn is_permanent(key: &[u8]) -> bool {
    matches!(
        key.first(),
        Some(&(RECORD | CHECKPOINT | VALUE | ASKER | GRANT | AUDIT | NOTIFIED))
    ) || key == META
}

/// A moment as a number that sorts as the moments do.
fn ordered(at: Timestamp) -> u64 {
    (at.millis() as u64) ^ (1 << 63)
}

fn moment(ordered: u64) -> Timestamp {
    Timestamp::from_millis((ordered ^ (1 << 63)) as i64)
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// A number as it stands in a value.
pub(super) fn read_number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(array(bytes)?))
}

/// A thread as it stands in a value or at the end of a key.
pub(super) fn read_thread(bytes: &[u8]) -> Option<ThreadId> {
    Some(ThreadId(Uuid::from_bytes(array(bytes)?)))
}

/// The id at the end of a record's key: the thread and the number.
pub(super) fn read_record_key(key: &[u8]) -> Option<(ThreadId, u64)> {
    Some((read_thread(key.get(1..17)?)?, read_number(key.get(17..)?)?))
}

/// An interrupt as it stands at the end of a key.
pub(super) fn read_interrupt(bytes: &[u8]) -> Option<InterruptId> {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    text.parse().ok()
}

/// The times and the id in a pending interrupt's key.
pub(super) fn read_pending_key(key: &[u8]) -> Option<(Option<Timestamp>, Timestamp, InterruptId)> {
    let expiry = read_number(key.get(1..9)?)?;
    let asked = read_number(key.get(9..17)?)?;
    let interrupt = read_interrupt(key.get(17..)?)?;
    Some((
        (expiry != u64::MAX).then(|| moment(expiry)),
        moment(asked),
        interrupt,
    ))
}

/// A mark as it stands in a value.
pub(super) fn mark(mark: RecordMark) -> Vec<u8> {
    [&mark.seq.to_be_bytes()[..], &mark.hash.0].concat()
}

pub(super) fn read_mark(bytes: &[u8]) -> Option<RecordMark> {
    Some(RecordMark {
        seq: read_number(bytes.get(..8)?)?,
        hash: Digest(array(bytes.get(8..)?)?),
    })
}

/// Who used a grant, as it stands in a value.
pub(super) fn user(thread: ThreadId, seq: u64) -> Vec<u8> {
    [thread.0.as_bytes(), &seq.to_be_bytes()[..]].concat()
}

pub(super) fn read_user(bytes: &[u8]) -> Option<(ThreadId, u64)> {
    Some((read_thread(bytes.get(..16)?)?, read_number(bytes.get(16..)?)?))
}

/// A head as it stands in a value: covered by a digest, since no chain covers it.
pub(super) fn encode_head(head: &Head) -> Vec<u8> {
    covered(head)
}

/// An API key as it stands in a value: covered in the same way.
pub(super) fn encode_api_key(key: &ApiKey) -> Vec<u8> {
    covered(key)
}

fn covered(plain: &impl Serialize) -> Vec<u8> {
    // It is plain data with string keys: JSON can always hold it.
    let json = serde_json::to_vec(plain).unwrap_or_default();
    [&Digest::of(&json).0[..], &json].concat()
}

/// Reads a head back, or `None` if it is not what was written.
pub(super) fn decode_head(bytes: &[u8]) -> Option<Head> {
    uncovered(bytes)
}

/// Reads an API key back, or `None` if it is not what was written.
pub(super) fn decode_api_key(bytes: &[u8]) -> Option<ApiKey> {
    uncovered(bytes)
}

fn uncovered<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (digest, json) = bytes.split_at_checked(32)?;
    if Digest::of(json).0 != digest {
        return None;
    }
    serde_json::from_slice(json).ok()
}

const RAW: u8 = 0;
const ZSTD: u8 = 1;
/// Smaller pieces are not worth compressing.
const COMPRESS_FROM: usize = 256;
/// Larger pieces are kept as they are, so that no stored piece can ask for more memory than this to unpack.
const COMPRESS_TO: usize = 64 << 20;

/// A piece of a value as it is stored.
pub(super) fn encode_value(bytes: &[u8]) -> Vec<u8> {
    if (COMPRESS_FROM..=COMPRESS_TO).contains(&bytes.len())
        && let Ok(packed) = zstd::bulk::compress(bytes, 1)
        && packed.len() < bytes.len()
    {
        return [&[ZSTD][..], &packed].concat();
    }
    [&[RAW][..], bytes].concat()
}

/// Reads a piece of a value back, or `None` if it is not what `digest` says.
pub(super) fn decode_value(digest: Digest, stored: &[u8]) -> Option<Vec<u8>> {
    let (codec, packed) = stored.split_first()?;
    let bytes = match *codec {
        RAW => packed.to_vec(),
        ZSTD => {
            let mut bytes = Vec::new();
            let decoder = zstd::Decoder::new(packed).ok()?;
            decoder
                .take(COMPRESS_TO as u64 + 1)
                .read_to_end(&mut bytes)
                .ok()?;
            bytes
        }
        _ => return None,
    };
    (Digest::of(&bytes) == digest).then_some(bytes)
}
