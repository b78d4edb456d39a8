//! A run that goes on: what its events change in its log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use blockfold_exec::{ChainReport, Event, Record, RunEnd, RunPlan, RunReport, Work};

use crate::lanes::Bar;
use crate::log::{ChainLog, RunLog};
use crate::process;
use crate::series::Sample;
use crate::table::Entry;
use crate::view::{ChainView, RunSummary, Standing};

/// Calls of so many names are told apart; others are one chain.
const MOST_NAMES: usize = 200;

/// A run with what only matters while it goes on.
pub struct LiveRun {
    pub(crate) log: RunLog,
    pub(crate) version: u64,
    /// Events that were dropped before it started.
    pub(crate) dropped_before: u64,
    start: Instant,
    /// Tasks that have a permit and have not ended.
    under_way: HashMap<(usize, usize), UnderWay>,
    /// Calls that have not ended, by lane: a call may run another.
    calls: HashMap<u32, Vec<(usize, Instant)>>,
    names: HashMap<Arc<str>, usize>,
    /// Bytes that the run wrote to scratch so far.
    spill_written_bytes: u64,
}

#[derive(Clone, Copy)]
struct UnderWay {
    permit_bytes: u64,
    wait_us: u64,
    /// The worker that runs it and since when, once one does.
    worker: Option<(u32, Instant)>,
}

impl LiveRun {
    /// A run that starts with this record.
    pub(crate) fn start(record: &Record, started_unix_ms: u64) -> Option<LiveRun> {
        let Event::RunStarted { run, plan } = &record.event else { return None };
        let summary = RunSummary {
            id: *run,
            label: plan.label.clone(),
            started_unix_ms,
            state: Standing::Running,
            budget_bytes: plan.budget_bytes,
            threads: u32::try_from(plan.threads).unwrap_or(u32::MAX),
            ..RunSummary::default()
        };
        let edges = plan.edges.clone();
        let mut log = RunLog { summary, chains: chains_of(plan), edges, cores: process::cores(), ..RunLog::default() };
        let is_of_calls = plan.chains.is_empty();
        for worker in (0..log.summary.threads).filter(|_| !is_of_calls) {
            log.tracks.name(worker, format!("blockfold-{worker}"));
        }
        Some(LiveRun {
            log,
            version: 0,
            dropped_before: 0,
            start: record.at,
            under_way: HashMap::new(),
            calls: HashMap::new(),
            names: HashMap::new(),
            spill_written_bytes: 0,
        })
    }

    /// Time since its start, while it runs.
    pub(crate) fn now_us(&self) -> Option<u64> {
        self.log.is_running().then(|| micros(self.ns(Instant::now())))
    }

    fn ns(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }

    /// Changes the log as an event of the run says.
    pub(crate) fn take(&mut self, record: &Record, name_of: impl Fn(u32) -> String) {
        match &record.event {
            Event::ChainStarted { chain, tasks, rows, .. } => self.chain_started(record.at, *chain, *tasks, *rows),
            Event::TaskPermitted { chain, task, permit_bytes, waited, .. } => {
                let wait_us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
                self.permitted((*chain, *task), *permit_bytes, wait_us);
            }
            Event::TaskStarted { chain, task, worker, .. } => {
                if let Some(under_way) = self.under_way.get_mut(&(*chain, *task)) {
                    under_way.worker = Some((*worker, record.at));
                }
            }
            Event::TaskFinished { chain, task, work, rows_read, bytes_read, promised_bytes } => {
                let summary = &mut self.log.summary;
                (summary.rows_read, summary.bytes_read) = (*rows_read, *bytes_read);
                summary.peak_bytes = summary.peak_bytes.max(*promised_bytes);
                summary.tasks_done += 1;
                self.worked(*chain, Some(*task), work, None);
            }
            Event::PieceFinished { chain, work } => self.worked(*chain, None, work, None),
            Event::TaskFailed { chain, task, work, error } => {
                self.log.summary.tasks_failed += 1;
                if let Some(chain) = self.log.chains.get_mut(*chain) {
                    chain.view.state = Standing::Failed;
                }
                self.worked(*chain, Some(*task), work, Some(error.to_string()));
            }
            Event::Spilled { chain, bytes, total, .. } => {
                self.spill_written_bytes = *total;
                self.log.summary.spilled_bytes = *total;
                if let Some(chain) = self.log.chains.get_mut(*chain) {
                    chain.view.spilled_bytes += bytes;
                }
            }
            Event::Dropped { memory_bytes, .. } => self.log.totals.dropped_bytes += memory_bytes,
            Event::ChainFinished { chain, report, .. } => self.chain_finished(record.at, *chain, report),
            Event::CallStarted { name, .. } => {
                let chain = self.chain_of_call(name, record.at);
                self.calls.entry(record.lane).or_default().push((chain, record.at));
            }
            Event::CallFinished { name, start, elapsed, bytes, error, .. } => {
                let chain = self.chain_of_call(name, *start);
                let elapsed_ns = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
                if !self.log.tracks.has(record.lane) {
                    self.log.tracks.name(record.lane, name_of(record.lane));
                }
                self.called(record.lane, chain, (*start, elapsed_ns), bytes.unwrap_or(0), error.as_deref());
            }
            Event::RunFinished { elapsed, end, report, .. } => {
                self.log.summary.elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
                self.finished(end, report);
            }
            _ => {}
        }
    }

    fn chain_started(&mut self, at: Instant, chain: usize, tasks: usize, rows: Option<u64>) {
        self.log.summary.tasks += tasks as u64;
        let started_us = micros(self.ns(at));
        let Some(chain) = self.log.chains.get_mut(chain) else { return };
        chain.view.state = Standing::Running;
        chain.view.tasks = tasks as u64;
        chain.view.started_us = Some(started_us);
        chain.view.rows_expected = rows.or(chain.view.rows_expected);
    }

    fn permitted(&mut self, key: (usize, usize), permit_bytes: u64, wait_us: u64) {
        let is_new = self.under_way.insert(key, UnderWay { permit_bytes, wait_us, worker: None }).is_none();
        let Some(chain) = self.log.chains.get_mut(key.0) else { return };
        if is_new {
            chain.view.tasks_started = (chain.view.tasks_started + 1).min(chain.view.tasks);
        }
        chain.task_bytes = chain.task_bytes.max(permit_bytes);
        chain.waited_us += wait_us;
    }

    /// A piece of work of a chain ended: a task, or something beside tasks.
    fn worked(&mut self, chain: usize, task: Option<usize>, work: &Work, error: Option<String>) {
        let (start_ns, elapsed_ns) = (self.ns(work.start), u64::try_from(work.elapsed.as_nanos()).unwrap_or(u64::MAX));
        let chain_number = u32::try_from(chain).unwrap_or(u32::MAX);
        self.log.tracks.push(work.worker, Bar {
            start_ns,
            end_ns: start_ns.saturating_add(elapsed_ns),
            busy_ns: elapsed_ns,
            chain: chain_number,
            task: task.map(|task| task as u64),
            tasks: u32::from(task.is_some()),
            failed: u32::from(error.is_some()),
        });
        if let Some(log) = self.log.chains.get_mut(chain) {
            log.busy_ns = log.busy_ns.saturating_add(elapsed_ns);
            log.view.rows_in += work.tally.rows_in;
            log.view.bytes_read += work.tally.bytes_in;
            if let Some(task) = task {
                count_task(log, task as u64, elapsed_ns, error.is_some());
            }
        }
        let Some(task) = task else { return };
        let under_way = self.under_way.remove(&(chain, task));
        self.log.table.push(Entry {
            chain: chain_number,
            task: task as u64,
            worker: work.worker,
            start_ns,
            wait_us: under_way.map_or(0, |under_way| under_way.wait_us),
            elapsed_ns,
            permit_bytes: under_way.map_or(0, |under_way| under_way.permit_bytes),
            rows: work.tally.rows_in,
            bytes: work.tally.bytes_in,
            error,
        });
    }

    fn chain_finished(&mut self, at: Instant, chain: usize, report: &ChainReport) {
        let now_us = micros(self.ns(at));
        self.log.summary.peak_bytes = self.log.summary.peak_bytes.max(report.peak_bytes);
        let Some(log) = self.log.chains.get_mut(chain) else { return };
        log.view.elapsed_us = now_us.saturating_sub(log.view.started_us.unwrap_or(now_us));
        if log.view.state != Standing::Failed {
            log.view.state = Standing::Done;
        }
        log.view.rows_in = report.rows_in;
        log.view.rows_out = report.rows_out;
        log.view.bytes_read = report.read_bytes;
        log.view.spilled_bytes = report.spilled_bytes;
        log.view.peak_bytes = report.peak_bytes;
        log.unspilled_bytes = report.unspilled_bytes;
        log.task_bytes = log.task_bytes.max(report.task_bytes);
        log.kept_bytes = report.kept_bytes;
        log.why_spilled = report.why_spilled();
        log.skipped = report.groups_skipped + report.pages_skipped;
    }

    /// The chain that stands for calls of a name.
    fn chain_of_call(&mut self, name: &Arc<str>, at: Instant) -> usize {
        if let Some(chain) = self.names.get(name) {
            return *chain;
        }
        let is_other = self.names.len() >= MOST_NAMES;
        let started_us = Some(micros(self.ns(at)));
        if !is_other || self.log.chains.len() <= MOST_NAMES {
            let label = if is_other { "other calls".to_string() } else { name.to_string() };
            let (chain, state) = (self.log.chains.len(), Standing::Running);
            let view = ChainView { chain, label, state, started_us, ..ChainView::default() };
            self.log.chains.push(ChainLog { view, ..ChainLog::default() });
        }
        let chain = self.log.chains.len() - 1;
        if !is_other {
            self.names.insert(name.clone(), chain);
        }
        chain
    }

    fn called(&mut self, lane: u32, chain: usize, (start, elapsed_ns): (Instant, u64), bytes: u64, error: Option<&str>) {
        let started = self.calls.get_mut(&lane).and_then(Vec::pop);
        let start_ns = self.ns(started.map_or(start, |started| started.1.min(start)));
        let task = self.log.summary.tasks;
        self.log.summary.tasks += 1;
        let chain_number = u32::try_from(chain).unwrap_or(u32::MAX);
        let (end_ns, failed) = (start_ns.saturating_add(elapsed_ns), u32::from(error.is_some()));
        let bar = Bar { start_ns, end_ns, busy_ns: elapsed_ns, chain: chain_number, task: Some(task), tasks: 1, failed };
        self.log.tracks.push(lane, bar);
        match error {
            None => self.log.summary.tasks_done += 1,
            Some(_) => self.log.summary.tasks_failed += 1,
        }
        if let Some(log) = self.log.chains.get_mut(chain) {
            log.busy_ns = log.busy_ns.saturating_add(elapsed_ns);
            log.view.tasks += 1;
            log.view.tasks_started += 1;
            log.view.elapsed_us = micros(end_ns).saturating_sub(log.view.started_us.unwrap_or(0));
            count_task(log, task, elapsed_ns, error.is_some());
        }
        let error = error.map(str::to_string);
        let (chain, worker) = (chain_number, lane);
        self.log.table.push(Entry { chain, task, worker, start_ns, elapsed_ns, bytes, error, ..Entry::default() });
    }

    fn finished(&mut self, end: &RunEnd, report: &RunReport) {
        let state = match end {
            RunEnd::Done => Standing::Done,
            RunEnd::Failed(error) => {
                self.log.summary.error = Some(error.to_string());
                Standing::Failed
            }
            RunEnd::Cancelled => Standing::Cancelled,
        };
        self.log.summary.state = state;
        for chain in &mut self.log.chains {
            if chain.view.state == Standing::Running {
                chain.view.state = state;
            }
        }
        self.under_way.clear();
        self.calls.clear();
        if report.chains.is_empty() {
            return;
        }
        let summary = &mut self.log.summary;
        (summary.rows_read, summary.bytes_read) = (report.rows_read, report.bytes_read);
        summary.spilled_bytes = report.spilled_bytes;
        summary.peak_bytes = summary.peak_bytes.max(report.peak_bytes);
        let totals = &mut self.log.totals;
        (totals.rows_written, totals.bytes_written) = (report.rows_written, report.bytes_written);
        totals.unspilled_bytes = report.unspilled_bytes;
        (totals.groups_skipped, totals.pages_skipped) = (report.groups_skipped, report.pages_skipped);
    }

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
            worker.map(|bytes| *bytes += under_way.permit_bytes).unwrap_or_default();
        }
        self.log.samples.push(sample);
    }

    /// The work under way, as bars that end now.
    pub(crate) fn running_bars(&self) -> Vec<(u32, Bar)> {
        let now_ns = self.ns(Instant::now());
        let tasks = self.under_way.iter().filter_map(|((chain, task), under_way)| {
            under_way.worker.map(|(worker, start)| (worker, *chain, Some(*task as u64), start))
        });
        let calls = self.calls.iter().flat_map(|(lane, calls)| calls.first().map(|(chain, start)| (*lane, *chain, None, *start)));
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

    /// What is known of it now.
    pub(crate) fn snapshot(&self) -> RunLog {
        let mut log = self.log.clone();
        log.summary = log.summary(self.now_us());
        log
    }

    /// Keeps less of a run that is over.
    pub(crate) fn shrink(&mut self) {
        if !self.log.is_running() {
            self.log.shrink();
        }
    }
}

fn micros(ns: u64) -> u64 {
    ns / 1000
}

fn count_task(log: &mut ChainLog, task: u64, elapsed_ns: u64, has_failed: bool) {
    if has_failed {
        return;
    }
    log.view.tasks_done += 1;
    log.view.tasks_started = log.view.tasks_started.max(log.view.tasks_done);
    log.durations.add(elapsed_ns);
    if log.slowest.is_none_or(|(_, slowest_ns)| elapsed_ns > slowest_ns) {
        log.slowest = Some((task, elapsed_ns));
    }
}

fn chains_of(plan: &RunPlan) -> Vec<ChainLog> {
    let log = |(index, chain): (usize, &blockfold_exec::ChainPlan)| ChainLog {
        view: ChainView {
            chain: index,
            label: chain.label.clone(),
            steps: chain.steps.iter().map(|(_, text)| text.clone()).collect(),
            rows_expected: chain.rows,
            projected_bytes: chain.projected_bytes,
            ..ChainView::default()
        },
        names: chain.steps.iter().zip(&chain.names).map(|((id, _), name)| (id.0, name.clone())).collect(),
        estimated_read_bytes: chain.read_bytes,
        estimated_task_bytes: chain.task_bytes,
        estimated_kept_bytes: chain.kept_bytes,
        estimated_scratch_bytes: chain.scratch_bytes,
        ..ChainLog::default()
    };
    plan.chains.iter().enumerate().map(log).collect()
}
