"""Sums that tell two results apart whatever the order of their rows: `python checksums.py WORKLOAD FILE...`."""

import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tables import WORK, Work

TOLERANCE = 1e-9
BATCH_ROWS = 512 * 1024


def of_result(path: Path, work: Work) -> dict:
    """`rows`, the sum of each column of values, and sums that tie them to their rows.

    Each row has a weight in [0, 1) that its keys decide: `weights` is their sum, and `weighted NAME` that of the
    values by their weights. `out of order` counts pairs of rows that break the workload's order, if it has one.
    """
    sums = {"rows": 0, "weights": 0.0}
    sums |= {name: 0.0 for name in work.values} | {f"weighted {name}": 0.0 for name in work.values}
    sums |= {"out of order": 0} if work.sorted_by else {}
    last = None
    for batch in batches(path):
        missing = {*work.keys, *work.values} - set(batch.column_names)
        if missing:
            raise ValueError(f"no column {', '.join(sorted(missing))}; there are {', '.join(batch.column_names)}")
        weights = row_weights(batch, work.keys)
        sums["rows"] += batch.num_rows
        sums["weights"] += float(weights.sum())
        for name in work.values:
            values = np.nan_to_num(batch[name].cast(pa.float64()).to_numpy().astype(float))
            sums[name] += float(values.sum())
            sums[f"weighted {name}"] += float((values * weights).sum())
        if work.sorted_by:
            ordered = batch.select(work.sorted_by).cast(
                pa.schema([(name, exact(batch[name].type)) for name in work.sorted_by])
            )
            sums["out of order"] += out_of_order(pa.concat_tables([last, ordered]) if last else ordered)
            last = ordered.slice(ordered.num_rows - 1)
    return sums


def batches(path: Path):
    """Tables of `BATCH_ROWS` of an Arrow or a Parquet file, or of the Parquet files in a folder."""
    if path.is_dir() or path.suffix == ".parquet":
        for file in sorted(path.glob("*.parquet"), key=lambda f: (len(f.name), f.name)) if path.is_dir() else [path]:
            for batch in pq.ParquetFile(file).iter_batches(BATCH_ROWS):
                yield pa.Table.from_batches([batch])
        return
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        for n in range(reader.num_record_batches):
            table = pa.Table.from_batches([reader.get_batch(n)])
            for start in range(0, table.num_rows, BATCH_ROWS):
                yield table.slice(start, BATCH_ROWS)


def exact(type_: pa.DataType) -> pa.DataType:
    """One type for all strings, and one for all whole numbers and dates."""
    if pa.types.is_dictionary(type_):
        return exact(type_.value_type)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_):
        return pa.large_string()
    if pa.types.is_floating(type_):
        return type_
    return pa.date32() if pa.types.is_temporal(type_) else pa.int64()


def row_weights(batch: pa.Table, keys: tuple[str, ...]) -> np.ndarray:
    """Zeros without keys."""
    if not keys:
        return np.zeros(batch.num_rows)
    schema = pa.schema([(name, exact(batch[name].type)) for name in keys])
    hashes = pl.from_arrow(batch.select(keys).cast(schema)).hash_rows(seed=0).to_numpy()
    return (hashes >> np.uint64(11)).astype(float) / 2.0**53


def out_of_order(table: pa.Table) -> int:
    """Pairs of neighbours of which the first is the greater, by the columns in turn."""
    upper, lower = table.slice(0, max(0, table.num_rows - 1)), table.slice(1)
    wrong = pa.scalar(False)
    tied = pa.scalar(True)
    for name in table.column_names:
        wrong = pc.or_(wrong, pc.and_(tied, pc.greater(upper[name], lower[name])))
        tied = pc.and_(tied, pc.equal(upper[name], lower[name]))
    return pc.sum(wrong).as_py() or 0


def difference(ours: dict, theirs: dict) -> str | None:
    """What differs between two results' sums, or None: counts are equal, sums within 1e-9."""
    for name, a in ours.items():
        b = theirs[name]
        same = a == b if isinstance(a, int) else abs(a - b) <= TOLERANCE * max(1.0, abs(a), abs(b))
        if not same:
            return f"{name}: {a!r} and {b!r}"
    return "rows are out of order" if ours.get("out of order") else None


def main() -> None:
    name, *paths = sys.argv[1:]
    for path in paths:
        print(json.dumps(of_result(Path(path), WORK[name])))


if __name__ == "__main__":
    main()
