//! Time and memory per task: `cargo run --release --example bench [name]`.

#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use blockfold_tasks::{Client, Delayed, Pool, Settings, delayed};

/// Counts living bytes, as requested of the allocator.
struct Counting;

static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);
static PEAK_BYTES: AtomicIsize = AtomicIsize::new(0);
static IS_COUNTING: AtomicBool = AtomicBool::new(false);

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if IS_COUNTING.load(Relaxed) {
            let size = layout.size() as isize;
            let live = LIVE_BYTES.fetch_add(size, Relaxed) + size;
            PEAK_BYTES.fetch_max(live, Relaxed);
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if IS_COUNTING.load(Relaxed) {
            LIVE_BYTES.fetch_sub(layout.size() as isize, Relaxed);
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

type Outcome<T = ()> = Result<T, blockfold_tasks::Error>;

/// Wall time and processor time of all threads.
#[derive(Clone, Copy, Default)]
struct Spent {
    wall: Duration,
    cpu: Duration,
}

fn show(what: &str, tasks: usize, parts: &[(&str, Spent)]) {
    let per_task = |time: Duration| time.as_nanos() as f64 / tasks as f64;
    let (wall, cpu) = parts
        .iter()
        .fold(Default::default(), |(wall, cpu): (Duration, Duration), (_, part)| (wall + part.wall, cpu + part.cpu));
    print!("{what}: {:.0} ns/task wall, {:.0} cpu;", per_task(wall), per_task(cpu));
    for (name, part) in parts {
        print!(" {name} {:.0} ({:.0} cpu)", per_task(part.wall), per_task(part.cpu));
    }
    println!("; total {wall:.1?}");
}

/// Processor time of all living threads, from Linux; zero elsewhere.
fn cpu() -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let nanoseconds = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Spent) {
    let (start, cpu_start) = (Instant::now(), cpu());
    let result = work();
    (result, Spent { wall: start.elapsed(), cpu: cpu().saturating_sub(cpu_start) })
}

fn tree(pool: &Pool, leaves: u64) -> Outcome {
    let leaf = delayed(|x: &u64| *x);
    let add = delayed(|a: &u64, b: &u64| a + b);
    let (top, build) = timed(|| {
        let mut level: Vec<Delayed<u64>> = (0..leaves).map(|x| leaf.call(x)).collect();
        while level.len() > 1 {
            level = level.chunks(2).map(|pair| add.call(&pair[0], &pair[1])).collect();
        }
        level.remove(0)
    });
    let (sum, run) = timed(|| top.compute_on(pool));
    assert_eq!(*sum?, leaves * (leaves - 1) / 2);
    let ((), free) = timed(|| drop(top));
    show(
        &format!("tree of {leaves} leaves"),
        2 * leaves as usize - 1,
        &[("build", build), ("run", run), ("free", free)],
    );
    Ok(())
}

fn chain(pool: &Pool, len: u64) -> Outcome {
    let inc = delayed(|x: &u64| x + 1);
    let (end, build) = timed(|| (1..len).fold(inc.call(0), |x, _| inc.call(x)));
    let (sum, run) = timed(|| end.compute_on(pool));
    assert_eq!(*sum?, len);
    let ((), free) = timed(|| drop(end));
    show(&format!("chain of {len}"), len as usize, &[("build", build), ("run", run), ("free", free)]);
    Ok(())
}

fn associative_chain(pool: &Pool, len: u64) -> Outcome {
    let add = delayed(|a: &u64, b: &u64| a + b).associative();
    let leaf = delayed(|x: &u64| *x);
    let (end, build) = timed(|| (1..=len).fold(leaf.call(0), |sum, x| add.call(sum, leaf.call(x))));
    let (sum, run) = timed(|| end.compute_on(pool));
    assert_eq!(*sum?, len * (len + 1) / 2);
    let ((), free) = timed(|| drop(end));
    show(&format!("associative chain of {len}"), 2 * len as usize, &[("build", build), ("run", run), ("free", free)]);
    Ok(())
}

fn map_and_gather(client: &Client, len: u64) -> Outcome {
    let inc = delayed(|x: &u64| x + 1);
    let (futures, map) = timed(|| client.map(&inc, 0..len));
    let futures = futures?;
    let (results, gather) = timed(|| client.gather(&futures));
    assert_eq!(results?.len(), len as usize);
    let ((), free) = timed(|| drop(futures));
    show(&format!("map of {len} and gather"), len as usize, &[("map", map), ("gather", gather), ("free", free)]);
    Ok(())
}

fn future_chain(client: &Client, len: u64) -> Outcome {
    let inc = delayed(|x: &u64| x + 1);
    let (end, submit) = timed(|| {
        let first = client.submit(&inc.call(0));
        (1..len).try_fold(first?, |x, _| client.submit(&inc.call(x)))
    });
    let end = end?;
    let (result, wait) = timed(|| end.result());
    assert_eq!(*result?, len);
    show(&format!("chain of {len} futures"), len as usize, &[("submit", submit), ("wait", wait)]);
    Ok(())
}

/// Each task reads two of the 1,000 before it; a last one reads those that nobody else does, in a tree.
fn random(len: usize) -> (Delayed<u64>, usize) {
    let leaf = delayed(|x: &u64| *x);
    let mix = delayed(|a: &u64, b: &u64| a.wrapping_mul(31).wrapping_add(*b));
    let mut state = 42u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    let mut nodes: Vec<Delayed<u64>> = Vec::with_capacity(len);
    let mut is_read = vec![false; len];
    for i in 0..len {
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
    let mut tops: Vec<Delayed<u64>> =
        nodes.iter().zip(&is_read).filter(|(_, is_read)| !**is_read).map(|(node, _)| node.clone()).collect();
    let mut tasks = len;
    while tops.len() > 1 {
        let next: Vec<_> =
            tops.chunks(2).map(|pair| if let [a, b] = pair { mix.call(a, b) } else { pair[0].clone() }).collect();
        tasks += tops.len() / 2;
        tops = next;
    }
    (tops.remove(0), tasks)
}

fn random_graph(pool: &Pool, len: usize) -> Outcome {
    for counts in [true, false] {
        IS_COUNTING.store(counts, Relaxed);
        LIVE_BYTES.store(0, Relaxed);
        PEAK_BYTES.store(0, Relaxed);
        let ((top, tasks), build) = timed(|| random(len));
        let graph_bytes = LIVE_BYTES.load(Relaxed);
        PEAK_BYTES.store(graph_bytes, Relaxed);
        let (_, plan) = timed(|| top.explain());
        let (result, run) = timed(|| top.compute_on(pool));
        result?;
        std::thread::sleep(Duration::from_millis(200));
        let ((), free) = timed(|| drop(top));
        if counts {
            let per_task = |bytes: isize| bytes as f64 / tasks as f64;
            let peak = PEAK_BYTES.load(Relaxed);
            println!(
                "  memory per task: graph {:.0} B, while running {:.0} B more, together {:.0} B at the peak",
                per_task(graph_bytes),
                per_task(peak - graph_bytes),
                per_task(peak)
            );
        } else {
            show(&format!("random graph of {tasks}"), tasks, &[("build", build), ("run", run), ("free", free)]);
            show("  of which planning and explaining", tasks, &[("plan", plan)]);
        }
    }
    IS_COUNTING.store(false, Relaxed);
    Ok(())
}

fn main() -> Outcome {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let client = Client::new(Settings::new())?;
    let pool = client.pool();
    println!("{} threads; load {}", pool.threads(), load.trim());
    let only = std::env::args().nth(1).unwrap_or_default();
    let asked = |name: &str| {
        // What the last one left is freed by the pool's threads; they should be done.
        std::thread::sleep(Duration::from_millis(200));
        name.contains(&only)
    };
    for _ in 0..2 {
        if asked("random") {
            random_graph(pool, 1_000_000)?;
        }
        if asked("tree") {
            tree(pool, 65_536)?;
        }
        if asked("chain") {
            chain(pool, 100_000)?;
            chain(pool, 1_000_000)?;
        }
        if asked("associative") {
            associative_chain(pool, 100_000)?;
        }
        if asked("map") {
            map_and_gather(&client, 100_000)?;
        }
        if asked("futures") {
            future_chain(&client, 100_000)?;
        }
    }
    Ok(())
}
