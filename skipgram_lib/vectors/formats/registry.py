"""The formats of word vectors: which file is which, and its way in and out."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError, check_choice, printable
from skipgram_lib.storage.files import home_path
from skipgram_lib.storage.folders import read_steadily
from skipgram_lib.storage.inputs import ENDINGS, seekable_path
from skipgram_lib.vectors.formats import (
    binary,
    npz,
    safetensors,
    tensorboard,
    text,
)
from skipgram_lib.vectors.formats.common import (
    MAX_SIZE,
    MAX_WORD,
    STANDARD,
    LoadOptions,
    SaveOptions,
    Table,
    Vectors,
    check_dtype,
    check_words,
    select_vectors,
)
from skipgram_lib.vectors.formats.model_folder import (
    is_model_folder,
    read_model_folder,
)


def read_vector_folder(folder: Path, options: LoadOptions) -> Vectors:
    """Read a folder: a model's W_in, or one for TensorBoard's projector."""
    if is_model_folder(folder):
        model = read_model_folder(folder)
        words = check_words(model.vocabulary.words, "", folder)
        return select_vectors(folder, words, model.arrays["W_in"], options)
    if folder.is_dir() and not tensorboard.is_projector(folder):
        raise SkipgramError(
            f"{folder} is a folder with neither a model.json nor a "
            "vectors.tsv; name the file in it that is meant"
        )
    return read_steadily(
        folder / tensorboard.PROJECTOR.manifest,
        lambda: tensorboard.read_projector(folder, options),
    )


@dataclass(frozen=True)
class Format:
    """A format of word vectors.

    Attributes
    ----------
    name : str
    endings : tuple of str
        How the names of such files end; "" stands for a folder.
    read, write : callable
    forbidden : str
        Characters that a word must not have, because they end it for some
        reader.
    dtype : numpy.dtype or None
        The only type that the numbers can have.
    packed : bool
        It may be written through gzip.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path, LoadOptions], Vectors]
    write: Callable[[Path, Table], None]
    forbidden: str = ""
    dtype: np.dtype[Any] | None = None
    packed: bool = False


# What ends a word for readers in C, and in Python those of gensim and spaCy.
C_BLANKS = " \t\n\v\f\r"

FORMATS = {
    format.name: format
    for format in (
        Format(
            "word2vec-binary",
            (".bin",),
            binary.read_binary,
            binary.write_binary,
            " \n",
            np.dtype(np.float32),
            packed=True,
        ),
        Format(
            "word2vec-text",
            (".txt", ".vec"),
            text.read_word2vec_text,
            text.write_word2vec_text,
            C_BLANKS,
            packed=True,
        ),
        Format(
            "glove",
            (),
            text.read_glove,
            text.write_glove,
            C_BLANKS,
            packed=True,
        ),
        Format("npz", (".npz",), npz.read_npz, npz.write_npz, "\0"),
        Format(
            "safetensors",
            (".safetensors",),
            safetensors.read_safetensors,
            safetensors.write_safetensors,
        ),
        Format(
            "tensorboard",
            ("",),
            read_vector_folder,
            tensorboard.write_projector,
            "\t\n\r",
        ),
    )
}
ENDED = {end: f for f in FORMATS.values() for end in f.endings if end}


def find_format(path: Path, name: str | None = None) -> Format:
    """Format of a file: the one named, or by the ending of its name.

    Endings of compressed files are passed over. A folder, and what has no
    ending and is not there, is TensorBoard's; a pipe is text.
    """
    if name is not None:
        return FORMATS[check_choice("format", name, list(FORMATS))]
    if path == STANDARD or (path.is_fifo() and not path.suffix):
        return FORMATS["word2vec-text"]
    if path.is_dir() or not (path.suffix or path.exists()):
        return FORMATS["tensorboard"]
    plain = path.name.lower()
    for ending in ENDINGS:
        plain = plain.removesuffix(ending)
    for ending, format in ENDED.items():
        if plain.endswith(ending):
            return format
    raise SkipgramError(
        f"the name of {printable(path)} does not tell its format: it ends in "
        f"none of {', '.join(ENDED)}; say format={'|'.join(FORMATS)}"
    )


def given_path(path: str | Path) -> Path:
    """A path, or `STANDARD` for "-"; a file of that name is "./-"."""
    found = home_path(path)
    named = found == STANDARD and os.fspath(path) != "-"
    return found.absolute() if named else found


@contextmanager
def naming(place: str, name: str) -> Iterator[None]:
    """Let errors of a file or folder at some place call it by a name."""
    try:
        yield
    except SkipgramError as error:
        if place == name:
            raise
        raise type(error)(str(error).replace(place, name)) from error


def read_vectors(path: str | Path, options: LoadOptions) -> Vectors:
    """Read V words and their matrix (V, D) from a file, or from a folder.

    Raises
    ------
    SkipgramError
        If it is missing, damaged, or of another format.
    """
    path = given_path(path)
    format = find_format(path, options.format)
    name = "standard input" if path == STANDARD else printable(path)
    place = seekable_path(str(path))
    if not os.path.exists(place):
        address = "; an address is not read, download the file first"
        raise SkipgramError(
            f"no such file or folder: {name}"
            + address * bool(re.match(r"\w\w+:/", name))
        )
    try:
        with naming(place, name):
            return format.read(Path(place), options)
    except MemoryError:
        raise SkipgramError(
            f"{name} needs more memory than there is; read less of it with "
            "limit=1000, or dtype='float16'"
        ) from None


def write_vectors(
    path: str | Path, words: list[str], matrix: Array, options: SaveOptions
) -> Path:
    """Write V words and their matrix (V, D) to a file or folder; its path.

    The path "-" is standard output.

    Raises
    ------
    SkipgramError
        If the format cannot hold a word or a value, or writing fails.
    """
    path = given_path(path)
    format = find_format(path, options.format)
    check_ending(path, format)
    dtype = stored_dtype(format, matrix, options.dtype)
    table = Table(words, matrix, dtype, options.finite, options.progress)
    with naming(str(path), printable(path)):
        check_table(path, table, format.forbidden)
        format.write(path, table)
    return path


def check_ending(path: Path, format: Format) -> None:
    """Refuse a name that promises a compression which is not written."""
    if path == STANDARD and "" in format.endings:
        raise SkipgramError("a folder cannot be written to standard output")
    ending = path.suffix.lower()
    if ending in ENDINGS and (ending != ".gz" or not format.packed):
        raise SkipgramError(
            f"{printable(path)}: {format.name} is not written as {ending}; "
            "word2vec's and GloVe's formats may end in .gz, and all others "
            "are written plain"
        )


def stored_dtype(format: Format, matrix: Array, wanted: Any) -> np.dtype[Any]:
    """Type of the numbers in a file of this format."""
    dtype = check_dtype(wanted)
    if format.dtype is not None:
        if dtype is not None and dtype != format.dtype:
            raise SkipgramError(
                f"word2vec's binary format holds {format.dtype} only, got "
                f"{wanted!r}; write .safetensors or .npz"
            )
        dtype = format.dtype
    found: np.dtype[Any] = matrix.dtype if dtype is None else dtype
    return found.newbyteorder("<")


def check_table(path: Path, table: Table, forbidden: str) -> None:
    """Refuse vectors that a format with these ends of words cannot hold."""
    if 0 in table.matrix.shape:
        raise SkipgramError(f"{path}: there are no vectors to write")
    check_words(table.words, forbidden, path)
    D = table.matrix.shape[1]
    longest = max(table.words, key=len)
    too_long = len(longest.encode()) >= MAX_WORD or D > MAX_SIZE
    if too_long and "\n" in forbidden:  # readers look for the ends
        raise SkipgramError(
            f"{path}: a word has at most {MAX_WORD - 1:,} bytes there and a "
            f"vector {MAX_SIZE:,} numbers, got {longest[:20]!r}... and "
            f"{D:,}; write .safetensors or .npz"
        )
