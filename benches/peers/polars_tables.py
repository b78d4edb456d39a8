"""Polars' streaming engine. Each workload's function takes `Files` and returns a lazy frame."""

import os
from datetime import date

import polars as pl
import pyarrow as pa
from polars import col, scan_parquet

from tables import Files


def start(threads: int, memory_bytes: int | None, temp: str) -> None:
    """All is set by `environment`, which Polars reads as it is loaded."""
    assert pl.thread_pool_size() == threads


def environment(threads: int, memory_bytes: int | None, temp: str) -> dict[str, str]:
    """The variables to start the process with."""
    settings = {"POLARS_MAX_THREADS": str(threads), "POLARS_OOC_SPILL_DIR": temp}
    if memory_bytes:
        settings["POLARS_OOC_MEMORY_BUDGET_MB"] = str(memory_bytes // 2**20)
    return settings


def collect(frame: pl.LazyFrame) -> pa.Table:
    """Strings stay views: no copy."""
    return frame.collect(engine="streaming").to_arrow(compat_level=pl.CompatLevel.newest())


def write_parquet(frame: pl.LazyFrame, out: str) -> None:
    frame.sink_parquet(out, compression="snappy", engine="streaming")


def groupby_q1(files: Files) -> pl.LazyFrame:
    return scan_parquet(files.groupby).group_by("id1").agg(col("v1").sum())


def groupby_q2(files: Files) -> pl.LazyFrame:
    return scan_parquet(files.groupby).group_by("id1", "id2").agg(col("v1").sum())


def groupby_q3(files: Files) -> pl.LazyFrame:
    return scan_parquet(files.groupby).group_by("id3").agg(col("v1").sum(), col("v3").mean())


def groupby_q4(files: Files) -> pl.LazyFrame:
    return scan_parquet(files.groupby).group_by("id4").agg(col("v1", "v2", "v3").mean())


def groupby_q5(files: Files) -> pl.LazyFrame:
    return scan_parquet(files.groupby).group_by("id6").agg(col("v1", "v2", "v3").sum())


def groupby_q6(files: Files) -> pl.LazyFrame:
    stats = [col("v3").median().alias("median_v3"), col("v3").std().alias("sd_v3")]
    return scan_parquet(files.groupby).group_by("id4", "id5").agg(stats)


def groupby_q7(files: Files) -> pl.LazyFrame:
    span = col("v1").max() - col("v2").min()
    return scan_parquet(files.groupby).group_by("id3").agg(span.alias("range_v1_v2"))


def groupby_q8(files: Files) -> pl.LazyFrame:
    top = scan_parquet(files.groupby).drop_nulls("v3").group_by("id6").agg(col("v3").top_k(2))
    return top.explode("v3")


def groupby_q9(files: Files) -> pl.LazyFrame:
    r = pl.corr("v1", "v2")
    return scan_parquet(files.groupby).group_by("id2", "id4").agg((r**2).alias("r2"))


def groupby_q10(files: Files) -> pl.LazyFrame:
    grouped = scan_parquet(files.groupby).group_by("id1", "id2", "id3", "id4", "id5", "id6")
    return grouped.agg(col("v3").sum(), col("v1").count().alias("count"))


def sort(files: Files) -> pl.LazyFrame:
    return scan_parquet(files.groupby).sort("id3", "v3")


def join(files: Files, how: str, table: str, key: str, others: str) -> pl.LazyFrame:
    """All of the left table, the right one's `others` as `right_...`, and `v2`."""
    named = {name: f"right_{name}" for name in others.split()}
    right = scan_parquet(files.right(table)).select(key, "v2", *named).rename(named)
    return scan_parquet(files.left).join(right, on=key, how=how, maintain_order="none")


def join_q1(files: Files) -> pl.LazyFrame:
    return join(files, "inner", "small", "id1", "id4")


def join_q2(files: Files) -> pl.LazyFrame:
    return join(files, "inner", "medium", "id2", "id1 id4 id5")


def join_q3(files: Files) -> pl.LazyFrame:
    return join(files, "left", "medium", "id2", "id1 id4 id5")


def join_q4(files: Files) -> pl.LazyFrame:
    return join(files, "inner", "medium", "id5", "id1 id2 id4")


def join_q5(files: Files) -> pl.LazyFrame:
    return join(files, "inner", "big", "id3", "id1 id2 id4 id5 id6")


def revenue() -> pl.Expr:
    return col("l_extendedprice") * (1 - col("l_discount"))


def tpch_q1(files: Files) -> pl.LazyFrame:
    lineitem = scan_parquet(files.tpch("lineitem")).filter(col("l_shipdate") <= date(1998, 9, 2))
    grouped = lineitem.group_by("l_returnflag", "l_linestatus").agg(
        col("l_quantity").sum().alias("sum_qty"),
        col("l_extendedprice").sum().alias("sum_base_price"),
        revenue().sum().alias("sum_disc_price"),
        (revenue() * (1 + col("l_tax"))).sum().alias("sum_charge"),
        col("l_quantity").mean().alias("avg_qty"),
        col("l_extendedprice").mean().alias("avg_price"),
        col("l_discount").mean().alias("avg_disc"),
        pl.len().alias("count_order"),
    )
    return grouped.sort("l_returnflag", "l_linestatus")


def tpch_q3(files: Files) -> pl.LazyFrame:
    day = date(1995, 3, 15)
    customers = scan_parquet(files.tpch("customer")).filter(col("c_mktsegment") == "BUILDING")
    orders = scan_parquet(files.tpch("orders")).filter(col("o_orderdate") < day)
    lineitem = scan_parquet(files.tpch("lineitem")).filter(col("l_shipdate") > day)
    return (
        customers.join(orders, left_on="c_custkey", right_on="o_custkey")
        .join(lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .group_by(col("o_orderkey").alias("l_orderkey"), "o_orderdate", "o_shippriority")
        .agg(revenue().sum().alias("revenue"))
        .sort("revenue", "o_orderdate", descending=[True, False])
        .head(10)
    )


def tpch_q5(files: Files) -> pl.LazyFrame:
    year = (col("o_orderdate") >= date(1994, 1, 1)) & (col("o_orderdate") < date(1995, 1, 1))
    return (
        scan_parquet(files.tpch("region"))
        .filter(col("r_name") == "ASIA")
        .join(scan_parquet(files.tpch("nation")), left_on="r_regionkey", right_on="n_regionkey")
        .join(scan_parquet(files.tpch("customer")), left_on="n_nationkey", right_on="c_nationkey")
        .join(scan_parquet(files.tpch("orders")).filter(year), left_on="c_custkey", right_on="o_custkey")
        .join(scan_parquet(files.tpch("lineitem")), left_on="o_orderkey", right_on="l_orderkey")
        .join(
            scan_parquet(files.tpch("supplier")),
            left_on=["l_suppkey", "n_nationkey"],
            right_on=["s_suppkey", "s_nationkey"],
        )
        .group_by("n_name")
        .agg(revenue().sum().alias("revenue"))
        .sort("revenue", descending=True)
    )


def tpch_q6(files: Files) -> pl.LazyFrame:
    year = (col("l_shipdate") >= date(1994, 1, 1)) & (col("l_shipdate") < date(1995, 1, 1))
    kept = year & col("l_discount").is_between(0.05, 0.07) & (col("l_quantity") < 24)
    saved = (col("l_extendedprice") * col("l_discount")).sum().alias("revenue")
    return scan_parquet(files.tpch("lineitem")).filter(kept).select(saved)


def tpch_q9(files: Files) -> pl.LazyFrame:
    parts = scan_parquet(files.tpch("part")).filter(col("p_name").str.contains("green", literal=True))
    profit = revenue() - col("ps_supplycost") * col("l_quantity")
    return (
        parts.join(scan_parquet(files.tpch("partsupp")), left_on="p_partkey", right_on="ps_partkey")
        .join(
            scan_parquet(files.tpch("lineitem")),
            left_on=["p_partkey", "ps_suppkey"],
            right_on=["l_partkey", "l_suppkey"],
        )
        .join(scan_parquet(files.tpch("supplier")), left_on="ps_suppkey", right_on="s_suppkey")
        .join(scan_parquet(files.tpch("orders")), left_on="l_orderkey", right_on="o_orderkey")
        .join(scan_parquet(files.tpch("nation")), left_on="s_nationkey", right_on="n_nationkey")
        .group_by(col("n_name").alias("nation"), col("o_orderdate").dt.year().alias("o_year"))
        .agg(profit.sum().alias("sum_profit"))
        .sort("nation", "o_year", descending=[False, True])
    )


def tpch_q18(files: Files) -> pl.LazyFrame:
    lineitem = scan_parquet(files.tpch("lineitem"))
    large = lineitem.group_by("l_orderkey").agg(col("l_quantity").sum().alias("ordered")).filter(col("ordered") > 300)
    return (
        scan_parquet(files.tpch("orders"))
        .join(large, left_on="o_orderkey", right_on="l_orderkey", how="semi")
        .join(lineitem, left_on="o_orderkey", right_on="l_orderkey")
        .join(scan_parquet(files.tpch("customer")), left_on="o_custkey", right_on="c_custkey")
        .group_by("c_name", col("o_custkey").alias("c_custkey"), "o_orderkey", "o_orderdate", "o_totalprice")
        .agg(col("l_quantity").sum().alias("sum_quantity"))
        .sort("o_totalprice", "o_orderdate", descending=[True, False])
        .head(100)
    )
