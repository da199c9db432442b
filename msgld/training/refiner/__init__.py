"""Training of the refiner, which corrects the masks of a model whose other parts stay fixed.

``songs`` varies and mixes the pool's stems, ``part`` the recipes, the losses and the trainer.
"""
