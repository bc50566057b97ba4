//! The passwd and group files below a root: the host's, or a container's.

use std::ffi::CStr;
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::passwd::{Groups, Users, groups_of, users_of};

/// Largest file read, bytes; a container chooses its files' size.
const FILE_MAX: u64 = 4 << 20;

/// Modification time and length; a different pair is a different file content.
type Stamp = Option<(SystemTime, u64)>;

/// Which content of both files is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    passwd: Stamp,
    group: Stamp,
}

impl Stamps {
    /// Whether the passwd file was found.
    pub fn found(&self) -> bool {
        self.passwd.is_some()
    }
}

/// What has changed since `stamps` were taken; a file that can't be read has not.
#[derive(Debug, Default)]
pub struct News {
    pub stamps: Stamps,
    pub users: Option<Users>,
    pub groups: Option<Groups>,
}

/// Looks at both files, and reads those that changed.
pub fn news(root: &Path, mut stamps: Stamps) -> News {
    let users = changed(root, c"etc/passwd", &mut stamps.passwd).map(|text| users_of(&text));
    let groups = changed(root, c"etc/group", &mut stamps.group).map(|text| groups_of(&text));
    News { stamps, users, groups }
}

/// A container's root as one of its processes has it; `None` while that process still has the host's.
pub fn container_root(pid: i64) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    let (inside, host) = (fs::metadata(&root).ok()?, fs::metadata("/").ok()?);
    ((inside.dev(), inside.ino()) != (host.dev(), host.ino())).then_some(root)
}

/// The file's content if its stamp differs from the one given, which is updated.
fn changed(root: &Path, name: &CStr, stamp: &mut Stamp) -> Option<Vec<u8>> {
    let file = open_inside(root, name)?;
    let meta = file.metadata().ok().filter(|m| m.is_file() && m.len() <= FILE_MAX)?;
    let now = Some((meta.modified().ok()?, meta.len()));
    if now == *stamp {
        return None;
    }
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, FILE_MAX), &mut text).ok()?;
    *stamp = now;
    Some(text)
}

/// Opens `name` with `root` as the root of every link on the way: a container chooses its links, and
/// none of them may lead to the host's files. A FIFO must not block.
fn open_inside(root: &Path, name: &CStr) -> Option<fs::File> {
    let dir = fs::File::open(root).ok()?;
    let mut how = unsafe { std::mem::zeroed::<libc::open_how>() };
    how.flags = (libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY) as u64;
    how.resolve = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
    let size = std::mem::size_of::<libc::open_how>();
    let fd = unsafe { libc::syscall(libc::SYS_openat2, dir.as_raw_fd(), name.as_ptr(), &how, size) };
    (fd >= 0).then(|| unsafe { fs::File::from_raw_fd(fd as i32) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_changed_is_read() {
        let root = std::env::temp_dir().join(format!("yarak-files-{}", std::process::id()));
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/passwd"), "ann:x:1000:1000::/home/ann:/bin/zsh\n").unwrap();
        let first = news(&root, Stamps::default());
        assert!(first.users.is_some_and(|users| users.contains_key(&1000)) && first.groups.is_none());
        assert!(first.stamps.found());
        let second = news(&root, first.stamps);
        assert!(second.users.is_none() && second.stamps == first.stamps);
        fs::write(root.join("etc/group"), "staff:x:50:\n").unwrap();
        fs::remove_file(root.join("etc/passwd")).unwrap();
        let third = news(&root, first.stamps);
        assert!(third.users.is_none() && third.groups.is_some_and(|groups| groups.contains_key(&50)));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn no_link_leads_out_of_the_root() {
        let root = std::env::temp_dir().join(format!("yarak-links-{}", std::process::id()));
        fs::create_dir_all(root.join("etc")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("etc/passwd")).unwrap();
        assert!(news(&root, Stamps::default()).users.is_none());
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_process_with_the_hosts_root_is_no_source_for_a_container() {
        assert_eq!(container_root(i64::from(std::process::id())), None);
    }
}
