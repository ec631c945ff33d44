"""Backends: NumPy on the processor, CuPy on a GPU, and which one to use."""
