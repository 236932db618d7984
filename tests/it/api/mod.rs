//! The service over HTTP: through the clients people have, and on the wire.

mod clients;
mod server;
mod wire;
