"""Answers to the exercises of the chapters, and the check of a reader's."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

import numpy as np

from skipgram_lib.backend.select import backend_of
from skipgram_lib.errors import SkipgramError


@dataclass(frozen=True)
class Expected:
    """What an exercise asks for.

    Parameters
    ----------
    value : number, array of numbers, str, list of str, or set of str
        Words are compared without regard to case; a set has no order.
    within : float
        How far a number may be off: an absolute distance.
    """

    value: Any
    within: float = 0.0


def load_answers() -> dict[str, Expected]:
    """What every exercise asks for: exercises.json, a line an exercise."""
    file = files("skipgram_lib.apps") / "exercises.json"
    entries = json.loads(file.read_text("utf-8"))
    for entry in entries.values():
        if "any_order" in entry:
            entry["value"] = set(entry.pop("any_order"))
    return {name: Expected(**entry) for name, entry in entries.items()}


ANSWERS = load_answers()


def is_words(value: object) -> bool:
    """Whether a value is a word, or words, rather than numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "UO"
    if isinstance(value, Collection) and not isinstance(value, str):
        return any(isinstance(item, str) for item in value)
    return isinstance(value, str)


def folded_words(value: Any) -> list[str]:
    """Return a word or words as a list in lower case."""
    words = [value] if isinstance(value, str) else value
    return [str(word).strip().casefold() for word in words]


def compare_words(answer: Any, expected: Expected) -> str:
    """What is wrong with some words; empty if nothing is."""
    given = folded_words(answer)
    wanted = folded_words(expected.value)
    if isinstance(expected.value, set):
        given = sorted(set(given))
        wanted = sorted(wanted)
    if len(given) != len(wanted):
        return f"the answer has {len(wanted)} words, yours {len(given)}"
    wrong = [a for a, b in zip(given, wanted, strict=True) if a != b]
    return f"{wrong[0]!r} is not it" if wrong else ""


def compare_numbers(answer: Any, expected: Expected) -> str:
    """What is wrong with a number or an array; empty if nothing is."""
    try:
        given = np.asarray(backend_of(answer).to_numpy(answer), np.float64)
    except (TypeError, ValueError):
        given = None
    if given is None or answer is None:
        return f"the answer is made of numbers, and yours is {answer!r:.60}"
    wanted = np.asarray(expected.value, np.float64)
    if given.shape != wanted.shape:
        return f"the answer has shape {wanted.shape}, yours {given.shape}"
    if not np.isfinite(given).all():
        return "the answer is finite, and yours is not"
    wrong = abs(given - wanted) > expected.within
    if not wrong.any():
        return ""
    if given.ndim == 0:
        side = "large" if given > wanted else "small"
        return f"{given:g} is too {side}"
    return f"{wrong.sum()} of {given.size} numbers are not it"


def find_answer(exercise: str) -> Expected:
    """The answer to an exercise, by its name such as ``"03-1"``."""
    name = str(exercise).removeprefix("ex-")
    if name not in ANSWERS:
        near = get_close_matches(name, ANSWERS, n=3)
        there = f"; there are {', '.join(near)}" if near else ""
        raise SkipgramError(
            f"there is no exercise {exercise!r} with an answer to check"
            f"{there}; an exercise is named by chapter and number, as "
            '"03-1"'
        )
    return ANSWERS[name]


def check(exercise: str, answer: Any) -> None:
    """Print whether an answer is right, and if not, what is off.

    Parameters
    ----------
    exercise : str
        Chapter and number, such as ``"03-1"``.
    answer : number, array of numbers, str, or collection of str
        What the reader found.

    Raises
    ------
    SkipgramError
        If there is no such exercise.
    """
    expected = find_answer(exercise)
    if is_words(expected.value) and is_words(answer):
        wrong = compare_words(answer, expected)
    elif is_words(expected.value):
        wrong = f"the answer is a word, and yours is {answer!r:.60}"
    else:
        wrong = compare_numbers(answer, expected)
    name = str(exercise).removeprefix("ex-")
    print(f"{name}: not yet, {wrong}" if wrong else f"{name}: right")
