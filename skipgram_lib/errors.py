"""Errors that say what is wrong, with the value, and what to do."""

import math
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class SkipgramError(ValueError):
    """Input that cannot be used.

    The message is one sentence: what is wrong, with the value, and what
    to do about it.
    """


class UnknownWordError(SkipgramError, KeyError):
    """A word that is not in the vocabulary."""

    def __str__(self) -> str:
        """Show the sentence as it is; KeyError would put quotes on it."""
        return str(self.args[0]) if self.args else ""


class NotFittedError(SkipgramError, AttributeError):
    """What only a trained model has, of one that is not."""


class MissingPackageError(SkipgramError, ImportError):
    """A package that the extra "plots" of this library would bring."""

    @classmethod
    def of(cls, package: str) -> "MissingPackageError":
        """Say which package is missing, and how to install it."""
        return cls(
            f"the pictures need {package}, which is not installed; in "
            "the folder of this project, run: pip install '.[plots]'"
        )


def check_at_least(name: str, value: object, minimum: int) -> int:
    """Return a whole number as an int, or raise a SkipgramError.

    Anything that is an integer to Python is one, such as NumPy's; a bool,
    "2" and 2.0 are not.
    """
    message = f"{name} must be a whole number of at least {minimum}"
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise SkipgramError(f"{message}, got {value!r}") from None
    if isinstance(value, bool):
        raise SkipgramError(f"{message}, got {value!r}")
    if number < minimum:
        raise SkipgramError(f"{message}, got {number}")
    return number


def as_number(value: Any) -> float:
    """Return a value as a float: NaN, which is in no range, if it is none."""
    try:
        return math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def check_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return a value that is one of some words, or raise a SkipgramError."""
    if isinstance(value, str) and value in choices:
        return value
    *first, last = (repr(choice) for choice in choices)
    allowed = f"{', '.join(first)} or {last}" if first else last
    raise SkipgramError(f"{name} must be {allowed}, got {value!r:.60}")


def printable(path: str | Path) -> str:
    """Path for a message: one line, whatever the name is made of."""
    return "".join(
        sign if sign.isprintable() else ascii(sign)[1:-1] for sign in str(path)
    )


def reason_of(error: BaseException) -> str:
    """Return what the system says about an error, or the error's own text."""
    return getattr(error, "strerror", None) or str(error)


def numbered(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is 1."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
