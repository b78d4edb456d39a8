//! Aggregates that users define by three functions over arrays.
//!
//! What the functions return is checked, and a panic in one of them is an error that names the aggregate, so that no
//! function of a user can harm a run.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;

use super::AggFunc;
use crate::error::{Error, Result};
use crate::expr::{Expr, IntoExpr};

type Rows = dyn Fn(&[ArrayRef]) -> Result<Vec<ArrayRef>> + Send + Sync;
type Finalise = dyn Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync;

/// An aggregate that a user defines: `chunk` makes a state of some rows of a group, `combine` makes one of several,
/// `finalise` makes the results. Two are equal when one is a clone of the other.
///
/// A state is one row of columns of the given types. Rows of a group reach `chunk` in their order, with nulls among
/// them, and states reach `combine` in the order of their rows; without any row `chunk` is called with empty arrays.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use arrow::array::{ArrayRef, AsArray, Float64Array};
/// use arrow::compute::{kernels::numeric::sub, max, min};
/// use arrow::datatypes::Float64Type;
/// use blockfold_core::{CustomAgg, DType, col};
///
/// fn ends(low: &ArrayRef, high: &ArrayRef) -> Vec<ArrayRef> {
///     let (low, high) = (low.as_primitive::<Float64Type>(), high.as_primitive::<Float64Type>());
///     vec![Arc::new(Float64Array::from(vec![min(low)])), Arc::new(Float64Array::from(vec![max(high)]))]
/// }
///
/// let range = CustomAgg::new(
///     "range",
///     [DType::Float64, DType::Float64],
///     DType::Float64,
///     |values| Ok(ends(&values[0], &values[0])),
///     |states| Ok(ends(&states[0], &states[1])),
///     |states| Ok(sub(&states[1], &states[0])?),
/// );
/// assert_eq!(range.of(["x"]).to_string(), "range(x)");
/// # let _ = col("x");
/// ```
#[derive(Clone)]
pub struct CustomAgg(Arc<Parts>);

struct Parts {
    name: String,
    state: Vec<DataType>,
    result: DataType,
    chunk: Box<Rows>,
    combine: Box<Rows>,
    finalise: Box<Finalise>,
}

impl CustomAgg {
    /// An aggregate of a name, the types of its state's columns, and the type of its result.
    ///
    /// `chunk` gets one group's values, an array for each input, and `combine` one group's states, an array for each
    /// column; both return the columns of one state. `finalise` gets a state of each group and returns as many results.
    pub fn new(
        name: impl Into<String>,
        state: impl Into<Vec<DataType>>,
        result: DataType,
        chunk: impl Fn(&[ArrayRef]) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
        combine: impl Fn(&[ArrayRef]) -> Result<Vec<ArrayRef>> + Send + Sync + 'static,
        finalise: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Self {
        let (name, state) = (name.into(), state.into());
        let (chunk, combine, finalise) = (Box::new(chunk), Box::new(combine), Box::new(finalise));
        CustomAgg(Arc::new(Parts { name, state, result, chunk, combine, finalise }))
    }

    /// The aggregate of inputs.
    pub fn of<E: IntoExpr>(&self, inputs: impl IntoIterator<Item = E>) -> Expr {
        let inputs = inputs.into_iter().map(IntoExpr::into_expr).collect();
        Expr::Agg { func: AggFunc::Custom(self.clone()), inputs }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Type of the result.
    pub fn dtype(&self) -> &DataType {
        &self.0.result
    }

    /// Types of the columns of a state.
    pub fn state_types(&self) -> &[DataType] {
        &self.0.state
    }

    /// The state of one group's values, as columns of one row.
    ///
    /// # Errors
    /// The function's own, [`Error::Panicked`] when it panics, [`Error::Type`] and [`Error::Argument`] when it returns
    /// something else than a state.
    pub fn chunk(&self, values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        self.state_by("chunk", &self.0.chunk, values)
    }

    /// One state of several states of a group.
    ///
    /// # Errors
    /// As [`CustomAgg::chunk`].
    pub fn combine(&self, states: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        self.state_by("combine", &self.0.combine, states)
    }

    /// The results of `groups` groups with a state each.
    ///
    /// # Errors
    /// As [`CustomAgg::chunk`].
    pub fn finalise(&self, states: &[ArrayRef], groups: usize) -> Result<ArrayRef> {
        let result = self.guarded("finalise", || (self.0.finalise)(states))?;
        self.check("finalise", &result, &self.0.result, groups)?;
        Ok(result)
    }

    fn state_by(&self, step: &str, make: &Rows, arrays: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let state = self.guarded(step, || make(arrays))?;
        if state.len() != self.0.state.len() {
            let what = format!("{step} returned {} columns, a state has {}", state.len(), self.0.state.len());
            return Err(Error::argument(self.name(), what));
        }
        state.iter().zip(&self.0.state).try_for_each(|(column, dtype)| self.check(step, column, dtype, 1))?;
        Ok(state)
    }

    fn check(&self, step: &str, column: &ArrayRef, dtype: &DataType, rows: usize) -> Result<()> {
        if column.len() != rows {
            let what = format!("{step} returned {} rows where {rows} are due", column.len());
            return Err(Error::argument(self.name(), what));
        }
        if column.data_type() != dtype {
            let (op, got) = (format!("{} after {step}", self.name()), column.data_type().to_string());
            return Err(Error::Type { op, expected: dtype.to_string(), got });
        }
        Ok(())
    }

    /// Calls a user's function. What it left half done when it panicked is the user's own and not looked at again.
    fn guarded<R>(&self, step: &str, call: impl FnOnce() -> Result<R>) -> Result<R> {
        catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|payload| {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(Error::Panicked { message: format!("the aggregate '{}' in {step}: {text}", self.name()) })
        })
    }
}

impl PartialEq for CustomAgg {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for CustomAgg {}

impl Hash for CustomAgg {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for CustomAgg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomAgg").field(&self.name()).finish()
    }
}
