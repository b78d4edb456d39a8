//! A run that never ran: every task is computed from its number, so that ten million of them need no memory.

use blockfold_watch::view::{
    ChainView, Lane, Lanes, PlanView, Rect, RunSummary, Series, Standing, TaskPage, TaskQuery, TaskRow,
};

const MIB: u64 = 1 << 20;
pub const BUDGET: u64 = 1024 * MIB;
/// Buckets with more tasks than this take their mean as busy.
const COUNTED: u64 = 64;

/// What a made run is made from. Worker `w` of `W` runs tasks `w`, `w + W`, `w + 2 W`, ..., one each period.
pub struct Made {
    pub id: u64,
    pub label: &'static str,
    pub tasks: u64,
    pub workers: u64,
    pub period_us: u64,
    /// The task that fails, and with it the run.
    pub failing: Option<u64>,
}

const CHAINS: [(&str, &[&str]); 4] = [
    (
        "read parquet > filter > fold",
        &["read trips/*.parquet: zone, fare, distance", "filter fare > 0", "fold sum(fare), count by zone"],
    ),
    ("merge", &["merge partials in a tree of fan-in 2"]),
    (
        "read zones > join > exchange",
        &["read zones.parquet", "join inner on zone", "exchange by hash of borough, 16 parts"],
    ),
    ("sort > write", &["sort by total, descending", "write out/fares"]),
];

impl Made {
    /// How long task `task` takes: between half of the period and all but a little of it.
    fn duration_us(&self, task: u64) -> u64 {
        let hash = task.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        self.period_us / 2 + (self.period_us * 48 / 100) * (hash % 1000) / 1000
    }

    fn start_us(&self, task: u64) -> u64 {
        (task / self.workers) * self.period_us + (task % self.workers) * self.period_us / self.workers
    }

    fn end_us(&self, task: u64) -> u64 {
        self.start_us(task) + self.duration_us(task)
    }

    fn chain(&self, task: u64) -> usize {
        usize::try_from(task * 4 / self.tasks).unwrap_or(0).min(3)
    }

    fn fails(&self, task: u64) -> bool {
        self.failing == Some(task)
    }

    /// The last moment at which something of it happens.
    pub fn length_us(&self) -> u64 {
        match self.failing {
            Some(task) => self.end_us(task),
            None => {
                (self.tasks.saturating_sub(self.workers)..self.tasks).map(|task| self.end_us(task)).max().unwrap_or(0)
            }
        }
    }

    pub fn state(&self, now_us: u64) -> Standing {
        match self.failing {
            _ if now_us < self.length_us() => Standing::Running,
            Some(_) => Standing::Failed,
            None => Standing::Done,
        }
    }

    fn started_by(&self, now_us: u64) -> u64 {
        (0..self.workers).map(|worker| self.count(worker, now_us, |task, at| self.start_us(task) <= at)).sum()
    }

    fn ended_by(&self, now_us: u64) -> u64 {
        (0..self.workers).map(|worker| self.count(worker, now_us, |task, at| self.end_us(task) <= at)).sum()
    }

    /// Tasks of `worker` for which `by` holds; it holds for the first ones.
    fn count(&self, worker: u64, now_us: u64, by: impl Fn(u64, u64) -> bool) -> u64 {
        let of_worker = (self.tasks + self.workers - 1 - worker) / self.workers;
        let around = (now_us / self.period_us).min(of_worker);
        (around.saturating_sub(1)..(around + 2).min(of_worker))
            .take_while(|k| by(k * self.workers + worker, now_us))
            .count() as u64
            + around.saturating_sub(1)
    }

    pub fn summary(&self, now_us: u64, started_unix_ms: u64) -> RunSummary {
        let now_us = now_us.min(self.length_us());
        let ended = self.ended_by(now_us);
        let failed = u64::from(self.state(now_us) == Standing::Failed);
        RunSummary {
            id: self.id,
            label: self.label.to_owned(),
            started_unix_ms,
            elapsed_us: now_us,
            state: self.state(now_us),
            tasks: self.tasks,
            tasks_done: ended - failed,
            tasks_failed: failed,
            rows_read: ended * 65_536,
            bytes_read: ended * 2 * MIB,
            spilled_bytes: self.spilled(now_us),
            peak_bytes: 900 * MIB,
            budget_bytes: BUDGET,
            threads: u32::try_from(self.workers).unwrap_or(u32::MAX),
            error: (failed == 1).then(|| self.error()),
            dropped_events: 0,
        }
    }

    fn error(&self) -> String {
        "trips/2024-07.parquet: column `fare` in row group 12: page checksum differs (<corrupt> & unreadable)"
            .to_owned()
    }

    fn spilled(&self, now_us: u64) -> u64 {
        let half = self.length_us() / 2;
        now_us.min(self.length_us()).saturating_sub(half) * 3000 * MIB / half.max(1)
    }

    pub fn plan(&self, now_us: u64) -> PlanView {
        let now_us = now_us.min(self.length_us());
        let (started, ended) = (self.started_by(now_us), self.ended_by(now_us));
        let chains = (0..4u64).map(|chain| self.chain_view(chain, now_us, started, ended)).collect();
        PlanView { chains, edges: vec![(0, 1), (1, 2), (2, 3)] }
    }

    fn chain_view(&self, chain: u64, now_us: u64, started: u64, ended: u64) -> ChainView {
        let (label, steps) = CHAINS[usize::try_from(chain).unwrap_or(0)];
        let (first, end) = (self.tasks * chain / 4, self.tasks * (chain + 1) / 4);
        let within = |count: u64| count.clamp(first, end) - first;
        let failed =
            self.failing.is_some_and(|task| (first..end).contains(&task)) && self.state(now_us) == Standing::Failed;
        let done = within(ended) - u64::from(failed);
        let state = match () {
            () if failed => Standing::Failed,
            () if done == end - first => Standing::Done,
            () if within(started) > 0 && self.state(now_us) == Standing::Failed => Standing::Cancelled,
            () if within(started) > 0 => Standing::Running,
            () => Standing::Waiting,
        };
        let start = self.start_us(first);
        let until = if state == Standing::Done { self.end_us(end - 1) } else { now_us };
        ChainView {
            chain: usize::try_from(chain).unwrap_or(0),
            label: label.to_owned(),
            steps: steps.iter().map(|&step| step.to_owned()).collect(),
            state,
            tasks: end - first,
            tasks_started: within(started),
            tasks_done: done,
            rows_in: done * 65_536,
            rows_expected: Some((end - first) * 65_536),
            rows_out: done * 1_000,
            bytes_read: if chain.is_multiple_of(2) { done * 2 * MIB } else { 0 },
            spilled_bytes: if chain == 2 { self.spilled(now_us) } else { 0 },
            projected_bytes: (chain + 1) * 200 * MIB,
            peak_bytes: (chain + 1) * 180 * MIB * u64::from(within(started) > 0),
            started_us: (within(started) > 0).then_some(start),
            elapsed_us: if within(started) > 0 { until.saturating_sub(start) } else { 0 },
            causes: if chain == 2 { vec![SPILLED.to_owned()] } else { Vec::new() },
        }
    }

    pub fn causes(&self, now_us: u64) -> Vec<String> {
        let mut causes = Vec::new();
        if self.state(now_us) == Standing::Failed {
            causes.push(format!("Task {} of `{}` failed: {}", self.failing.unwrap_or(0), CHAINS[1].0, self.error()));
        }
        if self.spilled(now_us) > 0 {
            causes.push(SPILLED.to_owned());
        }
        causes.push(
            "`filter fare > 0` skipped no row group: fare has no statistics; sorted files would let it skip."
                .to_owned(),
        );
        causes
    }

    pub fn lanes(&self, now_us: u64, from_us: u64, to_us: Option<u64>, pixels: usize) -> Lanes {
        let now_us = now_us.min(self.length_us());
        let to_us = to_us.unwrap_or(now_us).max(from_us + 1);
        let pixel_us = ((to_us - from_us) / pixels as u64).max(1);
        let until = to_us.min(now_us);
        let lane = |worker| Lane {
            worker: u32::try_from(worker).unwrap_or(u32::MAX),
            name: format!("worker {worker}"),
            rects: self.rects(worker, from_us, until, pixel_us),
        };
        Lanes { from_us, to_us, lanes: (0..self.workers).map(lane).collect() }
    }

    fn rects(&self, worker: u64, from_us: u64, until: u64, pixel_us: u64) -> Vec<Rect> {
        let together = (pixel_us / self.period_us).max(1);
        let mut rects = Vec::new();
        let mut first = from_us / self.period_us;
        first -= first % together;
        loop {
            let task = |k: u64| k * self.workers + worker;
            let started = |k: &u64| task(*k) < self.tasks && self.start_us(task(*k)) < until;
            let count = (first..first + together).rev().find(started).map_or(0, |last| last + 1 - first);
            if count == 0 {
                return rects;
            }
            rects.push(self.rect(&(first..first + count), task, until));
            first += together;
        }
    }

    fn rect(&self, of_worker: &std::ops::Range<u64>, task: impl Fn(u64) -> u64, until: u64) -> Rect {
        let (first, last) = (task(of_worker.start), task(of_worker.end - 1));
        let count = of_worker.end - of_worker.start;
        let end_us = self.end_us(last).min(until);
        let start_us = self.start_us(first);
        let busy: u64 = if count <= COUNTED {
            of_worker.clone().map(|k| self.duration_us(task(k))).sum()
        } else {
            count * self.period_us * 74 / 100
        };
        let fails = of_worker.clone().any(|k| self.fails(task(k))) && self.state(until) == Standing::Failed;
        Rect {
            start_us,
            end_us,
            busy_us: busy.min(end_us - start_us),
            chain: u32::try_from(self.chain(task(of_worker.start + count / 2))).unwrap_or(0),
            task: (count == 1).then_some(first),
            tasks: u32::try_from(count).unwrap_or(u32::MAX),
            failed: u32::from(fails),
        }
    }

    pub fn series(&self, now_us: u64, from_us: u64, to_us: Option<u64>, points: usize) -> Series {
        let now_us = now_us.min(self.length_us());
        let to_us = to_us.unwrap_or(now_us).max(from_us + 1);
        let points = points.clamp(2, 2_000) as u64;
        let step_us = ((to_us - from_us) / (points - 1)).max(1);
        let mut series = Series { from_us, step_us, ..Series::default() };
        let mut column = |name: &str, value: &dyn Fn(f64) -> f64| {
            let at = |point| from_us + point * step_us;
            let value = |us: u64| (us <= now_us).then(|| value(us as f64 / self.length_us() as f64));
            series.columns.insert(name.to_owned(), (0..points).map(|point| value(at(point))).collect());
        };
        let mib = MIB as f64;
        let wave = |x: f64, turns: f64| 0.5 + 0.5 * (x * turns).sin();
        column("budget", &|_| BUDGET as f64);
        column("promised", &|x| (500.0 + 380.0 * wave(x, 40.0)) * mib);
        column("used", &|x| (300.0 + 300.0 * wave(x, 40.0)) * mib);
        column("resident", &|x| (420.0 + 250.0 * wave(x, 38.0)) * mib);
        column("spilled", &|x| (x - 0.5).max(0.0) * 6000.0 * mib);
        column("disk_read", &|x| 800.0 * wave(x, 60.0) * mib);
        column("disk_written", &|x| if x > 0.5 { 300.0 * mib } else { 0.0 });
        column("spill_rate", &|x| if x > 0.5 { 250.0 * wave(x, 90.0) * mib } else { 0.0 });
        column("cpu", &|x| 0.7 + 0.25 * wave(x, 50.0));
        column("occupancy", &|x| 0.75 + 0.25 * wave(x, 30.0));
        for worker in 0..self.workers {
            column(&format!("worker.{worker}"), &|x| (40.0 + 60.0 * wave(x, 40.0 + worker as f64)) * mib);
        }
        series
    }

    /// At most twenty thousand tasks are known one by one.
    pub fn tasks(&self, now_us: u64, query: &TaskQuery) -> TaskPage {
        let now_us = now_us.min(self.length_us());
        let text = query.text.to_lowercase();
        let stride = (self.tasks / 20_000).max(1);
        let mut rows: Vec<TaskRow> = (0..self.tasks)
            .filter(|task| task % stride == 0 || self.fails(*task))
            .take_while(|task| self.start_us(*task) < now_us)
            .map(|task| self.row(task, now_us))
            .filter(|row| query.chain.is_none_or(|chain| chain == row.chain))
            .filter(|row| query.state.is_none_or(|state| state == row.state))
            .filter(|row| {
                format!("{} {}", row.label, row.error.as_deref().unwrap_or_default()).to_lowercase().contains(&text)
            })
            .collect();
        let (down, key) = query.sort.strip_prefix('-').map_or((false, &query.sort[..]), |key| (true, key));
        rows.sort_by_key(|row| {
            let value = match key {
                "elapsed" => row.elapsed_us,
                "wait" => row.wait_us,
                "permit_bytes" => row.permit_bytes,
                "rows" => row.rows,
                "bytes" => row.bytes,
                _ => row.start_us,
            };
            if down { u64::MAX - value } else { value }
        });
        let matching = rows.len() as u64 * stride;
        TaskPage { matching, tasks: self.tasks, rows: rows.into_iter().skip(query.offset).take(query.limit).collect() }
    }

    fn row(&self, task: u64, now_us: u64) -> TaskRow {
        let chain = self.chain(task);
        let ended = self.end_us(task) <= now_us;
        let failed = ended && self.fails(task);
        TaskRow {
            chain,
            task,
            label: CHAINS[chain].0.to_owned(),
            worker: u32::try_from(task % self.workers).unwrap_or(0),
            state: if failed {
                Standing::Failed
            } else if ended {
                Standing::Done
            } else {
                Standing::Running
            },
            start_us: self.start_us(task),
            wait_us: self.duration_us(task) / 10,
            elapsed_us: self.end_us(task).min(now_us) - self.start_us(task),
            permit_bytes: 64 * MIB,
            rows: 65_536,
            bytes: 2 * MIB,
            error: failed.then(|| self.error()),
        }
    }
}

const SPILLED: &str = "`exchange by hash of borough` wrote to scratch because its rows did not fit two fifths of the budget of \
    1 GiB: a budget of 4.2 GiB would keep them in memory.";
