"""The process that decodes files with FFmpeg's libraries: ``python -m msgld.audio.decoder PATH``.

It is a process of its own, as a damaged file may kill it. It writes ``messages`` to its output. ``container`` and
``stream`` read any container packet by packet, ``mpeg`` and ``mpeg_stream`` read MP3 and AAC, which have none, and
``timeline`` finds out how much is missing where packets are damaged. ``extent`` and ``ogg`` look at the bytes
themselves.
"""
