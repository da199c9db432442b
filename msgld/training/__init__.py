"""Training: one run for every part of a model, and for each part its recipes, batches and losses.

``run`` is the run and its folder (``folder``, ``lock``, ``log``, ``pictures``), ``trainer`` the loop of steps,
``optim`` the optimisers. ``data`` opens the sources, ``pool`` supplies clips, and ``mixing`` varies them. ``parts``
lists the parts: folders with a subclass of :class:`msgld.training.part.Part`.
"""
