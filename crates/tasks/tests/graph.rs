//! Delayed calls: signatures, sharing, order, regrouping, chains.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Condvar, Mutex};

use blockfold_tasks::{
    Callable, Delayed, Error, Event, Parts, Pool, Settings, compute_all, delayed, explain_all, try_delayed,
};
use common::{Count, Counted, pool, within};

fn add(a: &i64, b: &i64) -> i64 {
    a + b
}

fn sum_of_two(a: &i64, b: &i64) -> i64 {
    a + b
}

#[test]
fn arguments_of_all_kinds() {
    let add = delayed(add);
    assert_eq!(add.name(), "add");
    let x = add.call(1, 2);
    let y = add.call(&x, Arc::new(4));
    let total = delayed(|xs: &[Arc<i64>], scale: &f64, unit: &str| {
        format!("{}{unit}", xs.iter().map(|x| **x).sum::<i64>() as f64 * scale)
    });
    let text = total.call(vec![x.clone(), y.clone()], 0.5, "m");
    assert_eq!(*text.compute().unwrap(), "5m");
    assert_eq!(*total.call([&x, &y].map(Clone::clone), 1.0, String::from("s")).compute().unwrap(), "10s");
    assert_eq!(*total.call(vec![Arc::new(1), Arc::new(2)], 1.0, "").compute().unwrap(), "3");
    let shout = delayed(|text: &str| text.to_uppercase());
    assert_eq!(*shout.call(&text).compute().unwrap(), "5M");
    let eight = delayed(|a: &u8, b: &u8, c: &u8, d: &u8, e: &u8, f: &u8, g: &u8, h: &u8| a + b + c + d + e + f + g + h);
    assert_eq!(*eight.call(1, 1, 1, 1, 1, 1, 1, 1).compute().unwrap(), 8);
    assert_eq!(*delayed(|| 7).call().compute().unwrap(), 7);
}

#[test]
fn shared_parts_run_once() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&runs);
    let slow = delayed(move |x: &i64| {
        counter.fetch_add(1, SeqCst);
        *x
    });
    let base = slow.call(3);
    let add = delayed(add);
    let text = delayed(|x: &i64| x.to_string());
    let (sum, name) = compute_all((&add.call(&base, &base), &text.call(&base))).unwrap();
    assert_eq!((*sum, name.as_str()), (6, "3"));
    assert_eq!(runs.load(SeqCst), 1);
    let both = compute_all(&[add.call(&base, 1), add.call(&base, 2), base.clone(), base.clone()]).unwrap();
    assert_eq!(both.iter().map(|x| **x).collect::<Vec<_>>(), [4, 5, 3, 3]);
    assert_eq!(runs.load(SeqCst), 2);
    let kept = base.persist().unwrap();
    add.call(&kept, 1).compute().unwrap();
    kept.compute().unwrap();
    assert_eq!(runs.load(SeqCst), 3);
    assert!(compute_all(&Vec::<Delayed<i64>>::new()).unwrap().is_empty());
}

#[test]
fn pure_calls_share() {
    let add = delayed(add).pure();
    let list = delayed(|xs: &[Arc<i64>]| xs.len()).pure();
    let (a, b) = (add.call(1, 2), add.clone().call(1, 2));
    assert!(a.is_same(&b));
    assert!(!a.is_same(&add.call(2, 1)));
    assert!(add.call(&a, 1).is_same(&add.call(&b, 1)) || !a.is_same(&b));
    let (c, d) = (add.call(&a, 5), add.call(&b, 5));
    assert!(c.is_same(&d));
    assert!(!c.is_same(&add.call(5, &a)));
    let one = list.call(vec![a.clone(), c.clone()]);
    assert!(one.is_same(&list.call(vec![b, d])));
    assert!(!one.is_same(&list.call(vec![c, a])));
    let impure = delayed(|x: &f64| *x);
    assert!(!impure.call(1.0).is_same(&impure.call(1.0)));
    let first = impure.token("one").call(1.0);
    assert!(first.is_same(&impure.token("one").call(1.0)));
    assert!(!first.is_same(&impure.token("two").call(1.0)));
    // One function wrapped twice is one function; closures that hold something are not, nor other marks.
    let (again, other) = (delayed(sum_of_two).pure(), delayed(sum_of_two).named("plus").pure());
    let first = again.call(1, 2);
    assert!(first.is_same(&delayed(sum_of_two).pure().call(1, 2)));
    assert!(!first.is_same(&other.call(1, 2)));
    let held = 3;
    let holding = || delayed(move |x: &i64| x + held).pure();
    let (one, two) = (holding(), holding());
    let first = one.call(1);
    assert!(first.is_same(&one.call(1)) && !first.is_same(&two.call(1)));
    // Dead calls are forgotten.
    (0..10_000).for_each(|i| drop(add.call(i, i)));
}

#[test]
fn failures_name_call_and_types() {
    let parse = try_delayed(|text: &str, base: &u32| i64::from_str_radix(text, *base)).named("parse");
    let error = parse.call("zz", 10u32).compute().unwrap_err();
    assert_eq!(error.to_string(), "parse(str, u32) failed: invalid digit found in string");
    assert!(std::error::Error::source(&error).unwrap().is::<std::num::ParseIntError>());
    let boxed = try_delayed(|_: &i64| -> Result<i64, Box<dyn std::error::Error + Send + Sync>> { Err("no".into()) });
    assert!(matches!(boxed.call(1).compute(), Err(Error::Failed { .. })));
    let bad = delayed(|x: &i64| -> i64 { panic!("bad {x}") }).named("bad");
    let error = delayed(add).call(bad.call(1), 1).compute().unwrap_err();
    assert_eq!(error.to_string(), "bad(i64) panicked: bad 1");
    let sum = try_delayed(|xs: &[Arc<Vec<f64>>], _: &Option<u8>| xs.get(9).map(|_| ()).ok_or("too few")).named("sum");
    let error = sum.call(vec![Delayed::value(vec![0.5; 3]), Delayed::value(vec![])], None).compute().unwrap_err();
    assert_eq!(error.to_string(), "sum(list of 2 x Vec<f64> of 3, Option<u8>) failed: too few");
}

/// Sum of `0..n` as a chain that reads its leaves on the left or the right.
fn fold(n: u64, count: &Arc<Count>, leaf_first: bool, blocks: bool) -> Delayed<Counted> {
    let (a, b) = (Arc::clone(count), Arc::clone(count));
    let leaf = delayed(move |x: &u64| a.value(*x));
    let leaf = if blocks { leaf.blocking() } else { leaf };
    let add = delayed(move |x: &Counted, y: &Counted| b.value(x.value + y.value));
    (1..n).fold(leaf.call(0), |sum, x| {
        let leaf = leaf.call(x);
        if leaf_first { add.call(leaf, sum) } else { add.call(sum, leaf) }
    })
}

#[test]
fn results_die_young() {
    for leaf_first in [false, true] {
        let count = Arc::new(Count::default());
        let sum = fold(10_000, &count, leaf_first, false);
        let result = sum.compute_on(&pool(1)).unwrap();
        assert_eq!(result.value, 49_995_000);
        assert_eq!((count.alive(), count.peak()), (1, 3), "leaf first: {leaf_first}");
        drop(result);
        assert_eq!(count.alive(), 0);
    }
    let count = Arc::new(Count::default());
    fold(10_000, &count, true, false).compute_on(&pool(4)).unwrap();
    assert!(count.peak() < 700, "{} alive", count.peak());
    let count = Arc::new(Count::default());
    let pool = Pool::new(Settings::new().threads(2).blocking_threads(16)).unwrap();
    fold(5_000, &count, true, true).compute_on(&pool).unwrap();
    assert!(count.peak() < 150, "{} alive", count.peak());
}

#[test]
fn long_chains_neither_overflow_nor_leak() {
    within(60, || {
        let inc = delayed(|x: &u64| x + 1);
        let end = (0..1_000_000).fold(Delayed::value(0), |x, _| inc.call(x));
        assert_eq!(*end.compute_on(&pool(2)).unwrap(), 1_000_000);
        drop(end);
        let never_run = (0..1_000_000).fold(Delayed::value(0), |x, _| inc.call(vec![x].remove(0)));
        drop(never_run);
    });
}

#[test]
fn chains_stay_on_one_thread() {
    let first = delayed(|| vec![std::thread::current().id()]);
    let next = delayed(|ids: &Vec<std::thread::ThreadId>| {
        let mut ids = ids.clone();
        let id = std::thread::current().id();
        if ids.last() != Some(&id) {
            ids.push(id);
        }
        ids
    });
    let end = (0..5_000).fold(first.call(), |ids, _| next.call(ids));
    assert_eq!(end.compute_on(&pool(4)).unwrap().len(), 1);
}

#[test]
fn associative_chains_become_trees() {
    let join = delayed(|a: &String, b: &String| format!("({a}{b})")).named("join").associative();
    let name = delayed(|x: &u8| char::from(*x).to_string());
    let chain = (b'b'..=b'h').fold(name.call(b'a'), |text, x| join.call(text, name.call(x)));
    assert_eq!(*chain.compute().unwrap(), "(((ab)(cd))((ef)(gh)))");
    let text = chain.explain().unwrap();
    assert!(text.contains("a chain of 7 calls of join that was 7 deep is a balanced tree 3 deep"), "{text}");
    // Values given with the calls keep their places.
    let chain = ["b", "c", "d", "e"]
        .iter()
        .fold(join.call("a".to_owned(), name.call(b'x')), |text, x| join.call(text, x.to_string()));
    assert_eq!(*chain.compute().unwrap(), "(((ax)b)((cd)e))");
    // What somebody else reads stays.
    let part = ["b", "c", "d"].iter().fold(name.call(b'a'), |text, x| join.call(text, x.to_string()));
    let whole = ["e", "f", "g"].iter().fold(part.clone(), |text, x| join.call(text, x.to_string()));
    let (part, whole) = compute_all((&part, &whole)).unwrap();
    assert_eq!((part.as_str(), whole.as_str()), ("((ab)(cd))", "((((ab)(cd))e)(fg))"));
    // From the right, and without the mark.
    let chain = (b'a'..=b'g').rev().fold(name.call(b'h'), |text, x| join.call(name.call(x), text));
    assert_eq!(*chain.compute().unwrap(), "(((ab)(cd))((ef)(gh)))");
    let plain = delayed(|a: &String, b: &String| format!("({a}{b})"));
    let chain = (b'b'..=b'd').fold(name.call(b'a'), |text, x| plain.call(text, name.call(x)));
    assert_eq!(*chain.compute().unwrap(), "(((ab)c)d)");
}

#[test]
fn long_associative_chain() {
    let add = delayed(|a: &u64, b: &u64| a + b).associative();
    let sum = (0..200_000).fold(Delayed::value(0), |sum, x| add.call(sum, x));
    assert_eq!(*sum.compute().unwrap(), 199_999 * 100_000);
    assert!(explain_all((&sum,)).unwrap().contains("18 deep"));
}

/// The sum of twice what follows each of eight numbers, added one after the other.
fn eight_numbers(plus: &Callable<fn(&i64, &i64) -> i64>) -> Delayed<i64> {
    let inc = delayed(|x: &i64| x + 1).named("inc").blocking();
    let double = delayed(|x: &i64| 2 * x).named("double").blocking();
    (1..=8).fold(Delayed::value(0), |sum, x| plus.call(sum, double.call(inc.call(x))))
}

#[test]
fn eight_numbers_as_chain_and_as_tree() {
    let plus = delayed(|a: &i64, b: &i64| a + b).named("add").blocking();
    let (chain, tree) = (eight_numbers(&plus), eight_numbers(&plus.clone().associative()));
    assert_eq!((*chain.compute_on(&pool(1)).unwrap(), *tree.compute_on(&pool(1)).unwrap()), (88, 88));
    let (chain, tree) = (chain.explain().unwrap(), tree.explain().unwrap());
    // Two calls and eight sums, or two calls and four levels of sums over nine operands.
    assert!(chain.contains("longest path 10 tasks"), "{chain}");
    assert!(tree.contains("longest path 6 tasks"), "{tree}");
    assert!(tree.contains("regrouped: a chain of 8 calls of add that was 8 deep is a balanced tree 4 deep"), "{tree}");
}

#[test]
fn sleepers_do_not_hold_up_computing() {
    within(20, || {
        let (pool, gate) = (pool(1), Event::new());
        let inside = gate.clone();
        let sleeper = delayed(move |_: &u64| inside.wait(None)).blocking();
        let sleepers: Vec<_> = (0..100).map(|x| sleeper.call(x)).collect();
        std::thread::scope(|scope| {
            let sleepers = scope.spawn(|| pool.compute_all(&sleepers).unwrap().len());
            let inc = delayed(|x: &u64| x + 1);
            for x in 0..50 {
                assert_eq!(*inc.call(x).compute_on(&pool).unwrap(), x + 1);
            }
            gate.set();
            assert_eq!(sleepers.join().unwrap(), 100);
        });
    });
}

/// A lock that is held while calls are made and let go by those that wait, as an interpreter's is.
#[derive(Default)]
struct Interpreter {
    is_held: Mutex<bool>,
    let_go: Condvar,
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
        *self.is_held.lock().unwrap() = false;
        self.let_go.notify_one();
    }
}

/// All eight meet in the end: whoever lets the lock go lets the next one in, however deep the calls are.
#[test]
fn sleepers_inside_of_a_lock_sleep_side_by_side() {
    within(20, || {
        for depth in [1, 3] {
            let lock = Arc::new(Interpreter::default());
            let (enter, inside) = (Arc::clone(&lock), Arc::clone(&lock));
            let settings = Settings::new().threads(8).inside(move |work: &mut dyn FnMut()| {
                enter.take();
                work();
                enter.leave();
            });
            let pool = Pool::new(settings).unwrap();
            let meeting = Arc::new(Barrier::new(8));
            let meet = delayed(move |x: &u64| {
                inside.leave();
                meeting.wait();
                inside.take();
                x + 1
            });
            let chain = |x: u64| (1..depth).fold(meet.call(x), |call, _| meet.call(call));
            let calls: Vec<_> = (0..8).map(chain).collect();
            let made: Vec<u64> = pool.compute_all(&calls).unwrap().iter().map(|value| **value).collect();
            assert_eq!(made, (depth..8 + depth).collect::<Vec<u64>>());
        }
    });
}

#[test]
fn calls_may_compute() {
    within(20, || {
        let pool = Arc::new(pool(2));
        let inner = Arc::clone(&pool);
        let inc = delayed(|x: &u64| x + 1);
        let nested = delayed(move |x: &u64| *inc.call(inc.call(*x)).compute_on(&inner).unwrap());
        let calls: Vec<_> = (0..50).map(|x| nested.call(x)).collect();
        assert_eq!(pool.compute_all(&calls).unwrap().iter().map(|x| **x).sum::<u64>(), 1225 + 100);
    });
}

#[test]
fn parts_are_made_one_by_one_and_what_they_share_once() {
    let (loads, count) = (Arc::new(AtomicUsize::new(0)), Arc::new(Count::default()));
    let (counter, values) = (Arc::clone(&loads), Arc::clone(&count));
    let load = delayed(move |x: &u64| (counter.fetch_add(1, SeqCst), values.value(*x)).1);
    let plus = delayed(|x: &Counted, y: &u64| x.value + y).named("plus");
    // Two bases that nobody shares, one that all do, and a part that is there twice.
    let base = load.call(100);
    let mut parts: Vec<Delayed<u64>> = (0..3).map(|x| plus.call(&base, x)).collect();
    parts.push(plus.call(load.call(200), 1));
    parts.push(parts[0].clone());
    let (parts, pool) = (Parts::new(parts).unwrap(), pool(2));
    assert_eq!(loads.load(SeqCst), 0);
    let shared = parts.share(&pool).unwrap();
    assert_eq!((loads.load(SeqCst), parts.len()), (1, 5));
    let make = |part| *parts.make(part, &shared, &pool, &|| Ok(())).unwrap();
    assert_eq!((0..5).map(make).collect::<Vec<_>>(), [100, 101, 102, 201, 100]);
    assert_eq!((loads.load(SeqCst), count.alive()), (2, 1));
    let stopped = parts.make(1, &shared, &pool, &|| Err(Error::Closed));
    assert!(matches!(stopped, Err(Error::Closed)));
    drop(shared);
    assert_eq!(count.alive(), 0);
}

#[test]
fn many_threads_share_a_graph() {
    within(30, || {
        let add = delayed(add);
        let base: Vec<_> = (0..200).map(|x| add.call(x, 1)).collect();
        let sums: Vec<_> = base.windows(2).map(|pair| add.call(&pair[0], &pair[1])).collect();
        let pool = pool(2);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for from in 0..50 {
                        let results = pool.compute_all(&sums[from..from + 100]).unwrap();
                        assert!(results.iter().zip(from as i64..).all(|(sum, x)| **sum == 2 * x + 3));
                    }
                });
            }
        });
    });
}
