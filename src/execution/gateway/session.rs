//! A program's way to the control system, as long as it runs.

use std::{io, net::TcpListener as StdTcpListener, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::task::TaskTracker;

use crate::{
    config::Network,
    execution::{Conduct, Trail},
    model::PutOutcome,
};

use super::{
    OnRefused, Sockets, is_served,
    relay::{LAST_ANSWERS, relay},
    run::Run,
    search::Searches,
    serve_pva,
};

/// How long the answers to the last puts of a stopped program are waited for. A stopped run has ten seconds to end.
const STOPPED: std::time::Duration = std::time::Duration::from_secs(2);

/// The most circuits a program may have open at once.
const MAX_CIRCUITS: usize = 64;

/// A program's way to the control system. When it is dropped the way is closed.
pub struct Session {
    run: Arc<Run>,
    /// What waits for the program.
    tasks: JoinSet<()>,
    circuits: TaskTracker,
    /// Held so that no client starts a repeater.
    _repeater: std::net::UdpSocket,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.run.closed.cancel();
    }
}

impl Session {
    pub(super) async fn open(
        run: Arc<Run>,
        pen: impl Future<Output = ()> + Send + 'static,
        sockets: Sockets,
        trail: Arc<dyn Trail>,
    ) -> io::Result<Self> {
        let Sockets {
            search,
            repeater,
            circuits,
            pva,
            peers,
        } = sockets;
        let peers: Arc<[Network]> = peers.into();
        let mut tasks = JoinSet::new();
        // It ends with the ledger, so that what is known of a dropped session still gets into the trail.
        tokio::spawn(pen);
        let mut ports = Vec::new();
        let tracker = TaskTracker::new();
        for (slot, listener) in circuits.into_iter().enumerate() {
            ports.push(listener.local_addr()?.port());
            let listener = open(listener)?;
            let door = Door {
                run: Arc::clone(&run),
                listener,
                slot,
                circuits: tracker.clone(),
                peers: Arc::clone(&peers),
            };
            tasks.spawn(door.serve());
        }
        if let (Some(pva), Some(_)) = (pva, &run.settings.epics.pva_gateway) {
            let (listener, run) = (open(pva)?, Arc::clone(&run));
            tasks.spawn(async move {
                let keeper = Arc::clone(&run);
                let refused: OnRefused = Arc::new(move |put| keeper.ledger.add_refusal(put));
                if let Err(error) = serve_pva(listener, &run.settings.epics, trail, refused).await {
                    run.ledger.tell(format!("PV Access: {error}"));
                }
            });
        }
        search.set_nonblocking(true)?;
        let (searches, answers) = Searches::open(Arc::clone(&run), search, ports, peers).await?;
        tasks.spawn(searches.relay(answers));
        Ok(Self {
            run,
            tasks,
            circuits: tracker,
            _repeater: repeater,
        })
    }

    /// The program has ended: works off what it left, waits up to five seconds for the answers to its puts,
    /// verifies what it wrote, closes everything, and tells what the program did. Where it was stopped, nobody waits
    /// that long: what is not answered by then counts as unknown, and nothing is verified.
    pub async fn finish(mut self) -> Conduct {
        self.run.ending.cancel();
        self.circuits.close();
        let stopped = async {
            self.run.stop.cancelled().await;
            let _ = tokio::time::timeout(STOPPED, self.circuits.wait()).await;
        };
        tokio::select! {
            // Twice: what a program left is judged first, and then waited for.
            _ = tokio::time::timeout(LAST_ANSWERS * 2, self.circuits.wait()) => {}
            () = stopped => {}
        }
        self.run.closed.cancel();
        self.circuits.wait().await;
        for serial in self.run.ledger.unended() {
            let reason = "the run ended before the server's answer".to_owned();
            self.run.ended(serial, PutOutcome::Unknown { reason }).await;
        }
        // From here on nothing listens any more.
        self.tasks.shutdown().await;
        tokio::select! {
            biased;
            () = self.run.stop.cancelled() => {}
            () = self.run.verify() => {}
        }
        self.run.ledger.settle().await;
        self.run.ledger.conduct()
    }

    /// What the program has done so far.
    pub fn conduct(&self) -> Conduct {
        self.run.ledger.conduct()
    }
}

fn open(listener: StdTcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// A listener, and which server is behind it.
struct Door {
    run: Arc<Run>,
    listener: TcpListener,
    slot: usize,
    circuits: TaskTracker,
    peers: Arc<[Network]>,
}

impl Door {
    /// Takes the circuits that come to the server.
    async fn serve(self) {
        while let Some(stream) = self.next().await {
            // A listener without a server is one that no search has named.
            let server = self.run.directory().server(self.slot);
            if let Some(server) = server {
                self.circuits.spawn(relay(Arc::clone(&self.run), stream, server));
            }
        }
    }

    /// The next circuit; `None` once the program's ways are closed.
    async fn next(&self) -> Option<TcpStream> {
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = self.run.closed.cancelled() => return None,
            };
            match accepted {
                Ok((_, peer)) if !is_served(&self.peers, peer.ip()) => self.run.ledger.tell(format!(
                    "{} knocked and is none of those the listener is for",
                    peer.ip()
                )),
                Ok((stream, _)) if self.circuits.len() < MAX_CIRCUITS => return Some(stream),
                Ok(_) => self.run.ledger.tell(format!(
                    "the program had {MAX_CIRCUITS} circuits, which is the most it may"
                )),
                // The program has closed it again, or there are no descriptors to be had just now.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}
