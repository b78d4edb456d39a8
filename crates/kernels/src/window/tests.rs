//! Running functions against values worked out by hand, and the same values whatever batches the rows come in.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, ListArray, NullArray, StringArray, UInt64Array};
use arrow::compute::concat;
use arrow::datatypes::Int64Type;
use blockfold_core::{DType, Error};

use super::*;

fn ints(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// What a function gives for rows of groups when they come in batches of so many rows.
fn in_batches(new: &dyn Fn() -> Box<dyn Running>, values: &ArrayRef, keys: &ArrayRef, len: usize) -> ArrayRef {
    let (mut runs, mut ties, mut running) = (Runs::default(), Runs::default(), new());
    let mut results = Vec::new();
    let mut start = 0;
    while start < values.len() {
        let len = len.min(values.len() - start);
        let (keys, values) = (keys.slice(start, len), values.slice(start, len));
        let groups = runs.starts(std::slice::from_ref(&keys), len).unwrap();
        let ties = ties.starts(&[keys, Arc::clone(&values)], len).unwrap();
        let marks = Marks { groups, ties, tie_lengths: Vec::new() };
        results.push(running.next(&values, &marks).unwrap());
        start += len;
    }
    let results: Vec<&dyn Array> = results.iter().map(|result| result.as_ref()).collect();
    concat(&results).unwrap()
}

fn check(new: &dyn Fn() -> Box<dyn Running>, values: &ArrayRef, keys: &ArrayRef, expected: &ArrayRef) {
    for len in [1, 2, 3, 5, 100] {
        let found = in_batches(new, values, keys, len);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "batches of {len}");
    }
}

#[test]
fn sums_and_products_pass_over_nulls() {
    let keys = ints(&[Some(1), Some(1), Some(1), None, None, Some(2)]);
    let values = ints(&[Some(2), None, Some(3), Some(5), Some(7), None]);
    let sum = || cum_sum("x".into(), DType::Int64);
    check(&sum, &values, &keys, &ints(&[Some(2), None, Some(5), Some(5), Some(12), None]));
    let product = || cum_product("x".into(), DType::Int64);
    check(&product, &values, &keys, &ints(&[Some(2), None, Some(6), Some(5), Some(35), None]));
    let values = floats(&[Some(0.5), Some(0.25), None, Some(f64::NAN), Some(1.0), Some(2.0)]);
    let sum = || cum_sum("x".into(), DType::Float64);
    let expected = floats(&[Some(0.5), Some(0.75), None, Some(f64::NAN), Some(f64::NAN), Some(2.0)]);
    check(&sum, &values, &keys, &expected);
}

#[test]
fn sums_that_do_not_fit_are_errors() {
    let marks = Marks { groups: vec![true, false], ..Marks::default() };
    let error = cum_sum("cum_sum(x)".into(), DType::Int64).next(&ints(&[Some(i64::MAX), Some(1)]), &marks);
    assert!(matches!(error.unwrap_err(), Error::Overflow { op, .. } if op == "cum_sum(x)"));
    let big: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 2]));
    assert!(cum_product("x".into(), DType::UInt64).next(&big, &marks).is_err());
}

#[test]
fn extremes_leave_nan_out() {
    let keys = ints(&[Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]);
    let nan = Some(f64::NAN);
    let values = floats(&[nan, Some(2.0), None, Some(1.0), nan, nan]);
    check(&|| Box::new(CumExtreme::new(false)), &values, &keys, &floats(&[nan, Some(2.0), None, Some(1.0), nan, nan]));
    check(&|| Box::new(CumExtreme::new(true)), &values, &keys, &floats(&[nan, Some(2.0), None, Some(2.0), nan, nan]));
    let texts: ArrayRef =
        Arc::new(StringArray::from(vec![Some("b"), Some("a"), None, Some("c"), Some("z"), Some("y")]));
    let least: ArrayRef =
        Arc::new(StringArray::from(vec![Some("b"), Some("a"), None, Some("a"), Some("z"), Some("y")]));
    check(&|| Box::new(CumExtreme::new(false)), &texts, &keys, &least);
}

#[test]
fn counts_and_ranks() {
    let keys = ints(&[Some(1), Some(1), Some(1), Some(1), Some(2), Some(2)]);
    let values = ints(&[Some(5), Some(5), Some(6), None, Some(9), None]);
    let whole = |values: [u64; 6]| Arc::new(UInt64Array::from(values.to_vec())) as ArrayRef;
    check(&|| Box::new(RowNumber::default()), &values, &keys, &whole([1, 2, 3, 4, 1, 2]));
    check(&|| Box::new(CumCount::default()), &values, &keys, &whole([1, 2, 3, 3, 1, 1]));
    let ranks = |values: [u64; 6]| {
        let some = |(at, value): (usize, u64)| (at != 3 && at != 5).then_some(value);
        Arc::new(values.into_iter().enumerate().map(some).collect::<UInt64Array>()) as ArrayRef
    };
    let by = |method: RankMethod| move || Box::new(Rank::new(method)) as Box<dyn Running>;
    check(&by(RankMethod::Ordinal), &values, &keys, &ranks([1, 2, 3, 0, 1, 0]));
    check(&by(RankMethod::Min), &values, &keys, &ranks([1, 1, 3, 0, 1, 0]));
    check(&by(RankMethod::Dense), &values, &keys, &ranks([1, 1, 2, 0, 1, 0]));
}

#[test]
fn ranks_that_look_ahead_are_told_lengths() {
    let marks = Marks {
        groups: vec![true, false, false, true],
        ties: vec![true, false, true, true],
        tie_lengths: vec![2, 0, 1, 5],
    };
    let values = ints(&[Some(1), Some(1), Some(2), Some(3)]);
    let average = Rank::new(RankMethod::Average).next(&values, &marks).unwrap();
    assert_eq!(average.as_ref(), &Float64Array::from(vec![1.5, 1.5, 3.0, 3.0]) as &dyn Array);
    let max = Rank::new(RankMethod::Max).next(&values, &marks).unwrap();
    assert_eq!(max.as_ref(), &UInt64Array::from(vec![2, 2, 3, 5]) as &dyn Array);
}

#[test]
fn fills_stay_in_their_group() {
    let keys = ints(&[Some(1), Some(1), Some(1), Some(2), Some(2), Some(2)]);
    let values = ints(&[Some(1), None, None, None, Some(4), None]);
    check(
        &|| Box::new(FillForward::default()),
        &values,
        &keys,
        &ints(&[Some(1), Some(1), Some(1), None, Some(4), Some(4)]),
    );
    let groups = [true, false, false, true, false, false];
    let filled = fill_backward(&values, &groups, Some(&ints(&[Some(9)]))).unwrap();
    assert_eq!(&filled, &ints(&[Some(1), None, None, Some(4), Some(4), Some(9)]));
    let filled = fill_backward(&values, &groups, None).unwrap();
    assert_eq!(&filled, &ints(&[Some(1), None, None, Some(4), Some(4), None]));
}

#[test]
fn lags() {
    let keys = ints(&[Some(1), Some(1), Some(1), Some(2), Some(2), Some(2)]);
    let values = ints(&[Some(1), None, Some(3), Some(4), Some(5), Some(6)]);
    check(&|| Box::new(Lag::new(1)), &values, &keys, &ints(&[None, Some(1), None, None, Some(4), Some(5)]));
    check(&|| Box::new(Lag::new(2)), &values, &keys, &ints(&[None, None, Some(1), None, None, Some(4)]));
    check(&|| Box::new(Lag::new(0)), &values, &keys, &values);
    check(&|| Box::new(Lag::new(9)), &values, &keys, &ints(&[None; 6]));
}

#[test]
fn runs_are_of_equal_keys() {
    let zeros = floats(&[Some(0.0), Some(-0.0), Some(f64::NAN), Some(-f64::NAN), None, None]);
    assert_eq!(Runs::default().starts(&[zeros], 6).unwrap(), [true, false, true, false, true, false]);
    let lists: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([
        Some(vec![Some(1)]),
        Some(vec![Some(1)]),
        Some(vec![]),
        None,
    ]));
    assert_eq!(Runs::default().starts(&[lists], 4).unwrap(), [true, false, true, true]);
    let none: ArrayRef = Arc::new(NullArray::new(2));
    assert_eq!(Runs::default().starts(&[none], 2).unwrap(), [true, false]);
    let mut whole = Runs::default();
    assert_eq!(whole.starts(&[], 2).unwrap(), [true, false]);
    assert_eq!(whole.starts(&[], 0).unwrap(), [false; 0]);
    assert_eq!(whole.starts(&[], 1).unwrap(), [false]);
}
