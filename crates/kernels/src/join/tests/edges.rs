//! Exploding joins, lengths beyond chunks, and refusals.

use arrow::array::{Float64Array, Int32Array};

use super::reference::pairs_of;
use super::*;

fn join_two(build: &Side, probe: &Side, options: &JoinOptions) -> Result<RecordBatch> {
    join(std::slice::from_ref(build), std::slice::from_ref(probe), options)
}

fn assert_shared<T: Send + Sync>() {}

#[test]
fn threads_may_share_a_table() {
    assert_shared::<JoinTable>();
    assert_shared::<Matched>();
}

#[test]
fn an_exploding_join_streams() {
    let side = Side::of_ints(&vec![Some(7); 100_000]);
    let table = table(std::slice::from_ref(&side), &options(JoinKind::Inner, false, None)).unwrap();
    let mut prober = table.prober();
    let mut output = prober.probe(&side.rows, &side.keys).unwrap();
    let batches: Vec<RecordBatch> = output.by_ref().take(5).map(Result::unwrap).collect();
    assert!(batches.iter().all(|batch| batch.num_rows() == 32 << 10));
    let last = arrow::util::display::array_value_to_string(batches[4].column(2), (32 << 10) - 1).unwrap();
    assert_eq!(last, ((5 * (32 << 10)) - 100_000 - 1).to_string());
}

#[test]
fn long_sides_of_each_lookup_agree() {
    let permuted = |rows: i64, step: i64| (0..rows).map(move |row| Some(row * 7919 % rows * step));
    for step in [1, 1_000_003] {
        let build = Side::of_ints(&permuted(20_000, step).collect::<Vec<_>>());
        let probe = Side::of_ints(&permuted(50_021, step).collect::<Vec<_>>());
        let got = join_two(&build, &probe, &options(JoinKind::Inner, false, None)).unwrap();
        assert_eq!(got.num_rows(), 20_000);
        let pairs = pairs_of(&got, &build, &probe, &options(JoinKind::Inner, false, None));
        let key = |row: Option<usize>, rows: i64| row.unwrap() as i64 * 7919 % rows;
        assert!(pairs.iter().all(|(left, right)| key(*left, 50_021) == key(*right, 20_000)));
    }
}

#[test]
fn a_side_without_batches_is_empty() {
    let probe = Side::of_ints(&[Some(1), None]);
    let left = options(JoinKind::Left, false, None);
    let table = Arc::new(JoinBuilder::new(probe.rows.schema(), left).finish().unwrap());
    let batch = table.prober().probe(&probe.rows, &probe.keys).unwrap().next().unwrap().unwrap();
    assert_eq!(batch.num_rows(), 2);
    assert_eq!(batch.column(2).null_count(), 2);
}

#[test]
fn rows_are_counted_without_columns() {
    let side = Side::of_ints(&[Some(1), Some(1), Some(2)]);
    let options = JoinOptions::new(JoinKind::Inner, Arc::new(Schema::empty()), Vec::new());
    let got = join_two(&side, &side, &options).unwrap();
    assert_eq!((got.num_rows(), got.num_columns()), (5, 0));
}

#[test]
fn ranges_leave_out_null_and_nan() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(2.5), None, Some(f64::NAN), Some(-1.0)]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("b"), None, Some(""), Some("ba")]));
    let asked = JoinOptions { ranges: true, ..options(JoinKind::Inner, false, None) };
    let side = Side::new(vec![floats, texts], 4);
    let of_two = table(std::slice::from_ref(&side), &asked).unwrap();
    assert_eq!(of_two.key_range(0), Some(&((-1.0).into(), 2.5.into())));
    assert_eq!(of_two.key_range(1), Some(&("".into(), "ba".into())));
    assert_eq!(of_two.key_range(2), None);
    assert!(of_two.is_unique());
    assert_eq!(of_two.distinct_keys(3).unwrap(), None);
    assert_eq!(of_two.distinct_keys(4).unwrap().unwrap()[1].as_ref(), side.keys[1].as_ref());
    let unasked = table(&[side], &options(JoinKind::Inner, false, None)).unwrap();
    assert_eq!(unasked.key_range(0), None);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let side = Side::of_ints(&[Some(1)]);
    let inner = options(JoinKind::Inner, false, None);
    let table_of = |options: &JoinOptions, keys: &[ArrayRef]| JoinTable::new(side.rows.clone(), keys, options.clone());
    assert!(table_of(&inner, &[]).is_err());
    assert!(table_of(&options(JoinKind::Cross, false, None), &side.keys).is_err());
    assert!(table_of(&JoinOptions { max_rows: 0, ..inner.clone() }, &side.keys).is_err());
    assert!(table_of(&JoinOptions { columns: vec![], ..inner.clone() }, &side.keys).is_err());
    let beyond = JoinOptions { columns: vec![OutputColumn::Build(9); 4], ..inner.clone() };
    assert!(table_of(&beyond, &side.keys).is_err());
    assert!(table_of(&inner, &[side.keys[0].slice(0, 0)]).is_err());

    let mut prober = Arc::new(table_of(&inner, &side.keys).unwrap()).prober();
    let other_type: ArrayRef = Arc::new(Int32Array::from(vec![1]));
    assert!(prober.probe(&side.rows, &[other_type]).is_err());
    assert!(prober.probe(&side.rows, &[]).is_err());
    assert!(prober.probe(&side.rows.project(&[0]).unwrap(), &side.keys).is_err());
    assert!(prober.probe_piece(&side.rows, &side.keys, &mut SeenRows::none(2), true).is_err());
    assert!(prober.probe(&side.rows, &side.keys).is_ok());
}
