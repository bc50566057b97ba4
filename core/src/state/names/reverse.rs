//! From address to name: what DNS answers told, and what the addresses' own zones say.

use std::ffi::CStr;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use super::forward::look_up;

const SECOND: u64 = 1_000_000_000;
/// A name from an answer lives as long as the answer says, within these bounds (s): a connection may come late.
const TOLD_MIN: u32 = 300;
const TOLD_MAX: u32 = 24 * 3600;
/// Life of a zone's answer, ns.
const NAMED: u64 = 3600 * SECOND;
/// Time until an address without a name is asked for again, ns.
const NAMELESS: u64 = 60 * SECOND;

/// Addresses kept: at least so many of those told last, at most twice as many.
const GENERATION: usize = 4096;

/// Questions that wait at most; further ones are not asked.
const WAITING_MAX: usize = 64;
/// Questions asked at once: a zone whose servers are silent holds one up for many seconds.
const ASKERS: usize = 4;

#[derive(Clone, Debug, Default)]
struct Entry {
    name: Option<Box<str>>,
    /// ns since the epoch.
    until: u64,
}

/// Names by address, of two generations: the older one goes as a whole.
#[derive(Debug, Default)]
pub struct Reverse {
    young: HashMap<IpAddr, Entry>,
    old: HashMap<IpAddr, Entry>,
    resolver: Option<Resolver>,
}

impl Reverse {
    /// The name known at `now`; with `ask`, the address's zone is asked where nothing is known.
    pub fn name_of(&mut self, address: IpAddr, now: u64, ask: bool) -> Option<&str> {
        self.take_answers(now);
        if ask && self.known(address, now).is_none() && self.resolver.get_or_insert_with(Resolver::start).ask(address) {
            self.keep(address, Entry { name: None, until: now.saturating_add(NAMELESS) });
        }
        self.known(address, now)?.name.as_deref()
    }

    /// An answer said that `name` stands for the address for `ttl` seconds.
    pub fn told(&mut self, address: IpAddr, name: &str, ttl: u32, now: u64) {
        let until = now.saturating_add(u64::from(ttl.clamp(TOLD_MIN, TOLD_MAX)) * SECOND);
        self.keep(address, Entry { name: Some(name.into()), until });
    }

    fn known(&self, address: IpAddr, now: u64) -> Option<&Entry> {
        self.young.get(&address).or_else(|| self.old.get(&address)).filter(|entry| now < entry.until)
    }

    fn keep(&mut self, address: IpAddr, entry: Entry) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(address, entry);
    }

    /// What a process was told in the meantime is the better name.
    fn take_answers(&mut self, now: u64) {
        while let Some((address, name)) = self.resolver.as_ref().and_then(Resolver::answer) {
            if self.known(address, now).is_none_or(|entry| entry.name.is_none()) {
                let life = if name.is_some() { NAMED } else { NAMELESS };
                self.keep(address, Entry { name, until: now.saturating_add(life) });
            }
        }
    }
}

type Answer = (IpAddr, Option<Box<str>>);

/// Threads that ask the system's resolver; they end with it.
#[derive(Debug)]
struct Resolver {
    questions: SyncSender<IpAddr>,
    answers: Receiver<Answer>,
}

impl Resolver {
    fn start() -> Self {
        let ((questions, waiting), (sender, answers)) = (sync_channel(WAITING_MAX), channel());
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..ASKERS {
            let (waiting, sender) = (Arc::clone(&waiting), sender.clone());
            // Without a thread addresses stay nameless; detection goes on.
            let _ = std::thread::Builder::new().name("yarak-names".into()).spawn(move || run(&waiting, &sender));
        }
        Self { questions, answers }
    }

    /// Whether the question is on its way.
    fn ask(&self, address: IpAddr) -> bool {
        self.questions.try_send(address).is_ok()
    }

    fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }
}

fn run(questions: &Mutex<Receiver<IpAddr>>, answers: &Sender<Answer>) {
    loop {
        let question = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(address) = question else { return };
        if answers.send((address, confirmed_name(address))).is_err() {
            return;
        }
    }
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
    fn what_was_told_last_stays_when_many_are_told() {
        let mut reverse = Reverse::default();
        let last = 5 * GENERATION as u32;
        for number in 0..last {
            reverse.told(ip(number), "a.example", 600, 0);
        }
        assert!(reverse.young.len() + reverse.old.len() <= 2 * GENERATION);
        assert_eq!(reverse.name_of(ip(0), 1, false), None);
        assert!((last - GENERATION as u32..last).all(|number| reverse.name_of(ip(number), 1, false).is_some()));
    }

    #[test]
    fn a_zone_is_asked_once_and_nobody_waits() {
        let mut reverse = Reverse::default();
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        assert_eq!(reverse.name_of(local, 1, true), None);
        assert!(reverse.known(local, 1).is_some(), "the question is on its way");
        let deadline = Instant::now() + Duration::from_secs(10);
        while reverse.name_of(local, 1, true).is_none() {
            assert!(Instant::now() < deadline, "the hosts file has no name for this host");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(confirmed_name(local).as_deref(), reverse.name_of(local, 1, false));
    }

    #[test]
    fn a_zones_answer_does_not_replace_what_a_process_was_told() {
        let (mut reverse, (sender, answers)) = (Reverse::default(), channel());
        reverse.resolver = Some(Resolver { questions: sync_channel(0).0, answers });
        reverse.told(ip(1), "told.example", 600, 0);
        for (number, name) in [(1, Some("zone.example".into())), (2, Some("zone.example".into())), (3, None)] {
            sender.send((ip(number), name)).unwrap();
        }
        let names = [1, 2, 3].map(|number| reverse.name_of(ip(number), 1, true).map(str::to_owned));
        assert_eq!(names, [Some("told.example".into()), Some("zone.example".into()), None]);
        assert_eq!(reverse.name_of(ip(4), 1, true), None, "there is no room for a question");
        assert!(reverse.known(ip(4), 1).is_none(), "it may be asked next time");
    }
}
