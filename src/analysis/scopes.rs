//! What the program's own names, functions, classes and containers hold.
//!
//! Everything only grows: what is assigned joins what was there. Whoever read what grew is looked at
//! again.

use std::cell::Cell;

use std::rc::Rc;

use ruff_python_ast::{Comprehension, Expr, ExprCall, Stmt, StmtFor};
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    clock::{Clock, Readers, Slot, Unit},
    knowledge::TypeId,
    paths::{PathId, Symbol},
    values::{Atom, ConstantId, Value, Values},
};

/// At most so many rows of a table are told apart.
const MAX_ROWS: usize = 24;

/// At most so many members of an enumeration are told apart.
pub(super) const MAX_ENTRIES: usize = 48;
/// At most so many calls of a function are told apart.
const MAX_CALLS: usize = 32;

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

impl ContainerId {
    /// The first of all.
    pub(super) const FIRST: Self = Self(0);
}

impl ScopeId {
    /// A number that no other scope has.
    pub(super) fn number(self) -> usize {
        self.index()
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
#[derive(Debug)]
pub(super) struct Binding<'a> {
    pub(super) slot: Slot,
    pub(super) how: How<'a>,
    pub(super) at: TextRange,
    /// Whether it is bound in other places too.
    again: bool,
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
    /// Names of a class's body that were asked for before it bound them.
    missed: FxHashMap<Symbol, Readers>,
    /// Who asked for all names.
    listed: Readers,
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

/// A loop around a piece of code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loop<'a> {
    pub(super) target: &'a Expr,
    pub(super) over: &'a Expr,
    /// What it repeats; none for a comprehension, which binds nothing else.
    pub(super) body: Option<&'a [Stmt]>,
}

impl<'a> Loop<'a> {
    pub(super) fn of(node: &'a StmtFor) -> Self {
        Self {
            target: &node.target,
            over: &node.iter,
            body: Some(&node.body),
        }
    }

    pub(super) fn within(node: &'a Comprehension) -> Self {
        Self {
            target: &node.target,
            over: &node.iter,
            body: None,
        }
    }
}

/// A call of one of the program's own functions.
#[derive(Debug, Clone)]
pub(super) struct Call<'a> {
    pub(super) place: usize,
    /// What it gives the parameters.
    pub(super) given: Vec<(Symbol, Value)>,
    /// What is around it, where that may tell more of what it gives.
    pub(super) around: Option<Around<'a>>,
}

impl Call<'_> {
    /// The same call gives other values too; whether that is anything new.
    fn join(&mut self, values: &mut Values, other: Self) -> bool {
        let before = self.given.clone();
        self.given.retain_mut(|(name, value)| {
            let more = other.given.iter().find(|(known, _)| known == name);
            if let Some((_, more)) = more {
                *value = values.join(*value, *more);
            }
            more.is_some()
        });
        self.around = other.around;
        self.given != before
    }
}

/// What is around a call.
#[derive(Debug, Clone)]
pub(super) struct Around<'a> {
    pub(super) node: &'a ExprCall,
    pub(super) scope: ScopeId,
    pub(super) function: Option<FunctionId>,
    pub(super) loops: Rc<[Loop<'a>]>,
    /// How many parameters are given before the arguments.
    pub(super) skipped: usize,
}

pub(super) struct Function<'a> {
    pub(super) name: Symbol,
    pub(super) scope: ScopeId,
    pub(super) class: Option<ClassId>,
    /// Its first parameter is the instance or the class.
    pub(super) is_method: bool,
    /// That parameter is the class.
    pub(super) takes_class: bool,
    /// It is handed neither.
    pub(super) is_static: bool,
    /// It is no method by its place, but was set as a member of this class later.
    pub(super) attached: Option<ClassId>,
    /// What else its calls may run: implementations for other types.
    pub(super) others: Vec<FunctionId>,
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
    /// Its calls; none if some call is not known.
    pub(super) calls: Option<Vec<Call<'a>>>,
    /// Who asked for them.
    pub(super) call_readers: Readers,
    /// What its parameters hold where a call does not say.
    pub(super) defaults: FxHashMap<Symbol, Value>,
    /// The call that runs the text it stands in, if it stands in one.
    pub(super) within: Option<TextRange>,
    /// Its body.
    pub(super) unit: Unit,
    /// The last pass in which its body was looked at.
    pub(super) pass: u32,
}

/// What a class is by what it extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    /// A tuple whose items are its fields in order.
    Record,
    /// What its body binds becomes its only instances.
    Enumeration,
    /// Its instances are classes.
    Metaclass,
    /// Its instances are members that call what they are made with.
    Property,
}

/// How a class is given a field when it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Anyhow,
    ByName,
    /// Only the hook that runs afterwards is given it.
    ToHook,
}

/// What a class is made with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: Symbol,
    pub(super) given: Given,
}

pub(super) struct Class {
    pub(super) scope: ScopeId,
    pub(super) kind: Kind,
    /// The members of an enumeration are the data they are bound to as well.
    pub(super) of_data: bool,
    /// What its instances hold, if they are containers.
    pub(super) items: Option<ContainerId>,
    /// The classes that it makes, for a metaclass, and the metaclasses that make it.
    pub(super) makes: Vec<ClassId>,
    pub(super) made_by: Vec<ClassId>,
    /// The classes of an enumeration's members.
    pub(super) entries: Vec<ClassId>,
    /// Where it is defined.
    pub(super) at: TextRange,
    pub(super) bases: Vec<ClassId>,
    /// The program's own classes that extend this one directly.
    pub(super) extended_by: Vec<ClassId>,
    /// The types of client libraries that it extends.
    pub(super) client: Vec<TypeId>,
    /// Whether it extends something of which nothing is known.
    pub(super) unknown_base: bool,
    /// Its annotated fields in order: what a dataclass is made with.
    pub(super) fields: Vec<Field>,
    /// The names of all fields that are set anywhere, and who asked for all.
    named: Vec<Symbol>,
    all_readers: Readers,
    /// Whether anybody asked what it extends or what extends it.
    asked: Cell<bool>,
}

impl Class {
    /// A class that extends nothing yet.
    pub(super) fn new(scope: ScopeId, fields: Vec<Field>) -> Self {
        Self {
            scope,
            at: TextRange::default(),
            kind: Kind::Plain,
            of_data: false,
            items: None,
            makes: Vec::new(),
            made_by: Vec::new(),
            entries: Vec::new(),
            bases: Vec::new(),
            extended_by: Vec::new(),
            client: Vec::new(),
            unknown_base: false,
            fields,
            asked: Cell::default(),
            named: Vec::new(),
            all_readers: Readers::default(),
        }
    }
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
    /// It is what an object of the program's own holds; other members are the object's.
    pub(super) is_own: bool,
    /// What a carrier stands for and gives to nobody as it is: the program's own objects.
    carried: Slot,
    /// Who asked for the elements one by one, or for one by its key.
    exact_readers: Readers,
    /// The last look into containers that came by.
    visited: u32,
    /// Who found something under a key, and wants to know once keys are told apart no longer.
    shape_readers: Readers,
    /// It stands for a callable with its first arguments.
    pub(super) partial: Option<Rc<Partial>>,
}

/// A callable with its first arguments: `functools.partial`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Partial {
    pub(super) callable: Value,
    pub(super) positional: Vec<Value>,
    pub(super) named: Vec<(Symbol, Value)>,
}

impl Partial {
    /// What may be either. What only one of them is given may be anything.
    fn joined(&self, values: &mut Values, other: &Self) -> Self {
        let length = self.positional.len().max(other.positional.len());
        let at = |from: &Self, index: usize| from.positional.get(index).copied().unwrap_or(Value::UNKNOWN);
        let positional = (0..length).map(|index| values.join(at(self, index), at(other, index)));
        let positional = positional.collect();
        let under = |from: &Self, name: Symbol| {
            let found = from.named.iter().find(|(known, _)| *known == name);
            found.map_or(Value::UNKNOWN, |(_, value)| *value)
        };
        let names: Vec<Symbol> = self
            .named
            .iter()
            .chain(&other.named)
            .map(|(name, _)| *name)
            .collect();
        let mut named: Vec<(Symbol, Value)> = Vec::with_capacity(names.len());
        for name in names {
            if !named.iter().any(|(known, _)| *known == name) {
                named.push((name, values.join(under(self, name), under(other, name))));
            }
        }
        Self {
            callable: values.join(self.callable, other.callable),
            positional,
            named,
        }
    }
}

/// Everything the program's own names, functions, classes and containers hold.
pub(super) struct World<'a> {
    pub(super) clock: Clock,
    scopes: Vec<Scope<'a>>,
    functions: Vec<Function<'a>>,
    classes: Vec<Class>,
    containers: Vec<Container>,
    scope_ids: FxHashMap<usize, ScopeId>,
    /// The scopes that functions' bodies stand in.
    unit_scopes: FxHashMap<Unit, ScopeId>,
    function_ids: FxHashMap<usize, FunctionId>,
    class_ids: FxHashMap<usize, ClassId>,
    container_ids: FxHashMap<(usize, u8), ContainerId>,
    /// Fields of instances of the program's own classes.
    fields: FxHashMap<(ClassId, Symbol), Slot>,
    /// Fields by name alone, of whatever object.
    all_fields: FxHashMap<Symbol, Slot>,
    /// Fields of instances that are set under a computed name.
    open_fields: FxHashMap<ClassId, Slot>,
    /// All names that bodies of classes bind, and who asked for one that none bound yet.
    class_names: FxHashSet<Symbol>,
    missed_names: FxHashMap<Symbol, Readers>,
    /// What is set on functions and on what imports lead to.
    attributes: FxHashMap<(Atom, Symbol), Slot>,
    /// The classes of the members of enumerations.
    entries: FxHashMap<(ClassId, Symbol), ClassId>,
    methods: FxHashMap<Symbol, (Vec<FunctionId>, Readers)>,
    /// Who took a name for one that is assigned only once.
    once_readers: Readers,
    declared: FxHashSet<Symbol>,
}

/// The identity of a node of the syntax tree.
pub(super) fn key<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

impl<'a> World<'a> {
    pub(super) fn new() -> Self {
        let mut world = Self {
            clock: Clock::new(),
            scopes: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            containers: Vec::new(),
            scope_ids: FxHashMap::default(),
            unit_scopes: FxHashMap::default(),
            function_ids: FxHashMap::default(),
            class_ids: FxHashMap::default(),
            container_ids: FxHashMap::default(),
            fields: FxHashMap::default(),
            all_fields: FxHashMap::default(),
            open_fields: FxHashMap::default(),
            class_names: FxHashSet::default(),
            missed_names: FxHashMap::default(),
            attributes: FxHashMap::default(),
            entries: FxHashMap::default(),
            methods: FxHashMap::default(),
            once_readers: Readers::default(),
            declared: FxHashSet::default(),
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
            missed: FxHashMap::default(),
            listed: Readers::default(),
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
                .get(&name)
                .map(|binding| (binding.slot.read(clock), binding.how))
                .and_then(|(value, how)| (!matches!(how, How::Unbound)).then_some(value)),
            None => {
                // Remembered, so that a later binding is known to have been missed.
                let slot = Slot::default();
                slot.read(clock);
                let unbound = Binding {
                    slot,
                    how: How::Unbound,
                    at: TextRange::default(),
                    again: false,
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
        if !self.scopes[target.index()].bindings.contains_key(&name) {
            self.hide_outer(target, name);
        }
        let scope = &mut self.scopes[target.index()];
        let binding = scope.bindings.entry(name).or_insert(Binding {
            slot: Slot::default(),
            how,
            at,
            again: false,
        });
        if matches!(binding.how, How::Unbound) {
            binding.how = how;
            binding.at = at;
            // Even data is more than what nobody knows.
            binding.slot.readers.wake(&mut self.clock);
        }
        if binding.at != at && !binding.again {
            binding.again = true;
            self.once_readers.wake(&mut self.clock);
        }
        binding.slot.grow(&mut self.clock, values, value);
    }

    /// From now on `name` is one of `scope`'s own: whoever took an outer one for it was wrong.
    fn hide_outer(&mut self, scope: ScopeId, name: Symbol) {
        let hiding = &mut self.scopes[scope.index()];
        if hiding.kind == ScopeKind::Class
            && self.class_names.insert(name)
            && let Some(readers) = self.missed_names.remove(&name)
        {
            readers.wake(&mut self.clock);
        }
        hiding.listed.wake(&mut self.clock);
        if let Some(readers) = hiding.missed.remove(&name) {
            readers.wake(&mut self.clock);
        }
        let Some(outer) = hiding.parent.and_then(|parent| self.holder(parent, name)) else {
            return;
        };
        let Some(binding) = self.scopes[outer.index()].bindings.get(&name) else {
            return;
        };
        let scopes = &self.scopes;
        let is_below = |unit: Unit| {
            let mut at = self.unit_scopes.get(&unit).copied();
            while let Some(id) = at {
                if id == scope {
                    return true;
                }
                at = scopes[id.index()].parent;
            }
            false
        };
        let current = self.clock.unit();
        binding
            .slot
            .readers
            .wake_if(&mut self.clock, |unit| unit == current || is_below(unit));
    }

    /// Names that functions bind outside of themselves: none of them is followed turn by turn.
    pub(super) fn declare(&mut self, name: Symbol) {
        if self.declared.insert(name) {
            self.once_readers.wake(&mut self.clock);
        }
    }

    /// Whether functions bind the name outside of themselves.
    pub(super) fn is_declared(&self, name: Symbol) -> bool {
        self.once_readers.note(&self.clock);
        self.declared.contains(&name)
    }

    /// What `scope` itself assigns to `name`, if that is all it is ever bound to.
    pub(super) fn assigned_once(&self, scope: ScopeId, name: Symbol) -> Option<&'a Expr> {
        self.once_readers.note(&self.clock);
        match self.scopes[scope.index()].bindings.get(&name)? {
            Binding {
                how: How::Assigned(value),
                again: false,
                ..
            } => Some(value),
            _ => None,
        }
    }

    /// Takes note of a call of a function; none is a call of which nothing is known.
    pub(super) fn note_call(&mut self, values: &mut Values, id: FunctionId, call: Option<Call<'a>>) {
        let function = &mut self.functions[id.index()];
        let Some(calls) = &mut function.calls else { return };
        let learned = match call {
            None => {
                function.calls = None;
                true
            }
            Some(call) => match calls.iter().position(|known| known.place == call.place) {
                Some(place) => calls[place].join(values, call),
                None if calls.len() < MAX_CALLS => {
                    calls.push(call);
                    true
                }
                None => {
                    function.calls = None;
                    true
                }
            },
        };
        if learned {
            function.call_readers.wake(&mut self.clock);
        }
    }

    /// The callable with its first arguments that the container stands for.
    pub(super) fn partial(&self, id: ContainerId) -> Option<Rc<Partial>> {
        let container = &self.containers[id.index()];
        container.exact_readers.note(&self.clock);
        container.partial.clone()
    }

    /// Says which callable with which arguments the container stands for.
    pub(super) fn set_partial(&mut self, values: &mut Values, id: ContainerId, partial: Partial) {
        let container = &mut self.containers[id.index()];
        let joined = match container.partial.as_deref() {
            Some(known) => known.joined(values, &partial),
            None => partial,
        };
        if container.partial.as_deref() != Some(&joined) {
            container.partial = Some(Rc::new(joined));
            container.exact_readers.wake(&mut self.clock);
        }
    }

    /// The calls of a function, if all are known.
    pub(super) fn calls(&self, id: FunctionId) -> Option<Vec<Call<'a>>> {
        let function = &self.functions[id.index()];
        function.call_readers.note(&self.clock);
        if function.escaped {
            return None;
        }
        function.calls.clone().filter(|calls| !calls.is_empty())
    }

    pub(super) fn known_function(&self, key: usize) -> Option<FunctionId> {
        self.function_ids.get(&key).copied()
    }

    pub(super) fn add_function(&mut self, key: usize, function: Function<'a>) -> FunctionId {
        let id = FunctionId::new(self.functions.len());
        if function.class.is_some() {
            let (methods, readers) = self.methods.entry(function.name).or_default();
            methods.push(id);
            readers.wake(&mut self.clock);
        }
        self.unit_scopes.insert(function.unit, function.scope);
        self.functions.push(function);
        self.function_ids.insert(key, id);
        id
    }

    /// The functions that can be called and whose bodies are due in this pass.
    pub(super) fn functions_due(&self) -> Vec<FunctionId> {
        (0..self.functions.len())
            .filter(|&index| {
                let function = &self.functions[index];
                (function.called || function.escaped)
                    && function.pass != self.clock.pass
                    && self.clock.is_due(function.unit)
            })
            .map(FunctionId::new)
            .collect()
    }

    /// Whether a function that can be called is due.
    pub(super) fn any_function_due(&self) -> bool {
        self.functions
            .iter()
            .any(|function| (function.called || function.escaped) && self.clock.is_due(function.unit))
    }

    pub(super) fn function(&self, id: FunctionId) -> &Function<'a> {
        &self.functions[id.index()]
    }

    pub(super) fn function_mut(&mut self, id: FunctionId) -> &mut Function<'a> {
        &mut self.functions[id.index()]
    }

    /// The methods of this name, of whatever class.
    pub(super) fn methods(&mut self, name: Symbol) -> &[FunctionId] {
        let (methods, readers) = self.methods.entry(name).or_default();
        readers.note(&self.clock);
        methods
    }

    pub(super) fn returned(&mut self, id: FunctionId) -> Value {
        let clock = &self.clock;
        self.functions[id.index()].returned.read(clock)
    }

    /// Whether nothing is known of what the function returns.
    pub(super) fn returns_nothing(&self, id: FunctionId) -> bool {
        self.functions[id.index()].returned.seen() == Value::EMPTY
    }

    pub(super) fn returns(&mut self, values: &mut Values, id: FunctionId, value: Value) {
        self.functions[id.index()]
            .returned
            .grow(&mut self.clock, values, value);
    }

    /// What generators return in the end, each one's.
    pub(super) fn generators_returned(&mut self) -> Vec<Value> {
        let clock = &self.clock;
        self.functions
            .iter()
            .map(|function| (function.returned.read(clock), function.given))
            .filter(|(_, given)| given.is_some())
            .map(|(returned, _)| returned)
            .collect()
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

    fn add_entry_class(&mut self, enumeration: ClassId) -> ClassId {
        let scope = ScopeId::new(self.scopes.len());
        self.scopes.push(Scope {
            kind: ScopeKind::Class,
            parent: None,
            bindings: FxHashMap::default(),
            missed: FxHashMap::default(),
            listed: Readers::default(),
            globals: FxHashSet::default(),
            nonlocals: FxHashSet::default(),
        });
        let id = ClassId::new(self.classes.len());
        let mut class = Class::new(scope, Vec::new());
        class.kind = Kind::Enumeration;
        class.bases.push(enumeration);
        self.classes.push(class);
        id
    }

    /// The container of what instances of the class hold, made if there is none yet.
    pub(super) fn items(&mut self, class: ClassId) -> ContainerId {
        if let Some(items) = self.classes[class.index()].items {
            return items;
        }
        let place = usize::MAX - self.classes[class.index()].scope.number();
        let (id, _) = self.container(place, 16);
        self.containers[id.index()].is_own = true;
        self.classes[class.index()].items = Some(id);
        id
    }

    pub(super) fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.index()]
    }

    pub(super) fn class_mut(&mut self, id: ClassId) -> &mut Class {
        &mut self.classes[id.index()]
    }

    /// What the class is was learned late: whoever asked before was told wrongly.
    pub(super) fn wake_class(&mut self, id: ClassId) {
        if self.clock.pass > 1 || self.classes[id.index()].asked.get() {
            self.clock.wake_all();
        }
    }

    /// The class extends `base`, another of the program's own.
    pub(super) fn extend(&mut self, id: ClassId, base: ClassId) {
        let class = &mut self.classes[id.index()];
        if base == id || class.bases.contains(&base) {
            return;
        }
        class.bases.push(base);
        let mut asked = class.asked.get();
        let base = &mut self.classes[base.index()];
        base.extended_by.push(id);
        asked |= base.asked.get();
        // What the base's methods read may be the subclass's.
        if asked {
            self.clock.wake_all();
        }
    }

    /// The class extends a type of a client library.
    pub(super) fn extend_client(&mut self, id: ClassId, of: TypeId) {
        let class = &mut self.classes[id.index()];
        if !class.client.contains(&of) {
            class.client.push(of);
            if class.asked.get() {
                self.clock.wake_all();
            }
        }
    }

    /// The class extends something of which nothing is known.
    pub(super) fn extend_unknown(&mut self, id: ClassId) {
        let class = &mut self.classes[id.index()];
        if !std::mem::replace(&mut class.unknown_base, true) && class.asked.get() {
            self.clock.wake_all();
        }
    }

    /// The class and what it extends, nearest first.
    pub(super) fn ancestry(&self, class: ClassId) -> Vec<ClassId> {
        let mut line = vec![class];
        let mut at = 0;
        while at < line.len() && line.len() < 64 {
            let class = &self.classes[line[at].index()];
            class.asked.set(true);
            for &base in &class.bases {
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
        self.classes[class.index()].asked.set(true);
        let mut all = self.classes[class.index()].extended_by.clone();
        let mut at = 0;
        while at < all.len() && all.len() < 64 {
            let class_of = &self.classes[all[at].index()];
            class_of.asked.set(true);
            for &more in &class_of.extended_by {
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
            is_own: false,
            carried: Slot::default(),
            exact_readers: Readers::default(),
            visited: 0,
            shape_readers: Readers::default(),
            partial: None,
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

    /// Whether the look numbered `look` comes by for the first time.
    pub(super) fn visit(&mut self, id: ContainerId, look: u32) -> bool {
        std::mem::replace(&mut self.containers[id.index()].visited, look) != look
    }

    pub(super) fn elements(&self, id: ContainerId) -> Value {
        let clock = &self.clock;
        self.containers[id.index()].elements.read(clock)
    }

    pub(super) fn keys(&self, id: ContainerId) -> Value {
        let clock = &self.clock;
        self.containers[id.index()].keys.read(clock)
    }

    /// What a carrier stands for.
    pub(super) fn carried(&mut self, id: ContainerId) -> Value {
        let clock = &self.clock;
        self.containers[id.index()].carried.read(clock)
    }

    /// A carrier stands for `value` too.
    pub(super) fn carry(&mut self, values: &mut Values, id: ContainerId, value: Value) {
        self.containers[id.index()]
            .carried
            .grow(&mut self.clock, values, value);
    }

    /// The elements one by one, if that is all it ever holds.
    pub(super) fn exact(&mut self, id: ContainerId) -> Option<Vec<Value>> {
        let container = &self.containers[id.index()];
        container.exact_readers.note(&self.clock);
        container.exact.clone()
    }

    /// The value under a constant key, if the container is known key by key.
    pub(super) fn under_key(&mut self, id: ContainerId, key: ConstantId) -> Option<Value> {
        let container = &self.containers[id.index()];
        let Some(slot) = container.by_key.as_ref().and_then(|known| known.get(&key)) else {
            container.exact_readers.note(&self.clock);
            return None;
        };
        container.shape_readers.note(&self.clock);
        Some(slot.read(&self.clock))
    }

    /// The keys and values, if the container is known key by key.
    pub(super) fn pairs(&self, id: ContainerId) -> Option<Vec<(ConstantId, Value)>> {
        let container = &self.containers[id.index()];
        container.exact_readers.note(&self.clock);
        let known = container.by_key.as_ref()?;
        let mut pairs: Vec<_> = known
            .iter()
            .map(|(&key, slot)| (key, slot.read(&self.clock)))
            .collect();
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
            if before == Value::EMPTY && value != Value::EMPTY {
                container.exact_readers.wake(&mut self.clock);
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
        let (rows, plain): (Vec<Value>, Vec<Value>) = elements
            .iter()
            .partition(|&&element| !values.containers(element).is_empty());
        for row in rows {
            self.hold(values, id, row);
        }
        let all = values.all(&plain);
        self.hold(values, id, all);
        let container = &mut self.containers[id.index()];
        if fresh {
            container.exact = Some(elements);
        } else if let Some(known) = &mut container.exact {
            if known.len() == elements.len() {
                for (known, element) in known.iter_mut().zip(elements) {
                    let joined = values.join(*known, element);
                    if joined != *known {
                        *known = joined;
                        container.exact_readers.wake(&mut self.clock);
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
            container.exact_readers.wake(&mut self.clock);
            container.shape_readers.wake(&mut self.clock);
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
            let slot = self.fields.entry((class, name)).or_default();
            if slot.seen() == Value::EMPTY && value != Value::EMPTY {
                let class = &mut self.classes[class.index()];
                class.named.push(name);
                class.all_readers.wake(&mut self.clock);
            }
            slot.grow(&mut self.clock, values, value);
        }
        self.all_fields
            .entry(name)
            .or_default()
            .grow(&mut self.clock, values, value);
    }

    /// The names of all fields of instances of exactly this class.
    pub(super) fn field_names(&mut self, class: ClassId) -> Vec<Symbol> {
        let class = &self.classes[class.index()];
        class.all_readers.note(&self.clock);
        class.named.clone()
    }

    /// What fields of instances of exactly this class hold that are set under a computed name.
    pub(super) fn open_field(&mut self, class: ClassId) -> Value {
        let clock = &self.clock;
        self.open_fields.entry(class).or_default().read(clock)
    }

    pub(super) fn set_open_field(&mut self, values: &mut Values, class: ClassId, value: Value) {
        self.open_fields
            .entry(class)
            .or_default()
            .grow(&mut self.clock, values, value);
    }

    /// What was set as a member of a function or of what an import leads to.
    pub(super) fn attribute(&mut self, of: Atom, name: Symbol) -> Value {
        let clock = &self.clock;
        self.attributes.entry((of, name)).or_default().read(clock)
    }

    pub(super) fn set_attribute(&mut self, values: &mut Values, of: Atom, name: Symbol, value: Value) {
        self.attributes
            .entry((of, name))
            .or_default()
            .grow(&mut self.clock, values, value);
    }

    /// The class of the member `name` of an enumeration.
    pub(super) fn entry(&self, enumeration: ClassId, name: Symbol) -> Option<ClassId> {
        self.entries.get(&(enumeration, name)).copied()
    }

    /// The class of the member `name`, made if there is none yet. Of very many members the last are
    /// told apart no longer.
    pub(super) fn add_entry(&mut self, enumeration: ClassId, name: Symbol) -> ClassId {
        if let Some(known) = self.entry(enumeration, name) {
            return known;
        }
        let entries = &self.classes[enumeration.index()].entries;
        let class = match entries.last() {
            Some(&last) if entries.len() >= MAX_ENTRIES => last,
            _ => {
                let made = self.add_entry_class(enumeration);
                self.classes[enumeration.index()].entries.push(made);
                made
            }
        };
        self.entries.insert((enumeration, name), class);
        // Whoever named it before took it for what it is bound to.
        self.clock.wake_all();
        class
    }

    /// What fields of this name hold, of whatever object.
    pub(super) fn any_field(&mut self, name: Symbol) -> Value {
        let clock = &self.clock;
        self.all_fields.entry(name).or_default().read(clock)
    }

    /// The names that the class's body binds.
    pub(super) fn names_of(&self, class: ClassId) -> impl Iterator<Item = Symbol> {
        let scope = &self.scopes[self.classes[class.index()].scope.index()];
        scope.listed.note(&self.clock);
        scope.bindings.keys().copied()
    }

    /// Whether the body of any class binds the name.
    pub(super) fn is_class_name(&mut self, name: Symbol) -> bool {
        let known = self.class_names.contains(&name);
        if !known {
            self.missed_names.entry(name).or_default().note(&self.clock);
        }
        known
    }

    /// A member that the class's body defines.
    pub(super) fn class_member(&mut self, class: ClassId, name: Symbol) -> Option<Value> {
        if !self.is_class_name(name) {
            return None;
        }
        let scope = self.classes[class.index()].scope;
        let scope = &mut self.scopes[scope.index()];
        let Some(binding) = scope.bindings.get(&name) else {
            scope.missed.entry(name).or_default().note(&self.clock);
            return None;
        };
        Some(binding.slot.read(&self.clock))
    }
}
