//! Frames that no client sends, and servers that no facility has.

use std::{sync::Arc, time::Duration};

use holdpoint::{
    execution::{
        Access,
        gateway::codec::{Message, command, status},
    },
    model::GatewayEvent,
};

use super::{
    fake::{Fake, Manner},
    rig::{Raw, find, permit, serve, settings},
};

#[tokio::test(flavor = "multi_thread")]
async fn broken_frames_end_the_circuit_and_nothing_else() {
    let fake = Fake::start(Manner::default()).await;
    let way = serve(settings(&[&fake.address.to_string()]), Access::Read).await;
    let port = find(way.search, "ANY").await;
    let hostile: [&[u8]; 4] = [
        // Four gigabytes are announced.
        &[
            0, 15, 0xff, 0xff, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            0xff,
        ],
        // A message that no program has to send, an answer of a server, and a number that is the gateway's.
        &[0, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        &[0, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 3],
        &[0, 15, 0, 0, 0, 6, 0, 1, 0, 0, 0, 1, 0xe0, 0, 0, 0],
    ];
    for frame in hostile {
        let mut raw = Raw::connect(port).await;
        raw.send_bytes(frame).await;
        assert!(raw.is_closed().await);
    }
    // Half a message, and names that are none.
    let mut raw = Raw::connect(port).await;
    raw.send(&Message::text(command::CREATE_CHAN, 0, 0, (5, 13), "with space"))
        .await;
    assert_eq!(raw.next_of(command::CREATE_CH_FAIL).await.first, 5);
    raw.send(&Message::bare(command::READ_NOTIFY, 6, 1, 12_345, 1))
        .await;
    assert_eq!(raw.next_of(command::ERROR).await.second, status::BADCHID);
    raw.send_bytes(&[0, 15, 0]).await;
    let (_, data_type, _) = Raw::connect(port).await.open(1, "ANY").await;
    assert_eq!(data_type, 6);
    drop(raw);
    let conduct = way.session.finish().await;
    assert!(
        conduct.notes.iter().any(|note| note.contains("4294967295 bytes")),
        "{:?}",
        conduct.notes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_know_the_gateway_and_not_the_program() {
    for (access, client) in [
        (Access::Read, "holdpoint-read"),
        (permit(&["ANY"], Vec::new()), "holdpoint-write"),
    ] {
        let fake = Fake::start(Manner::default()).await;
        let mut settings = settings(&[&fake.address.to_string()]);
        settings.epics.client_host = Some("control-room".to_owned());
        let way = serve(settings, access).await;
        let mut raw = Raw::find(way.search, "ANY").await;
        raw.send(&Message::text(command::CLIENT_NAME, 0, 0, (0, 0), "operator"))
            .await;
        raw.send(&Message::text(command::HOST_NAME, 0, 0, (0, 0), "console"))
            .await;
        raw.open(1, "ANY").await;
        let told: Vec<_> = fake
            .told()
            .iter()
            .map(|message| (message.command, message.as_text().ok().map(str::to_owned)))
            .collect();
        assert_eq!(
            told,
            [
                (command::VERSION, None),
                (command::CLIENT_NAME, Some(client.to_owned())),
                (command::HOST_NAME, Some("control-room".to_owned())),
                (command::CREATE_CHAN, Some("ANY".to_owned())),
            ]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_program_may_have_open_is_bounded() {
    let fake = Fake::start(Manner::default()).await;
    let mut settings = settings(&[&fake.address.to_string()]);
    settings.epics.max_channels = 3;
    settings.epics.max_subscriptions = 2;
    let way = serve(settings, Access::Read).await;
    let port = find(way.search, "ANY").await;
    let (mut one, mut two) = (Raw::connect(port).await, Raw::connect(port).await);
    let (sid, ..) = one.open(1, "A").await;
    one.open(2, "B").await;
    two.open(1, "C").await;
    two.send(&Message::text(command::CREATE_CHAN, 0, 0, (2, 13), "D"))
        .await;
    two.next_of(command::CREATE_CH_FAIL).await;
    let subscription = |number| Message {
        payload: vec![0; 16],
        ..Message::bare(command::EVENT_ADD, 6, 1, sid, number)
    };
    for number in 1..=3 {
        one.send(&subscription(number)).await;
    }
    assert_eq!(one.next_of(command::ERROR).await.second, status::ALLOCMEM);
    // What is given back can be had again.
    one.send(&Message::bare(command::CLEAR_CHANNEL, 0, 0, sid, 1))
        .await;
    one.send(&Message::bare(command::READ_NOTIFY, 6, 1, sid, 1)).await;
    one.next_of(command::ERROR).await;
    two.open(2, "D").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_points_at_a_hundred_hertz_arrive_without_loss() {
    const EVENTS: u32 = 300;
    let fake = Fake::start(Manner {
        elements: 2_000,
        events: (EVENTS, Duration::from_millis(10)),
        ..Manner::default()
    })
    .await;
    let way = serve(settings(&[&fake.address.to_string()]), Access::Read).await;
    let mut raw = Raw::find(way.search, "ANY").await;
    let (sid, ..) = raw.open(1, "ANY").await;
    let subscribe = Message {
        payload: vec![0; 16],
        ..Message::bare(command::EVENT_ADD, 6, 2_000, sid, 9)
    };
    raw.send(&subscribe).await;
    for number in 0..EVENTS {
        let event = raw.next_of(command::EVENT_ADD).await;
        assert_eq!((event.count, event.payload.len()), (2_000, 16_000));
        assert_eq!(event.payload[..8], f64::from(number).to_be_bytes());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_sends_too_fast_is_slowed_down_and_loses_nothing() {
    const EVENTS: u32 = 60;
    let fake = Fake::start(Manner {
        elements: 2_000,
        events: (EVENTS, Duration::ZERO),
        ..Manner::default()
    })
    .await;
    let mut settings = settings(&[&fake.address.to_string()]);
    settings.epics.max_bytes_per_second = 500_000;
    let way = serve(settings, Access::Read).await;
    let mut raw = Raw::find(way.search, "ANY").await;
    let (sid, ..) = raw.open(1, "ANY").await;
    let begun = std::time::Instant::now();
    let subscribe = Message {
        payload: vec![0; 16],
        ..Message::bare(command::EVENT_ADD, 6, 2_000, sid, 9)
    };
    raw.send(&subscribe).await;
    for number in 0..EVENTS {
        let event = raw.next_of(command::EVENT_ADD).await;
        assert_eq!(event.payload[..8], f64::from(number).to_be_bytes());
    }
    // 960 kB, of which half a second's worth may come at once.
    assert!(
        begun.elapsed() > Duration::from_millis(700),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn name_servers_are_asked_by_tcp() {
    let fake = Fake::start(Manner {
        name_server: true,
        ..Manner::default()
    })
    .await;
    let mut settings = settings(&[]);
    settings.epics.name_servers = vec![fake.address.to_string()];
    let way = serve(settings, Access::Read).await;
    let mut raw = Raw::find(way.search, "ANY").await;
    raw.open(1, "ANY").await;
    let conduct = way.session.finish().await;
    assert_eq!(conduct.servers, [fake.address.to_string()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_dropped_closes_every_way() {
    let fake = Fake::start(Manner::default()).await;
    let way = serve(settings(&[&fake.address.to_string()]), Access::Read).await;
    let mut raw = Raw::find(way.search, "ANY").await;
    raw.open(1, "ANY").await;
    let events = Arc::clone(&way.events);
    drop(way.session);
    assert!(raw.is_closed().await);
    assert_eq!(events.all(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_spellings_of_a_name_are_no_way_around_the_approval() {
    let fake = Fake::start(Manner::default()).await;
    let way = serve(
        settings(&[&fake.address.to_string()]),
        permit(&["ANY"], Vec::new()),
    )
    .await;
    let mut raw = Raw::find(way.search, "ANY").await;
    let spellings = [
        ("ANY.VAL", status::NORMAL),
        ("ANY.PROC", status::NOWTACCESS),
        ("ANY.DRVH", status::NOWTACCESS),
        ("ANY.VAL{\"dbnd\":{\"d\":1}}", status::NOWTACCESS),
        ("ANY.[0:1]", status::NOWTACCESS),
        ("any", status::NOWTACCESS),
    ];
    for (cid, (name, expected)) in (1..).zip(spellings) {
        let (sid, ..) = raw.open(cid, name).await;
        let put = Message {
            payload: 1.5_f64.to_be_bytes().to_vec(),
            ..Message::bare(command::WRITE_NOTIFY, 6, 1, sid, cid)
        };
        raw.send(&put).await;
        assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, expected, "{name}");
    }
    drop(raw);
    let events = Arc::clone(&way.events);
    way.session.finish().await;
    let refused = events.all().into_iter().filter_map(|event| match event {
        GatewayEvent::Refused { code, .. } => Some(code),
        _ => None,
    });
    assert_eq!(
        refused.collect::<Vec<_>>(),
        [
            "not_approved",
            "not_approved",
            "filtered_put",
            "filtered_put",
            "not_approved"
        ]
    );
    let writes = fake
        .told()
        .into_iter()
        .filter(|message| message.command == command::WRITE_NOTIFY);
    assert_eq!(writes.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_put_that_waits() {
    let fake = Fake::start(Manner {
        silent: true,
        ..Manner::default()
    })
    .await;
    let mut settings = settings(&[&fake.address.to_string()]);
    settings.epics.timeout = Duration::from_secs(50);
    let way = serve(settings, permit(&["ANY"], Vec::new())).await;
    let mut raw = Raw::find(way.search, "ANY").await;
    let (sid, ..) = raw.open(1, "ANY").await;
    let put = |number| Message {
        payload: 1.5_f64.to_be_bytes().to_vec(),
        ..Message::bare(command::WRITE_NOTIFY, 6, 1, sid, number)
    };
    raw.send(&put(1)).await;
    raw.send(&put(2)).await;
    // The gateway waits for what the server does not tell.
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while !fake
        .told()
        .iter()
        .any(|message| message.command == command::READ_NOTIFY)
    {
        look.tick().await;
    }
    let stopped = std::time::Instant::now();
    way.stop.cancel();
    for number in [1, 2] {
        let answer = raw.next_of(command::WRITE_NOTIFY).await;
        assert_eq!((answer.first, answer.second), (status::NOWTACCESS, number));
    }
    assert!(stopped.elapsed() < Duration::from_secs(1));
    drop(raw);
    let conduct = way.session.finish().await;
    let codes: Vec<_> = conduct.refused.iter().map(|put| put.code.as_str()).collect();
    assert_eq!(codes, ["stopped", "stopped"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_moves_to_another_server_is_read_there_and_not_written() {
    let (one, two) = (
        Fake::start(Manner::default()).await,
        Fake::start(Manner::default()).await,
    );
    let settings = settings(&[&one.address.to_string(), &two.address.to_string()]);
    // Until the first has gone, the second does not have the name.
    two.hide(true);
    let way = serve(settings, permit(&["ANY"], Vec::new())).await;
    let mut raw = Raw::find(way.search, "ANY").await;
    raw.open(1, "ANY").await;
    drop(one);
    two.hide(false);
    assert!(raw.is_closed().await);
    let mut raw = Raw::find(way.search, "ANY").await;
    let (sid, ..) = raw.open(1, "ANY").await;
    raw.send(&Message::bare(command::READ_NOTIFY, 6, 1, sid, 1)).await;
    assert_eq!(raw.next_of(command::READ_NOTIFY).await.first, status::NORMAL);
    let put = Message {
        payload: 1.5_f64.to_be_bytes().to_vec(),
        ..Message::bare(command::WRITE_NOTIFY, 6, 1, sid, 2)
    };
    raw.send(&put).await;
    assert_eq!(raw.next_of(command::WRITE_NOTIFY).await.first, status::NOWTACCESS);
    drop(raw);
    let conduct = way.session.finish().await;
    assert_eq!(conduct.refused[0].code, "ambiguous_pv");
}
