//! What things are: scalars, expressions, grids, blocks, budgets and errors.
//!
//! This crate knows neither plans nor files nor threads. Data types, schemas and columns in memory are
//! Arrow's, re-exported here under one name so that every crate of the workspace speaks of the same ones.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]

pub mod block;
pub mod bytes;
pub mod cancel;
pub mod cast;
pub mod columns;
mod dispatch;
pub mod error;
pub mod expr;
pub mod grid;
pub mod memory;
pub mod region;
pub mod scalar;
pub mod tensor;

pub use arrow::array::{ArrayRef, RecordBatch};
pub use arrow::datatypes::{DataType as DType, Field, Schema, SchemaRef, TimeUnit};
pub use block::Block;
pub use bytes::ByteSize;
pub use cancel::Cancel;
pub use columns::{Columns, Form};
pub use error::{Error, Result};
pub use expr::{
    AggFunc, BinaryOp, CustomAgg, Expr, Function, Interpolation, IntoExpr, IntoLiteral, UserFunction, col, corr, cov,
    len, lit, when,
};
pub use grid::{Divisions, Grid, Lengths};
pub use memory::{Budget, Permit};
pub use region::{Chunks, Region};
pub use scalar::Scalar;
pub use tensor::Tensor;
