"""The library itself on CuPy."""

import numpy as np
import pytest

from cupy_on_cpu.emulator import record
from skipgram_lib import SkipGram, Vocabulary, get_backend
from skipgram_lib.backend import CuPyBackend
from skipgram_lib.selftest import run_selftest


def test_cupy_is_usable():
    assert isinstance(get_backend("cupy"), CuPyBackend)
    assert isinstance(get_backend("auto"), CuPyBackend)


def test_selftest_passes():
    answer = run_selftest("cupy", [60], 8)
    failed = [row for row in answer["agreement"] if not row["passed"]]
    assert answer["passed"], failed
    assert answer["machine"]["gpu"] == "CuPy on the CPU (emulated)"


@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
def test_training_agrees_with_numpy(toy_documents, toy_counts, objective):
    vocabulary = Vocabulary.from_tokens(toy_documents)
    models = [
        SkipGram(vocabulary, 8, seed=3, backend=backend).fit(
            toy_counts, 5, batch_rows=4, objective=objective, progress=False
        )
        for backend in ("numpy", "cupy")
    ]
    losses = [[step.loss for step in model.history] for model in models]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    vectors = [np.asarray(model.vectors.matrix) for model in models]
    most = abs(vectors[0]).max()
    np.testing.assert_allclose(vectors[1], vectors[0], atol=1e-3 * most)


def test_a_second_pass_copies_no_matrix(toy_documents, toy_counts):
    vocabulary = Vocabulary.from_tokens(toy_documents)
    model = SkipGram(vocabulary, 64, seed=3, backend="cupy")
    with record() as one:
        model.fit(toy_counts, 1, batch_rows=4, progress=False)
    model = SkipGram(vocabulary, 64, seed=3, backend="cupy")
    with record() as two:
        model.fit(toy_counts, 2, batch_rows=4, progress=False)
    assert one.launches and one.products
    matrix = len(vocabulary.words) * 64 * 4
    more = two.host_to_device_bytes - one.host_to_device_bytes
    assert more < matrix
