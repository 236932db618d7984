//! Python's own functions whose result follows from what they are given.

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    paths::Place,
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
                    let holder = self.carrier(arguments.place, 6, given);
                    if let Some(partial) = self.partial(first, arguments) {
                        return Some(partial);
                    }
                    let made = self.values.join(callable, holder);
                    // What a known effect does with the first arguments is looked at when it is named.
                    self.partial_of_effect(first, at, arguments);
                    Some(self.values.join(made, Value::DATA))
                }
                "cached_property" => Some(self.made_property(arguments)),
                "lru_cache" | "cache" | "singledispatch" | "total_ordering" | "update_wrapper" => {
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
                let first = arguments.positional.first().copied()?;
                Some(self.copied(first, arguments))
            }
            "asyncio" | "concurrent" => {
                let name = path.rsplit('.').next().unwrap_or(name);
                self.call_waiting(name, arguments)
            }
            "random" if matches!(name, "choice" | "choices" | "sample") => {
                let elements = self.iterate(arguments.positional.first().copied()?);
                Some(if name == "choice" {
                    self.values.join(elements, Value::DATA)
                } else {
                    self.collection(arguments.place, 11, elements)
                })
            }
            "heapq" | "bisect" => self.call_sorted_list(name, arguments),
            "contextlib" => match name.rsplit_once('.') {
                Some((_, "enter_context" | "enter_async_context")) => {
                    let first = arguments.positional.first().copied()?;
                    Some(self.enter(first))
                }
                _ => None,
            },
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
            "dataclasses" | "attr" | "attrs" | "pydantic" => self.call_dataclasses(name, at, arguments),
            "enum" => self.call_enumeration(path, name, arguments),
            "sys" if matches!(name, "exc_info" | "exception") => Some(self.being_handled(name, arguments)),
            "json" if name == "loads" => self.document(arguments),
            "types" if name == "SimpleNamespace" => Some(self.namespace(arguments)),
            "argparse" if name == "Namespace" => Some(self.namespace(arguments)),
            "collections" if name == "namedtuple" => self.named_tuple(arguments),
            "typing" if name == "NamedTuple" => self.named_tuple(arguments),
            "typing" if name == "cast" => arguments.positional.get(1).copied(),
            "weakref" if matches!(name, "WeakSet" | "WeakKeyDictionary" | "WeakValueDictionary") => {
                let builtin = if name == "WeakSet" { "list" } else { "dict" };
                self.call_builtin(builtin, at, arguments)
            }
            "collections" if name == "defaultdict" => {
                let (&factory, rest) = arguments.positional.split_first()?;
                let made = Arguments {
                    positional: rest.to_vec(),
                    named: arguments.named.clone(),
                    double_star: arguments.double_star,
                    star: arguments.star,
                    place: arguments.place,
                    node: None,
                };
                let made = self.made_dictionary(&made);
                let none = Arguments {
                    place: arguments.place,
                    ..Arguments::default()
                };
                let element = self.call_value(factory, at, &none);
                let atoms = self.values.atoms(made);
                for atom in atoms.iter() {
                    if let Atom::Container(id) = *atom {
                        self.world.spoil(id);
                        self.world.hold(&mut self.values, id, element);
                    }
                }
                Some(made)
            }
            "collections" if matches!(name, "deque" | "OrderedDict" | "ChainMap") => {
                let builtin = if name == "deque" { "list" } else { "dict" };
                let made = self.call_builtin(builtin, at, arguments)?;
                if name != "ChainMap" {
                    return Some(made);
                }
                // It shows what the dictionaries hold when it is asked, and writes into the first.
                Some(
                    arguments
                        .positional
                        .iter()
                        .fold(made, |joined, &value| self.values.join(joined, value)),
                )
            }
            "itertools" => match name {
                "chain"
                | "chain.from_iterable"
                | "cycle"
                | "islice"
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
                "repeat" => {
                    let first = arguments.positional.first().copied()?;
                    Some(self.collection(arguments.place, 13, first))
                }
                "groupby" => {
                    self.hand_functions(name, arguments);
                    let elements = self.iterate(arguments.positional.first().copied()?);
                    let group = self.collection(arguments.place, 12, elements);
                    // The groups are named by what the function gives, or by the elements themselves.
                    let names = self.values.join(elements, Value::DATA);
                    let pair = self.tuple(arguments.place, 10, vec![names, group]);
                    Some(self.collection(arguments.place, 13, pair))
                }
                "zip_longest" => {
                    let mut rows = self.call_builtin("zip", at, arguments)?;
                    if let Some(filler) = self.named_argument(arguments, "fillvalue") {
                        let row = self.iterate(rows);
                        let atoms = self.values.atoms(row);
                        for atom in atoms.iter() {
                            if let Atom::Container(id) = *atom {
                                self.world.spoil(id);
                                self.world.hold(&mut self.values, id, filler);
                            }
                        }
                        rows = self.collection(arguments.place, 13, row);
                    }
                    Some(rows)
                }
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn call_builtin(
        &mut self,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
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
                Some(class) => self.parent(class),
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
                if !self.holds_lists(first)
                    && let Some(value) = self.folded(&format!("builtins.{name}"), arguments)
                {
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
                if name == "iter" && arguments.positional.len() > 1 {
                    // It calls the function until that gives the sentinel.
                    let given = self.call_value(first, at, &Arguments::none(at));
                    return Some(self.collection(arguments.place, 11, given));
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
                if let Some(fallback) = self.named_argument(arguments, "default") {
                    result = self.values.join(result, fallback);
                }
                Some(self.values.join(result, Value::DATA))
            }
            "type" => Some(match arguments.positional.as_slice() {
                [object] => self.type_of(*object),
                [_, bases, names, ..] => self.made_class(*bases, *names, arguments),
                _ => Value::UNKNOWN,
            }),
            "abs" | "round" | "divmod" | "pow" => self.call_asking(name, arguments),
            "sum" => self.summed(arguments),
            "ExceptionGroup" | "BaseExceptionGroup" => {
                // Each of them is raised with it.
                let raised = self.iterate(arguments.positional.get(1).copied()?);
                self.raised.grow(&mut self.world.clock, &mut self.values, raised);
                None
            }
            "staticmethod" => {
                self.make_static(first?);
                first
            }
            "classmethod" => {
                self.make_of_class(first?);
                first
            }
            "property" => Some(self.made_property(arguments)),
            _ if is_method_of_container(name) => {
                let (&object, rest) = arguments.positional.split_first()?;
                let (_, method) = name.split_once('.')?;
                let called = Arguments {
                    positional: rest.to_vec(),
                    star: arguments.star,
                    named: arguments.named.clone(),
                    double_star: arguments.double_star,
                    place: arguments.place,
                    node: None,
                };
                let method = self.name(method);
                Some(self.call_member(object, method, at, &called))
            }
            "print" => {
                // It formats what it is given, and calls nothing else of it than the `write` of its file.
                let file = self.name("file");
                if let Some(&(_, stream)) = arguments.named.iter().find(|(name, _)| *name == file) {
                    self.written_to(stream, at);
                }
                Some(Value::DATA)
            }
            _ => self.call_of_container(name, at, arguments),
        }
    }

    /// `map(function, …)`: element by element where all is known.
    pub(super) fn mapped_over(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
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

    pub(super) fn call_operator(
        &mut self,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
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
                self.keep_getter(name, arguments);
                None
            }
            "itemgetter" => {
                self.keep_getter(name, arguments);
                None
            }
            "attrgetter()" | "methodcaller()" | "itemgetter()" => self.call_getter(name, at, arguments),
            "iadd" | "iconcat" | "ior" | "iand" | "ixor" | "isub" | "imul" => {
                let (&object, &value) = (arguments.positional.first()?, arguments.positional.get(1)?);
                Some(self.grown(object, value, arguments.place))
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

    /// What a getter of `operator` is made with is asked for when it is called, wherever that is.
    fn keep_getter(&mut self, name: &str, arguments: &Arguments<'a>) {
        let place = self.paths.of(&format!("operator.{name}()")).number();
        let (names, rest) = match name {
            "methodcaller" => arguments.positional.split_at(arguments.positional.len().min(1)),
            _ => (arguments.positional.as_slice(), [].as_slice()),
        };
        for (part, values) in [(21, names.to_vec()), (22, rest.to_vec())] {
            for value in values {
                self.collection(place, part, value);
            }
        }
    }

    /// `attrgetter('x')(object)`.
    fn call_getter(&mut self, name: &str, at: TextRange, arguments: &Arguments<'a>) -> Option<Value> {
        let object = arguments.positional.first().copied()?;
        let place = self.paths.of(&format!("operator.{name}")).number();
        let (asked, _) = self.world.container(place, 21);
        let asked = self.world.elements(asked);
        let mut result = Value::EMPTY;
        if name == "itemgetter()" {
            result = self.item(object, asked, at);
        } else {
            let (rest, _) = self.world.container(place, 22);
            let rest = self.world.elements(rest);
            for text in self.texts_of(asked)? {
                let mut value = object;
                for part in text.split('.') {
                    let part = self.name(part);
                    value = if name == "attrgetter()" {
                        self.member(value, part, at)
                    } else {
                        let called = Arguments {
                            star: (rest != Value::EMPTY).then_some((0, rest)),
                            place: arguments.place,
                            ..Arguments::default()
                        };
                        self.call_member(value, part, at, &called)
                    };
                }
                result = self.values.join(result, value);
            }
        }
        // Of several names it gives a tuple.
        let all = self.collection(arguments.place, 12, result);
        let all = self.bearing(all);
        Some(self.values.join(result, all))
    }

    /// A copy may be made by a hook of the object's own.
    fn copied(&mut self, object: Value, arguments: &Arguments<'a>) -> Value {
        let mut result = object;
        let flat = self.flat(object);
        let atoms = self.values.atoms(flat);
        for atom in atoms.iter() {
            let Atom::Object(class) = *atom else { continue };
            for hook in ["__copy__", "__deepcopy__", "__replace__"] {
                let hook = self.name(hook);
                if let Some(members) = self.class_member_of(class, hook) {
                    let given = self.call_members(members, &Arguments::of(TextRange::default(), vec![]));
                    result = self.values.join(result, given);
                    if flat != object {
                        let deep = self.carry(Value::EMPTY, given, arguments);
                        result = self.values.join(result, deep);
                    }
                }
            }
        }
        result
    }

    /// What waits for others gives these back.
    fn call_waiting(&mut self, name: &str, arguments: &Arguments<'a>) -> Option<Value> {
        match name {
            "as_completed" => {
                let waiting = self.iterate(arguments.positional.first().copied()?);
                Some(self.collection(arguments.place, 11, waiting))
            }
            "wait" => {
                let waiting = self.iterate(arguments.positional.first().copied()?);
                let some = self.collection(arguments.place, 11, waiting);
                Some(self.tuple(arguments.place, 14, vec![some, some]))
            }
            "gather" => Some(match arguments.star {
                None => self.tuple(arguments.place, 14, arguments.positional.clone()),
                Some((_, rest)) => {
                    let all = arguments
                        .positional
                        .iter()
                        .fold(rest, |joined, &value| self.values.join(joined, value));
                    self.collection(arguments.place, 14, all)
                }
            }),
            _ => None,
        }
    }

    /// Lists that are kept in order: what is put in comes out again.
    fn call_sorted_list(&mut self, name: &str, arguments: &Arguments<'a>) -> Option<Value> {
        let (&first, rest) = arguments.positional.split_first()?;
        self.hand_functions(name, arguments);
        match name {
            "heappush" | "heappushpop" | "heapreplace" | "insort" | "insort_left" | "insort_right" => {
                let item = rest.first().copied()?;
                let atoms = self.values.atoms(first);
                for atom in atoms.iter() {
                    if let Atom::Container(id) = *atom {
                        self.world.spoil(id);
                        self.world.hold(&mut self.values, id, item);
                    }
                }
                Some(match name {
                    "heappushpop" | "heapreplace" => self.iterate(first),
                    _ => Value::DATA,
                })
            }
            "heapify" | "heappop" => {
                self.spoil_lists(first);
                Some(if name == "heappop" {
                    self.iterate(first)
                } else {
                    Value::DATA
                })
            }
            "nsmallest" | "nlargest" => {
                let elements = self.iterate(rest.first().copied()?);
                Some(self.collection(arguments.place, 11, elements))
            }
            "merge" => {
                let mut elements = Value::EMPTY;
                for &value in &arguments.positional {
                    let more = self.iterate(value);
                    elements = self.values.join(elements, more);
                }
                Some(self.collection(arguments.place, 11, elements))
            }
            _ => None,
        }
    }

    fn named_argument(&mut self, arguments: &Arguments<'a>, name: &str) -> Option<Value> {
        let name = self.name(name);
        let known = arguments.named.iter().find(|(known, _)| *known == name);
        known.map(|&(_, value)| value)
    }

    /// Whether a member of this name may be a write of some library, or leads around the names.
    pub(super) fn may_write(&mut self, name: &str) -> bool {
        let symbol = self.name(name);
        self.knowledge.is_gateway(name)
            || matches!(name, "__dict__" | "__class__")
            || (self.writes_nearby(symbol) || (name == "value" && !self.near.is_empty()))
            || self.knowledge.effect(&format!("os.{name}")).is_some()
    }

    /// `partial(os.system, 'caput X 1')`: the effect is that of the call to come.
    pub(super) fn partial_of_effect(&mut self, function: Value, at: TextRange, arguments: &Arguments<'a>) {
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

/// Whether it is a method that is named through the type of its container: `list.append`.
fn is_method_of_container(name: &str) -> bool {
    matches!(
        name.split_once('.'),
        Some(("list" | "dict" | "set" | "tuple" | "frozenset", method))
            if !matches!(method, "fromkeys" | "__new__" | "__init_subclass__")
    )
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
