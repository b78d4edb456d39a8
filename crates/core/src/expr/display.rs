//! Expressions as text, as `explain` shows them.

use std::fmt;

use super::{BinaryOp, Expr};

impl fmt::Display for BinaryOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::Eq => "==",
            BinaryOp::NotEq => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::LtEq => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::GtEq => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        })
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Column(name) => f.write_str(name),
            Expr::Literal(value) => write!(f, "{value}"),
            Expr::Binary { op, left, right } => write!(f, "({left} {op} {right})"),
            Expr::Not(input) => write!(f, "not {input}"),
            Expr::IsNull(input) => write!(f, "is_null({input})"),
            Expr::Cast { input, dtype, .. } => write!(f, "cast({input} as {dtype})"),
            Expr::Case { branches, otherwise } => {
                write!(f, "case")?;
                for (condition, value) in branches {
                    write!(f, " when {condition} then {value}")?;
                }
                match otherwise {
                    Some(value) => write!(f, " otherwise {value} end"),
                    None => write!(f, " end"),
                }
            }
            Expr::IsIn { input, list } => {
                write!(f, "{input} in [")?;
                for (i, value) in list.iter().take(8).enumerate() {
                    write!(f, "{}{value}", if i > 0 { ", " } else { "" })?;
                }
                write!(f, "{}]", if list.len() > 8 { ", ..." } else { "" })
            }
            Expr::Call { function, args } => call(f, function.name(), args),
            Expr::User { function, args } => call(f, function, args),
            Expr::Alias { input, name } => write!(f, "{input} as {name}"),
            Expr::Agg { func, inputs } => call(f, func, inputs),
        }
    }
}

fn call(f: &mut fmt::Formatter<'_>, function: impl fmt::Display, args: &[Expr]) -> fmt::Result {
    write!(f, "{function}(")?;
    for (i, arg) in args.iter().enumerate() {
        write!(f, "{}{arg}", if i > 0 { ", " } else { "" })?;
    }
    write!(f, ")")
}
