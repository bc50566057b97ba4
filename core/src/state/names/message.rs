//! Addresses in DNS responses (RFC 1035 §4, RFC 3596). Whoever can send a packet writes them: every length is checked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const HEADER: usize = 12;
const NAME_MAX: usize = 253;
/// Records looked at in one message.
const RECORDS_MAX: u16 = 32;

const RESPONSE: u16 = 1 << 15;
const OPCODE_AND_RCODE: u16 = 0x780f;
const CLASS_IN: u16 = 1;
const TYPE_A: u16 = 1;
const TYPE_AAAA: u16 = 28;

/// A response to a question about one name. It may be cut off: what is there counts.
#[derive(Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// The name that was asked about, in lower case, without the root's dot.
    pub name: Box<str>,
    message: &'a [u8],
    /// Where the answers begin.
    answers: usize,
    count: u16,
}

impl<'a> Response<'a> {
    /// `None` for anything but an ordinary query's response without error.
    pub fn parse(message: &'a [u8]) -> Option<Self> {
        let flags = u16_at(message, 2)?;
        if flags & RESPONSE == 0 || flags & OPCODE_AND_RCODE != 0 || u16_at(message, 4)? != 1 {
            return None;
        }
        let (name, end) = question(message)?;
        let class = u16_at(message, end + 2)?;
        let count = u16_at(message, 6)?.min(RECORDS_MAX);
        (class == CLASS_IN).then_some(Self { name, message, answers: end + 4, count })
    }

    /// Each address with its time to live in seconds. Answers that lead to it by another name (CNAME) belong to the
    /// name asked about, too.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, u32)> + use<'a> {
        let (message, mut at) = (self.message, self.answers);
        (0..self.count).map_while(move |_| record(message, &mut at)).flatten()
    }
}

/// The record at `at`, which is moved behind it: its address and time to live, if it has some.
fn record(message: &[u8], at: &mut usize) -> Option<Option<(IpAddr, u32)>> {
    let fixed = skip_name(message, *at)?;
    let (kind, class) = (u16_at(message, fixed)?, u16_at(message, fixed + 2)?);
    let ttl = u32::from_be_bytes(message.get(fixed + 4..fixed + 8)?.try_into().ok()?);
    let data = fixed + 10;
    let len = usize::from(u16_at(message, fixed + 8)?);
    let data = message.get(data..data + len).inspect(|_| *at = data + len)?;
    let address = match (class, kind) {
        (CLASS_IN, TYPE_A) => <[u8; 4]>::try_from(data).ok().map(|b| IpAddr::V4(Ipv4Addr::from(b))),
        (CLASS_IN, TYPE_AAAA) => <[u8; 16]>::try_from(data).ok().map(|b| Ipv6Addr::from(b).to_canonical()),
        _ => None,
    };
    Some(address.map(|address| (address, ttl)))
}

/// The name in the question and where it ends. The first name of a message has nothing to point back to.
fn question(message: &[u8]) -> Option<(Box<str>, usize)> {
    let (mut name, mut at) = (String::new(), HEADER);
    loop {
        let len = usize::from(*message.get(at)?);
        let label = message.get(at + 1..at + 1 + len).filter(|_| len < 64)?;
        at += 1 + len;
        if label.is_empty() {
            return (!name.is_empty()).then(|| (name.into(), at));
        }
        if !label.iter().all(|b| b.is_ascii_graphic() && *b != b'.') || name.len() + 1 + len > NAME_MAX {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.extend(label.iter().map(|b| char::from(b.to_ascii_lowercase())));
    }
}

/// Where the name at `at` ends; a pointer ends it.
fn skip_name(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            len @ 1..64 => at += 1 + usize::from(len),
            192.. => return Some(at + 2),
            _ => return None,
        }
    }
}

fn u16_at(message: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::Index;

    fn name(text: &str) -> Vec<u8> {
        let labels = text.split('.').filter(|label| !label.is_empty());
        let mut out: Vec<u8> = labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
        out.push(0);
        out
    }

    /// A response with these records, each a name, a type and data.
    fn response(asked: &str, records: &[(&[u8], u16, &[u8])]) -> Vec<u8> {
        let mut out = [&[7, 7, 0x81, 0x80, 0, 1, 0, records.len() as u8, 0, 0, 0, 0][..], &name(asked)].concat();
        out.extend([0, 1, 0, 1]);
        for (owner, kind, data) in records {
            out.extend_from_slice(owner);
            out.extend(kind.to_be_bytes());
            out.extend([0, 1, 0, 0, 0, 60, 0, data.len() as u8]);
            out.extend_from_slice(data);
        }
        out
    }

    const POINTER: &[u8] = &[0xc0, 12];

    fn told(message: &[u8]) -> Option<(String, Vec<(IpAddr, u32)>)> {
        Response::parse(message).map(|response| (response.name.to_string(), response.addresses().collect()))
    }

    #[test]
    fn addresses_belong_to_the_name_asked_about() {
        let v6 = Ipv6Addr::LOCALHOST.octets();
        let message = response(
            "Www.Example.ORG",
            &[
                (POINTER, 5, &name("edge.example.net")),
                (&name("edge.example.net"), TYPE_A, &[192, 0, 2, 1]),
                (POINTER, TYPE_AAAA, &v6),
            ],
        );
        let addresses = vec![("192.0.2.1".parse().unwrap(), 60), ("::1".parse().unwrap(), 60)];
        assert_eq!(told(&message), Some(("www.example.org".into(), addresses)));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        let good = response("a.example", &[(POINTER, TYPE_A, &[192, 0, 2, 1])]);
        let changed = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            told(&bad)
        };
        assert!(told(&good).is_some_and(|(_, addresses)| addresses.len() == 1));
        assert_eq!(changed(2, 0x01), None, "a query");
        assert_eq!(changed(3, 0x83), None, "no such name");
        assert_eq!(changed(2, 0xa1), None, "a notification");
        assert_eq!(changed(5, 2), None, "two questions");
        assert_eq!(changed(13, b'.'), None, "a dot inside a label");
        assert_eq!(changed(13, b'\n'), None, "a name that no terminal should see");
        assert_eq!(told(&response("", &[])), None, "the root");
        assert_eq!(told(&response(&["a"; 130].join("."), &[])), None, "a name that is too long");
    }

    #[test]
    fn a_cut_message_tells_what_is_there() {
        let one: (&[u8], u16, &[u8]) = (POINTER, TYPE_A, &[192, 0, 2, 1]);
        let message = response("a.example", &[one, one, one]);
        let count = |len: usize| told(&message[..len]).map_or(0, |(_, addresses)| addresses.len());
        let counts: Vec<_> = (0..=message.len()).map(count).collect();
        assert!(counts.is_sorted() && counts.contains(&1) && counts.last() == Some(&3));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = told(&bytes);
        }

        /// Mutations of a response: lengths that lie, pointers anywhere.
        #[test]
        fn any_change_is_taken(changes in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..8)) {
            let mut message = response("a.example", &[(POINTER, TYPE_AAAA, &[7; 16]), (POINTER, TYPE_A, &[7; 4])]);
            for (at, byte) in changes {
                let at = at.index(message.len());
                message[at] = byte;
            }
            if let Some((name, addresses)) = told(&message) {
                prop_assert!(name.len() <= NAME_MAX && addresses.len() <= usize::from(RECORDS_MAX));
            }
        }

        #[test]
        fn names_and_addresses_come_back(label in "[a-z0-9_-]{1,63}", ip in any::<[u8; 4]>()) {
            let asked = format!("{label}.example");
            let message = response(&asked, &[(POINTER, TYPE_A, &ip)]);
            prop_assert_eq!(told(&message), Some((asked, vec![(IpAddr::from(ip), 60)])));
        }
    }
}
