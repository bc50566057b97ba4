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
