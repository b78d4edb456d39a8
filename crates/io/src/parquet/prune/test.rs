//! A filter made for asking about many sets of rows.

use std::borrow::Cow;

use arrow::datatypes::Schema;
use blockfold_core::{BinaryOp, DType, Expr, Scalar};

use super::interval::Interval;

/// What may come out of a predicate for some rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::parquet) struct Outcomes {
    pub(in crate::parquet) may_be_true: bool,
    pub(in crate::parquet) may_be_false: bool,
    pub(in crate::parquet) may_be_null: bool,
}

impl Outcomes {
    /// Nothing is ruled out.
    pub(super) const ANY: Outcomes = Outcomes { may_be_true: true, may_be_false: true, may_be_null: true };

    fn not(self) -> Self {
        Outcomes { may_be_true: self.may_be_false, may_be_false: self.may_be_true, ..self }
    }

    fn and(self, other: Self) -> Self {
        let beside_null = |a: Self, b: Self| a.may_be_null && (b.may_be_null || b.may_be_true);
        Outcomes {
            may_be_true: self.may_be_true && other.may_be_true,
            may_be_false: self.may_be_false || other.may_be_false,
            may_be_null: beside_null(self, other) || beside_null(other, self),
        }
    }
}

/// What is known of some rows.
pub(in crate::parquet) trait Facts {
    /// Values of a column.
    fn interval(&self, column: usize) -> Interval;
    /// Whether a value of the column's own type may be among them, as far as is known beside the interval.
    fn may_hold(&self, _column: usize, _value: &Scalar) -> bool {
        true
    }
}

/// A predicate over columns of a schema, by their index.
#[derive(Clone, Debug)]
pub(in crate::parquet) enum Test {
    /// Not understood.
    Unknown,
    /// The same for all rows.
    Constant(Outcomes),
    /// A Boolean column.
    Column(usize),
    /// A column against a value that is not null; `own_type` when that is of the column's type.
    Compare { column: usize, op: BinaryOp, value: Scalar, own_type: bool },
    /// Whether a column is null.
    IsNull(usize),
    /// Whether a column is one of some values.
    IsIn { column: usize, values: Vec<Scalar>, own_type: bool },
    /// Negation.
    Not(Box<Test>),
    /// Conjunction.
    And(Box<Test>, Box<Test>),
    /// Disjunction.
    Or(Box<Test>, Box<Test>),
}

impl Test {
    /// A predicate over the columns of `schema`.
    pub(in crate::parquet) fn of(expr: &Expr, schema: &Schema) -> Test {
        let two = |left: &Expr, right: &Expr| (Box::new(Test::of(left, schema)), Box::new(Test::of(right, schema)));
        match expr {
            Expr::Alias { input, .. } => Test::of(input, schema),
            Expr::Column(name) => match schema.index_of(name) {
                Ok(index) if *schema.field(index).data_type() == DType::Boolean => Test::Column(index),
                _ => Test::Unknown,
            },
            Expr::Literal(value) => Test::constant(value),
            Expr::Not(input) => Test::Not(Box::new(Test::of(input, schema))),
            Expr::IsNull(input) => column(input, schema).map_or(Test::Unknown, Test::IsNull),
            Expr::Binary { op: BinaryOp::And, left, right } => {
                let (left, right) = two(left, right);
                Test::And(left, right)
            }
            Expr::Binary { op: BinaryOp::Or, left, right } => {
                let (left, right) = two(left, right);
                Test::Or(left, right)
            }
            Expr::Binary { op, left, right } if op.is_comparison() => {
                Test::comparison(*op, left, right, schema).unwrap_or(Test::Unknown)
            }
            Expr::IsIn { input, list } => Test::is_in(input, list, schema).unwrap_or(Test::Unknown),
            _ => Test::Unknown,
        }
    }

    fn constant(value: &Scalar) -> Test {
        let is = |wanted: bool| *value == Scalar::Bool(wanted);
        match value {
            Scalar::Bool(_) | Scalar::Null => Test::Constant(Outcomes {
                may_be_true: is(true),
                may_be_false: is(false),
                may_be_null: *value == Scalar::Null,
            }),
            _ => Test::Unknown,
        }
    }

    fn comparison(op: BinaryOp, left: &Expr, right: &Expr, schema: &Schema) -> Option<Test> {
        let types = Expr::signature(op, left, right, schema).ok()?;
        let (column, op, value, dtype) = match (column(left, schema), column(right, schema)) {
            (Some(column), None) => (column, op, literal(right)?, types.right),
            (None, Some(column)) => (column, op.mirrored(), literal(left)?, types.left),
            _ => return None,
        };
        if value == Scalar::Null {
            return Some(Test::Constant(Outcomes { may_be_true: false, may_be_false: false, may_be_null: true }));
        }
        let own_type = dtype == *schema.field(column).data_type();
        Some(Test::Compare { column, op, value: in_type(&value, &dtype)?, own_type })
    }

    fn is_in(input: &Expr, list: &[Scalar], schema: &Schema) -> Option<Test> {
        let column = column(input, schema)?;
        let dtype = Expr::membership_type(input, list, schema).ok()?;
        let own_type = dtype == *schema.field(column).data_type();
        let values = list.iter().filter(|value| **value != Scalar::Null).map(|value| in_type(value, &dtype));
        Some(Test::IsIn { column, values: values.collect::<Option<_>>()?, own_type })
    }

    /// What may come out for rows of which these facts are known.
    pub(in crate::parquet) fn outcomes(&self, facts: &dyn Facts) -> Outcomes {
        match self {
            Test::Unknown => Outcomes::ANY,
            Test::Constant(outcomes) => *outcomes,
            Test::Column(column) => facts.interval(*column).compare(BinaryOp::Eq, &Scalar::Bool(true)),
            Test::Compare { column, op, value, own_type } => {
                let mut outcomes = facts.interval(*column).compare(*op, value);
                let is_equality = matches!(op, BinaryOp::Eq);
                if is_equality && outcomes.may_be_true && *own_type && !facts.may_hold(*column, value) {
                    outcomes.may_be_true = false;
                }
                outcomes
            }
            Test::IsNull(column) => {
                let found = facts.interval(*column);
                Outcomes { may_be_true: found.may_be_null, may_be_false: found.may_be_value, may_be_null: false }
            }
            Test::IsIn { column, values, own_type } => {
                let interval = facts.interval(*column);
                let may_hold = |value: &Scalar| {
                    interval.compare(BinaryOp::Eq, value).may_be_true && (!own_type || facts.may_hold(*column, value))
                };
                interval.outcomes(values.iter().any(may_hold), true)
            }
            Test::Not(input) => input.outcomes(facts).not(),
            Test::And(left, right) => left.outcomes(facts).and(right.outcomes(facts)),
            Test::Or(left, right) => left.outcomes(facts).not().and(right.outcomes(facts).not()).not(),
        }
    }

    /// The columns that the test asks about.
    pub(in crate::parquet) fn columns(&self) -> Vec<usize> {
        let mut columns = match self {
            Test::Unknown | Test::Constant(_) => Vec::new(),
            Test::Column(column) | Test::IsNull(column) | Test::Compare { column, .. } | Test::IsIn { column, .. } => {
                vec![*column]
            }
            Test::Not(input) => input.columns(),
            Test::And(left, right) | Test::Or(left, right) => [left.columns(), right.columns()].concat(),
        };
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    /// Whether the test looks for single values, for which bloom filters are made.
    pub(in crate::parquet) fn looks_for_values(&self) -> bool {
        match self {
            Test::Compare { op, own_type, .. } => *op == BinaryOp::Eq && *own_type,
            Test::IsIn { own_type, .. } => *own_type,
            Test::Not(_) | Test::Unknown | Test::Constant(_) | Test::Column(_) | Test::IsNull(_) => false,
            Test::And(left, right) | Test::Or(left, right) => left.looks_for_values() || right.looks_for_values(),
        }
    }
}

fn column(expr: &Expr, schema: &Schema) -> Option<usize> {
    match expr.without_alias() {
        Expr::Column(name) => schema.index_of(name).ok(),
        _ => None,
    }
}

fn literal(expr: &Expr) -> Option<Scalar> {
    match expr.without_alias() {
        Expr::Literal(value) => Some(value.clone()),
        _ => None,
    }
}

/// The value as evaluation compares it: cast to the type that both sides have there.
fn in_type(value: &Scalar, dtype: &DType) -> Option<Scalar> {
    let dtype: Cow<'_, DType> = match dtype {
        DType::Dictionary(_, values) => Cow::Owned(values.as_ref().clone()),
        other => Cow::Borrowed(other),
    };
    let array = value.to_array(&dtype).ok()?;
    Scalar::from_array(array.as_ref(), 0).ok().filter(|value| *value != Scalar::Null)
}
