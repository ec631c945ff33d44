"""What the readers' questions say of the whole library, in general."""

import numpy as np
from helpers import assert_same_weights
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import SkipGram, Vocabulary, count_pairs

WORDS = list("abcdef")
VOCABULARY = Vocabulary(WORDS, [9, 8, 7, 6, 5, 4], 50)
# The last document makes sure that there is a pair to count.
texts = st.lists(
    st.lists(st.sampled_from(WORDS), max_size=20), max_size=4
).map(lambda documents: [*documents, ["a", "b"]])
plans = st.fixed_dictionaries(
    {
        "window": st.integers(1, 6),
        "shrink_windows": st.booleans(),
        "sample": st.sampled_from([None, 1e-3, 0.1]),
    }
)


@given(texts, plans)
def test_a_text_read_backwards_has_the_same_counts(documents, plan):
    backwards = [tokens[::-1] for tokens in documents]
    one, other = (
        count_pairs(text, vocabulary=VOCABULARY, **plan).matrix().toarray()
        for text in (documents, backwards)
    )
    assert np.array_equal(one, other)


@given(texts, plans)
def test_one_side_of_a_backward_text_is_the_other_side(documents, plan):
    backwards = [tokens[::-1] for tokens in documents]
    given = {"vocabulary": VOCABULARY, **plan}
    one = count_pairs(documents, side="left", **given)
    other = count_pairs(backwards, side="right", **given)
    assert np.array_equal(one.matrix().toarray(), other.matrix().toarray())


def test_training_never_sees_a_letter():
    rng = np.random.default_rng(0)
    documents = [rng.choice(WORDS, 200).tolist()]
    names = dict(
        zip(WORDS, ["Ünder", "2", "zz", "y'x", "w", "v"], strict=True)
    )
    other = Vocabulary(names.values(), VOCABULARY.frequencies, 50)
    renamed = [[names[word] for word in documents[0]]]
    for settings in ({}, {"init": "random"}):
        networks = [
            SkipGram(vector_size=3, progress=False, **settings)
            .fit(count_pairs(text, vocabulary=vocabulary))
            .network
            for vocabulary, text in (
                (VOCABULARY, documents),
                (other, renamed),
            )
        ]
        assert_same_weights(*networks)
