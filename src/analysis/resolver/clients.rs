//! Client libraries of control systems: what their functions and objects do.

use ruff_text_size::TextRange;

use super::{Chain, Fact, Resolver, calls::Arguments, rule, targets::Targets};
use crate::{
    analysis::{
        builtins,
        constants::Constant,
        knowledge::{Does, LibraryId, Member, Parameter, Role, SignatureId, TypeId},
        paths::{PathId, Place, Symbol},
        scopes::ClassId,
        values::{Atom, Client, ClientId, ConstantId, Value},
    },
    config::{Route, Unlisted},
    model::{Category, Evidence},
};

/// The field of an instance that holds the beginning of its channels' names; no code can have one like it.
const PREFIX: &str = "(prefix)";

impl<'a> Resolver<'a, '_> {
    /// An object of the library of which no more is known.
    pub(super) fn some_client(&mut self, library: LibraryId) -> Value {
        let of = self.knowledge.any_of(library);
        self.client_value(of, None)
    }

    pub(super) fn client_value(&mut self, of: TypeId, channel: Option<ConstantId>) -> Value {
        let client = self.values.client_of(Client { of, channel });
        self.values.of(Atom::Client(client))
    }

    /// The types of client libraries that the class extends.
    pub(super) fn client_types(&self, class: ClassId) -> Vec<TypeId> {
        let mut types = Vec::new();
        for ancestor in self.world.ancestry(class) {
            for &of in &self.world.class(ancestor).client {
                if !types.contains(&of) {
                    types.push(of);
                }
            }
        }
        types
    }

    /// An instance's members, with the parts among them as parts of this instance.
    pub(super) fn parts_of(&mut self, class: ClassId, members: Value) -> Value {
        let atoms = self.values.atoms(members);
        if !atoms.iter().any(|atom| self.part_of_device(*atom).is_some()) {
            return members;
        }
        let name = self.name(PREFIX);
        let mut prefix = self.world.field(class, name);
        for heir in self.world.descendants(class) {
            let more = self.world.field(heir, name);
            prefix = self.values.join(prefix, more);
        }
        let Some(prefixes) = self.texts_of(prefix) else {
            return members;
        };
        let mut result = Value::EMPTY;
        for atom in atoms.iter() {
            let Some((of, suffix)) = self.part_of_device(*atom) else {
                let other = self.values.of(*atom);
                result = self.values.join(result, other);
                continue;
            };
            let suffix = match suffix.map(|suffix| self.values.get(suffix).clone()) {
                Some(Constant::Text(suffix)) => suffix,
                _ => return members,
            };
            for prefix in &prefixes {
                let channel = self
                    .values
                    .constant_id(Constant::Text(format!("{prefix}{suffix}").into()));
                let part = self.client_value(of, channel);
                result = self.values.join(result, part);
            }
        }
        result
    }

    /// What a part is at an instance, and how its channel's name ends.
    fn part_of_device(&self, atom: Atom) -> Option<(TypeId, Option<ConstantId>)> {
        let Atom::Client(client) = atom else { return None };
        let known = self.values.client(client);
        Some((self.knowledge.type_of(known.of).part?, known.channel))
    }

    /// Takes note of the channel that an instance is made with, of a class that extends one of a library.
    pub(super) fn note_prefix(&mut self, class: ClassId, is_own: bool, arguments: &Arguments<'a>) {
        if self.client_types(class).is_empty() {
            return;
        }
        let given = self.argument(arguments, 0, "prefix").filter(|_| !is_own);
        let name = self.name(PREFIX);
        self.world.set_field(
            &mut self.values,
            Some(class),
            name,
            given.unwrap_or(Value::UNKNOWN),
        );
    }

    /// Others may make instances of the class, with channels that are not known here.
    pub(super) fn hide_prefix(&mut self, class: ClassId) {
        let name = self.name(PREFIX);
        self.world
            .set_field(&mut self.values, Some(class), name, Value::UNKNOWN);
    }

    /// What an instance of the annotated type is.
    pub(super) fn instances(&mut self, types: Value) -> Value {
        let mut result = Value::EMPTY;
        let atoms = self.values.atoms(types);
        for atom in atoms.iter() {
            let part = match *atom {
                Atom::Path(path) => match self.paths.place(path) {
                    Place::Library { library, member } => match member.does {
                        Does::Gives(of) => self.client_value(of, None),
                        Does::Unlisted => self.some_client(library),
                        _ => Value::EMPTY,
                    },
                    Place::Known { .. } | Place::Foreign => Value::EMPTY,
                },
                Atom::Class(class) => self.instance(class),
                _ => Value::EMPTY,
            };
            result = self.values.join(result, part);
        }
        result
    }

    /// The value of a path that is named and not called.
    pub(super) fn value_of_path(&mut self, path: PathId) -> Value {
        match self.paths.place(path) {
            Place::Library { member, .. } => match member.does {
                Does::Quiet => Value::DATA,
                _ => self.values.of(Atom::Path(path)),
            },
            Place::Known { .. } => self.values.of(Atom::Path(path)),
            Place::Foreign => Value::UNKNOWN,
        }
    }

    /// Tells what naming a member of a library, without calling it, means.
    pub(super) fn library_named(&mut self, at: TextRange, path: PathId) {
        let Place::Library { library, member } = self.paths.place(path) else {
            return;
        };
        let text = self.paths.text(path);
        match member.does {
            Does::Write => {
                let why = format!("'{text}' writes to the control system; naming it is enough to count.");
                self.write(at, library, &text, why, Targets::default(), true);
            }
            Does::Read => self.read(at, &text, Targets::default(), Evidence::Resolved),
            Does::Quiet | Does::Gives(_) | Does::Unlisted => {}
        }
    }

    /// A member of a library is replaced.
    pub(super) fn library_set(&mut self, path: PathId, name: Symbol, at: TextRange) {
        let text = format!("{}.{}", self.paths.text(path), self.symbols.text(name));
        self.tamper(
            at,
            Category::PotentialWrite,
            format!("'{text}' of a control system's client library is replaced."),
        );
    }

    /// The member `name` of an object of a library, named and not called.
    pub(super) fn client_named(
        &mut self,
        client: ClientId,
        whole: Value,
        name: Symbol,
        at: TextRange,
    ) -> Value {
        let of = self.values.client(client).of;
        let text = self.symbols.text(name);
        let member = self.knowledge.member(of, &text);
        let (library, unlisted, full) = self.described(of, &text);
        match member.does {
            Does::Write => {
                let why = format!("'{full}' writes to the control system; naming it is enough to count.");
                let targets = self.own_targets(whole).with(Targets::default());
                self.write(at, library, &full, why, targets, true);
                Value::DATA
            }
            Does::Read => {
                let targets = self.own_targets(whole).with(Targets::default());
                self.read(at, &full, targets, Evidence::Resolved);
                Value::DATA
            }
            Does::Quiet => Value::DATA,
            Does::Gives(of) => self.client_value(of, None),
            Does::Unlisted if self.is_of_data(whole, &text) || text.starts_with("__") => Value::DATA,
            Does::Unlisted => match unlisted {
                Unlisted::Value => {
                    let targets = self.own_targets(whole).member(&text);
                    self.read(at, &full, targets, Evidence::Unresolved);
                    self.values.of(Atom::Member(client))
                }
                Unlisted::Object => self.some_client(library),
            },
        }
    }

    /// The library, what its unlisted members are, and how a member is called for a reader.
    pub(super) fn described(&self, of: TypeId, name: &str) -> (LibraryId, Unlisted, String) {
        let known = self.knowledge.type_of(of);
        let (library, _) = self.knowledge.library(known.library);
        let full = if known.name.is_empty() {
            format!("{library}: {name}")
        } else {
            format!("{library}: {}.{name}", known.name)
        };
        (known.library, known.unlisted, full)
    }

    /// Whether `name` is more likely a method of the data that `whole` may be as well.
    pub(super) fn is_of_data(&self, whole: Value, name: &str) -> bool {
        builtins::is_method_of_data(name)
            && self.values.has(whole, |atom| {
                matches!(
                    atom,
                    Atom::Data | Atom::Constant(_) | Atom::Container(_) | Atom::Member(_)
                )
            })
    }

    /// A method of an object of a library is called.
    pub(super) fn call_client(
        &mut self,
        client: ClientId,
        whole: Value,
        name: Symbol,
        at: TextRange,
        arguments: &Arguments<'a>,
    ) -> Value {
        let known = self.values.client(client);
        let text = self.symbols.text(name);
        let member = self.knowledge.member(known.of, &text);
        let (library, _, full) = self.described(known.of, &text);
        let mut own = self.own_targets(whole);
        if member.does == Does::Unlisted {
            own = own.member(&text);
            if self.is_of_data(whole, &text) {
                return Value::DATA;
            }
            if text.starts_with("__") && !self.knowledge.is_gateway(&text) && &*text != "__call__" {
                return self.values.of(Atom::Client(client));
            }
        }
        self.act(member, library, &full, at, arguments, own)
    }

    /// A function of a library is called.
    pub(super) fn call_library(&mut self, path: PathId, at: TextRange, arguments: &Arguments<'a>) -> Value {
        let Place::Library { library, member } = self.paths.place(path) else {
            return Value::UNKNOWN;
        };
        let text = self.paths.text(path);
        self.act(member, library, &text, at, arguments, Targets::default())
    }

    /// What calling a member of a library does.
    pub(super) fn act(
        &mut self,
        member: Member,
        library: LibraryId,
        full: &str,
        at: TextRange,
        arguments: &Arguments<'a>,
        own: Targets,
    ) -> Value {
        let named = self.targets(member.signature, arguments);
        let mut targets = own.with(named);
        if matches!(member.does, Does::Write | Does::Unlisted) {
            targets = self.targets_by_rows(targets, member, arguments);
        }
        self.hand_to_client(library, member.signature, arguments);
        match member.does {
            Does::Write => {
                let why = format!("'{full}' writes to the control system.");
                self.write(at, library, full, why, targets, false);
                Value::DATA
            }
            Does::Read => {
                self.read(at, full, targets, Evidence::Resolved);
                Value::DATA
            }
            Does::Quiet => Value::DATA,
            Does::Gives(of) => {
                if self.has_callback(member.signature, arguments) {
                    self.read(at, full, Targets::default(), Evidence::Resolved);
                }
                self.made_client(of, member.signature, arguments)
            }
            Does::Unlisted => {
                self.tell_fact(Fact {
                    at,
                    rule: rule::POSSIBLE.into(),
                    category: Category::PotentialWrite,
                    evidence: Evidence::Unresolved,
                    why: format!("'{full}' of a control system's client library is called; it may write."),
                    channels: targets.channels,
                    values: targets.values,
                    resolved: full.to_owned(),
                    chain: Chain::OfSubject,
                    by_name: false,
                });
                self.some_client(library)
            }
        }
    }

    /// The objects that a constructor gives, one for each channel that it may be given.
    pub(super) fn made_client(
        &mut self,
        of: TypeId,
        signature: Option<SignatureId>,
        arguments: &Arguments<'a>,
    ) -> Value {
        let parameters: Vec<(usize, Parameter)> = signature
            .map(|signature| self.knowledge.signature(signature))
            .unwrap_or_default()
            .iter()
            .cloned()
            .enumerate()
            .collect();
        // Where there is one to read and one to write, the one to write comes last.
        let (mut given, mut end, mut is_alias) = (None, None, false);
        for (index, parameter) in parameters {
            let argument = self.argument(arguments, index, &parameter.name);
            match parameter.role {
                Role::Channel => given = argument.or(given),
                Role::End => end = argument,
                Role::Alias => is_alias |= argument.is_some(),
                Role::Rest => return self.made_clients(of, index, arguments),
                _ => {}
            }
        }
        let names = given
            .filter(|_| !is_alias)
            .and_then(|given| self.channel_names(given));
        let ends = end.map_or(Some(vec![String::new()]), |end| self.texts_of(end));
        let (Some(names), Some([end])) = (names, ends.as_deref()) else {
            return self.client_value(of, None);
        };
        let mut result = Value::EMPTY;
        for name in names {
            let channel = if name.ends_with(end.as_str()) {
                name
            } else {
                name + end
            };
            let channel = self.values.constant_id(Constant::Text(channel.into()));
            let made = self.client_value(of, channel);
            result = self.values.join(result, made);
        }
        result
    }

    /// A list of one object for each argument from a place on.
    fn made_clients(&mut self, of: TypeId, from: usize, arguments: &Arguments<'a>) -> Value {
        let object = self.client_value(of, None);
        if arguments.star.is_some() {
            return self.collection(arguments.place, 1, object);
        }
        let mut objects = Vec::new();
        for given in arguments.positional.get(from..).unwrap_or_default().to_vec() {
            let Some(names) = self.channel_names(given) else {
                objects.push(object);
                continue;
            };
            let mut made = Value::EMPTY;
            for name in names {
                let channel = self.values.constant_id(Constant::Text(name.into()));
                let one = self.client_value(of, channel);
                made = self.values.join(made, one);
            }
            objects.push(made);
        }
        self.tuple(arguments.place, 1, objects)
    }

    pub(super) fn has_callback(&mut self, signature: Option<SignatureId>, arguments: &Arguments<'a>) -> bool {
        let Some(signature) = signature else { return false };
        let callbacks: Vec<(usize, Box<str>)> = self
            .knowledge
            .signature(signature)
            .iter()
            .enumerate()
            .filter(|(_, parameter)| parameter.role == Role::Callback)
            .map(|(index, parameter)| (index, parameter.name.clone()))
            .collect();
        callbacks
            .into_iter()
            .any(|(index, name)| self.argument(arguments, index, &name).is_some())
    }

    /// Functions that a client library is given are called by it: with data where that is known, else
    /// with whatever objects it has.
    pub(super) fn hand_to_client(
        &mut self,
        library: LibraryId,
        signature: Option<SignatureId>,
        arguments: &Arguments<'a>,
    ) {
        let with_data = signature.is_some_and(|signature| {
            let parameters = self.knowledge.signature(signature);
            parameters
                .iter()
                .any(|parameter| parameter.role == Role::Callback)
        });
        let mut given = Value::DATA;
        if !with_data {
            let object = self.some_client(library);
            given = self.values.join(given, object);
        }
        for value in arguments.all() {
            self.call_with(value, given);
            for atom in self.values.atoms(value).iter() {
                if let Atom::Class(class) = *atom {
                    self.hide_prefix(class);
                }
            }
        }
    }

    /// The functions among `value` are called with `given`.
    pub(super) fn call_with(&mut self, value: Value, given: Value) {
        let flat = self.flat(value);
        let atoms = self.values.atoms(flat);
        for atom in atoms.iter() {
            let Atom::Function(function) = *atom else { continue };
            let own = self.world.function(function);
            let skipped = usize::from(own.is_method && own.class.is_some());
            let names: Vec<_> = own
                .parameters
                .iter()
                .skip(skipped)
                .map(|known| known.name)
                .collect();
            for name in names {
                // Two libraries hand the object itself to callbacks under these names.
                let object = matches!(&*self.symbols.text(name), "cb_info" | "obj");
                let given = if object { Value::UNKNOWN } else { given };
                self.bind_parameter(function, name, given);
            }
            self.world.function_mut(function).called = true;
            self.world.note_call(&mut self.values, function, None);
        }
    }

    /// `name` of an object of a library is set.
    pub(super) fn client_set(
        &mut self,
        client: ClientId,
        whole: Value,
        name: Symbol,
        at: TextRange,
        value: Value,
    ) {
        let known = self.values.client(client);
        let text = self.symbols.text(name);
        if self.knowledge.is_settable(known.of, &text) {
            self.call_with(value, Value::DATA);
            return;
        }
        let (library, _, full) = self.described(known.of, &text);
        let mut targets = self.own_targets(whole).member(&text);
        let shown = self.shown(value);
        for value in &mut targets.values {
            value.clone_from(&shown);
        }
        let targets = self.stored_by_rows(targets, &text);
        let why = format!("Setting '{full}' writes to the control system.");
        self.write(at, library, &full, why, targets, false);
    }

    /// An item of an object of a library is set.
    pub(super) fn client_item_set(
        &mut self,
        client: ClientId,
        name: Symbol,
        at: TextRange,
        index: Value,
        value: Value,
    ) {
        let known = self.values.client(client);
        let text = self.symbols.text(name);
        let (library, _, full) = self.described(known.of, &text);
        let named = match self.channel_names(index) {
            Some(channels) => {
                let shown = self.shown(value);
                let values = vec![shown; channels.len()];
                Targets::of(channels, values)
            }
            None => Targets::open(),
        };
        let object = self.values.of(Atom::Client(client));
        let own = self.own_targets(object);
        let targets = if own.has_members() { own.with(named) } else { named };
        let why = "Setting an item of a control system's object writes to it.".to_owned();
        self.write(at, library, &full, why, targets, false);
    }

    /// Tells of a write, or of what writes being named.
    pub(super) fn write(
        &mut self,
        at: TextRange,
        library: LibraryId,
        full: &str,
        why: String,
        targets: Targets,
        by_name: bool,
    ) {
        let (name, route) = self.knowledge.library(library);
        let name = name.to_owned();
        let mut values = targets.values;
        values.resize(targets.channels.len(), None);
        self.tell_fact(Fact {
            at,
            rule: rule::WRITE.into(),
            category: Category::Write,
            evidence: Evidence::Resolved,
            why,
            channels: targets.channels,
            values,
            resolved: full.to_owned(),
            chain: Chain::OfSubject,
            by_name,
        });
        if !self.program.routes.contains(&route) {
            self.tell(
                at,
                rule::NO_ROUTE,
                Category::Notice,
                Evidence::Resolved,
                format!(
                    "'{name}' reaches the hardware by {}, and programs have no way out by that here: the write \
                     cannot succeed.",
                    route_name(route)
                ),
            );
        }
    }

    pub(super) fn read(&mut self, at: TextRange, full: &str, targets: Targets, evidence: Evidence) {
        self.tell_fact(Fact {
            at,
            rule: rule::READ.into(),
            category: Category::Read,
            evidence,
            why: format!("'{full}' reads from the control system."),
            channels: targets.channels,
            values: Vec::new(),
            resolved: full.to_owned(),
            chain: Chain::OfSubject,
            by_name: false,
        });
    }
}

fn route_name(route: Route) -> &'static str {
    match route {
        Route::ChannelAccess => "Channel Access",
        Route::PvAccess => "PV Access",
        Route::Tango => "Tango",
        Route::Doocs => "DOOCS",
        Route::OpcUa => "OPC-UA",
        Route::Any => "whatever is configured",
        Route::Other => "a protocol of its own",
    }
}
