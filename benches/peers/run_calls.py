"""Delayed calls and futures in blockfold, Dask (threads, distributed) and Ray, one process at a time, in turns.

`python run_calls.py` needs `cargo build --release -p blockfold-benches` and what requirements-calls.txt lists. Calls are
trivial, so that what is measured is the scheduler; they are Rust closures in blockfold and Python functions in the others.
Prints a JSON line for each process and a table: seconds to build and run, microseconds a task, peak resident memory.
Distributed and Ray get fewer tasks, since theirs take milliseconds, and so do chains in Dask; what is compared is the time a task.
"""

import argparse
import json
import operator
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = HERE.parents[1] / "target" / "release" / "calls"

WORKS = {  # name: (count, count for distributed and Ray, the count's tasks)
    "tree": (65_536, 8_192, lambda n: 2 * n - 1),
    "chain": (100_000, 2_000, lambda n: n),
    "map": (100_000, 10_000, lambda n: n),
    "random": (1_000_000, None, None),
    "associative": (100_000, None, None),
    "futures": (100_000, 2_000, lambda n: n),
    "eight-chain": (1, 1, lambda n: 23),
    "eight-tree": (1, 1, lambda n: 23),
}


FEW = {("dask", "chain")}  # Dask merges a graph with each call: the time of a chain grows with its square.


def inc(x):
    return x + 1


def identity(x):
    return x


def tree_of(call, combine, count):
    level = [call(x) for x in range(count)]
    while len(level) > 1:
        level = [combine(*level[i : i + 2]) for i in range(0, len(level), 2)]
    return level[0]


def eight(call_inc, call_double, call_add, as_tree):
    parts = [call_double(call_inc(x)) for x in range(1, 9)]
    if as_tree:
        while len(parts) > 1:
            parts = [call_add(*parts[i : i + 2]) for i in range(0, len(parts), 2)]
        return parts[0]
    total = parts[0]
    for part in parts[1:]:
        total = call_add(total, part)
    return total


def slow(function):
    def slept(*args):
        time.sleep(0.2)
        return function(*args)

    slept.__name__ = function.__name__
    return slept


def chained(call, count):
    value = call(0)
    for _ in range(count - 1):
        value = call(value)
    return value


def dask_threads(work, count):
    import dask

    delayed, options = dask.delayed, {"scheduler": "threads"}
    sys.setrecursionlimit(10**6)
    start = time.perf_counter()
    if work == "tree":
        value = tree_of(delayed(identity), delayed(operator.add), count)
    elif work == "chain":
        value = chained(delayed(inc), count)
    elif work.startswith("eight"):
        options["num_workers"] = 8
        functions = [delayed(slow(f)) for f in (inc, lambda x: 2 * x, operator.add)]
        value = eight(*functions, work == "eight-tree")
    else:
        return None
    built = time.perf_counter()
    result = value.compute(**options)
    return result, built - start, time.perf_counter() - built


def dask_distributed(work, count):
    from distributed import Client, LocalCluster

    threads = 8 if work.startswith("eight") else os.cpu_count()
    with LocalCluster(1, threads_per_worker=threads, dashboard_address=None) as cluster, Client(cluster) as client:
        client.submit(inc, 1).result()
        start = time.perf_counter()
        if work == "tree":
            top = tree_of(lambda x: client.submit(identity, x, pure=False), lambda a, b: client.submit(operator.add, a, b), count)
        elif work in ("chain", "futures"):
            top = chained(lambda x: client.submit(inc, x, pure=False), count)
        elif work == "map":
            futures = client.map(inc, range(count), pure=False)
            built = time.perf_counter()
            return len(client.gather(futures)), built - start, time.perf_counter() - built
        elif work.startswith("eight"):
            calls = [lambda *a, f=slow(f): client.submit(f, *a, pure=False) for f in (inc, lambda x: 2 * x, operator.add)]
            top = eight(*calls, work == "eight-tree")
        else:
            return None
        built = time.perf_counter()
        return top.result(), built - start, time.perf_counter() - built


def ray(work, count):
    import ray

    threads = 8 if work.startswith("eight") else os.cpu_count()
    ray.init(num_cpus=threads, include_dashboard=False, log_to_driver=False)
    remote = lambda f: ray.remote(f).remote
    warm = [remote(inc)(1) for _ in range(threads)]
    ray.get(warm)
    start = time.perf_counter()
    if work == "tree":
        top = tree_of(remote(identity), remote(lambda a, b: a + b), count)
    elif work in ("chain", "futures"):
        top = chained(remote(inc), count)
    elif work == "map":
        call = remote(inc)
        futures = [call(x) for x in range(count)]
        built = time.perf_counter()
        return len(ray.get(futures)), built - start, time.perf_counter() - built
    elif work.startswith("eight"):
        calls = [remote(slow(f)) for f in (lambda x: x + 1, lambda x: 2 * x, lambda a, b: a + b)]
        top = eight(*calls, work == "eight-tree")
    else:
        return None
    built = time.perf_counter()
    return ray.get(top), built - start, time.perf_counter() - built


PEERS = {"dask": dask_threads, "distributed": dask_distributed, "ray": ray}


def one(engine, work, count):
    """Runs a peer in this process and prints its line."""
    found = PEERS[engine](work, count)
    line = {"engine": engine, "work": work, "tasks": None}
    if found:
        result, build_s, run_s = found
        line |= {"tasks": WORKS[work][2](count), "build_s": build_s, "run_s": run_s, "result": result}
    print(json.dumps(line))


def measured(engine, work, count):
    """A line of a process of its own, with its peak memory."""
    if engine == "blockfold":
        command = [str(PROGRAM), work, str(count)]
    else:
        command = [sys.executable, __file__, "--one", engine, work, str(count)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        return {"engine": engine, "work": work, "tasks": None, "error": status}
    line = json.loads(out.strip().splitlines()[-1])
    return line | {"engine": engine, "peak_mib": usage.ru_maxrss / 1024}


def microseconds(line):
    return (line["build_s"] + line["run_s"]) / line["tasks"] * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--one", nargs=3, metavar=("ENGINE", "WORK", "COUNT"), help=argparse.SUPPRESS)
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--engines", default="blockfold," + ",".join(PEERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where to write the lines as JSON")
    args = parser.parse_args()
    if args.one:
        return one(args.one[0], args.one[1], int(args.one[2]))
    best = {}
    for _ in range(args.rounds):
        for work in args.works.split(","):
            count, few, _ = WORKS[work]
            for engine in args.engines.split(","):
                n = few if engine in ("distributed", "ray") or (engine, work) in FEW else count
                if n is None:
                    continue
                line = measured(engine, work, n)
                print(json.dumps(line), flush=True)
                if line["tasks"] is None:
                    continue
                old = best.get((work, engine))
                if old is None or microseconds(line) < microseconds(old):
                    best[work, engine] = line
    print(f"\n{'work':<12} {'engine':<12} {'tasks':>9} {'build s':>9} {'run s':>9} {'us a task':>10} {'ratio':>8} {'peak MiB':>9}")
    for (work, engine), line in sorted(best.items()):
        own = best.get((work, "blockfold"))
        ratio = f"{microseconds(line) / microseconds(own):.1f}" if own else ""
        print(
            f"{work:<12} {engine:<12} {line['tasks']:>9} {line['build_s']:>9.4f} {line['run_s']:>9.4f}"
            f" {microseconds(line):>10.3f} {ratio:>8} {line['peak_mib']:>9.0f}"
        )
    if args.out:
        args.out.write_text(json.dumps(list(best.values()), indent=1))


if __name__ == "__main__":
    main()
