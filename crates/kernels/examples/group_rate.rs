//! Nanoseconds per row of grouped aggregation on one core.
//!
//! `cargo run --release -p blockfold-kernels --example group_rate [name]` runs the cases whose name contains
//! the argument.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::Int32Type;
use blockfold_core::{AggFunc, DType, Result};
use blockfold_kernels::group::{AggSpec, GroupSpec, GroupState, KeySpec};

const BATCH: usize = 1 << 16;
/// Distinct batches: enough to be beyond the caches, few enough to be made quickly.
const BATCHES: usize = 64;
const ROUNDS: usize = 4;
/// Batches of cases in which nearly every row is a group.
const SINGLE_BATCHES: usize = 16;

fn main() -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for case in cases().into_iter().filter(|case| case.name.contains(&wanted)) {
        case.measure()?;
    }
    Ok(())
}

struct Case {
    name: &'static str,
    spec: Arc<GroupSpec>,
    make: Box<dyn Fn(&mut Random) -> Rows>,
    batches: usize,
    rounds: usize,
}

/// Keys and inputs of one batch.
type Rows = (Vec<ArrayRef>, Vec<ArrayRef>);

impl Case {
    fn new(
        name: &'static str,
        keys: Vec<(DType, Option<(i128, i128)>)>,
        aggs: &[(AggFunc, DType)],
        make: impl Fn(&mut Random) -> Rows + 'static,
    ) -> Self {
        let keys = keys.into_iter().map(|(dtype, range)| KeySpec { name: "k".into(), dtype, range }).collect();
        let aggs = aggs.iter().map(|(func, input)| AggSpec {
            name: "a".into(),
            func: func.clone(),
            inputs: vec![input.clone(); func.inputs()],
        });
        Case {
            name,
            spec: Arc::new(GroupSpec { keys, aggs: aggs.collect() }),
            make: Box::new(make),
            batches: BATCHES,
            rounds: ROUNDS,
        }
    }

    /// The case with every row seen once.
    fn of_single_rows(self) -> Self {
        Case { batches: SINGLE_BATCHES, rounds: 1, ..self }
    }

    fn measure(&self) -> Result<()> {
        let mut random = Random { state: 42, few: names(26), many: names(10_000) };
        let batches: Vec<Rows> = (0..self.batches).map(|_| (self.make)(&mut random)).collect();
        let mut best = f64::INFINITY;
        let mut merge_ms = f64::INFINITY;
        let (mut drain_ms, mut absorb_ms, mut finish_ms) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        let mut groups = 0;
        let mut bytes = 0;
        for _ in 0..9 {
            let start = Clock::start();
            let mut state = self.run(&batches, self.rounds)?;
            best = best.min(start.seconds() * 1e9 / (self.rounds * self.batches * BATCH) as f64);
            bytes = state.bytes();
            let other = self.run(&batches, 1)?;
            let start = Instant::now();
            state.merge(other)?;
            merge_ms = merge_ms.min(start.elapsed().as_secs_f64() * 1e3);
            groups = state.groups();
            let start = Instant::now();
            let drained = state.drain()?;
            drain_ms = drain_ms.min(start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            state.absorb(&drained)?;
            absorb_ms = absorb_ms.min(start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            state.finish()?;
            finish_ms = finish_ms.min(start.elapsed().as_secs_f64() * 1e3);
        }
        println!(
            "{:<34}{best:6.2} ns/row {groups:>9} groups {:>8.1} MB  merge {merge_ms:.2} ms  drain {drain_ms:.2} ms  \
             absorb {absorb_ms:.2} ms  finish {finish_ms:.2} ms",
            self.name,
            bytes as f64 / 1e6
        );
        Ok(())
    }

    fn run(&self, batches: &[Rows], rounds: usize) -> Result<GroupState> {
        let mut state = GroupState::new(Arc::clone(&self.spec))?;
        for _ in 0..rounds {
            for (keys, inputs) in batches {
                state.update(keys, inputs, BATCH)?;
            }
        }
        Ok(state)
    }
}

/// Time that this thread had the processor, where the system tells it, so that a busy machine disturbs less.
struct Clock(Instant, Option<u64>);

impl Clock {
    fn start() -> Self {
        Clock(Instant::now(), Self::processor_ns())
    }

    fn seconds(&self) -> f64 {
        match (self.1, Self::processor_ns()) {
            (Some(start), Some(end)) => (end - start) as f64 / 1e9,
            _ => self.0.elapsed().as_secs_f64(),
        }
    }

    fn processor_ns() -> Option<u64> {
        std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
    }
}

/// SplitMix64, and the dictionaries that batches share.
struct Random {
    state: u64,
    few: ArrayRef,
    many: ArrayRef,
}

impl Random {
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> i64 {
        (self.next() % bound) as i64
    }

    fn ints(&mut self, least: i64, bound: u64) -> ArrayRef {
        Arc::new((0..BATCH).map(|_| least + self.below(bound)).collect::<Int64Array>())
    }

    /// Near a mean, as the ids of the timeseries are.
    fn bell(&mut self) -> ArrayRef {
        let id = |random: &mut Self| 850 + (0..8).map(|_| random.below(300)).sum::<i64>() / 8;
        Arc::new((0..BATCH).map(|_| id(self)).collect::<Int64Array>())
    }

    fn threes(&mut self) -> Vec<ArrayRef> {
        vec![self.ints(1, 5), self.ints(1, 15), self.floats()]
    }

    fn floats(&mut self) -> ArrayRef {
        Arc::new((0..BATCH).map(|_| self.next() as f64 / u64::MAX as f64).collect::<Float64Array>())
    }

    fn floats_with_nulls(&mut self) -> ArrayRef {
        let value = |random: &mut Self| (random.below(10) > 0).then(|| random.next() as f64);
        Arc::new((0..BATCH).map(|_| value(self)).collect::<Float64Array>())
    }

    fn names(&mut self) -> ArrayRef {
        let names = self.few.clone();
        self.coded(&names)
    }

    fn many_names(&mut self) -> ArrayRef {
        let names = self.many.clone();
        self.coded(&names)
    }

    /// Strings as `id016`, numbers below a bound.
    fn texts(&mut self, width: usize, bound: u64) -> ArrayRef {
        let id = |random: &mut Self| format!("id{:0width$}", random.below(bound));
        Arc::new((0..BATCH).map(|_| Some(id(self))).collect::<StringArray>())
    }

    fn six_keys(&mut self) -> Vec<ArrayRef> {
        vec![
            self.texts(3, 100),
            self.texts(3, 100),
            self.texts(10, 100_000),
            self.ints(1, 100),
            self.ints(1, 100),
            self.ints(1, 100_000),
        ]
    }

    fn coded(&mut self, values: &ArrayRef) -> ArrayRef {
        let keys: Int32Array = (0..BATCH).map(|_| self.below(values.len() as u64) as i32).collect();
        Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::clone(values)))
    }
}

fn names(count: usize) -> ArrayRef {
    Arc::new((0..count).map(|i| Some(format!("name number {i}"))).collect::<StringArray>())
}

fn cases() -> Vec<Case> {
    use AggFunc::*;
    let ids = (DType::Int64, Some((850, 1150)));
    let sum = [(Sum, DType::Float64)];
    let three = [(Sum, DType::Int64), (Sum, DType::Int64), (Sum, DType::Float64)];
    let id_values: ArrayRef = Arc::new((850..1150).collect::<Int64Array>());
    vec![
        Case::new("id sum", vec![ids.clone()], &sum, |r| (vec![r.bell()], vec![r.floats()])),
        Case::new("id sum, no statistics", vec![(DType::Int64, None)], &sum, |r| (vec![r.bell()], vec![r.floats()])),
        Case::new("id sum, uniform", vec![ids.clone()], &sum, |r| (vec![r.ints(850, 300)], vec![r.floats()])),
        Case::new("id sum, 10 % nulls", vec![ids.clone()], &sum, |r| (vec![r.bell()], vec![r.floats_with_nulls()])),
        Case::new("two groups, sum", vec![(DType::Int64, None)], &sum, |r| (vec![r.ints(0, 2)], vec![r.floats()])),
        Case::new("runs of one group, sum", vec![(DType::Int64, None)], &sum, |r| {
            let id = r.below(300);
            (vec![Arc::new(Int64Array::from(vec![id; BATCH]))], vec![r.floats()])
        }),
        Case::new(
            "two groups, count mean std",
            vec![(DType::Int64, None)],
            &[(Len, DType::Null), (Mean, DType::Float64), (Std { ddof: 1 }, DType::Float64)],
            |r| (vec![r.ints(0, 2)], vec![r.floats(), r.floats()]),
        ),
        Case::new("two groups, int sum", vec![(DType::Int64, None)], &[(Sum, DType::Int64)], |r| {
            (vec![r.ints(0, 2)], vec![r.ints(0, 1 << 40)])
        }),
        Case::new("id codes sum", vec![ids.clone()], &sum, move |r| (vec![r.coded(&id_values)], vec![r.floats()])),
        Case::new("name codes mean", vec![(DType::Utf8, None)], &[(Mean, DType::Float64)], |r| {
            (vec![r.names()], vec![r.floats()])
        }),
        Case::new("name codes std", vec![(DType::Utf8, None)], &[(Std { ddof: 1 }, DType::Float64)], |r| {
            (vec![r.names()], vec![r.floats()])
        }),
        Case::new(
            "name codes mean std",
            vec![(DType::Utf8, None)],
            &[(Mean, DType::Float64), (Std { ddof: 1 }, DType::Float64)],
            |r| (vec![r.names()], vec![r.floats(), r.floats()]),
        ),
        Case::new(
            "name codes count min max",
            vec![(DType::Utf8, None)],
            &[(Count, DType::Float64), (Min, DType::Float64), (Max, DType::Float64)],
            |r| {
                let x = r.floats();
                (vec![r.names()], vec![x.clone(), x.clone(), x])
            },
        ),
        Case::new("100 k dense, 3 sums", vec![(DType::Int64, Some((1, 100_000)))], &three, |r| {
            (vec![r.ints(1, 100_000)], r.threes())
        }),
        Case::new("100 k hashed, 3 sums", vec![(DType::Int64, None)], &three, |r| {
            let keys: Int64Array = (0..BATCH).map(|_| r.below(100_000) * 1_000_003).collect();
            (vec![Arc::new(keys)], r.threes())
        }),
        Case::new("100 k hashed, std", vec![(DType::Int64, None)], &[(Std { ddof: 1 }, DType::Float64)], |r| {
            let keys: Int64Array = (0..BATCH).map(|_| r.below(100_000) * 1_000_003).collect();
            (vec![Arc::new(keys)], vec![r.floats()])
        }),
        Case::new("4 M hashed, sum", vec![(DType::Int64, None)], &sum, |r| {
            let keys: Int64Array = (0..BATCH).map(|_| r.below(1 << 40)).collect();
            (vec![Arc::new(keys)], vec![r.floats()])
        }),
        Case::new(
            "6 keys, each row a group",
            vec![
                (DType::Utf8, None),
                (DType::Utf8, None),
                (DType::Utf8, None),
                (DType::Int64, None),
                (DType::Int64, None),
                (DType::Int64, None),
            ],
            &[(Sum, DType::Float64), (Len, DType::Null)],
            |r| (r.six_keys(), vec![r.floats()]),
        )
        .of_single_rows(),
        Case::new(
            "3 text keys, each row a group",
            vec![(DType::Utf8, None), (DType::Utf8, None), (DType::Utf8, None)],
            &[(Sum, DType::Float64), (Len, DType::Null)],
            |r| (r.six_keys().drain(..3).collect(), vec![r.floats()]),
        )
        .of_single_rows(),
        Case::new("id and name codes, sum", vec![ids.clone(), (DType::Utf8, None)], &sum, |r| {
            (vec![r.bell(), r.names()], vec![r.floats()])
        }),
        Case::new("id, 10 k codes, sum", vec![ids.clone(), (DType::Utf8, None)], &sum, |r| {
            (vec![r.bell(), r.many_names()], vec![r.floats()])
        }),
        Case::new("plain strings of 26, sum", vec![(DType::Utf8, None)], &sum, |r| {
            let strings = arrow::compute::cast(&r.names(), &DType::Utf8);
            (vec![strings.unwrap_or_else(|_| names(BATCH))], vec![r.floats()])
        }),
        Case::new("whole sum", vec![], &sum, |r| (vec![], vec![r.floats()])),
        Case::new("whole std", vec![], &[(Std { ddof: 1 }, DType::Float64)], |r| (vec![], vec![r.floats()])),
        Case::new("whole int sum min", vec![], &[(Sum, DType::Int64), (Min, DType::Int64)], |r| {
            let x = r.ints(0, 1 << 30);
            (vec![], vec![x.clone(), x])
        }),
        Case::new("id n_unique of 1000", vec![ids], &[(NUnique, DType::Int64)], |r| {
            (vec![r.bell()], vec![r.ints(0, 1000)])
        }),
    ]
}
