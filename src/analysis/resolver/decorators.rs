//! Decorators: what becomes of a function.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    paths::Place,
    scopes::{FunctionId, How},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// What a decorator makes of the function `id`, or of what another decorator made of it.
    pub(super) fn decorated(
        &mut self,
        value: Value,
        id: FunctionId,
        by: Value,
        decorator: &'a ast::Decorator,
    ) -> Value {
        self.registered(value, &decorator.expression);
        let mut result = Value::EMPTY;
        let arguments = Arguments::of(decorator.range(), vec![value]);
        let atoms = self.values.atoms(by);
        for atom in atoms.iter() {
            let made = match *atom {
                Atom::Path(path) => {
                    let text = self.paths.text(path);
                    if text.starts_with("pydantic.") {
                        self.validated(id, &decorator.expression);
                    }
                    match &*text {
                        "builtins.staticmethod" => self.make_static(value),
                        "builtins.property" | "functools.cached_property" | "abc.abstractproperty" => {
                            self.world.function_mut(id).is_property = true;
                        }
                        _ => {}
                    }
                    match self.paths.place(path) {
                        Place::Known { .. } => value,
                        _ => {
                            let made = self.call_value(by, decorator.range(), &arguments);
                            self.values.join(made, value)
                        }
                    }
                }
                Atom::Function(function) => {
                    let is_setter = self.world.function(function).is_property
                        && matches!(&decorator.expression, Expr::Attribute(_));
                    if is_setter {
                        self.world.function_mut(id).is_property = true;
                        let known = self.values.of(*atom);
                        self.values.join(known, value)
                    } else {
                        self.call_own(function, &arguments, false)
                    }
                }
                Atom::Data | Atom::Constant(_) => {
                    // The setter of a property of which only its value is seen.
                    if let Expr::Attribute(attribute) = &decorator.expression {
                        match attribute.attr.as_str() {
                            "setter" | "getter" | "deleter" => {
                                self.world.function_mut(id).is_property = true;
                            }
                            // It makes what a field holds by default.
                            "default" => {
                                let given = self.world.returned(id);
                                self.assign(&attribute.value, given, How::Defined);
                            }
                            _ => {}
                        }
                    }
                    value
                }
                _ => {
                    let one = self.values.of(*atom);
                    let made = self.call_value(one, decorator.range(), &arguments);
                    self.values.join(made, value)
                }
            };
            result = self.values.join(result, made);
        }
        if result == Value::EMPTY { value } else { result }
    }

    /// What a validator gives becomes what the fields hold that it is named for.
    pub(super) fn validated(&mut self, id: FunctionId, decorator: &'a Expr) {
        let (Expr::Call(call), Some(class)) = (decorator, self.world.function(id).class) else {
            return;
        };
        let given = self.world.returned(id);
        let given = self.taint(given);
        if given == Value::EMPTY {
            return;
        }
        for name in &call.arguments.args {
            if let Expr::StringLiteral(name) = name {
                let name = self.name(name.value.to_str());
                self.world.set_field(&mut self.values, Some(class), name, given);
            }
        }
    }

    /// `@function.register`, with or without the type: another implementation of the function.
    pub(super) fn registered(&mut self, value: Value, decorator: &'a Expr) {
        let of = match decorator {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        let Expr::Attribute(attribute) = of else { return };
        if attribute.attr.as_str() != "register" {
            return;
        }
        let generic = self.quietly(|resolver| resolver.expression(&attribute.value));
        let atoms = self.values.atoms(generic);
        for atom in atoms.iter() {
            if let Atom::Function(generic) = *atom {
                self.register(generic, value);
            }
        }
    }

    /// The functions among `more` are implementations of `id` for other types.
    pub(super) fn register(&mut self, id: FunctionId, more: Value) {
        let atoms = self.values.atoms(more);
        for atom in atoms.iter() {
            if let Atom::Function(other) = *atom
                && other != id
                && self.world.function(other).others.is_empty()
                && !self.world.function(id).others.contains(&other)
            {
                self.world.function_mut(id).others.push(other);
                self.world.clock.wake_all();
            }
        }
    }

    /// The functions among `value` are handed the class.
    pub(super) fn make_of_class(&mut self, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Function(id) = *atom {
                self.world.function_mut(id).takes_class = true;
                let function = self.world.function(id);
                if let Some(class) = function.class.or(function.attached) {
                    self.bind_receiver(id, class);
                }
            }
        }
    }

    /// The functions among `value` are handed no instance.
    pub(super) fn make_static(&mut self, value: Value) {
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Function(id) = *atom {
                let function = self.world.function_mut(id);
                function.is_method = false;
                function.is_static = true;
            }
        }
    }
}
