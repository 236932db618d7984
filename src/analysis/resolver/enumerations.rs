//! Enumerations: what a body binds becomes its members, which give it back as their value.

use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    constants::Constant,
    paths::Symbol,
    scopes::{ClassId, How, Kind, MAX_ENTRIES},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// Makes members of what the body of an enumeration binds.
    pub(super) fn enumerate_members(&mut self, class: ClassId) {
        let scope = self.world.class(class).scope;
        let mut bound: Vec<Symbol> = self
            .world
            .scope_ref(scope)
            .bindings
            .iter()
            .filter(|(_, binding)| matches!(binding.how, How::Assigned(_) | How::Element(_)))
            .map(|(&name, _)| name)
            .collect();
        bound.sort_unstable();
        for name in bound {
            if self.symbols.text(name).starts_with('_') {
                continue;
            }
            if let Some(value) = self.world.class_member(class, name) {
                self.add_member(class, name, value);
            }
        }
    }

    fn add_member(&mut self, class: ClassId, name: Symbol, value: Value) {
        let entry = self.world.add_entry(class, name);
        let text = self.symbols.text(name);
        let text = self.text(&text);
        // Where one class stands for many members, they are told apart no longer.
        let crowded = self.world.class(class).entries.len() >= MAX_ENTRIES;
        let (value, text) = if crowded {
            (self.values.widened(value), Value::DATA)
        } else {
            (value, text)
        };
        for (field, held) in [
            ("value", value),
            ("_value_", value),
            ("name", text),
            ("_name_", text),
        ] {
            let field = self.name(field);
            let scope = self.world.class(entry).scope;
            let at = TextRange::default();
            self.world
                .bind(&mut self.values, scope, field, held, How::Defined, at);
        }
        // Each member is made by the constructor, if there is one.
        let mut made = Arguments::none(TextRange::default());
        match *self.values.atoms(value) {
            [Atom::Container(id)] if self.world.held(id).is_tuple => match self.world.exact(id) {
                Some(elements) => made.positional = elements,
                None => made.star = Some((0, self.world.elements(id))),
            },
            _ => made.positional = vec![value],
        }
        for hook in ["__init__", "__new__"] {
            let hook = self.name(hook);
            if let Some(members) = self.class_member_of(class, hook) {
                self.call_members(members, &made);
            }
        }
    }

    /// The member `name` of an enumeration, if that is what it is.
    pub(super) fn enumerated(&mut self, class: ClassId, name: Symbol) -> Option<Value> {
        if self.world.class(class).kind != Kind::Enumeration {
            return None;
        }
        if let Some(entry) = self.world.entry(class, name) {
            let raw = self.world.class_member(class, name)?;
            let plain = |atom| matches!(atom, Atom::Constant(_) | Atom::Data);
            if self.world.class(class).of_data && self.values.slice(raw).iter().all(|&atom| plain(atom)) {
                return Some(raw);
            }
            return Some(self.values.of(Atom::Object(entry)));
        }
        let text = self.symbols.text(name);
        match &*text {
            "value" | "_value_" | "name" | "_name_" => self.held_by_members(class, name),
            "__members__" | "_member_map_" | "_value2member_map_" => Some(self.members_by_name(class)),
            _ => None,
        }
    }

    /// What a field of the members holds, of whichever it may be.
    fn held_by_members(&mut self, class: ClassId, name: Symbol) -> Option<Value> {
        if let Some(own) = self.world.class_member(class, name) {
            // Of one member, or a property of the program's own.
            return self.world.class(class).entries.is_empty().then_some(own);
        }
        let mut result = self.world.field(class, name);
        let mut kin = self.world.descendants(class);
        kin.push(class);
        for kind in kin {
            for entry in self.world.class(kind).entries.clone() {
                if let Some(held) = self.world.class_member(entry, name) {
                    result = self.values.join(result, held);
                }
            }
        }
        (result != Value::EMPTY).then_some(result)
    }

    fn members_by_name(&mut self, class: ClassId) -> Value {
        let scope = self.world.class(class).scope;
        let (id, fresh) = self.world.container(usize::MAX - scope.number(), 20);
        let held = self.world.held_mut(id);
        held.is_dictionary = true;
        if fresh {
            held.by_key = Some(Default::default());
        }
        let entries = &self.world.class(class).entries;
        if entries.len() >= MAX_ENTRIES {
            let members = entries.iter().map(|&entry| Atom::Object(entry)).collect();
            let members = self.values.any(members);
            self.hold_at(id, Value::DATA, members);
            return self.values.of(Atom::Container(id));
        }
        let mut bound: Vec<Symbol> = self.world.scope_ref(scope).bindings.keys().copied().collect();
        bound.sort_unstable();
        for name in bound {
            if let Some(entry) = self.world.entry(class, name) {
                let text = self.symbols.text(name);
                let text = self.text(&text);
                let member = self.values.of(Atom::Object(entry));
                self.hold_at(id, text, member);
            }
        }
        self.values.of(Atom::Container(id))
    }

    /// `Colour['RED']`: a member by its name.
    pub(super) fn member_by_name(&mut self, class: ClassId, index: Value) -> Value {
        let members = self.members_by_name(class);
        let [Atom::Container(id)] = *self.values.atoms(members) else {
            return Value::DATA;
        };
        self.held_at(id, index)
    }

    /// The functions of `enum`.
    pub(super) fn call_enumeration(
        &mut self,
        path: &str,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        match name {
            "member" | "nonmember" => arguments.positional.first().copied(),
            "property" => Some(self.made_property(arguments)),
            "Enum" | "IntEnum" | "StrEnum" | "Flag" | "IntFlag" => self.made_enumeration(path, arguments),
            _ => None,
        }
    }

    /// `Enum(name, members)`.
    pub(super) fn made_enumeration(&mut self, path: &str, arguments: &Arguments<'a>) -> Option<Value> {
        let members = self.argument(arguments, 1, "names")?;
        let class = self.plain_class(arguments.place, Vec::new());
        let base = self.paths.of(path);
        let base = self.values.of(Atom::Path(base));
        self.extend(class, base);
        let scope = self.world.class(class).scope;
        for (name, value) in self.member_pairs(members) {
            self.world.bind(
                &mut self.values,
                scope,
                name,
                value,
                How::Defined,
                TextRange::default(),
            );
            self.add_member(class, name, value);
        }
        Some(self.values.of(Atom::Class(class)))
    }

    /// The names and values that a call makes an enumeration of.
    fn member_pairs(&mut self, members: Value) -> Vec<(Symbol, Value)> {
        let mut pairs = self.named_pairs(members);
        if let Some(names) = self.field_names_of(members).filter(|_| pairs.is_empty()) {
            for name in names {
                pairs.push((self.name(&name), Value::DATA));
            }
        }
        let rows = match *self.values.atoms(members) {
            [Atom::Container(id)] => self.world.exact(id).unwrap_or_default(),
            _ => Vec::new(),
        };
        for row in rows {
            let (name, value) = (self.element(row, 0, 2, true), self.element(row, 1, 2, true));
            if let Some(Constant::Text(name)) = self.constant_of(name) {
                pairs.push((self.name(&name), value));
            }
        }
        pairs
    }
}
