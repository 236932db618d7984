//! What imports and builtins lead to, as dotted paths in which `()` is a call: `socket.socket().connect`.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    constants,
    knowledge::{Does, Knowledge, LibraryId, Member},
};
use crate::config::{Effect, When};

/// A name, kept once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Symbol(u32);

impl Symbol {
    /// Its place in lists of all names.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// All names of one analysis.
#[derive(Default)]
pub(super) struct Symbols {
    texts: Vec<Rc<str>>,
    ids: FxHashMap<Rc<str>, Symbol>,
}

impl Symbols {
    pub(super) fn of(&mut self, name: &str) -> Symbol {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Rc<str> = Rc::from(name);
        self.texts.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    pub(super) fn text(&self, id: Symbol) -> Rc<str> {
        self.texts[id.0 as usize].clone()
    }
}

/// A path, kept once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PathId(u32);

/// The bit of a path's number that says that it has no effect.
const DULL: u32 = 1 << 31;

impl PathId {
    fn index(self) -> usize {
        (self.0 & !DULL) as usize
    }

    /// A number that no other path has.
    pub(super) fn number(self) -> usize {
        self.index()
    }

    /// Whether neither it nor, as far as is known, any member of it has an effect.
    pub(super) fn is_dull(self) -> bool {
        self.0 & DULL != 0
    }
}

/// The longest path that is followed, in steps.
const MAX_STEPS: u8 = 10;

/// So many members of which nothing is known are followed, one after the other: a module of a module may be
/// one that is known for itself.
const MAX_UNLISTED: u8 = 3;

/// What is known of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'k> {
    /// It belongs to a client library.
    Library { library: LibraryId, member: Member },
    /// It belongs to a module that is known.
    Known { effect: Option<&'k Effect> },
    /// Nothing is known of its module.
    Foreign,
}

/// What a path's text tells of calls of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traits {
    /// It can be computed if all arguments are known.
    pub(super) is_computed: bool,
    /// It may change the order of a list it is given.
    pub(super) rearranges: bool,
    /// It gives back what it was given, in some form.
    pub(super) passes_on: bool,
    /// Where its last name begins.
    pub(super) last: u16,
}

impl Traits {
    fn of(text: &str) -> Self {
        let root = text.split('.').next().unwrap_or(text);
        let rearranges = matches!(
            root,
            "random" | "heapq" | "bisect" | "operator" | "functools" | "ctypes"
        ) || text.starts_with("builtins.list.")
            || text.starts_with("builtins.dict.");
        Self {
            is_computed: constants::is_known_root(root),
            rearranges,
            passes_on: matches!(
                root,
                "builtins"
                    | "copy"
                    | "functools"
                    | "itertools"
                    | "contextlib"
                    | "concurrent"
                    | "asyncio"
                    | "weakref"
                    | "operator"
                    | "queue"
                    | "threading"
                    | "multiprocessing"
                    | "contextvars"
            ),
            last: text
                .rfind('.')
                .and_then(|dot| u16::try_from(dot + 1).ok())
                .unwrap_or(0),
        }
    }
}

struct Node<'k> {
    text: Rc<str>,
    traits: Traits,
    place: Place<'k>,
    steps: u8,
    /// How many members of which nothing is known stand at its end.
    unlisted: u8,
    plain: bool,
    guarded: bool,
    /// The object that the first call on the way gives; none for modules and what these define.
    object: Option<PathId>,
}

/// All paths of one analysis.
pub(super) struct Paths<'k> {
    knowledge: &'k Knowledge,
    nodes: Vec<Node<'k>>,
    by_text: FxHashMap<Rc<str>, PathId>,
    members: FxHashMap<(PathId, Symbol), PathId>,
    results: FxHashMap<PathId, Option<PathId>>,
    objects: FxHashMap<PathId, PathId>,
}

impl<'k> Paths<'k> {
    pub(super) fn new(knowledge: &'k Knowledge) -> Self {
        Self {
            knowledge,
            nodes: Vec::new(),
            by_text: FxHashMap::default(),
            members: FxHashMap::default(),
            results: FxHashMap::default(),
            objects: FxHashMap::default(),
        }
    }

    /// The path spelled `text`.
    pub(super) fn of(&mut self, text: &str) -> PathId {
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let steps = text.split('.').count() + text.matches("()").count();
        let text: Rc<str> = Rc::from(text);
        let node = Node {
            place: self.place_of(&text),
            steps: u8::try_from(steps).unwrap_or(u8::MAX),
            unlisted: 0,
            plain: self.knowledge.is_plain(&text),
            guarded: self.knowledge.is_guarded(&text),
            traits: Traits::of(&text),
            object: None,
            text: text.clone(),
        };
        let dull = matches!(node.place, Place::Known { effect: None })
            && !node.guarded
            && !self.knowledge.is_parent(&text);
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let id = PathId(if dull { number | DULL } else { number });
        self.nodes.push(node);
        self.by_text.insert(text.clone(), id);
        if let Some(call) = text.find("()") {
            self.nodes[id.index()].object = match call + "()".len() {
                whole if whole == text.len() => Some(id),
                part => Some(self.of(&text[..part])),
            };
        }
        id
    }

    fn place_of(&self, text: &str) -> Place<'k> {
        let module = text.split_once("()").map_or(text, |(module, _)| module);
        if let Some(library) = self.knowledge.library_of(module) {
            let member = if module.len() == text.len() {
                self.knowledge.function(library, text)
            } else {
                Member {
                    does: Does::Unlisted,
                    signature: None,
                }
            };
            return Place::Library { library, member };
        }
        let effect = self.own_effect(text);
        let root = module.split('.').next().unwrap_or(module);
        if effect.is_some() || root == "builtins" || self.knowledge.is_harmless(module) {
            Place::Known { effect }
        } else {
            Place::Foreign
        }
    }

    /// The effect of `text`. What a call gives has effects of its own only, not those of the function;
    /// and what lies below an exception from a wide entry is excepted too.
    fn own_effect(&self, text: &str) -> Option<&'k Effect> {
        let Some((length, effect)) = self.knowledge.effect_found(text) else {
            return self.effect_elsewhere(text);
        };
        if let Some(call) = text.rfind("()")
            && length <= call
        {
            return None;
        }
        let mut above = text;
        while let Some(dot) = above.rfind('.') {
            above = &above[..dot];
            if above.len() < length {
                break;
            }
            if self
                .knowledge
                .effect(above)
                .is_some_and(|effect| effect.when == When::Never)
            {
                return None;
            }
        }
        Some(effect)
    }

    /// The effect under another name: a method that is named through its type, or a module that another
    /// module has imported for itself, as in `shutil.os.system`.
    fn effect_elsewhere(&self, text: &str) -> Option<&'k Effect> {
        if let Some((of, name)) = text.rsplit_once('.')
            && !of.ends_with("()")
            && let Some((length, effect)) = self.knowledge.effect_found(&format!("{of}().{name}"))
            && length > of.len()
        {
            return Some(effect);
        }
        if text.contains("()") {
            return None;
        }
        let mut rest = text;
        while let Some((_, later)) = rest.split_once('.') {
            let module = later.split('.').next().unwrap_or(later);
            let named = module.trim_start_matches('_');
            if self.knowledge.is_guarded(named) {
                let start = module.len() - named.len();
                let effect = self
                    .knowledge
                    .effect(&later[start..])
                    .or_else(|| self.knowledge.effect(later));
                if effect.is_some() {
                    return effect.filter(|effect| effect.when != When::Never);
                }
            }
            rest = later;
        }
        None
    }

    /// The member `name` of what `path` leads to; none if that is too far off.
    pub(super) fn member(&mut self, path: PathId, name: Symbol, symbols: &Symbols) -> Option<PathId> {
        if let Some(&id) = self.members.get(&(path, name)) {
            return Some(id);
        }
        let node = &self.nodes[path.index()];
        if node.steps >= MAX_STEPS {
            return None;
        }
        let name_text = symbols.text(name);
        let text = format!("{}.{name_text}", node.text);
        let listed = !matches!(node.place, Place::Known { effect: None })
            || self
                .knowledge
                .is_guarded_module(name_text.trim_start_matches('_'))
            || self.knowledge.is_parent(&text);
        let unlisted = if listed { 0 } else { node.unlisted + 1 };
        if unlisted > MAX_UNLISTED {
            return None;
        }
        let id = self.of(&text);
        self.nodes[id.index()].unlisted = unlisted;
        self.members.insert((path, name), id);
        Some(id)
    }

    /// What calling `path` gives; none if that is too far off, or an object of which no more is known than
    /// of any other.
    pub(super) fn result(&mut self, path: PathId) -> Option<PathId> {
        if let Some(&id) = self.results.get(&path) {
            return id;
        }
        let node = &self.nodes[path.index()];
        let text = format!("{}()", node.text);
        let told = node.steps < MAX_STEPS && self.knowledge.is_known_result(&text);
        let id = told.then(|| self.of(&text));
        self.results.insert(path, id);
        id
    }

    /// The object that calling `path` gives, if no other call comes before: what objects of this origin are
    /// given to keep is known by it, whatever else is known of them.
    pub(super) fn made(&mut self, path: PathId) -> Option<PathId> {
        let node = &self.nodes[path.index()];
        if node.object.is_some() {
            return None;
        }
        if let Some(&id) = self.objects.get(&path) {
            return Some(id);
        }
        let text = format!("{}()", node.text);
        let id = self.of(&text);
        self.objects.insert(path, id);
        Some(id)
    }

    pub(super) fn text(&self, path: PathId) -> Rc<str> {
        self.nodes[path.index()].text.clone()
    }

    pub(super) fn traits(&self, path: PathId) -> Traits {
        self.nodes[path.index()].traits
    }

    pub(super) fn place(&self, path: PathId) -> Place<'k> {
        self.nodes[path.index()].place
    }

    /// The object that the first call on the way gives; none for modules and what these define.
    pub(super) fn object(&self, path: PathId) -> Option<PathId> {
        self.nodes[path.index()].object
    }

    /// Whether a call of it gives plain data.
    pub(super) fn is_plain(&self, path: PathId) -> bool {
        self.nodes[path.index()].plain
    }

    /// Whether its members must not be replaced, nor reached by a computed name.
    pub(super) fn is_guarded(&self, path: PathId) -> bool {
        self.nodes[path.index()].guarded
    }
}
