//! Joins against nested loops, and their edges.

mod asof;
mod edges;
mod random;
mod reference;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use blockfold_core::{DType, Result};

use super::*;

/// One side of a join: its keys, and rows that say which ones they are.
#[derive(Clone, Debug)]
struct Side {
    keys: Vec<ArrayRef>,
    rows: RecordBatch,
}

impl Side {
    /// A side of some keys; its columns are row numbers from 0, the same as text, and the first key.
    fn new(keys: Vec<ArrayRef>, rows: usize) -> Self {
        let ids: Int64Array = (0..i64::try_from(rows).unwrap()).collect();
        let texts: StringArray = (0..rows).map(|row| Some(format!("row {row}"))).collect();
        let mut columns = vec![("id", Arc::new(ids) as ArrayRef), ("text", Arc::new(texts) as ArrayRef)];
        columns.extend(keys.first().map(|key| ("key", ArrayRef::clone(key))));
        let rows =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
        Side { keys, rows: rows.unwrap() }
    }

    fn of_ints(keys: &[Option<i64>]) -> Self {
        Side::new(vec![Arc::new(keys.iter().copied().collect::<Int64Array>())], keys.len())
    }

    fn len(&self) -> usize {
        self.rows.num_rows()
    }

    fn slice(&self, start: usize, len: usize) -> Self {
        let keys = self.keys.iter().map(|key| key.slice(start, len)).collect();
        Side { keys, rows: self.rows.slice(start, len) }
    }

    /// The side cut at row numbers.
    fn cut(&self, cuts: &[usize]) -> Vec<Side> {
        let mut start = 0;
        let ends = cuts.iter().copied().chain([self.len()]);
        let parts = ends.map(|end| {
            let end = end.clamp(start, self.len());
            let part = self.slice(start, end - start);
            start = end;
            part
        });
        parts.collect()
    }
}

type Source = fn(usize) -> OutputColumn;

/// Options of a join that gives both sides' columns as far as the kind has them: left id, right id, left text,
/// right text, and the key of whichever side is present.
fn options(kind: JoinKind, build_is_left: bool, key: Option<&DType>) -> JoinOptions {
    let (left, right): (Source, Source) = if build_is_left {
        (OutputColumn::Build, OutputColumn::Probe)
    } else {
        (OutputColumn::Probe, OutputColumn::Build)
    };
    let field = |name: &str, dtype: &DType| Field::new(name, dtype.clone(), true);
    let mut outputs = vec![(field("left", &DType::Int64), left(0)), (field("left text", &DType::Utf8), left(1))];
    if !matches!(kind, JoinKind::Semi | JoinKind::Anti) {
        outputs.push((field("right", &DType::Int64), right(0)));
        outputs.push((field("right text", &DType::Utf8), right(1)));
        outputs.extend(key.map(|key| (field("key", key), OutputColumn::Key { probe: 2, build: 2 })));
    }
    let (fields, columns): (Vec<Field>, Vec<OutputColumn>) = outputs.into_iter().unzip();
    JoinOptions { build_is_left, ..JoinOptions::new(kind, Arc::new(Schema::new(fields)), columns) }
}

fn table(parts: &[Side], options: &JoinOptions) -> Result<Arc<JoinTable>> {
    let schema: SchemaRef = parts[0].rows.schema();
    let mut builder = JoinBuilder::new(schema, options.clone());
    for part in parts {
        builder.push(part.rows.clone(), &part.keys)?;
    }
    Ok(Arc::new(builder.finish()?))
}

/// A join of parts: probed by two probers in turn, whose matches are merged.
fn join(build: &[Side], probe: &[Side], options: &JoinOptions) -> Result<RecordBatch> {
    let table = table(build, options)?;
    let mut probers = [table.prober(), table.prober()];
    let mut batches = Vec::new();
    for (at, part) in probe.iter().enumerate() {
        for batch in probers[at % 2].probe(&part.rows, &part.keys)? {
            batches.push(batch?);
        }
    }
    let [one, other] = probers;
    let mut matched = one.into_matched();
    matched.merge(other.matched())?;
    for batch in table.remaining(&matched)? {
        batches.push(batch?);
    }
    assert!(batches.iter().all(|batch| (1..=options.max_rows).contains(&batch.num_rows())));
    Ok(concat_batches(&options.schema, &batches)?)
}

/// A join whose build side comes in pieces, each probed with the whole probe side.
fn join_pieces(pieces: &[Side], probe: &[Side], options: &JoinOptions) -> Result<RecordBatch> {
    let mut seen: Vec<SeenRows> = probe.iter().map(|part| SeenRows::none(part.len())).collect();
    let mut batches = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let table = table(std::slice::from_ref(piece), options)?;
        let mut prober = table.prober();
        for (part, seen) in probe.iter().zip(&mut seen) {
            for batch in prober.probe_piece(&part.rows, &part.keys, seen, at + 1 == pieces.len())? {
                batches.push(batch?);
            }
        }
        for batch in table.remaining(prober.matched())? {
            batches.push(batch?);
        }
    }
    Ok(concat_batches(&options.schema, &batches)?)
}
