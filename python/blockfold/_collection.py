"""Lazy values as Dask collections: what Dask, and clients of its clusters, ask of a value."""

from __future__ import annotations

from functools import wraps

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _scheduled(run: Callable[..., Any]) -> Callable[..., Any]:
    """A method that runs a value, with an argument that says who does its tasks."""

    @wraps(run)
    def with_scheduler(self: Any, *args: Any, scheduler: Any = None, **kwargs: Any) -> Any:
        if scheduler is None:
            return run(self, *args, **kwargs)
        from ._cluster import here
        from ._cluster.runs import elsewhere, scheduled

        runner = scheduled(scheduler)
        with here() if runner is None else elsewhere(runner):
            return run(self, *args, **kwargs)

    return with_scheduler


class Collection:
    """A lazy value that Dask takes: ``dask.compute(value)``, ``client.compute(value)`` and ``client.persist(value)`` run its
    plan in fragments, by Dask's own schedulers."""

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("compute", "persist", "to_parquet", "to_ipc", "to_feather"):
            if name in vars(cls):
                setattr(cls, name, _scheduled(vars(cls)[name]))

    def __dask_graph__(self) -> dict[Any, Any]:
        from ._cluster.runs import dask_plan

        return dask_plan(self).graph

    def __dask_keys__(self) -> list[Any]:
        from ._cluster.runs import dask_plan

        return dask_plan(self).keys

    def __dask_layers__(self) -> tuple[str, ...]:
        from ._cluster.runs import dask_plan

        return (dask_plan(self).token,)

    def __dask_tokenize__(self) -> Any:
        from ._cluster.runs import dask_plan

        # The same plan runs for a column and for a frame of this column, but they answer in different ways.
        return "blockfold", type(self).__name__, dask_plan(self).token

    def __dask_postcompute__(self) -> Any:
        from ._cluster.runs import answer

        return answer, (self,)

    def __dask_postpersist__(self) -> Any:
        from ._cluster.runs import kept

        return kept, (self,)

    @staticmethod
    def __dask_optimize__(graph: Any, keys: Any, **unused: Any) -> Any:
        return graph

    @staticmethod
    def __dask_scheduler__(graph: Any, keys: Any, **options: Any) -> Any:
        from dask.threaded import get

        return get(graph, keys, **options)
