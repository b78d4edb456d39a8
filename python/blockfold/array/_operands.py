"""What stands beside arrays: numbers of Python as they are, NumPy's and others' arrays as lazy ones."""

from __future__ import annotations

from typing import Any

from .. import _blockfold as core
from .._dtypes import array_dtype
from ..session import current

_NUMBERS = (bool, int, float, complex)


def _class() -> Any:
    from ._array import Array

    return Array


def is_number(value: Any) -> bool:
    """Whether it is a number of Python itself, which takes the type of what it meets."""
    return type(value) in _NUMBERS


def operand(value: Any) -> Any:
    """An operand as the native layer takes it, or NotImplemented."""
    if is_number(value):
        return value
    if hasattr(value, "_core") and isinstance(value._core, core.Array):
        return value._core
    if isinstance(value, (list, tuple)) or hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        return as_array(value)._core
    return NotImplemented


def as_array(value: Any, like: Any = None) -> Any:
    """A lazy array of whatever it is; a number of Python takes the type of the array that it is like, where that can hold it."""
    array = _class()
    if isinstance(value, array):
        return value
    if is_number(value) and not isinstance(value, complex):
        return array(current().full([], value, _number_dtype(value, like), None))
    import numpy as np

    return from_numpy(np.asarray(value))


def _number_dtype(value: Any, like: Any) -> str:
    own = {bool: "bool", int: "int64", float: "float64"}[type(value)]
    if like is None:
        return own
    kind = like.dtype.kind
    if own == "bool" or (own == "int64" and kind in "iu") or (own in ("int64", "float64") and kind == "f"):
        return "bool" if own == "bool" else like._core.dtype
    return own


def from_numpy(values: Any, chunks: Any = None) -> Any:
    """A lazy array over the memory of a NumPy array; one that does not lie row by row is copied."""
    import numpy as np

    name = array_dtype(values.dtype)
    plain = np.require(values, dtype=np.dtype(name), requirements=["C", "A"])
    return _class()(current().share_buffer(plain, chunks))
