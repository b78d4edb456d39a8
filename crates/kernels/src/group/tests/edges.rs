use arrow::array::*;
use arrow::datatypes::*;
use blockfold_core::{AggFunc::*, Error};

use super::*;

fn ints(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Int64Array>())
}

fn floats(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Float64Array>())
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<StringArray>())
}

/// Every aggregate of an i64 column.
fn every() -> Vec<(blockfold_core::AggFunc, DType)> {
    [Sum, Mean, Min, Max, Count, Len, Std { ddof: 1 }, Var { ddof: 0 }, First, Last, NUnique]
        .map(|func| (func, DType::Int64))
        .to_vec()
}

fn shown(batch: &RecordBatch) -> Vec<String> {
    let options = arrow::util::display::FormatOptions::default().with_null("null");
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &options).unwrap())
        .collect();
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn no_keys_and_no_rows_are_one_row() {
    let spec = spec(&[], &every());
    let none = GroupState::new(Arc::clone(&spec)).unwrap().finish().unwrap();
    assert_eq!(shown(&none), ["0 null null null 0 0 null null null null 0"]);
    let empty = vec![Some(ints([])); 11];
    assert_eq!(shown(&aggregate(&spec, &[], &empty).unwrap()), shown(&none));
    let mut state = GroupState::new(Arc::clone(&spec)).unwrap();
    state.merge(GroupState::new(Arc::clone(&spec)).unwrap()).unwrap();
    assert_eq!(state.groups(), 1);
    assert_eq!(shown(&state.finish().unwrap()), shown(&none));
}

#[test]
fn no_keys_merge() {
    let spec = spec(&[], &every());
    let part = |values: &[Option<i64>]| {
        let input = ints(values.iter().copied());
        state(&spec, &[], &vec![Some(input); 11], values.len()).unwrap()
    };
    let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
    all.merge(part(&[None, Some(4)])).unwrap();
    all.merge(GroupState::new(Arc::clone(&spec)).unwrap()).unwrap();
    all.merge(part(&[Some(2), Some(6), Some(4)])).unwrap();
    let expected = ["16 4.0 2 6 4 5 1.632993161855452 2.0 null 4 3"];
    assert_eq!(shown(&all.finish().unwrap()), expected);
}

#[test]
fn keys_and_no_rows_are_no_groups() {
    let spec = spec(&[DType::Int64, DType::Utf8], &[(Sum, DType::Float64)]);
    let batch = aggregate(&spec, &[ints([]), texts(&[])], &[Some(floats([]))]).unwrap();
    assert_eq!(batch.num_rows(), 0);
    assert_eq!(batch.schema(), spec.schema());
}

#[test]
fn no_aggregates_are_the_distinct_keys() {
    let spec = spec(&[DType::Utf8], &[]);
    let batch = aggregate(&spec, &[texts(&[Some("b"), None, Some("a"), Some("b")])], &[]).unwrap();
    assert_eq!(shown(&batch), ["a", "b", "null"]);
}

#[test]
fn null_nan_and_zero_keys() {
    let keys = floats([Some(-0.0), Some(f64::NAN), None, Some(0.0), Some(-f64::NAN), None, Some(-1.0)]);
    let batch = aggregate(&spec(&[DType::Float64], &[(Len, DType::Null)]), &[keys], &[None]).unwrap();
    assert_eq!(shown(&batch), ["-1.0 1", "0.0 2", "NaN 2", "null 2"]);
}

#[test]
fn float_aggregates_of_nan_and_infinity() {
    let keys = ints([1, 1, 2, 2, 3, 3, 4].map(Some));
    let values = [f64::NAN, 1.0, f64::NAN, f64::NAN, f64::INFINITY, 1.0, f64::INFINITY];
    let funcs = [Sum, Min, Max, Std { ddof: 1 }, Var { ddof: 0 }, NUnique].map(|func| (func, DType::Float64));
    let inputs = vec![Some(floats(values.map(Some))); 6];
    let batch = aggregate(&spec(&[DType::Int64], &funcs), &[keys], &inputs).unwrap();
    let expected =
        ["1 NaN 1.0 1.0 NaN NaN 2", "2 NaN NaN NaN NaN NaN 1", "3 inf 1.0 inf NaN NaN 2", "4 inf inf inf null NaN 1"];
    assert_eq!(shown(&batch), expected);
}

#[test]
fn whole_frame_deviation_of_infinity_is_nan() {
    let spec = spec(&[], &[(Std { ddof: 1 }, DType::Float64)]);
    let batch = aggregate(&spec, &[], &[Some(floats([Some(f64::INFINITY), Some(1.0)]))]).unwrap();
    assert_eq!(shown(&batch), ["NaN"]);
}

#[test]
fn deviations_survive_a_large_mean() {
    let values: Vec<f64> = (0..10_000).map(|i| 1e9 + f64::from(i % 2)).collect();
    for keys in [vec![], vec![DType::Int64]] {
        let spec = spec(&keys, &[(Var { ddof: 0 }, DType::Float64)]);
        let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
        for part in values.chunks(100) {
            let keys: Vec<ArrayRef> = keys.iter().map(|_| ints(part.iter().map(|_| Some(1)))).collect();
            let input = floats(part.iter().copied().map(Some));
            all.merge(state(&spec, &keys, &[Some(input)], part.len()).unwrap()).unwrap();
        }
        let batch = all.finish().unwrap();
        let variance = batch.columns().last().unwrap().as_primitive::<Float64Type>().value(0);
        assert!((variance - 0.25).abs() < 1e-12, "{variance}");
    }
}

#[test]
fn integer_sums_overflow_only_in_the_end() {
    for keys in [vec![], vec![DType::Int64]] {
        let spec = spec(&keys, &[(Sum, DType::Int64), (Mean, DType::Int64)]);
        let run = |values: &[i64]| {
            let keys: Vec<ArrayRef> = keys.iter().map(|_| ints(values.iter().map(|_| Some(1)))).collect();
            let input = Some(ints(values.iter().copied().map(Some)));
            aggregate(&spec, &keys, &[input.clone(), input])
        };
        let error = run(&[i64::MAX, 1]).unwrap_err();
        assert!(matches!(&error, Error::Overflow { op, dtype } if op == "sum(a0)" && dtype == "Int64"), "{error}");
        assert!(run(&[i64::MIN, -1]).is_err());
        let batch = run(&[i64::MAX, i64::MAX, i64::MIN, -5]).unwrap();
        assert_eq!(batch.column(keys.len()).as_primitive::<Int64Type>().value(0), i64::MAX - 6);
    }
}

#[test]
fn unsigned_sums_overflow() {
    let spec = spec(&[], &[(Sum, DType::UInt64)]);
    let run = |values: Vec<u64>| aggregate(&spec, &[], &[Some(Arc::new(UInt64Array::from(values)))]);
    assert_eq!(shown(&run(vec![u64::MAX, 0]).unwrap()), [u64::MAX.to_string()]);
    assert!(matches!(run(vec![u64::MAX, 1]), Err(Error::Overflow { .. })));
}

#[test]
fn a_sum_overflows_when_states_merge() {
    let spec = spec(&[DType::Int64], &[(Sum, DType::Int64)]);
    let part = || state(&spec, &[ints([Some(1)])], &[Some(ints([Some(i64::MAX)]))], 1).unwrap();
    let mut all = part();
    all.merge(part()).unwrap();
    assert!(matches!(all.finish(), Err(Error::Overflow { .. })));
}

#[test]
fn statistics_may_lie() {
    let keys = [Some(5), Some(1_000_000_000_000), Some(i64::MIN), None, Some(7), Some(5), Some(i64::MAX), Some(-3)];
    let honest = spec(&[DType::Int64], &[(Sum, DType::Int64), (First, DType::Int64)]);
    let lies = [(5, 7), (0, 0), (7, 5), (i128::MIN, i128::MAX), (-4_000_000, -1)];
    let half = keys.len() / 2;
    let expected = {
        let input = ints((0..8).map(Some));
        shown(&aggregate(&honest, &[ints(keys)], &[Some(input.clone()), Some(input)]).unwrap())
    };
    assert_eq!(expected.len(), 7);
    for range in lies {
        let spec = with_range(&honest, range);
        let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
        for rows in [0..half, half..keys.len()] {
            let input = ints(rows.clone().map(|row| Some(row as i64)));
            all.update(&[ints(keys[rows].to_vec())], &[input.clone(), input], half).unwrap();
        }
        assert_eq!(shown(&all.finish().unwrap()), expected, "{range:?}");
    }
}

#[test]
fn first_and_last_keep_nulls() {
    let keys = || ints([1, 2, 1, 2, 3].map(Some));
    let numbers = ints([None, Some(1), Some(2), None, None]);
    let words = texts(&[None, Some("a"), Some("b"), None, None]);
    for (input, dtype) in [(numbers, DType::Int64), (words, DType::Utf8)] {
        let spec = spec(&[DType::Int64], &[(First, dtype.clone()), (Last, dtype)]);
        for input in [encoded(&input), input] {
            let inputs = [Some(input.clone()), Some(input.clone())];
            let later = state(&spec, &[keys()], &inputs, 5).unwrap();
            let batch = later.finish().unwrap();
            let rows: Vec<bool> = (0..3).flat_map(|row| [1, 2].map(|at| batch.column(at).is_null(row))).collect();
            assert_eq!(rows, [true, false, false, true, true, true]);
        }
    }
}

#[test]
fn edges_follow_the_order_of_states() {
    let spec = spec(&[DType::Int64], &[(First, DType::Utf8), (Last, DType::Utf8), (First, DType::Int64)]);
    let part = |keys: [i64; 2], words: [Option<&str>; 2], numbers: [i64; 2]| {
        let words = texts(&words);
        let inputs = [Some(words.clone()), Some(words), Some(ints(numbers.map(Some)))];
        state(&spec, &[ints(keys.map(Some))], &inputs, 2).unwrap()
    };
    let mut all = part([2, 1], [None, Some("a")], [1, 2]);
    all.merge(part([3, 1], [Some("x"), None], [3, 4])).unwrap();
    all.merge(part([2, 3], [Some("b"), Some("y")], [5, 6])).unwrap();
    assert_eq!(shown(&all.finish().unwrap()), ["1 a null 2", "2 null b 1", "3 x y 3"]);
}

#[test]
fn unused_dictionary_values_are_no_groups() {
    let values = texts(&[Some("unused"), Some("a"), None, Some("a"), Some("b")]);
    let keys = dictionary(vec![Some(3), None, Some(2), Some(1), Some(4)], values);
    let batch = aggregate(&spec(&[DType::Utf8], &[(Len, DType::Null)]), &[keys], &[None]).unwrap();
    assert_eq!(shown(&batch), ["a 2", "b 1", "null 2"]);
}

#[test]
fn many_dictionaries_in_turn() {
    let spec = spec(&[DType::Utf8], &[(Sum, DType::Int64)]);
    let dictionaries: Vec<ArrayRef> = (0..7).map(|i| texts(&[Some("a"), Some(["b", "c"][i % 2])])).collect();
    let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
    for turn in 0..21 {
        let keys = dictionary(vec![Some(1), Some(0)], Arc::clone(&dictionaries[turn * 5 % 7]));
        all.update(&[keys], &[ints([Some(1), Some(10)])], 2).unwrap();
    }
    assert_eq!(shown(&all.finish().unwrap()), ["a 210", "b 12", "c 9"]);
}

#[test]
fn a_dictionary_of_integers_as_input_and_key() {
    let values = ints([Some(10), None, Some(30)]);
    let array = dictionary(vec![Some(0), Some(1), None, Some(2), Some(0)], values);
    let spec = with_range(&spec(&[DType::Int64], &every()[..6]), (10, 30));
    let batch = aggregate(&spec, std::slice::from_ref(&array), &vec![Some(array.clone()); 6]).unwrap();
    assert_eq!(shown(&batch), ["10 20 10.0 10 10 2 2", "30 30 30.0 30 30 1 1", "null 0 null null null 0 2"]);
}

#[test]
fn keys_of_rare_types() {
    let decimals: ArrayRef = Arc::new(
        Decimal128Array::from(vec![Some(300), None, Some(-1), Some(300)]).with_precision_and_scale(9, 2).unwrap(),
    );
    let booleans: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true)]));
    let times: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from(vec![Some(9), None, Some(-9), Some(9)]).with_timezone("+02:00"));
    let binary: ArrayRef = Arc::new(BinaryArray::from_opt_vec(vec![Some(b"b"), None, Some(b""), Some(b"b")]));
    let nulls: ArrayRef = Arc::new(NullArray::new(4));
    let halves: ArrayRef =
        arrow::compute::cast(&floats([Some(1.5), None, Some(-1.0), Some(1.5)]), &DType::Float16).unwrap();
    for (keys, groups) in [(decimals, 3), (booleans, 3), (times, 3), (binary, 3), (nulls, 1), (halves, 3)] {
        let spec = spec(&[keys.data_type().clone()], &[(Len, DType::Null)]);
        let batch = aggregate(&spec, std::slice::from_ref(&keys), &[None]).unwrap();
        assert_eq!(batch.num_rows(), groups, "{}", keys.data_type());
        assert_eq!(batch.schema(), spec.schema());
        if groups == 3 {
            let expected = arrow::compute::take(&keys, &UInt32Array::from(vec![2, 0, 1]), None).unwrap();
            assert_eq!(batch.column(0), &expected);
        }
    }
}

#[test]
fn booleans_aggregate() {
    let funcs = [Sum, Mean, Min, Max, First, NUnique, Count].map(|func| (func, DType::Boolean));
    let input: ArrayRef = Arc::new(BooleanArray::from(vec![None, Some(true), Some(false), Some(true)]));
    let keys = ints([1, 1, 2, 1].map(Some));
    for input in [encoded(&input), input] {
        let batch =
            aggregate(&spec(&[DType::Int64], &funcs), std::slice::from_ref(&keys), &vec![Some(input); 7]).unwrap();
        assert_eq!(shown(&batch), ["1 2 1.0 true true null 1 2", "2 0 0.0 false false false 1 1"]);
    }
}

#[test]
fn nothing_but_nulls() {
    let funcs = [Min, First, NUnique, Count, Len].map(|func| (func, DType::Null));
    let input: ArrayRef = Arc::new(NullArray::new(2));
    let inputs = vec![Some(input); 5];
    let batch = aggregate(&spec(&[DType::Int64], &funcs), &[ints([Some(1), Some(1)])], &inputs).unwrap();
    assert_eq!(shown(&batch), ["1 null null 0 0 2"]);
}

#[test]
fn refuses_what_it_cannot_do() {
    let refused = GroupState::new(spec(&[DType::Int64], &[(Sum, DType::Utf8)])).unwrap_err();
    assert!(matches!(&refused, Error::Type { op, .. } if op == "sum(a0)"), "{refused}");
    let spec = spec(&[DType::Int64], &[(Sum, DType::Int64)]);
    let mut state = GroupState::new(spec).unwrap();
    let wrong = state.update(&[texts(&[Some("a")])], &[ints([Some(1)])], 1);
    assert!(matches!(wrong, Err(Error::Type { .. })));
    assert!(state.update(&[ints([Some(1)])], &[ints([])], 1).is_err());
    assert!(state.update(&[], &[], 0).is_err());
}

#[test]
fn bytes_follow_the_groups() {
    let spec = spec(&[DType::Int64], &[(Sum, DType::Float64)]);
    let ranged = with_range(&spec, (0, 999_999));
    assert_eq!(GroupState::initial_bytes(&spec), 0);
    assert_eq!(GroupState::initial_bytes(&ranged), 4_000_000);
    assert!(GroupState::new(ranged).unwrap().bytes() >= 4_000_000);
    let keys = ints((0..50_000).map(|i| Some(i * 1_000_003)));
    let state = state(&spec, &[keys], &[Some(floats((0..50_000).map(|_| Some(1.0))))], 50_000).unwrap();
    assert_eq!(state.groups(), 50_000);
    assert!((1_000_000..6_000_000).contains(&state.bytes()), "{}", state.bytes());
}

#[test]
fn a_state_moves_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<GroupState>();
}

#[test]
fn hashed_values_that_fill_their_range_stay_the_same_groups() {
    // The first chunk looks sparse; in the end every second integer is there.
    let rows = 400_000i64;
    let keys: Vec<i64> = (0..rows).map(|row| row * 7_654_321 % rows * 2).collect();
    let spec = spec(&[DType::Int64], &[(Len, DType::Null), (Sum, DType::Int64)]);
    for spread in [1, 40] {
        let mut all = GroupState::new(Arc::clone(&spec)).unwrap();
        for _ in 0..2 {
            for keys in keys.chunks(50_000) {
                let spread = |key: &i64| if *key == 10 { Some(10 * spread) } else { Some(*key) };
                let (array, input) = (ints(keys.iter().map(spread)), ints(keys.iter().copied().map(Some)));
                all.update(&[array], &[input], keys.len()).unwrap();
            }
        }
        let batch = all.finish().unwrap();
        let lens = batch.column(1).as_primitive::<UInt64Type>();
        let sums = batch.column(2).as_primitive::<Int64Type>();
        assert_eq!(arrow::compute::sum(lens), Some(2 * rows as u64));
        assert_eq!(arrow::compute::sum(sums), Some(2 * keys.iter().sum::<i64>()));
        assert!(batch.column(0).as_primitive::<Int64Type>().values().is_sorted());
    }
}
