"""Backends: NumPy's arrays, and the names a user may give."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import Backend, SkipgramError, get_backend
from skipgram_lib.backend import array_module, check_ids


@pytest.mark.parametrize("value", [np.ones(3), np.float32(2), [1, 2], 5.0])
def test_what_is_no_cupy_array_belongs_to_numpy(value):
    assert array_module(value) is np


def test_a_cupy_array_belongs_to_cupy(monkeypatch):
    cupy = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    array = type("ndarray", (), {"__module__": "cupy._core.core"})()
    assert array_module(array) is cupy


@pytest.mark.parametrize("name", ["auto", "numpy"])
def test_numpy_is_there_by_both_names(name):
    backend = get_backend(name)
    assert (backend.name, backend.xp) == ("numpy", np)


def test_auto_is_the_default_and_a_backend_is_returned_as_it_is():
    backend = Backend()
    assert get_backend(backend) is backend
    assert get_backend().name == "numpy"


@pytest.mark.parametrize("name", ["torch", "NumPy", ""])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(SkipgramError) as error:
        get_backend(name)
    assert str(error.value) == (
        f"backend must be auto, numpy or cupy, got {name!r}"
    )


def test_arrays_that_are_there_are_not_copied():
    array = np.ones(3, np.float32)
    backend = Backend()
    assert backend.asarray(array) is array
    assert backend.to_numpy(array) is array
    assert backend.asarray(array, np.float64).dtype == np.float64


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9)), min_size=1))
def test_adding_to_a_row_many_times_adds_each_time(additions):
    target, wanted = np.zeros((4, 2)), np.zeros((4, 2))
    rows = [row for row, _ in additions]
    values = np.array([[n, 2 * n] for _, n in additions], float)
    for row, value in zip(rows, values, strict=True):
        wanted[row] += value
    Backend().add_at(target, rows, values)
    assert (target == wanted).all()


@given(st.lists(st.integers(0, 9)).map(lambda ids: np.array(ids, np.int32)))
def test_ids_of_rows_pass_unchanged(ids):
    assert check_ids(ids, 10) is ids


@pytest.mark.parametrize("wrong", [-1, 10, 1_000])
def test_an_id_that_is_no_row_is_named(wrong):
    with pytest.raises(SkipgramError) as error:
        check_ids([[0, 9], [wrong, 3]], 10)
    assert str(error.value) == f"ids run from 0 to 9, got {wrong:,}"


def test_ids_that_are_no_integers_are_refused():
    with pytest.raises(SkipgramError, match="ids must be integers, got float"):
        check_ids([0.0, 1.0], 10)
