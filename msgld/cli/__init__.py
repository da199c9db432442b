"""The command line. A command parses its arguments, calls one public function and prints the result.

``main`` lists the commands. Each is in the file of its name, except that ``make`` holds generate, arrange, vary and
extend, and ``models`` holds models and styles. Commands share ``options``, ``inputs`` (songs and stems) and ``outputs``
(folders and formats). ``console`` prints, ``errors`` turns errors into one line and an exit code, ``existing`` compares
results of earlier runs, ``checking`` reports on folders of stems, and ``deprecated`` reads old spellings.
"""
