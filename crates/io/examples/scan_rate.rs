//! How fast columns of a folder of Parquet files are read, by this crate and by arrow-rs's own reader.
//!
//! Arguments: the folder, columns by comma (`id,x`; `id:codes` asks for codes), then optionally a filter of the form
//! `x>0.9` and the number of rounds. Two threads take the partitions in turn; nothing is done with the batches. The
//! best round counts.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use arrow::array::Float64Array;
use blockfold_core::{Columns, Error, Expr, Form, Result, col, lit};
use blockfold_io::parquet::ParquetSource;
use blockfold_io::paths::{DataFile, Paths, resolve};
use blockfold_plan::{Source, TaskContext};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ParquetRecordBatchReaderBuilder, RowFilter};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const THREADS: usize = 2;

/// Runs `work` for each part, on two threads; rows, and seconds.
fn timed(parts: usize, work: impl Fn(usize) -> Result<u64> + Sync) -> Result<(u64, f64)> {
    let start = Instant::now();
    let (next, rows) = (AtomicUsize::new(0), AtomicU64::new(0));
    let run = || -> Result<()> {
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= parts {
                return Ok(());
            }
            rows.fetch_add(work(part)?, Ordering::Relaxed);
        }
    };
    let threads = std::env::var("THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(THREADS);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mine = run();
        others.into_iter().filter_map(|other| other.join().ok()).fold(mine, Result::and)
    })?;
    Ok((rows.into_inner(), start.elapsed().as_secs_f64()))
}

fn external(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::External(Box::new(error))
}

fn by_arrow(path: &PathBuf, columns: &[String], filter: Option<&(String, f64)>) -> Result<u64> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).map_err(external)?).map_err(external)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().map(String::as_str));
    let mut builder = builder.with_batch_size(64 * 1024);
    if let Some((column, bound)) = filter {
        let bound = Float64Array::new_scalar(*bound);
        let of_filter = ProjectionMask::columns(builder.parquet_schema(), [column.as_str()]);
        let keep =
            ArrowPredicateFn::new(of_filter, move |batch| arrow::compute::kernels::cmp::gt(batch.column(0), &bound));
        builder = builder.with_row_filter(RowFilter::new(vec![Box::new(keep)]));
    }
    let mut rows = 0;
    for batch in builder.with_projection(mask).build().map_err(external)? {
        rows += batch?.num_rows() as u64;
    }
    Ok(rows)
}

fn by_blockfold(source: &dyn Source, part: usize, task: &TaskContext) -> Result<u64> {
    let mut stream = source.open(part, task)?;
    let mut rows = 0;
    while let Some(block) = stream.next()? {
        rows += block.rows();
    }
    Ok(rows)
}

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = || Error::argument("scan_rate", "arguments: folder columns [filter] [rounds]");
    let (folder, columns) = (args.next().ok_or_else(usage)?, args.next().ok_or_else(usage)?);
    let filter = args.next().filter(|text| !text.is_empty());
    let filter = match &filter {
        Some(text) => {
            let (column, bound) = text.split_once('>').ok_or_else(usage)?;
            Some((column.to_string(), bound.parse::<f64>().map_err(external)?))
        }
        None => None,
    };
    let rounds: usize = args.next().and_then(|text| text.parse().ok()).unwrap_or(9);
    let wanted = columns.split(',').map(|name| match name.split_once(':') {
        Some((name, _)) => (name.to_string(), Form::Codes),
        None => (name.to_string(), Form::Values),
    });
    let wanted = Columns::Some(wanted.collect());
    let names: Vec<String> =
        columns.split(',').map(|name| name.split(':').next().unwrap_or_default().to_string()).collect();

    let start = Instant::now();
    let files: Vec<DataFile> = resolve(&Paths::from(folder.as_str()), &["parquet"])?;
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let opened = ParquetSource::open(files)?;
    println!("{} files opened in {:.4} s", paths.len(), start.elapsed().as_secs_f64());
    let mut source: Arc<dyn Source> = Arc::new(opened);
    if let Some((column, bound)) = &filter {
        let predicate: Expr = col(column).gt(lit(*bound));
        source = source.with_filter(&predicate)?.unwrap_or(source);
    }
    source = source.with_columns(&wanted)?.unwrap_or(source);
    println!("{}", source.detail());

    let parts = source.grid().blocks();
    let (mut ours, mut theirs) = (f64::MAX, f64::MAX);
    let (mut rows, mut bytes) = (0, 0);
    let only = std::env::var("ONLY").unwrap_or_default();
    for _ in 0..rounds {
        if only != "arrow" {
            let task = TaskContext::default();
            let (found, seconds) = timed(parts, |part| by_blockfold(source.as_ref(), part, &task))?;
            (rows, bytes, ours) = (found, task.metrics.bytes_read(), ours.min(seconds));
        }
        if only != "blockfold" {
            let (found, seconds) = timed(paths.len(), |part| by_arrow(&paths[part], &names, filter.as_ref()))?;
            assert!(only == "arrow" || found == rows, "{found} rows by arrow-rs, {rows} by blockfold");
            theirs = theirs.min(seconds);
        }
    }
    let rate = |seconds: f64| bytes as f64 / seconds / 1e9;
    println!("{rows} rows, {:.1} MB read", bytes as f64 / 1e6);
    println!("blockfold {ours:.4} s, {:.2} GB/s of file", rate(ours));
    println!("arrow-rs  {theirs:.4} s, {:.2} GB/s of file; ratio {:.2}", rate(theirs), ours / theirs);
    Ok(())
}
