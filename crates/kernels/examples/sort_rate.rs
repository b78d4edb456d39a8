//! Nanoseconds per row of hashing, scattering and sorting on one core.
//!
//! `cargo run --release -p blockfold-kernels --example sort_rate [name]` runs the cases whose name contains the
//! argument. Sorting is beside Arrow's `lexsort_to_indices` and its row format with `sort_unstable`.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::*;
use arrow::compute::{SortColumn, lexsort_to_indices, take_record_batch};
use arrow::datatypes::{Float64Type, Int32Type, Int64Type};
use arrow::row::{RowConverter, SortField};
use blockfold_core::Result;
use blockfold_kernels::route::{hash_keys, parts_of, range_parts, scatter};
use blockfold_kernels::sort::{SortBounds, SortOrder, TopK, is_sorted, sort_order};

const BATCH: usize = 1 << 18;

fn main() -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let is_wanted = |name: &str| name.contains(&wanted);
    if is_wanted("hash_keys") {
        hashing()?;
    }
    if is_wanted("scatter") {
        scattering()?;
    }
    if is_wanted("range_parts") {
        ranging()?;
    }
    for rows in [1_000_000, 10_000_000] {
        for (name, make) in sort_cases().into_iter().filter(|(name, _)| is_wanted(&format!("sort {name}"))) {
            sorting(name, rows, &make(rows))?;
        }
    }
    Ok(())
}

/// The best of some times, each of enough runs for a coarse clock.
fn measure<T>(rows: usize, mut run: impl FnMut() -> Result<T>) -> Result<f64> {
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    let runs = (40_000_000 / rows).max(1);
    for round in 0..10 {
        if round > 0 && begin.elapsed().as_secs() >= 2 {
            break;
        }
        let start = Clock::start();
        for _ in 0..runs {
            std::hint::black_box(run()?);
        }
        best = best.min(start.seconds() * 1e9 / (runs * rows) as f64);
    }
    Ok(best)
}

fn hashing() -> Result<()> {
    let coded = codes(BATCH, 1000);
    let cases: [(&str, Vec<ArrayRef>); 6] = [
        ("i64", vec![integers(BATCH)]),
        ("f64", vec![floats(BATCH)]),
        ("i64, i64", vec![integers(BATCH), integers(BATCH)]),
        ("i64 with nulls", vec![nullable(BATCH)]),
        ("string of 12", vec![names(BATCH)]),
        ("dictionary", vec![coded]),
    ];
    let mut hashes = Vec::new();
    for (name, keys) in cases {
        let ns = measure(BATCH, || hash_keys(&keys, BATCH, &mut hashes))?;
        println!("hash_keys {name:<24}{ns:8.2} ns/row");
    }
    let mut parts = Vec::new();
    let ns = measure(BATCH, || {
        parts_of(&hashes, 64, 0, &mut parts);
        Ok(())
    })?;
    println!("parts_of                          {ns:8.2} ns/row");
    Ok(())
}

fn scattering() -> Result<()> {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i64", integers(BATCH)),
        ("f64", floats(BATCH)),
        ("i32", small(BATCH, 1 << 30)),
        ("i64 with nulls", nullable(BATCH)),
        ("boolean", Arc::new((0..BATCH as u64).map(|i| Some(random(i) & 1 == 1)).collect::<BooleanArray>())),
        ("string", names(BATCH)),
        ("view", arrow::compute::cast(&names(BATCH), &arrow::datatypes::DataType::Utf8View)?),
        ("dictionary", codes(BATCH, 100)),
    ];
    for parts in [64, 256] {
        let (mut hashes, mut part_of_row) = (Vec::new(), Vec::new());
        hash_keys(&[integers(BATCH)], BATCH, &mut hashes)?;
        parts_of(&hashes, parts, 0, &mut part_of_row);
        scatter_case("8 columns", parts, &columns, &part_of_row)?;
        for column in &columns {
            scatter_case(column.0, parts, std::slice::from_ref(column), &part_of_row)?;
        }
    }
    Ok(())
}

fn scatter_case(name: &str, parts: usize, columns: &[(&str, ArrayRef)], part_of_row: &[u32]) -> Result<()> {
    let batch = RecordBatch::try_from_iter(columns.iter().cloned())?;
    let ours = measure(BATCH, || scatter(&batch, part_of_row, parts))?;
    let mut rows: Vec<u32> = (0..BATCH as u32).collect();
    rows.sort_by_key(|row| part_of_row[*row as usize]);
    let rows = UInt32Array::from(rows);
    let take = measure(BATCH, || Ok(take_record_batch(&batch, &rows)?))?;
    println!("scatter to {parts:<4} {name:<20}{ours:8.2} ns/row   arrow's take alone {take:8.2}");
    Ok(())
}

fn ranging() -> Result<()> {
    for (name, make) in sort_cases() {
        let keys = make(BATCH);
        let orders = vec![SortOrder::default(); keys.len()];
        let sample: Vec<ArrayRef> = keys.iter().map(|key| key.slice(0, 20_000)).collect();
        let bounds = SortBounds::from_sample(&sample, &orders, 256)?;
        let mut parts = Vec::new();
        let ns = measure(BATCH, || range_parts(&keys, &bounds, &mut parts))?;
        println!("range_parts of 256 {name:<16}{ns:8.2} ns/row");
    }
    Ok(())
}

fn sorting(name: &str, rows: usize, keys: &[ArrayRef]) -> Result<()> {
    let orders = vec![SortOrder::default(); keys.len()];
    let ours = measure(rows, || sort_order(keys, &orders))?;
    let columns: Vec<SortColumn> =
        keys.iter().map(|key| SortColumn { values: Arc::clone(key), options: None }).collect();
    let lexsort = measure(rows, || Ok(lexsort_to_indices(&columns, None)?))?;
    let by_rows = measure(rows, || row_format(keys))?;
    let order = UInt32Array::from(sort_order(keys, &orders)?);
    let sorted: Vec<ArrayRef> =
        keys.iter().map(|key| arrow::compute::take(key, &order, None)).collect::<std::result::Result<_, _>>()?;
    let again = measure(rows, || sort_order(&sorted, &orders))?;
    let check = measure(rows, || is_sorted(&sorted, &orders, None))?;
    let top = measure(rows, || top(keys, &orders, rows))?;
    println!(
        "sort {name:<16}{rows:>9} rows {ours:8.2} ns/row   lexsort {lexsort:8.2}   rows {by_rows:8.2}   sorted \
         {again:6.2}   check {check:6.2}   first 100 {top:6.2}"
    );
    Ok(())
}

fn row_format(keys: &[ArrayRef]) -> Result<Vec<u32>> {
    let fields = keys.iter().map(|key| SortField::new(key.data_type().clone())).collect();
    let rows = RowConverter::new(fields)?.convert_columns(keys)?;
    let mut order: Vec<_> = rows.iter().zip(0u32..).collect();
    order.sort_unstable();
    Ok(order.into_iter().map(|(_, row)| row).collect())
}

fn top(keys: &[ArrayRef], orders: &[SortOrder], rows: usize) -> Result<RecordBatch> {
    let batch = RecordBatch::try_from_iter(keys.iter().enumerate().map(|(at, key)| (at.to_string(), Arc::clone(key))))?;
    let mut top = TopK::new(batch.schema(), orders.to_vec(), 100);
    for start in (0..rows).step_by(1 << 16) {
        let part = batch.slice(start, (rows - start).min(1 << 16));
        top.push(&part, part.columns())?;
    }
    top.finish()
}

type Make = fn(usize) -> Vec<ArrayRef>;

fn sort_cases() -> Vec<(&'static str, Make)> {
    vec![
        ("f64", |rows| vec![floats(rows)]),
        ("i64", |rows| vec![integers(rows)]),
        ("string", |rows| vec![names(rows)]),
        ("string, f64", |rows| vec![few_names(rows), floats(rows)]),
        ("i32, i32, f64", |rows| vec![small(rows, 100), small(rows, 1000), floats(rows)]),
    ]
}

/// SplitMix64 of a number.
fn random(i: u64) -> u64 {
    let state = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn integers(rows: usize) -> ArrayRef {
    Arc::new(PrimitiveArray::<Int64Type>::from_iter_values((0..rows as u64).map(|i| random(i) as i64)))
}

fn nullable(rows: usize) -> ArrayRef {
    let value = |i: u64| (!random(i).is_multiple_of(10)).then(|| random(i) as i64);
    Arc::new((0..rows as u64).map(value).collect::<Int64Array>())
}

fn floats(rows: usize) -> ArrayRef {
    let value = |i: u64| random(i * 31 + 7) as f64 / u64::MAX as f64 - 0.5;
    Arc::new(PrimitiveArray::<Float64Type>::from_iter_values((0..rows as u64).map(value)))
}

fn small(rows: usize, bound: u64) -> ArrayRef {
    let value = |i: u64| (random(i * 17 + bound) % bound) as i32;
    Arc::new(PrimitiveArray::<Int32Type>::from_iter_values((0..rows as u64).map(value)))
}

/// `id0000012345`, as many different ones as rows.
fn names(rows: usize) -> ArrayRef {
    Arc::new((0..rows as u64).map(|i| Some(format!("id{:010}", random(i) % rows as u64))).collect::<StringArray>())
}

/// The same, each a thousand times.
fn few_names(rows: usize) -> ArrayRef {
    let bound = (rows as u64 / 1000).max(1);
    Arc::new((0..rows as u64).map(|i| Some(format!("id{:010}", random(i) % bound))).collect::<StringArray>())
}

fn codes(rows: usize, values: u64) -> ArrayRef {
    let texts: StringArray = (0..values).map(|i| Some(format!("value {i}"))).collect();
    let keys: Int32Array = (0..rows as u64).map(|i| Some((random(i) % values) as i32)).collect();
    Arc::new(DictionaryArray::<Int32Type>::new(keys, Arc::new(texts)))
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
