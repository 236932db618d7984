//! What can be reached through a value, however deep it lies in containers.

use super::Resolver;
use crate::{
    analysis::{
        clock::{Readers, Unit},
        knowledge::Does,
        paths::Place,
        values::{Atom, Value},
    },
    config::When,
};

/// What is worked out of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Within {
    /// Everything that is in it.
    Flat,
    /// What must not get out of sight.
    Taint,
    /// What belongs to a control system, or to what nobody knows.
    Peril,
    /// What an instance gives where Python calls its hooks.
    Hooks,
}

/// What was worked out, who asked for it, and what tells that it is out of date.
pub(super) struct Memo {
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
        if self.values.is_calm(value) {
            return Value::EMPTY;
        }
        if let Some(&taint) = self.tainted.get(&value) {
            return taint;
        }
        if self.holds_container(value) {
            return self.worked_out(Within::Taint, value);
        }
        let taint = self.taint_of(value);
        self.tainted.insert(value, taint);
        taint
    }

    fn taint_of(&mut self, value: Value) -> Value {
        if self.holds_container(value) {
            // Most containers hold nothing of the kind.
            let flat = self.flat(value);
            if self.taint(flat) == Value::EMPTY {
                return Value::EMPTY;
            }
        }
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
        if self.values.is_calm(value) {
            return Value::EMPTY;
        }
        if let Some(&perilous) = self.perils.get(&value) {
            return perilous;
        }
        if self.holds_container(value) {
            return self.worked_out(Within::Peril, value);
        }
        let perilous = self.perilous_of(value);
        self.perils.insert(value, perilous);
        perilous
    }

    fn perilous_of(&mut self, value: Value) -> Value {
        if self.holds_container(value) {
            // Most containers hold nothing of the kind.
            let flat = self.flat(value);
            if self.perilous(flat) == Value::EMPTY {
                return Value::EMPTY;
            }
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
        self.values.any(kept)
    }

    fn holds_container(&self, value: Value) -> bool {
        !self.values.containers(value).is_empty()
    }

    /// Everything in `value`, however deep in containers, without the containers.
    pub(super) fn flat(&mut self, value: Value) -> Value {
        if !self.holds_container(value) {
            return value;
        }
        self.worked_out(Within::Flat, value)
    }

    /// What follows of `value`, from memory as long as no container in it grows.
    pub(super) fn worked_out(&mut self, what: Within, value: Value) -> Value {
        let known = match self.memory.get(&(what, value)) {
            Some(memo) if !self.world.clock.is_due(memo.unit) => {
                memo.readers.note(&self.world.clock);
                return memo.value;
            }
            Some(memo) => Some(memo.unit),
            None => None,
        };
        let unit = known.unwrap_or_else(|| self.world.clock.add());
        let now = self.work_out(what, value, unit);
        let memo = self.memory.entry((what, value)).or_insert_with(|| Memo {
            value: now,
            unit,
            readers: Readers::default(),
        });
        if memo.value != now {
            memo.value = now;
            memo.readers.wake(&mut self.world.clock);
        }
        memo.readers.note(&self.world.clock);
        now
    }

    fn work_out(&mut self, what: Within, value: Value, unit: Unit) -> Value {
        let turn = self.world.clock.begin(unit);
        let now = match what {
            Within::Flat => self.flattened(value),
            Within::Taint => self.taint_of(value),
            Within::Peril => self.perilous_of(value),
            Within::Hooks => match *self.values.slice(value) {
                [Atom::Object(class)] => self.given_by_hooks(class),
                _ => Value::UNKNOWN,
            },
        };
        self.world.clock.end(turn);
        now
    }

    /// Works out again what may have changed, and wakes who asked for it if it has.
    pub(super) fn refresh(&mut self) {
        loop {
            let clock = &self.world.clock;
            let mut stale: Vec<(Within, Value, Unit)> = self
                .memory
                .iter()
                .filter(|(_, memo)| clock.is_due(memo.unit))
                .map(|(&(what, value), memo)| (what, value, memo.unit))
                .collect();
            if stale.is_empty() || self.is_exhausted() {
                return;
            }
            stale.sort_unstable_by_key(|&(_, _, unit)| unit);
            for (what, value, unit) in stale {
                let now = self.work_out(what, value, unit);
                if let Some(memo) = self.memory.get_mut(&(what, value))
                    && memo.value != now
                {
                    memo.value = now;
                    memo.readers.wake(&mut self.world.clock);
                }
            }
        }
    }

    fn flattened(&mut self, value: Value) -> Value {
        self.looks += 1;
        let mut seen = 0;
        let mut due = vec![value];
        let mut flat = Value::EMPTY;
        while let Some(next) = due.pop() {
            if !self.values.visit(next, self.looks) {
                continue;
            }
            for index in self.values.containers(next) {
                let Some(&Atom::Container(id)) = self.values.slice(next).get(index) else {
                    continue;
                };
                if !self.world.visit(id, self.looks) {
                    continue;
                }
                if seen >= MAX_FLAT {
                    flat = self.values.join(flat, Value::UNKNOWN);
                    break;
                }
                seen += 1;
                due.push(self.world.elements(id));
                due.push(self.world.keys(id));
                if self.world.held(id).is_carrier {
                    due.push(self.world.carried(id));
                }
            }
            let rest = self.values.without_containers(next);
            flat = self.values.join(flat, rest);
        }
        self.work += seen as u64;
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

    /// Whether `value` is an object of another module, of which it is known what it keeps.
    pub(super) fn is_of_module(&self, value: Value) -> bool {
        let atoms = self.values.slice(value);
        !atoms.is_empty()
            && atoms
                .iter()
                .all(|atom| matches!(atom, Atom::Path(_) | Atom::Container(_)))
    }

    /// Whether `value` is a container that can take what is put into it.
    pub(super) fn holds(&self, value: Value) -> bool {
        let atoms = self.values.slice(value);
        !atoms.is_empty() && atoms.iter().all(|atom| matches!(atom, Atom::Container(_)))
    }
}
