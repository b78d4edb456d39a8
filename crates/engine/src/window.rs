//! Windows: for each row a value made of the rows of its group, or of the whole frame, in their order.
//!
//! ```
//! # use blockfold::prelude::*;
//! # fn frame(frame: LazyFrame) -> LazyFrame {
//! frame.group_by(["account"]).with_window([
//!     window::cum_sum("amount").order_by(["time"]).alias("balance"),
//!     window::rank("amount", RankMethod::Dense).descending(),
//!     window::shift("amount", 1).alias("before"),
//! ])
//! # }
//! ```
//!
//! # Nulls
//! As in pandas: running functions give null where the value is null, and go on after it; nulls have no rank.

use blockfold_core::{DType, Error, Expr, IntoExpr, Result, Schema, col};
pub use blockfold_ops::frame::Statistic;
use blockfold_ops::frame::{
    InOrder, MOST_ROLLING_ROWS, RankMethod, Reach, RollingSpec, RowPosition, Select, SortKey, Window, WindowColumn,
    WindowFunc, asc, desc,
};
use blockfold_plan::Plan;

use crate::frame::{LazyFrame, column_names};
use crate::group_by::GroupBy;

/// A value for each row, made of the rows of its group in their order.
#[derive(Clone, Debug)]
#[must_use = "a window is computed by with_window"]
pub struct WindowExpr {
    func: WindowFunc,
    input: Option<Expr>,
    time: Option<Expr>,
    finish: Finish,
    order: Vec<SortKey>,
    descending: bool,
    name: String,
}

/// What is made of a function's value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Finish {
    Nothing,
    /// The row's value less it.
    Diff,
    /// The row's value over it, less 1.
    PctChange,
}

fn window(func: WindowFunc, input: impl IntoExpr, suffix: &str) -> WindowExpr {
    let input = input.into_expr();
    let name = format!("{}_{suffix}", input.output_name());
    WindowExpr {
        func,
        input: Some(input),
        time: None,
        finish: Finish::Nothing,
        order: Vec::new(),
        descending: false,
        name,
    }
}

/// Sum of the values up to each row. Integers widen to 64 bits, and overflow is an error.
pub fn cum_sum(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::CumSum, input, "cum_sum")
}

/// Product of the values up to each row. Integers widen to 64 bits, and overflow is an error.
pub fn cum_prod(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::CumProduct, input, "cum_prod")
}

/// Least value up to each row, NaN only when there is nothing else.
pub fn cum_min(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::CumMin, input, "cum_min")
}

/// Greatest value up to each row, NaN only when there is nothing else.
pub fn cum_max(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::CumMax, input, "cum_max")
}

/// Number of values up to each row that are not null; never null itself.
pub fn cum_count(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::CumCount, input, "cum_count")
}

/// Number of each row in its group, from 1 on as in SQL; pandas' `cumcount` is one less.
pub fn row_number() -> WindowExpr {
    let (finish, order, name) = (Finish::Nothing, Vec::new(), "row_number".to_string());
    WindowExpr { func: WindowFunc::RowNumber, input: None, time: None, finish, order, descending: false, name }
}

/// The value `rows` rows before each row, after it when negative; null where there is none.
pub fn shift(input: impl IntoExpr, rows: i64) -> WindowExpr {
    window(WindowFunc::Shift(rows), input, "shift")
}

/// Each value less the one `rows` rows before, after when negative. Unsigned integers become i64.
pub fn diff(input: impl IntoExpr, rows: i64) -> WindowExpr {
    WindowExpr { finish: Finish::Diff, ..window(WindowFunc::Shift(rows), input, "diff") }
}

/// Change of each value against the one `rows` rows before, as a share of it.
pub fn pct_change(input: impl IntoExpr, rows: i64) -> WindowExpr {
    WindowExpr { finish: Finish::PctChange, ..window(WindowFunc::Shift(rows), input, "pct_change") }
}

/// Each value, or where it is null the last one before it that is not.
pub fn forward_fill(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::FillForward, input, "forward_fill")
}

/// Each value, or where it is null the next one that is not.
pub fn backward_fill(input: impl IntoExpr) -> WindowExpr {
    window(WindowFunc::FillBackward, input, "backward_fill")
}

/// Rank of each value, from 1 on for the least. NaN is greater than every number, and nulls have no rank.
pub fn rank(input: impl IntoExpr, method: RankMethod) -> WindowExpr {
    window(WindowFunc::Rank(method), input, "rank")
}

/// A statistic of the last `rows` rows up to each row, nulls passed over; null where fewer than `least` have a value.
///
/// # Memory
/// The values of the window are held, at most 262,144 of them.
///
/// # Errors
/// No rows, or more than may be held.
pub fn rolling(input: impl IntoExpr, statistic: Statistic, rows: usize, least: usize) -> Result<WindowExpr> {
    if rows == 0 || rows > MOST_ROLLING_ROWS {
        let what = format!("a window has 1 to {MOST_ROLLING_ROWS} rows, not {rows}");
        return Err(Error::argument("rolling", what));
    }
    let spec = RollingSpec { statistic, reach: Reach::Rows(rows), least };
    Ok(window(WindowFunc::Rolling(spec), input, "rolling"))
}

/// A statistic of the rows less than `nanoseconds` before each row, and of the row itself, by the time in a column. Rows
/// have to come in its order.
///
/// # Memory
/// As [`rolling`]; a span with more rows is an error while it runs.
///
/// # Errors
/// A span that is not positive.
pub fn rolling_span(
    input: impl IntoExpr,
    statistic: Statistic,
    time: impl IntoExpr,
    nanoseconds: i64,
    least: usize,
) -> Result<WindowExpr> {
    if nanoseconds <= 0 {
        return Err(Error::argument("rolling", "a span of time is longer than nothing"));
    }
    let spec = RollingSpec { statistic, reach: Reach::Nanoseconds(nanoseconds), least };
    Ok(WindowExpr { time: Some(time.into_expr()), ..window(WindowFunc::Rolling(spec), input, "rolling") })
}

impl WindowExpr {
    /// The same values under a name; without one it is that of the column with the function's behind it, as `x_cum_sum`.
    /// A column of that name is replaced in its place.
    pub fn alias(mut self, name: impl AsRef<str>) -> Self {
        self.name = name.as_ref().to_string();
        self
    }

    /// The same function of the rows in the order of keys, instead of the order in which they come; rows of equal keys
    /// come as they do.
    pub fn order_by<K: Into<SortKey>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.order = keys.into_iter().map(Into::into).collect();
        self
    }

    /// Ranks from 1 on for the greatest.
    pub fn descending(mut self) -> Self {
        self.descending = true;
        self
    }

    /// The order in which the function takes rows.
    fn rows_order(&self) -> Result<Vec<SortKey>> {
        let is_rank = matches!(self.func, WindowFunc::Rank(_));
        if self.descending && !is_rank {
            return Err(Error::argument(
                "window",
                format!("'{}' is no rank; give order_by a key made by desc", self.name),
            ));
        }
        match (&self.input, is_rank) {
            (Some(_), true) if !self.order.is_empty() => {
                Err(Error::argument("rank", format!("'{}' ranks by its values; leave order_by out", self.name)))
            }
            (Some(input), true) if self.descending => Ok(vec![desc(input)]),
            (Some(input), true) => Ok(vec![asc(input)]),
            _ => Ok(self.order.clone()),
        }
    }

    /// What the window gives, made of its function's value in a column.
    fn finished(&self, column: &str, schema: &Schema) -> Result<Expr> {
        let Some(input) = self.input.as_ref().filter(|_| self.finish != Finish::Nothing) else {
            return Ok(col(column));
        };
        let (now, other) = (input.without_alias().clone(), col(column));
        if self.finish == Finish::PctChange {
            return Ok(now / other - 1.0);
        }
        match input.dtype(schema)? {
            unsigned if unsigned.is_unsigned_integer() => {
                Ok(now.cast_strict(DType::Int64) - other.cast_strict(DType::Int64))
            }
            _ => Ok(now - other),
        }
    }
}

const POSITION: &str = "\u{0}position";

/// Windows that take rows in one order: its keys, and the columns.
type Pass = (Vec<SortKey>, Vec<WindowColumn>);

fn internal(at: usize) -> String {
    format!("\u{0}window{at}")
}

/// Columns of a pass that read the rows once more, at most: each takes a share of what a pass may hold.
const MOST_READINGS: usize = 2;

/// The windows by the order in which they take rows; those in the order of rows come first.
fn passes(windows: &[WindowExpr], is_keyed: bool) -> Result<Vec<Pass>> {
    let mut passes: Vec<Pass> = Vec::new();
    for (at, window) in windows.iter().enumerate() {
        let order = window.rows_order()?;
        let input = window.input.as_ref().map(|input| input.without_alias().clone());
        let column = WindowColumn { func: window.func, input, time: window.time.clone(), name: internal(at) };
        let readings = |columns: &[WindowColumn]| columns.iter().filter(|column| column.func.looks_ahead()).count();
        let has_room = |columns: &[WindowColumn]| !column.func.looks_ahead() || readings(columns) < MOST_READINGS;
        // What streams by is read as often as it takes: another pass would read it more often.
        let may_join = |columns: &[WindowColumn]| has_room(columns) || !is_keyed && order.is_empty();
        match passes.iter_mut().find(|(of, columns)| *of == order && may_join(columns)) {
            Some((_, columns)) => columns.push(column),
            None => passes.push((order, vec![column])),
        }
    }
    passes.sort_by_key(|(order, _)| !order.is_empty());
    Ok(passes)
}

/// The plan's rows with the windows' values in internal columns.
fn computed(plan: Plan, keys: &[Expr], windows: &[WindowExpr], keeps_order: bool) -> Result<Plan> {
    let passes = passes(windows, !keys.is_empty())?;
    // Without keys and order rows stay where they are.
    let moves = !keys.is_empty() || passes.iter().any(|(order, _)| !order.is_empty());
    let needs_position = moves && (keeps_order || passes.len() > 1);
    let mut plan = if needs_position { RowPosition::plan(plan, POSITION)? } else { plan };
    let mut in_order = true;
    for (order, columns) in passes {
        // Rows that moved are taken by their positions where the order leaves it open.
        let position = (!in_order).then(|| POSITION.to_string());
        in_order &= keys.is_empty() && order.is_empty();
        plan = Window::plan(plan, keys.to_vec(), order, position, columns)?;
    }
    if keeps_order && moves { InOrder::plan(plan, POSITION, false) } else { Ok(plan) }
}

/// The columns of `plan`, with `new` ones in the place of those of their names, else behind.
pub(crate) fn beside(names: &[String], new: Vec<Expr>) -> Result<Vec<Expr>> {
    for (at, expr) in new.iter().enumerate() {
        if new[..at].iter().any(|earlier| earlier.output_name() == expr.output_name()) {
            let what = format!("two columns would be called '{}'; give one of them an alias", expr.output_name());
            return Err(Error::argument("window", what));
        }
    }
    let mut new = new;
    let mut all = Vec::with_capacity(names.len() + new.len());
    for name in names {
        let replaced = new.iter().position(|expr| expr.output_name().as_ref() == name);
        all.push(replaced.map_or_else(|| col(name), |at| new.remove(at)));
    }
    all.append(&mut new);
    Ok(all)
}

fn with_window(plan: Plan, keys: &[Expr], windows: &[WindowExpr], keeps_order: bool) -> Result<Plan> {
    if windows.is_empty() {
        return Err(Error::argument("with_window", "needs at least one window"));
    }
    let names = column_names(&plan);
    let computed = computed(plan, keys, windows, keeps_order)?;
    let named =
        |(at, window): (usize, &WindowExpr)| Ok(window.finished(&internal(at), computed.schema())?.alias(&window.name));
    let new = windows.iter().enumerate().map(named).collect::<Result<_>>()?;
    Select::plan(computed, beside(&names, new)?)
}

impl GroupBy {
    /// The frame's rows with values beside them that are made of the rows of their group, see [`window`](crate::window).
    /// Rows keep the frame's order, see [`GroupBy::unordered`].
    ///
    /// # Memory
    /// Rows of a group are brought together, in memory as far as the budget allows, else in scratch; a group may be larger
    /// than the budget. Each order that windows ask for moves the rows once, and so does putting them back in order.
    ///
    /// # Errors
    /// Missing columns, types that a function does not take, a sum or product of integers that overflows.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.group_by(["id"]).with_window([window::cum_sum("x"), window::rank("x", RankMethod::Average)])
    /// # }
    /// ```
    pub fn with_window(&self, windows: impl IntoIterator<Item = WindowExpr>) -> LazyFrame {
        let windows: Vec<WindowExpr> = windows.into_iter().collect();
        self.frame.then(|plan| with_window(plan, &self.keys, &windows, self.keeps_order))
    }

    /// The first `n` rows of each group, whole and in the frame's order.
    ///
    /// # Memory
    /// As [`GroupBy::with_window`].
    pub fn head(&self, n: u64) -> LazyFrame {
        self.top_rows(n, Vec::<SortKey>::new())
    }

    /// The first `n` rows of each group in the order of keys, whole and in the frame's order.
    ///
    /// # Memory
    /// As [`GroupBy::with_window`].
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.group_by(["shop"]).top_rows(3, [desc("price")])
    /// # }
    /// ```
    pub fn top_rows<K: Into<SortKey>>(&self, n: u64, keys: impl IntoIterator<Item = K>) -> LazyFrame {
        let order: Vec<SortKey> = keys.into_iter().map(Into::into).collect();
        self.frame.then(|plan| top_rows(plan, &self.keys, order, n, self.keeps_order))
    }
}

fn top_rows(plan: Plan, keys: &[Expr], order: Vec<SortKey>, n: u64, keeps_order: bool) -> Result<Plan> {
    let names = column_names(&plan);
    let numbers = WindowColumn { func: WindowFunc::RowNumber, input: None, time: None, name: internal(0) };
    let moves = !keys.is_empty() || !order.is_empty();
    let plan = if moves && keeps_order { RowPosition::plan(plan, POSITION)? } else { plan };
    let plan = Window::plan(plan, keys.to_vec(), order, None, vec![numbers])?;
    // Dropped before rows move back.
    let plan = blockfold_ops::frame::Filter::plan(plan, col(internal(0)).lt_eq(n))?;
    let plan = if moves && keeps_order { InOrder::plan(plan, POSITION, false)? } else { plan };
    Select::plan(plan, names.iter().map(col).collect())
}

impl LazyFrame {
    /// The frame's rows with values beside them that are made of the rows before them, see [`window`](crate::window). The
    /// whole frame is one group, and its rows keep their order.
    ///
    /// # Memory
    /// Blocks stream by one after the other, in one task. Windows with an order sort the rows first.
    ///
    /// # Errors
    /// As [`GroupBy::with_window`].
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.with_window([window::cum_sum("x").alias("total"), window::diff("x", 1)])
    /// # }
    /// ```
    pub fn with_window(&self, windows: impl IntoIterator<Item = WindowExpr>) -> LazyFrame {
        GroupBy::new(self.clone(), Vec::new()).with_window(windows)
    }
}
