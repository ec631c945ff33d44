"""Throw broken files at the readers: only our own errors may come out.

    python tests/common/fuzz_formats.py --inputs 100000 [--seed 0]

Hypothesis makes the files: some of bytes without sense, most of them valid
files with a few changes (bytes turned, cut out, doubled, put in, numbers in
headers made huge), changed before or after they are compressed. Each is
read with options drawn at random. Whatever is read must be sound, and what
is refused must be refused with a SkipgramError, within a gigabyte of
memory.

Every other file is a text that other programs might have written, with
other separators, line ends, encodings and compression, or with a first line
or a line that does not fit: the words that come out must be those that went
in, with their own numbers, or the file is refused.

tests/vectors/test_formats.py runs a few hundred; this program runs as many
as asked, and ends with 1 if a single one went wrong.
"""

import argparse
import bz2
import gzip
import io
import lzma
import os
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from skipgram_lib import SkipgramError, WordVectors, load_vectors
from skipgram_lib.vectors.formats.registry import FORMATS

GIGABYTE = 1 << 30
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
ENDINGS = [
    ".bin",
    ".txt",
    ".vec",
    ".bin.gz",
    ".txt.gz",
    ".npz",
    ".safetensors",
    "",
]
CLAIMS = [
    b"0",
    b"1",
    b"3",
    b"7",
    b"-1",
    b"4294967296",
    b"3000000000 300",
    b"99999999999999999",
    b"1e9",
    b"nan",
    b"inf",
    b" ",
    b"\n",
    b"\t",
    b"\0",
    b"\xff",
    b'"',
    b"{",
    b"O",
    b"|O",
    b"f8",
    b"F64",
    b"U8",
    b"\x80\x04",
    b"0.5 0.5",
    b"word 1 2 3\n",
]


@cache
def valid_files():
    """Return bytes of valid files by ending, of a few words each."""
    rng, files = np.random.default_rng(0), []
    words = [["a"], ["tax", "été", "navy"], ["a b", "1", "2 3", "x" * 60]]
    with tempfile.TemporaryDirectory() as folder:
        for names, D in zip(words, (1, 2, 3), strict=True):
            rows = rng.normal(size=(len(names), D)).astype(np.float32)
            for ending in ENDINGS:
                plain = [name.replace(" ", "_") for name in names]
                spaced = ending in ("", ".npz", ".safetensors")
                vectors = WordVectors(names if spaced else plain, rows)
                path = vectors.save(Path(folder, f"v{D}{ending}"))
                if ending:
                    files.append((ending, path.read_bytes()))
                else:
                    (numbers,) = path.glob("vectors-*.tsv")
                    (labels,) = path.glob("metadata-*.tsv")
                    parts = [numbers.read_bytes(), labels.read_bytes()]
                    files.append((ending, b"\x1c".join(parts)))
    return files


def zipped(matrix, words, method):
    """Put two arrays, given as bytes, into an .npz archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("words.npy", words)
        archive.writestr("matrix.npy", matrix)
    return out.getvalue()


def npy(array):
    """Return an array as bytes in NumPy's format."""
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@st.composite
def changed(draw, data):
    """Draw a few changes of some bytes."""
    data = bytearray(data)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 12)))
        piece = draw(
            st.one_of(
                st.just(b""),
                st.binary(max_size=4),
                st.sampled_from(CLAIMS),
                st.just(bytes(data[at:to]) * 2),
            )
        )
        data[at:to] = piece
        if draw(st.integers(0, 9)) == 0:
            del data[draw(st.integers(0, len(data))) :]
    return bytes(data)


@st.composite
def broken_files(draw):
    """Draw an ending and the bytes of a file that has it."""
    ending, data = draw(st.sampled_from(valid_files()))
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(st.sampled_from(ENDINGS)), draw(st.binary(max_size=200))
    if kind == 1:
        other = draw(st.sampled_from(ENDINGS))
        return other, draw(changed(data))
    if kind < 5 and ending.endswith(".gz"):
        inner = draw(changed(gzip.decompress(data)))
        return ending, gzip.compress(inner, 1, mtime=0)
    if kind < 5 and ending == ".npz":
        matrix = draw(changed(npy(np.ones((3, 2), np.float32))))
        words = npy(np.array(["a", "b", "c"]))
        if draw(st.booleans()):
            words = draw(changed(words))
        method = draw(st.sampled_from(METHODS))
        return ending, zipped(matrix, words, method)
    return ending, draw(changed(data))


options = st.fixed_dictionaries(
    {
        "format": st.sampled_from([None, None, None, None, *FORMATS]),
        "limit": st.sampled_from([None, None, 1, 2, 1000]),
        "dtype": st.sampled_from([None, None, "float16", "float64"]),
        "finite": st.booleans(),
        "errors": st.sampled_from(["strict", "replace"]),
        "duplicates": st.sampled_from(["error", "first"]),
    }
)


# Texts that other programs write

ODD_WORDS = [
    "the", "of", "7", "-5", "0.5", "nan", "1_000", "new_york", "été",
    "\u00a0", "\u2028", "x\u0085y", "x\vy", "\f", "#", '"', ",", "日本",
    "</s>", "ENTITY/Paris", "word|NOUN", "1,5", "\u3000a", "x\x1cy",
    "covid-19", "+",
]  # fmt: skip
ODD_NUMBERS = ["0.25", "-1.5", "3", "1e-3", "0", "+2.5", ".5", "-4", "7.0"]
BLANKS = [" ", " ", " ", "\t", "  ", " \t"]
PACKERS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def often(usual, *others):
    """Draw what is usual, mostly."""
    return st.sampled_from([usual] * 4 + list(others))


@st.composite
def foreign_texts(draw):
    """Draw words, numbers, and a file with them that may not fit itself.

    Returns the name, the bytes, how to read them, the words and the numbers.
    """
    words = draw(st.lists(st.sampled_from(ODD_WORDS), min_size=2, unique=True))
    D = draw(st.integers(2, 4))
    row = st.lists(st.sampled_from(ODD_NUMBERS), min_size=D, max_size=D)
    rows = [draw(row) for _ in words]
    if draw(often(False, True)):
        numbers = [draw(row) for _ in words]
        rows = [[*line[:-1], line[0]] for line in numbers]
    lines = [(word, list(row)) for word, row in zip(words, rows, strict=True)]
    at = draw(st.integers(0, len(lines) - 1))
    more = draw(often(0, -1, 1))
    lines[at][1][D + min(more, 0) :] = ["0.75"] * max(more, 0)
    after, between = (
        draw(st.lists(st.sampled_from(BLANKS), min_size=1, max_size=n))
        for n in (1, 2)
    )
    behind = draw(often("", " ", "\t"))
    text = [
        word
        + after[i % len(after)]
        + "".join(
            number + between[j % len(between)]
            for j, number in enumerate(row[:-1])
        )
        + row[-1]
        + behind
        for i, (word, row) in enumerate(lines)
    ]
    if draw(st.booleans()):
        V = len(words) + draw(often(0, -1, 1, 5))
        text.insert(0, f"{V} {D + draw(often(0, -1, 1))}")
    if draw(often(False, True)):
        text.insert(draw(st.integers(0, len(text))), draw(often("", " ")))
    end = draw(often("\n", "\r\n", "\r"))
    whole = draw(often("", "\ufeff")) + end.join(text)
    whole += draw(often(end, "", end * 2))
    encoding = draw(often("utf-8", "utf-16", "utf-32", "utf-16-le"))
    ending = draw(st.sampled_from(list(PACKERS)))
    data = PACKERS[ending](whole.encode(encoding))
    named = draw(often(encoding, "utf-8"))
    name = ".txt" + draw(often(ending, "", ".GZ"))
    return name, data, {"encoding": named}, words, rows


def check_foreign(folder, name, data, settings, words, rows):
    """Load a text; what is read is what was written; return the error."""
    path = place_file(folder, name, data)
    try:
        vectors = load_vectors(path, dtype="float64", **settings)
    except SkipgramError as error:
        assert path.name in str(error), error
        return error
    numbers = np.array(rows, np.float64)
    assert vectors.words == words, (data, vectors.words, words)
    assert np.array_equal(vectors.matrix, numbers), (data, vectors.matrix)
    return None


def place_file(folder, ending, data):
    """Write the bytes below a folder, as the file or folder they are."""
    path = Path(folder, f"v{ending}")
    if ending:
        path.write_bytes(data)
        return path
    path.mkdir(exist_ok=True)
    numbers, _, words = data.partition(b"\x1c")
    (path / "vectors.tsv").write_bytes(numbers)
    (path / "metadata.tsv").write_bytes(words)
    return path


def try_to_load(path, settings):
    """Load a file; return the error if there is one, else check the result.

    Raises whatever is not a SkipgramError, or an AssertionError.
    """
    try:
        vectors = load_vectors(path, progress=False, **settings)
    except SkipgramError as error:
        assert "more memory" not in str(error), error
        assert str(path.name) in str(error) or not path.suffix, error
        return error
    words, matrix = vectors.words, vectors.matrix
    assert matrix.shape == (len(words), vectors.vector_size)
    assert len(set(words)) == len(words) > 0 < vectors.vector_size
    assert all(type(word) is str and word for word in words)
    if settings["limit"]:
        assert len(words) <= settings["limit"]
    if settings["dtype"]:
        assert matrix.dtype == settings["dtype"]
    if settings["finite"] and not path.name.endswith("safetensors"):
        mapped = settings["format"] == "safetensors"
        assert mapped or np.isfinite(matrix).all()
    return None


def limit_memory(more=GIGABYTE):
    """Let this process have so many bytes more than it has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    now = pages * os.sysconf("SC_PAGE_SIZE")
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (now + more, hard))


def run(folder, number, inputs, outcomes):
    """Try so many inputs, drawn from one seed; count what came of them."""
    every = settings(
        max_examples=(inputs + 1) // 2,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )

    @seed(number)
    @every
    @given(broken_files(), options)
    def one(file, settings):
        error = try_to_load(place_file(folder, *file), settings)
        outcomes["read" if error is None else "refused"] += 1

    @seed(number)
    @every
    @given(foreign_texts())
    def other(file):
        error = check_foreign(folder, *file)
        outcomes["read" if error is None else "refused"] += 1

    one()
    other()


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    outcomes, start, number = Counter(), time.perf_counter(), arguments.seed
    valid_files()
    limit_memory()
    with tempfile.TemporaryDirectory() as folder:
        while (left := arguments.inputs - outcomes.total()) > 0:
            run(folder, number, min(left, 5_000), outcomes)
            number += 1
            print(f"{outcomes.total():,}", end=" ", file=sys.stderr)
            sys.stderr.flush()
    seconds = time.perf_counter() - start
    print(
        f"\n{outcomes.total():,} inputs, {outcomes['refused']:,} refused by a "
        f"SkipgramError, {outcomes['read']:,} read, 0 other errors, in "
        f"{seconds:.0f} s (seeds {arguments.seed} to {number - 1})"
    )


if __name__ == "__main__":
    main()
