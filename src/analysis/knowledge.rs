//! What is known of libraries and modules, compiled for looking things up.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{AnalysisSetupError, listing::Listing};
use crate::config::{
    AnalysisSettings, Effect, Entry, Knowledge as Shipped, Level, Library, Members, PythonKnowledge, Route,
    Rule, Unlisted,
};
pub(super) use crate::config::{Parameter, Role};

/// One client library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct LibraryId(pub(super) u16);

/// One type of a library's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TypeId(pub(super) u16);

/// The parameters of a member with their roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SignatureId(pub(super) u16);

/// What a member of a library, or of one of its objects, does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    Write,
    Read,
    /// Neither; the result is plain data.
    Quiet,
    /// It gives an object of the type.
    Gives(TypeId),
    /// It stands in no list.
    Unlisted,
}

/// A member, as listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) does: Does,
    pub(super) signature: Option<SignatureId>,
}

impl Member {
    const UNLISTED: Self = Self {
        does: Does::Unlisted,
        signature: None,
    };
}

/// One type of a library's objects.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) library: LibraryId,
    pub(super) name: Box<str>,
    pub(super) unlisted: Unlisted,
    /// What stands between an object's channel and those of its members.
    pub(super) joint: Option<Arc<str>>,
    /// What an object is in an instance of the class it is defined in, whose channel its own continues.
    pub(super) part: Option<TypeId>,
    members: TypeMembers,
}

/// Where a type's members are found.
#[derive(Debug)]
enum TypeMembers {
    Own {
        listed: Listing<Member>,
        settable: Listing<()>,
        like: Option<TypeId>,
    },
    /// Those of all these types together.
    OfAll(Range<u16>),
}

/// A library's functions and types.
#[derive(Debug)]
struct Compiled {
    id: Box<str>,
    route: Route,
    /// Its modules, the shortest first, so that a path below one is tried at its longest first.
    modules: Vec<Box<str>>,
    /// Functions listed by their path below a module.
    paths: Listing<Member>,
    /// Functions listed by their name alone.
    names: Listing<Member>,
    types: FxHashMap<Box<str>, TypeId>,
    any: TypeId,
    /// The names of everything that writes.
    writes: Listing<()>,
}

/// Whom a module belongs to.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Library(LibraryId),
    /// A module of a library that reaches no control system.
    Harmless,
}

/// Everything known, compiled.
#[derive(Debug)]
pub(super) struct Knowledge {
    libraries: Vec<Compiled>,
    types: Vec<Type>,
    signatures: Vec<Box<[Parameter]>>,
    modules: FxHashMap<Box<str>, Owner>,
    harmless: FxHashSet<Box<str>>,
    effects: Listing<&'static Effect>,
    method_effects: Listing<&'static Effect>,
    /// Calls whose results have members with effects.
    results: FxHashSet<&'static str>,
    /// What else has members with effects.
    parents: FxHashSet<&'static str>,
    plain: Listing<()>,
    callers: Listing<()>,
    gateways: Listing<()>,
    harmless_dunders: FxHashSet<&'static str>,
    guarded: FxHashSet<&'static str>,
    python: &'static PythonKnowledge,
    rules: FxHashMap<&'static str, &'static Rule>,
    levels: BTreeMap<String, Level>,
}

impl Knowledge {
    /// Compiles what is shipped and what `settings` add.
    ///
    /// # Errors
    /// [`AnalysisSetupError`] names the entry that is not well formed.
    pub(super) fn new(settings: &AnalysisSettings) -> Result<Self, AnalysisSetupError> {
        let Shipped {
            libraries,
            python,
            rules,
        } = Shipped::shipped();
        let mut knowledge = Self {
            libraries: Vec::new(),
            types: Vec::new(),
            signatures: Vec::new(),
            modules: FxHashMap::default(),
            harmless: python
                .harmless_modules
                .iter()
                .map(|name| (**name).into())
                .collect(),
            effects: Listing::default(),
            method_effects: Listing::default(),
            results: FxHashSet::default(),
            parents: FxHashSet::default(),
            plain: listing("plain", &python.plain)?,
            callers: listing("callers", &python.callers)?,
            gateways: listing("gateways", &python.gateways)?,
            harmless_dunders: python.harmless_dunders.iter().map(String::as_str).collect(),
            guarded: python.guarded_modules.iter().map(String::as_str).collect(),
            python,
            rules: rules.iter().map(|rule| (rule.id.as_str(), rule)).collect(),
            levels: settings.rules.clone(),
        };
        knowledge
            .harmless
            .extend(settings.safe_modules.iter().map(|name| (**name).into()));
        let stays = |library: &&Library| settings.libraries.iter().all(|own| own.id != library.id);
        for library in libraries.iter().filter(stays).chain(&settings.libraries) {
            knowledge.add(library)?;
        }
        knowledge.add_effects(&python.effects)?;
        Ok(knowledge)
    }

    /// The library that the module `path` (dotted) belongs to, if it reaches a control system.
    pub(super) fn library_of(&self, path: &str) -> Option<LibraryId> {
        match upwards(path).find_map(|module| self.modules.get(module))? {
            Owner::Library(id) => Some(*id),
            Owner::Harmless => None,
        }
    }

    /// The library's id as a text, and the way it takes to the hardware.
    pub(super) fn library(&self, id: LibraryId) -> (&str, Route) {
        let library = &self.libraries[usize::from(id.0)];
        (&library.id, library.route)
    }

    /// Whether importing the module `path` tells nothing.
    pub(super) fn is_harmless(&self, path: &str) -> bool {
        match upwards(path).find_map(|module| self.modules.get(module)) {
            Some(Owner::Library(_)) => false,
            Some(Owner::Harmless) => true,
            None => upwards(path).any(|module| self.harmless.contains(module)),
        }
    }

    /// What `path` (dotted, below one of the library's modules) does. A path through a type, as in
    /// `epics.PV.put`, is the type's member.
    pub(super) fn function(&self, library: LibraryId, path: &str) -> Member {
        let library = &self.libraries[usize::from(library.0)];
        let below = || {
            library
                .modules
                .iter()
                .filter_map(|module| path.strip_prefix(&**module)?.strip_prefix('.'))
        };
        let last = path.rsplit('.').next().unwrap_or(path);
        let found = below()
            .find_map(|path| library.paths.exactly(path).copied())
            .or_else(|| below().find_map(|path| self.through_type(library, path)))
            .or_else(|| below().find_map(|path| library.paths.openly(path).copied()));
        match found {
            Some(member) => member,
            // The module itself is none of its functions, whatever its name.
            None if below().next().is_none() => Member::UNLISTED,
            None => library.names.get(last).copied().unwrap_or(Member::UNLISTED),
        }
    }

    /// The member that a path through one of the library's types leads to.
    fn through_type(&self, library: &Compiled, path: &str) -> Option<Member> {
        let mut parts = path.split('.');
        let of = parts.by_ref().find_map(|part| library.types.get(part))?;
        let first = self.member(*of, parts.next()?);
        // What lies behind a member that writes leads to a write; of other ones nothing is said.
        match parts.next() {
            Some(_) if first.does != Does::Write => Some(Member::UNLISTED),
            _ => Some(first),
        }
    }

    /// What the member `name` of an object does, by being named or called.
    pub(super) fn member(&self, of: TypeId, name: &str) -> Member {
        match &self.type_of(of).members {
            TypeMembers::OfAll(types) => self.merged(of, types.clone(), name),
            TypeMembers::Own { .. } => self
                .find(of, |listed| listed.get(name))
                .unwrap_or(Member::UNLISTED),
        }
    }

    /// The first of a type and the types it is like in which something is found.
    fn find<'a>(
        &'a self,
        mut of: TypeId,
        find: impl Fn(&'a Listing<Member>) -> Option<&'a Member>,
    ) -> Option<Member> {
        while let TypeMembers::Own { listed, like, .. } = &self.type_of(of).members {
            if let Some(member) = find(listed) {
                return Some(*member);
            }
            of = (*like)?;
        }
        None
    }

    /// What `name` does in whichever of the types, by the worst of them.
    fn merged(&self, any: TypeId, types: Range<u16>, name: &str) -> Member {
        let mut worst = Member::UNLISTED;
        for of in types.map(TypeId) {
            // A bare `*` tells of its type's objects only; a name that is known elsewhere may be another's.
            let found = self.find(of, |listed| {
                let whole = |member: &&Member| member.does == Does::Write;
                listed.named(name).or_else(|| listed.get(name).filter(whole))
            });
            let Some(member) = found else { continue };
            worst = match (worst.does, member.does) {
                (Does::Gives(one), Does::Gives(other)) if one != other => Member {
                    does: Does::Gives(any),
                    ..worst
                },
                (known, new) if gravity(new) > gravity(known) => member,
                _ => worst,
            };
        }
        worst
    }

    /// Whether the member `name` may be set without a write.
    pub(super) fn is_settable(&self, of: TypeId, name: &str) -> bool {
        match &self.type_of(of).members {
            TypeMembers::OfAll(types) => {
                !types.is_empty() && types.clone().all(|of| self.is_settable(TypeId(of), name))
            }
            TypeMembers::Own { settable, like, .. } => {
                settable.get(name).is_some() || like.is_some_and(|like| self.is_settable(like, name))
            }
        }
    }

    /// The type of objects of which only the library is known: its members are those of all its types.
    pub(super) fn any_of(&self, library: LibraryId) -> TypeId {
        self.libraries[usize::from(library.0)].any
    }

    pub(super) fn type_of(&self, id: TypeId) -> &Type {
        &self.types[usize::from(id.0)]
    }

    pub(super) fn signature(&self, id: SignatureId) -> &[Parameter] {
        &self.signatures[usize::from(id.0)]
    }

    /// The effect of naming or calling `path`, by the longest entry that fits.
    pub(super) fn effect(&self, path: &str) -> Option<&Effect> {
        self.effects.get(path).copied()
    }

    /// The same, with how much of the path the entry covers; one more than all of it for the path itself.
    pub(super) fn effect_found(&self, path: &str) -> Option<(usize, &Effect)> {
        self.effects.found(path).map(|(length, effect)| (length, *effect))
    }

    /// The effect of calling a method of this name on an object that could not be resolved: entries of the
    /// form `?.subprocess_shell`.
    pub(super) fn effect_of_method(&self, name: &str) -> Option<&Effect> {
        self.method_effects.get(name).copied()
    }

    /// Whether any member of what the call `path` gives, or of what that leads to, has an effect.
    pub(super) fn is_known_result(&self, path: &str) -> bool {
        self.results.contains(path)
    }

    /// Whether any member of `path`, or of what that leads to, has an effect.
    pub(super) fn is_parent(&self, path: &str) -> bool {
        self.parents.contains(path)
    }

    /// Whether a module of this name must not be tampered with.
    pub(super) fn is_guarded_module(&self, name: &str) -> bool {
        self.guarded.contains(name)
    }

    /// Whether a member of this name writes in one of the `libraries`.
    pub(super) fn writes_somewhere(&self, libraries: &[LibraryId], name: &str) -> bool {
        libraries
            .iter()
            .any(|id| self.libraries[usize::from(id.0)].writes.get(name).is_some())
    }

    /// Whether the member leads around the names that the analysis follows.
    pub(super) fn is_gateway(&self, name: &str) -> bool {
        let dunder = name.len() > 4 && name.starts_with("__") && name.ends_with("__");
        match dunder {
            true => !self.harmless_dunders.contains(name) || self.gateways.exactly(name).is_some(),
            false => self.gateways.get(name).is_some(),
        }
    }

    pub(super) fn is_caller(&self, name: &str) -> bool {
        self.callers.get(name).is_some()
    }

    pub(super) fn is_plain(&self, path: &str) -> bool {
        self.plain.get(path).is_some()
    }

    /// Whether `path` lies in a module that must not be tampered with.
    pub(super) fn is_guarded(&self, path: &str) -> bool {
        upwards(path).any(|module| self.guarded.contains(module))
    }

    pub(super) fn python(&self) -> &PythonKnowledge {
        self.python
    }

    pub(super) fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.get(id).copied()
    }

    /// What follows from findings of the rule, the configuration considered; `Ask` for an unknown rule.
    pub(super) fn level(&self, rule: &str) -> Level {
        let default = || self.rule(rule).map_or(Level::Ask, |rule| rule.level);
        self.configured(rule).unwrap_or_else(default)
    }

    /// What the configuration says of the rule.
    pub(super) fn configured(&self, rule: &str) -> Option<Level> {
        self.levels.get(rule).copied()
    }

    /// Compiles one library.
    fn add(&mut self, library: &Library) -> Result<(), AnalysisSetupError> {
        let invalid = |place: &str, message: &str| invalid(&format!("{}.{place}", library.id), message);
        library
            .check()
            .map_err(|wrong| invalid(&wrong.place.join("."), &wrong.message))?;
        if self.libraries.iter().any(|known| *known.id == *library.id) {
            return Err(invalid("id", "there are two libraries of this id"));
        }
        let full = |_| {
            invalid(
                "types",
                "there are more libraries and types than can be told apart",
            )
        };
        let id = LibraryId(u16::try_from(self.libraries.len()).map_err(full)?);
        let first = u16::try_from(self.types.len()).map_err(full)?;
        let end = u16::try_from(self.types.len() + library.types.len()).map_err(full)?;
        for module in &library.harmless {
            self.modules.entry((**module).into()).or_insert(Owner::Harmless);
        }
        for module in &library.modules {
            if let Some(Owner::Library(other)) = self.modules.insert((**module).into(), Owner::Library(id))
                && other != id
            {
                let other = self.library(other).0;
                let message = format!(
                    "the module {module} belongs to {other} already; a library with the id {other} takes its place"
                );
                return Err(invalid("modules", &message));
            }
        }
        let types: FxHashMap<Box<str>, TypeId> = library
            .types
            .keys()
            .map(|name| (**name).into())
            .zip((first..end).map(TypeId))
            .collect();
        let mut building = Building {
            knowledge: self,
            library: &library.id,
            types: &types,
            writes: Listing::default(),
        };
        let (mut paths, mut names) = (Listing::default(), Listing::default());
        let Members {
            write,
            read,
            quiet,
            gives,
        } = &library.functions;
        building.members([write, read, quiet], gives, |entry, member| {
            match entry.path.contains('.') {
                true => paths.add(entry.path, entry.open, member),
                false => names.add(entry.path, entry.open, member),
            }
        })?;
        for (name, of) in &library.types {
            let mut listed = Listing::default();
            building.members([&of.write, &of.read, &of.quiet], &of.gives, |entry, member| {
                listed.add(entry.path, entry.open, member)
            })?;
            let mut above = Some(of);
            while let Some(like) = above.filter(|of| of.unlisted.is_none()) {
                above = like.like.as_ref().and_then(|name| library.types.get(name));
            }
            building.knowledge.types.push(Type {
                library: id,
                name: (**name).into(),
                unlisted: above.and_then(|of| of.unlisted).unwrap_or_default(),
                joint: of.joint.as_deref().map(Arc::from),
                part: of.part.as_ref().and_then(|name| types.get(&**name)).copied(),
                members: TypeMembers::Own {
                    listed: listed.sorted(),
                    settable: listing(&format!("{}.types.{name}.settable", library.id), &of.settable)?,
                    like: of.like.as_ref().and_then(|name| types.get(&**name)).copied(),
                },
            });
        }
        let writes = building.writes.sorted();
        self.types.push(Type {
            library: id,
            name: "object".into(),
            unlisted: Unlisted::Object,
            joint: None,
            part: None,
            members: TypeMembers::OfAll(first..end),
        });
        let mut modules: Vec<Box<str>> = library.modules.iter().map(|name| (**name).into()).collect();
        modules.sort_by_key(|module| module.len());
        self.libraries.push(Compiled {
            id: (*library.id).into(),
            route: library.route,
            modules,
            paths: paths.sorted(),
            names: names.sorted(),
            types,
            any: TypeId(end),
            writes,
        });
        Ok(())
    }

    fn add_effects(&mut self, effects: &'static [Effect]) -> Result<(), AnalysisSetupError> {
        for effect in effects {
            for text in &effect.paths {
                let (list, path) = match text.strip_prefix("?.") {
                    Some(name) => (&mut self.method_effects, name),
                    None => (&mut self.effects, text.as_str()),
                };
                let (path, open) = path.strip_suffix('*').map_or((path, false), |path| (path, true));
                let calls = path
                    .match_indices("()")
                    .map(|(at, call)| &path[..at + call.len()]);
                self.results.extend(calls);
                let parents = path.match_indices('.').map(|(at, _)| &path[..at]);
                self.parents.extend(parents);
                if path.is_empty() || path.contains('*') {
                    let message = format!("{text:?} must be a path, with a * at most at its end");
                    return Err(invalid("effects", &message));
                }
                if !list.add(path, open, effect) {
                    return Err(invalid("effects", &format!("{text:?} is listed twice")));
                }
            }
        }
        self.effects.sort();
        self.method_effects.sort();
        Ok(())
    }
}

/// A library while it is compiled.
struct Building<'a> {
    knowledge: &'a mut Knowledge,
    library: &'a str,
    types: &'a FxHashMap<Box<str>, TypeId>,
    writes: Listing<()>,
}

impl Building<'_> {
    /// Hands on each entry of the lists with what it does.
    fn members(
        &mut self,
        [write, read, quiet]: [&Vec<String>; 3],
        gives: &BTreeMap<String, Vec<String>>,
        mut add: impl FnMut(&Entry<'_>, Member) -> bool,
    ) -> Result<(), AnalysisSetupError> {
        let lists = [(Does::Write, write), (Does::Read, read), (Does::Quiet, quiet)];
        let gives = gives.iter().filter_map(|(of, list)| {
            let of = self.types.get(&**of)?;
            Some((Does::Gives(*of), list))
        });
        for (does, list) in lists.into_iter().chain(gives) {
            for text in list {
                let wrong = |message: &str| invalid(self.library, &format!("{text:?} {message}"));
                let entry = Entry::read(text).map_err(|message| wrong(&message))?;
                let signature = match &entry.parameters {
                    None => None,
                    Some(parameters) => {
                        let signatures = &mut self.knowledge.signatures;
                        let id = u16::try_from(signatures.len())
                            .map_err(|_| wrong("is one signature too many"))?;
                        signatures.push(parameters.as_slice().into());
                        Some(SignatureId(id))
                    }
                };
                let name = entry.path.rsplit('.').next().unwrap_or(entry.path);
                // A bare `*` tells of its module or type, not of a name.
                if does == Does::Write && !name.is_empty() {
                    self.writes.add(name, entry.open, ());
                }
                if !add(&entry, Member { does, signature }) {
                    return Err(wrong("is listed twice"));
                }
            }
        }
        Ok(())
    }
}

/// How much is to be feared, if it is not known which of several members it is.
fn gravity(does: Does) -> u8 {
    match does {
        Does::Unlisted => 0,
        Does::Quiet => 1,
        Does::Read => 2,
        Does::Gives(_) => 3,
        Does::Write => 4,
    }
}

/// A path and what lies above it, up to its first name.
fn upwards(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(above, _)| above))
}

fn listing(key: &str, entries: &[String]) -> Result<Listing<()>, AnalysisSetupError> {
    let mut listing = Listing::default();
    for text in entries {
        let (path, open) = text
            .strip_suffix('*')
            .map_or((text.as_str(), false), |path| (path, true));
        if path.contains('*') || (path.is_empty() && !open) {
            let message = format!("{text:?} must be a name or a path, with a * at most at its end");
            return Err(invalid(key, &message));
        }
        if !listing.add(path, open, ()) {
            return Err(invalid(key, &format!("{text:?} is listed twice")));
        }
    }
    Ok(listing.sorted())
}

fn invalid(key: &str, message: &str) -> AnalysisSetupError {
    AnalysisSetupError::InvalidKnowledge {
        key: key.to_owned(),
        message: message.to_owned(),
    }
}
