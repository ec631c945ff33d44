"""The library itself on CuPy."""

import numpy as np
import pytest

from cupy_on_cpu.emulator import record
from skipgram_lib import SkipGram, WordVectors
from skipgram_lib.apps.selftest import run_selftest
from skipgram_lib.backend.cupy import CuPyBackend
from skipgram_lib.backend.select import get_backend
from skipgram_lib.vectors.analogies import answer_analogies


def test_cupy_is_usable():
    assert isinstance(get_backend("cupy"), CuPyBackend)
    assert isinstance(get_backend("auto"), CuPyBackend)


def test_selftest_passes():
    answer = run_selftest("cupy", [60], 8)
    failed = [row for row in answer["agreement"] if not row["passed"]]
    assert answer["passed"], failed
    assert answer["machine"]["gpu"] == "CuPy on the CPU (emulated)"


@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
def test_training_agrees_with_numpy(toy_counts, objective):
    sizes = {"vector_size": 8, "epochs": 5, "batch_rows": 4, "seed": 3}
    models = [
        SkipGram(objective=objective, backend=backend, **sizes).fit(toy_counts)
        for backend in ("numpy", "cupy")
    ]
    losses = [[step.loss for step in model.history] for model in models]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
    vectors = [np.asarray(model.vectors.matrix) for model in models]
    most = abs(vectors[0]).max()
    np.testing.assert_allclose(vectors[1], vectors[0], atol=1e-3 * most)


def test_a_second_pass_copies_no_matrix(toy_counts):
    model = SkipGram(vector_size=64, batch_rows=4, seed=3, backend="cupy")
    with record() as one:
        model.set_params(epochs=1).fit(toy_counts)
    with record() as two:
        model.set_params(epochs=2).fit(toy_counts)
    assert one.launches and one.products
    matrix = len(toy_counts.vocabulary) * 64 * 4
    more = two.host_to_device_bytes - one.host_to_device_bytes
    assert more < matrix


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_search_finds_what_it_finds_on_the_host(dtype):
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(300)]
    matrix = rng.normal(size=(300, 20)).astype(dtype)
    matrix[7] = 0
    host = WordVectors(words, matrix)
    device = host.on("cupy")
    questions = {
        "one": lambda v: v.most_similar("word3"),
        "sum": lambda v: v.most_similar(["word3", "word5"], "word7", 5),
        "product": lambda v: v.most_similar_cosmul(["word3"], ["word5"]),
        "first": lambda v: v.most_similar("word3", restrict_vocab=50),
        "many": lambda v: v.most_similar_many(words[:40], 3)[17],
        "all": lambda v: v.most_similar("word9", topn=999),
    }
    for ask in questions.values():
        found, wanted = ask(device), ask(host)
        assert len(found) == len(wanted)
        assert dict(found) == pytest.approx(dict(wanted), abs=1e-4)
        assert found[0][0] == wanted[0][0]
    distances = device.distances("word3")
    assert distances == pytest.approx(host.distances("word3"), abs=1e-6)


@pytest.mark.parametrize("method", ["add", "multiply"])
def test_analogies_have_the_same_answers(method):
    rng = np.random.default_rng(1)
    matrix = rng.normal(size=(300, 20)).astype(np.float32)
    matrix[7] = 0
    host = WordVectors([f"word{i}" for i in range(300)], matrix)
    questions = rng.integers(0, 300, (60, 3))
    questions[:, :2] = questions[::10, :2].repeat(10, axis=0)
    asked = questions, np.arange(300), method, 128
    found = answer_analogies(host.on("cupy"), *asked)
    assert found.tolist() == answer_analogies(host, *asked).tolist()
