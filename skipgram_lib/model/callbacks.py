"""What watches a training: its history, a progress bar, its checkpoints."""

import json
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from time import perf_counter
from types import FrameType
from typing import Any

import numpy as np
from tqdm import tqdm

from skipgram_lib.backend.base import Array, Backend
from skipgram_lib.counts.counts import Counts
from skipgram_lib.errors import (
    SkipgramError,
    check_number,
    checked,
    hide_bar,
)
from skipgram_lib.model.training import Callback, Run, TrainingRecord
from skipgram_lib.storage.files import (
    PART,
    checksum,
    remove_files,
    system_errors,
)
from skipgram_lib.storage.folders import HeldFolder
from skipgram_lib.storage.sealed import read_sealed, write_sealed

NAME = "checkpoint-{}.safetensors"
# Names of files that were not complete when a run was killed; the second is
# that of version 0.1.
HEX = "[0-9a-f]"
LEFT = (f".{HEX * 8}-{HEX * 16}{PART}", NAME.format("*") + PART)


class History(Callback):
    """Keeps the last record of each epoch."""

    def after_step(self, run: Run, record: TrainingRecord) -> None:
        """Append a record that ends an epoch, its loss on the host."""
        if record.epoch_loss is not None:
            run.history.append(replace(record, loss=float(record.loss)))


class ProgressBar(Callback):
    """Shows how far a training is, and its loss.

    Parameters
    ----------
    shown : bool or None
        None: where stderr is a terminal.
    """

    def __init__(self, shown: bool | None = None) -> None:
        self.hide = hide_bar(shown)
        self.bar: tqdm[Any] | None = None

    def begin(self, run: Run) -> None:
        """Draw the bar."""
        self.bar = tqdm(desc="training", total=run.steps, disable=self.hide)

    def after_record(self, run: Run, record: TrainingRecord) -> None:
        """Move the bar; the loss is wanted only if it was drawn."""
        if self.bar is not None and self.bar.update(record.step - self.bar.n):
            self.bar.set_postfix_str(f"loss {float(record.loss):.3f}")

    def end(self, run: Run) -> None:
        """Show the loss of the last step."""
        if self.bar is not None and run.history:
            self.bar.set_postfix_str(f"loss {run.history[-1].loss:.3f}")

    def close(self, run: Run) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()


# --- What a training is made from --------------------------------------------


def plain_json(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as JSON gives it back.

    Data classes become objects, backends names, NumPy's numbers plain.
    """

    def plain(value: Any) -> Any:
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        return value.name if isinstance(value, Backend) else value.item()

    return dict(json.loads(json.dumps(about, default=plain)))


def current_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a training by their names; `init` was `start`."""
    return {
        "init" if name == "start" else name: value
        for name, value in settings.items()
    }


def counts_checksum(counts: Counts | None) -> str | None:
    """Checksum of counts, 16 digits, a few numbers at a time; None: None."""
    if counts is None:
        return None

    def parts() -> Iterator[Array]:
        yield np.array([len(counts.keep), counts.denominator], "<i8")
        for piece in counts.pieces():
            yield np.ascontiguousarray(piece, "<i8")
        yield np.ascontiguousarray(counts.keep, "<f8")
        if counts.contexts is not counts.vocabulary:
            yield np.ascontiguousarray(counts.keep_contexts, "<f8")

    return checksum(parts())[:16]


def describe_training(
    run: Run,
    counts: Counts,
    held_out: Counts | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """What a training is made from, by name, for its checkpoints.

    The names are part of the format of checkpoints.
    """
    V, D = run.network.W_in.shape
    C = len(run.network.bias)
    return plain_json(
        {
            "checkpoint format": 1,
            "words": V,
            **({} if C == V else {"context words": C}),
            "vector_size": D,
            "dtype": str(run.network.bias.dtype),
            "backend": run.backend.name,
            "tf32": run.backend.tf32,
            **counts.settings,
            "counts checksum": counts_checksum(counts),
            "held_out checksum": counts_checksum(held_out),
            **settings,
        }
    )


def differences(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """Name what a run and its checkpoint are made from differently."""
    return [
        f"{name} is {now.get(name)}, and the checkpoint was made with "
        f"{then.get(name)}"
        for name in dict.fromkeys([*now, *then])
        if now.get(name) != then.get(name)
    ]


def check_same(now: Mapping[str, Any], then: Any, folder: Path) -> None:
    """Refuse to go on from a checkpoint that was made from other things."""
    then = current_names(then) if isinstance(then, dict) else {}
    if found := differences(now, then):
        raise SkipgramError(
            f"cannot go on from {folder}: {'; '.join(found)}; resume with "
            "what it was made with, or begin without resume=True"
        )


# --- Checkpoints -------------------------------------------------------------


def checkpoint_files(folder: Path) -> list[Path]:
    """List the checkpoints in a folder, the newest first."""
    numbers = (
        path.stem.partition("-")[2] for path in folder.glob(NAME.format("*"))
    )
    known = sorted(int(n) for n in numbers if n.isdecimal() and n.isascii())
    return [folder / NAME.format(number) for number in known[::-1]]


class Checkpoints(ExitStack):
    """A held folder with the newest checkpoint of a run, and the one before.

    When it is closed, others may take the folder; an empty one goes away.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there; one run at a time writes to it.
    own : bool
        It was made by a run before this one, if it is there.
    warn : callable
        Called with a sentence if the newest checkpoint is damaged.
    """

    def __init__(
        self,
        folder: str | Path,
        own: bool = False,
        warn: Callable[[str], object] = warnings.warn,
    ) -> None:
        super().__init__()
        self.folder = self.enter_context(HeldFolder(folder, own)).folder
        self.warn = warn
        self.newest_good = Path()
        for names in LEFT:  # a run before this one was killed
            remove_files(self.folder.glob(names))
        lock = self.folder / "lock"  # of version 0.1, which left it
        if lock.is_file() and not lock.stat().st_size:
            remove_files([lock])

    def write(self, arrays: Mapping[str, Array], about: Any) -> Path:
        """Write the next checkpoint, then remove all but the one before.

        Raises
        ------
        SkipgramError
            If it cannot be written. Those before it are then still there.
        """
        files = checkpoint_files(self.folder)
        last = int(files[0].stem.partition("-")[2]) if files else 0
        path = self.folder / NAME.format(last + 1)
        before = f"{files[0].name} is untouched" if files else "none was there"
        with system_errors(
            f"cannot write a checkpoint to {self.folder}",
            f"; {before}; make room, and go on with resume=True",
        ):
            write_sealed(path, arrays, about)
            for older in files:
                if older != self.newest_good:
                    older.unlink()
        self.newest_good = path
        return path

    def read(self) -> tuple[dict[str, Array], Any]:
        """Read the newest checkpoint that is whole.

        Raises
        ------
        SkipgramError
            If there is none; if all are damaged, it names them.
        """
        damaged = []
        for path in checkpoint_files(self.folder):
            try:
                found = read_sealed(path)
            except (OSError, ValueError) as error:
                damaged.append(f"{path} is damaged ({error})")
                continue
            if damaged:
                self.warn(
                    f"{'; '.join(damaged)}; the older {path.name} is taken"
                )
            self.newest_good = path
            return found
        if damaged:
            raise SkipgramError(
                f"{'; '.join(damaged)}; begin without resume=True"
            )
        raise SkipgramError(
            f"there is no checkpoint in {self.folder}; begin without "
            "resume=True"
        )

    def remove(self) -> None:
        """Remove the checkpoints: they are not needed any longer."""
        for path in checkpoint_files(self.folder):
            path.unlink()
        self.close()


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, after a checkpoint was written; the message says where."""


@contextmanager
def defer_interrupt() -> Iterator[list[int]]:
    """Defer the first Ctrl-C, into the list; a second one raises at once."""
    deferred: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread()
    if not here or before in (signal.SIG_IGN, None):
        yield deferred
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if deferred:
            raise KeyboardInterrupt("interrupted at once")
        deferred.append(number)

    signal.signal(signal.SIGINT, handle)
    try:
        yield deferred
    finally:
        signal.signal(signal.SIGINT, before)


class Checkpointing(Callback):
    """Writes checkpoints of a run: when it is time, and on Ctrl-C.

    Parameters
    ----------
    folder : str, Path or Checkpoints
        Where they go; `Checkpoints` stay open.
    every : float
        Seconds from one checkpoint to the next; 0: after each step.
    resume : bool
        Go on from the newest checkpoint in the folder.

    Raises
    ------
    Interrupted
        After Ctrl-C, when the step is finished and a checkpoint written.
    """

    checkpoints: Checkpoints
    made_from: dict[str, Any]

    @checked
    def __init__(
        self,
        folder: str | Path | Checkpoints,
        every: float = 60,
        resume: bool = False,
    ) -> None:
        self.folder = folder
        self.every = check_number("every", every, "0 seconds or more")
        self.resume = resume
        self.stack = ExitStack()
        self.deferred: list[int] = []
        self.last = perf_counter()

    def restore(self, run: Run) -> None:
        """Take the folder; go on from its newest checkpoint, if asked to."""
        self.made_from = run.made_from()
        if isinstance(self.folder, Checkpoints):
            self.checkpoints = self.folder
        else:
            opened = Checkpoints(self.folder)
            self.checkpoints = self.stack.enter_context(opened)
        if self.resume:
            self.read(run)

    def begin(self, run: Run) -> None:
        """Defer Ctrl-C from here on."""
        self.deferred = self.stack.enter_context(defer_interrupt())
        self.last = perf_counter()

    def after_step(self, run: Run, record: TrainingRecord) -> None:
        """Write a checkpoint if it is time."""
        self.stop_if_interrupted(run)
        if perf_counter() - self.last >= self.every:
            self.save(run)
            self.last = perf_counter()
            self.stop_if_interrupted(run)

    def after_record(self, run: Run, record: TrainingRecord) -> None:
        """End the training after Ctrl-C."""
        self.stop_if_interrupted(run)

    def close(self, run: Run) -> None:
        """Let go of the folder, if it was taken here, and of Ctrl-C."""
        self.stack.close()

    def stop_if_interrupted(self, run: Run) -> None:
        """Write a checkpoint and raise, if there was a Ctrl-C."""
        if self.deferred:
            self.save(run)
            raise Interrupted(
                f"interrupted after step {run.step} of {run.steps}; the "
                f"checkpoint is in {self.checkpoints.folder}"
            )

    def save(self, run: Run) -> None:
        """Write a checkpoint of a run."""
        arrays = {
            name: np.ascontiguousarray(run.backend.to_numpy(array))
            for name, array in run.optimiser.arrays().items()
        }
        about = {
            "made from": self.made_from,
            "step": run.step,
            "sums": float(run.loss_sum),
            "seconds": run.seconds,
            "history": [asdict(record) for record in run.history],
        }
        self.checkpoints.write(arrays, about)

    def read(self, run: Run) -> None:
        """Overwrite weights, history and progress with the newest ones."""
        arrays, about = self.checkpoints.read()
        check_same(
            self.made_from, about.get("made from"), self.checkpoints.folder
        )
        for name, array in run.optimiser.arrays().items():
            array[...] = run.backend.asarray(arrays[name])
        run.history[:] = [TrainingRecord(**r) for r in about["history"]]
        run.step = about["step"]
        run.loss_sum = about["sums"]
        run.seconds = about["seconds"]
