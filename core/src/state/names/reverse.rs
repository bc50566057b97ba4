//! From address to name: what DNS answers told, and what the addresses' own zones say.

use std::ffi::CStr;
use std::net::IpAddr;

use super::forward::look_up;
use crate::state::aging::Aging;
use crate::state::aside::Aside;

const SECOND: u64 = 1_000_000_000;
/// A name from an answer lives as long as the answer says, within these bounds (s): a connection may come late.
const TOLD_MIN: u32 = 300;
const TOLD_MAX: u32 = 24 * 3600;
/// Life of a zone's answer, ns.
const NAMED: u64 = 3600 * SECOND;
/// Time until an address without a name is asked for again, ns.
const NAMELESS: u64 = 60 * SECOND;

/// Addresses kept ([`Aging`]).
pub const NAMES_MAX: usize = 4096;

/// Questions that wait at most; further ones are not asked.
const WAITING_MAX: usize = 64;
/// Questions asked at once: a zone whose servers are silent holds one up for many seconds.
const ASKERS: usize = 4;

type Name = Option<Box<str>>;

/// Names by address; `None` for an address that has none or that is being asked for.
#[derive(Debug)]
pub struct Reverse {
    names: Aging<IpAddr, Name>,
    resolver: Option<Aside<IpAddr, (IpAddr, Name)>>,
}

impl Default for Reverse {
    fn default() -> Self {
        Self { names: Aging::new(NAMES_MAX), resolver: None }
    }
}

impl Reverse {
    /// The name known at `now`; with `ask`, the address's zone is asked where nothing is known.
    pub fn name_of(&mut self, address: IpAddr, now: u64, ask: bool) -> Option<&str> {
        self.take_answers(now);
        if ask && self.names.get(&address, now).is_none() && self.resolver.get_or_insert_with(resolver).ask(address) {
            self.names.keep(address, None, now, NAMELESS);
        }
        self.names.get(&address, now)?.as_deref()
    }

    /// An answer said that `name` stands for the address for `ttl` seconds.
    pub fn told(&mut self, address: IpAddr, name: &str, ttl: u32, now: u64) {
        let life = u64::from(ttl.clamp(TOLD_MIN, TOLD_MAX)) * SECOND;
        self.names.keep(address, Some(name.into()), now, life);
    }

    /// Addresses whose name was forgotten before its time.
    pub fn forgotten(&self) -> u64 {
        self.names.forgotten()
    }

    /// What a process was told in the meantime is the better name.
    fn take_answers(&mut self, now: u64) {
        while let Some((address, name)) = self.resolver.as_ref().and_then(Aside::answer) {
            if self.names.get(&address, now).is_none_or(Option::is_none) {
                let life = if name.is_some() { NAMED } else { NAMELESS };
                self.names.keep(address, name, now, life);
            }
        }
    }
}

fn resolver() -> Aside<IpAddr, (IpAddr, Name)> {
    Aside::start("yarak-names", ASKERS, WAITING_MAX, |address| (address, confirmed_name(address)))
}

/// The name that the address's zone gives, if that name stands for the address: whoever owns an address may have his
/// zone say anything.
fn confirmed_name(address: IpAddr) -> Option<Box<str>> {
    zone_name(address).filter(|name| look_up(name).contains(&address))
}

fn zone_name(address: IpAddr) -> Option<Box<str>> {
    let mut host = [0 as libc::c_char; libc::NI_MAXHOST as usize];
    let ask = |socket: *const libc::sockaddr, len: usize, host: &mut [libc::c_char]| {
        // SAFETY: an address of its own length, a buffer of its own length, no service.
        unsafe {
            libc::getnameinfo(
                socket,
                len as libc::socklen_t,
                host.as_mut_ptr(),
                host.len() as libc::socklen_t,
                std::ptr::null_mut(),
                0,
                libc::NI_NAMEREQD,
            )
        }
    };
    let result = match address {
        IpAddr::V4(ip) => {
            let mut socket: libc::sockaddr_in = unsafe { std::mem::zeroed() };
            socket.sin_family = libc::AF_INET as libc::sa_family_t;
            socket.sin_addr.s_addr = u32::from_ne_bytes(ip.octets());
            ask((&raw const socket).cast(), size_of_val(&socket), &mut host)
        }
        IpAddr::V6(ip) => {
            let mut socket: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
            socket.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            socket.sin6_addr.s6_addr = ip.octets();
            ask((&raw const socket).cast(), size_of_val(&socket), &mut host)
        }
    };
    if result != 0 {
        return None;
    }
    // SAFETY: getnameinfo has ended the name with a NUL inside the buffer.
    let name = unsafe { CStr::from_ptr(host.as_ptr()) };
    name.to_str().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    fn ip(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn the_last_answer_counts_for_its_time() {
        let mut reverse = Reverse::default();
        reverse.told(ip(1), "a.example", 600, 0);
        reverse.told(ip(1), "b.example", 600, 1);
        assert_eq!(reverse.name_of(ip(1), 599 * SECOND, false), Some("b.example"));
        assert_eq!(reverse.name_of(ip(1), 601 * SECOND, false), None);
        reverse.told(ip(2), "short.example", 0, 0);
        reverse.told(ip(3), "long.example", u32::MAX, 0);
        assert_eq!(reverse.name_of(ip(2), u64::from(TOLD_MIN) * SECOND - 1, false), Some("short.example"));
        assert_eq!(reverse.name_of(ip(3), u64::from(TOLD_MAX) * SECOND, false), None);
    }

    #[test]
    fn a_zone_is_asked_once_and_nobody_waits() {
        let mut reverse = Reverse::default();
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(reverse.name_of(local, 1, true), None);
        assert!(reverse.names.get(&local, 1).is_some(), "the question is on its way");
        let deadline = Instant::now() + Duration::from_secs(10);
        while reverse.name_of(local, 1, true).is_none() {
            assert!(Instant::now() < deadline, "the hosts file has no name for this host");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(confirmed_name(local).as_deref(), reverse.name_of(local, 1, false));
    }

    #[test]
    fn a_zones_answer_does_not_replace_what_a_process_was_told() {
        let mut reverse = Reverse::default();
        let zone = |address| (address, (address != ip(3)).then(|| "zone.example".into()));
        reverse.resolver = Some(Aside::start("test", 1, 8, zone));
        let mut names = |now| [1, 2, 3].map(|number| reverse.name_of(ip(number), now, true).map(str::to_owned));
        assert_eq!(names(1), [None, None, None]);
        while names(1)[1].is_none() {
            std::thread::yield_now();
        }
        reverse.told(ip(1), "told.example", 600, 1);
        while reverse.name_of(ip(4), 1, true).is_none() {
            std::thread::yield_now();
        }
        let names = [1, 2, 3].map(|number| reverse.name_of(ip(number), 1, true).map(str::to_owned));
        assert_eq!(names, [Some("told.example".into()), Some("zone.example".into()), None]);
    }

    #[test]
    fn a_question_that_has_no_room_is_asked_another_time() {
        let mut reverse = Reverse { resolver: Some(Aside::start("test", 0, 0, |a| (a, None))), ..Reverse::default() };
        assert_eq!(reverse.name_of(ip(1), 1, true), None);
        assert!(reverse.names.get(&ip(1), 1).is_none());
    }
}
