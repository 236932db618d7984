//! Members: what naming one gives, what setting one does.

use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments, methods::is_inserting, reach::Within};
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
    /// It leads to more than the object's own members.
    leads_on: bool,
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
        let mut result = Value::EMPTY;
        let text = match self.name_traits(name).leads_on {
            true => self.symbols.text(name),
            false => "".into(),
        };
        match &*text {
            "__dict__" => return self.dictionary_of(object, at),
            // What is raised leads to what was raised before it, or with it.
            "__cause__" | "__context__" => result = self.raised.read(&self.world.clock),
            "exceptions" => {
                let raised = self.raised.read(&self.world.clock);
                result = self.collection(usize::from(at.start()), 21, raised);
            }
            _ => {}
        }
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
            leads_on: matches!(&*text, "__dict__" | "__cause__" | "__context__" | "exceptions"),
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
            // Only a member of an enumeration that is data has a value.
            Atom::Constant(_) if matches!(&*self.symbols.text(name), "value" | "_value_") => {
                self.values.of(atom)
            }
            Atom::Constant(_) => Value::DATA,
            Atom::Path(path) => {
                let known = self.member_of_path(path, name, at);
                let set = self.world.attribute(atom, name);
                self.values.join(known, set)
            }
            Atom::Client(client) => self.client_named(client, whole, name, at),
            // What is read is plain data.
            Atom::Member(_) => Value::DATA,
            Atom::Function(function) => match &*self.symbols.text(name) {
                "__call__" | "__wrapped__" | "__func__" => self.values.of(atom),
                "__self__" => match self.world.function(function).class {
                    Some(class) => self.instance(class),
                    None => Value::DATA,
                },
                _ => {
                    let field = self.world.any_field(name);
                    let field = self.bearing(field);
                    let set = self.world.attribute(atom, name);
                    let field = self.values.join(field, set);
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
                if self.world.held(id).is_own {
                    // Other containers keep what they hold there.
                    return if &*self.symbols.text(name) == "data" {
                        self.values.of(atom)
                    } else {
                        Value::EMPTY
                    };
                }
                // An attribute of what carries something else, as the fields of a named tuple.
                if self.world.held(id).is_carrier {
                    return self.member_of_carrier(id, name, at);
                }
                let elements = self.world.elements(id);
                let field = self.world.any_field(name);
                let field = self.perilous(field);
                let both = self.values.join(elements, field);
                // Or one of its methods, which is called later.
                let method = self.values.of(atom);
                let both = self.values.join(both, method);
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
        let value = self.value_of_path(member);
        match self.keeper(path) {
            Some(keeper) => {
                // What is kept is not the object's member, but may be what the member keeps.
                let kept = self.values.of(Atom::Container(keeper));
                self.values.join(value, kept)
            }
            None => value,
        }
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
        if let Some(member) = self.enumerated(class, name) {
            return member;
        }
        let receiver = self.instance(class);
        let mut found = Value::EMPTY;
        let mut open = Value::EMPTY;
        for ancestor in self.world.ancestry(start) {
            let field = self.world.field(ancestor, name);
            let field = self.bound_field(class, field, receiver);
            found = self.values.join(found, field);
            let more = self.world.open_field(ancestor);
            open = self.values.join(open, more);
            if let Some(member) = self.world.class_member(ancestor, name) {
                self.attach(member, ancestor);
                let member = self.bound_member(class, member, instance);
                found = self.values.join(found, member);
                break;
            }
        }
        if instance {
            // An instance may be of a subclass, which has its own.
            for heir in self.world.descendants(class) {
                let field = self.world.field(heir, name);
                let field = self.bound_field(class, field, receiver);
                found = self.values.join(found, field);
                let more = self.world.open_field(heir);
                open = self.values.join(open, more);
                if let Some(member) = self.world.class_member(heir, name) {
                    self.attach(member, heir);
                    let member = self.bound_member(class, member, true);
                    found = self.values.join(found, member);
                }
            }
        }
        if !self.values.has(found, |atom| matches!(atom, Atom::Function(_))) {
            found = self.values.join(found, open);
        }
        if found == Value::EMPTY && !instance {
            for metaclass in self.world.class(class).made_by.clone() {
                let member = self.member_of_class(metaclass, metaclass, name, true, at);
                found = self.values.join(found, member);
            }
        }
        found = self.given_for_name(class, start, name, found);
        if instance {
            // Others may give the field or the method that this class only uses.
            let field = self.world.any_field(name);
            let field = self.perilous(field);
            found = self.values.join(found, field);
        }
        if instance {
            found = self.parts_of(start, found);
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
        if found == Value::EMPTY { Value::DATA } else { found }
    }

    /// What the hooks give that a class answers for its members with.
    fn given_for_name(&mut self, class: ClassId, start: ClassId, name: Symbol, found: Value) -> Value {
        let (always, missing) = (self.name("__getattribute__"), self.name("__getattr__"));
        let mut result = found;
        for (hook, wanted) in [(always, true), (missing, found == Value::EMPTY)] {
            if !wanted {
                continue;
            }
            if let Some(members) = self.class_member_of(start, hook) {
                let receiver = self.instance(class);
                let text = self.symbols.text(name);
                let text = self.text(&text);
                let arguments = Arguments::of(TextRange::default(), vec![text]);
                let given = self.call_on(members, receiver, &arguments);
                result = self.values.join(result, given);
            }
        }
        result
    }

    pub(super) fn member_of_parent(&mut self, class: ClassId, name: Symbol, at: TextRange) -> Value {
        let mut result = Value::EMPTY;
        for base in self.world.class(class).bases.clone() {
            let part = self.member_of_class(class, base, name, true, at);
            result = self.values.join(result, part);
        }
        // What comes next is of another base, where a subclass has several.
        for heir in self.world.descendants(class) {
            for base in self.world.class(heir).bases.clone() {
                if base != class && !self.world.ancestry(base).contains(&class) {
                    let part = self.member_of_class(class, base, name, true, at);
                    result = self.values.join(result, part);
                }
            }
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

    /// The member of this name of the class or of what it extends.
    pub(super) fn class_member_of(&mut self, class: ClassId, name: Symbol) -> Option<Value> {
        if !self.world.is_class_name(name) {
            return None;
        }
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
