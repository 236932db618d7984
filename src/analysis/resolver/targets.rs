//! The channels and values that a call of a client library names.

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    constants::{self, Constant},
    knowledge::{Role, SignatureId},
    values::{Atom, Value},
};

/// What the arguments of a call say of channels and values.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) channels: Vec<String>,
    pub(super) values: Vec<Option<String>>,
}

impl<'a> Resolver<'a, '_> {
    /// The channels of the objects themselves; none if one of them is not known.
    pub(super) fn own_targets(&mut self, whole: Value) -> Targets {
        let mut channels = Vec::new();
        let atoms = self.values.atoms(whole);
        for atom in atoms.iter() {
            let Atom::Client(client) = *atom else { continue };
            let Some(channel) = self.values.client(client).channel else {
                return Targets::default();
            };
            if let Constant::Text(text) = self.values.get(channel) {
                channels.push(text.to_string());
            }
        }
        Targets {
            values: vec![None; channels.len()],
            channels,
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
        for (index, role, name) in roles {
            let Some(given) = self.argument(arguments, index, &name) else {
                continue;
            };
            match role {
                Role::Channel => channels = self.channel_names(given),
                Role::Value => values = Some(given),
                Role::Mapping => {
                    if let Some(targets) = self.mapped(given) {
                        return targets;
                    }
                    channels = None;
                }
                Role::Callback | Role::Plain => {}
            }
        }
        let Some(channels) = channels else {
            // The object's own channel may still take the value.
            let shown = values.and_then(|value| self.shown(value));
            return Targets {
                channels: Vec::new(),
                values: vec![shown],
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
        Targets { channels, values }
    }

    pub(super) fn mapped(&mut self, mapping: Value) -> Option<Targets> {
        let atoms = self.values.atoms(mapping);
        let mut targets = Targets::default();
        for atom in atoms.iter() {
            let Atom::Container(id) = *atom else { return None };
            for (name, value) in self.world.pairs(id)? {
                let Constant::Text(name) = self.values.get(name).clone() else {
                    return None;
                };
                targets.channels.push(name.to_string());
                let shown = self.shown(value);
                targets.values.push(shown);
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
