//! Members and classes reached by name.

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    paths::Place,
    values::{Atom, Value},
};
use ruff_text_size::TextRange;

impl<'a> Resolver<'a, '_> {
    /// The type of an object, which gives its members as the object does.
    pub(super) fn type_of(&mut self, object: Value) -> Value {
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

    pub(super) fn get_attribute(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
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
    pub(super) fn is_open_to_names(&self, object: Value) -> bool {
        self.is_harmless(object)
            && self.values.slice(object).iter().all(|&atom| match atom {
                Atom::Path(path) => !self.paths.is_guarded(path) || self.paths.text(path).contains("()"),
                Atom::Class(_) | Atom::Function(_) => true,
                _ => true,
            })
    }

    pub(super) fn set_attribute(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
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
                for atom in self.values.atoms(object).iter() {
                    if let Atom::Object(class) | Atom::Class(class) | Atom::Parent(class) = *atom {
                        self.world.set_open_field(&mut self.values, class, value);
                    }
                }
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
    pub(super) fn named_members(&mut self, dictionaries: Value, at: TextRange) -> Value {
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
    pub(super) fn new_instance(&mut self, class: Value) -> Value {
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
}
