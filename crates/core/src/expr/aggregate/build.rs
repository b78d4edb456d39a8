//! How users write aggregates: `col("x").sum()`.

use super::{AggFunc, Fraction, Interpolation};
use crate::expr::{Expr, IntoExpr};

/// The number of rows, of the frame or of each group.
pub fn len() -> Expr {
    Expr::Agg { func: AggFunc::Len, inputs: Vec::new() }
}

/// Pearson's correlation of two columns, over the rows where neither is null; NaN where one of them is constant, null
/// for fewer than two rows.
pub fn corr(x: impl IntoExpr, y: impl IntoExpr) -> Expr {
    Expr::Agg { func: AggFunc::Corr, inputs: vec![x.into_expr(), y.into_expr()] }
}

/// Covariance of two columns with `ddof` delta degrees of freedom, over the rows where neither is null.
pub fn cov(x: impl IntoExpr, y: impl IntoExpr, ddof: u8) -> Expr {
    Expr::Agg { func: AggFunc::Cov { ddof }, inputs: vec![x.into_expr(), y.into_expr()] }
}

macro_rules! aggregate {
    ($($(#[$doc:meta])* $method:ident $func:expr),*) => {$(
        $(#[$doc])*
        pub fn $method(self) -> Expr { self.aggregate($func) }
    )*};
}

impl Expr {
    aggregate!(
        /// Sum of the values.
        sum AggFunc::Sum,
        /// Mean of the values.
        mean AggFunc::Mean,
        /// Least value.
        min AggFunc::Min,
        /// Greatest value.
        max AggFunc::Max,
        /// Number of values that are not null.
        count AggFunc::Count,
        /// First value.
        first AggFunc::First,
        /// Last value.
        last AggFunc::Last,
        /// Number of different values.
        n_unique AggFunc::NUnique,
        /// Number of nulls.
        null_count AggFunc::NullCount,
        /// Product of the values.
        product AggFunc::Product,
        /// Whether any value is true.
        any AggFunc::Any,
        /// Whether no value is false.
        all AggFunc::All,
        /// Median of the values; those of each group are held until the end, those of a whole frame need not fit.
        median AggFunc::Median,
        /// Most frequent value, the smallest of several; each different value is held until the end.
        mode AggFunc::Mode,
        /// The values as a list in row order, nulls among them; all of them are held until the end.
        list AggFunc::List
    );

    /// Standard deviation with `ddof` delta degrees of freedom (1: of a sample).
    pub fn std(self, ddof: u8) -> Expr {
        self.aggregate(AggFunc::Std { ddof })
    }

    /// Variance with `ddof` delta degrees of freedom (1: of a sample).
    pub fn var(self, ddof: u8) -> Expr {
        self.aggregate(AggFunc::Var { ddof })
    }

    /// Quantile `q`, from 0 to 1, interpolated linearly; values are held as those of the median.
    pub fn quantile(self, q: f64) -> Expr {
        self.quantile_with(q, Interpolation::Linear)
    }

    /// Quantile `q`, from 0 to 1; values are held as those of the median.
    pub fn quantile_with(self, q: f64, interpolation: Interpolation) -> Expr {
        self.aggregate(AggFunc::Quantile { q: Fraction::from(q), interpolation })
    }

    /// The `k` greatest values as a list, the greatest first.
    pub fn top_k(self, k: usize) -> Expr {
        self.aggregate(AggFunc::TopK { k, descending: true })
    }

    /// The `k` least values as a list, the least first.
    pub fn bottom_k(self, k: usize) -> Expr {
        self.aggregate(AggFunc::TopK { k, descending: false })
    }

    /// Any aggregate of this expression alone.
    pub fn aggregate(self, func: AggFunc) -> Expr {
        Expr::Agg { func, inputs: vec![self] }
    }
}
