"""Exceptions of blockfold.

Each is a `blockfold.Error` and also the built-in exception that users of pandas, NumPy and Dask expect, so that
``except KeyError`` and ``except blockfold.Error`` both catch a column that is not there.
"""


class Error(Exception):
    """What every exception of blockfold is."""


class ColumnNotFoundError(Error, KeyError):
    """A column that does not exist; says which names are near."""

    # A KeyError shows its key in quotes, which a sentence should not have.
    __str__ = Exception.__str__


class DTypeError(Error, TypeError):
    """An operation on a type that it does not take."""


class ShapeError(Error, ValueError):
    """Operands whose shapes do not fit each other."""


class ArgumentError(Error, ValueError):
    """An argument outside of what an operation can do."""


class OutOfBoundsError(Error, IndexError):
    """An index or an axis that is not there."""


class UnsupportedError(Error, NotImplementedError):
    """Something that blockfold has not, with the nearest thing that it has."""


class AbsentError(UnsupportedError, AttributeError):
    """A method that pandas, Dask or NumPy have and blockfold has not; ``hasattr`` is False."""


class AlreadyExistsError(Error, FileExistsError):
    """An output that is there already."""

    __str__ = Exception.__str__


class OverBudgetError(MemoryError, Error):
    """A step that does not fit the memory budget; says what to do."""

    # MemoryError comes first since it is the one that makes instances: what carries exceptions of workers asks for that.


class NotFoundError(Error, FileNotFoundError):
    """No file at a path."""

    __str__ = Exception.__str__


class CorruptFileError(Error, OSError):
    """A file whose content is damaged."""

    __str__ = Exception.__str__


class FileError(Error, OSError):
    """An operation on a file that the system refused, or a scratch folder that is full."""

    __str__ = Exception.__str__


class ArithmeticOverflowError(Error, OverflowError):
    """A number that does not fit its type."""


class CancelledError(Error, RuntimeError):
    """A run that was cancelled."""


class EngineError(Error, RuntimeError):
    """A fault of the engine, or of a library that it uses."""


class UnreachableError(Error, TimeoutError):
    """A scheduler that did not answer in time, or refused; names its address."""

    __str__ = Exception.__str__


class VersionError(Error, RuntimeError):
    """Workers of a cluster that have another version of blockfold than the client; says which worker has which."""


class MissingPackageError(Error, ImportError):
    """A package that is needed and not installed, here or on workers of a cluster; says where."""
