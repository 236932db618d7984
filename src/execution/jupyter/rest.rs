//! What a Jupyter server does by REST: kernels are found, started, interrupted and deleted.

use std::{collections::BTreeMap, error::Error as _, time::Duration};

use reqwest::{
    Client, Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderValue},
    redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{config::ContainerSettings, model::ExecutionMode};

/// The most bytes of an answer.
const MAX_ANSWER: usize = 4 << 20;

/// Why the server did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub(super) enum RestError {
    /// It does not let us.
    #[error(
        "the Jupyter server at {url} refused access ({status}{said}): check {key}; a server that \
         is called by another name than its own also needs ServerApp.allow_remote_access"
    )]
    Refused {
        url: String,
        key: &'static str,
        status: StatusCode,
        said: String,
    },
    /// What was asked for is not there.
    #[error("{0} is not there")]
    Missing(String),
    /// It cannot be reached, or does not answer as a Jupyter server does.
    #[error("the Jupyter server at {url}: {reason}")]
    Failed { url: String, reason: String },
}

/// A kernel's specification, as the server tells it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Spec {
    /// What stands in its `kernel.json`.
    #[serde(default)]
    pub(super) spec: Value,
}

#[derive(Deserialize)]
struct Api {
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
struct Specs {
    #[serde(default)]
    kernelspecs: BTreeMap<String, Spec>,
}

#[derive(Deserialize)]
struct Started {
    id: String,
}

/// A Jupyter server, its address and its token.
#[derive(Debug)]
pub(super) struct Server {
    client: Client,
    url: Url,
    token: Option<SecretString>,
    /// The setting that the token came from.
    key: &'static str,
    /// How long one answer may take.
    pub(super) timeout: Duration,
}

impl Server {
    /// Prepares the client for the server of `mode`; nothing is sent yet.
    pub(super) fn new(settings: &ContainerSettings, mode: ExecutionMode) -> Result<Self, RestError> {
        let (url, token, key) = match mode {
            ExecutionMode::ReadOnly => (&settings.url, &settings.token, "execution.container.token"),
            ExecutionMode::WriteAccess => (
                &settings.write_url,
                &settings.write_token,
                "execution.container.write_token",
            ),
        };
        let failed = |reason: String| RestError::Failed {
            url: url.clone(),
            reason,
        };
        let url = Url::parse(url).map_err(|error| failed(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some()
        {
            return Err(failed(
                "it must be an http or https address without a login".to_owned(),
            ));
        }
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Another thread may be quicker; then its provider stands.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(settings.timeout)
            .no_proxy()
            .user_agent(concat!("holdpoint/", env!("CARGO_PKG_VERSION")));
        if url.scheme() == "http" {
            // No certificate is ever checked, so a host without a certificate store will do.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(|error| failed(error.to_string()))?,
            url,
            token: token.clone(),
            key,
            timeout: settings.timeout,
        })
    }

    /// Its address, which holds no secret.
    pub(super) fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The address of `path` beneath the server's own.
    pub(super) fn address(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("api").extend(path);
        }
        url
    }

    /// The header that carries the token.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let token = self.token.as_ref()?;
        let mut value = HeaderValue::from_str(&format!("token {}", token.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// The server's version.
    pub(super) async fn version(&self) -> Result<String, RestError> {
        Ok(self.read::<Api>(&[]).await?.version)
    }

    /// The kernels it knows, by name.
    pub(super) async fn specs(&self) -> Result<BTreeMap<String, Spec>, RestError> {
        Ok(self.read::<Specs>(&["kernelspecs"]).await?.kernelspecs)
    }

    /// Starts a kernel and gives its id.
    pub(super) async fn start(&self, name: &str, user: &str) -> Result<String, RestError> {
        let body = json!({"name": name, "env": {"KERNEL_USERNAME": user}});
        let response = self.call(Method::POST, &["kernels"], Some(&body)).await?;
        let started: Started = self.json(response).await?;
        // The id becomes a part of addresses.
        match started
            .id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            true if !started.id.is_empty() => Ok(started.id),
            _ => Err(self.failed("it gave a kernel no proper id".to_owned())),
        }
    }

    /// Interrupts what a kernel is running.
    pub(super) async fn interrupt(&self, kernel: &str) -> Result<(), RestError> {
        let body = json!({});
        let path = ["kernels", kernel, "interrupt"];
        self.call(Method::POST, &path, Some(&body)).await.map(drop)
    }

    /// Deletes a kernel; one that is not there is deleted.
    pub(super) async fn delete(&self, kernel: &str) -> Result<(), RestError> {
        match self.call(Method::DELETE, &["kernels", kernel], None).await {
            Ok(_) | Err(RestError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The kernels it runs.
    pub(super) async fn kernels(&self) -> Result<Vec<String>, RestError> {
        let kernels: Vec<Started> = self.read(&["kernels"]).await?;
        Ok(kernels.into_iter().map(|kernel| kernel.id).collect())
    }

    /// Whether a kernel is there.
    pub(super) async fn has(&self, kernel: &str) -> Result<bool, RestError> {
        match self.call(Method::GET, &["kernels", kernel], None).await {
            Ok(_) => Ok(true),
            Err(RestError::Missing(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, RestError> {
        let response = self.call(Method::GET, path, None).await?;
        self.json(response).await
    }

    async fn call(&self, method: Method, path: &[&str], body: Option<&Value>) -> Result<Response, RestError> {
        let mut request = self.client.request(method, self.address(path));
        if let Some(value) = self.authorization() {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| self.broken(error))?;
        match response.status() {
            status if status.is_success() => Ok(response),
            StatusCode::NOT_FOUND => Err(RestError::Missing(format!(
                "api/{} on the Jupyter server at {}",
                path.join("/"),
                self.url
            ))),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => Err(RestError::Refused {
                url: self.url.to_string(),
                key: self.key,
                status,
                said: self.said(response).await,
            }),
            status => {
                let said = self.said(response).await;
                Err(self.failed(format!("it answered {status}{said}")))
            }
        }
    }

    /// What a refusal says, if it says something that can be shown.
    async fn said(&self, response: Response) -> String {
        let Ok(bytes) = self.bytes(response).await else {
            return String::new();
        };
        let body: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let said = ["message", "reason"].map(|name| body.get(name).and_then(Value::as_str));
        let Some(said) = said.into_iter().flatten().find(|said| !said.is_empty()) else {
            return String::new();
        };
        let shown = said.chars().take(200).filter(|letter| !letter.is_control());
        format!(": {}", shown.collect::<String>())
    }

    async fn json<T: DeserializeOwned>(&self, response: Response) -> Result<T, RestError> {
        let bytes = self.bytes(response).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| self.failed(format!("it does not answer as a Jupyter server: {error}")))
    }

    async fn bytes(&self, mut response: Response) -> Result<Vec<u8>, RestError> {
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.broken(error))? {
            if bytes.len() + piece.len() > MAX_ANSWER {
                return Err(self.failed(format!("its answer is larger than {MAX_ANSWER} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    fn broken(&self, error: reqwest::Error) -> RestError {
        let error = error.without_url();
        if error.is_timeout() {
            return self.failed(format!("no answer within {:?}", self.timeout));
        }
        let mut reason = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            reason = format!("{reason}: {inner}");
            cause = inner.source();
        }
        self.failed(reason)
    }

    fn failed(&self, reason: String) -> RestError {
        RestError::Failed {
            url: self.url.to_string(),
            reason,
        }
    }
}
