//! Expressions over the columns of a frame.
//!
//! An expression is a tree that says what to compute; it holds no data. Elementwise functions are open: each
//! is one static that implements [`Function`], found by name in the registry of the kernels.

mod aggregate;
mod build;
mod display;
mod function;
mod promote;
mod simplify;
mod temporal;
mod types;
mod user;
mod walk;

use std::sync::Arc;

use arrow::datatypes::DataType;

pub use aggregate::{AggFunc, CustomAgg, Fraction, Interpolation, corr, cov, len};
pub use build::{IntoExpr, IntoLiteral, When, col, lit, when};
pub use function::Function;
pub use promote::{plain_type, promote};
pub use simplify::simplify;
pub use types::Signature;
pub use user::UserFunction;

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
    /// A function of the user.
    User {
        /// The function.
        function: UserFunction,
        /// Its arguments, at least one.
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
        /// Its inputs: none of `len`, two of `corr` and `cov`, else one.
        inputs: Vec<Expr>,
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
