"""The model's settings, in the manners of scikit-learn."""

import subprocess
import sys

import numpy as np
import pytest
from helpers import bits
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import ParameterGrid
from sklearn.utils.validation import check_is_fitted

from skipgram_lib import NegativeSampling, SkipGram, SkipgramError
from skipgram_lib.backend.base import Backend
from skipgram_lib.model.perplexity import held_out_perplexity


def test_parameters_are_kept_as_they_are_given():
    odd = {"vector_size": "many", "epochs": -1, "lr": None, "backend": 3}
    model = SkipGram(**odd)
    assert model.get_params().items() >= odd.items()
    assert model.get_params(deep=False) == model.get_params()
    assert model.vector_size == "many"
    assert repr(model) == (
        "SkipGram(vector_size='many', epochs=-1, backend=3)"
    )


def test_parameters_are_changed_by_name(toy_counts):
    model = SkipGram().set_params(vector_size=4, epochs=1)
    assert model.set_params() is model
    assert repr(model) == "SkipGram(vector_size=4, epochs=1)"
    with pytest.raises(SkipgramError) as error:
        model.set_params(seed=3, start="random")
    assert "'init'" in str(error.value)
    assert "got 'start'" in str(error.value)
    assert model.seed == 0, "all or nothing"
    V = len(toy_counts.vocabulary)
    assert repr(model.fit(toy_counts)) == (
        f"SkipGram(vector_size=4, epochs=1), trained on {V} x {V} words, "
        "1 epoch"
    )


def test_settings_are_keywords_only():
    with pytest.raises(TypeError):
        SkipGram(300)
    with pytest.raises(TypeError):
        SkipGram(start="random")


@pytest.mark.parametrize("backend", ["numpy", Backend()], ids=["name", "own"])
def test_a_clone_has_the_settings_and_nothing_learned(toy_counts, backend):
    goal = NegativeSampling(negative=3, shared=9)
    model = SkipGram(
        vector_size=4, objective=goal, epochs=2, backend=backend, seed=5
    )
    model.fit(toy_counts)
    other = clone(model)
    assert other.get_params(deep=False).keys() == model.get_params().keys()
    assert other.objective == goal
    assert not other.__sklearn_is_fitted__()
    other.fit(toy_counts)
    assert bits(other.network) == bits(model.network)


def test_scikit_learn_can_ask_whether_it_is_trained(toy_counts):
    model = SkipGram(vector_size=4, epochs=1)
    assert not model.__sklearn_is_fitted__()
    with pytest.raises(NotFittedError):
        check_is_fitted(model)
    assert model.fit(toy_counts).__sklearn_is_fitted__()
    check_is_fitted(model)


def test_a_search_over_settings(toy_counts):
    """As a grid search does it: clone, set, fit, measure."""
    base, found = SkipGram(epochs=2, backend="numpy"), {}
    grid = ParameterGrid(
        {
            "vector_size": [2, 8],
            "objective": ["softmax", NegativeSampling(shared=5)],
        }
    )
    for parameters in grid:
        model = clone(base).set_params(**parameters).fit(toy_counts)
        assert model.network.W_in.shape[1] == parameters["vector_size"]
        perplexity = held_out_perplexity(model, toy_counts)
        found[str(parameters)] = perplexity
    assert len(set(found.values())) == 4
    assert all(np.isfinite(list(found.values())))


def test_nothing_of_it_needs_scikit_learn():
    code = """
import sys
sys.modules["sklearn"] = None
from skipgram_lib import PLAIN, SkipGram, count_pairs
counts = count_pairs([["a", "b", "a", "c"]], **PLAIN.counts)
model = SkipGram(vector_size=2, **PLAIN.model).fit(counts)
print(model.set_params(epochs=2).get_params()["epochs"], model)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(
        "2 SkipGram(vector_size=2, epochs=2, lr=0.03"
    )
