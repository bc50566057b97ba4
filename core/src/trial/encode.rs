//! A parameter's value, as somebody wrote it, in the capture format's encoding (spec: scap-format.md §7.2).

use serde_json::Value as Json;

use super::{TrialError, address, names};
use crate::schema::{Format, ParamInfo};
use crate::value::Type;

/// Bytes of a number of this type; 0 for what is no number.
pub fn width(ty: Type) -> usize {
    match ty {
        Type::Int8 | Type::Uint8 | Type::Flags8 | Type::EnumFlags8 | Type::SigType => 1,
        Type::Int16 | Type::Uint16 | Type::Flags16 | Type::EnumFlags16 | Type::SyscallId | Type::Port => 2,
        Type::Int32 | Type::Uint32 | Type::Flags32 | Type::EnumFlags32 => 4,
        Type::Uid | Type::Gid | Type::Mode | Type::SigSet | Type::Bool => 4,
        Type::Int64 | Type::Uint64 | Type::Double | Type::Fd | Type::Pid | Type::Errno => 8,
        Type::RelTime | Type::AbsTime => 8,
        _ => 0,
    }
}

/// The bytes of `value` for a parameter.
///
/// # Errors
/// The value does not fit the parameter's type.
pub fn param(info: &ParamInfo, value: &Json) -> Result<Vec<u8>, TrialError> {
    if let Some(hex) = value.get("hex").and_then(Json::as_str) {
        return unhex(hex).ok_or_else(|| TrialError::value(info.name, format!("'{hex}' is not hexadecimal")));
    }
    match info.ty {
        Type::CharBuf | Type::FsPath | Type::FsRelPath => Ok([text(info, value)?.as_bytes(), b"\0"].concat()),
        Type::ByteBuf => buffer(info, value),
        Type::SockAddr => address::sockaddr(&text(info, value)?),
        Type::SockTuple => address::pair(&text(info, value)?).map(|(from, to)| address::tuple(from, to)),
        Type::IpAddr | Type::IpNet => ip(info, value),
        Type::Dyn => dynamic(info, value),
        ty if width(ty) > 0 => number(info, value),
        _ => Err(TrialError::value(info.name, "it can only be given as {hex: ...}")),
    }
}

fn text(info: &ParamInfo, value: &Json) -> Result<String, TrialError> {
    match value {
        Json::String(text) => Ok(text.clone()),
        Json::Number(number) => Ok(number.to_string()),
        _ => Err(TrialError::value(info.name, "a text is expected")),
    }
}

/// Bytes as text, or words that each end with a NUL (arguments, environments, cgroups).
fn buffer(info: &ParamInfo, value: &Json) -> Result<Vec<u8>, TrialError> {
    let Json::Array(words) = value else { return text(info, value).map(String::into_bytes) };
    let mut out = Vec::new();
    for word in words {
        out.extend_from_slice(text(info, word)?.as_bytes());
        out.push(0);
    }
    Ok(out)
}

fn ip(info: &ParamInfo, value: &Json) -> Result<Vec<u8>, TrialError> {
    match address::End::parse(&text(info, value)?)?.ip {
        std::net::IpAddr::V4(ip) => Ok(ip.octets().to_vec()),
        std::net::IpAddr::V6(ip) => Ok(ip.octets().to_vec()),
    }
}

/// The first variant that takes the value.
fn dynamic(info: &ParamInfo, value: &Json) -> Result<Vec<u8>, TrialError> {
    let fits = |(at, variant)| -> Option<Vec<u8>> {
        let body = param(variant, value).ok()?;
        Some([&[u8::try_from(at).ok()?], body.as_slice()].concat())
    };
    let found = info.variants.iter().enumerate().find_map(fits);
    found.ok_or_else(|| TrialError::value(info.name, "none of its types takes this value"))
}

fn number(info: &ParamInfo, value: &Json) -> Result<Vec<u8>, TrialError> {
    if info.ty == Type::Double {
        let number = value.as_f64().ok_or_else(|| TrialError::value(info.name, "a number is expected"))?;
        return Ok(number.to_le_bytes().to_vec());
    }
    let number = integer(info, value)?;
    sized(info.ty, number)
        .ok_or_else(|| TrialError::value(info.name, format!("{number} does not fit {}", info.ty.name())))
}

/// The bytes of a number, if its type can hold it; -1 stands for all bits.
pub fn sized(ty: Type, number: i128) -> Option<Vec<u8>> {
    let width = width(ty);
    let bits = 8 * width as u32;
    let fits = width > 0 && number < 1 << bits && number >= -(1 << (bits - 1));
    fits.then(|| number.to_le_bytes()[..width].to_vec())
}

/// The number that a value stands for.
pub fn integer(info: &ParamInfo, value: &Json) -> Result<i128, TrialError> {
    match value {
        Json::Bool(flag) => Ok(i128::from(*flag)),
        Json::Number(number) => {
            let whole = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
            whole.ok_or_else(|| TrialError::value(info.name, format!("{number} is no whole number")))
        }
        Json::String(text) => written(info, text.trim()),
        _ => Err(TrialError::value(info.name, "a number or a name is expected")),
    }
}

fn written(info: &ParamInfo, text: &str) -> Result<i128, TrialError> {
    if let Some(number) = digits(info, text) {
        return Ok(number);
    }
    match (info.ty, info.flags_table) {
        (_, Some(table)) => names::flags(table, info.ty, text).map(i128::from),
        (Type::SigType, _) => names::signal(text).map(i128::from),
        (Type::Fd, _) if text == "AT_FDCWD" => Ok(-100),
        (Type::Errno | Type::Fd | Type::Pid | Type::Int64, _) if text.starts_with(['E', '-']) => {
            names::errno(text).map(|n| -i128::from(n))
        }
        _ => Err(TrialError::value(info.name, format!("'{text}' is no number"))),
    }
}

/// Decimal, hexadecimal with `0x`, octal with a leading zero where the parameter prints so.
fn digits(info: &ParamInfo, text: &str) -> Option<i128> {
    if let Some(hex) = text.strip_prefix("0x") {
        return i128::from_str_radix(hex, 16).ok();
    }
    let octal = info.format == Format::Oct && text.starts_with('0');
    i128::from_str_radix(text, if octal { 8 } else { 10 }).ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if digits.len().is_multiple_of(2) { digits.chunks_exact(2).map(pair).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use serde_json::json;

    fn encoded(event: &str, name: &str, value: Json) -> Result<Vec<u8>, String> {
        let info = schema::events().iter().find(|e| e.name == event).expect("an event");
        let at = info.param_index(name).expect("a parameter");
        param(&info.params[at], &value).map_err(|e| e.to_string())
    }

    #[test]
    fn every_way_to_write_a_value() {
        let cases = [
            ("openat", "flags", json!("O_WRONLY|O_CREAT"), vec![6, 0, 0, 0]),
            ("openat", "flags", json!(6), vec![6, 0, 0, 0]),
            ("openat", "flags", json!("0x6"), vec![6, 0, 0, 0]),
            ("openat", "mode", json!("0644"), vec![0xa4, 1, 0, 0]),
            ("chmod", "mode", json!("S_ISUID|S_IXUSR"), vec![0x40, 8, 0, 0]),
            ("openat", "name", json!("/x"), b"/x\0".to_vec()),
            ("execve", "args", json!(["-c", "id"]), b"-c\0id\0".to_vec()),
            ("write", "data", json!("ab"), b"ab".to_vec()),
            ("write", "data", json!({"hex": "ca fe"}), vec![0xca, 0xfe]),
            ("kill", "sig", json!("SIGKILL"), vec![9]),
            ("close", "res", json!("-EBADF"), (-9i64).to_le_bytes().to_vec()),
            ("openat", "dirfd", json!("AT_FDCWD"), (-100i64).to_le_bytes().to_vec()),
            ("connect", "addr", json!("1.2.3.4:80"), vec![2, 1, 2, 3, 4, 80, 0]),
            ("ptrace", "addr", json!(7), [&[0][..], &7u64.to_le_bytes()].concat()),
            ("setuid", "uid", json!(-1), vec![255; 4]),
        ];
        for (event, name, value, expected) in cases {
            assert_eq!(encoded(event, name, value.clone()), Ok(expected), "{event} {name} {value}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let cases = [
            ("openat", "flags", json!("O_WRONGLY"), "'O_WRONGLY' is no name of file_flags (did you mean 'O_WRONLY'?)"),
            ("openat", "flags", json!(1u64 << 40), "parameter 'flags': 1099511627776 does not fit FLAGS32"),
            ("openat", "name", json!([]), "parameter 'name': a text is expected"),
            ("close", "fd", json!("three"), "parameter 'fd': 'three' is no number"),
            ("close", "fd", json!(1.5), "parameter 'fd': 1.5 is no whole number"),
            ("bpf", "cmd", json!("BPF_MAP_CREATE|BPF_PROG_LOAD"), "bpf_commands is one of many, not a combination"),
            ("write", "data", json!({"hex": "abc"}), "parameter 'data': 'abc' is not hexadecimal"),
        ];
        for (event, name, value, expected) in cases {
            let error = encoded(event, name, value).expect_err(name);
            assert!(error.contains(expected), "{error}");
        }
    }
}
