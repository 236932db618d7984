//! Names and paths by exact text, or by how they begin.

use rustc_hash::FxHashMap;

/// What is listed under names, some of which may end in any way.
#[derive(Debug)]
pub(super) struct Listing<T> {
    exact: FxHashMap<Box<str>, T>,
    /// The beginnings that end with a dot.
    dotted: FxHashMap<Box<str>, T>,
    /// The other beginnings, the longest first once sorted.
    open: Vec<(Box<str>, T)>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            exact: FxHashMap::default(),
            dotted: FxHashMap::default(),
            open: Vec::new(),
        }
    }
}

impl<T> Listing<T> {
    /// Lists `value`; says whether nothing was listed there before, which else stays.
    pub(super) fn add(&mut self, name: &str, open: bool, value: T) -> bool {
        let dotted = open && name.ends_with('.');
        let known = match (dotted, open) {
            (true, _) => self.dotted.contains_key(name),
            (_, true) => self.open.iter().any(|(start, _)| **start == *name),
            _ => self.exact.contains_key(name),
        };
        if known {
            return false;
        }
        match (dotted, open) {
            (true, _) => drop(self.dotted.insert(name.into(), value)),
            (_, true) => self.open.push((name.into(), value)),
            _ => drop(self.exact.insert(name.into(), value)),
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

    /// What stands under the longest beginning of the name, and how long that is.
    fn beginning(&self, name: &str, shortest: usize) -> Option<(usize, &T)> {
        let mut found = None;
        let mut end = name.len();
        while let Some(dot) = name[..end].rfind('.') {
            if let Some(value) = self.dotted.get(&name[..=dot]) {
                found = Some((dot + 1, value));
                break;
            }
            end = dot;
        }
        let least = found.map_or(shortest, |(length, _)| length);
        let longer = self
            .open
            .iter()
            .take_while(|(start, _)| start.len() >= least)
            .find(|(start, _)| name.starts_with(&**start));
        longer.map(|(start, value)| (start.len(), value)).or(found)
    }

    /// What stands under the longest beginning of the name.
    pub(super) fn openly(&self, name: &str) -> Option<&T> {
        self.beginning(name, 0).map(|(_, value)| value)
    }

    /// What stands under the name, or else under its longest beginning, and how much of it that is.
    pub(super) fn found(&self, name: &str) -> Option<(usize, &T)> {
        match self.exactly(name) {
            Some(value) => Some((name.len() + 1, value)),
            None => self.beginning(name, 0),
        }
    }

    /// What stands under the name, or else under its longest beginning.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.exactly(name).or_else(|| self.openly(name))
    }

    /// The same, but not what stands under every name.
    pub(super) fn named(&self, name: &str) -> Option<&T> {
        self.exactly(name)
            .or_else(|| self.beginning(name, 1).map(|(_, value)| value))
    }
}
