//! Names and paths by exact text, or by how they begin.

use rustc_hash::FxHashMap;

/// What is listed under names, some of which may end in any way.
#[derive(Debug)]
pub(super) struct Listing<T> {
    exact: FxHashMap<Box<str>, T>,
    /// The beginnings, the longest first once sorted.
    open: Vec<(Box<str>, T)>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            exact: FxHashMap::default(),
            open: Vec::new(),
        }
    }
}

impl<T> Listing<T> {
    /// Lists `value`; says whether nothing was listed there before, which else stays.
    pub(super) fn add(&mut self, name: &str, open: bool, value: T) -> bool {
        let known = match open {
            true => self.open.iter().any(|(start, _)| **start == *name),
            false => self.exact.contains_key(name),
        };
        if known {
            return false;
        }
        match open {
            true => self.open.push((name.into(), value)),
            false => drop(self.exact.insert(name.into(), value)),
        }
        true
    }

    /// Puts the longest beginnings first.
    pub(super) fn sort(&mut self) {
        self.open
            .sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then(one.cmp(other)));
    }

    /// The same, sorted.
    pub(super) fn sorted(mut self) -> Self {
        self.sort();
        self
    }

    /// What stands under exactly this name.
    pub(super) fn exactly(&self, name: &str) -> Option<&T> {
        self.exact.get(name)
    }

    /// What stands under the longest beginning of the name.
    pub(super) fn openly(&self, name: &str) -> Option<&T> {
        let found = self.open.iter().find(|(start, _)| name.starts_with(&**start));
        found.map(|(_, value)| value)
    }

    /// What stands under the name, or else under its longest beginning.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.exactly(name).or_else(|| self.openly(name))
    }

    /// The same, but not what stands under every name.
    pub(super) fn named(&self, name: &str) -> Option<&T> {
        let open = || {
            self.open
                .iter()
                .find(|(start, _)| !start.is_empty() && name.starts_with(&**start))
                .map(|(_, value)| value)
        };
        self.exactly(name).or_else(open)
    }
}
