//! Futures, waiting, options, coordination, events and bags.

#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blockfold_tasks::{
    Bag, Client, Error, Event, Lock, Queue, Settings, Submit, Subscriber, TaskFinished, TaskStarted, Until, Variable,
    as_completed, delayed, describe_with, try_delayed, wait,
};
use common::{Count, eventually, within};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn client(threads: usize) -> Client {
    Client::new(Settings::new().threads(threads)).unwrap()
}

#[test]
fn submit_map_gather() {
    let client = client(2);
    let inc = delayed(|x: &i64| x + 1);
    let total = delayed(|xs: &[Arc<i64>]| xs.iter().map(|x| **x).sum::<i64>());
    let futures = client.map(&inc, 0..1000).unwrap();
    let sum = client.submit(&total.call(&futures)).unwrap();
    assert_eq!(*sum.result().unwrap(), 500_500);
    assert_eq!(client.gather(&futures).unwrap().len(), 1000);
    // Futures as arguments of a graph, at the client and without.
    let graph = total.call(vec![inc.call(&futures[0]), inc.call(&sum)]);
    assert_eq!(*client.submit(&graph).unwrap().result().unwrap(), 2 + 500_501);
    assert_eq!(*graph.compute().unwrap(), 2 + 500_501);
    let scattered = client.scatter(41).unwrap();
    assert_eq!(*client.submit(&inc.call(scattered)).unwrap().result().unwrap(), 42);
    assert_eq!(client.map(&inc, &futures[..3]).unwrap().len(), 3);
}

#[test]
fn failures_reach_those_who_read() {
    let client = client(2);
    let bad = try_delayed(|_: &i64| Err::<i64, _>("no")).named("bad");
    let inc = delayed(|x: &i64| x + 1);
    let first = client.submit(&bad.call(1)).unwrap();
    let second = client.submit(&inc.call(inc.call(&first))).unwrap();
    assert_eq!(second.result().unwrap_err().to_string(), "bad(i64) failed: no");
    assert!(inc.call(&first).compute().is_err());
    assert!(format!("{first:?}").contains("bad(i64) failed"));
}

#[test]
fn order_of_completion_and_waiting() {
    let client = client(1);
    let nap = delayed(|ms: &u64| (std::thread::sleep(MS(*ms)), *ms).1).blocking();
    let futures = client.map(&nap, [200, 5, 100]).unwrap();
    let any = wait(&futures, Until::Any, None);
    assert_eq!((any.done.len(), any.pending.len()), (1, 2));
    let late = wait(&futures, Until::All, Some(MS(1)));
    assert!(!late.pending.is_empty());
    assert!(matches!(futures[0].result_within(MS(1)), Err(Error::NotYet { .. })));
    let order: Vec<u64> = as_completed(futures.clone()).map(|future| *future.result().unwrap()).collect();
    assert_eq!(order, [5, 100, 200]);
    assert_eq!(wait(&futures, Until::All, None).done.len(), 3);
    assert_eq!(wait::<u64>(&[], Until::Any, None).done.len(), 0);
}

#[test]
fn cancelled_and_dropped_futures() {
    let client = client(1);
    let gate = Event::new();
    let (opener, runs) = (gate.clone(), Arc::new(AtomicUsize::new(0)));
    let counter = Arc::clone(&runs);
    let hold = delayed(move |_: &i64| opener.wait(MS(5000)));
    let count = delayed(move |x: &i64| (counter.fetch_add(1, SeqCst), *x).1).named("count");
    let blocker = client.submit(&hold.call(0)).unwrap();
    let cancelled = client.submit(&count.call(1)).unwrap();
    let reader = client.submit(&count.call(&cancelled)).unwrap();
    drop(client.submit(&count.call(2)).unwrap());
    cancelled.cancel();
    assert_eq!(cancelled.result().unwrap_err().to_string(), "count was cancelled");
    gate.set();
    assert!(matches!(reader.result(), Err(Error::Cancelled { .. })));
    assert!(*blocker.result().unwrap());
    assert_eq!(runs.load(SeqCst), 0);
    blocker.cancel();
    assert!(blocker.result().is_err());
}

#[test]
fn dropped_results_are_released() {
    let client = client(2);
    let count = Arc::new(Count::default());
    let counter = Arc::clone(&count);
    let make = delayed(move |x: &u64| counter.value(*x));
    let futures = client.map(&make, 0..100).unwrap();
    client.gather(&futures).unwrap();
    assert_eq!(count.alive(), 100);
    drop(futures);
    assert_eq!(count.alive(), 0);
}

#[test]
fn long_chains_of_futures() {
    within(30, || {
        let inc = delayed(|x: &u64| x + 1);
        for cancels in [false, true] {
            let client = client(1);
            let gate = Event::new();
            let opener = gate.clone();
            let first = delayed(move || (opener.wait(MS(20_000)), 0u64).1);
            let start = client.submit(&first.call()).unwrap();
            let end = (0..100_000).fold(start.clone(), |x, _| client.submit(&inc.call(x)).unwrap());
            if cancels {
                start.cancel();
                gate.set();
                assert!(end.result().is_err());
            } else {
                drop((start, end));
                gate.set();
            }
        }
        let client = client(2);
        let start = client.submit(&delayed(|| 0u64).call()).unwrap();
        let end = (0..100_000).fold(start, |x, _| client.submit(&inc.call(x)).unwrap());
        assert_eq!(*end.result().unwrap(), 100_000);
        let blocked = client.submit(&delayed(|| (std::thread::sleep(MS(300)), 0u64).1).blocking().call()).unwrap();
        let end = (0..100_000).fold(blocked, |x, _| client.submit(&inc.call(x)).unwrap());
        client.close();
        assert!(end.result().is_err());
    });
}

#[test]
fn priorities_retries_timeouts() {
    let client = client(1);
    let gate = Event::new();
    let opener = gate.clone();
    let hold = delayed(move || opener.wait(MS(5000)));
    let order = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&order);
    let note = delayed(move |x: &i32| notes.lock().unwrap().push(*x));
    let _hold = client.submit(&hold.call()).unwrap();
    let futures: Vec<_> =
        [1, 5, 3].map(|p| client.submit_with(&note.call(p), Submit::new().priority(p)).unwrap()).into();
    gate.set();
    client.gather(&futures).unwrap();
    assert_eq!(*order.lock().unwrap(), [5, 3, 1]);

    let tries = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&tries);
    let flaky = try_delayed(move |x: &i64| match counter.fetch_add(1, SeqCst) {
        0 | 1 => Err("not yet"),
        _ => Ok(*x),
    });
    assert!(client.submit_with(&flaky.call(1), Submit::new().retries(1)).unwrap().result().is_err());
    tries.store(0, SeqCst);
    let graph = flaky.call(flaky.call(7));
    assert_eq!(*client.submit_with(&graph, Submit::new().retries(2)).unwrap().result().unwrap(), 7);

    let gate = Event::new();
    let inside = gate.clone();
    let waits = delayed(move |_: &u64| inside.wait(None)).named("waits");
    let next = delayed(|x: &u64| x + 1);
    for waits in [waits.clone().blocking(), waits] {
        let late = client.submit_with(&waits.call(0), Submit::new().timeout(MS(30))).unwrap();
        assert_eq!(late.result().unwrap_err().to_string(), "waits took longer than 30ms");
        gate.set();
        let graph = client.submit_with(&next.call(next.call(1)), Submit::new().timeout(MS(20_000))).unwrap();
        assert_eq!(*graph.result().unwrap(), 3);
        gate.clear();
    }
}

#[test]
fn calls_may_wait_for_futures() {
    within(20, || {
        let client = client(1);
        let inner = client.clone();
        let inc = delayed(|x: &u64| x + 1);
        let outer = delayed(move |x: &u64| *inner.submit(&inc.call(*x)).unwrap().result().unwrap());
        let futures = client.map(&outer, 0..20).unwrap();
        assert_eq!(client.gather(&futures).unwrap().len(), 20);
    });
}

#[test]
fn blocking_calls_may_wait_for_blocking_calls() {
    within(20, || {
        let client = Client::new(Settings::new().threads(1).blocking_threads(1)).unwrap();
        let inner = client.clone();
        let inc = delayed(|x: &u64| x + 1).blocking();
        let outer = delayed(move |x: &u64| {
            let future = inner.submit(&inc.call(*x)).unwrap();
            *future.result().unwrap() + *inc.call(*x).compute_on(inner.pool()).unwrap()
        });
        let futures = client.map(&outer.blocking(), 0..20).unwrap();
        assert_eq!(client.gather(&futures).unwrap().len(), 20);
    });
}

#[test]
fn runs_inside_calls_may_wait_for_futures() {
    within(20, || {
        let client = client(1);
        let (runs, waits) = (client.clone(), client.clone());
        let inc = delayed(|x: &u64| x + 1);
        let slow = delayed(move |x: &u64| *waits.submit(&inc.call(*x)).unwrap().result().unwrap()).blocking();
        let outer = delayed(move |x: &u64| *slow.call(*x).compute_on(runs.pool()).unwrap());
        let futures = client.map(&outer, 0..20).unwrap();
        assert_eq!(client.gather(&futures).unwrap().len(), 20);
    });
}

struct Loud;

impl Drop for Loud {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::panic::resume_unwind(Box::new("meant to panic"));
        }
    }
}

struct Nameless;

/// Panics beside the function itself: of what it was given, and of what says what that was.
#[test]
fn panics_around_a_call() {
    within(20, || {
        describe_with(|_: &Nameless| std::panic::resume_unwind(Box::new("meant to panic")));
        let client = client(1);
        let drops = delayed(|_: &Loud| ()).call(delayed(|| Loud).call());
        let fails = try_delayed(|_: &Nameless| Err::<(), _>("meant to fail")).call(Nameless);
        assert!(matches!(drops.compute_on(client.pool()), Err(Error::Panicked { .. })));
        assert!(matches!(client.submit(&fails).unwrap().result(), Err(Error::Panicked { .. })));
    });
}

#[test]
fn coordination() {
    let client = client(2);
    let queue = Queue::bounded(2);
    let (putter, taker) = (queue.clone(), queue.clone());
    let put = delayed(move |n: &u64| (0..*n).for_each(|x| putter.put(x))).blocking();
    let take = delayed(move |n: &u64| (0..*n).filter_map(|_| taker.take(None)).sum::<u64>()).blocking();
    let _put = client.submit(&put.call(100)).unwrap();
    assert_eq!(*client.submit(&take.call(100)).unwrap().result().unwrap(), 4950);
    assert!(queue.is_empty() && queue.take(MS(1)).is_none());
    queue.put(1);
    queue.put(2);
    assert_eq!(queue.put_within(3, MS(1)), Err(3));

    let variable = Variable::new();
    assert!(variable.get(MS(1)).is_none());
    variable.set(5);
    assert_eq!(*variable.clone().get(None).unwrap(), 5);

    let lock = Lock::new();
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (shared, counts, peak) = (lock.clone(), Arc::clone(&inside), Arc::clone(&most));
    let enter = delayed(move |_: &u64| {
        let _guard = shared.acquire(None);
        peak.fetch_max(counts.fetch_add(1, SeqCst) + 1, SeqCst);
        std::thread::yield_now();
        counts.fetch_sub(1, SeqCst);
    })
    .blocking();
    client.gather(&client.map(&enter, 0..50).unwrap()).unwrap();
    assert_eq!(most.load(SeqCst), 1);
    let guard = lock.acquire(None).unwrap();
    assert!(lock.is_locked() && lock.acquire(MS(1)).is_none());
    drop(guard);
    assert!(lock.acquire(MS(1)).is_some());
}

#[derive(Default)]
struct Notes {
    started: AtomicUsize,
    finished: Mutex<Vec<(String, Option<u64>, bool)>>,
}

impl Subscriber for Notes {
    fn started(&self, _event: &TaskStarted<'_>) {
        self.started.fetch_add(1, SeqCst);
    }

    fn finished(&self, event: &TaskFinished<'_>) {
        assert!(event.start <= event.stop && event.thread == std::thread::current().id());
        self.finished.lock().unwrap().push((event.name.to_string(), event.bytes, event.error.is_some()));
    }
}

#[test]
fn events() {
    let notes = Arc::new(Notes::default());
    let client = Client::new(Settings::new().threads(1).subscriber(Arc::clone(&notes) as _)).unwrap();
    let zeros = delayed(|n: &usize| vec![0u8; *n]).named("zeros").measured(|zeros: &Vec<u8>| zeros.len() as u64);
    let fail = try_delayed(|x: &Vec<u8>| if x.len() > 1 { Err("long") } else { Ok(()) }).named("fail");
    assert!(fail.call(zeros.call(3usize)).compute_on(client.pool()).is_err());
    client.submit(&zeros.call(4usize)).unwrap().result().unwrap();
    assert_eq!(notes.started.load(SeqCst), 3);
    let expected = [("zeros", Some(3), false), ("fail", None, true), ("zeros", Some(4), false)];
    assert_eq!(*notes.finished.lock().unwrap(), expected.map(|(name, bytes, failed)| (name.to_owned(), bytes, failed)));
}

#[test]
fn bags() {
    let bag = Bag::from_items(0..100u64, 7);
    assert_eq!(bag.parts().len(), 7);
    assert_eq!(bag.compute().unwrap(), (0..100).collect::<Vec<_>>());
    let odd = bag.map(|x| x * 3).filter(|x| x % 2 == 1);
    assert_eq!(odd.compute().unwrap().len(), 50);
    assert_eq!(*odd.count().compute().unwrap(), 50);
    assert_eq!(*bag.fold(0, |sum, x| sum + x, |a, b| a + b).compute().unwrap(), 4950);
    let words = Bag::from_items("a b a c a b".split(' ').map(str::to_owned), 20);
    let counts = words.frequencies().compute().unwrap();
    assert_eq!((counts["a"], counts["b"], counts["c"]), (3, 2, 1));
    let text = Bag::from_items('a'..='z', 26).tree_reduce(
        |part| part.iter().collect::<String>(),
        |parts: &[Arc<String>]| parts.iter().map(|part| part.as_str()).collect(),
    );
    assert_eq!(*text.compute().unwrap(), ('a'..='z').collect::<String>());
    let empty: Bag<u64> = Bag::from_items([], 4);
    assert_eq!(*empty.count().compute().unwrap(), 0);
    assert!(empty.compute().unwrap().is_empty());
}

#[test]
fn dropping_a_client_inside_a_call() {
    within(10, || {
        let client = client(2);
        let slot = Arc::new(Mutex::new(Some(client.clone())));
        let taken = Arc::clone(&slot);
        let done = Event::new();
        let (go, tell) = (Event::new(), done.clone());
        let wait = go.clone();
        let drop_it = delayed(move || {
            wait.wait(MS(5000));
            drop(taken.lock().unwrap().take());
            tell.set();
        });
        let future = client.submit(&drop_it.call()).unwrap();
        drop(client);
        go.set();
        assert!(done.wait(MS(5000)));
        eventually("done", || future.is_done());
    });
}
