"""Pools of clips: worker processes render clips into shared memory, and every training step draws crops from them.

``pool`` is the pool itself; ``clips`` keeps waveforms and ``energies`` band energies. ``workers`` runs the processes,
and ``supply`` renders the clips in each of them. ``filling`` sizes the pool
and waits for the first clips; ``troubles`` handles clips that fail.
"""
