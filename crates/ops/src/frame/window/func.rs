//! What windows compute, and of which types.

use std::fmt;

use blockfold_core::expr::plain_type;
use blockfold_core::{AggFunc, DType, Error, Expr, Result, Schema};
pub use blockfold_kernels::window::{RankMethod, Reach, RollingSpec, Statistic};

/// A function of the rows of a group in their order, with a value for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowFunc {
    /// Sum up to the row.
    CumSum,
    /// Product up to the row.
    CumProduct,
    /// Least value up to the row.
    CumMin,
    /// Greatest value up to the row.
    CumMax,
    /// Number of values up to the row that are not null.
    CumCount,
    /// Number of the row, from 1 on.
    RowNumber,
    /// Value of so many rows before; of rows after when negative.
    Shift(i64),
    /// The value, or where it is null the last one before that is not.
    FillForward,
    /// The value, or where it is null the next one that is not.
    FillBackward,
    /// Rank of the value; rows must come in its order, nulls last.
    Rank(RankMethod),
    /// A statistic of the last rows.
    Rolling(RollingSpec),
}

/// Rows that a shift looks back by what it holds; more need another reading.
const MOST_HELD_ROWS: usize = 4096;

impl WindowFunc {
    fn name(self) -> &'static str {
        match self {
            WindowFunc::CumSum => "cum_sum",
            WindowFunc::CumProduct => "cum_product",
            WindowFunc::CumMin => "cum_min",
            WindowFunc::CumMax => "cum_max",
            WindowFunc::CumCount => "cum_count",
            WindowFunc::RowNumber => "row_number",
            WindowFunc::Shift(_) => "shift",
            WindowFunc::FillForward => "forward_fill",
            WindowFunc::FillBackward => "backward_fill",
            WindowFunc::Rank(_) => "rank",
            WindowFunc::Rolling(_) => "rolling",
        }
    }

    /// The rows that a shift looks back by holding them.
    pub(super) fn held_rows(self) -> Option<usize> {
        match self {
            WindowFunc::Shift(n) => usize::try_from(n).ok().filter(|n| *n <= MOST_HELD_ROWS),
            _ => None,
        }
    }

    /// Whether the rows are read once more for the function, some rows before or after they are due.
    pub fn looks_ahead(self) -> bool {
        self.reads_again() || matches!(self, WindowFunc::Rank(method) if method.looks_ahead())
    }

    /// Whether the rows are read once more by the function alone.
    pub(super) fn reads_again(self) -> bool {
        match self {
            WindowFunc::Shift(_) => self.held_rows().is_none(),
            other => other == WindowFunc::FillBackward,
        }
    }
}

/// A column of a window: a function, what it takes, and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowColumn {
    /// The function.
    pub func: WindowFunc,
    /// What it takes; `None` for row numbers.
    pub input: Option<Expr>,
    /// When rows are, for windows of a span of time.
    pub time: Option<Expr>,
    /// Name of the result.
    pub name: String,
}

impl fmt::Display for WindowColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.func.name())?;
        match self.func {
            WindowFunc::Shift(n) => write!(f, "[{n}]")?,
            WindowFunc::Rank(method) => write!(f, "[{}]", format!("{method:?}").to_lowercase())?,
            WindowFunc::Rolling(spec) => write!(f, "[{:?} of {:?}]", spec.statistic, spec.reach)?,
            _ => {}
        }
        match &self.input {
            Some(input) => write!(f, "({input})"),
            None => f.write_str("()"),
        }
    }
}

impl WindowColumn {
    /// Type of the result over columns of `schema`.
    ///
    /// # Errors
    /// Missing columns, aggregates, and types that the function does not take.
    pub(super) fn dtype(&self, schema: &Schema) -> Result<DType> {
        let Some(input) = &self.input else { return Ok(DType::UInt64) };
        if !input.is_row_wise() {
            let what = format!("{input} aggregates; windows take values of rows, see transform");
            return Err(Error::argument(self.func.name(), what));
        }
        let dtype = plain_type(&input.dtype(schema)?);
        let like = |agg: AggFunc| agg.dtype(std::slice::from_ref(&dtype)).map_err(|error| self.named(error));
        match self.func {
            WindowFunc::CumSum => like(AggFunc::Sum),
            WindowFunc::CumProduct => like(AggFunc::Product),
            WindowFunc::CumMin => like(AggFunc::Min),
            WindowFunc::CumMax => like(AggFunc::Max),
            WindowFunc::CumCount | WindowFunc::RowNumber => Ok(DType::UInt64),
            WindowFunc::Shift(_) | WindowFunc::FillForward | WindowFunc::FillBackward => Ok(dtype),
            WindowFunc::Rank(method) => Ok(method.dtype()),
            WindowFunc::Rolling(_) if dtype.is_integer() || dtype.is_floating() || dtype == DType::Boolean => {
                Ok(DType::Float64)
            }
            WindowFunc::Rolling(_) => Err(Error::Type {
                op: self.to_string(),
                expected: "a column of numbers".into(),
                got: dtype.to_string(),
            }),
        }
    }

    /// The error of the aggregate of the same types, as this function's.
    fn named(&self, error: Error) -> Error {
        match error {
            Error::Type { expected, got, .. } => Error::Type { op: self.to_string(), expected, got },
            other => other,
        }
    }
}
