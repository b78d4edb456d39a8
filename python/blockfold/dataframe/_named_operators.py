"""Operators by pandas' names: ``df.x.add(1)``, ``df.gt(0)``."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ..exceptions import UnsupportedError


def _named(function: Callable[[Any, Any], Any], name: str, is_reflected: bool = False) -> Callable[..., Any]:
    def method(self: Any, other: Any, axis: Any = None, level: Any = None, fill_value: Any = None) -> Any:
        if level is not None:
            raise UnsupportedError(f"{name} by a level is not supported; merge the frames first")
        left = self if fill_value is None else self.fillna(fill_value)
        right = other.fillna(fill_value) if fill_value is not None and hasattr(other, "fillna") else other
        return function(right, left) if is_reflected else function(left, right)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"The operator `{function.__name__}` by pandas' name; `fill_value` stands for what is missing."
    return method


class NamedOperators:
    """Operators by pandas' names, of series and of frames."""

    __slots__ = ()

    add = _named(operator.add, "add")
    sub = subtract = _named(operator.sub, "sub")
    mul = multiply = _named(operator.mul, "mul")
    div = divide = truediv = _named(operator.truediv, "div")
    floordiv = _named(operator.floordiv, "floordiv")
    mod = _named(operator.mod, "mod")
    pow = _named(operator.pow, "pow")
    radd = _named(operator.add, "radd", True)
    rsub = _named(operator.sub, "rsub", True)
    rmul = _named(operator.mul, "rmul", True)
    rdiv = rtruediv = _named(operator.truediv, "rdiv", True)
    eq = _named(operator.eq, "eq")
    ne = _named(operator.ne, "ne")
    lt = _named(operator.lt, "lt")
    le = _named(operator.le, "le")
    gt = _named(operator.gt, "gt")
    ge = _named(operator.ge, "ge")
