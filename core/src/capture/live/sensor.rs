//! The loaded sensor: its maps and programs. Nothing here is per event.

use super::beginnings::{Beginnings, Snapshots};
use super::error::LiveError;
use super::filter::FilterTables;
use super::losses::Losses;
use super::program_info::program_info;
use super::ring::{self, Ring};
use super::rows::Rows;
use super::scan::Scan;
use super::wire::{self, COUNTERS, Live, OtherDescriptors, Settings};
use super::{calls, hierarchy, mounts, preflight, program};
use crate::event::Event;
use crate::schema;
use crate::state::containers::Verdict;
use libbpf_rs::{Link, MapCore, MapFlags, MapHandle, MapType, Object, ObjectBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

/// ELF must stand at an even address.
#[repr(C, align(8))]
struct Aligned<T: ?Sized>(T);

/// The compiled sensor, from the build script.
static OBJECT: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/yarak.bpf.o")));

/// The iterator over open descriptors.
const SCAN_FILES: &str = "scan_files";

/// Programs that stand by themselves, the dispatcher last; all others are tail-called.
const ATTACHED: &[&str] = &["exec", "fork", "process_exit", DISPATCH];

/// The last of them.
const DISPATCH: &str = "dispatch";

/// Attached behind the dispatcher where a task can lose its CPU in a program (sensor/again.bpf.c), and the iterator that
/// it needs.
const AGAIN: &str = "dispatch_again";
const FIND_DISPATCH: &str = "find_dispatch";
/// On 7.3 it can, on 6.12 it cannot. Between the two nothing was looked at: who keeps a CPU that is kept does no harm.
const PREEMPTIBLE_SINCE: (u32, u32) = (7, 0);

/// Maps of one program each, and that program: what goes on where another one ends.
const FOLLOWERS: [(&str, &str); 9] = [
    ("wanted", "dispatch_wanted"),
    ("more", "socket"),
    ("finishing", "others"),
    ("finishing_exec", "others_of_exec"),
    ("finishing_fork", "others_of_fork"),
    ("finishing_exit", "others_of_exit"),
    ("finishing_signal", "others_of_signal"),
    ("finishing_switch", "others_of_switch"),
    ("finishing_ring", ring::FINISHER),
];

/// Hooks of events that are no system call, by the schema's program name; attached while a rule is about them.
const TRACEPOINTS: &[(&str, &[&str])] = &[
    ("signal_deliver", &["signal_deliver"]),
    ("sched_switch", &["sched_switch"]),
    ("page_fault", &["page_fault_user", "page_fault_kernel"]),
];

/// Far longer than any program runs.
const GRACE: Duration = Duration::from_millis(20);

/// How the rings are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingPlan {
    pub rings: u32,
    /// Bytes each, a power of two.
    pub bytes: u32,
    pub cpus: u32,
    pub cpus_per_ring: u32,
}

impl RingPlan {
    /// One ring per `cpus_per_ring` CPUs (0: one for all), each `bytes`, all together at most `max_total`.
    pub fn new(cpus: u32, cpus_per_ring: u32, bytes: u32, max_total: u64) -> Self {
        let per_ring = if cpus_per_ring == 0 { cpus } else { cpus_per_ring.min(cpus) }.max(1);
        let rings = cpus.div_ceil(per_ring).max(1);
        let mut each = bytes.max(1 << 16).next_power_of_two();
        while u64::from(each) * u64::from(rings) > max_total && each > 1 << 16 {
            each /= 2;
        }
        Self { rings, bytes: each, cpus, cpus_per_ring: per_ring }
    }
}

/// Which system calls are sent, whatever the filter says of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those that a rule or our own state needs.
    #[default]
    Rules,
    /// Also those by which the readers of recordings follow processes and descriptors.
    State,
    /// All.
    Everything,
}

/// What rules want of the sensor beside their filter's tables.
#[derive(Debug, Default)]
pub struct Modes {
    /// Whether the filter may drop anything.
    pub kernel_filter: bool,
    /// Whether a socket's past is kept (`fd.name_changed` and its like).
    pub socket_history: bool,
    pub others: OtherDescriptors,
    /// Program names of the schema.
    pub tracepoints: BTreeSet<&'static str>,
}

/// What is attached or dispatched while a rule asks for it.
#[derive(Debug, Default)]
struct Hooks {
    /// Calls that have a program.
    calls: BTreeSet<u16>,
    /// Calls whose strings are taken when they begin.
    entering: BTreeSet<u16>,
    tracepoints: BTreeSet<&'static str>,
}

impl Hooks {
    /// These and those.
    fn and(&self, other: &Self) -> Self {
        Self {
            calls: &self.calls | &other.calls,
            entering: &self.entering | &other.entering,
            tracepoints: &self.tracepoints | &other.tracepoints,
        }
    }
}

/// The generation before the current one, while programs may be at work under it.
struct Retiring {
    /// Of its tables' entries.
    keys: Vec<(&'static str, Vec<u8>)>,
    /// What the current one wants alone.
    needed: BTreeSet<u16>,
    hooks: Hooks,
}

/// The sensor in the kernel. Dropping it detaches everything.
pub struct Sensor {
    links: Vec<Link>,
    /// Links of [`TRACEPOINTS`], by program name.
    tracepoints: BTreeMap<&'static str, Vec<Link>>,
    beginnings: Beginnings,
    pub rings: Vec<MapHandle>,
    maps: BTreeMap<String, MapHandle>,
    object: Object,
    live: Live,
    dispatched: BTreeSet<u16>,
    ring: Ring,
    /// Operations of io_uring that are looked at under the current rules.
    ring_table: Vec<(u32, u32)>,
    ring_links: Vec<Link>,
    /// Calls that the current rules need.
    needed: BTreeSet<u16>,
    scope: Scope,
    /// Whether the rules' filter may drop anything, where nothing is recorded.
    filter_on: bool,
    retiring: Option<Retiring>,
    /// Entries of the current generation, by map.
    keys: Vec<(&'static str, Vec<u8>)>,
    prefixes: BTreeMap<u32, Vec<u8>>,
    mounts_untold: u64,
}

impl Sensor {
    /// Opens, verifies and loads the object; attaches nothing yet. `records`: descriptors may have to be listed.
    ///
    /// # Errors
    /// [`LiveError::Refused`] with the kernel's reason.
    pub fn load(rings: RingPlan, snaplen: u32, records: bool) -> Result<Self, LiveError> {
        libbpf_rs::set_print(None);
        let mut open = ObjectBuilder::default().open_memory(&OBJECT.0)?;
        let ring = Ring::of_kernel();
        let preemptible = preemptible();
        let cgroup = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let settings = Settings {
            self_tgid: std::process::id(),
            cpus_per_ring: rings.cpus_per_ring,
            scan_slot: rings.cpus,
            snaplen: snaplen.min(wire::MAX_SNAPLEN),
            hierarchy: hierarchy::choose(&cgroup),
            ring_result_by_value: ring.result_by_value.into(),
            measured: kernel_keeps_statistics().into(),
            preemptible: preemptible.into(),
            seed: RandomState::new().hash_one(std::process::id()),
        };
        for mut map in open.maps_mut() {
            match map.name().to_str() {
                Some(".rodata.settings") => map.set_initial_value(&settings.bytes())?,
                Some("scratches") => map.set_max_entries(rings.cpus + 1)?,
                Some("directories") => map.set_max_entries(rings.cpus * wire::DIRECTORIES)?,
                Some("rings") => map.set_max_entries(rings.rings)?,
                _ => {}
            }
        }
        for mut program in open.progs_mut() {
            let name = program.name().to_str().unwrap_or_default();
            let left_out = match name {
                SCAN_FILES => !records,
                AGAIN | FIND_DISPATCH => !preemptible,
                _ => ring.leaves_out(name),
            };
            program.set_autoload(!left_out);
        }
        let object = open.load()?;
        release(&OBJECT.0);
        let mut maps = BTreeMap::new();
        for map in object.maps() {
            maps.insert(map.name().to_string_lossy().into_owned(), MapHandle::try_from(&map)?);
        }
        let mut sensor = Self {
            links: Vec::new(),
            tracepoints: BTreeMap::new(),
            beginnings: Beginnings::default(),
            rings: Vec::new(),
            maps,
            object,
            live: Live::default(),
            dispatched: BTreeSet::new(),
            ring,
            ring_table: Vec::new(),
            ring_links: Vec::new(),
            needed: BTreeSet::new(),
            scope: Scope::default(),
            filter_on: false,
            retiring: None,
            keys: Vec::new(),
            prefixes: BTreeMap::new(),
            mounts_untold: 0,
        };
        sensor.make_rings(rings)?;
        sensor.write_calls()?;
        sensor.write_ia32()?;
        sensor.write_ring_programs()?;
        sensor.write_followers()?;
        sensor.learn_root()?;
        if preemptible {
            sensor.tell_dispatcher()?;
        }
        sensor.refresh_mounts()?;
        Ok(sensor)
    }

    fn map(&self, name: &'static str) -> Result<&MapHandle, LiveError> {
        self.maps.get(name).ok_or(LiveError::Layout(name))
    }

    fn put(&self, name: &'static str, key: &[u8], value: &[u8]) -> Result<(), LiveError> {
        Ok(self.map(name)?.update(key, value, MapFlags::ANY)?)
    }

    fn make_rings(&mut self, plan: RingPlan) -> Result<(), LiveError> {
        let options = libbpf_sys::bpf_map_create_opts {
            sz: size_of::<libbpf_sys::bpf_map_create_opts>() as libbpf_sys::size_t,
            ..Default::default()
        };
        for index in 0..plan.rings {
            let ring = MapHandle::create(MapType::RingBuf, Some("yarak_ring"), 0, 0, plan.bytes, &options)?;
            self.put("rings", &index.to_le_bytes(), &ring.as_fd().as_raw_fd().to_le_bytes())?;
            self.rings.push(ring);
        }
        Ok(())
    }

    fn write_calls(&self) -> Result<(), LiveError> {
        let rows = Rows::of(schema::events());
        for (at, row) in rows.params.iter().enumerate() {
            self.put("params", &(at as u32).to_le_bytes(), row)?;
        }
        for (at, row) in rows.conditions.iter().enumerate() {
            self.put("conditions", &(at as u32).to_le_bytes(), row)?;
        }
        for nr in schema::syscalls().iter().filter_map(|call| call.native).filter(|nr| usize::from(*nr) < wire::CALLS) {
            self.write_call(nr, &rows, false)?;
        }
        Ok(())
    }

    /// `taken`: whether its strings are taken when it begins.
    fn write_call(&self, nr: u16, rows: &Rows, taken: bool) -> Result<(), LiveError> {
        let Some((call, info)) = schema::native(nr).and_then(|call| Some((call, schema::event(call.event)?))) else {
            return Ok(());
        };
        let entry = calls::entry(call, info, rows).with_strings_taken(taken);
        self.put("calls", &u32::from(nr).to_le_bytes(), &entry.bytes())
    }

    /// The programs that go on where another one ends.
    fn write_followers(&self) -> Result<(), LiveError> {
        for (map, name) in FOLLOWERS.into_iter().filter(|(_, name)| !self.ring.leaves_out(name)) {
            let program = program(&self.object, name)?;
            self.put(map, &0_u32.to_le_bytes(), &program.as_fd().as_raw_fd().to_le_bytes())?;
        }
        Ok(())
    }

    fn write_ia32(&self) -> Result<(), LiveError> {
        for number in 0..wire::IA32_CALLS {
            let native = schema::ia32()
                .iter()
                .find(|(n, _)| u32::from(*n) == number)
                .map_or(wire::NO_CALL, |(_, to)| u32::from(*to));
            self.put("ia32_calls", &number.to_le_bytes(), &native.to_le_bytes())?;
        }
        Ok(())
    }

    fn write_ring_programs(&self) -> Result<(), LiveError> {
        for (index, name) in (0_u32..).zip(self.ring.writers()) {
            let program = program(&self.object, name)?;
            self.put("ring_programs", &index.to_le_bytes(), &program.as_fd().as_raw_fd().to_le_bytes())?;
        }
        Ok(())
    }

    /// Runs the iterator that finds pid 1's root: the host's.
    fn learn_root(&mut self) -> Result<(), LiveError> {
        self.run("scan_root")?;
        let value = self.map(".data.live")?.lookup(&0_u32.to_le_bytes(), MapFlags::ANY)?.unwrap_or_default();
        self.live = Live::from_bytes(&value).ok_or(LiveError::Layout("struct yk_live"))?;
        Ok(())
    }

    /// Runs the iterator that finds where the kernel counts the dispatcher's runs.
    fn tell_dispatcher(&self) -> Result<(), LiveError> {
        let told = wire::dispatcher(program_info(program(&self.object, DISPATCH)?.as_fd()).id);
        self.put(".data.dispatcher", &0_u32.to_le_bytes(), &told)?;
        self.run(FIND_DISPATCH)
    }

    /// Runs an iterator that writes nothing.
    fn run(&self, name: &'static str) -> Result<(), LiveError> {
        let io = |source| LiveError::Io { what: format!("reading the iterator {name}"), source };
        self.iterator(name)?.each(|_| ()).map_err(io)
    }

    /// A scan of everything that exists.
    ///
    /// # Errors
    /// The kernel refused the iterator.
    pub fn scan(&self) -> Result<Scan, LiveError> {
        self.iterator("scan")
    }

    fn iterator(&self, name: &'static str) -> Result<Scan, LiveError> {
        Scan::open(&program(&self.object, name)?)
    }

    /// Every descriptor that is open, as events without parameters whose extension tells it.
    ///
    /// # Errors
    /// The iterator could not run or its stream is broken.
    pub fn scan_files(&self, mut each: impl FnMut(&Event<'_>)) -> Result<(), LiveError> {
        let io = |source| LiveError::Io { what: "reading the descriptors' iterator".into(), source };
        let decoded = |record: &[u8]| {
            if let Ok(event) = Event::decode(record, 0) {
                each(&event);
            }
        };
        self.iterator(SCAN_FILES)?.each(decoded).map_err(io)
    }

    fn write_live(&self) -> Result<(), LiveError> {
        self.put(".data.live", &0_u32.to_le_bytes(), &self.live.bytes())
    }

    /// Whether the consumer comes by itself, so that events need not wake it.
    ///
    /// # Errors
    /// The kernel refused the update.
    pub fn set_polled(&mut self, polled: bool) -> Result<(), LiveError> {
        self.live.polled = polled.into();
        self.write_live()
    }

    /// Loads the tables of a new generation and makes it the current one. The old one stays whole for programs that are
    /// still at work under it, until [`Sensor::retire`]; the one before shares no slot with the new.
    ///
    /// # Errors
    /// The kernel refused an update; the old generation stays, and of the new one nothing does.
    pub fn load_filter(&mut self, filter: &FilterTables, modes: &Modes) -> Result<(), LiveError> {
        let needed: BTreeSet<u16> = calls::dispatched(filter).into_iter().collect();
        let wanted = Hooks {
            calls: calls::widened(&needed, self.scope),
            entering: calls::snapshots(filter).into_iter().collect(),
            tracepoints: modes.tracepoints.clone(),
        };
        let (before, mut keys) = (self.hooks(), Vec::new());
        if let Err(error) = self.make_current(filter, modes, &before.and(&wanted), &mut keys) {
            // The next load has the same number: a longer key that stayed would hide a shorter one of it.
            self.remove(&keys);
            self.keep_only(&before);
            return Err(error);
        }
        let old = std::mem::replace(&mut self.keys, keys);
        let both = &self.needed | &needed;
        self.needed = both;
        self.retiring = Some(Retiring { keys: old, needed, hooks: wanted });
        Ok(())
    }

    /// Takes away what only the generation before wanted; a [`grace_period`] after the load.
    pub fn retire(&mut self) {
        let Some(Retiring { keys, needed, mut hooks }) = self.retiring.take() else { return };
        // The scope may have changed meanwhile.
        hooks.calls = calls::widened(&needed, self.scope);
        self.needed = needed;
        self.keep_only(&hooks);
        self.remove(&keys);
    }

    /// Writes a generation's tables, whose keys it adds to `keys`, and puts it in force. `hooks`: what either
    /// generation wants, until the old one is through.
    fn make_current(
        &mut self,
        filter: &FilterTables,
        modes: &Modes,
        hooks: &Hooks,
        keys: &mut Vec<(&'static str, Vec<u8>)>,
    ) -> Result<(), LiveError> {
        let generation = self.live.generation.wrapping_add(1);
        self.write_tables(filter, generation, keys)?;
        // Beginnings before ends: a call that is told has its strings.
        self.set_snapshots(&hooks.entering)?;
        self.enter_programs(&hooks.calls)?;
        self.set_operations(&hooks.calls)?;
        self.set_tracepoints(&hooks.tracepoints)?;
        let live = Live {
            filter_on: (modes.kernel_filter && self.scope == Scope::Rules).into(),
            socket_history: modes.socket_history.into(),
            others: modes.others,
            generation,
            ..self.live
        };
        self.put(".data.live", &0_u32.to_le_bytes(), &live.bytes())?;
        (self.live, self.filter_on) = (live, modes.kernel_filter);
        Ok(())
    }

    fn write_tables(
        &self,
        filter: &FilterTables,
        generation: u32,
        keys: &mut Vec<(&'static str, Vec<u8>)>,
    ) -> Result<(), LiveError> {
        self.put("filters", &(generation & 1).to_le_bytes(), &filter.fixed())?;
        let bits = [
            ("paths", filter.trie(generation)),
            ("ports", filter.ports(generation)),
            ("names", filter.names(generation)),
            ("uids", filter.users(generation)),
        ];
        let bits =
            bits.into_iter().flat_map(|(map, entries)| entries.into_iter().map(move |(k, v)| (map, k, v.bytes())));
        let networks = filter.networks(generation).into_iter().map(|(key, value)| ("nets", key, value));
        for (map, key, value) in bits.chain(networks) {
            self.put(map, &key, &value)?;
            keys.push((map, key));
        }
        Ok(())
    }

    fn remove(&self, keys: &[(&'static str, Vec<u8>)]) {
        for (name, key) in keys {
            // Gone already is what is wanted.
            let _ = self.map(name).map(|map| map.delete(key));
        }
    }

    fn hooks(&self) -> Hooks {
        Hooks {
            calls: self.dispatched.clone(),
            entering: self.beginnings.taken(),
            tracepoints: self.tracepoints.keys().copied().collect(),
        }
    }

    /// Takes away the hooks beyond these. What the kernel does not let go of costs time and hides nothing.
    fn keep_only(&mut self, hooks: &Hooks) {
        let _ = self.leave_programs(&hooks.calls);
        let _ = self.set_operations(&hooks.calls);
        let _ = self.set_snapshots(&hooks.entering);
        let _ = self.set_tracepoints(&hooks.tracepoints);
    }

    /// Whether events are judged under the tables of an odd generation.
    pub fn odd_generation(&self) -> bool {
        self.live.generation & 1 == 1
    }

    /// Sends more calls, or fewer again. Beyond the rules' own the filter drops nothing: it knows only rules.
    ///
    /// # Errors
    /// The kernel refused an update.
    pub fn set_scope(&mut self, scope: Scope) -> Result<(), LiveError> {
        let wanted = calls::widened(&self.needed, scope);
        self.scope = scope;
        self.live.filter_on = (self.filter_on && scope == Scope::Rules).into();
        self.enter_programs(&wanted)?;
        self.set_operations(&wanted)?;
        self.write_live()?;
        self.leave_programs(&wanted)
    }

    /// Whether a hook on every call may be used for the strings of a few; before the first filter is loaded.
    pub fn allow_snapshots(&mut self, allowed: Snapshots) {
        self.beginnings = Beginnings::new(allowed);
    }

    /// Calls that rules are about whose strings are known only from their end.
    pub fn late_strings(&self, filter: &FilterTables) -> Vec<&'static str> {
        let taken = self.beginnings.taken();
        let late = calls::snapshots(filter).into_iter().filter(|nr| !taken.contains(nr));
        late.filter_map(|nr| Some(schema::native(nr)?.name)).collect()
    }

    fn set_snapshots(&mut self, wanted: &BTreeSet<u16>) -> Result<(), LiveError> {
        let before = self.beginnings.taken();
        self.mark_calls(before.difference(wanted), false)?;
        let table = self.maps.get("entering").ok_or(LiveError::Layout("entering"))?;
        self.beginnings.set(wanted, &self.object, table)?;
        self.mark_calls(self.beginnings.taken().difference(&before), true)
    }

    /// Says of each whether its strings are taken when it begins.
    fn mark_calls<'a>(&self, numbers: impl Iterator<Item = &'a u16>, taken: bool) -> Result<(), LiveError> {
        let mut numbers = numbers.peekable();
        if numbers.peek().is_none() {
            return Ok(());
        }
        let rows = Rows::of(schema::events());
        numbers.try_for_each(|nr| self.write_call(*nr, &rows, taken))
    }

    fn enter_programs(&mut self, wanted: &BTreeSet<u16>) -> Result<(), LiveError> {
        let fds: BTreeMap<String, i32> =
            self.object.progs_mut().map(|p| (p.name().to_string_lossy().into_owned(), p.as_fd().as_raw_fd())).collect();
        let new: Vec<u16> = wanted.difference(&self.dispatched).copied().collect();
        for nr in new {
            let Some(info) = schema::native(nr).and_then(|call| schema::event(call.event)) else { continue };
            let fd = fds.get(calls::program_of(info)).ok_or(LiveError::Layout("program names"))?;
            self.put("programs", &u32::from(nr).to_le_bytes(), &fd.to_le_bytes())?;
            self.dispatched.insert(nr);
        }
        self.write_quiet(&self.dispatched)
    }

    fn leave_programs(&mut self, wanted: &BTreeSet<u16>) -> Result<(), LiveError> {
        let old: Vec<u16> = self.dispatched.difference(wanted).copied().collect();
        self.write_quiet(wanted)?;
        for nr in old {
            self.map("programs")?.delete(&u32::from(nr).to_le_bytes())?;
            self.dispatched.remove(&nr);
        }
        Ok(())
    }

    /// Tells the dispatcher which numbers it need not look into, where these calls have programs.
    fn write_quiet(&self, wanted: &BTreeSet<u16>) -> Result<(), LiveError> {
        self.put(".data.quiet", &0_u32.to_le_bytes(), &calls::quiet(wanted))
    }

    /// Tells the programs for io_uring which operations are wanted; on a running sensor they follow at once.
    fn set_operations(&mut self, wanted: &BTreeSet<u16>) -> Result<(), LiveError> {
        let table = ring::table(wanted);
        for (operation, call) in table.iter().filter(|entry| !self.ring_table.contains(entry)) {
            self.put("ring_calls", &operation.to_le_bytes(), &call.to_le_bytes())?;
        }
        self.ring_table = table;
        if self.links.is_empty() { Ok(()) } else { self.attach_ring() }
    }

    /// Attached only while rules want an operation: io_uring is there for speed.
    fn attach_ring(&mut self) -> Result<(), LiveError> {
        if self.ring_table.iter().all(|(_, call)| *call == wire::NO_CALL) {
            self.ring_links.clear();
        } else if self.ring_links.is_empty() {
            let attached = |(name, tracepoint): &(&'static str, _)| {
                let program = program(&self.object, name)?;
                Ok::<_, LiveError>(program.attach_raw_tracepoint(tracepoint)?)
            };
            self.ring_links = self.ring.hooks.iter().map(attached).collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    /// Attaches: from here on events arrive.
    ///
    /// # Errors
    /// The kernel refused a hook.
    pub fn attach(&mut self) -> Result<(), LiveError> {
        for name in ATTACHED.iter().copied().chain(preemptible().then_some(AGAIN)) {
            let link = self.link(name)?;
            self.links.push(link);
        }
        self.attach_ring()
    }

    /// Attaches the tracepoints that rules are about, detaches the others.
    fn set_tracepoints(&mut self, wanted: &BTreeSet<&'static str>) -> Result<(), LiveError> {
        self.tracepoints.retain(|name, _| wanted.contains(name));
        for (name, programs) in TRACEPOINTS.iter().filter(|(name, _)| wanted.contains(name)) {
            if !self.tracepoints.contains_key(name) {
                let links = programs.iter().map(|program| self.link(program)).collect::<Result<_, _>>()?;
                self.tracepoints.insert(name, links);
            }
        }
        Ok(())
    }

    fn link(&self, name: &'static str) -> Result<Link, LiveError> {
        let program = program(&self.object, name)?;
        Ok(program.attach()?)
    }

    /// Reads the mount table again and tells the kernel what changed. A file system that finds no room in the
    /// kernel's table is found through the mounts of the caller's namespace instead.
    ///
    /// # Errors
    /// The sensor has no such table.
    pub fn refresh_mounts(&mut self) -> Result<(), LiveError> {
        let info = std::fs::read_to_string("/proc/1/mountinfo")
            .or_else(|_| std::fs::read_to_string("/proc/self/mountinfo"))
            .unwrap_or_default();
        let mut now = mounts::prefixes(&info, self.live.host_root_dev);
        if now == self.prefixes {
            return Ok(());
        }
        for dev in self.prefixes.keys().filter(|dev| !now.contains_key(dev)) {
            let _ = self.map("mounts")?.delete(&dev.to_le_bytes());
        }
        let table = self.map("mounts")?;
        let known = &self.prefixes;
        let told = |dev: &u32, prefix: &mut Vec<u8>| {
            known.get(dev) == Some(prefix)
                || table.update(&dev.to_le_bytes(), &mounts::value(prefix), MapFlags::ANY).is_ok()
        };
        let before = now.len();
        now.retain(told);
        self.mounts_untold += (before - now.len()) as u64;
        self.prefixes = now;
        // Directories that were remembered under the old mounts are forgotten.
        self.live.mounts_epoch = self.live.mounts_epoch.wrapping_add(1);
        self.write_live()
    }

    /// Tells the kernel what a cgroup is, so that the filter can use it and its path need not be sent again; or that
    /// its path is wanted again.
    ///
    /// # Errors
    /// The kernel refused the update.
    pub fn classify(&self, cgroup: u64, verdict: Verdict) -> Result<(), LiveError> {
        let container = match verdict {
            Verdict::Host => 0_u32,
            Verdict::Container => 1,
            Verdict::Forgotten => {
                self.remove(&[("cgroups", cgroup.to_le_bytes().to_vec())]);
                return Ok(());
            }
        };
        self.put("cgroups", &cgroup.to_le_bytes(), &container.to_le_bytes())
    }

    /// What was lost since the sensor was loaded.
    pub fn losses(&self) -> Losses {
        let mut losses = Losses::default();
        let cpus = self.map("losses").ok().and_then(|map| map.lookup_percpu(&0_u32.to_le_bytes(), MapFlags::ANY).ok());
        for cpu in cpus.flatten().unwrap_or_default() {
            losses.add_cpu(&cpu);
        }
        let attached = || ATTACHED.iter().copied().chain(self.ring.hooks.iter().map(|(name, _)| *name));
        for program in self.object.progs_mut().filter(|program| attached().any(|name| program.name() == name)) {
            losses.add_program(&program.name().to_string_lossy(), program.as_fd());
        }
        // Read after the runs that were skipped: what is rescued later is lost at most until the next look.
        losses.rescue(COUNTERS.iter().position(|name| *name == wire::RESCUED).map_or(0, |at| self.counter(at)));
        losses
    }

    /// File systems that found no room in the kernel's table, each time anew.
    pub fn mounts_untold(&self) -> u64 {
        self.mounts_untold
    }

    /// Sum over the CPUs of every counter the sensor keeps.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        COUNTERS.iter().enumerate().map(|(at, name)| (*name, self.counter(at))).collect()
    }

    /// One of [`COUNTERS`]; 0 where the kernel does not tell.
    fn counter(&self, at: usize) -> u64 {
        let look = |map: &MapHandle| map.lookup_percpu(&(at as u32).to_le_bytes(), MapFlags::ANY).ok().flatten();
        self.map("counters").ok().and_then(look).unwrap_or_default().iter().map(|value| word(value)).sum()
    }
}

/// Whether a task can lose its CPU within a program of a system call's tracepoint.
fn preemptible() -> bool {
    preflight::version_of(&preflight::kernel_release()).is_some_and(|version| version >= PREEMPTIBLE_SINCE)
}

/// Gives back the memory of what is there to be read once: the pages within come from the file again should anybody ask.
fn release(read: &'static [u8]) {
    // SAFETY: touches no memory.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    let (start, end) = (read.as_ptr() as usize, read.as_ptr() as usize + read.len());
    let (first, last) = (start.next_multiple_of(page), end / page * page);
    if first < last {
        // SAFETY: whole pages of a constant, which are never written to: what is dropped is a copy of the file.
        unsafe { libc::madvise(first as *mut libc::c_void, last - first, libc::MADV_DONTNEED) };
    }
}

/// Whether the kernel keeps run times of BPF programs; the sensor then keeps those of the programs it does not see.
fn kernel_keeps_statistics() -> bool {
    std::fs::read_to_string("/proc/sys/kernel/bpf_stats_enabled").is_ok_and(|value| value.trim() == "1")
}

/// Waits until every program that was at work has ended: they run inside the kernel's read sections, and this asks for
/// a grace period (membarrier(2)). Where it is refused, as on CPUs without a tick, they are given time instead.
pub fn grace_period() {
    // SAFETY: touches no memory of ours.
    if unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_GLOBAL, 0, 0) } < 0 {
        std::thread::sleep(GRACE);
    }
}

fn word(bytes: &[u8]) -> u64 {
    bytes.get(..8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_follow_cpus_and_stay_under_the_cap() {
        let plan = |cpus, per, mb: u32, cap_mb: u64| RingPlan::new(cpus, per, mb << 20, cap_mb << 20);
        assert_eq!((plan(2, 2, 8, 64).rings, plan(2, 2, 8, 64).bytes), (1, 8 << 20));
        assert_eq!((plan(96, 2, 8, 64).rings, plan(96, 2, 8, 64).bytes), (48, 1 << 20));
        assert_eq!(plan(4, 0, 8, 64).rings, 1);
        assert_eq!(plan(2, 9, 8, 64).cpus_per_ring, 2, "never more CPUs than there are");
    }

    #[test]
    fn no_failure_to_keep_something_in_a_map_is_passed_over_in_silence() {
        let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../sensor")).unwrap();
        let texts = sources.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect::<Vec<_>>();
        let silent = |line: &&str| line.trim_start().starts_with("bpf_map_update_elem(");
        let found: Vec<&str> = texts.iter().flat_map(|text| text.lines()).filter(silent).collect();
        assert!(found.is_empty(), "whose result nobody looks at: {found:?}");
        assert!(texts.iter().any(|text| text.contains("bpf_map_update_elem(")));
    }
}
