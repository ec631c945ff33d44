"""The command convert: vectors from one format into another."""

import argparse
from pathlib import Path

from skipgram_lib.apps.cli.inputs import named_vectors
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Parser,
    add_vectors,
    completed_by_file,
)
from skipgram_lib.storage.folders import folder_size
from skipgram_lib.vectors.files import save_vectors
from skipgram_lib.vectors.formats.registry import FORMATS
from skipgram_lib.vectors.formats.tensorboard import PROJECTOR


def add_convert_options(parser: Parser) -> None:
    """Add the options of `skipgram convert`."""
    add_vectors(parser, "in")
    completed_by_file(
        parser.add_argument(
            "out",
            metavar="OUT",
            help="what to write, by its ending; without "
            "one: a folder for TensorBoard's projector",
        )
    )
    add = parser.add_argument_group("output").add_argument
    add(
        "--dtype",
        choices=["float16", "float32", "float64"],
        help="dtype of the numbers; default: as they are",
    )
    add(
        "--to",
        choices=sorted(FORMATS),
        metavar="NAME",
        help=f"if the ending does not tell: {', '.join(sorted(FORMATS))}",
    )


def run_convert(args: argparse.Namespace) -> Answer:
    """Answer `skipgram convert`: read vectors, write them otherwise."""
    source = getattr(args, "in")  # a keyword of Python
    vectors = named_vectors(args, source)
    out = save_vectors(
        vectors, args.out, args.to, args.dtype, finite=not args.keep_nan
    )
    size = folder_size(out, PROJECTOR) if out.is_dir() else out.stat().st_size
    return {
        "from": str(Path(source)),
        "to": str(args.out),
        "words": len(vectors),
        "vector_size": vectors.vector_size,
        "bytes": size,
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
        (
            "skipgram convert out/model out/vectors.bin",
            "skipgram convert out/vectors.bin few.vec.gz --limit 5000",
            "skipgram convert out/model small.npz --matrix sum "
            "--dtype float16",
            "skipgram convert out/model out/projector",
        ),
        add_convert_options,
        run_convert,
        show_convert,
    ),
)
