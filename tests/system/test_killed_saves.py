"""Killed right after any rename of any save, the old or the new is there."""

import json
import os
import signal
import subprocess
import sys

import pytest
from helpers import ROOT
from killed_saves import KINDS

SCRIPT = ROOT / "tests" / "common" / "killed_saves.py"
pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="processes are killed by POSIX"
)


@pytest.mark.parametrize("kind", KINDS)
def test_killed_after_any_rename_a_save_leaves_the_old_or_the_new(
    kind, tmp_path
):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), kind, str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found = json.loads(done.stdout)
    assert found == sorted(found, reverse=True), "once new, it stays new"
    assert found[-1] == "new", "the last one was not killed"
    assert len(found) >= 2, "at least one rename"
