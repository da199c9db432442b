"""Signal processing on arrays: spectra, codec, masks, windows, loudness. Arrays in, arrays out."""
