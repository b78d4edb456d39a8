//! Joins by the book: every row with every row.

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::util::display::array_value_to_string;

use super::*;

/// Left and right row of each output row, in the order that a table gives them.
pub(super) type Pair = (Option<usize>, Option<usize>);

pub(super) fn join(build: &Side, probe: &Side, options: &JoinOptions) -> Vec<Pair> {
    let (build_keys, probe_keys) = (texts(build), texts(probe));
    let is_pair = |probe: usize, build: usize| {
        let keys = probe_keys[probe].iter().zip(&build_keys[build]);
        let mut equal = keys.map(|(a, b)| a == b && (a.is_some() || options.null_equals_null));
        equal.all(|equal| equal)
    };
    let mut pairs = Vec::new();
    for probe_row in 0..probe.len() {
        let rows: Vec<usize> = (0..build.len()).filter(|build_row| is_pair(probe_row, *build_row)).collect();
        pairs.extend(rows.iter().map(|build_row| (Some(probe_row), Some(*build_row))));
        pairs.extend(rows.is_empty().then_some((Some(probe_row), None)));
    }
    let lonely = |build_row: &usize| !(0..probe.len()).any(|probe_row| is_pair(probe_row, *build_row));
    pairs.extend((0..build.len()).filter(lonely).map(|build_row| (None, Some(build_row))));
    let sided = |(probe, build): Pair| if options.build_is_left { (build, probe) } else { (probe, build) };
    kept(pairs.into_iter().map(sided), options)
}

/// The rows of a full join that a kind keeps.
fn kept(full: impl Iterator<Item = Pair>, options: &JoinOptions) -> Vec<Pair> {
    let is_kept = |(left, right): &Pair| match options.kind {
        JoinKind::Inner | JoinKind::Cross => left.is_some() && right.is_some(),
        JoinKind::Left => left.is_some(),
        JoinKind::Right => right.is_some(),
        JoinKind::Full => true,
        JoinKind::Semi => left.is_some() && right.is_some(),
        JoinKind::Anti => left.is_some() && right.is_none(),
    };
    let mut pairs: Vec<Pair> = full.filter(is_kept).collect();
    if matches!(options.kind, JoinKind::Semi | JoinKind::Anti) {
        pairs.iter_mut().for_each(|pair| pair.1 = None);
        pairs.dedup();
        if options.build_is_left {
            pairs.sort_unstable();
            pairs.dedup();
        }
    }
    pairs
}

/// Keys of each row as text that is equal for equal keys.
fn texts(side: &Side) -> Vec<Vec<Option<String>>> {
    (0..side.len()).map(|row| side.keys.iter().map(|key| text(key, row)).collect()).collect()
}

fn text(key: &ArrayRef, row: usize) -> Option<String> {
    let is_null = key.logical_nulls().is_some_and(|nulls| nulls.is_null(row));
    let text = |text: String| if text == "-0.0" { "0.0".into() } else { text };
    (!is_null).then(|| text(array_value_to_string(key, row).unwrap()))
}

/// Left and right row of each row of a join's output, whose other columns must agree.
pub(super) fn pairs_of(output: &RecordBatch, build: &Side, probe: &Side, options: &JoinOptions) -> Vec<Pair> {
    let number = |name: &str, row: usize| {
        let ids = output.column_by_name(name)?;
        ids.is_valid(row).then(|| array_value_to_string(ids, row).unwrap().parse::<usize>().unwrap())
    };
    let pairs = (0..output.num_rows()).map(|row| {
        let (left, right) = (number("left", row), number("right", row));
        for (name, id) in [("left text", left), ("right text", right)] {
            let text = output.column_by_name(name).map(|texts| array_value_to_string(texts, row).unwrap());
            assert!(text.is_none_or(|text| text == id.map(|id| format!("row {id}")).unwrap_or_default()));
        }
        if let Some(key) = output.column_by_name("key") {
            let (build_row, probe_row) = if options.build_is_left { (left, right) } else { (right, left) };
            let from_build = build_row.map(|row| text(&build.keys[0], row));
            let expected = probe_row.map(|row| text(&probe.keys[0], row)).or(from_build).unwrap();
            assert_eq!(text(key, row), expected);
        }
        (left, right)
    });
    pairs.collect()
}
