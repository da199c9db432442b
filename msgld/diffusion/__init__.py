"""Noise schedules, noise maps, denoisers and the sampler: everything in latents, nothing about sound."""
