//! What a store keeps its bytes in: keys in order, changed by whole batches.

use std::{ops::Range, path::Path};

use super::StoreError;

/// One change of one key: to a value, or to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
}

/// Changes that happen together, with the numbers of the audit entries among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Batch {
    pub changes: Vec<Change>,
    pub first_audit: u64,
    pub last_audit: u64,
}

impl Batch {
    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.push(Change {
            key,
            value: Some(value),
        });
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.changes.push(Change { key, value: None });
    }

    /// Roughly how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        let bytes = |change: &Change| change.key.len() + change.value.as_ref().map_or(0, Vec::len);
        self.changes.iter().map(bytes).sum()
    }
}

/// A key and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Pairs in the order of their keys, from either end.
pub(super) type Pairs<'a> = Box<dyn DoubleEndedIterator<Item = Result<Pair, StoreError>> + 'a>;

/// Keys in order, changed by whole batches. One thread changes it; many may read between the changes.
pub trait Keyspace: Send + Sync + 'static {
    /// The value under `key`.
    #[doc(hidden)]
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Whether something stands under `key`.
    #[doc(hidden)]
    fn contains(&self, key: &[u8]) -> Result<bool, StoreError>;

    /// The pairs whose keys lie in `range`.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this room implements and calls it")]
    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_>;

    /// Makes all changes of `batch`, durably, or none.
    ///
    /// # Errors
    /// `Full`: nothing was written, and the keyspace works on. Anything else: it can't be trusted any more.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this room implements and calls it")]
    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// Where it lives, for messages.
    #[doc(hidden)]
    fn path(&self) -> &Path;
}
