//! States that are drained and absorbed, at the edges.

use arrow::array::*;
use blockfold_core::AggFunc::*;

use super::*;

fn ints(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

#[test]
fn drained_states_are_as_new() {
    let spec = spec(&[DType::Int64, DType::Utf8], &[(Sum, DType::Int64), (NUnique, DType::Utf8), (Last, DType::Utf8)]);
    let texts: ArrayRef = Arc::new(StringArray::from_iter((0..50_000).map(|i| Some(format!("text {i}")))));
    let keys = [ints(&(0..50_000).collect::<Vec<_>>()), texts.clone()];
    let mut full = state(&spec, &keys, &[Some(keys[0].clone()), Some(texts.clone()), Some(texts)], 50_000).unwrap();
    let (before, new) = (full.bytes(), GroupState::new(Arc::clone(&spec)).unwrap().bytes());
    let drained = full.drain().unwrap();
    assert_eq!(drained.schema(), GroupState::state_schema(&spec).unwrap());
    assert_eq!((drained.num_rows(), full.groups(), full.bytes()), (50_000, 0, new));
    assert!(before > 1_000_000);
    full.absorb(&drained.slice(7, 3)).unwrap();
    let result = full.finish_unsorted().unwrap();
    assert_eq!(result.schema(), spec.schema());
    assert_eq!(result.column(0).as_ref(), &Int64Array::from(vec![7, 8, 9]));
}

#[test]
fn no_keys_and_no_rows_drain_to_nothing() {
    let spec = spec(&[], &[(First, DType::Int64), (Sum, DType::Int64), (Len, DType::Null)]);
    let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
    let none = all.drain().unwrap();
    assert_eq!(none.num_rows(), 0);
    all.absorb(&none).unwrap();
    all.merge(GroupState::new(Arc::clone(&spec)).unwrap()).unwrap();
    let some = state(&spec, &[], &[Some(ints(&[5, 6])), Some(ints(&[5, 6])), None], 2).unwrap();
    all.absorb(&GroupState::drain(&mut { some }).unwrap()).unwrap();
    let result = all.finish().unwrap();
    assert_eq!(result.column(0).as_ref(), &Int64Array::from(vec![5]));
    assert_eq!(result.column(1).as_ref(), &Int64Array::from(vec![11]));
}

#[test]
fn sums_beyond_their_type_travel() {
    let spec = spec(&[DType::Int64], &[(Sum, DType::Int64), (Mean, DType::Int64)]);
    let part = |value: i64, rows: usize| {
        let input = Some(ints(&vec![value; rows]));
        state(&spec, &[ints(&vec![1; rows])], &[input.clone(), input], rows).unwrap().drain().unwrap()
    };
    let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
    for states in [part(i64::MAX, 5), part(i64::MIN, 4), part(i64::MIN, 1)] {
        all.absorb(&states).unwrap();
    }
    assert_eq!(all.finish().unwrap().column(1).as_ref(), &Int64Array::from(vec![-5]));
}

#[test]
fn states_of_another_spec_are_refused() {
    let sums = spec(&[DType::Int64], &[(Sum, DType::Int64)]);
    let counts = spec(&[DType::Int64], &[(Len, DType::Null)]);
    let drained = GroupState::new(counts).unwrap().drain().unwrap();
    assert!(GroupState::new(sums).unwrap().absorb(&drained).is_err());
}
