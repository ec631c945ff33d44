"""What a step may cost: launches, copies and memory, as CuPy asks for them.

The sizes are those of the book, each divided by ten: 1,000 words, 30
features, 100 rows a step. What is counted does not depend on the sizes, and
the share of the memory depends on their ratios only.
"""

import json

import numpy as np
import pytest

from cupy_on_cpu import figures
from cupy_on_cpu.emulator import record
from skipgram_lib import NegativeSampling, SkipGram
from skipgram_lib.apps.selftest import random_counts, random_text_counts
from skipgram_lib.backend.select import get_backend
from skipgram_lib.model import softmax, training
from skipgram_lib.model.network import Rows, initial_network

V, D, B = 1_000, 30, 100
SCORES = 4 * B * V


def softmax_steps(steps):
    """Make steps of the full softmax, and count what each of them does."""
    backend = get_backend("cupy")
    network = initial_network(V, D, 0, backend=backend)
    plan = training.TrainingPlan(1, 0.01, B, 0, 0.01, penalty=0.02)
    N = random_counts(V, 50 * V)
    made = training.make_steps(training.Run.over(network, N, plan, backend))
    found = []
    for _ in range(steps):
        with record() as counts:
            next(made)
        found.append(counts)
    return found


def test_a_step_of_the_softmax_launches_few_kernels():
    _, second, third = softmax_steps(3)
    assert second.launches == third.launches
    assert len(second.launches) <= 18
    assert [name for name, *_ in second.products] == ["gemm"] * 3


def test_a_step_copies_the_ids_of_its_rows_and_nothing_else():
    for counts in softmax_steps(3)[1:]:
        assert counts.device_to_host == 0
        assert counts.host_to_device == 3
        assert counts.host_to_device_bytes == 3 * 8 * B


def test_a_step_needs_little_more_room_than_its_scores():
    """Beside the weights and Adam's means, made before, and the counts."""
    first, second, _ = softmax_steps(3)
    cells = random_counts(V, 50 * V).nnz
    counts = 8 * cells + 16 * V
    assert 1.3 <= (first.peak_bytes - counts) / SCORES <= 1.7
    assert second.peak_bytes <= 0.2 * SCORES


def test_the_chapter_shows_what_a_step_costs(root):
    path = root / "notebooks" / "workshop_09_devices.ipynb"
    cells = json.loads(path.read_text("utf-8"))
    text = "".join("".join(cell["source"]) for cell in cells["cells"])
    rows = [line.split("|")[2:4] for line in text.split("\n") if "|" in line]
    shown = [tuple(cell.strip() for cell in row) for row in rows]
    one, two = (figures.step_cost(portable) for portable in (True, False))
    assert one["products"] == two["products"] == 3
    assert two["launches"] < one["launches"] / 4
    for what in one.keys() - {"products"}:
        form = ".2f" if what == "memory" else ","
        pair = f"{one[what]:{form}}", f"{two[what]:{form}}"
        assert pair in shown, what


def on_device(**settings):
    """Return a model that is trained on the device."""
    return SkipGram(**{"vector_size": 8, "backend": "cupy"} | settings)


def test_training_waits_when_a_loss_is_wanted_and_not_before():
    counts = random_text_counts()
    steps = on_device(epochs=3, batch_rows=30).fit_steps(counts)
    per_epoch = -(-len(counts.vocabulary) // 30)
    next(steps)
    with record() as seen:
        for _ in range(per_epoch - 2):
            record_of_step = next(steps)
    assert seen.device_to_host == 0
    with record() as seen:
        assert float(record_of_step.loss) > 0
    assert seen.device_to_host == 1
    with record() as seen:
        next(steps)
    assert seen.device_to_host == 2, "the sum of the epoch, the last loss"


@pytest.mark.parametrize("shared", [20, 10_000])
def test_a_step_of_sampling_never_waits(shared):
    goal = NegativeSampling(shared=shared)
    model = on_device(epochs=2, batch_rows=30, objective=goal)
    steps = model.fit_steps(random_text_counts())
    next(steps)
    with record() as seen:
        next(steps)
    assert seen.device_to_host == 0
    assert len(seen.launches) <= 180


def test_tensor_cores_are_used_where_they_are_asked_for():
    pairs, network = random_text_counts(), {}
    for tf32 in (False, True):
        backend = get_backend("cupy", tf32=tf32)
        with record() as counts:
            network[tf32] = on_device(epochs=1, backend=backend).fit(pairs)
        compute = {arithmetic for *_, arithmetic in counts.products}
        assert (77 in compute) == tf32
    one, two = (network[tf32].vectors.matrix for tf32 in (False, True))
    assert 0 < abs(one - two).max() < 0.05 * abs(one).max()


def test_a_model_of_one_device_is_loaded_on_the_other(tmp_path):
    counts, trained = random_text_counts(), {}
    for name, other in (("cupy", "numpy"), ("numpy", "cupy")):
        model = on_device(epochs=1, backend=name).fit(counts)
        model.save(tmp_path / name)
        again = SkipGram.load(tmp_path / name, other)
        assert again.device.name == other
        one, two = model.vectors, again.vectors
        assert one.matrix.tobytes() == two.matrix.tobytes()
        assert again.predict_context("word3") == [
            (word, pytest.approx(p, rel=1e-5))
            for word, p in model.predict_context("word3")
        ]
        trained[name] = one.most_similar("word3")
        assert two.most_similar("word3") == [
            (word, pytest.approx(cosine, abs=1e-6))
            for word, cosine in trained[name]
        ]
        path = one.save(tmp_path / f"{name}.txt")
        assert path.stat().st_size > 1_000


def test_a_search_brings_back_the_answers_only():
    vectors = on_device(epochs=1).fit(random_text_counts()).vectors
    vectors.most_similar("word3")
    with record() as seen:
        vectors.most_similar("word3", topn=5)
    assert seen.device_to_host == 2
    # One word more than wanted: the word that was asked with is left out.
    assert seen.device_to_host_bytes == (5 + 1) * (8 + 4)


def test_counts_that_do_not_fit_are_sent_batch_by_batch(monkeypatch):
    import cupy

    N = random_counts(V, 50 * V)
    backend, losses = get_backend("cupy"), []
    for fits in (True, False):
        network = initial_network(V, D, 0, backend=backend)
        if not fits:
            memory = cupy.cuda.runtime, "memGetInfo"
            monkeypatch.setattr(*memory, lambda: (100_000, 0))
            cupy.get_default_memory_pool().free_all_blocks()
        goal = softmax.FullSoftmax(N)
        loss, slope = goal.gradients(network, Rows(np.arange(B)), backend)
        losses.append([float(loss), *slope.W_in[:, 0].get().tolist()])
        assert (goal.held.table is not None) == fits
        assert (len(goal.space.scores) == B) == fits
        del network, goal, slope
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
