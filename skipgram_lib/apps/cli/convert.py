"""The command convert: vectors from one format into another."""

from skipgram_lib.apps.cli.options import (
    FILE,
    SOURCE_HELP,
    VECTORS,
    Answer,
    Command,
    Option,
    argument,
    given,
)


def run_convert(
    source: str, out: str, dtype: str | None, to: str | None, vectors: Answer
) -> Answer:
    """Answer `skipgram convert`: read vectors, write them otherwise."""
    from skipgram_lib.apps.cli.inputs import read_vectors
    from skipgram_lib.storage.folders import folder_size
    from skipgram_lib.vectors.formats.tensorboard import PROJECTOR

    found = read_vectors(source, vectors, used=["finite"])
    finite = vectors.get("finite")
    path = found.save(out, **given(format=to, dtype=dtype, finite=finite))
    folder = path.is_dir()
    return {
        "from": source,
        "to": out,
        "words": len(found),
        "vector_size": found.vector_size,
        "bytes": folder_size(path, PROJECTOR)
        if folder
        else path.stat().st_size,
    }


def show_convert(answer: Answer) -> str:
    """Return a line about what was written."""
    return "{to}: {words:,} words x {vector_size}, {bytes:,} bytes".format(
        **answer
    )


COMMANDS = (
    Command(
        "convert",
        "write vectors in another format",
        [
            "skipgram convert out/model out/vectors.bin",
            "skipgram convert out/vectors.bin few.vec.gz --limit 5000",
            "skipgram convert out/model small.npz --matrix sum "
            "--dtype float16",
            "skipgram convert out/model out/projector",
        ],
        [
            argument("IN", SOURCE_HELP, "source", FILE),
            argument("OUT", "by its ending; none: for TensorBoard", kind=FILE),
            *VECTORS,
            Option(
                "--dtype float16|float32|float64",
                "dtype of the numbers; not given: as they are",
            ),
            Option("--to FORMAT", "if the ending does not tell"),
        ],
        run_convert,
        show_convert,
    ),
)
