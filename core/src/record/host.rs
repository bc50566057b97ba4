//! The machine: its size, interfaces, users.

use std::ffi::CStr;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use crate::capture::scap::write::host::{Account, Interface, Machine};
use crate::state::{State, users};

pub fn machine(state: &State) -> Machine {
    let page = sysconf(libc::_SC_PAGESIZE);
    let hostname = &state.config.hostname;
    Machine {
        cpus: sysconf(libc::_SC_NPROCESSORS_ONLN) as u32,
        memory_bytes: sysconf(libc::_SC_PHYS_PAGES).saturating_mul(page),
        max_pid: number("/proc/sys/kernel/pid_max"),
        hostname: if hostname.is_empty() { name() } else { hostname.clone() },
        boot_ns: state.config.boot_time_ns,
    }
}

fn sysconf(what: i32) -> u64 {
    // SAFETY: takes and returns numbers only.
    u64::try_from(unsafe { libc::sysconf(what) }).unwrap_or(0)
}

fn number(path: &str) -> u64 {
    std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned()
}

/// Users and groups of the host.
pub fn accounts(root: &Path) -> Vec<Account> {
    let read = |name| std::fs::read(root.join(name)).unwrap_or_default();
    let (passwd, group) = (read("etc/passwd"), read("etc/group"));
    let people = users::passwd_lines(&passwd).map(|line| Account::User {
        uid: line.uid,
        gid: line.gid,
        name: line.user.name.into(),
        home: line.user.home.into(),
        shell: line.user.shell.into(),
    });
    let groups = users::group_lines(&group).map(|(gid, name)| Account::Group { gid, name: name.into() });
    people.chain(groups).collect()
}

/// Addresses of the network interfaces (getifaddrs(3)).
pub fn interfaces() -> Vec<Interface> {
    let mut found = Vec::new();
    let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: a valid place for the list's head.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return found;
    }
    let mut at = list;
    while !at.is_null() {
        // SAFETY: the list is ours until it is freed, and `at` is one of its members.
        let one = unsafe { &*at };
        found.extend(interface(one));
        at = one.ifa_next;
    }
    // SAFETY: from getifaddrs, freed once.
    unsafe { libc::freeifaddrs(list) };
    found
}

fn interface(one: &libc::ifaddrs) -> Option<Interface> {
    // SAFETY: the kernel's names end in NUL.
    let name = unsafe { CStr::from_ptr(one.ifa_name) }.to_string_lossy().into_owned();
    if one.ifa_addr.is_null() {
        return None;
    }
    // SAFETY: not null, and every address begins with its family.
    match i32::from(unsafe { (*one.ifa_addr).sa_family }) {
        libc::AF_INET => Some(Interface::V4 {
            name,
            address: v4(one.ifa_addr),
            netmask: v4(one.ifa_netmask),
            broadcast: if one.ifa_flags & libc::IFF_BROADCAST as u32 != 0 {
                v4(one.ifa_ifu)
            } else {
                Ipv4Addr::UNSPECIFIED
            },
        }),
        libc::AF_INET6 => Some(Interface::V6 {
            name,
            address: v6(one.ifa_addr),
            netmask: v6(one.ifa_netmask),
            broadcast: Ipv6Addr::UNSPECIFIED,
        }),
        _ => None,
    }
}

fn v4(address: *const libc::sockaddr) -> Ipv4Addr {
    if address.is_null() {
        return Ipv4Addr::UNSPECIFIED;
    }
    // SAFETY: an interface of this family has addresses of this family.
    let address = unsafe { &*address.cast::<libc::sockaddr_in>() };
    Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr))
}

fn v6(address: *const libc::sockaddr) -> Ipv6Addr {
    if address.is_null() {
        return Ipv6Addr::UNSPECIFIED;
    }
    // SAFETY: as above.
    let address = unsafe { &*address.cast::<libc::sockaddr_in6>() };
    Ipv6Addr::from(address.sin6_addr.s6_addr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_an_interface() {
        let loopback = interfaces().into_iter().find(|i| matches!(i, Interface::V4 { name, .. } if name == "lo"));
        let Some(Interface::V4 { address, netmask, .. }) = loopback else { return };
        assert_eq!((address, netmask), (Ipv4Addr::LOCALHOST, Ipv4Addr::new(255, 0, 0, 0)));
    }

    #[test]
    fn root_is_a_user() {
        let root = |a: &Account| matches!(a, Account::User { uid: 0, gid: 0, name, .. } if name == b"root");
        assert!(accounts(Path::new("/")).iter().any(root));
    }
}
