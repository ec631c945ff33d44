"""The command count: pairs of any text, into a folder."""

import argparse
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from skipgram_lib.apps.cli.inputs import count_on_disk, named_files
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Counting,
    Parser,
    add_counting,
    add_text,
    completed_by_folder,
    default_of,
)
from skipgram_lib.counts.parts import parse_size
from skipgram_lib.counts.store import COUNTS, check_counts_folder
from skipgram_lib.counts.streaming import count_files
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.storage.folders import folder_size


def add_count_options(parser: Parser) -> None:
    """Add the options of `skipgram count`."""
    add_text(
        parser,
        "+",
        "UTF-8 text, plain or .gz; also addresses "
        "such as s3://bucket/folder, with the extra distributed",
    )
    add_counting(parser)
    add = parser.add_argument_group("where").add_argument
    completed_by_folder(
        add(
            "--out",
            required=True,
            metavar="DIR",
            help="folder of the counts; older counts in it are replaced",
        )
    )
    add(
        "--memory",
        default=default_of(count_files, "memory"),
        metavar="SIZE",
        help="approximate memory limit (%(default)s)",
    )
    add(
        "--workers",
        type=int,
        metavar="N",
        help="count in N processes on this machine, by Dask",
    )
    add(
        "--scheduler",
        metavar="ADDRESS",
        help="count on a Dask cluster, such as tcp://10.0.0.1:8786",
    )


def connect_workers(
    workers: int | None, scheduler: str | None, memory: str
) -> AbstractContextManager[Any]:
    """Connect to the workers that a command line asks for, or to none."""
    if workers is not None:
        check_at_least("workers", workers, 1)
        if scheduler:
            raise SkipgramError(
                "--workers starts processes here, and --scheduler names "
                "others; leave one of them out"
            )
    if workers is None and scheduler is None:
        return nullcontext()
    from skipgram_lib.counts.cluster import connect

    return connect(scheduler, workers, memory)


def run_count(args: argparse.Namespace) -> Answer:
    """Answer `skipgram count`: count pairs of any text into a folder."""
    begin = perf_counter()
    folder = check_counts_folder(args.out)
    counting = Counting.of(args)
    parse_size(args.memory)
    files = named_files(args)
    with connect_workers(args.workers, args.scheduler, args.memory) as client:
        text = count_on_disk(files, counting, folder, args.memory, client)
    return {
        "counts": str(args.out),
        "tokens": text.vocabulary.total_tokens,
        "vocabulary_size": len(text.vocabulary),
        "coverage": text.vocabulary.coverage,
        "settings": text.counts.settings,
        "cells": int(text.counts.cells.nnz),
        "bytes": folder_size(folder, COUNTS),
        "seconds": perf_counter() - begin,
    }


def show_count(answer: Answer) -> str:
    """Return a line about what was counted."""
    return (
        "{counts}: {vocabulary_size:,} words, {cells:,} cells, "
        "{bytes:,} bytes, {seconds:.1f} s in all".format(**answer)
    )


COMMANDS = (
    Command(
        "count",
        "count text of any size, to train from",
        (
            "skipgram count book.txt more/ --out out/counts",
            "skipgram count book.txt more/ --memory 2GB --workers 2 "
            "--out out/counts",
        ),
        add_count_options,
        run_count,
        show_count,
    ),
)
