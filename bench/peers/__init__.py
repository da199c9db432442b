"""The peers that msgld is compared with, trained on the same data for the same time: ``pip install 'msgld[peers]'``."""
