//! Properties and other members that answer by a hook of their own.

use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    paths::Symbol,
    scopes::{ClassId, Kind},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// What a member of a class's body is as the instance `receiver` sees it, or the class if there is
    /// none: descriptors give what their hooks give.
    pub(super) fn through_descriptor(
        &mut self,
        descriptor: ClassId,
        class: ClassId,
        receiver: Option<Value>,
    ) -> Option<Value> {
        let owner = self.values.of(Atom::Class(class));
        if self.world.class(descriptor).kind == Kind::Property {
            let receiver = receiver?;
            let name = self.name("fget");
            let getter = self.property_part(descriptor, name);
            return Some(self.call_on(getter, receiver, &Arguments::none(TextRange::default())));
        }
        let given = vec![receiver.unwrap_or(Value::DATA), owner];
        self.hooked(descriptor, &["__get__"], given)
    }

    /// A function that a property was made with.
    pub(super) fn property_part(&mut self, property: ClassId, name: Symbol) -> Value {
        let mut part = Value::EMPTY;
        for ancestor in self.world.ancestry(property) {
            let field = self.world.field(ancestor, name);
            part = self.values.join(part, field);
        }
        part
    }

    /// `property(get, set, delete)`.
    pub(super) fn made_property(&mut self, arguments: &Arguments<'a>) -> Value {
        let class = self.plain_class(arguments.place, Vec::new());
        self.world.class_mut(class).kind = Kind::Property;
        self.fill_property(class, arguments);
        self.values.of(Atom::Object(class))
    }

    pub(super) fn fill_property(&mut self, class: ClassId, arguments: &Arguments<'a>) {
        for (index, name) in ["fget", "fset", "fdel"].into_iter().enumerate() {
            let value = self.argument(arguments, index, name);
            let value = match (value, name) {
                // What keeps its value has another name for it.
                (None, "fget") => self.argument(arguments, 0, "func"),
                (value, _) => value,
            };
            if let Some(value) = value {
                let name = self.name(name);
                self.world.set_field(&mut self.values, Some(class), name, value);
            }
        }
    }

    /// A member is set that is a descriptor; without a value it is deleted.
    pub(super) fn set_described(&mut self, descriptor: ClassId, class: ClassId, value: Value) {
        let receiver = self.instance(class);
        let (hook, part, mut given) = if value == Value::EMPTY {
            ("__delete__", "fdel", Vec::new())
        } else {
            ("__set__", "fset", vec![value])
        };
        if self.world.class(descriptor).kind == Kind::Property {
            let part = self.name(part);
            let part = self.property_part(descriptor, part);
            let arguments = super::calls::Arguments::of(TextRange::default(), given.clone());
            self.call_on(part, receiver, &arguments);
        }
        given.insert(0, receiver);
        self.hooked(descriptor, &[hook], given);
    }

    /// A field that was set on a class may be a descriptor as well.
    pub(super) fn bound_field(&mut self, class: ClassId, field: Value, receiver: Value) -> Value {
        if !self.values.has(field, |atom| matches!(atom, Atom::Object(_))) {
            return field;
        }
        let mut result = field;
        let atoms = self.values.atoms(field);
        for atom in atoms.iter() {
            if let Atom::Object(descriptor) = *atom
                && descriptor != class
                && let Some(given) = self.through_descriptor(descriptor, class, Some(receiver))
            {
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// A class's member as an instance sees it: properties give what they return.
    pub(super) fn bound_member(&mut self, class: ClassId, member: Value, instance: bool) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(member);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Function(function) if instance && self.world.function(function).is_property => {
                    self.call_own(function, &Arguments::none(TextRange::default()), true)
                }
                // A descriptor of the program's own gives what its hook gives.
                Atom::Object(descriptor) if descriptor != class => {
                    let receiver = instance.then(|| self.instance(class));
                    let given = match self.through_descriptor(descriptor, class, receiver) {
                        Some(given) => given,
                        None if self.is_client_class(descriptor) => self.implicit(descriptor),
                        None => Value::EMPTY,
                    };
                    let itself = self.values.of(*atom);
                    self.values.join(given, itself)
                }
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// Tells the descriptors in a class's body how they are called.
    pub(super) fn name_descriptors(&mut self, id: ClassId, this: Value) {
        let scope = self.world.class(id).scope;
        let objects: Vec<(Symbol, Value)> = self
            .world
            .scope_ref(scope)
            .bindings
            .iter()
            .map(|(&name, binding)| (name, binding.slot.seen()))
            .filter(|&(_, value)| self.values.has(value, |atom| matches!(atom, Atom::Object(_))))
            .collect();
        for (name, value) in objects {
            let text = self.symbols.text(name);
            let text = self.text(&text);
            let atoms = self.values.atoms(value);
            for atom in atoms.iter() {
                if let Atom::Object(descriptor) = *atom {
                    self.hooked(descriptor, &["__set_name__"], vec![this, text]);
                }
            }
        }
    }
}
