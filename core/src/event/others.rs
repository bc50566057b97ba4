//! Descriptors that the event is not about, as the kernel knew them at event time: told where rules ask for them.

use super::{FileFacts, Items, PathItem, SocketFacts, u64_at};

/// One of them.
#[derive(Clone, Debug)]
pub struct OtherDescriptor<'a> {
    pub object: OtherObject,
    /// A file's real name.
    pub name: Option<PathItem<'a>>,
    /// A unix socket's name (a leading NUL is an abstract one).
    pub unix_path: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherObject {
    File(FileFacts),
    Socket(SocketFacts),
}

impl OtherObject {
    fn of(kind: u16, body: &[u8]) -> Option<Self> {
        match kind {
            1 => FileFacts::decode(body).map(Self::File),
            2 => SocketFacts::decode(body).map(Self::Socket),
            _ => None,
        }
    }

    fn fd(&self) -> i64 {
        match self {
            Self::File(file) => file.fd,
            Self::Socket(socket) => socket.fd,
        }
    }
}

/// The descriptor `fd` in the items of a `YK_I_OTHERS`, where an object's own items stand before its names.
pub(super) fn find<'a>(others: &'a [u8], fd: i64) -> Option<OtherDescriptor<'a>> {
    let mut items = Items::new(others).map_while(Result::ok);
    let object = items.find_map(|(kind, body)| OtherObject::of(kind, body).filter(|object| object.fd() == fd))?;
    let mut found = OtherDescriptor { object, name: None, unix_path: None };
    for (kind, body) in items {
        match kind {
            3 => found.name = PathItem::decode(body),
            6 => found.unix_path = Some(body),
            _ => break,
        }
    }
    Some(found)
}

/// What a process has open, in a `YK_I_TABLE`.
#[derive(Clone, Copy, Debug)]
pub struct DescriptorTable<'a> {
    /// Number of open descriptors.
    pub open: u64,
    kinds: &'a [u8],
}

/// A kind of descriptor as the kernel told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KindWord {
    /// The capture format's descriptor type.
    Kind(u8),
    /// A socket, by its `AF_*`.
    Family(u16),
    /// An anonymous inode, by the first bytes of its name.
    Anonymous([u8; 8]),
}

impl<'a> DescriptorTable<'a> {
    pub(super) fn decode(body: &'a [u8]) -> Option<Self> {
        (body.len() >= 8).then(|| Self { open: u64_at(body, 0), kinds: &body[8..] })
    }

    /// Each kind once, in the order of the first descriptor of it (of the first 256).
    pub fn kinds(&self) -> impl Iterator<Item = KindWord> + use<'a> {
        self.kinds.chunks_exact(8).map(|word| match u64_at(word, 0) {
            number @ 0..256 => KindWord::Kind(number as u8),
            number @ 256..0x1_0000 => KindWord::Family((number - 256) as u16),
            name => KindWord::Anonymous(name.to_le_bytes()),
        })
    }
}
