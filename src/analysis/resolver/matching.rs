//! `match`: what each pattern takes out of what is matched.

use ruff_python_ast::{self as ast, Expr, Pattern};
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, classes::last_name};
use crate::analysis::{
    constants::Constant,
    paths::Symbol,
    scopes::{ClassId, How},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    pub(super) fn match_statement(&mut self, node: &'a ast::StmtMatch) {
        let subject = self.expression(&node.subject);
        for case in &node.cases {
            self.pattern(&case.pattern, subject, &node.subject);
            if let Some(guard) = &case.guard {
                self.expression(guard);
            }
            self.block(&case.body);
        }
    }

    /// Binds the names of a pattern that is matched with `value`, a part of `whole`.
    fn pattern(&mut self, pattern: &'a Pattern, value: Value, whole: &'a Expr) {
        match pattern {
            Pattern::MatchValue(pattern) => {
                self.expression(&pattern.value);
            }
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(pattern) => self.sequence_pattern(&pattern.patterns, value, whole),
            Pattern::MatchMapping(pattern) => {
                for (name, inner) in pattern.keys.iter().zip(&pattern.patterns) {
                    let index = self.expression(name);
                    let item = self.quietly(|resolver| resolver.item(value, index, name.range()));
                    self.inner_pattern(inner, item, whole);
                }
                if let Some(rest) = &pattern.rest {
                    self.capture(rest, value, whole);
                }
            }
            Pattern::MatchClass(pattern) => self.class_pattern(pattern, value, whole),
            Pattern::MatchStar(pattern) => {
                if let Some(name) = &pattern.name {
                    self.capture(name, value, whole);
                }
            }
            Pattern::MatchAs(as_pattern) => {
                if let Some(inner) = &as_pattern.pattern {
                    self.inner_pattern(inner, value, whole);
                }
                if let Some(name) = &as_pattern.name {
                    self.capture(name, value, whole);
                }
            }
            Pattern::MatchOr(pattern) => {
                for inner in &pattern.patterns {
                    self.inner_pattern(inner, value, whole);
                }
            }
        }
    }

    fn inner_pattern(&mut self, pattern: &'a Pattern, value: Value, whole: &'a Expr) {
        self.deeper(|resolver| resolver.pattern(pattern, value, whole));
    }

    fn capture(&mut self, name: &'a ast::Identifier, value: Value, whole: &'a Expr) {
        self.bind(name.as_str(), value, How::Element(whole), name.range());
    }

    fn sequence_pattern(&mut self, patterns: &'a [Pattern], value: Value, whole: &'a Expr) {
        let star = patterns
            .iter()
            .position(|pattern| matches!(pattern, Pattern::MatchStar(_)));
        // What is no sequence is not matched.
        let value = self.values.only(value, |atom| !matches!(atom, Atom::Constant(_)));
        for (index, pattern) in patterns.iter().enumerate() {
            let part = match star {
                Some(star) if index == star => {
                    let elements = self.iterate(value);
                    self.collection(crate::analysis::scopes::key(pattern), 7, elements)
                }
                Some(star) if index > star => self.iterate(value),
                _ => self.element(value, index, patterns.len(), star.is_none()),
            };
            self.inner_pattern(pattern, part, whole);
        }
    }

    fn class_pattern(&mut self, pattern: &'a ast::PatternMatchClass, value: Value, whole: &'a Expr) {
        let class = self.expression(&pattern.cls);
        let own = match *self.values.atoms(class) {
            [Atom::Class(class)] => Some(class),
            _ => None,
        };
        let value = match own {
            Some(class) => self.instances_among(value, class),
            None => value,
        };
        let at = pattern.cls.range();
        let names = own.map(|class| self.matched_by_place(class));
        for (index, inner) in pattern.arguments.patterns.iter().enumerate() {
            let part = match names.as_ref().and_then(|names| names.get(index)) {
                Some(&name) => self.member_quietly(value, name, at),
                // A builtin type gives what is matched as a whole.
                None => value,
            };
            self.inner_pattern(inner, part, whole);
        }
        for keyword in &pattern.arguments.keywords {
            let name = self.name(keyword.attr.as_str());
            let part = self.member(value, name, keyword.attr.range());
            self.inner_pattern(&keyword.pattern, part, whole);
        }
    }

    fn member_quietly(&mut self, value: Value, name: Symbol, at: TextRange) -> Value {
        self.quietly(|resolver| resolver.member(value, name, at))
    }

    /// Without the objects that cannot be of the class.
    fn instances_among(&mut self, value: Value, class: ClassId) -> Value {
        let mut kin = self.world.ancestry(class);
        kin.extend(self.world.descendants(class));
        let known: Vec<_> = kin
            .iter()
            .filter_map(|&class| self.world.class(class).items)
            .collect();
        self.values.only(value, |atom| match atom {
            Atom::Object(other) => kin.contains(&other),
            Atom::Container(id) => known.is_empty() || known.contains(&id),
            Atom::Constant(_) => false,
            _ => true,
        })
    }

    /// The names of the members that a class is matched by in order.
    fn matched_by_place(&mut self, class: ClassId) -> Vec<Symbol> {
        let declared = self.name("__match_args__");
        if let Some(names) = self.class_member_of(class, declared)
            && let Some(Constant::Tuple(names) | Constant::Sequence(names)) = self.constant_of(names)
        {
            let mut members = Vec::with_capacity(names.len());
            for name in names.iter() {
                if let Constant::Text(name) = name {
                    members.push(self.name(name));
                }
            }
            return members;
        }
        let fields = self.fields_of(class);
        fields.into_iter().map(|field| field.name).collect()
    }
}

/// Whether an `except` catches the end of a generator.
pub(super) fn catches_the_end(kind: &Expr) -> bool {
    match kind {
        Expr::Tuple(kinds) => kinds.elts.iter().any(catches_the_end),
        kind => matches!(last_name(kind), "StopIteration" | "StopAsyncIteration"),
    }
}
