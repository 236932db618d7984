//! What each statement binds.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, matching::catches_the_end, rule};
use crate::{
    analysis::{
        paths::Place,
        scopes::{How, Loop, World, key},
        values::{Atom, Value},
    },
    config::When,
    model::{Category, Evidence},
};

impl<'a> Resolver<'a, '_> {
    pub(super) fn block(&mut self, body: &'a [Stmt]) {
        for statement in body {
            if self.too_deep || self.is_exhausted() {
                return;
            }
            self.deeper(|resolver| resolver.statement(statement));
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Expr(node) => {
                // A text that stands alone is documentation.
                if !node.value.is_string_literal_expr() {
                    self.expression(&node.value);
                }
            }
            Stmt::Assign(node) => {
                let value = self.expression(&node.value);
                for target in &node.targets {
                    self.note_results(target, &node.value);
                    self.assigned = Some(&node.value);
                    self.assign(target, value, How::Assigned(&node.value));
                }
                self.assigned = None;
            }
            Stmt::AnnAssign(node) => self.annotated(node),
            Stmt::AugAssign(node) => self.augmented(node),
            Stmt::FunctionDef(node) => self.define_function(node),
            Stmt::ClassDef(node) => self.define_class(node),
            Stmt::Return(node) => {
                let value = node
                    .value
                    .as_ref()
                    .map_or(Value::DATA, |value| self.expression(value));
                if let Some(function) = self.function {
                    self.world.returns(&mut self.values, function, value);
                }
            }
            Stmt::For(node) => {
                let value = self.expression(&node.iter);
                let element = self.iterate(value);
                self.assign(&node.target, element, How::Element(&node.iter));
                self.loops.push(Loop::of(node));
                self.block(&node.body);
                self.loops.pop();
                self.block(&node.orelse);
            }
            Stmt::While(node) => {
                self.expression(&node.test);
                self.block(&node.body);
                self.block(&node.orelse);
            }
            Stmt::If(node) => {
                self.expression(&node.test);
                self.block(&node.body);
                for clause in &node.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.expression(test);
                    }
                    self.block(&clause.body);
                }
            }
            Stmt::With(node) => {
                let mut managers = Value::EMPTY;
                for item in &node.items {
                    let value = self.expression(&item.context_expr);
                    managers = self.values.join(managers, value);
                    let entered = self.enter(value);
                    if let Some(target) = &item.optional_vars {
                        self.assign(target, entered, How::Assigned(&item.context_expr));
                    }
                }
                self.block(&node.body);
                self.exited(managers);
            }
            Stmt::Match(node) => self.match_statement(node),
            Stmt::Try(node) => {
                self.block(&node.body);
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    if let Some(kind) = &handler.type_ {
                        self.expression(kind);
                    }
                    if let Some(name) = &handler.name {
                        let raised = self.raised.read(&self.world.clock);
                        let mut value = self.values.join(Value::DATA, raised);
                        if handler.type_.as_deref().is_some_and(catches_the_end) {
                            let ended = self.end_of_generators(key(handler));
                            value = self.values.join(value, ended);
                        }
                        self.bind(name.as_str(), value, How::Defined, name.range());
                    }
                    self.block(&handler.body);
                }
                self.block(&node.orelse);
                self.block(&node.finalbody);
            }
            Stmt::Raise(node) => {
                for value in [&node.exc, &node.cause].into_iter().flatten() {
                    let value = self.expression(value);
                    self.raised.grow(&mut self.world.clock, &mut self.values, value);
                }
            }
            Stmt::Assert(node) => {
                self.expression(&node.test);
                if let Some(message) = &node.msg {
                    self.expression(message);
                }
            }
            Stmt::Delete(node) => {
                for target in &node.targets {
                    self.delete(target);
                }
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    self.import(alias);
                }
            }
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(node) => {
                for name in &node.names {
                    let name = self.name(name.as_str());
                    let scope = self.scope;
                    self.world.declare(name);
                    if scope != World::MODULE {
                        self.world.scope_mut(scope).globals.insert(name);
                    }
                }
            }
            Stmt::Nonlocal(node) => {
                for name in &node.names {
                    let name = self.name(name.as_str());
                    let scope = self.scope;
                    self.world.declare(name);
                    self.world.scope_mut(scope).nonlocals.insert(name);
                }
            }
            Stmt::TypeAlias(node) => {
                let value = self.quietly(|resolver| resolver.expression(&node.value));
                self.assign(&node.name, value, How::Assigned(&node.value));
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    /// Whether the program plainly gives its results as a dictionary.
    fn note_results(&mut self, target: &Expr, value: &Expr) {
        let named = matches!(target, Expr::Name(name) if name.id.as_str() == "results");
        let plain = match value {
            Expr::Dict(_) | Expr::DictComp(_) => true,
            Expr::Call(call) => matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "dict"),
            _ => false,
        };
        if named && plain && self.scope == World::MODULE && self.within.is_empty() {
            self.found().facts.has_results = true;
        }
    }

    pub(super) fn bind(&mut self, name: &str, value: Value, how: How<'a>, at: TextRange) {
        let name = self.name(name);
        self.world
            .bind(&mut self.values, self.scope, name, value, how, at);
    }

    fn annotated(&mut self, node: &'a ast::StmtAnnAssign) {
        let typed = self.annotation(&node.annotation);
        match &node.value {
            Some(given) => {
                let value = self.expression(given);
                self.note_results(&node.target, given);
                let value = self.values.join(value, typed);
                self.assign(&node.target, value, How::Assigned(given));
            }
            None if typed != Value::EMPTY => {
                self.assign(&node.target, typed, How::Assigned(&node.annotation));
            }
            None => {}
        }
    }

    /// What a value of the annotated type is: an object of a client library, or nothing known.
    pub(super) fn annotation(&mut self, annotation: &'a Expr) -> Value {
        if annotation.is_string_literal_expr() {
            return self.annotation_text(annotation);
        }
        let value = self.quietly(|resolver| resolver.expression(annotation));
        self.instances(value)
    }

    fn annotation_text(&mut self, annotation: &Expr) -> Value {
        let Expr::StringLiteral(text) = annotation else {
            return Value::EMPTY;
        };
        let name = text.value.to_str().trim();
        let mut parts = name.split('.');
        let Some(first) = parts.next() else {
            return Value::EMPTY;
        };
        let symbol = self.name(first);
        let Some(mut value) = self.world.look_up(self.scope, symbol) else {
            return Value::EMPTY;
        };
        for part in parts {
            let part = self.name(part);
            value = self.quietly(|resolver| resolver.member(value, part, TextRange::default()));
        }
        self.instances(value)
    }

    fn augmented(&mut self, node: &'a ast::StmtAugAssign) {
        let value = self.expression(&node.value);
        let before = self.quietly(|resolver| resolver.expression(&node.target));
        let made = self.operated(node.op, before, value);
        let made = self
            .values
            .only(made, |atom| !matches!(atom, Atom::Container(_) | Atom::Unknown));
        let made = self.values.widened(made);
        let grown = self.grown(before, value, key(node));
        let grown = self.values.join(grown, made);
        self.assign(&node.target, grown, How::Assigned(&node.value));
        let content = self.taint(value);
        if content != Value::EMPTY && node.target.is_name_expr() && !self.holds(before) {
            self.put_into(&node.target, content);
        }
    }

    fn delete(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(_) => {}
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                for element in elts {
                    self.deeper(|resolver| resolver.delete(element));
                }
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                self.subject = Some(&attribute.value);
                self.set_member(object, &attribute.attr, attribute.attr.range(), Value::EMPTY);
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value);
                let index = self.expression(&subscript.slice);
                self.subject = Some(&subscript.value);
                self.set_item(object, index, subscript.range(), Value::EMPTY);
            }
            other => {
                self.expression(other);
            }
        }
    }

    /// Assigns `value` to `target`.
    pub(super) fn assign(&mut self, target: &'a Expr, value: Value, how: How<'a>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), value, how, name.range()),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let starred = elts.iter().position(Expr::is_starred_expr);
                let how = match how {
                    How::Assigned(whole) => How::Element(whole),
                    how => how,
                };
                self.assigned = None;
                for (index, element) in elts.iter().enumerate() {
                    let part = match starred {
                        Some(star) if index >= star => self.iterate(value),
                        _ => self.element(value, index, elts.len(), starred.is_none()),
                    };
                    self.deeper(|resolver| resolver.assign(element, part, how));
                }
            }
            Expr::Starred(starred) => {
                let whole = self.collected(target, 7, value);
                self.deeper(|resolver| resolver.assign(&starred.value, whole, how));
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                self.subject = Some(&attribute.value);
                self.set_member(object, &attribute.attr, attribute.attr.range(), value);
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value);
                let index = self.expression(&subscript.slice);
                self.subject = Some(&subscript.value);
                if subscript.slice.is_slice_expr() {
                    self.set_slice(object, index, subscript.range(), value);
                } else {
                    self.set_item(object, index, subscript.range(), value);
                }
                let taint = self.taint(value);
                let kept = self.holds(object) || self.is_of_module(object);
                if taint != Value::EMPTY && !kept {
                    self.put_into(&subscript.value, taint);
                }
            }
            other => {
                self.expression(other);
            }
        }
    }

    fn import(&mut self, alias: &'a ast::Alias) {
        let module = alias.name.as_str();
        self.note_import(module, alias.name.range());
        let (name, path) = match &alias.asname {
            Some(name) => (name.as_str(), module),
            None => {
                let root = module.split('.').next().unwrap_or(module);
                (root, root)
            }
        };
        let path = self.paths.of(path);
        let value = self.values.of(Atom::Path(path));
        self.bind(name, value, How::Imported(path), alias.range());
    }

    fn import_from(&mut self, node: &'a ast::StmtImportFrom) {
        if node.level > 0 {
            // A module beside this one: nothing is known of it.
            self.unknown_import(node.range(), "a module beside the program");
            for alias in &node.names {
                let name = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(name.as_str(), Value::UNKNOWN, How::Defined, alias.range());
            }
            return;
        }
        let Some(module) = &node.module else { return };
        self.note_import(module.as_str(), module.range());
        let from = self.paths.of(module.as_str());
        for alias in &node.names {
            if alias.name.as_str() == "*" {
                let new = match self.paths.place(from) {
                    Place::Foreign => !std::mem::replace(&mut self.foreign_star, true),
                    _ if self.stars.contains(&from) => false,
                    _ => {
                        self.stars.push(from);
                        true
                    }
                };
                // What nothing bound so far may come from there.
                if new && self.unbound_asked {
                    self.world.clock.wake_all();
                }
                continue;
            }
            let symbol = self.name(alias.name.as_str());
            let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let path = self.paths.member(from, symbol, &self.symbols);
            let (value, how) = match path {
                Some(path) => {
                    let full = self.paths.text(path);
                    // What is imported may be a module that is known for itself.
                    let value = match self.paths.place(path) {
                        Place::Foreign => Value::UNKNOWN,
                        Place::Known { effect: Some(effect) } if effect.when == When::Imported => {
                            self.imported_effect(alias.range(), path);
                            self.values.of(Atom::Path(path))
                        }
                        _ => match self.special(&full) {
                            Some(value) => value,
                            None => self.value_of_path(path),
                        },
                    };
                    (value, How::Imported(path))
                }
                None => (Value::UNKNOWN, How::Defined),
            };
            self.bind(name, value, how, alias.range());
        }
    }

    /// Takes note of an import of `module`.
    pub(super) fn note_import(&mut self, module: &str, at: TextRange) {
        if self.quiet == 0 && self.within.is_empty() {
            self.found().facts.imports.push(module.to_owned());
        }
        if let Some(library) = self.knowledge.library_of(module) {
            if !self.near.contains(&library) {
                self.near.push(library);
                // What was not resolved so far is now looked at with other eyes.
                if self.near_asked {
                    self.world.clock.wake_all();
                }
            }
            return;
        }
        let path = self.paths.of(module);
        match self.paths.place(path) {
            Place::Foreign => self.unknown_import(at, &format!("the module '{module}'")),
            Place::Known { effect: Some(effect) } if effect.when == When::Imported => {
                self.imported_effect(at, path);
            }
            _ => {}
        }
    }

    fn unknown_import(&mut self, at: TextRange, what: &str) {
        if !self.foreign {
            self.foreign = true;
            if self.near_asked {
                self.world.clock.wake_all();
            }
        }
        self.tell(
            at,
            rule::UNKNOWN_IMPORT,
            Category::PotentialWrite,
            Evidence::Unresolved,
            format!("Nothing is known of {what}; it may write to a control system."),
        );
    }
}
