//! Keys, callers and what each may do.

use std::{
    collections::BTreeSet,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use holdpoint::{
    config::{Config, IdentitySettings, RateSettings},
    gate::{Action, Subject, may},
    model::{Actor, Authentication, Caller, Entrance, Role, Timestamp},
    service::{
        KeyReply, NewKeyReply, PendingReply, Rates, RunStatus, Service, ServiceCommand, ThreadReply,
        identify, may_listen,
    },
};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::rig::{
    READ, ReadOnly, Rig, WRITE, WriteAccess, approve, asked, command, error_code, human, own, prove,
};

use Role::{Admin, Approver, Auditor, Requester};

/// Makes a key, and gives it as it was shown.
pub async fn make(service: &Service, name: &str, roles: &[Role], lasts: Option<Duration>) -> NewKeyReply {
    let what = ServiceCommand::CreateKey {
        name: name.into(),
        roles: roles.iter().copied().collect(),
        lasts,
    };
    serde_json::from_value(command(service, what).await.unwrap()).unwrap()
}

/// The holder of a key, as the door would find them.
pub fn holder(service: &Service, key: &str) -> Caller {
    let now = service.engine().clock().now();
    service.keys().borrow().caller(key, now).unwrap()
}

/// The holder of a new key.
pub async fn keyed(service: &Service, name: &str, roles: &[Role]) -> Caller {
    let made = make(service, name, roles, None).await;
    holder(service, &made.key)
}

pub async fn revoke(service: &Service, key: &str) -> Result<KeyReply, String> {
    let what = ServiceCommand::RevokeKey {
        key: key.into(),
        reason: Some("it was lost".into()),
    };
    let revoked = command(service, what).await.map_err(|error| error.code)?;
    Ok(serde_json::from_value(revoked).unwrap())
}

async fn does<T: serde::de::DeserializeOwned>(
    service: &Service,
    by: &Caller,
    what: ServiceCommand,
) -> Result<T, String> {
    let done = service.execute(what, by.clone(), None).await;
    let reply = done.map_err(|error| error.reply().code)?;
    Ok(serde_json::from_value(reply).unwrap())
}

#[tokio::test]
async fn the_table_says_who_may_do_what() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let owner = keyed(&service, "owner", &[Requester]).await;
    let asking = service
        .invoke(own(WRITE, WriteAccess), Some("asking"), owner.clone())
        .await
        .unwrap();
    let quiet = service
        .invoke(own(READ, ReadOnly), Some("quiet"), owner.clone())
        .await
        .unwrap();
    let head = async |thread| service.engine().head(thread).await.unwrap();
    let (asking, quiet) = (head(asking.thread_id).await, head(quiet.thread_id).await);
    // The columns: the owner, another requester, an approver, an auditor, an admin, nobody.
    let callers = [
        owner,
        keyed(&service, "other", &[Requester]).await,
        keyed(&service, "approver", &[Approver]).await,
        keyed(&service, "auditor", &[Auditor]).await,
        keyed(&service, "admin", &[Admin]).await,
        Caller::from(Actor {
            name: "owner".into(),
            authentication: Authentication::Proxy {
                address: "10.0.0.1".into(),
            },
            entrance: Entrance::Http,
        }),
    ];
    let (new, asking, quiet) = (
        Subject::NewThread,
        Subject::Thread(&asking),
        Subject::Thread(&quiet),
    );
    let table = [
        (Action::Ask, new, "yy..y."),
        (Action::Ask, quiet, "y...y."),
        (Action::Ask, asking, "y...y."),
        (Action::Steer, quiet, "y...y."),
        (Action::Steer, asking, "y...y."),
        (Action::Answer, quiet, "y...y."),
        (Action::Answer, asking, "y.y.y."),
        (Action::Cancel, quiet, "y...y."),
        (Action::Cancel, asking, "y.y.y."),
        (Action::Read, quiet, "y..yy."),
        (Action::Read, asking, "y.yyy."),
        (Action::List, Subject::Service, "yyyyy."),
        (Action::Freeze, Subject::Service, "..y.y."),
        (Action::Unfreeze, Subject::Service, "....y."),
        (Action::Audit, Subject::Service, "...yy."),
        (Action::ManageKeys, Subject::Service, "....y."),
    ];
    for (action, subject, expected) in table {
        let found: String = callers
            .iter()
            .map(|caller| match may(caller, action, subject) {
                Ok(()) => 'y',
                Err(refusal) => {
                    assert_eq!(refusal.code, "forbidden");
                    '.'
                }
            })
            .collect();
        assert_eq!(found, expected, "{action:?} on {subject:?}");
    }
    // Whoever is on this host as the service's user does what they like.
    for actor in [human(), Actor::system("timer")] {
        for (action, subject, _) in table {
            may(&actor.clone().into(), action, subject).unwrap();
        }
    }
}

#[tokio::test]
async fn others_threads_are_not_there() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let owner = keyed(&service, "owner", &[Requester]).await;
    let other = keyed(&service, "other", &[Requester]).await;
    let approver = keyed(&service, "approver", &[Approver]).await;
    let auditor = keyed(&service, "auditor", &[Auditor]).await;
    let waits = service
        .invoke(own(WRITE, WriteAccess), Some("waits"), owner.clone())
        .await
        .unwrap();
    service
        .invoke(own(READ, ReadOnly), Some("done"), owner.clone())
        .await
        .unwrap();
    let id = asked(&waits);
    for (by, threads, pending) in [
        (&owner, 2, 1),
        (&other, 0, 0),
        (&approver, 1, 1),
        (&auditor, 2, 1),
    ] {
        let what = ServiceCommand::Threads { limit: Some(10) };
        let seen: Vec<ThreadReply> = does(&service, by, what).await.unwrap();
        assert_eq!(seen.len(), threads, "{by:?}");
        let seen: Vec<PendingReply> = does(&service, by, ServiceCommand::Pending).await.unwrap();
        assert_eq!(seen.len(), pending, "{by:?}");
    }
    let waits = || "waits".to_owned();
    let answer = |interrupt, thread| ServiceCommand::Answer {
        interrupt,
        thread,
        answer: json!("no"),
    };
    let hidden = [
        ServiceCommand::Show { subject: waits() },
        ServiceCommand::Show {
            subject: id.to_string(),
        },
        ServiceCommand::History { thread: waits() },
        ServiceCommand::Replay { thread: waits() },
        ServiceCommand::Continue { thread: waits() },
        ServiceCommand::Cancel {
            thread: waits(),
            reason: None,
        },
        ServiceCommand::Fork {
            thread: waits(),
            checkpoint: None,
            into: None,
        },
        ServiceCommand::Fork {
            thread: waits(),
            checkpoint: None,
            into: Some("mine".into()),
        },
        ServiceCommand::UpdateState {
            thread: waits(),
            values: Default::default(),
            as_node: None,
        },
        ServiceCommand::Revert {
            subject: waits(),
            thread: None,
        },
        answer(None, Some(waits())),
    ];
    for what in hidden {
        let refused = does::<Value>(&service, &other, what.clone()).await;
        assert_eq!(refused.unwrap_err(), "unknown_thread", "{what:?}");
    }
    let refused = does::<Value>(&service, &other, answer(Some(id), None)).await;
    assert_eq!(refused.unwrap_err(), "unknown_interrupt");
    // A name that is taken is taken, whoever asks: but nothing of the thread is told, and nothing happens on it.
    let taken = service
        .invoke(own(READ, ReadOnly), Some("waits"), other.clone())
        .await;
    assert_eq!(error_code(taken), "forbidden");
    // Who sees it may not do everything to it.
    let forbidden = [
        (&auditor, answer(Some(id), None)),
        (
            &auditor,
            ServiceCommand::Cancel {
                thread: waits(),
                reason: None,
            },
        ),
        (&approver, ServiceCommand::Continue { thread: waits() }),
        (
            &approver,
            ServiceCommand::Fork {
                thread: waits(),
                checkpoint: None,
                into: Some("mine".into()),
            },
        ),
        (&approver, ServiceCommand::Verify),
        (&approver, ServiceCommand::Keys),
        (&owner, ServiceCommand::Freeze { reason: None }),
        (&approver, ServiceCommand::Unfreeze),
    ];
    for (by, what) in forbidden {
        let refused = does::<Value>(&service, by, what.clone()).await;
        assert_eq!(refused.unwrap_err(), "forbidden", "{what:?}");
    }
    assert_eq!(rig.executor.writes(), 0);
    service.answer(id, approve(), approver).await.unwrap();
    prove(&service, &rig.executor).await;
}

#[tokio::test]
async fn of_two_that_make_one_thread_only_its_owner_works_on_it() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let mut callers = Vec::new();
    for n in 0..8 {
        callers.push(keyed(&service, &format!("key-{n}"), &[Requester]).await);
    }
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|by| {
            let service = service.clone();
            tokio::spawn(async move { service.invoke(own(READ, ReadOnly), Some("one"), by).await })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => done += 1,
            Err(error) => {
                let code = error.reply().code;
                assert!(
                    ["forbidden", "thread_busy", "thread_changed"].contains(&code.as_str()),
                    "{code}"
                );
            }
        }
    }
    assert_eq!(done, 1);
    assert_eq!(rig.executor.started().len(), 1);
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_digest() {
    let rig = Rig::on_disk([]);
    let service = rig.open().await;
    let made = make(&service, "assistant", &[Requester, Auditor], None).await;
    let (id, secret) = made.key.strip_prefix("hp_").unwrap().split_once('_').unwrap();
    assert_eq!((id, secret.len()), (made.about.id.as_str(), 43));
    let found = holder(&service, &made.key);
    assert_eq!(found.actor.name, "assistant");
    assert_eq!(found.actor.authentication, Authentication::Key { id: id.into() });
    assert_eq!(found.roles, BTreeSet::from([Requester, Auditor]));
    // Another secret, another id, less or more of either: nothing but the key itself is the key.
    let other = make(&service, "other", &[Admin], None).await;
    let (other_id, other_secret) = other.key.strip_prefix("hp_").unwrap().split_once('_').unwrap();
    let wrong = [
        format!("hp_{id}_{other_secret}"),
        format!("hp_{other_id}_{secret}"),
        format!("hp_{id}_"),
        format!("hp__{secret}"),
        format!("hp_{id}_{secret}="),
        made.key.to_uppercase(),
        made.key[3..].to_owned(),
        made.key[..made.key.len() - 1].to_owned(),
        "x".repeat(100_000),
        String::new(),
    ];
    let now = service.engine().clock().now();
    for wrong in wrong {
        let refused = service.keys().borrow().caller(&wrong, now).unwrap_err();
        assert_eq!(refused.code, "unauthenticated", "{wrong}");
    }
    let listed = command(&service, ServiceCommand::Keys).await.unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(secret));
    prove(&service, &rig.executor).await;
    service.close().await.unwrap();
    for file in walk(&rig.config.data_dir) {
        let bytes = std::fs::read(&file).unwrap();
        let holds = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!holds, "{} holds the key", file.display());
    }
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(walk(&path)),
            false if path.is_file() => files.push(path),
            false => {}
        }
    }
    files
}

#[tokio::test]
async fn a_revoked_key_is_good_for_nothing_at_once_and_for_ever() {
    let rig = Rig::on_disk([]);
    let service = rig.open().await;
    let made = make(&service, "assistant", &[Requester, Approver], None).await;
    let requester = keyed(&service, "requester", &[Requester]).await;
    let before = holder(&service, &made.key);
    let waits = service
        .invoke(own(WRITE, WriteAccess), Some("waits"), requester)
        .await
        .unwrap();
    let mut watched = service.keys();
    watched.mark_unchanged();
    let revoked = revoke(&service, "assistant").await.unwrap();
    assert_eq!(revoked.status, "revoked");
    assert_eq!(revoked.revoked.unwrap().by, human());
    assert!(watched.has_changed().unwrap());
    let now = service.engine().clock().now();
    assert!(!watched.borrow().is_live(&made.about.id, now));
    assert!(watched.borrow().caller(&made.key, now).is_err());
    // Who came in before it was revoked gets nothing done any more either.
    let late = service
        .invoke(own(READ, ReadOnly), Some("late"), before.clone())
        .await;
    assert_eq!(error_code(late), "key_not_live");
    let late = service.answer(asked(&waits), approve(), before.clone()).await;
    assert_eq!(error_code(late), "key_not_live");
    assert!(rig.executor.started().is_empty());
    assert_eq!(revoke(&service, &made.about.id).await.unwrap_err(), "unknown_key");
    assert_eq!(revoke(&service, "nobody").await.unwrap_err(), "unknown_key");
    service.close().await.unwrap();
    let service = rig.open().await;
    assert!(service.keys().borrow().caller(&made.key, now).is_err());
    assert!(!service.keys().borrow().is_empty());
    // The name may have a new key, and the old one stays dead.
    let again = make(&service, "assistant", &[Requester], None).await;
    assert!(service.keys().borrow().caller(&made.key, now).is_err());
    assert!(holder(&service, &again.key).actor.is(&before.actor));
    prove(&service, &rig.executor).await;
    service.close().await.unwrap();
}

#[tokio::test]
async fn a_key_ends_with_its_time() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let made = make(&service, "shift", &[Requester], Some(Duration::from_secs(3600))).await;
    let before = holder(&service, &made.key);
    let end = made.about.expires_at.unwrap();
    let keys = service.keys().borrow().clone();
    assert!(
        keys.caller(&made.key, Timestamp::from_millis(end.millis() - 1))
            .is_ok()
    );
    assert!(keys.caller(&made.key, end).is_err());
    rig.clock.set(3600);
    let late = service.invoke(own(READ, ReadOnly), None, before).await;
    assert_eq!(error_code(late), "key_not_live");
}

#[tokio::test]
async fn of_keys_of_one_name_one_is_live() {
    let rig = Rig::new([]);
    let service = Arc::new(rig.open().await);
    let create = |name: &str, roles: &[Role]| ServiceCommand::CreateKey {
        name: name.into(),
        roles: roles.iter().copied().collect(),
        lasts: None,
    };
    let tasks: Vec<_> = (0..16)
        .map(|n| {
            let (service, what) = (service.clone(), create(["ada", "Ada"][n % 2], &[Requester]));
            tokio::spawn(async move { command(&service, what).await })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert_eq!(error.code, "key_exists"),
        }
    }
    assert_eq!(made, 1);
    for (name, roles) in [
        ("", &[Requester][..]),
        ("a b", &[Requester]),
        ("a\u{202e}b", &[Requester]),
        ("\u{430}da", &[Requester]),
        (&"x".repeat(65), &[Requester]),
        ("nothing", &[]),
    ] {
        let refused = command(&service, create(name, roles)).await.unwrap_err();
        assert_eq!(refused.code, "invalid_key", "{name}");
    }
    prove(&service, &rig.executor).await;
}

fn identity(yaml: &str) -> IdentitySettings {
    let text = format!("holdpoint: {{ api: {{ {yaml} }} }}");
    Config::from_text(&text, None, &|_| None).unwrap().identity
}

const PROXY: &str = "trusted_proxy: { header: X-Remote-User, addresses: [10.1.0.0/16], \
                     users: { grace: [approver, auditor] } }";

#[tokio::test]
async fn who_asks_is_told_in_one_way_or_not_at_all() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let none = service.keys().borrow().clone();
    let key = make(&service, "assistant", &[Requester], None).await.key;
    let second = make(&service, "second", &[Requester], None).await.key;
    let some = service.keys().borrow().clone();
    let now = service.engine().clock().now();
    let (plain, proxied) = (identity(""), identity(PROXY));
    let (host, near, far) = ("127.0.0.1", "10.1.2.3", "10.2.0.1");
    let everything = "localhost requester approver auditor admin";
    let (nobody, both) = ("!unauthenticated", "!credentials_conflict");
    let (assistant, grace) = ("assistant requester", "grace approver auditor");
    // Headers, one a line; K is the assistant's key and S the other one.
    let table = [
        // Without keys: this host, and nobody that was passed on.
        (host, "", &plain, &none, everything),
        ("::1", "", &plain, &none, everything),
        ("::ffff:127.0.0.1", "", &plain, &none, everything),
        (host, "x-api-key: lsv2_of_another", &plain, &none, everything),
        (far, "", &plain, &none, nobody),
        (far, "x-api-key: K", &plain, &none, nobody),
        (host, "X-Forwarded-For: 10.9.9.9", &plain, &none, nobody),
        (host, "Forwarded: for=10.9.9.9", &plain, &none, nobody),
        (host, "", &proxied, &none, nobody),
        // With keys: a key, wherever it comes from.
        (host, "", &plain, &some, nobody),
        (host, "x-api-key: K", &plain, &some, assistant),
        (far, "X-Api-Key: K", &plain, &some, assistant),
        (far, "authorization: Bearer K", &plain, &some, assistant),
        (far, "authorization: bearer   K ", &plain, &some, assistant),
        (
            far,
            "authorization: Bearer K\nx-api-key: K",
            &plain,
            &some,
            assistant,
        ),
        (far, "authorization: Bearer S\nx-api-key: K", &plain, &some, both),
        (far, "x-api-key: S\nx-api-key: K", &plain, &some, both),
        (far, "x-api-key: wrong", &plain, &some, nobody),
        (far, "x-api-key: ", &plain, &some, nobody),
        (far, "authorization: Bearer", &plain, &some, nobody),
        (far, "authorization: Basic aGk6aG8=", &plain, &some, nobody),
        // A proxy's word counts from the proxy alone, and if configured alone.
        (near, "x-remote-user: grace", &proxied, &some, grace),
        (near, "x-remote-user: grace", &proxied, &none, grace),
        (near, "X-Remote-User:  ada ", &proxied, &some, "ada requester"),
        (near, "x-remote-user: grace", &plain, &some, nobody),
        (far, "x-remote-user: grace", &proxied, &some, nobody),
        (host, "x-remote-user: grace", &proxied, &some, nobody),
        (
            far,
            "x-remote-user: grace\nx-api-key: K",
            &proxied,
            &some,
            assistant,
        ),
        (near, "x-remote-user: grace\nx-api-key: K", &proxied, &some, both),
        (near, "x-remote-user: a\nx-remote-user: b", &proxied, &some, both),
        (near, "x-remote-user: ", &proxied, &some, nobody),
        (near, "x-remote-user: gr\u{430}ce", &proxied, &some, nobody),
        (near, "", &proxied, &some, nobody),
        (near, "x-api-key: K", &proxied, &some, assistant),
    ];
    for (peer, shown, settings, keys, expected) in table {
        let mut headers = HeaderMap::new();
        for line in shown.lines() {
            let (name, value) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
            let words = value.split(' ').map(|word| match word {
                "K" => key.as_str(),
                "S" => second.as_str(),
                word => word,
            });
            let value = words.collect::<Vec<_>>().join(" ");
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let peer: IpAddr = peer.parse().unwrap();
        let found = match identify(peer, &headers, settings, keys, now) {
            Ok(caller) => {
                let roles: Vec<&str> = caller.roles.iter().map(|role| role.as_str()).collect();
                format!("{} {}", caller.actor.name, roles.join(" "))
            }
            Err(refusal) => format!("!{}", refusal.code),
        };
        assert_eq!(found, expected, "{peer} {shown:?}");
    }
    // Who is listed with no role, or not listed where that gives none, may be nothing.
    let mut closed = proxied.clone();
    closed.proxy.roles.clear();
    closed.proxy.users.insert("mallory".into(), BTreeSet::new());
    for name in ["mallory", "someone"] {
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("x-remote-user"), name.parse().unwrap())]);
        let refused = identify(near.parse().unwrap(), &headers, &closed, &some, now).unwrap_err();
        assert_eq!(refused.code, "forbidden");
    }
    for (address, keys, listens) in [
        ("127.0.0.1", &none, true),
        ("::1", &none, true),
        ("0.0.0.0", &none, false),
        ("10.0.0.1", &none, false),
        ("0.0.0.0", &some, true),
    ] {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(may_listen(address, keys).is_ok(), listens, "{address}");
    }
}

#[test]
fn settings_that_trust_too_much_are_errors() {
    let problems = |text: &str| {
        let read = Config::from_text(text, None, &|_| None);
        let usable = read.and_then(|config| config.check_startable());
        usable.unwrap_err().to_string()
    };
    for (text, told) in [
        (
            "holdpoint: { api: { trusted_proxy: { header: X-User } } }",
            "where its connections come from",
        ),
        (
            "holdpoint: { api: { trusted_proxy: { header: Authorization, addresses: [10.0.0.1] } } }",
            "of the proxy's own",
        ),
        (
            "holdpoint: { api: { trusted_proxy: { header: 'X User', addresses: [10.0.0.1] } } }",
            "of the proxy's own",
        ),
        (
            "holdpoint: { api: { trusted_proxy: { header: X-User, addresses: [all] } } }",
            "must be IPv4",
        ),
        (
            "holdpoint: { api: { trusted_proxy: { header: X-User, addresses: [10.0.0.1], roles: [root] } } }",
            "unknown value",
        ),
        (
            "approval: { allow_relay: true, four_eyes: true }",
            "contradicts approval.four_eyes",
        ),
        (
            "approval: { allow_relay: true, quorum: 2 }",
            "contradicts approval.four_eyes",
        ),
        ("approval: { quorum: 0 }", "from 1 to 20"),
        ("approval: { notify: { url: 'https://a/b' } }", "there is none"),
        (
            "approval: { notify: { url: 'https://a/b', secret: short } }",
            "at least 16 characters",
        ),
        (
            "approval: { notify: { url: 'https://u:p@a/b', secret: 0123456789abcdef } }",
            "without a login",
        ),
        (
            "approval: { notify: { url: 'ftp://a/b', secret: 0123456789abcdef } }",
            "http or https",
        ),
    ] {
        assert!(problems(text).contains(told), "{text}: {}", problems(text));
    }
    let text = "approval: { notify: { url: 'https://a/b', secret: 0123456789abcdef } }";
    let shown = Config::from_text(text, None, &|_| None).unwrap().display_yaml();
    assert!(
        shown.contains("https://a/b") && !shown.contains("0123456789abcdef"),
        "{shown}"
    );
}

#[test]
fn a_caller_who_asks_too_often_waits_and_holds_up_nobody() {
    let rates = Rates::new(RateSettings {
        per_second: 2.0,
        burst: 3,
    });
    let key = |id: &str| Actor {
        name: "same name".into(),
        authentication: Authentication::Key { id: id.into() },
        entrance: Entrance::Http,
    };
    let start = Instant::now();
    let after = |millis| start + Duration::from_millis(millis);
    for _ in 0..3 {
        rates.take(&key("a"), start).unwrap();
    }
    assert_eq!(
        rates.take(&key("a"), start).unwrap_err(),
        Duration::from_millis(500)
    );
    rates.take(&key("b"), start).unwrap();
    assert!(rates.take(&key("a"), after(499)).is_err());
    rates.take(&key("a"), after(501)).unwrap();
    assert!(rates.take(&key("a"), after(501)).is_err());
    // A bucket holds no more than it is large, and a clock that goes back fills none.
    for _ in 0..3 {
        rates.take(&key("a"), after(3_600_000)).unwrap();
    }
    assert!(rates.take(&key("a"), after(3_600_000)).is_err());
    assert!(rates.take(&key("a"), start).is_err());
    // Many that come once do not drive out the one that came too often.
    for n in 0..10_000 {
        rates.take(&key(&format!("n{n}")), after(3_600_000)).unwrap();
    }
    assert!(rates.take(&key("a"), after(3_600_000)).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_makes_and_revokes_keys_of_a_running_service() {
    let rig = Rig::on_disk([]);
    let service = rig.open().await;
    let directory = rig.config.data_dir.clone();
    let cli = move |words: &[&str]| {
        let mut call = std::process::Command::new(assert_cmd::cargo::cargo_bin!("holdpoint"));
        call.args(words).arg("--json").arg("--data-dir").arg(&directory);
        call.current_dir(directory.parent().unwrap())
            .env_remove("CONFIG_FILE");
        async move {
            let done = tokio::task::spawn_blocking(move || call.output().unwrap())
                .await
                .unwrap();
            let value: Value = serde_json::from_slice(&done.stdout).unwrap_or(Value::Null);
            (done.status.code().unwrap(), value)
        }
    };
    let words = [
        "keys",
        "create",
        "grace",
        "--role",
        "approver",
        "--role",
        "auditor",
        "--expires",
        "90d",
        "--as",
        "ops",
    ];
    let (code, made) = cli(&words).await;
    assert_eq!(code, 0, "{made}");
    let key = made["key"].as_str().unwrap().to_owned();
    let found = holder(&service, &key);
    assert_eq!(found.roles, BTreeSet::from([Approver, Auditor]));
    let (code, listed) = cli(&["keys", "list"]).await;
    assert_eq!(
        (code, &listed[0]["status"], &listed[0]["created_by"]["name"]),
        (0, &json!("live"), &json!("ops"))
    );
    assert!(!listed.to_string().contains(&key));
    let (code, refused) = cli(&["keys", "create", "Grace", "--role", "admin"]).await;
    assert_eq!((code, &refused["error"]["code"]), (16, &json!("key_exists")));
    for wrong in [
        &["keys", "create", "ada"][..],
        &["keys", "create", "ada", "--role", "root"],
        &["keys", "create", "ada", "--role", "admin", "--expires", "soon"],
        &["keys", "create", "ada", "--role", "admin", "--expires", "0s"],
    ] {
        assert_eq!(cli(wrong).await.0, 2, "{wrong:?}");
    }
    let (code, revoked) = cli(&["keys", "revoke", "grace", "--reason", "left"]).await;
    assert_eq!(
        (code, &revoked["status"], &revoked["revoked"]["reason"]),
        (0, &json!("revoked"), &json!("left"))
    );
    let now = service.engine().clock().now();
    assert!(service.keys().borrow().caller(&key, now).is_err());
    assert_eq!(cli(&["keys", "revoke", "grace"]).await.0, 18);
    service.close().await.unwrap();
    // Without a running service it is the same.
    let (code, listed) = cli(&["keys", "list"]).await;
    assert_eq!((code, &listed[0]["status"]), (0, &json!("revoked")));
}

#[tokio::test]
async fn a_thread_is_run_to_its_end_by_those_who_may() {
    let rig = Rig::new([]);
    let service = rig.open().await;
    let requester = keyed(&service, "assistant", &[Requester]).await;
    let approver = keyed(&service, "grace", &[Approver]).await;
    let waits = service
        .invoke(own(WRITE, WriteAccess), Some("t"), requester)
        .await
        .unwrap();
    let done = service
        .answer(asked(&waits), approve(), approver.clone())
        .await
        .unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    let found = prove(&service, &rig.executor).await;
    assert_eq!(found.executions[0].approved_by, Some(approver.actor));
}
