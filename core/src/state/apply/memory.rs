//! Memory figures that an event brings along, of its process at that moment.

use super::process_mut;
use crate::event::Event;
use crate::params::Params;
use crate::state::State;
use crate::state::process::Process;

/// Takes over size, resident and swapped memory (kB) from three parameters in a row.
pub(super) fn sizes(state: &mut State, event: &Event<'_>, first: usize) {
    if let Some(process) = process_mut(state, event) {
        take_sizes(process, event, first);
    }
}

/// Takes over major and minor page faults from two parameters in a row, and the sizes behind them.
pub(super) fn faults_and_sizes(state: &mut State, event: &Event<'_>, first: usize) {
    if let Some(process) = process_mut(state, event) {
        take_faults(process, event, first);
        take_sizes(process, event, first + process.faults.len());
    }
}

/// The same for a record that is just being made.
pub(super) fn take_faults(process: &mut Process, event: &Event<'_>, first: usize) {
    let figures = process.faults.iter_mut().enumerate();
    figures.for_each(|(at, figure)| *figure = event.uint(first + at).unwrap_or(*figure));
}

pub(super) fn take_sizes(process: &mut Process, event: &Event<'_>, first: usize) {
    let figures = process.vm.iter_mut().enumerate();
    figures.for_each(|(at, figure)| *figure = event.uint(first + at).unwrap_or(*figure));
}
