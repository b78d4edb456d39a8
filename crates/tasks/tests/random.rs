//! Random graphs against a serial evaluation, with releases counted, failures and cancels.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};

use blockfold_tasks::{Client, Delayed, Error, Pool, Settings, delayed, try_delayed};
use common::{Count, Counted, eventually, pool, within};
use proptest::prelude::*;

/// What each task reads, by how far back; targets; which task fails; which tasks block.
#[derive(Clone, Debug)]
struct Shape {
    reads: Vec<Vec<usize>>,
    targets: Vec<usize>,
    blocks: Vec<bool>,
}

fn shapes(most: usize) -> impl Strategy<Value = Shape> {
    let reads = prop::collection::vec(prop::collection::vec(1usize..40, 0..4), 1..most);
    (reads, prop::collection::vec(any::<prop::sample::Index>(), 1..4), any::<u64>()).prop_map(
        |(reads, targets, seed)| {
            let len = reads.len();
            let fit = |(i, reads): (usize, Vec<usize>)| {
                reads.into_iter().filter(move |back| *back <= i).map(move |back| i - back)
            };
            Shape {
                reads: reads.into_iter().enumerate().map(|task| fit(task).collect()).collect(),
                targets: targets.iter().map(|target| target.index(len)).collect(),
                blocks: (0..len as u32).map(|i| seed.rotate_left(i) & 15 == 3).collect(),
            }
        },
    )
}

fn mix(i: usize, reads: impl Iterator<Item = u64>) -> u64 {
    reads.fold(i as u64, |sum, x| sum.wrapping_mul(31).wrapping_add(x))
}

impl Shape {
    fn serial(&self) -> Vec<u64> {
        let mut values: Vec<u64> = Vec::new();
        for (i, reads) in self.reads.iter().enumerate() {
            values.push(mix(i, reads.iter().map(|read| values[*read])));
        }
        values
    }

    /// Delayed calls of the same graph. Task `fails`, if any, returns an error or panics.
    fn delayed(&self, count: &Arc<Count>, runs: &Arc<Vec<AtomicU32>>, fails: Option<usize>) -> Vec<Delayed<Counted>> {
        let (count, runs) = (Arc::clone(count), Arc::clone(runs));
        let call = try_delayed(move |i: &usize, reads: &[Arc<Counted>]| {
            runs[*i].fetch_add(1, SeqCst);
            match fails == Some(*i) {
                true if i.is_multiple_of(2) => Err("meant to fail"),
                true => panic!("meant to panic"),
                false => Ok(count.value(mix(*i, reads.iter().map(|read| read.value)))),
            }
        })
        .named("mix");
        let slow = call.clone().blocking();
        let mut nodes: Vec<Delayed<Counted>> = Vec::new();
        for (i, reads) in self.reads.iter().enumerate() {
            let reads: Vec<_> = reads.iter().map(|read| nodes[*read].clone()).collect();
            nodes.push(if self.blocks[i] { slow.call(i, reads) } else { call.call(i, reads) });
        }
        nodes
    }

    fn targets(&self, nodes: &[Delayed<Counted>]) -> Vec<Delayed<Counted>> {
        self.targets.iter().map(|target| nodes[*target].clone()).collect()
    }

    fn counters(&self) -> Arc<Vec<AtomicU32>> {
        Arc::new(self.reads.iter().map(|_| AtomicU32::new(0)).collect())
    }

    /// The tasks that the targets need.
    fn needed(&self) -> Vec<bool> {
        let mut needed = vec![false; self.reads.len()];
        self.targets.iter().for_each(|target| needed[*target] = true);
        for i in (0..needed.len()).rev().filter(|i| !self.reads[*i].is_empty()) {
            if needed[i] {
                self.reads[i].iter().for_each(|read| needed[*read] = true);
            }
        }
        needed
    }
}

fn pools() -> &'static [Pool] {
    static POOLS: std::sync::OnceLock<Vec<Pool>> = std::sync::OnceLock::new();
    POOLS.get_or_init(|| [1, 2, 5].map(pool).into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150), ..ProptestConfig::default() })]

    #[test]
    fn equal_to_serial(shape in shapes(300)) {
        for pool in pools() {
            let (count, runs) = (Arc::new(Count::default()), shape.counters());
            let targets = shape.targets(&shape.delayed(&count, &runs, None));
            let results = pool.compute_all(&targets).unwrap();
            let serial = shape.serial();
            for (result, target) in results.iter().zip(&shape.targets) {
                prop_assert_eq!(result.value, serial[*target]);
            }
            for (runs, needed) in runs.iter().zip(shape.needed()) {
                prop_assert_eq!(runs.load(SeqCst), u32::from(needed));
            }
            let mut kept = shape.targets.clone();
            kept.sort_unstable();
            kept.dedup();
            prop_assert_eq!(count.alive(), kept.len() as isize);
            drop(results);
            prop_assert_eq!(count.alive(), 0);
        }
    }

    #[test]
    fn regrouping_keeps_the_order(picks in prop::collection::vec((0usize..50, 0usize..50, 0u8..8), 1..80)) {
        let join = delayed(|a: &String, b: &String| format!("{a}{b}")).associative();
        let other = delayed(|a: &String, b: &String| format!("<{a}{b}>"));
        let mut terms = vec![(Delayed::value("x".to_owned()), "x".to_owned())];
        for (i, (a, b, kind)) in picks.into_iter().enumerate() {
            let pick = |back: usize| terms[terms.len() - 1 - back % terms.len().min(4)].clone();
            let ((a, left), (b, right)) = (pick(a), pick(b));
            if left.len() + right.len() > 10_000 {
                break;
            }
            let letter = char::from(b'a' + (i % 26) as u8).to_string();
            terms.push(match kind {
                0 => (other.call(&a, letter.clone()), format!("<{left}{letter}>")),
                1 => (join.call(&a, &b), format!("{left}{right}")),
                2 | 3 => (join.call(letter.clone(), &a), format!("{letter}{left}")),
                _ => (join.call(&a, letter.clone()), format!("{left}{letter}")),
            });
        }
        let (calls, texts): (Vec<_>, Vec<_>) = terms.into_iter().unzip();
        let last = calls.last().unwrap().compute_on(&pools()[1]).unwrap();
        prop_assert_eq!(&*last, texts.last().unwrap());
        let all = pools()[1].compute_all(&calls).unwrap();
        prop_assert!(all.iter().zip(&texts).all(|(all, text)| **all == *text));
    }

    #[test]
    fn failures_end_the_run(shape in shapes(200), fails in any::<prop::sample::Index>()) {
        let fails = fails.index(shape.reads.len());
        std::panic::set_hook(Box::new(|_| {}));
        for pool in pools() {
            let (count, runs) = (Arc::new(Count::default()), shape.counters());
            let targets = shape.targets(&shape.delayed(&count, &runs, Some(fails)));
            let result = pool.compute_all(&targets);
            prop_assert_eq!(result.is_err(), shape.needed()[fails]);
            if let Err(error) = &result {
                prop_assert!(error.to_string().starts_with("mix(usize, list of "), "{}", error);
            }
            drop(result);
            prop_assert_eq!(count.alive(), 0);
            prop_assert!(runs.iter().all(|runs| runs.load(SeqCst) <= 1));
        }
    }

    #[test]
    fn futures_equal_serial(shape in shapes(60)) {
        let client = Client::new(Settings::new().threads(2)).unwrap();
        let count = Arc::new(Count::default());
        let counter = Arc::clone(&count);
        let call = delayed(move |i: &usize, reads: &[Arc<Counted>]| {
            counter.value(mix(*i, reads.iter().map(|read| read.value)))
        });
        let slow = call.clone().blocking();
        let mut futures = Vec::new();
        for (i, reads) in shape.reads.iter().enumerate() {
            let reads: Vec<_> = reads.iter().map(|read| std::clone::Clone::clone(&futures[*read])).collect();
            let call = if shape.blocks[i] { slow.call(i, reads) } else { call.call(i, reads) };
            futures.push(client.submit(&call).unwrap());
        }
        let values: Vec<u64> = client.gather(&futures).unwrap().iter().map(|x| x.value).collect();
        prop_assert_eq!(values, shape.serial());
        drop(futures);
        eventually("all released", || count.alive() == 0);
    }
}

#[test]
fn cancels_at_random_points() {
    within(60, || {
        let started = Arc::new(AtomicUsize::new(0));
        let client = Client::new(Settings::new().threads(3)).unwrap();
        let count = Arc::new(Count::default());
        for round in 0..150u64 {
            let counter = Arc::clone(&started);
            let values = Arc::clone(&count);
            let once = Arc::new((0..400).map(|_| AtomicU32::new(0)).collect::<Vec<_>>());
            let runs = Arc::clone(&once);
            let step = delayed(move |i: &usize, x: &Counted| {
                counter.fetch_add(1, SeqCst);
                assert_eq!(runs[*i].fetch_add(1, SeqCst), 0);
                if i.is_multiple_of(16) {
                    std::thread::yield_now();
                }
                values.value(x.value + 1)
            });
            let slow = step.clone().blocking();
            let start = client.scatter(count.value(0)).unwrap();
            // Ten chains of calls, every other one as one graph with a blocking call here and there.
            let mut ends = Vec::new();
            for chain in 0..10 {
                let tasks = chain * 40..chain * 40 + 40;
                if chain % 2 == 0 {
                    let first = step.call(tasks.start, &start);
                    let call =
                        tasks.skip(1).fold(first, |x, i| if i % 7 == 0 { slow.call(i, x) } else { step.call(i, x) });
                    ends.push(client.submit(&call).unwrap());
                } else {
                    let first = client.submit(&step.call(tasks.start, &start)).unwrap();
                    ends.push(tasks.skip(1).fold(first, |x, i| client.submit(&step.call(i, x)).unwrap()));
                }
            }
            for _ in 0..round * 7 % 40 {
                std::thread::yield_now();
            }
            ends.iter().step_by(3).for_each(|end| end.cancel());
            drop(ends.remove(1));
            for (i, end) in ends.iter().enumerate() {
                match end.result() {
                    Ok(x) => assert_eq!(x.value, 40),
                    Err(Error::Cancelled { .. }) => assert!([0, 2, 5, 8].contains(&i), "{i}"),
                    Err(error) => panic!("{error}"),
                }
            }
        }
        eventually("all released", || count.alive() == 0);
    });
}

#[test]
fn closing_at_random_points() {
    within(60, || {
        let count = Arc::new(Count::default());
        for round in 0..100 {
            let client = Client::new(Settings::new().threads(2)).unwrap();
            let counter = Arc::clone(&count);
            let step = delayed(move |x: &Counted| counter.value(x.value + 1));
            let slow = step.clone().blocking();
            let mut ends = vec![client.scatter(count.value(0)).unwrap()];
            for i in 0..100 {
                let call = step.call(ends.last().unwrap());
                let call = if i % 10 == 0 { slow.call(step.call(call)) } else { call };
                ends.push(client.submit(&call).unwrap());
            }
            (0..round % 20).for_each(|_| std::thread::yield_now());
            client.close();
            let failed = ends.iter().filter(|end| end.result().is_err()).count();
            assert!(ends[..ends.len() - failed].iter().all(|end| end.error().is_none()));
            assert!(matches!(client.submit(&step.call(&ends[0])), Err(Error::Closed)));
        }
        eventually("all released", || count.alive() == 0);
    });
}
