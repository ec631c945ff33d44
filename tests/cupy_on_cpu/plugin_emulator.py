"""A plugin of pytest: `auto` finds a GPU, the emulated one."""

import pytest

from cupy_on_cpu import emulator

emulator.install()


@pytest.fixture(autouse=True)
def no_swallowed_errors():
    """Fail a test whose errors got lost in CuPy's compiled code."""
    yield
    emulator.check_no_errors()
