//! The real code under shuttle, which decides at each lock, atomic, wake-up and end of a time limit which thread goes
//! on: random graphs, failures, cancels and closing at random points. No deadlock, no leak, nothing run twice.
//!
//! A failing schedule is printed. `MODEL_SCHEDULE=910... cargo test --features shuttle --test model NAME` replays it,
//! `MODEL_TIMES=100` makes a hundred times as many schedules as usual, and `MODEL_SEED=7` makes others.

#![cfg(feature = "shuttle")]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

use blockfold_tasks::{
    Client, Delayed, Error, Event, Future, Lock, Pool, Queue, Result, Settings, Submit, Subscriber, TaskFinished,
    TaskStarted, Until, Variable, as_completed, delayed, describe_with, refuse_threads, try_delayed, wait,
};
use common::{Count, Counted};
use shuttle::rand::{RngCore, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, ReplayScheduler, UncontrolledNondeterminismCheckScheduler};
use shuttle::sync::atomic::AtomicBool;
use shuttle::{Config, MaxSteps, Runner, thread};

/// Far above what any schedule needs, so that threads that run in circles fail a test.
const MAX_STEPS: usize = 200_000;

fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1 << 18;
    config.max_steps = MaxSteps::FailAfter(MAX_STEPS);
    config.silence_warnings = true;
    config
}

/// A number that an environment variable gives.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|number| number.parse().ok())
}

/// Runs `scenario` under random schedules and under those of PCT, and looks whether they can be replayed.
fn check(name: &str, schedules: usize, scenario: fn()) {
    if let Ok(schedule) = std::env::var("MODEL_SCHEDULE") {
        Runner::new(ReplayScheduler::new_from_encoded(schedule.trim()), config()).run(scenario);
        return;
    }
    let seed = number("MODEL_SEED").unwrap_or(20_817);
    let (start, schedules) = (Instant::now(), schedules * number("MODEL_TIMES").unwrap_or(1) as usize);
    let again = UncontrolledNondeterminismCheckScheduler::new(RandomScheduler::new_from_seed(seed, 20));
    Runner::new(again, config()).run(scenario);
    let mut count = Runner::new(RandomScheduler::new_from_seed(seed, schedules), config()).run(scenario);
    for depth in [2, 4] {
        let scheduler = PctScheduler::new_from_seed(seed, depth, schedules / 2);
        count += Runner::new(scheduler, config()).run(scenario);
    }
    println!("{name}: {count} schedules in {:.1?}", start.elapsed());
}

/// A number below `end`, drawn as a part of the schedule.
fn draw(end: usize) -> usize {
    (thread_rng().next_u64() % end as u64) as usize
}

fn flip() -> bool {
    draw(2) == 0
}

/// Lets other threads make up to so many steps.
fn dawdle(steps: usize) {
    (0..draw(steps + 1)).for_each(|_| thread::yield_now());
}

fn settings() -> Settings {
    refuse_threads([0, 4][draw(2)]);
    // Those that compute inside of something are not waited for in the end; they have a scenario of their own.
    Settings::new().threads(1 + draw(3)).blocking_threads(1 + draw(2))
}

/// A lock that is held while calls are made and let go by those that wait, as an interpreter's is.
#[derive(Default)]
struct Interpreter {
    is_held: shuttle::sync::Mutex<bool>,
    let_go: shuttle::sync::Condvar,
}

impl Interpreter {
    fn take(&self) {
        let mut is_held = self.is_held.lock().unwrap();
        while *is_held {
            is_held = self.let_go.wait(is_held).unwrap();
        }
        *is_held = true;
    }

    fn leave(&self) {
        assert!(std::mem::take(&mut *self.is_held.lock().unwrap()), "a call without the lock");
        self.let_go.notify_one();
    }
}

fn client() -> Client {
    Client::new(settings()).unwrap()
}

fn mix(i: usize, reads: impl Iterator<Item = u64>) -> u64 {
    reads.fold(i as u64, |sum, x| sum.wrapping_mul(31).wrapping_add(x))
}

/// A panic that is not reported as the end of the test.
fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("meant to panic"))
}

/// A small graph at random, and what happened to it.
struct Graph {
    reads: Vec<Vec<usize>>,
    blocks: Vec<bool>,
    targets: Vec<usize>,
    /// The task that fails.
    fails: Option<usize>,
    /// Times each task was run.
    runs: Arc<Vec<AtomicU32>>,
    count: Arc<Count>,
}

impl Graph {
    /// A graph of up to `most` tasks.
    fn random(most: usize) -> Self {
        let len = 1 + draw(most);
        let reads = |i: usize| (0..draw(4).min(i)).map(|_| draw(i)).collect();
        Graph {
            reads: (0..len).map(reads).collect(),
            blocks: (0..len).map(|_| draw(4) == 0).collect(),
            targets: (0..1 + draw(2)).map(|_| len - 1 - draw(len.min(3))).collect(),
            fails: None,
            runs: Arc::new((0..len).map(|_| AtomicU32::new(0)).collect()),
            count: Arc::default(),
        }
    }

    fn failing(most: usize) -> Self {
        let graph = Graph::random(most);
        Graph { fails: Some(draw(graph.reads.len())), ..graph }
    }

    /// The calls of task `i`, by what it reads.
    fn call<R>(&self, i: usize, reads: Vec<R>) -> Delayed<Counted>
    where
        blockfold_tasks::Arg<[Arc<Counted>]>: From<Vec<R>>,
    {
        let (count, runs, fails) = (Arc::clone(&self.count), Arc::clone(&self.runs), self.fails);
        let call = try_delayed(move |i: &usize, reads: &[Arc<Counted>]| {
            runs[*i].fetch_add(1, SeqCst);
            thread::yield_now();
            match fails == Some(*i) {
                true if i.is_multiple_of(2) => Err("meant to fail"),
                true => panic_quietly(),
                false => Ok(count.value(mix(*i, reads.iter().map(|read| read.value)))),
            }
        });
        let call = if self.blocks[i] { call.blocking() } else { call };
        call.call(i, reads)
    }

    fn nodes(&self) -> Vec<Delayed<Counted>> {
        let mut nodes: Vec<Delayed<Counted>> = Vec::new();
        for (i, reads) in self.reads.iter().enumerate() {
            nodes.push(self.call(i, reads.iter().map(|read| nodes[*read].clone()).collect()));
        }
        nodes
    }

    fn calls(&self) -> Vec<Delayed<Counted>> {
        let nodes = self.nodes();
        self.targets.iter().map(|target| nodes[*target].clone()).collect()
    }

    fn serial(&self) -> Vec<u64> {
        let mut values: Vec<u64> = Vec::new();
        for (i, reads) in self.reads.iter().enumerate() {
            values.push(mix(i, reads.iter().map(|read| values[*read])));
        }
        values
    }

    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.reads.len()];
        self.targets.iter().for_each(|target| needed[*target] = true);
        for i in (0..needed.len()).rev() {
            if needed[i] {
                self.reads[i].iter().for_each(|read| needed[*read] = true);
            }
        }
        needed
    }

    fn runs(&self) -> Vec<u32> {
        self.runs.iter().map(|runs| runs.load(SeqCst)).collect()
    }

    /// Makes all calls on `pool`: equal to a serial evaluation, each task once, and every value dropped.
    fn is_right_on(&self, pool: &Pool) {
        let results = pool.compute_all(&self.calls()).unwrap();
        self.is_right(&results);
        drop(results);
        assert_eq!(self.count.alive(), 0, "leaks");
    }

    fn is_right(&self, results: &[Arc<Counted>]) {
        let (values, serial): (Vec<u64>, _) = (results.iter().map(|result| result.value).collect(), self.serial());
        assert_eq!(values, self.targets.iter().map(|target| serial[*target]).collect::<Vec<_>>());
        let once: Vec<u32> = self.needed().into_iter().map(u32::from).collect();
        assert_eq!(self.runs(), once);
        let mut kept = self.targets.clone();
        kept.sort_unstable();
        kept.dedup();
        assert_eq!(self.count.alive(), kept.len() as isize, "values in between leak");
    }

    /// After a run that may have ended early: nothing twice, and nothing alive.
    fn is_over(&self) {
        assert!(self.runs().iter().all(|runs| *runs <= 1), "run twice: {:?}", self.runs());
        assert_eq!(self.count.alive(), 0, "leaks");
    }
}

#[test]
fn graphs_equal_serial() {
    check("graphs_equal_serial", 3000, || {
        let pool = Pool::new(settings()).unwrap();
        Graph::random(9).is_right_on(&pool);
    });
}

/// Wide ones: threads steal, and hold back while many results are alive.
#[test]
fn wide_graphs() {
    check("wide_graphs", 1000, || {
        let pool = Pool::new(settings()).unwrap();
        let wide = 8 + draw(6);
        let pairs = (0..wide / 2).map(|i| vec![2 * i, 2 * i + 1]);
        let reads: Vec<Vec<usize>> = (0..wide).map(|_| vec![]).chain(pairs).collect();
        let len = reads.len() + 1;
        let blocks = if flip() { vec![false; len] } else { (0..len).map(|i| i < wide && draw(3) > 0).collect() };
        let graph = Graph {
            reads: reads.into_iter().chain([(wide..len - 1).collect()]).collect(),
            blocks,
            targets: vec![len - 1],
            runs: Arc::new((0..len).map(|_| AtomicU32::new(0)).collect()),
            ..Graph::random(1)
        };
        graph.is_right_on(&pool);
    });
}

/// Threads that compute with a lock held, which some calls let go for a while.
#[test]
fn inside_of_a_lock() {
    check("inside_of_a_lock", 2400, || {
        let lock = Arc::new(Interpreter::default());
        let held = Arc::clone(&lock);
        let enter = move |work: &mut dyn FnMut()| {
            held.take();
            work();
            held.leave();
        };
        let pool = Pool::new(Settings::new().threads(1 + draw(3)).inside(enter)).unwrap();
        let made = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&made);
        let call = delayed(move |waits: &bool, reads: &[Arc<u64>]| {
            if *waits {
                lock.leave();
                dawdle(3);
                lock.take();
            }
            assert!(*lock.is_held.lock().unwrap(), "a call without the lock");
            count.fetch_add(1, SeqCst);
            reads.iter().map(|read| **read).sum::<u64>() + 1
        });
        let leaves: Vec<_> = (0..1 + draw(6)).map(|_| call.call(flip(), Vec::<Delayed<u64>>::new())).collect();
        let pairs: Vec<_> = leaves.chunks(2).map(|pair| call.call(flip(), pair.to_vec())).collect();
        let (wide, deep) = (leaves.len(), pairs.len());
        assert_eq!(*call.call(flip(), pairs).compute_on(&pool).unwrap() as usize, wide + deep + 1);
        assert_eq!(made.load(SeqCst) as usize, wide + deep + 1);
    });
}

#[test]
fn failures_and_panics() {
    check("failures_and_panics", 3000, || {
        let graph = Graph::failing(7);
        let pool = Pool::new(settings()).unwrap();
        let result = pool.compute_all(&graph.calls());
        assert_eq!(result.is_err(), graph.fails.is_some_and(|fails| graph.needed()[fails]));
        assert!(result.is_ok() || matches!(result, Err(Error::Failed { .. } | Error::Panicked { .. })));
        drop(result);
        graph.is_over();
        let runs = graph.runs();
        drop(pool);
        assert_eq!(graph.runs(), runs, "run after the end");
    });
}

/// A value that panics when it is dropped.
struct Loud;

impl Drop for Loud {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_quietly()
        }
    }
}

/// A value that panics when an error of a call says what it was given.
struct Nameless;

/// Panics of the user's code beside the function itself: they must not end a thread of the pool.
#[test]
fn panics_around_a_call() {
    check("panics_around_a_call", 1200, || {
        describe_with(|_: &Nameless| panic_quietly());
        let pool = Pool::new(settings()).unwrap();
        let drops = delayed(|_: &Loud| ()).call(delayed(|| Loud).call());
        let fails = try_delayed(|_: &Nameless| Err::<(), _>("meant to fail")).call(Nameless);
        let measured = delayed(|| 1).measured(|_: &i32| panic_quietly()).call();
        assert!(matches!(pool.compute_all((&drops,)), Err(Error::Panicked { .. })));
        assert!(matches!(pool.compute_all((&fails,)), Err(Error::Panicked { .. })));
        assert_eq!(*pool.trace((&measured,)).unwrap().0.0, 1);
    });
}

#[test]
fn futures_equal_serial() {
    check("futures_equal_serial", 1600, || {
        let (graph, client) = (Graph::random(5), client());
        let mut futures: Vec<Future<Counted>> = Vec::new();
        for (i, reads) in graph.reads.iter().enumerate() {
            let reads: Vec<_> = reads.iter().map(|read| futures[*read].clone()).collect();
            futures.push(client.submit(&graph.call(i, reads)).unwrap());
        }
        let graph = Graph { targets: (0..futures.len()).collect(), ..graph };
        graph.is_right(&client.gather(&futures).unwrap());
        drop(futures);
        drop(client);
        assert_eq!(graph.count.alive(), 0, "leaks");
    });
}

/// A graph as one future, one after it, and one of a failed or cancelled one.
#[test]
fn cancel_against_completion() {
    check("cancel_against_completion", 3000, || {
        let (graph, client) = (Graph { targets: vec![], ..Graph::random(4) }, client());
        let future = client.submit(graph.nodes().last().unwrap()).unwrap();
        let next = client.submit(&delayed(|x: &Counted| x.value).call(&future)).unwrap();
        let cancelled = future.clone();
        let canceller = thread::spawn(move || {
            dawdle(8);
            cancelled.cancel();
        });
        let is_right = |result: Result<u64>| match result {
            Ok(value) => assert_eq!(value, *graph.serial().last().unwrap()),
            Err(error) => assert!(matches!(error, Error::Cancelled { .. }), "{error}"),
        };
        is_right(future.result().map(|value| value.value));
        is_right(next.result().map(|value| *value));
        canceller.join().unwrap();
        assert!(matches!(future.result(), Err(Error::Cancelled { .. })));
        drop((future, client));
        graph.is_over();
    });
}

#[test]
fn dropping_futures_while_they_run() {
    check("dropping_futures_while_they_run", 2400, || {
        let (graph, client) = (Graph::random(4), client());
        let mut futures: Vec<Future<Counted>> = Vec::new();
        for (i, reads) in graph.reads.iter().enumerate() {
            let reads: Vec<_> = reads.iter().map(|read| futures[*read].clone()).collect();
            futures.push(client.submit(&graph.call(i, reads)).unwrap());
        }
        let whole = client.submit(graph.nodes().last().unwrap()).unwrap();
        let dropper = thread::spawn(move || {
            dawdle(8);
            drop(whole);
        });
        while futures.len() > 1 {
            dawdle(2);
            drop(futures.swap_remove(draw(futures.len())));
        }
        let last = futures.pop().unwrap();
        let value = last.result().unwrap().value;
        assert!(graph.serial().contains(&value));
        drop(last);
        dropper.join().unwrap();
        drop(client);
        assert!(graph.runs().iter().all(|runs| *runs <= 2), "run twice");
        assert_eq!(graph.count.alive(), 0, "leaks");
    });
}

#[test]
fn closing_while_work_is_queued() {
    check("closing_while_work_is_queued", 4000, || {
        let (graph, client) = (Graph::random(4), client());
        let closer = client.clone();
        let closer = thread::spawn(move || {
            dawdle(8);
            closer.close();
        });
        let mut futures: Vec<Result<Future<Counted>>> = Vec::new();
        for node in graph.nodes() {
            let after = futures.last().and_then(|future| future.as_ref().ok()).cloned();
            let next = delayed(|_: &Counted, x: &Counted| x.value);
            let after = after.and_then(|after| client.submit(&next.call(&after, &node)).ok());
            futures.push(client.submit(&node));
            assert!(after.is_none_or(|after| matches!(after.result(), Ok(_) | Err(Error::Closed))));
        }
        let computed = client.pool().compute_all(&graph.calls());
        assert!(matches!(computed, Ok(_) | Err(Error::Closed)));
        for future in &futures {
            let result = future.as_ref().map_err(Error::clone).and_then(Future::result);
            assert!(matches!(result, Ok(_) | Err(Error::Closed)));
        }
        closer.join().unwrap();
        assert!(matches!(client.submit(&graph.calls()[0]), Err(Error::Closed)));
        assert!(matches!(client.pool().compute_all(&graph.calls()), Err(Error::Closed)));
        drop((futures, computed, client));
        assert_eq!(graph.count.alive(), 0, "leaks");
    });
}

/// Attempts that fail or panic, of one call or a graph, while the future may be cancelled or the client closed.
#[test]
fn retries() {
    check("retries", 2400, || {
        let (bad, most, blocks, single) = (draw(3) as u32, draw(3) as u32, flip(), flip());
        let (tries, count): (Arc<AtomicU32>, Arc<Count>) = Default::default();
        let (counter, values) = (Arc::clone(&tries), Arc::clone(&count));
        let flaky = try_delayed(move |x: &Counted| match counter.fetch_add(1, SeqCst) {
            attempt if attempt >= bad => Ok(values.value(x.value + 1)),
            0 => Err("meant to fail"),
            _ => panic_quietly(),
        });
        let flaky = if blocks { flaky.blocking() } else { flaky };
        let values = Arc::clone(&count);
        let first = delayed(move || values.value(1)).call();
        let client = client();
        let call = if single { flaky.call(client.submit(&first).unwrap()) } else { flaky.call(first) };
        let future = client.submit_with(&call, Submit::new().retries(most)).unwrap();
        let ends = draw(3);
        let (ended, closed) = (future.clone(), client.clone());
        let ender = thread::spawn(move || {
            dawdle(8);
            match ends {
                0 => ended.cancel(),
                1 => closed.close(),
                _ => {}
            }
        });
        match future.result() {
            Ok(value) => assert!(value.value == 2 && bad <= most),
            Err(Error::Failed { .. } | Error::Panicked { .. }) => assert!(bad > most),
            Err(Error::Cancelled { .. }) => assert_eq!(ends, 0),
            Err(Error::Closed) => assert_eq!(ends, 1),
            Err(error) => panic!("{error}"),
        }
        ender.join().unwrap();
        let tries = |is_right: fn(u32, u32) -> bool| assert!(is_right(tries.load(SeqCst), bad.min(most) + 1));
        drop((call, future, client));
        if ends == 2 {
            tries(|tries, all| tries == all)
        } else {
            tries(|tries, all| tries <= all)
        }
        assert_eq!(count.alive(), 0, "leaks");
    });
}

/// What a call of [`waiting_inside_a_call`] waits for, up to three levels deep; 3 if nothing goes wrong.
fn wait_inside(client: &Client, levels: usize) -> Result<u64> {
    let inner = client.clone();
    let two = try_delayed(move |x: &u64| match levels > 0 && flip() {
        true => wait_inside(&inner, levels - 1).map(|three| three - 1),
        false => Ok(x + 1),
    });
    let inc = delayed(|x: &u64| x + 1);
    let twice = inc.call(if flip() { two.call(1) } else { two.blocking().call(1) });
    match draw(3) {
        0 => client.submit(&twice)?.result().map(|x| *x),
        1 => twice.compute_on(client.pool()).map(|x| *x),
        _ => {
            let futures = [client.submit(&twice)?, client.submit(&inc.call(2))?];
            as_completed(futures).try_fold(0, |most, future| Ok(most.max(*future.result()?)))
        }
    }
}

/// Calls that wait for futures, for the first of several, and for runs of their own, until the client is closed.
#[test]
fn waiting_inside_a_call() {
    check("waiting_inside_a_call", 3000, || {
        let client = Client::new(settings().threads(1 + draw(2))).unwrap();
        // Calls that are made while others wait below them on one stack may wait for each other.
        refuse_threads(0);
        let inner = client.clone();
        let outer = try_delayed(move || wait_inside(&inner, 2));
        let slow = outer.clone().blocking();
        let mut futures: Vec<_> =
            (0..2).map(|_| client.submit(&if flip() { outer.call() } else { slow.call() }).unwrap()).collect();
        let ends = draw(3);
        dawdle(12);
        match ends {
            0 => client.close(),
            1 => futures[1].cancel(),
            _ => {}
        }
        if flip() && ends == 1 {
            drop(futures.pop());
        }
        for future in &futures {
            match future.result() {
                Ok(value) => assert_eq!(*value, 3),
                Err(error) => assert!(ends < 2, "{error}"),
            }
        }
    });
}

#[test]
fn runs_of_several_priorities() {
    check("runs_of_several_priorities", 1200, || {
        let client = client();
        let graphs: Vec<Graph> = (0..3).map(|_| Graph::random(4)).collect();
        let submit = |graph: &Graph| {
            let last = graph.nodes().pop().unwrap();
            client.submit_with(&last, Submit::new().priority(draw(3) as i32 - 1)).unwrap()
        };
        let futures: Vec<_> = graphs[1..].iter().map(submit).collect();
        graphs[0].is_right_on(client.pool());
        for (graph, future) in graphs[1..].iter().zip(&futures) {
            assert_eq!(future.result().unwrap().value, *graph.serial().last().unwrap());
        }
        drop((futures, client));
        graphs.iter().for_each(Graph::is_over);
    });
}

/// Counts events, and fails now and then.
#[derive(Default)]
struct Notes {
    started: AtomicU32,
    finished: AtomicU32,
}

impl Subscriber for Notes {
    fn started(&self, _event: &TaskStarted<'_>) {
        self.started.fetch_add(1, SeqCst);
        if draw(8) == 0 {
            panic_quietly();
        }
    }

    fn finished(&self, _event: &TaskFinished<'_>) {
        self.finished.fetch_add(1, SeqCst);
    }
}

/// One graph planned and run by several threads at once, with somebody who watches.
#[test]
fn the_same_graph_at_once() {
    check("the_same_graph_at_once", 2000, || {
        let (graph, notes) = (Graph::random(5), Arc::new(Notes::default()));
        let client = Client::new(settings().subscriber(Arc::clone(&notes) as _)).unwrap();
        let (calls, serial) = (graph.calls(), graph.serial());
        let expected: Vec<u64> = graph.targets.iter().map(|target| serial[*target]).collect();
        let (other, copies, equal) = (client.clone(), calls.clone(), expected.clone());
        let other = thread::spawn(move || {
            let results = other.pool().compute_all(&copies).unwrap();
            assert!(results.iter().map(|result| result.value).eq(equal));
        });
        let future = client.submit(&calls[0]).unwrap();
        let results = client.pool().compute_all(&calls).unwrap();
        assert!(results.iter().map(|result| result.value).eq(expected.iter().copied()));
        assert_eq!(future.result().unwrap().value, expected[0]);
        other.join().unwrap();
        drop((results, future, client));
        let needed = graph.needed().into_iter().map(u32::from);
        assert!(graph.runs().into_iter().zip(needed).all(|(runs, needed)| (2 * needed..=3 * needed).contains(&runs)));
        let all: u32 = graph.runs().iter().sum();
        assert_eq!((notes.started.load(SeqCst), notes.finished.load(SeqCst)), (all, all));
        assert_eq!(graph.count.alive(), 0, "leaks");
    });
}

#[test]
fn stopped_by_a_flag() {
    check("stopped_by_a_flag", 6000, || {
        let graph = if flip() { Graph::random(6) } else { Graph::failing(6) };
        let flag = Arc::new(AtomicBool::new(false));
        let (asked, set) = (Arc::clone(&flag), Arc::clone(&flag));
        // Set by another thread, or while it is asked.
        let (asks, last) = (AtomicU32::new(0), if flip() { draw(24) as u32 } else { u32::MAX });
        let is_set = move || {
            asked.fetch_or(asks.fetch_add(1, SeqCst) >= last, SeqCst);
            asked.load(SeqCst)
        };
        let pool = Pool::new(settings().stopped_by(is_set)).unwrap();
        let setter = thread::spawn(move || {
            dawdle(8);
            if last == u32::MAX {
                set.store(true, SeqCst);
            }
        });
        let result = pool.compute_all(&graph.calls());
        let runs = graph.runs();
        match result {
            Ok(results) => graph.is_right(&results),
            Err(Error::Cancelled { .. }) => assert!(flag.load(SeqCst)),
            Err(error) => assert!(graph.fails.is_some(), "{error}"),
        }
        setter.join().unwrap();
        drop(pool);
        graph.is_over();
        assert_eq!(graph.runs(), runs, "run after the end");
    });
}

/// Time goes on by chance, so that each limit may be over at each look.
#[test]
fn limits_of_time() {
    check("limits_of_time", 2400, || {
        let (graph, client) = (Graph::random(4), client());
        let limit = Duration::from_millis(30);
        let last = graph.nodes().pop().unwrap();
        let future = client.submit_with(&last, Submit::new().timeout(limit).retries(1)).unwrap();
        if flip() {
            let soon = future.result_within(limit);
            assert!(matches!(soon, Ok(_) | Err(Error::NotYet { .. } | Error::TimedOut { .. })));
        }
        match future.result() {
            Ok(value) => assert_eq!(value.value, *graph.serial().last().unwrap()),
            Err(error) => assert!(matches!(error, Error::TimedOut { .. }), "{error}"),
        }
        drop((future, client));
        // The thread that ends calls whose time is up is not waited for.
        while graph.count.alive() > 0 {
            thread::yield_now();
        }
        graph.is_over();
    });
}

#[test]
fn waiting_for_several() {
    check("waiting_for_several", 1200, || {
        let client = client();
        let inc = delayed(|x: &u64| x + 1);
        let slow = inc.clone().blocking();
        let futures = [1, 2, 3].map(|x| client.submit(&if flip() { slow.call(x) } else { inc.call(x) }).unwrap());
        let limit = flip().then_some(Duration::from_millis(20));
        let waited = wait(&futures, if flip() { Until::All } else { Until::Any }, limit);
        assert!(!waited.done.is_empty() || limit.is_some());
        let mut completed = as_completed(futures[..2].iter().cloned());
        completed.add(futures[2].clone());
        let mut values: Vec<u64> = completed.map(|future| *future.result().unwrap()).collect();
        values.sort_unstable();
        assert_eq!(values, [2, 3, 4]);
    });
}

#[test]
fn working_together() {
    check("working_together", 2400, || {
        let (queue, lock, event, variable) = (Queue::bounded(1), Lock::new(), Event::new(), Variable::new());
        let inside = Arc::new(AtomicU32::new(0));
        let (putter, locked, told, read, shared) =
            (queue.clone(), lock.clone(), event.clone(), variable.clone(), Arc::clone(&inside));
        let enter = |lock: &Lock, inside: &AtomicU32| {
            let _guard = lock.acquire(None);
            assert_eq!(inside.fetch_add(1, SeqCst), 0);
            thread::yield_now();
            inside.fetch_sub(1, SeqCst);
        };
        let other = thread::spawn(move || {
            (0..3).for_each(|x| putter.put(x));
            enter(&locked, &shared);
            told.set();
            *read.get(None).unwrap()
        });
        enter(&lock, &inside);
        assert_eq!((0..3).filter_map(|_| queue.take(None)).sum::<u64>(), 3);
        assert!(event.wait(None));
        variable.set(7);
        assert_eq!(other.join().unwrap(), 7);
    });
}

/// The last handle of a client goes away on one of its own threads, which cannot wait for itself.
#[test]
fn dropping_a_client_inside_a_call() {
    check("dropping_a_client_inside_a_call", 1200, || {
        let client = client();
        let slot = Arc::new(std::sync::Mutex::new(Some(client.clone())));
        let drop_it = delayed(move || {
            let client = slot.lock().unwrap().take();
            drop(client);
        });
        let drop_it = if flip() { drop_it.blocking() } else { drop_it };
        let future = client.submit(&drop_it.call()).unwrap();
        let other = client.submit(&delayed(|| 1).call()).unwrap();
        dawdle(4);
        drop(client);
        assert!(matches!(future.result(), Ok(_) | Err(Error::Closed)));
        assert!(matches!(other.result(), Ok(_) | Err(Error::Closed)));
    });
}
