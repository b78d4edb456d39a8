"""What runs several lazy values, as `dask.compute` does."""

from __future__ import annotations

from . import _blockfold as core
from .session import current

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any


__all__ = ["compute", "explain", "optimize", "persist"]


def compute(*values: Any, **unused: Any) -> tuple[Any, ...]:
    """The answers of lazy values, also of those inside of lists, tuples and dictionaries; other values come back as they are.

    Arrays run together, and delayed calls, so that what they share is read and computed once.

    Examples
    --------
    >>> import blockfold as bf, blockfold.array as da
    >>> x = da.ones((4, 4), chunks=2)
    >>> [float(one) for one in bf.compute(x.sum(), x.mean())]
    [16.0, 1.0]
    """
    arrays: list[Any] = []
    _walk(
        values,
        lambda value: arrays.append(value) if _is_array(value) and _key(value) not in map(_key, arrays) else None,
    )
    calls: list[Any] = []
    _walk(values, lambda value: calls.append(value) if _is_call(value) else None)
    answers: dict[int, Any] = {}
    if len(calls) > 1:
        results = core.compute_delayed(current(), [call._core for call in calls])
        answers.update((_key(call), result) for call, result in zip(calls, results, strict=True))
    if len(arrays) > 1:
        from .array._compute import compute_all

        answers.update((_key(array), answer) for array, answer in zip(arrays, compute_all(arrays), strict=True))

    def answer(value: Any) -> Any:
        return answers[_key(value)] if _key(value) in answers else value.compute()

    return tuple(_walk(values, answer))


def persist(*values: Any, **unused: Any) -> tuple[Any, ...]:
    """Lazy values, computed now and kept in memory while there is room in the budget, else in scratch.

    Examples
    --------
    >>> import blockfold as bf, blockfold.array as da
    >>> (x,) = bf.persist(da.ones((4, 4), chunks=2))
    >>> x.shape
    (4, 4)
    """
    return tuple(_walk(values, lambda value: value.persist()))


def optimize(*values: Any) -> tuple[Any, ...]:
    """The values themselves: plans are optimised when they run.

    Examples
    --------
    >>> import blockfold as bf
    >>> df = bf.from_dict({"k": ["a", "b", "a"], "x": [1, 2, 3]})
    >>> bf.optimize(df)[0] is df
    True
    """
    return values


def explain(value: Any, stage: str = "optimized") -> str:
    """The plan of a lazy value as text, at a stage: logical, optimized, steps, fused or memory.

    Examples
    --------
    >>> import blockfold as bf
    >>> print(bf.explain(bf.datasets.timeseries().head(3, compute=False)[["x"]], "logical").splitlines()[0][:6])
    select
    """
    return value.explain(stage)


def _is_lazy(value: Any) -> bool:
    return type(value).__module__.startswith("blockfold.") and hasattr(value, "compute")


def _is_array(value: Any) -> bool:
    return _is_lazy(value) and type(value).__name__ == "Array"


def _is_call(value: Any) -> bool:
    return type(value).__name__ == "Delayed" and _is_lazy(value)


def _key(value: Any) -> int:
    return id(value)


def _walk(value: Any, visit: Any) -> Any:
    """The same containers with what `visit` makes of each lazy value."""
    if _is_lazy(value):
        return visit(value)
    if type(value) in (list, tuple, set):
        return type(value)([_walk(item, visit) for item in value])
    if type(value) is dict:
        return {key: _walk(item, visit) for key, item in value.items()}
    return value
