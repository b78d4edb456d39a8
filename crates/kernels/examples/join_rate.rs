//! Nanoseconds per build row and probe row of a join on one core, output columns included.
//!
//! `cargo run --release -p blockfold-kernels --example join_rate [name]` runs the cases whose name contains the
//! argument.
//!
//! The system's allocator gives memory back between batches, and the faults of getting it again depend on which case
//! ran before. So that cases compare, let it keep its memory:
//! `MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456`.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use blockfold_core::Result;
use blockfold_kernels::join::{Bloom, JoinKind, JoinOptions, JoinTable, OutputColumn};

const PROBE_ROWS: u64 = 10_000_000;
const BATCH: u64 = 32 << 10;
const ROUNDS: usize = 3;

fn main() -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for case in cases().iter().filter(|case| case.name.contains(&wanted)) {
        for build_rows in [10_000, 1_000_000, 10_000_000] {
            case.measure(build_rows)?;
        }
    }
    if "bloom".contains(&wanted) {
        measure_bloom();
    }
    Ok(())
}

/// Keys of some numbers below the number of build rows.
type Keys = fn(&[u64]) -> Vec<ArrayRef>;

struct Case {
    name: &'static str,
    keys: Keys,
    /// Build rows of each key.
    duplicates: u64,
}

impl Case {
    fn measure(&self, build_rows: u64) -> Result<()> {
        let mut random = Random(42);
        let mut numbers: Vec<u64> = (0..build_rows).map(|row| row / self.duplicates).collect();
        random.shuffle(&mut numbers);
        let (build, build_keys) = (payload(&numbers), (self.keys)(&numbers));
        drop(numbers);
        let batches: Vec<Vec<u64>> =
            (0..PROBE_ROWS.div_ceil(BATCH)).map(|_| (0..BATCH).map(|_| random.next() % build_rows).collect()).collect();
        let batches: Vec<_> = batches.into_iter().map(|numbers| (payload(&numbers), (self.keys)(&numbers))).collect();
        let (mut build_ns, mut probe_ns, mut lookup_ns) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        let (mut bytes, mut output_rows) = (0, 0);
        for _ in 0..ROUNDS {
            let start = Clock::start();
            let repeats = repeats(build_rows);
            let mut table = JoinTable::new(build.clone(), &build_keys, options(true))?;
            for _ in 1..repeats {
                table = JoinTable::new(build.clone(), &build_keys, options(true))?;
            }
            build_ns = build_ns.min(start.seconds() * 1e9 / (repeats * build_rows) as f64);
            bytes = table.bytes() - build.get_array_memory_size() as u64;
            let (ns, rows) = probe_ns_and_rows(table, &batches)?;
            (probe_ns, output_rows) = (probe_ns.min(ns), rows);
            let bare = JoinTable::new(build.clone(), &build_keys, options(false))?;
            lookup_ns = lookup_ns.min(probe_ns_and_rows(bare, &batches)?.0);
        }
        println!(
            "{:<24}{build_rows:>9} build rows  {build_ns:6.1} ns/build row {probe_ns:6.1} ns/probe row \
             ({lookup_ns:6.1} without columns) {output_rows:>9} output rows {:7.1} MB of index",
            self.name,
            bytes as f64 / 1e6
        );
        Ok(())
    }
}

/// Builds to measure together: the system counts processor time in ticks of some milliseconds, so that one short build
/// would seem to take none.
fn repeats(rows: u64) -> u64 {
    (8_000_000 / rows).max(1)
}

fn probe_ns_and_rows(table: JoinTable, batches: &[(RecordBatch, Vec<ArrayRef>)]) -> Result<(f64, usize)> {
    let (mut prober, mut output_rows) = (Arc::new(table).prober(), 0);
    let start = Clock::start();
    for (batch, keys) in batches {
        for output in prober.probe(batch, keys)? {
            output_rows += output?.num_rows();
        }
    }
    Ok((start.seconds() * 1e9 / (batches.len() as u64 * BATCH) as f64, output_rows))
}

/// Three columns of the build side beside two of the probe side, or none.
fn options(has_columns: bool) -> JoinOptions {
    if !has_columns {
        return JoinOptions::new(JoinKind::Inner, Arc::new(Schema::empty()), Vec::new());
    }

    let names = ["left a", "left b", "a", "b", "c"];
    let fields: Vec<Field> = names.iter().map(|name| Field::new(*name, DataType::Float64, true)).collect();
    let columns = [OutputColumn::Probe(0), OutputColumn::Probe(1)].into_iter().chain((0..3).map(OutputColumn::Build));
    JoinOptions::new(JoinKind::Inner, Arc::new(Schema::new(fields)), columns.collect())
}

fn payload(numbers: &[u64]) -> RecordBatch {
    let column = || Arc::new(numbers.iter().map(|number| *number as f64).collect::<Float64Array>()) as ArrayRef;
    let columns = ["a", "b", "c"].map(|name| (name, column()));
    RecordBatch::try_from_iter(columns).unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(Schema::empty())))
}

fn ints(numbers: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(numbers.map(|number| number as i64).collect::<Int64Array>())
}

fn cases() -> Vec<Case> {
    let dense: Keys = |numbers| vec![ints(numbers.iter().copied())];
    let sparse: Keys = |numbers| vec![ints(numbers.iter().map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15)))];
    let text: Keys = |numbers| {
        let texts = numbers.iter().map(|number| Some(format!("id{number:0>10}")));
        vec![Arc::new(texts.collect::<StringArray>())]
    };
    let two: Keys = |numbers| {
        let part = |divisor: u64| numbers.iter().map(move |number| number / divisor % 4000 * 1_000_003);
        vec![ints(part(1)), ints(part(4000))]
    };
    let case = |name, keys, duplicates| Case { name, keys, duplicates };
    vec![
        case("i64 dense", dense, 1),
        case("i64 sparse", sparse, 1),
        case("i64 sparse, 2 rows a key", sparse, 2),
        case("text", text, 1),
        case("two i64", two, 1),
    ]
}

fn measure_bloom() {
    for keys in [10_000, 1_000_000, 10_000_000] {
        let mut random = Random(7);
        let hashes: Vec<u64> = (0..keys).map(|_| random.next()).collect();
        let others: Vec<u64> = (0..PROBE_ROWS).map(|_| random.next()).collect();
        let mut bloom = Bloom::new(keys);
        let start = Clock::start();
        (0..repeats(keys)).for_each(|_| bloom.insert_hashes(std::hint::black_box(&hashes)));
        let insert_ns = start.seconds() * 1e9 / (repeats(keys) * keys) as f64;
        let start = Clock::start();
        let passed = others.iter().filter(|hash| bloom.contains_hash(**hash)).count();
        let probe_ns = start.seconds() * 1e9 / PROBE_ROWS as f64;
        let percent = passed as f64 * 100.0 / PROBE_ROWS as f64;
        println!("bloom {keys:>27} keys  {insert_ns:6.1} ns/key  {probe_ns:6.1} ns/hash  {percent:.2} % pass");
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

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn shuffle(&mut self, values: &mut [u64]) {
        for last in (1..values.len()).rev() {
            values.swap(last, (self.next() % (last as u64 + 1)) as usize);
        }
    }
}
