"""Where text lies: files, folders, addresses, and its encoding."""

import codecs
import io
import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import has_magic
from itertools import chain
from pathlib import Path
from typing import Any

from skipgram_lib.errors import SkipgramError, as_list, reason_of
from skipgram_lib.storage.files import home_path
from skipgram_lib.storage.inputs import seekable_path, shown, unpacked

HEAD_SIZE = 4096  # bytes that tell whether a file is UTF-16, or no text
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
BYTE_ORDER_MARKS = {  # the longer marks first: one begins with another
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
NO_TEXT = {  # how files begin that have words in them, and are no text
    b"%PDF-": "a PDF document",
    b"{\\rtf": "an RTF document",
}
CONTROLS = bytes({*range(9), *range(14, 27)})


def check_encoding_name(encoding: str) -> None:
    """Refuse an encoding that Python does not know, or not for text."""
    try:
        codecs.getincrementaldecoder(encoding)
        " ".encode(encoding)
    except (LookupError, ValueError):
        raise SkipgramError(
            f"encoding {encoding!r:.40} is none that Python knows; name one, "
            "such as encoding='cp1252' or encoding='utf-16'"
        ) from None


def path_list(paths: object) -> list[str]:
    """Paths as strings; one alone makes a list of one; pipes are copied."""
    if isinstance(paths, str | bytes) or not isinstance(paths, Iterable):
        paths = [paths]
    return list(map(text_path, as_list("paths", paths)))


def text_path(path: object) -> str:
    """Path of a text as a string; a pipe, or "-" for stdin, is copied."""
    if not isinstance(path, str | os.PathLike):
        raise SkipgramError(f"expected a path, got {path!r:.60}")
    text = os.fspath(path)
    if text == "-" and not isinstance(path, str):
        text = "./-"  # the file of this name
    if not is_address(text):
        home_path(text)  # refuses what is no path
    return seekable_path(os.path.expanduser(text))


def unreadable_error(path: str | Path, error: BaseException) -> SkipgramError:
    """Error for a path that cannot be read, with the system's reason."""
    reason = reason_of(error)
    if isinstance(error, MemoryError):
        reason = "it does not fit into memory"
    return SkipgramError(f"cannot read {shown(path)}: {reason}")


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong as a file is read into one of our errors."""
    try:
        yield
    except (OSError, EOFError, zlib.error, MemoryError) as error:
        raise unreadable_error(path, error) from error


def file_status(path: str | Path) -> os.stat_result:
    """What the system knows of a file or folder; links are followed."""
    try:
        return os.stat(path)
    except (OSError, ValueError) as error:
        if os.path.islink(path):
            raise SkipgramError(
                f"{shown(path)} is a symbolic link to "
                f"{shown(os.readlink(path))}, which cannot be reached "
                f"({reason_of(error)}); fix or delete the link"
            ) from error
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise SkipgramError(
                f"no such file or directory: {shown(path)}"
            ) from error
        raise unreadable_error(path, error) from error


def check_regular(path: str | Path, status: os.stat_result) -> None:
    """Refuse what is neither a file nor a folder."""
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise SkipgramError(
            f"{shown(path)} is a device or socket, and text is read from "
            "files and pipes; write it to a file first"
        )


def text_files(path: str | Path) -> list[Path]:
    """Find the files of a path: itself, or all below a folder, sorted.

    Files and folders whose names begin with a dot are passed over; so are
    pipes, sockets, devices, and links to folders, below a folder.
    """
    path = Path(path)
    status = file_status(path)
    check_regular(path, status)
    if not stat.S_ISDIR(status.st_mode):
        return [path]

    def refuse(error: OSError) -> None:
        raise unreadable_error(error.filename, error) from error

    def is_text(file: Path) -> bool:
        parts = file.relative_to(path).parts
        hidden = any(part.startswith(".") for part in parts)
        return not hidden and stat.S_ISREG(file_status(file).st_mode)

    walk = os.walk(path, onerror=refuse)
    try:
        below = [
            Path(place, name) for place, _, names in walk for name in names
        ]
    except RecursionError as error:
        raise SkipgramError(
            f"the folders below {shown(path)} lie too deep, one in the other"
        ) from error
    return [file for file in sorted(below) if is_text(file)]


def open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting, as opening a pipe would."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bytes(path: str | Path) -> bytes:
    """Bytes of a file; refuse one that changes while it is read."""
    with open(path, "rb", opener=open_at_once) as file:
        before = os.fstat(file.fileno())
        check_regular(path, before)
        data = file.read(before.st_size + 1)
        after = os.fstat(file.fileno())
    sizes = {before.st_size, len(data), after.st_size}
    if len(sizes) > 1 or before.st_mtime_ns != after.st_mtime_ns:
        raise SkipgramError(
            f"{shown(path)} changed while it was read "
            f"({before.st_size:,} bytes before, {after.st_size:,} after); "
            "wait until it is complete, or read a copy"
        )
    return data


def read_text(
    path: str | Path, errors: str = "strict", encoding: str = "utf-8"
) -> str:
    """Text of a file or pipe, unpacked if it is compressed."""
    path = text_path(path)
    with (
        reading(path),
        unpacked(io.BytesIO(read_bytes(path)), path) as file,
    ):
        data = file.read()
        if not is_utf8(encoding):
            data = b"".join(as_utf8([data], path, errors, encoding))
        return decode_text(data, path, 0, errors)


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is that which all text is turned into."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")


def as_utf8(
    blocks: Iterable[bytes], path: str | Path, errors: str, encoding: str
) -> Iterator[bytes]:
    """Blocks of a text in another encoding, in UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    start = 0
    for data in chain(blocks, [b""]):
        try:
            text = decoder.decode(data, not data)
        except UnicodeError as error:
            without_mark = "BOM" in str(error)  # of UTF-16 or UTF-32
            if without_mark or not isinstance(error, UnicodeDecodeError):
                raise SkipgramError(
                    f"{shown(path)} cannot be read as {encoding.upper()} "
                    f"({error}); name the order of its bytes, as in "
                    "encoding='utf-16-le'"
                ) from error
            first = start + len(data) - len(error.object)
            raise bad_byte_error(path, first, error, encoding) from error
        yield text.encode("utf-8", "replace")
        start += len(data)


def bad_byte_error(
    path: str | Path, first: int, error: UnicodeDecodeError, encoding: str
) -> SkipgramError:
    """Error for a byte that is none of an encoding.

    `first` is where in the file the bytes begin that were decoded.
    """
    return SkipgramError(
        f"{shown(path)} is not {encoding.upper()} text: byte "
        f"{error.object[error.start]:#04x} at offset "
        f"{first + error.start:,}; convert it, name its encoding, such as "
        "encoding='cp1252', or replace such bytes with errors='replace'"
    )


def check_encoding(path: str | Path, head: bytes) -> None:
    """Refuse what is no text, and text that looks like UTF-16 or UTF-32.

    `head` has the first 4,096 bytes or more; fewer only if the text has.
    """
    head = head[:HEAD_SIZE]
    for mark, name in NO_TEXT.items():
        if head.startswith(mark):
            raise SkipgramError(
                f"{shown(path)} is no text but {name}; save it as plain text"
            )
    marks = BYTE_ORDER_MARKS.items()
    name = next((name for mark, name in marks if head.startswith(mark)), "")
    if name:
        remedy = f"encoding={name.lower()!r}"
    elif len(head) >= 64 and 4 * head.count(0) > len(head):
        name = "UTF-16 or UTF-32, or no text"
        remedy = "encoding='utf-16-le', if it is text"
    if name:
        raise SkipgramError(
            f"{shown(path)} is not UTF-8 text: its first bytes are those "
            f"of {name}; convert it, or read it with {remedy}"
        )


def has_controls(head: bytes) -> bool:
    """Whether so many bytes are signs of control that it is no text."""
    letters = len(head.translate(None, CONTROLS))
    return len(head) >= 64 and 32 * (len(head) - letters) > len(head)


def decode_text(data: bytes, path: str | Path, start: int, errors: str) -> str:
    """Text of the bytes of a file from `start` on; names the first bad one.

    At the start of a file, a byte order mark is removed.
    """
    if start == 0:
        check_encoding(path, data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if start == 0 and has_controls(data[:HEAD_SIZE]):
            raise SkipgramError(
                f"{shown(path)} is no text: it begins with bytes that no "
                "letters have; name a file of text"
            ) from error
        if errors == "strict":
            raise bad_byte_error(path, start, error, "utf-8") from error
        text = data.decode("utf-8", errors)
    return text.removeprefix("\ufeff") if start == 0 else text


# Addresses


def is_address(path: object) -> bool:
    """Whether a path names a protocol, as in s3://bucket/file."""
    return ADDRESS.match(str(path)) is not None


def find_store(address: str) -> tuple[Any, str]:
    """File system of an address, and the path in it, through fsspec."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise SkipgramError(
            f"{address} can only be read with fsspec, which is not "
            "installed; in the folder of this project, run: "
            "pip install '.[distributed]'"
        ) from error
    try:
        system, path = url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise SkipgramError(f"cannot read {address}: {error}") from error
    return system, path


def list_address(address: str) -> list[str]:
    """Addresses of the files behind an address, sorted: as `text_files`.

    It may be that of a file or folder, or have * and ? in it.
    """
    with reading(address):
        system, path = find_store(address)
        if has_magic(path):
            found = [name for name in system.glob(path) if system.isfile(name)]
        elif system.isfile(path):
            return [address]
        else:
            below = len(path.rstrip("/"))
            found = [
                name for name in system.find(path) if "/." not in name[below:]
            ]
    if not found:
        raise SkipgramError(f"no such file or directory: {address}")
    return [system.unstrip_protocol(name) for name in sorted(found)]
