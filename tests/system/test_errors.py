"""Errors: sentences that name the value and say what to do."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib.errors import (
    SkipgramError,
    UnknownWordError,
    check_at_least,
    check_choice,
    printable,
    reason_of,
)


@given(st.integers(), st.integers(0, 10**6))
def test_a_whole_number_from_the_minimum_up_is_returned(minimum, more):
    assert check_at_least("window", minimum + more, minimum) == minimum + more


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint32])
def test_a_numpy_integer_becomes_a_plain_int(kind):
    assert type(check_at_least("window", kind(3), 1)) is int


@given(st.integers(), st.integers(1, 10**6))
def test_a_number_below_the_minimum_is_refused(minimum, less):
    with pytest.raises(SkipgramError) as error:
        check_at_least("window", minimum - less, minimum)
    assert str(error.value) == (
        f"window must be a whole number of at least {minimum}, "
        f"got {minimum - less}"
    )


@pytest.mark.parametrize(
    "value",
    [2.0, 2.5, "3", None, True, np.True_, np.float64(3), [3]],
    ids=repr,
)
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(SkipgramError) as error:
        check_at_least("epochs", value, 1)
    assert "epochs must be a whole number of at least 1" in str(error.value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("value", [[1, 2], 3.0], ids=["several", "float"])
def test_an_array_is_no_whole_number(value):
    with pytest.raises(SkipgramError, match="window must be a whole number"):
        check_at_least("window", np.array(value), 1)


@pytest.mark.parametrize("value", ["both", "left", np.str_("right")])
def test_a_choice_is_returned(value):
    assert check_choice("side", value, ["both", "left", "right"]) == value


@pytest.mark.parametrize("value", ["up", "", "BOTH", None, 1, ["both"], b"up"])
@pytest.mark.parametrize(
    ("choices", "allowed"),
    [
        (["both"], "'both'"),
        (["both", "left"], "'both' or 'left'"),
        (("both", "left", "right"), "'both', 'left' or 'right'"),
    ],
)
def test_what_is_no_choice_is_refused(value, choices, allowed):
    with pytest.raises(SkipgramError) as error:
        check_choice("side", value, choices)
    assert str(error.value) == f"side must be {allowed}, got {value!r}"


def test_a_long_value_that_is_no_choice_is_cut_short():
    with pytest.raises(SkipgramError) as error:
        check_choice("side", "x" * 10_000, ["both", "left"])
    assert len(str(error.value)) < 100


@given(st.text(st.characters()))
def test_a_printable_path_is_one_line_that_can_be_printed(name):
    assert printable(name).isprintable()
    assert name.isprintable() <= (printable(name) == name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("two\nlines", "two\\nlines"),
        ("\x1b[2J", "\\x1b[2J"),
        ("caf\udce9", "caf\\udce9"),
        (Path("caf\u00e9 noir.txt"), "caf\u00e9 noir.txt"),
    ],
)
def test_what_cannot_be_printed_is_shown_as_python_writes_it(name, shown):
    assert printable(name) == shown


def test_the_reason_of_an_error_is_the_systems_or_its_own_text():
    error = PermissionError(13, "Permission denied", "text.txt")
    assert reason_of(error) == "Permission denied"
    assert reason_of(OSError("the disk is gone")) == "the disk is gone"
    assert reason_of(ValueError("embedded null byte")) == "embedded null byte"


def test_errors_can_be_caught_as_python_names_them():
    assert issubclass(SkipgramError, ValueError)
    assert issubclass(UnknownWordError, SkipgramError)
    assert issubclass(UnknownWordError, KeyError)


def test_an_unknown_word_shows_its_sentence_without_quotes():
    assert str(UnknownWordError("'x' is unknown")) == "'x' is unknown"
    assert str(UnknownWordError()) == ""


def test_errors_survive_the_way_to_another_process():
    error = pickle.loads(pickle.dumps(UnknownWordError("'x' is unknown")))
    assert type(error) is UnknownWordError
    assert str(error) == "'x' is unknown"
