//! **blockfold**: dataframes larger than memory, inside a memory limit that holds.
//!
//! A lazy frame is a description of work. Nothing is read until it is asked for an answer; then the plan is
//! optimised, fused to chains of steps, and run block by block on all cores within the session's budget.
//!
//! ```
//! use blockfold::prelude::*;
//!
//! # fn main() -> blockfold::Result<()> {
//! let session = Session::builder().memory_budget(ByteSize::mib(256)).build()?;
//! let series = datasets::timeseries(&session, datasets::options().start("2000-01-01").end("2000-01-08"))?;
//! let sums = series.group_by(["id"]).agg([col("x").sum()]).collect()?;
//! assert!(sums.num_rows() > 100);
//! # Ok(())
//! # }
//! ```
//!
//! # Nulls
//! As in SQL and Polars: an operation on null gives null, comparisons are three-valued, a filter keeps rows
//! where its predicate is true, aggregates skip nulls, and null keys form a group of their own.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod array;
mod asof;
mod cluster;
mod collected;
mod comparison;
#[cfg(feature = "dashboard")]
mod dashboard;
pub mod datasets;
pub mod delayed;
mod describe;
mod divisions;
mod frame;
mod group_by;
mod inner;
mod persist;
mod recording;
mod repartition;
mod rows;
mod session;
mod table;
mod transform;
pub mod visualize;
pub mod window;

pub use array::{Array, Axes, AxisChunks, Chunking, Element, Index, NdArray, RandomArrays};
pub use blockfold_core::tensor::{Tile, complex, complex_part, type_name};
pub use blockfold_core::{
    AggFunc, Block, ByteSize, Cancel, Chunks, CustomAgg, DType, Divisions, Error, Expr, Field, Form, Grid,
    Interpolation, IntoExpr, IntoLiteral, RecordBatch, Region, Result, Scalar, Schema, SchemaRef, Tensor, TimeUnit,
    UserFunction, col, corr, cov, len, lit, when,
};
pub use blockfold_exec::{
    BatchIter, ChainPlan, ChainReport, Cut, Event, Fragment, Fragments, Parcel, Read, RunEnd, RunPlan, RunReport,
    Subscriber, Work, is_in_pool, standing_in,
};
pub use blockfold_io::ipc::{IpcCompression, IpcWriteOptions};
pub use blockfold_io::output::OutputFolder;
pub use blockfold_io::parquet::sink::{Compression, Dictionary, ParquetWriteOptions};
pub use blockfold_io::paths::Paths;
pub use blockfold_kernels::functions::{ExprFunctions, find as find_function};
pub use blockfold_kernels::join::{AsofDirection as AsofStrategy, JoinKind};
pub use blockfold_kernels::sort::SortOrder;
pub use blockfold_ops::frame::{AsofArgs as AsofOptions, JoinArgs, RankMethod, SortKey, asc, desc};
pub use blockfold_ops::registry;
pub use blockfold_plan::{ChainEstimate, Estimate, Source, Stage};
pub use blockfold_watch as watch;
pub use collected::{Frame, WriteSummary};
pub use comparison::{Analysis, Comparison};
pub use delayed::{Bag, Client, Delayed, Future, compute_all, delayed, try_delayed};
pub use divisions::SetIndexOptions;
pub use frame::{LazyFrame, concat};
pub use group_by::GroupBy;
pub use inner::{InnerAnswer, InnerRun, InnerRuns, answered_by, answering};
pub use session::{Session, SessionBuilder, cancellable};
pub use table::short_type;
pub use window::WindowExpr;

/// What most programs need.
pub mod prelude {
    pub use crate::{
        Array, Axes, ByteSize, Client, DType, Delayed, Error, Expr, ExprFunctions, Frame, Index, IntoExpr, JoinArgs,
        JoinKind, LazyFrame, NdArray, RankMethod, Result, Session, SetIndexOptions, SortKey, Stage, asc, col, concat,
        corr, cov, delayed, desc, len, lit, try_delayed, when,
    };
    pub use crate::{datasets, window};
}
