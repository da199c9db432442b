"""Signal processing: arrays in, arrays out. Knows nothing of files or noise levels.

From sound to latents: ``stft``, ``mel``, ``codec``. From masks to stems: ``masks`` cuts stems out of the song's own
spectrum, ``wiener`` is the multichannel Wiener filter, and ``fine_bands`` prepares the refiner's input. ``overlap_add``
joins stretches of sound (overlap-add, cross-fades). ``loudness``, ``limiter`` and ``panning`` set the loudness and
place of stems; ``resample`` changes the rate. What effects are made of: ``filters``, ``dynamics``, ``delays``,
``noises``.
"""
