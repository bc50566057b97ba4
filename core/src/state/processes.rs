//! The bounded table of processes and threads, and the tree that their parents form.

use hashbrown::{HashMap, HashSet};

use std::sync::Arc;

use super::process::{Process, Thread};
use super::texts::Texts;

/// Default bound of the table, in processes.
pub const DEFAULT_MAX: usize = 131_072;

/// Threads kept per process slot on average before new ones are refused.
pub const THREADS_PER_PROCESS: usize = 4;

/// Records looked at to find one to evict.
const EVICTION_SAMPLE: usize = 16;

/// Steps of the longest ancestry walked; ends a cycle that lost events could have left.
pub const ANCESTRY_MAX: usize = 1024;

/// Processes by pid in slots, so that a victim can be sampled; children by parent pid.
///
/// Invariant: `children[p]` holds exactly the pids whose record's `ppid` is `p`.
#[derive(Debug)]
pub struct Processes {
    max: usize,
    slots: Vec<Process>,
    index: HashMap<i64, u32>,
    threads: HashMap<i64, Thread>,
    children: HashMap<i64, HashSet<i64>>,
    texts: Texts,
    cursor: usize,
    /// Records dropped because the table was full.
    pub evicted: u64,
    /// Threads refused because the table was full.
    pub threads_refused: u64,
}

impl Processes {
    pub fn new(max: usize) -> Self {
        Self {
            max: max.max(1),
            slots: Vec::new(),
            index: HashMap::new(),
            threads: HashMap::new(),
            children: HashMap::new(),
            texts: Texts::default(),
            cursor: 0,
            evicted: 0,
            threads_refused: 0,
        }
    }

    /// Processes and threads that it has room for, all together.
    pub fn room(&self) -> usize {
        self.max.saturating_mul(1 + THREADS_PER_PROCESS)
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.slots.iter()
    }

    pub fn get(&self, pid: i64) -> Option<&Process> {
        self.slots.get(*self.index.get(&pid)? as usize)
    }

    /// A record to change; its `pid` and `ppid` must stay as they are (see [`Processes::adopt`]).
    pub fn get_mut(&mut self, pid: i64) -> Option<&mut Process> {
        self.slots.get_mut(*self.index.get(&pid)? as usize)
    }

    pub fn thread(&self, tid: i64) -> Option<&Thread> {
        self.threads.get(&tid)
    }

    pub fn thread_mut(&mut self, tid: i64) -> Option<&mut Thread> {
        self.threads.get_mut(&tid)
    }

    pub fn thread_count(&self) -> usize {
        self.threads.len()
    }

    /// The process that a thread or process id belongs to.
    pub fn pid_of(&self, tid: i64) -> Option<i64> {
        match self.threads.get(&tid) {
            Some(thread) => Some(thread.pid),
            None => self.index.contains_key(&tid).then_some(tid),
        }
    }

    /// Takes a record in, in place of an older one of the same pid, whose children it keeps. The old one's
    /// threads are forgotten unless the new one lists threads, which must then be the same.
    pub fn insert(&mut self, mut process: Process) {
        if let Some(image) = Arc::get_mut(&mut process.image) {
            image.share(&mut self.texts);
        }
        self.drop_thread_record(process.pid);
        if let Some(&slot) = self.index.get(&process.pid) {
            let old = std::mem::replace(&mut self.slots[slot as usize], process);
            let new = &self.slots[slot as usize];
            let (pid, ppid, keep) = (new.pid, new.ppid, !new.threads.is_empty());
            if !keep {
                self.forget_threads(&old);
            }
            if old.ppid != ppid {
                self.unlink(pid, old.ppid);
                self.link(pid, ppid);
            }
            return;
        }
        if self.slots.len() >= self.max {
            self.evict();
        }
        self.index.insert(process.pid, self.slots.len() as u32);
        self.link(process.pid, process.ppid);
        self.slots.push(process);
    }

    /// Removes a process and its threads; children keep pointing at its pid until adopted.
    pub fn remove(&mut self, pid: i64) -> Option<Process> {
        let slot = self.index.remove(&pid)? as usize;
        let process = self.slots.swap_remove(slot);
        if let Some(moved) = self.slots.get(slot) {
            self.index.insert(moved.pid, slot as u32);
        }
        self.unlink(pid, process.ppid);
        self.forget_threads(&process);
        Some(process)
    }

    /// Makes `ppid` the parent of `pid`.
    pub fn adopt(&mut self, pid: i64, ppid: i64) {
        let Some(process) = self.get_mut(pid) else { return };
        let old = std::mem::replace(&mut process.ppid, ppid);
        if old != ppid {
            self.unlink(pid, old);
            self.link(pid, ppid);
        }
    }

    /// Makes `reaper` the parent of all children of `pid`; 0 is no parent.
    pub fn reparent_children(&mut self, pid: i64, reaper: i64) {
        let Some(orphans) = self.children.remove(&pid) else { return };
        for orphan in orphans {
            if let Some(process) = self.get_mut(orphan) {
                process.ppid = reaper;
                process.orphan_of = pid;
            }
            self.link(orphan, reaper);
        }
    }

    /// Adds a thread to its process, which must be known.
    pub fn add_thread(&mut self, thread: Thread) {
        let (tid, pid) = (thread.tid, thread.pid);
        if self.threads.len() >= self.max.saturating_mul(THREADS_PER_PROCESS) {
            self.threads_refused += 1;
            return;
        }
        if self.get(pid).is_none() {
            return;
        }
        self.drop_thread_record(tid);
        self.threads.insert(tid, thread);
        if let Some(process) = self.get_mut(pid) {
            process.threads.push(tid);
        }
    }

    /// Forgets a thread and takes it out of its process.
    pub fn drop_thread_record(&mut self, tid: i64) {
        let Some(thread) = self.threads.remove(&tid) else { return };
        if let Some(process) = self.get_mut(thread.pid) {
            process.threads.retain(|t| *t != tid);
        }
    }

    /// Parent, grandparent … of a process, as far as they are known.
    pub fn ancestors(&self, process: &Process) -> impl Iterator<Item = &Process> {
        self.lineage(process.ppid)
    }

    /// The process `pid`, its parent, grandparent …; nothing when `pid` is unknown.
    pub fn lineage(&self, pid: i64) -> impl Iterator<Item = &Process> {
        let known = |pid| if pid > 0 { self.get(pid) } else { None };
        std::iter::successors(known(pid), move |p| if p.ppid == p.pid { None } else { known(p.ppid) })
            .take(ANCESTRY_MAX)
    }

    fn forget_threads(&mut self, process: &Process) {
        for tid in &process.threads {
            self.threads.remove(tid);
        }
    }

    fn link(&mut self, pid: i64, ppid: i64) {
        if ppid > 0 {
            self.children.entry(ppid).or_default().insert(pid);
        }
    }

    fn unlink(&mut self, pid: i64, ppid: i64) {
        if let Some(siblings) = self.children.get_mut(&ppid) {
            siblings.remove(&pid);
            if siblings.is_empty() {
                self.children.remove(&ppid);
            }
        }
    }

    /// Drops the longest unseen of a few records; dead ones first.
    fn evict(&mut self) {
        let count = self.slots.len();
        let victim = (0..EVICTION_SAMPLE.min(count))
            .filter_map(|i| self.slots.get((self.cursor + i) % count))
            .min_by_key(|p| (!p.dead, p.seen))
            .map(|p| p.pid);
        self.cursor = (self.cursor + EVICTION_SAMPLE) % count.max(1);
        if let Some(pid) = victim {
            self.remove(pid);
            self.evicted += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::cpu_time::CpuTime;

    fn process(pid: i64, ppid: i64) -> Process {
        Process { ppid, seen: pid as u64, ..Process::new(pid) }
    }

    fn table(max: usize, pairs: &[(i64, i64)]) -> Processes {
        let mut table = Processes::new(max);
        for (pid, ppid) in pairs {
            table.insert(process(*pid, *ppid));
        }
        table
    }

    fn ancestors(table: &Processes, pid: i64) -> Vec<i64> {
        table.get(pid).map(|p| table.ancestors(p).map(|a| a.pid).collect()).unwrap_or_default()
    }

    #[test]
    fn ancestors_go_from_the_parent_upwards() {
        let table = table(10, &[(1, 0), (2, 1), (3, 2)]);
        assert_eq!(ancestors(&table, 3), [2, 1]);
        assert_eq!(ancestors(&table, 1), [0; 0]);
    }

    #[test]
    fn a_cycle_ends() {
        let table = table(10, &[(2, 3), (3, 2)]);
        assert_eq!(ancestors(&table, 3).len(), ANCESTRY_MAX);
    }

    #[test]
    fn orphans_go_to_the_reaper() {
        let mut table = table(10, &[(1, 0), (2, 1), (3, 2), (4, 2)]);
        table.reparent_children(2, 1);
        table.remove(2);
        assert_eq!(ancestors(&table, 3), [1]);
        assert_eq!(ancestors(&table, 4), [1]);
        table.reparent_children(1, 0);
        assert_eq!(ancestors(&table, 4), [0; 0]);
    }

    #[test]
    fn a_reused_pid_replaces_the_record_and_its_link() {
        let mut table = table(10, &[(1, 0), (2, 1), (3, 2)]);
        table.insert(process(3, 1));
        table.reparent_children(2, 0);
        assert_eq!(ancestors(&table, 3), [1]);
        assert_eq!(table.len(), 3);
    }

    #[test]
    fn a_full_table_evicts_the_longest_unseen() {
        let mut table = table(3, &[(10, 0), (11, 0), (12, 0), (13, 0)]);
        assert_eq!((table.len(), table.evicted), (3, 1));
        assert!(table.get(10).is_none() && table.get(13).is_some());
        table.remove(11);
        assert!(table.get(12).is_some() && table.get(13).is_some());
    }

    #[test]
    fn threads_go_with_their_process() {
        let mut table = table(4, &[(5, 0)]);
        for tid in [6, 7] {
            table.add_thread(Thread { tid, pid: 5, vtid: -1, comm: None, creds: None, cpu: CpuTime::default() });
        }
        assert_eq!(table.pid_of(6), Some(5));
        assert_eq!(table.get(5).map(Process::nthreads), Some(3));
        table.drop_thread_record(6);
        assert_eq!(table.get(5).map(Process::nthreads), Some(2));
        table.remove(5);
        assert_eq!((table.pid_of(7), table.thread_count()), (None, 0));
    }
}
