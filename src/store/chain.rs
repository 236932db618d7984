//! A chain of hashes, and what breaks it.

use crate::model::{Digest, RecordMark};

/// One link of a chain as read back.
pub(super) struct Link {
    pub seq: u64,
    /// The hash of its bytes.
    pub hash: Digest,
    /// The hash that it names for its predecessor, or why it does not read.
    pub previous: Result<Digest, String>,
}

/// The first of `links`, which follow `base`, that doesn't fit, and why.
///
/// A link is trusted if its hash is the one that is named for it: by `vouched`, or else by the next
/// link if that one is trusted. So of two neighbours that don't fit the changed one is named.
pub(super) fn first_misfit(
    base: RecordMark,
    links: &[Link],
    vouched: impl Fn(u64) -> Option<Digest>,
) -> Option<(u64, String)> {
    let mut misfit = None;
    let mut named_by_next: Option<Digest> = None;
    for (position, link) in links.iter().enumerate().rev() {
        let vouched = vouched(link.seq);
        let named = vouched.or(named_by_next);
        if vouched == Some(link.hash) && named_by_next.is_some_and(|named| named != link.hash) {
            misfit = Some((
                link.seq + 1,
                "it names another hash for its predecessor".to_owned(),
            ));
        }
        named_by_next = match &link.previous {
            Err(what) => {
                misfit = Some((link.seq, format!("it {what}")));
                None
            }
            Ok(_) if named.is_some_and(|named| named != link.hash) => {
                misfit = Some((
                    link.seq,
                    "its hash is not the one that is named for it".to_owned(),
                ));
                None
            }
            Ok(previous) => Some(*previous),
        };
        let before = position.checked_sub(1).map(|position| &links[position]);
        let seq_before = before.map_or(base.seq, |link| link.seq);
        if link.seq != seq_before + 1 {
            misfit = Some((seq_before + 1, "it is missing".to_owned()));
            named_by_next = None;
        }
    }
    match (links.first(), named_by_next) {
        (Some(first), Some(previous)) if previous != base.hash => {
            let what = "it names another hash for its predecessor".to_owned();
            Some((first.seq, what))
        }
        _ => misfit,
    }
}
