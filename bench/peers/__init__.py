"""The peers that msgld is compared with, to be trained on the same data for the same time.

They need ``pip install -c constraints.txt -e '.[peers]'``, best in an environment of its own.
"""
