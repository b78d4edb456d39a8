//! Records a session's runs while they go on.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use blockfold_core::Budget;
use blockfold_exec::{Event, Follower, Record, Ring};

use crate::live::LiveRun;
use crate::log::RunLog;
use crate::process;
use crate::recording::Recording;
use crate::series::Sample;
use crate::view::{Flame, Lanes, PlanView, RunSummary, Series, System, TaskPage, TaskQuery, Watched};

/// Runs that are kept; older ones are forgotten.
const MOST_RUNS: usize = 100;

/// Runs that are kept in full; older ones are thinned out.
const FULL_RUNS: usize = 3;

/// What a recorder knows of the session that it records.
#[derive(Clone)]
pub struct About {
    /// The session's budget.
    pub budget: Budget,
    /// Threads of its pool.
    pub threads: usize,
    /// Its scratch folder.
    pub scratch: PathBuf,
    /// Tells the bytes that the block store has in memory and in scratch files now.
    pub stored_bytes: Arc<dyn Fn() -> (u64, u64) + Send + Sync>,
    /// Tells the bytes that the allocator has given out, where somebody knows.
    pub used_bytes: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
}

/// The runs of a session, recorded as they go on; cheap to clone.
///
/// # Memory
/// Some 10 MB for a run of any number of tasks; older runs are thinned out, and the oldest of more than a hundred
/// forgotten.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    about: About,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runs: Vec<LiveRun>,
    version: u64,
}

impl Recorder {
    /// A recorder of a session, which records once its [`Recorder::follower`] follows the session's runs.
    pub fn new(about: About) -> Self {
        Recorder(Arc::new(Shared { about, state: Mutex::default() }))
    }

    /// What is to follow the session's runs.
    pub fn follower(&self) -> Box<dyn Follower> {
        Box::new(Feed { shared: self.0.clone(), last_tick: None, measured: Measured::default() })
    }

    /// All that is recorded now, as a recording.
    pub fn recording(&self) -> Recording {
        let state = self.0.state();
        Recording { system: self.system(), runs: state.runs.iter().map(LiveRun::snapshot).collect() }
    }

    fn with_run<T>(&self, run: u64, f: impl FnOnce(&LiveRun) -> T) -> Option<T> {
        let state = self.0.state();
        state.runs.iter().find(|live| live.log.summary.id == run).map(f)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

}

/// What was measured last of the process.
#[derive(Default)]
struct Measured {
    last: Option<(Instant, Sample)>,
}

/// Asking the system takes some 100 µs; for runs that follow each other faster it is asked once.
const MEASURE_EVERY: Duration = Duration::from_millis(10);

impl Measured {
    /// What is measured of the process, to which a run adds what it counts.
    fn get(&mut self, about: &About, now: Instant) -> Sample {
        let is_fresh = |(at, _): &(Instant, Sample)| now.saturating_duration_since(*at) < MEASURE_EVERY;
        let system = match self.last.take().filter(is_fresh) {
            Some(last) => last,
            None => (now, of_system(about)),
        };
        let (stored_bytes, spilled_bytes) = (about.stored_bytes)();
        let promised_bytes = about.budget.promised_bytes();
        let sample = Sample { promised_bytes, stored_bytes, spilled_bytes, ..system.1.clone() };
        self.last = Some(system);
        sample
    }
}

fn of_system(about: &About) -> Sample {
    let disk = process::disk_bytes();
    Sample {
        used_bytes: about.used_bytes.as_ref().map(|used| used()),
        resident_bytes: process::resident_bytes(),
        disk_read_bytes: disk.map(|disk| disk.0),
        disk_written_bytes: disk.map(|disk| disk.1),
        cpu_us: process::cpu_us(),
        ..Sample::default()
    }
}

/// Takes events and samples in.
struct Feed {
    shared: Arc<Shared>,
    last_tick: Option<Instant>,
    measured: Measured,
}

impl Feed {
    fn start_run(&mut self, state: &mut State, record: &Record) {
        let started_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis());
        let ago_ms = record.at.elapsed().as_millis();
        let Some(mut live) = LiveRun::start(record, u64::try_from(started_ms.saturating_sub(ago_ms)).unwrap_or(0)) else {
            return;
        };
        live.sample(record.at, &self.measured.get(&self.shared.about, record.at));
        if state.runs.len() >= MOST_RUNS {
            state.runs.remove(0);
        }
        if let Some(old) = state.runs.len().checked_sub(FULL_RUNS).and_then(|old| state.runs.get_mut(old)) {
            old.shrink();
        }
        state.runs.push(live);
    }

    fn end_run(&mut self, live: &mut LiveRun, record: &Record, dropped: u64) {
        let about = &self.shared.about;
        live.sample(record.at, &self.measured.get(about, record.at));
        let has_spilled = live.log.summary.spilled_bytes > 0;
        live.log.scratch_free_bytes = has_spilled.then(|| process::free_bytes(&about.scratch)).flatten();
        live.log.summary.dropped_events = dropped.saturating_sub(live.dropped_before);
    }
}

impl Follower for Feed {
    fn records(&mut self, records: &[Record], ring: &Ring) {
        let shared = self.shared.clone();
        let mut state = shared.state();
        state.version += 1;
        for record in records {
            let run = record.event.run();
            let is_start = matches!(record.event, Event::RunStarted { .. });
            if is_start {
                self.start_run(&mut state, record);
            }
            let version = state.version;
            let Some(live) = state.runs.iter_mut().rev().find(|live| live.log.summary.id == run) else { continue };
            if is_start {
                live.dropped_before = ring.dropped();
            }
            live.take(record, |lane| ring.lane_name(lane));
            live.version = version;
            if matches!(record.event, Event::RunFinished { .. }) {
                self.end_run(live, record, ring.dropped());
            }
        }
    }

    fn tick(&mut self, now: Instant, ring: &Ring) -> bool {
        let since_us = self.last_tick.map_or(0, |last| now.saturating_duration_since(last).as_micros());
        self.last_tick = Some(now);
        let shared = self.shared.clone();
        let mut guard = shared.state();
        let state = &mut *guard;
        let mut is_busy = false;
        for live in state.runs.iter_mut().filter(|live| live.log.is_running()) {
            is_busy = true;
            live.log.summary.dropped_events = ring.dropped().saturating_sub(live.dropped_before);
            // A thread that slept longer than it should does not know what was in between.
            let us = u64::try_from(since_us).unwrap_or(0).min(50_000);
            let frames = ring.frames().now().flatten().filter(|frame| frame.run == live.log.summary.id);
            frames.for_each(|frame| live.log.profile.add(frame.chain, frame.step.map(|step| step.0), us));
            if live.is_due(now) {
                live.sample(now, &self.measured.get(&self.shared.about, now));
                state.version += 1;
                live.version = state.version;
            }
        }
        is_busy
    }
}

impl Watched for Recorder {
    fn runs(&self) -> Vec<RunSummary> {
        self.0.state().runs.iter().map(|live| live.log.summary(live.now_us())).collect()
    }

    fn version(&self, run: Option<u64>) -> u64 {
        match run {
            None => self.0.state().version,
            Some(run) => self.with_run(run, |live| live.version).unwrap_or(0),
        }
    }

    fn plan(&self, run: u64) -> Option<PlanView> {
        self.with_run(run, |live| live.log.plan(live.now_us()))
    }

    fn lanes(&self, run: u64, from_us: u64, to_us: Option<u64>, pixels: usize) -> Option<Lanes> {
        self.with_run(run, |live| {
            let to_us = to_us.unwrap_or_else(|| live.log.end_us(live.now_us()));
            live.log.tracks.view(from_us, to_us, pixels, &live.running_bars())
        })
    }

    fn series(&self, run: u64, from_us: u64, to_us: Option<u64>, points: usize) -> Option<Series> {
        self.with_run(run, |live| {
            let to_us = to_us.unwrap_or_else(|| live.log.end_us(live.now_us()));
            live.log.samples.view(from_us, to_us, points, &live.log.setting())
        })
    }

    fn tasks(&self, run: u64, query: &TaskQuery) -> Option<TaskPage> {
        self.with_run(run, |live| {
            let label = |chain: usize| live.log.label(chain);
            live.log.table.query(query, live.log.summary.tasks, &live.running_entries(), label)
        })
    }

    fn flame(&self, run: u64) -> Option<Flame> {
        self.with_run(run, |live| live.log.profile.flame(&live.log.summary.label, &live.log.chains))
    }

    fn causes(&self, run: u64) -> Option<Vec<String>> {
        self.with_run(run, |live| crate::causes::of_run(&live.log))
    }

    fn system(&self) -> System {
        let About { budget, threads, scratch, .. } = &self.0.about;
        process::system(u32::try_from(*threads).unwrap_or(u32::MAX), budget.total_bytes(), scratch)
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// The log of a run by its number, for reports.
impl Recorder {
    /// What is recorded of a run.
    pub fn log(&self, run: u64) -> Option<RunLog> {
        self.with_run(run, LiveRun::snapshot)
    }
}
