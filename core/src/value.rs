//! Values that fields extract and rules compare, and the types they are declared with.

use std::net::IpAddr;

macro_rules! types {
    ($($(#[$doc:meta])* $variant:ident $word:literal,)+) => {
        /// A field's declared type, with the word that tables and listings use for it (spec: fields.tsv, `type`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Type {
            $($(#[$doc])* $variant,)+
        }

        impl Type {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            pub fn from_name(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|ty| ty.name() == word)
            }
        }
    };
}

types! {
    /// Text, compared byte by byte.
    CharBuf "CHARBUF",
    /// A path; text that path choices apply to.
    FsPath "FSPATH",
    /// A path relative to another parameter's descriptor.
    FsRelPath "FSRELPATH",
    /// Raw bytes.
    ByteBuf "BYTEBUF",
    Bool "BOOL",
    Int8 "INT8",
    Int16 "INT16",
    Int32 "INT32",
    Int64 "INT64",
    Uint8 "UINT8",
    Uint16 "UINT16",
    Uint32 "UINT32",
    Uint64 "UINT64",
    Double "DOUBLE",
    /// Descriptor number.
    Fd "FD",
    /// Process or thread id.
    Pid "PID",
    Uid "UID",
    Gid "GID",
    /// Negative errno or a result.
    Errno "ERRNO",
    Port "PORT",
    Mode "MODE",
    Flags8 "FLAGS8",
    Flags16 "FLAGS16",
    Flags32 "FLAGS32",
    EnumFlags8 "ENUMFLAGS8",
    EnumFlags16 "ENUMFLAGS16",
    EnumFlags32 "ENUMFLAGS32",
    SigType "SIGTYPE",
    SigSet "SIGSET",
    SyscallId "SYSCALLID",
    /// Nanoseconds.
    RelTime "RELTIME",
    /// Nanoseconds since the epoch.
    AbsTime "ABSTIME",
    IpAddr "IPADDR",
    IpNet "IPNET",
    SockAddr "SOCKADDR",
    SockTuple "SOCKTUPLE",
    FdList "FDLIST",
    /// The type of the parameter that the event carries under this name.
    Dyn "DYN",
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
