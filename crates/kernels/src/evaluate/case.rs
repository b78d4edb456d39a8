//! Choices by conditions.

use arrow::array::{AsArray, BooleanArray};
use arrow::compute::kernels::zip::zip;
use blockfold_core::{DType, Expr, RecordBatch, Result, Scalar};

use super::value::Value;
use super::{cast, logic, value_of};

/// The value of the first branch whose condition holds, else of `otherwise`, else null.
///
/// A branch that no row takes is not evaluated; one that some rows take is evaluated for all of them.
pub(super) fn choose(
    expr: &Expr,
    branches: &[(Expr, Expr)],
    otherwise: Option<&Expr>,
    batch: &RecordBatch,
) -> Result<Value> {
    let dtype = expr.dtype(batch.schema_ref())?;
    let typed = |value: &Expr| cast::implicit(expr, &value_of(value, batch)?, &dtype)?.plain();
    let mut chosen = Vec::new();
    let mut last = None;
    for (condition, value) in branches {
        match holds(condition, batch)? {
            Holds::Never => {}
            Holds::Always => {
                last = Some(value);
                break;
            }
            Holds::Sometimes(mask) => chosen.push((mask, value)),
        }
    }
    let mut result = match last.or(otherwise) {
        Some(value) => typed(value)?,
        None => Value::One(Scalar::Null.to_array(&dtype)?),
    };
    for (mask, value) in chosen.into_iter().rev() {
        result = Value::Column(if dtype == DType::Null {
            arrow::array::new_null_array(&dtype, mask.len())
        } else {
            zip(&mask, &typed(value)?, &result)?
        });
    }
    Ok(result)
}

enum Holds {
    Never,
    Always,
    Sometimes(BooleanArray),
}

fn holds(condition: &Expr, batch: &RecordBatch) -> Result<Holds> {
    let value = cast::implicit(condition, &value_of(condition, batch)?, &DType::Boolean)?.plain()?;
    let mask = logic::without_nulls(value.array().as_boolean());
    Ok(match mask.true_count() {
        0 => Holds::Never,
        all if all == mask.len() => Holds::Always,
        _ => Holds::Sometimes(mask),
    })
}
