//! Tells someone outside of each question that is pending: at least once, signed, and without anybody waiting.
//!
//! Nothing is queued that could be lost: what there is to tell are the questions that are pending, less those of
//! which the store says that the telling has come to its end.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::{Client, Url, redirect};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::{
    sync::{Semaphore, watch},
    task::{JoinHandle, JoinSet},
};

use crate::{
    config::Config,
    engine::{Engine, PendingQuestion},
    gate::text::visible_line,
    model::{Head, Interrupt, InterruptId, InterruptKind, ServiceEvent, ThreadId, Timestamp},
    store::StoreError,
};

use super::{Notified, ServiceError, inspection};

/// The first wait before it is tried again; it doubles each time, with jitter.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest wait.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// How often it is looked for questions that nobody told of.
const SWEEP: Duration = Duration::from_secs(30);

/// How many attempts go on at a time.
const AT_ONCE: usize = 8;

/// The most process variables that are named.
const MAX_CHANNELS: usize = 100;

/// Tells of questions for as long as it lives.
pub(super) struct Notifier {
    teller: Arc<Teller>,
    task: JoinHandle<()>,
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Teller {
    engine: Arc<Engine>,
    client: Client,
    url: Url,
    secret: SecretString,
    timeout: Duration,
    link: Option<String>,
    quorum: u32,
    room: Semaphore,
    /// How the telling of each pending question goes.
    told: Mutex<HashMap<InterruptId, Notified>>,
    /// The engine's turn at which it was last looked for questions.
    looked: watch::Sender<Option<u64>>,
    /// Changes with every attempt that was made.
    tried: watch::Sender<()>,
}

impl Notifier {
    /// Starts to tell of what is pending and of what will be, if someone is to be told.
    ///
    /// # Errors
    /// [`ServiceError::Notify`]: the address can't be used, or there is no way to check certificates.
    pub(super) fn start(engine: Arc<Engine>, config: &Config) -> Result<Option<Self>, ServiceError> {
        let settings = &config.notify;
        let (Some(url), Some(secret)) = (&settings.url, &settings.secret) else {
            return Ok(None);
        };
        let failed = |error: &dyn std::fmt::Display| ServiceError::Notify(error.to_string());
        let url = Url::parse(url).map_err(|error| failed(&error))?;
        let client = client(&url, settings.timeout).map_err(|error| failed(&error))?;
        let teller = Arc::new(Teller {
            engine,
            client,
            url,
            secret: secret.clone(),
            timeout: settings.timeout,
            link: settings.link.clone(),
            quorum: config.approval.quorum,
            room: Semaphore::new(AT_ONCE),
            told: Mutex::default(),
            looked: watch::Sender::new(None),
            tried: watch::Sender::new(()),
        });
        let task = tokio::spawn(teller.clone().work());
        Ok(Some(Self { teller, task }))
    }

    /// How the telling of a question went; `None` if it was not tried in this process.
    pub(super) fn told(&self, interrupt: InterruptId) -> Option<Notified> {
        self.teller.state().get(&interrupt).cloned()
    }

    /// Waits until each question was told of once, or could not be: no longer than one attempt may take. What
    /// was not taken by then is told when the store is opened again.
    pub(super) async fn settle(&self) {
        let teller = &self.teller;
        let now = *teller.engine.turns().borrow();
        let (mut looked, mut tried) = (teller.looked.subscribe(), teller.tried.subscribe());
        let first = async {
            let seen = looked.wait_for(|turn| turn.is_some_and(|turn| turn >= now));
            if seen.await.is_err() {
                return;
            }
            while teller.state().values().any(|told| told.attempts == 0) {
                if tried.changed().await.is_err() {
                    return;
                }
            }
        };
        if tokio::time::timeout(teller.timeout, first).await.is_err() {
            tracing::warn!("not everyone could be told of every question; that is made up for later");
        }
    }
}

/// A client that goes where it is told and nowhere else.
fn client(url: &Url, timeout: Duration) -> Result<Client, reqwest::Error> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster; then its choice stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(timeout)
        .user_agent(concat!("holdpoint/", env!("CARGO_PKG_VERSION")));
    if url.scheme() == "http" {
        // Without TLS there are no certificates to look for.
        builder = builder.tls_certs_only([]);
    }
    if is_this_host(url.host_str().unwrap_or_default()) {
        builder = builder.no_proxy();
    }
    builder.build()
}

fn is_this_host(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The signature of a body that is sent at `seconds` after the epoch: HMAC-SHA-256 over the number, a `.` and the
/// body, as the header `x-holdpoint-signature` has it.
pub fn signature(secret: &str, seconds: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut signing = hmac::Context::with_key(&key);
    signing.update(format!("{seconds}.").as_bytes());
    signing.update(body);
    let digits = signing
        .sign()
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    format!("v1={digits}")
}

impl Teller {
    fn state(&self) -> std::sync::MutexGuard<'_, HashMap<InterruptId, Notified>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn work(self: Arc<Self>) {
        let mut turns = self.engine.turns();
        let mut known = HashSet::new();
        let mut telling = JoinSet::new();
        loop {
            let turn = *turns.borrow_and_update();
            match self.new_ones(&mut known).await {
                Ok(new) => {
                    for (interrupt, thread) in new {
                        self.state().insert(interrupt, Notified::default());
                        telling.spawn(self.clone().tell(interrupt, thread));
                    }
                    self.looked.send_replace(Some(turn));
                }
                Err(error) => tracing::error!(%error, "it is not known of which questions to tell"),
            }
            // A question that has been told of is done with; what ended meanwhile ends by itself.
            while telling.try_join_next().is_some() {}
            tokio::select! {
                changed = turns.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(SWEEP) => {}
            }
        }
    }

    /// The questions that are pending and of which nobody was told, besides those that are `known`.
    async fn new_ones(
        &self,
        known: &mut HashSet<InterruptId>,
    ) -> Result<Vec<(InterruptId, ThreadId)>, StoreError> {
        let store = self.engine.store();
        let pending = store.pending().await?;
        let ids: HashSet<InterruptId> = pending.iter().map(|waiting| waiting.interrupt).collect();
        known.retain(|id| ids.contains(id));
        self.state().retain(|id, _| ids.contains(id));
        let mut new = Vec::new();
        for waiting in pending {
            if !known.contains(&waiting.interrupt) {
                if !store.notified(waiting.interrupt).await? {
                    new.push((waiting.interrupt, waiting.thread));
                }
                known.insert(waiting.interrupt);
            }
        }
        Ok(new)
    }

    /// Tells of one question until it is taken, or the question has ended.
    async fn tell(self: Arc<Self>, interrupt: InterruptId, thread: ThreadId) {
        let mut waits = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(MAX_WAIT)
            .with_jitter()
            .without_max_times()
            .build();
        let (mut attempts, mut error) = (0, None);
        loop {
            match self.body(interrupt, thread).await {
                Ok(Some(body)) => {
                    attempts += 1;
                    error = self.post(interrupt, body).await.err();
                }
                Ok(None) if attempts == 0 => break,
                Ok(None) => {
                    self.note(interrupt, thread, attempts, error).await;
                    break;
                }
                Err(unreadable) => error = Some(unreadable),
            }
            self.state().insert(
                interrupt,
                Notified {
                    taken: error.is_none(),
                    attempts: attempts.max(1),
                    error: error.clone(),
                },
            );
            self.tried.send_replace(());
            let Some(reason) = &error else {
                self.note(interrupt, thread, attempts, None).await;
                return;
            };
            tracing::warn!(%thread, %interrupt, attempts, error = %reason, "nobody could be told of a question");
            tokio::time::sleep(waits.next().unwrap_or(MAX_WAIT)).await;
        }
        self.state().remove(&interrupt);
        self.tried.send_replace(());
    }

    /// Keeps how the telling ended. Where that fails it is told once more some time: whoever is told knows the
    /// question by its id.
    async fn note(&self, interrupt: InterruptId, thread: ThreadId, attempts: u32, error: Option<String>) {
        let event = ServiceEvent::Notified {
            interrupt,
            thread,
            attempts,
            error,
        };
        if let Err(error) = self.engine.store().log(event).await {
            tracing::error!(%error, %interrupt, "that a question was told of could not be kept");
        }
    }

    async fn post(&self, interrupt: InterruptId, body: Vec<u8>) -> Result<(), String> {
        let _room = self.room.acquire().await.map_err(|error| error.to_string())?;
        let seconds = Timestamp::now().millis().div_euclid(1000);
        let signed = signature(self.secret.expose_secret(), seconds, &body);
        let sent = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("x-holdpoint-id", interrupt.to_string())
            .header("x-holdpoint-timestamp", seconds.to_string())
            .header("x-holdpoint-signature", signed)
            .body(body)
            .send()
            .await
            // The address may hold what is nobody's business: the error is told without it.
            .map_err(|error| error.without_url().to_string())?;
        match sent.status().is_success() {
            true => Ok(()),
            false => Err(format!("it was answered with {}", sent.status())),
        }
    }

    /// What is told of a question; `None` once it is no longer pending.
    async fn body(&self, interrupt: InterruptId, thread: ThreadId) -> Result<Option<Vec<u8>>, String> {
        let head = self
            .engine
            .head(thread)
            .await
            .map_err(|error| error.to_string())?;
        if !head.interrupts.iter().any(|asked| asked.id == interrupt) {
            return Ok(None);
        }
        let asked = self
            .engine
            .questions(&head)
            .await
            .map_err(|error| error.to_string())?;
        let asked = asked.into_iter().find(|asked| asked.interrupt.id == interrupt);
        let Some(PendingQuestion { interrupt, question }) = asked else {
            return Ok(None);
        };
        let facts = self.facts(&head, &interrupt, &question);
        serde_json::to_vec(&facts)
            .map(Some)
            .map_err(|error| error.to_string())
    }

    /// The facts of a question, in words of Holdpoint's own: nothing that a requester or a model wrote.
    fn facts(&self, head: &Head, interrupt: &Interrupt, question: &Value) -> Value {
        let mut channels = inspection::channels(question);
        let all = channels.len();
        channels.truncate(MAX_CHANNELS);
        let channels: Vec<String> = channels.iter().map(|name| visible_line(name)).collect();
        let id = interrupt.id.to_string();
        json!({
            "id": id,
            "event": "question_pending",
            "interrupt_id": id,
            "thread_id": head.thread,
            "graph": head.graph,
            "kind": interrupt.kind,
            "asked_at": interrupt.asked_at,
            "expires_at": interrupt.expires_at,
            "execution_mode": question.get("execution_mode").filter(|mode| mode.is_string()),
            "code_sha256": question.get("code_sha256").filter(|digest| digest.is_string()),
            "summary": summary(interrupt.kind, question, &channels, all),
            "channels": channels,
            "channels_in_all": all,
            "approvals_needed": self.quorum,
            "link": self.link.as_ref().map(|base| format!("{base}/approvals/{id}")),
        })
    }
}

fn summary(kind: InterruptKind, question: &Value, channels: &[String], all: usize) -> String {
    let named = match (channels, all) {
        ([], _) => String::new(),
        (channels, all) if all > 5 => format!(
            " to {} and {} more",
            channels[..5.min(channels.len())].join(", "),
            all - 5
        ),
        (channels, _) => format!(" to {}", channels.join(", ")),
    };
    let unresolved = match question.get("channels_unresolved") {
        Some(Value::Bool(true)) => ", and to process variables that could not be resolved",
        _ => "",
    };
    match (kind, question.get("execution_mode").and_then(Value::as_str)) {
        (InterruptKind::OutcomeUnknown, _) => {
            format!(
                "A program was started and it is not known how it ended{}: someone must settle it.",
                match named.as_str() {
                    "" => String::new(),
                    named => format!("; it had write access{named}"),
                }
            )
        }
        (InterruptKind::Question, Some("write_access")) => {
            format!("A program waits for a decision: it would have write access{named}{unresolved}.")
        }
        (InterruptKind::Question, Some(_)) => "A program that only reads waits for a decision.".to_owned(),
        (InterruptKind::Question, None) => "A question waits for an answer.".to_owned(),
    }
}
