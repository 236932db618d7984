//! Who is who: what the names of a program may stand for.
//!
//! This is the small, flow-insensitive form: every name stands for the union of all it is ever bound
//! to, found by walking the program until nothing is learned any more. The resolver that follows
//! values more closely takes this module's place.

use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::libraries;

/// One thing a name or an expression may stand for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin<'a> {
    /// A module or a member of one, by its dotted name; `a.b()` is what calling `a.b` gives.
    Path(Rc<str>),
    /// An object of a control system's client library, and the channel it stands for.
    Client(Option<Rc<str>>),
    /// A member of such an object of which nothing is known.
    Member,
    /// A list, tuple, set or dictionary of the program's own, and how many levels of them it holds.
    Container(u8),
    /// A text.
    Text(Rc<str>),
    /// A whole number.
    Number(i64),
    /// A function or class of the program's own.
    Local(&'a str),
    /// An instance of a class of the program's own.
    Instance(&'a str),
    /// Something that surely has nothing to do with a control system.
    Harmless,
    /// Anything.
    Unknown,
}

/// Everything an expression may stand for; nothing at all means that nothing is known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Value<'a>(Vec<Origin<'a>>);

impl<'a> Value<'a> {
    /// More alternatives than this are not told apart.
    const MAX_ORIGINS: usize = 16;

    pub(super) fn of(origin: Origin<'a>) -> Self {
        Self(vec![origin])
    }

    pub(super) fn harmless() -> Self {
        Self::of(Origin::Harmless)
    }

    pub(super) fn unknown() -> Self {
        Self::of(Origin::Unknown)
    }

    pub(super) fn path(path: impl Into<Rc<str>>) -> Self {
        Self::of(Origin::Path(path.into()))
    }

    pub(super) fn origins(&self) -> &[Origin<'a>] {
        &self.0
    }

    pub(super) fn add(&mut self, origin: Origin<'a>) {
        if self.0.contains(&origin) {
            return;
        }
        if self.0.len() < Self::MAX_ORIGINS {
            self.0.push(origin);
            return;
        }
        let kept = match origin {
            Origin::Text(_) | Origin::Number(_) | Origin::Container(_) | Origin::Harmless => Origin::Harmless,
            Origin::Client(_) => Origin::Client(None),
            Origin::Member => Origin::Member,
            Origin::Path(path) if libraries::is_client(&path) => Origin::Member,
            _ => Origin::Unknown,
        };
        if !self.0.contains(&kept) {
            self.0.push(kept);
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        for origin in &other.0 {
            self.add(origin.clone());
        }
    }

    pub(super) fn joined(mut self, other: &Self) -> Self {
        self.join(other);
        self
    }

    /// The value as an element of a list, tuple, set or dictionary.
    pub(super) fn contained(&self) -> Self {
        const MAX_LEVELS: u8 = 3;
        let levels = self.origins().iter().map(|origin| match origin {
            Origin::Container(levels) => *levels,
            _ => 0,
        });
        let levels = levels.max().unwrap_or(0).saturating_add(1).min(MAX_LEVELS);
        let mut value = Self::of(Origin::Container(levels));
        for origin in self.without_constants().0 {
            if !matches!(origin, Origin::Container(_)) {
                value.add(origin);
            }
        }
        value
    }

    /// An element of the value, if it is a list, tuple, set or dictionary.
    pub(super) fn element(&self) -> Self {
        let mut value = Self::default();
        for origin in self.without_constants().0 {
            match origin {
                Origin::Container(0 | 1) => {}
                Origin::Container(levels) => value.add(Origin::Container(levels - 1)),
                other => value.add(other),
            }
        }
        if value.0.is_empty() && !self.0.is_empty() {
            value.add(Origin::Harmless);
        }
        value
    }

    pub(super) fn is_container(&self) -> bool {
        self.0.iter().any(|origin| matches!(origin, Origin::Container(_)))
    }

    /// Without what only matters as a constant.
    pub(super) fn without_constants(&self) -> Self {
        let mut value = Self::default();
        for origin in &self.0 {
            value.add(match origin {
                Origin::Text(_) | Origin::Number(_) => Origin::Harmless,
                other => other.clone(),
            });
        }
        value
    }

    /// The part that comes from a client library.
    pub(super) fn taint(&self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|origin| is_client(origin))
                .cloned()
                .collect(),
        )
    }

    pub(super) fn is_client(&self) -> bool {
        self.0.iter().any(is_client)
    }

    pub(super) fn has(&self, origin: &Origin<'a>) -> bool {
        self.0.contains(origin)
    }

    /// Whether nothing is known, or it may be anything.
    pub(super) fn is_unknown(&self) -> bool {
        self.0.is_empty() || self.has(&Origin::Unknown)
    }

    /// Whether it provably has nothing to do with a control system.
    pub(super) fn is_harmless(&self, own: &[String]) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|origin| match origin {
                Origin::Path(path) => {
                    !libraries::is_client(path)
                        && libraries::is_harmless(path, own)
                        && !is_namespace(path)
                        && &**path != "sys.modules"
                }
                Origin::Client(_) | Origin::Member | Origin::Unknown => false,
                Origin::Container(_)
                | Origin::Text(_)
                | Origin::Number(_)
                | Origin::Local(_)
                | Origin::Instance(_)
                | Origin::Harmless => true,
            })
    }

    /// The texts it may be, if it can be nothing else.
    pub(super) fn texts(&self) -> Option<Vec<Rc<str>>> {
        let texts: Option<Vec<_>> = self
            .0
            .iter()
            .map(|origin| match origin {
                Origin::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        texts.filter(|texts| !texts.is_empty())
    }

    /// The whole numbers it may be, if it can be nothing else.
    pub(super) fn numbers(&self) -> Option<Vec<i64>> {
        let numbers: Option<Vec<_>> = self
            .0
            .iter()
            .map(|origin| match origin {
                Origin::Number(number) => Some(*number),
                _ => None,
            })
            .collect();
        numbers.filter(|numbers| !numbers.is_empty())
    }
}

fn is_client(origin: &Origin<'_>) -> bool {
    match origin {
        Origin::Path(path) => libraries::is_client(path),
        Origin::Client(_) | Origin::Member => true,
        _ => false,
    }
}

/// Whether `path` is the dictionary of a scope.
pub(super) fn is_namespace(path: &str) -> bool {
    matches!(
        path,
        "builtins.globals()" | "builtins.locals()" | "builtins.vars()"
    )
}

/// One scope's names.
#[derive(Debug, Default)]
struct Scope<'a> {
    parent: usize,
    is_class: bool,
    names: HashMap<&'a str, Value<'a>>,
    /// Names that live in another scope: `global` and `nonlocal`.
    elsewhere: HashMap<&'a str, usize>,
}

/// A function of the program's own.
#[derive(Debug, Clone)]
pub(super) struct Function<'a> {
    pub(super) scope: usize,
    pub(super) parameters: Vec<&'a str>,
    pub(super) is_method: bool,
}

/// All names of a program.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    scopes: Vec<Scope<'a>>,
    scope_at: HashMap<(u32, bool), usize>,
    current: usize,
    /// Attributes by name, whatever object they belong to.
    pub(super) fields: HashMap<&'a str, Value<'a>>,
    functions: HashMap<&'a str, Vec<Function<'a>>>,
    returns: HashMap<usize, Value<'a>>,
    /// What functions give that others call without being seen to: operators, callbacks.
    implicit: Value<'a>,
    bases: HashMap<&'a str, Value<'a>>,
    stars: Vec<Rc<str>>,
    builtins: HashSet<&'static str>,
    /// Whether the walk under way has learned something.
    pub(super) learned: bool,
}

impl<'a> Names<'a> {
    pub(super) fn new() -> Self {
        Self {
            scopes: vec![Scope::default()],
            builtins: libraries::BUILTINS.iter().copied().collect(),
            ..Self::default()
        }
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// Enters the scope that begins at `offset`; gives the scope to come back to.
    pub(super) fn enter(&mut self, offset: u32, is_class: bool) -> usize {
        let parent = self.current;
        let next = self.scopes.len();
        let scope = *self.scope_at.entry((offset, is_class)).or_insert(next);
        if scope == next {
            self.scopes.push(Scope {
                parent,
                is_class,
                ..Scope::default()
            });
        }
        self.current = scope;
        parent
    }

    pub(super) fn leave(&mut self, outer: usize) {
        self.current = outer;
    }

    /// Says that `name` of the current scope lives in another one.
    pub(super) fn declare_elsewhere(&mut self, name: &'a str, global: bool) {
        let mut scope = if global {
            0
        } else {
            self.scopes[self.current].parent
        };
        while scope != 0 && !self.scopes[scope].names.contains_key(name) {
            scope = self.scopes[scope].parent;
        }
        self.scopes[self.current].elsewhere.insert(name, scope);
    }

    /// Adds `value` to what `name` stands for in the current scope.
    pub(super) fn bind(&mut self, name: &'a str, value: &Value<'a>) {
        let scope = self.scopes[self.current]
            .elsewhere
            .get(name)
            .copied()
            .unwrap_or(self.current);
        self.bind_in(scope, name, value);
        if self.scopes[self.current].is_class {
            self.bind_field(name, value);
        }
    }

    pub(super) fn bind_in(&mut self, scope: usize, name: &'a str, value: &Value<'a>) {
        let known = self.scopes[scope].names.entry(name).or_insert_with(|| {
            self.learned = true;
            Value::default()
        });
        let before = known.0.len();
        known.join(value);
        self.learned |= known.0.len() != before;
    }

    /// Adds `value` to what the attribute `name` stands for.
    pub(super) fn bind_field(&mut self, name: &'a str, value: &Value<'a>) {
        let known = self.fields.entry(name).or_default();
        let before = known.0.len();
        known.join(value);
        self.learned |= known.0.len() != before;
    }

    /// What `name` stands for here.
    pub(super) fn look_up(&self, name: &str) -> Value<'a> {
        let mut scope = self.current;
        loop {
            let here = &self.scopes[scope];
            let visible = scope == self.current || !here.is_class;
            if visible && let Some(value) = here.names.get(name) {
                return value.clone();
            }
            if scope == 0 {
                break;
            }
            scope = here.parent;
        }
        let mut value = Value::default();
        for module in &self.stars {
            value.add(Origin::Path(format!("{module}.{name}").into()));
        }
        if self.builtins.contains(name) {
            value.add(Origin::Path(format!("builtins.{name}").into()));
        } else if value.0.is_empty() {
            value.add(Origin::Unknown);
        }
        value
    }

    pub(super) fn import_all(&mut self, module: &str) {
        if !self.stars.iter().any(|known| &**known == module) {
            self.stars.push(module.into());
            self.learned = true;
        }
    }

    pub(super) fn define(&mut self, name: &'a str, function: Function<'a>) {
        let known = self.functions.entry(name).or_default();
        if !known.iter().any(|other| other.scope == function.scope) {
            known.push(function);
            self.learned = true;
        }
    }

    pub(super) fn functions(&self, name: &str) -> Vec<Function<'a>> {
        self.functions.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn has_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    /// Notes that the function of the current scope gives `value`.
    pub(super) fn give(&mut self, value: &Value<'a>) {
        let known = self.returns.entry(self.current).or_default();
        let before = known.0.len();
        known.join(value);
        self.learned |= known.0.len() != before;
    }

    /// Notes that `value` may turn up wherever Python or a library calls back.
    pub(super) fn give_implicitly(&mut self, value: &Value<'a>) {
        let before = self.implicit.0.len();
        self.implicit.join(&value.taint());
        self.learned |= self.implicit.0.len() != before;
    }

    /// Adds to `value` what may turn up wherever Python or a library calls back.
    pub(super) fn with_implicit(&self, mut value: Value<'a>) -> Value<'a> {
        value.join(&self.implicit);
        value
    }

    pub(super) fn given(&self, scope: usize) -> Value<'a> {
        self.returns.get(&scope).cloned().unwrap_or_default()
    }

    pub(super) fn define_class(&mut self, name: &'a str, bases: &Value<'a>) {
        let known = self.bases.entry(name).or_default();
        let before = known.0.len();
        known.join(bases);
        self.learned |= known.0.len() != before;
    }

    pub(super) fn is_class(&self, name: &str) -> bool {
        self.bases.contains_key(name)
    }

    /// What an instance of the class `name` is, its bases included.
    pub(super) fn instance(&self, name: &'a str) -> Value<'a> {
        let mut value = Value::default();
        let mut open = vec![name];
        while let Some(class) = open.pop() {
            if value.has(&Origin::Instance(class)) {
                continue;
            }
            value.add(Origin::Instance(class));
            for base in self.bases.get(class).map(Value::origins).unwrap_or_default() {
                match base {
                    Origin::Local(base) => open.push(base),
                    origin if is_client(origin) => value.add(Origin::Client(None)),
                    Origin::Unknown => value.add(Origin::Unknown),
                    _ => {}
                }
            }
        }
        value
    }
}
