//! Random keys of random kinds.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::UInt32Type;
use proptest::prelude::*;

use super::kinds::{KINDS, RANKS, Ranks, column, compare, told_apart};
use crate::route::{hash_keys, range_parts, scatter};
use crate::sort::{SortBounds, SortOrder, TopK, is_sorted, last_row, sort_order};

#[derive(Debug)]
struct Case {
    keys: Vec<ArrayRef>,
    ranks: Vec<Ranks>,
    orders: Vec<SortOrder>,
    rows: usize,
}

impl Case {
    fn compare(&self, a: usize, b: usize) -> Ordering {
        let columns = self.ranks.iter().zip(&self.orders);
        let each = columns.map(|(ranks, order)| compare(ranks[a], ranks[b], *order));
        each.fold(Ordering::Equal, Ordering::then)
    }

    fn sorted(&self) -> Vec<u32> {
        let mut rows: Vec<u32> = (0..self.rows as u32).collect();
        rows.sort_by(|a, b| self.compare(*a as usize, *b as usize));
        rows
    }

    fn slice(&self, start: usize, end: usize) -> Vec<ArrayRef> {
        self.keys.iter().map(|key| key.slice(start, end - start)).collect()
    }

    /// A batch of the row numbers and the first key.
    fn batch(&self, start: usize, end: usize) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(UInt32Array::from_iter_values(start as u32..end as u32));
        RecordBatch::try_from_iter_with_nullable([
            ("row", numbers, false),
            ("key", self.keys[0].slice(start, end - start), true),
        ])
        .unwrap()
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let rank = prop_oneof![1 => Just(None), 5 => (0..RANKS).prop_map(Some)];
    let columns = proptest::collection::vec((0..KINDS, any::<bool>(), any::<bool>()), 1..4);
    (columns, 0usize..3, proptest::collection::vec(proptest::collection::vec(rank, 3), 0..300)).prop_map(
        |(columns, skipped, rows)| {
            let skipped = skipped.min(rows.len());
            let kept = rows.len() - skipped;
            let of = |at: usize| -> Ranks { rows.iter().map(|row| row[at]).collect() };
            let key = |(at, (kind, ..)): (usize, &(usize, bool, bool))| column(*kind, &of(at)).slice(skipped, kept);
            let ranks = |(at, (kind, ..)): (usize, &(usize, bool, bool))| told_apart(*kind, &of(at)).split_off(skipped);
            Case {
                keys: columns.iter().enumerate().map(key).collect(),
                ranks: columns.iter().enumerate().map(ranks).collect(),
                orders: columns.iter().map(|(_, d, n)| SortOrder { descending: *d, nulls_last: *n }).collect(),
                rows: kept,
            }
        },
    )
}

fn numbers(batch: &RecordBatch) -> Vec<u32> {
    batch.column(0).as_primitive::<UInt32Type>().values().to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn sorts_like_comparing(case in cases()) {
        let order = sort_order(&case.keys, &case.orders).unwrap();
        prop_assert_eq!(&order, &case.sorted());
        let order = UInt32Array::from(order);
        let sorted: Vec<ArrayRef> = case.keys.iter().map(|key| take(key, &order, None).unwrap()).collect();
        prop_assert!(is_sorted(&sorted, &case.orders, None).unwrap());
    }

    #[test]
    fn tells_whether_batches_are_sorted(case in cases(), cut in 0..20usize) {
        let cut = cut.min(case.rows);
        let expected = (1..case.rows).all(|row| case.compare(row - 1, row) != Ordering::Greater);
        prop_assert_eq!(is_sorted(&case.keys, &case.orders, None).unwrap(), expected);
        let (first, second) = (case.slice(0, cut), case.slice(cut, case.rows));
        let last = last_row(&first).unwrap();
        let both = is_sorted(&first, &case.orders, None).unwrap() && is_sorted(&second, &case.orders, last.as_deref()).unwrap();
        prop_assert_eq!(both, expected);
    }

    #[test]
    fn bounds_cut_the_order(case in cases(), parts in 1..20usize, sampled in 0..300usize) {
        let sample = case.slice(0, sampled.min(case.rows));
        let made = SortBounds::from_sample(&sample, &case.orders, parts).unwrap();
        prop_assert!(made.parts() <= parts);
        let bounds = SortBounds::from_batch(&made.to_batch().unwrap(), &case.orders).unwrap();
        let mut part_of_row = Vec::new();
        range_parts(&case.keys, &bounds, &mut part_of_row).unwrap();
        prop_assert_eq!(part_of_row.len(), case.rows);
        let sorted = case.sorted();
        for pair in sorted.windows(2) {
            let (a, b) = (pair[0] as usize, pair[1] as usize);
            prop_assert!(part_of_row[a] <= part_of_row[b]);
            prop_assert!(case.compare(a, b) != Ordering::Equal || part_of_row[a] == part_of_row[b]);
        }
        let mut used: Vec<u32> = part_of_row[..sampled.min(case.rows)].to_vec();
        used.sort_unstable();
        used.dedup();
        prop_assert!(case.rows == 0 || sampled == 0 || used.len() == bounds.parts());
    }

    #[test]
    fn keeps_the_first_rows(case in cases(), k in 0..40usize, step in 1..100usize) {
        let schema = case.batch(0, 0).schema();
        let new = || TopK::new(schema.clone(), case.orders.clone(), k);
        let (mut top, mut later) = (new(), new());
        for start in (0..case.rows).step_by(step) {
            let end = case.rows.min(start + step);
            let part = if start < case.rows / 2 { &mut top } else { &mut later };
            part.push(&case.batch(start, end), &case.slice(start, end)).unwrap();
        }
        top.merge(later).unwrap();
        let first = top.finish().unwrap();
        let mut expected = case.sorted();
        expected.truncate(k);
        prop_assert_eq!(numbers(&first), expected);
    }

    #[test]
    fn equal_keys_alone_have_equal_hashes(case in cases()) {
        let mut hashes = Vec::new();
        hash_keys(&case.keys, case.rows, &mut hashes).unwrap();
        let sorted = case.sorted();
        for pair in sorted.windows(2) {
            let (a, b) = (pair[0] as usize, pair[1] as usize);
            prop_assert_eq!(hashes[a] == hashes[b], case.compare(a, b) == Ordering::Equal);
        }
    }

    #[test]
    fn scatters_every_kind_stably(case in cases(), parts in 1..10u32) {
        let part_of_row: Vec<u32> = (0..case.rows as u32).map(|row| row * 7 % 5 % parts).collect();
        let batch = case.batch(0, case.rows);
        let (moved, offsets) = scatter(&batch, &part_of_row, parts as usize).unwrap();
        let mut expected: Vec<u32> = (0..case.rows as u32).collect();
        expected.sort_by_key(|row| part_of_row[*row as usize]);
        prop_assert_eq!(moved.schema(), batch.schema());
        let keys = take(batch.column(1), &UInt32Array::from(expected.clone()), None).unwrap();
        prop_assert_eq!(numbers(&moved), expected.clone());
        prop_assert_eq!(&keys.to_data(), &moved.column(1).to_data());
        for part in 0..parts {
            let rows = &expected[offsets[part as usize] as usize..offsets[part as usize + 1] as usize];
            prop_assert!(rows.iter().all(|row| part_of_row[*row as usize] == part));
        }
    }
}
