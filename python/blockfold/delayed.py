"""Functions that run later: calls that read each other make a graph, which runs when a result is asked for."""

from __future__ import annotations

import operator
import sys
from functools import lru_cache

from . import _blockfold as core
from ._cluster import chosen
from .exceptions import ArgumentError
from .session import current

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["Delayed", "delayed"]


class Delayed:
    """A call that is made when its result is asked for; operators on it, its attributes and its items are calls, too.

    Examples
    --------
    >>> import blockfold as bf
    >>> inc = bf.delayed(lambda x: x + 1)
    >>> (inc(1) + inc(2) * 10).compute()
    32
    """

    __slots__ = ("__weakref__", "_call", "_core", "_key", "_length")

    def __init__(self, native: core.Delayed, length: int | None = None, call: Any = None, key: Any = None):
        # The call as it was typed: the function's wrapper and the arguments; a value of its own has none.
        self._core, self._length, self._call, self._key = native, length, call, key

    def __reduce__(self) -> Any:
        from ._calls import again, calls_of

        return again, (calls_of(self),)

    @property
    def key(self) -> Any:
        """A name that no other call has; clusters show it.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).key.startswith("add-")
        True
        """
        if self._key is None:
            self._key = _key_of(self)
        return self._key

    def compute(self, scheduler: Any = None, **unused: Any) -> Any:
        """The result of the call, with all calls that it reads made first.

        Parameters
        ----------
        scheduler : client, optional
            Where calls run: a client of this package or of Dask. On the cluster of the client that is connected, unless
            given, and in this process without one.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).compute()
        3
        """
        backend = chosen(scheduler)
        if backend is not None:
            return backend.run_graph(self.__dask_graph__(), [self.key])[0]
        return core.compute_delayed(current(), [self._core])[0]

    def persist(self, scheduler: Any = None, **unused: Any) -> Delayed:
        """The call with its result made now and kept: on workers, where it runs on a cluster.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).persist().compute()
        3
        """
        backend = chosen(scheduler)
        if backend is not None:
            return backend.persist([self])[0]
        return _kept(core.compute_delayed(current(), [self._core])[0], self._length)

    def to_dask(self) -> Any:
        """The same value as a `dask.delayed.Delayed`; `from_dask` is the way back.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).to_dask().compute(scheduler="sync")
        3
        """
        from dask.delayed import Delayed

        return Delayed(self.key, self.__dask_graph__(), self._length)

    @staticmethod
    def from_dask(value: Any) -> Delayed:
        """The delayed value of a collection or a future of Dask, with a call for each task; as arguments they become that
        by themselves.

        Examples
        --------
        >>> import blockfold as bf, dask
        >>> bf.Delayed.from_dask(dask.delayed(abs)(-3)).compute()
        3
        """
        from ._cluster._calls import from_dask

        return from_dask(value)

    @property
    def dask(self) -> dict[Any, Any]:
        """The Dask graph of the call and all that it reads.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> len(add(1, add(2, 3)).dask)
        2
        """
        return self.__dask_graph__()

    def __dask_graph__(self) -> dict[Any, Any]:
        from ._cluster._calls import add_call

        graph: dict[Any, Any] = {}
        add_call(self, graph)
        return graph

    def __dask_keys__(self) -> list[Any]:
        return [self.key]

    def __dask_layers__(self) -> tuple[Any, ...]:
        return (self.key,)

    def __dask_tokenize__(self) -> Any:
        return self.key

    @staticmethod
    def __dask_optimize__(graph: Any, keys: Any, **unused: Any) -> Any:
        from dask.delayed import optimize

        return optimize(graph, keys)

    @staticmethod
    def __dask_scheduler__(graph: Any, keys: Any, **options: Any) -> Any:
        from dask.threaded import get

        return get(graph, keys, **options)

    def __dask_postcompute__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        from dask.delayed import single_key

        return single_key, ()

    def __dask_postpersist__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return _rebuilt, (self.key, self._length)

    def explain(self, stage: str = "optimized") -> str:
        """What a run would do: tasks by name, and the longest path.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> print(add(1, add(2, 3)).explain().splitlines()[0])
        2 tasks, 1 inputs; 1 can start at once, longest path 2 tasks
        """
        return self._core.explain()

    def visualize(self, filename: str | None = None, **options: Any) -> Any:
        """A picture of the calls; see `blockfold.visualize`.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).visualize().format
        'svg'
        """
        from .visualize import visualize

        return visualize(self, filename=filename, **options)

    def __repr__(self) -> str:
        return f"Delayed({self.key!r})"

    def __getattr__(self, name: str) -> Delayed:
        if name.startswith("_"):
            raise AttributeError(f"a delayed value has no {name!r}; compute() it first")
        return _call(getattr, self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Delayed:
        return _call(operator.call, self, *args, **kwargs)

    def __getitem__(self, key: Any) -> Delayed:
        return _call(operator.getitem, self, key)

    def __iter__(self) -> Iterator[Delayed]:
        if self._length is None:
            raise TypeError("a delayed value has no length before it is computed; say delayed(f, nout=2) to unpack it")
        return (self[place] for place in range(self._length))

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("a delayed value has no length before it is computed; say delayed(f, nout=2)")
        return self._length

    def __bool__(self) -> bool:
        raise TypeError("a delayed value is neither true nor false before it is computed")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("delayed values cannot be changed; make a new one in a function")

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        return _call(operator.eq, self, other)

    def __ne__(self, other: object) -> Any:
        return _call(operator.ne, self, other)


def _operators() -> None:
    def binary(function: Callable[..., Any]) -> Callable[..., Delayed]:
        return lambda self, other: _call(function, self, other)

    def reflected(function: Callable[..., Any]) -> Callable[..., Delayed]:
        return lambda self, other: _call(function, other, self)

    def unary(function: Callable[..., Any]) -> Callable[..., Delayed]:
        return lambda self: _call(function, self)

    names = "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift".split()
    for name in names:
        function, short = getattr(operator, name), name.rstrip("_")
        setattr(Delayed, f"__{short}__", binary(function))
        setattr(Delayed, f"__r{short}__", reflected(function))
    for name in ("lt", "le", "gt", "ge"):
        setattr(Delayed, f"__{name}__", binary(getattr(operator, name)))
    for name in ("neg", "pos", "abs", "invert"):
        setattr(Delayed, f"__{name}__", unary(getattr(operator, name)))


@lru_cache(maxsize=256)
def _wrapped(function: Callable[..., Any]) -> core.DelayedFunction:
    return core.DelayedFunction(function)


def _call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Delayed:
    args, kwargs = adopted(args), adopted(kwargs)
    return Delayed(_wrapped(function).call_delayed(args, kwargs), None, (function, args, kwargs))


_operators()


_NO_NAMES: dict[str, Any] = {}
_modules = sys.modules


class DelayedFunction:
    """A function whose calls are put off."""

    def __init__(self, function: Callable[..., Any], name: str | None, length: int | None, pure: bool | None = None):
        self._core, self._length, self._pure = core.DelayedFunction(function, name), length, bool(pure)
        self.__wrapped__ = function
        self.__name__ = self._core.name
        self.__doc__ = getattr(function, "__doc__", None)

    def __call__(self, *args: Any, dask_key_name: str | None = None, **kwargs: Any) -> Delayed:
        if "dask" in _modules:
            args, kwargs = adopted(args), adopted(kwargs)
        if not kwargs:
            kwargs = _NO_NAMES  # A dictionary less for each of a million calls.
        return Delayed(self._core.call_delayed(args, kwargs or None), self._length, (self, args, kwargs), dask_key_name)

    def __reduce__(self) -> Any:
        return DelayedFunction, (self.__wrapped__, self.__name__, self._length, self._pure)

    def __repr__(self) -> str:
        return f"DelayedFunction({self.__name__!r})"


def delayed(
    obj: Any = None, name: str | None = None, pure: bool | None = None, nout: int | None = None, traverse: bool = True
) -> Any:
    """A function whose calls are put off, or any other value as a delayed one; also as a decorator.

    Arguments may be delayed values, futures, frames and arrays, and collections of Dask, also inside of lists, tuples and
    dictionaries; the function gets their results. Functions run on threads of their own and hold the interpreter's lock only while they run, so that
    those that sleep or wait run side by side.

    Parameters
    ----------
    obj : callable or any value
    name : str, optional
        What errors and pictures call it; the function's own name, unless given.
    pure : bool, optional
        Whether calls with equal arguments are one call on a cluster. In this process every call is a call of its own.
    nout : int, optional
        Number of results of a function that returns several, so that a call can be unpacked.
    traverse : bool
        Taken as Dask takes it: containers are always looked into.

    Examples
    --------
    >>> import blockfold as bf
    >>> @bf.delayed
    ... def add(x, y):
    ...     return x + y
    >>> add(1, add(2, 3)).compute()
    6
    >>> bf.delayed([add(1, 1), 3]).compute()
    [2, 3]
    """
    if obj is None:
        return lambda function: delayed(function, name=name, pure=pure, nout=nout, traverse=traverse)
    obj = adopted(obj)
    if nout is not None and (not isinstance(nout, int) or nout < 0):
        raise ArgumentError(f"delayed: nout is a number of results, not {nout!r}")
    if isinstance(obj, Delayed):
        return obj
    if callable(obj):
        return DelayedFunction(obj, name, nout, pure)
    return Delayed(_wrapped(_same).call_delayed((obj,), None), nout, (_same, (obj,), {}))


def _same(value: Any) -> Any:
    return value


def _kept(value: Any, length: int | None, key: Any = None) -> Delayed:
    """A value that is there as a delayed one."""
    return Delayed(core.delayed_value(value), length, (None, value, None), key)


def _rebuilt(graph: Any, key: Any, length: int | None, *, rename: dict[str, str] | None = None) -> Delayed:
    """The delayed value of which a graph holds the result, or the future of the result."""
    from dask.base import replace_name_in_key

    from ._cluster._calls import calls_of_graph

    key = replace_name_in_key(key, rename) if rename else key
    made = calls_of_graph(dict(graph), [key])[0]
    made._length = length
    return made


def _key_of(call: Delayed) -> str:
    """A name of its own for a call; calls of pure functions with equal arguments share theirs."""
    function, args, kwargs = call._call
    if isinstance(function, DelayedFunction) and function._pure:
        from dask.base import tokenize

        token = tokenize(function.__wrapped__, args, kwargs)
    else:
        from uuid import uuid4

        token = uuid4().hex
    return f"{call._core.name}-{token}"


def adopted(value: Any) -> Any:
    """Arguments with collections and futures of Dask as delayed values."""
    if "dask" not in sys.modules:
        return value
    from ._cluster._calls import in_place_of

    return in_place_of(value)
