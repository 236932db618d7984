//! Dictionaries of names: of the program, of modules, of instances.

use super::{Resolver, rule};
use crate::{
    analysis::{
        paths::{Place, Symbol},
        scopes::ClassId,
        values::{Atom, Value},
    },
    model::{Category, Evidence},
};
use ruff_text_size::TextRange;

impl<'a> Resolver<'a, '_> {
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
                    let mut kin = self.world.ancestry(class);
                    kin.extend(self.world.descendants(class));
                    for ancestor in kin {
                        let fields = self.world.field_names(ancestor);
                        self.work += fields.len() as u64;
                        for field in fields {
                            let value = self.world.field(ancestor, field);
                            result = self.values.join(result, value);
                        }
                        let open = self.world.open_field(ancestor);
                        result = self.values.join(result, open);
                        let members: Vec<Symbol> = self.world.names_of(ancestor).collect();
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
    pub(super) fn fields_from(&mut self, class: ClassId, value: Value) {
        for (name, value) in self.named_pairs(value) {
            self.world.set_field(&mut self.values, Some(class), name, value);
        }
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom
                && self.world.pairs(id).is_none()
            {
                // Which name is whose is not known.
                let held = self.world.elements(id);
                self.world.set_open_field(&mut self.values, class, held);
            }
        }
    }
}
