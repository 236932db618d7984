//! Where kernels find our gateway: one address of this host for each mode, one program at a time.
//!
//! A kernel runs elsewhere, so the gateway can't be handed into its network. The deployment lets kernels of a mode
//! reach this address and nothing else; the gateway serves whoever comes there as the one program that has the
//! post, and nobody while none has it.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use crate::execution::{
    Access, Conduct, ExecutionError, Trail,
    gateway::{Gateway, Session, Sockets},
};

/// An address of this host.
#[derive(Debug, Clone)]
pub(super) struct Post {
    address: String,
    turn: Arc<Mutex<()>>,
    /// Set when a kernel that had the post may still live: what comes here could be its.
    haunted: Arc<AtomicBool>,
}

/// The post while one program has it.
pub(super) struct Manned {
    session: Session,
    stop: CancellationToken,
    haunted: Arc<AtomicBool>,
    _turn: OwnedMutexGuard<()>,
}

impl Post {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            turn: Arc::default(),
            haunted: Arc::default(),
        }
    }

    /// Waits until no other program has the post, and serves one there.
    pub(super) async fn man(
        &self,
        gateway: &Gateway,
        access: Access,
        trail: Arc<dyn Trail>,
    ) -> Result<Manned, ExecutionError> {
        let turn = self.turn.clone().lock_owned().await;
        if self.haunted.load(Ordering::Acquire) && access != Access::Read {
            return Err(ExecutionError::Mode(format!(
                "an earlier kernel that could write by {} may still live, since its end was not confirmed; end it \
                 and start the service anew",
                self.address
            )));
        }
        let fault = |error: std::io::Error| {
            ExecutionError::Start(format!("the gateway at {}: {error}", self.address))
        };
        let address = self.resolve().map_err(fault)?;
        let servers = u16::try_from(gateway.settings().epics.max_servers).unwrap_or(u16::MAX);
        let sockets = Sockets::bind(address, servers).map_err(fault)?;
        let stop = CancellationToken::new();
        let session = gateway
            .serve(sockets, access, trail, stop.clone())
            .await
            .map_err(fault)?;
        Ok(Manned {
            session,
            stop,
            haunted: self.haunted.clone(),
            _turn: turn,
        })
    }

    fn resolve(&self) -> std::io::Result<SocketAddr> {
        self.address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| std::io::Error::other("the name has no address"))
    }
}

impl Manned {
    /// Lets no put pass any more.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// The kernel's end could not be confirmed.
    pub(super) fn haunt(&self) {
        self.haunted.store(true, Ordering::Release);
    }

    /// The program has ended.
    pub(super) async fn finish(self) -> Conduct {
        self.session.finish().await
    }
}
