"""The tasks: arrays in, arrays out. Each builds a noise map, runs the sampler and finishes the sound.

A song of any length is cut into windows by :mod:`msgld.tasks.song`. The tasks that make stems share
:mod:`msgld.tasks.making`.
"""
