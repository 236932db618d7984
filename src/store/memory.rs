//! A keyspace in memory: for tests, and for runs that need not outlive the process.

use std::{collections::BTreeMap, ops::Range, path::Path};

use super::{
    StoreError,
    keyspace::{Batch, Keyspace, Pairs},
};

/// A keyspace in memory.
#[derive(Debug, Default)]
pub struct Memory {
    pairs: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Keyspace for Memory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.pairs.get(key).cloned())
    }

    fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.pairs.contains_key(key))
    }

    #[allow(private_interfaces, reason = "only this room calls it")]
    fn scan(&self, range: Range<Vec<u8>>) -> Pairs<'_> {
        let pairs = self.pairs.range(range);
        Box::new(pairs.map(|(key, value)| Ok((key.clone(), value.clone()))))
    }

    #[allow(private_interfaces, reason = "only this room calls it")]
    fn apply(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for change in &batch.changes {
            match &change.value {
                Some(value) => self.pairs.insert(change.key.clone(), value.clone()),
                None => self.pairs.remove(&change.key),
            };
        }
        Ok(())
    }

    fn path(&self) -> &Path {
        Path::new("(in memory)")
    }
}
