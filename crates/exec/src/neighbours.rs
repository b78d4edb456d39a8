//! Tasks that outgrow the budget side by side are done again, one at a time.

use blockfold_core::{Error, Result};

use crate::chain_run::ChainRun;
use crate::dispatch::Done;

/// What the tasks of a chain have held of each other's room.
pub(crate) struct Neighbours {
    tasks: usize,
    /// Whether tasks run one at a time from now on.
    is_tight: bool,
    /// The task that runs without neighbours.
    alone: Option<usize>,
}

impl Neighbours {
    pub(crate) fn of(tasks: usize) -> Self {
        Neighbours { tasks, is_tight: false, alone: None }
    }

    /// Whether the next task may start beside those in flight.
    pub(crate) fn may_start(&self, in_flight: usize) -> bool {
        !self.is_tight || in_flight == 0
    }

    pub(crate) fn note_start(&mut self, task: usize) {
        self.alone = self.is_tight.then_some(task);
    }

    /// Whether a task failed only because its neighbours, or rows that wait in memory, held what it needed: it shall be
    /// done again without them.
    pub(crate) fn held_what_it_needed<T>(&mut self, run: &mut ChainRun<'_>, done: &Done<T>) -> Result<bool> {
        if !done.result.as_ref().is_err_and(|error| matches!(error.root(), Error::OverBudget { .. })) {
            return Ok(false);
        }
        let had_neighbours = self.tasks > 1 && self.alone != Some(done.tag);
        let is_again = run.state.make_room(u64::MAX)? || had_neighbours;
        if is_again {
            self.is_tight = true;
            run.gave_up(done);
        }
        Ok(is_again)
    }
}
