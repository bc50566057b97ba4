//! System calls: numbers, names, and the events they produce.

use super::table::{self, TableError};

/// One system call, or a scheduler tracepoint that the capture format numbers among them.
#[derive(Debug, PartialEq, Eq)]
pub struct SyscallInfo {
    /// Number in the capture format (the `ID` parameter of generic events).
    pub code: u16,
    pub name: &'static str,
    /// x86_64 number.
    pub native: Option<u16>,
    /// Id of the event it produces; [`super::GENERIC`] when it has none of its own.
    pub event: u16,
    /// High-volume I/O that state does not need; captured only on request.
    pub ignored: bool,
}

/// Reads `syscalls.tsv`; a call's code is its position.
pub(super) fn parse(text: &'static str) -> Result<Vec<SyscallInfo>, TableError> {
    let mut calls = Vec::with_capacity(512);
    table::rows(text, |[code, name, native, event, ignored]| {
        let info = SyscallInfo {
            code: table::number(code)?,
            name,
            native: table::optional(native).map(table::number).transpose()?,
            event: table::number(event)?,
            ignored: ignored == "yes",
        };
        if usize::from(info.code) != calls.len() {
            return Err(format!("code {code} is out of order"));
        }
        calls.push(info);
        Ok(())
    })?;
    Ok(calls)
}

/// Reads `ia32.tsv`.
pub(super) fn parse_ia32(text: &'static str, calls: &[SyscallInfo]) -> Result<Vec<(u16, u16)>, TableError> {
    let mut pairs = Vec::with_capacity(512);
    table::rows(text, |[number, name]| {
        let native = calls.iter().find(|call| call.name == name && call.native.is_some()).and_then(|call| call.native);
        pairs.push((table::number(number)?, native.ok_or_else(|| format!("`{name}` is no native system call"))?));
        Ok(())
    })?;
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use crate::schema;

    #[test]
    fn calls_of_the_32_bit_entry_mean_native_ones() {
        let native = |number: u16| schema::ia32().iter().find(|(n, _)| *n == number).map(|(_, to)| *to);
        assert_eq!(native(5), Some(2), "open");
        assert_eq!(native(11), Some(59), "execve");
        assert_eq!(native(213), Some(105), "setuid32 is setuid");
        assert_eq!(native(512 + 3), Some(42), "connect through socketcall");
        assert_eq!(native(580 + 3), Some(66), "semctl through ipc");
        assert_eq!((native(102), native(117)), (None, None), "these are resolved by their operations");
    }

    #[test]
    fn calls_that_the_32_bit_entry_alone_has_are_numbered_behind_the_kernels() {
        let kernels = |call: &&schema::SyscallInfo| call.native.is_some_and(|native| native < 480);
        let own = schema::syscalls().iter().filter(|call| call.native.is_some_and(|native| native >= 480));
        let entry: Vec<u16> = schema::ia32().iter().map(|(_, native)| *native).collect();
        assert!(own.clone().count() > 20 && own.clone().all(|call| entry.contains(&call.native.unwrap_or(0))));
        assert!(schema::syscalls().iter().filter(kernels).all(|call| call.native < Some(475)), "the gap is narrow");
    }

    #[test]
    fn calls_that_the_x32_entry_numbers_itself_mean_native_ones() {
        let native = |number: u16| schema::ia32().iter().find(|(n, _)| *n == number + 32).map(|(_, to)| *to);
        assert_eq!(native(512), Some(13), "rt_sigaction");
        assert_eq!(native(520), Some(59), "execve");
        assert_eq!(native(539), Some(310), "process_vm_readv");
        assert_eq!((native(545), native(547), native(548)), (Some(322), Some(328), None));
    }
}
