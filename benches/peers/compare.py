"""Check that every engine found the same: `python compare.py WORKLOAD FILE...`.

The same groups, whole numbers equal, and floats within 1e-9: relative, or absolute for values below one, because
sums of numbers around zero cancel.
"""

import sys

import numpy as np
import pyarrow as pa

from workloads import WORKLOADS, Workload

TOLERANCE = 1e-9


def load(file: str, workload: Workload) -> pa.Table:
    """The result in `file` with the workload's columns, sorted by key."""
    with pa.memory_map(file) as source:
        table = pa.ipc.open_file(source).read_all()
    missing = {workload.key, *workload.values} - set(table.column_names)
    if missing:
        sys.exit(f"{file}: no column {', '.join(sorted(missing))}; it has {', '.join(table.column_names)}")
    key = table[workload.key]
    if not pa.types.is_integer(key.type):
        key = key.cast(pa.large_string())
    columns = {workload.key: key} | {name: table[name] for name in workload.values}
    return pa.table(columns).sort_by(workload.key)


def difference(ours: pa.Table, theirs: pa.Table, workload: Workload) -> str | None:
    """What differs between two sorted results, or None."""
    if ours[workload.key].to_pylist() != theirs[workload.key].to_pylist():
        return f"the groups differ ({ours.num_rows} and {theirs.num_rows} of them)"
    for name in workload.values:
        a = ours[name].to_numpy().astype(float)
        b = theirs[name].to_numpy().astype(float)
        off = np.abs(a - b) > TOLERANCE * np.maximum(1.0, np.maximum(np.abs(a), np.abs(b)))
        off |= np.isnan(a) != np.isnan(b)
        if off.any():
            row = int(off.argmax())
            return f"{name} differs in {off.sum()} groups, first in {ours[workload.key][row]}: {a[row]!r}, {b[row]!r}"
    return None


def main() -> None:
    name, first, *others = sys.argv[1:]
    workload = WORKLOADS[name]
    reference = load(first, workload)
    for file in others:
        what = difference(reference, load(file, workload), workload)
        if what:
            sys.exit(f"{name}: {first} and {file} disagree: {what}")


if __name__ == "__main__":
    main()
