"""Plans as graphs of tasks that Dask's schedulers run: each task does a fragment."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any

from .. import _blockfold as core
from .. import _cluster, _recipes
from ..exceptions import ArgumentError, UnreachableError
from ..session import current
from . import worker

#: Bytes that a fragment should read or make.
FRAGMENT_BYTES = 64 << 20

#: Seconds in which a cluster without workers has to get one.
FIRST_WORKER = 60

#: Fragments of a chain for each thread of the cluster at least, where it has as many tasks.
A_THREAD = 4

_READS_PATHS = frozenset(("read_parquet", "read_ipc", "open_npy", "open_zarr"))


class Cut:
    """What fragments are made for: the memory of a worker, and how many threads there are.

    Parameters
    ----------
    budget_bytes : int
        What the fragments of a worker may hold.
    threads : int
        Threads of all workers.
    fragment_bytes : int
        What a fragment should read or make.
    """

    def __init__(self, budget_bytes: int, threads: int, fragment_bytes: int = FRAGMENT_BYTES):
        self.budget_bytes, self.threads, self.fragment_bytes = budget_bytes, threads, fragment_bytes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cut) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of_workers(cls, workers: dict[str, Any]) -> Cut:
        """For the workers of a scheduler: the least of their memory limits counts."""
        limits = [worker.budget_of(one.get("memory_limit"), one.get("processes", 1)) for one in workers.values()]
        budget = min([limit for limit in limits if limit], default=current().memory_budget_bytes)
        return cls(budget, max(sum(one.get("nthreads", 1) for one in workers.values()), 1), _fragment_bytes())

    @classmethod
    def of_backend(cls, backend: Any) -> Cut:
        """For the workers of a connected backend; for this process where it does not say who they are."""
        client = getattr(backend, "client", backend)
        told = getattr(client, "scheduler_info", None)
        if told is not None and hasattr(client, "wait_for_workers"):
            if getattr(client, "status", "running") != "running":
                raise UnreachableError(f"{client} is {client.status}; connect a new one")
            if not told(n_workers=-1).get("workers"):
                # A cluster that starts workers when there is work.
                client.wait_for_workers(1, timeout=FIRST_WORKER)
        workers = {} if told is None else told(n_workers=-1).get("workers", {})
        if workers:
            return cls.of_workers(workers)
        session = current()
        here = cls(session.memory_budget_bytes, session.threads, _fragment_bytes())
        return here._with_ray()

    def _with_ray(self) -> Cut:
        """The same, so that the processes of Ray can run it, too, if the program is connected to it."""
        import sys

        ray = sys.modules.get("ray")
        if ray is None or not ray.is_initialized():
            return self
        from ._ray import workers

        there = Cut.of_workers(workers())
        return Cut(min(self.budget_bytes, there.budget_bytes), max(self.threads, there.threads), self.fragment_bytes)

    @classmethod
    def here(cls) -> Cut:
        """For the cluster that is connected: by a client of this package, or by the current one of Dask."""
        import sys

        backend = _cluster.current()
        if backend is None and "distributed" in sys.modules:
            try:
                found = sys.modules["distributed"].get_client()
            except ValueError:
                found = None
            # One that could not connect stays Dask's default until it is collected.
            backend = found if getattr(found, "status", None) == "running" else None
        return cls.of_backend(backend)


def _fragment_bytes() -> int:
    from ..dataframe._partitions import byte_count

    return byte_count(os.environ.get("BLOCKFOLD_FRAGMENT_BYTES", FRAGMENT_BYTES))


class Plan:
    """A lazy frame or array as a graph of tasks.

    `graph` maps keys to tasks, `keys` are those of the answer, in order.
    """

    def __init__(self, native: Any, cut: Cut):
        self.cut = cut
        self.graph: dict[Any, Any] = {}
        steps, self._given = _lifted(native, self.graph)
        body = _pickled(steps)
        lazy = _recipes._made(core.__version__, steps)
        sizes = cut.budget_bytes, cut.fragment_bytes, cut.threads * A_THREAD
        self._fragments = lazy.fragments(*sizes)
        listed = self._fragments.list()
        head = dict(zip(("budget", "fragment", "least"), sizes, strict=True))
        # Files that were written anew make another plan, also if it does the same.
        head |= {"content": self._fragments.content}
        head |= {"text": worker.text_of(self._fragments), "fragments": len(listed)}
        plan = worker.encoded("plan", head, body)
        #: What workers are sent.
        self.nbytes = len(plan)
        self.token = hashlib.sha256(plan).hexdigest()[:32]
        self._tasks(listed, plan)

    def _tasks(self, listed: list[Any], plan: bytes) -> None:
        from dask._task_spec import DataNode, Task, TaskRef

        plan_key = f"plan-{self.token}"
        self.graph[plan_key] = DataNode(plan_key, plan)
        names = [(task_name(label, self.token), at) for at, (label, _) in enumerate(listed)]
        for at, (_, reads) in enumerate(listed):
            places = [self._input(names, *read) for read in reads]
            inputs = {key: place for place, key in enumerate(dict.fromkeys(key for key, _ in places))}
            head = {"plan": self.token, "at": at, "reads": [[inputs[key], block] for key, block in places]}
            fragment, refs = worker.encoded("fragment", head), map(TaskRef, inputs)
            self.graph[names[at]] = Task(names[at], worker.run_fragment, fragment, TaskRef(plan_key), *refs)
        self.keys = [names[at] for at, _ in self._fragments.answer()]
        #: How many blocks of the answer each of them makes.
        self.blocks = [blocks for _, blocks in self._fragments.answer()]

    def _input(self, names: list[Any], kind: str, of: str, part: int) -> tuple[Any, int | None]:
        """The key of what a fragment reads, and which of its blocks."""
        from dask._task_spec import Task, TaskRef

        if kind == "result":
            return names[int(of)], None
        if kind == "given":
            return self._given[of][part]
        key = (f"part-{self.token}", int(of), part)
        if key not in self.graph:
            self.graph[key] = Task(key, worker.take_part, TaskRef(names[int(of)]), part)
        return key, None


def task_name(label: str, token: str) -> str:
    """A name by which Dask's dashboard groups tasks: words joined by hyphens, then the token."""
    words = re.sub(r"[^A-Za-z]+", "-", label).strip("-") or "fragment"
    return f"{words}-{token}"


def _pickled(steps: list[Any]) -> bytes:
    """Calls as bytes; functions of users go along by value where they can be found by no name."""
    program = _recipes.Program(core.__version__, steps)
    try:
        from cloudpickle import dumps
    except ImportError:
        from pickle import dumps
    try:
        return dumps(program)
    except Exception as error:
        functions = [one for step in steps for one in _recipes.held(step[2], _is_function)]
        named = ", ".join(sorted({getattr(one, "__qualname__", type(one).__name__) for one in functions})) or "its data"
        raise ArgumentError(f"the plan cannot be sent to workers, since {named} cannot be pickled: {error}") from error


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


# ---- blocks that lie on workers


class Blocks:
    """Where the blocks of a frame or array lie: for each the key of a task and which of its blocks, and the graph of these
    tasks."""

    def __init__(self, places: list[tuple[Any, int]], graph: dict[Any, Any]):
        self.places, self.graph = places, graph
        #: Whether nobody asked for keeping them: they can be made again from what they were made of.
        self.is_by_the_way = False

    def release(self) -> None:
        """Needs them no longer, whoever still holds them."""
        for made in self.graph.values():
            if hasattr(made, "release"):
                made.release()


def given_frame(columns: Any, blocks: Blocks, lengths: list[int] | None, divisions: Any) -> core.LazyFrame:
    """A native frame whose partitions are blocks, of the columns of an Arrow table; with the rows of each and the bounds of a
    column, if they are known."""
    name = _name_of(blocks)
    native = current().given_frame(name, columns, len(blocks.places), lengths, divisions)
    native._blocks = blocks
    return native


def chunks_of(native: core.Array, blocks: Blocks) -> tuple[tuple[int, ...], ...]:
    """The chunks that blocks of an array are."""
    if len(blocks.places) == 1:
        # Reductions, and small arrays that are put together, are made as one block.
        return tuple((length,) for length in native.shape)
    return tuple(map(tuple, native.chunks))


def given_array(of: core.Array, blocks: Blocks) -> core.Array:
    """A native array like another, whose chunks are blocks."""
    chunks = list(map(list, chunks_of(of, blocks)))
    native = current().given_array(_name_of(blocks), of.dtype, chunks)
    native._blocks = blocks
    return native


def _name_of(blocks: Blocks) -> str:
    text = "\n".join(map(str, blocks.places))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def has_blocks(native: Any) -> bool:
    """Whether a frame or array is made of blocks that lie on workers."""
    return any(hasattr(one, "_blocks") for _, one in _recipes.in_order(native, _recipes._reads).values())


def _lifted(native: Any, graph: dict[Any, Any]) -> tuple[list[Any], dict[str, list[tuple[Any, int | None]]]]:
    """The calls that make a value, those of blocks by name; puts what makes the blocks into a graph."""
    found = _recipes.in_order(native, _recipes._reads)
    steps, given = [], {}
    for _, one in found.values():
        owner, name, args, kwargs, at = _recipes._step(one, found)
        calls = getattr(one, "_calls", None)
        if calls is not None:
            called = f"calls-{len(given)}"
            given[called] = [(_key_of_call(call, graph), None) for call in calls]
            if name == "frame_of_calls":
                name, args, kwargs = "given_frame", (called, args[2], len(calls)), {}
            else:
                name, args, kwargs = "given_array", (called, args[3], args[4]), {}
        elif hasattr(one, "_blocks"):
            graph.update(one._blocks.graph)
            given[args[0]] = one._blocks.places
        elif name in _READS_PATHS and owner is None:
            args = _recipes.replaced(args[0], _is_path, _absolute), *args[1:]
        steps.append((owner, name, args, kwargs, at))
    return steps, given


def _key_of_call(call: Any, graph: dict[Any, Any]) -> Any:
    """The key of a delayed call's result; puts what makes it into a graph."""
    graph.update(call.__dask_graph__())
    return call.__dask_keys__()[0]


def _is_path(value: Any) -> bool:
    return isinstance(value, str | os.PathLike)


def _absolute(path: Any) -> Any:
    text = os.fspath(path)
    return text if "://" in text else os.path.abspath(text)
