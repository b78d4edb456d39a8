//! What a join is asked for.

use arrow::datatypes::SchemaRef;
use blockfold_core::{Error, Result};

/// Rows of an output batch, unless told otherwise.
const MAX_ROWS: usize = 32 << 10;

/// Which rows a join gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs of rows with equal keys.
    Inner,
    /// Pairs, and left rows without one.
    Left,
    /// Pairs, and right rows without one.
    Right,
    /// Pairs, and rows of both sides without one.
    Full,
    /// Left rows with a pair, once each.
    Semi,
    /// Left rows without a pair.
    Anti,
    /// All pairs of rows; there are no keys.
    Cross,
}

/// Where an output column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputColumn {
    /// A column of the probe side; null for build rows without a pair.
    Probe(usize),
    /// A column of the build side; null for probe rows without a pair.
    Build(usize),
    /// A key that both sides have: of the probe side where its row is present, else of the build side.
    Key {
        /// Column of the probe side.
        probe: usize,
        /// Column of the build side.
        build: usize,
    },
}

/// What a join is asked for.
#[derive(Clone, Debug)]
pub struct JoinOptions {
    /// Which rows it gives, in terms of the user's left and right.
    pub kind: JoinKind,
    /// Whether the table holds the user's left side.
    pub build_is_left: bool,
    /// Whether null keys equal each other: so in pandas, not so in SQL.
    pub null_equals_null: bool,
    /// The output's columns.
    pub schema: SchemaRef,
    /// Where each of them comes from.
    pub columns: Vec<OutputColumn>,
    /// Rows of an output batch, at most.
    pub max_rows: usize,
    /// Whether the ranges of keys are going to be asked for.
    pub ranges: bool,
}

impl JoinOptions {
    /// A join whose table holds the right side, whose null keys match nothing, in batches of at most 32 Ki rows.
    pub fn new(kind: JoinKind, schema: SchemaRef, columns: Vec<OutputColumn>) -> Self {
        JoinOptions {
            kind,
            build_is_left: false,
            null_equals_null: false,
            schema,
            columns,
            max_rows: MAX_ROWS,
            ranges: false,
        }
    }

    /// The side that is made a table: 0 for the left one.
    pub fn build_side(&self) -> usize {
        usize::from(!self.build_is_left)
    }

    /// # Errors
    /// [`Error::Argument`] when something does not fit together.
    pub(super) fn check(&self, build_columns: usize, keys: usize) -> Result<()> {
        let refuse = |what: &str| Err(Error::argument("join", what));
        let is_beyond = |column: &OutputColumn| match column {
            OutputColumn::Probe(_) => false,
            OutputColumn::Build(build) | OutputColumn::Key { build, .. } => *build >= build_columns,
        };
        if (self.kind == JoinKind::Cross) != (keys == 0) {
            return refuse("a cross join has no keys, every other join has some");
        }
        if self.columns.len() != self.schema.fields().len() {
            return refuse("the output needs one source for each of its columns");
        }
        if self.columns.iter().any(is_beyond) {
            return refuse("an output column comes from a build column that does not exist");
        }
        if self.max_rows == 0 {
            return refuse("batches of no rows were asked for");
        }
        Ok(())
    }

    /// What probing gives.
    pub(super) fn emits(&self) -> Emits {
        let keeps_probe = self.kind == JoinKind::Full || self.kind == self.outer_of(!self.build_is_left);
        match (self.kind, self.build_is_left) {
            (JoinKind::Semi | JoinKind::Anti, true) => Emits::Nothing,
            (JoinKind::Semi, false) => Emits::Rows { matched: true },
            (JoinKind::Anti, false) => Emits::Rows { matched: false },
            _ => Emits::Pairs { keeps_probe },
        }
    }

    /// Which build rows are due after probing: the matched ones, the others, or none.
    pub(super) fn owes(&self) -> Option<Owes> {
        match (self.kind, self.build_is_left) {
            (JoinKind::Semi, true) => Some(Owes::Matched),
            (JoinKind::Anti, true) | (JoinKind::Full, _) => Some(Owes::Unmatched),
            (kind, is_left) if kind == self.outer_of(is_left) => Some(Owes::Unmatched),
            _ => None,
        }
    }

    /// The kind that keeps all rows of one side.
    fn outer_of(&self, is_left: bool) -> JoinKind {
        if is_left { JoinKind::Left } else { JoinKind::Right }
    }
}

/// What probing gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emits {
    /// Pairs, and probe rows without one when they are kept.
    Pairs { keeps_probe: bool },
    /// Probe rows with or without a pair.
    Rows { matched: bool },
    /// Only what is learnt of build rows.
    Nothing,
}

/// Build rows that are due after probing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owes {
    Matched,
    Unmatched,
}
