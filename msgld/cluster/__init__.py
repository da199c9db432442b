"""Work on many songs over an existing Ray cluster, by way of Ray Data.

:func:`msgld.cluster.each.each` is the mechanism: a pool of actors, one item at a time, and a ledger of what is done.
``separate``, ``prepare`` and ``evaluate`` are three users of it.
"""
