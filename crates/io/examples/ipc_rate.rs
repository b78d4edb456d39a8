//! How fast a mapped Arrow IPC file is summed, by group and by a plain loop, with two threads.
//!
//! Arguments: a file, the column to sum, an integer column of small values to group by, and how many times. Without
//! a file one of a year at one second is written first.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use arrow::ipc::writer::FileWriter;
use blockfold_core::{Columns, Error, Result};
use blockfold_io::ipc::IpcSource;
use blockfold_plan::{Source, TaskContext};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: i64 = 31_622_400;
const GROUPS: usize = 4096;

fn mixed(row: i64) -> u64 {
    let bits = (row as u64).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (bits ^ (bits >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb)
}

/// One record batch of five columns of eight bytes, as some writers make it.
fn write_year(path: &str) -> Result<()> {
    let numbers = || Float64Array::from_iter_values((0..ROWS).map(|row| (mixed(row) >> 11) as f64));
    let columns: [(&str, ArrayRef); 5] = [
        ("timestamp", Arc::new(Int64Array::from_iter_values(0..ROWS))),
        ("id", Arc::new(Int64Array::from_iter_values((0..ROWS).map(|row| 850 + (mixed(row) % 300) as i64)))),
        ("x", Arc::new(numbers())),
        ("y", Arc::new(numbers())),
        ("z", Arc::new(numbers())),
    ];
    let batch = RecordBatch::try_from_iter(columns)?;
    let file = File::create(path).map_err(|error| Error::io(path, error))?;
    let mut writer = FileWriter::try_new(file, &batch.schema())?;
    writer.write(&batch)?;
    Ok(writer.finish()?)
}

/// Runs `fold` over the batches of all partitions with two threads; the time it took.
fn timed(source: &dyn Source, fold: impl Fn(&RecordBatch, &mut [f64]) + Sync) -> Result<(f64, f64)> {
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let work = || -> Result<f64> {
        let mut sums = vec![0.0; GROUPS];
        loop {
            let partition = next.fetch_add(1, Ordering::Relaxed);
            if partition >= source.grid().blocks() {
                return Ok(sums.iter().sum());
            }
            let mut stream = source.open(partition, &TaskContext::default())?;
            while let Some(block) = stream.next()? {
                fold(block.frame()?, &mut sums);
            }
        }
    };
    let results: Vec<Result<f64>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    Ok((results.into_iter().sum::<Result<f64>>()?, start.elapsed().as_secs_f64()))
}

fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let chunks = values.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().sum();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, value)| *lane += value);
    }
    lanes.iter().sum::<f64>() + rest
}

fn resident_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap_or_else(|| "ipc_rate.arrow".to_string());
    let value = arguments.next().unwrap_or_else(|| "x".to_string());
    let key = arguments.next().unwrap_or_else(|| "id".to_string());
    let times: usize = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(5);
    if !std::path::Path::new(&path).exists() {
        write_year(&path)?;
    }
    for _ in 0..times {
        let start = Instant::now();
        let source = IpcSource::open(path.as_str())?;
        let opened = start.elapsed().as_secs_f64();
        let one = source.with_columns(&Columns::values([&value]))?.unwrap_or_else(|| Arc::new(source.clone()));
        let two = source.with_columns(&Columns::values([&value, &key]))?.unwrap_or_else(|| Arc::new(source.clone()));
        let (total, plain) = timed(one.as_ref(), |batch, sums| {
            sums[0] += sum(batch.column(0).as_primitive::<Float64Type>().values());
        })?;
        let (grouped_total, grouped) = timed(two.as_ref(), |batch, sums| {
            let (Some(keys), Some(values)) = (batch.column_by_name(&key), batch.column_by_name(&value)) else { return };
            let (keys, values) =
                (keys.as_primitive::<Int64Type>().values(), values.as_primitive::<Float64Type>().values());
            keys.iter().zip(values).for_each(|(key, value)| sums[*key as usize % GROUPS] += value);
        })?;
        let agree = (total - grouped_total).abs() <= 1e-9 * total.abs().max(1.0);
        let partitions = source.grid().blocks();
        println!(
            "{partitions} partitions: open {opened:.4} s, sum {plain:.4} s, grouped {grouped:.4} s, agree {agree}, peak {} MB",
            resident_mb()
        );
    }
    Ok(())
}
