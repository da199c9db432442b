"""The note reader: the notes of a bass stem, learned from those that a long window shows."""
