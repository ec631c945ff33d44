"""A plugin of pytest: `auto` finds a GPU, the strict double of one."""

from cupy_on_cpu import double, twins
from skipgram_lib.backend.select import get_backend
from skipgram_lib.vectors.vectors import WordVectors

twins.register()
double.install()
assert get_backend("auto").name == "cupy", "the double is not found"
# Vectors are searched on the host unless they are told otherwise.
assert "backend" in vars(WordVectors), "vectors have no backend any longer"
WordVectors.backend = get_backend("cupy")
