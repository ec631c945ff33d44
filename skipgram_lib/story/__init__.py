"""The plain form of each idea of the book, to be read: NumPy and SciPy."""
