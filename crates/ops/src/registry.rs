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
