//! The service over HTTP: through the clients people have, and on the wire.

mod clients;
mod identity;
mod server;
mod wire;
