"""DuckDB in memory. Each workload's function takes `Files` and returns a query."""

import duckdb
import pyarrow as pa

from tables import Files

CONNECTION = duckdb.connect()


def start(threads: int, memory_bytes: int | None, temp: str) -> None:
    """No order is asked for but by ORDER BY, so that large results need not be held to keep one."""
    settings = {"threads": threads, "temp_directory": temp, "preserve_insertion_order": False}
    if memory_bytes:
        settings["memory_limit"] = f"{memory_bytes}B"
    for name, value in settings.items():
        CONNECTION.execute(f"SET {name} = '{value}'")
    CONNECTION.execute("SET enable_progress_bar = false")


def collect(query: str) -> pa.Table:
    return CONNECTION.sql(query).to_arrow_table()


def write_parquet(query: str, out: str) -> None:
    CONNECTION.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION snappy)")


def groupby_q1(files: Files) -> str:
    return f"SELECT id1, sum(v1)::BIGINT AS v1 FROM '{files.groupby}' GROUP BY id1"


def groupby_q2(files: Files) -> str:
    return f"SELECT id1, id2, sum(v1)::BIGINT AS v1 FROM '{files.groupby}' GROUP BY id1, id2"


def groupby_q3(files: Files) -> str:
    return f"SELECT id3, sum(v1)::BIGINT AS v1, avg(v3) AS v3 FROM '{files.groupby}' GROUP BY id3"


def groupby_q4(files: Files) -> str:
    return f"SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM '{files.groupby}' GROUP BY id4"


def groupby_q5(files: Files) -> str:
    sums = "sum(v1)::BIGINT AS v1, sum(v2)::BIGINT AS v2, sum(v3) AS v3"
    return f"SELECT id6, {sums} FROM '{files.groupby}' GROUP BY id6"


def groupby_q6(files: Files) -> str:
    stats = "median(v3) AS median_v3, stddev_samp(v3) AS sd_v3"
    return f"SELECT id4, id5, {stats} FROM '{files.groupby}' GROUP BY id4, id5"


def groupby_q7(files: Files) -> str:
    return f"SELECT id3, max(v1) - min(v2) AS range_v1_v2 FROM '{files.groupby}' GROUP BY id3"


def groupby_q8(files: Files) -> str:
    return f"SELECT id6, unnest(max(v3, 2)) AS v3 FROM '{files.groupby}' WHERE v3 IS NOT NULL GROUP BY id6"


def groupby_q9(files: Files) -> str:
    return f"SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM '{files.groupby}' GROUP BY id2, id4"


def groupby_q10(files: Files) -> str:
    keys = "id1, id2, id3, id4, id5, id6"
    return f"SELECT {keys}, sum(v3) AS v3, count(v1) AS count FROM '{files.groupby}' GROUP BY {keys}"


def sort(files: Files) -> str:
    return f"SELECT * FROM '{files.groupby}' ORDER BY id3, v3"


def join(files: Files, how: str, table: str, key: str, others: str) -> str:
    """All of the left table, the right one's `others` as `right_...`, and `v2`."""
    named = "".join(f"y.{name} AS right_{name}, " for name in others.split())
    return f"SELECT x.*, {named}v2 FROM '{files.left}' AS x {how} JOIN '{files.right(table)}' AS y USING ({key})"


def join_q1(files: Files) -> str:
    return join(files, "INNER", "small", "id1", "id4")


def join_q2(files: Files) -> str:
    return join(files, "INNER", "medium", "id2", "id1 id4 id5")


def join_q3(files: Files) -> str:
    return join(files, "LEFT", "medium", "id2", "id1 id4 id5")


def join_q4(files: Files) -> str:
    return join(files, "INNER", "medium", "id5", "id1 id2 id4")


def join_q5(files: Files) -> str:
    return join(files, "INNER", "big", "id3", "id1 id2 id4 id5 id6")


def tpch_q1(files: Files) -> str:
    return f"""
        SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
            sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price,
            sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
            avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc,
            count(*) AS count_order
        FROM '{files.tpch("lineitem")}' WHERE l_shipdate <= DATE '1998-09-02'
        GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus"""


def tpch_q3(files: Files) -> str:
    return f"""
        SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
        FROM '{files.tpch("customer")}', '{files.tpch("orders")}', '{files.tpch("lineitem")}'
        WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
            AND o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
        GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10"""


def tpch_q5(files: Files) -> str:
    return f"""
        SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
        FROM '{files.tpch("customer")}', '{files.tpch("orders")}', '{files.tpch("lineitem")}',
            '{files.tpch("supplier")}', '{files.tpch("nation")}', '{files.tpch("region")}'
        WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey
            AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey
            AND r_name = 'ASIA' AND o_orderdate >= DATE '1994-01-01' AND o_orderdate < DATE '1995-01-01'
        GROUP BY n_name ORDER BY revenue DESC"""


def tpch_q6(files: Files) -> str:
    return f"""
        SELECT sum(l_extendedprice * l_discount) AS revenue FROM '{files.tpch("lineitem")}'
        WHERE l_shipdate >= DATE '1994-01-01' AND l_shipdate < DATE '1995-01-01'
            AND l_discount BETWEEN 0.05::DOUBLE AND 0.07::DOUBLE AND l_quantity < 24"""


def tpch_q9(files: Files) -> str:
    return f"""
        SELECT n_name AS nation, year(o_orderdate) AS o_year,
            sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity) AS sum_profit
        FROM '{files.tpch("part")}', '{files.tpch("supplier")}', '{files.tpch("lineitem")}',
            '{files.tpch("partsupp")}', '{files.tpch("orders")}', '{files.tpch("nation")}'
        WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey AND p_partkey = l_partkey
            AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey AND p_name LIKE '%green%'
        GROUP BY n_name, o_year ORDER BY n_name, o_year DESC"""


def tpch_q18(files: Files) -> str:
    return f"""
        SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) AS sum_quantity
        FROM '{files.tpch("customer")}', '{files.tpch("orders")}', '{files.tpch("lineitem")}'
        WHERE o_orderkey IN (
                SELECT l_orderkey FROM '{files.tpch("lineitem")}' GROUP BY l_orderkey HAVING sum(l_quantity) > 300)
            AND c_custkey = o_custkey AND o_orderkey = l_orderkey
        GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
        ORDER BY o_totalprice DESC, o_orderdate LIMIT 100"""
