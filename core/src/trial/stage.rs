//! From an event's description to its record.

use serde_json::Value as Json;

use super::doc::{EventDoc, FdDoc, Names};
use super::events::{Kind, has_result, result};
use super::processes::Cast;
use super::record::{Path, Record};
use super::{TrialError, descriptor, encode, names};
use crate::event::PathItem;
use crate::fields::paths;
use crate::schema::{EventFlags, EventInfo};
use crate::state::State;
use crate::value::Type;

const AT_FDCWD: i64 = -100;
/// The first descriptor behind the standard ones.
const FREE_FD: i64 = 3;
/// `EINPROGRESS`: a connection that is being made counts as made.
const IN_PROGRESS: i64 = -115;

/// A record on its way to being complete.
pub struct Stage<'d> {
    pub doc: &'d EventDoc,
    pub kind: Kind,
    pub cast: &'d Cast,
    pub record: Record,
}

impl Stage<'_> {
    /// Adds everything that the description says and that such a call usually has.
    pub fn complete(mut self, state: &State) -> Result<Record, TrialError> {
        self.written_params()?;
        let res = self.result_param()?;
        self.usual_params();
        let ok = res >= 0 || (res == IN_PROGRESS && self.kind.info.name == "connect");
        self.descriptor(res, ok)?;
        self.names(ok, state)?;
        Ok(self.record)
    }

    fn info(&self) -> &'static EventInfo {
        self.kind.info
    }

    fn set(&mut self, at: usize, bytes: Vec<u8>) {
        if let Some(place) = self.record.params.get_mut(at) {
            *place = bytes;
        }
    }

    fn put_number(&mut self, at: usize, number: i64) {
        let bytes = self.info().params.get(at).and_then(|p| encode::sized(p.ty, i128::from(number)));
        self.set(at, bytes.unwrap_or_default());
    }

    fn is_empty(&self, at: usize) -> bool {
        self.record.params.get(at).is_some_and(Vec::is_empty)
    }

    fn int(&self, at: usize) -> Option<i64> {
        crate::params::signed(self.record.params.get(at)?)
    }

    fn position(&self, name: &str) -> Result<usize, TrialError> {
        let info = self.info();
        info.param_index(name).ok_or_else(|| {
            let known: Vec<_> = info.params.iter().map(|p| p.name).collect();
            let like = names::closest(name, known.iter().copied());
            TrialError::Parameter { event: info.name, name: name.into(), like, known }
        })
    }

    fn written_params(&mut self) -> Result<(), TrialError> {
        for (name, value) in &self.doc.params {
            let at = self.position(name)?;
            let Some(info) = self.info().params.get(at) else { continue };
            let pid = value.as_str().filter(|_| info.ty == Type::Pid).and_then(|name| self.cast.pid_of(name));
            match pid {
                Some(pid) => self.put_number(at, pid),
                None if value.is_null() => self.set(at, Vec::new()),
                None => {
                    let bytes = encode::param(info, value)?;
                    self.set(at, bytes);
                }
            }
        }
        Ok(())
    }

    /// The call's result: what is asked for, or what success looks like.
    fn result_param(&mut self) -> Result<i64, TrialError> {
        if let Some((code, native)) = self.kind.generic {
            self.put_number(0, i64::from(code));
            self.put_number(1, i64::from(native));
        }
        if !has_result(self.kind) || self.info().params.is_empty() {
            return Ok(0);
        }
        let res = match result(self.doc, self.kind)? {
            Some(res) => res,
            None if self.is_empty(0) || self.doc.result.is_some() => self.success()?,
            None => self.int(0).unwrap_or(0),
        };
        self.put_number(0, res);
        Ok(res)
    }

    fn success(&self) -> Result<i64, TrialError> {
        let info = self.info();
        let given = match &self.doc.fd {
            Some(fd) => descriptor::full(fd)?.num,
            None => None,
        };
        let newfd = info.param_index("newfd").and_then(|at| self.int(at));
        let data = info.param_index("data").and_then(|at| self.record.params.get(at)).filter(|d| !d.is_empty());
        let pairs = matches!(info.name, "pipe" | "pipe2" | "socketpair");
        Ok(match data {
            Some(data) => i64::try_from(data.len()).unwrap_or(0),
            None if pairs || !info.flags.has(EventFlags::CREATES_FD) => 0,
            None => newfd.or(given).unwrap_or(FREE_FD),
        })
    }

    /// Directories and descriptors that calls are seldom written down with.
    fn usual_params(&mut self) {
        let info = self.info();
        let bases: Vec<_> = info.params.iter().filter_map(|p| p.base).map(usize::from).collect();
        for at in bases
            .iter()
            .copied()
            .filter(|at| self.record.params.get(*at).is_some_and(Vec::is_empty))
            .collect::<Vec<_>>()
        {
            self.put_number(at, AT_FDCWD);
        }
        if info.program == "open"
            && let Some(at) = info.param_index("flags").filter(|at| self.is_empty(*at))
        {
            self.put_number(at, 1);
        }
        let own = info.params.iter().enumerate().skip(1).find(|(at, p)| p.ty == Type::Fd && !bases.contains(at));
        if let Some((at, _)) = own.filter(|(at, _)| info.flags.has(EventFlags::USES_FD) && self.is_empty(*at)) {
            let given = self.doc.fd.as_ref().and_then(|fd| descriptor::full(fd).ok()).and_then(|fd| fd.num);
            self.put_number(at, given.unwrap_or(FREE_FD));
        }
    }

    fn number(&self, doc: &FdDoc, res: i64) -> i64 {
        let info = self.info();
        let own =
            info.params.iter().enumerate().skip(1).find(|(_, p)| p.ty == Type::Fd).and_then(|(at, _)| self.int(at));
        let result = Some(res).filter(|_| info.flags.has(EventFlags::CREATES_FD) && res >= 0);
        doc.num.or(result).or(own.filter(|fd| *fd >= 0)).unwrap_or(FREE_FD)
    }

    fn descriptor(&mut self, res: i64, ok: bool) -> Result<(), TrialError> {
        let doc = match &self.doc.fd {
            Some(fd) => Some(descriptor::full(fd)?),
            None if ok => self.own_descriptor(),
            None => None,
        };
        let Some(doc) = doc else { return Ok(()) };
        let num = self.number(&doc, res);
        let info = self.info();
        descriptor::attach(&mut self.record, &doc, num, info)?;
        if let (Some(facts), Some(socket)) = (&self.record.socket, &doc.socket)
            && let Some(bytes) = descriptor::tuple_of(facts, socket, info)
            && let Some(at) = info.params.iter().position(|p| p.ty == Type::SockTuple)
            && self.is_empty(at)
        {
            self.set(at, bytes);
        }
        Ok(())
    }

    /// What a call that makes or names a descriptor tells by itself.
    fn own_descriptor(&self) -> Option<FdDoc> {
        let info = self.info();
        let text = |name: &str| self.doc.params.get(name).and_then(Json::as_str);
        if let Some(socket) = descriptor::of_address(info, text("addr"), text("tuple")) {
            return Some(FdDoc { socket: Some(socket), ..FdDoc::default() });
        }
        let kind = match info.name {
            "memfd_create" => "memfd",
            "pidfd_open" => "pidfd",
            "inotify_init" | "inotify_init1" => "inotify",
            "timerfd_create" => "timerfd",
            "eventfd" | "eventfd2" => "event",
            "epoll_create" | "epoll_create1" => "eventpoll",
            "bpf" => "bpf",
            _ if self.made_by_path() => match text("flags").is_some_and(|flags| flags.contains("O_DIRECTORY")) {
                true => "directory",
                false => "file",
            },
            _ => return None,
        };
        Some(FdDoc { kind: Some(kind.into()), ..FdDoc::default() })
    }

    fn made_by_path(&self) -> bool {
        self.info().flags.has(EventFlags::CREATES_FD) && paths::single(self.info()).is_some()
    }

    /// Real names and directories; a new file's real name is its given one unless another is told.
    fn names(&mut self, ok: bool, state: &State) -> Result<(), TrialError> {
        let doc = self.doc;
        for (param, text) in self.by_param(doc.base.as_ref())? {
            self.record.base.push(Path { param, text, deleted: false });
        }
        let real = self.by_param(doc.real.as_ref())?;
        if !real.is_empty() {
            // The name of the descriptor, if it was told too, is this one.
            self.record.real.retain(|path| path.param != PathItem::DESCRIPTOR);
        }
        for (param, text) in real {
            self.record.real.push(Path { param, text, deleted: false });
        }
        self.relative(state);
        let single = paths::single(self.info()).filter(|_| ok && self.made_by_path());
        if let Some(name) = single.filter(|_| self.record.real.is_empty()).and_then(|at| self.given(at)) {
            let param = single.and_then(|at| u8::try_from(at).ok()).unwrap_or(PathItem::DESCRIPTOR);
            self.record.real.push(Path { param, text: name, deleted: false });
        }
        if self.record.real.len() > 2 || self.record.base.len() > 2 {
            return Err(TrialError::value("real", "an event has at most two names"));
        }
        Ok(())
    }

    fn by_param(&self, names: Option<&Names>) -> Result<Vec<(u8, String)>, TrialError> {
        let index = |at: usize| u8::try_from(at).map_err(|_| TrialError::Field(at.to_string()));
        match names {
            None => Ok(Vec::new()),
            Some(Names::Of(map)) => {
                map.iter().map(|(name, text)| Ok((index(self.position(name)?)?, text.clone()))).collect()
            }
            Some(Names::One(text)) => {
                let at = match paths::path_params(self.info().id) {
                    [first, ..] => *first,
                    [] if self.info().name == "chdir" => index(self.position("path")?)?,
                    [] => PathItem::DESCRIPTOR,
                };
                Ok(vec![(at, text.clone())])
            }
        }
    }

    /// Relative names start from the process's directory unless another is told.
    fn relative(&mut self, state: &State) {
        let pid = i64::from(self.record.task.facts.tgid);
        let Some(process) = state.process(pid) else { return };
        let cwd = String::from_utf8_lossy(&process.cwd).into_owned();
        for param in paths::path_params(self.info().id) {
            let told = self.record.base.iter().any(|path| path.param == *param);
            let base = self.info().params.get(usize::from(*param)).and_then(|p| p.base);
            let from_cwd = base.is_none_or(|at| self.int(usize::from(at)) == Some(AT_FDCWD));
            let relative = self.text(usize::from(*param)).is_some_and(|text| !text.starts_with('/'));
            if relative && from_cwd && !told && self.record.base.len() < 2 {
                self.record.base.push(Path { param: *param, text: cwd.clone(), deleted: false });
            }
        }
    }

    fn text(&self, at: usize) -> Option<String> {
        let bytes = self.record.params.get(at).filter(|bytes| !bytes.is_empty())?;
        Some(String::from_utf8_lossy(crate::params::until_nul(bytes)).into_owned())
    }

    /// The absolute form of the name that a path parameter gives.
    fn given(&self, at: usize) -> Option<String> {
        let text = self.text(at)?;
        let base = self.record.base.iter().find(|path| usize::from(path.param) == at).map_or("", |path| &path.text);
        let arena = bumpalo::Bump::new();
        let name = paths::join(base.as_bytes(), text.as_bytes(), &arena);
        name.starts_with(b"/").then(|| String::from_utf8_lossy(name).into_owned())
    }
}
