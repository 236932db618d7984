//! Real servers, real clients, and a gateway between them on sockets of this host.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use holdpoint::{
    config::ControlSystemSettings,
    config::{Config, LimitsSettings},
    execution::{
        Access, Permit, Trail, TrailError,
        gateway::{
            Gateway, Session, Sockets,
            codec::{Decoder, Message, command},
        },
    },
    model::{GatewayEvent, Reading},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::execution::{python, skip};

/// How long anything may take before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A caproto server that counts its puts.
pub struct Ioc {
    child: Child,
    pub port: u16,
    log: PathBuf,
    _folder: TempDir,
}

impl Drop for Ioc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ioc {
    /// A server; `None` if the test has to be skipped.
    pub fn start(test: &str, arguments: &[&str]) -> Option<Self> {
        let (python, complete) = python();
        if !complete {
            skip(test);
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("puts.jsonl");
        fs::write(&log, "").unwrap();
        let mut child = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/ioc.py"))
            .arg("--log")
            .arg(&log)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // It warns of its own memory, and shows the errors that are asked of it.
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        while !ready.starts_with("READY") {
            ready.clear();
            assert!(output.read_line(&mut ready).unwrap() > 0, "the server has ended");
        }
        let port = ready.trim().strip_prefix("READY port=").unwrap().parse().unwrap();
        Some(Self {
            child,
            port,
            log,
            _folder: folder,
        })
    }

    /// The puts that reached the server.
    pub fn puts(&self) -> Vec<(String, Value)> {
        let log = fs::read_to_string(&self.log).unwrap();
        log.lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .map(|put| (put["pv"].as_str().unwrap().to_owned(), put["value"].clone()))
            .collect()
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Settings for a gateway to `servers`.
pub fn settings(servers: &[&str]) -> ControlSystemSettings {
    let mut settings = Config::builtin().control_system;
    settings.epics.address_list = servers.iter().map(ToString::to_string).collect();
    settings.epics.max_puts_per_second = 1_000.0;
    settings.limits = LimitsSettings {
        enabled: false,
        database_path: None,
        allow_unlisted_channels: true,
    };
    settings
}

/// A trail in memory.
#[derive(Default)]
pub struct Events {
    pub seen: Mutex<Vec<GatewayEvent>>,
    pub refuses: bool,
}

#[async_trait]
impl Trail for Events {
    async fn record(&self, event: GatewayEvent) -> Result<(), TrailError> {
        if self.refuses {
            return Err(TrailError("the disk is full".to_owned()));
        }
        self.seen.lock().unwrap().push(event);
        Ok(())
    }
}

impl Events {
    pub fn all(&self) -> Vec<GatewayEvent> {
        self.seen.lock().unwrap().clone()
    }
}

/// A gateway that serves one program.
pub struct Way {
    pub session: Session,
    pub events: Arc<Events>,
    pub stop: CancellationToken,
    pub search: SocketAddr,
    pub repeater: u16,
}

pub async fn serve(settings: ControlSystemSettings, access: Access) -> Way {
    serve_with(settings, access, Arc::default()).await
}

pub async fn serve_with(settings: ControlSystemSettings, access: Access, events: Arc<Events>) -> Way {
    // As the launcher makes them, but on free ports.
    let sockets = Sockets::bind("127.0.0.1:0".parse().unwrap(), 4).unwrap();
    let search = sockets.search.local_addr().unwrap();
    let repeater = sockets.repeater.local_addr().unwrap().port();
    let stop = CancellationToken::new();
    let trail: Arc<dyn Trail> = Arc::clone(&events) as _;
    let session = Gateway::new(settings)
        .serve(sockets, access, trail, stop.clone())
        .await
        .unwrap();
    Way {
        session,
        events,
        stop,
        search,
        repeater,
    }
}

/// Access to write `channels`, of which `seen` was shown.
pub fn permit(channels: &[&str], seen: Vec<Reading>) -> Access {
    Access::Write(Permit {
        channels: channels.iter().map(ToString::to_string).collect(),
        seen,
    })
}

impl Way {
    /// Runs a Python program that knows this way and no other, and gives what it prints.
    pub async fn python(&self, code: &str) -> String {
        client(self.search, self.repeater, code).await
    }
}

/// Runs a Python program whose servers are found at `search`.
pub async fn client(search: SocketAddr, repeater: u16, code: &str) -> String {
    let environment = HashMap::from([
        ("EPICS_CA_ADDR_LIST", search.to_string()),
        ("EPICS_CA_AUTO_ADDR_LIST", "NO".to_owned()),
        ("EPICS_CA_REPEATER_PORT", repeater.to_string()),
        ("EPICS_CA_MAX_ARRAY_BYTES", "1000000".to_owned()),
    ]);
    let running = tokio::process::Command::new(python().0)
        .args(["-c", code])
        .envs(environment)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A client of hand-made frames.
pub struct Raw {
    stream: TcpStream,
    decoder: Decoder,
}

impl Raw {
    /// Searches for `name` until it is found, and connects to where it is.
    pub async fn find(search: SocketAddr, name: &str) -> Self {
        let port = find(search, name).await;
        Self::connect(port).await
    }

    pub async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut raw = Self {
            stream,
            decoder: Decoder::new(64 << 20),
        };
        raw.send(&Message::bare(command::VERSION, 0, 13, 0, 0)).await;
        raw
    }

    pub async fn send(&mut self, message: &Message) {
        self.stream.write_all(&message.bytes()).await.unwrap();
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        // The other side may have closed the circuit already.
        let _ = self.stream.write_all(bytes).await;
    }

    /// The next message; `None` once the circuit has been closed.
    pub async fn next(&mut self) -> Option<Message> {
        let mut chunk = vec![0; 64 << 10];
        loop {
            if let Some(message) = self.decoder.next_message().unwrap() {
                return Some(message);
            }
            let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut chunk));
            match read.await.expect("an answer in time") {
                Ok(0) | Err(_) => return None,
                Ok(length) => self.decoder.push(&chunk[..length]),
            }
        }
    }

    /// The next message of this kind.
    pub async fn next_of(&mut self, command: u16) -> Message {
        loop {
            let message = self.next().await.expect("the circuit stands");
            if message.command == command {
                return message;
            }
        }
    }

    /// Opens a channel: its number at the server, its type, and the rights that were shown.
    pub async fn open(&mut self, cid: u32, name: &str) -> (u32, u16, u32) {
        self.send(&Message::text(command::CREATE_CHAN, 0, 0, (cid, 13), name))
            .await;
        let rights = self.next_of(command::ACCESS_RIGHTS).await;
        let created = self.next_of(command::CREATE_CHAN).await;
        assert_eq!((rights.first, created.first), (cid, cid));
        (created.second, created.data_type, rights.second)
    }

    pub async fn is_closed(&mut self) -> bool {
        while let Some(message) = self.next().await {
            assert_ne!(message.command, command::WRITE_NOTIFY);
        }
        true
    }
}

/// The port that a search for `name` is answered with.
pub async fn find(search: SocketAddr, name: &str) -> u16 {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut datagram = Message::bare(command::VERSION, 0, 13, 0, 0).bytes();
    Message::text(command::SEARCH, 5, 13, (77, 77), name).encode(&mut datagram);
    let mut answer = vec![0; 2048];
    let asking = async {
        loop {
            socket.send_to(&datagram, search).await.unwrap();
            let waiting = tokio::time::timeout(Duration::from_millis(200), socket.recv_from(&mut answer));
            if let Ok(Ok((length, from))) = waiting.await {
                assert_eq!(from, search);
                let mut decoder = Decoder::new(2048);
                decoder.push(&answer[..length]);
                while let Some(message) = decoder.next_message().unwrap() {
                    if message.command == command::SEARCH {
                        assert_eq!((message.first, message.second), (u32::MAX, 77));
                        return message.data_type;
                    }
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| panic!("nobody answers for {name}"))
}
