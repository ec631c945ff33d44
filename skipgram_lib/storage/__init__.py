"""What is written is whole: the only code that renames, syncs, and locks."""
