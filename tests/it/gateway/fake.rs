//! A server of hand-made frames: it has every name, says what it was told, and sends as fast as it is asked to.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use holdpoint::execution::gateway::codec::{Decoder, Message, command, status};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::mpsc,
};

/// What a [`Fake`] does.
#[derive(Clone, Copy)]
pub struct Manner {
    /// How many elements its process variables have.
    pub elements: u32,
    /// How many monitor events it sends for a subscription, and how far apart.
    pub events: (u32, Duration),
    /// Whether it never answers a read.
    pub silent: bool,
    /// Whether it takes searches by TCP only, at its circuits' port.
    pub name_server: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            elements: 1,
            events: (0, Duration::ZERO),
            silent: false,
            name_server: false,
        }
    }
}

pub struct Fake {
    pub address: SocketAddr,
    told: Arc<Mutex<Vec<Message>>>,
    hidden: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Fake {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Fake {
    pub async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let circuits = listener.local_addr().unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = match manner.name_server {
            true => circuits,
            false => udp.local_addr().unwrap(),
        };
        let told = Arc::new(Mutex::new(Vec::new()));
        let (hears, port) = (Arc::clone(&told), circuits.port());
        let accept = tokio::spawn(async move {
            // They end with the server.
            let mut circuits = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                circuits.spawn(serve(stream, port, manner, Arc::clone(&hears)));
            }
        });
        let hidden = Arc::new(AtomicBool::new(false));
        let hides = Arc::clone(&hidden);
        let search = tokio::spawn(async move {
            let mut datagram = vec![0; 4096];
            loop {
                let (length, from) = udp.recv_from(&mut datagram).await.unwrap();
                let mut decoder = Decoder::new(4096);
                decoder.push(&datagram[..length]);
                while let Ok(Some(message)) = decoder.next_message() {
                    if message.command == command::SEARCH && !hides.load(Ordering::Relaxed) {
                        let answer = found(circuits.port(), message.second).bytes();
                        udp.send_to(&answer, from).await.unwrap();
                    }
                }
            }
        });
        Self {
            address,
            told,
            hidden,
            tasks: vec![accept, search],
        }
    }

    /// Whether it keeps quiet when it is searched for.
    pub fn hide(&self, hidden: bool) {
        self.hidden.store(hidden, Ordering::Relaxed);
    }

    /// All that came in by circuits.
    pub fn told(&self) -> Vec<Message> {
        self.told.lock().unwrap().clone()
    }
}

fn found(port: u16, number: u32) -> Message {
    Message {
        payload: vec![0, 13, 0, 0, 0, 0, 0, 0],
        ..Message::bare(command::SEARCH, port, 0, u32::MAX, number)
    }
}

fn value(command: u16, elements: u32, second: u32, of: u32) -> Message {
    let values = (0..elements).map(|_| f64::from(of));
    Message {
        payload: values.flat_map(f64::to_be_bytes).collect(),
        ..Message::bare(command, 6, elements, status::NORMAL, second)
    }
}

async fn serve(stream: TcpStream, port: u16, manner: Manner, told: Arc<Mutex<Vec<Message>>>) {
    let (mut input, mut output) = stream.into_split();
    let (sender, mut answers) = mpsc::channel::<Message>(256);
    tokio::spawn(async move {
        while let Some(message) = answers.recv().await {
            if output.write_all(&message.bytes()).await.is_err() {
                return;
            }
        }
    });
    let mut decoder = Decoder::new(64 << 20);
    let mut chunk = vec![0; 64 << 10];
    let mut sid = 100;
    while let Ok(length @ 1..) = input.read(&mut chunk).await {
        decoder.push(&chunk[..length]);
        while let Ok(Some(message)) = decoder.next_message() {
            told.lock().unwrap().push(message.clone());
            let answer = match message.command {
                command::VERSION => Message::bare(command::VERSION, 0, 13, 0, 0),
                command::ECHO => Message::bare(command::ECHO, 0, 0, 0, 0),
                command::SEARCH => found(port, message.second),
                command::CREATE_CHAN => {
                    sid += 1;
                    let rights = Message::bare(command::ACCESS_RIGHTS, 0, 0, message.first, 3);
                    sender.send(rights).await.unwrap();
                    Message::bare(command::CREATE_CHAN, 6, manner.elements, message.first, sid)
                }
                command::READ_NOTIFY if manner.silent => continue,
                command::READ_NOTIFY => value(command::READ_NOTIFY, manner.elements, message.second, 1),
                command::WRITE_NOTIFY => {
                    Message::bare(command::WRITE_NOTIFY, 6, 1, status::NORMAL, message.second)
                }
                command::EVENT_ADD => {
                    let sender = sender.clone();
                    tokio::spawn(async move {
                        let mut ticks = tokio::time::interval(manner.events.1.max(Duration::from_nanos(1)));
                        for number in 0..manner.events.0 {
                            ticks.tick().await;
                            let event = value(command::EVENT_ADD, manner.elements, message.second, number);
                            if sender.send(event).await.is_err() {
                                return;
                            }
                        }
                    });
                    continue;
                }
                _ => continue,
            };
            if sender.send(answer).await.is_err() {
                return;
            }
        }
    }
}
