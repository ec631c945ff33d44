"""Errors: sentences that name the value and say what to do."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib.errors import (
    SkipgramError,
    UnknownWordError,
    check_at_least,
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
