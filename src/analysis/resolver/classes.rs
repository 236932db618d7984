//! The program's own classes.

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    knowledge::Does,
    paths::{Place, Symbol},
    scopes::{Class, ClassId, How, ScopeKind, key},
    values::{Atom, Value},
};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

impl<'a> Resolver<'a, '_> {
    /// The class whose method is being looked at.
    pub(super) fn enclosing_class(&self) -> Option<ClassId> {
        self.function.and_then(|id| self.world.function(id).class)
    }

    pub(super) fn define_class(&mut self, node: &'a ast::StmtClassDef) {
        let mut decorated = Value::EMPTY;
        for decorator in &node.decorator_list {
            let by = self.expression(&decorator.expression);
            decorated = self.values.join(decorated, by);
        }
        let mut bases = Value::EMPTY;
        if let Some(arguments) = &node.arguments {
            for base in &arguments.args {
                let base = self.expression(base);
                bases = self.values.join(bases, base);
            }
            for keyword in &arguments.keywords {
                let value = self.expression(&keyword.value);
                if keyword
                    .arg
                    .as_ref()
                    .is_some_and(|name| name.as_str() == "metaclass")
                {
                    bases = self.values.join(bases, value);
                }
            }
        }
        let place = key(node);
        let known = self.world.known_class(place);
        let id = match known {
            Some(id) => id,
            None => {
                let scope = self.world.scope(place, ScopeKind::Class, Some(self.scope));
                let fields = node.body.iter().filter_map(|statement| match statement {
                    Stmt::AnnAssign(field) => match &*field.target {
                        Expr::Name(name) => Some(self.symbols.of(name.id.as_str())),
                        _ => None,
                    },
                    _ => None,
                });
                let fields = fields.collect();
                self.world.add_class(place, Class::new(scope, fields))
            }
        };
        self.extend(id, bases);
        let mut value = self.values.of(Atom::Class(id));
        self.note_hit(node.name.range(), value, false);
        let atoms = self.values.atoms(decorated);
        for atom in atoms.iter() {
            match *atom {
                Atom::Function(function) => {
                    let given =
                        self.call_own(function, &Arguments::of(node.name.range(), vec![value]), false);
                    value = self.values.join(value, given);
                }
                Atom::Client(_) | Atom::Member(_) => {
                    self.possible(
                        node.name.range(),
                        "A class is handed to a control system's client library.",
                    );
                }
                _ => {}
            }
        }
        let scope = self.world.class(id).scope;
        let outer = std::mem::replace(&mut self.scope, scope);
        let outer_class = self.class.replace(id);
        self.block(&node.body);
        self.scope = outer;
        self.class = outer_class;
        self.bind(node.name.as_str(), value, How::Defined, node.name.range());
    }

    /// What the class extends.
    pub(super) fn extend(&mut self, id: ClassId, bases: Value) {
        let atoms = self.values.atoms(bases);
        for atom in atoms.iter() {
            match *atom {
                Atom::Class(base) => self.world.extend(id, base),
                Atom::Path(path) => match self.paths.place(path) {
                    Place::Library { library, member } => {
                        let of = match member.does {
                            Does::Gives(of) => of,
                            _ => self.knowledge.any_of(library),
                        };
                        self.world.extend_client(id, of);
                    }
                    Place::Foreign => self.world.extend_unknown(id),
                    Place::Known { .. } => {}
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

    /// Makes an instance.
    pub(super) fn call_class(&mut self, class: ClassId, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let object = self.values.of(Atom::Object(class));
        let mut made = false;
        let mut result = object;
        for hook in ["__init__", "__new__", "__post_init__"] {
            let hook = self.symbols.of(hook);
            if let Some(members) = self.class_member_of(class, hook) {
                let given = self.call_members(members, arguments);
                let taint = self.taint(given);
                result = self.values.join(result, taint);
                made = true;
            }
        }
        // A metaclass may make something else of the call.
        let hook = self.symbols.of("__call__");
        for base in self.world.ancestry(class).into_iter().skip(1) {
            if let Some(members) = self.world.class_member(base, hook) {
                let given = self.call_members(members, arguments);
                let flat = self.flat(given);
                let perilous = self.perilous(flat);
                result = self.values.join(result, perilous);
            }
        }
        if !made {
            let fields: Vec<Symbol> = self
                .world
                .ancestry(class)
                .into_iter()
                .rev()
                .flat_map(|ancestor| self.world.class(ancestor).fields.clone())
                .collect();
            for (index, field) in fields.iter().enumerate() {
                let text = self.symbols.text(*field);
                if let Some(value) = self.argument(arguments, index, &text) {
                    self.world.set_field(&mut self.values, Some(class), *field, value);
                }
            }
            if fields.is_empty() {
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
            if self
                .world
                .ancestry(class)
                .iter()
                .any(|&class| self.world.class(class).unknown_base)
            {
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
        }
        result
    }
}
