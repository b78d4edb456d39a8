"""What runs several lazy values, as `dask.compute` does."""

from __future__ import annotations

from . import _blockfold as core
from ._cluster import chosen, here
from .session import current

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any


__all__ = ["compute", "explain", "from_dask", "optimize", "persist"]


def compute(*values: Any, scheduler: Any = None, **unused: Any) -> tuple[Any, ...]:
    """The answers of lazy values, also of those inside of lists, tuples and dictionaries; other values come back as they are.

    Arrays run together, and delayed calls, so that what they share is read and computed once.

    Parameters
    ----------
    scheduler : client, optional
        Where they run; on the cluster of the client that is connected, unless given, and in this process without one.

    Examples
    --------
    >>> import blockfold as bf, blockfold.array as da
    >>> x = da.ones((4, 4), chunks=2)
    >>> [float(one) for one in bf.compute(x.sum(), x.mean())]
    [16.0, 1.0]
    """
    backend = chosen(scheduler)
    if backend is not None:
        return _computed_on(backend, values)
    with here():
        return _computed_here(values)


def _computed_here(values: tuple[Any, ...]) -> tuple[Any, ...]:
    arrays: list[Any] = []
    _walk(
        values,
        lambda value: arrays.append(value) if _is_array(value) and _key(value) not in map(_key, arrays) else None,
    )
    calls: list[Any] = []
    _walk(values, lambda value: calls.append(value) if _is_call(value) else None)
    answers: dict[int, Any] = {}
    if calls:
        results = core.compute_delayed(current(), [call._core for call in calls])
        answers.update((_key(call), result) for call, result in zip(calls, results, strict=True))
    if len(arrays) > 1:
        from .array._compute import compute_all

        answers.update((_key(array), answer) for array, answer in zip(arrays, compute_all(arrays), strict=True))

    def answer(value: Any) -> Any:
        return answers[_key(value)] if _key(value) in answers else value.compute()

    return tuple(_walk(values, answer))


def _computed_on(backend: Any, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """The answers of lazy values of which a cluster computes those that have a graph, together."""
    from ._cluster._calls import add_collection, is_collection

    graph: dict[Any, Any] = {}
    keys: dict[int, Any] = {}

    def add(value: Any) -> None:
        if _key(value) not in keys and is_collection(value):
            keys[_key(value)] = add_collection(value, graph)

    _walk(values, add)
    wanted = list(dict.fromkeys(keys.values()))
    answers = dict(zip(wanted, backend.run_graph(graph, wanted), strict=True)) if wanted else {}
    return tuple(
        _walk(values, lambda value: answers[keys[_key(value)]] if _key(value) in keys else value.compute())
    )


def persist(*values: Any, scheduler: Any = None, **unused: Any) -> tuple[Any, ...]:
    """Lazy values, computed now and kept in memory while there is room in the budget, else in scratch; on workers, where
    they run on a cluster.

    Examples
    --------
    >>> import blockfold as bf, blockfold.array as da
    >>> (x,) = bf.persist(da.ones((4, 4), chunks=2))
    >>> x.shape
    (4, 4)
    """
    from ._cluster._calls import is_collection

    backend = chosen(scheduler)
    if backend is None:
        with here():
            return tuple(_walk(values, lambda value: value.persist()))
    found: dict[int, Any] = {}
    _walk(values, lambda value: found.setdefault(_key(value), value))
    together = [value for value in found.values() if is_collection(value)]
    kept = dict(zip(map(_key, together), backend.persist(together), strict=True))
    return tuple(_walk(values, lambda value: kept[_key(value)] if _key(value) in kept else value.persist()))


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


def from_dask(value: Any) -> Any:
    """A lazy value of one of Dask: a frame, a series, an array or a delayed value; also of a future.

    Its partitions or chunks are made by Dask's tasks: where a client is connected to a cluster they run there, else here.
    The way back is ``to_dask`` of what this gives.

    Examples
    --------
    >>> import blockfold as bf, dask.array as da
    >>> bf.from_dask(da.ones((4, 4), chunks=2)).sum().compute()
    np.float64(16.0)
    """
    from ._cluster.convert import from_dask

    return from_dask(value)


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
