//! Values that fields extract and rules compare, and the types they are declared with.

use std::net::IpAddr;

/// A field's declared type, with the names that the listing prints (`spec: fields.tsv`, column `type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text, compared byte by byte.
    CharBuf,
    /// A path; text that path choices apply to.
    FsPath,
    /// A path relative to another parameter's descriptor.
    FsRelPath,
    /// Raw bytes.
    ByteBuf,
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Double,
    /// Descriptor number.
    Fd,
    /// Process or thread id.
    Pid,
    Uid,
    Gid,
    /// Negative errno or a result.
    Errno,
    Port,
    Mode,
    Flags8,
    Flags16,
    Flags32,
    EnumFlags8,
    EnumFlags16,
    EnumFlags32,
    SigType,
    SigSet,
    SyscallId,
    /// Nanoseconds.
    RelTime,
    /// Nanoseconds since the epoch.
    AbsTime,
    IpAddr,
    IpNet,
    SockAddr,
    SockTuple,
    FdList,
    /// The type of the parameter that the event carries under this name.
    Dyn,
}

/// A value as extracted for one event; borrows from the event, the state tables or the event's arena.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    Bool(bool),
    /// Every signed integer type.
    Int(i64),
    /// Every unsigned integer type, flags, modes, ports, times.
    Uint(u64),
    Double(f64),
    Ip(IpAddr),
    /// A list field's values, possibly none.
    List(&'a [Value<'a>]),
}
