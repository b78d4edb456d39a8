//! Aggregates that users define.

use arrow::array::*;
use arrow::datatypes::*;
use blockfold_core::AggFunc::{Custom, Len, Sum};
use blockfold_core::{CustomAgg, Error};

use super::*;

fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

/// Sum and length as a user would write them.
fn total() -> CustomAgg {
    let sum = |array: &ArrayRef| arrow::compute::sum(array.as_primitive::<Int64Type>()).unwrap_or(0);
    CustomAgg::new(
        "total",
        [DType::Int64, DType::Int64],
        DType::Utf8,
        move |values| Ok(vec![ints([sum(&values[0])]), ints([i64::try_from(values[0].len()).unwrap()])]),
        move |states| Ok(vec![ints([sum(&states[0])]), ints([sum(&states[1])])]),
        |states| {
            let [sums, lens] = [0, 1].map(|at| states[at].as_primitive::<Int64Type>().values());
            let texts = sums.iter().zip(lens).map(|(sum, len)| Some(format!("{sum} of {len}")));
            Ok(Arc::new(texts.collect::<StringArray>()))
        },
    )
}

fn custom_spec(agg: CustomAgg, keys: &[DType]) -> Arc<GroupSpec> {
    spec(keys, &[(Custom(agg), DType::Int64), (Sum, DType::Int64), (Len, DType::Null)])
}

#[test]
fn agrees_with_the_built_in() {
    let spec = custom_spec(total(), &[DType::Int64]);
    let mut states = Vec::new();
    for part in 0..6 {
        let mut state = GroupState::new(Arc::clone(&spec)).unwrap();
        for batch in 0..40i64 {
            let keys = ints((0..500).map(|row| (row * 7 + batch) % (90 + part)));
            let values = ints((0..500).map(|row| row * batch - part));
            state.update(&[keys], &[values.clone(), values], 500).unwrap();
        }
        states.push(state);
    }
    let mut drained = GroupState::new(Arc::clone(&spec)).unwrap();
    let mut merged = GroupState::new(Arc::clone(&spec)).unwrap();
    for (at, mut state) in states.into_iter().enumerate() {
        let before = state.bytes();
        let columns = state.drain().unwrap();
        assert!(state.bytes() < before);
        state.absorb(&columns).unwrap();
        drained.absorb(&columns).unwrap();
        merged.merge(state).unwrap();
        assert_eq!(merged.groups(), 90 + at);
    }
    let (drained, merged) = (drained.finish().unwrap(), merged.finish().unwrap());
    assert_eq!(drained, merged);
    let texts = merged.column(1).as_string::<i32>();
    let sums = merged.column(2).as_primitive::<Int64Type>();
    let lens = merged.column(3).as_primitive::<UInt64Type>();
    for row in 0..merged.num_rows() {
        assert_eq!(texts.value(row), format!("{} of {}", sums.value(row), lens.value(row)));
    }
}

#[test]
fn no_rows_are_an_empty_chunk() {
    let spec = custom_spec(total(), &[]);
    let batch = GroupState::new(spec).unwrap().finish().unwrap();
    assert_eq!(batch.column(0).as_string::<i32>().value(0), "0 of 0");
}

#[test]
fn booleans_arrive_as_such() {
    let count = |array: &ArrayRef| i64::try_from(array.as_boolean().true_count()).unwrap();
    let sum = |array: &ArrayRef| arrow::compute::sum(array.as_primitive::<Int64Type>()).unwrap_or(0);
    let trues = CustomAgg::new(
        "trues",
        [DType::Int64],
        DType::Int64,
        move |values| Ok(vec![ints([count(&values[0])])]),
        move |states| Ok(vec![ints([sum(&states[0])])]),
        |states| Ok(states[0].clone()),
    );
    let spec = spec(&[], &[(Custom(trues), DType::Boolean)]);
    let input: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(true), Some(false)]));
    let batch = aggregate(&spec, &[], &[Some(input)]).unwrap();
    assert_eq!(batch.column(0).as_ref(), &Int64Array::from(vec![2]));
}

/// The error of an aggregate whose `chunk` and `finalise` do as they like.
fn error_of(
    chunk: impl Fn(&[ArrayRef]) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
    finalise: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Error {
    let agg = CustomAgg::new("mine", [DType::Int64], DType::Int64, chunk, |states| Ok(states.to_vec()), finalise);
    aggregate(&spec(&[], &[(Custom(agg), DType::Int64)]), &[], &[Some(ints([1, 2]))]).unwrap_err()
}

#[test]
fn what_users_get_wrong_has_a_name() {
    let good = |_: &[ArrayRef]| Ok(vec![ints([0])]);
    let panics = error_of(|_| panic!("no idea"), |states| Ok(states[0].clone()));
    assert_eq!(panics.to_string(), "panicked: the aggregate 'mine' in chunk: no idea");
    let beyond = error_of(good, |states| Ok(states[7].clone()));
    assert!(matches!(&beyond, Error::Panicked { message } if message.contains("'mine' in finalise")), "{beyond}");
    let long = error_of(|_| Ok(vec![ints([1, 2])]), |states| Ok(states[0].clone()));
    assert!(long.to_string().contains("chunk returned 2 rows where 1 are due"), "{long}");
    let wide = error_of(|_| Ok(vec![ints([1]), ints([1])]), |states| Ok(states[0].clone()));
    assert!(wide.to_string().contains("returned 2 columns"), "{wide}");
    let other = error_of(good, |_| Ok(Arc::new(Float64Array::from(vec![1.0]))));
    assert!(matches!(&other, Error::Type { op, .. } if op == "mine after finalise"), "{other}");
}

#[test]
fn equal_when_the_same() {
    let (a, b) = (total(), total());
    assert_eq!(a, a.clone());
    assert_ne!(a, b);
}
