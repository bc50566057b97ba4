//! Directories that the distribution itself reaches by two names, such as /bin and /usr/bin.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Names looked at. Only these: a link anybody else made is a difference worth seeing.
const CANDIDATES: &[&str] = &[
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/usr/lib64",
    "/var/run",
    "/var/lock",
    "/var/mail",
    "/run/shm",
];

/// Symbolic links of the distribution and what they stand for.
#[derive(Debug, Default)]
pub struct Aliases {
    pairs: Vec<Alias>,
}

/// Both without trailing slash.
#[derive(Debug)]
struct Alias {
    link: Box<[u8]>,
    target: Box<[u8]>,
}

impl Aliases {
    /// Reads the links below `root` (normally `/`).
    pub fn read(root: &Path) -> Self {
        let resolve = |name: &&str| {
            let link = root.join(name.trim_start_matches('/'));
            let target = link.read_link().ok()?;
            let target = absolute(name, target.as_os_str().as_bytes());
            Some(Alias { link: name.as_bytes().into(), target: target.into() })
        };
        Self { pairs: CANDIDATES.iter().filter_map(resolve).collect() }
    }

    /// The part of the distribution's own name that replaces a prefix of `path`, and the rest of `path`.
    pub fn split<'p>(&self, path: &'p [u8]) -> Option<(&[u8], &'p [u8])> {
        self.pairs.iter().find_map(|Alias { link, target }| {
            let rest = path.strip_prefix(&**link)?;
            (rest.is_empty() || rest.first() == Some(&b'/')).then_some((&**target, rest))
        })
    }

    /// Whether two normalised names are the same but for aliases.
    pub fn same(&self, one: &[u8], other: &[u8]) -> bool {
        let plain = |path| self.split(path).unwrap_or((b"", path));
        let ((a, b), (c, d)) = (plain(one), plain(other));
        a.len() + b.len() == c.len() + d.len() && a.iter().chain(b).eq(c.iter().chain(d))
    }
}

/// Where a link's text leads, seen from the link's own directory; `..` is folded.
fn absolute(link: &str, target: &[u8]) -> Vec<u8> {
    let mut path = Vec::new();
    if target.first() != Some(&b'/') {
        let parent = link.rsplit_once('/').map_or("", |(dir, _)| dir);
        path.extend_from_slice(parent.as_bytes());
    }
    for part in target.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => path.truncate(path.iter().rposition(|b| *b == b'/').unwrap_or(0)),
            name => {
                path.push(b'/');
                path.extend_from_slice(name);
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged_usr() -> Aliases {
        let pair = |a: &str, b: &str| Alias { link: a.as_bytes().into(), target: b.as_bytes().into() };
        Aliases { pairs: vec![pair("/bin", "/usr/bin"), pair("/var/run", "/run")] }
    }

    #[test]
    fn aliases_are_no_difference() {
        let aliases = merged_usr();
        assert!(aliases.same(b"/bin/ls", b"/usr/bin/ls"));
        assert!(aliases.same(b"/run/utmp", b"/var/run/utmp"));
        assert!(aliases.same(b"/bin", b"/usr/bin"));
        assert!(!aliases.same(b"/binary/ls", b"/usr/binary/ls"));
        assert!(!aliases.same(b"/bin/ls", b"/usr/bin/cat"));
    }

    #[test]
    fn link_texts_are_made_absolute() {
        assert_eq!(absolute("/bin", b"usr/bin"), b"/usr/bin");
        assert_eq!(absolute("/var/run", b"/run"), b"/run");
        assert_eq!(absolute("/var/run", b"../run"), b"/run");
        assert_eq!(absolute("/var/mail", b"spool/mail/"), b"/var/spool/mail");
    }

    #[test]
    fn links_are_read_below_a_root() {
        let root = std::env::temp_dir().join(format!("aliases-{}", std::process::id()));
        std::fs::create_dir_all(root.join("var")).expect("a directory for the test");
        std::os::unix::fs::symlink("usr/bin", root.join("bin")).expect("a link");
        let aliases = Aliases::read(&root);
        assert!(aliases.same(b"/bin/ls", b"/usr/bin/ls") && !aliases.same(b"/sbin/ip", b"/usr/sbin/ip"));
        std::fs::remove_dir_all(root).expect("clean up");
    }
}
