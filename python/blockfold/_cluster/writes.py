"""Frames that workers write: a file for each partition, in a folder that appears whole or not at all."""

from __future__ import annotations

import os
import tempfile
import time
from typing import Any

from .. import _blockfold as core
from .. import _recipes
from ..session import current
from . import graph, needed, worker


def written(
    backend: Any,
    plan: graph.Plan,
    native: core.LazyFrame,
    call: str,
    path: Any,
    how: tuple[Any, ...],
    overwrite: bool,
) -> dict[str, Any]:
    """Has workers write a frame to a folder; tells what they wrote.

    Parameters
    ----------
    backend
        Runs graphs.
    plan : graph.Plan
        The frame's.
    call : str
        The native call that writes a frame.
    path : path
        The folder.
    how : tuple
        The call's other arguments, for a folder that is not there.
    overwrite : bool
        Whether what is there is replaced.
    """
    start = time.monotonic()
    columns = needed("pyarrow", "writing on a cluster").table(native.table_of([]))
    _try(columns, call, how)
    path = os.path.abspath(path)
    output = core.Output(path, overwrite)
    try:
        tasks, keys = _tasks(plan, columns, os.fspath(output.begin()), call, how)
        told = [one for of in backend.run_graph({**plan.graph, **tasks}, keys) for one in of]
        output.commit({name: size for name, _, size in told})
    except BaseException:
        output.abort()
        raise
    return {
        "rows_written": sum(rows for _, rows, _ in told),
        "bytes_written": sum(size for _, _, size in told),
        "elapsed_s": time.monotonic() - start,
        "files": len(told),
    }


def _try(columns: Any, call: str, how: tuple[Any, ...]) -> None:
    """Raises for options that are wrong, and for types that the format has not, before anything runs."""
    with tempfile.TemporaryDirectory() as folder:
        _recipes.run_here(current().share_stream(columns, None), call, os.path.join(folder, "none"), *how)


def _tasks(plan: graph.Plan, columns: Any, folder: str, call: str, how: Any) -> tuple[dict[Any, Any], list[Any]]:
    from uuid import uuid4

    from dask._task_spec import Task, TaskRef

    count, tasks, first = sum(plan.blocks), {}, 0
    digits, token = len(str(max(count - 1, 0))), uuid4().hex
    for of, blocks in zip(plan.keys, plan.blocks, strict=True):
        names = [f"part.{at:0{digits}}" for at in range(first, first + blocks)]
        key = (f"{call.replace('_', '-')}-{token}", first)
        tasks[key] = Task(key, worker.write_blocks, TaskRef(of), columns, folder, names, call, how)
        first += blocks
    return tasks, list(tasks)
