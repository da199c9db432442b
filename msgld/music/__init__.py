"""Keys, tuning, and the conditions of a piece."""
