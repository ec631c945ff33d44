"""The formats of word vectors: which file is which, and its way in and out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.storage.folders import read_steadily
from skipgram_lib.vectors.formats.common import (
    MAX_SIZE,
    MAX_WORD,
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
from skipgram_lib.vectors.formats.npz import read_npz, write_npz
from skipgram_lib.vectors.formats.safetensors import (
    read_safetensors,
    write_safetensors,
)
from skipgram_lib.vectors.formats.tensorboard import (
    PROJECTOR,
    is_projector,
    read_projector,
    write_projector,
)
from skipgram_lib.vectors.formats.word2vec import (
    read_binary,
    read_glove,
    read_word2vec_text,
    write_binary,
    write_glove,
    write_word2vec_text,
)


def read_vector_folder(folder: Path, options: LoadOptions) -> Vectors:
    """Read a folder: a model's W_in, or one for TensorBoard's projector."""
    if is_model_folder(folder):
        model = read_model_folder(folder)
        words = check_words(model.vocabulary.words, "", folder)
        return select_vectors(folder, words, model.arrays["W_in"], options)
    if folder.is_dir() and not is_projector(folder):
        raise SkipgramError(
            f"{folder} is a folder with neither a model.json nor a "
            "vectors.tsv; name the file in it that is meant"
        )
    return read_steadily(
        folder / PROJECTOR.manifest, lambda: read_projector(folder, options)
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
        Characters that a word must not have, because they end it.
    dtype : numpy.dtype or None
        The only type that the numbers can have.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[Path, LoadOptions], Vectors]
    write: Callable[[Path, Table], None]
    forbidden: str = ""
    dtype: np.dtype[Any] | None = None

    @property
    def is_read_by_lines(self) -> bool:
        """Whether a reader looks for the end of each word and vector."""
        return "\n" in self.forbidden


FORMATS = {
    format.name: format
    for format in (
        Format(
            "word2vec-binary",
            (".bin", ".bin.gz"),
            read_binary,
            write_binary,
            " \n",
            np.dtype(np.float32),
        ),
        Format(
            "word2vec-text",
            (".txt", ".txt.gz", ".vec", ".vec.gz"),
            read_word2vec_text,
            write_word2vec_text,
            "\n",
        ),
        Format("glove", (), read_glove, write_glove, "\n"),
        Format("npz", (".npz",), read_npz, write_npz, "\0"),
        Format(
            "safetensors",
            (".safetensors",),
            read_safetensors,
            write_safetensors,
        ),
        Format(
            "tensorboard", ("",), read_vector_folder, write_projector, "\t\n\r"
        ),
    )
}


def find_format(path: Path, name: str | None = None) -> Format:
    """Format of a file: the one named, or by the ending of its name.

    A folder, and what has no ending and is not there, is TensorBoard's.
    """
    if name is not None:
        if name not in FORMATS:
            raise SkipgramError(
                f"format must be one of {', '.join(FORMATS)}; got {name!r}"
            )
        return FORMATS[name]
    if path.is_dir() or not (path.suffix or path.exists()):
        return FORMATS["tensorboard"]
    known = []
    for format in FORMATS.values():
        for ending in filter(None, format.endings):
            if path.name.lower().endswith(ending):
                return format
            known.append(ending)
    raise SkipgramError(
        f"the name of {path} does not tell its format: it ends in none of "
        f"{', '.join(known)}; say format={'|'.join(FORMATS)}"
    )


def read_vectors(path: Path, options: LoadOptions) -> Vectors:
    """Read V words and their matrix (V, D) from a file, or from a folder.

    Raises
    ------
    SkipgramError
        If it is missing, damaged, or of another format.
    """
    if not path.exists():
        raise SkipgramError(f"no such file or folder: {path}")
    try:
        return find_format(path, options.format).read(path, options)
    except MemoryError:
        raise SkipgramError(
            f"{path} needs more memory than there is; read less of it with "
            "limit, or dtype='float16'"
        ) from None


def write_vectors(
    path: Path, words: list[str], matrix: Array, options: SaveOptions
) -> Path:
    """Write V words and their matrix (V, D) to a file or folder; its path.

    Raises
    ------
    SkipgramError
        If the format cannot hold a word or a value, or writing fails.
    """
    format = find_format(path, options.format)
    if 0 in matrix.shape:
        raise SkipgramError(f"{path}: there are no vectors to write")
    dtype = stored_dtype(format, matrix, options.dtype)
    check_words(words, format.forbidden, path)
    if format.is_read_by_lines:
        check_lengths(path, words, matrix)
    table = Table(words, matrix, dtype, options.finite, options.progress)
    format.write(path, table)
    return path


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


def check_lengths(path: Path, words: list[str], matrix: Array) -> None:
    """Refuse a word or a vector that is too long to be read again."""
    D = matrix.shape[1]
    longest = max(words, key=len)
    if len(longest.encode()) >= MAX_WORD or D > MAX_SIZE:
        raise SkipgramError(
            f"{path}: a word has at most {MAX_WORD - 1:,} bytes there and a "
            f"vector {MAX_SIZE:,} numbers, got {longest[:20]!r}... and "
            f"{D:,}; write .safetensors or .npz"
        )
