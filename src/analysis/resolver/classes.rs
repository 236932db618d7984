//! The program's own classes.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, calls::Arguments, kinds::inherited};
use crate::analysis::{
    constants::Constant,
    knowledge::Does,
    paths::{PathId, Place, Symbol},
    scopes::{Class, ClassId, Given, How, Kind, ScopeKind, key},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// The class whose method is being looked at.
    pub(super) fn enclosing_class(&self) -> Option<ClassId> {
        self.function.and_then(|id| self.world.function(id).class)
    }

    pub(super) fn define_class(&mut self, node: &'a ast::StmtClassDef) {
        let mut decorators = Vec::with_capacity(node.decorator_list.len());
        for decorator in &node.decorator_list {
            decorators.push(self.expression(&decorator.expression));
        }
        let mut bases = Value::EMPTY;
        let mut metaclasses = Value::EMPTY;
        let mut given = Arguments::none(node.name.range());
        if let Some(arguments) = &node.arguments {
            for base in &arguments.args {
                let base = self.expression(base);
                bases = self.values.join(bases, base);
            }
            for keyword in &arguments.keywords {
                let value = self.expression(&keyword.value);
                match &keyword.arg {
                    Some(name) if name.as_str() == "metaclass" => {
                        metaclasses = self.values.join(metaclasses, value);
                    }
                    Some(name) => given.named.push((self.symbols.of(name.as_str()), value)),
                    None => given.double_star = Some(value),
                }
            }
        }
        let place = key(node);
        let known = self.world.known_class(place);
        let id = match known {
            Some(id) => id,
            None => {
                let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
                let fields = self.fields_of_body(&node.body);
                let mut class = Class::new(scope, fields);
                class.at = node.name.range();
                self.world.add_class(place, class)
            }
        };
        self.extend(id, bases);
        self.make_by(id, metaclasses);
        let mut value = self.values.of(Atom::Class(id));
        self.note_hit(node.name.range(), value, false);
        self.prepare(id, node.name.range());
        let scope = self.world.class(id).scope;
        let outer = std::mem::replace(&mut self.scope, scope);
        let outer_class = self.class.replace(id);
        self.block(&node.body);
        self.scope = outer;
        self.class = outer_class;
        self.complete(id, node.name.as_str(), &given);
        for by in decorators.into_iter().rev() {
            value = self.decorated_class(value, by, node.name.range());
        }
        self.bind(node.name.as_str(), value, How::Defined, node.name.range());
    }

    /// What a decorator makes of a class.
    fn decorated_class(&mut self, value: Value, by: Value, at: TextRange) -> Value {
        let mut result = Value::EMPTY;
        let arguments = Arguments::of(at, vec![value]);
        let atoms = self.values.atoms(by);
        for atom in atoms.iter() {
            let made = match *atom {
                Atom::Function(function) => self.call_own(function, &arguments, false),
                Atom::Class(_) | Atom::Object(_) => {
                    let one = self.values.of(*atom);
                    let made = self.call_value(one, at, &arguments);
                    self.values.join(made, value)
                }
                Atom::Client(_) | Atom::Member(_) => {
                    self.possible(at, "A class is handed to a control system's client library.");
                    value
                }
                _ => value,
            };
            result = self.values.join(result, made);
        }
        let itself = self.values.only(value, |atom| matches!(atom, Atom::Class(_)));
        self.values.join(result, itself)
    }

    /// What the class extends.
    pub(super) fn extend(&mut self, id: ClassId, bases: Value) {
        let atoms = self.values.atoms(bases);
        for atom in atoms.iter() {
            match *atom {
                Atom::Class(base) if base != id => self.extend_own(id, base),
                Atom::Path(path) => match self.paths.place(path) {
                    Place::Library { library, member } => {
                        let of = match member.does {
                            Does::Gives(of) => of,
                            _ => self.knowledge.any_of(library),
                        };
                        self.world.extend_client(id, of);
                    }
                    Place::Foreign => self.world.extend_unknown(id),
                    Place::Known { .. } => {
                        self.tell_extension(path, id);
                        let text = self.paths.text(path);
                        self.extend_known(id, &text);
                    }
                },
                Atom::Client(client) | Atom::Member(client) => {
                    let of = self.values.client(client).of;
                    self.world.extend_client(id, of);
                }
                Atom::Unknown | Atom::Modules | Atom::Names | Atom::NamesOf(_) => {
                    self.world.extend_unknown(id);
                }
                _ => {}
            }
        }
    }

    fn extend_own(&mut self, id: ClassId, base: ClassId) {
        if self.world.class(id).bases.contains(&base) {
            return;
        }
        let known = self.world.class(base);
        let (kind, of_data, items) = (known.kind, known.of_data, known.items);
        let made_by = known.made_by.clone();
        self.world.extend(id, base);
        let class = self.world.class_mut(id);
        let before = (class.kind, class.of_data, class.items);
        if class.kind == Kind::Plain {
            class.kind = kind;
        }
        class.of_data |= of_data;
        class.items = class.items.or(items);
        if before != (class.kind, class.of_data, class.items) {
            self.world.wake_class(id);
        }
        for metaclass in made_by {
            self.made_by(id, metaclass);
        }
    }

    /// What extending a class of Python's own or of a common package does, where that is known.
    fn tell_extension(&mut self, path: PathId, id: ClassId) {
        let hook = format!("{}.__init_subclass__", self.paths.text(path));
        let exactly = hook.len() + 1;
        if let Some((covered, effect)) = self.knowledge.effect_found(&hook)
            && covered == exactly
            && let Some(rule) = &effect.rule
        {
            let why = format!("'{}' is extended.", self.paths.text(path));
            let at = self.world.class(id).at;
            self.tell_effect(at, rule, effect.may_write, path, why);
        }
    }

    /// What a class is that extends one of Python's own.
    fn extend_known(&mut self, id: ClassId, base: &str) {
        let (kind, of_data, holds) = inherited(base);
        let class = self.world.class_mut(id);
        if class.kind == Kind::Plain {
            class.kind = kind;
        }
        class.of_data |= of_data;
        if let Some(is_dictionary) = holds
            && class.items.is_none()
        {
            let items = self.world.items(id);
            let held = self.world.held_mut(items);
            held.is_dictionary = is_dictionary;
            if is_dictionary {
                held.by_key = Some(Default::default());
            }
        }
    }

    /// What Python does with a class once its body has been run.
    pub(super) fn complete(&mut self, id: ClassId, name: &str, given: &Arguments<'a>) {
        if self.world.class(id).kind == Kind::Enumeration {
            self.enumerate_members(id);
        }
        let this = self.values.of(Atom::Class(id));
        self.name_descriptors(id, this);
        let hook = self.name("__init_subclass__");
        let inherited = self
            .world
            .ancestry(id)
            .into_iter()
            .skip(1)
            .find_map(|ancestor| self.world.class_member(ancestor, hook));
        if let Some(members) = inherited {
            self.call_on(members, this, given);
        }
        for metaclass in self.world.class(id).made_by.clone() {
            let names = self.namespace_of(id);
            let title = self.text(name);
            let mut made = given.clone();
            made.positional = vec![title, Value::DATA, names];
            self.hooked_on(metaclass, this, &["__new__", "__init__"], &made);
            self.fields_from(id, names);
        }
    }

    /// The names and values of the dictionaries among `names`, where they are texts.
    pub(super) fn named_pairs(&mut self, names: Value) -> Vec<(Symbol, Value)> {
        let mut pairs = Vec::new();
        let atoms = self.values.atoms(names);
        for atom in atoms.iter() {
            let Atom::Container(container) = *atom else {
                continue;
            };
            for (name, value) in self.world.pairs(container).unwrap_or_default() {
                if let Constant::Text(name) = self.values.get(name).clone() {
                    pairs.push((self.name(&name), value));
                }
            }
        }
        pairs
    }

    /// What stands for an instance: an object, and what it holds if it is a container.
    pub(super) fn instance(&mut self, class: ClassId) -> Value {
        let object = self.values.of(Atom::Object(class));
        match self.world.class(class).items {
            Some(items) => {
                let items = self.values.of(Atom::Container(items));
                self.values.join(object, items)
            }
            None => object,
        }
    }

    /// Makes an instance.
    pub(super) fn call_class(&mut self, class: ClassId, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let mut result = self.instance(class);
        let this = self.values.of(Atom::Class(class));
        // A metaclass may make something else of the call.
        for metaclass in self.world.class(class).made_by.clone() {
            if let Some(given) = self.hooked_on(metaclass, this, &["__call__"], arguments) {
                let taint = self.taint(given);
                result = self.values.join(result, taint);
            }
        }
        if self.world.class(class).kind == Kind::Metaclass
            && let [_, bases, names, ..] = *arguments.positional
        {
            let made = self.made_class(bases, names, arguments);
            self.make_by_call(class, made);
            return made;
        }
        let mut made = false;
        for hook in ["__init__", "__new__"] {
            let hook = self.symbols.of(hook);
            if let Some(members) = self.class_member_of(class, hook) {
                let given = self.call_members(members, arguments);
                let taint = self.taint(given);
                result = self.values.join(result, taint);
                made = true;
            }
        }
        self.note_prefix(class, made, arguments);
        if !made {
            let given = self.fill_instance(class, at, arguments);
            result = self.values.join(result, given);
        }
        result
    }

    /// Gives an instance of a class without a constructor of its own what it is made with.
    pub(super) fn fill_instance(
        &mut self,
        class: ClassId,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let mut result = Value::EMPTY;
        let fields = self.fields_of(class);
        let mut index = 0;
        let mut to_hook = Vec::new();
        let mut row = Vec::with_capacity(fields.len());
        for field in &fields {
            let text = self.symbols.text(field.name);
            let place = if field.given == Given::ByName {
                usize::MAX
            } else {
                index += 1;
                index - 1
            };
            let given = self.argument(arguments, place, &text);
            let value = match given {
                Some(value) => value,
                None => self.class_member_of(class, field.name).unwrap_or(Value::DATA),
            };
            row.push(value);
            match (field.given, given) {
                (Given::ToHook, _) => to_hook.push(value),
                (_, Some(value)) => {
                    self.world
                        .set_field(&mut self.values, Some(class), field.name, value);
                }
                (_, None) => {}
            }
        }
        if self.world.class(class).kind == Kind::Property {
            self.fill_property(class, arguments);
        } else if self.world.class(class).kind == Kind::Record {
            self.fill_record(class, row);
        } else if let Some(items) = self.world.class(class).items {
            self.fill_items(items, at, arguments);
        } else if fields.is_empty() {
            // A base class that is not the program's own may keep them under any name.
            for value in arguments.all() {
                let taint = self.taint(value);
                if taint != Value::EMPTY {
                    self.escape(taint);
                    let (container, _) = self.world.container(usize::from(at.start()), 5);
                    self.world.hold(&mut self.values, container, taint);
                    let holder = self.values.of(Atom::Container(container));
                    result = self.values.join(result, holder);
                }
            }
        }
        if self.extends_unknown(class) {
            for value in arguments.all() {
                if self.holds_client(value) {
                    self.possible(
                        at,
                        "A control system's object is handed to a class that could not be resolved.",
                    );
                }
                self.escape(value);
            }
        }
        let hooks = ["__post_init__", "__attrs_post_init__", "model_post_init"];
        self.hooked(class, &hooks, to_hook);
        result
    }
}

/// The last name of what an annotation or a call names, as `InitVar` of `dataclasses.InitVar[int]`.
pub(super) fn last_name(expression: &Expr) -> &str {
    match expression {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Subscript(subscript) => match &*subscript.value {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => "",
        },
        Expr::StringLiteral(text) => {
            let text = text.value.to_str().split('[').next().unwrap_or_default();
            text.rsplit('.').next().unwrap_or_default().trim()
        }
        _ => "",
    }
}
