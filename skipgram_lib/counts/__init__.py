"""Counts of word pairs: in memory, in parts, on the disk, on a cluster."""
