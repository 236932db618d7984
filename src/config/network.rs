//! Networks of peers: one address, or all that share its first bits.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

/// An IPv4 network, written `10.201.1.0/24`, or `10.201.1.3` for one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Network {
    address: Ipv4Addr,
    bits: u32,
}

impl Network {
    /// Whether `peer` is in it.
    pub fn contains(&self, peer: IpAddr) -> bool {
        let IpAddr::V4(peer) = peer.to_canonical() else {
            return false;
        };
        let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
        (peer.to_bits() ^ self.address.to_bits()) & mask == 0
    }
}

impl TryFrom<String> for Network {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "must be IPv4 addresses or networks such as 10.201.1.0/24";
        let (address, bits) = text.split_once('/').unwrap_or((&text, "32"));
        match (address.parse(), bits.parse()) {
            (Ok(address), Ok(bits)) if bits <= 32 => Ok(Self { address, bits }),
            _ => Err(wrong),
        }
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        let Network { address, bits } = network;
        match bits {
            32 => address.to_string(),
            _ => format!("{address}/{bits}"),
        }
    }
}
