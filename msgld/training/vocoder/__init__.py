"""Training of the vocoder: from the codec's log-mels to waveforms, with an adversary if wanted.

``recipes`` holds the settings, ``loss`` the spectral losses, and ``part`` the trainer.
"""
