//! Expressions over the columns of a frame.
//!
//! An expression is a tree that says what to compute; it holds no data. Elementwise functions are open: each
//! is one static that implements [`Function`], found by name in the registry of the kernels.

mod build;
mod display;
mod function;
mod promote;
mod simplify;
mod temporal;
mod types;
mod walk;

use std::sync::Arc;

use arrow::datatypes::DataType;

pub use build::{IntoExpr, IntoLiteral, When, col, len, lit, when};
pub use function::Function;
pub use promote::{plain_type, promote};
pub use simplify::simplify;
pub use types::Signature;

use crate::scalar::Scalar;

/// What to compute for each row, or for each group of rows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// The column of a name.
    Column(Arc<str>),
    /// One value for every row.
    Literal(Scalar),
    /// Two operands and an operator.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left operand.
        left: Box<Expr>,
        /// Right operand.
        right: Box<Expr>,
    },
    /// Logical negation; null stays null.
    Not(Box<Expr>),
    /// Whether the value is null; never null itself.
    IsNull(Box<Expr>),
    /// A value cast to a type; what does not fit becomes null, or fails when `strict`.
    Cast {
        /// The value.
        input: Box<Expr>,
        /// The type to cast to.
        dtype: DataType,
        /// Whether a value that does not fit is an error.
        strict: bool,
    },
    /// The value of the first branch whose condition holds.
    Case {
        /// Conditions with their values.
        branches: Vec<(Expr, Expr)>,
        /// The value when no condition holds; null when absent.
        otherwise: Option<Box<Expr>>,
    },
    /// Whether the value is one of a list of literals.
    IsIn {
        /// The value.
        input: Box<Expr>,
        /// The list.
        list: Arc<[Scalar]>,
    },
    /// A scalar function of the registry.
    Call {
        /// The function.
        function: &'static dyn Function,
        /// Its arguments.
        args: Vec<Expr>,
    },
    /// A new name for the result.
    Alias {
        /// The value.
        input: Box<Expr>,
        /// The name.
        name: Arc<str>,
    },
    /// An aggregate over all rows or over each group.
    Agg {
        /// The aggregate.
        func: AggFunc,
        /// Its input; `len` has none.
        input: Option<Box<Expr>>,
    },
}

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// Sum; integers wrap.
    Add,
    /// Difference; integers wrap.
    Sub,
    /// Product; integers wrap.
    Mul,
    /// True division: integers divide as floats.
    Div,
    /// Remainder with the divisor's sign; an integer's remainder by zero is null.
    Rem,
    /// Equal.
    Eq,
    /// Not equal.
    NotEq,
    /// Less than.
    Lt,
    /// Less than or equal.
    LtEq,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    GtEq,
    /// Three-valued and: false wins over null.
    And,
    /// Three-valued or: true wins over null.
    Or,
}

impl BinaryOp {
    /// Whether the operator compares.
    pub fn is_comparison(self) -> bool {
        use BinaryOp::*;
        matches!(self, Eq | NotEq | Lt | LtEq | Gt | GtEq)
    }

    /// Whether the operator is `and` or `or`.
    pub fn is_logical(self) -> bool {
        matches!(self, BinaryOp::And | BinaryOp::Or)
    }

    /// The comparison with its operands exchanged, `a < b` as `b > a`.
    pub fn mirrored(self) -> Self {
        use BinaryOp::*;
        match self {
            Lt => Gt,
            LtEq => GtEq,
            Gt => Lt,
            GtEq => LtEq,
            other => other,
        }
    }
}

/// Aggregates over rows. Nulls are skipped by all but `len`, `first` and `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggFunc {
    /// Sum; integers and Booleans widen to 64 bits and overflow is an error; of no values 0.
    Sum,
    /// Mean as f64; of no values null.
    Mean,
    /// Least value; NaN only when there is nothing else.
    Min,
    /// Greatest value; NaN only when there is nothing else.
    Max,
    /// Number of values that are not null.
    Count,
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
}

impl AggFunc {
    /// The name that users type.
    pub fn name(self) -> &'static str {
        match self {
            AggFunc::Sum => "sum",
            AggFunc::Mean => "mean",
            AggFunc::Min => "min",
            AggFunc::Max => "max",
            AggFunc::Count => "count",
            AggFunc::Len => "len",
            AggFunc::Std { .. } => "std",
            AggFunc::Var { .. } => "var",
            AggFunc::First => "first",
            AggFunc::Last => "last",
            AggFunc::NUnique => "n_unique",
        }
    }

    /// The aggregate of a name, with `ddof` 1 where it matters.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "sum" => AggFunc::Sum,
            "mean" | "avg" => AggFunc::Mean,
            "min" => AggFunc::Min,
            "max" => AggFunc::Max,
            "count" => AggFunc::Count,
            "len" | "size" => AggFunc::Len,
            "std" => AggFunc::Std { ddof: 1 },
            "var" => AggFunc::Var { ddof: 1 },
            "first" => AggFunc::First,
            "last" => AggFunc::Last,
            "n_unique" | "nunique" => AggFunc::NUnique,
            _ => return None,
        })
    }

    /// The names of all aggregates, as users type them.
    pub const NAMES: [&'static str; 11] =
        ["sum", "mean", "min", "max", "count", "len", "std", "var", "first", "last", "n_unique"];
}
