//! Metaclasses: what makes classes, and lays out their names.

use ruff_text_size::TextRange;

use super::{Resolver, calls::Arguments};
use crate::analysis::{
    paths::{Place, Symbol},
    scopes::{ClassId, How},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// The metaclasses that make a class; others count as something it extends.
    pub(super) fn make_by(&mut self, id: ClassId, metaclasses: Value) {
        let atoms = self.values.atoms(metaclasses);
        for atom in atoms.iter() {
            match *atom {
                Atom::Class(metaclass) => self.made_by(id, metaclass),
                Atom::Path(path) if matches!(self.paths.place(path), Place::Known { .. }) => {}
                other => {
                    let other = self.values.of(other);
                    self.extend(id, other);
                }
            }
        }
    }

    pub(super) fn made_by(&mut self, id: ClassId, metaclass: ClassId) {
        if !self.world.class(id).made_by.contains(&metaclass) {
            self.world.class_mut(id).made_by.push(metaclass);
            for known in self.world.ancestry(metaclass) {
                self.world.class_mut(known).makes.push(id);
            }
            self.world.wake_class(id);
            self.world.wake_class(metaclass);
        }
    }

    /// A metaclass was called, and made the classes among `made`.
    pub(super) fn make_by_call(&mut self, metaclass: ClassId, made: Value) {
        let atoms = self.values.atoms(made);
        for atom in atoms.iter() {
            if let Atom::Class(id) = *atom {
                self.made_by(id, metaclass);
                self.complete(id, "", &Arguments::none(TextRange::default()));
            }
        }
    }

    /// The names that a metaclass lays out before the body is run.
    pub(super) fn prepare(&mut self, id: ClassId, at: TextRange) {
        let receiver = self.values.of(Atom::Class(id));
        for metaclass in self.world.class(id).made_by.clone() {
            let Some(names) = self.hooked_on(metaclass, receiver, &["__prepare__"], &Arguments::none(at))
            else {
                continue;
            };
            let scope = self.world.class(id).scope;
            for (name, value) in self.named_pairs(names) {
                self.world
                    .bind(&mut self.values, scope, name, value, How::Defined, at);
            }
        }
    }

    /// The dictionary of what a class's body binds, as its metaclass is handed it.
    pub(super) fn namespace_of(&mut self, id: ClassId) -> Value {
        let scope = self.world.class(id).scope;
        let (container, fresh) = self.world.container(usize::MAX - scope.number(), 17);
        let held = self.world.held_mut(container);
        held.is_dictionary = true;
        if fresh {
            held.by_key = Some(Default::default());
        }
        let mut bound: Vec<Symbol> = self.world.scope_ref(scope).bindings.keys().copied().collect();
        bound.sort_unstable();
        for name in bound {
            if let Some(value) = self.world.class_member(id, name) {
                let text = self.symbols.text(name);
                let text = self.text(&text);
                self.hold_at(container, text, value);
            }
        }
        self.values.of(Atom::Container(container))
    }
}
