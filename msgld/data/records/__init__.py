"""Makes rendered stems sound like those of records: chains of effects per stem, then one of the mix.

``settings`` has the probabilities, ``stem`` the chain of a stem, ``mix`` that of all stems, ``augment`` both. The
effects: ``tone`` (equalisers), ``amplifier``, ``studio`` (compressors, saturation), ``motion`` (chorus, doubles, tape),
``image`` (width and place), ``space`` (rooms, plates, echoes), ``codec``. ``dice`` draws their values.
"""
