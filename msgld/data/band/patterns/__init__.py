"""What the players of the built-in band know by heart: grooves, lines and strokes as text."""
