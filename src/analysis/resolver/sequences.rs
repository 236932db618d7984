//! Lists, tuples, dictionaries and what goes through their elements.

use super::Resolver;
use crate::analysis::{
    constants::{self, Constant},
    scopes::{ContainerId, How, Loop, ScopeKind, key},
    values::{Atom, Value},
};
use ruff_python_ast::{self as ast, Expr, ExprContext};
use ruff_text_size::TextRange;

/// The longest display whose elements are told apart.
const MAX_EXACT: usize = 256;

/// The longest sequence that a comprehension is followed through element by element.
const MAX_UNROLLED: usize = 512;

impl<'a> Resolver<'a, '_> {
    pub(super) fn display(&mut self, node: &'a Expr, elements: &'a [Expr], context: ExprContext) -> Value {
        if context != ExprContext::Load {
            return Value::DATA;
        }
        let (id, fresh) = self.world.container(key(node), self.part_of_row());
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

    pub(super) fn dictionary(&mut self, node: &'a ast::ExprDict) -> Value {
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
    pub(super) fn comprehension(
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
        let around = self.loops.len();
        self.loops.extend(generators.iter().map(Loop::within));
        let made = parts(self);
        self.loops.truncate(around);
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
    pub(super) fn unrolled(
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

    pub(super) fn sliced(&mut self, object: Value, slice: &'a ast::ExprSlice) -> Value {
        let mut bounds = [None, None, None];
        let mut known = true;
        for (bound, part) in bounds.iter_mut().zip([&slice.lower, &slice.upper, &slice.step]) {
            if let Some(part) = part {
                let value = self.expression(part);
                *bound = self.constant_of(value);
                known &= bound.is_some();
            }
        }
        if known
            && !self.holds_lists(object)
            && let Some(constants) = self.constants_of(object)
        {
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
            let part = match *atom {
                Atom::Container(id) => {
                    let elements = self.world.elements(id);
                    self.collection(key(slice), 0, elements)
                }
                Atom::Object(class) => self.item_of(class, Value::DATA),
                _ => continue,
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// Whether `value` is a container of containers: a copy of it holds the same ones.
    pub(super) fn holds_lists(&mut self, value: Value) -> bool {
        let atoms = self.values.atoms(value);
        atoms.iter().any(|atom| {
            let Atom::Container(id) = *atom else { return false };
            let elements = self.world.elements(id);
            self.values
                .has(elements, |atom| matches!(atom, Atom::Container(_)))
        })
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
    pub(super) fn sequence(&mut self, place: usize, elements: &[Constant]) -> Value {
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

    /// What iterating over `value` gives.
    pub(super) fn iterate(&mut self, value: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            let element = match *atom {
                Atom::Container(id) if self.world.held(id).is_dictionary => self.world.keys(id),
                Atom::Container(id) => self.opened(id),
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
                Atom::Object(class) => self.iterated(class),
                Atom::Class(class) => self.iterated_class(class),
                Atom::Data | Atom::Member(_) | Atom::Names | Atom::NamesOf(_) | Atom::FieldsOf(_) => {
                    Value::DATA
                }
                Atom::Modules => Value::UNKNOWN,
                Atom::Path(path) => self.with_kept(path),
                same @ (Atom::Client(_) | Atom::Unknown | Atom::Function(_) | Atom::Parent(_)) => {
                    self.values.of(same)
                }
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
                Atom::Path(path) => {
                    let same = self.values.of(*atom);
                    match self.keeper(path) {
                        Some(keeper) => {
                            let kept = self.world.elements(keeper);
                            self.values.join(same, kept)
                        }
                        None => same,
                    }
                }
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

    /// `value[index]`.
    pub(super) fn item(&mut self, object: Value, index: Value, at: TextRange) -> Value {
        if let (Some(containers), Some(index)) = (self.constants_of(object), self.constant_of(index))
            && let [container] = containers.as_slice()
            && let Some(item) = constants::item(container, &index)
            // A list in a list is that list, not what it holds.
            && !is_sequence(&item)
        {
            return self.made(item);
        }
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(object);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Container(id) if self.world.held(id).is_carrier => self.opened(id),
                Atom::Container(id) => self.held_at(id, index),
                Atom::Constant(_) | Atom::Data | Atom::Member(_) => Value::DATA,
                Atom::Object(class) => self.item_of(class, index),
                Atom::Class(class) => self.item_of_class(class, index),
                Atom::Names | Atom::NamesOf(_) | Atom::FieldsOf(_) | Atom::Modules => {
                    self.named_in(*atom, index, at)
                }
                Atom::Path(path) if &*self.paths.text(path) == "builtins" => {
                    // `__builtins__` is a dictionary in some places.
                    self.named_in(Atom::NamesOf(path), index, at)
                }
                Atom::Path(path) => self.with_kept(path),
                same => self.values.of(same),
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// `value += more`, or another operator of its kind: a container takes more in where it stands, so that
    /// whoever holds it sees that; `place` tells apart what is made anew.
    pub(super) fn grown(&mut self, value: Value, more: Value, place: usize) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(value);
        let mut rest = Vec::new();
        for atom in atoms.iter() {
            let Atom::Container(id) = *atom else {
                rest.push(*atom);
                continue;
            };
            let same = self.values.of(*atom);
            if self.world.held(id).is_carrier {
                let bearing = self.bearing(more);
                self.put_into_carrier(id, bearing, true);
                result = self.values.join(result, same);
            } else if self.world.held(id).is_tuple {
                let elements = self.world.elements(id);
                let added = self.iterate(more);
                let elements = self.values.join(elements, added);
                let longer = self.collection(place, 0, elements);
                result = self.values.join(result, longer);
            } else {
                self.absorb(id, more);
                result = self.values.join(result, same);
            }
        }
        if rest.is_empty() && result != Value::EMPTY {
            return result;
        }
        // What grows by itself is followed no further than what it may hold.
        let rest = self.values.any(rest);
        let rest = self.combined(rest, more);
        let rest = self.values.widened(rest);
        self.values.join(result, rest)
    }

    /// The container takes in what another holds.
    pub(super) fn absorb(&mut self, id: ContainerId, value: Value) {
        if !self.world.held(id).is_dictionary {
            self.world.spoil(id);
            let elements = self.iterate(value);
            self.world.hold(&mut self.values, id, elements);
            return;
        }
        let atoms = self.values.atoms(value);
        for atom in atoms.iter() {
            match *atom {
                Atom::Container(other) if self.world.held(other).is_dictionary => {
                    match self.world.pairs(other) {
                        Some(pairs) => {
                            for (name, value) in pairs {
                                let name = self.values.of(Atom::Constant(name));
                                self.hold_at(id, name, value);
                            }
                        }
                        None => {
                            let (names, values) = (self.world.keys(other), self.world.elements(other));
                            self.hold_at(id, names, values);
                        }
                    }
                }
                Atom::Container(other) => match self.world.exact(other) {
                    Some(rows) => {
                        for row in rows {
                            let (name, value) =
                                (self.element(row, 0, 2, true), self.element(row, 1, 2, true));
                            self.hold_at(id, name, value);
                        }
                    }
                    None => {
                        let row = self.world.elements(other);
                        let (name, value) = (self.element(row, 0, 2, true), self.element(row, 1, 2, true));
                        self.world.spoil(id);
                        self.world.hold_key(&mut self.values, id, name);
                        self.world.hold(&mut self.values, id, value);
                    }
                },
                same => {
                    let same = self.values.of(same);
                    let element = self.iterate(same);
                    self.world.spoil(id);
                    self.world.hold_key(&mut self.values, id, element);
                    self.world.hold(&mut self.values, id, element);
                }
            }
        }
    }

    /// What the container holds at `index`.
    pub(super) fn held_at(&mut self, id: ContainerId, index: Value) -> Value {
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
    pub(super) fn hold_at(&mut self, id: ContainerId, name: Value, value: Value) {
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
