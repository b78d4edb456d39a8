//! What is kept of one run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::lanes::Tracks;
use crate::profile::Profile;
use crate::series::{Samples, Setting};
use crate::table::Table;
use crate::view::{ChainView, PlanView, RunSummary, Standing};

/// What is kept of one run: all that pages and reports show of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunLog {
    /// The run in a line.
    pub summary: RunSummary,
    /// Its chains.
    pub chains: Vec<ChainLog>,
    /// From which chain to which rows flow.
    pub edges: Vec<(usize, usize)>,
    /// The task stream.
    pub tracks: Tracks,
    /// Measures over time.
    pub samples: Samples,
    /// Tasks: all of a short run, the slowest, the failed and a sample of a long one.
    pub table: Table,
    /// Samples of what workers did.
    pub profile: Profile,
    /// What the run needed, when it ended.
    pub totals: Totals,
    /// Cores that the process may use.
    pub cores: u32,
    /// Bytes that were free where scratch lies when the run ended.
    pub scratch_free_bytes: Option<u64>,
}

/// Counts of a whole run that no other part has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    /// Rows written to files.
    pub rows_written: u64,
    /// Bytes written to files.
    pub bytes_written: u64,
    /// Bytes read back from scratch.
    pub unspilled_bytes: u64,
    /// Row groups not read since statistics or bloom filters rule them out.
    pub groups_skipped: u64,
    /// Pages not read since the page index rules them out.
    pub pages_skipped: u64,
    /// Bytes of rows dropped from memory since nobody reads them any more.
    pub dropped_bytes: u64,
}

/// What is kept of one chain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChainLog {
    /// What pages show of it, without its causes.
    pub view: ChainView,
    /// Its steps by number, with their names.
    pub names: Vec<(usize, String)>,
    /// Time that its work took, of all workers.
    pub busy_ns: u64,
    /// How long its tasks took.
    pub durations: Durations,
    /// The slowest task, and how long it took.
    pub slowest: Option<(u64, u64)>,
    /// Time in which its next task waited for memory.
    pub waited_us: u64,
    /// Bytes that were estimated to be read from files.
    pub estimated_read_bytes: u64,
    /// Bytes that one task was estimated to take.
    pub estimated_task_bytes: u64,
    /// Bytes that were estimated to wait in memory for later chains.
    pub estimated_kept_bytes: u64,
    /// Bytes that were estimated to go to scratch.
    pub estimated_scratch_bytes: u64,
    /// Bytes read back from scratch.
    pub unspilled_bytes: u64,
    /// The most bytes that one task had a permit for.
    pub task_bytes: u64,
    /// Bytes that it left in memory for later chains.
    pub kept_bytes: u64,
    /// Why it wrote to scratch.
    pub why_spilled: Option<String>,
    /// Row groups and pages that it did not read.
    pub skipped: u64,
}

/// How many tasks took how long, in classes an eighth of a power of two wide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Durations {
    classes: BTreeMap<u16, u64>,
    tasks: u64,
}

impl Durations {
    /// Counts a task.
    pub fn add(&mut self, ns: u64) {
        *self.classes.entry(class_of(ns)).or_default() += 1;
        self.tasks += 1;
    }

    /// Tasks counted.
    pub fn tasks(&self) -> u64 {
        self.tasks
    }

    /// The time that half of the tasks did not exceed, to an eighth.
    pub fn median_ns(&self) -> Option<u64> {
        let mut below = 0;
        for (class, tasks) in &self.classes {
            below += tasks;
            if below * 2 >= self.tasks && self.tasks > 0 {
                return Some(middle_of(*class));
            }
        }
        None
    }
}

fn class_of(ns: u64) -> u16 {
    let power = ns.max(8).ilog2();
    let eighth = (ns.max(8) >> (power - 3)) & 7;
    u16::try_from(power * 8).unwrap_or(0) + u16::try_from(eighth).unwrap_or(0)
}

fn middle_of(class: u16) -> u64 {
    let (power, eighth) = (u32::from(class / 8).clamp(3, 63), u64::from(class % 8));
    let width = 1u64 << (power - 3);
    (8 + eighth).saturating_mul(width).saturating_add(width / 2)
}

impl RunLog {
    /// The run in a line, as it stands `now_us` after its start.
    pub fn summary(&self, now_us: Option<u64>) -> RunSummary {
        let elapsed_us = now_us.filter(|_| self.is_running()).unwrap_or(self.summary.elapsed_us);
        RunSummary { elapsed_us, ..self.summary.clone() }
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> bool {
        matches!(self.summary.state, Standing::Running | Standing::Waiting)
    }

    /// Its end, or the time that it has run so far.
    pub fn end_us(&self, now_us: Option<u64>) -> u64 {
        self.summary(now_us).elapsed_us
    }

    /// Its chains with their causes.
    pub fn plan(&self, now_us: Option<u64>) -> PlanView {
        let chains = self.chains.iter().map(|chain| {
            let mut view = chain.view.clone();
            if let (Standing::Running, Some(now_us), Some(start_us)) = (view.state, now_us, view.started_us) {
                view.elapsed_us = now_us.saturating_sub(start_us);
            }
            view.causes = crate::causes::of_chain(self, chain).into_iter().map(|cause| cause.text).collect();
            view
        });
        PlanView { chains: chains.collect(), edges: self.edges.clone() }
    }

    /// What its measures are shown against.
    pub fn setting(&self) -> Setting {
        let RunSummary { budget_bytes, threads, .. } = self.summary;
        Setting { budget_bytes, threads, cores: self.cores }
    }

    /// The label of a chain.
    pub fn label(&self, chain: usize) -> &str {
        self.chains.get(chain).map_or("", |chain| chain.view.label.as_str())
    }

    /// Keeps less of a run that is long over.
    pub fn shrink(&mut self) {
        self.tracks.coarsen(2000);
        self.samples.thin(450);
        self.table.shrink(300);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_right_to_an_eighth() {
        let mut durations = Durations::default();
        assert_eq!(durations.median_ns(), None);
        (1..=999u64).for_each(|i| durations.add(i * 1000));
        let median = durations.median_ns().unwrap();
        assert!((440_000..560_000).contains(&median), "{median}");
    }

    #[test]
    fn any_duration_has_a_class() {
        for ns in [0, 1, 7, 8, 9, 1 << 40, u64::MAX] {
            let middle = middle_of(class_of(ns));
            assert!(middle >= ns.max(8) / 8 * 7 && middle / 9 <= ns.max(9) / 8, "{ns}: {middle}");
        }
    }
}
