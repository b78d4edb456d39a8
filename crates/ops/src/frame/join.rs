//! `join`: rows of two frames side by side where their keys are equal.

mod aligned;
mod bits;
pub(super) mod build;
pub(super) mod columns;
mod fanout;
mod kernel;
mod narrow;
mod parts;
mod pieces;

use blockfold_core::expr::{plain_type, promote};
use blockfold_core::{Columns, DType, Error, Expr, Grid, Result, Schema, SchemaRef, col};
use blockfold_kernels::join::{JoinKind, JoinOptions, estimate_bytes};
use blockfold_plan::estimate::{ALLOWANCE_SHARE, row_bytes, share};
use blockfold_plan::{BlockMap, Lower, Meta, Op, Plan, StepId};

use crate::exchange::{HashRouter, HashRouting, Keys};
use build::BuildTable;
use columns::Column;
use fanout::Fanout;
use kernel::JoinKernel;

/// What a join is asked for.
#[derive(Clone, Debug)]
pub struct JoinArgs {
    /// Which rows it gives.
    pub kind: JoinKind,
    /// Keys of the left frame.
    pub left_on: Vec<Expr>,
    /// Keys of the right frame, compared with those of the left one by one.
    pub right_on: Vec<Expr>,
    /// Added to the name of a right column that the left has, too.
    pub suffix: String,
    /// Whether null keys equal each other, as in pandas; in SQL they equal nothing.
    pub null_equals_null: bool,
}

impl JoinArgs {
    /// A join by keys that both frames have.
    pub fn on<E: blockfold_core::IntoExpr>(kind: JoinKind, keys: impl IntoIterator<Item = E>) -> Self {
        let keys: Vec<Expr> = keys.into_iter().map(blockfold_core::IntoExpr::into_expr).collect();
        JoinArgs { kind, left_on: keys.clone(), right_on: keys, suffix: "_right".to_string(), null_equals_null: false }
    }
}

/// Rows of two frames side by side where their keys are equal.
#[derive(Debug)]
pub struct Join {
    inputs: [Plan; 2],
    args: JoinArgs,
    columns: Vec<Column>,
}

impl Join {
    /// A plan of the pairs of rows of `left` and `right` whose keys are equal, and of those that `args` ask for.
    ///
    /// # Errors
    /// Keys of types that cannot be compared, missing columns, two columns of one name.
    pub fn plan(left: Plan, right: Plan, args: JoinArgs) -> Result<Plan> {
        // Keys first, so that a missing one is named with its side.
        key_types("join", left.schema(), right.schema(), &args)?;
        let columns = columns::of_join(left.schema(), right.schema(), &args)?;
        Plan::new(Join { inputs: [left, right], args, columns })
    }

    fn with_columns(&self, inputs: [Plan; 2], columns: Vec<Column>) -> Result<Plan> {
        Plan::new(Join { inputs, args: self.args.clone(), columns })
    }

    /// The types in which keys are compared.
    fn key_types(&self) -> Result<Vec<DType>> {
        if (self.args.kind == JoinKind::Cross) != self.args.left_on.is_empty() {
            return Err(Error::argument("join", "a cross join has no keys, every other join needs at least one"));
        }
        key_types("join", self.inputs[0].schema(), self.inputs[1].schema(), &self.args)
    }

    fn schema(&self) -> Result<SchemaRef> {
        columns::schema(&self.columns, self.inputs[0].schema(), self.inputs[1].schema(), self.args.kind)
    }

    /// The sides from which a column of the result may be computed: rows where it is absent aside.
    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether rows of side `i` may be dropped before the join when their pairs are dropped after it.
    fn may_filter(&self, i: usize) -> bool {
        use JoinKind::*;
        match self.args.kind {
            Inner | Cross => true,
            Left | Semi | Anti => i == 0,
            Right => i == 1,
            Full => false,
        }
    }
}

/// The types in which keys of two sides are compared.
///
/// # Errors
/// Missing columns, keys of types that cannot be compared or that aggregate, more keys on one side.
pub(super) fn key_types(op: &str, left: &Schema, right: &Schema, args: &JoinArgs) -> Result<Vec<DType>> {
    if args.left_on.len() != args.right_on.len() {
        let (left, right) = (args.left_on.len(), args.right_on.len());
        let what = format!("{left} keys on the left, {right} on the right; give each key one on the other side");
        return Err(Error::argument(op, what));
    }
    let mut types = Vec::with_capacity(args.left_on.len());
    for (a, b) in args.left_on.iter().zip(&args.right_on) {
        if !a.is_row_wise() || !b.is_row_wise() {
            return Err(Error::argument(op, format!("{a} = {b} aggregates; join by values of rows")));
        }
        let of_a = a.dtype(left).map_err(|error| error.at(format!("key {a} of the left side of {op}")))?;
        let of_b = b.dtype(right).map_err(|error| error.at(format!("key {b} of the right side of {op}")))?;
        let has_meaning = plain_type(&of_a).is_string() == plain_type(&of_b).is_string();
        let common = promote(&of_a, &of_b).filter(|_| has_meaning).ok_or_else(|| Error::Type {
            op: format!("{op} on {a} = {b}"),
            expected: format!("keys of one type; cast one of them, the left is {of_a}"),
            got: format!("{of_b} on the right"),
        })?;
        types.push(common);
    }
    Ok(types)
}

/// A side is sent to every task when it takes no more than this share of the budget, nor more than this.
const BROADCAST_SHARE: u64 = 24;
const BROADCAST_BYTES: u64 = 64 << 20;

impl Op for Join {
    fn name(&self) -> &'static str {
        "join"
    }

    fn detail(&self) -> String {
        let args = &self.args;
        let pairs = args.left_on.iter().zip(&args.right_on).map(|(a, b)| format!("{a} = {b}"));
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let kind = format!("{:?}", args.kind).to_lowercase();
        let nulls = if args.null_equals_null { ", nulls equal" } else { "" };
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let on = if pairs.is_empty() { String::new() } else { format!(" on {pairs}") };
        let aligned = if self.aligned().is_some() { aligned::MATCHING } else { "" };
        format!("{kind}{on}{nulls}{aligned} -> {}", names.join(", "))
    }

    fn inputs(&self) -> &[Plan] {
        &self.inputs
    }

    fn with_inputs(&self, mut inputs: Vec<Plan>) -> Result<Plan> {
        let right = inputs.remove(1);
        self.with_columns([inputs.remove(0), right], self.columns.clone())
    }

    fn meta(&self) -> Result<Meta> {
        self.key_types()?;
        let grid = match self.aligned() {
            Some(aligned) => self.aligned_grid(&aligned),
            None => Grid::unknown(self.inputs[0].meta().grid.blocks()),
        };
        Ok(Meta { schema: self.schema()?, grid })
    }

    fn needs(&self, i: usize, wanted: &Columns) -> Columns {
        columns::needed(&self.columns, &self.args, i, wanted)
    }

    fn narrowed(&self, wanted: &Columns) -> Result<Option<Plan>> {
        let columns = self.columns.iter().filter(|column| wanted.contains(&column.name)).cloned().collect();
        self.with_columns(self.inputs.clone(), columns).map(Some)
    }

    fn moves_below(&self, predicate: &Expr, i: usize) -> Option<Expr> {
        let is_here = |name: &String| self.column(name).is_some_and(|column| column.on(i).is_some());
        if !self.may_filter(i) || !predicate.columns().iter().all(is_here) {
            return None;
        }
        Some(predicate.substitute(&|name| self.column(name)?.on(i).map(col)))
    }

    fn filters_apart(&self) -> bool {
        true
    }

    fn has_fixed_blocks(&self) -> bool {
        self.aligned().is_some()
    }

    fn kept_share(&self) -> f64 {
        let [left, right] = [0, 1].map(|i| self.inputs[i].op().kept_share());
        match self.args.kind {
            // Keys of one side are mostly those of rows of the other: where that is filtered, as many rows go.
            JoinKind::Inner | JoinKind::Semi => left * right,
            JoinKind::Left => left,
            JoinKind::Right => right,
            JoinKind::Full | JoinKind::Anti | JoinKind::Cross => 1.0,
        }
    }

    fn lower(&self, lower: &mut Lower) -> Result<StepId> {
        let types = self.key_types()?;
        let ids = [lower.lower(&self.inputs[0])?, lower.lower(&self.inputs[1])?];
        let keys =
            [Keys::typed(self.args.left_on.clone(), types.clone()), Keys::typed(self.args.right_on.clone(), types)];
        let sizes = ids.map(|id| lower.expected(id));
        let limit = BROADCAST_BYTES.min(lower.budget_bytes() / BROADCAST_SHARE);
        let is_known = |i: usize| sizes[i].0.is_some() && lower.is_sure_of_size(ids[i]);
        let is_small = |i: usize| is_known(i) && sizes[i].1 <= limit && self.may_filter(1 - i);
        let table_bytes = |(rows, bytes): (Option<u64>, u64)| {
            estimate_bytes(rows.unwrap_or(bytes / UNKNOWN_ROW_BYTES), bytes, self.args.left_on.len())
        };
        let tables = sizes.map(table_bytes);
        let smaller = self.smaller(tables);
        let rows = sizes.map(|(rows, _)| rows);
        if let Some(aligned) = self.aligned() {
            let (options, fanout) = (self.options(smaller, lower.budget_bytes())?, self.fanout(rows, smaller));
            let sides = Sides { ids, keys, options, parts: 0, bloom_keys: None, fanout };
            return self.by_partition(lower, sides, &aligned);
        }
        let small = [smaller, 1 - smaller].into_iter().find(|build| is_small(*build));
        let build = small.unwrap_or(smaller);
        // Without keys there is nothing to part by; a side known to be small needs no parts.
        let parts = match self.args.kind == JoinKind::Cross || small.is_some() {
            true => 1,
            false => {
                let parts = lower.parts(ids[0]).max(lower.parts(ids[1]));
                // The table of a part that is larger than most should still fit.
                let room = share(ALLOWANCE_SHARE, lower.budget_bytes()) / TABLES_A_ROOM;
                let by_table = usize::try_from(tables[build] / room.max(1)).unwrap_or(usize::MAX);
                parts.max(by_table.min(lower.parts_of(u64::MAX)))
            }
        };
        let bloom_keys = self.bloom_keys(rows, build, lower.budget_bytes());
        let fanout = self.fanout(rows, build);
        let options = self.options(build, lower.budget_bytes())?;
        let sides = Sides { ids, keys, options, parts, bloom_keys, fanout };
        // A table serves all blocks of the other side only if none of its rows is due at the end.
        if self.may_filter(1 - build) { self.adaptive(lower, sides) } else { self.exchanged(lower, sides) }
    }
}

/// The sides of a join as they are lowered.
struct Sides {
    ids: [StepId; 2],
    keys: [Keys; 2],
    /// Which side becomes a table, and what comes of it.
    options: JoinOptions,
    parts: usize,
    /// For how many keys of the build side a filter is made when its rows move.
    bloom_keys: Option<u64>,
    fanout: Option<Fanout>,
}

/// The share of the budget that a batch of the result is meant to take, and rows that it may always have.
const BATCH_SHARE: u64 = 64;
const LEAST_BATCH_ROWS: u64 = 1024;

/// Tables of parts that fit at once into what a kernel may have.
const TABLES_A_ROOM: u64 = 2;

/// Bytes of a row of which nothing is known.
const UNKNOWN_ROW_BYTES: u64 = 32;

/// How much larger the right side of a semi or anti join may seem and still become the table.
const FILTERS_WELL: f64 = 4.0;

impl Join {
    /// The side to make a table of when neither is known to be small. That of a semi join is mostly a filter, and
    /// smaller than it seems.
    fn smaller(&self, table_bytes: [u64; 2]) -> usize {
        let factor = if matches!(self.args.kind, JoinKind::Semi | JoinKind::Anti) { FILTERS_WELL } else { 1.0 };
        let guessed = |i: usize| table_bytes[i] as f64 * self.inputs[i].op().kept_share();
        usize::from(guessed(1) <= guessed(0) * factor)
    }

    fn options(&self, build: usize, budget_bytes: u64) -> Result<JoinOptions> {
        let build_is_left = build == 0;
        let (probe, build) = (self.inputs[1 - build].schema(), self.inputs[build].schema());
        let from = |column: &Column| column.source(probe, build, build_is_left);
        let columns = self.columns.iter().map(from).collect::<Result<_>>()?;
        let mut options = JoinOptions::new(self.args.kind, self.schema()?, columns);
        options.build_is_left = build_is_left;
        options.null_equals_null = self.args.null_equals_null;
        // Wide rows come in shorter batches when memory is short.
        let rows = (budget_bytes / BATCH_SHARE / row_bytes(&options.schema)).max(LEAST_BATCH_ROWS);
        options.max_rows = usize::try_from(rows).unwrap_or(usize::MAX).min(options.max_rows);
        Ok(options)
    }

    /// One side made a table for every task of the other if it turns out small, else both sides brought together.
    fn adaptive(&self, lower: &mut Lower, sides: Sides) -> Result<StepId> {
        let Sides { ids, keys, options, parts, bloom_keys: learns, fanout } = sides;
        let build = options.build_side();
        let schema = self.inputs[build].schema().clone();
        let of_table = JoinOptions { ranges: true, ..options.clone() };
        let table = BuildTable { schema: schema.clone(), keys: keys[build].clone(), options: of_table, parts, learns };
        let table = lower.reduce(ids[build], table, schema);
        let (probe, probe_keys) =
            (self.narrowed_probe(lower, ids[1 - build], build, table, learns.is_some())?, keys[1 - build].clone());
        if parts == 1 {
            let grid = Grid::unknown(lower.grid(probe).blocks());
            let inputs = vec![(probe, BlockMap::Same), (table, BlockMap::Whole)];
            return Ok(lower.map(inputs, self.kernel(keys, options, fanout), self.schema()?, grid));
        }
        let (routing, grid) = (HashRouting(HashRouter::new(probe_keys, parts, 0)), Grid::unknown(parts));
        let schema = self.inputs[1 - build].schema().clone();
        let moved = lower.exchange_unless(table, probe, routing, schema, grid.clone());
        let inputs = vec![(moved, BlockMap::Same), (table, BlockMap::SameOrWhole)];
        Ok(lower.map(inputs, self.kernel(keys, options, fanout), self.schema()?, grid))
    }

    /// Rows of equal keys brought together.
    fn exchanged(&self, lower: &mut Lower, sides: Sides) -> Result<StepId> {
        let Sides { ids, keys, options, parts, bloom_keys, fanout } = sides;
        let build = options.build_side();
        let grid = Grid::unknown(parts);
        let moved = |lower: &mut Lower, i: usize, input: StepId| {
            let learns = bloom_keys.filter(|_| i == build);
            let routing = HashRouting(HashRouter::new(keys[i].clone(), parts, 0).learning(learns));
            lower.exchange(input, None, routing, self.inputs[i].schema().clone(), grid.clone())
        };
        // The build side first, since it tells which rows of the probe side need not move.
        let of_build = moved(lower, build, ids[build]);
        let probe = match bloom_keys {
            Some(_) => self.narrowed_probe(lower, ids[1 - build], build, of_build, true)?,
            None => ids[1 - build],
        };
        let of_probe = moved(lower, 1 - build, probe);
        let moved = vec![(of_probe, BlockMap::Same), (of_build, BlockMap::Same)];
        Ok(lower.map(moved, self.kernel(keys, options, fanout), self.schema()?, grid))
    }

    fn kernel(&self, [left, right]: [Keys; 2], options: JoinOptions, fanout: Option<Fanout>) -> JoinKernel {
        let (build_keys, probe_keys) = if options.build_is_left { (left, right) } else { (right, left) };
        JoinKernel { build_keys, probe_keys, options, detail: self.detail(), fanout, table_bytes: 0 }
    }
}
