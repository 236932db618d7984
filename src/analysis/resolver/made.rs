//! Containers and classes that are made by a call.

use super::{Resolver, calls::Arguments};
use crate::analysis::values::{Atom, Value};

impl<'a> Resolver<'a, '_> {
    /// A list of the elements; what cannot be followed stays unknown.
    pub(super) fn holder(&mut self, of: Value, place: usize, elements: Value) -> Value {
        let made = self.collection(place, 11, elements);
        if self.values.has(of, |atom| atom == Atom::Unknown) {
            self.values.join(made, Value::UNKNOWN)
        } else {
            made
        }
    }

    pub(super) fn made_dictionary(&mut self, arguments: &Arguments<'a>) -> Value {
        let (id, fresh) = self.world.container(arguments.place, 15);
        let held = self.world.held_mut(id);
        held.is_dictionary = true;
        if fresh {
            held.by_key = Some(Default::default());
        }
        for value in arguments.positional.clone() {
            self.absorb(id, value);
        }
        for (name, value) in arguments.named.clone() {
            let text = self.symbols.text(name);
            let name = self.text(&text);
            self.hold_at(id, name, value);
        }
        for value in [arguments.double_star, arguments.star.map(|(_, value)| value)]
            .into_iter()
            .flatten()
        {
            self.absorb(id, value);
        }
        self.values.of(Atom::Container(id))
    }

    /// `type(name, bases, names)`.
    pub(super) fn made_class(&mut self, bases: Value, names: Value, arguments: &Arguments<'a>) -> Value {
        let place = arguments.place;
        let id = self.plain_class(place, Vec::new());
        let bases = self.iterate(bases);
        self.extend(id, bases);
        self.fields_from(id, names);
        let members = self.contents(names);
        self.attach(members, id);
        self.values.of(Atom::Class(id))
    }

    /// An object whose fields are the named arguments.
    pub(super) fn namespace(&mut self, arguments: &Arguments<'a>) -> Value {
        let class = self.plain_class(arguments.place, Vec::new());
        for (name, value) in arguments.named.clone() {
            self.world.set_field(&mut self.values, Some(class), name, value);
        }
        let object = self.values.of(Atom::Object(class));
        let mut rest = Value::EMPTY;
        for value in [arguments.double_star, arguments.positional.first().copied()]
            .into_iter()
            .flatten()
        {
            let value = self.taint(value);
            let inner = self.contents(value);
            rest = self.values.join(rest, inner);
        }
        if rest == Value::EMPTY {
            return object;
        }
        let holder = self.collection(arguments.place, 6, rest);
        self.values.join(object, holder)
    }
}
