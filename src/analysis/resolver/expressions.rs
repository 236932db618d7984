//! What each expression stands for.

use ruff_python_ast::{self as ast, Expr, ExprContext, Operator};
use ruff_text_size::{Ranged, TextRange};

use super::Resolver;
use crate::analysis::{
    builtins,
    constants::{self, Constant},
    paths::Place,
    scopes::{How, ScopeKind, key},
    values::{Atom, Value},
};

/// An f-string or sum of at most so many alternatives is computed.
const MAX_ALTERNATIVES: usize = 16;

impl<'a> Resolver<'a, '_> {
    pub(super) fn expression(&mut self, expression: &'a Expr) -> Value {
        // What most expressions are needs no depth.
        match expression {
            Expr::Name(name) => self.named_value(expression, name),
            Expr::StringLiteral(text) => self.text(text.value.to_str()),
            Expr::NumberLiteral(number) => self.number(&number.value),
            Expr::BooleanLiteral(flag) => self.values.constant(Constant::Bool(flag.value)),
            Expr::NoneLiteral(_) => self.values.constant(Constant::None),
            Expr::EllipsisLiteral(_) | Expr::IpyEscapeCommand(_) => Value::DATA,
            other => self.deeper_value(|resolver| resolver.compound(other)),
        }
    }

    pub(super) fn deeper_value(&mut self, work: impl FnOnce(&mut Self) -> Value) -> Value {
        self.deeper(|resolver| Some(work(resolver)))
            .unwrap_or(Value::UNKNOWN)
    }

    pub(super) fn compound(&mut self, expression: &'a Expr) -> Value {
        match expression {
            Expr::Attribute(node) => {
                self.base = key(&*node.value);
                let object = self.expression(&node.value);
                self.note_hit(node.attr.range(), object, false);
                let name = self.name(node.attr.as_str());
                self.subject = Some(expression);
                self.member(object, name, node.attr.range())
            }
            Expr::Call(node) => self.call(node),
            Expr::BinOp(node) => {
                let left = self.expression(&node.left);
                let right = self.expression(&node.right);
                self.operate(node.op, left, right)
            }
            Expr::UnaryOp(node) => {
                let operand = self.expression(&node.operand);
                match self.constant_of(operand) {
                    Some(constant) => match constants::unary(node.op, &constant) {
                        Some(result) => self.values.constant(result),
                        None => Value::DATA,
                    },
                    None => self.combined(operand, Value::DATA),
                }
            }
            Expr::BoolOp(node) => self.join_all(&node.values),
            Expr::Compare(node) => {
                let mut left = self.expression(&node.left);
                let mut result = Value::DATA;
                for (operator, comparator) in node.ops.iter().zip(&node.comparators) {
                    let right = self.expression(comparator);
                    let given = self.compared(*operator, left, right);
                    result = self.values.join(result, given);
                    left = right;
                }
                result
            }
            Expr::If(node) => {
                self.expression(&node.test);
                let body = self.expression(&node.body);
                let other = self.expression(&node.orelse);
                self.values.join(body, other)
            }
            Expr::Named(node) => {
                let value = self.expression(&node.value);
                self.assign_named(&node.target, value, How::Assigned(&node.value));
                value
            }
            Expr::Lambda(node) => self.lambda(node),
            Expr::Subscript(node) => {
                let object = self.expression(&node.value);
                if let Expr::Slice(slice) = &*node.slice {
                    return self.sliced(object, slice);
                }
                let index = self.expression(&node.slice);
                self.item(object, index, node.range())
            }
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper, &node.step].into_iter().flatten() {
                    self.expression(part);
                }
                Value::DATA
            }
            Expr::List(node) => self.display(expression, &node.elts, node.ctx),
            Expr::Tuple(node) => self.display(expression, &node.elts, node.ctx),
            Expr::Set(node) => self.display(expression, &node.elts, ExprContext::Load),
            Expr::Dict(node) => self.dictionary(node),
            Expr::ListComp(node) => self.comprehension(key(node), &node.generators, |resolver| {
                vec![(&node.elt, resolver.expression(&node.elt))]
            }),
            Expr::SetComp(node) => self.comprehension(key(node), &node.generators, |resolver| {
                vec![(&node.elt, resolver.expression(&node.elt))]
            }),
            Expr::Generator(node) => self.comprehension(key(node), &node.generators, |resolver| {
                vec![(&node.elt, resolver.expression(&node.elt))]
            }),
            Expr::DictComp(node) => self.comprehension(key(node), &node.generators, |resolver| {
                let mut parts = Vec::with_capacity(2);
                if let Some(name) = &node.key {
                    let named = resolver.expression(name);
                    parts.push((&**name, named));
                }
                let value = resolver.expression(&node.value);
                parts.push((&*node.value, value));
                parts
            }),
            Expr::FString(node) => self.interpolated(node.value.elements()),
            Expr::TString(node) => {
                self.interpolated(node.value.elements());
                Value::DATA
            }
            Expr::BytesLiteral(node) => {
                let bytes: Vec<u8> = node.value.bytes().collect();
                if bytes.len() > constants::MAX_LENGTH {
                    return Value::DATA;
                }
                self.values.constant(Constant::Bytes(bytes.into()))
            }
            Expr::Await(node) => {
                let value = self.expression(&node.value);
                self.awaited(value)
            }
            Expr::Starred(node) => {
                let value = self.expression(&node.value);
                self.iterate(value)
            }
            Expr::Yield(node) => {
                let value = node
                    .value
                    .as_ref()
                    .map_or(Value::DATA, |value| self.expression(value));
                self.yields(value);
                // What is sent in may be anything.
                Value::UNKNOWN
            }
            Expr::YieldFrom(node) => {
                let value = self.expression(&node.value);
                let element = self.iterate(value);
                self.yields(element);
                // What the other generator returns in the end.
                self.values.join(value, Value::DATA)
            }
            Expr::Name(_)
            | Expr::StringLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::IpyEscapeCommand(_) => self.expression(expression),
        }
    }

    pub(super) fn text(&mut self, text: &str) -> Value {
        // A lone surrogate reaches us as the replacement character: which one it was is lost.
        if text.len() > constants::MAX_LENGTH || text.contains('\u{fffd}') {
            return Value::DATA;
        }
        self.values.text(text)
    }

    pub(super) fn number(&mut self, number: &ast::Number) -> Value {
        match number {
            ast::Number::Int(number) => match number.as_i64() {
                Some(number) => self.values.constant(Constant::Int(number)),
                None => Value::DATA,
            },
            ast::Number::Float(number) => self.values.constant(Constant::Float(*number)),
            ast::Number::Complex { .. } => Value::DATA,
        }
    }

    /// The value of a name that is not called here.
    pub(super) fn named_value(&mut self, expression: &'a Expr, name: &'a ast::ExprName) -> Value {
        let value = self.look_up(name);
        self.note_hit(name.range(), value, false);
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Path(path) = *atom {
                self.subject = Some(expression);
                self.named(name.range(), path);
                if self.base != key(expression) {
                    self.module_named(name.range(), path);
                }
            }
        }
        value
    }

    /// What a name stands for.
    pub(super) fn look_up(&mut self, name: &'a ast::ExprName) -> Value {
        self.look_up_text(name.id.as_str(), name.range())
    }

    /// What a name stands for that the code at `at` uses.
    pub(super) fn look_up_text(&mut self, text: &str, at: TextRange) -> Value {
        let symbol = self.name(text);
        if let Some(&value) = self.single.get(&symbol) {
            return value;
        }
        if let Some(value) = self.world.look_up(self.scope, symbol) {
            return value;
        }
        let mut value = Value::EMPTY;
        self.unbound_asked = true;
        if let Some(&known) = self.plain_builtins.get(&symbol)
            && self.stars.is_empty()
            && !self.foreign_star
        {
            return known;
        }
        if builtins::is_builtin(text) {
            let path = self.paths.of(&format!("builtins.{text}"));
            if self.knowledge.is_gateway(text) && text != "__import__" {
                self.named(at, path);
                if text != "__builtins__" {
                    self.reflection(
                        at,
                        format!("'{text}' leads around the names that the analysis follows."),
                    );
                }
            }
            value = match text {
                "True" | "False" | "None" | "Ellipsis" | "NotImplemented" | "__name__" | "__file__"
                | "__doc__" | "__debug__" => Value::DATA,
                "__builtins__" => {
                    let module = self.paths.of("builtins");
                    self.values.of(Atom::Path(module))
                }
                _ => self.values.of(Atom::Path(path)),
            };
            if !self.knowledge.is_gateway(text) {
                self.plain_builtins.insert(symbol, value);
            }
        }
        for index in 0..self.stars.len() {
            let star = self.stars[index];
            let Some(path) = self.paths.member(star, symbol, &self.symbols) else {
                continue;
            };
            let known = match self.paths.place(path) {
                Place::Library { member, .. } => {
                    member.does != crate::analysis::knowledge::Does::Unlisted || value == Value::EMPTY
                }
                Place::Known { effect } => effect.is_some() || value == Value::EMPTY,
                Place::Foreign => false,
            };
            if known {
                let found = self.values.of(Atom::Path(path));
                value = self.values.join(value, found);
            }
        }
        if self.foreign_star || value == Value::EMPTY {
            value = self.values.join(value, Value::UNKNOWN);
        }
        value
    }

    pub(super) fn assign_named(&mut self, target: &'a Expr, value: Value, how: How<'a>) {
        // A walrus binds outside of comprehensions.
        let inner = self.scope;
        while self.world.scope_ref(self.scope).kind == ScopeKind::Comprehension {
            let Some(parent) = self.world.scope_ref(self.scope).parent else {
                break;
            };
            self.scope = parent;
        }
        self.assign(target, value, how);
        self.scope = inner;
    }

    pub(super) fn join_all(&mut self, expressions: &'a [Expr]) -> Value {
        let mut joined = Value::EMPTY;
        for expression in expressions {
            let value = self.expression(expression);
            joined = self.values.join(joined, value);
        }
        joined
    }

    pub(super) fn operate(&mut self, operator: Operator, left: Value, right: Value) -> Value {
        let (lefts, rights) = (self.constants_of(left), self.constants_of(right));
        if let (Some(lefts), Some(rights)) = (lefts, rights)
            && lefts.len() * rights.len() <= MAX_ALTERNATIVES
        {
            let mut result = Value::EMPTY;
            for left in &lefts {
                for right in &rights {
                    let value = match constants::binary(operator, left, right) {
                        Some(constant) => self.made(constant),
                        None => Value::DATA,
                    };
                    result = self.values.join(result, value);
                }
            }
            // A list of lists that is repeated holds the same lists.
            if self.values.has(left, |atom| matches!(atom, Atom::Container(_))) {
                let combined = self.combined(left, right);
                result = self.values.join(result, combined);
            }
            return result;
        }
        if operator == Operator::Div {
            // Paths of files are joined by it.
            for side in [left, right] {
                let atoms = self.values.atoms(side);
                if let [Atom::Path(_)] = &*atoms {
                    return side;
                }
            }
        }
        self.operated(operator, left, right)
    }

    /// What an operator may make of two values of which nothing is computed.
    pub(super) fn combined(&mut self, left: Value, right: Value) -> Value {
        let mut result = Value::DATA;
        for side in [left, right] {
            let kept = self
                .values
                .only(side, |atom| matches!(atom, Atom::Container(_) | Atom::Unknown));
            result = self.values.join(result, kept);
            let atoms = self.values.atoms(side);
            for atom in atoms.iter() {
                if let Atom::Object(class) = *atom {
                    let given = self.implicit(class);
                    result = self.values.join(result, given);
                }
            }
        }
        result
    }

    /// A computed constant as a value; a sequence is data.
    pub(super) fn made(&mut self, constant: Constant) -> Value {
        match constant {
            Constant::Sequence(_) | Constant::Tuple(_) | Constant::Iterator(_) => Value::DATA,
            constant => self.values.constant(constant),
        }
    }

    /// The one constant that `value` is, with sequences put together.
    pub(super) fn constant_of(&mut self, value: Value) -> Option<Constant> {
        let mut all = self.constants_of(value)?;
        if all.len() == 1 { all.pop() } else { None }
    }

    /// The constants that `value` may be, if it can be nothing else.
    pub(super) fn constants_of(&mut self, value: Value) -> Option<Vec<Constant>> {
        self.constants_within(value, 4)
    }

    pub(super) fn constants_within(&mut self, value: Value, depth: u8) -> Option<Vec<Constant>> {
        if value == Value::EMPTY || value == Value::DATA || value == Value::UNKNOWN {
            return None;
        }
        let atoms = self.values.atoms(value);
        if atoms
            .iter()
            .any(|atom| !matches!(atom, Atom::Constant(_) | Atom::Container(_)))
        {
            return None;
        }
        let mut constants = Vec::with_capacity(atoms.len());
        for atom in atoms.iter() {
            match *atom {
                Atom::Constant(id) => constants.push(self.values.get(id).clone()),
                Atom::Container(id) if depth > 0 && !self.world.held(id).is_dictionary => {
                    let elements = self.world.exact(id)?;
                    let mut sequence = Vec::with_capacity(elements.len());
                    for element in elements {
                        let mut alternatives = self.constants_within(element, depth - 1)?;
                        if alternatives.len() != 1 {
                            return None;
                        }
                        sequence.append(&mut alternatives);
                    }
                    let is_tuple = self.world.held(id).is_tuple;
                    constants.push(if is_tuple {
                        Constant::tuple(sequence)?
                    } else {
                        Constant::list(sequence)?
                    });
                }
                _ => return None,
            }
        }
        Some(constants)
    }

    /// The texts that `value` may be, if it can be nothing else.
    pub(super) fn texts_of(&mut self, value: Value) -> Option<Vec<String>> {
        let constants = self.constants_of(value)?;
        constants
            .iter()
            .map(|constant| match constant {
                Constant::Text(text) => Some(text.to_string()),
                _ => None,
            })
            .collect()
    }

    pub(super) fn interpolated(
        &mut self,
        elements: impl Iterator<Item = &'a ast::InterpolatedStringElement>,
    ) -> Value {
        let mut texts = Some(vec![String::new()]);
        for element in elements {
            let parts = match element {
                ast::InterpolatedStringElement::Literal(literal) => Some(vec![literal.value.to_string()]),
                ast::InterpolatedStringElement::Interpolation(part) => self.replacement(part),
            };
            texts = match (texts, parts) {
                (Some(texts), Some(parts)) if texts.len() * parts.len() <= MAX_ALTERNATIVES => Some(
                    texts
                        .iter()
                        .flat_map(|text| parts.iter().map(move |part| format!("{text}{part}")))
                        .collect(),
                ),
                _ => None,
            };
        }
        let Some(texts) = texts else { return Value::DATA };
        let mut result = Value::EMPTY;
        for text in texts {
            let value = self.text(&text);
            result = self.values.join(result, value);
        }
        result
    }

    /// What a replacement field may give, if that is known.
    pub(super) fn replacement(&mut self, part: &'a ast::InterpolatedElement) -> Option<Vec<String>> {
        let value = self.expression(&part.expression);
        let mut specification = String::new();
        let mut known = part.debug_text.is_none();
        if let Some(specified) = &part.format_spec {
            for element in &specified.elements {
                match element {
                    ast::InterpolatedStringElement::Literal(literal) => {
                        specification.push_str(&literal.value)
                    }
                    ast::InterpolatedStringElement::Interpolation(inner) => {
                        match self.deeper(|resolver| resolver.replacement(inner)).as_deref() {
                            Some([only]) => specification.push_str(only),
                            _ => known = false,
                        }
                    }
                }
            }
        }
        let conversion = match part.conversion {
            ast::ConversionFlag::None => None,
            ast::ConversionFlag::Str => Some('s'),
            ast::ConversionFlag::Ascii => Some('a'),
            ast::ConversionFlag::Repr => Some('r'),
        };
        if !known {
            return None;
        }
        self.constants_of(value)?
            .iter()
            .map(|constant| constants::format(constant, conversion, &specification))
            .collect()
    }

    /// What `with value as …` binds.
    pub(super) fn enter(&mut self, value: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let entered = match *atom {
                Atom::Container(id) => {
                    let elements = self.opened(id);
                    let itself = self.values.of(*atom);
                    self.values.join(elements, itself)
                }
                Atom::Object(class) => {
                    let given = self.entered(class);
                    let itself = self.values.of(*atom);
                    self.values.join(given, itself)
                }
                same => self.values.of(same),
            };
            result = self.values.join(result, entered);
        }
        result
    }
}
