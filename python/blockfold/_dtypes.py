"""Names of types as the native layer writes them, from whatever Python, NumPy, pandas or Arrow call them."""

from __future__ import annotations

from .exceptions import DTypeError

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

_PYTHON = {bool: "bool", int: "int64", float: "float64", complex: "complex128", str: "string"}

_NAMES = {
    "?": "bool", "boolean": "bool",
    "int": "int64", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64",
    "float": "float64", "f4": "float32", "f8": "float64", "double": "float64", "single": "float32",
    "complex": "complex128", "c8": "complex64", "c16": "complex128",
}  # fmt: skip

NUMBERS = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64", "complex64", "complex128",
)  # fmt: skip

_FRAME = {
    "str": "string", "utf8": "string", "object": "string", "large_string": "string", "date32[day]": "date",
    "date32": "date", "datetime64[ns]": "timestamp[ns]", "datetime64[us]": "timestamp[us]",
    "datetime64[ms]": "timestamp[ms]", "datetime64[s]": "timestamp[s]", "datetime": "timestamp[us]",
    "timedelta64[ns]": "duration[ns]", "timedelta64[us]": "duration[us]", "timedelta64[ms]": "duration[ms]",
    "timedelta64[s]": "duration[s]",
}  # fmt: skip


def _text(dtype: Any) -> str:
    if isinstance(dtype, type) and dtype in _PYTHON:
        return _PYTHON[dtype]
    if isinstance(dtype, str):
        return dtype.lstrip("<=|")
    # NumPy's scalar types, as np.float32, and dtype objects of NumPy, pandas and Arrow.
    name = getattr(dtype, "__name__", None) if isinstance(dtype, type) else getattr(dtype, "name", None)
    return name if isinstance(name, str) else str(dtype)


def array_dtype(dtype: Any, default: str = "float64") -> str:
    """The name of a type of arrays.

    Examples
    --------
    >>> array_dtype("f4"), array_dtype(int), array_dtype(None)
    ('float32', 'int64', 'float64')
    """
    if dtype is None:
        return default
    text = _text(dtype)
    name = _NAMES.get(text, text)
    if name.endswith("_") and name[:-1] in NUMBERS:
        name = name[:-1]
    if name not in NUMBERS:
        raise DTypeError(f"arrays have no type {dtype!r}; they have {', '.join(NUMBERS)}")
    return name


def frame_dtype(dtype: Any) -> str:
    """The name of a type of columns.

    Examples
    --------
    >>> frame_dtype(str), frame_dtype("datetime64[ns]"), frame_dtype("Int64")
    ('string', 'timestamp[ns]', 'int64')
    """
    text = _text(dtype)
    name = _NAMES.get(text, text)
    name = _FRAME.get(name, name)
    if name[:1].isupper():
        name = name.lower()
    return _NAMES.get(name, _FRAME.get(name, name))
