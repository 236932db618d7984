//! The gateway between real clients and real servers: what passes, what is refused, and what the server saw of it.

mod fake;
mod hostile;
mod laws;
mod puts;
pub(crate) mod rig;

use std::time::Duration;

use holdpoint::{
    config::Interlock,
    execution::{
        Access,
        gateway::{Gateway, ReadFault},
    },
    model::PvValue,
};
use serde_json::{Value, json};

use rig::{Ioc, serve, settings};

const READS: &str = r#"
import epics, json
def pv(name):
    pv = epics.PV('GW:' + name)
    assert pv.wait_for_connection(20), name
    return pv
wave = pv('WAVE').get(timeout=20)
print(json.dumps({
    'real': pv('REAL').get(), 'single': pv('SINGLE').get(), 'whole': pv('WHOLE').get(), 'short': pv('SHORT').get(),
    'choice': pv('CHOICE').get(as_string=True), 'text': pv('TEXT').get(),
    'letters': pv('LETTERS').get(as_string=True),
    'wave': [len(wave), wave[-1]], 'long': int(sum(pv('LONG_WAVE').get(timeout=20))),
    'write': [pv('REAL').write_access, pv('REAL').read_access],
}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn pyepics_reads_every_type() {
    let Some(ioc) = Ioc::start("pyepics_reads_every_type", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), Access::Read).await;
    let read: Value = serde_json::from_str(&way.python(READS).await).unwrap();
    assert_eq!(
        read,
        json!({
            "real": 1.5, "single": 2.5, "whole": 7, "short": 3, "choice": "Off", "text": "hello",
            "letters": "some letters", "wave": [2000, 1999.0], "long": 199_990_000,
            "write": [false, true],
        })
    );
    let conduct = way.session.finish().await;
    assert_eq!(conduct.servers, [ioc.address()]);
    assert_eq!((conduct.puts_total, conduct.refused_total), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn caproto_reads_and_monitors() {
    let Some(ioc) = Ioc::start("caproto_reads_and_monitors", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), Access::Read).await;
    let code = r"
import threading
from caproto.threading.client import Context
real, ticks, choice = Context().get_pvs('GW:REAL', 'GW:TICKS', 'GW:CHOICE')
for pv in (real, ticks, choice):
    pv.wait_for_connection(timeout=20)
seen, enough = [], threading.Event()
def tick(subscription, response):
    seen.append(int(response.data[0]))
    if len(seen) >= 50:
        enough.set()
subscription = ticks.subscribe()
subscription.add_callback(tick)
assert enough.wait(40)
assert seen == sorted(seen)
print(real.read().data[0], choice.read(data_type='control').metadata.enum_strings)
";
    assert_eq!(way.python(code).await, "1.5 (b'Off', b'On', b'Standby')\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_are_one_control_system() {
    let (Some(one), Some(two)) = (
        Ioc::start("several_servers", &[]),
        Ioc::start("several_servers", &["--prefix", "OTHER:"]),
    ) else {
        return;
    };
    let way = serve(settings(&[&one.address(), &two.address()]), Access::Read).await;
    let code =
        "import epics\nprint(epics.caget('GW:REAL', timeout=20), epics.caget('OTHER:WHOLE', timeout=20))";
    assert_eq!(way.python(code).await, "1.5 7\n");
    let mut servers = way.session.finish().await.servers;
    servers.sort();
    let mut expected = [one.address(), two.address()];
    expected.sort();
    assert_eq!(servers, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_finds_a_restarted_server_again() {
    let Some(ioc) = Ioc::start("restart", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), Access::Read).await;
    let folder = tempfile::tempdir().unwrap();
    let (connected, restarted) = (folder.path().join("connected"), folder.path().join("restarted"));
    let code = format!(
        r"
import epics, os, time, threading
gone = threading.Event()
pv = epics.PV('GW:REAL', connection_callback=lambda conn=None, **more: conn or gone.set())
assert pv.wait_for_connection(20)
open({connected:?}, 'w').close()
assert gone.wait(40)
while not os.path.exists({restarted:?}):
    time.sleep(0.02)
assert pv.wait_for_connection(50)
print(pv.get(timeout=20))
"
    );
    let restart = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while !connected.exists() {
            look.tick().await;
        }
        let port = ioc.port.to_string();
        drop(ioc);
        let again = tokio::task::spawn_blocking(move || Ioc::start("restart", &["--port", &port]));
        let again = again.await.unwrap();
        std::fs::write(&restarted, "").unwrap();
        again
    };
    let (said, _again) = tokio::join!(way.python(&code), restart);
    assert_eq!(said, "1.5\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_reads_for_the_service() {
    let (Some(one), Some(two)) = (
        Ioc::start("the_reader", &[]),
        Ioc::start("the_reader", &["--prefix", "OTHER:"]),
    ) else {
        return;
    };
    let mut settings = settings(&[&one.address(), &two.address()]);
    settings.epics.timeout = Duration::from_secs(2);
    settings.interlocks = vec![Interlock {
        pv: "GW:CHOICE".to_owned(),
        one_of: vec![PvValue::Text("Off".to_owned())],
        min: None,
        max: None,
        message: String::new(),
    }];
    let reader = Gateway::new(settings.clone()).reader();
    let names = [
        "GW:REAL",
        "OTHER:WHOLE",
        "GW:CHOICE",
        "GW:FIXED",
        "GW:NONE",
        "no name",
    ];
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    for _ in 0..2 {
        let mut read = reader.read(&names).await;
        let mut of = |name: &str| read.remove(name).unwrap();
        let real = of("GW:REAL").unwrap();
        assert_eq!(
            (real.value, real.ioc, real.writable),
            (PvValue::Real(1.5), one.address(), true)
        );
        let whole = of("OTHER:WHOLE").unwrap();
        assert_eq!((whole.value, whole.ioc), (PvValue::Int(7), two.address()));
        let choice = PvValue::Choice {
            index: 0,
            label: Some("Off".to_owned()),
        };
        assert_eq!(of("GW:CHOICE").unwrap().value, choice);
        assert!(!of("GW:FIXED").unwrap().writable);
        assert_eq!(of("GW:NONE").unwrap_err(), ReadFault::NotFound);
        assert!(matches!(of("no name").unwrap_err(), ReadFault::Name(_)));
    }
    assert_eq!(reader.interlocks().await, Ok(()));
    drop(one);
    let open = reader.interlocks().await.unwrap_err();
    assert_eq!(open.pv, "GW:CHOICE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reader_tells_of_a_name_on_two_servers() {
    let (Some(one), Some(two)) = (Ioc::start("reader_two", &[]), Ioc::start("reader_two", &[])) else {
        return;
    };
    let reader = Gateway::new(settings(&[&one.address(), &two.address()])).reader();
    let read = reader.read(&["GW:REAL".to_owned()]).await;
    match &read["GW:REAL"] {
        Err(ReadFault::Ambiguous(servers)) => assert_eq!(servers.len(), 2),
        other => panic!("{other:?}"),
    }
}
