//! What can keep the sensor from starting or running.

/// An error of the live source. Every variant says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error("the sensor needs {0}")]
    Capability(String),
    #[error("the kernel has no BTF (/sys/kernel/btf/vmlinux is missing)")]
    NoBtf,
    #[error("kernel {found} is older than {need}")]
    OldKernel { found: String, need: &'static str },
    #[error("the kernel refused the sensor: {0}")]
    Refused(String),
    #[error("sensor object and core disagree about {0}")]
    Layout(&'static str),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("the core stopped: {0}")]
    Dead(String),
}

impl LiveError {
    /// Stable code, shown to people and matched by tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Capability(_) => "sensor-capability",
            Self::NoBtf => "sensor-btf",
            Self::OldKernel { .. } => "sensor-kernel",
            Self::Refused(_) => "sensor-refused",
            Self::Layout(_) => "sensor-layout",
            Self::Io { .. } => "sensor-io",
            Self::Dead(_) => "core-dead",
        }
    }

    pub fn hint(&self) -> &'static str {
        hint_of(self.code())
    }
}

/// Code, text and hint of every error of the live source.
pub const CATALOGUE: &[(&str, &str, &str)] = &[
    (
        "sensor-capability",
        "a capability is missing",
        "run as root, or give the process CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE (setcap, or securityContext.capabilities in Kubernetes)",
    ),
    (
        "sensor-btf",
        "the kernel has no BTF",
        "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions' kernels are",
    ),
    ("sensor-kernel", "the kernel is too old", "use Linux 5.8 or newer"),
    (
        "sensor-refused",
        "the kernel refused the sensor",
        "check that BPF is not locked down: dmesg, kernel.unprivileged_bpf_disabled, lockdown=confidentiality",
    ),
    ("sensor-layout", "sensor and core do not fit", "build both from one source tree"),
    ("sensor-io", "a system call failed", "the message names it"),
    ("core-dead", "the core stopped", "restart, and report the message"),
];

pub fn hint_of(code: &str) -> &'static str {
    CATALOGUE.iter().find(|(c, _, _)| *c == code).map_or("", |(_, _, hint)| hint)
}

impl From<libbpf_rs::Error> for LiveError {
    fn from(error: libbpf_rs::Error) -> Self {
        Self::Refused(error.to_string())
    }
}
