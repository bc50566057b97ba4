//! Which container a process runs in, from the path of its cgroup (`spec: fields-semantics.md` §7).

use std::collections::VecDeque;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::params::Strings;

/// Hex digits of a full container id, and of the short one that rules see.
const FULL_ID: usize = 64;
const SHORT_ID: usize = 12;

/// Cgroups remembered; beyond it the one learnt first goes. Ids of removed cgroups never come back, and the path of one
/// that is still there comes with its next event, once the kernel knows that it is forgotten here.
pub const CGROUPS_MAX: usize = 65_536;

/// Prefix and suffix around a full id in one path component, with the engine that writes it.
const WRAPPINGS: &[(&str, &str, &str)] = &[
    ("docker-", ".scope", "docker"),
    ("crio-", ".scope", "cri-o"),
    ("crio-", "", "cri-o"),
    ("cri-containerd-", ".scope", "containerd"),
    ("nerdctl-", ".scope", "containerd"),
    ("libpod-payload-", ".scope", "podman"),
    ("libpod-payload-", "", "podman"),
    ("libpod-", ".scope", "podman"),
    ("libpod-", "", "podman"),
];

/// A container as far as its cgroup's path tells.
#[derive(Debug, PartialEq, Eq)]
pub struct Container {
    /// Twelve digits, or the name where the engine has no hex ids.
    pub id: Box<str>,
    pub full_id: Box<str>,
    /// The engine's word as `container.type` has it.
    pub engine: &'static str,
}

/// Where a process runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Placement {
    /// Its cgroup has not been seen yet.
    #[default]
    Unknown,
    Host,
    Container(Arc<Container>),
}

impl Placement {
    pub fn is_container(&self) -> bool {
        matches!(self, Self::Container(_))
    }

    pub fn container(&self) -> Option<&Container> {
        match self {
            Self::Container(container) => Some(container),
            Self::Unknown | Self::Host => None,
        }
    }
}

/// What the kernel is to know of a cgroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Host,
    Container,
    /// Nothing: its path is wanted again.
    Forgotten,
}

impl Verdict {
    fn of(placement: &Placement) -> Self {
        if placement.is_container() { Self::Container } else { Self::Host }
    }
}

/// Verdicts by cgroup id, and the containers that they name.
#[derive(Debug, Default)]
pub struct Containers {
    verdicts: HashMap<u64, Placement>,
    /// Their ids, in the order in which they were learnt.
    order: VecDeque<u64>,
    fresh: Vec<(u64, Verdict)>,
    /// Cgroups that gave way to others.
    pub forgotten: u64,
}

impl Containers {
    /// The verdict on a cgroup id that an earlier event brought the path of.
    pub fn of_cgroup(&self, id: u64) -> Option<&Placement> {
        self.verdicts.get(&id)
    }

    /// Takes in the path of a cgroup. Of one that is known already, the kernel knows nothing: not yet, or no more, as
    /// its own table is smaller.
    pub fn learn(&mut self, id: u64, path: &[u8]) {
        if !self.verdicts.contains_key(&id) {
            self.make_room();
            self.verdicts.insert(id, self.place(std::iter::once(path)));
            self.order.push_back(id);
        }
        let told = self.fresh.iter().any(|(of, verdict)| *of == id && *verdict != Verdict::Forgotten);
        if let (false, Some(placement)) = (told, self.verdicts.get(&id)) {
            self.fresh.push((id, Verdict::of(placement)));
        }
    }

    fn make_room(&mut self) {
        if self.verdicts.len() < CGROUPS_MAX {
            return;
        }
        if let Some(id) = self.order.pop_front() {
            self.verdicts.remove(&id);
            self.fresh.push((id, Verdict::Forgotten));
            self.forgotten += 1;
        }
    }

    /// The verdict on a process's `subsystem=path` strings; unknown when there are none.
    pub fn of_strings(&self, cgroups: &[u8]) -> Placement {
        if cgroups.is_empty() {
            return Placement::Unknown;
        }
        let path = |item: &'_ [u8]| -> usize { item.iter().position(|b| *b == b'=').map_or(0, |at| at + 1) };
        self.place(Strings::new(cgroups).map(|item| item.get(path(item)..).unwrap_or_default()))
    }

    /// What has changed since the last call, by cgroup id and in order.
    pub fn take_fresh(&mut self) -> std::vec::Drain<'_, (u64, Verdict)> {
        self.fresh.drain(..)
    }

    fn place<'p>(&self, mut paths: impl Iterator<Item = &'p [u8]>) -> Placement {
        match paths.find_map(classify) {
            Some(container) => Placement::Container(Arc::new(container)),
            None => Placement::Host,
        }
    }
}

/// Reads a cgroup's path; `None` is a path of the host.
///
/// The innermost match counts: a container's own sub-cgroups, and containers inside containers, keep their id.
pub fn classify(path: &[u8]) -> Option<Container> {
    let path = std::str::from_utf8(path).ok()?;
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    (0..parts.len()).rev().find_map(|i| by_full_id(parts[i]).or_else(|| by_name(&parts, i)))
}

fn by_full_id(part: &str) -> Option<Container> {
    if is_full_id(part) {
        return Some(with_full_id(part, "docker"));
    }
    for (prefix, suffix, engine) in WRAPPINGS {
        let inner = part.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(suffix));
        if let Some(id) = inner.filter(|id| is_full_id(id)) {
            return Some(with_full_id(id, engine));
        }
    }
    // runc's own spelling of a systemd path under the plain driver: `slice:cri-containerd:id`.
    let mut fields = part.rsplit(':');
    let (id, engine) = (fields.next()?, fields.next()?);
    let engine = if engine == "crio" { "cri-o" } else { "containerd" };
    is_full_id(id).then(|| with_full_id(id, engine))
}

/// Engines whose containers have names: the component at `i`, knowing the one before it.
fn by_name(parts: &[&str], i: usize) -> Option<Container> {
    let part = *parts.get(i)?;
    let before = if i == 0 { "" } else { parts.get(i - 1).copied().unwrap_or_default() };
    match before {
        "lxc" | "lxc.payload" => return Some(named(part, "lxc")),
        "machine" if part.ends_with(".libvirt-lxc") => {
            return Some(named(part.strip_suffix(".libvirt-lxc")?, "libvirt-lxc"));
        }
        "default" if i == 1 => return Some(named(part, "containerd")),
        _ => {}
    }
    if let Some(name) = part.strip_prefix("lxc.payload.") {
        return Some(named(name, "lxc"));
    }
    if let Some(rest) = part.strip_prefix("machine-lxc\\x2d") {
        return Some(named(libvirt_name(rest.strip_suffix(".scope")?), "libvirt-lxc"));
    }
    let bpm = part.strip_prefix("runc-bpm-").or_else(|| part.strip_prefix("bpm-"))?;
    Some(named(bpm.strip_suffix(".scope").unwrap_or(bpm), "bpm"))
}

/// `1234\x2dname` → `name`: the number is the machine's, not the container's.
fn libvirt_name(rest: &str) -> &str {
    match rest.split_once("\\x2d") {
        Some((number, name)) if number.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => rest,
    }
}

fn is_full_id(text: &str) -> bool {
    text.len() == FULL_ID && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn with_full_id(id: &str, engine: &'static str) -> Container {
    Container { id: id.get(..SHORT_ID).unwrap_or(id).into(), full_id: id.into(), engine }
}

fn named(name: &str, engine: &'static str) -> Container {
    Container { id: name.into(), full_id: name.into(), engine }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e";

    fn engine(path: &str) -> Option<&'static str> {
        classify(path.replace("ID", ID).as_bytes()).map(|c| {
            assert!(&*c.id == "3ad7b26ded6d" || c.engine != "docker", "{c:?}");
            c.engine
        })
    }

    #[test]
    fn every_runtimes_shape() {
        let cases = [
            ("/docker/ID", Some("docker")),
            ("/system.slice/docker-ID.scope", Some("docker")),
            ("/docker/ID/init.scope", Some("docker")),
            ("/kubepods/besteffort/podaef7b7ab-0f4a-4f12-a7ee-1a1a1a1a1a1a/ID", Some("docker")),
            (
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/cri-containerd-ID.scope",
                Some("containerd"),
            ),
            ("/kubepods.slice/kubepods-pod1.slice/crio-ID.scope", Some("cri-o")),
            ("/kubepods/pod1/crio-ID", Some("cri-o")),
            ("/kubepods/pod1/crio-conmon-ID", None),
            ("/system.slice/nerdctl-ID.scope", Some("containerd")),
            ("/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:ID", Some("containerd")),
            ("/libpod_parent/libpod-ID", Some("podman")),
            ("/machine.slice/libpod-ID.scope", Some("podman")),
            ("/machine.slice/libpod-ID.scope/container", Some("podman")),
            ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-payload-ID.scope", Some("podman")),
            ("/machine.slice/libpod-conmon-ID.scope", None),
            ("/default/web", Some("containerd")),
            ("/lxc/web1", Some("lxc")),
            ("/lxc.payload.web1/init.scope", Some("lxc")),
            ("/lxc.monitor.web1", None),
            ("/machine.slice/machine-lxc\\x2d1234\\x2dweb.scope", Some("libvirt-lxc")),
            ("/machine/web.libvirt-lxc", Some("libvirt-lxc")),
            ("/system.slice/runc-bpm-galera-agent.scope", Some("bpm")),
        ];
        for (path, expected) in cases {
            assert_eq!(engine(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_of_the_host() {
        for path in ["", "/", "/user.slice/user-0.slice/session-1.scope", "/init.scope", "/system.slice/ssh.service"] {
            assert_eq!(classify(path.as_bytes()), None, "{path}");
        }
        assert_eq!(classify(b"/process_api/f5dd25e48ed849f4fb5a3ab6929946e0"), None);
        assert_eq!(classify(b"/docker/\xff\xfe"), None);
    }

    #[test]
    fn ids_are_short_and_names_whole() {
        assert_eq!(classify(b"/lxc/a-long-container-name").map(|c| c.id), Some("a-long-container-name".into()));
        let inner = format!("/docker/{}/kubepods/pod1/{ID}", "a".repeat(64));
        assert_eq!(classify(inner.as_bytes()).map(|c| c.id), Some("3ad7b26ded6d".into()));
    }

    #[test]
    fn verdicts_are_kept_and_handed_on_once() {
        let mut containers = Containers::default();
        for _ in 0..2 {
            containers.learn(7, format!("/libpod_parent/libpod-{ID}").as_bytes());
            containers.learn(8, b"/init.scope");
        }
        assert_eq!(containers.of_cgroup(8), Some(&Placement::Host));
        assert!(containers.of_cgroup(7).is_some_and(Placement::is_container));
        assert_eq!(containers.take_fresh().collect::<Vec<_>>(), [(7, Verdict::Container), (8, Verdict::Host)]);
        assert_eq!(containers.take_fresh().count(), 0);
    }

    #[test]
    fn the_kernel_is_told_again_of_what_it_asks_again() {
        let mut containers = Containers::default();
        containers.learn(7, b"/init.scope");
        containers.take_fresh();
        containers.learn(7, b"/init.scope");
        assert_eq!(containers.take_fresh().collect::<Vec<_>>(), [(7, Verdict::Host)]);
    }

    #[test]
    fn a_full_table_forgets_one_for_one_and_has_its_path_sent_again() {
        let mut containers = Containers::default();
        let max = CGROUPS_MAX as u64;
        (0..max).for_each(|id| containers.learn(id, b"/init.scope"));
        containers.take_fresh();
        containers.learn(max, b"/init.scope");
        assert_eq!(containers.take_fresh().collect::<Vec<_>>(), [(0, Verdict::Forgotten), (max, Verdict::Host)]);
        assert_eq!((containers.of_cgroup(0), containers.forgotten), (None, 1));
        assert!((1..=max).all(|id| containers.of_cgroup(id).is_some()));
        containers.learn(0, b"/init.scope");
        assert_eq!(containers.take_fresh().collect::<Vec<_>>(), [(1, Verdict::Forgotten), (0, Verdict::Host)]);
    }

    #[test]
    fn one_hierarchy_of_many_names_the_container() {
        let strings = format!("cpuset=/\0memory=/libpod_parent/libpod-{ID}\0");
        assert!(Containers::default().of_strings(strings.as_bytes()).is_container());
        assert_eq!(Containers::default().of_strings(b"cpuset=/\0"), Placement::Host);
        assert_eq!(Containers::default().of_strings(b""), Placement::Unknown);
    }
}
