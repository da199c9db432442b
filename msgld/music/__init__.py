"""Written music: keys, tempo, tuning, the conditions of a piece, and MIDI. No audio files, no networks.

``conditions`` describes the piece that a user wants, and ``conditioning`` turns it into features for the network.
``keys`` names keys and scales. ``key_detection`` estimates the key of a sound or of notes, and ``tuning`` the tuning of
a sound, from the spectra of ``chroma``. ``midi`` reads MIDI files and scores as arrays of notes.
"""
