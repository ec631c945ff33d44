"""A cluster of real processes on loopback, and what may happen to it.

Every fault ends in the counts that one process makes in memory, or in one
sentence; never in wrong counts, and never in a test that hangs.
"""

import gc
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from time import monotonic, sleep

import numpy as np
import pytest
from helpers import ROOT

from skipgram_lib import SkipgramError, count_pairs
from skipgram_lib.counts import cluster as by_workers
from skipgram_lib.counts.cluster import Job, WorkerPool, connect
from skipgram_lib.counts.streaming import count_files, find_vocabulary
from skipgram_lib.text.files import TextFiles, TextPart

psutil = pytest.importorskip("psutil")
pytest.importorskip("distributed")

PROGRAM = [sys.executable, "-m", "distributed.cli.dask_"]
HARD_LIMIT = 60  # seconds; then a test is over, whatever it waits for


@pytest.fixture(autouse=True)
def hard_limit():
    """End a test that hangs."""

    def stop(*_):
        raise AssertionError(f"the test took more than {HARD_LIMIT} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(HARD_LIMIT)
    yield
    signal.alarm(0)
    gc.collect()  # a socket that was left open is reported here
    signal.signal(signal.SIGALRM, before)


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder, **config):
        self.folder = folder
        self.workers, self.processes = [], []
        threads = ("OMP", "OPENBLAS", "MKL")
        self.env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            **{f"{name}_NUM_THREADS": "1" for name in threads},
            **{f"DASK_DISTRIBUTED__{k}": str(v) for k, v in config.items()},
        }
        self.file = folder / "scheduler.json"
        self.scheduler = self.start("scheduler", "--port", "0")
        while not self.file.exists():
            assert self.scheduler.poll() is None
            sleep(0.02)

    def start(self, kind, *options):
        """Start a process of Dask; it can be reached on loopback only."""
        place = ["--scheduler-file", self.file, "--host", "127.0.0.1"]
        process = subprocess.Popen(
            [
                *PROGRAM[:2],
                f"{PROGRAM[2]}{kind}",
                *place,
                "--no-dashboard",
                "--dashboard-address",
                "127.0.0.1:0",
                *options,
            ],
            env=self.env,
            cwd=self.folder,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def add_worker(self, *options, nanny=False):
        """Start a worker with one thread; a nanny starts it again."""
        place = self.folder / f"worker-{len(self.processes)}"
        place.mkdir()
        keep = "--nanny" if nanny else "--no-nanny"
        options = options or ("--memory-limit", "0")
        worker = self.start(
            "worker",
            "--nthreads",
            "1",
            "--local-directory",
            place,
            keep,
            *options,
        )
        self.workers.append(worker)
        return worker

    def kill_below(self, nanny):
        """Kill the worker that a nanny looks after."""
        for child in psutil.Process(nanny.pid).children(recursive=True):
            if "spawn_main" in " ".join(child.cmdline()):
                child.kill()

    def pids(self):
        """List the processes that were started here."""
        return [process.pid for process in self.processes]

    def close(self):
        """Kill everything, and wait until it is gone."""
        below = []
        for process in self.processes:
            if process.poll() is None:
                found = psutil.Process(process.pid)
                below += [found, *found.children(recursive=True)]
        for process in below:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self.processes:
            process.wait(10)
        _, alive = psutil.wait_procs(below, 10)
        assert not alive


@contextmanager
def cluster_in(folder, **config):
    """Start a cluster in a new folder; kill all of it at the end."""
    folder.mkdir()
    cluster = Cluster(folder, **config)
    try:
        yield cluster
    finally:
        cluster.close()


def wait_for_worker(client):
    """Wait until a worker is there, be it paused from the start."""
    while not client.scheduler_info(n_workers=-1)["workers"]:
        sleep(0.05)


@pytest.fixture
def address_of():
    """Return a function that finds a scheduler's address."""

    def address(cluster):
        while not (text := cluster.file.read_text()):  # not written yet
            sleep(0.05)
        return json.loads(text)["address"]

    return address


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    """Return a folder with 24 files of random words, some frequent."""
    folder = tmp_path_factory.mktemp("texts")
    rng = np.random.default_rng(0)
    words = [
        "w" + "".join(rng.choice(list("abcdefgh"), 5)) for _ in range(900)
    ]
    for n in range(24):
        some = rng.zipf(1.2, 20_000) % 900
        text = " ".join(words[i] for i in some)
        (folder / f"{n:02}.txt").write_text(text)
    return folder


@pytest.fixture(scope="module")
def in_memory(texts):
    """Return the counts, found in memory."""
    return count_pairs(TextFiles(texts))


@pytest.fixture
def at_part(monkeypatch):
    """Let something happen when so many parts have been counted."""
    monkeypatch.setattr(by_workers, "PART_BYTES", 50_000)
    hooks = {}

    class Bar:
        done = 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def update(self, size):
            self.done += 1
            if self.done in hooks:
                hooks[self.done]()

    monkeypatch.setattr(by_workers, "progress_bar", lambda *_: Bar())
    return hooks


def assert_same(counts, expected):
    """Assert that counts are those expected, bit for bit."""
    for name in ("indptr", "indices", "data"):
        one, two = getattr(counts.cells, name), getattr(expected.cells, name)
        assert np.array_equal(one, two)
    assert counts.settings == expected.settings
    assert counts.keep.tobytes() == expected.keep.tobytes()


def left_in(folder):
    """Names of what is in a folder, hidden or not, beside the cluster."""
    return sorted(p.name for p in folder.iterdir() if p.name != "dask")


def test_workers_killed_while_they_count(
    tmp_path, texts, in_memory, at_part, address_of
):
    with cluster_in(tmp_path / "dask") as cluster:
        nannies = [cluster.add_worker(nanny=True) for _ in range(2)]
        for n, part in enumerate((5, 20, 40, 60)):
            at_part[part] = lambda n=n: cluster.kill_below(nannies[n % 2])
        with connect(address_of(cluster)) as client:
            counted = count_files(
                TextFiles(texts), tmp_path / "counts", client=client
            )
    assert counted.vocabulary.as_dict() == in_memory.vocabulary.as_dict()
    assert_same(counted, in_memory)
    assert left_in(tmp_path) == ["counts"]


def test_all_workers_gone_and_none_comes(
    tmp_path, texts, in_memory, at_part, address_of
):
    with cluster_in(tmp_path / "dask") as cluster:
        worker = cluster.add_worker()
        at_part[20] = worker.kill
        with connect(address_of(cluster)) as client:
            wait_for_worker(client)
            start = monotonic()
            with pytest.raises(SkipgramError) as error:
                count_files(
                    TextFiles(texts),
                    tmp_path / "counts",
                    vocabulary=in_memory.vocabulary,
                    client=client,
                    wait=2,
                )
            assert monotonic() - start < 20
    address = r"tcp://127\.0\.0\.1:\d+"
    assert error.match(
        f"^no worker is left at {address}, and none came for 2 s; start "
        f"workers with: dask worker {address}; or wait longer"
    )
    assert left_in(tmp_path) == []


def test_all_workers_gone_and_another_comes(
    tmp_path, texts, in_memory, at_part, address_of
):
    with cluster_in(tmp_path / "dask") as cluster:
        worker = cluster.add_worker()

        def replace():
            worker.kill()
            threading.Timer(1, cluster.add_worker).start()

        at_part[20] = replace
        with connect(address_of(cluster)) as client:
            counted = count_files(
                TextFiles(texts),
                tmp_path / "counts",
                vocabulary=in_memory.vocabulary,
                client=client,
            )
    assert_same(counted, in_memory)


def test_scheduler_gone(tmp_path, texts, in_memory, at_part, address_of):
    with cluster_in(tmp_path / "dask") as cluster:
        cluster.add_worker()
        at_part[20] = cluster.scheduler.kill
        with (
            pytest.raises(SkipgramError) as error,
            connect(address_of(cluster)) as client,
        ):
            count_files(
                TextFiles(texts),
                tmp_path / "counts",
                vocabulary=in_memory.vocabulary,
                client=client,
            )
    assert error.match(r"^the scheduler at tcp://127\.0\.0\.1:\d+ is gone")
    assert left_in(tmp_path) == []


def test_no_scheduler_answers():
    for address in ("tcp://127.0.0.1:9", "nosuch://127.0.0.1:9"):
        with (
            pytest.raises(SkipgramError, match=f"answers at {address}; start"),
            connect(address, wait=0.5),
        ):
            pass


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda p: p.unlink(), r"no such file or directory: .*/12\.txt"),
        (lambda p: p.write_text("other words"), r"/12\.txt has changed since"),
        (lambda p: os.utime(p, ns=(0, 0)), r"/12\.txt has changed since"),
    ],
)
def test_a_file_is_lost_or_changed(
    tmp_path, texts, in_memory, at_part, address_of, change, expected
):
    (tmp_path / "dask").mkdir()
    copies = tmp_path / "dask" / "texts"
    copies.mkdir()
    for path in texts.iterdir():
        (copies / path.name).write_bytes(path.read_bytes())
    with cluster_in(tmp_path / "dask" / "dask") as cluster:
        cluster.add_worker()
        at_part[5] = lambda: change(copies / "12.txt")
        with connect(address_of(cluster)) as client:
            wait_for_worker(client)
            start = monotonic()
            with pytest.raises(SkipgramError, match=expected):
                count_files(
                    TextFiles(copies),
                    tmp_path / "counts",
                    vocabulary=in_memory.vocabulary,
                    client=client,
                )
            assert monotonic() - start < 20
            sleep(0.2)  # nothing is left to be done on the cluster
            assert not any(client.processing().values())
    assert left_in(tmp_path) == []


def test_one_file_is_not_utf8(tmp_path, texts, address_of):
    bad = tmp_path / "dask" / "bad.txt"
    (tmp_path / "dask").mkdir()
    bad.write_bytes(b"fox " * 20_000 + b"\xff" + b" fox" * 20_000)
    with cluster_in(tmp_path / "dask" / "dask") as cluster:
        cluster.add_worker()
        with connect(address_of(cluster)) as client:
            files = TextFiles([texts, bad])
            with pytest.raises(SkipgramError) as error:
                find_vocabulary(files, folder=tmp_path / "v", client=client)
    assert error.match(r"bad\.txt is not UTF-8 text: byte 0xff at offset 80,0")
    assert left_in(tmp_path) == []


# Fills a gigabyte of memory, and holds it for a minute.
HOG = "[b'x' * 10**9, __import__('time').sleep(60)]"


def test_workers_out_of_memory(tmp_path, address_of):
    """A worker that takes too much is killed, again and again."""
    config = {
        "SCHEDULER__ALLOWED_FAILURES": 1,
        "WORKER__MEMORY__MONITOR_INTERVAL": "5ms",
    }
    with cluster_in(tmp_path / "dask", **config) as cluster:
        cluster.add_worker("--memory-limit", "600MB", nanny=True)
        with connect(address_of(cluster)) as client:
            pool = WorkerPool(client, 60)
            part = TextPart("big.txt", 1000, 2000, 5000, "")
            job = Job(eval, (HOG,), str(part), 1)
            with (
                pytest.raises(SkipgramError) as error,
                by_workers.cancel_on_error(pool),
            ):
                list(pool.run([job], None))
    assert error.match(
        r"^workers died 2 times while they worked on big\.txt \(bytes 1,000 "
        r"to 2,000\); if their memory was full, .* give each more of it"
    )


def test_workers_that_die_without_end(monkeypatch):
    """A result too large for any worker is never finished: we give up."""
    monkeypatch.setattr(by_workers, "MAX_LOSSES", 2)

    class Client:
        status = "running"
        scheduler = type("Scheduler", (), {"address": "tcp://x:1"})
        asked = 0

        def scheduler_info(self, n_workers):
            self.asked += 1
            worker = {"status": "running", "nthreads": 1, "memory_limit": 0}
            return {"workers": {"x": worker | {"id": str(self.asked)}}}

    pool = WorkerPool(Client(), 60)
    with pytest.raises(SkipgramError, match=r"^workers died 3 times while"):
        while True:
            pool.checked = 0
            pool.check()


def test_workers_paused_for_lack_of_memory(
    tmp_path, texts, in_memory, at_part, address_of
):
    config = {"WORKER__MEMORY__TERMINATE": "False"}
    with cluster_in(tmp_path / "dask", **config) as cluster:
        cluster.add_worker("--memory-limit", "100MB", nanny=True)
        with (
            connect(address_of(cluster)) as client,
            pytest.raises(SkipgramError, match=r"^all workers at .* paused"),
        ):
            wait_for_worker(client)
            count_files(
                TextFiles(texts),
                tmp_path / "counts",
                vocabulary=in_memory.vocabulary,
                client=client,
                wait=2,
            )
    assert left_in(tmp_path) == []


def test_disk_of_the_workers_is_full(
    tmp_path, texts, in_memory, at_part, address_of
):
    """What a worker cannot write to its disk, it keeps in memory."""

    def spilled(dask_worker):
        return len(dask_worker.data), len(dask_worker.data.disk)

    config = {"WORKER__MEMORY__TARGET": 0.001}
    with cluster_in(tmp_path / "dask", **config) as cluster:
        worker = cluster.add_worker("--memory-limit", "1GB")
        with connect(address_of(cluster)) as client:
            client.wait_for_workers(1)
            resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (4096, 4096))
            held = client.map(bytes, range(500_000, 500_008))
            counted = count_files(
                TextFiles(texts),
                tmp_path / "counts",
                vocabulary=in_memory.vocabulary,
                client=client,
            )
            ((kept, on_disk),) = client.run(spilled).values()
            del held
    assert kept >= 8, "a target of 1 MB has been passed"
    assert on_disk == 0, "nothing fits on the disk"
    assert_same(counted, in_memory)


def test_nobody_else_can_reach_the_workers(tmp_path, address_of):
    with cluster_in(tmp_path / "dask") as cluster:
        cluster.add_worker(nanny=True)
        with (
            connect(address_of(cluster)) as client,
            connect(None, 1, "1GB") as local,
        ):
            client.wait_for_workers(1)
            assert local.run(os.getpid)
            own = [psutil.Process(), *map(psutil.Process, cluster.pids())]
            listening = [
                place.laddr.ip
                for process in {
                    p for q in own for p in [q, *q.children(recursive=True)]
                }
                for place in process.net_connections()
                if place.status == psutil.CONN_LISTEN
            ]
    assert len(listening) >= 6
    assert set(listening) == {"127.0.0.1"}
