//! The only way from a program to the control system.
//!
//! A network namespace of the sandbox's own has no route anywhere. The launcher makes sockets inside it, before
//! the program starts, and hands them out; sockets stay in the namespace they were made in. What the program
//! sends to them arrives here and nowhere else.

pub mod circuit;
pub mod codec;
mod convert;
pub mod dbr;
mod directory;
mod elements;
mod finder;
mod interlock;
mod judgement;
mod ledger;
mod limits;
mod link;
mod pairs;
pub mod put;
mod pva;
mod reader;
mod relay;
mod rules;
mod run;
mod search;
mod session;
mod survey;
pub mod terms;
mod verify;

pub use crate::model::{NameError, PvName};
pub use convert::{Native, convert};
pub use elements::within;
pub use interlock::holds;
pub use limits::Limits;
pub use pva::{OnRefused, PvaAction, PvaBreach, PvaFilter, PvaRules, serve_pva};
pub use reader::{InterlockOpen, ReadFault, Reader};
pub use rules::{Attempt, Refusal, Rules};
pub use session::Session;

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    sync::Arc,
};

use tokio_util::sync::CancellationToken;

use crate::{
    config::{ControlSystemSettings, Network},
    execution::{Access, Trail},
};

use self::{
    ledger::Ledger,
    run::Run,
    terms::{Puts, Quota, Terms},
};

/// The sockets of one program's network namespace, made by the launcher on its loopback.
#[derive(Debug)]
pub struct Sockets {
    /// Where Channel Access searches arrive: 127.0.0.1:5064.
    pub search: UdpSocket,
    /// Where a Channel Access repeater would be, 127.0.0.1:5065: held so that clients start none.
    pub repeater: UdpSocket,
    /// Where circuits arrive: one listener for each server the program may reach.
    pub circuits: Vec<TcpListener>,
    /// Where PV Access arrives, on the port of the configured gateway.
    pub pva: Option<TcpListener>,
    /// Who is served there; empty: whoever comes.
    pub peers: Vec<Network>,
}

impl Sockets {
    /// Sockets on this host, for a program that runs elsewhere and reaches nothing but them. Searches arrive at
    /// `address` and circuits at the ports from two above it, one for each of `servers`; what would reach a
    /// repeater arrives in between. With port 0 all ports are any free ones.
    ///
    /// They are to be bound for one program and dropped with it: what an earlier one has left knocking is then
    /// not taken for the next one's.
    ///
    /// # Errors
    /// A port is in use, or may not be used.
    pub fn bind(address: SocketAddr, servers: u16) -> io::Result<Self> {
        let port = |above: u16| match address.port() {
            0 => Ok(0),
            port => port
                .checked_add(above)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the ports do not suffice")),
        };
        let circuit = |number: u16| TcpListener::bind((address.ip(), port(number.saturating_add(2))?));
        Ok(Self {
            search: UdpSocket::bind(address)?,
            repeater: UdpSocket::bind((address.ip(), port(1)?))?,
            circuits: (0..servers).map(circuit).collect::<io::Result<_>>()?,
            pva: None,
            peers: Vec::new(),
        })
    }

    /// The same, for nobody but those who come from `peers`, if there are any.
    #[must_use]
    pub fn with_peers(mut self, peers: &[Network]) -> Self {
        self.peers = peers.to_vec();
        self
    }

    /// Throws away what has come to them so far.
    ///
    /// # Errors
    /// It comes faster than it is thrown away, or the sockets cannot be used.
    pub fn drain(&self) -> io::Result<()> {
        for socket in [&self.search, &self.repeater] {
            socket.set_nonblocking(true)?;
            drained(|| socket.recv(&mut [0]).map(drop))?;
        }
        for listener in self.circuits.iter().chain(&self.pva) {
            listener.set_nonblocking(true)?;
            drained(|| listener.accept().map(drop))?;
        }
        Ok(())
    }
}

/// Whether who comes from `address` is one of `peers`.
fn is_served(peers: &[Network], address: IpAddr) -> bool {
    peers.is_empty() || peers.iter().any(|network| network.contains(address))
}

/// The most that a socket is drained of; what the kernel keeps for it is far less.
const MOST_DRAINED: usize = 10_000;

fn drained(mut next: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    for _ in 0..MOST_DRAINED {
        match next() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
    }
    Err(io::Error::other("a socket does not fall silent"))
}

/// Why nothing can be written where there is no control system.
pub const NO_CONTROL_SYSTEM: &str = "no control system is configured (control_system.epics.address_list)";

impl std::fmt::Debug for Gateway {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Gateway")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// The gateway to the control system that the settings name.
#[derive(Clone)]
pub struct Gateway {
    settings: Arc<ControlSystemSettings>,
    reader: Reader,
}

impl Gateway {
    /// The gateway for `settings`. Nothing is opened yet.
    pub fn new(settings: ControlSystemSettings) -> Self {
        let settings = Arc::new(settings);
        let terms = terms(&settings, Puts::Refused, settings.epics.write_client.clone());
        let reader = Reader::new(Arc::clone(&settings), terms);
        Self { settings, reader }
    }

    /// Whether there is a control system at all: programs without one get no way anywhere.
    pub fn is_configured(&self) -> bool {
        self.can_write() || self.settings.epics.pva_gateway.is_some()
    }

    /// Whether there is one that approved programs can write to, which is Channel Access alone.
    pub fn can_write(&self) -> bool {
        let epics = &self.settings.epics;
        !epics.address_list.is_empty() || !epics.name_servers.is_empty()
    }

    /// What it was made with.
    pub fn settings(&self) -> &ControlSystemSettings {
        &self.settings
    }

    /// The service's own way to read.
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Serves a program at `sockets`, until the session is finished or dropped. What it puts is written to
    /// `trail`; once `stop` fires, no put passes any more.
    ///
    /// # Errors
    /// The sockets cannot be used, or there are none to be had for the way to the servers.
    pub async fn serve(
        &self,
        sockets: Sockets,
        access: Access,
        trail: Arc<dyn Trail>,
        stop: CancellationToken,
    ) -> io::Result<Session> {
        let epics = &self.settings.epics;
        let (puts, client) = match &access {
            Access::Read => (Puts::Refused, &epics.read_client),
            // A rehearsal shows the rights that the write would have.
            Access::Rehearse => (Puts::Rehearsed, &epics.write_client),
            Access::Write(_) => (Puts::Judged, &epics.write_client),
        };
        let terms = Arc::new(terms(&self.settings, puts, client.clone()));
        let (ledger, pen) = Ledger::new(Arc::clone(&trail));
        let run = Run::new(
            Arc::clone(&self.settings),
            terms,
            access,
            self.reader(),
            ledger,
            stop,
            sockets.circuits.len().min(epics.max_servers),
        );
        Session::open(Arc::new(run), pen, sockets, trail).await
    }
}

fn terms(settings: &ControlSystemSettings, puts: Puts, client: String) -> Terms {
    let epics = &settings.epics;
    let own_host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    Terms {
        puts,
        client,
        host: epics.client_host.clone().unwrap_or_else(own_host),
        channels: Quota::new(epics.max_channels),
        subscriptions: Quota::new(epics.max_subscriptions),
    }
}
