//! Where kernels find our gateway: one address of this host for each mode, one program at a time.
//!
//! A kernel runs elsewhere, so the gateway can't be handed into its network. The deployment lets kernels of a mode
//! reach this address and nothing else; the gateway serves whoever comes there as the one program that has the
//! post, and nobody while none has it. So whoever may have come with an earlier program has to be gone before the
//! next one has the post.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{kernel::bury, side::Side};
use crate::{
    config::Network,
    execution::{
        Access, Conduct, ExecutionError, Trail,
        gateway::{Gateway, Session, Sockets},
    },
};

/// An address of this host.
#[derive(Debug, Clone)]
pub(super) struct Post {
    address: String,
    peers: Vec<Network>,
    turn: Arc<Mutex<()>>,
    haunts: Haunts,
}

/// The kernels that had a post and are not known to be gone: what comes there could be theirs.
#[derive(Debug, Clone, Default)]
struct Haunts(Arc<StdMutex<Vec<String>>>);

impl Haunts {
    fn kernels(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A program's turn at a post. It is over once all that hold it are gone: its gateway and its kernel.
#[derive(Debug)]
pub(super) struct Turn {
    haunts: Haunts,
    _held: OwnedMutexGuard<()>,
}

impl Turn {
    /// A kernel has the post. Until its end is known it may come back to it.
    pub(super) fn haunt(&self, kernel: &str) {
        self.haunts.kernels().push(kernel.to_owned());
    }

    /// That kernel is gone.
    pub(super) fn lay(&self, kernel: &str) {
        self.haunts.kernels().retain(|haunt| haunt != kernel);
    }
}

/// A post that a program has, before it starts: nobody is served yet.
pub(super) struct Manned {
    sockets: Sockets,
    gateway: Gateway,
    access: Access,
    trail: Arc<dyn Trail>,
    turn: Arc<Turn>,
    /// What is to be told of the wait for it.
    pub(super) note: Option<String>,
}

/// The post while its program runs.
pub(super) struct Serving {
    session: Session,
    stop: CancellationToken,
    _turn: Arc<Turn>,
}

impl Post {
    pub(super) fn new(address: &str, peers: &[Network]) -> Self {
        Self {
            address: address.to_owned(),
            peers: peers.to_vec(),
            turn: Arc::default(),
            haunts: Haunts::default(),
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn peers(&self) -> &[Network] {
        &self.peers
    }

    /// Waits until no other program has the post, for as long as `patience`, and takes it for a program whose
    /// kernel will be on `side`. A caller that stops waiting leaves nothing behind.
    pub(super) async fn man(
        &self,
        side: &Side,
        gateway: &Gateway,
        (access, trail): (Access, Arc<dyn Trail>),
        patience: Duration,
    ) -> Result<Manned, ExecutionError> {
        let (held, note) = self.wait(patience).await?;
        let turn = Arc::new(Turn {
            haunts: self.haunts.clone(),
            _held: held,
        });
        if access != Access::Read {
            self.exorcise(side).await?;
        }
        if matches!(access, Access::Write(_)) {
            side.is_alone().await?;
        }
        let servers = u16::try_from(gateway.settings().epics.max_servers).unwrap_or(u16::MAX);
        let bound = self.resolve().and_then(|address| Sockets::bind(address, servers));
        let sockets = bound.map_err(|error| {
            ExecutionError::Start(format!("the gateway's listener at {}: {error}", self.address))
        })?;
        Ok(Manned {
            sockets: sockets.with_peers(&self.peers),
            gateway: gateway.clone(),
            access,
            trail,
            turn,
            note,
        })
    }

    async fn wait(
        &self,
        patience: Duration,
    ) -> Result<(OwnedMutexGuard<()>, Option<String>), ExecutionError> {
        if let Ok(held) = self.turn.clone().try_lock_owned() {
            return Ok((held, None));
        }
        let begun = Instant::now();
        tracing::info!(listener = self.address, "a program waits for another one's end");
        let held = timeout(patience, self.turn.clone().lock_owned()).await;
        let seconds = begun.elapsed().as_secs_f64();
        let held = held.map_err(|_| {
            ExecutionError::Jupyter(format!(
                "another program has had the listener at {} for {seconds:.0} s; one program of a mode runs at a time",
                self.address
            ))
        })?;
        let note = format!("it waited {seconds:.1} s for another program's end (one runs at a time)");
        Ok((held, Some(note)))
    }

    /// Sees to it that the kernels whose end is not known have ended.
    async fn exorcise(&self, side: &Side) -> Result<(), ExecutionError> {
        let kernels = self.haunts.kernels().clone();
        for kernel in kernels {
            bury(&side.server, &kernel).await.map_err(|reason| {
                ExecutionError::Jupyter(format!(
                    "an earlier kernel ({kernel}) that reached the listener at {} may still live: {reason}",
                    self.address
                ))
            })?;
            self.haunts.kernels().retain(|haunt| *haunt != kernel);
        }
        Ok(())
    }

    fn resolve(&self) -> std::io::Result<SocketAddr> {
        let found = self.address.to_socket_addrs()?.find(SocketAddr::is_ipv4);
        match found {
            Some(address) if !address.ip().is_unspecified() => Ok(address),
            _ => Err(std::io::Error::other("it must be one IPv4 address of this host")),
        }
    }
}

impl Manned {
    /// What the kernel holds as long as it may live.
    pub(super) fn turn(&self) -> Arc<Turn> {
        self.turn.clone()
    }

    /// Serves the program, which is about to start. Once `cancel` fires no put passes.
    pub(super) async fn open(self, cancel: &CancellationToken) -> std::io::Result<Serving> {
        let stop = cancel.child_token();
        let (access, trail) = (self.access, self.trail);
        let session = self
            .gateway
            .serve(self.sockets, access, trail, stop.clone())
            .await?;
        Ok(Serving {
            session,
            stop,
            _turn: self.turn,
        })
    }
}

impl Serving {
    /// Lets no put pass any more.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// The program has ended: nothing listens any more when this returns.
    pub(super) async fn finish(self) -> Conduct {
        self.session.finish().await
    }
}
