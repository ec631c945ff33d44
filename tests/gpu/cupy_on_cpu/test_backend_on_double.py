"""The library's own CuPy backend, on the strict double of CuPy.

The double takes NumPy twins for the kernels, so what is tested here is how
they are called. That the kernels themselves are right is not.
"""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import logsumexp
from sklearn.base import clone

from cupy_on_cpu import double, twins
from cupy_on_cpu.portable import PortableBackend
from skipgram_lib import Counts, NegativeSampling, SkipGram, Vocabulary
from skipgram_lib.apps.selftest import (
    random_counts,
    random_text_counts,
    run_selftest,
    time_pass,
)
from skipgram_lib.backend.base import AdamStep, Backend
from skipgram_lib.backend.cupy import CuPyBackend
from skipgram_lib.backend.select import get_backend
from skipgram_lib.errors import SkipgramError
from skipgram_lib.model import softmax
from skipgram_lib.model.network import Rows, initial_network
from skipgram_lib.model.optimiser import Optimiser


@pytest.fixture(autouse=True)
def cupy():
    """Put the double in the place of CuPy, with twins of the kernels."""
    twins.register()
    with double.install():
        yield double.cupy
    twins.forget()


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_softmax_with_kernels_is_the_hosts(dtype):
    rng, backend = np.random.default_rng(0), get_backend("cupy")
    scores = rng.normal(0, 5, (7, 40)).astype(dtype)
    bias, n = rng.normal(size=(2, 40)).astype(dtype)
    wanted = scores.copy()
    wanted_sums = Backend().scale_softmax(wanted, bias, n[:7])
    device = backend.asarray(scores)
    sums = backend.scale_softmax(
        device, backend.asarray(bias), backend.asarray(n[:7])
    )
    assert sums.shape == (7,)
    assert backend.to_numpy(sums) == pytest.approx(wanted_sums, rel=1e-5)
    assert backend.to_numpy(device) == pytest.approx(wanted, abs=1e-4)


def test_the_portable_softmax_runs_on_a_device_as_well():
    rng, backend = np.random.default_rng(0), PortableBackend()
    scores = rng.normal(0, 5, (70, 40)).astype(np.float32)
    bias, n = np.zeros(40, np.float32), np.ones(70, np.float32)
    device, calls = backend.asarray(scores), []
    for rows in [scores[:32], device]:
        with double.record() as counts:
            backend.scale_softmax(
                backend.asarray(rows),
                backend.asarray(bias),
                backend.asarray(n[: len(rows)]),
            )
        calls.append(counts.calls)
    assert calls[0] == calls[1], "a device takes all rows at once"
    wanted = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    assert backend.to_numpy(device) == pytest.approx(wanted, abs=1e-6)


def moved_weights(backend, beta1, rows):
    """Weights after two steps of Adam, on a backend, and the moments."""
    rng = np.random.default_rng(0)
    shape = 9, 4
    arrays = [rng.normal(size=shape), np.zeros(shape), np.zeros(shape)]
    weights, mean, square = (
        backend.asarray(array, np.float32) for array in arrays
    )
    ids = None if rows is None else backend.asarray(rows)
    moved = shape[0] if rows is None else len(rows)
    for t in (1, 2):
        gradient = rng.normal(size=(moved, 4))
        backend.adam_step(
            weights,
            mean if beta1 else None,
            square,
            backend.asarray(gradient, np.float32),
            ids,
            AdamStep(0.1, t, beta1, 0.98, 0.3),
        )
    return [backend.to_numpy(a).copy() for a in (weights, mean, square)]


@pytest.mark.parametrize("make", [PortableBackend, CuPyBackend])
@pytest.mark.parametrize("rows", [None, np.array([7, 0, 3])])
@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_a_step_of_adam_is_the_hosts(beta1, rows, make):
    wanted = moved_weights(Backend(), beta1, rows)
    found = moved_weights(make(), beta1, rows)
    for one, two in zip(found, wanted, strict=True):
        assert one == pytest.approx(two, abs=1e-6)


@pytest.mark.parametrize("cells", [0, 200])
def test_gradients_of_counted_cells_are_the_hosts(cells):
    rng = np.random.default_rng(0)
    N = random_counts(30, cells)[np.array([4, 20, 0, 11])] if cells else None
    N = sp.csr_array((4, 30)) if N is None else N
    given = [
        rng.normal(size=shape).astype(np.float32)
        for shape in ((4, 5), (4,), (30, 5), (30,))
    ]
    found = []
    for backend in (Backend(), get_backend("cupy")):
        arrays = [backend.asarray(array) for array in given]
        one = backend.counted_gradients(N, *arrays)
        numbers = [one.loss, one.hidden, one.offset]
        found.append([np.asarray(backend.to_numpy(a)) for a in numbers])
    for one, two in zip(*found, strict=True):
        assert two == pytest.approx(one, abs=1e-4)


def test_the_selftest_passes():
    answer = run_selftest("cupy", [60], 8)
    assert answer["passed"], answer["agreement"]
    assert answer["machine"]["backend"] == "cupy"
    assert answer["machine"]["cupy"] == "14.2.0"
    assert len(answer["passes"]) == 1


def test_the_selftest_sees_a_kernel_that_is_wrong():
    double.register_kernel(
        "scale_softmax_float",
        lambda *a: twins.scale_softmax(*a) * np.float32(1.001),
    )
    found = {
        (row["objective"], row["what"]): row["passed"]
        for row in run_selftest("cupy", [])["agreement"]
    }
    assert not found["softmax", "probability"]
    assert found["negative-sampling", "probability"]


@pytest.mark.parametrize("B", [10, 40])
def test_a_step_never_waits_for_the_device_and_holds_no_float64(B):
    V, D = 200, 8
    backend = get_backend("cupy")
    network = initial_network(V, D, 0, backend=backend)
    goal = softmax.FullSoftmax(random_counts(V, 1_000))
    optimiser = Optimiser.over(network, backend)
    rows = Rows(np.arange(B))
    goal.gradients(network, rows, backend)
    with double.record(float64_above=B * V // 2) as counts:
        loss, slope = goal.gradients(network, rows, backend)
        optimiser.step(slope, rows.on(backend), (0.1, 0.1), 1, 1, 0.1)
    assert counts.device_to_host == 0
    assert counts.float64 == []
    with double.record() as counts:
        assert float(loss) > 0
    assert counts.device_to_host == 1


def on_device(**settings):
    """Return a model that is trained on the device, 30 words a step."""
    sizes = {"vector_size": 8, "batch_rows": 30}
    return SkipGram(backend="cupy", **sizes, **settings)


def test_training_waits_for_the_device_when_a_loss_is_wanted_and_not_before():
    counts = random_text_counts()
    model = on_device(epochs=3)
    steps = model.fit_steps(counts)
    per_epoch = -(-len(counts.vocabulary) // 30)
    next(steps)
    with double.record() as seen:
        for _ in range(per_epoch - 2):
            record = next(steps)
    assert seen.device_to_host == 0
    assert seen.host_to_device == 3 * (per_epoch - 2), "ids of the rows"
    with double.record() as seen:
        float(record.loss)
        record = next(steps)
    assert (record.step, seen.device_to_host) == (per_epoch, 3)
    assert isinstance(model.history[0].loss, float)


def test_an_epoch_of_sampling_waits_once_too():
    model = on_device(epochs=2, objective="negative-sampling")
    steps = model.fit_steps(random_text_counts())
    next(steps)
    with double.record() as seen:
        next(steps)
    assert seen.device_to_host == 0


def test_two_vocabularies_train_on_the_device_as_on_the_host():
    """More steps than contexts, too: some of them move none."""
    counts = random_text_counts(60, 4, 120)
    contexts = Vocabulary.from_dict(counts.vocabulary.as_dict())
    for C in (5, 40):
        few = Vocabulary(contexts.words[:C], contexts.frequencies[:C], 10_000)
        part = Counts(
            counts.cells[:, :C], counts.denominator, counts.keep,
            counts.settings, counts.vocabulary, few, counts.keep[:C],
        )  # fmt: skip
        for objective in ("softmax", NegativeSampling(shared=4)):
            plain, device = (
                SkipGram(
                    vector_size=8, objective=objective, backend=backend,
                    epochs=2, batch_rows=7,
                ).fit(part)
                for backend in ("numpy", "cupy")
            )  # fmt: skip
            one, two = plain.history[-1], device.history[-1]
            assert two.epoch_loss == pytest.approx(one.epoch_loss, rel=1e-5)
            rows = device.device.to_numpy(device.network.W_out)
            np.testing.assert_allclose(rows, plain.network.W_out, atol=1e-3)


def test_a_model_on_a_device_is_cloned_with_its_settings():
    model = SkipGram(backend=get_backend("cupy", tf32=True))
    other = clone(model)
    assert other.backend is not model.backend
    assert other.backend.tf32
    assert other.backend.xp is model.backend.xp


def test_a_loss_that_is_no_number_is_seen_at_the_end_of_the_epoch():
    model = on_device(epochs=3, lr=1e30)
    with pytest.raises(SkipgramError, match="the loss became nan in epoch"):
        model.fit(random_text_counts())


@pytest.mark.parametrize("room", [1, 7, 30, 1_000])
def test_a_batch_that_does_not_fit_is_worked_on_in_parts(
    room, cupy, monkeypatch
):
    V, D, B = 60, 4, 30
    N = random_counts(V, 1_000)
    host, device = Backend(), get_backend("cupy")
    memory = 2 * room * 8 * V, 0
    monkeypatch.setattr(cupy.cuda.runtime, "memGetInfo", lambda: memory)
    assert device.rows_at_once(B, 8 * V) == min(room, B)
    found = []
    for backend in (host, device):
        network = initial_network(V, D, 0, dtype=np.float64, backend=backend)
        network.bias += backend.asarray(np.linspace(0, 1, V))
        held = backend.hold_counts(N, np.float64)
        loss, slope = softmax.batch_gradients(
            network, np.arange(10, 10 + B), held, backend
        )
        arrays = [backend.to_numpy(a) for a in vars(slope).values()]
        loss = float(loss)
        found.append([loss, *arrays])
    for one, two in zip(*found, strict=True):
        assert np.asarray(two) == pytest.approx(np.asarray(one), abs=1e-9)


def test_counts_that_do_not_fit_are_sent_batch_by_batch(cupy, monkeypatch):
    N, device = random_counts(60, 1_000), get_backend("cupy")
    held = device.hold_counts(N, np.float32)
    assert held.table is not None
    monkeypatch.setattr(cupy.cuda.runtime, "memGetInfo", lambda: (1_000, 0))
    sent = device.hold_counts(N, np.float32)
    assert sent.table is None
    rows = np.array([5, 50, 2])
    scores = device.asarray(np.ones((3, 60), np.float32))
    bias = device.asarray(np.zeros(60, np.float32))
    for counts in (held, sent):
        cells = counts.batch(rows)
        assert float(cells.seen(scores, bias)) == N[rows].sum()
        work = scores.copy()
        cells.subtract_from(work)
        wanted = 1 - N[rows].toarray()
        assert np.array_equal(device.to_numpy(work), wanted)


class Blocked:
    """Counts that are no matrix in memory, as those on the disk are not."""

    def __init__(self, N):
        self.tocsr = N.tocsr
        self.sum = N.sum
        self.nnz = N.nnz


def test_counts_on_the_disk_are_brought_to_the_device_if_they_fit():
    N, device = random_counts(60, 1_000), get_backend("cupy")
    held = device.hold_counts(Blocked(N), np.float32)
    cells = held.batch(np.array([5, 50, 2]))
    assert device.to_numpy(cells.n).tolist() == N.data.tolist()
    scores = device.asarray(np.ones((3, 60), np.float32))
    bias = device.asarray(np.zeros(60, np.float32))
    assert float(cells.seen(scores, bias)) == N[[5, 50, 2]].sum()


def test_a_pass_is_timed_on_the_device():
    assert time_pass(get_backend("cupy"), 40, 4, B=10, most=2)["timed"] == 2
