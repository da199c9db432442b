"""The refiner: finer masks over a model whose other parts stay as they are."""
