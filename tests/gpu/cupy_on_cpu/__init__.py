"""CuPy's side of the library, tested on a machine without a GPU."""
