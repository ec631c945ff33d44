"""Leave out, in a normal run, what needs the emulated GPU."""

import os

# Once installed, the emulator stays in its process: `test_emulator.py` runs
# these tests in a process of their own.
collect_ignore = [] if os.environ.get("CUPY_ON_CPU") else ["on_emulator"]
