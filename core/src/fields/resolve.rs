//! What arguments look up outside the event when they are rendered.

use super::descriptor::{self, Descriptor};
use super::{Ctx, group, paths, user};
use crate::params::Params;
use crate::schema;
use crate::schema::render::{FdText, Resolve};

/// Looks things up for one event.
pub struct Lookup<'c, 'a>(pub &'c Ctx<'a>);

impl<'a> Lookup<'_, 'a> {
    /// The directory that a descriptor stands for where one of the event's paths is relative to it.
    fn directory(&self, fd: i64) -> Option<&'a [u8]> {
        let event = self.0.event;
        let info = schema::event(event.id)?;
        let of = |param: &u8| {
            let at = usize::from(*param);
            let base = usize::from(info.params.get(at)?.base?);
            (event.int(base)? == fd).then(|| paths::directory_of_relative(event, at)).flatten()
        };
        paths::path_params(event.id).iter().find_map(of)
    }
}

impl Resolve for Lookup<'_, '_> {
    fn fd(&self, fd: i64) -> Option<FdText<'_>> {
        let own = Descriptor::of(self.0).filter(|d| d.fd == fd);
        let Some(descriptor) = own.or_else(|| Descriptor::numbered(self.0, fd)) else {
            return Some(FdText { kind: 'd', protocol: None, name: self.directory(fd)? });
        };
        let kind = descriptor.kind(self.0)?;
        let protocol = descriptor.socket().and_then(|s| s.transport()).and_then(|name| name.chars().next());
        Some(FdText { kind: descriptor::letter(kind), protocol, name: descriptor.name(self.0)? })
    }

    fn comm(&self, tid: i64) -> Option<&[u8]> {
        let state = self.0.state;
        if tid == self.0.event.tid {
            return super::subject::comm(self.0);
        }
        let thread = state.thread(tid);
        match thread.and_then(|t| t.comm.as_ref()) {
            Some(comm) => Some(comm.as_bytes()),
            None => Some(state.process(thread.map_or(tid, |t| t.pid))?.comm.as_bytes()),
        }
    }

    fn user(&self, uid: u32) -> Option<&[u8]> {
        Some(user::name(self.0, uid))
    }

    fn group(&self, gid: u32) -> Option<&[u8]> {
        Some(group::name(self.0, gid))
    }

    fn path(&self, index: usize) -> Option<&[u8]> {
        paths::given(self.0, index)
    }
}
