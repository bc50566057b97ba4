//! Parameters: declared type, printing format, flag table, variants and where the sensor finds them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::flags::FlagTable;
use super::sources::Choice;
use super::table;
use crate::value::{Type, Value};

/// How a parameter's raw form is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Dec,
    /// Upper case, no prefix.
    Hex,
    /// With a leading 0.
    Oct,
    Na,
    /// Decimal, padded with zeros to nine digits.
    Dec09,
}

impl Format {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dec => "DEC",
            Self::Hex => "HEX",
            Self::Oct => "OCT",
            Self::Na => "NA",
            Self::Dec09 => "DEC09",
        }
    }
}

/// One parameter of an event.
#[derive(Debug)]
pub struct ParamInfo {
    pub name: &'static str,
    pub ty: Type,
    pub format: Format,
    pub flags_table: Option<&'static FlagTable>,
    /// Index of the parameter that holds the directory descriptor this path is relative to.
    pub base: Option<u8>,
    /// What a dynamic parameter may hold; its first byte is the index.
    pub variants: Vec<ParamInfo>,
    /// Ways to find it, in the order in which they are tried; none where the sensor has a program of its own.
    pub sources: Vec<Choice>,
}

impl ParamInfo {
    /// Reads `name:TYPE:FORMAT[#table|@base|{variants}]`.
    pub(super) fn parse(cell: &'static str) -> Result<Self, String> {
        let (head, variants) = match cell.split_once('{') {
            Some((head, rest)) => (head, parse_variants(rest)?),
            None => (cell, Vec::new()),
        };
        let mut words = head.splitn(3, ':');
        let (Some(name), Some(ty), Some(rest)) = (words.next(), words.next(), words.next()) else {
            return Err(format!("parameter `{cell}` lacks a type or a format"));
        };
        let (format, table, base) = parse_format(rest)?;
        Ok(Self { name, ty: type_of(ty)?, format, flags_table: table, base, variants, sources: Vec::new() })
    }

    /// The parameter itself or, of a dynamic one, the variant that its first byte selects, and its bytes.
    pub fn variant<'a, 'b>(&'a self, bytes: &'b [u8]) -> Option<(&'a Self, &'b [u8])> {
        if self.ty != Type::Dyn {
            return Some((self, bytes));
        }
        let (index, rest) = bytes.split_first()?;
        Some((self.variants.get(usize::from(*index))?, rest))
    }

    /// Whether it names a file, so that path choices apply.
    pub fn is_path(&self) -> bool {
        matches!(self.ty, Type::FsPath | Type::FsRelPath)
    }
}

fn parse_variants(rest: &'static str) -> Result<Vec<ParamInfo>, String> {
    let body = rest.strip_suffix('}').ok_or("variants are not closed")?;
    body.split(',')
        .enumerate()
        .map(|(at, item)| match item.split_once('=') {
            Some((n, param)) if n.parse() == Ok(at) => ParamInfo::parse(param),
            _ => Err(format!("variant `{item}` is out of order")),
        })
        .collect()
}

type FormatParts = (Format, Option<&'static FlagTable>, Option<u8>);

fn parse_format(text: &'static str) -> Result<FormatParts, String> {
    let (word, table, base) = if let Some((word, table)) = text.split_once('#') {
        let known = super::flag_table(table).ok_or(format!("unknown flag table `{table}`"))?;
        (word, Some(known), None)
    } else if let Some((word, base)) = text.split_once('@') {
        (word, None, Some(table::number(base)?))
    } else {
        (text, None, None)
    };
    let format = match word {
        "DEC" => Format::Dec,
        "HEX" => Format::Hex,
        "OCT" => Format::Oct,
        "NA" => Format::Na,
        _ => return Err(format!("unknown format `{word}`")),
    };
    Ok((format, table, base))
}

/// Types of the wire. The iterator's 32-bit descriptors and ids, and its string arrays, differ from the plain
/// ones in width only, which the length array gives.
fn type_of(word: &str) -> Result<Type, String> {
    let plain = match word {
        "CHARBUFARRAY" => "BYTEBUF",
        "FD32" => "FD",
        "PID32" => "PID",
        "IPV4ADDR" | "IPV6ADDR" => "IPADDR",
        other => other,
    };
    Type::from_name(plain).ok_or_else(|| format!("unknown type `{word}`"))
}

/// The value that a parameter's bytes hold; `None` when it is empty or has a width that no number has.
pub fn read<'a>(param: &ParamInfo, bytes: &'a [u8]) -> Option<Value<'a>> {
    let (param, bytes) = param.variant(bytes)?;
    if bytes.is_empty() {
        return None;
    }
    Some(match param.ty {
        Type::CharBuf | Type::FsPath | Type::FsRelPath => Value::Text(text(bytes)),
        Type::ByteBuf | Type::SockAddr | Type::SockTuple | Type::FdList => Value::Bytes(bytes),
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::Fd | Type::Pid | Type::Errno => {
            Value::Int(signed(bytes)?)
        }
        Type::Bool => Value::Bool(unsigned(bytes)? != 0),
        Type::Double => Value::Double(f64::from_le_bytes(bytes.try_into().ok()?)),
        Type::IpAddr | Type::IpNet => Value::Ip(ip(bytes)?),
        Type::Dyn => return None,
        _ => Value::Uint(unsigned(bytes)?),
    })
}

/// Bytes that a value of this type takes on the wire (scap-format, parameter encodings); 0 is variable.
pub fn width_of(ty: Type) -> u8 {
    match ty {
        Type::Int8 | Type::Uint8 | Type::Flags8 | Type::EnumFlags8 | Type::SigType => 1,
        Type::Int16 | Type::Uint16 | Type::Flags16 | Type::EnumFlags16 | Type::SyscallId | Type::Port => 2,
        Type::Int32
        | Type::Uint32
        | Type::Flags32
        | Type::EnumFlags32
        | Type::Uid
        | Type::Gid
        | Type::Mode
        | Type::SigSet
        | Type::Bool => 4,
        Type::Int64
        | Type::Uint64
        | Type::RelTime
        | Type::AbsTime
        | Type::Errno
        | Type::Fd
        | Type::Pid
        | Type::Double => 8,
        _ => 0,
    }
}

/// A string parameter's text: up to its NUL.
pub(super) fn text(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

/// A little-endian unsigned number of 1, 2, 4 or 8 bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Option<u64> {
    Some(match bytes.len() {
        1 => u64::from(bytes[0]),
        2 => u64::from(u16::from_le_bytes(bytes.try_into().ok()?)),
        4 => u64::from(u32::from_le_bytes(bytes.try_into().ok()?)),
        8 => u64::from_le_bytes(bytes.try_into().ok()?),
        _ => return None,
    })
}

/// The same, sign-extended.
pub(super) fn signed(bytes: &[u8]) -> Option<i64> {
    let value = unsigned(bytes)?;
    let unused = 64 - bytes.len() as u32 * 8;
    Some((value << unused) as i64 >> unused)
}

/// An address in network byte order: 4 or 16 bytes.
pub(super) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::V4(Ipv4Addr::from(v4)));
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| IpAddr::V6(Ipv6Addr::from(v6)))
}
