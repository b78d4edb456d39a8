//! Every op there is, with the verb that users type: docs and the conformance suite go through this table.

/// An op's entry.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Name in `explain`.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
}

/// All ops.
pub const OPS: &[Entry] = &[
    Entry { name: "read", summary: "blocks of a source: files, batches in memory, a generator" },
    Entry { name: "select", summary: "columns computed from columns of the same row" },
    Entry { name: "filter", summary: "rows where a Boolean expression holds" },
    Entry { name: "head", summary: "the first rows" },
    Entry { name: "tail", summary: "the last rows" },
    Entry { name: "slice", summary: "rows from an offset on, counted from either end" },
    Entry { name: "aggregate", summary: "aggregates of the whole frame, or of each group of rows" },
    Entry { name: "join", summary: "rows of two frames side by side where their keys are equal" },
    Entry { name: "join_asof", summary: "each row beside the nearest row of another frame" },
    Entry { name: "sort", summary: "rows in the order of keys" },
    Entry { name: "top_k", summary: "the first rows in the order of keys" },
    Entry { name: "set_index", summary: "rows sorted by a column into partitions of known divisions" },
    Entry { name: "check_order", summary: "rows said to be in the order of a column, checked while they stream" },
    Entry { name: "divide", summary: "the same rows in order, in partitions of given divisions" },
    Entry { name: "partitions", summary: "some of the partitions; the others are never read" },
    Entry { name: "rebalance", summary: "the same rows in order, in partitions of evenly many rows" },
    Entry { name: "measure", summary: "rows, bytes or ends of each partition, one row a partition" },
    Entry { name: "key_bounds", summary: "divisions of a column into ranges of about as many rows" },
    Entry { name: "explode", summary: "one row for each element of a list" },
    Entry { name: "row_random", summary: "a random number beside each row, for shuffles and samples" },
    Entry { name: "row_position", summary: "where each row stands, so that rows that move find back" },
    Entry { name: "in_order", summary: "rows that moved, back in the order of their positions" },
    Entry { name: "window", summary: "running sums, ranks and shifts within groups or over the whole frame" },
    Entry { name: "coalesce", summary: "the same rows in fewer partitions" },
    Entry { name: "concat", summary: "frames one after the other" },
    Entry { name: "map_partitions", summary: "a function of the user's over whole partitions" },
    Entry { name: "write", summary: "one file for each partition" },
];

/// All ops over arrays.
pub const ARRAY_OPS: &[Entry] = &[
    Entry {
        name: "read",
        summary: "chunks of a source: a file, memory, a constant, a sequence, random numbers, a function",
    },
    Entry { name: "elementwise", summary: "an expression over elements at the same place; shapes broadcast" },
    Entry { name: "bytes", summary: "the bytes of a vector's elements, so that arrays of several types can be one" },
    Entry { name: "complex", summary: "a function of complex numbers at the same place; shapes broadcast" },
    Entry { name: "broadcast_to", summary: "an array repeated to fill a shape" },
    Entry { name: "transpose", summary: "the axes in another order" },
    Entry { name: "slice", summary: "some elements along each axis, at even steps" },
    Entry { name: "take", summary: "elements of an axis at a list of places" },
    Entry { name: "take_along_axis", summary: "elements of each lane at the places that another array gives" },
    Entry { name: "reshape", summary: "the same elements, row by row, in another shape" },
    Entry { name: "rechunk", summary: "the same elements in other chunks" },
    Entry { name: "concatenate", summary: "arrays one after the other along an axis" },
    Entry { name: "assign", summary: "an array with some elements replaced by those of another one" },
    Entry { name: "reduce", summary: "the elements along axes made one: sum, mean, place of the least, ..." },
    Entry {
        name: "lanes",
        summary: "a function of the elements along an axis, in order: sorted, running sums, quantiles",
    },
    Entry { name: "digitize", summary: "between which of some sorted bounds each element lies" },
    Entry { name: "matmul", summary: "the product of two matrices, block by block" },
    Entry { name: "triangle", summary: "the triangle R of Q R, which a tall matrix is" },
    Entry { name: "map_blocks", summary: "a function of the user's over chunks" },
    Entry { name: "map_overlap", summary: "a function of the user's over boxes with their neighbours" },
    Entry { name: "to_frame", summary: "the columns of a matrix as a frame" },
    Entry { name: "from_frame", summary: "the columns of a frame as a matrix" },
];
