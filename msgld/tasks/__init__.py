"""The tasks: arrays in, arrays out. Each builds a noise map, runs the sampler and turns latents into sound.

Each task is a file: ``separate``, ``generate``, ``arrange``, ``vary``, ``extend``. ``noise_maps`` holds their noise
maps, and ``rollout`` samples any number of frames. ``song`` separates a song of any length in windows (``windowing``),
with ``masking`` and ``pitch_shift``. ``making`` holds the steps that the other four tasks share. ``key`` and
``loudness`` adapt the input to the model's training data.
"""
