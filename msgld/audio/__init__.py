"""Audio files and streams: reading, writing, decoding. Knows no tensors of the model and no noise."""
