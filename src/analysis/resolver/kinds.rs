//! What a class is by what it extends of Python's own, and the methods that it has by that.

use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    scopes::{ClassId, Kind},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// Whether one of two classes extends the other.
    pub(super) fn is_kin(&self, one: ClassId, other: ClassId) -> bool {
        self.world.ancestry(one).contains(&other) || self.world.ancestry(other).contains(&one)
    }

    fn class_by_name(&mut self, class: ClassId, name: &str) -> Option<Value> {
        let name = self.name(name);
        self.class_member_of(class, name)
    }

    /// Calls a method that a class has by what it extends, if it is one.
    pub(super) fn call_of_kind(
        &mut self,
        atom: Atom,
        class: ClassId,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        let known = self.world.class(class);
        let (kind, items) = (known.kind, known.items);
        let past = matches!(atom, Atom::Parent(_));
        match (kind, name) {
            (Kind::Record, _) if !past || !matches!(name, "__new__" | "__init__") => {
                self.call_record(class, name, at, arguments)
            }
            // A class that is made by its metaclass's hand is the one that is being defined.
            (Kind::Metaclass, "__new__") if past => {
                let made: Vec<Atom> = known.makes.iter().map(|&made| Atom::Class(made)).collect();
                if let Some(&names) = arguments.positional.get(3) {
                    for made in known.makes.clone() {
                        self.fields_from(made, names);
                    }
                }
                Some(self.values.any(made))
            }
            (_, "__new__") if past && items.is_some() => {
                let mut given = arguments.clone();
                if !given.positional.is_empty() {
                    given.positional.remove(0);
                }
                let more = self.fill_instance(class, at, &given);
                let made = self.instance(class);
                Some(self.values.join(made, more))
            }
            // An exception keeps what it is made with.
            (Kind::Plain, "__init__") if past && items.is_none() && !self.is_client_class(class) => {
                let given: Vec<Value> = arguments.all().collect();
                let mut kept = Value::EMPTY;
                for &value in &given {
                    let taint = self.taint(value);
                    kept = self.values.join(kept, taint);
                }
                if kept != Value::EMPTY {
                    let args = self.name("args");
                    let kept = self.tuple(arguments.place, 14, given);
                    self.world.set_field(&mut self.values, Some(class), args, kept);
                }
                None
            }
            (_, "model_dump" | "dict")
                if self.class_by_name(class, name).is_none() && !self.fields_of(class).is_empty() =>
            {
                self.call_record(class, "_asdict", at, arguments)
            }
            _ if !past
                && matches!(atom, Atom::Object(_))
                && items.is_none()
                && is_mixed_in(name)
                && self.class_by_name(class, name).is_none() =>
            {
                self.call_mixed_in(class, name, arguments)
            }
            (_, "__getattribute__" | "__getattr__") if past => {
                let name = arguments.positional.first().copied()?;
                let names = self.texts_of(name)?;
                let whole = self.values.of(Atom::Object(class));
                let mut result = Value::DATA;
                for name in names {
                    let name = self.name(&name);
                    let member = self.member(whole, name, at);
                    result = self.values.join(result, member);
                }
                Some(result)
            }
            (_, "__setattr__") if past && !self.is_client_class(class) => {
                let (name, value) = (arguments.positional.first()?, arguments.positional.get(1)?);
                let (name, value) = (*name, *value);
                match self.texts_of(name) {
                    Some(names) => {
                        for name in names {
                            let name = self.name(&name);
                            self.world.set_field(&mut self.values, Some(class), name, value);
                        }
                    }
                    None => self.world.set_open_field(&mut self.values, class, value),
                }
                Some(Value::DATA)
            }
            _ => None,
        }
    }
}

/// What a class is by extending this one of Python's own: its kind, whether the members of an enumeration
/// are data, and whether its instances are containers, and such with keys.
pub(super) fn inherited(base: &str) -> (Kind, bool, Option<bool>) {
    match base {
        "typing.NamedTuple" | "typing_extensions.NamedTuple" => (Kind::Record, false, Some(false)),
        "enum.Enum" | "enum.Flag" => (Kind::Enumeration, false, None),
        "enum.IntEnum" | "enum.StrEnum" | "enum.IntFlag" => (Kind::Enumeration, true, None),
        "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bytes" => (Kind::Plain, true, None),
        "builtins.type" | "abc.ABCMeta" | "enum.EnumMeta" | "enum.EnumType" => (Kind::Metaclass, false, None),
        "builtins.property" | "functools.cached_property" => (Kind::Property, false, None),
        "builtins.list"
        | "builtins.tuple"
        | "builtins.set"
        | "builtins.frozenset"
        | "collections.deque"
        | "collections.UserList"
        | "typing.List"
        | "typing.Tuple"
        | "typing.Set"
        | "typing.FrozenSet"
        | "typing.Deque" => (Kind::Plain, false, Some(false)),
        "builtins.dict"
        | "collections.UserDict"
        | "collections.OrderedDict"
        | "collections.defaultdict"
        | "collections.Counter"
        | "collections.ChainMap"
        | "typing.Dict"
        | "typing.OrderedDict"
        | "typing.DefaultDict"
        | "typing.TypedDict"
        | "typing_extensions.TypedDict" => (Kind::Plain, false, Some(true)),
        _ => (Kind::Plain, false, None),
    }
}

/// Whether a base class for containers brings a method of this name.
fn is_mixed_in(name: &str) -> bool {
    matches!(
        name,
        "get" | "pop" | "popitem" | "setdefault" | "values" | "items" | "update" | "append" | "extend"
    )
}
