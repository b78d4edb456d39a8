//! What a run that goes on does now: samples, and the work under way.

use std::time::Instant;

use super::{LiveRun, UnderWay, micros};
use crate::lanes::Bar;
use crate::series::Sample;
use crate::table::Entry;

impl LiveRun {
    /// Whether it is time for a sample.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.log.samples.is_due(micros(self.ns(now)))
    }

    /// Takes in what was measured of the process.
    pub(crate) fn sample(&mut self, now: Instant, measured: &Sample) {
        let mut sample = Sample { at_us: micros(self.ns(now)), ..measured.clone() };
        sample.spill_written_bytes = self.spill_written_bytes;
        let running: u64 = self.running_bars().iter().map(|(_, bar)| bar.busy_ns).sum();
        sample.busy_us = micros(self.log.tracks.busy_ns().saturating_add(running));
        sample.worker_bytes = vec![0; self.log.summary.threads as usize];
        for under_way in self.under_way.values() {
            let worker = under_way.worker.and_then(|(worker, _)| sample.worker_bytes.get_mut(worker as usize));
            if let Some(bytes) = worker {
                *bytes += under_way.permit_bytes;
            }
        }
        self.log.samples.push(sample);
    }

    /// The work under way, as bars that end now.
    pub(crate) fn running_bars(&self) -> Vec<(u32, Bar)> {
        let now_ns = self.ns(Instant::now());
        let tasks = self.under_way.iter().filter_map(|((chain, task), under_way)| {
            under_way.worker.map(|(worker, start)| (worker, *chain, Some(*task as u64), start))
        });
        let calls = self
            .calls
            .iter()
            .flat_map(|(lane, calls)| calls.first().map(|(chain, start)| (*lane, *chain, None, *start)));
        let bars = tasks.chain(calls).map(|(worker, chain, task, start)| {
            let start_ns = self.ns(start);
            let chain = u32::try_from(chain).unwrap_or(u32::MAX);
            let busy_ns = now_ns.saturating_sub(start_ns);
            (worker, Bar { start_ns, end_ns: now_ns.max(start_ns), busy_ns, chain, task, tasks: 1, failed: 0 })
        });
        bars.collect()
    }

    /// The tasks under way, as they are listed.
    pub(crate) fn running_entries(&self) -> Vec<Entry> {
        let entry = |((chain, task), under_way): (&(usize, usize), &UnderWay)| {
            let (worker, start) = under_way.worker?;
            Some(Entry {
                chain: u32::try_from(*chain).ok()?,
                task: *task as u64,
                worker,
                start_ns: self.ns(start),
                wait_us: under_way.wait_us,
                elapsed_ns: self.ns(Instant::now()).saturating_sub(self.ns(start)),
                permit_bytes: under_way.permit_bytes,
                ..Entry::default()
            })
        };
        self.under_way.iter().filter_map(entry).collect()
    }
}
