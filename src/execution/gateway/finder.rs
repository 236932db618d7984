//! Asks the control system where process variables are.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    sync::mpsc,
    task::JoinSet,
};

use crate::config::EpicsSettings;

use super::{
    codec::{Decoder, MINOR_VERSION, Message, command},
    terms::Terms,
};

/// Where servers listen unless an address says otherwise.
const PORT: u16 = 5064;

/// The most bytes of names in one datagram: it must fit an Ethernet frame.
const DATAGRAM: usize = 1_400;

/// The most names that can be waiting for an answer.
const MAX_ASKED: usize = 20_000;

/// The data type of a search that wants no answer from a server that does not have the name.
const ONLY_IF_FOUND: u16 = 5;

/// What a server puts in place of its address when it is that of the answer's sender.
const SENDER: u32 = u32::MAX;

/// A server's word that it has a process variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The name, as it was asked for.
    pub(super) name: String,
    /// Where the server's circuits are.
    pub(super) server: SocketAddr,
}

/// The names that were asked for, by the number they were asked with. The numbers are the finder's own, so
/// that nothing but a name goes from a program to the control system.
#[derive(Default)]
struct Asked {
    next: u32,
    by_number: HashMap<u32, String>,
    by_name: HashMap<String, u32>,
}

impl Asked {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        if self.by_name.len() >= MAX_ASKED {
            self.by_name.clear();
            self.by_number.clear();
        }
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.by_number.insert(number, name.to_owned());
        self.by_name.insert(name.to_owned(), number);
        number
    }

    fn name(&self, number: u32) -> Option<String> {
        self.by_number.get(&number).cloned()
    }
}

/// Asks for names, by UDP and at the name servers, and passes the answers on. Asks once: who wants an answer
/// asks again.
pub(super) struct Finder {
    udp: Arc<UdpSocket>,
    targets: Vec<SocketAddr>,
    name_servers: Vec<mpsc::Sender<Vec<u8>>>,
    asked: Arc<Mutex<Asked>>,
    _tasks: JoinSet<()>,
}

impl Finder {
    /// A finder whose answers go to `answers`.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub(super) async fn open(
        settings: &EpicsSettings,
        terms: &Terms,
        answers: mpsc::Sender<Answer>,
    ) -> io::Result<Self> {
        let udp = Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?);
        udp.set_broadcast(true)?;
        // A first number that nobody can guess: an answer must have seen the question.
        let next = (uuid::Uuid::new_v4().as_u128() & u128::from(u32::MAX)) as u32;
        let asked = Arc::new(Mutex::new(Asked {
            next,
            ..Asked::default()
        }));
        let hearer = Hearer {
            asked: Arc::clone(&asked),
            answers,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(hear_datagrams(Arc::clone(&udp), hearer.clone()));
        let mut name_servers = Vec::new();
        for server in addresses(&settings.name_servers).await {
            let (sender, questions) = mpsc::channel(64);
            name_servers.push(sender);
            let greeting = [
                Message::bare(command::VERSION, 0, MINOR_VERSION, 0, 0),
                Message::text(command::CLIENT_NAME, 0, 0, (0, 0), &terms.client),
                Message::text(command::HOST_NAME, 0, 0, (0, 0), &terms.host),
            ];
            let greeting = greeting.iter().flat_map(Message::bytes).collect();
            let ask = NameServer {
                server,
                greeting,
                timeout: settings.timeout,
                hearer: hearer.clone(),
            };
            tasks.spawn(ask.serve(questions));
        }
        Ok(Self {
            udp,
            targets: addresses(&settings.address_list).await,
            name_servers,
            asked,
            _tasks: tasks,
        })
    }

    /// Asks for `names`, once.
    pub(super) async fn ask(&self, names: &[&str]) {
        let questions: Vec<Vec<u8>> = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let question = |name: &&str| {
                let number = asked.number(name);
                let ids = (number, number);
                Message::text(command::SEARCH, ONLY_IF_FOUND, MINOR_VERSION, ids, name).bytes()
            };
            names.iter().map(question).collect()
        };
        for datagram in datagrams(&questions) {
            for target in &self.targets {
                // A target that cannot be reached now may be the next time.
                let _ = self.udp.send_to(&datagram, target).await;
            }
        }
        for name_server in &self.name_servers {
            let _ = name_server.try_send(questions.concat());
        }
    }
}

fn datagrams(questions: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let version = Message::bare(command::VERSION, 0, MINOR_VERSION, 0, 0).bytes();
    let mut datagrams: Vec<Vec<u8>> = Vec::new();
    for question in questions {
        match datagrams.last_mut() {
            Some(last) if last.len() + question.len() <= DATAGRAM => last.extend(question),
            _ => datagrams.push([version.as_slice(), question].concat()),
        }
    }
    datagrams
}

/// The addresses that `hosts` name, `host` or `host:port`; what cannot be resolved is told and left out.
pub(super) async fn addresses(hosts: &[String]) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    for host in hosts {
        let with_port = match host.contains(':') {
            true => host.clone(),
            false => format!("{host}:{PORT}"),
        };
        match lookup_host(&with_port).await {
            Ok(addresses) => found.extend(addresses.filter(SocketAddr::is_ipv4).take(1)),
            Err(error) => tracing::warn!(%host, %error, "the address of an EPICS server cannot be resolved"),
        }
    }
    found
}

/// Understands answers.
#[derive(Clone)]
struct Hearer {
    asked: Arc<Mutex<Asked>>,
    answers: mpsc::Sender<Answer>,
}

impl Hearer {
    fn hear(&self, message: &Message, sender: IpAddr) {
        if message.command != command::SEARCH {
            return;
        }
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(name) = asked.name(message.second) else {
            return;
        };
        let address = match message.first {
            SENDER | 0 => sender,
            address => IpAddr::V4(Ipv4Addr::from_bits(address)),
        };
        let server = SocketAddr::new(address, message.data_type);
        // When answers come faster than they are taken, the question will be asked again.
        let _ = self.answers.try_send(Answer { name, server });
    }
}

async fn hear_datagrams(udp: Arc<UdpSocket>, hearer: Hearer) {
    let mut datagram = vec![0; 64 << 10];
    loop {
        // An error here is that of an earlier datagram which a host did not take.
        let Ok((length, sender)) = udp.recv_from(&mut datagram).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let mut decoder = Decoder::new(datagram.len());
        decoder.push(datagram.get(..length).unwrap_or_default());
        while let Ok(Some(message)) = decoder.next_message() {
            hearer.hear(&message, sender.ip());
        }
    }
}

/// A server that knows where process variables are.
struct NameServer {
    server: SocketAddr,
    greeting: Vec<u8>,
    timeout: Duration,
    hearer: Hearer,
}

impl NameServer {
    /// Passes questions on over one circuit, made anew for the next question when it breaks.
    async fn serve(self, mut questions: mpsc::Receiver<Vec<u8>>) {
        while let Some(first) = questions.recv().await {
            if let Err(error) = self.converse(first, &mut questions).await {
                tracing::warn!(server = %self.server, %error, "the name server cannot be asked");
            }
        }
    }

    async fn converse(&self, first: Vec<u8>, questions: &mut mpsc::Receiver<Vec<u8>>) -> io::Result<()> {
        let connecting = TcpStream::connect(self.server);
        let mut circuit = tokio::time::timeout(self.timeout, connecting).await??;
        circuit.set_nodelay(true)?;
        circuit.write_all(&self.greeting).await?;
        circuit.write_all(&first).await?;
        let mut decoder = Decoder::new(64 << 10);
        let mut chunk = vec![0; 16 << 10];
        loop {
            tokio::select! {
                question = questions.recv() => match question {
                    Some(question) => circuit.write_all(&question).await?,
                    None => return Ok(()),
                },
                length = circuit.read(&mut chunk) => {
                    let length = length?;
                    if length == 0 {
                        return Ok(());
                    }
                    decoder.push(chunk.get(..length).unwrap_or_default());
                    while let Some(message) = decoder.next_message().map_err(io::Error::other)? {
                        if message.command == command::ECHO {
                            circuit.write_all(&message.bytes()).await?;
                        }
                        self.hearer.hear(&message, self.server.ip());
                    }
                }
            }
        }
    }
}
