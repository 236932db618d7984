//! The way from kernels to the control system: two servers, a listener for each mode, and a server that counts.

use std::{collections::BTreeMap, net::UdpSocket};

use holdpoint::{
    config::Network,
    execution::{Conduct, gateway::Gateway, gateway::Sockets},
};

use super::*;
use crate::{
    execution::wait_until,
    gateway::rig::{Events, Ioc, permit, settings},
};

/// What a program that does not heed access rights does: `raw_put` gives the server's answer, 1 for success.
const RAW: &str = r#"
import os, socket, struct, time
def message(command, kind, count, first, second, payload=b""):
    payload += b"\0" * (-len(payload) % 8)
    return struct.pack(">HHHHII", command, len(payload), kind, count, first, second) + payload
class Raw:
    def __init__(self, name):
        host, port = os.environ["EPICS_CA_ADDR_LIST"].split(":")
        udp = socket.socket(type=socket.SOCK_DGRAM)
        udp.settimeout(2)
        name = name.encode() + b"\0"
        while True:
            udp.sendto(message(0, 0, 13, 0, 0) + message(6, 5, 13, 1, 1, name), (host, int(port)))
            try:
                answer = udp.recv(4096)
                break
            except TimeoutError:
                pass
        self.tcp = socket.create_connection((host, struct.unpack(">H", answer[20:22])[0]), 20)
        self.tcp.sendall(message(0, 0, 13, 0, 0) + message(18, 0, 0, 1, 13, name))
        self.sid = self.answer(18)[5]
    def answer(self, command):
        while True:
            header = struct.unpack(">HHHHII", self.take(16))
            self.take(header[1])
            if header[0] == command:
                return header
    def take(self, length):
        taken = b""
        while len(taken) < length:
            piece = self.tcp.recv(length - len(taken))
            if not piece:
                raise OSError("closed")
            taken += piece
        return taken
    def put(self, value):
        self.tcp.sendall(message(19, 6, 1, self.sid, 7, struct.pack(">d", value)))
        return self.answer(19)[4]
"#;

/// What a program of either mode tries.
const TRIES: &str = r"
import epics
pv = epics.PV('GW:REAL')
assert pv.wait_for_connection(20)
results = {'read': pv.get(), 'rights': pv.write_access, 'real': Raw('GW:REAL').put(4.25),
           'other': Raw('GW:SLOW').put(9.5)}
";

struct Rig {
    read: Jupyter,
    write: Jupyter,
    ioc: Ioc,
    place: Place,
    ports: [u16; 2],
    events: Arc<Events>,
}

/// A port with three free ones above it.
fn free_port() -> u16 {
    loop {
        let probe = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = probe.local_addr().unwrap().port();
        drop(probe);
        if port < 60_000 && Sockets::bind(([127, 0, 0, 1], port).into(), 2).is_ok() {
            return port;
        }
    }
}

fn rig(test: &str) -> Option<Rig> {
    let environments = environments(test)?;
    let ioc = Ioc::start(test, &[])?;
    let read = Jupyter::start(Kind::Server, &environments);
    let write = Jupyter::start(Kind::Server, &environments);
    let mut place = read.place();
    let ports = [free_port(), free_port()];
    let container = &mut place.settings.container;
    container.write_url = write.url.clone();
    container.write_token = container.token.clone();
    container.listen_read_only = Some(format!("127.0.0.1:{}", ports[0]));
    container.listen_write_access = Some(format!("127.0.0.1:{}", ports[1]));
    let environment = |port: u16| {
        BTreeMap::from([
            ("EPICS_CA_ADDR_LIST".to_owned(), format!("127.0.0.1:{port}")),
            ("EPICS_CA_AUTO_ADDR_LIST".to_owned(), "NO".to_owned()),
            ("EPICS_CA_REPEATER_PORT".to_owned(), (port + 1).to_string()),
        ])
    };
    container.read_only.environment = environment(ports[0]);
    container.write_access.environment = environment(ports[1]);
    Some(Rig {
        read,
        write,
        ioc,
        place,
        ports,
        events: Arc::default(),
    })
}

impl Rig {
    fn executor(&self) -> JupyterExecutor {
        let mut control = settings(&[&self.ioc.address()]);
        control.epics.max_servers = 2;
        control.verification.enabled = false;
        self.place.executor().with_gateway(&Gateway::new(control))
    }

    fn job(&self, access: Access, code: &str) -> Job {
        Job {
            access,
            trail: self.events.clone(),
            ..self.place.job(&format!("{RAW}\n{code}"))
        }
    }

    async fn run(&self, access: Access, code: &str) -> Execution {
        let prepared = self.executor().prepare(self.job(access, code)).await.unwrap();
        prepared.run(CancellationToken::new()).await
    }

    /// Whether anything listens at the listeners' ports.
    fn listens(&self) -> bool {
        let listens = |port: u16| {
            Sockets::bind(([127, 0, 0, 1], port).into(), 2).is_err()
                || (2..4).any(|above| std::net::TcpStream::connect(("127.0.0.1", port + above)).is_ok())
        };
        self.ports.into_iter().any(listens)
    }
}

#[track_caller]
fn conduct(execution: &Execution) -> &Conduct {
    execution.conduct.as_ref().unwrap()
}

fn real() -> Access {
    permit(&["GW:REAL"], Vec::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn kernels_reach_the_control_system_by_the_listener_of_their_mode() {
    let Some(rig) = rig("kernels_reach_the_control_system_by_the_listener_of_their_mode") else {
        return;
    };
    let read = rig.run(Access::Read, TRIES).await;
    let found = results(&read);
    assert_eq!((&found["read"], &found["rights"]), (&json!(1.5), &json!(false)));
    assert!(found["real"] != 1 && found["other"] != 1, "{found}");
    assert_eq!((conduct(&read).puts_total, conduct(&read).refused_total), (0, 2));
    assert_eq!(conduct(&read).servers, [rig.ioc.address()]);
    assert!(!rig.listens());

    let rehearsed = rig.run(Access::Rehearse, TRIES).await;
    assert_eq!(results(&rehearsed)["real"], 1);
    assert!(rehearsed.interpreter.contains("python3-epics-readonly"));
    assert_eq!(conduct(&rehearsed).puts_total, 2);
    assert_eq!(conduct(&rehearsed).puts[0].outcome, None);
    assert!(!rig.listens());
    assert_eq!(rig.ioc.puts(), []);

    let wrote = rig.run(real(), TRIES).await;
    let found = results(&wrote);
    assert_eq!((&found["read"], &found["real"]), (&json!(1.5), &json!(1)));
    assert!(found["other"] != 1, "{found}");
    assert!(wrote.interpreter.contains("python3-epics-write"));
    assert_eq!(
        (conduct(&wrote).puts_total, conduct(&wrote).refused_total),
        (1, 1)
    );
    assert_eq!(conduct(&wrote).refused[0].pv.as_deref(), Some("GW:SLOW"));
    assert_eq!(rig.ioc.puts(), [("GW:REAL".to_owned(), json!(4.25))]);
    assert!(!rig.listens());
    for server in [&rig.read, &rig.write] {
        assert_eq!(server.kernels().await, Vec::<Value>::new());
    }
    // What the two can reach is bound into approvals.
    let facts = rig.executor().backend(&Placement::default()).facts;
    for name in ["url", "write_url", "gateway_write_access", "kernel_write_access"] {
        assert!(!facts[name].is_null(), "{facts:?}");
    }
}

/// Puts until the answer is no, and then all the same.
const PUTS_ON: &str = r"
raw, value = Raw('GW:REAL'), 0
while True:
    try:
        value += 1
        raw.put(float(value))
        time.sleep(0.01)
    except KeyboardInterrupt:
        pass
";

#[tokio::test(flavor = "multi_thread")]
async fn puts_stop_when_a_program_is_to() {
    let Some(rig) = rig("puts_stop_when_a_program_is_to") else {
        return;
    };
    let cancel = CancellationToken::new();
    let prepared = rig.executor().prepare(rig.job(real(), PUTS_ON)).await.unwrap();
    let running = tokio::spawn(prepared.run(cancel.clone()));
    while rig.ioc.puts().is_empty() {
        tokio::task::yield_now().await;
    }
    cancel.cancel();
    let cancelled = running.await.unwrap();
    assert_eq!(killed(&cancelled).0, "cancelled");
    assert!(conduct(&cancelled).refused_total > 0, "{cancelled:#?}");
    let first = rig.ioc.puts().len() as u64;
    assert_eq!(first, conduct(&cancelled).puts_total);

    let mut late = rig.job(real(), PUTS_ON);
    late.timeout = Duration::from_secs(3);
    let late = rig.executor().prepare(late).await.unwrap();
    let late = late.run(CancellationToken::new()).await;
    assert_eq!(killed(&late).0, "timeout");
    assert!(conduct(&late).refused_total > 0 && conduct(&late).puts_total > 0);
    assert_eq!(rig.ioc.puts().len() as u64, first + conduct(&late).puts_total);

    // Nobody is served before the start, and one that never starts leaves nothing that listens.
    let never = rig.executor().prepare(rig.job(real(), PUTS_ON)).await.unwrap();
    let stopped = CancellationToken::new();
    stopped.cancel();
    assert_eq!(killed(&never.run(stopped).await).0, "cancelled");
    wait_until("nothing listens", || !rig.listens());
    assert_eq!(rig.ioc.puts().len() as u64, first + conduct(&late).puts_total);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_serves_one_program_at_a_time() {
    let Some(rig) = rig("a_listener_serves_one_program_at_a_time") else {
        return;
    };
    let executor = rig.executor();
    let first = executor
        .prepare(rig.job(Access::Read, "results = {}\n"))
        .await
        .unwrap();
    let mut hasty = rig.job(Access::Read, "results = {}\n");
    hasty.timeout = Duration::from_millis(200);
    let error = executor.prepare(hasty).await.err().unwrap();
    assert_eq!(error.code(), "jupyter");
    assert!(error.to_string().contains("another program has had"), "{error}");
    // One that gives up waiting has started nothing.
    let waiting = executor.prepare(rig.job(Access::Read, "results = {}\n"));
    assert!(
        tokio::time::timeout(Duration::from_millis(200), waiting)
            .await
            .is_err()
    );
    assert_eq!(rig.read.kernels().await.len(), 1);
    // Writes have their own.
    results(
        &executor
            .prepare(rig.job(real(), "results = {}\n"))
            .await
            .unwrap()
            .run(CancellationToken::new())
            .await,
    );
    let second = tokio::spawn({
        let (executor, job) = (executor.clone(), rig.job(Access::Read, "results = {}\n"));
        async move { executor.prepare(job).await }
    });
    // The first is dropped without having run: the next one's turn comes when its kernel is gone.
    drop(first);
    let second = second.await.unwrap().unwrap();
    assert_eq!(rig.read.kernels().await.len(), 1);
    let second = second.run(CancellationToken::new()).await;
    results(&second);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_writes_by_what_a_program_may() {
    let Some(mut rig) = rig("nobody_else_writes_by_what_a_program_may") else {
        return;
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let started = client
        .post(format!("{}/api/kernels", rig.write.url))
        .header("Authorization", format!("token {TOKEN}"))
        .header("Content-Type", "application/json")
        .body(r#"{"name": "python3-epics-write"}"#);
    assert!(started.send().await.unwrap().status().is_success());
    let executor = rig.executor();
    let error = executor.prepare(rig.job(real(), TRIES)).await.err().unwrap();
    assert!(error.to_string().contains("not ours"), "{error}");
    results(&rig.run(Access::Read, "results = {}\n").await);

    // Where each kernel has its own network, others' kernels are no matter; the peers still are.
    rig.place.settings.container.shared_server = true;
    rig.place.settings.container.peers_write_access =
        vec![Network::try_from("127.0.0.8/30".to_owned()).unwrap()];
    let unheard = "import epics\nresults = {'found': epics.PV('GW:REAL').wait_for_connection(2)}\n";
    let unheard = rig.run(real(), unheard).await;
    assert_eq!(results(&unheard)["found"], false);
    rig.place.settings.container.peers_write_access =
        vec![Network::try_from("127.0.0.0/24".to_owned()).unwrap()];
    let heard = "import epics\nresults = {'found': epics.PV('GW:REAL').wait_for_connection(20)}\n";
    assert_eq!(results(&rig.run(real(), heard).await)["found"], true);

    rig.place.settings.container.shared_server = false;
    rig.place.settings.container.write_url = rig.place.settings.container.url.clone();
    let error = rig.place.fault();
    assert_eq!(error.code(), "mode_unavailable");
    assert!(error.to_string().contains("write_url"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_that_may_still_live_keeps_the_next_write_away() {
    let Some(mut rig) = rig("a_kernel_that_may_still_live_keeps_the_next_write_away") else {
        return;
    };
    let cable = Cable::to(&rig.write.url).await;
    rig.place.settings.container.write_url = cable.url.clone();
    let executor = rig.executor();
    let prepared = executor.prepare(rig.job(real(), PUTS_ON)).await.unwrap();
    let running = tokio::spawn(prepared.run(CancellationToken::new()));
    while rig.ioc.puts().is_empty() {
        tokio::task::yield_now().await;
    }
    cable.cut.send(true).unwrap();
    let lost = running.await.unwrap();
    assert_eq!(killed(&lost).0, "connection_lost");
    assert!(killed(&lost).1.contains("may be left behind"), "{lost:#?}");
    // It goes on, but there is nobody any more to whom it could put.
    assert!(!rig.listens());
    assert_eq!(rig.write.kernels().await.len(), 1);
    assert_eq!(rig.ioc.puts().len() as u64, conduct(&lost).puts_total);
    let refused = executor
        .prepare(rig.job(real(), "results = {}\n"))
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "jupyter");

    cable.cut.send(false).unwrap();
    let next = executor.prepare(rig.job(real(), "results = {}\n")).await.unwrap();
    assert_eq!(
        rig.write.kernels().await.len(),
        1,
        "the earlier one was ended first"
    );
    results(&next.run(CancellationToken::new()).await);
    assert_eq!(rig.write.kernels().await, Vec::<Value>::new());
}
