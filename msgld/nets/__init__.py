"""The networks of a model. Each registers itself, with its configuration, as a kind of part: :mod:`msgld.registry`.

``transformer`` is the network of the denoiser, built from the layers in ``attention``. ``refiner`` corrects masks.
``vocoder`` turns log-mels into sound, with ``phases``, and ``harmonics`` where the pitch is known; ``note_reader``
reads that pitch. ``convnext`` holds the body of both. ``discriminators`` are the vocoder's adversary in training.
"""
