//! Section header, machine, interfaces, users.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{block, entry, text};
use crate::capture::scap::block as layout;

/// What the section header and the machine block say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    pub cpus: u32,
    pub memory_bytes: u64,
    pub max_pid: u64,
    pub hostname: String,
    /// ns since the epoch.
    pub boot_ns: u64,
}

/// One address of a network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interface {
    V4 { name: String, address: Ipv4Addr, netmask: Ipv4Addr, broadcast: Ipv4Addr },
    V6 { name: String, address: Ipv6Addr, netmask: Ipv6Addr, broadcast: Ipv6Addr },
}

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    User { uid: u32, gid: u32, name: Vec<u8>, home: Vec<u8>, shell: Vec<u8> },
    Group { gid: u32, name: Vec<u8> },
}

/// The block that every file begins with.
pub fn section(out: &mut Vec<u8>) {
    block(out, layout::SECTION, |out| {
        out.extend(layout::MAGIC.to_le_bytes());
        out.extend(layout::MAJOR.to_le_bytes());
        out.extend(layout::MINOR.to_le_bytes());
        out.extend(u64::MAX.to_le_bytes());
    });
}

pub fn machine(out: &mut Vec<u8>, machine: &Machine) {
    block(out, layout::MACHINE, |out| {
        let start = out.len();
        out.extend(machine.cpus.to_le_bytes());
        out.extend(machine.memory_bytes.to_le_bytes());
        out.extend(machine.max_pid.to_le_bytes());
        let name = machine.hostname.as_bytes();
        let at = out.len();
        // The reader wants a closing NUL.
        out.extend_from_slice(name.get(..layout::HOSTNAME_LEN - 1).unwrap_or(name));
        out.resize(at + layout::HOSTNAME_LEN, 0);
        out.extend(machine.boot_ns.to_le_bytes());
        out.resize(start + layout::MACHINE_BODY_LEN, 0);
    });
}

/// Interface types of the format: IPv4 and IPv6 without a link speed.
const IPV4_NO_SPEED: u16 = 3;
const IPV6_NO_SPEED: u16 = 4;
/// `IFNAMSIZ`, which readers reserve for a name.
const NAME_MAX: usize = 15;

pub fn interfaces(out: &mut Vec<u8>, list: &[Interface]) {
    block(out, layout::INTERFACES, |out| {
        for interface in list {
            let mut rest = Vec::new();
            match interface {
                Interface::V4 { name, address, netmask, broadcast } => {
                    let parts = [address, netmask, broadcast].map(|a| a.octets());
                    one_interface(&mut rest, IPV4_NO_SPEED, name, parts.as_flattened());
                }
                Interface::V6 { name, address, netmask, broadcast } => {
                    let parts = [address, netmask, broadcast].map(|a| a.octets());
                    one_interface(&mut rest, IPV6_NO_SPEED, name, parts.as_flattened());
                }
            }
            // This list's lengths do not count themselves.
            out.extend((rest.len() as u32).to_le_bytes());
            out.extend(rest);
        }
    });
}

fn one_interface(out: &mut Vec<u8>, kind: u16, name: &str, addresses: &[u8]) {
    let name = name.as_bytes();
    let name = name.get(..NAME_MAX).unwrap_or(name);
    out.extend(kind.to_le_bytes());
    out.extend((name.len() as u16).to_le_bytes());
    out.extend_from_slice(addresses);
    out.extend_from_slice(name);
}

/// The list of users and groups.
pub fn users(out: &mut Vec<u8>, list: &[Account]) {
    const MAX: usize = layout::USER_TEXT_MAX - 1;
    block(out, layout::USERS, |out| {
        for account in list {
            entry(out, |out| match account {
                Account::User { uid, gid, name, home, shell } => {
                    out.push(0);
                    out.extend(uid.to_le_bytes());
                    out.extend(gid.to_le_bytes());
                    text(out, name, MAX);
                    text(out, home, MAX);
                    text(out, shell, MAX);
                }
                Account::Group { gid, name } => {
                    out.push(1);
                    out.extend(gid.to_le_bytes());
                    text(out, name, MAX);
                }
            });
        }
    });
}
