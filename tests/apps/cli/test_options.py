"""Options: the library's defaults, its names, and none that is ignored."""

import inspect
import os

import numpy as np
import pytest
from commands import LINES, SIZES, TEXT, arguments_of, parse

from skipgram_lib import WordVectors, count_pairs
from skipgram_lib.apps.cli.options import (
    FORMATS,
    Option,
    default_of,
    in_options,
    repeat_options,
)
from skipgram_lib.apps.cli.program import (
    MODULES,
    RENAMED,
    find_command,
    main,
)
from skipgram_lib.vectors.formats import registry


def page_of(capsys, monkeypatch, command):
    """Return a help page in one line, whose texts are not wrapped."""
    monkeypatch.setenv("COLUMNS", "250")
    assert main([command, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


def options_of(command):
    """List the options of a command, by how they are typed."""
    params = find_command(command).params
    return {p.opts[0]: p for p in params if isinstance(p, Option)}


# --- What is not given -------------------------------------------------------


def test_what_was_not_given_is_left_to_the_library():
    found = arguments_of("train --out x")
    assert found["counting"] == found["settings"] == found["text"] == {}
    assert found["backend"] is None
    found = arguments_of(
        "train --out x --window 5 --no-shrink-windows --max-size 10 --lr 0.1"
    )
    assert found["settings"] == {"lr": 0.1}
    assert found["counting"] == {
        "window": 5,
        "shrink_windows": False,
        "max_size": 10,
    }


@pytest.mark.parametrize("command", MODULES)
def test_help_states_the_defaults_of_the_library(capsys, monkeypatch, command):
    page = page_of(capsys, monkeypatch, command)
    for name, option in options_of(command).items():
        assert name in page
        if default := option.default_text():
            assert f"(default: {default})" in page


def test_a_changed_default_changes_the_help(monkeypatch, capsys):
    plain = inspect.unwrap(count_pairs)
    changed = plain.__kwdefaults__ | {"window": 4_321}
    monkeypatch.setattr(plain, "__kwdefaults__", changed)
    assert "(default: 4321)" in page_of(capsys, monkeypatch, "train")


def test_defaults_that_depend_on_others_are_stated(capsys, monkeypatch):
    page = page_of(capsys, monkeypatch, "train")
    assert "(default: 0.03; negative sampling: 0.1)" in page
    assert "(default: 1.67 lr; negative sampling: 1 lr)" in page


@pytest.mark.parametrize("command", MODULES)
def test_options_have_the_names_of_parameters(command):
    for option in options_of(command).values():
        if isinstance(option.of, str) and option.of:
            default_of(option.of, option.parameter)  # it has such a parameter


def test_the_formats_are_those_of_the_library():
    assert list(FORMATS) == sorted(registry.FORMATS)


def test_several_words_may_follow_some_options():
    line = "a --s b c --t x --s d -- e"
    wanted = "a --s b --s c --t x --s d -- e"
    assert " ".join(repeat_options(line.split(), {"--s"})) == wanted
    assert repeat_options(["--s", "-", "b"], {"--s"}) == [
        *["--s", "-", "--s", "b"]
    ]
    words = ["--s", "-lrb-", "--s", "b", "--t"]  # the first is no option
    assert repeat_options(["--s", "-lrb-", "b", "--t"], {"--s"}) == words
    words = ["a", "--", "--s", "b", "c"]
    assert repeat_options(words, {"--s"}) == words
    context = parse(["evaluate", "m", "--pairs", "a", "b", "--limit", "3"])
    assert context.params["pairs"] == ("a", "b")


# --- What is given -----------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory, model):
    """Make a folder with all that the lines below name."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "york.txt").write_text(TEXT)
    (folder / "mine.tsv").write_text("new york 8\nnew city 1\nyork city 3\n")
    os.symlink(model, folder / "m")
    words = ["new", "york", "city", "state"]
    vectors = WordVectors(words, np.eye(4, dtype=np.float32))
    for name in ("v.txt", "v.npz", "v.safetensors"):
        vectors.save(folder / name)
    text = [str(folder / "york.txt"), *LINES]
    for name, options in {
        "c": [],
        "plain": ["--no-shrink-windows", "--sample", "0"],
    }.items():
        counts = ["count", *text, *options, "--out", str(folder / name)]
        assert main(counts) == 0
    return folder


READ = {  # of vectors: what has no effect on a folder, or on a kind of file
    "m --format npz": "is the folder of a model",
    "m --errors strict": "is the folder of a model",
    "m --duplicates first": "is the folder of a model",
    "m --no-finite": "is the folder of a model",
    "m --finite": "is the folder of a model",
    "m --encoding latin-1": "is the folder of a model",
    "m --drop-empty": "is the folder of a model",
    "v.txt --matrix in": "is no folder of a model",
    "v.npz --errors replace": "stored as text",
    "v.npz --encoding latin-1": "stored as",
    "v.safetensors --encoding latin-1": "stored as",
    "v.safetensors --finite": "not searched for NaN",
}
ASKED = {
    "similar": "new",
    "analogy": "new york city",
    "odd": "new york city",
    "evaluate": "--pairs mine.tsv",
    "convert": "new.npz",
    "map": "--out new.png",
}
USED = ("convert", "finite")  # it holds for what is written
WITH_COUNTS = {
    "--letters ascii": "replaces text",
    "--tokens words": "replaces text",
    "--keep-case": "replaces text",
    "--encoding latin-1": "replaces text",
    "--document line": "replaces text",
    "--errors strict": "replaces text",
}
NO_FILES = dict.fromkeys(WITH_COUNTS, "no files or folders are named")
OTHERWISE = {
    "--max-size 5": "--max-size 10000, and --max-size 5 is asked for",
    "--min-count 2": "--min-count 1, and --min-count 2 is asked for",
    "--window 3": "--window 5, and --window 3 is asked for",
    "--sample 0": "--sample 0.001, and --sample 0.0 is asked for",
    "--no-shrink-windows": "--shrink-windows, and --no-shrink-windows is",
    "--plain": "leave out --plain, or count again with these: "
    "--no-shrink-windows --sample 0",
}
IGNORED = [  # (command, option, context, reason)
    *(
        (command, option, f"{source} {ASKED[command]}", reason)
        for command in ASKED
        for line, reason in READ.items()
        for source, option in [line.split(" ", 1)]
        if not (command == USED[0] and USED[1] in option)
    ),
    ("evaluate", "--method add", "v.txt --pairs mine.tsv", "no analogies"),
    ("evaluate", "--backend numpy", "v.txt --pairs mine.tsv", "no analogies"),
    ("evaluate", "--columns 1,2,3", "v.txt", "there are no --pairs"),
    ("evaluate", "--columns a,b,c", "v.txt --analogies q", "no --pairs"),
    ("evaluate", "--test-sets .", "v.txt --pairs mine.tsv", "of your own"),
    ("evaluate", "--test-sets .", "v.txt --analogies q", "of your own"),
    ("map", "--seed 1", "v.txt --method pca --out new.png", "at random"),
    *(
        (command, option, f"{context} --counts c --out new", reason)
        for command, context in {"train": "", "explorer": "m"}.items()
        for option, reason in {**WITH_COUNTS, "york.txt": "files"}.items()
    ),
    *(
        (command, option, f"{context} --out new", reason)
        for command, context in {"train": "", "explorer": "m"}.items()
        for option, reason in NO_FILES.items()
    ),
    *(
        (command, "--letters ascii", f"{context} --out new", "letters")
        for command, text in {
            "train": "",
            "count": "",
            "explorer": "m",
        }.items()
        for context in [f"{text} york.txt --tokens whitespace"]
    ),
    ("train", "--memory 1GB", "--counts c --out new", "replaces text"),
    ("train", "--memory 1GB", "--out new", "no files or folders are named"),
    ("train", "--phrases 1", "--counts c --out new", "replaces text"),
    ("train", "--phrases 0", "--counts c --out new", "replaces text"),
    ("train", "--phrases 1", "york.txt --memory 1GB --out new", "in memory"),
    *(
        ("train", option, "--counts c --out new", reason)
        for option, reason in OTHERWISE.items()
    ),
    ("train", "--shrink-windows", "--counts plain --out new", "counted with"),
    ("train", "--window 3", "--counts c --plain --out new", "--window 5"),
    ("train", "--sample 1e-3", "--counts plain --plain --out new", "--sampl"),
    ("train", "--tf32", "york.txt --backend numpy --out new", "TF32"),
    ("train", "--tf32", "york.txt --out new", "TF32"),
    ("count", "--scheduler x", "york.txt --workers 1 --out new", "--workers"),
    ("selftest", "--tf32", "--backend numpy", "TF32"),
]
# These have an effect wherever they are given.
ALWAYS = {
    "context": "--topn",
    "similar": "--limit --topn --backend",
    "analogy": "--limit --topn --backend --method",
    "odd": "--limit",
    "evaluate": "--limit --pairs --analogies --restrict-vocab "
    "--case-insensitive",
    "convert": "--limit --finite --dtype --to",
    "map": "--limit --words --method --out",
    "explorer": "--counts --snapshots --out",
    "count": "--tokens --keep-case --encoding --document --errors --max-size "
    "--min-count --window "
    "--shrink-windows --sample --memory --workers --out",
    "train": "--counts --vector-size --objective --init --penalty --epochs "
    "--batch-rows --lr --lr-in --seed --backend --show --checkpoint-every "
    "--resume --out",
    "selftest": "--backend --sizes --vector-size",
}


@pytest.mark.parametrize(("command", "option", "context", "reason"), IGNORED)
def test_an_option_without_an_effect_is_refused(
    folder, monkeypatch, capsys, command, option, context, reason
):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(
        "skipgram_lib.backend.select.why_no_cupy", lambda: "no GPU"
    )
    before = sorted(os.walk(folder))
    words = [*context.split(), *option.split()]
    assert main([command, *words]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert reason in last
    assert sorted(os.walk(folder)) == before


@pytest.mark.parametrize("command", MODULES)
def test_every_option_is_listed_above(command):
    listed = {
        option.split()[0].replace("--no-", "--")
        for name, option, *_ in IGNORED
        if name == command
    } | set(ALWAYS[command].split())
    assert {*options_of(command)} - {"--json"} == {
        name for name in listed if name.startswith("--")
    }


@pytest.mark.parametrize(
    "options",
    [
        "--counts c",
        "--counts c --window 5 --sample 1e-3 --shrink-windows",
        "--counts c --max-size 10000 --min-count 1",
        "--counts plain --plain",
        "--counts plain --plain --window 5 --sample 0",
        "--counts c --plain --shrink-windows --sample 1e-3",
    ],
)
def test_options_that_agree_with_the_counts_are_accepted(
    folder, tmp_path, monkeypatch, options
):
    monkeypatch.chdir(folder)
    out = str(tmp_path / "model")
    assert main(["train", *SIZES, *options.split(), "--out", out]) == 0


# --- Names of version 0.1 ----------------------------------------------------

OLD = {
    "--vocab-size": "train --out x --vocab-size 5",
    "--full-windows": "count a --out x --full-windows",
    "--start": "train --out x --start random",
    "--keep-nan": "convert a b --keep-nan",
    "--case-sensitive": "evaluate m --case-sensitive",
    "--no-journey": "explorer m --out x --no-journey",
}


def test_every_renamed_option_is_tried():
    assert OLD.keys() == RENAMED.keys()


@pytest.mark.parametrize("old", OLD)
def test_an_old_name_says_the_new_one(old, capsys):
    assert main(OLD[old].split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    usage, line = err.splitlines()
    assert usage.startswith("Usage: skipgram")
    assert line == f"skipgram: {old} is called {RENAMED[old]} now"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("--vocab-size=5", "skipgram: --vocab-size is called --max-size now"),
        ("--resum", "'--resum'; did you mean --resume or --phrases?"),
        ("-hx", "no such option '-x'; a word or a name that begins with"),
    ],
)
def test_what_is_no_option_has_a_remedy(capsys, typed, says):
    assert main(["train", "a.txt", "--out", "x", typed]) == 2
    assert says in capsys.readouterr().err.splitlines()[-1]


def test_an_old_name_of_another_command_is_no_name(capsys):
    assert main(["context", "m", "a", "--vocab-size", "5"]) == 2
    assert "no such option '--vocab-size'" in capsys.readouterr().err


# --- Names in errors ---------------------------------------------------------

# What the library says, and what the program makes of it.
SENTENCES = {
    "similar: keep them with finite=False": "keep them with --no-finite",
    "similar: read it with errors='replace'": "read it with --errors replace",
    "similar: a (limit=3) b": "a (--limit 3) b",
    "similar: read less with limit=": "read less with --limit",
    "similar: say format=npz|glove": "say --format npz|glove",
    "similar: no such file: a/limit=3/b": "no such file: a/limit=3/b",
    "similar: 'limit=3' is no word": "'limit=3' is no word",
    "similar: other=3 and words=4": "other=3 and words=4",
    "train: max_size must be 1": "--max-size must be 1",
    "train: window must be 1": "--window must be 1",
    "train: the window must be 1": "the window must be 1",
    "train: memory is written so": "--memory is written so",
    "train: every must be 0": "--checkpoint-every must be 0",
    "train: x: lr_in is 1; begin without resume=True.": "x: --lr-in is 1; "
    "begin without --resume.",
    "train: no such file: max_size.txt": "no such file: max_size.txt",
    "context: no max_size here": "no max_size here",
    "map: words must be many": "--words must be many",
    "map: a.npz: words must be strings": "a.npz: words must be strings",
    "evaluate: name them, folder=..., or": "name them, --test-sets DIR, or",
    "evaluate: columns has 'a'": "--columns has 'a'",
    "train: encoding 'x' is none": "--encoding 'x' is none",
    "evaluate: name them, folder=DIR": "name them, --test-sets DIR",
    "evaluate: as columns=('a', 'b', 3); x": "as --columns a,b,3; x",
}


@pytest.mark.parametrize("said", SENTENCES)
def test_sentences_of_the_library_name_options(said):
    command, _, sentence = said.partition(": ")
    params = find_command(command).params
    assert in_options(sentence, params) == SENTENCES[said]


# Errors as they come: what is typed, what the last line has, and lacks.
ERRORS = [
    ("similar v.txt new --topn -1", "--topn must", " topn"),
    ("similar v.txt new --limit 0", "--limit must", " limit"),
    ("similar nan.txt new", "--no-finite", "finite="),
    ("similar double.txt new", "--duplicates first", "duplicates="),
    ("similar latin.txt new", "--errors replace", "errors="),
    ("similar empty.txt new", "--drop-empty", "drop_empty"),
    ("similar v.docx new", "--format word2vec-binary|", "format="),
    ("convert v.txt v.docx", "--to word2vec-binary|", "--format"),
    ("convert nan.txt w.txt", "--no-finite", "finite="),
    ("map v.txt --out m.svg --words 0", "--words must", " words must"),
    ("map v.txt --out m.svg --seed -1", "--seed must", " seed must"),
    ("evaluate v.txt --pairs four.csv", "--columns", "columns="),
    ("evaluate v.txt --test-sets none", "none", "folder="),
    ("train york.txt --max-size 0 --out n", "--max-size must", "max_size"),
    ("train york.txt --batch-rows 0 --out n", "--batch-rows must", "_rows"),
    ("train york.txt --lr-in 0 --out n", "--lr-in must", "lr_in"),
    (
        "train york.txt --checkpoint-every -1 --out n",
        "--checkpoint-every",
        "=",
    ),
    ("train latin.txt --out n", "--errors replace", "errors="),
    ("train han.txt --out n", "--tokens", "tokens="),
    ("count latin.txt --out n", "--errors replace", "errors="),
    ("count york.txt --min-count 0 --out n", "--min-count must", "min_count"),
    (
        "explorer m york.txt --document line --snapshots 1 --out n",
        "--snap",
        "=",
    ),
    ("selftest --backend numpy --sizes 0", "--sizes", " sizes"),
    ("context m york --topn 0", "--topn must", " topn"),
    ("analogy v.txt new york city --topn -1", "--topn must", " topn"),
]


@pytest.mark.parametrize(("line", "has", "lacks"), ERRORS)
def test_errors_of_the_program_name_its_options(
    folder, monkeypatch, capsys, line, has, lacks
):
    monkeypatch.chdir(folder)
    (folder / "nan.txt").write_text("new nan 1\nyork 1 2\n")
    (folder / "double.txt").write_text("new 1 1\nnew 1 2\n")
    (folder / "empty.txt").write_text("2 2\n 1 1\nnew 1 2\n")
    (folder / "latin.txt").write_bytes(b"n\xe9w 1 1\nyork 1 2\n" * 3)
    (folder / "v.docx").write_text("new 1 1\n")
    (folder / "four.csv").write_text("a,b,c,d\n" + "new,york,x,y\n" * 4)
    (folder / "han.txt").write_text("我们来到北京清华大学学习汉语\n" * 9)
    assert main(line.split()) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert has in last
    assert lacks not in last
