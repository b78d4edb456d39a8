"""How lazy values were made, so that they can be pickled.

A native frame, array or expression notes the call that made it. Pickled, it is the list of these calls, which are made
again where it arrives, in the session that is current there. What was kept in memory goes along as data.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context

from . import _blockfold as core
from .session import current

TYPE_CHECKING = False  # Importing typing takes longer than all of this package.
if TYPE_CHECKING:
    from typing import Any

#: Values that note how they were made.
_LAZY = (core.Expr, core.LazyFrame, core.Array, core.Window)
_IS_LAZY = frozenset(_LAZY)

#: Calls whose results hold data, which is what is pickled of them.
_KEEPS = frozenset(("share_stream", "share_buffer", "persist"))

#: Calls that take tables of Arrow, or NumPy's arrays.
_TAKES_DATA = frozenset(("given_frame", "share_buffer", "share_stream"))

#: What a value may hold beside the call that made it.
_HOLDS = ("_calls", "_blocks")

_FUNCTIONS = ("Window", "concat", "concatenate", "einsum", "stack")


class Place:
    """The result of an earlier call of a program."""

    __slots__ = ("at",)

    def __init__(self, at: int):
        self.at = at

    def __reduce__(self) -> Any:
        return Place, (self.at,)


def _noted(made: Any, owner: Any, name: str, args: Any, kwargs: Any) -> Any:
    if name in _KEEPS:
        return made
    if type(made) in _IS_LAZY:
        made._recipe = (owner, name, args, kwargs, None)
    elif type(made) is tuple or type(made) is list:
        for at, one in enumerate(made):
            if type(one) in _IS_LAZY:
                one._recipe = (owner, name, args, kwargs, at)
    return made


#: Runs plans elsewhere, while a client is connected or a graph is made; by the call that would run them here.
runner: ContextVar[Any] = ContextVar("blockfold_runner", default=None)

#: Tells who runs a plan while clients are connected; set when the first one is.
connected: list[Callable[[Any], Any]] = []

_RUNS = frozenset(("batches", "collect", "compute", "len", "persist", "to_npy", "to_zarr", "write_ipc", "write_parquet"))


def _running(name: str, member: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        elsewhere = runner.get() or (connected[0](self) if connected else None)
        if elsewhere is not None:
            return getattr(elsewhere, name)(self, *args, **kwargs)
        return member(here(self), *args, **kwargs)

    call.__name__, call.__doc__, call.__wrapped__ = name, member.__doc__, member  # type: ignore[attr-defined]
    return call


def run_here(native: Any, name: str, *args: Any) -> Any:
    """What a call gives that runs a plan, made in this process whoever is connected."""
    return getattr(type(native), name).__wrapped__(here(native), *args)


def _method(name: str, member: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _noted(member(self, *args, **kwargs), self, name, args, kwargs)

    call.__name__, call.__doc__ = name, member.__doc__
    return call


def _method_with_runs(name: str, member: Callable[..., Any]) -> Callable[..., Any]:
    """A method that may run plans before it can say what it makes."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        inner = _Inner((None if type(self) is core.Session else self, name, args, kwargs))
        return _called(inner, member, (self, *args), kwargs)

    call.__name__, call.__doc__, call.__wrapped__ = name, member.__doc__, member  # type: ignore[attr-defined]
    return call


def _called(inner: _Inner, member: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
    """What a call makes, with the runs inside of it answered and noted."""
    try:
        made = core.answered(inner, member, args, kwargs)
    except KeyboardInterrupt:
        inner.stop()
        raise
    if inner.failed is not None:
        raise inner.failed
    if any(answer is not None for answer in inner.answers):
        return _noted(made, None, "answered", (*inner.call, inner.answers), {})
    return _noted(made, *inner.call)


class _Inner:
    """Answers the runs inside of a call as all runs are, here or elsewhere, and keeps the answers.

    Elsewhere, the plan of such a run is told by the call that it is inside of, and by the answers before it.
    """

    __slots__ = ("answers", "call", "context", "failed", "stopped")

    def __init__(self, call: tuple[Any, ...]):
        self.call, self.context = call, copy_context()
        self.answers: list[Any] = []
        self.failed: BaseException | None = None
        #: Ends the run that goes on elsewhere.
        self.stopped: Callable[[], None] | None = None

    def stop(self) -> None:
        """Nobody waits any longer."""
        self.failed = KeyboardInterrupt()
        for answer in self.answers:
            if _is_kept_by_the_way(answer):
                answer._blocks.release()
        if self.stopped is not None:
            self.stopped()

    def answer(self, how: str, native: Any) -> Any:
        return self.context.run(self._answer, how, native)

    def _answer(self, how: str, native: Any) -> Any:
        if self.failed is not None:
            raise self.failed
        native._recipe = None, "inner", (*self.call, list(self.answers)), {}, None
        elsewhere = runner.get()
        if elsewhere is None or not elsewhere.is_everywhere:
            elsewhere = connected[0](native) if connected else None
        self.answers.append(None)
        if elsewhere is None:
            return None
        self.stopped = elsewhere.stopping()
        try:
            self.done(getattr(elsewhere, "kept" if how == "persist" else how)(native))
        except BaseException as error:
            # The call may try another way, which would not be told from this one.
            self.failed = self.failed or error
            raise
        return self.answers[-1]

    def done(self, answer: Any) -> None:
        if type(answer) is core.NdArray:
            import numpy as np

            answer = np.asarray(answer)
        self.answers[-1] = answer


class _Again(_Inner):
    """Answers the runs inside of a call that is made again by what came of them."""

    __slots__ = ("known",)

    def __init__(self, call: tuple[Any, ...], known: list[Any]):
        super().__init__(call)
        self.known = iter(known)

    def _answer(self, how: str, native: Any) -> Any:
        known = next(self.known, None)
        if known is None:
            return super()._answer(how, native)
        self.answers.append(_aligned(known))
        return self.answers[-1]


class _Sought(_Again):
    """Stops a call that is made again at the first run that has no answer."""

    __slots__ = ("found",)

    def __init__(self, call: tuple[Any, ...], known: list[Any]):
        super().__init__(call, known)
        self.found: Any = None
        self.known = iter([*known, _STOP])

    def _answer(self, how: str, native: Any) -> Any:
        known = next(self.known, _STOP)
        if known is not _STOP:
            return _aligned(known)
        # A call that tries another way after that asks once more.
        self.found = native if self.found is None else self.found
        raise StopIteration


_STOP = object()


def _answered(owner: Any, name: str, args: Any, kwargs: Any, answers: list[Any]) -> Any:
    """What a call makes, given the answers of the runs inside of it."""
    again = _Again((owner, name, args, kwargs), answers)
    return _called(again, *_unwrapped(owner, name, args), kwargs)


def _inner(owner: Any, name: str, args: Any, kwargs: Any, answers: list[Any]) -> Any:
    """The frame or array of the run inside of a call that comes after those with answers."""
    again = _Sought((owner, name, args, kwargs), answers)
    try:
        core.answered(again, *_unwrapped(owner, name, args), kwargs)
    except Exception:
        if again.found is None:
            raise
    if again.found is None:
        raise RuntimeError(f"{name} ran less when it was called again")
    return again.found


def _unwrapped(owner: Any, name: str, args: Any) -> tuple[Any, tuple[Any, ...]]:
    owner = current() if owner is None else owner
    return getattr(type(owner), name).__wrapped__, (owner, *args)


def _function(owner: str, name: str, member: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return _noted(member(*args, **kwargs), owner, name, args, kwargs)

    call.__name__, call.__doc__ = name, member.__doc__
    return call


def install() -> None:
    """Has all calls of the native layer noted by what they make."""
    for cls in (*_LAZY, core.Session):
        for name, member in list(vars(cls).items()):
            if name.startswith("_") or not (callable(member) or isinstance(member, staticmethod)):
                continue
            if name in _RUNS and cls in (core.LazyFrame, core.Array):
                setattr(cls, name, _running(name, member))
            elif isinstance(member, staticmethod):
                setattr(cls, name, staticmethod(_function(cls.__name__, name, member.__func__)))
            elif cls in (core.LazyFrame, core.Array, core.Session) and name != "compute_all":
                setattr(cls, name, _method_with_runs(name, member))
            else:
                setattr(cls, name, _method(name, member))
    for name in _FUNCTIONS:
        member = getattr(core, name)
        noted: Any = _function("", name, member)
        if isinstance(member, type):
            # What makes values otherwise is still found by its name.
            noted.__dict__.update({one: getattr(member, one) for one in vars(member) if not one.startswith("_")})
        setattr(core, name, noted)
    for cls in _LAZY:
        copyreg.pickle(cls, _reduced)
    copyreg.pickle(core.Table, _reduced_table)


# ---- pickling


def held(value: Any, is_one: Callable[[Any], bool]) -> Iterator[Any]:
    """The values of a kind among arguments, also inside of containers."""
    if is_one(value):
        yield value
    elif type(value) is dict:
        for one in value.values():
            yield from held(one, is_one)
    elif type(value) in (list, tuple):
        for one in value:
            yield from held(one, is_one)


def replaced(value: Any, is_one: Callable[[Any], bool], replace: Callable[[Any], Any]) -> Any:
    """Arguments with something else in the place of the values of a kind."""
    if is_one(value):
        return replace(value)
    if type(value) is dict:
        return {key: replaced(one, is_one, replace) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(replaced(one, is_one, replace) for one in value)
    return value


def in_order(last: Any, reads: Callable[[Any], Iterator[Any]]) -> dict[int, tuple[int, Any]]:
    """A value and all that it is made of, by identity: its number and itself, each after those that it `reads`."""
    found: dict[int, tuple[int, Any]] = {}
    stack = [(last, False)]
    while stack:
        one, is_ready = stack.pop()
        if id(one) in found:
            continue
        if is_ready:
            found[id(one)] = len(found), one
        else:
            stack.append((one, True))
            stack.extend((read, False) for read in reads(one))
    return found


def is_place(value: Any) -> bool:
    """Whether a value stands for the result of an earlier call."""
    return type(value) is Place


def _is_lazy(value: Any) -> bool:
    return type(value) in _IS_LAZY


def _reads(native: Any) -> Iterator[Any]:
    owner, _, args, kwargs, _ = getattr(native, "_recipe", None) or (None,) * 5
    return held((owner, args, kwargs), _is_lazy)


def _reduced(native: Any) -> Any:
    """The calls that make a value, each after those whose results it takes."""
    return _made, (core.__version__, _portable(native))


def _portable(native: Any) -> list[Any]:
    """The calls that make a value, without what was kept of it on workers by the way."""
    found = in_order(native, lambda one: held(_alone(one)[:4], _is_lazy))
    return [_whole_step(one, found) for _, one in found.values()]


def _alone(native: Any) -> Any:
    """The call that made a value, without what lies on workers of the answers of the runs inside of it."""
    recipe: Any = getattr(native, "_recipe", None) or (None,) * 5
    owner, name, args, kwargs, at = recipe
    if name == "answered":
        args = *args[:-1], [None if _is_kept_by_the_way(answer) else answer for answer in args[-1]]
    return owner, name, args, kwargs, at


def _is_kept_by_the_way(answer: Any) -> bool:
    blocks = getattr(answer, "_blocks", None)
    return blocks is not None and blocks.is_by_the_way


def here(native: Any) -> Any:
    """A value that can be run in this process: one of which something was kept on workers by the way is made again."""
    if not connected or not any(_is_kept_by_the_way(one) for _, one in in_order(native, _reads).values()):
        return native
    return _made(core.__version__, _portable(native))


def _reduced_table(table: Any) -> Any:
    import pyarrow

    return _same, (pyarrow.table(table),)


def _same(value: Any) -> Any:
    return value


def _whole_step(native: Any, found: dict[int, tuple[int, Any]]) -> Any:
    """A step with what a value holds beside its call: the delayed calls of its partitions, or where its blocks lie."""
    step = _step(native, found, _alone(native))
    held = {name: value for name in _HOLDS if (value := getattr(native, name, None)) is not None}
    if not held:
        return step
    owner, name, args, kwargs, at = step
    return owner, name, (None, *args[1:]) if "_calls" in held else args, kwargs, at, held


def _step(native: Any, found: dict[int, tuple[int, Any]], recipe: Any = None) -> Any:
    recipe = recipe or getattr(native, "_recipe", None)
    if getattr(native, "_recipe", None) is None:
        return _kept(native)
    owner, name, args, kwargs, at = recipe
    owner = None if type(owner) is core.Session else owner
    args, kwargs, owner = replaced((args, kwargs, owner), _is_lazy, lambda one: Place(found[id(one)][0]))
    return owner, name, args, kwargs, at


def _kept(native: Any) -> Any:
    """The data of a value that was not made of others."""
    if type(native) is core.LazyFrame:
        import pyarrow

        table = pyarrow.table(run_here(native, "collect"))
        return None, "share_stream", (table, None), {}, None
    if type(native) is core.Array:
        import numpy as np

        chunks = tuple(tuple(along) for along in native.chunks)
        return None, "share_buffer", (np.asarray(run_here(native, "compute")), chunks), {}, None
    raise TypeError(f"a {type(native).__name__} of which it is not known how it was made cannot be pickled")


class Program:
    """A list of calls that is pickled as what it makes."""

    __slots__ = ("steps", "version")

    def __init__(self, version: str, steps: list[Any]):
        self.version, self.steps = version, steps

    def __reduce__(self) -> Any:
        return _made, (self.version, self.steps)


def _aligned(data: Any) -> Any:
    """Data whose elements begin where their width may: out of the middle of a message they come from anywhere."""
    module = type(data).__module__.partition(".")[0]
    if module == "numpy":
        import numpy as np

        return np.require(data, requirements=["A"])
    if module == "pyarrow":
        from .dataframe._labels import aligned

        return aligned(data)
    return data


def _made(version: str, steps: list[Any]) -> Any:
    """What a list of calls makes, in the current session."""
    if version != core.__version__:
        from .exceptions import ArgumentError

        raise ArgumentError(
            f"a lazy value pickled by blockfold {version} cannot be read by {core.__version__}; use the same version"
        )
    made: list[Any] = []
    for owner, name, args, kwargs, at, *rest in steps:
        (held,) = rest or ({},)
        if "_calls" in held:
            args = [call._core for call in held["_calls"]], *args[1:]
        elif name in _TAKES_DATA:
            args = tuple(_aligned(arg) for arg in args)
        args, kwargs, owner = replaced((args, kwargs, owner), is_place, lambda place: made[place.at])
        if name in _AGAIN:
            result = _AGAIN[name](*args)
        else:
            if owner is None:
                owner = current()
            elif isinstance(owner, str):
                owner = getattr(core, owner) if owner else core
            result = getattr(owner, name)(*args, **kwargs)
        made.append(result if at is None else result[at])
        for attribute, value in held.items():
            setattr(made[-1], attribute, value)
    return made[-1]


#: Calls with answers of the runs inside of them, and these runs.
_AGAIN = {"answered": _answered, "inner": _inner}
