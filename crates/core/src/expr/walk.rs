//! Looking through and rewriting expression trees.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{BinaryOp, Expr};

impl Expr {
    /// The direct operands.
    pub fn children(&self) -> Vec<&Expr> {
        match self {
            Expr::Column(_) | Expr::Literal(_) => Vec::new(),
            Expr::Binary { left, right, .. } => vec![left, right],
            Expr::Not(input)
            | Expr::IsNull(input)
            | Expr::Cast { input, .. }
            | Expr::IsIn { input, .. }
            | Expr::Alias { input, .. } => vec![input],
            Expr::Case { branches, otherwise } => {
                let pairs = branches.iter().flat_map(|(condition, value)| [condition, value]);
                pairs.chain(otherwise.as_deref()).collect()
            }
            Expr::Call { args: inputs, .. } | Expr::User { args: inputs, .. } | Expr::Agg { inputs, .. } => {
                inputs.iter().collect()
            }
        }
    }

    /// This expression with `f` applied to each direct operand.
    pub fn map_children(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
        let mut boxed = |input: &Expr| Box::new(f(input));
        match self {
            Expr::Column(_) | Expr::Literal(_) => self.clone(),
            Expr::Binary { op, left, right } => Expr::Binary { op: *op, left: boxed(left), right: boxed(right) },
            Expr::Not(input) => Expr::Not(boxed(input)),
            Expr::IsNull(input) => Expr::IsNull(boxed(input)),
            Expr::Cast { input, dtype, strict } => {
                Expr::Cast { input: boxed(input), dtype: dtype.clone(), strict: *strict }
            }
            Expr::IsIn { input, list } => Expr::IsIn { input: boxed(input), list: list.clone() },
            Expr::Alias { input, name } => Expr::Alias { input: boxed(input), name: name.clone() },
            Expr::Case { branches, otherwise } => Expr::Case {
                branches: branches.iter().map(|(condition, value)| (f(condition), f(value))).collect(),
                otherwise: otherwise.as_ref().map(|value| Box::new(f(value))),
            },
            Expr::Call { function, args } => Expr::Call { function: *function, args: args.iter().map(f).collect() },
            Expr::User { function, args } => {
                Expr::User { function: function.clone(), args: args.iter().map(f).collect() }
            }
            Expr::Agg { func, inputs } => Expr::Agg { func: func.clone(), inputs: inputs.iter().map(f).collect() },
        }
    }

    /// This expression rewritten from the leaves up.
    pub fn transform_up(&self, f: &mut dyn FnMut(Expr) -> Expr) -> Expr {
        let mapped = self.map_children(&mut |child| child.transform_up(f));
        f(mapped)
    }

    /// Whether `test` holds anywhere in the tree.
    pub fn contains(&self, test: &dyn Fn(&Expr) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.contains(test))
    }

    /// Names of the columns that the expression reads.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.collect_columns(&mut names);
        names
    }

    fn collect_columns(&self, names: &mut BTreeSet<String>) {
        if let Expr::Column(name) = self {
            names.insert(name.to_string());
        }
        for child in self.children() {
            child.collect_columns(names);
        }
    }

    /// Whether the value of a row depends on that row alone.
    pub fn is_row_wise(&self) -> bool {
        !self.contains(&|expr| matches!(expr, Expr::Agg { .. }))
    }

    /// This expression with every column replaced by what `defined` says it is.
    pub fn substitute(&self, defined: &dyn Fn(&str) -> Option<Expr>) -> Expr {
        self.transform_up(&mut |expr| match &expr {
            Expr::Column(name) => defined(name).unwrap_or(expr),
            _ => expr,
        })
    }

    /// The name of the result: the alias, else the column that the value comes from.
    pub fn output_name(&self) -> Arc<str> {
        match self {
            Expr::Column(name) | Expr::Alias { name, .. } => name.clone(),
            Expr::Literal(_) => "literal".into(),
            Expr::Agg { func, inputs } if inputs.is_empty() => func.name().into(),
            Expr::Case { branches, .. } => match branches.first() {
                Some((_, value)) => value.output_name(),
                None => "case".into(),
            },
            other => match other.children().into_iter().find(|child| !matches!(child, Expr::Literal(_))) {
                Some(child) => child.output_name(),
                None => "literal".into(),
            },
        }
    }

    /// The expression under its alias.
    pub fn without_alias(&self) -> &Expr {
        match self {
            Expr::Alias { input, .. } => input.without_alias(),
            other => other,
        }
    }

    /// The parts of a conjunction: `a and b and c` as three.
    pub fn conjuncts(&self) -> Vec<Expr> {
        match self {
            Expr::Binary { op: BinaryOp::And, left, right } => {
                let mut parts = left.conjuncts();
                parts.extend(right.conjuncts());
                parts
            }
            other => vec![other.clone()],
        }
    }

    /// The conjunction of parts, `None` when there are none.
    pub fn all_of(parts: impl IntoIterator<Item = Expr>) -> Option<Expr> {
        parts.into_iter().reduce(Expr::and)
    }
}
