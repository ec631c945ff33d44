"""Test sets of word vectors: published ones, and files of one's own."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeAlias

from skipgram_lib.errors import SkipgramError
from skipgram_lib.text.files import read_text


@dataclass(frozen=True)
class PublishedSet:
    """A published test set, and where this machine has it from.

    Attributes
    ----------
    name : str
        What people call it.
    kind : {"pairs", "analogies"}
    citation : str
        Who published it.
    path : Path
    origin : str
        The package that brought the file.
    """

    name: str
    kind: str
    citation: str
    path: Path
    origin: str

    def __str__(self) -> str:
        return f"{self.name} ({self.citation}), from {self.origin}"


class Published(NamedTuple):
    """A published test set, and the name of its file in gensim."""

    title: str
    kind: str
    citation: str
    file: str


PUBLISHED = {
    "wordsim353": Published(
        "WordSim-353", "pairs", "Finkelstein et al. 2002", "wordsim353.tsv"
    ),
    "simlex999": Published(
        "SimLex-999",
        "pairs",
        "Hill, Reichart and Korhonen 2015",
        "simlex999.txt",
    ),
    "google": Published(
        "Google analogies",
        "analogies",
        "Mikolov et al. 2013",
        "questions-words.txt",
    ),
}


def in_gensim(file: str) -> tuple[Path, str] | None:
    """Path of a file of gensim's test data, and what brought it."""
    spec = find_spec("gensim")
    for folder in (spec and spec.submodule_search_locations) or []:
        path = Path(folder, "test", "test_data", file)
        if path.is_file():
            try:
                return path, f"gensim {version('gensim')}, {file}"
            except PackageNotFoundError:
                return path, str(path)
    return None


def find_test_set(name: str) -> PublishedSet:
    """Find a published test set in the package data of gensim.

    Gensim is not imported, only looked for. This library brings no test
    set of its own.

    Parameters
    ----------
    name : {"wordsim353", "simlex999", "google"}

    Returns
    -------
    PublishedSet

    Raises
    ------
    SkipgramError
        If there is no such name, or no gensim that has the file.
    """
    if name not in PUBLISHED:
        raise SkipgramError(
            f"no test set is called {name!r}; there are {', '.join(PUBLISHED)}"
        )
    title, kind, citation, file = PUBLISHED[name]
    if found := in_gensim(file):
        path, origin = found
        return PublishedSet(title, kind, citation, path, origin)
    raise SkipgramError(
        f"{title} is the file {file} of the package gensim, which is not "
        "there; run: pip install gensim, or name a file of your own"
    )


def published_test_sets() -> list[PublishedSet]:
    """Find all the published test sets, or refuse with how to get them."""
    return [find_test_set(name) for name in PUBLISHED]


TestFile: TypeAlias = str | Path | PublishedSet


def content_lines(file: TestFile) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of the lines that hold something.

    Blank lines and those that begin with # are passed over.
    """
    path = file.path if isinstance(file, PublishedSet) else file
    lines = re.split(r"\r\n|\r|\n", read_text(path))
    for number, line in enumerate(lines, 1):
        if (line := line.strip()) and not line.startswith("#"):
            yield number, line


class ScoredPair(NamedTuple):
    """Two words, and how alike people find them."""

    one: str
    other: str
    score: float


def pair_fields(line: str) -> list[str]:
    """Split a line at tabs, else at commas, else at white space."""
    mark = next((mark for mark in "\t," if mark in line), None)
    return [part.strip() for part in line.split(mark)]


def parse_pair(place: str, line: str) -> ScoredPair:
    """Read a line of a file of pairs; `place` says where it stands."""
    fields = pair_fields(line)
    if len(fields) != 3 or not all(fields):
        raise SkipgramError(
            f"{place}: expected two words and a score, got {line[:60]!r}"
        )
    try:
        score = float(fields[2])
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise SkipgramError(f"{place}: the score {fields[2]!r} is no number")
    return ScoredPair(fields[0], fields[1], score)


def read_pairs(file: TestFile) -> list[ScoredPair]:
    """Read a file of word pairs with a score each.

    Parameters
    ----------
    file : str, Path or PublishedSet
        UTF-8 text, plain or .gz: one pair per line, two words and a
        score divided by tabs, commas or spaces; # begins a comment. A
        first line without a digit in its third field is a heading.

    Returns
    -------
    list of ScoredPair

    Raises
    ------
    SkipgramError
        If a line is something else, with its number; or there is none.
    """
    lines = list(content_lines(file))
    if lines:
        fields = pair_fields(lines[0][1])
        if len(fields) == 3 and not re.search(r"\d", fields[2]):
            del lines[0]
    if not lines:
        raise SkipgramError(f"{file} holds no pair; is it the right file?")
    return [parse_pair(f"{file}, line {n}", line) for n, line in lines]


class Analogy(NamedTuple):
    """A question: a is to b as c is to d; sections count from 0."""

    section: int
    words: list[str]


def read_analogies(file: TestFile) -> tuple[list[str], list[Analogy]]:
    """Read a file of analogies: names of its sections, and questions.

    Parameters
    ----------
    file : str, Path or PublishedSet
        UTF-8 text, plain or .gz: four words per line, divided by white
        space; a line ": name" begins a section, # begins a comment.

    Returns
    -------
    list of str, list of Analogy

    Raises
    ------
    SkipgramError
        If a line is something else, with its number; or there is none.
    """
    sections: list[str] = []
    questions: list[Analogy] = []
    for number, line in content_lines(file):
        words = line.split()
        if line.startswith(":"):
            sections.append(line.lstrip(": "))
        elif sections and len(words) == 4:
            questions.append(Analogy(len(sections) - 1, words))
        else:
            heading = "': name of a section' before any question"
            wanted = "four words" if sections else heading
            raise SkipgramError(
                f"{file}, line {number}: expected {wanted}, got {line[:60]!r}"
            )
    if not questions:
        raise SkipgramError(f"{file} holds no question; is it the right file?")
    return sections, questions
