//! The live pipeline: one thread that drains the rings and takes every event from record to finished alert.
//! Python only waits for what comes out.

mod clocks;
pub mod exercise;
pub mod judge;
mod look;
pub mod loss;
mod pace;
mod pipeline;
mod queue;
pub mod racy;
mod rescan;
mod rings;
mod settings;

pub use clocks::wall_time_ns;
pub use queue::Outbox;
pub use settings::{EngineSettings, SettingsError};

use crate::capture::live::error::LiveError;
use crate::capture::live::filter::FilterTables;
use crate::capture::live::sensor::{Modes, RingPlan, Sensor};
use crate::capture::live::wire::{OtherDescriptors, descriptor_sets};
use crate::rules::{Plan, PlanError};
use crate::schema::{self, Kind};
use crate::state::wire;
use pipeline::Pipeline;
use serde::Deserialize;
use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

/// Everything that can go wrong at the boundary.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Live(#[from] LiveError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("kernel filter tables: {0}")]
    Filter(String),
}

/// What start found.
#[derive(Clone, Debug)]
pub struct Started {
    pub rings: RingPlan,
    pub processes: usize,
    pub kernel: String,
    /// Calls that rules are about whose strings are known only from their end.
    pub late_strings: Vec<&'static str>,
}

/// What a plan says to the sensor rather than to the evaluator.
#[derive(Debug, Deserialize)]
pub(crate) struct SensorPart {
    pub filter: FilterTables,
    #[serde(default)]
    pub needs: Needs,
    #[serde(default)]
    nodes: Vec<NodePart>,
    #[serde(default)]
    rules: Vec<RulePart>,
}

/// Only what the choice of hooks needs to see of a rule.
#[derive(Debug, Default, Deserialize)]
struct RulePart {
    events: Vec<u16>,
}

/// Only what the look-up of host names needs to see of a node.
#[derive(Debug, Default, Deserialize)]
struct NodePart {
    check: Option<CheckPart>,
}

#[derive(Debug, Deserialize)]
struct CheckPart {
    lhs: LeftPart,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LeftPart {
    field: String,
}

impl SensorPart {
    pub fn modes(&self, settings: &EngineSettings) -> Modes {
        Modes {
            kernel_filter: settings.kernel_filter,
            socket_history: self.needs.socket_history,
            others: self.needs.descriptors.bits(),
            tracepoints: self.tracepoints(),
        }
    }

    /// Programs of the tracepoints that rules are about. A rule about nearly everything is none about them: they would
    /// bring thousands of events a second that it never meant.
    fn tracepoints(&self) -> BTreeSet<&'static str> {
        let all = schema::events().len();
        let switch = schema::event(wire::switch::ID).map(|info| info.program);
        self.rules
            .iter()
            .filter(|rule| rule.events.len() * 2 < all)
            .flat_map(|rule| &rule.events)
            .filter_map(|id| schema::event(*id))
            .filter(|info| info.kind == Kind::Tracepoint)
            .map(|info| info.program)
            .chain(switch.filter(|_| self.needs.switches))
            .collect()
    }

    /// Host names that rules compare addresses with: they are resolved ahead, never on the event path.
    pub fn host_names(&self) -> impl Iterator<Item = &str> {
        self.nodes
            .iter()
            .filter_map(|node| node.check.as_ref())
            .filter(|check| check.lhs.field.starts_with("fd.") && check.lhs.field.ends_with("ip.name"))
            .flat_map(|check| check.values.iter().map(String::as_str))
    }
}

/// What the loaded rules look at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Needs {
    /// Fields that look back: roles, last peers.
    pub socket_history: bool,
    /// Fields that add up CPU time: all switches of all CPUs.
    pub switches: bool,
    pub descriptors: Descriptors,
}

/// Descriptors that rules ask for beside the event's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Descriptors {
    /// Each below 64.
    numbers: Vec<u32>,
    /// Those that poll waited for.
    polled: bool,
    /// How many are open, and of which kinds.
    table: bool,
}

impl Descriptors {
    fn bits(&self) -> OtherDescriptors {
        let set = |wanted: bool, bit: u32| if wanted { bit } else { 0 };
        OtherDescriptors {
            numbers: self.numbers.iter().filter_map(|number| 1_u64.checked_shl(*number)).fold(0, |all, bit| all | bit),
            sets: set(self.polled, descriptor_sets::POLLED) | set(self.table, descriptor_sets::TABLE),
        }
    }
}

/// A compiled plan, ready for the pipeline.
pub struct Rules {
    pub(crate) plan: Plan,
    pub(crate) sensor: SensorPart,
    pub settings: EngineSettings,
}

impl Rules {
    /// Compiles both documents.
    ///
    /// # Errors
    /// [`EngineError`] naming what is wrong in them.
    pub fn compile(plan: &[u8], settings: &[u8]) -> Result<Self, EngineError> {
        let settings = EngineSettings::parse(settings)?;
        let sensor: SensorPart = serde_json::from_slice(plan).map_err(|e| EngineError::Filter(e.to_string()))?;
        sensor.filter.check().map_err(|e| EngineError::Filter(e.to_string()))?;
        Ok(Self { plan: Plan::compile(plan)?, sensor, settings })
    }
}

pub(crate) enum Command {
    Swap(Box<Rules>, mpsc::Sender<Result<(), LiveError>>),
}

/// Handle of a running pipeline.
pub struct Engine {
    pub outbox: Arc<Outbox>,
    stop: Arc<AtomicBool>,
    commands: mpsc::Sender<Command>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A sensor that loads while something else is done, such as compiling rules.
struct Loading {
    rings: RingPlan,
    thread: JoinHandle<Result<Sensor, LiveError>>,
}

static LOADING: Mutex<Option<Loading>> = Mutex::new(None);

/// Begins to load the sensor in the background; [`Engine::start`] takes it.
pub fn prepare(settings: &EngineSettings) {
    let (rings, snaplen, records) = (settings.rings(), settings.snaplen, settings.records());
    let thread = thread::spawn(move || Sensor::load(rings, snaplen, records));
    if let Ok(mut slot) = LOADING.lock() {
        *slot = Some(Loading { rings, thread });
    }
}

fn loaded(settings: &EngineSettings) -> Result<Sensor, LiveError> {
    let loading = LOADING.lock().ok().and_then(|mut slot| slot.take());
    match loading {
        Some(Loading { rings, thread }) if rings == settings.rings() => {
            thread.join().unwrap_or_else(|panic| Err(LiveError::Dead(words_of(panic.as_ref()))))
        }
        _ => Sensor::load(settings.rings(), settings.snaplen, settings.records()),
    }
}

impl Engine {
    /// Loads, scans, attaches, and starts the thread.
    ///
    /// # Errors
    /// [`EngineError`]; nothing stays attached then.
    pub fn start(rules: Rules) -> Result<(Self, Started), EngineError> {
        let sensor = loaded(&rules.settings)?;
        let (pipeline, started) = Pipeline::start(sensor, rules)?;
        let outbox = pipeline.outbox();
        let stop = Arc::new(AtomicBool::new(false));
        let (commands, inbox) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("yarak-core".into())
            .spawn({
                let (outbox, stop) = (Arc::clone(&outbox), Arc::clone(&stop));
                move || run(pipeline, &outbox, &stop, &inbox)
            })
            .map_err(|source| LiveError::Io { what: "starting the core thread".into(), source })?;
        Ok((Self { outbox, stop, commands, thread: Mutex::new(Some(thread)) }, started))
    }

    /// Puts new rules in place of the old while events flow.
    ///
    /// # Errors
    /// [`EngineError`]; the old rules then stay.
    pub fn swap(&self, rules: Rules) -> Result<(), EngineError> {
        let (reply, answer) = mpsc::channel();
        let dead = |_| LiveError::Dead("its thread has ended".into());
        self.commands.send(Command::Swap(Box::new(rules), reply)).map_err(|_| dead(()))?;
        Ok(answer.recv().map_err(|_| dead(()))??)
    }

    /// Detaches and waits for the thread.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        let thread = self.thread.lock().ok().and_then(|mut slot| slot.take());
        if let Some(thread) = thread {
            // A panic was put into the outbox by the thread itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The thread's body. A panic must not leave a silent detector: it ends up in the outbox, where `wait` raises it.
fn run(mut pipeline: Pipeline, outbox: &Outbox, stop: &AtomicBool, inbox: &mpsc::Receiver<Command>) {
    let ended = catch_unwind(AssertUnwindSafe(|| pipeline.run(stop, inbox)));
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => outbox.die(error.to_string()),
        Err(panic) => outbox.die(words_of(panic.as_ref())),
    }
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".into())
}
