"""Do one workload in one engine: `python measure_tables.py ENGINE WORKLOAD --data DIR --size 1e7 --out FILE`.

Prints one JSON line, the one that TABLES.md describes. Imports and settings are not timed.
"""

import argparse
import importlib
import json
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tables import THREADS, WORK, Files


def peak_rss_bytes() -> int:
    """Of this program alone: `ru_maxrss` would start at the parent's memory."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("workload", choices=WORK)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", required=True, help="rows of the left table, or TPC-H's scale factor")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="where to write the result")
    parser.add_argument("--memory", type=int, help="what the engine is told to use, in bytes")
    parser.add_argument("--threads", type=int, default=THREADS)
    parser.add_argument("--temp", default="/tmp", help="the folder to spill to")
    args = parser.parse_args()
    work = WORK[args.workload]
    files = Files(args.data, args.size)
    engine = importlib.import_module(f"{args.engine}_tables")
    engine.start(args.threads, args.memory, args.temp)
    query = getattr(engine, work.function)

    seconds, cpu_seconds, result = [], [], None
    for _ in range(args.repeat):
        result = None
        args.out.unlink(missing_ok=True)
        start, cpu_start = time.perf_counter(), time.process_time()
        if work.parquet:
            engine.write_parquet(query(files), str(args.out))
        else:
            result = engine.collect(query(files))
        seconds.append(time.perf_counter() - start)
        cpu_seconds.append(time.process_time() - cpu_start)

    peak = peak_rss_bytes()
    if result is not None:
        with pa.ipc.new_file(args.out, result.schema) as writer:
            writer.write_table(result)
    report = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "rows": result.num_rows if result is not None else pq.read_metadata(args.out).num_rows,
        "result_path": str(args.out),
        "peak_rss_bytes": peak,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
