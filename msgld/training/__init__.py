"""Training: one run for every part of a model, and for each part its recipes, its clips and its loss.

``run`` holds the one loop and the folder of a run, ``recipe`` all that decides a run but data and time, ``pool`` the
clips. A part is a folder with a subclass of :class:`msgld.training.part.Part` and a line in ``parts``.
"""
