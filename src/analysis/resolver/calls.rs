//! Calls: of the program's own functions, of Python's own, of what nobody knows.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, handed::MAX_CALLEES};
use crate::analysis::{
    paths::{PathId, Place, Symbol},
    scopes::{ContainerId, key},
    values::{Atom, Value},
};

/// The arguments of a call, evaluated.
#[derive(Debug, Clone, Default)]
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
        let named = self.named_writes;
        let arguments = self.arguments(node);
        let hands_on = self.named_writes != named;
        match &*node.func {
            Expr::Attribute(attribute) => {
                self.base = key(&*attribute.value);
                let object = self.expression(&attribute.value);
                let at = attribute.attr.range();
                self.note_hit(at, object, true);
                self.note_channels(at, &arguments);
                let name = self.name(attribute.attr.as_str());
                self.subject = Some(&node.func);
                let result = self.call_member(object, name, at, &arguments);
                if self.name_traits(name).inserts {
                    self.fill(object, &attribute.value, &arguments);
                }
                let submits = matches!(attribute.attr.as_str(), "submit" | "run_in_executor");
                let known = |atom| match atom {
                    Atom::Path(path) => matches!(self.paths.place(path), Place::Known { .. }),
                    // What makes no effect of its own, as an executor, is plain data.
                    Atom::Data => submits,
                    _ => false,
                };
                if hands_on && self.values.slice(object).iter().copied().all(known) {
                    self.defer_to(node, attribute.attr.as_str());
                }
                result
            }
            Expr::Name(name) => {
                let value = self.look_up(name);
                self.note_hit(name.range(), value, true);
                self.note_channels(name.range(), &arguments);
                self.subject = Some(&node.func);
                let result = self.call_value(value, name.range(), &arguments);
                if hands_on {
                    self.defer(node, value);
                }
                result
            }
            other => {
                let value = self.expression(other);
                self.subject = Some(&node.func);
                self.call_value(value, other.range(), &arguments)
            }
        }
    }

    pub(super) fn arguments(&mut self, node: &'a ast::ExprCall) -> Arguments<'a> {
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
    pub(super) fn note_channels(&mut self, at: TextRange, arguments: &Arguments<'a>) {
        let start = at.start().to_u32();
        if !self.within.is_empty() || !self.program.hits.contains(&start) {
            return;
        }
        let first = ["pvname", "channel", "channel_address", "name"]
            .into_iter()
            .find_map(|name| self.argument(arguments, 0, name));
        if let Some(names) = first.and_then(|first| self.channel_names(first)) {
            self.found().facts.channels_at.insert(start, names);
        }
    }

    /// What a method of one of Python's own objects is given stays in it.
    pub(super) fn fill(&mut self, object: Value, receiver: &'a Expr, arguments: &Arguments<'a>) {
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
        if self.values.has(object, |atom| matches!(atom, Atom::Path(_))) {
            // Modules keep nothing, and what other objects keep is known by their paths.
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
                Atom::Container(id) if self.world.held(id).partial.is_some() => {
                    let partial = self.world.partial(id);
                    partial.map_or(Value::UNKNOWN, |partial| {
                        let completed = self.completed(&partial, arguments);
                        self.deeper(|resolver| Some(resolver.call_value(partial.callable, at, &completed)))
                            .unwrap_or(Value::UNKNOWN)
                    })
                }
                Atom::Container(id) => {
                    let elements = self.world.elements(id);
                    let mut callable = self.values.only(elements, |atom| {
                        matches!(atom, Atom::Function(_) | Atom::Class(_))
                    });
                    if self.world.held(id).is_carrier {
                        let hook = self.name("__call__");
                        let carried = self.world.carried(id);
                        let classes = self
                            .values
                            .only(carried, |atom| matches!(atom, Atom::Function(_) | Atom::Class(_)));
                        let objects = self.meant_by(id, hook);
                        let objects = self.values.only(objects, |atom| matches!(atom, Atom::Object(_)));
                        callable = self.values.join(callable, classes);
                        callable = self.values.join(callable, objects);
                    } else {
                        self.put_by_method(id, arguments);
                    }
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

    pub(super) fn call_hook_of_client(
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
    pub(super) fn call_unknown(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
        for value in arguments.all() {
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
    pub(super) fn spoil_lists(&mut self, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom
                && !self.world.held(id).is_tuple
            {
                self.world.spoil(id);
            }
        }
    }

    /// The lists in `value` may be changed where that is not seen: what they hold then is not known.
    fn open_lists(&mut self, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let Atom::Container(id) = *atom else { continue };
            if self.world.held(id).is_carrier {
                continue;
            }
            if self.world.held(id).is_tuple {
                let parts = self.world.elements(id);
                let atoms = self.values.atoms(parts);
                for part in atoms.iter() {
                    if let Atom::Container(part) = *part
                        && !self.world.held(part).is_tuple
                    {
                        self.world.spoil(part);
                        self.world.hold(&mut self.values, part, Value::DATA);
                    }
                }
            } else {
                self.world.spoil(id);
                self.world.hold(&mut self.values, id, Value::DATA);
            }
        }
    }

    /// A method of a container was named first and is called now: it may put in what it is given.
    pub(super) fn put_by_method(&mut self, id: ContainerId, arguments: &Arguments<'a>) {
        for value in arguments.all().collect::<Vec<_>>() {
            let (contents, names) = match self.values.is_calm(value) {
                true => (Value::DATA, Value::DATA),
                false => (self.contents(value), self.iterate(value)),
            };
            self.world.spoil(id);
            self.world.hold_key(&mut self.values, id, names);
            // Which method it was is not known: what is held counts as data too, of any kind.
            for value in [value, contents, Value::DATA] {
                self.world.hold(&mut self.values, id, value);
            }
        }
    }

    /// A tuple of exactly these elements.
    pub(super) fn tuple(&mut self, place: usize, part: u8, elements: Vec<Value>) -> Value {
        let (id, fresh) = self.world.container(place, part);
        self.world.set_exact(&mut self.values, id, elements, fresh);
        self.values.of(Atom::Container(id))
    }

    /// Calls what an import or a builtin leads to.
    pub(super) fn call_path(&mut self, path: PathId, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let effect = match self.paths.place(path) {
            Place::Library { .. } => return self.call_library(path, at, arguments),
            Place::Foreign => return self.call_unknown(at, arguments),
            Place::Known { effect } => effect,
        };
        let text = self.paths.text(path);
        let traits = self.paths.traits(path);
        if let Some(value) = self.call_known(&text, at, arguments) {
            return value;
        }
        if let Some(effect) = effect
            && let Some(value) = self.effect_of_call(effect, path, at, arguments)
        {
            return value;
        }
        if traits.is_computed
            && let Some(value) = self.folded(&text, arguments)
        {
            return value;
        }
        if traits.rearranges {
            for value in arguments.all() {
                self.spoil_lists(value);
            }
        }
        let last = &text[usize::from(traits.last)..];
        let holds_member = |value| self.values.has(value, |atom| matches!(atom, Atom::Member(_)));
        if arguments.all().any(holds_member) && self.knowledge.is_caller(last) {
            self.possible(
                at,
                "A member of a control system's object is handed on to be called; it may write.",
            );
        }
        let given = self.hand_functions(last, arguments);
        let none = Arguments {
            place: arguments.place,
            ..Arguments::default()
        };
        if self.paths.is_plain(path) {
            // What its callbacks give may still come out.
            return self.carry(Value::DATA, given, &none);
        }
        let only_runs = self.only_runs(last, arguments);
        let kept = if only_runs {
            Value::EMPTY
        } else {
            if traits.passes_on {
                // What is handed on with `**` is handed on as a copy.
                let copied = [self.name("kwargs"), self.name("kwds")];
                for &(_, value) in arguments.named.iter().filter(|(name, _)| copied.contains(name)) {
                    let held = self.contents(value);
                    self.open_lists(held);
                }
                let others = arguments.named.iter().filter(|(name, _)| !copied.contains(name));
                let others = others.map(|&(_, value)| value);
                let unnamed = arguments.positional.iter().copied();
                let stars = [arguments.star.map(|(_, value)| value), arguments.double_star];
                for value in unnamed.chain(others).chain(stars.into_iter().flatten()) {
                    self.open_lists(value);
                }
            }
            self.keep_arguments(path, last, arguments)
        };
        let arguments = if only_runs { &none } else { arguments };
        self.near_asked = true;
        let result = match self.paths.result(path) {
            None if !self.near.is_empty() => self.paths.made(path),
            result => result,
        };
        let result = match result {
            Some(result) => self.values.of(Atom::Path(result)),
            None => Value::DATA,
        };
        let result = if traits.passes_on && arguments.all().any(|value| value == Value::UNKNOWN) {
            self.values.join(result, Value::UNKNOWN)
        } else {
            result
        };
        let result = self.carry(result, given, arguments);
        self.values.join(result, kept)
    }
}
