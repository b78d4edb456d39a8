//! The workloads of the tables benchmark: db-benchmark's group-by and join questions, a sort, queries of TPC-H.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use blockfold::prelude::*;

/// Right tables of a join have at most so many rows.
const LARGEST_RIGHT: f64 = 1e7;

/// Where the data of a size lie.
pub struct Files<'a> {
    /// What reads them.
    pub session: &'a Session,
    /// The folder of all data.
    pub data: &'a Path,
    /// Rows of the left table as `1e7`, or TPC-H's scale factor.
    pub size: &'a str,
}

impl Files<'_> {
    fn read(&self, folder: String) -> Result<LazyFrame> {
        Ok(self.session.read_parquet(self.data.join(folder))?)
    }

    fn groupby(&self) -> Result<LazyFrame> {
        self.read(format!("groupby_{}", self.size))
    }

    fn left(&self) -> Result<LazyFrame> {
        self.read(format!("join_{}/x", self.size))
    }

    fn right(&self, table: &str) -> Result<LazyFrame> {
        let is_larger = self.size.parse::<f64>()? > LARGEST_RIGHT;
        self.read(format!("join_{}/{table}", if is_larger { "1e7" } else { self.size }))
    }

    fn tpch(&self, table: &str) -> Result<LazyFrame> {
        let file: PathBuf = self.data.join(format!("tpch{}/{table}.parquet", self.size));
        Ok(self.session.read_parquet(file)?)
    }

    /// The frame of a workload, without its `_parquet`.
    ///
    /// # Errors
    /// An unknown name, missing data.
    pub fn work(&self, name: &str) -> Result<LazyFrame> {
        match name.split_once('_') {
            Some(("groupby", question)) => self.group_by(question),
            Some(("join", question)) => self.join(question),
            Some(("tpch", query)) => self.query(query),
            _ if name == "sort" => Ok(self.groupby()?.sort(["id3", "v3"])),
            _ => bail!("unknown workload {name}"),
        }
    }

    fn group_by(&self, question: &str) -> Result<LazyFrame> {
        let by = |keys: &[&str], aggs: Vec<Expr>| Ok(self.groupby()?.group_by(keys.iter().copied()).agg(aggs));
        let (v1, v2, v3) = (|| col("v1"), || col("v2"), || col("v3"));
        match question {
            "q1" => by(&["id1"], vec![v1().sum()]),
            "q2" => by(&["id1", "id2"], vec![v1().sum()]),
            "q3" => by(&["id3"], vec![v1().sum(), v3().mean()]),
            "q4" => by(&["id4"], vec![v1().mean(), v2().mean(), v3().mean()]),
            "q5" => by(&["id6"], vec![v1().sum(), v2().sum(), v3().sum()]),
            "q6" => by(&["id4", "id5"], vec![v3().median().alias("median_v3"), v3().std(1).alias("sd_v3")]),
            "q7" => by(&["id3"], vec![(v1().max() - v2().min()).alias("range_v1_v2")]),
            "q8" => {
                let top = self.groupby()?.filter(v3().is_not_null()).group_by(["id6"]).agg([v3().top_k(2).alias("v3")]);
                Ok(top.explode("v3"))
            }
            "q9" => by(&["id2", "id4"], vec![(corr(v1(), v2()) * corr(v1(), v2())).alias("r2")]),
            "q10" => by(&["id1", "id2", "id3", "id4", "id5", "id6"], vec![v3().sum(), v1().count().alias("count")]),
            _ => bail!("unknown question {question}"),
        }
    }

    /// All of the left table, `others` of the right one as `right_...`, and `v2`.
    fn join(&self, question: &str) -> Result<LazyFrame> {
        let (kind, table, key, others) = match question {
            "q1" => (JoinKind::Inner, "small", "id1", "id4"),
            "q2" => (JoinKind::Inner, "medium", "id2", "id1 id4 id5"),
            "q3" => (JoinKind::Left, "medium", "id2", "id1 id4 id5"),
            "q4" => (JoinKind::Inner, "medium", "id5", "id1 id2 id4"),
            "q5" => (JoinKind::Inner, "big", "id3", "id1 id2 id4 id5 id6"),
            _ => bail!("unknown question {question}"),
        };
        let renamed = others.split(' ').map(|name| col(name).alias(format!("right_{name}")));
        let columns: Vec<Expr> = [col(key), col("v2")].into_iter().chain(renamed).collect();
        Ok(self.left()?.join(&self.right(table)?.select(columns), [key], kind))
    }

    fn query(&self, query: &str) -> Result<LazyFrame> {
        match query {
            "q1" => self.q1(),
            "q3" => self.q3(),
            "q5" => self.q5(),
            "q6" => self.q6(),
            "q9" => self.q9(),
            "q18" => self.q18(),
            _ => bail!("unknown query {query}"),
        }
    }

    fn q1(&self) -> Result<LazyFrame> {
        let lineitem = self.tpch("lineitem")?.filter(col("l_shipdate").lt_eq("1998-09-02"));
        let grouped = lineitem.group_by(["l_returnflag", "l_linestatus"]).agg([
            col("l_quantity").sum().alias("sum_qty"),
            col("l_extendedprice").sum().alias("sum_base_price"),
            revenue().sum().alias("sum_disc_price"),
            (revenue() * (lit(1.0) + col("l_tax"))).sum().alias("sum_charge"),
            col("l_quantity").mean().alias("avg_qty"),
            col("l_extendedprice").mean().alias("avg_price"),
            col("l_discount").mean().alias("avg_disc"),
            len().alias("count_order"),
        ]);
        Ok(grouped.sort(["l_returnflag", "l_linestatus"]))
    }

    fn q3(&self) -> Result<LazyFrame> {
        let customers = self.tpch("customer")?.filter(col("c_mktsegment").eq("BUILDING"));
        let orders = self.tpch("orders")?.filter(col("o_orderdate").lt("1995-03-15"));
        let lineitem = self.tpch("lineitem")?.filter(col("l_shipdate").gt("1995-03-15"));
        let orders = orders.join_with(&customers, keys("o_custkey", "c_custkey"));
        let joined = lineitem.join_with(&orders, keys("l_orderkey", "o_orderkey"));
        let grouped = joined.group_by(["l_orderkey", "o_orderdate", "o_shippriority"]);
        Ok(grouped.agg([revenue().sum().alias("revenue")]).sort([desc("revenue"), asc("o_orderdate")]).head(10))
    }

    fn q5(&self) -> Result<LazyFrame> {
        let year = between("o_orderdate", "1994-01-01", "1995-01-01");
        let nations = self
            .tpch("nation")?
            .join_with(&self.tpch("region")?.filter(col("r_name").eq("ASIA")), keys("n_regionkey", "r_regionkey"));
        let customers = self.tpch("customer")?.join_with(&nations, keys("c_nationkey", "n_nationkey"));
        let orders = self.tpch("orders")?.filter(year).join_with(&customers, keys("o_custkey", "c_custkey"));
        let lineitem = self.tpch("lineitem")?.join_with(&orders, keys("l_orderkey", "o_orderkey"));
        let mut both = keys("l_suppkey", "s_suppkey");
        both.left_on.push(col("c_nationkey"));
        both.right_on.push(col("s_nationkey"));
        let joined = lineitem.join_with(&self.tpch("supplier")?, both);
        Ok(joined.group_by(["n_name"]).agg([revenue().sum().alias("revenue")]).sort([desc("revenue")]))
    }

    fn q6(&self) -> Result<LazyFrame> {
        let kept = between("l_shipdate", "1994-01-01", "1995-01-01")
            .and(col("l_discount").gt_eq(0.05))
            .and(col("l_discount").lt_eq(0.07))
            .and(col("l_quantity").lt(24.0));
        let saved = (col("l_extendedprice") * col("l_discount")).sum().alias("revenue");
        Ok(self.tpch("lineitem")?.filter(kept).select([saved]))
    }

    fn q9(&self) -> Result<LazyFrame> {
        let parts = self.tpch("part")?.filter(col("p_name").contains("green"));
        let profit = revenue() - col("ps_supplycost") * col("l_quantity");
        let suppliers = self.tpch("supplier")?.join_with(&self.tpch("nation")?, keys("s_nationkey", "n_nationkey"));
        let partsupp = self.tpch("partsupp")?.join_with(&parts, keys("ps_partkey", "p_partkey"));
        let mut both = keys("l_partkey", "ps_partkey");
        both.left_on.push(col("l_suppkey"));
        both.right_on.push(col("ps_suppkey"));
        let lineitem = self.tpch("lineitem")?.join_with(&partsupp, both);
        let lineitem = lineitem.join_with(&suppliers, keys("l_suppkey", "s_suppkey"));
        let joined = self.tpch("orders")?.join_with(&lineitem, keys("o_orderkey", "l_orderkey"));
        let grouped = joined.group_by([col("n_name").alias("nation"), col("o_orderdate").year().alias("o_year")]);
        Ok(grouped.agg([profit.sum().alias("sum_profit")]).sort([asc("nation"), desc("o_year")]))
    }

    fn q18(&self) -> Result<LazyFrame> {
        let lineitem = self.tpch("lineitem")?;
        let large = lineitem.group_by(["l_orderkey"]).agg([col("l_quantity").sum().alias("ordered")]);
        let large = large.filter(col("ordered").gt(300.0));
        let orders = self
            .tpch("orders")?
            .join_with(&large, JoinArgs { kind: JoinKind::Semi, ..keys("o_orderkey", "l_orderkey") });
        let orders = orders.join_with(&self.tpch("customer")?, keys("o_custkey", "c_custkey"));
        let joined = lineitem.join_with(&orders, keys("l_orderkey", "o_orderkey"));
        let by = ["c_name", "c_custkey", "o_orderkey", "o_orderdate", "o_totalprice"].map(col);
        let sums = joined.group_by(by).agg([col("l_quantity").sum().alias("sum_quantity")]);
        Ok(sums.sort([desc("o_totalprice"), asc("o_orderdate")]).head(100))
    }
}

fn keys(left: &str, right: &str) -> JoinArgs {
    let mut args = JoinArgs::on(JoinKind::Inner, [left]);
    args.right_on = vec![col(right)];
    args
}

fn revenue() -> Expr {
    col("l_extendedprice") * (lit(1.0) - col("l_discount"))
}

fn between(column: &str, from: &str, to: &str) -> Expr {
    col(column).gt_eq(from).and(col(column).lt(to))
}
