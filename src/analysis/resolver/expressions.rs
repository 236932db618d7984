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

/// The longest display whose elements are told apart.
const MAX_EXACT: usize = 256;

/// The longest sequence that a comprehension is followed through element by element.
const MAX_UNROLLED: usize = 512;

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

    fn deeper_value(&mut self, work: impl FnOnce(&mut Self) -> Value) -> Value {
        self.deeper(|resolver| Some(work(resolver)))
            .unwrap_or(Value::UNKNOWN)
    }

    fn compound(&mut self, expression: &'a Expr) -> Value {
        match expression {
            Expr::Attribute(node) => {
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
                self.expression(&node.left);
                for comparator in &node.comparators {
                    self.expression(comparator);
                }
                Value::DATA
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
            Expr::Await(node) => self.expression(&node.value),
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
                Value::DATA
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
        self.values.constant(Constant::Text(text.into()))
    }

    fn number(&mut self, number: &ast::Number) -> Value {
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
    fn named_value(&mut self, expression: &'a Expr, name: &'a ast::ExprName) -> Value {
        let value = self.look_up(name);
        self.note_hit(name.range(), value, false);
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            if let Atom::Path(path) = *atom {
                self.subject = Some(expression);
                self.named(name.range(), path);
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

    fn assign_named(&mut self, target: &'a Expr, value: Value, how: How<'a>) {
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

    fn join_all(&mut self, expressions: &'a [Expr]) -> Value {
        let mut joined = Value::EMPTY;
        for expression in expressions {
            let value = self.expression(expression);
            joined = self.values.join(joined, value);
        }
        joined
    }

    fn operate(&mut self, operator: Operator, left: Value, right: Value) -> Value {
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
        self.combined(left, right)
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

    fn constants_within(&mut self, value: Value, depth: u8) -> Option<Vec<Constant>> {
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

    fn display(&mut self, node: &'a Expr, elements: &'a [Expr], context: ExprContext) -> Value {
        if context != ExprContext::Load {
            return Value::DATA;
        }
        let (id, fresh) = self.world.container(key(node), 0);
        self.world.held_mut(id).is_tuple = node.is_tuple_expr();
        let starred = elements.iter().any(Expr::is_starred_expr);
        if starred || elements.len() > MAX_EXACT {
            for element in elements {
                let value = self.expression(element);
                self.world.hold(&mut self.values, id, value);
            }
        } else {
            let values = elements.iter().map(|element| self.expression(element)).collect();
            self.world.set_exact(&mut self.values, id, values, fresh);
        }
        self.values.of(Atom::Container(id))
    }

    fn dictionary(&mut self, node: &'a ast::ExprDict) -> Value {
        let (id, fresh) = self.world.container(key(node), 0);
        let held = self.world.held_mut(id);
        held.is_dictionary = true;
        if fresh && node.items.len() <= MAX_EXACT {
            held.by_key = Some(Default::default());
        }
        for item in &node.items {
            let value = self.expression(&item.value);
            match &item.key {
                Some(name) => {
                    let name = self.expression(name);
                    self.hold_at(id, name, value);
                }
                None => {
                    let element = self.contents(value);
                    let names = self.iterate(value);
                    self.world.spoil(id);
                    self.world.hold(&mut self.values, id, element);
                    self.world.hold_key(&mut self.values, id, names);
                }
            }
        }
        self.values.of(Atom::Container(id))
    }

    /// Follows a comprehension; its parts are the element, or key and value.
    fn comprehension(
        &mut self,
        place: usize,
        generators: &'a [ast::Comprehension],
        parts: impl Fn(&mut Self) -> Vec<(&'a Expr, Value)>,
    ) -> Value {
        let first = generators
            .first()
            .map(|generator| self.expression(&generator.iter));
        let outer = self.scope;
        self.scope = self.world.scope(place, ScopeKind::Comprehension, Some(outer));
        let mut unrolled = None;
        if let ([generator], Some(first)) = (generators, first)
            && generator.ifs.is_empty()
            && let Expr::Name(target) = &generator.target
        {
            unrolled = self.unrolled(target, first, &parts);
        }
        for (index, generator) in generators.iter().enumerate() {
            let value = match (index, first) {
                (0, Some(first)) => first,
                _ => self.expression(&generator.iter),
            };
            let element = self.iterate(value);
            self.assign(&generator.target, element, How::Element(&generator.iter));
            for test in &generator.ifs {
                self.expression(test);
            }
        }
        let made = parts(self);
        self.scope = outer;
        let (id, fresh) = self.world.container(place, 0);
        match made.as_slice() {
            [(_, name), (_, value)] => {
                self.world.held_mut(id).is_dictionary = true;
                self.world.hold_key(&mut self.values, id, *name);
                self.world.hold(&mut self.values, id, *value);
            }
            [(_, value)] => {
                match unrolled {
                    Some(elements) => self.world.set_exact(&mut self.values, id, elements, fresh),
                    None => self.world.spoil(id),
                }
                self.world.hold(&mut self.values, id, *value);
            }
            _ => {}
        }
        self.values.of(Atom::Container(id))
    }

    /// The elements of a comprehension over a known sequence, one by one.
    fn unrolled(
        &mut self,
        target: &ast::ExprName,
        over: Value,
        parts: &impl Fn(&mut Self) -> Vec<(&'a Expr, Value)>,
    ) -> Option<Vec<Value>> {
        let elements = self.sequence_of(over)?;
        if elements.len() > MAX_UNROLLED {
            return None;
        }
        let name = self.name(target.id.as_str());
        let before = self.single.get(&name).copied();
        let mut results = Vec::with_capacity(elements.len());
        self.quiet += 1;
        for element in elements {
            self.single.insert(name, element);
            let made = parts(self);
            match made.as_slice() {
                [(_, value)] if self.constant_of(*value).is_some() => results.push(*value),
                _ => break,
            }
        }
        self.quiet -= 1;
        match before {
            Some(value) => self.single.insert(name, value),
            None => self.single.remove(&name),
        };
        let whole = self.sequence_of(over)?.len();
        (results.len() == whole).then_some(results)
    }

    /// The elements of a value one by one, if it is one known sequence of constants.
    pub(super) fn sequence_of(&mut self, value: Value) -> Option<Vec<Value>> {
        let elements = match self.constant_of(value)? {
            Constant::Sequence(elements) | Constant::Tuple(elements) | Constant::Iterator(elements) => {
                elements.to_vec()
            }
            Constant::Text(text) if text.len() <= MAX_UNROLLED => text
                .chars()
                .map(|letter| Constant::Text(letter.to_string().into()))
                .collect(),
            Constant::Bytes(bytes) if bytes.len() <= MAX_UNROLLED => {
                bytes.iter().map(|&byte| Constant::Int(i64::from(byte))).collect()
            }
            _ => return None,
        };
        if elements.iter().any(is_sequence) {
            return None;
        }
        Some(
            elements
                .into_iter()
                .map(|element| self.values.constant(element))
                .collect(),
        )
    }

    fn sliced(&mut self, object: Value, slice: &'a ast::ExprSlice) -> Value {
        let mut bounds = [None, None, None];
        let mut known = true;
        for (bound, part) in bounds.iter_mut().zip([&slice.lower, &slice.upper, &slice.step]) {
            if let Some(part) = part {
                let value = self.expression(part);
                *bound = self.constant_of(value);
                known &= bound.is_some();
            }
        }
        if known && let Some(constants) = self.constants_of(object) {
            let mut result = Value::EMPTY;
            for constant in constants {
                let [lower, upper, step] = &bounds;
                let made = constants::slice(&constant, lower.as_ref(), upper.as_ref(), step.as_ref());
                let value = match made {
                    Some(constant) => self.kept(key(slice), constant),
                    None => Value::DATA,
                };
                result = self.values.join(result, value);
            }
            return result;
        }
        // A part of a container is a container of the same.
        let kept = self.values.only(object, |atom| {
            !matches!(atom, Atom::Constant(_) | Atom::Container(_))
        });
        let mut result = self.values.join(kept, Value::DATA);
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            if let Atom::Container(id) = *atom {
                let elements = self.world.elements(id);
                let part = self.collection(key(slice), 0, elements);
                result = self.values.join(result, part);
            }
        }
        result
    }

    /// A computed constant as a value; a sequence is a container made at `place`.
    pub(super) fn kept(&mut self, place: usize, constant: Constant) -> Value {
        match constant {
            Constant::Sequence(elements) => self.sequence(place, &elements),
            // What can be read only once is empty for the second reader.
            Constant::Iterator(elements) => {
                let value = self.sequence(place, &elements);
                if let [Atom::Container(id)] = *self.values.atoms(value) {
                    self.world.spoil(id);
                }
                value
            }
            Constant::Tuple(elements) => {
                let value = self.sequence(place, &elements);
                if let [Atom::Container(id)] = *self.values.atoms(value) {
                    self.world.held_mut(id).is_tuple = true;
                }
                value
            }
            constant => self.values.constant(constant),
        }
    }

    /// A container of known constants.
    fn sequence(&mut self, place: usize, elements: &[Constant]) -> Value {
        if elements.len() > MAX_UNROLLED {
            return self.collection(place, 1, Value::DATA);
        }
        let values: Vec<Value> = elements
            .iter()
            .map(|element| match element {
                element if is_sequence(element) => Value::DATA,
                element => self.values.constant(element.clone()),
            })
            .collect();
        let (id, fresh) = self.world.container(place, 1);
        self.world.set_exact(&mut self.values, id, values, fresh);
        self.values.of(Atom::Container(id))
    }

    /// A container that holds `elements` in whatever order.
    pub(super) fn collection(&mut self, place: usize, part: u8, elements: Value) -> Value {
        let (id, _) = self.world.container(place, part);
        self.world.hold(&mut self.values, id, elements);
        self.values.of(Atom::Container(id))
    }

    /// What a starred target takes.
    pub(super) fn collected(&mut self, node: &'a Expr, part: u8, elements: Value) -> Value {
        self.collection(key(node), part, elements)
    }

    fn interpolated(&mut self, elements: impl Iterator<Item = &'a ast::InterpolatedStringElement>) -> Value {
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
    fn replacement(&mut self, part: &'a ast::InterpolatedElement) -> Option<Vec<String>> {
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

    /// What iterating over `value` gives.
    pub(super) fn iterate(&mut self, value: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let element = match *atom {
                Atom::Container(id) if self.world.held(id).is_dictionary => self.world.keys(id),
                Atom::Container(id) => self.world.elements(id),
                Atom::Constant(id) => match self.values.get(id).clone() {
                    Constant::Text(text) if text.len() <= 32 => {
                        let mut letters = Value::EMPTY;
                        for letter in text.chars() {
                            let letter = self.text(&letter.to_string());
                            letters = self.values.join(letters, letter);
                        }
                        letters
                    }
                    _ => Value::DATA,
                },
                Atom::Object(class) => self.implicit(class),
                Atom::Class(class) => {
                    // The members of an enumeration.
                    let object = self.values.of(Atom::Object(class));
                    self.values.join(object, Value::DATA)
                }
                Atom::Data | Atom::Member(_) | Atom::Names | Atom::NamesOf(_) | Atom::FieldsOf(_) => {
                    Value::DATA
                }
                Atom::Modules => Value::UNKNOWN,
                same @ (Atom::Client(_)
                | Atom::Path(_)
                | Atom::Unknown
                | Atom::Function(_)
                | Atom::Parent(_)) => self.values.of(same),
            };
            result = self.values.join(result, element);
        }
        result
    }

    /// What a container holds: the values of a dictionary, the elements of others.
    pub(super) fn contents(&mut self, value: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) => self.world.elements(id),
                Atom::Constant(_) => Value::DATA,
                other => self.values.of(other),
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// The element at `index` of a value that is unpacked into `count` names.
    pub(super) fn element(&mut self, value: Value, index: usize, count: usize, whole: bool) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) if !self.world.held(id).is_dictionary => match self.world.exact(id) {
                    Some(elements) if whole && elements.len() == count => elements[index],
                    Some(elements) if !whole && index < elements.len() => elements[index],
                    _ => self.world.elements(id),
                },
                other => {
                    let one = self.values.of(other);
                    self.iterate(one)
                }
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// What `with value as …` binds.
    pub(super) fn enter(&mut self, value: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let entered = match *atom {
                Atom::Container(id) => {
                    let elements = self.world.elements(id);
                    let itself = self.values.of(*atom);
                    self.values.join(elements, itself)
                }
                Atom::Object(class) => {
                    let given = self.implicit(class);
                    let itself = self.values.of(*atom);
                    self.values.join(given, itself)
                }
                same => self.values.of(same),
            };
            result = self.values.join(result, entered);
        }
        result
    }

    /// `value[index]`.
    pub(super) fn item(&mut self, object: Value, index: Value, at: TextRange) -> Value {
        if let (Some(containers), Some(index)) = (self.constants_of(object), self.constant_of(index))
            && let [container] = containers.as_slice()
            && let Some(item) = constants::item(container, &index)
        {
            return self.made(item);
        }
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) => self.held_at(id, index),
                Atom::Constant(_) | Atom::Data | Atom::Member(_) => Value::DATA,
                Atom::Object(class) => self.implicit(class),
                Atom::Names | Atom::NamesOf(_) | Atom::FieldsOf(_) | Atom::Modules => {
                    self.named_in(*atom, index, at)
                }
                Atom::Path(path) if &*self.paths.text(path) == "builtins" => {
                    // `__builtins__` is a dictionary in some places.
                    self.named_in(Atom::NamesOf(path), index, at)
                }
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// What the container holds at `index`.
    pub(super) fn held_at(&mut self, id: crate::analysis::scopes::ContainerId, index: Value) -> Value {
        let atoms = self.values.atoms(index);
        let mut found = Value::EMPTY;
        for atom in atoms.iter() {
            let Atom::Constant(constant) = *atom else {
                return self.world.elements(id);
            };
            let part = if self.world.held(id).is_dictionary {
                self.world.under_key(id, constant)
            } else {
                let Constant::Int(place) = *self.values.get(constant) else {
                    return self.world.elements(id);
                };
                self.world.exact(id).and_then(|elements| {
                    let place = if place < 0 {
                        usize::try_from(place.unsigned_abs())
                            .ok()
                            .and_then(|back| elements.len().checked_sub(back))?
                    } else {
                        usize::try_from(place).ok()?
                    };
                    elements.get(place).copied()
                })
            };
            let Some(part) = part else {
                return self.world.elements(id);
            };
            found = self.values.join(found, part);
        }
        if found == Value::EMPTY {
            self.world.elements(id)
        } else {
            found
        }
    }

    /// Puts `value` under `name` into a dictionary.
    pub(super) fn hold_at(&mut self, id: crate::analysis::scopes::ContainerId, name: Value, value: Value) {
        self.world.hold_key(&mut self.values, id, name);
        let atoms = self.values.atoms(name);
        if atoms.is_empty() || atoms.iter().any(|atom| !matches!(atom, Atom::Constant(_))) {
            self.world.spoil(id);
            self.world.hold(&mut self.values, id, value);
            return;
        }
        for atom in atoms.iter() {
            if let Atom::Constant(constant) = *atom {
                self.world.hold_under(&mut self.values, id, constant, value);
            }
        }
    }
}

fn is_sequence(constant: &Constant) -> bool {
    matches!(
        constant,
        Constant::Sequence(_) | Constant::Tuple(_) | Constant::Iterator(_)
    )
}
