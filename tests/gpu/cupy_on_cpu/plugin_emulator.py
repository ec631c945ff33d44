"""A plugin of pytest: `auto` finds a GPU, the emulated one."""

import pytest

from cupy_on_cpu import emulator
from skipgram_lib.backend.select import get_backend

ARCHITECTURES = 75, 80, 90, 100

emulator.install()
assert get_backend("auto").name == "cupy", "the emulator is not found"


@pytest.fixture(autouse=True)
def no_swallowed_errors():
    """Fail a test whose errors got lost in CuPy's compiled code."""
    yield
    emulator.check_no_errors()


@pytest.fixture(autouse=True, scope="session")
def kernels_are_cuda():
    """Compile every kernel that the tests made, for four kinds of GPUs."""
    yield
    assert emulator.compile_for(ARCHITECTURES) == []
