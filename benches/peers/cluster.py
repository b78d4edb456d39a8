"""The same work on the same Dask cluster: blockfold's fragments beside Dask's own frames and arrays, and a local run.

    python benches/peers/cluster.py FOLDER [--years 10] [--size 10000] [--rounds 3]

FOLDER gets the Parquet files, which are made once. Two workers of one thread run on loopback; the scheduler and the client take
their part of the machine, too. Prints a line for each measurement, the best of the rounds.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import blockfold as bf
import blockfold.array as ba
import dask.array as da
import dask.dataframe as dd
import distributed


@contextlib.contextmanager
def cluster(folder):
    """A scheduler and two workers, which end with the block."""
    file = Path(folder) / "scheduler.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(bf.__file__).parents[1]), environment.get("PYTHONPATH", "")])
    own = [sys.executable, "-m", "dask"]
    commands = [[*own, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), "--no-dashboard"]]
    worker = ["worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    commands += [[*own, *worker, "--host", "127.0.0.1", "--memory-limit", "6GiB"]] * 2
    processes = [subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.DEVNULL) for command in commands]
    try:
        while not file.exists():
            time.sleep(0.05)
        with distributed.Client(scheduler_file=str(file)) as client:
            client.wait_for_workers(2)
            yield client
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait()


def best(what, work, rounds):
    """The best time of some rounds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - start)
    print(json.dumps({"work": what, "best_s": round(min(times), 3), "rounds": rounds}), flush=True)
    return answer


def deviation(arrays, size):
    x = arrays.random.default_rng(0).random((size, size), chunks=(1000, 1000))
    return (x.dot(x.T) - x.mean(axis=0)).std()


def inc(x):
    return x + 1


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--years", type=int, default=10)
    arguments.add_argument("--size", type=int, default=10_000)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    bf.set_default_session(bf.Session(threads=2))
    path = str(chosen.folder / f"years-{chosen.years}")
    if not os.path.exists(path):
        years = bf.datasets.timeseries(start="2000-01-01", end=f"{2000 + chosen.years}-01-01", partition_freq="7D")
        years.to_parquet(path)
    ours = lambda **how: bf.read_parquet(path).groupby("id").x.sum().compute(**how)
    rounds = chosen.rounds
    here = best("groupby(id).x.sum, here", ours, rounds)
    with tempfile.TemporaryDirectory() as folder, cluster(folder) as client:
        there = best("groupby(id).x.sum, fragments", lambda: ours(scheduler=client), rounds)
        assert there.equals(here), "the cluster gave another answer"
        best("groupby(id).x.sum, Dask", lambda: dd.read_parquet(path).groupby("id").x.sum().compute(), max(1, rounds // 2))
        here = best("(x.dot(x.T) - x.mean(axis=0)).std(), here", lambda: deviation(ba, chosen.size).compute(), max(1, rounds // 2))
        there = best(
            "(x.dot(x.T) - x.mean(axis=0)).std(), fragments",
            lambda: deviation(ba, chosen.size).compute(scheduler=client),
            max(1, rounds // 2),
        )
        assert there == here, "the cluster gave another answer"
        best("(x.dot(x.T) - x.mean(axis=0)).std(), Dask", lambda: deviation(da, chosen.size).compute(), 1)
        with bf.distributed.Client(client) as own:
            for at in range(2 * rounds):
                calls = range(at * 10_000, at * 10_000 + 2000)
                best("2000 calls, Dask's client", lambda: client.gather(client.map(inc, calls, pure=False)), 1)
                best("2000 calls, our client", lambda: own.gather(own.map(inc, calls, pure=False)), 1)


if __name__ == "__main__":
    main()
