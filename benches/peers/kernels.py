"""Nanoseconds a row of Polars' kernels on frames in memory, on one thread: sort, holistic aggregates, join.

`POLARS_MAX_THREADS=1 python benches/peers/kernels.py`; ours on the same shapes are printed by the examples `sort_rate`,
`group_rate` and `join_rate` of `crates/kernels`. Which kernels the engine uses is decided by these figures: see
docs/adr/0003-exchange-and-spill.md.
"""

import time

import numpy as np
import polars as pl

ROWS = 10_000_000
ROUNDS = 3


def measure(name: str, run, rows: int = ROWS) -> None:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    print(f"{name:<48}{best * 1e9 / rows:8.1f} ns/row")


def main() -> None:
    assert pl.thread_pool_size() == 1, "set POLARS_MAX_THREADS=1"
    random = np.random.default_rng(7)
    numbers = random.integers(0, 1 << 62, ROWS)
    frame = pl.DataFrame(
        {
            "name": pl.Series(random.integers(0, ROWS // 100, ROWS)).cast(pl.String).str.zfill(12),
            "i": numbers,
            "x": random.random(ROWS),
            "few": random.integers(0, 10_000, ROWS),
            "many": random.integers(0, 1_000_000, ROWS),
        }
    )
    for keys in (["x"], ["i"], ["name"], ["name", "x"]):
        measure(f"order of {', '.join(keys)}", lambda: frame.select(pl.arg_sort_by(keys)))
    for key in ("few", "many"):
        for name, agg in (("median", pl.col("x").median()), ("n_unique", pl.col("i").n_unique())):
            grouped = frame.lazy().group_by(key).agg(agg)
            measure(f"{name} by {key}", lambda: grouped.collect(engine="in-memory"))
    build = pl.DataFrame({"many": random.permutation(1_000_000), "v": random.random(1_000_000)})
    probe = frame.select("many", "x")
    measure("inner join with 1 M rows of unique keys", lambda: probe.join(build, on="many"))


if __name__ == "__main__":
    main()
