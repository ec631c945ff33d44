"""What the kernel of a notebook does first: it gets an emulated GPU.

IPython runs this file if the environment names a copy of the folder
`ipython` as IPYTHONDIR; `python -m cupy_on_cpu notebooks` sees to that. With
`record` in its place there is no GPU, but large trainings are kept for it.
"""

import os

from cupy_on_cpu import emulator, few_steps

if os.environ.get("CUPY_ON_CPU_NOTEBOOKS") == "record":
    few_steps.record_all(get_ipython())  # noqa: F821
else:
    emulator.install()
    few_steps.shorten_all(get_ipython())  # noqa: F821
del few_steps, emulator, os
