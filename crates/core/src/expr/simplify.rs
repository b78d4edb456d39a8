//! Rewrites of an expression to a simpler one that needs no evaluation.
//!
//! A rewrite keeps the type, the nulls, the answers for NaN and the name of the result. It may drop an error
//! that only a value could cause, as of a strict cast whose result decides nothing. Literals of text and time are
//! left alone: folding them takes the kernels.

use std::cmp::Ordering;

use arrow::datatypes::Schema;

use super::{BinaryOp, Expr, lit};
use crate::scalar::Scalar;

/// The simplest expression found with the same value on every row of any frame of the schema.
///
/// # Examples
/// ```
/// use blockfold_core::{DType, Field, Schema, col, expr::simplify};
/// let schema = Schema::new(vec![Field::new("x", DType::Int32, true)]);
/// let simple = simplify(&!((col("x") * 1).lt(2)), &schema);
/// assert_eq!(simple.to_string(), "(x >= 2)");
/// ```
pub fn simplify(expr: &Expr, schema: &Schema) -> Expr {
    let simple = node(expr, schema);
    let name = expr.output_name();
    if simple.output_name() == name { simple } else { simple.alias(name) }
}

/// The node with its operands simplified, then rewritten itself until no rewrite applies.
fn node(expr: &Expr, schema: &Schema) -> Expr {
    let mapped = expr.map_children(&mut |child| node(child, schema));
    // An operand folded to a literal may take another type beside a column: then the node stays as it was.
    let mut current = if same_types(expr, &mapped, schema) { mapped } else { expr.clone() };
    while let Some(next) = rewrite(&current, schema) {
        let kept = matches!((next.dtype(schema), current.dtype(schema)), (Ok(a), Ok(b)) if a == b);
        if !kept || next == current {
            break;
        }
        current = next;
    }
    current
}

fn same_types(before: &Expr, after: &Expr, schema: &Schema) -> bool {
    match (before, after) {
        (Expr::Binary { op, left, right }, Expr::Binary { left: new_left, right: new_right, .. }) => {
            let old = Expr::signature(*op, left, right, schema);
            let new = Expr::signature(*op, new_left, new_right, schema);
            matches!((old, new), (Ok(old), Ok(new)) if old == new)
        }
        _ => matches!((before.dtype(schema), after.dtype(schema)), (Ok(a), Ok(b)) if a == b),
    }
}

fn rewrite(expr: &Expr, schema: &Schema) -> Option<Expr> {
    match expr {
        Expr::Binary { op, left, right } => match (&**left, &**right) {
            (Expr::Literal(a), Expr::Literal(b)) => fold(*op, a, b).map(Expr::Literal),
            _ if op.is_logical() => logic(*op, left, right),
            (Expr::Literal(_), _) if op.is_comparison() => Some(binary(op.mirrored(), right, left)),
            (kept, Expr::Literal(value)) => is_neutral(*op, value, kept, schema).then(|| kept.clone()),
            (Expr::Literal(value), kept) => {
                let commutes = matches!(op, BinaryOp::Add | BinaryOp::Mul);
                (commutes && is_neutral(*op, value, kept, schema)).then(|| kept.clone())
            }
            _ => None,
        },
        Expr::Not(input) => negation(input),
        Expr::IsNull(input) => match &**input {
            Expr::Literal(value) => Some(lit(*value == Scalar::Null)),
            _ => None,
        },
        Expr::Cast { input, dtype, .. } => {
            input.dtype(schema).is_ok_and(|from| from == *dtype).then(|| (**input).clone())
        }
        Expr::IsIn { input, list } => membership(input, list, schema),
        Expr::Case { branches, otherwise } => choice(branches, otherwise.as_deref()),
        Expr::Alias { input, name } => match &**input {
            Expr::Alias { input, .. } => Some(Expr::Alias { input: input.clone(), name: name.clone() }),
            _ => None,
        },
        _ => None,
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left.clone()), right: Box::new(right.clone()) }
}

fn logic(op: BinaryOp, left: &Expr, right: &Expr) -> Option<Expr> {
    let (constant, other) = match (left, right) {
        (Expr::Literal(Scalar::Bool(constant)), other) | (other, Expr::Literal(Scalar::Bool(constant))) => {
            (*constant, other)
        }
        _ => return (left == right).then(|| left.clone()),
    };
    let neutral = op == BinaryOp::And;
    Some(if constant == neutral { other.clone() } else { lit(constant) })
}

/// Whether `x op value` is `x` for every x, NaN included; the caller checks that the type stays.
fn is_neutral(op: BinaryOp, value: &Scalar, x: &Expr, schema: &Schema) -> bool {
    match op {
        BinaryOp::Mul | BinaryOp::Div => value.float() == Some(1.0),
        // As floats, -0.0 + 0 is 0.0.
        BinaryOp::Add => value.integer() == Some(0) && x.dtype(schema).is_ok_and(|dtype| dtype.is_integer()),
        BinaryOp::Sub => value.integer() == Some(0),
        _ => false,
    }
}

fn negation(input: &Expr) -> Option<Expr> {
    match input {
        Expr::Not(inner) => Some((**inner).clone()),
        Expr::Literal(Scalar::Bool(value)) => Some(lit(!value)),
        // Safe because comparisons order NaN as a value, and are null on both sides alike.
        Expr::Binary { op, left, right } => negated(*op).map(|op| binary(op, left, right)),
        _ => None,
    }
}

fn negated(op: BinaryOp) -> Option<BinaryOp> {
    Some(match op {
        BinaryOp::Eq => BinaryOp::NotEq,
        BinaryOp::NotEq => BinaryOp::Eq,
        BinaryOp::Lt => BinaryOp::GtEq,
        BinaryOp::GtEq => BinaryOp::Lt,
        BinaryOp::Gt => BinaryOp::LtEq,
        BinaryOp::LtEq => BinaryOp::Gt,
        _ => return None,
    })
}

fn membership(input: &Expr, list: &[Scalar], schema: &Schema) -> Option<Expr> {
    let [value] = list else { return None };
    let literal = Expr::Literal(value.clone());
    let looked_up = Expr::membership_type(input, list, schema).ok()?;
    let compared = Expr::signature(BinaryOp::Eq, input, &literal, schema).ok()?;
    (*value != Scalar::Null && compared.left == looked_up).then(|| binary(BinaryOp::Eq, input, &literal))
}

/// Branches that are never taken go, and so does what stands behind one that always is.
fn choice(branches: &[(Expr, Expr)], otherwise: Option<&Expr>) -> Option<Expr> {
    let constant = |condition: &Expr| match condition {
        Expr::Literal(Scalar::Bool(value)) => Some(*value),
        Expr::Literal(Scalar::Null) => Some(false),
        _ => None,
    };
    let mut kept = Vec::new();
    let mut last = otherwise;
    for (condition, value) in branches {
        match constant(condition) {
            Some(false) => {}
            Some(true) => {
                last = Some(value);
                break;
            }
            None => kept.push((condition.clone(), value.clone())),
        }
    }
    if kept.len() == branches.len() {
        return None;
    }
    match (kept.is_empty(), last) {
        (true, Some(value)) => Some(value.clone()),
        (true, None) => Some(lit(Scalar::Null)),
        (false, last) => Some(Expr::Case { branches: kept, otherwise: last.map(|value| Box::new(value.clone())) }),
    }
}

/// The value of an operation on plain literals.
fn fold(op: BinaryOp, left: &Scalar, right: &Scalar) -> Option<Scalar> {
    match (left, right) {
        (Scalar::Bool(a), Scalar::Bool(b)) if op.is_logical() => {
            Some(Scalar::Bool(if op == BinaryOp::And { *a && *b } else { *a || *b }))
        }
        (Scalar::Bool(a), Scalar::Bool(b)) => compared(op, a.cmp(b)),
        (Scalar::Int(a), Scalar::Int(b)) if !op.is_comparison() => match op {
            BinaryOp::Add => Some(Scalar::Int(a.wrapping_add(*b))),
            BinaryOp::Sub => Some(Scalar::Int(a.wrapping_sub(*b))),
            BinaryOp::Mul => Some(Scalar::Int(a.wrapping_mul(*b))),
            BinaryOp::Div => Some(Scalar::Float(*a as f64 / *b as f64)),
            _ => None,
        },
        (Scalar::Int(_) | Scalar::UInt(_), Scalar::Int(_) | Scalar::UInt(_)) => {
            compared(op, left.integer()?.cmp(&right.integer()?))
        }
        _ => fold_floats(op, left.float()?, right.float()?),
    }
}

fn fold_floats(op: BinaryOp, a: f64, b: f64) -> Option<Scalar> {
    match op {
        BinaryOp::Add => Some(Scalar::Float(a + b)),
        BinaryOp::Sub => Some(Scalar::Float(a - b)),
        BinaryOp::Mul => Some(Scalar::Float(a * b)),
        BinaryOp::Div => Some(Scalar::Float(a / b)),
        // NaN is equal to itself and greater than every number.
        _ => compared(op, a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))),
    }
}

fn compared(op: BinaryOp, order: Ordering) -> Option<Scalar> {
    let holds = match op {
        BinaryOp::Eq => order.is_eq(),
        BinaryOp::NotEq => order.is_ne(),
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::LtEq => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        BinaryOp::GtEq => order.is_ge(),
        _ => return None,
    };
    Some(Scalar::Bool(holds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{col, when};
    use arrow::datatypes::{DataType, Field};

    fn schema() -> Schema {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int32));
        let fields = [
            ("b", DataType::Boolean),
            ("c", DataType::Boolean),
            ("i", DataType::Int8),
            ("n", DataType::Int64),
            ("f", DataType::Float32),
            ("x", DataType::Float64),
            ("s", DataType::Utf8),
            ("d", dictionary),
        ];
        Schema::new(fields.map(|(name, dtype)| Field::new(name, dtype, true)).to_vec())
    }

    #[test]
    fn rewrites() {
        let null = || lit(Scalar::Null);
        let table = [
            (lit(1) + lit(2) * 3, "7"),
            (lit(1) / 2, "0.5"),
            (lit(f64::NAN).gt(1.0), "true"),
            (lit(0.0).eq(-0.0), "true"),
            (lit(u64::MAX).gt(-1), "true"),
            (lit(true).and(col("b")), "b"),
            (col("b").and(col("x").gt(1).or(true)), "b"),
            (col("b").and(col("b")), "b"),
            (!!col("b"), "b"),
            (!col("x").lt(1.5), "(x >= 1.5)"),
            (!col("x").eq(col("f")), "(x != f)"),
            (lit(3).lt(col("n")), "(n > 3)"),
            (!lit(3).lt(col("n")), "(n <= 3)"),
            (col("i") * 1 + 0, "i"),
            (lit(1.0) * col("x"), "x"),
            (col("x") / 1, "x"),
            (col("i").cast(DataType::Int8), "i"),
            (col("s").is_in(["a"]), "(s == \"a\")"),
            (col("x").alias("a").alias("z"), "x as z"),
            (when(lit(false)).then(1).when(col("b")).then(2).otherwise(3), "case when b then 2 otherwise 3 end"),
            (when(null()).then(col("n")).otherwise(col("n")), "n"),
            (lit(1).is_null(), "false"),
            ((col("x") * 1).sum(), "sum(x)"),
        ];
        for (before, after) in table {
            let simple = simplify(&before, &schema());
            assert_eq!(simple.to_string(), after, "{before}");
            assert_eq!(simple.dtype(&schema()).unwrap(), before.dtype(&schema()).unwrap(), "{before}");
            assert_eq!(simple.output_name(), before.output_name(), "{before}");
        }
    }

    #[test]
    fn leaves_what_would_change() {
        let unchanged = [
            // The literal would adapt to i8 and to f32.
            col("i") + (lit(1) + 2),
            col("f").lt(lit(0.1) + 0.2),
            // -0.0 + 0.0 is 0.0, i8 / 1 is a float, a dictionary would stay one.
            col("x") + 0.0,
            col("x") + 0,
            col("i") / 1,
            col("i") * 1.0,
            col("d") * 1,
            lit(1) - col("n"),
            col("s").is_in([Scalar::Null]),
            col("s").is_in(["a", "b"]),
            col("n").between(1, 2),
            col("b").and(Scalar::Null),
            !col("b").is_null(),
            col("missing").and(true),
        ];
        for expr in unchanged {
            assert_eq!(simplify(&expr, &schema()), expr);
        }
    }

    #[test]
    fn keeps_the_name_of_what_folds() {
        let simple = simplify(&col("b").or(true), &schema());
        assert_eq!(simple.to_string(), "true as b");
    }
}
