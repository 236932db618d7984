//! The OpenAI-compatible chat endpoint: `POST <base_url>/chat/completions`.

use std::{error::Error as _, net::IpAddr, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::refusal;
use crate::{
    config::BasicSettings,
    generation::{GenerationError, Usage},
};

/// The most bytes of an answer.
const MAX_ANSWER: usize = 4 << 20;

/// The most bytes that are read of an error's body.
const MAX_REFUSAL: usize = 64 << 10;

/// An endpoint that asks for a longer wait is not waited for here: the caller is told.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// The first wait before an endpoint is called again; it doubles each time, with jitter.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// A chat endpoint, its model and its key.
pub struct Chat {
    client: Client,
    url: Url,
    key: Option<SecretString>,
    model: String,
    timeout: Duration,
    max_retries: u32,
    temperature: Option<f64>,
    max_tokens: Option<u64>,
}

/// What a model answered.
pub struct Answer {
    /// Its text, not empty.
    pub text: String,
    /// The model that the endpoint says it was.
    pub model: String,
    /// What it used up, if the endpoint says so.
    pub usage: Option<Usage>,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: [Message<'a>; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Deserialize)]
struct Completion {
    model: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Tokens>,
}

#[derive(Deserialize)]
struct Choice {
    message: Reply,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Reply {
    content: Option<Content>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl Chat {
    /// Prepares the client; nothing is sent yet.
    ///
    /// # Errors
    /// [`GenerationError::Setup`]: a `base_url` that is no http(s) address or holds credentials, no model, a
    /// key that no header can carry, no way to check certificates.
    pub fn new(settings: &BasicSettings) -> Result<Self, GenerationError> {
        let setup = |message: &str| GenerationError::Setup(message.to_owned());
        let mut url = Url::parse(&settings.base_url)
            .map_err(|error| GenerationError::Setup(format!("`base_url` is no address: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(setup("`base_url` must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(setup(
                "`base_url` must not hold a user or a password; the key has its own setting",
            ));
        }
        url.path_segments_mut()
            .map_err(|()| setup("`base_url` can't be extended by a path"))?
            .pop_if_empty()
            .extend(["chat", "completions"]);
        if settings.model.trim().is_empty() {
            return Err(setup("`model` is empty"));
        }
        let key = settings.api_key.as_ref().map(|key| key.expose_secret().trim());
        let key = key.filter(|key| !key.is_empty()).map(SecretString::from);
        if key.as_ref().is_some_and(|key| bearer(key).is_none()) {
            return Err(setup("the key holds characters that an HTTP header can't carry"));
        }
        Ok(Self {
            client: client(&url, settings.timeout)?,
            url,
            key,
            model: settings.model.clone(),
            timeout: settings.timeout,
            max_retries: settings.max_retries,
            temperature: settings.temperature,
            max_tokens: settings.max_tokens,
        })
    }

    /// Asks the model. An endpoint that can't be reached or is overloaded is called again up to `max_retries`
    /// times, not sooner than it asks for.
    ///
    /// # Errors
    /// Every kind of [`GenerationError`] but `Exhausted`; none holds the key.
    pub async fn ask(&self, system: &str, user: &str) -> Result<Answer, GenerationError> {
        let body = Body {
            model: &self.model,
            messages: [
                Message {
                    role: "system",
                    content: system,
                },
                Message {
                    role: "user",
                    content: user,
                },
            ],
            temperature: self.temperature,
            max_tokens: self.max_tokens,
        };
        let waits = ExponentialBuilder::new()
            .with_min_delay(FIRST_WAIT)
            .with_max_delay(MAX_WAIT)
            .with_max_times(self.max_retries as usize)
            .with_jitter();
        (|| self.ask_once(&body))
            .retry(waits)
            .sleep(tokio::time::sleep)
            .when(|error| matches!(error, GenerationError::Unreachable { .. }))
            .adjust(|error, wait| match error {
                GenerationError::Unreachable {
                    retry_after: Some(asked),
                    ..
                } if *asked > MAX_WAIT => None,
                GenerationError::Unreachable {
                    retry_after: Some(asked),
                    ..
                } => wait.map(|wait| wait.max(*asked)),
                _ => wait,
            })
            .notify(|error, wait| tracing::debug!(%error, ?wait, "the model endpoint is called again"))
            .await
    }

    async fn ask_once(&self, body: &Body<'_>) -> Result<Answer, GenerationError> {
        let mut request = self.client.post(self.url.clone()).json(body);
        if let Some(value) = self.key.as_ref().and_then(bearer) {
            request = request.header(AUTHORIZATION, value);
        }
        let mut response = request.send().await.map_err(|error| self.failed(error))?;
        let status = response.status();
        if status.is_success() {
            let (bytes, whole) = self.read(&mut response, MAX_ANSWER).await?;
            if !whole {
                return Err(GenerationError::Malformed(format!(
                    "it has more than {MAX_ANSWER} bytes"
                )));
            }
            return self.understand(&bytes);
        }
        let retry_after = refusal::retry_after(response.headers());
        let (bytes, _) = self.read(&mut response, MAX_REFUSAL).await.unwrap_or_default();
        Err(self.refused(status, &bytes, retry_after))
    }

    /// The body's first `limit` bytes, and whether that is all of it.
    async fn read(&self, response: &mut Response, limit: usize) -> Result<(Vec<u8>, bool), GenerationError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            let room = limit - bytes.len();
            if chunk.len() > room {
                bytes.extend_from_slice(&chunk[..room]);
                return Ok((bytes, false));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes, true))
    }

    fn understand(&self, bytes: &[u8]) -> Result<Answer, GenerationError> {
        let malformed = |error: serde_json::Error| GenerationError::Malformed(self.show(&error.to_string()));
        let body: Value = serde_json::from_slice(bytes).map_err(malformed)?;
        if body.get("error").is_some_and(|error| !error.is_null()) && body.get("choices").is_none() {
            return Err(self.refused_within(&body));
        }
        let completion: Completion = serde_json::from_value(body).map_err(malformed)?;
        let usage = completion.usage.map(|tokens| Usage {
            input_tokens: tokens.prompt_tokens,
            output_tokens: tokens.completion_tokens,
        });
        let Some(choice) = completion.choices.into_iter().next() else {
            return Err(GenerationError::Malformed("`choices` is empty".into()));
        };
        let finish = choice.finish_reason.as_deref();
        if let Some(refusal) = choice
            .message
            .refusal
            .filter(|refusal| !refusal.trim().is_empty())
        {
            return Err(GenerationError::Refused(self.show(&refusal)));
        }
        if finish == Some("content_filter") {
            return Err(GenerationError::Refused(
                "the endpoint's content filter stopped it".into(),
            ));
        }
        if finish == Some("length") {
            return Err(GenerationError::Cut(usage.map_or(0, |usage| usage.output_tokens)));
        }
        let text = match choice.message.content {
            None => String::new(),
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => parts.into_iter().map(|part| part.text).collect(),
        };
        if text.trim().is_empty() {
            return Err(GenerationError::Empty);
        }
        let model = completion
            .model
            .filter(|model| !model.is_empty())
            .unwrap_or_else(|| self.model.clone());
        Ok(Answer { text, model, usage })
    }

    /// Gateways wrap a failed call into an answer of status 200, with the status inside.
    fn refused_within(&self, body: &Value) -> GenerationError {
        let status = body.pointer("/error/code").and_then(Value::as_u64);
        let status = status.and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
        self.refused(
            status.unwrap_or(StatusCode::BAD_REQUEST),
            body.to_string().as_bytes(),
            None,
        )
    }

    fn refused(&self, status: StatusCode, bytes: &[u8], retry_after: Option<Duration>) -> GenerationError {
        let raw = String::from_utf8_lossy(bytes);
        let body = serde_json::from_slice(bytes).unwrap_or(Value::Null);
        let said = match status.is_redirection() {
            true => "it points elsewhere, and the key is not sent there; correct `base_url`".to_owned(),
            false => self.show(&refusal::message(&body, &raw)),
        };
        let message = match said.is_empty() {
            true => format!("status {}", status.as_u16()),
            false => format!("status {}: {said}", status.as_u16()),
        };
        match refusal::is_passing(status, &body) {
            true => GenerationError::Unreachable { message, retry_after },
            false => GenerationError::Rejected(message),
        }
    }

    /// A call that brought no answer. The address is left out: it may hold a secret in its query.
    fn failed(&self, error: reqwest::Error) -> GenerationError {
        let error = error.without_url();
        if error.is_timeout() {
            let message = format!("no answer within {:?}", self.timeout);
            return GenerationError::Unreachable {
                message,
                retry_after: None,
            };
        }
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        let message = self.show(&message);
        if error.is_builder() {
            return GenerationError::Setup(message);
        }
        GenerationError::Unreachable {
            message,
            retry_after: None,
        }
    }

    fn show(&self, text: &str) -> String {
        refusal::presentable(text, self.key.as_ref())
    }
}

fn bearer(key: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A client that follows no redirect, so that the key goes nowhere but to the configured host.
fn client(url: &Url, timeout: Duration) -> Result<Client, GenerationError> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may be quicker; then its provider stands.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let mut builder = Client::builder()
        .redirect(redirect::Policy::none())
        .timeout(timeout)
        .user_agent(concat!("holdpoint/", env!("CARGO_PKG_VERSION")));
    if url.scheme() == "http" {
        // No certificate is ever checked, so a host without a certificate store will do.
        builder = builder.tls_certs_only([]);
    }
    if is_loopback(url) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        let cause = error
            .source()
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        GenerationError::Setup(format!("no HTTP client: {error}{cause}"))
    })
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
