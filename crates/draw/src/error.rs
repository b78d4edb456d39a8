//! The one error type of the crate. It says what was wrong with the input in words the caller can show as they are;
//! it does not wrap the errors of writing files, since nothing here writes any.

/// Why a picture could not be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An edge names a node that the graph does not have.
    #[error("edge {edge} goes from node {from} to node {to}, but the graph has {nodes} nodes")]
    EdgeOutOfRange {
        /// Position of the edge in [`Graph::edges`](crate::Graph::edges).
        edge: usize,
        /// Its source.
        from: usize,
        /// Its target.
        to: usize,
        /// How many nodes there are.
        nodes: usize,
    },
    /// The graph has a cycle, so it is no task graph.
    #[error("the graph has a cycle: {}", path.join(" -> "))]
    Cycle {
        /// Labels of the nodes along the cycle; the first is repeated at the end. A long one is cut in the middle.
        path: Vec<String>,
    },
    /// The name or file ending stands for no format.
    #[error("'{name}' is no picture format; supported are {}", crate::options::SUPPORTED)]
    UnknownFormat {
        /// What was asked for.
        name: String,
    },
    /// The name stands for no value of an option.
    #[error("'{name}' is no {option}; supported are {supported}")]
    UnknownOption {
        /// The option, as "direction" or "colouring".
        option: &'static str,
        /// What was asked for.
        name: String,
        /// The accepted names.
        supported: &'static str,
    },
    /// The format cannot show this kind of picture.
    #[error("{what} cannot be drawn as {format}; supported are svg and png")]
    UnsupportedFormat {
        /// The kind of picture.
        what: &'static str,
        /// Name of the format.
        format: &'static str,
    },
    /// PNG was asked for, but the crate was built without it.
    #[error("this build draws no png files (feature `png` is off); supported are svg, dot, mermaid")]
    PngNotBuilt,
    /// The chunk lengths do not fit the shape.
    #[error("chunks do not fit the shape: {reason}")]
    Chunks {
        /// Which axis, and what is wrong with it.
        reason: String,
    },
    /// The layout library refused the graph.
    #[error("the graph could not be laid out: {reason}")]
    Layout {
        /// What the library said.
        reason: String,
    },
    /// The picture could not be turned into pixels.
    #[error("the picture could not be turned into pixels: {reason}")]
    Raster {
        /// What the rasteriser said.
        reason: String,
    },
}
