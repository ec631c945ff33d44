"""Phrases in a file: the settings and the counts of each pass, as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

from skipgram_lib.storage.files import read_json_file, write_file
from skipgram_lib.text.candidates import PhraseCounts, PhraseSettings

Pass: TypeAlias = tuple[PhraseSettings, PhraseCounts]

FORMAT = "skipgram_lib phrases"


def describe_pass(
    settings: PhraseSettings, counts: PhraseCounts
) -> dict[str, Any]:
    """Settings and counts of one pass, as JSON can hold them."""
    found = counts.candidates.items()
    return (
        asdict(settings)
        | vars(counts)
        | {
            "connector_words": sorted(settings.connector_words),
            "candidates": [[*words, n] for words, n in found],
        }
    )


def read_pass(about: Any) -> Pass:
    """Settings and counts of one pass, checked."""
    candidates = {tuple(row[:-1]): row[-1] for row in about["candidates"]}
    own = dict(about["frequencies"])
    sizes = [about["vocabulary_size"], about["total_tokens"]]
    for n in [*sizes, *own.values(), *candidates.values()]:
        if type(n) is not int or n < 0:
            raise ValueError(f"{n!r} is no count")
    for words in candidates:
        if len(words) < 2 or own[words[0]] < 1 or own[words[-1]] < 1:
            raise ValueError(f"{words} is no candidate")
        "".join(words)
    settings = PhraseSettings(
        about["min_count"],
        about["threshold"],
        about["scoring"],
        about["delimiter"],
        about["connector_words"],
    )
    return settings, PhraseCounts(sizes[0], sizes[1], own, candidates)


def write_passes(path: str | Path, passes: Sequence[Pass]) -> Path:
    """Write the passes to a file, the first one first: all or nothing."""
    each = [describe_pass(settings, counts) for settings, counts in passes]
    content = {"format": FORMAT, "version": 1, "passes": each}
    with write_file(path) as f:
        f.write(json.dumps(content).encode())
    return Path(path)


def read_passes(path: str | Path) -> list[Pass]:
    """Settings and counts of the passes in a file, the first one first."""

    def parse(content: Any) -> list[Pass]:
        if (content["format"], content["version"]) != (FORMAT, 1):
            raise ValueError("its format or its version is another")
        if not content["passes"]:
            raise ValueError("it has no pass")
        return [read_pass(about) for about in content["passes"]]

    return read_json_file(path, "phrases", "Phrases.save", parse)
