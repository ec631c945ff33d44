"""Files of word vectors: round trips, gensim as the oracle, broken files."""

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import sys
import textwrap
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fuzz_formats import (
    broken_files,
    check_foreign,
    foreign_texts,
    options,
    place_file,
    try_to_load,
)
from helpers import ROOT
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file, save_file

from skipgram_lib import SkipgramError, Vocabulary, WordVectors, load_vectors
from skipgram_lib.storage import inputs
from skipgram_lib.storage.files import write_file
from skipgram_lib.vectors.formats.common import BLOCK_BYTES
from skipgram_lib.vectors.formats.model_folder import (
    ModelFolder,
    write_model_folder,
)
from skipgram_lib.vectors.formats.registry import FORMATS, find_format

ALL = [
    "v.bin",
    "v.bin.gz",
    "v.txt",
    "v.txt.gz",
    "v.vec",
    "v.vec.gz",
    "v.npz",
    "v.safetensors",
    "v",
]
LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc"
)
reuse_tmp_path = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
    max_examples=60,
)


def some_vectors(V=50, D=7, dtype=np.float32, seed=0):
    """Return random vectors; a word is not ASCII."""
    rng = np.random.default_rng(seed)
    words = [f"w{i}" for i in range(V - 1)] + ["été"]
    return WordVectors(words, rng.normal(size=(V, D)).astype(dtype))


def assert_same(found, wanted):
    """Compare words, numbers and their type, bit for bit."""
    assert found.words == wanted.words
    assert found.matrix.dtype == wanted.matrix.dtype
    one = np.ascontiguousarray(found.matrix).tobytes()
    assert one == np.ascontiguousarray(wanted.matrix).tobytes()


def message(path, **settings):
    """Load what cannot be loaded; return the sentence of the error."""
    with pytest.raises(SkipgramError) as error:
        load_vectors(path, progress=False, **settings)
    assert type(error.value) is SkipgramError
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def write(tmp_path):
    """Return a function that writes bytes to a name and gives the path."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def record(word, *numbers):
    """Return a binary record."""
    return word + b" " + struct.pack(f"<{len(numbers)}f", *numbers)


# Round trips

words_of = {
    "binary": st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters=" \n"),
        min_size=1,
        max_size=12,
    ),
    "text": st.text(
        st.characters(
            exclude_categories=["Cs"], exclude_characters=" \t\n\v\f\r"
        ),
        min_size=1,
        max_size=12,
    ),
    "npz": st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
        min_size=1,
        max_size=12,
    ),
    "any": st.text(
        st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12
    ),
    "tsv": st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"),
        min_size=1,
        max_size=12,
    ).filter(lambda word: word.strip(" \ufeff\u2003") and word.strip()),
}


@st.composite
def any_vectors(draw, words, dtypes):
    """Draw words and a matrix of any finite numbers."""
    words = draw(st.lists(words, min_size=1, max_size=8, unique=True))
    shape = len(words), draw(st.integers(1, 4))
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    numbers = st.floats(
        width=8 * dtype.itemsize, allow_nan=False, allow_infinity=False
    )
    return WordVectors(words, draw(hnp.arrays(dtype, shape, elements=numbers)))


FLOATS = ["f2", "f4", "f8"]
EACH = [
    ("v.bin", None, "binary", ["f4"]),
    ("v.bin.gz", None, "binary", ["f4"]),
    ("v.vec", None, "text", FLOATS),
    ("v.txt.gz", None, "text", FLOATS),
    ("v.npz", None, "npz", FLOATS),
    ("v.safetensors", None, "any", FLOATS),
    ("v", None, "tsv", FLOATS),
]


@pytest.mark.parametrize(("name", "format", "words", "dtypes"), EACH)
@given(data=st.data())
@reuse_tmp_path
def test_what_is_saved_comes_back_bit_for_bit(
    tmp_path, name, format, words, dtypes, data
):
    vectors = data.draw(any_vectors(words_of[words], dtypes))
    path = vectors.save(tmp_path / name, progress=False)
    assert path == tmp_path / name
    dtype = None if "npz" in name or "safe" in name else vectors.matrix.dtype
    found = load_vectors(path, dtype=dtype, progress=False)
    assert_same(found, vectors)


@given(any_vectors(words_of["text"], FLOATS))
@reuse_tmp_path
def test_glove_comes_back_or_is_not_written(tmp_path, vectors):
    path = tmp_path / "glove.txt"
    try:
        vectors.save(path, format="glove")
    except SkipgramError as error:
        assert "word" in str(error) or "is " in str(error)
        assume(False)
    assert_same(load_vectors(path, dtype=vectors.matrix.dtype), vectors)


@pytest.mark.parametrize("name", ALL)
def test_more_than_a_block_comes_back(tmp_path, name):
    vectors = some_vectors(3_000, 130)
    assert vectors.matrix.nbytes > BLOCK_BYTES
    path = vectors.save(tmp_path / name)
    assert_same(load_vectors(path), vectors)
    few = load_vectors(path, limit=2_999)
    assert few.words == vectors.words[:2_999]
    assert (few.matrix == vectors.matrix[:2_999]).all()


@pytest.mark.parametrize("D", [1, 2, 300, 70_000])
@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.bin.gz", "v.vec.gz"])
def test_short_and_long_vectors_come_back(tmp_path, name, D):
    vectors = some_vectors(9, D)
    assert_same(load_vectors(vectors.save(tmp_path / name)), vectors)


def test_a_model_folder_gives_the_rows_of_its_hidden_layer(
    tmp_path, toy_model
):
    toy_model.save(tmp_path / "model")
    assert_same(load_vectors(tmp_path / "model"), toy_model.vectors)
    few = load_vectors(tmp_path / "model", limit=2, dtype="float16")
    assert few.matrix.dtype == np.float16
    assert few.words == toy_model.vectors.words[:2]


def test_word_vectors_save_themselves(tmp_path):
    vectors = some_vectors()
    vectors.save(tmp_path / "v.bin", progress=False)
    assert_same(load_vectors(tmp_path / "v.bin"), vectors)


# gensim, in both directions


@pytest.fixture
def gensim_vectors():
    """Return gensim's class of word vectors."""
    pytest.importorskip("gensim", reason="gensim is the oracle")
    from gensim.models import KeyedVectors

    return KeyedVectors


@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz", "v.txt", "v.vec.gz"])
def test_gensim_reads_ours(tmp_path, gensim_vectors, name):
    vectors = some_vectors(400, 30)
    path = vectors.save(tmp_path / name)
    peer = gensim_vectors.load_word2vec_format(path, binary="bin" in name)
    assert peer.index_to_key == vectors.words
    assert (peer.vectors == vectors.matrix).all()
    assert (peer["été"] == vectors["été"]).all()
    assert peer["w1"].min() == vectors["w1"].min()
    assert peer["w1"].max() == vectors["w1"].max()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_gensim_reads_our_glove(tmp_path, gensim_vectors):
    vectors = some_vectors(40, 5)
    path = vectors.save(tmp_path / "v.txt", format="glove")
    peer = gensim_vectors.load_word2vec_format(path, no_header=True)
    assert (peer.vectors == vectors.matrix).all()


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("v.bin", True),
        ("v.bin.gz", True),
        ("v.txt", True),
        ("v.txt", False),
        ("v.vec.gz", True),
        ("v.vec.gz", False),
    ],
)
def test_we_read_gensims(tmp_path, gensim_vectors, name, header):
    vectors = some_vectors(400, 30)
    peer = gensim_vectors(30)
    peer.add_vectors(vectors.words, vectors.matrix)
    path = tmp_path / name
    peer.save_word2vec_format(
        str(path), binary="bin" in name, write_header=header
    )
    assert_same(load_vectors(path), vectors)


@given(any_vectors(words_of["binary"], ["f4"]))
@reuse_tmp_path
def test_gensim_reads_any_word_that_we_write_to_binary(
    tmp_path, gensim_vectors, vectors
):
    path = vectors.save(tmp_path / "v.bin")
    peer = gensim_vectors.load_word2vec_format(path, binary=True)
    assert peer.index_to_key == vectors.words
    assert peer.vectors.tobytes() == vectors.matrix.tobytes()


def test_gensims_own_save_is_a_pickle_and_is_refused(tmp_path, gensim_vectors):
    peer = gensim_vectors(2)
    peer.add_vectors(["a"], np.ones((1, 2), np.float32))
    peer.save(str(tmp_path / "v.kv"))
    said = message(tmp_path / "v.kv", format="word2vec-binary")
    assert "is a pickle, which is a program and is never run" in said
    assert "save_word2vec_format" in said


# What other programs write


def test_the_line_feeds_of_the_c_program_are_taken(write):
    for end in (b"", b"\n", b"\n\n"):
        data = record(b"tax", 1, 2) + end + record(b"navy", 3, 4) + end
        found = load_vectors(write("c.bin", b"2 2\n" + data))
        assert found.words == ["tax", "navy"]
        assert found.matrix.tolist() == [[1, 2], [3, 4]]


def test_line_feeds_are_taken_at_the_seams_of_blocks(write):
    vectors = some_vectors(3_000, 130)
    data = b"3000 130\n" + b"".join(
        word.encode() + b" " + row.tobytes() + b"\n"
        for word, row in zip(vectors.words, vectors.matrix, strict=True)
    )
    assert_same(load_vectors(write("c.bin", data)), vectors)


def test_fasttexts_space_at_the_end_of_a_line_is_taken(write):
    found = load_vectors(write("ft.vec", b"2 2\n</s> 1 2 \ntax 3 4 \n"))
    assert found.words == ["</s>", "tax"]
    assert found.matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "text",
    [
        b"2 2\r\ntax 1 2\r\nnew york 3 4\r\n",
        b"\xef\xbb\xbf2 2\ntax 1 2\nnew york 3 4",
        b"2\t2\ntax 1 2\nnew york 3 4\n\n\n",
        b"tax 1 2\nnew york 3 4\n",
        b"tax 1e0 2.0\nnew york +3 0.4e1\n",
    ],
)
def test_other_line_ends_and_marks_are_taken(write, text):
    found = load_vectors(write("v.txt", text))
    assert found.words == ["tax", "new york"]
    assert found.matrix.tolist() == [[1, 2], [3, 4]]


def test_the_size_of_glove_vectors_is_the_most_frequent(write):
    text = b". . . 1 2\nat a@b.com 3 4\ntax 5 6\n7 7 8\nfish 9 0\n"
    found = load_vectors(write("v.txt", text))
    assert found.words == [". . .", "at a@b.com", "tax", "7", "fish"]
    assert found.matrix[1].tolist() == [3, 4]


def test_two_whole_numbers_are_a_header_unless_told_otherwise(write):
    path = write("v.txt", b"2 1\n7 3\n")
    assert "the file ends after 1 of the 2" in message(path)
    found = load_vectors(path, format="glove")
    assert found.words == ["2", "7"]


# Formats with arrays


def test_the_safetensors_package_reads_ours_and_we_its(tmp_path):
    words = ["a b", "été\n", "\0"]
    vectors = WordVectors(words, np.eye(3, 5, dtype=np.float16))
    path = vectors.save(tmp_path / "v.safetensors")
    tensors = load_file(path)
    assert (tensors["matrix"] == vectors.matrix).all()
    ends = tensors["offsets"].tolist()
    text = tensors["words"].tobytes()
    cut = [text[a:b].decode() for a, b in pairwise(ends)]
    assert cut == words
    save_file(tensors, tmp_path / "theirs.safetensors")
    assert_same(load_vectors(tmp_path / "theirs.safetensors"), vectors)


def test_safetensors_are_mapped_and_not_read(tmp_path):
    vectors = some_vectors()
    bad = vectors.matrix.copy()
    bad[3, 4] = np.nan
    path = WordVectors(vectors.words, bad).save(
        tmp_path / "v.safetensors", finite=False
    )
    found = load_vectors(path)
    base = found.matrix
    while not isinstance(base, np.memmap):
        base = base.base
    assert base.mode == "r"
    assert not found.matrix.flags.writeable
    with pytest.raises(SkipgramError, match="row 3 of the vectors"):
        _ = found.lengths
    assert "vector 3 ('w3'): the value nan" in message(path, dtype="float64")


@LINUX
def test_opening_safetensors_takes_no_memory_for_the_matrix(tmp_path):
    path = tmp_path / "v.safetensors"
    words = [f"w{i}" for i in range(1_000)]
    matrix = np.zeros((1_000, 50_000), np.float32)
    WordVectors(words, matrix).save(path, progress=False)
    code = f"""
        from pathlib import Path
        from skipgram_lib.vectors.vectors import load_vectors
        def now():
            return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
        before = now()
        vectors = load_vectors({str(path)!r})
        opened = now() - before
        vectors.matrix.sum()
        print(opened, now() - before)
    """
    out = run_python(code).stdout
    opened, used = map(int, out.split())
    assert opened < 5e6 < 150e6 < used, (opened, used)


def test_a_map_outlives_the_replacement_of_its_file(tmp_path):
    path = tmp_path / "v.safetensors"
    old, new = some_vectors(seed=1), some_vectors(seed=2)
    mapped = load_vectors(old.save(path))
    new.save(path)
    assert_same(mapped, old)
    assert_same(load_vectors(path), new)
    load_vectors(path).save(path)  # from the map of itself
    assert_same(load_vectors(path), new)


def test_numpy_reads_our_npz_and_we_its(tmp_path):
    vectors = some_vectors()
    with np.load(vectors.save(tmp_path / "v.npz")) as archive:
        assert archive["words"].tolist() == vectors.words
        assert (archive["matrix"] == vectors.matrix).all()
        for save in (np.savez, np.savez_compressed):
            save(tmp_path / "np.npz", **archive)
            assert_same(load_vectors(tmp_path / "np.npz"), vectors)
    turned = np.asfortranarray(vectors.matrix, ">f4")
    for encoding in ("utf-8", "latin-1"):
        words = np.array([w.encode(encoding) for w in vectors.words])
        np.savez(tmp_path / "np.npz", words=words, matrix=turned)
        found = load_vectors(tmp_path / "np.npz", encoding=encoding)
        assert found.words == vectors.words
        assert (found.matrix == vectors.matrix).all()


def projector_files(folder):
    """Return the paths of the numbers and of the words of a folder."""
    config = (folder / "projector_config.pbtxt").read_text()
    names = re.findall(r'_path: "(.*)"', config)
    return [folder / name for name in names]


def test_the_projectors_folder_is_what_tensorboard_wants(tmp_path):
    path = some_vectors(3, 2).save(tmp_path / "board")
    numbers, words = projector_files(path)
    assert re.fullmatch(r"vectors-[0-9a-f]{16}\.tsv", numbers.name)
    assert re.fullmatch(r"metadata-[0-9a-f]{16}\.tsv", words.name)
    names = {p.name for p in path.iterdir()}
    assert names == {numbers.name, words.name, "projector_config.pbtxt"}
    assert words.read_text("utf-8") == "w0\nw1\nété\n"
    lines = numbers.read_text().splitlines()
    assert [len(line.split("\t")) for line in lines] == [2, 2, 2]
    some_vectors(4, 2).save(path)  # a second time
    assert len(load_vectors(path)) == 4
    some_vectors(4, 2).save(path)  # the files of the first go
    assert len(list(path.iterdir())) == 3


def test_tensorboard_parses_the_projectors_configuration(tmp_path):
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    from google.protobuf import text_format
    from tensorboard.plugins.projector import ProjectorConfig

    path = some_vectors().save(tmp_path / "board")
    numbers, words = projector_files(path)
    text = (path / "projector_config.pbtxt").read_text()
    config = text_format.Parse(text, ProjectorConfig())
    assert config.embeddings[0].tensor_path == numbers.name
    assert config.embeddings[0].metadata_path == words.name


def test_folders_of_version_0_1_are_read(root):
    data = root / "tests" / "data"
    board = load_vectors(data / "v0.1" / "projector")
    for name in ("v0.1/model", "model_version_1"):
        model = load_vectors(data / name)
        assert model.matrix.shape == (len(model.words), model.vector_size)
    model = load_vectors(data / "v0.1" / "model")
    assert_same(board, model)
    assert model.words[:3] == ["new", "is", "york"]


@pytest.mark.parametrize(
    ("words", "contexts", "rows"),
    [
        (["tax"], ["tax"], None),
        (["tax", "navy"], ["tax", "navy"], 1),
        (["tax"], ["tax", "navy"], 2),
    ],
)
def test_a_model_whose_parts_do_not_fit_is_refused(
    tmp_path, words, contexts, rows
):
    V, C = len(words), len(contexts)
    about = {"vector_size": 2, "vocabulary_size": V}
    arrays = {"W_out": np.ones((C, 2)), "bias": np.ones(C)}
    if rows is not None:
        arrays["W_in"] = np.ones((rows, 2))
    both = (Vocabulary(w, [1] * len(w), len(w)) for w in (words, contexts))
    found = ModelFolder(about, *both, arrays)
    write_model_folder(tmp_path / "model", found)
    assert "do not fit together" in message(tmp_path / "model")


def test_a_folder_of_version_0_1_is_replaced(tmp_path, root):
    folder = tmp_path / "board"
    shutil.copytree(root / "tests" / "data" / "v0.1" / "projector", folder)
    for V in (3, 4):
        assert_same(
            load_vectors(some_vectors(V).save(folder)),
            some_vectors(V),
        )
    assert not (folder / "vectors.tsv").exists()
    assert not (folder / "metadata.tsv").exists()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ('tensor_path: "../a.tsv"', "a file in this folder, got '../a.tsv'"),
        (
            'tensor_path: "a.tsv" } embeddings { tensor_path: "b.tsv"',
            "got 'a.tsv' and 'b.tsv'; one is read",
        ),
        ("tensor_path: 'a.tsv' metadata_path: 'b.tsv'", ""),
    ],
)
def test_a_configuration_names_one_file_of_its_folder(tmp_path, named, said):
    config = tmp_path / "projector_config.pbtxt"
    config.write_text(f"embeddings {{ {named} }}")
    (tmp_path / "a.tsv").write_text("1\n2\n")
    (tmp_path / "b.tsv").write_text("x\ny\n")
    if said:
        assert said in message(tmp_path)
    else:
        assert load_vectors(tmp_path).words == ["x", "y"]


def test_fasttext_starts_from_our_vectors(tmp_path):
    fasttext = pytest.importorskip(
        "fasttext", reason="fastText is not installed"
    )
    vectors = some_vectors(20, 10)
    path = vectors.save(tmp_path / "v.vec")
    (tmp_path / "text.txt").write_text("w1 w2 w3 w4\n" * 50)
    model = fasttext.train_unsupervised(
        str(tmp_path / "text.txt"),
        dim=10,
        lr=0.0,
        epoch=1,
        minCount=1,
        minn=0,
        maxn=0,
        pretrainedVectors=str(path),
        verbose=0,
    )
    row = model.get_input_vector(model.get_word_id("w3"))
    assert (row == vectors["w3"]).all()


def test_spacy_reads_our_text(tmp_path):
    pytest.importorskip("spacy", reason="spaCy is not installed")
    import spacy

    vectors = some_vectors(20, 10)
    path = vectors.save(tmp_path / "v.txt")
    out = tmp_path / "out"
    command = ["-m", "spacy", "init", "vectors", "en", str(path), str(out)]
    subprocess.run([sys.executable, *command], check=True)
    assert (spacy.load(out).vocab["w3"].vector == vectors["w3"]).all()


# Types, options, names


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_type_asked_for_is_the_type_one_gets(tmp_path, name, dtype):
    vectors = some_vectors()
    path = vectors.save(tmp_path / name)
    found = load_vectors(path, dtype=dtype)
    assert found.matrix.dtype == dtype
    narrow = min(np.dtype(dtype), vectors.matrix.dtype)  # digits of float32
    assert (found.matrix.astype(narrow) == vectors.matrix.astype(narrow)).all()


@pytest.mark.parametrize("name", ["v.npz", "v.safetensors", "v.txt", "v"])
def test_half_precision_is_stored_as_such(tmp_path, name):
    vectors = some_vectors(500, 40)
    whole = vectors.save(tmp_path / name)
    half = vectors.save(tmp_path / f"half{name}", dtype="float16")
    found = load_vectors(half)
    rounded = vectors.matrix.astype(np.float16)
    assert (found.matrix.astype(np.float16) == rounded).all()
    files = [projector_files(p)[0] if p.is_dir() else p for p in (whole, half)]
    assert files[1].stat().st_size < 0.8 * files[0].stat().st_size
    text = name in ("v", "v.txt")
    assert found.matrix.dtype == (np.float32 if text else np.float16)


def test_what_half_precision_cannot_hold_is_refused(tmp_path):
    vectors = WordVectors(["a", "b"], np.array([[1.0], [70_000.0]]))
    said = "70000 is too large for float16; take a wider dtype"
    with pytest.raises(SkipgramError) as error:
        vectors.save(tmp_path / "v.npz", dtype="float16")
    assert str(error.value) == f"the vector of 'b': {said}"
    assert list(tmp_path.iterdir()) == []
    path = vectors.save(tmp_path / "v.safetensors")
    for settings_ in ({}, {"finite": False}):
        assert said in message(path, dtype="float16", **settings_)
    path = vectors.save(tmp_path / "v.bin")
    assert said in message(path, dtype="float16", finite=False)
    big = WordVectors(["a"], np.array([[1e300]]))
    with pytest.raises(SkipgramError, match="too large for float32"):
        big.save(tmp_path / "v.bin")


def test_word2vecs_binary_holds_float32_only(tmp_path):
    for dtype in ("float16", "float64"):
        with pytest.raises(SkipgramError, match=r"holds float32 only, got"):
            some_vectors().save(tmp_path / "v.bin", dtype=dtype)
    wide = some_vectors(dtype=np.float64)
    found = load_vectors(wide.save(tmp_path / "v.bin"))
    assert (found.matrix == wide.matrix.astype(np.float32)).all()


@pytest.mark.parametrize("name", ALL)
def test_values_that_are_not_finite_are_kept_on_request_only(tmp_path, name):
    matrix = np.array([[1, np.nan], [np.inf, 2], [-np.inf, 0]], np.float32)
    vectors = WordVectors(["a", "b", "c"], matrix)
    with pytest.raises(SkipgramError) as error:
        vectors.save(tmp_path / name)
    assert str(error.value) == (
        "the vector of 'a': the value nan is not finite; keep such values "
        "with finite=False"
    )
    assert list(tmp_path.iterdir()) == []
    path = vectors.save(tmp_path / name, finite=False)
    found = load_vectors(path, finite=False)
    assert np.array_equal(found.matrix, matrix, equal_nan=True)
    if name != "v.safetensors":
        assert "the value nan is not finite" in message(path)


@pytest.mark.parametrize("name", ALL)
def test_a_progress_bar_is_shown_on_request(tmp_path, capfd, name):
    vectors = some_vectors()
    path = vectors.save(tmp_path / name, progress=True)
    assert "saving: 100%" in capfd.readouterr().err
    load_vectors(path, progress=True)
    bar = "loading: 100%" in capfd.readouterr().err
    assert bar == (name not in ("v.npz", "v.safetensors", "v"))
    load_vectors(vectors.save(path))
    assert capfd.readouterr().err == ""


def test_the_name_tells_the_format(tmp_path):
    wanted = {
        "v.bin": "word2vec-binary",
        "GoogleNews-vectors-negative300.bin.gz": "word2vec-binary",
        "glove.6B.300d.txt": "word2vec-text",
        "wiki-news-300d-1M.VEC": "word2vec-text",
        "v.npz": "npz",
        "v.TXT.BZ2": "word2vec-text",
        "v.npz.zip": "npz",
        "v.safetensors": "safetensors",
        "projector": "tensorboard",
    }
    for name, format in wanted.items():
        assert find_format(tmp_path / name).name == format
    assert find_format(tmp_path).name == "tensorboard"
    for name in ("v.doc", "v.gz", "v.tsv"):
        said = message_of(find_format, tmp_path / name)
        assert "does not tell its format: it ends in none of .bin" in said
        assert "say format=word2vec-binary|word2vec-text|glove|npz" in said


def message_of(function, *arguments, **settings):
    """Call what must fail; return the sentence of the error."""
    with pytest.raises(SkipgramError) as error:
        function(*arguments, **settings)
    return str(error.value)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"format": "bin"}, "format must be 'word2vec-binary', 'word2vec-t"),
        ({"limit": 0}, "limit must be a whole number of at least 1, got 0"),
        (
            {"dtype": "int8"},
            "dtype must be 'float16', 'float32' or 'float64', got",
        ),
        (
            {"dtype": "half a"},
            "dtype must be 'float16', 'float32' or 'float64', got 'h",
        ),
        ({"dtype": np}, "dtype must be 'float16', 'float32' or 'float64', g"),
        ({"dtype": b"a"}, "dtype must be 'float16', 'float32' or 'float64', "),
        ({"encoding": 7}, "encoding must be "),
        (
            {"errors": "ignore"},
            "errors must be 'strict' or 'replace', got 'ignore'",
        ),
        (
            {"duplicates": "last"},
            "duplicates must be 'error' or 'first', got 'last'",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path, setting, said):
    path = some_vectors().save(tmp_path / "v.bin")
    assert said in message(path, **setting)


def test_missing_files_and_other_folders_are_named(tmp_path):
    said = message(tmp_path / "none.bin")
    assert said == f"no such file or folder: {tmp_path / 'none.bin'}"
    assert "neither a model.json nor a vectors.tsv" in message(tmp_path)
    (tmp_path / "v").write_bytes(b"1 1\na 1\n")
    assert "does not tell its format" in message(tmp_path / "v")
    (tmp_path / "d.bin").mkdir()
    assert "is a folder" in message(tmp_path / "d.bin")
    assert "cannot read" in message(tmp_path / "d.bin", format="npz")


# Files that are broken

V2 = b"2 2\n" + record(b"tax", 1, 2) + record(b"navy", 3, 4)
BAD = {
    "t.bin": (
        V2[:-1],
        r"byte 16: the file ends after 1 of the 2 vectors that its first line "
        r"promises; download it again, or read what is there with limit=1$",
    ),
    "u.bin": (V2[:8], r"byte 4: the file ends after 0 of the 2.*again$"),
    "w.bin": (
        V2 + b"x",
        r"byte 29: more than the 2 vectors that the first line promises; "
        r"correct it, or read only those with limit=2$",
    ),
    "h.bin": (b"two 2\n", r"line 1: a word2vec file begins with the number "),
    "g.bin": (b"tax 1 2\n", r"it looks like GloVe's$"),
    "z.bin": (b"0 2\n", r"promises 0 vectors of 2 numbers; there must be at"),
    "y.bin": (b"2 0\n", r"promises 2 vectors of 0 numbers; there must be at"),
    "x.bin": (b"1 9999999\n", r"there must be at least one vector, of 1 to 1"),
    "3.bin": (
        b"3000000000 300\n" + V2,
        r"byte 15: the file ends after 0 of the 3,000,000,000 vectors",
    ),
    "s.bin": (
        b"2 2\ntax 1.5 2\nnavy 3 4\n",
        r"line 2, is text, and binary is"
        r" expected; name the file \.txt, or load it with format=",
    ),
    "e.bin": (b"1 1\n " + V2[-4:], r"byte 4: an empty word"),
    "f.bin": (b"1 1\n\n " + V2[-4:], r"byte 4: an empty word"),
    "l.bin": (
        b"1 1\n" + b"x" * 70_000,
        r"byte 4: no space ends the word b'xx",
    ),
    "n.bin": (
        b"2 1\n" + record(b"a", 1) + record(b"b", np.nan),
        r"byte 10: the value nan is not finite; keep such values with ",
    ),
    "i.bin": (b"1 1\n" + record(b"a", -np.inf), r"byte 4: the value -inf is"),
    "d.bin": (
        b"2 1\n" + record(b"a", 1) + record(b"a", 2),
        r"byte 10: duplicate word 'a'; take the first of",
    ),
    "8.bin": (
        b"1 1\n" + record(b"\xe9t\xe9", 1),
        r"byte 4: the word b'\\xe9t"
        r"\\xe9' is not UTF-8; name its encoding, as in encoding='latin-1', "
        r"or read it with errors='replace'$",
    ),
    "p.bin": (pickle.dumps({"a": 1}), r"is a pickle, which is a program and"),
    "0.bin": (b"", r"is empty; download it again"),
    "k.bin": (b"PK\3\4....", r"the zip data is truncated or corrupt"),
    "5.bin": (b"\x89HDF\r\n", r"is HDF5, which is not read here"),
    "m.bin": (b"\x93NUMPY\1\0", r"one array of NumPy's without words"),
    "q.bin": (b"\xba\x16\x4f\x2f\x0c", r"is fastText's own model; load the "),
    "v.bin": (b"\x40\0\0\0\0\0\0\0{}", r"is safetensors; let its name end in"),
    "b.txt": (
        V2,
        r"line 2: expected a word and 2 numbers, got 0: b'tax \\x00.*; it "
        r"looks binary: name it .bin, or load it with format='word2vec-bin",
    ),
    "j.txt": (
        b"\0\1\2 \3",
        r"line 1: expected words, each followed by its nu"
        r".*it looks binary: name it \.bin",
    ),
    "o.txt": (b"hello\nworld\n", r"line 1: expected words, each followed by"),
    "s.txt": (
        b"2 2\nlong 1.5 2.5\n",
        r"line 3: the file ends after 1 of the 2 vect",
    ),
    "m.txt": (b"1 2\na 1 2\nb 3 4\n", r"line 3: more than the 1 vectors that"),
    "f.txt": (b"2 2\na 1 2\nb 3\n", r"line 3: expected a word and 2 numbers,"),
    "g.txt": (b"a 1 2\nb 1 2\nc 3\n", r"line 3: expected a word and 2 number"),
    "x.txt": (b"x 300\ntax 0.1 0.2 0.3\n", r"line 1: expected a word and 3 n"),
    "n.txt": (b"a 1 2\nb 3 nan\n", r"line 2: the value nan is not finite"),
    "i.txt": (b"a 1 2\nb 3 1e39\n", r"line 2: the value inf is not finite"),
    "e.txt": (b"a 1 2\n\nb 3 4\n", r"line 2: an empty line; take it out"),
    "w.txt": (
        b"a 1 2\n 3 4\n",
        r"line 2: an empty word; leave it out with dr",
    ),
    "d.txt": (b"2 1\na 1\na 2\n", r"line 3: duplicate word 'a'"),
    "8.txt": (b"a 1\n\xff 2\n", r"line 2: the word b'\\xff' is not UTF-8"),
    "l.txt": (b"1 1\n" + b"x" * 99_000, r"line 2: longer than 65,600 bytes$"),
    "3.txt": (b"3000000000 300\na 1\n", r"and the next lines have 1; correc"),
    "p.txt": (pickle.dumps([1]), r"is a pickle"),
    "0.txt": (b"", r"is empty"),
    "1.txt": (b"\n\n", r"line 1: expected words"),
    "b.txt.gz": (
        gzip.compress(b"a 1 2\n" * 99)[:-9],
        r"the gzip data is truncated or corrupt",
    ),
    "3.bin.gz": (gzip.compress(b"3000000000 300\n" + V2), r"ends after 0 of"),
    "p.bin.gz": (gzip.compress(pickle.dumps(1)), r"is a pickle"),
    "t.npz": (
        b"2 1\ntax 1\nnavy 2\n",
        r"byte 0: a \.npz file has b'PK' there, and",
    ),
    "p.npz": (pickle.dumps(1), r"is a pickle"),
    "k.npz": (
        b"PK\3\4....",
        r"is damaged, or holds no word vectors \(File is",
    ),
    "t.safetensors": (
        b"2 1\ntax 1\nnavy 2\n",
        r"byte 8: a \.safetensors file has",
    ),
    "p.safetensors": (pickle.dumps(1), r"is a pickle|byte 8"),
    "h.safetensors": (
        (1 << 40).to_bytes(8, "little") + b"{}",
        r"byte 0: pro"
        r"mises a header of 1,099,511,627,776 bytes, and the f",
    ),
    "j.safetensors": (
        (4).to_bytes(8, "little") + b'{"a"',
        r"byte 8: the h"
        r"eader is damaged",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_by_name_and_place(write, name):
    data, said = BAD[name]
    path = write(name, data)
    sentence = message(path)
    assert str(path) in sentence
    assert re.search(said, sentence), sentence


def test_a_compressed_file_that_breaks_off_is_refused_or_read_in_part(write):
    vectors = some_vectors(3_000, 130)
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as g:
        g.write(b"3000 130\n")
        for word, row in zip(vectors.words, vectors.matrix, strict=True):
            g.write(word.encode() + b" " + row.tobytes())
    packed = data.getvalue()
    cut = write("v.bin.gz", packed[: len(packed) * 9 // 10])
    assert "the gzip data is truncated or corrupt" in message(cut)
    assert len(load_vectors(cut, limit=100)) == 100
    turned = bytearray(packed)
    turned[-8] ^= 1  # the checksum
    assert "CRC check failed" in message(write("v.bin.gz", bytes(turned)))


def test_bad_words_can_be_replaced_and_the_first_of_equals_kept(write):
    data = b"3 1\n" + b"".join(record(w, 1) for w in (b"\xe9", b"a", b"\xe8"))
    path = write("v.bin", data)
    said = message(path, errors="replace")
    assert "duplicate word '�'" in said
    found = load_vectors(path, errors="replace", duplicates="first")
    assert found.words == ["�", "a"]
    assert found.matrix.shape == (2, 1)


# Containers whose insides are broken


def tensors(header, data=b""):
    """Return a safetensors file with this header."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def header(**changes):
    """Return the header of a good file of two words, changed; 31 bytes."""
    return {
        "matrix": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
        "offsets": {"dtype": "I64", "shape": [3], "data_offsets": [8, 32]},
        "words": {"dtype": "U8", "shape": [2], "data_offsets": [32, 34]},
    } | changes


ONES = np.ones(2, "<f4").tobytes()
GOOD = ONES + np.array([0, 1, 2], "<i8").tobytes() + b"ab"


def tensor(dtype="F32", shape=(2, 1), at=(0, 8)):
    """Return what a header says of a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": at}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matrix": tensor(at=[0, 9])}, "the tensor 'matrix' of 8 bytes has"),
        ({"matrix": tensor(shape=[2, 1 << 62])}, "bytes has 8"),
        ({"matrix": tensor(shape=[2, -1])}, "does not describe the tensor 'm"),
        ({"matrix": tensor(shape=[2, True])}, "does not describe the tensor"),
        ({"matrix": tensor(at=[8])}, "does not describe the tensor 'matrix'"),
        ({"matrix": 7}, "does not describe the tensor 'matrix'"),
        ({"matrix": tensor(at=[4, 12])}, "without holes or overlaps"),
        (
            {"matrix": tensor("BF16", [2, 2])},
            "got {'matrix': 'BF16', 'offsets': 'I64'",
        ),
        ({"matrix": tensor("I32")}, r"matrix \(F16, F32 or F64\), got {'matr"),
        ({"words": tensor("U8", [3], [32, 35])}, "without holes or overlaps"),
        ({"matrix": tensor(shape=[1, 2])}, "a row for each"),
        ({"matrix": tensor(shape=[2])}, "a row for each"),
        ({"matrix": tensor("F64", [], [0, 8])}, "a row for each"),
        ({"matrix": tensor([], [2])}, "does not describe the tensor 'm"),
        (
            {"offsets": tensor("F64", [3], [8, 32])},
            "got {'matrix': 'F32', 'offsets': 'F64', ",
        ),
    ],
)
def test_a_safetensors_header_that_lies_is_refused(write, changes, said):
    assert len(load_vectors(write("v.safetensors", tensors(header(), GOOD))))
    path = write("v.safetensors", tensors(header(**changes), GOOD))
    for limit in (None, 1):
        sentence = message(path, limit=limit)
        assert str(path) in sentence
        assert re.search(said, sentence), sentence


@pytest.mark.parametrize(
    ("offsets", "said"),
    [
        ([0, 1, 3], "do not run from 0 to the 2 bytes of the words"),
        ([1, 1, 2], "do not run from 0 to the 2 bytes"),
        ([0, 3, 2], "do not run from 0 to the 2 bytes"),
        ([0, 0, 2], "vector 0 (''): an empty word"),
        ([0, -(1 << 62), 2], "do not run from 0 to the 2 bytes"),
    ],
)
def test_offsets_that_do_not_cut_the_words_are_refused(write, offsets, said):
    data = ONES + np.array(offsets, "<i8").tobytes() + b"ab"
    path = write("v.safetensors", tensors(header(), data))
    assert said in message(path)


def test_a_safetensors_file_without_words_says_what_it_holds(tmp_path):
    save_file({"weight": np.ones(3, np.float32)}, tmp_path / "v.safetensors")
    said = message(tmp_path / "v.safetensors")
    assert "expected tensors words (U8), offsets (I64) and matrix" in said
    assert said.endswith("got {'weight': 'F32'}")
    cut = tmp_path / "cut.safetensors"
    whole = some_vectors().save(tmp_path / "w.safetensors")
    cut.write_bytes(whole.read_bytes()[:-1])
    assert "without holes or overlaps" in message(cut)


def npy(array, **changes):
    """Return an array in NumPy's format, bytes of its header replaced."""
    out = io.BytesIO()
    np.save(out, array)
    data = out.getvalue()
    for old, new in changes.values():
        assert old in data
        pad = len(old) - len(new)
        data = data.replace(old, new + b" " * pad, 1)
        data = data.replace(b"}" + b" " * -pad, b"}", 1) if pad < 0 else data
    return data


MATRIX = np.ones((2, 3), np.float32)


def archive(matrix, words=None, method=zipfile.ZIP_STORED, bigger=0):
    """Return an .npz archive with these arrays, given as bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        z.writestr("words.npy", words or npy(np.array(["a", "b"])))
        z.writestr("matrix.npy", matrix)
    data = out.getvalue()
    if bigger:
        old, new = (struct.pack("<I", n) for n in (len(matrix), bigger))
        assert data.count(old) >= 2
        data = data.replace(old, new)
    return data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            archive(npy(MATRIX, a=(b"(2, 3)", b"(9, 9)"))),
            "matrix.npy: its header promises 324 bytes, and it has 24",
        ),
        (
            archive(npy(MATRIX, a=(b"'<f4'", b"'|O' "))),
            "matrix.npy: it is a pickle, which is never loaded",
        ),
        (
            archive(npy(MATRIX, a=(b"'<f4'", b"'<i4'"))),
            "matrix.npy: its type is '<i4', not numbers or words",
        ),
        (
            archive(npy(MATRIX, a=(b"descr", b"DESCR"))),
            "matrix.npy: its header is damaged or unusual",
        ),
        (archive(npy(MATRIX)[:-1]), "promises 24 bytes, and it has 23"),
        (archive(b"hello"), "matrix.npy: its header is damaged or unusual"),
        (archive(b""), "matrix.npy: its header is damaged or unusual"),
        (
            archive(npy(MATRIX), npy(np.array([1.0, 2.0]))),
            "words must be an array of strings, and matrix one of numbers",
        ),
        (archive(npy(np.array(["x", "y"]))), "and matrix one of numbers"),
        (archive(npy(MATRIX), npy(np.array(["a"] * 3))), "a row for each"),
        (archive(npy(np.float32(1))), "a row for each"),
        (
            archive(npy(MATRIX), npy(np.array([b"a", b"\xe9"]))),
            "the word b'\\xe9' is not UTF-8; name its encoding, as in",
        ),
        (
            archive(npy(MATRIX), npy(np.array(["a", ""]))),
            "an empty word",
        ),
        (
            archive(
                npy(MATRIX),
                npy(np.array(["a", "b"])).replace(b"b\0\0\0", b"b\0\x11\0"),
            ),
            "words.npy: its characters are not Unicode",
        ),
        (
            archive(npy(MATRIX), npy(np.array(["a", "a"]))),
            "vector 1 ('a'): duplicate word 'a'",
        ),
        (
            archive(npy(MATRIX), bigger=1 << 31),
            "matrix.npy promises 2,147,483,648 bytes in",
        ),
        (
            archive(npy(MATRIX), None, zipfile.ZIP_DEFLATED, 1 << 31),
            "matrix.npy promises 2,147,483,648 bytes in",
        ),
        (archive(npy(MATRIX), None, zipfile.ZIP_BZIP2), "matrix.npy promises"),
        (archive(npy(MATRIX))[:-30], "is damaged, or holds no word vectors"),
    ],
)
def test_an_npz_that_lies_is_refused(write, data, said):
    assert len(load_vectors(write("v.npz", archive(npy(MATRIX))))) == 2
    path = write("v.npz", data)
    for limit in (None, 2):
        sentence = message(path, limit=limit)
        assert str(path) in sentence
        assert said in sentence or said.replace("matrix", "words") in sentence


def test_an_npz_that_promises_more_compressed_bytes_than_it_has(write):
    """The directory at its end says so; zipfile would ask for as much room."""
    data = bytearray(archive(npy(MATRIX)))
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 20 : entry + 24] = (2**30).to_bytes(4, "little")
    assert "in 1,073,741,824 compressed ones" in message(
        write("v.npz", bytes(data))
    )


def test_a_damaged_byte_in_an_npz_is_noticed(write):
    data = bytearray(archive(npy(MATRIX)))
    data[data.index(MATRIX.tobytes())] ^= 1
    assert "Bad CRC-32 for file 'matrix.npy'" in message(
        write("v.npz", bytes(data))
    )


class Trap:
    """An object whose pickle makes a folder when it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize(
    "name", ["v.npz", "v.bin", "v.txt", "v.bin.gz", "v.safetensors"]
)
def test_a_pickle_is_never_run(tmp_path, name):
    trap, path = Trap(tmp_path / "sprung"), tmp_path / name
    if name == "v.npz":
        words = np.array([trap], object)
        np.savez(path, words=words, matrix=np.ones((1, 1)))
    else:
        data = pickle.dumps(trap)
        path.write_bytes(gzip.compress(data) if ".gz" in name else data)
    for format in (None, *FORMATS):
        message(path, format=format)
    assert not (tmp_path / "sprung").exists()
    if name == "v.npz":  # the trap works
        _ = np.load(path, allow_pickle=True)["words"]
        assert (tmp_path / "sprung").is_dir()


def test_a_projector_folder_that_does_not_fit_is_refused(tmp_path):
    path = some_vectors(3, 2).save(tmp_path / "v")
    numbers, words = projector_files(path)
    good = words.read_bytes()
    words.write_bytes(good + b"more\n")
    for limit in (None, 2):
        said = message(path, limit=limit)
        assert f"{words} has 4 labels, and {numbers} 3 vectors" in said
    words.write_bytes(b"w0\n")
    assert f"line 2: {words} must have one word for it" in message(path)
    words.write_bytes(b"word\tcount\n" + good)
    assert "line 1: the columns of labels are named" in message(path)
    words.write_bytes(good)
    numbers.write_text("1\t2\n3\n4\t5\n")
    assert "line 2: expected 2 numbers with tabs, got b'3" in message(path)
    numbers.write_text("1\t2\n0,3\t0,4\n")
    assert "commas are not read" in message(path)
    words.unlink()
    assert f"cannot read {words}: No such file" in message(path)
    numbers.write_text("")
    words.write_text("")
    assert "holds no vectors" in message(path)


# Claims and memory


CLAIMS = {
    "v.bin": b"900000000 300\n" + record(b"tax", *[1] * 300),
    "v.txt": b"900000000 300\ntax" + b" 1" * 300,
    "v.bin.gz": gzip.compress(b"9000 300\n" + record(b"tax", *[1] * 300)),
    "big.bin.gz": gzip.compress(b"900000000 300\n" + bytes(1_000_000)),
}


@LINUX
@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_allocates_nothing(write, name):
    path = write(name, CLAIMS[name])
    code = f"""
        import fuzz_formats
        from skipgram_lib.vectors.vectors import load_vectors
        fuzz_formats.limit_memory(200_000_000)
        try:
            load_vectors({str(path)!r})
        except ValueError as error:
            print(error)
    """
    said = run_python(code, ROOT / "tests" / "common").stdout
    assert str(path) in said
    assert "more memory" not in said


@LINUX
def test_too_little_memory_is_an_error_of_ours(tmp_path):
    path = some_vectors(20_000, 3_000).save(tmp_path / "v.bin")
    code = f"""
        import fuzz_formats
        from skipgram_lib.vectors.vectors import load_vectors
        fuzz_formats.limit_memory(100_000_000)
        try:
            load_vectors({str(path)!r})
        except ValueError as error:
            print(error)
        print(len(load_vectors({str(path)!r}, limit=10).words))
    """
    out = run_python(code, ROOT / "tests" / "common").stdout
    assert "needs more memory than there is; read less of it with" in out
    assert out.endswith("\n10\n")


@given(broken_files(), options)
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_broken_files_raise_our_errors_only(tmp_path_factory, file, settings):
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    folder.mkdir(exist_ok=True)
    try_to_load(place_file(folder, *file), settings)


@given(foreign_texts())
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_texts_of_others_are_read_rightly_or_refused(tmp_path_factory, file):
    folder = tmp_path_factory.getbasetemp() / "foreign"
    folder.mkdir(exist_ok=True)
    check_foreign(folder, *file)


# Writing: what cannot be written, and all or nothing


SAFE = {"v.npz", "v.safetensors", "v"}


@pytest.mark.parametrize(
    ("word", "bad"),
    [
        ("new york", {name for name in ALL if "." in name[:5]} - SAFE),
        (
            "new\nyork",
            {
                "v.bin",
                "v.bin.gz",
                "v.txt",
                "v.txt.gz",
                "v.vec",
                "v.vec.gz",
                "v",
            },
        ),
        ("new\tyork", {"v.txt", "v.txt.gz", "v.vec", "v.vec.gz", "v"}),
        ("\u3000", {"v"}),
        ("\ufeffnew", {"v"}),
        ("new\0york", {"v.npz"}),
    ],
)
def test_a_word_that_would_not_come_back_is_not_written(tmp_path, word, bad):
    vectors = WordVectors([word], np.ones((1, 2), np.float32))
    for name in ALL:
        path = tmp_path / name
        if name not in bad:
            assert load_vectors(vectors.save(path)).words == [word]
            continue
        said = message_of(WordVectors.save, vectors, path)
        assert f"{path}: the " in said
        assert repr(word) in said
        assert "write .safetensors" in said
        assert not path.exists()


@pytest.mark.parametrize("name", ALL)
def test_words_that_are_none_are_not_written(tmp_path, name):
    with pytest.raises(SkipgramError, match="word 1 is empty"):
        WordVectors(["a", ""], np.ones((2, 1), np.float32))
    vectors = WordVectors(["a", "\ud800"], np.ones((2, 1), np.float32))
    said = message_of(WordVectors.save, vectors, tmp_path / name)
    assert repr("\ud800") in said
    with pytest.raises(SkipgramError, match="must be strings, got 7"):
        WordVectors(["a", 7], np.ones((2, 1), np.float32))
    nothing = WordVectors([], np.ones((0, 2), np.float32))
    said = message_of(WordVectors.save, nothing, tmp_path / name)
    assert said == f"{tmp_path / name}: there are no vectors to write"
    assert list(tmp_path.iterdir()) == []


def test_a_glove_file_that_nobody_could_read_is_not_written(tmp_path):
    for words, sentence in [
        (["7", "b"], "one could not tell the words, such as '7', from the n"),
        (["BZh91AY&SY", "b"], "one could not tell the words"),
        (["\ufeffa", "b"], "begins with a mark of byte order"),
    ]:
        vectors = WordVectors(words, np.ones((2, 1), np.float32))
        said = message_of(vectors.save, tmp_path / "v.txt", "glove")
        assert sentence in said
    assert list(tmp_path.iterdir()) == []


def test_a_huge_word_does_not_blow_up_an_npz(tmp_path):
    words = [f"w{i}" for i in range(10_000)] + ["x" * 200_000]
    vectors = WordVectors(words, np.ones((10_001, 1), np.float32))
    said = message_of(WordVectors.save, vectors, tmp_path / "v.npz")
    assert "a word of 200,000 characters" in said
    vectors.save(tmp_path / "v.safetensors")


def test_the_mode_follows_the_umask_and_then_the_old_file(tmp_path):
    path, old = tmp_path / "v.bin", os.umask(0o027)
    try:
        some_vectors().save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        some_vectors().save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
        folder = some_vectors().save(tmp_path / "v")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o750
    finally:
        os.umask(old)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "v.bin"
    target.write_bytes(b"old")
    link = tmp_path / "v.bin"
    link.symlink_to(target)
    some_vectors().save(link)
    assert link.is_symlink()
    assert_same(load_vectors(target), some_vectors())


def test_what_is_no_file_is_not_overwritten(tmp_path):
    for path, format in [("/dev/null", "npz"), (tmp_path, "word2vec-binary")]:
        said = message_of(WordVectors.save, some_vectors(), path, format)
        assert "is no file; name another" in said
    said = message_of(
        WordVectors.save, some_vectors(), tmp_path / "no" / "v.bin"
    )
    assert "No such file or directory; nothing was changed" in said
    said = message_of(WordVectors.save, some_vectors(), tmp_path / "no" / "v")
    assert "cannot write" in said
    (tmp_path / "notes").write_text("mine")
    said = message_of(WordVectors.save, some_vectors(), tmp_path)
    assert "holds other things than vectors for TensorBoard, such as n" in said
    file = tmp_path / "notes"
    said = message_of(WordVectors.save, some_vectors(), file, "tensorboard")
    assert "is a file; name a folder" in said
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        KeyboardInterrupt(),
        SkipgramError("x"),
    ],
)
def test_a_write_that_fails_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "v.bin"
    path.write_bytes(b"old")
    with (
        pytest.raises((SkipgramError, KeyboardInterrupt)) as raised,
        write_file(path) as f,
    ):
        f.write(b"new")
        f.flush()
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ["v.bin"]
    assert path.read_bytes() == b"old"
    if isinstance(error, OSError):
        assert str(raised.value) == (
            f"cannot write {path}: No space left on device; nothing was "
            "changed"
        )


@pytest.mark.parametrize("name", ["v.bin", "v.npz", "v"])
def test_bytes_reach_the_disk_before_the_name_does(
    tmp_path, monkeypatch, name
):
    synced, named = set(), []
    fsync, replace = os.fsync, os.replace

    def sync(f):
        if stat.S_ISREG(os.fstat(f).st_mode):  # and not a folder
            synced.add((os.fstat(f).st_ino, os.fstat(f).st_size))
        fsync(f)

    def rename(old, new):
        assert (os.stat(old).st_ino, os.stat(old).st_size) in synced
        named.append(Path(new))
        replace(old, new)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", rename)
    path = some_vectors().save(tmp_path / name)
    config = path / "projector_config.pbtxt"
    assert named[-1] == (path if path.is_file() else config)
    files = [p for p in (path, *path.glob("*")) if p.is_file()]
    assert sorted(named) == sorted(files)


def run_python(code, folder=None, **settings):
    """Run a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        **settings,
    )


SLOW_SAVE = """
    import sys
    import numpy as np
    from skipgram_lib import WordVectors
    rng = np.random.default_rng(0)
    words = [f"w{{i}}" for i in range(200_000)]
    vectors = WordVectors(words, rng.random((200_000, 300), np.float32))
    print("ready", flush=True)
    {limit}
    try:
        vectors.save({path!r})
    except ValueError as error:
        print(error)
"""


@pytest.mark.parametrize("name", ["v.txt", "v.bin.gz", "v"])
def test_a_killed_write_leaves_the_old_file(tmp_path, name):
    old = some_vectors()
    path = old.save(tmp_path / name)
    code = textwrap.dedent(SLOW_SAVE).format(limit="", path=str(path))
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        end = time.monotonic() + 30
        while time.monotonic() < end and not growing(tmp_path):
            time.sleep(0.01)
        written = growing(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL
    assert written > 1_000_000
    assert_same(load_vectors(path), old)
    assert list(tmp_path.rglob("*.part"))
    old.save(path)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert not list(tmp_path.rglob("*.part"))


def test_what_another_is_writing_just_now_is_left_alone(tmp_path):
    path, old = tmp_path / "v.bin", some_vectors()
    with write_file(path) as f:
        f.write(b"not all of it")
        parts = set(tmp_path.iterdir())
        old.save(tmp_path / "other.bin")
        said = message_of(WordVectors.save, old, path)
        assert f"another run is writing to {path}" in said
        assert parts < set(tmp_path.iterdir())
    assert path.read_bytes() == b"not all of it"


def growing(folder):
    """Bytes of the largest unfinished file, once over a megabyte."""
    sizes = [file.stat().st_size for file in folder.rglob("*.part")]
    return largest if (largest := max(sizes, default=0)) > 1_000_000 else 0


@pytest.mark.parametrize("name", ALL)
def test_a_full_disk_leaves_the_old_file(tmp_path, name):
    old = some_vectors()
    path = old.save(tmp_path / name)
    limit = (
        "import resource; n = resource.RLIMIT_FSIZE; "
        "resource.setrlimit(n, (2_000_000, resource.RLIM_INFINITY))"
    )
    code = SLOW_SAVE.replace("200_000", "20_000")
    said = run_python(code.format(limit=limit, path=str(path))).stdout
    assert f"cannot write {path}" in said
    assert "File too large" in said
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert_same(load_vectors(path), old)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] < 0


@pytest.mark.parametrize("name", ["a.bin", "a.txt", "a.vec.gz", "folder"])
def test_what_could_not_be_read_again_is_not_written(tmp_path, name):
    vectors = WordVectors(["short", "x" * 70_000], np.ones((2, 2)))
    with pytest.raises(SkipgramError, match=r"write \.safetensors or \.npz"):
        vectors.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    for other in ("a.npz", "a.safetensors"):
        vectors.save(tmp_path / other)
        assert load_vectors(tmp_path / other).words == vectors.words


def test_a_folder_with_one_such_file_is_somebodys(tmp_path):
    own = tmp_path / "metadata.tsv"
    own.write_text("important")
    vectors = WordVectors(["a", "b"], np.ones((2, 2)))
    with pytest.raises(SkipgramError, match="name another folder"):
        vectors.save(tmp_path, "tensorboard")
    assert own.read_text() == "important"


def test_the_output_of_the_program_is_no_file_to_replace(tmp_path):
    vectors = WordVectors(["a", "b"], np.ones((2, 2)))
    for path in ("/dev/stdout", "/dev/stderr"):
        if Path(path).exists():
            with pytest.raises(SkipgramError, match="is no file"):
                vectors.save(path, "word2vec-text")


# Files that other programs write, and what people report of them

A2 = ["the", "of"], [[0.1, 0.2], [0.3, 0.4]]
PLAIN = "the 0.1 0.2\nof 0.3 0.4\n"
READ = {
    "tab": PLAIN.replace(" ", "\t"),
    "tab behind the word": "the\t0.1 0.2\nof\t0.3 0.4\n",
    "tab and header": "2\t2\n" + PLAIN.replace(" ", "\t"),
    "tab and space": "the\t 0.1 0.2\nof\t 0.3 0.4\n",
    "two spaces": "2 2\n" + PLAIN.replace(" ", "  "),
    "a column of words": "the   0.1  0.2\nof    0.3  0.4\n",
    "blanks at the end": "2 2 \nthe 0.1 0.2 \nof 0.3 0.4\t \n",
    "CR": ("2 2\n" + PLAIN).replace("\n", "\r"),
    "CR, GloVe": PLAIN.replace("\n", "\r"),
    "CRLF": ("2 2\n" + PLAIN).replace("\n", "\r\n"),
    "mark": "\ufeff2 2\n" + PLAIN,
    "mark, GloVe": "\ufeff" + PLAIN,
    "mark and CR": "\ufeff" + PLAIN.replace("\n", "\r"),
    "no last line feed": PLAIN.rstrip(),
    "empty lines at the end": PLAIN + "\n \n",
}


@pytest.mark.parametrize("kind", READ)
def test_separators_line_ends_and_marks_are_no_part_of_words(write, kind):
    found = load_vectors(write("v.txt", READ[kind].encode()), dtype="f8")
    assert (found.words, found.matrix.tolist()) == A2


REFUSED = {
    "3 2\n" + PLAIN: "line 4: the file ends after 2 of the 3 vectors that its "
    "first line promises; download it again, or read what is there with limi",
    "1 2\n" + PLAIN: "line 3: more than the 1 vectors.*with limit=1",
    "2 3\n" + PLAIN: "line 1, promises vectors of 3 numbers, and the next lin",
    "2 1\n" + PLAIN: "line 1, promises vectors of 1 numbers, and the next lin",
    "7 3\n5 1\n6 2\n": "correct it, or load it with format='glove' if its",
    "2 2\nthe 0.1 0.2\nof 1 0.3 0.4\n": "line 3: b'of 1' stands before the",
    "2 2\nthe 0.1 0.2\nof 0.3\n": "line 3: expected a word and 2 numbers, go",
    "2 2\nthe 0.1 0.2\n0.3 0.4\n": "line 3: expected a word and 2 numbers",
    "the 0.1 0.2\n\nof 0.3 0.4\n": "line 2: an empty line; take it out",
    "the 0.1 0.2\n the 0.3 0.4\n": "line 2: b' the' stands before the number",
    "the 0.1 0.2\nof  0.3 0.4\n": "line 2: one blank stands behind some word",
    "the 0.1 0.2\rof 0.3 0.4\nin 1 2\n": "line 1: .* stands before the numb",
    "the 0.1 0.2\n   0.3 0.4\n": "line 2: b'  ' stands before the numbers",
    "2 2\nthe 0.1 0.2\nof 0,3 0,4\n": "line 3: .*commas are not read: wri",
    "the,0.1,0.2\nof,0.3,0.4\n": "line 1: .*; commas are not read: write",
    "the 0,1 0,2\nof 0,3 0,4\n": "line 1: .*; commas are not read: write",
    "the 0.1 0.2\nof 1_000 0.4\n": "line 2: expected a word and 2 numbers",
    "the 0.1 0.2\nof 0x1p3 0.4\n": "line 2: expected a word and 2 numbers",
    "the 0.1 0.2\nof ١٢ 0.4\n": "line 2: expected a word and 2 numbers",
    "the 0.1 0.2\nof 0.3\v 0.4\n": "line 2: expected a word and 2 numbers",
    "the 0.1 0.2\nof 0.3 1e400\n": "line 2: the value inf is not finite",
    "the 0.1 0.2\nof 0.3 infinity\n": "line 2: the value inf is not finite",
    "the 0.1 0.2\n 0.3 0.4\n": "line 2: an empty word; leave it out with dro",
    "<!DOCTYPE html>\n<html>\n": "line 1: expected words, each followed",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_line_that_does_not_fit_is_refused(write, text):
    path = write("v.txt", text.encode())
    said = message(path)
    assert said.startswith(str(path))
    assert re.search(REFUSED[text], said), said


@pytest.mark.parametrize(
    "word",
    [
        "\u00a0",
        " ",
        "\u2028",
        "\x85",
        "\v",
        "\f",
        "a\u2028b",
        "7",
        "nan",
        "1e5",
        *(". . .", "word|NOUN", "ENTITY/New_York", "/c/en/new_york", "#", '"'),
    ],
)
@pytest.mark.parametrize("header", ["2 2\n", ""])
def test_odd_words_of_a_text_are_read_as_they_are(write, word, header):
    text = f"{header}{word} 0.1 0.2\nof 0.3 0.4\n"
    assert load_vectors(write("v.txt", text.encode())).words == [word, "of"]


@pytest.mark.parametrize("ending", ["txt", "bin", "txt.gz", "v.GZ"])
@pytest.mark.parametrize("pack", ["bz2", "lzma", "gzip", "backports.zstd"])
def test_what_is_compressed_is_read_whatever_its_name(write, ending, pack):
    pack = pytest.importorskip(pack, reason="zstd is not installed").compress
    binary = ending == "bin"
    path = write(f"v.{ending}", pack(V2 if binary else PLAIN.encode()))
    text = None if "bin" in ending or "txt" in ending else "word2vec-text"
    found = load_vectors(path, format=text)
    assert found.words == (["tax", "navy"] if binary else A2[0])


@pytest.mark.parametrize("name", ["v.npz", "v.safetensors", "v.bin"])
def test_compressed_arrays_are_read_too(tmp_path, name):
    path = some_vectors().save(tmp_path / name)
    packed = tmp_path / f"{name}.xz"
    packed.write_bytes(lzma.compress(path.read_bytes()))
    assert_same(load_vectors(packed), some_vectors())
    zipped = tmp_path / f"{name}.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(path, name)
    if name != "v.npz":  # whose own kind of archive this is
        assert_same(load_vectors(zipped), some_vectors())
    said = message_of(some_vectors().save, packed)
    assert "is not written as .xz" in said


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-32", "cp1252"])
def test_text_of_other_encodings_is_named_and_read(write, encoding):
    path = write("v.txt", "2 2\nété 0.1 0.2\nof 0.3 0.4\n".encode(encoding))
    assert "encoding='" in message(path)
    assert load_vectors(path, encoding=encoding).words == ["été", "of"]
    small = message_of(load_vectors, path, encoding="klingon")
    assert "encoding must be the name of one" in small


def test_words_of_a_binary_file_may_have_another_encoding(write):
    path = write("v.bin", b"1 1\n" + record("été".encode("latin-1"), 1))
    assert load_vectors(path, encoding="latin-1").words == ["été"]
    assert "not in utf-16" in message(path, encoding="utf-16")


def empty_words(folder):
    """Write files with a word "" and a word "x", as other programs do."""
    row = np.array([[1, 2], [3, 4]], np.float32)
    (folder / "v.bin").write_bytes(b"2 2\n" + record(b"", 1, 2) + V2[-13:])
    (folder / "v.txt").write_text("2 2\n 1 2\nnavy 3 4\n")
    np.savez(folder / "v.npz", words=np.array(["", "navy"]), matrix=row)
    parts = {
        "matrix": row,
        "offsets": np.array([0, 0, 4]),
        "words": np.frombuffer(b"navy", np.uint8),
    }
    save_file(parts, folder / "v.safetensors")
    (folder / "v").mkdir()
    (folder / "v" / "vectors.tsv").write_text("1\t2\n3\t4\n")
    (folder / "v" / "metadata.tsv").write_text("\nnavy\n")


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npz", "v", "v.safe"])
def test_the_empty_word_is_left_out_on_request(tmp_path, name):
    empty_words(tmp_path)
    path = tmp_path / name.replace("safe", "safetensors")
    assert "an empty word; leave it out with drop_empty=True" in message(path)
    found = load_vectors(path, drop_empty=True)
    assert (found.words, found.matrix.tolist()) == (["navy"], [[3, 4]])


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("\ufeffw0\nw1\n", ["w0", "w1"]),
        ("Word\tCount\nw0\t7\nw1\t3\n", ["w0", "w1"]),
        ("id\tlabel\r\n1\tw0\r\n2\tw1\r\n", ["w0", "w1"]),
        ('"w0"\n#\n', ['"w0"', "#"]),
        ("id\tsize\n1\tw0\n2\tw1\n", "line 1: the columns of labels are na"),
        ("word\nw0\nw1\n", "has 3 labels, and"),
        ("w0\n\nw1\n", "line 2: an empty word"),
        ("w0\n", "must have one word for it"),
    ],
)
def test_labels_of_other_programs_are_never_shifted(tmp_path, labels, words):
    (tmp_path / "vectors.tsv").write_text("\ufeff1\t2\n3\t4\n", "utf-8")
    (tmp_path / "metadata.tsv").write_text(labels, "utf-8", newline="")
    for limit in (None, 2):
        if isinstance(words, str):
            assert words in message(tmp_path, limit=limit)
        else:
            assert load_vectors(tmp_path, limit=limit).words == words


ODD = [*map(chr, range(1, 33)), *"\x7f\x85\xa0\u1680\u2003\u2028\u2029\u202f"]
ODD += [*"\u205f\u3000\ufeff\u200b\u0301#\"',;|/\\"]


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.npz", "v"])
@pytest.mark.parametrize("form", ["{}", "a{}", "{}a", "a{}b", "7{}7"])
def test_an_odd_word_comes_back_from_all_readers_or_is_not_written(
    tmp_path, gensim_vectors, name, form
):
    words = [form.format(character) for character in ODD]
    refused = 0
    for word in words:
        vectors = WordVectors(["of", word], np.eye(2, dtype=np.float32))
        try:
            path = vectors.save(tmp_path / name)
        except SkipgramError as error:
            assert repr(word) in str(error)
            refused += 1
            continue
        assert load_vectors(path).words == vectors.words
        if path.is_file() and name != "v.npz":
            binary = name == "v.bin"
            peer = gensim_vectors.load_word2vec_format(path, binary=binary)
            assert peer.index_to_key == vectors.words
    assert refused < len(words) / 2


@pytest.mark.parametrize(
    "path", ["a" * 5_000 + ".txt", "a\0.txt", None, b"v.txt", io.BytesIO()]
)
def test_what_is_no_path_is_refused(tmp_path, path):
    assert "path" in message_of(load_vectors, path)
    assert "path" in message_of(some_vectors().save, path)
    said = message(Path("https://example.org/v.txt"))
    assert "an address is not read" in said
    assert "address" not in message(Path("C:/v.txt"))


@pytest.mark.parametrize("name", ["a\nb.txt", "a\nb.bin", "a\nb.npz"])
def test_a_name_of_two_lines_is_shown_in_one(write, name):
    assert "a\\nb" in message(write(name, b"words"))
    vectors = WordVectors(["new\0 york"], np.ones((1, 1)))
    with pytest.raises(SkipgramError, match=r"a\\nb.*cannot be written"):
        vectors.save(write(name, b"words"))


PIPE = """
    import sys
    from skipgram_lib import load_vectors
    vectors = load_vectors("-", progress=False)
    vectors.save("-", format={format!r})
"""


@pytest.mark.parametrize("format", ["word2vec-text", "npz", "safetensors"])
def test_vectors_go_through_pipes(tmp_path, format):
    code = textwrap.dedent(PIPE).format(format=format)
    text = ("2 2\n" + PLAIN).encode()
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=bz2.compress(text),
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stderr == b""
    assert list(tmp_path.iterdir()) == []
    path = tmp_path / "v"
    path.write_bytes(done.stdout)
    found = load_vectors(path, format=format, dtype="float32")
    wanted = np.array(A2[1], np.float32).tolist()
    assert (found.words, found.matrix.tolist()) == (A2[0], wanted)


def test_nothing_is_written_where_standard_output_takes_no_bytes(monkeypatch):
    for stdout in (None, io.StringIO()):
        monkeypatch.setattr(sys, "stdout", stdout)
        said = message_of(some_vectors().save, "-")
        assert said.startswith("standard output takes no bytes here; name a")


def test_a_folder_does_not_go_through_a_pipe():
    said = message_of(some_vectors().save, "-", "tensorboard")
    assert said == "a folder cannot be written to standard output"


def test_a_file_may_be_called_as_standard_input_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    some_vectors().save("./-", "npz")
    assert_same(load_vectors("./-", "npz"), some_vectors())
    assert [p.name for p in tmp_path.iterdir()] == ["-"]


def test_where_nothing_can_be_mapped_safetensors_are_read(
    tmp_path, monkeypatch
):
    def no_device(*arguments):
        raise OSError(19, "No such device")

    path = some_vectors().save(tmp_path / "v.safetensors")
    monkeypatch.setattr(np, "memmap", no_device)
    assert_same(load_vectors(path), some_vectors())


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    some_vectors().save("~/v.bin")
    assert_same(load_vectors("~/v.bin"), some_vectors())


def test_messages_name_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    inputs.copy_of.cache_clear()  # what another test's stdin said
    said = message_of(load_vectors, "-")
    assert "there is no standard input" in said


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_shown_where_there_is_no_stderr(
    tmp_path, monkeypatch, name
):
    monkeypatch.setattr(sys, "stderr", None)
    path = some_vectors().save(tmp_path / name, progress=True)
    assert_same(load_vectors(path, progress=True), some_vectors())


@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.npz", "v.safetensors"])
@pytest.mark.parametrize("dtype", [">f4", "<f4", "f2", ">f8"])
def test_other_byte_orders_and_layouts_are_written_rightly(
    tmp_path, name, dtype
):
    matrix = np.asfortranarray(np.arange(6).reshape(2, 3), dtype=dtype)
    for rows in (matrix, matrix[:, ::-1], matrix[::-1]):
        path = WordVectors(["a", "b"], rows).save(tmp_path / name)
        assert load_vectors(path).matrix.tolist() == rows.tolist()
