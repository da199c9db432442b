"""Training of the published design: its autoencoder and its denoiser, as parts of :mod:`msgld.training`."""
