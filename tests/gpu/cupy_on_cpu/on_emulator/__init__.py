"""Tests that run the real CuPy on the emulated GPU."""
