"""Random arrays.

An element depends on the seed, on how many arrays the generator made before, and on its place: not on chunks or threads.
An array is made again wherever it is needed, and never stored.

>>> import blockfold.array as da
>>> x = da.random.default_rng(42).normal(size=(1000, 1000), chunks=500)
>>> abs(float(x.mean())) < 0.01
True
"""

from __future__ import annotations

import itertools
from typing import Any

from .._dtypes import array_dtype
from ..exceptions import ArgumentError, UnsupportedError
from ..session import current
from ._array import Array
from ._shape import lengths

__all__ = [
    "Generator", "RandomState", "choice", "default_rng", "exponential", "integers", "normal", "permutation", "poisson", "randint", "randn",
    "random", "random_sample", "seed", "standard_exponential", "standard_normal", "uniform",
]  # fmt: skip

_MASK = 2**64 - 1


def _mixed(number: int) -> int:
    """A number whose bits all depend on all of the input's (splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


class Generator:
    """Makes random arrays, each different from the others, the same ones for a seed."""

    def __init__(self, seed: int | None = None):
        if seed is None:
            import secrets

            seed = secrets.randbits(64)
        if not hasattr(seed, "__index__"):
            raise ArgumentError(f"seed: {seed!r} is no whole number")
        self._seed = seed.__index__() & _MASK
        self._arrays = itertools.count()

    def _next(self) -> int:
        return _mixed(self._seed ^ _mixed(next(self._arrays)))

    def _made(self, distribution: str, parameters: list[Any], size: Any, chunks: Any) -> Array:
        for one in parameters:
            if not isinstance(one, (int, float)) and getattr(one, "shape", (1,)) != ():
                raise UnsupportedError(
                    f"{distribution} with arrays as parameters is not supported; scale a standard one"
                )
        shape = () if size is None else lengths(size)
        return Array(current().random(distribution, [float(one) for one in parameters], self._next(), shape, chunks))

    def random(self, size: Any = None, dtype: Any = None, chunks: Any = "auto", **unused: Any) -> Array:
        """Uniform numbers in [0, 1).

        Examples
        --------
        >>> import blockfold.array as da
        >>> da.random.default_rng(1).random((4, 6), chunks=3).chunks
        ((3, 1), (3, 3))
        """
        made = self._made("uniform", [0, 1], size, chunks)
        return made if dtype is None else made.astype(array_dtype(dtype))

    random_sample = random

    def uniform(self, low: float = 0.0, high: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Uniform numbers in [low, high).

        Parameters
        ----------
        low : number
            The least value.
        high : number, optional
            The bound, which is left out.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.uniform(-1, 1, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self._made("uniform", [low, high], size, chunks)

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Normally distributed numbers.

        Parameters
        ----------
        loc : float
            The middle.
        scale : float
            The width.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.normal(0, 1, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self._made("normal", [loc, scale], size, chunks)

    def standard_normal(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Normally distributed numbers of mean 0 and deviation 1.

        Parameters
        ----------
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.standard_normal(size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self.normal(0.0, 1.0, size, chunks)

    def exponential(self, scale: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Exponentially distributed numbers of a mean.

        Parameters
        ----------
        scale : float
            The width.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.exponential(2.0, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self._made("exponential", [scale], size, chunks)

    def standard_exponential(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Exponentially distributed numbers of mean 1.

        Parameters
        ----------
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.standard_exponential(size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self.exponential(1.0, size, chunks)

    def poisson(self, lam: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Counts of events of a mean.

        Parameters
        ----------
        lam : float
            The mean.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.poisson(3.0, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self._made("poisson", [lam], size, chunks)

    def lognormal(self, mean: float = 0.0, sigma: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers whose logarithms are normally distributed.

        Parameters
        ----------
        mean : float
            The mean of the logarithms.
        sigma : float
            The deviation of the logarithms.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.lognormal(0, 1, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import exp

        return exp(self.normal(mean, sigma, size, chunks))

    def laplace(self, loc: float = 0.0, scale: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the double exponential distribution.

        Parameters
        ----------
        loc : float
            The middle.
        scale : float
            The width.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.laplace(0, 1, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import log1p, sign

        u = self.uniform(-0.5, 0.5, size, chunks)
        return loc - sign(u) * log1p(-2 * abs(u)) * scale

    def logistic(self, loc: float = 0.0, scale: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the logistic distribution.

        Parameters
        ----------
        loc : float
            The middle.
        scale : float
            The width.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.logistic(0, 1, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import log, log1p

        u = self.random(size, chunks=chunks)
        return loc + (log(u) - log1p(-u)) * scale

    def gumbel(self, loc: float = 0.0, scale: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the Gumbel distribution.

        Parameters
        ----------
        loc : float
            The middle.
        scale : float
            The width.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.gumbel(0, 1, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import log

        return loc - log(self.standard_exponential(size, chunks)) * scale

    def rayleigh(self, scale: float = 1.0, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the Rayleigh distribution.

        Parameters
        ----------
        scale : float
            The width.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.rayleigh(1.0, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import sqrt

        return sqrt(self.exponential(2.0, size, chunks)) * scale

    def weibull(self, a: float, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the Weibull distribution of a shape.

        Parameters
        ----------
        a : number or array_like
            The shape of the distribution, or what is chosen from.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.weibull(2.0, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self.standard_exponential(size, chunks) ** (1 / a)

    def pareto(self, a: float, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the Pareto distribution of a shape, less 1.

        Parameters
        ----------
        a : number or array_like
            The shape of the distribution, or what is chosen from.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.pareto(3.0, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import expm1

        return expm1(self.exponential(1 / a, size, chunks))

    def power(self, a: float, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers in [0, 1) of a power distribution.

        Parameters
        ----------
        a : number or array_like
            The shape of the distribution, or what is chosen from.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.power(2.0, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        return self.random(size, chunks=chunks) ** (1 / a)

    def standard_cauchy(self, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of the Cauchy distribution.

        Parameters
        ----------
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.standard_cauchy(size=(4, 4), chunks=2).shape
        (4, 4)
        """
        import math

        from ._elementwise import tan

        return tan(self.uniform(-0.5, 0.5, size, chunks) * math.pi)

    def geometric(self, p: float, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of trials up to the first success.

        Parameters
        ----------
        p : float or array_like, optional
            The probability, or one for each choice.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.geometric(0.5, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        import math

        from ._elementwise import ceil

        if not 0 < p < 1:
            raise ArgumentError(f"geometric: a probability of {p}; it lies between 0 and 1")
        return ceil(self.exponential(-1 / math.log1p(-p), size, chunks)).astype("int64")

    def triangular(self, left: float, mode: float, right: float, size: Any = None, chunks: Any = "auto") -> Array:
        """Numbers of a triangular distribution.

        Parameters
        ----------
        left : float
            The least value.
        mode : float
            The value that occurs most.
        right : float
            The greatest value.
        size : int or tuple of int, optional
            The shape; one number unless given.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.triangular(0, 1, 2, size=(4, 4), chunks=2).shape
        (4, 4)
        """
        from ._elementwise import sqrt, where

        u, span = self.random(size, chunks=chunks), right - left
        below = left + sqrt(u * (span * (mode - left)))
        return where(u < (mode - left) / span, below, right - sqrt((1 - u) * (span * (right - mode))))

    def __getattr__(self, name: str) -> Any:
        from ..exceptions import AbsentError

        raise AbsentError(
            f"random.{name} is not supported; take map_blocks of uniform numbers with its inverse distribution"
        )

    def integers(
        self,
        low: int,
        high: int | None = None,
        size: Any = None,
        dtype: Any = None,
        endpoint: bool = False,
        chunks: Any = "auto",
    ) -> Array:
        """Whole numbers from `low` up to `high`, which is left out.

        Parameters
        ----------
        low : number
            The least value.
        high : number, optional
            The bound, which is left out.
        size : int or tuple of int, optional
            The shape; one number unless given.
        dtype : dtype, optional
            Type of the numbers.
        endpoint : bool
            Whether `stop` is among them.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> bool((rng.integers(0, 6, size=100) < 6).all())
        True
        """
        low, high = (0, low) if high is None else (low, high)
        shape = () if size is None else lengths(size)
        made = Array(current().random_integers(int(low), int(high) + bool(endpoint), self._next(), shape, chunks))
        return made if dtype is None else made.astype(array_dtype(dtype))

    def randint(
        self, low: int, high: int | None = None, size: Any = None, dtype: Any = None, chunks: Any = "auto"
    ) -> Array:
        """Whole numbers from `low` up to `high`, which is left out.

        Parameters
        ----------
        low : number
            The least value.
        high : number, optional
            The bound, which is left out.
        size : int or tuple of int, optional
            The shape; one number unless given.
        dtype : dtype, optional
            Type of the numbers.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.randint(0, 6, size=3).shape
        (3,)
        """
        return self.integers(low, high, size, dtype, chunks=chunks)

    def permutation(self, x: Any, chunks: Any = "auto") -> Array:
        """The numbers from 0 up to a number in random order, or the elements of an array.

        Parameters
        ----------
        x : int or array
            How many numbers, or what is put in order.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> sorted(rng.permutation(4).compute().tolist())
        [0, 1, 2, 3]
        """
        if isinstance(x, int):
            return Array(current().permutation(x, self._next(), chunks))
        from ._operands import as_array

        values = as_array(x)
        return values[Array(current().permutation(values.shape[0], self._next(), "auto"))]

    def choice(self, a: Any, size: Any = None, replace: bool = True, p: Any = None, chunks: Any = "auto") -> Array:
        """Numbers below a number, or elements of a vector, by chance.

        Parameters
        ----------
        a : number or array_like
            The shape of the distribution, or what is chosen from.
        size : int or tuple of int, optional
            The shape; one number unless given.
        replace : bool
            Whether one may be chosen again.
        p : float or array_like, optional
            The probability, or one for each choice.
        chunks : int, tuple or str
            Lengths of the chunks: one for all axes, one for each, -1 for a whole axis, or ``"auto"``.

        Examples
        --------
        >>> import blockfold.array as da
        >>> rng = da.random.default_rng(1)
        >>> rng.choice(5, size=3, replace=False).shape
        (3,)
        """
        import numpy as np

        count = a if isinstance(a, int) else len(a)
        shape = () if size is None else lengths(size)
        weights = None if p is None else np.asarray(p, dtype="float64").tolist()
        if weights is not None and len(weights) != count:
            raise ArgumentError(f"choice: {len(weights)} probabilities for {count} elements")
        places = Array(current().choice(count, replace, weights, self._next(), shape, chunks)).astype("int64")
        if isinstance(a, int):
            return places
        from ._indexing import take

        return take(a, places.compute() if places.ndim != 1 else places, axis=0)


class RandomState(Generator):
    """A generator with NumPy's older names."""

    def rand(self, *size: int, chunks: Any = "auto") -> Array:
        """Uniform numbers in [0, 1).

        Examples
        --------
        >>> import blockfold.array as da
        >>> da.random.RandomState(1).rand(2, 3).shape
        (2, 3)
        """
        return self.random(size, chunks=chunks)

    def randn(self, *size: int, chunks: Any = "auto") -> Array:
        """Normally distributed numbers.

        Examples
        --------
        >>> import blockfold.array as da
        >>> da.random.RandomState(1).randn(2, 3).shape
        (2, 3)
        """
        return self.standard_normal(size, chunks)


def default_rng(seed: Any = None) -> Generator:
    """A generator, from a seed or by chance.

    Examples
    --------
    >>> import blockfold.array as da
    >>> bool((da.random.default_rng(1).random(3) == da.random.default_rng(1).random(3)).all())
    True
    """
    return seed if isinstance(seed, Generator) else Generator(seed)


_global = RandomState()


def seed(number: int | None = None) -> None:
    """Seeds the functions of this module.

    Examples
    --------
    >>> import blockfold.array as da
    >>> da.random.seed(1)
    """
    _global.__init__(number)  # type: ignore[misc]


random = random_sample = _global.random
uniform = _global.uniform
normal = _global.normal
standard_normal = _global.standard_normal
exponential = _global.exponential
standard_exponential = _global.standard_exponential
poisson = _global.poisson
lognormal = _global.lognormal
randint = _global.randint
integers = _global.integers
permutation = _global.permutation
choice = _global.choice
rand, randn = _global.rand, _global.randn
laplace, logistic, gumbel, rayleigh = _global.laplace, _global.logistic, _global.gumbel, _global.rayleigh
weibull, pareto, power, triangular = _global.weibull, _global.pareto, _global.power, _global.triangular
standard_cauchy, geometric = _global.standard_cauchy, _global.geometric
