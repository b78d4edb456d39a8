//! How users write expressions: `col("x") * 2 + 1`.

use std::ops;
use std::sync::Arc;

use arrow::datatypes::DataType;

use super::{BinaryOp, Expr, Function};
use crate::scalar::Scalar;

/// The column of a name.
pub fn col(name: impl AsRef<str>) -> Expr {
    Expr::Column(name.as_ref().into())
}

/// One value for every row.
pub fn lit(value: impl Into<Scalar>) -> Expr {
    Expr::Literal(value.into())
}

/// Starts a choice by conditions: `when(c).then(a).otherwise(b)`.
pub fn when(condition: impl IntoExpr) -> When {
    When { branches: Vec::new(), condition: condition.into_expr() }
}

/// A choice whose last condition still wants its value.
#[derive(Clone, Debug)]
#[must_use]
pub struct When {
    branches: Vec<(Expr, Expr)>,
    condition: Expr,
}

impl When {
    /// The value where the condition holds; null and false conditions go on to the next branch.
    pub fn then(mut self, value: impl IntoLiteral) -> Expr {
        self.branches.push((self.condition, value.into_literal()));
        Expr::Case { branches: self.branches, otherwise: None }
    }
}

/// What can stand for an expression where a column is expected: a `&str` is a column's name.
pub trait IntoExpr {
    /// The expression.
    fn into_expr(self) -> Expr;
}

impl IntoExpr for Expr {
    fn into_expr(self) -> Expr {
        self
    }
}

impl IntoExpr for &Expr {
    fn into_expr(self) -> Expr {
        self.clone()
    }
}

impl IntoExpr for &str {
    fn into_expr(self) -> Expr {
        col(self)
    }
}

impl IntoExpr for &String {
    fn into_expr(self) -> Expr {
        col(self)
    }
}

impl IntoExpr for String {
    fn into_expr(self) -> Expr {
        col(self)
    }
}

/// What can stand for an operand: expressions as they are, other values as literals.
pub trait IntoLiteral {
    /// The expression.
    fn into_literal(self) -> Expr;
}

impl IntoLiteral for Expr {
    fn into_literal(self) -> Expr {
        self
    }
}

impl IntoLiteral for &Expr {
    fn into_literal(self) -> Expr {
        self.clone()
    }
}

macro_rules! into_literal {
    ($($from:ty),*) => {$(
        impl IntoLiteral for $from {
            fn into_literal(self) -> Expr { lit(self) }
        }
    )*};
}
into_literal!(i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, bool, &str, String, Scalar);
into_literal!(chrono::NaiveDate, chrono::NaiveDateTime, chrono::TimeDelta);

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

macro_rules! operator {
    ($($trait:ident $method:ident $op:ident),*) => {$(
        impl<T: IntoLiteral> ops::$trait<T> for Expr {
            type Output = Expr;
            fn $method(self, right: T) -> Expr { binary(BinaryOp::$op, self, right.into_literal()) }
        }
        impl<T: IntoLiteral> ops::$trait<T> for &Expr {
            type Output = Expr;
            fn $method(self, right: T) -> Expr { binary(BinaryOp::$op, self.clone(), right.into_literal()) }
        }
    )*};
}
operator!(Add add Add, Sub sub Sub, Mul mul Mul, Div div Div, Rem rem Rem, BitAnd bitand And, BitOr bitor Or);

impl ops::Not for Expr {
    type Output = Expr;
    fn not(self) -> Expr {
        Expr::Not(Box::new(self))
    }
}

impl ops::Neg for Expr {
    type Output = Expr;
    /// The negative; of a literal again a literal, so that it adapts to the column that it meets.
    fn neg(self) -> Expr {
        match self {
            Expr::Literal(Scalar::Int(value)) => lit(value.wrapping_neg()),
            Expr::Literal(Scalar::Float(value)) => lit(-value),
            other => binary(BinaryOp::Mul, other, lit(-1)),
        }
    }
}

macro_rules! comparison {
    ($($(#[$doc:meta])* $method:ident $op:ident),*) => {$(
        $(#[$doc])*
        pub fn $method(self, right: impl IntoLiteral) -> Expr {
            binary(BinaryOp::$op, self, right.into_literal())
        }
    )*};
}

impl Expr {
    comparison!(
        /// Whether both sides are equal; null where either is.
        eq Eq,
        /// Whether the sides differ; null where either is null.
        neq NotEq,
        /// Whether the left side is less.
        lt Lt,
        /// Whether the left side is less or equal.
        lt_eq LtEq,
        /// Whether the left side is greater.
        gt Gt,
        /// Whether the left side is greater or equal.
        gt_eq GtEq,
        /// Three-valued and.
        and And,
        /// Three-valued or.
        or Or
    );

    /// This expression under another name.
    pub fn alias(self, name: impl AsRef<str>) -> Expr {
        Expr::Alias { input: Box::new(self), name: name.as_ref().into() }
    }

    /// The values cast to a type; a value that does not fit becomes null.
    pub fn cast(self, dtype: DataType) -> Expr {
        Expr::Cast { input: Box::new(self), dtype, strict: false }
    }

    /// The values cast to a type; a value that does not fit is an error.
    pub fn cast_strict(self, dtype: DataType) -> Expr {
        Expr::Cast { input: Box::new(self), dtype, strict: true }
    }

    /// Whether the value is null.
    pub fn is_null(self) -> Expr {
        Expr::IsNull(Box::new(self))
    }

    /// Whether the value is not null.
    pub fn is_not_null(self) -> Expr {
        !self.is_null()
    }

    /// The value, or `value` where it is null.
    pub fn fill_null(self, value: impl IntoLiteral) -> Expr {
        let condition = self.clone().is_not_null();
        Expr::Case { branches: vec![(condition, self)], otherwise: Some(Box::new(value.into_literal())) }
    }

    /// Whether the value is in a list; null where the value is null.
    pub fn is_in<T: Into<Scalar>>(self, list: impl IntoIterator<Item = T>) -> Expr {
        let list: Arc<[Scalar]> = list.into_iter().map(Into::into).collect();
        Expr::IsIn { input: Box::new(self), list }
    }

    /// Whether the value is within both bounds, the bounds included.
    pub fn between(self, low: impl IntoLiteral, high: impl IntoLiteral) -> Expr {
        self.clone().gt_eq(low).and(self.lt_eq(high))
    }

    /// A further branch of a choice.
    pub fn when(self, condition: impl IntoExpr) -> When {
        match self {
            Expr::Case { branches, otherwise: None } => When { branches, condition: condition.into_expr() },
            other => When { branches: vec![(lit(true), other)], condition: condition.into_expr() },
        }
    }

    /// The value where no condition of a choice holds.
    pub fn otherwise(self, value: impl IntoLiteral) -> Expr {
        match self {
            Expr::Case { branches, otherwise: None } => {
                Expr::Case { branches, otherwise: Some(Box::new(value.into_literal())) }
            }
            other => other,
        }
    }

    /// A call of a scalar function.
    pub fn call(function: &'static dyn Function, args: Vec<Expr>) -> Expr {
        Expr::Call { function, args }
    }
}
