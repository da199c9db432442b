"""Training of the refiner, which corrects the masks of a model whose other parts stay fixed.

``recipes`` holds the settings, ``cuts`` the pool and its crops, and ``part`` the losses and the trainer.
"""
