"""What the kernel of a notebook does first: it gets an emulated GPU.

IPython runs this file if the environment has this folder's `ipython` as
IPYTHONDIR; `test_notebooks_on_emulator.py` sees to that.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[5] / "tests"))

from cupy_on_cpu import emulator, few_steps

emulator.install()
few_steps.install(get_ipython())  # noqa: F821
del few_steps, emulator, Path, sys
