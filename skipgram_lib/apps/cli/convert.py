"""The command convert: vectors from one format into another."""

from pathlib import Path

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import (
    FILE,
    STREAM,
    Answer,
    Command,
    Option,
    argument,
    given,
)
from skipgram_lib.errors import SkipgramError


def run_convert(
    source: str, out: str, dtype: str | None, to: str | None, vectors: Answer
) -> Answer:
    """Answer `skipgram convert`: read vectors, write them otherwise."""
    from skipgram_lib.apps.cli.inputs import read_vectors

    found = read_vectors(source, vectors, used=["finite"])
    finite = vectors.get("finite")
    try:
        found.save(out, **given(format=to, dtype=dtype, finite=finite))
    except SkipgramError as error:  # --format is how they are read
        raise SkipgramError(str(error).replace("format=", "to=")) from error
    return {
        "from": source,
        "to": out,
        "words": len(found),
        "vector_size": found.vector_size,
        "bytes": None if out == STREAM else size_of(Path(out)),
    }


def size_of(path: Path) -> int:
    """Bytes of a file, or of a folder for TensorBoard."""
    from skipgram_lib.storage.folders import folder_size
    from skipgram_lib.vectors.formats.tensorboard import PROJECTOR

    if path.is_dir():
        return folder_size(path, PROJECTOR)
    return path.stat().st_size


def show_convert(answer: Answer) -> str:
    """Return a line about what was written."""
    size = answer["bytes"]
    return "{to}: {words:,} words x {vector_size}".format(**answer) + (
        "" if size is None else f", {size:,} bytes"
    )


CONVERT = Command(
    "convert",
    "write vectors in another format",
    [
        "skipgram convert out/model out/vectors.bin",
        "skipgram convert out/vectors.bin few.vec.gz --limit 5000",
        "skipgram convert out/model small.npz --matrix sum --dtype float16",
        "skipgram convert out/model out/projector",
        "skipgram convert out/model - --limit 3",
    ],
    [
        argument("IN", shared.SOURCE_HELP, "source", FILE),
        argument(
            "OUT",
            "by its ending; none: for TensorBoard; -: stdout, as text",
            kind=FILE,
        ),
        *shared.VECTORS,
        Option(
            "--dtype float16|float32|float64",
            "dtype of the numbers; not given: as they are",
        ),
        Option("--to FORMAT", "if the ending does not tell"),
    ],
    run_convert,
    show_convert,
)
