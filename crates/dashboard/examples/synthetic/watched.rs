//! Made runs as something to watch.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use blockfold_watch::view::{Flame, Lanes, PlanView, RunSummary, Series, System, TaskPage, TaskQuery, Watched};

use crate::made::{BUDGET, Made};

/// What time it is in the run that is still going on.
pub enum Clock {
    /// As long as it has been watched.
    #[allow(dead_code, reason = "tests set the clock")]
    Real(Instant),
    /// What was set last.
    Set(AtomicU64),
}

impl Clock {
    fn now_us(&self) -> u64 {
        match self {
            Self::Real(start) => u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
            Self::Set(us) => us.load(Ordering::Relaxed),
        }
    }
}

/// Some finished runs, and a last one that goes on with the clock.
pub struct Synthetic {
    runs: Vec<Made>,
    clock: Clock,
    started_unix_ms: u64,
    live: bool,
}

impl Synthetic {
    /// Runs of a hundred thousand tasks, of ten million, one that fails, and one that lasts `seconds`.
    pub fn new(clock: Clock, seconds: u64) -> Self {
        let made =
            |id, label, tasks, workers, period_us, failing| Made { id, label, tasks, workers, period_us, failing };
        let runs = vec![
            made(1, "fares by zone, 100,000 tasks", 100_000, 64, 10_000, None),
            made(2, "fares by zone, one file corrupt", 400, 4, 50_000, Some(137)),
            made(3, "ten years of fares, 10 million tasks", 10_000_000, 16, 500, None),
            made(4, "fares by zone of this year", seconds * 40, 4, 100_000, None),
        ];
        Self { runs, clock, started_unix_ms: unix_ms(), live: true }
    }

    /// The last run alone and over, as a recording shows it.
    #[allow(dead_code, reason = "not all who share this show recordings")]
    pub fn recording(self) -> Self {
        let last = self.runs.into_iter().last();
        Self { runs: last.into_iter().collect(), clock: Clock::Set(AtomicU64::new(1 << 40)), live: false, ..self }
    }

    /// Sets the clock of the last run, if it is one that is set.
    pub fn set_us(&self, us: u64) {
        if let Clock::Set(clock) = &self.clock {
            clock.store(us, Ordering::Relaxed);
        }
    }

    fn find(&self, run: u64) -> Option<(&Made, u64)> {
        let made = self.runs.iter().find(|made| made.id == run)?;
        let is_last = self.runs.last().is_some_and(|last| last.id == run);
        Some((made, if is_last { self.clock.now_us() } else { u64::MAX }))
    }
}

fn unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

impl Watched for Synthetic {
    fn runs(&self) -> Vec<RunSummary> {
        let summary = |made: &Made| {
            let (_, now_us) = self.find(made.id)?;
            Some(made.summary(now_us, self.started_unix_ms - (4 - made.id) * 3_600_000))
        };
        self.runs.iter().filter_map(summary).collect()
    }

    fn version(&self, run: Option<u64>) -> u64 {
        let last = self.runs.last().map_or(0, |made| made.id);
        if run.is_some_and(|run| run != last) {
            return 1;
        }
        let end = self.runs.last().map_or(0, Made::length_us);
        match &self.clock {
            Clock::Real(_) => 1 + self.clock.now_us().min(end + 20_000) / 20_000,
            Clock::Set(_) => 1 + self.clock.now_us(),
        }
    }

    fn plan(&self, run: u64) -> Option<PlanView> {
        self.find(run).map(|(made, now)| made.plan(now))
    }

    fn lanes(&self, run: u64, from_us: u64, to_us: Option<u64>, pixels: usize) -> Option<Lanes> {
        self.find(run).map(|(made, now)| made.lanes(now, from_us, to_us, pixels))
    }

    fn series(&self, run: u64, from_us: u64, to_us: Option<u64>, points: usize) -> Option<Series> {
        self.find(run).map(|(made, now)| made.series(now, from_us, to_us, points))
    }

    fn tasks(&self, run: u64, query: &TaskQuery) -> Option<TaskPage> {
        self.find(run).map(|(made, now)| made.tasks(now, query))
    }

    fn flame(&self, run: u64) -> Option<Flame> {
        let flame = |name: &str, us, children| Flame { name: name.to_owned(), us, children };
        self.find(run).map(|_| {
            let decode =
                flame("decode", 420_000, vec![flame("snappy", 250_000, vec![]), flame("dictionary", 90_000, vec![])]);
            let read = flame("read parquet", 600_000, vec![decode]);
            let fold = flame("fold", 300_000, vec![flame("hash", 180_000, vec![]), flame("sum", 60_000, vec![])]);
            let sort = flame("sort", 150_000, vec![flame("sort_multi", 140_000, vec![])]);
            flame("all", 1_050_000, vec![read, fold, sort])
        })
    }

    fn causes(&self, run: u64) -> Option<Vec<String>> {
        self.find(run).map(|(made, now)| made.causes(now))
    }

    fn system(&self) -> System {
        System {
            version: "0.1.0".to_owned(),
            pid: std::process::id(),
            threads: 4,
            cores: 2,
            cpu: "a made processor".to_owned(),
            budget_bytes: BUDGET,
            memory_bytes: 24 << 30,
            resident_bytes: 700 << 20,
            scratch: "/tmp/blockfold-1234".to_owned(),
            scratch_free_bytes: 80 << 30,
            more: vec![("kernel".to_owned(), "6.1".to_owned())],
        }
    }

    fn is_live(&self) -> bool {
        self.live
    }
}
