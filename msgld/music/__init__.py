"""Written music: keys, tempo, tuning, the conditions of a piece, and notes from MIDI; no audio files, no networks."""
