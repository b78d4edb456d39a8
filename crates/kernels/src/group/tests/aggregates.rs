//! Aggregates whose edges random data does not reach.

use arrow::array::*;
use arrow::datatypes::*;
use blockfold_core::AggFunc::{self, *};
use blockfold_core::{Error, Interpolation};

use super::*;

fn ints(values: &[Option<i64>]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

fn floats(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

/// One aggregate over all rows, in two states that meet as columns.
fn one(func: AggFunc, inputs: &[ArrayRef]) -> Result<ArrayRef> {
    let types = inputs.iter().map(|input| input.data_type().clone()).collect();
    let spec = GroupSpec { keys: vec![], aggs: vec![AggSpec { name: "x".into(), func, inputs: types }] };
    let spec = Arc::new(spec);
    let mut all = GroupState::new(Arc::clone(&spec))?;
    let rows = inputs[0].len();
    for (start, end) in [(0, rows / 2), (rows / 2, rows)] {
        let mut part = GroupState::new(Arc::clone(&spec))?;
        let inputs: Vec<ArrayRef> = inputs.iter().map(|input| input.slice(start, end - start)).collect();
        part.update(&[], &inputs, end - start)?;
        all.absorb(&part.drain()?)?;
    }
    Ok(all.finish()?.column(0).clone())
}

fn product(values: &[i64]) -> Result<i64> {
    let values: Vec<Option<i64>> = values.iter().copied().map(Some).collect();
    Ok(one(Product, &[ints(&values)])?.as_primitive::<Int64Type>().value(0))
}

#[test]
fn products_overflow_only_in_the_end() {
    assert_eq!(product(&[]).unwrap(), 1);
    assert_eq!(product(&[3, -4, 5]).unwrap(), -60);
    assert_eq!(product(&[i64::MAX, i64::MAX, i64::MAX, 0]).unwrap(), 0);
    assert_eq!(product(&[i64::MIN, -1, -1]).unwrap(), i64::MIN);
    for beyond in [vec![i64::MIN, -1], vec![i64::MAX, 2, 1, 1], vec![i64::MAX; 5]] {
        assert!(matches!(product(&beyond), Err(Error::Overflow { .. })), "{beyond:?}");
    }
    let of_floats = one(Product, &[floats(&[Some(0.5), None, Some(3.0), Some(-2.0)])]).unwrap();
    assert_eq!(of_floats.as_primitive::<Float64Type>().value(0), -3.0);
    let unsigned: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX, 1]));
    assert_eq!(one(Product, &[unsigned]).unwrap().as_primitive::<UInt64Type>().value(0), u64::MAX);
}

#[test]
fn any_and_all_of_nothing() {
    let booleans = |values: &[Option<bool>]| -> ArrayRef { Arc::new(BooleanArray::from(values.to_vec())) };
    let both = |values: &[Option<bool>]| {
        [Any, All].map(|func| one(func, &[booleans(values)]).unwrap().as_boolean().iter().next().flatten())
    };
    assert_eq!(both(&[]), [Some(false), Some(true)]);
    assert_eq!(both(&[None, None]), [Some(false), Some(true)]);
    assert_eq!(both(&[None, Some(true)]), [Some(true), Some(true)]);
    assert_eq!(both(&[Some(false), None, Some(true)]), [Some(true), Some(false)]);
}

#[test]
fn covariances_leave_out_rows_with_a_null() {
    let x = floats(&[Some(1.0), None, Some(2.0), Some(4.0), Some(9.0)]);
    let y = ints(&[Some(2), Some(7), Some(3), Some(10), None]);
    let cov = |ddof| one(Cov { ddof }, &[x.clone(), y.clone()]).unwrap();
    let value = |array: ArrayRef| array.as_primitive::<Float64Type>().iter().next().flatten();
    assert!((value(cov(1)).unwrap() - 6.5).abs() < 1e-12);
    assert!((value(cov(0)).unwrap() - 13.0 / 3.0).abs() < 1e-12);
    assert_eq!(value(cov(3)), None);
    let exact = value(one(Corr, &[x.clone(), x.clone()]).unwrap()).unwrap();
    assert!((exact - 1.0).abs() < 1e-15 && exact <= 1.0);
    assert!(value(one(Corr, &[ints(&[Some(1), Some(1)]), ints(&[Some(1), Some(2)])]).unwrap()).unwrap().is_nan());
    assert_eq!(value(one(Corr, &[ints(&[Some(1)]), ints(&[Some(1)])]).unwrap()), None);
}

#[test]
fn quantiles_at_their_ends() {
    let values = floats(&[Some(4.0), Some(1.0), None, Some(f64::INFINITY), Some(2.0)]);
    for (q, expected) in [(0.0, 1.0), (1.0, f64::INFINITY), (0.5, 3.0), (0.9, f64::INFINITY)] {
        let func = Quantile { q: q.into(), interpolation: Interpolation::Linear };
        assert_eq!(one(func, std::slice::from_ref(&values)).unwrap().as_primitive::<Float64Type>().value(0), expected);
    }
    for q in [-0.1, 1.5, f64::NAN] {
        let refused =
            one(Quantile { q: q.into(), interpolation: Interpolation::Linear }, std::slice::from_ref(&values));
        assert!(matches!(refused, Err(Error::Argument { .. })));
    }
}

#[test]
fn none_of_the_greatest() {
    let lists = one(TopK { k: 0, descending: true }, &[ints(&[Some(1), Some(2)])]).unwrap();
    assert_eq!((lists.len(), lists.as_list::<i64>().value(0).len()), (1, 0));
    let all = one(TopK { k: usize::MAX, descending: false }, &[ints(&[Some(2), None, Some(i64::MIN)])]).unwrap();
    assert_eq!(all.as_list::<i64>().value(0).as_ref(), &Int64Array::from(vec![i64::MIN, 2]));
}

#[test]
fn lists_keep_every_bit() {
    let values = floats(&[Some(-0.0), None, Some(0.0), Some(f64::NAN)]);
    let lists = one(List, &[values]).unwrap();
    let list = lists.as_list::<i64>().value(0);
    let list = list.as_primitive::<Float64Type>();
    assert!(list.value(0).is_sign_negative() && list.is_null(1) && list.value(2).is_sign_positive());
    let nested = one(List, &[lists]).unwrap();
    assert_eq!(nested.as_list::<i64>().value(0).len(), 1);
}

#[test]
fn nothing_has_no_median() {
    for func in [Median, Mode] {
        assert!(one(func, &[ints(&[None, None])]).unwrap().is_null(0));
    }
    assert_eq!(one(NullCount, &[ints(&[None, Some(1)])]).unwrap().as_primitive::<UInt64Type>().value(0), 1);
}
