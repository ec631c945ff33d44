"""Install the emulator, before any test imports CuPy."""

import pytest

from cupy_on_cpu import emulator

emulator.install()


@pytest.fixture(autouse=True)
def no_swallowed_errors():
    """Fail a test whose errors got lost in CuPy's compiled code."""
    yield
    emulator.check_no_errors()


@pytest.fixture(params=["0", "1", "2"])
def thread_order(request, monkeypatch):
    """Run threads up, down and mixed."""
    monkeypatch.setenv("CUPY_ON_CPU_ORDER", request.param)
    return int(request.param)
