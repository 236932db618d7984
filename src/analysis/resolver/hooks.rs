//! The hooks of the program's own classes that Python calls by itself: operators, items, iteration.

use ruff_python_ast::{CmpOp, Operator};
use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    scopes::{ClassId, Kind},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// What the hooks of these names give for an instance of the class; none if it has none of them.
    pub(super) fn hooked(&mut self, class: ClassId, hooks: &[&str], given: Vec<Value>) -> Option<Value> {
        let receiver = self.values.of(Atom::Object(class));
        let arguments = Arguments::of(TextRange::default(), given);
        self.hooked_on(class, receiver, hooks, &arguments)
    }

    /// The same for `receiver`, which the class is the type of.
    pub(super) fn hooked_on(
        &mut self,
        class: ClassId,
        receiver: Value,
        hooks: &[&str],
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        let mut result = None;
        for hook in hooks {
            let hook = self.name(hook);
            if !self.world.is_class_name(hook) {
                continue;
            }
            let mut members = self.class_member_of(class, hook).unwrap_or(Value::EMPTY);
            // An instance may be of a subclass, which has its own.
            for heir in self.world.descendants(class) {
                if let Some(own) = self.world.class_member(heir, hook) {
                    members = self.values.join(members, own);
                }
            }
            if members != Value::EMPTY {
                let given = self.call_on(members, receiver, arguments);
                result = Some(self.values.join(result.unwrap_or(Value::EMPTY), given));
            }
        }
        result
    }

    /// Whether hooks may come from somewhere that is not seen.
    fn has_hidden_hooks(&self, class: ClassId) -> bool {
        self.is_client_class(class)
    }

    /// What hooks give, and where they cannot be seen what they may give.
    fn hooked_or_implied(&mut self, class: ClassId, hooks: &[&str], given: Vec<Value>) -> Value {
        let result = self.hooked(class, hooks, given);
        match result {
            Some(result) if !self.has_hidden_hooks(class) => result,
            Some(result) => {
                let implied = self.implicit(class);
                self.values.join(result, implied)
            }
            None => self.implicit(class),
        }
    }

    /// What iterating over an instance gives.
    pub(super) fn iterated(&mut self, class: ClassId) -> Value {
        let iterator = self.hooked(class, &["__iter__", "__aiter__"], Vec::new());
        let mut result = self
            .hooked(class, &["__next__", "__anext__"], Vec::new())
            .unwrap_or(Value::EMPTY);
        match iterator {
            Some(iterator) => {
                let atoms = self.values.atoms(iterator);
                for atom in atoms.iter() {
                    let given = match *atom {
                        // It is its own iterator.
                        Atom::Object(other) if other == class => Value::EMPTY,
                        Atom::Class(other) => {
                            let mut given = Value::EMPTY;
                            for metaclass in self.world.class(other).made_by.clone() {
                                let next = self.hooked(metaclass, &["__next__"], Vec::new());
                                given = self.values.join(given, next.unwrap_or(Value::EMPTY));
                            }
                            given
                        }
                        Atom::Object(other) => {
                            self.hooked_or_implied(other, &["__next__", "__anext__"], Vec::new())
                        }
                        other => {
                            let other = self.values.of(other);
                            self.deeper_value(|resolver| resolver.iterate(other))
                        }
                    };
                    result = self.values.join(result, given);
                }
            }
            None => {
                let items = self.hooked(class, &["__getitem__"], vec![Value::DATA]);
                result = self.values.join(result, items.unwrap_or(Value::EMPTY));
            }
        }
        if result == Value::EMPTY || self.has_hidden_hooks(class) {
            let implied = self.implicit(class);
            result = self.values.join(result, implied);
        }
        result
    }

    /// What iterating over a class gives.
    pub(super) fn iterated_class(&mut self, class: ClassId) -> Value {
        let mut result = Value::DATA;
        if self.world.class(class).kind == Kind::Enumeration {
            // Its members: whichever it is, it gives what one of them holds.
            return self.instance(class);
        }
        for metaclass in self.world.class(class).made_by.clone() {
            let given = self.iterated(metaclass);
            result = self.values.join(result, given);
        }
        result
    }

    /// `object[index]` for an instance.
    pub(super) fn item_of(&mut self, class: ClassId, index: Value) -> Value {
        let items = self.world.class(class).items.is_some();
        let given = self.hooked(class, &["__getitem__", "__missing__"], vec![index]);
        match given {
            Some(given) if !self.has_hidden_hooks(class) => given,
            None if items => Value::EMPTY,
            _ => {
                let implied = self.implicit(class);
                self.values.join(given.unwrap_or(Value::EMPTY), implied)
            }
        }
    }

    /// `Class[index]`.
    pub(super) fn item_of_class(&mut self, class: ClassId, index: Value) -> Value {
        if self.world.class(class).kind == Kind::Enumeration {
            return self.member_by_name(class, index);
        }
        let this = self.values.of(Atom::Class(class));
        let arguments = Arguments::of(TextRange::default(), vec![index]);
        let mut result = Value::EMPTY;
        let hook = self.name("__class_getitem__");
        if let Some(members) = self.class_member_of(class, hook) {
            result = self.call_on(members, this, &arguments);
        }
        for metaclass in self.world.class(class).made_by.clone() {
            if let Some(given) = self.hooked_on(metaclass, this, &["__getitem__"], &arguments) {
                result = self.values.join(result, given);
            }
        }
        // Without a hook, it is the class for other types.
        if result == Value::EMPTY { this } else { result }
    }

    /// What an operator makes of two values.
    pub(super) fn operated(&mut self, operator: Operator, left: Value, right: Value) -> Value {
        let name = operator_name(operator);
        let (plain, augmented) = (format!("__{name}__"), format!("__i{name}__"));
        let reflected = format!("__r{name}__");
        let mut result = Value::DATA;
        for (side, other, hooks) in [
            (left, right, [plain.as_str(), augmented.as_str()]),
            (right, left, [reflected.as_str(), reflected.as_str()]),
        ] {
            let atoms = self.values.atoms(side);
            for atom in atoms.iter() {
                let given = match *atom {
                    Atom::Container(_) | Atom::Unknown => self.values.of(*atom),
                    Atom::Object(class) => match self.hooked(class, &hooks, vec![other]) {
                        Some(given) => given,
                        None if self.has_hidden_hooks(class) => self.implicit(class),
                        None => Value::EMPTY,
                    },
                    Atom::Class(class) => {
                        let mut given = Value::EMPTY;
                        let arguments = Arguments::of(TextRange::default(), vec![other]);
                        let this = self.values.of(*atom);
                        for metaclass in self.world.class(class).made_by.clone() {
                            let one = self.hooked_on(metaclass, this, &hooks, &arguments);
                            given = self.values.join(given, one.unwrap_or(Value::EMPTY));
                        }
                        given
                    }
                    _ => Value::EMPTY,
                };
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// What a comparison gives, and whom it calls for that.
    pub(super) fn compared(&mut self, operator: CmpOp, left: Value, right: Value) -> Value {
        if matches!(left, Value::DATA | Value::UNKNOWN) && matches!(right, Value::DATA | Value::UNKNOWN) {
            return Value::DATA;
        }
        let (hooks, reflected): (&[&str], &[&str]) = match operator {
            CmpOp::Eq | CmpOp::NotEq => (&["__eq__", "__ne__"], &["__eq__", "__ne__"]),
            CmpOp::Lt => (&["__lt__"], &["__gt__"]),
            CmpOp::LtE => (&["__le__"], &["__ge__"]),
            CmpOp::Gt => (&["__gt__"], &["__lt__"]),
            CmpOp::GtE => (&["__ge__"], &["__le__"]),
            CmpOp::In | CmpOp::NotIn => (&["__eq__"], &["__contains__"]),
            CmpOp::Is | CmpOp::IsNot => return Value::DATA,
        };
        let contains = matches!(operator, CmpOp::In | CmpOp::NotIn);
        let mut result = Value::DATA;
        for (side, other, hooks) in [(left, right, hooks), (right, left, reflected)] {
            let own = self.values.only(side, |atom| matches!(atom, Atom::Object(_)));
            let atoms = self.values.atoms(own);
            for atom in atoms.iter() {
                let Atom::Object(class) = *atom else { continue };
                // What is looked for in a container is compared with what that holds.
                let other = if contains && hooks == ["__eq__"] {
                    self.iterate(other)
                } else {
                    other
                };
                let given = self.hooked(class, hooks, vec![other]);
                let given = given.unwrap_or(Value::EMPTY);
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// What `await value` gives.
    pub(super) fn awaited(&mut self, value: Value) -> Value {
        let atoms = self.values.atoms(value);
        let mut result = value;
        for atom in atoms.iter() {
            if let Atom::Object(class) = *atom
                && let Some(given) = self.hooked(class, &["__await__"], Vec::new())
            {
                result = self.values.join(result, given);
            }
        }
        result
    }

    /// What `with value as …` binds for an instance.
    pub(super) fn entered(&mut self, class: ClassId) -> Value {
        self.hooked_or_implied(class, &["__enter__", "__aenter__"], Vec::new())
    }

    /// What is raised within a `with` is handed to what was entered.
    pub(super) fn exited(&mut self, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Object(class) = *atom {
                let raised = self.raised.read(&self.world.clock);
                let raised = self.values.join(Value::DATA, raised);
                let given = vec![Value::DATA, raised, Value::DATA];
                self.hooked(class, &["__exit__", "__aexit__"], given);
            }
        }
    }

    /// The methods that a class has by its own `__getitem__` and `__setitem__`, where a base class that is
    /// not the program's own has the rest.
    pub(super) fn call_mixed_in(
        &mut self,
        class: ClassId,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        let first = arguments.positional.first().copied();
        let place = arguments.place;
        match name {
            "get" | "pop" | "popitem" | "setdefault" | "values" | "items" => {
                let index = first.unwrap_or(Value::DATA);
                let mut element = self.hooked(class, &["__getitem__"], vec![index])?;
                if let Some(&fallback) = arguments.positional.get(1) {
                    element = self.values.join(element, fallback);
                    if name == "setdefault" {
                        self.hooked(class, &["__setitem__"], vec![index, fallback]);
                    }
                }
                Some(match name {
                    "values" => self.collection(place, 11, element),
                    "items" | "popitem" => {
                        let names = self.iterated(class);
                        let pair = self.tuple(place, 10, vec![names, element]);
                        if name == "items" {
                            self.collection(place, 11, pair)
                        } else {
                            pair
                        }
                    }
                    _ => element,
                })
            }
            "update" => {
                let values: Vec<Value> = arguments.all().collect();
                for value in values {
                    let (name, held) = (self.iterate(value), self.contents(value));
                    self.hooked(class, &["__setitem__"], vec![name, held])?;
                }
                Some(Value::DATA)
            }
            "append" => {
                let given = vec![Value::DATA, first?];
                self.hooked(class, &["insert"], given)
            }
            "extend" => {
                let element = self.iterate(first?);
                let given = vec![Value::DATA, element];
                self.hooked(class, &["insert"], given)
            }
            _ => None,
        }
    }

    /// What a function gives that asks its first argument's own hook.
    pub(super) fn call_asking(&mut self, name: &str, arguments: &Arguments<'a>) -> Option<Value> {
        let (&first, rest) = arguments.positional.split_first()?;
        if !self.values.has(first, |atom| matches!(atom, Atom::Object(_))) {
            return None;
        }
        let hook = format!("__{name}__");
        let mut result = None;
        let atoms = self.values.atoms(first);
        for atom in atoms.iter() {
            if let Atom::Object(class) = *atom
                && let Some(given) = self.hooked(class, &[hook.as_str()], rest.to_vec())
            {
                result = Some(self.values.join(result.unwrap_or(Value::DATA), given));
            }
        }
        result
    }

    /// What `sum` makes of elements that bring their own addition.
    pub(super) fn summed(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
        let element = self.iterate(arguments.positional.first().copied()?);
        if !self.values.has(element, |atom| matches!(atom, Atom::Object(_))) {
            return None;
        }
        let start = arguments.positional.get(1).copied().unwrap_or(Value::DATA);
        let sum = self.operated(Operator::Add, start, element);
        let either = self.values.join(sum, element);
        let more = self.operated(Operator::Add, either, element);
        Some(self.values.join(sum, more))
    }

    /// `dict.__setitem__(self, …)`: a method of one of Python's own containers, called on one.
    pub(super) fn call_of_container(
        &mut self,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        let (kind, method) = name.split_once('.')?;
        if !matches!(kind, "list" | "dict" | "set" | "tuple" | "frozenset") {
            return None;
        }
        let (&receiver, _) = arguments.positional.split_first()?;
        let mut given = arguments.clone();
        given.positional.remove(0);
        let mut result = None;
        let atoms = self.values.atoms(receiver);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom
                && self.world.held(id).is_own
            {
                let made = self.call_container(id, *atom, method, at, &given);
                result = Some(self.values.join(result.unwrap_or(Value::EMPTY), made));
            }
        }
        result
    }

    /// `super()`: an instance seen past the class's own members.
    pub(super) fn parent(&mut self, class: ClassId) -> Value {
        let instance = self.instance(class);
        let items = self
            .values
            .only(instance, |atom| matches!(atom, Atom::Container(_)));
        let parent = self.values.of(Atom::Parent(class));
        self.values.join(parent, items)
    }

    /// The exception that is being handled, alone or with its type and its trace.
    pub(super) fn being_handled(&mut self, name: &str, arguments: &Arguments<'a>) -> Value {
        let raised = self.raised.read(&self.world.clock);
        let raised = self.values.join(Value::DATA, raised);
        if name == "exception" {
            return raised;
        }
        self.tuple(arguments.place, 14, vec![Value::DATA, raised, Value::DATA])
    }
}

/// The middle of the names of an operator's hooks.
fn operator_name(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "add",
        Operator::Sub => "sub",
        Operator::Mult => "mul",
        Operator::MatMult => "matmul",
        Operator::Div => "truediv",
        Operator::Mod => "mod",
        Operator::Pow => "pow",
        Operator::LShift => "lshift",
        Operator::RShift => "rshift",
        Operator::BitOr => "or",
        Operator::BitXor => "xor",
        Operator::BitAnd => "and",
        Operator::FloorDiv => "floordiv",
    }
}
