//! Random sides of every key type, cut into batches and pieces at random.

use arrow::array::*;
use arrow::compute::{cast, take};
use arrow::datatypes::*;
use proptest::prelude::*;

use super::reference::{Pair, pairs_of};
use super::*;

const KINDS: [JoinKind; 6] =
    [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];

/// Two sides, as numbers that each type makes its own key of.
#[derive(Clone, Debug)]
struct Case {
    types: Vec<DType>,
    /// Keys of both sides, column by column.
    seeds: [Vec<Vec<Option<i32>>>; 2],
    rows: [usize; 2],
    encodes: [bool; 2],
    cuts: [Vec<usize>; 2],
    kind: JoinKind,
    build_is_left: bool,
    null_equals_null: bool,
    max_rows: usize,
}

fn key(dtype: &DType, seeds: &[Option<i32>]) -> ArrayRef {
    let ints: Int64Array = seeds.iter().map(|seed| seed.map(i64::from)).collect();
    match dtype {
        DType::Float64 | DType::Float32 => {
            let floats: Float64Array = seeds.iter().map(|seed| seed.map(float)).collect();
            cast(&floats, dtype).unwrap()
        }
        DType::Utf8 | DType::Utf8View | DType::LargeUtf8 => {
            let texts: StringArray = seeds.iter().map(|seed| seed.map(|seed| format!("id{seed:0>5}"))).collect();
            cast(&texts, dtype).unwrap()
        }
        DType::Boolean => Arc::new(seeds.iter().map(|seed| seed.map(|seed| seed % 2 == 0)).collect::<BooleanArray>()),
        DType::Int8 | DType::UInt64 => {
            let small: Int64Array = seeds.iter().map(|seed| seed.map(|seed| i64::from(seed.rem_euclid(100)))).collect();
            cast(&small, dtype).unwrap()
        }
        _ => cast(&ints, dtype).or_else(|_| cast(&cast(&ints, &DType::Int32).unwrap(), dtype)).unwrap(),
    }
}

fn float(seed: i32) -> f64 {
    match seed % 7 {
        3 => f64::NAN,
        5 => -0.0,
        _ => f64::from(seed) / 4.0,
    }
}

/// The array as a dictionary array: values in reverse order, nulls as keys and as values.
fn encoded(array: &ArrayRef) -> ArrayRef {
    let rows = u32::try_from(array.len()).unwrap();
    let values = take(array, &UInt32Array::from_iter_values((0..rows).rev()), None).unwrap();
    let key =
        |row: u32| (array.is_valid(row as usize) || row.is_multiple_of(2)).then(|| (rows - 1 - row).cast_signed());
    Arc::new(DictionaryArray::<Int32Type>::try_new((0..rows).map(key).collect(), values).unwrap())
}

impl Case {
    fn sides(&self) -> [Side; 2] {
        [0, 1].map(|side| {
            let keys = self.types.iter().zip(&self.seeds[side]).map(|(dtype, seeds)| {
                let plain = key(dtype, seeds);
                if self.encodes[side] { encoded(&plain) } else { plain }
            });
            Side::new(keys.collect(), self.rows[side])
        })
    }

    fn options(&self) -> JoinOptions {
        let options = options(self.kind, self.build_is_left, self.types.first());
        JoinOptions { null_equals_null: self.null_equals_null, max_rows: self.max_rows, ..options }
    }
}

fn types() -> impl Strategy<Value = DType> {
    prop::sample::select(vec![
        DType::Boolean,
        DType::Int8,
        DType::Int32,
        DType::Int64,
        DType::UInt64,
        DType::Float32,
        DType::Float64,
        DType::Utf8,
        DType::LargeUtf8,
        DType::Utf8View,
        DType::Date32,
        DType::Timestamp(TimeUnit::Nanosecond, Some("+00:00".into())),
        DType::Decimal128(12, 2),
    ])
}

/// Few or many keys, near or far from each other, with or without nulls; sometimes no two equal ones.
fn seeds(rows: usize) -> impl Strategy<Value = Vec<Option<i32>>> {
    let values = prop::sample::select(vec![3, 100, 100_000, 30_000_000]);
    let nulls = prop::sample::select(vec![0.0001, 0.2]);
    let any = (values, nulls)
        .prop_flat_map(move |(end, nulls)| prop::collection::vec(prop::option::weighted(1.0 - nulls, -end..end), rows));
    let step = prop::sample::select(vec![1i32, 3, 100_003]);
    let unique =
        step.prop_map(move |step| (0..i32::try_from(rows).unwrap()).map(|row| Some((row ^ 1) * step)).collect());
    prop_oneof![3 => any.boxed(), 1 => unique.boxed()]
}

fn cases(kinds: &'static [JoinKind], keys: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let sizes = || prop_oneof![0usize..4, 0usize..120];
    (sizes(), sizes(), keys).prop_flat_map(move |(left, right, keys)| {
        let seeds = |rows| prop::collection::vec(seeds(rows), keys);
        let cuts = |rows| {
            prop::collection::vec(0..rows + 1, 0..3).prop_map(|mut cuts: Vec<usize>| {
                cuts.sort_unstable();
                cuts
            })
        };
        let shape =
            (prop::sample::select(kinds), any::<bool>(), any::<bool>(), prop::sample::select(vec![1, 7, 32 << 10]));
        (
            prop::collection::vec(types(), keys),
            (seeds(left), seeds(right)),
            any::<[bool; 2]>(),
            (cuts(left), cuts(right)),
            shape,
        )
            .prop_map(
                move |(types, seeds, encodes, cuts, (kind, build_is_left, null_equals_null, max_rows))| Case {
                    types,
                    seeds: [seeds.0, seeds.1],
                    rows: [left, right],
                    encodes,
                    cuts: [cuts.0, cuts.1],
                    kind,
                    build_is_left,
                    null_equals_null,
                    max_rows,
                },
            )
    })
}

fn sorted(mut pairs: Vec<Pair>) -> Vec<Pair> {
    pairs.sort_unstable();
    pairs
}

fn check(case: &Case) {
    let [build, probe] = case.sides();
    let options = case.options();
    let expected = reference::join(&build, &probe, &options);
    let (parts, batches) = (build.cut(&case.cuts[0]), probe.cut(&case.cuts[1]));
    let got = join(&parts, &batches, &options).unwrap();
    assert_eq!(pairs_of(&got, &build, &probe, &options), expected);
    let got = join_pieces(&parts, &batches, &options).unwrap();
    assert_eq!(sorted(pairs_of(&got, &build, &probe, &options)), sorted(expected));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_nested_loops(case in cases(&KINDS, 1..4)) {
        check(&case);
    }

    #[test]
    fn cross_agrees_with_nested_loops(case in cases(&[JoinKind::Cross], 0..1)) {
        check(&case);
    }

    #[test]
    fn the_estimate_is_an_upper_bound(case in cases(&KINDS, 1..4)) {
        let [build, _] = case.sides();
        let table = table(&build.cut(&case.cuts[0]), &case.options()).unwrap();
        let bytes = build.rows.get_array_memory_size() + build.keys.iter().map(|key| key.get_array_memory_size()).sum::<usize>();
        prop_assert!(table.bytes() <= estimate_bytes(build.len() as u64, bytes as u64, build.keys.len()));
    }
}
