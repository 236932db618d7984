//! What an expression may stand for: sets of atoms, each set kept once.

use std::{ops::Range, rc::Rc};

use rustc_hash::FxHashMap;

use super::{
    constants::Constant,
    knowledge::TypeId,
    paths::PathId,
    scopes::{ClassId, ContainerId, FunctionId},
};

/// At most so many constants and so many objects of one type are told apart in one value.
const MAX_ALIKE: usize = 64;

/// At most so many paths that have no effect.
const MAX_DULL: usize = 16;

/// At most so many atoms in one value.
const MAX_ATOMS: usize = 128;

/// One thing a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Atom {
    /// Plain data, which does nothing.
    Data,
    /// Nobody knows.
    Unknown,
    /// A value that is known before the code runs.
    Constant(ConstantId),
    /// What an import or a builtin leads to.
    Path(PathId),
    /// An object of a client library.
    Client(ClientId),
    /// A member of such an object that stands in no list: a value, or a method that may write.
    Member(ClientId),
    /// A function of the program's own.
    Function(FunctionId),
    /// A class of the program's own.
    Class(ClassId),
    /// An instance of such a class.
    Object(ClassId),
    /// The same, seen past the class's own members: `super()`.
    Parent(ClassId),
    /// A list, tuple, set, dictionary or iterator.
    Container(ContainerId),
    /// The dictionary of the program's global or local names.
    Names,
    /// The dictionary of a module.
    NamesOf(PathId),
    /// The dictionary of an instance.
    FieldsOf(ClassId),
    /// `sys.modules`.
    Modules,
}

/// A constant, kept once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ConstantId(u32);

/// An object of a client library: its type, and the channel it stands for where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClientId(u32);

/// What is known of an object of a client library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Client {
    pub(super) of: TypeId,
    pub(super) channel: Option<ConstantId>,
}

/// A set of atoms, kept once: equal sets have equal ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Value(u32);

impl Value {
    /// Nothing was seen yet.
    pub(super) const EMPTY: Self = Self(0);
    pub(super) const DATA: Self = Self(1);
    pub(super) const UNKNOWN: Self = Self(2);
}

/// What equals what among constants; floats by their bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    None,
    Bool(bool),
    Int(i64),
    Float(u64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    Translation(Rc<[(char, Rc<str>)]>),
}

/// All values of one analysis.
pub(super) struct Values {
    /// How many atoms were put together so far.
    pub(super) work: u64,
    sets: Vec<Set>,
    ids: FxHashMap<Rc<[Atom]>, Value>,
    single: FxHashMap<Atom, Value>,
    joins: FxHashMap<(Value, Value), Value>,
    wide: FxHashMap<Value, Value>,
    constants: Vec<Constant>,
    constant_ids: FxHashMap<Key, ConstantId>,
    texts: FxHashMap<Rc<str>, Value>,
    clients: Vec<Client>,
    client_ids: FxHashMap<Client, ClientId>,
}

/// A set of atoms, sorted.
struct Set {
    atoms: Rc<[Atom]>,
    /// Where its containers stand.
    containers: Range<u32>,
    /// Nothing can be reached through it, and calling it does nothing that is known.
    calm: bool,
    /// The same set without its containers, once somebody asked.
    rest: Option<Value>,
    /// The last look into containers that came by.
    visited: u32,
}

impl Values {
    pub(super) fn new() -> Self {
        let mut values = Self {
            work: 0,
            sets: Vec::with_capacity(256),
            ids: FxHashMap::default(),
            single: FxHashMap::default(),
            joins: FxHashMap::default(),
            wide: FxHashMap::default(),
            constants: Vec::new(),
            constant_ids: FxHashMap::default(),
            texts: FxHashMap::default(),
            clients: Vec::new(),
            client_ids: FxHashMap::default(),
        };
        values.keep(Rc::from([]));
        values.of(Atom::Data);
        values.of(Atom::Unknown);
        values
    }

    fn keep(&mut self, set: Rc<[Atom]>) -> Value {
        let id = Value(u32::try_from(self.sets.len()).unwrap_or(u32::MAX));
        let is_before = |atom: &Atom| *atom < Atom::Container(ContainerId::FIRST);
        let start = set.partition_point(is_before);
        let count = set[start..].partition_point(|atom| matches!(atom, Atom::Container(_)));
        let containers = start as u32..(start + count) as u32;
        let calm = set.iter().all(|atom| {
            matches!(
                atom,
                Atom::Data | Atom::Unknown | Atom::Constant(_) | Atom::Member(_) | Atom::FieldsOf(_)
            )
        });
        self.sets.push(Set {
            atoms: set.clone(),
            containers,
            calm,
            rest: None,
            visited: 0,
        });
        if set.len() != 1 {
            self.ids.insert(set, id);
        }
        id
    }

    /// The value that is just `atom`.
    pub(super) fn of(&mut self, atom: Atom) -> Value {
        if let Some(&id) = self.single.get(&atom) {
            return id;
        }
        let id = self.keep(Rc::from([atom]));
        self.single.insert(atom, id);
        id
    }

    /// The value that is one of `atoms`.
    pub(super) fn any(&mut self, mut atoms: Vec<Atom>) -> Value {
        atoms.sort_unstable();
        atoms.dedup();
        self.sorted(atoms)
    }

    fn sorted(&mut self, mut atoms: Vec<Atom>) -> Value {
        self.work += atoms.len() as u64 / 4;
        self.bound(&mut atoms);
        match atoms.as_slice() {
            [] => Value::EMPTY,
            [atom] => self.of(*atom),
            _ => match self.ids.get(atoms.as_slice()) {
                Some(&id) => id,
                None => self.keep(Rc::from(atoms)),
            },
        }
    }

    /// Too many alike are told apart no longer.
    fn bound(&mut self, atoms: &mut Vec<Atom>) {
        if atoms.len() <= MAX_DULL {
            return;
        }
        let is_dull = |atom: &Atom| matches!(atom, Atom::Path(path) if path.is_dull());
        if atoms.iter().filter(|atom| is_dull(atom)).count() > MAX_DULL {
            // Which of so many functions it is tells nobody anything.
            atoms.retain(|atom| !is_dull(atom));
            atoms.push(Atom::Unknown);
        }
        let constants = atoms
            .iter()
            .filter(|atom| matches!(atom, Atom::Constant(_)))
            .count();
        if constants > MAX_ALIKE {
            atoms.retain(|atom| !matches!(atom, Atom::Constant(_)));
            atoms.push(Atom::Data);
        }
        let clients = atoms
            .iter()
            .filter(|atom| matches!(atom, Atom::Client(_)))
            .count();
        if clients > MAX_ALIKE {
            for atom in atoms.iter_mut() {
                if let Atom::Client(client) = atom {
                    let of = self.client(*client).of;
                    *client = self.client_of(Client { of, channel: None });
                }
            }
        }
        if atoms.len() > MAX_ATOMS {
            // Nobody keeps an eye on so many: what is left out is as good as unknown.
            let mut room = MAX_ATOMS / 2;
            atoms.retain(|&atom| {
                if is_crowding(atom) {
                    room = room.saturating_sub(1);
                }
                !is_crowding(atom) || room > 0
            });
            atoms.push(Atom::Unknown);
        }
        atoms.sort_unstable();
        atoms.dedup();
    }

    /// Whether the value is one of so many that some were left out.
    pub(super) fn is_full(&self, value: Value) -> bool {
        let atoms = self.slice(value);
        atoms.len() >= MAX_ATOMS / 2
            && atoms.contains(&Atom::Unknown)
            && atoms.iter().filter(|&&atom| is_crowding(atom)).count() >= MAX_ATOMS / 2 - 1
    }

    pub(super) fn atoms(&self, value: Value) -> Rc<[Atom]> {
        self.sets[value.0 as usize].atoms.clone()
    }

    /// Where in the set its containers stand.
    pub(super) fn containers(&self, value: Value) -> Range<usize> {
        let Range { start, end } = self.sets[value.0 as usize].containers;
        start as usize..end as usize
    }

    /// Whether nothing but data, members that were read and what nobody knows is in the set.
    pub(super) fn is_calm(&self, value: Value) -> bool {
        self.sets[value.0 as usize].calm
    }

    /// The set without its containers.
    pub(super) fn without_containers(&mut self, value: Value) -> Value {
        if self.containers(value).is_empty() {
            return value;
        }
        if let Some(rest) = self.sets[value.0 as usize].rest {
            return rest;
        }
        let rest = self.only(value, |atom| !matches!(atom, Atom::Container(_)));
        self.sets[value.0 as usize].rest = Some(rest);
        rest
    }

    /// Whether the look numbered `look` comes by for the first time.
    pub(super) fn visit(&mut self, value: Value, look: u32) -> bool {
        std::mem::replace(&mut self.sets[value.0 as usize].visited, look) != look
    }

    pub(super) fn slice(&self, value: Value) -> &[Atom] {
        &self.sets[value.0 as usize].atoms
    }

    /// What may be either.
    pub(super) fn join(&mut self, left: Value, right: Value) -> Value {
        if left == right || right == Value::EMPTY {
            return left;
        }
        if left == Value::EMPTY {
            return right;
        }
        let key = if left < right {
            (left, right)
        } else {
            (right, left)
        };
        if let Some(&joined) = self.joins.get(&key) {
            return joined;
        }
        let (one, other) = (self.slice(left), self.slice(right));
        let merged = merged(one, other);
        let work = merged.len() as u64 / 8;
        // Most often one holds the other.
        let joined = if merged.len() == one.len() {
            left
        } else if merged.len() == other.len() {
            right
        } else {
            self.sorted(merged)
        };
        self.work += work;
        self.joins.insert(key, joined);
        joined
    }

    /// What may be any of them.
    pub(super) fn all(&mut self, values: &[Value]) -> Value {
        match values {
            [] => Value::EMPTY,
            [value] => *value,
            _ => {
                let atoms = values.iter().flat_map(|&value| self.slice(value)).copied();
                let atoms = atoms.collect();
                self.any(atoms)
            }
        }
    }

    /// The same with every constant taken for any data.
    pub(super) fn widened(&mut self, value: Value) -> Value {
        if let Some(&widened) = self.wide.get(&value) {
            return widened;
        }
        let atoms = self
            .slice(value)
            .iter()
            .map(|&atom| match atom {
                Atom::Constant(_) => Atom::Data,
                atom => atom,
            })
            .collect();
        let widened = self.any(atoms);
        self.wide.insert(value, widened);
        widened
    }

    /// Only the atoms that `keep` likes.
    pub(super) fn only(&mut self, value: Value, keep: impl Fn(Atom) -> bool) -> Value {
        if self.slice(value).iter().all(|&atom| keep(atom)) {
            return value;
        }
        let atoms = self
            .slice(value)
            .iter()
            .copied()
            .filter(|&atom| keep(atom))
            .collect();
        self.any(atoms)
    }

    pub(super) fn has(&self, value: Value, wanted: impl Fn(Atom) -> bool) -> bool {
        self.slice(value).iter().any(|&atom| wanted(atom))
    }

    /// The constant as a value; sequences are containers and have none.
    pub(super) fn constant(&mut self, constant: Constant) -> Value {
        match self.constant_id(constant) {
            Some(id) => self.of(Atom::Constant(id)),
            None => Value::DATA,
        }
    }

    /// The text as a value.
    pub(super) fn text(&mut self, text: &str) -> Value {
        if let Some(&known) = self.texts.get(text) {
            return known;
        }
        let text: Rc<str> = text.into();
        let value = self.constant(Constant::Text(text.clone()));
        self.texts.insert(text, value);
        value
    }

    pub(super) fn constant_id(&mut self, constant: Constant) -> Option<ConstantId> {
        let key = match &constant {
            Constant::None => Key::None,
            Constant::Bool(flag) => Key::Bool(*flag),
            Constant::Int(number) => Key::Int(*number),
            Constant::Float(number) => Key::Float(number.to_bits()),
            Constant::Text(text) => Key::Text(text.clone()),
            Constant::Bytes(bytes) => Key::Bytes(bytes.clone()),
            Constant::Translation(table) => Key::Translation(table.clone()),
            Constant::Sequence(_) | Constant::Tuple(_) | Constant::Iterator(_) => return None,
        };
        if let Some(&id) = self.constant_ids.get(&key) {
            return Some(id);
        }
        let id = ConstantId(u32::try_from(self.constants.len()).unwrap_or(u32::MAX));
        self.constants.push(constant);
        self.constant_ids.insert(key, id);
        Some(id)
    }

    pub(super) fn get(&self, id: ConstantId) -> &Constant {
        &self.constants[id.0 as usize]
    }

    pub(super) fn client_of(&mut self, client: Client) -> ClientId {
        if let Some(&id) = self.client_ids.get(&client) {
            return id;
        }
        let id = ClientId(u32::try_from(self.clients.len()).unwrap_or(u32::MAX));
        self.clients.push(client);
        self.client_ids.insert(client, id);
        id
    }

    pub(super) fn client(&self, id: ClientId) -> Client {
        self.clients[id.0 as usize]
    }
}

/// Whether atoms of this kind are left out where there are too many.
pub(super) fn is_crowding(atom: Atom) -> bool {
    matches!(
        atom,
        Atom::Container(_) | Atom::Function(_) | Atom::Object(_) | Atom::Class(_) | Atom::Path(_)
    )
}

/// Both sorted sets in one.
fn merged(left: &[Atom], right: &[Atom]) -> Vec<Atom> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    loop {
        let next = match (left.peek(), right.peek()) {
            (Some(one), Some(other)) if one == other => {
                right.next();
                left.next()
            }
            (Some(one), Some(other)) if one > other => right.next(),
            (Some(_), _) => left.next(),
            (None, _) => right.next(),
        };
        match next {
            Some(&atom) => merged.push(atom),
            None => return merged,
        }
    }
}
