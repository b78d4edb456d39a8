//! How many pairs a join gives when keys repeat on both sides.

use blockfold_core::{Expr, Scalar};
use blockfold_kernels::join::JoinKind;

use super::Join;

/// A join is warned of when it gives this many times more rows than its longer side has.
const MANY: u64 = 10;

/// How rows multiply.
#[derive(Clone, Debug)]
pub(super) struct Fanout {
    pairs: u64,
    probe_rows: u64,
    longer_rows: u64,
    /// Why there are so many.
    reason: String,
}

impl Fanout {
    /// Pairs of so many rows of the probe side.
    pub(super) fn pairs_of(&self, probe_rows: u64) -> u64 {
        let pairs = u128::from(self.pairs) * u128::from(probe_rows) / u128::from(self.probe_rows.max(1));
        u64::try_from(pairs).unwrap_or(u64::MAX)
    }

    pub(super) fn warning(&self) -> Option<String> {
        let is_many = self.pairs / MANY >= self.longer_rows.max(1);
        is_many.then(|| format!("the join may give {} rows: {}", self.pairs, self.reason))
    }
}

impl Join {
    /// How rows multiply, when each side has more rows than its keys have values.
    pub(super) fn fanout(&self, rows: [Option<u64>; 2], build: usize) -> Option<Fanout> {
        let [left, right] = [rows[0]?, rows[1]?];
        let all = u128::from(left) * u128::from(right);
        let (values, reason) = match self.args.kind {
            JoinKind::Semi | JoinKind::Anti => return None,
            JoinKind::Cross => (1, format!("each of {left} rows meets each of {right}")),
            _ => {
                let values = self.values(0, left).max(self.values(1, right)).max(1);
                let keys: Vec<String> = self.args.left_on.iter().map(Expr::to_string).collect();
                let keys = keys.join(", ");
                (values, format!("keys repeat, {left} and {right} rows have at most {values} values of {keys}"))
            }
        };
        let pairs = u64::try_from(all / u128::from(values)).unwrap_or(u64::MAX);
        let longer_rows = left.max(right);
        let fanout = Fanout { pairs, probe_rows: rows[1 - build]?, longer_rows, reason };
        (pairs > longer_rows).then_some(fanout)
    }

    /// Number of values that the keys of a side of so many rows have at most.
    fn values(&self, i: usize, rows: u64) -> u64 {
        let keys = if i == 0 { &self.args.left_on } else { &self.args.right_on };
        let widths = keys.iter().map(|key| self.width(i, key));
        widths.fold(1u64, |all, width| all.saturating_mul(width.unwrap_or(rows))).min(rows)
    }

    /// Number of values that a key has at most, null among them.
    fn width(&self, i: usize, key: &Expr) -> Option<u64> {
        let Expr::Column(name) = key.without_alias() else { return None };
        let (least, greatest) = self.inputs[i].op().column_range(name)?;
        let number = |value: &Scalar| match value {
            Scalar::Bool(value) => Some(i128::from(*value)),
            Scalar::Date(days) => Some(i128::from(*days)),
            Scalar::Timestamp(units, ..) => Some(i128::from(*units)),
            other => other.integer(),
        };
        u64::try_from(number(&greatest)? - number(&least)? + 2).ok()
    }
}
