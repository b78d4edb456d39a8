//! Aggregates: what they are called, and what they do with nulls.

mod build;
mod custom;
mod types;

use std::fmt;

pub use build::{corr, cov, len};
pub use custom::CustomAgg;

/// Aggregates over rows. Nulls are skipped by all but `len`, `null_count`, `list`, `first` and `last`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AggFunc {
    /// Sum; integers and Booleans widen to 64 bits and overflow is an error; of no values 0.
    Sum,
    /// Product; integers and Booleans widen to 64 bits and overflow is an error; of no values 1.
    Product,
    /// Mean as f64; of no values null.
    Mean,
    /// Least value; NaN only when there is nothing else.
    Min,
    /// Greatest value; NaN only when there is nothing else.
    Max,
    /// Number of values that are not null.
    Count,
    /// Number of nulls.
    NullCount,
    /// Number of rows.
    Len,
    /// Standard deviation; null for fewer than `ddof + 1` values.
    Std {
        /// Delta degrees of freedom.
        ddof: u8,
    },
    /// Variance; null for fewer than `ddof + 1` values.
    Var {
        /// Delta degrees of freedom.
        ddof: u8,
    },
    /// First row's value, null or not.
    First,
    /// Last row's value, null or not.
    Last,
    /// Number of different values that are not null.
    NUnique,
    /// Whether any value is true; of no values false.
    Any,
    /// Whether no value is false; of no values true.
    All,
    /// Median: of numbers as f64, of times in their own type, NaN the greatest; of no values null.
    Median,
    /// Quantile, as the median.
    Quantile {
        /// Which one, from 0 to 1.
        q: Fraction,
        /// What it is between two values.
        interpolation: Interpolation,
    },
    /// Most frequent value, the smallest of several; of no values null.
    Mode,
    /// The values in row order, nulls among them.
    List,
    /// The greatest or least values, the most extreme first; NaN only when there is nothing else.
    TopK {
        /// How many values.
        k: usize,
        /// Whether the greatest are meant.
        descending: bool,
    },
    /// Pearson's correlation of two inputs; null for fewer than two rows.
    Corr,
    /// Covariance of two inputs; null for fewer than `ddof + 1` rows.
    Cov {
        /// Delta degrees of freedom.
        ddof: u8,
    },
    /// One that a user defined, of any number of inputs.
    Custom(CustomAgg),
}

/// A number that compares by its bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fraction(u64);

impl Fraction {
    /// The number.
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for Fraction {
    fn from(value: f64) -> Self {
        Fraction(value.to_bits())
    }
}

impl fmt::Debug for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// What a quantile is that lies between two values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// Between the two in proportion.
    #[default]
    Linear,
    /// The lower.
    Lower,
    /// The higher.
    Higher,
    /// The nearer; halfway the one whose rank is even.
    Nearest,
    /// Halfway between the two.
    Midpoint,
}

impl AggFunc {
    /// The name that users type.
    pub fn name(&self) -> &str {
        match self {
            AggFunc::Sum => "sum",
            AggFunc::Product => "product",
            AggFunc::Mean => "mean",
            AggFunc::Min => "min",
            AggFunc::Max => "max",
            AggFunc::Count => "count",
            AggFunc::NullCount => "null_count",
            AggFunc::Len => "len",
            AggFunc::Std { .. } => "std",
            AggFunc::Var { .. } => "var",
            AggFunc::First => "first",
            AggFunc::Last => "last",
            AggFunc::NUnique => "n_unique",
            AggFunc::Any => "any",
            AggFunc::All => "all",
            AggFunc::Median => "median",
            AggFunc::Quantile { .. } => "quantile",
            AggFunc::Mode => "mode",
            AggFunc::List => "list",
            AggFunc::TopK { descending: true, .. } => "top_k",
            AggFunc::TopK { .. } => "bottom_k",
            AggFunc::Corr => "corr",
            AggFunc::Cov { .. } => "cov",
            AggFunc::Custom(custom) => custom.name(),
        }
    }

    /// The aggregate of one input or none that has a name and needs no number, with `ddof` 1 where it matters.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => AggFunc::Sum,
            "product" | "prod" => AggFunc::Product,
            "mean" | "avg" => AggFunc::Mean,
            "min" => AggFunc::Min,
            "max" => AggFunc::Max,
            "count" => AggFunc::Count,
            "null_count" => AggFunc::NullCount,
            "len" | "size" => AggFunc::Len,
            "std" => AggFunc::Std { ddof: 1 },
            "var" => AggFunc::Var { ddof: 1 },
            "first" => AggFunc::First,
            "last" => AggFunc::Last,
            "n_unique" | "nunique" => AggFunc::NUnique,
            "any" => AggFunc::Any,
            "all" => AggFunc::All,
            "median" => AggFunc::Median,
            "mode" => AggFunc::Mode,
            "list" => AggFunc::List,
            _ => return None,
        })
    }

    /// The names that [`AggFunc::from_name`] knows, as users type them.
    pub const NAMES: [&'static str; 18] = [
        "sum",
        "product",
        "mean",
        "min",
        "max",
        "count",
        "null_count",
        "len",
        "std",
        "var",
        "first",
        "last",
        "n_unique",
        "any",
        "all",
        "median",
        "mode",
        "list",
    ];

    /// Number of inputs; of one that a user defined at least so many.
    pub fn inputs(&self) -> usize {
        match self {
            AggFunc::Len => 0,
            AggFunc::Corr | AggFunc::Cov { .. } => 2,
            _ => 1,
        }
    }

    /// Whether a group's state grows with its rows.
    pub fn holds_rows(&self) -> bool {
        matches!(self, AggFunc::Median | AggFunc::Quantile { .. } | AggFunc::List | AggFunc::Mode | AggFunc::NUnique)
    }
}

impl fmt::Display for AggFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            AggFunc::Std { ddof } | AggFunc::Var { ddof } | AggFunc::Cov { ddof } if *ddof != 1 => {
                write!(f, "[ddof={ddof}]")
            }
            AggFunc::Quantile { q, interpolation: Interpolation::Linear } => write!(f, "[{q:?}]"),
            AggFunc::Quantile { q, interpolation } => {
                write!(f, "[{q:?}, {}]", format!("{interpolation:?}").to_lowercase())
            }
            AggFunc::TopK { k, .. } => write!(f, "[{k}]"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::ArrayRef;
    use arrow::datatypes::{DataType, Schema};

    use super::*;
    use crate::error::Error;
    use crate::expr::{col, simplify};

    #[test]
    fn aggregates_as_text() {
        let same = |arrays: &[ArrayRef]| Ok(arrays.to_vec());
        let mine =
            CustomAgg::new("mine", [DataType::Int64], DataType::Int64, same, same, |states| Ok(states[0].clone()));
        let shown = [
            (len(), "len()", "len"),
            (corr("x", col("y") + 1), "corr(x, (y + 1))", "x"),
            (cov("x", "y", 0), "cov[ddof=0](x, y)", "x"),
            (col("x").quantile(0.25), "quantile[0.25](x)", "x"),
            (col("x").quantile_with(0.5, Interpolation::Lower), "quantile[0.5, lower](x)", "x"),
            (col("x").top_k(3), "top_k[3](x)", "x"),
            (col("x").bottom_k(3), "bottom_k[3](x)", "x"),
            (mine.of(["a", "b"]), "mine(a, b)", "a"),
        ];
        for (expr, text, name) in shown {
            assert_eq!((expr.to_string().as_str(), expr.output_name().as_ref()), (text, name));
            assert!(!expr.is_row_wise());
            assert_eq!(simplify(&expr, &Schema::empty()), expr);
        }
    }

    #[test]
    fn names_come_back() {
        for name in AggFunc::NAMES {
            assert_eq!(AggFunc::from_name(name).map(|func| func.name().to_string()).as_deref(), Some(name));
        }
    }

    #[test]
    fn types_are_checked() {
        let refused = [
            (AggFunc::Corr, vec![DataType::Int64]),
            (AggFunc::Corr, vec![DataType::Int64, DataType::Utf8]),
            (AggFunc::Any, vec![DataType::Int64]),
            (AggFunc::Median, vec![DataType::Utf8]),
            (AggFunc::Len, vec![DataType::Int64]),
        ];
        for (func, inputs) in refused {
            assert!(matches!(func.dtype(&inputs), Err(Error::Type { .. })), "{func} of {inputs:?}");
        }
        assert_eq!(AggFunc::Median.dtype(&[DataType::Date32]).ok(), Some(DataType::Date32));
        assert_eq!(AggFunc::Median.dtype(&[DataType::Int8]).ok(), Some(DataType::Float64));
    }
}
