"""Training of the refiner, which corrects the masks of a model whose other parts stay fixed.

``cuts`` holds the pool and its crops, ``part`` the recipes, the losses and the trainer.
"""
