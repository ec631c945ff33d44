"""Large trainings of a chapter are shortened, or there is an error."""

import sys
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import bits

from cupy_on_cpu import double, few_steps, twins
from skipgram_lib import SkipGram
from skipgram_lib.apps.selftest import random_text_counts
from skipgram_lib.backend.base import Backend
from skipgram_lib.backend.cupy import CuPyBackend
from skipgram_lib.backend.select import get_backend
from skipgram_lib.model import training
from skipgram_lib.story import learning
from skipgram_lib.story import training as story
from skipgram_lib.vectors.vectors import WordVectors


class Shell:
    """What few_steps needs of IPython."""

    def __init__(self):
        self.user_ns = {}
        self.hooks = []
        self.events = SimpleNamespace(
            register=lambda _, hook: self.hooks.append(hook)
        )


@pytest.fixture(autouse=True)
def restore(monkeypatch):
    """Install the double, and take all changes back afterwards."""
    monkeypatch.setattr(few_steps, "LARGE", 50)
    monkeypatch.setattr(few_steps.GUARD, "shortened", 0)
    library = [
        module
        for path, module in sys.modules.items()
        if path.partition(".")[0] == "skipgram_lib"
    ]
    for place in (*library, WordVectors, CuPyBackend):
        for name in (
            "make_steps",
            "network_loss",
            "on",
            "adam_step",
            "train",
            "sgd",
        ):
            if name in vars(place):
                monkeypatch.setattr(place, name, vars(place)[name])
    twins.register()
    with double.install():
        yield
    twins.forget()


def trained(backend, **settings):
    """Return a model of 60 words or fewer, trained for two epochs."""
    counts = random_text_counts(60, 4, 120)
    assert len(counts.vocabulary) >= 50
    sizes = {"vector_size": 8, "epochs": 2, "batch_rows": 20}
    model = SkipGram(backend=backend, **sizes, **settings)
    return model.fit(counts, held_out=counts)


@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
def test_a_large_training_is_made_on_the_host_but_for_its_first_steps(
    objective, monkeypatch
):
    plain = trained("numpy", objective=objective)
    steps = []
    adam_step = CuPyBackend.adam_step
    monkeypatch.setattr(
        CuPyBackend,
        "adam_step",
        lambda *given: steps.append(1) or adam_step(*given),
    )
    # The signature is looked at when the hooks are installed.
    CuPyBackend.adam_step.__signature__ = few_steps.signature(adam_step)
    few_steps.shorten_all(Shell())
    model = trained("cupy", objective=objective)
    assert len(steps) == 3 * few_steps.STEPS
    assert few_steps.GUARD.shortened == 1
    assert [r.loss for r in model.history] == [r.loss for r in plain.history]
    rows = get_backend("cupy").to_numpy(model.network.W_in)
    assert np.array_equal(rows, plain.network.W_in)
    assert model.vectors.backend.name == "numpy"


def test_a_training_that_is_not_shortened_is_an_error(monkeypatch):
    few_steps.shorten_all(Shell())
    plain = training.make_steps.__closure__[0].cell_contents
    monkeypatch.setattr(training, "make_steps", plain)
    with pytest.raises(AssertionError, match="few_steps did not shorten"):
        trained("cupy")


def test_a_small_training_is_left_to_the_device(monkeypatch):
    monkeypatch.setattr(few_steps, "LARGE", 1_000)
    few_steps.shorten_all(Shell())
    model = trained("cupy")
    assert few_steps.GUARD.shortened == 0
    assert model.vectors.backend.name == "cupy"


def test_what_a_chapter_defines_is_shortened_too():
    shell = Shell()
    few_steps.shorten_all(shell)

    def make_steps(run):
        yield from ()

    make_steps.__module__ = "__main__"
    shell.user_ns["make_steps"] = make_steps
    for _ in range(2):
        (hook,) = shell.hooks
        hook()
        assert shell.user_ns["make_steps"].__name__ == "few_steps"
    inner = shell.user_ns["make_steps"].__closure__[0].cell_contents
    assert inner is make_steps, "changed once"


class Elsewhere(np.ndarray):
    """An array that does as a device's."""

    def set(self, array):
        self[...] = array


# The double refuses NumPy's functions, of which the story is made.
DEVICE = SimpleNamespace(
    asarray=lambda array: np.array(array).view(Elsewhere),
    zeros=lambda shape, dtype: np.zeros(shape, dtype).view(Elsewhere),
    zeros_like=np.zeros_like,
)


def train_the_story(xp, calls):
    """Train by the story's code; what came out, and where its steps were."""
    N = random_text_counts(60, 4, 120).table()
    network = story.first_network(N, 8, np.random.default_rng(1), xp)
    rng = np.random.default_rng(0)
    losses = []
    for loss in story.train(network, N, 3, 4, 0.03, rng, xp):
        losses.append((float(loss), dict(calls)))
    return losses, np.asarray(network.W_in).tolist(), rng.random()


@pytest.fixture
def calls(monkeypatch):
    """Count the steps of the story, by the type of their arrays."""
    found = Counter()
    gradients = story.loss_and_gradients

    def counted(network, rows, n):
        found[type(n).__name__] += 1
        return gradients(network, rows, n)

    monkeypatch.setattr(story, "loss_and_gradients", counted)
    return found


def test_of_a_training_of_the_story_the_device_makes_one_epoch(calls):
    plain, rows, drawn = train_the_story(np, calls)
    calls.clear()
    few_steps.shorten_all(Shell())
    losses, rows_too, drawn_too = train_the_story(DEVICE, calls)
    assert [loss for loss, _ in losses] == [loss for loss, _ in plain]
    assert (rows_too, drawn_too) == (rows, drawn)
    steps = [dict(made) for _, made in losses]
    assert [made["Elsewhere"] for made in steps] == [4, 4, 4]
    assert [made["ndarray"] for made in steps] == [4, 8, 12]


def pair_by_pair(xp):
    """Train by the story's `sgd` in two calls; the rows that come out."""
    network = learning.initial_network(3, 2, np.random.default_rng(1), xp)
    rng = np.random.default_rng(0)
    for _ in range(2):
        learning.sgd(network, [(0, 1), (1, 2), (2, 0)], 4, 0.3, rng)
    return np.asarray(network.W_in).tolist(), rng.random()


def test_pair_by_pair_the_device_makes_one_epoch_of_a_call(monkeypatch):
    plain = pair_by_pair(np)
    few_steps.shorten_all(Shell())
    made = Counter()
    step = learning.sgd_step

    def counted(network, *given):
        made[type(network.bias).__name__] += 1
        step(network, *given)

    monkeypatch.setattr(learning, "sgd_step", counted)
    assert pair_by_pair(DEVICE) == plain
    assert made == {"Elsewhere": 2 * 3, "ndarray": 2 * 4 * 3}


def test_a_pair_that_moves_otherwise_is_an_error(monkeypatch):
    few_steps.shorten_all(Shell())
    step = learning.sgd_step

    def wrong(network, *given):
        if not isinstance(network.bias, Elsewhere):
            step(network, *given)

    monkeypatch.setattr(learning, "sgd_step", wrong)
    with pytest.raises(AssertionError, match="Not equal"):
        pair_by_pair(DEVICE)


@pytest.mark.usefixtures("calls")
def test_an_epoch_of_the_story_that_differs_is_an_error(monkeypatch):
    adam = story.adam

    def wrong(w, *given, **settings):
        if not isinstance(w, Elsewhere):
            adam(w, *given, **settings)

    monkeypatch.setattr(story, "adam", wrong)
    few_steps.shorten_all(Shell())
    with pytest.raises(AssertionError):
        train_the_story(DEVICE, Counter())


def test_what_another_chapter_calls_train_is_left_alone():
    shell = Shell()
    few_steps.shorten_all(shell)

    def train(run, callbacks):
        pass

    train.__module__ = "__main__"
    shell.user_ns["train"] = train
    shell.hooks[0]()
    assert shell.user_ns["train"] is train


def test_a_training_is_kept_and_repeated(monkeypatch, tmp_path):
    monkeypatch.setattr(few_steps, "KEPT", tmp_path)
    few_steps.record_all(Shell())
    plain = trained("numpy")
    (folder,) = tmp_path.iterdir()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert len(before) == 1 + 2 * 3
    monkeypatch.setattr(training, "make_steps", unrecorded())
    few_steps.shorten_all(Shell())
    model = trained("cupy")
    assert [r.loss for r in model.history] == [r.loss for r in plain.history]
    assert list(tmp_path.iterdir()) == [folder]
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert after == before


def test_what_is_kept_is_not_trained_again(monkeypatch, tmp_path):
    monkeypatch.setattr(few_steps, "KEPT", tmp_path)
    few_steps.record_all(Shell())
    first = trained("numpy")
    monkeypatch.setattr(
        Backend, "adam_step", lambda *given: pytest.fail("trained again")
    )
    second = trained("numpy")
    assert bits(second.network) == bits(first.network)
    assert [r.loss for r in second.history] == [r.loss for r in first.history]
    with pytest.raises(pytest.fail.Exception, match="trained again"):
        trained("numpy", seed=1)


def unrecorded():
    """Return the library's own `make_steps`."""
    return training.make_steps.__closure__[0].cell_contents


@pytest.mark.parametrize("gone", ["make_steps", "adam_step", "on"])
def test_a_name_that_has_moved_is_seen_at_once(gone, monkeypatch):
    places = {"make_steps": training, "adam_step": CuPyBackend}
    monkeypatch.delattr(places.get(gone, WordVectors), gone)
    with pytest.raises(AssertionError, match=f"has no {gone} any longer"):
        few_steps.shorten_all(Shell())


def test_other_parameters_are_seen_at_once(monkeypatch):
    monkeypatch.setattr(training, "make_steps", lambda run, more: iter(()))
    with pytest.raises(AssertionError, match="make_steps takes"):
        few_steps.shorten_all(Shell())


def test_a_device_that_is_not_found_is_seen_at_once(monkeypatch):
    monkeypatch.setattr(double.cupy.cuda, "is_available", lambda: False)
    with pytest.raises(AssertionError, match="emulator is not found"):
        few_steps.shorten_all(Shell())
