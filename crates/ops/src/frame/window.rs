//! `window`: for each row values made of the rows of its group: running sums, ranks, shifts.
//!
//! Rows of a group are brought together by hash, each part is sorted by group and by the order that counts (see
//! `sort.rs`, which splits a part that does not fit), and one pass over the sorted rows keeps what it needs of the group
//! under way. What looks ahead reads the sorted rows once more, some rows before the pass. Without keys the frame is one
//! group, whose blocks stream by one after the other.

mod ahead;
mod func;
mod pass;

use std::sync::Arc;

use blockfold_core::{Columns, Error, Expr, Field, Grid, Result, Scalar, Schema, SchemaRef};
use blockfold_plan::{BlockMap, Lower, Meta, Op, Plan, StepId};

use super::sort::{SortKey, check_keys, key_list};
use super::{Sort, asc, list};
use crate::exchange::{HashRouter, HashRouting, Keys};
pub use blockfold_kernels::window::MOST_ROLLING_ROWS;
pub use func::{RankMethod, Reach, RollingSpec, Statistic, WindowColumn, WindowFunc};
use pass::WindowPass;

/// For each row values made of the rows of its group.
#[derive(Debug)]
pub struct Window {
    input: [Plan; 1],
    keys: Vec<Expr>,
    order: Vec<SortKey>,
    /// A column by which rows are taken whose keys are equal.
    position: Option<String>,
    columns: Vec<WindowColumn>,
}

impl Window {
    /// A plan of the rows of `input` with `columns` beside them, computed within groups of equal `keys` whose rows are
    /// taken by `order`, and where that leaves it open by `position` or as they come. The rows of the result come in
    /// another order when there are keys or an order.
    ///
    /// # Errors
    /// Missing columns, types that a function does not take, a column of the result's name.
    pub fn plan(
        input: Plan,
        keys: Vec<Expr>,
        order: Vec<SortKey>,
        position: Option<String>,
        columns: Vec<WindowColumn>,
    ) -> Result<Plan> {
        Plan::new(Window { input: [input], keys, order, position, columns })
    }

    fn of(&self, input: Plan, columns: Vec<WindowColumn>) -> Result<Plan> {
        Window::plan(input, self.keys.clone(), self.order.clone(), self.position.clone(), columns)
    }

    /// The keys that put the rows of a group in order.
    fn row_order(&self) -> Vec<SortKey> {
        self.order.iter().cloned().chain(self.position.iter().map(asc)).collect()
    }

    fn check(&self) -> Result<()> {
        for key in &self.keys {
            if !key.is_row_wise() {
                return Err(Error::argument("group_by", format!("{key} aggregates; group by columns of a row")));
            }
        }
        let all: Vec<SortKey> = self.keys.iter().cloned().map(asc).chain(self.row_order()).collect();
        if all.is_empty() { Ok(()) } else { check_keys(&all, &self.input[0]) }
    }

    fn new_fields(&self) -> Result<Vec<Field>> {
        let schema = self.input[0].schema();
        let mut fields: Vec<Field> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let is_taken = fields.iter().any(|field| *field.name() == column.name);
            if is_taken || schema.column_with_name(&column.name).is_some() {
                let what = format!("two columns would be called '{}'; give one of them an alias", column.name);
                return Err(Error::argument("window", what));
            }
            fields.push(Field::new(&column.name, column.dtype(schema)?, true));
        }
        Ok(fields)
    }

    fn schema(&self) -> Result<SchemaRef> {
        let new = self.new_fields()?.into_iter().map(Arc::new);
        let fields: Vec<Arc<Field>> = self.input[0].schema().fields().iter().cloned().chain(new).collect();
        Ok(Arc::new(Schema::new(fields)))
    }

    /// Columns that are read to compute the new ones.
    fn read(&self) -> Columns {
        let keys = self.keys.iter().chain(self.order.iter().map(|key| &key.expr));
        let exprs = keys.chain(self.columns.iter().flat_map(|column| column.input.iter().chain(&column.time)));
        let position = Columns::values(self.position.clone());
        exprs.fold(position, |all, expr| all.union(Columns::values(expr.columns())))
    }
}

impl Op for Window {
    fn name(&self) -> &'static str {
        "window"
    }

    fn detail(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{column} -> {}", column.name)).collect();
        let by = if self.keys.is_empty() { String::new() } else { format!(" by {}", list(&self.keys)) };
        let order = self.row_order();
        let order = if order.is_empty() { String::new() } else { format!(" in order of {}", key_list(&order)) };
        // Names that users cannot type begin with a zero, which is not for their eyes.
        format!("{}{by}{order}", columns.join(", ")).replace('\u{0}', "")
    }

    fn inputs(&self) -> &[Plan] {
        &self.input
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        self.of(inputs.remove(0), self.columns.clone())
    }

    fn meta(&self) -> Result<Meta> {
        self.check()?;
        let blocks = if self.keys.is_empty() { 1 } else { self.input[0].meta().grid.blocks() };
        Ok(Meta { schema: self.schema()?, grid: Grid::unknown(blocks) })
    }

    fn needs(&self, _: usize, wanted: &Columns) -> Columns {
        let Columns::Some(names) = wanted else { return Columns::All };
        let is_new = |name: &String| self.columns.iter().any(|column| column.name == *name);
        self.read().union(Columns::values(names.keys().filter(|name| !is_new(name)).cloned()))
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        let kept: Vec<WindowColumn> =
            self.columns.iter().filter(|column| wanted.contains(&column.name)).cloned().collect();
        match kept.len() {
            0 => Ok(Some(self.input[0].clone())),
            all if all == self.columns.len() => Ok(None),
            _ => self.of(self.input[0].clone(), kept).map(Some),
        }
    }

    fn moves_below(&self, predicate: &Expr, _: usize) -> Option<Expr> {
        // A predicate on keys alone keeps or drops whole groups.
        let is_key = |name: &String| {
            self.keys.iter().any(|key| matches!(key.without_alias(), Expr::Column(column) if column.as_ref() == name))
        };
        (!self.keys.is_empty() && predicate.columns().iter().all(is_key)).then(|| predicate.clone())
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        self.input[0].op().column_range(column)
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let kernel = self.kernel()?;
        if self.keys.is_empty() {
            return self.lower_whole(lower, kernel);
        }
        let input = lower.lower(&self.input[0])?;
        let parts = lower.parts(input);
        let keys = Keys::new(self.keys.iter().map(|key| key.without_alias().clone()).collect());
        let (routing, grid) = (HashRouting(HashRouter::new(keys, parts, 0)), Grid::unknown(parts));
        let moved = lower.exchange(input, None, routing, self.input[0].schema().clone(), grid.clone());
        Ok(lower.map(vec![(moved, BlockMap::Same)], kernel, self.schema()?, grid))
    }
}

impl Window {
    fn kernel(&self) -> Result<WindowPass> {
        Ok(WindowPass {
            keys: self.keys.iter().map(|key| key.without_alias().clone()).collect(),
            ties: self.order.len(),
            order: self.row_order(),
            columns: self.columns.clone(),
            fields: self.new_fields()?,
            detail: self.detail(),
        })
    }

    /// The frame as one group: its blocks stream by in one task, once for each reading.
    fn lower_whole(&self, lower: &mut Lower, kernel: WindowPass) -> Result<StepId> {
        let order = self.row_order();
        let rows = match order.is_empty() {
            true => self.input[0].clone(),
            false => Sort::plan(self.input[0].clone(), order)?,
        };
        let input = lower.lower(&rows)?;
        let inputs = vec![(input, BlockMap::Share { parts: 1 }); kernel.readings()];
        Ok(lower.map(inputs, kernel, self.schema()?, Grid::unknown(1)))
    }
}
