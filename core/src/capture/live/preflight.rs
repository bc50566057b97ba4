//! What must hold before the sensor can load: said at once and in words.

use super::error::LiveError;

const NEED: (u32, u32) = (5, 8);
const CAP_SYS_PTRACE: u32 = 19;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Checks kernel version, BTF and capabilities.
///
/// # Errors
/// The first thing that lacks.
pub fn preflight() -> Result<(), LiveError> {
    let release = kernel_release();
    if version_of(&release).is_some_and(|version| version < NEED) {
        return Err(LiveError::OldKernel { found: release, need: "5.8" });
    }
    capabilities(effective_capabilities())?;
    if !std::path::Path::new("/sys/kernel/btf/vmlinux").exists() {
        return Err(LiveError::NoBtf);
    }
    Ok(())
}

/// Kernel release, as `uname -r` prints it.
pub fn kernel_release() -> String {
    std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// Its first two numbers.
pub fn version_of(release: &str) -> Option<(u32, u32)> {
    let mut parts = release.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// `CapEff` of this process (proc_pid_status(5)).
fn effective_capabilities() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|text| {
            text.lines()
                .find_map(|line| line.strip_prefix("CapEff:"))
                .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        })
        .unwrap_or(0)
}

fn capabilities(effective: u64) -> Result<(), LiveError> {
    let has = |cap: u32| effective & (1 << cap) != 0;
    let missing: Vec<&str> = [(CAP_BPF, "CAP_BPF"), (CAP_PERFMON, "CAP_PERFMON")]
        .into_iter()
        .filter(|(cap, _)| !has(*cap) && !has(CAP_SYS_ADMIN))
        .chain([(CAP_SYS_PTRACE, "CAP_SYS_PTRACE")].into_iter().filter(|(cap, _)| !has(*cap)))
        .map(|(_, name)| name)
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(LiveError::Capability(missing.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_capability_that_lacks() {
        let error = capabilities(0).unwrap_err().to_string();
        assert!(error.contains("CAP_BPF") && error.contains("CAP_PERFMON") && error.contains("CAP_SYS_PTRACE"));
        assert!(capabilities(1 << CAP_SYS_ADMIN | 1 << CAP_SYS_PTRACE).is_ok());
        assert!(capabilities(1 << CAP_BPF | 1 << CAP_PERFMON | 1 << CAP_SYS_PTRACE).is_ok());
    }

    #[test]
    fn reads_versions() {
        assert_eq!(version_of("6.18.44-fc-v669"), Some((6, 18)));
        assert_eq!(version_of("5.4"), Some((5, 4)));
        assert_eq!(version_of("weird"), None);
    }
}
