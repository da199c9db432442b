"""The tasks: arrays in, arrays out. Each builds a noise map, runs the sampler and turns latents into sound.

Each task is a file: ``separate``, ``generate``, ``arrange``, ``vary``, ``extend``, and ``transcribe``, which
has no noise map. ``noise_maps`` holds their noise maps. ``song`` cuts a song of any length into windows for
``separate``, which uses ``masking``; ``pitch_shift`` is test-time augmentation. ``making`` holds the steps that
the other four tasks share. ``key`` and ``loudness`` adapt the input to the model's training data.
"""
