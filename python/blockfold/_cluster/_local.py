"""The backend of this process: calls start on threads of its own."""

from __future__ import annotations

import queue
import threading

from .. import _blockfold as core
from ..delayed import Delayed, DelayedFunction, adopted
from ..session import current

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from . import Options


class Local:
    """Calls on threads of this process."""

    def __init__(self, threads: int):
        self.threads = threads
        self._core = core.Client(current(), threads)
        self._functions: dict[Any, core.DelayedFunction] = {}

    def map(self, function: Callable[..., Any], calls: Iterable[Any], kwargs: Any, options: Options) -> list[Any]:
        """Starts a call for each tuple of arguments; gives what futures wrap."""
        native, kwargs, how = self._function(function), adopted(kwargs) or None, self._options(options)
        return [self._core.submit(native, adopted(args), kwargs, how) for args in calls]

    def start(self, values: list[Any], options: Options) -> list[Any]:
        """Starts the computation of lazy values; gives what futures wrap."""
        how = self._options(options)
        return [
            self._core.start(value._core, how)
            if isinstance(value, Delayed)
            else self._core.submit(core.DelayedFunction(value.compute), (), None, how)
            for value in values
        ]

    def persist(self, values: list[Any]) -> list[Any]:
        """Lazy values, computed now and kept."""
        from ..compute import persist

        return list(persist(*values, scheduler="threads"))

    def scatter(self, values: list[Any], **unused: Any) -> list[Any]:
        """What futures of values that are there wrap."""
        return [self._core.scatter(value) for value in values]

    def fetch(self, natives: list[Any]) -> list[Any]:
        """Results, once they are there."""
        return [native.wait(None) for native in natives]

    def nthreads(self) -> dict[str, int]:
        """Threads by worker: there is one, this process."""
        return {"inproc": self.threads}

    def scheduler_info(self) -> dict[str, Any]:
        """The process, its threads and its memory budget."""
        worker = {"nthreads": self.threads, "memory_limit": current().memory_budget_bytes}
        return {"type": "Scheduler", "address": "inproc", "workers": {"inproc": worker}}

    @property
    def dashboard_link(self) -> str:
        """What to open in a browser to see what the session runs."""
        session = current()
        return session.dashboard_url or session.start_dashboard("127.0.0.1:0")

    def close(self) -> None:
        """Refuses calls from now on."""
        self._core.close()

    def __repr__(self) -> str:
        return f"{self.threads} threads of this process"

    def _options(self, options: Options) -> tuple[int, int, float | None]:
        return options.priority, options.retries, options.timeout

    def _function(self, function: Callable[..., Any]) -> core.DelayedFunction:
        if isinstance(function, DelayedFunction):
            return function._core
        try:
            return self._functions.setdefault(function, core.DelayedFunction(function))
        except TypeError:  # Not hashable.
            return core.DelayedFunction(function)


# ---- what calls of one process share, by name

_named: dict[tuple[str, str], Any] = {}
_named_lock = threading.Lock()


def _of_name(kind: str, name: str | None, make: Callable[[], Any]) -> Any:
    """What all who say a name share, as in Dask."""
    if name is None:
        return make()
    with _named_lock:
        return _named.setdefault((kind, name), make())


class LocalQueue:
    """A queue of this process."""

    def __init__(self, name: str | None, maxsize: int):
        self._own: queue.Queue[Any] = _of_name("queue", name, lambda: queue.Queue(maxsize))

    def put(self, value: Any, timeout: float | None) -> None:
        self._own.put(value, timeout=timeout)

    def get(self, timeout: float | None) -> Any:
        return self._own.get(timeout=timeout)

    def qsize(self) -> int:
        return self._own.qsize()


class LocalVariable:
    """A variable of this process."""

    def __init__(self, name: str | None):
        self._own: dict[str, Any] = _of_name("variable", name, lambda: {"is_set": threading.Event(), "value": None})

    def set(self, value: Any) -> None:
        self._own["value"] = value
        self._own["is_set"].set()

    def get(self, timeout: float | None) -> Any:
        if not self._own["is_set"].wait(timeout):
            raise TimeoutError(f"the variable was not set within {timeout} s")
        return self._own["value"]

    def delete(self) -> None:
        self._own["is_set"].clear()
        self._own["value"] = None


class LocalLock:
    """A lock of this process."""

    def __init__(self, name: str | None):
        self._own: threading.Lock = _of_name("lock", name, threading.Lock)

    def acquire(self, blocking: bool, timeout: float | None) -> bool:
        return self._own.acquire(blocking, -1 if timeout is None else timeout)

    def release(self) -> None:
        self._own.release()

    def locked(self) -> bool:
        return self._own.locked()


def local_event(name: str | None) -> threading.Event:
    """An event of this process."""
    return _of_name("event", name, threading.Event)
