"""What stands behind ``msgld.load()``: import from ``msgld`` itself, which loads these when they are used."""
