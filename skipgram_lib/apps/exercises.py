"""Answers to the exercises of the chapters, and the check of a reader's."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
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


ANSWERS: dict[str, Expected] = {
    # Chapter 01
    "01-1": Expected(["over", "the", "dog"]),
    "01-2": Expected([19_999_970, 19_992_530]),
    "01-3": Expected([30, 12]),
    "01-4": Expected(0.0126, within=0.0002),
    "01-5": Expected([0.6, 5], within=0.005),
    # Chapter 02
    "02-1": Expected(
        [
            "it's",
            "o'clock",
            "don't",
            "re",
            "open",
            "o'neill",
            "s",
            "u",
            "s",
            "mail",
        ]
    ),
    "02-2": Expected({"ants", "elephant", "robot", "kitchen"}),
    "02-3": Expected([72, 0.293], within=0.001),
    "02-4": Expected(1980),
    "02-5": Expected(0.9356, within=0.0005),
    # Chapter 03
    "03-1": Expected([33, 17, 26]),
    "03-2": Expected(6e13),
    "03-3": Expected(0.5956, within=0.001),
    "03-4": Expected(0.82, within=0.01),
    "03-5": Expected(0.513, within=0.001),
    # Chapter 04
    "04-1": Expected([1.9459, 0.6931, 0], within=0.001),
    "04-2": Expected([3_000_000, 166]),
    "04-3": Expected(1002.4076, within=0.001),
    "04-4": Expected(320, within=1),
    "04-5": Expected(2.1972, within=0.001),
    # Chapter 05
    "05-1": Expected([1.3863, 0.6931], within=0.001),
    "05-2": Expected([-0.35, 0.4, -0.05], within=1e-6),
    "05-3": Expected("york"),
    "05-4": Expected(1.623, within=0.01),
    "05-5": Expected(2),
    "05-6": Expected(
        [-0.3569, 0.1427, 0.0179, 0.0180, 0.0173, 0.1430, 0.0181],
        within=0.0002,
    ),
    # Chapter 06
    "06-1": Expected([2, 1]),
    "06-2": Expected([2_085_572, 0.62], within=0.001),
    "06-3": Expected([168, 0]),
    "06-4": Expected([42, 0.12], within=0.005),
    "06-5": Expected(0.5, within=0.05),
    "06-6": Expected([0.6931, 0.6931, 1.0986], within=0.002),
    # Chapter 07
    "07-1": Expected([6_010_000, 200]),
    "07-2": Expected([10_000, 0.6931], within=0.001),
    "07-3": Expected(0),
    "07-4": Expected(0.355, within=0.1),
    "07-5": Expected(0.015, within=0.015),
    # Chapter 08
    "08-1": Expected([0.96, 0.96, 1], within=0.005),
    "08-2": Expected([0.105, 0.171, 0.148, 0.236], within=0.002),
    "08-3": Expected({"general", "mr", "fund", "god", "s"}),
    "08-4": Expected(["taxes", "taxes"]),
    "08-5": Expected(-0.82, within=0.1),
    # Chapter 09
    "09-1": Expected(["west", "zephyr", "zephyr"]),
    "09-2": Expected(32),
    "09-3": Expected(0.945, within=0.002),
    "09-4": Expected(0.29, within=0.06),
    "09-5": Expected(61, within=15),
    "09-6": Expected([3, 8], within=2),
    # Chapter 10
    "10-1": Expected(0.6, within=0.005),
    "10-2": Expected(0.367, within=0.01),
    "10-3": Expected(0.25, within=0.12),
    "10-4": Expected([0, 0.92], within=0.08),
    "10-5": Expected([0.150, 0.315], within=0.03),
    # Chapter 13
    "13-1": Expected([1.875, 0.699], within=0.005),
    "13-2": Expected(8),
    "13-3": Expected([0.059, 0.010], within=0.001),
    "13-4": Expected([9.15, 15.11], within=0.02),
    "13-5": Expected([184, 161]),
    # Chapter 14
    "14-1": Expected([4.16, 2.70], within=0.011),
    "14-2": Expected(2569),
    "14-3": Expected(119),
    "14-4": Expected(3.19, within=0.011),
    "14-5": Expected(0.94, within=0.06),
    # Chapter 15
    "15-1": Expected(12.3, within=0.8),
    "15-2": Expected(0.00667, within=0.0004),
    "15-3": Expected(1002.252, within=0.01),
    "15-4": Expected([5, 10]),
    "15-5": Expected([688, 93], within=1),
    # Chapter 16
    "16-1": Expected(2970),
    "16-2": Expected([71, 647]),
    "16-3": Expected([2, 3]),
    "16-4": Expected([144, 5]),
    "16-5": Expected([36, 0]),
    # Chapter 18
    "18-1": Expected(0.5, within=0.02),
    "18-2": Expected(110.84, within=0.1),
    "18-3": Expected(0.694, within=0.001),
    "18-4": Expected("railroad"),
    # Chapter B
    "B-1": Expected("bloc"),
    "B-2": Expected(0.77, within=0.011),
    "B-3": Expected(2),
    "B-4": Expected(0.085, within=0.02),
    "B-5": Expected([1.6, 0.0], within=0.02),
}


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
    no_number = f"the answer is made of numbers, and yours is {answer!r:.60}"
    if answer is None:
        return no_number
    try:
        given = np.asarray(backend_of(answer).to_numpy(answer), np.float64)
    except (TypeError, ValueError):
        return no_number
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
