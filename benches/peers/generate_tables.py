"""Write the data of the tables benchmark, once: `python generate_tables.py DIR --groupby 1e7,1e8 --join 1e7 --tpch 1`.

The rules of db-benchmark's generators with numpy's random numbers, and TPC-H by tpchgen-cli with money and quantities
as doubles. All Parquet by pyarrow: snappy, row groups of 512 Ki rows. Each folder appears whole or not at all; one that
exists is kept.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generate import once
from tables import LARGEST_RIGHT, short

ROW_GROUP_ROWS = 512 * 1024
FILE_ROWS = 10_000_000
GROUPS = 100
TPCH_TABLES = "customer lineitem nation orders part partsupp region supplier".split()


def write(out: Path, rows: int, columns) -> None:
    """`part.N.parquet` in the folder `out`; `columns(start, stop)` makes the table of these rows."""
    out.mkdir(parents=True)
    for part, first in enumerate(range(0, rows, FILE_ROWS)):
        end = min(first + FILE_ROWS, rows)
        writer = None
        for start in range(first, end, ROW_GROUP_ROWS):
            table = columns(start, min(start + ROW_GROUP_ROWS, end))
            writer = writer or pq.ParquetWriter(out / f"part.{part}.parquet", table.schema, compression="snappy")
            writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        writer.close()


def groupby(out: Path, rows: int) -> None:
    """db-benchmark's G1 with K = 100: three string and three integer keys, three values, random order."""
    rng = np.random.default_rng(108)
    few = pa.array([f"id{key:03d}" for key in range(1, GROUPS + 1)])
    many = pa.array([f"id{key:010d}" for key in range(1, rows // GROUPS + 1)])

    def columns(start: int, stop: int) -> pa.Table:
        def whole(most: int):
            return rng.integers(1, most + 1, stop - start, dtype=np.int32)

        return pa.table(
            {
                "id1": few.take(pa.array(whole(len(few)) - 1)),
                "id2": few.take(pa.array(whole(len(few)) - 1)),
                "id3": many.take(pa.array(whole(len(many)) - 1)),
                "id4": whole(GROUPS),
                "id5": whole(GROUPS),
                "id6": whole(rows // GROUPS),
                "v1": whole(5),
                "v2": whole(15),
                "v3": np.round(rng.uniform(0, 100, stop - start), 6),
            }
        )

    write(out, rows, columns)


class JoinKeys:
    """The keys of one size: of ten in eleven that a table has, nine are in both, one is on its side alone."""

    def __init__(self, rng: np.random.Generator, count: int):
        drawn = rng.permutation(np.arange(1, count * 11 // 10 + 1, dtype=np.int32))
        both = count * 9 // 10
        self.left = drawn[:count]
        self.right = np.concatenate([drawn[:both], drawn[count:]])


def sample_all(rng: np.random.Generator, keys: np.ndarray, rows: int) -> np.ndarray:
    """`rows` of the keys, each at least once, in random order."""
    drawn = np.empty(rows, np.int32)
    drawn[: len(keys)] = keys
    drawn[len(keys) :] = keys[rng.integers(0, len(keys), rows - len(keys), dtype=np.int32)]
    rng.shuffle(drawn)
    return drawn


def join_table(out: Path, rng: np.random.Generator, ids: dict[str, np.ndarray], value: str) -> None:
    """The integer ids, each again as a string three names on (`id4` of `id1`), and a value."""

    def columns(start: int, stop: int) -> pa.Table:
        numbers = {name: pa.array(keys[start:stop]) for name, keys in ids.items()}
        strings = {
            f"id{int(name[2:]) + 3}": pc.binary_join_element_wise("id", column.cast(pa.string()), "")
            for name, column in numbers.items()
        }
        v = np.round(rng.uniform(0, 100, stop - start), 6)
        return pa.table(numbers | strings | {value: v})

    write(out, len(next(iter(ids.values()))), columns)


def join(out: Path, rows: int) -> None:
    """db-benchmark's J1: `x` and its right tables. Above 1e7 rows only `x`, with the keys of 1e7."""
    right_rows = min(rows, LARGEST_RIGHT)
    counts = {"small": max(10, right_rows // 10**6), "medium": max(100, right_rows // 10**3), "big": right_rows}
    rng = np.random.default_rng(109)
    keys = {f"id{n}": JoinKeys(rng, count) for n, count in enumerate(counts.values(), 1)}
    if rows == right_rows:
        for n, (name, count) in enumerate(counts.items(), 1):
            ids = {f"id{i}": sample_all(rng, keys[f"id{i}"].right, count) for i in range(1, n + 1)}
            join_table(out / name, rng, ids, "v2")
    rng = np.random.default_rng([110, rows])
    ids = {name: sample_all(rng, these.left, rows) for name, these in keys.items()}
    join_table(out / "x", rng, ids, "v1")


def tpch(out: Path, scale: int) -> None:
    """TPC-H's tables, a file each: decimals as the nearest doubles, dates as days, strings plain."""
    out.mkdir()
    program = Path(sys.executable).with_name("tpchgen-cli")
    if not program.exists():
        sys.exit(f"no tpchgen-cli: {sys.executable} -m pip install -r requirements-tables.txt")
    made = out / "made"
    words = ["parquet", "--scale-factor", str(scale), "--num-threads", "2", "--quiet", "--output-dir", made]
    subprocess.run([program, *words], check=True)
    for table in TPCH_TABLES:
        source = pq.ParquetFile(made / f"{table}.parquet")
        schema = pa.schema([(field.name, plain(field.type)) for field in source.schema_arrow])
        with pq.ParquetWriter(out / f"{table}.parquet", schema, compression="snappy") as writer:
            for rows in batches(source):
                columns = [to_plain(column, field.type) for column, field in zip(rows.columns, schema)]
                writer.write_table(pa.table(columns, schema=schema), row_group_size=ROW_GROUP_ROWS)
    shutil.rmtree(made)


def batches(source: pq.ParquetFile):
    """Tables of a row group's rows."""
    held, rows = [], 0
    for batch in source.iter_batches(ROW_GROUP_ROWS):
        held.append(batch)
        rows += len(batch)
        while rows >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(held)
            yield table.slice(0, ROW_GROUP_ROWS)
            held, rows = table.slice(ROW_GROUP_ROWS).to_batches(), rows - ROW_GROUP_ROWS
    if rows:
        yield pa.Table.from_batches(held)


def plain(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_decimal(type_):
        return pa.float64()
    return pa.string() if pa.types.is_string_view(type_) else type_


def to_plain(column: pa.ChunkedArray, type_: pa.DataType):
    if pa.types.is_decimal(column.type):
        # Hundredths divided by 100 round once, to the double that the decimal's digits read as.
        return pa.array(np.rint(column.cast(pa.float64()).to_numpy() * 100) / 100)
    return column.cast(type_)


def rows_of(list_: str) -> list[int]:
    return [int(float(word)) for word in list_.split(",") if word]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--groupby", type=rows_of, default=[], help="numbers of rows")
    parser.add_argument("--join", type=rows_of, default=[], help="numbers of rows of the left table")
    parser.add_argument("--tpch", type=rows_of, default=[], help="scale factors")
    args = parser.parse_args()
    args.dir.mkdir(parents=True, exist_ok=True)
    for rows in args.groupby:
        once(args.dir / f"groupby_{short(rows)}", lambda out: groupby(out, rows))
    for rows in args.join:
        once(args.dir / f"join_{short(rows)}", lambda out: join(out, rows))
    for scale in args.tpch:
        once(args.dir / f"tpch{scale}", lambda out: tpch(out, scale))


if __name__ == "__main__":
    main()
