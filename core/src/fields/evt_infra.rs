//! `evt.infra.*`: what events of the infrastructure in old captures (`infra`) say in their description of a container.

use super::Ctx;
use super::declare::fields;
use crate::params::Params;
use crate::schema;

/// Bytes of a container's id that are shown.
const ID_LEN: usize = 12;

/// What stands behind the colon of the part that begins with `key`: parts end at a semicolon (`key: value; key: value`).
fn part<'a>(ctx: &Ctx<'a>, key: &[u8]) -> Option<&'a [u8]> {
    let info = schema::event(ctx.event.id).filter(|info| info.name == "infra")?;
    let description = ctx.event.text(info.param_index("description")?)?;
    let found = description.split(|byte| *byte == b';').map(<[u8]>::trim_ascii).find(|part| part.starts_with(key))?;
    let colon = found.iter().position(|byte| *byte == b':')?;
    Some(&found[colon + 1..])
}

/// Up to the next colon.
fn word(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == b':').next().unwrap_or_default()
}

/// Without tag and digest; a bare digest is shown whole.
fn image(value: &[u8]) -> &[u8] {
    let name = word(value);
    match name.iter().position(|byte| *byte == b'@') {
        Some(at) => &name[..at],
        None if name.windows(6).any(|part| part == b"sha256") => value,
        None => name,
    }
}

fields! {
    "evt";

    /// Id of the container that an event of old captures (`infra`) is about, 12 digits.
    "evt.infra.docker.container.id" "Docker ID" CharBuf {"table-only"} => |c| {
        let id = word(part(c, b"ID")?).trim_ascii();
        Some(id.get(..ID_LEN).unwrap_or(id))
    };

    /// Its image, without tag and digest.
    "evt.infra.docker.container.image" "Container Image" CharBuf {"table-only"}
        => |c| Some(image(part(c, b"Image")?).trim_ascii());

    /// Its name.
    "evt.infra.docker.container.name" "Container Name" CharBuf {"table-only"}
        => |c| Some(word(part(c, b"name")?).trim_ascii());

    /// What happened to it.
    "evt.infra.docker.name" "Docker Name" CharBuf {"table-only"} => |c| Some(word(part(c, b"Event")?).trim_ascii());
}
