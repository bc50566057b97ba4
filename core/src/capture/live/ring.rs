//! io_uring: which operation means which system call, and which of the sensor's programs fit the running kernel.

use super::wire::NO_CALL;
use crate::schema;
use libbpf_rs::ReferencesType;
use libbpf_rs::btf::Btf;
use libbpf_rs::btf::types::{FuncProto, Ptr, Struct, Typedef};
use std::collections::BTreeSet;

/// Operations (`IORING_OP_*`, linux/io_uring.h) by the call whose event tells of them.
const OPERATIONS: &[(u8, &str)] = &[
    (9, "sendmsg"),
    (10, "recvmsg"),
    (13, "accept4"),
    (16, "connect"),
    (18, "openat"),
    (19, "close"),
    (26, "sendto"),
    (27, "recvfrom"),
    (28, "openat2"),
    (34, "shutdown"),
    (35, "renameat2"),
    (36, "unlinkat"),
    (37, "mkdirat"),
    (38, "symlinkat"),
    (39, "linkat"),
    (45, "socket"),
    (47, "sendto"),  // without copying
    (48, "sendmsg"), // the same
    (55, "ftruncate"),
    (56, "bind"),
    (57, "listen"),
];

/// `YK_RING_OPERATIONS`.
const TABLE: u32 = 256;

/// Programs that write events, in the order of `enum YK_RING_*`; the last is the submission's own.
const WRITERS: &[&str] = &["ring_open", "ring_simple", "ring_socket", "ring_submit"];

/// The program that ends a record with descriptors it is not about.
pub const FINISHER: &str = "ring_others";

/// A program and the tracepoint that it is for, with the number of arguments that the program knows.
struct Hook {
    program: &'static str,
    tracepoint: &'static str,
    arguments: usize,
}

const HOOKS: &[Hook] = &[
    Hook { program: "ring_submit", tracepoint: "io_uring_submit_req", arguments: 1 },
    Hook { program: "ring_submit", tracepoint: "io_uring_submit_sqe", arguments: 2 },
    Hook { program: "ring_complete", tracepoint: "io_uring_complete", arguments: 3 },
    Hook { program: "ring_complete", tracepoint: "io_uring_complete", arguments: BY_VALUE },
    Hook { program: "ring_overflow", tracepoint: "io_uring_cqe_overflow", arguments: 5 },
];

/// Arguments of a completion that hands over the result instead of the queue's entry (before 6.13).
const BY_VALUE: usize = 7;

/// How this kernel's io_uring is followed.
#[derive(Debug, Default)]
pub struct Ring {
    /// Program and tracepoint; empty where the kernel can't be followed (before 6.0).
    pub hooks: Vec<(&'static str, &'static str)>,
    /// `yk_settings.ring_result_by_value`.
    pub result_by_value: bool,
}

impl Ring {
    /// Looks at the kernel's type information: what its tracepoints are called and what they hand over.
    pub fn of_kernel() -> Self {
        let Ok(btf) = Btf::from_vmlinux() else { return Self::default() };
        // Before, commands lay in the request under other names.
        if btf.type_by_name::<Struct<'_>>("io_cmd_data").is_none() {
            return Self::default();
        }
        let fits = |hook: &&Hook| arguments(&btf, hook.tracepoint) == Some(hook.arguments);
        let found: Vec<_> = HOOKS.iter().filter(fits).collect();
        let whole = ["ring_submit", "ring_complete", "ring_overflow"]
            .iter()
            .all(|program| found.iter().any(|hook| hook.program == *program));
        if !whole {
            return Self::default();
        }
        Self {
            result_by_value: found.iter().any(|hook| hook.arguments == BY_VALUE),
            hooks: found.iter().map(|hook| (hook.program, hook.tracepoint)).collect(),
        }
    }

    /// The program is for io_uring, which can't be followed here.
    pub fn leaves_out(&self, program: &str) -> bool {
        self.hooks.is_empty()
            && (WRITERS.contains(&program) || program == FINISHER || HOOKS.iter().any(|hook| hook.program == program))
    }

    /// Entries of the map `ring_programs`.
    pub fn writers(&self) -> &'static [&'static str] {
        if self.hooks.is_empty() { &[] } else { WRITERS }
    }
}

/// How many arguments the tracepoint has, its own context not counted.
fn arguments(btf: &Btf<'_>, tracepoint: &str) -> Option<usize> {
    let typedef: Typedef<'_> = btf.type_by_name(&format!("btf_trace_{tracepoint}"))?;
    let pointer: Ptr<'_> = btf.type_by_id(typedef.referenced_type_id())?;
    let function: FuncProto<'_> = btf.type_by_id(pointer.referenced_type_id())?;
    function.iter().count().checked_sub(1)
}

/// Number of the call that tells of each operation, where one of `wanted` does.
pub fn table(wanted: &BTreeSet<u16>) -> Vec<(u32, u32)> {
    let call = |operation: u32| {
        let (_, name) = OPERATIONS.iter().find(|(number, _)| u32::from(*number) == operation)?;
        let native = schema::syscalls().iter().find(|call| call.name == *name)?.native?;
        wanted.contains(&native).then_some(u32::from(native))
    };
    (0..TABLE).map(|operation| (operation, call(operation).unwrap_or(NO_CALL))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_means_a_call() {
        for (operation, name) in OPERATIONS {
            let native =
                schema::syscalls().iter().find(|call| call.name == *name).and_then(|call| call.native).unwrap();
            let table = table(&BTreeSet::from([native]));
            assert!(table.contains(&(u32::from(*operation), u32::from(native))), "{name}");
        }
    }

    #[test]
    fn only_what_rules_need_is_in_the_table() {
        assert!(table(&BTreeSet::new()).iter().all(|(_, call)| *call == NO_CALL));
        let table = table(&BTreeSet::from([257]));
        assert_eq!(table.iter().filter(|(_, call)| *call != NO_CALL).collect::<Vec<_>>(), [&(18, 257)]);
    }
}
