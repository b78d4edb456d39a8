"""Delayed calls as a list that can be pickled, however deep they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import _blockfold as core
from ._recipes import Place
from .delayed import Delayed, DelayedFunction, _call


def _read(value: Any) -> Iterator[Delayed]:
    if isinstance(value, Delayed):
        yield value
    elif type(value) is dict:
        for one in value.values():
            yield from _read(one)
    elif type(value) in (list, tuple):
        for one in value:
            yield from _read(one)


def _replaced(value: Any, replace: Any) -> Any:
    if isinstance(value, (Delayed, Place)):
        return replace(value)
    if type(value) is dict:
        return {key: _replaced(one, replace) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_replaced(one, replace) for one in value)
    return value


def calls_of(last: Delayed) -> list[Any]:
    """A call and all that it reads, each after those whose results it takes."""
    calls: list[Any] = []
    places: dict[int, int] = {}
    stack = [(last, False)]
    while stack:
        one, is_ready = stack.pop()
        if id(one) in places:
            continue
        if not is_ready:
            stack.append((one, True))
            stack.extend((read, False) for read in _read(one._call[1:]) if one._call[0] is not None)
            continue
        function, args, kwargs = one._call
        if function is not None:
            args, kwargs = _replaced((args, kwargs), lambda read: Place(places[id(read)]))
        places[id(one)] = len(calls)
        calls.append((function, args, kwargs, one._length))
    return calls


def again(calls: list[Any]) -> Delayed:
    """The call that a list makes."""
    made: list[Delayed] = []
    for function, args, kwargs, length in calls:
        if function is None:
            made.append(Delayed(core.delayed_value(args), length, (None, args, None)))
            continue
        args, kwargs = _replaced((args, kwargs), lambda place: made[place.at])
        one = function(*args, **kwargs) if isinstance(function, DelayedFunction) else _call(function, *args, **kwargs)
        one._length = length
        made.append(one)
    return made[-1]
