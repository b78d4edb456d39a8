//! How long a year of timeseries at one second takes to write as Parquet, with two threads.
//!
//! Rows are made once beforehand, so that only writing is measured. Arguments: the folder, and how many times.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use arrow::array::TimestampNanosecondArray;
use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
use blockfold_core::{Block, Result, SchemaRef};
use blockfold_io::parquet::sink::{ParquetSink, ParquetWriteOptions};
use blockfold_plan::{Sink, TaskContext};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PARTITIONS: usize = 52;
const ROWS: i64 = 7 * 86_400;
const BATCH_ROWS: i64 = 64 * 1024;

fn mixed(row: i64) -> u64 {
    let mut bits = (row as u64).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 29)
}

fn uniform(row: i64) -> f64 {
    (mixed(row) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn batch(rows: std::ops::Range<i64>) -> Result<RecordBatch> {
    let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..26).map(|name| format!("Name{name:02}"))));
    let codes = Int32Array::from_iter_values(rows.clone().map(|row| (mixed(row + 7) % 26) as i32));
    let times = rows.clone().map(|row| 946_684_800_000_000_000 + row * 1_000_000_000);
    let columns: [(&str, ArrayRef); 5] = [
        ("timestamp", Arc::new(TimestampNanosecondArray::from_iter_values(times))),
        ("name", Arc::new(DictionaryArray::try_new(codes, names)?)),
        ("id", Arc::new(Int64Array::from_iter_values(rows.clone().map(|row| 850 + (mixed(row + 3) % 300) as i64)))),
        ("x", Arc::new(Float64Array::from_iter_values(rows.clone().map(|row| uniform(row * 2))))),
        ("y", Arc::new(Float64Array::from_iter_values(rows.map(|row| uniform(row * 2 + 1))))),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn write(folder: &str, schema: &SchemaRef, batches: &[RecordBatch]) -> Result<(u64, f64, f64)> {
    let sink = ParquetSink::new(folder, schema.clone(), PARTITIONS, ParquetWriteOptions::default().overwrite(true))?;
    let start = Instant::now();
    sink.begin()?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<u64> {
        let mut bytes = 0;
        loop {
            let partition = next.fetch_add(1, Ordering::Relaxed);
            if partition >= PARTITIONS {
                return Ok(bytes);
            }
            let mut stream = batches.iter().map(|batch| Ok(Block::Frame(batch.clone())));
            bytes += sink.write(partition, &mut stream, &TaskContext::default())?.bytes;
        }
    };
    let results: Vec<Result<u64>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let written = start.elapsed().as_secs_f64();
    let bytes = results.into_iter().sum::<Result<u64>>()?;
    sink.commit()?;
    Ok((bytes, written, start.elapsed().as_secs_f64()))
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "write_rate.out".to_string());
    let times: usize = arguments.next().and_then(|times| times.parse().ok()).unwrap_or(3);
    let starts = (0..ROWS).step_by(BATCH_ROWS as usize);
    let batches: Vec<RecordBatch> =
        starts.map(|start| batch(start..(start + BATCH_ROWS).min(ROWS))).collect::<Result<_>>()?;
    let Some(first) = batches.first() else { return Ok(()) };
    for _ in 0..times {
        let (bytes, written, synced) = write(&folder, &first.schema(), &batches)?;
        let rows = PARTITIONS as i64 * ROWS;
        println!("{rows} rows, {} MB: written in {written:.3} s, on the disk after {synced:.3} s", bytes / 1_000_000);
    }
    Ok(())
}
