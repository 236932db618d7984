//! What setting a member or an item does.

use super::Resolver;
use crate::{
    analysis::{
        constants::Constant,
        paths::{Place, Symbol},
        scopes::{ClassId, World},
        values::{Atom, Value},
    },
    model::{Category, Evidence},
};
use ruff_python_ast as ast;
use ruff_text_size::{Ranged, TextRange};

impl<'a> Resolver<'a, '_> {
    /// What is set as `object.name`.
    pub(super) fn set_member(
        &mut self,
        object: Value,
        name: &'a ast::Identifier,
        at: TextRange,
        value: Value,
    ) {
        self.note_hit(name.range(), object, false);
        let symbol = self.name(name.as_str());
        self.set_named(object, symbol, at, value);
    }

    pub(super) fn set_named(&mut self, object: Value, name: Symbol, at: TextRange, value: Value) {
        let text = self.symbols.text(name);
        let atoms = self.values.atoms(object);
        let own = atoms
            .iter()
            .all(|atom| matches!(atom, Atom::Object(_) | Atom::Data | Atom::Container(_)));
        let own_value = self
            .values
            .slice(value)
            .iter()
            .all(|atom| matches!(atom, Atom::Class(_)));
        let gateway = self.knowledge.is_gateway(&text) && &*text != "__dict__";
        if gateway && !(&*text == "__class__" && own && own_value) {
            self.reflection(at, format!("'{text}' of an object is replaced."));
        }
        for atom in atoms.iter() {
            match *atom {
                Atom::Client(client) => self.client_set(client, object, name, at, value),
                Atom::Member(_) => {
                    self.possible(at, format!("'{text}' of a control system's object is set."))
                }
                Atom::Path(path) => {
                    self.set_of_path(path, name, at, value);
                    self.world.set_attribute(&mut self.values, *atom, name, value);
                }
                Atom::Object(class) | Atom::Class(class) | Atom::Parent(class) => {
                    self.set_own(class, name, at, value);
                    if matches!(atom, Atom::Class(_)) {
                        self.attach(value, class);
                    }
                }
                Atom::Unknown => {
                    if self.writes_nearby(name)
                        || (matches!(&*text, "value" | "VAL") && !self.near.is_empty())
                    {
                        self.possible(
                            at,
                            format!("'{text}' of something that could not be resolved is set."),
                        );
                    }
                    self.world.set_field(&mut self.values, None, name, value);
                }
                Atom::NamesOf(_) | Atom::Names | Atom::Modules => {
                    self.tamper(at, Category::PotentialWrite, "A scope's dictionary is changed.");
                }
                Atom::Container(id) if self.world.held(id).is_own => {}
                Atom::Container(id) => {
                    self.world.set_field(&mut self.values, None, name, value);
                    // What is carried may be what is set.
                    let meant = if self.world.held(id).is_carrier {
                        let bearing = self.bearing(value);
                        self.put_into_carrier(id, bearing, true);
                        self.meant_by(id, name)
                    } else {
                        let elements = self.world.elements(id);
                        self.values.only(elements, |atom| matches!(atom, Atom::Client(_)))
                    };
                    if meant != Value::EMPTY {
                        self.set_named(meant, name, at, value);
                    }
                }
                Atom::Function(_) => {
                    self.world.set_field(&mut self.values, None, name, value);
                    self.world.set_attribute(&mut self.values, *atom, name, value);
                }
                Atom::Data | Atom::Constant(_) | Atom::FieldsOf(_) => {
                    self.world.set_field(&mut self.values, None, name, value);
                }
            }
        }
        if atoms.is_empty() {
            self.world.set_field(&mut self.values, None, name, value);
        }
    }

    pub(super) fn set_own(&mut self, class: ClassId, name: Symbol, at: TextRange, value: Value) {
        let text = self.symbols.text(name);
        let defined = self.class_member_of(class, name);
        if let Some(member) = defined {
            let atoms = self.values.atoms(member);
            for atom in atoms.iter() {
                match *atom {
                    // The setter of a property.
                    Atom::Function(function) if self.world.function(function).is_property => {
                        let arguments = super::calls::Arguments::of(at, vec![value]);
                        self.call_own(function, &arguments, true);
                    }
                    // A component of a device is written through by its name in some libraries.
                    Atom::Client(client) if self.is_client_class(class) => {
                        let whole = self.values.of(*atom);
                        let hook = self.name("value");
                        self.client_set(client, whole, hook, at, value);
                    }
                    Atom::Object(descriptor) => self.set_described(descriptor, class, value),
                    _ => {}
                }
            }
        }
        if defined.is_none() {
            for of in self.client_types(class) {
                let member = self.knowledge.member(of, &text);
                let listed = !matches!(
                    member.does,
                    crate::analysis::knowledge::Does::Unlisted | crate::analysis::knowledge::Does::Quiet
                );
                if listed && !self.knowledge.is_settable(of, &text) {
                    let client = self
                        .values
                        .client_of(crate::analysis::values::Client { of, channel: None });
                    let whole = self.values.of(Atom::Client(client));
                    self.client_set(client, whole, name, at, value);
                }
            }
            if self.extends_unknown(class) && self.writes_nearby(name) {
                self.possible(
                    at,
                    format!("'{text}' of something that could not be resolved is set."),
                );
            }
        }
        self.world.set_field(&mut self.values, Some(class), name, value);
        let hook = self.name("__setattr__");
        if let Some(hook) = self.class_member_of(class, hook) {
            let text = self.text(&text);
            self.call_members(hook, &super::calls::Arguments::of(at, vec![text, value]));
        }
    }

    pub(super) fn set_of_path(
        &mut self,
        path: crate::analysis::paths::PathId,
        name: Symbol,
        at: TextRange,
        value: Value,
    ) {
        let text = self.paths.text(path);
        let member = self.symbols.text(name);
        match self.paths.place(path) {
            Place::Library { .. } => {
                // The type's member, or a function of the library, is replaced by another.
                let taint = self.taint(value);
                self.world.set_field(&mut self.values, None, name, taint);
                self.library_set(path, name, at);
            }
            Place::Known { .. } if &*text == "sys" && &*member == "path" => self.tell_of_path(at),
            Place::Known { .. } => {
                let replaceable = text.contains("()")
                    || &*text == "sys"
                        && matches!(
                            &*member,
                            "stdout" | "stderr" | "stdin" | "argv" | "exitcode" | "ps1"
                        );
                if self.paths.is_guarded(path) && !replaceable {
                    let category = if matches!(&*text, "sys" | "builtins") {
                        Category::PotentialWrite
                    } else {
                        Category::Risk
                    };
                    self.tamper(
                        at,
                        category,
                        format!("'{text}.{member}' is replaced, which others rely on."),
                    );
                    self.escape(value);
                }
                self.world.set_field(&mut self.values, None, name, value);
                let bearing = self.bearing(value);
                self.keep(path, bearing, true);
            }
            Place::Foreign => {
                if self.holds_client(value) {
                    self.possible(
                        at,
                        "A control system's object is handed to a module of which nothing is known.",
                    );
                }
                self.escape(value);
            }
        }
    }

    /// Tells that modules may be found in another place.
    fn tell_of_path(&mut self, at: TextRange) {
        self.tell(
            at,
            "dynamic_import",
            Category::PotentialWrite,
            Evidence::Unresolved,
            "A place is added where modules are found.".to_owned(),
        );
    }

    /// What is set as `object[index]`.
    pub(super) fn set_item(&mut self, object: Value, index: Value, at: TextRange, value: Value) {
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            match *atom {
                Atom::Container(id) => {
                    if self.world.held(id).is_dictionary {
                        self.hold_at(id, index, value);
                    } else if self.world.held(id).is_carrier {
                        let bearing = self.bearing(value);
                        self.put_into_carrier(id, bearing, true);
                        let hook = self.name("__setitem__");
                        let meant = self.meant_by(id, hook);
                        let meant = self.values.only(meant, |atom| matches!(atom, Atom::Object(_)));
                        self.set_item(meant, index, at, value);
                    } else {
                        self.world.spoil(id);
                        self.world.hold(&mut self.values, id, value);
                    }
                }
                Atom::Client(client) => {
                    let name = self.name("__setitem__");
                    self.client_item_set(client, name, at, index, value);
                }
                Atom::Path(path) => {
                    let text = self.paths.text(path);
                    match self.paths.place(path) {
                        Place::Library { .. } => self.possible(at, format!("An item of '{text}' is set.")),
                        _ if is_environment(&text) && self.is_guarding_variable(index) => {
                            self.tamper(
                                at,
                                Category::Risk,
                                "An environment variable that guards the run is changed.",
                            );
                        }
                        // What is taken out adds no place.
                        _ if &*text == "sys.path" && value != Value::EMPTY => self.tell_of_path(at),
                        _ if &*text == "builtins" => {
                            self.tamper(
                                at,
                                Category::PotentialWrite,
                                "Python's built-in names are replaced.",
                            );
                        }
                        Place::Known { .. } => {
                            let bearing = self.bearing(value);
                            self.keep(path, bearing, true);
                        }
                        Place::Foreign => {}
                    }
                }
                Atom::Names => {
                    let names = self.texts_of(index);
                    self.tamper(at, Category::PotentialWrite, "A scope's dictionary is changed.");
                    for name in names.unwrap_or_default() {
                        let symbol = self.name(&name);
                        let how = crate::analysis::scopes::How::Defined;
                        self.world
                            .bind(&mut self.values, World::MODULE, symbol, value, how, at);
                    }
                }
                Atom::NamesOf(_) | Atom::Modules => {
                    self.tamper(
                        at,
                        Category::PotentialWrite,
                        "A module's dictionary or the table of modules is changed.",
                    );
                }
                Atom::FieldsOf(class) => match self.texts_of(index) {
                    Some(names) => {
                        for name in names {
                            let name = self.name(&name);
                            self.set_own(class, name, at, value);
                        }
                    }
                    None if !self.client_types(class).is_empty() => {
                        self.possible(
                            at,
                            "A field of a control system's object is set by a computed name.",
                        );
                    }
                    None => self.world.set_open_field(&mut self.values, class, value),
                },
                Atom::Object(class) | Atom::Class(class) | Atom::Parent(class) => {
                    let (hook, given) = if value == Value::EMPTY {
                        ("__delitem__", vec![index])
                    } else {
                        ("__setitem__", vec![index, value])
                    };
                    if self.hooked(class, &[hook], given).is_some() {
                        continue;
                    }
                    if !self.client_types(class).is_empty() {
                        self.possible(at, "An item of a control system's object is set.");
                    }
                }
                Atom::Unknown | Atom::Member(_) | Atom::Data | Atom::Constant(_) | Atom::Function(_) => {}
            }
        }
    }

    /// What is set as `object[from:to]`: a list takes the elements in.
    pub(super) fn set_slice(&mut self, object: Value, index: Value, at: TextRange, value: Value) {
        let elements = self.iterate(value);
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom {
                self.world.spoil(id);
                self.world.hold(&mut self.values, id, elements);
            }
        }
        let rest = self
            .values
            .only(object, |atom| !matches!(atom, Atom::Container(_)));
        self.set_item(rest, index, at, value);
    }

    /// A container, a variable or a field now holds `content` too.
    pub(super) fn put_into(&mut self, target: &'a ast::Expr, content: Value) {
        let mut at = target;
        loop {
            match at {
                ast::Expr::Name(name) => {
                    let holder = self.collection(crate::analysis::scopes::key(name), 9, content);
                    let how = crate::analysis::scopes::How::Assigned(at);
                    return self.bind(name.id.as_str(), holder, how, name.range());
                }
                ast::Expr::Attribute(attribute) => {
                    let holder = self.collection(crate::analysis::scopes::key(attribute), 9, content);
                    let object = self.quietly(|resolver| resolver.expression(&attribute.value));
                    let name = self.name(attribute.attr.as_str());
                    let atoms = self.values.atoms(object);
                    let mut set = false;
                    for atom in atoms.iter() {
                        if let Atom::Object(class) | Atom::Class(class) = *atom {
                            self.world.set_field(&mut self.values, Some(class), name, holder);
                            set = true;
                        }
                    }
                    if !set {
                        self.world.set_field(&mut self.values, None, name, holder);
                    }
                    return;
                }
                ast::Expr::Subscript(subscript) => at = &subscript.value,
                ast::Expr::Call(call) => at = &call.func,
                _ => return,
            }
        }
    }

    /// Whether a change of this environment variable may loosen what guards the run.
    pub(super) fn is_guarding_variable(&mut self, name: Value) -> bool {
        let Some(constants) = self.constants_of(name) else {
            return true;
        };
        let prefixes = &self.knowledge.python().guarding_variables;
        constants.iter().any(|constant| match constant {
            Constant::Text(text) => prefixes.iter().any(|prefix| text.starts_with(prefix.as_str())),
            _ => true,
        })
    }
}

fn is_environment(path: &str) -> bool {
    matches!(path, "os.environ" | "os.environb" | "posix.environ")
}
