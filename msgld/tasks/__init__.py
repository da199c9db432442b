"""The tasks: maps of noise levels (``maps``), run over songs of any length (``separate``, ``create``)."""
