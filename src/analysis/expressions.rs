//! What each expression stands for, and what referring to it means.

use ruff_python_ast::{self as ast, Expr, ExprContext, InterpolatedStringElement, Number, Operator};
use ruff_text_size::{Ranged, TextSize};

use super::{
    calls,
    libraries::{self, Member},
    names::{Origin, Value, is_namespace},
    risk,
    walk::{Walker, offset},
};
use crate::model::{Category, Evidence, Severity};

/// The longest text that is followed.
const MAX_TEXT: usize = 4_096;

impl<'a> Walker<'a, '_> {
    pub(super) fn expression(&mut self, expression: &'a Expr) -> Value<'a> {
        self.deeper(|walker| {
            let value = walker.value(expression, false);
            walker.escapes(&value);
            value
        })
    }

    /// A function that is handed on may be called with anything.
    pub(super) fn escapes(&mut self, value: &Value<'a>) {
        for origin in value.origins() {
            if let Origin::Local(name) = origin {
                for function in self.names.functions(name) {
                    let given = self.names.given(function.scope);
                    self.names.give_implicitly(&given);
                    for parameter in function.parameters.iter().skip(usize::from(function.is_method)) {
                        self.names.bind_in(function.scope, parameter, &Value::unknown());
                    }
                }
            }
        }
    }

    /// The value of what is called; `first` are the texts of the first argument.
    pub(super) fn callee(&mut self, expression: &'a Expr, first: Option<Vec<String>>) -> Value<'a> {
        self.deeper(|walker| {
            let outer = walker.first_texts.replace(first);
            let value = walker.value(expression, true);
            walker.first_texts = outer;
            value
        })
    }

    fn value(&mut self, expression: &'a Expr, called: bool) -> Value<'a> {
        match expression {
            Expr::Name(name) => self.name(name, called),
            Expr::Attribute(attribute) => {
                let first = if called {
                    self.first_texts.take().flatten()
                } else {
                    None
                };
                let object = match &*attribute.value {
                    Expr::Name(name) => self.deeper(|walker| walker.name_value(name)),
                    other => self.deeper(|walker| walker.value(other, false)),
                };
                self.attribute(&object, attribute, called, first)
            }
            Expr::Call(call) => {
                let value = calls::call(self, call);
                self.names.with_implicit(value)
            }
            Expr::Named(named) => {
                let value = self.expression(&named.value);
                self.assign(&named.target, &value);
                value
            }
            Expr::BoolOp(operation) => {
                let mut value = Value::default();
                for operand in &operation.values {
                    value.join(&self.expression(operand));
                }
                value
            }
            Expr::BinOp(operation) => {
                let left = self.expression(&operation.left);
                let right = self.expression(&operation.right);
                self.names.with_implicit(combine(operation.op, &left, &right))
            }
            Expr::UnaryOp(operation) => {
                let value = self.expression(&operation.operand);
                value.without_constants()
            }
            Expr::If(choice) => {
                self.expression(&choice.test);
                let body = self.expression(&choice.body);
                let orelse = self.expression(&choice.orelse);
                body.joined(&orelse)
            }
            Expr::Lambda(lambda) => {
                self.callable(
                    "<lambda>",
                    lambda.range.start(),
                    lambda.parameters.as_deref(),
                    None,
                    true,
                    |walker| {
                        let value = walker.expression(&lambda.body);
                        walker.names.give(&value);
                    },
                );
                Value::of(Origin::Local("<lambda>"))
            }
            Expr::Dict(dictionary) => {
                let mut value = Value::default();
                for item in &dictionary.items {
                    if let Some(key) = &item.key {
                        self.expression(key);
                    }
                    value.join(&self.expression(&item.value));
                }
                value.contained()
            }
            Expr::Set(ast::ExprSet { elts, .. })
            | Expr::List(ast::ExprList { elts, .. })
            | Expr::Tuple(ast::ExprTuple { elts, .. }) => {
                let mut value = Value::default();
                for element in elts {
                    value.join(&self.expression(element).without_constants());
                }
                value.contained()
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                self.generators(generators);
                self.expression(elt).contained()
            }
            Expr::DictComp(comprehension) => {
                self.generators(&comprehension.generators);
                if let Some(key) = &comprehension.key {
                    self.expression(key);
                }
                self.expression(&comprehension.value).contained()
            }
            Expr::Await(ast::ExprAwait { value, .. }) | Expr::Starred(ast::ExprStarred { value, .. }) => {
                self.expression(value)
            }
            Expr::Yield(yielded) => {
                let value = self.optional(yielded.value.as_deref());
                self.names.give(&value);
                Value::unknown()
            }
            Expr::YieldFrom(yielded) => {
                let value = self.expression(&yielded.value);
                self.names.give(&value);
                value
            }
            Expr::Compare(comparison) => {
                self.expression(&comparison.left);
                for operand in &comparison.comparators {
                    self.expression(operand);
                }
                Value::harmless()
            }
            Expr::FString(string) => self.interpolated(string.value.elements()),
            Expr::TString(string) => self.interpolated(string.value.elements()),
            Expr::StringLiteral(literal) => text(literal.value.to_str()),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(number) => number
                    .as_i64()
                    .map_or_else(Value::harmless, |number| Value::of(Origin::Number(number))),
                _ => Value::harmless(),
            },
            Expr::Subscript(subscript) => self.item(subscript),
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    self.expression(part);
                }
                Value::harmless()
            }
            Expr::IpyEscapeCommand(command) => {
                if let Some(risk) = risk::of("subprocess.run") {
                    self.emit_risk(command.range.start(), risk);
                }
                Value::unknown()
            }
            Expr::BytesLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Value::harmless(),
        }
    }

    pub(super) fn generators(&mut self, generators: &'a [ast::Comprehension]) {
        for generator in generators {
            let value = self.expression(&generator.iter).element();
            let value = self.names.with_implicit(value);
            self.assign(&generator.target, &value);
            for condition in &generator.ifs {
                self.expression(condition);
            }
        }
    }

    fn interpolated(&mut self, parts: impl Iterator<Item = &'a InterpolatedStringElement>) -> Value<'a> {
        let mut whole = Some(String::new());
        for part in parts {
            match part {
                InterpolatedStringElement::Literal(literal) => {
                    if let Some(whole) = &mut whole {
                        whole.push_str(&literal.value);
                    }
                }
                InterpolatedStringElement::Interpolation(part) => {
                    let value = self.expression(&part.expression);
                    let plain = part.format_spec.is_none() && part.conversion == ast::ConversionFlag::None;
                    if let Some(spec) = &part.format_spec {
                        self.deeper(|walker| walker.interpolated(spec.elements.iter()));
                    }
                    match value.texts().as_deref() {
                        Some([only]) if plain => {
                            if let Some(whole) = &mut whole {
                                whole.push_str(only);
                            }
                        }
                        _ => whole = None,
                    }
                }
            }
        }
        whole.as_deref().map_or_else(Value::harmless, text)
    }

    fn item(&mut self, subscript: &'a ast::ExprSubscript) -> Value<'a> {
        let object = self.expression(&subscript.value);
        let key = self.expression(&subscript.slice);
        if subscript.ctx == ExprContext::Load {
            let mut reflected = false;
            for origin in object.origins() {
                reflected |= matches!(origin, Origin::Path(path) if is_namespace(path));
            }
            if reflected {
                match key.texts().as_deref() {
                    Some([only]) if !self.names.look_up(only).is_unknown() => {
                        return self.names.look_up(only);
                    }
                    _ => self.emit(
                        subscript.range.start(),
                        "reflection",
                        Category::PotentialWrite,
                        Evidence::Unresolved,
                        "A name is looked up in a scope's dictionary.",
                    ),
                }
                return Value::unknown();
            }
        }
        let value = match &*subscript.slice {
            Expr::Slice(_) => object.without_constants(),
            _ => object.element(),
        };
        self.names.with_implicit(value)
    }

    /// What a name stands for, with nothing told.
    fn name_value(&mut self, name: &'a ast::ExprName) -> Value<'a> {
        let value = self.names.look_up(name.id.as_str());
        self.reference(name.range.start(), &value, false, None);
        value
    }

    fn name(&mut self, name: &'a ast::ExprName, called: bool) -> Value<'a> {
        let first = if called {
            self.first_texts.take().flatten()
        } else {
            None
        };
        let value = self.names.look_up(name.id.as_str());
        self.mark_harmless(offset(name), &value);
        self.note_first(offset(name), &first);
        self.reference(name.range.start(), &value, called, first);
        value
    }

    fn note_first(&mut self, at: u32, first: &Option<Vec<String>>) {
        if self.emitting
            && let Some(texts) = first
        {
            self.facts.first_texts.insert(at, texts.clone());
        }
    }

    /// Tells what referring to `value` means: for what has an effect, referring is enough.
    fn reference(&mut self, at: TextSize, value: &Value<'a>, called: bool, first: Option<Vec<String>>) {
        for origin in value.origins() {
            let Origin::Path(path) = origin else { continue };
            if libraries::is_client(path) {
                let Some((_, last)) = path.rsplit_once('.') else {
                    continue;
                };
                self.client_member(at, last, value, called, first.clone(), path);
            } else if !called && let Some(risk) = risk::of(path).or_else(|| risk::of_reference(path)) {
                self.emit_risk(at, risk);
            }
        }
    }

    fn client_member(
        &mut self,
        at: TextSize,
        name: &str,
        object: &Value<'a>,
        called: bool,
        first: Option<Vec<String>>,
        whole: &str,
    ) {
        match libraries::member(name) {
            Member::Write => {
                let verb = if called {
                    "writes to the control system"
                } else {
                    "is a write of a client library"
                };
                self.control_write(at, object, first, format!("'{whole}' {verb}."));
            }
            Member::Read => {
                self.emit_fact(
                    at,
                    "control_read",
                    Category::Read,
                    Severity::Info,
                    Evidence::Resolved,
                    format!("'{whole}' reads from the control system."),
                    first.unwrap_or_default(),
                );
            }
            Member::Object | Member::Quiet | Member::Unlisted => {}
        }
    }

    fn attribute(
        &mut self,
        object: &Value<'a>,
        attribute: &'a ast::ExprAttribute,
        called: bool,
        first: Option<Vec<String>>,
    ) -> Value<'a> {
        let name = attribute.attr.as_str();
        let at = attribute.attr.start();
        self.mark_harmless(offset(&attribute.attr), object);
        self.note_first(offset(&attribute.attr), &first);
        let harmless = object.is_harmless(self.safe_modules)
            && !object
                .origins()
                .iter()
                .any(|origin| matches!(origin, Origin::Path(_)));
        if libraries::is_gateway(name) || (matches!(name, "__dict__" | "__builtins__") && !harmless) {
            self.gateway(at, name);
        }
        self.member_of(object, name, at, called, first)
    }

    /// The value of the member `name` of `object`, telling what it means.
    pub(super) fn member_of(
        &mut self,
        object: &Value<'a>,
        name: &'a str,
        at: TextSize,
        called: bool,
        first: Option<Vec<String>>,
    ) -> Value<'a> {
        let mut value = Value::default();
        for origin in object.origins() {
            match origin {
                Origin::Path(path) if libraries::is_client(path) => {
                    let full = format!("{path}.{name}");
                    self.client_member(at, name, object, called, first.clone(), &full);
                    value.join(&match libraries::member(name) {
                        Member::Read if !called => Value::path(full),
                        Member::Quiet => Value::harmless(),
                        _ => Value::path(full),
                    });
                }
                Origin::Path(path) => {
                    let full = format!("{path}.{name}");
                    if !called && let Some(risk) = risk::of(&full) {
                        self.emit_risk(at, risk);
                    }
                    let known = libraries::is_harmless(path, self.safe_modules);
                    if !known || is_namespace(path) {
                        if is_namespace(path) {
                            self.gateway(at, name);
                        }
                        value.add(Origin::Unknown);
                    } else {
                        value.add(Origin::Path(full.into()));
                    }
                }
                Origin::Client(_) if object.is_container() && libraries::is_container_method(name) => {
                    value.join(object);
                }
                Origin::Client(_) => value.join(&self.member_of_client(object, name, at, called, &first)),
                Origin::Member => value.add(Origin::Member),
                Origin::Local(class) | Origin::Instance(class) => {
                    value.join(&self.member_of_own(class, name, called));
                }
                Origin::Container(_) | Origin::Text(_) | Origin::Number(_) | Origin::Harmless => {
                    value.add(Origin::Harmless);
                    if let Some(field) = self.names.fields.get(name) {
                        value.join(&field.taint());
                    }
                }
                Origin::Unknown => {
                    value.add(Origin::Unknown);
                    value.join(&self.member_of_own("", name, called));
                }
            }
        }
        if object.origins().is_empty() {
            value.join(&self.member_of_own("", name, called));
        }
        value
    }

    fn member_of_client(
        &mut self,
        object: &Value<'a>,
        name: &'a str,
        at: TextSize,
        called: bool,
        first: &Option<Vec<String>>,
    ) -> Value<'a> {
        let own = object
            .origins()
            .iter()
            .any(|origin| matches!(origin, Origin::Instance(_)));
        if own && (self.names.has_function(name) || self.names.fields.contains_key(name)) {
            return Value::default();
        }
        self.client_member(at, name, object, called, first.clone(), name);
        match libraries::member(name) {
            Member::Object => Value::of(Origin::Client(None)),
            Member::Write | Member::Read | Member::Quiet => Value::harmless(),
            Member::Unlisted => {
                if !called {
                    self.emit(
                        at,
                        "control_read",
                        Category::Read,
                        Evidence::Unresolved,
                        format!("'{name}' of a control system's object is read."),
                    );
                }
                Value::of(Origin::Member)
            }
        }
    }

    fn member_of_own(&mut self, class: &'a str, name: &'a str, called: bool) -> Value<'a> {
        let mut value = self.names.fields.get(name).cloned().unwrap_or_default();
        if self.names.has_function(name) {
            value.add(Origin::Local(name));
            // A property gives what its function gives.
            for own in self.names.functions(name) {
                value.join(&self.names.given(own.scope).taint());
            }
        } else if value.origins().is_empty() && !class.is_empty() {
            value.add(Origin::Harmless);
        }
        if !called {
            self.escapes(&value.clone());
        }
        value
    }

    /// The value that `super()` gives here.
    pub(super) fn parent_object(&self) -> Value<'a> {
        self.names.look_up("self")
    }
}

pub(super) fn text<'a>(text: &str) -> Value<'a> {
    if text.len() > MAX_TEXT {
        Value::harmless()
    } else {
        Value::of(Origin::Text(text.into()))
    }
}

/// What an operator makes of two values.
fn combine<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Value<'a> {
    if operator == Operator::Add
        && let (Some([left]), Some([right])) = (left.texts().as_deref(), right.texts().as_deref())
    {
        return text(&format!("{left}{right}"));
    }
    let mut value = Value::harmless();
    for side in [left, right] {
        value.join(&side.taint());
        for origin in side.origins() {
            match origin {
                Origin::Path(path) if path.starts_with("pathlib.") => value.add(origin.clone()),
                Origin::Container(_) | Origin::Unknown => value.add(origin.clone()),
                _ => {}
            }
        }
    }
    value
}
