"""Delayed calls as a Dask graph, and Dask's graphs as delayed calls."""

from __future__ import annotations

from .. import _blockfold as core
from .._recipes import held, in_order
from ..delayed import Delayed, DelayedFunction, _same
from . import here

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any


def _is_call(value: Any) -> bool:
    return isinstance(value, Delayed)


def _reads(call: Delayed) -> Iterator[Delayed]:
    function, args, kwargs = call._call
    return held(() if function is None else (args, kwargs), _is_call)


def add_call(last: Delayed, graph: dict[Any, Any]) -> Any:
    """Adds a call and all that it reads to a graph, however deep they are; gives its key."""
    if last.key not in graph:
        for _, call in in_order(last, lambda one: iter(()) if one.key in graph else _reads(one)).values():
            if call.key not in graph:
                _add_one(call, graph)
    return last.key


def _add_one(call: Delayed, graph: dict[Any, Any]) -> None:
    from dask.task_spec import Alias, DataNode

    function, args, kwargs = call._call
    if function is None:
        graph[call.key] = DataNode(call.key, args)
    elif isinstance(function, DaskTask):
        graph[call.key] = function.node
    elif function is _same and is_future(args[0]):
        read = part(args[0], graph)
        if read.key != call.key:
            graph[call.key] = Alias(call.key, read.key)
    else:
        graph[call.key] = task(call.key, function, args, kwargs, graph)


def task(key: Any, function: Callable[..., Any], args: Any, kwargs: Any, graph: dict[Any, Any]) -> Any:
    """The task of a call; what it reads is added to the graph."""
    from dask.task_spec import Task

    named = {name: part(value, graph) for name, value in (kwargs or {}).items()}
    return Task(key, plain(function), *[part(value, graph) for value in args], **named)


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function inside of a delayed one."""
    return function.__wrapped__ if isinstance(function, DelayedFunction) else function


def is_future(value: Any) -> bool:
    """Whether a value is a future of a client of this package."""
    kind = type(value)
    return kind.__module__ == "blockfold.distributed" and kind.__name__ == "Future"


def is_collection(value: Any) -> bool:
    """Whether a value has a Dask graph."""
    if isinstance(value, type) or not hasattr(type(value), "__dask_graph__"):
        return False
    from dask.base import is_dask_collection

    return isinstance(value, Delayed) or is_dask_collection(value)


def is_lazy(value: Any) -> bool:
    """Whether a value is a frame, an array or another of this package that computes itself."""
    return type(value).__module__.startswith("blockfold.") and hasattr(value, "compute")


def part(value: Any, graph: dict[Any, Any]) -> Any:
    """An argument as a task takes it: with references to the results of what it reads."""
    from dask.task_spec import DataNode, GraphNode, List, Task, TaskRef

    kind = type(value)
    if kind in (int, float, str, bytes, bool, type(None)):
        return value
    if isinstance(value, Delayed):
        return TaskRef(add_call(value, graph))
    if is_future(value):
        graph.setdefault(value.key, value._in_graph())
        return TaskRef(value.key)
    if is_collection(value):
        return TaskRef(add_collection(value, graph))
    if is_lazy(value):
        return Task(None, computed_here, value)
    if kind is list or kind is tuple:
        parts = [part(one, graph) for one in value]
        if all(new is old for new, old in zip(parts, value, strict=True)):
            return value
        return List(*parts) if kind is list else Task(None, tuple, List(*parts))
    if kind is dict:
        parts = [part(one, graph) for one in value.values()]
        if all(new is old for new, old in zip(parts, value.values(), strict=True)):
            return value
        return Task(None, _dict_of, DataNode(None, list(value)), List(*parts))
    # What Dask would take for a part of the graph is a value here.
    return DataNode(None, value) if isinstance(value, GraphNode | TaskRef) else value


def _dict_of(keys: list[Any], values: list[Any]) -> dict[Any, Any]:
    return dict(zip(keys, values, strict=True))


def computed_here(value: Any) -> Any:
    """A frame or an array, computed where the task runs."""
    with here():
        return value.compute()


def add_collection(value: Any, graph: dict[Any, Any]) -> Any:
    """Adds a Dask collection, finalized to one result, to a graph; gives the result's key."""
    if isinstance(value, Delayed):
        return add_call(value, graph)
    from dask.base import collections_to_expr
    from dask.core import flatten

    whole = collections_to_expr(value).finalize_compute().optimize()
    [key] = flatten(whole.__dask_keys__())
    graph.update(whole.__dask_graph__())
    return key


# ---- from Dask


class DaskTask(DelayedFunction):
    """A task of a Dask graph as a function of the results that it reads."""

    def __init__(self, node: Any):
        from dask.utils import key_split

        self.node, self._length, self._pure = node, None, False
        self._read = tuple(node.dependencies)
        self.__wrapped__ = self._run
        self.__name__ = key_split(node.key)
        self.__doc__ = None
        self._core = core.DelayedFunction(self._run, self.__name__)

    def _run(self, *results: Any) -> Any:
        return self.node(dict(zip(self._read, results, strict=True)))

    def __call__(self, *args: Any, **unused: Any) -> Delayed:
        return Delayed(self._core.call_delayed(args, None), None, (self, args, {}), self.node.key)

    def __reduce__(self) -> Any:
        return DaskTask, (self.node,)


def from_dask(value: Any) -> Delayed:
    """The delayed value of a Dask collection, with a call for each of its tasks, or of a future of Dask."""
    if is_dask_future(value):
        return _of_future(value.key, value)
    from dask.delayed import unpack_collections

    reference, [whole] = unpack_collections(value)
    made = calls_of_graph(dict(whole.__dask_graph__()), [reference.key])[0]
    made._length = getattr(value, "_length", None)
    return made


def is_dask_future(value: Any) -> bool:
    """Whether a value is a future of a client of Dask."""
    kind = type(value)
    return kind.__module__ == "distributed.client" and kind.__name__ == "Future"


def is_reference(value: Any) -> bool:
    """Whether a value is a reference of Ray to a result."""
    kind = type(value)
    return kind.__name__ == "ObjectRef" and kind.__module__.partition(".")[0] == "ray"


def _of_future(key: Any, value: Any) -> Delayed:
    from ..distributed import Future

    if is_reference(value):
        from ._ray import RayFuture

        future = Future(RayFuture(key, value))
    else:
        from ._dask import DaskFuture

        future = Future(DaskFuture(value))
    native = core.DelayedFunction(_same, "same").call_delayed((future,), None)
    return Delayed(native, None, (_same, (future,), {}), key)


def calls_of_graph(graph: Mapping[Any, Any], keys: list[Any]) -> list[Delayed]:
    """Delayed values of keys of a graph, with a call for each task that they need."""
    from dask._task_spec import convert_legacy_graph, cull
    from dask.core import toposort
    from dask.task_spec import Alias, DataNode

    made: dict[Any, Delayed] = {
        key: _of_future(key, one) for key, one in graph.items() if is_dask_future(one) or is_reference(one)
    }
    nodes = convert_legacy_graph({key: one for key, one in graph.items() if key not in made}, all_keys=set(graph))
    nodes = cull(nodes, [key for key in keys if key in nodes])
    for node in nodes.values():
        for key in node.dependencies:
            if key not in nodes and key not in made:
                made[key] = _of_future(key, _known(key))
    reads = {key: {one for one in node.dependencies if one in nodes} for key, node in nodes.items()}
    for key in toposort(nodes, dependencies=reads):
        node = nodes[key]
        if isinstance(node, DataNode):
            made[key] = Delayed(core.delayed_value(node.value), None, (None, node.value, None), key)
        elif isinstance(node, Alias):
            read = made[node.target]
            made[key] = Delayed(
                core.DelayedFunction(_same).call_delayed((read,), None), None, (_same, (read,), {}), key
            )
        else:
            function = DaskTask(node)
            made[key] = function(*[made[one] for one in function._read])
    return [made[key] for key in keys]


def _known(key: Any) -> Any:
    """The future of a key that a scheduler knows."""
    from distributed import Future, get_client

    return Future(key, get_client())


def in_place_of(value: Any) -> Any:
    """An argument with collections and futures of Dask as delayed values, also inside of containers."""
    kind = type(value)
    if kind is list or kind is tuple:
        parts = [in_place_of(one) for one in value]
        is_same = all(new is old for new, old in zip(parts, value, strict=True))
        return value if is_same else kind(parts)
    if kind is dict:
        parts = {key: in_place_of(one) for key, one in value.items()}
        return value if all(parts[key] is one for key, one in value.items()) else parts
    module = kind.__module__
    if not isinstance(module, str) or module.startswith(("builtins", "blockfold.", "numpy", "pandas", "pyarrow")):
        return value
    return from_dask(value) if is_collection(value) or is_dask_future(value) else value
