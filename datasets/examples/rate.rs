//! Prints how long a value of each column takes to generate on one core, in nanoseconds.
//!
//! `cargo run --release --example rate -p blockfold-datasets [ROWS_PER_BATCH]`

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use blockfold_datasets::{Timeseries, TimeseriesOptions};

const REPEATS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let rows_per_batch = std::env::args().nth(1).map_or(Ok(65_536), |text| text.parse())?;
    let year = TimeseriesOptions::new().start("2000-01-01").end("2001-01-01").build()?;
    println!("{} rows in batches of {rows_per_batch}", year.rows());
    for (column, field) in year.schema().fields().iter().enumerate() {
        let times: Result<Vec<f64>, _> = (0..REPEATS).map(|_| generate(&year, &[column], rows_per_batch)).collect();
        let best_ms = times?.into_iter().fold(f64::INFINITY, f64::min);
        let per_value_ns = best_ms * 1e6 / year.rows() as f64;
        println!("{:>10} {best_ms:7.1} ms {per_value_ns:6.3} ns/value", field.name());
    }
    Ok(())
}

/// Generates all rows of `columns` and returns how long it took, in milliseconds.
fn generate(series: &Timeseries, columns: &[usize], rows_per_batch: usize) -> Result<f64, Box<dyn Error>> {
    let started = Instant::now();
    for first_row in (0..series.rows()).step_by(rows_per_batch) {
        let rows = usize::try_from(series.rows() - first_row)?.min(rows_per_batch);
        black_box(series.batch(columns, first_row, rows)?);
    }
    Ok(started.elapsed().as_secs_f64() * 1e3)
}
