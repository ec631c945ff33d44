"""A folder is the new version or the older one, by a manifest that switches.

A folder is never renamed. Its new files get names of their own, made from
their contents; a manifest that names them is renamed over the older one, and
this single rename switches. Files that no manifest names are removed by the
next writer, so a reader of the older manifest still finds its files.
"""

import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from skipgram_lib.errors import SkipgramError, printable, reason_of
from skipgram_lib.storage.files import (
    LOCK,
    PART,
    SEAL,
    Parts,
    as_buffer,
    file_checksum,
    has_seal,
    home_path,
    lock,
    new_file,
    remove_files,
    replace_file,
    resolve_link,
    seal,
    sync_file,
    sync_folder,
    system_errors,
    writing,
)

# What file managers leave in folders that were opened with them.
LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def folder_place(folder: str | Path) -> Path:
    """Return where a folder is written, or refuse a file."""
    place = resolve_link(folder)
    if place.exists() and not place.is_dir():
        raise SkipgramError(f"{printable(place)} is a file; name a folder")
    return place


class HeldFolder(ExitStack):
    """A folder to which one run at a time may write, until it is closed.

    Then it goes away if it holds nothing.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there, with the folders above it.
    own : bool
        It was made by a run before this one, if it is there.
    """

    def __init__(self, folder: str | Path, own: bool = False) -> None:
        super().__init__()
        self.folder = folder_place(folder)
        above = [self.folder, *self.folder.parents]
        self.made = [path for path in above if not path.exists()]
        if own and not self.made:
            self.made = above[:1]
        shown = printable(self.folder)
        with system_errors(f"cannot write to {shown}"), ExitStack() as held:
            held.callback(self.remove_made)
            self.enter_lock(held)
            for path in self.made:
                with suppress(PermissionError):  # of a folder above
                    sync_folder(path.parent)
            self.push(held.pop_all())

    def enter_lock(self, held: ExitStack, attempts: int = 5) -> None:
        """Make the folder and lock it; another run may just remove it."""
        busy = printable(self.folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(lock(self.folder / LOCK, busy))
        except FileNotFoundError:
            if attempts == 1:
                raise
            self.enter_lock(held, attempts - 1)

    def remove_made(self) -> None:
        """Remove the folders that were made, up to one that holds things."""
        with suppress(OSError):
            for path in self.made:
                path.rmdir()


@contextmanager
def scratch_folder(beside: str | Path | None) -> Iterator[Path]:
    """Hold a folder beside a path for what does not fit into memory.

    None is a path of this process in the folder for temporary files.
    """
    own = os.path.join(tempfile.gettempdir(), f"skipgram-{os.getpid()}")
    path = Path(os.path.abspath(home_path(beside or own)))
    place = path.with_name(f"{path.name}.counting")
    with (
        system_errors(f"cannot write to {printable(place)}"),
        HeldFolder(place, own=True),
    ):
        for left in place.glob("runs-*"):
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(
            prefix="runs-", dir=place, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)


@dataclass(frozen=True)
class FolderKind:
    """What a folder holds, and how it is read and written.

    Attributes
    ----------
    name : str
        For messages, such as "a model".
    manifest : str
        The file that names the others.
    files : tuple of str
        What the others hold, such as "weights.safetensors". Earlier versions
        gave the files these names; now they also bear their checksum.
    remedy : str
        What to do about a damaged folder, such as "train the model again".
    """

    name: str
    manifest: str
    files: tuple[str, ...]
    remedy: str

    def stored_name(self, file: str, digits: str) -> str:
        """Name under which a file with this checksum is stored."""
        return f"{Path(file).stem}-{digits[:16]}{Path(file).suffix}"

    def is_stored(self, name: str) -> bool:
        """Whether a file of this name may be one of ours, with a checksum."""
        found = STORED.fullmatch(name)
        return found is not None and found[1] + found[2] in self.files

    def is_own(self, name: str) -> bool:
        """Whether a file of this name may lie in such a folder."""
        return (
            name in {self.manifest, LOCK, *self.files, *LITTER}
            or UNFINISHED.fullmatch(name) is not None
            or self.is_stored(name)
        )


STORED = re.compile(r"(.+)-[0-9a-f]{16}(\.\w+)")
# What a writer that was killed leaves; other files may end in .part, too.
UNFINISHED = re.compile(r"\.([0-9a-f]{8}-)?[0-9a-f]{16}" + re.escape(PART))


def check_folder(folder: str | Path, kind: FolderKind) -> Path:
    """Return where a folder is written, or refuse it before any work.

    Raises
    ------
    SkipgramError
        If it is a file, holds other things, or cannot be written.
    """
    place = folder_place(folder)
    shown = printable(place)
    with system_errors(f"cannot write to {shown}"):
        names = {p.name for p in place.iterdir()} if place.exists() else ()
        if other := sorted(name for name in names if not kind.is_own(name)):
            raise SkipgramError(
                f"{shown} holds other things than {kind.name}, such as "
                f"{other[0]}; name another folder"
            )
        there = next(p for p in [place, *place.parents] if p.exists())
        tempfile.TemporaryFile(dir=there).close()
    return place


class NewFolder:
    """The next version of a folder, while it is written.

    Parameters
    ----------
    folder : Path
        It is held, and holds the older version, if there is one.
    kind : FolderKind
    """

    def __init__(self, folder: Path, kind: FolderKind) -> None:
        self.folder = folder
        self.kind = kind
        self.stored: dict[str, dict[str, Any]] = {}
        self.finished = False
        remove_unnamed(folder, kind)

    @contextmanager
    def create(self, file: str) -> Iterator[BinaryIO]:
        """Open one of the kind's files for writing, reading and seeking.

        On the disk it gets a name that bears its checksum. Nobody reads it
        before `finish` has written a manifest that names it.
        """
        part = self.folder / f".{secrets.token_hex(8)}{PART}"
        try:
            with open(part, "x+b") as f:
                yield f
                sync_file(f)
            digits = file_checksum(part)
            name = self.kind.stored_name(file, digits)
            size = part.stat().st_size
            if not is_same(self.folder / name, digits):
                replace_file(part, self.folder / name)
                sync_folder(self.folder)
        finally:
            remove_files([part])
        self.stored[file] = {"name": name, "bytes": size, "sha256": digits}

    def add(self, file: str, parts: Parts) -> None:
        """Write one of the kind's files: bytes or arrays, in their order."""
        with self.create(file) as f:
            for part in parts:
                f.write(as_buffer(part))

    def names(self) -> dict[str, str]:
        """Names under which the files are stored, by what they hold."""
        return {file: about["name"] for file, about in self.stored.items()}

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest, sealed JSON; with it this version is there."""
        content = {"seal": SEAL.decode(), "files": self.stored, **about}
        self.finish_with(seal(json.dumps(content).encode("ascii")))

    def finish_with(self, manifest: bytes) -> None:
        """Write a manifest of another form, in which all names stand."""
        with new_file(self.folder / self.kind.manifest) as f:
            f.write(manifest)
        self.finished = True


def is_same(path: Path, digits: str) -> bool:
    """Whether a file is there, with this checksum."""
    return path.is_file() and file_checksum(path) == digits


def our_files(folder: Path, kind: FolderKind) -> dict[Path, bool]:
    """Files in a folder that we wrote, and whether its manifest names each.

    A manifest of an earlier version names none, and means `kind.files`.
    """
    manifest = folder / kind.manifest
    text = manifest.read_bytes() if manifest.is_file() else b""
    names_all = any(
        kind.is_stored(word.decode())
        for word in re.findall(rb"[\w-]+\.\w+", text)
    )
    found = {}
    for path in folder.iterdir():
        if path.name in kind.files:
            found[path] = not names_all
        elif kind.is_stored(path.name) or UNFINISHED.fullmatch(path.name):
            found[path] = path.name.encode() in text
    return found


def remove_unnamed(folder: Path, kind: FolderKind) -> None:
    """Remove our files that the manifest of a folder does not name."""
    found = our_files(folder, kind)
    remove_files(path for path, is_named in found.items() if not is_named)


def folder_size(folder: Path, kind: FolderKind) -> int:
    """Bytes of the manifest of a folder and of the files that it names."""
    named = [path for path, named in our_files(folder, kind).items() if named]
    return sum(p.stat().st_size for p in [folder / kind.manifest, *named])


@contextmanager
def write_folder(folder: str | Path, kind: FolderKind) -> Iterator[NewFolder]:
    """Write a folder: all of the new version, or the older one stays.

    The block adds files, and ends with `NewFolder.finish`.

    Raises
    ------
    SkipgramError
        If the folder is none of this kind, is being written by another
        process, or cannot be written.
    """
    place = check_folder(folder, kind)
    with writing(place), HeldFolder(place):
        new = NewFolder(place, kind)
        try:
            yield new
        finally:
            if not new.finished:
                remove_unnamed(place, kind)


@dataclass(frozen=True)
class StoredFolder:
    """A folder that was written, by its manifest.

    Attributes
    ----------
    folder : Path
    kind : FolderKind
    about : dict
        What the manifest says.
    files : dict
        Stored "name" and "sha256" of the files, by what they hold.
    """

    folder: Path
    kind: FolderKind
    about: dict[str, Any]
    files: dict[str, dict[str, str]]

    def path(self, file: str) -> Path:
        """Path of one of the kind's files."""
        return self.folder / self.files.get(file, {"name": file})["name"]

    def damaged(self, path: Path, reason: object) -> SkipgramError:
        """Make the error for a file that cannot be read."""
        return damaged(path, reason, self.kind)

    def check_version(self, versions: Sequence[int]) -> None:
        """Refuse a folder that another version of the format describes."""
        version = self.about.get("format_version")
        if version not in versions:
            raise SkipgramError(
                f"{printable(self.folder)} has format version {version}, and "
                f"this library reads versions {versions[0]} to "
                f"{versions[-1]}; use the library that wrote it"
            )

    def read_json(self, file: str) -> Any:
        """Contents of one of the kind's files, JSON."""
        return read_json(self.path(file), self.kind)[0]

    def check_sums(self) -> None:
        """Compare all files with the checksums in the manifest."""
        for about in self.files.values():
            path = self.folder / about["name"]
            try:
                digits = file_checksum(path)
            except OSError as error:
                raise self.damaged(path, reason_of(error)) from error
            if digits != about["sha256"]:
                raise self.damaged(
                    path, f"its checksum is not that in {self.kind.manifest}"
                )


def damaged(path: Path, reason: object, kind: FolderKind) -> SkipgramError:
    """Make the error for a file of a folder that cannot be read."""
    return SkipgramError(
        f"{printable(path)} is damaged ({reason}); {kind.remedy}"
    )


def read_json(path: Path, kind: FolderKind) -> tuple[Any, bytes]:
    """Read a JSON file of a folder, once: what it says, and its bytes."""
    try:
        data = path.read_bytes()
        return json.loads(data.decode("utf-8")), data
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, error, kind) from error


def read_folder(folder: str | Path, kind: FolderKind) -> StoredFolder:
    """Read the manifest of a folder, and find the files that it names.

    Their contents are checked by `StoredFolder.check_sums`. A manifest of an
    earlier version has no "files": then they have the names in `kind.files`.

    Raises
    ------
    SkipgramError
        If there is no such folder, it is none of this kind, or its manifest
        is damaged, or a file that it names is not there.
    """
    place = home_path(folder)
    if not place.is_dir():
        text = f"there is no folder {printable(place)}"
        # Where a save by version 0.1 that was killed has put the older one.
        older = place.parent / f".{place.name}.saving" / "old"
        if older.is_dir():
            text += f"; a save was cut short, and the older one is {older}"
        raise SkipgramError(text)
    manifest = place / kind.manifest
    if not manifest.is_file():
        raise SkipgramError(
            f"{printable(place)} is not {kind.name}: it has no {kind.manifest}"
        )
    about = read_manifest(manifest, kind)
    files = file_table(about, manifest, kind)
    stored = StoredFolder(place, kind, about, files)
    for file in files:
        if not stored.path(file).is_file():
            raise stored.damaged(stored.path(file), "it is not there")
    return stored


Read = TypeVar("Read")


def read_steadily(manifest: Path, read: Callable[[], Read]) -> Read:
    """Read what a manifest names; again, if a writer replaced it meanwhile.

    A file that the manifest names is there until two writers have been; then
    an error says nothing about what is there now.
    """
    attempts = 5
    while True:
        before = manifest_bytes(manifest)
        try:
            return read()
        except (SkipgramError, OSError):
            attempts -= 1
            if not attempts or manifest_bytes(manifest) == before:
                raise


def manifest_bytes(path: Path) -> bytes | None:
    """Contents of a manifest; None if there is none that can be read."""
    try:
        return home_path(path).read_bytes()
    except (OSError, SkipgramError):
        return None


def read_manifest(path: Path, kind: FolderKind) -> dict[str, Any]:
    """Read a manifest, and check its seal, if it has one."""
    about, data = read_json(path, kind)
    if not isinstance(about, dict):
        raise damaged(path, "it holds no object", kind)
    sums = about.get("sha256")
    earlier = sums.get(path.name) if isinstance(sums, dict) else None
    sealed = about.get("seal", earlier)
    must = sealed is not None or "files" in about
    if must and not has_seal(data, sealed):
        raise damaged(path, "its checksum is not that of its contents", kind)
    return about


def file_table(
    about: dict[str, Any], manifest: Path, kind: FolderKind
) -> dict[str, dict[str, str]]:
    """Stored names and checksums of files, by what they hold; or refuse it.

    Earlier manifests have checksums by the names, one's own among them.
    """
    files = about.get("files")
    if files is None and isinstance(sums := about.get("sha256", {}), dict):
        names = sums.keys() - {manifest.name}
        files = {n: {"name": n, "sha256": sums[n]} for n in names}
    if isinstance(files, dict) and all(
        isinstance(about, dict)
        and isinstance(about.get("name"), str)
        and Path(about["name"]).name == about["name"]
        and isinstance(about.get("sha256"), str)
        for about in files.values()
    ):
        return files
    raise damaged(manifest, "its list of files is none", kind)
