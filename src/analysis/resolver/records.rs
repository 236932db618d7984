//! Classes whose fields are known: records, dataclasses and their like.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments, classes::last_name};
use crate::analysis::{
    paths::Symbol,
    scopes::{Class, ClassId, ContainerId, Field, Given, How, Kind, ScopeKind},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// The fields that the body of a class declares, in order.
    pub(super) fn fields_of_body(&mut self, body: &[Stmt]) -> Vec<Field> {
        let mut fields = Vec::new();
        let mut by_name = false;
        for statement in body {
            let (target, annotation, value) = match statement {
                Stmt::AnnAssign(field) => (&*field.target, Some(&*field.annotation), field.value.as_deref()),
                Stmt::Assign(field) => match field.targets.as_slice() {
                    [target] if is_field(&field.value) => (target, None, Some(&*field.value)),
                    _ => continue,
                },
                _ => continue,
            };
            let Expr::Name(name) = target else { continue };
            let kind = annotation.map_or("", last_name);
            by_name |= kind == "KW_ONLY";
            if matches!(kind, "KW_ONLY" | "ClassVar") || has_flag(value, "init", false) {
                continue;
            }
            fields.push(Field {
                name: self.symbols.of(name.id.as_str()),
                given: match kind {
                    "InitVar" => Given::ToHook,
                    _ if by_name || has_flag(value, "kw_only", true) => Given::ByName,
                    _ => Given::Anyhow,
                },
            });
        }
        fields
    }

    /// All fields of a class, those that it inherits first.
    pub(super) fn fields_of(&self, class: ClassId) -> Vec<Field> {
        let mut fields: Vec<Field> = Vec::new();
        for ancestor in self.world.ancestry(class).into_iter().rev() {
            for &field in &self.world.class(ancestor).fields {
                if !fields.iter().any(|known| known.name == field.name) {
                    fields.push(field);
                }
            }
        }
        fields
    }

    /// What stands for a field in a class's body: its default, or what makes it.
    pub(super) fn made_field(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let mut result = Value::EMPTY;
        for &(name, value) in &arguments.named {
            let made = match &*self.symbols.text(name) {
                "default" => value,
                "default_factory" | "factory" => self.call_value(value, at, &Arguments::none(at)),
                // It is called with what the field is given, which is seen only later.
                "converter" => {
                    let given = Arguments::of(at, vec![Value::DATA]);
                    self.call_value(value, at, &given)
                }
                _ => continue,
            };
            result = self.values.join(result, made);
        }
        // Some libraries take the default first.
        if let Some(&first) = arguments.positional.first() {
            result = self.values.join(result, first);
        }
        if result == Value::EMPTY {
            Value::DATA
        } else {
            result
        }
    }

    /// What an object that makes a default when asked for one gives.
    pub(super) fn made_default(&mut self, at: TextRange, arguments: &Arguments<'a>) -> Option<Value> {
        let factory = arguments.positional.first().copied().or_else(|| {
            let name = self.name("factory");
            let named = arguments.named.iter().find(|(known, _)| *known == name);
            named.map(|&(_, value)| value)
        })?;
        Some(self.call_value(factory, at, &Arguments::none(at)))
    }

    /// The items of a record are its fields in order.
    pub(super) fn fill_record(&mut self, class: ClassId, row: Vec<Value>) {
        let items = self.world.items(class);
        let held = self.world.held_mut(items);
        held.is_tuple = true;
        let fresh = held.exact.is_none() && held.elements.seen() == Value::EMPTY;
        if self.world.class(class).fields.is_empty() && row.is_empty() {
            self.world.spoil(items);
        } else {
            self.world.set_exact(&mut self.values, items, row, fresh);
        }
    }

    /// An instance of a class that is a container holds what it is made of.
    pub(super) fn fill_items(&mut self, items: ContainerId, at: TextRange, arguments: &Arguments<'a>) {
        let atom = Atom::Container(items);
        self.call_container(items, atom, "__init__", at, arguments);
        // What makes the values that are missing.
        let given = self.hand_functions("", arguments);
        let taint = self.taint(given);
        if taint != Value::EMPTY {
            self.world.hold(&mut self.values, items, taint);
        }
    }

    /// The methods that every record has.
    pub(super) fn call_record(
        &mut self,
        class: ClassId,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        match name {
            "_make" => {
                let row = arguments.positional.first().copied()?;
                let exact = match *self.values.atoms(row) {
                    [Atom::Container(id)] => self.world.exact(id),
                    _ => None,
                };
                let mut made = Arguments::none(at);
                match exact {
                    Some(elements) => made.positional = elements,
                    None => made.star = Some((0, self.iterate(row))),
                }
                Some(self.call_class(class, at, &made))
            }
            "_replace" => Some(self.replaced(class, arguments)),
            "_asdict" => Some(self.as_dictionary(class)),
            _ => None,
        }
    }

    /// An instance with other fields.
    fn replaced(&mut self, class: ClassId, arguments: &Arguments<'a>) -> Value {
        for (name, value) in arguments.named.clone() {
            self.world.set_field(&mut self.values, Some(class), name, value);
        }
        if let Some(more) = arguments.double_star {
            self.fields_from(class, more);
        }
        if self.world.class(class).kind == Kind::Record {
            let row = self
                .fields_of(class)
                .into_iter()
                .map(|field| self.field_of(class, field.name))
                .collect();
            self.fill_record(class, row);
        }
        self.instance(class)
    }

    /// What a field of an instance holds.
    fn field_of(&mut self, class: ClassId, name: Symbol) -> Value {
        let at = TextRange::default();
        self.quietly(|resolver| resolver.member_of_class(class, class, name, true, at))
    }

    /// The fields of an instance as a dictionary, and those of instances in it likewise.
    pub(super) fn as_dictionary(&mut self, class: ClassId) -> Value {
        let place = usize::MAX - self.world.class(class).scope.number();
        let (id, fresh) = self.world.container(place, 18);
        let held = self.world.held_mut(id);
        held.is_dictionary = true;
        if fresh {
            held.by_key = Some(Default::default());
        }
        if self.plain.insert((class, true)) {
            for field in self.fields_of(class) {
                let value = self.field_of(class, field.name);
                let value = self.made_plain(value, true);
                let name = self.symbols.text(field.name);
                let name = self.text(&name);
                self.hold_at(id, name, value);
            }
        }
        self.values.of(Atom::Container(id))
    }

    fn as_tuple(&mut self, class: ClassId) -> Value {
        let place = usize::MAX - self.world.class(class).scope.number();
        let (id, fresh) = self.world.container(place, 19);
        self.world.held_mut(id).is_tuple = true;
        if self.plain.insert((class, false)) {
            let row = self
                .fields_of(class)
                .into_iter()
                .map(|field| {
                    let value = self.field_of(class, field.name);
                    self.made_plain(value, false)
                })
                .collect();
            self.world.set_exact(&mut self.values, id, row, fresh);
        }
        self.values.of(Atom::Container(id))
    }

    /// The same with the instances of dataclasses as plain containers.
    fn made_plain(&mut self, value: Value, named: bool) -> Value {
        let mut result = value;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Object(class) = *atom
                && !self.fields_of(class).is_empty()
            {
                let made = self.deeper_value(|resolver| {
                    if named {
                        resolver.as_dictionary(class)
                    } else {
                        resolver.as_tuple(class)
                    }
                });
                result = self.values.join(result, made);
            }
        }
        result
    }

    /// The functions of `dataclasses` and of `attrs`.
    pub(super) fn call_dataclasses(
        &mut self,
        name: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        match name {
            "field" | "ib" | "attrib" | "Field" | "PrivateAttr" => {
                return Some(self.made_field(at, arguments));
            }
            "Factory" => return self.made_default(at, arguments),
            "make_dataclass" | "make_class" => return self.made_dataclass(arguments),
            _ => {}
        }
        let of = arguments.positional.first().copied()?;
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(of);
        for atom in atoms.iter() {
            let (Atom::Object(class) | Atom::Class(class)) = *atom else {
                continue;
            };
            let given = match name {
                "asdict" => self.as_dictionary(class),
                "astuple" => self.as_tuple(class),
                "replace" | "evolve" => self.replaced(class, arguments),
                "fields" => self.described_fields(class, arguments),
                _ => continue,
            };
            result = self.values.join(result, given);
        }
        (result != Value::EMPTY).then_some(result)
    }

    /// What `fields` tells of a class: objects with a name and a default.
    fn described_fields(&mut self, class: ClassId, arguments: &Arguments<'a>) -> Value {
        let described = self.plain_class(arguments.place, Vec::new());
        let (name, default) = (self.name("name"), self.name("default"));
        for field in self.fields_of(class) {
            let text = self.symbols.text(field.name);
            let text = self.text(&text);
            self.world
                .set_field(&mut self.values, Some(described), name, text);
            if let Some(value) = self.class_member_of(class, field.name) {
                self.world
                    .set_field(&mut self.values, Some(described), default, value);
            }
        }
        let object = self.values.of(Atom::Object(described));
        self.collection(arguments.place, 11, object)
    }

    fn made_dataclass(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
        let names = arguments.positional.get(1).copied()?;
        let names = self.field_names_of(names)?;
        let fields = names.iter().map(|name| self.name(name)).collect();
        let class = self.plain_class(arguments.place, fields);
        Some(self.values.of(Atom::Class(class)))
    }

    /// `namedtuple(name, fields)`, where the fields are known.
    pub(super) fn named_tuple(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
        let fields = self.argument(arguments, 1, "field_names")?;
        let names = self.field_names_of(fields)?;
        let fields: Vec<Symbol> = names.iter().map(|name| self.name(name)).collect();
        let class = self.plain_class(arguments.place, fields.clone());
        self.world.class_mut(class).kind = Kind::Record;
        self.world.items(class);
        let defaults = self.name("defaults");
        let defaults = arguments.named.iter().find(|(name, _)| *name == defaults);
        if let Some(&(_, defaults)) = defaults {
            let default = self.iterate(defaults);
            let scope = self.world.class(class).scope;
            let at = TextRange::default();
            for field in fields {
                self.world
                    .bind(&mut self.values, scope, field, default, How::Defined, at);
            }
        }
        Some(self.values.of(Atom::Class(class)))
    }

    /// The names that fields are declared with: in one text, one by one, or with their types.
    pub(super) fn field_names_of(&mut self, fields: Value) -> Option<Vec<String>> {
        if let Some(texts) = self.texts_of(fields) {
            return match texts.as_slice() {
                [text] => Some(
                    text.split([',', ' '])
                        .filter(|part| !part.is_empty())
                        .map(str::to_owned)
                        .collect(),
                ),
                _ => None,
            };
        }
        let [Atom::Container(id)] = *self.values.atoms(fields) else {
            return None;
        };
        let rows = if self.world.held(id).is_dictionary {
            let pairs = self.world.pairs(id)?;
            pairs
                .into_iter()
                .map(|(name, _)| self.values.of(Atom::Constant(name)))
                .collect()
        } else {
            self.world.exact(id)?
        };
        let mut names = Vec::with_capacity(rows.len());
        for row in rows {
            let name = match *self.values.atoms(row) {
                [Atom::Container(row)] => self.world.exact(row)?.first().copied()?,
                _ => row,
            };
            match self.texts_of(name)?.as_slice() {
                [only] => names.push(only.clone()),
                _ => return None,
            }
        }
        Some(names)
    }

    /// A class that no statement defines, with these fields.
    pub(super) fn plain_class(&mut self, place: usize, fields: Vec<Symbol>) -> ClassId {
        if let Some(id) = self.world.known_class(place) {
            return id;
        }
        let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
        let fields = fields
            .into_iter()
            .map(|name| Field {
                name,
                given: Given::Anyhow,
            })
            .collect();
        self.world.add_class(place, Class::new(scope, fields))
    }
}

/// Whether a value in a class's body declares a field.
fn is_field(value: &Expr) -> bool {
    match value {
        Expr::Call(call) => matches!(last_name(&call.func), "ib" | "attrib" | "field"),
        _ => false,
    }
}

/// Whether the call that declares a field says so.
fn has_flag(value: Option<&Expr>, flag: &str, wanted: bool) -> bool {
    let Some(Expr::Call(call)) = value else {
        return false;
    };
    call.arguments.keywords.iter().any(|keyword| {
        keyword.arg.as_ref().is_some_and(|name| name.as_str() == flag)
            && matches!(&keyword.value, Expr::BooleanLiteral(literal) if literal.value == wanted)
    })
}
