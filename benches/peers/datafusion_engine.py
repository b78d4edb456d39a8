"""DataFusion. Each function takes a path and returns an Arrow table."""

from pathlib import Path

from datafusion import SessionConfig, SessionContext, col
from datafusion import functions as f

from workloads import THREADS

CONTEXT = SessionContext(SessionConfig().with_target_partitions(THREADS))


def scan(path):
    return CONTEXT.read_parquet(str(Path(path).parent))


def year_sum(path):
    return scan(path).aggregate([col("id")], [f.sum(col("x")).alias("x")]).to_arrow_table()


ten_years_sum = year_sum


def name_stats(path):
    stats = [f.avg(col("x")).alias("x_mean"), f.stddev(col("y")).alias("y_std")]
    return scan(path).aggregate([col("name")], stats).to_arrow_table()


def filter_mean(path):
    kept = scan(path).filter(col("x") > 0.9)
    return kept.aggregate([col("id")], [f.avg(col("y")).alias("y")]).to_arrow_table()


def groups_sum(path):
    sums = [f.sum(col(name)).alias(name) for name in ("v1", "v2", "v3")]
    return scan(path).aggregate([col("id")], sums).to_arrow_table()
