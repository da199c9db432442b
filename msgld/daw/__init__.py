"""Projects for digital audio workstations: the stems of a result, their notes, tempo, metre and markers.

``project`` says what a project has, ``reaper`` writes it for REAPER, ``dawproject`` for the hosts that read DAWproject.
``stem_mp4`` writes stem files for DJ software.
"""
