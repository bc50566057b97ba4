//! `container.*`: the container that the event's process runs in.
//!
//! Without the runtime's metadata only the id is known, and everything about the host.

use super::Ctx;
use super::declare::fields;
use super::subject::process;
use crate::state::containers::Placement;

/// The short id; `host` outside of containers.
pub(super) fn id<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    process(ctx)?;
    Some(ctx.state.placement_of(ctx.event).container().map_or(b"host", |container| container.id.as_bytes()))
}

/// What the host has for a field that containers fill from metadata.
fn on_host<T>(ctx: &Ctx<'_>, value: T) -> Option<T> {
    process(ctx)?;
    let host = matches!(ctx.state.placement_of(ctx.event), Placement::Host | Placement::Unknown);
    host.then_some(value)
}

/// Start of a container: that of its pid namespace, ns since the epoch.
fn start(ctx: &Ctx<'_>) -> Option<u64> {
    ctx.state.placement_of(ctx.event).container()?;
    Some(process(ctx)?.pidns_start).filter(|ts| *ts != 0)
}

fields! {
    "container";

    /// Result of the container's network set-up, JSON.
    "container.cni.json" "Container's / pod's CNI result json" CharBuf => |_| None;

    /// Time since the container started, ns.
    "container.duration" "Container Duration" RelTime => |c| start(c).map(|ts| c.event.ts.saturating_sub(ts));

    /// The container's whole id.
    "container.full_id" "Container ID" CharBuf => |c| {
        Some(c.state.placement_of(c.event).container()?.full_id.as_bytes())
    };

    /// A health check of the container; kept so that rules load.
    "container.healthcheck" "Health Check" CharBuf {"legacy-never-extracted"} => |_| None;

    /// The container shares the host's IPC namespace.
    "container.host_ipc" "Host IPC Namespace" Bool => |c| on_host(c, false);

    /// The container shares the host's network.
    "container.host_network" "Host Network Namespace" Bool => |c| on_host(c, false);

    /// The container shares the host's pid namespace.
    "container.host_pid" "Host PID Namespace" Bool => |c| on_host(c, false);

    /// First twelve digits of the container's id; `host` outside of containers.
    "container.id" "Container ID" CharBuf {"format-suggested"} => |c| id(c);

    /// Image that the container was made from.
    "container.image" "Image Name" CharBuf => |c| on_host(c, b"");

    /// Digest of the image in its registry.
    "container.image.digest" "Registry Digest" CharBuf => |c| on_host(c, b"");

    /// Id of the image.
    "container.image.id" "Image ID" CharBuf => |c| on_host(c, b"");

    /// Image without its tag.
    "container.image.repository" "Repository" CharBuf {"format-suggested"} => |c| on_host(c, b"");

    /// Tag of the image.
    "container.image.tag" "Image Tag" CharBuf {"format-suggested"} => |c| on_host(c, b"");

    /// The container's first address.
    "container.ip" "Container ip address" CharBuf => |c| on_host(c, b"");

    /// One label of the container by its key.
    "container.label" "Container Label" CharBuf [key required] => |_| None;

    /// All labels of the container.
    "container.labels" "Container Labels" CharBuf => |_| None;

    /// A liveness probe of the container; kept so that rules load.
    "container.liveness_probe" "Liveness" CharBuf {"legacy-never-extracted"} => |_| None;

    /// One mount of the container by position or source.
    "container.mount" "Mount" CharBuf [index_or_key required] => |_| None;

    /// Where a mount of the container appears.
    "container.mount.dest" "Mount Destination" CharBuf [index_or_key required] => |_| None;

    /// Mode of a mount of the container.
    "container.mount.mode" "Mount Mode" CharBuf [index_or_key required] => |_| None;

    /// Propagation of a mount of the container.
    "container.mount.propagation" "Mount Propagation" CharBuf [index_or_key required] => |_| None;

    /// Whether a mount of the container may be written to.
    "container.mount.rdwr" "Mount Read/Write" CharBuf [index_or_key required] => |_| None;

    /// Where a mount of the container comes from.
    "container.mount.source" "Mount Source" CharBuf [index_or_key required] => |_| None;

    /// All mounts of the container.
    "container.mounts" "Mounts" CharBuf => |c| on_host(c, b"");

    /// Name of the container; `host` outside of containers.
    "container.name" "Container Name" CharBuf {"format-suggested"} => |c| on_host(c, b"host");

    /// The container has all privileges.
    "container.privileged" "Privileged" Bool => |c| on_host(c, false);

    /// A readiness probe of the container; kept so that rules load.
    "container.readiness_probe" "Readiness" CharBuf {"legacy-never-extracted"} => |_| None;

    /// When the container started, ns since the epoch.
    "container.start_ts" "Container Start" AbsTime => |c| start(c);

    /// Engine that runs the container; `host` outside of containers.
    "container.type" "Type" CharBuf => |c| on_host(c, b"host");

    /// The process is a health check; kept so that rules load.
    "proc.is_container_healthcheck" "Process Is Container Healthcheck" Bool {"legacy-never-extracted"} => |_| None;

    /// The process is a liveness probe; kept so that rules load.
    "proc.is_container_liveness_probe" "Process Is Container Liveness" Bool {"legacy-never-extracted"} => |_| None;

    /// The process is a readiness probe; kept so that rules load.
    "proc.is_container_readiness_probe" "Process Is Container Readiness" Bool {"legacy-never-extracted"} => |_| None;
}
