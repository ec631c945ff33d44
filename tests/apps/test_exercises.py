"""Answers to exercises: what is right, and what is said of the rest."""

import json
import re
from importlib.resources import files

import check_notebooks
import numpy as np
import portable
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import SkipgramError
from skipgram_lib.apps.exercises import (
    ANSWERS,
    Expected,
    check,
    compare_numbers,
    compare_words,
)

NUMBERS = st.floats(-1e6, 1e6)


def exercises():
    """List the exercises of all chapters, by name."""
    found = []
    for path in check_notebooks.notebooks():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            exercise = portable.read_exercise("".join(cell["source"]))
            if cell["cell_type"] == "markdown" and exercise:
                found.append(exercise[0])
    return found


# That each solution is right is seen where the copies of the chapters run.
def test_every_exercise_has_an_answer_and_every_answer_an_exercise():
    names = exercises()
    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert sorted(ANSWERS) == sorted(names)


def test_answers_are_kept_a_line_an_exercise_and_sets_have_no_order():
    file = files("skipgram_lib.apps") / "exercises.json"
    lines = file.read_text("utf-8").splitlines()
    assert len(lines) == len(ANSWERS) + 2
    kinds = {type(expected.value) for expected in ANSWERS.values()}
    assert kinds == {int, float, list, str, set}


@given(NUMBERS, st.floats(0, 1e3), st.floats(-1, 1))
def test_a_number_is_right_within_its_distance(value, within, part):
    given_ = value + part * within
    wrong = compare_numbers(given_, Expected(value, within))
    assert bool(wrong) == (abs(given_ - value) > within)


@given(NUMBERS, st.floats(1e-3, 1e3))
def test_which_side_a_number_is_off_is_told(value, distance):
    answer = Expected(value, within=distance / 2)
    assert compare_numbers(value + distance, answer).endswith("too large")
    assert compare_numbers(value - distance, answer).endswith("too small")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1, np.nan]])
def test_a_number_that_is_not_finite_is_never_right(value):
    shape = np.shape(value)
    wrong = compare_numbers(value, Expected(np.zeros(shape), within=np.inf))
    assert "finite" in wrong


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ([1, 2], "shape (3,), yours (2,)"),
        (1, "shape (3,), yours ()"),
        ([1, 2, 4], "1 of 3 numbers"),
        ("abc", "made of numbers"),
        (None, "made of numbers"),
        ([[1], [2, 3]], "made of numbers"),
    ],
)
def test_what_is_off_with_an_array_is_told(given_, said):
    assert said in compare_numbers(given_, Expected([1, 2, 3]))


def test_arrays_of_every_kind_are_numbers():
    for kind in (int, np.float32, np.uint8, bool):
        assert not compare_numbers(np.ones(2, kind), Expected([1, 1]))


@given(st.lists(st.text("abc", min_size=1), min_size=1, max_size=4))
def test_words_are_compared_without_case_and_spaces(words):
    shown = [f" {word.upper()} " for word in words]
    assert not compare_words(shown, Expected(words))
    assert not compare_words(shown[::-1], Expected(set(words)))
    assert not compare_words(np.array(words), Expected(words))


@pytest.mark.parametrize(
    ("given_", "expected", "said"),
    [
        ("tax", ["tax", "taxes"], "has 2 words, yours 1"),
        (["taxes", "tax"], ["tax", "taxes"], "'taxes' is not it"),
        (["tax", "navy"], {"tax", "taxes"}, "'navy' is not it"),
    ],
)
def test_what_is_off_with_words_is_told(given_, expected, said):
    assert said in compare_words(given_, Expected(expected))


@pytest.fixture
def answers(monkeypatch):
    """Put two answers of our own into the table."""
    monkeypatch.setitem(ANSWERS, "99-1", Expected(0.5, within=0.1))
    monkeypatch.setitem(ANSWERS, "99-2", Expected("union"))


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("99-1", 0.55, "99-1: right"),
        ("ex-99-1", np.float32(0.45), "99-1: right"),
        ("99-1", 0.7, "99-1: not yet, 0.7 is too large"),
        ("99-1", "union", "made of numbers"),
        ("99-2", "Union", "99-2: right"),
        ("99-2", "russia", "99-2: not yet, 'russia' is not it"),
        ("99-2", 3, "the answer is a word, and yours is 3"),
        ("99-2", None, "the answer is a word, and yours is None"),
    ],
)
def test_check_prints_one_line(capsys, name, answer, said):
    assert check(name, answer) is None
    out, err = capsys.readouterr()
    assert said in out
    assert out.count("\n") == 1
    assert err == ""


@pytest.mark.usefixtures("answers")
def test_a_wrong_answer_does_not_give_the_right_one_away(capsys):
    check("99-2", "russia")
    check("99-1", 0.7)
    assert not re.search(r"union|0\.5\b", capsys.readouterr().out)


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("name", ["99-3", "99", "", 99, None])
def test_an_unknown_exercise_is_named(name):
    with pytest.raises(SkipgramError, match=re.escape(repr(name))):
        check(name, 1)


@pytest.mark.usefixtures("answers")
def test_names_that_are_near_are_offered():
    with pytest.raises(SkipgramError, match="there are 99-"):
        check("99-3", 1)
