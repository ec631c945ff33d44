"""Test sets of word vectors: published ones, and files of one's own."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, TypeAlias

from skipgram_lib.errors import SkipgramError, as_list, checked
from skipgram_lib.storage.files import home_path
from skipgram_lib.text.sources import read_text


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
        The package that brought the file, or the file's name.
    """

    name: str
    kind: str
    citation: str
    path: Path
    origin: str

    def __str__(self) -> str:
        return f"{self.name} ({self.citation}), from {self.origin}"


class Published(NamedTuple):
    """A published test set, where it is had from, and names of its file.

    The names are in lower case; the first is that in gensim.
    """

    title: str
    kind: str
    citation: str
    address: str
    files: Sequence[str]


PUBLISHED = {
    "wordsim353": Published(
        "WordSim-353",
        "pairs",
        "Finkelstein et al. 2002",
        "gabrilovich.com/resources/data/wordsim353",
        ["wordsim353.tsv", "combined.csv", "combined.tab", "wordsim353.csv"],
    ),
    "simlex999": Published(
        "SimLex-999",
        "pairs",
        "Hill, Reichart and Korhonen 2015",
        "fh295.github.io/simlex.html",
        ["simlex999.txt", "simlex-999.txt"],
    ),
    "google": Published(
        "Google analogies",
        "analogies",
        "Mikolov et al. 2013",
        "code.google.com/archive/p/word2vec",
        ["questions-words.txt"],
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


def in_folder(folder: Path, files: Sequence[str]) -> tuple[Path, str] | None:
    """Path of the first of some files, there or one folder below."""
    paths = sorted([*folder.glob("*"), *folder.glob("*/*")], reverse=True)
    names = {path.name.lower().removesuffix(".gz"): path for path in paths}
    path = next((names[file] for file in files if file in names), None)
    return (path, str(path)) if path else None


@checked
def find_test_set(name: str, folder: str | Path | None = None) -> PublishedSet:
    """Find a published test set, in a folder or in gensim's package data.

    Gensim is not imported, only looked for. This library brings no test
    set of its own.

    Parameters
    ----------
    name : {"wordsim353", "simlex999", "google"}
    folder : str or Path, optional
        Where the published files are, by the names that they were published
        with or have in gensim, also in folders within it.

    Returns
    -------
    PublishedSet

    Raises
    ------
    SkipgramError
        If there is no such name, no such file in the folder, or no gensim
        that has the file.
    """
    if name not in PUBLISHED:
        raise SkipgramError(
            f"no test set is called {name!r}; there are {', '.join(PUBLISHED)}"
        )
    title, kind, citation, address, files = PUBLISHED[name]
    if folder is None:
        found = in_gensim(files[0])
        lacking = "comes with gensim, which is not there"
    else:
        found = in_folder(home_path(folder), files)
        lacking = f"is not in {folder} (as {' or '.join(files)})"
    if found is None:
        raise SkipgramError(
            f"{title} {lacking}; fetch it from {address} and name its folder, "
            "folder=..., run: pip install gensim, or name a file of your own"
        )
    path, origin = found
    return PublishedSet(title, kind, citation, path, origin)


def published_test_sets() -> list[PublishedSet]:
    """Find all the published test sets, or refuse with how to get them."""
    return [find_test_set(name) for name in PUBLISHED]


TestFile: TypeAlias = str | Path | PublishedSet


def content_lines(file: TestFile) -> Iterator[tuple[str, str]]:
    """Place, for messages, and text of the lines that hold something.

    Blank lines and those that begin with # are passed over.
    """
    path = file.path if isinstance(file, PublishedSet) else file
    lines = re.split(r"\r\n|\r|\n", read_text(path))
    for number, line in enumerate(lines, 1):
        if line.lstrip()[:1] not in ("", "#"):
            yield f"{file}, line {number}", line


def fields_of(line: str) -> list[str]:
    """Split a line at tabs, else at ; or , or white space; quotes go.

    Blank fields at the end go, too.
    """
    mark = next((mark for mark in "	;," if mark in line), " ")
    if mark == " ":
        line = " ".join(line.split())
    try:
        (row,) = csv.reader([line], delimiter=mark, skipinitialspace=True)
    except csv.Error:
        row = line.split(mark)
    while row and not row[-1].strip():
        row.pop()
    return [field.strip() for field in row]


class ScoredPair(NamedTuple):
    """Two words, and how alike people find them."""

    one: str
    other: str
    score: float


Columns: TypeAlias = Sequence[str | int]
Line: TypeAlias = tuple[str, list[str]]  # its place, for messages, and fields
# What headings call the two words and their score, letters and digits only.
WORD_NAMES = [("word1", "word2"), ("term1", "term2")]
SCORE_NAMES = {"simlex999", "humanmean", "score"}
NO_SCORE = re.compile(r"\W*|n/?a|none|null", re.IGNORECASE)
# Parts of speech behind the words of some tests: sun-n, run_V.
TAG = re.compile(r"(?<=.)[-_/#][a-zA-Z]$")


def is_number(field: str) -> bool:
    """Whether a field is a number, be it NaN; 1_5 is none."""
    try:
        float(field)
    except ValueError:
        return False
    return "_" not in field


def named_columns(columns: Columns, heading: list[str]) -> list[int]:
    """Places of columns that are named, by the heading or from 1."""
    numbers = {name: i for i, name in enumerate(heading, 1)}
    numbers |= {name: 0 for name in heading if heading.count(name) > 1}
    named = as_list("columns", columns)
    places = [numbers.get(c, 0) if isinstance(c, str) else c for c in named]
    if len(places) != 3 or not all(
        type(c) is int and c > 0 and places.count(c) == 1 for c in places
    ):
        raise SkipgramError(
            "columns must be three, of two words and a score: numbers from 1, "
            f"or single names of {heading!r:.200}, got {columns!r:.60}"
        )
    return [c - 1 for c in places]


def found_columns(lines: Sequence[Line]) -> list[int]:
    """Places of two words and their score, where there is no doubt."""
    place, widest = max(lines, key=lambda line: len(line[1]))
    names = [re.sub(r"[\W_]", "", name).lower() for name in lines[0][1]]
    known = next((pair for pair in WORD_NAMES if {*pair} <= {*names}), ())
    if len(widest) <= 3 and not known:
        return [0, 1, 2]
    words = [names.index(name) for name in known] or [0, 1]
    unnamed = [c for c, name in enumerate(names) if known and not name]
    rest = sorted({*range(len(widest))} - {*words, *unnamed})
    scores = [c for c in rest if known and {*names[c : c + 1]} & SCORE_NAMES]
    held = {
        c
        for _, row in lines
        for c in rest
        if is_number("".join(row[c : c + 1]))
    }
    scores = scores or sorted(held)
    if len(scores) == 1 and (known or scores == [2]):
        return words + scores
    score = min(held, default=2) + 1
    raise SkipgramError(
        f"{place} has {len(widest)} columns, {widest!r:.80}; say which hold "
        f"the two words and the score, such as columns=(1, 2, {score})"
    )


def is_heading(fields: Sequence[str], score: int) -> bool:
    """Whether the first line has a name where others have their score."""
    name = "".join(fields[score : score + 1])
    return not (is_number(name) or NO_SCORE.fullmatch(name))


def parse_pair(line: Line, columns: Sequence[int]) -> ScoredPair:
    """Read a line of a file of pairs, whose columns are known."""
    place, row = line
    fields = [field for c in columns for field in row[c : c + 1]]
    if len(fields) != 3 or not all(fields):
        raise SkipgramError(
            f"{place}: expected two words and a score, got {row!r:.80}"
        )
    one, other, score = fields
    if not is_number(score) or not abs(float(score)) < 1e100:
        raise SkipgramError(f"{place}: the score {score!r} is no number")
    return ScoredPair(one, other, float(score))


@checked
def read_pairs(
    file: TestFile, columns: Columns | None = None
) -> list[ScoredPair]:
    """Read a file of word pairs with a score each.

    Parameters
    ----------
    file : str, Path or PublishedSet
        UTF-8 text, plain or compressed: one pair per line, in columns divided
        by tabs, semicolons, commas or spaces; # begins a comment. A first
        line whose score is no number is a heading.
    columns : sequence of str or int, optional
        Which columns hold the two words and the score: their names in the
        heading, or their numbers from 1. It may be left out where there are
        three, or where the heading or the only numbers tell.

    Returns
    -------
    list of ScoredPair

    Raises
    ------
    SkipgramError
        If a line is something else, with its number; if there is none; or if
        the columns have to be named.
    """
    lines = [(place, fields_of(line)) for place, line in content_lines(file)]
    if lines:
        heading = lines[0][1]
        if columns is None:
            chosen = found_columns(lines)
        else:
            chosen = named_columns(columns, heading)
        if is_heading(heading, chosen[-1]):
            del lines[0]
    if not lines:
        raise SkipgramError(f"{file} holds no pair; is it the right file?")
    return [parse_pair(line, chosen) for line in lines]


def without_tags(pairs: Sequence[ScoredPair]) -> list[ScoredPair]:
    """Pairs without tags such as MEN's in sun-n, if every word has one."""
    if not all(TAG.search(word) for pair in pairs for word in pair[:2]):
        return list(pairs)
    return [
        ScoredPair(TAG.sub("", one), TAG.sub("", other), score)
        for one, other, score in pairs
    ]


class Analogy(NamedTuple):
    """A question: a is to b as c is to d; sections count from 0."""

    section: int
    words: list[str]


# What the questions before any section are in.
NO_SECTION = "no section"
# Its kind, behind the four words of a question: JJ_JJR.
KIND = re.compile(r"[A-Z]+_[A-Z]+")


@checked
def read_analogies(file: TestFile) -> tuple[list[str], list[Analogy]]:
    """Read a file of analogies: names of its sections, and questions.

    Parameters
    ----------
    file : str, Path or PublishedSet
        UTF-8 text, plain or compressed: four words per line, divided by white
        space, tabs, semicolons or commas; a line ": name" begins a section, #
        begins a comment. A fifth word such as JJ_JJR names the section.

    Returns
    -------
    list of str, list of Analogy
        Questions before any section are in the section "no section".

    Raises
    ------
    SkipgramError
        If a line is something else, with its number; or there is none.
    """
    sections: list[str] = []
    questions: list[Analogy] = []
    for place, line in content_lines(file):
        words = fields_of(line)
        if len(words) not in (4, 5):
            words = line.split()
        if line.lstrip().startswith(":"):
            sections.append(line.strip().lstrip(": "))
            continue
        name = sections[-1] if sections else NO_SECTION
        if len(words) == 5 and KIND.fullmatch(words[4]):
            name = words.pop()
        if len(words) != 4:
            why = "; two pairs make a question" if len(words) == 2 else ""
            raise SkipgramError(
                f"{place}: expected four words, got {line.strip()[:60]!r}{why}"
            )
        if name not in sections:
            sections.append(name)
        last = len(sections) - 1 - sections[::-1].index(name)
        questions.append(Analogy(last, words))
    if not questions:
        raise SkipgramError(f"{file} holds no question; is it the right file?")
    return sections, questions
