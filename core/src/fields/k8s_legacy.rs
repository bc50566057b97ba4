//! `k8s.*` that older rules name and nothing fills any more.

use super::declare::fields;

fields! {
    "container";

    /// Id of the deployment; kept so that rules load.
    "k8s.deployment.id" "Deployment ID" CharBuf {"legacy-never-extracted"} => |_| None;

    /// One label of the deployment by its key; kept so that rules load.
    "k8s.deployment.label" "Deployment Label" CharBuf [key required] {"legacy-never-extracted"} => |_| None;

    /// All labels of the deployment; kept so that rules load.
    "k8s.deployment.labels" "Deployment Labels" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Name of the deployment; kept so that rules load.
    "k8s.deployment.name" "Deployment Name" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Id of the namespace; kept so that rules load.
    "k8s.ns.id" "Namespace ID" CharBuf {"legacy-never-extracted"} => |_| None;

    /// One label of the namespace by its key; kept so that rules load.
    "k8s.ns.label" "Namespace Label" CharBuf [key required] {"legacy-never-extracted"} => |_| None;

    /// All labels of the namespace; kept so that rules load.
    "k8s.ns.labels" "Namespace Labels" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Id of the replication controller; kept so that rules load.
    "k8s.rc.id" "Replication Controller ID" CharBuf {"legacy-never-extracted"} => |_| None;

    /// One label of the replication controller by its key; kept so that rules load.
    "k8s.rc.label" "Replication Controller Label" CharBuf [key required] {"legacy-never-extracted"} => |_| None;

    /// All labels of the replication controller; kept so that rules load.
    "k8s.rc.labels" "Replication Controller Labels" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Name of the replication controller; kept so that rules load.
    "k8s.rc.name" "Replication Controller Name" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Id of the replica set; kept so that rules load.
    "k8s.rs.id" "Replica Set ID" CharBuf {"legacy-never-extracted"} => |_| None;

    /// One label of the replica set by its key; kept so that rules load.
    "k8s.rs.label" "Replica Set Label" CharBuf [key required] {"legacy-never-extracted"} => |_| None;

    /// All labels of the replica set; kept so that rules load.
    "k8s.rs.labels" "Replica Set Labels" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Name of the replica set; kept so that rules load.
    "k8s.rs.name" "Replica Set Name" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Id of the service; kept so that rules load.
    "k8s.svc.id" "Service ID" CharBuf {"legacy-never-extracted"} => |_| None;

    /// One label of the service by its key; kept so that rules load.
    "k8s.svc.label" "Service Label" CharBuf [key required] {"legacy-never-extracted"} => |_| None;

    /// All labels of the service; kept so that rules load.
    "k8s.svc.labels" "Service Labels" CharBuf {"legacy-never-extracted"} => |_| None;

    /// Name of the service; kept so that rules load.
    "k8s.svc.name" "Service Name" CharBuf {"legacy-never-extracted"} => |_| None;
}
