//! Who is who: follows names, objects and values through a program, and tells what reaches a control
//! system or does something risky.
//!
//! The program is looked at in passes until nothing is learned any more. In each pass every statement
//! and every function's body is looked at once, whatever branch it stands in, and what a name is bound
//! to joins what it was bound to before: nothing a program can do in any order is missed for being done
//! later. What cannot be followed counts as what may write.

mod calls;
mod carriers;
mod classes;
mod clients;
mod decorators;
mod deferred;
mod effects;
mod enumerations;
mod explain;
mod expressions;
mod facts;
mod functions;
mod handed;
mod hooks;
mod kinds;
mod known;
mod made;
mod matching;
mod members;
mod metaclasses;
mod methods;
mod namespaces;
mod processes;
mod properties;
mod reach;
mod records;
mod reflection;
mod rows;
mod sequences;
mod statements;
mod stores;
mod targets;

use std::rc::Rc;

use ruff_python_ast::{Expr, ModModule, Stmt};
use ruff_python_parser::Parsed;
use ruff_source_file::LineIndex;
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};
use typed_arena::Arena;

pub(super) use self::facts::{Chain, Fact, Facts};
use self::{
    facts::Found,
    members::NameTraits,
    reach::{Memo, Within},
};
use super::{
    clock::{Slot, Turn, Unit},
    knowledge::{Knowledge, LibraryId},
    paths::{PathId, Paths, Place, Symbol, Symbols},
    scopes::{ClassId, ContainerId, FunctionId, Loop, ScopeId, World},
    values::{Atom, Value, Values},
};
use crate::{
    config::{Look, Route, When},
    model::{Category, Evidence},
};

/// After so many passes that still learned something, the program is not understood.
const MAX_PASSES: u32 = 12;

/// The deepest recursion; the scan before the parser keeps a program's own depth under it.
const MAX_DEPTH: u32 = 4_000;

/// A function's body is looked at when it is called, unless the recursion is deeper than this.
const MAX_CALL_DEPTH: u32 = 300;

/// At most so many texts that are run are looked at, and so deep within each other.
const MAX_TEXTS: usize = 200;
const MAX_TEXTS_WITHIN: usize = 3;

/// The work that any program is worth, and what each of its bytes adds, in values looked at. It keeps the
/// time for a megabyte of hostile code within half a second.
const MIN_WORK: u64 = 300_000;
const WORK_PER_BYTE: u64 = 1;

/// Rules that the resolver itself tells of.
pub(super) mod rule {
    pub(crate) const WRITE: &str = "control_write";
    pub(crate) const POSSIBLE: &str = "control_write_possible";
    pub(crate) const READ: &str = "control_read";
    pub(crate) const REFLECTION: &str = "reflection";
    pub(crate) const TAMPER: &str = "guard_tamper";
    pub(crate) const UNKNOWN_IMPORT: &str = "unknown_import";
    pub(crate) const NO_ROUTE: &str = "no_route";
    pub(crate) const INCOMPLETE: &str = "analysis_incomplete";
}

/// The program nests deeper than any program should.
#[derive(Debug)]
pub(super) struct TooDeep;

/// What a program is given as.
pub(super) struct Program<'a> {
    pub(super) body: &'a [Stmt],
    pub(super) text: &'a str,
    pub(super) index: &'a LineIndex,
    /// Where patterns hit, by offset.
    pub(super) hits: &'a FxHashSet<u32>,
    /// The texts that the program runs are kept here.
    pub(super) texts: &'a Arena<Parsed<ModModule>>,
    /// The ways to the hardware that the program has.
    pub(super) routes: &'a [Route],
}

/// Follows `program` until nothing is learned any more.
pub(super) fn resolve(program: &Program<'_>, knowledge: &Knowledge) -> Result<Facts, TooDeep> {
    let mut resolver = Resolver {
        program,
        knowledge,
        world: World::new(),
        values: Values::new(),
        paths: Paths::new(knowledge),
        symbols: Symbols::default(),
        traits: Vec::new(),
        plain_builtins: FxHashMap::default(),
        scope: World::MODULE,
        class: None,
        function: None,
        queue: Vec::new(),
        raised: Slot::default(),
        stars: Vec::new(),
        foreign_star: false,
        near: Vec::new(),
        near_asked: false,
        unbound_asked: false,
        foreign: false,
        within: Vec::new(),
        texts: FxHashMap::default(),
        memory: FxHashMap::default(),
        tainted: FxHashMap::default(),
        perils: FxHashMap::default(),
        looks: 0,
        plain: FxHashSet::default(),
        keepers: FxHashMap::default(),
        work: 0,
        most_work: MIN_WORK + WORK_PER_BYTE * program.text.len() as u64,
        found: Vec::new(),
        quiet: 0,
        depth: 0,
        too_deep: false,
        single: FxHashMap::default(),
        loops: Vec::new(),
        row: 0,
        bound: FxHashMap::default(),
        subject: None,
        assigned: None,
        base: 0,
        named_writes: 0,
    };
    let statements: Vec<Unit> = std::iter::once(resolver.world.clock.unit())
        .chain(std::iter::repeat_with(|| resolver.world.clock.add()))
        .take(program.body.len())
        .collect();
    let mut settled = false;
    for pass in 1..=MAX_PASSES {
        resolver.pass(pass, &statements);
        if resolver.is_exhausted() {
            break;
        }
        if !resolver.is_due(&statements) {
            settled = true;
            break;
        }
    }
    if resolver.too_deep {
        return Err(TooDeep);
    }
    if !settled {
        resolver.tell(
            TextRange::default(),
            rule::INCOMPLETE,
            Category::PotentialWrite,
            Evidence::Unresolved,
            "The names of this program are bound in too many ways to be followed.".to_owned(),
        );
    }
    let found = std::mem::take(&mut resolver.found);
    let (mut facts, origins) = facts::joined(found);
    for (fact, origin) in facts.facts.iter_mut().zip(origins) {
        if let Some((subject, scope)) = origin {
            fact.chain = Chain::Told(resolver.chain(subject, scope));
        }
    }
    Ok(facts)
}

struct Resolver<'a, 'p> {
    program: &'p Program<'a>,
    knowledge: &'p Knowledge,
    world: World<'a>,
    values: Values,
    paths: Paths<'p>,
    symbols: Symbols,
    /// What is known of names, by their numbers.
    traits: Vec<Option<NameTraits>>,
    /// What names stand for that are Python's own and lead nowhere else.
    plain_builtins: FxHashMap<Symbol, Value>,
    scope: ScopeId,
    class: Option<ClassId>,
    function: Option<FunctionId>,
    /// Functions whose bodies are still to be looked at in this pass.
    queue: Vec<FunctionId>,
    /// What is raised anywhere: an exception carries what it is made with.
    raised: Slot,
    /// Modules whose names are all imported.
    stars: Vec<PathId>,
    foreign_star: bool,
    /// The client libraries that the program imports.
    near: Vec<LibraryId>,
    /// Whether anything depended on which those are.
    near_asked: bool,
    /// Whether a name was looked up that nothing bound.
    unbound_asked: bool,
    /// Whether it imports something of which nothing is known.
    foreign: bool,
    /// The calls that run the text being looked at.
    within: Vec<TextRange>,
    texts: FxHashMap<Rc<str>, Option<&'a Parsed<ModModule>>>,
    /// What was worked out of values that hold containers.
    memory: FxHashMap<(Within, Value), Memo>,
    /// The same for values without containers.
    tainted: FxHashMap<Value, Value>,
    perils: FxHashMap<Value, Value>,
    /// How often containers were looked into.
    looks: u32,
    /// The classes whose instances were turned into plain containers in this pass, with keys or without.
    plain: FxHashSet<(ClassId, bool)>,
    /// What objects of other modules were given to keep, by the path that leads to them.
    keepers: FxHashMap<PathId, ContainerId>,
    /// How much was done, and how much may be done before the program counts as not understood.
    work: u64,
    most_work: u64,
    /// What each unit of the program shows.
    found: Vec<Found<'a>>,
    /// Above zero, nothing is told.
    quiet: u32,
    depth: u32,
    too_deep: bool,
    /// Names that hold one known value while a comprehension is followed element by element.
    single: FxHashMap<Symbol, Value>,
    /// The loops around what is looked at, the outermost first.
    loops: Vec<Loop<'a>>,
    /// The number of the row that is looked at; zero for all together.
    row: u8,
    /// The names that blocks bind, by the blocks' places.
    bound: FxHashMap<usize, Rc<FxHashSet<Symbol>>>,
    /// What is called or named right now, for the explanation.
    subject: Option<&'a Expr>,
    /// What is being assigned.
    assigned: Option<&'a Expr>,
    /// The identity of the expression whose member is looked at.
    base: usize,
    /// How often something that writes was named and not called.
    named_writes: u32,
}

impl<'a> Resolver<'a, '_> {
    /// Looks once at everything that is due.
    fn pass(&mut self, pass: u32, statements: &[Unit]) {
        self.world.clock.pass = pass;
        if self.world.clock.take_all() {
            self.memory.clear();
            self.tainted.clear();
            self.perils.clear();
        }
        self.queue.clear();
        self.plain.clear();
        self.scope = World::MODULE;
        for (statement, &unit) in self.program.body.iter().zip(statements) {
            if self.world.clock.is_due(unit) {
                let turn = self.begin(unit);
                self.block(std::slice::from_ref(statement));
                self.world.clock.end(turn);
            }
        }
        self.work_off();
    }

    /// Begins to look at `unit`: what it showed before is found again, or not.
    fn begin(&mut self, unit: Unit) -> Turn {
        let turn = self.world.clock.begin(unit);
        *self.found() = Found::default();
        turn
    }

    /// What the current unit shows.
    fn found(&mut self) -> &mut Found<'a> {
        let index = self.world.clock.unit().index();
        if self.found.len() <= index {
            self.found.resize_with(index + 1, Found::default);
        }
        &mut self.found[index]
    }

    /// Whether anything must be looked at again.
    fn is_due(&mut self, statements: &[Unit]) -> bool {
        self.refresh();
        let clock = &self.world.clock;
        clock.must_do_all()
            || statements.iter().any(|&unit| clock.is_due(unit))
            || self.world.any_function_due()
    }

    /// Looks at the functions that nothing called yet: those that are called somewhere first, then the
    /// others as somebody unknown would call them, the last defined first, since it is the last that
    /// tends to call the others.
    fn work_off(&mut self) {
        let initial = self.symbols.of("__init__");
        let mut waiting: Vec<FunctionId> = Vec::new();
        loop {
            let mut new = std::mem::take(&mut self.queue);
            if self.world.clock.pass > 1 {
                new.extend(self.world.functions_due());
            }
            // What sets the fields comes before what reads them.
            new.sort_by_key(|&id| self.world.function(id).name == initial);
            for id in new {
                let function = self.world.function(id);
                if function.called || function.escaped {
                    self.look_into(id);
                } else {
                    waiting.push(id);
                }
            }
            if self.too_deep || self.is_exhausted() {
                return;
            }
            if !self.queue.is_empty() {
                continue;
            }
            let Some(last) = waiting.pop() else {
                if self.world.clock.pass > 1 && !self.world.functions_due().is_empty() {
                    continue;
                }
                return;
            };
            if self.world.function(last).pass != self.world.clock.pass {
                self.escape_function(last);
                self.look_into(last);
            }
        }
    }

    fn is_exhausted(&self) -> bool {
        self.work + self.values.work > self.most_work
    }

    fn deeper<T: Default>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.too_deep = true;
            return T::default();
        }
        self.work += 1;
        if self.is_exhausted() {
            return T::default();
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    /// Looks without telling.
    fn quietly<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet += 1;
        let result = work(self);
        self.quiet -= 1;
        result
    }

    fn name(&mut self, name: &str) -> Symbol {
        self.symbols.of(name)
    }

    /// Tells of something; the same at the same place only once.
    fn tell(&mut self, at: TextRange, rule: &str, category: Category, evidence: Evidence, why: String) {
        self.tell_fact(Fact {
            at,
            rule: Rc::from(rule),
            category,
            evidence,
            why,
            channels: Vec::new(),
            values: Vec::new(),
            resolved: String::new(),
            chain: Chain::None,
            by_name: false,
        });
    }

    fn tell_fact(&mut self, mut fact: Fact) {
        if self.quiet > 0 {
            return;
        }
        self.named_writes += u32::from(fact.by_name);
        let mut origin = None;
        if let Some(&outermost) = self.within.first() {
            // The place within a text that is run is no place in the program.
            fact.at = outermost;
            fact.why = format!("In a text that is run as code: {}", fact.why);
        } else if fact.chain == Chain::OfSubject {
            origin = self.subject.map(|subject| (subject, self.scope));
        }
        fact.chain = Chain::None;
        self.found().add(fact, origin);
    }

    /// Whether nothing would change if it were told once more that `rule` holds at `at`, of no channel.
    fn is_told(&mut self, at: TextRange, rule: &str, category: Category) -> bool {
        self.quiet > 0
            || (self.within.is_empty() && self.found().is_told(at.start().to_u32(), rule, category))
    }

    fn possible(&mut self, at: TextRange, why: impl Into<String>) {
        self.tell(
            at,
            rule::POSSIBLE,
            Category::PotentialWrite,
            Evidence::Unresolved,
            why.into(),
        );
    }

    fn reflection(&mut self, at: TextRange, why: impl Into<String>) {
        self.tell(
            at,
            rule::REFLECTION,
            Category::PotentialWrite,
            Evidence::Unresolved,
            why.into(),
        );
    }

    fn tamper(&mut self, at: TextRange, category: Category, why: impl Into<String>) {
        let evidence = if category == Category::Risk {
            Evidence::Resolved
        } else {
            Evidence::Unresolved
        };
        self.tell(at, rule::TAMPER, category, evidence, why.into());
    }

    /// Whether a member of this name writes in one of the client libraries that the program imports.
    fn writes_nearby(&mut self, name: Symbol) -> bool {
        self.near_asked = true;
        !self.near.is_empty()
            && self
                .knowledge
                .writes_somewhere(&self.near, &self.symbols.text(name))
    }

    /// What naming `path`, without calling it, does.
    fn named(&mut self, at: TextRange, path: PathId) {
        match self.paths.place(path) {
            Place::Library { .. } => self.library_named(at, path),
            Place::Known { effect: None } if is_followed(&self.paths.text(path)) => {
                self.reflection(at, "A function that reaches members by name is handed on.");
            }
            Place::Known { effect: Some(effect) } if effect.when == When::Named => {
                let flag_only = matches!(
                    effect.look,
                    Some(Look::Flag | Look::Given | Look::FileMode | Look::Loader | Look::Replaced)
                );
                let category = match effect.may_write {
                    true => Category::PotentialWrite,
                    false => Category::Risk,
                };
                if let Some(rule) = &effect.rule
                    && !flag_only
                    && !self.is_told(at, rule, category)
                {
                    let why = format!(
                        "'{}' is named, so it can be called unseen.",
                        self.paths.text(path)
                    );
                    self.tell_effect(at, rule, effect.may_write, path, why);
                }
            }
            _ => {}
        }
    }

    /// Whether nothing of a control system can be behind `value`.
    fn is_harmless(&self, value: Value) -> bool {
        let atoms = self.values.slice(value);
        !atoms.is_empty()
            && atoms.iter().all(|&atom| match atom {
                Atom::Data
                | Atom::Constant(_)
                | Atom::Function(_)
                | Atom::FieldsOf(_)
                | Atom::Container(_) => true,
                Atom::Path(path) => matches!(self.paths.place(path), Place::Known { .. }),
                Atom::Class(class) | Atom::Object(class) | Atom::Parent(class) => {
                    !self.is_client_class(class)
                }
                Atom::Unknown
                | Atom::Client(_)
                | Atom::Member(_)
                | Atom::Names
                | Atom::NamesOf(_)
                | Atom::Modules => false,
            })
    }

    /// Whether a class extends one of a client library, or one of which nothing is known.
    fn is_client_class(&self, class: ClassId) -> bool {
        self.world.ancestry(class).into_iter().any(|class| {
            let class = self.world.class(class);
            !class.client.is_empty() || class.unknown_base
        })
    }

    /// Notes whether the identifier at `at`, where a pattern may hit, has to do with a control system. A
    /// match may reach from one call to a later one, so every call is noted.
    fn note_hit(&mut self, at: TextRange, receiver: Value, called: bool) {
        if self.program.hits.is_empty() || !self.within.is_empty() || self.quiet > 0 {
            return;
        }
        let at = at.start().to_u32();
        if (called || self.program.hits.contains(&at)) && self.is_harmless(receiver) {
            self.found().facts.harmless_at.insert(at);
        }
    }
}

/// Whether what a function of this path does can be followed only where its call is seen.
fn is_followed(path: &str) -> bool {
    matches!(
        path,
        "builtins.getattr"
            | "builtins.setattr"
            | "builtins.delattr"
            | "builtins.vars"
            | "builtins.globals"
            | "builtins.locals"
            | "operator.methodcaller"
            | "operator.attrgetter"
    )
}
