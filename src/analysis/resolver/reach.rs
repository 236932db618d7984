//! What can be reached through a value, however deep it lies in containers.

use super::Resolver;
use crate::{
    analysis::{
        clock::{Readers, Unit},
        knowledge::Does,
        paths::Place,
        scopes::ContainerId,
        values::{Atom, Value},
    },
    config::When,
};

/// What a value holds however deep in containers, who asked for it, and what tells that it is out of date.
pub(super) struct Flat {
    value: Value,
    unit: Unit,
    readers: Readers,
}

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
        if !self.holds_container(value) {
            self.tainted.insert(value, taint);
        }
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
        if !self.holds_container(value) {
            self.perils.insert(value, perilous);
        }
        perilous
    }

    fn holds_container(&self, value: Value) -> bool {
        self.values.has(value, |atom| matches!(atom, Atom::Container(_)))
    }

    /// Everything in `value`, however deep in containers, without the containers.
    pub(super) fn flat(&mut self, value: Value) -> Value {
        if !self.holds_container(value) {
            return value;
        }
        let (unit, known) = match self.flat.get(&value) {
            Some(flat) if !self.world.clock.is_due(flat.unit) => {
                flat.readers.note(&self.world.clock);
                return flat.value;
            }
            Some(flat) => (flat.unit, Some(flat.value)),
            None => (self.world.clock.add(), None),
        };
        let turn = self.world.clock.begin(unit);
        let flat = self.flattened(value);
        self.world.clock.end(turn);
        match self.flat.get_mut(&value) {
            Some(entry) => {
                entry.value = flat;
                if known != Some(flat) {
                    entry.readers.wake(&mut self.world.clock);
                }
                entry.readers.note(&self.world.clock);
            }
            None => {
                let readers = Readers::default();
                readers.note(&self.world.clock);
                self.flat.insert(
                    value,
                    Flat {
                        value: flat,
                        unit,
                        readers,
                    },
                );
            }
        }
        flat
    }

    /// Looks again into what was looked into, and may hold more by now.
    pub(super) fn refresh(&mut self) {
        let clock = &self.world.clock;
        let stale: Vec<Value> = self
            .flat
            .iter()
            .filter(|(_, flat)| clock.is_due(flat.unit))
            .map(|(&value, _)| value)
            .collect();
        for value in stale {
            let Some(unit) = self.flat.get(&value).map(|flat| flat.unit) else {
                continue;
            };
            let turn = self.world.clock.begin(unit);
            let now = self.flattened(value);
            self.world.clock.end(turn);
            if let Some(flat) = self.flat.get_mut(&value)
                && flat.value != now
            {
                flat.value = now;
                flat.readers.wake(&mut self.world.clock);
            }
        }
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
