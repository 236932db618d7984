//! Containers and classes that are made by a call.

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    constants::Constant,
    values::{Atom, Value},
};

/// Containers of a document are told apart by numbers from this one on.
const FIRST_OF_DOCUMENT: u8 = 128;

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

    /// What `json.loads` gives, where the text is known.
    pub(super) fn document(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
        let text = match self.constant_of(arguments.positional.first().copied()?)? {
            Constant::Text(text) if arguments.named.is_empty() => text,
            _ => return None,
        };
        // An object's key that stands twice has the last value in both.
        let document: serde_json::Value = serde_json::from_str(&text).ok()?;
        let mut part = FIRST_OF_DOCUMENT;
        self.part_of_document(&document, arguments.place, &mut part)
    }

    fn part_of_document(
        &mut self,
        document: &serde_json::Value,
        place: usize,
        part: &mut u8,
    ) -> Option<Value> {
        let constant = match document {
            serde_json::Value::Null => Constant::None,
            serde_json::Value::Bool(flag) => Constant::Bool(*flag),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(number) => Constant::Int(number),
                None => Constant::Float(number.as_f64()?),
            },
            serde_json::Value::String(text) => Constant::Text(text.as_str().into()),
            serde_json::Value::Array(elements) => {
                let own = *part;
                *part = part.checked_add(1)?;
                let mut values = Vec::with_capacity(elements.len());
                for element in elements {
                    values.push(self.part_of_document(element, place, part)?);
                }
                return Some(self.tuple(place, own, values));
            }
            serde_json::Value::Object(members) => {
                let (id, fresh) = self.world.container(place, *part);
                *part = part.checked_add(1)?;
                let held = self.world.held_mut(id);
                held.is_dictionary = true;
                if fresh {
                    held.by_key = Some(Default::default());
                }
                for (name, member) in members {
                    let value = self.part_of_document(member, place, part)?;
                    let name = self.text(name);
                    self.hold_at(id, name, value);
                }
                return Some(self.values.of(Atom::Container(id)));
            }
        };
        Some(self.values.constant(constant))
    }
}
