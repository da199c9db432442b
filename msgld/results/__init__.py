"""What the methods of a model return, and how it gets onto disk."""
