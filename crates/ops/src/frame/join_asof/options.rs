//! What an asof join is asked for.

use blockfold_core::{DType, Error, Expr, IntoExpr, RecordBatch, Result, Scalar, TimeUnit};
use blockfold_kernels::join::{AsofDirection, AsofOptions, AsofTable, Tolerance};

/// What an asof join is asked for: backward, at any distance, equal keys included, unless told otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct AsofArgs {
    /// Which row of the right frame a row of the left one is joined to.
    pub strategy: AsofDirection,
    /// The greatest difference of on-keys: a number, or a duration where they are dates or times.
    pub tolerance: Option<Scalar>,
    /// Keys of the left frame that must be equal.
    pub left_by: Vec<Expr>,
    /// Keys of the right frame that must be equal to those of the left one by one.
    pub right_by: Vec<Expr>,
    /// Whether rows of equal on-keys are joined.
    pub allow_exact_matches: bool,
    /// Added to the name of a right column that the left has, too.
    pub suffix: String,
}

impl Default for AsofArgs {
    fn default() -> Self {
        AsofArgs {
            strategy: AsofDirection::Backward,
            tolerance: None,
            left_by: Vec::new(),
            right_by: Vec::new(),
            allow_exact_matches: true,
            suffix: "_right".to_string(),
        }
    }
}

impl AsofArgs {
    /// A join to the row that a strategy finds.
    pub fn new(strategy: AsofDirection) -> Self {
        AsofArgs { strategy, ..AsofArgs::default() }
    }

    /// Keys of both frames that must be equal. Null equals null.
    #[must_use]
    pub fn by<E: IntoExpr>(mut self, keys: impl IntoIterator<Item = E>) -> Self {
        self.left_by = keys.into_iter().map(IntoExpr::into_expr).collect();
        self.right_by = self.left_by.clone();
        self
    }

    /// The greatest difference of on-keys.
    #[must_use]
    pub fn tolerance(mut self, most: impl Into<Scalar>) -> Self {
        self.tolerance = Some(most.into());
        self
    }

    /// Whether rows of equal on-keys are joined.
    #[must_use]
    pub fn allow_exact_matches(mut self, allowed: bool) -> Self {
        self.allow_exact_matches = allowed;
        self
    }

    /// Another suffix.
    #[must_use]
    pub fn suffix(mut self, suffix: impl Into<String>) -> Self {
        self.suffix = suffix.into();
        self
    }

    pub(super) fn describe(&self, [left, right]: &[Expr; 2]) -> String {
        let strategy = format!("{:?}", self.strategy).to_lowercase();
        let by = self.left_by.iter().zip(&self.right_by).map(|(a, b)| format!(", {a} = {b}"));
        let within = self.tolerance.as_ref().map_or(String::new(), |most| format!(", within {most}"));
        let exact = if self.allow_exact_matches { "" } else { ", no equal keys" };
        format!("{strategy} on {left} to {right}{}{within}{exact}", by.collect::<String>())
    }

    /// The kernel's options, for an on-key of a type.
    ///
    /// # Errors
    /// A type without differences, a tolerance of another kind.
    pub(super) fn options(&self, [left, right]: &[Expr; 2], on: &DType) -> Result<AsofOptions> {
        let mut options =
            AsofOptions { direction: self.strategy, tolerance: None, allow_exact_matches: self.allow_exact_matches };
        let none = arrow::array::new_empty_array(on);
        let rows = RecordBatch::try_from_iter([("on", none.clone())])?;
        AsofTable::new(rows, &none, &[], options).map_err(|_| Error::Type {
            op: format!("join_asof on {left} to {right}"),
            expected: "numbers, dates, times, timestamps or durations; cast both keys to one of these".into(),
            got: on.to_string(),
        })?;
        options.tolerance = self.tolerance.as_ref().map(|most| tolerance(most, on)).transpose()?;
        Ok(options)
    }
}

/// A tolerance in the units of an on-key.
fn tolerance(most: &Scalar, on: &DType) -> Result<Tolerance> {
    let refuse = |expected: &str| Error::Type {
        op: "the tolerance of join_asof".into(),
        expected: format!("{expected}, since the on-key is {on}"),
        got: format!("{most}"),
    };
    let negative =
        || Error::argument("join_asof", format!("the tolerance {most} is negative; give how far keys may be apart"));
    if on.is_floating() {
        let most = most.float().ok_or_else(|| refuse("a number"))?;
        return if most >= 0.0 { Ok(Tolerance::Float(most)) } else { Err(negative()) };
    }
    if let Some(unit) = nanos(on) {
        let Scalar::Duration(value, own) = most else { return Err(refuse("a duration")) };
        let most = i128::from(*value) * nanos_of(*own) / unit;
        return u64::try_from(most).map(Tolerance::Units).map_err(|_| negative());
    }
    let most = most.integer().ok_or_else(|| refuse("an integer"))?;
    u64::try_from(most).map(Tolerance::Units).map_err(|_| negative())
}

/// Nanoseconds of the unit of a type of times; `None` for other types.
fn nanos(dtype: &DType) -> Option<i128> {
    match dtype {
        DType::Date32 => Some(86_400_000_000_000),
        DType::Date64 => Some(nanos_of(TimeUnit::Millisecond)),
        DType::Timestamp(unit, _) | DType::Duration(unit) | DType::Time32(unit) | DType::Time64(unit) => {
            Some(nanos_of(*unit))
        }
        _ => None,
    }
}

fn nanos_of(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}
