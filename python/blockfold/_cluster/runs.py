"""Frames and arrays that run elsewhere: on a cluster, or wherever a scheduler of Dask does their tasks.

All runs of frames and arrays end in a few calls of the native layer, which ask the `runner` that is set. One that runs
plans on a cluster answers them with results from there. Two others make a lazy value of any kind a Dask collection without
a word about its kind: under `Seen` its own ``compute`` tells which plan it would run, and under `Replayed` it makes its
answer of the results of that plan.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

from .. import _blockfold as core
from .. import _cluster, _recipes
from ..session import current
from . import graph, worker, writes


@contextmanager
def elsewhere(runner: Any) -> Iterator[None]:
    """Has plans run by somebody else for a while."""
    token = _recipes.runner.set(runner)
    try:
        yield
    finally:
        _recipes.runner.reset(token)


class _Found(BaseException):
    """Carries a plan out of the call that would have run it."""

    def __init__(self, native: Any):
        self.native = native


class Seen:
    """Runs nothing: tells which plan would have run."""

    #: Whether runs inside of calls that make lazy values are answered, too.
    is_everywhere = False

    def collect(self, native: Any, *args: Any) -> Any:
        raise _Found(native)

    batches = compute = persist = to_npy = to_zarr = write_ipc = write_parquet = collect

    def len(self, native: Any) -> int:
        with elsewhere(None):  # What comes of it may decide which plan runs.
            return native.len()


def plan_of(value: Any, call: str = "compute") -> Any:
    """The native frame or array that a lazy value's ``compute`` or ``persist`` runs first."""
    with elsewhere(Seen()):
        try:
            getattr(value, call)()
        except _Found as found:
            return found.native
    raise TypeError(f"{type(value).__name__}.{call} runs no plan")


class Elsewhere:
    """Answers calls that run plans by results that `results` and `blocks` give of a plan."""

    is_everywhere = True

    def stopping(self) -> Any:
        """What ends the run that this thread is about to start, called by another; None if nothing does."""
        return None

    def results(self, native: Any) -> list[core.Parcel]:
        """What the fragments of the answer made."""
        raise NotImplementedError

    def blocks(self, native: Any) -> graph.Blocks:
        """Where the blocks of a plan lie once they are made."""
        raise NotImplementedError

    def collect(self, native: core.LazyFrame) -> Any:
        """A frame's answer."""
        return native.table_of(self.results(native))

    def batches(self, native: core.LazyFrame) -> Any:
        """A frame's answer, batch by batch."""
        return Batches(native, iter(self.results(native)))

    def len(self, native: core.LazyFrame) -> int:
        """The number of a frame's rows."""
        counted = native.group_agg([], [core.Expr.len().alias("rows")])
        return self.collect(counted).to_list("rows")[0]

    def compute(self, native: core.Array) -> Any:
        """An array's elements."""
        import numpy as np

        values = np.empty(native.shape, dtype=native.dtype)
        for parcel in self.results(native):
            for start, block in parcel.arrays():
                block = np.asarray(block)
                values[tuple(slice(at, at + length) for at, length in zip(start, block.shape, strict=True))] = block
        return values

    def persist(self, native: Any) -> Any:
        """The same frame or array, of blocks that are made now and stay where they are."""
        return self._given(native, self.blocks(native), None)

    def kept(self, native: Any) -> Any:
        """As `persist`; partitions of a frame are counted."""
        blocks = self.blocks(native)
        blocks.is_by_the_way = True
        try:
            return self._given(native, blocks, None if isinstance(native, core.Array) else self.lengths(blocks))
        except BaseException:
            # Whoever keeps the traceback keeps the futures, for which the cluster would go on working.
            blocks.release()
            raise

    def lengths(self, blocks: graph.Blocks) -> list[int]:
        """Rows of blocks."""
        raise NotImplementedError

    @staticmethod
    def _given(native: Any, blocks: graph.Blocks, lengths: list[int] | None) -> Any:
        if isinstance(native, core.Array):
            return graph.given_array(native, blocks)
        import pyarrow

        divisions = native.divisions()
        if divisions is not None and len(divisions[1]) != len(blocks.places) + 1:
            divisions = None
        return graph.given_frame(pyarrow.table(native.table_of([])), blocks, lengths, divisions)

    def write_parquet(self, native: core.LazyFrame, path: Any, options: dict[str, Any]) -> dict[str, Any]:
        """Writes a frame."""
        return _recipes.run_here(native, "write_parquet", path, options)

    def write_ipc(self, native: core.LazyFrame, path: Any, compression: str | None, overwrite: bool) -> dict[str, Any]:
        """Writes a frame."""
        return _recipes.run_here(native, "write_ipc", path, compression, overwrite)

    def to_npy(self, native: core.Array, path: Any, overwrite: bool) -> dict[str, Any]:
        """Writes an array, in this process."""
        with self.fetched(native) as here:
            return _recipes.run_here(here, "to_npy", path, overwrite)

    def to_zarr(self, native: core.Array, path: Any, version: int, overwrite: bool) -> dict[str, Any]:
        """Writes an array, in this process."""
        with self.fetched(native) as here:
            return _recipes.run_here(here, "to_zarr", path, version, overwrite)

    @contextmanager
    def fetched(self, native: core.Array) -> Iterator[core.Array]:
        """An array that can be read in this process for a while."""
        yield native


class Batches:
    """Batches of an answer, fetched as they are asked for."""

    def __init__(self, native: core.LazyFrame, parcels: Iterator[core.Parcel]):
        self._native, self._parcels = native, parcels

    def __iter__(self) -> Iterator[Any]:
        for parcel in self._parcels:
            for block in parcel.tables():
                yield from block

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        import pyarrow

        schema = pyarrow.table(self._native.table_of([])).schema
        batches = (batch for table in self for batch in pyarrow.table(table).cast(schema).to_batches())
        return pyarrow.RecordBatchReader.from_batches(schema, batches).__arrow_c_stream__(requested_schema)


class Replayed(Elsewhere):
    """Answers once with results that are there; other plans run where they would without it."""

    is_everywhere = False

    def __init__(self, results: list[core.Parcel] | None = None, blocks: graph.Blocks | None = None):
        self._results, self._blocks = results, blocks

    def collect(self, native: Any) -> Any:
        return self._once("collect", native)

    def batches(self, native: Any) -> Any:
        return self._once("batches", native)

    def compute(self, native: Any) -> Any:
        return self._once("compute", native)

    def persist(self, native: Any) -> Any:
        return self._once("persist", native)

    def len(self, native: Any) -> int:
        with elsewhere(None):
            return native.len()

    def _once(self, call: str, native: Any) -> Any:
        if (self._blocks if call == "persist" else self._results) is None:
            with elsewhere(None):
                return getattr(native, call)()
        return getattr(super(), call)(native)

    def results(self, native: Any) -> list[core.Parcel]:
        results, self._results = self._results, None
        return results or []

    def blocks(self, native: Any) -> graph.Blocks:
        blocks, self._blocks = self._blocks, None
        return blocks or graph.Blocks([], {})


class Here(Replayed):
    """Answers once with results that are in this process, as a scheduler of threads leaves them, and keeps them in memory."""

    def _once(self, call: str, native: Any) -> Any:
        if call != "persist" or self._results is None:
            return super()._once(call, native)
        if isinstance(native, core.Array):
            return current().share_buffer(Elsewhere.compute(self, native), tuple(map(tuple, native.chunks)))
        import pyarrow

        empty = pyarrow.table(native.table_of([]))
        blocks = [block for parcel in self.results(native) for block in parcel.tables()]
        parts = [pyarrow.concat_tables(map(pyarrow.table, block)) if block else empty for block in blocks] or [empty]
        kept = [current().share_stream(part, 1) for part in parts]
        return core.concat(kept) if len(kept) > 1 else kept[0]


class Scheduled(Elsewhere):
    """Runs plans on a connected backend of this package, which runs graphs."""

    def __init__(self, backend: Any):
        self._backend = backend

    def stopping(self) -> Any:
        thread, stop = get_ident(), getattr(self._backend, "stop", None)
        return None if stop is None else lambda: stop(thread)

    def plan(self, native: Any) -> graph.Plan:
        """A plan as a graph for the backend."""
        return graph.Plan(native, graph.Cut.of_backend(self._backend))

    def results(self, native: Any) -> list[core.Parcel]:
        plan = self.plan(native)
        return self._backend.run_graph(plan.graph, plan.keys)

    def batches(self, native: core.LazyFrame) -> Any:
        plan = self.plan(native)
        return Batches(native, self._backend.each_result(plan.graph, plan.keys))

    def blocks(self, native: Any) -> graph.Blocks:
        plan = self.plan(native)
        futures = self._backend.persist_graph(plan.graph, plan.keys)
        return each_block(plan, dict(zip(plan.keys, futures, strict=True)))

    def lengths(self, blocks: graph.Blocks) -> list[int]:
        from uuid import uuid4

        from dask._task_spec import Task, TaskRef

        token, made = uuid4().hex, list(dict.fromkeys(of for of, _ in blocks.places))
        tasks = {(f"rows-{token}", at): Task((f"rows-{token}", at), worker.rows, TaskRef(of)) for at, of in enumerate(made)}
        rows = dict(zip(made, self._backend.run_graph({**blocks.graph, **tasks}, list(tasks)), strict=True))
        return [rows[of][at] for of, at in blocks.places]

    @contextmanager
    def fetched(self, native: core.Array) -> Iterator[core.Array]:
        """The same array; if blocks lie on workers, it is computed there, and its chunks are fetched when they are read."""
        if not graph.has_blocks(native):
            yield native
            return
        from uuid import uuid4

        from dask._task_spec import Task, TaskRef

        from ..array._many_blocks import array_of
        from ..delayed import delayed

        blocks, stops = self.blocks(native), {}

        def chunk(at: int) -> Any:
            of, block = blocks.places[at]
            key = (f"chunk-{uuid4().hex}", block)
            tasks = {of: blocks.graph[of], key: Task(key, worker.to_numpy, TaskRef(of), block)}
            stops[at] = self.stopping()
            try:
                return self._backend.run_graph(tasks, [key])[0]
            finally:
                del stops[at]

        calls = [delayed(chunk, pure=False)(at) for at in range(len(blocks.places))]
        try:
            yield array_of(calls, graph.chunks_of(native, blocks), native.dtype)._core
        except BaseException:
            # As by Ctrl-C: threads may wait for chunks.
            for stop in filter(None, list(stops.values())):
                stop()
            blocks.release()
            raise

    def write_parquet(self, native: core.LazyFrame, path: Any, options: dict[str, Any]) -> dict[str, Any]:
        overwrite = bool(options.get("overwrite"))
        how = ({**options, "overwrite": False},)
        return writes.written(self._backend, self.plan(native), native, "write_parquet", path, how, overwrite)

    def write_ipc(self, native: core.LazyFrame, path: Any, compression: str | None, overwrite: bool) -> dict[str, Any]:
        how = (compression, False)
        return writes.written(self._backend, self.plan(native), native, "write_ipc", path, how, overwrite)


def scheduled(scheduler: Any = None) -> Any:
    """Who runs plans, given what ``scheduler=`` says; None for this process."""
    backend = _cluster.chosen(scheduler)
    return None if backend is None else Scheduled(backend)


def take_over() -> None:
    """Has plans run where clients are connected to, and where their blocks lie."""
    _recipes.connected[:] = [_runner_of]


def _runner_of(native: Any) -> Any:
    """Who runs a plan: the innermost open client; for blocks that lie on workers, that of Dask."""
    backend = _cluster.current()
    if backend is None and not _cluster.is_here() and graph.has_blocks(native):
        backend = _client_of_dask()
    return None if backend is None else Scheduled(backend)


def _client_of_dask() -> Any:
    import sys

    from ._dask import Dask

    try:
        client = sys.modules["distributed"].get_client()
    except (KeyError, ValueError):
        return None
    return Dask.of(client) if client.status == "running" else None


def each_block(plan: graph.Plan, made: dict[Any, Any]) -> graph.Blocks:
    """The blocks of a plan, given what its fragments made, several blocks each: results, or futures of them."""
    from dask._task_spec import DataNode

    is_here = lambda one: isinstance(one, core.Parcel)
    tasks: dict[Any, Any] = {key: DataNode(key, one) if is_here(one) else one for key, one in made.items()}
    places = [(of, at) for of, count in zip(plan.keys, plan.blocks, strict=True) for at in range(count)]
    return graph.Blocks(places, tasks)


# ---- lazy values as Dask collections

#: The last plans that were made of values, since Dask asks a value several times: for its graph, its keys, its token.
_plans: OrderedDict[int, tuple[Any, list[Any], graph.Plan]] = OrderedDict()
_MOST_PLANS = 16

#: Bytes of plans above which only the last one is kept; plans of data in memory hold all of it.
_MOST_BYTES = 32 << 20


def dask_plan(value: Any) -> graph.Plan:
    """The plan of a lazy value, the same as long as the value is."""
    cut, now = graph.Cut.here(), _state(value)
    known = _plans.get(id(value))
    if known is not None and known[0] is value and known[2].cut == cut and _are_same(known[1], now):
        return known[2]
    plan = graph.Plan(plan_of(value), cut)
    _plans[id(value)] = value, now, plan
    while len(_plans) > _MOST_PLANS or (len(_plans) > 1 and sum(one.nbytes for *_, one in _plans.values()) > _MOST_BYTES):
        _plans.popitem(last=False)
    return plan


def _state(value: Any) -> list[Any]:
    names = [name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())]
    state: list[Any] = []
    for held in (getattr(value, name, None) for name in names if name != "__weakref__"):
        state.extend([*held, *held.values()] if isinstance(held, dict) else [held])
    return state


def _are_same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now, strict=True))


def answer(results: Any, value: Any) -> Any:
    """What a value's ``compute`` gives, once its fragments are done."""
    with elsewhere(Replayed(list(results))):
        return value.compute()


def kept(made: Any, value: Any, rename: Any = None) -> Any:
    """What a value's ``persist`` gives, once its fragments are done and kept."""
    from dask.task_spec import GraphNode

    plan = dask_plan(value)
    results = [made[key] for key in plan.keys]
    if any(isinstance(one, GraphNode) for one in results):
        return value  # As of `dask.optimize`: nothing has run.
    take_over()
    is_here = all(isinstance(one, core.Parcel) for one in results)
    with elsewhere(Here(results) if is_here else Replayed(blocks=each_block(plan, made))):
        return value.persist()
