"""The page in which a reader asks a trained network, and what writes it."""
