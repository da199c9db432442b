"""The vocoder: waveforms from what a codec gives back, against spectral losses and, if wanted, an adversary."""
