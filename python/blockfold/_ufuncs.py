"""Functions of NumPy called with columns: ``np.log(df.x)`` stays lazy."""

from __future__ import annotations

import operator
from typing import Any

from .exceptions import UnsupportedError

_OPERATORS = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "true_divide": operator.truediv, "remainder": operator.mod, "floor_divide": operator.floordiv, "power": operator.pow,
    "equal": operator.eq, "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le, "greater": operator.gt,
    "greater_equal": operator.ge, "bitwise_and": operator.and_, "bitwise_or": operator.or_, "logical_and": operator.and_,
    "logical_or": operator.or_,
}  # fmt: skip

#: NumPy's names of functions that the engine has under others.
_FUNCTIONS = {
    "absolute": "abs", "fabs": "abs", "isnan": "is_nan", "isfinite": "is_finite", "rint": "round", "deg2rad": "radians",
    "rad2deg": "degrees",
}  # fmt: skip

_SAME = frozenset(
    "sign floor ceil trunc sqrt cbrt exp expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh radians "
    "degrees arctan2".split()
)


def call(name: str, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a ufunc of NumPy gives for columns."""
    if method == "__call__" and not kwargs:
        if name in _OPERATORS:
            return _OPERATORS[name](*(_plain(one) for one in inputs))
        if name in ("negative", "invert", "logical_not"):
            return -inputs[0] if name == "negative" else ~inputs[0]
        function = _FUNCTIONS.get(name, name if name in _SAME else None)
        if function is not None and hasattr(inputs[0], "_call"):
            return inputs[0]._call(function, *([0] if name == "rint" else inputs[1:]))
        if name == "square":
            return inputs[0] * inputs[0]
    raise UnsupportedError(
        f"numpy.{name} of a column is not supported; take map_partitions(lambda part: np.{name}(part)), or to_array() first"
    )


def _plain(value: Any) -> Any:
    """NumPy's single values as Python's, whose operators would ask NumPy again."""
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else value
