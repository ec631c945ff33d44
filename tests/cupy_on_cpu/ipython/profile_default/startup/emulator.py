"""What the kernel of a notebook does first: it gets an emulated GPU.

IPython runs this file if the environment names a copy of the folder
`ipython` as IPYTHONDIR; `python -m cupy_on_cpu notebooks` sees to that.
"""

from cupy_on_cpu import emulator, few_steps

emulator.install()
few_steps.install(get_ipython())  # noqa: F821
del few_steps, emulator
