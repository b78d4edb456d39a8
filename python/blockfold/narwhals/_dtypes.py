"""Types of narwhals as the engine names them."""

from __future__ import annotations

from typing import Any

_NAMES = {
    "Boolean": "bool", "String": "string", "Date": "date",
    **{name: name.lower() for name in (
        "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64",
    )},
}  # fmt: skip


def engine_dtype(dtype: Any) -> str:
    """The engine's name of a type of narwhals.

    Raises
    ------
    NotImplementedError
        The engine makes no columns of this type.
    """
    name = (dtype if isinstance(dtype, type) else type(dtype)).__name__
    if name in _NAMES:
        return _NAMES[name]
    unit = getattr(dtype, "time_unit", "us")
    if name == "Datetime":
        zone = getattr(dtype, "time_zone", None)
        return f"timestamp[{unit}, {zone}]" if zone else f"timestamp[{unit}]"
    if name == "List" and not isinstance(dtype, type):
        return f"list[{engine_dtype(dtype.inner)}]"
    if name == "Duration":
        return f"duration[{unit}]"
    raise NotImplementedError(f"a cast to {dtype} is not supported; take numbers, texts, dates or times")


def is_whole(dtype: str) -> bool:
    """Whether a type of the engine is of whole numbers."""
    return dtype.startswith(("int", "uint"))
