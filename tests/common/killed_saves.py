"""Save something over an older one, and be killed right after a rename.

    python tests/common/killed_saves.py KIND FOLDER

For n = 1, 2, …: a process saves the old version, another saves the new one
over it and is killed (SIGKILL) right after its n-th rename, and a third way
round, the place is read at once. Prints a JSON list of what was read, "old"
or "new", and ends when a save had no n-th rename.
"""

import json
import os
import signal
import sys
from pathlib import Path

from skipgram_lib import (
    Counts,
    Phrases,
    SkipGram,
    Vocabulary,
    count_pairs,
    load_vectors,
)
from skipgram_lib.model.callbacks import Checkpointing

TEXT = [
    line.split()
    for line in (
        "new york is a city and new york is a state",
        "new jersey is a state near new york",
        "the kangaroo is not in new york",
    )
]
SEEDS = {"old": 1, "new": 2}


def trained(version):
    """Train the model of a version; its counts have another window, too."""
    counts = count_pairs(TEXT, window=SEEDS[version])
    model = SkipGram(
        vector_size=4,
        epochs=1,
        seed=SEEDS[version],
        backend="numpy",
        progress=False,
    )
    return model.fit(counts), counts


def which(found, wanted):
    """Name the version whose bytes or values were found."""
    return next(name for name in SEEDS if found == wanted(name))


def weights(version):
    """Return the word vectors of a version, as bytes."""
    return trained(version)[0].vectors.matrix.tobytes()


def save_model(version, place):
    """Save a model."""
    trained(version)[0].save(place / "model")


def load_model(place):
    """Tell which model is there."""
    model = SkipGram.load(place / "model", "numpy")
    return which(model.vectors.matrix.tobytes(), weights)


def save_counted(version, place):
    """Save counts."""
    trained(version)[1].save(place / "counts")


def load_counted(place):
    """Tell which counts are there."""
    counts = Counts.load(place / "counts")
    return which(counts.settings["window"], SEEDS.get)


def save_words(version, place):
    """Save a vocabulary."""
    words = Vocabulary.from_tokens(TEXT, max_size=SEEDS[version])
    words.save(place / "vocabulary.json")


def load_words(place):
    """Tell which vocabulary is there."""
    words = Vocabulary.load(place / "vocabulary.json")
    return which(len(words), SEEDS.get)


def save_phrases(version, place):
    """Save phrases."""
    found = Phrases.learn(TEXT, 1, 0.1, min_count=SEEDS[version])
    found.save(place / "phrases.json")


def load_phrases(place):
    """Tell which phrases are there."""
    found = Phrases.load(place / "phrases.json")
    return which(found.settings.min_count, SEEDS.get)


def save_vectors(name):
    """Return a function that saves word vectors under a name."""

    def save(version, place):
        trained(version)[0].vectors.save(place / name)

    return save


def load_saved_vectors(name):
    """Return a function that tells which word vectors are there."""

    def load(place):
        found = load_vectors(place / name)
        return which(found.matrix.tobytes(), weights)

    return load


def save_page(version, place):
    """Write an explorer."""
    from skipgram_lib.apps.explorer.page import save_explorer

    save_explorer(*trained(version), place / "page", 0)


def load_page(place):
    """Tell which explorer is there: all files that its page names."""
    page = (place / "page" / "index.html").read_text()
    names = [path.name for path in (place / "page").iterdir()]
    (model,) = (n for n in names if n.startswith("model") and n in page)
    text = (place / "page" / model).read_text()
    (window,) = (w for w in (1, 2) if f'"window":{w}' in text)
    return which(window, SEEDS.get)


def save_picture(version, place):
    """Draw a map of words."""
    from skipgram_lib.apps.maps import save_map

    words = 3 + SEEDS[version]
    save_map(trained(version)[0].vectors, place / "map.html", words, "pca")


def load_picture(place):
    """Tell which map is there."""
    page = (place / "map.html").read_text()
    return "new" if len(json.loads(data_of(page))["words"]) == 5 else "old"


def data_of(page):
    """Return the JSON that a page with a map holds."""
    begin = page.index('<script id="data"')
    return page[page.index(">", begin) + 1 : page.index("</script>", begin)]


def keep(version, place):
    """Train a few steps, with a checkpoint after each."""
    steps = keeping(place, resume=version == "new")
    for _ in range(3 if version == "old" else 2):
        next(steps)
    steps.close()


def keeping(place, resume):
    """Return the steps of a training that keeps checkpoints."""
    model = SkipGram(
        vector_size=4, epochs=9, batch_rows=4, seed=1, backend="numpy"
    )
    kept = Checkpointing(place / "kept", every=0, resume=resume)
    return model.fit_steps(count_pairs(TEXT, window=2), callbacks=[kept])


def load_kept(place):
    """Tell whether a training goes on from a checkpoint of either run."""
    step = next(keeping(place, resume=True)).step
    return "old" if step <= 4 else "new"


KINDS = {
    "model": (save_model, load_model),
    "counts": (save_counted, load_counted),
    "vocabulary": (save_words, load_words),
    "phrases": (save_phrases, load_phrases),
    "vectors.bin": (
        save_vectors("vectors.bin"),
        load_saved_vectors("vectors.bin"),
    ),
    "vectors.safetensors": (
        save_vectors("vectors.safetensors"),
        load_saved_vectors("vectors.safetensors"),
    ),
    "projector": (
        save_vectors("projector"),
        load_saved_vectors("projector"),
    ),
    "explorer": (save_page, load_page),
    "map": (save_picture, load_picture),
    "checkpoint": (keep, load_kept),
}


def in_a_process(work, *arguments):
    """Run a function in a process of its own; return its exit code."""
    if (child := os.fork()) == 0:
        work(*arguments)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_after(number, save, place):
    """Save the new version, and be killed after so many renames."""
    renames = 0
    rename = os.replace

    def replace(*names, **settings):
        nonlocal renames
        rename(*names, **settings)
        renames += 1
        if renames == number:
            os.kill(os.getpid(), signal.SIGKILL)

    os.replace = os.rename = replace
    save("new", place)


def main(kind, folder):
    """Print which version was found after each death."""
    save, load = KINDS[kind]
    found = []
    code = -signal.SIGKILL
    while code == -signal.SIGKILL:
        place = Path(folder, str(len(found) + 1))
        place.mkdir()
        assert in_a_process(save, "old", place) == 0
        assert load(place) == "old"
        code = in_a_process(killed_after, len(found) + 1, save, place)
        found.append(load(place))
        assert in_a_process(save, "new", place) == 0, "the next save works"
    assert code == 0
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
