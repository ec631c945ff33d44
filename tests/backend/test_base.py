"""Backends: NumPy's operations, and the names a user may give."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp

from skipgram_lib.backend.base import (
    AdamStep,
    Backend,
    array_module,
    check_ids,
    row_slices,
)
from skipgram_lib.backend.cupy import CuPyBackend
from skipgram_lib.backend.select import backend_of, get_backend
from skipgram_lib.errors import SkipgramError


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
        "skipgram_lib.backend.select.importlib.util.find_spec",
        lambda name: None,
    )
    assert refusal() == (
        "the cupy backend cannot be used: CuPy is not installed; in the "
        "folder of this project, run: pip install '.[gpu]'; or use backend "
        "'numpy'"
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
        "skipgram_lib.backend.select.importlib.util.find_spec",
        lambda name: True,
    )
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert "is installed and cannot be imported: " in refusal()


def test_the_host_works_in_slices_and_a_device_on_all_rows_at_once(
    monkeypatch,
):
    host = np.zeros((70, 2))
    parts = row_slices(host, 32)
    assert [len(host[part]) for part in parts] == [32, 32, 6]
    pretend(monkeypatch)
    device = type(
        "ndarray", (), {"__module__": "cupy", "__len__": lambda s: 70}
    )
    assert row_slices(device(), 32) == [slice(0, 70)]
    assert row_slices(np.zeros((0, 2)), 32) == []


@pytest.mark.parametrize("name", ["torch", "NumPy", ""])
def test_an_unknown_name_is_refused(name):
    with pytest.raises(SkipgramError) as error:
        get_backend(name)
    assert str(error.value) == (
        f"backend must be 'auto', 'numpy' or 'cupy', got {name!r}"
    )


def test_arrays_that_are_there_are_not_copied():
    array = np.ones(3, np.float32)
    backend = Backend()
    assert backend.asarray(array) is array
    assert backend.to_numpy(array) is array
    assert backend.asarray(array, np.float64).dtype == np.float64


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


# The operations, each compared with its definition


def test_the_backend_of_an_array_is_that_of_its_library():
    assert type(backend_of(np.ones(3))) is Backend


@given(st.integers(0, 99), st.integers(1, 40))
def test_scores_become_softmax_in_place(seed, V):
    rng = np.random.default_rng(seed)
    B = int(rng.integers(1, 80))
    scores = rng.normal(0, 300, (B, V))
    bias, n = rng.normal(size=V), rng.uniform(0, 9, B)
    wanted = logsumexp(scores + bias, axis=1)
    shares = np.exp(scores + bias - wanted[:, None])
    log_sums = Backend().scale_softmax(scores, bias, n)
    np.testing.assert_allclose(log_sums, wanted, rtol=1e-12)
    np.testing.assert_allclose(scores, n[:, None] * shares, atol=1e-12)


@given(st.integers(0, 99))
def test_cells_of_a_batch_are_the_counts_of_its_rows(seed):
    rng = np.random.default_rng(seed)
    N = sp.csr_array(rng.poisson(0.5, (9, 9)) * 1.5)
    rows = rng.permutation(9)[:4]
    cells = Backend().hold_counts(N, np.float64).batch(rows)
    scores, bias = rng.normal(size=(4, 9)), rng.normal(size=9)
    dense = N.toarray()[rows]
    assert (cells.pairs == dense.sum(axis=1)).all()
    seen = (dense * (scores + bias)).sum()
    assert cells.seen(scores, bias) == pytest.approx(seen, abs=1e-12)
    wanted = scores - dense
    cells.subtract_from(scores)
    np.testing.assert_allclose(scores, wanted, atol=1e-12)


@pytest.mark.parametrize("rows", [None, np.array([7, 0, 3])])
@pytest.mark.parametrize("beta1", [0.0, 0.9])
@pytest.mark.parametrize("shape", [(9,), (9, 2), (700, 900)])
def test_a_step_of_adam_is_that_of_the_paper(rows, beta1, shape):
    rng = np.random.default_rng(0)
    weights, square = rng.normal(size=shape), np.zeros(shape)
    mean = np.zeros(shape) if beta1 else None
    moved = weights.copy()
    ids = np.arange(shape[0]) if rows is None else rows
    m, v = np.zeros(shape), np.zeros(shape)
    for t in (1, 2, 3):
        gradient = rng.normal(size=(len(ids), *shape[1:]))
        g = gradient + 0.2 * moved[ids]
        m[ids] = beta1 * m[ids] + (1 - beta1) * g
        v[ids] = 0.98 * v[ids] + 0.02 * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - 0.98**t)
        moved[ids] -= 0.1 * m_hat[ids] / (np.sqrt(v_hat[ids]) + 1e-8)
        step = AdamStep(0.1, t, beta1, 0.98, 0.2)
        Backend().adam_step(weights, mean, square, gradient, rows, step)
    np.testing.assert_allclose(weights, moved, rtol=1e-12, atol=1e-14)


@given(st.integers(0, 99), st.integers(1, 12))
def test_the_best_columns_are_the_first_of_all_sorted(seed, topn):
    rng = np.random.default_rng(seed)
    V = int(rng.integers(1, 2_000))
    scores = rng.integers(0, 50, (3, V)) / 7
    wanted = np.argsort(-scores, axis=1, kind="stable")[:, :topn]
    found = Backend().best_columns(scores, topn)
    assert found.tolist() == wanted.tolist()


def test_the_module_of_backends_does_not_import_scipy():
    code = (
        "import sys, skipgram_lib.backend.cupy; print('scipy' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
