//! Functions that are handed to others, and who calls them with what.

use ruff_text_size::{Ranged, TextRange};

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
            self.hand_method(last, index, value, &all, arguments);
            let functions = self.own_functions(value, index.is_none() || self.knowledge.is_caller(last));
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
                    Atom::Class(class) => {
                        let at = arguments
                            .node
                            .map_or(TextRange::default(), |node| node.func.range());
                        self.call_class(class, at, &handed)
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

    /// A method of a container that is handed to what calls it puts in what it is given: `submit(list.append, 1)`.
    fn hand_method(
        &mut self,
        last: &str,
        index: Option<usize>,
        value: Value,
        all: &[(Option<usize>, Value)],
        arguments: &Arguments<'a>,
    ) {
        let place = match last {
            "run_in_executor" | "call_later" | "call_at" | "Timer" => Some(1),
            "Thread" | "Process" => None,
            _ => Some(0),
        };
        // A list that is run, as by `subprocess.run`, is a command.
        if index != place || !runs(last) || matches!(last, "run" | "call") {
            return;
        }
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom
                && !self.world.held(id).is_carrier
                && !self.world.held(id).is_tuple
                && !self.world.held(id).is_dictionary
            {
                let handed = self.handed(last, index, value, all, arguments);
                self.put_by_method(id, &handed);
            }
        }
    }

    /// Whether a call of `last` only runs a function of the program's own with its other arguments.
    pub(super) fn only_runs(&self, last: &str, arguments: &Arguments<'a>) -> bool {
        if !runs(last) {
            return false;
        }
        let own = arguments.all().find(|&value| {
            let atoms = self.values.slice(value);
            !atoms.is_empty()
                && atoms
                    .iter()
                    .all(|atom| matches!(atom, Atom::Function(_) | Atom::Class(_)))
        });
        own.is_some()
    }

    /// What of the program's own may be called in `value`; classes only where a control system is near.
    fn own_functions(&mut self, value: Value, classes: bool) -> Value {
        if self.values.is_calm(value) {
            return Value::EMPTY;
        }
        let flat = self.flat(value);
        let classes = classes && !self.near.is_empty();
        self.values.only(flat, |atom| match atom {
            Atom::Function(_) | Atom::Object(_) => true,
            Atom::Class(_) => classes,
            _ => false,
        })
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
            (last, Some(index)) if defers(last) => {
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
                    let initial = arguments.positional.get(2).copied().unwrap_or(Value::DATA);
                    let one = handed
                        .positional
                        .iter()
                        .fold(initial, |joined, &value| self.values.join(joined, value));
                    let one = self.values.join(one, Value::DATA);
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

/// Whether a function of this name calls what it is given with the arguments that follow.
pub(super) fn defers(name: &str) -> bool {
    matches!(
        name,
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
            | "start_soon"
            | "run"
    )
}

/// Whether a function of this name runs a function with the other arguments: these are then seen where that
/// is followed, and only what it returns comes back.
fn runs(name: &str) -> bool {
    match name {
        "partial" | "partialmethod" | "register" => false,
        "map" | "imap" | "imap_unordered" | "map_async" | "starmap" | "starmap_async" | "apply"
        | "apply_async" | "start_new_thread" | "Thread" | "Process" | "Timer" | "enter" | "enterabs" => true,
        name => defers(name),
    }
}
