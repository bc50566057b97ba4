//! Where each file system sits in the host's mount namespace: device -> prefix, for the real names of files.

use super::wire::PREFIX_TEXT;
use std::collections::BTreeMap;

/// Device numbers in the kernel's internal encoding, and the mount point of the file system's root.
/// Only mounts of a whole file system (root `/`) count; of several, the first.
pub fn prefixes(mountinfo: &str, host_root_dev: u32) -> BTreeMap<u32, Vec<u8>> {
    let mut found = BTreeMap::new();
    for line in mountinfo.lines() {
        let Some((dev, root, point)) = parse(line) else { continue };
        if dev == host_root_dev || root != b"/" || point == b"/" || point.len() > PREFIX_TEXT {
            continue;
        }
        found.entry(dev).or_insert(point);
    }
    found
}

/// Device, root and mount point of one line (proc_pid_mountinfo(5)).
fn parse(line: &str) -> Option<(u32, Vec<u8>, Vec<u8>)> {
    let mut words = line.split(' ');
    let (major, minor) = words.nth(2)?.split_once(':')?;
    let dev = major.parse::<u32>().ok()? << 20 | minor.parse::<u32>().ok()?;
    Some((dev, unescape(words.next()?), unescape(words.next()?)))
}

/// Undoes the octal escapes of blanks and backslashes.
fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let octal = (bytes[at] == b'\\')
            .then(|| text.get(at + 1..at + 4).and_then(|digits| u8::from_str_radix(digits, 8).ok()))
            .flatten();
        match octal {
            Some(byte) => {
                out.push(byte);
                at += 4;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

/// `struct yk_mount_prefix`.
pub fn value(prefix: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4 + PREFIX_TEXT];
    let len = prefix.len().min(PREFIX_TEXT);
    out[..4].copy_from_slice(&(len as u32).to_le_bytes());
    out[4..4 + len].copy_from_slice(&prefix[..len]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = "\
27 1 254:0 / / rw - ext4 /dev/vda rw
24 27 0:6 / /dev rw - devtmpfs devtmpfs rw
40 27 254:0 /etc /mnt/etc rw - ext4 /dev/vda rw
41 27 0:40 / /mnt/with\\040blank rw - tmpfs t rw
42 27 0:40 / /mnt/again rw - tmpfs t rw
43 27 0:41 /sub /mnt/sub rw - tmpfs t rw";

    #[test]
    fn whole_file_systems_get_their_first_mount_point() {
        let found = prefixes(INFO, 254 << 20);
        assert_eq!(found.get(&6).map(Vec::as_slice), Some(b"/dev".as_slice()));
        assert_eq!(found.get(&40).map(Vec::as_slice), Some(b"/mnt/with blank".as_slice()));
        assert_eq!(found.get(&41), None, "a subtree is no whole file system");
        assert_eq!(found.get(&(254 << 20)), None, "the host's root needs no prefix");
    }
}
