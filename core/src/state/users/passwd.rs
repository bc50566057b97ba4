//! The text of passwd and group files, and what they say by id.

use hashbrown::HashMap;

/// One line of passwd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User<'a> {
    pub name: &'a [u8],
    pub home: &'a [u8],
    pub shell: &'a [u8],
}

/// A line of passwd with its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswdLine<'a> {
    pub uid: u32,
    pub gid: u32,
    pub user: User<'a>,
}

/// The lines of a passwd file that are well formed.
pub fn passwd_lines(text: &[u8]) -> impl Iterator<Item = PasswdLine<'_>> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let mut parts = line.split(|b| *b == b':');
        let (name, uid) = (parts.next()?, number(parts.nth(1)?)?);
        let gid = number(parts.next()?).unwrap_or(u32::MAX);
        let (home, shell) = (parts.nth(1)?, parts.next().unwrap_or_default());
        Some(PasswdLine { uid, gid, user: User { name, home, shell } })
    })
}

/// Id and name of the groups in a group file.
pub fn group_lines(text: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let mut parts = line.split(|b| *b == b':');
        let (name, gid) = (parts.next()?, number(parts.nth(1)?)?);
        Some((gid, name))
    })
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A [`User`] in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// name NUL home NUL shell
    line: Box<[u8]>,
}

impl Kept {
    pub fn len(&self) -> usize {
        self.line.len()
    }

    pub fn user(&self) -> User<'_> {
        let mut parts = self.line.split(|b| *b == 0);
        let mut next = || parts.next().unwrap_or_default();
        User { name: next(), home: next(), shell: next() }
    }
}

impl From<User<'_>> for Kept {
    fn from(User { name, home, shell }: User<'_>) -> Self {
        Self { line: [name, b"\0", home, b"\0", shell].concat().into() }
    }
}

pub type Users = HashMap<u32, Kept>;
pub type Groups = HashMap<u32, Box<[u8]>>;

pub fn users_of(passwd: &[u8]) -> Users {
    passwd_lines(passwd).map(|line| (line.uid, line.user.into())).collect()
}

pub fn groups_of(group: &[u8]) -> Groups {
    group_lines(group).map(|(gid, name)| (gid, name.into())).collect()
}
