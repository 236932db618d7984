//! Members: what naming one gives, what setting one does.

use ruff_text_size::TextRange;

use super::{Resolver, methods::is_inserting, reach::Within};
use crate::analysis::{
    builtins::is_method_of_data,
    knowledge::Does,
    paths::{Place, Symbol},
    scopes::{ClassId, FunctionId},
    values::{Atom, Value},
};

/// What is known of members by their name alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameTraits {
    /// It leads around the names that are followed.
    is_gateway: bool,
    /// Called on whatever object, it has an effect.
    pub(super) has_effect: bool,
    /// Called on a container, it keeps what it is given.
    pub(super) inserts: bool,
    /// Values of Python's own types have it.
    pub(super) is_of_data: bool,
}

impl<'a> Resolver<'a, '_> {
    /// The value of `object.name`, which is not called here.
    pub(super) fn member(&mut self, object: Value, name: Symbol, at: TextRange) -> Value {
        self.gateway(object, name, at);
        if object == Value::DATA {
            return Value::DATA;
        }
        if name == self.dunder_dict {
            return self.dictionary_of(object, at);
        }
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let part = self.member_of(*atom, object, name, at);
            result = self.values.join(result, part);
        }
        result
    }

    /// What is known of members by their name alone.
    pub(super) fn name_traits(&mut self, name: Symbol) -> NameTraits {
        let index = name.index();
        if let Some(Some(known)) = self.traits.get(index) {
            return *known;
        }
        let text = self.symbols.text(name);
        let traits = NameTraits {
            is_gateway: self.knowledge.is_gateway(&text),
            has_effect: self.knowledge.effect_of_method(&text).is_some(),
            inserts: is_inserting(&text),
            is_of_data: is_method_of_data(&text),
        };
        if self.traits.len() <= index {
            self.traits.resize(index + 1, None);
        }
        self.traits[index] = Some(traits);
        traits
    }

    /// Tells of members that lead around the names.
    pub(super) fn gateway(&mut self, object: Value, name: Symbol, at: TextRange) {
        if !self.name_traits(name).is_gateway {
            return;
        }
        let text = self.symbols.text(name);
        if matches!(&*text, "__class__" | "__dict__") {
            return;
        }
        let own_call = matches!(&*text, "__call__" | "__wrapped__" | "__func__" | "__self__");
        let own = self.values.slice(object).iter().all(|atom| {
            matches!(
                atom,
                Atom::Function(_) | Atom::Object(_) | Atom::Class(_) | Atom::Parent(_) | Atom::Container(_)
            )
        });
        if own && own_call && object != Value::EMPTY {
            return;
        }
        // A hook of a base class that does what it does for every object.
        let inherited = self
            .values
            .slice(object)
            .iter()
            .all(|atom| matches!(atom, Atom::Parent(class) if !self.is_client_class(*class)));
        if inherited && object != Value::EMPTY {
            return;
        }
        self.reflection(
            at,
            format!("'{text}' leads around the names that the analysis follows."),
        );
    }

    pub(super) fn member_of(&mut self, atom: Atom, whole: Value, name: Symbol, at: TextRange) -> Value {
        match atom {
            Atom::Data => Value::DATA,
            Atom::Constant(_) => Value::DATA,
            Atom::Path(path) => self.member_of_path(path, name, at),
            Atom::Client(client) => self.client_named(client, whole, name, at),
            // What is read is plain data.
            Atom::Member(_) => Value::DATA,
            Atom::Function(_) => match &*self.symbols.text(name) {
                "__call__" | "__wrapped__" | "__func__" => self.values.of(atom),
                _ => {
                    let field = self.world.any_field(name);
                    let field = self.perilous(field);
                    self.values.join(field, Value::DATA)
                }
            },
            Atom::Class(class) => self.member_of_class(class, class, name, false, at),
            Atom::Object(class) => self.member_of_class(class, class, name, true, at),
            Atom::Parent(class) => self.member_of_parent(class, name, at),
            Atom::Container(id) => {
                if self.name_traits(name).is_of_data {
                    return self.values.of(atom);
                }
                // An attribute of what carries something else, as the fields of a named tuple.
                let elements = self.world.elements(id);
                let field = self.world.any_field(name);
                let field = self.perilous(field);
                let both = self.values.join(elements, field);
                self.values.join(both, Value::DATA)
            }
            Atom::Names => {
                let text = self.symbols.text(name);
                self.reflection(at, format!("'{text}' of a scope's dictionary is used."));
                Value::UNKNOWN
            }
            Atom::NamesOf(_) | Atom::FieldsOf(_) => self.values.of(atom),
            Atom::Modules => Value::UNKNOWN,
            Atom::Unknown => {
                let field = self.world.any_field(name);
                let field = self.perilous(field);
                let mut result = self.values.join(field, Value::UNKNOWN);
                for function in self.methods_named(name) {
                    let function = self.values.of(Atom::Function(function));
                    result = self.values.join(result, function);
                }
                result
            }
        }
    }

    pub(super) fn member_of_path(
        &mut self,
        path: crate::analysis::paths::PathId,
        name: Symbol,
        at: TextRange,
    ) -> Value {
        let text = self.symbols.text(name);
        if &*text == "__dict__" {
            return self.values.of(Atom::NamesOf(path));
        }
        match self.paths.place(path) {
            Place::Foreign => return Value::UNKNOWN,
            Place::Library { member, .. } if matches!(member.does, Does::Read | Does::Quiet) => {
                return Value::DATA;
            }
            _ => {}
        }
        let Some(member) = self.paths.member(path, name, &self.symbols) else {
            return match self.paths.place(path) {
                Place::Library { library, .. } => self.some_client(library),
                _ => Value::UNKNOWN,
            };
        };
        if matches!(self.paths.place(member), Place::Foreign) {
            return Value::UNKNOWN;
        }
        let full = self.paths.text(member);
        if let Some(value) = self.special(&full) {
            if matches!(self.values.slice(value), [Atom::Modules]) {
                self.named(at, member);
            }
            return value;
        }
        self.named(at, member);
        self.value_of_path(member)
    }

    /// Paths whose value is known for itself.
    pub(super) fn special(&mut self, path: &str) -> Option<Value> {
        match path {
            "sys.modules" => Some(self.values.of(Atom::Modules)),
            _ => crate::analysis::constants::attribute(path).map(|constant| self.made(constant)),
        }
    }

    /// A member that the class or what it extends defines.
    pub(super) fn member_of_class(
        &mut self,
        class: ClassId,
        start: ClassId,
        name: Symbol,
        instance: bool,
        at: TextRange,
    ) -> Value {
        let text = self.symbols.text(name);
        match &*text {
            "__class__" => return self.values.of(Atom::Class(class)),
            "__dict__" => return self.values.of(Atom::FieldsOf(class)),
            _ => {}
        }
        let mut found = Value::EMPTY;
        for ancestor in self.world.ancestry(start) {
            let field = self.world.field(ancestor, name);
            found = self.values.join(found, field);
            if let Some(member) = self.world.class_member(ancestor, name) {
                let member = self.bound_member(class, member, instance);
                found = self.values.join(found, member);
                break;
            }
        }
        if instance {
            // An instance may be of a subclass, which has its own.
            for heir in self.world.descendants(class) {
                let field = self.world.field(heir, name);
                found = self.values.join(found, field);
                if let Some(member) = self.world.class_member(heir, name) {
                    let member = self.bound_member(class, member, true);
                    found = self.values.join(found, member);
                }
            }
            // Others may give the field or the method that this class only uses.
            let field = self.world.any_field(name);
            let field = self.perilous(field);
            found = self.values.join(found, field);
        }
        let clients = self.client_types(start);
        if found == Value::EMPTY && !clients.is_empty() {
            for of in clients {
                let client = self
                    .values
                    .client_of(crate::analysis::values::Client { of, channel: None });
                let whole = self.values.of(Atom::Client(client));
                let part = self.client_named(client, whole, name, at);
                found = self.values.join(found, part);
            }
            return found;
        }
        if found == Value::EMPTY && self.extends_unknown(start) {
            return Value::UNKNOWN;
        }
        if found == Value::EMPTY {
            let getter = self.name("__getattr__");
            if let Some(member) = self.class_member_of(start, getter) {
                return self.given_by(member);
            }
        }
        if found == Value::EMPTY { Value::DATA } else { found }
    }

    pub(super) fn member_of_parent(&mut self, class: ClassId, name: Symbol, at: TextRange) -> Value {
        let mut result = Value::EMPTY;
        for base in self.world.class(class).bases.clone() {
            let part = self.member_of_class(class, base, name, true, at);
            result = self.values.join(result, part);
        }
        for of in self.world.class(class).client.clone() {
            let client = self
                .values
                .client_of(crate::analysis::values::Client { of, channel: None });
            let whole = self.values.of(Atom::Client(client));
            let part = self.client_named(client, whole, name, at);
            result = self.values.join(result, part);
        }
        if self.world.class(class).unknown_base {
            result = self.values.join(result, Value::UNKNOWN);
        }
        if result == Value::EMPTY {
            Value::DATA
        } else {
            result
        }
    }

    /// A class's member as an instance sees it: properties give what they return.
    pub(super) fn bound_member(&mut self, class: ClassId, member: Value, instance: bool) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(member);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Function(function) if instance && self.world.function(function).is_property => self
                    .call_own(
                        function,
                        &super::calls::Arguments::none(TextRange::default()),
                        true,
                    ),
                // A descriptor of the program's own gives what its hook gives.
                Atom::Object(descriptor) if descriptor != class => {
                    let given = self.implicit(descriptor);
                    let itself = self.values.of(*atom);
                    self.values.join(given, itself)
                }
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// The member of this name of the class or of what it extends.
    pub(super) fn class_member_of(&mut self, class: ClassId, name: Symbol) -> Option<Value> {
        self.world
            .ancestry(class)
            .into_iter()
            .find_map(|ancestor| self.world.class_member(ancestor, name))
    }

    /// What the functions among `member` return.
    pub(super) fn given_by(&mut self, member: Value) -> Value {
        let mut result = Value::DATA;
        let atoms = self.values.atoms(member);
        for atom in atoms.iter() {
            if let Atom::Function(function) = *atom {
                let given = self.world.returned(function);
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// What the hooks of a class give that Python calls by itself: `__enter__`, `__iter__`, operators.
    pub(super) fn implicit(&mut self, class: ClassId) -> Value {
        let object = self.values.of(Atom::Object(class));
        self.worked_out(Within::Hooks, object)
    }

    /// The same, found out anew.
    pub(super) fn given_by_hooks(&mut self, class: ClassId) -> Value {
        let mut result = Value::DATA;
        for ancestor in self.world.ancestry(class) {
            let hooks: Vec<Symbol> = self
                .world
                .names_of(ancestor)
                .filter(|&name| {
                    let text = self.symbols.text(name);
                    text.starts_with("__")
                        && text.ends_with("__")
                        && !matches!(&*text, "__init__" | "__class__")
                })
                .collect();
            for hook in hooks {
                if let Some(member) = self.world.class_member(ancestor, hook) {
                    let given = self.given_by(member);
                    let elements = self.contents(given);
                    result = self.values.join(result, given);
                    result = self.values.join(result, elements);
                }
            }
            if self.world.class(ancestor).unknown_base {
                result = self.values.join(result, Value::UNKNOWN);
            }
            for of in self.world.class(ancestor).client.clone() {
                let client = self
                    .values
                    .client_of(crate::analysis::values::Client { of, channel: None });
                let client = self.values.of(Atom::Client(client));
                result = self.values.join(result, client);
            }
        }
        result
    }

    pub(super) fn extends_unknown(&self, class: ClassId) -> bool {
        self.world
            .ancestry(class)
            .into_iter()
            .any(|class| self.world.class(class).unknown_base)
    }

    /// The methods of this name of the program's own classes.
    pub(super) fn methods_named(&mut self, name: Symbol) -> Vec<FunctionId> {
        self.world.methods(name).to_vec()
    }
}
