//! Ops of frames.

mod aggregate;
mod bounds;
mod check_order;
mod coalesce;
mod concat;
mod divide;
mod explode;
mod filter;
mod groups;
mod in_order;
mod join;
mod join_asof;
mod key_bounds;
mod map_partitions;
mod measure;
mod partitions;
mod quantile;
mod read;
mod rebalance;
mod row_position;
mod row_random;
mod select;
mod slice;
mod sort;
mod top_k;
mod whole;
mod window;
mod write;

pub use aggregate::Aggregate;
pub use bounds::typed_bounds;
pub use check_order::CheckOrder;
pub use coalesce::Coalesce;
pub use concat::Concat;
pub use divide::Divide;
pub use explode::Explode;
pub use filter::Filter;
pub use in_order::InOrder;
pub use join::{Join, JoinArgs};
pub use join_asof::{AsofArgs, JoinAsof};
pub use key_bounds::KeyBounds;
pub use map_partitions::{MapPartitions, PartitionFn};
pub use measure::Measure;
pub use partitions::Partitions;
pub use read::Read;
pub use rebalance::Rebalance;
pub use row_position::RowPosition;
pub use row_random::RowRandom;
pub use select::Select;
pub use slice::{Rows, Slice};
pub use sort::{Sort, SortKey, asc, desc};
pub use top_k::TopK;
pub use window::{MOST_ROLLING_ROWS, RankMethod, Reach, RollingSpec, Statistic, Window, WindowColumn, WindowFunc};
pub use write::Write;

use blockfold_core::{Expr, Schema};

/// Expressions as `explain` shows them: `[a, b * 2]`.
pub(crate) fn list(exprs: &[Expr]) -> String {
    let texts: Vec<String> = exprs.iter().map(Expr::to_string).collect();
    format!("[{}]", texts.join(", "))
}

/// Names of a schema's columns.
pub(crate) fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}
