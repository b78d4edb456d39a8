"""How runs behave: without the GIL, stopped by Ctrl-C, within the budget; and what importing costs."""

import os
import signal
import subprocess
import sys
import threading
import time

import blockfold as bf
import blockfold.array as da
import numpy as np
import pytest


def _python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_imports_no_other_library():
    loaded = _python(
        "import blockfold, sys; print([m for m in ('numpy', 'pandas', 'pyarrow', 'polars') if m in sys.modules])"
    )
    assert loaded == "[]"
    lazily = "import blockfold as bf, sys; df = bf.datasets.timeseries(); df.filter(bf.col('x') > 0).explain(); len(df); print('numpy' in sys.modules)"
    assert _python(lazily) == "False"


def test_the_gil_is_free_during_a_run():
    ticks, stop = 0, False

    def count():
        nonlocal ticks
        while not stop:
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    da.random.random((6000, 6000), chunks=1000).std().compute()
    stop = True
    thread.join()
    assert ticks > 10


RUNS = {
    "array": lambda: da.random.random((100_000, 100_000), chunks=2000).std().compute(),
    "sort": lambda: len(bf.datasets.timeseries(end="2050-01-01").sort_values("x")),
    "groups": lambda: bf.datasets.timeseries(start="1970", end="2030").groupby(["id", "name"]).x.median().compute(),
    "index": lambda: bf.datasets.timeseries(start="1970", end="2030").set_index("x"),
    "batches": lambda: sum(batch.num_rows for batch in bf.datasets.timeseries(start="1970", end="2030").batches()),
    "python": lambda: (
        da.ones(10**6, chunks=1).map_blocks(lambda chunk: time.sleep(0.01) or chunk, dtype=float).sum().compute()
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_ctrl_c_stops_a_run(name):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        RUNS[name]()
    # Each of them takes far longer; how fast they stop is measured elsewhere.
    assert time.perf_counter() - start < 5
    assert da.ones(3).sum().compute() == 3


def test_runs_of_several_threads():
    answers = []

    def work(number):
        answers.append((number, bf.datasets.timeseries(end="2000-01-02", freq="1min").id.sum().compute()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({total for _, total in answers}) == 1 and len(answers) == 6


def test_sessions():
    session = bf.Session(memory_budget="8MiB", threads=1)
    with session:
        x = da.ones((10, 10))
        df = bf.datasets.timeseries(end="2000-01-02")
    assert x.session.memory_budget == df.session.memory_budget == "8.0 MiB"
    assert (x + 1).session.threads == df.filter(bf.col("x") > 0).session.threads == 1
    assert da.ones(1).session.memory_budget != "8.0 MiB"
    assert session.read_parquet is not None and session.promised_bytes == 0


def test_out_of_core_within_the_budget(tmp_path):
    with bf.Session(memory_budget="32MiB", threads=2) as session:
        df = bf.datasets.timeseries(end="2000-01-11", seed=3)
        df.sort_values("x").to_parquet(tmp_path / "sorted")
        back = bf.read_parquet(tmp_path / "sorted")
        assert len(back) == 10 * 86400
        assert back.head(1).x.iloc[0] == df.x.min().compute()
        assert session.promised_bytes == 0


def test_answers_are_given_back_to_the_budget():
    with bf.Session(memory_budget="64MiB", threads=1) as session:
        answer = da.ones((1000, 1000)).compute()
        assert session.promised_bytes >= answer.nbytes
        del answer
        assert session.promised_bytes == 0


def test_persisted_values():
    x = da.random.default_rng(1).random((100, 100), chunks=30)
    np.testing.assert_array_equal(x.persist(), x)
    df = bf.datasets.timeseries(end="2000-01-02", freq="1min")
    kept = df[df.x > 0].persist()
    assert kept.x.sum().compute() == df[df.x > 0].x.sum().compute()
    assert len(bf.persist(x, [df])) == 2


def test_seeds():
    one, two = (da.random.default_rng(7).normal(size=(50, 50), chunks=chunks).compute() for chunks in (7, 50))
    np.testing.assert_array_equal(one, two)
    rng = da.random.default_rng(7)
    assert not np.array_equal(rng.random(5), rng.random(5))
    assert not np.array_equal(da.random.random(5), da.random.random(5))
    first = bf.datasets.timeseries(seed=1, end="2000-01-02").x.sum().compute()
    assert first == pytest.approx(
        bf.datasets.timeseries(seed=1, end="2000-01-02", partition_freq="1h").x.sum().compute(), rel=1e-12
    )


def test_deep_plans():
    x, df = da.ones(3), bf.from_dict({"x": [1.0]})
    y, series = x, df.x
    for _ in range(1000):
        y = y + 1
        series = series + 1
    assert y.sum().compute() == 3003
    assert series.compute().tolist() == [1001.0]
    doubled = df.x
    for _ in range(40):
        doubled = doubled + doubled
    assert doubled.compute().tolist() == [2.0**40]
    expr = bf.col("x")
    with pytest.raises(ValueError, match="with_columns"):
        for _ in range(5000):
            expr = expr + 1


def test_what_a_run_will_need():
    df = bf.datasets.timeseries()
    assert "timeseries" in df.explain() and "rows" in df.estimate()
    assert "estimated" in df.groupby("id").x.sum().to_frame().analyze()
    assert "random" in da.random.random((100, 100)).sum().explain("logical")
    assert "plan" in df._repr_html_() and "<svg" in da.ones((4, 4), chunks=2)._repr_html_()


@pytest.mark.parametrize("shape", [(), (0,), (5,), (3, 4), (2, 3, 4), (1, 2, 3, 4), (10**6, 10**6)])
def test_arrays_are_drawn(shape):
    assert da.zeros(shape)._repr_html_().count("<table>") == 2


@pytest.mark.parametrize(
    "name, args, mean, deviation",
    [
        ("uniform", (2, 4), 3, 1 / 3**0.5), ("normal", (1, 2), 1, 2), ("exponential", (3,), 3, 3), ("poisson", (4,), 4, 2),
        ("laplace", (1, 2), 1, 8**0.5), ("logistic", (1, 1), 1, np.pi / 3**0.5), ("gumbel", (0, 1), np.euler_gamma, np.pi / 6**0.5),
        ("rayleigh", (2,), 2 * (np.pi / 2) ** 0.5, 2 * (2 - np.pi / 2) ** 0.5), ("weibull", (2,), np.pi**0.5 / 2, 0.4632514),
        ("pareto", (5,), 0.25, 0.3227486), ("power", (3,), 0.75, 0.1936492), ("geometric", (0.25,), 4, 12**0.5),
        ("triangular", (0, 1, 3), 4 / 3, 0.6236096), ("lognormal", (0, 0.5), np.exp(0.125), 0.6039005),
    ],
)  # fmt: skip
def test_distributions(name, args, mean, deviation):
    x = getattr(da.random.default_rng(3), name)(*args, size=400_000, chunks=50_000)
    assert x.mean().compute() == pytest.approx(mean, abs=5 * deviation / 600)
    assert x.std().compute() == pytest.approx(deviation, rel=0.03)


def test_what_is_kept_is_given_back_at_once():
    with bf.Session(memory_budget="64MiB", threads=1) as session:
        df = bf.datasets.timeseries(end="2000-01-03", freq="1s")
        kept = df[["x", "y"]].persist()
        assert session.promised_bytes > 2 * 86400 * 16
        more = kept.assign(z=kept.x.cumsum() - kept.x.mean())
        assert len(more[more.z > 0]) > 0
        del kept, more
        assert session.promised_bytes == 0
