"""Lazy arrays, larger than memory, with NumPy's vocabulary and that of the Python array API standard.

>>> import blockfold.array as da
>>> x = da.random.random(size=(1000, 1000), chunks=(250, 250))
>>> y = x + x.T - x.mean(axis=0)
>>> y.shape, y.chunksize
((1000, 1000), (250, 250))

Functions that NumPy or Dask have and that are not here raise `blockfold.exceptions.UnsupportedError`, which names the
nearest that is.
"""

from __future__ import annotations

import math as _math
from typing import Any

from .._dtypes import NUMBERS as _NUMBERS
from ..exceptions import AbsentError as _AbsentError
from . import _creation, _elementwise, _more, _reductions, _searching, _shape, fft, linalg, random
from ._array import Array
from ._bits import (
    bitwise_and,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    left_shift,
    right_shift,
)
from ._blocks import apply_along_axis, from_delayed, map_blocks, map_overlap
from ._creation import *  # noqa: F403
from ._elementwise import *  # noqa: F403
from ._indexing import compress, delete, extract, take, take_along_axis
from ._more import *  # noqa: F403
from ._reductions import *  # noqa: F403
from ._searching import *  # noqa: F403
from ._shape import *  # noqa: F403
from ._standard import __array_namespace_info__, astype, can_cast, finfo, iinfo, isdtype, numpy_dtype, result_type
from .linalg import (
    cross,
    diag,
    diagonal,
    dot,
    einsum,
    inner,
    matmul,
    matrix_transpose,
    outer,
    tensordot,
    trace,
    vdot,
    vecdot,
)

__all__ = [
    "Array", "__array_api_version__", "__array_namespace_info__", "apply_along_axis", "astype", "bitwise_and", "bitwise_left_shift",
    "bitwise_or", "bitwise_right_shift", "bitwise_xor", "can_cast", "compress", "compute", "cross", "delete", "diag", "diagonal", "dot",
    "e", "einsum", "extract", "fft", "finfo", "from_delayed", "iinfo", "inf", "inner", "isdtype", "left_shift", "linalg", "map_blocks", "map_overlap",
    "matmul", "matrix_transpose", "nan", "newaxis", "outer", "pi", "random", "result_type", "right_shift", "take", "take_along_axis",
    "tensordot", "trace", "vdot", "vecdot",
]  # fmt: skip
__all__ += _creation.__all__
__all__ += _elementwise.__all__
__all__ += _more.__all__
__all__ += _reductions.__all__
__all__ += _searching.__all__
__all__ += _shape.__all__

__array_api_version__ = "2025.12"

e, pi, inf, nan, newaxis = _math.e, _math.pi, _math.inf, _math.nan, None
euler_gamma = 0.5772156649015329

#: Functions of Dask and NumPy that are not there, and what comes nearest.
_ABSENT = {
    "apply_gufunc": "take map_blocks of an array that is whole along its last axes",
    "blockwise": "take operators, or map_blocks of one array",
    "from_tiledb": "take from_zarr",
    "to_tiledb": "take to_zarr",
    "to_hdf5": "take to_npy or to_zarr",
    "reduction": "take sum, mean, max and their like, or map_blocks before one of them",
    "histogramdd": "take histogram of each axis",
    "histogram2d": "take histogram of each axis",
    "frompyfunc": "take map_blocks",
    "vectorize": "take map_blocks",
    "ma": "take where and the functions whose names start with nan",
    "bitwise_count": "take map_blocks with numpy.bitwise_count",
    "frexp": "take it of x.compute(), or of each chunk with map_blocks",
    "ldexp": "multiply with a power of 2",
}


def compute(*values: Any, **unused: Any) -> tuple[Any, ...]:
    """The answers of several lazy values in one run, see `blockfold.compute`.

    Examples
    --------
    >>> import blockfold.array as da
    >>> [float(one) for one in da.compute(da.ones(3).sum(), da.ones(3).mean())]
    [3.0, 1.0]
    """
    from ..compute import compute as together

    return together(*values)


def __getattr__(name: str) -> Any:
    if name in _NUMBERS:
        return numpy_dtype(name)
    if name in _ABSENT:
        raise _AbsentError(f"blockfold.array.{name} is not supported; {_ABSENT[name]}")
    raise AttributeError(f"blockfold.array has no {name!r}; see dir(blockfold.array)")


def __dir__() -> list[str]:
    return sorted({*(name for name in globals() if not name.startswith("_")), *_NUMBERS})
