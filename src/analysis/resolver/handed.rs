//! Functions that are handed to others, and who calls them with what.

use super::{Resolver, calls::Arguments};
use crate::analysis::values::{Atom, Value};

/// Calls of one of at most so many functions are followed into each.
pub(super) const MAX_CALLEES: usize = 24;

impl<'a> Resolver<'a, '_> {
    /// The program's own functions that a call is given are called by what it calls.
    pub(super) fn hand_functions(&mut self, last: &str, arguments: &Arguments<'a>) -> Value {
        if arguments.all().all(|value| self.values.is_calm(value)) {
            return Value::EMPTY;
        }
        let all: Vec<(Option<usize>, Value)> = arguments
            .positional
            .iter()
            .copied()
            .enumerate()
            .map(|(index, value)| (Some(index), value))
            .chain(arguments.star.map(|(_, value)| (None, value)))
            .chain(arguments.named.iter().map(|&(_, value)| (None, value)))
            .chain(arguments.double_star.map(|value| (None, value)))
            .collect();
        let mut result = Value::EMPTY;
        for &(index, value) in &all {
            let functions = self.own_functions(value);
            if functions == Value::EMPTY {
                continue;
            }
            let atoms = self.values.atoms(functions);
            if atoms.len() > MAX_CALLEES {
                self.escape(functions);
                result = self.values.join(result, Value::UNKNOWN);
                continue;
            }
            let hook = self.name("__call__");
            let is_called = |resolver: &mut Self, atom: &Atom| match *atom {
                Atom::Object(class) => resolver.class_member_of(class, hook).is_some(),
                _ => true,
            };
            if !atoms.iter().any(|atom| is_called(self, atom)) {
                continue;
            }
            let handed = self.handed(last, index, value, &all, arguments);
            for atom in atoms.iter() {
                let given = match *atom {
                    Atom::Function(function) => {
                        let bound = self.world.function(function).class.is_some();
                        self.call_own(function, &handed, bound)
                    }
                    Atom::Object(class) => match self.class_member_of(class, hook) {
                        Some(members) => self.call_members(members, &handed),
                        None => Value::EMPTY,
                    },
                    _ => Value::EMPTY,
                };
                result = self.values.join(result, given);
            }
        }
        result
    }

    pub(super) fn own_functions(&mut self, value: Value) -> Value {
        if self.values.is_calm(value) {
            return Value::EMPTY;
        }
        let flat = self.flat(value);
        self.values
            .only(flat, |atom| matches!(atom, Atom::Function(_) | Atom::Object(_)))
    }

    /// The arguments that a function is called with that was handed to a call of `last`.
    pub(super) fn handed(
        &mut self,
        last: &str,
        index: Option<usize>,
        function: Value,
        all: &[(Option<usize>, Value)],
        arguments: &Arguments<'a>,
    ) -> Arguments<'a> {
        let args = self.name("args");
        let tuple = arguments
            .named
            .iter()
            .find(|(name, _)| *name == args)
            .map(|&(_, value)| value)
            .or_else(|| match (last, index) {
                ("apply" | "apply_async" | "start_new_thread" | "Timer", Some(index)) => {
                    arguments.positional.get(index + 1).copied()
                }
                ("enter" | "enterabs", _) => arguments.positional.get(3).copied(),
                _ => None,
            });
        let mut handed = Arguments {
            place: arguments.place,
            ..Arguments::default()
        };
        if let Some(tuple) = tuple {
            let exact = match *self.values.atoms(tuple) {
                [Atom::Container(id)] => self.world.exact(id),
                _ => None,
            };
            match exact {
                Some(elements) => handed.positional = elements,
                None => {
                    let elements = self.iterate(tuple);
                    handed.star = Some((0, elements));
                }
            }
            let kwargs = self.name("kwargs");
            handed.double_star = arguments
                .named
                .iter()
                .find(|(name, _)| *name == kwargs)
                .map(|&(_, value)| value);
            return handed;
        }
        let later = |from: usize| arguments.positional.get(from..).unwrap_or_default().to_vec();
        match (last, index) {
            (
                "submit"
                | "partial"
                | "partialmethod"
                | "register"
                | "run_in_executor"
                | "to_thread"
                | "call_soon"
                | "call_soon_threadsafe"
                | "call_later"
                | "call_at"
                | "callback"
                | "runcall"
                | "finalize"
                | "spawn"
                | "Spawn"
                | "call"
                | "run_sync"
                | "spawn_later"
                | "run",
                Some(index),
            ) => {
                handed.positional = later(index + 1);
                handed.star = arguments.star;
                handed.named = arguments.named.clone();
                handed.double_star = arguments.double_star;
            }
            (
                "map" | "imap" | "imap_unordered" | "map_async" | "starmap" | "starmap_async" | "filter"
                | "filterfalse" | "takewhile" | "dropwhile" | "groupby" | "sorted" | "min" | "max" | "reduce"
                | "accumulate" | "apply_along_axis",
                _,
            ) => {
                let others: Vec<Value> = all
                    .iter()
                    .filter(|&&(other, value)| other != index || value != function)
                    .map(|&(_, value)| value)
                    .collect();
                for other in others {
                    let element = self.iterate(other);
                    handed.positional.push(element);
                }
                if last.starts_with("starmap") {
                    let rows = handed.positional.first().copied().unwrap_or(Value::EMPTY);
                    let parts: Vec<Value> = (0..4).map(|place| self.part(rows, place)).collect();
                    handed.positional = parts;
                } else if matches!(last, "reduce" | "accumulate") {
                    let one = handed
                        .positional
                        .iter()
                        .fold(Value::DATA, |joined, &value| self.values.join(joined, value));
                    handed.positional = vec![one, one];
                } else if handed.positional.len() > 1 && matches!(last, "sorted" | "min" | "max" | "groupby")
                {
                    let one = handed
                        .positional
                        .iter()
                        .fold(Value::EMPTY, |joined, &value| self.values.join(joined, value));
                    handed.positional = vec![one];
                }
                if handed.positional.iter().all(|&value| value == Value::EMPTY) {
                    handed.star = Some((0, Value::DATA));
                }
            }
            _ => {
                // It is called in a way that is not followed: with data, with anything else given here,
                // and where a control system is near with what nobody knows.
                let mut joined = Value::DATA;
                self.near_asked = true;
                if !self.near.is_empty() {
                    joined = self.values.join(joined, Value::UNKNOWN);
                }
                for &(other, value) in all {
                    if other == index && value == function {
                        continue;
                    }
                    let flat = self.flat(value);
                    let perilous = self.perilous(flat);
                    joined = self.values.join(joined, perilous);
                }
                handed.star = Some((0, joined));
            }
        }
        handed
    }

    /// The element at `place` of each of the tuples that `rows` may be.
    pub(super) fn part(&mut self, rows: Value, place: usize) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(rows);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) => match self.world.exact(id) {
                    Some(elements) => elements.get(place).copied().unwrap_or(Value::EMPTY),
                    None => self.world.elements(id),
                },
                Atom::Constant(_) => Value::DATA,
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }
}
