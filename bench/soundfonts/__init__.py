"""Soundfonts from loose recordings."""
