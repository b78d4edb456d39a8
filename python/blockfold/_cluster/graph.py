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
                backend = sys.modules["distributed"].get_client()
            except ValueError:
                pass
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
            head = {"plan": self.token, "at": at}
            inputs = [TaskRef(self._input(names, *read)) for read in reads]
            fragment = worker.encoded("fragment", head)
            self.graph[names[at]] = Task(names[at], worker.run_fragment, fragment, TaskRef(plan_key), *inputs)
        self.keys = [names[at] for at, _ in self._fragments.answer()]
        #: How many blocks of the answer each of them makes.
        self.blocks = [blocks for _, blocks in self._fragments.answer()]

    def _input(self, names: list[Any], kind: str, of: str, part: int) -> Any:
        """The key of what a fragment reads."""
        from dask._task_spec import Task, TaskRef

        if kind == "result":
            return names[int(of)]
        if kind == "given":
            return self._given[of][part]
        key = (f"part-{self.token}", int(of), part)
        if key not in self.graph:
            self.graph[key] = Task(key, worker.take_part, TaskRef(names[int(of)]), part)
        return key


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
    """Where the blocks of a frame or array lie: keys of tasks, and the graph that makes them."""

    def __init__(self, keys: list[Any], graph: dict[Any, Any]):
        self.keys, self.graph = keys, graph


def given_frame(columns: Any, blocks: Blocks) -> core.LazyFrame:
    """A native frame whose partitions are blocks, of the columns of an Arrow table."""
    name = _name_of(blocks)
    native = current().given_frame(name, columns, len(blocks.keys))
    native._blocks = blocks
    return native


def given_array(dtype: str, chunks: list[list[int]], blocks: Blocks) -> core.Array:
    """A native array whose chunks are blocks."""
    native = current().given_array(_name_of(blocks), dtype, chunks)
    native._blocks = blocks
    return native


def _name_of(blocks: Blocks) -> str:
    text = "\n".join(map(str, blocks.keys))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def has_blocks(native: Any) -> bool:
    """Whether a frame or array is made of blocks that lie on workers."""
    return any(hasattr(one, "_blocks") for _, one in _recipes.in_order(native, _recipes._reads).values())


def _lifted(native: Any, graph: dict[Any, Any]) -> tuple[list[Any], dict[str, list[Any]]]:
    """The calls that make a value, those of blocks by name; puts what makes the blocks into a graph."""
    found = _recipes.in_order(native, _recipes._reads)
    steps, given = [], {}
    for _, one in found.values():
        owner, name, args, kwargs, at = _recipes._step(one, found)
        calls = getattr(one, "_calls", None)
        if calls is not None:
            called = f"calls-{len(given)}"
            given[called] = [_key_of_call(call, graph) for call in calls]
            if name == "frame_of_calls":
                name, args, kwargs = "given_frame", (called, args[2], len(calls)), {}
            else:
                name, args, kwargs = "given_array", (called, args[3], args[4]), {}
        elif hasattr(one, "_blocks"):
            graph.update(one._blocks.graph)
            given[args[0]] = one._blocks.keys
        elif name in _READS_PATHS and owner is None:
            args, kwargs = _recipes.replaced((args, kwargs), _is_path, _absolute)
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
