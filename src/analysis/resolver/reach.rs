//! What can be reached through a value, however deep it lies in containers.

use super::Resolver;
use crate::{
    analysis::{
        knowledge::Does,
        paths::Place,
        scopes::ContainerId,
        values::{Atom, Value},
    },
    config::When,
};

/// At most so many containers are looked into for what they hold.
const MAX_FLAT: usize = 128;

impl<'a> Resolver<'a, '_> {
    /// Only what must not get out of sight: objects of client libraries, the program's own functions
    /// and objects, and what nobody knows.
    pub(super) fn taint(&mut self, value: Value) -> Value {
        if matches!(value, Value::DATA | Value::EMPTY | Value::UNKNOWN) {
            return Value::EMPTY;
        }
        if let Some(&taint) = self.tainted.get(&value) {
            return taint;
        }
        let taint = self.taint_of(value);
        self.tainted.insert(value, taint);
        taint
    }

    pub(super) fn taint_of(&mut self, value: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Client(_)
                | Atom::Function(_)
                | Atom::Class(_)
                | Atom::Object(_)
                | Atom::Parent(_)
                | Atom::Names
                | Atom::NamesOf(_)
                | Atom::Modules => self.values.of(*atom),
                Atom::Path(path) => match self.paths.place(path) {
                    Place::Library { member, .. } if matches!(member.does, Does::Read | Does::Quiet) => {
                        Value::EMPTY
                    }
                    Place::Library { .. } | Place::Foreign => self.values.of(*atom),
                    Place::Known { effect: Some(effect) } if effect.when != When::Never => {
                        self.values.of(*atom)
                    }
                    Place::Known { .. } => Value::EMPTY,
                },
                Atom::Container(_) => {
                    let one = self.values.of(*atom);
                    let flat = self.flat(one);
                    if self.taint(flat) == Value::EMPTY {
                        Value::EMPTY
                    } else {
                        one
                    }
                }
                Atom::Data | Atom::Unknown | Atom::Constant(_) | Atom::Member(_) | Atom::FieldsOf(_) => {
                    Value::EMPTY
                }
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// Only what belongs to a control system, or to what nobody knows, in `value`, containers and all.
    pub(super) fn perilous(&mut self, value: Value) -> Value {
        if matches!(value, Value::DATA | Value::EMPTY | Value::UNKNOWN) {
            return Value::EMPTY;
        }
        if let Some(&perilous) = self.perils.get(&value) {
            return perilous;
        }
        let atoms = self.values.atoms(value);
        let mut kept = Vec::new();
        for atom in atoms.iter() {
            let keep = match *atom {
                Atom::Client(_) | Atom::Parent(_) | Atom::Names | Atom::NamesOf(_) | Atom::Modules => true,
                Atom::Object(class) | Atom::Class(class) => self.is_client_class(class),
                Atom::Path(path) => match self.paths.place(path) {
                    Place::Library { member, .. } => !matches!(member.does, Does::Read | Does::Quiet),
                    Place::Foreign => true,
                    Place::Known { .. } => false,
                },
                Atom::Container(_) => {
                    let one = self.values.of(*atom);
                    let flat = self.flat(one);
                    !self.values.has(flat, |atom| matches!(atom, Atom::Container(_)))
                        && self.perilous(flat) != Value::EMPTY
                }
                _ => false,
            };
            if keep {
                kept.push(*atom);
            }
        }
        let perilous = self.values.any(kept);
        self.perils.insert(value, perilous);
        perilous
    }

    /// Everything in `value`, however deep in containers, without the containers.
    pub(super) fn flat(&mut self, value: Value) -> Value {
        if !self.values.has(value, |atom| matches!(atom, Atom::Container(_))) {
            return value;
        }
        if let Some(&flat) = self.flat.get(&value) {
            return flat;
        }
        let flat = self.flattened(value);
        self.flat.insert(value, flat);
        flat
    }

    /// Looks again into what was looked into during the pass; whether there is more by now.
    pub(super) fn refresh(&mut self) -> bool {
        self.tainted.clear();
        self.perils.clear();
        let known: Vec<(Value, Value)> = self.flat.iter().map(|(&value, &flat)| (value, flat)).collect();
        let mut more = false;
        for (value, before) in known {
            let flat = self.flattened(value);
            more |= flat != before;
            self.flat.insert(value, flat);
        }
        more
    }

    pub(super) fn flattened(&mut self, value: Value) -> Value {
        let mut seen: Vec<ContainerId> = Vec::new();
        let mut due = vec![value];
        let mut flat = Value::EMPTY;
        while let Some(next) = due.pop() {
            let atoms = self.values.atoms(next);
            for atom in atoms.iter() {
                let Atom::Container(id) = *atom else { continue };
                if seen.len() >= MAX_FLAT {
                    flat = self.values.join(flat, Value::UNKNOWN);
                } else if !seen.contains(&id) {
                    seen.push(id);
                    due.push(self.world.elements(id));
                    due.push(self.world.keys(id));
                }
            }
            let rest = self.values.only(next, |atom| !matches!(atom, Atom::Container(_)));
            flat = self.values.join(flat, rest);
        }
        self.work += seen.len() as u64;
        flat
    }

    /// Whether `value` holds an object of a client library, however deep in containers.
    pub(super) fn holds_client(&mut self, value: Value) -> bool {
        let flat = self.flat(value);
        let atoms = self.values.atoms(flat);
        atoms.iter().any(|atom| match *atom {
            Atom::Client(_) | Atom::Member(_) => true,
            Atom::Path(path) => match self.paths.place(path) {
                Place::Library { member, .. } => !matches!(member.does, Does::Read | Does::Quiet),
                _ => false,
            },
            Atom::Object(class) | Atom::Class(class) => !self.client_types(class).is_empty(),
            _ => false,
        })
    }

    /// Whether `value` is a container that can take what is put into it.
    pub(super) fn holds(&self, value: Value) -> bool {
        let atoms = self.values.slice(value);
        !atoms.is_empty() && atoms.iter().all(|atom| matches!(atom, Atom::Container(_)))
    }
}
