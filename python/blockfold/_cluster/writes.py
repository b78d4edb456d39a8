"""Frames that workers write: a file for each partition, in a folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import _blockfold as core
from .. import _recipes
from ..exceptions import AlreadyExistsError, ArgumentError, Error, FileError
from ..session import current
from . import graph, needed, worker

#: Endings and names of files that data sets are made of; others are not overwritten.
_DATA_EXTENSIONS = frozenset((".parquet", ".parq", ".pq", ".arrow", ".ipc", ".feather", ".crc"))
_DATA_NAMES = frozenset(("_metadata", "_common_metadata", "_SUCCESS", ".DS_Store"))


def written(
    backend: Any,
    plan: graph.Plan,
    native: core.LazyFrame,
    call: str,
    path: Any,
    how: tuple[Any, ...],
    overwrite: bool,
) -> dict[str, Any]:
    """Has workers write a frame to a folder; tells what they wrote.

    Parameters
    ----------
    backend
        Runs graphs.
    plan : graph.Plan
        The frame's.
    call : str
        The native call that writes a frame.
    path : path
        The folder.
    how : tuple
        The call's other arguments, for a folder that is not there.
    overwrite : bool
        Whether what is there is replaced.
    """
    start = time.monotonic()
    columns = needed("pyarrow", "writing on a cluster").table(native.table_of([]))
    _try(columns, call, how)
    with _output(os.path.abspath(path), overwrite) as (folder, commit):
        tasks, keys = _tasks(plan, columns, folder, call, how)
        told = [one for of in backend.run_graph({**plan.graph, **tasks}, keys) for one in of]
        commit({name: size for name, _, size in told})
    return {
        "rows_written": sum(rows for _, rows, _ in told),
        "bytes_written": sum(size for _, _, size in told),
        "elapsed_s": time.monotonic() - start,
        "files": len(told),
    }


def _try(columns: Any, call: str, how: tuple[Any, ...]) -> None:
    """Raises for options that are wrong, and for types that the format has not, before anything runs."""
    with tempfile.TemporaryDirectory() as folder:
        _recipes.run_here(current().share_stream(columns, None), call, os.path.join(folder, "none"), *how)


def _tasks(plan: graph.Plan, columns: Any, folder: str, call: str, how: Any) -> tuple[dict[Any, Any], list[Any]]:
    from uuid import uuid4

    from dask._task_spec import Task, TaskRef

    count, tasks, first = sum(plan.blocks), {}, 0
    digits, token = len(str(max(count - 1, 0))), uuid4().hex
    for of, blocks in zip(plan.keys, plan.blocks, strict=True):
        names = [f"part.{at:0{digits}}" for at in range(first, first + blocks)]
        key = (f"{call.replace('_', '-')}-{token}", first)
        tasks[key] = Task(key, worker.write_blocks, TaskRef(of), columns, folder, names, call, how)
        first += blocks
    return tasks, list(tasks)


@contextmanager
def _output(path: str, overwrite: bool) -> Iterator[Any]:
    """A hidden folder beside the target, and what has it appear there once all its files are written.

    It is named and locked as those of runs in this process, so that the next writer removes what a crash leaves behind.
    """
    target = os.path.realpath(path) if os.path.exists(path) else path
    _check_replaceable(path, target, overwrite)
    parent, name = os.path.split(target)
    folder = os.path.join(parent, f".{name}.blockfold-{os.getpid()}-{time.time_ns()}")
    made = _make_folders(parent)

    def commit(sizes: dict[str, int]) -> None:
        with _named(path):
            _keep_only(folder, sizes)
            _check_replaceable(path, target, overwrite)
            _replace(target, folder)

    lock = None
    try:
        with _named(path):
            os.mkdir(folder)
        lock = _locked(folder)
        yield folder, commit
    except BaseException:
        _remove(folder)
        _remove_empty(made)
        raise
    finally:
        if lock is not None:
            os.close(lock)


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Has errors of the system say what was to be written."""
    try:
        yield
    except OSError as error:
        raise error if isinstance(error, Error) else FileError(f"writing '{path}': {error}") from error


def _replace(target: str, folder: str) -> None:
    """Puts a folder in the place of another; that one stays if it cannot be."""
    _sync(folder)
    aside = f"{folder}.old" if os.path.lexists(target) else None
    if aside is not None:
        os.rename(target, aside)
    try:
        os.rename(folder, target)
    except OSError:
        if aside is not None:
            os.rename(aside, target)
        raise
    if aside is not None:
        _remove(aside)
    _sync(os.path.dirname(target))


def _keep_only(folder: str, sizes: dict[str, int]) -> None:
    """Removes what workers that were lost left half written, and raises if a file is not there as it was written."""
    for entry in os.scandir(folder):
        if entry.name not in sizes:
            _remove(entry.path)
    for name, size in sizes.items():
        path = os.path.join(folder, name)
        if not os.path.exists(path) or os.path.getsize(path) != size:
            raise FileError(
                f"'{path}', which a worker wrote, is not here; the client and all workers have to see one folder"
            )


def _make_folders(parent: str) -> list[str]:
    """Makes folders that are missing, and says which, innermost first."""
    made, above = [], parent
    while not os.path.exists(above):
        made.append(above)
        above = os.path.dirname(above)
    try:
        os.makedirs(parent, exist_ok=True)
    except OSError as error:
        _remove_empty(made)
        raise FileError(f"'{parent}': {error}") from error
    return made


def _remove_empty(folders: list[str]) -> None:
    for folder in folders:
        try:
            os.rmdir(folder)
        except OSError:
            return


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.remove(path)


def _locked(folder: str) -> int | None:
    try:
        import fcntl

        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):  # Not on this system.
        return None
    return lock


def _sync(folder: str) -> None:
    try:
        at = os.open(folder, os.O_RDONLY)
    except OSError:  # Not on this system.
        return
    try:
        os.fsync(at)
    except OSError:
        pass
    finally:
        os.close(at)


def _check_replaceable(path: str, target: str, overwrite: bool) -> None:
    """Refuses a target that exists and may not, or must not, be replaced."""
    if not os.path.exists(target) or (os.path.isdir(target) and not os.listdir(target)):
        return
    if not overwrite:
        raise AlreadyExistsError(f"'{path}' already exists; ask for overwriting or choose another path")
    stranger = _stranger(target)
    if stranger is not None:
        raise ArgumentError(
            f"overwriting '{path}': '{stranger}' is no part of a data set; move it away or choose another path"
        )


def _stranger(path: str) -> str | None:
    """The first file, or folder not of hive's kind, that is no part of a data set."""
    if not os.path.isdir(path):
        name = os.path.basename(path)
        is_data = name in _DATA_NAMES or os.path.splitext(name)[1].lower() in _DATA_EXTENSIONS
        return None if is_data else path
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False) and "=" not in entry.name:
            return entry.path
        stranger = _stranger(entry.path)
        if stranger is not None:
            return stranger
    return None
