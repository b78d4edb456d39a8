"""Where delayed calls, submitted calls and graphs run: this process, a Dask cluster or Ray.

A backend has a small set of methods, which are the same for all three kinds; see `Local`. Connected ones, of Dask and Ray,
run graphs, too: ``run_graph(dsk, keys)`` gives the results of keys, ``persist_graph(dsk, keys)`` their futures, which stand
in later graphs in the place of tasks. The innermost client that is connected says where lazy values run: `current`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar

from ..exceptions import MissingPackageError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_is_here: ContextVar[bool] = ContextVar("blockfold_here", default=False)

#: Connected backends whose clients are open, in the order in which they were opened.
_open: list[Any] = []

#: What Dask calls its schedulers of one machine; ours does the work of all of them.
_HERE = ("processes", "multiprocessing", "single-threaded", "sync", "synchronous", "threading", "threads")


class Options:
    """How a submitted call is made."""

    __slots__ = ("allow_other_workers", "key", "priority", "pure", "resources", "retries", "timeout", "workers")

    def __init__(
        self,
        priority: int = 0,
        retries: int = 0,
        timeout: float | None = None,
        key: Any = None,
        pure: bool = True,
        workers: Any = None,
        resources: dict[str, float] | None = None,
        allow_other_workers: bool = False,
    ):
        self.priority, self.retries, self.timeout, self.key, self.pure = int(priority), int(retries), timeout, key, pure
        self.workers, self.resources, self.allow_other_workers = workers, resources, allow_other_workers


def current() -> Any:
    """The connected backend that lazy values run on: that of the innermost open client; None if there is none.

    Inside of a task, calls run where the task does, and there is none either.
    """
    if not _open or _is_here.get() or _open[-1].is_inside():
        return None
    return _open[-1]


def is_here() -> bool:
    """Whether lazy values run in this process, whoever is connected."""
    return _is_here.get()


@contextmanager
def here() -> Iterator[None]:
    """Has lazy values run in this process."""
    token = _is_here.set(True)
    try:
        yield
    finally:
        _is_here.reset(token)


def opened(backend: Any) -> None:
    """Makes a connected backend the current one."""
    from .runs import take_over

    take_over()
    _open.append(backend)


def closed(backend: Any) -> None:
    """Restores the backend that was current before."""
    if backend in _open:
        _open.remove(backend)


def chosen(scheduler: Any = None) -> Any:
    """The backend that ``scheduler=`` of `compute` says, None for this process; the current one, unless it is given."""
    if scheduler is None:
        return current()
    if isinstance(scheduler, str):
        if scheduler in _HERE:
            return None
        from dask.base import get_scheduler

        from ._dask import ByGet, Dask

        get: Any = get_scheduler(scheduler=scheduler)
        owner = getattr(get, "__self__", None)
        return ByGet(get) if owner is None else Dask.of(owner)
    backend = getattr(scheduler, "_backend", None)
    if backend is not None:
        return backend if hasattr(backend, "run_graph") else None
    from ._dask import ByGet, Dask

    return Dask.of(scheduler) if hasattr(scheduler, "scheduler") else ByGet(scheduler)


def needed(name: str, what: str) -> Any:
    """A module of an optional package."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.split(".")[0]
        extra = "ray" if package == "ray" else "cluster"
        raise MissingPackageError(
            f"{what} needs the package {package}, which is not installed; `pip install 'blockfold[{extra}]'`"
        ) from error
