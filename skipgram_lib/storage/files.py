"""A file is whole, or as it was: checksums, seals, locks, and one rename.

What is written goes to the disk beside its place, and is renamed when it is
complete. What had the name before stays until then, also when the process is
killed between any two calls. One process at a time writes to a place: it
holds a lock, a file beside what it writes. A symbolic link is written
through, to where it leads.
"""

import errno
import hashlib
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, TypeVar

from skipgram_lib.errors import SkipgramError, printable, reason_of

if TYPE_CHECKING:  # reading text needs no NumPy
    from numpy.typing import NDArray

# Bytes, or C-contiguous arrays, one after the other.
Parts: TypeAlias = "Iterable[bytes | NDArray[Any]]"


# What file systems say that have no locks, or do not write folders at once.
MISSING = (errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)
LOCK = ".skipgram.lock"
PART = ".part"


@contextmanager
def system_errors(beginning: str, end: str = "") -> Iterator[None]:
    """Raise an error of the system as one of ours, between two texts."""
    try:
        yield
    except OSError as error:
        raise SkipgramError(f"{beginning}: {reason_of(error)}{end}") from error


def checksum(parts: Parts) -> str:
    """SHA-256 of some bytes or arrays: 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(as_buffer(part))
    return digest.hexdigest()


def as_buffer(part: "bytes | NDArray[Any]") -> bytes | memoryview:
    """Bytes, or an array, as what is hashed and written."""
    return part if isinstance(part, bytes) else part.data


def file_checksum(path: Path) -> str:
    """SHA-256 of the contents of a file: 64 hexadecimal digits."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


# A seal is the checksum of the bytes around it, with zeros in its place.
SEAL = b"0" * 64


def seal(data: bytes) -> bytes:
    """Put the checksum of some bytes where they hold `SEAL`."""
    return data.replace(SEAL, checksum([data]).encode(), 1)


def has_seal(data: bytes, digits: object) -> bool:
    """Whether some bytes are those that were sealed with these digits."""
    if not isinstance(digits, str):
        return False
    return checksum([data.replace(digits.encode(), SEAL, 1)]) == digits


def sync_file(f: BinaryIO) -> None:
    """Return when what was written to a file is on the disk."""
    f.flush()
    os.fsync(f.fileno())


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on the disk."""
    if os.name == "nt":
        return  # Windows does not open folders
    place = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(place)
    except OSError as error:
        if error.errno not in MISSING:
            raise
    finally:
        os.close(place)


def replace_file(new: Path, path: Path) -> None:
    """Rename a file over another; wait for a reader, where one can hinder."""
    for attempt in range(10):
        try:
            os.replace(new, path)
            break
        except PermissionError:
            # Windows replaces no file that is open; manifests are read fast.
            if os.name != "nt" or attempt == 9:
                raise
            sleep(0.1)


def part_mark(path: Path) -> str:
    """Beginning of the names of a file's unfinished versions."""
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}"


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name when it is complete and on the disk.

    If the block fails, what had the name before is there, unchanged. Whoever
    calls this holds a lock; see `write_file`.
    """
    part = path.with_name(f"{part_mark(path)}-{secrets.token_hex(8)}{PART}")
    try:
        with open(part, "xb") as f:
            yield f
            sync_file(f)
        if path.exists():
            with suppress(OSError):  # where there are no modes
                os.chmod(part, stat.S_IMODE(path.stat().st_mode))
        replace_file(part, path)
    finally:
        remove_files([part])
    with system_errors(
        f"the disk does not confirm that {printable(path)} is written",
        "; check the disk, and write it again",
    ):
        sync_folder(path.parent)


def home_path(path: str | Path) -> Path:
    """Return a path whose leading ~ is the home folder; refuse what is none.

    No path has a NUL, half a character, or more letters than the system
    knows.
    """
    text = os.path.expanduser(path)
    try:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            os.lstat(text)
    except (OSError, ValueError) as error:
        raise SkipgramError(
            f"{printable(text):.99} is no path: {reason_of(error)}"
        ) from None
    return Path(text)


def resolve_link(path: str | Path) -> Path:
    """Absolute path of a file or folder; where a link leads, if it is one."""
    path = home_path(path).absolute()
    return Path(os.path.realpath(path)) if path.is_symlink() else path


@contextmanager
def lock(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock on what is written, for one process at a time.

    The lock is a file, which is removed with the lock. A process that waited
    for it notices that (filelock compares inodes), so two never hold it.
    `busy` is what is written, for the error if another process holds it.
    """
    # Readers do without it: a reader's browser, for one, has no filelock.
    from filelock import FileLock, Timeout

    # A soft lock would stay for ever where a run is killed: rather none.
    held = FileLock(path, 0, thread_local=False, fallback_to_soft=False)
    try:
        held.acquire()
    except Timeout:
        raise SkipgramError(
            f"another run is writing to {busy}; wait for its end, or "
            "name another place"
        ) from None
    except OSError as error:
        if error.errno not in MISSING:
            raise
    inode = path.stat().st_ino
    try:
        yield
    finally:
        is_open = not is_removed(path, inode)
        held.release()
        if is_open:
            remove_files([path])


def is_removed(path: Path, inode: int) -> bool:
    """Remove a lock's file, and say if that is done; Windows has it open.

    If somebody else removed it, another process may hold a new one.
    """
    try:
        if path.stat().st_ino == inode:
            path.unlink()
    except OSError as error:
        return not isinstance(error, PermissionError)
    return True


def check_file(path: str | Path) -> Path:
    """Return where a file is written, or refuse what can be none."""
    place = resolve_link(path)
    device = Path(path).is_symlink() and Path(path).is_relative_to("/dev")
    if device or (place.exists() and not place.is_file()):
        raise SkipgramError(f"{printable(place)} is no file; name another")
    return place


def writing(path: Path) -> AbstractContextManager[None]:
    """Name a file or folder in an error of the system while writing it."""
    return system_errors(
        f"cannot write {printable(path)}", "; nothing was changed"
    )


@contextmanager
def write_file(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name when complete.

    If the block around it fails, or the process is killed, the file that
    had the name before is still there, unchanged.

    Raises
    ------
    SkipgramError
        If it cannot be written, with the reason, or if another process is
        writing it.
    """
    place = check_file(path)
    mark = part_mark(place)
    with writing(place):
        place.parent.stat()  # the lock would make it
        with lock(place.with_name(f"{mark}{LOCK}"), printable(place)):
            remove_files(place.parent.glob(f"{mark}-*{PART}"))
            with new_file(place) as f:
                yield f


def remove_files(paths: Iterable[Path]) -> None:
    """Remove files; one that somebody has open on Windows stays."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


Content = TypeVar("Content")


def read_json_file(
    path: str | Path, name: str, writer: str, parse: Callable[[Any], Content]
) -> Content:
    """Return what `parse` makes of a JSON file.

    `name` and `writer` say what it should hold, and what writes such files.

    Raises
    ------
    SkipgramError
        If it cannot be read, or holds something else.
    """
    with system_errors(f"cannot read {printable(path)}"):
        data = home_path(path).read_bytes()
    try:
        return parse(json.loads(data))
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
    ) as error:
        raise SkipgramError(
            f"{printable(path)} does not hold {name} that this version can "
            f"read ({error}); write it again with {writer}"
        ) from error
