"""The backend of a Dask cluster: calls are tasks of its scheduler and run on its workers."""

from __future__ import annotations

import math
import os
import pickle
import pkgutil
import threading
import time
from contextvars import copy_context
from weakref import WeakKeyDictionary

from .. import _blockfold as core
from ..delayed import Delayed
from ..exceptions import (
    ArgumentError,
    CancelledError,
    MissingPackageError,
    OverBudgetError,
    UnreachableError,
    UnsupportedError,
    VersionError,
)
from ..session import current as session
from . import Options, needed
from ._calls import add_call, add_collection, is_collection, is_dask_future, is_future, part, plain, task

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

#: Types of which no value is large.
SMALL = frozenset((int, float, complex, bool, type(None)))

#: Seconds after which workers that have come are looked for before a call is submitted.
EVERY = 1.0

#: Backends of Dask's clients that were not opened by ours.
_of: WeakKeyDictionary[Any, Dask] = WeakKeyDictionary()


def check_versions(versions: dict[str, Any]) -> None:
    """Raises if workers have another version of the package, or an error where they have none."""
    missing = {worker: error for worker, error in versions.items() if isinstance(error, ImportError | AttributeError)}
    if missing:
        listed = "; ".join(f"{worker}: {error}" for worker, error in sorted(missing.items()))
        raise MissingPackageError(f"workers cannot import blockfold; install {core.__version__} there ({listed})")
    own = core.__version__
    others = {worker: version for worker, version in versions.items() if isinstance(version, str) and version != own}
    if others:
        listed = ", ".join(f"{worker} has {version}" for worker, version in sorted(others.items()))
        raise VersionError(f"the client has blockfold {own}, and {listed}; install one version on all")


class DaskFuture:
    """What a future on a Dask cluster wraps."""

    __slots__ = ("own",)

    def __init__(self, own: Any):
        self.own = own

    @property
    def key(self) -> Any:
        return self.own.key

    def done(self) -> bool:
        return self.own.done()

    def cancelled(self) -> bool:
        return self.own.cancelled()

    def cancel(self) -> None:
        self.own.cancel()

    def release(self) -> None:
        """Needs the result no longer; what nobody else needs is not made."""
        self.own.release()

    def exception(self) -> BaseException | None:
        if not self.own.done():
            return None
        return CancelledError(_why_cancelled(self.own)) if self.own.cancelled() else self.own.exception()

    def wait(self, seconds: float | None) -> Any:
        return fetched([self.own], seconds)[0]

    def in_graph(self) -> Any:
        """What stands for the result in a graph."""
        return self.own

    @staticmethod
    def wait_any(natives: list[Any], seconds: float | None) -> None:
        """Waits until one has ended."""
        from distributed import wait
        from distributed.client import FuturesCancelledError

        try:
            with natives[0].own.client.as_current():
                wait([native.own for native in natives], timeout=seconds, return_when="FIRST_COMPLETED")
        except (TimeoutError, FuturesCancelledError):
            pass

    def __reduce__(self) -> Any:
        return DaskFuture, (self.own,)


#: What happened to tasks of which the cluster does not know what they read.
_GONE = (
    "what was kept on workers is not there: it lies on another cluster, its client was closed, or the cluster was restarted; "
    "run with the client that kept it, or call persist() again"
)


def _why_cancelled(future: Any) -> str:
    return f"the call {future.key} was cancelled, or its scheduler is gone"


def fetched(futures: list[Any], seconds: float | None = None) -> list[Any]:
    """Results of Dask's futures, unless they are more than the session's memory budget."""
    from distributed import wait
    from distributed.client import FutureCancelledError, FuturesCancelledError

    if not futures:
        return []
    client = futures[0].client
    if client is None:
        raise ArgumentError(
            "a future inside of an object came to a task without its result; pass futures as arguments, or in lists, tuples "
            "and dictionaries"
        )
    try:
        pending = [future for future in futures if not future.done()]
        if pending:
            with client.as_current():
                wait(pending, timeout=seconds)
        _check_size(client, [future for future in futures if future.status == "finished" and future.type not in SMALL])
        return client.gather(futures)
    except TimeoutError as error:
        if all(future.done() for future in futures):
            raise
        raise TimeoutError(f"the result was not there within {seconds} s") from error
    except (FutureCancelledError, FuturesCancelledError) as error:
        raise CancelledError(_GONE if "lost dependencies" in str(error) else str(error)) from None


def _check_size(client: Any, futures: list[Any]) -> None:
    keys = list({future.key for future in futures})
    try:
        sizes = client.nbytes(keys=keys, summary=False) if keys else {}
    except KeyError:  # A worker was lost just now.
        return
    size, budget = sum(sizes.values()), session().memory_budget_bytes
    if size > budget:
        what = f"the result of {keys[0]} has" if len(keys) == 1 else f"the results of {len(keys)} futures have"
        raise OverBudgetError(
            f"{what} {_text(size)}, and the session's memory budget is {_text(budget)}; they stay on the workers: "
            "submit a function that makes less of them there, gather fewer at once, or use a session with a larger budget"
        )


def _text(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


class Limited:
    """A function that may take some seconds, and fails after them."""

    def __init__(self, function: Callable[..., Any], seconds: float):
        self.function, self.seconds = function, seconds
        self.__name__ = name_of(function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outcome: list[Any] = []
        state, context = _task_state(), copy_context()

        def run() -> None:
            for place, values in state:
                place.__dict__.update(values)
            try:
                outcome.append((True, self.function(*args, **kwargs)))
            except BaseException as error:
                outcome.append((False, error))

        thread = threading.Thread(target=context.run, args=(run,), name=self.__name__, daemon=True)
        thread.start()
        thread.join(self.seconds)
        if not outcome:
            raise TimeoutError(f"the call {self.__name__} had not ended after {self.seconds} s")
        is_result, value = outcome[0]
        if is_result:
            return value
        raise value


def _task_state() -> list[Any]:
    """What says on a thread of a worker which task it runs."""
    from dask.context import thread_state

    return [(thread_state, dict(thread_state.__dict__))]


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called."""
    from dask.utils import funcname

    return funcname(function)


class Graphs:
    """What backends that run Dask graphs have in common: ``start_graph(dsk, keys, options)`` and ``fetch`` are theirs."""

    #: What threads of this process wait for in `run_graph`.
    under_way: dict[int, list[Any]] = {}

    def map(self, function: Callable[..., Any], calls: list[Any], kwargs: Any, options: Options) -> list[Any]:
        """Starts a call for each tuple of arguments; gives what futures wrap."""
        from dask.base import tokenize

        own, graph, keys = plain(function), {}, []
        name = getattr(function, "__name__", None) or name_of(own)
        base = tokenize(own, kwargs) if options.pure and options.key is None else ""
        called = Limited(own, options.timeout) if options.timeout is not None else own
        for place, args in enumerate(calls):
            key = options.key[place] if isinstance(options.key, list) else options.key
            if key is None:
                key = f"{name}-{tokenize(base, args)}" if options.pure else f"{name}-{_token()}"
            keys.append(key)
            if key not in graph:
                graph[key] = task(key, called, args, kwargs, graph)
        return self.start_calls(called, calls, kwargs, keys, graph, options)

    def start_calls(
        self,
        function: Callable[..., Any],
        calls: list[Any],
        kwargs: Any,
        keys: list[Any],
        graph: dict[Any, Any],
        options: Options,
    ) -> list[Any]:
        """Starts calls, which are tasks of a graph; gives what futures wrap."""
        return self.start_graph(graph, keys, options)

    def start(self, values: list[Any], options: Options) -> list[Any]:
        """Starts the computation of lazy values; gives what futures wrap."""
        graph: dict[Any, Any] = {}
        keys = []
        for value in values:
            if is_collection(value):
                keys.append(add_collection(value, graph))
            elif hasattr(value, "compute"):
                reference = part([value], {})
                key = f"{type(value).__name__.lower()}-{_token()}"
                graph[key] = task(key, _only, (), {"values": reference}, graph)
                keys.append(key)
            else:
                raise ArgumentError(
                    f"compute: a {type(value).__name__} is not lazy; give a delayed value, a frame or an array"
                )
        return self.start_graph(graph, keys, options)

    def persist(self, values: list[Any]) -> list[Any]:
        """Lazy values whose results are computed now and stay on workers."""
        from dask.core import flatten

        graph: dict[Any, Any] = {}
        keys: list[list[Any]] = []
        for value in values:
            if isinstance(value, Delayed):
                keys.append([add_call(value, graph)])
            elif is_collection(value):
                graph.update(_optimized(value))
                keys.append(list(flatten(value.__dask_keys__())))
            else:
                raise ArgumentError(f"persist: a {type(value).__name__} has no graph, and cannot be kept on workers")
        wanted = list(dict.fromkeys(key for own in keys for key in own))
        futures = dict(zip(wanted, self.persist_graph(graph, wanted), strict=True))
        made = []
        for value, own in zip(values, keys, strict=True):
            rebuild, rest = value.__dask_postpersist__()
            made.append(rebuild({key: futures[key] for key in own}, *rest))
        return made

    def run_graph(self, dsk: dict[Any, Any], keys: list[Any]) -> list[Any]:
        """The results of keys of a Dask graph, in their order; values of the graph may be futures of `persist_graph`."""
        natives = self.start_graph(dsk, keys, Options())
        thread = threading.get_ident()
        self.under_way[thread] = natives
        try:
            return self.fetch(natives)
        except BaseException:
            # Whoever keeps the traceback keeps the futures, for which the cluster would go on working.
            for native in natives:
                native.release()
            raise
        finally:
            self.under_way.pop(thread, None)

    def stop(self, thread: int) -> None:
        """Ends the graph that a thread waits for."""
        for native in self.under_way.get(thread, ()):
            native.cancel()

    def each_result(self, dsk: dict[Any, Any], keys: list[Any]) -> Iterator[Any]:
        """The results of keys one by one, each when it is there; those to come stay on the cluster."""
        natives = self.start_graph(dsk, keys, Options())[::-1]
        while natives:
            yield self.fetch([natives.pop()])[0]

    def persist_graph(self, dsk: dict[Any, Any], keys: list[Any]) -> list[Any]:
        """Starts what keys of a Dask graph need, and gives their futures, each of which stands in later graphs as the value
        of its key; the results stay on the cluster as long as the futures live.
        """
        return [native.in_graph() for native in self.start_graph(dsk, keys, Options())]

    def start_graph(self, dsk: dict[Any, Any], keys: list[Any], options: Options) -> list[Any]:
        """Starts what keys of a graph need; gives what futures wrap."""
        raise NotImplementedError

    def fetch(self, natives: list[Any]) -> list[Any]:
        """Results, once they are there."""
        raise NotImplementedError


def _only(values: list[Any]) -> Any:
    return values[0]


def _token() -> str:
    from uuid import uuid4

    return uuid4().hex


def _optimized(value: Any) -> dict[Any, Any]:
    """The graph of one of Dask's collections as it is run, with the keys that its `__dask_keys__` says."""
    graph = dict(value.__dask_graph__())
    optimize = getattr(value, "__dask_optimize__", None)
    return graph if optimize is None else dict(optimize(value.__dask_graph__(), value.__dask_keys__()))


def _forget_scheduler() -> None:
    """Has Dask's collections run in this process again once there is no client: Dask sees to that only if its clients are
    closed in the reverse of the order in which they were opened.
    """
    import dask.config as settings
    from distributed import default_client

    try:
        default_client()
    except ValueError:
        if settings.get("scheduler", None) == "dask.distributed":
            settings.config.pop("scheduler", None)


class Dask(Graphs):
    """A Dask cluster by one of its clients, which is closed with the backend if the backend made it."""

    def __init__(self, client: Any, is_own: bool):
        self.client, self._is_own = client, is_own
        self._checked: set[str] = set()
        self._checked_at = 0.0
        self._check_workers()

    @classmethod
    def of(cls, client: Any) -> Dask:
        """The backend of a client of Dask that is there."""
        if client.asynchronous:
            raise UnsupportedError("an asynchronous client of Dask is not supported; use one without asynchronous=True")
        backend = _of.get(client)
        if backend is None:
            backend = _of[client] = cls(client, False)
        return backend

    @classmethod
    def connected(cls, address: Any, timeout: Any, security: Any, scheduler_file: Any, options: dict[str, Any]) -> Dask:
        """The backend of a scheduler, which is waited for."""
        distributed = needed("distributed", "a client of a Dask scheduler")
        if isinstance(address, distributed.Client):
            return cls.of(address)
        if options.pop("asynchronous", False):
            raise UnsupportedError("an asynchronous client is not supported; futures can be awaited without it")
        if isinstance(security, dict):
            security = distributed.Security(**security)
        if security is not None:
            options["security"] = security
        if timeout is not None:
            options["timeout"] = timeout
        if scheduler_file is not None:
            address = _address_in(os.fspath(scheduler_file), timeout)
        name = address if isinstance(address, str) else getattr(address, "scheduler_address", address)
        try:
            client = distributed.Client(address, **options)
        except (OSError, TimeoutError) as error:
            raise UnreachableError(f"no scheduler of Dask answered at {name}: {error}") from error
        except AssertionError as error:
            # What Dask says when the thread that it connects with has not come to run in ten seconds.
            raise UnreachableError(f"no connection to {name}: this machine is too busy; try again") from error
        except (ValueError, TypeError, RuntimeError) as error:
            raise ArgumentError(f"Client: no connection to {name}: {error}") from error
        try:
            return cls(client, True)
        except BaseException:
            client.close()
            raise

    def is_inside(self) -> bool:
        """Whether this thread runs a task of a worker."""
        from dask.context import thread_state

        return hasattr(thread_state, "execution_state")

    def _check_now_and_then(self) -> None:
        if self.client.status in ("closed", "closing"):
            raise UnreachableError(f"{self.client} is {self.client.status}; connect a new one")
        if time.monotonic() - self._checked_at >= EVERY:
            self._check_workers()

    def _check_workers(self) -> None:
        """Raises if workers that have come have another version of the package, or have not got it."""
        self._checked_at = time.monotonic()
        workers = set(self.client.nthreads())
        came = workers - self._checked
        if not came:
            return
        versions = self.client.run(pkgutil.resolve_name, "blockfold:__version__", workers=list(came), on_error="return")
        check_versions(versions)
        self._checked = workers

    def start_calls(
        self,
        function: Callable[..., Any],
        calls: list[Any],
        kwargs: Any,
        keys: list[Any],
        graph: dict[Any, Any],
        options: Options,
    ) -> list[Any]:
        names = set(keys)
        if kwargs or any(key not in names and not is_dask_future(one) for key, one in graph.items()):
            return super().start_calls(function, calls, kwargs, keys, graph, options)
        # Dask starts the calls of a map in their order, and those of a graph in an order of its own.
        self._check_now_and_then()
        how = self._how(options)
        if len(calls) == 1 or not all(calls):
            made = [self.client.submit(function, *args, key=key, **how) for args, key in zip(calls, keys, strict=True)]
        else:
            made = self.client.map(function, *zip(*calls, strict=True), key=keys, **how) if calls else []
        return [DaskFuture(future) for future in made]

    def _how(self, options: Options) -> dict[str, Any]:
        return {
            "workers": options.workers,
            "allow_other_workers": options.allow_other_workers,
            "resources": options.resources,
            "retries": options.retries or None,
            "priority": options.priority,
            "fifo_timeout": "100 ms",
        }

    def start_graph(self, dsk: dict[Any, Any], keys: list[Any], options: Options) -> list[Any]:
        from dask._task_spec import convert_legacy_graph
        from dask.task_spec import GraphNode

        self._check_now_and_then()
        # Futures that stand for their own keys are known to the scheduler.
        known: dict[Any, Any] = {}
        tasks: dict[Any, Any] = {}
        for key, value in dsk.items():
            value = value._in_graph() if is_future(value) else value
            if is_dask_future(value) and value.key == key:
                known[key] = value
            else:
                tasks[key] = value
        if not all(isinstance(value, GraphNode) for value in tasks.values()):
            tasks = convert_legacy_graph(tasks, all_keys=set(dsk))
        wanted = [key for key in dict.fromkeys(keys) if key not in known]
        if wanted:
            made = self.client.get(_expression(tasks), wanted, sync=False, **self._how(options))
            known.update(zip(wanted, made, strict=True))
        return [DaskFuture(known[key]) for key in keys]

    def fetch(self, natives: list[Any]) -> list[Any]:
        return fetched([native.own for native in natives])

    def scatter(self, values: list[Any], **options: Any) -> list[Any]:
        """What futures of values that are put on workers wrap."""
        return [DaskFuture(future) for future in self.client.scatter(values, **options)]

    def nthreads(self) -> dict[str, int]:
        """Threads by worker."""
        return dict(self.client.nthreads())

    def scheduler_info(self) -> dict[str, Any]:
        """The scheduler and its workers."""
        return dict(self.client.scheduler_info())

    @property
    def dashboard_link(self) -> str:
        """What to open in a browser to see what the cluster runs."""
        return self.client.dashboard_link

    def close(self) -> None:
        """Closes the connection, if it was made for this backend."""
        if self._is_own:
            self.client.close()
            _forget_scheduler()

    # ---- what calls share

    def queue(self, name: str | None, maxsize: int) -> Any:
        from distributed import Queue

        return SharedQueue(Queue(name, self.client, maxsize))

    def variable(self, name: str | None) -> Any:
        from distributed import Variable

        return SharedVariable(Variable(name, self.client))

    def lock(self, name: str | None) -> Any:
        return SharedLock(_lock(name, self.client))

    def event(self, name: str | None) -> Any:
        from distributed import Event

        return Event(name, self.client)

    def __repr__(self) -> str:
        address = getattr(self.client.scheduler, "address", None) or "closed"
        if self.client.status != "running":
            return f"{address}, {self.client.status}"
        threads = self.client.nthreads().values()
        return f"{address}, {len(threads)} workers, {sum(threads)} threads"


def _lock(name: str | None, client: Any) -> Any:
    from distributed import Lock

    return Lock(name, scheduler_rpc=client.scheduler, loop=client.loop)


def _expression(tasks: dict[Any, Any]) -> Any:
    """A graph as Dask's clients send it, without the hash of all that it holds, which they would make else."""
    from dask._expr import LLGExpr

    try:
        return LLGExpr(tasks, _determ_token=_token())
    except TypeError:
        return tasks


def _address_in(path: str, timeout: Any) -> str:
    """The address in a file that a scheduler writes, waiting for it."""
    import json

    from dask import config
    from dask.utils import parse_timedelta

    limit = parse_timedelta(timeout if timeout is not None else config.get("distributed.comm.timeouts.connect"))
    end = time.monotonic() + limit
    while True:
        try:
            with open(path) as file:
                return json.load(file)["address"]
        except (OSError, ValueError, KeyError) as error:
            if time.monotonic() >= end:
                raise UnreachableError(f"no scheduler wrote its address to {path} within {limit} s") from error
        time.sleep(0.02)


class ByGet(Graphs):
    """A scheduler that is a function ``get(dsk, keys)``, as Dask takes them."""

    def __init__(self, get: Callable[..., Any]):
        self.get = get

    def run_graph(self, dsk: dict[Any, Any], keys: list[Any]) -> list[Any]:
        from dask._task_spec import convert_legacy_graph
        from dask.task_spec import GraphNode

        if not all(isinstance(value, GraphNode) for value in dsk.values()):
            dsk = convert_legacy_graph(dsk)
        return list(self.get(dsk, list(keys)))

    def each_result(self, dsk: dict[Any, Any], keys: list[Any]) -> Iterator[Any]:
        yield from self.run_graph(dsk, keys)

    def persist_graph(self, dsk: dict[Any, Any], keys: list[Any]) -> list[Any]:
        from dask.task_spec import DataNode

        return [DataNode(key, value) for key, value in zip(keys, self.run_graph(dsk, keys), strict=True)]


# ---- what calls of a cluster share, by name


def shared() -> Any:
    """The backend of the worker that runs this task; None outside of tasks."""
    from dask.context import thread_state
    from distributed import get_client

    return _Inside(get_client()) if hasattr(thread_state, "execution_state") else None


class _Inside(Dask):
    """A cluster, seen from one of its tasks."""

    def __init__(self, client: Any):
        self.client, self._is_own = client, False
        self._checked, self._checked_at = set(), math.inf


def _packed(value: Any) -> Any:
    """A value as the scheduler takes it: what it cannot keep as it is, it keeps as bytes."""
    if is_future(value):
        return value._in_graph()
    if value is None or type(value) in (bool, int, float, str):
        return value
    import cloudpickle

    return {"blockfold": cloudpickle.dumps(value)}


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"blockfold"}:
        return pickle.loads(value["blockfold"])
    if is_dask_future(value):
        from ..distributed import Future

        return Future(DaskFuture(value))
    return value


class SharedQueue:
    """A queue of a cluster."""

    def __init__(self, own: Any):
        self._own = own

    def put(self, value: Any, timeout: float | None) -> None:
        self._own.put(_packed(value), timeout=timeout)

    def get(self, timeout: float | None) -> Any:
        return _unpacked(self._own.get(timeout=timeout))

    def qsize(self) -> int:
        return self._own.qsize()


class SharedVariable:
    """A variable of a cluster."""

    def __init__(self, own: Any):
        self._own = own

    def set(self, value: Any) -> None:
        self._own.set(_packed(value))

    def get(self, timeout: float | None) -> Any:
        return _unpacked(self._own.get(timeout=timeout))

    def delete(self) -> None:
        self._own.delete()


class SharedLock:
    """A lock of a cluster."""

    def __init__(self, own: Any):
        self._own = own

    def acquire(self, blocking: bool, timeout: float | None) -> bool:
        return self._own.acquire(blocking, timeout)

    def release(self) -> None:
        self._own.release()

    def locked(self) -> bool:
        return self._own.locked()
