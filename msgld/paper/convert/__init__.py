"""Converts the published checkpoints into models of msgld.

``published`` opens the files and finds the parts (``parts``); ``writing`` stores them. ``archive`` and ``unpickle``
read torch's files as data: nothing in a pickle is executed. ``first_stage`` (autoencoder, vocoder) and ``unet``
recognise the parts by the names and shapes of their tensors.
"""
