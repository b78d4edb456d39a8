"""Array workloads in blockfold, NumPy, numexpr and Dask, one process at a time, in turns: `python run_arrays.py --data DIR`.

Prints a JSON line for each process (best seconds, peak resident memory, the result), then a table. blockfold is the program,
timed from its start to its end; the peers are timed from making the arrays to the result, without the start of Python.
Results of work on files are compared; random numbers differ from engine to engine, so only their size is.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "target"


def blockfold(text, *options):
    return ["array", "eval", text, *options]


def random_of(n):
    return ["--random", f"x={n},{n}", "--chunks", "1000", "--seed", "1"]


class Work:
    """A workload: arguments of the program, and a function of each peer."""

    def __init__(self, args, memory=None, exact=True, out=False, **peers):
        self.args, self.memory, self.exact, self.out, self.peers = args, memory, exact, out, peers


def numpy_random(n):
    import numpy as np

    return np.random.default_rng(1).random((n, n))


def dask_random(n):
    import dask.array as da

    return da.random.default_rng(1).random((n, n), chunks=(1000, 1000))


def npy(name):
    import numpy as np

    return np.load(ARGS.data / name, mmap_mode="r")


def dask_npy(name, chunks):
    import dask.array as da

    return da.from_array(npy(name), chunks=chunks)


def expression(x):
    return (x + x.T - x.mean(axis=0)).sum()


def deviation(x):
    return (x.dot(x.T) - x.mean(axis=0)).std()


def trig(x):
    import numpy as np

    return np.sin(x) ** 2 + np.cos(x) ** 2 * np.exp(-x)


def numexpr_trig():
    import numexpr

    x = npy("long.npy")
    return numexpr.evaluate("sum(sin(x)**2 + cos(x)**2 * exp(-x))")


def both_means(x):
    return x.mean(axis=0).sum() + x.mean(axis=1).sum() + x.std(axis=0).sum() + x.std(axis=1).sum()


def dask_both(x):
    import dask

    parts = [x.mean(axis=0), x.mean(axis=1), x.std(axis=0), x.std(axis=1)]
    return sum(part.sum() for part in dask.compute(*parts))


def stencil(x):
    return (x[1:-1, :-2] + x[1:-1, 2:] + x[:-2, 1:-1] + x[2:, 1:-1] - x[1:-1, 1:-1] * 4).sum()


def file_of(name):
    return ["--npy", f"x={ARGS.data / name}"]


def dask_store(x, chunks):
    import numpy as np

    out = np.lib.format.open_memmap(ARGS.data / "out.dask.npy", "w+", x.dtype, x.shape)
    x.rechunk(chunks).store(out)
    return 0.0


def workloads():
    n, m = ARGS.side, ARGS.product
    return {
        "random_mean": Work(blockfold("x.mean()", *random_of(n)), exact=False, numpy=lambda: numpy_random(n).mean(), dask=lambda: dask_random(n).mean().compute()),
        "transposed_sum": Work(blockfold("(x + x.T - x.mean(axis=0)).sum()", *random_of(n)), exact=False, numpy=lambda: expression(numpy_random(n)), dask=lambda: expression(dask_random(n)).compute()),
        "product_std": Work(blockfold("(x.dot(x.T) - x.mean(axis=0)).std()", *random_of(m)), exact=False, numpy=lambda: deviation(numpy_random(m)), dask=lambda: deviation(dask_random(m)).compute()),
        "general_product": Work(blockfold("(a @ b).sum()", "--npy", f"a={ARGS.data / 'a.npy'}", "--npy", f"b={ARGS.data / 'b.npy'}"), memory="256MiB", numpy=lambda: npy("a.npy").dot(npy("b.npy")).sum()),
        "trigonometry": Work(blockfold("(np.sin(x) ** 2 + np.cos(x) ** 2 * np.exp(-x)).sum()", *file_of("long.npy")), numexpr=numexpr_trig, dask=lambda: trig(dask_npy("long.npy", 1 << 21)).sum().compute()),
        "means_of_both_axes": Work(
            blockfold("x.mean(axis=0).sum() + x.mean(axis=1).sum() + x.std(axis=0).sum() + x.std(axis=1).sum()", *file_of("square.npy")),
            memory="256MiB",
            dask=lambda: dask_both(dask_npy("square.npy", (1000, -1))),
        ),
        "stencil": Work(
            blockfold("(x[1:-1, :-2] + x[1:-1, 2:] + x[:-2, 1:-1] + x[2:, 1:-1] - x[1:-1, 1:-1] * 4).sum()", *file_of("grid.npy")),
            numpy=lambda: stencil(npy("grid.npy")),
            dask=lambda: stencil(dask_npy("grid.npy", (1000, 1000))).compute(),
        ),
        "rechunk": Work(blockfold("x.rechunk((20000, 100))", *file_of("rows.npy"), "--chunks", "100,20000"), memory="256MiB", out=True, dask=lambda: dask_store(dask_npy("rows.npy", (100, 20000)), (20000, 100))),
    }


def generate():
    """The files: doubles of 3.2 GB and less; `square.npy` takes what --square says."""
    import numpy as np

    ARGS.data.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(5)
    for name, shape, dtype in [
        ("a.npy", (6000, 6000), "f8"),
        ("b.npy", (6000, 6000), "f8"),
        ("long.npy", (400_000_000,), "f8"),
        ("square.npy", (ARGS.square, ARGS.square), "f8"),
        ("grid.npy", (20000, 20000), "f4"),
        ("rows.npy", (20000, 20000), "f8"),
    ]:
        path = ARGS.data / name
        if path.exists():
            continue
        out = np.lib.format.open_memmap(path.with_suffix(".part"), "w+", dtype, shape)
        flat = out.reshape(-1)
        for start in range(0, flat.size, 1 << 22):
            flat[start : start + (1 << 22)] = generator.random(min(1 << 22, flat.size - start))
        out.flush()
        path.with_suffix(".part").rename(path)


def peer(engine, name):
    """Runs in a process of its own."""
    work = workloads()[name].peers[engine]
    seconds = []
    for _ in range(ARGS.repeat):
        start = time.perf_counter()
        result = float(work())
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "result": result, "peak_rss_bytes": peak}))


def ours(name, work):
    seconds, result, peak = [], 0.0, 0
    out = ARGS.data / "out.blockfold.npy"
    command = [str(ARGS.blockfold), *work.args, "--json", "--threads", str(ARGS.threads)]
    command += ["--memory", work.memory] if work.memory else []
    command += ["--out", str(out), "--overwrite"] if work.out else []
    for _ in range(ARGS.repeat):
        start = time.perf_counter()
        ran = subprocess.Popen(command, stdout=subprocess.PIPE)
        text = ran.stdout.read()
        _, status, usage = os.wait4(ran.pid, 0)
        seconds.append(time.perf_counter() - start)
        if status:
            return {"failed": json.loads(text).get("error", "failed")}
        result, peak = json.loads(text).get("value", 0.0), max(peak, usage.ru_maxrss * 1024)
    return {"seconds": seconds, "result": result, "peak_rss_bytes": peak}


def theirs(engine, name):
    command = [sys.executable, __file__, "--peer", engine, "--only", name, *PASSED]
    environment = dict(os.environ, OMP_NUM_THREADS=str(ARGS.threads), NUMEXPR_MAX_THREADS=str(ARGS.threads))
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ran.returncode:
        return {"failed": (ran.stderr.strip().splitlines() or ["killed"])[-1]}
    return json.loads(ran.stdout.splitlines()[-1])


def main():
    lines, table = [], []
    for name, work in workloads().items():
        if ARGS.only and name not in ARGS.only.split(","):
            continue
        done = {}
        for _ in range(ARGS.rounds):
            for engine in ["blockfold", *work.peers]:
                line = {"engine": engine, "workload": name, "load": round(os.getloadavg()[0], 2)}
                line |= ours(name, work) if engine == "blockfold" else theirs(engine, name)
                print(json.dumps(line), flush=True)
                lines.append(line)
                if "failed" not in line:
                    done.setdefault(engine, []).append(line)
        if work.exact and not work.out and len({round(one[0]["result"], 3) for one in done.values()}) > 1:
            results = {engine: one[0]["result"] for engine, one in done.items()}
            # Sums of float32 differ by how they are made.
            close = max(results.values()) - min(results.values()) <= 1e-4 * max(abs(value) for value in results.values())
            assert close, f"{name}: {results}"
        cells = [f"{engine} {min(min(run['seconds']) for run in runs):.3f} s, {max(run['peak_rss_bytes'] for run in runs) / 1e6:.0f} MB" for engine, runs in done.items()]
        table.append(f"| {name} | " + " | ".join(cells) + " |")
    print("\n".join(table))
    if ARGS.json:
        ARGS.json.write_text(json.dumps({"runs": lines}, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=TARGET / "peers-data" / "arrays")
    parser.add_argument("--blockfold", type=Path, default=TARGET / "release" / "blockfold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--side", type=int, default=10_000, help="side of the random arrays")
    parser.add_argument("--product", type=int, default=10_000, help="side of the random array that is multiplied")
    parser.add_argument("--square", type=int, default=40_000, help="side of square.npy")
    parser.add_argument("--only", help="workloads, with commas")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--generate", action="store_true", help="make the files, and nothing else")
    ARGS = parser.parse_args()
    PASSED = ["--data", str(ARGS.data), "--side", str(ARGS.side), "--product", str(ARGS.product), "--repeat", str(ARGS.repeat), "--square", str(ARGS.square)]
    if ARGS.peer:
        peer(ARGS.peer, ARGS.only)
    elif ARGS.generate:
        generate()
    else:
        # In a process of its own: a child's peak memory is at least that of its parent when it was made.
        subprocess.run([sys.executable, __file__, "--generate", *PASSED], check=True)
        main()
