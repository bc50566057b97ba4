//! From record to alert, on one thread.

use super::clocks::{boot_time_ns, epoch_offset_ns, wall_time_ns};
use super::judge::judge;
use super::loss::{self, LossWatch};
use super::pace::{NAP, Pace, Pacer};
use super::queue::Outbox;
use super::racy::Resolver;
use super::rescan::{Found, Rescan};
use super::rings::{self, ROUND, Rings};
use super::{Command, EngineError, Rules, Started};
use crate::capture::live::error::LiveError;
use crate::capture::live::sensor::{Scope, Sensor, grace_period};
use crate::capture::live::{fixup, preflight};
use crate::event::{Event, ext_flags};
use crate::record::{Flight, Recorder, Session, Verdict};
use crate::rules::{Alert, Evaluator, FormatSettings, format};
use crate::state::arguments::Reader;
use crate::state::patient::Terms;
use crate::state::reconcile::Reconciliation;
use crate::state::{State, StateConfig};
use bumpalo::Bump;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(100);
/// Time between looks at counters.
const PERIOD: Duration = Duration::from_millis(250);

/// Rules at work, and those that follow once events are young enough to have passed their filter.
struct Shift {
    evaluator: Evaluator,
    format: FormatSettings,
}

/// Rules whose filter is in force, while events may still come that passed the one before.
struct Next {
    /// Whether events that passed it say that its generation is odd.
    odd: bool,
    /// Boot time in ns from which on all events passed it; not known before the grace period has ended.
    from: u64,
    shift: Shift,
}

#[derive(Default)]
struct Tally {
    events: u64,
    undecodable: u64,
    alerts: u64,
    /// Scans after a loss.
    scans: u64,
}

/// Everything the thread owns.
pub struct Pipeline {
    sensor: Sensor,
    worker: Worker,
    mountinfo: Option<OwnedFd>,
    loss: LossWatch,
    /// Ends once no program is at work under the filter before. It takes long on a busy machine, and the rings fill.
    grace: Option<JoinHandle<()>>,
    /// Of the last look at counters.
    looked: Instant,
    rescan: Rescan,
}

/// The part that handles events, apart from the sensor whose rings are borrowed while it works.
struct Worker {
    state: State,
    shift: Shift,
    next: Option<Next>,
    /// What a scan found, to come into force once all events from before its end are handled.
    found: Option<Found>,
    outbox: Arc<Outbox>,
    alerts: Vec<Alert>,
    tally: Tally,
    epoch: u64,
    /// What alerts are built in; reset after every event.
    arena: Bump,
    resolver: Resolver,
    recorder: Option<Recorder>,
    /// The rules only choose what is recorded.
    silent: bool,
}

impl Pipeline {
    /// Loads the filter, attaches, and reads the processes that exist before any event is looked at.
    ///
    /// # Errors
    /// The kernel refused something.
    pub fn start(mut sensor: Sensor, rules: Rules) -> Result<(Self, Started), EngineError> {
        let settings = rules.settings;
        let epoch = epoch_offset_ns();
        let mut state = State::new(StateConfig {
            max_processes: settings.max_processes,
            boot_time_ns: epoch,
            live: true,
            hostname: settings.hostname.clone(),
            ..StateConfig::default()
        });
        sensor.allow_snapshots(settings.snapshots);
        sensor.load_filter(&rules.sensor.filter, &rules.sensor.modes(&settings))?;
        if let Some(record) = &settings.record {
            sensor.set_scope(if record.filtered { Scope::State } else { Scope::Everything })?;
        }
        sensor.retire();
        sensor.attach()?;
        let broken = |source| LiveError::Io { what: "reading the task iterator".into(), source };
        let mut reader = Reader::new(Terms::ASIDE);
        let mut tasks = sensor.scan()?.records(&mut reader, state.processes.room()).map_err(broken)?;
        state.processes.evicted += tasks.refused;
        // Ancestors that the iterator does not show (pid 1, on some machines) are read from /proc as the others come,
        // with the patience of the scan: no event waits yet, and nobody asks for them again.
        state.exchange_reader(&mut reader);
        for record in &mut tasks.records {
            let len = fixup::fix(record, epoch, None);
            if let Ok(event) = Event::decode(&record[..len], 0) {
                state.apply(&event);
            }
        }
        state.exchange_reader(&mut reader);
        let started = Started {
            rings: settings.rings(),
            processes: state.processes.len(),
            kernel: preflight::kernel_release(),
            late_strings: sensor.late_strings(&rules.sensor.filter),
        };
        state.names.register(rules.sensor.host_names());
        state.users.follow();
        let silent = settings.record.is_some();
        let recorder = match (settings.record, settings.capture) {
            (Some(record), _) => Some(Recorder::Session(Box::new(Session::start(record, &sensor, &state)?))),
            (None, Some(capture)) => Some(Recorder::Flight(Box::new(Flight::new(capture)))),
            (None, None) => None,
        };
        let worker = Worker {
            state,
            shift: Shift { evaluator: Evaluator::new(rules.plan), format: settings.format },
            next: None,
            found: None,
            outbox: Arc::new(Outbox::default()),
            alerts: Vec::new(),
            tally: Tally::default(),
            epoch,
            arena: Bump::new(),
            resolver: Resolver::default(),
            recorder,
            silent,
        };
        let mountinfo = std::fs::File::open("/proc/self/mountinfo").ok().map(OwnedFd::from);
        let mut pipeline = Self {
            sensor,
            worker,
            mountinfo,
            loss: LossWatch::new(wall_time_ns()),
            grace: None,
            looked: Instant::now(),
            rescan: Rescan::new(reader),
        };
        pipeline.classify()?;
        pipeline.periodic();
        Ok((pipeline, started))
    }

    pub fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.worker.outbox)
    }

    /// Works until told to stop.
    ///
    /// # Errors
    /// The rings can't be read or the kernel refuses an update: the detector would be blind.
    pub fn run(&mut self, stop: &AtomicBool, inbox: &mpsc::Receiver<Command>) -> Result<(), LiveError> {
        let maps = std::mem::take(&mut self.sensor.rings);
        let mut rings = Rings::new(&maps)?;
        let mut pacer = Pacer::new(Instant::now());
        let mut events = 0;
        while !stop.load(Ordering::Acquire) {
            let timeout = match pacer.pace() {
                Pace::Wait => POLL,
                Pace::Poll => {
                    if events < ROUND {
                        std::thread::sleep(NAP);
                    }
                    Duration::ZERO
                }
            };
            events = rings.gather(timeout)?;
            self.work_off(&mut rings, inbox)?;
            if pacer.note(events, Instant::now()) {
                self.sensor.set_polled(pacer.pace() == Pace::Poll)?;
                // An event on its way has read the old word: it is there after a nap.
                std::thread::sleep(NAP);
                rings.gather(Duration::ZERO)?;
                self.work_off(&mut rings, inbox)?;
            }
        }
        let end = boot_time_ns();
        while rings.horizon() < end {
            rings.gather(Duration::ZERO)?;
            self.work_off(&mut rings, inbox)?;
        }
        self.periodic();
        let finished = self.worker.recorder.as_mut().map_or(Ok(()), Recorder::finish);
        self.worker.count();
        finished
    }

    /// Handles the records that are ready. However many they are, alerts go out, commands are obeyed and loss is
    /// noticed in between.
    fn work_off(&mut self, rings: &mut Rings<'_>, inbox: &mpsc::Receiver<Command>) -> Result<(), LiveError> {
        loop {
            let left = rings.hand_over(ROUND, |record| self.worker.handle(record));
            self.worker.hand_over();
            self.classify()?;
            self.record()?;
            self.retire();
            // One change at a time: an event can tell only two sets of rules apart.
            while self.worker.next.is_none()
                && let Ok(command) = inbox.try_recv()
            {
                self.obey(command);
            }
            if self.mounts_changed() {
                self.sensor.refresh_mounts()?;
            }
            if self.looked.elapsed() >= PERIOD {
                self.periodic();
                self.heal()?;
            }
            if left == 0 {
                self.worker.reached(rings.horizon());
                return Ok(());
            }
        }
    }

    /// Has state brought in line with what exists, once events that it is made from were lost.
    fn heal(&mut self) -> Result<(), LiveError> {
        if let Some(found) = self.rescan.poll(self.worker.state.processes.room(), || self.sensor.scan())? {
            self.worker.found = Some(found);
        }
        Ok(())
    }

    /// Lets the recorder begin and end its files.
    fn record(&mut self) -> Result<(), LiveError> {
        let Worker { recorder: Some(recorder), state, outbox, .. } = &mut self.worker else { return Ok(()) };
        recorder.work(&mut self.sensor, state)?;
        outbox.note(recorder.take_notices());
        Ok(())
    }

    fn obey(&mut self, command: Command) {
        let Command::Swap(rules, reply) = command;
        let result = self.swap(*rules);
        // Who asked may have gone; the rules are in place all the same.
        let _ = reply.send(result);
    }

    /// New filter tables first; each event says which ones it passed, and is judged by the rules they were made from.
    fn swap(&mut self, rules: Rules) -> Result<(), LiveError> {
        self.sensor.load_filter(&rules.sensor.filter, &rules.sensor.modes(&rules.settings))?;
        self.worker.state.names.register(rules.sensor.host_names());
        let shift = Shift { evaluator: Evaluator::new(rules.plan), format: rules.settings.format };
        self.worker.next = Some(Next { odd: self.sensor.odd_generation(), from: u64::MAX, shift });
        self.grace = Some(std::thread::spawn(grace_period));
        Ok(())
    }

    /// Lets the filter before the current one go, once nobody can be at work under it.
    fn retire(&mut self) {
        if self.grace.take_if(|grace| grace.is_finished()).is_none() {
            return;
        }
        self.sensor.retire();
        if let Some(next) = &mut self.worker.next {
            next.from = boot_time_ns();
        }
    }

    fn classify(&mut self) -> Result<(), LiveError> {
        for (cgroup, verdict) in self.worker.state.take_new_cgroups() {
            self.sensor.classify(cgroup, verdict)?;
        }
        Ok(())
    }

    /// The kernel flags a mount table's file when the table changes (proc_pid_mountinfo(5)).
    fn mounts_changed(&self) -> bool {
        let Some(fd) = &self.mountinfo else { return false };
        let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLPRI, revents: 0 };
        // SAFETY: one valid pollfd.
        unsafe { libc::poll(&mut poll, 1, 0) > 0 && poll.revents & (libc::POLLPRI | libc::POLLERR) != 0 }
    }

    fn periodic(&mut self) {
        self.looked = Instant::now();
        // The wall clock may have been set.
        self.worker.epoch = epoch_offset_ns();
        self.worker.state.users.refresh();
        let (kernel, losses) = (self.sensor.counters(), self.sensor.losses());
        let scratch = kernel.iter().find(|(name, _)| *name == loss::SCRATCH).map_or(0, |(_, count)| *count);
        let undecodable = self.worker.tally.undecodable;
        let lost = self.loss.look(&losses, undecodable + scratch);
        let outbox = &self.worker.outbox;
        outbox.count(kernel);
        outbox.count([
            ("n_mounts_untold", self.sensor.mounts_untold()),
            ("n_args_missed", self.worker.state.counters().arguments_missed + self.rescan.missed()),
        ]);
        outbox.count(loss::counters(&losses, undecodable, scratch));
        if lost.touches_state() {
            self.rescan.want();
        }
        if !lost.is_empty() {
            let count = lost.count();
            outbox.lose(lost.under(self.worker.shift.evaluator.plan()));
            self.worker.lost(count);
        }
        if let Some(profile) = self.worker.shift.evaluator.profile() {
            self.worker.outbox.observe(profile);
        }
        self.worker.count();
    }
}

impl Worker {
    fn handle(&mut self, record: &mut [u8]) {
        self.reached(rings::time_of(record));
        let Ok(mut event) = fixup::read(record, self.epoch) else {
            self.tally.undecodable += 1;
            return;
        };
        self.tally.events += 1;
        event.num = self.tally.events;
        self.judge(event);
        self.arena.reset();
    }

    /// Everything older than `time` (boot clock, ns) is handled: what was to come into force by then does.
    fn reached(&mut self, time: u64) {
        if let Some(next) = self.next.take_if(|next| time >= next.from) {
            self.shift = next.shift;
        }
        if let Some(found) = self.found.take_if(|found| time >= found.ended) {
            self.reconcile(found);
        }
    }

    fn reconcile(&mut self, found: Found) {
        let mut reconciliation = Reconciliation::new(found.began);
        self.state.processes.evicted += found.tasks.refused;
        for mut record in found.tasks.records {
            fixup::fix(&mut record, self.epoch, None);
            match Event::decode(&record, 0) {
                Ok(event) => reconciliation.take(&mut self.state, &event),
                Err(_) => self.tally.undecodable += 1,
            }
        }
        reconciliation.finish(&mut self.state);
        self.tally.scans += 1;
    }

    fn judge<'e>(&'e mut self, event: Event<'e>) {
        let Self { state, shift, next, alerts, arena, resolver, recorder, silent, .. } = self;
        let passed_next = |next: &&mut Next| event.has_flag(ext_flags::ODD_GENERATION) == next.odd;
        let Shift { evaluator, format: settings } =
            next.as_mut().filter(passed_next).map_or(shift, |next| &mut next.shift);
        let mut event = event;
        let mut verdict = Verdict::default();
        if let Some(recorder) = recorder {
            recorder.before(&event, state);
        }
        state.apply(&event);
        if !event.has_flag(ext_flags::STATE_ONLY) {
            judge(&mut event, state, evaluator, resolver, arena, recorder.is_some(), |rule, ctx| {
                verdict.add(rule);
                if !*silent {
                    alerts.push(format::alert(rule, ctx, settings));
                }
            });
        }
        if let Some(recorder) = recorder {
            recorder.take(&event, state, verdict);
        }
        state.after(&event);
    }

    fn hand_over(&mut self) {
        if !self.alerts.is_empty() {
            self.tally.alerts += self.alerts.len() as u64;
            self.outbox.push(&mut self.alerts);
        }
    }

    /// Tells the recorder of events that were lost since the last look.
    fn lost(&mut self, count: u64) {
        if let Some(recorder) = &mut self.recorder {
            recorder.lost(count, self.state.clock.current);
        }
    }

    fn count(&self) {
        if let Some(recorder) = &self.recorder {
            self.outbox.count(recorder.counters());
        }
        let state = self.state.counters();
        self.outbox.count([
            ("n_events_to_userspace", self.tally.events),
            ("n_alerts", self.tally.alerts),
            ("n_threads", state.threads + state.processes),
            ("n_processes", state.processes),
            ("n_processes_evicted", state.processes_evicted),
            ("n_drops_full_threadtable", state.threads_refused),
            ("n_processes_unseen", state.processes_unseen),
            ("n_processes_healed", state.processes_healed),
            ("n_execs_missed", state.execs_missed),
            ("n_ends_missed", state.ends_missed),
            ("n_scans", self.tally.scans),
            ("n_cgroups_forgotten", state.cgroups_forgotten),
            ("n_users_forgotten", state.users_forgotten),
            ("n_host_names_forgotten", state.names_forgotten),
            ("n_real_names_missed", self.resolver.missed()),
        ]);
    }
}
