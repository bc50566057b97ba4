//! Which cgroup hierarchy tells containers apart on this machine.

/// Controllers whose v1 hierarchy runtimes use, in order of preference, with their number in `enum yk_hierarchy`.
const CANDIDATES: &[(&str, u32)] = &[("pids", 1), ("devices", 2), ("cpu", 3), ("freezer", 4)];
const UNIFIED: u32 = 0;

/// The unified hierarchy, or on a hybrid machine the first v1 hierarchy that holds a candidate.
pub fn choose(proc_self_cgroup: &str) -> u32 {
    CANDIDATES
        .iter()
        .find(|(name, _)| proc_self_cgroup.lines().any(|line| controllers(line).any(|c| c == *name)))
        .map_or(UNIFIED, |(_, number)| *number)
}

/// Controllers of one line of /proc/PID/cgroup (cgroups(7)): `4:cpu,cpuacct:/path`.
fn controllers(line: &str) -> impl Iterator<Item = &str> {
    line.split(':').nth(1).unwrap_or_default().split(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_what_runtimes_use() {
        assert_eq!(choose("0::/user.slice\n"), UNIFIED);
        assert_eq!(choose("9:name=systemd:/\n8:pids:/\n1:cpu:/\n0::/\n"), 1);
        assert_eq!(choose("3:cpu,cpuacct:/\n0::/\n"), 3);
    }
}
