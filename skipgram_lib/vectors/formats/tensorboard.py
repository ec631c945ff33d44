"""The folder of TensorBoard's projector: vectors, labels, configuration."""

import re
import sys
from pathlib import Path
from typing import IO

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.storage.folders import FolderKind, write_folder
from skipgram_lib.vectors.formats.common import (
    BLOCK_BYTES,
    MAX_SIZE,
    Collector,
    LoadOptions,
    Table,
    Vectors,
    check_first,
    open_input,
)
from skipgram_lib.vectors.formats.text import (
    Lines,
    block_rows,
    numbered_lines,
    open_lines,
    parse_numbers,
    parsed_blocks,
    reason,
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
# What JavaScript takes for blank, or Python.
BLANK = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "\ufeff"
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
    """Path of the file that a configuration names in this field, once."""
    named = re.findall(rf"""\b{field}:\s*["']([^"']*)["']""", text)
    name = named[0] if named else default
    if len(named) > 1 or Path(name).name != name:
        raise SkipgramError(
            f"{config}: {field} must be a file in this folder, got "
            f"{' and '.join(map(repr, named)):.60}; one is read"
        )
    return config.parent / name


def is_projector(folder: Path) -> bool:
    """Whether a folder holds vectors for TensorBoard's projector."""
    return find_parts(folder)[0].is_file()


def read_projector(folder: Path, options: LoadOptions) -> Vectors:
    """Read the vectors and the labels of a folder for TensorBoard."""
    numbers, labels = find_parts(folder)
    with open_lines(labels, options) as (f, _):
        words = read_labels(labels, f)
    with open_lines(numbers, options) as (f, _):
        start = f.tell()
        D = len(split_cells(f.readline(64 * MAX_SIZE)))
        f.seek(start)
        collector = Collector(numbers, "line", D, options, block_rows(D))
        lines = numbered_lines(f, 1, collector)

        def parse(number: int, line: bytes) -> tuple[bytes, Array]:
            if number > len(words) or b"\t" in words[number - 1]:
                raise SkipgramError(f"{labels} must have one word for it")
            return words[number - 1], parse_cells(line, collector)

        wanted = options.limit or sys.maxsize
        blocks = parsed_blocks(lines, parse, collector, wanted)
        vectors = collector.collect(blocks, options.limit)
        check_labels(labels, words, collector, lines)
    return vectors


def check_labels(
    path: Path, words: list[bytes], collector: Collector, lines: Lines
) -> None:
    """Refuse labels of more vectors than were read, and are left to read."""
    found = len(collector.words) + sum(1 for _ in lines)
    if any(words[found:]) or found > len(words):
        raise SkipgramError(
            f"{path} has {len(words):,} labels, and {collector.path} "
            f"{found:,} vectors; labels of one column have no heading"
        )


# Columns that hold the words, in a table of labels that has a heading.
WORD_COLUMNS = b"word", b"label", b"token", b"name"


def read_labels(path: Path, labels: IO[bytes]) -> list[bytes]:
    """Words of a file of labels, as TensorBoard reads it.

    A first line of several columns is a heading; then empty lines are passed
    over, and one of the columns holds the words.
    """
    lines = [line.rstrip(b"\r") for line in labels.read().split(b"\n")]
    names = lines[0].lower().split(b"\t")
    if len(names) == 1:
        return lines if lines[-1] else lines[:-1]
    column = next((names.index(n) for n in WORD_COLUMNS if n in names), None)
    cells = [line.split(b"\t") for line in lines[1:] if line.strip()]
    if column is None or any(len(row) != len(names) for row in cells):
        raise SkipgramError(
            f"{path}, line 1: the columns of labels are named {names}; one "
            "must be named word, label, token or name, and each line have all"
        )
    return [row[column] for row in cells]


def split_cells(line: bytes) -> list[bytes]:
    """Cells of a line of numbers."""
    return line.rstrip(b"\t \r\n").split(b"\t")


def parse_cells(line: bytes, collector: Collector) -> Array:
    """Numbers of a line; the SkipgramError is a phrase."""
    D = collector.D
    cells = split_cells(line)
    try:
        return parse_numbers(b"".join(cells), cells, D, collector.parsed)
    except ValueError:
        raise SkipgramError(
            f"expected {D} numbers with tabs, got {line[:40]!r}{reason(line)}"
        ) from None


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
    check_first(table.words, folder)
    for word in table.words:
        if not word.strip(BLANK):
            raise SkipgramError(
                f"{folder}: the word {word!r} cannot be written, because "
                "TensorBoard passes over labels of blanks, and the next ones "
                "move up; write .safetensors or .npz"
            )
    with write_folder(folder, PROJECTOR) as new:
        with new.create(NUMBERS) as f, new.create(LABELS) as g:
            for words, rows in table.blocks():
                for label, line in text_lines(words, rows, b"\t"):
                    f.write(line + b"\n")
                    g.write(label + b"\n")
        names = new.names()
        config = CONFIG % (names[NUMBERS], names[LABELS])
        new.finish_with(config.encode())
