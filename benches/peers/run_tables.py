"""Run workloads in engines, one process at a time, and compare: `python run_tables.py WORKLOADS --size 1e7`.

WORKLOADS is a list with commas; `groupby`, `join` and `tpch` stand for all of theirs that answer in memory. Prints a
JSON line for each process, then a table. The answers' checksums are taken by this process, unbounded.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import bound
import checksums
from tables import THREADS, WORK, Files

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "target"
UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "MB": 10**6, "GB": 10**9}
# Of a bound, what the engine is told to use: it has allocations that it does not count.
SHARE_TOLD = 0.75


def byte_size(text: str) -> int:
    """2GiB, 512MiB, 4GB, or a number of bytes."""
    for unit, bytes_ in UNITS.items():
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * bytes_)
    return int(text)


def workloads(list_: str) -> list[str]:
    names = []
    for word in list_.split(","):
        family = [name for name, work in WORK.items() if name.startswith(f"{word}_q") and not work.parquet]
        if not family and word not in WORK:
            raise argparse.ArgumentTypeError(f"no workload {word}; there are {', '.join(WORK)}")
        names += [word] if word in WORK else family
    return names


def one(engine: str, name: str, args: argparse.Namespace) -> dict:
    """The JSON line of one process, with `checksums`, or with `failed`."""
    work = WORK[name]
    args.out.mkdir(parents=True, exist_ok=True)
    result = args.out / f"{name}.{engine}.{'parquet' if work.parquet else 'arrow'}"
    told = args.memory or (int(args.bound * SHARE_TOLD) if args.bound else None)
    line = {"engine": engine, "workload": name, "size": args.size, "threads": args.threads}
    line |= {"memory": told, "bound": args.bound, "load": round(os.getloadavg()[0], 2)}
    with tempfile.TemporaryDirectory(prefix="tables-", dir=args.temp) as temp, bound.memory(args.bound) as group:
        command = [*program(engine, args), name, "--data", str(args.data), "--size", args.size, "--out", str(result)]
        command += ["--repeat", str(args.repeat), "--threads", str(args.threads), "--temp", temp]
        command += ["--memory", str(told)] if told else []
        run = subprocess.run(
            group.wrap(["env", *environment(engine, args.threads, told, temp), *command]),
            capture_output=True,
            text=True,
        )
    if run.returncode != 0:
        return line | {"failed": reason(run)}
    line |= json.loads(run.stdout.splitlines()[-1])
    path = Path(line["result_path"])
    line["result_bytes"] = path.stat().st_size if path.is_file() else sum(f.stat().st_size for f in path.iterdir())
    line["checksums"] = checksums.of_result(path, work)
    if not args.keep:
        subprocess.run(["rm", "-r", str(path)], check=True)
    return line


def reason(run: subprocess.CompletedProcess) -> str:
    """Why a process failed, in a line."""
    if run.returncode in (-9, 137):
        return "killed"
    lines = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
    return next((line for line in reversed(lines) if "Error: " in line or "Exception: " in line), lines[-1])


def program(engine: str, args: argparse.Namespace) -> list[str]:
    """Blockfold has its own measuring program; the peers share one."""
    if engine == "blockfold":
        return [str(args.blockfold)]
    return [sys.executable, str(HERE / "measure_tables.py"), engine]


def environment(engine: str, threads: int, memory: int | None, temp: str) -> list[str]:
    """NAME=VALUE for what an engine reads as it is loaded."""
    if engine != "polars":
        return []
    settings = importlib.import_module("polars_tables").environment(threads, memory, temp)
    return [f"{name}={value}" for name, value in settings.items()]


def warm(files: list[Path]) -> None:
    """Reads the files into the page cache."""
    for file in files:
        with open(file, "rb") as source:
            while source.read(1 << 24):
                pass


def compare(lines: list[dict]) -> str | None:
    """What differs between the engines' answers to one workload."""
    done = [line for line in lines if "checksums" in line]
    for line in done:
        what = checksums.difference(done[0]["checksums"], line["checksums"])
        if what:
            return f"{done[0]['engine']} and {line['engine']} disagree: {what}"
    return None


def row(name: str, lines: list[dict], engines: list[str]) -> str:
    """A line of the table: best seconds, least processor seconds and largest peak of each engine."""
    cells = [name]
    for engine in engines:
        own = [line for line in lines if line["engine"] == engine]
        failed = [line["failed"] for line in own if "failed" in line]
        if failed:
            cells.append(f"failed ({failed[0][:60]})")
        else:
            best = min(second for line in own for second in line["seconds"])
            cpu = min((second for line in own for second in line.get("cpu_seconds", [])), default=float("nan"))
            peak_mb = max(line["peak_rss_bytes"] for line in own) / 1e6
            cells.append(f"{best:.3f} s ({cpu:.3f} cpu), {peak_mb:.0f} MB")
    rows = next((line["rows"] for line in lines if "rows" in line), 0)
    return "| " + " | ".join([*cells, f"{rows:,}"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", type=workloads)
    parser.add_argument("--size", required=True, help="rows of the left table, or TPC-H's scale factor")
    parser.add_argument("--engines", type=lambda text: text.split(","), default=["polars", "duckdb"])
    parser.add_argument("--rounds", type=int, default=2, help="processes for each, in turns")
    parser.add_argument("--repeat", type=int, default=1, help="times in each process")
    parser.add_argument("--bound", type=byte_size, help="memory that the system allows: 4GiB")
    parser.add_argument("--memory", type=byte_size, help="memory that the engine is told; else 3/4 of --bound")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--data", type=Path, default=TARGET / "peers-data")
    parser.add_argument("--out", type=Path, default=TARGET / "peers-results", help="the folder for answers")
    parser.add_argument("--temp", type=Path, default=TARGET, help="the folder to spill to")
    parser.add_argument("--keep", action="store_true", help="keep the answers")
    parser.add_argument("--blockfold", type=Path, default=TARGET / "release/workload")
    parser.add_argument("--json", type=Path, help="append the lines to this file too")
    args = parser.parse_args()

    table, wrong = [], []
    for name in args.workloads:
        warm(Files(args.data, args.size).read_by(WORK[name]))
        lines = []
        for _ in range(args.rounds):
            for engine in args.engines:
                if any("failed" in line for line in lines if line["engine"] == engine):
                    continue
                lines.append(one(engine, name, args))
                print(json.dumps(lines[-1]), flush=True)
                if args.json:
                    with open(args.json, "a") as out:
                        out.write(json.dumps(lines[-1]) + "\n")
        what = compare(lines)
        if what:
            wrong.append(f"{name}: {what}")
        table.append(row(name, lines, args.engines))
    print("| " + " | ".join([f"{args.size}", *args.engines, "rows"]) + " |")
    print("|" + "---|" * (len(args.engines) + 2))
    print("\n".join(table))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
