//! Delayed calls and futures by number and time: `calls WORK N` prints one line of JSON, times in seconds.
//!
//! Calls are trivial, so that what is measured is the scheduler. Peak memory is that of the whole process.

use std::time::Instant;

use anyhow::{Result, bail, ensure};
use blockfold::delayed::{Callable, Client, Delayed, Pool, Settings, delayed};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

/// Runs a graph built by `build`, of so many tasks, and checks its result.
fn graph(pool: &Pool, tasks: usize, want: Option<u64>, build: impl FnOnce() -> Delayed<u64>) -> Result<Value> {
    let (top, build_s) = timed(build);
    let (result, run_s) = timed(|| top.compute_on(pool));
    let result = *result?;
    ensure!(want.is_none_or(|want| want == result), "the result is {result}, not {want:?}");
    let ((), free_s) = timed(|| drop(top));
    Ok(json!({ "tasks": tasks, "build_s": build_s, "run_s": run_s, "free_s": free_s }))
}

fn leaf() -> Callable<fn(&u64) -> u64> {
    delayed(|x: &u64| *x)
}

fn add() -> Callable<fn(&u64, &u64) -> u64> {
    delayed(|a: &u64, b: &u64| a.wrapping_add(*b))
}

/// A sum of so many leaves, pair by pair.
fn tree(leaves: u64) -> Delayed<u64> {
    let (leaf, add) = (leaf(), add());
    let mut level: Vec<Delayed<u64>> = (0..leaves.max(1)).map(|x| leaf.call(x)).collect();
    while level.len() > 1 {
        let pair = |pair: &[Delayed<u64>]| if let [a, b] = pair { add.call(a, b) } else { pair[0].clone() };
        level = level.chunks(2).map(pair).collect();
    }
    level.remove(0)
}

fn chain(length: u64) -> Delayed<u64> {
    let inc = delayed(|x: &u64| x + 1);
    (1..length).fold(inc.call(0), |x, _| inc.call(x))
}

/// A sum one after the other, which is regrouped.
fn associative(length: u64) -> Delayed<u64> {
    let (leaf, add) = (leaf(), add().associative());
    (1..=length).fold(leaf.call(0), |sum, x| add.call(sum, leaf.call(x)))
}

/// Nine tasks in ten read two of the 1,000 before them; a tree reads those that nobody else does.
fn random(length: usize) -> (Delayed<u64>, usize) {
    let (leaf, mix) = (leaf(), delayed(|a: &u64, b: &u64| a.wrapping_mul(31).wrapping_add(*b)));
    let mut state = 42u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut nodes: Vec<Delayed<u64>> = Vec::with_capacity(length);
    let mut is_read = vec![false; length];
    for i in 0..length {
        let node = if i < 2 || random(10) == 0 {
            leaf.call(i as u64)
        } else {
            let window = i.min(1000);
            let (a, b) = (i - 1 - random(window), i - 1 - random(window));
            (is_read[a], is_read[b]) = (true, true);
            mix.call(&nodes[a], &nodes[b])
        };
        nodes.push(node);
    }
    let unread = nodes.iter().zip(&is_read).filter(|(_, is_read)| !**is_read);
    let mut tops: Vec<Delayed<u64>> = unread.map(|(node, _)| node.clone()).collect();
    let mut tasks = length;
    while tops.len() > 1 {
        tasks += tops.len() / 2;
        let pair = |pair: &[Delayed<u64>]| if let [a, b] = pair { mix.call(a, b) } else { pair[0].clone() };
        tops = tops.chunks(2).map(pair).collect();
    }
    (tops.remove(0), tasks)
}

fn map_and_gather(client: &Client, length: u64) -> Result<Value> {
    let inc = delayed(|x: &u64| x + 1);
    let (futures, build_s) = timed(|| client.map(&inc, 0..length));
    let futures = futures?;
    let (results, run_s) = timed(|| client.gather(&futures));
    ensure!(results?.iter().zip(1..).all(|(result, want)| **result == want), "results differ");
    let ((), free_s) = timed(|| drop(futures));
    Ok(json!({ "tasks": length, "build_s": build_s, "run_s": run_s, "free_s": free_s }))
}

fn future_chain(client: &Client, length: u64) -> Result<Value> {
    let inc = delayed(|x: &u64| x + 1);
    let (end, build_s) = timed(|| {
        let first = client.submit(&inc.call(0))?;
        (1..length).try_fold(first, |x, _| client.submit(&inc.call(x)))
    });
    let end = end?;
    let (result, run_s) = timed(|| end.result());
    ensure!(*result? == length.max(1), "results differ");
    let ((), free_s) = timed(|| drop(end));
    Ok(json!({ "tasks": length, "build_s": build_s, "run_s": run_s, "free_s": free_s }))
}

/// Eight numbers, each call asleep for a fifth of a second on one of eight threads.
fn eight_numbers(is_tree: bool) -> Result<Value> {
    let nap = || std::thread::sleep(std::time::Duration::from_millis(200));
    let inc = delayed(move |x: &u64| (nap(), x + 1).1).named("inc").blocking();
    let double = delayed(move |x: &u64| (nap(), 2 * x).1).named("double").blocking();
    let add = delayed(move |a: &u64, b: &u64| (nap(), a + b).1).named("add").blocking();
    let add = if is_tree { add.associative() } else { add };
    let pool = Pool::new(Settings::new().blocking_threads(8))?;
    let doubles: Vec<Delayed<u64>> = (1..=8).map(|x| double.call(inc.call(x))).collect();
    let total = || doubles.into_iter().reduce(|sum, x| add.call(sum, x)).unwrap_or(Delayed::value(0));
    graph(&pool, 23, Some(88), total)
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [work, count] = args.as_slice() else {
        bail!("usage: calls tree|chain|associative|random|map|futures|eight-chain|eight-tree COUNT")
    };
    let count: u64 = count.parse()?;
    let client = Client::new(Settings::new())?;
    let pool = client.pool();
    let mut line = match work.as_str() {
        "tree" => graph(pool, (2 * count - 1) as usize, Some(count * (count - 1) / 2), || tree(count))?,
        "chain" => graph(pool, count as usize, Some(count), || chain(count))?,
        "associative" => graph(pool, (2 * count + 1) as usize, Some(count * (count + 1) / 2), || associative(count))?,
        "random" => {
            let (built, build_s) = timed(|| random(count as usize));
            let (top, tasks) = built;
            let mut line = graph(pool, tasks, None, || top)?;
            line["build_s"] = build_s.into();
            line
        }
        "map" => map_and_gather(&client, count)?,
        "futures" => future_chain(&client, count)?,
        "eight-chain" => eight_numbers(false)?,
        "eight-tree" => eight_numbers(true)?,
        other => bail!("no work is called '{other}'"),
    };
    line["work"] = work.as_str().into();
    line["threads"] = pool.threads().into();
    println!("{line}");
    Ok(())
}
