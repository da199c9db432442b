"""Where stems come from: the built-in band, MIDI files, folders of stems."""
