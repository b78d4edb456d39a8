//! Logical plans: trees of ops.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blockfold_core::region::AxisSlice;
use blockfold_core::{Columns, Divisions, Error, Expr, Grid, Result, Scalar, Schema, SchemaRef};

use crate::lower::Lower;
use crate::step::StepId;

/// Type and grid of an op's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    /// Columns.
    pub schema: SchemaRef,
    /// Blocks.
    pub grid: Grid,
}

impl Meta {
    /// The same columns in blocks of unknown length.
    pub fn with_unknown_lengths(&self) -> Self {
        Meta { schema: self.schema.clone(), grid: self.grid.forget_lengths() }
    }
}

/// Something a user can ask for. One implementation per file in the catalogue of ops.
///
/// Rules ask these properties; they never ask which op it is.
pub trait Op: fmt::Debug + Send + Sync {
    /// The name in `explain`.
    fn name(&self) -> &'static str;
    /// Parameters, in one line for `explain`.
    fn detail(&self) -> String {
        String::new()
    }
    /// A text equal for ops that do the same to the same inputs, `None` when only identity tells.
    fn token(&self) -> Option<String> {
        Some(self.detail())
    }
    /// Plans whose results this op takes.
    fn inputs(&self) -> &[Plan];
    /// The same op over other inputs.
    fn with_inputs(&self, inputs: Vec<Plan>) -> Result<Plan>;
    /// Type and grid of the result. Never touches data.
    fn meta(&self) -> Result<Meta>;

    /// Columns of input `i` needed to produce `wanted` columns of the result.
    fn needs(&self, _i: usize, _wanted: &Columns) -> Columns {
        Columns::All
    }
    /// This op made to produce only `wanted` columns, when it can leave work out.
    fn narrowed(&self, _wanted: &Columns) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// This op with each of its row-wise expressions, stated over the schema of its input, rewritten.
    fn map_exprs(&self, _f: &mut dyn FnMut(&Expr, &Schema) -> Expr) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// The predicate, when this op only drops rows of its first input where a predicate does not hold.
    fn as_filter(&self) -> Option<&Expr> {
        None
    }
    /// This filter with another predicate over another input; asked only of ops that are filters.
    fn refiltered(&self, _input: Plan, _predicate: Expr) -> Result<Plan> {
        Err(Error::internal(format!("{} is not a filter", self.name())))
    }
    /// `predicate`, stated over the result, restated over input `i`, when dropping rows there gives the same.
    fn moves_below(&self, _predicate: &Expr, _i: usize) -> Option<Expr> {
        None
    }
    /// Whether a predicate that moved below one input need not move below the others, as in a join, where a row of
    /// either side that is dropped takes its pairs along.
    fn filters_apart(&self) -> bool {
        false
    }
    /// This op with rows dropped where the predicate does not hold, when it can do so itself.
    fn filtered(&self, _predicate: &Expr) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// The number of rows at the start of its input that this op sees, when it sees no others.
    fn as_limit(&self) -> Option<u64> {
        None
    }
    /// Whether this op mostly sees few rows of its first input, from one of its ends.
    fn stops_early(&self) -> bool {
        self.as_limit().is_some()
    }
    /// Whether row `n` of the result is made from row `n` of the first input alone.
    fn is_row_by_row(&self) -> bool {
        false
    }
    /// This op with rows after the first `rows` left out where that saves work; it may still give more.
    fn limited(&self, _rows: u64) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// Bounds of a column's values as far as statistics tell; may be wider than the truth.
    fn column_range(&self, _column: &str) -> Option<(Scalar, Scalar)> {
        None
    }
    /// The share of the rows that are expected from sizes alone which predicates and joins below are guessed to leave.
    /// It may choose between plans that give the same, never say what memory they need.
    fn kept_share(&self) -> f64 {
        match self.inputs() {
            [input] if self.is_row_by_row() => input.op().kept_share(),
            _ => 1.0,
        }
    }
    /// Divisions of the result by a column, when what is known of it says that its blocks' values do not overlap;
    /// rows inside a block may be in any order.
    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        let meta = self.meta().ok()?;
        meta.grid.divisions().filter(|divisions| divisions.column == column).cloned()
    }
    /// Whether the number of blocks and the rows of each follow from the plan alone, not from expected bytes or the
    /// budget.
    fn has_fixed_blocks(&self) -> bool {
        false
    }
    /// The same result computed from what is known without a run, as a row count from metadata.
    fn answered_by_metadata(&self) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// Whether the result has the elements of the input unchanged, in other blocks.
    fn only_cuts(&self) -> bool {
        false
    }
    /// The order of the input's axes, when this op only puts axes in another order.
    fn axis_order(&self) -> Option<&[usize]> {
        None
    }
    /// The elements along each axis, when this op only takes some of its input's.
    fn as_slice(&self) -> Option<&[AxisSlice]> {
        None
    }
    /// This op with only some elements of its result along each axis, when it then needs fewer of its inputs'.
    fn sliced(&self, _axes: &[AxisSlice]) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// This op over `input` instead of its only input, which is `input` with its axes in another order; what it gives is
    /// the same.
    fn over_turned(&self, _input: &Plan, _order: &[usize]) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// The expression over the elements of inputs at the same place, when that is all this op does.
    fn elementwise(&self) -> Option<&Expr> {
        None
    }
    /// This op with the work of ops right below it taken in, so that what lies between is not made; `is_own` tells of an
    /// input whether nothing else reads it.
    fn merged(&self, _is_own: &dyn Fn(&Plan) -> bool) -> Result<Option<Plan>> {
        Ok(None)
    }
    /// Adds this op's steps to the graph and returns the last one.
    fn lower(&self, lower: &mut Lower) -> Result<StepId>;
}

struct Node {
    op: Box<dyn Op>,
    meta: Meta,
    token: u64,
}

/// A handle to an op with its checked type and grid; cheap to clone.
#[derive(Clone)]
pub struct Plan(Arc<Node>);

static UNIQUE: AtomicU64 = AtomicU64::new(0);

impl Plan {
    /// A plan of an op.
    ///
    /// # Errors
    /// Whatever [`Op::meta`] finds wrong with the op: missing columns, types that do not fit.
    pub fn new(op: impl Op + 'static) -> Result<Plan> {
        let meta = op.meta()?;
        let mut hasher = DefaultHasher::new();
        op.name().hash(&mut hasher);
        match op.token() {
            Some(token) => token.hash(&mut hasher),
            None => UNIQUE.fetch_add(1, Ordering::Relaxed).hash(&mut hasher),
        }
        for input in op.inputs() {
            input.token().hash(&mut hasher);
        }
        Ok(Plan(Arc::new(Node { op: Box::new(op), meta, token: hasher.finish() })))
    }

    /// The op at the top.
    pub fn op(&self) -> &dyn Op {
        self.0.op.as_ref()
    }

    /// Type and grid of the result.
    pub fn meta(&self) -> &Meta {
        &self.0.meta
    }

    /// Columns of the result.
    pub fn schema(&self) -> &SchemaRef {
        &self.0.meta.schema
    }

    /// Equal for plans that compute the same.
    pub fn token(&self) -> u64 {
        self.0.token
    }

    /// The address of the node: equal for handles of one node, as long as one of them lives.
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Whether both handles are of one node.
    pub fn is_same(&self, other: &Plan) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::explain::tree(self))
    }
}
