//! Joins of frames whose divisions match: partition with partition, and no row moves.

use std::sync::Arc;

use blockfold_core::expr::plain_type;
use blockfold_core::{DType, Divisions, Error, Expr, Grid, Result, Scalar, SchemaRef};
use blockfold_kernels::join::{JoinKind, estimate_bytes};
use blockfold_plan::estimate::{ALLOWANCE_SHARE, share};
use blockfold_plan::{BlockMap, Lower, StepId};

use super::{Join, Sides};
use crate::frame::bounds::{CheckRows, divisions, is_strict};
use crate::frame::divide::{Target, send};

/// What `explain` says of such a join.
pub(super) const MATCHING: &str = ", matching divisions";

/// How both sides are divided.
pub(super) struct Aligned {
    /// The column on either side.
    columns: [String; 2],
    dtype: DType,
    bounds: Arc<[Scalar]>,
}

impl Join {
    /// How both sides are divided when a key of the join divides them alike.
    pub(super) fn aligned(&self) -> Option<Aligned> {
        let [left, right] = &self.inputs;
        let (of_left, of_right) = (left.meta().grid.divisions()?, right.meta().grid.divisions()?);
        let dtype =
            |schema: &SchemaRef, column: &str| Some(plain_type(schema.field_with_name(column).ok()?.data_type()));
        let dtypes = (dtype(left.schema(), &of_left.column)?, dtype(right.schema(), &of_right.column)?);
        let is =
            |key: &Expr, column: &str| matches!(key.without_alias(), Expr::Column(name) if name.as_ref() == column);
        let pairs = || self.args.left_on.iter().zip(&self.args.right_on);
        let is_key = pairs().any(|(a, b)| is(a, &of_left.column) && is(b, &of_right.column));
        // One partition on either side is better joined by hash, on several threads.
        let blocks = of_left.bounds.len().checked_sub(1).filter(|blocks| *blocks > 1)?;
        let fits = self.inputs.iter().all(|side| side.meta().grid.blocks() == blocks && side.op().has_fixed_blocks());
        let is_alike = dtypes.0 == dtypes.1 && of_left.bounds == of_right.bounds && is_strict(&of_left.bounds);
        (is_key && fits && is_alike).then(|| Aligned {
            columns: [of_left.column.clone(), of_right.column.clone()],
            dtype: dtypes.0,
            bounds: of_left.bounds.clone(),
        })
    }

    /// The grid of the result: as the sides are divided, by a column that has a value in all its rows.
    pub(super) fn aligned_grid(&self, aligned: &Aligned) -> Grid {
        use JoinKind::*;
        let [left, right] = &aligned.columns;
        let from = |i: usize, name: &str| self.columns.iter().find(|column| column.on(i) == Some(name));
        let column = match self.args.kind {
            Inner => from(0, left).or(from(1, right)),
            Left | Semi | Anti => from(0, left),
            Right => from(1, right),
            // A key of either side alone is null where that side has no row.
            Full => from(0, left).filter(|column| column.on(1) == Some(right)),
            Cross => None,
        };
        let known = column.map(|column| divisions(&column.name, &aligned.bounds));
        Grid::unknown(aligned.bounds.len() - 1).with_divisions(known)
    }

    /// Each partition with its partner. Where tables of partitions are too large for a task, rows go through the
    /// store first, to the same partitions.
    pub(super) fn by_partition(&self, lower: &mut Lower, sides: Sides, aligned: &Aligned) -> Result<StepId> {
        let Sides { ids, keys, options, fanout, .. } = sides;
        let build = options.build_side();
        if ids.iter().any(|id| lower.grid(*id).blocks() + 1 != aligned.bounds.len()) {
            return Err(Error::internal("divisions that do not fit the partitions of a join"));
        }
        let (schema, grid) = (self.schema()?, self.aligned_grid(aligned));
        let table_bytes = lower
            .largest_block(ids[build])
            .map(|size| estimate_bytes(size.rows, size.bytes, keys[build].exprs().len()));
        let room = share(ALLOWANCE_SHARE, lower.budget_bytes()) / 2;
        let fits = table_bytes.filter(|bytes| *bytes <= room);
        let mut inputs = Vec::with_capacity(2);
        for i in [1 - build, build] {
            let input = match fits {
                Some(_) => self.checked(lower, ids[i], i, aligned),
                None => {
                    let target = Target::new(&aligned.columns[i], aligned.dtype.clone(), &aligned.bounds)?;
                    send(lower, ids[i], self.inputs[i].schema().clone(), target)
                }
            };
            inputs.push((input, BlockMap::Same));
        }
        let mut kernel = self.kernel(keys, options, fanout);
        kernel.table_bytes = fits.unwrap_or(0);
        if fits.is_some() {
            kernel.detail = kernel.detail.replacen(MATCHING, &format!("{MATCHING}, nothing moves"), 1);
        }
        Ok(lower.map(inputs, kernel, schema, grid))
    }

    /// A side whose rows are checked to be where its divisions say: statistics of files may be wrong.
    fn checked(&self, lower: &mut Lower, id: StepId, i: usize, aligned: &Aligned) -> StepId {
        let column = &aligned.columns[i];
        let check = CheckRows {
            op: "join",
            column: column.clone(),
            dtype: aligned.dtype.clone(),
            divisions: Some(Divisions { column: column.clone(), bounds: aligned.bounds.clone() }),
            is_ordered: false,
        };
        let grid = lower.grid(id).clone();
        lower.map(vec![(id, BlockMap::Same)], check, self.inputs[i].schema().clone(), grid)
    }
}
