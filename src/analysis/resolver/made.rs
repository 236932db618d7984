//! Containers and classes that are made by a call.

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    constants::Constant,
    paths::Symbol,
    scopes::{Class, ScopeKind},
    values::{Atom, Value},
};

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
            let atoms = self.values.atoms(value);
            for atom in atoms.iter() {
                match *atom {
                    Atom::Container(other) if self.world.held(other).is_dictionary => {
                        match self.world.pairs(other) {
                            Some(pairs) => {
                                for (name, value) in pairs {
                                    let name = self.values.of(Atom::Constant(name));
                                    self.hold_at(id, name, value);
                                }
                            }
                            None => {
                                let (names, values) = (self.world.keys(other), self.world.elements(other));
                                self.hold_at(id, names, values);
                            }
                        }
                    }
                    Atom::Container(other) => match self.world.exact(other) {
                        Some(rows) => {
                            for row in rows {
                                let (name, value) =
                                    (self.element(row, 0, 2, true), self.element(row, 1, 2, true));
                                self.hold_at(id, name, value);
                            }
                        }
                        None => {
                            let row = self.world.elements(other);
                            let (name, value) =
                                (self.element(row, 0, 2, true), self.element(row, 1, 2, true));
                            self.world.spoil(id);
                            self.world.hold_key(&mut self.values, id, name);
                            self.world.hold(&mut self.values, id, value);
                        }
                    },
                    same => {
                        let same = self.values.of(same);
                        let element = self.iterate(same);
                        self.world.spoil(id);
                        self.world.hold_key(&mut self.values, id, element);
                        self.world.hold(&mut self.values, id, element);
                    }
                }
            }
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
            let value = self.contents(value);
            self.world.spoil(id);
            self.world.hold(&mut self.values, id, value);
        }
        self.values.of(Atom::Container(id))
    }

    /// `type(name, bases, names)`.
    pub(super) fn made_class(&mut self, bases: Value, names: Value, arguments: &Arguments<'a>) -> Value {
        let place = arguments.place;
        let id = match self.world.known_class(place) {
            Some(id) => id,
            None => {
                let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
                self.world.add_class(place, Class::new(scope, Vec::new()))
            }
        };
        let bases = self.iterate(bases);
        self.extend(id, bases);
        let atoms = self.values.atoms(names);
        for atom in atoms.iter() {
            if let Atom::Container(container) = *atom {
                for (name, value) in self.world.pairs(container).unwrap_or_default() {
                    if let Constant::Text(name) = self.values.get(name).clone() {
                        let name = self.name(&name);
                        self.world.set_field(&mut self.values, Some(id), name, value);
                    }
                }
            }
        }
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

    pub(super) fn plain_class(
        &mut self,
        place: usize,
        fields: Vec<Symbol>,
    ) -> crate::analysis::scopes::ClassId {
        if let Some(id) = self.world.known_class(place) {
            return id;
        }
        let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
        self.world.add_class(place, Class::new(scope, fields))
    }

    /// `namedtuple(name, fields)`, where the fields are known.
    pub(super) fn named_tuple(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
        let fields = arguments.positional.get(1).copied()?;
        let names: Vec<String> = match self.constant_of(fields)? {
            Constant::Text(text) => text
                .split([',', ' '])
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            Constant::Sequence(parts) | Constant::Tuple(parts) => parts
                .iter()
                .map(|part| match part {
                    Constant::Text(text) => Some(text.to_string()),
                    _ => None,
                })
                .collect::<Option<_>>()?,
            _ => return None,
        };
        let fields = names.iter().map(|name| self.name(name)).collect();
        let class = self.plain_class(arguments.place, fields);
        Some(self.values.of(Atom::Class(class)))
    }
}
