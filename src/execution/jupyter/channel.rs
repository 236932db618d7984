//! A WebSocket to a kernel's channels.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::{SinkExt, StreamExt};
use reqwest::{Url, header::AUTHORIZATION};
use rustls::pki_types::ServerName;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Interval, MissedTickBehavior, interval_at, timeout},
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error as SocketError, Message as Frame,
        client::IntoClientRequest,
        error::{ProtocolError, SubProtocolError},
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::{
    rest::Server,
    wire::{BINARY, Form, Message, Request},
};

/// How often the server is asked whether it is still there.
const PING: Duration = Duration::from_secs(5);

/// How long it may say nothing at all.
const SILENCE: Duration = Duration::from_secs(15);

/// Why a channel is of no use any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    /// The connection is gone; another one may do.
    #[error("{0}")]
    Broken(String),
    /// A message is larger than what is taken.
    #[error("a message of more than {0} bytes")]
    TooLarge(usize),
}

/// What a WebSocket runs over.
trait Bytes: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Bytes for T {}

type Socket = WebSocketStream<Box<dyn Bytes>>;

/// A connection to a kernel's channels.
pub(super) struct Channel {
    socket: Socket,
    form: Form,
    session: String,
    timeout: Duration,
    max_message: usize,
    heard: Instant,
    ping: Interval,
}

impl Channel {
    /// Connects to a kernel. Whoever comes back under the same `session` gets what was sent meanwhile.
    pub(super) async fn open(
        server: &Server,
        kernel: &str,
        session: &str,
        max_message: usize,
    ) -> Result<Self, Lost> {
        let connected = timeout(server.timeout, connect(server, kernel, session, max_message)).await;
        let (socket, form) = connected.map_err(|_| broken("the server does not take the connection"))??;
        let mut ping = interval_at(Instant::now() + PING, PING);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            socket,
            form,
            session: session.to_owned(),
            timeout: server.timeout,
            max_message,
            heard: Instant::now(),
            ping,
        })
    }

    /// Sends a request.
    pub(super) async fn send(&mut self, request: &Request) -> Result<(), Lost> {
        let frame = match self.form {
            Form::Binary => Frame::binary(request.binary(&self.session)),
            Form::Text => Frame::text(request.text(&self.session)),
        };
        timeout(self.timeout, self.socket.send(frame))
            .await
            .map_err(|_| broken("the server does not take what is sent"))?
            .map_err(|error| self.lost(error))
    }

    /// The next message. Nothing is lost where this is dropped before it is done.
    pub(super) async fn receive(&mut self) -> Result<Message, Lost> {
        loop {
            let frame = tokio::select! {
                frame = self.socket.next() => frame,
                _ = self.ping.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(broken("the server says nothing any more"));
                    }
                    let pinged = timeout(PING, self.socket.send(Frame::Ping(Default::default()))).await;
                    // A server that takes no ping is found out by its silence.
                    if let Ok(Err(error)) = pinged {
                        return Err(self.lost(error));
                    }
                    continue;
                }
            };
            self.heard = Instant::now();
            let read = match frame {
                None | Some(Ok(Frame::Close(_))) => return Err(broken("the server closed the connection")),
                Some(Err(error)) => return Err(self.lost(error)),
                Some(Ok(Frame::Binary(bytes))) => Message::from_binary(&bytes, self.form),
                Some(Ok(Frame::Text(text))) => Message::from_text(&text),
                Some(Ok(_)) => continue,
            };
            match read {
                Ok(message) => return Ok(message),
                // A kernel's message that is none can't be an answer; whoever waits for one has a time limit.
                Err(reason) => tracing::debug!(%reason, "a frame from a kernel is passed over"),
            }
        }
    }

    fn lost(&self, error: SocketError) -> Lost {
        match error {
            SocketError::Capacity(_) => Lost::TooLarge(self.max_message),
            SocketError::Http(response) => broken(&format!("the server answered {}", response.status())),
            other => broken(&other.to_string()),
        }
    }
}

async fn connect(
    server: &Server,
    kernel: &str,
    session: &str,
    max_message: usize,
) -> Result<(Socket, Form), Lost> {
    let mut url = server.address(&["kernels", kernel, "channels"]);
    url.query_pairs_mut().append_pair("session_id", session);
    let scheme = if url.scheme() == "https" { "wss" } else { "ws" };
    url.set_scheme(scheme)
        .map_err(|()| broken("the address cannot be that of a WebSocket"))?;
    let config = WebSocketConfig::default()
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message));
    for form in [Form::Binary, Form::Text] {
        let mut request = url.as_str().into_client_request().map_err(faulty)?;
        let headers = request.headers_mut();
        if form == Form::Binary {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(BINARY));
        }
        if let Some(value) = server.authorization() {
            headers.insert(AUTHORIZATION, value);
        }
        let stream = stream(&url).await?;
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => return Ok((socket, form)),
            // A server of the older kind agrees to no subprotocol, and is asked again without.
            Err(SocketError::Protocol(ProtocolError::SecWebSocketSubProtocolError(
                SubProtocolError::NoSubProtocol,
            ))) => {}
            Err(error) => return Err(faulty(error)),
        }
    }
    Err(broken("the server agrees to no form of messages"))
}

async fn stream(url: &Url) -> Result<Box<dyn Bytes>, Lost> {
    let failed = |error: io::Error| broken(&error.to_string());
    let addresses: Vec<SocketAddr> = {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let port = url.port_or_known_default().unwrap_or(80);
        let found = tokio::net::lookup_host((host, port)).await;
        found.map_err(failed)?.collect()
    };
    let tcp = TcpStream::connect(addresses.as_slice()).await.map_err(failed)?;
    tcp.set_nodelay(true).map_err(failed)?;
    let tcp = Prompt(tcp);
    if url.scheme() == "ws" {
        return Ok(Box::new(tcp));
    }
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']'])
        .to_owned();
    let name = ServerName::try_from(host).map_err(|error| broken(&error.to_string()))?;
    let config =
        rustls::ClientConfig::with_platform_verifier().map_err(|error| broken(&error.to_string()))?;
    let connector = TlsConnector::from(std::sync::Arc::new(config));
    Ok(Box::new(connector.connect(name, tcp).await.map_err(failed)?))
}

fn broken(reason: &str) -> Lost {
    Lost::Broken(reason.to_owned())
}

fn faulty(error: SocketError) -> Lost {
    match error {
        SocketError::Http(response) => broken(&format!("the server answered {}", response.status())),
        other => broken(&other.to_string()),
    }
}

/// A TCP stream that acknowledges at once whatever it reads.
///
/// Jupyter's server writes a message in pieces and, without `TCP_NODELAY`, holds the last one back until the
/// ones before it are acknowledged, which Linux would put off by 40 ms. The option wears off and is set anew.
struct Prompt(TcpStream);

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.0).poll_read(context, buffer));
        // Where the option cannot be set, answers come later, and that is all.
        let _ = rustix::net::sockopt::set_tcp_quickack(&self.0, true);
        Poll::Ready(read)
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
