"""Errors that say what is wrong, with the value, and what to do."""

import math
import operator
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from difflib import get_close_matches
from functools import cache, wraps
from inspect import signature
from itertools import chain
from numbers import Real
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    Any,
    ParamSpec,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

P = ParamSpec("P")
R = TypeVar("R")


class SkipgramError(ValueError):
    """Input that cannot be used.

    The message is one sentence: what is wrong, with the value, and what
    to do about it.
    """


class UnknownWordError(SkipgramError, KeyError):
    """A word that is not among some words.

    Those spelt alike are looked for when the error is shown: a loop that
    passes over unknown words would wait for each of them.
    """

    def __init__(
        self, sentence: str = "", words: Sequence[str] = (), word: str = ""
    ) -> None:
        super().__init__(sentence)
        self.words = words
        self.word = word

    def __str__(self) -> str:
        """Show the sentence as it is; KeyError would put quotes on it."""
        near: list[str] = []
        if len(self.word) <= 100:  # the search takes long for long words
            near = get_close_matches(self.word.lower(), self.words, n=3)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        return f"{self.args[0]}{hint}"

    def __reduce__(self) -> tuple[type["UnknownWordError"], tuple[str]]:
        return type(self), (str(self),)


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
    number = operator.index(value) if _is_whole(value) else None  # type: ignore[arg-type]
    if number is None or number < minimum:
        raise SkipgramError(
            f"{name} must be a whole number of at least {minimum}, got "
            f"{value if number is None else number!r}"
        )
    return number


def check_size(name: str, value: object) -> int:
    """Return a whole number from 1 to 2^31 - 1, or raise a SkipgramError."""
    number = check_at_least(name, value, 1)
    if number >= 2**31:
        raise SkipgramError(f"{name} must be below 2^31, got {number}")
    return number


def as_number(value: Any) -> float:
    """Return a value as a float: NaN, which is in no range, if it is none."""
    try:
        return math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def check_number(
    name: str,
    value: object,
    wanted: str,
    least: float = 0.0,
    most: float = sys.float_info.max,
) -> float:
    """Return a number within limits as a float, or raise a SkipgramError."""
    number = as_number(value)
    if not least <= number <= most:
        raise SkipgramError(f"{name} must be {wanted}, got {value!r:.60}")
    return number


def check_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Return a value that is one of some words, or raise a SkipgramError."""
    if isinstance(value, str) and value in choices:
        return value
    *first, last = (repr(choice) for choice in choices)
    allowed = f"{', '.join(first)} or {last}" if first else last
    raise SkipgramError(f"{name} must be {allowed}, got {value!r:.60}")


def as_list(name: str, values: object, ordered: bool = True) -> list[Any]:
    """Return the items of a list, tuple, generator, array, Series or view.

    A string is no list of letters; nor is a dictionary, or what has no axis
    or two. A set is refused where the order matters.
    """
    wrong = isinstance(values, str | bytes | Mapping) or not isinstance(
        values, Iterable
    )
    if wrong or getattr(values, "ndim", 1) != 1:
        raise SkipgramError(f"{name} must be a list, got {values!r:.60}")
    if ordered and isinstance(values, Set) and not _is_view(values):
        raise SkipgramError(
            f"{name} must be in an order, which a set has not; pass a list, "
            "such as sorted(...)"
        )
    return list(values)  # type: ignore[call-overload, no-any-return]


def _is_view(values: object) -> bool:
    """Whether a set is the keys of a dictionary, which have an order."""
    return isinstance(values, type({}.keys()))


def as_words(name: str, values: object, ordered: bool = True) -> list[str]:
    """Return words as plain strings, from whatever `as_list` takes."""
    found = as_list(name, values, ordered)
    for i, word in enumerate(found):
        if not isinstance(word, str):
            raise SkipgramError(
                f"{name} must be strings, got {word!r:.60} at place {i:,}"
            )
    return list(map(str.__str__, found))


def hide_bar(progress: object) -> bool | None:
    """Whether tqdm hides a bar, as its `disable` has it.

    None shows a bar where stderr is a terminal. Programs with windows have no
    stderr, and no bar.
    """
    if progress is not None and not isinstance(progress, bool):
        raise SkipgramError(
            f"progress must be True, False or None, got {progress!r:.60}"
        )
    if sys.stderr is None or sys.stderr.closed:
        return True
    return None if progress is None else not progress


def _is_bool(value: object) -> bool:
    """Whether a value is a bool, of Python or of NumPy."""
    return type(value).__name__ in ("bool", "bool_")


def _is_whole(value: object) -> bool:
    """Whether a value is an integer to Python, and no bool."""
    try:
        operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return not _is_bool(value)


def _is_list(value: object) -> bool:
    """Whether a value can be gone through, and is no string."""
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


# What a value of a type is called, and how it is told from others.
_Rule: TypeAlias = tuple[str, Callable[[Any], bool]]
_RULES: dict[Any, _Rule] = {
    NoneType: ("None", lambda value: value is None),
    bool: ("True or False", _is_bool),
    int: ("a whole number", _is_whole),
    float: ("a number", lambda v: isinstance(v, Real) and not _is_bool(v)),
    str: ("a string", lambda value: isinstance(value, str)),
    Path: ("a path", lambda value: isinstance(value, os.PathLike)),
    Callable: ("a function", callable),
    Iterable: ("a list", _is_list),
    Sequence: ("a list", _is_list),
    Mapping: ("a dictionary", lambda value: isinstance(value, Mapping)),
}


# Classes that a value must be one of are from here.
_CLASSES = (__package__, "scipy")


def is_class(hint: Any) -> bool:
    """Whether a type is a class that values can be asked for."""
    return isinstance(hint, type) and not getattr(hint, "_is_protocol", False)


def _rules(hint: Any) -> list[_Rule]:
    """What a value may be to fit a type; empty if anything does."""
    origin = get_origin(hint) or hint
    if origin in (Union, UnionType):
        parts = [_rules(part) for part in get_args(hint)]
        return list(chain.from_iterable(parts)) if all(parts) else []
    if origin in _RULES:
        return [_RULES[origin]]
    if is_class(origin) and origin.__module__.startswith(_CLASSES):
        name = origin.__name__
        article = "an" if name[0] in "AEIOU" else "a"
        return [(f"{article} {name}", lambda v: isinstance(v, origin))]
    return []


@cache
def _rules_of(annotated: Callable[..., Any]) -> dict[str, list[_Rule]]:
    """What each parameter of a function, or field of a class, may be."""
    hints = get_type_hints(annotated)
    hints.pop("return", None)
    return {name: _rules(hint) for name, hint in hints.items()}


def check_types(
    annotated: Callable[..., Any], given: Mapping[str, object]
) -> None:
    """Refuse values by name of other types than annotations say.

    `annotated` is a function, or a class with its fields.
    """
    for name, allowed in _rules_of(annotated).items():
        if not allowed or name not in given:
            continue
        value = given[name]
        if not any(fits(value) for _, fits in allowed):
            *first, last = dict.fromkeys(what for what, _ in allowed)
            wanted = f"{', '.join(first)} or {last}" if first else last
            shown = printable(f"{value!r:.60}")
            raise SkipgramError(f"{name} must be {wanted}, got {shown}")


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse arguments of other types than a function's annotations say.

    Strings, numbers, switches, paths, functions, lists, dictionaries, sparse
    tables and the library's own classes are looked at; whatever else is
    annotated passes.
    """
    parameters = signature(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        check_types(function, parameters.bind(*args, **kwargs).arguments)
        return function(*args, **kwargs)

    return call


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
