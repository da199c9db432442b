"""Converts the published checkpoints into models of msgld.

``published`` opens the files and finds the parts, and ``writing`` stores them. In between, ``archive`` and ``unpickle``
read torch's files as data; ``first_stage`` and ``unet`` recognise the parts by their tensors' names and shapes.
"""
