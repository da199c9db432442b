"""Training of the denoiser, and of the codec that its latents come from.

``recipes`` holds the settings, ``batch`` builds batches from clips, ``levels`` draws the noise levels of all tasks,
``loss`` has the losses of v and of the masks, and ``part`` combines them.
"""
