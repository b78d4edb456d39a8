//! The probe side's source narrowed by the keys of the build side, where rows without a partner vanish.
//!
//! The build side's range of a key, and the keys themselves when they are few, make a predicate for the source: it rules
//! out row groups and pages. Where both sides are brought together, a Bloom filter drops rows before they move. A filter
//! that statistics say would rule out next to nothing is left out.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::ArrayRef;
use blockfold_core::expr::plain_type;
use blockfold_core::{Block, DType, Expr, Result, Scalar, Schema, lit};
use blockfold_kernels::join::{JoinKind, JoinTable};
use blockfold_plan::{Lower, Narrow, Narrowed, RowFilter, Source, StepId};

use super::Join;
use super::bits::KeyBits;
use crate::exchange::{BloomFilter, Keys, LearntKeys};

/// Keys up to this number are looked for one by one: a set of them is made for each batch.
const FEW_KEYS: usize = 512;

/// Bits of keys are worth their time when the source has at least this many times more rows than there are keys.
const BITS_WORTH: u64 = 4;

/// A filter of numbers is worth its time when it leaves one of so many.
const WORTH: i128 = 2;

/// A Bloom filter is made of no more than this share of the budget.
const BLOOM_SHARE: u64 = 128;

/// A batch of a source that is narrowed has no more than this share of the budget.
const BATCH_SHARE: u64 = 24;

/// Bits for each key, as the kernel has them.
const BLOOM_BITS: u64 = 10;

/// A Bloom filter is asked when the source has at least this many times more rows than the build side.
const BLOOM_WORTH: u64 = 2;

impl Join {
    /// Whether rows of the probe side without a partner are not in the result.
    fn probe_vanishes(&self, build: usize) -> bool {
        use JoinKind::*;
        match self.args.kind {
            Inner | Semi => true,
            Left | Anti => build == 0,
            Right => build == 1,
            Full | Cross => false,
        }
    }

    /// The probe side with its sources narrowed by what the step `from` learns of the build side's keys; `moves` when
    /// both sides may be brought together, which is saved for rows without a partner.
    pub(super) fn narrowed_probe(
        &self,
        lower: &mut Lower,
        probe: StepId,
        build: usize,
        from: StepId,
        moves: bool,
    ) -> Result<StepId> {
        if !self.probe_vanishes(build) {
            return Ok(probe);
        }
        let (types, budget_bytes) = (self.key_types()?, lower.budget_bytes());
        let keys = if build == 0 { &self.args.right_on } else { &self.args.left_on };
        let keys: Vec<Expr> = keys.iter().map(|key| key.without_alias().clone()).collect();
        let narrow = |keys: &[Option<Expr>], source: &dyn Source| {
            let schema = source.schema();
            let fits = |(key, dtype): (&Option<Expr>, &DType)| key.clone().filter(|key| is_plain(key, dtype, &schema));
            let keys: Vec<Option<Expr>> = keys.iter().zip(&types).map(fits).collect();
            let is_of_use =
                fits_beside(source, budget_bytes) && keys.iter().flatten().any(|key| moves || takes(source, key));
            let by =
                NarrowByKeys { keys, types: types.clone(), null_equals_null: self.args.null_equals_null, budget_bytes };
            is_of_use.then(|| Arc::new(by) as Arc<dyn Narrow>)
        };
        Ok(lower.narrowed((&self.inputs[1 - build], probe), &keys, from, &narrow))
    }

    /// For how many keys a Bloom filter of the build side is made; `None` when the probe side is not longer.
    pub(super) fn bloom_keys(&self, rows: [Option<u64>; 2], build: usize, budget_bytes: u64) -> Option<u64> {
        let (of_build, of_probe) = (rows[build]?, rows[1 - build]?);
        let most = budget_bytes / BLOOM_SHARE * 8 / BLOOM_BITS;
        let is_worth = self.probe_vanishes(build) && of_build <= of_probe;
        is_worth.then_some(of_build.clamp(1, most.max(1)))
    }
}

/// Whether a source can leave rows out by a key.
fn takes(source: &dyn Source, key: &Expr) -> bool {
    source.with_filter(&key.clone().is_not_null()).is_ok_and(|filtered| filtered.is_some())
}

/// Whether there is room for what a filter keeps beside a batch.
fn fits_beside(source: &dyn Source, budget_bytes: u64) -> bool {
    let widest = (0..source.grid().blocks()).map(|block| source.estimate(block).batch.bytes).max();
    widest.unwrap_or(0) <= budget_bytes / BATCH_SHARE
}

/// Whether a key is a column of a source that compares as it is, and whose type statistics know.
fn is_plain(key: &Expr, common: &DType, schema: &Schema) -> bool {
    let Expr::Column(name) = key else { return false };
    let Ok(field) = schema.field_with_name(name) else { return false };
    let (own, common) = (plain_type(field.data_type()), plain_type(common));
    let is_known = own.is_integer() || own.is_string() || matches!(own, DType::Date32 | DType::Timestamp(..));
    let is_widened = (own.is_signed_integer() && common.is_signed_integer())
        || (own.is_unsigned_integer() && common.is_unsigned_integer());
    is_known && (own == common || is_widened)
}

/// Filters a source by the keys of a build side.
#[derive(Debug)]
struct NarrowByKeys {
    /// Columns of the source, where a key is one.
    keys: Vec<Option<Expr>>,
    types: Vec<DType>,
    null_equals_null: bool,
    budget_bytes: u64,
}

impl Narrow for NarrowByKeys {
    fn detail(&self) -> String {
        let names: Vec<String> = self.keys.iter().flatten().map(Expr::to_string).collect();
        format!("{} from build", names.join(", "))
    }

    fn narrow(&self, result: &Block, source: &dyn Source) -> Result<Narrowed> {
        if let Ok(table) = result.object::<JoinTable>() {
            let few = table.distinct_keys(FEW_KEYS)?;
            let range = |at: usize| table.key_range(at).cloned();
            let is_exact = few.is_some();
            let predicate = self.predicate(table.is_empty(), &range, few, source)?;
            let rows = if is_exact && predicate.is_some() { None } else { self.bits(&table, source)? };
            return Ok(Narrowed { predicate, rows });
        }
        let Ok(learnt) = result.object::<LearntKeys>() else { return Ok(Narrowed::default()) };
        let range = |at: usize| learnt.ranges.get(at).cloned().flatten();
        let predicate = self.predicate(learnt.rows == 0, &range, None, source)?;
        let rows: Option<u64> = (0..source.grid().blocks()).map(|block| source.estimate(block).rows).sum();
        let is_worth = learnt.is_sharp() && rows.is_none_or(|rows| learnt.rows.saturating_mul(BLOOM_WORTH) <= rows);
        let keys: Option<Vec<Expr>> = self.keys.iter().cloned().collect::<Option<_>>().filter(|_| is_worth);
        let rows = keys.map(|keys| {
            let keys = Keys::typed(keys, self.types.clone());
            Arc::new(BloomFilter { keys, learnt: learnt.clone() }) as Arc<dyn RowFilter>
        });
        Ok(Narrowed { predicate, rows })
    }
}

impl NarrowByKeys {
    /// A filter of the rows whose value of one key the build side has, where that leaves most rows out: a look into a
    /// few bits saves the search for all keys.
    fn bits(&self, table: &JoinTable, source: &dyn Source) -> Result<Option<Arc<dyn RowFilter>>> {
        let rows: Option<u64> = (0..source.grid().blocks()).map(|block| source.estimate(block).rows).sum();
        let most = usize::try_from(rows.unwrap_or(0) / BITS_WORTH).unwrap_or(usize::MAX);
        if table.is_empty() || !self.keys.iter().any(Option::is_some) {
            return Ok(None);
        }
        let Some(values) = table.distinct_keys(most)? else { return Ok(None) };
        for (key, values) in self.keys.iter().zip(&values) {
            let Some(key) = key else { continue };
            if let Some(bits) = KeyBits::of(key, values, self.null_equals_null, self.budget_bytes)? {
                return Ok(Some(Arc::new(bits)));
            }
        }
        Ok(None)
    }

    fn predicate(
        &self,
        is_empty: bool,
        range: &dyn Fn(usize) -> Option<(Scalar, Scalar)>,
        few: Option<Vec<ArrayRef>>,
        source: &dyn Source,
    ) -> Result<Option<Expr>> {
        if is_empty {
            return Ok(Some(lit(false)));
        }
        let mut conjuncts = Vec::new();
        for (at, key) in self.keys.iter().enumerate() {
            let (Some(key), Some(range)) = (key, range(at)) else { continue };
            let Some(all) = source.column_range(&key.output_name()) else { continue };
            let few = few.as_ref().and_then(|keys| keys.get(at)).map(scalars_of).transpose()?;
            let Some(found) = self.of_key(key, &range, &all, few, source)? else { continue };
            conjuncts.push(if self.null_equals_null { found.or(key.clone().is_null()) } else { found });
        }
        Ok(Expr::all_of(conjuncts))
    }

    /// The predicate of one key, when it rules out enough of a source with values in the range `all`.
    fn of_key(
        &self,
        key: &Expr,
        (least, greatest): &(Scalar, Scalar),
        all: &(Scalar, Scalar),
        few: Option<Vec<Scalar>>,
        source: &dyn Source,
    ) -> Result<Option<Expr>> {
        let is_covered = is_at_most(least, &all.0) && is_at_most(&all.1, greatest);
        let width = width(&all.0, &all.1);
        if let Some(few) = few {
            let is_sparse = width.is_some_and(|width| few.len() as i128 * WORTH <= width);
            if is_sparse || (!is_covered && width.is_none()) {
                return Ok(Some(key.clone().is_in(few)));
            }
        }
        if is_covered {
            return Ok(None);
        }
        let between = key.clone().between(lit(least.clone()), lit(greatest.clone()));
        let left = self::width(later(least, &all.0), earlier(greatest, &all.1));
        let is_narrow = left.zip(width).is_some_and(|(left, width)| left * WORTH <= width);
        Ok((is_narrow || skips(source, &between)?).then_some(between))
    }
}

/// Whether statistics of partitions rule more of them out with a predicate than without.
fn skips(source: &dyn Source, predicate: &Expr) -> Result<bool> {
    let Some(filtered) = source.with_filter(predicate)? else { return Ok(false) };
    let is_new = |block: usize| filtered.estimate(block).skipped && !source.estimate(block).skipped;
    Ok((0..filtered.grid().blocks()).any(is_new))
}

fn scalars_of(keys: &ArrayRef) -> Result<Vec<Scalar>> {
    let values: Vec<Scalar> = (0..keys.len()).map(|row| Scalar::from_array(keys, row)).collect::<Result<_>>()?;
    Ok(values.into_iter().filter(|value| *value != Scalar::Null).collect())
}

fn is_at_most(a: &Scalar, b: &Scalar) -> bool {
    a.compare(b).is_some_and(|order| order != Ordering::Greater)
}

fn later<'a>(a: &'a Scalar, b: &'a Scalar) -> &'a Scalar {
    if is_at_most(a, b) { b } else { a }
}

fn earlier<'a>(a: &'a Scalar, b: &'a Scalar) -> &'a Scalar {
    if is_at_most(a, b) { a } else { b }
}

/// How many values a range of numbers has; `None` for texts.
fn width(least: &Scalar, greatest: &Scalar) -> Option<i128> {
    let number = |value: &Scalar| match value {
        Scalar::Date(days) => Some(i128::from(*days)),
        Scalar::Timestamp(units, ..) => Some(i128::from(*units)),
        other => other.integer(),
    };
    Some((number(greatest)? - number(least)? + 1).max(0))
}
