//! Verbs that move rows: sort, join, distinct.

use blockfold_core::{DType, Error, Expr, IntoExpr, Result, col, len};
use blockfold_kernels::join::JoinKind;
use blockfold_ops::frame::{
    Aggregate, Coalesce, Explode, Filter, Join, JoinArgs, RowRandom, Select, Sort, SortKey, TopK, asc, desc,
};

use blockfold_plan::Plan;

use crate::frame::{LazyFrame, column_names};

/// The column of random numbers while rows are shuffled.
const RANDOM: &str = "\u{0}random";

impl LazyFrame {
    /// Rows in the order of keys, the first one before the others; rows of equal keys keep their order.
    ///
    /// NaN is greater than every number; nulls come last unless a key says otherwise.
    ///
    /// # Memory
    /// Rows wait in memory as far as the budget allows, else in scratch. [`LazyFrame::head`] of a sorted frame
    /// keeps the first rows only.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(frame: LazyFrame) -> LazyFrame {
    /// frame.sort([asc("name"), desc("x").nulls_first()])
    /// # }
    /// ```
    pub fn sort<K: Into<SortKey>>(&self, keys: impl IntoIterator<Item = K>) -> LazyFrame {
        let keys: Vec<SortKey> = keys.into_iter().map(Into::into).collect();
        self.then(|plan| Sort::plan(plan, keys))
    }

    /// The first `n` rows in the order of keys, without sorting the others.
    ///
    /// # Memory
    /// Twice as many rows for each thread.
    pub fn top_k<K: Into<SortKey>>(&self, n: u64, keys: impl IntoIterator<Item = K>) -> LazyFrame {
        let keys: Vec<SortKey> = keys.into_iter().map(Into::into).collect();
        self.then(|plan| TopK::plan(plan, keys, n))
    }

    /// Rows of this frame beside those of another where keys of the same names are equal. Keys come once; a column
    /// of the other frame whose name is taken gets the suffix `_right`.
    ///
    /// # Nulls
    /// Null keys equal nothing, as in SQL; see [`LazyFrame::join_with`] for pandas' way.
    ///
    /// # Memory
    /// A small side becomes a table that every task shares; else both sides are brought together by key, in memory
    /// as far as the budget allows. A join that multiplies rows streams.
    ///
    /// # Errors
    /// Keys of types that cannot be compared, missing columns, two columns of one name.
    ///
    /// # Examples
    /// ```
    /// # use blockfold::prelude::*;
    /// # fn frame(orders: LazyFrame, customers: LazyFrame) -> LazyFrame {
    /// orders.join(&customers, ["customer_id"], JoinKind::Left)
    /// # }
    /// ```
    pub fn join<E: IntoExpr>(&self, other: &LazyFrame, on: impl IntoIterator<Item = E>, kind: JoinKind) -> LazyFrame {
        self.join_with(other, JoinArgs::on(kind, on))
    }

    /// A join with keys of different names, another suffix, or nulls that equal each other.
    ///
    /// # Errors
    /// As [`LazyFrame::join`].
    pub fn join_with(&self, other: &LazyFrame, args: JoinArgs) -> LazyFrame {
        self.then(|left| Join::plan(left, other.plan()?, args))
    }

    /// Every row of this frame beside every row of another.
    pub fn cross_join(&self, other: &LazyFrame) -> LazyFrame {
        self.join(other, Vec::<Expr>::new(), JoinKind::Cross)
    }

    /// Each row once. Nulls equal each other, as do all NaN.
    ///
    /// # Memory
    /// As a group-by with as many groups.
    pub fn distinct(&self) -> LazyFrame {
        self.then(|plan| {
            let keys = column_names(&plan).into_iter().map(col).collect();
            Aggregate::plan(plan, keys, Vec::new())
        })
    }

    /// The first row of each group of rows with equal values in these columns.
    ///
    /// # Errors
    /// Missing columns.
    pub fn distinct_by<S: AsRef<str>>(&self, columns: impl IntoIterator<Item = S>) -> LazyFrame {
        let keys: Vec<String> = columns.into_iter().map(|name| name.as_ref().to_string()).collect();
        self.then(|plan| {
            let have = column_names(&plan);
            if let Some(name) = keys.iter().find(|name| !have.contains(name)) {
                return Err(Error::ColumnNotFound { name: name.clone(), have });
            }
            let others = have.iter().filter(|name| !keys.contains(name));
            let firsts = others.map(|name| col(name).first().alias(name)).collect();
            let groups = Aggregate::plan(plan, keys.iter().map(col).collect(), firsts)?;
            Select::plan(groups, have.iter().map(col).collect())
        })
    }

    /// The same rows in at most `partitions` partitions, in order. Nothing moves: a partition is a share of
    /// neighbouring ones.
    ///
    /// # Errors
    /// No partitions at all.
    pub fn coalesce(&self, partitions: usize) -> LazyFrame {
        self.then(|plan| Coalesce::plan(plan, partitions))
    }

    /// One row for each element of a list in `column`; an empty list and a null give one row with null.
    ///
    /// # Errors
    /// No such column, or one that holds no lists.
    pub fn explode(&self, column: &str) -> LazyFrame {
        self.then(|plan| Explode::plan(plan, column))
    }

    /// The rows in random order, the same for a seed whatever the threads and the budget.
    ///
    /// # Memory
    /// As [`LazyFrame::sort`].
    pub fn shuffle(&self, seed: u64) -> LazyFrame {
        self.by_random(seed, |plan| Sort::plan(plan, vec![asc(RANDOM)]))
    }

    /// Each row with a probability of `fraction`, the same rows for a seed whatever the threads and the budget.
    ///
    /// # Errors
    /// A fraction outside of 0 to 1.
    pub fn sample(&self, fraction: f64, seed: u64) -> LazyFrame {
        self.by_random(seed, |plan| {
            if !(0.0..=1.0).contains(&fraction) {
                return Err(Error::argument("sample", format!("{fraction} is no fraction; give one from 0 to 1")));
            }
            // Of the 64 random bits 53 are compared, as many as a float tells apart.
            let bits = (col(RANDOM).cast(DType::Float64)) / 2f64.powi(64);
            Filter::plan(plan, bits.lt(fraction))
        })
    }

    /// `n` rows by chance, or all when there are fewer.
    ///
    /// # Memory
    /// As [`LazyFrame::top_k`].
    pub fn sample_n(&self, n: u64, seed: u64) -> LazyFrame {
        self.by_random(seed, |plan| TopK::plan(plan, vec![asc(RANDOM)], n))
    }

    /// What is done by a random number beside each row, which is left out again.
    fn by_random(&self, seed: u64, f: impl FnOnce(Plan) -> Result<Plan>) -> LazyFrame {
        self.then(|plan| {
            let names = column_names(&plan);
            Select::plan(f(RowRandom::plan(plan, seed, RANDOM)?)?, names.iter().map(col).collect())
        })
    }

    /// How often each value of a column occurs, in a column `count`, the most frequent first.
    ///
    /// # Nulls
    /// Null is a value of its own.
    pub fn value_counts(&self, column: &str) -> LazyFrame {
        let counts = self.then(|plan| Aggregate::plan(plan, vec![col(column)], vec![len().alias("count")]));
        counts.sort([desc("count"), SortKey::from(col(column))])
    }
}
