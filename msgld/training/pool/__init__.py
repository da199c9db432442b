"""Pools of clips: rendered by worker processes, kept as waveforms or energies, drawn from by every step."""
