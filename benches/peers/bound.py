"""A memory cgroup around one process, where we may make one: root, and version 2 or 1."""

import contextlib
import os
from pathlib import Path

PARENTS = ((Path("/sys/fs/cgroup"), "memory.max"), (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"))


class Group:
    """`wrap` makes a command run inside the group."""

    def __init__(self, folder: Path):
        self.folder = folder

    def wrap(self, command: list[str]) -> list[str]:
        return ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(self.folder / "cgroup.procs"), *command]


class NoGroup:
    """No bound."""

    def wrap(self, command: list[str]) -> list[str]:
        return command


@contextlib.contextmanager
def memory(limit_bytes: int | None):
    """A group of at most `limit_bytes`, page cache included; `NoGroup` without a limit, OSError if none can be made."""
    if limit_bytes is None:
        yield NoGroup()
        return
    folder = make(limit_bytes)
    try:
        yield Group(folder)
    finally:
        with contextlib.suppress(OSError):
            folder.rmdir()


def make(limit_bytes: int) -> Path:
    for parent, limit_file in PARENTS:
        folder = parent / f"blockfold-tables-{os.getpid()}"
        try:
            folder.mkdir()
        except OSError:
            continue
        # Only a controller makes this file: anywhere else it would be an ordinary one.
        if (folder / limit_file).exists():
            (folder / limit_file).write_text(str(limit_bytes))
            return folder
        folder.rmdir()
    raise OSError("no memory cgroup can be made here; leave --bound out")
