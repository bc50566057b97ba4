//! IP addresses and networks as rules compare them: an IPv4 value never meets an IPv6 literal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network, as its masked address and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    net: IpAddr,
    len: u8,
}

impl Cidr {
    /// Reads `a.b.c.d/len` or an IPv6 address with or without `/len`.
    pub fn parse(text: &str) -> Option<Self> {
        let (addr, len) = match text.split_once('/') {
            Some((addr, len)) => (addr, Some(len)),
            None => (text, None),
        };
        if len.is_some_and(|l| l.is_empty() || !l.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let len = len.map(str::parse::<u8>).transpose().ok()?;
        let (addr, len) = if addr.contains(':') {
            (IpAddr::V6(addr.parse::<Ipv6Addr>().ok()?), len.unwrap_or(128))
        } else {
            (IpAddr::V4(addr.parse::<Ipv4Addr>().ok()?), len?)
        };
        let max = if addr.is_ipv4() { 32 } else { 128 };
        (len <= max).then(|| Self { net: mask(addr, len), len })
    }

    pub fn contains(&self, addr: IpAddr) -> bool {
        addr.is_ipv4() == self.net.is_ipv4() && mask(addr, self.len) == self.net
    }
}

fn mask(addr: IpAddr, len: u8) -> IpAddr {
    match addr {
        IpAddr::V4(v4) => {
            let keep = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(v4) & keep))
        }
        IpAddr::V6(v6) => {
            let keep = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(v6) & keep))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let holds = |net: &str, addr: &str| Cidr::parse(net).expect(net).contains(addr.parse().expect(addr));
        assert!(holds("10.0.0.0/8", "10.255.0.1") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.1.2.3/8", "10.9.9.9"), "host bits of the literal do not matter");
        assert!(holds("0.0.0.0/0", "1.2.3.4") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("fe80::/10", "fe80::1") && holds("::1", "::1") && !holds("::1", "::2"));
        for bad in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "x/8", "10.0.0.0/", "10.0.0.0/+8", "::1/129"] {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
    }
}
