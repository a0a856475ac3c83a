//! Who asks when a proxy stands before the server: what it says of the client counts where the proxy is one that the
//! operator named, and nowhere else, for anybody can send a header.

use axum::http::{HeaderMap, HeaderName};
use std::{
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// Where proxies write whom they speak for.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Addresses that begin alike, as `10.0.0.0/8` or `2001:db8::/32`; an address alone is a network of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    first: u128,
    bits: u32,
}

/// All addresses as those of IPv6, so that one that came mapped is the same.
fn wide(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Network {
    /// Whether the address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
        wide(address) & mask == self.first & mask
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = || format!("{text} is no network: write an address, or an address and its length as 10.0.0.0/8");
        let (address, length) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.trim().parse().map_err(|_| wanted())?;
        // The addresses of IPv4 are the last 32 bits of the mapped ones.
        let before = if address.is_ipv4() { 96 } else { 0 };
        let bits = match length {
            Some(length) => before + length.trim().parse::<u32>().map_err(|_| wanted())?,
            None => 128,
        };
        if bits > 128 { Err(wanted()) } else { Ok(Self { first: wide(address), bits }) }
    }
}

/// The client behind the peer. Each proxy adds at the end whom it heard from, so the list is believed from its end on, as
/// long as the speaker is trusted; what stands before the first address that is not, the client may have made up.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut client = peer.to_canonical();
    let said: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .collect();
    let mut said = said.into_iter().rev();
    while is_trusted(client) {
        match said.next().map(|text| text.trim().parse::<IpAddr>()) {
            Some(Ok(address)) => client = address.to_canonical(),
            // Nothing more is said, or nothing that can be read: the last one who spoke is the one we know.
            Some(Err(_)) | None => break,
        }
    }
    client
}

/// An address as rates count it: a home or an attacker has 2⁶⁴ addresses of IPv6, so those count together.
pub fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn seen(peer: &str, lines: &[&'static str], trusted: &[&str]) -> String {
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().expect("a network")).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
        }
        client(address(peer), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_peer_speaks_for_another() {
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(seen("10.1.2.3", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("::ffff:10.1.2.3", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("10.1.2.3", &[], &["10.0.0.0/8"]), "10.1.2.3");
    }

    #[test]
    fn what_the_client_made_up_is_not_believed() {
        let made_up = "192.0.2.1, 198.51.100.1";
        assert_eq!(seen("10.1.2.3", &[made_up], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(seen("10.1.2.3", &[made_up, "10.9.9.9"], &["10.0.0.0/8"]), "198.51.100.1", "two proxies of ours");
        assert_eq!(seen("10.1.2.3", &["192.0.2.1, nonsense"], &["10.0.0.0/8"]), "10.1.2.3");
    }

    #[test]
    fn a_network_holds_what_begins_like_it() {
        let network = |text: &str| text.parse::<Network>();
        assert!(network("2001:db8::/32").is_ok_and(|net| net.contains(address("2001:db8:1::1"))));
        assert!(network("2001:db8::/32").is_ok_and(|net| !net.contains(address("2001:db9::1"))));
        assert!(network("127.0.0.1").is_ok_and(|net| net.contains(address("127.0.0.1"))));
        assert!(network("127.0.0.1").is_ok_and(|net| !net.contains(address("127.0.0.2"))));
        assert!(network("0.0.0.0/0").is_ok_and(|net| net.contains(address("198.51.100.1"))));
        assert!(network("0.0.0.0/0").is_ok_and(|net| !net.contains(address("2001:db8::1"))));
        for nonsense in ["", "10.0.0.0/33", "10.0.0.0/", "ten", "::/129", "10.0.0.0/-1"] {
            assert!(network(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_house_counts_once() {
        assert_eq!(counted(address("2001:db8::1")), counted(address("2001:db8::2")));
        assert_ne!(counted(address("2001:db8::1")), counted(address("2001:db8:0:1::1")));
        assert_ne!(counted(address("192.0.2.1")), counted(address("192.0.2.2")));
    }
}
