"""One exercise of the library's CuPy path, short enough for each fault.

It runs on whatever stands in the place of CuPy, the strict double or the
emulator, and raises an error if something is not as it should be.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.special import logsumexp

from cupy_on_cpu.portable import PortableBackend
from skipgram_lib import NegativeSampling, SkipGram, SkipgramError
from skipgram_lib.apps.selftest import (
    TOLERANCES,
    compare_models,
    random_text_counts,
    time_pass,
)
from skipgram_lib.backend.base import check_ids
from skipgram_lib.backend.select import backend_of, get_backend
from skipgram_lib.model import network, softmax

D, ROWS = 8, 30
# Some words are drawn, so that the cells of the others have work too.
SAMPLED = NegativeSampling(shared=20)


@contextmanager
def put(place: Any, name: str, value: Any) -> Iterator[None]:
    """Change an attribute within a `with` block."""
    before = getattr(place, name)
    setattr(place, name, value)
    try:
        yield
    finally:
        setattr(place, name, before)


def refusal(function: Callable[..., Any], *args: Any) -> str:
    """Return the sentence with which the library refuses a call."""
    try:
        function(*args)
    except SkipgramError as error:
        return str(error)
    raise AssertionError(f"{args} was not refused")


def close(got: Any, wanted: Any, limit: float) -> None:
    """Compare arrays of either device, relative to the largest number."""
    got = get_backend("cupy").to_numpy(got)
    size = max(1.0, float(abs(np.asarray(wanted)).max()))
    error = float(abs(got - wanted).max()) / size
    assert error <= limit, f"differs from NumPy by {error:.1e}"


def small_text() -> Any:
    """Return counts of 60 words or fewer."""
    return random_text_counts(60, 4, 120)


def check_the_backend(layer: Any) -> None:
    """A usable GPU is found; arrays cross and come back."""
    backend, host = get_backend("cupy"), np.arange(3, dtype=np.float32)
    assert backend.xp is sys.modules["cupy"]
    assert get_backend("auto").name == "cupy"
    assert np.array_equal(backend.to_numpy(backend.asarray(host)), host)


def check_refusals(layer: Any) -> None:
    """A GPU that cannot be used is refused with a sentence."""
    cupy = sys.modules["cupy"]

    def fail(*args: Any, **kwargs: Any) -> None:
        raise cupy.cuda.runtime.CUDARuntimeError(100)

    with put(cupy.cuda, "is_available", lambda: False):
        assert "finds no CUDA GPU" in refusal(get_backend, "cupy")
        assert get_backend("auto").name == "numpy"
    with put(cupy, "arange", fail):
        assert "cannot compute" in refusal(get_backend, "cupy")


def check_the_ids(layer: Any) -> None:
    """Ids that are no rows are refused on the host."""
    for wrong in (-1, 5):
        assert f"got {wrong}" in refusal(check_ids, [0, wrong], 5)


def check_large_scores(layer: Any) -> None:
    """Scores that are too large for `exp` are no problem, in any form."""
    rng = np.random.default_rng(0)
    backend = get_backend("cupy")
    for dtype, limit in ((np.float32, 1e-5), (np.float64, 1e-11)):
        scores = rng.uniform(-900, 900, (5, 40)).astype(dtype)
        bias, n = rng.normal(size=(2, 40)).astype(dtype)
        sums = logsumexp(scores.astype(float) + bias, axis=1)
        shares = np.exp(scores.astype(float) + bias - sums[:, None])
        close(network.softmax(backend.asarray(scores + bias)), shares, 1e-3)
        for form in (backend, PortableBackend()):
            device = backend.asarray(scores)
            arrays = backend.asarray(bias), backend.asarray(n[:5])
            close(form.scale_softmax(device, *arrays), sums, limit)
            close(device, shares * n[:5, None], 1e-3)


def check_training(layer: Any) -> None:
    """Both objectives learn on the device what they learn on the host."""
    counts = small_text()
    for objective, init in (
        ("softmax", "random"),
        ("softmax", "counts"),
        ("negative-sampling", "counts"),
        (SAMPLED, "counts"),
    ):
        models = [
            SkipGram(
                vector_size=D,
                objective=objective,
                epochs=2,
                batch_rows=ROWS,
                init=init,
                backend=name,
                progress=False,
            ).fit(counts, held_out=counts)
            for name in ("numpy", "cupy")
        ]
        for what, difference in compare_models(models).items():
            limit = TOLERANCES[what]
            assert difference <= limit, f"{objective}: {what} {difference}"
        check_the_model(*models)


def check_the_model(plain: Any, device: Any) -> None:
    """A trained model is saved, loaded, searched and trained further."""
    words = plain.vocabulary.words[:3]
    with tempfile.TemporaryDirectory() as folder:
        device.save(folder)
        again = SkipGram.load(folder, "cupy")
    assert again.history == device.history
    there = backend_of(again.network.W_in).name
    assert there == "cupy", "a loaded weight is not on the device"
    again.set_params(epochs=1, warm_start=True).fit(small_text())
    for word in words:
        pairs = [
            dict(model.vectors.most_similar(word, topn=5))
            for model in (plain, device)
        ]
        close(list(pairs[1].values()), list(pairs[0].values()), 1e-3)


def check_the_steps(layer: Any) -> None:
    """Steps send only ids, never wait, and make no large float64."""
    settings = {"vector_size": D, "epochs": 3, "batch_rows": 20}
    for objective in ("softmax", "negative-sampling", SAMPLED):
        model = SkipGram(objective=objective, backend="cupy", **settings)
        steps = model.fit_steps(small_text())
        next(steps)
        with layer.record() as seen:
            next(steps)
        assert seen.device_to_host == 0, "a step waited for the device"
        if objective == "softmax":
            large = getattr(seen, "float64", [])
            assert not large, f"large float64 arrays: {large}"
            assert seen.host_to_device <= 3, "a step sent more than ids"


def little_memory(size: int) -> Any:
    """Let the GPU have so many bytes free, within a `with` block."""
    cupy = sys.modules["cupy"]
    kept = cupy.get_default_memory_pool().free_bytes
    return put(
        cupy.cuda.runtime, "memGetInfo", lambda: (size - kept(), 2 * size)
    )


def check_little_memory(layer: Any) -> None:
    """What does not fit into free memory is worked on in parts."""
    N, found = sp.csr_array(small_text().matrix()), []
    V = N.shape[0]
    for backend in (get_backend("numpy"), get_backend("cupy")):
        weights = network.initial_network(V, D, 0, 0.5, backend=backend)
        with little_memory(2 * 7 * V * 4):
            held = backend.hold_counts(N, np.float32)
            loss, slope = softmax.batch_gradients(
                weights, np.arange(ROWS), held, backend
            )
            rows = backend.rows_at_once(ROWS, V * 4)
        arrays = [backend.to_numpy(a) for a in vars(slope).values()]
        found.append([np.asarray(float(loss)), *arrays])
    assert rows == 7, "free memory was ignored"
    assert held.table is None, "the counts do not fit"
    for wanted, got in zip(*found, strict=True):
        close(got, wanted, 1e-5)


def check_the_clock(layer: Any) -> None:
    """A clock is read when the device has finished, before and after."""
    cupy, events = sys.modules["cupy"], []
    find = cupy.cuda.get_current_stream

    class Stream:
        def synchronize(self) -> None:
            events.append("wait")
            find().synchronize()

    def clock() -> float:
        events.append("clock")
        return float(len(events))

    selftest = sys.modules["skipgram_lib.apps.selftest"]
    with (
        put(cupy.cuda, "get_current_stream", Stream),
        put(selftest, "perf_counter", clock),
    ):
        time_pass(get_backend("cupy"), 20, 4, B=10, most=1)
    assert events == ["wait", "clock"] * 2, f"the clock: {events}"


CHECKS = (
    check_the_backend,
    check_refusals,
    check_the_ids,
    check_large_scores,
    check_the_steps,
    check_little_memory,
    check_the_clock,
    check_training,
)


def run(layer: Any) -> None:
    """Run all of the exercise; raise the first error there is.

    Parameters
    ----------
    layer : the package `double` or `emulator`, installed
    """
    for check in CHECKS:
        check(layer)
