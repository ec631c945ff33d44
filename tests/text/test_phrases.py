"""Phrases: gensim's scores and joins, the obvious loops, files."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import (
    Phrases,
    SkipgramError,
)
from skipgram_lib.text import phrases as phrases_module
from skipgram_lib.text.candidates import (
    CountedKeys,
    add_keys,
    all_parts,
    count_candidates,
    split_keys,
)
from skipgram_lib.text.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    join_phrases,
    phrase_tree,
)

SMALL = frozenset({"x", "y"})
# Few words, so that they meet often; x and y may be connector words.
tokens = st.sampled_from(["a", "b", "c", "d", "x", "y"])
texts = st.lists(st.lists(tokens, max_size=12), max_size=8)
# Tokens that look like joined ones, and a connector that does.
odd_tokens = st.sampled_from(
    ["a", "b", "a_b", "b_", "_", "__", "a_x", "x", "x_y", "y"]
)
odd_texts = st.lists(st.lists(odd_tokens, max_size=12), max_size=8)
connectors = st.sampled_from([frozenset(), SMALL, SMALL | {"x_y"}])
delimiters = st.sampled_from(["_", "__", "-", "_x_"])
settings_of_default = st.tuples(
    st.integers(1, 3), st.sampled_from([0.1, 1.0, 3.0]), st.just("default")
)
settings_of_npmi = st.tuples(
    st.integers(1, 3), st.sampled_from([-1, -0.5, 0.0, 0.4]), st.just("npmi")
)
settings = st.one_of(settings_of_default, settings_of_npmi)


def gensims():
    """Return gensim's module; skip what compares with it without it."""
    return pytest.importorskip(
        "gensim.models.phrases", reason="gensim is the oracle"
    )


def both(documents, setting, delimiter="_", words=frozenset()):
    """Return ours and gensim's phrases of the same text."""
    min_count, threshold, scoring = setting
    arguments = {
        "min_count": min_count,
        "threshold": threshold,
        "scoring": scoring,
        "delimiter": delimiter,
        "connector_words": words,
    }
    return (
        Phrases(documents, **arguments),
        gensims().Phrases(documents, **arguments),
    )


def check_against(ours, theirs, documents):
    """Compare sizes, each score, and each joined document."""
    assert ours.counts.vocabulary_size == len(theirs.vocab)
    assert ours.counts.total_tokens == theirs.corpus_word_count
    above = ours.settings.threshold
    for words, score in ours.scores.items():
        first, *between, last = words
        text, gensims = theirs.score_candidate(first, last, between)
        if score > above:
            assert (text, gensims) == (
                ours.settings.delimiter.join(words),
                score,
            )
        else:
            assert text is None
    assert list(ours[documents]) == list(theirs[documents])
    # Gensim keeps the score it met last, where strings coincide.
    found, theirs_found = ours.find_phrases(), theirs.find_phrases(documents)
    assert theirs_found.keys() <= found.keys()
    assert all(found[text] >= theirs_found[text] for text in theirs_found)


@given(texts, settings, delimiters, connectors)
def test_scores_and_joins_are_gensims(documents, setting, delimiter, words):
    ours, theirs = both(documents, setting, delimiter, words)
    check_against(ours, theirs, documents)


@given(odd_texts, settings, delimiters, connectors)
def test_tokens_with_the_delimiter_count_as_in_gensim(
    documents, setting, delimiter, words
):
    ours, theirs = both(documents, setting, delimiter, words)
    check_against(ours, theirs, documents)


@given(texts, settings, connectors, st.lists(tokens, max_size=20))
def test_phrases_without_odd_tokens_are_those_gensim_exports(
    documents, setting, words, other
):
    ours, theirs = both(documents, setting, "_", words)
    assert ours.find_phrases() == theirs.export_phrases()
    assert ours[other] == theirs[other]
    assert ours[other] == theirs.freeze()[other]


@given(texts, settings, connectors)
def test_a_second_pass_is_gensims_over_the_first(documents, setting, words):
    first, theirs = both(documents, setting, "_", words)
    joined = list(first[documents])
    ours, theirs = both(joined, setting, "_", words)
    check_against(ours, theirs, joined)
    min_count, threshold, scoring = setting
    twice = Phrases.learn(
        documents,
        2,
        threshold,
        min_count=min_count,
        scoring=scoring,
        connector_words=words,
    )
    assert twice.scores == ours.scores
    assert list(twice[documents]) == list(ours[joined])


@pytest.mark.parametrize("words", [frozenset(), ENGLISH_CONNECTOR_WORDS])
def test_the_whole_corpus(sotu_documents, words):
    ours, theirs = both(sotu_documents, (5, 10.0, "default"), "_", words)
    assert ours.find_phrases() == theirs.export_phrases()
    assert ours.counts.vocabulary_size == len(theirs.vocab)
    part = sotu_documents[::8]
    joined = list(ours[part])
    assert joined == list(theirs[part])
    sentence = part[-1]
    analysed = list(theirs.analyze_sentence(sentence))
    found = ours.find_phrases()
    assert joined[-1] == [text for text, _ in analysed]
    assert all(found[t] == s for t, s in analysed if s is not None)


@pytest.mark.slow
@pytest.mark.parametrize("words", [frozenset(), ENGLISH_CONNECTOR_WORDS])
def test_the_whole_corpus_by_mutual_information_and_twice(
    sotu_documents, words
):
    ours, theirs = both(sotu_documents, (5, 0.5, "npmi"), "_", words)
    assert ours.find_phrases() == theirs.export_phrases()
    joined = list(ours[sotu_documents])
    check_against(*both(joined, (5, 10.0, "default"), "_", words), joined)


def test_the_list_of_connector_words_is_gensims():
    assert ENGLISH_CONNECTOR_WORDS == gensims().ENGLISH_CONNECTOR_WORDS


def test_a_score_by_hand():
    lines = ["new york city", "new york state", "new york harbor"]
    documents = [line.split() for line in lines]
    ours = Phrases(documents, min_count=1, threshold=1)
    # 5 words and 4 pairs; (3 - 1) / (3 * 3) * 9
    assert ours.score("new", "york") == 2.0
    assert ours.score("york", "city") == 0.0
    assert ours.score("city", "york") == -math.inf
    assert ours.find_phrases() == {"new_york": 2.0}
    by_information = Phrases(documents, 1, 0, "npmi")
    expected = math.log((3 / 9) / (3 / 9 * 3 / 9)) / -math.log(3 / 9)
    assert by_information.score("new", "york") == pytest.approx(expected)


def obvious_counts(documents, words):
    """Count words and candidates, one token after the other."""
    own, found = Counter(), Counter()
    for document in documents:
        begun = []
        for token in document:
            if token in words:
                begun += [token] if begun else []
                continue
            own[token] += 1
            if begun:
                found[*begun, token] += 1
            begun = [token]
    return own, found


@given(texts, connectors, st.integers(1, 30))
def test_counts_are_those_of_the_obvious_loop(documents, words, block):
    counts = count_candidates(documents, words, block)
    parts = all_parts(counts)
    first, suffix = split_keys(counts)
    own, found = obvious_counts(documents, words)
    numbers = zip(first, suffix, counts.n.tolist(), strict=True)
    assert {parts[a] + parts[b]: n for a, b, n in numbers} == found
    names = list(counts.words)
    assert set(names[: counts.connectors]) == words
    frequencies = counts.frequencies.tolist()
    assert dict(
        zip(
            names[counts.connectors :],
            frequencies[counts.connectors :],
            strict=True,
        )
    ) == dict(own)


@given(st.lists(st.lists(st.integers(0, 9), max_size=9), max_size=9))
def test_counted_keys_add_up(lists):
    total = CountedKeys(np.zeros(0, np.int64), np.zeros(0, np.int64))
    for values in lists:
        found = np.unique(np.array(values, np.int64), return_counts=True)
        total = add_keys(total, CountedKeys(*found))
    counted = Counter(value for values in lists for value in values)
    keys = total.keys.tolist()
    assert keys == sorted(counted)
    assert dict(zip(keys, total.n.tolist(), strict=True)) == dict(counted)


def test_blocks_of_any_size_give_the_same(sotu_documents, monkeypatch):
    part = sotu_documents[:12]
    whole = Phrases(part, 2, 1, connector_words=ENGLISH_CONNECTOR_WORDS)
    counted = count_candidates

    def in_small_blocks(documents, words):
        return counted(documents, words, block=3_000)

    monkeypatch.setattr(phrases_module, "count_candidates", in_small_blocks)
    parts = Phrases(part, 2, 1, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert parts.scores == whole.scores
    assert parts.counts == whole.counts


def test_a_word_belongs_to_one_phrase():
    tree = phrase_tree([("a", "b"), ("b", "a"), ("b", "b")], "_")
    line = "a b a b b b a"
    assert join_phrases(line.split(), tree) == [
        "a_b",
        "a_b",
        "b_b",
        "a",
    ]


def test_small_words_begin_and_end_no_phrase():
    tree = phrase_tree([("house", "of", "lords"), ("lords", "in")], "_")
    line = "of the house of the house of lords of house of"
    joined = line.replace("house of lords", "house_of_lords")
    assert join_phrases(line.split(), tree) == joined.split()
    documents = [["house", "of", "lords"]] * 9
    # 2 words and 1 candidate; (9 - 1) / (9 * 9) * 3
    found = Phrases(documents, 1, 0.1, connector_words={"of"})
    assert found.score("house", "lords", ["of"]) == 8 / 81 * 3
    assert list(found.find_phrases()) == ["house_of_lords"]


def test_a_generator_is_read_once_and_counted_right(toy_documents):
    from_list = Phrases(toy_documents, 1, 1)
    from_stream = Phrases((iter(d) for d in toy_documents), 1, 1)
    assert from_stream.counts == from_list.counts
    assert from_stream.find_phrases()


def test_joined_documents_are_lazy_and_can_be_read_again(toy_documents):
    phrases = Phrases(toy_documents, 1, 1)
    seen = []

    def documents():
        for document in toy_documents:
            seen.append(document)
            yield document

    stream = phrases[toy_documents]
    assert list(stream) == list(stream) != toy_documents
    once = phrases[documents()]
    read_ahead = len(seen)
    next(iter(once))
    assert read_ahead <= 1
    assert len(seen) <= 2
    with pytest.raises(SkipgramError, match="only once"):
        list(once)


def test_one_document_or_many(toy_documents):
    phrases = Phrases(toy_documents, 1, 1)
    document = toy_documents[0]
    joined = phrases.join(document)
    assert phrases[document] == phrases[iter(document)] == joined
    assert phrases[tuple(document)] == phrases[np.array(document)] == joined
    assert list(phrases[iter([document])]) == [joined]
    assert phrases[[]] == phrases[iter([])] == []
    assert list(phrases[[[], document]]) == [[], joined]


def test_nothing_is_found_in_nothing():
    for documents in ([], [[]], [["one"]], [["one"], [], ["two"]]):
        phrases = Phrases(documents, 1, 0.1)
        assert phrases.find_phrases() == {}
        assert list(phrases[[["one", "two"]]]) == [["one", "two"]]


def test_passes_have_thresholds_of_their_own(toy_documents):
    low = Phrases.learn(toy_documents, 2, [1, 1], min_count=1)
    high = Phrases.learn(toy_documents, 2, [1, 1000], min_count=1)
    assert low.earlier.find_phrases() == high.earlier.find_phrases()
    assert len(low.find_phrases()) > len(high.find_phrases())
    assert high.find_phrases() == high.earlier.find_phrases()
    once = Phrases.learn(toy_documents, 1, 1, min_count=1)
    assert once.earlier is None
    found = len(high.find_phrases())
    assert repr(high) == f"Phrases({found} found, passes: 2)"


@given(odd_texts, settings, connectors, st.integers(1, 3))
def test_a_file_gives_it_back(tmp_path_factory, documents, setting, words, n):
    min_count, threshold, scoring = setting
    phrases = Phrases.learn(
        documents,
        n,
        threshold,
        min_count=min_count,
        scoring=scoring,
        connector_words=words,
    )
    path = tmp_path_factory.mktemp("phrases") / "phrases.json"
    assert phrases.save(path) == path
    again = Phrases.load(path)
    while phrases is not None:
        assert again.settings == phrases.settings
        assert again.counts == phrases.counts
        assert again.scores == phrases.scores
        assert again.tree == phrases.tree
        assert list(again[documents]) == list(phrases[documents])
        phrases, again = phrases.earlier, again.earlier
    assert again is None


def test_a_file_that_cannot_be_written_changes_nothing(
    toy_documents, tmp_path
):
    phrases = Phrases(toy_documents, 1, 1)
    with pytest.raises(SkipgramError, match="is no file"):
        phrases.save(tmp_path)
    with pytest.raises(SkipgramError, match="cannot write"):
        phrases.save(tmp_path / "none" / "phrases.json")
    assert list(tmp_path.iterdir()) == []


def changed(about, **values):
    """Return a pass with other values."""
    return {**about, **values}


@pytest.fixture
def saved(toy_documents, tmp_path):
    """Return a file of one pass, and its contents."""
    path = Phrases(toy_documents, 1, 1).save(tmp_path / "phrases.json")
    return path, json.loads(path.read_text())


BROKEN = [
    lambda whole, one: [],
    lambda whole, one: {},
    lambda whole, one: {**whole, "version": 2},
    lambda whole, one: {**whole, "passes": []},
    lambda whole, one: {**whole, "passes": [7]},
    lambda whole, one: {**whole, "passes": [{}]},
    lambda whole, one: {**whole, "passes": [changed(one, min_count=0)]},
    lambda whole, one: {**whole, "passes": [changed(one, threshold=[])]},
    lambda whole, one: {**whole, "passes": [changed(one, delimiter="")]},
    lambda whole, one: {**whole, "passes": [changed(one, connector_words=1)]},
    lambda whole, one: {**whole, "passes": [changed(one, frequencies={})]},
    lambda whole, one: {
        **whole,
        "passes": [
            changed(one, frequencies=dict.fromkeys(one["frequencies"], 0))
        ],
    },
    lambda whole, one: {**whole, "passes": [changed(one, total_tokens="9")]},
    lambda whole, one: {**whole, "passes": [changed(one, candidates=[[1]])]},
    lambda whole, one: {**whole, "passes": [changed(one, candidates=[[]])]},
    lambda whole, one: {
        **whole,
        "passes": [changed(one, candidates=[["new", "york", 1.5]])],
    },
    lambda whole, one: {
        **whole,
        "passes": [changed(one, candidates=[["new", 3, "york", 1]])],
    },
]


@pytest.mark.parametrize("damage", BROKEN)
def test_a_damaged_file_is_an_error_that_says_so(saved, damage):
    path, whole = saved
    path.write_text(json.dumps(damage(whole, whole["passes"][0])))
    with pytest.raises(SkipgramError, match=r"does not hold phrases"):
        Phrases.load(path)


def test_what_is_no_json_is_an_error(tmp_path):
    path = tmp_path / "phrases.json"
    for content in (b"", b"\x80\x04pickle", b"[1, 2", b"[" * 100_000):
        path.write_bytes(content)
        with pytest.raises(SkipgramError, match="does not hold phrases"):
            Phrases.load(path)
    with pytest.raises(SkipgramError, match="cannot read"):
        Phrases.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Phrases("new york"),
            "documents must be a list, got 'new york'",
        ),
        (lambda: Phrases(["new york"]), "document 0 is the string 'new york'"),
        (lambda: Phrases([["a"], b"new"]), "document 1 is the string b'new'"),
        (lambda: Phrases([7]), "document 0 must be a list, got 7"),
        (lambda: Phrases(7), "documents must be a list, got 7"),
        (lambda: Phrases([["new", 7]]), "must be a string, .* got 7"),
        (lambda: Phrases([["new", ""]]), "and not empty, got ''"),
        (lambda: Phrases([["new", ["york"]]]), "empty, got \\['york'\\]"),
        (lambda: Phrases([]).join([1, 2]), "document must be strings, got 1"),
        (lambda: Phrases([]).join({"a", "b"}), "document must be in an order"),
        (lambda: Phrases({("a",), ("b",)}), "documents must be in an order"),
        (lambda: Phrases(iter([])), "have they been gone through already"),
        (lambda: list(Phrases([])[[["a"], [2]]]), "document 1 must be str"),
        (lambda: Phrases([], min_count=0), "min_count must be"),
        (lambda: Phrases([], min_count=1.5), "min_count must be"),
        (lambda: Phrases([], threshold=0), "above 0"),
        (lambda: Phrases([], threshold=math.nan), "above 0"),
        (lambda: Phrases([], threshold="10"), "threshold must be a number"),
        (lambda: Phrases([], threshold=2, scoring="npmi"), "from -1 to 1"),
        (lambda: Phrases([], scoring="pmi"), "'default' or 'npmi', got 'pmi'"),
        (lambda: Phrases([], delimiter=""), "delimiter must be"),
        (lambda: Phrases([], connector_words="of"), "got 'of'"),
        (lambda: Phrases([], connector_words=[1]), "connector_words must"),
        (lambda: Phrases([])["new york"], "must be a list, got 'new york'"),
        (lambda: Phrases([])[7], "documents must be a list, got 7"),
        (lambda: Phrases([])[[7]], "document 0 must be a list, got 7"),
        (lambda: Phrases([])[[b"new"]], "document 0 must be a list, got b'n"),
        (lambda: Phrases([]).join("new york"), "a list, got 'new york'"),
        (lambda: list(Phrases([])[[["a"], "b"]]), "document 1 is the string"),
        (lambda: Phrases.learn([], 0), "passes must be"),
        (lambda: Phrases.learn([], 2, [1.0]), "2 passes take 2"),
        (lambda: Phrases.learn(iter([]), 2), "can be read only once"),
    ],
)
def test_errors_are_sentences(make, message):
    with pytest.raises(SkipgramError, match=message):
        make()
