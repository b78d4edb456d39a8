//! Measures over time: samples of the whole run, thinned out evenly when there are too many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::view::Series;

/// Samples kept of a run; at one each 50 ms the first three minutes are kept as they were taken.
pub const MOST_SAMPLES: usize = 3600;

/// What was measured at one time. Times and bytes that grow are sums since the start of the process or of the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in microseconds since the start of the run.
    pub at_us: u64,
    /// Bytes promised to tasks and results.
    pub promised_bytes: u64,
    /// Bytes that the allocator has given out, when it tells.
    pub used_bytes: Option<u64>,
    /// Bytes of the process that are resident.
    pub resident_bytes: Option<u64>,
    /// Bytes in scratch files now.
    pub spilled_bytes: u64,
    /// Bytes of rows that wait in memory for later chains, in the block store.
    pub stored_bytes: u64,
    /// Bytes that the run wrote to scratch so far.
    pub spill_written_bytes: u64,
    /// Bytes that the process read from disks so far.
    pub disk_read_bytes: Option<u64>,
    /// Bytes that the process wrote to disks so far.
    pub disk_written_bytes: Option<u64>,
    /// Processor time of the process so far.
    pub cpu_us: Option<u64>,
    /// Time that all workers worked for the run so far.
    pub busy_us: u64,
    /// Bytes promised to the task of each worker.
    pub worker_bytes: Vec<u64>,
}

/// The samples of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Samples {
    /// In the order of time.
    pub samples: Vec<Sample>,
    /// The least time between two samples.
    pub step_us: u64,
    most_samples: usize,
}

impl Default for Samples {
    fn default() -> Self {
        Samples { samples: Vec::new(), step_us: 50_000, most_samples: MOST_SAMPLES }
    }
}

impl Samples {
    /// Whether it is time for another one.
    pub fn is_due(&self, at_us: u64) -> bool {
        self.samples.last().is_none_or(|last| at_us >= last.at_us.saturating_add(self.step_us))
    }

    /// Takes in a sample that is later than all before.
    pub fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
        if self.samples.len() > self.most_samples {
            self.thin(self.most_samples / 2);
        }
    }

    /// Keeps at most so many samples: of two neighbours the later, with the larger amounts of memory of both.
    pub fn thin(&mut self, most_samples: usize) {
        while self.samples.len() > most_samples.max(2) {
            self.step_us = self.step_us.saturating_mul(2);
            self.samples = self.samples.chunks(2).map(later_of).collect();
        }
    }

    /// The most bytes that were resident.
    pub fn peak_resident_bytes(&self) -> Option<u64> {
        self.samples.iter().filter_map(|sample| sample.resident_bytes).max()
    }

    /// Measures from one time to another, in at most `points` points.
    pub fn view(&self, from_us: u64, to_us: u64, points: usize, of: &Setting) -> Series {
        let points = points.clamp(1, 10_000) as u64;
        let step_us = to_us.saturating_sub(from_us).div_ceil(points).max(1);
        let count = (to_us.saturating_sub(from_us) / step_us + 1).min(points);
        let mut columns: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
        let mut push = |name: &str, value: Option<f64>| match columns.get_mut(name) {
            Some(column) => column.push(value),
            None => drop(columns.insert(name.to_string(), vec![value])),
        };
        let mut before: Option<&Sample> = None;
        let mut next = self.samples.partition_point(|sample| sample.at_us < from_us);
        if let Some(earlier) = next.checked_sub(1).and_then(|earlier| self.samples.get(earlier)) {
            before = Some(earlier);
        }
        let workers = self.samples.iter().map(|sample| sample.worker_bytes.len()).max().unwrap_or(0);
        for point in 0..count {
            let end_us = from_us.saturating_add((point + 1).saturating_mul(step_us));
            let first = next;
            next += self.samples.get(next..).unwrap_or_default().partition_point(|sample| sample.at_us < end_us);
            let here = self.samples.get(first..next).unwrap_or_default();
            let merged = (!here.is_empty()).then(|| later_of(here));
            let gauge = |of: fn(&Sample) -> Option<u64>| merged.as_ref().and_then(of).map(|bytes| bytes as f64);
            push("budget", merged.as_ref().map(|_| of.budget_bytes as f64));
            push("promised", gauge(|sample| Some(sample.promised_bytes)));
            push("used", gauge(|sample| sample.used_bytes));
            push("resident", gauge(|sample| sample.resident_bytes));
            push("spilled", gauge(|sample| Some(sample.spilled_bytes)));
            push("stored", gauge(|sample| Some(sample.stored_bytes)));
            for worker in 0..workers {
                let bytes = merged.as_ref().map(|sample| sample.worker_bytes.get(worker).copied().unwrap_or(0) as f64);
                push(&format!("worker.{worker}"), bytes);
            }
            let rate = |sum: fn(&Sample) -> Option<u64>| rate_of(before?, here.last()?, sum);
            push("disk_read", rate(|sample| sample.disk_read_bytes));
            push("disk_written", rate(|sample| sample.disk_written_bytes));
            push("spill_rate", rate(|sample| Some(sample.spill_written_bytes)));
            let share = |sum: fn(&Sample) -> Option<u64>, of: f64| rate(sum).map(|us| (us / 1e6 / of).clamp(0.0, 1.0));
            push("cpu", share(|sample| sample.cpu_us, f64::from(of.cores.max(1))));
            push("occupancy", share(|sample| Some(sample.busy_us), f64::from(of.threads.max(1))));
            before = here.last().or(before);
        }
        Series { from_us, step_us, columns }
    }
}

/// What measures are shown against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// The session's budget.
    pub budget_bytes: u64,
    /// Its threads.
    pub threads: u32,
    /// Cores that the process may use.
    pub cores: u32,
}

/// The growth a second of a sum between two samples.
fn rate_of(before: &Sample, after: &Sample, sum: impl Fn(&Sample) -> Option<u64>) -> Option<f64> {
    let grown = sum(after)?.saturating_sub(sum(before)?) as f64;
    let us = after.at_us.checked_sub(before.at_us).filter(|us| *us > 0)?;
    Some(grown * 1e6 / us as f64)
}

/// The last of some samples, with the largest amounts of memory of all.
fn later_of(samples: &[Sample]) -> Sample {
    let mut later = samples.last().cloned().unwrap_or_default();
    for sample in samples {
        later.promised_bytes = later.promised_bytes.max(sample.promised_bytes);
        later.used_bytes = later.used_bytes.max(sample.used_bytes);
        later.resident_bytes = later.resident_bytes.max(sample.resident_bytes);
        later.spilled_bytes = later.spilled_bytes.max(sample.spilled_bytes);
        later.stored_bytes = later.stored_bytes.max(sample.stored_bytes);
        for (bytes, other) in later.worker_bytes.iter_mut().zip(&sample.worker_bytes) {
            *bytes = (*bytes).max(*other);
        }
    }
    later
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(i: u64) -> Sample {
        let (cpu_us, worker_bytes) = (Some(i * 50_000), vec![i, 2 * i]);
        Sample { at_us: i * 50_000, promised_bytes: i, cpu_us, worker_bytes, busy_us: i * 25_000, ..Sample::default() }
    }

    #[test]
    fn a_long_run_is_thinned_out_evenly_and_keeps_its_peak() {
        let mut samples = Samples::default();
        (0..20_000).for_each(|i| samples.push(sample(i)));
        assert!(samples.samples.len() <= MOST_SAMPLES && samples.samples.len() > MOST_SAMPLES / 4);
        let steps: Vec<u64> = samples.samples.windows(2).map(|pair| pair[1].at_us - pair[0].at_us).collect();
        assert!(steps.iter().take(100).all(|step| *step == samples.step_us), "{steps:?}");
        assert_eq!(samples.samples.iter().map(|sample| sample.promised_bytes).max(), Some(19_999));
    }

    #[test]
    fn rates_are_growth_a_second_and_shares_of_all_cores() {
        let mut samples = Samples::default();
        (0..100).for_each(|i| samples.push(sample(i)));
        let setting = Setting { budget_bytes: 7, threads: 2, cores: 4 };
        let series = samples.view(0, 4_950_000, 50, &setting);
        assert_eq!((series.columns["cpu"].len(), series.columns["budget"][3]), (50, Some(7.0)));
        assert_eq!(series.columns["cpu"][20], Some(0.25));
        assert_eq!(series.columns["occupancy"][20], Some(0.25));
        assert_eq!(series.columns["worker.1"].last(), Some(&Some(198.0)));
        assert_eq!(series.columns["disk_read"][20], None);
        assert!(series.columns.values().all(|column| column.len() == 50));
    }

    #[test]
    fn a_time_without_samples_has_no_values() {
        let mut samples = Samples::default();
        samples.push(sample(1));
        let series = samples.view(0, 1_000_000, 10, &Setting::default());
        assert_eq!(series.columns["promised"].iter().flatten().count(), 1);
        assert_eq!(Samples::default().view(5, 5, 3, &Setting::default()).columns["cpu"], [None]);
    }
}
