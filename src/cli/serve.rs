//! The command `serve`: the service over HTTP, until a signal comes.

use serde_json::json;

use crate::{
    api::{ServeError, Server},
    service::{ErrorKind, Service},
};

use super::{
    Work, desk, exit,
    fault::{Fault, fault},
};

impl From<ServeError> for Fault {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Service(error) => error.into(),
            ServeError::Listen { .. } => fault(ErrorKind::Failed, "listen", error),
            ServeError::NotLoopback(_) => fault(ErrorKind::Usage, "not_loopback", error),
            ServeError::Broken(_) => fault(ErrorKind::Failed, "server_broken", error),
        }
    }
}

/// Serves at `host` and `port`, or where the configuration says.
pub(super) async fn serve(work: &Work, host: Option<String>, port: Option<u16>) -> Result<u8, Fault> {
    let signalled = desk::listen().map_err(desk::no_signals)?;
    let mut config = work.config.clone();
    if let Some(host) = host {
        config.api.host = host;
    }
    if let Some(port) = port {
        config.api.port = port;
    }
    let service = Service::open(config).await?;
    service.keep_spares();
    let proxied = service.config().identity.proxy.header.is_some();
    let open = service.keys().borrow().is_empty() && !proxied;
    let server = Server::bind(service).await?;
    let url = format!("http://{}", server.address());
    match work.output.json {
        true => work.output.value(&json!({ "url": url }))?,
        false => work.output.text(&format!(
            "listening on {url}\n{}\n",
            match open {
                true => "no API keys: every process of this host can call, and nobody else",
                false => "callers are known by their keys, or by the proxy that is trusted",
            }
        ))?,
    }
    let closing = server.closing();
    tokio::spawn(async move {
        signalled.cancelled().await;
        closing.cancel();
    });
    server.serve().await?;
    Ok(exit::DONE)
}
