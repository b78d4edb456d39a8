"""What the array API standard asks of a namespace beside functions of arrays: types, and what is known of them."""

from __future__ import annotations

from typing import Any

from .._dtypes import NUMBERS, array_dtype
from ..exceptions import ArgumentError, DTypeError
from ._array import Array

#: The version of the standard that is followed.
API_VERSION = "2025.12"

_KINDS = {
    "bool": "b",
    "signed integer": "i",
    "unsigned integer": "u",
    "integral": "iu",
    "real floating": "f",
    "complex floating": "c",
    "numeric": "iufc",
}


def numpy_dtype(name: str) -> Any:
    """A type as NumPy has it."""
    import numpy as np

    return np.dtype(name)


def _type(of: Any) -> Any:
    import numpy as np

    return (
        of.dtype
        if hasattr(of, "dtype")
        else of
        if type(of) in (bool, int, float, complex)
        else np.dtype(array_dtype(of))
    )


def astype(x: Array, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Array:
    """The elements as another type.

    Parameters
    ----------
    x : array_like
        The elements.
    dtype : dtype, optional
        Type of the result.
    copy : bool, optional
        Whether memory is copied.
    device : {'cpu'}, optional
        The only device.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.astype(da.ones(2), "int64").compute().tolist()
    [1, 1]
    """
    if x.dtype.kind == "c" and numpy_dtype(array_dtype(dtype)).kind != "c":
        raise DTypeError(f"astype: {x.dtype} to {dtype} would lose imaginary parts; take real(x)")
    return x.astype(dtype)


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether a type can become another one without a loss, by the rules of promotion.

    Parameters
    ----------
    from_ : dtype or array
        The one type.
    to : dtype
        The other type.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.can_cast("int8", "int64")
    True
    """
    import numpy as np

    return np.can_cast(_type(from_), np.dtype(array_dtype(to)))


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The type that operands have together.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.result_type(da.float32, da.float64)
    dtype('float64')
    """
    import numpy as np

    if not arrays_and_dtypes:
        raise ArgumentError("result_type: no operands were given")
    return np.result_type(*[_type(one) for one in arrays_and_dtypes])


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a type is of a kind, as "integral", or is a type.

    Parameters
    ----------
    dtype : dtype, optional
        Type of the result.
    kind : str, dtype or tuple
        Which kinds.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.isdtype(da.ones(2).dtype, "real floating")
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, one) for one in kind)
    own = numpy_dtype(array_dtype(dtype))
    if isinstance(kind, str) and kind in _KINDS:
        return own.kind in _KINDS[kind]
    if isinstance(kind, str):
        raise ArgumentError(f"isdtype: no kind is called {kind!r}; there are {', '.join(_KINDS)}")
    return own == numpy_dtype(array_dtype(kind))


def finfo(dtype: Any, /) -> Any:
    """Limits of a type of floats.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.finfo(da.float32).bits
    32
    """
    import numpy as np

    return np.finfo(_type(dtype))


def iinfo(dtype: Any, /) -> Any:
    """Limits of a type of whole numbers.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.iinfo(da.int8).max
    127
    """
    import numpy as np

    return np.iinfo(_type(dtype))


class Info:
    """What the namespace says of itself."""

    def capabilities(self) -> dict[str, Any]:
        """What is there beyond the least: Boolean masks, and shapes that depend on values, which are computed at once."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """The only device."""
        return "cpu"

    def devices(self) -> list[str]:
        """The devices that there are."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The types that arrays have unless said otherwise."""
        names = {"real floating": "float64", "complex floating": "complex128", "integral": "int64", "indexing": "int64"}
        return {kind: numpy_dtype(name) for kind, name in names.items()}

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """The types that there are, of a kind."""
        return {name: numpy_dtype(name) for name in NUMBERS if kind is None or isdtype(name, kind)}


def __array_namespace_info__() -> Info:
    """What the namespace says of itself."""
    return Info()
