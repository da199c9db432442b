"""Training: one run for every part of a model, and for each part its recipes, batches and losses.

``run`` is the run and its folder (``folder``, ``lock``, ``log``, ``pictures``); ``trainer`` is the training loop, and
``optim`` has the optimisers and the average of the weights. ``recipe`` holds everything that decides a run except data
and time. ``data`` opens the sources, ``pool`` supplies clips, and ``mixing`` varies them. ``parts`` lists the parts. A
part is a folder with a subclass of :class:`msgld.training.part.Part`: ``denoiser``, ``vocoder``, ``refiner``,
``note_reader``.
"""
