"""Word vectors: comparing and searching them, testing them, their files."""
