//! What was found in a program, and how it is put together.

use std::rc::Rc;

use ruff_python_ast::Expr;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    analysis::scopes::ScopeId,
    model::{Category, Evidence},
};

/// At most so many facts are kept that are no writes.
const MAX_FACTS: usize = 20_000;

/// One fact about a program.
#[derive(Debug, Clone)]
pub(in crate::analysis) struct Fact {
    pub(in crate::analysis) at: TextRange,
    pub(in crate::analysis) rule: Rc<str>,
    pub(in crate::analysis) category: Category,
    pub(in crate::analysis) evidence: Evidence,
    pub(in crate::analysis) why: String,
    pub(in crate::analysis) channels: Vec<String>,
    pub(in crate::analysis) values: Vec<Option<String>>,
    pub(in crate::analysis) resolved: String,
    pub(in crate::analysis) chain: Chain,
    /// Whether something is only named, so that what it is called with is told elsewhere, if at all.
    pub(in crate::analysis) by_name: bool,
}

/// How what is told of came to be what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analysis) enum Chain {
    /// Nobody asks.
    None,
    /// It is to be told of what is called or named right now.
    OfSubject,
    /// The steps, a sentence each.
    Told(Vec<String>),
}

impl Chain {
    /// The steps.
    pub(in crate::analysis) fn steps(&self) -> Vec<String> {
        match self {
            Self::None | Self::OfSubject => Vec::new(),
            Self::Told(steps) => steps.clone(),
        }
    }
}

/// What a chain is told of, and where it stands.
pub(super) type Origin<'a> = Option<(&'a Expr, ScopeId)>;

/// Everything found in a program.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Facts {
    pub(in crate::analysis) facts: Vec<Fact>,
    /// Places of patterns' hits that provably have nothing to do with a control system.
    pub(in crate::analysis) harmless_at: FxHashSet<u32>,
    /// The channels that the call at a pattern's hit names.
    pub(in crate::analysis) channels_at: FxHashMap<u32, Vec<String>>,
    pub(in crate::analysis) imports: Vec<String>,
    pub(in crate::analysis) has_results: bool,
    /// Harmless facts beyond the most that are kept.
    pub(in crate::analysis) dropped: usize,
}

/// What is being found, each rule at each place once.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) facts: Facts,
    origins: Vec<Origin<'a>>,
    /// Which facts stand at each place.
    at: FxHashMap<u32, Vec<usize>>,
}

impl<'a> Found<'a> {
    fn place(&self, at: u32, rule: &str) -> Option<usize> {
        let here = self.at.get(&at)?;
        here.iter().copied().find(|&index| {
            let known = self.facts.facts.get(index);
            known.is_some_and(|known| *known.rule == *rule)
        })
    }

    /// Whether nothing would change if `rule` fired there once more, for no channel.
    pub(super) fn is_told(&self, at: u32, rule: &str, category: Category) -> bool {
        let known = self.place(at, rule).and_then(|index| self.facts.facts.get(index));
        known.is_some_and(|known| known.category <= category && known.channels.is_empty())
    }

    /// Whether what is told there by `rule` is no more than a name.
    pub(super) fn is_only_named(&self, at: u32, rule: &str) -> bool {
        let known = self.place(at, rule).and_then(|index| self.facts.facts.get(index));
        known.is_some_and(|known| known.by_name)
    }

    /// Adds `fact`. The same rule fires twice at one place: for several things one name may stand for, or
    /// several statements of a text. The channels are of all.
    pub(super) fn add(&mut self, fact: Fact, origin: Origin<'a>) {
        let at = fact.at.start().to_u32();
        if let Some(known) = self.place(at, &fact.rule)
            && let Some(known) = self.facts.facts.get_mut(known)
        {
            known.join(fact);
            return;
        }
        let grave = matches!(fact.category, Category::Write | Category::PotentialWrite);
        if !grave && self.facts.facts.len() >= MAX_FACTS {
            self.facts.dropped += 1;
            return;
        }
        self.at.entry(at).or_default().push(self.facts.facts.len());
        self.facts.facts.push(fact);
        self.origins.push(origin);
    }
}

impl Fact {
    fn join(&mut self, other: Fact) {
        if self.by_name != other.by_name {
            // What calls it tells more than its name.
            if self.by_name && !other.channels.is_empty() {
                *self = other;
            }
            return;
        }
        self.category = self.category.min(other.category);
        if self.channels.is_empty() != other.channels.is_empty() {
            // One of them could not be told, so all together cannot.
            self.channels.clear();
            self.values.clear();
            return;
        }
        for (index, channel) in other.channels.into_iter().enumerate() {
            let value = other.values.get(index).cloned().flatten();
            match self.channels.iter().position(|have| *have == channel) {
                None => {
                    self.values.resize(self.channels.len(), None);
                    self.channels.push(channel);
                    self.values.push(value);
                }
                Some(place) => {
                    if self.values.get(place).is_some_and(|have| *have != value)
                        && let Some(have) = self.values.get_mut(place)
                    {
                        *have = None;
                    }
                }
            }
        }
    }
}

/// What all units show together.
pub(super) fn joined(units: Vec<Found<'_>>) -> (Facts, Vec<Origin<'_>>) {
    let mut all = Found::default();
    for unit in units {
        let Facts {
            facts,
            harmless_at,
            channels_at,
            imports,
            has_results,
            dropped,
        } = unit.facts;
        for (fact, origin) in facts.into_iter().zip(unit.origins) {
            all.add(fact, origin);
        }
        all.facts.harmless_at.extend(harmless_at);
        all.facts.channels_at.extend(channels_at);
        all.facts.imports.extend(imports);
        all.facts.has_results |= has_results;
        all.facts.dropped += dropped;
    }
    let mut facts = all.facts;
    facts.imports.sort();
    facts.imports.dedup();
    (facts, all.origins)
}
