"""The tasks: arrays in, arrays out. Each builds a noise map, runs the sampler and finishes the sound.

Separating a song of any length is :mod:`msgld.tasks.song`; the tasks that make stems share :mod:`msgld.tasks.making`.
"""
