//! Where the strings of calls are taken when they begin: by kprobes on the kernel's functions of just these calls, or,
//! where it has none and the user wants it all the same, by a program on the beginning of every call.

use super::error::LiveError;
use super::program;
use crate::schema::{self, SyscallInfo};
use libbpf_rs::{Link, MapCore, MapFlags, MapHandle, Object};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

/// There while the kernel lets anybody probe its functions (CONFIG_KPROBE_EVENTS).
const KPROBES: &str = "/sys/bus/event_source/devices/kprobe";

/// Whether a hook on every call may be used for the strings of a few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Snapshots {
    /// No call pays for another.
    #[default]
    Auto,
    Always,
}

/// How the strings of one call are taken.
enum Taken {
    /// Each is there to be dropped.
    Probes(#[expect(dead_code, reason = "holds the probes")] Vec<Link>),
    Table,
}

/// The calls whose strings are taken when they begin.
#[derive(Default)]
pub struct Beginnings {
    allowed: Snapshots,
    taken: BTreeMap<u16, Taken>,
    /// On every call's beginning, while some call is in the table.
    enter: Option<Link>,
}

impl Beginnings {
    pub fn new(allowed: Snapshots) -> Self {
        Self { allowed, ..Self::default() }
    }

    /// Native numbers.
    pub fn taken(&self) -> BTreeSet<u16> {
        self.taken.keys().copied().collect()
    }

    /// Takes the strings of these calls and of no others, as far as the kernel lets us. `table`: the programs by call.
    ///
    /// # Errors
    /// The kernel refused the table's program.
    pub fn set(&mut self, wanted: &BTreeSet<u16>, object: &Object, table: &MapHandle) -> Result<(), LiveError> {
        self.taken.retain(|nr, how| {
            let stays = wanted.contains(nr);
            if !stays && matches!(how, Taken::Table) {
                // Gone already is what is wanted.
                let _ = table.delete(&u32::from(*nr).to_le_bytes());
            }
            stays
        });
        for nr in wanted {
            if self.taken.contains_key(nr) {
                continue;
            }
            if let Some(how) = self.take(*nr, object, table)? {
                self.taken.insert(*nr, how);
            }
        }
        self.set_enter(object)
    }

    fn take(&self, nr: u16, object: &Object, table: &MapHandle) -> Result<Option<Taken>, LiveError> {
        if let Some(links) = probes(nr, object)? {
            return Ok(Some(Taken::Probes(links)));
        }
        if self.allowed != Snapshots::Always {
            return Ok(None);
        }
        let fd = program(object, "snapshot")?.as_fd().as_raw_fd();
        table.update(&u32::from(nr).to_le_bytes(), &fd.to_le_bytes(), MapFlags::ANY)?;
        Ok(Some(Taken::Table))
    }

    fn set_enter(&mut self, object: &Object) -> Result<(), LiveError> {
        if !self.taken.values().any(|how| matches!(how, Taken::Table)) {
            self.enter = None;
        } else if self.enter.is_none() {
            self.enter = Some(program(object, "enter")?.attach()?);
        }
        Ok(())
    }
}

/// Probes on the functions of a call; `None` where the kernel lets nobody have them.
fn probes(nr: u16, object: &Object) -> Result<Option<Vec<Link>>, LiveError> {
    let Some(call) = schema::native(nr).filter(|_| Path::new(KPROBES).exists()) else { return Ok(None) };
    let program = program(object, "snapshot_of_function")?;
    let Ok(native) = program.attach_kprobe(false, native_function(call)) else { return Ok(None) };
    // A kernel without the 32-bit entry has no such functions.
    let narrow = narrow_functions(call).into_iter().filter_map(|function| program.attach_kprobe(false, function).ok());
    Ok(Some(std::iter::once(native).chain(narrow).collect()))
}

/// arch/x86/entry/syscalls/syscall_64.tbl
fn native_function(call: &SyscallInfo) -> String {
    format!("__x64_sys_{}", kernel_name(call))
}

/// arch/x86/entry/syscalls/syscall_32.tbl: two calls exist with ids of 16 bits beside those of 32.
fn narrow_functions(call: &SyscallInfo) -> Vec<String> {
    let name = kernel_name(call);
    let short = matches!(name, "chown" | "lchown").then(|| format!("__ia32_sys_{name}16"));
    std::iter::once(format!("__ia32_sys_{name}")).chain(short).collect()
}

fn kernel_name(call: &SyscallInfo) -> &'static str {
    match call.name {
        "umount2" => "umount",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::live::calls::has_snapshot;

    #[test]
    fn every_call_in_question_is_a_function_of_the_kernel() {
        let Ok(symbols) = std::fs::read_to_string("/proc/kallsyms") else { return };
        let calls = schema::syscalls().iter().filter(|call| schema::event(call.event).is_some_and(has_snapshot));
        let functions: Vec<String> = calls.filter(|call| call.native.is_some()).map(native_function).collect();
        assert!(functions.len() > 20);
        for function in functions {
            assert!(symbols.lines().any(|line| line.split(' ').nth(2) == Some(function.as_str())), "{function}");
        }
    }
}
