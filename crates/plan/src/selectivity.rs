//! What share of rows a predicate leaves, guessed from its form alone.

use blockfold_core::Expr;
use blockfold_core::expr::BinaryOp;

/// One of many values, texts of a pattern.
const ONE_OF_MANY: f64 = 0.05;

/// A bound on one side.
const HALF_OPEN: f64 = 1.0 / 3.0;

/// Whatever else is asked of a row.
const OTHER: f64 = 0.2;

/// The share of rows for which a predicate is guessed to hold, from 0 to 1.
///
/// Good enough to choose the smaller of two sides; statistics, not guesses, say what memory is needed.
pub fn guessed_share(predicate: &Expr) -> f64 {
    match predicate {
        Expr::Alias { input, .. } => guessed_share(input),
        Expr::Not(input) => 1.0 - guessed_share(input),
        Expr::IsNull(_) => ONE_OF_MANY,
        Expr::IsIn { list, .. } => (ONE_OF_MANY * list.len() as f64).min(OTHER),
        Expr::Call { .. } | Expr::User { .. } => ONE_OF_MANY,
        Expr::Binary { op, left, right } => match op {
            BinaryOp::And => guessed_share(left) * guessed_share(right),
            BinaryOp::Or => (guessed_share(left) + guessed_share(right)).min(1.0),
            BinaryOp::Eq => ONE_OF_MANY,
            BinaryOp::NotEq => 1.0 - ONE_OF_MANY,
            BinaryOp::Lt | BinaryOp::LtEq | BinaryOp::Gt | BinaryOp::GtEq => HALF_OPEN,
            _ => OTHER,
        },
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use blockfold_core::col;

    use super::guessed_share;

    #[test]
    fn stricter_predicates_leave_less() {
        let (equal, greater) = (col("a").eq(1), col("b").gt(2));
        assert!(guessed_share(&equal) < guessed_share(&greater));
        assert!(guessed_share(&equal.clone().and(greater.clone())) < guessed_share(&equal));
        assert!(guessed_share(&equal.clone().or(greater.clone())) > guessed_share(&greater));
        assert!(guessed_share(&!equal.clone()) > 0.9);
        let most = (0..60).fold(equal, |any, i| any.or(col("c").eq(i)));
        assert!(guessed_share(&most) <= 1.0);
    }
}
