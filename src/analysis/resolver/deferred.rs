//! What writes and is handed on with its arguments, to be called later: by a thread, a pool, a partial.

use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::{Resolver, calls::Arguments, rule};
use crate::analysis::{
    paths::Place,
    scopes::{Partial, key},
    values::{Atom, Value},
};

impl<'a> Resolver<'a, '_> {
    /// Tells with which arguments `callee`, a function of Python's own, calls what it is given.
    pub(super) fn defer(&mut self, node: &'a ast::ExprCall, callee: Value) {
        let [Atom::Path(path)] = *self.values.atoms(callee) else {
            return;
        };
        if !matches!(self.paths.place(path), Place::Known { .. }) || self.row > 0 {
            return;
        }
        let text = self.paths.text(path);
        self.defer_to(node, text.rsplit('.').next().unwrap_or(&text));
    }

    /// The same, for a function or method of that name.
    pub(super) fn defer_to(&mut self, node: &'a ast::ExprCall, name: &str) {
        let given = &node.arguments;
        if given.args.iter().any(Expr::is_starred_expr) {
            return;
        }
        let positional = given
            .args
            .iter()
            .enumerate()
            .map(|(index, value)| (Some(index), value));
        let named = given.keywords.iter().map(|keyword| (None, &keyword.value));
        for (index, function) in positional.chain(named) {
            let Some(at) = place_of(function).filter(|at| self.is_only_named(*at)) else {
                continue;
            };
            if matches!(
                name,
                "map" | "imap" | "imap_unordered" | "map_async" | "starmap" | "starmap_async"
            ) {
                self.call_each(node, name, function, at);
                continue;
            }
            self.in_each_row(|resolver| {
                let arguments = resolver.quietly(|resolver| resolver.settled_arguments(node));
                let all: Vec<(Option<usize>, Value)> = arguments
                    .positional
                    .iter()
                    .enumerate()
                    .map(|(index, &value)| (Some(index), value))
                    .chain(arguments.named.iter().map(|&(_, value)| (None, value)))
                    .collect();
                let value = resolver.quietly(|resolver| resolver.expression(function));
                let handed = resolver.handed(name, index, value, &all, &arguments);
                resolver.call_expression(function, at, &handed);
            });
        }
    }

    /// Something is called for each row of what follows it.
    fn call_each(&mut self, node: &'a ast::ExprCall, name: &str, function: &'a Expr, at: TextRange) {
        let Some((first, over)) = node.arguments.args.split_first() else {
            return;
        };
        if !std::ptr::eq(first, function) {
            return;
        }
        let Some(rows) = self.quietly(|resolver| resolver.columns(over, name.starts_with("starmap"))) else {
            return;
        };
        for row in rows {
            let mut handed = Arguments::of(at, row);
            handed.place = key(node);
            self.call_expression(function, at, &handed);
        }
    }

    /// Calls what the expression names.
    fn call_expression(&mut self, function: &'a Expr, at: TextRange, arguments: &Arguments<'a>) {
        let subject = self.subject.replace(function);
        match function {
            Expr::Attribute(attribute) => {
                let object = self.quietly(|resolver| resolver.expression(&attribute.value));
                let name = self.name(attribute.attr.as_str());
                self.call_member(object, name, at, arguments);
            }
            function => {
                let value = self.quietly(|resolver| resolver.expression(function));
                self.call_value(value, at, arguments);
            }
        }
        self.subject = subject;
    }

    /// Whether what is told of the place is no more than the name of what writes.
    fn is_only_named(&mut self, at: TextRange) -> bool {
        self.within.is_empty() && self.found().is_only_named(at.start().to_u32(), rule::WRITE)
    }

    /// A partial of functions of client libraries, or of such partials, which its calls complete.
    pub(super) fn partial(&mut self, callable: Value, arguments: &Arguments<'a>) -> Option<Value> {
        let atoms = self.values.atoms(callable);
        let partials = atoms.iter().filter_map(|atom| match *atom {
            Atom::Container(id) => self.world.partial(id),
            _ => None,
        });
        let partials: Vec<Rc<Partial>> = partials.collect();
        let of_library = |atom: &Atom| match *atom {
            Atom::Path(path) => matches!(self.paths.place(path), Place::Library { .. }),
            _ => false,
        };
        let is_plain = arguments.star.is_none() && arguments.double_star.is_none();
        let given = arguments.positional.get(1..).unwrap_or_default();
        let partial = match partials.as_slice() {
            [] if is_plain && !atoms.is_empty() && atoms.iter().all(of_library) => Partial {
                callable,
                positional: given.to_vec(),
                named: arguments.named.clone(),
            },
            [] => return None,
            [partial] if is_plain && atoms.len() == 1 => {
                let all = self.completed(
                    partial,
                    &Arguments {
                        positional: given.to_vec(),
                        named: arguments.named.clone(),
                        ..Arguments::default()
                    },
                );
                Partial {
                    callable: partial.callable,
                    positional: all.positional,
                    named: all.named,
                }
            }
            // What is added to one of several is followed no further than the callables themselves.
            _ => return Some(self.values.join(callable, Value::DATA)),
        };
        let (id, _) = self.world.container(arguments.place, self.part_of_row());
        self.world.hold(&mut self.values, id, partial.callable);
        self.world.set_partial(&mut self.values, id, partial);
        Some(self.values.of(Atom::Container(id)))
    }

    /// The arguments of a call of a partial.
    pub(super) fn completed(&self, partial: &Partial, arguments: &Arguments<'a>) -> Arguments<'a> {
        let first = partial.positional.len();
        let mut named = arguments.named.clone();
        for &(name, value) in &partial.named {
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, value));
            }
        }
        Arguments {
            positional: partial
                .positional
                .iter()
                .chain(&arguments.positional)
                .copied()
                .collect(),
            star: arguments.star.map(|(from, value)| (from + first, value)),
            named,
            double_star: arguments.double_star,
            place: arguments.place,
            node: None,
        }
    }
}

/// Where a name or a member is told of.
fn place_of(expression: &Expr) -> Option<TextRange> {
    match expression {
        Expr::Name(name) => Some(name.range()),
        Expr::Attribute(attribute) => Some(attribute.attr.range()),
        _ => None,
    }
}
