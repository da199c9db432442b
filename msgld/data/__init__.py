"""Sources of clips: the built-in band, MIDI files and soundfonts, folders of recorded stems, and the held-out set."""
