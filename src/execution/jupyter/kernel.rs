//! One kernel on a Jupyter server: started for one program, deleted with it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use uuid::Uuid;

use super::{
    channel::{Channel, Lost},
    post::Turn,
    rest::{RestError, Server},
    wire::{Execute, Message, Request},
};

/// The media type of what the runner answers.
const ANSWER: &str = "application/vnd.holdpoint+json";

/// How long a lost connection is sought again.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a deleted kernel may take to be gone.
const BURIAL: Duration = Duration::from_secs(15);

/// How long a kernel that is starting may take to answer before it is asked again.
const NUDGE: Duration = Duration::from_millis(700);

/// Why a kernel did not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum KernelError {
    /// The server did not do it.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The connection is gone.
    #[error("the connection to the kernel: {0}")]
    Lost(#[from] Lost),
    /// It did not answer in time.
    #[error("the kernel does not answer within {0:?}")]
    Silent(Duration),
    /// It died.
    #[error("the kernel died")]
    Died,
    /// It said that it could not, or nothing that can be understood.
    #[error("the kernel answered: {0}")]
    Answer(String),
}

/// What comes from a kernel.
pub(super) enum Incoming {
    /// A message.
    Message(Message),
    /// The connection was lost and stands again.
    Reconnected,
}

/// What a kernel says of itself.
pub(super) struct Language {
    /// The language's name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
}

/// A kernel, which is deleted at the latest when this is dropped.
pub(super) struct Kernel {
    server: Arc<Server>,
    id: String,
    session: String,
    max_message: usize,
    channel: Option<Channel>,
    lost_at: Option<Instant>,
    /// Whether the connection was lost at any time.
    pub(super) was_lost: bool,
    /// Its turn at the gateway, which lasts until it is gone.
    turn: Option<Arc<Turn>>,
    is_there: bool,
}

impl Kernel {
    /// Starts a kernel. It does not stay behind where the caller stops waiting for it.
    pub(super) async fn start(
        server: Arc<Server>,
        name: String,
        user: String,
        max_message: usize,
        turn: Option<Arc<Turn>>,
    ) -> Result<Self, KernelError> {
        let started = tokio::spawn(async move {
            let id = server.start(&name, &user).await?;
            Ok(Self {
                server,
                id,
                session: Uuid::new_v4().simple().to_string(),
                max_message,
                channel: None,
                lost_at: None,
                was_lost: false,
                turn,
                is_there: true,
            })
        });
        started
            .await
            .unwrap_or_else(|error| Err(KernelError::Answer(error.to_string())))
    }

    /// Connects, and waits until the kernel answers and what it publishes comes through.
    pub(super) async fn ready(&mut self) -> Result<Language, KernelError> {
        let limit = self.server.timeout;
        timeout(limit, self.greet())
            .await
            .unwrap_or(Err(KernelError::Silent(limit)))
    }

    async fn greet(&mut self) -> Result<Language, KernelError> {
        self.channel = Some(Channel::open(&self.server, &self.id, &self.session, self.max_message).await?);
        let (mut asked, mut reply, mut published) = (BTreeSet::new(), None, false);
        loop {
            let request = Request::new("kernel_info_request", json!({}));
            asked.insert(request.id.clone());
            self.send(&request).await?;
            let again = Instant::now() + NUDGE;
            while let Ok(message) = timeout_at(again, self.receive()).await {
                let message = message?;
                if !asked.contains(&message.parent) {
                    continue;
                }
                match message.kind.as_str() {
                    "kernel_info_reply" => reply = Some(message.content),
                    "status" => published |= message.text("execution_state") == "idle",
                    _ => {}
                }
                if let (Some(reply), true) = (&reply, published) {
                    let word = |name: &str| {
                        let word = reply.pointer(&format!("/language_info/{name}"));
                        word.and_then(Value::as_str)
                            .unwrap_or_default()
                            .chars()
                            .take(100)
                            .collect()
                    };
                    return Ok(Language {
                        name: word("name"),
                        version: word("version"),
                    });
                }
            }
        }
    }

    /// Has the kernel run `code`, which says nothing.
    pub(super) async fn tell(&mut self, code: &str) -> Result<(), KernelError> {
        self.exchange(&Execute::silent(code)).await.map(drop)
    }

    /// The value of one of the runner's expressions.
    pub(super) async fn ask(&mut self, expression: &str) -> Result<Value, KernelError> {
        let reply = self.exchange(&Execute::expression(expression)).await?;
        let answer = reply.pointer("/user_expressions/answer");
        let data = answer.and_then(|answer| answer.get("data")?.get(ANSWER));
        data.cloned().ok_or_else(|| {
            let said = answer.and_then(|answer| answer.get("evalue")?.as_str());
            KernelError::Answer(excerpt(said.unwrap_or("nothing that can be understood")))
        })
    }

    async fn exchange(&mut self, execute: &Execute<'_>) -> Result<Value, KernelError> {
        let limit = self.server.timeout;
        let exchanged = async {
            let request = execute.request();
            self.send(&request).await?;
            loop {
                let message = self.receive().await?;
                if is_death(&message) {
                    return Err(KernelError::Died);
                }
                if message.parent == request.id && message.kind == "execute_reply" {
                    break match message.text("status") {
                        "ok" => Ok(message.content),
                        _ => Err(KernelError::Answer(excerpt(&format!(
                            "{}: {}",
                            message.text("ename"),
                            message.text("evalue")
                        )))),
                    };
                }
            }
        };
        timeout(limit, exchanged)
            .await
            .unwrap_or(Err(KernelError::Silent(limit)))
    }

    /// Sends a request, once.
    pub(super) async fn send(&mut self, request: &Request) -> Result<(), Lost> {
        match &mut self.channel {
            Some(channel) => channel.send(request).await,
            None => Err(Lost::Broken("there is no connection".to_owned())),
        }
    }

    async fn receive(&mut self) -> Result<Message, Lost> {
        match &mut self.channel {
            Some(channel) => channel.receive().await,
            None => Err(Lost::Broken("there is no connection".to_owned())),
        }
    }

    /// What comes next; a lost connection is sought again for a while. Nothing is lost where this is dropped
    /// before it is done.
    pub(super) async fn next(&mut self) -> Result<Incoming, KernelError> {
        if let Some(channel) = &mut self.channel {
            match channel.receive().await {
                Ok(message) => return Ok(Incoming::Message(message)),
                Err(lost @ Lost::TooLarge(_)) => return Err(lost.into()),
                Err(Lost::Broken(reason)) => {
                    tracing::warn!(kernel = self.id, %reason, "the connection to a kernel was lost");
                    self.channel = None;
                    self.was_lost = true;
                }
            }
        }
        let until = *self.lost_at.get_or_insert_with(Instant::now) + PATIENCE;
        let sought = timeout_at(until, self.reconnect()).await;
        self.channel = Some(
            sought.map_err(|_| KernelError::Answer("the server could not be reached again".to_owned()))??,
        );
        self.lost_at = None;
        Ok(Incoming::Reconnected)
    }

    async fn reconnect(&self) -> Result<Channel, KernelError> {
        loop {
            match self.server.has(&self.id).await {
                Ok(false) => return Err(KernelError::Died),
                Ok(true) => {
                    let opened = Channel::open(&self.server, &self.id, &self.session, self.max_message).await;
                    if let Ok(channel) = opened {
                        return Ok(channel);
                    }
                }
                Err(_) => {}
            }
            sleep(Duration::from_millis(250)).await;
        }
    }

    /// Interrupts what the kernel runs.
    pub(super) async fn interrupt(&self) -> Result<(), RestError> {
        self.server.interrupt(&self.id).await
    }

    /// Deletes the kernel and waits until it is gone.
    ///
    /// # Errors
    /// Why it may still be there.
    pub(super) async fn delete(mut self) -> Result<(), String> {
        // It goes on where the caller stops waiting.
        let ended = tokio::spawn(self.end()).await;
        ended.unwrap_or_else(|error| Err(error.to_string()))
    }

    /// Its end, which has still to be brought about.
    fn end(&mut self) -> impl Future<Output = Result<(), String>> + Send + use<> {
        self.is_there = false;
        self.channel = None;
        let (server, id, turn) = (
            self.server.clone(),
            std::mem::take(&mut self.id),
            self.turn.take(),
        );
        if let Some(turn) = &turn {
            turn.haunt(&id);
        }
        async move {
            bury(&server, &id).await.inspect_err(|reason| {
                tracing::warn!(kernel = id, %reason, "a kernel may be left behind");
            })?;
            if let Some(turn) = turn {
                turn.lay(&id);
            }
            Ok(())
        }
    }
}

impl Drop for Kernel {
    fn drop(&mut self) {
        if !self.is_there {
            return;
        }
        let end = self.end();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(end)),
            Err(_) => tracing::warn!("a kernel may be left behind"),
        }
    }
}

/// Deletes a kernel and waits until it is gone.
///
/// # Errors
/// Why it may still be there.
pub(super) async fn bury(server: &Server, id: &str) -> Result<(), String> {
    let buried = timeout(BURIAL, async {
        loop {
            let deleted = server.delete(id).await;
            match server.has(id).await {
                Ok(false) => return Ok(()),
                Ok(true) => {}
                // Nobody is there any more who could tell.
                Err(error) if deleted.is_err() => return Err(error.to_string()),
                Err(_) => {}
            }
            sleep(Duration::from_millis(200)).await;
        }
    });
    buried
        .await
        .unwrap_or_else(|_| Err("it is still there after it was deleted".to_owned()))
}

/// Whether the server says that the kernel has died; it may have started another in its place.
pub(super) fn is_death(message: &Message) -> bool {
    message.kind == "status"
        && matches!(
            message.text("execution_state"),
            "restarting" | "autorestarting" | "dead"
        )
}

fn excerpt(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(500)
        .collect()
}
