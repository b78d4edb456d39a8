"""NumPy's protocols: its functions and ufuncs called with lazy arrays stay lazy."""

from __future__ import annotations

from typing import Any

from ..exceptions import UnsupportedError

#: Ufuncs whose reductions are functions of ours.
_REDUCED = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
_ACCUMULATED = {"add": "cumsum", "multiply": "cumprod"}

#: NumPy's modules, and where their functions are here.
_MODULES = {
    "numpy": "",
    "numpy.linalg": "linalg",
    "numpy.fft": "fft",
    "numpy.linalg._linalg": "linalg",
    "numpy.fft._pocketfft": "fft",
    "numpy.fft._helper": "fft",
}


def _namespace() -> Any:
    import blockfold.array

    return blockfold.array


def _found(name: str, what: str) -> Any:
    function = _namespace().__dict__.get(name)
    if function is None:
        raise UnsupportedError(
            f"{what} of a lazy array is not supported; apply it to each chunk, as x.map_blocks(np.{name}), or to x.compute()"
        )
    return function


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a ufunc of NumPy gives for lazy arrays."""
    name: str = ufunc.__name__
    if kwargs.pop("out", None) is not None:
        raise UnsupportedError(f"numpy.{name} into out= is not supported; lazy arrays are made anew")
    if method == "__call__":
        dtype = kwargs.pop("dtype", None)
        if set(kwargs) - {"casting", "order", "subok"}:
            raise UnsupportedError(
                f"numpy.{name} with {', '.join(kwargs)} is not supported; take where() of the result"
            )
        if name == "matmul":
            made = _namespace().matmul(*inputs)
        elif ufunc.nout > 1:
            made = _several(name, inputs)
        else:
            made = _found(name, f"numpy.{name}")(*inputs)
        return made if dtype is None else made.astype(dtype)
    known = {"reduce": _REDUCED, "accumulate": _ACCUMULATED}.get(method, {})
    if name in known:
        kwargs.setdefault("axis", 0)
        kwargs = {key: value for key, value in kwargs.items() if key in ("axis", "dtype", "keepdims")}
        return _found(known[name], f"numpy.{name}.{method}")(*inputs, **kwargs)
    if method == "outer" and name == "multiply":
        return _namespace().outer(*inputs)
    raise UnsupportedError(f"numpy.{name}.{method} of a lazy array is not supported; take it of x.compute()")


def _several(name: str, inputs: tuple[Any, ...]) -> Any:
    spaces = _namespace()
    if name == "divmod":
        return spaces.floor_divide(*inputs), spaces.remainder(*inputs)
    if name == "modf":
        whole = spaces.trunc(*inputs)
        return inputs[0] - whole, whole
    raise UnsupportedError(f"numpy.{name} of a lazy array is not supported; take it of x.compute()")


def call_function(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a function of NumPy gives for lazy arrays."""
    module, name = func.__module__, func.__name__
    if kwargs.get("out", 0) is None:
        kwargs = {key: value for key, value in kwargs.items() if key != "out"}
    where = _namespace()
    inner = _MODULES.get(module, "")
    holder = getattr(where, inner) if inner else where
    function = holder.__dict__.get(name)
    if module.split(".")[0] != "numpy" or function is None:
        raise UnsupportedError(
            f"{module}.{name} of a lazy array is not supported; take it of x.compute(), or of each chunk with map_blocks"
        )
    return function(*args, **kwargs)
