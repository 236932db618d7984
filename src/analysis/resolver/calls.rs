//! Calls: of the program's own functions, of Python's own, of what nobody knows.

use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::Resolver;
use crate::analysis::{
    builtins,
    constants::{self, Constant, Known},
    paths::{PathId, Place, Symbol},
    scopes::key,
    values::{Atom, Value},
};

/// Named arguments that are known.
type NamedConstants = Vec<(Rc<str>, Constant)>;

/// Calls of one of at most so many functions are followed into each.
const MAX_CALLEES: usize = 24;

/// The arguments of a call, evaluated.
#[derive(Debug, Default)]
pub(super) struct Arguments<'a> {
    pub(super) positional: Vec<Value>,
    /// What `*` gives, and from which place on.
    pub(super) star: Option<(usize, Value)>,
    pub(super) named: Vec<(Symbol, Value)>,
    /// What `**` gives.
    pub(super) double_star: Option<Value>,
    /// The identity of the call.
    pub(super) place: usize,
    /// The call itself, if the code shows it.
    pub(super) node: Option<&'a ast::ExprCall>,
}

impl<'a> Arguments<'a> {
    pub(super) fn none(at: TextRange) -> Self {
        Self::of(at, Vec::new())
    }

    pub(super) fn of(at: TextRange, positional: Vec<Value>) -> Self {
        Self {
            positional,
            place: usize::from(at.start()),
            ..Self::default()
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Value> + '_ {
        self.positional
            .iter()
            .copied()
            .chain(self.star.map(|(_, value)| value))
            .chain(self.named.iter().map(|&(_, value)| value))
            .chain(self.double_star)
    }
}

impl<'a> Resolver<'a, '_> {
    pub(super) fn call(&mut self, node: &'a ast::ExprCall) -> Value {
        let arguments = self.arguments(node);
        match &*node.func {
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                let at = attribute.attr.range();
                self.note_hit(at, object, true);
                self.note_channels(at, &arguments);
                let name = self.name(attribute.attr.as_str());
                self.subject = Some(&node.func);
                let result = self.call_member(object, name, at, &arguments);
                if is_inserting(attribute.attr.as_str()) {
                    self.fill(object, &attribute.value, &arguments);
                }
                result
            }
            Expr::Name(name) => {
                let value = self.look_up(name);
                self.note_hit(name.range(), value, true);
                self.note_channels(name.range(), &arguments);
                self.subject = Some(&node.func);
                self.call_value(value, name.range(), &arguments)
            }
            other => {
                let value = self.expression(other);
                self.subject = Some(&node.func);
                self.call_value(value, other.range(), &arguments)
            }
        }
    }

    fn arguments(&mut self, node: &'a ast::ExprCall) -> Arguments<'a> {
        let mut arguments = Arguments {
            positional: Vec::with_capacity(node.arguments.args.len()),
            place: key(node),
            node: Some(node),
            ..Arguments::default()
        };
        for argument in &node.arguments.args {
            match argument {
                Expr::Starred(starred) => {
                    let value = self.expression(&starred.value);
                    let known = match *self.values.atoms(value) {
                        [Atom::Container(id)] if arguments.star.is_none() => self.world.exact(id),
                        _ => None,
                    };
                    match known {
                        Some(elements) => arguments.positional.extend(elements),
                        None => {
                            let elements = self.iterate(value);
                            let (from, before) = arguments
                                .star
                                .unwrap_or((arguments.positional.len(), Value::EMPTY));
                            arguments.star = Some((from, self.values.join(before, elements)));
                        }
                    }
                }
                argument => {
                    let value = self.expression(argument);
                    match arguments.star {
                        Some((from, before)) => {
                            arguments.star = Some((from, self.values.join(before, value)));
                        }
                        None => arguments.positional.push(value),
                    }
                }
            }
        }
        for keyword in &node.arguments.keywords {
            let value = self.expression(&keyword.value);
            match &keyword.arg {
                Some(name) => {
                    let name = self.name(name.as_str());
                    arguments.named.push((name, value));
                }
                None => {
                    let before = arguments.double_star.unwrap_or(Value::EMPTY);
                    arguments.double_star = Some(self.values.join(before, value));
                }
            }
        }
        arguments
    }

    /// The argument of a parameter, by its place or its name. What `*` and `**` hide may be it.
    pub(super) fn argument(&mut self, arguments: &Arguments<'a>, index: usize, name: &str) -> Option<Value> {
        if let Some(&value) = arguments.positional.get(index) {
            return Some(value);
        }
        let symbol = self.name(name);
        if let Some(&(_, value)) = arguments.named.iter().find(|(known, _)| *known == symbol) {
            return Some(value);
        }
        if let Some((_, value)) = arguments.star {
            return Some(self.values.join(value, Value::UNKNOWN));
        }
        arguments.double_star.map(|value| {
            let value = self.given_under(value, symbol);
            if value == Value::EMPTY {
                Value::UNKNOWN
            } else {
                value
            }
        })
    }

    /// The channels that a pattern's hit at a call names.
    fn note_channels(&mut self, at: TextRange, arguments: &Arguments<'a>) {
        let start = at.start().to_u32();
        if !self.within.is_empty() || !self.program.hits.contains(&start) {
            return;
        }
        let first = ["pvname", "channel", "channel_address", "name"]
            .into_iter()
            .find_map(|name| self.argument(arguments, 0, name));
        if let Some(names) = first.and_then(|first| self.channel_names(first)) {
            self.facts.channels_at.insert(start, names);
        }
    }

    /// What a method of one of Python's own objects is given stays in it.
    fn fill(&mut self, object: Value, receiver: &'a Expr, arguments: &Arguments<'a>) {
        if self.holds(object)
            || self.values.has(object, |atom| {
                matches!(atom, Atom::Client(_) | Atom::Object(_) | Atom::Class(_))
            })
        {
            return;
        }
        if !receiver.is_name_expr() && !receiver.is_attribute_expr() && !receiver.is_subscript_expr() {
            return;
        }
        let module = self.values.has(object, |atom| match atom {
            Atom::Path(path) => !self.paths.text(path).contains("()"),
            _ => false,
        });
        if module {
            return;
        }
        let carried = self.carried(arguments);
        let carried = self.values.only(carried, |atom| {
            matches!(
                atom,
                Atom::Client(_) | Atom::Object(_) | Atom::Container(_) | Atom::Function(_) | Atom::Path(_)
            )
        });
        if carried != Value::EMPTY {
            self.put_into(receiver, carried);
        }
    }

    /// What of the arguments must not get out of sight.
    pub(super) fn carried(&mut self, arguments: &Arguments<'a>) -> Value {
        let mut carried = Value::EMPTY;
        let all: Vec<Value> = arguments.all().collect();
        for value in all {
            let flat = self.flat(value);
            let taint = self.taint(flat);
            carried = self.values.join(carried, taint);
        }
        carried
    }

    /// Calls a value.
    pub(super) fn call_value(&mut self, value: Value, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        let own = atoms
            .iter()
            .filter(|atom| matches!(atom, Atom::Function(_)))
            .count();
        if own > MAX_CALLEES {
            // Which of so many is called, with what, is followed no longer.
            self.escape(value);
            result = self.call_unknown(at, arguments);
        }
        for atom in atoms.iter() {
            let given = match *atom {
                Atom::Function(_) if own > MAX_CALLEES => Value::EMPTY,
                Atom::Path(path) => self.call_path(path, at, arguments),
                Atom::Client(client) => {
                    let name = self.name("__call__");
                    self.call_client(client, value, name, at, arguments)
                }
                Atom::Member(client) => {
                    self.possible(
                        at,
                        "A member of a control system's object is called that may write.",
                    );
                    let of = self.values.client(client).of;
                    let library = self.knowledge.type_of(of).library;
                    self.some_client(library)
                }
                Atom::Function(function) => {
                    let bound = self.world.function(function).class.is_some();
                    self.call_own(function, arguments, bound)
                }
                Atom::Class(class) => self.call_class(class, at, arguments),
                Atom::Object(class) => {
                    let hook = self.name("__call__");
                    match self.class_member_of(class, hook) {
                        Some(members) => self.call_members(members, arguments),
                        None => {
                            self.call_hook_of_client(class, hook, at, arguments);
                            self.implicit(class)
                        }
                    }
                }
                Atom::Container(id) => {
                    let elements = self.world.elements(id);
                    let callable = self.values.only(elements, |atom| {
                        matches!(atom, Atom::Function(_) | Atom::Class(_))
                    });
                    let given = self.deeper(|resolver| Some(resolver.call_value(callable, at, arguments)));
                    self.values.join(given.unwrap_or(Value::UNKNOWN), elements)
                }
                Atom::Unknown | Atom::Modules => self.call_unknown(at, arguments),
                Atom::Data
                | Atom::Constant(_)
                | Atom::Parent(_)
                | Atom::Names
                | Atom::NamesOf(_)
                | Atom::FieldsOf(_) => {
                    let given = self.hand_functions("", arguments);
                    self.carry(Value::DATA, given, arguments)
                }
            };
            result = self.values.join(result, given);
        }
        result
    }

    fn call_hook_of_client(
        &mut self,
        class: crate::analysis::scopes::ClassId,
        hook: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) {
        for of in self.client_types(class) {
            let client = self
                .values
                .client_of(crate::analysis::values::Client { of, channel: None });
            let whole = self.values.of(Atom::Client(client));
            self.call_client(client, whole, hook, at, arguments);
        }
    }

    /// Something that could not be resolved is called.
    fn call_unknown(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let all: Vec<Value> = arguments.all().collect();
        for &value in &all {
            if self.holds_client(value) {
                self.possible(
                    at,
                    "A control system's object is handed to something that could not be resolved.",
                );
            }
            self.spoil_lists(value);
            self.escape(value);
        }
        self.carry(Value::UNKNOWN, Value::EMPTY, arguments)
    }

    /// What is handed out may come back in another order.
    fn spoil_lists(&mut self, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom
                && !self.world.held(id).is_tuple
            {
                self.world.spoil(id);
            }
        }
    }

    /// A result that may hold what the call was given.
    fn carry(&mut self, result: Value, given: Value, arguments: &Arguments<'a>) -> Value {
        let mut carried = Value::EMPTY;
        let all: Vec<Value> = arguments.all().chain([given]).collect();
        for value in all {
            let flat = self.flat(value);
            let perilous = self.perilous(flat);
            carried = self.values.join(carried, perilous);
        }
        if carried == Value::EMPTY {
            return result;
        }
        // What makes objects of a library may have been called to make one.
        let makers = self.values.only(carried, |atom| matches!(atom, Atom::Path(_)));
        let made = self.instances(makers);
        let carried = self.values.join(carried, made);
        let holder = self.collection(arguments.place, 6, carried);
        if let [Atom::Container(id)] = *self.values.atoms(holder) {
            self.world.held_mut(id).is_carrier = true;
        }
        self.values.join(result, holder)
    }

    /// Calls a member of a value.
    pub(super) fn call_member(
        &mut self,
        object: Value,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        if !self.is_followed_hook(object, name) {
            self.gateway(object, name, at);
        }
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let given = match *atom {
                Atom::Client(client) => self.call_client(client, object, name, at, arguments),
                Atom::Path(path) => self.call_member_of_path(path, name, at, arguments),
                Atom::Container(id) => {
                    let text = self.symbols.text(name);
                    self.call_container(id, *atom, &text, at, arguments)
                }
                Atom::Constant(id) => {
                    let text = self.symbols.text(name);
                    let constant = self.values.get(id).clone();
                    self.call_constant(&constant, &text, arguments)
                }
                Atom::Object(class) | Atom::Parent(class) | Atom::Class(class) => {
                    self.call_member_of_class(*atom, class, name, at, arguments)
                }
                Atom::Names | Atom::NamesOf(_) | Atom::FieldsOf(_) | Atom::Modules => {
                    let text = self.symbols.text(name);
                    self.call_names(*atom, &text, at, arguments)
                }
                Atom::Unknown => self.call_member_of_unknown(name, at, arguments),
                Atom::Function(_) => {
                    let text = self.symbols.text(name);
                    if matches!(&*text, "__call__" | "__wrapped__") {
                        let one = self.values.of(*atom);
                        self.call_value(one, at, arguments)
                    } else {
                        let given = self.hand_functions(&text, arguments);
                        let itself = self.values.of(*atom);
                        let given = self.values.join(given, itself);
                        self.carry(Value::DATA, given, arguments)
                    }
                }
                Atom::Data | Atom::Member(_) => {
                    let text = self.symbols.text(name);
                    self.effect_of_method(&text, at, arguments);
                    let given = self.hand_functions(&text, arguments);
                    self.carry(Value::DATA, given, arguments)
                }
            };
            result = self.values.join(result, given);
        }
        result
    }

    /// Whether it is one of the hooks of `object` and `type` that are followed like `getattr`.
    fn is_followed_hook(&self, object: Value, name: Symbol) -> bool {
        let [Atom::Path(path)] = *self.values.slice(object) else {
            return false;
        };
        matches!(&*self.paths.text(path), "builtins.object" | "builtins.type")
            && matches!(
                &*self.symbols.text(name),
                "__setattr__" | "__getattribute__" | "__delattr__" | "__new__" | "__init__"
            )
    }

    fn call_member_of_path(
        &mut self,
        path: PathId,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let text = self.symbols.text(name);
        if &*text == "__call__" {
            return self.call_path(path, at, arguments);
        }
        let known = match self.paths.place(path) {
            Place::Foreign => None,
            Place::Library { member, .. }
                if matches!(
                    member.does,
                    crate::analysis::knowledge::Does::Read | crate::analysis::knowledge::Does::Quiet
                ) =>
            {
                return Value::DATA;
            }
            _ => self.paths.member(path, name, &self.symbols),
        };
        let Some(member) = known else {
            return match self.paths.place(path) {
                Place::Library { library, .. } => {
                    self.possible(
                        at,
                        format!("'{text}' of a control system's client library is called."),
                    );
                    self.some_client(library)
                }
                Place::Known { .. } => {
                    self.effect_of_method(&text, at, arguments);
                    let given = self.hand_functions(&text, arguments);
                    self.carry(Value::DATA, given, arguments)
                }
                Place::Foreign => self.call_unknown(at, arguments),
            };
        };
        let full = self.paths.text(member);
        if let Some(special) = self.special(&full) {
            return self.call_value(special, at, arguments);
        }
        if matches!(self.paths.place(member), Place::Known { effect: None }) && full.contains("()") {
            self.effect_of_method(&text, at, arguments);
        }
        self.call_path(member, at, arguments)
    }

    fn call_member_of_class(
        &mut self,
        atom: Atom,
        class: crate::analysis::scopes::ClassId,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let one = self.values.of(atom);
        let own = match atom {
            Atom::Parent(_) => None,
            _ => self.class_member_of(class, name),
        };
        let types = self.client_types(class);
        if own.is_none() && !types.is_empty() && self.world.field(class, name) == Value::EMPTY {
            let mut result = Value::EMPTY;
            for of in types {
                let client = self
                    .values
                    .client_of(crate::analysis::values::Client { of, channel: None });
                let whole = self.values.of(Atom::Client(client));
                let text = self.symbols.text(name);
                if text.starts_with("__") && text.ends_with("__") {
                    self.hand_functions(&text, arguments);
                    continue;
                }
                let given = self.call_client(client, whole, name, at, arguments);
                result = self.values.join(result, given);
            }
            return if result == Value::EMPTY {
                Value::DATA
            } else {
                result
            };
        }
        let value = self.quietly(|resolver| resolver.member(one, name, at));
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for member in atoms.iter() {
            let given = match *member {
                Atom::Function(function) => {
                    let known = self.world.function(function);
                    let takes_class = known.parameters.first().is_some_and(|first| {
                        matches!(
                            &*self.symbols.text(first.name),
                            "cls" | "klass" | "mcs" | "metacls"
                        )
                    });
                    let bound = !matches!(atom, Atom::Class(_)) || takes_class;
                    self.call_own(function, arguments, bound && known.class.is_some())
                }
                Atom::Unknown => self.call_unknown(at, arguments),
                same => {
                    let same = self.values.of(same);
                    self.call_value(same, at, arguments)
                }
            };
            result = self.values.join(result, given);
        }
        result
    }

    fn call_member_of_unknown(&mut self, name: Symbol, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let text = self.symbols.text(name);
        self.effect_of_method(&text, at, arguments);
        if self.writes_nearby(name) {
            self.possible(
                at,
                format!("'{text}' of something that could not be resolved is called; it may be a control system's."),
            );
        }
        let field = self.world.any_field(name);
        let field = self.values.only(field, |atom| {
            matches!(
                atom,
                Atom::Function(_) | Atom::Client(_) | Atom::Class(_) | Atom::Object(_)
            )
        });
        let mut result = if field == Value::EMPTY {
            Value::EMPTY
        } else {
            self.call_value(field, at, arguments)
        };
        let methods = self.methods_named(name);
        if methods.is_empty() || builtins::is_method_of_data(&text) {
            let given = self.call_unknown(at, arguments);
            result = self.values.join(result, given);
        }
        for method in methods {
            let given = self.call_own(method, arguments, true);
            result = self.values.join(result, given);
        }
        self.values.join(result, Value::UNKNOWN)
    }

    /// A method of one of Python's own containers.
    fn call_container(
        &mut self,
        id: crate::analysis::scopes::ContainerId,
        atom: Atom,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let one = self.values.of(atom);
        let is_dictionary = self.world.held(id).is_dictionary;
        if self.world.held(id).is_carrier {
            // What is carried may be what is meant, whatever the method's name.
            let elements = self.world.elements(id);
            let clients = self.values.only(elements, |atom| matches!(atom, Atom::Client(_)));
            let symbol = self.name(name);
            self.call_of_carried(clients, symbol, at, arguments);
        }
        if matches!(name, "pop" | "popleft" | "popitem") {
            self.world.spoil(id);
        }
        match name {
            "get" | "pop" | "popleft" | "popitem" | "setdefault" | "__getitem__" | "get_nowait"
            | "result" | "send" | "__next__" | "throw" => {
                let mut found = match (is_dictionary, arguments.positional.first()) {
                    (true, Some(&index)) if name != "popitem" => self.held_at(id, index),
                    (false, Some(&index)) if matches!(name, "pop" | "__getitem__") => self.held_at(id, index),
                    _ => self.world.elements(id),
                };
                if name == "popitem" {
                    let names = self.world.keys(id);
                    found = self.values.join(found, names);
                }
                if let Some(&fallback) = arguments.positional.get(1) {
                    found = self.values.join(found, fallback);
                    if name == "setdefault" {
                        self.hold_at(id, arguments.positional[0], fallback);
                    }
                }
                if found == Value::EMPTY { Value::DATA } else { found }
            }
            "items" => {
                let names = self.world.keys(id);
                let values = self.world.elements(id);
                let pair = self.tuple(arguments.place, 10, vec![names, values]);
                self.collection(arguments.place, 11, pair)
            }
            "keys" => {
                let names = self.world.keys(id);
                self.collection(arguments.place, 11, names)
            }
            "values" => {
                let values = self.world.elements(id);
                self.collection(arguments.place, 11, values)
            }
            "copy" | "__iter__" | "reversed" | "rotate" | "sort" | "reverse" | "__enter__"
            | "most_common" | "elements" | "union" | "intersection" | "difference" => {
                self.hand_functions(name, arguments);
                if matches!(name, "sort" | "reverse" | "rotate") {
                    self.world.spoil(id);
                    return Value::DATA;
                }
                one
            }
            "index" | "count" | "clear" | "__len__" | "__contains__" | "join" => Value::DATA,
            "update" | "extend" | "extendleft" | "__init__" | "__iadd__" => {
                for value in arguments.positional.clone() {
                    let atoms = self.values.atoms(value);
                    let pairs = match *atoms {
                        [Atom::Container(other)] if is_dictionary => self.world.pairs(other),
                        _ => None,
                    };
                    match pairs {
                        Some(pairs) => {
                            for (name, value) in pairs {
                                let name = self.values.of(Atom::Constant(name));
                                self.hold_at(id, name, value);
                            }
                        }
                        None => {
                            self.world.spoil(id);
                            let names = self.iterate(value);
                            let elements = self.contents(value);
                            self.world.hold_key(&mut self.values, id, names);
                            self.world.hold(&mut self.values, id, elements);
                        }
                    }
                }
                for (name, value) in arguments.named.clone() {
                    let text = self.symbols.text(name);
                    let name = self.text(&text);
                    self.hold_at(id, name, value);
                }
                Value::DATA
            }
            "append" | "appendleft" | "add" | "insert" | "put" | "put_nowait" | "push" | "remove"
            | "discard" | "__setitem__" => {
                self.world.spoil(id);
                let all: Vec<Value> = arguments.all().collect();
                for value in all {
                    self.world.hold(&mut self.values, id, value);
                }
                Value::DATA
            }
            _ => {
                // An attribute of what carries something else.
                let elements = self.world.elements(id);
                let callable = self
                    .values
                    .only(elements, |atom| matches!(atom, Atom::Client(_) | Atom::Object(_)));
                let symbol = self.name(name);
                let given = if callable == Value::EMPTY {
                    Value::EMPTY
                } else if self.values.has(callable, |atom| matches!(atom, Atom::Client(_))) {
                    self.call_of_carried(callable, symbol, at, arguments)
                } else {
                    self.deeper(|resolver| Some(resolver.call_member(callable, symbol, at, arguments)))
                        .unwrap_or(Value::UNKNOWN)
                };
                let handed = self.hand_functions(name, arguments);
                let given = self.values.join(given, handed);
                let given = self.values.join(given, elements);
                self.carry(Value::DATA, given, arguments)
            }
        }
    }

    /// A method of what carries a control system's object: of the object itself only where such an object
    /// is known to have it.
    fn call_of_carried(
        &mut self,
        callable: Value,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let mut result = Value::EMPTY;
        let text = self.symbols.text(name);
        let atoms = self.values.atoms(callable);
        for atom in atoms.iter() {
            let one = self.values.of(*atom);
            let given = match *atom {
                Atom::Client(client) => {
                    let of = self.values.client(client).of;
                    let member = self.knowledge.member(of, &text);
                    if member.does == crate::analysis::knowledge::Does::Unlisted {
                        one
                    } else {
                        self.call_client(client, one, name, at, arguments)
                    }
                }
                _ => self
                    .deeper(|resolver| Some(resolver.call_member(one, name, at, arguments)))
                    .unwrap_or(Value::UNKNOWN),
            };
            result = self.values.join(result, given);
        }
        result
    }

    /// A tuple of exactly these elements.
    pub(super) fn tuple(&mut self, place: usize, part: u8, elements: Vec<Value>) -> Value {
        let (id, fresh) = self.world.container(place, part);
        self.world.set_exact(&mut self.values, id, elements, fresh);
        self.values.of(Atom::Container(id))
    }

    fn call_constant(&mut self, constant: &Constant, name: &str, arguments: &Arguments<'a>) -> Value {
        let result = self.known_arguments(arguments).and_then(|(positional, named)| {
            let named: Vec<(&str, Constant)> = named
                .iter()
                .map(|(name, value)| (&**name, value.clone()))
                .collect();
            let known = Known {
                positional: &positional,
                named: &named,
            };
            constants::method(constant, name, &known)
        });
        match result {
            Some(constant) => self.kept(arguments.place, constant),
            None => {
                let given = self.hand_functions(name, arguments);
                self.carry(Value::DATA, given, arguments)
            }
        }
    }

    /// The arguments as constants, if all are.
    fn known_arguments(&mut self, arguments: &Arguments<'a>) -> Option<(Vec<Constant>, NamedConstants)> {
        if arguments.star.is_some() || arguments.double_star.is_some() {
            return None;
        }
        let mut positional = Vec::with_capacity(arguments.positional.len());
        for &value in &arguments.positional {
            positional.push(self.constant_of(value)?);
        }
        let mut named = Vec::with_capacity(arguments.named.len());
        for &(name, value) in &arguments.named {
            let constant = self.constant_of(value)?;
            named.push((self.symbols.text(name), constant));
        }
        Some((positional, named))
    }

    /// What Python's own function gives, if all is known.
    pub(super) fn folded(&mut self, path: &str, arguments: &Arguments<'a>) -> Option<Value> {
        let (positional, named) = self.known_arguments(arguments)?;
        let named: Vec<(&str, Constant)> = named
            .iter()
            .map(|(name, value)| (&**name, value.clone()))
            .collect();
        let known = Known {
            positional: &positional,
            named: &named,
        };
        let constant = constants::call(path, &known)?;
        Some(self.kept(arguments.place, constant))
    }

    /// Calls what an import or a builtin leads to.
    pub(super) fn call_path(&mut self, path: PathId, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let effect = match self.paths.place(path) {
            Place::Library { .. } => return self.call_library(path, at, arguments),
            Place::Foreign => return self.call_unknown(at, arguments),
            Place::Known { effect } => effect,
        };
        let text = self.paths.text(path);
        if let Some(value) = self.call_known(&text, at, arguments) {
            return value;
        }
        if let Some(effect) = effect
            && let Some(value) = self.effect_of_call(effect, path, at, arguments)
        {
            return value;
        }
        if let Some(value) = self.folded(&text, arguments) {
            return value;
        }
        if may_rearrange(&text) {
            for value in arguments.all().collect::<Vec<_>>() {
                self.spoil_lists(value);
            }
        }
        let last = text.rsplit('.').next().unwrap_or(&text);
        if self.knowledge.is_caller(last) {
            let all: Vec<Value> = arguments.all().collect();
            if all
                .iter()
                .any(|&value| self.values.has(value, |atom| matches!(atom, Atom::Member(_))))
            {
                self.possible(
                    at,
                    "A member of a control system's object is handed on to be called; it may write.",
                );
            }
        }
        let given = self.hand_functions(last, arguments);
        if self.paths.is_plain(path) {
            // What its callbacks give may still come out.
            return self.carry(Value::DATA, given, &Arguments::of(at, Vec::new()));
        }
        let result = match self.paths.result(path) {
            Some(result) => self.values.of(Atom::Path(result)),
            None => Value::DATA,
        };
        let result = if arguments.all().any(|value| value == Value::UNKNOWN) && passes_on(&text) {
            self.values.join(result, Value::UNKNOWN)
        } else {
            result
        };
        self.carry(result, given, arguments)
    }

    /// The program's own functions that a call is given are called by what it calls.
    pub(super) fn hand_functions(&mut self, last: &str, arguments: &Arguments<'a>) -> Value {
        let all: Vec<(Option<usize>, Value)> = arguments
            .positional
            .iter()
            .copied()
            .enumerate()
            .map(|(index, value)| (Some(index), value))
            .chain(arguments.star.map(|(_, value)| (None, value)))
            .chain(arguments.named.iter().map(|&(_, value)| (None, value)))
            .chain(arguments.double_star.map(|value| (None, value)))
            .collect();
        let mut result = Value::EMPTY;
        for &(index, value) in &all {
            let functions = self.own_functions(value);
            if functions == Value::EMPTY {
                continue;
            }
            let atoms = self.values.atoms(functions);
            if atoms.len() > MAX_CALLEES {
                self.escape(functions);
                result = self.values.join(result, Value::UNKNOWN);
                continue;
            }
            let handed = self.handed(last, index, value, &all, arguments);
            for atom in atoms.iter() {
                let given = match *atom {
                    Atom::Function(function) => {
                        let bound = self.world.function(function).class.is_some();
                        self.call_own(function, &handed, bound)
                    }
                    Atom::Object(class) => {
                        let hook = self.name("__call__");
                        match self.class_member_of(class, hook) {
                            Some(members) => self.call_members(members, &handed),
                            None => Value::EMPTY,
                        }
                    }
                    _ => Value::EMPTY,
                };
                result = self.values.join(result, given);
            }
        }
        result
    }

    fn own_functions(&mut self, value: Value) -> Value {
        if matches!(value, Value::DATA | Value::UNKNOWN | Value::EMPTY) {
            return Value::EMPTY;
        }
        let flat = self.flat(value);
        self.values
            .only(flat, |atom| matches!(atom, Atom::Function(_) | Atom::Object(_)))
    }

    /// The arguments that a function is called with that was handed to a call of `last`.
    fn handed(
        &mut self,
        last: &str,
        index: Option<usize>,
        function: Value,
        all: &[(Option<usize>, Value)],
        arguments: &Arguments<'a>,
    ) -> Arguments<'a> {
        let args = self.name("args");
        let tuple = arguments
            .named
            .iter()
            .find(|(name, _)| *name == args)
            .map(|&(_, value)| value)
            .or_else(|| match (last, index) {
                ("apply" | "apply_async" | "start_new_thread" | "Timer", Some(index)) => {
                    arguments.positional.get(index + 1).copied()
                }
                ("enter" | "enterabs", _) => arguments.positional.get(3).copied(),
                _ => None,
            });
        let mut handed = Arguments {
            place: arguments.place,
            ..Arguments::default()
        };
        if let Some(tuple) = tuple {
            let exact = match *self.values.atoms(tuple) {
                [Atom::Container(id)] => self.world.exact(id),
                _ => None,
            };
            match exact {
                Some(elements) => handed.positional = elements,
                None => {
                    let elements = self.iterate(tuple);
                    handed.star = Some((0, elements));
                }
            }
            let kwargs = self.name("kwargs");
            handed.double_star = arguments
                .named
                .iter()
                .find(|(name, _)| *name == kwargs)
                .map(|&(_, value)| value);
            return handed;
        }
        let later = |from: usize| arguments.positional.get(from..).unwrap_or_default().to_vec();
        match (last, index) {
            (
                "submit"
                | "partial"
                | "partialmethod"
                | "register"
                | "run_in_executor"
                | "to_thread"
                | "call_soon"
                | "call_soon_threadsafe"
                | "call_later"
                | "call_at"
                | "callback"
                | "runcall"
                | "finalize"
                | "spawn"
                | "Spawn"
                | "call"
                | "run_sync"
                | "spawn_later"
                | "run",
                Some(index),
            ) => {
                handed.positional = later(index + 1);
                handed.star = arguments.star;
                handed.named = arguments.named.clone();
                handed.double_star = arguments.double_star;
            }
            (
                "map" | "imap" | "imap_unordered" | "map_async" | "starmap" | "starmap_async" | "filter"
                | "filterfalse" | "takewhile" | "dropwhile" | "groupby" | "sorted" | "min" | "max" | "reduce"
                | "accumulate" | "apply_along_axis",
                _,
            ) => {
                let others: Vec<Value> = all
                    .iter()
                    .filter(|&&(other, value)| other != index || value != function)
                    .map(|&(_, value)| value)
                    .collect();
                for other in others {
                    let element = self.iterate(other);
                    handed.positional.push(element);
                }
                if last.starts_with("starmap") {
                    let rows = handed.positional.first().copied().unwrap_or(Value::EMPTY);
                    let parts: Vec<Value> = (0..4).map(|place| self.part(rows, place)).collect();
                    handed.positional = parts;
                } else if matches!(last, "reduce" | "accumulate") {
                    let one = handed
                        .positional
                        .iter()
                        .fold(Value::DATA, |joined, &value| self.values.join(joined, value));
                    handed.positional = vec![one, one];
                } else if handed.positional.len() > 1 && matches!(last, "sorted" | "min" | "max" | "groupby")
                {
                    let one = handed
                        .positional
                        .iter()
                        .fold(Value::EMPTY, |joined, &value| self.values.join(joined, value));
                    handed.positional = vec![one];
                }
                if handed.positional.iter().all(|&value| value == Value::EMPTY) {
                    handed.star = Some((0, Value::DATA));
                }
            }
            _ => {
                // It is called in a way that is not followed: with data, with anything else given here,
                // and where a control system is near with what nobody knows.
                let mut joined = Value::DATA;
                self.near_asked = true;
                if !self.near.is_empty() {
                    joined = self.values.join(joined, Value::UNKNOWN);
                }
                for &(other, value) in all {
                    if other == index && value == function {
                        continue;
                    }
                    let flat = self.flat(value);
                    let perilous = self.perilous(flat);
                    joined = self.values.join(joined, perilous);
                }
                handed.star = Some((0, joined));
            }
        }
        handed
    }

    /// The element at `place` of each of the tuples that `rows` may be.
    fn part(&mut self, rows: Value, place: usize) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(rows);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) => match self.world.exact(id) {
                    Some(elements) => elements.get(place).copied().unwrap_or(Value::EMPTY),
                    None => self.world.elements(id),
                },
                Atom::Constant(_) => Value::DATA,
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }
}

/// Whether a function of this path gives back what it was given, in some form.
fn passes_on(path: &str) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    matches!(
        root,
        "builtins"
            | "copy"
            | "functools"
            | "itertools"
            | "contextlib"
            | "concurrent"
            | "asyncio"
            | "weakref"
            | "operator"
    )
}

/// Whether a method of this name keeps what it is given.
fn is_inserting(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "appendleft"
            | "add"
            | "insert"
            | "put"
            | "put_nowait"
            | "push"
            | "setdefault"
            | "update"
            | "extend"
            | "extendleft"
            | "register"
            | "set"
            | "send"
            | "store"
            | "__setitem__"
            | "set_result"
            | "enter_context"
            | "attach"
            | "bind"
            | "connect"
            | "subscribe"
    )
}

/// Whether a function of this path may change the order of a list it is given.
fn may_rearrange(path: &str) -> bool {
    let root = path.split('.').next().unwrap_or(path);
    matches!(
        root,
        "random" | "heapq" | "bisect" | "operator" | "functools" | "ctypes"
    ) || path.starts_with("builtins.list.")
        || path.starts_with("builtins.dict.")
}
