"""Options that several commands share; their defaults are the library's."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from typing import Any

import shtab

from skipgram_lib.counts.counts import check_sample, count_pairs
from skipgram_lib.errors import check_at_least
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.text.files import TextFiles
from skipgram_lib.text.vocabulary import encode_documents
from skipgram_lib.vectors.files import load_vectors
from skipgram_lib.vectors.formats.registry import FORMATS
from skipgram_lib.vectors.vectors import WordVectors

Answer = dict[str, Any]
Parser = argparse.ArgumentParser

BACKENDS = ["auto", "numpy", "cupy"]


@dataclass(frozen=True)
class Command:
    """One command of the program.

    Attributes
    ----------
    name, help : str
        What is typed, and one line about it.
    examples : tuple of str
        Lines for the end of its help.
    add_options : callable
        Adds the command's options to its parser.
    run : callable
        Computes the answer, ready for JSON.
    show : callable
        Turns the answer into text for people.
    """

    name: str
    help: str
    examples: tuple[str, ...]
    add_options: Callable[[Parser], None]
    run: Callable[[argparse.Namespace], Answer]
    show: Callable[[Answer], str]


def default_of(function: Callable[..., Any], name: str) -> Any:
    """Return the library's default for a parameter."""
    return signature(function).parameters[name].default


def completed_by_file(option: argparse.Action) -> None:
    """Let the Tab key complete an option with the names of files."""
    option.complete = shtab.FILE  # type: ignore[attr-defined]


def completed_by_folder(option: argparse.Action) -> None:
    """Let the Tab key complete an option with the names of folders."""
    option.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def add_vectors(parser: Parser, name: str = "model") -> None:
    """Add the options that say which vectors are read, and how."""
    source = parser.add_argument(
        name,
        metavar=name.upper(),
        help="folder of a model, or a file of "
        "vectors: .bin .txt .vec (.gz) .npz .safetensors",
    )
    completed_by_file(source)
    add = parser.add_argument_group("vectors").add_argument
    add(
        "--matrix",
        choices=["in", "out", "sum"],
        default=default_of(SkipGram.word_vectors, "matrix"),
        help="of a model: W_in, W_out or their sum (%(default)s)",
    )
    add("--limit", type=int, metavar="N", help="read the first N words only")
    add(
        "--format",
        choices=sorted(FORMATS),
        metavar="NAME",
        help=f"if the ending does not tell: {', '.join(sorted(FORMATS))}",
    )
    add(
        "--errors",
        choices=["strict", "replace"],
        default=default_of(load_vectors, "errors"),
        help="what to do with words that are not UTF-8 (%(default)s)",
    )
    add(
        "--duplicates",
        choices=["error", "first"],
        default=default_of(load_vectors, "duplicates"),
        help="what to do with a duplicate word (%(default)s)",
    )
    add("--keep-nan", action="store_true", help="accept NaN and infinity")


def add_search(parser: Parser) -> None:
    """Add the option that says where vectors are searched."""
    parser.add_argument(
        "--backend",
        choices=BACKENDS,
        default="numpy",
        help="where the vectors are searched (%(default)s)",
    )


def add_topn(parser: Parser) -> None:
    """Add the option that says how long a list is."""
    parser.add_argument(
        "--topn",
        type=int,
        default=default_of(WordVectors.most_similar, "topn"),
        metavar="N",
        help="words to list (%(default)s)",
    )


def add_text(
    parser: Parser,
    nargs: str = "*",
    text: str = "UTF-8 text, plain or .gz; none: the embedded corpus",
) -> None:
    """Add the options that say which text is read, and how."""
    add = parser.add_argument_group("text").add_argument
    add("files", nargs=nargs, metavar="FILE|DIR", help=text)
    add(
        "--letters",
        choices=["ascii", "unicode"],
        default=default_of(TextFiles, "letters"),
        help="letters that words are made of (%(default)s)",
    )
    add(
        "--document",
        choices=["file", "line"],
        default=default_of(TextFiles, "document"),
        help="no window reaches over its ends (%(default)s)",
    )
    add(
        "--errors",
        choices=["strict", "replace"],
        default=default_of(TextFiles, "errors"),
        help="what to do with bytes that are not UTF-8 (%(default)s)",
    )


def add_counting(parser: Parser) -> None:
    """Add the options that say how pairs are counted; None: not given."""
    add = parser.add_argument_group("counting").add_argument
    numbers = {
        "--vocab-size": (
            default_of(encode_documents, "max_size"),
            "most frequent words that are kept",
        ),
        "--min-count": (
            default_of(encode_documents, "min_count"),
            "leave out words that occur less often",
        ),
        "--window": (
            default_of(count_pairs, "window"),
            "largest distance of centre and context",
        ),
        "--sample": (
            default_of(count_pairs, "sample"),
            "subsample frequent words, above this share; 0: off",
        ),
    }
    for name, (default, text) in numbers.items():
        add(
            name,
            type=type(default),
            metavar="N",
            help=f"{text} ({default})",
        )
    add(
        "--full-windows",
        action="store_true",
        help="weight all distances in the window equally",
    )


@dataclass(frozen=True)
class Counting:
    """How to count, as far as a command line says it; see `given`."""

    max_size: int | None
    min_count: int | None
    window: int | None
    sample: float | None
    full_windows: bool

    @classmethod
    def of(cls, args: argparse.Namespace) -> "Counting":
        """Return what a command line says; refuse what cannot be used."""
        for name in ("vocab_size", "min_count", "window"):
            if (number := getattr(args, name)) is not None:
                check_at_least(name.replace("_", " "), number, 1)
        if args.sample is not None:
            check_sample(args.sample)
        return cls(
            args.vocab_size,
            args.min_count,
            args.window,
            args.sample,
            args.full_windows,
        )

    def of_words(self) -> Answer:
        """Settings of the vocabulary that were given, by name."""
        return given(max_size=self.max_size, min_count=self.min_count)

    def of_pairs(self) -> Answer:
        """Settings of `count_pairs` that were given, by name."""
        shrink = False if self.full_windows else None
        return given(
            window=self.window, sample=self.sample, shrink_windows=shrink
        )


def given(**settings: Any) -> dict[str, Any]:
    """Return the settings that are not None."""
    return {
        name: value for name, value in settings.items() if value is not None
    }


def add_counts(parser: Parser, group: str) -> Callable[..., argparse.Action]:
    """Add the option that names counts; return what adds to its group."""
    add = parser.add_argument_group(group).add_argument
    counts = add(
        "--counts",
        metavar="DIR",
        help="what `skipgram count` wrote; replaces text",
    )
    completed_by_folder(counts)
    return add
