//! Puts: refused, rehearsed, judged; each as the server itself counts them.

use std::{sync::Arc, time::Duration};

use holdpoint::{
    config::{Interlock, LimitsSettings, Tolerance},
    execution::{
        Access,
        gateway::{
            Gateway,
            codec::{Message, command, status},
        },
    },
    model::{GatewayEvent, PutOutcome, PvValue, Reading, Timestamp, VerificationLevel},
};
use serde_json::json;

use super::rig::{Events, Ioc, PATIENCE, Raw, permit, serve, serve_with, settings};

/// Puts, waits for the answer, and prints what the client makes of it.
const PUT: &str = r"
import epics, sys
def put(name, value, **more):
    pv = epics.PV('GW:' + name)
    assert pv.wait_for_connection(20), name
    try:
        pv.put(value, wait=True, timeout=20, **more)
        print(name, 'put')
    except Exception as error:
        print(name, 'refused')
";

fn puts(lines: &str) -> String {
    format!("{PUT}\n{lines}")
}

/// A put of one double, by hand.
fn double(command: u16, sid: u32, number: u32, value: f64) -> Message {
    Message {
        payload: value.to_be_bytes().to_vec(),
        ..Message::bare(command, 6, 1, sid, number)
    }
}

fn seen(pv: &str, value: f64) -> Reading {
    Reading {
        pv: pv.to_owned(),
        value: PvValue::Real(value),
        ioc: String::new(),
        writable: true,
        at: Timestamp::now(),
    }
}

fn codes(events: &[GatewayEvent]) -> Vec<String> {
    let code = |event: &GatewayEvent| match event {
        GatewayEvent::Refused { code, .. } => Some(code.clone()),
        _ => None,
    };
    events.iter().filter_map(code).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_refuses_every_put_and_the_server_sees_none() {
    let Some(ioc) = Ioc::start("read_only_refuses_every_put", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), Access::Read).await;
    assert_eq!(way.python(&puts("put('REAL', 4.0)")).await, "REAL refused\n");
    let caproto = r"
from caproto.threading.client import Context
pv, = Context().get_pvs('GW:REAL')
pv.wait_for_connection(timeout=20)
try:
    print(pv.write([4.0], wait=True, timeout=20).status.name)
except Exception as error:
    print(type(error).__name__)
";
    let said = way.python(caproto).await;
    assert!(said.contains("NOWTACCESS") || said.contains("Error"), "{said}");

    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (sid, _, rights) = raw.open(1, "GW:REAL").await;
    assert_eq!(rights, 1);
    raw.send(&double(command::WRITE_NOTIFY, sid, 41, 5.0)).await;
    let answer = raw.next_of(command::WRITE_NOTIFY).await;
    assert_eq!((answer.first, answer.second), (status::NOWTACCESS, 41));
    raw.send(&double(command::WRITE, sid, 42, 6.0)).await;
    let answer = raw.next_of(command::ERROR).await;
    assert_eq!(
        (answer.first, answer.second, &answer.payload[..2]),
        (1, status::NOWTACCESS, [0, 4].as_slice())
    );
    // The same with an extended header, by hand: a payload of eight bytes need not have one.
    let mut extended = vec![0, 19, 0xff, 0xff, 0, 6, 0, 0];
    for word in [sid, 43, 8, 1] {
        extended.extend(u32::to_be_bytes(word));
    }
    extended.extend(7.0_f64.to_be_bytes());
    raw.send_bytes(&extended).await;
    let answer = raw.next_of(command::WRITE_NOTIFY).await;
    assert_eq!((answer.first, answer.second), (status::NOWTACCESS, 43));
    // A channel that was never opened, and types that are no values.
    raw.send(&double(command::WRITE_NOTIFY, 9_999, 44, 8.0)).await;
    raw.send(&Message::bare(command::WRITE_NOTIFY, 35, 1, sid, 45))
        .await;
    for ioid in [44, 45] {
        let answer = raw.next_of(command::WRITE_NOTIFY).await;
        assert_eq!((answer.first, answer.second), (status::NOWTACCESS, ioid));
    }
    let events = Arc::clone(&way.events);
    drop(raw);
    let conduct = way.session.finish().await;
    assert_eq!(ioc.puts(), []);
    let codes = codes(&events.all());
    assert!(
        codes.len() >= 5 && codes.iter().all(|code| code == "read_only"),
        "{codes:?}"
    );
    assert_eq!(conduct.refused_total, codes.len() as u64);
    let values: Vec<_> = conduct.refused.iter().filter_map(|put| put.new.clone()).collect();
    for value in [5.0, 6.0, 7.0] {
        assert!(values.contains(&PvValue::Real(value)), "{values:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn approved_puts_pass_as_what_was_judged_and_are_recorded() {
    let Some(ioc) = Ioc::start("approved_puts_pass", &[]) else {
        return;
    };
    let mut settings = settings(&[&ioc.address()]);
    settings.verification.enabled = true;
    settings.verification.default_level = VerificationLevel::Readback;
    let channels = ["GW:REAL", "GW:CHOICE", "GW:WHOLE", "GW:TEXT", "GW:SINGLE"];
    let way = serve(settings, permit(&channels, vec![seen("GW:REAL", 1.5)])).await;
    let said = way
        .python(&puts(
            "put('REAL', 4.25); put('CHOICE', 'Standby'); put('WHOLE', 12); put('TEXT', 'bye')\n\
             put('REAL.VAL', 4.5) if False else None\n\
             put('SHORT', 9); put('SINGLE', 0.5)",
        ))
        .await;
    // SHORT is not approved, whatever pyepics says of a put with a callback.
    assert_eq!(
        said,
        "REAL put\nCHOICE put\nWHOLE put\nTEXT put\nSHORT put\nSINGLE put\n"
    );
    let events = Arc::clone(&way.events);
    let conduct = way.session.finish().await;
    let puts: Vec<_> = ioc.puts();
    let names: Vec<&str> = puts.iter().map(|(pv, _)| pv.as_str()).collect();
    assert_eq!(
        names,
        ["GW:REAL", "GW:CHOICE", "GW:WHOLE", "GW:TEXT", "GW:SINGLE"]
    );
    assert_eq!(puts[0].1, json!(4.25));
    let told: Vec<_> = conduct
        .puts
        .iter()
        .map(|put| (put.serial, put.pv.as_str(), put.outcome.clone()))
        .collect();
    let confirmed = Some(PutOutcome::Confirmed);
    assert_eq!(told[0], (1, "GW:REAL", confirmed.clone()));
    assert!(
        told.iter().all(|(_, _, outcome)| *outcome == confirmed),
        "{told:?}"
    );
    assert_eq!(conduct.puts[0].old, Some(PvValue::Real(1.5)));
    assert_eq!(
        conduct.puts[1].new,
        PvValue::Choice {
            index: 2,
            label: Some("Standby".to_owned())
        }
    );
    assert_eq!(
        conduct.puts[1].old,
        Some(PvValue::Choice {
            index: 0,
            label: Some("Off".to_owned())
        })
    );
    let refused: Vec<_> = conduct
        .refused
        .iter()
        .map(|put| (put.pv.as_deref(), put.code.as_str()))
        .collect();
    assert_eq!(refused, [(Some("GW:SHORT"), "not_approved")]);
    assert_eq!(conduct.snapshot.len(), 5);
    assert_eq!(conduct.verified.len(), 5);
    assert!(
        conduct.verified.iter().all(|one| one.confirmed),
        "{:#?}",
        conduct.verified
    );
    let events = events.all();
    assert!(matches!(events[0], GatewayEvent::Snapshot { .. }));
    assert!(matches!(events[1], GatewayEvent::Put { serial: 1, .. }));
    assert!(matches!(
        events[2],
        GatewayEvent::PutEnded {
            serial: 1,
            outcome: PutOutcome::Confirmed,
            ..
        }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_of_hand_made_frames_is_judged_like_any_other() {
    let Some(ioc) = Ioc::start("hand_made_puts", &[]) else {
        return;
    };
    let mut settings = settings(&[&ioc.address()]);
    settings.verification.enabled = true;
    settings.epics.put_timeout = Duration::from_secs(1);
    let channels = ["GW:REAL", "GW:SLOW", "GW:BROKEN", "GW:FIXED", "GW:WAVE"];
    let way = serve(settings, permit(&channels, Vec::new())).await;
    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (real, _, rights) = raw.open(1, "GW:REAL").await;
    assert_eq!(rights, 3);
    let (single, _, rights) = raw.open(2, "GW:SINGLE").await;
    assert_eq!(rights, 3, "what is not approved is to arrive, and be refused");
    let (fixed, ..) = raw.open(3, "GW:FIXED").await;
    let (broken, ..) = raw.open(4, "GW:BROKEN").await;
    let (slow, ..) = raw.open(5, "GW:SLOW").await;
    let mut outcome = async |message: Message| {
        raw.send(&message).await;
        raw.next_of(command::WRITE_NOTIFY).await.first
    };
    assert_eq!(
        outcome(double(command::WRITE_NOTIFY, real, 1, 2.0)).await,
        status::NORMAL
    );
    assert_eq!(
        outcome(double(command::WRITE_NOTIFY, single, 2, 2.0)).await,
        status::NOWTACCESS
    );
    assert_eq!(
        outcome(double(command::WRITE_NOTIFY, fixed, 3, 2.0)).await,
        status::NOWTACCESS
    );
    assert_ne!(
        outcome(double(command::WRITE_NOTIFY, broken, 4, 2.0)).await,
        status::NORMAL
    );
    assert_eq!(
        outcome(double(command::WRITE_NOTIFY, real, 5, f64::NAN)).await,
        status::NOWTACCESS
    );
    // A put without an answer, and one whose answer does not come.
    raw.send(&double(command::WRITE, real, 6, 3.0)).await;
    raw.send(&double(command::WRITE_NOTIFY, slow, 7, 1.0)).await;
    // The server has seen both once it answers what comes behind them.
    raw.send(&Message::bare(command::READ_NOTIFY, 6, 1, real, 8))
        .await;
    raw.next_of(command::READ_NOTIFY).await;
    drop(raw);
    let events = Arc::clone(&way.events);
    let conduct = way.session.finish().await;
    let outcomes: Vec<_> = conduct
        .puts
        .iter()
        .map(|put| (put.pv.as_str(), put.outcome.clone().unwrap()))
        .collect();
    assert_eq!(outcomes[0], ("GW:REAL", PutOutcome::Confirmed));
    assert!(matches!(outcomes[1], ("GW:BROKEN", PutOutcome::Failed { .. })));
    assert_eq!(outcomes[2], ("GW:REAL", PutOutcome::Sent));
    assert!(
        matches!(outcomes[3], ("GW:SLOW", PutOutcome::Unknown { .. })),
        "{outcomes:?}"
    );
    assert_eq!(
        codes(&events.all()),
        ["not_approved", "no_write_access", "not_a_number"]
    );
    // A put that nobody answers is read back.
    let real = conduct.verified.iter().find(|one| one.pv == "GW:REAL").unwrap();
    assert_eq!(
        (real.level, real.confirmed, &real.read),
        (VerificationLevel::Readback, true, &Some(PvValue::Real(3.0)))
    );
    let broken = conduct.verified.iter().find(|one| one.pv == "GW:BROKEN").unwrap();
    assert!(!broken.confirmed);
    let reached: Vec<_> = ioc.puts();
    assert_eq!(
        reached,
        [
            ("GW:REAL".to_owned(), json!(2.0)),
            ("GW:REAL".to_owned(), json!(3.0)),
            ("GW:SLOW".to_owned(), json!(1.0)),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_answers_and_sends_nothing() {
    let Some(ioc) = Ioc::start("rehearsal", &[]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("limits.json");
    std::fs::write(
        &file,
        r#"{"GW:REAL": {"min_value": 0, "max_value": 10, "max_step": 1}, "GW:CHOICE": {}}"#,
    )
    .unwrap();
    let mut settings = settings(&[&ioc.address()]);
    settings.limits = LimitsSettings {
        enabled: true,
        database_path: Some(file),
        allow_unlisted_channels: false,
    };
    let way = serve(settings, Access::Rehearse).await;
    let said = way
        .python(&puts(
            "put('REAL', 2.0); put('REAL', 3.0); put('REAL', 99.0); put('CHOICE', 'On'); put('TEXT', 'x')",
        ))
        .await;
    assert_eq!(said, "REAL put\nREAL put\nREAL put\nCHOICE put\nTEXT put\n");
    let conduct = way.session.finish().await;
    assert_eq!(ioc.puts(), []);
    let told: Vec<_> = conduct
        .puts
        .iter()
        .map(|put| {
            (
                put.new.clone(),
                put.refusal.as_ref().map(|(code, _)| code.as_str()),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (PvValue::Real(2.0), None),
            // A step from what the rehearsal would have set before.
            (PvValue::Real(3.0), None),
            (PvValue::Real(99.0), Some("above_maximum")),
            (
                PvValue::Choice {
                    index: 1,
                    label: Some("On".to_owned())
                },
                None
            ),
            (PvValue::Text("x".to_owned()), Some("unlisted_pv")),
        ]
    );
    assert!(conduct.puts.iter().all(|put| put.outcome.is_none()));
    assert_eq!(conduct.puts[0].old, Some(PvValue::Real(1.5)));
}

/// What a program that puts two values is told, and why.
async fn attempt(
    ioc: &Ioc,
    change: impl FnOnce(&mut holdpoint::config::ControlSystemSettings),
    access: Access,
) -> Vec<String> {
    let mut settings = settings(&[&ioc.address()]);
    change(&mut settings);
    let way = serve(settings, access).await;
    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (sid, ..) = raw.open(1, "GW:REAL").await;
    raw.send(&double(command::WRITE_NOTIFY, sid, 1, 1.6)).await;
    raw.next_of(command::WRITE_NOTIFY).await;
    drop(raw);
    let events = Arc::clone(&way.events);
    way.session.finish().await;
    codes(&events.all())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_put_unless_what_was_seen_still_holds() {
    let Some(ioc) = Ioc::start("values_changed", &[]) else {
        return;
    };
    let shown = |pv: &str, value| permit(&["GW:REAL"], vec![seen(pv, value)]);
    let drift = |settings: &mut holdpoint::config::ControlSystemSettings| {
        settings.drift = Tolerance {
            absolute: 0.0,
            percent: 1.0,
        };
        settings.epics.timeout = Duration::from_millis(1500);
    };
    assert_eq!(
        attempt(&ioc, drift, shown("GW:REAL", 1.6)).await,
        ["values_changed"]
    );
    assert_eq!(
        attempt(&ioc, drift, shown("GW:SINGLE", 3.0)).await,
        ["values_changed"]
    );
    assert_eq!(
        attempt(&ioc, drift, shown("GW:GONE", 3.0)).await,
        ["values_changed"]
    );
    let interlock = |one_of: &str| {
        let interlock = Interlock {
            pv: "GW:MACHINE".to_owned(),
            one_of: vec![PvValue::Text(one_of.to_owned())],
            min: None,
            max: None,
            message: "the machine is not in shutdown".to_owned(),
        };
        move |settings: &mut holdpoint::config::ControlSystemSettings| settings.interlocks = vec![interlock]
    };
    let plain = || permit(&["GW:REAL"], Vec::new());
    assert_eq!(attempt(&ioc, interlock("Shutdown"), plain()).await, ["interlock"]);
    assert_eq!(ioc.puts(), []);
    assert_eq!(
        attempt(&ioc, interlock("Run"), plain()).await,
        Vec::<String>::new()
    );
    assert_eq!(
        attempt(&ioc, drift, shown("GW:REAL", 1.605)).await,
        Vec::<String>::new()
    );
    assert_eq!(ioc.puts().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_and_a_trail_that_fails_end_all_puts() {
    let Some(ioc) = Ioc::start("stop", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), permit(&["GW:REAL"], Vec::new())).await;
    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (sid, ..) = raw.open(1, "GW:REAL").await;
    raw.send(&double(command::WRITE_NOTIFY, sid, 1, 2.0)).await;
    assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, status::NORMAL);
    way.stop.cancel();
    raw.send(&double(command::WRITE_NOTIFY, sid, 2, 3.0)).await;
    assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, status::NOWTACCESS);
    // Reads go on.
    raw.send(&Message::bare(command::READ_NOTIFY, 6, 1, sid, 3)).await;
    assert_eq!(
        raw.next_of(command::READ_NOTIFY).await.payload,
        2.0_f64.to_be_bytes()
    );
    let events = Arc::clone(&way.events);
    drop(raw);
    way.session.finish().await;
    assert_eq!(codes(&events.all()), ["stopped"]);
    assert_eq!(ioc.puts().len(), 1);

    let events = Arc::new(Events {
        refuses: true,
        ..Events::default()
    });
    let way = serve_with(
        settings(&[&ioc.address()]),
        permit(&["GW:REAL"], Vec::new()),
        events,
    )
    .await;
    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (sid, ..) = raw.open(1, "GW:REAL").await;
    raw.send(&double(command::WRITE_NOTIFY, sid, 1, 4.0)).await;
    assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, status::NOWTACCESS);
    drop(raw);
    let conduct = way.session.finish().await;
    assert_eq!(conduct.refused[0].code, "trail_failed");
    assert!(
        conduct.notes.iter().any(|note| note.contains("disk is full")),
        "{:?}",
        conduct.notes
    );
    assert_eq!(ioc.puts().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_on_two_servers_is_read_from_the_first_and_not_written() {
    let (Some(one), Some(two)) = (Ioc::start("two_servers", &[]), Ioc::start("two_servers", &[])) else {
        return;
    };
    let way = serve(
        settings(&[&one.address(), &two.address()]),
        permit(&["GW:REAL"], Vec::new()),
    )
    .await;
    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (sid, ..) = raw.open(1, "GW:REAL").await;
    raw.send(&Message::bare(command::READ_NOTIFY, 6, 1, sid, 3)).await;
    assert_eq!(raw.next_of(command::READ_NOTIFY).await.first, status::NORMAL);
    raw.send(&double(command::WRITE_NOTIFY, sid, 1, 4.0)).await;
    assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, status::NOWTACCESS);
    let events = Arc::clone(&way.events);
    drop(raw);
    let conduct = way.session.finish().await;
    assert_eq!(codes(&events.all()), ["ambiguous_pv"]);
    assert_eq!(conduct.servers.len(), 2);
    assert!(
        conduct.notes.iter().any(|note| note.contains("GW:REAL is on")),
        "{:?}",
        conduct.notes
    );
    assert_eq!((one.puts(), two.puts()), (Vec::new(), Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_the_record_behind_an_alias_hold_too() {
    let Some(ioc) = Ioc::start("alias", &[]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("limits.json");
    std::fs::write(
        &file,
        r#"{"GW:ALIAS": {"max_value": 100}, "GW:BEHIND": {"max_value": 10}}"#,
    )
    .unwrap();
    let mut settings = settings(&[&ioc.address()]);
    settings.limits.enabled = true;
    settings.limits.database_path = Some(file);
    let way = serve(settings, permit(&["GW:ALIAS"], Vec::new())).await;
    let mut raw = Raw::find(way.search, "GW:ALIAS").await;
    let (sid, ..) = raw.open(1, "GW:ALIAS").await;
    for (value, expected) in [(50.0, status::NOWTACCESS), (5.0, status::NORMAL)] {
        raw.send(&double(command::WRITE_NOTIFY, sid, 1, value)).await;
        assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, expected);
    }
    drop(raw);
    let conduct = way.session.finish().await;
    assert_eq!(conduct.refused[0].code, "above_maximum");
    assert_eq!(ioc.puts(), [("GW:ALIAS".to_owned(), json!(5.0))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refused_puts_ends_the_circuits() {
    let Some(ioc) = Ioc::start("flood", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), Access::Read).await;
    let mut raw = Raw::find(way.search, "GW:REAL").await;
    let (sid, ..) = raw.open(1, "GW:REAL").await;
    let flood: Vec<u8> = (0..1_500)
        .flat_map(|number| double(command::WRITE, sid, number, 9.0).bytes())
        .collect();
    raw.send_bytes(&flood).await;
    assert!(raw.is_closed().await);
    let events = Arc::clone(&way.events);
    let conduct = way.session.finish().await;
    assert_eq!(codes(&events.all()).len(), 1_000);
    assert_eq!(conduct.refused.len(), 100);
    assert!(conduct.refused_total > 1_000);
    assert_eq!(ioc.puts(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_nobody_waits_for_arrives_though_its_program_has_gone() {
    let Some(ioc) = Ioc::start("fire_and_forget", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), permit(&["GW:REAL"], Vec::new())).await;
    let code = "import epics, os\npv = epics.PV('GW:REAL')\nassert pv.wait_for_connection(20)\n\
                pv.put(2.0)\nepics.ca.flush_io()\nos._exit(0)";
    way.python(code).await;
    let conduct = way.session.finish().await;
    assert_eq!(conduct.puts[0].outcome, Some(PutOutcome::Sent));
    // caproto answers what comes behind a put before it has done the put.
    let mut look = tokio::time::interval(Duration::from_millis(10));
    let arrived = async {
        while ioc.puts().is_empty() {
            look.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived)
        .await
        .expect("the put arrives");
    assert_eq!(ioc.puts(), [("GW:REAL".to_owned(), json!(2.0))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_without_servers_says_so() {
    assert!(!Gateway::new(settings(&[])).is_configured());
    assert!(Gateway::new(settings(&["127.0.0.1:5064"])).is_configured());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_array_is_written_as_it_was_judged() {
    let Some(ioc) = Ioc::start("long_array", &[]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("limits.json");
    std::fs::write(
        &file,
        r#"{"GW:LONG_WAVE": {"min_value": 0, "max_value": 50000}, "GW:LETTERS": {}}"#,
    )
    .unwrap();
    let mut settings = settings(&[&ioc.address()]);
    settings.limits.enabled = true;
    settings.limits.database_path = Some(file);
    let way = serve(settings, permit(&["GW:LONG_WAVE", "GW:LETTERS"], Vec::new())).await;
    let said = way
        .python(&puts(
            "put('LONG_WAVE', [2 * i for i in range(20000)])\n\
             put('LONG_WAVE', [1] * 9999 + [60000] + [1] * 9999)\n\
             put('LETTERS', 'a text that is longer than a string of forty bytes may be')",
        ))
        .await;
    // pyepics takes a callback that tells of a refusal for success: its word counts for nothing.
    assert_eq!(said, "LONG_WAVE put\nLONG_WAVE put\nLETTERS put\n");
    let conduct = way.session.finish().await;
    let reached = ioc.puts();
    assert_eq!(reached.len(), 2);
    let wave = reached[0].1.as_array().unwrap();
    assert_eq!((wave.len(), &wave[19_999]), (20_000, &json!(39_998)));
    assert!(
        reached[1].1.to_string().contains("longer than a string"),
        "{}",
        reached[1].1
    );
    assert_eq!(conduct.refused[0].code, "above_maximum");
    assert_eq!(
        conduct.refused[0].new, None,
        "what is refused is not kept at any length"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_whose_circuit_breaks_has_an_unknown_outcome() {
    let Some(ioc) = Ioc::start("circuit_breaks", &[]) else {
        return;
    };
    let way = serve(settings(&[&ioc.address()]), permit(&["GW:SLOW"], Vec::new())).await;
    let mut raw = Raw::find(way.search, "GW:SLOW").await;
    let (sid, ..) = raw.open(1, "GW:SLOW").await;
    raw.send(&double(command::WRITE_NOTIFY, sid, 1, 2.0)).await;
    let mut look = tokio::time::interval(Duration::from_millis(10));
    while ioc.puts().is_empty() {
        look.tick().await;
    }
    drop(ioc);
    assert!(raw.is_closed().await);
    let conduct = way.session.finish().await;
    assert!(matches!(
        conduct.puts[0].outcome,
        Some(PutOutcome::Unknown { .. })
    ));
}
