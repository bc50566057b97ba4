//! How a field is declared: one entry with its name, type, doc and extractor.
//!
//! [`fields!`] turns entries into [`super::FieldDef`]s. An entry without a doc comment does not parse, and one whose
//! extractor returns something else than its declared type does not compile.

use std::net::IpAddr;

use crate::value::{Type, Value};

/// Ties a field's declared type to what its extractor returns.
pub trait FieldType {
    /// What the extractor returns.
    type Out<'a>;
    const TYPE: Type;
    const LIST: bool = false;
    fn wrap<'a>(out: Self::Out<'a>) -> Value<'a>;
}

macro_rules! field_types {
    ($($(#[doc = $doc:literal])+ $name:ident = $ty:ident, $out:ty => |$v:ident| $wrap:expr;)*) => {
        $($(#[doc = $doc])+
        pub enum $name {}
        impl FieldType for $name {
            type Out<'a> = $out;
            const TYPE: Type = Type::$ty;
            fn wrap<'a>($v: Self::Out<'a>) -> Value<'a> { $wrap }
        })*
    };
}

field_types! {
    /// Text.
    CharBuf = CharBuf, &'a [u8] => |v| Value::Text(v);
    /// Bytes.
    ByteBuf = ByteBuf, &'a [u8] => |v| Value::Bytes(v);
    /// Yes or no.
    Bool = Bool, bool => |v| Value::Bool(v);
    /// 16 bits, signed.
    Int16 = Int16, i16 => |v| Value::Int(i64::from(v));
    /// 32 bits, signed.
    Int32 = Int32, i32 => |v| Value::Int(i64::from(v));
    /// 64 bits, signed.
    Int64 = Int64, i64 => |v| Value::Int(v);
    /// 32 bits.
    Uint32 = Uint32, u32 => |v| Value::Uint(u64::from(v));
    /// 64 bits.
    Uint64 = Uint64, u64 => |v| Value::Uint(v);
    /// A fraction.
    Double = Double, f64 => |v| Value::Double(v);
    /// A span of time in ns.
    RelTime = RelTime, u64 => |v| Value::Uint(v);
    /// A point in time, ns since the epoch.
    AbsTime = AbsTime, u64 => |v| Value::Uint(v);
    /// A port.
    Port = Port, u16 => |v| Value::Uint(u64::from(v));
    /// An address.
    Ip = IpAddr, IpAddr => |v| Value::Ip(v);
    /// An address compared with networks.
    IpNet = IpNet, IpAddr => |v| Value::Ip(v);
    /// A value of the type that the event's parameter has.
    Dyn = Dyn, Value<'a> => |v| v;
    /// The address that host names are compared with; outputs show its name (flag `host-name`).
    HostName = CharBuf, IpAddr => |v| Value::Ip(v);
    /// Addresses of both ends (flag `either-end`).
    EitherIp = IpAddr, &'a [Value<'a>] => |v| Value::List(v);
    /// Addresses of both ends, compared with networks (flag `either-end`).
    EitherNet = IpNet, &'a [Value<'a>] => |v| Value::List(v);
    /// Ports of both ends (flag `either-end`).
    EitherPort = Port, &'a [Value<'a>] => |v| Value::List(v);
    /// One ancestor's text or, without index, all ancestors' (flag `any-ancestor`).
    AncestorText = CharBuf, OneOrAll<'a> => |v| v.value();
    /// One ancestor's id or, without index, all ancestors' (flag `any-ancestor`).
    AncestorId = Int64, OneOrAll<'a> => |v| v.value();
}

/// A list of texts.
pub enum CharBufs {}

impl FieldType for CharBufs {
    type Out<'a> = &'a [Value<'a>];
    const TYPE: Type = Type::CharBuf;
    const LIST: bool = true;
    fn wrap<'a>(out: Self::Out<'a>) -> Value<'a> {
        Value::List(out)
    }
}

/// What an ancestor field extracts.
pub enum OneOrAll<'a> {
    One(Value<'a>),
    /// Parent first.
    All(&'a [Value<'a>]),
}

impl<'a> OneOrAll<'a> {
    fn value(self) -> Value<'a> {
        match self {
            Self::One(value) => value,
            Self::All(values) => Value::List(values),
        }
    }
}

/// Declares the fields of one file: `/// doc`, `"name" "Display" Type [argument]? {flags}? path? => |ctx, arg| value;`
///
/// The argument is `[index]`, `[key]`, `[index_or_key]` or `[dotted]`, with `required` where it may not be left out.
macro_rules! fields {
    ($class:literal; $(
        $(#[doc = $doc:literal])+
        $name:literal $display:literal $ty:ident $([$arg:ident $($required:ident)?])? $({$($flag:literal),+})? $(path = $path:literal)?
            => |$ctx:pat_param $(, $a:pat_param)?| $body:expr;
    )*) => {
        /// The fields declared in this file, by name.
        pub const FIELDS: &[$crate::fields::FieldDef] = &[$({
            fn extract<'a>(ctx: &$crate::fields::Ctx<'a>, _arg: &$crate::fields::Arg) -> Option<$crate::value::Value<'a>> {
                type Declared = $crate::fields::declare::$ty;
                let typed = || -> Option<<Declared as $crate::fields::declare::FieldType>::Out<'a>> {
                    let $ctx = ctx;
                    $(let $a = _arg;)?
                    $body
                };
                typed().map(<Declared as $crate::fields::declare::FieldType>::wrap)
            }
            $crate::fields::FieldDef {
                name: $name,
                class: $class,
                ty: <$crate::fields::declare::$ty as $crate::fields::declare::FieldType>::TYPE,
                is_list: <$crate::fields::declare::$ty as $crate::fields::declare::FieldType>::LIST,
                arg: $crate::fields::declare::arg_kind!($($arg)?),
                arg_required: $crate::fields::declare::is_required!($($($required)?)?),
                flags: &[$($($flag),+)?],
                display: $display,
                doc: concat!($($doc),+).trim_ascii(),
                is_path: $crate::fields::declare::is_path!($($path)?),
                extract,
            }
        }),*];
    };
}

macro_rules! arg_kind {
    () => {
        $crate::fields::ArgKind::None
    };
    (index) => {
        $crate::fields::ArgKind::Index
    };
    (key) => {
        $crate::fields::ArgKind::Key
    };
    (index_or_key) => {
        $crate::fields::ArgKind::IndexOrKey
    };
    (dotted) => {
        $crate::fields::ArgKind::Dotted
    };
}

macro_rules! is_required {
    () => {
        false
    };
    (required) => {
        true
    };
}

macro_rules! is_path {
    () => {
        false
    };
    ($path:literal) => {
        $path
    };
}

pub(crate) use {arg_kind, fields, is_path, is_required};
