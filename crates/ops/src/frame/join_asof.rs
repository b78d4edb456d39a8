//! `join_asof`: each row beside the nearest row of another frame.

mod build;
mod edges;
mod kernel;
mod merge;
mod options;

use std::sync::Arc;

use blockfold_core::{Columns, DType, Error, Expr, Grid, Result, SchemaRef, col};
use blockfold_kernels::join::JoinKind;
use blockfold_kernels::sort::SortOrder;
use blockfold_plan::{BlockMap, Lower, Meta, Op, Plan, StepId};

use super::join::columns::{self, Column};
use super::join::{JoinArgs, key_types};
use super::sort::Sort;
use crate::exchange::{Keys, RangeRouting};
use build::RightTable;
use edges::{CollectEdges, FindEdges, edge_schema};
use kernel::AsofKernel;
pub use options::AsofArgs;

/// Each row of a frame beside the row of another whose key is nearest.
#[derive(Debug)]
pub struct JoinAsof {
    inputs: [Plan; 2],
    /// The on-keys, left and right.
    on: [Expr; 2],
    args: AsofArgs,
    columns: Vec<Column>,
}

/// The right side is sent to every task when it takes no more than this share of the budget, nor more than this.
const BROADCAST_SHARE: u64 = 24;
const BROADCAST_BYTES: u64 = 64 << 20;

/// What both sides are joined by.
#[derive(Clone, Debug)]
pub(super) struct AsofSpec {
    /// The `by` keys, then the on-key, of the left and the right side.
    keys: [Keys; 2],
    /// The same as expressions of their common types, to sort by.
    sort_keys: [Vec<Expr>; 2],
    types: Vec<DType>,
    options: blockfold_kernels::join::AsofOptions,
    /// Columns of the right side.
    right: SchemaRef,
    schema: SchemaRef,
    columns: Vec<blockfold_kernels::join::OutputColumn>,
}

impl JoinAsof {
    /// A plan of the rows of `left`, each beside the row of `right` whose on-key is nearest as `args` say.
    ///
    /// # Errors
    /// Keys of types that cannot be compared or that have no differences, a tolerance of another kind, missing
    /// columns, two columns of one name.
    pub fn plan(left: Plan, right: Plan, left_on: Expr, right_on: Expr, args: AsofArgs) -> Result<Plan> {
        let keys = join_args(&args, &left_on, &right_on);
        // Keys first, so that a missing one is named with its side.
        key_types("join_asof", left.schema(), right.schema(), &keys)?;
        let columns = columns::of_join(left.schema(), right.schema(), &keys)?;
        Plan::new(JoinAsof { inputs: [left, right], on: [left_on, right_on], args, columns })
    }

    fn with_columns(&self, inputs: [Plan; 2], columns: Vec<Column>) -> Result<Plan> {
        Plan::new(JoinAsof { inputs, on: self.on.clone(), args: self.args.clone(), columns })
    }

    fn join_args(&self) -> JoinArgs {
        join_args(&self.args, &self.on[0], &self.on[1])
    }

    /// The types in which keys are compared, that of the on-key last.
    fn types(&self) -> Result<Vec<DType>> {
        let [left, right] = &self.inputs;
        key_types("join_asof", left.schema(), right.schema(), &self.join_args())
    }

    fn schema(&self) -> Result<SchemaRef> {
        columns::schema(&self.columns, self.inputs[0].schema(), self.inputs[1].schema(), JoinKind::Left)
    }

    fn spec(&self) -> Result<AsofSpec> {
        let (types, args) = (self.types()?, self.join_args());
        let on = types.last().ok_or_else(|| Error::internal("an asof join without an on-key"))?;
        let options = self.args.options(&self.on, on)?;
        let [left, right] = &self.inputs;
        let from = |column: &Column| column.source(left.schema(), right.schema(), false);
        let columns = self.columns.iter().map(from).collect::<Result<_>>()?;
        let keys = [args.left_on, args.right_on];
        let sort_keys = [common(&keys[0], &types, left)?, common(&keys[1], &types, right)?];
        let keys = keys.map(|keys| Keys::typed(keys, types.clone()));
        let (right, schema) = (right.schema().clone(), self.schema()?);
        Ok(AsofSpec { keys, sort_keys, types, options, right, schema, columns })
    }
}

/// Keys cast where they are not of the common type.
fn common(keys: &[Expr], types: &[DType], side: &Plan) -> Result<Vec<Expr>> {
    let cast = |(key, dtype): (&Expr, &DType)| {
        let key = key.without_alias().clone();
        Ok(if key.dtype(side.schema())? == *dtype { key } else { key.cast(dtype.clone()) })
    };
    keys.iter().zip(types).map(cast).collect()
}

/// The join of which an asof join has the keys and the columns.
fn join_args(args: &AsofArgs, left_on: &Expr, right_on: &Expr) -> JoinArgs {
    let keys = |by: &[Expr], on: &Expr| by.iter().chain([on]).cloned().collect::<Vec<Expr>>();
    JoinArgs {
        kind: JoinKind::Left,
        left_on: keys(&args.left_by, left_on),
        right_on: keys(&args.right_by, right_on),
        suffix: args.suffix.clone(),
        null_equals_null: true,
    }
}

impl Op for JoinAsof {
    fn name(&self) -> &'static str {
        "join_asof"
    }

    fn detail(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        format!("{} -> {}", self.args.describe(&self.on), names.join(", "))
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let right = inputs.remove(1);
        self.with_columns([inputs.remove(0), right], self.columns.clone())
    }

    fn meta(&self) -> Result<Meta> {
        let spec = self.spec()?;
        Ok(Meta { schema: spec.schema, grid: Grid::unknown(self.inputs[0].meta().grid.blocks()) })
    }

    fn needs(&self, i: usize, wanted: &Columns) -> Columns {
        columns::needed(&self.columns, &self.join_args(), i, wanted)
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        let columns = self.columns.iter().filter(|column| wanted.contains(&column.name)).cloned().collect();
        self.with_columns(self.inputs.clone(), columns).map(Some)
    }

    fn moves_below(&self, predicate: &Expr, i: usize) -> Option<Expr> {
        let of_left = |name: &str| self.columns.iter().find(|column| column.name == name)?.on(0).map(col);
        let is_here = |name: &String| of_left(name).is_some();
        (i == 0 && predicate.columns().iter().all(is_here)).then(|| predicate.substitute(&of_left))
    }

    fn filters_apart(&self) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let spec = self.spec()?;
        let ids = [lower.lower(&self.inputs[0])?, lower.lower(&self.inputs[1])?];
        let (rows, bytes) = lower.expected(ids[1]);
        let limit = BROADCAST_BYTES.min(lower.budget_bytes() / BROADCAST_SHARE);
        let parts = lower.parts(ids[0]).max(lower.parts(ids[1]));
        let is_table = rows.is_some() && bytes <= limit;
        let kernel = AsofKernel { spec: Arc::new(spec.clone()), detail: self.detail(), is_table };
        if is_table {
            let schema = self.inputs[1].schema().clone();
            let table = lower.reduce(ids[1], RightTable { schema: schema.clone(), spec }, schema);
            let grid = Grid::unknown(lower.grid(ids[0]).blocks());
            let inputs = vec![(ids[0], BlockMap::Same), (table, BlockMap::Whole)];
            return Ok(lower.map(inputs, kernel, self.schema()?, grid));
        }
        self.by_ranges(lower, ids, parts, kernel)
    }
}

impl JoinAsof {
    /// Both sides brought together by ranges of their keys; a part also needs the right row just before it and the one
    /// just after it.
    fn by_ranges(&self, lower: &mut Lower, ids: [StepId; 2], parts: usize, kernel: AsofKernel) -> Result<StepId> {
        let spec = kernel.spec.clone();
        let orders = vec![ASCENDING; spec.types.len()];
        let larger = usize::from(lower.expected(ids[1]).1 > lower.expected(ids[0]).1);
        let keys = spec.sort_keys[larger].clone();
        let bounds = Sort::find_bounds(lower, &self.inputs[larger], ids[larger], (keys, orders.clone()), parts)?;
        let grid = Grid::unknown(parts);
        let moved = |lower: &mut Lower, i: usize| {
            let routing = RangeRouting { keys: spec.sort_keys[i].clone(), orders: orders.clone() };
            lower.exchange(ids[i], Some(bounds), routing, self.inputs[i].schema().clone(), grid.clone())
        };
        let (left, right) = (moved(lower, 0), moved(lower, 1));
        let mut inputs = vec![(left, BlockMap::Same), (right, BlockMap::Same)];
        if parts > 1 {
            let schema = edge_schema(self.inputs[1].schema());
            let find = FindEdges { spec: spec.clone(), schema: schema.clone() };
            let found = lower.map(vec![(right, BlockMap::Same)], find, schema.clone(), grid.clone());
            let edges = lower.reduce(found, CollectEdges { schema: schema.clone() }, schema);
            inputs.push((edges, BlockMap::Whole));
        }
        Ok(lower.map(inputs, kernel, self.schema()?, grid))
    }
}

/// The order in which sides are sorted.
const ASCENDING: SortOrder = SortOrder { descending: false, nulls_last: true };
