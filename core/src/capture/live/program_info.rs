//! What the kernel says of a loaded program.

use std::os::fd::{AsRawFd, BorrowedFd};

/// `BPF_OBJ_GET_INFO_BY_FD` of bpf(2); all zero where the kernel refuses, whose ids begin at 1.
pub fn program_info(program: BorrowedFd<'_>) -> libbpf_sys::bpf_prog_info {
    let mut info = libbpf_sys::bpf_prog_info::default();
    let mut len = size_of::<libbpf_sys::bpf_prog_info>() as u32;
    // SAFETY: `info` is plain data of `len` bytes; its pointers are null, so that the kernel writes nothing but it.
    let code = unsafe { libbpf_sys::bpf_obj_get_info_by_fd(program.as_raw_fd(), (&raw mut info).cast(), &raw mut len) };
    if code == 0 { info } else { libbpf_sys::bpf_prog_info::default() }
}
