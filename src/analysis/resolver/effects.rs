//! What Python's own modules do besides computing, looked at more closely where an argument tells more.

use ruff_python_ast::Expr;
use ruff_text_size::TextRange;

use super::{
    Chain, Fact, MAX_TEXTS, MAX_TEXTS_WITHIN, Resolver, calls::Arguments, processes::Command,
    targets::Targets,
};
use crate::{
    analysis::{
        constants::{self, Constant},
        depth,
        paths::{PathId, Place, Symbol},
        syntax,
        values::{Atom, Value},
    },
    config::{Effect, Look, When},
    model::{Category, Evidence},
};

impl<'a> Resolver<'a, '_> {
    /// Tells of an effect.
    pub(super) fn tell_effect(
        &mut self,
        at: TextRange,
        rule: &str,
        may_write: bool,
        path: PathId,
        why: String,
    ) {
        let (category, evidence) = if may_write {
            (Category::PotentialWrite, Evidence::Unresolved)
        } else {
            (Category::Risk, Evidence::Resolved)
        };
        if self.is_told(at, rule, category) {
            return;
        }
        let resolved = self.paths.text(path).to_string();
        self.tell_fact(Fact {
            at,
            rule: rule.into(),
            category,
            evidence,
            why,
            channels: Vec::new(),
            values: Vec::new(),
            resolved,
            chain: Chain::OfSubject,
            by_name: false,
        });
    }

    /// Importing `path` has an effect.
    pub(super) fn imported_effect(&mut self, at: TextRange, path: PathId) {
        if let Place::Known { effect: Some(effect) } = self.paths.place(path)
            && let Some(rule) = &effect.rule
        {
            let why = format!("'{}' is imported.", self.paths.text(path));
            if effect.may_write {
                self.tell_effect(at, rule, true, path, why);
            } else {
                // What is done with it is told where it is done.
                self.tell(at, rule, Category::Notice, Evidence::Resolved, why);
            }
        }
    }

    /// A module is named by itself, not for one of its members: it may be called out of sight.
    pub(super) fn module_named(&mut self, at: TextRange, path: PathId) {
        if let Place::Known { effect: Some(effect) } = self.paths.place(path)
            && effect.when == When::Imported
            && let Some(rule) = &effect.rule
        {
            let why = format!("The module '{}' is handed on.", self.paths.text(path));
            self.tell_effect(at, rule, effect.may_write, path, why);
        }
    }

    /// What calling `path` does; its result, where that follows from the arguments.
    pub(super) fn effect_of_call(
        &mut self,
        effect: &Effect,
        path: PathId,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Option<Value> {
        if matches!(effect.when, When::Never | When::Imported) {
            return None;
        }
        let given = match effect.argument.as_deref() {
            Some(wanted) => self.wanted(wanted, arguments),
            // Without a place, every argument is looked at.
            None => self.joined(arguments),
        };
        let rule = effect.rule.as_deref().unwrap_or_default();
        let text = self.paths.text(path);
        let tell = |resolver: &mut Self, may_write: bool, why: String| {
            if let Some(also) = &effect.also {
                resolver.tell_effect(at, also, false, path, why.clone());
            }
            if !rule.is_empty() {
                resolver.tell_effect(at, rule, may_write, path, why);
            }
        };
        match effect.look {
            None => {
                tell(self, effect.may_write, format!("'{text}' is called."));
                let opaque = matches!(
                    rule,
                    "reflection" | "deserialization" | "dynamic_exec" | "dynamic_import"
                );
                (opaque && effect.may_write).then_some(Value::UNKNOWN)
            }
            Some(Look::Code) => {
                let (value, resolved) = self.run_texts(given, at);
                let why = if resolved {
                    format!("'{text}' runs a text as code; the text was read too.")
                } else {
                    format!("'{text}' runs code that is made at run time; what it does cannot be seen here.")
                };
                tell(self, !resolved && effect.may_write, why);
                match &*text {
                    "builtins.eval" => Some(value),
                    // What is compiled is run later: it stays the text that it was.
                    "builtins.compile" => given.filter(|_| resolved),
                    _ => None,
                }
            }
            Some(Look::Module) => {
                let names = given.and_then(|given| self.texts_of(given));
                let known = names.as_ref().is_some_and(|names| {
                    names.iter().all(|name| {
                        self.knowledge.library_of(name).is_some() || self.knowledge.is_harmless(name)
                    })
                });
                tell(
                    self,
                    !known && effect.may_write,
                    format!("'{text}' imports a module by a call."),
                );
                let mut result = Value::EMPTY;
                for name in names.unwrap_or_default() {
                    self.note_import(&name, at);
                    let root = name.split('.').next().unwrap_or(&name).to_owned();
                    let shown = if &*text == "builtins.__import__" {
                        vec![root, name]
                    } else {
                        vec![name]
                    };
                    for module in shown {
                        let module = self.paths.of(&module);
                        let value = match self.paths.place(module) {
                            Place::Foreign => Value::UNKNOWN,
                            _ => self.values.of(Atom::Path(module)),
                        };
                        result = self.values.join(result, value);
                    }
                }
                Some(if result == Value::EMPTY {
                    Value::UNKNOWN
                } else {
                    result
                })
            }
            Some(Look::Object) => Some(self.object_by_name(effect, path, at, given)),
            Some(Look::Replaced) => {
                self.replaces_library(effect, path, at, given);
                None
            }
            Some(Look::Stream) => {
                tell(self, effect.may_write, format!("'{text}' is called."));
                if let Some(stream) = given {
                    self.written_to(stream, at);
                }
                None
            }
            Some(Look::Pickle) => {
                tell(self, effect.may_write, format!("'{text}' is called."));
                self.unpickled(given, at);
                None
            }
            Some(Look::Unless) => {
                let on = given.is_some_and(|given| {
                    let constant = self.constant_of(given);
                    matches!(constant, Some(Constant::Bool(true)))
                });
                if !on {
                    tell(
                        self,
                        effect.may_write,
                        format!("'{text}' can make objects that run code."),
                    );
                }
                None
            }
            Some(Look::Command | Look::Shell) => {
                self.start_process(effect, path, at, given, arguments);
                None
            }
            Some(Look::Address | Look::Port) => {
                let by_address = effect.look == Some(Look::Address);
                let ports = match given {
                    // The protocol's own port.
                    None if !by_address && arguments.star.is_none() && arguments.double_star.is_none() => {
                        Some(Vec::new())
                    }
                    given => self.ports(by_address, given),
                };
                let control = ports.as_ref().and_then(|ports| {
                    ports.iter().find_map(|port| {
                        let port = u16::try_from(*port).ok()?;
                        self.knowledge.python().ports.get(&port).cloned()
                    })
                });
                let why = match (&ports, &control) {
                    (_, Some(protocol)) => format!("'{text}' connects to a port of {protocol}."),
                    (Some(_), None) => format!("'{text}' opens a network connection."),
                    (None, None) => format!("'{text}' connects to a port that is not known here."),
                };
                let may_write = effect.may_write && (ports.is_none() || control.is_some());
                tell(self, may_write, why);
                None
            }
            Some(Look::FileMode) => {
                let reads = match (given, arguments.star) {
                    (None, None) => true,
                    (Some(mode), _) => self
                        .texts_of(mode)
                        .is_some_and(|modes| modes.iter().all(|mode| !mode.contains(['w', 'a', 'x', '+']))),
                    (None, Some(_)) => false,
                };
                if !reads {
                    tell(self, effect.may_write, "A file is written.".to_owned());
                }
                None
            }
            Some(Look::NativeLibrary) => {
                let names = given.and_then(|given| self.texts_of(given));
                let harmless = names
                    .as_ref()
                    .is_some_and(|names| names.iter().all(|name| is_mathematics(name)));
                let control = names.as_ref().is_some_and(|names| {
                    names.iter().any(|name| {
                        let file = name.rsplit('/').next().unwrap_or(name);
                        let libraries = &self.knowledge.python().native_libraries;
                        libraries.iter().any(|known| file.starts_with(known.as_str()))
                    })
                });
                let why = if control {
                    "A native library of a control system is loaded.".to_owned()
                } else {
                    format!("'{text}' loads native code; what it does cannot be seen here.")
                };
                tell(self, effect.may_write && !harmless, why);
                if !harmless {
                    return None;
                }
                // Looking a library up gives its name; loading it gives functions that compute.
                Some(if text.ends_with("find_library") {
                    self.text("libm.so.6")
                } else {
                    let library = self.paths.of("ctypes.libm()");
                    self.values.of(Atom::Path(library))
                })
            }
            Some(Look::Variable) => {
                let guarding = match given {
                    Some(name) => self.changes_guard(name),
                    None => true,
                };
                if guarding {
                    tell(
                        self,
                        effect.may_write,
                        "An environment variable that guards the run is changed.".to_owned(),
                    );
                }
                None
            }
            Some(Look::Flag) => {
                let given = given?;
                let off = self.constant_of(given).is_some_and(|constant| {
                    matches!(
                        constant,
                        Constant::Bool(false) | Constant::None | Constant::Int(0)
                    )
                });
                if !off {
                    tell(
                        self,
                        effect.may_write,
                        format!("'{text}' is called in a way that can run code."),
                    );
                }
                None
            }
            Some(Look::Given) => {
                if given.is_some() {
                    tell(
                        self,
                        effect.may_write,
                        format!("'{text}' is called in a way that can run code."),
                    );
                }
                None
            }
            Some(Look::Template) => {
                let plain = given.and_then(|given| self.texts_of(given)).is_some_and(|texts| {
                    texts.iter().all(|text| {
                        !["__", "attr", "import", "include", "extends", "\\x", "\\u"]
                            .iter()
                            .any(|sign| text.contains(sign))
                    })
                });
                if !plain {
                    tell(
                        self,
                        effect.may_write,
                        format!("'{text}' runs a template that may reach anything."),
                    );
                }
                None
            }
            Some(Look::Loader) => {
                let safe = given.is_some_and(|loader| {
                    let atoms = self.values.slice(loader);
                    !atoms.is_empty()
                        && atoms.iter().all(|atom| {
                            matches!(atom, Atom::Path(path) if self.paths.text(*path).ends_with("SafeLoader"))
                        })
                });
                if !safe {
                    tell(
                        self,
                        effect.may_write,
                        format!("'{text}' can make objects that run code."),
                    );
                }
                None
            }
        }
    }

    /// All arguments of a call as one value.
    fn joined(&mut self, arguments: &Arguments<'a>) -> Option<Value> {
        let all: Vec<Value> = arguments.all().collect();
        if all.is_empty() {
            return None;
        }
        Some(
            all.into_iter()
                .fold(Value::EMPTY, |joined, value| self.values.join(joined, value)),
        )
    }

    /// An effect of a method, by its name alone.
    pub(super) fn effect_of_method(&mut self, name: Symbol, at: TextRange, arguments: &Arguments<'a>) {
        if !self.name_traits(name).has_effect {
            return;
        }
        let name = self.symbols.text(name);
        let Some(effect) = self.knowledge.effect_of_method(&name) else {
            return;
        };
        let path = self.paths.of(&format!("?.{name}"));
        self.effect_of_call(effect, path, at, arguments);
    }

    /// The argument `0`, `0:name` or `:name`.
    fn wanted(&mut self, wanted: &str, arguments: &Arguments<'a>) -> Option<Value> {
        let (index, name) = wanted.split_once(':').unwrap_or((wanted, ""));
        let index = index.parse().unwrap_or(usize::MAX);
        self.argument(arguments, index, name)
    }

    /// Whether environment variables are changed that guard the run; `names` is a name, or a dictionary.
    fn changes_guard(&mut self, names: Value) -> bool {
        let atoms = self.values.atoms(names);
        if atoms.iter().all(|atom| matches!(atom, Atom::Container(_))) && !atoms.is_empty() {
            let names = self.iterate(names);
            return self.is_guarding_variable(names);
        }
        self.is_guarding_variable(names)
    }

    fn ports(&mut self, is_address: bool, given: Option<Value>) -> Option<Vec<i64>> {
        let mut port = given?;
        if is_address {
            let atoms = self.values.atoms(port);
            // A path in the file system is the address of no control system; `host:port` may be.
            if let Some(texts) = self.texts_of(port) {
                return texts.iter().map(|text| port_of(text)).collect();
            }
            if !atoms.iter().all(|atom| matches!(atom, Atom::Container(_))) {
                return None;
            }
            let mut joined = Value::EMPTY;
            for atom in atoms.iter() {
                if let Atom::Container(id) = *atom {
                    let elements = self.world.exact(id)?;
                    let second = elements.get(1).copied()?;
                    joined = self.values.join(joined, second);
                }
            }
            port = joined;
        }
        self.constants_of(port)?
            .iter()
            .map(|constant| match constant {
                Constant::Int(port) => Some(*port),
                Constant::Text(port) => port.parse().ok(),
                _ => None,
            })
            .collect()
    }

    /// An object is reached by its dotted name, as in `epics:caput`.
    fn object_by_name(
        &mut self,
        effect: &Effect,
        path: PathId,
        at: TextRange,
        given: Option<Value>,
    ) -> Value {
        let rule = effect.rule.clone().unwrap_or_default();
        let names = given.and_then(|given| self.texts_of(given));
        let why = format!("'{}' reaches an object by its name.", self.paths.text(path));
        let Some(names) = names else {
            self.tell_effect(at, &rule, effect.may_write, path, why);
            return Value::UNKNOWN;
        };
        let mut result = Value::EMPTY;
        let mut known = true;
        for name in names {
            let dotted = name.replace(':', ".");
            let module = name.split([':', '.']).next().unwrap_or_default().to_owned();
            known &= self.knowledge.library_of(&module).is_some() || self.knowledge.is_harmless(&module);
            self.note_import(&module, at);
            let target = self.paths.of(&dotted);
            self.named(at, target);
            let value = self.value_of_path(target);
            result = self.values.join(result, value);
        }
        self.tell_effect(at, &rule, effect.may_write && !known, path, why);
        result
    }

    /// An object is replaced for a while, by its dotted name. What replaces it is looked at as it is made.
    fn replaces_library(&mut self, effect: &Effect, path: PathId, at: TextRange, given: Option<Value>) {
        let rule = effect.rule.clone().unwrap_or_default();
        let why = format!("'{}' replaces an object by its name.", self.paths.text(path));
        let names = given.and_then(|given| self.texts_of(given));
        let known = names.as_ref().is_some_and(|names| {
            names.iter().all(|name| {
                let target = self.paths.of(name);
                (self.knowledge.library_of(name).is_some() || self.knowledge.is_harmless(name))
                    && !self.paths.is_guarded(target)
            })
        });
        if !known {
            return self.tell_effect(at, &rule, effect.may_write, path, why);
        }
        for name in names.unwrap_or_default() {
            self.note_import(name.split('.').next().unwrap_or_default(), at);
            let target = self.paths.of(&name);
            self.named(at, target);
        }
        self.tell(at, &rule, Category::Notice, Evidence::Resolved, why);
    }

    /// What a pickle names that the code itself holds is imported and called when it is loaded.
    fn unpickled(&mut self, given: Option<Value>, at: TextRange) {
        for constant in given
            .and_then(|given| self.constants_of(given))
            .unwrap_or_default()
        {
            let Constant::Bytes(data) = constant else { continue };
            let Some(names) = constants::pickled_names(&data) else {
                self.possible(
                    at,
                    "A pickle that the code itself holds cannot be read to its end.",
                );
                continue;
            };
            for name in names {
                if let Some((module, _)) = name.rsplit_once('.') {
                    self.note_import(module, at);
                }
                let target = self.paths.of(&name);
                self.named(at, target);
            }
        }
    }

    /// What prints or dumps into an object of a control system calls its `write`.
    pub(super) fn written_to(&mut self, stream: Value, at: TextRange) {
        let clients = self
            .values
            .only(stream, |atom| matches!(atom, Atom::Client(_) | Atom::Member(_)));
        if clients != Value::EMPTY {
            let write = self.name("write");
            let content = Arguments::of(at, vec![Value::DATA]);
            self.call_member(clients, write, at, &content);
        }
    }

    /// Reads the texts that are run as code; the value of an expression, and whether all was read.
    pub(super) fn run_texts(&mut self, given: Option<Value>, at: TextRange) -> (Value, bool) {
        let Some(constants) = given.and_then(|given| self.constants_of(given)) else {
            return (Value::UNKNOWN, false);
        };
        let mut result = Value::EMPTY;
        for constant in constants {
            let text = match constant {
                Constant::Text(text) => text,
                Constant::Bytes(bytes) => match std::str::from_utf8(&bytes) {
                    Ok(text) => text.into(),
                    Err(_) => return (Value::UNKNOWN, false),
                },
                _ => return (Value::UNKNOWN, false),
            };
            match self.run_text(&text, at) {
                Some(value) => result = self.values.join(result, value),
                None => return (Value::UNKNOWN, false),
            }
        }
        (result, true)
    }

    /// Reads one text as a part of the program; none if it cannot be read.
    pub(super) fn run_text(&mut self, text: &str, at: TextRange) -> Option<Value> {
        if self.within.len() >= MAX_TEXTS_WITHIN || self.depth > super::MAX_CALL_DEPTH {
            return None;
        }
        let parsed = match self.texts.get(text) {
            Some(known) => *known,
            None => {
                if self.texts.len() >= MAX_TEXTS {
                    return None;
                }
                let trimmed = text.trim_start_matches([' ', '\t']);
                let parsed = depth::check(trimmed)
                    .ok()
                    .and_then(|()| syntax::parse(trimmed))
                    .filter(|parsed| syntax::first_error(parsed).is_none());
                let kept = parsed.map(|parsed| &*self.program.texts.alloc(parsed));
                self.texts.insert(text.into(), kept);
                kept
            }
        }?;
        self.within.push(at);
        let body = parsed.suite();
        let mut value = Value::DATA;
        match body.as_slice() {
            [ruff_python_ast::Stmt::Expr(only)] => value = self.expression(&only.value),
            _ => self.block(body),
        }
        self.within.pop();
        Some(value)
    }

    /// What a command writes in every turn of the loops around it, where that is more than `told`.
    fn command_by_rows(
        &mut self,
        effect: &Effect,
        told: Targets,
        by_shell: bool,
        arguments: &Arguments<'a>,
        at: TextRange,
    ) -> Targets {
        let (Some(node), Some(wanted)) = (arguments.node, effect.argument.as_deref()) else {
            return told;
        };
        let by_rows = self.by_rows(&told, &[], |resolver| {
            let arguments = resolver.settled_arguments(node);
            let given = resolver.wanted(wanted, &arguments);
            match given.map(|given| resolver.command(given, by_shell, &arguments, at)) {
                Some(Command::Write(targets)) => targets,
                _ => Targets::default(),
            }
        });
        by_rows.unwrap_or(told)
    }

    /// A process is started.
    fn start_process(
        &mut self,
        effect: &Effect,
        path: PathId,
        at: TextRange,
        given: Option<Value>,
        arguments: &Arguments<'a>,
    ) {
        let text = self.paths.text(path);
        let rule = effect.rule.clone().unwrap_or_default();
        let loosened = ["executable", "preexec_fn", "env", "pass_fds", "startupinfo"]
            .into_iter()
            .any(|name| {
                let name = self.name(name);
                let given = arguments.named.iter().find(|(known, _)| *known == name);
                given.is_some_and(|&(_, value)| !matches!(self.constant_of(value), Some(Constant::None)))
            });
        let shell = self.name("shell");
        let by_shell = effect.look == Some(Look::Shell)
            || arguments.named.iter().any(|(name, value)| {
                *name == shell && !matches!(self.values.slice(*value), [Atom::Constant(id)] if matches!(self.values.get(*id), Constant::Bool(false)))
            });
        let mut command = match given {
            Some(given) => self.command(given, by_shell, arguments, at),
            None => Command::Unknown,
        };
        if let Command::Unknown = command
            && !by_shell
            && let Some(words) = effect
                .argument
                .as_deref()
                .and_then(|wanted| argument_of(wanted, arguments))
        {
            command = self.program(words, at).unwrap_or(Command::Unknown);
        }
        if let Command::Write(told) = command {
            command = Command::Write(self.command_by_rows(effect, told, by_shell, arguments, at));
        }
        match command {
            Command::Write(targets) => {
                // Where its process variables are known, there is no more than the write.
                let may_write = effect.may_write && (loosened || targets.channels.is_empty());
                self.tell_effect(
                    at,
                    &rule,
                    may_write,
                    path,
                    "A process is started that writes to the control system.".to_owned(),
                );
                self.tell_fact(Fact {
                    at,
                    rule: super::rule::WRITE.into(),
                    category: Category::Write,
                    evidence: Evidence::Resolved,
                    why: format!("'{text}' starts a program that writes to the control system."),
                    values: targets.values,
                    channels: targets.channels,
                    resolved: text.to_string(),
                    chain: Chain::None,
                    by_name: false,
                });
            }
            Command::Read(targets) => {
                self.tell_effect(
                    at,
                    &rule,
                    effect.may_write && loosened,
                    path,
                    "A process is started.".to_owned(),
                );
                self.tell_fact(Fact {
                    at,
                    rule: super::rule::READ.into(),
                    category: Category::Read,
                    evidence: Evidence::Resolved,
                    why: "A program that reads from the control system is started.".to_owned(),
                    channels: targets.channels,
                    values: Vec::new(),
                    resolved: text.to_string(),
                    chain: Chain::None,
                    by_name: false,
                });
            }
            Command::Harmless => {
                self.tell_effect(
                    at,
                    &rule,
                    effect.may_write && loosened,
                    path,
                    "A process is started.".to_owned(),
                );
            }
            Command::Unknown => {
                let why = "Another process is started; what it does cannot be seen here.".to_owned();
                self.tell_effect(at, &rule, effect.may_write, path, why);
            }
        }
    }
}

/// The expression of the argument `0`, `0:name` or `:name`.
fn argument_of<'a>(wanted: &str, arguments: &Arguments<'a>) -> Option<&'a Expr> {
    let (index, name) = wanted.split_once(':').unwrap_or((wanted, ""));
    let given = &arguments.node?.arguments;
    let named = given.find_keyword(name).map(|keyword| &keyword.value);
    index
        .parse()
        .ok()
        .and_then(|index: usize| given.args.get(index))
        .or(named)
}

/// The port in `host:port`; a text without one gets none that belongs to a control system.
fn port_of(address: &str) -> Option<i64> {
    match address.rsplit_once(':') {
        Some((_, port)) => port.trim_end_matches('/').parse().ok(),
        None => Some(0),
    }
}

/// Whether a native library only computes.
fn is_mathematics(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    matches!(file, "m" | "libm" | "libm.so" | "libm.so.6" | "libm.dylib")
}
