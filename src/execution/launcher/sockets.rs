//! The sockets of a sandbox's network namespace: made inside, handed out, served outside.

use std::{
    io::{self, IoSlice, IoSliceMut, Read},
    mem::MaybeUninit,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::fd::{AsFd, OwnedFd},
};

use rustix::{
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, recvmsg, sendmsg,
    },
    stdio::stdin,
};

use super::{Fault, failed, orders::Sockets};
use crate::execution::gateway;

/// Where Channel Access clients look for servers, and where a server's first circuit is.
const CA_PORT: u16 = 5064;

/// Where Channel Access clients look for a repeater.
const REPEATER_PORT: u16 = 5065;

/// The most listeners for circuits: the kernel passes at most 253 descriptors at once.
pub(in crate::execution) const MOST_CIRCUITS: usize = 240;

/// What is sent along with the descriptors, and what comes back.
const OFFERED: u8 = b's';
pub(in crate::execution) const ACKNOWLEDGED: u8 = b'a';

/// Makes the sockets, hands them out over standard input and waits until they have arrived.
pub(super) fn hand_out(orders: Sockets) -> Result<(), Fault> {
    let here = Ipv4Addr::LOCALHOST;
    let udp = |port| UdpSocket::bind((here, port)).map_err(failed(format!("UDP port {port}")));
    let tcp = |port| TcpListener::bind((here, port)).map_err(failed(format!("TCP port {port}")));
    let mut made: Vec<OwnedFd> = vec![udp(CA_PORT)?.into(), udp(REPEATER_PORT)?.into()];
    for number in 0..orders.circuits {
        made.push(tcp(if number == 0 { CA_PORT } else { 0 })?.into());
    }
    if let Some(port) = orders.pva {
        made.push(tcp(port)?.into());
    }
    let what = "handing the sockets out";
    let lent: Vec<_> = made.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_CIRCUITS + 3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&lent)) {
        return Err(failed(what)(io::Error::other("there are too many")));
    }
    sendmsg(
        stdin(),
        &[IoSlice::new(&[OFFERED])],
        &mut control,
        SendFlags::NOSIGNAL,
    )
    .map_err(failed(what))?;
    let mut word = [0u8];
    io::stdin()
        .lock()
        .read_exact(&mut word)
        .map_err(failed("the sockets' arrival"))?;
    match word[0] {
        ACKNOWLEDGED => Ok(()),
        _ => Err(failed(what)(io::Error::other("they were not taken"))),
    }
}

/// Takes the sockets that the launcher hands out over `link`; they must be there to be read.
pub(in crate::execution) fn receive(link: impl AsFd, orders: Sockets) -> io::Result<gateway::Sockets> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_CIRCUITS + 3))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut word = [0u8];
    let got = recvmsg(
        link,
        &mut [IoSliceMut::new(&mut word)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    let mut made = control
        .drain()
        .filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        })
        .flatten();
    let mut next = || {
        made.next()
            .ok_or_else(|| io::Error::other("the launcher handed out too few sockets"))
    };
    if got.bytes != 1 || word[0] != OFFERED {
        return Err(io::Error::other(
            "the launcher ended before it handed out the sockets",
        ));
    }
    let sockets = gateway::Sockets {
        search: next()?.into(),
        repeater: next()?.into(),
        circuits: (0..orders.circuits)
            .map(|_| next().map(TcpListener::from))
            .collect::<io::Result<_>>()?,
        pva: orders.pva.map(|_| next().map(TcpListener::from)).transpose()?,
        peers: Vec::new(),
    };
    Ok(sockets)
}
