"""A plugin of pytest: `auto` finds a GPU, the strict double of one."""

from cupy_on_cpu import double, twins
from skipgram_lib import get_backend
from skipgram_lib.vectors import WordRows

twins.register()
double.install()
# Vectors are searched on the host unless they are told otherwise.
WordRows.backend = get_backend("cupy")
