"""Delayed calls as a list that can be pickled, however deep they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import _blockfold as core
from ._recipes import Place, held, in_order, is_place, replaced
from .delayed import Delayed, DelayedFunction, _call


def _is_call(value: Any) -> bool:
    return isinstance(value, Delayed)


def _reads(call: Delayed) -> Iterator[Delayed]:
    function, args, kwargs = call._call
    return held(() if function is None else (args, kwargs), _is_call)


def calls_of(last: Delayed) -> list[Any]:
    """A call and all that it reads, each after those whose results it takes."""
    found = in_order(last, _reads)
    return [_step(one, found) for _, one in found.values()]


def _step(call: Delayed, found: dict[int, tuple[int, Any]]) -> Any:
    function, args, kwargs = call._call
    if function is not None:
        args, kwargs = replaced((args, kwargs), _is_call, lambda read: Place(found[id(read)][0]))
    return function, args, kwargs, call._length, call._key


def again(calls: list[Any]) -> Delayed:
    """The call that a list makes."""
    made: list[Delayed] = []
    for function, args, kwargs, length, key in calls:
        if function is None:
            made.append(Delayed(core.delayed_value(args), length, (None, args, None), key))
            continue
        args, kwargs = replaced((args, kwargs), is_place, lambda place: made[place.at])
        one = function(*args, **kwargs) if isinstance(function, DelayedFunction) else _call(function, *args, **kwargs)
        one._length, one._key = length, key
        made.append(one)
    return made[-1]
