"""Polars' streaming engine. Each function takes a path and returns an Arrow table."""

import polars as pl
from polars import col


def table(frame: pl.LazyFrame):
    return frame.collect(engine="streaming").to_arrow()


def year_sum(path):
    return table(pl.scan_parquet(path).group_by("id").agg(col("x").sum()))


ten_years_sum = year_sum


def name_stats(path):
    stats = [col("x").mean().alias("x_mean"), col("y").std().alias("y_std")]
    return table(pl.scan_parquet(path).group_by("name").agg(stats))


def filter_mean(path):
    return table(pl.scan_parquet(path).filter(col("x") > 0.9).group_by("id").agg(col("y").mean()))


def ipc_sum(path):
    return table(pl.scan_ipc(path).group_by("id").agg(col("x").sum()))


def groups_sum(path):
    return table(pl.scan_parquet(path).group_by("id").agg(col("v1", "v2", "v3").sum()))
