"""blockfold: dataframes and arrays larger than memory, inside a memory limit that holds.

Frames and arrays are lazy: they describe work, which runs in Rust on all cores, block by block, within the session's
memory budget. pandas, NumPy and pyarrow are imported only when something of theirs is asked for.

>>> import blockfold as bf
>>> df = bf.datasets.timeseries(end="2000-01-02", freq="1min")
>>> df.groupby(df.name).x.mean().compute().shape
(26,)
"""

from __future__ import annotations

import importlib

from . import _blockfold as _core
from . import _recipes
from .compute import compute, explain, from_dask, optimize, persist
from .exceptions import Error
from .expr import Expr, col, corr, cov, len, lit, when
from .session import Session, default_session, set_default_session

# The module of the same name is not what users mean by `blockfold.delayed` or `blockfold.visualize`.
from .delayed import Delayed, delayed
from .visualize import visualize

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

    from . import array, config, dataframe, datasets, diagnostics, distributed, exceptions
    from .array import from_array
    from .dataframe import (
        DataFrame,
        Series,
        concat,
        from_arrow,
        from_delayed,
        from_dict,
        from_map,
        from_pandas,
        from_polars,
        merge,
        merge_asof,
        read_csv,
        read_ipc,
        read_parquet,
    )

__version__: str = _core.__version__

_recipes.install()

_MODULES = ("array", "config", "dataframe", "datasets", "diagnostics", "distributed", "exceptions")
_FRAMES = (
    "DataFrame", "Series", "concat", "from_arrow", "from_delayed", "from_dict", "from_map", "from_pandas", "from_polars",
    "merge", "merge_asof", "read_csv", "read_ipc", "read_parquet",
)  # fmt: skip

__all__ = [
    "DataFrame", "Delayed", "Error", "Expr", "Series", "Session", "array", "col", "compute", "concat", "config", "corr", "cov", "dataframe",
    "datasets", "default_session", "diagnostics", "delayed", "distributed", "exceptions", "explain", "from_array", "from_arrow", "from_dask", "from_delayed", "from_dict",
    "from_map", "from_pandas",
    "from_polars", "len", "lit", "merge", "merge_asof", "optimize", "persist", "read_csv", "read_ipc", "read_parquet",
    "set_default_session", "visualize", "when",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "__narwhals_namespace__":
        return importlib.import_module(".narwhals", __name__).__narwhals_namespace__
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _FRAMES:
        return getattr(importlib.import_module(".dataframe", __name__), name)
    if name == "from_array":
        return importlib.import_module(".array", __name__).from_array
    raise AttributeError(f"blockfold has no {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
