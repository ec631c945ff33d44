"""Training pairs: the tutorial's figure, and the obvious loop."""

from itertools import groupby

import numpy as np
import pytest
from helpers import near
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import SkipgramError
from skipgram_lib.counts.windows import training_pairs, window_offsets

TEXT = "the quick brown fox jumps over the lazy dog"
FOX = TEXT.split()
SIDES = ["both", "left", "right"]

ids = st.lists(st.integers(0, 5), max_size=30)
windows = st.integers(1, 8)
sides = st.sampled_from(SIDES)


def obvious_pairs(tokens, window, side):
    return [
        [tokens[i], tokens[j]]
        for i in range(len(tokens))
        for j in near(i, len(tokens), window, side)
    ]


def test_the_tutorials_figure_in_its_order():
    figure = """
        the quick, the brown,
        quick the, quick brown, quick fox,
        brown the, brown quick, brown fox, brown jumps,
        fox quick, fox brown, fox jumps, fox over,
        jumps brown, jumps fox, jumps over, jumps the,
        over fox, over jumps, over the, over lazy,
        the jumps, the over, the lazy, the dog,
        lazy over, lazy the, lazy dog,
        dog the, dog lazy
    """
    pairs = [pair.split() for pair in figure.split(",")]
    assert training_pairs(FOX, window=2).tolist() == pairs


@given(ids, windows, sides)
def test_pairs_are_those_of_the_obvious_loop(tokens, window, side):
    pairs = training_pairs(tokens, window, side)
    assert pairs.shape[1] == 2
    assert pairs.tolist() == obvious_pairs(tokens, window, side)


@given(ids, windows)
def test_what_stands_left_of_one_word_has_it_on_its_right(tokens, window):
    left = training_pairs(tokens, window, "left")
    right = training_pairs(tokens, window, "right")
    assert sorted(left[:, ::-1].tolist()) == sorted(right.tolist())


@given(ids, windows, sides, st.integers(0, 99))
def test_a_shrunken_window_is_a_whole_window_of_some_size(
    tokens, window, side, seed
):
    positions = list(range(len(tokens)))
    pairs = training_pairs(positions, window, side, True, seed).tolist()
    of = {i: list(group) for i, group in groupby(pairs, lambda pair: pair[0])}
    for i in positions:
        possible = [
            [[i, j] for j in near(i, len(tokens), size, side)]
            for size in range(1, window + 1)
        ]
        assert of.get(i, []) in possible


def test_every_size_of_window_is_equally_likely():
    pairs = training_pairs(np.arange(40_000), 4, "right", True, rng=0)
    distance = pairs[:, 1] - pairs[:, 0]
    share = np.bincount(distance, minlength=5)[1:] / 40_000
    assert share == pytest.approx([1, 3 / 4, 2 / 4, 1 / 4], abs=0.01)


def test_a_seed_is_a_generator_and_draws_the_same_windows_again():
    first, again, other = (
        training_pairs(range(100), 5, shrink_windows=True, rng=rng).tolist()
        for rng in (7, np.random.default_rng(7), 8)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("tokens", [[], ["alone"]], ids=["none", "one"])
@pytest.mark.parametrize("shrink", [False, True])
def test_fewer_than_two_words_make_no_pair(tokens, shrink):
    pairs = training_pairs(tokens, 2, shrink_windows=shrink, rng=0)
    assert pairs.shape == (0, 2)


@pytest.mark.parametrize(
    ("side", "offsets"),
    [("both", [-2, -1, 1, 2]), ("left", [-2, -1]), ("right", [1, 2])],
)
def test_offsets_stand_in_the_order_of_the_text(side, offsets):
    assert window_offsets(2, side).tolist() == offsets


@pytest.mark.parametrize("text", ["the quick brown fox", b"the quick"])
def test_a_text_that_is_not_split_yet_is_refused(text):
    with pytest.raises(SkipgramError) as error:
        training_pairs(text)
    assert str(error.value) == f"tokens must be a list, got {text!r}"


@pytest.mark.parametrize("window", [0, -3, 2.5, "2", True, None])
def test_a_window_below_one_or_broken_is_refused(window):
    with pytest.raises(SkipgramError) as error:
        training_pairs(FOX, window=window)
    assert "window must be a whole number" in str(error.value)
    assert repr(window) in str(error.value)


def test_an_unknown_side_is_refused():
    with pytest.raises(SkipgramError) as error:
        training_pairs(FOX, side="up")
    assert str(error.value) == (
        "side must be 'both', 'left' or 'right', got 'up'"
    )
