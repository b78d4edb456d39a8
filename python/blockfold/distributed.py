"""A client: functions start at once, on threads of this process or on the workers of a cluster, and give futures."""

from __future__ import annotations

import time
from collections import deque

from . import _cluster
from ._cluster import Options
from ._cluster._local import Local, LocalLock, LocalQueue, LocalVariable, local_event
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

    __slots__ = ("_core", "_key", "__weakref__")

    def __init__(self, native: Any, key: Any = None):
        self._core, self._key = native, key

    @property
    def key(self) -> Any:
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
        if self._key is None:
            own = getattr(self._core, "key", None)
            return f"{self._core.name}-{id(self._core):x}" if own is None else own
        return self._key

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
        _wait_for([self], timeout, 1)
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

    def compute(self, **unused: Any) -> Any:
        """The result, so that futures may stand among lazy values.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> import blockfold as bf
        >>> client = Client()
        >>> bf.compute(client.submit(abs, -3), bf.delayed(abs)(-4))
        (3, 4)
        """
        return self.result()

    def persist(self, **unused: Any) -> Future:
        """The future itself.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(abs, -3).persist().result()
        3
        """
        return self

    @property
    def __dask_future__(self) -> bool:
        return hasattr(self._core, "own")

    def __dask_tokenize__(self) -> Any:
        return self.key

    def _in_graph(self) -> Any:
        """What stands for the result in a Dask graph."""
        if hasattr(self._core, "in_graph"):
            return self._core.in_graph()
        from dask.task_spec import DataNode

        return DataNode(self.key, self.result())

    def __reduce__(self) -> Any:
        if not hasattr(self._core, "own"):
            raise TypeError("a future of a client in this process cannot be sent elsewhere; send its result()")
        return Future, (self._core, self._key)

    def __await__(self) -> Iterator[Any]:
        import asyncio

        return asyncio.get_running_loop().run_in_executor(None, self.result).__await__()

    def __repr__(self) -> str:
        return f"<Future: {self.status}, key: {self.key}>"


def _here(address: str) -> str:
    """An address of this machine alone where only a port is given."""
    return f"127.0.0.1{address}" if address.startswith(":") else address


def _is_elsewhere(address: Any) -> bool:
    """Whether an address is that of a scheduler to connect to."""
    if address is None or isinstance(address, LocalCluster):
        return False
    if isinstance(address, str):
        return "://" in address or address == "ray" or address.startswith("ray:")
    return True


class Client:
    """Makes calls at once and gives futures: on threads of this process, on a Dask cluster or on Ray.

    A client that is connected is the default for delayed values, frames and arrays as long as it is open.

    Parameters
    ----------
    address : str, LocalCluster, a cluster or a client of Dask, optional
        ``"tcp://host:8786"`` or ``"tls://host:8786"`` is a scheduler of Dask; ``"ray://host:10001"`` is Ray, ``"ray:auto"`` the
        Ray cluster of this machine, and ``"ray"`` that to which the program is connected. Without one calls run in this
        process; so they do, with a warning, for an address without ``tcp://``.
    n_workers, threads_per_worker : int, optional
        As of `LocalCluster`.
    dashboard_address : str, optional
        Where a page shows what runs, as ``":8787"``; `dashboard_link` says what to open.
    timeout : float or str, optional
        Seconds in which a scheduler has to answer.
    security : distributed.Security or dict, optional
        Certificates for ``tls://``, or a dictionary of what makes them: ``tls_ca_file``, ``tls_client_cert``, ``tls_client_key``.
    scheduler_file : path, optional
        File to which the scheduler wrote its address.
    **options
        Passed on to `distributed.Client` or `ray.init`.

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
        timeout: float | str | None = None,
        security: Any = None,
        scheduler_file: Any = None,
        **options: Any,
    ):
        self.cluster: Any = None
        if _is_elsewhere(address) or scheduler_file is not None:
            self.cluster = None if isinstance(address, str) else address
            self._backend: Any = _connected(address, timeout, security, scheduler_file, options)
            _cluster.opened(self._backend)
            return
        if isinstance(address, str):
            import warnings

            warnings.warn(
                f"Client({address!r}) makes calls in this process; say {'tcp://' + address!r} to connect to a scheduler",
                stacklevel=2,
            )
        if dashboard_address is not None:
            current().start_dashboard(_here(dashboard_address))
        self.cluster = address if isinstance(address, LocalCluster) else LocalCluster(n_workers, threads_per_worker)
        self._backend = Local(self.cluster.threads)

    @property
    def dashboard_link(self) -> str:
        """What to open in a browser to see what the session or the cluster runs. In this process the page starts now without
        ``dashboard_address``, and does not show this client's own calls.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> with Client(dashboard_address=":0") as client:
        ...     client.dashboard_link.startswith("http://127.0.0.1:")
        True
        """
        return self._backend.dashboard_link

    def ncores(self) -> dict[str, int]:
        """Threads for calls by worker; in this process there is one worker.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> Client(n_workers=1, threads_per_worker=3).ncores()
        {'inproc': 3}
        """
        return self._backend.nthreads()

    nthreads = ncores

    def scheduler_info(self) -> dict[str, Any]:
        """What there is: workers, their threads and their memory.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> list(Client().scheduler_info()["workers"])
        ['inproc']
        """
        return self._backend.scheduler_info()

    def submit(
        self,
        function: Callable[..., Any],
        *args: Any,
        priority: int = 0,
        retries: int = 0,
        timeout: float | None = None,
        pure: bool = True,
        key: str | None = None,
        workers: Any = None,
        resources: dict[str, float] | None = None,
        allow_other_workers: bool = False,
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
        pure : bool
            Whether equal calls are made once on a Dask cluster, as Dask does. In this process every call is made.
        key : str, optional
            The future's name.
        workers, resources, allow_other_workers
            Where the call may run on a Dask cluster; Ray takes resources.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(pow, 2, 5).result()
        32
        """
        options = Options(priority, retries, timeout, key, pure, workers, resources, allow_other_workers)
        [native] = self._backend.map(_callable(function), [args], kwargs, options)
        return Future(native, key)

    def map(
        self,
        function: Callable[..., Any],
        *iterables: Iterable[Any],
        priority: int = 0,
        retries: int = 0,
        timeout: float | None = None,
        pure: bool = True,
        key: str | list[str] | None = None,
        workers: Any = None,
        resources: dict[str, float] | None = None,
        allow_other_workers: bool = False,
        **kwargs: Any,
    ) -> list[Future]:
        """Starts a call for each item, or for each item of several iterables together; ``key`` begins their names, or is a
        list of them. All else is as of `submit`.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> [future.result() for future in client.map(abs, [-1, -2])]
        [1, 2]
        """
        calls = list(zip(*iterables))  # noqa: B905
        keys = list(key) if isinstance(key, list | tuple) else None
        if keys is None and key is not None:
            from uuid import uuid4

            keys = [f"{key}-{uuid4().hex}" for _ in calls]
        if keys is not None and len(keys) != len(calls):
            raise ArgumentError(f"map: {len(keys)} keys for {len(calls)} calls")
        options = Options(priority, retries, timeout, keys, pure, workers, resources, allow_other_workers)
        natives = self._backend.map(_callable(function), calls, kwargs, options)
        return [Future(native, key) for native, key in zip(natives, keys or [None] * len(calls), strict=True)]

    def compute(self, values: Any, **unused: Any) -> Any:
        """Futures of lazy values: of one, or of each of a list.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> import blockfold as bf
        >>> client.compute(bf.from_dict({"x": [1, 2]}).x.sum()).result()
        3
        """
        natives = iter(self._backend.start(_lazies(values, []), Options()))
        return _each(values, lambda value: Future(next(natives)))

    def persist(self, values: Any, **unused: Any) -> Any:
        """The values, computed now and kept: on the workers of a cluster.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> import blockfold as bf
        >>> client.persist(bf.from_dict({"x": [1, 2]})).x.sum().compute()
        3
        """
        kept = iter(self._backend.persist(_lazies(values, [])))
        return _each(values, lambda value: next(kept))

    def gather(self, futures: Any, errors: str = "raise", **unused: Any) -> Any:
        """Results of futures, in the containers in which they are; with ``errors="skip"`` lists go without those that failed.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.gather({"a": client.submit(abs, -1)})
        {'a': 1}
        """
        found: dict[int, Future] = {}
        _walk(futures, lambda future: found.setdefault(id(future), future))
        wanted = list(found.values())
        if errors == "skip":
            wanted = [future for future in wanted if future.exception() is None]
        foreign = {type(future._core) for future in wanted}
        if len(foreign) == 1 and hasattr(wanted[0]._core, "own") == hasattr(self._backend, "run_graph"):
            results = self._backend.fetch([future._core for future in wanted])
        else:
            results = [future.result() for future in wanted]
        gathered = {id(future): result for future, result in zip(wanted, results, strict=True)}
        return _walk(futures, lambda future: gathered.get(id(future), _SKIPPED))

    def scatter(self, data: Any, **options: Any) -> Any:
        """Futures of values that are there: of one, or of each of a list or dictionary. Options, as ``broadcast=True``, are
        those of Dask where the client is connected to it.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.submit(sum, client.scatter([[1, 2]])[0]).result()
        3
        """
        several = list(data) if isinstance(data, list | tuple) else list(data.values()) if isinstance(data, dict) else [data]
        futures = [Future(native) for native in self._backend.scatter(several, **options)]
        if isinstance(data, list | tuple):
            return type(data)(futures)
        return dict(zip(data, futures, strict=True)) if isinstance(data, dict) else futures[0]

    def cancel(self, futures: Any, **unused: Any) -> None:
        """Cancels futures."""
        _walk([futures] if isinstance(futures, Future) else list(futures), lambda future: future.cancel())

    def close(self) -> None:
        """Refuses calls from now on; those that have not started fail. The client that was connected before is the default
        again.

        Examples
        --------
        >>> from blockfold.distributed import Client
        >>> client = Client()
        >>> client.close()
        """
        _cluster.closed(self._backend)
        self._backend.close()

    def __getattr__(self, name: str) -> Any:
        # All else that Dask's client can do, as `wait_for_workers`, `run` or `upload_file`.
        own = None if name.startswith("_") else getattr(self._backend, "client", None)
        if own is None:
            raise AttributeError(f"this client has no {name!r}")
        return getattr(own, name)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client: {self._backend!r}>"


def _connected(address: Any, timeout: Any, security: Any, scheduler_file: Any, options: dict[str, Any]) -> Any:
    """The backend of a cluster, once it answers."""
    if isinstance(address, str) and address.startswith("ray"):
        from ._cluster._ray import Ray

        return Ray.connected(address, options)
    _cluster.needed("distributed", "a client of a Dask scheduler")
    from ._cluster._dask import Dask

    return Dask.connected(address, timeout, security, scheduler_file, options)


def _callable(function: Any) -> Any:
    if not callable(function):
        raise TypeError(f"a {type(function).__name__} cannot be called; give a function")
    return function


#: What stands in the place of a result that is left out.
_SKIPPED = object()


def _walk(value: Any, visit: Callable[[Future], Any]) -> Any:
    """The same containers with what `visit` makes of each future, without those that are skipped."""
    if isinstance(value, Future):
        return visit(value)
    if isinstance(value, dict):
        items = {key: _walk(one, visit) for key, one in value.items()}
        return {key: one for key, one in items.items() if one is not _SKIPPED}
    if isinstance(value, list | tuple | set):
        parts = [part for part in (_walk(one, visit) for one in value) if part is not _SKIPPED]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def _lazies(values: Any, found: list[Any]) -> list[Any]:
    """Lazy values of nested lists, one after the other."""
    for value in values if isinstance(values, list | tuple) else [values]:
        if isinstance(value, list | tuple):
            _lazies(value, found)
        else:
            found.append(value)
    return found


def _each(values: Any, make: Callable[[Any], Any]) -> Any:
    """Nested lists with what `make` makes of each value."""
    return [_each(value, make) for value in values] if isinstance(values, list | tuple) else make(values)


def _wait_for(futures: list[Future], timeout: float | None, count: int) -> None:
    """Waits until as many futures have ended; longer than `timeout` is an error."""
    limit = None if timeout is None else time.monotonic() + timeout
    pause = 0.0005
    while True:
        waiting = [future for future in futures if not future.done()]
        if len(futures) - len(waiting) >= count:
            return
        left = None if limit is None else limit - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError(f"not all of {len(futures)} futures had ended after {timeout} s")
        kinds = {type(future._core) for future in waiting}
        wait_any = getattr(next(iter(kinds)), "wait_any", None) if len(kinds) == 1 else None
        if wait_any is not None:
            wait_any([future._core for future in waiting], left)
        elif len(waiting) == 1:
            _wait_here(waiting[0], left)
        else:
            time.sleep(pause)
            pause = min(2 * pause, 0.02)


def _wait_here(future: Future, timeout: float | None) -> None:
    """Waits until a future of this process has ended, or the time is over."""
    try:
        future._core.wait(timeout)
    except TimeoutError:
        pass
    except BaseException:
        if not future.done():
            raise


class as_completed:
    """Futures in the order in which they end.

    Examples
    --------
    >>> from blockfold.distributed import Client, as_completed
    >>> with Client() as client:
    ...     sorted(future.result() for future in as_completed(client.map(abs, [-1, -2])))
    [1, 2]
    """

    def __init__(self, futures: Iterable[Future] = (), with_results: bool = False, **unused: Any):
        self._waiting, self._ended, self._with_results = list(futures), deque[Future](), with_results

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
        if not self._ended:
            if not self._waiting:
                raise StopIteration
            _wait_for(self._waiting, None, 1)
            waiting = []
            for future in self._waiting:
                (self._ended if future.done() else waiting).append(future)
            self._waiting = waiting
        future = self._ended.popleft()
        return (future, future.result()) if self._with_results else future


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
    _wait_for(futures, timeout, len(futures) if return_when == "ALL_COMPLETED" else min(1, len(futures)))
    kind = namedtuple("DoneAndNotDoneFutures", ["done", "not_done"])
    return kind({f for f in futures if f.done()}, {f for f in futures if not f.done()})


def _shared() -> Any:
    """The cluster whose tasks share queues, locks and the like: that of this task, or of the client that is connected."""
    backend = _cluster.current()
    if backend is None:
        import sys

        # Tasks of a worker have no client of their own.
        if "distributed.worker" not in sys.modules:
            return None
        from ._cluster._dask import shared

        backend = shared()
    return backend if hasattr(backend, "queue") else None


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
        cluster = _shared()
        self._own: Any = LocalQueue(name, maxsize) if cluster is None else cluster.queue(name, maxsize)

    def put(self, value: Any, timeout: float | None = None) -> None:
        """Adds a value, waiting for room."""
        self._own.put(value, timeout)

    def get(self, timeout: float | None = None) -> Any:
        """Takes the first value, waiting for one."""
        return self._own.get(timeout)

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
        cluster = _shared()
        self._own: Any = LocalVariable(name) if cluster is None else cluster.variable(name)

    def set(self, value: Any) -> None:
        """Sets the value."""
        self._own.set(value)

    def get(self, timeout: float | None = None) -> Any:
        """The value, waiting for one."""
        return self._own.get(timeout)

    def delete(self) -> None:
        """Takes the value away."""
        self._own.delete()


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
        cluster = _shared()
        self._own: Any = LocalLock(name) if cluster is None else cluster.lock(name)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Takes the lock, waiting for it."""
        return self._own.acquire(blocking, timeout)

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
        cluster = _shared()
        self._own: Any = local_event(name) if cluster is None else cluster.event(name)

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
