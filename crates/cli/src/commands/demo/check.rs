//! Comparing the demo's two answers, and the largest groups of one.

use anyhow::{Context as _, Result};
use arrow::array::{Array, AsArray, Float64Array, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::Float64Type;
use blockfold::{Frame, RecordBatch};

/// How two answers differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Difference {
    /// Every key and every bit of every sum is the same.
    None,
    /// The keys are the same; sums differ by at most this part of themselves.
    Rounding(f64),
    /// They are not the same.
    Wrong,
}

/// The sums of a frame, by key.
fn sums(batch: &RecordBatch) -> Result<&Float64Array> {
    batch.columns().get(1).and_then(|column| column.as_primitive_opt::<Float64Type>()).context("sums of x")
}

/// Compares answers of the same question, sorted by key.
pub fn difference(left: &Frame, right: &Frame) -> Result<Difference> {
    compare(&left.to_batch()?, &right.to_batch()?)
}

fn compare(left: &RecordBatch, right: &RecordBatch) -> Result<Difference> {
    let keys = |batch: &RecordBatch| batch.columns().first().map(|column| column.to_data());
    if keys(left) != keys(right) {
        return Ok(Difference::Wrong);
    }
    let (left, right) = (sums(left)?.values(), sums(right)?.values());
    if left.iter().zip(right).all(|(a, b)| a.to_bits() == b.to_bits()) {
        return Ok(Difference::None);
    }
    // Sums of numbers between -1 and 1 cancel out: what counts is the error against numbers of size 1.
    let part = |(a, b): (&f64, &f64)| (a - b).abs() / a.abs().max(1.0);
    let parts: Vec<f64> = left.iter().zip(right).map(part).collect();
    let is_rounding = parts.iter().all(|part| *part < 1e-9);
    Ok(if is_rounding { Difference::Rounding(parts.into_iter().fold(0.0, f64::max)) } else { Difference::Wrong })
}

/// The groups with the largest sums, the largest first.
pub fn largest(frame: &Frame, count: usize) -> Result<RecordBatch> {
    let batch = frame.to_batch()?;
    let values = sums(&batch)?.values();
    let mut order: Vec<u32> = (0..u32::try_from(values.len())?).collect();
    order.sort_by(|a, b| values[*b as usize].total_cmp(&values[*a as usize]));
    order.truncate(count);
    Ok(take_record_batch(&batch, &UInt32Array::from(order))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array};
    use std::sync::Arc;

    fn batch(keys: Vec<i64>, sums: Vec<f64>) -> RecordBatch {
        let columns = [("id", Arc::new(Int64Array::from(keys)) as ArrayRef), ("x", Arc::new(Float64Array::from(sums)))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn differences_are_told_apart() {
        let one = batch(vec![1, 2], vec![0.5, 1000.0]);
        let compare = |keys, sums| compare(&one, &batch(keys, sums)).unwrap();
        assert_eq!(compare(vec![1, 2], vec![0.5, 1000.0]), Difference::None);
        assert!(matches!(compare(vec![1, 2], vec![0.5, 1000.0 + 1e-10]), Difference::Rounding(_)));
        assert_eq!(compare(vec![1, 2], vec![0.5, 1000.1]), Difference::Wrong);
        assert_eq!(compare(vec![1, 3], vec![0.5, 1000.0]), Difference::Wrong);
        assert_eq!(compare(vec![1], vec![0.5]), Difference::Wrong);
        assert_eq!(compare(vec![1, 2], vec![0.5, f64::NAN]), Difference::Wrong);
    }
}
