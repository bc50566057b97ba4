//! Host names and addresses. The event path only looks at what is known by then; it never waits for a resolver.
//!
//! Conditions ask in one direction alone: whether a name stands for an address, by this host's resolver. What outputs
//! call an address may come from answers that any process received, and decides nothing.

mod forward;
mod message;
mod reverse;

use std::cell::RefCell;
use std::net::IpAddr;

use bumpalo::Bump;

use forward::Forward;
use message::Response;
#[cfg(test)]
pub(super) use reverse::NAMES_MAX;
use reverse::Reverse;

/// What is known of names, in both directions.
#[derive(Debug, Default)]
pub struct Names {
    forward: Forward,
    reverse: RefCell<Reverse>,
}

impl Names {
    /// Replaces the names that rules compare with. From then on names are resolved in the background.
    pub fn register<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.forward.register(names);
    }

    /// Whether `name` stands for `address`. Live, false until the resolver has answered; elsewhere, where nobody waits
    /// for an event, the name is resolved when it is first asked for.
    pub fn is_address_of(&self, name: &str, address: IpAddr) -> bool {
        self.forward.is_address_of(name, address)
    }

    /// What outputs call `address` at `now` (ns since the epoch): a name that rules compare with, else the one that the
    /// last DNS answer with this address was about, else the name that its own zone gives. Live, the last is asked for
    /// in the background: an address is nameless until the answer is there.
    pub fn name_of<'a>(&self, address: IpAddr, now: u64, arena: &'a Bump) -> Option<&'a [u8]> {
        let name = self.forward.name_of(address).or_else(|| {
            let ask = self.forward.is_background();
            self.reverse.borrow_mut().name_of(address, now, ask).map(Into::into)
        });
        name.map(|name| arena.alloc_str(&name).as_bytes())
    }

    /// Addresses whose name gave way to others.
    pub fn forgotten(&self) -> u64 {
        self.reverse.borrow().forgotten()
    }

    /// Takes in a message that a name server sent to some process at `now` (ns since the epoch).
    pub fn take_message(&mut self, bytes: &[u8], now: u64) {
        let Some(response) = Response::parse(bytes) else { return };
        let reverse = self.reverse.get_mut();
        for (address, ttl) in response.addresses() {
            reverse.told(address, &response.name, ttl, now);
        }
    }

    #[cfg(test)]
    pub fn set(&mut self, name: &str, addresses: &[IpAddr]) {
        self.forward.set(name, addresses);
    }
}
