//! What the program's own names, functions, classes and containers hold.
//!
//! Everything only grows: what is assigned joins what was there. A pass over the program is good once
//! nothing grew that had been read before in it.

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    knowledge::TypeId,
    paths::{PathId, Symbol},
    values::{Atom, ConstantId, Value, Values},
};

/// At most so many rows of a table are told apart.
const MAX_ROWS: usize = 24;

/// From this pass on, what still grows keeps no constants: `n = n + 1` has no end.
const WIDENING_PASS: u32 = 4;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(super) struct $name(u32);

        impl $name {
            fn new(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// A scope of names.
    ScopeId
}
id! {
    /// A function or lambda of the program's own.
    FunctionId
}
id! {
    /// A class of the program's own.
    ClassId
}
id! {
    /// A container, by the place in the code that makes it.
    ContainerId
}

impl ScopeId {
    /// A number that no other scope has.
    pub(super) fn number(self) -> usize {
        self.index()
    }
}

/// Which pass it is, and whether it must be done again.
#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) pass: u32,
    pub(super) changed: bool,
}

/// A place for a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    value: Value,
    read: u32,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            value: Value::EMPTY,
            read: 0,
        }
    }
}

impl Slot {
    pub(super) fn read(&mut self, clock: &Clock) -> Value {
        self.read = clock.pass;
        self.value
    }

    /// The value, for telling about it only.
    pub(super) fn seen(&self) -> Value {
        self.value
    }

    /// Joins `more` to the value; whether that was anything new.
    pub(super) fn grow(&mut self, clock: &mut Clock, values: &mut Values, more: Value) -> bool {
        let mut joined = values.join(self.value, more);
        if joined == self.value {
            return false;
        }
        if clock.pass >= WIDENING_PASS {
            joined = values.widened(joined);
            if joined == self.value {
                return false;
            }
        }
        self.value = joined;
        clock.changed |= self.read == clock.pass;
        true
    }
}

/// How a name came to its value, for the explanation.
#[derive(Debug, Clone, Copy)]
pub(super) enum How<'a> {
    /// It was looked up, but nothing binds it.
    Unbound,
    Imported(PathId),
    Assigned(&'a Expr),
    /// An element of the expression's value.
    Element(&'a Expr),
    Parameter,
    Defined,
}

/// A name and what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding<'a> {
    pub(super) slot: Slot,
    pub(super) how: How<'a>,
    pub(super) at: TextRange,
}

/// What kind of scope it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Function,
    Class,
    Comprehension,
}

pub(super) struct Scope<'a> {
    pub(super) kind: ScopeKind,
    pub(super) parent: Option<ScopeId>,
    pub(super) bindings: FxHashMap<Symbol, Binding<'a>>,
    pub(super) globals: FxHashSet<Symbol>,
    pub(super) nonlocals: FxHashSet<Symbol>,
}

/// A function's body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body<'a> {
    Block(&'a [Stmt]),
    Lambda(&'a Expr),
}

/// One of a function's parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameter {
    pub(super) name: Symbol,
    pub(super) positional: bool,
}

pub(super) struct Function<'a> {
    pub(super) name: Symbol,
    pub(super) scope: ScopeId,
    pub(super) class: Option<ClassId>,
    /// Its first parameter is the instance or the class.
    pub(super) is_method: bool,
    pub(super) is_property: bool,
    pub(super) parameters: Vec<Parameter>,
    pub(super) rest: Option<(Symbol, ContainerId)>,
    pub(super) named_rest: Option<(Symbol, ContainerId)>,
    pub(super) body: Body<'a>,
    pub(super) returned: Slot,
    /// What a generator gives.
    pub(super) given: Option<ContainerId>,
    /// Whether its calls can be seen.
    pub(super) called: bool,
    /// Whether others may call it with anything.
    pub(super) escaped: bool,
    /// The call that runs the text it stands in, if it stands in one.
    pub(super) within: Option<TextRange>,
    /// The last pass in which its body was looked at.
    pub(super) pass: u32,
}

pub(super) struct Class {
    pub(super) scope: ScopeId,
    pub(super) bases: Vec<ClassId>,
    /// The program's own classes that extend this one directly.
    pub(super) extended_by: Vec<ClassId>,
    /// The types of client libraries that it extends.
    pub(super) client: Vec<TypeId>,
    /// Whether it extends something of which nothing is known.
    pub(super) unknown_base: bool,
    /// Its annotated fields in order: what a dataclass is made with.
    pub(super) fields: Vec<Symbol>,
}

pub(super) struct Container {
    pub(super) elements: Slot,
    pub(super) keys: Slot,
    /// The elements one by one, while nothing else was put in.
    pub(super) exact: Option<Vec<Value>>,
    /// Values by constant keys, while nothing else was put in.
    pub(super) by_key: Option<FxHashMap<ConstantId, Slot>>,
    pub(super) is_dictionary: bool,
    pub(super) is_tuple: bool,
    /// It only stands for a result that may hold what the call was given.
    pub(super) is_carrier: bool,
    exact_read: u32,
}

/// Everything the program's own names, functions, classes and containers hold.
pub(super) struct World<'a> {
    pub(super) clock: Clock,
    scopes: Vec<Scope<'a>>,
    functions: Vec<Function<'a>>,
    classes: Vec<Class>,
    containers: Vec<Container>,
    scope_ids: FxHashMap<usize, ScopeId>,
    function_ids: FxHashMap<usize, FunctionId>,
    class_ids: FxHashMap<usize, ClassId>,
    container_ids: FxHashMap<(usize, u8), ContainerId>,
    /// Fields of instances of the program's own classes.
    fields: FxHashMap<(ClassId, Symbol), Slot>,
    /// Fields by name alone, of whatever object.
    all_fields: FxHashMap<Symbol, Slot>,
    methods: FxHashMap<Symbol, Vec<FunctionId>>,
}

/// The identity of a node of the syntax tree.
pub(super) fn key<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

impl<'a> World<'a> {
    pub(super) fn new() -> Self {
        let mut world = Self {
            clock: Clock::default(),
            scopes: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            containers: Vec::new(),
            scope_ids: FxHashMap::default(),
            function_ids: FxHashMap::default(),
            class_ids: FxHashMap::default(),
            container_ids: FxHashMap::default(),
            fields: FxHashMap::default(),
            all_fields: FxHashMap::default(),
            methods: FxHashMap::default(),
        };
        world.scope(0, ScopeKind::Module, None);
        world
    }

    /// The module's scope.
    pub(super) const MODULE: ScopeId = ScopeId(0);

    /// The scope of the node `key`, made if there is none yet.
    pub(super) fn scope(&mut self, key: usize, kind: ScopeKind, parent: Option<ScopeId>) -> ScopeId {
        if let Some(&id) = self.scope_ids.get(&key) {
            return id;
        }
        let id = ScopeId::new(self.scopes.len());
        self.scopes.push(Scope {
            kind,
            parent,
            bindings: FxHashMap::default(),
            globals: FxHashSet::default(),
            nonlocals: FxHashSet::default(),
        });
        self.scope_ids.insert(key, id);
        id
    }

    pub(super) fn scope_mut(&mut self, id: ScopeId) -> &mut Scope<'a> {
        &mut self.scopes[id.index()]
    }

    pub(super) fn scope_ref(&self, id: ScopeId) -> &Scope<'a> {
        &self.scopes[id.index()]
    }

    /// Reads `name` as seen from `scope`; none if nothing binds it.
    pub(super) fn look_up(&mut self, scope: ScopeId, name: Symbol) -> Option<Value> {
        let holder = self.holder(scope, name);
        let clock = &self.clock;
        match holder {
            Some(holder) => self.scopes[holder.index()]
                .bindings
                .get_mut(&name)
                .map(|binding| (binding.slot.read(clock), binding.how))
                .and_then(|(value, how)| (!matches!(how, How::Unbound)).then_some(value)),
            None => {
                // Remembered, so that a later binding is known to have been missed.
                let mut slot = Slot::default();
                slot.read(clock);
                let unbound = Binding {
                    slot,
                    how: How::Unbound,
                    at: TextRange::default(),
                };
                self.scopes[Self::MODULE.index()].bindings.insert(name, unbound);
                None
            }
        }
    }

    /// The scope that binds `name` for code in `scope`.
    pub(super) fn holder(&self, scope: ScopeId, name: Symbol) -> Option<ScopeId> {
        let mut at = Some(scope);
        let mut inner = false;
        while let Some(id) = at {
            let scope = &self.scopes[id.index()];
            if scope.globals.contains(&name) {
                return self.scopes[Self::MODULE.index()]
                    .bindings
                    .contains_key(&name)
                    .then_some(Self::MODULE);
            }
            if (scope.kind != ScopeKind::Class || !inner) && scope.bindings.contains_key(&name) {
                return Some(id);
            }
            inner |= matches!(scope.kind, ScopeKind::Function);
            at = scope.parent;
        }
        None
    }

    /// Binds `name` in `scope`, or where its declaration says.
    pub(super) fn bind(
        &mut self,
        values: &mut Values,
        scope: ScopeId,
        name: Symbol,
        value: Value,
        how: How<'a>,
        at: TextRange,
    ) {
        let mut target = scope;
        let declared = &self.scopes[scope.index()];
        if declared.globals.contains(&name) {
            target = Self::MODULE;
        } else if declared.nonlocals.contains(&name)
            && let Some(outer) = declared.parent.and_then(|parent| self.holder(parent, name))
        {
            target = outer;
        }
        let binding = self.scopes[target.index()]
            .bindings
            .entry(name)
            .or_insert(Binding {
                slot: Slot::default(),
                how,
                at,
            });
        if matches!(binding.how, How::Unbound) {
            binding.how = how;
            binding.at = at;
            // Even data is more than what nobody knows.
            self.clock.changed |= binding.slot.read == self.clock.pass;
        }
        binding.slot.grow(&mut self.clock, values, value);
    }

    pub(super) fn known_function(&self, key: usize) -> Option<FunctionId> {
        self.function_ids.get(&key).copied()
    }

    pub(super) fn add_function(&mut self, key: usize, function: Function<'a>) -> FunctionId {
        let id = FunctionId::new(self.functions.len());
        if function.class.is_some() {
            self.methods.entry(function.name).or_default().push(id);
        }
        self.functions.push(function);
        self.function_ids.insert(key, id);
        id
    }

    pub(super) fn function(&self, id: FunctionId) -> &Function<'a> {
        &self.functions[id.index()]
    }

    pub(super) fn function_mut(&mut self, id: FunctionId) -> &mut Function<'a> {
        &mut self.functions[id.index()]
    }

    /// The methods of this name, of whatever class.
    pub(super) fn methods(&self, name: Symbol) -> &[FunctionId] {
        self.methods.get(&name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn returned(&mut self, id: FunctionId) -> Value {
        let clock = &self.clock;
        self.functions[id.index()].returned.read(clock)
    }

    pub(super) fn returns(&mut self, values: &mut Values, id: FunctionId, value: Value) {
        self.functions[id.index()]
            .returned
            .grow(&mut self.clock, values, value);
    }

    pub(super) fn known_class(&self, key: usize) -> Option<ClassId> {
        self.class_ids.get(&key).copied()
    }

    pub(super) fn add_class(&mut self, key: usize, class: Class) -> ClassId {
        let id = ClassId::new(self.classes.len());
        self.classes.push(class);
        self.class_ids.insert(key, id);
        id
    }

    pub(super) fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.classes[id.index()]
    }

    /// The class and what it extends, nearest first.
    pub(super) fn ancestry(&self, class: ClassId) -> Vec<ClassId> {
        let mut line = vec![class];
        let mut at = 0;
        while at < line.len() && line.len() < 64 {
            for &base in &self.classes[line[at].index()].bases {
                if !line.contains(&base) {
                    line.push(base);
                }
            }
            at += 1;
        }
        line
    }

    /// All classes of the program's own that extend the class.
    pub(super) fn descendants(&self, class: ClassId) -> Vec<ClassId> {
        let mut all = self.classes[class.index()].extended_by.clone();
        let mut at = 0;
        while at < all.len() && all.len() < 64 {
            for &more in &self.classes[all[at].index()].extended_by {
                if !all.contains(&more) && more != class {
                    all.push(more);
                }
            }
            at += 1;
        }
        all
    }

    /// The container of the node `key`; `part` tells several of one node apart.
    pub(super) fn container(&mut self, key: usize, part: u8) -> (ContainerId, bool) {
        if let Some(&id) = self.container_ids.get(&(key, part)) {
            return (id, false);
        }
        let id = ContainerId::new(self.containers.len());
        self.containers.push(Container {
            elements: Slot::default(),
            keys: Slot::default(),
            exact: None,
            by_key: None,
            is_dictionary: false,
            is_tuple: false,
            is_carrier: false,
            exact_read: 0,
        });
        self.container_ids.insert((key, part), id);
        (id, true)
    }

    pub(super) fn held(&self, id: ContainerId) -> &Container {
        &self.containers[id.index()]
    }

    pub(super) fn held_mut(&mut self, id: ContainerId) -> &mut Container {
        &mut self.containers[id.index()]
    }

    pub(super) fn elements(&mut self, id: ContainerId) -> Value {
        let clock = &self.clock;
        self.containers[id.index()].elements.read(clock)
    }

    pub(super) fn keys(&mut self, id: ContainerId) -> Value {
        let clock = &self.clock;
        self.containers[id.index()].keys.read(clock)
    }

    /// The elements one by one, if that is all it ever holds.
    pub(super) fn exact(&mut self, id: ContainerId) -> Option<Vec<Value>> {
        let pass = self.clock.pass;
        let container = &mut self.containers[id.index()];
        container.exact_read = pass;
        container.exact.clone()
    }

    /// The value under a constant key, if the container is known key by key.
    pub(super) fn under_key(&mut self, id: ContainerId, key: ConstantId) -> Option<Value> {
        let clock = &self.clock;
        let container = &mut self.containers[id.index()];
        container.exact_read = clock.pass;
        Some(container.by_key.as_mut()?.get_mut(&key)?.read(clock))
    }

    /// The keys and values, if the container is known key by key.
    pub(super) fn pairs(&self, id: ContainerId) -> Option<Vec<(ConstantId, Value)>> {
        let known = self.containers[id.index()].by_key.as_ref()?;
        let mut pairs: Vec<_> = known.iter().map(|(&key, slot)| (key, slot.seen())).collect();
        pairs.sort_unstable_by_key(|(key, _)| *key);
        Some(pairs)
    }

    /// The container holds `value` under a constant key.
    pub(super) fn hold_under(&mut self, values: &mut Values, id: ContainerId, key: ConstantId, value: Value) {
        self.hold(values, id, value);
        let container = &mut self.containers[id.index()];
        if let Some(known) = &mut container.by_key {
            let slot = known.entry(key).or_default();
            let before = slot.seen();
            slot.grow(&mut self.clock, values, value);
            // A key that was not there before was missed by whoever asked for it.
            if before == Value::EMPTY && container.exact_read == self.clock.pass {
                self.clock.changed = true;
            }
        }
    }

    /// Says what the container holds one by one.
    pub(super) fn set_exact(
        &mut self,
        values: &mut Values,
        id: ContainerId,
        elements: Vec<Value>,
        fresh: bool,
    ) {
        for &element in &elements {
            self.hold(values, id, element);
        }
        let container = &mut self.containers[id.index()];
        if fresh {
            container.exact = Some(elements);
        } else if let Some(known) = &mut container.exact {
            if known.len() == elements.len() {
                for (known, element) in known.iter_mut().zip(elements) {
                    let joined = values.join(*known, element);
                    if joined != *known {
                        *known = joined;
                        self.clock.changed |= container.exact_read == self.clock.pass;
                    }
                }
            } else {
                self.spoil(id);
            }
        }
    }

    /// The container holds something of which the order is not known.
    pub(super) fn spoil(&mut self, id: ContainerId) {
        let container = &mut self.containers[id.index()];
        if container.exact.take().is_some() | container.by_key.take().is_some() {
            self.clock.changed |= container.exact_read == self.clock.pass;
        }
    }

    pub(super) fn hold(&mut self, values: &mut Values, id: ContainerId, element: Value) {
        let element = self.merged(values, id, element);
        self.containers[id.index()]
            .elements
            .grow(&mut self.clock, values, element);
    }

    /// In a container of very many containers, as a table of rows, the rows are told apart no longer:
    /// what a further row holds is held by the first.
    fn merged(&mut self, values: &mut Values, id: ContainerId, element: Value) -> Value {
        let [Atom::Container(row)] = *values.atoms(element) else {
            return element;
        };
        let held = values.atoms(self.containers[id.index()].elements.seen());
        let rows = || {
            held.iter().filter_map(|atom| match *atom {
                Atom::Container(row) => Some(row),
                _ => None,
            })
        };
        if rows().count() < MAX_ROWS || rows().any(|known| known == row) {
            return element;
        }
        let Some(first) = rows().next() else {
            return element;
        };
        let (elements, keys) = (self.elements(row), self.keys(row));
        match self.exact(row).filter(|exact| {
            let known = self.containers[first.index()].exact.as_ref();
            known.is_some_and(|known| known.len() == exact.len())
        }) {
            Some(exact) => self.set_exact(values, first, exact, false),
            None => self.spoil(first),
        }
        for (into, more) in [(true, elements), (false, keys)] {
            let container = &mut self.containers[first.index()];
            let slot = if into {
                &mut container.elements
            } else {
                &mut container.keys
            };
            slot.grow(&mut self.clock, values, more);
        }
        values.of(Atom::Container(first))
    }

    pub(super) fn hold_key(&mut self, values: &mut Values, id: ContainerId, key: Value) {
        self.containers[id.index()]
            .keys
            .grow(&mut self.clock, values, key);
    }

    /// The field of instances of exactly this class.
    pub(super) fn field(&mut self, class: ClassId, name: Symbol) -> Value {
        let clock = &self.clock;
        self.fields.entry((class, name)).or_default().read(clock)
    }

    pub(super) fn set_field(
        &mut self,
        values: &mut Values,
        class: Option<ClassId>,
        name: Symbol,
        value: Value,
    ) {
        if let Some(class) = class {
            self.fields
                .entry((class, name))
                .or_default()
                .grow(&mut self.clock, values, value);
        }
        self.all_fields
            .entry(name)
            .or_default()
            .grow(&mut self.clock, values, value);
    }

    /// What fields of this name hold, of whatever object.
    pub(super) fn any_field(&mut self, name: Symbol) -> Value {
        let clock = &self.clock;
        self.all_fields.entry(name).or_default().read(clock)
    }

    /// A member that the class's body defines.
    pub(super) fn class_member(&mut self, class: ClassId, name: Symbol) -> Option<Value> {
        let scope = self.classes[class.index()].scope;
        let clock = &self.clock;
        self.scopes[scope.index()]
            .bindings
            .get_mut(&name)
            .map(|binding| binding.slot.read(clock))
    }
}
