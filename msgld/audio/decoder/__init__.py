"""The process that decodes files with FFmpeg's libraries: ``python -m msgld.audio.decoder PATH``.

It is a separate process because a damaged file may kill it. It writes ``messages`` to its output. ``container`` and
``stream`` read any container packet by packet; ``mpeg`` and ``mpeg_stream`` read MP3 and AAC, which have no container.
``timeline`` finds out how much is missing where packets are damaged. ``extent`` and ``ogg`` inspect the bytes
themselves.
"""
