"""The denoiser: maps of noise levels as tasks, masks on the mixture, and the codec that its latents come from."""
