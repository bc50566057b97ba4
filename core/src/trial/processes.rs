//! The processes of a trial: each described once, and known by pid and name from then on.

use std::collections::BTreeMap;

use super::TrialError;
use super::doc::{ProcessDoc, ProcessRef};
use super::person::{INIT, Person, exec_event};
use crate::event::ext_flags;

/// Pids from here on are given to processes that ask for none.
const FIRST_PID: i64 = 1000;

/// Everybody described so far.
#[derive(Debug, Default)]
pub struct Cast {
    people: BTreeMap<i64, Person>,
    /// The process that was last described under a name.
    named: BTreeMap<String, i64>,
}

impl Cast {
    /// Takes a process in and appends the records that make it, and its parents, known. Gives its pid.
    pub fn enter(&mut self, doc: &ProcessDoc, ts: u64, records: &mut Vec<Vec<u8>>) -> Result<i64, TrialError> {
        let person = self.described(doc, ts, records)?;
        let info = exec_event()?;
        let mut record = person.record(info, ts, ext_flags::STATE_ONLY | ext_flags::SCAN);
        record.ids = Some(person.ids());
        person.fill(info, &mut record);
        records.push(record.bytes()?);
        let pid = person.pid;
        self.put(person);
        Ok(pid)
    }

    /// The process that a description means, without taking it in; its parents are.
    pub fn described(&mut self, doc: &ProcessDoc, ts: u64, records: &mut Vec<Vec<u8>>) -> Result<Person, TrialError> {
        let parent = match (&doc.parent, doc.ppid) {
            (Some(parent), _) => Some(self.resolve(parent, ts, records)?),
            (None, Some(0)) => None,
            (None, Some(pid)) => Some(pid),
            (None, None) => doc.pid.and_then(|pid| self.people.get(&pid)).map_or(Some(INIT), |known| Some(known.ppid)),
        };
        let pid = doc.pid.unwrap_or_else(|| self.free_pid());
        let mut person = match self.people.get(&pid) {
            Some(known) => known.clone(),
            None => Person::child(pid, parent.and_then(|pid| self.people.get(&pid))),
        };
        person.ppid = parent.unwrap_or(0);
        person.describe(doc)?;
        Ok(person)
    }

    /// The pid of a process that is named, or of one described on the spot and taken in.
    pub fn resolve(&mut self, who: &ProcessRef, ts: u64, records: &mut Vec<Vec<u8>>) -> Result<i64, TrialError> {
        match who {
            ProcessRef::Pid(pid) if self.people.contains_key(pid) => Ok(*pid),
            ProcessRef::Pid(pid) => Err(TrialError::Process(pid.to_string())),
            ProcessRef::Name(name) => self.named.get(name).copied().ok_or_else(|| TrialError::Process(name.clone())),
            ProcessRef::New(doc) => self.enter(doc, ts, records),
        }
    }

    pub fn get(&self, pid: i64) -> Result<&Person, TrialError> {
        self.people.get(&pid).ok_or_else(|| TrialError::Process(pid.to_string()))
    }

    pub fn put(&mut self, person: Person) {
        self.named.insert(person.name.clone(), person.pid);
        self.people.insert(person.pid, person);
    }

    pub fn pid_of(&self, name: &str) -> Option<i64> {
        self.named.get(name).copied()
    }

    fn free_pid(&self) -> i64 {
        self.people.keys().next_back().map_or(FIRST_PID, |last| (last + 1).max(FIRST_PID))
    }
}
