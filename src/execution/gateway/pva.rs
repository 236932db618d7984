//! PV Access: reads through a site's `pvagw`, and nothing else.
//!
//! What a program sends to the listener in its namespace is passed to the configured gateway, through a filter
//! of our own: that nothing is written does not hang on the gateway's settings.

mod content;
mod filter;
mod frame;

pub use filter::{PvaAction, PvaFilter, PvaRules};
pub use frame::PvaBreach;

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    config::EpicsSettings,
    execution::{RefusedPut, Trail, TrailError},
    model::{GatewayEvent, Timestamp},
};

/// The most circuits of one program; a process needs one.
const MAX_CIRCUITS: usize = 16;

/// The most refusals of one program that are written to the audit trail; each further one ends its circuit.
const MAX_REFUSALS: u64 = 1000;

/// How long to wait before taking up another circuit where one could not be.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// The most bytes that are read at once.
const READ: usize = 64 << 10;

/// What takes up a refusal.
pub type OnRefused = Arc<dyn Fn(RefusedPut) + Send + Sync>;

/// Passes what comes in at `listener` to the PV Access gateway of `settings`, for reading only. Each refusal is
/// told to `refused`, once it is in `trail` if that takes it. Ends when the future is dropped, with every circuit.
///
/// # Errors
/// There is no gateway in the settings, or the listener is broken.
pub async fn serve_pva(
    listener: TcpListener,
    settings: &EpicsSettings,
    trail: Arc<dyn Trail>,
    refused: OnRefused,
) -> io::Result<()> {
    let Some(gateway) = settings.pva_gateway.clone() else {
        return Err(io::Error::other("no PV Access gateway is configured"));
    };
    let host = settings
        .client_host
        .clone()
        .unwrap_or_else(|| rustix::system::uname().nodename().to_string_lossy().into_owned());
    let splice = Arc::new(Splice {
        gateway,
        rules: PvaRules {
            user: settings.read_client.clone(),
            host,
            port: listener.local_addr()?.port(),
            max_message_bytes: settings.max_message_bytes,
            max_channels: settings.max_channels,
            max_subscriptions: settings.max_subscriptions,
        },
        connect_timeout: settings.timeout,
        pace: Pace::new(settings.max_bytes_per_second),
        refusals: AtomicU64::new(0),
        trail,
        refused,
    });
    let room = Arc::new(Semaphore::new(MAX_CIRCUITS));
    let mut circuits = JoinSet::new();
    loop {
        // Those that have ended are let go of; the set would keep them.
        while circuits.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return Ok(());
        };
        let client = match listener.accept().await {
            Ok((client, _)) => client,
            Err(error) => {
                // The program has closed it again, or there are no descriptors to be had just now.
                tracing::debug!(%error, "a PV Access circuit was not taken up");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let splice = Arc::clone(&splice);
        circuits.spawn(async move {
            if let Err(error) = splice.circuit(client).await {
                tracing::info!(gateway = %splice.gateway, %error, "a PV Access circuit of a program was closed");
            }
            drop(place);
        });
    }
}

/// What the circuits of one program share.
struct Splice {
    gateway: String,
    rules: PvaRules,
    connect_timeout: Duration,
    pace: Pace,
    refusals: AtomicU64,
    trail: Arc<dyn Trail>,
    refused: OnRefused,
}

impl Splice {
    /// Serves one circuit until either side ends it, or breaks the rules.
    async fn circuit(&self, client: TcpStream) -> io::Result<()> {
        let server = timeout(self.connect_timeout, TcpStream::connect(&self.gateway))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let filter = Mutex::new(PvaFilter::new(self.rules.clone()));
        let (from_client, mut to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        // Both sides' answers to the client go one after the other, whole message by whole message. Each
        // direction has its own way: a server that waits to be read does not keep us from reading.
        let (answers, mut answered) = mpsc::channel::<Vec<u8>>(4);
        let write = async {
            while let Some(bytes) = answered.recv().await {
                to_client.write_all(&bytes).await?;
            }
            Ok(())
        };
        tokio::select! {
            ended = self.pass_up(from_client, to_server, &filter, &answers) => ended,
            ended = self.pass_down(from_server, &filter, &answers) => ended,
            ended = write => ended,
        }
    }

    async fn pass_up(
        &self,
        mut client: OwnedReadHalf,
        mut server: OwnedWriteHalf,
        filter: &Mutex<PvaFilter>,
        answers: &mpsc::Sender<Vec<u8>>,
    ) -> io::Result<()> {
        let mut buffer = vec![0; READ];
        loop {
            let read = client.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            let actions = locked(filter).client(&buffer[..read]).map_err(io::Error::other)?;
            for action in actions {
                match action {
                    PvaAction::Forward(bytes) => server.write_all(&bytes).await?,
                    PvaAction::Answer(bytes) => answers.send(bytes).await.map_err(io::Error::other)?,
                    PvaAction::Refuse(put) => self.refuse(put).await?,
                }
            }
        }
    }

    async fn pass_down(
        &self,
        mut server: OwnedReadHalf,
        filter: &Mutex<PvaFilter>,
        answers: &mpsc::Sender<Vec<u8>>,
    ) -> io::Result<()> {
        let mut buffer = vec![0; READ];
        loop {
            let read = server.read(&mut buffer).await?;
            if read == 0 {
                return Ok(());
            }
            self.pace.take(read).await;
            let bytes = locked(filter).server(&buffer[..read]).map_err(io::Error::other)?;
            if !bytes.is_empty() {
                answers.send(bytes).await.map_err(io::Error::other)?;
            }
        }
    }

    /// Writes a refusal down, and then tells of it. Where it is not kept the circuit ends.
    async fn refuse(&self, put: RefusedPut) -> io::Result<()> {
        let event = GatewayEvent::Refused {
            pv: put.pv.clone(),
            old: None,
            new: None,
            code: put.code.clone(),
            reason: put.reason.clone(),
            at: Timestamp::now(),
        };
        let kept = match self.refusals.fetch_add(1, Ordering::Relaxed) {
            MAX_REFUSALS.. => Err(TrailError(format!(
                "it has {MAX_REFUSALS} refusals of this program"
            ))),
            _ => self.trail.record(event).await,
        };
        // A refusal fails the run, whether or not it could be written down.
        (self.refused)(put);
        kept.map_err(io::Error::other)
    }
}

/// A panic elsewhere leaves the filter as it was: it is used further only to refuse.
fn locked(filter: &Mutex<PvaFilter>) -> std::sync::MutexGuard<'_, PvaFilter> {
    filter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps what servers send to a rate, with a second's worth at once.
struct Pace {
    bytes_per_second: u64,
    /// When all that was taken so far would have come at the rate.
    paid_until: Mutex<Instant>,
}

impl Pace {
    fn new(bytes_per_second: u64) -> Self {
        Self {
            bytes_per_second: bytes_per_second.max(1),
            paid_until: Mutex::new(Instant::now()),
        }
    }

    async fn take(&self, bytes: usize) {
        #[allow(clippy::cast_precision_loss, reason = "a rate need not be exact to the byte")]
        let cost = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        let now = Instant::now();
        let due = {
            let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
            *paid_until = (*paid_until).max(now) + cost;
            *paid_until
        };
        if let Some(wait_until) = due.checked_sub(Duration::from_secs(1)).filter(|then| *then > now) {
            sleep_until(wait_until).await;
        }
    }
}
