//! Lazy frames.

use std::fmt;
use std::sync::Arc;

use blockfold_core::{AggFunc, Divisions, Error, Expr, Field, IntoExpr, RecordBatch, Result, SchemaRef, col};
use blockfold_exec::BatchIter;
use blockfold_io::ipc::{IpcSink, IpcWriteOptions};
use blockfold_io::parquet::sink::{ParquetSink, ParquetWriteOptions};
use blockfold_ops::frame::{Concat, Filter, MapPartitions, Read, Rows, Select, Slice, Write};
use blockfold_plan::{Estimate, Lower, Plan, Sink, Source, Stage, StepGraph, explain, optimize};

use crate::collected::{Frame, WriteSummary};
use crate::group_by::GroupBy;
use crate::inner::{self, InnerAnswer, InnerRun};
use crate::session::Session;

/// A description of a frame that nobody has computed yet; cheap to clone.
///
/// Verbs never fail at once: the first error stays in the handle, and the next call that returns a `Result`
/// returns it.
#[derive(Clone)]
#[must_use = "a lazy frame does nothing until it is collected or written"]
pub struct LazyFrame {
    pub(crate) session: Session,
    plan: Result<Plan, Arc<Error>>,
}

impl LazyFrame {
    pub(crate) fn read(session: &Session, source: Arc<dyn Source>) -> Result<LazyFrame> {
        Ok(LazyFrame { session: session.clone(), plan: Ok(Read::plan(source)?) })
    }

    pub(crate) fn of_plan(session: &Session, plan: Result<Plan>) -> LazyFrame {
        LazyFrame { session: session.clone(), plan: plan.map_err(Arc::new) }
    }

    pub(crate) fn then(&self, f: impl FnOnce(Plan) -> Result<Plan>) -> LazyFrame {
        let plan = match &self.plan {
            Ok(plan) => f(plan.clone()).map_err(Arc::new),
            Err(error) => Err(error.clone()),
        };
        LazyFrame { session: self.session.clone(), plan }
    }

    pub(crate) fn plan(&self) -> Result<Plan> {
        self.plan.clone().map_err(Error::Deferred)
    }

    /// The session that runs it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    // ---- columns

    /// Columns computed from columns of the same row; only these are kept. When all of them aggregate, one row.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.select([col("id"), (col("x") * 2.0).alias("double")])
    /// # }
    /// ```
    pub fn select<E: IntoExpr>(&self, exprs: impl IntoIterator<Item = E>) -> LazyFrame {
        let exprs: Vec<Expr> = exprs.into_iter().map(IntoExpr::into_expr).collect();
        if !exprs.is_empty() && exprs.iter().all(|expr| !expr.is_row_wise()) {
            return self.agg(exprs);
        }
        self.then(|plan| Select::plan(plan, exprs))
    }

    /// These columns beside the others; a column of the same name is replaced in its place.
    pub fn with_columns<E: IntoExpr>(&self, exprs: impl IntoIterator<Item = E>) -> LazyFrame {
        let mut new: Vec<Expr> = exprs.into_iter().map(IntoExpr::into_expr).collect();
        self.then(|plan| {
            let mut all: Vec<Expr> = Vec::new();
            for field in plan.schema().fields() {
                let replaced = new.iter().position(|expr| expr.output_name().as_ref() == field.name());
                all.push(replaced.map_or_else(|| col(field.name()), |at| new.remove(at)));
            }
            all.append(&mut new);
            Select::plan(plan, all)
        })
    }

    /// All columns but these.
    pub fn drop<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> LazyFrame {
        let names: Vec<String> = names.into_iter().map(|name| name.as_ref().to_string()).collect();
        self.then(|plan| {
            let have = column_names(&plan);
            let missing = names.iter().find(|name| !have.contains(name));
            if let Some(name) = missing {
                return Err(Error::ColumnNotFound { name: name.clone(), have });
            }
            Select::plan(plan, have.into_iter().filter(|name| !names.contains(name)).map(col).collect())
        })
    }

    /// The same columns, some under new names: pairs of old and new.
    pub fn rename<A: AsRef<str>, B: AsRef<str>>(&self, names: impl IntoIterator<Item = (A, B)>) -> LazyFrame {
        let names: Vec<(A, B)> = names.into_iter().collect();
        self.then(|plan| {
            let have = column_names(&plan);
            if let Some((missing, _)) = names.iter().find(|(old, _)| !have.iter().any(|name| name == old.as_ref())) {
                return Err(Error::ColumnNotFound { name: missing.as_ref().to_string(), have });
            }
            let renamed = |name: &String| match names.iter().find(|(old, _)| old.as_ref() == name) {
                Some((_, new)) => col(name).alias(new),
                None => col(name),
            };
            Select::plan(plan, have.iter().map(renamed).collect())
        })
    }

    // ---- rows

    /// Rows where the predicate is true; null counts as false.
    pub fn filter(&self, predicate: impl IntoExpr) -> LazyFrame {
        let predicate = predicate.into_expr();
        self.then(|plan| Filter::plan(plan, predicate))
    }

    /// The first `n` rows; reads only as many blocks as it takes.
    pub fn head(&self, n: u64) -> LazyFrame {
        self.then(|plan| Slice::plan(plan, Rows::Head(n)))
    }

    /// The first `n` rows, as [`LazyFrame::head`].
    pub fn limit(&self, n: u64) -> LazyFrame {
        self.head(n)
    }

    /// The last `n` rows; reads only as many blocks as it takes.
    pub fn tail(&self, n: u64) -> LazyFrame {
        self.then(|plan| Slice::plan(plan, Rows::Tail(n)))
    }

    /// `len` rows from `offset` on; a negative offset counts from the end.
    ///
    /// # Memory
    /// Holds the rows from the near end up to the slice's far end.
    pub fn slice(&self, offset: i64, len: u64) -> LazyFrame {
        self.then(|plan| Slice::plan(plan, Rows::Slice { offset, len }))
    }

    // ---- aggregates

    /// Aggregates of the whole frame, one row.
    ///
    /// # Memory
    /// `median`, `quantile`, `n_unique` and `mode` hold all values when these are few against the budget; else values
    /// are spread over parts that go to scratch when memory is short, and the result is the same. `list` holds all.
    pub fn agg<E: IntoExpr>(&self, aggs: impl IntoIterator<Item = E>) -> LazyFrame {
        GroupBy::new(self.clone(), Vec::new()).agg(aggs)
    }

    /// Rows grouped by keys: the next call says what to compute of each group.
    pub fn group_by<E: IntoExpr>(&self, keys: impl IntoIterator<Item = E>) -> GroupBy {
        GroupBy::new(self.clone(), keys.into_iter().map(IntoExpr::into_expr).collect())
    }

    fn agg_all(&self, func: AggFunc) -> LazyFrame {
        let columns: Result<Vec<Expr>> = self.plan().map(|plan| {
            let takes = |field: &&Arc<Field>| func.dtype(std::slice::from_ref(field.data_type())).is_ok();
            plan.schema().fields().iter().filter(takes).map(|field| col(field.name()).aggregate(func.clone())).collect()
        });
        match columns {
            Ok(columns) if columns.is_empty() => {
                self.then(|_| Err(Error::argument(func.name(), "no column has a type that it takes")))
            }
            Ok(columns) => self.agg(columns),
            Err(error) => self.then(|_| Err(error)),
        }
    }

    /// Sum of each column of numbers, one row.
    pub fn sum(&self) -> LazyFrame {
        self.agg_all(AggFunc::Sum)
    }

    /// Mean of each column of numbers, one row.
    pub fn mean(&self) -> LazyFrame {
        self.agg_all(AggFunc::Mean)
    }

    /// Least value of each column, one row.
    pub fn min(&self) -> LazyFrame {
        self.agg_all(AggFunc::Min)
    }

    /// Greatest value of each column, one row.
    pub fn max(&self) -> LazyFrame {
        self.agg_all(AggFunc::Max)
    }

    /// Number of values that are not null in each column, one row.
    pub fn count(&self) -> LazyFrame {
        self.agg_all(AggFunc::Count)
    }

    /// Standard deviation of each column of numbers, one row.
    pub fn std(&self, ddof: u8) -> LazyFrame {
        self.agg_all(AggFunc::Std { ddof })
    }

    /// Variance of each column of numbers, one row.
    pub fn var(&self, ddof: u8) -> LazyFrame {
        self.agg_all(AggFunc::Var { ddof })
    }

    /// Number of rows; from metadata alone where that tells.
    pub fn len(&self) -> Result<u64> {
        let counted = self.agg([blockfold_core::len()]).collect()?;
        match counted.scalar("len")? {
            blockfold_core::Scalar::UInt(rows) => Ok(rows),
            other => Err(Error::internal(format!("a count of rows gave {other}"))),
        }
    }

    /// Whether the frame has no rows.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.head(1).len()? == 0)
    }

    // ---- partitions

    /// A function over whole partitions, each as one batch. It is called once with an empty partition to learn
    /// the columns of its result.
    pub fn map_partitions(
        &self,
        function: impl Fn(RecordBatch) -> Result<RecordBatch> + Send + Sync + 'static,
    ) -> LazyFrame {
        self.then(|plan| MapPartitions::plan(plan, Arc::new(function)))
    }

    /// Number of partitions. Where rows move, it follows from their expected bytes and the session's budget.
    pub fn npartitions(&self) -> Result<usize> {
        let graph = self.graph()?;
        Ok(graph.node(graph.root).grid.blocks())
    }

    /// Columns with their types.
    pub fn schema(&self) -> Result<SchemaRef> {
        Ok(self.plan()?.schema().clone())
    }

    /// Bounds of the partitions' index column, when statistics tell them; never reads data.
    pub fn divisions(&self) -> Result<Option<Divisions>> {
        Ok(self.plan()?.meta().grid.divisions().cloned())
    }

    // ---- before a run

    /// The frame's plan at a stage, as text.
    pub fn explain(&self, stage: Stage) -> Result<String> {
        Ok(match stage {
            Stage::Logical => explain::tree(&self.plan()?),
            Stage::Optimized => explain::tree(&self.optimized()?),
            Stage::Steps => explain::steps(&self.graph()?),
            Stage::Fused => explain::fused(&self.graph()?),
            Stage::Memory => self.estimate()?.to_string(),
        })
    }

    /// What a run would need: rows, bytes to read, peak memory by chain, scratch. Reads nothing.
    pub fn estimate(&self) -> Result<Estimate> {
        Ok(Estimate::of(&self.graph()?, self.session.threads(), self.session.memory_budget().0))
    }

    fn optimized(&self) -> Result<Plan> {
        optimize(&self.plan()?)
    }

    pub(crate) fn graph(&self) -> Result<StepGraph> {
        Lower::graph(&self.optimized()?, self.session.memory_budget().0)
    }

    // ---- runs

    /// Runs the plan and holds the answer.
    ///
    /// # Memory
    /// The answer counts against the session's budget until it is dropped; one that does not fit is refused
    /// with [`Error::OverBudget`]. Take large answers with [`LazyFrame::collect_partitions`], or write them.
    pub fn collect(&self) -> Result<Frame> {
        let here = || {
            let graph = self.graph()?;
            let outcome = self.session.executor().run(&graph, self.session.cancel())?;
            Ok(Frame::new(outcome))
        };
        let taken = |answer| match answer {
            InnerAnswer::Rows(schema, batches) => Ok(Frame::of_batches(schema, batches)),
            _ => Err(Error::internal("a run was answered by something else than rows")),
        };
        let told = |frame: &Frame| InnerAnswer::Rows(frame.schema(), frame.batches().to_vec());
        inner::run(|| InnerRun::Rows(self.clone()), here, taken, told)
    }

    /// Runs the plan and hands the answer on batch by batch, in order, never holding the whole.
    pub fn collect_partitions(&self) -> Result<BatchIter> {
        self.session.executor().stream(&self.graph()?, self.session.cancel())
    }

    /// Writes one Parquet file for each partition into a folder, which appears whole or not at all.
    ///
    /// # Errors
    /// An existing folder unless the options overwrite; a full or unwritable disk. Nothing is left behind.
    pub fn write_parquet(
        &self,
        folder: impl AsRef<std::path::Path>,
        options: ParquetWriteOptions,
    ) -> Result<WriteSummary> {
        let limit = self.session.memory_budget().0 / (2 * self.session.threads() as u64).max(1);
        let sink = ParquetSink::new(folder.as_ref(), self.schema()?, self.npartitions()?, options)?;
        let sink = sink.with_memory_limit(limit);
        self.write(Arc::new(sink))
    }

    /// Writes one Arrow IPC file for each partition into a folder, which appears whole or not at all.
    ///
    /// # Errors
    /// As [`LazyFrame::write_parquet`].
    pub fn write_ipc(&self, folder: impl AsRef<std::path::Path>, options: IpcWriteOptions) -> Result<WriteSummary> {
        let sink = IpcSink::new(folder.as_ref(), self.schema()?, self.npartitions()?, options);
        self.write(Arc::new(sink))
    }

    fn write(&self, sink: Arc<dyn Sink>) -> Result<WriteSummary> {
        let plan = optimize(&Write::plan(self.plan()?, sink)?)?;
        let graph = Lower::graph(&plan, self.session.memory_budget().0)?;
        let outcome = self.session.executor().run(&graph, self.session.cancel())?;
        Ok(WriteSummary { files: outcome.files, report: outcome.report, estimate: outcome.estimate })
    }
}

/// Frames one after the other; all have the same columns of the same types.
pub fn concat(frames: impl IntoIterator<Item = LazyFrame>) -> Result<LazyFrame> {
    let frames: Vec<LazyFrame> = frames.into_iter().collect();
    let plans: Vec<Plan> = frames.iter().map(LazyFrame::plan).collect::<Result<_>>()?;
    let plan = Concat::plan(plans)?;
    let session = frames.first().map(|frame| frame.session.clone());
    let session = session.ok_or_else(|| Error::argument("concat", "needs at least one frame"))?;
    Ok(LazyFrame { session, plan: Ok(plan) })
}

pub(crate) fn column_names(plan: &Plan) -> Vec<String> {
    plan.schema().fields().iter().map(|field| field.name().clone()).collect()
}

impl fmt::Debug for LazyFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.plan {
            Ok(plan) => write!(f, "{plan:?}"),
            Err(error) => write!(f, "frame with an error: {error}"),
        }
    }
}
