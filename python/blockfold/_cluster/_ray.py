"""The backend of Ray: calls are its tasks, and futures its references to objects."""

from __future__ import annotations

import pkgutil

from ..exceptions import ArgumentError, CancelledError, OverBudgetError, UnreachableError
from ..session import current as session
from . import Options, needed
from ._calls import is_future
from ._dask import Graphs, _text, check_versions

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any


class RayFuture:
    """What a future on Ray wraps."""

    __slots__ = ("key", "reference")

    def __init__(self, key: Any, reference: Any):
        self.key, self.reference = key, reference

    def done(self) -> bool:
        import ray

        return bool(ray.wait([self.reference], timeout=0)[0])

    def cancelled(self) -> bool:
        return isinstance(self.exception(), CancelledError)

    def cancel(self) -> None:
        import ray

        ray.cancel(self.reference)

    def exception(self) -> BaseException | None:
        if not self.done():
            return None
        try:
            self.wait(None)
        except Exception as error:
            return error
        return None

    def wait(self, seconds: float | None) -> Any:
        return fetched([self.reference], seconds)[0]

    def in_graph(self) -> Any:
        """What stands for the result in a graph."""
        return self.reference

    @staticmethod
    def wait_any(natives: list[Any], seconds: float | None) -> None:
        """Waits until one has ended."""
        import ray

        ray.wait([native.reference for native in natives], num_returns=1, timeout=seconds)


def fetched(references: list[Any], seconds: float | None = None) -> list[Any]:
    """Results of references, unless they are more than the session's memory budget."""
    import ray
    from ray.exceptions import GetTimeoutError, RayTaskError, TaskCancelledError

    different = list(dict.fromkeys(references))
    ready, _ = ray.wait(different, num_returns=len(different), timeout=seconds, fetch_local=False)
    if len(ready) < len(different):
        raise TimeoutError(f"the result was not there within {seconds} s")
    _check_size(different)
    try:
        return ray.get(references)
    except GetTimeoutError as error:
        raise TimeoutError(f"the result was not there within {seconds} s") from error
    except TaskCancelledError as error:
        raise CancelledError(str(error)) from None
    except RayTaskError as error:
        cause: Any = error.cause
        while isinstance(cause, RayTaskError):
            cause = cause.cause
        if isinstance(cause, TaskCancelledError):
            raise CancelledError(str(cause)) from None
        if isinstance(cause, Exception):
            raise cause from error
        raise


def _check_size(references: list[Any]) -> None:
    from ray.experimental import get_object_locations

    try:
        places = get_object_locations(references)
    except Exception:  # Not there through a server of `ray://`.
        return
    size = sum(place.get("object_size") or 0 for place in places.values())
    budget = session().memory_budget_bytes
    if size > budget:
        raise OverBudgetError(
            f"results of {len(references)} futures have {_text(size)}, and the session's memory budget is {_text(budget)}; "
            "they stay on the workers: submit a function that makes less of them there, gather fewer at once, or use a "
            "session with a larger budget"
        )


def _run(task: Any, reads: tuple[Any, ...], *results: Any) -> Any:
    return task(dict(zip(reads, results, strict=True)))


class Ray(Graphs):
    """The Ray cluster to which the program is connected; left at the end, if the connection was made for the backend."""

    def __init__(self, is_own: bool):
        import ray

        self._is_own = is_own
        self._run = ray.remote(_run)
        try:
            check_versions(_versions())
        except BaseException:
            self.close()
            raise

    @classmethod
    def connected(cls, address: str, options: dict[str, Any]) -> Ray:
        """The backend of ``ray``, ``ray:auto`` or ``ray://host:port``."""
        ray = needed("ray", "a client of Ray")
        needed("dask", "a client of Ray")
        if ray.is_initialized():
            return cls(False)
        if address.startswith("ray://"):
            options["address"] = address
        elif address.startswith("ray:"):
            options["address"] = address.removeprefix("ray:")
        elif address != "ray":
            raise ArgumentError(f"Client: {address!r} is no address; say 'ray', 'ray:auto' or 'ray://host:10001'")
        try:
            ray.init(**options)
        except (ConnectionError, TimeoutError) as error:
            raise UnreachableError(f"no Ray answered at {address}: {error}") from error
        return cls(True)

    def is_inside(self) -> bool:
        """Whether this process runs tasks of Ray."""
        import ray

        return ray.is_initialized() and ray.get_runtime_context().worker.mode == ray.WORKER_MODE

    def start_graph(self, dsk: dict[Any, Any], keys: list[Any], options: Options) -> list[Any]:
        import ray
        from dask.core import toposort
        from dask.task_spec import Alias, DataNode

        made = _references(dsk)
        nodes = _nodes(dsk, made, keys)
        reads = {key: {one for one in node.dependencies if one in nodes} for key, node in nodes.items()}
        wanted = set(keys)
        for key in toposort(nodes, dependencies=reads):
            node = nodes[key]
            if isinstance(node, DataNode):
                made[key] = ray.put(node.value)
            elif isinstance(node, Alias):
                made[key] = made[node.target]
            else:
                how: dict[str, Any] = {"name": str(key)}
                if options.retries:
                    how |= {"max_retries": options.retries, "retry_exceptions": True}
                if options.resources and key in wanted:
                    how["resources"] = options.resources
                read = tuple(node.dependencies)
                made[key] = self._run.options(**how).remote(node, read, *[made[one] for one in read])
        return [RayFuture(key, made[key]) for key in keys]

    def run_graph(self, dsk: dict[Any, Any], keys: list[Any]) -> list[Any]:
        return fetched(self.persist_graph(dsk, keys))

    def persist_graph(self, dsk: dict[Any, Any], keys: list[Any]) -> list[Any]:
        return [native.reference for native in self.start_graph(dsk, keys, Options())]

    def fetch(self, natives: list[Any]) -> list[Any]:
        return fetched([native.reference for native in natives])

    def scatter(self, values: list[Any], **unused: Any) -> list[Any]:
        """What futures of values that are put into Ray's store wrap."""
        import ray

        made = [(type(value).__name__, ray.put(value)) for value in values]
        return [RayFuture(f"{name}-{reference.hex()}", reference) for name, reference in made]

    def nthreads(self) -> dict[str, int]:
        """Cores by node."""
        import ray

        return {node["NodeID"]: int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]}

    def scheduler_info(self, **unused: Any) -> dict[str, Any]:
        """The nodes of Ray as workers."""
        import ray

        return {"type": "Ray", "address": ray.get_runtime_context().gcs_address, "workers": workers()}

    @property
    def dashboard_link(self) -> str:
        """What to open in a browser to see what Ray runs; empty where it has no dashboard."""
        from ray._private.worker import get_dashboard_url

        url = get_dashboard_url()
        return f"http://{url}" if url else ""

    def close(self) -> None:
        """Leaves Ray, if the backend connected to it."""
        import ray

        if self._is_own and ray.is_initialized():
            ray.shutdown()
        self._is_own = False

    def __repr__(self) -> str:
        import ray

        if not ray.is_initialized():
            return "Ray, closed"
        threads = self.nthreads().values()
        return f"Ray, {len(threads)} nodes, {sum(threads)} cores"


def workers() -> dict[str, Any]:
    """The nodes of Ray, each with the processes that share its memory: one for each core does a task."""
    import ray

    found = {}
    for node in ray.nodes():
        if node["Alive"]:
            cores = int(node["Resources"].get("CPU", 0))
            found[node["NodeID"]] = {
                "nthreads": cores,
                "processes": max(cores, 1),
                "memory_limit": int(node["Resources"].get("memory", 0)),
                "host": node["NodeManagerAddress"],
            }
    return found


def _versions() -> dict[str, Any]:
    """The version of the package on each node, or the error of its import."""
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask, asked = ray.remote(pkgutil.resolve_name), {}
    for node in ray.nodes():
        if node["Alive"]:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            how = {"num_cpus": 0, "scheduling_strategy": there, "name": "version"}
            asked[node["NodeManagerAddress"]] = ask.options(**how).remote("blockfold:__version__")
    answers: dict[str, Any] = {}
    for address, reference in asked.items():
        try:
            answers[address] = ray.get(reference)
        except RayError as error:
            answers[address] = getattr(error, "cause", None) or error
    return answers


def _references(dsk: dict[Any, Any]) -> dict[Any, Any]:
    """Values of a graph that are references to results."""
    import ray

    known = {key: value._in_graph() if is_future(value) else value for key, value in dsk.items()}
    return {key: value for key, value in known.items() if isinstance(value, ray.ObjectRef)}


def _nodes(dsk: dict[Any, Any], known: dict[Any, Any], keys: list[Any]) -> dict[Any, Any]:
    """The tasks that keys of a graph need."""
    from dask._task_spec import convert_legacy_graph, cull

    nodes = convert_legacy_graph({key: one for key, one in dsk.items() if key not in known}, all_keys=set(dsk))
    wanted = [key for key in keys if key in nodes]
    return dict(cull(nodes, wanted)) if wanted else {}
