"""The folder of TensorBoard's projector: vectors, labels, configuration."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from skipgram_lib.errors import SkipgramError
from skipgram_lib.storage.folders import FolderKind, write_folder
from skipgram_lib.vectors.formats.common import (
    BLOCK_BYTES,
    MAX_SIZE,
    MAX_WORD,
    Collector,
    Failure,
    LoadOptions,
    Table,
    Vectors,
    open_input,
)
from skipgram_lib.vectors.formats.word2vec import (
    numbered_lines,
    text_blocks,
    text_lines,
)

NUMBERS = "vectors.tsv"
LABELS = "metadata.tsv"
PROJECTOR = FolderKind(
    "vectors for TensorBoard",
    "projector_config.pbtxt",
    (NUMBERS, LABELS),
    "save the vectors again",
)
NAME = 'tensor_name: "word vectors"'
CONFIG = f"""embeddings {{
  {NAME}
  tensor_path: "%s"
  metadata_path: "%s"
}}
"""


def find_parts(folder: Path) -> tuple[Path, Path]:
    """Paths of the vectors and of their labels, by the configuration.

    It is read once: a writer may replace it meanwhile.
    """
    config = folder / PROJECTOR.manifest
    if not config.is_file():
        return folder / NUMBERS, folder / LABELS
    with open_input(config) as f:
        text = f.read(BLOCK_BYTES).decode("utf-8", "replace")
    return (
        find_part(config, text, "tensor_path", NUMBERS),
        find_part(config, text, "metadata_path", LABELS),
    )


def find_part(config: Path, text: str, field: str, default: str) -> Path:
    """Path of the file that a configuration names in this field."""
    folder = config.parent
    named = re.search(rf'\b{field}:\s*"([^"]*)"', text)
    if not named:
        return folder / default
    if Path(named[1]).name != named[1]:
        raise SkipgramError(
            f"{config}: {field} must be a file in this folder, got "
            f"{named[1]!r:.60}"
        )
    return folder / named[1]


def is_projector(folder: Path) -> bool:
    """Whether a folder holds vectors for TensorBoard's projector."""
    return find_parts(folder)[0].is_file()


def read_projector(folder: Path, options: LoadOptions) -> Vectors:
    """Read the vectors and the labels of a folder for TensorBoard."""
    numbers, labels = find_parts(folder)
    with open_input(numbers) as f, open_input(labels) as g:
        D = f.readline(64 * MAX_SIZE).count(b"\t") + 1
        f.seek(0)
        wanted = options.limit or sys.maxsize
        shape = BLOCK_BYTES // (4 * D) + 1, D
        collector = Collector(numbers, "line", shape, options)
        lines = numbered_lines(f, 1, MAX_WORD + 64 * D, collector.fail)
        labelled = label_lines(lines, g, str(labels), collector.fail)
        blocks = text_blocks(labelled, D, wanted, b"\t", collector)
        vectors = collector.collect(blocks, options.limit)
        if not options.limit and g.read(BLOCK_BYTES).strip():
            raise SkipgramError(f"{labels} has more lines than {numbers}")
    return vectors


def label_lines(
    lines: Iterator[tuple[int, bytes]],
    labels: IO[bytes],
    name: str,
    fail: Failure,
) -> Iterator[tuple[int, bytes]]:
    """Put its word, a line of the file `name`, before each of numbers."""
    for number, line in lines:
        word = labels.readline(MAX_WORD).rstrip(b"\r\n")
        if not word or b"\t" in word:
            raise fail(
                number, f"{name} must have one word there, got {word!r}"
            )
        yield number, word + b"\t" + line


def check_projector(folder: Path) -> None:
    """Refuse a folder with files of these names that are somebody's own."""
    if not folder.absolute().parent.is_dir():
        raise SkipgramError(
            f"cannot write {folder}: there is no folder "
            f"{folder.absolute().parent}; nothing was changed"
        )
    config = folder / PROJECTOR.manifest
    if config.is_file() and NAME in config.read_text("utf-8", "replace"):
        return
    for name in (PROJECTOR.manifest, *PROJECTOR.files):
        if (folder / name).exists():
            raise SkipgramError(
                f"{folder} holds other things than {PROJECTOR.name}, such as "
                f"{name}; name another folder"
            )


def write_projector(folder: Path, table: Table) -> None:
    """Write a folder for TensorBoard's projector, all of it or nothing."""
    check_projector(folder)
    with write_folder(folder, PROJECTOR) as new:
        with new.create(NUMBERS) as f, new.create(LABELS) as g:
            for words, rows in table.blocks():
                for word, line in text_lines(words, rows, b"\t"):
                    f.write(line + b"\n")
                    g.write(word + b"\n")
        names = new.names()
        config = CONFIG % (names[NUMBERS], names[LABELS])
        new.finish_with(config.encode())
