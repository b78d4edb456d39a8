"""Functions that run later: calls that read each other make a graph, which runs when a result is asked for."""

from __future__ import annotations

import operator
from functools import lru_cache

from . import _blockfold as core
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

    __slots__ = ("__weakref__", "_call", "_core", "_length")

    def __init__(self, native: core.Delayed, length: int | None = None, call: Any = None):
        # The call as it was typed: the function's wrapper and the arguments; a value of its own has none.
        self._core, self._length, self._call = native, length, call

    def __reduce__(self) -> Any:
        from ._calls import again, calls_of

        return again, (calls_of(self),)

    @property
    def key(self) -> str:
        """A name that no other call has as long as this one lives.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).key.startswith("add-")
        True
        """
        return f"{self._core.name}-{id(self._core):x}"

    def compute(self, **unused: Any) -> Any:
        """The result of the call, with all calls that it reads made first.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).compute()
        3
        """
        return core.compute_delayed(current(), [self._core])[0]

    def persist(self, **unused: Any) -> Delayed:
        """The call with its result made now and kept.

        Examples
        --------
        >>> import blockfold as bf
        >>> add = bf.delayed(lambda a, b: a + b, name="add")
        >>> add(1, 2).persist().compute()
        3
        """
        value = self.compute()
        return Delayed(core.delayed_value(value), self._length, (None, value, None))

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
    return Delayed(_wrapped(function).call_delayed(args, kwargs), None, (function, args, kwargs))


_operators()


class DelayedFunction:
    """A function whose calls are put off."""

    def __init__(self, function: Callable[..., Any], name: str | None, length: int | None):
        self._core, self._length = core.DelayedFunction(function, name), length
        self.__wrapped__ = function
        self.__name__ = self._core.name
        self.__doc__ = getattr(function, "__doc__", None)

    def __call__(self, *args: Any, dask_key_name: str | None = None, **kwargs: Any) -> Delayed:
        return Delayed(self._core.call_delayed(args, kwargs or None), self._length, (self, args, kwargs))

    def __reduce__(self) -> Any:
        return DelayedFunction, (self.__wrapped__, self.__name__, self._length)

    def __repr__(self) -> str:
        return f"DelayedFunction({self.__name__!r})"


def delayed(
    obj: Any = None, name: str | None = None, pure: bool | None = None, nout: int | None = None, traverse: bool = True
) -> Any:
    """A function whose calls are put off, or any other value as a delayed one; also as a decorator.

    Arguments may be delayed values, futures, frames and arrays, also inside of lists, tuples and dictionaries; the function
    gets their results. Functions run on threads of their own and hold the interpreter's lock only while they run, so that
    those that sleep or wait run side by side.

    Parameters
    ----------
    obj : callable or any value
    name : str, optional
        What errors and pictures call it; the function's own name, unless given.
    pure : bool, optional
        Taken as Dask takes it; every call is a call of its own here.
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
    if nout is not None and (not isinstance(nout, int) or nout < 0):
        raise ArgumentError(f"delayed: nout is a number of results, not {nout!r}")
    if isinstance(obj, Delayed):
        return obj
    if callable(obj):
        return DelayedFunction(obj, name, nout)
    return Delayed(_wrapped(_same).call_delayed((obj,), None), nout, (_same, (obj,), {}))


def _same(value: Any) -> Any:
    return value
