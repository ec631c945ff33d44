"""Files and folders: the old or the new, never neither, whatever happens."""

import errno
import json
import mmap
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import filelock
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import SkipgramError
from skipgram_lib.storage.files import (
    SEAL,
    checksum,
    has_seal,
    lock,
    seal,
    write_file,
)
from skipgram_lib.storage.folders import (
    LITTER,
    FolderKind,
    HeldFolder,
    check_folder,
    folder_size,
    read_folder,
    read_steadily,
    scratch_folder,
    write_folder,
)
from skipgram_lib.storage.sealed import read_sealed, write_sealed

KIND = FolderKind("a test", "test.json", ("a.txt", "b.txt"), "test again")
POSIX = pytest.mark.skipif(os.name == "nt", reason="POSIX has signals")


def save(folder, *texts, about="x"):
    """Write a folder of two files."""
    with write_folder(folder, KIND) as new:
        for file, text in zip(KIND.files, texts, strict=True):
            new.add(file, [text.encode()])
        new.finish({"about": about})


def load(folder):
    """Read and check a folder; return what it says and holds."""
    stored = read_folder(folder, KIND)
    stored.check_sums()
    texts = [stored.path(file).read_text() for file in KIND.files]
    return stored.about["about"], *texts


# A folder


def test_write_folder_is_read_by_read_folder(tmp_path):
    save(tmp_path / "deep" / "folder", "one", "two", about=[1])
    assert load(tmp_path / "deep" / "folder") == ([1], "one", "two")
    names = {path.name for path in (tmp_path / "deep" / "folder").iterdir()}
    digits = {t: checksum([t.encode()])[:16] for t in ("one", "two")}
    assert names == {
        "test.json",
        f"a-{digits['one']}.txt",
        f"b-{digits['two']}.txt",
    }


def test_a_reader_of_the_older_manifest_still_finds_its_files(tmp_path):
    save(tmp_path / "f", "one", "two", about=1)
    stored = read_folder(tmp_path / "f", KIND)
    with open(stored.path("a.txt"), "rb") as f:
        mapped = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
    save(tmp_path / "f", "three", "four", about=2)
    stored.check_sums()
    assert stored.path("a.txt").read_text() == "one"
    save(tmp_path / "f", "five", "six", about=3)
    assert mapped[:] == b"one"
    mapped.close()
    assert not stored.path("a.txt").exists(), "two writers were here"


def test_files_that_no_manifest_names_are_removed_by_the_next_writer(tmp_path):
    folder = tmp_path / "f"
    for about, text in enumerate(["one", "two", "three"]):
        save(folder, text, "same", about=about)
    kept = sorted(path.read_text() for path in folder.glob("a-*.txt"))
    assert kept == ["three", "two"]
    (folder / ".0123456789abcdef.part").write_text("a writer was killed")
    (folder / f"b-{'0' * 16}.txt").write_text("and another one")
    save(folder, "three", "same", about=3)
    assert load(folder) == (3, "three", "same")
    assert len(list(folder.iterdir())) == 3, "manifest, a and b"


def test_a_folder_of_an_earlier_version_is_replaced(tmp_path):
    """Its files have plain names, and its manifest does not list them."""
    folder = tmp_path / "f"
    folder.mkdir()
    for file in KIND.files:
        (folder / file).write_text(f"old {file}")
    (folder / "test.json").write_text(json.dumps({"about": "old"}))
    assert load(folder) == ("old", "old a.txt", "old b.txt")
    save(folder, "one", "two")
    assert load(folder) == ("x", "one", "two")
    assert (folder / "a.txt").exists(), "somebody may be reading it"
    save(folder, "one", "three")
    assert not (folder / "a.txt").exists()


@pytest.mark.parametrize("name", sorted(LITTER))
def test_what_file_managers_leave_is_passed_over(tmp_path, name):
    save(tmp_path / "f", "one", "two")
    (tmp_path / "f" / name).write_bytes(b"x")
    save(tmp_path / "f", "three", "four")
    assert load(tmp_path / "f") == ("x", "three", "four")
    assert (tmp_path / "f" / name).exists()


def test_a_folder_that_holds_other_things_is_refused_and_untouched(tmp_path):
    (tmp_path / "novel.txt").write_text("mine")
    with pytest.raises(SkipgramError, match=r"holds other things than a test"):
        save(tmp_path, "one", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["novel.txt"]


def test_a_file_of_another_program_that_is_not_finished_stays(tmp_path):
    (tmp_path / "film.mkv.part").write_text("mine")
    with pytest.raises(SkipgramError, match="holds other things"):
        save(tmp_path, "one", "two")
    assert [p.name for p in tmp_path.iterdir()] == ["film.mkv.part"]


def test_read_folder_while_it_is_written(tmp_path):
    place = tmp_path / "f"
    save(place, "0", "0")
    writes = 60

    def write():
        for number in range(writes):
            save(place, str(number), str(number), about=str(number))

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        about, first, second = read_steadily(
            place / KIND.manifest, lambda: load(place)
        )
        assert first == second, "never parts of two versions"
        assert about in ("x", first)
    writer.join()
    assert load(place) == (str(writes - 1),) * 3


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "f").write_text("in the way")
    with pytest.raises(SkipgramError, match="is a file; name a folder"):
        check_folder(tmp_path / "f", KIND)
    with pytest.raises(SkipgramError, match="is a file; name a folder"):
        HeldFolder(tmp_path / "f")


def test_a_failure_leaves_the_older_version_and_nothing_else(tmp_path):
    folder = tmp_path / "f"
    save(folder, "one", "two")
    before = sorted(path.name for path in folder.iterdir())
    for fails in ("before", "within", "after"):
        with pytest.raises(RuntimeError), write_folder(folder, KIND) as new:
            if fails != "before":
                with new.create("a.txt") as f:
                    f.write(b"three")
                    if fails == "within":
                        raise RuntimeError
            raise RuntimeError
        assert sorted(path.name for path in folder.iterdir()) == before
    assert load(folder) == ("x", "one", "two")


def test_a_first_write_that_fails_leaves_no_folder(tmp_path):
    place = tmp_path / "deep" / "f"
    with pytest.raises(RuntimeError), write_folder(place, KIND):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_system_is_one_sentence(tmp_path):
    with (
        pytest.raises(SkipgramError, match=r"cannot write .* nothing was"),
        write_folder(tmp_path / "f", KIND),
    ):
        raise OSError(28, "No space left on device")


def test_create_may_be_sought_in(tmp_path):
    with write_folder(tmp_path / "f", KIND) as new:
        with new.create("a.txt") as f:
            f.write(b"....two")
            f.seek(0)
            f.write(b"one ")
        new.add("b.txt", [np.arange(3, dtype="|u1"), b"x"])
        new.finish({"about": 1})
    assert load(tmp_path / "f") == (1, "one two", "\x00\x01\x02x")


# Damage


def test_every_changed_byte_is_noticed(tmp_path):
    save(tmp_path / "f", "one", "two")
    for path in sorted((tmp_path / "f").iterdir()):
        data = path.read_bytes()
        for place in range(0, len(data), 3):
            changed = bytearray(data)
            changed[place] ^= 1
            path.write_bytes(changed)
            with pytest.raises(SkipgramError, match=r"test again|is not a te"):
                load(tmp_path / "f")
        path.write_bytes(data)
    assert load(tmp_path / "f") == ("x", "one", "two")


def test_a_missing_file_is_named(tmp_path):
    save(tmp_path / "f", "one", "two")
    path = read_folder(tmp_path / "f", KIND).path("b.txt")
    path.unlink()
    with pytest.raises(SkipgramError, match=f"{path.name} is damaged .it is"):
        load(tmp_path / "f")


def test_an_earlier_manifest_whose_checksums_are_none(tmp_path):
    (tmp_path / KIND.manifest).write_text('{"sha256": 5}')
    with pytest.raises(SkipgramError, match=r"list of files is none\); test"):
        read_folder(tmp_path, KIND)


def test_what_is_no_such_folder_is_told(tmp_path):
    with pytest.raises(SkipgramError, match="there is no folder"):
        read_folder(tmp_path / "f", KIND)
    with pytest.raises(
        SkipgramError, match=r"is not a test: it has no test.j"
    ):
        read_folder(tmp_path, KIND)
    (tmp_path / "test.json").write_text("[1]")
    with pytest.raises(SkipgramError, match="holds no object"):
        read_folder(tmp_path, KIND)


def test_a_manifest_names_no_file_elsewhere(tmp_path):
    files = {"a.txt": {"name": "../a.txt", "sha256": "0"}}
    content = {"seal": SEAL.decode(), "files": files}
    (tmp_path / "test.json").write_bytes(seal(json.dumps(content).encode()))
    with pytest.raises(SkipgramError, match="its list of files is none"):
        read_folder(tmp_path, KIND)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_a_seal_is_that_of_its_bytes(before, after):
    data = seal(before + SEAL + after)
    digits = re.sub(rb"\A" + re.escape(before), b"", data)[:64].decode()
    assert has_seal(data, digits)
    assert not has_seal(data + b".", digits)
    assert not has_seal(data, None)


# Killed

# Writes over something old, in processes that are killed right after the
# first, the second, … call of a function that touches the disk.
KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from test_storage import save, save_text
number, code = 0, -9
def dies(function):
    def call(*arguments, **settings):
        result = function(*arguments, **settings)
        calls.append(function)
        if len(calls) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return call
while code == -9:
    number, calls = number + 1, []
    out = os.path.join(sys.argv[1], str(number))
    save(os.path.join(out, "folder"), "old", "same", about="old")
    save_text(os.path.join(out, "text"), "old")
    if (child := os.fork()) == 0:
        for name in ("fsync", "replace", "unlink", "mkdir", "chmod", "open"):
            setattr(os, name, dies(getattr(os, name)))
        save(os.path.join(out, "folder"), "new", "same", about="new")
        save_text(os.path.join(out, "text"), "new")
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(code)
"""


def save_text(path, text):
    """Write a single file."""
    with write_file(path) as f:
        f.write(text.encode())


@POSIX
def test_killed_after_any_call_it_leaves_the_old_or_the_new(tmp_path):
    script = KILLED.format(tests=str(Path(__file__).parent))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    found = []
    for number in range(1, len(list(tmp_path.iterdir())) + 1):
        out = tmp_path / str(number)
        about, first, same = load(out / "folder")
        assert about == first
        assert same == "same"
        found += [(about, (out / "text").read_text())]
        save(out / "folder", "last", "same", about="last")
        save_text(out / "text", "last")
        assert load(out / "folder") == ("last", "last", "same")
        assert sorted(p.name for p in out.iterdir()) == ["folder", "text"]
        assert not list(out.rglob("*.part")), "the next writer tidies up"
        assert not list(out.rglob("*.lock"))
    assert found == sorted(found, reverse=True), "once new, it stays new"
    assert set(found) == {("old", "old"), ("new", "old"), ("new", "new")}
    assert len(found) >= 20


def test_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    calls = []

    def noted(name, function):
        def call(*arguments):
            calls.append(name)
            return function(*arguments)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    save_text(tmp_path / "text", "one")
    assert calls[:2] == ["fsync", "replace"]
    assert calls[2:] == (["fsync"] if os.name != "nt" else [])
    calls.clear()
    save(tmp_path / "f", "one", "two")
    named = ["fsync"] if os.name != "nt" else []
    one = ["fsync", "replace", *named]
    assert calls == [*named, *one * 3], "the folder, a, b, the manifest"


# Links


def test_a_link_to_a_folder_is_written_through(tmp_path):
    real, link = tmp_path / "disk" / "real", tmp_path / "link"
    save(real, "one", "two")
    link.symlink_to(real)
    for text in ("three", "four"):
        save(link, text, "two")
        assert link.is_symlink()
        assert load(link) == load(real) == ("x", text, "two")


def test_a_link_to_nothing_is_written_through(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "disk" / "real")
    save(link, "one", "two")
    assert link.is_symlink()
    assert load(tmp_path / "disk" / "real") == ("x", "one", "two")


def test_a_link_to_a_file_is_written_through(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for text in ("one", "two"):
        save_text(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "real").read_text() == text
    assert len(list(tmp_path.iterdir())) == 2


# One at a time


def test_a_second_writer_is_refused_and_the_first_goes_on(tmp_path):
    with write_folder(tmp_path / "f", KIND) as new:
        with pytest.raises(SkipgramError, match="another run is writing to"):
            save(tmp_path / "f", "three", "four")
        new.add("a.txt", [b"one"])
        new.add("b.txt", [b"two"])
        new.finish({"about": 1})
    assert load(tmp_path / "f") == (1, "one", "two")
    with write_file(tmp_path / "text") as f:
        with pytest.raises(SkipgramError, match="another run is writing to"):
            save_text(tmp_path / "text", "two")
        f.write(b"one")
    assert (tmp_path / "text").read_text() == "one"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f", "text"]


def test_many_threads_are_never_two_in_the_lock(tmp_path):
    inside, most, errors = [], [], []

    def work():
        for _ in range(50):
            try:
                with lock(tmp_path / "lock", "it"):
                    inside.append(1)
                    most.append(len(inside))
                    inside.pop()
            except SkipgramError:
                pass
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(most) == {1}
    assert not (tmp_path / "lock").exists()


@pytest.fixture
def windows(monkeypatch):
    """Let no held lock be removed, as Windows does; return what is held."""
    held = set()
    acquire = filelock.FileLock.acquire
    release = filelock.FileLock.release
    unlink = Path.unlink

    def acquired(self, *arguments, **settings):
        result = acquire(self, *arguments, **settings)
        held.add(os.path.abspath(self.lock_file))
        return result

    def released(self, *arguments, **settings):
        release(self, *arguments, **settings)
        if not self.is_locked:
            held.discard(os.path.abspath(self.lock_file))

    def unlinked(self, missing_ok=False):
        if os.path.abspath(self) in held:
            refused.append(self)
            raise PermissionError(13, "used by another process", str(self))
        unlink(self, missing_ok)

    refused = []
    monkeypatch.setattr(filelock.FileLock, "acquire", acquired)
    monkeypatch.setattr(filelock.FileLock, "release", released)
    monkeypatch.setattr(Path, "unlink", unlinked)
    yield held
    assert refused, "the stand-in was never asked"
    assert not held


def test_where_a_held_lock_cannot_be_removed(tmp_path, windows):
    save(tmp_path / "f", "one", "two")
    save_text(tmp_path / "text", "one")
    with HeldFolder(tmp_path / "held") as held:
        (held.folder / "file").write_text("x")
        assert windows
    with scratch_folder(tmp_path / "counts") as place:
        assert place.is_dir()
    names = sorted(path.name for path in tmp_path.rglob("*"))
    assert not [name for name in names if name.endswith(".lock")]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f", "held", "text"]


def test_a_held_folder_that_holds_nothing_goes_away(tmp_path):
    with HeldFolder(tmp_path / "deep" / "held") as held:
        assert held.folder.is_dir()
        with pytest.raises(SkipgramError, match="another run is writing to"):
            HeldFolder(tmp_path / "deep" / "held")
    assert list(tmp_path.iterdir()) == []


def fails(number, only=lambda place: True):
    """Return a function of the system that does not do what it should."""

    def call(place, *arguments):
        if only(place):
            raise OSError(number, "simulated")

    return call


def is_folder(place):
    """Whether a descriptor is one of a folder."""
    return stat.S_ISDIR(os.fstat(place).st_mode)


@POSIX
@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        ("os", "fsync", fails(errno.EINVAL, is_folder)),
        ("os", "chmod", fails(errno.EPERM)),
        ("os", "chmod", fails(errno.ENOTSUP)),
        ("fcntl", "flock", fails(errno.ENOLCK)),
        ("fcntl", "flock", fails(errno.ENOTSUP)),
        ("fcntl", "flock", fails(errno.ENOSYS)),
    ],
)
def test_what_a_network_drive_or_a_stick_lacks_is_done_without(
    tmp_path, monkeypatch, module, name, call
):
    save(tmp_path / "f", "one", "two")
    save_text(tmp_path / "text", "one")
    monkeypatch.setattr(f"{module}.{name}", call)
    save(tmp_path / "f", "three", "four")
    save_text(tmp_path / "text", "two")
    assert load(tmp_path / "f") == ("x", "three", "four")
    assert (tmp_path / "text").read_text() == "two"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f", "text"]
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "a" * 5_000])
def test_what_can_be_no_path_is_refused(path):
    for use in (
        lambda: save_text(path, "x"),
        lambda: save(path, "one", "two"),
        lambda: read_folder(path, KIND),
        lambda: HeldFolder(path),
        lambda: scratch_folder(path).__enter__(),
    ):
        with pytest.raises(SkipgramError, match="is no path"):
            use()


def test_a_path_begins_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    save("~/f", "one", "two")
    save_text("~/text", "three")
    assert load("~/f") == load(tmp_path / "f")
    assert (tmp_path / "text").read_text() == "three"


# Single files


def test_write_file_keeps_the_older_one_if_the_block_fails(tmp_path):
    save_text(tmp_path / "text", "old")
    with pytest.raises(RuntimeError), write_file(tmp_path / "text") as f:
        f.write(b"new")
        raise RuntimeError
    assert (tmp_path / "text").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


@POSIX
def test_write_file_keeps_the_mode(tmp_path):
    save_text(tmp_path / "text", "old")
    (tmp_path / "text").chmod(0o640)
    save_text(tmp_path / "text", "new")
    assert stat.S_IMODE((tmp_path / "text").stat().st_mode) == 0o640


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "folder", Path("/dev/null"), "/dev/stdout"):
        with pytest.raises(SkipgramError, match="is no file; name another"):
            save_text(place, "text")


def test_a_folder_that_is_not_there_is_an_error_of_ours(tmp_path):
    with pytest.raises(SkipgramError, match=r"cannot write .*; nothing was"):
        save_text(tmp_path / "no" / "text", "text")


@POSIX
def test_a_process_that_is_killed_leaves_what_the_next_one_removes(tmp_path):
    code = (
        "import os, signal\n"
        "from skipgram_lib.storage.files import write_file\n"
        f"with write_file({str(tmp_path / 'text')!r}) as f:\n"
        "    f.write(b'half'); f.flush()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code])
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 2, "a lock, and half a file"
    save_text(tmp_path / "text", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["text"]


# Sealed files


ARRAYS = st.dictionaries(
    st.text("abc", min_size=1),
    st.lists(st.integers(-9, 9)).map(np.array),
    max_size=3,
)


@given(ARRAYS, st.sampled_from(["<f4", "<f8", "<i4", "<i8"]))
def test_read_sealed_returns_what_write_sealed_was_given(
    tmp_path_factory, arrays, dtype
):
    path = tmp_path_factory.mktemp("sealed") / "file.safetensors"
    arrays = {name: array.astype(dtype) for name, array in arrays.items()}
    write_sealed(path, arrays, {"step": 3})
    found, about = read_sealed(path)
    assert about == {"step": 3}
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes()


def test_any_byte_of_a_sealed_file_that_changes_is_noticed(tmp_path):
    path = tmp_path / "file.safetensors"
    write_sealed(path, {"a": np.arange(4.0)}, {"step": 1})
    data = path.read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ValueError, match="checksum"):
            read_sealed(path)
    for size in (0, 7, 8, len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(ValueError, match="checksum"):
            read_sealed(path)


def test_folder_size_is_that_of_what_the_manifest_names(tmp_path):
    folder = tmp_path / "f"
    for text in ("one", "two two"):
        save(folder, text, "same")
    (folder / ".DS_Store").write_bytes(b"x" * 99)
    manifest = (folder / "test.json").stat().st_size
    assert len(list(folder.iterdir())) == 5, "one of them is the older a"
    assert folder_size(folder, KIND) == manifest + len("two two" + "same")


def test_a_reader_tries_again_if_a_writer_was_there_meanwhile(tmp_path):
    folder = tmp_path / "f"
    save(folder, "0", "same", about=0)
    reads = []

    def read():
        stored = read_folder(folder, KIND)
        reads.append(stored.about["about"])
        for _ in range(2 if len(reads) < 3 else 0):  # two writers
            number = str(reads[-1] + 1)
            save(folder, number, "same", about=int(number))
            reads[-1] = int(number)
        stored.check_sums()
        return stored.path("a.txt").read_text()

    assert read_steadily(folder / KIND.manifest, read) == "4"
    assert len(reads) == 3


def test_a_reader_gives_up_on_what_is_damaged(tmp_path):
    save(tmp_path / "f", "one", "two")
    reads = []

    def read():
        reads.append(1)
        raise SkipgramError("damaged")

    with pytest.raises(SkipgramError, match="damaged"):
        read_steadily(tmp_path / "f" / KIND.manifest, read)
    assert len(reads) == 1, "nobody wrote, so it is no better next time"


def test_a_lock_of_somebody_else_is_no_file_of_ours(tmp_path):
    (tmp_path / ".lock").write_text("mine")
    with pytest.raises(SkipgramError, match=r"such as \.lock"):
        save(tmp_path, "one", "two")
    assert (tmp_path / ".lock").read_text() == "mine"


def test_a_lock_that_was_removed_takes_no_other_with_it(tmp_path):
    first = ExitStack()
    first.enter_context(lock(tmp_path / "lock", "it"))
    (tmp_path / "lock").unlink()
    with lock(tmp_path / "lock", "it"):
        first.close()
        if os.name != "nt":
            with (
                pytest.raises(SkipgramError, match="another run"),
                lock(tmp_path / "lock", "it"),
            ):
                pass


def test_where_0_1_was_killed_the_error_tells_where_the_older_one_is(tmp_path):
    older = tmp_path / ".model.saving" / "old"
    older.mkdir(parents=True)
    with pytest.raises(SkipgramError, match=r"the older one is .*old"):
        read_folder(tmp_path / "model", KIND)
