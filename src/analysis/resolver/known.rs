//! Python's own functions whose result follows from what they are given.

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    constants::Constant,
    paths::{Place, Symbol},
    scopes::{Class, ScopeKind},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// The result of a function that is followed; none for all others.
    pub(super) fn call_known(
        &mut self,
        path: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        let (root, name) = path.split_once('.')?;
        match root {
            "builtins" => self.call_builtin(name, at, arguments),
            "functools" => match name {
                "partial" | "partialmethod" => {
                    let given = self.hand_functions("partial", arguments);
                    let first = arguments.positional.first().copied().unwrap_or(Value::EMPTY);
                    let callable = self.values.only(first, |atom| {
                        matches!(
                            atom,
                            Atom::Function(_)
                                | Atom::Class(_)
                                | Atom::Object(_)
                                | Atom::Path(_)
                                | Atom::Unknown
                        )
                    });
                    let given = self.taint(given);
                    let holder = self.collection(arguments.place, 6, given);
                    let made = self.values.join(callable, holder);
                    // What a known effect does with the first arguments is looked at when it is named.
                    self.partial_of_effect(first, at, arguments);
                    Some(self.values.join(made, Value::DATA))
                }
                "cached_property" | "lru_cache" | "cache" | "singledispatch" | "total_ordering"
                | "update_wrapper" => {
                    let first = arguments.positional.first().copied()?;
                    let given = self.hand_functions("", arguments);
                    Some(self.values.join(first, given))
                }
                _ => None,
            },
            // Whatever a library is linked with can be reached through its handle.
            "ctypes" if path.starts_with("ctypes.libm().") => {
                let function = path.rsplit('.').next().unwrap_or_default();
                if !is_mathematical(function) {
                    self.tell(
                        at,
                        "native_code",
                        crate::model::Category::PotentialWrite,
                        crate::model::Evidence::Unresolved,
                        format!("'{function}' is native code; what it does cannot be seen here."),
                    );
                }
                Some(Value::DATA)
            }
            "copy" if matches!(name, "copy" | "deepcopy" | "replace") => {
                arguments.positional.first().copied()
            }
            "operator" => self.call_operator(name, at, arguments),
            "inspect" if matches!(name, "getmembers" | "getmembers_static" | "getattr_static") => {
                let object = arguments.positional.first().copied()?;
                let own = self.is_harmless(object)
                    && !self
                        .values
                        .has(object, |atom| matches!(atom, Atom::Path(_) | Atom::Container(_)));
                own.then(|| {
                    let members = self.dictionary_of(object, at);
                    let members = self.named_members(members, at);
                    let pair = self.tuple(arguments.place, 10, vec![Value::DATA, members]);
                    self.collection(arguments.place, 11, pair)
                })
            }
            "types" if name == "SimpleNamespace" => Some(self.namespace(arguments)),
            "argparse" if name == "Namespace" => Some(self.namespace(arguments)),
            "collections" if name == "namedtuple" => self.named_tuple(arguments),
            "typing" if name == "NamedTuple" => self.named_tuple(arguments),
            "typing" if name == "cast" => arguments.positional.get(1).copied(),
            "collections" if matches!(name, "deque" | "OrderedDict" | "ChainMap") => {
                let builtin = if name == "deque" { "list" } else { "dict" };
                self.call_builtin(builtin, at, arguments)
            }
            "itertools" => match name {
                "chain"
                | "chain.from_iterable"
                | "cycle"
                | "islice"
                | "repeat"
                | "takewhile"
                | "dropwhile"
                | "filterfalse"
                | "compress"
                | "accumulate"
                | "tee"
                | "permutations"
                | "combinations"
                | "product"
                | "batched"
                | "pairwise" => {
                    let given = self.hand_functions(name, arguments);
                    let mut elements = self.taint(given);
                    for value in arguments.all().collect::<Vec<_>>() {
                        let element = self.iterate(value);
                        elements = self.values.join(elements, element);
                        if name == "chain.from_iterable" {
                            let inner = self.iterate(element);
                            elements = self.values.join(elements, inner);
                        }
                    }
                    if matches!(
                        name,
                        "product" | "permutations" | "combinations" | "batched" | "pairwise" | "tee"
                    ) {
                        elements = self.collection(arguments.place, 12, elements);
                    }
                    Some(self.collection(arguments.place, 13, elements))
                }
                "starmap" => {
                    let given = self.hand_functions("starmap", arguments);
                    Some(self.collection(arguments.place, 13, given))
                }
                "zip_longest" => self.call_builtin("zip", at, arguments),
                _ => None,
            },
            _ => None,
        }
    }

    fn call_builtin(&mut self, name: &str, at: TextRange, arguments: &Arguments<'a>) -> Option<Value> {
        let first = arguments.positional.first().copied();
        match name {
            "getattr" => Some(self.get_attribute(at, arguments)),
            "setattr" | "delattr" | "object.__setattr__" | "type.__setattr__" | "object.__delattr__" => {
                Some(self.set_attribute(at, arguments))
            }
            "object.__getattribute__" | "type.__getattribute__" => Some(self.get_attribute(at, arguments)),
            "object.__new__" => Some(match first {
                Some(class) => self.new_instance(class),
                None => Value::UNKNOWN,
            }),
            "super" => Some(match self.enclosing_class() {
                Some(class) => self.values.of(Atom::Parent(class)),
                None => Value::UNKNOWN,
            }),
            "globals" | "locals" => Some(self.values.of(Atom::Names)),
            "vars" => Some(match first {
                None => self.values.of(Atom::Names),
                Some(object) => self.dictionary_of(object, at),
            }),
            "list" | "tuple" | "reversed" | "iter" | "aiter" => {
                let Some(first) = first else {
                    return Some(self.tuple(arguments.place, 14, Vec::new()));
                };
                if let Some(value) = self.folded(&format!("builtins.{name}"), arguments) {
                    return Some(value);
                }
                let exact = match *self.values.atoms(first) {
                    [Atom::Container(id)] if !self.world.held(id).is_dictionary => self.world.exact(id),
                    _ => None,
                };
                if let Some(mut elements) = exact {
                    if name == "reversed" {
                        elements.reverse();
                    }
                    return Some(self.tuple(arguments.place, 14, elements));
                }
                if name == "iter" {
                    self.hand_functions("iter", arguments);
                }
                let elements = self.iterate(first);
                Some(self.holder(first, arguments.place, elements))
            }
            "set" | "frozenset" | "sorted" => {
                let first = first?;
                if name == "sorted" {
                    self.hand_functions("sorted", arguments);
                    if let Some(value) = self.folded("builtins.sorted", arguments) {
                        return Some(value);
                    }
                }
                let elements = self.iterate(first);
                Some(self.holder(first, arguments.place, elements))
            }
            "dict" => Some(self.made_dictionary(arguments)),
            "enumerate" => {
                let element = self.iterate(first?);
                let pair = self.tuple(arguments.place, 10, vec![Value::DATA, element]);
                Some(self.collection(arguments.place, 11, pair))
            }
            "zip" => {
                let values = arguments.positional.clone();
                if arguments.star.is_some() {
                    return None;
                }
                let mut elements = Vec::with_capacity(values.len());
                for value in values {
                    let element = self.iterate(value);
                    elements.push(element);
                }
                let row = self.tuple(arguments.place, 10, elements);
                Some(self.collection(arguments.place, 11, row))
            }
            "map" => Some(self.mapped_over(at, arguments)),
            "filter" => {
                self.hand_functions("filter", arguments);
                let elements = self.iterate(arguments.positional.get(1).copied()?);
                Some(self.collection(arguments.place, 11, elements))
            }
            "next" | "anext" => {
                let element = self.iterate(first?);
                let fallback = arguments.positional.get(1).copied().unwrap_or(Value::EMPTY);
                Some(self.values.join(element, fallback))
            }
            "min" | "max" => {
                self.hand_functions("max", arguments);
                if let Some(value) = self.folded(&format!("builtins.{name}"), arguments) {
                    return Some(value);
                }
                let mut result = Value::EMPTY;
                for value in arguments.positional.clone() {
                    let element = if arguments.positional.len() == 1 {
                        self.iterate(value)
                    } else {
                        value
                    };
                    result = self.values.join(result, element);
                }
                Some(self.values.join(result, Value::DATA))
            }
            "type" => Some(match arguments.positional.as_slice() {
                [object] => self.type_of(*object),
                [_, bases, names, ..] => self.made_class(*bases, *names, arguments),
                _ => Value::UNKNOWN,
            }),
            "staticmethod" | "classmethod" => first,
            "print" => {
                // It formats what it is given, and calls nothing else of it.
                Some(Value::DATA)
            }
            _ => None,
        }
    }

    /// A list of the elements; what cannot be followed stays unknown.
    fn holder(&mut self, of: Value, place: usize, elements: Value) -> Value {
        let made = self.collection(place, 11, elements);
        if self.values.has(of, |atom| atom == Atom::Unknown) {
            self.values.join(made, Value::UNKNOWN)
        } else {
            made
        }
    }

    fn made_dictionary(&mut self, arguments: &Arguments<'a>) -> Value {
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

    /// `map(function, …)`: element by element where all is known.
    fn mapped_over(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let Some((&function, over)) = arguments.positional.split_first() else {
            return Value::DATA;
        };
        let over = over.to_vec();
        if let [only] = over.as_slice()
            && let Some(elements) = self.sequence_of(*only)
            && elements.len() <= 256
        {
            let mut results = Vec::with_capacity(elements.len());
            for &element in &elements {
                let one = Arguments {
                    positional: vec![element],
                    place: arguments.place,
                    ..Arguments::default()
                };
                let value = match *self.values.atoms(function) {
                    [Atom::Path(path)] => {
                        let text = self.paths.text(path);
                        self.folded(&text, &one)
                    }
                    _ => None,
                };
                match value {
                    Some(value) => results.push(value),
                    None => break,
                }
            }
            if results.len() == elements.len() {
                return self.tuple(arguments.place, 14, results);
            }
        }
        let mut row = Vec::with_capacity(over.len());
        for value in over {
            let element = self.iterate(value);
            row.push(element);
        }
        let called = Arguments {
            positional: row,
            place: arguments.place,
            star: arguments.star.map(|(_, value)| (0, value)),
            ..Arguments::default()
        };
        let atoms = self.values.atoms(function);
        if atoms.iter().any(|atom| matches!(atom, Atom::Member(_))) {
            self.possible(
                at,
                "A member of a control system's object is handed on to be called; it may write.",
            );
        }
        let given = self.call_value(function, at, &called);
        let given = self.values.only(given, |atom| !matches!(atom, Atom::Constant(_)));
        self.collection(arguments.place, 11, given)
    }

    /// The type of an object, which gives its members as the object does.
    fn type_of(&mut self, object: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Object(class) => self.values.of(Atom::Class(class)),
                Atom::Data | Atom::Constant(_) | Atom::Function(_) | Atom::Member(_) | Atom::Container(_) => {
                    Value::DATA
                }
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// `type(name, bases, names)`.
    fn made_class(&mut self, bases: Value, names: Value, arguments: &Arguments<'a>) -> Value {
        let place = arguments.place;
        let (id, fresh) = match self.world.known_class(place) {
            Some(id) => (id, false),
            None => {
                let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
                let class = Class {
                    scope,
                    bases: Vec::new(),
                    extended_by: Vec::new(),
                    client: Vec::new(),
                    unknown_base: false,
                    fields: Vec::new(),
                };
                (self.world.add_class(place, class), true)
            }
        };
        let bases = self.iterate(bases);
        self.extend(id, bases, fresh);
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
    fn namespace(&mut self, arguments: &Arguments<'a>) -> Value {
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

    fn plain_class(&mut self, place: usize, fields: Vec<Symbol>) -> crate::analysis::scopes::ClassId {
        if let Some(id) = self.world.known_class(place) {
            return id;
        }
        let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
        let class = Class {
            scope,
            bases: Vec::new(),
            extended_by: Vec::new(),
            client: Vec::new(),
            unknown_base: false,
            fields,
        };
        self.world.add_class(place, class)
    }

    /// `namedtuple(name, fields)`, where the fields are known.
    fn named_tuple(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
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

    fn call_operator(&mut self, name: &str, at: TextRange, arguments: &Arguments<'a>) -> Option<Value> {
        match name {
            "attrgetter" | "methodcaller" => {
                let count = if name == "attrgetter" { usize::MAX } else { 1 };
                for &value in arguments.positional.iter().take(count).collect::<Vec<_>>() {
                    let harmless = self.texts_of(value).is_some_and(|texts| {
                        texts
                            .iter()
                            .all(|text| text.split('.').all(|part| !self.may_write(part)))
                    });
                    if !harmless {
                        self.reflection(at, "A member is reached by a name that may be a write.");
                    }
                }
                if arguments.star.is_some() {
                    self.reflection(at, "A member is reached by a computed name.");
                }
                None
            }
            "call" => {
                let (&function, rest) = arguments.positional.split_first()?;
                let called = Arguments {
                    positional: rest.to_vec(),
                    star: arguments.star,
                    named: arguments.named.clone(),
                    double_star: arguments.double_star,
                    place: arguments.place,
                    node: None,
                };
                Some(self.call_value(function, at, &called))
            }
            "getitem" => {
                let (&object, &index) = (arguments.positional.first()?, arguments.positional.get(1)?);
                self.folded("operator.getitem", arguments)
                    .or_else(|| Some(self.item(object, index, at)))
            }
            "setitem" => {
                let (&object, &index) = (arguments.positional.first()?, arguments.positional.get(1)?);
                let value = arguments.positional.get(2).copied().unwrap_or(Value::DATA);
                self.set_item(object, index, at, value);
                Some(Value::DATA)
            }
            _ => None,
        }
    }

    /// Whether a member of this name may be a write of some library, or leads around the names.
    fn may_write(&mut self, name: &str) -> bool {
        let symbol = self.name(name);
        self.knowledge.is_gateway(name)
            || matches!(name, "__dict__" | "__class__")
            || (self.writes_nearby(symbol) || (name == "value" && !self.near.is_empty()))
            || self.knowledge.effect(&format!("os.{name}")).is_some()
    }

    fn get_attribute(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let Some(object) = self.argument(arguments, 0, "") else {
            self.reflection(at, "A member is reached by a computed name.");
            return Value::UNKNOWN;
        };
        let fallback = arguments.positional.get(2).copied().unwrap_or(Value::EMPTY);
        let name = self.argument(arguments, 1, "").unwrap_or(Value::UNKNOWN);
        let Some(names) = self.texts_of(name) else {
            if self.is_open_to_names(object) {
                return Value::DATA;
            }
            let holds =
                self.values.has(object, |atom| matches!(atom, Atom::Client(_))) || self.holds_client(object);
            self.near_asked = true;
            let only_unknown = self.values.slice(object).iter().all(|atom| {
                matches!(
                    atom,
                    Atom::Unknown | Atom::Data | Atom::Object(_) | Atom::Constant(_) | Atom::Container(_)
                )
            });
            if only_unknown && !holds && self.near.is_empty() && !self.foreign {
                // Nothing that could be reached so is in the program: it is only noted.
                self.tell(
                    at,
                    super::rule::REFLECTION,
                    crate::model::Category::Notice,
                    crate::model::Evidence::Unresolved,
                    "A member is reached by a computed name.".to_owned(),
                );
            } else {
                self.reflection(
                    at,
                    if holds {
                        "A member of a control system's library is reached by a computed name."
                    } else {
                        "A member is reached by a computed name."
                    },
                );
            }
            let taint = self.taint(object);
            let taint = self.values.only(taint, |atom| matches!(atom, Atom::Client(_)));
            let result = self.values.join(Value::UNKNOWN, fallback);
            return self.values.join(result, taint);
        };
        let mut result = fallback;
        for name in names {
            let symbol = self.name(&name);
            let unresolved = self.values.has(object, |atom| atom == Atom::Unknown);
            if unresolved && (self.writes_nearby(symbol)) {
                self.reflection(
                    at,
                    format!("'{name}' of something that could not be resolved is reached by its name."),
                );
            }
            self.subject = arguments.node.and_then(|node| node.arguments.args.first());
            let value = self.member(object, symbol, at);
            result = self.values.join(result, value);
        }
        result
    }

    /// Whether whatever name is taken of the object, nothing of a control system is reached.
    fn is_open_to_names(&self, object: Value) -> bool {
        self.is_harmless(object)
            && self.values.slice(object).iter().all(|&atom| match atom {
                Atom::Path(path) => !self.paths.is_guarded(path) || self.paths.text(path).contains("()"),
                Atom::Class(_) | Atom::Function(_) => true,
                _ => true,
            })
    }

    fn set_attribute(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let object = self.argument(arguments, 0, "").unwrap_or(Value::UNKNOWN);
        let name = self.argument(arguments, 1, "").unwrap_or(Value::UNKNOWN);
        let value = arguments.positional.get(2).copied().unwrap_or(Value::DATA);
        match self.texts_of(name) {
            Some(names) => {
                for name in names {
                    let symbol = self.name(&name);
                    self.subject = arguments.node.and_then(|node| node.arguments.args.first());
                    self.set_named(object, symbol, at, value);
                }
            }
            None => {
                let clients: Vec<_> = self
                    .values
                    .atoms(object)
                    .iter()
                    .filter_map(|atom| match *atom {
                        Atom::Client(client) => Some(client),
                        _ => None,
                    })
                    .collect();
                if clients.is_empty() {
                    if !self.is_open_to_names(object) {
                        self.reflection(at, "A member is set by a computed name.");
                    }
                } else {
                    for client in clients {
                        let name = self.name("(computed)");
                        self.client_set(client, object, name, at, value);
                    }
                }
                self.escape(value);
            }
        }
        Value::DATA
    }

    /// What the dictionaries of instances hold, under whatever name.
    fn named_members(&mut self, dictionaries: Value, at: TextRange) -> Value {
        let mut result = Value::DATA;
        let atoms = self.values.atoms(dictionaries);
        for atom in atoms.iter() {
            if matches!(atom, Atom::FieldsOf(_)) {
                let held = self.named_in(*atom, Value::UNKNOWN, at);
                result = self.values.join(result, held);
            }
        }
        result
    }

    /// An instance of the classes among `class`, made without calling anything.
    fn new_instance(&mut self, class: Value) -> Value {
        let mut result = self.instances(class);
        if result == Value::EMPTY {
            result = Value::UNKNOWN;
        }
        result
    }

    pub(super) fn dictionary_of(&mut self, object: Value, at: TextRange) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Path(path) => match self.paths.place(path) {
                    Place::Foreign => Value::UNKNOWN,
                    Place::Known { .. } if self.paths.text(path).contains("()") => Value::DATA,
                    _ => self.values.of(Atom::NamesOf(path)),
                },
                Atom::Object(class) | Atom::Parent(class) | Atom::Class(class) => {
                    self.values.of(Atom::FieldsOf(class))
                }
                Atom::Data | Atom::Constant(_) | Atom::Member(_) | Atom::Container(_) | Atom::Function(_) => {
                    Value::DATA
                }
                Atom::Client(_) => {
                    self.reflection(at, "The dictionary of a control system's object is reached.");
                    self.values.of(*atom)
                }
                Atom::Unknown if self.near.is_empty() => Value::UNKNOWN,
                Atom::Unknown | Atom::Names | Atom::NamesOf(_) | Atom::FieldsOf(_) | Atom::Modules => {
                    self.near_asked = true;
                    self.reflection(
                        at,
                        "The dictionary of an object is reached that could not be resolved.",
                    );
                    Value::UNKNOWN
                }
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// `partial(os.system, 'caput X 1')`: the effect is that of the call to come.
    fn partial_of_effect(&mut self, function: Value, at: TextRange, arguments: &Arguments<'a>) {
        let atoms = self.values.atoms(function);
        for atom in atoms.iter() {
            let Atom::Path(path) = *atom else { continue };
            if let Place::Known { effect: Some(effect) } = self.paths.place(path)
                && effect.rule.is_some()
            {
                let node = arguments.node.and_then(|node| node.arguments.args.first());
                let at = node.map_or(at, |node: &Expr| node.range());
                let rule = effect.rule.clone().unwrap_or_default();
                let category = effect.may_write;
                let why = format!(
                    "'{}' is handed on, so it can be called unseen.",
                    self.paths.text(path)
                );
                self.tell_effect(at, &rule, category, path, why);
            }
        }
    }
}

/// Whether a function of this name only computes.
fn is_mathematical(function: &str) -> bool {
    let base = function.trim_end_matches(['f', 'l']);
    [function, base].into_iter().any(|name| {
        matches!(
            name,
            "acos"
                | "acosh"
                | "asin"
                | "asinh"
                | "atan"
                | "atan2"
                | "atanh"
                | "cbrt"
                | "ceil"
                | "copysign"
                | "cos"
                | "cosh"
                | "erf"
                | "erfc"
                | "exp"
                | "exp2"
                | "expm1"
                | "fabs"
                | "floor"
                | "fmax"
                | "fmin"
                | "fmod"
                | "hypot"
                | "j0"
                | "j1"
                | "jn"
                | "lgamma"
                | "log"
                | "log10"
                | "log1p"
                | "log2"
                | "pow"
                | "round"
                | "sin"
                | "sinh"
                | "sqrt"
                | "tan"
                | "tanh"
                | "tgamma"
                | "trunc"
                | "y0"
                | "y1"
                | "yn"
        )
    })
}
