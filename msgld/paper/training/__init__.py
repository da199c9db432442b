"""Training of the published design, as parts of :mod:`msgld.training`.

``recipes`` holds the settings of both parts, ``codec`` trains the autoencoder, and ``denoiser`` trains the U-Net on it.
The vocoder is trained as for any other model.
"""
