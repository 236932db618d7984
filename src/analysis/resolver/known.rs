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
                    let holder = self.collection(arguments.place, 6, given);
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
            "dataclasses" | "attr" | "attrs" | "pydantic" => self.call_dataclasses(name, at, arguments),
            "enum" => self.call_enumeration(path, name, arguments),
            "sys" if matches!(name, "exc_info" | "exception") => Some(self.being_handled(name, arguments)),
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
            "print" => {
                // It formats what it is given, and calls nothing else of it.
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
