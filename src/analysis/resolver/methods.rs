//! Calls of members: of objects, modules, containers and what nobody knows.

use super::{Resolver, calls::Arguments, carriers::gives_back};
use crate::analysis::{
    constants::{self, Constant, Known},
    knowledge::Does,
    paths::{PathId, Place, Symbol},
    scopes::{ClassId, ContainerId, Kind},
    values::{Atom, Value},
};
use ruff_text_size::TextRange;
use std::rc::Rc;

/// Named arguments that are known.
type NamedConstants = Vec<(Rc<str>, Constant)>;

impl<'a> Resolver<'a, '_> {
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
        let mut carried = Value::EMPTY;
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let given = match *atom {
                Atom::Client(_) if &*self.symbols.text(name) == "__init__" => {
                    self.possible(
                        at,
                        "A control system's object is made anew: it stands for another channel from here on.",
                    );
                    Value::DATA
                }
                Atom::Client(client) => self.call_client(client, object, name, at, arguments),
                Atom::Path(path) => self.call_member_of_path(path, name, at, arguments),
                Atom::Container(id) => {
                    let text = self.symbols.text(name);
                    self.call_one_container(id, *atom, &text, arguments, &mut carried)
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
                Atom::Function(function) => {
                    let text = self.symbols.text(name);
                    let one = self.values.of(*atom);
                    if matches!(&*text, "__call__" | "__wrapped__") {
                        self.call_value(one, at, arguments)
                    } else {
                        if matches!(&*text, "register" | "dispatch") {
                            for value in arguments.positional.clone() {
                                self.register(function, value);
                            }
                            result = self.values.join(result, one);
                        }
                        let set = self.world.attribute(*atom, name);
                        let set = self.call_value(set, at, arguments);
                        let given = self.hand_functions(&text, arguments);
                        let given = self.values.join(given, one);
                        let given = self.carry(Value::DATA, given, arguments);
                        self.values.join(given, set)
                    }
                }
                Atom::Data | Atom::Member(_) => {
                    let text = self.symbols.text(name);
                    self.effect_of_method(name, at, arguments);
                    let given = self.hand_functions(&text, arguments);
                    self.carry(Value::DATA, given, arguments)
                }
            };
            result = self.values.join(result, given);
        }
        if carried != Value::EMPTY {
            // What several containers hold is called once.
            let given = self.call_of_carried(carried, name, at, arguments);
            result = self.values.join(result, given);
        }
        result
    }

    /// Whether it is one of the hooks of `object` and `type` that are followed like `getattr`.
    pub(super) fn is_followed_hook(&self, object: Value, name: Symbol) -> bool {
        let [Atom::Path(path)] = *self.values.slice(object) else {
            return false;
        };
        matches!(&*self.paths.text(path), "builtins.object" | "builtins.type")
            && matches!(
                &*self.symbols.text(name),
                "__setattr__" | "__getattribute__" | "__delattr__" | "__new__" | "__init__"
            )
    }

    pub(super) fn call_member_of_path(
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
            Place::Library { member, .. } if matches!(member.does, Does::Read | Does::Quiet) => {
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
                    self.effect_of_method(name, at, arguments);
                    let given = self.hand_functions(&text, arguments);
                    self.carry(Value::DATA, given, arguments)
                }
                Place::Foreign => self.call_unknown(at, arguments),
            };
        };
        let set = self.world.attribute(Atom::Path(path), name);
        let full = self.paths.text(member);
        if let Some(special) = self.special(&full) {
            return self.call_value(special, at, arguments);
        }
        if set != Value::EMPTY {
            self.call_value(set, at, arguments);
        }
        if self.paths.object(path).is_some()
            && matches!(self.paths.place(member), Place::Known { effect: None })
        {
            self.effect_of_method(name, at, arguments);
        }
        self.call_path(member, at, arguments)
    }

    pub(super) fn call_member_of_class(
        &mut self,
        atom: Atom,
        class: ClassId,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let one = self.values.of(atom);
        let text = self.symbols.text(name);
        if let Some(given) = self.call_of_kind(atom, class, &text, at, arguments) {
            return given;
        }
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
                    let bound = !matches!(atom, Atom::Class(_))
                        || takes_class
                        || known.takes_class
                        || known
                            .class
                            .is_some_and(|of| self.world.class(of).kind == Kind::Metaclass);
                    match known.attached {
                        Some(of) if bound && self.is_kin(of, class) => {
                            let one = self.values.of(*member);
                            let receiver = self.instance(class);
                            self.call_on(one, receiver, arguments)
                        }
                        _ => self.call_own(function, arguments, bound && known.class.is_some()),
                    }
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

    pub(super) fn call_member_of_unknown(
        &mut self,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let text = self.symbols.text(name);
        self.effect_of_method(name, at, arguments);
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
        if methods.is_empty() || self.name_traits(name).is_of_data {
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
    pub(super) fn call_container(
        &mut self,
        id: ContainerId,
        atom: Atom,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let mut carried = Value::EMPTY;
        let result = self.call_one_container(id, atom, name, arguments, &mut carried);
        if carried == Value::EMPTY {
            return result;
        }
        let name = self.name(name);
        let given = self.call_of_carried(carried, name, at, arguments);
        self.values.join(result, given)
    }

    /// The same without what calling the method on what the container holds gives: that joins `carried`.
    fn call_one_container(
        &mut self,
        id: ContainerId,
        atom: Atom,
        name: &str,
        arguments: &Arguments<'a>,
        carried: &mut Value,
    ) -> Value {
        let one = self.values.of(atom);
        let is_dictionary = self.world.held(id).is_dictionary;
        if self.world.held(id).is_carrier {
            let name = self.name(name);
            let more = self.world.carried(id);
            *carried = self.values.join(*carried, more);
            return self.call_member_of_carrier(id, name, arguments);
        }
        if matches!(name, "pop" | "popleft" | "popitem") {
            self.world.spoil(id);
        }
        if name == "throw" {
            for value in arguments.all().collect::<Vec<_>>() {
                self.raised.grow(&mut self.world.clock, &mut self.values, value);
            }
        }
        match name {
            name if gives_back(name) => {
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
            "__enter__" | "__aenter__" => {
                let elements = self.world.elements(id);
                self.values.join(one, elements)
            }
            "copy" | "__iter__" | "reversed" | "rotate" | "sort" | "reverse" | "most_common" | "elements"
            | "intersection" | "difference" => {
                self.hand_functions(name, arguments);
                if matches!(name, "sort" | "reverse" | "rotate") {
                    self.world.spoil(id);
                    return Value::DATA;
                }
                one
            }
            "union" | "symmetric_difference" => {
                let mut elements = self.world.elements(id);
                for value in arguments.all() {
                    let more = self.iterate(value);
                    elements = self.values.join(elements, more);
                }
                self.collection(arguments.place, 11, elements)
            }
            "intersection_update" | "difference_update" => {
                self.world.spoil(id);
                Value::DATA
            }
            "index" | "count" | "clear" | "__len__" | "__contains__" | "join" => Value::DATA,
            "update"
            | "extend"
            | "extendleft"
            | "__init__"
            | "__iadd__"
            | "__ior__"
            | "symmetric_difference_update" => {
                for value in arguments.positional.clone() {
                    self.absorb(id, value);
                }
                if let Some((_, value)) = arguments.star {
                    // Each of these is one that is taken in.
                    self.absorb(id, value);
                }
                if let Some(value) = arguments.double_star {
                    self.absorb(id, value);
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
            _ if self.world.held(id).is_own => Value::EMPTY,
            _ => {
                // An attribute of what holds something else.
                let elements = self.world.elements(id);
                *carried = self.values.join(*carried, elements);
                let handed = self.hand_functions(name, arguments);
                let held = self.values.join(elements, handed);
                self.carry(Value::DATA, held, arguments)
            }
        }
    }

    pub(super) fn call_constant(
        &mut self,
        constant: &Constant,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Value {
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
    pub(super) fn known_arguments(
        &mut self,
        arguments: &Arguments<'a>,
    ) -> Option<(Vec<Constant>, NamedConstants)> {
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
}

/// Whether a method of this name keeps what it is given.
pub(super) fn is_inserting(name: &str) -> bool {
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
