//! Pictures of task graphs and plans, and of chunked arrays, without Graphviz or any other program. [`draw`] lays a
//! graph out and writes SVG, PNG, DOT or Mermaid; [`collapse`] merges a graph of millions of tasks into one that can
//! be looked at; [`array_picture`] and [`array_html`] show how an array is cut into chunks. The crate knows nothing
//! of how graphs are made or run, opens no file and starts no thread.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod amount;
mod array;
mod centring;
mod collapse;
mod color;
mod dot;
mod error;
mod graph;
mod layout;
mod legend;
mod mermaid;
mod options;
mod paint;
mod picture;
#[cfg(feature = "png")]
mod raster;
mod route;
mod scene;
mod svg;
mod text;

pub use array::{array_html, array_picture};
pub use collapse::{Collapsed, collapse};
pub use error::Error;
pub use graph::{Edge, Graph, Node, Shape};
pub use options::{Background, ColorBy, Format, Options, Rankdir};
pub use picture::{Picture, draw};
