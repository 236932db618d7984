//! PV Access: what is read comes through, and nothing is ever written.
//!
//! The server and the gateway behind the filter are real, and both would let anyone write.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream as Circuit,
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use holdpoint::{
    config::{Config, EpicsSettings},
    execution::{
        Executor, LocalExecutor, RefusedPut, Trail, TrailError,
        gateway::{Gateway, PvaAction, PvaBreach, PvaFilter, PvaRules, serve_pva},
    },
    model::GatewayEvent,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

const LITTLE: u8 = 0;
const BIG: u8 = 0x80;

pub fn python() -> Option<PathBuf> {
    let (python, scientific) = super::execution::python();
    scientific.then(|| match python.is_dir() {
        true => python.join("bin/python3"),
        false => python,
    })
}

/// A child that is gone with the test.
pub struct Gone(Child);

impl Drop for Gone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server, spoken to line by line.
pub struct Server {
    _child: Gone,
    port: u16,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    pub fn start(python: &PathBuf) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/pva_server.py");
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut server = Self {
            _child: Gone(child),
            port: 0,
            input,
            output: BufReader::new(output),
        };
        server.port = server.line()["port"].as_u64().unwrap().try_into().unwrap();
        server
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    pub fn tell(&mut self, word: &str) -> Value {
        writeln!(self.input, "{word}").unwrap();
        self.line()
    }

    /// How often anything would have changed it.
    fn changes(&mut self) -> u64 {
        self.tell("count")["changes"].as_u64().unwrap()
    }
}

/// A `pvagw` that lets everybody write; gives the port it listens on.
pub fn pvagw(python: &PathBuf, server: &Server) -> (Gone, u16) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("gateway.conf");
    let conf = json!({
        "version": 2,
        "readOnly": false,
        "clients": [{
            "name": "site", "provider": "pva", "addrlist": "", "autoaddrlist": false,
            "EPICS_PVA_NAME_SERVERS": format!("127.0.0.1:{}", server.port),
        }],
        "servers": [{
            "name": "programs", "clients": ["site"], "interface": ["127.0.0.1"], "addrlist": "",
            "autoaddrlist": false, "serverport": 0, "bcastport": 0,
        }],
    });
    std::fs::write(&file, conf.to_string()).unwrap();
    let mut child = Command::new(python)
        .args(["-m", "p4p.gw", "-v"])
        .arg(&file)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let child = Gone(child);
    let port = log
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| {
            let (_, port) = line.split_once("EPICS_PVAS_SERVER_PORT : ")?;
            port.trim().parse().ok()
        })
        .expect("the gateway tells its port");
    // Its log is read to the end, so that it never waits for a reader.
    std::thread::spawn(move || log.for_each(drop));
    (child, port)
}

/// A trail that keeps what it is given.
#[derive(Default)]
struct Kept(Mutex<Vec<GatewayEvent>>);

#[async_trait]
impl Trail for Kept {
    async fn record(&self, event: GatewayEvent) -> Result<(), TrailError> {
        self.0.lock().unwrap().push(event);
        Ok(())
    }
}

/// Everything between a program and a server.
struct Site {
    python: PathBuf,
    server: Server,
    gateway_port: u16,
    port: u16,
    trail: Arc<Kept>,
    refused: Arc<Mutex<Vec<RefusedPut>>>,
    _gateway: Gone,
    _runtime: tokio::runtime::Runtime,
}

impl Site {
    fn start(test: &str) -> Option<Self> {
        let Some(python) = python() else {
            super::execution::skip(test);
            return None;
        };
        let server = Server::start(&python);
        let (gateway, gateway_port) = pvagw(&python, &server);
        let settings = EpicsSettings {
            pva_gateway: Some(format!("127.0.0.1:{gateway_port}")),
            read_client: "holdpoint-read".to_owned(),
            ..Config::builtin().control_system.epics
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let trail = Arc::new(Kept::default());
        let refused = Arc::new(Mutex::new(Vec::new()));
        let (events, told) = (Arc::clone(&trail), Arc::clone(&refused));
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let told = Arc::new(move |put| told.lock().unwrap().push(put));
            serve_pva(listener, &settings, events, told).await
        });
        Some(Self {
            python,
            server,
            gateway_port,
            port,
            trail,
            refused,
            _gateway: gateway,
            _runtime: runtime,
        })
    }

    /// A program with a p4p client `c` whose only way is `port`.
    fn client(&self, port: u16, code: &str) -> Command {
        // A busy machine is no reason to fail: a search that comes too early is repeated after seconds.
        let head = "import functools, json, sys, queue, numpy\n\
                    from p4p.client.thread import Context\n\
                    for name in ['get', 'put', 'rpc']:\n\
                    \x20   patient = functools.partialmethod(getattr(Context, name), timeout=60)\n\
                    \x20   setattr(Context, name, patient)\n\
                    c = Context('pva')\n";
        let mut command = Command::new(&self.python);
        command
            .args(["-c", &format!("{head}{code}")])
            .env("EPICS_PVA_NAME_SERVERS", format!("127.0.0.1:{port}"))
            .env("EPICS_PVA_ADDR_LIST", "")
            .env("EPICS_PVA_AUTO_ADDR_LIST", "NO")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// What a program prints last, as JSON.
    #[track_caller]
    fn run(&self, port: u16, code: &str) -> Value {
        let output = self.client(port, code).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        serde_json::from_str(text.lines().last().unwrap_or_default())
            .unwrap_or_else(|_| panic!("{text}{told}"))
    }

    fn refused(&self) -> Vec<(Option<String>, String)> {
        let told = self.refused.lock().unwrap();
        let kept = self.trail.0.lock().unwrap();
        assert_eq!(told.len(), kept.len(), "what is told is in the trail");
        let facts = kept.iter().map(|event| match event {
            GatewayEvent::Refused {
                pv,
                new: None,
                code,
                reason,
                ..
            } if code == "pva_write" => (pv.clone(), reason.clone()),
            other => panic!("not a refusal: {other:?}"),
        });
        facts.collect()
    }
}

/// X2: what a program reads over PV Access comes from the site's own gateway.
#[test]
fn pv_access_is_read_through_the_gateway() {
    let Some(mut site) = Site::start("pv_access_is_read_through_the_gateway") else {
        return;
    };
    let read = site.run(
        site.port,
        "wave = c.get('HP:WAVE')\n\
         both = c.get(['HP:NUMBER', 'HP:TEXT'])\n\
         s = c.get('HP:STRUCTURE')\n\
         table = c.get('HP:TABLE').value\n\
         print(json.dumps({'number': float(both[0]), 'text': both[1].raw.value, 'choice': str(c.get('HP:CHOICE')),\n\
         'length': len(wave), 'sum': float(wave.sum()), 'position': s.position, 'steps': s.axes.steps.tolist(),\n\
         'any': s.any, 'field': float(c.get('HP:STRUCTURE', request='field(position)').position),\n\
         'table': [list(table.name), table.current.tolist()]}))",
    );
    assert_eq!(
        read,
        json!({
            "number": 1.5, "text": "beam", "choice": "On", "length": 1_000_000, "sum": 499_999_500_000.0,
            "position": 2.5, "steps": [1, 2, 3], "any": "whatever", "field": 2.5,
            "table": [["one", "two"], [1.0, 2.0]],
        })
    );
    let mut watching = site
        .client(
            site.port,
            "seen = queue.Queue()\n\
             sub = c.monitor('HP:NUMBER', lambda value: seen.put(float(value)))\n\
             print(seen.get(), flush=True)\n\
             print(seen.get(), flush=True)\n\
             sub.close()",
        )
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "1.5");
    site.server.tell("post 2.25");
    assert_eq!(lines.next().unwrap().unwrap(), "2.25");
    assert!(watching.wait().unwrap().success());
    assert_eq!(site.refused(), []);
}

/// X2: PV Access is read-only whatever the gateway behind it allows.
/// The whole way: from a sandbox's own network through the launcher's socket.
#[test]
fn a_sandboxed_program_reads_by_pv_access_and_writes_nothing() {
    let Some(mut site) = Site::start("a_sandboxed_program_reads_by_pv_access_and_writes_nothing") else {
        return;
    };
    let mut control_system = Config::builtin().control_system;
    control_system.epics.pva_gateway = Some(format!("127.0.0.1:{}", site.gateway_port));
    let place = super::execution::place();
    let mut job = place.job(
        "from p4p.client.thread import Context\nwith Context('pva', nt=False) as context:\n    \
         read = context.get('HP:NUMBER', timeout=60).value\n    \
         try:\n        context.put('HP:NUMBER', 99, timeout=60)\n        told = None\n    \
         except Exception as error:\n        told = str(error)\nresults = {'read': read, 'told': told}\n",
    );
    job.trail = site.trail.clone();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let execution = runtime.block_on(async {
        let executor = LocalExecutor::probe(&place.settings)
            .unwrap()
            .with_gateway(&Gateway::new(control_system));
        let prepared = executor.prepare(job).await.unwrap();
        prepared.run(CancellationToken::new()).await
    });
    let results = super::execution::results(&execution);
    assert!(results["read"].is_number(), "{execution:#?}");
    let told = results["told"].as_str().unwrap();
    assert!(told.contains("not possible through Holdpoint"), "{told}");
    let conduct = execution.conduct.unwrap();
    assert_eq!(
        (conduct.refused_total, conduct.refused[0].code.as_str()),
        (1, "pva_write")
    );
    assert_eq!(site.server.changes(), 0);
}

#[test]
fn a_pv_access_write_is_refused_before_the_gateway() {
    let Some(mut site) = Site::start("a_pv_access_write_is_refused_before_the_gateway") else {
        return;
    };
    let attempts = "\
        from p4p.nt import NTURI\n\
        from p4p import Type, Value\n\
        said = []\n\
        for attempt in [lambda: c.put('HP:NUMBER', 99.0), lambda: c.put('HP:NUMBER', 99.0, get=False),\n\
        \x20   lambda: c.put('HP:WAVE', numpy.zeros(3), wait=True), lambda: c.put('HP:STRUCTURE', {'position': 9.0}),\n\
        \x20   lambda: c.put('HP:NUMBER', 99.0, process='force'),\n\
        \x20   lambda: c.rpc('HP:NUMBER', NTURI([('v', 'd')]).wrap('HP:NUMBER', kws={'v': 1.0}))]:\n\
        \x20   try:\n\
        \x20       attempt()\n\
        \x20       said.append('done')\n\
        \x20   except Exception as error:\n\
        \x20       said.append(str(error))\n\
        print(json.dumps([said, float(c.get('HP:NUMBER'))]))";
    let told = site.run(site.port, attempts);
    let refusal = "PV Access writes are not possible through Holdpoint";
    assert_eq!(told, json!([vec![refusal; 6], 1.5]));
    assert_eq!(
        site.server.tell("count"),
        json!({"changes": 0, "number": 1.5}),
        "the server saw none of it"
    );
    let refused = site.refused();
    let pvs: Vec<_> = refused.iter().filter_map(|(pv, _)| pv.as_deref()).collect();
    assert_eq!(
        pvs,
        [
            "HP:NUMBER",
            "HP:NUMBER",
            "HP:WAVE",
            "HP:STRUCTURE",
            "HP:NUMBER",
            "HP:NUMBER"
        ]
    );
    assert!(refused[0].1.starts_with("a put over PV Access"), "{refused:?}");
    assert!(refused[5].1.starts_with("a remote procedure call"), "{refused:?}");
    // The same program without the filter: the gateway itself lets everything pass.
    site.run(
        site.gateway_port,
        "c.put('HP:NUMBER', 99.0)\nprint(json.dumps('done'))",
    );
    assert_eq!(site.server.tell("count"), json!({"changes": 1, "number": 99.0}));
}

fn frame(order: u8, flags: u8, command: u8, payload: &[u8]) -> Vec<u8> {
    let size = u32::try_from(payload.len()).unwrap();
    let size = match order {
        LITTLE => size.to_le_bytes(),
        _ => size.to_be_bytes(),
    };
    [&[0xCA, 2, order | flags, command], &size[..], payload].concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// A request with the server's number of the channel, its own number, and its sub-command.
fn request(sid: u32, id: u32, sub_command: u8) -> Vec<u8> {
    [
        &sid.to_le_bytes()[..],
        &id.to_le_bytes(),
        &[sub_command],
        b"\x80\x00\x00",
    ]
    .concat()
}

/// Reads one message: its command and payload.
fn message(circuit: &mut Circuit) -> std::io::Result<(u8, Vec<u8>)> {
    loop {
        let mut header = [0; 8];
        circuit.read_exact(&mut header)?;
        if header[2] & 1 == 1 {
            continue;
        }
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let mut payload = vec![0; size as usize];
        circuit.read_exact(&mut payload)?;
        return Ok((header[3], payload));
    }
}

/// A circuit with a channel `HP:NUMBER` on it, and the server's number for it.
fn circuit(port: u16) -> (Circuit, u32) {
    let mut circuit = Circuit::connect(("127.0.0.1", port)).unwrap();
    assert_eq!(message(&mut circuit).unwrap().0, 1);
    let hello = [&[0; 8], &text("ca")[..], &[0xFF]].concat();
    circuit.write_all(&frame(LITTLE, 0, 1, &hello)).unwrap();
    assert_eq!(message(&mut circuit).unwrap(), (9, vec![0xFF]));
    // The gateway knows a channel once it was searched for.
    loop {
        let search = [
            &[1, 0, 0, 0, 1][..],
            &[0; 21],
            &[1],
            &text("tcp"),
            &[1, 0, 7, 0, 0, 0],
            &text("HP:NUMBER"),
        ]
        .concat();
        circuit.write_all(&frame(LITTLE, 0, 3, &search)).unwrap();
        let (command, found) = message(&mut circuit).unwrap();
        assert_eq!(command, 4);
        assert_eq!(found[16..32], [0; 16]);
        assert_eq!(found[32..34], port.to_le_bytes(), "the way that leads here");
        if found[38] == 1 {
            break;
        }
    }
    let create = [&[1, 0, 7, 0, 0, 0], &text("HP:NUMBER")[..]].concat();
    circuit.write_all(&frame(LITTLE, 0, 7, &create)).unwrap();
    let (command, created) = message(&mut circuit).unwrap();
    assert_eq!((command, created[8]), (7, 0xFF));
    (circuit, u32::from_le_bytes(created[4..8].try_into().unwrap()))
}

#[test]
fn hand_made_frames_are_refused_or_end_the_circuit() {
    let Some(mut site) = Site::start("hand_made_frames_are_refused_or_end_the_circuit") else {
        return;
    };
    let (mut wire, sid) = circuit(site.port);
    // Whole, in segments with a control message between them, and byte by byte.
    for (id, command) in [11, 12, 14, 16, 20].into_iter().enumerate() {
        let id = u32::try_from(id).unwrap();
        let payload = request(sid, id, 8);
        let (first, rest) = payload.split_at(3);
        let (middle, last) = rest.split_at(4);
        let ways = [
            vec![frame(LITTLE, 0, command, &payload)],
            vec![
                frame(LITTLE, 0x10, command, first),
                frame(LITTLE, 0x01, 2, &[]),
                frame(LITTLE, 0x30, command, middle),
                frame(LITTLE, 0x20, command, last),
            ],
            frame(LITTLE, 0, command, &payload)
                .chunks(1)
                .map(<[u8]>::to_vec)
                .collect(),
        ];
        for way in ways {
            for piece in way {
                wire.write_all(&piece).unwrap();
            }
            let (answered, told) = message(&mut wire).unwrap();
            assert_eq!(answered, command);
            assert_eq!(told[..6], [&id.to_le_bytes()[..], &[8, 2]].concat(), "an error");
        }
    }
    // A read that asks for processing is a write.
    for command in [10, 13] {
        let payload = [request(sid, 50, 8), b"record[process=true]field(value)".to_vec()].concat();
        wire.write_all(&frame(LITTLE, 0, command, &payload)).unwrap();
        assert_eq!(message(&mut wire).unwrap().0, command);
    }
    let refused = site.refused();
    assert_eq!(refused.len(), 17);
    assert!(refused.iter().all(|(pv, _)| pv.as_deref() == Some("HP:NUMBER")));
    // The circuit still works.
    wire.write_all(&frame(LITTLE, 0, 2, b"ping")).unwrap();
    assert_eq!(message(&mut wire).unwrap(), (2, b"ping".to_vec()));
    let hostile: [(&str, Vec<u8>); 7] = [
        ("no magic", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("from the server", frame(LITTLE, 0x40, 10, &request(sid, 1, 8))),
        ("the other byte order", frame(BIG, 0, 11, &request(sid, 1, 8))),
        ("huge", [&[0xCA, 2, 0, 10], &u32::MAX.to_le_bytes()[..]].concat()),
        ("a last segment alone", frame(LITTLE, 0x20, 10, &[])),
        (
            "another command in a segment",
            [frame(LITTLE, 0x10, 10, &[1]), frame(LITTLE, 0x20, 11, &[1])].concat(),
        ),
        ("a put without its head", frame(LITTLE, 0, 11, &[1, 2, 3])),
    ];
    for (what, bytes) in hostile {
        let (mut wire, _) = circuit(site.port);
        wire.write_all(&bytes).unwrap();
        assert!(message(&mut wire).is_err(), "{what}");
    }
    assert_eq!(site.server.changes(), 0);
}

/// A trail that takes nothing.
struct Full;

#[async_trait]
impl Trail for Full {
    async fn record(&self, _: GatewayEvent) -> Result<(), TrailError> {
        Err(TrailError("the disk is full".to_owned()))
    }
}

#[tokio::test]
async fn a_refusal_that_is_not_kept_ends_the_circuit_and_is_told() {
    let gateway = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = EpicsSettings {
        pva_gateway: Some(gateway.local_addr().unwrap().to_string()),
        ..Config::builtin().control_system.epics
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap();
    let (told, mut refused) = tokio::sync::mpsc::unbounded_channel();
    let told = Arc::new(move |put: RefusedPut| told.send(put).unwrap());
    let serving = tokio::spawn(async move { serve_pva(listener, &settings, Arc::new(Full), told).await });
    let mut program = TcpStream::connect(port).await.unwrap();
    let (mut server, _) = gateway.accept().await.unwrap();
    server.write_all(&frame(LITTLE, 0x40, 9, &[0xFF])).await.unwrap();
    let mut greeting = [0; 9];
    program.read_exact(&mut greeting).await.unwrap();
    let put = frame(LITTLE, 0, 11, &request(1, 1, 8));
    program
        .write_all(&[frame(LITTLE, 0, 2, &[]), put].concat())
        .await
        .unwrap();
    let mut rest = Vec::new();
    program.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty(), "{rest:?}");
    server.read_to_end(&mut rest).await.unwrap();
    assert_eq!(
        rest,
        frame(LITTLE, 0, 2, &[]),
        "the echo before it, and not the put"
    );
    let put = refused.recv().await.unwrap();
    assert_eq!((put.pv, put.code.as_str()), (None, "pva_write"));
    // A gateway that is not there is no fault of ours.
    drop((gateway, server));
    let mut program = TcpStream::connect(port).await.unwrap();
    assert_eq!(program.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(!serving.is_finished());
    serving.abort();
}

fn rules() -> PvaRules {
    PvaRules {
        user: "holdpoint-read".to_owned(),
        host: "console".to_owned(),
        port: 5075,
        max_message_bytes: 64 << 10,
        max_channels: 2,
        max_subscriptions: 1,
    }
}

/// A filter whose server has spoken.
fn greeted(order: u8) -> PvaFilter {
    let mut filter = PvaFilter::new(rules());
    let methods = [&[0, 0, 1, 0, 0xFF, 0x7F, 2], &text("anonymous")[..], &text("ca")].concat();
    let hello = [
        [0xCA, 2, 0x41 | order, 2, 0, 0, 0, 0].to_vec(),
        frame(order, 0x40, 1, &methods),
    ]
    .concat();
    assert_eq!(filter.server(&hello).unwrap(), hello);
    filter
}

#[test]
fn the_gateway_is_told_our_name() {
    let mut filter = greeted(LITTLE);
    let claimed = [
        &[0; 8],
        &text("ca")[..],
        &[0x80, 0, 1],
        &text("user"),
        &[0x60],
        &text("root"),
    ]
    .concat();
    let actions = filter.client(&frame(LITTLE, 0, 1, &claimed)).unwrap();
    let [PvaAction::Forward(sent)] = &actions[..] else {
        panic!("{actions:?}");
    };
    let ours = [
        &[0, 0, 1, 0, 0xFF, 0x7F, 0, 0],
        &text("ca")[..],
        &[0x80, 0, 2],
        &text("user"),
        &[0x60],
        &text("host"),
        &[0x60],
        &text("holdpoint-read"),
        &text("console"),
    ]
    .concat();
    assert_eq!(*sent, frame(LITTLE, 0, 1, &ours));
    // What a client may say elsewhere of itself, or to the server's log, goes nowhere.
    for command in [5, 18] {
        assert_eq!(
            filter.client(&frame(LITTLE, 0, command, b"\x04root")).unwrap(),
            []
        );
    }
}

#[test]
fn a_client_speaks_after_its_server_and_in_its_order() {
    let mut filter = PvaFilter::new(rules());
    let echo = |order| frame(order, 0, 2, &[]);
    assert_eq!(filter.client(&echo(LITTLE)), Err(PvaBreach::ByteOrder));
    let mut filter = greeted(BIG);
    assert_eq!(filter.client(&echo(BIG)), Ok(vec![PvaAction::Forward(echo(BIG))]));
    // Searches come in either order, and go on in the server's, without the address to answer to.
    let names = [&text("tcp")[..], &[1, 0, 0, 0, 0, 9], &text("PV")].concat();
    let search = [&[0, 0, 0, 5, 0x81, 0, 0, 0][..], &[7; 18], &[1], &names].concat();
    let mut filter_little = greeted(LITTLE);
    let turned = [
        &[5, 0, 0, 0, 1][..],
        &[0; 21],
        &[1],
        &text("tcp"),
        &[1, 0, 9, 0, 0, 0],
        &text("PV"),
    ]
    .concat();
    let names = [&text("tcp")[..], &[0, 1, 0, 0, 0, 9], &text("PV")].concat();
    let right = [&search[..26], &[1], &names].concat();
    assert_eq!(
        filter_little.client(&frame(BIG, 0, 3, &right)),
        Ok(vec![PvaAction::Forward(frame(LITTLE, 0, 3, &turned))])
    );
    assert_eq!(
        filter_little.client(&frame(BIG, 0, 3, &search)),
        Err(PvaBreach::Content(3))
    );
    assert_eq!(filter.client(&echo(LITTLE)), Err(PvaBreach::ByteOrder));
}

#[test]
fn channels_and_subscriptions_are_bounded() {
    let mut filter = greeted(LITTLE);
    let create = |cid: u8| {
        let payload = [&[1, 0, cid, 0, 0, 0], &text("PV")[..]].concat();
        frame(LITTLE, 0, 7, &payload)
    };
    let forwarded = |actions: Result<Vec<PvaAction>, PvaBreach>| match actions.unwrap().as_slice() {
        [PvaAction::Forward(_)] => true,
        [PvaAction::Answer(_)] => false,
        other => panic!("{other:?}"),
    };
    for cid in [1, 2] {
        assert!(forwarded(filter.client(&create(cid))));
        let created = [[cid, 0, 0, 0], [cid, 1, 0, 0]].concat();
        filter
            .server(&frame(LITTLE, 0x40, 7, &[&created[..], &[0xFF]].concat()))
            .unwrap();
    }
    assert!(!forwarded(filter.client(&create(3))));
    let monitor = |id: u8| frame(LITTLE, 0, 13, &request(0x101, u32::from(id), 8));
    assert!(forwarded(filter.client(&monitor(1))));
    assert!(!forwarded(filter.client(&monitor(2))));
    let end = [[1, 1, 0, 0], [1, 0, 0, 0]].concat();
    assert!(forwarded(filter.client(&frame(LITTLE, 0, 15, &end))));
    assert!(forwarded(filter.client(&monitor(2))));
    // With the channel goes what was open on it.
    let closed = [[1, 1, 0, 0], [1, 0, 0, 0]].concat();
    assert!(forwarded(filter.client(&frame(LITTLE, 0, 8, &closed))));
    assert!(forwarded(filter.client(&create(3))));
    // One number for two names: a refusal could not be told of the right one.
    assert_eq!(filter.client(&create(3)), Err(PvaBreach::Content(7)));
}

/// The commands that can go to a server: none of them writes.
const READS: [u8; 10] = [1, 2, 3, 7, 8, 10, 13, 15, 17, 21];

/// What a client may send: nonsense, and frames that are nearly or quite right.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        (any::<u32>(), any::<u32>(), any::<u8>()).prop_map(|(sid, id, sub)| request(sid, id, sub)),
        Just([request(1, 2, 8), b"\x07process".to_vec()].concat()),
        Just([&[1, 0, 7, 0, 0, 0], &text("PV")[..]].concat()),
        // A message within a message, should anything lose count.
        (0u8..24).prop_map(|command| frame(LITTLE, 0, command, &request(1, 2, 8))),
    ];
    let flags = prop_oneof![
        5 => Just(0u8),
        1 => prop::sample::select(vec![0x01u8, 0x10, 0x20, 0x30, 0x40, 0x80]),
        1 => any::<u8>(),
    ];
    let framed = (
        flags,
        0u8..26,
        payload,
        prop_oneof![9 => Just(0i32), 1 => -9..9i32],
    )
        .prop_map(|(flags, command, payload, off)| {
            let mut frame = frame(LITTLE, 0, command, &payload);
            frame[2] = flags;
            let size = u32::try_from(payload.len()).unwrap().wrapping_add_signed(off);
            frame[4..8].copy_from_slice(&size.to_le_bytes());
            frame
        });
    prop_oneof![9 => framed, 1 => prop::collection::vec(any::<u8>(), 0..40)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// X2: no bytes of a client bring a write to the gateway.
    #[test]
    fn no_bytes_bring_a_write_to_the_gateway(
        pieces in prop::collection::vec(piece(), 1..12),
        step in 1usize..60,
    ) {
        let mut filter = greeted(LITTLE);
        let mut sent = Vec::new();
        for bytes in pieces.concat().chunks(step) {
            let Ok(actions) = filter.client(bytes) else {
                break;
            };
            for action in actions {
                if let PvaAction::Forward(bytes) = action {
                    sent.extend(bytes);
                }
            }
        }
        // As the plainest of servers would read it: no segments, no flags, one message after the other.
        let mut rest = &sent[..];
        while !rest.is_empty() {
            prop_assert_eq!((rest[0], rest[2]), (0xCA, 0));
            prop_assert!(READS.contains(&rest[3]), "command {}", rest[3]);
            let size = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
            let payload = &rest[8..8 + size];
            let processes = payload.windows(7).any(|window| window == b"process");
            prop_assert!(!(processes && [10, 13].contains(&rest[3])));
            rest = &rest[8 + size..];
        }
    }
}
