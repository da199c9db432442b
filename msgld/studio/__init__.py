"""The local web app: ``msgld studio`` serves a page and the HTTP interface behind it.

``app`` builds it from ``routes``, the calls; ``gate`` keeps others, and too much, out. ``library`` is the user's folder
of projects and takes. ``uploads`` takes files in, which a process of its own reads. ``jobs`` holds the queue, whose
jobs ``worker``, the process with the model, does one after another. ``events`` tells all pages what happens. ``page``
is built from ``web/``.
"""
