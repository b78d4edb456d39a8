//! The ring under load: nothing is lost but what it says it dropped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::events::{Event, RunEnd, RunPlan};
use crate::report::RunReport;
use crate::ring::{Follower, Record, Ring};

const THREADS: usize = 4;

/// Keeps which events of each lane came, and is slow when it is told to be.
#[derive(Clone, Default)]
struct Notes {
    tasks: Arc<Mutex<Vec<Vec<usize>>>>,
    others: Arc<AtomicUsize>,
    nap: Duration,
}

impl Follower for Notes {
    fn records(&mut self, records: &[Record], _: &Ring) {
        let mut tasks = self.tasks.lock().unwrap();
        tasks.resize(THREADS, Vec::new());
        for record in records {
            match &record.event {
                Event::TaskStarted { task, .. } => tasks[record.lane as usize].push(*task),
                _ => {
                    self.others.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        std::thread::sleep(self.nap);
    }

    fn tick(&mut self, _: Instant, _: &Ring) -> bool {
        false
    }
}

/// Tells of so many tasks from each thread, with events that say how a run stands among them.
fn tell_from_threads(ring: &Ring, tasks: usize, every: usize) {
    std::thread::scope(|scope| {
        for worker in 0..THREADS as u32 {
            scope.spawn(move || {
                for task in 0..tasks {
                    ring.push(Instant::now(), worker, Event::TaskStarted { run: 1, chain: 0, task, worker });
                    if task % every == 0 {
                        ring.push(Instant::now(), worker, Event::RunStarted { run: 1, plan: Arc::new(RunPlan::default()) });
                    }
                }
            });
        }
    });
    let report = Arc::new(RunReport::default());
    ring.push(Instant::now(), 0, Event::RunFinished { run: 1, elapsed: Duration::ZERO, end: RunEnd::Done, report });
    ring.flush();
}

fn check(nap: Duration, tasks: usize) -> u64 {
    let notes = Notes { nap, ..Notes::default() };
    let ring = Ring::start(THREADS, vec![Box::new(notes.clone())]).unwrap();
    let every = 1000;
    tell_from_threads(&ring, tasks, every);
    let came = notes.tasks.lock().unwrap();
    let sum: usize = came.iter().map(Vec::len).sum();
    assert_eq!(sum as u64 + ring.dropped(), (THREADS * tasks) as u64);
    assert!(came.iter().all(|lane| lane.is_sorted_by(|a, b| a < b)), "events of a thread come in its order");
    assert_eq!(notes.others.load(Ordering::Relaxed), THREADS * tasks.div_ceil(every) + 1);
    ring.dropped()
}

#[test]
fn a_quick_follower_gets_all_that_was_not_dropped() {
    check(Duration::ZERO, 100_000);
}

#[test]
fn what_a_slow_follower_misses_is_counted() {
    assert!(check(Duration::from_millis(2), 100_000) > 0);
}

#[test]
fn a_sleeping_ring_wakes_up() {
    let notes = Notes::default();
    let ring = Ring::start(THREADS, vec![Box::new(notes.clone())]).unwrap();
    std::thread::sleep(Duration::from_millis(1300));
    ring.push(Instant::now(), 0, Event::TaskStarted { run: 1, chain: 0, task: 9, worker: 0 });
    let start = Instant::now();
    while notes.tasks.lock().unwrap().iter().flatten().count() == 0 {
        assert!(start.elapsed() < Duration::from_secs(5), "nobody was told");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn threads_beside_the_pool_get_lanes_of_their_own() {
    let ring = Ring::start(2, Vec::new()).unwrap();
    let lane_of = |name: &str| {
        let thread = std::thread::Builder::new().name(name.to_string());
        std::thread::scope(|scope| thread.spawn_scoped(scope, || ring.lane()).unwrap().join().unwrap())
    };
    assert_eq!((lane_of("call-0"), lane_of("call-1"), lane_of("call-0")), (2, 3, 2));
    assert_eq!((ring.lane_name(1), ring.lane_name(3)), ("blockfold-1".to_string(), "call-1".to_string()));
}
