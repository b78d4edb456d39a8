"""Groups by windows of time of the index."""

from __future__ import annotations

from typing import Any

from .._namespaces import window
from ..exceptions import UnsupportedError
from ._groupby import GroupBy


class Resampler(GroupBy):
    """Rows grouped by windows of time of their index.

    Windows without rows are left out, other than in pandas, where they come as missing values: the frame does not know
    its first and last time before it runs. ``compute().asfreq(rule)`` brings them back.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.datasets.timeseries(end="2000-01-03", freq="1h", partition_freq="1D")
    >>> df.resample("12h").x.count().compute().tolist()
    [12, 12, 12, 12]
    """

    __slots__ = ()

    def __init__(self, frame: Any, rule: Any):
        if len(frame._index) != 1:
            raise UnsupportedError("resample of a frame without an index is not supported; call set_index first")
        [(label, index)] = frame._index.items()
        super().__init__(frame, {label: index.call("truncate", [window(rule)])}, sort=True)

    def _of_series(self, name: Any) -> Any:
        return self[0 if name is None else name]

    def ohlc(self) -> Any:
        """First, greatest, least and last value of each window."""
        values = self._values()
        if len(values) != 1:
            raise UnsupportedError(
                "ohlc of several columns is not supported; select one: df.resample(...)[['x']].ohlc()"
            )
        [expr] = values.values()
        parts = {"open": "first", "high": "max", "low": "min", "close": "last"}
        return self._aggregated({label: expr.aggregate(name) for label, name in parts.items()})
