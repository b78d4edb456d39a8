"""Frames, arrays and delayed values from Dask's and to Dask's, partition by partition and chunk by chunk."""

from __future__ import annotations

from typing import Any

from ..delayed import Delayed
from ..exceptions import UnsupportedError
from . import graph, needed, runs, worker


def from_dask(value: Any) -> Any:
    """A lazy value of a Dask DataFrame, Series, Index, Array, Bag or Delayed."""
    needed("dask", "from_dask")
    kind = type(value)
    if kind.__module__.startswith("dask.dataframe"):
        if kind.__name__ == "Index":
            frame = value.to_frame(index=False, name="index" if value.name is None else value.name)
            return from_dask(frame[frame.columns[0]])
        from ..dataframe._delayed import from_delayed

        parts = value.to_delayed()
        return from_delayed([Delayed.from_dask(part) for part in parts], meta=value._meta)
    if kind.__module__.startswith("dask.array"):
        return _array_of(value)
    return Delayed.from_dask(value)


def _array_of(value: Any) -> Any:
    from ..array._many_blocks import array_of

    if any(length != length for along in value.chunks for length in along):
        raise UnsupportedError("from_dask of an array with chunks of unknown lengths; call compute_chunk_sizes() on it")
    calls = [Delayed.from_dask(chunk) for chunk in value.to_delayed().ravel()]
    return array_of(calls, value.chunks, str(value.dtype))


def to_dask_frame(frame: Any, name: Any = None) -> Any:
    """A Dask DataFrame of a lazy frame; a Series when it has a name for it."""
    dataframe = needed("dask.dataframe", "to_dask")
    from dask._task_spec import Task, TaskRef
    from dask.delayed import Delayed as DaskDelayed

    plan = runs.dask_plan(frame)
    meta = frame.head(0)
    blocks = runs.each_block(plan, {})
    tasks = dict(plan.graph) | blocks.graph
    labels = list(frame._index), list(frame._columns), None if name is None else (name[0],)
    parts = []
    for at, (key, block) in enumerate(blocks.places):
        own = (f"to-pandas-{plan.token}", at)
        tasks[own] = Task(own, worker.to_pandas, TaskRef(key), block, *labels)
        parts.append(DaskDelayed(own, tasks))
    meta = meta if name is None else meta.iloc[:, 0].rename(name[0])
    return dataframe.from_delayed(parts, meta=meta, verify_meta=False)


def to_dask_array(array: Any) -> Any:
    """A Dask Array of a lazy array."""
    dask_array = needed("dask.array", "to_dask")
    from itertools import product

    from dask._task_spec import Task, TaskRef

    plan = runs.dask_plan(array)
    blocks = runs.each_block(plan, {})
    tasks, name = dict(plan.graph) | blocks.graph, f"to-numpy-{plan.token}"
    chunks = graph.chunks_of(array._core, blocks)
    places = product(*(range(len(along)) for along in chunks))
    for place, (key, block) in zip(places, blocks.places, strict=True):
        own = (name, *place)
        tasks[own] = Task(own, worker.to_numpy, TaskRef(key), block)
    return dask_array.Array(tasks, name, chunks, dtype=array.dtype)

