"""The local web app: ``msgld studio`` serves a page and the HTTP interface behind it.

``app`` builds it. ``projects`` and ``takes`` are the user's folder; ``uploads`` takes files in, which ``decoder`` reads
in a process of its own. ``queue`` holds the jobs, which ``worker``, the process with the model, does one after
another by ``work``. ``events`` tells all pages what happens; ``access`` keeps others out; ``routes`` are the calls.
"""
