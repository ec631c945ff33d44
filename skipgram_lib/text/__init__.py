"""Text becomes tokens, phrases, and the ids of a vocabulary."""
