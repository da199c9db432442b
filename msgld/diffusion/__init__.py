"""Diffusion over latents in which every frame of every track has a noise level of its own. Knows nothing of sound.

``noise`` holds the schedule and the keyed noise, ``denoise`` the denoisers, ``sample`` the sampler: DDIM, a multistep
solver and RePaint. ``noise_map`` describes a task by its levels. ``guidance`` is classifier-free guidance,
``sampling`` holds the settings, and ``run`` combines all of them; ``rollout`` goes window by window over any number of
frames.
"""
