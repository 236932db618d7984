//! The channels and values that a call of a client library names.

use std::sync::Arc;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    constants::{self, Constant},
    knowledge::{Does, Member, Role, SignatureId},
    values::{Atom, Value},
};
use ruff_python_ast::{Expr, ExprCall};

/// What the arguments of a call say of channels and values.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) channels: Vec<String>,
    pub(super) values: Vec<Option<String>>,
    /// What stands between these channels and those of an object's members, where they are others.
    joint: Option<Arc<str>>,
    /// Whether more channels are named than could be told.
    is_open: bool,
}

impl Targets {
    /// Channels and their values, which may be fewer.
    pub(super) fn of(channels: Vec<String>, mut values: Vec<Option<String>>) -> Self {
        values.resize(channels.len(), None);
        Self {
            channels,
            values,
            ..Self::default()
        }
    }

    /// Some channels are not known, so none is told.
    pub(super) fn open() -> Self {
        Self {
            is_open: true,
            ..Self::default()
        }
    }

    /// Whether they belong to an object whose members are channels of their own.
    pub(super) fn has_members(&self) -> bool {
        self.joint.is_some()
    }

    /// The channels of an object's member of this name.
    pub(super) fn member(mut self, name: &str) -> Self {
        if let Some(joint) = self.joint.take() {
            for channel in &mut self.channels {
                *channel = format!("{channel}{joint}{name}");
            }
        }
        self
    }

    /// What an object's own channels and the arguments of its method say together.
    pub(super) fn with(mut self, named: Self) -> Self {
        if let Some(joint) = self.joint.take() {
            return self.joined(&joint, &named);
        }
        if self.channels.is_empty() {
            return named;
        }
        if named.channels.is_empty() {
            let value = named.values.first().cloned().flatten();
            self.values = vec![value; self.channels.len()];
        } else {
            self.channels.extend(named.channels);
            self.values.clear();
        }
        self
    }

    /// The same where the arguments name members of the object.
    fn joined(self, joint: &str, named: &Self) -> Self {
        if named.is_open || (named.channels.is_empty() && joint.is_empty()) {
            return Self::open();
        }
        if named.channels.is_empty() {
            return self;
        }
        let mut joined = Self::default();
        for channel in &self.channels {
            let channels = named
                .channels
                .iter()
                .map(|name| format!("{channel}{joint}{name}"));
            joined.add(Self::of(channels.collect(), named.values.clone()));
        }
        joined
    }

    /// Other channels and values are told at the same place. A channel that gets several values is told
    /// without any.
    pub(super) fn add(&mut self, other: Self) {
        self.values.resize(self.channels.len(), None);
        let mut values = other.values.into_iter();
        for channel in other.channels {
            let value = values.next().flatten();
            match self.channels.iter().position(|known| *known == channel) {
                Some(place) if self.values[place] != value => self.values[place] = None,
                Some(_) => {}
                None => {
                    self.channels.push(channel);
                    self.values.push(value);
                }
            }
        }
    }
}

impl<'a> Resolver<'a, '_> {
    /// What a call tells in every turn of the loops around it, where that is more than `told`.
    pub(super) fn targets_by_rows(
        &mut self,
        told: Targets,
        member: Member,
        arguments: &Arguments<'a>,
    ) -> Targets {
        let Some(node) = arguments.node else { return told };
        let by_rows = self.by_rows(&told, &[&node.func], |resolver| {
            let own = match &*node.func {
                Expr::Attribute(attribute) => {
                    let object = resolver.expression(&attribute.value);
                    let own = resolver.own_targets(object);
                    match member.does {
                        Does::Unlisted => own.member(attribute.attr.as_str()),
                        _ => own,
                    }
                }
                _ => Targets::default(),
            };
            let arguments = resolver.settled_arguments(node);
            own.with(resolver.targets(member.signature, &arguments))
        });
        by_rows.unwrap_or(told)
    }

    /// The arguments of a call in one row.
    pub(super) fn settled_arguments(&mut self, node: &'a ExprCall) -> Arguments<'a> {
        for argument in node.arguments.iter_source_order() {
            self.settle(argument.value(), 0);
        }
        self.arguments(node)
    }

    /// The same for what an assignment sets.
    pub(super) fn stored_by_rows(&mut self, told: Targets, name: &str) -> Targets {
        let (Some(subject), Some(assigned)) = (self.subject, self.assigned) else {
            return told;
        };
        let by_rows = self.by_rows(&told, &[subject, assigned], |resolver| {
            let object = resolver.expression(subject);
            let mut targets = resolver.own_targets(object).member(name);
            let value = resolver.expression(assigned);
            let shown = resolver.shown(value);
            targets.values = vec![shown; targets.channels.len()];
            targets
        });
        by_rows.unwrap_or(told)
    }

    /// The channels of the objects themselves; none if one of them is not known.
    pub(super) fn own_targets(&mut self, whole: Value) -> Targets {
        let mut channels = Vec::new();
        let mut joint = None;
        let atoms = self.values.atoms(whole);
        for atom in atoms.iter() {
            let Atom::Client(client) = *atom else { continue };
            let known = self.values.client(client);
            let of = self.knowledge.type_of(known.of);
            joint = joint.or_else(|| of.joint.clone());
            let channel = known.channel.filter(|_| of.part.is_none());
            match channel.map(|channel| self.values.get(channel)) {
                Some(Constant::Text(text)) => channels.push(text.to_string()),
                _ => {
                    channels.clear();
                    break;
                }
            }
        }
        Targets {
            joint,
            ..Targets::of(channels, Vec::new())
        }
    }

    /// What the arguments with a role say.
    pub(super) fn targets(&mut self, signature: Option<SignatureId>, arguments: &Arguments<'a>) -> Targets {
        let Some(signature) = signature else {
            return Targets::default();
        };
        let roles: Vec<(usize, Role, Box<str>)> = self
            .knowledge
            .signature(signature)
            .iter()
            .enumerate()
            .filter(|(_, parameter)| parameter.role != Role::Plain)
            .map(|(index, parameter)| (index, parameter.role, parameter.name.clone()))
            .collect();
        let mut channels = None;
        let mut values = None;
        let mut is_open = false;
        for (index, role, name) in roles {
            if role == Role::Pairs {
                return self.pairs(arguments, index);
            }
            let Some(given) = self.argument(arguments, index, &name) else {
                continue;
            };
            match role {
                Role::Channel => {
                    channels = self.channel_names(given);
                    is_open = channels.is_none();
                }
                Role::Value => values = Some(given),
                Role::Mapping => {
                    if let Some(targets) = self.mapped(given) {
                        return targets;
                    }
                    channels = None;
                    is_open = true;
                }
                _ => {}
            }
        }
        let Some(channels) = channels else {
            // The object's own channel may still take the value.
            let shown = values.and_then(|value| self.shown(value));
            return Targets {
                values: vec![shown],
                is_open,
                ..Targets::default()
            };
        };
        let each = values.and_then(|value| {
            let [Atom::Container(id)] = *self.values.atoms(value) else {
                return None;
            };
            self.world
                .exact(id)
                .filter(|elements| elements.len() == channels.len())
        });
        let values = match each {
            Some(elements) if channels.len() > 1 => {
                elements.into_iter().map(|element| self.shown(element)).collect()
            }
            _ => {
                let shown = values.and_then(|value| self.shown(value));
                vec![shown; channels.len()]
            }
        };
        Targets::of(channels, values)
    }

    /// The channels and values that take turns from an argument on.
    fn pairs(&mut self, arguments: &Arguments<'a>, from: usize) -> Targets {
        let mut targets = Targets::default();
        let given = arguments.positional.get(from..).unwrap_or_default().to_vec();
        for pair in given.chunks(2) {
            let names = match pair {
                [name, _] if arguments.star.is_none() => self.channel_names(*name),
                _ => None,
            };
            let Some(names) = names else {
                return Targets::open();
            };
            let shown = self.shown(pair[1]);
            let values = vec![shown; names.len()];
            targets.add(Targets::of(names, values));
        }
        targets
    }

    pub(super) fn mapped(&mut self, mapping: Value) -> Option<Targets> {
        let atoms = self.values.atoms(mapping);
        let mut targets = Targets::default();
        for atom in atoms.iter() {
            let Atom::Container(id) = *atom else { return None };
            if !self.world.held(id).is_dictionary {
                for row in self.world.exact(id)? {
                    let (name, value) = (self.element(row, 0, 2, true), self.element(row, 1, 2, true));
                    let names = self.channel_names(name)?;
                    let shown = self.shown(value);
                    let values = vec![shown; names.len()];
                    targets.add(Targets::of(names, values));
                }
                continue;
            }
            for (name, value) in self.world.pairs(id)? {
                let Constant::Text(name) = self.values.get(name).clone() else {
                    return None;
                };
                let shown = self.shown(value);
                targets.add(Targets::of(vec![name.to_string()], vec![shown]));
            }
        }
        (!targets.channels.is_empty()).then_some(targets)
    }

    /// The channels that an argument names: a text, or a sequence of texts.
    pub(super) fn channel_names(&mut self, value: Value) -> Option<Vec<String>> {
        let mut names = Vec::new();
        let mut add = |constant: &Constant| match constant {
            Constant::Text(text) => {
                let name = text.to_string();
                if !names.contains(&name) {
                    names.push(name);
                }
                true
            }
            _ => false,
        };
        if let Some(constants) = self.constants_of(value) {
            for constant in &constants {
                let known = match constant {
                    Constant::Sequence(elements) | Constant::Tuple(elements) => elements.iter().all(&mut add),
                    constant => add(constant),
                };
                if !known {
                    return None;
                }
            }
        } else {
            // Containers whose elements are all known, in whatever order.
            let atoms = self.values.atoms(value);
            if !atoms.is_empty() && atoms.iter().all(|atom| matches!(atom, Atom::Client(_))) {
                let own = self.own_targets(value);
                return Some(own.channels).filter(|channels| !channels.is_empty() && own.joint.is_none());
            }
            if atoms.is_empty() || !atoms.iter().all(|atom| matches!(atom, Atom::Container(_))) {
                return None;
            }
            let elements = self.iterate(value);
            for constant in self.constants_of(elements)? {
                if !add(&constant) {
                    return None;
                }
            }
        }
        (!names.is_empty()).then_some(names)
    }

    /// How a reader sees the one value that is known, if one is.
    pub(super) fn shown(&mut self, value: Value) -> Option<String> {
        self.constant_of(value)
            .map(|constant| constants::shown(&constant))
    }
}
