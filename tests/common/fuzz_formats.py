"""Throw broken files at the readers: only our own errors may come out.

    python tests/common/fuzz_formats.py --inputs 100000 [--seed 0]

Hypothesis makes the files: some of bytes without sense, most of them valid
files with a few changes (bytes turned, cut out, doubled, put in, numbers in
headers made huge), changed before or after they are compressed. Each is
read with options drawn at random. Whatever is read must be sound, and what
is refused must be refused with a SkipgramError, within a gigabyte of
memory. tests/vectors/test_formats.py runs a few hundred; this program runs
as many as asked, and ends with 1 if a single one went wrong.
"""

import argparse
import gzip
import io
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
                vectors = WordVectors(plain if "b" in ending else names, rows)
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

    @seed(number)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(broken_files(), options)
    def one(file, settings):
        error = try_to_load(place_file(folder, *file), settings)
        outcomes["read" if error is None else "refused"] += 1

    one()


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
