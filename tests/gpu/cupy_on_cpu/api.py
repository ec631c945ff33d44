"""What CuPy offers: names and parameters, read from `cupy_api.json`."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("cupy_api.json")
API: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
VERSION: str = API["version"]
PLACES: dict[str, dict[str, str | None]] = API["names"]


@dataclass(frozen=True)
class Parameters:
    """What a function may be called with.

    Attributes
    ----------
    positional : names that may be given by position, in their order
    keywords : names that may be given by name
    rest : name of ``*rest``, or None
    any_keyword : whether there is a ``**kwargs``
    """

    positional: tuple[str, ...]
    keywords: frozenset[str]
    rest: str | None
    any_keyword: bool

    def name_of(self, position: int) -> str:
        """Return the name of the parameter at a position."""
        if position < len(self.positional):
            return self.positional[position]
        return self.rest or ""


@cache
def parse(text: str) -> Parameters:
    """Read parameters as `dump_cupy_api.py` writes them."""
    words, rest = text.split(), None
    plain = [word for word in words if not word.startswith("*")]
    positional = plain
    for i, word in enumerate(words):
        if word.startswith("*") and not word.startswith("**"):
            positional, rest = words[:i], word[1:] or None
            break
    any_keyword = any(word.startswith("**") for word in words)
    return Parameters(tuple(positional), frozenset(plain), rest, any_keyword)


def is_place(dotted: str) -> bool:
    """Return whether the dump describes a module or class, or its parts."""
    return any(f"{place}.".startswith(f"{dotted}.") for place in PLACES)


def has(place: str, name: str) -> bool:
    """Return whether CuPy has a name in a module or class."""
    return name in PLACES.get(place, ()) or f"{place}.{name}" in PLACES


def parameters(place: str, name: str) -> Parameters | None:
    """Return the parameters of a function, or None where not known."""
    text = PLACES.get(place, {}).get(name)
    return None if text is None else parse(text)


def complaint(
    place: str, name: str, positional: int, keywords: list[str]
) -> str | None:
    """Say what CuPy would not take in a call, or None if it takes all.

    Parameters
    ----------
    place, name : of the function, such as "cupy.linalg", "norm"
    positional : how many arguments are given by position
    keywords : names of the others
    """
    known = parameters(place, name)
    if known is None:
        return None
    if not known.any_keyword:
        for keyword in keywords:
            if keyword not in known.keywords:
                return f"CuPy's {place}.{name} has no keyword {keyword}="
    if known.rest is None and positional > len(known.positional):
        limit = len(known.positional)
        return f"CuPy's {place}.{name} takes {limit} arguments by position"
    return None
