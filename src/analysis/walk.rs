//! The walk over the syntax tree: what each statement binds, what each expression stands for, and
//! which of them reach a control system.

use std::collections::HashSet;

use ruff_python_ast::{
    self as ast, Expr, Pattern, Stmt,
    visitor::{self, Visitor},
};
use ruff_text_size::{Ranged, TextSize};

use super::{
    calls,
    libraries::{self, Member},
    names::{Function, Names, Origin, Value, is_namespace},
    risk,
};
use crate::model::{Category, Evidence, Severity};

/// The deepest recursion of the walk; the scan before the parser keeps code from getting here.
const MAX_DEPTH: usize = 4_000;

/// After this many walks that still learned something, what is unknown stays unknown.
const MAX_WALKS: usize = 12;

/// One fact the walk found.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) at: TextSize,
    pub(super) rule: &'static str,
    pub(super) category: Category,
    pub(super) severity: Severity,
    pub(super) evidence: Evidence,
    pub(super) why: String,
    pub(super) channels: Vec<String>,
}

/// What a walk found in a program.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) facts: Vec<Fact>,
    /// Identifiers that provably have nothing to do with a control system.
    pub(super) harmless_at: HashSet<u32>,
    /// The texts that a call of the identifier there has as its first argument.
    pub(super) first_texts: std::collections::HashMap<u32, Vec<String>>,
    pub(super) imports: Vec<String>,
    pub(super) has_results: bool,
}

/// The walk went deeper than any code should.
#[derive(Debug)]
pub(super) struct TooDeep;

/// Walks `body` until nothing is learned any more, and tells what is there.
pub(super) fn walk(body: &[Stmt], safe_modules: &[String]) -> Result<Facts, TooDeep> {
    let mut walker = Walker {
        names: Names::new(),
        safe_modules,
        facts: Facts::default(),
        emitting: false,
        depth: 0,
        too_deep: false,
        class: None,
        client_near: false,
        first_texts: None,
    };
    let mut settled = false;
    for _ in 0..MAX_WALKS {
        walker.names.learned = false;
        walker.block(body);
        if !walker.names.learned {
            settled = true;
            break;
        }
    }
    walker.emitting = true;
    walker.block(body);
    if !settled {
        walker.emit(
            TextSize::new(0),
            "reflection",
            Category::PotentialWrite,
            Evidence::Unresolved,
            "The names of this code are bound in too many ways to be followed.",
        );
    }
    if walker.too_deep {
        return Err(TooDeep);
    }
    walker.facts.imports.sort();
    walker.facts.imports.dedup();
    Ok(walker.facts)
}

pub(super) struct Walker<'a, 's> {
    pub(super) names: Names<'a>,
    pub(super) safe_modules: &'s [String],
    pub(super) facts: Facts,
    pub(super) emitting: bool,
    depth: usize,
    too_deep: bool,
    /// The class whose body is being walked.
    class: Option<&'a str>,
    /// Whether a module is imported by which a control system can be reached.
    client_near: bool,
    /// While a callee is looked at: the texts its call has as first argument.
    pub(super) first_texts: Option<Option<Vec<String>>>,
}

/// The offset of a name, as the masked text knows it.
pub(super) fn offset(node: &impl Ranged) -> u32 {
    node.start().to_u32()
}

impl<'a> Walker<'a, '_> {
    pub(super) fn emit(
        &mut self,
        at: TextSize,
        rule: &'static str,
        category: Category,
        evidence: Evidence,
        why: impl Into<String>,
    ) {
        let severity = match category {
            Category::Write | Category::PotentialWrite => Severity::High,
            _ => Severity::Info,
        };
        self.emit_fact(at, rule, category, severity, evidence, why, Vec::new());
    }

    #[expect(clippy::too_many_arguments, reason = "these are the fields of one fact")]
    pub(super) fn emit_fact(
        &mut self,
        at: TextSize,
        rule: &'static str,
        category: Category,
        severity: Severity,
        evidence: Evidence,
        why: impl Into<String>,
        channels: Vec<String>,
    ) {
        if self.emitting {
            self.facts.facts.push(Fact {
                at,
                rule,
                category,
                severity,
                evidence,
                why: why.into(),
                channels,
            });
        }
    }

    pub(super) fn emit_risk(&mut self, at: TextSize, risk: risk::Risk) {
        let evidence = match risk.category {
            Category::PotentialWrite => Evidence::Unresolved,
            _ => Evidence::Resolved,
        };
        self.emit_fact(
            at,
            risk.rule,
            risk.category,
            risk.severity,
            evidence,
            risk.why,
            Vec::new(),
        );
    }

    pub(super) fn mark_harmless(&mut self, at: u32, value: &Value<'a>) {
        if self.emitting && value.is_harmless(self.safe_modules) {
            self.facts.harmless_at.insert(at);
        }
    }

    /// Guards one level of recursion.
    pub(super) fn deeper<T: Default>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.too_deep = true;
            return T::default();
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    pub(super) fn block(&mut self, body: &'a [Stmt]) {
        for statement in body {
            self.deeper(|walker| walker.statement(statement));
        }
    }

    fn statement(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Return(ast::StmtReturn { value, .. }) => {
                let value = self.optional(value.as_deref());
                self.names.give(&value);
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.assign(target, &Value::harmless());
                }
            }
            Stmt::Assign(assign) => {
                if self.emitting && assign.targets.iter().any(is_results) && is_dictionary(&assign.value) {
                    self.facts.has_results = true;
                }
                let value = self.expression(&assign.value);
                for target in &assign.targets {
                    self.assign_from(target, &assign.value, &value);
                }
            }
            Stmt::AugAssign(assign) => {
                let value = self.expression(&assign.value);
                self.assign(&assign.target, &value.without_constants());
            }
            Stmt::AnnAssign(assign) => {
                if self.emitting
                    && is_results(&assign.target)
                    && assign.value.as_deref().is_some_and(is_dictionary)
                {
                    self.facts.has_results = true;
                }
                let mut value = self.optional(assign.value.as_deref());
                value.join(&self.annotation(&assign.annotation));
                self.assign(&assign.target, &value);
            }
            Stmt::For(each) => {
                let value = self.expression(&each.iter).element();
                let value = self.names.with_implicit(value);
                self.assign(&each.target, &value);
                self.block(&each.body);
                self.block(&each.orelse);
            }
            Stmt::While(block) => {
                self.expression(&block.test);
                self.block(&block.body);
                self.block(&block.orelse);
            }
            Stmt::If(block) => {
                self.expression(&block.test);
                self.block(&block.body);
                for clause in &block.elif_else_clauses {
                    self.optional(clause.test.as_ref());
                    self.block(&clause.body);
                }
            }
            Stmt::With(with) => {
                for item in &with.items {
                    let value = self.expression(&item.context_expr);
                    let value = self.names.with_implicit(value);
                    if let Some(target) = &item.optional_vars {
                        self.assign(target, &value);
                    }
                }
                self.block(&with.body);
            }
            Stmt::Match(block) => {
                let subject = self.expression(&block.subject);
                for case in &block.cases {
                    let mut captures = Captures::default();
                    captures.visit_pattern(&case.pattern);
                    for expression in captures.expressions {
                        self.expression(expression);
                    }
                    for name in captures.names {
                        self.names.bind(name, &subject);
                    }
                    self.optional(case.guard.as_deref());
                    self.block(&case.body);
                }
            }
            Stmt::Raise(raise) => {
                let raised = self.optional(raise.exc.as_deref());
                self.names.give_implicitly(&raised);
                self.optional(raise.cause.as_deref());
            }
            Stmt::Try(block) => {
                self.block(&block.body);
                for ast::ExceptHandler::ExceptHandler(handler) in &block.handlers {
                    self.optional(handler.type_.as_deref());
                    if let Some(name) = &handler.name {
                        let value = self.names.with_implicit(Value::harmless());
                        self.names.bind(name.as_str(), &value);
                    }
                    self.block(&handler.body);
                }
                self.block(&block.orelse);
                self.block(&block.finalbody);
            }
            Stmt::Assert(assert) => {
                self.expression(&assert.test);
                self.optional(assert.msg.as_deref());
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.import(alias);
                }
            }
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::Global(global) => {
                for name in &global.names {
                    self.names.declare_elsewhere(name.as_str(), true);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.names.declare_elsewhere(name.as_str(), false);
                }
            }
            Stmt::Expr(expression) => {
                self.expression(&expression.value);
            }
            Stmt::TypeAlias(alias) => {
                let value = self.expression(&alias.value);
                self.assign(&alias.name, &value);
            }
            Stmt::IpyEscapeCommand(command) => {
                if let Some(risk) = risk::of("subprocess.run") {
                    self.emit_risk(command.range.start(), risk);
                }
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => {}
        }
    }

    pub(super) fn optional(&mut self, expression: Option<&'a Expr>) -> Value<'a> {
        match expression {
            Some(expression) => self.expression(expression),
            None => Value::harmless(),
        }
    }

    fn import(&mut self, alias: &'a ast::Alias) {
        let path = alias.name.as_str();
        self.note_import(path, alias.range.start());
        match &alias.asname {
            Some(name) => self.names.bind(name.as_str(), &Value::path(path)),
            None => {
                let root = path.split('.').next().unwrap_or(path);
                self.names.bind(root, &Value::path(root));
            }
        }
    }

    fn import_from(&mut self, import: &'a ast::StmtImportFrom) {
        let module = import.module.as_ref().map_or("", |name| name.as_str());
        let module = if import.level > 0 {
            format!(".{module}")
        } else {
            module.to_owned()
        };
        self.note_import(&module, import.range.start());
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.names.import_all(&module);
                continue;
            }
            let path = format!("{module}.{name}");
            let value = Value::path(path);
            let bound = alias.asname.as_ref().map_or(name, |name| name.as_str());
            self.names.bind(bound, &value);
        }
    }

    pub(super) fn note_import(&mut self, path: &str, at: TextSize) {
        self.client_near |= libraries::is_client(path) || !libraries::is_harmless(path, self.safe_modules);
        if !self.emitting {
            return;
        }
        self.facts.imports.push(path.to_owned());
        let root = path.split('.').next().unwrap_or(path);
        if matches!(root, "subprocess" | "pty" | "_posixsubprocess") {
            self.emit_fact(
                at,
                "subprocess",
                Category::Risk,
                Severity::High,
                Evidence::Resolved,
                "A module that starts processes is imported.",
                Vec::new(),
            );
        } else if !libraries::is_client(path) && !libraries::is_harmless(path, self.safe_modules) {
            self.emit(
                at,
                "unknown_import",
                Category::PotentialWrite,
                Evidence::Unresolved,
                format!("Nothing is known of the module '{path}'; it may write to a control system."),
            );
        }
    }

    fn function(&mut self, function: &'a ast::StmtFunctionDef) {
        let name = function.name.as_str();
        let local = Value::of(Origin::Local(name));
        self.mark_harmless(offset(&function.name), &Value::harmless());
        let mut decorated = false;
        for decorator in &function.decorator_list {
            let value = self.expression(&decorator.expression);
            let plain = value.origins().iter().all(|origin| {
                matches!(origin, Origin::Path(path)
                    if matches!(&**path, "builtins.property" | "builtins.staticmethod" | "builtins.classmethod"))
            });
            decorated |= !plain;
            for origin in value.origins() {
                if let Origin::Local(decorator) = origin {
                    for own in self.names.functions(decorator) {
                        let given = self.names.given(own.scope).taint();
                        self.names.bind(name, &given);
                    }
                }
            }
            if value.is_client() {
                self.emit(
                    decorator.range.start(),
                    "control_write_possible",
                    Category::PotentialWrite,
                    Evidence::Unresolved,
                    "A function is handed to a control system's client library.",
                );
            }
        }
        self.names.bind(name, &local);
        if decorated || (name.starts_with("__") && name != "__init__") {
            for own in self.names.functions(name) {
                let given = self.names.given(own.scope);
                self.names.give_implicitly(&given);
            }
        }
        self.callable(
            name,
            function.range.start(),
            Some(&function.parameters),
            self.class,
            decorated,
            |walker| walker.block(&function.body),
        );
    }

    /// Walks a function or lambda in a scope of its own.
    pub(super) fn callable(
        &mut self,
        name: &'a str,
        at: TextSize,
        parameters: Option<&'a ast::Parameters>,
        class: Option<&'a str>,
        escapes: bool,
        body: impl FnOnce(&mut Self),
    ) {
        let mut bound = Vec::new();
        if let Some(parameters) = parameters {
            for parameter in parameters.iter_non_variadic_params() {
                let mut value = match &parameter.default {
                    Some(default) => self.expression(default),
                    None => Value::default(),
                };
                if let Some(annotation) = &parameter.parameter.annotation {
                    value.join(&self.annotation(annotation));
                }
                bound.push((parameter.parameter.name.as_str(), value));
            }
        }
        let positional = bound.iter().map(|(name, _)| *name).collect();
        let outer_class = self.class.take();
        let outer = self.names.enter(at.to_u32(), false);
        for (index, (name, value)) in bound.iter().enumerate() {
            self.names.bind(name, value);
            if index == 0
                && let Some(class) = class
            {
                let instance = self.names.instance(class);
                self.names.bind(name, &instance);
            } else if escapes {
                self.names.bind(name, &Value::unknown());
            }
        }
        if let Some(parameters) = parameters {
            for variadic in [&parameters.vararg, &parameters.kwarg].into_iter().flatten() {
                let value = Value::unknown().contained();
                self.names.bind(variadic.name.as_str(), &value);
            }
        }
        let scope = self.names.current();
        self.names.define(
            name,
            Function {
                scope,
                parameters: positional,
                is_method: class.is_some(),
            },
        );
        body(self);
        self.names.leave(outer);
        self.class = outer_class;
    }

    fn class(&mut self, class: &'a ast::StmtClassDef) {
        let name = class.name.as_str();
        self.mark_harmless(offset(&class.name), &Value::harmless());
        for decorator in &class.decorator_list {
            self.expression(&decorator.expression);
        }
        let mut bases = Value::default();
        if let Some(arguments) = &class.arguments {
            for base in &arguments.args {
                bases.join(&self.expression(base));
            }
            for keyword in &arguments.keywords {
                bases.join(&self.expression(&keyword.value));
            }
        }
        self.names.define_class(name, &bases);
        self.names.bind(name, &Value::of(Origin::Local(name)));
        let outer = self.names.enter(class.range.start().to_u32(), true);
        let enclosing = self.class.replace(name);
        self.block(&class.body);
        self.class = enclosing;
        self.names.leave(outer);
    }

    /// What a value of the annotated type is.
    fn annotation(&mut self, annotation: &'a Expr) -> Value<'a> {
        let value = self.quietly(|walker| walker.expression(annotation));
        if value.is_client() {
            Value::of(Origin::Client(None))
        } else {
            Value::default()
        }
    }

    /// Evaluates without telling: annotations run nothing that matters.
    fn quietly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let emitting = std::mem::replace(&mut self.emitting, false);
        let result = work(self);
        self.emitting = emitting;
        result
    }

    /// Assigns `value`, element by element if both sides show their elements.
    fn assign_from(&mut self, target: &'a Expr, source: &'a Expr, value: &Value<'a>) {
        if let (Some(targets), Some(sources)) = (elements(target), elements(source))
            && targets.len() == sources.len()
            && !targets.iter().chain(sources).any(Expr::is_starred_expr)
        {
            for (target, source) in targets.iter().zip(sources) {
                let value = self.quietly(|walker| walker.expression(source));
                self.deeper(|walker| walker.assign_from(target, source, &value));
            }
            return;
        }
        self.assign(target, value);
    }

    /// Assigns `value` to `target`.
    pub(super) fn assign(&mut self, target: &'a Expr, value: &Value<'a>) {
        match target {
            Expr::Name(name) => self.names.bind(name.id.as_str(), value),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let value = value.element();
                for element in elts {
                    self.deeper(|walker| walker.assign(element, &value));
                }
            }
            Expr::Starred(starred) => self.deeper(|walker| {
                let value = value.contained();
                walker.assign(&starred.value, &value);
            }),
            Expr::Attribute(attribute) => self.store_attribute(attribute, value),
            Expr::Subscript(subscript) => self.store_item(subscript, value),
            other => {
                self.expression(other);
            }
        }
    }

    fn store_attribute(&mut self, attribute: &'a ast::ExprAttribute, value: &Value<'a>) {
        let object = self.expression(&attribute.value);
        let name = attribute.attr.as_str();
        let own = object
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Instance(_)));
        let known_member = matches!(libraries::member(name), Member::Write | Member::Read);
        if object.is_client() && (!own || known_member) {
            self.control_write(
                attribute.attr.start(),
                &object,
                None,
                format!("Setting '{name}' of a control system's object writes to it."),
            );
        } else if self.client_near
            && object.is_unknown()
            && matches!(name, "value" | "VAL" | "drive" | "setpoint")
        {
            self.emit(
                attribute.attr.start(),
                "control_write_possible",
                Category::PotentialWrite,
                Evidence::Unresolved,
                format!("'{name}' of something that could not be resolved is set."),
            );
        } else if libraries::is_gateway(name) || (name == "__class__" && !object.is_empty_instance()) {
            self.gateway(attribute.attr.start(), name);
        }
        for origin in object.origins() {
            if let Origin::Path(path) = origin
                && calls::guards(path, name)
            {
                self.emit_fact(
                    attribute.attr.start(),
                    "guard_tamper",
                    Category::Risk,
                    Severity::High,
                    Evidence::Resolved,
                    format!("'{path}.{name}' is replaced, which others rely on."),
                    Vec::new(),
                );
            }
        }
        if object
            .origins()
            .iter()
            .any(|origin| !matches!(origin, Origin::Client(_) | Origin::Member | Origin::Path(_)))
        {
            self.names.bind_field(name, value);
        }
    }

    fn store_item(&mut self, subscript: &'a ast::ExprSubscript, value: &Value<'a>) {
        let object = self.expression(&subscript.value);
        let key = self.expression(&subscript.slice);
        if object.is_client() && !object.is_container() {
            let channels = key.texts();
            self.control_write(
                subscript.range.start(),
                &object,
                channels.map(|texts| texts.iter().map(|text| text.to_string()).collect()),
                "Setting an item of a control system's object writes to it.".to_owned(),
            );
        }
        for origin in object.origins() {
            if let Origin::Path(path) = origin {
                self.store_into(path, &key, subscript.range.start());
            }
        }
        let taint = value.taint();
        if !taint.origins().is_empty() {
            self.put_into(&subscript.value, &taint);
        }
    }

    fn store_into(&mut self, path: &str, key: &Value<'a>, at: TextSize) {
        if path == "os.environ" && calls::is_guarding_variable(key) {
            self.emit_fact(
                at,
                "guard_tamper",
                Category::Risk,
                Severity::High,
                Evidence::Resolved,
                "An environment variable that guards the run is changed.",
                Vec::new(),
            );
        } else if is_namespace(path) || path == "sys.modules" {
            self.emit_fact(
                at,
                "guard_tamper",
                Category::PotentialWrite,
                Severity::High,
                Evidence::Unresolved,
                "A scope's dictionary or the table of modules is changed.",
                Vec::new(),
            );
        }
    }

    /// Notes that the container `target` now holds `taint` too.
    pub(super) fn put_into(&mut self, target: &'a Expr, taint: &Value<'a>) {
        let value = taint.contained();
        let mut target = target;
        loop {
            match target {
                Expr::Name(name) => return self.names.bind(name.id.as_str(), &value),
                Expr::Attribute(attribute) => return self.names.bind_field(attribute.attr.as_str(), &value),
                Expr::Subscript(subscript) => target = &subscript.value,
                Expr::Call(call) => target = &call.func,
                _ => return,
            }
        }
    }

    pub(super) fn gateway(&mut self, at: TextSize, name: &str) {
        self.emit(
            at,
            "reflection",
            Category::PotentialWrite,
            Evidence::Unresolved,
            format!("'{name}' leads around the names that the analysis follows."),
        );
    }

    /// Tells of a write through `object`; `named` are channels that the code names itself.
    pub(super) fn control_write(
        &mut self,
        at: TextSize,
        object: &Value<'a>,
        named: Option<Vec<String>>,
        why: String,
    ) {
        let mut own = Vec::new();
        let mut all_named = true;
        for origin in object.origins() {
            match origin {
                Origin::Client(Some(channel)) => own.push(channel.to_string()),
                Origin::Client(None) | Origin::Member | Origin::Path(_) => all_named = false,
                _ => {}
            }
        }
        let channels = if all_named { own } else { named.unwrap_or_default() };
        self.emit_fact(
            at,
            "control_write",
            Category::Write,
            Severity::High,
            Evidence::Resolved,
            why,
            channels,
        );
    }
}

impl Value<'_> {
    fn is_empty_instance(&self) -> bool {
        !self.origins().is_empty()
            && self
                .origins()
                .iter()
                .all(|origin| matches!(origin, Origin::Instance(_)))
    }
}

/// The names that a pattern captures, and the expressions it evaluates.
#[derive(Default)]
struct Captures<'a> {
    names: Vec<&'a str>,
    expressions: Vec<&'a Expr>,
}

impl<'a> Visitor<'a> for Captures<'a> {
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        self.names.extend(name.map(|name| name.as_str()));
        visitor::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        self.expressions.push(expression);
    }
}

fn elements(expression: &Expr) -> Option<&[Expr]> {
    match expression {
        Expr::Tuple(tuple) => Some(&tuple.elts),
        Expr::List(list) => Some(&list.elts),
        _ => None,
    }
}

fn is_results(target: &Expr) -> bool {
    matches!(target, Expr::Name(name) if name.id.as_str() == "results")
}

/// Whether an expression is plainly a dictionary.
fn is_dictionary(expression: &Expr) -> bool {
    match expression {
        Expr::Dict(_) | Expr::DictComp(_) => true,
        Expr::Call(call) => matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "dict"),
        _ => false,
    }
}
