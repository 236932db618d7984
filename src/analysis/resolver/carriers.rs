//! What comes back from calls of other modules: whatever they were given, in whatever form.
//!
//! A carrier stands for all that a result may hold, be, or be got from. It answers every member, item, call
//! and iteration for each thing that it carries, and what is taken out of it is still it: a task in a set, a
//! row of a table.

use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments, handed::defers, methods::is_inserting};
use crate::analysis::{
    knowledge::Does,
    paths::{PathId, Symbol},
    scopes::{ClassId, ContainerId},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// What of `value`, however deep in containers, a control system may be reached through once it comes back
    /// from a call: what is perilous, and the program's own objects and classes. Where no client library is
    /// imported these reach none.
    pub(super) fn bearing(&mut self, value: Value) -> Value {
        if self.values.is_calm(value) {
            return Value::EMPTY;
        }
        self.near_asked = true;
        let flat = self.flat(value);
        let mut bearing = self.perilous(flat);
        if !self.near.is_empty() {
            let own = self
                .values
                .only(flat, |atom| matches!(atom, Atom::Object(_) | Atom::Class(_)));
            bearing = self.values.join(bearing, own);
        }
        bearing
    }

    /// The same of all arguments.
    pub(super) fn bearing_arguments(&mut self, arguments: &Arguments<'a>) -> Value {
        let mut bearing = Value::EMPTY;
        for value in arguments.all() {
            let more = self.bearing(value);
            bearing = self.values.join(bearing, more);
        }
        bearing
    }

    /// A result that may hold what the call was given.
    pub(super) fn carry(&mut self, result: Value, given: Value, arguments: &Arguments<'a>) -> Value {
        let bearing = self.bearing_arguments(arguments);
        let more = self.bearing(given);
        let bearing = self.values.join(bearing, more);
        if bearing == Value::EMPTY {
            return result;
        }
        let carrier = match self.carrier_among(given, arguments) {
            Some(known) if self.bearing(known) == bearing => known,
            _ => self.carrier(arguments.place, 6, bearing),
        };
        self.values.join(result, carrier)
    }

    /// The first carrier that the call is given.
    fn carrier_among(&mut self, given: Value, arguments: &Arguments<'a>) -> Option<Value> {
        let carrier = arguments.all().chain([given]).find_map(|value| {
            self.values
                .slice(value)
                .iter()
                .copied()
                .find(|atom| matches!(atom, Atom::Container(id) if self.world.held(*id).is_carrier))
        })?;
        Some(self.values.of(carrier))
    }

    /// What stands for whatever may hold `bearing`, or give it back.
    pub(super) fn carrier(&mut self, place: usize, part: u8, bearing: Value) -> Value {
        let (id, _) = self.world.container(place, part);
        self.world.held_mut(id).is_carrier = true;
        self.put_into_carrier(id, bearing, true);
        self.values.of(Atom::Container(id))
    }

    /// A carrier carries `bearing` too; where that is put in `plainly`, objects of client libraries come out as
    /// they are, so that nothing unlisted of theirs is missed.
    pub(super) fn put_into_carrier(&mut self, id: ContainerId, bearing: Value, plainly: bool) {
        // What makes objects may have been called to make one.
        let makers = self
            .values
            .only(bearing, |atom| matches!(atom, Atom::Path(_) | Atom::Class(_)));
        let made = self.instances(makers);
        let all = self.values.join(bearing, made);
        self.world.carry(&mut self.values, id, all);
        let mut elements = self.values.of(Atom::Container(id));
        if plainly {
            let perilous = self.perilous(all);
            elements = self.values.join(elements, perilous);
        }
        self.world.hold(&mut self.values, id, elements);
    }

    /// What a carrier gives by an item, by iterating over it and by `with`: what it carries may have hooks.
    pub(super) fn opened(&mut self, id: ContainerId) -> Value {
        let mut result = self.world.elements(id);
        if !self.world.held(id).is_carrier {
            return result;
        }
        let carried = self.world.carried(id);
        let atoms = self.values.atoms(carried);
        for atom in atoms.iter() {
            if let Atom::Object(class) = *atom {
                let given = self.implicit(class);
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// A member of a carrier: of what it carries only where that is known to have it.
    pub(super) fn member_of_carrier(&mut self, id: ContainerId, name: Symbol, at: TextRange) -> Value {
        let mut result = Value::DATA;
        let (mut meant, mut found) = (true, false);
        let text = self.symbols.text(name);
        let carried = self.world.carried(id);
        let atoms = self.values.atoms(carried);
        for atom in atoms.iter() {
            let has_it = match *atom {
                Atom::Object(class) => self.has_member(class, name),
                Atom::Client(client) => {
                    let of = self.values.client(client).of;
                    self.knowledge.member(of, &text).does != Does::Unlisted
                }
                _ => false,
            };
            meant &= has_it || matches!(atom, Atom::Class(_) | Atom::Path(_));
            found |= has_it;
            if has_it {
                let one = self.values.of(*atom);
                let member = self.deeper(|resolver| Some(resolver.member(one, name, at)));
                result = self.values.join(result, member.unwrap_or(Value::UNKNOWN));
            }
        }
        let field = self.world.any_field(name);
        let field = self.perilous(field);
        let result = self.values.join(result, field);
        if meant && found {
            // All that is carried has such a member: that is it.
            return result;
        }
        let carrier = self.values.of(Atom::Container(id));
        self.values.join(result, carrier)
    }

    /// A method of a carrier, not of what it carries: it may give back whatever it carries, and keep what it is
    /// given.
    pub(super) fn call_member_of_carrier(
        &mut self,
        id: ContainerId,
        name: Symbol,
        arguments: &Arguments<'a>,
    ) -> Value {
        let text = self.symbols.text(name);
        let carrier = self.values.of(Atom::Container(id));
        let handed = if defers(&text) {
            self.hand_functions(&text, arguments)
        } else {
            // What is handed in may be called with what is carried: `series.map(function)`.
            let mut positional = arguments.positional.clone();
            positional.push(carrier);
            let with_carrier = Arguments {
                positional,
                star: arguments.star,
                named: arguments.named.clone(),
                double_star: arguments.double_star,
                place: arguments.place,
                node: arguments.node,
            };
            self.hand_functions(&text, &with_carrier)
        };
        if self.only_runs(&text, arguments) {
            let none = Arguments {
                place: arguments.place,
                ..Arguments::default()
            };
            return self.carry(Value::DATA, handed, &none);
        }
        let kept = self.bearing_arguments(arguments);
        let given = self.bearing(handed);
        let kept = self.values.join(kept, given);
        self.put_into_carrier(id, kept, is_inserting(&text));
        let back = if gives_back(&text) {
            self.world.elements(id)
        } else {
            carrier
        };
        self.values.join(back, Value::DATA)
    }

    /// A method of what is carried: of an object only where it is known to have it.
    pub(super) fn call_of_carried(
        &mut self,
        carried: Value,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let mut result = Value::EMPTY;
        let text = self.symbols.text(name);
        let atoms = self.values.atoms(carried);
        for atom in atoms.iter() {
            let one = self.values.of(*atom);
            let given = match *atom {
                Atom::Client(client) => {
                    let of = self.values.client(client).of;
                    if self.knowledge.member(of, &text).does == Does::Unlisted {
                        Value::EMPTY
                    } else {
                        self.call_client(client, one, name, at, arguments)
                    }
                }
                Atom::Object(class) if self.has_member(class, name) => self
                    .deeper(|resolver| Some(resolver.call_member(one, name, at, arguments)))
                    .unwrap_or(Value::UNKNOWN),
                _ => Value::EMPTY,
            };
            result = self.values.join(result, given);
        }
        result
    }

    /// What of a carrier can be called, or have a member or an item of this name set.
    pub(super) fn meant_by(&mut self, id: ContainerId, name: Symbol) -> Value {
        let carried = self.world.carried(id);
        let atoms = self.values.atoms(carried);
        let mut meant = Value::EMPTY;
        for atom in atoms.iter() {
            let is_meant = match *atom {
                Atom::Object(class) => self.has_member(class, name),
                Atom::Client(_) => true,
                _ => false,
            };
            if is_meant {
                let one = self.values.of(*atom);
                meant = self.values.join(meant, one);
            }
        }
        meant
    }

    /// Whether instances of the class have a member of this name, as far as can be seen.
    fn has_member(&mut self, class: ClassId, name: Symbol) -> bool {
        let getter = self.name("__getattr__");
        let text = self.symbols.text(name);
        let heirs = self.world.descendants(class);
        self.world.ancestry(class).into_iter().chain(heirs).any(|class| {
            self.world.class_member(class, name).is_some()
                || self.world.class_member(class, getter).is_some()
                || self.world.field(class, name) != Value::EMPTY
                || self.world.class(class).unknown_base
                || self
                    .world
                    .class(class)
                    .client
                    .iter()
                    .any(|&of| self.knowledge.member(of, &text).does != Does::Unlisted)
        })
    }

    /// A method of an object of another module may keep what it is given, and give back what others were given.
    pub(super) fn keep_arguments(&mut self, path: PathId, last: &str, arguments: &Arguments<'a>) -> Value {
        let bearing = self.bearing_arguments(arguments);
        if bearing != Value::EMPTY && (defers(last) || self.knowledge.is_caller(last)) {
            // A method that is handed to what calls it is given the rest.
            for value in arguments.all() {
                let atoms = self.values.atoms(value);
                for atom in atoms.iter() {
                    if let Atom::Path(method) = *atom
                        && self.paths.object(method).is_some()
                    {
                        self.keep(method, bearing, true);
                    }
                }
            }
        }
        match self.paths.object(path) {
            Some(object) if object != path => {
                self.keep(path, bearing, is_inserting(last));
                match self.keeper(path) {
                    Some(keeper) if gives_back(last) => self.world.elements(keeper),
                    Some(keeper) => self.values.of(Atom::Container(keeper)),
                    None => Value::EMPTY,
                }
            }
            _ => Value::EMPTY,
        }
    }

    /// An object of another module, or what was got from it, keeps what is put into it.
    pub(super) fn keep(&mut self, path: PathId, bearing: Value, plainly: bool) {
        if bearing == Value::EMPTY {
            return;
        }
        let object = self.paths.object(path).unwrap_or(path);
        let (id, fresh) = self.world.container(object.number(), 20);
        if fresh {
            // Who asked before was told that nothing is kept.
            self.world.clock.wake_all();
            self.world.held_mut(id).is_carrier = true;
            self.keepers.insert(object, id);
        }
        self.put_into_carrier(id, bearing, plainly);
    }

    /// What holds what such an object keeps, if it keeps anything.
    pub(super) fn keeper(&self, path: PathId) -> Option<ContainerId> {
        if self.keepers.is_empty() {
            return None;
        }
        let object = self.paths.object(path).unwrap_or(path);
        self.keepers.get(&object).copied()
    }

    /// What such an object gives by an item or by iterating over it.
    pub(super) fn with_kept(&mut self, path: PathId) -> Value {
        let same = self.values.of(Atom::Path(path));
        match self.keeper(path) {
            Some(id) => {
                let kept = self.opened(id);
                self.values.join(same, kept)
            }
            None => same,
        }
    }
}

/// Whether a method of this name gives back what was put in, as it is.
pub(super) fn gives_back(name: &str) -> bool {
    matches!(
        name,
        "get"
            | "pop"
            | "popleft"
            | "popitem"
            | "setdefault"
            | "__getitem__"
            | "get_nowait"
            | "result"
            | "send"
            | "__next__"
            | "throw"
    )
}
