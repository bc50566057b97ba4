//! Literals: text of a rule read as a value of the field's type (spec: rules-language.md §10).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::net::Cidr;
use super::raw;
use crate::value::{Type, Value};

/// Longest text literal, in bytes.
const TEXT_MAX: usize = 255;

/// What a field's value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Text(Box<[u8]>),
    Int(i64),
    Uint(u64),
    Double(f64),
    Bool(bool),
    Ip(IpAddr),
    Net(Cidr),
}

/// How a type's values behave under operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Text,
    Buffer,
    Bool,
    Number,
    Address,
}

impl Class {
    pub fn of(ty: Type) -> Self {
        match ty {
            Type::CharBuf | Type::FsPath | Type::FsRelPath => Self::Text,
            Type::ByteBuf | Type::SockAddr | Type::SockTuple | Type::FdList => Self::Buffer,
            Type::Bool => Self::Bool,
            Type::IpAddr | Type::IpNet => Self::Address,
            _ => Self::Number,
        }
    }

    /// The word of operator errors.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Buffer => "buffer",
            Self::Bool | Self::Number => "numeric",
            Self::Address => "ip address and network",
        }
    }
}

impl Literal {
    /// Reads a literal of `ty`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(ty: Type, bytes: &[u8]) -> Result<Self, String> {
        match Class::of(ty) {
            Class::Text | Class::Buffer if bytes.len() > TEXT_MAX => {
                Err(format!("value of {} bytes is too long, at most {TEXT_MAX}", bytes.len()))
            }
            Class::Text | Class::Buffer => Ok(Self::Text(bytes.into())),
            class => Self::parse_text(class, ty, raw::text(bytes)?),
        }
    }

    fn parse_text(class: Class, ty: Type, text: &str) -> Result<Self, String> {
        match class {
            Class::Bool => match text {
                "true" => Ok(Self::Bool(true)),
                "false" => Ok(Self::Bool(false)),
                _ => Err(format!("{text} is neither true nor false")),
            },
            Class::Address if ty == Type::IpNet => {
                Cidr::parse(text).map(Self::Net).ok_or(format!("unrecognized IP network {text}"))
            }
            Class::Address => address(text).map(Self::Ip).ok_or(format!("unrecognized IP address {text}")),
            _ => number(ty, text),
        }
    }

    /// Reads the hexadecimal text of bytes, as `bcontains` and `bstartswith` take it.
    ///
    /// # Errors
    /// That it is none.
    pub fn parse_hex(bytes: &[u8]) -> Result<Self, String> {
        raw::from_hex(raw::text(bytes)?).map(Self::Text)
    }

    /// Whether the value equals it (or lies within it, if it is a network).
    pub fn equals(&self, value: &Value<'_>) -> bool {
        match (self, value) {
            (Self::Text(a), Value::Text(b) | Value::Bytes(b)) => **a == **b,
            (Self::Int(a), Value::Int(b)) => a == b,
            (Self::Uint(a), Value::Uint(b)) => a == b,
            (Self::Double(a), Value::Double(b)) => a == b,
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::Ip(a), Value::Ip(b)) => a == b,
            (Self::Net(a), Value::Ip(b)) => a.contains(*b),
            _ => false,
        }
    }
}

fn address(text: &str) -> Option<IpAddr> {
    if text.contains('.') && !text.contains(':') {
        text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    } else {
        text.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
    }
}

fn number(ty: Type, text: &str) -> Result<Literal, String> {
    if ty == Type::Port {
        return port(text);
    }
    let value = decimal(text).ok_or(format!("{text} is not a valid number"))?;
    let signed = value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
    let unsigned = if value < 0 { value.max(-i128::from(u64::MAX)) } else { value.min(i128::from(u64::MAX)) } as u64;
    Ok(match ty {
        Type::Int8 => Literal::Int(i64::from(signed as i8)),
        Type::Int16 => Literal::Int(i64::from(signed as i16)),
        Type::Int32 => Literal::Int(i64::from(signed as i32)),
        Type::Int64 | Type::Fd | Type::Pid | Type::Errno => Literal::Int(signed),
        Type::Double => Literal::Double(f64::from(signed as i32)),
        Type::Uint8 | Type::Flags8 | Type::EnumFlags8 | Type::SigType => Literal::Uint(u64::from(unsigned as u8)),
        Type::Uint16 | Type::Flags16 | Type::EnumFlags16 | Type::SyscallId => Literal::Uint(u64::from(unsigned as u16)),
        Type::Uint64 | Type::RelTime | Type::AbsTime => Literal::Uint(unsigned),
        _ => Literal::Uint(u64::from(unsigned as u32)),
    })
}

/// A decimal number with an optional sign and leading blanks; what does not fit is cut at the ends of the range.
fn decimal(text: &str) -> Option<i128> {
    let text = text.trim_start();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value = digits.bytes().fold(0i128, |n, b| n.saturating_mul(10).saturating_add(i128::from(b - b'0')));
    Some(if negative { -value } else { value })
}

fn port(text: &str) -> Result<Literal, String> {
    if text.is_empty() {
        return Ok(Literal::Uint(0));
    }
    if let Some(value) = decimal(text).filter(|_| text.bytes().all(|b| b.is_ascii_digit())) {
        return Ok(Literal::Uint(u64::from(value as u16)));
    }
    let services = std::fs::read_to_string("/etc/services").unwrap_or_default();
    service(&services, text).map(Literal::Uint).ok_or(format!("unrecognized protocol {text}"))
}

/// The port of a service's name or alias in the services database (`services(5)`).
fn service(database: &str, name: &str) -> Option<u64> {
    database.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let (first, port) = (words.next()?, words.next()?);
        let known = first == name || words.any(|alias| alias == name);
        known.then(|| port.split('/').next()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_cut_to_their_width() {
        let parse = |ty, text: &str| Literal::parse(ty, text.as_bytes());
        assert_eq!(parse(Type::Int64, "-5"), Ok(Literal::Int(-5)));
        assert_eq!(parse(Type::Int64, " +7"), Ok(Literal::Int(7)));
        assert_eq!(parse(Type::Uint32, "-1"), Ok(Literal::Uint(0xffff_ffff)));
        assert_eq!(parse(Type::Uint64, "-1"), Ok(Literal::Uint(u64::MAX)));
        assert_eq!(parse(Type::Uint8, "257"), Ok(Literal::Uint(1)));
        assert_eq!(parse(Type::Int64, "99999999999999999999"), Ok(Literal::Int(i64::MAX)));
        assert_eq!(parse(Type::Double, "3"), Ok(Literal::Double(3.0)));
        for bad in ["0x10", "1.5", "", "-", "1 ", "ten", "1e3"] {
            assert_eq!(parse(Type::Uint32, bad), Err(format!("{bad} is not a valid number")), "{bad}");
        }
    }

    #[test]
    fn booleans_addresses_and_texts() {
        assert_eq!(Literal::parse(Type::Bool, b"true"), Ok(Literal::Bool(true)));
        assert!(Literal::parse(Type::Bool, b"1").is_err());
        assert!(Literal::parse(Type::IpAddr, b"1.2.3").is_err() && Literal::parse(Type::IpAddr, b"::1").is_ok());
        assert_eq!(Literal::parse(Type::IpNet, b"1.2.3.4"), Err("unrecognized IP network 1.2.3.4".into()));
        assert!(Literal::parse(Type::CharBuf, &[b'x'; 255]).is_ok());
        assert!(Literal::parse(Type::CharBuf, &[b'x'; 256]).is_err());
        assert_eq!(Literal::parse_hex(b"0aFF"), Ok(Literal::Text([0x0a, 0xff].into())));
        assert!(Literal::parse_hex(b"0a0").is_err() && Literal::parse_hex(b"0x").is_err());
    }

    #[test]
    fn ports_have_names() {
        let database = "# x\nssh  22/tcp  # shell\ndomain 53/udp name\n";
        assert_eq!(service(database, "ssh"), Some(22));
        assert_eq!(service(database, "name"), Some(53));
        assert_eq!(service(database, "shell"), None);
        assert_eq!(Literal::parse(Type::Port, b""), Ok(Literal::Uint(0)));
        assert_eq!(Literal::parse(Type::Port, b"443"), Ok(Literal::Uint(443)));
        assert_eq!(Literal::parse(Type::Port, b"no-such"), Err("unrecognized protocol no-such".into()));
    }
}
