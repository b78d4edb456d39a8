"""A client in this process: functions start at once on threads of their own and give futures."""

from __future__ import annotations

import queue
import threading
import time

from . import _blockfold as core
from .delayed import Delayed, DelayedFunction
from .exceptions import ArgumentError
from .session import current

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

__all__ = ["Client", "Event", "Future", "LocalCluster", "Lock", "Queue", "Variable", "as_completed", "wait"]


class LocalCluster:
    """Threads of this process, as Dask's cluster of the same name has workers.

    Parameters
    ----------
    n_workers, threads_per_worker : int, optional
        Their product is the number of calls that may run, or sleep, at once; eight or the number of cores, unless given.

    Examples
    --------
    >>> from blockfold.distributed import LocalCluster
    >>> LocalCluster(n_workers=2, threads_per_worker=4).threads
    8
    """

    def __init__(self, n_workers: int | None = None, threads_per_worker: int | None = None, **unused: Any):
        least = max(8, current().threads)
        threads = least if n_workers is None and threads_per_worker is None else (n_workers or 1) * (threads_per_worker or 1)
        if threads < 1:
            raise ArgumentError("LocalCluster: at least one worker with one thread")
        self.threads = threads

    def close(self) -> None:
        """Does nothing: clients have the threads."""

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


class Future:
    """The result of a call that was submitted; an argument of later calls, and awaitable."""

    __slots__ = ("_core", "__weakref__")

    def __init__(self, native: core.Future):
        self._core = native

    @property
    def key(self) -> str:
        """A name that no other future has as long as this one lives.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> future = client.submit(abs, -3)
        >>> _ = future.result()
        >>> future.key.startswith("abs-")
        True
        """
        return f"{self._core.name}-{id(self._core):x}"

    @property
    def status(self) -> str:
        """``pending``, ``finished``, ``cancelled`` or ``error``.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> future = client.submit(abs, -3)
        >>> _ = future.result()
        >>> future.status
        'finished'
        """
        if not self._core.done():
            return "pending"
        if self._core.cancelled():
            return "cancelled"
        return "finished" if self._core.exception() is None else "error"

    def result(self, timeout: float | None = None) -> Any:
        """The result, once it is there; raises what the function raised.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(abs, -3).result()
        3
        """
        return self._core.wait(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What the function raised, or None.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(abs, "a").exception()
        TypeError("bad operand type for abs(): 'str'")
        """
        try:
            self._core.wait(timeout)
        except TimeoutError:
            if not self._core.done():
                raise
        except BaseException:
            if not self._core.done():
                raise
        return self._core.exception()

    def done(self) -> bool:
        """Whether the call has ended.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> future = client.submit(abs, -3)
        >>> _ = future.result()
        >>> future.done()
        True
        """
        return self._core.done()

    def cancelled(self) -> bool:
        """Whether the call was cancelled.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> future = client.submit(abs, -3)
        >>> _ = future.result()
        >>> future.cancelled()
        False
        """
        return self._core.cancelled()

    def cancel(self, **unused: Any) -> None:
        """Cancels the call, and what waits for it."""
        self._core.cancel()

    def __await__(self) -> Iterator[Any]:
        import asyncio

        return asyncio.get_running_loop().run_in_executor(None, self.result).__await__()

    def __repr__(self) -> str:
        return f"<Future: {self.status}, key: {self.key}>"


def _here(address: str) -> str:
    """An address of this machine alone where only a port is given."""
    return f"127.0.0.1{address}" if address.startswith(":") else address


class Client:
    """Makes calls at once and gives futures.

    Parameters
    ----------
    address : str or LocalCluster, optional
        Taken as Dask takes it; calls run in this process, whatever it says.
    n_workers, threads_per_worker : int, optional
        As of `LocalCluster`.
    dashboard_address : str, optional
        Where a page shows what runs, as ``":8787"``; `dashboard_link` says what to open.

    Examples
    --------
    >>> from blockfold.distributed import Client
    >>> with Client() as client:
    ...     squares = client.map(lambda x: x * x, range(4))
    ...     client.submit(sum, squares).result()
    14
    """

    def __init__(
        self,
        address: Any = None,
        n_workers: int | None = None,
        threads_per_worker: int | None = None,
        dashboard_address: str | None = None,
        **unused: Any,
    ):
        if dashboard_address is not None:
            current().start_dashboard(_here(dashboard_address))
        cluster = address if isinstance(address, LocalCluster) else LocalCluster(n_workers, threads_per_worker)
        self.cluster = cluster
        self._core = core.Client(current(), cluster.threads)
        self._functions: dict[Any, core.DelayedFunction] = {}

    @property
    def dashboard_link(self) -> str:
        """What to open in a browser to see what the session runs. Without ``dashboard_address`` the page starts now, and does
        not show this client's own calls.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> with Client(dashboard_address=":0") as client:
        ...     client.dashboard_link.startswith("http://127.0.0.1:")
        True
        """
        session = current()
        return session.dashboard_url or session.start_dashboard(_here(":0"))

    def ncores(self) -> dict[str, int]:
        """Threads for calls by worker: there is one, this process.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> Client(n_workers=1, threads_per_worker=3).ncores()
        {'inproc': 3}
        """
        return {"inproc": self.cluster.threads}

    nthreads = ncores

    def scheduler_info(self) -> dict[str, Any]:
        """What there is: the process, its threads and its memory budget.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> list(Client().scheduler_info()["workers"])
        ['inproc']
        """
        worker = {"nthreads": self.cluster.threads, "memory_limit": current().memory_budget_bytes}
        return {"type": "Scheduler", "address": "inproc", "workers": {"inproc": worker}}

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        priority: int = 0,
        retries: int = 0,
        timeout: float | None = None,
        pure: bool = True,
        key: str | None = None,
        **kwargs: Any,
    ) -> Future:
        """Starts a call and gives its future; arguments may be futures, delayed values, frames and arrays.

        Parameters
        ----------
        priority : int
            Higher ones start first.
        retries : int
            How often a call that fails is made again.
        timeout : float, optional
            Seconds that the call may take from its start.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(pow, 2, 5).result()
        32
        """
        options = (int(priority), int(retries), timeout)
        return Future(self._core.submit(self._function(function), args, kwargs or None, options))

    def map(self, function: Callable[..., Any], *iterables: Iterable[Any], priority: int = 0, retries: int = 0,
            timeout: float | None = None, pure: bool = True, **kwargs: Any) -> list[Future]:  # fmt: skip
        """Starts a call for each item, or for each item of several iterables together.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> [future.result() for future in client.map(abs, [-1, -2])]
        [1, 2]
        """
        options = (int(priority), int(retries), timeout)
        native, named = self._function(function), kwargs or None
        return [Future(self._core.submit(native, args, named, options)) for args in zip(*iterables)]  # noqa: B905

    def compute(self, values: Any, **unused: Any) -> Any:
        """Futures of delayed values: of one, or of each of a list.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> import blockfold as bf
        >>> client.compute(bf.from_dict({"x": [1, 2]}).x.sum()).result()
        3
        """
        if isinstance(values, Delayed):
            return Future(self._core.start(values._core, (0, 0, None)))
        if isinstance(values, list | tuple):
            return [self.compute(value) for value in values]
        return self.submit(values.compute)

    def persist(self, values: Any, **unused: Any) -> Any:
        """The values, computed now and kept.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> import blockfold as bf
        >>> client.persist(bf.from_dict({"x": [1, 2]})).x.sum().compute()
        3
        """
        from .compute import persist

        return persist(values)[0]

    def gather(self, futures: Any, errors: str = "raise", **unused: Any) -> Any:
        """Results of futures, in the containers in which they are.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.gather({"a": client.submit(abs, -1)})
        {'a': 1}
        """
        if isinstance(futures, Future):
            return futures.result()
        if isinstance(futures, dict):
            return {key: self.gather(value) for key, value in futures.items()}
        if isinstance(futures, list | tuple | set):
            return type(futures)([self.gather(future) for future in futures])
        return futures

    def scatter(self, data: Any, **unused: Any) -> Any:
        """Futures of values that are there: of one, or of each of a list or dictionary.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(sum, client.scatter([[1, 2]])[0]).result()
        3
        """
        if isinstance(data, list | tuple):
            return type(data)([Future(self._core.scatter(value)) for value in data])
        if isinstance(data, dict):
            return {key: Future(self._core.scatter(value)) for key, value in data.items()}
        return Future(self._core.scatter(data))

    def cancel(self, futures: Any, **unused: Any) -> None:
        """Cancels futures."""
        for future in [futures] if isinstance(futures, Future) else futures:
            future.cancel()

    def close(self) -> None:
        """Refuses calls from now on; those that have not started fail.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.close()
        """
        self._core.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client: {self.cluster.threads} threads of this process>"

    def _function(self, function: Callable[..., Any]) -> core.DelayedFunction:
        if isinstance(function, DelayedFunction):
            return function._core
        if not callable(function):
            raise TypeError(f"a {type(function).__name__} cannot be called; give a function")
        try:
            return self._functions.setdefault(function, core.DelayedFunction(function))
        except TypeError:  # Not hashable.
            return core.DelayedFunction(function)


class as_completed:  # noqa: N801
    """Futures in the order in which they end.

    Examples
    --------
    >>> from blockfold.distributed import Client, as_completed
    >>> with Client() as client:
    ...     sorted(future.result() for future in as_completed(client.map(abs, [-1, -2])))
    [1, 2]
    """

    def __init__(self, futures: Iterable[Future] = (), with_results: bool = False, **unused: Any):
        self._waiting, self._with_results = list(futures), with_results

    def add(self, future: Future) -> None:
        """Adds a future.

        Examples
        --------
        >>> from blockfold.distributed import Client, as_completed
        >>> client = Client()
        >>> ended = as_completed(client.map(abs, [-1]))
        >>> ended.add(client.submit(abs, -2))
        >>> sorted(future.result() for future in ended)
        [1, 2]
        """
        self._waiting.append(future)

    def __iter__(self) -> as_completed:
        return self

    def __next__(self) -> Any:
        if not self._waiting:
            raise StopIteration
        pause = 0.0005
        while True:
            for place, future in enumerate(self._waiting):
                if future.done():
                    del self._waiting[place]
                    return (future, future.result()) if self._with_results else future
            time.sleep(pause)
            pause = min(2 * pause, 0.02)


def wait(futures: Any, timeout: float | None = None, return_when: str = "ALL_COMPLETED") -> Any:
    """Waits until all futures, or one, have ended; gives those that have and those that have not.

    Examples
    --------
    >>> from blockfold.distributed import Client
    >>> client = Client()
    >>> from blockfold.distributed import wait
    >>> len(wait(client.map(abs, [-1, -2])).done)
    2
    """
    from collections import namedtuple

    futures = [futures] if isinstance(futures, Future) else list(futures)
    limit = None if timeout is None else time.monotonic() + timeout
    count = len(futures) if return_when == "ALL_COMPLETED" else 1
    pause = 0.0005
    while sum(future.done() for future in futures) < min(count, len(futures)):
        if limit is not None and time.monotonic() >= limit:
            raise TimeoutError(f"not all of {len(futures)} futures had ended after {timeout} s")
        time.sleep(pause)
        pause = min(2 * pause, 0.02)
    kind = namedtuple("DoneAndNotDoneFutures", ["done", "not_done"])
    return kind({f for f in futures if f.done()}, {f for f in futures if not f.done()})


_named: dict[tuple[str, str], Any] = {}
_named_lock = threading.Lock()


def _of_name(kind: str, name: str | None, make: Callable[[], Any]) -> Any:
    """What all who say a name share, as in Dask."""
    if name is None:
        return make()
    with _named_lock:
        return _named.setdefault((kind, name), make())


class Queue:
    """Values that go from call to call, first in, first out; those of one name are one queue.

    Examples
    --------
    >>> from blockfold.distributed import Queue
    >>> queue = Queue()
    >>> queue.put("a")
    >>> queue.get(), queue.qsize()
    ('a', 0)
    """

    def __init__(self, name: str | None = None, maxsize: int = 0, **unused: Any):
        self._own: queue.Queue[Any] = _of_name("queue", name, lambda: queue.Queue(maxsize))

    def put(self, value: Any, timeout: float | None = None) -> None:
        """Adds a value, waiting for room."""
        self._own.put(value, timeout=timeout)

    def get(self, timeout: float | None = None) -> Any:
        """Takes the first value, waiting for one."""
        return self._own.get(timeout=timeout)

    def qsize(self) -> int:
        """Number of values."""
        return self._own.qsize()


class Variable:
    """A value that calls set and read; those of one name are one variable.

    Examples
    --------
    >>> from blockfold.distributed import Variable
    >>> variable = Variable()
    >>> variable.set(1)
    >>> variable.get()
    1
    """

    def __init__(self, name: str | None = None, **unused: Any):
        self._own: dict[str, Any] = _of_name("variable", name, lambda: {"is_set": threading.Event(), "value": None})

    def set(self, value: Any) -> None:
        """Sets the value."""
        self._own["value"] = value
        self._own["is_set"].set()

    def get(self, timeout: float | None = None) -> Any:
        """The value, waiting for one."""
        if not self._own["is_set"].wait(timeout):
            raise TimeoutError(f"the variable was not set within {timeout} s")
        return self._own["value"]

    def delete(self) -> None:
        """Takes the value away."""
        self._own["is_set"].clear()
        self._own["value"] = None


class Lock:
    """A lock that calls take; those of one name are one lock.

    Examples
    --------
    >>> from blockfold.distributed import Lock
    >>> lock = Lock("printer")
    >>> lock.acquire()
    True
    >>> lock.release()
    >>> lock.locked()
    False
    """

    def __init__(self, name: str | None = None, **unused: Any):
        self._own: threading.Lock = _of_name("lock", name, threading.Lock)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Takes the lock, waiting for it."""
        return self._own.acquire(blocking, -1 if timeout is None else timeout)

    def release(self) -> None:
        """Gives the lock back."""
        self._own.release()

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._own.locked()

    def __enter__(self) -> Lock:
        self.acquire()
        return self

    def __exit__(self, *failure: object) -> None:
        self.release()


class Event:
    """A flag that calls wait for; those of one name are one event.

    Examples
    --------
    >>> from blockfold.distributed import Event
    >>> event = Event()
    >>> event.set()
    >>> event.wait(1)
    True
    """

    def __init__(self, name: str | None = None, **unused: Any):
        self._own: threading.Event = _of_name("event", name, threading.Event)

    def set(self) -> None:
        """Sets the flag."""
        self._own.set()

    def clear(self) -> None:
        """Takes the flag back."""
        self._own.clear()

    def is_set(self) -> bool:
        """Whether the flag is set."""
        return self._own.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the flag; whether it is set."""
        return self._own.wait(timeout)
