//! What the gateway costs: a read through it and past it, and monitors: `cargo bench --bench gateway`.
//!
//! Server and client are made of hand-made frames, so that the difference is the gateway's alone.
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]
#![allow(missing_docs, reason = "a benchmark has no readers")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/gateway/fake.rs"]
mod fake;

use std::{
    net::{SocketAddr, UdpSocket},
    sync::Arc,
    time::{Duration, Instant},
};

use fake::{Fake, Manner};
use holdpoint::{
    config::Config,
    execution::{
        Access, NoTrail,
        gateway::{
            Gateway, Sockets,
            codec::{Decoder, Message, command},
        },
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

const READS: u32 = 5_000;
const EVENTS: u32 = 2_000;
const POINTS: u32 = 2_000;

struct Client {
    stream: TcpStream,
    decoder: Decoder,
    chunk: Vec<u8>,
}

impl Client {
    /// A client of the server that is found at `search`, with a channel open; and the channel's number.
    async fn open(search: SocketAddr) -> (Self, u32) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let question = Message::text(command::SEARCH, 5, 13, (1, 1), "ANY").bytes();
        socket.send_to(&question, search).unwrap();
        let socket = tokio::net::UdpSocket::from_std({
            socket.set_nonblocking(true).unwrap();
            socket
        })
        .unwrap();
        let mut answer = vec![0; 2048];
        let length = socket.recv(&mut answer).await.unwrap();
        let mut decoder = Decoder::new(2048);
        decoder.push(answer.get(..length).unwrap());
        let mut port = 0;
        while let Some(message) = decoder.next_message().unwrap() {
            port = message.data_type.max(port);
        }
        let stream = TcpStream::connect((search.ip(), port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut client = Self {
            stream,
            decoder: Decoder::new(64 << 20),
            chunk: vec![0; 64 << 10],
        };
        client.send(&Message::bare(command::VERSION, 0, 13, 0, 0)).await;
        client
            .send(&Message::text(command::CREATE_CHAN, 0, 0, (1, 13), "ANY"))
            .await;
        let sid = client.next_of(command::CREATE_CHAN).await.second;
        (client, sid)
    }

    async fn send(&mut self, message: &Message) {
        self.stream.write_all(&message.bytes()).await.unwrap();
    }

    async fn next_of(&mut self, command: u16) -> Message {
        loop {
            while let Some(message) = self.decoder.next_message().unwrap() {
                if message.command == command {
                    return message;
                }
            }
            let length = self.stream.read(&mut self.chunk).await.unwrap();
            assert!(length > 0, "the circuit stands");
            self.decoder.push(self.chunk.get(..length).unwrap());
        }
    }
}

/// The median and the 99th of a hundred, in milliseconds.
async fn reads(search: SocketAddr) -> (f64, f64) {
    let (mut client, sid) = Client::open(search).await;
    let mut times = Vec::new();
    for number in 0..READS {
        let since = Instant::now();
        client
            .send(&Message::bare(command::READ_NOTIFY, 6, 1, sid, number))
            .await;
        client.next_of(command::READ_NOTIFY).await;
        times.push(since.elapsed());
    }
    times.sort();
    let at = |rank: usize| times.get(rank).map_or(0.0, Duration::as_secs_f64) * 1_000.0;
    (at(times.len() / 2), at(times.len() * 99 / 100))
}

/// Events per second of a waveform that the server sends as fast as they are taken.
async fn monitors(search: SocketAddr) -> f64 {
    let (mut client, sid) = Client::open(search).await;
    let subscribe = Message {
        payload: vec![0; 16],
        ..Message::bare(command::EVENT_ADD, 6, POINTS, sid, 1)
    };
    let since = Instant::now();
    client.send(&subscribe).await;
    for _ in 0..EVENTS {
        client.next_of(command::EVENT_ADD).await;
    }
    f64::from(EVENTS) / since.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    let one = Fake::start(Manner::default()).await;
    let wave = Fake::start(Manner {
        elements: POINTS,
        events: (EVENTS, Duration::ZERO),
        ..Manner::default()
    })
    .await;
    for (server, what) in [(&one, "read"), (&wave, "monitors")] {
        let mut settings = Config::builtin().control_system;
        settings.epics.address_list = vec![server.address.to_string()];
        settings.epics.max_bytes_per_second = u64::MAX;
        let sockets = Sockets::bind("127.0.0.1:0".parse().unwrap(), 1).unwrap();
        let search = sockets.search.local_addr().unwrap();
        let session = Gateway::new(settings)
            .serve(sockets, Access::Read, Arc::new(NoTrail), CancellationToken::new())
            .await
            .unwrap();
        match what {
            "read" => {
                let (direct, through) = (reads(server.address).await, reads(search).await);
                println!(
                    "read: {:.3} ms (99 %: {:.3}) directly, {:.3} ms (99 %: {:.3}) through the gateway: {:.3} ms more",
                    direct.0,
                    direct.1,
                    through.0,
                    through.1,
                    through.0 - direct.0
                );
            }
            _ => {
                let (direct, through) = (monitors(server.address).await, monitors(search).await);
                println!(
                    "monitors of {POINTS} points: {direct:.0} per second directly, {through:.0} through the gateway"
                );
            }
        }
        session.finish().await;
    }
}
