//! Whoever is to be told of a question is told: at least once, signed, and without holding anybody up.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use holdpoint::{
    config::NotifySettings,
    graphs::python_executor::Request,
    model::{AuditFact, InterruptId, ServiceEvent},
    service::{PendingReply, RunStatus, Service, ServiceCommand, signature},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::watch;
use wiremock::{Mock, MockServer, Request as Told, Respond, ResponseTemplate, matchers::any};

use crate::rig::{Rig, WRITE, WriteAccess, ask, command, human, own, prove};

const SECRET: &str = "a secret of the test's own";

/// Someone who is told, and answers by a script whose last line repeats.
#[derive(Clone)]
struct Listener {
    script: Arc<Mutex<Vec<ResponseTemplate>>>,
    heard: Arc<Mutex<Vec<Told>>>,
    count: watch::Sender<usize>,
    next: Arc<AtomicUsize>,
}

impl Respond for Listener {
    fn respond(&self, told: &Told) -> ResponseTemplate {
        self.heard.lock().unwrap().push(told.clone());
        self.count.send_modify(|count| *count += 1);
        let script = self.script.lock().unwrap();
        let line = self.next.fetch_add(1, Ordering::SeqCst).min(script.len() - 1);
        script[line].clone()
    }
}

impl Listener {
    async fn start(script: impl IntoIterator<Item = ResponseTemplate>) -> (MockServer, Self) {
        let server = MockServer::start().await;
        let listener = Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            heard: Arc::default(),
            count: watch::Sender::new(0),
            next: Arc::default(),
        };
        Mock::given(any())
            .respond_with(listener.clone())
            .mount(&server)
            .await;
        (server, listener)
    }

    fn says(&self, answer: ResponseTemplate) {
        self.script.lock().unwrap().push(answer);
    }

    async fn hears(&self, count: usize) {
        let mut watched = self.count.subscribe();
        watched.wait_for(|heard| *heard >= count).await.unwrap();
    }

    fn heard(&self) -> Vec<Told> {
        self.heard.lock().unwrap().clone()
    }
}

fn with(rig: Rig, server: &MockServer) -> Rig {
    let url = format!("{}/hook", server.uri());
    rig.with(|config| {
        config.notify = NotifySettings {
            url: Some(url),
            secret: Some(SecretString::from(SECRET.to_owned())),
            timeout: Duration::from_secs(5),
            link: Some("https://holdpoint.example".into()),
        };
    })
}

fn answer(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status)
}

/// Waits until the audit log says how the telling of `id` ended: how often it was tried, and why it failed.
async fn ended(service: &Service, id: InterruptId) -> (u32, Option<String>) {
    loop {
        let audit = service.engine().store().audit(0, usize::MAX).await.unwrap();
        let found = audit.into_iter().find_map(|stored| match stored.entry.fact {
            AuditFact::Service {
                event:
                    ServiceEvent::Notified {
                        interrupt,
                        attempts,
                        error,
                        ..
                    },
            } if interrupt == id => Some((attempts, error)),
            _ => None,
        });
        if let Some(found) = found {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

async fn pending(service: &Service) -> Vec<PendingReply> {
    serde_json::from_value(command(service, ServiceCommand::Pending).await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_question_is_told_with_its_facts_and_a_signature() {
    let (server, listener) = Listener::start([answer(204)]).await;
    let rig = with(Rig::new([]), &server);
    let service = rig.open().await;
    let request = Request {
        user_query: "SECRET WORDS <script>".into(),
        task_objective: "SECRET WORDS".into(),
        execution_folder_name: "SECRET WORDS".into(),
        ..own(WRITE, WriteAccess)
    };
    let (reply, id) = ask(&service, request, "SECRET WORDS").await;
    listener.hears(1).await;
    assert_eq!(ended(&service, id).await, (1, None));
    let told = listener.heard().remove(0);
    let header = |name: &str| told.headers.get(name).unwrap().to_str().unwrap().to_owned();
    let seconds: i64 = header("x-holdpoint-timestamp").parse().unwrap();
    assert_eq!(
        header("x-holdpoint-signature"),
        signature(SECRET, seconds, &told.body)
    );
    assert_eq!(header("x-holdpoint-id"), id.to_string());
    assert_eq!(header("content-type"), "application/json");
    let text = String::from_utf8(told.body.clone()).unwrap();
    assert!(
        !text.contains("SECRET WORDS") && !text.contains("caput"),
        "{text}"
    );
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(body["id"], json!(id));
    assert_eq!(body["thread_id"], json!(reply.thread_id));
    assert_eq!(body["channels"], json!(["SR:MAG:QF1:SP"]));
    assert_eq!(body["execution_mode"], "write_access");
    assert_eq!(body["link"], format!("https://holdpoint.example/approvals/{id}"));
    assert_eq!(
        body["summary"],
        "A program waits for a decision: it would have write access to SR:MAG:QF1:SP."
    );
    assert!(pending(&service).await[0].notified.as_ref().unwrap().taken);
    prove(&service, &rig.executor).await;
}

#[test]
fn a_signature_is_what_others_compute() {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
    assert_eq!(
        signature("key", 1_700_000_000, b"{\"a\":1}"),
        "v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
    );
    let one = signature(SECRET, 1, b"body");
    for other in [
        signature("another", 1, b"body"),
        signature(SECRET, 2, b"body"),
        signature(SECRET, 1, b"Body"),
    ] {
        assert_ne!(one, other);
    }
}

#[tokio::test]
async fn who_did_not_take_it_is_told_again_and_can_drop_what_comes_twice() {
    let elsewhere = MockServer::start().await;
    let script = [
        answer(500),
        answer(302).insert_header("location", format!("{}/stolen", elsewhere.uri()).as_str()),
        answer(404),
        answer(200),
    ];
    let (server, listener) = Listener::start(script).await;
    let rig = with(Rig::new([]), &server);
    let service = rig.open().await;
    let (_, id) = ask(&service, own(WRITE, WriteAccess), "t").await;
    listener.hears(4).await;
    assert_eq!(ended(&service, id).await, (4, None));
    for told in listener.heard() {
        assert_eq!(
            told.headers.get("x-holdpoint-id").unwrap().to_str().unwrap(),
            id.to_string()
        );
        assert_eq!(told.url.path(), "/hook");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_process_that_ended_before_it_was_taken_tells_it_when_it_is_back() {
    let (server, listener) = Listener::start([answer(503)]).await;
    let rig = with(Rig::on_disk([]), &server);
    let service = rig.open().await;
    let (_, one) = ask(&service, own(WRITE, WriteAccess), "one").await;
    // A question that ends while nobody could be told of it is told no more.
    let (_, gone) = ask(&service, own(WRITE, WriteAccess), "gone").await;
    listener.hears(2).await;
    let notified = pending(&service).await;
    assert!(
        notified
            .iter()
            .all(|asked| !asked.notified.clone().unwrap_or_default().taken)
    );
    service.answer(gone, json!("no"), human()).await.unwrap();
    let (_, error) = ended(&service, gone).await;
    assert!(error.unwrap().contains("503"));
    service.close().await.unwrap();
    listener.says(answer(200));
    let before = listener.heard().len();
    let service = rig.open().await;
    assert_eq!(ended(&service, one).await.1, None);
    let after: Vec<String> = listener.heard()[before..]
        .iter()
        .map(|told| told.headers["x-holdpoint-id"].to_str().unwrap().to_owned())
        .collect();
    assert!(
        !after.is_empty() && after.iter().all(|id| *id == one.to_string()),
        "{after:?}"
    );
    service.close().await.unwrap();
    // It was taken: nobody is told again.
    let before = listener.heard().len();
    let service = rig.open().await;
    prove(&service, &rig.executor).await;
    service.close().await.unwrap();
    assert_eq!(listener.heard().len(), before);
}

#[tokio::test]
async fn who_does_not_listen_holds_nobody_up() {
    let (server, listener) = Listener::start([answer(200).set_delay(Duration::from_secs(3600))]).await;
    let rig = with(Rig::new([]), &server);
    let service = rig.open().await;
    let mut ids = Vec::new();
    for n in 0..20 {
        // More than are told at a time.
        ids.push(ask(&service, own(WRITE, WriteAccess), &format!("t{n}")).await.1);
    }
    listener.hears(1).await;
    let done = service
        .answer(ids[0], json!({"approved": true}), human())
        .await
        .unwrap();
    assert_eq!(done.status, RunStatus::Completed);
}
