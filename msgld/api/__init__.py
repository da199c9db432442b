"""The public Python interface: files, options and records around the tasks. Import its names from ``msgld``.

``msgld`` opens a model, whose methods are in ``separating`` (with ``separated_song`` and ``known``), ``making``
(with ``gather``), ``arranging`` and ``listening`` (with ``taping`` and ``transcription``). Music in notes is given by
``given_music`` and carried out by ``making_notes`` and ``composed``. ``options`` and ``quality`` hold the settings,
and ``checks`` checks arguments. ``result`` and ``save`` write results; ``folder`` makes them appear whole, ``naming``
and ``encoding`` name and encode files, ``record`` and ``picture`` describe them. ``store`` finds models,
``sharing`` saves, verifies and downloads them, and ``train`` trains them.
"""
