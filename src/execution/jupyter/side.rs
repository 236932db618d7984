//! One mode's side: the server, the kernel there that its programs run in, and where that finds our gateway.

use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Value, json};

use super::{
    kernel::Kernel,
    post::{Post, Turn},
    rest::{RestError, Server, Spec},
};
use crate::{
    config::{ContainerSettings, KernelSettings},
    execution::ExecutionError,
    model::{Digest, ExecutionMode},
};

/// Where the programs of one mode run.
#[derive(Debug, Clone)]
pub(super) struct Side {
    mode: ExecutionMode,
    pub(super) server: Arc<Server>,
    pub(super) kernel: KernelSettings,
    /// Where kernels find our gateway.
    pub(super) post: Option<Post>,
    /// Whether kernels that are not ours may be on the server, because each has a network of its own.
    is_shared: bool,
    username: String,
    max_message: usize,
    seen: Arc<RwLock<Seen>>,
}

/// What the server was when it was last looked at: a program is approved for that.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    version: String,
    /// The digest of the kernel's specification.
    kernel: Option<Digest>,
}

impl Side {
    /// The side of `mode`. Nothing is sent yet.
    pub(super) fn new(container: &ContainerSettings, mode: ExecutionMode) -> Result<Self, RestError> {
        let (kernel, listen, peers) = match mode {
            ExecutionMode::ReadOnly => (
                &container.read_only,
                &container.listen_read_only,
                &container.peers_read_only,
            ),
            ExecutionMode::WriteAccess => (
                &container.write_access,
                &container.listen_write_access,
                &container.peers_write_access,
            ),
        };
        Ok(Self {
            mode,
            server: Arc::new(Server::new(container, mode)?),
            kernel: kernel.clone(),
            post: listen.as_deref().map(|listen| Post::new(listen, peers)),
            is_shared: container.shared_server,
            username: container.username.clone(),
            max_message: container.max_message_bytes,
            seen: Arc::default(),
        })
    }

    /// The same, approved as it was `seen`.
    pub(super) fn known(mut self, seen: Seen) -> Self {
        self.seen = Arc::new(RwLock::new(seen));
        self
    }

    /// Looks at the server and its kernel.
    pub(super) async fn look(&self) -> Result<Seen, ExecutionError> {
        let version = self.server.version().await?;
        let specs = self.server.specs().await?;
        let name = &self.kernel.kernel_name;
        let Some(Spec { spec }) = specs.get(name) else {
            let names: Vec<&str> = specs.keys().map(String::as_str).collect();
            return Err(ExecutionError::Interpreter(format!(
                "the Jupyter server at {} has no kernel {name} (it has: {}); install its kernelspec there, or \
                 name another one in execution.modes.{}.kernel_name",
                self.server.url(),
                match names.is_empty() {
                    true => "none".to_owned(),
                    false => names.join(", "),
                },
                match self.mode {
                    ExecutionMode::ReadOnly => "read_only",
                    ExecutionMode::WriteAccess => "write_access",
                }
            )));
        };
        Ok(Seen {
            version,
            kernel: Some(Digest::of_json(spec)),
        })
    }

    /// Whether the server is still what programs are approved for.
    pub(super) async fn check(&self) -> Result<(), ExecutionError> {
        let now = self.look().await?;
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if *seen == now {
            return Ok(());
        }
        *seen = now;
        Err(ExecutionError::Interpreter(format!(
            "the Jupyter server at {} or its kernel has changed since this program was made ready; ask again",
            self.server.url()
        )))
    }

    /// Whether nobody but the program to come could use the way to the control system by which it writes.
    pub(super) async fn is_alone(&self) -> Result<(), ExecutionError> {
        if self.is_shared || self.mode == ExecutionMode::ReadOnly {
            return Ok(());
        }
        let others = self.server.kernels().await?;
        if others.is_empty() {
            return Ok(());
        }
        Err(ExecutionError::Jupyter(format!(
            "the server for programs with write access at {} runs kernels that are not ours ({}), which could write \
             by what this program was allowed; end them, and let nobody else use it",
            self.server.url(),
            others.join(", ")
        )))
    }

    /// A kernel that answers, and what it is. The turn at the post is over when it is gone.
    pub(super) async fn start(&self, turn: Option<Arc<Turn>>) -> Result<(Kernel, String), ExecutionError> {
        let name = &self.kernel.kernel_name;
        let (server, user) = (self.server.clone(), self.username.clone());
        let mut kernel = Kernel::start(server, name.clone(), user, self.max_message, turn).await?;
        let language = kernel.ready().await?;
        if language.name != "python" {
            return Err(ExecutionError::Interpreter(format!(
                "the kernel {name} does not speak Python but {:?}",
                language.name
            )));
        }
        let label = format!("Python {} (kernel {name})", language.version);
        Ok((kernel, label))
    }

    /// What it says of itself, by names that the mode makes its own.
    pub(super) fn facts(&self) -> [(String, Value); 5] {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
        let environment = serde_json::to_value(&self.kernel.environment).unwrap_or(Value::Null);
        let kernel = json!({
            "name": self.kernel.kernel_name,
            "specification": seen.kernel,
            "environment_names": self.kernel.environment.keys().collect::<Vec<_>>(),
            "environment_digest": Digest::of_json(&environment).to_string(),
        });
        let (prefix, mode) = match self.mode {
            ExecutionMode::ReadOnly => ("", "read_only"),
            ExecutionMode::WriteAccess => ("write_", "write_access"),
        };
        [
            (format!("{prefix}url"), json!(self.server.url())),
            (format!("{prefix}server_version"), json!(seen.version)),
            (format!("kernel_{mode}"), kernel),
            (
                format!("gateway_{mode}"),
                json!(self.post.as_ref().map(Post::address)),
            ),
            (
                format!("gateway_{mode}_peers"),
                json!(self.post.as_ref().map(Post::peers)),
            ),
        ]
    }
}
