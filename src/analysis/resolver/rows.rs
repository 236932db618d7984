//! Values that names take together: the targets of a loop in each of its turns, the parameters of a
//! function in each of its calls. They tell which value goes to which channel where one place in the code
//! writes several.

use ruff_python_ast::{
    self as ast, Expr, ExprContext, Stmt,
    visitor::{self, Visitor},
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

use super::{Resolver, calls::Arguments, targets::Targets};
use crate::analysis::{
    constants::Constant,
    paths::Symbol,
    scopes::{Body, Call, FunctionId},
    values::{Atom, Value},
};

/// At most so many turns and calls are told apart.
const MAX_ROWS: usize = 32;

/// Containers that are made in a row are told apart by numbers above this.
const FIRST_PART: u8 = 64;

/// Calls within calls are followed so deep.
const MAX_CALLS_WITHIN: u8 = 2;

/// Names within names are followed so deep.
const MAX_WITHIN: u8 = 8;

/// What names hold together.
type Row = Vec<(Symbol, Value)>;

/// One element of what is looped over.
enum Item {
    One(Value),
    Several(Vec<Item>),
}

impl<'a> Resolver<'a, '_> {
    /// What `look` tells of channels and values in every turn of the loops around and every call of the
    /// function around; none where that is no more than is known without. `expressions` are what it looks at.
    pub(super) fn by_rows(
        &mut self,
        told: &Targets,
        expressions: &[&'a Expr],
        mut look: impl FnMut(&mut Self) -> Targets,
    ) -> Option<Targets> {
        let is_whole = told.channels.len() == 1 && matches!(told.values.as_slice(), [Some(_)]);
        if is_whole || self.row > 0 || self.quiet > 0 {
            return None;
        }
        let outer = std::mem::take(&mut self.single);
        let subject = self.subject;
        self.quiet += 1;
        let rows = self.rows(&outer);
        let mut result = rows.as_ref().map(|_| Targets::default());
        for (index, row) in rows.unwrap_or_default().into_iter().enumerate() {
            self.row = u8::try_from(index + 1).unwrap_or(u8::MAX);
            self.single = outer.clone();
            self.single.extend(row);
            for expression in expressions {
                self.settle(expression, 0);
            }
            let one = look(self);
            if one.channels.is_empty() {
                result = None;
                break;
            }
            if let Some(result) = &mut result {
                result.add(one);
            }
        }
        self.row = 0;
        self.quiet -= 1;
        self.subject = subject;
        self.single = outer;
        result
    }

    /// Does `work` in every turn of the loops around and every call of the function around, or once where
    /// they are not known.
    pub(super) fn in_each_row(&mut self, mut work: impl FnMut(&mut Self)) {
        let outer = std::mem::take(&mut self.single);
        let rows = self.quietly(|resolver| resolver.rows(&outer));
        for (index, row) in rows.unwrap_or_else(|| vec![Vec::new()]).into_iter().enumerate() {
            self.row = u8::try_from(index + 1).unwrap_or(u8::MAX);
            self.single = outer.clone();
            self.single.extend(row);
            work(self);
        }
        self.row = 0;
        self.single = outer;
    }

    /// What several expressions give side by side, or what one gives in the elements of its elements.
    pub(super) fn columns(&mut self, over: &'a [Expr], in_rows: bool) -> Option<Vec<Vec<Value>>> {
        let mut columns = Vec::with_capacity(over.len());
        for expression in over {
            columns.push(self.items(expression, 0)?);
        }
        let length = columns
            .iter()
            .map(Vec::len)
            .min()
            .filter(|length| *length <= MAX_ROWS)?;
        let mut rows = Vec::with_capacity(length);
        for index in 0..length {
            let mut row = Vec::new();
            for column in &columns {
                match &column[index] {
                    Item::One(value) if in_rows => {
                        let [Atom::Container(id)] = *self.values.atoms(*value) else {
                            return None;
                        };
                        row.extend(self.world.exact(id)?);
                    }
                    Item::One(value) => row.push(*value),
                    Item::Several(parts) if in_rows => {
                        for part in parts {
                            let Item::One(value) = part else { return None };
                            row.push(*value);
                        }
                    }
                    Item::Several(_) => return None,
                }
            }
            rows.push(row);
        }
        Some(rows)
    }

    /// Which of the containers of one place in the code is meant: each row has its own.
    pub(super) fn part_of_row(&self) -> u8 {
        if self.row == 0 { 0 } else { FIRST_PART + self.row }
    }

    /// The sets of values, if there are several.
    fn rows(&mut self, outer: &FxHashMap<Symbol, Value>) -> Option<Vec<Row>> {
        let mut rows: Vec<Row> = vec![Vec::new()];
        if let Some(function) = self.function
            && let Some(calls) = self.world.calls(function)
        {
            let bound = self.bound_by_function(function);
            rows.clear();
            for call in calls {
                rows.extend(self.rows_of_call(function, call));
                if rows.len() > MAX_ROWS {
                    return None;
                }
            }
            for row in &mut rows {
                row.retain(|(name, _)| !bound.contains(name) && !self.world.is_declared(*name));
            }
        }
        for turn in self.loops.clone() {
            let bound = turn.body.map(|body| self.bound_by(body)).unwrap_or_default();
            let mut next = Vec::new();
            for row in &rows {
                self.single = outer.clone();
                self.single.extend(row.iter().copied());
                self.settle(turn.over, 0);
                let Some(items) = self.items(turn.over, 0) else {
                    // What this loop goes over is not known: its targets keep all that they may be.
                    next.push(row.clone());
                    continue;
                };
                for item in &items {
                    let mut row = row.clone();
                    self.take(turn.target, item, &mut row);
                    row.retain(|(name, _)| !bound.contains(name) && !self.world.is_declared(*name));
                    next.push(row);
                }
                if next.len() > MAX_ROWS {
                    return None;
                }
            }
            rows = next;
        }
        (rows.len() > 1 || rows.first().is_some_and(|row| !row.is_empty())).then_some(rows)
    }

    /// What one call gives the parameters of a function, in every turn of the loops around the call.
    fn rows_of_call(&mut self, function: FunctionId, call: Call<'a>) -> Vec<Row> {
        let Some(around) = call.around.filter(|_| self.row < MAX_CALLS_WITHIN) else {
            return vec![call.given];
        };
        let outer = (
            self.scope,
            self.function,
            std::mem::take(&mut self.single),
            self.row,
        );
        self.scope = around.scope;
        self.function = around.function;
        let loops = std::mem::replace(&mut self.loops, around.loops.to_vec());
        self.row += 1;
        let turns = self.rows(&FxHashMap::default());
        let mut rows = Vec::new();
        for turn in turns.unwrap_or_default() {
            self.single = turn.into_iter().collect();
            let arguments = self.settled_arguments(around.node);
            rows.extend(self.given_together(function, around.skipped, &arguments));
        }
        self.loops = loops;
        (self.scope, self.function, self.single, self.row) = outer;
        if rows.is_empty() { vec![call.given] } else { rows }
    }

    /// What a call gives each parameter of a function; none where that is not plain.
    pub(super) fn given_together(
        &self,
        id: FunctionId,
        skipped: usize,
        arguments: &Arguments<'a>,
    ) -> Option<Row> {
        if arguments.star.is_some() || arguments.double_star.is_some() {
            return None;
        }
        let function = self.world.function(id);
        let parameters = function.parameters.iter().skip(skipped).enumerate();
        let row = parameters.filter_map(|(index, parameter)| {
            let name = parameter.name;
            let by_place = arguments.positional.get(index).filter(|_| parameter.positional);
            let by_name = || {
                arguments
                    .named
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| value)
            };
            let by_default = || function.defaults.get(&name);
            Some((name, *by_place.or_else(by_name).or_else(by_default)?))
        });
        Some(row.collect())
    }

    /// Names that are assigned once hold in each row what is assigned then.
    pub(super) fn settle(&mut self, expression: &'a Expr, within: u8) {
        if within > MAX_WITHIN {
            return;
        }
        let mut names = Names::default();
        names.visit_expr(expression);
        for name in names.loaded {
            let symbol = self.name(name);
            if self.single.contains_key(&symbol) || self.world.is_declared(symbol) {
                continue;
            }
            let Some(assigned) = self.world.assigned_once(self.scope, symbol) else {
                continue;
            };
            self.settle(assigned, within + 1);
            let value = self.expression(assigned);
            self.single.insert(symbol, value);
        }
    }

    /// The names that the function binds in its body.
    fn bound_by_function(&mut self, function: FunctionId) -> Rc<FxHashSet<Symbol>> {
        match self.world.function(function).body {
            Body::Block(body) => self.bound_by(body),
            Body::Lambda(_) => Rc::default(),
        }
    }

    fn bound_by(&mut self, body: &'a [Stmt]) -> Rc<FxHashSet<Symbol>> {
        let place = body.as_ptr().addr();
        if let Some(known) = self.bound.get(&place) {
            return known.clone();
        }
        let mut names = Names::default();
        names.visit_body(body);
        let bound: FxHashSet<Symbol> = names.stored.into_iter().map(|name| self.name(name)).collect();
        let bound = Rc::new(bound);
        self.bound.insert(place, bound.clone());
        bound
    }

    /// The elements of what is looped over one by one, if they are known.
    fn items(&mut self, over: &'a Expr, within: u8) -> Option<Vec<Item>> {
        if within > MAX_WITHIN {
            return None;
        }
        if let Expr::Call(call) = over
            && let Some(items) = self.items_of_call(call, within)
        {
            return Some(items);
        }
        if let Expr::Name(name) = over {
            let symbol = self.name(name.id.as_str());
            if !self.single.contains_key(&symbol)
                && !self.world.is_declared(symbol)
                && let Some(call @ Expr::Call(_)) = self.world.assigned_once(self.scope, symbol)
                && let Some(items) = self.items(call, within + 1)
            {
                return Some(items);
            }
        }
        let value = self.expression(over);
        if let [Atom::Container(id)] = *self.values.atoms(value) {
            if self.world.held(id).is_dictionary {
                let pairs = self.world.pairs(id)?;
                let names = pairs
                    .into_iter()
                    .map(|(name, _)| self.values.of(Atom::Constant(name)));
                return Some(names.map(Item::One).collect());
            }
            return Some(self.world.exact(id)?.into_iter().map(Item::One).collect());
        }
        let elements = self.sequence_of(value)?;
        Some(elements.into_iter().map(Item::One).collect())
    }

    /// The same for a call of what pairs elements.
    fn items_of_call(&mut self, call: &'a ast::ExprCall, within: u8) -> Option<Vec<Item>> {
        if let Expr::Attribute(attribute) = &*call.func {
            if !call.arguments.is_empty() {
                return None;
            }
            let object = self.expression(&attribute.value);
            let [Atom::Container(id)] = *self.values.atoms(object) else {
                return None;
            };
            let pairs = self
                .world
                .pairs(id)
                .filter(|_| self.world.held(id).is_dictionary)?;
            let part = |(name, value): (Value, Value)| match attribute.attr.as_str() {
                "items" => Some(Item::Several(vec![Item::One(name), Item::One(value)])),
                "keys" => Some(Item::One(name)),
                "values" => Some(Item::One(value)),
                _ => None,
            };
            return pairs
                .into_iter()
                .map(|(name, value)| part((self.values.of(Atom::Constant(name)), value)))
                .collect();
        }
        let callee = self.expression(&call.func);
        let [Atom::Path(path)] = *self.values.atoms(callee) else {
            return None;
        };
        let given = &call.arguments.args;
        match &*self.paths.text(path) {
            "builtins.zip" if given.is_empty() => None,
            "builtins.zip" => {
                let mut columns = Vec::with_capacity(given.len());
                for over in given {
                    columns.push(self.items(over, within + 1)?.into_iter());
                }
                let mut rows = Vec::new();
                while let Some(row) = columns.iter_mut().map(Iterator::next).collect::<Option<Vec<_>>>() {
                    rows.push(Item::Several(row));
                }
                Some(rows)
            }
            "builtins.range" => {
                let bounds: Vec<i64> = given
                    .iter()
                    .map(|bound| self.integer(bound))
                    .collect::<Option<_>>()?;
                let (start, end, step) = match *bounds.as_slice() {
                    [end] => (0, end, 1),
                    [start, end] => (start, end, 1),
                    [start, end, step] => (start, end, step),
                    _ => return None,
                };
                let step = usize::try_from(step).ok().filter(|step| *step > 0)?;
                let numbers: Vec<i64> = (start..end).step_by(step).take(MAX_ROWS + 1).collect();
                let constants = numbers
                    .into_iter()
                    .map(|number| self.values.constant(Constant::Int(number)));
                Some(constants.map(Item::One).collect())
            }
            "builtins.enumerate" => {
                let start = match (given.get(1), call.arguments.find_keyword("start")) {
                    (None, None) => 0,
                    (Some(start), _) => self.integer(start)?,
                    (None, Some(start)) => self.integer(&start.value)?,
                };
                let items = self.items(given.first()?, within + 1)?;
                let numbered = (start..).zip(items).map(|(number, item)| {
                    let number = self.values.constant(Constant::Int(number));
                    Item::Several(vec![Item::One(number), item])
                });
                Some(numbered.collect())
            }
            "builtins.list" | "builtins.tuple" | "builtins.iter" | "builtins.sorted"
            | "builtins.reversed" => self.items(given.first()?, within + 1),
            _ => None,
        }
    }

    fn integer(&mut self, expression: &'a Expr) -> Option<i64> {
        let value = self.expression(expression);
        match self.constant_of(value)? {
            Constant::Int(number) => Some(number),
            _ => None,
        }
    }

    /// What the target of a loop takes of one element.
    fn take(&mut self, target: &'a Expr, item: &Item, row: &mut Row) {
        match (target, item) {
            (Expr::Name(name), Item::One(value)) => {
                let name = self.name(name.id.as_str());
                row.push((name, *value));
            }
            (Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }), item) => {
                if elts.iter().any(Expr::is_starred_expr) {
                    return;
                }
                for (index, element) in elts.iter().enumerate() {
                    match item {
                        Item::Several(parts) if parts.len() == elts.len() => {
                            self.take(element, &parts[index], row);
                        }
                        Item::Several(_) => return,
                        Item::One(value) => {
                            let part = self.element(*value, index, elts.len(), true);
                            self.take(element, &Item::One(part), row);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// The names that code binds and uses.
#[derive(Default)]
struct Names<'a> {
    stored: Vec<&'a str>,
    loaded: Vec<&'a str>,
}

impl<'a> Visitor<'a> for Names<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(node) => self.stored.push(node.name.as_str()),
            Stmt::ClassDef(node) => self.stored.push(node.name.as_str()),
            Stmt::Import(ast::StmtImport { names, .. })
            | Stmt::ImportFrom(ast::StmtImportFrom { names, .. }) => {
                let bound = names
                    .iter()
                    .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name));
                self.stored.extend(bound.map(ast::Identifier::as_str));
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression {
            match name.ctx {
                ExprContext::Load => self.loaded.push(name.id.as_str()),
                _ => self.stored.push(name.id.as_str()),
            }
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(inner) = handler;
        self.stored
            .extend(inner.name.as_ref().map(ast::Identifier::as_str));
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            ast::Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            ast::Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        self.stored.extend(name.map(ast::Identifier::as_str));
        visitor::walk_pattern(self, pattern);
    }
}
