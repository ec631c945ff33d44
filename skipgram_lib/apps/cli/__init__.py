"""The program `skipgram`: a module for each group of its commands."""
