//! `k8s.*`: the pod that the event's container belongs to; absent without the runtime's metadata.

use super::declare::fields;

fields! {
    "container";

    /// Namespace of the pod.
    "k8s.ns.name" "Namespace Name" CharBuf {"format-suggested"} => |_| None;

    /// Result of the pod's network set-up, JSON.
    "k8s.pod.cni.json" "Pod CNI result json" CharBuf => |_| None;

    /// Id of the pod's sandbox.
    "k8s.pod.full_sandbox_id" "Pod / Sandbox ID" CharBuf => |_| None;

    /// The same as k8s.pod.uid.
    "k8s.pod.id" "Legacy Pod UID" CharBuf => |_| None;

    /// Address of the pod.
    "k8s.pod.ip" "Pod Ip" CharBuf => |_| None;

    /// One label of the pod by its key.
    "k8s.pod.label" "Pod Label" CharBuf [key required] => |_| None;

    /// All labels of the pod.
    "k8s.pod.labels" "Pod Labels" CharBuf => |_| None;

    /// Name of the pod.
    "k8s.pod.name" "Pod Name" CharBuf {"format-suggested"} => |_| None;

    /// First twelve digits of the id of the pod's sandbox.
    "k8s.pod.sandbox_id" "Pod / Sandbox ID" CharBuf => |_| None;

    /// Id that the cluster gave to the pod.
    "k8s.pod.uid" "Pod UID" CharBuf => |_| None;
}
