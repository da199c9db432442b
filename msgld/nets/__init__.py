"""The networks of a model. Each registers itself as a kind of part; see :mod:`msgld.registry`."""
