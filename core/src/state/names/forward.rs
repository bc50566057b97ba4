//! From name to addresses: the host names that rules compare with.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, RwLock};
use std::time::Duration;

/// Names are resolved again this often.
const REFRESH: Duration = Duration::from_secs(300);

/// Addresses of a name taken in, by far more than a resolver's answers have.
const ADDRESSES_MAX: usize = 1024;

/// Names asked for at once: one whose servers are silent holds up the others for seconds.
const AT_ONCE: usize = 8;

type Resolved = Arc<RwLock<HashMap<Box<str>, HashSet<IpAddr>>>>;

/// Host names and the addresses they stood for when last asked.
#[derive(Debug, Default)]
pub struct Forward {
    resolved: Resolved,
    /// Hands the names of the current plan to the resolver; dropping it ends the thread.
    worker: Option<Sender<Vec<Box<str>>>>,
    background: bool,
}

impl Forward {
    /// Replaces the names to resolve. Starts the resolver when there are some for the first time.
    pub fn register<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.background = true;
        let names: Vec<Box<str>> = names.into_iter().map(Into::into).collect();
        if names.is_empty() && self.worker.is_none() {
            return;
        }
        let worker = self.worker.get_or_insert_with(|| start(Arc::clone(&self.resolved)));
        if worker.send(names).is_err() {
            self.worker = None;
        }
    }

    /// Whether `name` stands for `address`. Live, false until the resolver has answered; elsewhere, where nobody waits
    /// for an event, the name is resolved when it is first asked for.
    pub fn is_address_of(&self, name: &str, address: IpAddr) -> bool {
        if let Some(found) = self.answer(name, address) {
            return found;
        }
        if !self.background {
            keep(&self.resolved, name, look_up(name));
        }
        self.answer(name, address).unwrap_or(false)
    }

    /// A name that rules compare with and that stands for `address`; of several the first by alphabet.
    pub fn name_of(&self, address: IpAddr) -> Option<Box<str>> {
        let resolved = self.resolved.read().ok()?;
        resolved.iter().filter(|(_, addresses)| addresses.contains(&address)).map(|(name, _)| name).min().cloned()
    }

    /// Whether names are resolved aside, as nobody may wait for them.
    pub fn is_background(&self) -> bool {
        self.background
    }

    fn answer(&self, name: &str, address: IpAddr) -> Option<bool> {
        Some(self.resolved.read().ok()?.get(name)?.contains(&address))
    }

    #[cfg(test)]
    pub fn set(&mut self, name: &str, addresses: &[IpAddr]) {
        let mut resolved = self.resolved.write().expect("no other user in a test");
        resolved.insert(name.into(), addresses.iter().copied().collect());
    }
}

fn start(resolved: Resolved) -> Sender<Vec<Box<str>>> {
    let (sender, receiver) = channel();
    // Without a thread the names stay unresolved, which compares as false; detection goes on.
    let _ = std::thread::Builder::new().name("yarak-names".into()).spawn(move || run(&receiver, &resolved));
    sender
}

fn run(receiver: &Receiver<Vec<Box<str>>>, resolved: &Resolved) {
    let mut names = Vec::new();
    loop {
        match receiver.recv_timeout(REFRESH) {
            Ok(new) => names = new,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        forget_others(resolved, &names);
        for some in names.chunks(AT_ONCE) {
            std::thread::scope(|scope| {
                for name in some {
                    scope.spawn(|| keep(resolved, name, look_up(name)));
                }
            });
        }
    }
}

/// Drops names that no rule compares with any more.
fn forget_others(resolved: &Resolved, names: &[Box<str>]) {
    if let Ok(mut current) = resolved.write() {
        current.retain(|name, _| names.contains(name));
    }
}

/// Takes in an answer as soon as it is there; none keeps the last one, as a resolver that is down for a moment must
/// not blind the rules.
fn keep(resolved: &Resolved, name: &str, addresses: HashSet<IpAddr>) {
    if let Ok(mut current) = resolved.write()
        && !(addresses.is_empty() && current.contains_key(name))
    {
        current.insert(name.into(), addresses);
    }
}

/// The addresses of a name; takes as long as the resolver does.
pub(super) fn look_up(name: &str) -> HashSet<IpAddr> {
    (name, 0).to_socket_addrs().map(|all| all.map(|a| a.ip()).take(ADDRESSES_MAX).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Instant;

    #[test]
    fn a_name_resolves_in_the_background() {
        let mut names = Forward::default();
        let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
        names.register(["127.0.0.1"]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while !names.is_address_of("127.0.0.1", local) {
            assert!(Instant::now() < deadline, "the resolver gave nothing");
            std::thread::yield_now();
        }
        assert!(!names.is_address_of("127.0.0.1", IpAddr::V4(Ipv4Addr::BROADCAST)));
    }

    #[test]
    fn where_nobody_waits_a_name_is_resolved_when_asked_for() {
        let (names, local) = (Forward::default(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(names.is_address_of("127.0.0.1", local) && !names.is_address_of("127.0.0.2", local));
        let mut live = Forward::default();
        live.register([]);
        assert!(!live.is_address_of("127.0.0.1", local));
    }

    #[test]
    fn of_several_names_for_an_address_the_first_is_told() {
        let (mut names, local) = (Forward::default(), IpAddr::V4(Ipv4Addr::LOCALHOST));
        names.set("b.example", &[local]);
        names.set("a.example", &[local]);
        names.set("c.example", &[]);
        assert_eq!(names.name_of(local).as_deref(), Some("a.example"));
        assert_eq!(names.name_of(IpAddr::V4(Ipv4Addr::BROADCAST)), None);
    }

    #[test]
    fn a_failed_look_up_keeps_the_last_answer() {
        let address = HashSet::from([IpAddr::V4(Ipv4Addr::LOCALHOST)]);
        let resolved = Resolved::default();
        keep(&resolved, "a", address.clone());
        keep(&resolved, "a", HashSet::new());
        keep(&resolved, "b", HashSet::new());
        let answers = |name| resolved.read().expect("no panic").get(name).cloned();
        assert_eq!((answers("a"), answers("b")), (Some(address), Some(HashSet::new())));
        forget_others(&resolved, &["b".into()]);
        assert_eq!(answers("a"), None);
    }
}
