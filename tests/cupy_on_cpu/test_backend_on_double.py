"""The library's own CuPy backend, on the strict double of CuPy.

The double takes NumPy twins for the fused kernels, so what is tested here
is how they are called. That the kernels themselves are right is not.
"""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import logsumexp

from cupy_on_cpu import double
from skipgram_lib import get_backend, training
from skipgram_lib.backend import CuPyBackend, softmax_kernels
from skipgram_lib.network import initial_network
from skipgram_lib.selftest import run_selftest, time_pass


def log_sum(x, bias, axis, keepdims):
    return logsumexp(x + bias, axis=axis, keepdims=keepdims).astype(x.dtype)


def scale(x, bias, log_sums, n):
    return np.exp(x + bias - log_sums) * n


@pytest.fixture(autouse=True)
def cupy():
    """Put the double in the place of CuPy, with twins of the kernels."""
    softmax_kernels.cache_clear()
    for real in ("float", "double"):
        double.register_kernel(f"row_log_sum_{real}", log_sum)
        double.register_kernel(f"scale_softmax_{real}", scale)
    with double.install():
        yield double.cupy
    double.forget_kernels()
    softmax_kernels.cache_clear()


@pytest.mark.parametrize("name", ["auto", "cupy"])
def test_a_gpu_that_can_be_used_is_found(name, cupy):
    backend = get_backend(name)
    assert isinstance(backend, CuPyBackend)
    assert backend.xp is cupy


def test_arrays_cross_when_they_are_told_to_and_only_then():
    backend = get_backend("cupy")
    host = np.arange(6, dtype=np.float32).reshape(2, 3)
    with double.record() as counts:
        array = backend.asarray(host)
        assert backend.asarray(array) is array
        back = backend.to_numpy(array)
    assert (counts.host_to_device, counts.device_to_host) == (1, 1)
    assert np.array_equal(back, host)


def test_adding_to_a_row_many_times_adds_each_time():
    backend = get_backend("cupy")
    target = backend.asarray(np.zeros((3, 2), np.float32))
    values = backend.asarray(np.ones((3, 2), np.float32))
    backend.add_at(target, backend.asarray([1, 1, 2]), values)
    wanted = [[0, 0], [2, 2], [1, 1]]
    assert backend.to_numpy(target).tolist() == wanted


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_fused_softmax_is_the_portable_one(dtype):
    rng, backend = np.random.default_rng(0), get_backend("cupy")
    scores = rng.normal(0, 5, (7, 40)).astype(dtype)
    bias, n = rng.normal(size=(2, 40)).astype(dtype)
    wanted = scores.copy()
    wanted_sums = training.scale_softmax(wanted, bias, n[:7])
    device = backend.asarray(scores)
    fused = backend.fused(training.scale_softmax)
    sums = fused(device, backend.asarray(bias), backend.asarray(n[:7]))
    assert sums.shape == (7,)
    assert backend.to_numpy(sums) == pytest.approx(wanted_sums, rel=1e-5)
    assert backend.to_numpy(device) == pytest.approx(wanted, abs=1e-4)


def test_the_portable_softmax_runs_on_a_device_as_well():
    rng, backend = np.random.default_rng(0), get_backend("cupy")
    scores = rng.normal(0, 5, (70, 40)).astype(np.float32)
    bias, n = np.zeros(40, np.float32), np.ones(70, np.float32)
    device, calls = backend.asarray(scores), []
    for rows in [scores[:32], device]:
        with double.record() as counts:
            training.scale_softmax(
                backend.asarray(rows),
                backend.asarray(bias),
                backend.asarray(n[: len(rows)]),
            )
        calls.append(counts.calls)
    assert calls[0] == calls[1], "a device takes all rows at once"
    wanted = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    assert backend.to_numpy(device) == pytest.approx(wanted, abs=1e-6)


def test_the_selftest_passes():
    answer = run_selftest("cupy", [60], 8)
    assert answer["passed"], answer["agreement"]
    assert answer["machine"]["backend"] == "cupy"
    assert answer["machine"]["cupy"] == "14.2.0"
    assert len(answer["passes"]) == 1


def test_the_selftest_sees_a_kernel_that_is_wrong():
    double.register_kernel(
        "scale_softmax_float", lambda *a: scale(*a) * np.float32(1.001)
    )
    found = {
        (row["objective"], row["what"]): row["passed"]
        for row in run_selftest("cupy", [])["agreement"]
    }
    assert not found["softmax", "probability"]
    assert found["negative-sampling", "probability"]


@pytest.mark.parametrize("B", [10, 40])
def test_a_step_waits_for_the_device_twice_and_holds_no_float64(B):
    V, D = 200, 8
    backend = get_backend("cupy")
    network = initial_network(V, D, 0, backend=backend)
    N = sp.random_array((V, V), density=0.05, format="csr", rng=1)
    goal = training.FullSoftmax(N)
    with double.record(float64_above=B * V // 2) as counts:
        goal.gradients(network, np.arange(B), backend)
    assert counts.device_to_host == 2, "the two parts of the loss"
    assert counts.float64 == []


def test_a_pass_is_timed_on_the_device():
    assert time_pass(get_backend("cupy"), 40, 4, B=10, most=2)["timed"] == 2
