//! Edges that random keys rarely meet.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int32Array, Int64Array, NullArray, RecordBatch,
    StringArray, StringViewArray, UnionArray,
};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int32Type, UnionFields};
use blockfold_core::Error;

use crate::route::{hash_keys, range_parts, scatter};
use crate::sort::{SortBounds, SortOrder, TopK, is_sorted, sort_order};

const UP: SortOrder = SortOrder { descending: false, nulls_last: false };

fn hashes(key: &ArrayRef) -> Vec<u64> {
    let mut hashes = Vec::new();
    hash_keys(std::slice::from_ref(key), key.len(), &mut hashes).unwrap();
    hashes
}

#[test]
fn hashes_do_not_depend_on_the_representation() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("a longer one than that"), Some("a")]));
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let types = [DataType::LargeUtf8, DataType::Utf8View, DataType::Binary, DataType::BinaryView, coded];
    for dtype in types {
        assert_eq!(hashes(&cast(&texts, &dtype).unwrap()), hashes(&texts), "{dtype}");
    }
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(7), Some(7)]));
    let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Int64));
    assert_eq!(hashes(&cast(&numbers, &coded).unwrap()), hashes(&numbers));
    let more_values: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![Some(2), None, Some(3), Some(3)]),
        Arc::new(Int64Array::from(vec![9, 9, 1, 7, 5, 5])),
    ));
    assert_eq!(hashes(&more_values), hashes(&numbers));
}

#[test]
fn many_ties_of_long_strings() {
    let texts: Vec<String> = (0..2000).map(|i| "x".repeat(i * 7 % 2000)).collect();
    let keys: ArrayRef = Arc::new(StringArray::from(texts.clone()));
    let mut expected: Vec<u32> = (0..2000).collect();
    expected.sort_by_key(|row| &texts[*row as usize]);
    assert_eq!(sort_order(&[keys], &[UP]).unwrap(), expected);
}

#[test]
fn many_rows_of_two_keys() {
    let rows = 300_000u64;
    let random = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let (a, b): (Vec<i32>, Vec<f64>) =
        (0..rows).map(|i| ((random(i) % 1000) as i32, (random(i * 3) % 5000) as f64 - 2500.0)).unzip();
    let keys: [ArrayRef; 2] = [Arc::new(Int32Array::from(a.clone())), Arc::new(Float64Array::from(b.clone()))];
    let orders = [UP, SortOrder { descending: true, ..UP }];
    let mut expected: Vec<u32> = (0..rows as u32).collect();
    let (a, b) = (|row: u32| a[row as usize], |row: u32| b[row as usize]);
    expected.sort_by(|x, y| a(*x).cmp(&a(*y)).then(b(*y).total_cmp(&b(*x))));
    assert_eq!(sort_order(&keys, &orders).unwrap(), expected);
}

#[test]
fn no_rows_and_no_values() {
    let none: ArrayRef = Arc::new(Int64Array::from(Vec::<i64>::new()));
    assert!(sort_order(&[Arc::clone(&none)], &[UP]).unwrap().is_empty());
    assert!(is_sorted(&[Arc::clone(&none)], &[UP], None).unwrap());
    assert_eq!(SortBounds::from_sample(&[none], &[UP], 8).unwrap().parts(), 1);
    let nulls: ArrayRef = Arc::new(NullArray::new(3));
    assert_eq!(sort_order(&[Arc::clone(&nulls)], &[UP]).unwrap(), [0, 1, 2]);
    let bounds = SortBounds::from_sample(&[Arc::clone(&nulls)], &[UP], 4).unwrap();
    let mut parts = Vec::new();
    range_parts(&[nulls], &bounds, &mut parts).unwrap();
    assert_eq!(parts, [0, 0, 0]);
}

#[test]
fn half_of_the_sample_is_one_part() {
    let keys: ArrayRef = Arc::new((0..1000).map(|i| if i % 2 == 0 { 500 } else { i }).collect::<Int64Array>());
    let bounds = SortBounds::from_sample(&[Arc::clone(&keys)], &[UP], 9).unwrap();
    let mut parts = Vec::new();
    range_parts(&[keys], &bounds, &mut parts).unwrap();
    let mut counts = vec![0; bounds.parts()];
    parts.iter().for_each(|part| counts[*part as usize] += 1);
    counts.sort_unstable();
    assert_eq!(counts.pop(), Some(500));
    assert!(counts.len() == 8 && counts.iter().all(|count| (60..=65).contains(count)), "{counts:?}");
}

#[test]
fn an_unsortable_column_is_named() {
    let fields: UnionFields = [(0, Arc::new(Field::new("a", DataType::Int32, false)))].into_iter().collect();
    let values: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    let unsortable: ArrayRef =
        Arc::new(UnionArray::try_new(fields, ScalarBuffer::from(vec![0i8]), None, vec![Arc::clone(&values)]).unwrap());
    match sort_order(&[Arc::clone(&values), unsortable], &[UP, UP]) {
        Err(Error::Type { op, .. }) => assert_eq!(op, "sort (key column 1)"),
        Ok(order) => assert_eq!(order, [0], "rows of a type that Arrow has learned to sort"),
        Err(other) => panic!("{other}"),
    }
    assert!(matches!(sort_order(&[values], &[]), Err(Error::Internal { .. })));
}

#[test]
fn scattered_views_and_dictionaries_hold_only_what_is_used() {
    let long = "a string that is far longer than what a view holds";
    let views: ArrayRef = Arc::new(StringViewArray::from(vec![long; 1000]).slice(0, 2));
    let values: ArrayRef = Arc::new((0..1000).collect::<Int64Array>());
    let codes: ArrayRef = Arc::new(DictionaryArray::<Int32Type>::new(Int32Array::from(vec![7, 999]), values));
    let batch = RecordBatch::try_from_iter([("v", views), ("c", codes)]).unwrap();
    let (moved, offsets) = scatter(&batch, &[1, 0], 3).unwrap();
    assert_eq!(offsets, [0, 1, 2, 2]);
    assert!(moved.column(0).get_array_memory_size() < 1000);
    assert_eq!(
        moved.column(1).as_any_dictionary().values().as_primitive::<arrow::datatypes::Int64Type>().values(),
        &[999, 7]
    );
    assert!(scatter(&batch, &[1, 3], 3).is_err());
    assert!(scatter(&batch, &[1], 3).is_err());
}

#[test]
fn rows_without_columns_are_counted() {
    let batch = RecordBatch::try_from_iter([("a", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef)]).unwrap();
    let batch = batch.project(&[]).unwrap();
    assert_eq!(scatter(&batch, &[0, 0], 1).unwrap().0.num_rows(), 2);
    let mut hashes = Vec::new();
    hash_keys(&[], 3, &mut hashes).unwrap();
    assert!(hashes.len() == 3 && hashes.iter().all(|hash| *hash == hashes[0]));
}

#[test]
fn the_first_rows_of_many_take_little_memory() {
    let column = |start: i64| Arc::new((start..start + 10_000).map(|i| i * 7919 % 1_000_003).collect::<Int64Array>());
    let batch = |start| RecordBatch::try_from_iter([("a", column(start) as ArrayRef)]).unwrap();
    let mut top = TopK::new(batch(0).schema(), vec![UP], 10);
    for start in (0..100).map(|at| at * 10_000) {
        let batch = batch(start);
        top.push(&batch, batch.columns()).unwrap();
        assert!(top.bytes() < 40_000, "{}", top.bytes());
    }
    let first = top.finish().unwrap();
    let first: Vec<i64> = first.column(0).as_primitive::<arrow::datatypes::Int64Type>().values().to_vec();
    assert!(first.len() == 10 && first[0] == 0 && first.is_sorted() && first[9] < 20, "{first:?}");
}
