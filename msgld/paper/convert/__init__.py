"""Converts the published checkpoints."""
