"""The command count: pairs of any text, into a folder."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Option,
    given,
    options,
    output,
    refuse,
    text_files,
)
from skipgram_lib.errors import check_at_least

COUNT_FILES = "skipgram_lib:count_files"


def connect_workers(
    workers: int | None, scheduler: str | None, memory: str | None
) -> AbstractContextManager[Any]:
    """Connect to the workers that a command line asks for, or to none."""
    if workers is not None:
        check_at_least("workers", workers, 1)
        refuse("--workers starts processes here", scheduler=scheduler)
    if workers is None and scheduler is None:
        return nullcontext()
    from skipgram_lib.counts.cluster import connect

    return connect(scheduler, workers, **given(memory=memory))


def run_count(
    files: Sequence[str],
    out: str,
    memory: str | None,
    workers: int | None,
    scheduler: str | None,
    text: Answer,
    counting: Answer,
) -> Answer:
    """Answer `skipgram count`: count pairs of any text into a folder."""
    from skipgram_lib.apps.cli.inputs import check_counting, count_on_disk
    from skipgram_lib.counts.parts import parse_size
    from skipgram_lib.counts.store import COUNTS, check_counts_folder
    from skipgram_lib.storage.folders import folder_size
    from skipgram_lib.text.files import TextFiles

    begin = perf_counter()
    folder = check_counts_folder(out)
    check_counting(counting)
    if memory is not None:
        parse_size(memory)
        counting["memory"] = memory
    with connect_workers(workers, scheduler, memory) as client:
        counting["client"] = client
        counts = count_on_disk(TextFiles(files, **text), folder, counting)
    return {
        "counts": out,
        "tokens": counts.vocabulary.total_tokens,
        "vocabulary_size": len(counts.vocabulary),
        "coverage": counts.vocabulary.coverage,
        "settings": counts.settings,
        "cells": int(counts.cells.nnz),
        "bytes": folder_size(folder, COUNTS),
        "seconds": perf_counter() - begin,
    }


def show_count(answer: Answer) -> str:
    """Return a line about what was counted."""
    return (
        "{counts}: {vocabulary_size:,} words, {cells:,} cells, "
        "{bytes:,} bytes, {seconds:.1f} s in all".format(**answer)
    )


COUNT = Command(
    "count",
    "count text of any size, to train from",
    [
        "skipgram count book.txt more/ --out out/counts",
        "skipgram count book.txt more/ --memory 2GB --workers 2 "
        "--out out/counts",
    ],
    [
        text_files("FILE|DIR...", "also s3://bucket/folder"),
        *shared.TEXT,
        *shared.COUNTING,
        output("--out DIR", "folder of counts; older ones are replaced"),
        Option("--memory SIZE", "approximate limit", COUNT_FILES),
        *options(
            {
                "--workers N": "count in N processes here, by Dask",
                "--scheduler ADDRESS": "count on a Dask cluster, such as "
                "tcp://10.0.0.1:8786",
            }
        ),
    ],
    run_count,
    show_count,
)
