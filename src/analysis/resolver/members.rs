//! Members: what naming one gives, what setting one does.

use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, rule};
use crate::{
    analysis::{
        constants::Constant,
        knowledge::Does,
        paths::{Place, Symbol},
        scopes::{ClassId, ContainerId, FunctionId, World},
        values::{Atom, Value},
    },
    config::When,
    model::{Category, Evidence},
};

/// At most so many containers are looked into for what they hold.
const MAX_FLAT: usize = 128;

impl<'a> Resolver<'a, '_> {
    /// The value of `object.name`, which is not called here.
    pub(super) fn member(&mut self, object: Value, name: Symbol, at: TextRange) -> Value {
        self.gateway(object, name, at);
        if object == Value::DATA {
            return Value::DATA;
        }
        if &*self.symbols.text(name) == "__dict__" {
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

    /// Tells of members that lead around the names.
    pub(super) fn gateway(&mut self, object: Value, name: Symbol, at: TextRange) {
        let text = self.symbols.text(name);
        if !self.knowledge.is_gateway(&text) || matches!(&*text, "__class__" | "__dict__") {
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

    fn member_of(&mut self, atom: Atom, whole: Value, name: Symbol, at: TextRange) -> Value {
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
                let text = self.symbols.text(name);
                if crate::analysis::builtins::is_method_of_data(&text) {
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

    fn member_of_path(&mut self, path: crate::analysis::paths::PathId, name: Symbol, at: TextRange) -> Value {
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
                _ => Value::DATA,
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
    fn member_of_class(
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

    fn member_of_parent(&mut self, class: ClassId, name: Symbol, at: TextRange) -> Value {
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
    fn bound_member(&mut self, class: ClassId, member: Value, instance: bool) -> Value {
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
    fn given_by(&mut self, member: Value) -> Value {
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
        let mut result = Value::DATA;
        for ancestor in self.world.ancestry(class) {
            let scope = self.world.class(ancestor).scope;
            let hooks: Vec<Symbol> = self
                .world
                .scope_ref(scope)
                .bindings
                .keys()
                .copied()
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

    fn extends_unknown(&self, class: ClassId) -> bool {
        self.world
            .ancestry(class)
            .into_iter()
            .any(|class| self.world.class(class).unknown_base)
    }

    /// The methods of this name of the program's own classes.
    pub(super) fn methods_named(&self, name: Symbol) -> Vec<FunctionId> {
        self.world.methods(name).to_vec()
    }

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

    fn taint_of(&mut self, value: Value) -> Value {
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

    fn flattened(&mut self, value: Value) -> Value {
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

    /// What is set as `object.name`.
    pub(super) fn set_member(
        &mut self,
        object: Value,
        name: &'a ast::Identifier,
        at: TextRange,
        value: Value,
    ) {
        self.note_hit(name.range(), object, false);
        let symbol = self.name(name.as_str());
        self.set_named(object, symbol, at, value);
    }

    pub(super) fn set_named(&mut self, object: Value, name: Symbol, at: TextRange, value: Value) {
        let text = self.symbols.text(name);
        let atoms = self.values.atoms(object);
        let own = atoms
            .iter()
            .all(|atom| matches!(atom, Atom::Object(_) | Atom::Data | Atom::Container(_)));
        let own_value = self
            .values
            .slice(value)
            .iter()
            .all(|atom| matches!(atom, Atom::Class(_)));
        let gateway = self.knowledge.is_gateway(&text) && &*text != "__dict__";
        if gateway && !(&*text == "__class__" && own && own_value) {
            self.reflection(at, format!("'{text}' of an object is replaced."));
        }
        for atom in atoms.iter() {
            match *atom {
                Atom::Client(client) => self.client_set(client, object, name, at, value),
                Atom::Member(_) => {
                    self.possible(at, format!("'{text}' of a control system's object is set."))
                }
                Atom::Path(path) => self.set_of_path(path, name, at, value),
                Atom::Object(class) | Atom::Class(class) | Atom::Parent(class) => {
                    self.set_own(class, name, at, value);
                }
                Atom::Unknown => {
                    if self.writes_nearby(name)
                        || (matches!(&*text, "value" | "VAL") && !self.near.is_empty())
                    {
                        self.possible(
                            at,
                            format!("'{text}' of something that could not be resolved is set."),
                        );
                    }
                    self.world.set_field(&mut self.values, None, name, value);
                }
                Atom::NamesOf(_) | Atom::Names | Atom::Modules => {
                    self.tamper(at, Category::PotentialWrite, "A scope's dictionary is changed.");
                }
                Atom::Container(id) => {
                    self.world.set_field(&mut self.values, None, name, value);
                    // What is carried may be what is set.
                    let elements = self.world.elements(id);
                    let clients = self.values.only(elements, |atom| matches!(atom, Atom::Client(_)));
                    if clients != Value::EMPTY {
                        self.set_named(clients, name, at, value);
                    }
                }
                Atom::Function(_) | Atom::Data | Atom::Constant(_) | Atom::FieldsOf(_) => {
                    self.world.set_field(&mut self.values, None, name, value);
                }
            }
        }
        if atoms.is_empty() {
            self.world.set_field(&mut self.values, None, name, value);
        }
    }

    fn set_own(&mut self, class: ClassId, name: Symbol, at: TextRange, value: Value) {
        let text = self.symbols.text(name);
        let defined = self.class_member_of(class, name);
        if let Some(member) = defined {
            let atoms = self.values.atoms(member);
            for atom in atoms.iter() {
                match *atom {
                    // The setter of a property.
                    Atom::Function(function) if self.world.function(function).is_property => {
                        let arguments = super::calls::Arguments::of(at, vec![value]);
                        self.call_own(function, &arguments, true);
                    }
                    // A component of a device is written through by its name in some libraries.
                    Atom::Client(client) => {
                        let whole = self.values.of(*atom);
                        let hook = self.name("value");
                        self.client_set(client, whole, hook, at, value);
                    }
                    Atom::Object(descriptor) => {
                        let hook = self.name("__set__");
                        if let Some(hook) = self.class_member_of(descriptor, hook) {
                            self.call_members(
                                hook,
                                &super::calls::Arguments::of(at, vec![Value::DATA, value]),
                            );
                        }
                    }
                    _ => {}
                }
            }
        }
        if defined.is_none() {
            for of in self.client_types(class) {
                let member = self.knowledge.member(of, &text);
                let listed = !matches!(
                    member.does,
                    crate::analysis::knowledge::Does::Unlisted | crate::analysis::knowledge::Does::Quiet
                );
                if listed && !self.knowledge.is_settable(of, &text) {
                    let client = self
                        .values
                        .client_of(crate::analysis::values::Client { of, channel: None });
                    let whole = self.values.of(Atom::Client(client));
                    self.client_set(client, whole, name, at, value);
                }
            }
            if self.extends_unknown(class) && self.writes_nearby(name) {
                self.possible(
                    at,
                    format!("'{text}' of something that could not be resolved is set."),
                );
            }
        }
        self.world.set_field(&mut self.values, Some(class), name, value);
        let hook = self.name("__setattr__");
        if let Some(hook) = self.class_member_of(class, hook) {
            self.call_members(hook, &super::calls::Arguments::of(at, vec![Value::DATA, value]));
        }
    }

    fn set_of_path(
        &mut self,
        path: crate::analysis::paths::PathId,
        name: Symbol,
        at: TextRange,
        value: Value,
    ) {
        let text = self.paths.text(path);
        let member = self.symbols.text(name);
        match self.paths.place(path) {
            Place::Library { .. } => {
                // The type's member, or a function of the library, is replaced by another.
                let taint = self.taint(value);
                self.world.set_field(&mut self.values, None, name, taint);
                self.library_set(path, name, at);
            }
            Place::Known { .. } => {
                let replaceable = text.contains("()")
                    || &*text == "sys"
                        && matches!(
                            &*member,
                            "stdout" | "stderr" | "stdin" | "argv" | "path" | "exitcode" | "ps1"
                        );
                if self.paths.is_guarded(path) && !replaceable {
                    let category = if matches!(&*text, "sys" | "builtins") {
                        Category::PotentialWrite
                    } else {
                        Category::Risk
                    };
                    self.tamper(
                        at,
                        category,
                        format!("'{text}.{member}' is replaced, which others rely on."),
                    );
                    self.escape(value);
                }
                self.world.set_field(&mut self.values, None, name, value);
            }
            Place::Foreign => {
                if self.holds_client(value) {
                    self.possible(
                        at,
                        "A control system's object is handed to a module of which nothing is known.",
                    );
                }
                self.escape(value);
            }
        }
    }

    /// What is set as `object[index]`.
    pub(super) fn set_item(&mut self, object: Value, index: Value, at: TextRange, value: Value) {
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            match *atom {
                Atom::Container(id) => {
                    if self.world.held(id).is_dictionary {
                        self.hold_at(id, index, value);
                    } else {
                        self.world.spoil(id);
                        self.world.hold(&mut self.values, id, value);
                    }
                }
                Atom::Client(client) => {
                    let name = self.name("__setitem__");
                    self.client_item_set(client, name, at, index, value);
                }
                Atom::Path(path) => {
                    let text = self.paths.text(path);
                    match self.paths.place(path) {
                        Place::Library { .. } => self.possible(at, format!("An item of '{text}' is set.")),
                        _ if is_environment(&text) && self.is_guarding_variable(index) => {
                            self.tamper(
                                at,
                                Category::Risk,
                                "An environment variable that guards the run is changed.",
                            );
                        }
                        _ if &*text == "builtins" => {
                            self.tamper(
                                at,
                                Category::PotentialWrite,
                                "Python's built-in names are replaced.",
                            );
                        }
                        _ => {}
                    }
                }
                Atom::Names => {
                    let names = self.texts_of(index);
                    self.tamper(at, Category::PotentialWrite, "A scope's dictionary is changed.");
                    for name in names.unwrap_or_default() {
                        let symbol = self.name(&name);
                        let how = crate::analysis::scopes::How::Defined;
                        self.world
                            .bind(&mut self.values, World::MODULE, symbol, value, how, at);
                    }
                }
                Atom::NamesOf(_) | Atom::Modules => {
                    self.tamper(
                        at,
                        Category::PotentialWrite,
                        "A module's dictionary or the table of modules is changed.",
                    );
                }
                Atom::FieldsOf(class) => match self.texts_of(index) {
                    Some(names) => {
                        for name in names {
                            let name = self.name(&name);
                            self.set_own(class, name, at, value);
                        }
                    }
                    None if !self.client_types(class).is_empty() => {
                        self.possible(
                            at,
                            "A field of a control system's object is set by a computed name.",
                        );
                    }
                    None => {}
                },
                Atom::Object(class) | Atom::Class(class) | Atom::Parent(class) => {
                    let hook = self.name("__setitem__");
                    if let Some(hook) = self.class_member_of(class, hook) {
                        self.call_members(hook, &super::calls::Arguments::of(at, vec![index, value]));
                    } else if !self.client_types(class).is_empty() {
                        self.possible(at, "An item of a control system's object is set.");
                    }
                }
                Atom::Unknown | Atom::Member(_) | Atom::Data | Atom::Constant(_) | Atom::Function(_) => {}
            }
        }
    }

    /// What a dictionary of names holds under `index`.
    pub(super) fn named_in(&mut self, names: Atom, index: Value, at: TextRange) -> Value {
        let texts = self.texts_of(index);
        let resolved = |resolver: &mut Self, why: &str| {
            resolver.tell(
                at,
                rule::REFLECTION,
                Category::Risk,
                Evidence::Resolved,
                why.to_owned(),
            );
        };
        let Some(texts) = texts else {
            return match names {
                Atom::FieldsOf(class) if !self.is_client_class(class) => {
                    let mut result = Value::DATA;
                    for ancestor in self.world.ancestry(class) {
                        let scope = self.world.class(ancestor).scope;
                        let members: Vec<Symbol> =
                            self.world.scope_ref(scope).bindings.keys().copied().collect();
                        for member in members {
                            if let Some(value) = self.world.class_member(ancestor, member) {
                                result = self.values.join(result, value);
                            }
                        }
                    }
                    result
                }
                _ => {
                    self.reflection(at, "Something is reached by a name that is computed at run time.");
                    Value::UNKNOWN
                }
            };
        };
        let mut result = Value::EMPTY;
        for text in texts {
            let name = self.name(&text);
            let part = match names {
                Atom::Names => {
                    resolved(self, "A name is reached through a scope's dictionary.");
                    self.look_up_text(&text, at)
                }
                Atom::NamesOf(path) => {
                    resolved(self, "A name is reached through a module's dictionary.");
                    let whole = self.values.of(Atom::Path(path));
                    self.member(whole, name, at)
                }
                Atom::FieldsOf(class) => {
                    let whole = self.values.of(Atom::Object(class));
                    self.member(whole, name, at)
                }
                _ => {
                    let path = self.paths.of(&text);
                    self.note_import(&text, at);
                    match self.paths.place(path) {
                        Place::Foreign => Value::UNKNOWN,
                        _ => self.values.of(Atom::Path(path)),
                    }
                }
            };
            result = self.values.join(result, part);
        }
        let atoms = self.values.atoms(result);
        for atom in atoms.iter() {
            if let Atom::Path(path) = *atom {
                self.named(at, path);
            }
        }
        result
    }

    /// A method of a dictionary of names is called.
    pub(super) fn call_names(
        &mut self,
        names: Atom,
        method: &str,
        at: TextRange,
        arguments: &super::calls::Arguments<'a>,
    ) -> Value {
        let first = arguments.positional.first().copied();
        match (method, first) {
            ("get" | "pop" | "setdefault" | "__getitem__", Some(index)) => {
                let found = self.named_in(names, index, at);
                let fallback = arguments.positional.get(1).copied().unwrap_or(Value::EMPTY);
                if method != "get" && method != "__getitem__" && !matches!(names, Atom::FieldsOf(_)) {
                    self.tamper(at, Category::PotentialWrite, "A scope's dictionary is changed.");
                }
                self.values.join(found, fallback)
            }
            ("keys" | "__len__" | "__contains__" | "copy", _) if method != "copy" => Value::DATA,
            ("update" | "clear" | "__setitem__" | "popitem" | "__delitem__", _) => {
                match names {
                    Atom::FieldsOf(class) if !self.is_client_class(class) => {
                        for (name, value) in arguments.named.clone() {
                            self.world.set_field(&mut self.values, Some(class), name, value);
                        }
                        for value in arguments.positional.clone() {
                            self.fields_from(class, value);
                        }
                    }
                    _ => self.tamper(at, Category::PotentialWrite, "A scope's dictionary is changed."),
                }
                for value in arguments.all().collect::<Vec<_>>() {
                    self.escape(value);
                }
                Value::DATA
            }
            _ => match names {
                Atom::FieldsOf(class) if !self.is_client_class(class) => {
                    self.named_in(names, Value::UNKNOWN, at)
                }
                _ => {
                    self.reflection(at, "What a scope's dictionary holds is reached.");
                    Value::UNKNOWN
                }
            },
        }
    }

    /// The fields of instances of `class` come from a dictionary.
    fn fields_from(&mut self, class: ClassId, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let Atom::Container(id) = *atom else { continue };
            for (name, value) in self.world.pairs(id).unwrap_or_default() {
                if let Constant::Text(name) = self.values.get(name).clone() {
                    let name = self.name(&name);
                    self.world.set_field(&mut self.values, Some(class), name, value);
                }
            }
        }
    }

    /// A container, a variable or a field now holds `content` too.
    pub(super) fn put_into(&mut self, target: &'a ast::Expr, content: Value) {
        let mut at = target;
        loop {
            match at {
                ast::Expr::Name(name) => {
                    let holder = self.collection(crate::analysis::scopes::key(name), 9, content);
                    let how = crate::analysis::scopes::How::Assigned(at);
                    return self.bind(name.id.as_str(), holder, how, name.range());
                }
                ast::Expr::Attribute(attribute) => {
                    let holder = self.collection(crate::analysis::scopes::key(attribute), 9, content);
                    let object = self.quietly(|resolver| resolver.expression(&attribute.value));
                    let name = self.name(attribute.attr.as_str());
                    let atoms = self.values.atoms(object);
                    let mut set = false;
                    for atom in atoms.iter() {
                        if let Atom::Object(class) | Atom::Class(class) = *atom {
                            self.world.set_field(&mut self.values, Some(class), name, holder);
                            set = true;
                        }
                    }
                    if !set {
                        self.world.set_field(&mut self.values, None, name, holder);
                    }
                    return;
                }
                ast::Expr::Subscript(subscript) => at = &subscript.value,
                ast::Expr::Call(call) => at = &call.func,
                _ => return,
            }
        }
    }

    /// Whether a change of this environment variable may loosen what guards the run.
    pub(super) fn is_guarding_variable(&mut self, name: Value) -> bool {
        let Some(constants) = self.constants_of(name) else {
            return true;
        };
        let prefixes = &self.knowledge.python().guarding_variables;
        constants.iter().any(|constant| match constant {
            Constant::Text(text) => prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())),
            _ => true,
        })
    }
}

fn is_environment(path: &str) -> bool {
    matches!(path, "os.environ" | "os.environb" | "posix.environ")
}
