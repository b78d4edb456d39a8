"""Time one workload in one engine: `python measure.py ENGINE WORKLOAD --data DIR --repeat N [--out FILE]`.

Prints one JSON line, the one that README.md in this folder describes. Imports are not timed.
"""

import argparse
import importlib
import json
import resource
import shutil
import sys
import time
from pathlib import Path

import pyarrow as pa

from workloads import WORKLOADS, parquet_glob


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine")
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--out", type=Path, help="where to write the result")
    args = parser.parse_args()
    workload = WORKLOADS[args.workload]
    run = getattr(importlib.import_module(f"{args.engine}_engine"), args.workload)
    if workload.key is None:
        path = str(args.out)
    elif workload.source is None:
        path = None
    elif workload.source.endswith(".arrow"):
        path = str(args.data / workload.source)
    else:
        path = parquet_glob(args.data, workload)

    seconds = []
    for _ in range(args.repeat):
        if workload.key is None:
            shutil.rmtree(args.out, ignore_errors=True)
        start = time.perf_counter()
        result = run(path)
        seconds.append(time.perf_counter() - start)

    peak_rss_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if args.out and workload.key is not None:
        with pa.ipc.new_file(args.out, result.schema) as writer:
            writer.write_table(result)
    report = {
        "seconds": seconds,
        "rows": result.num_rows if result is not None else 0,
        "result_path": str(args.out) if args.out else None,
        "peak_rss_bytes": peak_rss_bytes,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
