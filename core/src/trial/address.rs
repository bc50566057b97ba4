//! Addresses as people write them, and the capture format's encodings of them.

use std::net::{IpAddr, SocketAddr};

use super::TrialError;

const AF_UNIX: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// An address and a port; 0 where none was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub ip: IpAddr,
    pub port: u16,
}

impl End {
    /// `1.2.3.4:80`, `[::1]:80`, `1.2.3.4`, `::1`.
    pub fn parse(text: &str) -> Result<Self, TrialError> {
        let text = text.trim();
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { ip: address.ip(), port: address.port() });
        }
        match text.parse() {
            Ok(ip) => Ok(Self { ip, port: 0 }),
            Err(_) => Err(TrialError::value(text, "an address looks like 192.0.2.1:80 or [2001:db8::1]:80")),
        }
    }

    pub fn family(self) -> u16 {
        u16::from(if self.ip.is_ipv4() { AF_INET } else { AF_INET6 })
    }

    /// The address as the extension block has it.
    pub fn wide(self) -> [u8; 16] {
        let mut out = [0; 16];
        match self.ip {
            IpAddr::V4(ip) => out[..4].copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => out = ip.octets(),
        }
        out
    }

    fn write(self, out: &mut Vec<u8>) {
        match self.ip {
            IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
            IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
        }
        out.extend_from_slice(&self.port.to_le_bytes());
    }
}

/// `from->to`.
pub fn pair(text: &str) -> Result<(End, End), TrialError> {
    let Some((from, to)) = text.split_once("->") else {
        return Err(TrialError::value(text, "a connection looks like 192.0.2.1:4000->192.0.2.2:80"));
    };
    Ok((End::parse(from)?, End::parse(to)?))
}

/// Whether a text names a unix socket.
pub fn is_unix(text: &str) -> bool {
    text.starts_with(['/', '@'])
}

/// A SOCKADDR parameter.
pub fn sockaddr(text: &str) -> Result<Vec<u8>, TrialError> {
    if is_unix(text) {
        return Ok([&[AF_UNIX], text.as_bytes(), b"\0"].concat());
    }
    let end = End::parse(text)?;
    let mut out = vec![end.family() as u8];
    end.write(&mut out);
    Ok(out)
}

/// A SOCKTUPLE parameter of an internet connection, client first.
pub fn tuple(from: End, to: End) -> Vec<u8> {
    let mut out = vec![from.family() as u8];
    from.write(&mut out);
    to.write(&mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded_as_captures_have_them() {
        assert_eq!(sockaddr("1.2.3.4:80").ok(), Some(vec![2, 1, 2, 3, 4, 80, 0]));
        assert_eq!(sockaddr("/run/x").ok(), Some(b"\x01/run/x\0".to_vec()));
        assert_eq!(sockaddr("[::1]:1").map(|b| (b[0], b.len())).ok(), Some((10, 19)));
        let ends = pair("1.2.3.4:1->5.6.7.8:2").expect("a connection");
        assert_eq!(tuple(ends.0, ends.1), [2, 1, 2, 3, 4, 1, 0, 5, 6, 7, 8, 2, 0]);
        for bad in ["1.2.3:80", "host:80", ""] {
            assert_eq!(End::parse(bad).map_err(|e| e.code()), Err("trial-value"), "{bad}");
        }
        assert!(pair("1.2.3.4:80").is_err());
    }
}
