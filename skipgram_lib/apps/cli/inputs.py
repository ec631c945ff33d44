"""What the commands read: texts and their counts, models, vectors."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import STREAM, Answer, refuse, typed
from skipgram_lib.apps.cli.printing import report, report_vocabulary
from skipgram_lib.backend.base import Backend
from skipgram_lib.backend.select import get_backend
from skipgram_lib.counts.cells import check_sample
from skipgram_lib.counts.counts import Counts, count_pairs
from skipgram_lib.counts.parts import parse_size
from skipgram_lib.counts.store import check_counts_folder
from skipgram_lib.counts.streaming import count_files
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.model.skipgram import PLAIN, SkipGram
from skipgram_lib.text.files import TextFiles, load_sotu
from skipgram_lib.text.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
from skipgram_lib.text.vocabulary import Vocabulary
from skipgram_lib.vectors.formats.model_folder import is_model_folder
from skipgram_lib.vectors.formats.registry import find_format
from skipgram_lib.vectors.vectors import WordVectors

# --- Models and vectors ------------------------------------------------------


def find_backend(name: str, tf32: bool | None) -> Backend:
    """Backend of this name; TF32 is refused where no GPU is used."""
    backend = get_backend(name, bool(tf32))
    if backend.name == "numpy":
        refuse("no GPU is used here, and TF32 is for one", tf32=tf32)
    return backend


def read_model(path: str) -> SkipGram:
    """Read a whole model; a file of vectors is not enough."""
    if Path(path).is_file():
        raise SkipgramError(
            f"{path} is a file, and probabilities need the whole network; "
            "name the folder of a model"
        )
    return SkipGram.load(path)


def is_saved(path: str) -> bool:
    """Whether a path is the folder of a model; stdin is not."""
    return path != STREAM and is_model_folder(path)


def unused_options(path: str, format: str | None) -> dict[str, str]:
    """Options of reading that have no effect on a path, each with why."""
    if is_saved(path):
        reason = f"{path} is the folder of a model, which is read as saved"
        names = (option.name or "" for option in shared.VECTORS)
        return {n: reason for n in names if n not in ("matrix", "limit")}
    reasons = {"matrix": f"{path} is no folder of a model: it has one matrix"}
    if path != STREAM and os.path.exists(path):
        name = find_format(Path(path), format).name
        if name in ("npz", "safetensors"):
            reasons["encoding"] = f"the words of {path} are stored as UTF-8"
        if name == "npz":
            reasons["errors"] = f"the words of {path} are stored as text"
        if name == "safetensors":
            reasons["finite"] = f"{path} is mapped, not searched for NaN"
    return reasons


def read_vectors(
    path: str,
    reading: Answer,
    backend: str | None = None,
    used: Collection[str] = (),
) -> WordVectors:
    """Read vectors from a file, or from the folder of a model.

    Options that have no effect are refused, but for those `used` elsewhere.
    """
    unused = unused_options(path, reading.get("format"))
    for name, reason in unused.items():
        if name not in used:
            refuse(reason, **{name: reading.get(name)})
    options = {k: v for k, v in reading.items() if k not in unused}
    if is_saved(path):
        limit = options.pop("limit", None)
        vectors = SkipGram.load(path, "numpy").word_vectors(**options)
        if limit is not None:
            first = slice(check_at_least("limit", limit, 1))
            vectors = WordVectors(vectors.words[first], vectors.matrix[first])
    else:
        vectors = WordVectors.load(path, **options)
    return vectors.on(backend) if backend else vectors


# --- Text and counts ---------------------------------------------------------


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


def named_documents(files: Sequence[str], text: Answer) -> Iterable[list[str]]:
    """Return the files that were named, or the embedded corpus."""
    if files:
        return TextFiles(files, **text)
    report("no files: the embedded corpus, State of the Union addresses")
    return load_sotu()


def check_text(counts: str | None, files: Sequence[str], text: Answer) -> None:
    """Refuse options of text where no text of one's own is read."""
    if counts is not None:
        refuse(f"--counts {counts} replaces text", files=files, **text)
    elif not files:
        refuse(
            "no files or folders are named, and the embedded corpus is read "
            "as it is",
            **text,
        )


def check_counting(counting: Answer) -> None:
    """Refuse settings of counting that cannot be used, before any work."""
    for name in ("max_size", "min_count", "window"):
        if name in counting:
            check_at_least(name, counting[name], 1)
    check_sample(counting.get("sample"))


def as_typed(name: str, value: object) -> str:
    """An option with its value, as it is typed."""
    option = typed(name, value)
    return option if isinstance(value, bool) else f"{option} {value}"


def check_counted(
    folder: str, counts: Counts, asked: Mapping[str, Any], remedy: str = ""
) -> None:
    """Refuse counts that were made with other settings than those asked."""
    made = {**counts.settings, **chosen_with(counts.vocabulary, asked)}
    for name, value in asked.items():
        if name == "sample":
            value = check_sample(value)
        if made[name] != value:
            other = f"leave out {typed(name, value)}, or count again"
            raise SkipgramError(
                f"{folder} was counted with {as_typed(name, made[name])}, and "
                f"{as_typed(name, value)} is asked for; {remedy or other}"
            )


def chosen_with(vocabulary: Vocabulary, asked: Mapping[str, Any]) -> Answer:
    """How words were chosen; if that is not known, as asked, if it can be.

    Counts of version 0.1 do not say, but it follows from the words: none is
    rarer than `min_count`, and there are `max_size` of them, fewer only where
    the text has no more that are frequent enough.
    """
    if vocabulary.chosen is not None:
        return vocabulary.chosen
    size = len(vocabulary)
    rarest = int(vocabulary.frequencies.min())
    max_size = asked.get("max_size", size)
    min_count = asked.get("min_count", 1)
    all_there = vocabulary.coverage == 1 or min_count > 1
    fits = size == max_size or (size < max_size and all_there)
    return {
        "max_size": max_size if fits else size,
        "min_count": min_count if min_count <= rarest else f"{rarest} or less",
    }


@dataclass(frozen=True)
class TrainingText:
    """What a training is to count, or the counts that it is to read.

    Attributes
    ----------
    out : Path
        Folder of the model; what lies beside it is named after it.
    files, text, counts, memory, phrases, counting
        As the options of `skipgram train` have them.
    plain : bool or None
        Whether the counts are those of the tutorial's plain network.
    """

    out: Path
    files: Sequence[str]
    text: Answer
    counts: str | None
    memory: str | None
    phrases: int | None
    counting: Answer
    plain: bool | None

    def check(self) -> None:
        """Refuse what cannot be used, and what excludes each other."""
        check_counting(self.counting)
        text = {"memory": self.memory, **self.text}
        if self.counts is not None:
            text["phrases"] = self.phrases
        check_text(self.counts, self.files, text)
        if self.phrases is not None:
            check_at_least("phrases", self.phrases, 0)
            phrases_path(self.out)
        if self.memory is not None:
            refuse("phrases are joined in memory", phrases=self.phrases)
            parse_size(self.memory)
            check_counts_folder(self.counts_folder())

    def counts_folder(self) -> Path:
        """Folder for counts on the disk, beside the model."""
        return path_beside(self.out, ".counts")

    def read(self) -> tuple[Counts, Phrases | None]:
        """Read counts, or count; return the phrases that were joined, too."""
        if self.counts is not None:
            return self.read_counts(self.counts), None
        settings = {**(PLAIN.counts if self.plain else {}), **self.counting}
        if self.memory is not None:
            files = TextFiles(self.files, **self.text)
            folder = self.counts_folder()
            settings["memory"] = self.memory
            return count_on_disk(files, folder, settings), None
        documents = named_documents(self.files, self.text)
        phrases = self.learn_phrases(documents)
        if phrases:
            documents = phrases.stream(documents)
        counts = count_pairs(documents, **settings)
        report_vocabulary(counts.vocabulary)
        return counts, phrases

    def learn_phrases(self, documents: Iterable[list[str]]) -> Phrases | None:
        """Find the phrases of the text, if that is asked for."""
        if not self.phrases:
            return None
        phrases = Phrases.learn(
            documents, self.phrases, connector_words=ENGLISH_CONNECTOR_WORDS
        )
        found = len(phrases.find_phrases())
        report(f"{found:,} phrases, passes: {self.phrases}")
        return phrases

    def read_counts(self, folder: str) -> Counts:
        """Read counts from a folder, if they are those that are asked for."""
        counts = Counts.load(folder)
        check_counted(folder, counts, self.counting)
        if self.plain:
            plain = {**PLAIN.counts, "sample": 0, **self.counting}
            check_counted(
                folder,
                counts,
                plain,
                "leave out --plain, or count again with these: "
                + " ".join(as_typed(*item) for item in plain.items()),
            )
        report_vocabulary(counts.vocabulary)
        return counts


def count_on_disk(files: TextFiles, folder: Path, settings: Answer) -> Counts:
    """Count files into a folder."""
    counts = count_files(files, folder, **settings)
    report_vocabulary(counts.vocabulary)
    report(f"{folder} written: {counts.cells.nnz:,} cells")
    return counts
