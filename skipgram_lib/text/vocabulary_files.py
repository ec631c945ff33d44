"""The vocabularies of a folder: that of the centres, and of the contexts."""

import json

from skipgram_lib.storage.folders import NewFolder, StoredFolder
from skipgram_lib.text.vocabulary import Vocabulary

WORDS = "vocabulary.json"
CONTEXTS = "contexts.json"


def add_vocabularies(
    new: NewFolder, vocabulary: Vocabulary, contexts: Vocabulary
) -> dict[str, str]:
    """Write both into a folder; return what its manifest says of them."""
    files = {"vocabulary": WORDS, "contexts": CONTEXTS}
    if contexts is vocabulary:
        files["contexts"] = WORDS
    for file, words in {
        WORDS: vocabulary,
        files["contexts"]: contexts,
    }.items():
        new.add(file, [json.dumps(words.as_dict()).encode("ascii")])
    return files


def read_words(stored: StoredFolder, file: str) -> Vocabulary:
    """Read one vocabulary; what is none is a damaged file."""
    content = stored.read_json(file)
    try:
        return Vocabulary.from_dict(content)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise stored.damaged(stored.path(file), error) from error


def read_vocabularies(stored: StoredFolder) -> tuple[Vocabulary, Vocabulary]:
    """Read both; they are one object if they are one and the same file.

    The manifests of earlier formats name none, and mean `WORDS`.
    """
    vocabulary = read_words(stored, WORDS)
    if stored.about.get("contexts", WORDS) == WORDS:
        return vocabulary, vocabulary
    return vocabulary, read_words(stored, CONTEXTS)
