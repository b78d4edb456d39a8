//! Columns of any type from ranks: a column's values compare like its ranks.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::cast;
use arrow::datatypes::*;

use crate::sort::SortOrder;

/// Ranks that every kind has values for, but Booleans, of which odd and even ones are equal.
pub(crate) const RANKS: u8 = 6;

pub(crate) const KINDS: usize = 21;

/// The rank of null is none.
pub(crate) type Ranks = Vec<Option<u8>>;

/// A column with the given ranks; equal ranks may have different representations.
pub(crate) fn column(kind: usize, ranks: &Ranks) -> ArrayRef {
    let nan = [f64::NAN, -f64::NAN, f64::from_bits(0x7ff8_0000_0000_0001)];
    let float = |row: usize, rank: u8| match rank {
        2 => [0.0, -0.0][row % 2],
        5 => nan[row % 3],
        rank => [f64::NEG_INFINITY, -1.5, 0.0, 1e-300, f64::INFINITY][rank as usize],
    };
    let floats =
        || -> Float64Array { ranks.iter().enumerate().map(|(row, rank)| rank.map(|rank| float(row, rank))).collect() };
    let small_floats = || -> Float32Array {
        let value = |(row, rank): (usize, &Option<u8>)| {
            rank.map(|rank| [-2.0, float(row, 2) as f32, 0.5, 1.0, f32::INFINITY, f32::NAN][rank as usize])
        };
        ranks.iter().enumerate().map(value).collect()
    };
    match kind {
        0 => pick::<Int8Type>(ranks, [-128, -1, 0, 1, 5, 127]),
        1 => pick::<Int32Type>(ranks, [i32::MIN, -1, 0, 1, 7, i32::MAX]),
        2 => pick::<Int64Type>(ranks, [i64::MIN, i64::MIN + 1, 0, 1, i64::MAX - 1, i64::MAX]),
        3 => pick::<UInt8Type>(ranks, [0, 1, 2, 3, 100, 255]),
        4 => pick::<UInt64Type>(ranks, [0, 1, 2, 1 << 40, u64::MAX - 1, u64::MAX]),
        5 => Arc::new(floats()),
        6 => Arc::new(small_floats()),
        7 => Arc::new(ranks.iter().map(|rank| rank.map(|rank| rank % 2 == 1)).collect::<BooleanArray>()),
        8 => pick::<Date32Type>(ranks, [-1000, -1, 0, 1, 19_000, 30_000]),
        9 => pick::<TimestampMicrosecondType>(ranks, [-5, 0, 1, 1 << 30, 1 << 40, 1 << 50]),
        10 => pick::<Decimal64Type>(ranks, [-100, -1, 0, 1, 7, 1000]),
        11 => pick::<Decimal128Type>(ranks, [-(1 << 100), -1, 0, 1, 1 << 64, 1 << 100]),
        12 => texts(ranks),
        13 => cast(&texts(ranks), &DataType::LargeUtf8).unwrap(),
        14 => cast(&texts(ranks), &DataType::Utf8View).unwrap(),
        15 => cast(&texts(ranks), &DataType::Binary).unwrap(),
        16 => cast(&texts(ranks), &DataType::BinaryView).unwrap(),
        17 => coded(ranks, texts(&(0..RANKS).rev().map(Some).chain([None, Some(3)]).collect())),
        18 => coded(ranks, column(2, &(0..RANKS).rev().map(Some).chain([None, Some(3)]).collect())),
        19 => {
            let mut lists = ListBuilder::new(Int32Builder::new());
            ranks.iter().for_each(|rank| lists.append_option(rank.map(|rank| (0..i32::from(rank)).map(Some))));
            Arc::new(lists.finish())
        }
        _ => {
            let values = ranks.iter().map(|rank| rank.map(|rank| [rank, 0, 7]));
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, 3).unwrap())
        }
    }
}

/// The ranks that a kind tells apart.
pub(crate) fn told_apart(kind: usize, ranks: &Ranks) -> Ranks {
    ranks.iter().map(|rank| rank.map(|rank| if kind == 7 { rank % 2 } else { rank })).collect()
}

fn pick<T: ArrowPrimitiveType>(ranks: &Ranks, values: [T::Native; RANKS as usize]) -> ArrayRef {
    Arc::new(ranks.iter().map(|rank| rank.map(|rank| values[rank as usize])).collect::<PrimitiveArray<T>>())
}

fn texts(ranks: &Ranks) -> ArrayRef {
    let values = ["", "a", "a\0", "abcdefg", "abcdefgh", "abcdefgh ijklmnop qrstuvw"];
    Arc::new(ranks.iter().map(|rank| rank.map(|rank| values[rank as usize])).collect::<StringArray>())
}

/// Values are those of all ranks in falling order, then null, then rank 3 once more.
fn coded(ranks: &Ranks, values: ArrayRef) -> ArrayRef {
    let key = |(row, rank): (usize, &Option<u8>)| match rank {
        None => (row % 2 == 0).then_some(i32::from(RANKS)),
        Some(3) if row % 2 == 0 => Some(i32::from(RANKS) + 1),
        Some(rank) => Some(i32::from(RANKS - 1 - rank)),
    };
    let keys: Int32Array = ranks.iter().enumerate().map(key).collect();
    Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values).unwrap())
}

pub(crate) fn compare(a: Option<u8>, b: Option<u8>, order: SortOrder) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) if order.descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) if order.nulls_last => a.is_none().cmp(&b.is_none()),
        (a, b) => b.is_none().cmp(&a.is_none()),
    }
}
