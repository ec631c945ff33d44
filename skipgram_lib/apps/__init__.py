"""What is built on the library: the program, figures, the explorer page."""
