"""What workers of a cluster do: fragments of plans, under permits of the worker's memory."""

from __future__ import annotations

import json
import os
import pickle
import re
import threading
import time
from collections import OrderedDict
from typing import Any
from uuid import uuid4

from .. import _blockfold as core
from .._recipes import run_here
from ..exceptions import ArgumentError, Error, FileError, NotFoundError, OverBudgetError
from ..session import Session, current

#: The part of a worker's memory that fragments may hold while they run; the rest is for the results that it keeps.
SHARE = 0.4

#: Plans that a worker keeps, so that its fragments need not be cut again, and seconds after which one is dropped that no
#: fragment has asked for, with the tables that it holds.
MOST_PLANS = 8
IDLE = 10.0

#: Bytes of plans that are kept beside the newest; plans of data in memory hold all of it.
MOST_PLAN_BYTES = 32 << 20


class _Kept:
    """A plan that was cut, or will be by the first who has the lock."""

    def __init__(self, size: int):
        self.lock, self.used, self.size = threading.Lock(), time.monotonic(), size
        self.fragments: core.Fragments | None = None


_lock = threading.Lock()
_plans: OrderedDict[str, _Kept] = OrderedDict()
_sweeper: threading.Thread | None = None
_sessions: dict[int, core.Session] = {}


def encoded(kind: str, head: dict[str, Any], body: bytes = b"") -> bytes:
    """Bytes that say what they are and which version wrote them."""
    text = json.dumps(head).encode()
    return f"blockfold {kind} {core.__version__} {len(text)}\n".encode() + text + body


def decoded(kind: str, data: Any) -> tuple[dict[str, Any], memoryview]:
    """What `encoded` was given.

    Raises
    ------
    ArgumentError
        Other bytes, or those of another version: both are named.
    """
    data = memoryview(data)
    line = bytes(data[:200]).split(b"\n")[0]
    words = line.decode(errors="replace").split(" ")
    if len(words) != 4 or words[:2] != ["blockfold", kind] or not words[3].isdigit():
        raise ArgumentError(f"these bytes are no {kind} of blockfold: {bytes(data[:40])!r}")
    if words[2] != core.__version__:
        raise ArgumentError(
            f"a {kind} written by blockfold {words[2]} cannot be run by blockfold {core.__version__} on {here()}; "
            "install the same version on the client and all workers"
        )
    start = len(line) + 1
    end = start + int(words[3])
    try:
        return json.loads(bytes(data[start:end])), data[end:]
    except ValueError as error:
        raise ArgumentError(f"a {kind} of blockfold that is damaged: {error}") from None


def run_fragment(fragment: bytes, plan: bytes, *blocks: Any) -> core.Parcel:
    """Does a fragment of a plan: makes a block, a partial or rows in parts of the blocks that it is handed.

    Parameters
    ----------
    fragment : bytes
        Which one of the plan's.
    plan : bytes
        The calls that make the plan, with the budget that it is cut for.
    *blocks
        What the fragment reads: results of others, frames of any Arrow library, or NumPy arrays.
    """
    head, _ = decoded("fragment", fragment)
    if not {"plan", "at", "reads"} <= head.keys():
        raise ArgumentError(f"a fragment that does not say which one it is: {head}")
    fragments, parcels = _cut(head["plan"], plan), [parcel(block) for block in blocks]
    inputs = [parcels[at] if block is None else parcels[at].block(block) for at, block in head["reads"]]
    try:
        return fragments.run(session(), head["at"], inputs)
    except OverBudgetError:
        if not _forget(head["plan"]):
            raise
        return fragments.run(session(), head["at"], inputs)
    finally:
        _kept(head["plan"], len(plan))


def _kept(digest: str, size: int) -> _Kept:
    """The place of a plan, used just now."""
    global _sweeper
    with _lock:
        kept = _plans.setdefault(digest, _Kept(size))
        kept.used = time.monotonic()
        _plans.move_to_end(digest)
        while len(_plans) > 1 and (len(_plans) > MOST_PLANS or _bytes_of_older() > MOST_PLAN_BYTES):
            _plans.popitem(last=False)
        if _sweeper is None:
            _sweeper = threading.Thread(target=_sweep, name="blockfold-plans", daemon=True)
            _sweeper.start()
    return kept


def _bytes_of_older() -> int:
    """Bytes of the plans that are kept beside the newest."""
    *older, _ = (kept.size for kept in _plans.values())
    return sum(older)


def _sweep() -> None:
    """Drops plans that nobody has asked for, until there are none."""
    global _sweeper
    while True:
        time.sleep(IDLE / 4)
        _trim()
        with _lock:
            for digest in [one for one, kept in _plans.items() if time.monotonic() - kept.used > IDLE]:
                del _plans[digest]
            if not _plans:
                _sweeper = None
                return


def _trim() -> None:
    """Has the C library give back what other libraries freed: a worker is judged by what its process holds."""
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


def _cut(digest: str, plan: bytes) -> core.Fragments:
    kept = _kept(digest, len(plan))
    with kept.lock:  # One thread plans, while others that need the plan wait.
        if kept.fragments is None:
            kept.fragments = _planned(plan)
        return kept.fragments


def _planned(plan: bytes) -> core.Fragments:
    head, body = decoded("plan", plan)
    own = session()
    with Session._of(own):
        try:
            fragments = pickle.loads(body).fragments(head["budget"], head["fragment"], head["least"])
        except (NotFoundError, FileError) as error:
            raise type(error)(
                f"{here()} cannot open what the plan reads: {error}; every worker has to see it"
            ) from error
    if text_of(fragments) != head["text"] or len(fragments.list()) != head["fragments"]:
        raise ArgumentError(
            f"{here()} sees other files than the client: the plan differs there. Every worker has to see the same paths "
            f"with the same content.\nclient:\n{head['text']}\nworker:\n{text_of(fragments)}"
        )
    return fragments


def text_of(fragments: core.Fragments) -> str:
    """What a plan does, without the numbers that functions have in one process."""
    return re.sub(r"#\d+", "", fragments.text)


def _forget(digest: str) -> bool:
    """Drops the plans that wait beside one, with what they keep in memory; whether there were any."""
    with _lock:
        others = [one for one in _plans if one != digest]
        for one in others:
            del _plans[one]
    return bool(others)


def _worker() -> Any:
    """The worker of `distributed` that this thread works for."""
    import sys

    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.get_worker()
    except ValueError:
        return None


def _ray_place() -> tuple[str, str] | None:
    """The worker and the node of Ray that this process is, if it is one."""
    import sys

    ray = sys.modules.get("ray")
    if ray is None or not ray.is_initialized() or not hasattr(ray, "WORKER_MODE"):
        return None
    context = ray.get_runtime_context()
    if context.worker.mode != ray.WORKER_MODE:
        return None
    return context.get_worker_id(), context.get_node_id()


def here() -> str:
    """Where this runs, as messages name it."""
    worker = _worker()
    if worker is not None:
        return f"worker {worker.address}"
    place = _ray_place()
    if place is None:
        return "this process"
    import ray

    return f"Ray's worker {place[0][:12]} on {ray.util.get_node_ip_address()}"


def budget_of(limit: int | None, processes: int = 1) -> int | None:
    """The memory budget of fragments on a worker of this memory limit; on one of several that share it."""
    return None if not limit else max(int(limit // processes * SHARE), 16 << 20)


def session() -> core.Session:
    """The session of the worker, whose budget follows from its memory limit; elsewhere the current one."""
    worker = _worker()
    if worker is not None:
        with _lock:
            if id(worker) not in _sessions:
                budget = budget_of(getattr(worker.memory_manager, "memory_limit", None))
                own = core.Session(budget, worker.state.nthreads, worker.local_directory, None)
                _sessions[id(worker)] = own
            return _sessions[id(worker)]
    place = _ray_place()
    if place is None:
        return current()
    with _lock:
        if 0 not in _sessions:  # A process of Ray is one worker, and does one task at a time.
            from ._ray import workers

            node = workers()[place[1]]
            _sessions[0] = core.Session(budget_of(node["memory_limit"], node["processes"]), 1, None, None)
        return _sessions[0]


def parcel(block: Any) -> core.Parcel:
    """A block as fragments take it."""
    if isinstance(block, core.Parcel):
        return block
    if hasattr(block, "to_frame") and not hasattr(block, "columns"):
        block = block.to_frame()
    if type(block).__module__.startswith("pandas"):
        from ..dataframe._partition_calls import Returned

        block = Returned().table(block)
    if hasattr(block, "__arrow_c_stream__"):
        from ..dataframe._labels import aligned

        return core.Parcel.of_stream(aligned(block))
    import numpy as np

    values = np.require(block, requirements=["C", "A"])
    return core.Parcel.of_buffer(values, [0] * values.ndim)


def take_part(whole: core.Parcel, part: int) -> core.Parcel:
    """The rows of one part."""
    return whole.part(part)


def rows(whole: core.Parcel) -> list[int]:
    """Rows of each block."""
    return [sum(map(len, block)) for block in whole.tables()]


def write_blocks(
    whole: core.Parcel, columns: Any, folder: str, names: list[str], call: str, how: tuple[Any, ...]
) -> list[tuple[str, int, int]]:
    """Writes blocks of a frame, each as a file of a folder that is there; tells their names, rows and bytes."""
    from ..dataframe._labels import aligned

    if not os.path.isdir(folder):
        raise FileError(
            f"{here()} does not see the folder '{os.path.dirname(folder)}' as the client does, or the run has ended; "
            "every worker has to see the folder that is written to"
        )
    own, told = session(), []
    frame = own.given_frame("written", aligned(columns), 1)
    for at, name in enumerate(names):
        part = own.share_stream(frame.table_of([whole.block(at)]), None).coalesce(1)
        # Where another worker may write the same, until the file is whole.
        made = os.path.join(folder, f".{name}-{uuid4().hex}")
        try:
            rows = run_here(part, call, made, *how)["rows_written"]
            [file] = os.listdir(made)
            name += os.path.splitext(file)[1]
            told.append((name, rows, os.path.getsize(os.path.join(made, file))))
            os.replace(os.path.join(made, file), os.path.join(folder, name))
            os.rmdir(made)
        except OSError as error:
            kind = type(error) if isinstance(error, Error) else FileError
            raise kind(f"{here()} cannot write '{os.path.join(folder, name)}': {error}") from error
    return told


def to_pandas(whole: core.Parcel, block: int, index: list[Any], columns: list[Any], name: Any = None) -> Any:
    """A partition as a pandas frame, or as a series when it has a name for it."""
    import pyarrow

    from ..dataframe._labels import to_pandas as frame_of

    tables = [pyarrow.table(table) for rows in whole.block(block).tables() for table in rows]
    frame = frame_of(pyarrow.concat_tables(tables), index, columns)
    return frame if name is None else frame.iloc[:, 0].rename(name[0])


def to_numpy(whole: core.Parcel, block: int) -> Any:
    """A chunk as a NumPy array."""
    import numpy as np

    ((_, values),) = whole.block(block).arrays()
    return np.asarray(values)
