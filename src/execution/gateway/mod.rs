//! The only way from a program to the control system.
//!
//! A network namespace of the sandbox's own has no route anywhere. The launcher makes sockets inside it, before
//! the program starts, and hands them out; sockets stay in the namespace they were made in. What the program
//! sends to them arrives here and nowhere else.

mod pva;

pub use pva::{OnRefused, PvaAction, PvaBreach, PvaFilter, PvaRules, serve_pva};

use std::net::{TcpListener, UdpSocket};

/// The sockets of one program's network namespace, made by the launcher on its loopback.
#[derive(Debug)]
pub struct Sockets {
    /// Where Channel Access searches arrive: 127.0.0.1:5064.
    pub search: UdpSocket,
    /// Where a Channel Access repeater would be, 127.0.0.1:5065: held so that clients start none.
    pub repeater: UdpSocket,
    /// Where circuits arrive: one listener for each server the program may reach.
    pub circuits: Vec<TcpListener>,
    /// Where PV Access arrives, on the port of the configured gateway.
    pub pva: Option<TcpListener>,
}
