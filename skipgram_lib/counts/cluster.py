"""The same counts by many workers, on a cluster of Dask distributed."""

import logging
import os
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from operator import itemgetter
from time import monotonic, sleep
from typing import Any, TypeAlias
from weakref import WeakSet

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skipgram_lib.counts.cells import (
    even_groups,
    join_documents,
    no_pair_error,
)
from skipgram_lib.counts.counts import (
    Counts,
    count_settings,
    counts_header,
    encode_all,
)
from skipgram_lib.counts.parts import (
    PART_BYTES,
    Rules,
    count_stretch,
    parse_size,
    part_ids,
    stretch_rules,
    stretch_size,
    stretches,
)
from skipgram_lib.counts.progress import Bar, progress_bar
from skipgram_lib.counts.tables import add_all
from skipgram_lib.counts.windows import Document
from skipgram_lib.errors import (
    SkipgramError,
    check_at_least,
    check_number,
    checked,
    numbered,
)
from skipgram_lib.text.files import (
    TextFiles,
    TextPart,
    own_tokens,
    parts_with_words,
)
from skipgram_lib.text.vocabulary import Vocabulary, WordIndex

# What Dask distributed, an optional package, has.
Client: TypeAlias = Any
Future: TypeAlias = Any

# Blocks of rows of a table, at most, about.
MAX_BLOCKS = 64
# So many tables are summed at a time.
FAN_IN = 8
# So often workers may be lost while not a single task is finished.
MAX_LOSSES = 20


def find_dask() -> Any:
    """Return Dask distributed; an error says how to install it."""
    try:
        import distributed
    except ImportError as error:
        raise SkipgramError(
            "counting on several workers needs Dask distributed, which is "
            "not installed; in the folder of this project, run: "
            "pip install '.[distributed]'"
        ) from error
    return distributed


# --- What a worker does ------------------------------------------------------


def cut_rows(table: sp.csr_array, rows: Sequence[int]) -> list[sp.csr_array]:
    """Cut a table into blocks of rows."""
    return [table[first:last] for first, last in pairwise(rows)]


def count_parts(
    parts: Sequence[TextPart],
    files: TextFiles,
    words: WordIndex,
    rules: Rules,
    rows: Sequence[int],
    size: int,
) -> list[sp.csr_array]:
    """Count parts, `size` ids at a time; return blocks of rows of the sum."""
    V = len(words)
    streams = (part_ids(part, files, words, rules.window) for part in parts)
    table = sp.csr_array((V, V), dtype=np.int64)
    try:
        for ids in stretches(streams, size, rules.window, V):
            table = table + count_stretch(ids, V, rules)
    except MemoryError as error:
        raise SkipgramError(
            f"a worker has no memory left to count {parts[0]}; give it more"
        ) from error
    return cut_rows(table, rows)


def count_ids(
    ids: NDArray[np.int32], V: int, rules: Rules, rows: Sequence[int]
) -> list[sp.csr_array]:
    """Count joined ids; return blocks of rows of the table."""
    return cut_rows(count_stretch(ids, V, rules), rows)


def sum_blocks(*blocks: sp.csr_array) -> sp.csr_array:
    """Sum of the same rows of several tables."""
    return add_all(blocks)


def count_words(parts: Iterable[TextPart], files: TextFiles) -> Counter[str]:
    """How often each word occurs in some parts."""
    own = (own_tokens(part, files) for part in parts)
    return Counter(chain.from_iterable(chain.from_iterable(own)))


def sum_counters(*counters: Counter[str]) -> Counter[str]:
    """Sum of several counts of words."""
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def unpack_words(*pieces: bytes) -> WordIndex:
    """Put a vocabulary together that was sent in pieces."""
    return WordIndex(pickle.loads(b"".join(pieces)))


# --- Jobs --------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A task for a worker.

    Attributes
    ----------
    call, arguments
        What the worker does.
    text : str
        What it reads, for an error.
    size : int
        Bytes of text, for the progress bar.
    """

    call: Callable[..., object]
    arguments: tuple[object, ...]
    text: str
    size: int


def gather_parts(
    parts: Iterable[TextPart], size: int
) -> Iterator[list[TextPart]]:
    """Put small parts together, until they have `size` bytes."""
    group: list[TextPart] = []
    for part in parts:
        group.append(part)
        if sum(map(len, group)) >= size:
            yield group
            group = []
    if group:
        yield group


def part_jobs(
    parts: Iterable[TextPart],
    size: int,
    call: Callable[..., object],
    *arguments: object,
) -> Iterator[Job]:
    """Jobs that call a function with some parts and other arguments."""
    for group in gather_parts(parts, size):
        more = len(group) - 1
        rest = f" and {numbered(more, 'more file')}" if more else ""
        text = f"{group[0]}{rest}"
        yield Job(call, (group, *arguments), text, sum(map(len, group)))


def block_bounds(
    vocabulary: Vocabulary, window: int, memory: int
) -> list[int]:
    """Where blocks of rows begin, and V, so that none has too many cells.

    A frequent word has more cells in its row; `memory` is what a worker's
    thread has, in bytes.
    """
    V = len(vocabulary)
    cells = np.minimum(2 * window * vocabulary.frequencies, V)
    ends = np.concatenate([[0], np.cumsum(cells)])
    size = max(memory // 256, -(-int(ends[-1]) // MAX_BLOCKS))
    return [0, *even_groups(ends, size)[1].tolist()]


# --- Workers -----------------------------------------------------------------


def no_workers_error(
    address: str, wait: float, states: Sequence[str]
) -> SkipgramError:
    """Error for a cluster whose workers are gone, or all paused."""
    if states:
        return SkipgramError(
            f"all workers at {address} have been paused for {wait:g} s, "
            "because their memory is full and cannot be spilled to their "
            "disks; give them more of either"
        )
    return SkipgramError(
        f"no worker is left at {address}, and none came for {wait:g} s; "
        f"start workers with: dask worker {address}; or wait longer, as with "
        "wait=600"
    )


def repeated_worker_loss_error(number: int, text: str) -> SkipgramError:
    """Error for a task on which one worker after the other dies."""
    return SkipgramError(
        f"workers died {number} times while they worked on {text}; if their "
        "memory was full, as their logs would say, give each more of it, or "
        "fewer threads"
    )


def cluster_lost_error(address: str) -> SkipgramError:
    """Error for a scheduler that is gone."""
    return SkipgramError(
        f"the scheduler at {address} is gone, and with it what was counted; "
        "start it and its workers, and count again"
    )


class WorkerPool:
    """The workers of a Dask cluster, and the tasks that they were given.

    Parameters
    ----------
    client : distributed.Client
    wait : float
        Seconds without a worker after which we give up.

    Attributes
    ----------
    threads : int
        How many threads work, on all workers.
    memory : int
        Bytes of memory for each of them, at least.
    losses : int
        How often workers were lost since a task was finished.
    """

    def __init__(self, client: Client, wait: float) -> None:
        self.client = client
        self.address: str = client.scheduler.address
        self.wait = wait
        self.threads = 0
        self.memory = 2**31
        self.losses = 0
        self.names: set[str] = set()
        self.texts: dict[str, str] = {}
        self.live: WeakSet[Future] = WeakSet()
        self.checked = 0.0
        self.seen = monotonic()
        while not self.threads:
            self.check()
            sleep(0.02)

    def update(self) -> list[str]:
        """Ask the scheduler which workers there are; return their states."""
        if self.client.status != "running":
            raise cluster_lost_error(self.address)
        found = self.client.scheduler_info(n_workers=-1)["workers"].values()
        names = {worker["id"] for worker in found}
        self.losses += bool(self.names - names)
        self.names = names
        running = [w for w in found if w["status"] == "running"]
        self.threads = sum(w["nthreads"] for w in running)
        memory = [w["memory_limit"] / w["nthreads"] for w in running]
        self.memory = int(min(filter(None, memory), default=self.memory))
        return [worker["status"] for worker in found]

    def check(self) -> None:
        """Update once a second; raise if no worker has run for a while."""
        if monotonic() < self.checked + 1:
            return
        self.checked = monotonic()
        states = self.update()
        if self.losses > MAX_LOSSES:
            raise repeated_worker_loss_error(self.losses, "the same tasks")
        if self.threads:
            self.seen = self.checked
        elif self.checked > self.seen + self.wait:
            raise no_workers_error(self.address, self.wait, states)

    def submit(
        self,
        call: Callable[..., object],
        *args: object,
        text: str = "",
        level: int = 0,
    ) -> Future:
        """Submit a task; those of a higher level are done first."""
        future = self.client.submit(call, *args, pure=False, priority=level)
        self.live.add(future)
        if text:
            self.texts[future.key] = text
        return future

    def finished(self, futures: Iterable[Future]) -> list[Future]:
        """Wait until some tasks have come to an end, and return these."""
        ends = ("finished", "error", "cancelled")
        while not (done := [f for f in futures if f.status in ends]):
            self.check()
            sleep(0.01)
        self.losses = 0
        return done

    def result(self, future: Future) -> Any:
        """Wait for a task; return what it returned, or raise what it did."""
        while True:
            self.finished([future])
            try:
                return future.result(timeout=60)
            except TimeoutError:  # it was lost, and is computed again
                self.check()

    def run(self, jobs: Iterable[Job], bar: Bar) -> Iterator[Future]:
        """Have jobs done; yields their futures, in the order of their ends.

        A few more than there are threads are submitted at a time.
        """
        sizes: dict[Future, int] = {}
        for job in chain[Job | None](jobs, [None]):
            most = 0 if job is None else 2 * self.threads + 1
            while len(sizes) > most:
                for future in self.finished(sizes):
                    if future.status != "finished":
                        self.result(future)
                    bar.update(sizes.pop(future))
                    yield future
            if job:
                task = self.submit(job.call, *job.arguments, text=job.text)
                sizes[task] = job.size


def worker_pool(client: Client, wait: float) -> WorkerPool:
    """The workers of a client; refuse what is none."""
    if not isinstance(client, find_dask().Client):
        raise SkipgramError(
            f"client must be a distributed.Client, got {client!r:.60}"
        )
    return WorkerPool(client, check_number("wait", wait, "0 or more"))


def explain(pool: WorkerPool, error: BaseException) -> BaseException:
    """One sentence about what happened on a cluster; or the error itself."""
    dask = find_dask()
    if isinstance(error, SkipgramError):
        return error
    if isinstance(error, dask.KilledWorker):
        text = pool.texts.get(str(error.task), "sums of counts")
        return repeated_worker_loss_error(error.allowed_failures + 1, text)
    lost = (dask.CancelledError, OSError)
    if pool.client.status != "running" or isinstance(error, lost):
        return cluster_lost_error(pool.address)
    if isinstance(error, ImportError | MemoryError):
        return SkipgramError(
            f"a worker at {pool.address} failed ({error!r:.200}); each needs "
            "this version of skipgram-lib, and memory enough"
        )
    return error


@contextmanager
def cancel_on_error(pool: WorkerPool) -> Iterator[None]:
    """Cancel the tasks of a pool when something goes wrong."""
    try:
        yield
    except BaseException as error:
        for future in list(pool.live):
            future.release()
        if (reason := explain(pool, error)) is error:
            raise
        raise reason from error


def send_words(pool: WorkerPool, words: Sequence[str]) -> Future:
    """Send a vocabulary to the workers; return a future `WordIndex`.

    It goes as tasks that return their argument: the scheduler keeps those,
    and can have them done again. What Dask scatters is lost with its worker.
    """
    packed = pickle.dumps(list(words))
    pieces = [
        pool.submit(
            bytes, packed[i : i + 2**20], text="the vocabulary", level=3
        )
        for i in range(0, len(packed), 2**20)
    ]
    return pool.submit(unpack_words, *pieces, text="the vocabulary", level=3)


# --- Sums --------------------------------------------------------------------


class SumTree:
    """Tables on workers, summed as a tree, each block of rows by itself.

    Parameters
    ----------
    pool : WorkerPool
        Only its `submit` is used.
    """

    def __init__(self, pool: WorkerPool) -> None:
        self.pool = pool
        self.levels: list[list[list[Future]]] = []

    def add(self, blocks: list[Future], level: int = 0) -> None:
        """Add the blocks of a table."""
        if level == len(self.levels):
            self.levels.append([])
        self.levels[level].append(blocks)
        if len(self.levels[level]) == FAN_IN:
            full = self.levels[level]
            self.levels[level] = []
            self.add(self.merged(full), level + 1)

    def merged(self, tables: list[list[Future]]) -> list[Future]:
        """Sum some tables, each a list of blocks."""
        return [
            self.pool.submit(sum_blocks, *blocks, level=2)
            for blocks in zip(*tables, strict=True)
        ]

    def total(self) -> list[Future]:
        """Blocks of the sum of all tables."""
        rest = list(chain.from_iterable(self.levels))
        while len(rest) > 1:
            rest = [
                self.merged(rest[start : start + FAN_IN])
                for start in range(0, len(rest), FAN_IN)
            ]
        return rest[0] if rest else []


def summed_blocks(
    pool: WorkerPool, jobs: Iterable[Job], bar: Bar, blocks: int
) -> Iterator[sp.csr_array]:
    """Have jobs done that return so many blocks; yields the blocks' sums."""
    sums = SumTree(pool)
    for done in pool.run(jobs, bar):
        each = map(itemgetter, range(blocks))
        sums.add([pool.submit(take, done, level=1) for take in each])
    total = sums.total()
    while total:
        yield pool.result(total.pop(0))


# --- Counting ----------------------------------------------------------------


def part_size(pool: WorkerPool) -> int:
    """Bytes of the parts that suit some workers."""
    return min(max(pool.memory // 32, 2**20), PART_BYTES)


def count_on_workers(
    files: TextFiles,
    vocabulary: Vocabulary,
    rules: Rules,
    pool: WorkerPool,
    progress: bool | None,
) -> Iterator[sp.csr_array]:
    """Count text files on workers, which read them; see `count_locally`."""
    rows = block_bounds(vocabulary, rules.window, pool.memory)
    size = part_size(pool)
    parts = parts_with_words(files, size)
    ids = stretch_size(pool.memory // 4, rules.window)
    bar = progress_bar(parts, "counting", progress)
    with cancel_on_error(pool), bar as shown:
        words = send_words(pool, vocabulary.words)
        jobs = part_jobs(
            parts, size, count_parts, files, words, rules, rows, ids
        )
        yield from summed_blocks(pool, jobs, shown, len(rows) - 1)


def count_words_on_workers(
    files: TextFiles, pool: WorkerPool, progress: bool | None
) -> Iterator[Counter[str]]:
    """Let workers count the words of text files; yields several counts."""
    size = part_size(pool)
    parts = parts_with_words(files, size)
    jobs = part_jobs(parts, size, count_words, files)
    waiting: list[Future] = []
    bar = progress_bar(parts, "finding words", progress)
    with cancel_on_error(pool), bar as shown:
        for done in pool.run(jobs, shown):
            waiting.append(done)
            if len(waiting) == FAN_IN:
                yield pool.result(pool.submit(sum_counters, *waiting))
                waiting = []
        if waiting:
            yield pool.result(pool.submit(sum_counters, *waiting))


@checked
def count_on_cluster(
    documents: Iterable[Document],
    client: Client,
    *,
    vocabulary: Vocabulary,
    window: int = 5,
    shrink_windows: bool = True,
    sample: float | None = 1e-3,
    side: str = "both",
    wait: float = 60,
) -> Counts:
    """Count documents that are sent to the workers of a Dask client.

    The counts are those of `count_pairs`, whose parameters these are; `wait`
    as in `count_files`, which has workers read files themselves.
    """
    settings = count_settings(window, shrink_windows, sample, side)
    rules = stretch_rules(settings)
    pool = worker_pool(client, wait)
    V = len(vocabulary)
    rows = block_bounds(vocabulary, window, pool.memory)
    encoded = encode_all(documents, vocabulary)
    streams = ([join_documents([ids], window, V)] for ids in encoded)
    size = min(stretch_size(pool.memory // 4, window), 2**20)
    jobs = (
        Job(count_ids, (ids, V, rules, rows), "some documents", len(ids))
        for ids in stretches(streams, size, window, V)
    )
    with cancel_on_error(pool), progress_bar([], "", False) as bar:
        blocks = list(summed_blocks(pool, jobs, bar, len(rows) - 1))
    if not any(block.nnz for block in blocks):
        raise no_pair_error(window, "too few known words")
    cells = sp.csr_array(sp.vstack(blocks, format="csr"))
    return Counts(cells, **vars(counts_header(settings, vocabulary)))


# --- Connecting --------------------------------------------------------------


@contextmanager
def silence_dask() -> Iterator[None]:
    """Keep the loggers of Dask silent; what matters is raised."""
    names = [
        name
        for name in logging.root.manager.loggerDict
        if name.split(".")[0] in ("distributed", "tornado", "asyncio")
    ]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def local_cluster(workers: int | None, memory: str | int) -> Any:
    """Start workers, each a process, that only this machine can reach."""
    if workers is None:
        workers = os.cpu_count() or 1
    number = check_at_least("workers", workers, 1)
    return find_dask().LocalCluster(
        n_workers=number,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        memory_limit=parse_size(memory) // number,
        silence_logs=logging.CRITICAL,
    )


@checked
@contextmanager
def connect(
    scheduler: str | None = None,
    workers: int | None = None,
    memory: str | int = "4GB",
    wait: float = 60,
) -> Iterator[Client]:
    """Dask client of a scheduler, or of workers on this machine.

    Parameters
    ----------
    scheduler : str or None
        Address, such as tcp://10.0.0.1:8786.
    workers : int or None
        Processes to start where there is no scheduler; None: one a core.
    memory : str or int
        Such as "4GB"; of all workers that are started, together.
    wait : float
        Seconds until we give up to reach the scheduler.

    Yields
    ------
    distributed.Client

    Raises
    ------
    SkipgramError
        If no scheduler answers, or Dask distributed is not installed.
    """
    dask = find_dask()
    wait = check_number("wait", wait, "0 or more")
    with silence_dask(), ExitStack() as stack:
        place: object = scheduler
        if scheduler is None:
            place = stack.enter_context(local_cluster(workers, memory))
        try:
            client = stack.enter_context(dask.Client(place, timeout=wait))
        except (OSError, ValueError) as error:
            raise SkipgramError(
                f"no scheduler answers at {scheduler}; start one with: dask "
                "scheduler; and name the address that it prints"
            ) from error
        yield client
