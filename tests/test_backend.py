"""Backends: NumPy's arrays, and the names a user may give."""

import sys
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import (
    Backend,
    SkipgramError,
    get_backend,
    negative_sampling,
    training,
    vectors,
)
from skipgram_lib.backend import (
    CuPyBackend,
    array_module,
    check_ids,
    slabs,
)


@pytest.mark.parametrize("value", [np.ones(3), np.float32(2), [1, 2], 5.0])
def test_what_is_no_cupy_array_belongs_to_numpy(value):
    assert array_module(value) is np


def test_a_cupy_array_belongs_to_cupy(monkeypatch):
    cupy = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    array = type("ndarray", (), {"__module__": "cupy._core.core"})()
    assert array_module(array) is cupy


def pretend(monkeypatch, *, usable=True, broken=None):
    """Put a CuPy in place that has a GPU or not, or cannot compute."""

    def arange(*args, dtype):
        if broken:
            raise RuntimeError(broken)
        return np.arange(*args, dtype=dtype)

    cupy = SimpleNamespace(
        __version__="14.2.0",
        arange=arange,
        asarray=np.asarray,
        asnumpy=np.asarray,
        add=np.add,
        cuda=SimpleNamespace(is_available=lambda: usable),
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy


def test_numpy_is_always_there():
    backend = get_backend("numpy")
    assert (backend.name, backend.xp) == ("numpy", np)


def test_auto_is_the_default_and_a_backend_is_returned_as_it_is():
    backend = Backend()
    assert get_backend(backend) is backend
    assert get_backend().name == get_backend("auto").name


def test_auto_takes_a_gpu_that_can_be_used(monkeypatch):
    cupy = pretend(monkeypatch)
    for name in ["auto", "cupy"]:
        backend = get_backend(name)
        assert isinstance(backend, CuPyBackend)
        assert (backend.name, backend.xp) == ("cupy", cupy)


def refusal():
    """Return what is said to who asks for CuPy; auto takes NumPy."""
    assert get_backend("auto").name == "numpy"
    with pytest.raises(SkipgramError) as error:
        get_backend("cupy")
    return str(error.value)


def test_cupy_that_is_not_installed_is_told_with_the_command(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(
        "skipgram_lib.backend.importlib.util.find_spec", lambda name: None
    )
    assert refusal() == (
        "the cupy backend cannot be used: CuPy is not installed: pip install "
        "'skipgram-lib[gpu]'; or use backend 'numpy'"
    )


def test_cupy_without_a_gpu_is_installed_and_not_usable(monkeypatch):
    pretend(monkeypatch, usable=False)
    assert refusal() == (
        "the cupy backend cannot be used: CuPy 14.2.0 is installed, but finds "
        "no CUDA GPU and driver; nvidia-smi tells; or use backend 'numpy'"
    )


def test_a_gpu_that_cannot_compute_is_told_with_cudas_reason(monkeypatch):
    pretend(monkeypatch, broken="libnvrtc.so.13 not found\nmany more lines")
    assert refusal() == (
        "the cupy backend cannot be used: CuPy 14.2.0 is installed and sees a "
        "GPU, but cannot compute: libnvrtc.so.13 not found; or use backend "
        "'numpy'"
    )


def test_cupy_that_cannot_be_imported_is_told(monkeypatch):
    monkeypatch.setattr(
        "skipgram_lib.backend.importlib.util.find_spec", lambda name: True
    )
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "is installed and cannot be imported: " in refusal()


def test_the_host_works_in_slabs_and_a_device_on_all_at_once(monkeypatch):
    host = np.zeros((70, 2))
    parts = slabs(host, 32)
    assert [len(host[part]) for part in parts] == [32, 32, 6]
    pretend(monkeypatch)
    device = type(
        "ndarray", (), {"__module__": "cupy", "__len__": lambda s: 70}
    )
    assert slabs(device(), 32) == [slice(0, 70)]
    assert slabs(np.zeros((0, 2)), 32) == []


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


def test_a_device_may_have_its_own_form_of_a_step():
    def scale_softmax(scores):
        return "for every device"

    class Fused(Backend):
        def scale_softmax(self, scores):
            return "in one kernel"

    assert Backend().fused(scale_softmax)(None) == "for every device"
    assert Fused().fused(scale_softmax)(None) == "in one kernel"


def test_the_fused_steps_of_the_gpu_stand_for_steps_that_exist():
    own = [name for name in dir(CuPyBackend) if name not in dir(Backend)]
    names = [name for name in own if name[0] != "_"]
    assert {"HeldCounts", "scale_softmax", "scale_sigmoids"} < set(names)
    for name in names:
        modules = training, negative_sampling, vectors
        module = next(m for m in modules if hasattr(m, name))
        fused = list(signature(getattr(CuPyBackend, name)).parameters)
        portable = list(signature(getattr(module, name)).parameters)
        fused = [parameter for parameter in fused if parameter != "self"]
        assert fused == portable[: len(fused)]
        assert set(portable[len(fused) :]) <= {"slab", "group"}
