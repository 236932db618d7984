//! Which server has which process variable, as a program may know it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
};

use super::PvName;

/// The most names that are remembered.
const MAX_NAMES: usize = 50_000;

/// Where a process variable is.
#[derive(Debug)]
struct Place {
    /// The server that counts for reading: the first that answered.
    server: SocketAddr,
    /// All that have answered.
    answered: BTreeSet<SocketAddr>,
}

/// A program's directory: each server it has heard of has one of its listeners.
#[derive(Debug)]
pub(super) struct Directory {
    places: BTreeMap<String, Place>,
    /// The server behind each listener.
    slots: Vec<SocketAddr>,
    most: usize,
    /// Servers that could not be reached of late.
    lost: BTreeSet<SocketAddr>,
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The program may be told this listener.
    At(usize),
    /// Another server had answered before.
    Duplicate {
        /// That server.
        first: SocketAddr,
        /// Whether it is the first time that this is known.
        news: bool,
    },
    /// There are more servers, or names, than the program may know.
    Full,
}

impl Directory {
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: BTreeMap::new(),
            slots: Vec::new(),
            most,
            lost: BTreeSet::new(),
        }
    }

    /// Takes a server's answer.
    pub(super) fn answered(&mut self, name: &PvName, server: SocketAddr) -> Found {
        let full = self.places.len() >= MAX_NAMES;
        let place = match self.places.get_mut(name.canonical()) {
            Some(place) => place,
            None if full => return Found::Full,
            None => self
                .places
                .entry(name.canonical().to_owned())
                .or_insert_with(|| Place {
                    server,
                    answered: BTreeSet::new(),
                }),
        };
        // A server has few addresses; more than these tell nothing new.
        let news = place.answered.len() < 8 && place.answered.insert(server);
        // A server that has come back elsewhere may take over the reads, not the puts.
        if self.lost.contains(&place.server) {
            place.server = server;
        }
        if place.server != server {
            return Found::Duplicate {
                first: place.server,
                news,
            };
        }
        self.lost.remove(&server);
        self.slot(server).map_or(Found::Full, Found::At)
    }

    fn slot(&mut self, server: SocketAddr) -> Option<usize> {
        if let Some(slot) = self.slots.iter().position(|known| *known == server) {
            return Some(slot);
        }
        if self.slots.len() < self.most {
            self.slots.push(server);
            return Some(self.slots.len() - 1);
        }
        let slot = self.slots.iter().position(|known| self.lost.contains(known))?;
        *self.slots.get_mut(slot)? = server;
        Some(slot)
    }

    /// The server behind a listener.
    pub(super) fn server(&self, slot: usize) -> Option<SocketAddr> {
        self.slots.get(slot).copied()
    }

    /// A server cannot be reached.
    pub(super) fn lose(&mut self, server: SocketAddr) {
        self.lost.insert(server);
    }

    /// A server can be reached.
    pub(super) fn reached(&mut self, server: SocketAddr) {
        self.lost.remove(&server);
    }

    /// All servers that have answered for the record of `name`, whichever field was asked for.
    pub(super) fn servers_of(&self, name: &PvName) -> BTreeSet<SocketAddr> {
        let field = format!("{}.", name.record());
        let fields = self
            .places
            .range(field.clone()..)
            .take_while(|(known, _)| known.starts_with(&field))
            .map(|(_, place)| place);
        self.places
            .get(name.record())
            .into_iter()
            .chain(fields)
            .flat_map(|place| place.answered.iter().copied())
            .collect()
    }
}
