"""Write the benchmark data, once: `python generate.py DIR [--ten-years]`.

Dask writes the timeseries and pyarrow the rest, so that no file is of the making of the engine under test.
Each piece appears whole under its final name or not at all; a piece that exists is kept.
"""

import argparse
import shutil
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import workloads


def timeseries(out: Path, end: str) -> None:
    """Second by second from 2000 up to `end`, one file of a week each."""
    workloads.dask_timeseries(end).to_parquet(out, compression="snappy")


def ipc(out: Path, year: Path) -> None:
    """The files of `year` as one uncompressed Arrow IPC file, a record batch for each."""
    files = sorted(year.glob("*.parquet"), key=part_number)
    schema = pq.read_schema(files[0])
    with pa.ipc.new_file(out, schema) as writer:
        for file in files:
            writer.write_table(pq.read_table(file).combine_chunks())


def part_number(file: Path) -> int:
    """7 of `part.7.parquet`."""
    return int(file.name.split(".")[1])


def groups(out: Path, rows: int = 10_000_000, keys: int = 100_000, files: int = 10) -> None:
    """The columns of db-benchmark's question 5: an integer key and three values."""
    rng = np.random.default_rng(42)
    out.mkdir()
    for part in range(files):
        count = rows // files
        table = pa.table(
            {
                "id": rng.integers(1, keys + 1, count),
                "v1": rng.integers(1, 6, count),
                "v2": rng.integers(1, 16, count),
                "v3": np.round(rng.uniform(0, 100, count), 6),
            }
        )
        pq.write_table(table, out / f"part.{part}.parquet")


def once(out: Path, write) -> None:
    """Call `write` on a temporary name, then rename it to `out`; nothing if `out` exists."""
    if out.exists():
        return
    partial = out.with_name(f"{out.name}.partial")
    if partial.is_dir():
        shutil.rmtree(partial)
    start = time.perf_counter()
    write(partial)
    partial.rename(out)
    files = [out] if out.is_file() else [f for f in out.rglob("*") if f.is_file()]
    size_mb = sum(f.stat().st_size for f in files) / 1e6
    print(f"{out}: {len(files)} files, {size_mb:.0f} MB in {time.perf_counter() - start:.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--ten-years", action="store_true")
    args = parser.parse_args()
    args.dir.mkdir(parents=True, exist_ok=True)
    year = args.dir / "year"
    once(year, lambda out: timeseries(out, "2001-01-01"))
    once(args.dir / "year.arrow", lambda out: ipc(out, year))
    once(args.dir / "groups", groups)
    if args.ten_years:
        once(args.dir / "ten_years", lambda out: timeseries(out, "2010-01-01"))


if __name__ == "__main__":
    main()
