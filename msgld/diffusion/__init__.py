"""Diffusion over latents in which every frame of every track has a noise level of its own. Knows nothing of sound.

``noise`` holds the schedule and the keyed noise, ``denoise`` the denoisers, ``guidance`` classifier-free guidance, and
``settings`` its settings. ``noise_map`` describes a task by its levels. ``sample`` is the sampler (DDIM, a multistep
solver, RePaint), and ``rollout`` goes with it over any number of frames, window by window.
"""
